/* model_cpu.c - a processor that runs the digital network by our own kernels (src/tensor), one image on one core: what
 * analog chips are compared with. Time is linear in a few sums over the layers, whose factors are fitted to measured
 * networks (ohmnas chip measure, chip fit). It has no crossbars: no network is too large for it, and nothing lies in a
 * place. Formulas: docs/chips.md. */
#include "chip_int.h"
#include "crossbar.h"

#include <math.h>

struct cpu {
    int64_t whole_lanes, whole_tile_1, whole_tile_2; /* follow from the numbers below, which are as in the file */
    double cores;
    double lanes, tile_1, tile_2, vectors_min, sweep_taps, sweep_rows; /* of the kernels of convolutions */
    double layer_ns, window_ns, tile_ns, conv_ps, depthwise_ps, pool_ps, weights_ps, elements_ps;
    double idle_W, active_W;
};

static const struct chip_number processor_numbers[] = {
    CHIP_WHOLE(cpu, "cores", "cores", cores, 1, 4096),
    CHIP_NUMBERS_END,
};
static const struct chip_number kernel_numbers[] = {
    CHIP_WHOLE(cpu, "lanes", "lanes", lanes, 1, 1024),
    CHIP_WHOLE(cpu, "tile_1_block_pixels", "pixels", tile_1, 1, 4096),
    CHIP_WHOLE(cpu, "tile_2_blocks_pixels", "pixels", tile_2, 1, 4096),
    CHIP_WHOLE(cpu, "tile_min_vectors", "vectors", vectors_min, 1, 4096),
    CHIP_WHOLE(cpu, "sweep_taps", "taps", sweep_taps, 0, 4096),
    CHIP_WHOLE(cpu, "sweep_rows", "rows", sweep_rows, 1, 4096),
    CHIP_NUMBERS_END,
};
static const struct chip_number time_numbers[] = {
    CHIP_REAL(cpu, "layer_ns", "ns", layer_ns, 0, 1e6),
    CHIP_REAL(cpu, "window_ns", "ns", window_ns, 0, 1e6),
    CHIP_REAL(cpu, "tile_ns", "ns", tile_ns, 0, 1e6),
    CHIP_REAL(cpu, "conv_ps_per_MAC", "ps_per_MAC", conv_ps, 1e-3, 1e6),
    CHIP_REAL(cpu, "depthwise_ps_per_MAC", "ps_per_MAC", depthwise_ps, 0, 1e6),
    CHIP_REAL(cpu, "pool_ps_per_tap", "ps_per_tap", pool_ps, 0, 1e6),
    CHIP_REAL(cpu, "weights_ps_per_B", "ps_per_B", weights_ps, 0, 1e6),
    CHIP_REAL(cpu, "elements_ps_per_B", "ps_per_B", elements_ps, 0, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number power_numbers[] = {
    CHIP_REAL(cpu, "idle_W", "W", idle_W, 0, 1e5),
    CHIP_REAL(cpu, "active_W", "W", active_W, 0, 1e5),
    CHIP_NUMBERS_END,
};
static const struct chip_block blocks[] = {
    {"processor", processor_numbers, false},
    {"kernels", kernel_numbers, false},
    {"time", time_numbers, false},
    {"power", power_numbers, false},
    {NULL, NULL, false},
};

static void derive(void *params)
{
    struct cpu *const m = params;

    m->whole_lanes = (int64_t)m->lanes;
    m->whole_tile_1 = (int64_t)m->tile_1;
    m->whole_tile_2 = (int64_t)m->tile_2;
}

static int64_t cores_of(const void *params)
{
    return (int64_t)((const struct cpu *)params)->cores;
}

static void tile_of(const void *params, int64_t *rows, int64_t *cols)
{
    (void)params;
    *rows = *cols = 0;
}

/* All cores at full tiles. There is no product of one matrix that all take the same time for. */
static void peak(const void *params, const struct ohm_chip_use *use, struct ohm_chip_peak *out)
{
    const struct cpu *const m = params;
    const double watts = m->idle_W + m->cores * m->active_W;

    (void)use;
    *out = (struct ohm_chip_peak){.mvm_ns = (double)NAN, .energy_uJ = (double)NAN};
    out->tops = 2 * m->cores / m->conv_ps;
    out->tops_per_W = watts > 0 ? out->tops / watts : 0;
}

/* ---- the time of one layer ---- */

enum { FLOAT_BYTES = 4 };

/* A convolution as the kernels see it: for each of `groups`, `rows` rows of `cols` pixels, each the sum of `depth`
 * products for `outputs` channels. */
struct product {
    double groups, rows, depth;
    int64_t cols, outputs;
    bool swept; /* a last block on its own is no matter of tiles: its rows are swept */
};

static inline double larger_of(double a, double b)
{
    return a > b ? a : b; /* fmax asks about NaNs, in a call */
}

/* The tiles of one row of pixels, of nearly equal sizes. */
struct tiles {
    double count, vectors; /* vectors: computed for each product; a tile of too few has to wait for each sum */
};

static inline struct tiles tiles_of(int64_t cols, int64_t most, double blocks_of_tile, double least)
{
    const int64_t parts = divide_up(cols, most);
    /* Nearly all sizes are small, and a 32-bit division is several times as fast. */
    const int64_t size = cols <= INT32_MAX ? (int64_t)((uint32_t)cols / (uint32_t)parts) : cols / parts;
    const int64_t larger = cols - size * parts;
    const double vectors = (double)size * blocks_of_tile;

    return (struct tiles){(double)parts, (double)larger * larger_of(vectors + blocks_of_tile, least) +
                                             (double)(parts - larger) * larger_of(vectors, least)};
}

static double product_ns(const struct cpu *m, const struct product *p)
{
    const int64_t blocks_of_lanes = divide_up(p->outputs, m->whole_lanes);
    const double pairs = (double)(blocks_of_lanes / 2), rows = p->groups * p->rows;
    const double weights = p->groups * p->depth * (double)blocks_of_lanes * m->lanes * FLOAT_BYTES;
    double vectors = 0, tiles = 0;

    if (pairs > 0) {
        const struct tiles t = tiles_of(p->cols, m->whole_tile_2, 2, m->vectors_min);

        vectors += pairs * t.vectors;
        tiles += pairs * t.count;
    }
    if (blocks_of_lanes % 2) {
        const struct tiles t = tiles_of(p->cols, m->whole_tile_1, 1, m->vectors_min);

        vectors += t.vectors;
        tiles += p->swept ? 0 : t.count;
    }
    return rows * (vectors * p->depth * m->lanes * m->conv_ps * 1e-3 + tiles * m->tile_ns) +
           weights * m->weights_ps * 1e-3;
}

static double numbers(const struct ohm_shape *s)
{
    return (double)s->h * s->w * s->c;
}

/* Windows of more than a pixel hang over the edges: the image is copied into a frame of zeros, read and written once.
 */
static double frame_ns(const struct cpu *m, const struct ohm_layer *l)
{
    return l->k_h * l->k_w > 1 ? m->window_ns + 2 * FLOAT_BYTES * numbers(&l->in) * m->elements_ps * 1e-3 : 0;
}

/* Rows of a kernel of so many columns and stride 1, where the last block of outputs is full
 * (src/tensor/kernels_sweep.h). */
static bool is_swept(const struct cpu *m, const struct ohm_layer *l)
{
    return l->groups == 1 && l->k_w == m->sweep_taps && l->stride_h == 1 && l->stride_w == 1 &&
           l->out.h >= m->sweep_rows && l->out.c % m->whole_lanes == 0;
}

static double conv_ns(const struct cpu *m, const struct ohm_layer *l)
{
    const double taps = (double)l->k_h * l->k_w, positions = (double)l->out.h * l->out.w;
    const bool as_row = taps == 1 && l->stride_h == 1 && l->stride_w == 1; /* pixels are all alike */

    if (l->groups == l->in.c && l->groups == l->out.c && l->groups > 1) {
        const double channels = (double)divide_up(l->out.c, m->whole_lanes) * m->lanes;

        return channels * positions * taps * m->depthwise_ps * 1e-3;
    }
    return product_ns(m, &(struct product){.groups = l->groups,
                                           .rows = as_row ? 1 : l->out.h,
                                           .depth = taps * (l->in.c / l->groups),
                                           .cols = as_row ? (int64_t)l->out.h * l->out.w : l->out.w,
                                           .outputs = l->out.c / l->groups,
                                           .swept = is_swept(m, l)});
}

/* Batch norm and the sum of two do the ReLU behind them as well. */
static bool is_done_before(const struct ohm_net *net, const struct ohm_layer *l)
{
    const struct ohm_layer *const from = &net->layer[net->edge[l->first_input]];

    return from->kind == OHM_BATCH_NORM || (from->kind == OHM_ADD && from->inputs == 2);
}

/* Bytes read and written by what only passes over numbers. */
static double moved_bytes(const struct ohm_net *net, const struct ohm_layer *l)
{
    const double in = numbers(&l->in), out = numbers(&l->out);

    if (l->kind == OHM_RELU && is_done_before(net, l))
        return 0;
    if (l->kind == OHM_ZERO)
        return FLOAT_BYTES * out;
    if (l->kind == OHM_CONCAT)
        return FLOAT_BYTES * 2 * out;
    return FLOAT_BYTES * (in * l->inputs + out);
}

static double layer_ns(const struct cpu *m, const struct ohm_net *net, const struct ohm_layer *l)
{
    const double inputs = numbers(&l->in);
    double bytes;

    switch (l->kind) {
    case OHM_CONV:
        return m->layer_ns + frame_ns(m, l) + conv_ns(m, l);
    case OHM_DENSE:
        return m->layer_ns +
               product_ns(m,
                          &(struct product){.groups = 1, .rows = 1, .depth = inputs, .cols = 1, .outputs = l->out.c});
    case OHM_AVG_POOL:
    case OHM_MAX_POOL:
        return m->layer_ns + numbers(&l->out) * l->k_h * l->k_w * m->pool_ps * 1e-3;
    default:
        bytes = moved_bytes(net, l);
        return bytes > 0 ? m->layer_ns + bytes * m->elements_ps * 1e-3 : 0;
    }
}

/* ---- sums ---- */

/* Everything runs that the output depends on, also what comes from zeros alone. */
static bool prices(const struct ohm_layer *l)
{
    return l->wanted && l->kind != OHM_INPUT && l->kind != OHM_FLATTEN;
}

struct sums {
    double ns;
    int64_t macs, steps;
    int32_t layers;
};

static void put_row(struct ohm_cost_layer *row, const struct cpu *m, int32_t layer, double ns)
{
    *row = (struct ohm_cost_layer){
        .layer = layer, .copies = 1, .latency_us = ns * 1e-3, .energy_uJ = ns * m->active_W * 1e-3};
    row->part_us[OHM_PART_CORES] = row->latency_us;
    row->part_uJ[OHM_PART_CORES] = row->energy_uJ;
}

static void add_layer(struct sums *s, const struct cpu *m, const struct ohm_net *net, int32_t i,
                      struct ohm_cost_layer *rows)
{
    const struct ohm_layer *const l = &net->layer[i];
    const double ns = layer_ns(m, net, l);

    int64_t height = 0, cols = l->out.c, positions = (int64_t)l->out.h * l->out.w;

    if (ohm_layer_is_mvm(l->kind))
        ohm_layer_matrix(l, &height, &cols, &positions);
    if (rows) {
        put_row(&rows[s->layers], m, i, ns);
        rows[s->layers].rows = height;
        rows[s->layers].cols = cols;
        rows[s->layers].positions = positions;
    }
    s->ns += ns;
    s->layers++;
    if (takes_crossbar(l)) { /* what is multiplied by zeros alone takes time, and does nothing */
        s->macs += height * cols * positions;
        s->steps += positions;
    }
}

/* Pipelined, each core is at work on an image of its own. What the processor draws when idle is shared by all images
 * of the time. */
static enum ohm_status put_cost(struct ohm_cost *cost, const struct cpu *m, const struct ohm_chip_use *use,
                                const struct sums *s, struct ohm_error *err)
{
    const double cores = use->schedule == OHM_SCHEDULE_PIPELINED ? m->cores : 1;
    const double interval_ns = s->ns / cores;
    const double active_nJ = s->ns * m->active_W, static_nJ = interval_ns * m->idle_W;
    const double ops = 2 * (double)s->macs, energy_nJ = active_nJ + static_nJ;

    if (s->macs == 0)
        return ohm_fail(err, OHM_ERANGE, "the network has no conv or dense layer: nothing to compute");
    *cost = (struct ohm_cost){.cores = (int64_t)cores,
                              .cores_single = 1,
                              .chips = 1,
                              .fits = true,
                              .latency_us = s->ns * 1e-3,
                              .interval_us = interval_ns * 1e-3,
                              .energy_uJ = energy_nJ * 1e-3,
                              .energy_static_uJ = static_nJ * 1e-3,
                              .power_mW = energy_nJ / interval_ns * 1e3,
                              .tops = ops / interval_ns * 1e-3,
                              .tops_per_W = energy_nJ > 0 ? ops / energy_nJ * 1e-3 : 0,
                              .mvm_steps = s->steps};
    cost->part_us[OHM_PART_CORES] = cost->latency_us;
    cost->part_uJ[OHM_PART_CORES] = active_nJ * 1e-3;
    cost->part_uJ[OHM_PART_STATIC] = cost->energy_static_uJ;
    return OHM_OK;
}

static enum ohm_status cost_net(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                                struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const struct cpu *const m = params;
    struct sums s = {0};

    for (int32_t i = 0; i < net->layers; i++)
        if (prices(&net->layer[i]))
            add_layer(&s, m, net, i, layers);
    return put_cost(cost, m, use, &s, err);
}

static enum ohm_status cost_matrices(const void *params, const struct ohm_chip_use *use,
                                     const struct ohm_matrix *matrix, int n, struct ohm_cost *cost,
                                     struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const struct cpu *const m = params;
    struct sums s = {0};

    for (int i = 0; i < n; i++) {
        const struct ohm_matrix *const x = &matrix[i];
        const struct product p = {1, 1, (double)x->rows, x->positions, x->cols, false};
        const double ns = m->layer_ns + product_ns(m, &p);

        if (layers) {
            put_row(&layers[i], m, i, ns);
            layers[i].rows = x->rows;
            layers[i].cols = x->cols;
            layers[i].positions = x->positions;
        }
        s.ns += ns;
        s.macs += x->rows * x->cols * x->positions;
        s.steps += x->positions;
    }
    return put_cost(cost, m, use, &s, err);
}

static enum ohm_status map_net(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                               struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err)
{
    (void)params;
    (void)use;
    (void)net;
    (void)placements;
    (void)cap;
    (void)err;
    *n = 0;
    return OHM_OK;
}

static const char *const uses[] = {"schedule", NULL};

const struct chip_model ohm_model_cpu = {
    .name = "cpu",
    .core = "core",
    .params_size = sizeof(struct cpu),
    .blocks = blocks,
    .uses = uses,
    .derive = derive,
    .cores = cores_of,
    .tile = tile_of,
    .peak = peak,
    .prices = prices,
    .cost_net = cost_net,
    .cost_matrices = cost_matrices,
    .map_net = map_net,
};
