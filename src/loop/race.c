/* race.c - which networks are in question for the front, as far as the noise of a training goes, and which of them are
 * worth another seed.
 *
 * A race over several objectives after S-Race (Zhang, Georgiopoulos and Anagnostopoulos, GECCO 2013): pairs are
 * compared by a test, with Holm's correction (Scandinavian Journal of Statistics 6, 65 (1979)) for all pairs of a look.
 * Their sign test needs five trainings of both networks before it can say anything at 5 %, which is more than a race
 * here will ever pay; so the test is Student's t with one variance, pooled over all networks that were measured more
 * than once. That a network is dominated needs all noisy objectives to say so (intersection-union test: Berger,
 * Technometrics 24, 295 (1982)); that it is not, one of them, by Bonferroni. Looks come again and again: the l-th one
 * has the share 6 / (pi l)^2 of the level, which sums to the level (as the bounds of Even-Dar, Mannor and Mansour do,
 * JMLR 7, 1079 (2006)).
 *
 * Objectives of net and chip are exact. A network that is worse in one of them than another cannot dominate it. */
#include "loop_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

/* Abramowitz and Stegun, 26.7.3 and 26.7.4. */
double student_tail(double t, int degrees)
{
    const double theta = atan(fabs(t) / sqrt(degrees)), c = cos(theta), s = sin(theta);
    double sum = 0, term = degrees % 2 ? c : 1, inside;

    for (int k = degrees % 2 ? 3 : 2; k <= degrees; k += 2) {
        sum += term;
        term *= c * c * (k - 1) / k;
    }
    inside = degrees % 2 ? 2 / PI * (theta + s * sum) : s * sum;
    inside = fmin(fmax(inside, 0), 1);
    return t >= 0 ? (1 - inside) / 2 : (1 + inside) / 2;
}

void race_release(struct race *r)
{
    ohm_free(r->open);
    ohm_free(r->doubt);
    ohm_free(r->front);
    *r = (struct race){0};
}

/* ---- one pair ---- */

struct pair {
    int network, rival; /* does the rival, of the front, dominate the network? */
    double p;           /* of the better founded of both answers, twice: there are two */
    bool dominated;     /* which answer that is */
    bool decided;
};

/* May the rival dominate, by what is exact? */
static bool may_dominate(const struct goals *g, const struct network *rival, const struct network *n)
{
    for (int i = 0; i < g->objectives; i++)
        if (!g->noisy[i] && rival->mean[i] > n->mean[i])
            return false;
    return true;
}

/* P of a difference as large as that of a's mean above b's, were there none. */
static double p_above(const struct race *r, int objective, const struct network *a, const struct network *b)
{
    const double error = sqrt(r->variance[objective] * (1.0 / a->measured + 1.0 / b->measured));
    const double difference = a->mean[objective] - b->mean[objective];

    if (error == 0)
        return difference > 0 ? 0 : 1;
    return student_tail(difference / error, r->degrees);
}

static struct pair compare(const struct race *r, const struct known *k, int network, int rival)
{
    const struct network *const n = &k->network[network], *const j = &k->network[rival];
    const struct goals *const g = k->goals;
    double yes = 0, no = 1;
    int noisy = 0;

    for (int i = 0; i < g->objectives; i++) {
        if (!g->noisy[i])
            continue;
        noisy++;
        yes = fmax(yes, p_above(r, i, n, j)); /* minimised: above is worse */
        no = fmin(no, p_above(r, i, j, n));
    }
    no *= noisy;
    return (struct pair){network, rival, fmin(1, 2 * fmin(yes, no)), yes < no, false};
}

static int by_p(const void *a, const void *b)
{
    const struct pair *const x = a, *const y = b;

    if (x->p != y->p)
        return x->p < y->p ? -1 : 1;
    if (x->network != y->network)
        return x->network < y->network ? -1 : 1;
    return (x->rival > y->rival) - (x->rival < y->rival);
}

/* ---- all pairs ---- */

