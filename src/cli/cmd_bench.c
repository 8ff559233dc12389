/* cmd_bench.c - strategies on a published table. */
#include "cli_int.h"

#include "ohm/bench.h"
#include "ohm/parallel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct bench {
    const char *space, *objective, *key, *output;
    struct ohm_words strategy;
    int64_t budget, seeds, seed, jobs;
    bool minimize;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(bench, space, "space", 0, "SPACE", "search space of the table's networks", .fallback = "nb201",
                 .complete = "space"),
    OHM_OPT_TEXT(bench, objective, "objective", 0, "COLUMN", "the measured column, required"),
    OHM_OPT_TEXT(bench, key, "key", 0, "COLUMN", "column that names the network: the space's key or canonical text",
                 .fallback = "ops"),
    OHM_OPT_FLAG(bench, minimize, "minimize", 0, "small values are good"),
    OHM_OPT_LIST(bench, strategy, "strategy", 0, "NAME[:KEY=VALUE,...]", "'all', or strategies; all when not given",
                 .complete = "strategy"),
    OHM_OPT_INT(bench, budget, "budget", 'b', "N", "200", 1, 100000, "queries of a run, each charged"),
    OHM_OPT_INT(bench, seeds, "seeds", 0, "N", "500", 1, 100000, "runs of each strategy"),
    OHM_OPT_INT(bench, seed, "seed", 0, "S", "1", 0, 9e15, "of it all", .env = "OHMNAS_SEED"),
    OHM_OPT_INT(bench, jobs, "jobs", 'j', "N", NULL, 1, 1024, "threads; all processors when not given",
                .env = "OHMNAS_JOBS"),
    OHM_OPT_TEXT(bench, output, "output", 'o', "FILE", "also write the result as CSV", .complete = "file"),
    OHM_OPT_FORMAT(bench),
    OHM_OPT_END,
};

struct watch {
    struct ohm_cli *cli;
    bool terminal;
    int said; /* tenths of the whole */
};

static bool show_progress(void *context, int done, int total)
{
    struct watch *w = context;
    const int tenths = total > 0 ? (int)(10.0 * done / total) : 0;

    if (w->terminal)
        fprintf(stderr, "\r\033[K%d/%d runs%s", done, total, done == total ? "\n" : "");
    else if (tenths > w->said)
        fprintf(stderr, "%d/%d runs\n", done, total);
    w->said = tenths;
    w->cli->signal = ohm_signal_pending();
    return w->cli->signal == 0;
}

static void out_point(struct ohm_out *o, const struct ohm_bench_curve *c, const struct ohm_bench_point *p)
{
    ohm_out_row(o);
    ohm_out_text(o, "strategy", c->name);
    ohm_out_int(o, "queries", p->queries);
    ohm_out_double(o, "mean_regret", p->mean);
    ohm_out_double(o, "low", p->low);
    ohm_out_double(o, "high", p->high);
    ohm_out_double(o, "q25", p->q25);
    ohm_out_double(o, "median", p->median);
    ohm_out_double(o, "q75", p->q75);
    ohm_out_double(o, "hit", p->hit);
    ohm_out_double(o, "to_random", p->to_random.mean);
    ohm_out_double(o, "to_random_low", p->to_random.low);
    ohm_out_double(o, "to_random_high", p->to_random.high);
    ohm_out_double(o, "to_regevo", p->to_regevo.mean);
    ohm_out_double(o, "to_regevo_low", p->to_regevo.low);
    ohm_out_double(o, "to_regevo_high", p->to_regevo.high);
    ohm_out_row_end(o);
}

