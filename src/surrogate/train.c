/* train.c - a surrogate from rows: features, folds, members, uncertainty, scores, folder. */
#include "train_int.h"

#include "score_int.h"

#include "ohm/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const struct ohm_field ohm_surrogate_fields[] = {
    OHM_INT(ohm_surrogate_options, folds, 5, 2, 50, "parts that the rows are cut into; each member misses one"),
    OHM_INT(ohm_surrogate_options, repeats, 4, 1, 20, "cuts; the ensemble has folds * repeats members"),
    OHM_INT(ohm_surrogate_options, trees, 60, 1, 10000, "trees of a member"),
    OHM_INT(ohm_surrogate_options, depth, 5, 1, 16, "depth of a tree"),
    OHM_REAL(ohm_surrogate_options, eta, 0.12, 0.001, 1, "learning rate"),
    OHM_REAL(ohm_surrogate_options, subsample, 0.7, 0.05, 1, "share of the rows that a tree sees"),
    OHM_REAL(ohm_surrogate_options, colsample, 0.4, 0.05, 1, "share of the features that a tree sees"),
    OHM_REAL(ohm_surrogate_options, min_child_weight, 5, 0, 1e6, "least number of rows in a leaf"),
    OHM_REAL(ohm_surrogate_options, lambda, 1, 0, 1e6, "L2 penalty on the leaves"),
    OHM_INT(ohm_surrogate_options, bins, 256, 2, 65536, "bins of a feature"),
    OHM_INT(ohm_surrogate_options, knots, 33, 0, KNOTS_MAX,
            "knots of the scale on which a target is trained; below 2: as it is"),
    OHM_REAL(ohm_surrogate_options, rank, 0.25, 0, 1,
             "weight on that scale of the share of measured values below; the rest is the value itself"),
    OHM_INT(ohm_surrogate_options, top_k, 100, 1, 1000000, "networks in the top-k overlap"),
    OHM_INT(ohm_surrogate_options, seed, 1, 0, 9007199254740991.0, "seed of folds and trees"),
    OHM_FIELDS_END,
};

static enum ohm_status no_memory(struct ohm_error *err)
{
    return ohm_fail(err, OHM_ENOMEM, "out of memory for training");
}

/* ---- setting up ---- */

static bool allocate(struct ohm_trainer *t)
{
    const size_t n = (size_t)t->rows->count;

    t->x = ohm_alloc(n, (size_t)t->width * sizeof *t->x);
    t->params = ohm_alloc(n, sizeof *t->params);
    t->macs = ohm_alloc(n, sizeof *t->macs);
    t->fold = ohm_alloc(n, (size_t)t->repeats * sizeof *t->fold);
    return t->x && t->params && t->macs && t->fold;
}

static bool allocate_target(const struct ohm_trainer *t, struct ohm_target_work *w)
{
    const size_t n = (size_t)w->n;

    w->json = ohm_alloc((size_t)t->members, sizeof *w->json);
    w->held_out = ohm_alloc(n, (size_t)t->repeats * sizeof *w->held_out);
    w->mean = ohm_alloc(n, sizeof *w->mean);
    w->spread2 = ohm_alloc(n, sizeof *w->spread2);
    w->error_label = ohm_alloc(n, sizeof *w->error_label);
    w->error_held_out = ohm_alloc(n, sizeof *w->error_held_out);
    w->sd = ohm_alloc(n, sizeof *w->sd);
    return w->json && w->held_out && w->mean && w->spread2 && w->error_label && w->error_held_out && w->sd;
}

/* The rows in which target k was measured; its quantiles. */
static enum ohm_status set_up_target(struct ohm_trainer *t, int k, struct ohm_error *err)
{
    const char *const name = t->rows->target[k].name;
    struct ohm_target_work *const w = &t->target[k];
    const size_t rows = (size_t)t->rows->count;
    double *sorted;

    w->row = ohm_alloc(rows, sizeof *w->row);
    w->y = ohm_alloc(rows, sizeof *w->y);
    if (!w->row || !w->y)
        return no_memory(err);
    for (int i = 0; i < t->rows->count; i++) {
        const double v = t->rows->value[(size_t)i * (size_t)t->rows->targets + (size_t)k];

        if (isnan(v))
            continue;
        w->row[w->n] = i;
        w->y[w->n++] = v;
    }
    if (w->n < 2 * t->folds)
        return ohm_fail(err, OHM_ECONFIG, "target %s was measured in %d rows; %d folds need at least %d", name, w->n,
                        t->folds, 2 * t->folds);
    if (!allocate_target(t, w) || (sorted = ohm_alloc((size_t)w->n, sizeof *sorted)) == NULL)
        return no_memory(err);
    memcpy(sorted, w->y, (size_t)w->n * sizeof *sorted);
    w->knots = t->spec->options.knots < 2 ? 0 : (int)t->spec->options.knots;
    ohm_quantile_knots(w->knot, w->knots ? w->knots : 2, sorted, w->n);
    if (w->knots && w->knot[0] < w->knot[w->knots - 1])
        ohm_quantile_blend(w->knot, w->knots, t->spec->options.rank);
    {
        const bool constant = sorted[0] == sorted[w->n - 1];

        ohm_free(sorted);
        if (constant)
            return ohm_fail(err, OHM_ECONFIG, "target %s is %g in every row: there is nothing to learn", name, w->y[0]);
    }
    return OHM_OK;
}

