/* cmd_chip_measure.c - how long networks take on this processor, by our own kernels, and the energy where it is known.
 */
#include "energy_counter.h"
#include "net_list.h"

#include "ohm/clock.h"
#include "ohm/csv.h"
#include "ohm/file.h"
#include "ohm/forward.h"
#include "ohm/stat.h"
#include "ohm/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct chip_measure {
    const char *seconds, *power, *counters, *output, *draw;
    int64_t count, seed, jobs;
    bool force;
    struct ohm_net_options net;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(chip_measure, draw, "draw", 0, "SPACE,...", "also networks drawn from these spaces",
                 .complete = "space"),
    OHM_OPT_INT(chip_measure, count, "count", 'n', "N", "10", 1, 10000, "networks to draw from each of --draw"),
    OHM_OPT_INT(chip_measure, seed, "seed", 0, "S", "1", 0, 9e15, "of the random draws, and of weights and inputs",
                .env = "OHMNAS_SEED"),
    OHM_OPT_TEXT(chip_measure, seconds, "seconds", 0, "S", "to measure each network for", .fallback = "0.3"),
    OHM_OPT_INT(chip_measure, jobs, "jobs", 'j', "N", "1", 1, 1024, "threads for one image"),
    OHM_OPT_TEXT(chip_measure, power, "power", 0, "W",
                 "what the processor draws meanwhile; without it the energy is taken from its counters"),
    OHM_OPT_TEXT(chip_measure, counters, "counters", 0, "FOLDER", "where the energy counters are",
                 .fallback = OHM_ENERGY_COUNTERS, .complete = "folder"),
    OHM_OPT_TEXT(chip_measure, output, "output", 'o', "FILE.csv", "instead of standard output", .complete = "file"),
    OHM_OPT_FLAG(chip_measure, force, "force", 0, "overwrite the file"),
    OHM_OPT_NET(chip_measure),
    OHM_OPT_END,
};

enum { RUNS_MIN = 5, RUNS_MAX = 65536 };

/* What one network is measured with and comes to. */
struct bench {
    double seconds, power_W;            /* NaN: not given */
    struct ohm_energy_counter *counter; /* NULL: no energy by counters */
    uint64_t seed;
    int jobs;
    double us[RUNS_MAX];
    int runs;
    double median_us, best_us, energy_uJ; /* NaN: not known */
};

/* ---- one network ---- */

static enum ohm_status run_for(struct bench *b, struct ohm_forward *forward, struct ohm_error *err)
{
    double spent = 0, now, begin;
    enum ohm_status st = OHM_OK;

    (void)ohm_forward_run(forward, 1); /* memory is touched, caches are warm */
    if (b->counter && (st = ohm_energy_spent(b->counter, &spent, err)) != OHM_OK)
        return st;
    begin = now = ohm_now_s();
    for (b->runs = 0; b->runs < RUNS_MAX && (b->runs < RUNS_MIN || now - begin < b->seconds); b->runs++) {
        const double before = now;

        (void)ohm_forward_run(forward, 1);
        now = ohm_now_s();
        b->us[b->runs] = (now - before) * 1e6;
    }
    if (b->counter && (st = ohm_energy_spent(b->counter, &spent, err)) != OHM_OK)
        return st;
    b->median_us = ohm_quantile_in_place(b->us, b->runs, 0.5); /* sorts */
    b->best_us = b->us[0];
    b->energy_uJ = b->counter ? spent / b->runs : b->median_us * b->power_W;
    return OHM_OK;
}

/* Numbers of the size that they have in a trained network: those of a network of zeros would show a processor that
 * saves power on them, and denormal ones a processor that has no fast path for them. */
static enum ohm_status measure(struct bench *b, const struct ohm_net *net, struct ohm_error *err)
{
    const struct ohm_rng root = ohm_rng_seed(b->seed);
    struct ohm_rng inputs = ohm_rng_named(&root, "inputs");
    const size_t numbers = (size_t)net->input.h * (size_t)net->input.w * (size_t)net->input.c;
    struct ohm_forward *forward = NULL;
    struct ohm_weights w = {0};
    enum ohm_status st = ohm_weights_init(&w, net, err);

    if (st == OHM_OK) {
        const struct ohm_rng weights = ohm_rng_named(&root, "weights");

        ohm_weights_draw(&w, &weights);
        st = ohm_forward_create(&forward, &w, 1, b->jobs, NULL, NULL, err);
    }
    if (st == OHM_OK) {
        for (size_t i = 0; i < numbers; i++)
            ohm_forward_input(forward)[i] = (float)ohm_rng_normal(&inputs);
        st = run_for(b, forward, err);
    }
    ohm_forward_free(forward);
    ohm_weights_release(&w);
    return st;
}

/* ---- the table ---- */

static void put_head(struct ohm_str *s, const struct bench *b)
{
    ohm_str_printf(
        s,
        "# ohmnas chip measure: kernels for %s, images one at a time, threads: %d; latency_us is the median of "
        "the runs, best_us the shortest\n",
        ohm_isa_name(ohm_isa_best()), b->jobs);
    ohm_str_append(s, "network,space,macs,runs,best_us,latency_us,energy_uJ\n");
}

static void put_double(struct ohm_str *s, double value)
{
    if (isfinite(value))
        ohm_str_append_double(s, value);
}

