/* cmd_device_sample.c - statistics of a memory device, or of the weights of a tile of them, by drawing many. What a row
 * says depends on its own target, time, number of draws and seed, and on no other row. */
#include "device_cli.h"

#include "ohm/parallel.h"
#include "ohm/rng.h"

#include <math.h>
#include <string.h>

struct device_sample {
    const char *device, *targets, *weights, *times;
    struct ohm_words set;
    int64_t n, seed, jobs;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(device_sample, device, "device", 0, "DEVICE", "name or file of a memory device", .fallback = "pcm",
                 .complete = "device"),
    OHM_OPT_TEXT(device_sample, targets, "g", 'g', "LIST",
                 "conductances to program, uS; five over the range if not given"),
    OHM_OPT_TEXT(device_sample, weights, "w", 'w', "LIST",
                 "instead, weights of tiles of 256 x 256 in equal shares: the tile path"),
    OHM_OPT_TEXT(
        device_sample, times, "t", 't', "LIST",
        "times after programming (0, 60s, 1h, 30d, 1y); all that the model has, or 0,1h,1d,30d,1y, if not given"),
    OHM_OPT_LIST(device_sample, set, "set", 0, "KEY=VALUE",
                 "program, drift, read: scale an effect, 0 switches it off; stuck_reset, stuck_set, stuck_random: "
                 "shares of devices; on_off_ratio"),
    OHM_OPT_INT(device_sample, n, "n", 'n', "N", "200000", 1, 1e9, "draws of each row"),
    OHM_OPT_INT(device_sample, seed, "seed", 0, "S", "1", 0, 9e15, "of the random draws", .env = "OHMNAS_SEED"),
    OHM_OPT_INT(device_sample, jobs, "jobs", 'j', "N", NULL, 1, 1024, "threads; all processors when not given",
                .env = "OHMNAS_JOBS"),
    OHM_OPT_FORMAT(device_sample),
    OHM_OPT_END,
};

enum { VALUES_MAX = 256, CHUNK = 4096, SIDE = 256, TILE = SIDE * SIDE, SLICES_MAX = 2 * OHM_PAIRS_MAX };
enum stage { PROGRAM, NU, DRIFT, READ, STAGES };

/* Sums of x - origin, where origin is the first x: no digits are lost to a large mean. */
struct sums {
    double n, origin, first, second;
};

struct row {
    double target;
    int time;
    struct sums stage[STAGES];
};

/* What is to be drawn: targets (or weights) times times. */
struct plan {
    const struct device_sample *opt;
    struct ohm_device *device;
    double target[VALUES_MAX], t_s[VALUES_MAX];
    struct ohm_moment moment[VALUES_MAX];
    int targets, times;
    struct row *row;         /* [targets * times] */
    struct scratch *scratch; /* [jobs] */
};

struct scratch {
    float g[SLICES_MAX][TILE], latent[SLICES_MAX][TILE], programmed[TILE], w[TILE], seen[TILE];
};

static void sums_add(struct sums *s, const float *x, size_t n, size_t step)
{
    if (s->n == 0 && n > 0)
        s->origin = (double)x[0];
    for (size_t i = 0; i < n; i++) {
        const double d = (double)x[i * step] - s->origin;

        s->first += d;
        s->second += d * d;
    }
    s->n += (double)n;
}

static double sums_mean(const struct sums *s)
{
    return s->n > 0 ? s->origin + s->first / s->n : NAN;
}

static double sums_sd(const struct sums *s)
{
    const double mean = s->first / s->n, rest = s->second - s->n * mean * mean;

    return s->n > 1 ? sqrt(rest > 0 ? rest / (s->n - 1) : 0) : NAN;
}

/* A stream named by a number, of whatever place in a list. */
static struct ohm_rng child_of(const struct ohm_rng *parent, double value)
{
    const double one_zero = value == 0 ? 0 : value;
    uint64_t bits;

