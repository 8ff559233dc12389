/* store_int.h - what the files of the store share: the handle, and short ways to run SQL with errors in our terms. */
#ifndef OHM_STORE_INT_H
#define OHM_STORE_INT_H

#include "ohm/store.h"

#include <sqlite3.h>

/* "OHMN" at offset 68 of the file: `file` and we know a run log by it. */
enum { DB_APPLICATION_ID = 0x4f484d4e, DB_NUMBER_BITS = 40, DB_OBJECTIVES_MAX = 32, DB_BUSY_MS = 60000 };
/* A trial's rowid is study << 40 | number: rows of a study lie side by side, and each insertion is at its end. */
#define DB_NUMBER_MASK ((INT64_C(1) << DB_NUMBER_BITS) - 1)
#define DB_STUDY_MAX   ((INT64_C(1) << 22) - 1)

/* The first and the last rowid that trials of a study can have. Unsigned, because the study's number may come from a
 * damaged file. */
static inline int64_t db_first_id(int64_t study)
{
    return (int64_t)((uint64_t)study << DB_NUMBER_BITS);
}

static inline int64_t db_last_id(int64_t study)
{
    return db_first_id(study) | DB_NUMBER_MASK;
}

/* What the writer knows of the study it is writing, so that a commit reads nothing: valid while no other connection
 * has written (data_version). */
struct db_writer {
    sqlite3_stmt *insert;
    int64_t study;        /* 0: nothing known */
    int64_t data_version; /* of the database when this was read */
    int64_t trials, feasible, failed;
    int metrics, objectives;
    int metric[DB_OBJECTIVES_MAX], sign[DB_OBJECTIVES_MAX];
    double best[DB_OBJECTIVES_MAX]; /* NaN: none yet */
};

struct ohm_store {
    sqlite3 *db;
    char *path;
    bool writable;
    int version_found; /* of the schema, before an upgrade */
    int64_t token;     /* names this handle in a lease */
    bool leased;       /* a lease was taken by this handle, and perhaps given back */
    struct db_writer writer;
};

/* ---- db.c ---- */

/* The failure of the last call on db as status and text: "cannot write the trials: disk I/O error". */
enum ohm_status ohm_db_fail(const struct ohm_store *store, int rc, const char *what, struct ohm_error *err);
enum ohm_status ohm_db_exec(const struct ohm_store *store, const char *sql, const char *what, struct ohm_error *err);
enum ohm_status ohm_db_prepare(const struct ohm_store *store, sqlite3_stmt **out, const char *sql, const char *what,
                               struct ohm_error *err);
/* *row: true while there is one. */
enum ohm_status ohm_db_step(const struct ohm_store *store, sqlite3_stmt *stmt, bool *row, const char *what,
                            struct ohm_error *err);
/* One integer: a pragma, a count. `parameter` is bound to ?1 where the statement has one. *found may be NULL. */
enum ohm_status ohm_db_int(const struct ohm_store *store, int64_t *value, bool *found, const char *sql,
                           int64_t parameter, struct ohm_error *err);
/* A write transaction: taken at once, so that it never fails half way for a lock. end() commits where st is OHM_OK and
 * rolls back otherwise; it returns the first failure. */
enum ohm_status ohm_db_begin(struct ohm_store *store, struct ohm_error *err);
enum ohm_status ohm_db_end(struct ohm_store *store, enum ohm_status st, const char *what, struct ohm_error *err);
/* Appends text as an SQL name: "a""b". */
void ohm_db_quote(struct ohm_str *sql, const char *name);
/* Copies a column's text into a fixed buffer; NULL gives "". */
void ohm_db_copy(char *buffer, size_t size, sqlite3_stmt *stmt, int column);
double ohm_db_double(sqlite3_stmt *stmt, int column);                   /* NULL: NaN */
int64_t ohm_db_known(sqlite3_stmt *stmt, int column);                   /* NULL: -1 */
void ohm_db_bind_text(sqlite3_stmt *stmt, int place, const char *text); /* borrowed; NULL: null */
void ohm_db_bind_known(sqlite3_stmt *stmt, int place, int64_t value);   /* below 0: null */
/* The token, pid, start, time, host and machine of this handle, from `place` on. */
void ohm_db_bind_self(const struct ohm_store *store, sqlite3_stmt *stmt, int place);
/* Steps a statement that gives no rows, and finalizes it. */
enum ohm_status ohm_db_finish(const struct ohm_store *store, sqlite3_stmt *stmt, const char *what,
                              struct ohm_error *err);
/* Appends a text column of the row `id` of a table; *row: there is one. Neither name is the user's. */
enum ohm_status ohm_db_text_of(const struct ohm_store *store, const char *table, const char *column, int64_t id,
                               struct ohm_str *text, bool *row, struct ohm_error *err);

/* ---- store_schema.c ---- */

/* Step i brings version i to i + 1. */
struct db_migration {
    const char *sql;
};
extern const struct db_migration ohm_db_migrations[OHM_SCHEMA_VERSION];
/* Brings the file from its version to `steps`, all or nothing. */
enum ohm_status ohm_db_migrate(struct ohm_store *store, const struct db_migration *migration, int steps,
                               struct ohm_error *err);
/* The columns of metrics that the widest study of the file needs. */
enum ohm_status ohm_db_widen(const struct ohm_store *store, int metrics, struct ohm_error *err);
/* The view study_<name>. */
enum ohm_status ohm_db_add_view(const struct ohm_store *store, int64_t study, const struct ohm_study_spec *spec,
                                struct ohm_error *err);

/* ---- store_open.c ---- */

/* Application id and version are ours; the version goes to the handle. fresh: an empty file is fine (version 0). */
enum ohm_status ohm_db_identify(struct ohm_store *store, bool fresh, struct ohm_error *err);

/* ---- store_lease.c ---- */

struct db_lease {
    int64_t token, pid, start, time_s;
    char host[64], machine[96];
};
/* Who this handle is. */
void ohm_db_self(const struct ohm_store *store, struct db_lease *self);
/* The six columns lease_token, lease_pid, lease_start, lease_time, lease_host, lease_machine from `column` on. */
bool ohm_db_read_lease(sqlite3_stmt *stmt, int column, struct db_lease *lease);
bool ohm_db_lease_lives(const struct db_lease *lease);
/* Fails with OHM_EBUSY where the study is leased by somebody else who lives. */
enum ohm_status ohm_db_check_lease(const struct ohm_store *store, int64_t study, struct ohm_error *err);

/* ---- store_read.c ---- */

/* "id, generation, ..., m0, ...": what ohm_db_walk reads. */
void ohm_db_trial_columns(struct ohm_str *sql, int metrics);
/* Steps through a statement over those columns and gives each row to fn. Finalizes stmt. */
enum ohm_status ohm_db_walk(const struct ohm_store *store, sqlite3_stmt *stmt, int metrics, ohm_trial_fn *fn,
                            void *context, struct ohm_error *err);
/* Number of metrics of a study; OHM_ENOTFOUND where there is no such study. */
enum ohm_status ohm_db_metric_count(const struct ohm_store *store, int64_t study, int *count, struct ohm_error *err);

#endif
