/* conv.c - images through tiles as convolutions, without patches.
 *
 * A number of an image passes the input range and the DAC once, on its way into a frame with a border of zeros, not
 * once for each patch that it is part of. Band by band of the output a tile is then a convolution with exactly its
 * rows, into sums that stay in the first-level cache until noise, ADC and the sum over tiles have passed over them. The
 * steps are those of bench.c in the same order, hence the same bits.
 *
 * What a ReLU has passed has no negative inputs: then the phases of negative inputs carry no signal, only the noise of
 * their conversion, and absolute inputs are the inputs. */
#include "analog_int.h"

#include "ohm/parallel.h"

#include <math.h>
#include <string.h>

enum { BAND = 2048 }; /* sums of a tile at a time: 8 KiB of each kind */

/* Versions of an image: as it is, its positive numbers (or all as absolute ones), its negative ones as positive
 * numbers; the squares of the first two of these that a phase reads. */
enum version { AS_IS, POSITIVE, NEGATIVE, SQUARES, NEGATIVE_SQUARES, VERSIONS };

struct conv_call {
    const struct ohm_tiles *t;
    const struct ohm_conv2d *d;
    const struct ohm_mvm *mvm;
    const struct steps *steps;
    enum ohm_isa isa;
    float *y;
    int items;
    int out_h, out_w, frame_rows, frame_cols;
    int band_rows, band_cols;
};

/* The memory of one worker. */
struct room {
    float *frame[VERSIONS];
    bool negative;                         /* the image has negative numbers */
    float *flow, *load, *ramped, *squares; /* sums of a band: of the product, and for the steps beside it */
    float *z, *sum, *to;
    float *factor, *begin; /* [tiles][width]; [column tiles][width] */
};

static size_t lines(size_t n)
{
    return (n + LINE - 1) / LINE * LINE;
}

static int width_of(int columns)
{
    return (int)lines((size_t)columns);
}

/* ---- what fits ---- */

static bool fits(const struct ohm_tiles *t, const struct ohm_conv2d *d)
{
    const struct ohm_tile_config *const c = &t->config;
    const bool by_vector = c->noise_management != OHM_NM_NONE || c->bound_management != OHM_BM_NONE ||
                           c->dac_noise > 0 || c->v_offset_sd > 0 || c->r_series > 0 ||
                           c->weight_noise == OHM_WNOISE_ADDITIVE;
    const bool counters = counts_wanted(t) || c->adc_gain_sd > 0 || c->adc_offset_sd > 0;

    return !t->exact && !by_vector && !counters && t->input_slices == 1 && d->groups == 1 && d->c_out == t->outputs &&
           d->k_h * d->k_w * d->c_in == t->inputs;
}

/* ---- memory ---- */

static struct conv_call call_of(const struct ohm_tiles *t, const struct ohm_conv2d *d)
{
    const int width = width_of(t->columns_most), most = BAND > width ? BAND / width : 1;
    struct conv_call call = {.t = t, .d = d, .out_h = ohm_conv2d_out_h(d), .out_w = ohm_conv2d_out_w(d)};

    call.frame_rows = (call.out_h - 1) * d->stride_h + d->k_h;
    call.frame_cols = (call.out_w - 1) * d->stride_w + d->k_w;
    call.band_cols = call.out_w < most ? call.out_w : most;
    call.band_rows = most / call.band_cols;
    return call;
}

static size_t frame_floats(const struct conv_call *call)
{
    return lines((size_t)call->frame_rows * (size_t)call->frame_cols * (size_t)call->d->c_in);
}

static bool version_wanted(const struct ohm_tiles *t, enum version version)
{
    const bool signs = t->modes > 1, squares = t->config.weight_noise == OHM_WNOISE_PCM_READ;

    switch (version) {
    case POSITIVE:
        return signs || t->config.ir_drop > 0;
    case NEGATIVE:
        return signs;
    case SQUARES:
        return squares;
    case NEGATIVE_SQUARES:
        return squares && signs;
    default:
        return true;
    }
}

/* The next n floats, where there is memory; else they are counted alone. */
static float *take(float *memory, size_t *used, size_t n)
{
    float *const piece = memory ? memory + *used : NULL;

    *used += lines(n);
    return piece;
}

