/* model_cluster.c - a cluster of processor cores with in-memory accelerators and a digital unit for depthwise layers
 * (Garofalo et al., arXiv 2201.01089): each layer goes to the part that is best for it, one after the other. Formulas:
 * docs/chips.md. */
#include "packed.h"

struct cluster {
    struct crossbar tile; /* follows from the numbers below, which are as in the file */
    double arrays, rows, cols;
    double job_ns, job_pJ, row_pJ, col_pJ, cell_pJ;
    double clock_MHz;
    double unit_speed, unit_pJ; /* speeds in MAC per cycle, energies per MAC */
    double add_speed, add_pJ;   /* elements per ns, energy per element */
    double depthwise_speed, depthwise_pJ, matrix_speed, matrix_pJ;
    double pointwise_ratio, window_ratio, diagonal_ratio;
    double job_channels, diagonal_ns;
    double array_mm2, cluster_mm2;
};

static const struct chip_number array_numbers[] = {
    CHIP_WHOLE(cluster, "arrays", "arrays", arrays, 1, 4096),
    CHIP_WHOLE(cluster, "rows", "rows", rows, 8, 65536),
    CHIP_WHOLE(cluster, "cols", "cols", cols, 8, 65536),
    CHIP_NUMBERS_END,
};
static const struct chip_number job_numbers[] = {
    CHIP_REAL(cluster, "job_ns", "ns", job_ns, 0.1, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number job_energy_numbers[] = {
    CHIP_REAL(cluster, "job_pJ", "pJ", job_pJ, 0, 1e8),
    CHIP_REAL(cluster, "row_pJ", "pJ", row_pJ, 0, 1e6),
    CHIP_REAL(cluster, "col_pJ", "pJ", col_pJ, 0, 1e6),
    CHIP_REAL(cluster, "cell_pJ", "pJ", cell_pJ, 0, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number energy_ratio_numbers[] = {
    CHIP_REAL(cluster, "pointwise_ratio", "ratio", pointwise_ratio, 0, 100),
    CHIP_REAL(cluster, "window_ratio", "ratio", window_ratio, 0, 100),
    CHIP_NUMBERS_END,
};
static const struct chip_number clock_numbers[] = {
    CHIP_REAL(cluster, "clock_MHz", "MHz", clock_MHz, 1, 1e5),
    CHIP_NUMBERS_END,
};
static const struct chip_number unit_numbers[] = {
    CHIP_REAL(cluster, "unit_MAC_per_cycle", "MAC_per_cycle", unit_speed, 1e-3, 1e6),
    CHIP_REAL(cluster, "unit_pJ_per_MAC", "pJ_per_MAC", unit_pJ, 0, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number addition_numbers[] = {
    CHIP_REAL(cluster, "elements_per_ns", "elements_per_ns", add_speed, 1e-6, 1e6),
    CHIP_REAL(cluster, "element_pJ", "pJ", add_pJ, 0, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number software_depthwise_numbers[] = {
    CHIP_REAL(cluster, "cores_MAC_per_cycle", "MAC_per_cycle", depthwise_speed, 1e-3, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number software_numbers[] = {
    CHIP_REAL(cluster, "matrices_MAC_per_cycle", "MAC_per_cycle", matrix_speed, 1e-3, 1e6),
    CHIP_REAL(cluster, "matrices_pJ_per_MAC", "pJ_per_MAC", matrix_pJ, 0, 1e6),
    CHIP_REAL(cluster, "depthwise_pJ_per_MAC", "pJ_per_MAC", depthwise_pJ, 0, 1e6),
    CHIP_NUMBERS_END,
};
static const struct chip_number diagonal_numbers[] = {
    CHIP_WHOLE(cluster, "job_channels", "channels", job_channels, 1, 65536),
    CHIP_NUMBERS_END,
};
static const struct chip_number diagonal_job_numbers[] = {
    CHIP_REAL(cluster, "job_ns", "ns", diagonal_ns, 0.1, 1e6),
    CHIP_REAL(cluster, "energy_ratio", "ratio", diagonal_ratio, 0, 100),
    CHIP_NUMBERS_END,
};
static const struct chip_number area_numbers[] = {
    CHIP_REAL(cluster, "array_mm2", "mm2", array_mm2, 1e-6, 1e4),
    CHIP_REAL(cluster, "cluster_mm2", "mm2", cluster_mm2, 0, 1e4),
    CHIP_NUMBERS_END,
};
static const struct chip_block blocks[] = {
    {"array", array_numbers, false},
    {"job", job_numbers, false},
    {"job_energy", job_energy_numbers, false},
    {"job_energy_ratio", energy_ratio_numbers, false},
    {"clock", clock_numbers, false},
    {"depthwise_unit", unit_numbers, false},
    {"addition", addition_numbers, false},
    {"software_depthwise", software_depthwise_numbers, false},
    {"software", software_numbers, false},
    {"diagonal", diagonal_numbers, false},
    {"diagonal_job", diagonal_job_numbers, false},
    {"area", area_numbers, false},
    {NULL, NULL, false},
};

static void derive(void *params)
{
    struct cluster *const m = params;

    m->tile = ohm_crossbar(m->rows, m->cols);
}

static int64_t arrays_of(const void *params)
{
    return (int64_t)((const struct cluster *)params)->arrays;
}

static void tile_of(const void *params, int64_t *rows, int64_t *cols)
{
    const struct cluster *const m = params;

    *rows = m->tile.rows;
    *cols = m->tile.cols;
}

static double job_pJ(const struct cluster *m, double rows, double cols)
{
    return m->job_pJ + m->row_pJ * rows + m->col_pJ * cols + m->cell_pJ * rows * cols;
}

/* One array at work at a time. */
static void peak(const void *params, const struct ohm_chip_use *use, struct ohm_chip_peak *out)
{
    const struct cluster *const m = params;
    const double ops = 2 * m->tile.cells;
    const double nJ = job_pJ(m, m->rows, m->cols) * m->pointwise_ratio * 1e-3;

    (void)use;
    *out = (struct ohm_chip_peak){.mvm_ns = m->job_ns, .energy_uJ = nJ * 1e-3, .tops = ops / m->job_ns * 1e-3};
    out->tops_per_W = nJ > 0 ? ops / nJ * 1e-3 : 0;
    out->tops_per_mm2 = out->tops / m->array_mm2;
}

/* ---- one layer ---- */

/* One kind of jobs: how a matrix is cut, how long one takes, and its energy over that of the formula. */
struct jobs {
    struct crossbar cut;
    double ns, energy_ratio;
};

/* Jobs one after the other, one for each rectangle and position. */
static enum ohm_status add_jobs(struct packed *p, const struct cluster *m, const struct block_matrix *x,
                                const struct jobs *jobs, int32_t layer, struct ohm_error *err)
{
    struct packed_layer l;
    double pJ = 0;
    int32_t first;
    const enum ohm_status st = ohm_packed_begin(p, &l, x, &jobs->cut, layer, &first, err);

    if (st != OHM_OK)
        return st;
    for (int32_t i = first; i < p->packing.n; i++)
        pJ += job_pJ(m, p->packing.item[i].rows, p->packing.item[i].cols);
    l.steps = x->positions * l.tiles;
    l.part_ns[OHM_PART_ARRAY] = (double)l.steps * jobs->ns;
    l.part_nJ[OHM_PART_ARRAY] = (double)x->positions * pJ * jobs->energy_ratio * 1e-3;
    ohm_packed_add(p, &l);
    return OHM_OK;
}

/* A layer that no array holds: `macs` at so many a cycle. */
static void add_digital(struct packed *p, const struct cluster *m, const struct block_matrix *x, int32_t layer,
                        enum ohm_cost_part part, double speed, double pJ)
{
    struct packed_layer l = {.layer = layer,
                             .rows = x->rows * x->groups,
                             .cols = x->cols * x->groups,
                             .positions = x->positions,
                             .macs = x->rows * x->cols * x->groups * x->positions};

    l.part_ns[part] = (double)l.macs / speed * 1e3 / m->clock_MHz;
    l.part_nJ[part] = (double)l.macs * pJ * 1e-3;
    ohm_packed_add(p, &l);
}

static bool prices(const struct ohm_layer *l)
{
    return l->live && l->kind == OHM_ADD;
}

static void add_addition(struct packed *p, const struct packed_use *u, const struct ohm_layer *layer, int32_t index)
{
    const struct cluster *const m = u->params;
    struct packed_layer l = {.layer = index, .cols = layer->out.c, .positions = (int64_t)layer->out.h * layer->out.w};
    const double elements = (double)l.cols * (double)l.positions * (layer->inputs - 1);

    if (!prices(layer))
        return;
    l.part_ns[OHM_PART_CORES] = elements / m->add_speed;
    l.part_nJ[OHM_PART_CORES] = elements * m->add_pJ * 1e-3;
    ohm_packed_add(p, &l);
}

static bool is_depthwise(const struct ohm_layer *l)
{
    return l->kind == OHM_CONV && l->groups > 1 && l->groups == l->in.c && l->out.c == l->in.c;
}

static bool has_window(const struct ohm_layer *l)
{
    return l && l->kind == OHM_CONV && (l->k_h > 1 || l->k_w > 1);
}

/* As many channels a job as the file says, or as fit. */
static struct jobs diagonal_jobs(const struct cluster *m, const struct block_matrix *x)
{
    const double rows = m->job_channels * (double)x->rows;

    return (struct jobs){
        .cut = ohm_crossbar(rows < m->rows ? rows : m->rows, m->job_channels < m->cols ? m->job_channels : m->cols),
        .ns = m->diagonal_ns,
        .energy_ratio = m->diagonal_ratio};
}

/* Depthwise layers that the unit has no kernel for are the cores'. */
static enum ohm_status add_depthwise(struct packed *p, const struct packed_use *u, const struct block_matrix *x,
                                     const struct ohm_layer *layer, int32_t index, struct ohm_error *err)
{
    const struct cluster *const m = u->params;
    const struct jobs jobs = diagonal_jobs(m, x);

    if (u->use->depthwise == OHM_DEPTHWISE_ARRAY)
        return add_jobs(p, m, x, &jobs, index, err);
    if (u->use->depthwise == OHM_DEPTHWISE_UNIT && layer->k_h == 3 && layer->k_w == 3)
        add_digital(p, m, x, index, OHM_PART_DEPTHWISE, m->unit_speed, m->unit_pJ);
    else
        add_digital(p, m, x, index, OHM_PART_CORES, m->depthwise_speed, m->depthwise_pJ);
    return OHM_OK;
}

static enum ohm_status add_matrix(struct packed *p, const struct packed_use *u, const struct block_matrix *x,
                                  const struct ohm_layer *layer, int32_t index, struct ohm_error *err)
{
    const struct cluster *const m = u->params;
    const struct jobs jobs = {m->tile, m->job_ns, has_window(layer) ? m->window_ratio : m->pointwise_ratio};

    if (layer && is_depthwise(layer))
        return add_depthwise(p, u, x, layer, index, err);
    if (u->use->matrices == OHM_MATRICES_ARRAY)
        return add_jobs(p, m, x, &jobs, index, err);
    add_digital(p, m, x, index, OHM_PART_CORES, m->matrix_speed, m->matrix_pJ);
    return OHM_OK;
}

/* ---- the whole ---- */

static struct packed_use packed_use_of(const struct cluster *m, const struct ohm_chip_use *use)
{
    return (struct packed_use){.params = m,
                               .use = use,
                               .tile = &m->tile,
                               .arrays = (int64_t)m->arrays,
                               .array_mm2 = m->array_mm2,
                               .rest_mm2 = m->cluster_mm2,
                               .add_matrix = add_matrix,
                               .add_other = add_addition};
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

static const char *const uses[] = {"depthwise", "matrices", NULL};

const struct chip_model ohm_model_cluster = {
    .name = "cluster",
    .core = "array",
    .params_size = sizeof(struct cluster),
    .blocks = blocks,
    .uses = uses,
    .derive = derive,
    .cores = arrays_of,
    .tile = tile_of,
    .peak = peak,
    .prices = prices,
    .cost_net = cost_net,
    .cost_matrices = cost_matrices,
    .map_net = map_net,
};
