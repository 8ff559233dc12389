/* tiles.c - making a matrix on tiles: cut, scaled, with memory for all that it will hold. */
#include "analog_int.h"

#include "ohm/mem.h"
#include "ohm/weight_map.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- what the settings ask for ---- */

static bool curve_is_zero(const struct ohm_curve *curve)
{
    bool zero = true;

    for (int i = 0; i < curve->pieces; i++)
        for (int k = 0; k < OHM_CURVE_TERMS_MAX; k++)
            zero &= curve->piece[i].form == OHM_CURVE_POLY && fabs(curve->piece[i].c[k]) <= 0;
    for (int i = 0; i < curve->points; i++)
        zero &= fabs(curve->y[i]) <= 0;
    return zero;
}

/* A device without any error gives back the weights as they are, which the way through conductances does not: it
 * rounds. */
static bool device_is_ideal(const struct ohm_device *d)
{
    if (!d)
        return true;
    if (d->stuck_reset > 0 || d->stuck_set > 0 || d->stuck_random > 0)
        return false;
    return d->model == OHM_DEVICE_POWER_LAW && (d->scale_program <= 0 || curve_is_zero(&d->sigma)) &&
           (d->scale_drift <= 0 || (curve_is_zero(&d->nu_mean) && curve_is_zero(&d->nu_sd))) &&
           (d->scale_read <= 0 || curve_is_zero(&d->q));
}

static void set_phases(struct ohm_tiles *t)
{
    static const struct phase modes[][MODES_MAX] = {
        [OHM_TILE_ONE_PHASE] = {{0, PACK_ALL, 1, 0, 1}},
        [OHM_TILE_TWO_PHASE] = {{1, PACK_ALL, 1, 0, 1}, {-1, PACK_ALL_NEG, -1, 0, 1}},
        [OHM_TILE_TWO_PHASE_DIGITAL] = {{1, PACK_ALL, 1, 0, 1}, {-1, PACK_ALL_NEG, -1, 0, 1}},
        [OHM_TILE_FOUR_PHASE] = {{1, PACK_PLUS, 1, 0, 1},
                                 {1, PACK_MINUS, -1, 0, 1},
                                 {-1, PACK_PLUS_NEG, -1, 0, 1},
                                 {-1, PACK_MINUS_NEG, 1, 0, 1}},
    };
    const int mode = t->config.read_mode;

    t->modes = mode == OHM_TILE_ONE_PHASE ? 1 : mode == OHM_TILE_FOUR_PHASE ? 4 : 2;
    t->input_slices = input_slices(&t->config);
    for (int s = 0; s < t->input_slices; s++)
        for (int m = 0; m < t->modes; m++) {
            struct phase *const p = &t->phase[t->phases++];

            *p = modes[mode][m];
            p->slice = s;
            p->share = input_share(&t->config, s);
        }
    t->digital = mode == OHM_TILE_TWO_PHASE_DIGITAL || mode == OHM_TILE_FOUR_PHASE || t->input_slices > 1;
}

/* A pair holds g_min in both devices. */
static void set_pedestal(struct ohm_tiles *t, const struct ohm_device *d)
{
    const double span = d ? d->converter.g_max_uS - d->converter.g_min_uS : 0;

    t->pedestal = t->config.on_off_current && span > 0 && d->converter.kind == OHM_CONVERT_PAIRS
                      ? (float)(d->converter.g_min_uS / span)
                      : 0;
}

/* ---- memory ---- */

struct builder {
    struct ohm_tiles *t;
    bool failed;
};

static void *get(struct builder *b, size_t n, size_t size)
{
    void *const block = ohm_arena_alloc(&b->t->arena, n, size);

    b->failed |= !block;
    return block;
}

static float *floats(struct builder *b, size_t n)
{
    return get(b, n, sizeof(float));
}

/* Kernels load whole lines: from the begin of one they are twice as quick. */
static float *whole_lines(struct builder *b, size_t n)
{
    float *const room = floats(b, n + LINE);

    return room ? (float *)(((uintptr_t)room + 63) & ~(uintptr_t)63) : NULL;
}

