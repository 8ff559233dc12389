/* db.c - short ways to run SQL, with SQLite's failures in our terms. */
#include "store_int.h"

#include <math.h>
#include <string.h>

static enum ohm_status status_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return OHM_EBUSY;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: /* our own statements are right: a table or column is missing */
    case SQLITE_FORMAT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
        return OHM_EDATA;
    case SQLITE_NOMEM:
        return OHM_ENOMEM;
    case SQLITE_INTERRUPT:
        return OHM_EINTR;
    default:
        return OHM_EIO;
    }
}

static const char *hint_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
        return "; another process holds the write lock";
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return "; the file is damaged: `ohmnas db check` says where, sqlite3's .recover saves what can be read";
    case SQLITE_FULL:
        return "; what was committed before is safe";
    case SQLITE_READONLY:
        return "; is the file or its folder write-protected?";
    default:
        return "";
    }
}

enum ohm_status ohm_db_fail(const struct ohm_store *store, int rc, const char *what, struct ohm_error *err)
{
    const char *text =
        store->db && rc == sqlite3_extended_errcode(store->db) ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc);

    return ohm_fail_at(err, status_of(rc), OHM_ORIGIN, store->path, 0, 0, "cannot %s: %s%s", what, text, hint_of(rc));
}

enum ohm_status ohm_db_exec(const struct ohm_store *store, const char *sql, const char *what, struct ohm_error *err)
{
    const int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? OHM_OK : ohm_db_fail(store, rc, what, err);
}

enum ohm_status ohm_db_prepare(const struct ohm_store *store, sqlite3_stmt **out, const char *sql, const char *what,
                               struct ohm_error *err)
{
    const int rc = sqlite3_prepare_v2(store->db, sql, -1, out, NULL);

    return rc == SQLITE_OK ? OHM_OK : ohm_db_fail(store, rc, what, err);
}

enum ohm_status ohm_db_step(const struct ohm_store *store, sqlite3_stmt *stmt, bool *row, const char *what,
                            struct ohm_error *err)
{
    const int rc = sqlite3_step(stmt);

    *row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? OHM_OK : ohm_db_fail(store, rc, what, err);
}

enum ohm_status ohm_db_int(const struct ohm_store *store, int64_t *value, bool *found, const char *sql,
                           int64_t parameter, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum ohm_status st = ohm_db_prepare(store, &stmt, sql, "read the database", err);

    if (st != OHM_OK)
        return st;
    if (sqlite3_bind_parameter_count(stmt) > 0)
        sqlite3_bind_int64(stmt, 1, parameter);
    st = ohm_db_step(store, stmt, &row, "read the database", err);
    *value = row ? sqlite3_column_int64(stmt, 0) : 0;
    if (found)
        *found = row && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_db_begin(struct ohm_store *store, struct ohm_error *err)
{
    if (!store->writable)
        return ohm_fail_at(err, OHM_EIO, OHM_ORIGIN, store->path, 0, 0,
                           "the database was opened for reading, nothing can be written");
    return ohm_db_exec(store, "BEGIN IMMEDIATE", "write to the database", err);
}

enum ohm_status ohm_db_end(struct ohm_store *store, enum ohm_status st, const char *what, struct ohm_error *err)
{
    if (st == OHM_OK)
        st = ohm_db_exec(store, "COMMIT", what, err);
    /* After a full disk SQLite has rolled back by itself, after other failures the transaction is still open. */
    if (st != OHM_OK && !sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

void ohm_db_quote(struct ohm_str *sql, const char *name)
{
    ohm_str_append(sql, "\"");
    for (; *name; name++)
        ohm_str_append_n(sql, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1);
    ohm_str_append(sql, "\"");
}

void ohm_db_copy(char *buffer, size_t size, sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    size_t n = text ? (size_t)sqlite3_column_bytes(stmt, column) : 0;

    if (n >= size)
        n = size - 1;
    if (n > 0)
        memcpy(buffer, text, n);
    buffer[n] = '\0';
}

double ohm_db_double(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? NAN : sqlite3_column_double(stmt, column);
}

int64_t ohm_db_known(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(stmt, column);
}

void ohm_db_bind_text(sqlite3_stmt *stmt, int place, const char *text)
{
    if (text)
        sqlite3_bind_text(stmt, place, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, place);
}

void ohm_db_bind_known(sqlite3_stmt *stmt, int place, int64_t value)
{
    if (value >= 0)
        sqlite3_bind_int64(stmt, place, value);
    else
        sqlite3_bind_null(stmt, place);
}

void ohm_db_bind_self(const struct ohm_store *store, sqlite3_stmt *stmt, int place)
{
    struct db_lease self;

    ohm_db_self(store, &self);
    sqlite3_bind_int64(stmt, place, self.token);
    sqlite3_bind_int64(stmt, place + 1, self.pid);
    sqlite3_bind_int64(stmt, place + 2, self.start);
    sqlite3_bind_int64(stmt, place + 3, self.time_s);
    sqlite3_bind_text(stmt, place + 4, self.host, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, place + 5, self.machine, -1, SQLITE_TRANSIENT);
}

enum ohm_status ohm_db_finish(const struct ohm_store *store, sqlite3_stmt *stmt, const char *what,
                              struct ohm_error *err)
{
    bool row;
    const enum ohm_status st = ohm_db_step(store, stmt, &row, what, err);

    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_db_text_of(const struct ohm_store *store, const char *table, const char *column, int64_t id,
                               struct ohm_str *text, bool *row, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    char sql[96];
    enum ohm_status st;

    sqlite3_snprintf(sizeof sql, sql, "SELECT %s FROM %s WHERE id = ?1", column, table);
    if ((st = ohm_db_prepare(store, &stmt, sql, "read a text", err)) != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    st = ohm_db_step(store, stmt, row, "read a text", err);
    if (st == OHM_OK && *row && sqlite3_column_text(stmt, 0))
        ohm_str_append_n(text, (const char *)sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    sqlite3_finalize(stmt);
    return st == OHM_OK && text->failed ? ohm_fail(err, OHM_ENOMEM, "out of memory for a text of the log") : st;
}
