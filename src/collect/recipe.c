/* recipe.c - how networks are collected, read from YAML; every problem of the file is told in one pass. */
#include "collect_int.h"

#include "ohm/expr.h"
#include "ohm/file.h"
#include "ohm/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const of_names[] = {"trainval", "all", NULL};

static const struct ohm_field use_fields[] = {
    OHM_TEXT(ohm_collect_names, collect, "", "name of the recipe"),
    OHM_TEXT(ohm_collect_names, task, "", "what is to be learned"),
    OHM_TEXT(ohm_collect_names, space, "", "where networks are drawn from"),
    OHM_TEXT(ohm_collect_names, chip, "", "what latency and energy are of, and the size of tiles"),
    OHM_TEXT(ohm_collect_names, device, "pcm", "memory device"),
    OHM_INT(ohm_collect_names, seed, 1, 0, 9e15, "of the draw; of weights and hardware: seed + repeat"),
    OHM_INT(ohm_collect_names, networks, 100, 1, 100000, "networks drawn"),
    OHM_FIELDS_END,
};
static const struct ohm_field repeats_fields[] = {
    OHM_INT(ohm_collect_repeats, networks, 0, 0, 100000, "so many, the first ones, are measured with several seeds"),
    OHM_INT(ohm_collect_repeats, seeds, 1, 1, 100, "with so many"),
    OHM_FIELDS_END,
};
const struct ohm_field collect_draw_fields[] = {
    OHM_TEXT(ohm_collect_draw, where, "", "only networks for which this holds"),
    OHM_INT(ohm_collect_draw, tries, 100000, 1, 1e9, "draws for one network before giving up"),
    OHM_FIELDS_END,
};
static const struct ohm_field search_fields[] = {
    OHM_TEXT(ohm_collect_search, where, "", "bounds of a search on these rows; those of the draw when not given"),
    OHM_FIELDS_END,
};
const struct ohm_field collect_sample_fields[] = {
    OHM_CHOICE(ohm_collect_samples, train, OHM_TRAIN, ohm_split_names, "split to train on, without folds"),
    OHM_CHOICE(ohm_collect_samples, judge, OHM_VAL, ohm_split_names, "split to judge on, without folds"),
    OHM_INT(ohm_collect_samples, folds, 0, 0, 100, "cross-validation; 0: none"),
    OHM_CHOICE(ohm_collect_samples, of, OHM_COLLECT_OF_TRAINVAL, of_names, "what is divided into folds"),
    OHM_INT(ohm_collect_samples, count, 0, 0, 1e9, "training samples used; 0: all"),
    OHM_INT(ohm_collect_samples, curve, 500, 0, 1e9, "samples judged after each epoch; 0: none"),
    OHM_FIELDS_END,
};
const struct ohm_field collect_teach_fields[] = {
    OHM_REAL(ohm_collect_teach, distill, 0, 0, 1, "share of the labels that the digital network gives"),
    OHM_REAL(ohm_collect_teach, temperature, 1, 0.01, 100, "of these labels"),
    OHM_INT(ohm_collect_teach, reestimate, 0, 0, 100000, "batches that batch norms' statistics are taken from anew"),
    OHM_FIELDS_END,
};
const struct ohm_field collect_validate_fields[] = {
    OHM_INT(ohm_collect_validate, draws, 3, 1, 10000, "programmings of the hardware"),
    OHM_INT(ohm_collect_validate, samples, 0, 0, 1e9, "judged in each, spread evenly; 0: all"),
    OHM_INT(ohm_collect_validate, calibrate, 500, 1, 1e9, "for input ranges that training has not set"),
    OHM_INT(ohm_collect_validate, bn_samples, 0, 0, 1e9, "batch norms' statistics anew from so many; 0: as trained"),
    OHM_INT(ohm_collect_validate, batch, 100, 1, 65536, "samples at a time"),
    OHM_FIELDS_END,
};
const struct ohm_field collect_halving_fields[] = {
    OHM_INT(ohm_collect_halving, pilots, 40, 2, 100000, "networks, the first ones, that are never stopped"),
    OHM_REAL(ohm_collect_halving, share, 0.25, 0.01, 0.99, "of the pilots below which a network is stopped"),
    OHM_FIELDS_END,
};

