/* cmd_trainings.c - the trainings of a run log, and one of them with its learning curve. */
#include "cli_int.h"

#include "ohm/training.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool ohm_is_training_id(const char *text)
{
    return strncmp(text, "t:", 2) == 0 && text[2] != '\0' && strspn(text + 2, "0123456789") == strlen(text + 2);
}

/* What both commands show: who, of what, how far, how good. */
static void out_training(struct ohm_out *o, const struct ohm_training_row *row)
{
    char id[32];

    snprintf(id, sizeof(id), "t:%lld", (long long)row->id);
    ohm_out_text(o, "training", id);
    ohm_out_text(o, "state", row->state);
    ohm_out_text(o, "network", row->network);
    ohm_out_text(o, "task", row->task);
    ohm_out_bool(o, "analog", row->analog);
    ohm_out_int(o, "epochs", row->done);
    ohm_out_int(o, "planned", row->epochs);
    ohm_out_double(o, "top1", row->last.number ? row->last.top1 : NAN);
    ohm_out_double(o, "val_top1", row->last.number ? row->last.val_top1 : NAN);
    ohm_out_double(o, "best_val_top1", row->best.number ? row->best.val_top1 : NAN);
    ohm_out_int(o, "seed", row->seed);
    ohm_out_double(o, "time_s", row->time_s);
}

/* ---- ls trainings ---- */

struct ls_trainings {
    struct ohm_db_options db;
    struct ohm_format format;
};

static const struct ohm_option options[] = {OHM_OPT_DB(ls_trainings), OHM_OPT_FORMAT(ls_trainings), OHM_OPT_END};

static void out_rest(struct ohm_out *o, const struct ohm_training_row *row)
{
    ohm_out_text(o, "split", row->split);
    ohm_out_int(o, "folds", row->folds);
    ohm_out_int(o, "fold", row->fold);
    ohm_out_int(o, "samples", row->samples);
    ohm_out_int(o, "val_samples", row->val_samples);
    ohm_out_double(o, "loss", row->last.number ? row->last.loss : NAN);
    ohm_out_double(o, "val_loss", row->last.number ? row->last.val_loss : NAN);
    ohm_out_text(o, "network_hash", row->network_hash);
    ohm_out_text(o, "data_hash", row->data_hash);
    ohm_out_text(o, "weights_hash", row->weights_hash[0] ? row->weights_hash : NULL);
}

static enum ohm_status list_training(void *context, const struct ohm_training_row *row, struct ohm_error *err)
{
    struct ohm_out *o = context;

    (void)err;
    ohm_out_row(o);
    out_training(o, row);
    if (!ohm_out_for_people(o))
        out_rest(o, row);
    ohm_out_text(o, "created", row->created);
    ohm_out_row_end(o);
    return OHM_OK;
}

static enum ohm_status list_all(struct ohm_store *store, struct ohm_out *out, struct ohm_error *err)
{
    return ohm_store_each_training(store, list_training, out, err);
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct ls_trainings *opt = object;

    (void)cli;
    (void)args;
    return ohm_cli_list(&opt->db, &opt->format, "ohmnas.trainings/1", "trainings", list_all, err);
}

static const char *const examples[] = {
    "ohmnas ls trainings", "ohmnas sql \"SELECT id, network, best_val_top1 FROM trainings ORDER BY 3 DESC LIMIT 5\"",
    NULL};

const struct ohm_command ohm_cmd_ls_trainings = {
    .name = "ls trainings",
    .operands = "",
    .summary = "list the trainings of the run log",
    .details =
        "top1 and val_top1 are of the last epoch, in percent. A training whose process is gone without a word is "
        "'interrupted': the same command with --resume goes on with it.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct ls_trainings),
    .run = run,
};

/* ---- show t:ID ---- */

/* "analog" is whether there is hardware in the loop; how it is set has a name of its own. */
static enum ohm_status out_text_of(struct ohm_out *o, struct ohm_store *store, int64_t id, const char *column,
                                   struct ohm_error *err)
{
    const char *name = strcmp(column, "analog") == 0 ? "analog_settings" : column;
    struct ohm_str text = {0};
    const enum ohm_status st = ohm_store_training_text(store, id, column, &text, err);

    if (text.length > 0)
        ohm_out_str(o, name, &text);
    else
        ohm_out_text(o, name, NULL);
    ohm_str_release(&text);
    return st;
}

static enum ohm_status out_epoch(void *context, const struct ohm_epoch_row *row, struct ohm_error *err)
{
    struct ohm_out *o = context;

    (void)err;
    ohm_out_row(o);
    ohm_out_int(o, "epoch", row->number);
    ohm_out_double(o, "loss", row->loss);
    ohm_out_double(o, "top1", row->top1);
    ohm_out_double(o, "val_loss", row->val_loss);
    ohm_out_double(o, "val_top1", row->val_top1);
    ohm_out_double(o, "lr", row->lr);
    ohm_out_double(o, "time_s", row->time_s);
    ohm_out_row_end(o);
    return OHM_OK;
}

/* A network of the log is named as the other commands name it. */
static void out_trial(struct ohm_out *o, const struct ohm_training_row *row)
{
    if (row->study < 0)
        return;
    ohm_out_int(o, "study", row->study);
    ohm_out_int(o, "trial", row->trial);
}

static enum ohm_status out_all(struct ohm_out *o, struct ohm_store *store, const struct ohm_training_row *row,
                               struct ohm_error *err)
{
    static const char *const texts[] = {"reason", "data", "recipe", "analog", "options", "weights", "network_text"};
    const size_t shown = sizeof(texts) / sizeof(texts[0]) - (ohm_out_for_people(o) ? 1 : 0);
    const double samples = (double)row->samples * (double)row->done;
    enum ohm_status st = OHM_OK;

    out_training(o, row);
    out_rest(o, row);
    ohm_out_double(o, "samples_per_s", row->time_s > 0 ? samples / row->time_s : NAN);
    out_trial(o, row);
    ohm_out_text(o, "program", row->program);
    ohm_out_text(o, "created", row->created);
    ohm_out_text(o, "changed", row->changed);
    for (size_t i = 0; i < shown && st == OHM_OK; i++)
        st = out_text_of(o, store, row->id, texts[i], err);
    if (st != OHM_OK)
        return st;
    ohm_out_list(o, "curve");
    st = ohm_store_each_epoch(store, row->id, out_epoch, o, err);
    ohm_out_list_end(o);
    return st;
}

enum ohm_status ohm_cli_show_training(const struct ohm_format *format, const char *db, const char *name,
                                      struct ohm_error *err)
{
    struct ohm_training_row row;
    struct ohm_store *store = NULL;
    struct ohm_out out;
    enum ohm_status st = ohm_store_open(&store, db, OHM_STORE_READ, err);

    if (st == OHM_OK && (st = ohm_store_find_training(store, name, &row, err)) == OHM_OK) {
        ohm_out_begin(&out, format, "ohmnas.training/1");
        st = out_all(&out, store, &row, err);
        st = st == OHM_OK ? ohm_out_end(&out, err) : (ohm_out_drop(&out), st);
    }
    ohm_store_close(store);
    return st;
}