static size_t room_of(struct room *room, const struct conv_call *call, float *memory)
{
    const struct ohm_tiles *const t = call->t;
    const size_t width = (size_t)width_of(t->columns_most);
    const size_t band = (size_t)call->band_rows * (size_t)call->band_cols * width;
    size_t used = 0;

    for (enum version v = AS_IS; v < VERSIONS; v++)
        room->frame[v] = version_wanted(t, v) ? take(memory, &used, frame_floats(call)) : NULL;
    room->flow = take(memory, &used, band);
    if (t->config.ir_drop > 0) {
        room->load = take(memory, &used, band);
        room->ramped = take(memory, &used, band);
    }
    if (t->config.weight_noise == OHM_WNOISE_PCM_READ)
        room->squares = take(memory, &used, band);
    room->z = take(memory, &used, band);
    room->sum = take(memory, &used, band);
    room->to = take(memory, &used, band);
    room->factor = take(memory, &used, (size_t)t->count * width);
    room->begin = take(memory, &used, (size_t)t->column_tiles * width);
    return used;
}

size_t ohm_tiles_conv_scratch(const struct ohm_tiles *tiles, const struct ohm_conv2d *d, int jobs)
{
    const struct conv_call call = call_of(tiles, d);
    struct room room = {0};

    return fits(tiles, d) ? LINE + (size_t)jobs * room_of(&room, &call, NULL) : 0;
}

/* ---- an image ---- */

static void fill_row(const struct conv_call *call, float *to, const float *from, int n)
{
    const struct ohm_tile_config *const c = &call->t->config;
    const struct dac dac = {.divisor = 1, .step = step_of(c->dac_bound, c->dac_bits), .most = (float)c->dac_bound};

    if (call->t->input_range > 0)
        call->steps->limit_dac(to, from, n, call->t->input_range, dac);
    else
        call->steps->dac(to, from, n, dac);
}

/* Where the frame shows the image; the border was cleared before. */
static void fill_frame(const struct conv_call *call, float *frame, const float *image)
{
    const struct ohm_conv2d *const d = call->d;
    const int right = call->frame_cols - d->pad_left, cols = right < d->w ? right : d->w;
    const size_t pixel = (size_t)d->c_in;

    for (int y = 0; y < d->h && y + d->pad_top < call->frame_rows && cols > 0; y++)
        fill_row(call, frame + ((size_t)(y + d->pad_top) * (size_t)call->frame_cols + (size_t)d->pad_left) * pixel,
                 image + (size_t)y * (size_t)d->w * pixel, cols * d->c_in);
}

/* All versions that the phases read. */
static void see_image(const struct conv_call *call, struct room *room, const float *image)
{
    const struct ohm_tile_config *const c = &call->t->config;
    const struct steps *const steps = call->steps;
    const int n = (int)frame_floats(call);
    float *const as_is = room->frame[AS_IS], *positive = as_is;

    fill_frame(call, as_is, image);
    if (c->input_asymmetry > 0 || c->input_asymmetry < 0)
        steps->asymmetry(as_is, n, (float)c->input_asymmetry);
    room->negative = room->frame[POSITIVE] && steps->largest(as_is, n, -1) > 0;
    if (room->negative && call->t->modes > 1) {
        positive = room->frame[POSITIVE];
        steps->one_sign(positive, as_is, n, 1);
        steps->one_sign(room->frame[NEGATIVE], as_is, n, -1);
        if (room->frame[NEGATIVE_SQUARES])
            steps->multiply(room->frame[NEGATIVE_SQUARES], room->frame[NEGATIVE], room->frame[NEGATIVE], n);
    } else if (room->negative) {
        steps->absolute(room->frame[POSITIVE], as_is, n);
    }
    if (room->frame[SQUARES])
        steps->multiply(room->frame[SQUARES], positive, positive, n);
}

/* ---- a tile over a band ---- */

/* Outputs [row, row + rows) x [col, col + cols) of an image on one tile. */
struct piece {
    const struct conv_call *call;
    const struct room *room;
    const struct tile *tile;
    struct ohm_rng stream; /* of the tile */
    int row, col, rows, cols, n, width;
    uint64_t first; /* number of the first output */
};

