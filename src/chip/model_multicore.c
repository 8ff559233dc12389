/* model_multicore.c - numbers and cost of a chip of many equal crossbar cores that keep their weights (the IBM HERMES
 * Project Chip). The formulas, with what they were checked against, are in docs/chip-hermes64.md. */
#include "multicore_int.h"

#include "ohm/mem.h"

#include <assert.h>

#define REAL(key_, unit_, member_, lo, hi)                                                                             \
    {                                                                                                                  \
        key_, unit_, offsetof(struct multicore, member_), false, lo, hi                                                \
    }
#define WHOLE(key_, unit_, member_, lo, hi)                                                                            \
    {                                                                                                                  \
        key_, unit_, offsetof(struct multicore, member_), true, lo, hi                                                 \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        NULL, NULL, 0, false, 0, 0                                                                                     \
    }

/* The bounds only keep sums finite and mistakes of unit out (a time in seconds, an energy in pJ). */
static const struct chip_number array_numbers[] = {
    WHOLE("cores", "cores", cores, 1, 4096),
    WHOLE("rows", "rows", rows, 8, 65536),
    WHOLE("cols", "cols", cols, 8, 65536),
    END,
};
static const struct chip_number mvm_numbers[] = {
    REAL("mvm_1_phase_ns", "ns", mvm_ns[OHM_READ_1_PHASE], 0.1, 1e6),
    REAL("mvm_4_phase_ns", "ns", mvm_ns[OHM_READ_4_PHASE], 0.1, 1e6),
    END,
};
static const struct chip_number digital_numbers[] = {
    REAL("clock_MHz", "MHz", clock_MHz, 1, 1e5),
    END,
};
static const struct chip_number latency_numbers[] = {
    REAL("hop_cycles", "cycles", hop_cycles, 0, 1e4),
    REAL("gdpu_cycles", "cycles", gdpu_cycles, 0, 1e4),
    END,
};
static const struct chip_number energy_numbers[] = {
    REAL("core_1_phase_nJ", "nJ", core_nJ[OHM_READ_1_PHASE], 0, 1e5),
    REAL("core_4_phase_nJ", "nJ", core_nJ[OHM_READ_4_PHASE], 0, 1e5),
    REAL("output_pJ", "pJ", out_pJ, 0, 1e6),
    REAL("clock_per_core_mW", "mW", clock_mW, 0, 1e5),
    REAL("static_per_chip_mW", "mW", static_mW, 0, 1e6),
    END,
};
static const struct chip_number area_numbers[] = {
    REAL("chip_mm2", "mm2", chip_mm2, 1e-3, 1e5),         REAL("core_mm2", "mm2", core_mm2, 1e-6, 1e4),
    REAL("core_mvm_mm2", "mm2", core_mvm_mm2, 1e-6, 1e4), REAL("gdpu_mm2", "mm2", gdpu_mm2, 0, 1e4),
    WHOLE("gdpu_macros", "macros", gdpu_macros, 0, 4096), END,
};
static const struct chip_block blocks[] = {
    {"array", array_numbers},
    {"mvm", mvm_numbers},
    {"digital", digital_numbers},
    {"digital_latency", latency_numbers},
    {"energy", energy_numbers},
    {"area", area_numbers},
    {NULL, NULL},
};

static int shift_of(int64_t n)
{
    return (n & (n - 1)) == 0 ? __builtin_ctzll((unsigned long long)n) : -1;
}

static void derive(void *params)
{
    struct multicore *const m = params;

    m->core_count = (int64_t)m->cores;
    m->tile_rows = (int64_t)m->rows;
    m->tile_cols = (int64_t)m->cols;
    m->row_shift = shift_of(m->tile_rows);
    m->col_shift = shift_of(m->tile_cols);
    m->cycle_ns = 1e3 / m->clock_MHz;
    m->out_nJ = m->out_pJ * 1e-3;
    m->clock_W = m->clock_mW * 1e-3;
    m->static_W = m->static_mW * 1e-3;
    m->tile_cells = m->rows * m->cols;
}

static int64_t cores_of(const void *params)
{
    return ((const struct multicore *)params)->core_count;
}

