/* cmd_validate.c - how accurate a trained network is on analog hardware, at any time after programming. */
#include "device_cli.h"
#include "fit.h"
#include "validate_gate.h"

#include "ohm/analog.h"

#include <stdio.h>
#include <string.h>

struct validate {
    struct ohm_fit_sources from;
    const char *weights, *split, *device, *chip, *times, *compensation, *gate, *width, *progress;
    struct ohm_words set;
    int64_t draws, reads, samples, calibrate, batch, seed;
    struct ohm_format format;
};

static const char *const splits[] = {"train", "val", "test", "trainval", NULL};
static const char *const progress_forms[] = {"auto", "none", NULL};
/* In the order of enum ohm_compensation. */
static const char *const compensations[] = {"none", "global", "column", "unbiased", "unbiased_column", NULL};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(validate, weights, "weights", 'w', "FILE", "of the network, required", .complete = "file"),
    OHM_OPT_SOURCES(validate),
    OHM_OPT_TEXT(validate, from.net.db, "db", 0, "FILE", "the run log, for NET as n:id or #number",
                 .fallback = "ohmnas.db", .env = "OHMNAS_DB", .complete = "file"),
    OHM_OPT_TEXT(validate, split, "on", 0, "SPLIT", "samples to judge on", .fallback = "test", .names = splits),
    OHM_OPT_TEXT(validate, device, "device", 0, "DEVICE", "name or file of the memory device", .fallback = "pcm",
                 .complete = "device"),
    OHM_OPT_TEXT(validate, chip, "chip", 0, "CHIP", "tiles of the size of this chip, read in four phases",
                 .complete = "chip"),
    OHM_OPT_LIST(validate, set, "set", 0, "KEY=VALUE", "tile.KEY=VALUE, or device.program, .drift, .read: scale it"),
    OHM_OPT_TEXT(validate, compensation, "compensation", 0, "KIND",
                 "of drift: none, global (default), column, unbiased, unbiased_column", .names = compensations),
    OHM_OPT_TEXT(validate, times, "times", 't', "LIST", "after programming", .fallback = "0,60s,1h,1d,30d,1y"),
    OHM_OPT_INT(validate, draws, "draws", 'n', "N", "10", 1, 1000000, "the hardware is programmed so often, at most"),
    OHM_OPT_INT(validate, reads, "reads", 0, "N", "1", 1, 10000, "reads of each draw at each time"),
    OHM_OPT_INT(validate, samples, "samples", 0, "N", "0", 0, 1e9, "to judge on, spread over the split; 0: all"),
    OHM_OPT_TEXT(validate, width, "width", 0, "PERCENT",
                 "no more draws once every 95 % interval is narrower, in points (3 draws at least)"),
    OHM_OPT_TEXT(validate, gate, "gate", 0, "EXPR", "such as 'acc_30d >= 85 && avm < 3'; exit code 5 where it fails"),
    OHM_OPT_INT(validate, calibrate, "calibrate", 0, "N", "500", 1, 1e9,
                "training samples to find input ranges with, where training has set none"),
    OHM_OPT_INT(validate, batch, "batch", 0, "N", "100", 1, 65536, "samples at a time"),
    OHM_OPT_INT(validate, seed, "seed", 0, "S", "1", 0, 9e15, "of the hardware", .env = "OHMNAS_SEED"),
    OHM_OPT_TEXT(validate, progress, "progress", 0, "FORM", "auto or none", .fallback = "auto",
                 .names = progress_forms),
    OHM_OPT_FORMAT(validate),
    OHM_OPT_END,
};

/* All that a validation needs, for as long as the command runs. */
struct loaded {
    struct ohm_fit_loaded fit;
    struct ohm_weights w;
    struct ohm_device *device;
    struct ohm_tile_config tile;
    struct ohm_words times;
    double t_s[OHM_VALIDATE_TIMES_MAX], width;
    struct ohm_gate gate;
};

