/* chip_parameter.c - the parameters of chips that can be searched, and what goes with each of them. A size is scaled
 * with all that it carries along, so that no search finds a large array at the price of a small one. */
#include "chip_axes_int.h"

#include <stddef.h>
#include <string.h>

static enum ohm_status number(const struct ohm_chip *chip, const char *key, int *i, double *value,
                              struct ohm_error *err)
{
    struct ohm_chip_number n;
    const enum ohm_status st = ohm_chip_find(chip, key, i, err);

    if (st == OHM_OK && ohm_chip_number(chip, *i, &n))
        *value = n.value;
    return st;
}

/* Multiplies a number of the chip. */
static enum ohm_status scale(struct ohm_chip *chip, const char *key, double factor, struct ohm_error *err)
{
    double value = 0;
    int i = 0;
    const enum ohm_status st = number(chip, key, &i, &value, err);

    return st == OHM_OK ? ohm_chip_put(chip, i, value * factor, err) : st;
}

/* Puts a number and says by how much it has grown. */
static enum ohm_status put(struct ohm_chip *chip, const char *key, double value, double *growth, struct ohm_error *err)
{
    double before = 1;
    int i = 0;
    enum ohm_status st = number(chip, key, &i, &before, err);

    if (st == OHM_OK && (st = ohm_chip_put(chip, i, value, err)) == OHM_OK)
        *growth = value / before;
    return st;
}

/* Adds to a number of the chip. */
static enum ohm_status add(struct ohm_chip *chip, const char *key, double more, struct ohm_error *err)
{
    double value = 0;
    int i = 0;
    const enum ohm_status st = number(chip, key, &i, &value, err);

    return st == OHM_OK ? ohm_chip_put(chip, i, value + more, err) : st;
}

/* A product of the whole core costs `energy` times as much, its crossbar and converters have `mvm` times the area, its
 * digital unit `digital` times; the chip grows by what its cores do. */
static enum ohm_status grow_core(struct ohm_chip *chip, double energy, double mvm, double digital,
                                 struct ohm_error *err)
{
    double mvm_mm2 = 0, core_mm2 = 0, cores = 0, more;
    int i;
    enum ohm_status st;

    if ((st = scale(chip, "energy.core_1_phase_nJ", energy, err)) != OHM_OK ||
        (st = scale(chip, "energy.core_4_phase_nJ", energy, err)) != OHM_OK ||
        (st = number(chip, "area.core_mvm_mm2", &i, &mvm_mm2, err)) != OHM_OK ||
        (st = number(chip, "area.core_mm2", &i, &core_mm2, err)) != OHM_OK ||
        (st = number(chip, "array.cores", &i, &cores, err)) != OHM_OK)
        return st;
    more = mvm_mm2 * (mvm - 1) + (core_mm2 - mvm_mm2) * (digital - 1);
    if ((st = add(chip, "area.core_mvm_mm2", mvm_mm2 * (mvm - 1), err)) == OHM_OK &&
        (st = add(chip, "area.core_mm2", more, err)) == OHM_OK)
        st = add(chip, "area.chip_mm2", cores * more, err);
    return st;
}

/* Energy of a column: one conversion, and each cell. The split is that of searchspaces/chips/aon-cim.yaml (derived
 * there from Table I of Le Gallo et al.); only the ratio matters here. No split of the area is published: it goes with
 * the cells, which makes tall tiles too large, since their converters do not grow. */
static enum ohm_status put_rows(struct ohm_chip *chip, double value, struct ohm_error *err)
{
    static const double conversion_pJ = 19.42, cell_pJ = 0.1292;
    double growth = 1, before, energy;
    const enum ohm_status st = put(chip, "array.rows", value, &growth, err);

    if (st != OHM_OK)
        return st;
    before = value / growth;
    energy = (conversion_pJ + value * cell_pJ) / (conversion_pJ + before * cell_pJ);
    return grow_core(chip, energy, growth, 1, err);
}

/* Columns have their own converters, and the digital unit goes with them. */
static enum ohm_status put_cols(struct ohm_chip *chip, double value, struct ohm_error *err)
{
    double growth = 1;
    const enum ohm_status st = put(chip, "array.cols", value, &growth, err);

    return st == OHM_OK ? grow_core(chip, growth, growth, growth, err) : st;
}