static void tile_of(const void *params, int64_t *rows, int64_t *cols)
{
    *rows = ((const struct multicore *)params)->tile_rows;
    *cols = ((const struct multicore *)params)->tile_cols;
}

/* Table I of Le Gallo et al. counts the matrix-vector products alone: array energy and the chip's static power during
 * one of them, and the area of the MVM part of the cores. */
static void peak(const void *params, int read_mode, struct ohm_chip_peak *out)
{
    const struct multicore *const m = params;
    const double ops = 2 * m->cores * m->tile_cells;
    const double energy_nJ = m->cores * m->core_nJ[read_mode] + m->static_W * m->mvm_ns[read_mode];

    out->mvm_ns = m->mvm_ns[read_mode];
    out->energy_uJ = energy_nJ * 1e-3;
    out->tops = ops / out->mvm_ns * 1e-3;
    out->tops_per_W = energy_nJ > 0 ? ops / energy_nJ * 1e-3 : 0;
    out->tops_per_mm2 = out->tops / (m->cores * m->core_mvm_mm2);
}

struct mode ohm_multicore_mode(const struct multicore *m, const struct ohm_chip_use *use)
{
    assert(use->read_mode == OHM_READ_1_PHASE || use->read_mode == OHM_READ_4_PHASE);
    return (struct mode){.mvm_ns = m->mvm_ns[use->read_mode],
                         .core_nJ = m->core_nJ[use->read_mode],
                         .overlap = use->overlap,
                         .scale_energy = use->scale_energy_with_util};
}

void ohm_multicore_tile_groups(struct tiling *t, const struct multicore *m, const struct block_matrix *x)
{
    const int64_t by_rows = m->tile_rows / x->rows, by_cols = m->tile_cols / x->cols;
    const int64_t fit = by_rows < by_cols ? by_rows : by_cols;

    if (fit == 0) {
        tile_dense(t, m, x->rows, x->cols);
        t->tiles *= x->groups;
        return;
    }
    t->tiles = t->col_tiles = divide_up(x->groups, fit);
    t->row_tiles = 1;
    t->groups_per_tile = divide_up(x->groups, t->tiles);
    t->tile_rows = t->groups_per_tile * x->rows;
    t->tile_cols = t->groups_per_tile * x->cols;
}

/* ---- sums over the layers ---- */

struct sums {
    double layer_ns, dynamic_nJ, slowest_ns;
    int64_t tiles, weights, steps, macs;
    int32_t layers;
    bool gdpu;
};

static inline void add_layer(struct sums *s, const struct priced *p)
{
    s->layer_ns += p->layer_ns;
    s->dynamic_nJ += p->dynamic_nJ;
    s->tiles += p->tiles;
    s->weights += p->weights;
    s->steps += p->positions;
    s->macs += p->weights * p->positions;
    s->layers++;
}

static void put_row(struct ohm_cost_layer *row, int layer, const struct multicore *m, const struct block_matrix *x,
                    const struct tiling *t, const struct priced *p)
{
    *row = (struct ohm_cost_layer){.layer = layer,
                                   .rows = x->rows * x->groups,
                                   .cols = x->cols * x->groups,
                                   .positions = x->positions,
                                   .row_tiles = (int32_t)t->row_tiles,
                                   .col_tiles = (int32_t)(t->tiles / t->row_tiles),
                                   .tiles = (int32_t)t->tiles,
                                   .copies = 1,
                                   .util = (double)p->weights / ((double)t->tiles * m->tile_cells),
                                   .latency_us = p->layer_ns * 1e-3,
                                   .energy_uJ = p->dynamic_nJ * 1e-3};
}

/* Prices the layers of a net; keep and rows may be NULL, else have room for each conv and dense layer. */
static void sum_net(struct sums *s, const struct multicore *m, const struct mode *u, const struct ohm_net *net,
                    struct priced *keep, struct ohm_cost_layer *rows)
{
    for (int i = 0; i < net->layers; i++) {
        struct block_matrix x;
        struct tiling t;
        struct priced p;

        if (!takes_crossbar(&net->layer[i]))
            continue;
        block_matrix_of(&x, &net->layer[i]);
        tile_matrix(&t, m, &x);
        price_matrix(&p, m, u, &x, &t);
        if (rows)
            put_row(&rows[s->layers], i, m, &x, &t, &p);
        if (keep)
            keep[s->layers] = p;
        add_layer(s, &p);
    }
}

