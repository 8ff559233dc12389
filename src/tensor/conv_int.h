/* conv_int.h - what the two convolution drivers share: how images are framed and weights lie in memory. */
#ifndef OHM_CONV_INT_H
#define OHM_CONV_INT_H

#include "tensor_int.h"

/* Where a kernel finds its image: the image itself where nothing hangs over its edges, else a framed copy. Frame row i
 * is image row i + top, and so for columns; what lies outside the image is zero. */
struct frame {
    int64_t rows, cols;
    int64_t top, left;
    int channels; /* of the frame: those of the image, or with depthwise kernels the next multiple of LANES */
    bool copied;
    int row_period,
        rows_read;      /* of each row_period rows the first rows_read are read, the others need no copy; 0, 0: all */
    struct ohm_dac dac; /* levels > 0: what is copied passes it */
};

bool conv_is_depthwise(const struct ohm_conv2d *d);
/* No window reaches beyond its own pixel: a batch may be treated as one row of pixels. */
bool conv_is_pointwise(const struct ohm_conv2d *d);
struct frame conv_frame_forward(const struct ohm_conv2d *d);                    /* of x */
size_t conv_frame_size(const struct frame *f);                                  /* floats; 0 when nothing is copied */
struct frame conv_frame_behind(const struct ohm_conv2d *d, struct ohm_dac dac); /* of x behind the DAC */
size_t conv_scratch_weights(const struct ohm_conv2d *d, struct ohm_dac dac, int jobs); /* of backward-weights */
/* A frame's border, which stays zero while one image after another is filled in. */
void conv_frame_clear(const struct frame *f, float *room);
/* The frame's first pixel: in `room` where copied, else in the image. */
const float *conv_frame_fill(const struct frame *f, float *room, const float *image, int64_t h, int64_t w, int c,
                             const struct kernels *kernels);

#endif
