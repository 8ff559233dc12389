/* feature_plane.c - what a network does at each size of its planes: how much of it lies before the picture is made
 * smaller, and how wide it is there. Planes of level k have the input's positions over 4^k, to the nearest k. */
#include "feature_int.h"

#include <math.h>

/* name, unit, meaning, expression over struct level l */
#define LEVEL_FEATURES(X, k)                                                                                           \
    X(layers_##k, "", "conv and dense layers with 1/4^" #k " of the input's positions", l.layers)                      \
    X(macs_log2_##k, "bit", "logarithm to base 2 of 1 + their MACs", log2(1 + l.macs))                                 \
    X(width_log2_##k, "bit", "mean logarithm to base 2 of their outputs", l.layers ? l.log_width / l.layers : 0)       \
    X(fan_in_min_##k, "rows", "their smallest fan-in", l.layers ? l.least : 0)

#define ALL_LEVELS(L) L(0) L(1) L(2) L(3) L(4) L(5)
#define ONE(k)        +1
enum { LEVELS = ALL_LEVELS(ONE) };
#undef ONE

struct level {
    int layers;
    double macs, log_width, least;
};

/* The input's positions are those of layer 0. */
static int level_of(const struct ohm_layer *layer, const struct ohm_layer *input)
{
    const double share = (double)input->out.h * input->out.w / ((double)layer->out.h * layer->out.w);
    const int k = (int)lround(log2(share) / 2);

    return k < 0 ? 0 : k >= LEVELS ? LEVELS - 1 : k;
}

static void count_layer(struct level *l, const struct ohm_layer *layer)
{
    int64_t rows, cols, positions;

    ohm_layer_matrix(layer, &rows, &cols, &positions);
    l->least = l->layers == 0 || (double)rows < l->least ? (double)rows : l->least;
    l->layers++;
    l->macs += (double)layer->weights * (double)positions;
    l->log_width += log2((double)cols);
}

static enum ohm_status plane_create(struct ohm_features *features, struct ohm_error *err)
{
    static const struct ohm_feature_text table[] = {
#define X(name, unit, meaning, value) {#name, unit, meaning},
#define L(k)                          LEVEL_FEATURES(X, k)
        ALL_LEVELS(L)
#undef L
#undef X
    };

    return ohm_feature_add_table(features, "plane", table, (int)(sizeof table / sizeof table[0]), err);
}

static int plane_compute(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                         float *x)
{
    struct level level[LEVELS] = {0};
    int n = 0;

    (void)features;
    (void)g;
    for (int i = 0; i < net->layers; i++)
        if (net->layer[i].live && ohm_layer_is_mvm(net->layer[i].kind))
            count_layer(&level[level_of(&net->layer[i], &net->layer[0])], &net->layer[i]);
    for (int k = 0; k < LEVELS; k++) {
        const struct level l = level[k];
#define X(name, unit, meaning, value) x[n++] = (float)(value);
        LEVEL_FEATURES(X, )
#undef X
    }
    return n;
}

const struct ohm_feature_group ohm_feature_plane = {
    .name = "plane",
    .help = "layers, MACs, widths and fan-ins at each size of the planes",
    .need_net = true,
    .create = plane_create,
    .compute = plane_compute,
};
