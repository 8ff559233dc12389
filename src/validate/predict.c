/* predict.c - answers of a network, draw after draw. */
#include "ohm/predict.h"

#include "validate_int.h"

#include "ohm/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

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

/* ---- running ---- */

/* A network on something, with its inputs. */
struct runner {
    const struct ohm_predict_spec *s;
    struct chip *chip; /* NULL: digitally */
    struct ohm_forward *forward;
    size_t numbers, classes;
    const float *x; /* s->x, or where there is a state: */
    float *own;     /* the inputs with the states that were met */
};

/* Line `line` of the inputs, its state taken from the answers to the line before; zeros begin a sequence. */
static void set_state(const struct runner *r, const float *y, size_t line)
{
    const size_t state = (size_t)r->s->state;
    float *const to = r->own + (line + 1) * r->numbers - state;

    if (line % (size_t)r->s->steps == 0)
        memset(to, 0, state * sizeof *to);
    else
        memcpy(to, y + line * r->classes - state, state * sizeof *to);
}

/* Sequences side by side, step after step. Numbers of vectors are counted step by step: they, and so the noise, do not
 * depend on how many sequences a batch has. */
static void run_inputs(struct runner *r, float *y)
{
    const struct ohm_predict_spec *const s = r->s;
    const int sequences = s->n / s->steps;

    for (int first = 0; first < sequences; first += s->batch) {
        const int n = sequences - first < s->batch ? sequences - first : s->batch;

        for (int step = 0; step < s->steps; step++) {
            const float *answer;

            for (int i = 0; i < n; i++) {
                const size_t line = (size_t)(first + i) * (size_t)s->steps + (size_t)step;

                if (s->state > 0)
                    set_state(r, y, line);
                memcpy(ohm_forward_input(r->forward) + (size_t)i * r->numbers, r->x + line * r->numbers,
                       r->numbers * sizeof *r->x);
            }
            if (r->chip)
                r->chip->first = (uint64_t)step * (uint64_t)sequences + (uint64_t)first;
            answer = ohm_forward_run(r->forward, n);
            for (int i = 0; i < n; i++)
                memcpy(y + ((size_t)(first + i) * (size_t)s->steps + (size_t)step) * r->classes,
                       answer + (size_t)i * r->classes, r->classes * sizeof *y);
        }
    }
}

static enum ohm_status run_digitally(struct runner *r, struct ohm_weights *w, float *y, struct ohm_error *err)
{
    const enum ohm_status st = ohm_forward_create(&r->forward, w, r->s->batch, r->s->jobs, NULL, NULL, err);

    if (st == OHM_OK)
        run_inputs(r, y);
    ohm_forward_free(r->forward);
    r->forward = NULL;
    return st;
}

static enum ohm_status predict_digitally(struct runner *r, ohm_predict_fn *fn, void *context, float *y,
                                         struct ohm_error *err)
{
    const struct ohm_predict_spec *const s = r->s;
    struct ohm_weights noisy = {0};
    enum ohm_status st = ohm_weights_init(&noisy, s->w->net, err);

    if (st != OHM_OK)
        return st;
    memcpy(noisy.value, s->w->value, s->w->count * sizeof *s->w->value);
    for (int i = 0; i < s->draws && st == OHM_OK; i++) {
        const struct ohm_rng draw = ohm_stream_of_draw(s->seed, i), weights = ohm_rng_named(&draw, "weight_noise");

        if (s->weight_noise > 0)
            draw_weights(&noisy, s->w, s->weight_noise, &weights);
        st = run_digitally(r, &noisy, y, err);
        if (st == OHM_OK)
            st = fn(context, i, y, err);
    }
    ohm_weights_release(&noisy);
    return st;
}

/* ---- on hardware ---- */

/* An ohm_samples.fill: the inputs themselves. */
static enum ohm_status give_inputs(void *context, float *x, int32_t *label, int part, const int *sample, int n,
                                   const struct ohm_rng *augment, int jobs, struct ohm_error *err)
{
    const struct runner *const r = context;

    (void)part;
    (void)augment;
    (void)jobs;
    (void)err;
    for (int i = 0; i < n; i++) {
        memcpy(x + (size_t)i * r->numbers, r->x + (size_t)sample[i] * r->numbers, r->numbers * sizeof *x);
        label[i] = 0;
    }
    return OHM_OK;
}

