/* conv_weights.c - backward-weights: each weight is OHM_CHUNKS chains of multiply-adds over (image, row, column), one
 * for each chunk of the batch, added in order. */
#include "conv_int.h"

#include "ohm/parallel.h"

#include <string.h>

/* What a tile of weights passes over before the next tile does: x and dy of a band stay in the first-level cache. */
enum { BAND_FLOATS = 6 * 1024 };

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

static int64_t sum_size(const struct ohm_conv2d *d)
{
    return (int64_t)ohm_conv2d_packed(d, OHM_FORWARD);
}

static int64_t room_size(const struct frame *x, const struct frame *dy)
{
    return (int64_t)(conv_frame_size(x) + conv_frame_size(dy));
}

size_t conv_scratch_weights(const struct ohm_conv2d *d, int jobs)
{
    const struct frame x = conv_frame_forward(d), dy = frame_dy(d);
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

static void run_groups(const struct weights_call *call, float *sum, const struct weights_job *band)
{
    const struct ohm_conv2d *d = &call->d;
    const int64_t depth = d->c_in / d->groups, taps = (int64_t)d->k_h * d->k_w;
    const bool one_run = d->groups == 1;
    struct weights_job j = *band;

    j.lanes = call->dy_frame.channels / d->groups;
    j.len = (int)(one_run ? d->k_w * depth : depth);
    j.sum_block = taps * depth * LANES;
    for (int g = 0; g < d->groups; g++)
        for (int y = 0; y < d->k_h; y++)
            for (int x = 0; x < (one_run ? 1 : d->k_w); x++) {
                j.sum = sum + g * (call->sum_size / d->groups) + (y * d->k_w + x) * depth * LANES;
                j.x = band->x + (y * call->x_frame.cols + x) * call->x_frame.channels + g * depth;
                j.dy = band->dy + (int64_t)g * j.lanes;
                call->kernels->weights(&j);
            }
}

static void run_depthwise(const struct weights_call *call, float *sum, const struct weights_job *band)
{
    const struct depthwise_weights_job j = {
        .sum = sum,
        .src = band->x,
        .dy = band->dy,
        .row_step = band->row_step,
        .px_step = band->px_step,
        .tap_y_step = call->x_frame.cols * call->x_frame.channels,
        .tap_x_step = call->x_frame.channels,
        .dy_row = band->dy_row,
        .dy_px = band->dy_px,
        .taps_y = call->d.k_h,
        .taps_x = call->d.k_w,
        .rows = band->rows,
        .cols = band->cols,
        .c = call->dy_frame.channels,
    };

    call->kernels->depthwise_weights(&j);
}

/* Cuts rows (or the one row there is) into bands; the sums are kept between bands, so that no bit changes. */
static void run_bands(const struct weights_call *call, float *sum, const struct weights_job *all)
{
    const int64_t pixel = all->px_step + all->dy_px;
    int64_t band_cols = all->rows > 1 ? all->cols : BAND_FLOATS / pixel;
    int64_t band_rows = BAND_FLOATS / (pixel * all->cols);

    band_cols = band_cols < 1 ? 1 : band_cols;
    band_rows = band_rows < 1 ? 1 : band_rows;
    for (int64_t row = 0; row < all->rows; row += band_rows)
        for (int64_t col = 0; col < all->cols; col += band_cols) {
            struct weights_job band = *all;

            band.x += row * all->row_step + col * all->px_step;
            band.dy += row * all->dy_row + col * all->dy_px;
            band.rows = all->rows - row < band_rows ? all->rows - row : band_rows;
            band.cols = all->cols - col < band_cols ? all->cols - col : band_cols;
            (conv_is_depthwise(&call->d) ? run_depthwise : run_groups)(call, sum, &band);
        }
}

/* Rows of an image times passes over them: as often as look_ahead is called. */
static int64_t tiles_of(const struct weights_call *call)
{
    const struct ohm_conv2d *d = &call->d;
    const int64_t run = (d->groups == 1 ? d->k_w : 1) * (int64_t)(d->c_in / d->groups);
    const int64_t passes = (run + 12) / 13 * ((call->dy_frame.channels / d->groups + 2 * LANES - 1) / (2 * LANES));

    return conv_is_depthwise(d) ? 0 : call->dy_frame.rows * passes * d->k_h * (d->groups == 1 ? 1 : d->k_w * d->groups);
}

static enum ohm_status run_chunk(void *context, int i, int worker, struct ohm_error *err)
{
    const struct weights_call *call = context;
    const struct ohm_conv2d *d = &call->d;
    const struct frame *xf = &call->x_frame, *yf = &call->dy_frame;
    const int64_t y_size = yf->rows * yf->cols * d->c_out, x_size = (int64_t)d->h * d->w * d->c_in;
    const bool merged = conv_is_pointwise(d) && !xf->copied && !yf->copied;
    float *room = call->rooms + worker * call->room_size, *sum = call->sums + i * call->sum_size;
    int64_t first, count = ohm_chunk(d->n, i, &first);

    (void)err;
    memset(sum, 0, (size_t)call->sum_size * sizeof *sum);
    conv_frame_clear(xf, room);
    for (int64_t image = first; image < first + count; image++) {
        const int64_t next = image + 1 < first + count && !merged;
        struct ahead ahead[2] = {
            ahead_of(call->x + (image + next) * x_size, next * x_size, tiles_of(call)),
            ahead_of(call->dy + (image + next) * y_size, next * y_size, tiles_of(call)),
        };
        const struct weights_job all = {
            .x = conv_frame_fill(xf, room, call->x + image * x_size, d->h, d->w, d->c_in),
            .dy = fill_dy(call, room + conv_frame_size(xf), call->dy + image * y_size),
            .row_step = d->stride_h * xf->cols * xf->channels,
            .px_step = (ptrdiff_t)d->stride_w * xf->channels,
            .dy_row = yf->cols * yf->channels,
            .dy_px = yf->channels,
            .rows = merged ? 1 : yf->rows,
            .cols = merged ? count * d->h * d->w : yf->cols,
            .ahead = ahead,
        };

        run_bands(call, sum, &all);
        if (merged)
            break;
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

void ohm_conv2d_backward_weights(float *dw, const float *x, const float *dy, const struct ohm_conv2d *d, float *scratch,
                                 struct ohm_exec exec)
{
    const int chunks = d->n < OHM_CHUNKS ? d->n : OHM_CHUNKS;
    struct scratch s = scratch_begin(scratch);
    struct weights_call call = {.kernels = ohm_kernels_of(exec.isa),
                                .d = *d,
                                .x = x,
                                .dy = dy,
                                .x_frame = conv_frame_forward(d),
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
