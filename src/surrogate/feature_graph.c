/* feature_graph.c - shape of the graph: fan-ins, widths and sizes beyond group net, paths and what joins them. */
#include "feature_int.h"

#include <math.h>

/* name, unit, meaning, expression over struct tally t and net */
#define GRAPH_FEATURES(X)                                                                                              \
    X(fan_in_first, "rows", "inputs of an output of the first conv or dense layer", t.first)                           \
    X(fan_in_last, "rows", "the same of the last one, which is the classifier", t.last)                                \
    X(fan_in_min, "rows", "the smallest", t.layers ? t.least : 0)                                                      \
    X(fan_in_log2, "bit", "mean of the logarithms to base 2", mean_log(&t))                                            \
    X(fan_in_log2_sd, "bit", "their standard deviation", sd_log(&t))                                                   \
    X(width_min, "columns", "smallest output of a conv or dense layer", (double)t.width_min)                           \
    X(largest_layer, "share", "of the weights that one layer has",                                                     \
      net->weights ? (double)t.most_weights / (double)net->weights : 0)                                                \
    X(adds, "", "sums: residual connections and joined branches", t.adds)                                              \
    X(add_inputs, "", "most inputs of one sum", t.add_inputs)                                                          \
    X(concats, "", "concatenations", t.concats)                                                                        \
    X(relus, "", "ReLUs", t.relus)                                                                                     \
    X(pixels_last, "", "positions of the last layer that has a plane", (double)t.pixels)                               \
    X(shortest, "", "conv and dense layers on the shortest path", end.shortest)                                        \
    X(mean_path, "", "conv and dense layers, mean over all paths", end.paths > 0 ? end.lengths / end.paths : 0)        \
    X(paths_log2, "bit", "logarithm to base 2 of the number of paths", end.paths > 0 ? log2(end.paths) : 0)

enum { REACH = 1024 }; /* how far back a layer may read: NOISE_REACH has the reason */

/* All paths from the input to a layer. Their number may be too large for a double, so that it and the sum of lengths
 * are scaled down together; the logarithm that was lost is held at what is left, 1,000 bits. */
struct paths {
    double paths, lengths; /* number, sum of conv and dense layers on them */
    int shortest;
};

struct tally {
    int layers, adds, add_inputs, concats, relus;
    double first, last, least, sum_log, sum_log2;
    int64_t width_min, most_weights, pixels;
};

static double mean_log(const struct tally *t)
{
    return t->layers ? t->sum_log / t->layers : 0;
}

static double sd_log(const struct tally *t)
{
    const double mean = mean_log(t);

    return t->layers ? sqrt(fmax(t->sum_log2 / t->layers - mean * mean, 0)) : 0;
}

static void count_matrix(struct tally *t, const struct ohm_layer *layer)
{
    int64_t rows, cols, positions;
    double bits;

    ohm_layer_matrix(layer, &rows, &cols, &positions);
    bits = log2((double)rows);
    if (t->layers == 0)
        t->first = (double)rows;
    t->last = (double)rows;
    t->least = t->layers == 0 || (double)rows < t->least ? (double)rows : t->least;
    t->width_min = t->layers == 0 || cols < t->width_min ? cols : t->width_min;
    t->most_weights = layer->weights > t->most_weights ? layer->weights : t->most_weights;
    t->sum_log += bits;
    t->sum_log2 += bits * bits;
    t->layers++;
}

static void count_layer(struct tally *t, const struct ohm_layer *layer)
{
    const int64_t pixels = (int64_t)layer->out.h * layer->out.w;

    if (ohm_layer_is_mvm(layer->kind))
        count_matrix(t, layer);
    t->adds += layer->kind == OHM_ADD;
    t->add_inputs = layer->kind == OHM_ADD && layer->inputs > t->add_inputs ? layer->inputs : t->add_inputs;
    t->concats += layer->kind == OHM_CONCAT;
    t->relus += layer->kind == OHM_RELU;
    if (pixels > 1)
        t->pixels = pixels;
}

/* Of the inputs of a layer that the network's input leads to. */
static struct paths join(const struct paths at[REACH], const struct ohm_net *net, const struct ohm_layer *layer)
{
    struct paths p = {0};

    for (int k = 0; k < layer->inputs; k++) {
        const struct paths *const from = &at[net->edge[layer->first_input + k] % REACH];

        if (!(from->paths > 0))
            continue;
        p.shortest = !(p.paths > 0) || from->shortest < p.shortest ? from->shortest : p.shortest;
        p.paths += from->paths;
        p.lengths += from->lengths;
    }
    if (p.paths > 0x1p1000) {
        p.lengths *= 0x1p1000 / p.paths;
        p.paths = 0x1p1000;
    }
    return p;
}

/* false: some layer reads further back than REACH. */
static bool walk(struct paths *end, struct tally *t, const struct ohm_net *net)
{
    struct paths at[REACH];

    if (net->layers - 1 - net->output >= REACH)
        return false;
    for (int i = 0; i < net->layers; i++) {
        const struct ohm_layer *const layer = &net->layer[i];
        struct paths p = {0};

        for (int k = 0; k < layer->inputs; k++)
            if (i - net->edge[layer->first_input + k] >= REACH)
                return false;
        if (layer->kind == OHM_INPUT)
            p.paths = 1;
        else if (layer->live)
            p = join(at, net, layer);
        if (layer->live)
            count_layer(t, layer);
        if (layer->live && ohm_layer_is_mvm(layer->kind)) {
            p.shortest++;
            p.lengths += p.paths;
        }
        at[i % REACH] = p;
    }
    *end = at[net->output % REACH];
    return true;
}

static enum ohm_status graph_create(struct ohm_features *features, struct ohm_error *err)
{
    static const struct ohm_feature_text table[] = {
#define X(name, unit, meaning, value) {#name, unit, meaning},
        GRAPH_FEATURES(X)
#undef X
    };

    return ohm_feature_add_table(features, "graph", table, (int)(sizeof table / sizeof table[0]), err);
}

static int graph_compute(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                         float *x)
{
    struct tally t = {0};
    struct paths end = {0};
    const bool known = walk(&end, &t, net);
    int n = 0;

    (void)features;
    (void)g;
#define X(name, unit, meaning, value) x[n++] = known ? (float)(value) : NAN;
    GRAPH_FEATURES(X)
#undef X
    return n;
}

const struct ohm_feature_group ohm_feature_graph = {
    .name = "graph",
    .help = "fan-ins, narrow places, residual connections, branches and paths",
    .need_net = true,
    .create = graph_create,
    .compute = graph_compute,
};
