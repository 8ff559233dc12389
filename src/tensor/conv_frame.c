/* conv_frame.c - shapes of convolutions, images with their borders, and weights in the order of the kernels. */
#include "conv_int.h"

#include <string.h>

int64_t ohm_chunk(int64_t n, int i, int64_t *first)
{
    const int64_t chunks = n < OHM_CHUNKS ? n : OHM_CHUNKS;

    *first = i < chunks ? n * i / chunks : n;
    return i < chunks ? n * (i + 1) / chunks - *first : 0;
}

int ohm_conv2d_out_h(const struct ohm_conv2d *d)
{
    return (d->h + d->pad_top + d->pad_bottom - d->k_h) / d->stride_h + 1;
}

int ohm_conv2d_out_w(const struct ohm_conv2d *d)
{
    return (d->w + d->pad_left + d->pad_right - d->k_w) / d->stride_w + 1;
}

struct ohm_conv2d ohm_conv2d_dense(int n, int c_in, int c_out)
{
    return (struct ohm_conv2d){.n = n,
                               .h = 1,
                               .w = 1,
                               .c_in = c_in,
                               .c_out = c_out,
                               .k_h = 1,
                               .k_w = 1,
                               .stride_h = 1,
                               .stride_w = 1,
                               .groups = 1};
}

bool conv_is_depthwise(const struct ohm_conv2d *d)
{
    return d->groups > 1 && d->groups == d->c_in && d->groups == d->c_out;
}

bool conv_is_pointwise(const struct ohm_conv2d *d)
{
    return d->k_h == 1 && d->k_w == 1 && d->stride_h == 1 && d->stride_w == 1 && !d->pad_top && !d->pad_left &&
           !d->pad_bottom && !d->pad_right;
}

struct frame conv_frame_forward(const struct ohm_conv2d *d)
{
    struct frame f = {.rows = (int64_t)(ohm_conv2d_out_h(d) - 1) * d->stride_h + d->k_h,
                      .cols = (int64_t)(ohm_conv2d_out_w(d) - 1) * d->stride_w + d->k_w,
                      .top = -d->pad_top,
                      .left = -d->pad_left,
                      .channels = d->c_in};

    if (conv_is_depthwise(d))
        f.channels = (int)round_up(d->c_in, LANES);
    f.copied = f.top || f.left || f.rows > d->h || f.cols > d->w || f.channels != d->c_in;
    if (!f.copied) {
        f.rows = d->h;
        f.cols = d->w;
    }
    return f;
}

struct frame conv_frame_behind(const struct ohm_conv2d *d, struct ohm_dac dac)
{
    struct frame f = conv_frame_forward(d);

    if (dac.levels < 1)
        return f;
    f.copied = true;
    f.dac = dac;
    if (d->k_h < d->stride_h) {
        f.row_period = d->stride_h;
        f.rows_read = d->k_h;
    }
    return f;
}

size_t conv_frame_size(const struct frame *f)
{
    return f->copied ? (size_t)round_up(f->rows * f->cols * f->channels, LANES) : 0;
}

void conv_frame_clear(const struct frame *f, float *room)
{
    memset(room, 0, conv_frame_size(f) * sizeof *room);
}

/* Frame indices [*begin, *end) of one axis that show the image. */
static void inside(int64_t *begin, int64_t *end, int64_t frame, int64_t origin, int64_t image)
{
    *begin = origin < 0 ? -origin : 0;
    *end = image - origin < frame ? image - origin : frame;
    if (*end < *begin)
        *end = *begin;
}

static void copy(const struct frame *f, float *to, const float *from, int64_t n, const struct kernels *kernels)
{
    if (f->dac.levels > 0)
        kernels->dac(to, from, n, f->dac);
    else
        memcpy(to, from, (size_t)n * sizeof *to);
}

const float *conv_frame_fill(const struct frame *f, float *room, const float *image, int64_t h, int64_t w, int c,
                             const struct kernels *kernels)
{
    int64_t top, bottom, left, right;

    if (!f->copied)
        return image;
    inside(&top, &bottom, f->rows, f->top, h);
    inside(&left, &right, f->cols, f->left, w);
    if (left == right)
        return room;
    for (int64_t row = top; row < bottom; row++) {
        const float *from = image + ((row + f->top) * w + left + f->left) * c;
        float *to = room + (row * f->cols + left) * f->channels;

        if (f->row_period && row % f->row_period >= f->rows_read)
            continue;
        if (c == f->channels)
            copy(f, to, from, (right - left) * c, kernels);
        else
            for (int64_t col = left; col < right; col++, from += c, to += f->channels)
                copy(f, to, from, c, kernels);
    }
    return room;
}
