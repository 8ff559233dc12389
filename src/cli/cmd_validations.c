/* cmd_validations.c - the validations of a run log, and one of them with its table of times. */
#include "cli_int.h"
#include "validate_log.h"
#include "validate_out.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool ohm_is_validation_id(const char *text)
{
    return strncmp(text, "v:", 2) == 0 && text[2] != '\0' && strspn(text + 2, "0123456789") == strlen(text + 2);
}

/* What both commands show: who, of what, on which hardware. */
static void out_head(struct ohm_out *o, const struct ohm_validation_row *row)
{
    char id[32];

    snprintf(id, sizeof id, "v:%lld", (long long)row->id);
    ohm_out_text(o, "validation", id);
    ohm_out_text(o, "state", row->state);
    ohm_out_text(o, "network", row->network);
    ohm_out_text(o, "task", row->task);
    ohm_out_text(o, "on", row->split);
    ohm_out_text(o, "device", row->device);
    ohm_out_text(o, "chip", row->chip[0] ? row->chip : NULL);
}

/* ---- ls validations ---- */

struct ls_validations {
    struct ohm_db_options db;
    struct ohm_format format;
};

static const struct ohm_option options[] = {OHM_OPT_DB(ls_validations), OHM_OPT_FORMAT(ls_validations), OHM_OPT_END};

static enum ohm_status list_validation(void *context, const struct ohm_validation_row *row, struct ohm_error *err)
{
    struct ohm_out *o = context;

    (void)err;
    ohm_out_row(o);
    out_head(o, row);
    ohm_out_int(o, "draws", row->done);
    ohm_out_int(o, "planned", row->draws);
    ohm_out_int(o, "samples", row->samples);
    ohm_out_double(o, "digital", row->total.digital);
    ohm_out_text(o, "last_time", row->last_time);
    ohm_out_double(o, "last_top1", row->last_top1);
    ohm_out_int(o, "seed", row->seed);
    ohm_out_double(o, "time_s", row->time_s);
    if (!ohm_out_for_people(o)) {
        ohm_out_int(o, "reads", row->reads);
        ohm_out_double(o, "width", row->width > 0 ? row->width : NAN);
        ohm_out_double(o, "avm", row->total.avm);
        ohm_out_text(o, "network_hash", row->network_hash);
        ohm_out_text(o, "data_hash", row->data_hash);
        ohm_out_text(o, "weights_hash", row->weights_hash);
    }
    ohm_out_text(o, "created", row->created);
    ohm_out_row_end(o);
    return OHM_OK;
}

static enum ohm_status list_all(struct ohm_store *store, struct ohm_out *out, struct ohm_error *err)
{
    return ohm_store_each_validation(store, list_validation, out, err);
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct ls_validations *opt = object;

    (void)cli;
    (void)args;
    return ohm_cli_list(&opt->db, &opt->format, "ohmnas.validations/1", "validations", list_all, err);
}

static const char *const examples[] = {
    "ohmnas ls validations",
    "ohmnas sql \"SELECT validation, time, top1, dw FROM validation_times ORDER BY validation, t_s\"", NULL};

const struct ohm_command ohm_cmd_ls_validations = {
    .name = "ls validations",
    .operands = "",
    .summary = "list the validations of the run log",
    .details = "last_top1 is the mean over draws at the latest of the times, in percent. A validation whose process is "
               "gone without a word is 'interrupted': the same command goes on with its draws.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct ls_validations),
    .run = run,
};

/* ---- show v:ID ---- */

static void out_origin(struct ohm_out *o, const struct ohm_validation_row *row)
{
    char training[32];

    snprintf(training, sizeof training, "t:%lld", (long long)row->training);
    if (row->study >= 0) {
        ohm_out_int(o, "study", row->study);
        ohm_out_int(o, "trial", row->trial);
    }
    ohm_out_text(o, "training", row->training >= 0 ? training : NULL);
    if (row->folds > 0) {
        ohm_out_int(o, "folds", row->folds);
        ohm_out_int(o, "fold", row->fold);
    }
    ohm_out_int(o, "planned", row->draws);
    ohm_out_double(o, "width", row->width > 0 ? row->width : NAN);
    ohm_out_int(o, "seed", row->seed);
    ohm_out_double(o, "time_s", row->time_s);
    ohm_out_text(o, "program", row->program);
    ohm_out_text(o, "created", row->created);
    ohm_out_text(o, "changed", row->changed);
    if (!ohm_out_for_people(o)) {
        ohm_out_text(o, "network_hash", row->network_hash);
        ohm_out_text(o, "data_hash", row->data_hash);
        ohm_out_text(o, "weights_hash", row->weights_hash);
    }
}

static enum ohm_status out_texts(struct ohm_out *o, struct ohm_store *store, int64_t id, struct ohm_error *err)
{
    static const char *const texts[] = {"reason", "weights", "data", "settings", "network_text"};
    const size_t shown = sizeof texts / sizeof *texts - (ohm_out_for_people(o) ? 1 : 0);
    enum ohm_status st = OHM_OK;

    for (size_t i = 0; i < shown && st == OHM_OK; i++) {
        struct ohm_str text = {0};

        st = ohm_store_validation_text(store, id, texts[i], &text, err);
        if (text.length > 0)
            ohm_out_str(o, texts[i], &text);
        else
            ohm_out_text(o, texts[i], NULL);
        ohm_str_release(&text);
    }
    return st;
}

static enum ohm_status out_all(struct ohm_cli *cli, struct ohm_out *o, struct ohm_store *store,
                               const struct ohm_validation_row *row, bool reads, struct ohm_error *err)
{
    struct ohm_validate_result result;
    struct ohm_words times;
    enum ohm_status st = ohm_validate_log_result(cli, &result, &times, store, row, err);

    if (st != OHM_OK)
        return st;
    out_head(o, row);
    ohm_out_validation(o, &result);
    out_origin(o, row);
    if ((st = out_texts(o, store, row->id, err)) == OHM_OK)
        ohm_out_validation_times(o, &result, &times, reads);
    ohm_validate_result_release(&result);
    return st;
}

enum ohm_status ohm_cli_show_validation(struct ohm_cli *cli, const struct ohm_format *format, const char *db,
                                        const char *name, struct ohm_error *err)
{
    struct ohm_validation_row row;
    struct ohm_store *store = NULL;
    struct ohm_out out;
    enum ohm_status st = ohm_store_open(&store, db, OHM_STORE_READ, err);

    if (st == OHM_OK && (st = ohm_store_find_validation(store, name, &row, err)) == OHM_OK) {
        ohm_out_begin(&out, format, "ohmnas.validation/1");
        st = out_all(cli, &out, store, &row, format->json, err);
        st = st == OHM_OK ? ohm_out_end(&out, err) : (ohm_out_drop(&out), st);
    }
    ohm_store_close(store);
    return st;
}
