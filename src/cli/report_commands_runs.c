/* report_commands_runs.c - the command lines of trainings and validations. What is as the program, the task or the chip
 * has it by itself is left out of them. */
#include "device_cli.h"
#include "report_words.h"
#include "validate_run.h"

#include "ohm/analog.h"
#include "ohm/device.h"
#include "ohm/json.h"
#include "ohm/task.h"
#include "ohm/train.h"
#include "ohm/training.h"

#include <stdio.h>
#include <string.h>

/* ---- trainings ---- */

/* Of "key=value key=value" those that differ from the object. */
static void put_different(struct ohm_str *s, const char *prefix, const char *words, const struct ohm_field *fields,
                          const void *object)
{
    while (*words) {
        const size_t n = strcspn(words, " "), k = strcspn(words, "=");
        char key[64], value[OHM_FIELD_TEXT_SIZE];
        const struct ohm_field *field;
        struct ohm_str usual = {0};

        if (k < n && k < sizeof key && n - k - 1 < sizeof value) {
            snprintf(key, sizeof key, "%.*s", (int)k, words);
            snprintf(value, sizeof value, "%.*s", (int)(n - k - 1), words + k + 1);
            if ((field = ohm_field_find(fields, key)) != NULL)
                ohm_field_print(&usual, field, object);
            if (strcmp(ohm_str_text(&usual), value) != 0)
                ohm_words_set(s, prefix, key, value);
        }
        ohm_str_release(&usual);
        words += n + strspn(words + n, " ");
    }
}

/* The count after "key=" in "key=value key=value"; 0: there is none. */
static int64_t count_of(const char *words, const char *key)
{
    const char *const at = strstr(words, key);
    char digits[24];
    int64_t value = 0;

    if (at)
        snprintf(digits, sizeof digits, "%.*s", (int)strspn(at + strlen(key), "0123456789"), at + strlen(key));
    return at && ohm_parse_int64(digits, &value) ? value : 0;
}

/* What stands after " KEY=", up to " NEXT=" (NULL: none) or the end; it may hold blanks. Moves *options to where it
 * ended. */
static void put_text(struct ohm_str *s, const char **options, const char *key, const char *next)
{
    char mark[32];
    const char *at, *end;
    struct ohm_str value = {0};

    snprintf(mark, sizeof mark, " %s=", key);
    if ((at = strstr(*options, mark)) == NULL)
        return;
    at += strlen(mark);
    snprintf(mark, sizeof mark, " %s=", next ? next : "");
    end = next ? strstr(at, mark) : NULL;
    *options = end ? end : at + strlen(at);
    ohm_str_printf(&value, "%.*s", (int)(*options - at), at);
    ohm_words_option(s, key, ohm_str_text(&value));
    ohm_str_release(&value);
}

/* "distill=70 best=false reestimate=0 teacher=NET teacher-weights=FILE from=FILE" */
static void put_options(struct ohm_str *s, const char *options)
{
    const char *rest = options;

    put_text(s, &rest, "teacher", "teacher-weights");
    put_text(s, &rest, "teacher-weights", "from");
    put_text(s, &rest, "from", NULL);
    if (count_of(options, "distill=") > 0)
        ohm_words_count(s, "distill", count_of(options, "distill="));
    if (count_of(options, "reestimate=") > 0)
        ohm_words_count(s, "reestimate", count_of(options, "reestimate="));
    if (strstr(options, "best=true"))
        ohm_str_append(s, " --best");
}

static void put_folds(struct ohm_str *s, int64_t folds, int64_t fold)
{
    if (folds > 0) {
        ohm_words_count(s, "folds", folds);
        ohm_words_count(s, "fold", fold);
    }
}

struct trainings {
    struct ohm_report *r;
    const struct ohm_recipe *recipe; /* of the task */
    struct ohm_analog analog;        /* as --analog has it */
};

