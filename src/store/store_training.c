/* store_training.c - trainings and their epochs: written while they run, read back.
 *
 * The row of a training holds what was known before it began; all that came of it is in its epochs. A process that is
 * killed leaves "running" behind, with a lease that nobody holds any more. */
#include "ohm/training.h"

#include "store_run.h"

static const char row_sql[] =
    "SELECT r.id, r.state, r.created, r.changed, r.network, r.network_hash, r.task, r.data_hash, r.split, r.program, "
    "r.weights_hash, r.analog IS NOT NULL, r.study, r.trial, r.folds, r.fold, r.seed, r.samples, r.val_samples, "
    "r.epochs, (SELECT count(*) FROM epoch e WHERE e.training = r.id), "
    "(SELECT total(time_s) FROM epoch e WHERE e.training = r.id), "
    "l.number, l.loss, l.top1, l.val_loss, l.val_top1, l.lr, l.time_s, "
    "b.number, b.loss, b.top1, b.val_loss, b.val_top1, b.lr, b.time_s, "
    "r.lease_token, r.lease_pid, r.lease_start, r.lease_time, r.lease_host, r.lease_machine FROM training r "
    "LEFT JOIN epoch l ON l.training = r.id AND l.number = (SELECT max(number) FROM epoch e WHERE e.training = r.id) "
    "LEFT JOIN epoch b ON b.training = r.id AND b.number = (SELECT number FROM epoch e WHERE e.training = r.id AND "
    "e.val_top1 IS NOT NULL ORDER BY e.val_top1 DESC, e.number LIMIT 1) ";

static const char *const texts[] = {"network_text", "recipe", "analog", "options", "reason", "weights", "data", NULL};
static const struct db_run_kind trainings = {"training", 't', 2, row_sql, texts};

/* ---- begin ---- */

static enum ohm_status insert(const struct ohm_store *store, int64_t *id, const struct ohm_training_spec *spec,
                              struct ohm_error *err)
{
    const char *const text[] = {spec->network, spec->network_hash, spec->network_text, spec->task,
                                spec->data,    spec->data_hash,    spec->split,        spec->recipe,
                                spec->analog,  spec->options,      spec->weights,      spec->program};
    const int64_t number[] = {(int64_t)spec->fingerprint, spec->folds, spec->fold, spec->seed, spec->samples,
                              spec->val_samples,          spec->epochs};
    sqlite3_stmt *stmt = NULL;
    enum ohm_status st =
        ohm_db_prepare(store, &stmt,
                       "INSERT INTO training(created, changed, state, network, network_hash, network_text, task, data, "
                       "data_hash, split, recipe, analog, options, weights, program, fingerprint, folds, fold, seed, "
                       "samples, val_samples, epochs, study, trial) VALUES(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), "
                       "strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), 'running', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                       "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
                       "add the training", err);

    if (st != OHM_OK)
        return st;
    for (int i = 0; i < 12; i++)
        ohm_db_bind_text(stmt, 1 + i, text[i]);
    for (int i = 0; i < 7; i++)
        sqlite3_bind_int64(stmt, 13 + i, number[i]);
    ohm_db_bind_known(stmt, 20, spec->study);
    ohm_db_bind_known(stmt, 21, spec->study >= 0 ? spec->trial : -1);
    st = ohm_db_finish(store, stmt, "add the training", err);
    *id = sqlite3_last_insert_rowid(store->db);
    return st;
}

enum ohm_status ohm_store_begin_training(struct ohm_store *store, int64_t *id, const struct ohm_training_spec *spec,
                                         bool resume, struct ohm_error *err)
{
    int64_t found = 0;
    enum ohm_status st = ohm_db_begin(store, err);

    if (st != OHM_OK)
        return st;
    if (resume)
        st = ohm_db_find_stopped(store, &trainings, &found, spec->fingerprint, spec->weights, err);
    if (st == OHM_OK && found == 0)
        st = insert(store, &found, spec, err);
    if (st == OHM_OK)
        st = ohm_db_take_run(store, &trainings, found, spec->weights, err);
    st = ohm_db_end(store, st, "add the training", err);
    if (st == OHM_OK) {
        store->leased = true;
        *id = found;
    }
    return st;
}

/* ---- epochs ---- */

