/* ranges.c - input ranges of layers: those that training has set, or those of a rule, from the inputs of the layers
 * seen digitally on training samples. */
#include "validate_int.h"

#include "ohm/mem.h"

struct watch {
    const struct ohm_net *net;
    int *place;          /* [layers]: index of what was seen, or -1 */
    struct census *seen; /* [layers without range] */
    int layers;
};

static bool see(void *context, int layer, float *y, const float *x, int n)
{
    struct watch *const s = context;
    const struct ohm_shape in = s->net->layer[layer].in;

    (void)y;
    if (s->place[layer] >= 0)
        seen_add(&s->seen[s->place[layer]], x, (int64_t)in.h * in.w * in.c * n);
    return false;
}

enum ohm_status run_training_samples(const struct ohm_validate_spec *spec, ohm_matrix_fn *fn, void *context,
                                     uint64_t *number_of_first, struct ohm_error *err)
{
    const struct ohm_samples *const samples = spec->samples;
    const int all = samples->count[0], count = spec->calibrate < all ? spec->calibrate : all;
    const int batch = spec->batch < count ? spec->batch : count;
    int *const number = ohm_alloc((size_t)batch, sizeof *number);
    int32_t *const label = ohm_alloc((size_t)batch, sizeof *label);
    struct ohm_forward *f = NULL;
    enum ohm_status st;

    if (!number || !label)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    else
        st = ohm_forward_create(&f, spec->w, batch, spec->jobs, fn, context, err);
    for (int first = 0; first < count && st == OHM_OK; first += batch) {
        const int n = count - first < batch ? count - first : batch;

        for (int i = 0; i < n; i++)
            number[i] = spread(first + i, count, all);
        if (number_of_first)
            *number_of_first = (uint64_t)first;
        st = samples->fill(samples->context, ohm_forward_input(f), label, 0, number, n, NULL, spec->jobs, err);
        if (st == OHM_OK)
            (void)ohm_forward_run(f, n);
    }
    ohm_forward_free(f);
    ohm_free(number);
    ohm_free(label);
    return st;
}

/* Layers whose range is not known; by another rule than that of training, all. */
static enum ohm_status watch_init(struct watch *s, const struct ohm_validate_spec *spec, struct ohm_error *err)
{
    const struct ohm_weights *const w = spec->w;
    enum ohm_status st = OHM_OK;

    *s = (struct watch){.net = w->net, .place = ohm_alloc((size_t)w->net->layers, sizeof *s->place)};
    if (!s->place)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < w->net->layers; i++) {
        const float *const range = ohm_weights_of(w, i, OHM_RANGE);
        const bool wanted = range && (spec->ranges.kind != OHM_RANGES_TRAINED || !(*range > 0));

        s->place[i] = wanted ? s->layers++ : -1;
    }
    if (!(s->seen = ohm_alloc((size_t)s->layers, sizeof *s->seen)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < s->layers && st == OHM_OK; i++)
        st = seen_init(&s->seen[i], err);
    return st;
}

static void watch_release(struct watch *s)
{
    for (int i = 0; i < s->layers && s->seen; i++)
        seen_release(&s->seen[i]);
    ohm_free(s->seen);
    ohm_free(s->place);
}

static enum ohm_status set_range(const struct watch *s, const struct ohm_validate_spec *spec, int layer,
                                 struct ohm_error *err)
{
    struct ohm_error why = {0};
    float range;
    const enum ohm_status st = seen_range(&range, &s->seen[s->place[layer]], &spec->ranges, spec->tile->dac_bits, &why);

    if (st != OHM_OK)
        return ohm_fail(err, st, "layer %d: %s", layer, why.text);
    *ohm_weights_of(spec->w, layer, OHM_RANGE) = range;
    return OHM_OK;
}

enum ohm_status find_ranges(const struct ohm_validate_spec *spec, int *found, struct ohm_error *err)
{
    struct watch s;
    enum ohm_status st = watch_init(&s, spec, err);

    if (st == OHM_OK && s.layers > 0 && (spec->samples->count[0] < 1 || spec->calibrate < 1))
        st = ohm_fail(err, OHM_EDATA, "the input ranges are not known, and there are no training samples to find them");
    if (st == OHM_OK && s.layers > 0)
        st = run_training_samples(spec, see, &s, NULL, err);
    for (int i = 0; i < s.net->layers && st == OHM_OK; i++)
        if (s.place[i] >= 0)
            st = set_range(&s, spec, i, err);
    *found = s.layers;
    watch_release(&s);
    return st;
}
