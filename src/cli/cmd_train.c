/* cmd_train.c - training surrogates from measured networks, and judging them. */
#include "cli_int.h"
#include "device_cli.h"

#include "ohm/file.h"
#include "ohm/parallel.h"
#include "ohm/surrogate_train.h"

#include <string.h>

/* ---- rows ---- */

struct row_options {
    const char *csv, *key, *where, *db, *study;
    struct ohm_words target;
};
#define ROW_OPTIONS(s)                                                                                                 \
    OHM_OPT_TEXT(s, rows.csv, "table", 0, "FILE.csv", "rows from a table", .complete = "file"),                        \
        OHM_OPT_TEXT(s, rows.key, "key", 0, "COLUMN", "column that names the network: key or canonical text",          \
                     .fallback = "ops"),                                                                               \
        OHM_OPT_LIST(s, rows.target, "target", 0, "NAME[:UNIT][=EXPR]",                                                \
                     "what is predicted: 'acc_1d:%=hwt_drift_86400_mean'"),                                            \
        OHM_OPT_TEXT(s, rows.where, "where", 'w', "EXPR", "only rows for which this holds"),                           \
        OHM_OPT_TEXT(s, rows.study, "study", 's', "STUDY", "rows from this study of the run log instead",              \
                     .complete = "study"),                                                                             \
        OHM_OPT_TEXT(s, rows.db, "db", 0, "FILE", "the run log", .fallback = "ohmnas.db", .env = "OHMNAS_DB",          \
                     .complete = "file")

/* Rows of the run log: the targets are metrics of the study. */
struct log_rows {
    struct ohm_rows *rows;
    const struct ohm_space *space;
    int metric[OHM_TARGETS_MAX];
};

static enum ohm_status add_trial(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    const struct log_rows *log = context;
    double value[OHM_TARGETS_MAX];
    struct ohm_genotype g = {{0}};
    enum ohm_status st = ohm_genotype_parse(log->space, &g, trial->genotype, err);

    for (int i = 0; i < log->rows->targets; i++)
        value[i] = trial->metric[log->metric[i]];
    return st == OHM_OK ? ohm_rows_add(log->rows, &g, value, err) : st;
}

/* "acc_1d:%" or "acc_1d:%=metric": the target, and which metric of the study it is. */
static enum ohm_status add_log_target(struct log_rows *log, const char *text, const struct ohm_metric_names *names,
                                      struct ohm_error *err)
{
    const char *equals = strchr(text, '='), *metric;
    char target[128];
    enum ohm_status st;

    if ((equals ? (size_t)(equals - text) : strlen(text)) >= sizeof(target))
        return ohm_fail(err, OHM_ECONFIG, "--target is longer than %zu characters", sizeof(target) - 1);
    memset(target, 0, sizeof(target));
    memcpy(target, text, equals ? (size_t)(equals - text) : strlen(text));
    if ((st = ohm_rows_add_target(log->rows, target, err)) != OHM_OK)
        return st;
    metric = equals ? equals + 1 : log->rows->target[log->rows->targets - 1].name;
    log->metric[log->rows->targets - 1] = ohm_metric_names_find(names, metric);
    if (log->metric[log->rows->targets - 1] >= 0)
        return OHM_OK;
    return ohm_fail(err, OHM_ENOTFOUND, "no metric '%.80s' in this study", metric);
}

static enum ohm_status read_log(struct ohm_rows *rows, const struct row_options *opt, const struct ohm_space *space,
                                struct ohm_error *err)
{
    const struct ohm_db_options db = {opt->db, opt->study};
    struct log_rows log = {rows, space, {0}};
    struct ohm_metric_names names = {0};
    struct ohm_store *store = NULL;
    struct ohm_study_row study;
    enum ohm_status st = ohm_cli_study(&db, &store, &study, err);

