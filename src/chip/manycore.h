/* manycore.h - what weight-stationary chips of many equal crossbar cores have in common: one tile lies on one core, and
 * what one layer costs is linear in a few numbers. Times in ns, energies in nJ, powers in W (= nJ/ns). */
#ifndef OHM_MANYCORE_H
#define OHM_MANYCORE_H

#include "chip_int.h"
#include "crossbar.h"

/* How the chip is used, as the pricing of one layer asks for it. What a kind of chip has not got is 0. */
struct mode {
    double mvm_ns;                     /* one matrix-vector product of a core */
    double column_ns, hop_ns, gdpu_ns; /* digital part: per output, per chained row tile, per product */
    double core_nJ, out_nJ, mac_nJ;    /* per product of a core, per output, per multiply-accumulate */
    double clock_W;                    /* of a core at work */
    double core_mm2;
    int64_t redundancy; /* cores for each tile, one behind the other */
    bool overlap, scale_energy, static_by_cores;
};

/* The chip itself. */
struct manycore {
    int64_t cores;
    struct crossbar tile;
    double static_W;
    double chip_mm2, gdpu_mm2; /* gdpu: of all of a chip */
};

struct priced {
    int64_t tiles, positions, weights; /* tiles: on cores of their own, all that hold the same counted */
    double one_ns;                     /* one position */
    double next_ns;                    /* from one position to the next */
    double layer_ns;                   /* all positions */
    double array_ns, digital_ns;       /* of that, in crossbars and when only the digital part is at work */
    double array_nJ, digital_nJ;
};

/* Time between images that the layer can keep up with: the last product of an image need not be through the digital
 * part when the next image begins, where registers divide the two. */
static inline double busy_ns(const struct priced *p)
{
    return (double)p->positions * p->next_ns;
}

/* Cost of one layer: the formulas are in docs/chip-hermes64.md. */
static inline void price_matrix(struct priced *p, const struct crossbar *m, const struct mode *u,
                                const struct block_matrix *x, const struct tiling *t)
{
    const double outputs = (double)t->tile_cols, positions = (double)x->positions;
    const double stream_ns = outputs * u->column_ns, tiles = (double)(t->tiles * u->redundancy);
    double core_nJ = u->core_nJ;

    p->tiles = t->tiles * u->redundancy;
    p->positions = x->positions;
    p->weights = x->rows * x->cols * x->groups;
    p->one_ns = u->mvm_ns + stream_ns + u->hop_ns * (double)(t->row_tiles * u->redundancy);
    if (x->gdpu)
        p->one_ns += u->gdpu_ns;
    p->next_ns = !u->overlap ? p->one_ns : u->mvm_ns > stream_ns ? u->mvm_ns : stream_ns;
    p->layer_ns = p->one_ns + (positions - 1) * p->next_ns;
    p->array_ns = positions * u->mvm_ns;
    /* Not layer_ns - array_ns, which rounding could make less than nothing. */
    p->digital_ns = (p->one_ns - u->mvm_ns) + (positions - 1) * (p->next_ns - u->mvm_ns);
    if (u->scale_energy)
        core_nJ *= (double)p->weights / ((double)t->tiles * m->cells);
    p->array_nJ = positions * (tiles * core_nJ + (double)(p->weights * u->redundancy) * u->mac_nJ);
    p->digital_nJ = positions * tiles * (outputs * u->out_nJ + u->clock_W * p->one_ns);
}

/* What a model of such chips hands to the shared functions. */
struct manycore_use {
    const struct manycore *chip;
    const struct mode *mode;
    const struct ohm_chip_use *use;
};

enum ohm_status ohm_manycore_cost_net(const struct manycore_use *u, const struct ohm_net *net, struct ohm_cost *cost,
                                      struct ohm_cost_layer *layers, struct ohm_error *err);
enum ohm_status ohm_manycore_cost_matrices(const struct manycore_use *u, const struct ohm_matrix *matrix, int n,
                                           struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err);
enum ohm_status ohm_manycore_map_net(const struct manycore_use *u, const struct ohm_net *net,
                                     struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err);

/* Gives the free cores of one chip to the layers that hold up the pipeline: another copy of the slowest, as long as it
 * fits. copies[n] out, at least 1 each; returns the cores in use. */
int64_t ohm_manycore_replicate(int32_t *copies, const struct manycore *m, const struct priced *p, int n, int64_t cores);

/* Time of the first image through the pipeline. p and copies are of the conv and dense layers, in order. */
enum ohm_status ohm_manycore_first_image(double *ns, const struct ohm_net *net, const struct priced *p,
                                         const int32_t *copies, struct ohm_error *err);

#endif
