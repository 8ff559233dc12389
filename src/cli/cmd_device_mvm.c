/* cmd_device_mvm.c - how far products of a programmed matrix are from the digital ones. Every instance of the hardware
 * is a stream of its own: more instances change none of those before. */
#include "device_cli.h"

#include "ohm/analog.h"
#include "ohm/mvm_stats.h"
#include "ohm/parallel.h"
#include "ohm/rng.h"

#include <math.h>
#include <string.h>

struct device_mvm {
    const char *device, *times;
    struct ohm_words set;
    int64_t outputs, inputs, vectors, instances, seed, jobs;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(device_mvm, device, "device", 0, "DEVICE", "name or file of a memory device", .fallback = "pcm",
                 .complete = "device"),
    OHM_OPT_INT(device_mvm, outputs, "outputs", 0, "N", "256", 1, 65536, "of the matrix"),
    OHM_OPT_INT(device_mvm, inputs, "inputs", 0, "N", "256", 1, 65536, "of the matrix"),
    OHM_OPT_INT(device_mvm, vectors, "vectors", 0, "N", "512", 1, 1e6, "that it is multiplied with"),
    OHM_OPT_INT(device_mvm, instances, "n", 'n', "N", "10", 1, 1e6, "instances of the hardware, each programmed anew"),
    OHM_OPT_TEXT(device_mvm, times, "t", 't', "LIST", "times after programming (0, 60s, 1h, 30d, 1y)",
                 .fallback = "0,1h,1d,30d,1y"),
    OHM_OPT_LIST(device_mvm, set, "set", 0, "KEY=VALUE",
                 "a setting of the tiles, for instance adc_bits=6, or of the device: device.stuck_set=0.01"),
    OHM_OPT_INT(device_mvm, seed, "seed", 0, "S", "1", 0, 9e15, "of the random draws", .env = "OHMNAS_SEED"),
    OHM_OPT_INT(device_mvm, jobs, "jobs", 'j', "N", NULL, 1, 1024, "threads; all processors when not given",
                .env = "OHMNAS_JOBS"),
    OHM_OPT_FORMAT(device_mvm),
    OHM_OPT_END,
};

enum { TIMES_MAX = 64 };

/* A stage is right after programming, or a time. */
struct stage {
    struct ohm_mvm_sums sums;
    double alpha; /* mean over all outputs and tiles */
};

struct plan {
    const struct device_mvm *opt;
    struct ohm_device *device;
    struct ohm_tile_config config;
    double t_s[TIMES_MAX];
    int times, workers;
    float *w, *x, *wanted;
    struct stage *stage; /* [instances][1 + times] */
    struct worker {
        struct ohm_tiles *tiles;
        float *y, *scratch;
    } * worker;
};

static const struct ohm_exec alone = {.jobs = 1, .isa = OHM_ISA_BEST};

static size_t outputs_of(const struct plan *p)
{
    return (size_t)p->opt->vectors * (size_t)p->opt->outputs;
}

/* ---- one instance ---- */

static void multiply(const struct plan *p, const struct ohm_tiles *tiles, float *y, float *scratch,
                     const struct ohm_rng *stream)
{
    const struct ohm_mvm mvm = {.x = p->x, .n = (int)p->opt->vectors, .stream = *stream, .scratch = scratch};

    ohm_tiles_mvm(tiles, y, &mvm, alone);
}

static double mean_alpha(const struct ohm_tiles *tiles)
{
    double sum = 0, n = 0;

    for (int k = 0; k < ohm_tiles_count(tiles); k++) {
        const struct ohm_tile_view v = ohm_tiles_view(tiles, k);

        for (int c = 0; c < v.columns; c++)
            sum += (double)v.alpha[c];
        n += v.columns;
    }
    return sum / n;
}

/* A stream named by a time, of whatever place in a list. */
static struct ohm_rng stream_at(const struct ohm_rng *instance, const char *what, double t_s)
{
    const struct ohm_rng named = ohm_rng_named(instance, what);
    const double one_zero = t_s == 0 ? 0 : t_s;
    uint64_t bits;