static void sum_matrices(struct sums *s, const struct multicore *m, const struct mode *u,
                         const struct ohm_matrix *matrix, int n, struct priced *keep, struct ohm_cost_layer *rows)
{
    for (int i = 0; i < n; i++) {
        const struct block_matrix x = {matrix[i].rows, matrix[i].cols, 1, matrix[i].positions, matrix[i].gdpu};
        struct tiling t;
        struct priced p;

        tile_matrix(&t, m, &x);
        price_matrix(&p, m, u, &x, &t);
        if (rows)
            put_row(&rows[i], i, m, &x, &t, &p);
        if (keep)
            keep[i] = p;
        add_layer(s, &p);
        s->gdpu = s->gdpu || x.gdpu;
    }
}

static enum ohm_status check_sums(const struct sums *s, struct ohm_error *err)
{
    if (s->layers == 0)
        return ohm_fail(err, OHM_ERANGE, "the network has no conv or dense layer: nothing to put on a chip");
    if (s->tiles > INT32_MAX)
        return ohm_fail(err, OHM_ERANGE, "the network takes %lld cores, more than %d", (long long)s->tiles, INT32_MAX);
    return OHM_OK;
}

/* All of the cost that follows from the sums, the cores in use, the latency and the interval. */
static void put_cost(struct ohm_cost *cost, const struct multicore *m, const struct sums *s, int64_t cores,
                     double latency_ns, double interval_ns)
{
    const int64_t chips = divide_up(s->tiles, m->core_count);
    const double static_nJ = m->static_W * (double)chips * interval_ns;
    const double energy_nJ = s->dynamic_nJ + static_nJ, ops = 2 * (double)s->macs;

    cost->cores = cores;
    cost->cores_single = s->tiles;
    cost->chips = (int32_t)chips;
    cost->fits = chips == 1;
    cost->cores_over = s->tiles > m->core_count ? s->tiles - m->core_count : 0;
    cost->util = (double)s->weights / ((double)s->tiles * m->tile_cells);
    cost->latency_us = latency_ns * 1e-3;
    cost->interval_us = interval_ns * 1e-3;
    cost->energy_uJ = energy_nJ * 1e-3;
    cost->energy_static_uJ = static_nJ * 1e-3;
    cost->area_mm2 = (double)cores * m->core_mm2;
    cost->area_chips_mm2 = (double)chips * m->chip_mm2;
    cost->power_mW = energy_nJ / interval_ns * 1e3;
    cost->tops = ops / interval_ns * 1e-3;
    cost->tops_per_W = energy_nJ > 0 ? ops / energy_nJ * 1e-3 : 0;
    cost->mvm_steps = s->steps;
    if (s->gdpu)
        cost->area_mm2 += (double)chips * m->gdpu_macros * m->gdpu_mm2;
}

/* ---- the pipeline ---- */

int64_t ohm_multicore_replicate(int32_t *copies, const struct multicore *m, const struct priced *p, int n,
                                int64_t cores)
{
    for (int i = 0; i < n; i++)
        copies[i] = 1;
    for (;;) {
        double slowest_ns = -1;
        int slowest = 0;

        for (int i = 0; i < n; i++) {
            const double ns = copies[i] == 1 ? p[i].layer_ns : p[i].layer_ns / copies[i];

            if (ns > slowest_ns) {
                slowest_ns = ns;
                slowest = i;
            }
        }
        /* Once the slowest layer cannot have another copy, no copy of another one shortens the interval. */
        if (cores + p[slowest].tiles > m->core_count || copies[slowest] >= p[slowest].positions)
            return cores;
        copies[slowest]++;
        cores += p[slowest].tiles;
    }
}

struct pipeline {
    struct priced *priced; /* [layers] */
    int32_t *copies;       /* [layers] */
};

