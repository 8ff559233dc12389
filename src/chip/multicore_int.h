/* multicore_int.h - the weight-stationary chip of many equal crossbar cores: its numbers, how a matrix is cut into
 * tiles, and what one layer costs. Times in ns, energies in nJ, powers in W (= nJ/ns). */
#ifndef OHM_MULTICORE_INT_H
#define OHM_MULTICORE_INT_H

#include "chip_int.h"

struct multicore {
    /* as in the file */
    double cores, rows, cols;
    double mvm_ns[2]; /* by enum ohm_read_mode, as core_nJ */
    double clock_MHz;
    double hop_cycles, gdpu_cycles;
    double core_nJ[2], out_pJ, clock_mW, static_mW;
    double chip_mm2, core_mm2, core_mvm_mm2, gdpu_mm2, gdpu_macros;
    /* what follows */
    int64_t core_count, tile_rows, tile_cols;
    int row_shift, col_shift; /* log2 of a tile's side, or -1 where it is no power of two */
    double cycle_ns, out_nJ, clock_W, static_W;
    double tile_cells;
};

/* How the chip is used, as the pricing of one layer asks for it. */
struct mode {
    double mvm_ns, core_nJ;
    bool overlap, scale_energy;
};

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

struct priced {
    int64_t tiles, positions, weights;
    double one_ns;   /* one position */
    double next_ns;  /* from one position to the next */
    double layer_ns; /* all positions */
    double dynamic_nJ;
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

static inline void tile_dense(struct tiling *t, const struct multicore *m, int64_t rows, int64_t cols)
{
    t->row_tiles = tiles_along(rows, m->tile_rows, m->row_shift);
    t->col_tiles = tiles_along(cols, m->tile_cols, m->col_shift);
    t->tiles = t->row_tiles * t->col_tiles;
    t->groups_per_tile = 0;
    t->tile_rows = t->row_tiles == 1 ? rows : divide_up(rows, t->row_tiles);
    t->tile_cols = t->col_tiles == 1 ? cols : divide_up(cols, t->col_tiles);
}

void ohm_multicore_tile_groups(struct tiling *t, const struct multicore *m, const struct block_matrix *x);

static inline void tile_matrix(struct tiling *t, const struct multicore *m, const struct block_matrix *x)
{
    if (x->groups == 1)
        tile_dense(t, m, x->rows, x->cols);
    else
        ohm_multicore_tile_groups(t, m, x);
}

/* Cost of one layer: the formulas are in docs/chip-hermes64.md. */
static inline void price_matrix(struct priced *p, const struct multicore *m, const struct mode *u,
                                const struct block_matrix *x, const struct tiling *t)
{
    const double outputs = (double)t->tile_cols, tiles = (double)t->tiles, positions = (double)x->positions;
    const double stream_ns = outputs * m->cycle_ns;
    double core_nJ = u->core_nJ;

    p->tiles = t->tiles;
    p->positions = x->positions;
    p->weights = x->rows * x->cols * x->groups;
    p->one_ns = u->mvm_ns + (outputs + m->hop_cycles * (double)t->row_tiles) * m->cycle_ns;
    if (x->gdpu)
        p->one_ns += m->gdpu_cycles * m->cycle_ns;
    p->next_ns = !u->overlap ? p->one_ns : u->mvm_ns > stream_ns ? u->mvm_ns : stream_ns;
    p->layer_ns = p->one_ns + (positions - 1) * p->next_ns;
    if (u->scale_energy)
        core_nJ *= (double)p->weights / (tiles * m->tile_cells);
    p->dynamic_nJ = positions * tiles * (core_nJ + outputs * m->out_nJ + m->clock_W * p->one_ns);
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

struct mode ohm_multicore_mode(const struct multicore *m, const struct ohm_chip_use *use);

/* Gives the free cores of one chip to the layers that hold up the pipeline: another copy of the slowest, as long as it
 * fits. copies[n] out, at least 1 each; returns the cores in use. */
int64_t ohm_multicore_replicate(int32_t *copies, const struct multicore *m, const struct priced *p, int n,
                                int64_t cores);

/* Time of the first image through the pipeline. p and copies are of the conv and dense layers, in order. */
enum ohm_status ohm_multicore_first_image(double *ns, const struct ohm_net *net, const struct priced *p,
                                          const int32_t *copies, struct ohm_error *err);

enum ohm_status ohm_multicore_map_net(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                                      struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err);

#endif
