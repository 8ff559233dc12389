/* packed.c - sums and places of layers that share crossbars, whole networks of them. */
#include "packed.h"

#include "ohm/mem.h"

#include <stdlib.h>

enum ohm_status ohm_packed_begin(struct packed *p, struct packed_layer *l, const struct block_matrix *x,
                                 const struct crossbar *cut, int32_t layer, int32_t *first, struct ohm_error *err)
{
    const int32_t before = p->packing.n;
    const enum ohm_status st = ohm_packing_add(&p->packing, cut, x, layer, err);

    *first = before;
    *l = (struct packed_layer){.layer = layer,
                               .rows = x->rows * x->groups,
                               .cols = x->cols * x->groups,
                               .positions = x->positions,
                               .row_tiles = 1,
                               .tiles = p->packing.n - before,
                               .weights = x->rows * x->cols * x->groups};
    if (x->groups == 1)
        l->row_tiles = (int32_t)divide_up(x->rows, cut->rows);
    l->macs = l->weights * x->positions;
    return st;
}

static void put_row(struct ohm_cost_layer *row, const struct packed_layer *l, const struct crossbar *tile)
{
    *row = (struct ohm_cost_layer){.layer = l->layer,
                                   .rows = l->rows,
                                   .cols = l->cols,
                                   .positions = l->positions,
                                   .row_tiles = l->row_tiles,
                                   .col_tiles = l->row_tiles ? l->tiles / l->row_tiles : 0,
                                   .tiles = l->tiles,
                                   .copies = 1};
    if (l->tiles)
        row->util = (double)l->weights / ((double)l->tiles * tile->cells);
    for (int i = 0; i < OHM_COST_PARTS; i++) {
        row->part_us[i] = l->part_ns[i] * 1e-3;
        row->part_uJ[i] = l->part_nJ[i] * 1e-3;
        row->latency_us += row->part_us[i];
        row->energy_uJ += row->part_uJ[i];
    }
}

void ohm_packed_add(struct packed *p, const struct packed_layer *l)
{
    if (p->rows)
        put_row(&p->rows[p->layers], l, p->tile);
    p->layers++;
    p->weights += l->weights;
    p->macs += l->macs;
    p->steps += l->steps;
    for (int i = 0; i < OHM_COST_PARTS; i++) {
        p->part_ns[i] += l->part_ns[i];
        p->part_nJ[i] += l->part_nJ[i];
    }
}

/* Packs, and fills the cost. */
static enum ohm_status finish(struct packed *p, const struct packed_use *u, struct ohm_cost *cost,
                              struct ohm_error *err)
{
    const double ops = 2 * (double)p->macs;
    double ns = 0, nJ = 0;
    enum ohm_status st;
    int64_t chips;

    if (p->macs == 0)
        return ohm_fail(err, OHM_ERANGE, "the network has no conv or dense layer: nothing to put on a chip");
    if ((st = ohm_pack(&p->packing, p->tile, err)) != OHM_OK)
        return st;
    *cost = (struct ohm_cost){.cores = p->packing.bins, .cores_single = p->packing.bins, .mvm_steps = p->steps};
    for (int i = 0; i < OHM_COST_PARTS; i++) {
        ns += p->part_ns[i];
        nJ += p->part_nJ[i];
        cost->part_us[i] = p->part_ns[i] * 1e-3;
        cost->part_uJ[i] = p->part_nJ[i] * 1e-3;
    }
    chips = cost->cores > u->arrays ? divide_up(cost->cores, u->arrays) : 1;
    cost->chips = (int32_t)chips;
    cost->fits = chips == 1;
    cost->cores_over = chips == 1 ? 0 : cost->cores - u->arrays;
    if (cost->cores)
        cost->util = (double)p->weights / ((double)cost->cores * p->tile->cells);
    cost->latency_us = cost->interval_us = ns * 1e-3;
    cost->energy_uJ = nJ * 1e-3;
    cost->energy_static_uJ = cost->part_uJ[OHM_PART_STATIC];
    cost->area_mm2 = (double)cost->cores * u->array_mm2 + cost->chips * u->rest_mm2;
    cost->area_chips_mm2 = cost->chips * ((double)u->arrays * u->array_mm2 + u->rest_mm2);
    cost->power_mW = nJ / ns * 1e3;
    cost->tops = ops / ns * 1e-3;
    cost->tops_per_W = nJ > 0 ? ops / nJ * 1e-3 : 0;
    return OHM_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct ohm_placement *const x = a, *const y = b;

