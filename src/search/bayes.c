/* bayes.c - Bayesian optimisation: a Gaussian process fitted to what the study itself has measured says of every
 * candidate how good it is likely to be and how sure that is; the candidate with the best optimistic guess (lower
 * confidence bound) is measured next.
 *
 * Targets are normal scores of ranks, so that neither a long tail of bad networks nor the unit matters, and a network
 * that breaks a constraint or fails simply ranks behind all that do not. Several objectives are made one by a new
 * random weighting before each choice (ParEGO: Knowles, IEEE Trans. Evol. Comput. 10, 50 (2006)). */
#include "bayes_int.h"

#include "ohm/mem.h"
#include "ohm/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ohm_bayes_options {
    int64_t start, batch, pool, list, memory;
    double exploration;
};

static const struct ohm_field fields[] = {
    OHM_INT(ohm_bayes_options, start, 10, 2, 100000, "random networks measured before the model is asked"),
    OHM_INT(ohm_bayes_options, batch, 1, 1, 1000, "networks chosen together, before the first of them is measured"),
    OHM_REAL(ohm_bayes_options, exploration, 1.5, 0, 100, "standard deviations added to the model's guess in favour"),
    OHM_INT(ohm_bayes_options, list, 20000, 0, 1000000, "a space of up to so many networks is looked at whole"),
    OHM_INT(ohm_bayes_options, pool, 2000, 10, 1000000,
            "networks drawn from a larger space for the model to choose from"),
    OHM_INT(ohm_bayes_options, memory, 500, 20, 20000, "measured networks the model knows: the best and the latest"),
    OHM_FIELDS_END,
};

struct bayes {
    struct drawer drawer;
    struct ohm_bayes_options options;
    struct scaling scaling;
    struct ohm_gp *gp;     /* its row i is member[i]; rows of the networks asked last stand behind those */
    struct member *member; /* [rows_max] told, and known to the model */
    int count;
    bool listed; /* the pool is the whole space */
    bool prepared;
    struct pool pool;
    int fitted;     /* rows at the last choice of length scale and noise */
    double *target; /* [rows_max] */
    double *key;
};

static void destroy(void *self)
{
    struct bayes *b = self;

    drawer_release(&b->drawer);
    scaling_release(&b->scaling);
    pool_release(&b->pool);
    ohm_gp_free(b->gp);
    ohm_free(b->member);
    ohm_free(b->target);
    ohm_free(b->key);
    ohm_free(b);
}

/* Members never exceed it: more than `memory` are forgotten before the next ask, which adds a batch at most. */
static size_t rows_max(const struct bayes *b)
{
    const struct ohm_bayes_options *o = &b->options;

    return (size_t)((o->memory > o->start ? o->memory : o->start) + o->batch);
}

static enum ohm_status create(void **self, const struct ohm_problem *problem, const void *options,
                              struct ohm_error *err)
{
    struct bayes *b = ohm_alloc(1, sizeof *b);
    enum ohm_status st;
    size_t rows;

    if (!b)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    drawer_init(&b->drawer, problem);
    b->options = *(const struct ohm_bayes_options *)options;
    rows = rows_max(b);
    b->member = ohm_alloc(rows, sizeof *b->member);
    b->target = ohm_alloc(rows, sizeof *b->target);
    b->key = ohm_alloc(rows, sizeof *b->key);
    if (!b->member || !b->target || !b->key) {
        destroy(b);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %zu measured networks", rows);
    }
    b->listed = ohm_space_size_within(problem->space, b->options.list) >= 0;
    st = scaling_init(&b->scaling, &b->drawer.problem, err);
    if (st == OHM_OK)
        *self = b;
    else
        destroy(b);
    return st;
}

static int batch(const void *self)
{
    const struct bayes *b = self;

    return (int)b->options.batch;
}

/* ---- targets ---- */

static bool usable(const struct member *m, int objectives)
{
    for (int k = 0; k < objectives; k++)
        if (!isfinite(m->objective[k]))
            return false;
    return !(m->violation > 0);
}

static void random_weights(double *weight, int n, struct ohm_rng *rng)
{
    double sum = 0;

    for (int k = 0; k < n; k++)
        sum += weight[k] = n > 1 ? -log(1 - ohm_rng_uniform(rng)) + 1e-12 : 1; /* uniform over all that sum to 1 */
    for (int k = 0; k < n; k++)
        weight[k] /= sum;
}

/* Augmented Tchebycheff (Knowles 2006, eq. 2) of objectives scaled to [0, 1] by the extremes of what was measured. */
static double scalar(const struct member *m, const double *low, const double *high, const double *weight, int n)
{
    double largest = 0, sum = 0;

    for (int k = 0; k < n; k++) {
        const double part = high[k] > low[k] ? weight[k] * (m->objective[k] - low[k]) / (high[k] - low[k]) : 0;

        largest = fmax(largest, part);
        sum += part;
    }
    return n > 1 ? largest + 0.05 * sum : largest;
}