static enum ohm_status make_hardware(struct runner *r, struct ohm_error *err)
{
    const struct ohm_predict_spec *const s = r->s;
    const struct ohm_samples samples = {.context = r, .count = {s->n, s->n}, .fill = give_inputs};
    const struct ohm_validate_spec spec = {.w = s->w,
                                           .ranges = s->ranges,
                                           .samples = &samples,
                                           .device = s->device,
                                           .tile = s->tile,
                                           .calibrate = s->n,
                                           .seed = s->seed,
                                           .batch = s->batch,
                                           .jobs = s->jobs};
    int found;
    enum ohm_status st;

    if ((st = find_ranges(&spec, &found, err)) != OHM_OK || (st = chip_create(&r->chip, &spec, err)) != OHM_OK)
        return st;
    return ohm_forward_create(&r->forward, r->chip->around, s->batch, s->jobs, chip_multiply, r->chip, err);
}

static enum ohm_status run_draw(struct runner *r, int draw, float *y, struct ohm_error *err)
{
    const struct ohm_predict_spec *const s = r->s;
    const struct ohm_rng own = ohm_stream_of_draw(s->seed, draw), program = ohm_rng_named(&own, "program");
    const struct ohm_rng moment = ohm_stream_of_reading(&own, 0, s->t_s), weights = ohm_rng_named(&moment, "weights");
    enum ohm_status st;

    if ((st = chip_program(r->chip, &program, err)) != OHM_OK ||
        (st = chip_read(r->chip, s->t_s, &weights, err)) != OHM_OK)
        return st;
    r->chip->vectors = ohm_rng_named(&moment, "vectors");
    run_inputs(r, y);
    return OHM_OK;
}

/* Settings are checked before anything takes time. States are met digitally first: input ranges are found on them. */
static enum ohm_status predict_on_hardware(struct runner *r, ohm_predict_fn *fn, void *context, float *y,
                                           struct ohm_error *err)
{
    const struct ohm_predict_spec *const s = r->s;
    struct ohm_moment moment;
    enum ohm_status st = ohm_tile_config_check(s->tile, err);

    if (st == OHM_OK && s->device)
        st = ohm_moment_init(&moment, s->device, s->t_s, err);
    if (st == OHM_OK && s->state > 0)
        st = run_digitally(r, s->w, y, err);
    if (st == OHM_OK)
        st = make_hardware(r, err);
    for (int i = 0; i < s->draws && st == OHM_OK; i++)
        if ((st = run_draw(r, i, y, err)) == OHM_OK)
            st = fn(context, i, y, err);
    ohm_forward_free(r->forward);
    chip_free(r->chip);
    return st;
}

/* Room for the states among the inputs. */
static enum ohm_status copy_inputs(struct runner *r, struct ohm_error *err)
{
    const size_t n = (size_t)r->s->n * r->numbers;

    if (r->s->state == 0)
        return OHM_OK;
    if (!(r->own = ohm_alloc(n, sizeof *r->own)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    memcpy(r->own, r->x, n * sizeof *r->own);
    r->x = r->own;
    return OHM_OK;
}

enum ohm_status ohm_predict(const struct ohm_predict_spec *spec, ohm_predict_fn *fn, void *context,
                            struct ohm_error *err)
{
    const struct ohm_shape in = spec->w->net->input;
    struct ohm_predict_spec s = *spec;
    struct runner r = {.s = &s,
                       .x = spec->x,
                       .numbers = (size_t)in.h * (size_t)in.w * (size_t)in.c,
                       .classes = (size_t)spec->w->net->classes};
    float *y = NULL;
    size_t n;
    enum ohm_status st;

    assert(spec->n >= 1 && spec->draws >= 1 && spec->batch >= 1 && spec->jobs >= 1);
    s.steps = spec->steps > 0 ? spec->steps : spec->state > 0 ? spec->n : 1;
    if (spec->state < 0 || (size_t)spec->state >= r.numbers || (size_t)spec->state > r.classes)
        return ohm_fail(err, OHM_ERANGE, "the state is %d numbers, of %zu inputs and %zu outputs", spec->state,
                        r.numbers, r.classes);
    if (spec->n % s.steps != 0)
        return ohm_fail(err, OHM_ERANGE, "%d inputs are no whole number of sequences of %d steps", spec->n, s.steps);
    if (!ohm_mul_size(&n, (size_t)spec->n, r.classes) || !(y = ohm_alloc(n, sizeof *y)))
        st = ohm_fail(err, OHM_ENOMEM, "out of memory for the answers to %d inputs", spec->n);
    else if ((st = copy_inputs(&r, err)) == OHM_OK)
        st = (spec->tile ? predict_on_hardware : predict_digitally)(&r, fn, context, y, err);
    ohm_free(r.own);
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
