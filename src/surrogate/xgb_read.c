/* xgb_read.c - the JSON that XGBoost 1.x, 2.x and 3.x save, read in one pass; what our scorer cannot do is refused.
 *
 * Layout: learner { gradient_booster { name, model { gbtree_model_param, tree_info, trees [ arrays over nodes ] } },
 * learner_model_param, objective { name } }. Versions differ in small ways only: base_score is "5E-1" up to 3.0 and
 * "[5E-1]" from 3.1 on, default_left holds numbers or booleans, keys come and go. Unknown keys are passed over. */
#include "xgb_read.h"

#include "json_scan.h"

#include "ohm/mem.h"
#include "ohm/surrogate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 64, CONTEXT_SIZE = 64 };

/* The arrays of the tree being read, in the order of `columns`. */
enum column { LEFT, RIGHT, FEATURE, DEFAULT_LEFT, SPLIT_TYPE, THRESHOLD, COLUMNS };
static const char *const columns[] = {"left_children", "right_children", "split_indices",
                                      "default_left",  "split_type",     "split_conditions"};

struct column_values {
    union {
        int *number;  /* LEFT to SPLIT_TYPE */
        float *value; /* THRESHOLD */
    };
    size_t count, capacity;
    bool seen;
};

struct reader {
    struct ohm_json_scan scan;
    struct ohm_xgb_model model;
    size_t node_cap, first_cap, depth_cap, nodes;
    struct column_values column[COLUMNS];
    int32_t *stack; /* of the walk that checks a tree */
    size_t stack_cap;
    bool seen_trees, seen_base, seen_features;
    char booster[TEXT_SIZE], objective[TEXT_SIZE];
    int stated_trees, outputs;
};

static bool no_memory(struct reader *r)
{
    if (r->scan.status == OHM_OK)
        r->scan.status = ohm_fail(r->scan.err, OHM_ENOMEM, "out of memory while reading a model");
    return false;
}

/* XGBoost writes its parameters as texts: "22". */
static bool read_count(struct reader *r, const char *key, int *value)
{
    char text[TEXT_SIZE], *end;
    long v;

    if (ohm_json_peek(&r->scan) != '"')
        return ohm_json_int(&r->scan, value);
    if (!ohm_json_text(&r->scan, text, sizeof text))
        return false;
    v = strtol(text, &end, 10);
    if (end == text || *end || v < 0 || v > INT32_MAX)
        return ohm_json_fail(&r->scan, "%s is \"%s\", not a count", key, text);
    *value = (int)v;
    return true;
}

/* "5E-1", or "[5E-1]" since XGBoost 3.1. */
static bool read_base_score(struct reader *r)
{
    char text[256];
    char *begin = text, *end;

    if (!ohm_json_text(&r->scan, text, sizeof text))
        return false;
    end = text + strlen(text);
    if (*begin == '[' && end[-1] == ']') {
        begin++;
        end--;
        *end = '\0';
    }
    if (strchr(begin, ','))
        return ohm_json_fail(&r->scan, "base_score has several values: a model with several outputs");
    {
        struct ohm_json_scan number = {.at = begin, .begin = begin, .end = end};

        if (!ohm_json_float(&number, &r->model.base_score) || !ohm_json_end(&number))
            return ohm_json_fail(&r->scan, "base_score is \"%s\", not a number", begin);
    }
    r->seen_base = true;
    return true;
}

static bool read_number_column(struct reader *r, struct column_values *c)
{
    bool first = true;

    c->count = 0;
    while (ohm_json_item(&r->scan, &first)) {
        int value;

        if (!ohm_json_int(&r->scan, &value))
            return false;
        if (!ohm_grow(&c->number, &c->capacity, c->count + 1, sizeof *c->number))
            return no_memory(r);
        c->number[c->count++] = value;
    }
    return r->scan.status == OHM_OK;
}

static bool read_value_column(struct reader *r, struct column_values *c)
{
    bool first = true;

    c->count = 0;
    while (ohm_json_item(&r->scan, &first)) {
        float value;

        if (!ohm_json_float(&r->scan, &value))
            return false;
        if (!ohm_grow(&c->value, &c->capacity, c->count + 1, sizeof *c->value))
            return no_memory(r);
        c->value[c->count++] = value;
    }
    return r->scan.status == OHM_OK;
}

