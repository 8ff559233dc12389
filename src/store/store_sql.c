/* store_sql.c - a statement of the user's, which can read everything and change nothing.
 *
 * Three locks on one door: SQLite's own word that the statement is read-only, an authorizer that refuses other files
 * and settings, and query_only for as long as the statement runs. */
#include "store_int.h"

#include "ohm/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Pragmas that describe tables and change nothing whatever their argument. */
static bool harmless_pragma(const char *name)
{
    static const char *const harmless[] = {"table_info",    "table_xinfo",     "table_list",    "index_list",
                                           "index_info",    "index_xinfo",     "function_list", "compile_options",
                                           "database_list", "foreign_key_list"};

    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (sqlite3_stricmp(name, harmless[i]) == 0)
            return true;
    return false;
}

static int authorize(void *context, int action, const char *a, const char *b, const char *database, const char *trigger)
{
    (void)context;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
        return harmless_pragma(a) ||
                       (!b && sqlite3_strnicmp(a, "wal_checkpoint", 14) != 0 && sqlite3_stricmp(a, "optimize") != 0 &&
                        sqlite3_stricmp(a, "shrink_memory") != 0 && sqlite3_stricmp(a, "incremental_vacuum") != 0)
                   ? SQLITE_OK
                   : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

/* Blanks, semicolons and comments after the statement are fine; a second statement is not. */
static bool only_blank(const char *tail)
{
    while (*tail) {
        if (isspace((unsigned char)*tail) || *tail == ';') {
            tail++;
        } else if (strncmp(tail, "--", 2) == 0) {
            tail += strcspn(tail, "\n");
        } else if (strncmp(tail, "/*", 2) == 0) {
            const char *end = strstr(tail + 2, "*/");

            tail = end ? end + 2 : tail + strlen(tail);
        } else {
            return false;
        }
    }
    return true;
}

static enum ohm_status prepare(const struct ohm_store *store, sqlite3_stmt **stmt, const char *sql,
                               struct ohm_error *err)
{
    const char *tail = "";
    const int rc = sqlite3_prepare_v2(store->db, sql, -1, stmt, &tail);

    if (rc == SQLITE_AUTH)
        return ohm_fail(err, OHM_ECONFIG, "only statements that read are run here: SELECT, WITH ... SELECT, EXPLAIN");
    /* A mistake in the user's SQL, unlike one in ours, is no damage to the file. */
    if (rc == SQLITE_ERROR || (rc & 0xff) == SQLITE_ERROR || rc == SQLITE_TOOBIG || rc == SQLITE_RANGE) {
        const int at = sqlite3_error_offset(store->db);

        return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, NULL, 0, at < 0 ? 0 : at + 1, "SQL: %s",
                           sqlite3_errmsg(store->db));
    }
    if (rc != SQLITE_OK)
        return ohm_db_fail(store, rc, "run the statement", err);
    if (!*stmt)
        return ohm_fail(err, OHM_ECONFIG, "there is no SQL statement");
    if (!only_blank(tail))
        return ohm_fail(err, OHM_ECONFIG, "one statement at a time: \"%.60s\" follows the first", tail);
    if (!sqlite3_stmt_readonly(*stmt))
        return ohm_fail(err, OHM_ECONFIG, "only statements that read are run here: SELECT, WITH ... SELECT, EXPLAIN");
    return OHM_OK;
}

struct cells {
    const char **name, **text;
    bool *is_number;
    struct ohm_str *made; /* text of numbers and blobs */
};

static bool make_cells(struct cells *c, sqlite3_stmt *stmt, int n)
{
    c->name = ohm_alloc((size_t)n, sizeof *c->name);
    c->text = ohm_alloc((size_t)n, sizeof *c->text);
    c->is_number = ohm_alloc((size_t)n, sizeof *c->is_number);
    c->made = ohm_alloc((size_t)n, sizeof *c->made);
    if (!c->name || !c->text || !c->is_number || !c->made)
        return false;
    for (int i = 0; i < n; i++)
        c->name[i] = sqlite3_column_name(stmt, i);
    return true;
}

