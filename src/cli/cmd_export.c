/* cmd_export.c - a network as a file. */
#include "onnx_file.h"

#include "ohm/export.h"
#include "ohm/file.h"

#include <string.h>

struct export
{
    const char *to, *output, *chip, *weights;
    struct ohm_words set;
    bool force, fold;
    struct ohm_net_options net;
};

static const char *const formats[] = {"yaml", "json", "dot", "onnx", NULL};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(export, to, "to", 't', "FORMAT", "what to write", .fallback = "yaml", .names = formats),
    OHM_OPT_TEXT(export, output, "output", 'o', "FILE", "where to; standard output when not given", .complete = "file"),
    OHM_OPT_FLAG(export, force, "force", 'f', "overwrite the file"),
    OHM_OPT_TEXT(export, weights, "weights", 'w', "FILE", "of the network, with --to onnx", .complete = "file"),
    OHM_OPT_FLAG(export, fold, "fold-batch-norm", 0, "batch norms go into the layers before them, with --to onnx"),
    OHM_OPT_TEXT(export, chip, "chip", 0, "CHIP", "also cost and mapping on this chip", .complete = "chip"),
    OHM_OPT_LIST(export, set, "set", 0, "KEY=VALUE", "how the chip is used, such as schedule=pipelined"),
    OHM_OPT_NET(export),
    OHM_OPT_END,
};

/* Without --chip a trial that was searched together with its chip is written with that. */
static enum ohm_status write_net(const struct export *opt, const struct ohm_named_net *n, const struct ohm_chip *chip,
                                 struct ohm_chip_use *use, struct ohm_str *s, struct ohm_error *err)
{
    struct ohm_str axes = {0};
    struct ohm_net_record record = {
        .space = n->space,
        .genotype = &n->genotype,
        .net = n->net,
        .chip = chip,
        .use = use,
        .score_name = (const char *const *)n->metric.name,
        .score = n->value,
        .scores = n->metric.count,
        .version = OHM_VERSION,
        .study = n->logged ? n->study.name : NULL,
        .trial = n->trial,
        .seed = n->study.seed,
    };
    enum ohm_status st = OHM_OK;

    if (strcmp(opt->to, "dot") == 0) {
        ohm_net_dot(s, n->net, n->name);
        return OHM_OK;
    }
    if (!n->space)
        return ohm_fail(err, OHM_ECONFIG,
                        "network '%s' is written layer by layer and of no search space: its file is what --to %s would "
                        "write; --to dot draws it",
                        n->name, opt->to);
    if (!chip && n->spaces.chip_axes) {
        ohm_chip_axes_pick(n->spaces.chip_axes, &n->point, &record.chip, use);
        ohm_net_arg_chip(n, &axes);
        record.chip_axes = ohm_str_text(&axes);
    }
    st = axes.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                     : ohm_net_record_write(s, &record, strcmp(opt->to, "json") == 0, err);
    ohm_str_release(&axes);
    return st;
}

static bool is_onnx(const struct export *opt)
{
    return strcmp(opt->to, "onnx") == 0;
}

static enum ohm_status check_onnx(const struct export *opt, struct ohm_error *err)
{
    if (is_onnx(opt) && !opt->weights)
        return ohm_fail(err, OHM_ECONFIG, "--weights is missing: which file holds the numbers of the network?");
    if (is_onnx(opt) && opt->chip)
        return ohm_fail(err, OHM_ECONFIG, "--chip is of --to yaml and json: ONNX holds no cost");
    if (!is_onnx(opt) && (opt->weights || opt->fold))
        return ohm_fail(err, OHM_ECONFIG, "--%s is of --to onnx, not of --to %s",
                        opt->weights ? "weights" : "fold-batch-norm", opt->to);
    return OHM_OK;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct export *opt = object;
    struct ohm_named_net net = {0};
    struct ohm_chip *chip = NULL;
    struct ohm_chip_use use;
    struct ohm_str s = {0};
    const bool to_file = opt->output && strcmp(opt->output, "-") != 0;
    enum ohm_status st;

    if ((st = check_onnx(opt, err)) != OHM_OK)
        return st;
    if (to_file && !opt->force && ohm_file_exists(opt->output))
        return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, opt->output, 0, 0, "the file exists (--force overwrites it)");
    if ((st = ohm_cli_chip_use(&use, &opt->set, err)) == OHM_OK &&
        (st = ohm_net_arg(cli, &net, args->word[0], &opt->net, err)) == OHM_OK &&
        (!opt->chip || (st = ohm_cli_chip(cli, opt->chip, &chip)) == OHM_OK) &&
        (st = is_onnx(opt) ? ohm_cli_onnx(cli, &s, &net, opt->weights, opt->fold, err)
                           : write_net(opt, &net, chip, &use, &s, err)) == OHM_OK)
        st = ohm_write(opt->output, &s, err);
    ohm_str_release(&s);
    ohm_chip_free(chip);
    ohm_net_arg_release(&net);
    return st;
}

static const char *const examples[] = {"ohmnas export n:3fa9c1 --chip hermes64 -o net.yaml",
                                       "ohmnas export 432030 --space nb201 --to dot | dot -Tsvg -o cell.svg",
                                       "ohmnas export net.yaml --to onnx --weights net.st -o net.onnx", NULL};

const struct ohm_command ohm_cmd_export = {
    .name = "export",
    .operands = "NET",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "write a network as YAML, JSON, a graph or ONNX",
    .details = "YAML and JSON hold genotype, layers, scores and provenance, and with --chip cost and "
               "mapping; show, cost, diff and check read them back. ONNX holds the weights, layers and provenance, "
               "for any size of batch; ohmnas import reads it back.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct export),
    .run = run,
};