static void release(struct loaded *l)
{
    ohm_gate_release(&l->gate);
    ohm_device_free(l->device);
    ohm_weights_release(&l->w);
    ohm_fit_release(&l->fit);
}

/* ---- options ---- */

static enum ohm_status read_times(struct ohm_cli *cli, struct loaded *l, const char *list, struct ohm_error *err)
{
    const enum ohm_status st = ohm_words_split(cli, list, ',', &l->times, err);

    if (st != OHM_OK)
        return st;
    if (l->times.count < 1 || l->times.count > OHM_VALIDATE_TIMES_MAX)
        return ohm_fail(err, OHM_ECONFIG, "--times has %d times, outside [1, %d]", l->times.count,
                        OHM_VALIDATE_TIMES_MAX);
    for (int i = 0; i < l->times.count; i++)
        if (!ohm_parse_time(l->times.item[i], &l->t_s[i]))
            return ohm_fail(err, OHM_ECONFIG, "'%.40s' is no time: a number and one of ns, us, ms, s, min, h, d, y",
                            l->times.item[i]);
    return OHM_OK;
}

static enum ohm_status read_width(double *width, const char *text, struct ohm_error *err)
{
    if (text && (!ohm_parse_double(text, width) || !(*width > 0 && *width <= 100)))
        return ohm_fail(err, OHM_ECONFIG, "--width is '%.40s', not points in (0, 100]", text);
    return OHM_OK;
}

static enum ohm_status set_device(struct ohm_device *d, const char *key, const char *text, struct ohm_error *err)
{
    static const struct ohm_field fields[] = {
        {OHM_FIELD_REAL, "program", offsetof(struct ohm_device, scale_program), 1, NULL, 0, 1e3, NULL, "error"},
        {OHM_FIELD_REAL, "drift", offsetof(struct ohm_device, scale_drift), 1, NULL, 0, 1e3, NULL, "exponent"},
        {OHM_FIELD_REAL, "read", offsetof(struct ohm_device, scale_read), 1, NULL, 0, 1e3, NULL, "noise"},
        OHM_FIELDS_END,
    };

    return ohm_field_set(fields, d, key, text, err);
}

static enum ohm_status set_one(struct loaded *l, const char *text, struct ohm_error *err)
{
    const bool tile = strncmp(text, "tile.", 5) == 0, device = strncmp(text, "device.", 7) == 0;
    const char *const begin = text + (tile ? 5 : 7), *const equals = strchr(text, '=');
    char key[64];

    if ((!tile && !device) || !equals || equals < begin || (size_t)(equals - begin) >= sizeof key)
        return ohm_fail(err, OHM_ECONFIG, "--set is '%.80s'; here it is tile.KEY=VALUE or device.KEY=VALUE", text);
    memcpy(key, begin, (size_t)(equals - begin));
    key[equals - begin] = '\0';
    return tile ? ohm_field_set(ohm_tile_fields, &l->tile, key, equals + 1, err)
                : set_device(l->device, key, equals + 1, err);
}

/* Chip, then --compensation, then --set: the last word has who says most exactly what is meant. */
static enum ohm_status read_tile(struct ohm_cli *cli, struct loaded *l, const struct validate *opt,
                                 struct ohm_error *err)
{
    struct ohm_chip *chip = NULL;
    enum ohm_status st = OHM_OK;

    ohm_fields_default(ohm_tile_fields, &l->tile);
    if (opt->chip && (st = ohm_cli_chip(cli, opt->chip, &chip)) == OHM_OK) {
        ohm_chip_tile(chip, &l->tile.rows, &l->tile.columns);
        l->tile.read_mode = OHM_TILE_FOUR_PHASE; /* as all its accuracies were published */
        ohm_chip_free(chip);
    }
    for (int i = 0; st == OHM_OK && opt->compensation && compensations[i]; i++)
        if (strcmp(opt->compensation, compensations[i]) == 0)
            l->tile.compensation = i;
    for (int i = 0; i < opt->set.count && st == OHM_OK; i++)
        st = set_one(l, opt->set.item[i], err);
    return st;
}

