/* conv_int.h - a convolution on tiles: what its files share. */
#ifndef OHM_CONV_INT_H
#define OHM_CONV_INT_H

#include "analog_int.h"

/* Versions of an image: as it is, its positive numbers (or all as absolute ones), its negative ones as positive
 * numbers; the squares of the first two of these that a phase reads. */
enum version { AS_IS, POSITIVE, NEGATIVE, SQUARES, NEGATIVE_SQUARES, VERSIONS };

/* Tiles that see the same channels: all, those of a group, or of all groups of one channel and one output side by side
 * (join.c). */
struct view {
    const struct ohm_tiles *t;
    struct ohm_rng stream;
    int first_channel, first_output; /* in an image, in y */
    float *factor, *begin;           /* [tiles][width]; [column tiles][width] */
};

struct conv_call {
    struct ohm_conv2d d;   /* of a view */
    int channels, outputs; /* of a pixel of an image, of y */
    struct view *view;
    int views;
    bool side_by_side;       /* the one view is joined: no channel meets another */
    struct ohm_tiles joined; /* side_by_side: what view->t is */
    uint32_t *key;           /* side_by_side: of the noise, [tile][phase][weight, output][2][width] */
    bool counts;             /* outputs are those of a unit that works on counts */
    const struct ohm_mvm *mvm;
    const struct steps *steps;
    enum ohm_isa isa;
    float *y, *rooms; /* rooms: of all workers */
    int items;
    int out_h, out_w, frame_rows, frame_cols;
    int band_rows, band_cols, width; /* width: of the columns of a tile, at most, in whole lines */
};

/* The memory of one worker. */
struct room {
    float *frame[VERSIONS];
    bool negative;                         /* the image has negative numbers */
    float *flow, *load, *ramped, *squares; /* sums of a band: of the product, and for the steps beside it */
    float *z, *sum, *to;
    float *count[COUNTERS]; /* NULL: the periphery has none */
};

/* Outputs [row, row + rows) x [col, col + cols) of an image on one tile. */
struct piece {
    const struct conv_call *call;
    const struct view *view;
    const struct room *room;
    const struct tile *tile;
    int index;             /* of the tile */
    struct ohm_rng stream; /* of the tile */
    int row, col, rows, cols, n, width;
    uint64_t first;    /* number of the first output */
    const float *soon; /* [soon_n]: needed behind the product */
    size_t soon_n;
};

static inline size_t lines(size_t n)
{
    return (n + LINE - 1) / LINE * LINE;
}

/* The next n floats, where there is memory; else they are counted alone. */
static inline float *take(float *memory, size_t *used, size_t n)
{
    float *const piece = memory ? memory + *used : NULL;

    *used += lines(n);
    return piece;
}

/* ---- conv_tile.c ---- */

/* to += what the tile makes of the band. begin: what it begins with instead, or NULL. Where there are counts, to is
 * INT8, which begins with 0. */
void piece_run(const struct piece *p, float *to, const float *begin, const float *factor);
/* to = begin + to factor */
void piece_scale(const struct piece *p, float *to, const float *begin, const float *factor);

/* ---- join.c ---- */

/* Takes and, where there is memory, fills the one view of groups of one channel and one output. Returns floats. */
size_t join_groups(struct conv_call *call, struct ohm_tiles *const *group, const struct ohm_rng *stream, float *memory);
static inline size_t key_floats(const struct conv_call *call)
{
    return 2 * (size_t)call->width;
}
/* Of the noise of a phase. */
static inline const uint32_t *key_of(const struct piece *p, int phase, enum purpose purpose)
{
    const size_t at = ((size_t)p->index * (size_t)p->view->t->phases + (size_t)phase) * 2 + (purpose == FOR_OUTPUT);

    return p->call->key + at * key_floats(p->call);
}

#endif
