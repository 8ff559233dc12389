/* instance.c - an instance of the hardware: programming, what is fixed in the periphery, reading at a time. */
#include "analog_int.h"

#include "ohm/mem.h"
#include "ohm/parallel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { SLICES_MAX = 2 * OHM_PAIRS_MAX };

/* One pass over all tiles. */
struct pass {
    struct ohm_tiles *t;
    const struct ohm_rng *stream;    /* NULL: nothing is drawn, the targets are settled */
    const struct ohm_moment *moment; /* NULL: programming */
    enum ohm_isa isa;
    float *scratch;
    int workers;
};

static size_t weights_most(const struct ohm_tiles *t)
{
    return (size_t)t->rows_most * (size_t)t->columns_most;
}

static int slices_of(const struct ohm_tiles *t)
{
    return t->device ? ohm_converter_slices(&t->device->converter) : 0;
}

/* Memory of one worker: weights of one sign, conductances. The benches follow. */
static float *own_floats(const struct pass *p, int worker)
{
    const size_t n = (size_t)(1 + slices_of(p->t)) * weights_most(p->t);

    return p->scratch + (size_t)worker * n;
}

/* ---- weights for the products ---- */

/* Cells of one sign carry the pedestal, too; in a difference of both it is gone. */
static void select_weights(float *to, const struct tile *tile, int packing, float pedestal)
{
    const int plain = packing % PACK_ALL_NEG;
    const float *const factor = packing >= PACK_ALL_NEG ? tile->asymmetry : NULL;

    for (int i = 0; i < tile->columns * tile->rows; i++) {
        const float w = factor ? tile->now[i] * factor[i] : tile->now[i];

        to[i] = plain == PACK_ALL ? w : plain == PACK_PLUS ? (w > 0 ? w : 0) : w < 0 ? -w : 0;
        if (plain != PACK_ALL)
            to[i] += pedestal;
    }
}

static void pack_one(struct tile *tile, int k, float pedestal, float *room)
{
    const int n = tile->columns * tile->rows;

    select_weights(room, tile, k, pedestal);
    pack_weights(tile->packed[k], room, tile->columns, tile->rows);
    if (tile->absolute[k] && tile->absolute[k] != tile->packed[k]) {
        for (int i = 0; i < n; i++)
            room[i] = fabsf(room[i]) + 2 * pedestal;
        pack_weights(tile->absolute[k], room, tile->columns, tile->rows);
    }
    if (tile->ramped[k]) {
        select_weights(room, tile, k, pedestal);
        for (int i = 0; i < n; i++)
            room[i] *= tile->ramp[i % tile->rows];
        pack_weights(tile->ramped[k], room, tile->columns, tile->rows);
    }
}

static void pack_tile(const struct ohm_tiles *t, struct tile *tile, float *room)
{
    for (int i = 0; i < t->modes; i++) {
        const int k = t->phase[i].packing;

        if (k < PACK_ALL_NEG || tile->packed[k] != tile->packed[k % PACK_ALL_NEG])
            pack_one(tile, k, t->pedestal, room);
    }
}

/* ---- the periphery ---- */

/* Normal numbers for a spread, 0 where nothing is drawn. */
static void draw(const struct pass *p, float *z, size_t n, int tile, const char *what)
{
    struct ohm_rng named, own;

    memset(z, 0, n * sizeof *z);
    if (!p->stream)
        return;
    named = ohm_rng_named(p->stream, what);
    own = ohm_rng_child(&named, (uint64_t)tile);
    ohm_normals(z, n, &own, p->isa);
}

