/* store_query.c - questions: which trials hold a condition, the best ones, columns as numbers.
 *
 * Conditions are expressions of the one language, turned into SQL. Nothing but the record index helps them: a scan of a
 * million rows takes a fraction of a second, an index for each metric would cost every insertion. */
#include "store_int.h"

#include "ohm/expr.h"
#include "ohm/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char what[] = "read the trials";

/* ---- names ---- */

struct column {
    const char *name;
    const char *sql;
};

static const struct column fixed[] = {
    {"number", "number"},       {"generation", "generation"},
    {"state", "state"},         {"operation", "operation"},
    {"feasible", "feasible"},   {"time_s", "time_s"},
    {"violation", "violation"}, {"net", "printf('n:%012x', net_id >> 16 & 281474976710655)"},
    {"reason", "reason"},       {"genotype", "genotype"},
};

enum { FIXED = sizeof fixed / sizeof *fixed };

/* What a name stands for: fixed columns, then the metrics of the study. */
struct names {
    const char *name[FIXED + OHM_METRICS_MAX];
    char *metric[OHM_METRICS_MAX]; /* owned */
    char sql[OHM_METRICS_MAX][16]; /* "m12" */
    int metrics;
};

static enum ohm_status load_names(struct ohm_store *store, struct names *n, int64_t study, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    n->metrics = 0;
    if (study >= 0)
        st = ohm_store_metrics(store, study, n->metric, &n->metrics, err);
    for (int i = 0; i < FIXED; i++)
        n->name[i] = fixed[i].name;
    for (int i = 0; i < n->metrics; i++) {
        n->name[FIXED + i] = n->metric[i];
        snprintf(n->sql[i], sizeof n->sql[i], "m%d", i);
    }
    return st;
}

static void release_names(struct names *n)
{
    for (int i = 0; i < n->metrics; i++)
        ohm_free(n->metric[i]);
    n->metrics = 0;
}

static int find_name(const void *context, const char *name)
{
    const struct names *n = context;

    for (int i = 0; i < FIXED + n->metrics; i++)
        if (strcmp(n->name[i], name) == 0)
            return i;
    return -1;
}

static const char *column_of(const void *context, const char *name)
{
    const struct names *n = context;
    const int i = find_name(n, name);

    return i < 0 ? NULL : i < FIXED ? fixed[i].sql : n->sql[i - FIXED];
}

/* Appends "(expression)". */
static enum ohm_status append_expr(struct ohm_str *sql, const struct names *n, const char *text, struct ohm_error *err)
{
    struct ohm_expr *expr = NULL;
    enum ohm_status st = ohm_expr_parse(&expr, text, err);

    if (st != OHM_OK)
        return st;
    /* Binding is what names the nearest known name; the SQL asks for columns again. */
    st = ohm_expr_bind(expr, find_name, n, n->name, FIXED + n->metrics, err);
    if (st == OHM_OK) {
        ohm_str_append(sql, "(");
        st = ohm_expr_sql(expr, sql, column_of, n, err);
        ohm_str_append(sql, ")");
    }
    ohm_expr_free(expr);
    return st;
}

static void append_range(struct ohm_str *sql, int64_t study)
{
    if (study < 0)
        ohm_str_append(sql, " FROM trial WHERE true");
    else
        ohm_str_printf(sql, " FROM trial WHERE id BETWEEN %lld AND %lld", (long long)db_first_id(study),
                       (long long)db_last_id(study));
}

static enum ohm_status prepare(const struct ohm_store *store, sqlite3_stmt **stmt, struct ohm_str *sql,
                               struct ohm_error *err)
{
    const enum ohm_status st = sql->failed ? ohm_fail(err, OHM_ENOMEM, "out of memory for a question")
                                           : ohm_db_prepare(store, stmt, ohm_str_text(sql), what, err);

    ohm_str_release(sql);
    return st;
}

/* ---- query ---- */

static enum ohm_status append_sort(struct ohm_str *sql, const struct names *n, const char *sort, struct ohm_error *err)
{
    const bool down = sort[0] == '-';
    const char *name = sort + (down || sort[0] == '+'), *column = column_of(n, name), *nearest;

