/* predict.c - answers of a network, draw after draw. */
#include "ohm/predict.h"

#include "validate_int.h"

#include "ohm/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- digitally ---- */

static void draw_weights(struct ohm_weights *noisy, const struct ohm_weights *w, double noise,
                         const struct ohm_rng *stream)
{
    for (int i = 0; i < w->params; i++) {
        const struct ohm_param *const p = &w->param[i];
        struct ohm_rng own = ohm_rng_child(stream, (uint64_t)p->layer);
        double most = 0;

        if (p->role != OHM_WEIGHT)
            continue;
        for (size_t k = p->first; k < p->first + p->count; k++)
            most = fmax(most, fabs((double)w->value[k]));
        for (size_t k = p->first; k < p->first + p->count; k++)
            noisy->value[k] = (float)((double)w->value[k] + noise * most * ohm_rng_normal(&own));
    }
}

static enum ohm_status predict_digitally(const struct ohm_predict_spec *s, ohm_predict_fn *fn, void *context, float *y,
                                         struct ohm_error *err)
{
    struct ohm_weights noisy = {0};
    enum ohm_status st = ohm_weights_init(&noisy, s->w->net, err);

    if (st != OHM_OK)
        return st;
    memcpy(noisy.value, s->w->value, s->w->count * sizeof *s->w->value);
    for (int i = 0; i < s->draws && st == OHM_OK; i++) {
        const struct ohm_rng draw = ohm_stream_of_draw(s->seed, i), weights = ohm_rng_named(&draw, "weight_noise");

        if (s->weight_noise > 0)
            draw_weights(&noisy, s->w, s->weight_noise, &weights);
        st = ohm_net_infer(y, &noisy, s->x, s->n, s->batch, s->jobs, err);
        if (st == OHM_OK)
            st = fn(context, i, y, err);
    }
    ohm_weights_release(&noisy);
    return st;
}

/* ---- on hardware ---- */

struct hardware {
    const struct ohm_predict_spec *s;
    struct chip *chip;
    struct ohm_forward *forward;
    size_t numbers, classes;
};

/* An ohm_samples.fill: the inputs themselves. */
static enum ohm_status give_inputs(void *context, float *x, int32_t *label, int part, const int *sample, int n,
                                   const struct ohm_rng *augment, int jobs, struct ohm_error *err)
{
    const struct hardware *const h = context;

    (void)part;
    (void)augment;
    (void)jobs;
    (void)err;
    for (int i = 0; i < n; i++) {
        memcpy(x + (size_t)i * h->numbers, h->s->x + (size_t)sample[i] * h->numbers, h->numbers * sizeof *x);
        label[i] = 0;
    }
    return OHM_OK;
}

static enum ohm_status make_hardware(struct hardware *h, struct ohm_error *err)
{
    const struct ohm_predict_spec *const s = h->s;
    const struct ohm_samples samples = {.context = h, .count = {s->n, s->n}, .fill = give_inputs};
    const struct ohm_validate_spec spec = {.w = s->w,
                                           .ranges = s->ranges,
                                           .samples = &samples,
                                           .device = s->device,
                                           .tile = s->tile,
                                           .calibrate = s->n,
                                           .seed = s->seed,
                                           .batch = s->batch,
                                           .jobs = s->jobs};
    struct ohm_moment moment;
    int found;
    enum ohm_status st = ohm_tile_config_check(s->tile, err);

    if (st == OHM_OK && s->device) /* before anything takes time */
        st = ohm_moment_init(&moment, s->device, s->t_s, err);
    if (st != OHM_OK || (st = find_ranges(&spec, &found, err)) != OHM_OK ||
        (st = chip_create(&h->chip, &spec, err)) != OHM_OK)
        return st;
    return ohm_forward_create(&h->forward, h->chip->around, s->batch, s->jobs, chip_multiply, h->chip, err);
}

static enum ohm_status run_draw(struct hardware *h, int draw, float *y, struct ohm_error *err)
{
    const struct ohm_predict_spec *const s = h->s;
    const struct ohm_rng own = ohm_stream_of_draw(s->seed, draw), program = ohm_rng_named(&own, "program");
    const struct ohm_rng moment = ohm_stream_of_reading(&own, 0, s->t_s), weights = ohm_rng_named(&moment, "weights");
    enum ohm_status st;

    if ((st = chip_program(h->chip, &program, err)) != OHM_OK ||
        (st = chip_read(h->chip, s->t_s, &weights, err)) != OHM_OK)
        return st;
    h->chip->vectors = ohm_rng_named(&moment, "vectors");
    for (int first = 0; first < s->n; first += s->batch) {
        const int n = s->n - first < s->batch ? s->n - first : s->batch;

        memcpy(ohm_forward_input(h->forward), s->x + (size_t)first * h->numbers, (size_t)n * h->numbers * sizeof *s->x);
        h->chip->first = (uint64_t)first;
        memcpy(y + (size_t)first * h->classes, ohm_forward_run(h->forward, n), (size_t)n * h->classes * sizeof *y);
    }
    return OHM_OK;
}

static enum ohm_status predict_on_hardware(const struct ohm_predict_spec *s, ohm_predict_fn *fn, void *context,
                                           float *y, struct ohm_error *err)
{
    const struct ohm_shape in = s->w->net->input;
    struct hardware h = {
        .s = s, .numbers = (size_t)in.h * (size_t)in.w * (size_t)in.c, .classes = (size_t)s->w->net->classes};
    enum ohm_status st = make_hardware(&h, err);

    for (int i = 0; i < s->draws && st == OHM_OK; i++)
        if ((st = run_draw(&h, i, y, err)) == OHM_OK)
            st = fn(context, i, y, err);
    ohm_forward_free(h.forward);
    chip_free(h.chip);
    return st;
}

enum ohm_status ohm_predict(const struct ohm_predict_spec *spec, ohm_predict_fn *fn, void *context,
                            struct ohm_error *err)
{
    size_t numbers;
    float *y = NULL;
    enum ohm_status st;

    assert(spec->n >= 1 && spec->draws >= 1 && spec->batch >= 1 && spec->jobs >= 1);
    if (ohm_mul_size(&numbers, (size_t)spec->n, (size_t)spec->w->net->classes))
        y = ohm_alloc(numbers, sizeof *y);
    if (!y)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the answers to %d inputs", spec->n);
    st = (spec->tile ? predict_on_hardware : predict_digitally)(spec, fn, context, y, err);
    ohm_free(y);
    return st;
}

/* ---- how near they are ---- */

struct ohm_nearness ohm_nearness(const float *y, const double *target, size_t n, bool logarithm)
{
    double yt = 0, yy = 0, tt = 0, squares = 0, largest = 0, most = -INFINITY;

    for (size_t i = 0; i < n && logarithm; i++)
        most = fmax(most, (double)y[i]);
    for (size_t i = 0; i < n; i++) {
        const double value = logarithm ? exp((double)y[i] - most) : (double)y[i], off = value - target[i];

        yt += value * target[i];
        yy += value * value;
        tt += target[i] * target[i];
        squares += off * off;
        largest = fmax(largest, fabs(off));
    }
    return (struct ohm_nearness){.overlap = fabs(yt) / sqrt(yy * tt),
                                 .rmse = logarithm ? NAN : sqrt(squares / (double)n),
                                 .largest = logarithm ? NAN : largest};
}
