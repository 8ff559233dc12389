/* model_layerserial.c - one large crossbar that holds all layers of a network beside each other and runs one at a time,
 * rows and columns out of use without power, few converters that take turns (AON-CiM). Formulas: docs/chips.md. */
#include "packed.h"

struct layerserial {
    struct crossbar tile; /* follows from the numbers below, which are as in the file */
    double arrays, rows, cols, adcs;
    double cycle_ns[3]; /* by enum ohm_chip_bits, as output_pJ */
    double conversion_pJ, cell_pJ;
    double scale_6, scale_4; /* energy of a crossbar at fewer bits over that at 8 */
    double input_pJ[3], output_pJ[3];
    double chip_mm2;
};

static const struct chip_number array_numbers[] = {
    CHIP_WHOLE(layerserial, "arrays", "arrays", arrays, 1, 4096),
    CHIP_WHOLE(layerserial, "rows", "rows", rows, 8, 65536),
    CHIP_WHOLE(layerserial, "cols", "cols", cols, 8, 65536),
    CHIP_NUMBERS_END,
};
static const struct chip_number converter_numbers[] = {
    CHIP_WHOLE(layerserial, "adcs", "adcs", adcs, 1, 65536),
    CHIP_REAL(layerserial, "cycle_8_bit_ns", "ns", cycle_ns[OHM_CHIP_8_BITS], 0.1, 1e6),
    CHIP_REAL(layerserial, "cycle_6_bit_ns", "ns", cycle_ns[OHM_CHIP_6_BITS], 0.1, 1e6),
    CHIP_REAL(layerserial, "cycle_4_bit_ns", "ns", cycle_ns[OHM_CHIP_4_BITS], 0.1, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number energy_numbers[] = {
    CHIP_REAL(layerserial, "conversion_pJ", "pJ", conversion_pJ, 0, 1e6),
    CHIP_REAL(layerserial, "cell_pJ", "pJ", cell_pJ, 0, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number scale_numbers[] = {
    CHIP_REAL(layerserial, "energy_6_bit_ratio", "ratio", scale_6, 0, 1),
    CHIP_REAL(layerserial, "energy_4_bit_ratio", "ratio", scale_4, 0, 1),
    CHIP_NUMBERS_END,
};
static const struct chip_number digital_numbers[] = {
    CHIP_REAL(layerserial, "input_8_bit_pJ", "pJ", input_pJ[OHM_CHIP_8_BITS], 0, 1e6),
    CHIP_REAL(layerserial, "input_6_bit_pJ", "pJ", input_pJ[OHM_CHIP_6_BITS], 0, 1e6),
    CHIP_REAL(layerserial, "input_4_bit_pJ", "pJ", input_pJ[OHM_CHIP_4_BITS], 0, 1e6),
    CHIP_REAL(layerserial, "output_8_bit_pJ", "pJ", output_pJ[OHM_CHIP_8_BITS], 0, 1e6),
    CHIP_REAL(layerserial, "output_6_bit_pJ", "pJ", output_pJ[OHM_CHIP_6_BITS], 0, 1e6),
    CHIP_REAL(layerserial, "output_4_bit_pJ", "pJ", output_pJ[OHM_CHIP_4_BITS], 0, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number area_numbers[] = {
    CHIP_REAL(layerserial, "chip_mm2", "mm2", chip_mm2, 1e-3, 1e5),
    CHIP_NUMBERS_END,
};
static const struct chip_block blocks[] = {
    {"array", array_numbers, false},
    {"converters", converter_numbers, false},
    {"energy", energy_numbers, false},
    {"fewer_bits", scale_numbers, false},
    {"digital", digital_numbers, false},
    {"area", area_numbers, false},
    {NULL, NULL, false},
};

static void derive(void *params)
{
    struct layerserial *const m = params;

    m->tile = ohm_crossbar(m->rows, m->cols);
}

static int64_t arrays_of(const void *params)
{
    return (int64_t)((const struct layerserial *)params)->arrays;
}

static void tile_of(const void *params, int64_t *rows, int64_t *cols)
{
    const struct layerserial *const m = params;

    *rows = m->tile.rows;
    *cols = m->tile.cols;
}

static double scale_of(const struct layerserial *m, int bits)
{
    return bits == OHM_CHIP_8_BITS ? 1 : bits == OHM_CHIP_6_BITS ? m->scale_6 : m->scale_4;
}

/* One whole array once, for one layer is at work at a time: all columns, as many at a time as there are converters. */
static void peak(const void *params, const struct ohm_chip_use *use, struct ohm_chip_peak *out)
{
    const struct layerserial *const m = params;
    const double ops = 2 * m->tile.cells;
    const double turns = (double)divide_up(m->tile.cols, (int64_t)m->adcs);
    const double nJ = m->cols * (m->conversion_pJ + m->rows * m->cell_pJ) * scale_of(m, use->bits) * 1e-3;

    *out = (struct ohm_chip_peak){.mvm_ns = turns * m->cycle_ns[use->bits], .energy_uJ = nJ * 1e-3};
    out->tops = ops / out->mvm_ns * 1e-3;
    out->tops_per_W = nJ > 0 ? ops / nJ * 1e-3 : 0;
    out->tops_per_mm2 = out->tops / m->chip_mm2;
}

/* Only the columns and rows of the layer have power; its columns are converted in turns. Inputs are gathered once a
 * position, whatever the number of rectangles. Row tiles of a matrix that is
 * higher than the array come one after the other as well. */
static enum ohm_status add_matrix(struct packed *p, const struct packed_use *u, const struct block_matrix *x,
                                  const struct ohm_layer *layer, int32_t index, struct ohm_error *err)
{
    const struct layerserial *const m = u->params;
    const double positions = (double)x->positions, inputs = (double)(x->rows * x->groups);
    const int bits = u->use->bits;
    double columns = 0, cells = 0;
    struct packed_layer l;
    int64_t turns = 0;
    int32_t first;
    const enum ohm_status st = ohm_packed_begin(p, &l, x, &m->tile, index, &first, err);

    (void)layer;
    if (st != OHM_OK)
        return st;
    for (int32_t i = first; i < p->packing.n; i++) {
        const struct pack_item *const item = &p->packing.item[i];

        turns += divide_up(item->cols, (int64_t)m->adcs);
        columns += item->cols;
        cells += (double)item->cols * item->rows;
    }
    l.steps = turns * x->positions;
    l.part_ns[OHM_PART_ARRAY] = (double)l.steps * m->cycle_ns[bits];
    l.part_nJ[OHM_PART_ARRAY] =
        positions * (columns * m->conversion_pJ + cells * m->cell_pJ) * scale_of(m, bits) * 1e-3;
    l.part_nJ[OHM_PART_DIGITAL] = positions * (inputs * m->input_pJ[bits] + columns * m->output_pJ[bits]) * 1e-3;
    ohm_packed_add(p, &l);
    return OHM_OK;
}

/* The array cannot be had in part: its area is in that of the chip. */
static struct packed_use packed_use_of(const struct layerserial *m, const struct ohm_chip_use *use)
{
    return (struct packed_use){.params = m,
                               .use = use,
                               .tile = &m->tile,
                               .arrays = (int64_t)m->arrays,
                               .rest_mm2 = m->chip_mm2,
                               .add_matrix = add_matrix};
}

static enum ohm_status cost_net(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                                struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const struct packed_use u = packed_use_of(params, use);

    return ohm_packed_cost_net(&u, net, cost, layers, err);
}

static enum ohm_status cost_matrices(const void *params, const struct ohm_chip_use *use,
                                     const struct ohm_matrix *matrix, int n, struct ohm_cost *cost,
                                     struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const struct packed_use u = packed_use_of(params, use);

    return ohm_packed_cost_matrices(&u, matrix, n, cost, layers, err);
}

static enum ohm_status map_net(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                               struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err)
{
    const struct packed_use u = packed_use_of(params, use);

    return ohm_packed_map_net(&u, net, placements, cap, n, err);
}

static const char *const uses[] = {"bits", NULL};

const struct chip_model ohm_model_layerserial = {
    .name = "layerserial",
    .core = "array",
    .params_size = sizeof(struct layerserial),
    .blocks = blocks,
    .uses = uses,
    .derive = derive,
    .cores = arrays_of,
    .tile = tile_of,
    .peak = peak,
    .cost_net = cost_net,
    .cost_matrices = cost_matrices,
    .map_net = map_net,
};
