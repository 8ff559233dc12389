/* conv.c - images through tiles as convolutions, without patches.
 *
 * A number of an image passes the input range and the DAC once, on its way into a frame with a border of zeros, not
 * once for each patch that it is part of. Band by band of the output a tile is then a convolution with exactly its
 * rows, into sums that stay in the first-level cache until noise, ADC and the sum over tiles have passed over them. The
 * steps are those of bench.c in the same order, hence the same bits.
 *
 * What a ReLU has passed has no negative inputs: then the phases of negative inputs carry no signal, only the noise of
 * their conversion, and absolute inputs are the inputs. */
#include "conv_int.h"

#include "ohm/parallel.h"

#include <assert.h>
#include <string.h>

enum { BAND = 4096 }; /* sums of a tile at a time: 16 KiB of each kind */

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

    return !t->exact && !by_vector && t->input_slices == 1 && d->c_out == d->groups * t->outputs &&
           d->k_h * d->k_w * d->c_in == d->groups * t->inputs;
}

/* ---- memory ---- */

static struct conv_call call_of(struct ohm_tiles *const *group, const struct ohm_conv2d *d)
{
    const bool side_by_side = d->groups > 1 && d->c_in == d->groups && d->c_out == d->groups;
    struct conv_call call = {.d = *d,
                             .channels = d->c_in,
                             .outputs = d->c_out,
                             .views = side_by_side ? 1 : d->groups,
                             .side_by_side = side_by_side,
                             .out_h = ohm_conv2d_out_h(d),
                             .out_w = ohm_conv2d_out_w(d),
                             .width = width_of(side_by_side ? d->groups : group[0]->columns_most)};
    const int most = BAND > call.width ? BAND / call.width : 1;

    call.d.c_in = d->c_in / call.views;
    call.d.groups = 1;
    call.frame_rows = (call.out_h - 1) * d->stride_h + d->k_h;
    call.frame_cols = (call.out_w - 1) * d->stride_w + d->k_w;
    call.band_cols = call.out_w < most ? call.out_w : most;
    call.band_rows = most / call.band_cols;
    return call;
}

/* Columns beyond the last one of a tile count nothing. */
static void fill_columns(const struct conv_call *call, const struct view *view, struct ohm_tiles *const *group)
{
    const struct ohm_tiles *const t = view->t;
    const size_t width = (size_t)call->width;
    const float range = t->input_range > 0 ? t->input_range : 1, *const bias = call->mvm->bias;

    memset(view->factor, 0, (size_t)t->count * width * sizeof(float));
    memset(view->begin, 0, (size_t)t->column_tiles * width * sizeof(float));
    for (int k = 0; k < t->count; k++) {
        const struct tile *const tile = &t->tile[k];
        const size_t column = (size_t)(k / (t->row_tiles * t->planes));

        for (int c = 0; c < tile->columns; c++) {
            const float unit = call->side_by_side ? group[c]->fold_unit : t->fold_unit;

            view->factor[(size_t)k * width + (size_t)c] = call->counts ? unit : tile->gain[c] * range;
            view->begin[column * width + (size_t)c] = bias ? bias[view->first_output + tile->first_column + c] : 0;
        }
    }
}

/* Takes what all workers read; and fills it, where there is memory. */
static size_t share(struct conv_call *call, struct ohm_tiles *const *group, float *memory)
{
    const struct ohm_rng none = {0}, *const stream = memory ? &call->mvm->stream : &none;
    size_t used = 0;

    call->view = (struct view *)(void *)take(memory, &used, (size_t)call->views * sizeof *call->view / sizeof(float));
    if (call->side_by_side)
        used += join_groups(call, group, stream, memory ? memory + used : NULL);
    for (int v = 0; v < call->views; v++) {
        struct view view = {.t = call->side_by_side ? &call->joined : group[v],
                            .stream = ohm_rng_child(stream, (uint64_t)v),
                            .first_channel = v * call->d.c_in,
                            .first_output = v * group[v]->outputs};

        view.factor = take(memory, &used, (size_t)view.t->count * (size_t)call->width);
        view.begin = take(memory, &used, (size_t)view.t->column_tiles * (size_t)call->width);
        if (!memory)
            continue;
        fill_columns(call, &view, group);
        call->view[v] = view;
    }
    return used;
}

