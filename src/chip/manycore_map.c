/* manycore_map.c - where the weights lie: one tile on one core, layers and their copies one after the other. */
#include "manycore.h"

#include "ohm/mem.h"

struct mapping {
    struct ohm_placement *placement;
    int64_t cap, n;
};

static void place(struct mapping *map, struct ohm_placement tile)
{
    tile.core = (int32_t)map->n;
    if (map->n < map->cap)
        map->placement[map->n] = tile;
    map->n++;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Several whole groups a tile, along its diagonal. */
static void place_diagonal(struct mapping *map, const struct block_matrix *x, const struct tiling *t,
                           struct ohm_placement tile)
{
    for (int64_t g = 0; g < x->groups; g += t->groups_per_tile) {
        const int64_t groups = smaller(t->groups_per_tile, x->groups - g);

        tile.row = g * x->rows;
        tile.col = g * x->cols;
        tile.rows = (int32_t)(groups * x->rows);
        tile.cols = (int32_t)(groups * x->cols);
        place(map, tile);
    }
}

/* One group, cut into a grid; the cores of one column of tiles, whose partial sums are chained, are neighbours. */
static void place_grid(struct mapping *map, const struct block_matrix *x, const struct tiling *t, int64_t group,
                       struct ohm_placement tile)
{
    for (int64_t col = 0; col < x->cols; col += t->tile_cols)
        for (int64_t row = 0; row < x->rows; row += t->tile_rows) {
            tile.row = group * x->rows + row;
            tile.col = group * x->cols + col;
            tile.rows = (int32_t)smaller(t->tile_rows, x->rows - row);
            tile.cols = (int32_t)smaller(t->tile_cols, x->cols - col);
            place(map, tile);
        }
}

static void place_layer(struct mapping *map, const struct crossbar *m, const struct ohm_layer *layer, int32_t index,
                        int64_t copies)
{
    struct block_matrix x;
    struct tiling t;

    block_matrix_of(&x, layer);
    tile_matrix(&t, m, &x);
    for (int64_t copy = 0; copy < copies; copy++) {
        const struct ohm_placement tile = {.layer = index, .copy = (int32_t)copy};

        if (t.groups_per_tile > 0)
            place_diagonal(map, &x, &t, tile);
        for (int64_t g = 0; t.groups_per_tile == 0 && g < x.groups; g++)
            place_grid(map, &x, &t, g, tile);
    }
}

enum ohm_status ohm_manycore_map_net(const struct manycore_use *u, const struct ohm_net *net,
                                     struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err)
{
    struct mapping map = {.placement = placements, .cap = cap};
    struct ohm_cost_layer *layers = ohm_alloc((size_t)net->mvm_layers, sizeof *layers);
    struct ohm_cost cost;
    enum ohm_status st;
    int mvm = 0;

    if (!layers)
        return ohm_fail(err, OHM_ENOMEM, "no memory to map %d layers", net->mvm_layers);
    /* The table of layers knows the copies of each. */
    if ((st = ohm_manycore_cost_net(u, net, &cost, layers, err)) == OHM_OK) {
        for (int32_t i = 0; i < net->layers; i++)
            if (takes_crossbar(&net->layer[i]))
                place_layer(&map, &u->chip->tile, &net->layer[i], i, layers[mvm++].copies * u->mode->redundancy);
        *n = map.n;
    }
    ohm_free(layers);
    return st;
}
