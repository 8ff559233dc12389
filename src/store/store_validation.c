/* store_validation.c - validations, their times and every single read of them: written while they run, read back.
 *
 * A draw is one transaction, so that a validation that is killed leaves whole draws behind, and "running" with a lease
 * that nobody holds any more. */
#include "ohm/validation.h"

#include "store_run.h"

static const char row_sql[] =
    "SELECT r.id, r.state, r.created, r.changed, r.network, r.network_hash, r.task, r.data_hash, r.split, r.chip, "
    "r.device, r.program, r.weights_hash, r.study, r.trial, r.training, r.folds, r.fold, r.seed, r.samples, r.reads, "
    "(SELECT count(*) FROM validation_time t WHERE t.validation = r.id), r.draws, "
    "(SELECT count(DISTINCT draw) FROM validation_read d WHERE d.validation = r.id), "
    "r.width, r.time_s, r.digital, r.digital_low, r.digital_high, r.avm, r.calibrated, "
    "r.lease_token, r.lease_pid, r.lease_start, r.lease_time, r.lease_host, r.lease_machine, l.time, "
    "(SELECT avg(top1) FROM validation_read d WHERE d.validation = r.id AND d.place = l.place) FROM validation r "
    "LEFT JOIN validation_time l ON l.validation = r.id AND l.place = (SELECT place FROM validation_time t "
    "WHERE t.validation = r.id ORDER BY t_s DESC, place LIMIT 1) ";

static const char *const texts[] = {"network_text", "settings", "reason", "weights", "data", NULL};
static const struct db_run_kind validations = {"validation", 'v', 3, row_sql, texts};

/* ---- begin ---- */

/* NET may be a file: then the training tells of which study and trial its network is. */
static const char insert_sql[] =
    "WITH t AS (SELECT id, study, trial FROM training WHERE state = 'done' AND weights_hash = ?10 AND network_hash = "
    "?2 "
    "ORDER BY id DESC LIMIT 1) "
    "INSERT INTO validation(created, changed, state, network, network_hash, network_text, task, data, data_hash, "
    "split, "
    "device, weights, weights_hash, settings, program, chip, fingerprint, folds, fold, seed, draws, reads, samples, "
    "width, study, trial, training) VALUES(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), "
    "strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), 'running', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
    "?15, ?16, ?17, ?18, ?19, ?20, ?21, ifnull(?22, (SELECT study FROM t)), "
    "CASE WHEN ?22 IS NULL THEN (SELECT trial FROM t) ELSE ?23 END, (SELECT id FROM t))";

static enum ohm_status insert(const struct ohm_store *store, int64_t *id, const struct ohm_validation_spec *spec,
                              struct ohm_error *err)
{
    const char *const text[] = {spec->network, spec->network_hash, spec->network_text, spec->task,
                                spec->data,    spec->data_hash,    spec->split,        spec->device,
                                spec->weights, spec->weights_hash, spec->settings,     spec->program,
                                spec->chip};
    const int64_t number[] = {
        (int64_t)spec->fingerprint, spec->folds, spec->fold, spec->seed, spec->draws, spec->reads, spec->samples};
    sqlite3_stmt *stmt = NULL;
    enum ohm_status st = ohm_db_prepare(store, &stmt, insert_sql, "add the validation", err);

    if (st != OHM_OK)
        return st;
    for (int i = 0; i < 13; i++)
        ohm_db_bind_text(stmt, 1 + i, text[i]);
    for (int i = 0; i < 7; i++)
        sqlite3_bind_int64(stmt, 14 + i, number[i]);
    if (spec->width > 0)
        sqlite3_bind_double(stmt, 21, spec->width);
    ohm_db_bind_known(stmt, 22, spec->study);
    ohm_db_bind_known(stmt, 23, spec->trial);
    st = ohm_db_finish(store, stmt, "add the validation", err);
    *id = sqlite3_last_insert_rowid(store->db);
    return st;
}

