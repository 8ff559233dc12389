/* conv_weights.c - backward-weights: each weight is OHM_CHUNKS chains of multiply-adds over (image, row, column), one
 * for each chunk of the batch, added in order. */
#include "conv_int.h"

#include "ohm/parallel.h"

#include <string.h>

/* What a tile of weights passes over before the next tile does: x and dy of a band stay in the first-level cache. */
enum { BAND_FLOATS = 8 * 1024, DIRECT_CHANNELS = 8 };
enum { PIECE = 64 }; /* pixels that pass a DAC together, at least, where images are one row of pixels */

struct weights_call {
    const struct kernels *kernels;
    struct ohm_conv2d d;
    const float *x, *dy;
    struct frame x_frame, dy_frame;
    float *sums; /* [chunks][sum_size]: [group][c_out / LANES][k_y][k_x][c_in][LANES], or [k_y][k_x][channel] */
    int64_t sum_size;
    float *rooms; /* [jobs][room_size] */
    int64_t room_size;
};

/* What is done at a time: outputs [row, row + rows) x [col, col + cols) of an image. */
struct band {
    const float *x, *dy; /* of the image, with or without borders, as the frames say */
    int64_t row, rows, col, cols;
    struct ahead *ahead;
};

/* A tap's pixels lie side by side without borders too: the image need not be copied when a tap alone makes tiles that
 * are large enough. */
static bool is_direct(const struct ohm_conv2d *d)
{
    return !conv_is_depthwise(d) && d->c_in / d->groups >= DIRECT_CHANNELS;
}

/* dy with each group's channels filled up to whole blocks; a depthwise group is all channels. */
static struct frame frame_dy(const struct ohm_conv2d *d)
{
    const int groups = conv_is_depthwise(d) ? 1 : d->groups;
    const int lanes = d->c_out / groups;
    struct frame f = {
        .rows = ohm_conv2d_out_h(d), .cols = ohm_conv2d_out_w(d), .channels = groups * (int)round_up(lanes, LANES)};

    f.copied = f.channels != d->c_out;
    return f;
}

/* Are images one row of pixels? */
static bool is_merged(const struct ohm_conv2d *d)
{
    return conv_is_pointwise(d) && !frame_dy(d).copied;
}

/* The frame of x. Behind a DAC images are copied: those that are one row of pixels some at a time. */
static struct frame frame_x(const struct ohm_conv2d *d, struct ohm_dac dac)
{
    struct frame f = conv_frame_behind(d, dac);

    if (is_direct(d))
        f = (struct frame){.rows = d->h, .cols = d->w, .channels = d->c_in, .copied = dac.levels > 0, .dac = dac};
    if (f.copied && is_merged(d)) {
        const int64_t image = (int64_t)d->h * d->w, pixels = image > PIECE ? image : PIECE;

        f.rows = 1;
        f.cols = pixels - pixels % image;
    }
    return f;
}

static int64_t sum_size(const struct ohm_conv2d *d)
{
    return (int64_t)ohm_conv2d_packed(d, OHM_FORWARD);
}

static int64_t room_size(const struct frame *x, const struct frame *dy)
{
    return (int64_t)(conv_frame_size(x) + conv_frame_size(dy));
}

size_t conv_scratch_weights(const struct ohm_conv2d *d, struct ohm_dac dac, int jobs)
{
    const struct frame x = frame_x(d, dac), dy = frame_dy(d);
    const int workers = jobs < OHM_CHUNKS ? jobs : OHM_CHUNKS;

    return (size_t)(OHM_CHUNKS * sum_size(d) + workers * room_size(&x, &dy)) + SCRATCH_SLACK;
}

static const float *fill_dy(const struct weights_call *call, float *room, const float *dy)
{
    const struct frame *f = &call->dy_frame;
    const int groups = conv_is_depthwise(&call->d) ? 1 : call->d.groups;
    const int lanes = call->d.c_out / groups, width = f->channels / groups;

    if (!f->copied)
        return dy;
    for (int64_t block = 0; block < f->rows * f->cols * groups; block++) {
        memcpy(room + block * width, dy + block * lanes, (size_t)lanes * sizeof *room);
        memset(room + block * width + lanes, 0, (size_t)(width - lanes) * sizeof *room);
    }
    return room;
}

/* Outputs [*begin, *end) of [first, first + count) whose pixel for a tap, output x stride + offset, is in [0, size). */
static void reach(int64_t *begin, int64_t *end, int64_t first, int64_t count, int stride, int offset, int64_t size)
{
    const int64_t low = offset < 0 ? (-offset + stride - 1) / stride : 0;
    const int64_t high = offset < size ? (size - 1 - offset) / stride + 1 : 0;

    *begin = first > low ? first : low;
    *end = first + count < high ? first + count : high;
}

