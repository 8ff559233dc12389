/* device.c - programming, drift and read noise of arrays of devices. All arithmetic is in double, block by block; the
 * arrays between the stages are float, as the tiles are. */
#include "device_int.h"
#include "vec_math.h"

#include <assert.h>
#include <math.h>

const char *const ohm_device_model_names[] = {"power_law", "snapshots", "log_decay", NULL};

/* Fills the tail with 0, a legal conductance. */
static void load(double to[DEVICE_BLOCK], const float *from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (double)from[i];
    for (int i = n; i < DEVICE_BLOCK; i++)
        to[i] = 0;
}

static void store(float *to, const double from[DEVICE_BLOCK], int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (float)from[i];
}

static void relative(double x[DEVICE_BLOCK], const double g[DEVICE_BLOCK], double unit)
{
    const double scale = 1 / unit;

    for (int i = 0; i < DEVICE_BLOCK; i++)
        x[i] = fabs(g[i]) * scale;
}

/* Two blocks of draws for one block of devices: draw 2 i is a[i], draw 2 i + 1 is b[i]. */
static void normal_pairs(double a[DEVICE_BLOCK], double b[DEVICE_BLOCK], uint64_t first, const struct ohm_rng *stream)
{
    double z[2 * DEVICE_BLOCK];

    normal_block(z, 2 * first, stream);
    normal_block(z + DEVICE_BLOCK, 2 * first + DEVICE_BLOCK, stream);
    for (int i = 0; i < DEVICE_BLOCK; i++) {
        a[i] = z[2 * i];
        b[i] = z[2 * i + 1];
    }
}

/* g = max(floor, target + sigma xi) for power_law and snapshots (a conductance is not negative); log_decay is held to
 * its range only when it is read. */
static void add_error(double g[DEVICE_BLOCK], const double sigma[DEVICE_BLOCK], const double z[DEVICE_BLOCK],
                      double scale, double floor)
{
    for (int i = 0; i < DEVICE_BLOCK; i++) {
        const double reached = g[i] + scale * sigma[i] * z[i];

        g[i] = reached > floor ? reached : floor;
    }
}

static const struct ohm_curve *sigma_curve(const struct ohm_device *d)
{
    return d->model == OHM_DEVICE_SNAPSHOTS ? &d->snapshot[0].sigma : &d->sigma;
}

static double sigma_argument(const struct ohm_device *d)
{
    return d->model == OHM_DEVICE_LOG_DECAY ? 1 : d->g_max_uS;
}

static void program_block(const struct ohm_device *d, double g[DEVICE_BLOCK], double latent[DEVICE_BLOCK],
                          uint64_t first, const struct ohm_rng *stream)
{
    double x[DEVICE_BLOCK], sigma[DEVICE_BLOCK], mean[DEVICE_BLOCK], sd[DEVICE_BLOCK], a[DEVICE_BLOCK], b[DEVICE_BLOCK];

    normal_pairs(a, b, first, stream);
    relative(x, g, sigma_argument(d));
    curve_block(sigma_curve(d), sigma, x);
    for (int i = 0; i < DEVICE_BLOCK; i++)
        latent[i] = d->model == OHM_DEVICE_SNAPSHOTS ? g[i] : 0;
    if (d->model == OHM_DEVICE_POWER_LAW) {
        curve_block(&d->nu_mean, mean, x);
        curve_block(&d->nu_sd, sd, x);
        /* From the target, not from what was reached; folded, so that no device grows. */
        for (int i = 0; i < DEVICE_BLOCK; i++)
            latent[i] = d->scale_drift * fabs(mean[i] + sd[i] * b[i]);
    }
    add_error(g, sigma, a, d->scale_program * d->sigma_unit, d->model == OHM_DEVICE_LOG_DECAY ? -INFINITY : 0);
}

void ohm_device_program(const struct ohm_device *device, float *g_uS, float *latent, const float *target_uS, size_t n,
                        uint64_t first, const struct ohm_rng *stream)
{
    for (size_t at = 0; at < n; at += DEVICE_BLOCK) {
        const int count = n - at < DEVICE_BLOCK ? (int)(n - at) : DEVICE_BLOCK;
        double g[DEVICE_BLOCK], keep[DEVICE_BLOCK];

        load(g, target_uS + at, count);
        program_block(device, g, keep, first + at, stream);
        store(g_uS + at, g, count);
        store(latent + at, keep, count);
    }
    if (device->stuck_reset > 0 || device->stuck_set > 0 || device->stuck_random > 0)
        device_stick(device, g_uS, latent, n, first, stream);
}

