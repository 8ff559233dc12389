/* stat.c - mean, spread, quantiles, and intervals. */
#include "ohm/stat.h"

#include "ohm/mem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

double ohm_mean(const double *x, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

double ohm_sd(const double *x, int n)
{
    const double mean = ohm_mean(x, n);
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return n > 1 ? sqrt(sum / (n - 1)) : 0;
}

double ohm_rmse(const double *x, const double *y, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sqrt(sum / n);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double sorted_quantile(const double *x, int n, double q)
{
    const double at = q * (n - 1);
    const int below = (int)floor(at);

    if (below >= n - 1)
        return x[n - 1];
    /* Written so that equal neighbours, infinite ones too, give exactly their value. */
    return x[below] == x[below + 1] ? x[below] : x[below] + (at - below) * (x[below + 1] - x[below]);
}

double ohm_quantile_in_place(double *x, int n, double q)
{
    assert(n >= 1 && q >= 0 && q <= 1);
    qsort(x, (size_t)n, sizeof *x, ascending);
    return sorted_quantile(x, n, q);
}

enum ohm_status ohm_bootstrap_mean(double *low, double *high, const double *x, int n, int draws, double level,
                                   struct ohm_rng *rng, struct ohm_error *err)
{
    double *mean = ohm_alloc((size_t)draws, sizeof *mean);

    if (!mean)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d bootstrap draws", draws);
    for (int d = 0; d < draws; d++) {
        double sum = 0;

        for (int i = 0; i < n; i++)
            sum += x[ohm_rng_below(rng, (uint32_t)n)];
        mean[d] = sum / n;
    }
    *low = ohm_quantile_in_place(mean, draws, (1 - level) / 2);
    *high = sorted_quantile(mean, draws, (1 + level) / 2);
    ohm_free(mean);
    return OHM_OK;
}

/* Wilson, J. Am. Stat. Assoc. 22, 209 (1927). */
void ohm_wilson(double *low, double *high, double hits, double n)
{
    const double z = 1.959963984540054; /* normal quantile of 0.975 */
    const double p = hits / n, centre = p + z * z / (2 * n);
    const double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)), scale = 1 + z * z / n;

    *low = fmax(0, (centre - half) / scale);
    *high = fmin(1, (centre + half) / scale);
}

/* A start good to 4.5e-4 (Abramowitz and Stegun 26.2.23), then Halley steps on erfc, which triple the digits. */
double ohm_normal_quantile(double p)
{
    const double tail = p < 0.5 ? p : 1 - p;
    double t, z;

    assert(p > 0 && p < 1);
    t = sqrt(-2 * log(tail));
    z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
    for (int i = 0; i < 2; i++) {
        const double error = 0.5 * erfc(-z * M_SQRT1_2) - tail;
        const double step = error * sqrt(2 * M_PI) * exp(0.5 * z * z);

        z -= step / (1 + 0.5 * z * step);
    }
    return p < 0.5 ? z : -z;
}
