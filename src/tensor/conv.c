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

/* Where only the first `rows` rows and `cols` columns of outputs reach beyond the image, as with stride 2 and an even
 * size, the others read it where it is, and only what these few see is framed. A frame of all of it takes 16 -> 32
 * channels of 32 x 32 some 2 % of their time. 0, 0: not so. */
struct cut {
    int64_t rows, cols;
    struct frame top, left;
};

/* One call of forward or backward-data. */
struct conv_call {
    const struct kernels *kernels;
    struct ohm_conv2d d;
    float *out;
    const float *in, *packed, *bias;
    struct frame frame;
    struct cut cut;
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

/* Not for small images: little is saved, and rows of 7 instead of 8 outputs make worse tiles. */
static struct cut cut_of(const struct ohm_conv2d *d, const struct frame *f)
{
    struct cut c = {.rows = (d->pad_top + d->stride_h - 1) / d->stride_h,
                    .cols = (d->pad_left + d->stride_w - 1) / d->stride_w,
                    .top = *f,
                    .left = *f};

    c.top.rows = (c.rows - 1) * d->stride_h + d->k_h;
    c.left.cols = (c.cols - 1) * d->stride_w + d->k_w;
    if (conv_is_depthwise(d) || !c.rows || !c.cols || f->rows > d->h + d->pad_top || f->cols > d->w + d->pad_left ||
        4 * (conv_frame_size(&c.top) + conv_frame_size(&c.left)) > conv_frame_size(f))
        return (struct cut){0};
    return c;
}

/* All but rows and columns of a job whose first window is at src, where rows are src_cols pixels long. */
static struct conv_job forward_job(const struct conv_call *call, const float *src, int64_t src_cols, float *y,
                                   struct ahead *ahead)
{
    const struct ohm_conv2d *d = &call->d;
    const int channels = call->frame.channels;

    return (struct conv_job){
        .src = src,
        .row_step = d->stride_h * src_cols * channels,
        .px_step = (ptrdiff_t)d->stride_w * channels,
        .run_y_step = src_cols * channels,
        .run_x_step = channels,
        .runs = d->k_h * d->k_w,
        .runs_x = d->k_w,
        .dst = y,
        .dst_row = (ptrdiff_t)ohm_conv2d_out_w(d) * d->c_out,
        .dst_px = d->c_out,
        .ahead = ahead,
    };
}

static void forward_image(const struct conv_call *call, const float *frame, float *y, int64_t pixels,
                          struct ahead *ahead)
{
    struct conv_job job = forward_job(call, frame, call->frame.cols, y, ahead);

