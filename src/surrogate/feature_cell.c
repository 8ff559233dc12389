/* feature_cell.c - a NAS-Bench-201 cell as what a signal meets on its way through it.
 *
 * The cell has four paths from input to output: 0-3, 0-1-3, 0-2-3 and 0-1-2-3. A path is live when none of its edges
 * is `none`. All features are counts over live paths, so cells that compute the same function by another numbering of
 * the nodes have the same features: the measured rows of such twins differ by training noise only (a standard deviation
 * of 4 points of accuracy after a day in AnalogNAS-Bench), and should be averaged, not told apart. Features of single
 * edges were tried beside these and made held-out ranking worse. */
#include "feature_int.h"

#include <string.h>

enum operation { NONE, SKIP, CONV_1X1, CONV_3X3, AVG_POOL_3X3, OPERATIONS };
static const char *const operations[OPERATIONS] = {"none", "skip", "conv1x1", "conv3x3", "avgpool3x3"};
static const char *const edges[CELL_EDGES] = {"e01", "e02", "e12", "e03", "e13", "e23"};

enum { PATHS = 4, PATH_EDGES = 3, SEQUENCE_SIZE = PATH_EDGES + 1 };
static const struct {
    int length, edge[PATH_EDGES]; /* in the order of `edges` */
} paths[PATHS] = {{1, {3}}, {2, {0, 4}}, {2, {1, 5}}, {3, {0, 2, 5}}};

/* Live paths are counted by the operations on them, skips left out: 1 is conv1x1, 3 conv3x3, p the pool. */
static const char letter[OPERATIONS] = {0, 0, '1', '3', 'p'};
static const char *const sequences[] = {"", "1", "3", "p", "11", "13", "31", "33", "1p", "p1", "3p", "p3", "pp"};
enum { SEQUENCES = sizeof sequences / sizeof sequences[0], CONVS = PATH_EDGES + 1 };

struct tally {
    int live;
    int with_convs[CONVS], with_conv3[CONVS]; /* paths by number of convolutions, and of conv3x3, on them */
    int most_convs, least_convs, most_conv3, convs, conv3;
    int most_pools, least_pools;
    int pool_no_conv, pool_then_conv, conv_then_pool, no_pool, conv_no_pool, most_convs_no_pool;
    int sequence[SEQUENCES];
    int uses[CELL_EDGES]; /* live paths through an edge */
};

static enum ohm_status read_axes(struct ohm_features *features, struct ohm_error *err)
{
    for (int e = 0; e < CELL_EDGES; e++) {
        const int i = ohm_space_find(features->space, edges[e]);
        const struct ohm_axis *const axis = i < 0 ? NULL : ohm_space_axis(features->space, i);

        if (!axis || !axis->text || axis->size > (int)sizeof features->cell_op[e])
            return ohm_fail(err, OHM_ECONFIG, "feature group 'cell' needs an axis %s with operations", edges[e]);
        features->cell_axis[e] = (uint8_t)i;
        for (int v = 0; v < axis->size; v++) {
            int op = 0;

            while (op < OPERATIONS && strcmp(operations[op], axis->text[v]) != 0)
                op++;
            if (op == OPERATIONS)
                return ohm_fail(err, OHM_ECONFIG, "axis %s: unknown operation '%s'", edges[e], axis->text[v]);
            features->cell_op[e][v] = (uint8_t)op;
        }
    }
    return OHM_OK;
}