static bool refuse_if_any(struct reader *r)
{
    bool first = true;

    if (!ohm_json_item(&r->scan, &first))
        return r->scan.status == OHM_OK;
    return ohm_json_fail(&r->scan, "tree %d splits on categories, which the scorer does not know", r->model.trees);
}

static bool read_tree_member(struct reader *r, const char *key)
{
    for (int i = 0; i < COLUMNS; i++) {
        if (strcmp(key, columns[i]) != 0)
            continue;
        if (r->column[i].seen)
            return ohm_json_fail(&r->scan, "tree %d: %s comes twice", r->model.trees, key);
        r->column[i].seen = true;
        return i == THRESHOLD ? read_value_column(r, &r->column[i]) : read_number_column(r, &r->column[i]);
    }
    if (strcmp(key, "categories_nodes") == 0)
        return refuse_if_any(r);
    return ohm_json_skip(&r->scan);
}

/* All columns there and of one length; split_type, which old files lack, may be absent. */
static bool check_columns(struct reader *r)
{
    const size_t n = r->column[LEFT].count;

    for (int i = 0; i < COLUMNS; i++) {
        if (!r->column[i].seen && i == SPLIT_TYPE)
            continue;
        if (!r->column[i].seen)
            return ohm_json_fail(&r->scan, "tree %d has no %s", r->model.trees, columns[i]);
        if (r->column[i].count != n)
            return ohm_json_fail(&r->scan, "tree %d: %s has %zu entries, left_children %zu", r->model.trees, columns[i],
                                 r->column[i].count, n);
    }
    if (n == 0)
        return ohm_json_fail(&r->scan, "tree %d has no nodes", r->model.trees);
    if (n > INT32_MAX / 2 - r->nodes)
        return ohm_json_fail(&r->scan, "more nodes than 2^30");
    return true;
}

static bool append_nodes(struct reader *r)
{
    struct ohm_xgb_model *m = &r->model;
    const size_t n = r->column[LEFT].count, trees = (size_t)m->trees;

    if (!ohm_grow(&m->node, &r->node_cap, r->nodes + n, sizeof *m->node) ||
        !ohm_grow(&m->first, &r->first_cap, trees + 2, sizeof *m->first) ||
        !ohm_grow(&m->depth, &r->depth_cap, trees + 1, sizeof *m->depth))
        return no_memory(r);
    for (size_t i = 0; i < n; i++)
        m->node[r->nodes + i] = (struct ohm_xgb_node){
            .left = r->column[LEFT].number[i],
            .right = r->column[RIGHT].number[i],
            .feature = r->column[FEATURE].number[i],
            .threshold = r->column[THRESHOLD].value[i],
            .default_left = r->column[DEFAULT_LEFT].number[i] != 0,
        };
    m->first[trees] = (int32_t)r->nodes;
    r->nodes += n;
    m->first[trees + 1] = (int32_t)r->nodes;
    m->depth[trees] = 0;
    m->trees++;
    return true;
}

static bool read_tree(struct reader *r)
{
    char key[JSON_KEY_SIZE];
    bool first = true;

    for (int i = 0; i < COLUMNS; i++) {
        r->column[i].seen = false;
        r->column[i].count = 0;
    }
    while (ohm_json_member(&r->scan, &first, key))
        if (!read_tree_member(r, key))
            return false;
    if (r->scan.status != OHM_OK || !check_columns(r))
        return false;
    if (r->column[SPLIT_TYPE].seen)
        for (size_t i = 0; i < r->column[SPLIT_TYPE].count; i++)
            if (r->column[SPLIT_TYPE].number[i] != 0)
                return ohm_json_fail(&r->scan, "tree %d splits on categories, which the scorer does not know",
                                     r->model.trees);
    return append_nodes(r);
}

static bool read_trees(struct reader *r)
{
    bool first = true;

    if (r->seen_trees)
        return ohm_json_fail(&r->scan, "trees comes twice");
    r->seen_trees = true;
    while (ohm_json_item(&r->scan, &first))
        if (!read_tree(r))
            return false;
    return r->scan.status == OHM_OK;
}