void ohm_collect_recipe_release(struct ohm_collect_recipe *r)
{
    ohm_free(r->source);
    *r = (struct ohm_collect_recipe){0};
}

static void set_defaults(struct ohm_collect_recipe *r)
{
    *r = (struct ohm_collect_recipe){0};
    ohm_fields_default(use_fields, &r->use);
    ohm_fields_default(repeats_fields, &r->repeats);
    ohm_fields_default(collect_draw_fields, &r->draw);
    ohm_fields_default(search_fields, &r->search);
    ohm_fields_default(collect_sample_fields, &r->samples);
    ohm_fields_default(ohm_recipe_fields, &r->digital);
    ohm_fields_default(ohm_recipe_fields, &r->analog);
    ohm_fields_default(collect_teach_fields, &r->teach);
    ohm_fields_default(ohm_analog_fields, &r->hardware);
    ohm_fields_default(collect_validate_fields, &r->validate);
    ohm_fields_default(ohm_tile_fields, &r->tile);
    ohm_fields_default(ohm_chip_use_fields, &r->chip_use);
    ohm_fields_default(collect_halving_fields, &r->halving);
    r->hardware.on = true;
    r->tile.rows = r->tile.columns = 0;
    r->tile.read_mode = OHM_TILE_FOUR_PHASE; /* as accuracies of chips are published */
    r->times = 0;
}

/* A map of plain fields at `key`; NULL where the file has none. Other keys are left for the caller to ask for. */
static struct ohm_node *read_map(struct ohm_node *root, const char *key, const struct ohm_field *fields, void *object,
                                 struct ohm_diag *diag)
{
    struct ohm_node *const map = ohm_map_get(root, key);

    if (!map || !ohm_node_is_map(map, key, diag))
        return NULL;
    ohm_fields_read(fields, object, map, diag);
    return map;
}

static void read_strata(struct ohm_collect_recipe *r, struct ohm_node *draw, struct ohm_diag *diag)
{
    const struct ohm_node *const list = ohm_map_get(draw, "strata");

    if (!list || !ohm_node_is_list(list, "strata", diag))
        return;
    if (list->count < 2 || list->count > OHM_COLLECT_STRATA_MAX + 1) {
        ohm_node_fail(list, diag, "strata has %d edges, outside [2, %d]", list->count, OHM_COLLECT_STRATA_MAX + 1);
        return;
    }
    for (int i = 0; i < list->count; i++)
        if (!ohm_node_double(list->item[i], "an edge of strata", 0, 1e15, &r->edge[i], diag))
            return;
    for (int i = 1; i < list->count; i++)
        if (r->edge[i] <= r->edge[i - 1])
            ohm_node_fail(list->item[i], diag, "edges of strata must rise");
    r->edges = list->count;
}

/* Times become parts of names of columns. */
static bool read_time(struct ohm_collect_recipe *r, const struct ohm_node *node, struct ohm_diag *diag)
{
    const char *text;
    double *const t_s = &r->t_s[r->times];

    if (!ohm_node_text(node, "a time", &text, diag))
        return false;
    if (strlen(text) >= sizeof r->time_name[0] || !ohm_parse_time(text, t_s)) {
        ohm_node_fail(node, diag, "'%.40s' is no time: a number and one of ns, us, ms, s, min, h, d, y", text);
        return false;
    }
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p)) {
            ohm_node_fail(node, diag, "'%.40s' is to be part of a column's name: whole numbers only", text);
            return false;
        }
    for (int i = 0; i < r->times; i++)
        if (r->t_s[i] == *t_s) {
            ohm_node_fail(node, diag, "the time '%.40s' is there twice", text);
            return false;
        }
    (void)snprintf(r->time_name[r->times++], sizeof r->time_name[0], "%s", *t_s > 0 ? text : "fresh");
    return true;
}

