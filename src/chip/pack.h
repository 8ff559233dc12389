/* pack.h - rectangles of weights on as few crossbars as can be, several on one. */
#ifndef OHM_PACK_H
#define OHM_PACK_H

#include "crossbar.h"

#include "ohm/error.h"

enum { PACK_ITEMS_MAX = 1 << 16 };

/* One rectangle of the matrix of a layer. */
struct pack_item {
    int32_t rows, cols;
    int32_t layer;
    int64_t row, col;            /* first row and column in the matrix */
    int32_t bin, at_row, at_col; /* where it lies; by ohm_pack */
};

struct packing { /* {0} is empty */
    struct pack_item *item;
    int32_t n, cap;
    int32_t bins; /* crossbars in use; by ohm_pack */
};

void ohm_packing_release(struct packing *p);
/* Cuts a matrix into full tiles and what is left of them at the right and the bottom. OHM_ERANGE: more than
 * PACK_ITEMS_MAX rectangles in all. OHM_ENOMEM. */
enum ohm_status ohm_packing_add(struct packing *p, const struct crossbar *tile, const struct block_matrix *x,
                                int32_t layer, struct ohm_error *err);
/* Places every rectangle; none is turned. */
enum ohm_status ohm_pack(struct packing *p, const struct crossbar *tile, struct ohm_error *err);

#endif