/* tree_info: the output that each tree belongs to. */
static bool read_tree_info(struct reader *r)
{
    bool first = true;
    int group;

    while (ohm_json_item(&r->scan, &first)) {
        if (!ohm_json_int(&r->scan, &group))
            return false;
        if (group != 0)
            return ohm_json_fail(&r->scan, "the model has several outputs: a tree belongs to output %d", group);
    }
    return r->scan.status == OHM_OK;
}

typedef bool member_fn(struct reader *r, const char *key);

static bool each_member(struct reader *r, member_fn *fn)
{
    char key[JSON_KEY_SIZE];
    bool first = true;

    while (ohm_json_member(&r->scan, &first, key))
        if (!fn(r, key))
            return false;
    return r->scan.status == OHM_OK;
}

static bool gbtree_param_member(struct reader *r, const char *key)
{
    if (strcmp(key, "num_trees") == 0)
        return read_count(r, key, &r->stated_trees);
    return ohm_json_skip(&r->scan);
}

static bool booster_model_member(struct reader *r, const char *key)
{
    if (strcmp(key, "gbtree_model_param") == 0)
        return each_member(r, gbtree_param_member);
    if (strcmp(key, "trees") == 0)
        return read_trees(r);
    if (strcmp(key, "tree_info") == 0)
        return read_tree_info(r);
    return ohm_json_skip(&r->scan);
}

static bool booster_member(struct reader *r, const char *key)
{
    if (strcmp(key, "name") == 0)
        return ohm_json_text(&r->scan, r->booster, sizeof r->booster);
    if (strcmp(key, "model") == 0)
        return each_member(r, booster_model_member);
    return ohm_json_skip(&r->scan);
}

static bool learner_param_member(struct reader *r, const char *key)
{
    int count = 0;

    if (strcmp(key, "base_score") == 0)
        return read_base_score(r);
    if (strcmp(key, "num_feature") == 0) {
        r->seen_features = true;
        return read_count(r, key, &r->model.features);
    }
    if (strcmp(key, "num_class") == 0 || strcmp(key, "num_target") == 0) {
        if (!read_count(r, key, &count))
            return false;
        if (count > r->outputs)
            r->outputs = count;
        return true;
    }
    return ohm_json_skip(&r->scan);
}

static bool objective_member(struct reader *r, const char *key)
{
    if (strcmp(key, "name") == 0)
        return ohm_json_text(&r->scan, r->objective, sizeof r->objective);
    return ohm_json_skip(&r->scan);
}

static bool learner_member(struct reader *r, const char *key)
{
    if (strcmp(key, "gradient_booster") == 0)
        return each_member(r, booster_member);
    if (strcmp(key, "learner_model_param") == 0)
        return each_member(r, learner_param_member);
    if (strcmp(key, "objective") == 0)
        return each_member(r, objective_member);
    return ohm_json_skip(&r->scan);
}

static bool root_member(struct reader *r, const char *key)
{
    if (strcmp(key, "learner") == 0)
        return each_member(r, learner_member);
    return ohm_json_skip(&r->scan);
}

/* Objectives whose prediction is the sum of the leaves itself. */
static bool is_plain_objective(const char *name)
{
    static const char *const plain[] = {
        "reg:squarederror",  "reg:linear",    "reg:squaredlogerror", "reg:absoluteerror", "reg:pseudohubererror",
        "reg:quantileerror", "rank:pairwise", "rank:ndcg",           "rank:map"};

    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (strcmp(name, plain[i]) == 0)
            return true;
    return false;
}

static bool check_learner(struct reader *r)
{
    struct ohm_json_scan *s = &r->scan;

    s->at = s->begin; /* what follows is about the file as a whole */
    if (!*r->booster)
        return ohm_json_fail(s, "no learner.gradient_booster: this is no XGBoost model");
    if (strcmp(r->booster, "gbtree") != 0)
        return ohm_json_fail(s, "the booster is %s, legal is gbtree", r->booster);
    if (!r->seen_trees || r->model.trees == 0)
        return ohm_json_fail(s, "the model has no trees");
    if (r->stated_trees != r->model.trees)
        return ohm_json_fail(s, "num_trees is %d, but there are %d trees", r->stated_trees, r->model.trees);
    if (!r->seen_base || !r->seen_features)
        return ohm_json_fail(s, "learner_model_param has no %s", r->seen_base ? "num_feature" : "base_score");
    if (r->model.features < 1 || r->model.features > OHM_FEATURES_MAX)
        return ohm_json_fail(s, "the model has %d features, outside [1, %d]", r->model.features, OHM_FEATURES_MAX);
    if (r->outputs > 1)
        return ohm_json_fail(s, "the model has %d outputs, legal is 1", r->outputs);
    if (!is_plain_objective(r->objective))
        return ohm_json_fail(s,
                             "objective '%s' transforms the sum of the leaves; legal are reg:squarederror and others "
                             "that do not",
                             r->objective);
    return true;
}

