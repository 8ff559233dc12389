/* feature_chip.c - how the network lies on crossbar tiles: of a size that is given, on as many as it takes.
 *
 * What the cost model of a chip says of cores, utilisation and steps (tests/unit/eval holds these to it), without a
 * chip: surrogates are to be loaded where its file is not. */
#include "feature_int.h"

/* name, unit, meaning, expression over struct tally t */
#define CHIP_FEATURES(X)                                                                                               \
    X(tiles, "tiles", "crossbars that the weights take", (double)t.tiles)                                              \
    X(util, "share", "of those crossbars that holds weights",                                                          \
      t.tiles ? (double)t.weights / ((double)t.tiles * cells) : 0)                                                     \
    X(util_min, "share", "the same of the emptiest layer", t.layers ? t.util_min : 0)                                  \
    X(steps, "MVM", "matrix-vector products one after the other, layer by layer", (double)t.steps)                     \
    X(steps_max, "MVM", "of the layer that has most of them: the pace of a pipeline", (double)t.steps_max)             \
    X(row_tiles_max, "tiles", "most tiles that one sum is cut into", (double)t.row_tiles_max)                          \
    X(row_tiles_mean, "tiles", "the mean over layers", t.layers ? (double)t.row_tiles / t.layers : 0)                  \
    X(tile_rows_mean, "rows", "inputs in use of a tile, mean over layers", t.layers ? t.tile_rows / t.layers : 0)      \
    X(layers_cut, "", "layers whose matrix takes more than one tile", t.layers_cut)

struct tally {
    int layers, layers_cut;
    int64_t tiles, weights, steps, steps_max, row_tiles, row_tiles_max;
    double util_min, tile_rows;
};

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Groups that fit share tiles along their diagonal, a larger one takes a grid of its own. */
static void count_layer(struct tally *t, const struct ohm_physics *p, const struct ohm_layer *layer)
{
    const int64_t groups = layer->kind == OHM_CONV ? layer->groups : 1;
    const double cells = (double)p->tile_rows * (double)p->tile_columns;
    int64_t rows, cols, positions, parts, tiles, fit;
    double util;

    ohm_layer_matrix(layer, &rows, &cols, &positions);
    cols /= groups;
    fit = p->tile_rows / rows < p->tile_columns / cols ? p->tile_rows / rows : p->tile_columns / cols;
    parts = divide_up(rows, p->tile_rows);
    tiles = fit > 0 ? divide_up(groups, fit) : groups * parts * divide_up(cols, p->tile_columns);
    util = (double)(rows * cols * groups) / ((double)tiles * cells);
    t->util_min = t->layers == 0 || util < t->util_min ? util : t->util_min;
    t->layers++;
    t->layers_cut += tiles > 1;
    t->tiles += tiles;
    t->weights += rows * cols * groups;
    t->steps += positions;
    t->steps_max = larger(t->steps_max, positions);
    t->row_tiles += parts;
    t->row_tiles_max = larger(t->row_tiles_max, parts);
    t->tile_rows += (double)rows / (double)parts;
}

static enum ohm_status chip_create(struct ohm_features *features, struct ohm_error *err)
{
    static const struct ohm_feature_text table[] = {
#define X(name, unit, meaning, value) {#name, unit, meaning},
        CHIP_FEATURES(X)
#undef X
    };

    if (!features->has_physics)
        return ohm_fail(err, OHM_ECONFIG, "feature group 'chip' needs the size of a tile, and none is given here");
    return ohm_feature_add_table(features, "chip", table, (int)(sizeof table / sizeof table[0]), err);
}

static int chip_compute(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                        float *x)
{
    const struct ohm_physics *const p = &features->physics;
    const double cells = (double)p->tile_rows * (double)p->tile_columns;
    struct tally t = {0};
    int n = 0;

    (void)g;
    for (int i = 0; i < net->layers; i++)
        if (net->layer[i].live && ohm_layer_is_mvm(net->layer[i].kind))
            count_layer(&t, p, &net->layer[i]);
#define X(name, unit, meaning, value) x[n++] = (float)(value);
    CHIP_FEATURES(X)
#undef X
    return n;
}

const struct ohm_feature_group ohm_feature_chip = {
    .name = "chip",
    .help = "crossbar tiles, how full they are, matrix-vector products in sequence, how sums are cut",
    .need_net = true,
    .need_physics = true,
    .create = chip_create,
    .compute = chip_compute,
};