/* The kernel's job for a run that begins with tap (y, x) of channel c; false: no output of the band reaches it. */
static bool job_of(struct weights_job *j, const struct weights_call *call, const struct band *band, int y, int x)
{
    const struct ohm_conv2d *d = &call->d;
    const struct frame *xf = &call->x_frame, *yf = &call->dy_frame;
    const bool bare = is_direct(d); /* without borders */
    const int above = y - (bare ? d->pad_top : 0), beside = x - (bare ? d->pad_left : 0);
    int64_t row = band->row, row_end = row + band->rows, col = band->col, col_end = col + band->cols;

    if (bare && !conv_is_pointwise(d)) {
        reach(&row, &row_end, band->row, band->rows, d->stride_h, above, d->h);
        reach(&col, &col_end, band->col, band->cols, d->stride_w, beside, d->w);
    }
    *j = (struct weights_job){
        .row_step = d->stride_h * xf->cols * xf->channels,
        .px_step = (ptrdiff_t)d->stride_w * xf->channels,
        .dy_row = yf->cols * yf->channels,
        .dy_px = yf->channels,
        .rows = row_end - row,
        .cols = col_end - col,
        .lanes = yf->channels / d->groups,
        .x = band->x + ((row * d->stride_h + above) * xf->cols + col * d->stride_w + beside) * xf->channels,
        .dy = band->dy + (row * yf->cols + col) * yf->channels,
        .ahead = band->ahead,
    };
    return row < row_end && col < col_end;
}

static void run_groups(const struct weights_call *call, float *sum, const struct band *band)
{
    const struct ohm_conv2d *d = &call->d;
    const int64_t depth = d->c_in / d->groups, taps = (int64_t)d->k_h * d->k_w;
    const bool one_run = d->groups == 1 && !is_direct(d);

    for (int y = 0; y < d->k_h; y++)
        for (int x = 0; x < (one_run ? 1 : d->k_w); x++) {
            struct weights_job j;

            if (!job_of(&j, call, band, y, x))
                continue;
            j.len = (int)(one_run ? d->k_w * depth : depth);
            j.sum_block = taps * depth * LANES;
            j.sum = sum + (y * d->k_w + x) * depth * LANES;
            for (int g = 0; g < d->groups; g++) {
                call->kernels->weights(&j);
                j.sum += call->sum_size / d->groups;
                j.x += depth;
                j.dy += j.lanes;
            }
        }
}

static void run_depthwise(const struct weights_call *call, float *sum, const struct band *band)
{
    const struct frame *xf = &call->x_frame, *yf = &call->dy_frame;
    const int64_t pixel = band->row * call->d.stride_h * xf->cols + band->col * call->d.stride_w;
    const struct depthwise_weights_job j = {
        .sum = sum,
        .src = band->x + pixel * xf->channels,
        .dy = band->dy + (band->row * yf->cols + band->col) * yf->channels,
        .row_step = call->d.stride_h * xf->cols * xf->channels,
        .px_step = (ptrdiff_t)call->d.stride_w * xf->channels,
        .tap_y_step = xf->cols * xf->channels,
        .tap_x_step = xf->channels,
        .dy_row = yf->cols * yf->channels,
        .dy_px = yf->channels,
        .taps_y = call->d.k_h,
        .taps_x = call->d.k_w,
        .rows = band->rows,
        .cols = band->cols,
        .c = yf->channels,
    };

    call->kernels->depthwise_weights(&j);
}

/* Cuts an image (rows, or the one row there is) into bands; the sums are kept between bands, so that no bit changes. */
static void run_bands(const struct weights_call *call, float *sum, const struct band *all)
{
    const int64_t pixel = (int64_t)call->d.stride_w * call->x_frame.channels + call->dy_frame.channels;
    int64_t rows = BAND_FLOATS / (pixel * all->cols), cols = all->rows > 1 ? all->cols : BAND_FLOATS / pixel;

    rows = rows < 1 ? 1 : rows;
    cols = cols < 1 ? 1 : cols;
    for (int64_t row = 0; row < all->rows; row += rows)
        for (int64_t col = 0; col < all->cols; col += cols) {
            struct band band = *all;

            band.row = row;
            band.col = col;
            band.rows = all->rows - row < rows ? all->rows - row : rows;
            band.cols = all->cols - col < cols ? all->cols - col : cols;
            (conv_is_depthwise(&call->d) ? run_depthwise : run_groups)(call, sum, &band);
        }
}

/* Passes over a row of a band: as often as look_ahead is called for it. */
static int64_t passes_of(const struct weights_call *call)
{
    const struct ohm_conv2d *d = &call->d;
    const bool one_run = d->groups == 1 && !is_direct(d);
    const int64_t run = (one_run ? d->k_w : 1) * (int64_t)(d->c_in / d->groups);
    const int64_t passes = (run + 12) / 13 * ((call->dy_frame.channels / d->groups + 2 * LANES - 1) / (2 * LANES));

    return conv_is_depthwise(d) ? 0 : passes * d->k_h * (one_run ? 1 : d->k_w * d->groups);
}

