/* cmd_report.c - all that is known of a study as one document. */
#include "study_report.h"

#include "ohm/file.h"
#include "ohm/parallel.h"

#include <string.h>

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(ohm_report_options, output, "output", 'o', "DIR",
                 "report.md, report.json and the plots go here; else the text goes to standard output",
                 .complete = "folder"),
    OHM_OPT_TEXT(ohm_report_options, rows, "rows", 0, "FILE.csv",
                 "rows of ohmnas collect that the surrogate was trained from; rows.csv beside it when not given",
                 .complete = "file"),
    OHM_OPT_TEXT(ohm_report_options, baselines, "baselines", 0, "FILE.csv",
                 "rows of ohmnas collect --net; baselines.csv beside the surrogate when not given", .complete = "file"),
    OHM_OPT_LIST(ohm_report_options, baseline, "baseline", 0, "NET",
                 "a network to compare with, beside those of searchspaces/reference that fit the space",
                 .complete = "file"),
    OHM_OPT_LIST(ohm_report_options, compare, "compare", 0, "FILE.csv",
                 "a table of ohmnas compare --csv: networks on the same samples", .complete = "file"),
    OHM_OPT_TEXT(ohm_report_options, loops, "loops", 0, "FILE.csv",
                 "a table of tools/compare_loops.py --csv: the closed loop beside random search", .complete = "file"),
    OHM_OPT_TEXT(ohm_report_options, net, "net", 0, "ID",
                 "the network shown at length: n:ID or #NUMBER; the knee of the front when not given"),
    OHM_OPT_INT(ohm_report_options, random, "random", 0, "RUNS", "5", 0, OHM_RACE_RUNS_MAX,
                "runs of random search at equal budget"),
    OHM_OPT_TEXT(ohm_report_options, db, "db", 0, "FILE", "the run log", .fallback = "ohmnas.db", .env = "OHMNAS_DB",
                 .complete = "file"),
    OHM_OPT_INT(ohm_report_options, jobs, "jobs", 'j', "N", NULL, 1, 1024,
                "threads; all processors when not given. No result depends on it", .env = "OHMNAS_JOBS"),
    OHM_OPT_FLAG(ohm_report_options, json, "json", 0, "one JSON object on standard output in place of the text"),
    OHM_OPT_END,
};

static enum ohm_status write_file(const struct ohm_report *r, const char *name, struct ohm_str *text,
                                  enum ohm_status st, struct ohm_error *err)
{
    struct ohm_str path = {0};

    ohm_str_printf(&path, "%s/%s", r->opt->output, name);
    if (st == OHM_OK)
        st = path.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : ohm_write(ohm_str_text(&path), text, err);
    ohm_str_release(&path);
    ohm_str_release(text);
    return st;
}

static enum ohm_status write_folder(const struct ohm_report *r, struct ohm_error *err)
{
    struct ohm_str s = {0};
    enum ohm_status st = ohm_make_folder(r->opt->output, err);

    if (st == OHM_OK && r->objectives.count > 1) {
        st = ohm_report_plot_front(&s, r, err);
        st = write_file(r, "front.svg", &s, st, err);
    }
    if (st == OHM_OK) {
        ohm_report_plot_race(&s, r);
        st = write_file(r, "course.svg", &s, st, err);
    }
    if (st == OHM_OK && ohm_report_has_drift(r)) {
        ohm_report_plot_drift(&s, r);
        st = write_file(r, "drift.svg", &s, st, err);
    }
    if (st == OHM_OK && ohm_report_plot_trained(&s, r))
        st = write_file(r, "trained.svg", &s, st, err);
    if (st == OHM_OK) {
        ohm_report_write_json(&s, r);
        st = write_file(r, "report.json", &s, st, err);
    }
    if (st == OHM_OK) {
        ohm_report_write_text(&s, r, true);
        st = write_file(r, "report.md", &s, st, err);
    }
    if (st == OHM_OK)
        ohm_say("written: %s/report.md", r->opt->output);
    return st;
}

static enum ohm_status write_output(const struct ohm_report *r, struct ohm_error *err)
{
    struct ohm_str s = {0};
    enum ohm_status st;

    if (r->opt->json)
        ohm_report_write_json(&s, r);
    else
        ohm_report_write_text(&s, r, false);
    st = ohm_print(&s, err);
    ohm_str_release(&s);
    return st;
}

static enum ohm_status gather(struct ohm_report *r, const char *name, struct ohm_error *err)
{
    enum ohm_status st;

    if ((st = ohm_report_load_study(r, name, err)) != OHM_OK || (st = ohm_report_load_rows(r, err)) != OHM_OK ||
        (st = ohm_report_load_baselines(r, err)) != OHM_OK || (st = ohm_report_load_runs(r, err)) != OHM_OK ||
        (st = ohm_report_load_paired(r, err)) != OHM_OK || (st = ohm_report_load_loops(r, err)) != OHM_OK ||
        (st = ohm_race_run(&r->race, r->plan, r->store, &r->study, (int)r->opt->random, (int)r->opt->jobs, err)) !=
            OHM_OK)
        return st;
    return ohm_report_list_commands(r, err);
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    struct ohm_report_options opt = *(const struct ohm_report_options *)object;
    struct ohm_report *r;
    enum ohm_status st;

    if (opt.jobs < 1)
        opt.jobs = ohm_processor_count();
    if (opt.json && opt.output)
        return ohm_fail(err, OHM_ECONFIG, "--json is for standard output; with --output there is report.json already");
    if (!(r = ohm_alloc(1, sizeof *r)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    *r = (struct ohm_report){.cli = cli, .opt = &opt, .knee = -1, .best_at = -1};
    if ((st = gather(r, args->words ? args->word[0] : NULL, err)) == OHM_OK)
        st = opt.output ? write_folder(r, err) : write_output(r, err);
    ohm_report_release(r);
    ohm_free(r);
    return st;
}

static const char *const examples[] = {"ohmnas report kws-64core -o report",
                                       "ohmnas report kws-64core --rows rows.csv --baselines baselines.csv -o report",
                                       "ohmnas report --json", NULL};

const struct ohm_command ohm_cmd_report = {
    .name = "report",
    .operands = "[STUDY]",
    .words_max = 1,
    .complete = "study",
    .summary = "all that is known of a study as one document: front, baselines, random search, measurements",
    .details = "The newest study when none is given. The document is Markdown with plots beside it; docs/report.md "
               "tells what is "
               "in it. The same study and files give the same bytes.\n\n"
               "Random search runs here, on the surrogate and with as many networks as the study has. Exit code 4: the "
               "study has "
               "no feasible trial.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct ohm_report_options),
    .run = run,
};