static enum ohm_status load(struct ohm_cli *cli, struct loaded *l, const struct validate *opt, const char *net,
                            struct ohm_error *err)
{
    enum ohm_status st;

    if (!opt->weights)
        return ohm_fail(err, OHM_ECONFIG, "--weights is missing: which file holds them?");
    if ((st = read_times(cli, l, opt->times, err)) != OHM_OK ||
        (st = read_width(&l->width, opt->width, err)) != OHM_OK ||
        (st = ohm_gate_init(cli, &l->gate, opt->gate, &l->times, err)) != OHM_OK ||
        (st = ohm_cli_device(cli, opt->device, &l->device)) != OHM_OK || (st = read_tile(cli, l, opt, err)) != OHM_OK ||
        (st = ohm_fit_load(cli, &l->fit, net, &opt->from, OHM_TRAIN, ohm_fit_split(opt->split), err)) != OHM_OK ||
        (st = ohm_weights_init(&l->w, l->fit.net, err)) != OHM_OK)
        return st;
    return ohm_weights_load(&l->w, opt->weights, err);
}

/* ---- output ---- */

struct watch {
    bool quiet;
    const struct ohm_words *times;
};

static bool watch(void *context, const struct ohm_validate_progress *p)
{
    const struct watch *const w = context;

    if (ohm_signal_pending())
        return false;
    if (!w->quiet)
        fprintf(stderr, "draw %d/%d  %s  top1 %.2f %%\n", p->draw, p->draws, w->times->item[p->time], p->top1);
    return true;
}

static void out_moment(struct ohm_out *o, const char *time, const struct ohm_validate_moment *m, double digital)
{
    ohm_out_row(o);
    ohm_out_text(o, "time", time);
    ohm_out_double(o, "t_s", m->t_s);
    ohm_out_double(o, "top1", m->mean);
    ohm_out_double(o, "sd", m->sd);
    ohm_out_double(o, "low", m->low);
    ohm_out_double(o, "high", m->high);
    ohm_out_double(o, "q05", m->q05);
    ohm_out_double(o, "median", m->median);
    ohm_out_double(o, "q95", m->q95);
    ohm_out_double(o, "drop", digital - m->mean);
    ohm_out_double(o, "dw", m->dw);
    ohm_out_double(o, "alpha", m->alpha);
    ohm_out_row_end(o);
}

/* Every single accuracy, for programs that want to look for themselves. */
static void out_reads(struct ohm_out *o, const struct loaded *l, const struct ohm_validate_result *r)
{
    const double *top1 = r->top1;

    ohm_out_list(o, "reads");
    for (int draw = 0; draw < r->draws; draw++)
        for (int time = 0; time < r->times; time++)
            for (int read = 0; read < r->reads; read++) {
                ohm_out_row(o);
                ohm_out_int(o, "draw", draw + 1);
                ohm_out_text(o, "time", l->times.item[time]);
                ohm_out_int(o, "read", read + 1);
                ohm_out_double(o, "top1", *top1++);
                ohm_out_row_end(o);
            }
    ohm_out_list_end(o);
}

