/* surrogate.c - loading a folder, with everything that may not fit said plainly, and predicting. */
#include "surrogate_int.h"

#include "quantile.h"

#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/surrogate.h"

#include <math.h>
#include <string.h>

/* ---- predicting ---- */

enum { BLOCK = 64 };

/* Sum and sum of squares over the models, around the first one so that nothing cancels. */
static void run_models(const struct ohm_predictor *p, double *mean, double *variance, const float *x, int n, int stride)
{
    float y[BLOCK];
    double first[BLOCK], sum[BLOCK] = {0}, square[BLOCK] = {0};

    for (int m = 0; m < p->models; m++) {
        ohm_forest_predict(p->model[m], y, x, n, stride);
        for (int i = 0; i < n; i++) {
            const double v = p->knots ? ohm_quantile_value(p->knot, p->knots, (double)y[i]) : (double)y[i];

            if (m == 0)
                first[i] = v;
            sum[i] += v - first[i];
            square[i] += (v - first[i]) * (v - first[i]);
        }
    }
    for (int i = 0; i < n; i++) {
        const double shift = sum[i] / p->models;

        mean[i] = first[i] + shift;
        variance[i] = p->models > 1 ? fmax(square[i] - sum[i] * shift, 0) / (p->models - 1) : 0;
    }
}

static void run_block(const struct ohm_predictor *p, double *mean, double *sd, int step, const float *x, int n,
                      int stride)
{
    double m[BLOCK], variance[BLOCK];
    float noise[BLOCK];

    run_models(p, m, variance, x, n, stride);
    for (int i = 0; i < n; i++)
        mean[(size_t)i * (size_t)step] = m[i];
    if (!sd)
        return;
    if (p->noise)
        ohm_forest_predict(p->noise, noise, x, n, stride);
    for (int i = 0; i < n; i++) {
        const double own = p->noise ? p->noise_scale * exp(p->noise_power * (double)noise[i]) : (double)NAN;

        sd[(size_t)i * (size_t)step] = sqrt(own * own + variance[i]);
    }
}

void ohm_predictor_run(const struct ohm_predictor *p, double *mean, double *sd, int step, const float *x, int n,
                       int stride)
{
    for (int i = 0; i < n; i += BLOCK) {
        const size_t at = (size_t)i * (size_t)step;

        run_block(p, mean + at, sd ? sd + at : NULL, step, x + (size_t)i * (size_t)stride,
                  n - i < BLOCK ? n - i : BLOCK, stride);
    }
}

void ohm_predictor_release(struct ohm_predictor *p)
{
    for (int m = 0; m < p->models; m++)
        ohm_forest_free(p->model[m]);
    ohm_free(p->model);
    ohm_forest_free(p->noise);
    *p = (struct ohm_predictor){0};
}

void ohm_surrogate_predict(const struct ohm_surrogate *s, double *mean, double *sd, const float *x, int n)
{
    const int stride = ohm_features_count(s->features);

    for (int t = 0; t < s->targets; t++)
        ohm_predictor_run(&s->predictor[t], mean + t, sd ? sd + t : NULL, s->targets, x, n, stride);
}

/* ---- loading ---- */

struct loader {
    struct ohm_surrogate *s;
    const char *folder;
    char *card_path;
    const struct ohm_space *space;
    struct ohm_diag *diag;
};

static enum ohm_status no_memory(struct loader *l)
{
    return ohm_diag_add(l->diag, OHM_ENOMEM, NULL, 0, 0, "out of memory for a surrogate");
}

static enum ohm_status check_space(struct loader *l)
{
    const struct ohm_card *const card = &l->s->card;
    char made_for[17], given[17];

    if (strcmp(card->space, ohm_space_name(l->space)) != 0)
        return ohm_diag_add(l->diag, OHM_EDATA, l->card_path, 0, 0, "the surrogate is for space %s, not %s",
                            card->space, ohm_space_name(l->space));
    if (card->space_hash == ohm_space_hash(l->space))
        return OHM_OK;
    ohm_hash_print(made_for, card->space_hash);
    ohm_hash_print(given, ohm_space_hash(l->space));
    return ohm_diag_add(l->diag, OHM_EDATA, l->card_path, 0, 0,
                        "the surrogate was trained on another version of space %s (hash %s, not %s): train it again",
                        card->space, made_for, given);
}

/* The features by name: the card's list against what this program computes. */
static enum ohm_status check_features(struct loader *l)
{
    const struct ohm_card *const card = &l->s->card;
    struct ohm_error err = {0};
    const struct ohm_physics *const physics = card->has_physics ? &card->physics : NULL;
    enum ohm_status st = ohm_features_create_for(&l->s->features, l->space, card->groups, physics, &err);
    int n;