static bool is_conv(int op)
{
    return op == CONV_1X1 || op == CONV_3X3;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* What one live path adds. */
static void count_path(struct tally *t, const int *op, int length)
{
    char text[SEQUENCE_SIZE] = "";
    int convs = 0, conv3 = 0, pools = 0, letters = 0;
    bool pool_conv = false, conv_pool = false;

    for (int i = 0; i < length; i++) {
        convs += is_conv(op[i]);
        conv3 += op[i] == CONV_3X3;
        pools += op[i] == AVG_POOL_3X3;
        pool_conv |= i > 0 && op[i - 1] == AVG_POOL_3X3 && is_conv(op[i]);
        conv_pool |= i > 0 && is_conv(op[i - 1]) && op[i] == AVG_POOL_3X3;
        if (letter[op[i]])
            text[letters++] = letter[op[i]];
    }
    t->live++;
    t->with_convs[convs]++;
    t->with_conv3[conv3]++;
    t->convs += convs;
    t->conv3 += conv3;
    t->most_convs = larger(t->most_convs, convs);
    t->most_conv3 = larger(t->most_conv3, conv3);
    t->most_pools = larger(t->most_pools, pools);
    t->least_convs = t->live == 1 || convs < t->least_convs ? convs : t->least_convs;
    t->least_pools = t->live == 1 || pools < t->least_pools ? pools : t->least_pools;
    t->pool_no_conv += convs == 0 && pools > 0;
    t->pool_then_conv += pool_conv;
    t->conv_then_pool += conv_pool;
    t->no_pool += pools == 0;
    t->conv_no_pool += pools == 0 && convs > 0;
    if (pools == 0)
        t->most_convs_no_pool = larger(t->most_convs_no_pool, convs);
    for (int s = 0; s < SEQUENCES; s++)
        t->sequence[s] += strcmp(text, sequences[s]) == 0;
}

static void count_cell(struct tally *t, const int op[CELL_EDGES])
{
    for (int p = 0; p < PATHS; p++) {
        int on_path[PATH_EDGES];
        bool live = true;

        for (int i = 0; i < paths[p].length; i++) {
            on_path[i] = op[paths[p].edge[i]];
            live &= on_path[i] != NONE;
        }
        if (!live)
            continue;
        count_path(t, on_path, paths[p].length);
        for (int i = 0; i < paths[p].length; i++)
            t->uses[paths[p].edge[i]]++;
    }
}

/* The two edges of this operation that most live paths share: how many share each. */
static void most_shared(const struct tally *t, const int op[CELL_EDGES], int kind, float *x)
{
    int first = 0, second = 0;

    for (int e = 0; e < CELL_EDGES; e++) {
        if (op[e] != kind)
            continue;
        if (t->uses[e] > first) {
            second = first;
            first = t->uses[e];
        } else if (t->uses[e] > second) {
            second = t->uses[e];
        }
    }
    x[0] = (float)first;
    x[1] = (float)second;
}

/* Edges that every live path goes through. */
static int bottlenecks(const struct tally *t, const int op[CELL_EDGES], bool conv)
{
    int n = 0;

    for (int e = 0; e < CELL_EDGES; e++)
        n += t->live > 0 && t->uses[e] == t->live && (conv ? is_conv(op[e]) : op[e] == AVG_POOL_3X3);
    return n;
}

static const char *const plain_names[] = {
    "paths",        "convs_max",         "convs_min",       "conv3_max",       "convs",          "conv3",
    "pools_max",    "pools_min",         "pool_no_conv",    "pool_then_conv",  "conv_then_pool", "no_pool",
    "conv_no_pool", "convs_max_no_pool", "conv3_shared1",   "conv3_shared2",   "conv1_shared1",  "conv1_shared2",
    "pool_shared1", "pool_shared2",      "conv_bottleneck", "pool_bottleneck",
};

static enum ohm_status cell_create(struct ohm_features *features, struct ohm_error *err)
{
    enum ohm_status st = read_axes(features, err);

    for (size_t i = 0; i < sizeof plain_names / sizeof plain_names[0] && st == OHM_OK; i++)
        st = ohm_feature_add(features, err, "cell.%s", plain_names[i]);
    for (int i = 0; i < CONVS && st == OHM_OK; i++)
        st = ohm_feature_add(features, err, "cell.paths_of_%d_convs", i);
    for (int i = 0; i < CONVS && st == OHM_OK; i++)
        st = ohm_feature_add(features, err, "cell.paths_of_%d_conv3", i);
    for (int i = 0; i < SEQUENCES && st == OHM_OK; i++)
        st = ohm_feature_add(features, err, "cell.path_%s", *sequences[i] ? sequences[i] : "skip");
    return st;
}

/* The order of plain_names. A cell without a live path has -1 where a least or a most is asked for. */
static int write_plain(const struct tally *t, const int op[CELL_EDGES], float *x)
{
    const int plain[] = {t->live,           t->most_convs, t->least_convs,  t->most_conv3,        t->convs,
                         t->conv3,          t->most_pools, t->least_pools,  t->pool_no_conv,      t->pool_then_conv,
                         t->conv_then_pool, t->no_pool,    t->conv_no_pool, t->most_convs_no_pool};
    const int n = sizeof plain / sizeof plain[0];

    for (int i = 0; i < n; i++)
        x[i] = (float)plain[i];
    most_shared(t, op, CONV_3X3, x + n);
    most_shared(t, op, CONV_1X1, x + n + 2);
    most_shared(t, op, AVG_POOL_3X3, x + n + 4);
    x[n + 6] = (float)bottlenecks(t, op, true);
    x[n + 7] = (float)bottlenecks(t, op, false);
    return n + 8;
}

static int cell_compute(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                        float *x)
{
    struct tally t = {.most_convs = -1,
                      .least_convs = -1,
                      .most_conv3 = -1,
                      .most_pools = -1,
                      .least_pools = -1,
                      .most_convs_no_pool = -1};
    int op[CELL_EDGES], n;

    (void)net;
    for (int e = 0; e < CELL_EDGES; e++)
        op[e] = features->cell_op[e][g->gene[features->cell_axis[e]]];
    count_cell(&t, op);
    n = write_plain(&t, op, x);
    for (int i = 0; i < CONVS; i++) {
        x[n + i] = (float)t.with_convs[i];
        x[n + CONVS + i] = (float)t.with_conv3[i];
    }
    n += 2 * CONVS;
    for (int i = 0; i < SEQUENCES; i++)
        x[n++] = (float)t.sequence[i];
    return n;
}

const struct ohm_feature_group ohm_feature_cell = {
    .name = "cell",
    .help = "counts over the live paths of a NAS-Bench-201 cell; the same for cells that compute the same function",
    .family = "nb201",
    .create = cell_create,
    .compute = cell_compute,
};
