/* crossbar.c - forward through crossbar tiles, and the numbers around them.
 *
 * An image passes the DAC on its way into the frame that the kernel of convolution reads. Then band by band of the
 * output, each tile is a convolution with exactly its rows, into memory that stays in the first-level cache until
 * noise, ADC and the sum over tiles have passed over it. */
#include "conv_int.h"

#include "ohm/parallel.h"

#include <string.h>

enum { PIECE = 16 };  /* pixels of a pointwise layer that go together, at least */
enum { BAND = 2048 }; /* sums of a tile at a time: with outputs and noise 24 KiB */

int ohm_crossbar_width(int c_out)
{
    return (int)round_up(c_out, LANES);
}

struct crossbar_call {
    const struct kernels *kernels;
    const struct ohm_crossbar *bar;
    struct ohm_conv2d d; /* n parts: images, or of a pointwise layer rows of so many pixels */
    int64_t last;        /* pixels of the last row; 0: they are images */
    struct frame frame;
    float *y;
    const float *x;
    float *rooms;
    int64_t room;
    int items;
};

static int64_t rows_of(const struct ohm_conv2d *d)
{
    return (int64_t)d->k_h * d->k_w * (d->c_in / d->groups);
}

static int64_t sums_size(const struct ohm_conv2d *d)
{
    const int64_t width = ohm_crossbar_width(d->c_out);

    return width > BAND ? width : BAND;
}

size_t ohm_crossbar_pool_more(const struct ohm_conv2d *d)
{
    return (size_t)sums_size(d) + LANES;
}

/* A pointwise layer has no images, only pixels: as many as fill the kernel's registers become one. */
static void join_pixels(struct crossbar_call *call)
{
    struct ohm_conv2d *d = &call->d;
    const int64_t image = (int64_t)d->h * d->w, pixels = image * d->n, at_once = image < PIECE ? PIECE : image;

    if (!conv_is_pointwise(d))
        return;
    d->h = 1;
    d->w = (int)(at_once < pixels ? at_once : pixels);
    d->n = (int)((pixels + d->w - 1) / d->w);
    call->last = pixels - (int64_t)(d->n - 1) * d->w;
}

/* ---- weights ---- */

static int64_t tile_size(const struct ohm_conv2d *d, int64_t rows)
{
    if (conv_is_depthwise(d))
        return rows_of(d) * round_up(d->c_in, LANES);
    return rows * d->groups * round_up(d->c_out / d->groups, LANES);
}

size_t ohm_crossbar_packed(const struct ohm_conv2d *d, const int32_t *row, int tiles)
{
    int64_t n = 0;

    for (int i = 0; i < tiles; i++)
        n += tile_size(d, row[i + 1] - row[i]);
    return (size_t)n;
}

/* [tap][channel], zero outside the tile. */
static void pack_depthwise(float *to, const float *w, const struct ohm_conv2d *d, int32_t first, int32_t end)
{
    const int64_t taps = rows_of(d), width = round_up(d->c_in, LANES);

    memset(to, 0, (size_t)(taps * width) * sizeof *to);
    for (int64_t tap = first; tap < end; tap++)
        for (int64_t c = 0; c < d->c_in; c++)
            to[tap * width + c] = w[c * taps + tap];
}

/* [group][lane / LANES][row][lane % LANES] */
static void pack_tile(float *to, const float *w, const struct ohm_conv2d *d, int32_t first, int32_t end)
{
    const int lanes = d->c_out / d->groups;
    const int64_t all = rows_of(d), rows = end - first;

    for (int c = 0; c < d->c_out; c += lanes)
        for (int block = 0; block < lanes; block += LANES, to += rows * LANES)
            for (int lane = 0; lane < LANES; lane++) {
                const float *column = w + (c + block + lane) * all + first;

                for (int64_t r = 0; r < rows; r++)
                    to[r * LANES + lane] = block + lane < lanes ? column[r] : 0;
            }
}

void ohm_crossbar_pack(float *packed, const float *weights, const struct ohm_conv2d *d, const int32_t *row, int tiles)
{
    for (int i = 0; i < tiles; i++) {
        (conv_is_depthwise(d) ? pack_depthwise : pack_tile)(packed, weights, d, row[i], row[i + 1]);
        packed += tile_size(d, row[i + 1] - row[i]);
    }
}

/* ---- forward ---- */

/* A band of one image's output: numbers [row][col] from `first` pixels on. */
struct band {
    const float *src;
    float *y;
    int64_t rows, cols;
};

