/* store_run.c - names, states and leases of trainings and validations. */
#include "store_run.h"

#include <string.h>

bool ohm_db_has_runs(const struct ohm_store *store, const struct db_run_kind *kind)
{
    return store->writable || store->version_found >= kind->since;
}

enum ohm_status ohm_db_no_run(const struct ohm_store *store, const struct db_run_kind *kind, int64_t id,
                              struct ohm_error *err)
{
    return ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, store->path, 0, 0, "there is no %s %c:%lld", kind->table,
                       kind->letter, (long long)id);
}

/* ---- lease ---- */

static enum ohm_status check_owner(const struct ohm_store *store, const struct db_run_kind *kind, int64_t id,
                                   sqlite3_stmt *stmt, struct ohm_error *err)
{
    struct db_lease lease;
    char state[16];

    ohm_db_copy(state, sizeof state, stmt, 7);
    if (strcmp(state, "running") != 0 || !ohm_db_read_lease(stmt, 0, &lease) || lease.token == store->token ||
        !ohm_db_lease_lives(&lease))
        return OHM_OK;
    return ohm_fail_at(err, OHM_EBUSY, OHM_ORIGIN, store->path, 0, 0, "%s %c:%lld is running in process %lld on %s",
                       kind->table, kind->letter, (long long)id, (long long)lease.pid, lease.host);
}

enum ohm_status ohm_db_find_stopped(const struct ohm_store *store, const struct db_run_kind *kind, int64_t *id,
                                    uint64_t fingerprint, const char *weights, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    char sql[256];
    bool row = false;
    enum ohm_status st;

    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT lease_token, lease_pid, lease_start, lease_time, lease_host, lease_machine, id, state "
                     "FROM %s WHERE fingerprint = ?1 AND state <> 'done' ORDER BY weights IS ?2 DESC, id DESC LIMIT 1",
                     kind->table);
    if ((st = ohm_db_prepare(store, &stmt, sql, "look for a run that stopped", err)) != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, (int64_t)fingerprint);
    ohm_db_bind_text(stmt, 2, weights);
    st = ohm_db_step(store, stmt, &row, "look for a run that stopped", err);
    if (st == OHM_OK && row) {
        *id = sqlite3_column_int64(stmt, 6);
        st = check_owner(store, kind, *id, stmt, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_db_take_run(const struct ohm_store *store, const struct db_run_kind *kind, int64_t id,
                                const char *weights, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    char sql[256];
    enum ohm_status st;

    sqlite3_snprintf(
        sizeof sql, sql,
        "UPDATE %s SET lease_token = ?3, lease_pid = ?4, lease_start = ?5, lease_time = ?6, "
        "lease_host = ?7, lease_machine = ?8, weights = ?2, state = 'running', reason = NULL WHERE id = ?1",
        kind->table);
    if ((st = ohm_db_prepare(store, &stmt, sql, "take the run", err)) != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    ohm_db_bind_text(stmt, 2, weights);
    ohm_db_bind_self(store, stmt, 3);
    return ohm_db_finish(store, stmt, "take the run", err);
}

enum ohm_status ohm_db_check_end(const struct db_run_kind *kind, const char *state, struct ohm_error *err)
{
    if (strcmp(state, "done") != 0 && strcmp(state, "failed") != 0 && strcmp(state, "stopped") != 0)
        return ohm_fail(err, OHM_ERANGE, "a %s ends as done, failed or stopped, not as \"%s\"", kind->table, state);
    return OHM_OK;
}

enum ohm_status ohm_db_end_run(const struct ohm_store *store, const struct db_run_kind *kind, int64_t id,
                               const char *state, const char *reason, const char *weights_hash, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    char sql[192];
    enum ohm_status st;

    sqlite3_snprintf(sizeof sql, sql,
                     "UPDATE %s SET state = ?2, reason = ?3, weights_hash = ifnull(?4, weights_hash), "
                     "lease_token = NULL WHERE id = ?1",
                     kind->table);
    if ((st = ohm_db_prepare(store, &stmt, sql, "end the run", err)) != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    ohm_db_bind_text(stmt, 2, state);
    ohm_db_bind_text(stmt, 3, reason);
    ohm_db_bind_text(stmt, 4, weights_hash);
    return ohm_db_finish(store, stmt, "end the run", err);
}

/* ---- reading ---- */

void ohm_db_mend_state(char *state, size_t size, sqlite3_stmt *stmt, int column)
{
    struct db_lease lease;

    if (strcmp(state, "running") == 0 && (!ohm_db_read_lease(stmt, column, &lease) || !ohm_db_lease_lives(&lease)))
        sqlite3_snprintf((int)size, state, "interrupted");
}

/* rows: how many came. */
static enum ohm_status walk(const struct ohm_store *store, const struct db_run_kind *kind, const char *rest, int64_t id,
                            db_run_fn *read, void *context, int64_t *rows, struct ohm_error *err)
{
    struct ohm_str sql = {0};
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    enum ohm_status st;

    ohm_str_printf(&sql, "%s%s", kind->row, rest);
    st = sql.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory for a question")
                    : ohm_db_prepare(store, &stmt, ohm_str_text(&sql), "read the runs", err);
    ohm_str_release(&sql);
    if (st == OHM_OK && sqlite3_bind_parameter_count(stmt) > 0)
        sqlite3_bind_int64(stmt, 1, id);
    while (st == OHM_OK && (st = ohm_db_step(store, stmt, &more, "read the runs", err)) == OHM_OK && more) {
        st = read(context, stmt, err);
        ++*rows;
    }
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_db_each_run(const struct ohm_store *store, const struct db_run_kind *kind, db_run_fn *read,
                                void *context, struct ohm_error *err)
{
    int64_t rows = 0;

    return ohm_db_has_runs(store, kind) ? walk(store, kind, "ORDER BY r.id", 0, read, context, &rows, err) : OHM_OK;
}

enum ohm_status ohm_db_find_run(const struct ohm_store *store, const struct db_run_kind *kind, const char *name,
                                db_run_fn *read, void *context, struct ohm_error *err)
{
    int64_t id = 0, rows = 0;
    enum ohm_status st = OHM_OK;

    if (name[0] != kind->letter || name[1] != ':' || !ohm_parse_int64(name + 2, &id) || id < 1)
        return ohm_fail(err, OHM_ECONFIG, "'%.40s' is no %s: they are called %c:1, %c:2, ...", name, kind->table,
                        kind->letter, kind->letter);
    if (ohm_db_has_runs(store, kind))
        st = walk(store, kind, "WHERE r.id = ?1", id, read, context, &rows, err);
    return st == OHM_OK && rows == 0 ? ohm_db_no_run(store, kind, id, err) : st;
}

enum ohm_status ohm_db_run_text(const struct ohm_store *store, const struct db_run_kind *kind, int64_t id,
                                const char *column, struct ohm_str *text, struct ohm_error *err)
{
    const char *const *named = kind->texts;
    bool row = false;
    enum ohm_status st;

    while (*named && strcmp(column, *named) != 0)
        named++;
    if (!*named)
        return ohm_fail(err, OHM_ENOTFOUND, "a %s has no text \"%s\"", kind->table, column);
    if (!ohm_db_has_runs(store, kind))
        return ohm_db_no_run(store, kind, id, err);
    st = ohm_db_text_of(store, kind->table, *named, id, text, &row, err);
    return st == OHM_OK && !row ? ohm_db_no_run(store, kind, id, err) : st;
}
