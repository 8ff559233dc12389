/* packed.h - what chips have in common on which layers share crossbars and run one after the other: sums over the
 * layers, and the rectangles of their weights. Times in ns, energies in nJ. */
#ifndef OHM_PACKED_H
#define OHM_PACKED_H

#include "chip_int.h"
#include "pack.h"

struct packed {
    const struct crossbar *tile;
    struct ohm_cost_layer *rows; /* of each layer, or NULL */
    struct packing packing;
    int32_t layers;
    int64_t weights; /* on crossbars */
    int64_t macs, steps;
    double part_ns[OHM_COST_PARTS], part_nJ[OHM_COST_PARTS];
};

/* One layer, as its model prices it. */
struct packed_layer {
    int32_t layer;
    int64_t rows, cols, positions; /* as in struct ohm_cost_layer */
    int32_t row_tiles, tiles;
    int64_t weights, macs, steps; /* weights: on crossbars */
    double part_ns[OHM_COST_PARTS], part_nJ[OHM_COST_PARTS];
};

/* What a model of such chips hands to the shared functions. An area is that of the arrays in use, or all of a chip's,
 * and of what else a chip has. */
struct packed_use {
    const void *params; /* of the model */
    const struct ohm_chip_use *use;
    const struct crossbar *tile;
    int64_t arrays; /* of one chip */
    double array_mm2, rest_mm2;
    /* Prices a matrix; layer is NULL for one that is no layer of a net. */
    enum ohm_status (*add_matrix)(struct packed *p, const struct packed_use *u, const struct block_matrix *x,
                                  const struct ohm_layer *layer, int32_t index, struct ohm_error *err);
    /* Prices a layer without a matrix where the model does so; NULL: none costs anything. */
    void (*add_other)(struct packed *p, const struct packed_use *u, const struct ohm_layer *layer, int32_t index);
};

enum ohm_status ohm_packed_cost_net(const struct packed_use *u, const struct ohm_net *net, struct ohm_cost *cost,
                                    struct ohm_cost_layer *rows, struct ohm_error *err);
enum ohm_status ohm_packed_cost_matrices(const struct packed_use *u, const struct ohm_matrix *matrix, int n,
                                         struct ohm_cost *cost, struct ohm_cost_layer *rows, struct ohm_error *err);
enum ohm_status ohm_packed_map_net(const struct packed_use *u, const struct ohm_net *net,
                                   struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err);

/* ---- for add_matrix and add_other ---- */

/* A layer with a matrix, before it is priced; its rectangles are the last ones of the packing, from *first on. */
enum ohm_status ohm_packed_begin(struct packed *p, struct packed_layer *l, const struct block_matrix *x,
                                 const struct crossbar *cut, int32_t layer, int32_t *first, struct ohm_error *err);
void ohm_packed_add(struct packed *p, const struct packed_layer *l);

#endif
