/* ops_analog.h - conv and dense layers as crossbar tiles with converters, and what learning with them asks for.
 *
 * A layer is a matrix of k_h k_w c_in / groups rows in the order (k_y, k_x, c), cut into tiles. Inputs pass a DAC; the
 * sums of each tile get noise and pass an ADC; the tiles' sums are added digitally. As in ops.h the bits of a result
 * depend on the inputs alone, and kernels allocate nothing. */
#ifndef OHM_OPS_ANALOG_H
#define OHM_OPS_ANALOG_H

#include "ohm/ops.h"
#include "ohm/rng.h"

/* Inputs end at +-range and are rounded to 2 levels + 1 values. levels 0: exact, range is not read. */
struct ohm_dac {
    float range;
    int levels;
};

/* Levels and biases come in whole vectors: so many numbers, 0 beyond c_out. */
int ohm_crossbar_width(int c_out);

struct ohm_crossbar {
    const int32_t *row; /* [tiles + 1]: tile i is rows [row[i], row[i + 1]) */
    int tiles;
    const float *packed; /* by ohm_crossbar_pack */
    const float *bias;   /* [width]: what the digital sum begins with */
    struct ohm_dac dac;
    const float *level; /* [tiles][2][width]: one level of the ADC in the unit of the sums; its inverse */
    int adc_levels;     /* on either side of 0; 0: no rounding, and a level is a unit of noise alone */
    float noise;        /* standard deviation before the ADC, in levels */
    const float *pool;  /* [pool_size + ohm_crossbar_pool_more(d)]: normal numbers that the noise is read from, ... */
    uint32_t pool_size; /* ... from a place drawn for each tile of each few thousand sums */
    struct ohm_rng rng; /* draws the places */
};

size_t ohm_crossbar_pool_more(const struct ohm_conv2d *d);
/* The tiles' weights in the order of the kernels. weights [c_out][rows]. */
size_t ohm_crossbar_packed(const struct ohm_conv2d *d, const int32_t *row, int tiles);
void ohm_crossbar_pack(float *packed, const float *weights, const struct ohm_conv2d *d, const int32_t *row, int tiles);

/* Floats of scratch, for the three below. */
size_t ohm_crossbar_scratch(const struct ohm_conv2d *d, enum ohm_pass pass, int jobs);
void ohm_crossbar_forward(float *y, const float *x, const struct ohm_crossbar *bar, const struct ohm_conv2d *d,
                          float *scratch, struct ohm_exec exec);

/* What becomes of a sum behind the tile: to = begin + factor step round((sum + noise z) / step), held to +-levels
 * steps; products and sums are rounded one by one. */
struct ohm_crossbar_end {
    float noise, inverse, step, levels; /* deviation; 1 / step; of the ADC */
    const float *z;                     /* [rows][cols][width] normal numbers; NULL: no noise */
    const float *begin;                 /* [width]; NULL: what is there */
    const float *factor;                /* [width] */
};

/* One tile alone over a piece of the output of an image. */
struct ohm_crossbar_piece {
    const float *frame;  /* [..][frame_cols][c_in]: image and border, from where the first output's kernel begins */
    int frame_cols;      /* pixels of a row */
    int32_t first, end;  /* the tile's rows of the matrix */
    const float *packed; /* [width / 16][end - first][16] */
    int width;           /* the tile's columns, in whole vectors */
    int rows, cols;      /* outputs */
    const float *soon;   /* [soon_n]: fetched meanwhile, since it is needed next */
    size_t soon_n;
    const struct ohm_crossbar_end *behind; /* NULL: sums are stored as they are; width is above 16 where it is not */
};
/* sum[rows][cols][width]. Of d it reads c_in, the kernel and the strides; groups is 1. */
void ohm_crossbar_sums(float *sum, const struct ohm_crossbar_piece *piece, const struct ohm_conv2d *d,
                       enum ohm_isa isa);

/* As ohm_conv2d_backward_weights, with x behind the DAC. */
void ohm_crossbar_backward_weights(float *dw, const float *x, const float *dy, const struct ohm_conv2d *d,
                                   struct ohm_dac dac, float *scratch, struct ohm_exec exec);

/* What an image says of the input range (aihwkit 0.9): the sum of min(dx, 0) where x >= range less that of max(dx, 0)
 * where x <= -range, and how many numbers these are. */
struct ohm_range_part {
    double grad;
    int64_t outside;
};
/* As ohm_conv2d_backward_data; part [n] or NULL, of x [n][h][w][c_in]. */
void ohm_crossbar_backward_data(float *dx, struct ohm_range_part *part, const float *dy, const float *packed,
                                const float *x, float range, const struct ohm_conv2d *d, float *scratch,
                                struct ohm_exec exec);

/* ---- numbers ---- */

struct ohm_moments {
    double sum, squares;
    float largest; /* of |x| */
};
/* Adds those of x. */
void ohm_moments_add(struct ohm_moments *m, const float *x, int64_t n, enum ohm_isa isa);
/* x ends at +-limit. */
void ohm_limit(float *x, float limit, int64_t n, enum ohm_isa isa);
/* Normal numbers of the stream, which is not moved: Philox and Box-Muller in single precision, |x| <= 5.8. */
void ohm_normals(float *x, size_t n, const struct ohm_rng *stream, enum ohm_isa isa);
/* y = w + scale (c[0] + r c[1] + r^2 c[2]) normal with r = |w| / scale. y may be w. */
void ohm_weight_noise(float *y, const float *w, const float *normal, int64_t n, float scale, const float c[3],
                      enum ohm_isa isa);

#endif