static void bend(const struct pass *p, struct tile *tile, int index)
{
    const struct ohm_tile_config *const c = &p->t->config;
    double sum = 0, slope;

    draw(p, tile->curve, (size_t)tile->columns, index, "non-linearity");
    for (int i = 0; i < tile->columns; i++) {
        const double z = (double)tile->curve[i];

        tile->curve[i] = (float)fabs(c->out_nonlinearity / c->adc_bound * (1 + c->out_nonlinearity_sd * z));
        sum += (double)tile->curve[i];
    }
    slope = 1 + (sum / tile->columns + c->r_series) * c->slope_calibration * c->adc_bound;
    for (int i = 0; i < tile->columns; i++)
        tile->slope[i] = c->slope_calibration > 0 ? (float)(slope * slope) : 1;
}

/* A gain is not 0, which was not measured of any: 4 deviations below the mean is the end. */
static void draw_counters(const struct pass *p, struct tile *tile, int index)
{
    static const char *const gains[] = {"gain plus", "gain minus"}, *const zeros[] = {"zero plus", "zero minus"};
    const float gain_sd = (float)p->t->config.adc_gain_sd, zero_sd = (float)p->t->config.adc_offset_sd;

    for (int k = 0; k < COUNTERS; k++) {
        float *const gain = tile->adc_gain[k], *const zero = tile->adc_zero[k];

        if (gain)
            draw(p, gain, (size_t)tile->columns, index, gains[k]);
        if (zero)
            draw(p, zero, (size_t)tile->columns, index, zeros[k]);
        for (int i = 0; i < tile->columns && gain; i++)
            gain[i] = 1 + gain_sd * fmaxf(gain[i], -3.9F);
        for (int i = 0; i < tile->columns && zero; i++)
            zero[i] = rintf(fabsf(zero_sd * zero[i]));
    }
}

static void draw_periphery(const struct pass *p, struct tile *tile, int index)
{
    const struct ohm_tile_config *const c = &p->t->config;
    const size_t columns = (size_t)tile->columns, n = columns * (size_t)tile->rows;

    if (tile->asymmetry) {
        draw(p, tile->asymmetry, n, index, "read asymmetry");
        for (size_t i = 0; i < n; i++)
            tile->asymmetry[i] = 1 + (float)c->read_asymmetry_sd * tile->asymmetry[i];
    }
    if (tile->v_offset) {
        draw(p, tile->v_offset, columns, index, "voltage offset");
        for (size_t i = 0; i < columns; i++)
            tile->v_offset[i] = tile->v_offset[i] > 0 ? (float)c->v_offset_sd * tile->v_offset[i] : 0;
    }
    if (tile->curve)
        bend(p, tile, index);
    if (tile->noise) {
        draw(p, tile->noise, columns, index, "output noise");
        for (size_t i = 0; i < columns; i++)
            tile->noise[i] = fabsf((float)c->out_noise * (1 + (float)c->out_noise_sd * tile->noise[i]));
    }
    draw_counters(p, tile, index);
}

/* ---- tiles ---- */

static void move_weights(const struct pass *p, struct tile *tile, int index, float *room)
{
    const struct ohm_rng named = ohm_rng_named(p->stream, "devices"), own = ohm_rng_child(&named, (uint64_t)index);
    const size_t n = (size_t)tile->columns * (size_t)tile->rows;
    float *g[SLICES_MAX];
    struct ohm_tile_state state = {.programmed = tile->programmed, .latent = tile->latent, .g = g, .n = n};

    for (int s = 0; s < slices_of(p->t); s++)
        g[s] = room + (size_t)s * weights_most(p->t);
    if (p->moment)
        ohm_tile_read(p->moment, &state, tile->now, &own);
    else {
        ohm_tile_program(p->t->device, &state, tile->target, &own);
        memcpy(tile->now, tile->programmed, n * sizeof *tile->now);
    }
}

static void reset_alpha(struct tile *tile)
{
    for (int i = 0; i < tile->columns; i++)
        tile->alpha[i] = 1;
}

