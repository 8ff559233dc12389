/* ops_curves.h - activations that are curves, products of tensors, and what is made of the channels of a pixel: forward
 * and backward.
 *
 * Curves are power series of our own in plain single precision: the same bits on every instruction set, for any number
 * of threads, whatever the C library. Forward values are within 3 units in the last place of the closed form (log_cosh
 * below |x| = 0.5 within 4). Outputs may be an input. NaN stays NaN. */
#ifndef OHM_OPS_CURVES_H
#define OHM_OPS_CURVES_H

#include "ohm/ops.h"

enum ohm_curve {
    OHM_CURVE_ELU,      /* x > 0: x, else e^x - 1 */
    OHM_CURVE_LOG_COSH, /* log((e^x + e^-x) / 2) */
    OHM_CURVE_SIGMOID,  /* 1 / (1 + e^-x) */
    OHM_CURVE_TANH,
    OHM_CURVES
};

void ohm_curve_forward(enum ohm_curve curve, float *y, const float *x, int64_t n, struct ohm_exec exec);
/* dx = dy times the slope, from what forward read and gave. */
void ohm_curve_backward(enum ohm_curve curve, float *dx, const float *dy, const float *x, const float *y, int64_t n,
                        struct ohm_exec exec);
/* y = a b; its gradients are products as well. */
void ohm_multiply(float *y, const float *a, const float *b, int64_t n, struct ohm_exec exec);

/* y[pixels] from x[pixels][c]: sums in double, in the order of the channels. */
void ohm_pixel_sum(float *y, const float *x, int64_t pixels, int c, struct ohm_exec exec);
void ohm_pixel_norm(float *y, const float *x, int64_t pixels, int c, struct ohm_exec exec); /* Euclidean length */
void ohm_pixel_sum_backward(float *dx, const float *dy, int64_t pixels, int c, struct ohm_exec exec);
/* The length of nothing but zeros has slope 0. */
void ohm_pixel_norm_backward(float *dx, const float *dy, const float *x, const float *y, int64_t pixels, int c,
                             struct ohm_exec exec);

#endif