static enum ohm_status out_result(const struct validate *opt, const struct loaded *l,
                                  const struct ohm_validate_result *r, bool passed, struct ohm_error *err)
{
    struct ohm_out out;

    ohm_out_begin(&out, &opt->format, "ohmnas.validate/1");
    ohm_out_text(&out, "network", l->fit.named.name);
    ohm_out_text(&out, "task", l->fit.task->name);
    ohm_out_text(&out, "on", opt->split);
    if (ohm_data_is_synthetic(l->fit.data))
        ohm_out_text(&out, "note", "synthetic data: what is learned from them means nothing");
    ohm_out_text(&out, "weights", opt->weights);
    ohm_out_text(&out, "device", l->device->name);
    ohm_out_int(&out, "seed", opt->seed);
    ohm_out_int(&out, "samples", r->samples);
    ohm_out_int(&out, "draws", r->draws);
    ohm_out_int(&out, "reads", r->reads);
    ohm_out_int(&out, "ranges_calibrated", r->calibrated);
    ohm_out_double(&out, "digital", r->digital);
    ohm_out_double(&out, "digital_low", r->digital_low);
    ohm_out_double(&out, "digital_high", r->digital_high);
    ohm_out_double(&out, "avm", r->avm);
    if (opt->gate) {
        ohm_out_text(&out, "gate", opt->gate);
        ohm_out_bool(&out, "gate_passed", passed);
    }
    ohm_out_list(&out, "times");
    for (int i = 0; i < r->times; i++)
        out_moment(&out, l->times.item[i], &r->moment[i], r->digital);
    ohm_out_list_end(&out);
    if (opt->format.json)
        out_reads(&out, l, r);
    return ohm_out_end(&out, err);
}

static enum ohm_status validate(const struct validate *opt, struct loaded *l, struct ohm_error *err)
{
    struct watch watched = {.quiet = strcmp(opt->progress, "none") == 0, .times = &l->times};
    const struct ohm_validate_spec spec = {.w = &l->w,
                                           .samples = &l->fit.samples,
                                           .device = l->device,
                                           .tile = &l->tile,
                                           .t_s = l->t_s,
                                           .times = l->times.count,
                                           .draws = (int)opt->draws,
                                           .reads = (int)opt->reads,
                                           .count = (int)opt->samples,
                                           .calibrate = (int)opt->calibrate,
                                           .width = l->width,
                                           .seed = (uint64_t)opt->seed,
                                           .batch = (int)opt->batch,
                                           .jobs = ohm_fit_jobs(opt->from.jobs),
                                           .progress = watch,
                                           .context = &watched};
    struct ohm_validate_result result = {0};
    struct ohm_error missed = {0};
    enum ohm_status st = ohm_validate(&result, &spec, err), gate;

    if (st != OHM_OK)
        return st;
    gate = ohm_gate_check(&l->gate, &result, &missed);
    st = out_result(opt, l, &result, gate == OHM_OK, err);
    ohm_validate_result_release(&result);
    if (st == OHM_OK && gate != OHM_OK)
        return ohm_fail(err, gate, "%s", missed.text);
    return st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct validate *const opt = object;
    struct loaded l = {0};
    enum ohm_status st;

    ohm_signals_hold();
    if ((st = load(cli, &l, opt, args->word[0], err)) == OHM_OK)
        st = validate(opt, &l, err);
    cli->signal = st == OHM_EINTR ? ohm_signal_pending() : 0;
    release(&l);
    return st;
}

static const char *const examples[] = {
    "ohmnas validate searchspaces/reference/resnet8.yaml --weights resnet8.st --task cifar10 --data cifar",
    "ohmnas validate n:5788b --weights best.st --task cifar10 --data cifar --chip hermes64 --times 0,30d --draws 25 "
    "--gate 'acc_30d >= 85'",
    "ohmnas validate searchspaces/reference/resnet8.yaml --weights resnet8.st --task cifar10 --data cifar --samples "
    "1000 --width 0.5 --compensation none --set tile.adc_bits=0 --set tile.out_noise=0",
    NULL};

const struct ohm_command ohm_cmd_validate = {
    .name = "validate",
    .operands = "NET",
    .words_min = 1,
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
        "Settings of tiles are told in docs/analog.md, what is measured in docs/validation.md.\n\n"
        "--gate is a condition over digital, avm, and for each time T acc_T, acc_T_sd, acc_T_low, acc_T_high, "
        "acc_T_q05, acc_T_median, acc_T_q95, dw_T; where it does not hold, or a value in it is missing, the exit code "
        "is 5.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct validate),
    .run = run,
};