static void get_packings(struct builder *b, struct tile *tile)
{
    const struct ohm_tile_config *const c = &b->t->config;
    const bool absolute = c->ir_drop > 0 || c->weight_noise == OHM_WNOISE_PCM_READ;
    const size_t n = packed_floats(tile->columns, tile->rows);

    for (int i = 0; i < b->t->modes; i++) {
        const int k = b->t->phase[i].packing, plain = k % PACK_ALL_NEG;

        if (k == plain || c->read_asymmetry_sd > 0) {
            tile->packed[k] = whole_lines(b, n);
            tile->absolute[k] = !absolute ? NULL : plain == PACK_ALL ? whole_lines(b, n) : tile->packed[k];
            tile->ramped[k] = c->ir_drop > 0 ? whole_lines(b, n) : NULL;
        } else {
            tile->packed[k] = tile->packed[plain];
            tile->absolute[k] = tile->absolute[plain];
            tile->ramped[k] = tile->ramped[plain];
        }
    }
}

/* Columns beyond the last one have a gain of 1, too. */
static float *get_gains(struct builder *b, size_t n)
{
    float *const gain = floats(b, n);

    for (size_t i = 0; i < n && gain; i++)
        gain[i] = 1;
    return gain;
}

static void get_counters(struct builder *b, struct tile *tile)
{
    const struct ohm_tile_config *const c = &b->t->config;
    const size_t n = ((size_t)tile->columns + LINE - 1) / LINE * LINE;
    const bool fp16 = c->periphery == OHM_TILE_FP16, fixed = c->periphery == OHM_TILE_NMPU;

    for (int k = 0; k < COUNTERS; k++) {
        tile->adc_gain[k] = c->adc_gain_sd > 0 ? get_gains(b, n) : NULL;
        tile->adc_zero[k] = c->adc_offset_sd > 0 || fp16 || fixed ? floats(b, n) : NULL;
        tile->ldpu.scale[k] = fp16 ? get(b, n, sizeof(double)) : NULL;
        tile->ldpu.offset[k] = fp16 ? get(b, n, sizeof(double)) : NULL;
        tile->nmpu.scale[k] = fixed ? get(b, n, sizeof(int32_t)) : NULL;
        tile->nmpu.offset[k] = fixed ? get(b, n, sizeof(int32_t)) : NULL;
    }
    tile->ldpu.norm_scale = fp16 ? get(b, n, sizeof(double)) : NULL;
    tile->ldpu.norm_offset = fp16 ? get(b, n, sizeof(double)) : NULL;
    tile->nmpu.norm_scale = fixed ? get(b, n, sizeof(int32_t)) : NULL;
    tile->nmpu.norm_offset = fixed ? get(b, n, sizeof(int32_t)) : NULL;
}

static void get_periphery(struct builder *b, struct tile *tile)
{
    const struct ohm_tile_config *const c = &b->t->config;
    const size_t columns = (size_t)tile->columns, n = columns * (size_t)tile->rows;

    if (c->read_asymmetry_sd > 0)
        tile->asymmetry = floats(b, n);
    if (c->v_offset_sd > 0)
        tile->v_offset = floats(b, columns);
    if (c->out_nonlinearity > 0) {
        tile->curve = floats(b, columns);
        tile->slope = floats(b, columns);
    }
    if (c->out_noise > 0 && c->out_noise_sd > 0)
        tile->noise = floats(b, columns);
    get_counters(b, tile);
}

/* Input 0 is farthest from the output: 1 - (1 - j / n)^2. */
static void get_ramp(struct builder *b, struct tile *tile)
{
    float *const ramp = floats(b, (size_t)tile->rows);

    for (int j = 0; j < tile->rows && ramp; j++) {
        const double far = 1 - (double)j / tile->rows;

        ramp[j] = (float)(1 - far * far);
    }
    tile->ramp = ramp;
}