static void release_cells(struct cells *c, int n)
{
    for (int i = 0; i < n && c->made; i++)
        ohm_str_release(&c->made[i]);
    ohm_free(c->name);
    ohm_free(c->text);
    ohm_free(c->is_number);
    ohm_free(c->made);
}

static void append_blob(struct ohm_str *s, const unsigned char *bytes, int n)
{
    ohm_str_append(s, "x'");
    for (int i = 0; i < n; i++)
        ohm_str_printf(s, "%02x", bytes[i]);
    ohm_str_append(s, "'");
}

/* Numbers in the shortest form that reads back as the same: SQLite's own text keeps 15 digits only. */
static bool fill_cell(struct cells *c, sqlite3_stmt *stmt, int i)
{
    const int type = sqlite3_column_type(stmt, i);
    struct ohm_str *s = &c->made[i];

    ohm_str_clear(s);
    c->is_number[i] = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
    if (type == SQLITE_INTEGER)
        ohm_str_printf(s, "%lld", (long long)sqlite3_column_int64(stmt, i));
    else if (type == SQLITE_FLOAT)
        ohm_str_append_double(s, sqlite3_column_double(stmt, i));
    else if (type == SQLITE_BLOB)
        append_blob(s, sqlite3_column_blob(stmt, i), sqlite3_column_bytes(stmt, i));
    c->text[i] = type == SQLITE_NULL   ? NULL
                 : type == SQLITE_TEXT ? (const char *)sqlite3_column_text(stmt, i)
                                       : ohm_str_text(s);
    return !s->failed && (type == SQLITE_NULL || c->text[i]);
}

/* What goes wrong while it runs is the statement's fault, unless the file is. */
static enum ohm_status fail_run(const struct ohm_store *store, int rc, struct ohm_error *err)
{
    if ((rc & 0xff) == SQLITE_ERROR || (rc & 0xff) == SQLITE_TOOBIG || (rc & 0xff) == SQLITE_AUTH)
        return ohm_fail(err, OHM_ECONFIG, "SQL: %s", sqlite3_errmsg(store->db));
    return ohm_db_fail(store, rc, "run the statement", err);
}

static enum ohm_status run(const struct ohm_store *store, sqlite3_stmt *stmt, ohm_sql_fn *fn, void *context,
                           struct ohm_error *err)
{
    const int n = sqlite3_column_count(stmt);
    struct cells c = {0};
    enum ohm_status st = make_cells(&c, stmt, n) ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory for a row");
    int rc = SQLITE_ROW;

    while (st == OHM_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (int i = 0; i < n && st == OHM_OK; i++)
            if (!fill_cell(&c, stmt, i))
                st = ohm_fail(err, OHM_ENOMEM, "out of memory for a row");
        if (st == OHM_OK)
            st = fn(context, n, c.name, c.text, c.is_number, err);
    }
    if (st == OHM_OK && rc != SQLITE_DONE)
        st = fail_run(store, rc, err);
    release_cells(&c, n);
    return st;
}

enum ohm_status ohm_store_sql(struct ohm_store *store, const char *sql, ohm_sql_fn *fn, void *context,
                              struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum ohm_status st = ohm_db_exec(store, "PRAGMA query_only = ON", "run the statement", err);

    if (st != OHM_OK)
        return st;
    sqlite3_set_authorizer(store->db, authorize, NULL);
    st = prepare(store, &stmt, sql, err);
    if (st == OHM_OK)
        st = run(store, stmt, fn, context, err);
    sqlite3_finalize(stmt);
    sqlite3_set_authorizer(store->db, NULL, NULL);
    sqlite3_exec(store->db, "PRAGMA query_only = OFF", NULL, NULL, NULL);
    return st;
}
