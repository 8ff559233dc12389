/* nmpu.c - counts to outputs in whole numbers, and the codes for it. */
#include "ohm/nmpu.h"

#include <assert.h>
#include <math.h>

static const char *const rounding_names[] = {"half_up", "truncate", NULL};

/* Design defaults, see nmpu.h. 21 bits hold every sum but those within 0.4 % of the largest. */
const struct ohm_field ohm_nmpu_fields[] = {
    OHM_CHOICE(ohm_nmpu_config, rounding, OHM_NMPU_HALF_UP, rounding_names, "to whole numbers"),
    OHM_INT(ohm_nmpu_config, guard_bits, 3, 0, 7, "fraction bits between the branches and the batch norm"),
    OHM_INT(ohm_nmpu_config, branch_bits, 21, 8, 32, "width of a branch, with sign"),
    OHM_FIELDS_END,
};

enum { SCALE_BITS = 7, OFFSET_BITS = 1 }; /* of fractions */

/* value / 2^bits, down or to the nearest. ~v is -v - 1 and not negative where v is. */
static int64_t shifted(int64_t value, int64_t bits, int rounding)
{
    const int64_t unit = (int64_t)1 << bits, up = rounding == OHM_NMPU_HALF_UP ? unit / 2 : 0, sum = value + up;

    return sum >= 0 ? sum >> bits : ~(~sum >> bits);
}

static int64_t held(int64_t value, int64_t bits)
{
    const int64_t most = ((int64_t)1 << (bits - 1)) - 1;

    return value > most ? most : value < -most - 1 ? -most - 1 : value;
}

static int64_t branch(const struct ohm_nmpu_config *c, int count, int scale, int offset)
{
    return held((int64_t)count * scale + (int64_t)offset * (1 << (SCALE_BITS - OFFSET_BITS)), c->branch_bits);
}

int8_t ohm_nmpu_output(const struct ohm_nmpu_config *config, const struct ohm_nmpu_codes *codes, int plus, int minus)
{
    const int64_t difference = branch(config, plus, codes->scale_plus, codes->offset_plus) -
                               branch(config, minus, codes->scale_minus, codes->offset_minus);
    const int64_t y = shifted(difference, SCALE_BITS - config->guard_bits, config->rounding);
    const int64_t fraction = config->guard_bits + SCALE_BITS;
    const int64_t z = y * codes->norm_scale + (int64_t)codes->norm_offset * ((int64_t)1 << (fraction - OFFSET_BITS));
    const int64_t q = held(shifted(z, fraction, config->rounding), 8);

    assert(plus >= 0 && minus >= 0);
    return (int8_t)(codes->relu && q < 0 ? 0 : q);
}

void ohm_nmpu_outputs(int8_t *out, const struct ohm_nmpu_config *config, const struct ohm_nmpu_codes *codes,
                      const uint16_t *plus, const uint16_t *minus, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = ohm_nmpu_output(config, &codes[i], plus[i], minus[i]);
}

/* ---- calibration ---- */

struct code_range {
    const char *what;
    double unit, low, high;
};
static const struct code_range scale_range = {"scale", 128, 0, 255}, offset_range = {"offset", 2, -128, 127};

static enum ohm_status encode(int *code, double value, const struct code_range *range, const char *of, int column,
                              struct ohm_error *err)
{
    const double wanted = nearbyint(value * range->unit);

    if (!(wanted >= range->low && wanted <= range->high))
        return ohm_fail(err, OHM_ERANGE, "column %d: %s %s of %g has no code, those are [%g, %g]", column, of,
                        range->what, value, range->low / range->unit, range->high / range->unit);
    *code = (int)wanted;
    return OHM_OK;
}

static enum ohm_status encode_column(struct ohm_nmpu_codes *out, const struct ohm_nmpu_column *c, double power,
                                     int column, struct ohm_error *err)
{
    const double plus = 1 / (c->gain_plus * power), minus = 1 / (c->gain_minus * power);
    int scale[2] = {0}, offset[2] = {0}, norm_scale = 0, norm_offset = 0;
    enum ohm_status st;

    if ((st = encode(&scale[0], plus, &scale_range, "positive", column, err)) != OHM_OK ||
        (st = encode(&scale[1], minus, &scale_range, "negative", column, err)) != OHM_OK ||
        (st = encode(&offset[0], -c->zero_plus * plus, &offset_range, "positive", column, err)) != OHM_OK ||
        (st = encode(&offset[1], -c->zero_minus * minus, &offset_range, "negative", column, err)) != OHM_OK ||
        (st = encode(&norm_scale, c->scale * power, &scale_range, "batch norm's", column, err)) != OHM_OK ||
        (st = encode(&norm_offset, c->offset, &offset_range, "batch norm's", column, err)) != OHM_OK)
        return st;
    if (out)
        *out = (struct ohm_nmpu_codes){(uint8_t)scale[0],
                                       (uint8_t)scale[1],
                                       (int8_t)offset[0],
                                       (int8_t)offset[1],
                                       (uint8_t)norm_scale,
                                       (int8_t)norm_offset,
                                       c->relu};
    return OHM_OK;
}