static void run_depthwise(const struct crossbar_call *call, float *sum, const struct band *band, const float *packed)
{
    const struct ohm_conv2d *d = &call->d;
    const ptrdiff_t row = call->frame.cols * call->frame.channels;
    const struct depthwise_job job = {
        .src = band->src,
        .row_step = d->stride_h * row,
        .px_step = (ptrdiff_t)d->stride_w * call->frame.channels,
        .tap_y_step = row,
        .tap_x_step = call->frame.channels,
        .taps_y = d->k_h,
        .taps_x = d->k_w,
        .weights = packed,
        .weights_tap = call->frame.channels,
        .dst = sum,
        .dst_row = band->cols * ohm_crossbar_width(d->c_out),
        .dst_px = ohm_crossbar_width(d->c_out),
        .rows = band->rows,
        .cols = band->cols,
        .c = d->c_in,
    };

    call->kernels->depthwise(&job);
}

/* The rows [first, end) of the matrix. A run is a row of the kernel, or with groups a pixel of it. frame_cols: pixels
 * of a row of the frame, each of `channels` numbers. */
static struct conv_job rows_job(const struct ohm_conv2d *d, int64_t frame_cols, int channels, int32_t first,
                                int32_t end)
{
    const int depth = d->c_in / d->groups;
    const int runs_x = d->groups == 1 ? 1 : d->k_w, len = d->groups == 1 ? d->k_w * depth : depth;
    const int begin = first / len, last = (end - 1) / len;

    return (struct conv_job){
        .row_step = d->stride_h * frame_cols * channels,
        .px_step = (ptrdiff_t)d->stride_w * channels,
        .run_y_step = frame_cols * channels,
        .run_x_step = channels,
        .first_y = begin / runs_x,
        .first_x = begin % runs_x,
        .runs = last - begin + 1,
        .runs_x = runs_x,
        .len = len,
        .head = first % len,
        .tail = (last + 1) * len - end,
    };
}

static void run_tile(const struct crossbar_call *call, float *sum, const struct band *band, const float *packed,
                     int32_t first, int32_t end, struct ahead *ahead)
{
    const struct ohm_conv2d *d = &call->d;
    const int depth = d->c_in / d->groups, lanes = d->c_out / d->groups;
    struct conv_job job = rows_job(d, call->frame.cols, call->frame.channels, first, end);

    job.dst_row = band->cols * ohm_crossbar_width(d->c_out);
    job.dst_px = ohm_crossbar_width(d->c_out);
    job.rows = band->rows;
    job.cols = band->cols;
    job.lanes = lanes;
    job.ahead = ahead;
    for (int g = 0; g < d->groups; g++) {
        job.src = band->src + (int64_t)g * depth;
        job.dst = sum + (int64_t)g * lanes;
        job.weights = packed + g * (end - first) * round_up(lanes, LANES);
        call->kernels->conv(&job);
    }
}

static void run_band(const struct crossbar_call *call, float *sum, const struct band *band, struct ohm_rng *rng,
                     struct ahead *ahead)
{
    const struct ohm_crossbar *bar = call->bar;
    const struct ohm_conv2d *d = &call->d;
    const int width = ohm_crossbar_width(d->c_out);
    const float *packed = bar->packed;

    for (int i = 0; i < bar->tiles; i++) {
        const struct adc_job job = {
            .y = band->y,
            .sum = sum,
            .normal = bar->pool + ohm_rng_below(rng, bar->pool_size),
            .bias = i == 0 ? bar->bias : NULL,
            .level = bar->level + 2 * (int64_t)i * width,
            .noise = bar->noise,
            .levels = (float)bar->adc_levels,
            .pixels = band->rows * band->cols,
            .c = d->c_out,
            .width = width,
        };

        if (conv_is_depthwise(d))
            run_depthwise(call, sum, band, packed);
        else
            run_tile(call, sum, band, packed, bar->row[i], bar->row[i + 1], ahead);
        call->kernels->adc(&job);
        packed += tile_size(d, bar->row[i + 1] - bar->row[i]);
    }
}

/* Roughly as many tiles of the kernel's registers as a product of so many pixels takes. */
static int64_t tiles_of(int64_t pixels, int64_t lanes)
{
    return pixels * round_up(lanes, 2 * LANES) / (2 * LANES * LANES);
}

/* Image (or row of pixels) i. */
static void run_part(const struct crossbar_call *call, float *room, int64_t i)
{
    const struct ohm_conv2d *d = &call->d;
    const struct frame *f = &call->frame;
    const bool short_row = call->last && i + 1 == d->n;
    const int64_t w = short_row ? call->last : d->w, out_w = call->last ? w : ohm_conv2d_out_w(d);
    const int64_t out_h = ohm_conv2d_out_h(d), width = ohm_crossbar_width(d->c_out);
    const int64_t in_size = (int64_t)d->h * d->w * d->c_in, out_size = out_h * ohm_conv2d_out_w(d) * d->c_out;
    const float *frame = conv_frame_fill(f, room, call->x + i * in_size, d->h, w, d->c_in, call->kernels);
    const int64_t most = sums_size(d) / width, cols = out_w < most ? out_w : most, rows = most / cols;
    const int64_t tiles = tiles_of(out_h * out_w, d->c_out) * call->bar->tiles + 1;
    struct ahead ahead = ahead_of(call->x + (i + 1) * in_size, i + 1 < d->n ? in_size : 0, tiles);
    struct ohm_rng rng = ohm_rng_child(&call->bar->rng, (uint64_t)i);

    for (int64_t row = 0; row < out_h; row += rows)
        for (int64_t col = 0; col < out_w; col += cols) {
            const struct band band = {
                .src = frame + (row * d->stride_h * f->cols + col * d->stride_w) * f->channels,
                .y = call->y + i * out_size + (row * out_w + col) * d->c_out,
                .rows = cols < out_w         ? 1
                        : out_h - row < rows ? out_h - row
                                             : rows,
                .cols = out_w - col < cols ? out_w - col : cols,
            };

            run_band(call, room + conv_frame_size(f), &band, &rng, &ahead);
        }
}

