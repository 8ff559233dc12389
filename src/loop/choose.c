/* choose.c - which candidates are measured next: those from which the measured front is expected to gain most.
 *
 * The gain is the expected hypervolume improvement (Emmerich, Giannakoglou and Naujoks, IEEE Trans. Evol. Comput. 10,
 * 421 (2006)). It is a mean over scenarios: in each, every candidate has one outcome, drawn from what the surrogate
 * says of it. Candidates are taken one after the other, each with the largest mean gain over the front and those taken
 * before it as they came out in the same scenario: the sequential greedy form of the improvement of a whole batch
 * (Daulton, Balandat and Bakshy, NeurIPS 2020, section 3.3 of which shows that it comes within 1 - 1/e of the best
 * batch, since the gain of a set is submodular). So two candidates that would fill the same gap are not both taken, and
 * constraints count by the chance that they are met: a scenario in which one is broken gives no gain.
 *
 * Submodular gains only fall as others are taken: a candidate is looked at again only where its old gain is the largest
 * of all (Minoux's lazy greedy, 1978). */
#include "loop_int.h"

#include "ohm/parallel.h"
#include "ohm/pareto.h"
#include "ohm/rng.h"
#include "ohm/stat.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- gain of one point over one front ---- */

static bool inside(const double *y, int m, const double *reference)
{
    for (int k = 0; k < m; k++)
        if (!(y[k] < reference[k]))
            return false;
    return true;
}

/* Two objectives: of the box between y and the reference the front covers everything right of each of its points and
 * above; rows come by rising first objective, so their second one falls. */
static double gain_of_two(const double *y, const double *front, int n, const double *reference)
{
    double left = y[0], top = reference[1], volume = 0;

    for (int i = 0; i < n && top > y[1]; i++) {
        const double *const f = front + 2 * i;

        if (f[0] > left) {
            const double right = fmin(f[0], reference[0]);

            volume += (right - left) * (top - y[1]);
            left = right;
        }
        top = fmin(top, f[1]);
    }
    return top > y[1] && reference[0] > left ? volume + (reference[0] - left) * (top - y[1]) : volume;
}

/* The box of y less what the front covers of it: the hypervolume of the front's points moved to where they are nowhere
 * better than y (While, Bradstreet and Barone, IEEE Trans. Evol. Comput. 16, 86 (2012)). */
static enum ohm_status gain_of_many(double *gain, const double *y, const double *front, int n, int m,
                                    const double *reference, struct ohm_error *err)
{
    double *const limited = ohm_alloc((size_t)n, (size_t)m * sizeof *limited), box = 1, covered = 0;
    enum ohm_status st = limited ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory for a front of %d", n);

    for (int i = 0; i < n * m && st == OHM_OK; i++)
        limited[i] = fmax(front[i], y[i % m]);
    if (st == OHM_OK && n > 0)
        st = ohm_hypervolume(limited, n, m, reference, &covered, err);
    ohm_free(limited);
    for (int k = 0; k < m; k++)
        box *= reference[k] - y[k];
    *gain = fmax(box - covered, 0);
    return st;
}

enum ohm_status gain_of(double *gain, const double *y, const double *front, int n, int m, const double *reference,
                        struct ohm_error *err)
{
    *gain = 0;
    if (!inside(y, m, reference))
        return OHM_OK;
    if (m != 2)
        return gain_of_many(gain, y, front, n, m, reference, err);
    *gain = gain_of_two(y, front, n, reference);
    return OHM_OK;
}

/* ---- scenarios ---- */

struct front {
    double *value; /* [count][m], by rising first objective, none dominated */
    size_t capacity;
    int count;
};

struct chooser {
    const struct pool *pool;
    const struct known *known;
    const struct goals *goals;
    const struct ohm_loop_spec *spec;
    const double *reference;
    const struct ohm_rng *rng;
    int scenarios, m;
    double *y;           /* [pool->count][scenarios][m]: outcomes; NaN where a constraint is broken */
    double *gain;        /* [pool->count]: mean over the scenarios; later an upper bound of it */
    bool *taken;         /* [pool->count] */
    bool *near;          /* [pool->count]: too like one that was taken */
    struct front *front; /* [scenarios] */
};

/* Puts a point into a front that it is not dominated by; drops what it dominates. */
static enum ohm_status front_add(struct front *f, const double *y, int m, struct ohm_error *err)
{
    int kept = 0, at = 0;