/* key[count]: smaller is better; usable members in [0, 1.05], the others from 2 on by their violation. */
static void make_keys(struct bayes *b, struct ohm_rng *rng)
{
    const int n = b->drawer.problem.objectives;
    double low[OHM_OBJECTIVES_MAX], high[OHM_OBJECTIVES_MAX], weight[OHM_OBJECTIVES_MAX];

    random_weights(weight, n, rng);
    for (int k = 0; k < n; k++) {
        low[k] = INFINITY;
        high[k] = -INFINITY;
    }
    for (int i = 0; i < b->count; i++) {
        for (int k = 0; usable(&b->member[i], n) && k < n; k++) {
            low[k] = fmin(low[k], b->member[i].objective[k]);
            high[k] = fmax(high[k], b->member[i].objective[k]);
        }
    }
    for (int i = 0; i < b->count; i++) {
        const struct member *m = &b->member[i];

        if (usable(m, n))
            b->key[i] = scalar(m, low, high, weight, n);
        else
            b->key[i] = m->violation > 0 ? 2 + m->violation : (double)INFINITY;
    }
}

static enum ohm_status make_targets(struct bayes *b, struct ohm_rng *rng, struct ohm_error *err)
{
    enum ohm_status st;

    make_keys(b, rng);
    st = ohm_ranks(b->target, b->key, b->count, err);
    for (int i = 0; i < b->count && st == OHM_OK; i++)
        b->target[i] = ohm_normal_quantile((b->target[i] + 0.5) / b->count);
    if (st == OHM_OK)
        ohm_gp_set_targets(b->gp, b->target, b->count);
    return st;
}

/* ---- the model's rows ---- */

static enum ohm_status add_rows(struct bayes *b, const struct ohm_genotype *g, int n, struct ohm_error *err)
{
    float *x = ohm_alloc((size_t)n * (size_t)b->scaling.count, sizeof *x);
    enum ohm_status st;

    if (!x)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the features of %d networks", n);
    st = scaling_apply(&b->scaling, x, g, n, err);
    for (int i = 0; i < n && st == OHM_OK; i++)
        ohm_gp_add(b->gp, x + (size_t)i * (size_t)b->scaling.count);
    ohm_free(x);
    return st;
}

/* Makes the model's rows those of member[count]. */
static enum ohm_status rebuild(struct bayes *b, struct ohm_error *err)
{
    struct ohm_genotype *g = ohm_alloc((size_t)b->count, sizeof *g);
    enum ohm_status st;

    if (!g)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d measured networks", b->count);
    for (int i = 0; i < b->count; i++)
        g[i] = b->member[i].genotype;
    ohm_gp_clear(b->gp);
    st = add_rows(b, g, b->count, err);
    ohm_free(g);
    return st;
}

/* The scaling of a large space is that of a random thousand of it. */
static enum ohm_status scale_large(struct bayes *b, struct ohm_rng *rng, struct ohm_error *err)
{
    enum { SAMPLE = 1000 };
    struct ohm_genotype *g = ohm_alloc(SAMPLE, sizeof *g);
    enum ohm_status st = g ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
    float *x = NULL;

    for (int i = 0; i < SAMPLE && st == OHM_OK; i++)
        st = ohm_genotype_sample(b->drawer.problem.space, &g[i], rng, err);
    if (st == OHM_OK)
        st = scaling_fit(&b->scaling, &x, g, SAMPLE, err);
    ohm_free(g);
    ohm_free(x);
    return st;
}

static enum ohm_status prepare(struct bayes *b, struct ohm_rng *rng, struct ohm_error *err)
{
    enum ohm_status st = b->listed ? pool_list(&b->pool, &b->drawer, &b->scaling, err) : scale_large(b, rng, err);

    b->prepared = true;
    if (st == OHM_OK && b->scaling.count > 0)
        st = ohm_gp_create(&b->gp, b->scaling.count, (int)rows_max(b), err);
    return st == OHM_OK && b->gp ? rebuild(b, err) : st;
}

/* Half of the model's room goes to the best, a quarter to the latest; the rest is forgotten. Members keep their order.
 */
static enum ohm_status forget(struct bayes *b, struct ohm_rng *rng, struct ohm_error *err)
{
    const int best = (int)b->options.memory / 2, latest = best / 2;
    double *sorted = ohm_alloc((size_t)b->count, sizeof *sorted), bound;
    int kept = 0, good = 0;

    if (!sorted)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d measured networks", b->count);
    make_keys(b, rng);
    memcpy(sorted, b->key, (size_t)b->count * sizeof *sorted);
    bound = ohm_quantile_in_place(sorted, b->count, (double)(best - 1) / (b->count - 1));
    ohm_free(sorted);
    for (int i = 0; i < b->count; i++) {
        const bool is_good = b->key[i] <= bound && good < best;

        good += is_good;
        if (is_good || i >= b->count - latest)
            b->member[kept++] = b->member[i];
    }
    b->count = kept;
    b->fitted = 0;
    return rebuild(b, err);
}

/* ---- choosing ---- */

enum { PARENTS = 20 };

