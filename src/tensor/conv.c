/* conv.c - forward and backward-data: both are sums over runs of packed weights, and share one kernel.
 *
 * Backward-data of stride s is s x s convolutions of stride 1 ("phases"): the pixels of dx whose distance from the
 * padded corner leaves remainder (r_y, r_x) see only the weights k_y = r_y, r_y + s, ... Within a phase the weights are
 * packed with k descending, which is ascending in dy, so that neighbouring weights form one run. */
#include "conv_int.h"

#include "ohm/parallel.h"

#include <limits.h>

/* One axis of one phase. */
struct phase {
    int taps;
    int64_t first, count; /* pixels first, first + stride, ... of dx */
    int64_t src;          /* frame index that the first weight of the first pixel meets */
};

static int taps_of(int k, int stride, int r)
{
    return r < k ? (k - 1 - r) / stride + 1 : 0;
}

/* Image index of frame index 0. */
static int64_t backward_origin(int k, int stride, int pad)
{
    return pad / stride - (k - 1) / stride;
}

static struct phase phase_of(int k, int stride, int pad, int size, int r)
{
    struct phase p = {.taps = taps_of(k, stride, r)};

    p.first = ((r - pad) % stride + stride) % stride;
    p.count = p.first < size ? (size - 1 - p.first) / stride + 1 : 0;
    if (p.taps)
        p.src = (p.first + pad - r) / stride - (p.taps - 1) - backward_origin(k, stride, pad);
    return p;
}

static struct frame frame_backward(const struct ohm_conv2d *d)
{
    struct frame f = {.top = backward_origin(d->k_h, d->stride_h, d->pad_top),
                      .left = backward_origin(d->k_w, d->stride_w, d->pad_left),
                      .channels = d->c_out};
    const int out_h = ohm_conv2d_out_h(d), out_w = ohm_conv2d_out_w(d);

    f.rows = (d->h - 1 + d->pad_top) / d->stride_h - f.top + 1;
    f.cols = (d->w - 1 + d->pad_left) / d->stride_w - f.left + 1;
    if (conv_is_depthwise(d))
        f.channels = (int)round_up(d->c_out, LANES);
    f.copied = f.top || f.left || f.rows > out_h || f.cols > out_w || f.channels != d->c_out;
    if (!f.copied) {
        f.rows = out_h;
        f.cols = out_w;
    }
    return f;
}

/* Channels summed over and channels side by side, of one group. */
static void group_sizes(const struct ohm_conv2d *d, enum ohm_pass pass, int *depth, int *lanes)
{
    const int in = d->c_in / d->groups, out = d->c_out / d->groups;

    *depth = pass == OHM_BACKWARD_DATA ? out : in;
    *lanes = pass == OHM_BACKWARD_DATA ? in : out;
}

size_t ohm_conv2d_packed(const struct ohm_conv2d *d, enum ohm_pass pass)
{
    const size_t taps = (size_t)d->k_h * (size_t)d->k_w;
    int depth, lanes;

    if (conv_is_depthwise(d))
        return taps * (size_t)round_up(d->c_in, LANES);
    group_sizes(d, pass, &depth, &lanes);
    return taps * (size_t)d->groups * (size_t)depth * (size_t)round_up(lanes, LANES);
}

/* Weight (k, k_y, k_x, c) of a group: c within the group. */
static float weight_at(const struct ohm_conv2d *d, const float *w, int k, int k_y, int k_x, int c)
{
    return w[(((int64_t)k * d->k_h + k_y) * d->k_w + k_x) * (d->c_in / d->groups) + c];
}

/* Blocks of one group and phase: [lane / LANES][y][x][depth][lane % LANES]; returns what follows. */
static float *pack_phase(float *to, const float *w, const struct ohm_conv2d *d, enum ohm_pass pass, int r_y, int r_x)
{
    const bool back = pass == OHM_BACKWARD_DATA;
    const int s_h = back ? d->stride_h : 1, s_w = back ? d->stride_w : 1;
    const int taps_y = taps_of(d->k_h, s_h, r_y), taps_x = taps_of(d->k_w, s_w, r_x);
    int depth, lanes;

    group_sizes(d, pass, &depth, &lanes);
    for (int block = 0; block < lanes; block += LANES)
        for (int y = 0; y < taps_y; y++)
            for (int x = 0; x < taps_x; x++) {
                const int k_y = back ? r_y + (taps_y - 1 - y) * s_h : y;
                const int k_x = back ? r_x + (taps_x - 1 - x) * s_w : x;

                for (int i = 0; i < depth; i++, to += LANES)
                    for (int lane = 0; lane < LANES; lane++) {
                        const int k = back ? i : block + lane, c = back ? block + lane : i;

                        to[lane] = block + lane < lanes ? weight_at(d, w, k, k_y, k_x, c) : 0;
                    }
            }
    return to;
}

