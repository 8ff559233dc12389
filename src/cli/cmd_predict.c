/* cmd_predict.c - the answers of a trained network to rows of numbers, digitally or on analog hardware. */
#include "validate_run.h"

#include "ohm/numbers.h"
#include "ohm/predict.h"
#include "ohm/stat.h"

#include <math.h>
#include <string.h>

struct predict {
    struct ohm_validate_options hardware; /* of these: weights, device, chip, set, compensation, times, ranges */
    struct ohm_net_options net;
    const char *inputs, *targets, *output, *weight_noise;
    bool analog, logarithm;
    int64_t draws, batch, seed, jobs, state, steps;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(predict, hardware.weights, "weights", 'w', "FILE", "of NET, required", .complete = "file"),
    OHM_OPT_TEXT(predict, inputs, "inputs", 'i', "FILE", "numbers as text, a line an input, required",
                 .complete = "file"),
    OHM_OPT_TEXT(predict, targets, "targets", 't', "FILE", "what the answers should be, likewise", .complete = "file"),
    OHM_OPT_TEXT(predict, output, "output", 'o', "FILE", "the answers of the first draw", .complete = "file"),
    OHM_OPT_FLAG(predict, logarithm, "log", 0, "the answers are natural logarithms of the targets, up to a factor"),
    OHM_OPT_TEXT(predict, weight_noise, "weight-noise", 0, "SHARE",
                 "normal errors of the weights, in units of the largest of a layer"),
    OHM_OPT_FLAG(predict, analog, "analog", 0, "on analog hardware, as with validate"),
    OHM_OPT_TEXT(predict, hardware.device, "device", 0, "DEVICE", "name or file of the memory device",
                 .fallback = "pcm", .complete = "device"),
    OHM_OPT_TEXT(predict, hardware.chip, "chip", 0, "CHIP", "tiles of the size of this chip, read in four phases",
                 .complete = "chip"),
    OHM_OPT_LIST(predict, hardware.set, "set", 0, "KEY=VALUE",
                 "tile.KEY=VALUE, or device.program, .drift, .read: scale it"),
    OHM_OPT_TEXT(predict, hardware.compensation, "compensation", 0, "KIND",
                 "of drift: none, global, column, unbiased, unbiased_column", .fallback = "unbiased",
                 .names = ohm_compensation_kinds),
    OHM_OPT_TEXT(predict, hardware.times, "time", 0, "TIME", "after programming", .fallback = "0"),
    OHM_OPT_TEXT(predict, hardware.ranges, "ranges", 0, "RULE",
                 "of inputs: trained, max, quantile:Q, sigma:S, mse (docs/validation.md)", .fallback = "trained"),
    OHM_OPT_INT(predict, draws, "draws", 'n', "N", "1", 1, 100000, "of the hardware, or of the errors of weights"),
    OHM_OPT_INT(predict, state, "state", 0, "N", "0", 0, 1e9,
                "of a recurrent network: its last N outputs are its last N inputs at the next line"),
    OHM_OPT_INT(predict, steps, "steps", 0, "N", "0", 0, 1e9,
                "lines of a sequence, each begins with a state of zeros; 0: one sequence"),
    OHM_OPT_INT(predict, batch, "batch", 0, "N", "256", 1, 65536, "inputs, or sequences, at a time"),
    OHM_OPT_INT(predict, seed, "seed", 0, "S", "1", 0, 9e15, "of the draws", .env = "OHMNAS_SEED"),
    OHM_OPT_INT(predict, jobs, "jobs", 'j', "N", NULL, 1, 1024, "threads; all processors when not given",
                .env = "OHMNAS_JOBS"),
    OHM_OPT_NET(predict),
    OHM_OPT_FORMAT(predict),
    OHM_OPT_END,
};

