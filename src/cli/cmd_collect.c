/* cmd_collect.c - measured networks as rows of a table: draws, trains, validates, writes; and measures rows again. */
#include "collection.h"
#include "fit.h"

#include "ohm/clock.h"

#include <string.h>

struct collect {
    const char *output, *progress;
    struct ohm_collection_options samples;
    struct ohm_words repeat, net;
    int64_t networks, jobs;
    bool list;
    struct ohm_format format;
};

static const char *const progress_forms[] = {"auto", "none", NULL};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(collect, output, "output", 'o', "FILE.csv", "the rows; those that it lacks are added",
                 .complete = "file"),
    OHM_OPT_COLLECTION(collect, samples),
    OHM_OPT_INT(collect, networks, "networks", 'n', "N", NULL, 1, 100000, "in place of the recipe's number"),
    OHM_OPT_LIST(collect, repeat, "repeat", 0, "ID", "measure this row of the file again and compare, to the bit"),
    OHM_OPT_LIST(collect, net, "net", 0, "NET", "measure this network, such as a baseline, and none that is drawn",
                 .complete = "file"),
    OHM_OPT_FLAG(collect, list, "list", 0, "print the networks that are drawn, and measure nothing"),
    OHM_OPT_INT(collect, jobs, "jobs", 'j', "N", NULL, 1, 1024, "networks at a time, a thread each",
                .env = "OHMNAS_JOBS"),
    OHM_OPT_TEXT(collect, progress, "progress", 0, "FORM", "auto or none", .fallback = "auto", .names = progress_forms),
    OHM_OPT_FORMAT(collect),
    OHM_OPT_END,
};

struct loaded {
    struct ohm_collection of;
    struct ohm_named_net *net; /* of --net */
    struct ohm_collect_named *named;
    int nets;
};

static void release(struct loaded *l)
{
    for (int i = 0; i < l->nets; i++)
        ohm_net_arg_release(&l->net[i]);
    ohm_free(l->net);
    ohm_free(l->named);
    ohm_collection_release(&l->of);
}

static enum ohm_status load_nets(struct ohm_cli *cli, struct loaded *l, const struct collect *opt,
                                 struct ohm_error *err)
{
    const struct ohm_net_options from = {.space = l->of.recipe.use.space, .db = "ohmnas.db"};

    l->net = ohm_alloc((size_t)opt->net.count, sizeof *l->net);
    l->named = ohm_alloc((size_t)opt->net.count, sizeof *l->named);
    if (!l->net || !l->named)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < opt->net.count; i++) {
        enum ohm_status st;

        l->nets = i + 1;
        if ((st = ohm_net_arg(cli, &l->net[i], opt->net.item[i], &from, err)) != OHM_OK)
            return st;
        l->named[i] = (struct ohm_collect_named){.name = l->net[i].name, .net = l->net[i].net};
        if (l->net[i].space)
            l->named[i].genotype = &l->net[i].genotype;
    }
    return OHM_OK;
}

static enum ohm_status load(struct ohm_cli *cli, struct loaded *l, const struct collect *opt, const char *name,
                            struct ohm_error *err)
{
    enum ohm_status st;

    if (!opt->samples.folder || (!opt->output && !opt->list))
        return ohm_fail(err, OHM_ECONFIG, "--%s is missing: which %s?", opt->samples.folder ? "output" : "data",
                        opt->samples.folder ? "file are the rows of" : "folder holds the samples");
    if ((st = ohm_collection_load(cli, &l->of, name, err)) != OHM_OK || (st = load_nets(cli, l, opt, err)) != OHM_OK)
        return st;
    if (opt->networks > 0)
        l->of.recipe.use.networks = opt->networks;
    return ohm_collection_create(cli, &l->of, &opt->samples, ohm_fit_jobs(opt->jobs), err);
}

/* ---- progress ---- */

struct watch {
    bool quiet;
    double begin_s;
    const struct ohm_collect_recipe *recipe;
};

static bool stop(void *context)
{
    (void)context;
    return ohm_signal_pending() != 0;
}

static void show(void *context, const struct ohm_collect_progress *p)
{
    const struct watch *const w = context;

    if (!w->quiet)
        ohm_collection_say_row(w->recipe, p, (ohm_now_s() - w->begin_s) / p->made * (p->all - p->done));
}

/* ---- what is asked for ---- */

static enum ohm_status list(const struct collect *opt, const struct loaded *l, struct ohm_error *err)
{
    struct ohm_out out;
    enum ohm_status st = OHM_OK;

