/* train_members.c - folds and the models trained without them. */
#include "train_int.h"

#include "ohm/mem.h"
#include "ohm/parallel.h"
#include "ohm/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- folds ---- */

struct identity {
    uint64_t id;
    int32_t row;
};

static int by_id(const void *a, const void *b)
{
    const struct identity *const x = a, *const y = b;

    if (x->id != y->id)
        return x->id > y->id ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

/* network[i]: a number in [0, *count) for the network of row i. */
static void number_networks(int32_t *network, struct identity *who, int n, int *count)
{
    *count = 0;
    qsort(who, (size_t)n, sizeof *who, by_id);
    for (int i = 0; i < n; i++) {
        if (i == 0 || who[i].id != who[i - 1].id)
            ++*count;
        network[who[i].row] = *count - 1;
    }
}

static void deal_folds(struct ohm_trainer *t, int repeat, const int32_t *network, int *order, int32_t *fold_of,
                       int networks)
{
    const struct ohm_rng split = ohm_rng_named(&t->rng, "split");
    struct ohm_rng rng = ohm_rng_child(&split, (uint64_t)repeat);

    for (int i = 0; i < networks; i++)
        order[i] = i;
    ohm_rng_shuffle(&rng, order, networks);
    for (int i = 0; i < networks; i++)
        fold_of[order[i]] = i % t->folds;
    for (int i = 0; i < t->rows->count; i++)
        t->fold[(size_t)repeat * (size_t)t->rows->count + (size_t)i] = fold_of[network[i]];
}

enum ohm_status ohm_train_split(struct ohm_trainer *t, struct ohm_error *err)
{
    const size_t n = (size_t)t->rows->count;
    struct identity *const who = ohm_alloc(n, sizeof *who);
    int32_t *const network = ohm_alloc(n, sizeof *network), *const fold_of = ohm_alloc(n, sizeof *fold_of);
    int *const order = ohm_alloc(n, sizeof *order);
    enum ohm_status st = OHM_OK;
    int networks = 0;

    if (who && network && fold_of && order) {
        for (size_t i = 0; i < n; i++)
            who[i] = (struct identity){ohm_genotype_id(t->space, &t->rows->genotype[i]), (int32_t)i};
        number_networks(network, who, (int)n, &networks);
        if (networks < 2 * t->folds)
            st = ohm_fail(err, OHM_ECONFIG, "%d different networks are too few for %d folds, which need at least %d",
                          networks, t->folds, 2 * t->folds);
        for (int r = 0; r < t->repeats && st == OHM_OK; r++)
            deal_folds(t, r, network, order, fold_of, networks);
    } else {
        st = ohm_fail(err, OHM_ENOMEM, "out of memory for folds");
    }
    ohm_free(who);
    ohm_free(network);
    ohm_free(fold_of);
    ohm_free(order);
    return st;
}

/* ---- one model ---- */

/* Trains on the rows of w that are outside `fold` (-1: all) of `repeat`, and predicts those inside. */
struct job {
    const struct ohm_target_work *w;
    int repeat, fold;
    struct ohm_xgb_params params;
    const float *label;   /* [w->n] */
    struct ohm_str *json; /* NULL: not kept */
    double *held_out;     /* [w->n], those inside are written */
};

static int fold_of_row(const struct ohm_trainer *t, const struct job *job, int i)
{
    return t->fold[(size_t)job->repeat * (size_t)t->rows->count + (size_t)job->w->row[i]];
}

static void gather(const struct ohm_trainer *t, const struct job *job, float *x, float *y, int *n)
{
    const size_t width = (size_t)t->width;

    *n = 0;
    for (int i = 0; i < job->w->n; i++) {
        if (fold_of_row(t, job, i) == job->fold)
            continue;
        memcpy(x + (size_t)*n * width, t->x + (size_t)job->w->row[i] * width, width * sizeof *x);
        y[(*n)++] = job->label[i];
    }
}

static enum ohm_status predict_held_out(const struct ohm_trainer *t, const struct job *job, const struct ohm_str *json,
                                        struct ohm_error *err)
{
    struct ohm_forest *forest;
    enum ohm_status st = ohm_forest_parse(&forest, json->text, json->length, "trained model", err);

    if (st != OHM_OK)
        return st;
    for (int i = 0; i < job->w->n; i++) {
        float y;

        if (fold_of_row(t, job, i) != job->fold)
            continue;
        ohm_forest_predict(forest, &y, t->x + (size_t)job->w->row[i] * (size_t)t->width, 1, t->width);
        job->held_out[i] = (double)y;
    }
    ohm_forest_free(forest);
    return OHM_OK;
}

static enum ohm_status run_job(const struct ohm_trainer *t, const struct job *job, struct ohm_error *err)
{
    const size_t n = (size_t)job->w->n;
    float *const x = ohm_alloc(n, (size_t)t->width * sizeof *x), *const y = ohm_alloc(n, sizeof *y);
    struct ohm_str own = {0};
    struct ohm_str *const json = job->json ? job->json : &own;
    enum ohm_status st = OHM_OK;
    int rows = 0;

    if (x && y) {
        gather(t, job, x, y, &rows);
        if (rows < 2)
            st = ohm_fail(err, OHM_ECONFIG, "a fold leaves %d rows to train on", rows);
    } else {
        st = ohm_fail(err, OHM_ENOMEM, "out of memory for training");
    }
    if (st == OHM_OK)
        st = ohm_xgb_train(json, &job->params, x, rows, t->width, y, err);
    if (st == OHM_OK && job->held_out)
        st = predict_held_out(t, job, json, err);
    ohm_str_release(&own);
    ohm_free(x);
    ohm_free(y);
    return st;
}

static uint32_t seed_of(const struct ohm_trainer *t, const char *purpose, int index)
{
    const struct ohm_rng named = ohm_rng_named(&t->rng, purpose);
    struct ohm_rng rng = ohm_rng_child(&named, (uint64_t)index);

    return ohm_rng_u32(&rng) >> 1; /* XGBoost's seed is a signed number */
}

/* ---- members ---- */

static enum ohm_status train_member(void *context, int index, int worker, struct ohm_error *err)
{
    struct ohm_trainer *const t = context;
    const struct ohm_surrogate_options *const o = &t->spec->options;
    struct ohm_target_work *const w = &t->target[index / t->members];
    const int member = index % t->members, repeat = member / t->folds;
    float *const label = ohm_alloc((size_t)w->n, sizeof *label);
    const struct job job = {
        .w = w,
        .repeat = repeat,
        .fold = member % t->folds,
        .params = {.trees = (int)o->trees,
                   .depth = (int)o->depth,
                   .bins = (int)o->bins,
                   .eta = o->eta,
                   .subsample = o->subsample,
                   .colsample = o->colsample,
                   .min_child_weight = o->min_child_weight,
                   .lambda = o->lambda,
                   .seed = seed_of(t, "member", index)},
        .label = label,
        .json = &w->json[member],
        .held_out = w->held_out + (size_t)repeat * (size_t)w->n,
    };
    enum ohm_status st;

    (void)worker;
    if (!label)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for training");
    for (int i = 0; i < w->n; i++)
        label[i] = (float)(w->knots ? ohm_quantile_share(w->knot, w->knots, w->y[i]) : w->y[i]);
    st = run_job(t, &job, err);
    ohm_free(label);
    return st;
}

/* Back to the target's unit; mean and variance over the repeats. */
static void join_repeats(const struct ohm_trainer *t, struct ohm_target_work *w)
{
    const size_t n = (size_t)w->n;

    for (size_t i = 0; i < n; i++) {
        double sum = 0, square = 0;

        for (int r = 0; r < t->repeats; r++) {
            double *const v = &w->held_out[(size_t)r * n + i];

            if (w->knots)
                *v = ohm_quantile_value(w->knot, w->knots, *v);
            sum += *v;
        }
        w->mean[i] = sum / t->repeats;
        for (int r = 0; r < t->repeats; r++) {
            const double d = w->held_out[(size_t)r * n + i] - w->mean[i];

            square += d * d;
        }
        w->spread2[i] = t->repeats > 1 ? square / (t->repeats - 1) : 0;
    }
}

enum ohm_status ohm_train_members(struct ohm_trainer *t, struct ohm_error *err)
{
    const enum ohm_status st = ohm_parallel_for(t->jobs, t->rows->targets * t->members, train_member, t, err);

    for (int i = 0; i < t->rows->targets && st == OHM_OK; i++)
        join_repeats(t, &t->target[i]);
    return st;
}

/* ---- the size of the errors ---- */

/* A small model: the logarithm of one error says little about the spread that it was drawn from. */
static const struct ohm_xgb_params noise_params = {.trees = 40,
                                                   .depth = 3,
                                                   .bins = 256,
                                                   .eta = 0.1,
                                                   .subsample = 0.8,
                                                   .colsample = 0.8,
                                                   .min_child_weight = 10,
                                                   .lambda = 1};

static enum ohm_status train_noise(void *context, int index, int worker, struct ohm_error *err)
{
    struct ohm_trainer *const t = context;
    struct ohm_target_work *const w = &t->target[index / (t->folds + 1)];
    const int fold = index % (t->folds + 1);
    const bool last = fold == t->folds; /* on all rows: the one that is kept */
    struct job job = {
        .w = w,
        .repeat = 0,
        .fold = last ? -1 : fold,
        .params = noise_params,
        .label = w->error_label,
        .json = last ? &w->noise_json : NULL,
        .held_out = last ? NULL : w->error_held_out,
    };

    (void)worker;
    job.params.seed = seed_of(t, "noise", index);
    return run_job(t, &job, err);
}

/* log |error|, bounded below so that a lucky hit does not weigh more than anything else. */
static void label_errors(struct ohm_target_work *w)
{
    double square = 0;

    for (int i = 0; i < w->n; i++)
        square += (w->y[i] - w->mean[i]) * (w->y[i] - w->mean[i]);
    for (int i = 0; i < w->n; i++) {
        const double least = fmax(0.01 * sqrt(square / w->n), 1e-30);

        w->error_label[i] = (float)log(fmax(fabs(w->y[i] - w->mean[i]), least));
    }
}

/* Variance that is predicted for row i. */
static double variance_of(const struct ohm_target_work *w, int i, double scale, double power)
{
    const double own = scale * exp(power * w->error_held_out[i]);

    return own * own + w->spread2[i];
}

/* Mean of (error / sd)^2 over the held-out rows. */
static double mean_z2(const struct ohm_target_work *w, double scale, double power)
{
    double sum = 0;

    for (int i = 0; i < w->n; i++) {
        const double error = w->y[i] - w->mean[i];

        sum += error * error / variance_of(w, i, scale, power);
    }
    return sum / w->n;
}

/* Less the logarithm of the likelihood of the held-out errors, a row, but for what is constant. */
static double surprise(const struct ohm_target_work *w, double scale, double power)
{
    double sum = 0;

    for (int i = 0; i < w->n; i++)
        sum += log(variance_of(w, i, scale, power));
    return 0.5 * (sum / w->n + mean_z2(w, scale, power));
}

/* The scale with which the errors have the size that sd says: mean z^2 = 1. It falls with the scale. */
static double fit_scale(const struct ohm_target_work *w, double power)
{
    /* Power 1 leaves the scale without a unit, power 0 gives it that of the errors. */
    const double about = (1 - power) * log(fmax(ohm_rmse(w->mean, w->y, w->n), 1e-30));
    double low = about + log(1e-3), high = about + log(1e3);

    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;

        if (mean_z2(w, exp(middle), power) > 1)
            low = middle;
        else
            high = middle;
    }
    return exp(high);
}

/* How far the model of the errors is believed: its power is the one that makes the held-out errors most likely. With
 * few rows the model has learned chance, and power 0, the same error everywhere, is better; with many it is near 1. */
static void fit_noise(struct ohm_target_work *w)
{
    double least = INFINITY;

    for (int i = 0; i <= 20; i++) {
        const double power = i / 20.0, scale = fit_scale(w, power), here = surprise(w, scale, power);

        if (here < least) {
            least = here;
            w->noise_scale = scale;
            w->noise_power = power;
        }
    }
    for (int i = 0; i < w->n; i++)
        w->sd[i] = sqrt(variance_of(w, i, w->noise_scale, w->noise_power));
}

enum ohm_status ohm_train_noise(struct ohm_trainer *t, struct ohm_error *err)
{
    enum ohm_status st;

    for (int i = 0; i < t->rows->targets; i++)
        label_errors(&t->target[i]);
    st = ohm_parallel_for(t->jobs, t->rows->targets * (t->folds + 1), train_noise, t, err);
    for (int i = 0; i < t->rows->targets && st == OHM_OK; i++)
        fit_noise(&t->target[i]);
    return st;
}
