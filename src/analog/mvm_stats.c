/* mvm_stats.c - error statistics of products. Errors are summed, not results: small ones keep their digits. */
#include "ohm/mvm_stats.h"

#include <math.h>

void ohm_mvm_sums_add(struct ohm_mvm_sums *s, const float *wanted, const float *got, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double w = (double)wanted[i], e = (double)got[i] - w;

        s->wanted += w;
        s->wanted2 += w * w;
        s->error += e;
        s->error2 += e * e;
        s->cross += w * e;
    }
    s->n += (double)n;
}

void ohm_mvm_sums_join(struct ohm_mvm_sums *s, const struct ohm_mvm_sums *other)
{
    s->n += other->n;
    s->wanted += other->wanted;
    s->wanted2 += other->wanted2;
    s->error += other->error;
    s->error2 += other->error2;
    s->cross += other->cross;
}

static double root(double x)
{
    return x > 0 ? sqrt(x) : 0;
}

struct ohm_mvm_stats ohm_mvm_stats(const struct ohm_mvm_sums *s)
{
    const double wanted = s->wanted / s->n, error = s->error / s->n;
    const double variance = s->wanted2 / s->n - wanted * wanted, covariance = s->cross / s->n - wanted * error;
    const double errors = s->error2 / s->n - error * error;

    if (!(s->n > 0))
        return (struct ohm_mvm_stats){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    return (struct ohm_mvm_stats){
        .wanted_sd = root(variance),
        .error_mean = error,
        .error_sd = root(errors),
        .error_rms = root(s->error2 / s->n),
        .relative = root(s->error2 / s->n) / root(variance),
        .slope = 1 + covariance / variance,
        .sd_after_slope = root(errors - covariance * covariance / variance),
    };
}
