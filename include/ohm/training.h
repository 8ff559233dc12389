/* training.h - the trainings of the run log: one row each, and one row for each of their epochs.
 *
 * Tables: training(...) and epoch(training, number, ...); docs/database.md describes their columns. A training that was
 * killed and resumed is one row with one curve. A file of version 1 has no trainings; read as it is, it shows none.
 * Accuracies are in percent. */
#ifndef OHM_TRAINING_H
#define OHM_TRAINING_H

#include "ohm/store.h"

/* What is known of a training before it starts. Texts may be NULL: none. */
struct ohm_training_spec {
    uint64_t fingerprint;     /* of all that its bits follow from: a resumed run is found by it */
    const char *network;      /* name, or n:ID */
    const char *network_hash; /* of its shape */
    const char *network_text; /* a file that the program reads as NET */
    int64_t study, trial;     /* where the network comes from; -1: not from this file */
    const char *task, *data, *data_hash, *split;
    int64_t folds, fold; /* folds 0: the split as given */
    int64_t seed, samples, val_samples;
    const char *recipe, *analog, *options; /* analog NULL: digital; options: the rest that changes the bits */
    int64_t epochs;                        /* planned */
    const char *weights;                   /* file that is to be written */
    const char *program;
};

struct ohm_epoch_row {
    int64_t number;            /* from 1 */
    double loss, top1;         /* on the training samples as they were augmented */
    double val_loss, val_top1; /* NaN: not judged */
    double lr, time_s;         /* time_s NaN: not known */
};

struct ohm_training_row {
    int64_t id;
    char state[16];                /* running, interrupted (its process is gone), stopped, failed, done */
    char created[32], changed[32]; /* RFC 3339, UTC */
    char network[96], network_hash[32], task[64], data_hash[32], split[16], program[64], weights_hash[32];
    bool analog;
    int64_t study, trial; /* -1: none */
    int64_t folds, fold, seed, samples, val_samples;
    int64_t epochs, done;            /* planned, in the log */
    struct ohm_epoch_row last, best; /* best: by val_top1, the first of equals; number 0: none yet */
    double time_s;                   /* of its epochs */
};

/* A new row in state running, or with `resume` the newest row of the same fingerprint that did not come to its end,
 * one of the same weights file before others. OHM_EBUSY: that one is running in another process. */
enum ohm_status ohm_store_begin_training(struct ohm_store *store, int64_t *id, const struct ohm_training_spec *spec,
                                         bool resume, struct ohm_error *err);
/* One transaction. An epoch that is there already is replaced: a resumed run gives the same numbers. */
enum ohm_status ohm_store_add_epoch(struct ohm_store *store, int64_t id, const struct ohm_epoch_row *epoch,
                                    struct ohm_error *err);
/* state: done, failed or stopped, with its reason (may be NULL). curve[n] fills what the log lacks (a run that was
 * killed between its checkpoint and its row, a log that was locked); rows that are there stay. */
enum ohm_status ohm_store_end_training(struct ohm_store *store, int64_t id, const char *state, const char *reason,
                                       const char *weights_hash, const struct ohm_epoch_row *curve, int n,
                                       struct ohm_error *err);

typedef enum ohm_status ohm_training_fn(void *context, const struct ohm_training_row *row, struct ohm_error *err);
enum ohm_status ohm_store_each_training(struct ohm_store *store, ohm_training_fn *fn, void *context,
                                        struct ohm_error *err);
/* By "t:3". OHM_ENOTFOUND, OHM_ECONFIG (no such text). */
enum ohm_status ohm_store_find_training(struct ohm_store *store, const char *name, struct ohm_training_row *row,
                                        struct ohm_error *err);
/* A text column: "network_text", "recipe", "analog", "options", "reason", "weights", "data". Appended; none: nothing.
 */
enum ohm_status ohm_store_training_text(struct ohm_store *store, int64_t id, const char *column, struct ohm_str *text,
                                        struct ohm_error *err);
typedef enum ohm_status ohm_epoch_fn(void *context, const struct ohm_epoch_row *row, struct ohm_error *err);
enum ohm_status ohm_store_each_epoch(struct ohm_store *store, int64_t id, ohm_epoch_fn *fn, void *context,
                                     struct ohm_error *err);

#endif