struct predicting {
    const struct predict *opt;
    struct ohm_named_net named;
    struct ohm_weights w;
    struct ohm_numbers inputs, targets;
    float *x;    /* [rows][inputs of the network]: those of the file, then zeros for the state */
    int outputs; /* that are told: without the state */
    float *y;    /* [rows][outputs] */
    double noise;
    struct ohm_nearness *near; /* [draws], where there are targets */
    struct ohm_str answers;
};

static void release(struct predicting *p)
{
    ohm_str_release(&p->answers);
    ohm_free(p->near);
    ohm_free(p->x);
    ohm_free(p->y);
    ohm_numbers_release(&p->targets);
    ohm_numbers_release(&p->inputs);
    ohm_weights_release(&p->w);
    ohm_net_arg_release(&p->named);
}

/* ---- from the options ---- */

static enum ohm_status check_options(struct predicting *p, struct ohm_error *err)
{
    const struct predict *const opt = p->opt;

    if (!opt->hardware.weights)
        return ohm_fail(err, OHM_ECONFIG, "--weights is missing: which file holds them?");
    if (!opt->inputs)
        return ohm_fail(err, OHM_ECONFIG, "--inputs is missing: what is the network to answer?");
    if (opt->weight_noise && (!ohm_parse_double(opt->weight_noise, &p->noise) || !(p->noise >= 0 && p->noise <= 100)))
        return ohm_fail(err, OHM_ECONFIG, "--weight-noise is '%.40s', not a number in [0, 100]", opt->weight_noise);
    if (p->noise > 0 && opt->analog)
        return ohm_fail(err, OHM_ECONFIG,
                        "--weight-noise and --analog exclude each other: a device has its own errors");
    if (opt->logarithm && !opt->targets)
        return ohm_fail(err, OHM_ECONFIG, "--log is of --targets, and there are none");
    if (opt->steps > 0 && opt->state == 0)
        return ohm_fail(err, OHM_ECONFIG, "--steps is of --state: without a state lines are independent");
    if (opt->draws > 1 && !opt->analog && !(p->noise > 0))
        return ohm_fail(err, OHM_ECONFIG, "--draws is of --analog or --weight-noise: without them all are the same");
    return OHM_OK;
}

static enum ohm_status load_inputs(struct predicting *p, struct ohm_error *err)
{
    const struct ohm_shape in = p->named.net->input;
    const int64_t wide = (int64_t)in.h * in.w * in.c, state = p->opt->state;
    enum ohm_status st = ohm_numbers_load(&p->inputs, p->opt->inputs, err);
    size_t rows, columns;

    if (st != OHM_OK)
        return st;
    if (state >= wide || state >= p->named.net->classes)
        return ohm_fail(err, OHM_ECONFIG, "--state is %lld, of a network with %lld inputs and %d outputs",
                        (long long)state, (long long)wide, p->named.net->classes);
    if (p->inputs.columns != wide - state)
        return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, p->opt->inputs, 0, 0,
                           "its rows have %d numbers, an input of this network %d x %d x %d%s = %lld",
                           p->inputs.columns, in.h, in.w, in.c, state > 0 ? " less the state" : "",
                           (long long)(wide - state));
    rows = (size_t)p->inputs.rows;
    columns = (size_t)p->inputs.columns;
    p->outputs = p->named.net->classes - (int)state;
    p->x = ohm_alloc(rows, (size_t)wide * sizeof *p->x);
    p->y = ohm_alloc(rows, (size_t)p->outputs * sizeof *p->y);
    if (!p->x || !p->y)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (size_t i = 0; i < rows * columns; i++)
        p->x[i / columns * (size_t)wide + i % columns] = (float)p->inputs.value[i];
    return OHM_OK;
}

/* A row of targets for each input; a network with one output may have them in any arrangement. */
static enum ohm_status load_targets(struct predicting *p, struct ohm_error *err)
{
    const int64_t wanted = (int64_t)p->inputs.rows * p->outputs;
    enum ohm_status st;

