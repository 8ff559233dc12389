/* cmd_search.c - runs a study, and goes on with one. */
#include "progress.h"
#include "refine.h"

#include "ohm/parallel.h"

#include <math.h>
#include <string.h>

/* ---- what both share ---- */

static int jobs_of(int64_t jobs)
{
    return jobs > 0 ? (int)jobs : ohm_processor_count();
}

static void out_stages(struct ohm_out *o, const struct ohm_study_progress *p)
{
    for (int i = 0; i < OHM_STAGE_COUNT; i++) {
        struct ohm_str name = {0};

        ohm_str_printf(&name, "%s_s", ohm_stage_names[i]);
        ohm_out_double(o, ohm_str_text(&name), p->stage_s[i]);
        ohm_str_release(&name);
    }
}

static enum ohm_status out_result(const struct ohm_cli *cli, const struct ohm_format *format, const char *db,
                                  const struct ohm_study_row *study, const struct ohm_study_progress *p,
                                  struct ohm_error *err)
{
    struct ohm_out out;

    ohm_out_begin(&out, format, "ohmnas.run/1");
    ohm_out_text(&out, "study", study->name);
    ohm_out_text(&out, "db", db);
    ohm_out_text(&out, "state", study->state);
    ohm_out_int(&out, "trials", p->done);
    ohm_out_int(&out, "budget", p->budget);
    ohm_out_int(&out, "infeasible", p->infeasible);
    ohm_out_int(&out, "failed", p->failed);
    ohm_out_text(&out, "objective", study->objective);
    ohm_out_double(&out, "best", p->best);
    ohm_out_double(&out, "hypervolume", p->hypervolume);
    ohm_out_double(&out, "time_s", p->elapsed_s);
    ohm_out_double(&out, "trials_per_s", p->elapsed_s > 0 ? (double)p->ran / p->elapsed_s : NAN);
    if (cli->verbose || !ohm_out_for_people(&out))
        out_stages(&out, p);
    return ohm_out_end(&out, err);
}

/* The commands can be pasted: the study and, where it is not the one that they would take, the run log are named. */
static void say_next(const struct ohm_study_row *study, const struct ohm_study_progress *p, const char *db,
                     bool interrupted)
{
    struct ohm_str which = {0};

    if (study->name[0] == '-')
        ohm_str_printf(&which, "'#%lld'", (long long)study->id);
    else
        ohm_str_append_word(&which, study->name);
    if (strcmp(db, "ohmnas.db") != 0) {
        ohm_str_append(&which, " --db ");
        ohm_str_append_word(&which, db);
    }
    if (interrupted)
        ohm_say("interrupted after a clean checkpoint; go on with: ohmnas resume %s", ohm_str_text(&which));
    else if (p->exhausted)
        ohm_say("the space holds no further network that may be asked");
    else
        ohm_say("see: ohmnas best, ohmnas pareto, ohmnas show ID --study %s", ohm_str_text(&which));
    ohm_str_release(&which);
}

/* What is said after a run, and the status it comes to. */
static enum ohm_status finish(struct ohm_cli *cli, const struct ohm_format *format, const char *db,
                              struct ohm_store *store, int64_t id, const struct ohm_study_progress *p,
                              enum ohm_status ran, struct ohm_error *err)
{
    struct ohm_study_row study;
    struct ohm_str name = {0};
    enum ohm_status st;

    ohm_str_printf(&name, "#%lld", (long long)id);
    st = ohm_store_find_study(store, ohm_str_text(&name), &study, ran == OHM_OK ? err : NULL);
    ohm_str_release(&name);
    if (st != OHM_OK)
        return ran != OHM_OK ? ran : st;
    st = out_result(cli, format, db, &study, p, ran == OHM_OK ? err : NULL);
    if (!format->json && !format->jsonl && !format->csv)
        say_next(&study, p, db, ran == OHM_EINTR);
    if (ran == OHM_OK && st == OHM_OK && p->done > 0 && p->done == p->infeasible + p->failed)
        return ohm_fail(err, OHM_EUNFIT, "no trial of study '%s' meets every constraint", study.name);
    return ran != OHM_OK ? ran : st;
}