static void product_of(const struct piece *p, float *sum, enum version version, const float *packed)
{
    const struct conv_call *const call = p->call;
    const struct ohm_conv2d *const d = call->d;
    const size_t at =
        ((size_t)p->row * (size_t)d->stride_h * (size_t)call->frame_cols + (size_t)p->col * (size_t)d->stride_w) *
        (size_t)d->c_in;
    const struct ohm_crossbar_piece piece = {.frame = p->room->frame[version] + at,
                                             .frame_cols = call->frame_cols,
                                             .first = p->tile->first_row,
                                             .end = p->tile->first_row + p->tile->rows,
                                             .packed = packed,
                                             .width = p->width,
                                             .rows = p->rows,
                                             .cols = p->cols};

    ohm_crossbar_sums(sum, &piece, d, call->isa);
}

/* Normal numbers of the band, as noise_of has them for a vector. */
static const float *noise_of(const struct piece *p, int phase, enum purpose purpose)
{
    const uint64_t of_vector = (uint64_t)(p->width / LINE);
    const struct ohm_rng own = noise_stream(p->call->t, &p->stream, 0, phase, purpose);

    p->call->steps->normals(p->room->z, p->first * of_vector, p->n * (int64_t)of_vector, own.key);
    return p->room->z;
}

/* Steps 4 to 7 of one phase into room->flow; false: no input, hence no signal. */
static bool run_phase(const struct piece *p, int phase)
{
    const struct ohm_tile_config *const c = &p->call->t->config;
    const struct phase *const way = &p->call->t->phase[phase];
    const struct steps *const steps = p->call->steps;
    const struct room *const room = p->room;
    const float *const packed = p->tile->packed[way->packing], *const absolute = p->tile->absolute[way->packing];
    const enum version in = way->inputs < 0 ? NEGATIVE : way->inputs > 0 && room->negative ? POSITIVE : AS_IS;
    const int n = p->n * p->width;

    if (way->inputs < 0 && !room->negative)
        return false;
    product_of(p, room->flow, in, packed);
    if (c->ir_drop > 0) {
        const float *load = room->flow; /* where neither inputs nor weights have a sign */

        if (absolute != packed) {
            product_of(p, room->load, in == AS_IS && room->negative ? POSITIVE : in, absolute);
            load = room->load;
        }
        product_of(p, room->ramped, in, p->tile->ramped[way->packing]);
        steps->ir_drop(room->flow, load, room->ramped, n, (float)c->ir_drop,
                       (float)(p->tile->rows / c->ir_drop_g_ratio));
    }
    if (c->weight_noise == OHM_WNOISE_PCM_READ) {
        product_of(p, room->squares, in == NEGATIVE ? NEGATIVE_SQUARES : SQUARES, absolute);
        steps->add_root_noise(room->flow, noise_of(p, phase, FOR_WEIGHT), room->squares, n, (float)c->weight_noise_sd);
    }
    return true;
}

/* Steps 8 and 9 as far as they need y, which has no signal: only 0. What is left for the conversion: z. */
static const float *disturb(const struct piece *p, int phase, float *y)
{
    const struct ohm_tile_config *const c = &p->call->t->config;
    const struct steps *const steps = p->call->steps;
    const struct tile *const tile = p->tile;
    const float *z = c->out_noise > 0 ? noise_of(p, phase, FOR_OUTPUT) : NULL;

    for (int i = 0; i < p->n && tile->curve; i++)
        steps->curve(y + (size_t)i * (size_t)p->width, tile->curve, tile->columns, tile->slope);
    if (c->out_asymmetry > 0 || c->out_asymmetry < 0)
        steps->asymmetry(y, p->n * p->width, (float)c->out_asymmetry);
    for (int i = 0; i < p->n && tile->noise; i++)
        steps->add_noises(y + (size_t)i * (size_t)p->width, z + (size_t)i * (size_t)p->width, tile->noise,
                          tile->columns);
    return tile->noise ? NULL : z;
}

