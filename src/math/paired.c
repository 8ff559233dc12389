/* paired.c - permutation test and bootstrap of paired differences. Each flip and each resample has a stream of its own,
 * named by its number. */
#include "ohm/paired.h"

#include "ohm/mem.h"
#include "ohm/parallel.h"
#include "ohm/rng.h"
#include "ohm/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Up to so many units that differ, all flips of their signs are looked at. */
enum { EXACT_UNITS = 16 };

struct test {
    const struct ohm_paired *data;
    const struct ohm_paired_options *opt;
    int units, seeds;  /* seeds: of both sides */
    double *size;      /* [units]: items */
    double *share;     /* [units][seeds]: A's trainings, then B's, each the sum over the items */
    double *gap;       /* [units]: mean of A less mean of B, summed over the items */
    double *differing; /* [flipped]: the gaps that are not 0 */
    int flipped;
    double sum, close; /* of all gaps; sums nearer than `close` are equal but for rounding */
    double *draw;      /* [permutations or resamples] */
    int *counts;       /* [jobs][seeds]: how often a training is in a resample */
    bool exact, of_seeds;
    struct ohm_rng stream;
};

static void release(struct test *t)
{
    ohm_free(t->size);
    ohm_free(t->share);
    ohm_free(t->gap);
    ohm_free(t->differing);
    ohm_free(t->draw);
    ohm_free(t->counts);
}

/* ---- units ---- */

struct place {
    uint64_t group;
    int item;
};

static int by_group(const void *a, const void *b)
{
    const struct place *const x = a, *const y = b;

    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

static void add_item(struct test *t, int unit, int item)
{
    const struct ohm_paired *const d = t->data;
    double *const share = t->share + (size_t)unit * (size_t)t->seeds;

    for (int s = 0; s < d->a_seeds; s++)
        share[s] += d->a[(size_t)s * (size_t)d->items + (size_t)item];
    for (int s = 0; s < d->b_seeds; s++)
        share[d->a_seeds + s] += d->b[(size_t)s * (size_t)d->items + (size_t)item];
    t->size[unit]++;
}

static void add_gaps(struct test *t)
{
    double all = 0;

    for (int u = 0; u < t->units; u++) {
        const double *const share = t->share + (size_t)u * (size_t)t->seeds;
        const double gap = ohm_mean(share, t->data->a_seeds) - ohm_mean(share + t->data->a_seeds, t->data->b_seeds);

        t->gap[u] = fabs(gap) > 1e-12 * t->size[u] ? gap : 0;
        t->sum += t->gap[u];
        all += fabs(t->gap[u]);
        if (fabs(t->gap[u]) > 0)
            t->differing[t->flipped++] = t->gap[u];
    }
    t->close = 1e-11 * all;
}

static enum ohm_status find_units(struct test *t, struct ohm_error *err)
{
    const int n = t->data->items;
    struct place *const place = ohm_alloc((size_t)n, sizeof *place);

    if (!place)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < n; i++)
        place[i] = (struct place){t->data->group ? t->data->group[i] : (uint64_t)i, i};
    qsort(place, (size_t)n, sizeof *place, by_group);
    for (int i = 0; i < n; i++) {
        t->units += i == 0 || place[i].group != place[i - 1].group;
        add_item(t, t->units - 1, place[i].item);
    }
    ohm_free(place);
    add_gaps(t);
    return OHM_OK;
}

static enum ohm_status get_memory(struct test *t, struct ohm_error *err)
{
    const size_t n = (size_t)t->data->items, seeds = (size_t)t->seeds;
    const int permutations = t->opt->permutations > 1 << EXACT_UNITS ? t->opt->permutations : 1 << EXACT_UNITS;
    const int draws = permutations > t->opt->resamples ? permutations : t->opt->resamples;
    size_t all;

    if (ohm_mul_size(&all, n, seeds)) {
        t->size = ohm_alloc(n, sizeof *t->size);
        t->share = ohm_alloc(all, sizeof *t->share);
        t->gap = ohm_alloc(n, sizeof *t->gap);
        t->differing = ohm_alloc(n, sizeof *t->differing);
        t->draw = ohm_alloc((size_t)draws, sizeof *t->draw);
        t->counts = ohm_alloc((size_t)t->opt->jobs * seeds, sizeof *t->counts);
    }
    return t->size && t->share && t->gap && t->differing && t->draw && t->counts
               ? OHM_OK
               : ohm_fail(err, OHM_ENOMEM, "out of memory");
}

/* ---- sign flips ---- */

/* The bits of `index` are the signs where all flips are looked at. */
static enum ohm_status flip(void *context, int index, int worker, struct ohm_error *err)
{
    struct test *const t = context;
    struct ohm_rng rng = ohm_rng_child(&t->stream, (uint64_t)index);
    uint64_t bits = (uint64_t)index;
    double sum = 0;

    (void)worker;
    (void)err;
    for (int i = 0; i < t->flipped; i++) {
        if (!t->exact && i % 64 == 0)
            bits = ohm_rng_u64(&rng);
        sum += bits & 1 ? -t->differing[i] : t->differing[i];
        bits >>= 1;
    }
    t->draw[index] = sum;
    return OHM_OK;
}