    if (!column) {
        nearest = ohm_nearest(name, n->name, FIXED + n->metrics);
        return ohm_fail(err, OHM_ENOTFOUND, "there is no column \"%s\" to sort by%s%s%s", name,
                        nearest ? "; the nearest is \"" : "", nearest ? nearest : "", nearest ? "\"" : "");
    }
    /* Rows without a value come last either way; equal ones in the order they were made. */
    ohm_str_printf(sql, " ORDER BY %s%s NULLS LAST, id", column, down ? " DESC" : "");
    return OHM_OK;
}

static enum ohm_status query_sql(struct ohm_str *sql, const struct names *n, const struct ohm_query *query,
                                 struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    ohm_str_append(sql, "SELECT ");
    ohm_db_trial_columns(sql, n->metrics);
    append_range(sql, query->study);
    if (query->feasible_only)
        ohm_str_append(sql, " AND feasible");
    if (query->where && *query->where) {
        ohm_str_append(sql, " AND ");
        st = append_expr(sql, n, query->where, err);
    }
    if (st == OHM_OK && query->sort && *query->sort)
        st = append_sort(sql, n, query->sort, err);
    else
        ohm_str_append(sql, " ORDER BY id");
    if (query->limit >= 0)
        ohm_str_printf(sql, " LIMIT %lld", (long long)query->limit);
    return st;
}

enum ohm_status ohm_store_query(struct ohm_store *store, const struct ohm_query *query, ohm_trial_fn *fn, void *context,
                                struct ohm_error *err)
{
    struct names names;
    struct ohm_str sql = {0};
    sqlite3_stmt *stmt = NULL;
    enum ohm_status st = load_names(store, &names, query->study, err);
    const int metrics = names.metrics;

    if (st == OHM_OK)
        st = query_sql(&sql, &names, query, err);
    if (st == OHM_OK)
        st = prepare(store, &stmt, &sql, err);
    ohm_str_release(&sql);
    release_names(&names);
    return st == OHM_OK ? ohm_db_walk(store, stmt, metrics, fn, context, err) : st;
}

/* ---- best ---- */

static enum ohm_status read_objective(const struct ohm_store *store, int64_t study, int objective, int *metric,
                                      int *sign, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum ohm_status st =
        ohm_db_prepare(store, &stmt, "SELECT metric, sign FROM objective WHERE study = ?1 AND place = ?2", what, err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, study);
    sqlite3_bind_int(stmt, 2, objective);
    st = ohm_db_step(store, stmt, &row, what, err);
    *metric = row ? sqlite3_column_int(stmt, 0) : 0;
    *sign = row ? sqlite3_column_int(stmt, 1) : 0;
    sqlite3_finalize(stmt);
    if (st == OHM_OK && !row)
        st = ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, store->path, 0, 0, "study #%lld has no objective %d",
                         (long long)study, objective + 1);
    return st;
}

static void best_sql(struct ohm_str *sql, int metrics, int64_t study, int objective, int metric, int sign, int k)
{
    ohm_str_append(sql, "SELECT ");
    ohm_db_trial_columns(sql, metrics);
    if (k == 1) {
        /* The last row that was a record of this objective: an index of a few rows, whatever the number of trials. */
        ohm_str_printf(sql,
                       " FROM trial INDEXED BY trial_record WHERE record <> 0 AND id BETWEEN %lld AND %lld AND "
                       "record & %lld ORDER BY id DESC LIMIT 1",
                       (long long)db_first_id(study), (long long)db_last_id(study), 1LL << objective);
        return;
    }
    append_range(sql, study);
    ohm_str_printf(sql, " AND feasible AND state = 'complete' AND m%d IS NOT NULL ORDER BY m%d%s, id LIMIT %d", metric,
                   metric, sign > 0 ? " DESC" : "", k);
}