/* Walks tree t from its root: every child within the tree and reached once. A node reached twice would need a second
 * parent, so counting to more nodes than there are finds cycles and shared children alike. */
static bool check_tree(struct reader *r, int t)
{
    const struct ohm_xgb_node *node = r->model.node + r->model.first[t];
    const int32_t n = r->model.first[t + 1] - r->model.first[t];
    size_t top = 0;

    if (!ohm_grow(&r->stack, &r->stack_cap, 3 * (size_t)n + 2, sizeof *r->stack))
        return no_memory(r);
    {
        int32_t *const reached = r->stack + 2 * ((size_t)n + 1); /* [n], 1 once reached */

        memset(reached, 0, (size_t)n * sizeof *reached);
        r->stack[top++] = 0; /* node, depth pairs */
        r->stack[top++] = 0;
        reached[0] = 1;
        while (top > 0) {
            const int32_t depth = r->stack[--top], i = r->stack[--top];
            const int32_t child[2] = {node[i].left, node[i].right};

            if (depth > r->model.depth[t])
                r->model.depth[t] = depth;
            if (child[0] == -1 && child[1] == -1)
                continue;
            if (node[i].feature < 0 || node[i].feature >= r->model.features)
                return ohm_json_fail(&r->scan, "tree %d, node %d: feature %d, outside [0, %d]", t, i, node[i].feature,
                                     r->model.features - 1);
            for (int c = 0; c < 2; c++) {
                if (child[c] < 0 || child[c] >= n)
                    return ohm_json_fail(&r->scan, "tree %d, node %d: child %d, outside [0, %d]", t, i, child[c],
                                         n - 1);
                if (reached[child[c]])
                    return ohm_json_fail(&r->scan, "tree %d, node %d: child %d is reached twice", t, i, child[c]);
                reached[child[c]] = 1;
                r->stack[top++] = child[c];
                r->stack[top++] = depth + 1;
            }
        }
    }
    return true;
}

static bool check_start(struct reader *r)
{
    struct ohm_json_scan *s = &r->scan;
    const size_t n = (size_t)(s->end - s->begin);

    if (n == 0)
        return ohm_json_fail(s, "the file is empty");
    if ((n >= 4 && memcmp(s->begin, "binf", 4) == 0) ||
        (n >= 2 && s->begin[0] == '{' && strchr("LUilIS$#", s->begin[1]) && s->begin[1]))
        return ohm_json_fail(s, "a binary model of XGBoost; save it as .json (Booster.save_model(\"x.json\"))");
    return true;
}

static bool read_model(struct reader *r)
{
    if (!check_start(r) || !each_member(r, root_member) || !ohm_json_end(&r->scan) || !check_learner(r))
        return false;
    for (int t = 0; t < r->model.trees; t++)
        if (!check_tree(r, t))
            return false;
    return true;
}

enum ohm_status ohm_xgb_read(struct ohm_xgb_model *out, const char *bytes, size_t length, const char *path,
                             struct ohm_error *err)
{
    struct reader r = {.scan = {.at = bytes, .begin = bytes, .end = bytes + length, .path = path, .err = err}};
    const bool done = read_model(&r);

    for (int i = 0; i < THRESHOLD; i++)
        ohm_free(r.column[i].number);
    ohm_free(r.column[THRESHOLD].value);
    ohm_free(r.stack);
    if (done)
        *out = r.model;
    else
        ohm_xgb_release(&r.model);
    return r.scan.status;
}

void ohm_xgb_release(struct ohm_xgb_model *model)
{
    ohm_free(model->node);
    ohm_free(model->first);
    ohm_free(model->depth);
    *model = (struct ohm_xgb_model){0};
}