    memcpy(&bits, &one_zero, sizeof bits);
    return ohm_rng_child(parent, bits);
}

/* ---- the device path ---- */

static enum ohm_status sample_device(void *context, int index, int worker, struct ohm_error *err)
{
    struct plan *p = context;
    struct row *row = &p->row[index];
    struct scratch *s = &p->scratch[worker];
    const struct ohm_moment *m = &p->moment[row->time];
    const struct ohm_rng root = ohm_rng_seed((uint64_t)p->opt->seed), own = child_of(&root, row->target);
    const struct ohm_rng write = ohm_rng_named(&own, "program"), reads = ohm_rng_named(&own, "read");
    const struct ohm_rng read = child_of(&reads, m->t_s);

    (void)err;
    for (size_t i = 0; i < CHUNK; i++)
        s->w[i] = (float)row->target;
    for (int64_t at = 0; at < p->opt->n; at += CHUNK) {
        const size_t n = p->opt->n - at < CHUNK ? (size_t)(p->opt->n - at) : CHUNK;

        ohm_device_program(p->device, s->programmed, s->latent[0], s->w, n, (uint64_t)at, &write);
        sums_add(&row->stage[PROGRAM], s->programmed, n, 1);
        sums_add(&row->stage[NU], s->latent[0], n, 1);
        ohm_device_drift(m, s->seen, s->programmed, s->latent[0], n, (uint64_t)at, &read);
        sums_add(&row->stage[DRIFT], s->seen, n, 1);
        ohm_device_read(m, s->seen, s->programmed, s->latent[0], n, (uint64_t)at, &read);
        sums_add(&row->stage[READ], s->seen, n, 1);
    }
    return OHM_OK;
}

/* ---- the tile path ---- */

/* Weight k of the list stands at k, k + targets, k + 2 targets ... of every tile. */
static void sum_tile(struct plan *p, int time, enum stage stage, const float *w)
{
    for (int k = 0; k < p->targets; k++)
        sums_add(&p->row[k * p->times + time].stage[stage], w + k, (size_t)((TILE - 1 - k) / p->targets + 1),
                 (size_t)p->targets);
}

/* All weights of a time come from the same tiles: an item is a time. */
static enum ohm_status sample_tiles(void *context, int time, int worker, struct ohm_error *err)
{
    struct plan *p = context;
    struct scratch *s = &p->scratch[worker];
    const struct ohm_rng root = ohm_rng_seed((uint64_t)p->opt->seed), tiles = ohm_rng_named(&root, "tile");
    const int64_t count = (p->opt->n * p->targets + TILE - 1) / TILE;
    float *g[SLICES_MAX], *latent[SLICES_MAX];
    struct ohm_tile_state tile = {.programmed = s->programmed, .latent = latent, .g = g, .n = TILE};

    (void)err;
    for (int k = 0; k < SLICES_MAX; k++) {
        g[k] = s->g[k];
        latent[k] = s->latent[k];
    }
    for (int i = 0; i < TILE; i++)
        s->w[i] = (float)p->target[i % p->targets];
    for (int64_t k = 0; k < count; k++) {
        const struct ohm_rng own = ohm_rng_child(&tiles, (uint64_t)k), write = ohm_rng_named(&own, "program");
        const struct ohm_rng reads = ohm_rng_named(&own, "read"), read = child_of(&reads, p->t_s[time]);

        ohm_tile_program(p->device, &tile, s->w, &write);
        sum_tile(p, time, PROGRAM, s->programmed);
        ohm_tile_read(&p->moment[time], &tile, s->seen, &read);
        sum_tile(p, time, READ, s->seen);
    }
    return OHM_OK;
}

/* ---- output ---- */

static const char *const stage_names[STAGES] = {"program", "nu", "drift", "read"};