static enum ohm_status put_training(const struct trainings *t, struct ohm_str *s, const struct ohm_training_row *row,
                                    struct ohm_error *err)
{
    static const char *const column[] = {"recipe", "analog", "options", "weights"};
    struct ohm_str text[4] = {{0}};
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < 4 && st == OHM_OK; i++)
        st = ohm_store_training_text(t->r->store, row->id, column[i], &text[i], err);
    ohm_str_append(s, "ohmnas train ");
    ohm_words_net(s, row->network);
    ohm_words_option(s, "task", row->task);
    ohm_str_append(s, " --data DATA");
    if (strcmp(row->split, "train") != 0)
        ohm_words_option(s, "train-split", row->split);
    put_folds(s, row->folds, row->fold);
    put_options(s, ohm_str_text(&text[2]));
    put_different(s, "", ohm_str_text(&text[0]), ohm_recipe_fields, t->recipe);
    if (row->analog) {
        ohm_str_append(s, " --analog");
        put_different(s, "analog.", ohm_str_text(&text[1]), ohm_analog_fields, &t->analog);
    }
    ohm_words_count(s, "seed", row->seed);
    ohm_words_option(s, "output", ohm_str_text(&text[3]));
    ohm_words_db(s, t->r);
    for (int i = 0; i < 4; i++)
        ohm_str_release(&text[i]);
    return st;
}

static enum ohm_status list_training(void *context, const struct ohm_training_row *row, struct ohm_error *err)
{
    struct trainings *const t = context;
    struct ohm_str s = {0};
    bool shown = false;
    enum ohm_status st;

    for (int i = 0; i < t->r->runs; i++)
        shown = shown || strcmp(t->r->run[i].row.network_hash, row->network_hash) == 0;
    if (!shown || strcmp(row->state, "done") != 0)
        return OHM_OK;
    if ((st = put_training(t, &s, row, err)) == OHM_OK)
        return ohm_words_keep(t->r, &s, err);
    ohm_str_release(&s);
    return st;
}

static enum ohm_status list_trainings(struct ohm_report *r, const struct ohm_task_spec *task, struct ohm_error *err)
{
    struct trainings t = {.r = r, .recipe = &task->recipe};

    ohm_fields_default(ohm_analog_fields, &t.analog);
    t.analog.on = true;
    return ohm_store_each_training(r->store, list_training, &t, err);
}

/* ---- validations ---- */

/* --compensation has names of its own for what tiles call otherwise. */
static void put_compensation(struct ohm_str *s, const struct ohm_field *field, const char *value)
{
    for (int i = 0; field->names[i] && ohm_compensation_kinds[i]; i++)
        if (strcmp(field->names[i], value) == 0)
            ohm_words_option(s, "compensation", ohm_compensation_kinds[i]);
}

/* The scalars of a map that differ from the object. */
static void put_map(struct ohm_str *s, const char *prefix, struct ohm_node *map, const struct ohm_field *fields,
                    const void *object)
{
    for (int i = 0; map && map->kind == OHM_NODE_MAP && i < map->count; i++) {
        const struct ohm_field *const field = ohm_field_find(fields, map->key[i]->text);
        struct ohm_str usual = {0};
        bool differs;

        if (!field || map->item[i]->kind != OHM_NODE_SCALAR)
            continue;
        ohm_field_print(&usual, field, object);
        differs = strcmp(ohm_str_text(&usual), map->item[i]->text) != 0;
        if (differs && strcmp(field->key, "compensation") == 0)
            put_compensation(s, field, map->item[i]->text);
        else if (differs)
            ohm_words_set(s, prefix, field->key, map->item[i]->text);
        s->failed |= usual.failed;
        ohm_str_release(&usual);
    }
}

static void put_other(struct ohm_str *s, struct ohm_node *root, const char *key, const char *option, const char *usual)
{
    const struct ohm_node *const node = ohm_map_get(root, key);

    if (node && node->kind == OHM_NODE_SCALAR && strcmp(node->text, usual) != 0)
        ohm_words_option(s, option, node->text);
}

static enum ohm_status usual_tile(struct ohm_report *r, struct ohm_tile_config *tile, const char *chip_name)
{
    struct ohm_chip *chip = NULL;
    enum ohm_status st = OHM_OK;

