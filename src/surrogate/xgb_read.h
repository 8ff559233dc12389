/* xgb_read.h - what a scorer needs of an XGBoost model, checked. */
#ifndef OHM_XGB_READ_H
#define OHM_XGB_READ_H

#include "ohm/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An inner node sends x[feature] < threshold left, a larger value right, NaN left where default_left.
 * In a leaf left is -1 and threshold is the value. */
struct ohm_xgb_node {
    int32_t left, right; /* indices within the tree, or -1 and -1 */
    int32_t feature;
    float threshold;
    bool default_left;
};

struct ohm_xgb_model {
    int features, trees;
    float base_score;
    struct ohm_xgb_node *node; /* all trees, one after another; owned */
    int32_t *first;            /* [trees + 1] index of each tree's root in node[]; owned */
    int32_t *depth;            /* [trees] edges on the longest path; owned */
};

/* On success every tree is a tree: children in range, each reached once, features in range, all numbers finite.
 * Nodes that cannot be reached (XGBoost's deleted ones) may hold anything. */
enum ohm_status ohm_xgb_read(struct ohm_xgb_model *out, const char *bytes, size_t length, const char *path,
                             struct ohm_error *err);
void ohm_xgb_release(struct ohm_xgb_model *model);

#endif