static enum ohm_status write_epoch(const struct ohm_store *store, int64_t id, const struct ohm_epoch_row *e,
                                   const char *verb, struct ohm_error *err)
{
    const double number[] = {e->loss, e->top1, e->val_loss, e->val_top1, e->lr, e->time_s};
    sqlite3_stmt *stmt = NULL;
    char sql[96];
    enum ohm_status st;

    sqlite3_snprintf(sizeof sql, sql, "INSERT OR %s INTO epoch VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", verb);
    if ((st = ohm_db_prepare(store, &stmt, sql, "add the epoch", err)) != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_int64(stmt, 2, e->number);
    for (int i = 0; i < 6; i++) /* SQLite makes NULL of NaN */
        sqlite3_bind_double(stmt, 3 + i, number[i]);
    return ohm_db_finish(store, stmt, "add the epoch", err);
}

static enum ohm_status touch(const struct ohm_store *store, int64_t id, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum ohm_status st = ohm_db_prepare(store, &stmt,
                                        "UPDATE training SET changed = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), "
                                        "lease_time = unixepoch() WHERE id = ?1",
                                        "add the epoch", err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    st = ohm_db_finish(store, stmt, "add the epoch", err);
    return st == OHM_OK && sqlite3_changes(store->db) == 0 ? ohm_db_no_run(store, &trainings, id, err) : st;
}

enum ohm_status ohm_store_add_epoch(struct ohm_store *store, int64_t id, const struct ohm_epoch_row *epoch,
                                    struct ohm_error *err)
{
    enum ohm_status st;

    if (epoch->number < 1)
        return ohm_fail(err, OHM_ERANGE, "epochs count from 1, not from %lld", (long long)epoch->number);
    if ((st = ohm_db_begin(store, err)) != OHM_OK)
        return st;
    if ((st = touch(store, id, err)) == OHM_OK)
        st = write_epoch(store, id, epoch, "REPLACE", err);
    return ohm_db_end(store, st, "add the epoch", err);
}

enum ohm_status ohm_store_end_training(struct ohm_store *store, int64_t id, const char *state, const char *reason,
                                       const char *weights_hash, const struct ohm_epoch_row *curve, int n,
                                       struct ohm_error *err)
{
    enum ohm_status st;

    if ((st = ohm_db_check_end(&trainings, state, err)) != OHM_OK || (st = ohm_db_begin(store, err)) != OHM_OK)
        return st;
    st = touch(store, id, err);
    for (int i = 0; i < n && st == OHM_OK; i++)
        st = write_epoch(store, id, &curve[i], "IGNORE", err);
    if (st == OHM_OK)
        st = ohm_db_end_run(store, &trainings, id, state, reason, weights_hash, err);
    return ohm_db_end(store, st, "end the training", err);
}

/* ---- reading ---- */

static void read_epoch(sqlite3_stmt *stmt, int first, struct ohm_epoch_row *e)
{
    e->number = sqlite3_column_int64(stmt, first);
    e->loss = ohm_db_double(stmt, first + 1);
    e->top1 = ohm_db_double(stmt, first + 2);
    e->val_loss = ohm_db_double(stmt, first + 3);
    e->val_top1 = ohm_db_double(stmt, first + 4);
    e->lr = ohm_db_double(stmt, first + 5);
    e->time_s = ohm_db_double(stmt, first + 6);
}

static void read_row(sqlite3_stmt *stmt, struct ohm_training_row *row)
{
    row->id = sqlite3_column_int64(stmt, 0);
    ohm_db_copy(row->state, sizeof row->state, stmt, 1);
    ohm_db_copy(row->created, sizeof row->created, stmt, 2);
    ohm_db_copy(row->changed, sizeof row->changed, stmt, 3);
    ohm_db_copy(row->network, sizeof row->network, stmt, 4);
    ohm_db_copy(row->network_hash, sizeof row->network_hash, stmt, 5);
    ohm_db_copy(row->task, sizeof row->task, stmt, 6);
    ohm_db_copy(row->data_hash, sizeof row->data_hash, stmt, 7);
    ohm_db_copy(row->split, sizeof row->split, stmt, 8);
    ohm_db_copy(row->program, sizeof row->program, stmt, 9);
    ohm_db_copy(row->weights_hash, sizeof row->weights_hash, stmt, 10);
    row->analog = sqlite3_column_int(stmt, 11) != 0;
    row->study = ohm_db_known(stmt, 12);
    row->trial = ohm_db_known(stmt, 13);
    row->folds = sqlite3_column_int64(stmt, 14);
    row->fold = sqlite3_column_int64(stmt, 15);
    row->seed = sqlite3_column_int64(stmt, 16);
    row->samples = sqlite3_column_int64(stmt, 17);
    row->val_samples = sqlite3_column_int64(stmt, 18);
    row->epochs = sqlite3_column_int64(stmt, 19);
    row->done = sqlite3_column_int64(stmt, 20);
    row->time_s = sqlite3_column_double(stmt, 21);
    read_epoch(stmt, 22, &row->last);
    read_epoch(stmt, 29, &row->best);
    ohm_db_mend_state(row->state, sizeof row->state, stmt, 36);
}

struct visit {
    ohm_training_fn *fn;
    void *context;
};

static enum ohm_status visit_row(void *context, sqlite3_stmt *stmt, struct ohm_error *err)
{
    const struct visit *v = context;
    struct ohm_training_row row;

    read_row(stmt, &row);
    return v->fn(v->context, &row, err);
}

enum ohm_status ohm_store_each_training(struct ohm_store *store, ohm_training_fn *fn, void *context,
                                        struct ohm_error *err)
{
    return ohm_db_each_run(store, &trainings, visit_row, &(struct visit){fn, context}, err);
}

static enum ohm_status keep(void *context, sqlite3_stmt *stmt, struct ohm_error *err)
{
    (void)err;
    read_row(stmt, context);
    return OHM_OK;
}

enum ohm_status ohm_store_find_training(struct ohm_store *store, const char *name, struct ohm_training_row *row,
                                        struct ohm_error *err)
{
    return ohm_db_find_run(store, &trainings, name, keep, row, err);
}

enum ohm_status ohm_store_training_text(struct ohm_store *store, int64_t id, const char *column, struct ohm_str *text,
                                        struct ohm_error *err)
{
    return ohm_db_run_text(store, &trainings, id, column, text, err);
}

enum ohm_status ohm_store_each_epoch(struct ohm_store *store, int64_t id, ohm_epoch_fn *fn, void *context,
                                     struct ohm_error *err)
{
    struct ohm_epoch_row epoch;
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    enum ohm_status st;

    if (!ohm_db_has_runs(store, &trainings))
        return OHM_OK;
    st = ohm_db_prepare(store, &stmt,
                        "SELECT number, loss, top1, val_loss, val_top1, lr, time_s FROM epoch WHERE training = ?1 "
                        "ORDER BY number",
                        "read the epochs", err);
    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    while (st == OHM_OK && (st = ohm_db_step(store, stmt, &more, "read the epochs", err)) == OHM_OK && more) {
        read_epoch(stmt, 0, &epoch);
        st = fn(context, &epoch, err);
    }
    sqlite3_finalize(stmt);
    return st;
}