static void get_tile(struct builder *b, struct tile *tile)
{
    const size_t columns = (size_t)tile->columns, n = columns * (size_t)tile->rows;
    const int kind = b->t->config.compensation;

    tile->scale = floats(b, columns);
    tile->alpha = floats(b, columns);
    tile->gain = floats(b, columns);
    tile->target = floats(b, n);
    tile->programmed = tile->now = tile->target;
    tile->baselines = get(b, columns, sizeof(double));
    tile->reading = get(b, columns, sizeof(double));
    tile->expected = get(b, columns, sizeof(double));
    if (b->t->device) {
        tile->programmed = floats(b, n);
        tile->now = floats(b, n);
        for (int s = 0; s < ohm_converter_slices(&b->t->device->converter); s++)
            tile->latent[s] = floats(b, n);
    }
    if (kind == OHM_COMPENSATE_UNBIASED || kind == OHM_COMPENSATE_UNBIASED_COLUMN)
        tile->packed_target = floats(b, packed_floats(tile->columns, tile->rows));
    get_ramp(b, tile);
    get_packings(b, tile);
    get_periphery(b, tile);
}

/* ---- weights ---- */

static void mirror(struct tile *tile, const float *sign)
{
    for (int k = 0; k < tile->columns; k++) {
        if (!(sign[tile->first_column + k] < 0))
            continue;
        tile->scale[k] = -tile->scale[k];
        for (int r = 0; r < tile->rows; r++)
            tile->target[k * tile->rows + r] = -tile->target[k * tile->rows + r];
    }
}

static void fill_tile(struct ohm_tiles *t, struct tile *tile, const float *w, const float *sign)
{
    const struct ohm_tile_config *const c = &t->config;
    const size_t rows = (size_t)tile->rows, n = (size_t)tile->columns * rows;

    for (int k = 0; k < tile->columns; k++) {
        memcpy(tile->target + (size_t)k * rows,
               w + (size_t)(tile->first_column + k) * (size_t)t->inputs + (size_t)tile->first_row, rows * sizeof *w);
        tile->scale[k] = tile->alpha[k] = tile->gain[k] = 1;
    }
    if (c->scaling != OHM_SCALING_NONE)
        ohm_scale_weights(tile->target, tile->scale, tile->columns, tile->rows, c->omega,
                          c->scaling == OHM_SCALING_COLUMN);
    if (c->weight_slice_bits > 0)
        weight_slice(c, tile->target, tile->scale, tile->columns, tile->rows, tile->plane % (int)c->weight_slices);
    for (int k = 0; k < tile->columns && c->redundancy > 1; k++)
        tile->scale[k] /= (float)c->redundancy;
    if (sign)
        mirror(tile, sign);
    if (t->device) {
        memcpy(tile->programmed, tile->target, n * sizeof *w);
        memcpy(tile->now, tile->target, n * sizeof *w);
    }
    if (tile->packed_target)
        pack_weights(tile->packed_target, tile->target, tile->columns, tile->rows);
}

static void cut(struct ohm_tiles *t)
{
    for (int i = 0; i < t->count; i++) {
        struct tile *const tile = &t->tile[i];

        const int place = i / t->planes;

        tile->plane = i % t->planes;
        tile->rows = ohm_part(t->inputs, (int)t->config.rows, place % t->row_tiles, &tile->first_row);
        tile->columns = ohm_part(t->outputs, (int)t->config.columns, place / t->row_tiles, &tile->first_column);
        t->rows_most = tile->rows > t->rows_most ? tile->rows : t->rows_most;
        t->columns_most = tile->columns > t->columns_most ? tile->columns : t->columns_most;
    }
}

/* A level of the partial sums of an output: in the unit of its largest scale, which of slices is the highest one's, and
 * is shared between arrays that are averaged. */
static void set_partial_steps(struct ohm_tiles *t)
{
    const int levels = levels_of(t->config.partial_bits);
    const double range = (t->input_range > 0 ? (double)t->input_range : 1) * (double)t->config.redundancy;

    for (int i = 0; i < t->count && levels > 0; i++) {
        const struct tile *const tile = &t->tile[i];

        for (int k = 0; k < tile->columns; k++) {
            const float step = (float)(t->config.partial_bound * range * fabs((double)tile->scale[k]) / levels);
            float *const own = &t->step[tile->first_column + k];

            *own = step > *own ? step : *own;
        }
    }
}

