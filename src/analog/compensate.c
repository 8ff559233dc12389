/* compensate.c - what a reading of the tile says about drift, and the factor that takes it back. */
#include "analog_int.h"

#include <math.h>
#include <string.h>

/* aihwkit's least reading: a tile of zeros is not blown up. */
#define READING_LEAST 1e-4

/* Random signs that every tile is read with. More would average more noise; with 64 the factor of a 256 x 256 tile with
 * 8-bit converters is good to 0.1 %. */
enum { SIGN_VECTORS = BLOCK };

/* Mean of |y| over all inputs alone at 1: over inputs, in reading[]. Returns the mean over outputs, too. */
static double read_one_hot(const struct ohm_tiles *t, struct tile *tile, struct bench *b, const struct ohm_rng *stream,
                           enum ohm_isa isa)
{
    double all = 0;

    memset(tile->reading, 0, (size_t)tile->columns * sizeof *tile->reading);
    for (int at = 0; at < tile->rows; at += BLOCK) {
        const int n = tile->rows - at < BLOCK ? tile->rows - at : BLOCK;

        memset(b->x, 0, (size_t)n * (size_t)tile->rows * sizeof *b->x);
        for (int i = 0; i < n; i++)
            b->x[i * tile->rows + at + i] = 1;
        tile_forward(t, tile, b, n, (uint64_t)at, stream, isa);
        for (int i = 0; i < n; i++)
            for (int c = 0; c < tile->columns; c++)
                tile->reading[c] += fabs((double)b->out[i * tile->columns + c]);
    }
    for (int c = 0; c < tile->columns; c++) {
        tile->reading[c] /= tile->rows;
        all += tile->reading[c];
        tile->reading[c] = fmax(tile->reading[c], READING_LEAST);
    }
    return fmax(all / tile->columns, READING_LEAST);
}

/* ---- signs ---- */

static void fill_signs(const struct tile *tile, float *x, float height)
{
    const struct ohm_rng root = ohm_rng_seed(0);
    struct ohm_rng rng = ohm_rng_named(&root, "compensation signs");

    for (int i = 0; i < SIGN_VECTORS * tile->rows; i += 32) {
        const uint32_t bits = ohm_rng_u32(&rng);

        for (int k = 0; k < 32 && i + k < SIGN_VECTORS * tile->rows; k++)
            x[i + k] = (bits >> k & 1) != 0 ? height : -height;
    }
}

static float largest_column_sum(const struct tile *tile)
{
    float most = 0;

    for (int c = 0; c < tile->columns; c++) {
        float sum = 0;

        for (int r = 0; r < tile->rows; r++)
            sum += fabsf(tile->target[c * tile->rows + r]);
        most = sum > most ? sum : most;
    }
    return most;
}

/* As large as leaves the outputs within half of the ADC's bound, on a level of the DAC. */
static float sign_height(const struct ohm_tiles *t, const struct tile *tile, const float *p, enum ohm_isa isa)
{
    const struct ohm_tile_config *const c = &t->config;
    const float phase = t->digital && t->modes > 1 ? largest_column_sum(tile) / (float)t->modes : 0;
    const float sum = steps_of(isa)->largest(p, SIGN_VECTORS * tile->columns, 0), most = sum > phase ? sum : phase;
    const int levels = levels_of(c->dac_bits);
    const double bound = c->dac_bound > 0 ? c->dac_bound : 1;
    double height = bound;

    if (c->adc_bound > 0 && (double)most * height > 0.5 * c->adc_bound)
        height = 0.5 * c->adc_bound / (double)most;
    if (levels > 0)
        height = fmax(floor(height / bound * levels), 1) / levels * bound;
    return (float)height;
}

/* Regression of what is read on what the targets would give: reading = sum p y, expected = sum p p. */
static void read_signs(const struct ohm_tiles *t, struct tile *tile, struct bench *b, const struct ohm_rng *stream,
                       enum ohm_isa isa)
{
    const int columns = tile->columns;

    fill_signs(tile, b->x, 1);
    product(b->sum, b->x, tile->packed_target, SIGN_VECTORS, columns, tile->rows, b->conv, isa);
    fill_signs(tile, b->x, sign_height(t, tile, b->sum, isa));
    tile_forward(t, tile, b, SIGN_VECTORS, 0, stream, isa);
    product(b->sum, b->x, tile->packed_target, SIGN_VECTORS, columns, tile->rows, b->conv, isa);
    memset(tile->reading, 0, (size_t)columns * sizeof *tile->reading);
    memset(tile->expected, 0, (size_t)columns * sizeof *tile->expected);
    for (int i = 0; i < SIGN_VECTORS * columns; i++) {
        tile->reading[i % columns] += (double)b->sum[i] * (double)b->out[i];
        tile->expected[i % columns] += (double)b->sum[i] * (double)b->sum[i];
    }
}

static float factor(double expected, double reading)
{
    return expected > 0 ? (float)(expected / fmax(reading, READING_LEAST * expected)) : 1;
}

static void set_from_signs(struct tile *tile, bool by_column)
{
    double expected = 0, reading = 0;

    for (int c = 0; c < tile->columns; c++) {
        expected += tile->expected[c];
        reading += tile->reading[c];
    }
    for (int c = 0; c < tile->columns; c++)
        tile->alpha[c] = by_column ? factor(tile->expected[c], tile->reading[c]) : factor(expected, reading);
}

/* ---- both ---- */

static bool is_one_hot(const struct ohm_tiles *t)
{
    return t->config.compensation == OHM_COMPENSATE_ONE_HOT || t->config.compensation == OHM_COMPENSATE_ONE_HOT_COLUMN;
}

void compensate_begin(const struct ohm_tiles *t, struct tile *tile, struct bench *b, const struct ohm_rng *stream,
                      enum ohm_isa isa)
{
    if (!is_one_hot(t)) { /* needs no baseline: it compares with the targets */
        compensate(t, tile, b, stream, isa);
        return;
    }
    tile->baseline = read_one_hot(t, tile, b, stream, isa);
    memcpy(tile->baselines, tile->reading, (size_t)tile->columns * sizeof *tile->baselines);
}

void compensate(const struct ohm_tiles *t, struct tile *tile, struct bench *b, const struct ohm_rng *stream,
                enum ohm_isa isa)
{
    const bool by_column = t->config.compensation == OHM_COMPENSATE_ONE_HOT_COLUMN;
    double all;

    if (!is_one_hot(t)) {
        read_signs(t, tile, b, stream, isa);
        set_from_signs(tile, t->config.compensation == OHM_COMPENSATE_UNBIASED_COLUMN);
        return;
    }
    all = read_one_hot(t, tile, b, stream, isa);
    for (int c = 0; c < tile->columns; c++)
        tile->alpha[c] = (float)(by_column ? tile->baselines[c] / tile->reading[c] : tile->baseline / all);
}
