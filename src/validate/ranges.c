/* ranges.c - input ranges of layers that training has set none for: where nearly all inputs of a layer lie, seen
 * digitally on training samples.
 *
 * The quantile is taken from counts by the leading bits of a number (sign dropped, 7 bits of mantissa), and is the
 * upper end of its bin: good to 1 %, the same in any order, in little memory. */
#include "validate_int.h"

#include "ohm/mem.h"

#include <math.h>
#include <string.h>

enum { BINS = 1 << 15, SHIFT = 16 };

/* Share of inputs inside: aihwkit's default for calibration after training (InputRangeCalibrationType.CACHE_QUANTILE).
 */
static const double inside = 0.99995;

struct watch {
    const struct ohm_net *net;
    int *place;      /* [layers]: index of its counts, or -1 */
    uint64_t *count; /* [layers without range][BINS] */
    int layers;
};

static bool see(void *context, int layer, float *y, const float *x, int n)
{
    struct watch *const s = context;
    const struct ohm_shape in = s->net->layer[layer].in;
    const int64_t numbers = (int64_t)in.h * in.w * in.c * n;
    uint64_t *count;

    (void)y;
    if (s->place[layer] < 0)
        return false;
    count = s->count + (size_t)s->place[layer] * BINS;
    for (int64_t i = 0; i < numbers; i++) {
        uint32_t bits;

        memcpy(&bits, &x[i], sizeof bits);
        count[(bits & 0x7fffffffU) >> SHIFT]++;
    }
    return false;
}

static float quantile(const uint64_t *count)
{
    uint64_t all = 0, below = 0, wanted;
    uint32_t bin = 0, bits;
    float end;

    for (int i = 0; i < BINS; i++)
        all += count[i];
    wanted = (uint64_t)((double)all * inside);
    while (bin + 1 < BINS && (below += count[bin]) < wanted)
        bin++;
    if (bin == 0)
        return 1; /* nothing but zeros came */
    bits = (bin + 1) << SHIFT;
    memcpy(&end, &bits, sizeof end);
    return end;
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

static enum ohm_status watch_init(struct watch *s, const struct ohm_weights *w, struct ohm_error *err)
{
    *s = (struct watch){.net = w->net, .place = ohm_alloc((size_t)w->net->layers, sizeof *s->place)};
    if (!s->place)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < w->net->layers; i++) {
        const float *const range = ohm_weights_of(w, i, OHM_RANGE);

        s->place[i] = range && !(*range > 0) ? s->layers++ : -1;
    }
    if (!(s->count = ohm_alloc((size_t)s->layers, BINS * sizeof *s->count)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    return OHM_OK;
}

static enum ohm_status set_range(float *range, const uint64_t *count, int layer, struct ohm_error *err)
{
    const float end = quantile(count);

    if (!isfinite(end))
        return ohm_fail(err, OHM_EDATA, "the inputs of layer %d overflow: these weights are of no use", layer);
    *range = end;
    return OHM_OK;
}

enum ohm_status find_ranges(const struct ohm_validate_spec *spec, int *found, struct ohm_error *err)
{
    struct watch s;
    enum ohm_status st = watch_init(&s, spec->w, err);

    if (st == OHM_OK && s.layers > 0 && (spec->samples->count[0] < 1 || spec->calibrate < 1))
        st = ohm_fail(err, OHM_EDATA, "the input ranges are not known, and there are no training samples to find them");
    if (st == OHM_OK && s.layers > 0)
        st = run_training_samples(spec, see, &s, NULL, err);
    for (int i = 0; i < s.net->layers && st == OHM_OK; i++)
        if (s.place[i] >= 0)
            st = set_range(ohm_weights_of(spec->w, i, OHM_RANGE), s.count + (size_t)s.place[i] * BINS, i, err);
    *found = s.layers;
    ohm_free(s.place);
    ohm_free(s.count);
    return st;
}
