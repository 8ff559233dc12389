/* store_trial.c - trials into the log.
 *
 * The writer knows how many trials its study has and the best value of each objective so far; a commit is the lock,
 * one check that nobody else wrote, the insertions, and one update of the study's row. */
#include "store_int.h"

#include <math.h>
#include <string.h>
#include <time.h>

static const char what[] = "write the trials";

/* ---- what the writer knows ---- */

/* The record index holds a handful of rows: the last one with the objective's bit is the best trial. */
static enum ohm_status read_best(const struct ohm_store *store, struct db_writer *w, int objective,
                                 struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    char sql[256];
    bool row = false;
    enum ohm_status st;

    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT m%d FROM trial INDEXED BY trial_record WHERE record <> 0 AND id BETWEEN ?1 AND ?2 "
                     "AND record & %lld ORDER BY id DESC LIMIT 1",
                     w->metric[objective], (long long)1 << objective);
    if ((st = ohm_db_prepare(store, &stmt, sql, what, err)) != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, db_first_id(w->study));
    sqlite3_bind_int64(stmt, 2, db_last_id(w->study));
    st = ohm_db_step(store, stmt, &row, what, err);
    w->best[objective] = row ? ohm_db_double(stmt, 0) : NAN;
    sqlite3_finalize(stmt);
    return st;
}

static enum ohm_status read_objectives(const struct ohm_store *store, struct db_writer *w, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum ohm_status st =
        ohm_db_prepare(store, &stmt, "SELECT metric, sign FROM objective WHERE study = ?1 ORDER BY place", what, err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, w->study);
    w->objectives = 0;
    while ((st = ohm_db_step(store, stmt, &row, what, err)) == OHM_OK && row && w->objectives < DB_OBJECTIVES_MAX) {
        w->metric[w->objectives] = sqlite3_column_int(stmt, 0);
        w->sign[w->objectives] = sqlite3_column_int(stmt, 1);
        if (w->metric[w->objectives] < 0 || w->metric[w->objectives] >= w->metrics)
            st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, store->path, 0, 0,
                             "objective %d of study #%lld is metric %d of %d", w->objectives, (long long)w->study,
                             w->metric[w->objectives], w->metrics);
        if (st != OHM_OK)
            break;
        w->objectives++;
    }
    sqlite3_finalize(stmt);
    for (int i = 0; i < w->objectives && st == OHM_OK; i++)
        st = read_best(store, w, i, err);
    return st;
}

static enum ohm_status read_counts(const struct ohm_store *store, struct db_writer *w, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum ohm_status st =
        ohm_db_prepare(store, &stmt, "SELECT trials, feasible, failed FROM study WHERE id = ?1", what, err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, w->study);
    st = ohm_db_step(store, stmt, &row, what, err);
    w->trials = row ? sqlite3_column_int64(stmt, 0) : 0;
    w->feasible = row ? sqlite3_column_int64(stmt, 1) : 0;
    w->failed = row ? sqlite3_column_int64(stmt, 2) : 0;
    sqlite3_finalize(stmt);
    return st;
}

static enum ohm_status prepare_insert(const struct ohm_store *store, struct db_writer *w, struct ohm_error *err)
{
    struct ohm_str sql = {0};
    int rc = SQLITE_NOMEM;

    sqlite3_finalize(w->insert);
    w->insert = NULL;
    ohm_str_append(&sql, "INSERT INTO trial(id, generation, state, feasible, record, violation, time_s, net_id, "
                         "parent_a, parent_b, operation, reason, genotype");
    for (int i = 0; i < w->metrics; i++)
        ohm_str_printf(&sql, ", m%d", i);
    ohm_str_append(&sql, ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?");
    for (int i = 0; i < w->metrics; i++)
        ohm_str_append(&sql, ",?");
    ohm_str_append(&sql, ")");
    if (!sql.failed)
        rc = sqlite3_prepare_v3(store->db, ohm_str_text(&sql), -1, SQLITE_PREPARE_PERSISTENT, &w->insert, NULL);
    ohm_str_release(&sql);
    return rc == SQLITE_OK ? OHM_OK : ohm_db_fail(store, rc, what, err);
}

/* Under the write lock: what is known is true until the lock is given back. */
static enum ohm_status know_study(struct ohm_store *store, int64_t study, struct ohm_error *err)
{
    struct db_writer *w = &store->writer;
    int64_t version = 0;
    const bool other = w->study != study;
    enum ohm_status st = ohm_db_int(store, &version, NULL, "PRAGMA data_version", 0, err);

