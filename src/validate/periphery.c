/* periphery.c - batch norms and ReLUs in the digital units of the chip, and what an INT8 of each layer stands for.
 *
 * A batch norm that alone reads a matrix, and a ReLU that alone reads that (or the matrix), are done by the units
 * behind the tiles: outputs = ReLU(scale x sum + offset). The network that goes around them has batch norms that change
 * nothing; a ReLU of what is not negative changes nothing anyway.
 *
 * The unit of a layer's INT8 is the largest number that its links or outputs carry, over training samples, with the
 * weights as they should be and sums in FP32, over 127. */
#include "validate_int.h"

#include "ohm/mem.h"

#include <math.h>
#include <string.h>

/* ---- which layers are folded ---- */

/* The one layer that reads this one; -1: none, or more. */
static int reader_of(const struct ohm_net *net, int layer)
{
    int reader = -1, readers = layer == net->output;

    for (int i = 0; i < net->layers; i++)
        for (int k = 0; k < net->layer[i].inputs && net->layer[i].wanted; k++)
            if (net->edge[net->layer[i].first_input + k] == layer) {
                reader = i;
                readers++;
            }
    return readers == 1 ? reader : -1;
}

static int reader_of_kind(const struct ohm_net *net, int layer, enum ohm_layer_kind kind)
{
    const int reader = reader_of(net, layer);

    return reader >= 0 && net->layer[reader].kind == kind ? reader : -1;
}

static void set_fold(struct chip_fold *f, const struct ohm_weights *w, int layer, int norm)
{
    const float *const bias = ohm_weights_of(w, layer, OHM_BIAS);
    const int columns = w->net->layer[layer].out.c;

    for (int c = 0; c < columns; c++) {
        double scale = 1, shift = 0;

        if (norm >= 0) {
            scale = (double)ohm_weights_of(w, norm, OHM_SCALE)[c] /
                    sqrt((double)ohm_weights_of(w, norm, OHM_VARIANCE)[c] + (double)OHM_BN_EPS);
            shift =
                (double)ohm_weights_of(w, norm, OHM_SHIFT_BY)[c] - (double)ohm_weights_of(w, norm, OHM_MEAN)[c] * scale;
        }
        f->scale[c] = (float)scale;
        f->shift[c] = (float)shift;
        f->offset[c] = (float)(shift + (bias ? (double)bias[c] * scale : 0));
    }
}

/* Changes nothing to the last bit but one: variance + epsilon is 1. */
static void clear_norm(struct ohm_weights *w, int norm)
{
    for (int c = 0; c < w->net->layer[norm].out.c; c++) {
        ohm_weights_of(w, norm, OHM_SCALE)[c] = 1;
        ohm_weights_of(w, norm, OHM_SHIFT_BY)[c] = ohm_weights_of(w, norm, OHM_MEAN)[c] = 0;
        ohm_weights_of(w, norm, OHM_VARIANCE)[c] = 1 - OHM_BN_EPS;
    }
}

static enum ohm_status init_fold(struct chip *chip, int layer, const struct ohm_validate_spec *spec,
                                 struct ohm_error *err)
{
    const struct ohm_net *const net = chip->net;
    const size_t columns = (size_t)net->layer[layer].out.c;
    const int norm = reader_of_kind(net, layer, OHM_BATCH_NORM);
    struct chip_fold *const f = &chip->fold[layer];

    f->scale = ohm_alloc(columns, sizeof *f->scale);
    f->shift = ohm_alloc(columns, sizeof *f->shift);
    f->offset = ohm_alloc(columns, sizeof *f->offset);
    f->peak = ohm_alloc((size_t)spec->jobs, sizeof *f->peak);
    if (!f->scale || !f->shift || !f->offset || !f->peak)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    f->relu = reader_of_kind(net, norm >= 0 ? norm : layer, OHM_RELU) >= 0;
    set_fold(f, spec->w, layer, norm);
    if (norm >= 0)
        clear_norm(&chip->folded, norm);
    return OHM_OK;
}

enum ohm_status folds_init(struct chip *chip, const struct ohm_validate_spec *spec, struct ohm_error *err)
{
    enum ohm_status st = ohm_weights_init(&chip->folded, chip->net, err);

    if (st != OHM_OK)
        return st;
    memcpy(chip->folded.value, spec->w->value, spec->w->count * sizeof *spec->w->value);
    if (!(chip->fold = ohm_alloc((size_t)chip->net->layers, sizeof *chip->fold)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < chip->net->layers && st == OHM_OK; i++)
        if (chip->net->layer[i].wanted && ohm_layer_is_mvm(chip->net->layer[i].kind))
            st = init_fold(chip, i, spec, err);
    return st;
}

void folds_free(struct chip *chip)
{
    for (int i = 0; i < chip->net->layers && chip->fold; i++) {
        ohm_free(chip->fold[i].scale);
        ohm_free(chip->fold[i].shift);
        ohm_free(chip->fold[i].offset);
        ohm_free(chip->fold[i].peak);
    }
    ohm_free(chip->fold);
    ohm_weights_release(&chip->folded);
}

/* ---- what an INT8 stands for ---- */

void fold_see(struct chip_fold *f, const float *partials, const struct fold_size *s, int group, int worker)
{
    const float *const scale = f->scale + group * s->columns, *const shift = f->shift + group * s->columns;
    float most = f->peak[worker];

    for (int row = 0; row < s->rows; row++) {
        const bool relu = row == s->rows - 1 && f->relu;

        for (int i = 0; i < s->n; i++, partials += s->columns)
            for (int c = 0; c < s->columns; c++) {
                const float z = scale[c] * partials[c] + shift[c], size = relu ? z : fabsf(z);

                most = size > most ? size : most;
            }
    }
    f->peak[worker] = most;
}

static void hand_over(struct chip *chip, const struct chip_matrix *m, int jobs)
{
    const struct chip_fold *const f = &chip->fold[m->layer];
    float most = 0;

    for (int i = 0; i < jobs; i++)
        most = f->peak[i] > most ? f->peak[i] : most;
    for (int g = 0; g < m->groups; g++) {
        const size_t at = (size_t)g * (size_t)m->columns;
        const struct ohm_tiles_fold fold = {
            .scale = f->scale + at, .offset = f->offset + at, .relu = f->relu, .bound = most > 0 ? (double)most : 1};

        ohm_tiles_fold(m->group[g], &fold);
    }
}

enum ohm_status folds_measure(struct chip *chip, const struct ohm_validate_spec *spec, struct ohm_error *err)
{
    const struct ohm_rng root = ohm_rng_seed(spec->seed);
    enum ohm_status st;

    if (spec->samples->count[0] < 1 || spec->calibrate < 1)
        return ohm_fail(err, OHM_EDATA, "what an INT8 stands for is found on training samples, and there are none");
    chip->vectors = ohm_rng_named(&root, "periphery");
    chip->measuring = true;
    st = run_training_samples(spec, chip_multiply, chip, &chip->first, err);
    chip->measuring = false;
    for (int i = 0; i < chip->matrices && st == OHM_OK; i++)
        hand_over(chip, &chip->matrix[i], spec->jobs);
    return st;
}