/* The smallest power of two over which the largest inverse gain is a code. */
static double power_of(const struct ohm_nmpu_column *columns, int n)
{
    double least = INFINITY;
    int exponent = 0;

    for (int i = 0; i < n; i++)
        least = fmin(least, fmin(columns[i].gain_plus, columns[i].gain_minus));
    while (exponent < 60 && nearbyint(128 / (least * ldexp(1, exponent))) > 255)
        exponent++;
    while (exponent > -60 && nearbyint(128 / (least * ldexp(1, exponent - 1))) <= 255)
        exponent--;
    return ldexp(1, exponent);
}

enum ohm_status ohm_nmpu_calibrate(struct ohm_nmpu_codes *codes, const struct ohm_nmpu_column *columns, int n,
                                   struct ohm_error *err)
{
    double power;
    enum ohm_status st;

    for (int i = 0; i < n; i++)
        if (!(columns[i].gain_plus > 0 && columns[i].gain_minus > 0))
            return ohm_fail(err, OHM_ERANGE, "column %d: gains are %g and %g, they have to be above 0", i,
                            columns[i].gain_plus, columns[i].gain_minus);
    power = power_of(columns, n);
    for (int i = 0; i < n; i++)
        if ((st = encode_column(NULL, &columns[i], power, i, err)) != OHM_OK)
            return st;
    for (int i = 0; i < n; i++)
        (void)encode_column(&codes[i], &columns[i], power, i, NULL);
    return OHM_OK;
}

/* ---- the nearest codes ---- */

static int nearest(double value, double unit, int low, int high)
{
    const double wanted = nearbyint(value * unit);

    return wanted >= high ? high : wanted > low ? (int)wanted : low;
}

/* Mean square of what an output of 32 is off, in outputs: both scales, and the rounding to guard bits. */
static double scale_error(const struct ohm_nmpu_config *config, double plus, double minus, const int scale[2], int norm)
{
    const double p = scale[0] * norm / (128.0 * 128.0), n = scale[1] * norm / (128.0 * 128.0);
    const double off_p = plus > 0 ? 32 * (p / plus - 1) : 0, off_n = minus > 0 ? 32 * (n / minus - 1) : 0;
    const double guard = ldexp(norm / 128.0, -(int)config->guard_bits);

    return (off_p * off_p + off_n * off_n) / 2 + guard * guard / 12;
}

static void fit_scales(struct ohm_nmpu_codes *codes, const struct ohm_nmpu_config *config,
                       const struct ohm_nmpu_column *c)
{
    const double plus = c->scale / c->gain_plus, minus = c->scale / c->gain_minus;
    double least = INFINITY;

    for (int norm = 1; norm <= 255; norm++) {
        const int scale[2] = {nearest(plus * 128 / norm, 128, 0, 255), nearest(minus * 128 / norm, 128, 0, 255)};
        const double error = scale_error(config, plus, minus, scale, norm);

        if (!(error < least))
            continue;
        least = error;
        codes->scale_plus = (uint8_t)scale[0];
        codes->scale_minus = (uint8_t)scale[1];
        codes->norm_scale = (uint8_t)norm;
    }
}

void ohm_nmpu_fit(struct ohm_nmpu_codes *codes, const struct ohm_nmpu_config *config,
                  const struct ohm_nmpu_column *column)
{
    double plus, minus, rest;

    *codes = (struct ohm_nmpu_codes){.relu = column->relu};
    fit_scales(codes, config, column);
    codes->norm_offset = (int8_t)nearest(column->offset, 2, -128, 127);
    rest = (column->offset - codes->norm_offset / 2.0) * 128 / codes->norm_scale;
    plus = -column->zero_plus * codes->scale_plus / 128;
    minus = -column->zero_minus * codes->scale_minus / 128;
    codes->offset_plus = (int8_t)nearest(plus + rest, 2, -128, 127);
    rest += plus - codes->offset_plus / 2.0;
    codes->offset_minus = (int8_t)nearest(minus - rest, 2, -128, 127);
}