    if (!p->opt->targets)
        return OHM_OK;
    if ((st = ohm_numbers_load(&p->targets, p->opt->targets, err)) != OHM_OK)
        return st;
    if ((int64_t)p->targets.rows * p->targets.columns != wanted || (p->outputs > 1 && p->targets.columns != p->outputs))
        return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, p->opt->targets, 0, 0,
                           "it has %d x %d numbers; %d inputs of a network with %d outputs want %d x %d",
                           p->targets.rows, p->targets.columns, p->inputs.rows, p->outputs, p->inputs.rows, p->outputs);
    p->near = ohm_alloc((size_t)p->opt->draws, sizeof *p->near);
    return p->near ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
}

static enum ohm_status load(struct ohm_cli *cli, struct predicting *p, const char *net, struct ohm_error *err)
{
    enum ohm_status st;

    if ((st = check_options(p, err)) != OHM_OK ||
        (st = ohm_net_arg(cli, &p->named, net, &p->opt->net, err)) != OHM_OK ||
        (st = ohm_weights_init(&p->w, p->named.net, err)) != OHM_OK ||
        (st = ohm_weights_load(&p->w, p->opt->hardware.weights, err)) != OHM_OK || (st = load_inputs(p, err)) != OHM_OK)
        return st;
    return load_targets(p, err);
}

/* ---- running ---- */

static enum ohm_status take_draw(void *context, int draw, const float *y, struct ohm_error *err)
{
    struct predicting *const p = context;
    const size_t outputs = (size_t)p->outputs, rows = (size_t)p->inputs.rows;

    if (ohm_signal_pending())
        return ohm_fail(err, OHM_EINTR, "stopped in draw %d of %lld", draw + 1, (long long)p->opt->draws);
    for (size_t i = 0; i < rows; i++)
        memcpy(p->y + i * outputs, y + i * (size_t)p->named.net->classes, outputs * sizeof *y);
    if (p->near)
        p->near[draw] = ohm_nearness(p->y, p->targets.value, rows * outputs, p->opt->logarithm);
    for (size_t i = 0; i < rows * outputs && draw == 0 && p->opt->output; i++) {
        ohm_str_append_double(&p->answers, (double)p->y[i]);
        ohm_str_append(&p->answers, (i + 1) % outputs ? "," : "\n");
    }
    return p->answers.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : OHM_OK;
}

static enum ohm_status predict(struct ohm_cli *cli, struct predicting *p, struct ohm_error *err)
{
    const struct predict *const opt = p->opt;
    const int64_t rows = p->inputs.rows;
    struct ohm_validate_setup hardware = {0};
    struct ohm_predict_spec spec = {.w = &p->w,
                                    .x = p->x,
                                    .n = p->inputs.rows,
                                    .state = (int)opt->state,
                                    .steps = (int)opt->steps,
                                    .weight_noise = p->noise,
                                    .seed = (uint64_t)opt->seed,
                                    .draws = (int)opt->draws,
                                    .batch = (int)(opt->batch < rows ? opt->batch : rows),
                                    .jobs = ohm_fit_jobs(opt->jobs)};
    enum ohm_status st = OHM_OK;

    if (opt->analog) {
        st = ohm_validate_setup_init(cli, &hardware, &opt->hardware, err);
        spec.tile = &hardware.tile;
        spec.device = hardware.device;
        spec.ranges = hardware.ranges;
        spec.t_s = hardware.t_s[0];
        if (st == OHM_OK && hardware.times.count != 1)
            st = ohm_fail(err, OHM_ECONFIG, "--time is one time, not %d", hardware.times.count);
    } else if (opt->hardware.set.count > 0) {
        st = ohm_fail(err, OHM_ECONFIG, "--set is of --analog");
    }
    if (st == OHM_OK)
        st = ohm_predict(&spec, take_draw, p, err);
    ohm_validate_setup_release(&hardware);
    return st;
}

/* ---- telling ---- */

