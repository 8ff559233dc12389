/* model_mesh.c - a fabric of crossbar tiles with all other operations on the chip, known only by the time of one step
 * of its crossbars and the energy of one operation, all else included in these two (the simulated fabric of 48 tiles
 * behind AnalogNAS's table of latencies). */
#include "manycore.h"

struct mesh {
    struct manycore common; /* follows from the numbers below, which are as in the file */
    double tiles, rows, cols, step_ns, operation_pJ;
};

static const struct chip_number array_numbers[] = {
    CHIP_WHOLE(mesh, "tiles", "tiles", tiles, 1, 4096),
    CHIP_WHOLE(mesh, "rows", "rows", rows, 8, 65536),
    CHIP_WHOLE(mesh, "cols", "cols", cols, 8, 65536),
    CHIP_NUMBERS_END,
};
static const struct chip_number step_numbers[] = {
    CHIP_REAL(mesh, "step_ns", "ns", step_ns, 0.1, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number energy_numbers[] = {
    CHIP_REAL(mesh, "operation_pJ", "pJ", operation_pJ, 0, 1e4),
    CHIP_NUMBERS_END,
};
static const struct chip_block blocks[] = {
    {"array", array_numbers, false},
    {"step", step_numbers, false},
    {"energy", energy_numbers, false},
    {NULL, NULL, false},
};

static void derive(void *params)
{
    struct mesh *const m = params;

    m->common = (struct manycore){.cores = (int64_t)m->tiles, .tile = ohm_crossbar(m->rows, m->cols)};
}

static int64_t tiles_of(const void *params)
{
    return ((const struct mesh *)params)->common.cores;
}

static void tile_of(const void *params, int64_t *rows, int64_t *cols)
{
    const struct crossbar *const tile = &((const struct mesh *)params)->common.tile;

    *rows = tile->rows;
    *cols = tile->cols;
}

static void peak(const void *params, const struct ohm_chip_use *use, struct ohm_chip_peak *out)
{
    const struct mesh *const m = params;
    const double ops = 2 * m->tiles * m->common.tile.cells;

    (void)use;
    *out = (struct ohm_chip_peak){.mvm_ns = m->step_ns,
                                  .energy_uJ = ops * m->operation_pJ * 1e-6,
                                  .tops = ops / m->step_ns * 1e-3,
                                  .tops_per_W = m->operation_pJ > 0 ? 1 / m->operation_pJ : 0};
}

/* A multiply-accumulate is two operations. */
static struct mode mode_of(const struct mesh *m, const struct ohm_chip_use *use)
{
    return (struct mode){.mvm_ns = m->step_ns, .mac_nJ = 2e-3 * m->operation_pJ, .redundancy = use->redundancy};
}

static enum ohm_status cost_net(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                                struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const struct mesh *const m = params;
    const struct mode mode = mode_of(m, use);

    return ohm_manycore_cost_net(&(struct manycore_use){&m->common, &mode, use}, net, cost, layers, err);
}

static enum ohm_status cost_matrices(const void *params, const struct ohm_chip_use *use,
                                     const struct ohm_matrix *matrix, int n, struct ohm_cost *cost,
                                     struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const struct mesh *const m = params;
    const struct mode mode = mode_of(m, use);

    return ohm_manycore_cost_matrices(&(struct manycore_use){&m->common, &mode, use}, matrix, n, cost, layers, err);
}

static enum ohm_status map_net(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                               struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err)
{
    const struct mesh *const m = params;
    const struct mode mode = mode_of(m, use);

    return ohm_manycore_map_net(&(struct manycore_use){&m->common, &mode, use}, net, placements, cap, n, err);
}

static const char *const uses[] = {"schedule", "replicate", "redundancy", NULL};

const struct chip_model ohm_model_mesh = {
    .name = "mesh",
    .core = "tile",
    .params_size = sizeof(struct mesh),
    .blocks = blocks,
    .uses = uses,
    .derive = derive,
    .cores = tiles_of,
    .tile = tile_of,
    .peak = peak,
    .cost_net = cost_net,
    .cost_matrices = cost_matrices,
    .map_net = map_net,
};
