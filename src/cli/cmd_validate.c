/* cmd_validate.c - how accurate a trained network is on analog hardware, at any time after programming. */
#include "validate_answers.h"
#include "validate_gate.h"
#include "validate_out.h"
#include "validate_run.h"

#include <stdio.h>
#include <string.h>

static const char *const splits[] = {"train", "val", "test", "trainval", NULL};
static const char *const progress_forms[] = {"auto", "none", NULL};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(ohm_validate_options, weights, "weights", 'w', "FILE", "of NET, required with it", .complete = "file"),
    OHM_OPT_SOURCES(ohm_validate_options),
    OHM_OPT_TEXT(ohm_validate_options, from.net.db, "db", 0, "FILE",
                 "the run log: the validation is a row of it, NET may be of it", .fallback = "ohmnas.db",
                 .env = "OHMNAS_DB", .complete = "file"),
    OHM_OPT_TEXT(ohm_validate_options, split, "on", 0, "SPLIT", "samples to judge on", .fallback = "test",
                 .names = splits),
    OHM_OPT_TEXT(ohm_validate_options, device, "device", 0, "DEVICE", "name or file of the memory device",
                 .fallback = "pcm", .complete = "device"),
    OHM_OPT_TEXT(ohm_validate_options, chip, "chip", 0, "CHIP", "tiles of the size of this chip, read in four phases",
                 .complete = "chip"),
    OHM_OPT_LIST(ohm_validate_options, set, "set", 0, "KEY=VALUE",
                 "tile.KEY=VALUE, or device.program, .drift, .read: scale it"),
    OHM_OPT_TEXT(ohm_validate_options, compensation, "compensation", 0, "KIND",
                 "of drift: none, global, column, unbiased, unbiased_column", .fallback = "unbiased",
                 .names = ohm_compensation_kinds),
    OHM_OPT_TEXT(ohm_validate_options, times, "times", 't', "LIST", "after programming",
                 .fallback = "0,60s,1h,1d,30d,1y"),
    OHM_OPT_INT(ohm_validate_options, draws, "draws", 'n', "N", "10", 1, 1000000,
                "the hardware is programmed so often, at most"),
    OHM_OPT_INT(ohm_validate_options, reads, "reads", 0, "N", "1", 1, 10000, "reads of each draw at each time"),
    OHM_OPT_INT(ohm_validate_options, samples, "samples", 0, "N", "0", 0, 1e9,
                "to judge on, spread over the split; 0: all"),
    OHM_OPT_TEXT(ohm_validate_options, width, "width", 0, "PERCENT",
                 "no more draws once every 95 % interval is narrower, in points (3 draws at least)"),
    OHM_OPT_TEXT(ohm_validate_options, gate, "gate", 0, "EXPR",
                 "such as 'acc_30d >= 85 && avm < 3'; exit code 5 where it fails"),
    OHM_OPT_TEXT(ohm_validate_options, answers, "answers", 0, "FILE.csv",
                 "which samples were answered rightly, for ohmnas compare (docs/compare.md)", .complete = "file"),
    OHM_OPT_FLAG(ohm_validate_options, force, "force", 'f', "overwrite the file of --answers"),
    OHM_OPT_TEXT(ohm_validate_options, ranges, "ranges", 0, "RULE",
                 "of inputs: trained, max, quantile:Q, sigma:S, mse (docs/validation.md)", .fallback = "trained"),
    OHM_OPT_INT(ohm_validate_options, calibrate, "calibrate", 0, "N", "500", 1, 1e9,
                "training samples to find input ranges with, where training has set none"),
    OHM_OPT_INT(
        ohm_validate_options, bn_samples, "bn-samples", 0, "N", "0", 0, 1e9,
        "statistics of batch norms from N training samples on the hardware, at each read (AdaBS); 0: as trained"),
    OHM_OPT_INT(ohm_validate_options, batch, "batch", 0, "N", "100", 1, 65536, "samples at a time"),
    OHM_OPT_INT(ohm_validate_options, seed, "seed", 0, "S", "1", 0, 9e15, "of the hardware", .env = "OHMNAS_SEED"),
    OHM_OPT_INT(ohm_validate_options, top, "top", 0, "K", NULL, 1, 10000,
                "the K best networks of --study in place of NET, ranked by what is measured"),
    OHM_OPT_TEXT(ohm_validate_options, by, "by", 0, "acc_TIME",
                 "of --top: what ranks them; the study's first objective when not given"),
    OHM_OPT_TEXT(ohm_validate_options, weights_dir, "weights-dir", 0, "DIR",
                 "of --top: weights are DIR/ID.st, or else of a training of the run log", .complete = "folder"),
    OHM_OPT_FLAG(ohm_validate_options, again, "again", 0, "of --top: measure anew what the run log has"),
    OHM_OPT_TEXT(ohm_validate_options, progress, "progress", 0, "FORM", "auto or none", .fallback = "auto",
                 .names = progress_forms),
    OHM_OPT_FORMAT(ohm_validate_options),
    OHM_OPT_END,
};