    if (x->core != y->core)
        return x->core < y->core ? -1 : 1;
    if (x->at_row != y->at_row)
        return x->at_row < y->at_row ? -1 : 1;
    return (x->at_col > y->at_col) - (x->at_col < y->at_col);
}

/* Fills placements from what is packed. */
static enum ohm_status put_places(struct packed *p, struct ohm_placement *placements, int64_t cap, int64_t *n,
                                  struct ohm_error *err)
{
    struct ohm_placement *all;

    *n = p->packing.n;
    if (*n == 0 || cap <= 0)
        return OHM_OK;
    if (!(all = ohm_alloc((size_t)*n, sizeof *all)))
        return ohm_fail(err, OHM_ENOMEM, "no memory to map %d rectangles", p->packing.n);
    for (int32_t i = 0; i < p->packing.n; i++) {
        const struct pack_item *const x = &p->packing.item[i];

        all[i] = (struct ohm_placement){.layer = x->layer,
                                        .core = x->bin,
                                        .row = x->row,
                                        .col = x->col,
                                        .rows = x->rows,
                                        .cols = x->cols,
                                        .at_row = x->at_row,
                                        .at_col = x->at_col};
    }
    qsort(all, (size_t)*n, sizeof *all, by_place);
    for (int64_t i = 0; i < *n && i < cap; i++)
        placements[i] = all[i];
    ohm_free(all);
    return OHM_OK;
}

/* ---- a whole network ---- */

static enum ohm_status add_net(struct packed *p, const struct packed_use *u, const struct ohm_net *net,
                               struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int32_t i = 0; i < net->layers && st == OHM_OK; i++) {
        const struct ohm_layer *const l = &net->layer[i];
        struct block_matrix x;

        if (takes_crossbar(l)) {
            block_matrix_of(&x, l);
            st = u->add_matrix(p, u, &x, l, i, err);
        } else if (u->add_other) {
            u->add_other(p, u, l, i);
        }
    }
    return st;
}

enum ohm_status ohm_packed_cost_net(const struct packed_use *u, const struct ohm_net *net, struct ohm_cost *cost,
                                    struct ohm_cost_layer *rows, struct ohm_error *err)
{
    struct packed p = {.tile = u->tile, .rows = rows};
    enum ohm_status st;

    if ((st = add_net(&p, u, net, err)) == OHM_OK)
        st = finish(&p, u, cost, err);
    ohm_packing_release(&p.packing);
    return st;
}

enum ohm_status ohm_packed_cost_matrices(const struct packed_use *u, const struct ohm_matrix *matrix, int n,
                                         struct ohm_cost *cost, struct ohm_cost_layer *rows, struct ohm_error *err)
{
    struct packed p = {.tile = u->tile, .rows = rows};
    enum ohm_status st = OHM_OK;

    for (int32_t i = 0; i < n && st == OHM_OK; i++) {
        const struct block_matrix x = {matrix[i].rows, matrix[i].cols, 1, matrix[i].positions, false};

        st = u->add_matrix(&p, u, &x, NULL, i, err);
    }
    if (st == OHM_OK)
        st = finish(&p, u, cost, err);
    ohm_packing_release(&p.packing);
    return st;
}

enum ohm_status ohm_packed_map_net(const struct packed_use *u, const struct ohm_net *net,
                                   struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err)
{
    struct packed p = {.tile = u->tile};
    struct ohm_cost cost;
    enum ohm_status st;

    if ((st = add_net(&p, u, net, err)) == OHM_OK && (st = finish(&p, u, &cost, err)) == OHM_OK)
        st = put_places(&p, placements, cap, n, err);
    ohm_packing_release(&p.packing);
    return st;
}