    if (st != OHM_OK) {
        ohm_error_set_path(&err, l->card_path);
        return ohm_diag_take(l->diag, &err);
    }
    n = ohm_features_count(l->s->features);
    for (int i = 0; i < n && i < card->features; i++)
        if (strcmp(card->feature[i], ohm_features_name(l->s->features, i)) != 0)
            return ohm_diag_add(l->diag, OHM_EDATA, l->card_path, 0, 0,
                                "feature %d is %s in the card, %s in this program: train the surrogate again", i,
                                card->feature[i], ohm_features_name(l->s->features, i));
    if (n != card->features)
        return ohm_diag_add(l->diag, OHM_EDATA, l->card_path, 0, 0,
                            "the card lists %d features, groups %s have %d in this program: train the surrogate again",
                            card->features, card->groups, n);
    if (card->feature_hash != ohm_features_hash(l->s->features))
        return ohm_diag_add(l->diag, OHM_EDATA, l->card_path, 0, 0, "features.hash does not belong to features.names");
    return OHM_OK;
}

static enum ohm_status check_bytes(const struct ohm_card_file *file, const char *bytes, size_t length,
                                   struct ohm_error *err)
{
    char stated[17], found[17];

    if ((uint64_t)length != (uint64_t)file->bytes)
        return ohm_fail(err, OHM_EDATA, "the file has %zu bytes, its card says %lld: damaged, or another model", length,
                        (long long)file->bytes);
    if (ohm_hash(bytes, length) == file->hash)
        return OHM_OK;
    ohm_hash_print(stated, file->hash);
    ohm_hash_print(found, ohm_hash(bytes, length));
    return ohm_fail(err, OHM_EDATA, "the file's hash is %s, its card says %s: damaged, or another model", found,
                    stated);
}

static enum ohm_status load_file(struct ohm_forest **out, const struct loader *l, const struct ohm_card_file *file,
                                 const char *path, struct ohm_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st = ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, err);

    if (st == OHM_OK)
        st = check_bytes(file, bytes, length, err);
    if (st == OHM_OK)
        st = ohm_forest_parse(out, bytes, length, path, err);
    if (st == OHM_OK && ohm_forest_features(*out) != l->s->card.features)
        st = ohm_fail(err, OHM_EDATA, "the model has %d features, the card %d", ohm_forest_features(*out),
                      l->s->card.features);
    ohm_free(bytes);
    return st;
}

static enum ohm_status load_model(struct ohm_forest **out, struct loader *l, const struct ohm_card_file *file)
{
    char *const path = ohm_path_join(l->folder, file->name);
    struct ohm_error err = {0};
    enum ohm_status st;

    if (!path)
        return no_memory(l);
    st = load_file(out, l, file, path, &err);
    ohm_error_set_path(&err, path);
    ohm_free(path);
    return st == OHM_OK ? OHM_OK : ohm_diag_take(l->diag, &err);
}

static enum ohm_status load_target(struct loader *l, int t)
{
    const struct ohm_card_target *const from = &l->s->card.target[t];
    struct ohm_predictor *const p = &l->s->predictor[t];
    enum ohm_status st = OHM_OK;

    l->s->target[t] = from->name;
    p->knots = from->knots;
    p->knot = from->knot;
    p->noise_scale = from->noise_scale;
    p->noise_power = from->noise_power;
    p->model = ohm_alloc((size_t)from->models, sizeof(struct ohm_forest *));
    if (!p->model)
        return no_memory(l);
    p->models = from->models;
    for (int m = 0; m < from->models && st == OHM_OK; m++)
        st = load_model(&p->model[m], l, &from->model[m]);
    if (st == OHM_OK && from->has_noise)
        st = load_model(&p->noise, l, &from->noise);
    return st;
}

/* A card is written by the program: one that cannot be parsed is damaged data, no slip of its user. */
static enum ohm_status parse_card(struct loader *l, struct ohm_doc **doc)
{
    struct ohm_diag own = {0};
    enum ohm_status st = ohm_doc_load(doc, l->card_path, &own);

    for (int i = 0; i < own.count && i < OHM_DIAG_MAX; i++) {
        if (own.item[i].status == OHM_ECONFIG)
            own.item[i].status = OHM_EDATA;
        ohm_diag_take(l->diag, &own.item[i]);
    }
    ohm_diag_release(&own);
    return st == OHM_ECONFIG ? OHM_EDATA : st;
}

static enum ohm_status read_card(struct loader *l)
{
    struct ohm_doc *doc = NULL;
    struct ohm_error err = {0};
    const int before = l->diag->count;
    size_t length;
    enum ohm_status st = parse_card(l, &doc);

    if (st != OHM_OK)
        return st;
    ohm_card_read(&l->s->card, doc, l->diag);
    ohm_doc_free(doc);
    if (l->diag->count > before)
        return ohm_diag_status(l->diag, NULL);
    if ((st = ohm_file_read(&l->s->card_text, &length, l->card_path, OHM_TEXT_FILE_MAX, &err)) != OHM_OK)
        return ohm_diag_take(l->diag, &err);
    l->s->hash = ohm_hash(l->s->card_text, length); /* the card holds the hashes of the models */
    l->s->name = ohm_strdup(l->s->card.name);
    return l->s->name ? OHM_OK : no_memory(l);
}

