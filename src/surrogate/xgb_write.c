/* xgb_write.c - a model as the smallest JSON that XGBoost 1.7 to 3.x load. */
#include "xgb.h"

#include "ohm/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shortest decimal that gives the same float. It has a point or an exponent: XGBoost's reader refuses a float that
 * is written as an integer. */
static void append_float(struct ohm_str *s, float value)
{
    char text[32];

    for (int digits = 1; digits <= 9; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    for (char *p = text; *p; p++)
        if (*p == ',') /* the decimal point of some locales */
            *p = '.';
    ohm_str_append(s, text);
    if (!strpbrk(text, ".e"))
        ohm_str_append(s, ".0");
}

/* The reached nodes of one tree in breadth-first order. */
struct order {
    int32_t *node;   /* [n] index in the model's tree */
    int32_t *parent; /* [n] index in this order; -1 at the root */
    int32_t *left;   /* [n] index in this order; -1 in a leaf; the right child is the next one */
    int32_t n;
};

static bool make_order(struct order *o, const struct ohm_xgb_node *tree, size_t nodes)
{
    o->node = ohm_alloc(nodes, sizeof *o->node);
    o->parent = ohm_alloc(nodes, sizeof *o->parent);
    o->left = ohm_alloc(nodes, sizeof *o->left);
    if (!o->node || !o->parent || !o->left)
        return false;
    o->node[0] = 0;
    o->parent[0] = -1;
    o->n = 1;
    for (int32_t i = 0; i < o->n; i++) {
        const struct ohm_xgb_node *const from = &tree[o->node[i]];

        o->left[i] = -1;
        if (from->left < 0)
            continue;
        o->left[i] = o->n;
        o->node[o->n] = from->left;
        o->parent[o->n++] = i;
        o->node[o->n] = from->right;
        o->parent[o->n++] = i;
    }
    return true;
}

static void free_order(struct order *o)
{
    ohm_free(o->node);
    ohm_free(o->parent);
    ohm_free(o->left);
}

static void append_zeros(struct ohm_str *s, const char *key, const char *zero, int n)
{
    ohm_str_printf(s, "\"%s\":[%s", key, zero);
    for (int i = 1; i < n; i++)
        ohm_str_printf(s, ",%s", zero);
    ohm_str_append(s, "],");
}

/* One array over the nodes, by a function of (order, tree, i). */
#define APPEND_COLUMN(s, key, n, append)                                                                               \
    do {                                                                                                               \
        ohm_str_printf((s), "\"%s\":[", (key));                                                                        \
        for (int32_t i = 0; i < (n); i++) {                                                                            \
            if (i)                                                                                                     \
                ohm_str_append((s), ",");                                                                              \
            append;                                                                                                    \
        }                                                                                                              \
        ohm_str_append((s), "],");                                                                                     \
    } while (0)

static void append_tree(struct ohm_str *s, const struct order *o, const struct ohm_xgb_node *tree, int id, int features)
{
    const int n = o->n;

    ohm_str_append(s, "{");
    append_zeros(s, "base_weights", "0.0", n);
    ohm_str_append(s, "\"categories\":[],\"categories_nodes\":[],\"categories_segments\":[],\"categories_sizes\":[],");
    APPEND_COLUMN(s, "default_left", n,
                  ohm_str_append(s, o->left[i] >= 0 && tree[o->node[i]].default_left ? "1" : "0"));
    ohm_str_printf(s, "\"id\":%d,", id);
    APPEND_COLUMN(s, "left_children", n, ohm_str_printf(s, "%d", o->left[i]));
    append_zeros(s, "loss_changes", "0.0", n);
    /* The root's parent is written as XGBoost does: 2^31 - 1. */
    APPEND_COLUMN(s, "parents", n, ohm_str_printf(s, "%d", o->parent[i] < 0 ? INT32_MAX : o->parent[i]));
    APPEND_COLUMN(s, "right_children", n, ohm_str_printf(s, "%d", o->left[i] < 0 ? -1 : o->left[i] + 1));
    APPEND_COLUMN(s, "split_conditions", n, append_float(s, tree[o->node[i]].threshold));
    APPEND_COLUMN(s, "split_indices", n, ohm_str_printf(s, "%d", o->left[i] < 0 ? 0 : tree[o->node[i]].feature));
    append_zeros(s, "split_type", "0", n);
    append_zeros(s, "sum_hessian", "0.0", n);
    ohm_str_printf(s,
                   "\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"%d\",\"num_nodes\":\"%d\","
                   "\"size_leaf_vector\":\"1\"}}\n",
                   features, n);
}

static bool append_trees(struct ohm_str *s, const struct ohm_xgb_model *model)
{
    for (int t = 0; t < model->trees; t++) {
        const struct ohm_xgb_node *const tree = model->node + model->first[t];
        struct order order = {0};
        const bool made = make_order(&order, tree, (size_t)(model->first[t + 1] - model->first[t]));

        if (made) {
            if (t)
                ohm_str_append(s, ",");
            append_tree(s, &order, tree, t, model->features);
        }
        free_order(&order);
        if (!made)
            return false;
    }
    return true;
}

enum ohm_status ohm_xgb_write(struct ohm_str *json, const struct ohm_xgb_model *model, struct ohm_error *err)
{
    bool made;

    ohm_str_printf(json,
                   "{\"learner\":{\"attributes\":{},\"feature_names\":[],\"feature_types\":[],"
                   "\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":\"1\","
                   "\"num_trees\":\"%d\",\"size_leaf_vector\":\"0\"},\"tree_info\":[0",
                   model->trees);
    for (int t = 1; t < model->trees; t++)
        ohm_str_append(json, ",0");
    ohm_str_append(json, "],\"trees\":[\n");
    made = append_trees(json, model);
    ohm_str_append(json, "]},\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"");
    append_float(json, model->base_score);
    ohm_str_printf(json,
                   "\",\"boost_from_average\":\"1\",\"num_class\":\"0\",\"num_feature\":\"%d\",\"num_target\":\"1\"},"
                   "\"objective\":{\"name\":\"reg:squarederror\",\"reg_loss_param\":{\"scale_pos_weight\":\"1\"}}},"
                   "\"version\":[1,7,4]}\n",
                   model->features);
    return made && !json->failed ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory for a model");
}
