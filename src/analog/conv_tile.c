/* conv_tile.c - what a tile makes of a band of outputs: the steps of bench.c in the same order, hence the same bits. */
#include "conv_int.h"

#include <math.h>
#include <string.h>

static void product_to(const struct piece *p, float *sum, enum version version, const float *packed,
                       const struct ohm_crossbar_end *end)
{
    const struct conv_call *const call = p->call;
    const struct ohm_conv2d *const d = &call->d;
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
                                             .cols = p->cols,
                                             .soon = p->soon,
                                             .soon_n = p->soon_n,
                                             .behind = end};
    const struct taps taps = {.sum = sum,
                              .frame = piece.frame,
                              .pixel = d->c_in,
                              .row = (ptrdiff_t)call->frame_cols * d->c_in,
                              .step_x = d->stride_w,
                              .step_y = d->stride_h,
                              .k_w = d->k_w,
                              .first = piece.first,
                              .end = piece.end,
                              .packed = packed,
                              .rows = p->rows,
                              .cols = p->cols,
                              .width = p->width};

    if (call->side_by_side)
        call->steps->taps(&taps);
    else
        ohm_crossbar_sums(sum, &piece, d, call->isa);
}

static void product_of(const struct piece *p, float *sum, enum version version, const float *packed)
{
    product_to(p, sum, version, packed, NULL);
}

/* Normal numbers of the band, as noise_of has them for a vector. */
static const float *noise_of(const struct piece *p, int phase, enum purpose purpose)
{
    const uint64_t of_vector = (uint64_t)(p->width / LINE);

    if (p->call->side_by_side)
        p->call->steps->normals_across(p->room->z, p->first, p->n, key_of(p, phase, purpose), p->width);
    else
        p->call->steps->normals(p->room->z, p->first * of_vector, p->n * (int64_t)of_vector,
                                noise_stream(p->view->t, &p->stream, 0, phase, purpose).key);
    return p->room->z;
}

/* What a phase sees of the image. */
static enum version input_of(const struct piece *p, const struct phase *way)
{
    return way->inputs < 0 ? NEGATIVE : way->inputs > 0 && p->room->negative ? POSITIVE : AS_IS;
}

