/* forest_mask.c - a forest as tables of leaf masks (see forest_int.h): the search's scorer.
 *
 * What decides the speed is where the table lies: the part of it for one chunk of trees should stay in the first-level
 * cache, so rows are taken in blocks, and all rows of a block go through one chunk before the next. */
#include "forest_int.h"

#include "ohm/error.h"
#include "ohm/mem.h"
#include "ohm/surrogate.h"

#include <stdlib.h>
#include <string.h>

/* ROWS at a time; features with more thresholds than RANK_FEW are ranked by bisection. A table above TABLE_BYTES does
 * not stay in the second-level cache, and walking is as quick. */
enum { ROWS = 32, RANK_FEW = 96, TABLE_ALIGN = 64, TABLE_BYTES = 4 << 20 };

/* ---- building ---- */

/* Leaves below node i, or MASK_LEAVES + 1 when there are more than fit. Depth is at most MASK_LEAVES here. */
static int count_leaves(const struct ohm_xgb_node *tree, int32_t i)
{
    int left;

    if (tree[i].left < 0)
        return 1;
    left = count_leaves(tree, tree[i].left);
    if (left > MASK_LEAVES)
        return left;
    left += count_leaves(tree, tree[i].right);
    return left > MASK_LEAVES ? MASK_LEAVES + 1 : left;
}

static bool leaves_fit(const struct ohm_xgb_model *model)
{
    for (int t = 0; t < model->trees; t++)
        if (model->depth[t] >= MASK_LEAVES || count_leaves(model->node + model->first[t], 0) > MASK_LEAVES)
            return false;
    return true;
}

/* The nodes that are reached, marked by their test; deleted nodes do not count. */
static void mark(const struct ohm_xgb_node *tree, int32_t i, bool *reached)
{
    reached[i] = true;
    if (tree[i].left < 0)
        return;
    mark(tree, tree[i].left, reached);
    mark(tree, tree[i].right, reached);
}