    job.rows = pixels ? 1 : ohm_conv2d_out_h(&call->d);
    job.cols = pixels ? pixels : ohm_conv2d_out_w(&call->d);
    run_phase(call, &job, call->packed);
}

/* The columns are walked downwards: tiles want many pixels side by side. */
static void forward_cut(const struct conv_call *call, const float *image, float *room, float *y, struct ahead *ahead)
{
    const struct ohm_conv2d *d = &call->d;
    const struct cut *c = &call->cut;
    const int64_t out_h = ohm_conv2d_out_h(d), out_w = ohm_conv2d_out_w(d);
    const float *top = conv_frame_fill(&c->top, room, image, d->h, d->w, d->c_in, call->kernels);
    const float *left =
        conv_frame_fill(&c->left, room + conv_frame_size(&c->top), image, d->h, d->w, d->c_in, call->kernels) +
        c->rows * d->stride_h * c->left.cols * d->c_in;
    const float *inside =
        image + ((c->rows * d->stride_h - d->pad_top) * d->w + c->cols * d->stride_w - d->pad_left) * d->c_in;
    float *y_left = y + c->rows * out_w * d->c_out;
    const struct conv_job columns = forward_job(call, left, c->left.cols, y_left, ahead);
    struct conv_job job = forward_job(call, top, c->top.cols, y, ahead);

    job.rows = c->rows;
    job.cols = out_w;
    run_phase(call, &job, call->packed);
    job = columns;
    job.row_step = columns.px_step;
    job.px_step = columns.row_step;
    job.dst_row = columns.dst_px;
    job.dst_px = columns.dst_row;
    job.rows = c->cols;
    job.cols = out_h - c->rows;
    run_phase(call, &job, call->packed);
    job = forward_job(call, inside, d->w, y_left + c->cols * d->c_out, ahead);
    job.rows = out_h - c->rows;
    job.cols = out_w - c->cols;
    run_phase(call, &job, call->packed);
}

/* Phase (r_y, r_x) of one image. */
static struct conv_job phase_job(const struct conv_call *call, int r_y, int r_x, const float *frame, float *dx,
                                 int64_t pixels)
{
    const struct ohm_conv2d *d = &call->d;
    const struct frame *f = &call->frame;
    const struct phase v = phase_of(d->k_h, d->stride_h, d->pad_top, d->h, r_y);
    const struct phase h = phase_of(d->k_w, d->stride_w, d->pad_left, d->w, r_x);
    const bool reads = v.taps && h.taps && v.count && h.count;

    return (struct conv_job){
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
    };
}

/* Whether two phases side by side may load each number of dy once for both: stride 2 and three columns of weights, and
 * not so many channels that numbers are loaded seldom anyway. */
static bool is_pair(const struct ohm_conv2d *d, const struct conv_job *wide, const struct conv_job *narrow)
{
    return d->groups == 1 && d->c_in == LANES && narrow->runs && narrow->runs_x == 1 &&
           wide->runs == 2 * narrow->runs && wide->src == narrow->src && wide->rows == narrow->rows &&
           wide->cols == narrow->cols;
}

/* Returns the weights of the next phase. */
static const float *run_pair(const struct conv_call *call, struct conv_job wide, struct conv_job narrow,
                             const float *packed)
{
    const int depth = call->d.c_out;

    wide.runs = narrow.runs;
    wide.runs_x = narrow.runs_x = 1;
    wide.len = 2 * depth;
    narrow.len = depth;
    wide.lanes = narrow.lanes = LANES;
    wide.weights = packed;
    narrow.weights = packed + (ptrdiff_t)wide.runs * wide.len * LANES;
    call->kernels->conv_pair(&wide, &narrow);
    return narrow.weights + (ptrdiff_t)narrow.runs * narrow.len * LANES;
}

static void backward_image(const struct conv_call *call, const float *frame, float *dx, int64_t pixels,
                           struct ahead *ahead)
{
    const struct ohm_conv2d *d = &call->d;
    const float *packed = call->packed;

    for (int r_y = 0; r_y < d->stride_h; r_y++)
        for (int r_x = 0; r_x < d->stride_w;) {
            struct conv_job job = phase_job(call, r_y, r_x++, frame, dx, pixels), next = {0};

            if (r_x < d->stride_w)
                next = phase_job(call, r_y, r_x, frame, dx, pixels);
            job.ahead = next.ahead = ahead;
            if (is_pair(d, &job, &next)) {
                packed = run_pair(call, job, next, packed);
                r_x++;
            } else
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

/* One image, or a row of `pixels` where each is on its own. */
static void run_image(const struct conv_call *call, const float *in, float *room, float *out, int64_t pixels,
                      struct ahead *ahead)
{
    const struct ohm_conv2d *d = &call->d;

    if (call->cut.rows)
        forward_cut(call, in, room, out, ahead);
    else if (call->back)
        backward_image(
            call,
            conv_frame_fill(&call->frame, room, in, ohm_conv2d_out_h(d), ohm_conv2d_out_w(d), d->c_out, call->kernels),
            out, pixels, ahead);
    else
        forward_image(call, conv_frame_fill(&call->frame, room, in, d->h, d->w, d->c_in, call->kernels), out, pixels,
                      ahead);
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
        const int64_t now = end - image < at_once ? end - image : at_once;
        const int64_t next = end - image - now < at_once ? end - image - now : at_once;
        struct ahead ahead =
            ahead_of(in + now * in_size, in_size <= AHEAD_FLOATS ? next * in_size : 0, now * tiles_of(call));

        run_image(call, in, room, out, merged ? now * d->h * d->w : 0, &ahead);
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

    call.cut = cut_of(d, &call.frame);
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
