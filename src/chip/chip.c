/* chip.c - a chip as others see it: its options, and each call handed on to the chip's model. */
#include "chip_int.h"
#include "crossbar.h"

#include "ohm/mem.h"

#include <stdio.h>
#include <string.h>

static const char *const read_modes[] = {"1-phase", "4-phase", NULL};
static const char *const schedules[] = {"serial", "pipelined", NULL};
static const char *const peripheries[] = {"ldpu", "nmpu", NULL};
static const char *const bits[] = {"8", "6", "4", NULL};
static const char *const depthwise[] = {"unit", "cores", "array", NULL};
static const char *const matrices[] = {"array", "cores", NULL};

const struct ohm_field ohm_chip_use_fields[] = {
    OHM_CHOICE(ohm_chip_use, read_mode, OHM_READ_4_PHASE, read_modes,
               "how a crossbar is read; every published accuracy is 4-phase"),
    OHM_CHOICE(ohm_chip_use, schedule, OHM_SCHEDULE_SERIAL, schedules,
               "one layer after the other, or all layers at work on successive images"),
    OHM_BOOL(ohm_chip_use, overlap, 0, "the next matrix-vector product runs during the digital part of the last"),
    OHM_BOOL(ohm_chip_use, replicate, 0, "copies of the slowest layers on the free cores (pipelined only)"),
    OHM_BOOL(ohm_chip_use, scale_energy_with_util, 0, "an array's energy shrinks with its empty cells"),
    OHM_CHOICE(ohm_chip_use, periphery, OHM_PERIPHERY_LDPU, peripheries,
               "digital unit of a core: floating-point (LDPU) or fixed-point beside the columns (NMPU)"),
    OHM_BOOL(ohm_chip_use, static_by_cores, 0, "static power of the cores in use alone: others use the rest"),
    OHM_CHOICE(ohm_chip_use, bits, OHM_CHIP_8_BITS, bits, "of the converters (aon-cim)"),
    OHM_CHOICE(ohm_chip_use, depthwise, OHM_DEPTHWISE_UNIT, depthwise, "where depthwise layers run (imc-cluster)"),
    OHM_CHOICE(ohm_chip_use, matrices, OHM_MATRICES_ARRAY, matrices,
               "where the other layers with weights run (imc-cluster)"),
    OHM_LATER_INT(ohm_chip_use, redundancy, 1, 1, 64, "cores that hold the same weights, whose outputs are averaged"),
    OHM_FIELDS_END,
};

static const char *const part_names[OHM_COST_PARTS] = {"array", "digital", "depthwise", "cores", "static"};

const char *ohm_cost_part_name(int part)
{
    return part >= 0 && part < OHM_COST_PARTS ? part_names[part] : NULL;
}

void ohm_chip_free(struct ohm_chip *chip)
{
    if (!chip)
        return;
    for (int i = 0; i < CHIP_NUMBERS_MAX; i++) {
        ohm_free(chip->about[i].source);
        ohm_free(chip->about[i].fitted_to);
    }
    ohm_free(chip->params);
    ohm_free(chip->name);
    ohm_free(chip->source);
    ohm_free(chip);
}

const char *ohm_chip_name(const struct ohm_chip *chip)
{
    return chip->name;
}

uint64_t ohm_chip_hash(const struct ohm_chip *chip)
{
    return chip->hash;
}

const char *ohm_chip_source(const struct ohm_chip *chip)
{
    return chip->source;
}

const char *ohm_chip_model_of(const struct ohm_chip *chip)
{
    return chip->model->name;
}

int64_t ohm_chip_cores(const struct ohm_chip *chip)
{
    return chip->model->cores(chip->params);
}

void ohm_chip_tile(const struct ohm_chip *chip, int64_t *rows, int64_t *cols)
{
    chip->model->tile(chip->params, rows, cols);
}

/* ---- how it is used ---- */

static bool model_uses(const struct chip_model *model, const char *key)
{
    for (const char *const *k = model->uses; *k; k++)
        if (strcmp(*k, key) == 0)
            return true;
    return false;
}

void ohm_chip_settle(struct ohm_chip *chip)
{
    chip->model->derive(chip->params);
    chip->hash = ohm_chip_hash_numbers(chip);
    chip->use_mask = 0;
    for (uint32_t i = 0; ohm_chip_use_fields[i].kind != OHM_FIELD_END; i++)
        if (model_uses(chip->model, ohm_chip_use_fields[i].key))
            chip->use_mask |= UINT32_C(1) << i;
}

bool ohm_chip_uses(const struct ohm_chip *chip, const struct ohm_field *field)
{
    return model_uses(chip->model, field->key);
}

