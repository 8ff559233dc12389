/* batch.c - batches as the network wants them, and sums over a split. */
#include "data_int.h"

#include "ohm/parallel.h"

#include <math.h>
#include <string.h>

struct filling {
    const struct ohm_data *data;
    float *x;
    int *y;
    const int *sample;
    const struct ohm_rng *augment;
    float *mean, *factor;            /* [w * c] of normalisation */
    struct augment_scratch *scratch; /* [jobs] */
};

/* The values as they are, before normalisation. */
static void raw_values(const struct ohm_data *d, float *x, int sample)
{
    const unsigned char *const from = d->bytes + (size_t)sample * d->item;
    const size_t n = data_item_values(d);

    if (d->form == FORM_BYTES)
        for (size_t i = 0; i < n; i++)
            x[i] = from[i];
    else
        memcpy(x, d->form == FORM_WAVE ? (const void *)(d->feature + (size_t)sample * n) : from, n * sizeof *x);
}

static void normalise(const struct filling *f, float *x)
{
    const struct ohm_task_spec *const t = f->data->task;
    const int line = t->w * t->c;

    for (int y = 0; y < t->h; y++, x += line)
        for (int i = 0; i < line; i++)
            x[i] = (x[i] - f->mean[i]) * f->factor[i];
}

static bool changes_waves(const struct ohm_task_spec *t)
{
    return t->augment.time_shift_ms > 0 || t->augment.noise_prob > 0;
}

static void fill_speech(const struct filling *f, float *x, int sample, struct augment_scratch *s)
{
    const struct ohm_data *const d = f->data;
    struct ohm_rng rng;

    if (f->augment)
        rng = ohm_rng_child(f->augment, (uint64_t)sample);
    if (f->augment && changes_waves(d->task)) {
        augment_wave(d, s->wave, (const int16_t *)(d->bytes + (size_t)sample * d->item), &rng);
        frontend_features(d->plan, s->frontend, x, s->wave);
    } else
        raw_values(d, x, sample);
    normalise(f, x);
    if (f->augment)
        augment_features(d->task, x, &rng);
}

static void fill_picture(const struct filling *f, float *x, int sample, struct augment_scratch *s)
{
    const struct ohm_task_spec *const t = f->data->task;
    struct ohm_rng rng;

    raw_values(f->data, x, sample);
    if (f->augment) {
        rng = ohm_rng_child(f->augment, (uint64_t)sample);
        if (f->data->form == FORM_BYTES)
            augment_colour(t, x, &rng);
    }
    normalise(f, x);
    if (f->augment)
        augment_picture(t, x, s->picture, &rng);
}

static enum ohm_status fill_one(void *context, int i, int worker, struct ohm_error *err)
{
    const struct filling *const f = context;
    const struct ohm_data *const d = f->data;
    const int sample = f->sample[i];
    float *const x = f->x + (size_t)i * data_item_values(d);

    if (sample < 0 || sample >= d->count)
        return ohm_fail(err, OHM_ERANGE, "sample %d is outside [0, %d]", sample, d->count - 1);
    if (d->form == FORM_WAVE)
        fill_speech(f, x, sample, &f->scratch[worker]);
    else
        fill_picture(f, x, sample, &f->scratch[worker]);
    if (f->y)
        f->y[i] = d->row[sample].label;
    return OHM_OK;
}

static void release(struct filling *f, int jobs)
{
    for (int i = 0; f->scratch && i < jobs; i++) {
        ohm_free(f->scratch[i].picture);
        ohm_free(f->scratch[i].wave);
        frontend_scratch_free(f->scratch[i].frontend);
    }
    ohm_free(f->scratch);
    ohm_free(f->mean);
    ohm_free(f->factor);
}

static bool make_norm(struct filling *f)
{
    const struct ohm_task_spec *const t = f->data->task;
    const int line = t->w * t->c;

    f->mean = ohm_alloc((size_t)line, sizeof *f->mean);
    f->factor = ohm_alloc((size_t)line, sizeof *f->factor);
    for (int i = 0; f->mean && f->factor && i < line; i++) {
        const int k = t->norms == 1 ? 0 : i % t->norms;

        f->mean[i] = (float)t->mean[k];
        f->factor[i] = (float)(1 / t->std[k]);
    }
    return f->mean && f->factor;
}

