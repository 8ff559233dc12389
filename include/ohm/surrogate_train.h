/* surrogate_train.h - making a surrogate from measured rows, and judging one on rows it has not seen.
 *
 * Rows are genotypes with measured targets. Training is k-fold cross-validation, repeated: every row is predicted by
 * the models that did not see it, these held-out predictions give the scores, and the fold models together are the
 * ensemble that is kept: its mean is the prediction. Uncertainty is the members' spread and, for what no ensemble
 * sees, a model of the size of the held-out errors, calibrated together. A genotype that occurs twice has all its rows
 * in one fold. XGBoost runs with one thread; folds are trained in parallel; the same rows, options and seed give the
 * same files for any number of jobs. */
#ifndef OHM_SURROGATE_TRAIN_H
#define OHM_SURROGATE_TRAIN_H

#include "ohm/emit.h"
#include "ohm/error.h"
#include "ohm/field.h"
#include "ohm/space.h"
#include "ohm/surrogate.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- rows ---- */

enum { OHM_TARGET_NAME_SIZE = 32, OHM_TARGET_UNIT_SIZE = 16 };

struct ohm_target_name {
    char name[OHM_TARGET_NAME_SIZE]; /* [A-Za-z_][A-Za-z0-9_]*, not ending in _sd (that names the uncertainty) */
    char unit[OHM_TARGET_UNIT_SIZE]; /* "%"; may be empty */
};

struct ohm_rows {
    int count, capacity;
    int targets;
    struct ohm_target_name target[OHM_TARGETS_MAX];
    struct ohm_genotype *genotype; /* [count], owned */
    double *value;                 /* [count][targets], owned; NaN: not measured */
    int passed_over;               /* rows of the source that the filter left out */
};

/* Adds a target to an empty table: `text` is NAME or NAME:UNIT. OHM_ECONFIG: a bad, reserved or repeated name, or more
 * than OHM_TARGETS_MAX. */
enum ohm_status ohm_rows_add_target(struct ohm_rows *rows, const char *text, struct ohm_error *err);
/* Appends one row; value[targets]. */
enum ohm_status ohm_rows_add(struct ohm_rows *rows, const struct ohm_genotype *g, const double *value,
                             struct ohm_error *err);
/* Reads a CSV file of measured networks.
 *   key      the column that names the network: the space's own key text ("432030") or the canonical text
 *   targets  [n] "acc_1d:%=hwt_drift_86400_mean", "avm=hwt_drift_60_mean - hwt_drift_2592000_mean": name, unit and an
 *            expression over the columns; without "=..." the column of that name
 *   where    a condition over the columns: other rows are passed over; NULL or "": all
 * An empty cell is NaN. OHM_EDATA: a key that is no network of the space, with its line. OHM_ENOTFOUND: no such
 * column. */
enum ohm_status ohm_rows_read_csv(struct ohm_rows *rows, const struct ohm_space *space, const char *path,
                                  const char *key, const char *const *targets, int n, const char *where,
                                  struct ohm_error *err);
/* A hash of genotypes and values in order: kept in the card. */
uint64_t ohm_rows_hash(const struct ohm_rows *rows, const struct ohm_space *space);
void ohm_rows_release(struct ohm_rows *rows);

/* ---- training ---- */

struct ohm_surrogate_options {
    int64_t folds, repeats;       /* the ensemble has folds * repeats members */
    int64_t trees, depth;         /* of each member */
    double eta;                   /* learning rate */
    double subsample, colsample;  /* share of rows and of features that a tree sees */
    double min_child_weight, lambda;
    int64_t bins;                 /* of XGBoost's histograms */
    int64_t knots;                /* of the line by which targets are mapped to [0, 1]; below 2: not mapped */
    double rank;                  /* weight of a value's rank on that scale; the rest is the value itself */
    int64_t top_k;                /* of the top-k overlap */
    int64_t seed;
};
extern const struct ohm_field ohm_surrogate_fields[]; /* of struct ohm_surrogate_options */