/* [phase][y][x][channel]; forward is one phase. */
static float *pack_depthwise_phase(float *to, const float *w, const struct ohm_conv2d *d, bool back, int r_y, int r_x)
{
    const int s_h = back ? d->stride_h : 1, s_w = back ? d->stride_w : 1;
    const int taps_y = taps_of(d->k_h, s_h, r_y), taps_x = taps_of(d->k_w, s_w, r_x);
    const int channels = (int)round_up(d->c_in, LANES);

    for (int y = 0; y < taps_y; y++)
        for (int x = 0; x < taps_x; x++, to += channels) {
            const int k_y = back ? r_y + (taps_y - 1 - y) * s_h : y;
            const int k_x = back ? r_x + (taps_x - 1 - x) * s_w : x;

            for (int c = 0; c < channels; c++)
                to[c] = c < d->c_in ? weight_at(d, w, c, k_y, k_x, 0) : 0;
        }
    return to;
}

void ohm_conv2d_pack(float *packed, const float *weights, const struct ohm_conv2d *d, enum ohm_pass pass)
{
    const bool back = pass == OHM_BACKWARD_DATA, depthwise = conv_is_depthwise(d);
    const int64_t group = (int64_t)(d->c_out / d->groups) * d->k_h * d->k_w * (d->c_in / d->groups);

    for (int g = 0; g < (depthwise ? 1 : d->groups); g++)
        for (int r_y = 0; r_y < (back ? d->stride_h : 1); r_y++)
            for (int r_x = 0; r_x < (back ? d->stride_w : 1); r_x++)
                packed = depthwise ? pack_depthwise_phase(packed, weights, d, back, r_y, r_x)
                                   : pack_phase(packed, weights + g * group, d, pass, r_y, r_x);
}

enum {
    MERGED_PIXELS = 256,     /* of pointwise images taken as one row */
    AHEAD_FLOATS = 16 * 1024 /* larger images would drive weights and results out of the second-level cache */
};

/* One call of forward or backward-data. */
struct conv_call {
    const struct kernels *kernels;
    struct ohm_conv2d d;
    float *out;
    const float *in, *packed, *bias;
    struct frame frame;
    struct scratch scratch;
    int items;
    bool back;
    struct ohm_range_part *part; /* backward-data: [n] or NULL, of x */
    const float *x;
    float range;
};

/* Runs the kernel over one phase (forward: the only one) of one image; `job` comes with source, destination, steps and
 * counts for channel 0. Returns the weights of the next phase within the first group. */
static const float *run_phase(const struct conv_call *call, const struct conv_job *job, const float *packed)
{
    const struct ohm_conv2d *d = &call->d;
    const bool one_run = d->groups == 1;
    const int64_t taps = job->runs;
    const int taps_y = taps ? job->runs / job->runs_x : 0;
    struct conv_job j = *job;
    int depth, lanes;
    int64_t group_weights;

    if (conv_is_depthwise(d)) {
        const struct depthwise_job dw = {
            .src = j.src,
            .row_step = j.row_step,
            .px_step = j.px_step,
            .tap_y_step = j.run_y_step,
            .tap_x_step = j.run_x_step,
            .taps_y = taps_y,
            .taps_x = j.runs_x,
            .weights = packed,
            .weights_tap = call->frame.channels,
            .bias = call->bias,
            .dst = j.dst,
            .dst_row = j.dst_row,
            .dst_px = j.dst_px,
            .rows = j.rows,
            .cols = j.cols,
            .c = d->c_in,
        };

        call->kernels->depthwise(&dw);
        return packed + taps * call->frame.channels;
    }
    group_sizes(d, call->back ? OHM_BACKWARD_DATA : OHM_FORWARD, &depth, &lanes);
    group_weights = (int64_t)(ohm_conv2d_packed(d, call->back ? OHM_BACKWARD_DATA : OHM_FORWARD)) / d->groups;
    j.lanes = lanes;
    j.len = one_run ? j.runs_x * depth : depth;
    j.runs = one_run ? taps_y : j.runs;
    j.runs_x = one_run ? 1 : j.runs_x;
    for (int g = 0; g < d->groups; g++) {
        j.src = job->src + (int64_t)g * depth;
        j.dst = job->dst + (int64_t)g * lanes;
        j.weights = packed + g * group_weights;
        j.bias = call->bias ? call->bias + (int64_t)g * lanes : NULL;
        call->kernels->conv(&j);
    }
    return packed + taps * depth * round_up(lanes, LANES);
}

