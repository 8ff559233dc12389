/* noise_device.c - what a device makes of weights: a quadrature over their distribution, once for each time. */
#include "noise_int.h"

#include "ohm/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Tile, converters and noise: defaults of ohm_tile_fields and their sources. Weights end at 2.5 deviations and input
 * ranges begin at 3: defaults of hardware-aware training (aihwkit's StandardHWATrainingPreset; Rasch et al., Nat.
 * Commun. 14 (2023)). Fresh, a day and 30 days: times of AnalogNAS-Bench. */
const struct ohm_field ohm_physics_fields[] = {
    OHM_INT(ohm_physics, tile_rows, 256, 1, 65536, "inputs of a tile, at most"),
    OHM_INT(ohm_physics, tile_columns, 256, 1, 65536, "outputs of a tile, at most"),
    OHM_INT(ohm_physics, conversions, 1, 1, 64, "analog-digital conversions of an output; four-phase reading: 4"),
    OHM_INT(ohm_physics, dac_bits, 8, 0, 16, "of inputs, with sign; 0: no rounding"),
    OHM_INT(ohm_physics, adc_bits, 8, 0, 16, "of outputs, with sign; 0: no rounding"),
    OHM_REAL(ohm_physics, adc_bound, 10, 1e-6, 1e6, "end of the ADC in largest input x largest weight"),
    OHM_REAL(ohm_physics, out_noise, 0.04, 0, 1e3, "deviation before the ADC"),
    OHM_REAL(ohm_physics, clip_sigma, 2.5, 0.1, 10, "the largest weight in deviations of the weights"),
    OHM_REAL(ohm_physics, range_sigma, 3, 0.1, 100, "input range in deviations of the inputs"),
    OHM_TEXT(ohm_physics, times, "0,1d,30d", "after programming, at most four"),
    OHM_FIELDS_END,
};

/* ---- one distribution at one time ---- */

/* What the conductances of one weight are expected to be. Half of them are that of weight 0, or of the weight before:
 * each is asked for once. */
struct expected {
    double g[2 * OHM_PAIRS_MAX];
    struct ohm_expected of[2 * OHM_PAIRS_MAX];
    bool known[2 * OHM_PAIRS_MAX];
};

static const struct ohm_expected *expect(struct expected *e, const struct ohm_moment *m, int slice, double g)
{
    if (!e->known[slice] || e->g[slice] < g || e->g[slice] > g) {
        ohm_device_expect(m, g, &e->of[slice]);
        e->g[slice] = g;
        e->known[slice] = true;
    }
    return &e->of[slice];
}

/* Mean and variance of the weight that is read, from those of its conductances: the way back is linear in them. */
static void read_weight(double *mean, double *variance, struct expected *expected, const struct ohm_moment *m,
                        const struct ohm_conversion *by, const float *g, int stride)
{
    const struct ohm_converter *const c = &m->device->converter;
    const int slices = ohm_converter_slices(c);
    double signal = 0, square = 0;

    for (int s = 0; s < slices; s++) {
        const struct ohm_expected *const e = expect(expected, m, s, (double)g[(size_t)s * (size_t)stride]);
        const double f = slices == 1 ? 1 : (s % 2 ? -1 : 1) * c->f[s / 2];

        signal += f * (e->read_mean - (slices == 1 ? c->g_min_uS : 0));
        square += f * f * e->read_sd * e->read_sd;
    }
    *mean = by->w_min + signal / by->scale_uS;
    *variance = square / (by->scale_uS * by->scale_uS);
}

/* Sums over the distribution: w^2, w read, read^2. The error is least for the slope w read / w^2, and is then what the
 * square of the reading has beyond that. */
static enum ohm_status sum_up(struct ohm_weight_error *out, const struct ohm_moment *m, const struct ohm_conversion *by,
                              const float *g, const float *w, const double *share, int n, struct ohm_error *err)
{
    struct expected expected = {0};
    double wanted = 0, both = 0, got = 0;

    for (int i = 0; i < n; i++) {
        double mean, variance;

        if (!(share[i] > 0))
            continue;
        read_weight(&mean, &variance, &expected, m, by, g + i, n);
        wanted += share[i] * (double)w[i] * (double)w[i];
        both += share[i] * (double)w[i] * mean;
        got += share[i] * (mean * mean + variance);
    }
    if (!(both > 1e-6 * wanted))
        return ohm_fail(err, OHM_ERANGE, "device %s, %g s after programming: nothing is left of the weights",
                        m->device->name, m->t_s);
    out->slope = both / wanted;
    out->error = fmax(got / (out->slope * out->slope) / wanted - 1, 0);
    return OHM_OK;
}