static void read_times(struct ohm_collect_recipe *r, struct ohm_node *validate, struct ohm_diag *diag)
{
    const struct ohm_node *const list = validate ? ohm_map_need(validate, "times", diag) : NULL;

    if (!list || !ohm_node_is_list(list, "times", diag))
        return;
    if (list->count < 1 || list->count > OHM_COLLECT_TIMES_MAX) {
        ohm_node_fail(list, diag, "there are %d times, outside [1, %d]", list->count, OHM_COLLECT_TIMES_MAX);
        return;
    }
    for (int i = 0; i < list->count; i++)
        if (!read_time(r, list->item[i], diag))
            return;
}

static void read_validate(struct ohm_collect_recipe *r, struct ohm_node *root, struct ohm_diag *diag)
{
    struct ohm_node *const map = ohm_map_need(root, "validate", diag);
    struct ohm_node *tile;

    if (!map || !read_map(root, "validate", collect_validate_fields, &r->validate, diag))
        return;
    read_times(r, map, diag);
    if ((tile = read_map(map, "tile", ohm_tile_fields, &r->tile, diag)) != NULL)
        ohm_map_finish(tile, diag);
    ohm_map_finish(map, diag);
}

static void read_stages(struct ohm_collect_recipe *r, struct ohm_node *root, struct ohm_diag *diag)
{
    struct ohm_node *const digital = read_map(root, "digital", ohm_recipe_fields, &r->digital, diag);
    struct ohm_node *const analog = ohm_map_need(root, "analog", diag);
    struct ohm_node *hardware;

    if (digital)
        ohm_map_finish(digital, diag);
    r->digital_stage = digital != NULL;
    if (!analog || !read_map(root, "analog", ohm_recipe_fields, &r->analog, diag))
        return;
    ohm_fields_read(collect_teach_fields, &r->teach, analog, diag);
    if ((hardware = read_map(analog, "hardware", ohm_analog_fields, &r->hardware, diag)) != NULL)
        ohm_map_finish(hardware, diag);
    ohm_map_finish(analog, diag);
    if (!r->hardware.on)
        ohm_node_fail(analog, diag, "hardware.on is false: then what is measured is not hardware-aware");
    if (r->teach.distill > 0 && !digital)
        ohm_node_fail(analog, diag, "distill wants a stage 'digital' to learn from");
}

static void read_halving(struct ohm_collect_recipe *r, struct ohm_node *root, struct ohm_diag *diag)
{
    const int64_t epochs = r->digital_stage ? r->digital.epochs : r->analog.epochs;
    struct ohm_node *const map = read_map(root, "halving", collect_halving_fields, &r->halving, diag);
    const struct ohm_node *const list = map ? ohm_map_need(map, "epochs", diag) : NULL;

    if (!map || !list || !ohm_node_is_list(list, "epochs", diag))
        return;
    if (list->count < 1 || list->count > OHM_COLLECT_RUNGS_MAX) {
        ohm_node_fail(list, diag, "there are %d epochs, outside [1, %d]", list->count, OHM_COLLECT_RUNGS_MAX);
        return;
    }
    for (int i = 0; i < list->count; i++) {
        long long epoch = 0;

        if (!ohm_node_int(list->item[i], "an epoch", i ? r->rung[i - 1] + 1 : 1, epochs, &epoch, diag))
            return;
        r->rung[i] = (int)epoch;
    }
    r->rungs = list->count;
    if (r->samples.curve == 0)
        ohm_node_fail(map, diag, "nothing is judged after an epoch (samples: {curve: 0}), so nothing can be stopped");
    if (r->halving.pilots > r->use.networks)
        ohm_node_fail(map, diag, "there are %lld pilots of %lld networks", (long long)r->halving.pilots,
                      (long long)r->use.networks);
    ohm_map_finish(map, diag);
}

static void check_where(const char *where, struct ohm_node *map, struct ohm_diag *diag)
{
    struct ohm_expr *e = NULL;
    struct ohm_error err = {0};

    if (where[0] && ohm_expr_parse(&e, where, &err) != OHM_OK)
        ohm_node_fail(ohm_map_get(map, "where"), diag, "%s (column %d of the expression)", err.text, err.column);
    ohm_expr_free(e);
}