static int compare_cuts(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Sorts cut[n] and drops repeats; returns how many are left. */
static int unique_cuts(float *cut, int n)
{
    int kept = 0;

    qsort(cut, (size_t)n, sizeof *cut, compare_cuts);
    for (int i = 0; i < n; i++)
        if (kept == 0 || cut[kept - 1] != cut[i])
            cut[kept++] = cut[i];
    return kept;
}

struct build {
    const struct ohm_xgb_model *model;
    struct ohm_forest_mask *mask;
    bool *reached;  /* [nodes] */
    int32_t *slot;  /* [features] index in mask->feature, or -1 */
    int32_t *count; /* [features + 1] */
};

/* Thresholds of every feature, ascending, in mask->cut. */
static void collect_cuts(struct build *b)
{
    const struct ohm_xgb_model *const model = b->model;
    struct ohm_forest_mask *const m = b->mask;
    const int32_t nodes = model->first[model->trees];
    int32_t total, kept = 0;

    for (int t = 0; t < model->trees; t++)
        mark(model->node + model->first[t], 0, b->reached + model->first[t]);
    for (int32_t i = 0; i < nodes; i++)
        if (b->reached[i] && model->node[i].left >= 0)
            b->count[model->node[i].feature + 1]++;
    for (int f = 0; f < model->features; f++)
        b->count[f + 1] += b->count[f]; /* where the feature's thresholds begin */
    total = b->count[model->features];
    for (int32_t i = nodes - 1; i >= 0; i--)
        if (b->reached[i] && model->node[i].left >= 0)
            m->cut[--b->count[model->node[i].feature + 1]] = model->node[i].threshold;
    /* count[f + 1] has come down to the beginning of feature f; its end is the beginning of the next. */
    for (int f = 0; f < model->features; f++) {
        const int32_t begin = b->count[f + 1];
        int n = (f + 1 < model->features ? b->count[f + 2] : total) - begin;

        b->slot[f] = -1;
        if (n == 0)
            continue;
        n = unique_cuts(m->cut + begin, n);
        memmove(m->cut + kept, m->cut + begin, (size_t)n * sizeof *m->cut);
        b->slot[f] = m->used;
        m->feature[m->used] = f;
        m->cut_first[m->used] = kept;
        m->row_first[m->used] = m->rows;
        m->used++;
        kept += n;
        m->rows += n + 2;
        m->cut_first[m->used] = kept;
    }
}

/* Writes the masks of the subtree at i, whose leaves are numbered from `leaf` on; returns the next free number. */
static int fill_tree(struct build *b, int t, int32_t i, int leaf)
{
    struct ohm_forest_mask *const m = b->mask;
    const struct ohm_xgb_node *const tree = b->model->node + b->model->first[t], *const node = &tree[i];
    uint64_t *const column = m->table + (size_t)(t / MASK_CHUNK) * (size_t)m->rows * MASK_CHUNK + t % MASK_CHUNK;
    int middle, slot, cuts, k = 0;
    const float *cut;
    uint64_t left;

    if (node->left < 0) {
        m->leaf[(size_t)t * MASK_LEAVES + (size_t)leaf] = node->threshold;
        return leaf + 1;
    }
    middle = fill_tree(b, t, node->left, leaf);
    left = (middle - leaf == 64 ? ~(uint64_t)0 : ((uint64_t)1 << (middle - leaf)) - 1) << leaf;
    slot = b->slot[node->feature];
    cut = m->cut + m->cut_first[slot];
    cuts = m->cut_first[slot + 1] - m->cut_first[slot];
    while (cut[k] != node->threshold)
        k++;
    /* With k + 1 or more thresholds passed, x >= threshold: the left subtree is out. */
    for (int bin = k + 1; bin <= cuts; bin++)
        column[(size_t)(m->row_first[slot] + bin) * MASK_CHUNK] &= ~left;
    if (!node->default_left)
        column[(size_t)(m->row_first[slot] + cuts + 1) * MASK_CHUNK] &= ~left;
    return fill_tree(b, t, node->right, middle);
}

static bool allocate_table(struct ohm_forest_mask *m, int trees, size_t *words)
{
    const size_t chunks = ((size_t)trees + MASK_CHUNK - 1) / MASK_CHUNK;

    *words = chunks * (size_t)m->rows * MASK_CHUNK;
    m->table_block = ohm_alloc(*words + TABLE_ALIGN / sizeof(uint64_t), sizeof *m->table);
    m->leaf = ohm_alloc((size_t)trees, MASK_LEAVES * sizeof *m->leaf);
    if (!m->table_block || !m->leaf)
        return false;
    m->table = (uint64_t *)(((uintptr_t)m->table_block + TABLE_ALIGN - 1) & ~(uintptr_t)(TABLE_ALIGN - 1));
    memset(m->table, 0xff, *words * sizeof *m->table);
    return true;
}

static bool allocate_cuts(struct build *b)
{
    const size_t nodes = (size_t)b->model->first[b->model->trees], features = (size_t)b->model->features;
    struct ohm_forest_mask *const m = b->mask;

    b->reached = ohm_alloc(nodes, sizeof *b->reached);
    b->slot = ohm_alloc(features, sizeof *b->slot);
    b->count = ohm_alloc(features + 2, sizeof *b->count);
    m->feature = ohm_alloc(features, sizeof *m->feature);
    m->cut_first = ohm_alloc(features + 1, sizeof *m->cut_first);
    m->row_first = ohm_alloc(features, sizeof *m->row_first);
    m->cut = ohm_alloc(nodes, sizeof *m->cut);
    return b->reached && b->slot && b->count && m->feature && m->cut_first && m->row_first && m->cut;
}

static enum ohm_status make(struct build *b, bool *fits, struct ohm_error *err)
{
    size_t words;

    if (!allocate_cuts(b))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a forest");
    collect_cuts(b);
    if ((double)b->mask->rows * (double)(b->model->trees + MASK_CHUNK) * sizeof(uint64_t) > TABLE_BYTES)
        return OHM_OK;
    if (!allocate_table(b->mask, b->model->trees, &words))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a forest");
    for (int t = 0; t < b->model->trees; t++)
        (void)fill_tree(b, t, 0, 0);
    *fits = true;
    return OHM_OK;
}

enum ohm_status ohm_forest_mask_build(struct ohm_forest_mask *mask, const struct ohm_xgb_model *model, bool *fits,
                                      struct ohm_error *err)
{
    struct build b = {.model = model, .mask = mask};
    enum ohm_status st;

    *fits = false;
    if (!leaves_fit(model))
        return OHM_OK;
    st = make(&b, fits, err);
    ohm_free(b.reached);
    ohm_free(b.slot);
    ohm_free(b.count);
    if (!*fits)
        ohm_forest_mask_release(mask);
    return st;
}

void ohm_forest_mask_release(struct ohm_forest_mask *mask)
{
    ohm_free(mask->feature);
    ohm_free(mask->cut_first);
    ohm_free(mask->cut);
    ohm_free(mask->row_first);
    ohm_free(mask->table_block);
    ohm_free(mask->leaf);
    *mask = (struct ohm_forest_mask){0};
}

/* ---- scoring ---- */

#define KERNEL(name) name##_base
#define KERNEL_TARGET
#define VECTOR_BYTES 16
#include "forest_mask_kernel.h"

#if defined(__x86_64__)
#define KERNEL(name)  name##_avx2
#define KERNEL_TARGET __attribute__((target("avx2,bmi")))
#define VECTOR_BYTES  32
#include "forest_mask_kernel.h"
#endif

struct kernels {
    void (*rank_few)(int32_t *rank, const float *x, int rows, const float *cut, int cuts);
    void (*and_rows)(uint64_t (*mask)[MASK_CHUNK], const uint64_t *table, const int32_t (*index)[ROWS], int used,
                     int rows);
    void (*add_leaves)(float *sum, const uint64_t (*mask)[MASK_CHUNK], const float *leaf, int trees, int rows);
};

static struct kernels pick_kernels(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
        return (struct kernels){rank_few_avx2, and_rows_avx2, add_leaves_avx2};
#endif
    return (struct kernels){rank_few_base, and_rows_base, add_leaves_base};
}

static int32_t rank_by_bisection(float x, const float *cut, int cuts)
{
    int32_t low = 0, n = cuts;

    if (x != x)
        return cuts + 1;
    while (n > 0) {
        const int32_t half = n / 2;
        const bool passed = x >= cut[low + half];

        low = passed ? low + half + 1 : low;
        n = passed ? n - half - 1 : half;
    }
    return low;
}

/* index[f][r]: the table row of feature f for row r of the block; idle rows up to `padded` name the first one. */
static void find_bins(const struct ohm_forest_mask *m, const struct kernels *k, int32_t (*index)[ROWS], const float *x,
                      int rows, int padded, int stride)
{
    for (int f = 0; f < m->used; f++) {
        const float *const cut = m->cut + m->cut_first[f], *const column = x + m->feature[f];
        const int cuts = m->cut_first[f + 1] - m->cut_first[f];
        float value[ROWS] = {0};

        for (int r = 0; r < rows; r++)
            value[r] = column[(ptrdiff_t)r * stride];
        if (cuts <= RANK_FEW)
            k->rank_few(index[f], value, rows, cut, cuts);
        else
            for (int r = 0; r < rows; r++)
                index[f][r] = rank_by_bisection(value[r], cut, cuts);
        for (int r = 0; r < rows; r++)
            index[f][r] += m->row_first[f];
        for (int r = rows; r < padded; r++)
            index[f][r] = m->row_first[f];
    }
}

static void predict_block(const struct ohm_forest *forest, const struct kernels *k, float *y, const float *x, int rows,
                          int stride)
{
    const struct ohm_forest_mask *const m = &forest->mask;
    int32_t index[OHM_FEATURES_MAX][ROWS];
    _Alignas(64) uint64_t mask[ROWS][MASK_CHUNK];
    float sum[ROWS];
    const int padded = (rows + 3) / 4 * 4; /* idle rows are scored too, and left */

    find_bins(m, k, index, x, rows, padded, stride);
    for (int r = 0; r < ROWS; r++)
        sum[r] = forest->base_score;
    for (int t = 0; t < forest->trees; t += MASK_CHUNK) {
        const uint64_t *const table = m->table + (size_t)(t / MASK_CHUNK) * (size_t)m->rows * MASK_CHUNK;
        const int trees = forest->trees - t < MASK_CHUNK ? forest->trees - t : MASK_CHUNK;

        k->and_rows(mask, table, index, m->used, padded);
        k->add_leaves(sum, mask, m->leaf + (size_t)t * MASK_LEAVES, trees, padded);
    }
    memcpy(y, sum, (size_t)rows * sizeof *y);
}

void ohm_forest_mask_predict(const struct ohm_forest *forest, float *y, const float *x, int n, int stride)
{
    const struct kernels k = pick_kernels();

    for (int i = 0; i < n; i += ROWS)
        predict_block(forest, &k, y + i, x + (ptrdiff_t)i * stride, n - i < ROWS ? n - i : ROWS, stride);
}
