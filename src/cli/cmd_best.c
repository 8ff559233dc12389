/* cmd_best.c - the best trials of a study by one of its objectives. */
#include "cli_int.h"

#include <string.h>

struct best {
    struct ohm_db_options db;
    const char *objective, *cols;
    int64_t count;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_DB(best),
    OHM_OPT_STUDY(best),
    OHM_OPT_TEXT(best, objective, "objective", 0, "METRIC", "one of the study's objectives; the first when not given",
                 .complete = "metric"),
    OHM_OPT_INT(best, count, "count", 'n', "N", "1", 1, 1000000, "how many"),
    OHM_OPT_TEXT(best, cols, "cols", 0, "A,B", "columns to show"),
    OHM_OPT_FORMAT(best),
    OHM_OPT_END,
};

static enum ohm_status which_objective(const struct best *opt, const struct ohm_objective_names *all, int *index,
                                       struct ohm_error *err)
{
    const char *near;

    *index = 0;
    if (!opt->objective)
        return OHM_OK;
    for (int i = 0; i < all->count; i++)
        if (strcmp(all->name[i], opt->objective) == 0 || strcmp(all->text[i], opt->objective) == 0) {
            *index = i;
            return OHM_OK;
        }
    near = ohm_nearest(opt->objective, all->name, all->count);
    return ohm_fail(err, OHM_ENOTFOUND,
                    "'%.80s' is no objective of this study%s%s%s; any other order: ohmnas ls trials --sort",
                    opt->objective, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static enum ohm_status show(struct ohm_cli *cli, const struct best *opt, struct ohm_store *store,
                            const struct ohm_study_row *study, struct ohm_error *err)
{
    struct ohm_objective_names objectives;
    struct ohm_listing l = {0};
    enum ohm_status st;
    int index = 0;

    if ((st = ohm_cli_objectives(cli, store, study->id, &objectives, err)) != OHM_OK ||
        (st = which_objective(opt, &objectives, &index, err)) != OHM_OK ||
        (st = ohm_store_metrics(store, study->id, l.names.name, &l.names.count, err)) != OHM_OK)
        return st;
    ohm_out_begin(&l.out, &opt->format, "ohmnas.best/1");
    st = ohm_cli_columns(cli, store, study->id, opt->cols, ohm_out_for_people(&l.out), &l.names, &l.columns, err);
    if (st == OHM_OK) {
        ohm_out_text(&l.out, "study", study->name);
        ohm_out_text(&l.out, "objective", index < objectives.count ? objectives.text[index] : study->objective);
        ohm_out_list(&l.out, "trials");
        st = ohm_store_best(store, study->id, index, (int)opt->count, ohm_list_trial, &l, err);
        ohm_out_list_end(&l.out);
    }
    return ohm_list_end(&l, st, "the study has no feasible trial", err);
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct best *opt = object;
    struct ohm_store *store = NULL;
    struct ohm_study_row study;
    enum ohm_status st = ohm_cli_study(&opt->db, &store, &study, err);

    (void)args;
    if (st == OHM_OK)
        st = show(cli, opt, store, &study, err);
    ohm_store_close(store);
    return st;
}

static const char *const examples[] = {"ohmnas best", "ohmnas best --objective energy_uJ -n 5 --json", NULL};

const struct ohm_command ohm_cmd_best = {
    .name = "best",
    .operands = "",
    .summary = "show the best trials of a study",
    .details = "Only trials that meet every constraint count. Exit code 4: there is none.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct best),
    .run = run,
};
