/* crossbar.h - how the matrix of a layer is cut into tiles of one crossbar's size. */
#ifndef OHM_CROSSBAR_H
#define OHM_CROSSBAR_H

#include "ohm/net.h"

#include <stdbool.h>
#include <stdint.h>

/* The cells of one crossbar. */
struct crossbar {
    int64_t rows, cols;
    int row_shift, col_shift; /* log2 of a side, or -1 where it is no power of two */
    double cells;
};

struct crossbar ohm_crossbar(double rows, double cols);

/* The matrix of one layer. rows and cols are of one group; a dense matrix is one group. */
struct block_matrix {
    int64_t rows, cols, groups, positions;
    bool gdpu;
};

/* A group that fits a tile shares it with as many others as fit along its diagonal; a larger one is cut, as evenly as
 * can be, into a grid of tiles of its own. */
struct tiling {
    int64_t row_tiles, col_tiles; /* row tiles are chained: their partial sums are added up on the way */
    int64_t tiles;
    int64_t groups_per_tile;      /* 0: a group takes several tiles */
    int64_t tile_rows, tile_cols; /* the used part of a tile (the last one of a row or column may use less) */
};

static inline int64_t divide_up(int64_t a, int64_t b)
{
    /* A 32-bit division is several times faster, and nearly all sizes are small. */
    if (((uint64_t)a | (uint64_t)b) <= INT32_MAX)
        return (int64_t)(((uint32_t)a + (uint32_t)b - 1) / (uint32_t)b);
    return (a + b - 1) / b;
}

static inline int64_t tiles_along(int64_t size, int64_t tile, int shift)
{
    return shift >= 0 ? (size + tile - 1) >> shift : divide_up(size, tile);
}

static inline void tile_dense(struct tiling *t, const struct crossbar *m, int64_t rows, int64_t cols)
{
    t->row_tiles = tiles_along(rows, m->rows, m->row_shift);
    t->col_tiles = tiles_along(cols, m->cols, m->col_shift);
    t->tiles = t->row_tiles * t->col_tiles;
    t->groups_per_tile = 0;
    t->tile_rows = t->row_tiles == 1 ? rows : divide_up(rows, t->row_tiles);
    t->tile_cols = t->col_tiles == 1 ? cols : divide_up(cols, t->col_tiles);
}

void ohm_tile_groups(struct tiling *t, const struct crossbar *m, const struct block_matrix *x);

static inline void tile_matrix(struct tiling *t, const struct crossbar *m, const struct block_matrix *x)
{
    if (x->groups == 1)
        tile_dense(t, m, x->rows, x->cols);
    else
        ohm_tile_groups(t, m, x);
}

/* A layer that does nothing is not programmed: tables of networks count such layers, a chip need not hold them. */
static inline bool takes_crossbar(const struct ohm_layer *l)
{
    return l->live && (l->kind == OHM_CONV || l->kind == OHM_DENSE);
}

/* As ohm_layer_matrix, by group, and inline: it is called for each layer of each candidate of a search. */
static inline void block_matrix_of(struct block_matrix *x, const struct ohm_layer *l)
{
    x->gdpu = false;
    x->groups = 1;
    x->cols = l->out.c;
    if (l->kind == OHM_DENSE) {
        x->rows = (int64_t)l->in.h * l->in.w * l->in.c;
        x->positions = 1;
        return;
    }
    x->rows = (int64_t)l->k_h * l->k_w * l->in.c;
    x->positions = (int64_t)l->out.h * l->out.w;
    if (l->groups != 1) {
        x->groups = l->groups;
        x->rows /= l->groups;
        x->cols /= l->groups;
    }
}

#endif