    memcpy(&bits, &one_zero, sizeof bits);
    return ohm_rng_child(&named, bits);
}

static void measure(const struct plan *p, const struct worker *w, struct stage *stage, const struct ohm_rng *stream)
{
    multiply(p, w->tiles, w->y, w->scratch, stream);
    ohm_mvm_sums_add(&stage->sums, p->wanted, w->y, outputs_of(p));
    stage->alpha = mean_alpha(w->tiles);
}

static enum ohm_status run_instance(void *context, int index, int worker, struct ohm_error *err)
{
    struct plan *p = context;
    const struct worker *w = &p->worker[worker];
    struct stage *stage = p->stage + (size_t)index * (size_t)(1 + p->times);
    const struct ohm_rng root = ohm_rng_seed((uint64_t)p->opt->seed), all = ohm_rng_named(&root, "instance");
    const struct ohm_rng own = ohm_rng_child(&all, (uint64_t)index), write = ohm_rng_named(&own, "program");
    const struct ohm_rng fresh = ohm_rng_named(&own, "fresh");
    enum ohm_status st;

    if ((st = ohm_tiles_program(w->tiles, &write, alone, err)) != OHM_OK)
        return st;
    measure(p, w, &stage[0], &fresh);
    for (int t = 0; t < p->times; t++) {
        const struct ohm_rng read = stream_at(&own, "read", p->t_s[t]), mvm = stream_at(&own, "mvm", p->t_s[t]);

        if ((st = ohm_tiles_read(w->tiles, p->t_s[t], &read, alone, err)) != OHM_OK)
            return st;
        measure(p, w, &stage[1 + t], &mvm);
    }
    return OHM_OK;
}

/* ---- output ---- */

static void out_stage(struct ohm_out *o, const struct plan *p, int stage)
{
    struct ohm_mvm_sums sums = {0};
    struct ohm_mvm_stats s;
    double alpha = 0, squares = 0;
    const double n = (double)p->opt->instances;

    for (int64_t i = 0; i < p->opt->instances; i++) {
        const struct stage *own = &p->stage[i * (1 + p->times) + stage];

        ohm_mvm_sums_join(&sums, &own->sums);
        alpha += own->alpha / n;
    }
    for (int64_t i = 0; i < p->opt->instances; i++)
        squares += pow(p->stage[i * (1 + p->times) + stage].alpha - alpha, 2);
    s = ohm_mvm_stats(&sums);
    ohm_out_row(o);
    ohm_out_text(o, "stage", stage == 0 ? "program" : "read");
    ohm_out_double(o, "t_s", stage == 0 ? NAN : p->t_s[stage - 1]);
    ohm_out_int(o, "n", (int64_t)sums.n);
    ohm_out_double(o, "y_sd", s.wanted_sd);
    ohm_out_double(o, "err_mean", s.error_mean);
    ohm_out_double(o, "err_sd", s.error_sd);
    ohm_out_double(o, "err_rms", s.error_rms);
    ohm_out_double(o, "relative", s.relative);
    ohm_out_double(o, "slope", s.slope);
    ohm_out_double(o, "err_sd_after_slope", s.sd_after_slope);
    ohm_out_double(o, "alpha", alpha);
    ohm_out_double(o, "alpha_sd", n > 1 ? sqrt(squares / (n - 1)) : NAN);
    ohm_out_row_end(o);
}

static enum ohm_status out_all(const struct plan *p, struct ohm_error *err)
{
    struct ohm_str settings = {0};
    struct ohm_out out;
    enum ohm_status st;