static void forward_image(const struct conv_call *call, const float *frame, float *y, int64_t pixels,
                          struct ahead *ahead)
{
    const struct ohm_conv2d *d = &call->d;
    const struct frame *f = &call->frame;
    const int out_w = ohm_conv2d_out_w(d);
    const struct conv_job job = {
        .src = frame,
        .row_step = d->stride_h * f->cols * f->channels,
        .px_step = (ptrdiff_t)d->stride_w * f->channels,
        .run_y_step = f->cols * f->channels,
        .run_x_step = f->channels,
        .runs = d->k_h * d->k_w,
        .runs_x = d->k_w,
        .dst = y,
        .dst_row = (ptrdiff_t)out_w * d->c_out,
        .dst_px = d->c_out,
        .rows = pixels ? 1 : ohm_conv2d_out_h(d),
        .cols = pixels ? pixels : out_w,
        .ahead = ahead,
    };

    run_phase(call, &job, call->packed);
}

static void backward_image(const struct conv_call *call, const float *frame, float *dx, int64_t pixels,
                           struct ahead *ahead)
{
    const struct ohm_conv2d *d = &call->d;
    const struct frame *f = &call->frame;
    const float *packed = call->packed;

    for (int r_y = 0; r_y < d->stride_h; r_y++)
        for (int r_x = 0; r_x < d->stride_w; r_x++) {
            const struct phase v = phase_of(d->k_h, d->stride_h, d->pad_top, d->h, r_y);
            const struct phase h = phase_of(d->k_w, d->stride_w, d->pad_left, d->w, r_x);
            const bool reads = v.taps && h.taps && v.count && h.count;
            const struct conv_job job = {
                .src = frame + (reads ? (v.src * f->cols + h.src) * f->channels : 0),
                .row_step = f->cols * f->channels,
                .px_step = f->channels,
                .run_y_step = f->cols * f->channels,
                .run_x_step = f->channels,
                .runs = v.taps * h.taps,
                .runs_x = h.taps,
                .dst = dx + (v.count && h.count ? (v.first * d->w + h.first) * d->c_in : 0),
                .dst_row = (ptrdiff_t)d->stride_h * d->w * d->c_in,
                .dst_px = (ptrdiff_t)d->stride_w * d->c_in,
                .rows = pixels    ? 1
                        : h.count ? v.count
                                  : 0,
                .cols = pixels ? pixels : h.count,
                .ahead = ahead,
            };

            packed = run_phase(call, &job, packed);
        }
}

/* Tiles of an image, roughly: as many as look_ahead is called. */
static int64_t tiles_of(const struct conv_call *call)
{
    const struct ohm_conv2d *d = &call->d;
    const int64_t pixels = call->back ? (int64_t)d->h * d->w : (int64_t)ohm_conv2d_out_h(d) * ohm_conv2d_out_w(d);
    int depth, lanes;

    group_sizes(d, call->back ? OHM_BACKWARD_DATA : OHM_FORWARD, &depth, &lanes);
    return conv_is_depthwise(d) ? 0 : pixels * round_up(lanes, 2 * LANES) * d->groups / (2 * LANES * LANES) + 1;
}