static void check_sizes(const struct ohm_collect_recipe *r, struct ohm_node *root, struct ohm_diag *diag)
{
    const int64_t epochs = r->digital_stage ? r->digital.epochs : r->analog.epochs;

    if (epochs > OHM_COLLECT_CURVE_MAX)
        ohm_node_fail(root, diag, "the first stage has %lld epochs, more than %d", (long long)epochs,
                      OHM_COLLECT_CURVE_MAX);
    if (r->samples.folds == 1)
        ohm_node_fail(ohm_map_get(root, "samples"), diag, "folds is 1; it is 0 (none) or at least 2");
    if (r->repeats.networks > r->use.networks)
        ohm_node_fail(ohm_map_get(root, "repeats"), diag, "repeats has %lld networks, and there are %lld",
                      (long long)r->repeats.networks, (long long)r->use.networks);
}

static void read_all(struct ohm_collect_recipe *r, struct ohm_node *root, struct ohm_diag *diag)
{
    static const char *const needed[] = {"collect", "task", "space", "chip"};
    struct ohm_node *map;

    ohm_fields_read(use_fields, &r->use, root, diag);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        (void)ohm_map_need(root, needed[i], diag);
    if ((map = read_map(root, "repeats", repeats_fields, &r->repeats, diag)) != NULL)
        ohm_map_finish(map, diag);
    if ((map = read_map(root, "draw", collect_draw_fields, &r->draw, diag)) != NULL) {
        read_strata(r, map, diag);
        check_where(r->draw.where, map, diag);
        ohm_map_finish(map, diag);
    }
    if ((map = read_map(root, "search", search_fields, &r->search, diag)) != NULL) {
        check_where(r->search.where, map, diag);
        ohm_map_finish(map, diag);
    }
    if ((map = read_map(root, "samples", collect_sample_fields, &r->samples, diag)) != NULL)
        ohm_map_finish(map, diag);
    if ((map = read_map(root, "chip_use", ohm_chip_use_fields, &r->chip_use, diag)) != NULL)
        ohm_map_finish(map, diag);
    read_stages(r, root, diag);
    read_validate(r, root, diag);
    read_halving(r, root, diag);
    check_sizes(r, root, diag);
    ohm_map_finish(root, diag);
}

enum ohm_status ohm_collect_recipe_parse(struct ohm_collect_recipe *recipe, const char *bytes, size_t length,
                                         const char *path, struct ohm_diag *diag)
{
    struct ohm_collect_recipe *const made = ohm_alloc(1, sizeof *made);
    struct ohm_diag own = {0};
    struct ohm_doc *doc = NULL;
    enum ohm_status st;

    if (!made)
        return ohm_diag_add(diag, OHM_ENOMEM, path, 0, 0, "no memory for a recipe");
    set_defaults(made);
    if (ohm_doc_parse(&doc, bytes, length, path, &own) == OHM_OK &&
        ohm_node_is_map(ohm_doc_root(doc), "a recipe", &own))
        read_all(made, ohm_doc_root(doc), &own);
    if (own.count == 0 && (made->source = ohm_alloc(length + 1, 1)) != NULL)
        memcpy(made->source, bytes, length);
    else if (own.count == 0)
        ohm_diag_add(&own, OHM_ENOMEM, path, 0, 0, "no memory for a recipe");
    if ((st = ohm_diag_status(&own, NULL)) == OHM_OK) {
        *recipe = *made;
        made->source = NULL;
    }
    for (int i = 0; own.item && i < own.count && i < OHM_DIAG_MAX; i++)
        ohm_diag_take(diag, &own.item[i]);
    ohm_diag_release(&own);
    ohm_doc_free(doc);
    ohm_collect_recipe_release(made);
    ohm_free(made);
    return st;
}

enum ohm_status ohm_collect_recipe_load(struct ohm_collect_recipe *recipe, const char *path, struct ohm_diag *diag)
{
    struct ohm_error err = {0};
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st = ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, &err);

    if (st != OHM_OK)
        return ohm_diag_take(diag, &err);
    st = ohm_collect_recipe_parse(recipe, bytes, length, path, diag);
    ohm_free(bytes);
    return st;
}