    ohm_fields_print(&settings, ohm_tile_fields, &p->config);
    ohm_out_begin(&out, &p->opt->format, "ohmnas.device_mvm/1");
    ohm_out_text(&out, "device", p->device->name);
    ohm_out_int(&out, "outputs", p->opt->outputs);
    ohm_out_int(&out, "inputs", p->opt->inputs);
    ohm_out_int(&out, "vectors", p->opt->vectors);
    ohm_out_int(&out, "instances", p->opt->instances);
    ohm_out_int(&out, "seed", p->opt->seed);
    if (!ohm_out_for_people(&out))
        ohm_out_str(&out, "tile", &settings);
    ohm_out_list(&out, "products");
    for (int s = 0; s < 1 + p->times; s++)
        out_stage(&out, p, s);
    ohm_out_list_end(&out);
    st = ohm_out_end(&out, err);
    ohm_str_release(&settings);
    return st;
}

/* ---- the plan ---- */

static enum ohm_status read_times(struct ohm_cli *cli, struct plan *p, struct ohm_error *err)
{
    struct ohm_words words = {0};
    struct ohm_moment moment;
    enum ohm_status st;

    if ((st = ohm_words_split(cli, p->opt->times, ',', &words, err)) != OHM_OK)
        return st;
    if (words.count > TIMES_MAX)
        return ohm_fail(err, OHM_ECONFIG, "%d times are more than %d", words.count, TIMES_MAX);
    for (int i = 0; i < words.count; i++, p->times++) {
        if (!ohm_parse_time(words.item[i], &p->t_s[i]))
            return ohm_fail(err, OHM_ECONFIG, "'%.40s' is no time: a number and one of ns, us, ms, s, min, h, d, y",
                            words.item[i]);
        if ((st = ohm_moment_init(&moment, p->device, p->t_s[i], err)) != OHM_OK)
            return st;
    }
    return OHM_OK;
}

/* Normal numbers held to [-1, 1]; the largest weight is 1 in all but small matrices. */
static void fill(float *to, size_t n, const struct ohm_rng *stream, double sd)
{
    struct ohm_rng rng = *stream;

    for (size_t i = 0; i < n; i++) {
        const double v = sd * ohm_rng_normal(&rng);

        to[i] = (float)(v > 1 ? 1 : v < -1 ? -1 : v);
    }
}

static enum ohm_status make_workers(struct plan *p, struct ohm_error *err)
{
    const struct ohm_tiles_spec spec = {
        .w = p->w, .outputs = (int)p->opt->outputs, .inputs = (int)p->opt->inputs, .device = p->device};
    enum ohm_status st;

    if (!(p->worker = ohm_alloc((size_t)p->workers, sizeof *p->worker)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < p->workers; i++) {
        struct worker *w = &p->worker[i];

        if ((st = ohm_tiles_create(&w->tiles, &p->config, &spec, err)) != OHM_OK)
            return st;
        w->y = ohm_alloc(outputs_of(p), sizeof *w->y);
        w->scratch = ohm_alloc(ohm_tiles_scratch(w->tiles, 1), sizeof *w->scratch);
        if (!w->y || !w->scratch)
            return ohm_fail(err, OHM_ENOMEM, "out of memory");
    }
    return OHM_OK;
}

/* The digital product: tiles without any error. */
static enum ohm_status make_wanted(struct plan *p, struct ohm_error *err)
{
    const struct ohm_rng root = ohm_rng_seed((uint64_t)p->opt->seed);
    const struct ohm_rng weights = ohm_rng_named(&root, "weights"), vectors = ohm_rng_named(&root, "vectors");
    const size_t n = (size_t)p->opt->outputs * (size_t)p->opt->inputs;
    const size_t m = (size_t)p->opt->vectors * (size_t)p->opt->inputs;
    struct ohm_tile_config exact = {.omega = 1, .weight_slices = 1, .redundancy = 1};
    struct ohm_tiles *tiles = NULL;
    float *scratch = NULL;
    enum ohm_status st;

