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

enum { COUNT_MOST = 4095 }; /* counters of 12 bits */

/* ---- conversion ---- */

static void gain(const struct tile *tile, float *y, int n, int sign, bool back)
{
    const float *const plus = tile->adc_gain[PLUS], *const minus = tile->adc_gain[MINUS];

    for (int c = 0; c < n; c++) {
        const float own = (float)sign * y[c] < 0 ? minus[c] : plus[c];

        y[c] = back ? y[c] / own : y[c] * own;
    }
}

/* y is a whole number of steps, as nearly as a float can be. Adding and taking away 1.5 2^23 rounds. */
static void count_up(float *const count[COUNTERS], const float *y, int n, float step, int sign)
{
    const float inverse = 1 / step, whole = 12582912.0F;

    for (int c = 0; c < n; c++) {
        const float k = ((float)sign * y[c] * inverse + whole) - whole;

        count[PLUS][c] += k > 0 ? k : 0;
        count[MINUS][c] += k < 0 ? -k : 0;
    }
}

bool convert(const struct ohm_tiles *t, const struct tile *tile, const struct steps *steps, float *y,
             float *const count[COUNTERS], int sign)
{
    const struct ohm_tile_config *const c = &t->config;
    const struct adc adc = {step_of(c->adc_bound, c->adc_bits), (float)c->adc_bound};
    const bool gains = tile->adc_gain[PLUS] != NULL;
    bool hit;

    if (gains)
        gain(tile, y, tile->columns, sign, false);
    hit = steps->adc(y, tile->columns, adc);
    if (counts_wanted(t))
        count_up(count, y, tile->columns, adc.step, sign);
    if (gains)
        gain(tile, y, tile->columns, sign, true);
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

static struct ldpu ldpu_of(const struct ohm_nmpu_column *c)
{
    return (struct ldpu){.scale = {half_of(1 / c->gain_plus), half_of(1 / c->gain_minus)},
                         .offset = {half_of(-c->zero_plus / c->gain_plus), half_of(-c->zero_minus / c->gain_minus)},
                         .norm_scale = half_of(c->scale),
                         .norm_offset = half_of(c->offset)};
}

static void set_units(const struct ohm_tiles *t, struct tile *tile)
{
    for (int c = 0; c < tile->columns; c++) {
        const struct ohm_nmpu_column column = wanted(t, tile, c);

        if (tile->ldpu)
            tile->ldpu[c] = ldpu_of(&column);
        else
            ohm_nmpu_fit(&tile->codes[c], &t->config.nmpu, &column);
    }
}

void units_settle(struct ohm_tiles *t)
{
    const bool fixed = t->config.periphery == OHM_TILE_NMPU;

    t->fold_unit = (float)(fixed ? best_unit(t) : (double)t->fold_bound / 127);
    for (int i = 0; i < t->count; i++)
        set_units(t, &t->tile[i]);
}

/* ---- a vector ---- */

static double held_int8(double x)
{
    return x > 127 ? 127 : x > -128 ? x : -128;
}

/* To the nearest whole number, halves to even, for |x| < 2^22: what is held to INT8 first is. */
static double round_even(double x)
{
    return (x + 6755399441055744.0) - 6755399441055744.0; /* 1.5 2^52 */
}

/* Two multiply-adds, P - N, the affine map and the INT8 from the link, each rounded to binary16. */
static double ldpu_output(const struct ldpu *u, double plus, double minus, double link)
{
    const double p = half_of(half_of(plus) * u->scale[PLUS] + u->offset[PLUS]);
    const double n = half_of(half_of(minus) * u->scale[MINUS] + u->offset[MINUS]);
    const double z = half_of(half_of(p - n) * u->norm_scale + u->norm_offset);

    return round_even(held_int8(half_of(z + link)));
}

static float counted(const float *count, const float *zero, int c)
{
    const float all = count[c] + (zero ? zero[c] : 0);

    return all < COUNT_MOST ? all : COUNT_MOST;
}

void units_add(const struct ohm_tiles *t, const struct tile *tile, float *y, float *const count[COUNTERS])
{
    const bool relu = t->fold_relu && tile->first_row + tile->rows == t->inputs;

    for (int c = 0; c < tile->columns; c++) {
        float *const own = &y[tile->first_column + c];
        const float plus = counted(count[PLUS], tile->adc_zero[PLUS], c);
        const float minus = counted(count[MINUS], tile->adc_zero[MINUS], c);
        double q;

        if (tile->ldpu)
            q = ldpu_output(&tile->ldpu[c], (double)plus, (double)minus, (double)*own);
        else
            q = held_int8((double)*own + ohm_nmpu_output(&t->config.nmpu, &tile->codes[c], (int)plus, (int)minus));
        *own = (float)(relu && q < 0 ? 0 : q);
    }
}
