/* feature_genes.c - the genotype itself as features: raw values, or one feature a value. */
#include "feature_int.h"

#include <math.h>

/* An axis of more values than this is a quantity, not a choice, and has no one-hot features. */
enum { ONEHOT_VALUES_MAX = 32 };

static enum ohm_status genes_create(struct ohm_features *features, struct ohm_error *err)
{
    for (int i = 0; i < ohm_space_axes(features->space); i++) {
        const enum ohm_status st = ohm_feature_add(features, err, "%s", ohm_space_axis(features->space, i)->name);

        if (st != OHM_OK)
            return st;
    }
    return OHM_OK;
}

/* In axis order, an inactive axis 0: for the space analognas-resnet these are IBM's features f0 to f21. */
static int genes_compute(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                         float *x)
{
    double value[OHM_GENES_MAX];
    const int axes = ohm_space_axes(features->space);

    (void)net;
    ohm_genotype_values(features->space, g, value);
    for (int i = 0; i < axes; i++)
        x[i] = isnan(value[i]) ? 0.0f : (float)value[i];
    return axes;
}

static enum ohm_status add_values(struct ohm_features *features, const struct ohm_axis *axis, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int v = 0; v < axis->size && st == OHM_OK; v++)
        st = axis->text ? ohm_feature_add(features, err, "%s=%s", axis->name, axis->text[v])
                        : ohm_feature_add(features, err, "%s=%.9g", axis->name, axis->value[v]);
    return st;
}

static enum ohm_status onehot_create(struct ohm_features *features, struct ohm_error *err)
{
    const int before = features->count;
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < ohm_space_axes(features->space) && st == OHM_OK; i++) {
        const struct ohm_axis *const axis = ohm_space_axis(features->space, i);

        if (axis->size <= ONEHOT_VALUES_MAX)
            st = add_values(features, axis, err);
    }
    if (st == OHM_OK && features->count == before)
        return ohm_fail(err, OHM_ECONFIG, "feature group 'onehot' is empty: every axis has more than %d values",
                        ONEHOT_VALUES_MAX);
    return st;
}

static int onehot_compute(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                          float *x)
{
    int n = 0;

    (void)net;
    for (int i = 0; i < ohm_space_axes(features->space); i++) {
        const int size = ohm_space_axis(features->space, i)->size;

        if (size > ONEHOT_VALUES_MAX)
            continue;
        for (int v = 0; v < size; v++)
            x[n + v] = 0.0f;
        if (ohm_genotype_active(features->space, g, i))
            x[n + g->gene[i]] = 1.0f;
        n += size;
    }
    return n;
}

const struct ohm_feature_group ohm_feature_genes = {
    .name = "genes",
    .help = "the value of every axis in the space's order; an inactive axis is 0",
    .create = genes_create,
    .compute = genes_compute,
};

const struct ohm_feature_group ohm_feature_onehot = {
    .name = "onehot",
    .help = "one feature for each value of every axis of at most 32 values; an inactive axis has none",
    .create = onehot_create,
    .compute = onehot_compute,
};
