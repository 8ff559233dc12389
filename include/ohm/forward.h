/* forward.h - batches through a network whose products of matrices somebody else may make: all other layers (batch
 * norms, ReLUs, sums, pools) run digitally, in FP32, to the bit as in ohm_net_infer. */
#ifndef OHM_FORWARD_H
#define OHM_FORWARD_H

#include "ohm/ops.h"
#include "ohm/weights.h"

/* n images of a conv or dense layer: y[n][out.h][out.w][out.c] from x[n][in.h][in.w][in.c]. true: y is written; false:
 * it is not, and the layer runs digitally. */
typedef bool ohm_matrix_fn(void *context, int layer, float *y, const float *x, int n);

/* The convolution, of one image, that a conv or dense layer is to the kernels. */
struct ohm_conv2d ohm_layer_conv2d(const struct ohm_layer *l);

struct ohm_forward;
/* For batches of up to `batch` images; w is borrowed, not changed, and must stay as it is. fn NULL: all digitally. */
enum ohm_status ohm_forward_create(struct ohm_forward **out, struct ohm_weights *w, int batch, int jobs,
                                   ohm_matrix_fn *fn, void *context, struct ohm_error *err);
void ohm_forward_free(struct ohm_forward *forward);               /* NULL is fine */
float *ohm_forward_input(const struct ohm_forward *forward);      /* [batch][h][w][c], to be filled before each run */
const float *ohm_forward_run(struct ohm_forward *forward, int n); /* [n][classes], until the next run */

enum ohm_bn_source {
    OHM_BN_OF_WEIGHTS, /* those of w: how it begins */
    OHM_BN_OF_BATCH,   /* each batch's own, as in training; they are collected, anew from this call on */
    OHM_BN_COLLECTED   /* means over the images since then: of the batches' means and unbiased variances */
};
/* Whose statistics batch norms take from the next run on. OHM_ENOMEM, at the first OF_BATCH only. */
enum ohm_status ohm_forward_statistics(struct ohm_forward *forward, enum ohm_bn_source source, struct ohm_error *err);

#endif
