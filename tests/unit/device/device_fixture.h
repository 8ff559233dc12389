/* device_fixture.h - what the tests of device share: the order of cmocka's headers, devices by name, golden tables,
 * sums of samples. */
#ifndef DEVICE_FIXTURE_H
#define DEVICE_FIXTURE_H

#include "golden_pcm.h"

#include "ohm/csv.h"

static inline struct ohm_moment moment_at(const struct ohm_device *device, double t_s)
{
    struct ohm_moment moment;

    assert_int_equal(ohm_moment_init(&moment, device, t_s, NULL), OHM_OK);
    return moment;
}

/* A number of a golden table; NaN where the cell is empty. */
static inline double cell(const struct ohm_csv *csv, int row, const char *column)
{
    int at = -1;
    double value = NAN;

    assert_int_equal(ohm_csv_need(csv, column, &at, NULL), OHM_OK);
    assert_int_equal(ohm_csv_double(csv, row, at, &value, NULL), OHM_OK);
    return value;
}

struct sums {
    double n, first, second;
};

static inline void sums_add(struct sums *s, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s->first += (double)x[i];
        s->second += (double)x[i] * (double)x[i];
    }
    s->n += (double)n;
}

static inline double sums_mean(const struct sums *s)
{
    return s->first / s->n;
}

static inline double sums_sd(const struct sums *s)
{
    const double mean = sums_mean(s), variance = s->second / s->n - mean * mean;

    return variance > 0 ? sqrt(variance) : 0;
}

static inline void assert_close(double got, double want, double tolerance, const char *what)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %.9g, not %.9g within %.3g", what, got, want, tolerance);
}

/* The mean within 4 standard errors of the wanted one, the spread within 1 %. */
static inline void assert_sample(const struct sums *s, double mean, double sd, const char *what)
{
    char text[128];

    snprintf(text, sizeof text, "%s mean", what);
    assert_close(sums_mean(s), mean, 4 * sd / sqrt(s->n) + 1e-6 * fabs(mean), text);
    snprintf(text, sizeof text, "%s spread", what);
    assert_close(sums_sd(s), sd, 0.01 * sd + 1e-6 * fabs(mean), text);
}

#endif