    ohm_out_begin(&out, &opt->format, "ohmnas.collect.list/1");
    ohm_out_list(&out, "networks");
    for (int i = 0; i < l->of.recipe.use.networks && st == OHM_OK; i++) {
        struct ohm_collect_size size = {0};
        struct ohm_str text = {0};

        ohm_genotype_print(l->of.space, ohm_collect_genotype(l->of.collect, i), &text);
        st = ohm_collect_size_of(l->of.collect, &size, i, err);
        ohm_out_row(&out);
        ohm_out_int(&out, "id", i);
        ohm_out_double(&out, "params", size.params);
        ohm_out_double(&out, "macs", size.macs);
        ohm_out_double(&out, "cores", size.cores);
        ohm_out_double(&out, "latency_us", size.latency_us);
        ohm_out_str(&out, "genotype", &text);
        ohm_out_row_end(&out);
        ohm_str_release(&text);
    }
    ohm_out_list_end(&out);
    if (st == OHM_OK)
        return ohm_out_end(&out, err);
    (void)ohm_out_drop(&out);
    return st;
}

static enum ohm_status repeat(const struct collect *opt, const struct loaded *l, const struct ohm_collect_run *run,
                              struct ohm_error *err)
{
    struct ohm_out out;
    struct ohm_str first = {0};
    enum ohm_status st = OHM_OK;

    ohm_out_begin(&out, &opt->format, "ohmnas.collect.repeat/1");
    ohm_out_list(&out, "rows");
    for (int i = 0; i < opt->repeat.count && st == OHM_OK; i++) {
        struct ohm_str difference = {0};
        bool same = false;

        if ((st = ohm_collect_repeat(l->of.collect, opt->repeat.item[i], &same, &difference, run, err)) == OHM_OK) {
            ohm_out_row(&out);
            ohm_out_text(&out, "id", opt->repeat.item[i]);
            ohm_out_bool(&out, "same", same);
            ohm_out_str(&out, "difference", &difference);
            ohm_out_row_end(&out);
            if (!same && first.length == 0)
                ohm_str_printf(&first, "row %s: %s", opt->repeat.item[i], ohm_str_text(&difference));
        }
        ohm_str_release(&difference);
    }
    ohm_out_list_end(&out);
    if (st == OHM_OK)
        st = ohm_out_end(&out, err);
    else
        (void)ohm_out_drop(&out);
    if (st == OHM_OK && first.length > 0)
        st = ohm_fail(err, OHM_EFAIL, "%s", ohm_str_text(&first));
    ohm_str_release(&first);
    return st;
}

static enum ohm_status do_it(const struct collect *opt, const struct loaded *l, struct ohm_error *err)
{
    struct watch watch = {.quiet = strcmp(opt->progress, "none") == 0, .begin_s = ohm_now_s(), .recipe = &l->of.recipe};
    const struct ohm_collect_run run = {.path = opt->output,
                                        .jobs = ohm_fit_jobs(opt->jobs),
                                        .program = "ohmnas " OHM_VERSION,
                                        .named = l->nets > 0 ? l->named : NULL,
                                        .count = l->nets,
                                        .stop = stop,
                                        .progress = show,
                                        .context = &watch};

    if (opt->list)
        return list(opt, l, err);
    if (opt->repeat.count > 0)
        return repeat(opt, l, &run, err);
    return ohm_collect_run(l->of.collect, &run, err);
}

static enum ohm_status run_collect(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                   struct ohm_error *err)
{
    const struct collect *const opt = object;
    struct loaded l = {0};
    enum ohm_status st;

    ohm_signals_hold();
    if ((st = load(cli, &l, opt, args->word[0], err)) == OHM_OK)
        st = do_it(opt, &l, err);
    cli->signal = st == OHM_EINTR ? ohm_signal_pending() : 0;
    release(&l);
    return st;
}

static const char *const examples[] = {
    "ohmnas collect resnet-kws --data speech_commands -o rows.csv -j 2",
    "ohmnas collect resnet-kws --data speech_commands -o rows.csv --repeat 17 --repeat 3.1",
    "ohmnas collect resnet-kws --data speech_commands -o baselines.csv --net searchspaces/reference/ds-cnn.yaml",
    "ohmnas surrogate train --space resnet-kws --table rows.csv --key genotype --target acc_1d:% -o surrogates/kws",
    NULL};

const struct ohm_command ohm_cmd_collect = {
    .name = "collect",
    .operands = "RECIPE",
    .words_min = 1,
    .words_max = 1,
    .complete = "recipe",
    .summary = "measure networks of a space: rows that surrogates are trained from",
    .details =
        "RECIPE is a file, or a name in searchspaces/recipes: which networks are drawn, how they are trained, how they "
        "are "
        "validated over drift; docs/collect.md tells its keys.\n\n"
        "FILE is the table and the log at once: a run that was stopped in whatever way goes on with the same command. "
        "A "
        "row follows from recipe, samples and id, whatever the number of jobs and the order.\n\n"
        "With --repeat the exit code is 1 where a row does not come out as it is in the file.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct collect),
    .run = run_collect,
};