/* g_P (t / t0)^-nu, Q from g_P (not from the target). */
static void read_power_law(const struct ohm_moment *m, double g[DEVICE_BLOCK], const double nu[DEVICE_BLOCK],
                           const double *z)
{
    const struct ohm_device *const d = m->device;
    const double noise = d->scale_read * m->read;
    double x[DEVICE_BLOCK], q[DEVICE_BLOCK];

    relative(x, g, d->g_max_uS);
    if (m->log_ratio > 0)
        for (int i = 0; i < DEVICE_BLOCK; i++)
            g[i] *= vm_exp(-nu[i] * m->log_ratio);
    if (!z)
        return;
    curve_block(&d->q, q, x);
    for (int i = 0; i < DEVICE_BLOCK; i++) {
        const double seen = g[i] + fabs(g[i]) * q[i] * noise * z[i];

        g[i] = seen > 0 ? seen : 0;
    }
}

static void read_snapshot(const struct ohm_moment *m, double g[DEVICE_BLOCK], const double target[DEVICE_BLOCK],
                          const double *z)
{
    const struct ohm_device *const d = m->device;
    double x[DEVICE_BLOCK], sigma[DEVICE_BLOCK];

    for (int i = 0; i < DEVICE_BLOCK; i++)
        g[i] = target[i];
    if (!z)
        return;
    relative(x, g, d->g_max_uS);
    curve_block(&d->snapshot[m->snapshot].sigma, sigma, x);
    add_error(g, sigma, z, d->scale_read * d->sigma_unit, 0);
}

/* z of the relaxation and w of the read; the fit of the read noise is made for conductances of the device's range, so
 * that log10(g) is taken as at least 0. */
static void read_log_decay(const struct ohm_moment *m, double g[DEVICE_BLOCK], const double *z, const double *w)
{
    const struct ohm_device *const d = m->device;
    const double noise = d->scale_read * m->read * d->read_uS * 0.43429448190325183; /* log10 e */

    if (m->t_s <= 0)
        return;
    for (int i = 0; i < DEVICE_BLOCK; i++)
        g[i] += d->scale_drift * (m->decay_mean_uS + m->decay_sd_uS * z[i]);
    if (!w)
        return;
    for (int i = 0; i < DEVICE_BLOCK; i++) {
        const double seen = g[i] + noise * vm_log(g[i] > 1 ? g[i] : 1) * w[i];
        const double above = seen > d->g_min_uS ? seen : d->g_min_uS;

        g[i] = above < d->g_max_uS ? above : d->g_max_uS;
    }
}

static void moment_block(const struct ohm_moment *m, double g[DEVICE_BLOCK], const double latent[DEVICE_BLOCK],
                         bool noise, uint64_t first, const struct ohm_rng *stream)
{
    double z[DEVICE_BLOCK], w[DEVICE_BLOCK];

    if (m->device->model == OHM_DEVICE_LOG_DECAY) {
        normal_pairs(z, w, first, stream);
        read_log_decay(m, g, z, noise ? w : NULL);
        return;
    }
    if (noise)
        normal_block(z, first, stream);
    if (m->device->model == OHM_DEVICE_SNAPSHOTS)
        read_snapshot(m, g, latent, noise ? z : NULL);
    else
        read_power_law(m, g, latent, noise ? z : NULL);
}

static void move_all(const struct ohm_moment *m, float *out, const float *programmed, const float *latent, size_t n,
                     bool noise, uint64_t first, const struct ohm_rng *stream)
{
    for (size_t at = 0; at < n; at += DEVICE_BLOCK) {
        const int count = n - at < DEVICE_BLOCK ? (int)(n - at) : DEVICE_BLOCK;
        double g[DEVICE_BLOCK], keep[DEVICE_BLOCK];

        load(g, programmed + at, count);
        load(keep, latent + at, count);
        moment_block(m, g, keep, noise, first + at, stream);
        store(out + at, g, count);
    }
}

void ohm_device_drift(const struct ohm_moment *moment, float *g_uS, const float *programmed_uS, const float *latent,
                      size_t n, uint64_t first, const struct ohm_rng *stream)
{
    move_all(moment, g_uS, programmed_uS, latent, n, false, first, stream);
}

void ohm_device_read(const struct ohm_moment *moment, float *g_uS, const float *programmed_uS, const float *latent,
                     size_t n, uint64_t first, const struct ohm_rng *stream)
{
    move_all(moment, g_uS, programmed_uS, latent, n, true, first, stream);
}
