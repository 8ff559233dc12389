/* surrogate_int.h - a loaded surrogate. */
#ifndef OHM_SURROGATE_INT_H
#define OHM_SURROGATE_INT_H

#include "card.h"

/* How one target is predicted: each model gives the target (or its share, where there are knots), the mean of the
 * models is the prediction, and
 *     sd^2 = (scale exp(power * noise model))^2 + spread of the models^2. */
struct ohm_predictor {
    int models;
    struct ohm_forest **model; /* [models] */
    int knots;
    const double *knot;
    struct ohm_forest *noise; /* NULL: no sd */
    double noise_scale, noise_power;
};

struct ohm_surrogate {
    struct ohm_card card;
    char *card_text; /* NULL: a plain file */
    char *name;
    struct ohm_features *features;
    uint64_t hash;
    int targets;
    struct ohm_target_name target[OHM_TARGETS_MAX];
    struct ohm_predictor predictor[OHM_TARGETS_MAX];
};

/* mean and sd (NULL: not wanted; NaN without a noise model) of rows x[n][stride]; written at steps of `step`. */
void ohm_predictor_run(const struct ohm_predictor *p, double *mean, double *sd, int step, const float *x, int n,
                       int stride);
void ohm_predictor_release(struct ohm_predictor *p);

#endif