enum ohm_status ohm_weight_error_over(struct ohm_weight_error *out, const struct ohm_moment *moment, const float *w,
                                      const double *share, int n, struct ohm_error *err)
{
    const struct ohm_converter *const c = &moment->device->converter;
    const int slices = ohm_converter_slices(c);
    float *const g = ohm_alloc((size_t)slices * (size_t)n, sizeof *g);
    float *slice[2 * OHM_PAIRS_MAX];
    struct ohm_conversion by;
    enum ohm_status st;

    if (!g)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a device");
    for (int s = 0; s < slices; s++)
        slice[s] = g + (size_t)s * (size_t)n;
    by = ohm_converter_forward(c, slice, w, (size_t)n);
    st = sum_up(out, moment, &by, g, w, share, n, err);
    ohm_free(g);
    return st;
}

/* ---- all times ---- */

enum { INTERVALS = 64, NODES = INTERVALS + 1 };

/* Simpson's rule over a normal distribution that ends at `clip` deviations; what lay beyond lies on the ends. */
static double normal_nodes(float w[NODES], double share[NODES], double clip)
{
    const double h = 2 * clip / INTERVALS, beyond = 0.5 * erfc(clip / sqrt(2.0));
    double sum = 0, power = 0;

    for (int i = 0; i < NODES; i++) {
        const double z = -clip + h * i, simpson = i == 0 || i == INTERVALS ? 1 : i % 2 ? 4 : 2;

        w[i] = (float)(z / clip);
        share[i] = simpson * h / 3 * exp(-0.5 * z * z) / sqrt(2 * 3.14159265358979323846);
    }
    share[0] += beyond;
    share[INTERVALS] += beyond;
    for (int i = 0; i < NODES; i++)
        sum += share[i];
    for (int i = 0; i < NODES; i++) {
        share[i] /= sum;
        power += share[i] * (double)w[i] * (double)w[i];
    }
    return power;
}

static enum ohm_status take_time(struct ohm_physics *p, const struct ohm_device *device, const float *w,
                                 const double *share, struct ohm_error *err)
{
    struct ohm_physics_time *const time = &p->time[p->time_count];
    struct ohm_moment moment;
    enum ohm_status st;
    double seconds;

    if (!ohm_parse_time(time->name, &seconds))
        return ohm_fail(err, OHM_ECONFIG, "times has '%s', not a time such as 0, 1h or 30d", time->name);
    for (int i = 0; i < p->time_count; i++)
        if (strcmp(p->time[i].name, time->name) == 0)
            return ohm_fail(err, OHM_ECONFIG, "times has '%s' twice", time->name);
    if ((st = ohm_moment_init(&moment, device, seconds, err)) == OHM_OK &&
        (st = ohm_weight_error_over(&time->weight, &moment, w, share, NODES, err)) == OHM_OK)
        p->time_count++;
    return st;
}

enum ohm_status ohm_physics_take_device(struct ohm_physics *physics, const struct ohm_device *device,
                                        struct ohm_error *err)
{
    struct ohm_physics p = *physics;
    const char *at = p.times;
    float w[NODES];
    double share[NODES];
    enum ohm_status st;

    p.weight_power = normal_nodes(w, share, p.clip_sigma);
    p.time_count = 0;
    do {
        const size_t n = strcspn(at, ",");

        if (p.time_count == OHM_PHYSICS_TIMES_MAX)
            return ohm_fail(err, OHM_ECONFIG, "times is '%.80s', more than %d", p.times, OHM_PHYSICS_TIMES_MAX);
        if (n >= sizeof p.time[0].name)
            return ohm_fail(err, OHM_ECONFIG, "times has '%.40s', not a time such as 0, 1h or 30d", at);
        memset(p.time[p.time_count].name, 0, sizeof p.time[0].name);
        memcpy(p.time[p.time_count].name, at, n);
        if ((st = take_time(&p, device, w, share, err)) != OHM_OK)
            return st;
        at += n;
    } while (*at++ == ',');
    (void)snprintf(p.device, sizeof p.device, "%s", device->name);
    p.device_hash = device->hash;
    *physics = p;
    return OHM_OK;
}