static enum ohm_status run_item(void *context, int item, int worker, struct ohm_error *err)
{
    const struct crossbar_call *call = context;
    const int64_t first = (int64_t)call->d.n * item / call->items, end = (int64_t)call->d.n * (item + 1) / call->items;
    float *room = call->rooms + worker * call->room;

    (void)err;
    conv_frame_clear(&call->frame, room);
    for (int64_t i = first; i < end; i++)
        run_part(call, room, i);
    return OHM_OK;
}

static struct crossbar_call call_of(const struct ohm_conv2d *d, struct ohm_dac dac)
{
    struct crossbar_call call = {.d = *d};

    join_pixels(&call);
    call.frame = conv_frame_behind(&call.d, dac);
    call.room = (int64_t)conv_frame_size(&call.frame) + round_up(sums_size(d), LANES);
    return call;
}

size_t ohm_crossbar_scratch(const struct ohm_conv2d *d, enum ohm_pass pass, int jobs)
{
    const struct ohm_dac some = {.levels = 1}; /* the frame that takes most room */

    if (pass == OHM_BACKWARD_WEIGHTS)
        return conv_scratch_weights(d, some, jobs);
    if (pass == OHM_BACKWARD_DATA)
        return ohm_conv2d_scratch(d, pass, jobs);
    return (size_t)(jobs * call_of(d, some).room) + SCRATCH_SLACK;
}

void ohm_crossbar_forward(float *y, const float *x, const struct ohm_crossbar *bar, const struct ohm_conv2d *d,
                          float *scratch, struct ohm_exec exec)
{
    struct crossbar_call call = call_of(d, bar->dac);

    call.kernels = ohm_kernels_of(exec.isa);
    call.bar = bar;
    call.y = y;
    call.x = x;
    call.rooms = scratch_begin(scratch).next;
    call.items = exec.jobs > 1 && call.d.n > 4 * exec.jobs ? 4 * exec.jobs : exec.jobs > 1 ? call.d.n : 1;
    (void)ohm_parallel_for(exec.jobs, call.items, run_item, &call, NULL);
}

void ohm_crossbar_sums(float *sum, const struct ohm_crossbar_piece *piece, const struct ohm_conv2d *d, enum ohm_isa isa)
{
    const int64_t tiles = tiles_of((int64_t)piece->rows * piece->cols, piece->width) + 1;
    struct ahead ahead = ahead_of(piece->soon, (int64_t)piece->soon_n, tiles);
    struct conv_job job = rows_job(d, piece->frame_cols, d->c_in, piece->first, piece->end);

    job.src = piece->frame;
    job.weights = piece->packed;
    job.dst = sum;
    job.dst_px = job.lanes = piece->width;
    job.dst_row = (ptrdiff_t)piece->cols * piece->width;
    job.rows = piece->rows;
    job.cols = piece->cols;
    ahead.by_run = true;
    job.end = piece->behind;
    job.ahead = &ahead;
    ohm_kernels_of(isa)->conv(&job);
}

/* ---- numbers ---- */

void ohm_moments_add(struct ohm_moments *m, const float *x, int64_t n, enum ohm_isa isa)
{
    ohm_kernels_of(isa)->moments(m, x, n);
}

void ohm_limit(float *x, float limit, int64_t n, enum ohm_isa isa)
{
    ohm_kernels_of(isa)->limit(x, limit, n);
}

void ohm_normals(float *x, size_t n, const struct ohm_rng *stream, enum ohm_isa isa)
{
    enum { BLOCK = 4 * LANES };
    const struct kernels *kernels = ohm_kernels_of(isa);
    const size_t whole = n / BLOCK;
    float rest[BLOCK];

    kernels->normals(x, 0, (int64_t)whole, stream->key);
    if (n % BLOCK == 0)
        return;
    kernels->normals(rest, (int64_t)whole, 1, stream->key);
    memcpy(x + whole * BLOCK, rest, n % BLOCK * sizeof *x);
}

void ohm_weight_noise(float *y, const float *w, const float *normal, int64_t n, float scale, const float c[3],
                      enum ohm_isa isa)
{
    ohm_kernels_of(isa)->weight_noise(y, w, normal, n, scale, c);
}
