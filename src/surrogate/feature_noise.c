/* feature_noise.c - the estimated ratio of signal to noise, at each time that the physics names. */
#include "feature_int.h"
#include "noise_int.h"

#include <math.h>

/* For each time: noise.snr_db.30d ... */
static const struct ohm_feature_text each_time[] = {
    {"snr_db", "dB", "signal over noise at the outputs, so long after programming"},
    {"converters", "share", "of that noise that is of converters and amplifiers, not of weights"},
    {"worst_db", "dB", "signal over noise that one layer adds, of the worst layer"},
};
static const struct ohm_feature_text once[] = {
    {"drift_db", "dB", "how much signal over noise falls from the first time to the last"},
    {"worst_depth", "share", "of the depth at which the worst layer is, at the last time"},
};
enum { EACH = sizeof each_time / sizeof each_time[0], ONCE = sizeof once / sizeof once[0] };

/* Far beyond what a network still works with; outputs that say nothing are at the lower end. */
static double decibels(double ratio)
{
    return ratio > 0 ? fmin(fmax(10 * log10(ratio), -300), 300) : -300;
}

static enum ohm_status noise_create(struct ohm_features *features, struct ohm_error *err)
{
    const struct ohm_physics *const p = &features->physics;
    enum ohm_status st = OHM_OK;

    if (!features->has_physics || p->time_count == 0)
        return ohm_fail(err, OHM_ECONFIG, "feature group 'noise' needs a device, and none is given here");
    for (int t = 0; t < p->time_count; t++)
        for (int i = 0; i < EACH && st == OHM_OK; i++) {
            st = ohm_feature_add(features, err, "noise.%s.%s", each_time[i].name, p->time[t].name);
            if (st == OHM_OK)
                features->text[features->count - 1] = &each_time[i];
        }
    return st == OHM_OK ? ohm_feature_add_table(features, "noise", once, ONCE, err) : st;
}

static int noise_compute(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                         float *x)
{
    const int times = features->physics.time_count, n = times * EACH + ONCE;
    struct ohm_noise_estimate e;
    float *const end = x + times * EACH;

    (void)g;
    ohm_noise_estimate(&e, &features->physics, net);
    for (int t = 0; t < times; t++) {
        x[t * EACH] = (float)decibels(e.time[t].snr);
        x[t * EACH + 1] = (float)e.time[t].converters;
        x[t * EACH + 2] = (float)decibels(e.time[t].worst > 0 ? 1 / e.time[t].worst : (double)INFINITY);
    }
    end[0] = x[0] - x[(times - 1) * EACH];
    end[1] = (float)e.worst_depth;
    for (int i = 0; !e.known && i < n; i++)
        x[i] = NAN;
    return n;
}

const struct ohm_feature_group ohm_feature_noise = {
    .name = "noise",
    .help = "estimated signal-to-noise ratio of the outputs under programming noise, drift and converters",
    .need_net = true,
    .need_physics = true,
    .create = noise_create,
    .compute = noise_compute,
};
