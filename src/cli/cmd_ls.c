/* cmd_ls.c - the studies of a run log, and the trials of a study. */
#include "cli_int.h"

#include <math.h>
#include <string.h>

/* ---- ls studies ---- */

struct ls_studies {
    struct ohm_db_options db;
    struct ohm_format format;
};

static const struct ohm_option studies_options[] = {OHM_OPT_DB(ls_studies), OHM_OPT_FORMAT(ls_studies), OHM_OPT_END};

static enum ohm_status out_study(void *context, const struct ohm_study_row *row, struct ohm_error *err)
{
    struct ohm_out *o = context;

    (void)err;
    ohm_out_row(o);
    ohm_out_int(o, "id", row->id);
    ohm_out_text(o, "study", row->name);
    ohm_out_text(o, "state", row->state);
    ohm_out_int(o, "trials", row->trials);
    ohm_out_int(o, "budget", row->budget);
    ohm_out_int(o, "feasible", row->feasible);
    ohm_out_int(o, "failed", row->failed);
    ohm_out_double(o, "best", row->best);
    ohm_out_text(o, "objective", row->objective);
    ohm_out_text(o, "strategy", row->strategy);
    ohm_out_text(o, "space", row->space);
    ohm_out_text(o, "chip", row->chip[0] ? row->chip : NULL);
    ohm_out_text(o, "task", row->task[0] ? row->task : NULL);
    ohm_out_int(o, "seed", row->seed);
    ohm_out_double(o, "time_s", row->time_s);
    ohm_out_text(o, "created", row->created);
    ohm_out_row_end(o);
    return OHM_OK;
}

static enum ohm_status out_studies(struct ohm_store *store, struct ohm_out *out, struct ohm_error *err)
{
    return ohm_store_each_study(store, out_study, out, err);
}

static enum ohm_status run_studies(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct ls_studies *opt = object;

    (void)cli;
    (void)args;
    return ohm_cli_list(&opt->db, &opt->format, "ohmnas.studies/1", "studies", out_studies, err);
}

const struct ohm_command ohm_cmd_ls_studies = {
    .name = "ls studies",
    .operands = "",
    .summary = "list the studies of the run log",
    .options = studies_options,
    .size = sizeof(struct ls_studies),
    .run = run_studies,
};

/* ---- ls trials ---- */

struct ls_trials {
    struct ohm_db_options db;
    const char *where, *sort, *cols;
    int64_t limit;
    bool feasible;
    struct ohm_format format;
};

static const struct ohm_option trials_options[] = {
    OHM_OPT_DB(ls_trials),
    OHM_OPT_STUDY(ls_trials),
    OHM_OPT_TEXT(ls_trials, where, "where", 'w', "EXPR",
                 "only trials for which this holds: 'acc_1d >= 85 && cores <= 64'"),
    OHM_OPT_TEXT(ls_trials, sort, "sort", 0, "[-]COLUMN", "order; '-' before it: largest first", .complete = "metric"),
    OHM_OPT_TEXT(ls_trials, cols, "cols", 0, "A,B", "columns to show"),
    OHM_OPT_INT(ls_trials, limit, "limit", 'n', "N", NULL, 1, 1e15, "no more rows than this"),
    OHM_OPT_FLAG(ls_trials, feasible, "feasible", 0, "only trials that meet every constraint"),
    OHM_OPT_FORMAT(ls_trials),
    OHM_OPT_END,
};

static enum ohm_status list_trials(struct ohm_cli *cli, const struct ls_trials *opt, struct ohm_store *store,
                                   const struct ohm_study_row *study, struct ohm_error *err)
{
    const struct ohm_query query = {study->id, opt->where, opt->sort, opt->limit > 0 ? opt->limit : -1, opt->feasible};
    struct ohm_listing l = {0};
    enum ohm_status st;

    if ((st = ohm_store_metrics(store, study->id, l.names.name, &l.names.count, err)) != OHM_OK)
        return st;
    ohm_out_begin(&l.out, &opt->format, "ohmnas.trials/1");
    st = ohm_cli_columns(cli, store, study->id, opt->cols, ohm_out_for_people(&l.out), &l.names, &l.columns, err);
    if (st == OHM_OK) {
        if (!ohm_out_for_people(&l.out))
            ohm_out_text(&l.out, "study", study->name);
        ohm_out_list(&l.out, "trials");
        st = ohm_store_query(store, &query, ohm_list_trial, &l, err);
        ohm_out_list_end(&l.out);
    }
    return ohm_list_end(&l, st, "no trial of the study matches", err);
}

static enum ohm_status run_trials(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                  struct ohm_error *err)
{
    const struct ls_trials *opt = object;
    struct ohm_store *store = NULL;
    struct ohm_study_row study;
    enum ohm_status st = ohm_cli_study(&opt->db, &store, &study, err);

    (void)args;
    if (st == OHM_OK)
        st = list_trials(cli, opt, store, &study, err);
    ohm_store_close(store);
    return st;
}

static const char *const trials_examples[] = {
    "ohmnas ls trials --where 'acc_1d >= 90 && cores <= 64' --sort -acc_1d --limit 20",
    "ohmnas ls trials --study kws-64core --cols number,acc_1d,energy_uJ --csv", NULL};

const struct ohm_command ohm_cmd_ls_trials = {
    .name = "ls trials",
    .operands = "",
    .summary = "list the trials of a study",
    .details = "Without --cols a table shows what the study's objectives and constraints "
               "speak of; --json, --jsonl and --csv show everything. Exit code 4: nothing "
               "matched.",
    .examples = trials_examples,
    .options = trials_options,
    .size = sizeof(struct ls_trials),
    .run = run_trials,
};
