/* validation.h - the validations of the run log: one row each, one for each of their times, one for each single read.
 *
 * Tables: validation(...), validation_time(validation, place, time, t_s), validation_read(validation, draw, place,
 * read, top1, dw, alpha); docs/database.md describes their columns. A draw is there whole or not at all, so a
 * validation that was killed goes on with the draws that are there. A file before version 3 has no validations; read as
 * it is, it shows none. Accuracies are in percent. */
#ifndef OHM_VALIDATION_H
#define OHM_VALIDATION_H

#include "ohm/store.h"

/* What is known of a validation before it starts. Texts may be NULL: none. */
struct ohm_validation_spec {
    uint64_t fingerprint;     /* of all that its bits follow from: one that was killed is found by it */
    const char *network;      /* name, or n:ID */
    const char *network_hash; /* of its shape */
    const char *network_text; /* a file that the program reads as NET */
    int64_t study, trial;     /* where the network comes from; -1: not from this file */
    const char *weights, *weights_hash;
    const char *task, *data, *data_hash, *split;
    int64_t folds, fold; /* folds 0: the split as given */
    const char *chip, *device;
    const char *settings;    /* JSON: all else that changes the bits */
    const char *const *time; /* [times], as the user wrote them */
    const double *t_s;       /* [times] */
    int times;
    int64_t seed, draws, reads, samples; /* draws: at most */
    double width;                        /* points; 0: all draws */
    const char *program;
};

/* What is known of the whole after a draw; NaN: not known. */
struct ohm_validation_total {
    double digital, digital_low, digital_high, avm;
    int64_t calibrated; /* layers whose input range training had not set */
};

struct ohm_validation_read {
    int64_t draw, place, read; /* draw and read count from 1, the place among the times from 0 */
    double top1, dw, alpha;
};

struct ohm_validation_row {
    int64_t id;
    char state[16];                /* running, interrupted (its process is gone), stopped, failed, done */
    char created[32], changed[32]; /* RFC 3339, UTC */
    char network[96], network_hash[32], task[64], data_hash[32], split[16], chip[64], device[64], program[64];
    char weights_hash[32];
    int64_t study, trial, training; /* -1: none, or not known */
    int64_t folds, fold, seed, samples, reads, times;
    int64_t draws, done; /* at most, in the log */
    double width, time_s;
    struct ohm_validation_total total;
    char last_time[32]; /* the latest of its times, and the mean of all reads there; NaN: none yet */
    double last_top1;
};

/* A new row in state running, or the newest of the same fingerprint that did not come to its end, whose lease nobody
 * holds; *done: draws that it has. The training is the newest one done of the same network that wrote these weights.
 * OHM_EBUSY: that one is running in another process. */
enum ohm_status ohm_store_begin_validation(struct ohm_store *store, int64_t *id, int64_t *done,
                                           const struct ohm_validation_spec *spec, struct ohm_error *err);
/* One whole draw, in one transaction: read[n], n = times * reads. One that is there already is replaced. */
enum ohm_status ohm_store_add_draw(struct ohm_store *store, int64_t id, const struct ohm_validation_total *total,
                                   const struct ohm_validation_read *read, int n, double time_s, struct ohm_error *err);
/* state: done, failed or stopped, with its reason (may be NULL). read[n] fills what the log lacks, where it was locked
 * for too long; total may be NULL: as it is. */
enum ohm_status ohm_store_end_validation(struct ohm_store *store, int64_t id, const char *state, const char *reason,
                                         const struct ohm_validation_total *total,
                                         const struct ohm_validation_read *read, int n, struct ohm_error *err);

typedef enum ohm_status ohm_validation_fn(void *context, const struct ohm_validation_row *row, struct ohm_error *err);
enum ohm_status ohm_store_each_validation(struct ohm_store *store, ohm_validation_fn *fn, void *context,
                                          struct ohm_error *err);
/* By "v:3". OHM_ENOTFOUND, OHM_ECONFIG (no such text). */
enum ohm_status ohm_store_find_validation(struct ohm_store *store, const char *name, struct ohm_validation_row *row,
                                          struct ohm_error *err);
/* The newest that is done, of this fingerprint and program; *id stays as it is where there is none. */
enum ohm_status ohm_store_find_measured(struct ohm_store *store, uint64_t fingerprint, const char *program, int64_t *id,
                                        struct ohm_error *err);
/* A text column: "network_text", "settings", "reason", "weights", "data". Appended; none: nothing. */
enum ohm_status ohm_store_validation_text(struct ohm_store *store, int64_t id, const char *column, struct ohm_str *text,
                                          struct ohm_error *err);
typedef enum ohm_status ohm_validation_time_fn(void *context, const char *time, double t_s, struct ohm_error *err);
enum ohm_status ohm_store_each_time(struct ohm_store *store, int64_t id, ohm_validation_time_fn *fn, void *context,
                                    struct ohm_error *err);
/* By draw, place, read. */
typedef enum ohm_status ohm_validation_read_fn(void *context, const struct ohm_validation_read *read,
                                               struct ohm_error *err);
enum ohm_status ohm_store_each_read(struct ohm_store *store, int64_t id, ohm_validation_read_fn *fn, void *context,
                                    struct ohm_error *err);

#endif
