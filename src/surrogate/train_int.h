/* train_int.h - a training run in progress. */
#ifndef OHM_TRAIN_INT_H
#define OHM_TRAIN_INT_H

#include "feature_int.h"
#include "quantile.h"
#include "surrogate_int.h"
#include "xgb.h"

#include "ohm/rng.h"

/* One target: the rows in which it was measured, its members, and what they say about rows they have not seen. */
struct ohm_target_work {
    int n;
    int32_t *row; /* [n] */
    double *y;    /* [n] */
    int knots;
    double knot[KNOTS_MAX];
    struct ohm_str *json;   /* [members] */
    double *held_out;       /* [repeats][n] */
    double *mean, *spread2; /* [n] over the repeats: mean and variance of the held-out predictions */
    float *error_label;     /* [n] what the noise model learns */
    double *error_held_out; /* [n] */
    struct ohm_str noise_json;
    double noise_scale, noise_power;
    double *sd; /* [n] */
};

struct ohm_trainer {
    const struct ohm_train_spec *spec;
    const struct ohm_space *space;
    const struct ohm_rows *rows;
    struct ohm_features *features;
    int width, members, folds, repeats, jobs;
    float *x;              /* [rows][width] */
    double *params, *macs; /* [rows] */
    int32_t *fold;         /* [repeats][rows] */
    struct ohm_rng rng;
    struct ohm_target_work target[OHM_TARGETS_MAX];
};

/* Features, targets and folds; t is zero before. Released in any case. */
enum ohm_status ohm_trainer_set_up(struct ohm_trainer *t, const struct ohm_train_spec *spec,
                                   const struct ohm_space *space, const struct ohm_rows *rows, struct ohm_error *err);
void ohm_trainer_release(struct ohm_trainer *t);
/* Splits rows into folds, a network's rows together, anew for each repeat. */
enum ohm_status ohm_train_split(struct ohm_trainer *t, struct ohm_error *err);
/* Members of all targets, with the held-out predictions. */
enum ohm_status ohm_train_members(struct ohm_trainer *t, struct ohm_error *err);
/* The models of the errors' size, the scale, and sd of the held-out rows. */
enum ohm_status ohm_train_noise(struct ohm_trainer *t, struct ohm_error *err);

struct ohm_folder_file {
    const char *name, *bytes;
    size_t length;
};
/* OHM_ECONFIG: `folder` is there and is neither empty nor a surrogate nor holds rows.csv. */
enum ohm_status ohm_folder_check(const char *folder, struct ohm_error *err);
/* Puts a folder of these files in the place of `folder`, all or nothing. Of what is there, the card and *.json go, and
 * everything else stays. */
enum ohm_status ohm_folder_write(const char *folder, const struct ohm_folder_file *file, int n, struct ohm_error *err);

#endif
