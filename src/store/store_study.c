/* store_study.c - studies: made, found by what a user types, listed, brought up to date. */
#include "store_int.h"

#include "ohm/mem.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- names ---- */

static const char *const fixed_columns[] = {
    "study",    "number",   "generation", "state",    "feasible", "violation", "record", "time_s", "net",    "net_id",
    "parent_a", "parent_b", "operation",  "genotype", "reason",   "id",        "rowid",  "oid",    "_rowid_"};

static enum ohm_status check_study_name(const char *name, struct ohm_error *err)
{
    const size_t n = name ? strlen(name) : 0;

    if (n == 0 || n >= sizeof((struct ohm_study_row *)0)->name)
        return ohm_fail(err, OHM_ECONFIG, "the name of a study has %zu bytes, outside [1, %zu]", n,
                        sizeof((struct ohm_study_row *)0)->name - 1);
    if (name[0] == '#')
        return ohm_fail(err, OHM_ECONFIG, "the name of a study begins with '#', which stands for its number");
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return ohm_fail(err, OHM_ECONFIG, "byte %zu of the name of a study is a control character", i + 1);
    return OHM_OK;
}

static enum ohm_status check_metric_name(const struct ohm_study_spec *spec, int i, struct ohm_error *err)
{
    const char *name = spec->metrics[i];

    if (!isalpha((unsigned char)name[0]) && name[0] != '_')
        return ohm_fail(err, OHM_ECONFIG, "the name of metric %d is \"%s\"; it must begin with a letter", i, name);
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.')
            return ohm_fail(err, OHM_ECONFIG, "metric \"%s\" has a '%c'; legal are letters, digits, _ and .", name, *p);
    for (size_t k = 0; k < sizeof fixed_columns / sizeof *fixed_columns; k++)
        if (sqlite3_stricmp(name, fixed_columns[k]) == 0)
            return ohm_fail(err, OHM_ECONFIG, "metric \"%s\" has the name of a fixed column", name);
    for (int k = 0; k < i; k++)
        if (sqlite3_stricmp(name, spec->metrics[k]) == 0)
            return ohm_fail(err, OHM_ECONFIG, "metrics \"%s\" and \"%s\" have the same name", spec->metrics[k], name);
    return OHM_OK;
}

static enum ohm_status check_spec(const struct ohm_study_spec *spec, struct ohm_error *err)
{
    enum ohm_status st = check_study_name(spec->name, err);

    if (st == OHM_OK && (spec->metric_count < 0 || spec->metric_count > OHM_METRICS_MAX))
        return ohm_fail(err, OHM_ERANGE, "a study with %d metrics, outside [0, %d]", spec->metric_count,
                        OHM_METRICS_MAX);
    for (int i = 0; i < spec->metric_count && st == OHM_OK; i++)
        st = check_metric_name(spec, i, err);
    if (st == OHM_OK && (spec->objective_count < 0 || spec->objective_count > DB_OBJECTIVES_MAX))
        return ohm_fail(err, OHM_ERANGE, "a study with %d objectives, outside [0, %d]", spec->objective_count,
                        DB_OBJECTIVES_MAX);
    for (int i = 0; i < spec->objective_count && st == OHM_OK; i++)
        if (spec->objective_metric[i] < 0 || spec->objective_metric[i] >= spec->metric_count ||
            (spec->objective_sign[i] != 1 && spec->objective_sign[i] != -1))
            return ohm_fail(err, OHM_ERANGE, "objective %d is metric %d with sign %d; the study has %d metrics", i,
                            spec->objective_metric[i], spec->objective_sign[i], spec->metric_count);
    return st;
}

/* ---- making ---- */

static void bind_text(sqlite3_stmt *stmt, int place, const char *text)
{
    sqlite3_bind_text(stmt, place, text ? text : "", -1, SQLITE_STATIC);
}

/* Names of metrics need no escapes. */
static void metrics_json(struct ohm_str *json, const struct ohm_study_spec *spec)
{
    ohm_str_append(json, "[");
    for (int i = 0; i < spec->metric_count; i++)
        ohm_str_printf(json, "%s\"%s\"", i ? "," : "", spec->metrics[i]);
    ohm_str_append(json, "]");
}