static enum ohm_status permute(struct test *t, struct ohm_paired_result *r, struct ohm_error *err)
{
    const struct ohm_rng root = ohm_rng_seed(t->opt->seed);
    int n, high = 0, far = 0;
    enum ohm_status st;

    r->exact = t->exact = t->flipped <= EXACT_UNITS;
    n = t->exact ? 1 << t->flipped : t->opt->permutations;
    t->stream = ohm_rng_named(&root, "signs");
    if ((st = ohm_parallel_for(t->opt->jobs, n, flip, t, err)) != OHM_OK)
        return st;
    for (int i = 0; i < n; i++) {
        high += t->draw[i] >= t->sum - t->close;
        far += fabs(t->draw[i]) >= fabs(t->sum) - t->close;
    }
    /* Among all flips there is the identity; among those drawn it is counted in. */
    r->p = t->exact ? (double)far / n : (1.0 + far) / (1.0 + n);
    r->p_one = t->exact ? (double)high / n : (1.0 + high) / (1.0 + n);
    return OHM_OK;
}

/* ---- bootstrap ---- */

/* count[seeds] of one side: one fewer than there are, with replacement. */
static void draw_seeds(int *count, int seeds, struct ohm_rng *rng)
{
    memset(count, 0, (size_t)seeds * sizeof *count);
    for (int i = 0; i < seeds - 1; i++)
        count[ohm_rng_below(rng, (uint32_t)seeds)]++;
}

static double gap_of_seeds(const struct test *t, int unit, const int *count)
{
    const double *const share = t->share + (size_t)unit * (size_t)t->seeds;
    const int a = t->data->a_seeds;
    double sum_a = 0, sum_b = 0;

    for (int s = 0; s < a; s++)
        sum_a += count[s] * share[s];
    for (int s = a; s < t->seeds; s++)
        sum_b += count[s] * share[s];
    return sum_a / (a - 1) - sum_b / (t->data->b_seeds - 1);
}

static enum ohm_status resample(void *context, int index, int worker, struct ohm_error *err)
{
    struct test *const t = context;
    struct ohm_rng rng = ohm_rng_child(&t->stream, (uint64_t)index);
    int *const count = t->counts + (size_t)worker * (size_t)t->seeds;
    double sum = 0, items = 0;

    (void)err;
    if (t->of_seeds) {
        draw_seeds(count, t->data->a_seeds, &rng);
        draw_seeds(count + t->data->a_seeds, t->data->b_seeds, &rng);
    }
    for (int i = 0; i < t->units; i++) {
        const int u = (int)ohm_rng_below(&rng, (uint32_t)t->units);

        sum += t->of_seeds ? gap_of_seeds(t, u, count) : t->gap[u];
        items += t->size[u];
    }
    t->draw[index] = sum / items;
    return OHM_OK;
}

static enum ohm_status interval(struct test *t, double *low, double *high, bool of_seeds, struct ohm_error *err)
{
    const struct ohm_rng root = ohm_rng_seed(t->opt->seed);
    const int n = t->opt->resamples;
    enum ohm_status st;

    t->of_seeds = of_seeds;
    t->stream = ohm_rng_named(&root, of_seeds ? "items and seeds" : "items");
    if ((st = ohm_parallel_for(t->opt->jobs, n, resample, t, err)) == OHM_OK) {
        *low = ohm_quantile_in_place(t->draw, n, t->opt->level / 2);
        *high = ohm_quantile_in_place(t->draw, n, 1 - t->opt->level / 2);
    }
    return st;
}

static void fill_means(const struct test *t, struct ohm_paired_result *r)
{
    const size_t n = (size_t)t->data->items;

    for (int s = 0; s < t->data->a_seeds; s++)
        r->a += ohm_mean(t->data->a + (size_t)s * n, t->data->items) / t->data->a_seeds;
    for (int s = 0; s < t->data->b_seeds; s++)
        r->b += ohm_mean(t->data->b + (size_t)s * n, t->data->items) / t->data->b_seeds;
    r->difference = t->sum / t->data->items;
    r->units = t->units;
    r->differing = t->flipped;
}

enum ohm_status ohm_paired_test(struct ohm_paired_result *result, const struct ohm_paired *data,
                                const struct ohm_paired_options *options, struct ohm_error *err)
{
    struct test t = {.data = data, .opt = options, .seeds = data->a_seeds + data->b_seeds};
    struct ohm_paired_result r = {.low_seeds = NAN, .high_seeds = NAN};
    enum ohm_status st;

    if ((st = get_memory(&t, err)) == OHM_OK && (st = find_units(&t, err)) == OHM_OK &&
        (st = permute(&t, &r, err)) == OHM_OK && (st = interval(&t, &r.low, &r.high, false, err)) == OHM_OK &&
        data->a_seeds > 1 && data->b_seeds > 1)
        st = interval(&t, &r.low_seeds, &r.high_seeds, true, err);
    if (st == OHM_OK) {
        fill_means(&t, &r);
        *result = r;
    }
    release(&t);
    return st;
}