static void note_doubt(struct race *r, const struct known *k, const struct pair *p, int64_t seeds)
{
    const struct network *const n = &k->network[p->network], *const j = &k->network[p->rival];
    const bool rival = j->rows <= n->rows ? j->rows < seeds : n->rows >= seeds;
    const int which = rival ? p->rival : p->network;

    r->doubt[which] = fmax(r->doubt[which], p->p);
}

/* Sorted pairs: the smallest p of those left faces the level divided by how many are left. */
static void decide(struct race *r, const struct known *k, struct pair *pair, int n, double level, int64_t seeds)
{
    bool *const dominated = r->open; /* of use only until open is filled */

    for (int i = 0; i < n && pair[i].p <= level / (n - i); i++) {
        pair[i].decided = true;
        dominated[pair[i].network] = dominated[pair[i].network] || pair[i].dominated;
    }
    for (int i = 0; i < n; i++)
        if (!pair[i].decided && !dominated[pair[i].network])
            note_doubt(r, k, &pair[i], seeds);
    for (int i = 0; i < n; i++)
        pair[i].decided = pair[i].decided || dominated[pair[i].network];
    memset(r->open, 0, (size_t)k->count * sizeof *r->open);
    for (int i = 0; i < n; i++)
        r->open[pair[i].network] = r->open[pair[i].network] || !pair[i].decided;
}

static int make_pairs(const struct race *r, const struct known *k, struct pair *pair)
{
    int n = 0;

    for (int i = 0; i < k->count; i++)
        for (int f = 0; k->network[i].usable && f < r->front_count; f++)
            if (r->front[f] != i && may_dominate(k->goals, &k->network[r->front[f]], &k->network[i]))
                pair[n++] = compare(r, k, i, r->front[f]);
    qsort(pair, (size_t)n, sizeof *pair, by_p);
    return n;
}

/* Where no network was measured twice, nothing says how large the noise is: all of the front is in question. */
static void doubt_front(struct race *r)
{
    for (int f = 0; f < r->front_count; f++) {
        r->open[r->front[f]] = true;
        r->doubt[r->front[f]] = 1;
    }
}

static void count_contenders(struct race *r, const struct known *k)
{
    for (int i = 0; i < k->count; i++) {
        bool on_front = false;

        for (int f = 0; f < r->front_count; f++)
            on_front = on_front || r->front[f] == i;
        r->contenders += r->open[i] && !on_front;
    }
}

enum ohm_status race_look(struct race *r, const struct known *k, int look, const struct ohm_loop_options *options,
                          struct ohm_error *err)
{
    struct pair *pair = NULL;
    enum ohm_status st = OHM_OK;

    *r = (struct race){0};
    r->open = ohm_alloc((size_t)k->count, sizeof *r->open);
    r->doubt = ohm_alloc((size_t)k->count, sizeof *r->doubt);
    r->front = ohm_alloc((size_t)k->count, sizeof *r->front);
    if (!r->open || !r->doubt || !r->front)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory for %d networks", k->count);
    if (st == OHM_OK)
        st = known_front(k, r->front, &r->front_count, err);
    known_noise(k, r->variance, &r->degrees);
    if (st == OHM_OK && r->degrees == 0)
        doubt_front(r);
    if (st == OHM_OK && r->degrees > 0) {
        pair = ohm_alloc((size_t)k->count, (size_t)r->front_count * sizeof *pair);
        if (pair)
            decide(r, k, pair, make_pairs(r, k, pair), options->level * 6 / (PI * PI * look * look), options->seeds);
        else
            st = ohm_fail(err, OHM_ENOMEM, "out of memory for pairs of networks");
    }
    if (st == OHM_OK)
        count_contenders(r, k);
    ohm_free(pair);
    return st;
}

int race_pick(int *network, int n, const struct race *r, const struct known *k, int64_t seeds)
{
    int picked = 0;

    while (picked < n) {
        int best = -1;

        for (int i = 0; i < k->count; i++) {
            bool had = k->network[i].rows >= seeds || !(r->doubt[i] > 0);

            for (int p = 0; p < picked; p++)
                had = had || network[p] == i;
            if (!had && (best < 0 || r->doubt[i] > r->doubt[best]))
                best = i;
        }
        if (best < 0)
            break;
        network[picked++] = best;
    }
    return picked;
}
