/* cmd_eval.c - judges a trained network: digitally, or programmed into analog hardware. */
#include "fit.h"

struct judge {
    struct ohm_fit_sources from;
    const char *weights, *split;
    struct ohm_words set;
    bool analog;
    int64_t seed, repeats, batch;
    struct ohm_format format;
};

static const char *const judge_splits[] = {"train", "val", "test", "trainval", NULL};

static const struct ohm_option eval_options[] = {
    OHM_OPT_TEXT(judge, weights, "weights", 'w', "FILE", "of the network, required", .complete = "file"),
    OHM_OPT_SOURCES(judge),
    OHM_OPT_TEXT(judge, from.net.db, "db", 0, "FILE", "the run log, for NET as n:id or #number",
                 .fallback = "ohmnas.db", .env = "OHMNAS_DB", .complete = "file"),
    OHM_OPT_TEXT(judge, split, "on", 0, "SPLIT", "samples to judge on", .fallback = "test", .names = judge_splits),
    OHM_OPT_FLAG(judge, analog, "analog", 0, "with converters, and weights programmed with noise"),
    OHM_OPT_INT(judge, repeats, "repeats", 0, "N", "1", 1, 10000, "draws of the hardware, with --analog"),
    OHM_OPT_LIST(judge, set, "set", 0, "KEY=VALUE", "analog.KEY=VALUE"),
    OHM_OPT_INT(judge, batch, "batch", 0, "N", "100", 1, 65536, "samples at a time"),
    OHM_OPT_INT(judge, seed, "seed", 0, "S", "1", 0, 9e15, "of the noise", .env = "OHMNAS_SEED"),
    OHM_OPT_FORMAT(judge),
    OHM_OPT_END,
};

static void out_score(struct ohm_out *o, const struct ohm_score_counts *s, int64_t seed)
{
    ohm_out_row(o);
    ohm_out_int(o, "seed", seed);
    ohm_out_int(o, "samples", s->samples);
    ohm_out_int(o, "correct", s->correct);
    ohm_out_double(o, "top1", 100.0 * (double)s->correct / (double)s->samples);
    ohm_out_double(o, "top1_low", 100 * s->low);
    ohm_out_double(o, "top1_high", 100 * s->high);
    ohm_out_double(o, "loss", s->loss);
    ohm_out_row_end(o);
}

static enum ohm_status judge(const struct judge *opt, struct ohm_fit_loaded *l, struct ohm_weights *w,
                             const struct ohm_analog *analog, struct ohm_error *err)
{
    const int64_t repeats = opt->analog ? opt->repeats : 1;
    struct ohm_out out;
    enum ohm_status st = OHM_OK;

    if (l->samples.count[1] < 1)
        return ohm_fail(err, OHM_EDATA, "split '%s' has no samples", opt->split);
    ohm_out_begin(&out, &opt->format, "ohmnas.eval/1");
    ohm_out_text(&out, "network", l->named.name);
    ohm_out_text(&out, "task", l->task->name);
    ohm_out_text(&out, "on", opt->split);
    if (ohm_data_is_synthetic(l->data))
        ohm_out_text(&out, "note", "synthetic data: what is learned from them means nothing");
    ohm_out_list(&out, "scores");
    for (int64_t i = 0; i < repeats && st == OHM_OK; i++) {
        struct ohm_score_counts score;

        st = ohm_net_judge(&score, w, &l->samples, opt->analog ? analog : NULL, (uint64_t)(opt->seed + i),
                           (int)opt->batch, ohm_fit_jobs(opt->from.jobs), err);
        if (st == OHM_OK)
            out_score(&out, &score, opt->seed + i);
    }
    ohm_out_list_end(&out);
    if (st != OHM_OK) {
        ohm_out_drop(&out);
        return st;
    }
    return ohm_out_end(&out, err);
}

static enum ohm_status run_eval(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                struct ohm_error *err)
{
    const struct judge *opt = object;
    struct ohm_analog analog;
    struct ohm_weights w = {0};
    struct ohm_fit_loaded l = {0};
    enum ohm_status st;

    if (!opt->weights)
        return ohm_fail(err, OHM_ECONFIG, "--weights is missing: which file holds them?");
    ohm_fields_default(ohm_analog_fields, &analog);
    analog.on = opt->analog;
    if ((st = ohm_fit_set(NULL, &analog, &opt->set, err)) == OHM_OK &&
        (st = ohm_fit_load(cli, &l, args->word[0], &opt->from, OHM_TRAIN, ohm_fit_split(opt->split), err)) == OHM_OK &&
        (st = ohm_weights_init(&w, l.net, err)) == OHM_OK && (st = ohm_weights_load(&w, opt->weights, err)) == OHM_OK)
        st = judge(opt, &l, &w, &analog, err);
    ohm_weights_release(&w);
    ohm_fit_release(&l);
    return st;
}

static const char *const eval_examples[] = {
    "ohmnas eval searchspaces/reference/resnet8.yaml --weights resnet8.st --task cifar10 --data cifar",
    "ohmnas eval searchspaces/reference/resnet8.yaml --weights resnet8.st --task cifar10 --data cifar --analog "
    "--repeats 5 --set analog.noise=pcm --set analog.noise_scale=1",
    NULL};

const struct ohm_command ohm_cmd_eval = {
    .name = "eval",
    .operands = "NET",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "accuracy of a trained network, with its 95 % interval",
    .details = "NET as for train. The interval is Wilson's for the number of samples. With --analog each repeat "
               "programs the weights anew; input ranges that training has not set are taken from training samples.",
    .examples = eval_examples,
    .options = eval_options,
    .size = sizeof(struct judge),
    .run = run_eval,
};
