/* periphery.c - what comes behind the ADC: counters with gains of their own, and the units that make outputs of counts.
 *
 * A conversion that counts with sign s goes to the counter of the sign of s y. So the plus counter has all positive
 * phases of a read in four phases and the minus counter all negative ones; a read in one phase is in one of the two.
 *
 * Between tiles of rows an INT8 travels, in the unit of the outputs: the first tile adds the offset, the last one has
 * the ReLU (Le Gallo et al., Nat. Electron. 2023: activation block of the local digital units and their links). */
#include "analog_int.h"
#include "half.h"

#include <math.h>
#include <string.h>

/* ---- conversion ---- */

bool convert(const struct conversion *by, float *y, float *const count[COUNTERS], int sign)
{
    const struct ohm_tile_config *const c = &by->t->config;
    const struct adc adc = {step_of(c->adc_bound, c->adc_bits), (float)c->adc_bound};
    const int n = by->n * by->width;
    const bool gains = by->tile->adc_gain[PLUS] != NULL;
    bool hit;

    if (gains)
        by->steps->gain(y, by->n, by->width, by->tile->adc_gain, (float)sign, false);
    hit = by->steps->adc(y, n, adc);
    if (count)
        by->steps->count_up(count, y, n, adc.step, (float)sign);
    if (gains && !by->counts_alone)
        by->steps->gain(y, by->n, by->width, by->tile->adc_gain, (float)sign, true);
    return hit;
}

/* ---- what the units are to give ---- */

void units_fold(struct ohm_tiles *t)
{
    const double range = t->input_range > 0 ? (double)t->input_range : 1;
    double most = 0;

    for (int i = 0; i < t->count; i++)
        for (int c = 0; c < t->tile[i].columns; c++)
            most = fmax(most, fabs((double)t->tile[i].scale[c]));
    for (int i = 0; i < t->outputs; i++) {
        t->fold_scale[i] = 1;
        t->fold_offset[i] = 0;
    }
    t->fold_bound = (float)(t->config.adc_bound * range * most);
}

void ohm_tiles_fold(struct ohm_tiles *tiles, const struct ohm_tiles_fold *fold)
{
    if (!counts_wanted(tiles))
        return;
    memcpy(tiles->fold_scale, fold->scale, (size_t)tiles->outputs * sizeof *fold->scale);
    memcpy(tiles->fold_offset, fold->offset, (size_t)tiles->outputs * sizeof *fold->offset);
    tiles->fold_relu = fold->relu;
    tiles->fold_bound = (float)fold->bound;
}

/* ---- the unit of the outputs ---- */

/* A column's factor from counts to outputs, of a tile; the fold's outputs in their own unit. */
static double factor_of(const struct ohm_tiles *t, const struct tile *tile, int c)
{
    const double range = t->input_range > 0 ? (double)t->input_range : 1;

    return (double)step_of(t->config.adc_bound, t->config.adc_bits) * range * (double)tile->gain[c] *
           (double)t->fold_scale[tile->first_column + c];
}

/* The smallest unit in which the factors of an output have codes. */
static double least_unit(const struct ohm_tiles *t, int output)
{
    const double most = 255.0 * 255.0 / (128.0 * 128.0); /* both scales of the fixed-point unit at their ends */
    double factor = 0;

    for (int i = 0; i < t->count; i++) {
        const struct tile *const tile = &t->tile[i];
        const int c = output - tile->first_column;

        for (int k = 0; k < COUNTERS && c >= 0 && c < tile->columns; k++)
            factor = fmax(factor, fabs(factor_of(t, tile, c)) / (tile->adc_gain[k] ? (double)tile->adc_gain[k][c] : 1));
    }
    return factor / most;
}

/* Mean square of what outputs of a quarter of the bound lose: those whose factor is cut short, and all by rounding. */
static double unit_loss(const struct ohm_tiles *t, double unit)
{
    const double size = (double)t->fold_bound / 4;
    double loss = 0;

    for (int i = 0; i < t->outputs; i++) {
        const double least = least_unit(t, i), share = least > unit ? 1 - unit / least : 0;

        loss += share * share * size * size + unit * unit / 12;
    }
    return loss;
}