/* Design default: static power, area and global digital units are shared out evenly over the cores of the file. */
static enum ohm_status put_cores(struct ohm_chip *chip, double value, struct ohm_error *err)
{
    double growth = 1;
    enum ohm_status st = put(chip, "array.cores", value, &growth, err);

    if (st == OHM_OK && (st = scale(chip, "energy.static_per_chip_mW", growth, err)) == OHM_OK &&
        (st = scale(chip, "area.chip_mm2", growth, err)) == OHM_OK)
        st = scale(chip, "area.gdpu_mm2", growth, err);
    return st;
}

static enum ohm_status put_tiles(struct ohm_chip *chip, double value, struct ohm_error *err)
{
    double growth;

    return put(chip, "array.tiles", value, &growth, err);
}

/* At equal voltage a clock's power goes with its frequency. A faster clock than that of the file is known of no chip.
 */
static enum ohm_status put_clock(struct ohm_chip *chip, double value, struct ohm_error *err)
{
    double growth = 1;
    enum ohm_status st = put(chip, "digital.clock_MHz", value, &growth, err);

    if (st == OHM_OK && growth > 1)
        return ohm_fail(err, OHM_ERANGE, "clock_MHz is %g, above the %g that the chip's file states", value,
                        value / growth);
    return st == OHM_OK ? scale(chip, "energy.clock_per_core_mW", growth, err) : st;
}

static const struct parameter table[] = {
    {{"read_mode", NULL, OHM_EFFECT_ACCURACY, "fewer phases add the noise of fewer conversions"}, NULL},
    {{"bits", NULL, OHM_EFFECT_ACCURACY, "converters of fewer bits round more"}, NULL},
    {{"depthwise", NULL, OHM_EFFECT_ACCURACY, "depthwise layers have the noise of arrays on these alone"}, NULL},
    {{"matrices", NULL, OHM_EFFECT_ACCURACY, "layers have the noise of arrays on these alone"}, NULL},
    {{"rows", "multicore", OHM_EFFECT_ACCURACY, "fewer tiles of rows add the noise of fewer conversions"}, put_rows},
    {{"cols", "multicore", OHM_EFFECT_ACCURACY, "the largest weight of a tile is that of other columns"}, put_cols},
    {{"schedule", NULL, OHM_EFFECT_COST, "the same products in another order"}, NULL},
    {{"overlap", NULL, OHM_EFFECT_COST, "the same products, some of them earlier"}, NULL},
    {{"replicate", NULL, OHM_EFFECT_COST, "copies of slow layers, with schedule pipelined"}, NULL},
    {{"periphery", NULL, OHM_EFFECT_COST, "accuracy within 0.3 points, as measured (docs/co-search.md)"}, NULL},
    {{"scale_energy_with_util", NULL, OHM_EFFECT_COUNTING, "it says how energy is counted, not how a chip is built"},
     NULL},
    {{"static_by_cores", NULL, OHM_EFFECT_COUNTING, "it says whose the static power is, not how a chip is built"},
     NULL},
    {{"clock_MHz", "multicore", OHM_EFFECT_COST, "of the digital units; the power of their clock goes with it"},
     put_clock},
    {{"cores", "multicore", OHM_EFFECT_COST, "of one chip; its static power and area go with them"}, put_cores},
    {{"tiles", "mesh", OHM_EFFECT_COST, "of one chip, whose file has neither static power nor area"}, put_tiles},
};

const struct parameter *parameter_at(int i)
{
    return i >= 0 && i < (int)(sizeof table / sizeof table[0]) ? &table[i] : NULL;
}

const struct ohm_chip_parameter *ohm_chip_parameter(int i)
{
    const struct parameter *const p = parameter_at(i);

    return p ? &p->shown : NULL;
}

enum ohm_status ohm_chip_put_size(struct ohm_chip *chip, const char *key, const char *text, struct ohm_error *err)
{
    const struct parameter *p;
    double value;

    for (int i = 0; (p = parameter_at(i)) != NULL; i++) {
        if (strcmp(p->shown.key, key) != 0 || !p->put || strcmp(p->shown.model, ohm_chip_model_of(chip)) != 0)
            continue;
        if (!ohm_parse_double(text, &value) || !(value > 0))
            return ohm_fail(err, OHM_ECONFIG, "%s is '%.40s', not a number above 0", key, text);
        return p->put(chip, value, err);
    }
    return OHM_ENOTFOUND;
}