/* ---- search ---- */

struct search {
    const char *task, *space, *chip, *strategy, *budget, *seed, *name, *progress, *db;
    struct ohm_words surrogate, objective, where, set;
    int64_t jobs;
    struct ohm_refine_options refine;
    struct ohm_format format;
};

static const struct ohm_option search_options[] = {
    OHM_OPT_TEXT(search, name, "name", 0, "NAME", "of the study, unique in the run log", .key = "study"),
    OHM_OPT_TEXT(search, task, "task", 0, "TASK", "kws, vww or cifar10; the space is resnet-TASK when none is given",
                 .key = "task", .complete = "task"),
    OHM_OPT_TEXT(search, space, "space", 0, "SPACE", "name or file of the search space", .key = "space",
                 .complete = "space"),
    OHM_OPT_TEXT(search, chip, "chip", 0, "CHIP", "name or file of the chip", .key = "chip", .complete = "chip"),
    OHM_OPT_LIST(search, surrogate, "surrogate", 0, "MODEL", "name or folder of a surrogate, or target=FILE",
                 .key = "surrogates", .complete = "surrogate"),
    OHM_OPT_TEXT(search, strategy, "strategy", 0, "NAME", "see: ohmnas help strategies", .key = "strategy",
                 .complete = "strategy"),
    OHM_OPT_LIST(search, objective, "objective", 0, "OBJECTIVE", "'maximize acc_1d', 'minimize energy_uJ'",
                 .key = "objectives", .complete = "metric"),
    OHM_OPT_LIST(search, where, "where", 'w', "EXPR", "constraint, such as 'cores <= 64'", .key = "constraints"),
    OHM_OPT_LIST(search, set, "set", 0, "KEY=VALUE", "option of the strategy, or chip_use.KEY=VALUE", .key = "*"),
    OHM_OPT_TEXT(search, budget, "budget", 'b', "N", "trials", .key = "budget"),
    OHM_OPT_TEXT(search, seed, "seed", 0, "S", "of all random draws", .key = "seed", .env = "OHMNAS_SEED"),
    OHM_OPT_INT(search, jobs, "jobs", 'j', "N", NULL, 1, 1024,
                "threads; all processors when not given. No result depends on it", .env = "OHMNAS_JOBS"),
    OHM_OPT_TEXT(search, db, "db", 0, "FILE", "the run log", .fallback = "ohmnas.db", .env = "OHMNAS_DB",
                 .complete = "file"),
    OHM_OPT_TEXT(search, progress, "progress", 0, "FORM", "how progress is shown", .fallback = "auto",
                 .names = ohm_progress_forms),
    OHM_OPT_REFINE(search),
    OHM_OPT_FORMAT(search),
    OHM_OPT_END,
};

static enum ohm_status search(struct ohm_cli *cli, const struct search *opt, struct ohm_plan *plan,
                              struct ohm_error *err)
{
    struct ohm_study_progress result = {.best = NAN, .hypervolume = NAN};
    struct ohm_progress progress;
    const struct ohm_run_options options = {
        .jobs = jobs_of(opt->jobs), .progress = ohm_progress_show, .context = &progress};
    struct ohm_store *store = NULL;
    int64_t id = -1;
    enum ohm_status st;

    ohm_progress_begin(&progress, cli, opt->progress);
    if ((st = ohm_store_open(&store, opt->db, OHM_STORE_CREATE, err)) != OHM_OK)
        return st;
    st = ohm_study_run(plan, store, &options, &id, &result, err);
    if (st == OHM_OK || (st == OHM_EINTR && id >= 0)) {
        ohm_progress_end(&progress, &result);
        st = finish(cli, &opt->format, opt->db, store, id, &result, st, err);
    }
    ohm_store_close(store);
    return st;
}

