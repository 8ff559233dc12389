/* family_nb201.c - the cells of NAS-Bench-201 in its CIFAR-10 skeleton (Dong and Yang, ICLR 2020; AutoDL-Projects,
 * TinyNetwork): stem conv 3x3 with batch norm, three stages of five cells at 16, 32, 64 channels, a residual block of
 * stride 2 between stages, batch norm, ReLU, global average pool, classifier.
 *
 * A cell has nodes 0..3; node j is the sum over i < j of operation (i, j) applied to node i. An edge `none` adds
 * nothing and is left out; a node without edges is zero. Operations that no path joins to the output are kept, for the
 * tables count their parameters and MACs. The tables also count the classifier's bias additions as MACs. */
#include "family_int.h"

enum operation { NONE, SKIP, CONV_1X1, CONV_3X3, AVG_POOL_3X3, OPERATIONS };
enum { NODES = 4, EDGES = 6, STAGES = 3, CELLS_A_STAGE = 5, WIDTH = 16 };

static const char *const axis_names[] = {"e01", "e02", "e12", "e03", "e13", "e23", NULL};
static const char *const operations[] = {"none", "skip", "conv1x1", "conv3x3", "avgpool3x3", NULL};
static const char *const *const axis_choices[] = {operations, operations, operations,
                                                  operations, operations, operations};

static int named_edge(const struct ohm_place *at, int layer, int from, int to, const char *name)
{
    if (at->b->with_names)
        ohm_net_name(at->b, layer, "%s.e%d%d.%s", at->prefix, from, to, name);
    return layer;
}

/* The place of the edge from -> to in axis_names: 0, 1 2, 3 4 5. */
static int edge_index(int from, int to)
{
    return to * (to - 1) / 2 + from;
}

/* Operation `op` on node `from`; -1 for none. */
static int build_edge(const struct ohm_place *at, int x, enum operation op, int width, int from, int to)
{
    const int kernel = op == CONV_1X1 ? 1 : 3;
    const struct ohm_conv conv = ohm_conv_square(width, kernel, 1, kernel / 2);

    switch (op) {
    case SKIP:
        return x;
    case CONV_1X1:
    case CONV_3X3:
        x = named_edge(at, ohm_net_unary(at->b, OHM_RELU, x), from, to, "relu");
        x = named_edge(at, ohm_net_conv(at->b, x, &conv), from, to, "conv");
        return named_edge(at, ohm_net_unary(at->b, OHM_BATCH_NORM, x), from, to, "bn");
    case AVG_POOL_3X3:
        return named_edge(at, ohm_net_pool(at->b, OHM_AVG_POOL, x, 3, 3, 1, 1, false), from, to, "pool");
    default:
        return -1;
    }
}

static int build_node(const struct ohm_place *at, const int *node, int to, const enum operation *op, int width)
{
    char name[] = {'n', 'o', 'd', 'e', (char)('0' + to), 0};
    int term[NODES], terms = 0;

    for (int from = 0; from < to; from++) {
        const enum operation edge = op[edge_index(from, to)];

        if (edge != NONE)
            term[terms++] = build_edge(at, node[from], edge, width, from, to);
    }
    if (terms == 0)
        return ohm_put(at, ohm_net_zero(at->b, node[0], 1), name);
    if (terms == 1)
        return term[0];
    return ohm_put(at, ohm_net_join(at->b, OHM_ADD, term, terms), name);
}

static int build_cell(const struct ohm_place *at, int x, const enum operation *op, int width)
{
    int node[NODES] = {x};

    for (int to = 1; to < NODES; to++)
        node[to] = build_node(at, node, to, op, width);
    return node[NODES - 1];
}

/* The residual block of stride 2 before a stage: two ReLU-conv-BN, and average pool with conv 1x1 beside them. */
static int build_reduction(const struct ohm_place *at, int x, int width)
{
    const struct ohm_conv first = ohm_conv_square(width, 3, 2, 1);
    const struct ohm_conv second = ohm_conv_square(width, 3, 1, 1);
    const struct ohm_conv project = ohm_conv_square(width, 1, 1, 0);
    int end[2];

    end[0] = ohm_put_unary(at, OHM_RELU, x, "relu1");
    end[0] = ohm_put_conv(at, end[0], &first, "conv1");
    end[0] = ohm_put_unary(at, OHM_BATCH_NORM, end[0], "bn1");
    end[0] = ohm_put_unary(at, OHM_RELU, end[0], "relu2");
    end[0] = ohm_put_conv(at, end[0], &second, "conv2");
    end[0] = ohm_put_unary(at, OHM_BATCH_NORM, end[0], "bn2");
    end[1] = ohm_put(at, ohm_net_pool(at->b, OHM_AVG_POOL, x, 2, 2, 2, 0, false), "shortcut.pool");
    end[1] = ohm_put_conv(at, end[1], &project, "shortcut.conv");
    return ohm_put(at, ohm_net_join(at->b, OHM_ADD, end, 2), "add");
}

static int build_stage(struct ohm_place *at, int x, int stage, const enum operation *op)
{
    const int width = WIDTH << stage;

    if (stage > 0) {
        ohm_place_set(at, "reduction%d", stage);
        x = build_reduction(at, x, width);
    }
    for (int cell = 0; cell < CELLS_A_STAGE; cell++) {
        ohm_place_set(at, "stage%d.cell%d", stage + 1, cell + 1);
        x = build_cell(at, x, op, width);
    }
    return x;
}

static int build_stem(struct ohm_net_builder *b, struct ohm_shape input)
{
    const struct ohm_place at = {b, "stem"};
    const struct ohm_conv conv = ohm_conv_square(WIDTH, 3, 1, 1);
    int x = ohm_net_input(b, input.h, input.w, input.c);

    x = ohm_put_conv(&at, x, &conv, "conv");
    return ohm_put_unary(&at, OHM_BATCH_NORM, x, "bn");
}

static int build_head(struct ohm_net_builder *b, int x, int classes)
{
    const struct ohm_place at = {b, "head"};

    x = ohm_put_unary(&at, OHM_BATCH_NORM, x, "bn");
    x = ohm_put_unary(&at, OHM_RELU, x, "relu");
    x = ohm_put_unary(&at, OHM_GLOBAL_AVG_POOL, x, "pool");
    return ohm_put(&at, ohm_net_dense(b, x, classes, true), "dense");
}

static enum ohm_status build(const double *value, struct ohm_shape input, int classes, struct ohm_net_builder *b,
                             const struct ohm_net **net, struct ohm_error *err)
{
    enum operation op[EDGES];
    struct ohm_place at = {b, ""};
    int x;

    for (int i = 0; i < EDGES; i++) {
        int index;
        const enum ohm_status st = ohm_family_int(&index, value[i], 0, OPERATIONS - 1, axis_names[i], err);

        if (st != OHM_OK)
            return st;
        op[i] = (enum operation)index;
    }
    ohm_net_reset(b, b->with_names);
    b->bias_macs = true;
    x = build_stem(b, input);
    for (int stage = 0; stage < STAGES; stage++)
        x = build_stage(&at, x, stage, op);
    return ohm_net_finish(b, build_head(b, x, classes), net, err);
}

const struct ohm_family ohm_family_nb201 = {
    .name = "nb201",
    .help = "NAS-Bench-201: one cell of four nodes, fifteen times in the CIFAR-10 skeleton",
    .axis_names = axis_names,
    .axis_choices = axis_choices,
    .build = build,
};