static enum ohm_status load(struct loader *l)
{
    enum ohm_status st;

    l->card_path = ohm_path_join(l->folder, OHM_CARD_FILE);
    if (!l->card_path)
        return no_memory(l);
    if ((st = read_card(l)) != OHM_OK || (st = check_space(l)) != OHM_OK || (st = check_features(l)) != OHM_OK)
        return st;
    for (int t = 0; t < l->s->card.targets && st == OHM_OK; t++) {
        l->s->targets = t + 1;
        st = load_target(l, t);
    }
    return st;
}

enum ohm_status ohm_surrogate_load(struct ohm_surrogate **out, const char *folder, const struct ohm_space *space,
                                   struct ohm_diag *diag)
{
    struct ohm_diag own = {0};
    struct loader l = {.folder = folder, .space = space, .diag = diag ? diag : &own};
    enum ohm_status st;

    l.s = ohm_alloc(1, sizeof *l.s);
    st = l.s ? load(&l) : no_memory(&l);
    ohm_free(l.card_path);
    ohm_diag_release(&own);
    if (st != OHM_OK) {
        ohm_surrogate_free(l.s);
        return st;
    }
    *out = l.s;
    return OHM_OK;
}

/* ---- a plain file ---- */

static enum ohm_status load_plain(struct ohm_surrogate *s, const char *path, const char *target,
                                  const struct ohm_space *space, struct ohm_error *err)
{
    struct ohm_predictor *const p = &s->predictor[0];
    char *bytes = NULL;
    size_t length;
    enum ohm_status st = ohm_features_create(&s->features, space, "genes", err);

    if (st != OHM_OK || (st = ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, err)) != OHM_OK)
        return st;
    s->hash = ohm_hash(bytes, length);
    s->targets = 1;
    p->model = ohm_alloc(1, sizeof(struct ohm_forest *));
    p->models = p->model != NULL;
    st = p->model ? ohm_forest_parse(&p->model[0], bytes, length, path, err)
                  : ohm_fail(err, OHM_ENOMEM, "out of memory for a surrogate");
    ohm_free(bytes);
    if (st == OHM_OK && ohm_forest_features(p->model[0]) != ohm_features_count(s->features))
        st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "the model has %d features, space %s has %d axes",
                         ohm_forest_features(p->model[0]), ohm_space_name(space), ohm_features_count(s->features));
    if (st == OHM_OK && strlen(target) >= sizeof s->target[0].name)
        st = ohm_fail(err, OHM_ECONFIG, "target '%s' has more than %d letters", target, OHM_TARGET_NAME_SIZE - 1);
    if (st != OHM_OK)
        return st;
    memcpy(s->target[0].name, target, strlen(target) + 1);
    s->name = ohm_strdup(path);
    return s->name ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory for a surrogate");
}

enum ohm_status ohm_surrogate_load_plain(struct ohm_surrogate **out, const char *path, const char *target,
                                         const struct ohm_space *space, struct ohm_error *err)
{
    struct ohm_surrogate *const s = ohm_alloc(1, sizeof *s);
    enum ohm_status st;

    if (!s)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a surrogate");
    if ((st = load_plain(s, path, target, space, err)) != OHM_OK) {
        ohm_surrogate_free(s);
        return st;
    }
    *out = s;
    return OHM_OK;
}

void ohm_surrogate_free(struct ohm_surrogate *s)
{
    if (!s)
        return;
    for (int t = 0; t < s->targets; t++)
        ohm_predictor_release(&s->predictor[t]);
    ohm_features_free(s->features);
    ohm_card_release(&s->card);
    ohm_free(s->card_text);
    ohm_free(s->name);
    ohm_free(s);
}

const char *ohm_surrogate_name(const struct ohm_surrogate *s)
{
    return s->name;
}

uint64_t ohm_surrogate_hash(const struct ohm_surrogate *s)
{
    return s->hash;
}

const struct ohm_features *ohm_surrogate_features(const struct ohm_surrogate *s)
{
    return s->features;
}

int ohm_surrogate_targets(const struct ohm_surrogate *s)
{
    return s->targets;
}

const char *ohm_surrogate_target(const struct ohm_surrogate *s, int i)
{
    return s->target[i].name;
}

const char *ohm_surrogate_unit(const struct ohm_surrogate *s, int i)
{
    return s->target[i].unit;
}

bool ohm_surrogate_has_sd(const struct ohm_surrogate *s)
{
    for (int t = 0; t < s->targets; t++)
        if (!s->predictor[t].noise)
            return false;
    return true;
}

const char *ohm_surrogate_task(const struct ohm_surrogate *s)
{
    return s->card.task ? s->card.task : "";
}

const char *ohm_surrogate_card(const struct ohm_surrogate *s)
{
    return s->card_text;
}

const struct ohm_target_score *ohm_surrogate_score(const struct ohm_surrogate *s, int i)
{
    return s->card_text ? &s->card.target[i].score : NULL;
}
