/* chip.c - a chip as others see it: its options, and each call handed on to the chip's model. */
#include "chip_int.h"

#include "ohm/mem.h"

static const char *const read_modes[] = {"1-phase", "4-phase", NULL};
static const char *const schedules[] = {"serial", "pipelined", NULL};

const struct ohm_field ohm_chip_use_fields[] = {
    OHM_CHOICE(ohm_chip_use, read_mode, OHM_READ_4_PHASE, read_modes,
               "how a crossbar is read; every published accuracy is 4-phase"),
    OHM_CHOICE(ohm_chip_use, schedule, OHM_SCHEDULE_SERIAL, schedules,
               "one layer after the other, or all layers at work on successive images"),
    OHM_BOOL(ohm_chip_use, overlap, 0, "the next matrix-vector product runs during the digital part of the last"),
    OHM_BOOL(ohm_chip_use, replicate, 0, "copies of the slowest layers on the free cores (pipelined only)"),
    OHM_BOOL(ohm_chip_use, scale_energy_with_util, 0, "an array's energy shrinks with its empty cells"),
    OHM_FIELDS_END,
};

void ohm_chip_free(struct ohm_chip *chip)
{
    if (!chip)
        return;
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

int64_t ohm_chip_cores(const struct ohm_chip *chip)
{
    return chip->model->cores(chip->params);
}

void ohm_chip_tile(const struct ohm_chip *chip, int64_t *rows, int64_t *cols)
{
    chip->model->tile(chip->params, rows, cols);
}

void ohm_chip_peak(const struct ohm_chip *chip, int read_mode, struct ohm_chip_peak *peak)
{
    chip->model->peak(chip->params, read_mode, peak);
}

enum ohm_status ohm_cost_net(const struct ohm_chip *chip, const struct ohm_chip_use *use, const struct ohm_net *net,
                             struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err)
{
    return chip->model->cost_net(chip->params, use, net, cost, layers, err);
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
    return chip->model->map_net(chip->params, use, net, placements, cap, n, err);
}
