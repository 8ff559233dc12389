/* forest.c - a loaded XGBoost model as a scorer.
 *
 * XGBoost adds in float: base score, then one leaf a tree in order. Both scorers do the same additions in the same
 * order, and comparisons are exact, so the bits are the same. */
#include "forest_int.h"

#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/surrogate.h"

enum ohm_status ohm_forest_load(struct ohm_forest **out, const char *path, struct ohm_error *err)
{
    char *bytes = NULL;
    size_t length;
    enum ohm_status st = ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, err);

    if (st == OHM_OK)
        st = ohm_forest_parse(out, bytes, length, path, err);
    ohm_free(bytes);
    return st;
}

static enum ohm_status build(struct ohm_forest *forest, const struct ohm_xgb_model *model, bool try_mask,
                             struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    forest->features = model->features;
    forest->trees = model->trees;
    forest->base_score = model->base_score;
    if (try_mask)
        st = ohm_forest_mask_build(&forest->mask, model, &forest->masked, err);
    if (st == OHM_OK && !forest->masked)
        st = ohm_forest_walk_build(&forest->walk, model, err);
    return st;
}

static enum ohm_status parse(struct ohm_forest **out, const char *bytes, size_t length, const char *path, bool try_mask,
                             struct ohm_error *err)
{
    struct ohm_xgb_model model;
    struct ohm_forest *forest;
    enum ohm_status st = ohm_xgb_read(&model, bytes, length, path, err);

    if (st != OHM_OK)
        return st;
    forest = ohm_alloc(1, sizeof *forest);
    st = forest ? build(forest, &model, try_mask, err) : ohm_fail(err, OHM_ENOMEM, "out of memory for a forest");
    ohm_xgb_release(&model);
    if (st != OHM_OK) {
        ohm_forest_free(forest);
        return st;
    }
    *out = forest;
    return OHM_OK;
}

enum ohm_status ohm_forest_parse(struct ohm_forest **out, const char *bytes, size_t length, const char *path,
                                 struct ohm_error *err)
{
    return parse(out, bytes, length, path, true, err);
}

enum ohm_status ohm_forest_parse_as(struct ohm_forest **out, const char *bytes, size_t length, const char *path,
                                    bool masked, struct ohm_error *err)
{
    struct ohm_forest *forest;
    const enum ohm_status st = parse(&forest, bytes, length, path, masked, err);

    if (st != OHM_OK)
        return st;
    if (forest->masked != masked) {
        ohm_forest_free(forest);
        return ohm_fail(err, OHM_ERANGE, "this model has no mask table");
    }
    *out = forest;
    return OHM_OK;
}

void ohm_forest_free(struct ohm_forest *forest)
{
    if (!forest)
        return;
    ohm_forest_mask_release(&forest->mask);
    ohm_forest_walk_release(&forest->walk);
    ohm_free(forest);
}

int ohm_forest_features(const struct ohm_forest *forest)
{
    return forest->features;
}

int ohm_forest_trees(const struct ohm_forest *forest)
{
    return forest->trees;
}

void ohm_forest_predict(const struct ohm_forest *forest, float *y, const float *x, int n, int stride)
{
    if (forest->masked)
        ohm_forest_mask_predict(forest, y, x, n, stride);
    else
        ohm_forest_walk_predict(forest, y, x, n, stride);
}