static enum ohm_status out_mean(struct ohm_out *out, const struct predicting *p, struct ohm_error *err)
{
    const int draws = (int)p->opt->draws;
    double *const overlap = ohm_alloc((size_t)draws, sizeof *overlap);

    if (!overlap)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < draws; i++)
        overlap[i] = p->near[i].overlap;
    ohm_out_double(out, "overlap", ohm_mean(overlap, draws));
    ohm_out_double(out, "overlap_sd", draws > 1 ? ohm_sd(overlap, draws) : NAN);
    ohm_out_double(out, "overlap_error", draws > 1 ? ohm_sd(overlap, draws) / sqrt(draws) : NAN);
    ohm_free(overlap);
    return OHM_OK;
}

static enum ohm_status tell(const struct predicting *p, struct ohm_error *err)
{
    struct ohm_out out;
    enum ohm_status st = OHM_OK;

    ohm_out_begin(&out, &p->opt->format, "ohmnas.predict/1");
    ohm_out_text(&out, "network", p->named.name);
    ohm_out_int(&out, "inputs", p->inputs.rows);
    ohm_out_int(&out, "outputs", p->outputs);
    ohm_out_text(&out, "hardware", p->opt->analog ? p->opt->hardware.device : NULL);
    ohm_out_double(&out, "weight_noise", p->noise);
    ohm_out_int(&out, "draws", p->opt->draws);
    if (p->near && (st = out_mean(&out, p, err)) == OHM_OK) {
        ohm_out_list(&out, "by_draw");
        for (int i = 0; i < (int)p->opt->draws; i++) {
            ohm_out_row(&out);
            ohm_out_int(&out, "draw", i + 1);
            ohm_out_double(&out, "overlap", p->near[i].overlap);
            ohm_out_double(&out, "rmse", p->near[i].rmse);
            ohm_out_double(&out, "largest_error", p->near[i].largest);
            ohm_out_row_end(&out);
        }
        ohm_out_list_end(&out);
    }
    if (st != OHM_OK) {
        ohm_out_drop(&out);
        return st;
    }
    return ohm_out_end(&out, err);
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    struct predicting p = {.opt = object};
    enum ohm_status st;

    ohm_signals_hold();
    if ((st = load(cli, &p, args->word[0], err)) == OHM_OK && (st = predict(cli, &p, err)) == OHM_OK && p.opt->output)
        st = ohm_write(p.opt->output, &p.answers, err);
    if (st == OHM_OK && !(p.opt->output && strcmp(p.opt->output, "-") == 0))
        st = tell(&p, err);
    cli->signal = st == OHM_EINTR ? ohm_signal_pending() : 0;
    release(&p);
    return st;
}

static const char *const examples[] = {
    "ohmnas predict rbm.yaml --weights rbm.st --inputs states.csv --targets amplitudes.csv --log",
    "ohmnas predict rbm.yaml --weights rbm.st --inputs states.csv --targets amplitudes.csv --log --weight-noise 0.01 "
    "--draws 100",
    "ohmnas predict lstm.yaml --weights lstm.st --inputs text.csv --state 1008 --steps 100 -o logits.csv",
    "ohmnas predict net.yaml --weights net.st --inputs x.csv --targets y.csv --analog --chip hermes64 --time 1d "
    "--draws 10 -o answers.csv",
    NULL};

const struct ohm_command ohm_cmd_predict = {
    .name = "predict",
    .operands = "NET",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "answers of a trained network to rows of numbers, and how near they are to what they should be",
    .details =
        "NET as for train. An input is a line of h x w x c numbers, channels last. overlap is |sum y t| / "
        "sqrt(sum y^2 sum t^2) over all answers y and targets t, overlap_error the standard error of its mean "
        "over draws. With --log y is e^answer. With --state a line is a step: the file has the inputs without the "
        "state, and the answers come without it. With --analog matrices lie on tiles as with validate, input "
        "ranges that training has not set are taken from the inputs.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct predict),
    .run = run,
};
