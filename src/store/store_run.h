/* store_run.h - what trainings and validations have in common: a row each with a name, a state, a lease, a fingerprint
 * that finds it again after a kill, and texts. */
#ifndef OHM_STORE_RUN_H
#define OHM_STORE_RUN_H

#include "store_int.h"

struct db_run_kind {
    const char *table;        /* "training": also what a run is called */
    char letter;              /* of its name, t:17 */
    int since;                /* version of the schema that has them */
    const char *row;          /* SELECT of one row without its end; the first column is the id */
    const char *const *texts; /* columns that may be asked for, NULL at the end */
};

/* False for a file of an older version that was opened for reading. */
bool ohm_db_has_runs(const struct ohm_store *store, const struct db_run_kind *kind);
enum ohm_status ohm_db_no_run(const struct ohm_store *store, const struct db_run_kind *kind, int64_t id,
                              struct ohm_error *err);

/* The newest run of this fingerprint that is not done, first of those into the same file of weights; *id stays as it is
 * where there is none. OHM_EBUSY: another process that lives works on it. */
enum ohm_status ohm_db_find_stopped(const struct ohm_store *store, const struct db_run_kind *kind, int64_t *id,
                                    uint64_t fingerprint, const char *weights, struct ohm_error *err);
/* The run is ours and running. */
enum ohm_status ohm_db_take_run(const struct ohm_store *store, const struct db_run_kind *kind, int64_t id,
                                const char *weights, struct ohm_error *err);
/* OHM_ERANGE: no state that a run ends with. */
enum ohm_status ohm_db_check_end(const struct db_run_kind *kind, const char *state, struct ohm_error *err);
/* Gives the lease back. weights_hash NULL: as it was. */
enum ohm_status ohm_db_end_run(const struct ohm_store *store, const struct db_run_kind *kind, int64_t id,
                               const char *state, const char *reason, const char *weights_hash, struct ohm_error *err);

/* "running" becomes "interrupted" where the lease, six columns from `column` on, is nobody's: a process that was killed
 * could not say that it stopped. */
void ohm_db_mend_state(char *state, size_t size, sqlite3_stmt *stmt, int column);

/* Gives the columns of kind->row of every run, or of one by its name, to read(). Find: OHM_ECONFIG for what is no name,
 * OHM_ENOTFOUND. */
typedef enum ohm_status db_run_fn(void *context, sqlite3_stmt *stmt, struct ohm_error *err);
enum ohm_status ohm_db_each_run(const struct ohm_store *store, const struct db_run_kind *kind, db_run_fn *read,
                                void *context, struct ohm_error *err);
enum ohm_status ohm_db_find_run(const struct ohm_store *store, const struct db_run_kind *kind, const char *name,
                                db_run_fn *read, void *context, struct ohm_error *err);
/* Appends one of kind->texts. */
enum ohm_status ohm_db_run_text(const struct ohm_store *store, const struct db_run_kind *kind, int64_t id,
                                const char *column, struct ohm_str *text, struct ohm_error *err);

#endif