/* ---- one network ---- */

static enum ohm_status out_result(const struct ohm_validate_setup *s, const struct ohm_validated *v, bool passed,
                                  struct ohm_error *err)
{
    const struct ohm_validate_options *const opt = s->opt;
    struct ohm_out out;
    char id[32];

    snprintf(id, sizeof id, "v:%lld", (long long)v->id);
    ohm_out_begin(&out, &opt->format, "ohmnas.validate/1");
    ohm_out_text(&out, "validation", id);
    ohm_out_text(&out, "network", s->fit.named.name);
    ohm_out_text(&out, "task", s->fit.task->name);
    ohm_out_text(&out, "on", opt->split);
    if (ohm_data_is_synthetic(s->fit.data))
        ohm_out_text(&out, "note", "synthetic data: what is learned from them means nothing");
    ohm_out_text(&out, "weights", opt->weights);
    ohm_out_text(&out, "device", s->device->name);
    ohm_out_int(&out, "seed", opt->seed);
    ohm_out_validation(&out, &v->result);
    if (opt->gate) {
        ohm_out_text(&out, "gate", opt->gate);
        ohm_out_bool(&out, "gate_passed", passed);
    }
    ohm_out_validation_times(&out, &v->result, &s->times, opt->format.json);
    return ohm_out_end(&out, err);
}

static enum ohm_status validate(struct ohm_cli *cli, struct ohm_validate_setup *s, const struct ohm_gate *gate,
                                struct ohm_error *err)
{
    struct ohm_validated v = {0};
    struct ohm_error missed = {0};
    enum ohm_status st = ohm_validate_net(cli, &v, s, s->opt->weights, false, "", err), held;

    if (st != OHM_OK)
        return st;
    held = ohm_validate_gate_check(gate, &v.result, &missed);
    st = out_result(s, &v, held == OHM_OK, err);
    ohm_validate_result_release(&v.result);
    if (st == OHM_OK && held != OHM_OK)
        return ohm_fail(err, held, "%s", missed.text);
    return st;
}

static enum ohm_status run_one(struct ohm_cli *cli, struct ohm_validate_setup *s, const char *net,
                               struct ohm_error *err)
{
    const struct ohm_validate_options *const opt = s->opt;
    struct ohm_gate gate = {0};
    enum ohm_status st = ohm_gate_init(cli, &gate, opt->gate, &ohm_validate_gate_names, &s->times, err);

    if (st == OHM_OK &&
        (st = ohm_fit_load(cli, &s->fit, net, &opt->from, OHM_TRAIN, ohm_fit_split(opt->split), err)) == OHM_OK)
        st = validate(cli, s, &gate, err);
    ohm_gate_release(&gate);
    return st;
}