    if (st == OHM_OK)
        st = ohm_store_metrics(store, study.id, names.name, &names.count, err);
    for (int i = 0; i < opt->target.count && st == OHM_OK; i++)
        st = add_log_target(&log, opt->target.item[i], &names, err);
    if (st == OHM_OK) {
        const struct ohm_query query = {study.id, opt->where, NULL, -1, false};

        st = ohm_store_query(store, &query, add_trial, &log, err);
    }
    if (st == OHM_OK && rows->count == 0)
        st = ohm_fail(err, OHM_EUNFIT, "no trial of study '%s' %s", study.name,
                      opt->where ? "matches --where" : "gives a row");
    ohm_metric_names_release(&names);
    ohm_store_close(store);
    return st;
}

static enum ohm_status read_rows(struct ohm_rows *rows, const struct row_options *opt, const struct ohm_space *space,
                                 struct ohm_error *err)
{
    if (!opt->csv == !opt->study)
        return ohm_fail(err, OHM_ECONFIG, "rows come from --table or from --study, give one of them");
    if (opt->target.count == 0)
        return ohm_fail(err, OHM_ECONFIG, "--target is needed, such as --target acc_1d:%%=hwt_drift_86400_mean");
    if (opt->study)
        return read_log(rows, opt, space, err);
    return ohm_rows_read_csv(rows, space, opt->csv, opt->key, opt->target.item, opt->target.count, opt->where, err);
}

/* ---- scores ---- */

static void out_score(struct ohm_out *o, const struct ohm_target_score *s)
{
    ohm_out_row(o);
    ohm_out_text(o, "target", s->target.name);
    ohm_out_text(o, "unit", s->target.unit);
    ohm_out_int(o, "rows", s->rows);
    ohm_out_double(o, "tau", s->tau);
    ohm_out_double(o, "params_tau", s->params_tau);
    ohm_out_double(o, "macs_tau", s->macs_tau);
    ohm_out_double(o, "spearman", s->spearman);
    ohm_out_double(o, "rmse", s->rmse);
    ohm_out_double(o, "top_k", s->top_k);
    ohm_out_double(o, "coverage90", s->coverage90);
    ohm_out_double(o, "mean_sd", s->mean_sd);
    if (!ohm_out_for_people(o)) {
        ohm_out_double(o, "params_spearman", s->params_spearman);
        ohm_out_double(o, "params_top_k", s->params_top_k);
        ohm_out_double(o, "macs_spearman", s->macs_spearman);
        ohm_out_double(o, "macs_top_k", s->macs_top_k);
    }
    ohm_out_row_end(o);
}

static enum ohm_status out_scores(const struct ohm_format *format, const char *schema, const struct ohm_score_report *r,
                                  struct ohm_error *err)
{
    struct ohm_out out;

    ohm_out_begin(&out, format, schema);
    ohm_out_int(&out, "rows", r->rows);
    ohm_out_int(&out, "features", r->features);
    ohm_out_int(&out, "models", r->models);
    ohm_out_int(&out, "k", r->top_k);
    ohm_out_bool(&out, "held_out", r->held_out);
    ohm_out_list(&out, "scores");
    for (int i = 0; i < r->targets; i++)
        out_score(&out, &r->score[i]);
    ohm_out_list_end(&out);
    return ohm_out_end(&out, err);
}

/* ---- train ---- */

struct train {
    struct row_options rows;
    const char *space, *output, *name, *task, *features, *device, *protocol, *source;
    struct ohm_words set;
    int64_t seed, jobs;
    bool force, ablate;
    struct ohm_format format;
};