    ohm_fields_default(ohm_tile_fields, tile);
    for (int i = 0; ohm_compensation_kinds[i]; i++) /* the default of --compensation */
        if (strcmp(ohm_compensation_kinds[i], "unbiased") == 0)
            tile->compensation = i;
    if (*chip_name && (st = ohm_cli_chip(r->cli, chip_name, &chip)) == OHM_OK) {
        ohm_chip_tile(chip, &tile->rows, &tile->columns);
        tile->read_mode = OHM_TILE_FOUR_PHASE;
    }
    ohm_chip_free(chip);
    return st;
}

static enum ohm_status put_settings(struct ohm_report *r, struct ohm_str *s, const struct ohm_report_run *run,
                                    struct ohm_error *err)
{
    struct ohm_tile_config tile;
    struct ohm_device *device = NULL;
    struct ohm_doc *doc = NULL;
    struct ohm_str text = {0};
    enum ohm_status st;

    if ((st = usual_tile(r, &tile, run->row.chip)) == OHM_OK &&
        (st = ohm_store_validation_text(r->store, run->row.id, "settings", &text, err)) == OHM_OK &&
        (st = ohm_cli_device(r->cli, run->row.device, &device)) == OHM_OK &&
        (st = ohm_json_parse(&doc, ohm_str_text(&text), text.length, "settings of a validation", &r->cli->diag)) ==
            OHM_OK) {
        struct ohm_node *const root = ohm_doc_root(doc);

        put_map(s, "tile.", ohm_map_get(root, "tile"), ohm_tile_fields, &tile);
        put_map(s, "device.", ohm_map_get(root, "device_scale"), ohm_device_fields, device);
        put_other(s, root, "ranges", "ranges", "trained");
        put_other(s, root, "calibrate", "calibrate", "500");
        put_other(s, root, "bn_samples", "bn-samples", "0");
    }
    ohm_doc_free(doc);
    ohm_device_free(device);
    ohm_str_release(&text);
    return st;
}

static void put_times(struct ohm_str *s, const struct ohm_report_run *run)
{
    struct ohm_str times = {0};

    for (int i = 0; i < run->times.count; i++)
        ohm_str_printf(&times, "%s%s", i ? "," : "", run->times.item[i]);
    ohm_words_option(s, "times", ohm_str_text(&times));
    s->failed |= times.failed;
    ohm_str_release(&times);
}

static enum ohm_status list_run(struct ohm_report *r, const struct ohm_report_run *run, struct ohm_error *err)
{
    const struct ohm_validation_row *const row = &run->row;
    struct ohm_str s = {0};
    enum ohm_status st;

    ohm_str_append(&s, "ohmnas validate ");
    ohm_words_net(&s, row->network);
    ohm_words_option(&s, "weights", run->weights);
    ohm_words_option(&s, "task", row->task);
    ohm_str_append(&s, " --data DATA");
    if (strcmp(row->split, "test") != 0)
        ohm_words_option(&s, "on", row->split);
    put_folds(&s, row->folds, row->fold);
    if (row->chip[0])
        ohm_words_option(&s, "chip", row->chip);
    ohm_words_option(&s, "device", row->device);
    put_times(&s, run);
    ohm_words_count(&s, "draws", row->draws);
    if (row->reads != 1)
        ohm_words_count(&s, "reads", row->reads);
    ohm_words_count(&s, "samples", row->samples);
    if (row->width > 0)
        ohm_str_printf(&s, " --width %g", row->width);
    ohm_words_count(&s, "seed", row->seed);
    st = put_settings(r, &s, run, err);
    ohm_words_db(&s, r);
    if (st == OHM_OK)
        return ohm_words_keep(r, &s, err);
    ohm_str_release(&s);
    return st;
}

/* ---- both ---- */

enum ohm_status ohm_report_list_runs(struct ohm_report *r, struct ohm_error *err)
{
    struct ohm_task_spec *task = NULL;
    enum ohm_status st = OHM_OK;

    if (r->runs > 0 && (st = ohm_cli_task(r->cli, r->run[0].row.task, &task)) == OHM_OK)
        st = list_trainings(r, task, err);
    for (int i = 0; i < r->runs && st == OHM_OK; i++)
        st = list_run(r, &r->run[i], err);
    ohm_task_spec_free(task);
    return st;
}