/* What belongs to one network does not go with several, and the other way round. */
static enum ohm_status check_use(const struct ohm_validate_options *opt, int words, struct ohm_error *err)
{
    const char *const lone = words > 0      ? "NET"
                             : opt->weights ? "--weights"
                             : opt->gate    ? "--gate"
                             : opt->answers ? "--answers"
                                            : NULL;
    const char *const many = opt->by ? "--by" : opt->weights_dir ? "--weights-dir" : opt->again ? "--again" : NULL;

    if (opt->top > 0)
        return lone ? ohm_fail(err, OHM_ECONFIG, "--top takes the networks of a study, and %s is of one network", lone)
                    : OHM_OK;
    if (many)
        return ohm_fail(err, OHM_ECONFIG, "%s goes with --top, and there is none", many);
    if (words < 1)
        return ohm_fail(err, OHM_ECONFIG,
                        "NET is missing: which network is to be validated? (--top K: those of a study)");
    if (!opt->weights)
        return ohm_fail(err, OHM_ECONFIG, "--weights is missing: which file holds them?");
    return opt->answers ? ohm_validate_check_answers(opt->answers, opt->force, err) : OHM_OK;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct ohm_validate_options *const opt = object;
    struct ohm_validate_setup s = {0};
    enum ohm_status st = check_use(opt, args->words, err);

    if (st != OHM_OK)
        return st;
    ohm_signals_hold();
    if ((st = ohm_validate_setup_init(cli, &s, opt, err)) == OHM_OK)
        st = opt->top > 0 ? ohm_validate_top(cli, &s, err) : run_one(cli, &s, args->word[0], err);
    cli->signal = st == OHM_EINTR ? ohm_signal_pending() : 0;
    ohm_validate_setup_release(&s);
    return st;
}

static const char *const examples[] = {
    "ohmnas validate searchspaces/reference/resnet8.yaml --weights resnet8.st --task cifar10 --data cifar",
    "ohmnas validate n:5788b --weights best.st --task cifar10 --data cifar --chip hermes64 --times 0,30d --draws 25 "
    "--gate 'acc_30d >= 85'",
    "ohmnas validate searchspaces/reference/resnet8.yaml --weights resnet8.st --task cifar10 --data cifar --samples "
    "1000 --width 0.5 --compensation none --set tile.adc_bits=0 --set tile.out_noise=0",
    "ohmnas validate --top 10 --study kws-64core --task kws --data speech_commands --weights-dir trained --by acc_1d",
    NULL};

const struct ohm_command ohm_cmd_validate = {
    .name = "validate",
    .operands = "[NET]",
    .words_max = 1,
    .complete = "file",
    .summary = "accuracy of a trained network on analog hardware, at any time after programming",
    .details =
        "NET as for train. Every conv and dense layer is programmed on crossbar tiles, --draws times, and judged at "
        "each "
        "time; all other layers are digital. top1 is the mean over draws, low and high its 95 % interval over "
        "hardware, "
        "digital the accuracy without it on the same samples, avm the loss from 60 s to 30 days in points, dw the mean "
        "distance of weights from their targets, by the largest: 0 says that nothing happened to them.\n\n"
        "With --top the K best networks of a study take the place of NET: by its objective, or from its front inwards. "
        "Their "
        "weights are files of --weights-dir or of trainings in the run log. They are ranked by what is measured at the "
        "time of --by, with what the study predicted beside it; one without weights is listed with the command that "
        "trains it.\n\n"
        "--answers writes a line for each sample: how many of all draws and reads were right at each time, for paired "
        "tests by ohmnas compare. The log keeps no single answers, so the draws of a validation that was stopped are "
        "made again.\n\n"
        "Settings of tiles are told in docs/analog.md, what is measured in docs/validation.md.\n\n"
        "--gate is a condition over digital, avm, and for each time T acc_T, acc_T_sd, acc_T_low, acc_T_high, "
        "acc_T_q05, acc_T_median, acc_T_q95, dw_T; where it does not hold, or a value in it is missing, the exit code "
        "is 5.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct ohm_validate_options),
    .run = run,
};