static void out_stage(struct ohm_out *o, const struct plan *p, const struct row *row, enum stage stage,
                      const double expected[2])
{
    const struct sums *s = &row->stage[stage];
    const bool later = stage == DRIFT || stage == READ;

    ohm_out_row(o);
    ohm_out_double(o, p->opt->weights ? "w_target" : "g_target_uS", row->target);
    ohm_out_text(o, "stage", stage_names[stage]);
    ohm_out_double(o, "t_s", later ? p->t_s[row->time] : NAN);
    ohm_out_text(o, "unit", stage == NU || p->opt->weights ? "1" : "uS");
    ohm_out_int(o, "n", (int64_t)s->n);
    ohm_out_double(o, "mean", sums_mean(s));
    ohm_out_double(o, "sd", sums_sd(s));
    ohm_out_double(o, "expected_mean", expected[0]);
    ohm_out_double(o, "expected_sd", expected[1]);
    ohm_out_row_end(o);
}

/* Programming is the same at all times: it is told once. */
static void out_row(struct ohm_out *o, const struct plan *p, const struct row *row)
{
    struct ohm_expected e = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};

    if (!p->opt->weights)
        ohm_device_expect(&p->moment[row->time], row->target, &e);
    if (row->time == 0)
        out_stage(o, p, row, PROGRAM, (const double[]){e.program_mean, e.program_sd});
    if (row->time == 0 && !isnan(e.nu_mean))
        out_stage(o, p, row, NU, (const double[]){e.nu_mean, e.nu_sd});
    if (!isnan(e.drift_mean))
        out_stage(o, p, row, DRIFT, (const double[]){e.drift_mean, e.drift_sd});
    out_stage(o, p, row, READ, (const double[]){e.read_mean, e.read_sd});
}

static enum ohm_status out_all(const struct plan *p, struct ohm_error *err)
{
    struct ohm_out out;

    ohm_out_begin(&out, &p->opt->format, "ohmnas.device_sample/1");
    ohm_out_text(&out, "device", p->device->name);
    ohm_out_text(&out, "path", p->opt->weights ? "tile" : "device");
    ohm_out_int(&out, "seed", p->opt->seed);
    ohm_out_list(&out, "statistics");
    for (int i = 0; i < p->targets * p->times; i++)
        out_row(&out, p, &p->row[i]);
    ohm_out_list_end(&out);
    return ohm_out_end(&out, err);
}

/* ---- the plan ---- */

static enum ohm_status read_targets(struct ohm_cli *cli, struct plan *p, struct ohm_error *err)
{
    const char *list = p->opt->weights ? p->opt->weights : p->opt->targets;
    const double low = p->opt->weights ? -1e6 : p->device->g_min_uS, high = p->opt->weights ? 1e6 : p->device->g_max_uS;
    struct ohm_words words = {0};
    enum ohm_status st = ohm_words_split(cli, list, ',', &words, err);

    if (st != OHM_OK)
        return st;
    if (words.count > VALUES_MAX)
        return ohm_fail(err, OHM_ECONFIG, "%d targets are more than %d", words.count, VALUES_MAX);
    for (int i = 0; i < words.count; i++) {
        double value;

        if (!ohm_parse_double(words.item[i], &value) || !(value >= low && value <= high))
            return ohm_fail(err, OHM_ECONFIG, "'%.40s' is no %s in [%g, %g]", words.item[i],
                            p->opt->weights ? "weight" : "conductance in uS", low, high);
        p->target[p->targets++] = value;
    }
    if (list && words.count == 0)
        return ohm_fail(err, OHM_ECONFIG, "--%s has no value", p->opt->weights ? "w" : "g");
    for (int i = 0; i < 5 && !list; i++)
        p->target[p->targets++] = low + (high - low) * i / 4;
    return OHM_OK;
}

static enum ohm_status read_times(struct ohm_cli *cli, struct plan *p, struct ohm_error *err)
{
    const struct ohm_device *d = p->device;
    struct ohm_words words = {0};
    enum ohm_status st;

