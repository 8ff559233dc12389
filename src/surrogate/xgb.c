/* xgb.c - XGBoost's C API, the only file that knows it.
 *
 * nthread is 1 always: at our sizes a second thread gains nothing, and with the default wait policy of libgomp it loses
 * a hundredfold on a busy machine (dmlc/xgboost#8729). Whoever wants speed trains several models at once. XGBoost's
 * random numbers live in the thread that trains; seed_per_iteration makes them a function of the seed and the tree. */
#include "xgb.h"

#include <xgboost/c_api.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static enum ohm_status failed(const char *call, struct ohm_error *err)
{
    return ohm_fail(err, OHM_EFAIL, "%s: %s", call, XGBGetLastError());
}

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        if ((call) != 0) {                                                                                             \
            st = failed(#call, err);                                                                                   \
            goto done;                                                                                                 \
        }                                                                                                              \
    } while (0)

static enum ohm_status set_params(BoosterHandle booster, const struct ohm_xgb_params *p, struct ohm_error *err)
{
    struct {
        const char *name;
        char value[32];
    } set[] = {
        {"objective", "reg:squarederror"},
        {"tree_method", "hist"},
        {"nthread", "1"},
        {"verbosity", "0"},
        {"seed_per_iteration", "1"},
        {"max_depth", ""},
        {"max_bin", ""},
        {"seed", ""},
        {"eta", ""},
        {"subsample", ""},
        {"colsample_bytree", ""},
        {"min_child_weight", ""},
        {"lambda", ""},
    };
    const int first_int = 5, first_real = 8, n = sizeof set / sizeof set[0];
    const long whole[] = {p->depth, p->bins, (long)p->seed};
    const double real[] = {p->eta, p->subsample, p->colsample, p->min_child_weight, p->lambda};

    for (int i = first_int; i < first_real; i++)
        (void)snprintf(set[i].value, sizeof set[i].value, "%ld", whole[i - first_int]);
    for (int i = first_real; i < n; i++)
        (void)ohm_format_double(set[i].value, real[i - first_real]);
    for (int i = 0; i < n; i++)
        if (XGBoosterSetParam(booster, set[i].name, set[i].value) != 0)
            return failed(set[i].name, err);
    return OHM_OK;
}

static enum ohm_status save(BoosterHandle booster, struct ohm_str *json, struct ohm_error *err)
{
    struct ohm_xgb_model model;
    const char *bytes;
    bst_ulong length;
    enum ohm_status st;

    if (XGBoosterSaveModelToBuffer(booster, "{\"format\": \"json\"}", &length, &bytes) != 0)
        return failed("XGBoosterSaveModelToBuffer", err);
    if ((st = ohm_xgb_read(&model, bytes, (size_t)length, "XGBoost's model", err)) != OHM_OK)
        return st;
    st = ohm_xgb_write(json, &model, err);
    ohm_xgb_release(&model);
    return st;
}

enum ohm_status ohm_xgb_train(struct ohm_str *json, const struct ohm_xgb_params *params, const float *x, int rows,
                              int features, const float *y, struct ohm_error *err)
{
    DMatrixHandle data = NULL;
    BoosterHandle booster = NULL;
    enum ohm_status st = OHM_OK;

    TRY(XGDMatrixCreateFromMat_omp(x, (bst_ulong)rows, (bst_ulong)features, NAN, &data, 1));
    TRY(XGDMatrixSetFloatInfo(data, "label", y, (bst_ulong)rows));
    TRY(XGBoosterCreate(&data, 1, &booster));
    if ((st = set_params(booster, params, err)) != OHM_OK)
        goto done;
    for (int i = 0; i < params->trees; i++)
        TRY(XGBoosterUpdateOneIter(booster, i, data));
    st = save(booster, json, err);
done:
    if (booster)
        (void)XGBoosterFree(booster);
    if (data)
        (void)XGDMatrixFree(data);
    return st;
}