    for (int i = 0; i < f->count; i++) {
        const double *const old = f->value + i * m;

        if (ohm_dominates(old, y, m) || memcmp(old, y, (size_t)m * sizeof *y) == 0)
            return OHM_OK;
    }
    if (!ohm_grow(&f->value, &f->capacity, (size_t)(f->count + 1) * (size_t)m, sizeof *f->value))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a front of %d", f->count);
    for (int i = 0; i < f->count; i++)
        if (!ohm_dominates(y, f->value + i * m, m)) {
            if (kept < i)
                memcpy(f->value + kept * m, f->value + i * m, (size_t)m * sizeof *y);
            kept++;
        }
    while (at < kept && f->value[at * m] < y[0])
        at++;
    memmove(f->value + (at + 1) * m, f->value + at * m, (size_t)((kept - at) * m) * sizeof *y);
    memcpy(f->value + at * m, y, (size_t)m * sizeof *y);
    f->count = kept + 1;
    return OHM_OK;
}

/* Normal draws, one in each of as many equally likely parts: their mean over scenarios is nearly exact, and which part
 * a candidate has in a scenario is a matter of its own stream. */
static void draw_normals(double *z, int n, struct ohm_rng *rng)
{
    for (int i = 0; i < n; i++)
        z[i] = ohm_normal_quantile((i + 0.5) / n);
    for (int i = n; i > 1; i--) {
        const int k = (int)ohm_rng_below(rng, (uint32_t)i);
        const double held = z[i - 1];

        z[i - 1] = z[k];
        z[k] = held;
    }
}

/* z[figures][scenarios] */
static void outcomes(const struct chooser *c, int candidate, const double *z)
{
    const struct goals *const g = c->goals;
    const struct candidate *const from = &c->pool->item[candidate];
    double value[OHM_METRICS_MAX];

    memcpy(value, from->value, sizeof value);
    for (int s = 0; s < c->scenarios; s++) {
        double *const y = c->y + ((size_t)candidate * (size_t)c->scenarios + (size_t)s) * (size_t)c->m;

        for (int f = 0; f < g->figures; f++)
            value[g->fixed + f] =
                from->value[g->fixed + f] + z[f * c->scenarios + s] * fmax(0, from->value[g->fixed + g->figures + f]);
        goals_objectives(g, value, y);
        if (g->constraints > 0 && goals_violation(g, &from->genotype, value) > 0)
            y[0] = NAN;
    }
}

static enum ohm_status mean_gain(const struct chooser *c, int candidate, struct ohm_error *err)
{
    double sum = 0;

    for (int s = 0; s < c->scenarios; s++) {
        const struct front *const f = &c->front[s];
        double gain;
        const enum ohm_status st =
            gain_of(&gain, c->y + ((size_t)candidate * (size_t)c->scenarios + (size_t)s) * (size_t)c->m, f->value,
                    f->count, c->m, c->reference, err);

        if (st != OHM_OK)
            return st;
        sum += gain;
    }
    c->gain[candidate] = sum / c->scenarios;
    return OHM_OK;
}

static enum ohm_status draw_candidate(void *context, int index, int worker, struct ohm_error *err)
{
    const struct chooser *const c = context;
    const size_t n = (size_t)c->goals->figures * (size_t)c->scenarios;
    double *const z = ohm_alloc(n, sizeof *z);
    struct ohm_rng rng = ohm_rng_child(c->rng, c->pool->item[index].id);

    (void)worker;
    if (!z)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d scenarios", c->scenarios);
    for (int f = 0; f < c->goals->figures && c->scenarios > 1; f++)
        draw_normals(z + f * c->scenarios, c->scenarios, &rng);
    outcomes(c, index, z);
    ohm_free(z);
    return OHM_OK;
}

static enum ohm_status gain_item(void *context, int index, int worker, struct ohm_error *err)
{
    (void)worker;
    return mean_gain(context, index, err);
}

/* ---- taking ---- */

static int largest(const struct chooser *c)
{
    int best = -1;

    for (int i = 0; i < c->pool->count; i++)
        if (!c->taken[i] && !c->near[i] && (best < 0 || c->gain[i] > c->gain[best]))
            best = i;
    return best;
}

static enum ohm_status gain_of_all(struct chooser *c, struct ohm_error *err)
{
    return ohm_parallel_for(c->spec->jobs, c->pool->count, gain_item, c, err);
}

/* Where nothing gains over the front any more, the best of what is left is that which would gain without it. */
static enum ohm_status forget_fronts(struct chooser *c, struct ohm_error *err)
{
    for (int s = 0; s < c->scenarios; s++)
        c->front[s].count = 0;
    return gain_of_all(c, err);
}