static const struct ohm_option train_options[] = {
    OHM_OPT_TEXT(train, output, "output", 'o', "FOLDER", "where the surrogate goes; required but for --ablate",
                 .complete = "folder"),
    OHM_OPT_FLAG(train, force, "force", 'f', "replace the surrogate that is there"),
    OHM_OPT_TEXT(train, space, "space", 0, "SPACE", "search space of the rows, required", .complete = "space"),
    ROW_OPTIONS(train),
    OHM_OPT_TEXT(train, features, "features", 0, "GROUPS", "feature groups, see: ohmnas surrogate info --features",
                 .fallback = "genes,net"),
    OHM_OPT_TEXT(train, device, "device", 0, "DEVICE", "memory device that group noise reckons with", .fallback = "pcm",
                 .complete = "device"),
    OHM_OPT_FLAG(train, ablate, "ablate", 0, "instead, a table of what each feature group brings"),
    OHM_OPT_TEXT(train, name, "name", 0, "NAME", "of the surrogate; the folder's when not given"),
    OHM_OPT_TEXT(train, task, "task", 0, "TASK", "what the networks were trained for", .fallback = ""),
    OHM_OPT_TEXT(train, protocol, "protocol", 0, "TEXT", "how the targets were measured, for the card", .fallback = ""),
    OHM_OPT_TEXT(train, source, "source", 0, "TEXT", "where the rows are from, for the card", .fallback = ""),
    OHM_OPT_LIST(train, set, "set", 0, "KEY=VALUE",
                 "trees=400, folds=5 and so on; physics.out_noise=0.02 and so on for groups chip and noise"),
    OHM_OPT_INT(train, seed, "seed", 0, "S", "1", 0, 9e15, "of folds and sampling", .env = "OHMNAS_SEED"),
    OHM_OPT_INT(train, jobs, "jobs", 'j', "N", NULL, 1, 1024, "threads; all processors when not given",
                .env = "OHMNAS_JOBS"),
    OHM_OPT_FORMAT(train),
    OHM_OPT_END,
};

/* The command that makes the surrogate again, for its card. */
static void put_word(struct ohm_str *s, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    ohm_str_printf(s, " --%s ", name);
    ohm_str_append_word(s, value);
}

static void command_line(struct ohm_str *s, const struct train *opt, const struct ohm_args *args)
{
    ohm_str_append(s, "ohmnas surrogate train");
    for (int i = 0; train_options[i].kind != OHM_OPTION_END; i++) {
        const struct ohm_option *o = &train_options[i];
        const void *from = (const char *)opt + o->offset;
        struct ohm_str number = {0};

        if (!args->origin[i] || strcmp(o->name, "jobs") == 0)
            continue;
        if (o->kind == OHM_OPTION_TEXT)
            put_word(s, o->name, *(const char *const *)from);
        else if (o->kind == OHM_OPTION_INT) {
            ohm_str_printf(&number, "%lld", (long long)*(const int64_t *)from);
            put_word(s, o->name, ohm_str_text(&number));
        } else if (o->kind == OHM_OPTION_LIST)
            for (int k = 0; k < ((const struct ohm_words *)from)->count; k++)
                put_word(s, o->name, ((const struct ohm_words *)from)->item[k]);
        ohm_str_release(&number);
    }
}

/* "physics.KEY=VALUE" is of the hardware, all else of the training. */
static enum ohm_status set_options(struct ohm_train_spec *spec, struct ohm_physics *physics,
                                   const struct ohm_words *set, struct ohm_error *err)
{
    static const char prefix[] = "physics.";
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < set->count && st == OHM_OK; i++) {
        const bool hardware = strncmp(set->item[i], prefix, sizeof(prefix) - 1) == 0;
        const char *word = hardware ? set->item[i] + sizeof(prefix) - 1 : set->item[i];
        const struct ohm_words one = {&word, 1};

        st = hardware ? ohm_opt_set_fields(ohm_physics_fields, physics, &one, err)
                      : ohm_opt_set_fields(ohm_surrogate_fields, &spec->options, &one, err);
    }
    return st;
}

static bool names_group(const char *groups, const char *name)
{
    const size_t length = strlen(name);

    for (const char *p = groups; *p; p += strcspn(p, ","), p += *p == ',') {
        const char *word = p + strspn(p, " ");

        if (strncmp(word, name, length) == 0 && strchr(" ,", word[length]))
            return true;
    }
    return false;
}

/* What the device makes of weights, where a feature asks for it. */
static enum ohm_status take_device(struct ohm_cli *cli, struct ohm_physics *physics, const struct train *opt,
                                   struct ohm_error *err)
{
    struct ohm_device *device = NULL;
    enum ohm_status st;

    if (!names_group(opt->features, "noise"))
        return OHM_OK;
    if ((st = ohm_cli_device(cli, opt->device, &device)) == OHM_OK)
        st = ohm_physics_take_device(physics, device, err);
    ohm_device_free(device);
    return st;
}

