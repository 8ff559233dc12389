/* packed.h - what chips have in common on which layers share crossbars and run one after the other: sums over the
 * layers, and the rectangles of their weights. Times in ns, energies in nJ. */
#ifndef OHM_PACKED_H
#define OHM_PACKED_H

#include "chip_int.h"
#include "pack.h"

struct packed { /* {.tile, .arrays, .rows} and the rest 0 to begin with */
    const struct crossbar *tile;
    int64_t arrays;              /* of one chip */
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

/* A layer with a matrix, before it is priced; its rectangles are the last ones of the packing, from *first on. */
enum ohm_status ohm_packed_begin(struct packed *p, struct packed_layer *l, const struct block_matrix *x,
                                 const struct crossbar *cut, int32_t layer, int32_t *first, struct ohm_error *err);
void ohm_packed_add(struct packed *p, const struct packed_layer *l);
/* Packs, and fills the cost but for its areas. */
enum ohm_status ohm_packed_finish(struct packed *p, struct ohm_cost *cost, struct ohm_error *err);
/* Fills placements from what is packed. */
enum ohm_status ohm_packed_places(struct packed *p, struct ohm_placement *placements, int64_t cap, int64_t *n,
                                  struct ohm_error *err);

#endif