/* Channels alone are read in whole lines. */
static size_t frame_floats(const struct conv_call *call)
{
    const size_t n = (size_t)call->frame_rows * (size_t)call->frame_cols * (size_t)call->d.c_in;

    return lines(n + (call->side_by_side ? LINE : 0));
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

static size_t room_of(struct room *room, const struct conv_call *call, const struct ohm_tiles *t, float *memory)
{
    const size_t band = (size_t)call->band_rows * (size_t)call->band_cols * (size_t)call->width;
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
    for (int k = 0; k < COUNTERS; k++)
        room->count[k] = counts_wanted(t) ? take(memory, &used, band) : NULL;
    return used;
}

size_t ohm_tiles_conv_scratch(struct ohm_tiles *const *group, const struct ohm_conv2d *d, int jobs)
{
    struct conv_call call = call_of(group, d);
    struct room room = {0};

    return fits(group[0], d) ? LINE + share(&call, group, NULL) + (size_t)jobs * room_of(&room, &call, group[0], NULL)
                             : 0;
}

/* ---- an image ---- */

static void fill_row(const struct conv_call *call, const struct ohm_tiles *t, float *to, const float *from, int n)
{
    const struct ohm_tile_config *const c = &t->config;
    const struct dac dac = {.divisor = 1, .step = step_of(c->dac_bound, c->dac_bits), .most = (float)c->dac_bound};

    if (t->input_range > 0)
        call->steps->limit_dac(to, from, n, t->input_range, dac);
    else
        call->steps->dac(to, from, n, dac);
}

/* Where the frame shows the image; the border was cleared before. */
static void fill_frame(const struct conv_call *call, const struct view *view, float *frame, const float *image)
{
    const struct ohm_conv2d *const d = &call->d;
    const int right = call->frame_cols - d->pad_left, cols = right < d->w ? right : d->w;
    const size_t depth = (size_t)d->c_in, channels = (size_t)call->channels;

    for (int y = 0; y < d->h && y + d->pad_top < call->frame_rows && cols > 0; y++) {
        float *const to = frame + ((size_t)(y + d->pad_top) * (size_t)call->frame_cols + (size_t)d->pad_left) * depth;
        const float *from = image + (size_t)y * (size_t)d->w * channels;

        if (depth < channels) { /* those of a group */
            for (size_t x = 0; x < (size_t)cols; x++)
                memcpy(to + x * depth, from + x * channels + (size_t)view->first_channel, depth * sizeof *to);
            from = to;
        }
        fill_row(call, view->t, to, from, cols * d->c_in);
    }
}

/* All versions that the phases read. */
static void see_image(const struct conv_call *call, const struct view *view, struct room *room, const float *image)
{
    const struct ohm_tile_config *const c = &view->t->config;
    const struct steps *const steps = call->steps;
    const int n = (int)frame_floats(call);
    float *const as_is = room->frame[AS_IS], *positive = as_is;

    fill_frame(call, view, as_is, image);
    if (c->input_asymmetry > 0 || c->input_asymmetry < 0)
        steps->asymmetry(as_is, n, (float)c->input_asymmetry);
    room->negative = room->frame[POSITIVE] && steps->largest(as_is, n, -1) > 0;
    if (room->negative && view->t->modes > 1) {
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

/* ---- bands of an image ---- */

static void round_partial(const struct piece *p, float *to)
{
    const struct ohm_tiles *const t = p->view->t;
    const float levels = (float)levels_of(t->config.partial_bits);

    for (int i = 0; i < p->n; i++)
        p->call->steps->partial(to + (size_t)i * (size_t)p->width, t->step + p->tile->first_column, p->tile->columns,
                                levels);
}

/* y: where the numbers of the first output are. */
static void copy_out(const struct piece *p, float *y, const float *from)
{
    const size_t outputs = (size_t)p->call->outputs;

    y += p->view->first_output + p->tile->first_column;
    for (size_t i = 0; i < (size_t)p->n; i++)
        memcpy(y + i * outputs, from + i * (size_t)p->width, (size_t)p->tile->columns * sizeof *y);
}

static void keep_partials(const struct piece *p, const float *from)
{
    const struct conv_call *const call = p->call;
    const size_t row = (size_t)(p->index / p->view->t->planes % p->view->t->row_tiles);
    const size_t all = (size_t)call->mvm->n * (size_t)call->out_h * (size_t)call->out_w;

    copy_out(p, call->mvm->partials + (row * all + (size_t)(p->first - call->mvm->first)) * (size_t)call->outputs,
             from);
}

/* A column of tiles: their sum in y. */
static void run_column(const struct piece *band, int column, float *y)
{
    const struct conv_call *const call = band->call;
    const struct ohm_tiles *const t = band->view->t;
    const size_t width = (size_t)call->width;
    const int tiles = t->row_tiles * t->planes, first = column * tiles;
    const float *const begin = band->view->begin + (size_t)column * width;
    struct piece p = *band;
    float *to;

    p.width = width_of(t->tile[first].columns);
    to = p.width == call->outputs ? y : p.room->to;
    p.soon = y;
    for (p.index = first; p.index < first + tiles; p.index++) {
        p.tile = &t->tile[p.index];
        p.soon_n = p.index == first && to == y ? (size_t)p.n * width : 0;
        p.stream = ohm_rng_child(&p.view->stream, (uint64_t)p.index);
        piece_run(&p, to, p.index == first ? begin : NULL, p.view->factor + (size_t)p.index * width);
        if (p.tile->plane < t->planes - 1)
            continue;
        if (t->config.partial_bits > 0)
            round_partial(&p, to);
        if (call->mvm->partials)
            keep_partials(&p, to);
    }
    if (call->counts)
        piece_scale(&p, to, begin, p.view->factor + (size_t)first * width);
    if (to != y)
        copy_out(&p, y, to);
}

/* What is between the shares of outputs before `from` and before `to` of an image: while a band is computed, its share
 * of the next image comes. */
static void fetch(const struct conv_call *call, int image, size_t from, size_t to)
{
    const struct ohm_conv2d *const d = &call->d;
    const size_t n = (size_t)d->h * (size_t)d->w * (size_t)call->channels;
    const size_t all = (size_t)call->out_h * (size_t)call->out_w;
    const float *const x = call->mvm->x + (size_t)image * n;

    for (size_t i = n * from / all; i < n * to / all && image < call->mvm->n; i += LINE)
        __builtin_prefetch(x + i);
}

static void run_view(const struct conv_call *call, const struct view *view, struct room *room, int image)
{
    const struct ohm_conv2d *const d = &call->d;
    const uint64_t pixels = (uint64_t)call->out_h * (uint64_t)call->out_w;
    const size_t in = (size_t)d->h * (size_t)d->w * (size_t)call->channels;
    struct piece p = {.call = call, .view = view, .room = room};

    see_image(call, view, room, call->mvm->x + (size_t)image * in);
    for (p.row = 0; p.row < call->out_h; p.row += call->band_rows)
        for (p.col = 0; p.col < call->out_w; p.col += call->band_cols) {
            const size_t done = (size_t)p.row * (size_t)call->out_w + (size_t)p.col;
            const uint64_t at = (uint64_t)image * pixels + done;

            p.rows = call->out_h - p.row < call->band_rows ? call->out_h - p.row : call->band_rows;
            p.cols = call->out_w - p.col < call->band_cols ? call->out_w - p.col : call->band_cols;
            p.n = p.rows * p.cols;
            p.first = call->mvm->first + at;
            if (view == call->view)
                fetch(call, image + 1, done, done + (size_t)p.n);
            for (int c = 0; c < view->t->column_tiles; c++)
                run_column(&p, c, call->y + at * (size_t)call->outputs);
        }
}

static enum ohm_status run_item(void *context, int item, int worker, struct ohm_error *err)
{
    const struct conv_call *const call = context;
    const struct ohm_tiles *const t = call->view->t;
    const int n = call->mvm->n;
    const int first = (int)((int64_t)n * item / call->items), end = (int)((int64_t)n * (item + 1) / call->items);
    struct room room = {0};
    const size_t each = room_of(&room, call, t, NULL);

    (void)err;
    (void)room_of(&room, call, t, call->rooms + (size_t)worker * each);
    memset(room.frame[AS_IS], 0, frame_floats(call) * sizeof(float));
    for (int i = first; i < end; i++)
        for (int v = 0; v < call->views; v++)
            run_view(call, &call->view[v], &room, i);
    return OHM_OK;
}

void ohm_tiles_conv(struct ohm_tiles *const *group, float *y, const struct ohm_mvm *mvm, const struct ohm_conv2d *d,
                    struct ohm_exec exec)
{
    float *const memory = (float *)(((uintptr_t)mvm->scratch + 63) & ~(uintptr_t)63);
    struct conv_call call = call_of(group, d);

    assert(fits(group[0], d));
    call.mvm = mvm;
    call.counts = counts_wanted(group[0]) && !mvm->partials;
    call.y = y;
    call.isa = exec.isa;
    call.steps = steps_of(exec.isa);
    call.items = exec.jobs > 1 && mvm->n > 4 * exec.jobs ? 4 * exec.jobs : exec.jobs > 1 ? mvm->n : 1;
    call.rooms = memory + share(&call, group, memory);
    (void)ohm_parallel_for(exec.jobs, call.items, run_item, &call, NULL);
}