static enum ohm_status unread(const struct ohm_chip *chip, const char *key, struct ohm_error *err)
{
    char read[160] = "";

    for (const char *const *k = chip->model->uses; *k; k++) {
        const size_t n = strlen(read);

        snprintf(read + n, sizeof read - n, "%s%s", n ? ", " : "", *k);
    }
    return ohm_fail(err, OHM_ECONFIG, "chip %.40s (model %s) does not read '%s'; it reads %s", chip->name,
                    chip->model->name, key, *read ? read : "no option");
}

enum ohm_status ohm_chip_check_use(const struct ohm_chip *chip, const struct ohm_chip_use *use, struct ohm_error *err)
{
    for (uint32_t i = 0; ohm_chip_use_fields[i].kind != OHM_FIELD_END; i++)
        if (!(chip->use_mask >> i & 1) && !ohm_field_is_default(&ohm_chip_use_fields[i], use))
            return unread(chip, ohm_chip_use_fields[i].key, err);
    if (use->redundancy < 1)
        return ohm_fail(err, OHM_ECONFIG, "redundancy is %lld: a tile lies on one core at least",
                        (long long)use->redundancy);
    return chip->model->check_use ? chip->model->check_use(chip->params, use, err) : OHM_OK;
}

/* ---- what it does and costs ---- */

void ohm_chip_peak(const struct ohm_chip *chip, const struct ohm_chip_use *use, struct ohm_chip_peak *peak)
{
    chip->model->peak(chip->params, use, peak);
}

int32_t ohm_cost_rows(const struct ohm_chip *chip, const struct ohm_net *net)
{
    int32_t rows = 0;

    for (int32_t i = 0; i < net->layers; i++)
        rows += takes_crossbar(&net->layer[i]) || (chip->model->prices && chip->model->prices(&net->layer[i]));
    return rows;
}

enum ohm_status ohm_cost_net(const struct ohm_chip *chip, const struct ohm_chip_use *use, const struct ohm_net *net,
                             struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err)
{
    const enum ohm_status st = ohm_chip_check_use(chip, use, err);

    return st == OHM_OK ? chip->model->cost_net(chip->params, use, net, cost, layers, err) : st;
}

void ohm_cost_reason(struct ohm_str *s, const struct ohm_chip *chip, const struct ohm_cost *cost)
{
    const char *const core = chip->model->core;
    const long long cores = (long long)ohm_chip_cores(chip);
    int64_t rows, cols;

    if (cost->fits)
        return;
    ohm_chip_tile(chip, &rows, &cols);
    ohm_str_printf(s, "it takes %lld %ss of %lld x %lld and a chip has %lld: %lld too many, %d chips hold it",
                   (long long)cost->cores_single, core, (long long)rows, (long long)cols, cores,
                   (long long)cost->cores_over, cost->chips);
}

/* No size may be so large that a product or a sum of products leaves int64_t. */
static bool is_priceable(const struct ohm_matrix *x)
{
    if (x->rows < 1 || x->cols < 1 || x->positions < 1 || x->rows > INT32_MAX || x->cols > INT32_MAX)
        return false;
    return x->positions <= OHM_NET_LAYER_MACS_MAX / (x->rows * x->cols);
}

enum ohm_status ohm_cost_matrices(const struct ohm_chip *chip, const struct ohm_chip_use *use,
                                  const struct ohm_matrix *matrix, int n, struct ohm_cost *cost,
                                  struct ohm_cost_layer *layers, struct ohm_error *err)
{
    enum ohm_status st;

    if ((st = ohm_chip_check_use(chip, use, err)) != OHM_OK)
        return st;
    if (n < 1 || n > OHM_NET_LAYERS_MAX)
        return ohm_fail(err, OHM_ERANGE, "%d matrices to price, outside [1, %d]", n, OHM_NET_LAYERS_MAX);
    for (int i = 0; i < n; i++)
        if (!is_priceable(&matrix[i]))
            return ohm_fail(err, OHM_ERANGE,
                            "matrix %d is %lld x %lld, applied %lld times: sizes start at 1, their product ends at "
                            "%lld",
                            i, (long long)matrix[i].rows, (long long)matrix[i].cols, (long long)matrix[i].positions,
                            (long long)OHM_NET_LAYER_MACS_MAX);
    return chip->model->cost_matrices(chip->params, use, matrix, n, cost, layers, err);
}

enum ohm_status ohm_map_net(const struct ohm_chip *chip, const struct ohm_chip_use *use, const struct ohm_net *net,
                            struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err)
{
    const enum ohm_status st = ohm_chip_check_use(chip, use, err);

    return st == OHM_OK ? chip->model->map_net(chip->params, use, net, placements, cap, n, err) : st;
}