static enum ohm_status out_json(const struct bench *opt, const struct ohm_bench_table *table,
                                const struct ohm_bench_result *r, struct ohm_error *err)
{
    struct ohm_out out;

    ohm_out_begin(&out, &opt->format, "ohmnas.bench/1");
    ohm_out_text(&out, "objective", ohm_bench_objective(table));
    ohm_out_int(&out, "rows", ohm_bench_rows(table));
    ohm_out_int(&out, "rows_without_value", ohm_bench_without(table));
    ohm_out_double(&out, "optimum", ohm_bench_optimum(table));
    ohm_out_int(&out, "seeds", r->seeds);
    ohm_out_int(&out, "budget", r->budget);
    ohm_out_list(&out, "points");
    for (int i = 0; i < r->count; i++)
        for (int k = 0; k < r->points; k++)
            out_point(&out, &r->curve[i], &r->curve[i].point[k]);
    ohm_out_list_end(&out);
    return ohm_out_end(&out, err);
}

static enum ohm_status report(const struct bench *opt, const struct ohm_bench_table *table,
                              const struct ohm_bench_result *r, struct ohm_error *err)
{
    struct ohm_str csv = {0}, text = {0};
    enum ohm_status st = OHM_OK;

    ohm_bench_csv(&csv, table, r);
    if (opt->output)
        st = ohm_write(opt->output, &csv, err);
    if (st != OHM_OK)
        ;
    else if (opt->format.json || opt->format.jsonl)
        st = out_json(opt, table, r, err);
    else if (opt->format.csv)
        st = ohm_print(&csv, err);
    else {
        ohm_bench_text(&text, table, r);
        st = ohm_print(&text, err);
    }
    ohm_str_release(&csv);
    ohm_str_release(&text);
    return st;
}

static enum ohm_status bench(struct ohm_cli *cli, const struct bench *opt, const struct ohm_space *space,
                             const char *path, struct ohm_error *err)
{
    const bool all =
        opt->strategy.count == 0 || (opt->strategy.count == 1 && strcmp(opt->strategy.item[0], "all") == 0);
    struct watch watch = {cli, isatty(STDERR_FILENO), 0};
    const struct ohm_bench_options run = {
        .strategy = opt->strategy.item,
        .count = all ? 0 : opt->strategy.count,
        .budget = (int)opt->budget,
        .seeds = (int)opt->seeds,
        .seed = (uint64_t)opt->seed,
        .jobs = opt->jobs > 0 ? (int)opt->jobs : ohm_processor_count(),
        .progress = show_progress,
        .context = &watch,
    };
    struct ohm_bench_table *table = NULL;
    struct ohm_bench_result *result = NULL;
    enum ohm_status st;

    if ((st = ohm_bench_load(&table, space, path, opt->key, opt->objective, opt->minimize, err)) == OHM_OK &&
        (st = ohm_bench_run(&result, table, &run, err)) == OHM_OK)
        st = report(opt, table, result, err);
    ohm_bench_free(result);
    ohm_bench_table_free(table);
    return st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct bench *opt = object;
    struct ohm_space *space = NULL;
    enum ohm_status st;

    if (!opt->objective)
        return ohm_fail(err, OHM_ECONFIG, "--objective is needed: the column of %.80s that was measured",
                        args->word[0]);
    if (opt->strategy.count > OHM_BENCH_CURVES_MAX)
        return ohm_fail(err, OHM_ERANGE, "--strategy is given %d times, more than %d", opt->strategy.count,
                        OHM_BENCH_CURVES_MAX);
    ohm_signals_hold();
    if ((st = ohm_cli_space(cli, opt->space, &space)) == OHM_OK)
        st = bench(cli, opt, space, args->word[0], err);
    ohm_space_free(space);
    return st;
}

static const char *const examples[] = {
    "ohmnas bench nb201.csv --space nb201 --objective c10_test_200ep --budget 200 --seeds 500",
    "ohmnas bench nb201.csv --objective c10_test_200ep --strategy random --strategy regevo:population=20 --csv", NULL};

const struct ohm_command ohm_cmd_bench = {
    .name = "bench",
    .operands = "TABLE.csv",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "measure the regret of strategies on a published table",
    .details = "Every query is charged, also one that asks for a network again. Regret is the distance "
               "to the best row of the table, with mean, quartiles, and paired-bootstrap intervals "
               "against random search and regularised evolution.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct bench),
    .run = run,
};
