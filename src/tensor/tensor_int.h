/* tensor_int.h - what the drivers (conv.c, norm.c ...) ask of the kernels that are built per instruction set. */
#ifndef OHM_TENSOR_INT_H
#define OHM_TENSOR_INT_H

#include "ohm/ops.h"
#include "ohm/ops_analog.h"

/* Channels that sit side by side in vectors: packed weights come in blocks of LANES whatever the vector length. */
enum { LANES = 16 };

static inline int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

/* Memory that will be wanted next and lies outside the caches: kernels touch about `lines` cache lines of it with each
 * tile of 16 pixels, so that it arrives while they compute. 16 -> 16 channels of 32 x 32, batch 64, went from 165 to
 * 186 GF/s in one run each. */
struct ahead {
    const char *next;
    int64_t left; /* lines */
    int lines;
    bool by_run; /* at each run, never at each step of it */
};

static inline void look_ahead_by(struct ahead *a, int lines)
{
    for (int i = 0; i < lines && a->left > 0; i++, a->left--, a->next += 64)
        __builtin_prefetch(a->next, 0, 2);
}

static inline void look_ahead(struct ahead *a)
{
    look_ahead_by(a, a->lines);
}

/* [data, data + n), to be fetched in about `tiles` steps. */
static inline struct ahead ahead_of(const float *data, int64_t n, int64_t tiles)
{
    const int64_t lines = n / LANES;

    return (struct ahead){.next = (const char *)data, .left = lines, .lines = (int)(tiles > 0 ? lines / tiles + 1 : 0)};
}

/* dst[row][col][lane] = bias[lane] + sum over runs (y, x) and i < len of
 *   src[row row_step + col px_step + y run_y_step + x run_x_step + i] weights[lane / 16][y][x][i][lane % 16].
 * A run is what lies side by side both in the image and in the packed weights; runs are walked in the order (y, x),
 * from (first_y, first_x). The first leaves its first `head` numbers out and the last its last `tail`, in src and in
 * weights. Steps are in floats. */
struct conv_job {
    const float *src;
    ptrdiff_t row_step, px_step, run_y_step, run_x_step;
    int first_y, first_x, runs, runs_x, len, head, tail;
    const float *weights;
    const float *bias; /* [lanes] or NULL */
    float *dst;
    ptrdiff_t dst_row, dst_px;
    int64_t rows, cols;
    int lanes;
    struct ahead *ahead;
    const struct ohm_crossbar_end *end; /* what dst, [rows][cols][lanes] in whole vectors, gets instead; or NULL */
};

/* sum[lane / 16][i][lane % 16] += x[row row_step + col px_step + i] dy[row dy_row + col dy_px + lane], over rows and
 * columns in order; lanes is a multiple of LANES. Blocks of sum are sum_block floats apart. */
struct weights_job {
    float *sum;
    ptrdiff_t sum_block;
    const float *x, *dy;
    ptrdiff_t row_step, px_step, dy_row, dy_px;
    int64_t rows, cols;
    int len, lanes;
    struct ahead *ahead; /* two of them */
};

/* Depthwise: dst[row][col][c] = bias[c] + sum over taps (y, x) of
 *   src[row row_step + col px_step + y tap_y_step + x tap_x_step + c] weights[y][x][c];
 * weights and src hold round_up(c, LANES) channels. */
struct depthwise_job {
    const float *src;
    ptrdiff_t row_step, px_step, tap_y_step, tap_x_step;
    int taps_y, taps_x;
    const float *weights;
    ptrdiff_t weights_tap; /* floats from tap to tap */
    const float *bias;     /* [c] or NULL */
    float *dst;
    ptrdiff_t dst_row, dst_px;
    int64_t rows, cols;
    int c;
};

/* sum[y][x][c] += src[...] dy[row dy_row + col dy_px + c], for c a multiple of LANES; taps are c floats apart. */
struct depthwise_weights_job {
    float *sum;
    const float *src, *dy;
    ptrdiff_t row_step, px_step, tap_y_step, tap_x_step, dy_row, dy_px;
    int taps_y, taps_x;
    int64_t rows, cols;
    int c;
};

