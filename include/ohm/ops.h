/* ops.h - layers of networks as pure functions on floats: forward, and the two directions of backward.
 *
 * The bits of a result depend on the inputs alone: not on the number of threads, not on the instruction set. Each
 * output of a convolution is one chain of fused multiply-adds in the order (k_y, k_x, c); a sum over a batch is made of
 * OHM_CHUNKS partial sums whatever the threads, added in order. Kernels allocate nothing and cannot fail: what they
 * need beside their outputs is `scratch`, of as many floats as the twin ohm_x_scratch() says (its content is of no
 * interest, any alignment will do; the scratch of several kernels may be one buffer of the largest size). Outputs are
 * overwritten and may not overlap inputs unless said. All sizes are >= 1; pads >= 0. */
#ifndef OHM_OPS_H
#define OHM_OPS_H

#include "ohm/tensor.h"

#include <stdint.h>

enum { OHM_CHUNKS = 8 }; /* partial sums of a batch */
/* Images (or rows) of chunk i of n: [*first, *first + count), count returned; 0 when there are fewer than i + 1. */
int64_t ohm_chunk(int64_t n, int i, int64_t *first);

/* ---- convolution ---- */

/* x[n][h][w][c_in], y[n][out_h][out_w][c_out], weights [c_out][k_h][k_w][c_in / groups], bias [c_out]. */
struct ohm_conv2d {
    int n, h, w, c_in, c_out;
    int k_h, k_w, stride_h, stride_w;
    int pad_top, pad_left, pad_bottom, pad_right;
    int groups; /* divides c_in and c_out; groups = c_in = c_out has kernels of its own (depthwise) */
};
int ohm_conv2d_out_h(const struct ohm_conv2d *d); /* >= 1 when the window fits */
int ohm_conv2d_out_w(const struct ohm_conv2d *d);
/* A dense layer is a convolution of 1 x 1 pixels: x[n][c_in], weights [c_out][c_in]. */
struct ohm_conv2d ohm_conv2d_dense(int n, int c_in, int c_out);

enum ohm_pass { OHM_FORWARD, OHM_BACKWARD_DATA, OHM_BACKWARD_WEIGHTS };

/* Weights in the order in which the kernel of `pass` (OHM_FORWARD or OHM_BACKWARD_DATA) reads them; pack again when
 * they change. The size in floats does not depend on n, h or w, and a packing serves any n, h, w. */
size_t ohm_conv2d_packed(const struct ohm_conv2d *d, enum ohm_pass pass);
void ohm_conv2d_pack(float *packed, const float *weights, const struct ohm_conv2d *d, enum ohm_pass pass);

size_t ohm_conv2d_scratch(const struct ohm_conv2d *d, enum ohm_pass pass, int jobs); /* floats */

/* Images are independent in these two: calls on parts of a batch give the bits of one call on all of it.
 *   packed  weights packed for this pass
 *   bias    [c_out] or NULL; the chain of each output begins with it */
void ohm_conv2d_forward(float *y, const float *x, const float *packed, const float *bias, const struct ohm_conv2d *d,
                        float *scratch, struct ohm_exec exec);
void ohm_conv2d_backward_data(float *dx, const float *dy, const float *packed, const struct ohm_conv2d *d,
                              float *scratch, struct ohm_exec exec);
/* dw [c_out][k_h][k_w][c_in / groups], summed over the batch. */
void ohm_conv2d_backward_weights(float *dw, const float *x, const float *dy, const struct ohm_conv2d *d, float *scratch,
                                 struct ohm_exec exec);

/* Sum over all pixels of the batch, in double: the gradient of a bias. */
size_t ohm_channel_sum_scratch(int c);
void ohm_channel_sum(float *sum, const float *x, int64_t pixels, int c, float *scratch, struct ohm_exec exec);

/* ---- batch norm ---- */

struct ohm_bn {
    int64_t pixels; /* n h w */
    int c;
    float eps;
    bool relu;   /* a ReLU follows in the same pass */
    bool frozen; /* mean and var are constants (running averages) for the backward pass */
};
size_t ohm_bn_scratch(const struct ohm_bn *d); /* floats; for the statistics and the backward pass */
/* mean[c] and the biased variance var[c] of x[pixels][c], summed in double. */
void ohm_bn_statistics(float *mean, float *var, const float *x, const struct ohm_bn *d, float *scratch,
                       struct ohm_exec exec);