/* The best members by key, best first, into best[PARENTS]. */
static int best_members(const struct bayes *b, const struct member **best)
{
    int index[PARENTS], n = 0;

    for (int i = 0; i < b->count; i++) {
        int at = n < PARENTS ? n++ : PARENTS;

        for (; at > 0 && b->key[index[at - 1]] > b->key[i]; at--)
            if (at < PARENTS)
                index[at] = index[at - 1];
        if (at < PARENTS)
            index[at] = i;
    }
    for (int i = 0; i < n; i++)
        best[i] = &b->member[index[i]];
    return n;
}

static enum ohm_status refresh_pool(struct bayes *b, struct ohm_rng *rng, struct ohm_error *err)
{
    const struct member *best[PARENTS];
    const int n = best_members(b, best);

    pool_release(&b->pool);
    return pool_draw(&b->pool, &b->drawer, &b->scaling, best, n, (int)b->options.pool, rng, err);
}

static int most_promising(const struct bayes *b)
{
    const float exploration = (float)b->options.exploration;
    float best = INFINITY;
    int chosen = -1;

    for (int i = 0; i < b->pool.count; i++) {
        const float bound = b->pool.mean[i] - exploration * b->pool.sd[i];

        if (!b->pool.taken[i] && (bound < best || chosen < 0)) {
            best = bound;
            chosen = i;
        }
    }
    return chosen;
}

static enum ohm_status choose(struct bayes *b, struct ohm_candidate *c, bool *found, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;
    int chosen;

    *found = false;
    if (b->pool.count > 0)
        st = ohm_gp_predict(b->gp, b->pool.model, b->pool.mean, b->pool.sd, b->drawer.problem.jobs, err);
    chosen = st == OHM_OK ? most_promising(b) : -1;
    if (chosen < 0)
        return st;
    *found = true;
    *c = b->pool.candidate[chosen];
    b->pool.taken[chosen] = true;
    if (b->listed)
        c->operation = "model";
    st = add_rows(b, &c->genotype, 1, err);
    return st == OHM_OK ? drawer_note(&b->drawer, c, err) : st;
}

/* Length scale and noise are chosen anew whenever the rows have grown by half. */
static enum ohm_status bring_up_to_date(struct bayes *b, struct ohm_rng *rng, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (b->count > b->options.memory)
        st = forget(b, rng, err);
    if (st == OHM_OK)
        st = make_targets(b, rng, err);
    if (st == OHM_OK && 2 * b->count >= 3 * b->fitted) {
        b->fitted = b->count;
        st = ohm_gp_fit(b->gp, err);
    }
    return st == OHM_OK && !b->listed ? refresh_pool(b, rng, err) : st;
}

static enum ohm_status ask_model(struct bayes *b, struct ohm_candidate *out, int room, int *n, struct ohm_rng *rng,
                                 struct ohm_error *err)
{
    const bool many = b->drawer.problem.objectives > 1;
    enum ohm_status st = bring_up_to_date(b, rng, err);
    bool found = true;

    while (st == OHM_OK && found && *n < room) {
        if (many && *n > 0)
            st = make_targets(b, rng, err);
        if (st == OHM_OK)
            st = choose(b, &out[*n], &found, err);
        *n += st == OHM_OK && found;
    }
    return st;
}

static enum ohm_status ask(void *self, struct ohm_candidate *out, int room, int *n, struct ohm_rng *rng,
                           struct ohm_error *err)
{
    struct bayes *b = self;
    enum ohm_status st = OHM_OK;
    bool found = true;

    *n = 0;
    room = room < b->options.batch ? room : batch(b);
    if (b->count >= b->options.start && !b->prepared)
        st = prepare(b, rng, err);
    if (st == OHM_OK && b->gp)
        st = ask_model(b, out, room, n, rng, err);
    /* Before there is a model; and where a large space gave it nothing to choose from. */
    if (*n > 0 || (b->gp && b->listed))
        return st;
    while (*n < room && found && st == OHM_OK) {
        st = draw_sample(&b->drawer, &out[*n], &found, rng, err);
        if (st == OHM_OK && found && b->gp)
            st = add_rows(b, &out[*n].genotype, 1, err);
        *n += st == OHM_OK && found;
    }
    return st;
}

static enum ohm_status tell(void *self, const struct ohm_candidate *asked, const struct ohm_outcome *outcome, int n,
                            struct ohm_error *err)
{
    struct bayes *b = self;

    (void)err;
    if (b->prepared && !b->gp)
        return OHM_OK; /* all networks look alike to the model: there is none, and the search is random */
    for (int i = 0; i < n; i++)
        member_set(&b->member[b->count++], &asked[i], &outcome[i], b->drawer.problem.objectives);
    return OHM_OK;
}

const struct ohm_strategy_ops bayes_ops = {
    .name = "bayes",
    .help = "a model of what was measured chooses what to measure next: best where a trial takes seconds or more",
    .fields = fields,
    .options_size = sizeof(struct ohm_bayes_options),
    .multi_objective = true,
    .create = create,
    .ask = ask,
    .tell = tell,
    .batch = batch,
    .free = destroy,
};
