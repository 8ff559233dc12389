/* train_ablate.c - what each group of features brings: the same rows, folds and seeds without it, and with it alone. */
#include "train_int.h"

#include "ohm/mem.h"
#include "ohm/stat.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct ablation {
    const struct ohm_train_spec *spec;
    const struct ohm_space *space;
    const struct ohm_rows *rows;
    struct ohm_ablation *out;
    double *mean[OHM_TARGETS_MAX]; /* held-out predictions with all groups, of the rows with this target */
};

enum { RESAMPLES = 200 };

static enum ohm_status no_memory(struct ohm_error *err)
{
    return ohm_fail(err, OHM_ENOMEM, "out of memory for an ablation");
}

/* ---- scores ---- */

struct resampled {
    double *y, *a, *b; /* [n] */
};

/* tau of a less tau of b, on n rows drawn with replacement; NaN where a tau is undefined. */
static enum ohm_status resample(double *difference, struct resampled *s, const struct ohm_target_work *w,
                                const double *all, struct ohm_rng *rng, struct ohm_error *err)
{
    double tau_a = NAN, tau_b = NAN;
    enum ohm_status st;

    for (int i = 0; i < w->n; i++) {
        const uint32_t k = ohm_rng_below(rng, (uint32_t)w->n);

        s->y[i] = w->y[k];
        s->a[i] = all[k];
        s->b[i] = w->mean[k];
    }
    if ((st = ohm_kendall(&tau_a, s->y, s->a, w->n, err)) == OHM_OK)
        st = ohm_kendall(&tau_b, s->y, s->b, w->n, err);
    *difference = tau_a - tau_b;
    return st;
}

/* Standard error of the difference of two taus on the same rows, by bootstrap: both share what is easy and hard about
 * the rows, so that it is much smaller than that of either. */
static enum ohm_status error_of_difference(double *se, const struct ohm_target_work *w, const double *all,
                                           const struct ohm_rng *parent, struct ohm_error *err)
{
    double difference[RESAMPLES], *const block = ohm_alloc((size_t)w->n, 3 * sizeof *block);
    struct resampled s = {block, block + w->n, block + 2 * (size_t)w->n};
    struct ohm_rng rng = ohm_rng_named(parent, "bootstrap");
    enum ohm_status st = block ? OHM_OK : no_memory(err);

    for (int i = 0; i < RESAMPLES && st == OHM_OK; i++)
        st = resample(&difference[i], &s, w, all, &rng, err);
    if (st == OHM_OK)
        *se = ohm_sd(difference, RESAMPLES);
    ohm_free(block);
    return st;
}

static enum ohm_status score(struct ablation *a, struct ohm_ablation_row *row, const struct ohm_trainer *t,
                             struct ohm_error *err)
{
    const bool first = row == a->out->row;
    enum ohm_status st = OHM_OK;

    for (int k = 0; k < a->out->targets && st == OHM_OK; k++) {
        const struct ohm_target_work *const w = &t->target[k];
        const size_t bytes = (size_t)w->n * sizeof *w->mean;

        if (first && (a->mean[k] = ohm_alloc((size_t)w->n, sizeof *w->mean)) == NULL)
            return no_memory(err);
        if (first)
            memcpy(a->mean[k], w->mean, bytes);
        row->rmse[k] = ohm_rmse(w->y, w->mean, w->n);
        st = ohm_kendall(&row->tau[k], w->y, w->mean, w->n, err);
        row->lost[k] = a->out->row[0].tau[k] - row->tau[k];
        row->lost_se[k] = 0;
        if (st == OHM_OK && !first)
            st = error_of_difference(&row->lost_se[k], w, a->mean[k], &t->rng, err);
    }
    return st;
}

/* ---- rows of the table ---- */

static enum ohm_status run(struct ablation *a, const char *kind, const char *groups, struct ohm_error *err)
{
    struct ohm_ablation_row *const row = &a->out->row[a->out->count];
    struct ohm_trainer *const t = ohm_alloc(1, sizeof *t);
    struct ohm_train_spec spec = *a->spec;
    enum ohm_status st;

    if (!t)
        return no_memory(err);
    spec.features = groups;
    (void)snprintf(row->kind, sizeof row->kind, "%s", kind);
    (void)snprintf(row->groups, sizeof row->groups, "%s", groups);
    if ((st = ohm_trainer_set_up(t, &spec, a->space, a->rows, err)) == OHM_OK &&
        (st = ohm_train_members(t, err)) == OHM_OK && (st = score(a, row, t, err)) == OHM_OK) {
        row->features = t->width;
        a->out->count++;
    }
    ohm_trainer_release(t);
    ohm_free(t);
    return st;
}

/* All groups but one. */
static void others(char *text, size_t size, const struct ohm_features *f, int left_out)
{
    size_t at = 0;

    text[0] = '\0';
    for (int i = 0; i < f->groups; i++)
        if (i != left_out && at < size)
            at += (size_t)snprintf(text + at, size - at, "%s%s", at ? "," : "", f->group[i]->name);
}

static enum ohm_status run_all(struct ablation *a, const struct ohm_features *f, struct ohm_error *err)
{
    char text[OHM_ABLATION_TEXT_SIZE];
    enum ohm_status st;

    others(text, sizeof text, f, -1);
    st = run(a, "all", text, err);
    for (int i = 0; i < f->groups && f->groups > 1 && st == OHM_OK; i++) {
        others(text, sizeof text, f, i);
        st = run(a, "without", text, err);
    }
    for (int i = 0; i < f->groups && f->groups > 2 && st == OHM_OK; i++)
        st = run(a, "alone", f->group[i]->name, err);
    return st;
}

enum ohm_status ohm_surrogate_ablate(struct ohm_ablation *out, const struct ohm_train_spec *spec,
                                     const struct ohm_space *space, const struct ohm_rows *rows, struct ohm_error *err)
{
    struct ablation a = {.spec = spec, .space = space, .rows = rows, .out = out};
    struct ohm_features *features;
    enum ohm_status st = ohm_features_create_for(&features, space, spec->features, spec->physics, err);

    if (st != OHM_OK)
        return st;
    *out = (struct ohm_ablation){.targets = rows->targets, .networks = rows->count};
    for (int k = 0; k < rows->targets; k++)
        out->target[k] = rows->target[k];
    st = run_all(&a, features, err);
    for (int k = 0; k < OHM_TARGETS_MAX; k++)
        ohm_free(a.mean[k]);
    ohm_features_free(features);
    return st;
}