/* y = gamma (x - mean) / sqrt(var + eps) + beta, as one multiply-add per number. y may be x. */
void ohm_bn_forward(float *y, const float *x, const float *mean, const float *var, const float *gamma,
                    const float *beta, const struct ohm_bn *d, struct ohm_exec exec);
/*   dx            may be dy or NULL (not wanted)
 *   dgamma, dbeta out [c]
 *   y             what forward gave, when d->relu; else NULL */
void ohm_bn_backward(float *dx, float *dgamma, float *dbeta, const float *dy, const float *x, const float *y,
                     const float *mean, const float *var, const float *gamma, const struct ohm_bn *d, float *scratch,
                     struct ohm_exec exec);

/* ---- elementwise and rearranging; n counts numbers; elementwise outputs may be one of the inputs ---- */

void ohm_relu_forward(float *y, const float *x, int64_t n, struct ohm_exec exec);
void ohm_relu_backward(float *dx, const float *dy, const float *y, int64_t n, struct ohm_exec exec); /* y > 0 passes */
void ohm_add(float *y, const float *a, const float *b, int64_t n, struct ohm_exec exec);
void ohm_add_relu(float *y, const float *a, const float *b, int64_t n, struct ohm_exec exec);
/* y += factor x, one multiply-add per number. */
void ohm_add_scaled(float *y, const float *x, float factor, int64_t n, struct ohm_exec exec);
/* Copies channels: y[pixel][y_first + i] = x[pixel][x_first + i], i < count. Concat is one call for each input, its
 * backward one call back for each. */
void ohm_copy_channels(float *y, int y_channels, int y_first, const float *x, int x_channels, int x_first, int count,
                       int64_t pixels, struct ohm_exec exec);
/* One pixel up and left: y[i][j] = x[i + 1][j + 1], zeros at bottom and right; and its backward. */
void ohm_shift_forward(float *y, const float *x, int n, int h, int w, int c, struct ohm_exec exec);
void ohm_shift_backward(float *dx, const float *dy, int n, int h, int w, int c, struct ohm_exec exec);

/* ---- pooling ---- */

struct ohm_pool {
    int n, h, w, c;
    int k_h, k_w, stride_h, stride_w;
    int pad_top, pad_left, pad_bottom, pad_right; /* smaller than the kernel: no window is all padding */
    bool count_include_pad;                       /* average: divide by k_h k_w at the border too */
};
int ohm_pool_out_h(const struct ohm_pool *d);
int ohm_pool_out_w(const struct ohm_pool *d);
struct ohm_pool ohm_pool_global(int n, int h, int w, int c); /* with the average: global average pooling */
void ohm_avg_pool_forward(float *y, const float *x, const struct ohm_pool *d, struct ohm_exec exec);
void ohm_avg_pool_backward(float *dx, const float *dy, const struct ohm_pool *d, struct ohm_exec exec);
void ohm_max_pool_forward(float *y, const float *x, const struct ohm_pool *d, struct ohm_exec exec);
/* The gradient goes to the first of equal maxima. */
void ohm_max_pool_backward(float *dx, const float *dy, const float *x, const struct ohm_pool *d, struct ohm_exec exec);

/* ---- loss; an own exponential and logarithm in double, so that no C library shows in the bits ---- */

/* target[n][classes]: 1 - smoothing at the label, and smoothing / classes everywhere on top. Labels in [0, classes). */
void ohm_smooth_targets(float *target, const int32_t *label, int n, int classes, float smoothing);
/* p[i] = softmax(logits[i] * sharpness); sharpness = 1 / temperature. p may be logits. */
void ohm_softmax(float *p, const float *logits, int n, int classes, float sharpness);
/* Returns the sum over images of -sum_k target log softmax(logits), added in order; dlogits (or NULL; may be logits) =
 * scale (softmax sum_k target - target). */
double ohm_softmax_cross_entropy(float *dlogits, const float *logits, const float *target, int n, int classes,
                                 float scale);
/* Images whose largest logit (the first of equals) is at the label. */
int ohm_count_correct(const float *logits, const int32_t *label, int n, int classes);

#endif