/* Only what the augmentation needs: without one, nothing. */
static bool make_scratch(struct filling *f, int jobs)
{
    const struct ohm_data *const d = f->data;

    if (!(f->scratch = ohm_alloc((size_t)jobs, sizeof *f->scratch)))
        return false;
    for (int i = 0; f->augment && i < jobs; i++) {
        struct augment_scratch *const s = &f->scratch[i];

        if (d->form != FORM_WAVE && !(s->picture = ohm_alloc(data_item_values(d), sizeof *s->picture)))
            return false;
        if (d->form == FORM_WAVE && changes_waves(d->task) &&
            (!(s->wave = ohm_alloc((size_t)d->task->frontend.clip_samples, sizeof *s->wave)) ||
             !(s->frontend = frontend_scratch_create(d->plan, NULL))))
            return false;
    }
    return true;
}

enum ohm_status ohm_batch_fill(const struct ohm_data *d, float *x, int *y, const int *sample, int n,
                               const struct ohm_rng *augment, int jobs, struct ohm_error *err)
{
    struct filling f = {.data = d, .x = x, .y = y, .sample = sample, .augment = augment};
    const int team = jobs < 1 ? 1 : jobs > n && n > 0 ? n : jobs;
    enum ohm_status st;

    if (make_norm(&f) && make_scratch(&f, team))
        st = ohm_parallel_for(team, n, fill_one, &f, err);
    else
        st = ohm_fail(err, OHM_ENOMEM, "no memory for a batch");
    release(&f, team);
    return st;
}

/* ---- statistics ---- */

static void add_sample(const struct ohm_task_spec *t, const float *x, double *sum, double *square,
                       struct ohm_data_stats *stats)
{
    const size_t line = (size_t)t->w * (size_t)t->c, n = (size_t)t->h * line;

    for (size_t i = 0; i < n; i++) {
        const double v = (double)x[i];

        sum[i % line] += v;
        square[i % line] += v * v;
        stats->min = fmin(stats->min, v);
        stats->max = fmax(stats->max, v);
    }
}

static void moments(double *mean, double *std, double sum, double square, double n)
{
    if (mean)
        *mean = sum / n;
    if (std)
        *std = sqrt(fmax(square / n - sum / n * (sum / n), 0));
}

static void finish_stats(const struct ohm_task_spec *t, struct ohm_data_stats *s, const double *sum,
                         const double *square, double lines)
{
    for (int i = 0; i < t->w * t->c; i++)
        moments(s->column_mean ? s->column_mean + i : NULL, s->column_std ? s->column_std + i : NULL, sum[i], square[i],
                lines);
    for (int k = 0; k < t->c; k++) {
        double a = 0, b = 0;

        for (int i = k; i < t->w * t->c; i += t->c) {
            a += sum[i];
            b += square[i];
        }
        moments(s->channel_mean ? s->channel_mean + k : NULL, s->channel_std ? s->channel_std + k : NULL, a, b,
                lines * t->w);
    }
}

enum ohm_status ohm_data_stats(const struct ohm_data *d, enum ohm_split split, struct ohm_data_stats *stats,
                               struct ohm_error *err)
{
    const size_t line = (size_t)d->task->w * (size_t)d->task->c;
    double *const sum = ohm_alloc(line, sizeof *sum), *const square = ohm_alloc(line, sizeof *square);
    float *const x = ohm_alloc(data_item_values(d), sizeof *x);
    enum ohm_status st = sum && square && x ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "no memory for the sums");
    int count;
    const int *const sample = ohm_data_split(d, split, &count);

    if (st == OHM_OK && count == 0)
        st = ohm_fail(err, OHM_EUNFIT, "the split %s has no sample", ohm_split_names[split]);
    if (st == OHM_OK) {
        stats->min = INFINITY;
        stats->max = -INFINITY;
        for (int i = 0; i < count; i++) {
            raw_values(d, x, sample[i]);
            add_sample(d->task, x, sum, square, stats);
        }
        finish_stats(d->task, stats, sum, square, (double)count * d->task->h);
    }
    ohm_free(sum);
    ohm_free(square);
    ohm_free(x);
    return st;
}
