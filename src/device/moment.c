/* moment.c - what depends on the time alone, once for all devices; and times as text. The logarithm is our own, as in
 * the loops: the bits must not depend on the machine. */
#include "device_int.h"
#include "vec_math.h"

#include "ohm/str.h"

#include <math.h>
#include <string.h>

/* Spread of noise with a spectrum 1/f, read over t_read and collected for the time t (Nandakumar et al., ICECS 2019),
 * in units of Q. */
static double accumulated(double t, double t_read)
{
    const double ratio = (t + t_read) / (2 * t_read);

    return ratio > 1 ? sqrt(vm_log(ratio)) : 0;
}

static enum ohm_status find_snapshot(struct ohm_moment *m, struct ohm_error *err)
{
    const struct ohm_device *const d = m->device;
    struct ohm_str s = {0};

    for (int i = 0; i < d->snapshots; i++)
        if (d->snapshot[i].t_s == m->t_s) {
            m->snapshot = i;
            return OHM_OK;
        }
    for (int i = 0; i < d->snapshots; i++)
        ohm_str_printf(&s, "%s%g", i ? ", " : "", d->snapshot[i].t_s);
    ohm_fail(err, OHM_ERANGE, "%s was measured at %s s after programming, and not at %g s", d->name, ohm_str_text(&s),
             m->t_s);
    ohm_str_release(&s);
    return OHM_ERANGE;
}

enum ohm_status ohm_moment_init(struct ohm_moment *moment, const struct ohm_device *device, double t_s,
                                struct ohm_error *err)
{
    const struct ohm_device *const d = device;
    struct ohm_moment m = {.device = device, .t_s = t_s};
    enum ohm_status st = OHM_OK;

    if (!(t_s >= 0) || t_s > 1e15)
        return ohm_fail(err, OHM_ERANGE, "the time is %g s, outside [0, 1e15]", t_s);
    if (d->model == OHM_DEVICE_SNAPSHOTS)
        st = find_snapshot(&m, err);
    if (d->model == OHM_DEVICE_POWER_LAW) {
        m.log_ratio = t_s > 0 ? vm_log((t_s + d->t0_s) / d->t0_s) : 0;
        m.read = accumulated(t_s + d->t0_s, d->t_read_s);
    }
    if (d->model == OHM_DEVICE_LOG_DECAY && t_s > 0) {
        const double spread = d->decay_sd_uS[0] + d->decay_sd_uS[1] * vm_log(t_s);

        m.decay_mean_uS = d->decay_mean_uS * vm_log(t_s);
        m.decay_sd_uS = spread > 0 ? spread : 0; /* the fit is for t from 1 s on */
        m.read = accumulated(t_s, d->t_read_s);
    }
    if (st == OHM_OK)
        *moment = m;
    return st;
}

bool ohm_parse_time(const char *text, double *seconds)
{
    static const struct unit {
        const char *name;
        double s;
    } units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1},
                 {"min", 60},  {"h", 3600},  {"d", 86400}, {"y", 365 * 86400.0}};
    const size_t digits = strspn(text, "0123456789.+-eE");
    char number[64];
    double value, factor = 0;

    if (digits == 0 || digits >= sizeof number)
        return false;
    memcpy(number, text, digits);
    number[digits] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(text + digits, units[i].name) == 0)
            factor = units[i].s;
    if (text[digits] == '\0')
        factor = 1;
    if (factor == 0 || !ohm_parse_double(number, &value) || !(value >= 0) || value * factor > 1e15)
        return false;
    *seconds = value * factor;
    return true;
}