/* By a flag: what the environment says is for all commands. */
static bool given(const struct ohm_args *args, const char *name)
{
    for (int i = 0; search_options[i].kind != OHM_OPTION_END; i++)
        if (args->origin[i] && args->origin[i][0] == '-' && strcmp(search_options[i].name, name) == 0)
            return true;
    return false;
}

/* Options that only one of both ways of searching reads are told from each other. */
static enum ohm_status check_refine(const struct search *opt, const struct ohm_args *args, struct ohm_error *err)
{
    static const char *const loop_only[] = {
        "validate-top", "race",         "trainings", "hours", "recipe", "rows", "journal",    "front", "features",
        "key",          "measure-from", "target",    "noise", "cost",   "data", "split-file", "cache", NULL};
    static const char *const study_only[] = {"name", "surrogate", "db", NULL};
    const bool refine = opt->refine.rounds > 0;

    for (int i = 0; !refine && loop_only[i]; i++)
        if (given(args, loop_only[i]))
            return ohm_fail(err, OHM_ECONFIG, "--%s needs --refine R, the number of rounds", loop_only[i]);
    for (int i = 0; refine && study_only[i]; i++)
        if (given(args, study_only[i]))
            return ohm_fail(err, OHM_ECONFIG, "--%s is for a search without --refine", study_only[i]);
    if (refine && args->words > 0)
        return ohm_fail(err, OHM_ECONFIG, "with --refine there is no study file: %s", args->word[0]);
    return OHM_OK;
}

static enum ohm_status run_refine(struct ohm_cli *cli, const struct search *opt, struct ohm_error *err)
{
    const struct ohm_refine_search search = {.task = opt->task,
                                             .space = opt->space,
                                             .chip = opt->chip,
                                             .strategy = opt->strategy,
                                             .budget = opt->budget,
                                             .seed = opt->seed,
                                             .progress = opt->progress,
                                             .objective = &opt->objective,
                                             .where = &opt->where,
                                             .set = &opt->set,
                                             .jobs = jobs_of(opt->jobs),
                                             .format = opt->format};

    return ohm_cli_refine(cli, &opt->refine, &search, err);
}

static enum ohm_status run_search(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                  struct ohm_error *err)
{
    const struct search *opt = object;
    struct ohm_plan_spec spec = {
        .path = args->words ? args->word[0] : NULL, .find = ohm_find, .find_context = cli, .jobs = jobs_of(opt->jobs)};
    struct ohm_setting *settings = NULL;
    struct ohm_plan *plan = NULL;
    enum ohm_status st;

    ohm_signals_hold();
    if ((st = check_refine(opt, args, err)) != OHM_OK)
        return st;
    if (opt->refine.rounds > 0)
        return run_refine(cli, opt, err);
    if ((st = ohm_opt_settings(cli, search_options, object, args, &settings, &spec.count, err)) != OHM_OK)
        return st;
    spec.settings = settings;
    if ((st = ohm_plan_load(&plan, &spec, &cli->diag)) != OHM_OK)
        return st;
    st = search(cli, opt, plan, err);
    ohm_plan_free(plan);
    return st;
}

static const char *const search_examples[] = {"ohmnas search study.yaml",
                                              "ohmnas search --space nb201 --surrogate nb201-cifar10-pcm --chip "
                                              "hermes64 --strategy nsga2 --objective 'maximize acc_1d' "
                                              "--objective 'minimize energy_uJ' --where 'cores <= 64' --budget 5000",
                                              "ohmnas search --recipe resnet-kws --data speech_commands --rows "
                                              "rows.csv --validate-top 8 --refine 10 --race 2 -j 2",
                                              NULL};