/* All that a conversion asks for, from what room->flow holds. */
static struct band band_of(const struct piece *p, int phase, bool signal)
{
    const struct ohm_tile_config *const c = &p->call->t->config;
    const float step = step_of(c->adc_bound, c->adc_bits), most = c->adc_bound > 0 ? (float)c->adc_bound : INFINITY;
    struct band band = {.n = p->n,
                        .width = p->width,
                        .noise = (float)c->out_noise,
                        .step = step,
                        .most = most,
                        .sum = p->room->sum,
                        .sign = (float)p->call->t->phase[phase].sign,
                        .first = phase == 0};

    if (step > 0) {
        band.inverse = 1 / step;
        band.levels = rintf(most / step);
    }
    if (!signal && p->tile->noise)
        memset(p->room->flow, 0, (size_t)(p->n * p->width) * sizeof(float));
    if (signal || p->tile->noise) {
        band.z = disturb(p, phase, p->room->flow);
        band.y = p->room->flow;
    } else if (c->out_noise > 0)
        band.z = noise_of(p, phase, FOR_OUTPUT);
    return band;
}

/* Each phase with a conversion of its own: room->sum is their sum. */
static struct band run_digital(const struct piece *p)
{
    struct band band = {0};

    for (int k = 0; k < p->call->t->phases; k++) {
        band = band_of(p, k, run_phase(p, k));
        if (band.y || band.z)
            p->call->steps->digitise(&band);
    }
    return band;
}

/* One conversion of the difference of phases, which is room->flow in the end. */
static void run_difference(const struct piece *p)
{
    const size_t n = (size_t)p->n * (size_t)p->width;
    float *const sum = p->room->sum;

    memset(sum, 0, n * sizeof *sum);
    for (int k = 0; k < p->call->t->phases; k++)
        if (run_phase(p, k))
            p->call->steps->add_scaled(sum, p->room->flow, (int)n, (float)p->call->t->phase[k].sign);
    memcpy(p->room->flow, sum, n * sizeof *sum);
}

/* to += what the tile makes of the band. begin: what it begins with instead. */
static void run_tile(const struct piece *p, float *to, const float *begin, const float *factor)
{
    const struct ohm_tiles *const t = p->call->t;
    struct band band;

    if (t->phases > 1 && t->digital)
        band = run_digital(p);
    else if (t->phases > 1)
        run_difference(p);
    else
        (void)run_phase(p, 0);
    if (t->phases == 1 || !t->digital)
        band = band_of(p, 0, true);
    band.to = to;
    band.begin = begin;
    band.factor = factor;
    if (t->phases > 1 && t->digital)
        p->call->steps->add_band(&band);
    else
        p->call->steps->digitise_add(&band);
}

/* ---- bands of an image ---- */

static void round_partial(const struct piece *p, float *to)
{
    const struct ohm_tiles *const t = p->call->t;
    const float levels = (float)levels_of(t->config.partial_bits);

    for (int i = 0; i < p->n; i++)
        p->call->steps->partial(to + (size_t)i * (size_t)p->width, t->step + p->tile->first_column, p->tile->columns,
                                levels);
}

static void copy_out(const struct piece *p, float *y, const float *from)
{
    const size_t outputs = (size_t)p->call->t->outputs;

    for (size_t i = 0; i < (size_t)p->n; i++)
        memcpy(y + i * outputs + (size_t)p->tile->first_column, from + i * (size_t)p->width,
               (size_t)p->tile->columns * sizeof *y);
}

/* A column of tiles: their sum in y. */
static void run_column(const struct piece *band, int column, float *y)
{
    const struct ohm_tiles *const t = band->call->t;
    const size_t width = (size_t)width_of(t->columns_most);
    const int tiles = t->row_tiles * t->slices, first = column * tiles;
    struct piece p = *band;
    float *to;

    p.width = width_of(t->tile[first].columns);
    to = p.width == t->outputs ? y : p.room->to;
    for (int k = first; k < first + tiles; k++) {
        p.tile = &t->tile[k];
        p.stream = ohm_rng_child(&p.call->mvm->stream, (uint64_t)k);
        run_tile(&p, to, k == first ? p.room->begin + (size_t)column * width : NULL,
                 p.room->factor + (size_t)k * width);
        if (t->config.partial_bits > 0 && p.tile->slice == t->slices - 1)
            round_partial(&p, to);
    }
    if (to != y)
        copy_out(&p, y, to);
}