static enum ohm_status set_up(struct ohm_trainer *t, struct ohm_error *err)
{
    enum ohm_status st = ohm_features_create_for(&t->features, t->space, t->spec->features, t->spec->physics, err);

    if (st != OHM_OK)
        return st;
    t->width = ohm_features_count(t->features);
    if (t->rows->targets < 1 || t->rows->count < 1)
        return ohm_fail(err, OHM_ECONFIG, "no rows to train on");
    if (t->members > CARD_MODELS_MAX)
        return ohm_fail(err, OHM_ECONFIG, "folds * repeats is %d, above %d", t->members, CARD_MODELS_MAX);
    if (!allocate(t))
        return no_memory(err);
    for (int k = 0; k < t->rows->targets; k++)
        if ((st = set_up_target(t, k, err)) != OHM_OK)
            return st;
    if ((st = ohm_rows_features(t->rows, t->space, t->features, t->x, t->params, t->macs, err)) != OHM_OK)
        return st;
    return ohm_train_split(t, err);
}

enum ohm_status ohm_trainer_set_up(struct ohm_trainer *t, const struct ohm_train_spec *spec,
                                   const struct ohm_space *space, const struct ohm_rows *rows, struct ohm_error *err)
{
    t->spec = spec;
    t->space = space;
    t->rows = rows;
    t->folds = (int)spec->options.folds;
    t->repeats = (int)spec->options.repeats;
    t->members = t->folds * t->repeats;
    t->jobs = spec->jobs > 0 ? spec->jobs : 1;
    t->rng = ohm_rng_seed((uint64_t)spec->options.seed);
    return set_up(t, err);
}

void ohm_trainer_release(struct ohm_trainer *t)
{
    for (int k = 0; k < OHM_TARGETS_MAX; k++) {
        struct ohm_target_work *const w = &t->target[k];

        for (int m = 0; w->json && m < t->members; m++)
            ohm_str_release(&w->json[m]);
        ohm_str_release(&w->noise_json);
        ohm_free(w->json);
        ohm_free(w->row);
        ohm_free(w->y);
        ohm_free(w->held_out);
        ohm_free(w->mean);
        ohm_free(w->spread2);
        ohm_free(w->error_label);
        ohm_free(w->error_held_out);
        ohm_free(w->sd);
    }
    ohm_features_free(t->features);
    ohm_free(t->x);
    ohm_free(t->params);
    ohm_free(t->macs);
    ohm_free(t->fold);
}

/* ---- scores ---- */

static enum ohm_status score(struct ohm_score_report *report, const struct ohm_trainer *t, struct ohm_error *err)
{
    double *const params = ohm_alloc((size_t)t->rows->count, 2 * sizeof *params);
    enum ohm_status st = params ? OHM_OK : no_memory(err);

    *report = (struct ohm_score_report){.targets = t->rows->targets,
                                        .rows = t->rows->count,
                                        .features = t->width,
                                        .models = t->members,
                                        .top_k = (int)t->spec->options.top_k,
                                        .held_out = true};
    for (int k = 0; k < t->rows->targets && st == OHM_OK; k++) {
        const struct ohm_target_work *const w = &t->target[k];
        double *const macs = params + w->n;
        const struct ohm_score_input in = {w->y, w->mean, w->sd, params, macs, w->n, report->top_k};

        for (int i = 0; i < w->n; i++) {
            params[i] = t->params[w->row[i]];
            macs[i] = t->macs[w->row[i]];
        }
        report->score[k].target = t->rows->target[k];
        st = ohm_score_target(&report->score[k], &in, err);
    }
    ohm_free(params);
    return st;
}

/* ---- the folder ---- */

struct output {
    struct ohm_card card;
    struct ohm_folder_file *file; /* [files]; the card is the last */
    int files;
};

static bool add_file(struct output *out, struct ohm_card_file *entry, const struct ohm_str *json, const char *target,
                     const char *what)
{
    struct ohm_str name = {0};

    ohm_str_printf(&name, "%s.%s.json", target, what);
    entry->name = name.failed ? NULL : ohm_arena_strdup(&out->card.arena, name.text);
    ohm_str_release(&name);
    if (!entry->name)
        return false;
    entry->bytes = (int64_t)json->length;
    entry->hash = ohm_hash(json->text, json->length);
    out->file[out->files++] = (struct ohm_folder_file){entry->name, json->text, json->length};
    return true;
}