enum ohm_status ohm_store_best(struct ohm_store *store, int64_t study, int objective, int k, ohm_trial_fn *fn,
                               void *context, struct ohm_error *err)
{
    struct ohm_str sql = {0};
    sqlite3_stmt *stmt = NULL;
    int metrics = 0, metric = 0, sign = 0;
    enum ohm_status st = ohm_db_metric_count(store, study, &metrics, err);

    if (st == OHM_OK)
        st = read_objective(store, study, objective, &metric, &sign, err);
    if (st == OHM_OK && (metric < 0 || metric >= metrics || objective >= DB_OBJECTIVES_MAX))
        st =
            ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, store->path, 0, 0, "objective %d of study #%lld is metric %d of %d",
                        objective + 1, (long long)study, metric, metrics);
    if (st == OHM_OK && k < 1)
        st = ohm_fail(err, OHM_ERANGE, "the %d best were asked for; at least 1", k);
    if (st != OHM_OK)
        return st;
    best_sql(&sql, metrics, study, objective, metric, sign, k);
    st = prepare(store, &stmt, &sql, err);
    return st == OHM_OK ? ohm_db_walk(store, stmt, metrics, fn, context, err) : st;
}

/* ---- columns ---- */

enum { COLUMNS_MAX = 8 };

struct table {
    double *value; /* [n][m] */
    int64_t *number;
    size_t n, value_cap, number_cap;
};

static enum ohm_status read_table(const struct ohm_store *store, sqlite3_stmt *stmt, int m, struct table *t,
                                  struct ohm_error *err)
{
    bool row = false;
    enum ohm_status st;

    while ((st = ohm_db_step(store, stmt, &row, what, err)) == OHM_OK && row) {
        if (!ohm_grow(&t->value, &t->value_cap, (t->n + 1) * (size_t)m, sizeof *t->value) ||
            !ohm_grow(&t->number, &t->number_cap, t->n + 1, sizeof *t->number))
            return ohm_fail(err, OHM_ENOMEM, "out of memory for %zu rows of %d columns", t->n, m);
        t->number[t->n] = sqlite3_column_int64(stmt, 0) & DB_NUMBER_MASK;
        for (int i = 0; i < m; i++) {
            const int type = sqlite3_column_type(stmt, i + 1);
            const bool number = type == SQLITE_FLOAT || type == SQLITE_INTEGER;

            t->value[t->n * (size_t)m + (size_t)i] = number ? sqlite3_column_double(stmt, i + 1) : NAN;
        }
        t->n++;
    }
    return st;
}

static enum ohm_status columns_sql(struct ohm_str *sql, const struct names *n, int64_t study, const char *const *column,
                                   int m, const char *where, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    ohm_str_append(sql, "SELECT id");
    for (int i = 0; i < m && st == OHM_OK; i++) {
        const char *plain = column_of(n, column[i]);

        ohm_str_append(sql, ", ");
        if (plain)
            ohm_str_append(sql, plain); /* without the guards of an expression: most of the time of a scan */
        else
            st = append_expr(sql, n, column[i], err);
    }
    append_range(sql, study);
    ohm_str_append(sql, " AND feasible");
    if (st == OHM_OK && where && *where) {
        ohm_str_append(sql, " AND ");
        st = append_expr(sql, n, where, err);
    }
    ohm_str_append(sql, " ORDER BY id");
    return st;
}

enum ohm_status ohm_store_columns(struct ohm_store *store, int64_t study, const char *const *column, int m,
                                  const char *where, double **value, int64_t **number, int64_t *n,
                                  struct ohm_error *err)
{
    struct names names;
    struct ohm_str sql = {0};
    struct table t = {0};
    sqlite3_stmt *stmt = NULL;
    enum ohm_status st;

    if (m < 1 || m > COLUMNS_MAX)
        return ohm_fail(err, OHM_ERANGE, "%d columns were asked for, outside [1, %d]", m, COLUMNS_MAX);
    st = load_names(store, &names, study, err);
    if (st == OHM_OK)
        st = columns_sql(&sql, &names, study, column, m, where, err);
    if (st == OHM_OK)
        st = prepare(store, &stmt, &sql, err);
    if (st == OHM_OK)
        st = read_table(store, stmt, m, &t, err);
    sqlite3_finalize(stmt);
    ohm_str_release(&sql);
    release_names(&names);
    if (st != OHM_OK) {
        ohm_free(t.value);
        ohm_free(t.number);
        return st;
    }
    *value = t.value;
    *number = t.number;
    *n = (int64_t)t.n;
    return OHM_OK;
}