/* What is between the shares of outputs before `from` and before `to` of an image: while a band is computed, its share
 * of the next image comes. */
static void fetch(const struct conv_call *call, int image, size_t from, size_t to)
{
    const struct ohm_conv2d *const d = call->d;
    const size_t n = (size_t)d->h * (size_t)d->w * (size_t)d->c_in, all = (size_t)call->out_h * (size_t)call->out_w;
    const float *const x = call->mvm->x + (size_t)image * n;

    for (size_t i = n * from / all; i < n * to / all && image < call->mvm->n; i += LINE)
        __builtin_prefetch(x + i);
}

static void run_image(const struct conv_call *call, struct room *room, int image)
{
    const struct ohm_conv2d *const d = call->d;
    const uint64_t pixels = (uint64_t)call->out_h * (uint64_t)call->out_w;
    const size_t in = (size_t)d->h * (size_t)d->w * (size_t)d->c_in;
    struct piece p = {.call = call, .room = room};

    see_image(call, room, call->mvm->x + (size_t)image * in);
    for (p.row = 0; p.row < call->out_h; p.row += call->band_rows)
        for (p.col = 0; p.col < call->out_w; p.col += call->band_cols) {
            const size_t done = (size_t)p.row * (size_t)call->out_w + (size_t)p.col;
            const uint64_t at = (uint64_t)image * pixels + done;

            p.rows = call->out_h - p.row < call->band_rows ? call->out_h - p.row : call->band_rows;
            p.cols = call->out_w - p.col < call->band_cols ? call->out_w - p.col : call->band_cols;
            p.n = p.rows * p.cols;
            p.first = call->mvm->first + at;
            fetch(call, image + 1, done, done + (size_t)p.n);
            for (int c = 0; c < call->t->column_tiles; c++)
                run_column(&p, c, call->y + at * (size_t)call->t->outputs);
        }
}

/* Columns beyond the last one of a tile count nothing. */
static void fill_columns(const struct conv_call *call, struct room *room)
{
    const struct ohm_tiles *const t = call->t;
    const size_t width = (size_t)width_of(t->columns_most);
    const float range = t->input_range > 0 ? t->input_range : 1, *const bias = call->mvm->bias;

    memset(room->factor, 0, (size_t)t->count * width * sizeof(float));
    memset(room->begin, 0, (size_t)t->column_tiles * width * sizeof(float));
    for (int k = 0; k < t->count; k++) {
        const struct tile *const tile = &t->tile[k];
        const int column = k / (t->row_tiles * t->slices);

        for (int c = 0; c < tile->columns; c++) {
            room->factor[(size_t)k * width + (size_t)c] = tile->gain[c] * range;
            room->begin[(size_t)column * width + (size_t)c] = bias ? bias[tile->first_column + c] : 0;
        }
    }
}

static enum ohm_status run_item(void *context, int item, int worker, struct ohm_error *err)
{
    const struct conv_call *const call = context;
    const int n = call->mvm->n;
    const int first = (int)((int64_t)n * item / call->items), end = (int)((int64_t)n * (item + 1) / call->items);
    float *const memory = (float *)(((uintptr_t)call->mvm->scratch + 63) & ~(uintptr_t)63);
    struct room room = {0};
    const size_t each = room_of(&room, call, memory);

    (void)err;
    (void)room_of(&room, call, memory + (size_t)worker * each);
    memset(room.frame[AS_IS], 0, frame_floats(call) * sizeof(float));
    fill_columns(call, &room);
    for (int i = first; i < end; i++)
        run_image(call, &room, i);
    return OHM_OK;
}

void ohm_tiles_conv(const struct ohm_tiles *tiles, float *y, const struct ohm_mvm *mvm, const struct ohm_conv2d *d,
                    struct ohm_exec exec)
{
    struct conv_call call = call_of(tiles, d);

    call.mvm = mvm;
    call.y = y;
    call.isa = exec.isa;
    call.steps = steps_of(exec.isa);
    call.items = exec.jobs > 1 && mvm->n > 4 * exec.jobs ? 4 * exec.jobs : exec.jobs > 1 ? mvm->n : 1;
    (void)ohm_parallel_for(exec.jobs, call.items, run_item, &call, NULL);
}
