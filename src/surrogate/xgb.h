/* xgb.h - training through the C API of XGBoost, and models as compact JSON. */
#ifndef OHM_XGB_H
#define OHM_XGB_H

#include "xgb_read.h"

#include "ohm/error.h"
#include "ohm/str.h"

#include <stdint.h>

struct ohm_xgb_params {
    int trees, depth, bins;
    double eta, subsample, colsample, min_child_weight, lambda;
    uint32_t seed;
};

/* Trains on x[rows][features] (no NaN) and y[rows]; the model, as JSON that XGBoost loads, is put into *json.
 * One thread, and the same bits every time. OHM_EFAIL: XGBoost's own words. */
enum ohm_status ohm_xgb_train(struct ohm_str *json, const struct ohm_xgb_params *params, const float *x, int rows,
                              int features, const float *y, struct ohm_error *err);

/* Writes a model with what a scorer needs and zeros for the rest (gains, covers): a third of XGBoost's own file.
 * Nodes that are not reached are dropped. */
enum ohm_status ohm_xgb_write(struct ohm_str *json, const struct ohm_xgb_model *model, struct ohm_error *err);

#endif