static void out_ablation_row(struct ohm_out *o, const struct ohm_ablation *a, const struct ohm_ablation_row *row, int k)
{
    ohm_out_row(o);
    ohm_out_text(o, "target", a->target[k].name);
    ohm_out_text(o, "kind", row->kind);
    ohm_out_text(o, "groups", row->groups);
    ohm_out_int(o, "features", row->features);
    ohm_out_double(o, "tau", row->tau[k]);
    ohm_out_double(o, "rmse", row->rmse[k]);
    ohm_out_double(o, "lost", row->lost[k]);
    ohm_out_double(o, "lost_se", row->lost_se[k]);
    ohm_out_row_end(o);
}

static enum ohm_status ablate(const struct train *opt, const struct ohm_train_spec *spec, const struct ohm_space *space,
                              const struct ohm_rows *rows, struct ohm_error *err)
{
    struct ohm_ablation *a = ohm_alloc(1, sizeof(*a));
    struct ohm_out out;
    enum ohm_status st;

    if (!a)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = ohm_surrogate_ablate(a, spec, space, rows, err)) == OHM_OK) {
        ohm_out_begin(&out, &opt->format, "ohmnas.surrogate.ablate/1");
        ohm_out_int(&out, "rows", a->networks);
        ohm_out_list(&out, "ablation");
        for (int k = 0; k < a->targets; k++)
            for (int i = 0; i < a->count; i++)
                out_ablation_row(&out, a, &a->row[i], k);
        ohm_out_list_end(&out);
        st = ohm_out_end(&out, err);
    }
    ohm_free(a);
    return st;
}

static enum ohm_status write_surrogate(const struct train *opt, const struct ohm_train_spec *spec,
                                       const struct ohm_space *space, const struct ohm_rows *rows,
                                       struct ohm_error *err)
{
    struct ohm_score_report *report = ohm_alloc(1, sizeof(*report));
    enum ohm_status st;

    if (!report)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = ohm_surrogate_train(report, spec, space, rows, err)) == OHM_OK &&
        (st = out_scores(&opt->format, "ohmnas.surrogate.train/1", report, err)) == OHM_OK)
        ohm_say("written: %s", opt->output);
    ohm_free(report);
    return st;
}

static enum ohm_status train(struct ohm_cli *cli, const struct train *opt, const struct ohm_args *args,
                             const struct ohm_space *space, struct ohm_error *err)
{
    struct ohm_physics physics = {0};
    struct ohm_train_spec spec = {.name = opt->name,
                                  .folder = opt->output,
                                  .task = opt->task,
                                  .features = opt->features,
                                  .physics = &physics,
                                  .protocol = opt->protocol,
                                  .source = opt->source,
                                  .jobs = opt->jobs > 0 ? (int)opt->jobs : ohm_processor_count()};
    struct ohm_str command = {0};
    struct ohm_rows rows = {0};
    enum ohm_status st;

    ohm_fields_default(ohm_surrogate_fields, &spec.options);
    ohm_fields_default(ohm_physics_fields, &physics);
    spec.options.seed = opt->seed;
    command_line(&command, opt, args);
    spec.command = ohm_str_text(&command);
    if ((st = set_options(&spec, &physics, &opt->set, err)) == OHM_OK &&
        (st = take_device(cli, &physics, opt, err)) == OHM_OK &&
        (st = read_rows(&rows, &opt->rows, space, err)) == OHM_OK) {
        ohm_say("%d rows, %d passed over; training", rows.count, rows.passed_over);
        st = opt->ablate ? ablate(opt, &spec, space, &rows, err) : write_surrogate(opt, &spec, space, &rows, err);
    }
    ohm_rows_release(&rows);
    ohm_str_release(&command);
    return st;
}

/* Minutes of training are not spent on what cannot be written then. */
static enum ohm_status check_output(const struct train *opt, struct ohm_error *err)
{
    char *card = ohm_path_join(opt->output, "card.yaml");
    enum ohm_status st = OHM_OK;

