/* store.h - the run log: one SQLite file that holds studies, their trials and generations, and answers questions.
 *
 * WAL mode, one writer, readers never block it (busy timeout 60 s). A finished trial is never rewritten. The schema has
 * a version (PRAGMA user_version) and an application id; an older file is upgraded on opening for writing and read as it
 * is, a newer or a foreign one is refused. The store knows nothing of search: texts and numbers in, texts and numbers out.
 *
 * Tables: study(id, name, created, state, config, space_text, chip_text, seed, metrics, ...), objective(study, place,
 * metric, sign, text), trial(id, study, number, generation, state, feasible, record, violation, time_s, net_id,
 * parent_a, parent_b, operation, reason, genotype, m0, m1, ... as many as the widest study has), generation(study,
 * number, trials, hypervolume, best, time_s). For every study there is a view "study_<name>" whose columns m_i have the
 * names and units of the metrics ("acc_1d", "energy_uJ"). docs/database.md describes them for who writes SQL. Trainings
 * are in training.h, validations in validation.h.
 *
 * A handle is used by one thread at a time. Functions given a callback may be called again from within it. */
#ifndef OHM_STORE_H
#define OHM_STORE_H

#include "ohm/error.h"
#include "ohm/limits.h"
#include "ohm/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { OHM_SCHEMA_VERSION = 3, OHM_SCHEMA_READABLE = 1 /* the oldest that is read as it is */ };

struct ohm_store;

enum ohm_store_mode { OHM_STORE_READ, OHM_STORE_WRITE, OHM_STORE_CREATE };

/* READ never waits for a writer nor makes one wait, and works in a read-only folder. CREATE makes the file where there
 * is none; it and WRITE upgrade an older one. OHM_ENOTFOUND: no such file. OHM_EDATA: not an ohmnas database, damaged,
 * or of a version that this program does not know (says which). OHM_EBUSY: locked for longer than the timeout.
 * OHM_EIO: read-only folder, full disk. */
enum ohm_status ohm_store_open(struct ohm_store **out, const char *path, enum ohm_store_mode mode,
                               struct ohm_error *err);
void ohm_store_close(struct ohm_store *store); /* NULL is fine; gives back its leases */
/* How long a write waits for another process's write to end; 60,000 ms unless said otherwise. */
void ohm_store_set_timeout(struct ohm_store *store, int timeout_ms);

/* ---- studies ---- */

struct ohm_study_row {
    int64_t id;
    char name[128];
    char state[16];          /* running, paused, done, failed */
    char created[32];        /* RFC 3339, UTC */
    char strategy[32], space[64], chip[64], task[32];
    int64_t seed, budget, trials, feasible, failed;
    double best;             /* of the first objective, in the user's direction; NaN: none yet */
    char objective[128];     /* text of the first objective */
    double time_s;           /* spent in it so far */
};

struct ohm_study_spec {
    const char *name;        /* unique in the file */
    const char *config;      /* JSON: the whole configuration, and where each value came from */
    const char *strategy, *space, *chip, *task;
    const char *space_text, *chip_text; /* the files as read */
    int64_t seed, budget;
    const char *const *metrics;         /* [metric_count] names with units, "acc_1d" */
    int metric_count;
    /* Objectives: metric index, +1 maximise / -1 minimise; the writer keeps trial.record by them. */
    const int *objective_metric;
    const int *objective_sign;
    const char *const *objective_text;
    int objective_count;
};

/* OHM_EBUSY: the name is taken (names that differ in case only are the same). OHM_ECONFIG: a name of the study or of a
 * metric that cannot be one: empty, too long, control characters, "#..." for a study; for a metric anything but letters,
 * digits, _ and ., or the name of a fixed column. */
enum ohm_status ohm_store_add_study(struct ohm_store *store, int64_t *id, const struct ohm_study_spec *spec,
                                    struct ohm_error *err);
/* By name, or by a unique prefix of it, or by number "#3"; an empty name: the newest. OHM_ENOTFOUND names the nearest,
 * OHM_ECONFIG lists the studies that share the prefix. A study whose process died while it ran reads as "paused". */
enum ohm_status ohm_store_find_study(struct ohm_store *store, const char *name, struct ohm_study_row *row,
                                     struct ohm_error *err);
typedef enum ohm_status ohm_study_fn(void *context, const struct ohm_study_row *row, struct ohm_error *err);
enum ohm_status ohm_store_each_study(struct ohm_store *store, ohm_study_fn *fn, void *context, struct ohm_error *err);
enum ohm_status ohm_store_set_study(struct ohm_store *store, int64_t id, const char *state, int64_t budget,
                                    double time_s, struct ohm_error *err);
/* A text column of the study row: "config", "space_text", "chip_text", "metrics" (JSON list). Appended to text. */
enum ohm_status ohm_store_study_text(struct ohm_store *store, int64_t id, const char *column, struct ohm_str *text,
                                     struct ohm_error *err);
/* Names of the study's metrics into name[]; *count. Owned by the caller (ohm_free each). */
enum ohm_status ohm_store_metrics(struct ohm_store *store, int64_t id, char *name[OHM_METRICS_MAX], int *count,
                                  struct ohm_error *err);