static enum ohm_status pipeline_create(struct pipeline *line, int layers, struct ohm_error *err)
{
    line->priced = ohm_alloc((size_t)layers, sizeof *line->priced);
    line->copies = ohm_alloc((size_t)layers, sizeof *line->copies);
    if (line->priced && line->copies)
        return OHM_OK;
    return ohm_fail(err, OHM_ENOMEM, "no memory to price a pipeline of %d layers", layers);
}

static void pipeline_release(struct pipeline *line)
{
    ohm_free(line->priced);
    ohm_free(line->copies);
}

/* Copies, and the interval that the slowest layer sets. Returns the cores in use. */
static int64_t pipeline_fill(struct pipeline *line, struct sums *s, const struct multicore *m,
                             const struct ohm_chip_use *use, struct ohm_cost_layer *rows)
{
    int64_t cores = s->tiles;

    if (use->replicate)
        cores = ohm_multicore_replicate(line->copies, m, line->priced, s->layers, cores);
    for (int i = 0; i < s->layers; i++) {
        double ns;

        if (!use->replicate)
            line->copies[i] = 1;
        ns = line->priced[i].layer_ns / line->copies[i];
        s->slowest_ns = ns > s->slowest_ns ? ns : s->slowest_ns;
        if (rows)
            rows[i].copies = line->copies[i];
    }
    return cores;
}

static enum ohm_status cost_net(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                                struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const struct multicore *const m = params;
    const struct mode u = ohm_multicore_mode(m, use);
    struct pipeline line = {0};
    struct sums s = {0};
    enum ohm_status st;
    double first_ns;
    int64_t cores;

    if (use->schedule == OHM_SCHEDULE_SERIAL) {
        sum_net(&s, m, &u, net, NULL, layers);
        if ((st = check_sums(&s, err)) == OHM_OK)
            put_cost(cost, m, &s, s.tiles, s.layer_ns, s.layer_ns);
        return st;
    }
    if ((st = pipeline_create(&line, net->mvm_layers, err)) != OHM_OK)
        goto done;
    sum_net(&s, m, &u, net, line.priced, layers);
    if ((st = check_sums(&s, err)) != OHM_OK)
        goto done;
    cores = pipeline_fill(&line, &s, m, use, layers);
    if ((st = ohm_multicore_first_image(&first_ns, net, line.priced, line.copies, err)) == OHM_OK)
        put_cost(cost, m, &s, cores, first_ns, s.slowest_ns);
done:
    pipeline_release(&line);
    return st;
}

static enum ohm_status cost_matrices(const void *params, const struct ohm_chip_use *use,
                                     const struct ohm_matrix *matrix, int n, struct ohm_cost *cost,
                                     struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const struct multicore *const m = params;
    const struct mode u = ohm_multicore_mode(m, use);
    struct pipeline line = {0};
    struct sums s = {0};
    enum ohm_status st;
    int64_t cores;

    if (use->schedule == OHM_SCHEDULE_SERIAL) {
        sum_matrices(&s, m, &u, matrix, n, NULL, layers);
        if ((st = check_sums(&s, err)) == OHM_OK)
            put_cost(cost, m, &s, s.tiles, s.layer_ns, s.layer_ns);
        return st;
    }
    if ((st = pipeline_create(&line, n, err)) != OHM_OK)
        goto done;
    sum_matrices(&s, m, &u, matrix, n, line.priced, layers);
    if ((st = check_sums(&s, err)) != OHM_OK)
        goto done;
    cores = pipeline_fill(&line, &s, m, use, layers);
    put_cost(cost, m, &s, cores, s.layer_ns, s.slowest_ns);
done:
    pipeline_release(&line);
    return st;
}

const struct chip_model ohm_model_multicore = {
    .name = "multicore",
    .params_size = sizeof(struct multicore),
    .blocks = blocks,
    .derive = derive,
    .cores = cores_of,
    .tile = tile_of,
    .peak = peak,
    .cost_net = cost_net,
    .cost_matrices = cost_matrices,
    .map_net = ohm_multicore_map_net,
};