/* The candidate with the largest gain, as it is now; -1: none is left. */
static enum ohm_status next(struct chooser *c, int *best, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;
    int before = -1;

    while (st == OHM_OK && (*best = largest(c)) != before && *best >= 0) {
        before = *best;
        st = mean_gain(c, *best, err);
    }
    return st;
}

/* Errors of a surrogate are alike for networks that are alike, which the outcomes do not know: two of them are one
 * guess made twice. */
static void keep_apart(struct chooser *c, int candidate)
{
    const struct ohm_genotype *const g = &c->pool->item[candidate].genotype;
    const int axes = ohm_space_axes(c->goals->space);

    for (int i = 0; i < c->pool->count; i++) {
        int differ = 0;

        for (int a = 0; a < axes; a++)
            differ += c->pool->item[i].genotype.gene[a] != g->gene[a];
        c->near[i] = c->near[i] || differ < c->spec->options.apart * axes;
    }
}

static enum ohm_status take(struct chooser *c, int candidate, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    c->taken[candidate] = true;
    keep_apart(c, candidate);
    for (int s = 0; s < c->scenarios && st == OHM_OK; s++) {
        const double *const y = c->y + ((size_t)candidate * (size_t)c->scenarios + (size_t)s) * (size_t)c->m;

        if (inside(y, c->m, c->reference))
            st = front_add(&c->front[s], y, c->m, err);
    }
    return st;
}

static enum ohm_status take_all(struct chooser *c, struct choice *choice, int *chosen, int n, struct ohm_error *err)
{
    enum ohm_status st = gain_of_all(c, err);
    int best = -1;

    for (*chosen = 0; *chosen < n && st == OHM_OK; (*chosen)++) {
        double gain;

        if (largest(c) < 0) /* all that is left is like something taken: better that than nothing */
            memset(c->near, 0, (size_t)c->pool->count * sizeof *c->near);
        if ((st = next(c, &best, err)) != OHM_OK || best < 0)
            break;
        gain = c->gain[best];
        if (!(gain > 0) && (st = forget_fronts(c, err)) == OHM_OK)
            best = largest(c);
        if (st == OHM_OK) {
            choice[*chosen] = (struct choice){best, gain};
            st = take(c, best, err);
        }
    }
    return st;
}

/* ---- all together ---- */

static enum ohm_status set_up(struct chooser *c, struct ohm_error *err)
{
    const size_t n = (size_t)c->pool->count;
    int *const index = ohm_alloc((size_t)c->known->count, sizeof *index), fronts = 0;
    enum ohm_status st;

    c->y = ohm_alloc(n * (size_t)c->m, (size_t)c->scenarios * sizeof *c->y);
    c->gain = ohm_alloc(n, sizeof *c->gain);
    c->taken = ohm_alloc(n, sizeof *c->taken);
    c->near = ohm_alloc(n, sizeof *c->near);
    c->front = ohm_alloc((size_t)c->scenarios, sizeof *c->front);
    if (index && c->y && c->gain && c->taken && c->near && c->front)
        st = known_front(c->known, index, &fronts, err);
    else
        st = ohm_fail(err, OHM_ENOMEM, "out of memory for %zu candidates", n);
    for (int s = 0; s < c->scenarios && st == OHM_OK; s++)
        for (int i = 0; i < fronts && st == OHM_OK; i++)
            if (inside(c->known->network[index[i]].mean, c->m, c->reference))
                st = front_add(&c->front[s], c->known->network[index[i]].mean, c->m, err);
    ohm_free(index);
    return st == OHM_OK ? ohm_parallel_for(c->spec->jobs, c->pool->count, draw_candidate, c, err) : st;
}

enum ohm_status loop_choose(struct choice *choice, int *chosen, int n, const struct pool *pool,
                            const struct known *known, const double *reference, const struct ohm_loop_spec *spec,
                            const struct ohm_rng *rng, struct ohm_error *err)
{
    struct chooser c = {.pool = pool,
                        .known = known,
                        .goals = known->goals,
                        .spec = spec,
                        .reference = reference,
                        .rng = rng,
                        .scenarios = spec->options.choose == OHM_LOOP_MEAN ? 1 : (int)spec->options.scenarios,
                        .m = known->goals->objectives};
    enum ohm_status st = set_up(&c, err);

    *chosen = 0;
    if (st == OHM_OK)
        st = take_all(&c, choice, chosen, n, err);
    for (int s = 0; c.front && s < c.scenarios; s++)
        ohm_free(c.front[s].value);
    ohm_free(c.y);
    ohm_free(c.gain);
    ohm_free(c.taken);
    ohm_free(c.near);
    ohm_free(c.front);
    return st;
}
