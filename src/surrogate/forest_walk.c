/* forest_walk.c - trees walked without branches: eight rows at a time go down one tree for as many steps as it is deep,
 * and a row that has reached its leaf stays there. Serves trees too large for the masks. */
#include "forest_int.h"

#include "ohm/mem.h"

#include <math.h>

enum { ROWS = 8 };

/* Lays tree t out from node[at]; returns the index behind it. */
static int32_t lay_tree(struct ohm_walk_node *node, int32_t at, const struct ohm_xgb_node *tree, int32_t *source)
{
    const int32_t root = at;
    int32_t end = at + 1;

    /* source[i - root] is the node of the model that stands at i; it grows as children are placed. */
    source[0] = 0;
    for (; at < end; at++) {
        const struct ohm_xgb_node *from = &tree[source[at - root]];

        node[at].threshold = from->threshold;
        node[at].left = at;
        if (from->left < 0)
            continue;
        node[at].left = end;
        node[at].feature = (uint16_t)from->feature;
        node[at].step = 1;
        node[at].nan_right = !from->default_left;
        source[end++ - root] = from->left;
        source[end++ - root] = from->right;
    }
    return end;
}

enum ohm_status ohm_forest_walk_build(struct ohm_forest_walk *walk, const struct ohm_xgb_model *model,
                                      struct ohm_error *err)
{
    const size_t nodes = (size_t)model->first[model->trees], trees = (size_t)model->trees;
    int32_t *const source = ohm_alloc(nodes, sizeof *source);
    int32_t at = 0;

    walk->node = ohm_alloc(nodes, sizeof *walk->node);
    walk->root = ohm_alloc(trees, sizeof *walk->root);
    walk->depth = ohm_alloc(trees, sizeof *walk->depth);
    if (!source || !walk->node || !walk->root || !walk->depth) {
        ohm_free(source);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a forest");
    }
    for (size_t t = 0; t < trees; t++) {
        walk->root[t] = at;
        walk->depth[t] = model->depth[t];
        at = lay_tree(walk->node, at, model->node + model->first[t], source);
    }
    ohm_free(source);
    return OHM_OK;
}

void ohm_forest_walk_release(struct ohm_forest_walk *walk)
{
    ohm_free(walk->node);
    ohm_free(walk->root);
    ohm_free(walk->depth);
    *walk = (struct ohm_forest_walk){0};
}

static inline int32_t step(const struct ohm_walk_node *node, const float *x)
{
    const float v = x[node->feature];
    /* Not "less" is "right" for numbers; for NaN both comparisons are false and the node decides. */
    const int right = (v >= node->threshold) | ((v != v) & node->nan_right);

    return node->left + (right & node->step);
}

static void predict_rows(const struct ohm_forest *forest, float *y, const float *x, int stride)
{
    const struct ohm_forest_walk *const w = &forest->walk;
    float sum[ROWS];

    for (int r = 0; r < ROWS; r++)
        sum[r] = forest->base_score;
    for (int t = 0; t < forest->trees; t++) {
        int32_t at[ROWS];

        for (int r = 0; r < ROWS; r++)
            at[r] = w->root[t];
        for (int32_t d = 0; d < w->depth[t]; d++)
            for (int r = 0; r < ROWS; r++)
                at[r] = step(&w->node[at[r]], x + (ptrdiff_t)r * stride);
        for (int r = 0; r < ROWS; r++)
            sum[r] += w->node[at[r]].threshold;
    }
    for (int r = 0; r < ROWS; r++)
        y[r] = sum[r];
}

static float predict_row(const struct ohm_forest *forest, const float *x)
{
    const struct ohm_forest_walk *const w = &forest->walk;
    float sum = forest->base_score;

    for (int t = 0; t < forest->trees; t++) {
        int32_t at = w->root[t];

        for (int32_t d = 0; d < w->depth[t]; d++)
            at = step(&w->node[at], x);
        sum += w->node[at].threshold;
    }
    return sum;
}

void ohm_forest_walk_predict(const struct ohm_forest *forest, float *y, const float *x, int n, int stride)
{
    int i = 0;

    for (; i + ROWS <= n; i += ROWS)
        predict_rows(forest, y + i, x + (ptrdiff_t)i * stride, stride);
    for (; i < n; i++)
        y[i] = predict_row(forest, x + (ptrdiff_t)i * stride);
}
