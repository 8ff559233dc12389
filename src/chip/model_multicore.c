/* model_multicore.c - the chip of many crossbar cores, each with a digital unit of its own (the IBM HERMES Project
 * Chip). The formulas, with what they were checked against, are in docs/chip-hermes64.md. */
#include "multicore.h"

#include <assert.h>

/* The bounds only keep sums finite and mistakes of unit out (a time in seconds, an energy in pJ). */
static const struct chip_number array_numbers[] = {
    CHIP_WHOLE(multicore, "cores", "cores", cores, 1, 4096),
    CHIP_WHOLE(multicore, "rows", "rows", rows, 8, 65536),
    CHIP_WHOLE(multicore, "cols", "cols", cols, 8, 65536),
    CHIP_NUMBERS_END,
};
static const struct chip_number mvm_numbers[] = {
    CHIP_REAL(multicore, "mvm_1_phase_ns", "ns", mvm_ns[OHM_READ_1_PHASE], 0.1, 1e6),
    CHIP_REAL(multicore, "mvm_4_phase_ns", "ns", mvm_ns[OHM_READ_4_PHASE], 0.1, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number digital_numbers[] = {
    CHIP_REAL(multicore, "clock_MHz", "MHz", clock_MHz, 1, 1e5),
    CHIP_NUMBERS_END,
};
static const struct chip_number latency_numbers[] = {
    CHIP_REAL(multicore, "hop_cycles", "cycles", hop_cycles, 0, 1e4),
    CHIP_REAL(multicore, "gdpu_cycles", "cycles", gdpu_cycles, 0, 1e4),
    CHIP_NUMBERS_END,
};
static const struct chip_number energy_numbers[] = {
    CHIP_REAL(multicore, "core_1_phase_nJ", "nJ", core_nJ[OHM_READ_1_PHASE], 0, 1e5),
    CHIP_REAL(multicore, "core_4_phase_nJ", "nJ", core_nJ[OHM_READ_4_PHASE], 0, 1e5),
    CHIP_REAL(multicore, "output_pJ", "pJ", out_pJ, 0, 1e6),
    CHIP_REAL(multicore, "clock_per_core_mW", "mW", clock_mW, 0, 1e5),
    CHIP_REAL(multicore, "static_per_chip_mW", "mW", static_mW, 0, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number area_numbers[] = {
    CHIP_REAL(multicore, "chip_mm2", "mm2", chip_mm2, 1e-3, 1e5),
    CHIP_REAL(multicore, "core_mm2", "mm2", core_mm2, 1e-6, 1e4),
    CHIP_REAL(multicore, "core_mvm_mm2", "mm2", core_mvm_mm2, 1e-6, 1e4),
    CHIP_REAL(multicore, "gdpu_mm2", "mm2", gdpu_mm2, 0, 1e4),
    CHIP_WHOLE(multicore, "gdpu_macros", "macros", gdpu_macros, 0, 4096),
    CHIP_NUMBERS_END,
};
static const struct chip_number nmpu_numbers[] = {
    CHIP_REAL(multicore, "pass_ns", "ns", nmpu_ns, 0.1, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number nmpu_energy_numbers[] = {
    CHIP_REAL(multicore, "output_pJ", "pJ", nmpu_out_pJ, 0, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number nmpu_area_numbers[] = {
    CHIP_REAL(multicore, "smaller_by_ratio", "ratio", nmpu_area_ratio, 1e-3, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_block blocks[] = {
    {"array", array_numbers, false},        {"mvm", mvm_numbers, false},
    {"digital", digital_numbers, false},    {"digital_latency", latency_numbers, false},
    {"energy", energy_numbers, false},      {"area", area_numbers, false},
    {"nmpu", nmpu_numbers, true},           {"nmpu_energy", nmpu_energy_numbers, true},
    {"nmpu_area", nmpu_area_numbers, true}, {NULL, NULL, false},
};

static void derive(void *params)
{
    struct multicore *const m = params;

    m->common = (struct manycore){.cores = (int64_t)m->cores,
                                  .tile = ohm_crossbar(m->rows, m->cols),
                                  .static_W = m->static_mW * 1e-3,
                                  .chip_mm2 = m->chip_mm2,
                                  .gdpu_mm2 = m->gdpu_macros * m->gdpu_mm2};
}

static int64_t cores_of(const void *params)
{
    return ((const struct multicore *)params)->common.cores;
}

static void tile_of(const void *params, int64_t *rows, int64_t *cols)
{
    const struct crossbar *const tile = &((const struct multicore *)params)->common.tile;

    *rows = tile->rows;
    *cols = tile->cols;
}

static enum ohm_status check_use(const void *params, const struct ohm_chip_use *use, struct ohm_error *err)
{
    const struct multicore *const m = params;

    if (use->periphery == OHM_PERIPHERY_NMPU && !(m->nmpu_ns > 0 && m->nmpu_area_ratio > 0))
        return ohm_fail(err, OHM_ECONFIG,
                        "periphery=nmpu needs the blocks nmpu, nmpu_energy and nmpu_area, which the chip's file has "
                        "not got");
    return OHM_OK;
}

/* Table I of Le Gallo et al. counts the matrix-vector products alone: array energy and the chip's static power during
 * one of them, and the area of the MVM part of the cores. */
static void peak(const void *params, const struct ohm_chip_use *use, struct ohm_chip_peak *out)
{
    const struct multicore *const m = params;
    const double ops = 2 * m->cores * m->common.tile.cells;
    const double energy_nJ = m->cores * m->core_nJ[use->read_mode] + m->common.static_W * m->mvm_ns[use->read_mode];

    out->mvm_ns = m->mvm_ns[use->read_mode];
    out->energy_uJ = energy_nJ * 1e-3;
    out->tops = ops / out->mvm_ns * 1e-3;
    out->tops_per_W = energy_nJ > 0 ? ops / energy_nJ * 1e-3 : 0;
    out->tops_per_mm2 = out->tops / (m->cores * m->core_mvm_mm2);
}

/* The fixed-point units lie beside the columns: one pass takes all columns of a core, whatever their number, and each
 * row tile of a chain makes its own. The digital part of a core, all that is not the crossbar, shrinks by the ratio of
 * the two units' areas. */
static void put_nmpu(struct mode *u, const struct multicore *m)
{
    u->column_ns = 0;
    u->hop_ns = m->nmpu_ns;
    u->out_nJ = m->nmpu_out_pJ * 1e-3;
    u->core_mm2 = m->core_mvm_mm2 + (m->core_mm2 - m->core_mvm_mm2) / m->nmpu_area_ratio;
}

struct mode ohm_multicore_mode(const struct multicore *m, const struct ohm_chip_use *use)
{
    const double cycle_ns = 1e3 / m->clock_MHz;
    struct mode u = {.mvm_ns = m->mvm_ns[use->read_mode],
                     .column_ns = cycle_ns,
                     .hop_ns = m->hop_cycles * cycle_ns,
                     .gdpu_ns = m->gdpu_cycles * cycle_ns,
                     .core_nJ = m->core_nJ[use->read_mode],
                     .out_nJ = m->out_pJ * 1e-3,
                     .clock_W = m->clock_mW * 1e-3,
                     .core_mm2 = m->core_mm2,
                     .redundancy = use->redundancy,
                     .overlap = use->overlap,
                     .scale_energy = use->scale_energy_with_util,
                     .static_by_cores = use->static_by_cores};

    assert(use->read_mode == OHM_READ_1_PHASE || use->read_mode == OHM_READ_4_PHASE);
    if (use->periphery == OHM_PERIPHERY_NMPU)
        put_nmpu(&u, m);
    return u;
}

static enum ohm_status cost_net(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                                struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const struct multicore *const m = params;
    const struct mode mode = ohm_multicore_mode(m, use);

    return ohm_manycore_cost_net(&(struct manycore_use){&m->common, &mode, use}, net, cost, layers, err);
}

static enum ohm_status cost_matrices(const void *params, const struct ohm_chip_use *use,
                                     const struct ohm_matrix *matrix, int n, struct ohm_cost *cost,
                                     struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const struct multicore *const m = params;
    const struct mode mode = ohm_multicore_mode(m, use);

    return ohm_manycore_cost_matrices(&(struct manycore_use){&m->common, &mode, use}, matrix, n, cost, layers, err);
}

static enum ohm_status map_net(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                               struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err)
{
    const struct multicore *const m = params;
    const struct mode mode = ohm_multicore_mode(m, use);

    return ohm_manycore_map_net(&(struct manycore_use){&m->common, &mode, use}, net, placements, cap, n, err);
}

static const char *const uses[] = {"read_mode",       "schedule",  "overlap",    "replicate", "scale_energy_with_util",
                                   "static_by_cores", "periphery", "redundancy", NULL};

const struct chip_model ohm_model_multicore = {
    .name = "multicore",
    .core = "core",
    .params_size = sizeof(struct multicore),
    .blocks = blocks,
    .uses = uses,
    .derive = derive,
    .cores = cores_of,
    .tile = tile_of,
    .check_use = check_use,
    .peak = peak,
    .cost_net = cost_net,
    .cost_matrices = cost_matrices,
    .map_net = map_net,
};