const struct ohm_command ohm_cmd_search = {
    .name = "search",
    .operands = "[STUDY.yaml]",
    .words_max = 1,
    .complete = "file",
    .summary = "run a study",
    .details =
        "A flag is stronger than the environment, that than the file, that than the default. Ctrl-C ends the "
        "run after a clean checkpoint; a killed run loses at most the trials in flight; 'ohmnas resume' goes on "
        "as if nothing had happened.\n\n"
        "With --refine the loop is closed: networks are trained and validated by the recipe, rounds of search on "
        "a surrogate of what was measured so far choose what is measured next, and the measured front is the "
        "answer. The same command goes on after a stop. Options of it: --set loop.KEY=VALUE, surrogate.KEY=VALUE "
        "and physics.KEY=VALUE; docs/closed-loop.md tells them.",
    .examples = search_examples,
    .options = search_options,
    .size = sizeof(struct search),
    .run = run_search,
};

/* ---- resume ---- */

struct resume {
    const char *progress, *db;
    int64_t jobs, add;
    struct ohm_format format;
};

static const struct ohm_option resume_options[] = {
    OHM_OPT_INT(resume, add, "add-budget", 0, "N", "0", 0, 1e12, "trials to add to the budget"),
    OHM_OPT_INT(resume, jobs, "jobs", 'j', "N", NULL, 1, 1024, "threads; all processors when not given",
                .env = "OHMNAS_JOBS"),
    OHM_OPT_TEXT(resume, db, "db", 0, "FILE", "the run log", .fallback = "ohmnas.db", .env = "OHMNAS_DB",
                 .complete = "file"),
    OHM_OPT_TEXT(resume, progress, "progress", 0, "FORM", "how progress is shown", .fallback = "auto",
                 .names = ohm_progress_forms),
    OHM_OPT_FORMAT(resume),
    OHM_OPT_END,
};

static enum ohm_status resume(struct ohm_cli *cli, const struct resume *opt, struct ohm_store *store, int64_t id,
                              struct ohm_error *err)
{
    const struct ohm_plan_spec spec = {.find = ohm_find, .find_context = cli, .jobs = jobs_of(opt->jobs)};
    struct ohm_study_progress result = {.best = NAN, .hypervolume = NAN};
    struct ohm_progress progress;
    const struct ohm_run_options options = {.jobs = spec.jobs, .progress = ohm_progress_show, .context = &progress};
    struct ohm_plan *plan = NULL;
    enum ohm_status st = ohm_plan_restore(&plan, store, id, &spec, &cli->diag);

    if (st != OHM_OK)
        return st;
    ohm_progress_begin(&progress, cli, opt->progress);
    st = ohm_study_resume(plan, store, id, opt->add, &options, &result, err);
    if (st == OHM_OK || st == OHM_EINTR) {
        ohm_progress_end(&progress, &result);
        st = finish(cli, &opt->format, opt->db, store, id, &result, st, err);
    }
    ohm_plan_free(plan);
    return st;
}

static enum ohm_status run_resume(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                  struct ohm_error *err)
{
    const struct resume *opt = object;
    struct ohm_store *store = NULL;
    struct ohm_study_row study;
    enum ohm_status st;

    ohm_signals_hold();
    if ((st = ohm_store_open(&store, opt->db, OHM_STORE_WRITE, err)) != OHM_OK)
        return st;
    if ((st = ohm_store_find_study(store, args->words ? args->word[0] : "", &study, err)) == OHM_OK)
        st = resume(cli, opt, store, study.id, err);
    ohm_store_close(store);
    return st;
}

static const char *const resume_examples[] = {"ohmnas resume kws-64core", "ohmnas resume kws-64core --add-budget 5000",
                                              NULL};

const struct ohm_command ohm_cmd_resume = {
    .name = "resume",
    .operands = "[STUDY]",
    .words_max = 1,
    .complete = "study",
    .summary = "go on with a study that was interrupted, or add to its budget",
    .details = "The newest study when none is given. The result is bit for bit that of a run "
               "that was never interrupted, for any number of threads.",
    .examples = resume_examples,
    .options = resume_options,
    .size = sizeof(struct resume),
    .run = run_resume,
};
