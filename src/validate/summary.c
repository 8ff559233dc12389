/* summary.c - numbers of many draws as mean, spread, quantiles, interval. */
#include "validate_int.h"

#include "ohm/mem.h"
#include "ohm/stat.h"

#include <math.h>

/* Small df from the usual tables; beyond, the expansion in 1/df of Abramowitz and Stegun, 26.7.5. */
double ohm_student_95(int df)
{
    static const double table[] = {0,        12.70620, 4.302653, 3.182446, 2.776445,
                                   2.570582, 2.446912, 2.364624, 2.306004, 2.262157};
    const double z = 1.959964, z2 = z * z, n = df;

    if (df < (int)(sizeof table / sizeof table[0]))
        return table[df];
    return z + z * (z2 + 1) / (4 * n) + z * ((5 * z2 + 16) * z2 + 3) / (96 * n * n) +
           z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * n * n * n) +
           z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / (92160 * n * n * n * n);
}

static const struct ohm_validate_reading *reads_of(const struct ohm_validate_result *r, int draw, int time)
{
    return r->reading + ((size_t)draw * (size_t)r->times + (size_t)time) * (size_t)r->reads;
}

/* What hardware did to the weights, over all reads. */
static void mean_weights(struct ohm_validate_moment *m, const struct ohm_validate_result *r, int time)
{
    double dw = 0, alpha = 0;

    for (int d = 0; d < r->draws; d++)
        for (int k = 0; k < r->reads; k++) {
            dw += reads_of(r, d, time)[k].dw;
            alpha += reads_of(r, d, time)[k].alpha;
        }
    m->dw = dw / r->draws / r->reads;
    m->alpha = alpha / r->draws / r->reads;
}

/* Draws are independent, reads of one draw are not: the interval is of the draws' means. */
static void summarize_moment(struct ohm_validate_moment *m, const struct ohm_validate_result *r, int time,
                             double *scratch)
{
    const int n = r->draws * r->reads;
    double half;

    for (int d = 0; d < r->draws; d++) {
        scratch[d] = 0;
        for (int k = 0; k < r->reads; k++)
            scratch[d] += reads_of(r, d, time)[k].top1;
        scratch[d] /= r->reads;
    }
    m->mean = ohm_mean(scratch, r->draws);
    m->sd = r->draws > 1 ? ohm_sd(scratch, r->draws) : NAN;
    half = r->draws > 1 ? ohm_student_95(r->draws - 1) * m->sd / sqrt(r->draws) : NAN;
    m->low = m->mean < half ? 0 : m->mean - half;
    m->high = m->mean + half > 100 ? 100 : m->mean + half;
    for (int i = 0; i < n; i++)
        scratch[i] = reads_of(r, i / r->reads, time)[i % r->reads].top1;
    m->q05 = ohm_quantile_in_place(scratch, n, 0.05);
    m->median = ohm_quantile_in_place(scratch, n, 0.5);
    m->q95 = ohm_quantile_in_place(scratch, n, 0.95);
    mean_weights(m, r, time);
}

static double mean_at(const struct ohm_validate_result *r, double t_s)
{
    for (int i = 0; i < r->times; i++)
        if (fabs(r->moment[i].t_s - t_s) < 1e-6 * t_s)
            return r->moment[i].mean;
    return NAN;
}

void summarize(struct ohm_validate_result *r, double *scratch)
{
    for (int i = 0; i < r->times; i++)
        summarize_moment(&r->moment[i], r, i, scratch);
    r->avm = mean_at(r, 60) - mean_at(r, 30 * 86400.0);
}

enum ohm_status ohm_validate_summarize(struct ohm_validate_result *r, struct ohm_error *err)
{
    double *const scratch = ohm_alloc((size_t)r->draws * (size_t)r->reads, sizeof *scratch);

    if (!scratch)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    summarize(r, scratch);
    ohm_free(scratch);
    return OHM_OK;
}

bool narrow_enough(const struct ohm_validate_result *r, double width)
{
    for (int i = 0; i < r->times; i++)
        if (!(r->moment[i].high - r->moment[i].low < width))
            return false;
    return true;
}