static enum ohm_status insert_study(const struct ohm_store *store, int64_t *id, const struct ohm_study_spec *spec,
                                    struct ohm_error *err)
{
    struct ohm_str metrics = {0};
    sqlite3_stmt *stmt = NULL;
    int rc = SQLITE_NOMEM;
    enum ohm_status st =
        ohm_db_prepare(store, &stmt,
                       "INSERT INTO study(name, created, changed, state, strategy, space, chip, task, seed, budget, "
                       "metrics, config, space_text, chip_text) VALUES(?1, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), "
                       "strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), 'paused', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                       "add the study", err);

    if (st != OHM_OK)
        return st;
    metrics_json(&metrics, spec);
    bind_text(stmt, 1, spec->name);
    bind_text(stmt, 2, spec->strategy);
    bind_text(stmt, 3, spec->space);
    bind_text(stmt, 4, spec->chip);
    bind_text(stmt, 5, spec->task);
    sqlite3_bind_int64(stmt, 6, spec->seed);
    sqlite3_bind_int64(stmt, 7, spec->budget);
    bind_text(stmt, 8, ohm_str_text(&metrics));
    bind_text(stmt, 9, spec->config);
    bind_text(stmt, 10, spec->space_text);
    bind_text(stmt, 11, spec->chip_text);
    if (!metrics.failed)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_CONSTRAINT_UNIQUE)
        st = ohm_fail_at(err, OHM_EBUSY, OHM_ORIGIN, store->path, 0, 0,
                         "there is a study \"%s\" already; give another name, or resume it", spec->name);
    else if (rc != SQLITE_DONE)
        st = ohm_db_fail(store, rc, "add the study", err);
    *id = sqlite3_last_insert_rowid(store->db);
    sqlite3_finalize(stmt);
    ohm_str_release(&metrics);
    return st;
}

