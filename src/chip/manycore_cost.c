/* manycore_cost.c - cost of a network on equal crossbar cores that keep their weights, one tile on one core: sums over
 * the layers, and the pipeline over images. What one layer costs is price_matrix (manycore.h). */
#include "manycore.h"

#include "ohm/mem.h"

/* ---- sums over the layers ---- */

struct sums {
    double layer_ns, array_ns, digital_ns, array_nJ, digital_nJ, slowest_ns;
    int64_t tiles, weights, steps, macs;
    int32_t layers;
    bool gdpu;
};

static inline void add_layer(struct sums *s, const struct priced *p)
{
    s->layer_ns += p->layer_ns;
    s->array_ns += p->array_ns;
    s->digital_ns += p->digital_ns;
    s->array_nJ += p->array_nJ;
    s->digital_nJ += p->digital_nJ;
    s->tiles += p->tiles;
    s->weights += p->weights;
    s->steps += p->positions;
    s->macs += p->weights * p->positions;
    s->layers++;
}

static void put_row(struct ohm_cost_layer *row, int layer, const struct crossbar *m, const struct block_matrix *x,
                    const struct tiling *t, const struct priced *p)
{
    *row = (struct ohm_cost_layer){.layer = layer,
                                   .rows = x->rows * x->groups,
                                   .cols = x->cols * x->groups,
                                   .positions = x->positions,
                                   .row_tiles = (int32_t)(t->row_tiles * (p->tiles / t->tiles)),
                                   .col_tiles = (int32_t)(t->tiles / t->row_tiles),
                                   .tiles = (int32_t)p->tiles,
                                   .copies = 1,
                                   .util = (double)p->weights / ((double)t->tiles * m->cells),
                                   .latency_us = p->layer_ns * 1e-3,
                                   .energy_uJ = (p->array_nJ + p->digital_nJ) * 1e-3};
    row->part_us[OHM_PART_ARRAY] = p->array_ns * 1e-3;
    row->part_us[OHM_PART_DIGITAL] = p->digital_ns * 1e-3;
    row->part_uJ[OHM_PART_ARRAY] = p->array_nJ * 1e-3;
    row->part_uJ[OHM_PART_DIGITAL] = p->digital_nJ * 1e-3;
}

/* ---- layers whose outputs go on through the global digital units ---- */

/* The tables of these functions are in those units and nowhere else on such a chip. */
static bool is_gate(const struct ohm_layer *l)
{
    return l->kind == OHM_SIGMOID || l->kind == OHM_TANH;
}

static bool has_gates(const struct ohm_net *net)
{
    for (int i = 0; i < net->layers; i++)
        if (is_gate(&net->layer[i]))
            return true;
    return false;
}

/* What is done on the way from a crossbar to a gate without changing which outputs these are. */
static bool leads_on(const struct ohm_layer *l)
{
    return l->kind == OHM_SLICE || l->kind == OHM_ADD || l->kind == OHM_BATCH_NORM || l->kind == OHM_CONCAT ||
           l->kind == OHM_FLATTEN;
}

/* gated[i]: the outputs of layer i go into a gate. NULL for a net without gates, which then takes no memory. */
static enum ohm_status find_gated(bool **gated, const struct ohm_net *net, struct ohm_error *err)
{
    *gated = NULL;
    if (!has_gates(net))
        return OHM_OK;
    if (!(*gated = ohm_alloc((size_t)net->layers, sizeof **gated)))
        return ohm_fail(err, OHM_ENOMEM, "no memory to price %d layers", net->layers);
    for (int i = net->layers - 1; i >= 0; i--) {
        const struct ohm_layer *const l = &net->layer[i];

        if (!l->live || !(is_gate(l) || (leads_on(l) && (*gated)[i])))
            continue;
        for (int e = 0; e < l->inputs; e++)
            (*gated)[net->edge[l->first_input + e]] = true;
    }
    return OHM_OK;
}