    if (!p->opt->times && d->model == OHM_DEVICE_SNAPSHOTS)
        for (int i = 0; i < d->snapshots; i++)
            p->t_s[p->times++] = d->snapshot[i].t_s;
    else if ((st = ohm_words_split(cli, p->opt->times ? p->opt->times : "0,1h,1d,30d,1y", ',', &words, err)) != OHM_OK)
        return st;
    if (words.count > VALUES_MAX)
        return ohm_fail(err, OHM_ECONFIG, "%d times are more than %d", words.count, VALUES_MAX);
    for (int i = 0; i < words.count; i++)
        if (!ohm_parse_time(words.item[i], &p->t_s[p->times++]))
            return ohm_fail(err, OHM_ECONFIG, "'%.40s' is no time: a number and one of ns, us, ms, s, min, h, d, y",
                            words.item[i]);
    for (int i = 0; i < p->times; i++)
        if ((st = ohm_moment_init(&p->moment[i], d, p->t_s[i], err)) != OHM_OK)
            return st;
    if (p->times == 0)
        return ohm_fail(err, OHM_ECONFIG, "--t is '%.40s': no time", p->opt->times);
    return OHM_OK;
}

static enum ohm_status set_all(struct ohm_device *d, const struct ohm_words *set, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < set->count && st == OHM_OK; i++)
        st = ohm_cli_device_set(d, set->item[i], err);
    return st;
}

static enum ohm_status draw(struct plan *p, struct ohm_error *err)
{
    const int jobs = p->opt->jobs ? (int)p->opt->jobs : ohm_processor_count(), rows = p->targets * p->times;
    const int items = p->opt->weights ? p->times : rows, workers = jobs < items ? jobs : items;
    enum ohm_status st;

    p->row = ohm_alloc((size_t)rows, sizeof *p->row);
    p->scratch = ohm_alloc((size_t)workers, sizeof *p->scratch);
    if (!p->row || !p->scratch)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < rows; i++) {
        p->row[i].target = p->target[i / p->times];
        p->row[i].time = i % p->times;
    }
    st = ohm_parallel_for(workers, items, p->opt->weights ? sample_tiles : sample_device, p, err);
    return st == OHM_OK ? out_all(p, err) : st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct device_sample *opt = object;
    struct plan *p;
    enum ohm_status st;

    (void)args;
    if (opt->targets && opt->weights)
        return ohm_fail(err, OHM_ECONFIG, "--g is for single devices, --w for the weights of a tile: give one of them");
    if (!(p = ohm_alloc(1, sizeof *p)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    p->opt = opt;
    if ((st = ohm_cli_device(cli, opt->device, &p->device)) == OHM_OK &&
        (st = set_all(p->device, &opt->set, err)) == OHM_OK && (st = read_targets(cli, p, err)) == OHM_OK &&
        (st = read_times(cli, p, err)) == OHM_OK)
        st = draw(p, err);
    ohm_free(p->row);
    ohm_free(p->scratch);
    ohm_device_free(p->device);
    ohm_free(p);
    return st;
}

static const char *const examples[] = {"ohmnas device sample --device pcm --g 5 --t 1d -n 200000",
                                       "ohmnas device sample --device pcm-hermes2 --csv",
                                       "ohmnas device sample --w -1,0,0.1,1 --t 0,1d,1y --json", NULL};

const struct ohm_command ohm_cmd_device_sample = {
    .name = "device sample",
    .operands = "",
    .summary = "mean and spread of programmed, drifted and read devices",
    .details =
        "Rows: what was programmed, the drift exponent nu, what drift leaves, what is read. Beside each stands the "
        "value in the limit of many draws, where there is a closed form; it is of devices that are not stuck.\n\n"
        "With --w, tiles of 256 x 256 hold the weights in equal shares, and the statistics are of weights after "
        "programming and when read. The largest weight has g_max, so that the list should hold it.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct device_sample),
    .run = run,
};
