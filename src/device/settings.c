/* settings.c - what may be set of a device beside its file, and devices that are stuck.
 *
 * Faults as MNSIM 2.0 and the training modifier of aihwkit 1.1.0 have them: at the lowest conductance (stuck at reset),
 * at the highest, at a random level. One uniform number of a device says whether, which, and at what level. */
#include "device_int.h"

const struct ohm_field ohm_device_fields[] = {
    {OHM_FIELD_REAL, "program", offsetof(struct ohm_device, scale_program), 1, NULL, 0, 1e3, NULL, "error, scaled",
     false},
    {OHM_FIELD_REAL, "drift", offsetof(struct ohm_device, scale_drift), 1, NULL, 0, 1e3, NULL, "exponent, scaled",
     false},
    {OHM_FIELD_REAL, "read", offsetof(struct ohm_device, scale_read), 1, NULL, 0, 1e3, NULL, "noise, scaled", false},
    OHM_REAL(ohm_device, stuck_reset, 0, 0, 1, "share of devices that stay at the smallest conductance"),
    OHM_REAL(ohm_device, stuck_set, 0, 0, 1, "share of devices that stay at the largest"),
    OHM_REAL(ohm_device, stuck_random, 0, 0, 1, "share of devices that stay anywhere"),
    OHM_REAL(ohm_device, on_off_ratio, 0, 0, 1e9, "largest conductance over the smallest; 0: as in the file"),
    OHM_FIELDS_END,
};

/* Both ends of a pair move: what it can hold is g_max - g_min. */
static enum ohm_status set_ratio(struct ohm_device *d, struct ohm_error *err)
{
    struct ohm_converter *const c = &d->converter;

    if (!(d->on_off_ratio > 1))
        return ohm_fail(err, OHM_ERANGE, "on_off_ratio is %g, it has to be above 1", d->on_off_ratio);
    if (c->kind == OHM_CONVERT_CUSTOM)
        return ohm_fail(err, OHM_ECONFIG, "on_off_ratio: the tables of %s say what its smallest conductance is",
                        d->name);
    d->g_min_uS = d->g_max_uS / d->on_off_ratio;
    c->g_min_uS = c->g_max_uS / d->on_off_ratio;
    return OHM_OK;
}

enum ohm_status ohm_device_set(struct ohm_device *device, const char *key, const char *text, struct ohm_error *err)
{
    enum ohm_status st = ohm_field_set(ohm_device_fields, device, key, text, err);
    const struct ohm_field *const field = ohm_field_find(ohm_device_fields, key);

    if (st != OHM_OK)
        return st;
    if (device->stuck_reset + device->stuck_set + device->stuck_random > 1)
        return ohm_fail(err, OHM_ERANGE, "shares of stuck devices are %g + %g + %g, more than 1", device->stuck_reset,
                        device->stuck_set, device->stuck_random);
    if (field->offset == offsetof(struct ohm_device, on_off_ratio) && (st = set_ratio(device, err)) != OHM_OK)
        return st;
    device_mix(device, key, *(const double *)((const char *)device + field->offset));
    return OHM_OK;
}

/* A device that is stuck is what it is: it keeps an exponent of 0, or its level as its target. */
static void stick(const struct ohm_device *d, float *g, float *latent, double u)
{
    const double low = d->g_min_uS, high = d->g_max_uS, moves = d->stuck_reset + d->stuck_set;
    double level;

    if (u >= moves + d->stuck_random)
        return;
    level = u < d->stuck_reset ? low : u < moves ? high : low + (high - low) * (u - moves) / d->stuck_random;
    *g = (float)level;
    *latent = d->model == OHM_DEVICE_SNAPSHOTS ? (float)level : 0;
}

void device_stick(const struct ohm_device *device, float *g_uS, float *latent, size_t n, uint64_t first,
                  const struct ohm_rng *stream)
{
    const struct ohm_rng stuck = ohm_rng_named(stream, "stuck");

    for (size_t i = 0; i < n; i++) {
        struct ohm_rng own = ohm_rng_child(&stuck, first + i);

        stick(device, &g_uS[i], &latent[i], ohm_rng_uniform(&own));
    }
}
