/* bayes_features.c - a network as numbers of comparable spread. */
#include "bayes_int.h"

#include "ohm/mem.h"
#include "ohm/parallel.h"

#include <math.h>
#include <string.h>

/* Without features of the problem: a choice as one number a value (1 for the value that it has), an int or real as its
 * place in the range, and for axes that can be inactive whether they are active. */
static int gene_numbers(const struct ohm_axis *axis)
{
    return (axis->kind == OHM_AXIS_CHOICE ? axis->size : 1) + (axis->when != NULL);
}

static void genes(const struct ohm_space *space, const struct ohm_genotype *g, float *x)
{
    for (int i = 0; i < ohm_space_axes(space); i++) {
        const struct ohm_axis *axis = ohm_space_axis(space, i);
        const bool active = ohm_genotype_active(space, g, i);
        const int n = gene_numbers(axis);

        memset(x, 0, (size_t)n * sizeof *x);
        if (active && axis->kind == OHM_AXIS_CHOICE)
            x[g->gene[i]] = 1;
        else if (active && axis->size > 1)
            x[0] = (float)g->gene[i] / (float)(axis->size - 1);
        if (axis->when)
            x[n - 1] = active;
        x += n;
    }
}

static void compute(const struct scaling *s, const struct ohm_genotype *g, float *x)
{
    if (s->problem->features)
        s->problem->features(s->problem->context, g, x);
    else
        genes(s->problem->space, g, x);
    /* What is not a number says nothing. */
    for (int k = 0; k < s->raw; k++)
        x[k] = isfinite(x[k]) ? x[k] : 0;
}

enum ohm_status scaling_init(struct scaling *s, const struct ohm_problem *problem, struct ohm_error *err)
{
    *s = (struct scaling){.problem = problem};
    if (problem->features)
        s->raw = problem->feature_count;
    else
        for (int i = 0; i < ohm_space_axes(problem->space); i++)
            s->raw += gene_numbers(ohm_space_axis(problem->space, i));
    s->kept = ohm_alloc((size_t)s->raw, sizeof *s->kept);
    s->mean = ohm_alloc((size_t)s->raw, sizeof *s->mean);
    s->factor = ohm_alloc((size_t)s->raw, sizeof *s->factor);
    s->scratch = ohm_alloc((size_t)problem->jobs * (size_t)s->raw, sizeof *s->scratch);
    if (s->kept && s->mean && s->factor && s->scratch)
        return OHM_OK;
    return ohm_fail(err, OHM_ENOMEM, "out of memory for %d features", s->raw);
}

void scaling_release(struct scaling *s)
{
    ohm_free(s->kept);
    ohm_free(s->mean);
    ohm_free(s->factor);
    ohm_free(s->scratch);
    *s = (struct scaling){0};
}

struct rows {
    const struct scaling *scaling;
    const struct ohm_genotype *g;
    float *x;
    int n;
};

enum { ROWS_AN_ITEM = 256 };

static enum ohm_status raw_rows(void *context, int item, int worker, struct ohm_error *err)
{
    const struct rows *r = context;
    const int first = item * ROWS_AN_ITEM, end = r->n - first < ROWS_AN_ITEM ? r->n : first + ROWS_AN_ITEM;

    (void)worker, (void)err;
    for (int i = first; i < end; i++)
        compute(r->scaling, &r->g[i], r->x + (size_t)i * (size_t)r->scaling->raw);
    return OHM_OK;
}

static enum ohm_status scaled_rows(void *context, int item, int worker, struct ohm_error *err)
{
    const struct rows *r = context;
    const struct scaling *s = r->scaling;
    const int first = item * ROWS_AN_ITEM, end = r->n - first < ROWS_AN_ITEM ? r->n : first + ROWS_AN_ITEM;
    float *raw = s->scratch + (size_t)worker * (size_t)s->raw;

    (void)err;
    for (int i = first; i < end; i++) {
        compute(s, &r->g[i], raw);
        for (int k = 0; k < s->count; k++)
            r->x[(size_t)i * (size_t)s->count + (size_t)k] = (raw[s->kept[k]] - s->mean[k]) * s->factor[k];
    }
    return OHM_OK;
}

static enum ohm_status for_rows(struct rows *r, ohm_item_fn *fn, struct ohm_error *err)
{
    return ohm_parallel_for(r->scaling->problem->jobs, (r->n + ROWS_AN_ITEM - 1) / ROWS_AN_ITEM, fn, r, err);
}

enum ohm_status scaling_apply(const struct scaling *s, float *x, const struct ohm_genotype *g, int n,
                              struct ohm_error *err)
{
    struct rows r = {s, g, x, n};

    return for_rows(&r, scaled_rows, err);
}

static void column_moments(const float *x, int n, int width, int k, double *mean, double *sd)
{
    double sum = 0, squares = 0;

    for (int i = 0; i < n; i++)
        sum += x[(size_t)i * (size_t)width + (size_t)k];
    *mean = sum / n;
    for (int i = 0; i < n; i++) {
        const double difference = x[(size_t)i * (size_t)width + (size_t)k] - *mean;

        squares += difference * difference;
    }
    *sd = sqrt(squares / n);
}

enum ohm_status scaling_fit(struct scaling *s, float **x, const struct ohm_genotype *g, int n, struct ohm_error *err)
{
    struct rows r = {s, g, NULL, n};
    enum ohm_status st;

    *x = NULL;
    s->count = 0;
    r.x = ohm_alloc((size_t)n * (size_t)s->raw, sizeof *r.x);
    if (!r.x)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the features of %d networks", n);
    st = for_rows(&r, raw_rows, err);
    for (int k = 0; k < s->raw && st == OHM_OK; k++) {
        double mean, sd;

        column_moments(r.x, n, s->raw, k, &mean, &sd);
        if (!(sd > 1e-6 * fabs(mean)) || !isfinite(sd))
            continue;
        s->kept[s->count] = k;
        s->mean[s->count] = (float)mean;
        s->factor[s->count++] = (float)(1 / sd);
    }
    /* In place: a scaled row is no longer than a raw one, and rows are taken in order. */
    for (int i = 0; i < n && st == OHM_OK; i++)
        for (int k = 0; k < s->count; k++)
            r.x[(size_t)i * (size_t)s->count + (size_t)k] =
                (r.x[(size_t)i * (size_t)s->raw + (size_t)s->kept[k]] - s->mean[k]) * s->factor[k];
    if (st == OHM_OK && s->count > 0)
        *x = r.x;
    else
        ohm_free(r.x);
    return st;
}
