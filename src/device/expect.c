/* expect.c - mean and spread of every stage without drawing. The drift factor does not depend on what was programmed,
 * so that moments of products are products of moments; read noise does, and is integrated over it. */
#include "device_int.h"

#include <math.h>

struct two {
    double first, second; /* moments about 0 */
};

static double density(double z)
{
    return 0.3989422804014327 * exp(-0.5 * z * z);
}

static double below(double z)
{
    return 0.5 * erfc(-z * 0.7071067811865476);
}

/* z density(z), which is 0 at both ends. */
static double z_density(double z)
{
    return isinf(z) ? 0 : z * density(z);
}

/* Moments of a normal value held to [low, high]. */
static struct two held(double mean, double sd, double low, double high)
{
    const double a = (low - mean) / sd, b = (high - mean) / sd;
    const double inside = below(b) - below(a), at_low = below(a), at_high = below(-b);
    struct two m;

    if (!(sd > 0)) {
        const double g = mean < low ? low : mean > high ? high : mean;

        return (struct two){g, g * g};
    }
    m.first = mean * inside - sd * (density(b) - density(a));
    m.second = (mean * mean + sd * sd) * inside - 2 * mean * sd * (density(b) - density(a)) -
               sd * sd * (z_density(b) - z_density(a));
    if (at_low > 0) {
        m.first += low * at_low;
        m.second += low * low * at_low;
    }
    if (at_high > 0) {
        m.first += high * at_high;
        m.second += high * high * at_high;
    }
    return m;
}

static double spread(struct two m)
{
    const double variance = m.second - m.first * m.first;

    return variance > 0 ? sqrt(variance) : 0;
}

/* E exp(-a |nu|) for normal nu. */
static double decay_factor(double mean, double sd, double a)
{
    if (!(sd > 0))
        return exp(-a * fabs(mean));
    return exp(-a * mean + 0.5 * a * a * sd * sd) * below(mean / sd - a * sd) +
           exp(a * mean + 0.5 * a * a * sd * sd) * below(-mean / sd - a * sd);
}

static void expect_nu(const struct ohm_device *d, double mean, double sd, struct ohm_expected *out)
{
    struct two m = {fabs(mean), mean * mean + sd * sd};

    if (sd > 0)
        m.first = 2 * sd * density(mean / sd) + mean * (1 - 2 * below(-mean / sd));
    out->nu_mean = d->scale_drift * m.first;
    out->nu_sd = d->scale_drift * spread(m);
}

/* What a read makes of a conductance g: moments of the value after it. */
typedef void read_fn(const struct ohm_moment *m, struct two out[DEVICE_BLOCK], const double g[DEVICE_BLOCK]);

/* Simpson's rule over a normal conductance from `low` on, to nine standard deviations; sharp enough for the bends of
 * the curves. */
static struct two integrate(const struct ohm_moment *m, read_fn *read, double mean, double sd, double low)
{
    enum { STEPS = 80 * DEVICE_BLOCK }; /* even; one more point than steps */
    const double start = low > mean - 9 * sd ? (low - mean) / sd : -9, h = (9 - start) / STEPS;
    double g[DEVICE_BLOCK];
    struct two out[DEVICE_BLOCK], sum = {0, 0};

    if (!(sd > 0)) {
        for (int i = 0; i < DEVICE_BLOCK; i++)
            g[i] = mean;
        read(m, out, g);
        return out[0];
    }
    for (int at = 0; at <= STEPS; at += DEVICE_BLOCK) {
        for (int i = 0; i < DEVICE_BLOCK; i++)
            g[i] = mean + sd * (start + h * (at + i));
        read(m, out, g);
        for (int i = 0; i < DEVICE_BLOCK && at + i <= STEPS; i++) {
            const int k = at + i;
            const double weight = (k == 0 || k == STEPS ? 1 : k % 2 ? 4 : 2) * h / 3 * density(start + h * k);

            sum.first += weight * out[i].first;
            sum.second += weight * out[i].second;
        }
    }
    return sum;
}