static bool fill_target(struct output *out, const struct ohm_trainer *t, int k)
{
    struct ohm_card_target *const to = &out->card.target[k];
    const struct ohm_target_work *const w = &t->target[k];
    char number[16];

    to->name = t->rows->target[k];
    to->model = ohm_arena_alloc(&out->card.arena, (size_t)t->members, sizeof *to->model);
    to->knots = w->knots;
    to->knot = ohm_arena_alloc(&out->card.arena, KNOTS_MAX, sizeof *to->knot);
    to->has_noise = true;
    to->noise_scale = w->noise_scale;
    to->noise_power = w->noise_power;
    if (!to->model || !to->knot)
        return false;
    memcpy(to->knot, w->knot, sizeof w->knot);
    to->models = t->members;
    for (int m = 0; m < t->members; m++) {
        (void)snprintf(number, sizeof number, "%d", m);
        if (!add_file(out, &to->model[m], &w->json[m], to->name.name, number))
            return false;
    }
    return add_file(out, &to->noise, &w->noise_json, to->name.name, "noise");
}

/* The last part of a path: "a/b/" gives "b". */
static const char *last_part(struct ohm_arena *arena, const char *path)
{
    size_t end = strlen(path), begin;
    char *part;

    while (end > 1 && path[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
        ;
    part = ohm_arena_alloc(arena, end - begin + 1, 1);
    if (part)
        memcpy(part, path + begin, end - begin);
    return part;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static bool fill_card(struct output *out, const struct ohm_trainer *t, const struct ohm_score_report *report)
{
    const struct ohm_train_spec *const spec = t->spec;
    struct ohm_card *const card = &out->card;

    card->name = spec->name ? spec->name : last_part(&card->arena, spec->folder);
    card->task = or_empty(spec->task);
    card->protocol = or_empty(spec->protocol);
    card->source = or_empty(spec->source);
    card->command = or_empty(spec->command);
    card->space = ohm_space_name(t->space);
    card->space_hash = ohm_space_hash(t->space);
    card->groups = ohm_features_groups(t->features);
    card->feature_hash = ohm_features_hash(t->features);
    card->has_physics = t->features->need_physics;
    if (card->has_physics)
        card->physics = t->features->physics;
    card->feature = ohm_arena_alloc(&card->arena, (size_t)t->width, sizeof *card->feature);
    card->rows = t->rows->count;
    card->passed_over = t->rows->passed_over;
    card->rows_hash = ohm_rows_hash(t->rows, t->space);
    card->options = spec->options;
    card->targets = t->rows->targets;
    if (!card->name || !card->feature)
        return false;
    for (card->features = 0; card->features < t->width; card->features++)
        card->feature[card->features] = ohm_features_name(t->features, card->features);
    for (int k = 0; k < card->targets; k++) {
        card->target[k].score = report->score[k];
        if (!fill_target(out, t, k))
            return false;
    }
    return true;
}

static enum ohm_status write_output(const struct ohm_trainer *t, const struct ohm_score_report *report,
                                    struct ohm_error *err)
{
    struct output out = {0};
    struct ohm_emit e = {.json = false};
    enum ohm_status st;

    out.file = ohm_alloc((size_t)t->rows->targets * (size_t)(t->members + 1) + 1, sizeof *out.file);
    if (out.file && fill_card(&out, t, report)) {
        ohm_card_print(&e, &out.card);
        out.file[out.files] = (struct ohm_folder_file){OHM_CARD_FILE, ohm_str_text(&e.out), e.out.length};
        st = e.out.failed ? no_memory(err) : ohm_folder_write(t->spec->folder, out.file, out.files + 1, err);
    } else {
        st = no_memory(err);
    }
    ohm_str_release(&e.out);
    ohm_card_release(&out.card);
    ohm_free(out.file);
    return st;
}

enum ohm_status ohm_surrogate_train(struct ohm_score_report *report, const struct ohm_train_spec *spec,
                                    const struct ohm_space *space, const struct ohm_rows *rows, struct ohm_error *err)
{
    struct ohm_trainer *const t = ohm_alloc(1, sizeof *t);
    enum ohm_status st;

    if (!t)
        return no_memory(err);
    if ((st = ohm_folder_check(spec->folder, err)) == OHM_OK &&
        (st = ohm_trainer_set_up(t, spec, space, rows, err)) == OHM_OK && (st = ohm_train_members(t, err)) == OHM_OK &&
        (st = ohm_train_noise(t, err)) == OHM_OK && (st = score(report, t, err)) == OHM_OK)
        st = write_output(t, report, err);
    ohm_trainer_release(t);
    ohm_free(t);
    return st;
}