/* Prices the layers of a net; gated, keep and rows may be NULL, else the latter two have room for each conv and dense
 * layer. */
static void sum_net(struct sums *s, const struct manycore_use *use, const struct ohm_net *net, const bool *gated,
                    struct priced *keep, struct ohm_cost_layer *rows)
{
    const struct crossbar *const m = &use->chip->tile;
    const struct mode *const u = use->mode;

    for (int i = 0; i < net->layers; i++) {
        struct block_matrix x;
        struct tiling t;
        struct priced p;

        if (!takes_crossbar(&net->layer[i]))
            continue;
        block_matrix_of(&x, &net->layer[i]);
        if (gated && gated[i])
            s->gdpu = x.gdpu = true;
        tile_matrix(&t, m, &x);
        price_matrix(&p, m, u, &x, &t);
        if (rows)
            put_row(&rows[s->layers], i, m, &x, &t, &p);
        if (keep)
            keep[s->layers] = p;
        add_layer(s, &p);
    }
}

static void sum_matrices(struct sums *s, const struct crossbar *m, const struct mode *u,
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

static void put_parts(struct ohm_cost *cost, const struct sums *s)
{
    for (int i = 0; i < OHM_COST_PARTS; i++)
        cost->part_us[i] = cost->part_uJ[i] = 0;
    cost->part_us[OHM_PART_ARRAY] = s->array_ns * 1e-3;
    cost->part_us[OHM_PART_DIGITAL] = s->digital_ns * 1e-3;
    cost->part_uJ[OHM_PART_ARRAY] = s->array_nJ * 1e-3;
    cost->part_uJ[OHM_PART_DIGITAL] = s->digital_nJ * 1e-3;
    cost->part_uJ[OHM_PART_STATIC] = cost->energy_static_uJ;
}

/* All of the cost that follows from the sums, the cores in use, the latency and the interval. */
static void put_cost(struct ohm_cost *cost, const struct manycore_use *u, const struct sums *s, int64_t cores,
                     double latency_ns, double interval_ns)
{
    const struct manycore *const m = u->chip;
    const int64_t chips = divide_up(s->tiles, m->cores);
    const double share = u->mode->static_by_cores ? (double)cores / (double)m->cores : (double)chips;
    const double static_nJ = m->static_W * share * interval_ns;
    const double energy_nJ = s->array_nJ + s->digital_nJ + static_nJ, ops = 2 * (double)s->macs;

    cost->cores = cores;
    cost->cores_single = s->tiles;
    cost->chips = (int32_t)chips;
    cost->fits = chips == 1;
    cost->cores_over = s->tiles > m->cores ? s->tiles - m->cores : 0;
    cost->util = (double)(s->weights * u->mode->redundancy) / ((double)s->tiles * m->tile.cells);
    cost->latency_us = latency_ns * 1e-3;
    cost->interval_us = interval_ns * 1e-3;
    cost->energy_uJ = energy_nJ * 1e-3;
    cost->energy_static_uJ = static_nJ * 1e-3;
    cost->area_mm2 = (double)cores * u->mode->core_mm2;
    cost->area_chips_mm2 = (double)chips * m->chip_mm2;
    cost->power_mW = energy_nJ / interval_ns * 1e3;
    cost->tops = ops / interval_ns * 1e-3;
    cost->tops_per_W = energy_nJ > 0 ? ops / energy_nJ * 1e-3 : 0;
    cost->mvm_steps = s->steps;
    put_parts(cost, s);
    if (s->gdpu)
        cost->area_mm2 += (double)chips * m->gdpu_mm2;
}

/* ---- the pipeline ---- */

int64_t ohm_manycore_replicate(int32_t *copies, const struct manycore *m, const struct priced *p, int n, int64_t cores)
{
    for (int i = 0; i < n; i++)
        copies[i] = 1;
    for (;;) {
        double slowest_ns = -1;
        int slowest = 0;

        for (int i = 0; i < n; i++) {
            const double ns = copies[i] == 1 ? busy_ns(&p[i]) : busy_ns(&p[i]) / copies[i];

            if (ns > slowest_ns) {
                slowest_ns = ns;
                slowest = i;
            }
        }
        /* Once the slowest layer cannot have another copy, no copy of another one shortens the interval. */
        if (cores + p[slowest].tiles > m->cores || copies[slowest] >= p[slowest].positions)
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
static int64_t pipeline_fill(struct pipeline *line, struct sums *s, const struct manycore_use *u,
                             struct ohm_cost_layer *rows)
{
    int64_t cores = s->tiles;

    if (u->use->replicate)
        cores = ohm_manycore_replicate(line->copies, u->chip, line->priced, s->layers, cores);
    for (int i = 0; i < s->layers; i++) {
        double ns;

        if (!u->use->replicate)
            line->copies[i] = 1;
        ns = busy_ns(&line->priced[i]) / line->copies[i];
        s->slowest_ns = ns > s->slowest_ns ? ns : s->slowest_ns;
        if (rows)
            rows[i].copies = line->copies[i];
    }
    return cores;
}

static enum ohm_status cost_pipelined(const struct manycore_use *u, const struct ohm_net *net, const bool *gated,
                                      struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err)
{
    struct pipeline line = {0};
    struct sums s = {0};
    enum ohm_status st;
    double first_ns;
    int64_t cores;

    if ((st = pipeline_create(&line, net->mvm_layers, err)) != OHM_OK)
        goto done;
    sum_net(&s, u, net, gated, line.priced, layers);
    if ((st = check_sums(&s, err)) != OHM_OK)
        goto done;
    cores = pipeline_fill(&line, &s, u, layers);
    if ((st = ohm_manycore_first_image(&first_ns, net, line.priced, line.copies, err)) == OHM_OK)
        put_cost(cost, u, &s, cores, first_ns, s.slowest_ns);
done:
    pipeline_release(&line);
    return st;
}

enum ohm_status ohm_manycore_cost_net(const struct manycore_use *u, const struct ohm_net *net, struct ohm_cost *cost,
                                      struct ohm_cost_layer *layers, struct ohm_error *err)
{
    struct sums s = {0};
    bool *gated;
    enum ohm_status st = find_gated(&gated, net, err);

    if (st == OHM_OK && u->use->schedule == OHM_SCHEDULE_PIPELINED) {
        st = cost_pipelined(u, net, gated, cost, layers, err);
    } else if (st == OHM_OK) {
        sum_net(&s, u, net, gated, NULL, layers);
        if ((st = check_sums(&s, err)) == OHM_OK)
            put_cost(cost, u, &s, s.tiles, s.layer_ns, s.layer_ns);
    }
    ohm_free(gated);
    return st;
}

enum ohm_status ohm_manycore_cost_matrices(const struct manycore_use *u, const struct ohm_matrix *matrix, int n,
                                           struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err)
{
    struct pipeline line = {0};
    struct sums s = {0};
    enum ohm_status st;
    int64_t cores;

    if (u->use->schedule == OHM_SCHEDULE_SERIAL) {
        sum_matrices(&s, &u->chip->tile, u->mode, matrix, n, NULL, layers);
        if ((st = check_sums(&s, err)) == OHM_OK)
            put_cost(cost, u, &s, s.tiles, s.layer_ns, s.layer_ns);
        return st;
    }
    if ((st = pipeline_create(&line, n, err)) != OHM_OK)
        goto done;
    sum_matrices(&s, &u->chip->tile, u->mode, matrix, n, line.priced, layers);
    if ((st = check_sums(&s, err)) != OHM_OK)
        goto done;
    cores = pipeline_fill(&line, &s, u, layers);
    put_cost(cost, u, &s, cores, s.layer_ns, s.slowest_ns);
done:
    pipeline_release(&line);
    return st;
}