    if (st != OHM_OK || (!other && w->data_version == version))
        return st;
    w->study = study;
    w->data_version = version;
    st = ohm_db_metric_count(store, study, &w->metrics, err);
    if (st == OHM_OK)
        st = read_counts(store, w, err);
    if (st == OHM_OK)
        st = read_objectives(store, w, err);
    if (st == OHM_OK && (other || !w->insert))
        st = prepare_insert(store, w, err);
    return st;
}

/* ---- one commit ---- */

static int64_t record_bits(struct db_writer *w, const struct ohm_trial *trial)
{
    int64_t bits = 0;

    if (!trial->feasible || strcmp(trial->state, "complete") != 0)
        return 0;
    for (int i = 0; i < w->objectives; i++) {
        const double value = trial->metric[w->metric[i]];

        /* Written so that a missing best gives way and a missing value never wins. */
        if (isnan(value) || (!isnan(w->best[i]) && !(value * w->sign[i] > w->best[i] * w->sign[i])))
            continue;
        w->best[i] = value;
        bits |= INT64_C(1) << i;
    }
    return bits;
}

static void bind_optional_text(sqlite3_stmt *stmt, int place, const char *text)
{
    if (text)
        sqlite3_bind_text(stmt, place, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, place);
}

static void bind_parent(sqlite3_stmt *stmt, int place, int64_t parent)
{
    if (parent >= 0)
        sqlite3_bind_int64(stmt, place, parent);
    else
        sqlite3_bind_null(stmt, place);
}

/* SQLite stores NaN as NULL, which is what a missing value is. */
static enum ohm_status insert_trial(struct ohm_store *store, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct db_writer *w = &store->writer;
    sqlite3_stmt *s = w->insert;
    int rc;

    sqlite3_bind_int64(s, 1, db_first_id(w->study) | trial->number);
    sqlite3_bind_int64(s, 2, trial->generation);
    sqlite3_bind_text(s, 3, trial->state, -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 4, trial->feasible);
    sqlite3_bind_int64(s, 5, record_bits(w, trial));
    sqlite3_bind_double(s, 6, trial->violation);
    sqlite3_bind_double(s, 7, trial->time_s);
    sqlite3_bind_int64(s, 8, (int64_t)trial->net_id);
    bind_parent(s, 9, trial->parent[0]);
    bind_parent(s, 10, trial->parent[1]);
    bind_optional_text(s, 11, trial->operation);
    bind_optional_text(s, 12, trial->reason);
    sqlite3_bind_text(s, 13, trial->genotype ? trial->genotype : "", -1, SQLITE_STATIC);
    for (int i = 0; i < w->metrics; i++)
        sqlite3_bind_double(s, 14 + i, trial->metric[i]);
    rc = sqlite3_step(s);
    sqlite3_reset(s);
    w->trials++;
    w->feasible += trial->feasible;
    w->failed += strcmp(trial->state, "failed") == 0;
    return rc == SQLITE_DONE ? OHM_OK : ohm_db_fail(store, rc, what, err);
}

static enum ohm_status check_trial(const struct db_writer *w, const struct ohm_trial *trial, struct ohm_error *err)
{
    const char *state = trial->state ? trial->state : "";

    if (strcmp(state, "complete") != 0 && strcmp(state, "infeasible") != 0 && strcmp(state, "failed") != 0)
        return ohm_fail(err, OHM_ERANGE, "the state of trial %lld is \"%s\"; legal are complete, infeasible, failed",
                        (long long)trial->number, state);
    if (trial->number != w->trials || trial->number > DB_NUMBER_MASK)
        return ohm_fail(err, OHM_ERANGE,
                        "trial %lld does not follow on the %lld trials that study #%lld has: numbers have no gaps and "
                        "no trial is written twice",
                        (long long)trial->number, (long long)w->trials, (long long)w->study);
    return OHM_OK;
}

static enum ohm_status write_generation(const struct ohm_store *store, int64_t study,
                                        const struct ohm_generation_row *g, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row;
    enum ohm_status st = ohm_db_prepare(
        store, &stmt, "INSERT OR REPLACE INTO generation VALUES(?1, ?2, ?3, ?4, ?5, ?6)", "write a generation", err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, study);
    sqlite3_bind_int64(stmt, 2, g->number);
    sqlite3_bind_int64(stmt, 3, g->trials);
    sqlite3_bind_double(stmt, 4, g->hypervolume);
    sqlite3_bind_double(stmt, 5, g->best);
    sqlite3_bind_double(stmt, 6, g->time_s);
    st = ohm_db_step(store, stmt, &row, "write a generation", err);
    sqlite3_finalize(stmt);
    return st;
}

static enum ohm_status update_study(const struct ohm_store *store, struct ohm_error *err)
{
    const struct db_writer *w = &store->writer;
    sqlite3_stmt *stmt = NULL;
    bool row;
    enum ohm_status st = ohm_db_prepare(store, &stmt,
                                        "UPDATE study SET trials = ?2, feasible = ?3, failed = ?4, best = ?5, "
                                        "changed = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), "
                                        "lease_time = iif(lease_token = ?6, ?7, lease_time) WHERE id = ?1",
                                        what, err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, w->study);
    sqlite3_bind_int64(stmt, 2, w->trials);
    sqlite3_bind_int64(stmt, 3, w->feasible);
    sqlite3_bind_int64(stmt, 4, w->failed);
    sqlite3_bind_double(stmt, 5, w->objectives > 0 ? w->best[0] : NAN);
    sqlite3_bind_int64(stmt, 6, store->token);
    sqlite3_bind_int64(stmt, 7, (int64_t)time(NULL));
    st = ohm_db_step(store, stmt, &row, what, err);
    sqlite3_finalize(stmt);
    return st;
}

static enum ohm_status write_all(struct ohm_store *store, int64_t study, const struct ohm_trial *trials, int n,
                                 const struct ohm_generation_row *generation, struct ohm_error *err)
{
    enum ohm_status st = ohm_db_check_lease(store, study, err);

    if (st == OHM_OK)
        st = know_study(store, study, err);
    for (int i = 0; i < n && st == OHM_OK; i++)
        if ((st = check_trial(&store->writer, &trials[i], err)) == OHM_OK)
            st = insert_trial(store, &trials[i], err);
    if (st == OHM_OK && generation)
        st = write_generation(store, study, generation, err);
    return st == OHM_OK ? update_study(store, err) : st;
}

enum ohm_status ohm_store_commit(struct ohm_store *store, int64_t study, const struct ohm_trial *trials, int n,
                                 const struct ohm_generation_row *generation, struct ohm_error *err)
{
    enum ohm_status st = ohm_db_begin(store, err);

    if (st != OHM_OK)
        return st;
    st = ohm_db_end(store, write_all(store, study, trials, n, generation, err), what, err);
    if (st != OHM_OK)
        store->writer.study = 0; /* counts and bests were moved on for rows that are not there */
    return st;
}