static void put_row(struct ohm_str *s, const struct ohm_named_net *n, const char *word, const char *space,
                    const struct bench *b)
{
    struct ohm_str name = {0};

    if (n->space)
        ohm_genotype_print(n->space, &n->genotype, &name);
    else
        ohm_str_append(&name, word);
    s->failed = s->failed || name.failed;
    ohm_csv_append(s, ohm_str_text(&name));
    ohm_str_append(s, ",");
    ohm_csv_append(s, !n->space ? "" : space ? space : ohm_space_name(n->space));
    ohm_str_printf(s, ",%lld,%d,", (long long)n->net->macs, b->runs);
    put_double(s, b->best_us);
    ohm_str_append(s, ",");
    put_double(s, b->median_us);
    ohm_str_append(s, ",");
    put_double(s, b->energy_uJ);
    ohm_str_append(s, "\n");
    ohm_str_release(&name);
}

/* ---- the command ---- */

static enum ohm_status read_options(const struct chip_measure *opt, struct bench *b, struct ohm_error *err)
{
    b->power_W = (double)NAN;
    b->jobs = (int)opt->jobs;
    b->seed = (uint64_t)opt->seed;
    if (!ohm_parse_double(opt->seconds, &b->seconds) || !(b->seconds > 0 && b->seconds <= 3600))
        return ohm_fail(err, OHM_ECONFIG, "--seconds is '%.40s', outside (0, 3600]", opt->seconds);
    if (opt->power && (!ohm_parse_double(opt->power, &b->power_W) || !(b->power_W > 0 && b->power_W <= 1e5)))
        return ohm_fail(err, OHM_ECONFIG, "--power is '%.40s', outside (0, 1e5] W", opt->power);
    if (opt->output && !opt->force && strcmp(opt->output, "-") != 0 && ohm_file_exists(opt->output))
        return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, opt->output, 0, 0, "the file exists (--force overwrites it)");
    return OHM_OK;
}

/* The networks named come first, then those drawn. */
static enum ohm_status list_networks(struct ohm_cli *cli, const struct chip_measure *opt, const struct ohm_args *args,
                                     struct ohm_net_list *list, struct ohm_error *err)
{
    struct ohm_words spaces = {0};
    enum ohm_status st;

    if ((st = ohm_net_list_words(cli, list, args, &opt->net, err)) == OHM_OK)
        st = ohm_words_split(cli, opt->draw, ',', &spaces, err);
    for (int i = 0; i < spaces.count && st == OHM_OK; i++)
        st = ohm_net_list_draw(cli, list, spaces.item[i], opt->count, (uint64_t)opt->seed, err);
    if (st == OHM_OK && list->count == 0)
        return ohm_fail(err, OHM_ECONFIG, "no network to measure: name some, or give --draw SPACE");
    return st;
}

static enum ohm_status measure_all(struct ohm_cli *cli, const struct chip_measure *opt, const struct ohm_args *args,
                                   const struct ohm_net_list *list, struct bench *b, struct ohm_error *err)
{
    struct ohm_str text = {0};
    enum ohm_status st = OHM_OK;

    put_head(&text, b);
    for (int i = 0; i < list->count && st == OHM_OK; i++) {
        const char *const word = i < args->words ? args->word[i] : "";

        if ((st = measure(b, list->item[i]->net, err)) == OHM_OK)
            put_row(&text, list->item[i], word, i < args->words ? opt->net.space : NULL, b);
        if (st == OHM_OK && (cli->signal = ohm_signal_pending()) != 0)
            st = ohm_fail(err, OHM_EINTR, "stopped after %d of %d networks; nothing is written", i + 1, list->count);
    }
    if (st == OHM_OK)
        st = ohm_write(opt->output, &text, err);
    ohm_str_release(&text);
    return st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct chip_measure *opt = object;
    struct ohm_energy_counter *const counter = ohm_alloc(1, sizeof(*counter));
    struct bench *const b = ohm_alloc(1, sizeof(*b));
    struct ohm_net_list list = {0};
    struct ohm_error why = {0};
    enum ohm_status st = counter && b ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");

    ohm_signals_hold();
    if (st == OHM_OK && (st = read_options(opt, b, err)) == OHM_OK &&
        (st = list_networks(cli, opt, args, &list, err)) == OHM_OK) {
        if (!opt->power && ohm_energy_open(counter, opt->counters, &why) == OHM_OK)
            b->counter = counter;
        else if (!opt->power)
            ohm_say("no energy is measured: %s%s%s; give --power W", why.path, *why.path ? ": " : "", why.text);
        st = measure_all(cli, opt, args, &list, b, err);
    }
    ohm_net_list_release(&list);
    ohm_free(counter);
    ohm_free(b);
    return st;
}

static const char *const examples[] = {"ohmnas chip measure --draw resnet-cifar10,nb201 -n 20 -o mine.csv",
                                       "ohmnas chip measure searchspaces/reference/*.yaml --power 15 -o reference.csv",
                                       NULL};

const struct ohm_command ohm_cmd_chip_measure = {
    .name = "chip measure",
    .operands = "[NET...]",
    .words_min = 0,
    .words_max = -1,
    .complete = "file",
    .summary = "time and energy of networks on this processor, as a table that chip fit reads",
    .details =
        "Runs the digital network with our own kernels, one image at a time, with random weights and inputs. The "
        "energy is that of all packages of the processor, whoever else uses them, where their counters can be "
        "read (often by root alone), else --power times the time, else empty. Nothing else should run.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct chip_measure),
    .run = run,
};