    p->w = ohm_alloc(n, sizeof *p->w);
    p->x = ohm_alloc(m, sizeof *p->x);
    p->wanted = ohm_alloc(outputs_of(p), sizeof *p->wanted);
    if (!p->w || !p->x || !p->wanted)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    fill(p->w, n, &weights, 0.25);
    fill(p->x, m, &vectors, 0.3);
    if ((st = ohm_tiles_create(
             &tiles, &exact,
             &(struct ohm_tiles_spec){.w = p->w, .outputs = (int)p->opt->outputs, .inputs = (int)p->opt->inputs},
             err)) != OHM_OK)
        return st;
    if ((scratch = ohm_alloc(ohm_tiles_scratch(tiles, 1), sizeof *scratch)))
        multiply(p, tiles, p->wanted, scratch, &root);
    else
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    ohm_free(scratch);
    ohm_tiles_free(tiles);
    return st;
}

static enum ohm_status draw(struct plan *p, struct ohm_error *err)
{
    const int jobs = p->opt->jobs ? (int)p->opt->jobs : ohm_processor_count();
    enum ohm_status st;

    p->workers = jobs < p->opt->instances ? jobs : (int)p->opt->instances;
    p->stage = ohm_alloc((size_t)p->opt->instances * (size_t)(1 + p->times), sizeof *p->stage);
    if (!p->stage)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = make_wanted(p, err)) != OHM_OK || (st = make_workers(p, err)) != OHM_OK ||
        (st = ohm_parallel_for(p->workers, (int)p->opt->instances, run_instance, p, err)) != OHM_OK)
        return st;
    return out_all(p, err);
}

static void plan_release(struct plan *p)
{
    for (int i = 0; i < p->workers && p->worker; i++) {
        ohm_tiles_free(p->worker[i].tiles);
        ohm_free(p->worker[i].y);
        ohm_free(p->worker[i].scratch);
    }
    ohm_free(p->worker);
    ohm_free(p->stage);
    ohm_free(p->w);
    ohm_free(p->x);
    ohm_free(p->wanted);
    ohm_device_free(p->device);
}

/* Settings of tiles, or of the device where they begin so. */
static enum ohm_status set_all(struct plan *p, struct ohm_error *err)
{
    static const char of_device[] = "device.";
    const size_t length = sizeof of_device - 1;
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < p->opt->set.count && st == OHM_OK; i++) {
        const struct ohm_words one = {.item = &p->opt->set.item[i], .count = 1};

        st = strncmp(one.item[0], of_device, length) == 0 ? ohm_cli_device_set(p->device, one.item[0] + length, err)
                                                          : ohm_opt_set_fields(ohm_tile_fields, &p->config, &one, err);
    }
    return st == OHM_OK ? ohm_tile_config_check(&p->config, err) : st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    struct plan plan = {.opt = object};
    enum ohm_status st;

    (void)args;
    ohm_fields_default(ohm_tile_fields, &plan.config);
    if ((st = ohm_cli_device(cli, plan.opt->device, &plan.device)) == OHM_OK && (st = set_all(&plan, err)) == OHM_OK &&
        (st = read_times(cli, &plan, err)) == OHM_OK)
        st = draw(&plan, err);
    plan_release(&plan);
    return st;
}

static const char *const examples[] = {
    "ohmnas device mvm --device pcm-hermes2 --set read_mode=four_phase",
    "ohmnas device mvm --inputs 576 --outputs 64 --set adc_bits=6 --set compensation=unbiased --csv",
    "ohmnas device mvm --device ideal --t 0 --set out_noise=0 --set ir_drop=1 --json", NULL};

const struct ohm_command ohm_cmd_device_mvm = {
    .name = "device mvm",
    .operands = "",
    .summary = "errors of matrix-vector products on tiles of a memory device",
    .details =
        "A matrix of normal weights (deviation 0.25, held to 1) is programmed on tiles and multiplied with normal "
        "vectors (deviation 0.3, held to 1), right after programming and at each time. Rows: spread and root mean "
        "square "
        "of the error, the latter relative to the spread of the digital outputs, too; slope of the outputs on the "
        "digital ones; alpha, the factor of drift compensation that is in them.\n\n"
        "Settings of --set are those of docs/analog.md.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct device_mvm),
    .run = run,
};