/* A lease keeps a study from running twice: taken before a run (OHM_EBUSY says by which process of which machine),
 * renewed by each commit, given back at the end; a lease whose process is gone (same machine) or that is older than 5
 * minutes is taken over. */
enum ohm_status ohm_store_lease(struct ohm_store *store, int64_t id, struct ohm_error *err);
enum ohm_status ohm_store_unlease(struct ohm_store *store, int64_t id, struct ohm_error *err);

/* ---- trials ---- */

struct ohm_trial {
    int64_t number;            /* from 0, in order of asking */
    int64_t generation;
    const char *state;         /* complete, infeasible, failed */
    uint64_t net_id;
    const char *genotype;      /* canonical text */
    const char *operation;
    int64_t parent[2];         /* -1: none */
    double time_s;             /* spent on it; NaN: not measured one by one */
    bool feasible;
    double violation;
    const char *reason;        /* of a failure, or the constraint broken; NULL: none */
    double metric[OHM_METRICS_MAX]; /* NaN: not there */
};

struct ohm_generation_row {
    int64_t number, trials;    /* trials so far, this generation included */
    double hypervolume;        /* NaN where not defined */
    double best;               /* of the first objective */
    double time_s;
};

/* Writes trials and, where not NULL, one generation row, in one transaction; renews the lease. A generation row with a
 * number that is there already takes its place. OHM_EIO: full disk: the transaction is rolled back, what was committed
 * before stays. OHM_ERANGE: numbers do not follow on what is there. OHM_EBUSY: leased by another process. */
enum ohm_status ohm_store_commit(struct ohm_store *store, int64_t study, const struct ohm_trial *trials, int n,
                                 const struct ohm_generation_row *generation, struct ohm_error *err);

/* Trials of a study in order of number, from `first` on. The row is valid during the call. fn returns OHM_OK to go on;
 * any other status ends the walk and is returned. */
typedef enum ohm_status ohm_trial_fn(void *context, const struct ohm_trial *trial, struct ohm_error *err);
enum ohm_status ohm_store_each_trial(struct ohm_store *store, int64_t study, int64_t first, ohm_trial_fn *fn,
                                     void *context, struct ohm_error *err);
typedef enum ohm_status ohm_generation_fn(void *context, const struct ohm_generation_row *row, struct ohm_error *err);
enum ohm_status ohm_store_each_generation(struct ohm_store *store, int64_t study, ohm_generation_fn *fn, void *context,
                                          struct ohm_error *err);
/* By "n:3fa9c1" (unique prefix of the content id), or "#17" / "17" (number in the study). OHM_ENOTFOUND; OHM_ECONFIG:
 * the prefix fits several, which are listed. study -1: any. */
enum ohm_status ohm_store_find_trial(struct ohm_store *store, int64_t study, const char *id, int64_t *found_study,
                                     int64_t *number, struct ohm_error *err);

/* ---- questions ---- */

struct ohm_query {
    int64_t study;             /* -1: all (then only the fixed columns) */
    const char *where;         /* expression of expr.h over fixed columns and metrics; NULL: all */
    const char *sort;          /* column or metric, "-" before it for descending; NULL: by number */
    int64_t limit;             /* -1: no limit */
    bool feasible_only;
};
/* As each_trial, filtered and sorted by the database. */
enum ohm_status ohm_store_query(struct ohm_store *store, const struct ohm_query *query, ohm_trial_fn *fn, void *context,
                                struct ohm_error *err);
/* The k best feasible complete trials by objective `objective` of the study; k = 1 answers from the record index in
 * milliseconds whatever the number of trials. */
enum ohm_status ohm_store_best(struct ohm_store *store, int64_t study, int objective, int k, ohm_trial_fn *fn,
                               void *context, struct ohm_error *err);
/* Two to eight columns of the feasible trials as numbers: value[n][m] and number[n], owned by the caller. Columns are
 * metric names or expressions. Reads 1,000,000 rows of two metrics in well under a second. */
enum ohm_status ohm_store_columns(struct ohm_store *store, int64_t study, const char *const *column, int m,
                                  const char *where, double **value, int64_t **number, int64_t *n,
                                  struct ohm_error *err);
/* A read-only statement of the user's (OHM_ECONFIG: not a query); calls fn for each row with texts (NULL: null) and,
 * in is_number, which of them are numbers. */
typedef enum ohm_status ohm_sql_fn(void *context, int columns, const char *const *name, const char *const *cell,
                                   const bool *is_number, struct ohm_error *err);
enum ohm_status ohm_store_sql(struct ohm_store *store, const char *sql, ohm_sql_fn *fn, void *context,
                              struct ohm_error *err);

/* ---- care ---- */

/* Integrity and the store's own rules (numbers without gaps, metrics within the study's count). OHM_EDATA says what. */
enum ohm_status ohm_store_check(struct ohm_store *store, struct ohm_error *err);
enum ohm_status ohm_store_upgrade(const char *path, int *from, int *to, struct ohm_error *err);
/* A consistent copy, also while a study runs. OHM_EBUSY: `to` exists. */
enum ohm_status ohm_store_backup(const char *from, const char *to, struct ohm_error *err);

#endif