static enum ohm_status insert_times(const struct ohm_store *store, int64_t id, const struct ohm_validation_spec *spec,
                                    struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < spec->times && st == OHM_OK; i++) {
        sqlite3_stmt *stmt = NULL;

        st = ohm_db_prepare(store, &stmt, "INSERT INTO validation_time VALUES(?1, ?2, ?3, ?4)", "add the validation",
                            err);
        if (st != OHM_OK)
            return st;
        sqlite3_bind_int64(stmt, 1, id);
        sqlite3_bind_int64(stmt, 2, i);
        ohm_db_bind_text(stmt, 3, spec->time[i]);
        sqlite3_bind_double(stmt, 4, spec->t_s[i]);
        st = ohm_db_finish(store, stmt, "add the validation", err);
    }
    return st;
}

enum ohm_status ohm_store_begin_validation(struct ohm_store *store, int64_t *id, int64_t *done,
                                           const struct ohm_validation_spec *spec, struct ohm_error *err)
{
    int64_t found = 0, draws = 0;
    enum ohm_status st = ohm_db_begin(store, err);

    if (st != OHM_OK)
        return st;
    st = ohm_db_find_stopped(store, &validations, &found, spec->fingerprint, spec->weights, err);
    if (st == OHM_OK && found == 0 && (st = insert(store, &found, spec, err)) == OHM_OK)
        st = insert_times(store, found, spec, err);
    if (st == OHM_OK)
        st = ohm_db_take_run(store, &validations, found, spec->weights, err);
    /* Draws in front of the first gap: of a log that was locked for a while. */
    if (st == OHM_OK)
        st = ohm_db_int(store, &draws, NULL,
                        "WITH d AS (SELECT DISTINCT draw FROM validation_read WHERE validation = ?1) "
                        "SELECT count(*) FROM d a WHERE a.draw = (SELECT count(*) FROM d b WHERE b.draw <= a.draw)",
                        found, err);
    st = ohm_db_end(store, st, "add the validation", err);
    if (st == OHM_OK) {
        store->leased = true;
        *id = found;
        *done = draws;
    }
    return st;
}

/* ---- draws ---- */