/* The fixed-point unit has no factor above 3.97: where sums are small in counts, INT8 cannot be filled. Then the unit
 * is larger, unless that is for a few columns at the expense of all others. */
static double best_unit(const struct ohm_tiles *t)
{
    const double smallest = (double)t->fold_bound / 127;
    double best = smallest, loss = unit_loss(t, smallest);

    for (int k = 1; k <= 40; k++) { /* eight to an octave, up to 32 times as coarse */
        const double unit = smallest * exp2(k / 8.0), own = unit_loss(t, unit);

        if (own < loss) {
            best = unit;
            loss = own;
        }
    }
    return best;
}

/* ---- what a unit keeps ---- */

/* What is wanted of a column, and what is known of it. */
static struct ohm_nmpu_column wanted(const struct ohm_tiles *t, const struct tile *tile, int c)
{
    const int output = tile->first_column + c;
    const double unit = (double)t->fold_unit;
    const bool gains = tile->adc_gain[PLUS] != NULL, zeros = tile->adc_zero[PLUS] != NULL;

    return (struct ohm_nmpu_column){
        .gain_plus = gains ? (double)tile->adc_gain[PLUS][c] : 1,
        .gain_minus = gains ? (double)tile->adc_gain[MINUS][c] : 1,
        .zero_plus = zeros ? (double)tile->adc_zero[PLUS][c] : 0,
        .zero_minus = zeros ? (double)tile->adc_zero[MINUS][c] : 0,
        .scale = factor_of(t, tile, c) / unit,
        .offset = tile->first_row == 0 ? (double)t->fold_offset[output] / unit : 0,
    };
}

static void set_ldpu(const struct ldpu *u, int c, const struct ohm_nmpu_column *column)
{
    const double gain[COUNTERS] = {column->gain_plus, column->gain_minus};
    const double zero[COUNTERS] = {column->zero_plus, column->zero_minus};

    for (int k = 0; k < COUNTERS; k++) {
        u->scale[k][c] = half_of(1 / gain[k]);
        u->offset[k][c] = half_of(-zero[k] / gain[k]);
    }
    u->norm_scale[c] = half_of(column->scale);
    u->norm_offset[c] = half_of(column->offset);
}

static void set_nmpu(const struct nmpu *u, int c, const struct ohm_nmpu_codes *codes)
{
    u->scale[PLUS][c] = codes->scale_plus;
    u->scale[MINUS][c] = codes->scale_minus;
    u->offset[PLUS][c] = codes->offset_plus;
    u->offset[MINUS][c] = codes->offset_minus;
    u->norm_scale[c] = codes->norm_scale;
    u->norm_offset[c] = codes->norm_offset;
}

static void set_units(const struct ohm_tiles *t, struct tile *tile)
{
    for (int c = 0; c < tile->columns; c++) {
        const struct ohm_nmpu_column column = wanted(t, tile, c);
        struct ohm_nmpu_codes codes;

        if (tile->ldpu.norm_scale)
            set_ldpu(&tile->ldpu, c, &column);
        else {
            ohm_nmpu_fit(&codes, &t->config.nmpu, &column);
            set_nmpu(&tile->nmpu, c, &codes);
        }
    }
}

void units_settle(struct ohm_tiles *t)
{
    const bool fixed = t->config.periphery == OHM_TILE_NMPU;

    t->fold_unit = (float)(fixed ? best_unit(t) : (double)t->fold_bound / 127);
    for (int i = 0; i < t->count; i++)
        set_units(t, &t->tile[i]);
}

/* ---- vectors ---- */

void units_add(const struct conversion *by, float *y, size_t stride, float *const count[COUNTERS])
{
    const struct tile *const tile = by->tile;
    const struct link link = {.y = y,
                              .stride = stride,
                              .count = {count[PLUS], count[MINUS]},
                              .zero = {tile->adc_zero[PLUS], tile->adc_zero[MINUS]},
                              .n = by->n,
                              .width = by->width,
                              .relu = by->t->fold_relu && tile->first_row + tile->rows == by->t->inputs};

    if (tile->ldpu.norm_scale)
        by->steps->ldpu(&link, &tile->ldpu);
    else
        by->steps->nmpu(&link, &tile->nmpu, &by->t->config.nmpu);
}