/* Item i of a call: a range of images. */
static enum ohm_status run_images(void *context, int i, int worker, struct ohm_error *err)
{
    const struct conv_call *call = context;
    const struct ohm_conv2d *d = &call->d;
    const int64_t first = (int64_t)d->n * i / call->items, end = (int64_t)d->n * (i + 1) / call->items;
    const int out_h = ohm_conv2d_out_h(d), out_w = ohm_conv2d_out_w(d);
    const int64_t x_size = (int64_t)d->h * d->w * d->c_in, y_size = (int64_t)out_h * out_w * d->c_out;
    const int64_t in_size = call->back ? y_size : x_size, out_size = call->back ? x_size : y_size;
    float *room = call->scratch.next + worker * (int64_t)conv_frame_size(&call->frame);
    const bool merged = !call->frame.copied && conv_is_pointwise(d);
    const int64_t at_once =
        merged ? (end - first < MERGED_PIXELS / ((int64_t)d->h * d->w) + 1 ? end - first
                                                                           : MERGED_PIXELS / ((int64_t)d->h * d->w) + 1)
               : 1;

    (void)err;
    conv_frame_clear(&call->frame, room);
    for (int64_t image = first; image < end; image += at_once) {
        const float *in = call->in + image * in_size;
        float *out = call->out + image * out_size;
        const float *frame = call->back ? conv_frame_fill(&call->frame, room, in, out_h, out_w, d->c_out, call->kernels)
                                        : conv_frame_fill(&call->frame, room, in, d->h, d->w, d->c_in, call->kernels);
        const int64_t now = end - image < at_once ? end - image : at_once;
        const int64_t next = end - image - now < at_once ? end - image - now : at_once;
        struct ahead ahead =
            ahead_of(in + now * in_size, in_size <= AHEAD_FLOATS ? next * in_size : 0, now * tiles_of(call));

        (call->back ? backward_image : forward_image)(call, frame, out, merged ? now * d->h * d->w : 0, &ahead);
        for (int64_t k = image; k < image + now && call->part; k++)
            call->kernels->range_part(&call->part[k], call->x + k * x_size, call->out + k * x_size, x_size,
                                      call->range);
    }
    return OHM_OK;
}

static void run_call(struct conv_call *call, float *scratch, struct ohm_exec exec)
{
    call->kernels = ohm_kernels_of(exec.isa);
    call->scratch = scratch_begin(scratch);
    /* Some items more than threads, so that a late thread does not leave the others waiting for long. */
    call->items = exec.jobs < 2 ? 1 : call->d.n < INT_MAX / 4 && call->d.n < 4 * exec.jobs ? call->d.n : 4 * exec.jobs;
    (void)ohm_parallel_for(exec.jobs, call->items, run_images, call, NULL);
}

void ohm_conv2d_forward(float *y, const float *x, const float *packed, const float *bias, const struct ohm_conv2d *d,
                        float *scratch, struct ohm_exec exec)
{
    struct conv_call call = {
        .d = *d, .out = y, .in = x, .packed = packed, .bias = bias, .frame = conv_frame_forward(d)};

    run_call(&call, scratch, exec);
}

void ohm_conv2d_backward_data(float *dx, const float *dy, const float *packed, const struct ohm_conv2d *d,
                              float *scratch, struct ohm_exec exec)
{
    struct conv_call call = {.d = *d, .out = dx, .in = dy, .packed = packed, .frame = frame_backward(d), .back = true};

    run_call(&call, scratch, exec);
}

void ohm_crossbar_backward_data(float *dx, struct ohm_range_part *part, const float *dy, const float *packed,
                                const float *x, float range, const struct ohm_conv2d *d, float *scratch,
                                struct ohm_exec exec)
{
    struct conv_call call = {.d = *d,
                             .out = dx,
                             .in = dy,
                             .packed = packed,
                             .frame = frame_backward(d),
                             .back = true,
                             .part = part,
                             .x = x,
                             .range = range};

    run_call(&call, scratch, exec);
}

size_t ohm_conv2d_scratch(const struct ohm_conv2d *d, enum ohm_pass pass, int jobs)
{
    struct frame f;

    if (pass == OHM_BACKWARD_WEIGHTS)
        return conv_scratch_weights(d, (struct ohm_dac){0}, jobs);
    f = pass == OHM_FORWARD ? conv_frame_forward(d) : frame_backward(d);
    return (size_t)jobs * conv_frame_size(&f) + SCRATCH_SLACK;
}