static enum ohm_status insert_objectives(const struct ohm_store *store, int64_t id, const struct ohm_study_spec *spec,
                                         struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum ohm_status st =
        ohm_db_prepare(store, &stmt, "INSERT INTO objective VALUES(?1, ?2, ?3, ?4, ?5)", "add the study", err);

    for (int i = 0; i < spec->objective_count && st == OHM_OK; i++) {
        bool row;

        sqlite3_bind_int64(stmt, 1, id);
        sqlite3_bind_int(stmt, 2, i);
        sqlite3_bind_int(stmt, 3, spec->objective_metric[i]);
        sqlite3_bind_int(stmt, 4, spec->objective_sign[i]);
        bind_text(stmt, 5, spec->objective_text ? spec->objective_text[i] : spec->metrics[spec->objective_metric[i]]);
        st = ohm_db_step(store, stmt, &row, "add the study", err);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return st;
}

static enum ohm_status add_all(const struct ohm_store *store, int64_t *id, const struct ohm_study_spec *spec,
                               struct ohm_error *err)
{
    enum ohm_status st = insert_study(store, id, spec, err);

    if (st == OHM_OK && *id > DB_STUDY_MAX)
        st = ohm_fail(err, OHM_ERANGE, "a file holds at most %lld studies", (long long)DB_STUDY_MAX);
    if (st == OHM_OK)
        st = insert_objectives(store, *id, spec, err);
    if (st == OHM_OK)
        st = ohm_db_widen(store, spec->metric_count, err);
    if (st == OHM_OK)
        st = ohm_db_add_view(store, *id, spec, err);
    return st;
}

enum ohm_status ohm_store_add_study(struct ohm_store *store, int64_t *id, const struct ohm_study_spec *spec,
                                    struct ohm_error *err)
{
    int64_t added = 0;
    enum ohm_status st = check_spec(spec, err);

    if (st == OHM_OK)
        st = ohm_db_begin(store, err);
    if (st != OHM_OK)
        return st;
    st = ohm_db_end(store, add_all(store, &added, spec, err), "add the study", err);
    if (st == OHM_OK)
        *id = added;
    return st;
}

/* ---- finding ---- */

static const char row_sql[] =
    "SELECT s.id, s.name, s.state, s.created, s.strategy, s.space, s.chip, s.task, s.seed, s.budget, s.trials, "
    "s.feasible, s.failed, s.best, s.time_s, o.text, "
    "s.lease_token, s.lease_pid, s.lease_start, s.lease_time, s.lease_host, s.lease_machine "
    "FROM study s LEFT JOIN objective o ON o.study = s.id AND o.place = 0 ";

static void read_row(sqlite3_stmt *stmt, struct ohm_study_row *row)
{
    struct db_lease lease;

    row->id = sqlite3_column_int64(stmt, 0);
    ohm_db_copy(row->name, sizeof row->name, stmt, 1);
    ohm_db_copy(row->state, sizeof row->state, stmt, 2);
    ohm_db_copy(row->created, sizeof row->created, stmt, 3);
    ohm_db_copy(row->strategy, sizeof row->strategy, stmt, 4);
    ohm_db_copy(row->space, sizeof row->space, stmt, 5);
    ohm_db_copy(row->chip, sizeof row->chip, stmt, 6);
    ohm_db_copy(row->task, sizeof row->task, stmt, 7);
    row->seed = sqlite3_column_int64(stmt, 8);
    row->budget = sqlite3_column_int64(stmt, 9);
    row->trials = sqlite3_column_int64(stmt, 10);
    row->feasible = sqlite3_column_int64(stmt, 11);
    row->failed = sqlite3_column_int64(stmt, 12);
    row->best = ohm_db_double(stmt, 13);
    row->time_s = sqlite3_column_double(stmt, 14);
    ohm_db_copy(row->objective, sizeof row->objective, stmt, 15);
    /* A process that was killed could not say that it stopped. */
    if (strcmp(row->state, "running") == 0 && ohm_db_read_lease(stmt, 16, &lease) && !ohm_db_lease_lives(&lease))
        memcpy(row->state, "paused", sizeof "paused");
}

static enum ohm_status each_study(struct ohm_store *store, const char *rest, const char *text, int64_t number,
                                  ohm_study_fn *fn, void *context, struct ohm_error *err)
{
    struct ohm_str sql = {0};
    sqlite3_stmt *stmt = NULL;
    struct ohm_study_row row;
    bool more = false;
    enum ohm_status st;

    ohm_str_append(&sql, row_sql);
    ohm_str_append(&sql, rest);
    st = sql.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                    : ohm_db_prepare(store, &stmt, ohm_str_text(&sql), "read the studies", err);
    ohm_str_release(&sql);
    if (st == OHM_OK && sqlite3_bind_parameter_count(stmt) > 0) {
        if (text)
            sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(stmt, 1, number);
    }
    while (st == OHM_OK && (st = ohm_db_step(store, stmt, &more, "read the studies", err)) == OHM_OK && more) {
        read_row(stmt, &row);
        st = fn(context, &row, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_store_each_study(struct ohm_store *store, ohm_study_fn *fn, void *context, struct ohm_error *err)
{
    return each_study(store, "ORDER BY s.id", NULL, 0, fn, context, err);
}

struct found {
    struct ohm_study_row *row;
    int count;
    struct ohm_str names;
};

static enum ohm_status take(void *context, const struct ohm_study_row *row, struct ohm_error *err)
{
    struct found *f = context;

    (void)err;
    if (f->count++ == 0)
        *f->row = *row;
    if (f->count <= 8)
        ohm_str_printf(&f->names, "%s%s", f->count > 1 ? ", " : "", row->name);
    return OHM_OK;
}

enum { NAMES_MAX = 1000 };

struct names {
    char *name[NAMES_MAX];
    int count;
};

static enum ohm_status note_name(void *context, const struct ohm_study_row *row, struct ohm_error *err)
{
    struct names *n = context;

    (void)err;
    if (n->count < NAMES_MAX && (n->name[n->count] = ohm_strdup(row->name)) != NULL)
        n->count++;
    return OHM_OK;
}

static enum ohm_status not_found(struct ohm_store *store, const char *name, struct ohm_error *err)
{
    struct names names;
    const char *nearest;
    enum ohm_status st;

    names.count = 0;
    st = each_study(store, "ORDER BY s.id DESC", NULL, 0, note_name, &names, err);
    nearest = ohm_nearest(name, (const char *const *)names.name, names.count);
    if (st == OHM_OK && names.count == 0)
        st = ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, store->path, 0, 0, "the database holds no study yet");
    else if (st == OHM_OK)
        st =
            ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, store->path, 0, 0, "there is no study \"%s\"; the %s is \"%s\"",
                        name, nearest ? "nearest" : "newest", nearest ? nearest : names.name[0]);
    for (int i = 0; i < names.count; i++)
        ohm_free(names.name[i]);
    return st;
}

static enum ohm_status find(struct ohm_store *store, const char *name, struct found *f, struct ohm_error *err)
{
    int64_t number;
    enum ohm_status st;

    if (name[0] == '\0')
        return each_study(store, "ORDER BY s.id DESC LIMIT 1", NULL, 0, take, f, err);
    if (name[0] == '#' && ohm_parse_int64(name + 1, &number))
        return each_study(store, "WHERE s.id = ?1", NULL, number, take, f, err);
    st = each_study(store, "WHERE s.name = ?1", name, 0, take, f, err);
    if (st == OHM_OK && f->count == 0)
        st = each_study(store, "WHERE substr(s.name, 1, length(?1)) = ?1 COLLATE NOCASE ORDER BY s.id DESC", name, 0,
                        take, f, err);
    return st;
}

enum ohm_status ohm_store_find_study(struct ohm_store *store, const char *name, struct ohm_study_row *row,
                                     struct ohm_error *err)
{
    struct ohm_study_row found;
    struct found f = {.row = &found};
    enum ohm_status st = find(store, name ? name : "", &f, err);

    if (st == OHM_OK && f.count == 0)
        st = not_found(store, name ? name : "", err);
    else if (st == OHM_OK && f.count > 1)
        st = ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, store->path, 0, 0, "\"%s\" fits %d studies: %s%s", name, f.count,
                         ohm_str_text(&f.names), f.count > 8 ? ", ..." : "");
    ohm_str_release(&f.names);
    if (st == OHM_OK)
        *row = found;
    return st;
}

/* ---- one study ---- */

static enum ohm_status missing(const struct ohm_store *store, int64_t id, struct ohm_error *err)
{
    return ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, store->path, 0, 0, "there is no study #%lld", (long long)id);
}

