/* predict.h - what a trained network answers, digitally or on analog hardware, draw after draw: for networks whose
 * outputs are numbers and not classes. */
#ifndef OHM_PREDICT_H
#define OHM_PREDICT_H

#include "ohm/validate.h"

struct ohm_predict_spec {
    struct ohm_weights *w; /* with tile: input ranges that are 0, or all, are calibrated on x, in w */
    const float *x;        /* [n][h][w][c] */
    int n;
    /* Steps of a recurrent network: the last `state` outputs to an input are the last `state` numbers of the next one,
     * whatever x has there; each sequence of `steps` inputs begins with zeros. 0, 0: inputs are independent. 0 steps
     * with a state: one sequence. */
    int state, steps;
    /* Analog hardware as in ohm_validate: draw 3 at a time is the same hardware as there. NULL: digitally. */
    const struct ohm_tile_config *tile;
    const struct ohm_device *device; /* NULL: weights stay as they are */
    struct ohm_range_rule ranges;
    double t_s;
    /* Digitally: normal errors of all conv and dense weights, with this deviation in units of the largest size of a
     * weight of the layer. 0: none, and all draws are the same. */
    double weight_noise;
    uint64_t seed;
    int draws, batch, jobs;
};
/* The answers of draw `draw`, from 0: y[n][classes], valid in the call. Not OHM_OK: no more draws. */
typedef enum ohm_status ohm_predict_fn(void *context, int draw, const float *y, struct ohm_error *err);

/* OHM_ERANGE: the device is not known at that time. OHM_ECONFIG: settings of tiles that exclude each other. What fn
 * gives. OHM_ERANGE also: a state larger than the outputs or not smaller than the inputs, half a sequence. */
enum ohm_status ohm_predict(const struct ohm_predict_spec *spec, ohm_predict_fn *fn, void *context,
                            struct ohm_error *err);

/* How near answers are to what they should be, n numbers each. */
struct ohm_nearness {
    double overlap; /* |sum y t| / sqrt(sum y^2 sum t^2); NaN: one side is all zeros */
    double rmse;    /* root of the mean square of y - t */
    double largest; /* of |y - t| */
};
/* logarithm: y are natural logarithms of what is compared, up to a common factor, which overlap does not see; rmse and
 * largest are NaN then. */
struct ohm_nearness ohm_nearness(const float *y, const double *target, size_t n, bool logarithm);

#endif
