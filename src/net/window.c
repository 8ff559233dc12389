/* window.c - what a convolution asks for: its usual form, and its padding. */
#include "ohm/net.h"

struct ohm_conv ohm_conv_square(int c_out, int kernel, int stride, int pad)
{
    return (struct ohm_conv){.c_out = c_out,
                             .k_h = kernel,
                             .k_w = kernel,
                             .stride_h = stride,
                             .stride_w = stride,
                             .pad_top = pad,
                             .pad_left = pad,
                             .pad_bottom = pad,
                             .pad_right = pad,
                             .groups = 1};
}

/* TensorFlow pads so that out = ceil(in / stride), the odd row or column at the end. */
static int same_padding(int in, int k, int stride)
{
    int rest;

    if (in < 1 || stride < 1) /* refused when the layer is added */
        return 0;
    rest = in - (in - 1) / stride * stride;
    return k > rest ? k - rest : 0;
}

void ohm_conv_pad_same(struct ohm_conv *conv, int in_h, int in_w)
{
    const int rows = same_padding(in_h, conv->k_h, conv->stride_h);
    const int cols = same_padding(in_w, conv->k_w, conv->stride_w);

    conv->pad_top = rows / 2;
    conv->pad_bottom = rows - rows / 2;
    conv->pad_left = cols / 2;
    conv->pad_right = cols - cols / 2;
}