struct ohm_train_spec {
    const char *name;     /* of the surrogate; NULL: the folder's last part */
    const char *folder;   /* written whole by a temporary folder and rename; an older surrogate there is replaced,
                           * a folder that is no surrogate is refused */
    const char *task;     /* "cifar10" */
    const char *features; /* groups, "genes,net,cell" */
    const struct ohm_physics *physics; /* for groups chip and noise; NULL: none */
    const char *protocol; /* how the targets were measured: chip noise, drift times, repeats */
    const char *source;   /* where the rows are from, as text */
    const char *command;  /* the command line that makes it again */
    struct ohm_surrogate_options options;
    int jobs;
};

struct ohm_target_score {
    struct ohm_target_name target;
    int rows;                          /* with this target measured */
    double tau, spearman, rmse, top_k; /* held-out prediction against measurement; NaN where undefined */
    double coverage90;                 /* share of rows inside mean +- 1.645 sd */
    double mean_sd;                    /* mean of the predicted uncertainty */
    double params_tau, params_spearman, params_top_k; /* the same with the parameter count as the predictor; the */
    double macs_tau, macs_spearman, macs_top_k;       /* better of the two directions */
};

struct ohm_score_report {
    int targets, rows, features, models;
    int top_k;
    bool held_out; /* false: rows may be those trained on (ohm_surrogate_eval cannot know) */
    struct ohm_target_score score[OHM_TARGETS_MAX];
};

/* Trains, scores and writes the folder. OHM_ECONFIG: fewer than 2 rows a fold for some target, a target that is
 * constant, a folder that is no surrogate; OHM_EIO: the folder is as it was before. */
enum ohm_status ohm_surrogate_train(struct ohm_score_report *report, const struct ohm_train_spec *spec,
                                    const struct ohm_space *space, const struct ohm_rows *rows, struct ohm_error *err);
/* ---- what each group of features brings ---- */

enum { OHM_ABLATION_ROWS_MAX = 32, OHM_ABLATION_TEXT_SIZE = 128 };

struct ohm_ablation {
    int networks, targets, count;
    struct ohm_target_name target[OHM_TARGETS_MAX];
    struct ohm_ablation_row {
        char kind[16]; /* all, which is the first row; without one group; alone */
        char groups[OHM_ABLATION_TEXT_SIZE]; /* that were trained on */
        int features;
        double tau[OHM_TARGETS_MAX], rmse[OHM_TARGETS_MAX]; /* of held-out rows */
        double lost[OHM_TARGETS_MAX], lost_se[OHM_TARGETS_MAX]; /* tau of all less that of this, and its standard error:
                                                                 * bootstrap over the rows */
    } row[OHM_ABLATION_ROWS_MAX];
};

/* Trains on all groups of the spec, on all but each of them, and on each alone where there are more than two, with the
 * same folds and seeds; keeps no model. Name, folder and texts of the spec are not looked at. */
enum ohm_status ohm_surrogate_ablate(struct ohm_ablation *out, const struct ohm_train_spec *spec,
                                     const struct ohm_space *space, const struct ohm_rows *rows, struct ohm_error *err);

/* Scores a loaded surrogate on rows; targets are matched by name, and there must be at least one (OHM_ECONFIG). */
enum ohm_status ohm_surrogate_eval(struct ohm_score_report *report, const struct ohm_surrogate *s,
                                   const struct ohm_space *space, const struct ohm_rows *rows, int top_k,
                                   struct ohm_error *err);

/* The features of rows: x[count][ohm_features_count]; params[count], macs[count] (either may be NULL). */
enum ohm_status ohm_rows_features(const struct ohm_rows *rows, const struct ohm_space *space,
                                  const struct ohm_features *features, float *x, double *params, double *macs,
                                  struct ohm_error *err);

/* ---- words ---- */

/* The groups a family has: name and help, for `surrogate info --features`; NULL past the last. family NULL: all. */
const char *ohm_feature_group_name(const char *family, int i);
const char *ohm_feature_group_help(const char *family, int i);

/* Writes the scores as a list under `key`: one map a target. */
void ohm_score_report_emit(struct ohm_emit *e, const char *key, const struct ohm_score_report *report);
/* The card's text, as it lies in the folder; NULL for a plain file. */
const char *ohm_surrogate_card(const struct ohm_surrogate *s);
/* The held-out scores of target i that the card states; NULL for a plain file. */
const struct ohm_target_score *ohm_surrogate_score(const struct ohm_surrogate *s, int i);

#endif