static enum ohm_status write_reads(const struct ohm_store *store, int64_t id, const struct ohm_validation_read *read,
                                   int n, const char *verb, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    char sql[96];
    bool row;
    enum ohm_status st;

    sqlite3_snprintf(sizeof sql, sql, "INSERT OR %s INTO validation_read VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", verb);
    if ((st = ohm_db_prepare(store, &stmt, sql, "add the draw", err)) != OHM_OK)
        return st;
    for (int i = 0; i < n && st == OHM_OK; i++) {
        const int64_t whole[] = {id, read[i].draw, read[i].place, read[i].read};
        const double real[] = {read[i].top1, read[i].dw, read[i].alpha};

        for (int k = 0; k < 4; k++)
            sqlite3_bind_int64(stmt, 1 + k, whole[k]);
        for (int k = 0; k < 3; k++) /* SQLite makes NULL of NaN */
            sqlite3_bind_double(stmt, 5 + k, real[k]);
        st = ohm_db_step(store, stmt, &row, "add the draw", err);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return st;
}

static enum ohm_status touch(const struct ohm_store *store, int64_t id, const struct ohm_validation_total *total,
                             double time_s, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum ohm_status st = ohm_db_prepare(
        store, &stmt,
        total ? "UPDATE validation SET changed = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), lease_time = unixepoch(), "
                "time_s = time_s + ?2, calibrated = ?3, digital = ?4, digital_low = ?5, digital_high = ?6, avm = ?7 "
                "WHERE id = ?1"
              : "UPDATE validation SET changed = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), time_s = time_s + ?2 "
                "WHERE id = ?1",
        "add the draw", err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_double(stmt, 2, time_s);
    if (total) {
        const double real[] = {total->digital, total->digital_low, total->digital_high, total->avm};

        sqlite3_bind_int64(stmt, 3, total->calibrated);
        for (int i = 0; i < 4; i++)
            sqlite3_bind_double(stmt, 4 + i, real[i]);
    }
    st = ohm_db_finish(store, stmt, "add the draw", err);
    return st == OHM_OK && sqlite3_changes(store->db) == 0 ? ohm_db_no_run(store, &validations, id, err) : st;
}

enum ohm_status ohm_store_add_draw(struct ohm_store *store, int64_t id, const struct ohm_validation_total *total,
                                   const struct ohm_validation_read *read, int n, double time_s, struct ohm_error *err)
{
    enum ohm_status st = ohm_db_begin(store, err);

    if (st != OHM_OK)
        return st;
    if ((st = touch(store, id, total, time_s, err)) == OHM_OK)
        st = write_reads(store, id, read, n, "REPLACE", err);
    return ohm_db_end(store, st, "add the draw", err);
}

enum ohm_status ohm_store_end_validation(struct ohm_store *store, int64_t id, const char *state, const char *reason,
                                         const struct ohm_validation_total *total,
                                         const struct ohm_validation_read *read, int n, struct ohm_error *err)
{
    enum ohm_status st;

    if ((st = ohm_db_check_end(&validations, state, err)) != OHM_OK || (st = ohm_db_begin(store, err)) != OHM_OK)
        return st;
    if ((st = touch(store, id, total, 0, err)) == OHM_OK &&
        (st = write_reads(store, id, read, n, "IGNORE", err)) == OHM_OK)
        st = ohm_db_end_run(store, &validations, id, state, reason, NULL, err);
    return ohm_db_end(store, st, "end the validation", err);
}

/* ---- reading ---- */

static void read_texts(sqlite3_stmt *stmt, struct ohm_validation_row *row)
{
    ohm_db_copy(row->state, sizeof row->state, stmt, 1);
    ohm_db_copy(row->created, sizeof row->created, stmt, 2);
    ohm_db_copy(row->changed, sizeof row->changed, stmt, 3);
    ohm_db_copy(row->network, sizeof row->network, stmt, 4);
    ohm_db_copy(row->network_hash, sizeof row->network_hash, stmt, 5);
    ohm_db_copy(row->task, sizeof row->task, stmt, 6);
    ohm_db_copy(row->data_hash, sizeof row->data_hash, stmt, 7);
    ohm_db_copy(row->split, sizeof row->split, stmt, 8);
    ohm_db_copy(row->chip, sizeof row->chip, stmt, 9);
    ohm_db_copy(row->device, sizeof row->device, stmt, 10);
    ohm_db_copy(row->program, sizeof row->program, stmt, 11);
    ohm_db_copy(row->weights_hash, sizeof row->weights_hash, stmt, 12);
    ohm_db_copy(row->last_time, sizeof row->last_time, stmt, 37);
}

static void read_row(sqlite3_stmt *stmt, struct ohm_validation_row *row)
{
    row->id = sqlite3_column_int64(stmt, 0);
    read_texts(stmt, row);
    row->study = ohm_db_known(stmt, 13);
    row->trial = ohm_db_known(stmt, 14);
    row->training = ohm_db_known(stmt, 15);
    row->folds = sqlite3_column_int64(stmt, 16);
    row->fold = sqlite3_column_int64(stmt, 17);
    row->seed = sqlite3_column_int64(stmt, 18);
    row->samples = sqlite3_column_int64(stmt, 19);
    row->reads = sqlite3_column_int64(stmt, 20);
    row->times = sqlite3_column_int64(stmt, 21);
    row->draws = sqlite3_column_int64(stmt, 22);
    row->done = sqlite3_column_int64(stmt, 23);
    row->width = sqlite3_column_double(stmt, 24);
    row->time_s = sqlite3_column_double(stmt, 25);
    row->total =
        (struct ohm_validation_total){ohm_db_double(stmt, 26), ohm_db_double(stmt, 27), ohm_db_double(stmt, 28),
                                      ohm_db_double(stmt, 29), sqlite3_column_int64(stmt, 30)};
    row->last_top1 = ohm_db_double(stmt, 38);
    ohm_db_mend_state(row->state, sizeof row->state, stmt, 31);
}

struct visit {
    ohm_validation_fn *fn;
    void *context;
};

static enum ohm_status visit_row(void *context, sqlite3_stmt *stmt, struct ohm_error *err)
{
    const struct visit *v = context;
    struct ohm_validation_row row;

    read_row(stmt, &row);
    return v->fn(v->context, &row, err);
}

enum ohm_status ohm_store_each_validation(struct ohm_store *store, ohm_validation_fn *fn, void *context,
                                          struct ohm_error *err)
{
    return ohm_db_each_run(store, &validations, visit_row, &(struct visit){fn, context}, err);
}

static enum ohm_status keep(void *context, sqlite3_stmt *stmt, struct ohm_error *err)
{
    (void)err;
    read_row(stmt, context);
    return OHM_OK;
}

enum ohm_status ohm_store_find_validation(struct ohm_store *store, const char *name, struct ohm_validation_row *row,
                                          struct ohm_error *err)
{
    return ohm_db_find_run(store, &validations, name, keep, row, err);
}

enum ohm_status ohm_store_find_measured(struct ohm_store *store, uint64_t fingerprint, const char *program, int64_t *id,
                                        struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum ohm_status st;

    if (!ohm_db_has_runs(store, &validations))
        return OHM_OK;
    st = ohm_db_prepare(store, &stmt,
                        "SELECT id FROM validation WHERE fingerprint = ?1 AND program = ?2 AND state = 'done' "
                        "ORDER BY id DESC LIMIT 1",
                        "look for the validation", err);
    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, (int64_t)fingerprint);
    ohm_db_bind_text(stmt, 2, program);
    if ((st = ohm_db_step(store, stmt, &row, "look for the validation", err)) == OHM_OK && row)
        *id = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_store_validation_text(struct ohm_store *store, int64_t id, const char *column, struct ohm_str *text,
                                          struct ohm_error *err)
{
    return ohm_db_run_text(store, &validations, id, column, text, err);
}

/* A statement over the rows of one validation; *stmt stays NULL where the file has no validations. */
static enum ohm_status prepare_of(const struct ohm_store *store, sqlite3_stmt **stmt, const char *sql, int64_t id,
                                  struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (ohm_db_has_runs(store, &validations) &&
        (st = ohm_db_prepare(store, stmt, sql, "read the validation", err)) == OHM_OK)
        sqlite3_bind_int64(*stmt, 1, id);
    return st;
}

enum ohm_status ohm_store_each_time(struct ohm_store *store, int64_t id, ohm_validation_time_fn *fn, void *context,
                                    struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    enum ohm_status st =
        prepare_of(store, &stmt, "SELECT time, t_s FROM validation_time WHERE validation = ?1 ORDER BY place", id, err);

    while (st == OHM_OK && stmt && (st = ohm_db_step(store, stmt, &more, "read the validation", err)) == OHM_OK && more)
        st = fn(context, (const char *)sqlite3_column_text(stmt, 0), sqlite3_column_double(stmt, 1), err);
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_store_each_read(struct ohm_store *store, int64_t id, ohm_validation_read_fn *fn, void *context,
                                    struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    enum ohm_status st = prepare_of(store, &stmt,
                                    "SELECT draw, place, read, top1, dw, alpha FROM validation_read "
                                    "WHERE validation = ?1 ORDER BY draw, place, read",
                                    id, err);

    while (st == OHM_OK && stmt && (st = ohm_db_step(store, stmt, &more, "read the validation", err)) == OHM_OK &&
           more) {
        const struct ohm_validation_read read = {sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                                                 sqlite3_column_int64(stmt, 2), sqlite3_column_double(stmt, 3),
                                                 ohm_db_double(stmt, 4),        ohm_db_double(stmt, 5)};

        st = fn(context, &read, err);
    }
    sqlite3_finalize(stmt);
    return st;
}