/* Steps 4 to 7 of one phase into room->flow; false: no input, hence no signal. */
static bool run_phase(const struct piece *p, int phase)
{
    const struct ohm_tile_config *const c = &p->view->t->config;
    const struct phase *const way = &p->view->t->phase[phase];
    const struct steps *const steps = p->call->steps;
    const struct room *const room = p->room;
    const float *const packed = p->tile->packed[way->packing], *const absolute = p->tile->absolute[way->packing];
    const enum version in = input_of(p, way);
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
    const struct ohm_tile_config *const c = &p->view->t->config;
    const struct steps *const steps = p->call->steps;
    const struct tile *const tile = p->tile;
    const float *z = c->out_noise > 0 ? noise_of(p, phase, FOR_OUTPUT) : NULL;

    for (int i = 0; i < p->n && tile->curve; i++)
        steps->curve(y + (size_t)i * (size_t)p->width, tile->curve, tile->slope, tile->columns);
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
    const struct ohm_tile_config *const c = &p->view->t->config;
    const float step = step_of(c->adc_bound, c->adc_bits), most = c->adc_bound > 0 ? (float)c->adc_bound : INFINITY;
    struct band band = {.n = p->n,
                        .width = p->width,
                        .noise = (float)c->out_noise,
                        .step = step,
                        .most = most,
                        .sum = p->room->sum,
                        .sign = (float)p->view->t->phase[phase].sign,
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

    for (int k = 0; k < p->view->t->phases; k++) {
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
    for (int k = 0; k < p->view->t->phases; k++)
        if (run_phase(p, k))
            p->call->steps->add_scaled(sum, p->room->flow, (int)n, (float)p->view->t->phase[k].sign);
    memcpy(p->room->flow, sum, n * sizeof *sum);
}

/* ---- what is done behind the sums ---- */

/* An ADC with gains, or one whose counts are asked for, on room->flow. */
static void count(const struct piece *p, int phase, int sign)
{
    const struct conversion by = {.t = p->view->t,
                                  .tile = p->tile,
                                  .steps = p->call->steps,
                                  .n = p->n,
                                  .width = p->width,
                                  .counts_alone = p->call->counts};
    float *const y = p->room->flow;
    const float *const z = disturb(p, phase, y);

    if (z)
        p->call->steps->add_noise(y, z, p->n * p->width, (float)p->view->t->config.out_noise);
    (void)convert(&by, y, p->call->counts ? p->room->count : NULL, sign);
}

/* room->sum, or the counters, as of run_digital and run_difference. */
static void run_counting(const struct piece *p)
{
    const struct ohm_tiles *const t = p->view->t;
    const size_t n = (size_t)p->n * (size_t)p->width;

    if (t->phases > 1 && !t->digital)
        run_difference(p);
    memset(p->room->sum, 0, n * sizeof(float));
    for (int k = 0; k < COUNTERS && p->call->counts; k++)
        memset(p->room->count[k], 0, n * sizeof(float));
    for (int k = 0; k < (t->digital ? t->phases : 1); k++) {
        if ((t->digital || t->phases == 1) && !run_phase(p, k))
            memset(p->room->flow, 0, n * sizeof(float));
        count(p, k, t->digital ? t->phase[k].sign : 1);
        if (!p->call->counts)
            p->call->steps->add_scaled(p->room->sum, p->room->flow, (int)n, t->digital ? (float)t->phase[k].sign : 1);
    }
}

/* The units make INT8 of the counts and of that of the tile of rows before. */
static void run_units(const struct piece *p, float *to, bool first)
{
    const struct conversion by = {
        .t = p->view->t, .tile = p->tile, .steps = p->call->steps, .n = p->n, .width = p->width};

    if (first)
        memset(to, 0, (size_t)p->n * (size_t)p->width * sizeof *to);
    units_add(&by, to, (size_t)p->width, p->room->count);
}

static void add_sum(const struct piece *p, float *sum, float *to, const float *begin, const float *factor)
{
    const struct band band = {.n = p->n, .width = p->width, .sum = sum, .to = to, .begin = begin, .factor = factor};

    p->call->steps->add_band(&band);
}

/* Nothing but noise and ADC is behind the product, and a sum meets them while it is in a register still. One vector of
 * columns is quicker without: the kernel of so few outputs keeps its sums in memory. */
static bool ends_in_product(const struct piece *p)
{
    const struct ohm_tile_config *const c = &p->view->t->config;
    const bool beside = c->ir_drop > 0 || c->weight_noise != OHM_WNOISE_NONE || c->out_asymmetry > 0 ||
                        c->out_asymmetry < 0 || p->tile->curve || p->tile->noise;

    return p->view->t->phases == 1 && !beside && !p->call->side_by_side && p->width > LINE &&
           step_of(c->adc_bound, c->adc_bits) > 0;
}

static void run_product(const struct piece *p, float *to, const float *begin, const float *factor)
{
    const struct phase *const way = &p->view->t->phase[0];
    const struct band band = band_of(p, 0, true);
    const struct ohm_crossbar_end end = {.noise = band.noise,
                                         .inverse = band.inverse,
                                         .step = band.step,
                                         .levels = band.levels,
                                         .z = band.z,
                                         .begin = begin,
                                         .factor = factor};

    product_to(p, to, input_of(p, way), p->tile->packed[way->packing], &end);
}

static void run_tile(const struct piece *p, float *to, const float *begin, const float *factor)
{
    const struct ohm_tiles *const t = p->view->t;
    struct band band;

    if (ends_in_product(p)) {
        run_product(p, to, begin, factor);
        return;
    }
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

void piece_run(const struct piece *p, float *to, const float *begin, const float *factor)
{
    if (p->call->counts) {
        run_counting(p);
        run_units(p, to, begin != NULL);
    } else if (p->tile->adc_gain[PLUS]) {
        run_counting(p);
        add_sum(p, p->room->sum, to, begin, factor);
    } else
        run_tile(p, to, begin, factor);
}

void piece_scale(const struct piece *p, float *to, const float *begin, const float *factor)
{
    add_sum(p, to, to, begin, factor);
}
