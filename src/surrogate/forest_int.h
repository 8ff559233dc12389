/* forest_int.h - the two scorers of a forest; both give the bits of XGBoost. */
#ifndef OHM_FOREST_INT_H
#define OHM_FOREST_INT_H

#include "xgb_read.h"

#include <stdbool.h>
#include <stdint.h>

/* Trees of a chunk: one table row is a cache line, and a chunk's table a few KB. */
enum { MASK_CHUNK = 8, MASK_LEAVES = 64 };

/* QuickScorer (Lucchese et al., SIGIR 2015): a tree of at most 64 leaves is a 64-bit mask of leaves, numbered from left
 * to right. Each node whose test fails clears the leaves of its left subtree; the lowest bit left is the leaf reached.
 * For one feature all nodes of a tree can be taken together: the mask depends only on how many of the feature's
 * thresholds are <= x. */
struct ohm_forest_mask {
    int used;           /* features that some node reads */
    int32_t *feature;   /* [used] */
    int32_t *cut_first; /* [used + 1] in cut[] */
    float *cut;         /* thresholds of each used feature, ascending */
    int32_t *row_first; /* [used] first row of the feature in a chunk's table; cuts + 2 rows: the last is for NaN */
    int rows;           /* of a chunk's table */
    uint64_t *table;    /* [chunks][rows][MASK_CHUNK], on a cache line */
    void *table_block;  /* what was allocated for it */
    float *leaf;        /* [trees][MASK_LEAVES] */
};

/* Nodes of a tree in breadth-first order: an inner node's children stand side by side, a leaf leads to itself. */
struct ohm_walk_node {
    float threshold; /* a leaf: its value */
    int32_t left;    /* index of the left child; a leaf: its own */
    uint16_t feature;
    uint8_t step;      /* 1; 0 in a leaf, so that it never moves on */
    uint8_t nan_right; /* NaN goes right */
};

struct ohm_forest_walk {
    struct ohm_walk_node *node;
    int32_t *root; /* [trees] */
    int32_t *depth;
};

struct ohm_forest {
    int features, trees;
    float base_score;
    bool masked; /* which of the two is there */
    struct ohm_forest_mask mask;
    struct ohm_forest_walk walk;
};

/* *fits: false where some tree has more than 64 leaves, or the table would be slower than walking; nothing is made
 * then. */
enum ohm_status ohm_forest_mask_build(struct ohm_forest_mask *mask, const struct ohm_xgb_model *model, bool *fits,
                                      struct ohm_error *err);
void ohm_forest_mask_release(struct ohm_forest_mask *mask);
void ohm_forest_mask_predict(const struct ohm_forest *forest, float *y, const float *x, int n, int stride);

enum ohm_status ohm_forest_walk_build(struct ohm_forest_walk *walk, const struct ohm_xgb_model *model,
                                      struct ohm_error *err);
void ohm_forest_walk_release(struct ohm_forest_walk *walk);
void ohm_forest_walk_predict(const struct ohm_forest *forest, float *y, const float *x, int n, int stride);

/* For tests: the scorer that ohm_forest_parse would not choose. OHM_ERANGE: it cannot do this model. */
enum ohm_status ohm_forest_parse_as(struct ohm_forest **out, const char *bytes, size_t length, const char *path,
                                    bool masked, struct ohm_error *err);

#endif
