/* card.c - card.yaml. Reading and writing stand side by side, so that a key that one has the other has. */
#include "card.h"

#include "score_int.h"

#include "ohm/field.h"
#include "ohm/mem.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "quantile.h"

void ohm_hash_print(char text[17], uint64_t hash)
{
    (void)snprintf(text, 17, "%016llx", (unsigned long long)hash);
}

bool ohm_hash_parse(const char *text, uint64_t *hash)
{
    uint64_t value = 0;

    if (strlen(text) != 16)
        return false;
    for (int i = 0; i < 16; i++) {
        const char *const digits = "0123456789abcdef";
        const char *const at = strchr(digits, text[i]);

        if (!at)
            return false;
        value = value << 4 | (uint64_t)(at - digits);
    }
    *hash = value;
    return true;
}

/* ---- writing ---- */

static void print_hash(struct ohm_emit *e, const char *key, uint64_t hash)
{
    char text[17];

    ohm_hash_print(text, hash);
    ohm_emit_text(e, key, text);
}

static void print_file(struct ohm_emit *e, const struct ohm_card_file *file)
{
    ohm_emit_text(e, "file", file->name);
    ohm_emit_int(e, "bytes", file->bytes);
    print_hash(e, "hash", file->hash);
}

static void print_target(struct ohm_emit *e, const struct ohm_card_target *t)
{
    ohm_emit_map(e, NULL);
    ohm_emit_text(e, "name", t->name.name);
    ohm_emit_text(e, "unit", t->name.unit);
    ohm_emit_map(e, "scores");
    ohm_score_emit(e, &t->score);
    ohm_emit_end(e);
    ohm_emit_list(e, "models");
    for (int i = 0; i < t->models; i++) {
        ohm_emit_flow_map(e, NULL);
        print_file(e, &t->model[i]);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
    if (t->knots) {
        ohm_emit_flow_list(e, "knots");
        for (int i = 0; i < t->knots; i++)
            ohm_emit_double(e, NULL, t->knot[i]);
        ohm_emit_end(e);
    }
    if (t->has_noise) {
        ohm_emit_flow_map(e, "noise");
        print_file(e, &t->noise);
        ohm_emit_double(e, "scale", t->noise_scale);
        ohm_emit_double(e, "power", t->noise_power);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
}

static void print_options(struct ohm_emit *e, const struct ohm_surrogate_options *options)
{
    ohm_emit_map(e, "options");
    ohm_card_print_fields(e, ohm_surrogate_fields, options);
    ohm_emit_end(e);
}

void ohm_card_print(struct ohm_emit *e, const struct ohm_card *card)
{
    ohm_emit_map(e, NULL);
    ohm_emit_text(e, "format", OHM_CARD_FORMAT);
    ohm_emit_text(e, "name", card->name);
    ohm_emit_text(e, "task", card->task);
    ohm_emit_text(e, "protocol", card->protocol);
    ohm_emit_text(e, "source", card->source);
    ohm_emit_text(e, "command", card->command);
    ohm_emit_map(e, "space");
    ohm_emit_text(e, "name", card->space);
    print_hash(e, "hash", card->space_hash);
    ohm_emit_end(e);
    ohm_emit_map(e, "rows");
    ohm_emit_int(e, "count", card->rows);
    ohm_emit_int(e, "passed_over", card->passed_over);
    print_hash(e, "hash", card->rows_hash);
    ohm_emit_end(e);
    print_options(e, &card->options);
    ohm_emit_list(e, "targets");
    for (int i = 0; i < card->targets; i++)
        print_target(e, &card->target[i]);
    ohm_emit_end(e);
    ohm_emit_map(e, "features");
    ohm_emit_text(e, "groups", card->groups);
    print_hash(e, "hash", card->feature_hash);
    ohm_emit_list(e, "names");
    for (int i = 0; i < card->features; i++)
        ohm_emit_text(e, NULL, card->feature[i]);
    ohm_emit_end(e);
    ohm_emit_end(e);
    if (card->has_physics)
        ohm_card_print_physics(e, &card->physics);
    ohm_emit_end(e);
}

/* ---- reading ---- */

struct reader {
    struct ohm_card *card;
    struct ohm_diag *diag;
};

static void read_text(struct reader *r, struct ohm_node *map, const char *key, const char **out)
{
    const char *text;

    if (!ohm_node_text(ohm_map_need(map, key, r->diag), key, &text, r->diag))
        return;
    *out = ohm_arena_strdup(&r->card->arena, text);
    if (!*out)
        (void)ohm_diag_add(r->diag, OHM_ENOMEM, NULL, 0, 0, "out of memory for a card");
}

static void read_hash(struct reader *r, struct ohm_node *map, const char *key, uint64_t *out)
{
    const struct ohm_node *const node = ohm_map_need(map, key, r->diag);
    const char *text;

    if (ohm_node_text(node, key, &text, r->diag) && !ohm_hash_parse(text, out))
        (void)ohm_node_fail(node, r->diag, "%s is '%.40s', not 16 hexadecimal digits", key, text);
}

static void read_count(struct reader *r, struct ohm_node *map, const char *key, int64_t *out)
{
    long long value;

    if (ohm_node_int(ohm_map_need(map, key, r->diag), key, 0, INT64_MAX, &value, r->diag))
        *out = value;
}

static void read_file(struct reader *r, struct ohm_node *map, struct ohm_card_file *file)
{
    struct ohm_node *const name = ohm_map_get(map, "file");

    read_text(r, map, "file", &file->name);
    read_count(r, map, "bytes", &file->bytes);
    read_hash(r, map, "hash", &file->hash);
    if (file->name && (!*file->name || *file->name == '.' || strchr(file->name, '/')))
        (void)ohm_node_fail(name, r->diag, "file is '%.80s', not the name of a file in the folder", file->name);
}

static void read_models(struct reader *r, struct ohm_node *list, struct ohm_card_target *t)
{
    if (!list || !ohm_node_is_list(list, "models", r->diag))
        return;
    if (list->count < 1 || list->count > CARD_MODELS_MAX) {
        (void)ohm_node_fail(list, r->diag, "%d models, outside [1, %d]", list->count, CARD_MODELS_MAX);
        return;
    }
    t->model = ohm_arena_alloc(&r->card->arena, (size_t)list->count, sizeof *t->model);
    if (!t->model) {
        (void)ohm_diag_add(r->diag, OHM_ENOMEM, NULL, 0, 0, "out of memory for a card");
        return;
    }
    t->models = list->count;
    for (int i = 0; i < list->count; i++)
        if (ohm_node_is_map(list->item[i], "model", r->diag)) {
            read_file(r, list->item[i], &t->model[i]);
            ohm_map_finish(list->item[i], r->diag);
        }
}

static void read_knots(struct reader *r, struct ohm_node *list, struct ohm_card_target *t)
{
    if (!list || !ohm_node_is_list(list, "knots", r->diag))
        return;
    if (list->count < 2 || list->count > KNOTS_MAX) {
        (void)ohm_node_fail(list, r->diag, "%d knots, outside [2, %d]", list->count, KNOTS_MAX);
        return;
    }
    t->knot = ohm_arena_alloc(&r->card->arena, (size_t)list->count, sizeof *t->knot);
    if (!t->knot) {
        (void)ohm_diag_add(r->diag, OHM_ENOMEM, NULL, 0, 0, "out of memory for a card");
        return;
    }
    t->knots = list->count;
    for (int i = 0; i < list->count; i++) {
        /* Far from the largest double, so that no difference of two knots overflows. */
        (void)ohm_node_double(list->item[i], "knot", -1e100, 1e100, &t->knot[i], r->diag);
        if (i > 0 && t->knot[i] < t->knot[i - 1])
            (void)ohm_node_fail(list->item[i], r->diag, "knots do not rise");
    }
}

static void read_noise(struct reader *r, struct ohm_node *map, struct ohm_card_target *t)
{
    struct ohm_node *power;

    if (!map || !ohm_node_is_map(map, "noise", r->diag))
        return;
    t->has_noise = true;
    read_file(r, map, &t->noise);
    (void)ohm_node_double(ohm_map_need(map, "scale", r->diag), "scale", 0, 1e100, &t->noise_scale, r->diag);
    t->noise_power = 1; /* cards of before this key */
    if ((power = ohm_map_get(map, "power")) != NULL)
        (void)ohm_node_double(power, "power", 0, 1, &t->noise_power, r->diag);
    ohm_map_finish(map, r->diag);
}

/* A measure that was undefined is null. */
static void read_scores(struct reader *r, struct ohm_node *map, struct ohm_target_score *score)
{
    int64_t rows = 0;

    if (!map || !ohm_node_is_map(map, "scores", r->diag))
        return;
    read_count(r, map, "rows", &rows);
    score->rows = rows <= INT32_MAX ? (int)rows : INT32_MAX;
    for (const struct ohm_score_field *f = ohm_score_fields; f->key; f++) {
        double *const value = (double *)(void *)((char *)score + f->offset);
        const struct ohm_node *const node = ohm_map_need(map, f->key, r->diag);

        *value = NAN;
        if (node && node->kind != OHM_NODE_NULL)
            (void)ohm_node_double(node, f->key, -DBL_MAX, DBL_MAX, value, r->diag);
    }
    ohm_map_finish(map, r->diag);
}

static void read_target(struct reader *r, struct ohm_node *map, struct ohm_card_target *t)
{
    const struct ohm_card *const card = r->card;
    const char *name = NULL, *unit = NULL;

    read_text(r, map, "name", &name);
    read_text(r, map, "unit", &unit);
    if (!name || !*name || strlen(name) >= sizeof t->name.name || (unit && strlen(unit) >= sizeof t->name.unit))
        (void)ohm_node_fail(map, r->diag, "a target's name has 1 to %zu letters, its unit at most %zu",
                            sizeof t->name.name - 1, sizeof t->name.unit - 1);
    (void)snprintf(t->name.name, sizeof t->name.name, "%s", name ? name : "");
    (void)snprintf(t->name.unit, sizeof t->name.unit, "%s", unit ? unit : "");
    for (const struct ohm_card_target *other = card->target; other < t; other++)
        if (strcmp(other->name.name, t->name.name) == 0)
            (void)ohm_node_fail(map, r->diag, "target '%s' comes twice", t->name.name);
    t->score.target = t->name;
    read_scores(r, ohm_map_need(map, "scores", r->diag), &t->score);
    read_models(r, ohm_map_need(map, "models", r->diag), t);
    read_knots(r, ohm_map_get(map, "knots"), t);
    read_noise(r, ohm_map_get(map, "noise"), t);
    ohm_map_finish(map, r->diag);
}

static void read_targets(struct reader *r, struct ohm_node *list)
{
    if (!list || !ohm_node_is_list(list, "targets", r->diag))
        return;
    if (list->count < 1 || list->count > OHM_TARGETS_MAX) {
        (void)ohm_node_fail(list, r->diag, "%d targets, outside [1, %d]", list->count, OHM_TARGETS_MAX);
        return;
    }
    for (int i = 0; i < list->count; i++)
        if (ohm_node_is_map(list->item[i], "target", r->diag))
            read_target(r, list->item[i], &r->card->target[r->card->targets++]);
}

static void read_features(struct reader *r, struct ohm_node *map)
{
    struct ohm_card *const card = r->card;
    struct ohm_node *names;

    if (!map || !ohm_node_is_map(map, "features", r->diag))
        return;
    read_text(r, map, "groups", &card->groups);
    read_hash(r, map, "hash", &card->feature_hash);
    names = ohm_map_need(map, "names", r->diag);
    ohm_map_finish(map, r->diag);
    if (!names || !ohm_node_is_list(names, "names", r->diag))
        return;
    if (names->count < 1 || names->count > OHM_FEATURES_MAX) {
        (void)ohm_node_fail(names, r->diag, "%d features, outside [1, %d]", names->count, OHM_FEATURES_MAX);
        return;
    }
    card->feature = ohm_arena_alloc(&card->arena, (size_t)names->count, sizeof *card->feature);
    for (int i = 0; card->feature && i < names->count; i++) {
        const char *name = "";

        (void)ohm_node_text(names->item[i], "feature", &name, r->diag);
        if ((card->feature[i] = ohm_arena_strdup(&card->arena, name)) == NULL)
            break;
        card->features = i + 1;
    }
    if (card->features != names->count)
        (void)ohm_diag_add(r->diag, OHM_ENOMEM, NULL, 0, 0, "out of memory for a card");
}

static void read_space(struct reader *r, struct ohm_node *map)
{
    if (!map || !ohm_node_is_map(map, "space", r->diag))
        return;
    read_text(r, map, "name", &r->card->space);
    read_hash(r, map, "hash", &r->card->space_hash);
    ohm_map_finish(map, r->diag);
}

static void read_rows(struct reader *r, struct ohm_node *map)
{
    if (!map || !ohm_node_is_map(map, "rows", r->diag))
        return;
    read_count(r, map, "count", &r->card->rows);
    read_count(r, map, "passed_over", &r->card->passed_over);
    read_hash(r, map, "hash", &r->card->rows_hash);
    ohm_map_finish(map, r->diag);
}

static void read_options(struct reader *r, struct ohm_node *map)
{
    ohm_fields_default(ohm_surrogate_fields, &r->card->options);
    r->card->options.rank = 1; /* cards of before this key */
    if (!map || !ohm_node_is_map(map, "options", r->diag))
        return;
    ohm_fields_read(ohm_surrogate_fields, &r->card->options, map, r->diag);
    ohm_map_finish(map, r->diag);
}

void ohm_card_read(struct ohm_card *card, const struct ohm_doc *doc, struct ohm_diag *diag)
{
    struct reader r = {card, diag};
    struct ohm_node *const root = ohm_doc_root(doc), *format, *physics;
    const char *text;

    if (!ohm_node_is_map(root, "card", diag))
        return;
    format = ohm_map_need(root, "format", diag);
    if (ohm_node_text(format, "format", &text, diag) && strcmp(text, OHM_CARD_FORMAT) != 0) {
        (void)ohm_node_fail(format, diag, "format is '%.80s', legal is %s", text, OHM_CARD_FORMAT);
        return;
    }
    read_text(&r, root, "name", &card->name);
    read_text(&r, root, "task", &card->task);
    read_text(&r, root, "protocol", &card->protocol);
    read_text(&r, root, "source", &card->source);
    read_text(&r, root, "command", &card->command);
    read_space(&r, ohm_map_need(root, "space", diag));
    read_rows(&r, ohm_map_need(root, "rows", diag));
    read_options(&r, ohm_map_need(root, "options", diag));
    read_targets(&r, ohm_map_need(root, "targets", diag));
    read_features(&r, ohm_map_need(root, "features", diag));
    physics = ohm_map_get(root, "physics");
    card->has_physics = physics != NULL;
    if (physics)
        ohm_card_read_physics(&card->physics, physics, diag);
    ohm_map_finish(root, diag);
}

void ohm_card_release(struct ohm_card *card)
{
    ohm_arena_release(&card->arena);
    *card = (struct ohm_card){0};
}