static enum ohm_status update_study(const struct ohm_store *store, int64_t id, const char *state, int64_t budget,
                                    double time_s, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row;
    enum ohm_status st = ohm_db_prepare(store, &stmt,
                                        "UPDATE study SET state = ?2, budget = ?3, time_s = ?4, "
                                        "changed = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE id = ?1",
                                        "change the study", err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    bind_text(stmt, 2, state);
    sqlite3_bind_int64(stmt, 3, budget);
    sqlite3_bind_double(stmt, 4, isfinite(time_s) ? time_s : 0);
    st = ohm_db_step(store, stmt, &row, "change the study", err);
    sqlite3_finalize(stmt);
    return st == OHM_OK && sqlite3_changes(store->db) == 0 ? missing(store, id, err) : st;
}

enum ohm_status ohm_store_set_study(struct ohm_store *store, int64_t id, const char *state, int64_t budget,
                                    double time_s, struct ohm_error *err)
{
    static const char *const states[] = {"running", "paused", "done", "failed"};
    bool known = false;
    enum ohm_status st;

    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        known = known || strcmp(state, states[i]) == 0;
    if (!known)
        return ohm_fail(err, OHM_ERANGE, "the state of a study is \"%s\"; legal are running, paused, done, failed",
                        state);
    if ((st = ohm_db_begin(store, err)) != OHM_OK)
        return st;
    return ohm_db_end(store, update_study(store, id, state, budget, time_s, err), "change the study", err);
}

enum ohm_status ohm_store_study_text(struct ohm_store *store, int64_t id, const char *column, struct ohm_str *text,
                                     struct ohm_error *err)
{
    static const char *const columns[] = {"config", "space_text", "chip_text", "metrics"};
    const char *known = NULL;
    sqlite3_stmt *stmt = NULL;
    char sql[64];
    bool row = false;
    enum ohm_status st;

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (strcmp(column, columns[i]) == 0)
            known = columns[i];
    if (!known)
        return ohm_fail(err, OHM_ENOTFOUND, "a study has no text \"%s\"", column);
    sqlite3_snprintf(sizeof sql, sql, "SELECT %s FROM study WHERE id = ?1", known);
    if ((st = ohm_db_prepare(store, &stmt, sql, "read the study", err)) != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    st = ohm_db_step(store, stmt, &row, "read the study", err);
    if (st == OHM_OK && !row)
        st = missing(store, id, err);
    if (st == OHM_OK && sqlite3_column_text(stmt, 0))
        ohm_str_append_n(text, (const char *)sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    sqlite3_finalize(stmt);
    return st == OHM_OK && text->failed ? ohm_fail(err, OHM_ENOMEM, "out of memory for a text of a study") : st;
}

static enum ohm_status read_metrics(const struct ohm_store *store, sqlite3_stmt *stmt, char *name[OHM_METRICS_MAX],
                                    int *count, struct ohm_error *err)
{
    bool row = false;
    enum ohm_status st;

    while ((st = ohm_db_step(store, stmt, &row, "read the metrics", err)) == OHM_OK && row) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);

        if (*count == OHM_METRICS_MAX || !text)
            return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, store->path, 0, 0,
                               "the list of metrics of a study is damaged");
        if ((name[*count] = ohm_strdup(text)) == NULL)
            return ohm_fail(err, OHM_ENOMEM, "out of memory for the metrics");
        ++*count;
    }
    return st;
}

enum ohm_status ohm_store_metrics(struct ohm_store *store, int64_t id, char *name[OHM_METRICS_MAX], int *count,
                                  struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int have = 0;
    enum ohm_status st = ohm_db_metric_count(store, id, count, err);

    if (st == OHM_OK)
        st = ohm_db_prepare(store, &stmt,
                            "SELECT j.value FROM study s, json_each(s.metrics) j WHERE s.id = ?1 "
                            "ORDER BY j.key",
                            "read the metrics", err);
    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    st = read_metrics(store, stmt, name, &have, err);
    sqlite3_finalize(stmt);
    *count = st == OHM_OK ? have : 0;
    for (int i = 0; i < have && st != OHM_OK; i++)
        ohm_free(name[i]);
    return st;
}