/* While one image is worked on, the next is fetched; of images that are one row, what follows the band. */
static void look_at_next(struct ahead *ahead, const struct weights_call *call, const struct band *all, int64_t images)
{
    const struct ohm_conv2d *d = &call->d;
    const int64_t x_size = (int64_t)d->h * d->w * d->c_in;
    const int64_t y_size = call->dy_frame.rows * call->dy_frame.cols * d->c_out, passes = passes_of(call);
    const int64_t band = BAND_FLOATS / (d->c_in + d->c_out);

    if (all->rows > 1 || !conv_is_pointwise(d)) {
        ahead[0] = ahead_of(all->x + x_size, images > 1 ? x_size : 0, all->rows * passes);
        ahead[1] = ahead_of(all->dy + y_size, images > 1 ? y_size : 0, all->rows * passes);
    } else if (all->cols > band && band > 0) {
        const int64_t left = all->cols - band;

        ahead[0] = ahead_of(all->x + band * d->c_in, left * d->c_in, passes * (left / band + 1));
        ahead[1] = ahead_of(all->dy + band * d->c_out, left * d->c_out, passes * (left / band + 1));
    }
}

static enum ohm_status run_chunk(void *context, int i, int worker, struct ohm_error *err)
{
    const struct weights_call *call = context;
    const struct ohm_conv2d *d = &call->d;
    const struct frame *xf = &call->x_frame, *yf = &call->dy_frame;
    const int64_t y_size = yf->rows * yf->cols * d->c_out, x_size = (int64_t)d->h * d->w * d->c_in;
    const bool merged = is_merged(d);
    float *room = call->rooms + worker * call->room_size, *sum = call->sums + i * call->sum_size;
    int64_t first, count = ohm_chunk(d->n, i, &first), at_once = 1;

    (void)err;
    memset(sum, 0, (size_t)call->sum_size * sizeof *sum);
    conv_frame_clear(xf, room);
    if (merged)
        at_once = xf->copied ? xf->cols / ((int64_t)d->h * d->w) : count;
    for (int64_t image = first, end = first + count; image < end; image += at_once) {
        const int64_t now = end - image < at_once ? end - image : at_once;
        struct ahead ahead[2] = {{0}};
        const struct band raw = {.x = call->x + image * x_size,
                                 .dy = call->dy + image * y_size,
                                 .rows = merged ? 1 : yf->rows,
                                 .cols = merged ? now * d->h * d->w : yf->cols,
                                 .ahead = ahead};
        struct band all = raw;

        look_at_next(ahead, call, &raw, end - image);
        all.x = conv_frame_fill(xf, room, raw.x, merged ? 1 : d->h, merged ? raw.cols : d->w, d->c_in, call->kernels);
        all.dy = fill_dy(call, room + conv_frame_size(xf), raw.dy);
        run_bands(call, sum, &all);
    }
    return OHM_OK;
}

/* From the order of the kernels back to [c_out][k_h][k_w][c_in / groups]. */
static void unpack(float *dw, const float *sum, const struct ohm_conv2d *d)
{
    const int lanes = d->c_out / d->groups;
    const int64_t run = (int64_t)d->k_h * d->k_w * (d->c_in / d->groups);
    const int64_t width = round_up(d->c_in, LANES);

    for (int64_t k = 0; k < d->c_out; k++, dw += run)
        for (int64_t i = 0; i < run; i++)
            if (conv_is_depthwise(d)) {
                dw[i] = sum[i * width + k];
            } else {
                const int64_t g = k / lanes, lane = k % lanes;

                dw[i] = sum[g * run * round_up(lanes, LANES) + (lane / LANES * run + i) * LANES + lane % LANES];
            }
}

void ohm_crossbar_backward_weights(float *dw, const float *x, const float *dy, const struct ohm_conv2d *d,
                                   struct ohm_dac dac, float *scratch, struct ohm_exec exec)
{
    const int chunks = d->n < OHM_CHUNKS ? d->n : OHM_CHUNKS;
    struct scratch s = scratch_begin(scratch);
    struct weights_call call = {.kernels = ohm_kernels_of(exec.isa),
                                .d = *d,
                                .x = x,
                                .dy = dy,
                                .x_frame = frame_x(d, dac),
                                .dy_frame = frame_dy(d),
                                .sum_size = sum_size(d)};

    call.room_size = room_size(&call.x_frame, &call.dy_frame);
    call.sums = scratch_take(&s, (size_t)(OHM_CHUNKS * call.sum_size));
    call.rooms = s.next;
    (void)ohm_parallel_for(exec.jobs, chunks, run_chunk, &call, NULL);
    for (int i = 1; i < chunks; i++)
        call.kernels->add(call.sums, call.sums, call.sums + i * call.sum_size, call.sum_size);
    unpack(dw, call.sums, d);
}

void ohm_conv2d_backward_weights(float *dw, const float *x, const float *dy, const struct ohm_conv2d *d, float *scratch,
                                 struct ohm_exec exec)
{
    ohm_crossbar_backward_weights(dw, x, dy, d, (struct ohm_dac){0}, scratch, exec);
}
