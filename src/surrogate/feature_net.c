/* feature_net.c - sizes and counts of the network, for any family. */
#include "feature_int.h"

/* name, unit, meaning, expression over struct tally t and net */
#define NET_FEATURES(X)                                                                                                \
    X(params, "", "trainable numbers", (double)net->params)                                                            \
    X(macs, "", "multiply-accumulates of one inference", (double)net->macs)                                            \
    X(weights, "", "weights on crossbars", (double)net->weights)                                                       \
    X(macs_per_weight, "", "how often a weight is used", net->weights ? (double)net->macs / (double)net->weights : 0)  \
    X(depth, "", "conv and dense layers on the longest path", net->depth)                                              \
    X(layers, "", "layers of all kinds", net->layers)                                                                  \
    X(mvm_layers, "", "conv and dense layers that are in use", net->mvm_layers)                                        \
    X(conv_1x1, "", "convolutions with a window of 1", t.conv_1x1)                                                     \
    X(conv_3x3, "", "convolutions with a window of 3", t.conv_3x3)                                                     \
    X(conv_large, "", "convolutions with a larger window", t.conv_large)                                               \
    X(conv_strided, "", "convolutions with a stride above 1", t.conv_strided)                                          \
    X(conv_grouped, "", "convolutions in groups", t.conv_grouped)                                                      \
    X(pools, "", "average and maximum pools", t.pools)                                                                 \
    X(joins, "", "sums and concatenations", t.joins)                                                                   \
    X(width_max, "columns", "largest output of a conv or dense layer", (double)t.width_max)                            \
    X(width_mean, "columns", "the mean of them", net->mvm_layers ? (double)t.width_sum / net->mvm_layers : 0)          \
    X(rows_max, "rows", "largest fan-in of a conv or dense layer", (double)t.rows_max)                                 \
    X(rows_mean, "rows", "the mean of them", net->mvm_layers ? (double)t.rows_sum / net->mvm_layers : 0)               \
    X(positions, "", "matrix-vector products of one inference", (double)t.positions)

struct tally {
    int conv_1x1, conv_3x3, conv_large, conv_strided, conv_grouped, pools, joins;
    int64_t width_max, width_sum; /* columns of the crossbar matrices */
    int64_t rows_max, rows_sum;   /* rows of them: what one column sums over */
    int64_t positions;            /* matrix-vector products of one inference */
};

static void count_conv(struct tally *t, const struct ohm_layer *layer)
{
    const int kernel = layer->k_h > layer->k_w ? layer->k_h : layer->k_w;

    t->conv_1x1 += kernel == 1;
    t->conv_3x3 += kernel == 3;
    t->conv_large += kernel > 3;
    t->conv_strided += layer->stride_h > 1 || layer->stride_w > 1;
    t->conv_grouped += layer->groups > 1;
}

static void count_matrix(struct tally *t, const struct ohm_layer *layer)
{
    int64_t rows, cols, positions;

    ohm_layer_matrix(layer, &rows, &cols, &positions);
    t->width_sum += cols;
    t->rows_sum += rows;
    t->positions += positions;
    if (cols > t->width_max)
        t->width_max = cols;
    if (rows > t->rows_max)
        t->rows_max = rows;
}

static void count_layer(struct tally *t, const struct ohm_layer *layer)
{
    if (ohm_layer_is_mvm(layer->kind))
        count_matrix(t, layer);
    if (layer->kind == OHM_CONV)
        count_conv(t, layer);
    t->pools += layer->kind == OHM_AVG_POOL || layer->kind == OHM_MAX_POOL;
    t->joins += layer->kind == OHM_ADD || layer->kind == OHM_CONCAT;
}

static enum ohm_status net_create(struct ohm_features *features, struct ohm_error *err)
{
    static const struct ohm_feature_text table[] = {
#define X(name, unit, meaning, value) {#name, unit, meaning},
        NET_FEATURES(X)
#undef X
    };

    return ohm_feature_add_table(features, "net", table, (int)(sizeof table / sizeof table[0]), err);
}

static int net_compute(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                       float *x)
{
    struct tally t = {0};
    int n = 0;

    (void)features;
    (void)g;
    for (int i = 0; i < net->layers; i++)
        count_layer(&t, &net->layer[i]);
#define X(name, unit, meaning, value) x[n++] = (float)(value);
    NET_FEATURES(X)
#undef X
    return n;
}

const struct ohm_feature_group ohm_feature_net = {
    .name = "net",
    .help = "parameters, MACs, depth, widths, counts of layers by kind and size of the crossbar matrices",
    .need_net = true,
    .create = net_create,
    .compute = net_compute,
};