static void measure(const struct pass *p, struct tile *tile, int index, int worker)
{
    const struct ohm_rng named = ohm_rng_named(p->stream, "compensation"), own = ohm_rng_child(&named, (uint64_t)index);
    float *const benches = own_floats(p, p->workers); /* behind that of the last worker */
    struct bench b = bench_of(p->t, benches, worker);

    if (p->moment)
        compensate(p->t, tile, &b, &own, p->isa);
    else
        compensate_begin(p->t, tile, &b, &own, p->isa);
}

static enum ohm_status run_tile(void *context, int index, int worker, struct ohm_error *err)
{
    const struct pass *const p = context;
    struct tile *const tile = &p->t->tile[index];
    float *const room = own_floats(p, worker);

    (void)err;
    if (p->t->device && p->stream)
        move_weights(p, tile, index, room + weights_most(p->t));
    if (!p->moment)
        draw_periphery(p, tile, index);
    pack_tile(p->t, tile, room);
    if (!p->moment)
        reset_alpha(tile);
    if (p->stream && p->t->config.compensation != OHM_COMPENSATE_NONE)
        measure(p, tile, index, worker);
    for (int i = 0; i < tile->columns; i++)
        tile->gain[i] = tile->scale[i] * tile->alpha[i];
    return OHM_OK;
}

/* Exact: the tiles' weights back in one matrix; without a device those that were given, or what slices made of them. */
static void join(struct ohm_tiles *t)
{
    const bool as_given = !t->device && t->config.weight_slice_bits == 0;

    memset(t->now, 0, (size_t)t->outputs * (size_t)t->inputs * sizeof *t->now);
    for (int k = 0; k < t->count; k++) {
        const struct tile *const tile = &t->tile[k];

        if (as_given && tile->plane > 0)
            continue;
        for (int c = 0; c < tile->columns; c++)
            for (int r = 0; r < tile->rows; r++) {
                const size_t at = (size_t)(tile->first_column + c) * (size_t)t->inputs + (size_t)(tile->first_row + r);
                const float w = as_given ? t->w[at] : tile->now[c * tile->rows + r] * tile->scale[c];

                t->now[at] += w * tile->alpha[c];
            }
    }
    pack_weights(t->whole, t->now, t->outputs, t->inputs);
}

static enum ohm_status run_pass(struct pass *p, int jobs, struct ohm_error *err)
{
    const size_t own = (size_t)(1 + slices_of(p->t)) * weights_most(p->t) + bench_floats(p->t);
    struct ohm_buffer room = {0};
    enum ohm_status st;

    p->workers = jobs < p->t->count ? jobs : p->t->count;
    if ((st = ohm_buffer_init(&room, own * (size_t)p->workers, err)) != OHM_OK)
        return st;
    p->scratch = room.data;
    st = ohm_parallel_for(p->workers, p->t->count, run_tile, p, err);
    if (p->t->exact)
        join(p->t);
    if (counts_wanted(p->t))
        units_settle(p->t);
    ohm_buffer_release(&room);
    return st;
}

enum ohm_status tiles_settle(struct ohm_tiles *t, struct ohm_error *err)
{
    struct pass p = {.t = t};

    return run_pass(&p, 1, err);
}

enum ohm_status ohm_tiles_program(struct ohm_tiles *tiles, const struct ohm_rng *stream, struct ohm_exec exec,
                                  struct ohm_error *err)
{
    struct pass p = {.t = tiles, .stream = stream, .isa = exec.isa};

    return run_pass(&p, exec.jobs, err);
}

enum ohm_status ohm_tiles_read(struct ohm_tiles *tiles, double t_s, const struct ohm_rng *stream, struct ohm_exec exec,
                               struct ohm_error *err)
{
    struct ohm_moment moment = {.t_s = t_s};
    struct pass p = {.t = tiles, .stream = stream, .moment = &moment, .isa = exec.isa};
    enum ohm_status st;

    if (tiles->device && (st = ohm_moment_init(&moment, tiles->device, t_s, err)) != OHM_OK)
        return st;
    return run_pass(&p, exec.jobs, err);
}