/* Sums down the columns of a matrix of `width` floats (a multiple of 16), in double. The last row may be shorter. */
struct column_job {
    double *sum;                    /* [width]: of x; or of g = dy where y > 0 (y NULL: everywhere) */
    double *sum2;                   /* [width]: of x^2; or of g (x - mean); NULL: not wanted, mode x only */
    const float *x, *dy, *y, *mean; /* dy NULL: the first of the two; mean[width] */
    int64_t n;                      /* floats in all */
    int width;
};

/* out = a x + b, or with dy: out = a g + (b x + c) where g is dy where y > 0 (y NULL: everywhere); row by row, with
 * a, b, c of the column. out may be x or dy. */
struct affine_job {
    float *out;
    const float *x, *dy, *y;
    const float *a, *b, *c; /* [width] */
    int64_t rows, stride;
    int width;
    bool relu; /* without dy: out = max(out, 0) */
};

/* y[pixel][c] = (bias[c], or without one y[pixel][c]) + level[c] q, where q is the ADC's answer to
 * sum[pixel][c] inverse[c] + noise normal[pixel][c]: rounded, and at most levels; with levels = 0 as it is. */
struct adc_job {
    float *y;            /* [pixels][c] */
    const float *sum;    /* [pixels][width] */
    const float *normal; /* [pixels][c], and readable for LANES more */
    const float *bias;   /* [width] or NULL */
    const float *level;  /* [width], then inverse [width] */
    float noise, levels;
    int64_t pixels;
    int c, width;
};

struct kernels {
    void (*conv)(const struct conv_job *j);
    /* Two jobs of LANES channels without bias that read the same pixels: runs of two taps, and of the first of them. */
    void (*conv_pair)(const struct conv_job *wide, const struct conv_job *narrow);
    void (*weights)(const struct weights_job *j);
    void (*depthwise)(const struct depthwise_job *j);
    void (*depthwise_weights)(const struct depthwise_weights_job *j);
    void (*column_sums)(const struct column_job *j);
    void (*affine)(const struct affine_job *j);
    void (*relu)(float *y, const float *x, int64_t n);
    void (*relu_backward)(float *dx, const float *dy, const float *y, int64_t n);
    void (*add)(float *y, const float *a, const float *b, int64_t n);
    void (*add_relu)(float *y, const float *a, const float *b, int64_t n);
    void (*add_scaled)(float *y, const float *x, float factor, int64_t n);
    void (*larger)(float *y, const float *x, int64_t n); /* y = x where x > y */
    void (*scale)(float *y, float factor, int64_t n);
    void (*dac)(float *y, const float *x, int64_t n, struct ohm_dac d);
    void (*adc)(const struct adc_job *j);
    void (*range_part)(struct ohm_range_part *part, const float *x, const float *dx, int64_t n, float range);
    void (*moments)(struct ohm_moments *m, const float *x, int64_t n);
    void (*limit)(float *x, float most, int64_t n);
    void (*weight_noise)(float *y, const float *w, const float *normal, int64_t n, float scale, const float *c);
    void (*normals)(float *to, int64_t first, int64_t blocks, uint64_t key);
};
extern const struct kernels ohm_kernels_base;
#ifdef __x86_64__
extern const struct kernels ohm_kernels_avx2, ohm_kernels_avx512;
#endif
const struct kernels *ohm_kernels_of(enum ohm_isa isa);

/* scratch memory, handed out in pieces that begin at 64-byte boundaries */
struct scratch {
    float *next;
};
static inline struct scratch scratch_begin(float *scratch)
{
    return (struct scratch){(float *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63)};
}
static inline float *scratch_take(struct scratch *s, size_t n)
{
    float *piece = s->next;

    s->next += round_up((int64_t)n, 16);
    return piece;
}
enum { SCRATCH_SLACK = 16 }; /* floats lost at most to the first boundary */

#endif