    if (!card)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    else if (!opt->force && ohm_file_exists(card))
        st = ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, opt->output, 0, 0,
                         "there is a surrogate already (--force replaces it)");
    ohm_free(card);
    return st;
}

static enum ohm_status run_train(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                 struct ohm_error *err)
{
    const struct train *opt = object;
    struct ohm_space *space = NULL;
    enum ohm_status st;

    if (opt->ablate && opt->output)
        return ohm_fail(err, OHM_ECONFIG, "--ablate writes no surrogate, and --output says where it goes: give one");
    if ((!opt->output && !opt->ablate) || !opt->space)
        return ohm_fail(err, OHM_ECONFIG, "--%s is needed; see: ohmnas help surrogate train",
                        opt->output || opt->ablate ? "space" : "output");
    st = opt->ablate ? OHM_OK : check_output(opt, err);
    if (st == OHM_OK && (st = ohm_cli_space(cli, opt->space, &space)) == OHM_OK)
        st = train(cli, opt, args, space, err);
    ohm_space_free(space);
    return st;
}

static const char *const train_examples[] = {
    "ohmnas surrogate train --space nb201 --table nb201_analog.csv --target 'acc_1d:%=hwt_drift_86400_mean' "
    "--features genes,net,cell -o surrogates/mine",
    "ohmnas surrogate train --space resnet-kws --study kws-measured --target acc_1d:% -o surrogates/kws",
    "ohmnas surrogate train --space resnet-kws --table rows.csv --target acc_1d --features genes,net,graph,chip,noise "
    "--ablate",
    NULL};

const struct ohm_command ohm_cmd_surrogate_train = {
    .name = "surrogate train",
    .operands = "",
    .summary = "train a surrogate from measured networks",
    .details =
        "Scores are of held-out rows (repeated cross-validation), beside those of the parameter count and the MACs as "
        "predictors. "
        "The card in the folder tells what was trained from what, and by which command.",
    .examples = train_examples,
    .options = train_options,
    .size = sizeof(struct train),
    .run = run_train,
};

/* ---- eval ---- */

struct eval {
    struct row_options rows;
    const char *space;
    int64_t top_k;
    struct ohm_format format;
};

static const struct ohm_option eval_options[] = {
    OHM_OPT_TEXT(eval, space, "space", 0, "SPACE", "the card's when not given", .complete = "space"),
    ROW_OPTIONS(eval),
    OHM_OPT_INT(eval, top_k, "top-k", 0, "K", "100", 1, 1000000, "of the top-k overlap"),
    OHM_OPT_FORMAT(eval),
    OHM_OPT_END,
};

static enum ohm_status run_eval(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                struct ohm_error *err)
{
    const struct eval *opt = object;
    struct ohm_score_report *report = ohm_alloc(1, sizeof(*report));
    struct ohm_surrogate *surrogate = NULL;
    struct ohm_space *space = NULL;
    struct ohm_rows rows = {0};
    enum ohm_status st = report ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");

    if (st == OHM_OK && (st = ohm_cli_surrogate(cli, args->word[0], opt->space, &space, &surrogate)) == OHM_OK &&
        (st = read_rows(&rows, &opt->rows, space, err)) == OHM_OK &&
        (st = ohm_surrogate_eval(report, surrogate, space, &rows, (int)opt->top_k, err)) == OHM_OK)
        st = out_scores(&opt->format, "ohmnas.surrogate.eval/1", report, err);
    ohm_rows_release(&rows);
    ohm_surrogate_free(surrogate);
    ohm_space_free(space);
    ohm_free(report);
    return st;
}

static const char *const eval_examples[] = {
    "ohmnas surrogate eval surrogates/mine --table other.csv --target 'acc_1d=measured_1d'", NULL};

const struct ohm_command ohm_cmd_surrogate_eval = {
    .name = "surrogate eval",
    .operands = "MODEL",
    .words_min = 1,
    .words_max = 1,
    .complete = "surrogate",
    .summary = "judge a surrogate on measured networks",
    .details = "Rows that the surrogate was trained on are not recognised: give it others.",
    .examples = eval_examples,
    .options = eval_options,
    .size = sizeof(struct eval),
    .run = run_eval,
};