/* max(0, 1 + s xi), times g. */
static void read_relative(const struct ohm_moment *m, struct two out[DEVICE_BLOCK], const double g[DEVICE_BLOCK])
{
    const struct ohm_device *const d = m->device;
    double x[DEVICE_BLOCK], q[DEVICE_BLOCK];

    for (int i = 0; i < DEVICE_BLOCK; i++)
        x[i] = fabs(g[i]) / d->g_max_uS;
    curve_block(&d->q, q, x);
    for (int i = 0; i < DEVICE_BLOCK; i++) {
        out[i] = held(1, d->scale_read * m->read * q[i], 0, INFINITY);
        out[i].first *= g[i];
        out[i].second *= g[i] * g[i];
    }
}

static void read_logarithmic(const struct ohm_moment *m, struct two out[DEVICE_BLOCK], const double g[DEVICE_BLOCK])
{
    const struct ohm_device *const d = m->device;

    for (int i = 0; i < DEVICE_BLOCK; i++)
        out[i] =
            held(g[i], d->scale_read * m->read * d->read_uS * log10(g[i] > 1 ? g[i] : 1), d->g_min_uS, d->g_max_uS);
}

static void expect_power_law(const struct ohm_moment *m, double target, double sigma, struct ohm_expected *out)
{
    const struct ohm_device *const d = m->device;
    const double x = fabs(target) / d->g_max_uS;
    const double mean = ohm_curve_at(&d->nu_mean, x), sd = ohm_curve_at(&d->nu_sd, x);
    const double a = m->log_ratio * d->scale_drift;
    const struct two factor = {decay_factor(mean, sd, a), decay_factor(mean, sd, 2 * a)};
    const struct two programmed = held(target, sigma, 0, INFINITY);
    const struct two drifted = {programmed.first * factor.first, programmed.second * factor.second};
    struct two seen = integrate(m, read_relative, target, sigma, 0);

    seen.first *= factor.first;
    seen.second *= factor.second;
    expect_nu(d, mean, sd, out);
    out->program_mean = programmed.first;
    out->program_sd = spread(programmed);
    out->drift_mean = drifted.first;
    out->drift_sd = spread(drifted);
    out->read_mean = seen.first;
    out->read_sd = spread(seen);
}

static void expect_snapshot(const struct ohm_moment *m, double target, struct ohm_expected *out)
{
    const struct ohm_device *const d = m->device;
    const double x = target / d->g_max_uS;
    const struct two programmed =
        held(target, d->scale_program * d->sigma_unit * ohm_curve_at(&d->snapshot[0].sigma, x), 0, INFINITY);
    const struct two seen =
        held(target, d->scale_read * d->sigma_unit * ohm_curve_at(&d->snapshot[m->snapshot].sigma, x), 0, INFINITY);

    out->program_mean = programmed.first;
    out->program_sd = spread(programmed);
    out->read_mean = seen.first;
    out->read_sd = spread(seen);
}

static void expect_log_decay(const struct ohm_moment *m, double target, double sigma, struct ohm_expected *out)
{
    const struct ohm_device *const d = m->device;
    const double mean = target + d->scale_drift * m->decay_mean_uS;
    const double sd = hypot(sigma, d->scale_drift * m->decay_sd_uS);
    struct two seen;

    out->program_mean = target;
    out->program_sd = sigma;
    out->drift_mean = out->read_mean = mean;
    out->drift_sd = out->read_sd = sd;
    if (m->t_s <= 0)
        return; /* what was programmed is what is read */
    seen = integrate(m, read_logarithmic, mean, sd, -INFINITY);
    out->read_mean = seen.first;
    out->read_sd = spread(seen);
}

void ohm_device_expect(const struct ohm_moment *moment, double target_uS, struct ohm_expected *out)
{
    const struct ohm_device *const d = moment->device;
    const double unit = d->scale_program * d->sigma_unit;

    *out = (struct ohm_expected){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (d->model == OHM_DEVICE_POWER_LAW)
        expect_power_law(moment, target_uS, fabs(unit * ohm_curve_at(&d->sigma, fabs(target_uS) / d->g_max_uS)), out);
    else if (d->model == OHM_DEVICE_SNAPSHOTS)
        expect_snapshot(moment, target_uS, out);
    else
        expect_log_decay(moment, target_uS, fabs(unit * ohm_curve_at(&d->sigma, fabs(target_uS))), out);
}