static bool build(struct ohm_tiles *t, const struct ohm_tiles_spec *spec)
{
    struct builder b = {.t = t};
    const size_t n = (size_t)t->outputs * (size_t)t->inputs;

    t->row_tiles = ohm_parts(t->inputs, (int)t->config.rows);
    t->column_tiles = ohm_parts(t->outputs, (int)t->config.columns);
    t->planes = (int)(t->config.weight_slices * t->config.redundancy);
    t->count = t->row_tiles * t->column_tiles * t->planes;
    if (!(t->tile = get(&b, (size_t)t->count, sizeof *t->tile)))
        return false;
    cut(t);
    t->step = floats(&b, (size_t)t->outputs);
    if (counts_wanted(t)) {
        t->fold_scale = floats(&b, (size_t)t->outputs);
        t->fold_offset = floats(&b, (size_t)t->outputs);
    }
    if (t->exact) {
        t->w = floats(&b, n);
        t->now = floats(&b, n);
        t->whole = floats(&b, packed_floats(t->outputs, t->inputs));
    }
    for (int i = 0; i < t->count && !b.failed; i++)
        get_tile(&b, &t->tile[i]);
    if (b.failed)
        return false;
    for (int i = 0; i < t->count; i++)
        fill_tile(t, &t->tile[i], spec->w, spec->sign);
    if (t->exact)
        memcpy(t->w, spec->w, n * sizeof *t->w);
    if (counts_wanted(t))
        units_fold(t);
    set_partial_steps(t);
    return true;
}

enum ohm_status ohm_tiles_create(struct ohm_tiles **out, const struct ohm_tile_config *config,
                                 const struct ohm_tiles_spec *spec, struct ohm_error *err)
{
    struct ohm_tiles *t;
    enum ohm_status st;

    assert(spec->outputs >= 1 && spec->inputs >= 1);
    if ((st = ohm_tile_config_check(config, err)) != OHM_OK)
        return st;
    if ((int64_t)spec->outputs * spec->inputs > INT32_MAX)
        return ohm_fail(err, OHM_ECONFIG, "a matrix of %d x %d is larger than 2^31 weights", spec->outputs,
                        spec->inputs);
    if (!(t = ohm_alloc(1, sizeof *t)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    t->config = *config;
    t->device = device_is_ideal(spec->device) ? NULL : spec->device;
    t->outputs = spec->outputs;
    t->inputs = spec->inputs;
    t->input_range = (float)spec->input_range;
    t->exact = ohm_tile_config_exact(config);
    set_phases(t);
    set_pedestal(t, spec->device);
    if (!build(t, spec) || (st = tiles_settle(t, err)) != OHM_OK) {
        ohm_tiles_free(t);
        return ohm_fail(err, OHM_ENOMEM, "no memory for a matrix of %d x %d on tiles", spec->outputs, spec->inputs);
    }
    *out = t;
    return OHM_OK;
}

void ohm_tiles_free(struct ohm_tiles *tiles)
{
    if (tiles)
        ohm_arena_release(&tiles->arena);
    ohm_free(tiles);
}

int ohm_tiles_rows(const struct ohm_tiles *tiles)
{
    return tiles->row_tiles;
}

int ohm_tiles_count(const struct ohm_tiles *tiles)
{
    return tiles->count;
}

struct ohm_tile_view ohm_tiles_view(const struct ohm_tiles *tiles, int tile)
{
    const struct tile *const t = &tiles->tile[tile];

    return (struct ohm_tile_view){.first_row = t->first_row,
                                  .rows = t->rows,
                                  .first_column = t->first_column,
                                  .columns = t->columns,
                                  .scale = t->scale,
                                  .target = t->target,
                                  .programmed = t->programmed,
                                  .now = t->now,
                                  .alpha = t->alpha};
}
