/* store_schema.c - the tables, and the way from each version of them to the next.
 *
 * The big table has no secondary index but one, on the few trials that were the best so far when they came: with an
 * index on the content id insertion falls to a third, and a look-up by content id is a scan of a fraction of a second.
 * study and number are computed from the rowid and take no room. Metrics are columns m0, m1, ... at the row's end,
 * added when a study needs more of them than any before: adding a column at the end rewrites nothing. */
#include "store_int.h"

static const char schema_1[] =
    "CREATE TABLE study("
    "  id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    "  created TEXT NOT NULL,"
    "  changed TEXT NOT NULL,"
    "  state TEXT NOT NULL CHECK(state IN ('running', 'paused', 'done', 'failed')),"
    "  strategy TEXT NOT NULL, space TEXT NOT NULL, chip TEXT NOT NULL, task TEXT NOT NULL,"
    "  seed INTEGER NOT NULL, budget INTEGER NOT NULL,"
    "  trials INTEGER NOT NULL DEFAULT 0, feasible INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,"
    "  best REAL, time_s REAL NOT NULL DEFAULT 0,"
    "  lease_token INTEGER, lease_pid INTEGER, lease_start INTEGER, lease_time INTEGER,"
    "  lease_host TEXT, lease_machine TEXT,"
    "  metrics TEXT NOT NULL,"
    "  config TEXT NOT NULL, space_text TEXT NOT NULL, chip_text TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE objective("
    "  study INTEGER NOT NULL REFERENCES study(id), place INTEGER NOT NULL,"
    "  metric INTEGER NOT NULL, sign INTEGER NOT NULL CHECK(sign IN (-1, 1)), text TEXT NOT NULL,"
    "  PRIMARY KEY(study, place)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE generation("
    "  study INTEGER NOT NULL REFERENCES study(id), number INTEGER NOT NULL, trials INTEGER NOT NULL,"
    "  hypervolume REAL, best REAL, time_s REAL,"
    "  PRIMARY KEY(study, number)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE trial("
    "  id INTEGER PRIMARY KEY,"
    "  study INTEGER GENERATED ALWAYS AS (id >> 40) VIRTUAL,"
    "  number INTEGER GENERATED ALWAYS AS (id & 1099511627775) VIRTUAL,"
    "  generation INTEGER NOT NULL,"
    "  state TEXT NOT NULL,"
    "  feasible INTEGER NOT NULL,"
    "  record INTEGER NOT NULL,"
    "  violation REAL, time_s REAL,"
    "  net_id INTEGER NOT NULL,"
    "  parent_a INTEGER, parent_b INTEGER,"
    "  operation TEXT, reason TEXT,"
    "  genotype TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX trial_record ON trial(id) WHERE record <> 0;";

/* Version 2: trainings. The last and the best epoch are found in the curve, so that they cannot differ from it. */
static const char schema_2[] =
    "CREATE TABLE training("
    "  id INTEGER PRIMARY KEY,"
    "  created TEXT NOT NULL,"
    "  changed TEXT NOT NULL,"
    "  state TEXT NOT NULL CHECK(state IN ('running', 'stopped', 'failed', 'done')),"
    "  reason TEXT,"
    "  fingerprint INTEGER NOT NULL,"
    "  network TEXT, network_hash TEXT, network_text TEXT,"
    "  study INTEGER REFERENCES study(id), trial INTEGER,"
    "  task TEXT, data TEXT, data_hash TEXT, split TEXT, folds INTEGER NOT NULL, fold INTEGER NOT NULL,"
    "  seed INTEGER NOT NULL, samples INTEGER NOT NULL, val_samples INTEGER NOT NULL,"
    "  recipe TEXT, analog TEXT, options TEXT,"
    "  epochs INTEGER NOT NULL,"
    "  weights TEXT, weights_hash TEXT, program TEXT,"
    "  lease_token INTEGER, lease_pid INTEGER, lease_start INTEGER, lease_time INTEGER,"
    "  lease_host TEXT, lease_machine TEXT"
    ") STRICT;"
    "CREATE TABLE epoch("
    "  training INTEGER NOT NULL REFERENCES training(id), number INTEGER NOT NULL CHECK(number >= 1),"
    "  loss REAL, top1 REAL, val_loss REAL, val_top1 REAL, lr REAL, time_s REAL,"
    "  PRIMARY KEY(training, number)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE VIEW trainings AS SELECT t.id, t.created, t.state, t.network, t.study, t.trial, t.task, t.split, t.folds, "
    "t.fold, t.seed, t.analog IS NOT NULL AS analog, t.samples, t.val_samples, t.epochs, "
    "(SELECT count(*) FROM epoch e WHERE e.training = t.id) AS done, l.loss, l.top1, l.val_loss, l.val_top1, "
    "(SELECT max(val_top1) FROM epoch e WHERE e.training = t.id) AS best_val_top1, "
    "(SELECT total(time_s) FROM epoch e WHERE e.training = t.id) AS time_s, t.weights, t.reason FROM training t "
    "LEFT JOIN epoch l ON l.training = t.id AND l.number = (SELECT max(number) FROM epoch e WHERE e.training = t.id);";

/* Version 3: validations. Every figure of a time follows from its reads, so that none can differ from them; what is of
 * the whole (digital) is written with each draw. */
static const char schema_3[] =
    "CREATE TABLE validation("
    "  id INTEGER PRIMARY KEY,"
    "  created TEXT NOT NULL,"
    "  changed TEXT NOT NULL,"
    "  state TEXT NOT NULL CHECK(state IN ('running', 'stopped', 'failed', 'done')),"
    "  reason TEXT,"
    "  fingerprint INTEGER NOT NULL,"
    "  network TEXT, network_hash TEXT, network_text TEXT,"
    "  study INTEGER REFERENCES study(id), trial INTEGER,"
    "  training INTEGER REFERENCES training(id), weights TEXT, weights_hash TEXT,"
    "  task TEXT, data TEXT, data_hash TEXT, split TEXT, folds INTEGER NOT NULL, fold INTEGER NOT NULL,"
    "  chip TEXT, device TEXT, settings TEXT,"
    "  seed INTEGER NOT NULL, draws INTEGER NOT NULL, reads INTEGER NOT NULL, samples INTEGER NOT NULL, width REAL,"
    "  calibrated INTEGER, digital REAL, digital_low REAL, digital_high REAL, avm REAL,"
    "  time_s REAL NOT NULL DEFAULT 0, program TEXT,"
    "  lease_token INTEGER, lease_pid INTEGER, lease_start INTEGER, lease_time INTEGER,"
    "  lease_host TEXT, lease_machine TEXT"
    ") STRICT;"
    "CREATE TABLE validation_time("
    "  validation INTEGER NOT NULL REFERENCES validation(id), place INTEGER NOT NULL CHECK(place >= 0),"
    "  time TEXT NOT NULL, t_s REAL NOT NULL,"
    "  PRIMARY KEY(validation, place)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE validation_read("
    "  validation INTEGER NOT NULL REFERENCES validation(id), draw INTEGER NOT NULL CHECK(draw >= 1),"
    "  place INTEGER NOT NULL, read INTEGER NOT NULL CHECK(read >= 1),"
    "  top1 REAL NOT NULL, dw REAL, alpha REAL,"
    "  PRIMARY KEY(validation, draw, place, read)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE VIEW validations AS SELECT id, created, state, network, study, trial, training, task, split, folds, fold, "
    "chip, device, seed, samples, draws, (SELECT count(DISTINCT draw) FROM validation_read r WHERE r.validation = "
    "v.id) "
    "AS done, reads, digital, avm, time_s, weights, reason FROM validation v;"
    "CREATE VIEW validation_times AS SELECT t.validation, t.place, t.time, t.t_s, count(DISTINCT r.draw) AS draws, "
    "avg(r.top1) AS top1, min(r.top1) AS least, max(r.top1) AS most, v.digital - avg(r.top1) AS \"drop\", avg(r.dw) AS "
    "dw, "
    "avg(r.alpha) AS alpha FROM validation_time t JOIN validation v ON v.id = t.validation "
    "LEFT JOIN validation_read r ON r.validation = t.validation AND r.place = t.place GROUP BY t.validation, t.place;";

const struct db_migration ohm_db_migrations[OHM_SCHEMA_VERSION] = {{schema_1}, {schema_2}, {schema_3}};

static enum ohm_status apply(struct ohm_store *store, const struct db_migration *migration, int steps,
                             struct ohm_error *err)
{
    int64_t version = 0;
    char pragma[64];
    /* Read again under the lock: another process may have been quicker. */
    enum ohm_status st = ohm_db_int(store, &version, NULL, "PRAGMA user_version", 0, err);

    for (; st == OHM_OK && version < steps; version++)
        st = ohm_db_exec(store, migration[version].sql, "bring the tables up to date", err);
    if (st != OHM_OK)
        return st;
    sqlite3_snprintf(sizeof pragma, pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d", DB_APPLICATION_ID,
                     steps);
    return ohm_db_exec(store, pragma, "bring the tables up to date", err);
}

enum ohm_status ohm_db_migrate(struct ohm_store *store, const struct db_migration *migration, int steps,
                               struct ohm_error *err)
{
    enum ohm_status st = ohm_db_begin(store, err);

    if (st != OHM_OK)
        return st;
    return ohm_db_end(store, apply(store, migration, steps, err), "bring the tables up to date", err);
}

enum ohm_status ohm_db_widen(const struct ohm_store *store, int metrics, struct ohm_error *err)
{
    int64_t have = 0;
    char sql[64];
    enum ohm_status st = ohm_db_int(
        store, &have, NULL, "SELECT count(*) FROM pragma_table_info('trial') WHERE name GLOB 'm[0-9]*'", 0, err);

    for (; st == OHM_OK && have < metrics; have++) {
        sqlite3_snprintf(sizeof sql, sql, "ALTER TABLE trial ADD COLUMN m%d REAL", (int)have);
        st = ohm_db_exec(store, sql, "add a column for a metric", err);
    }
    return st;
}

enum ohm_status ohm_db_add_view(const struct ohm_store *store, int64_t study, const struct ohm_study_spec *spec,
                                struct ohm_error *err)
{
    struct ohm_str sql = {0}, name = {0};
    enum ohm_status st = OHM_ENOMEM;

    ohm_str_printf(&name, "study_%s", spec->name);
    ohm_str_append(&sql, "CREATE VIEW ");
    ohm_db_quote(&sql, ohm_str_text(&name));
    ohm_str_append(&sql,
                   " AS SELECT number, generation, state, printf('n:%012x', net_id >> 16 & 281474976710655) "
                   "AS net, feasible, violation, record, time_s, parent_a, parent_b, operation, reason, genotype");
    for (int i = 0; i < spec->metric_count; i++) {
        ohm_str_printf(&sql, ", m%d AS ", i);
        ohm_db_quote(&sql, spec->metrics[i]);
    }
    ohm_str_printf(&sql, " FROM trial WHERE id BETWEEN %lld AND %lld", (long long)db_first_id(study),
                   (long long)db_last_id(study));
    if (sql.failed || name.failed)
        ohm_fail(err, OHM_ENOMEM, "out of memory for the view of a study");
    else
        st = ohm_db_exec(store, ohm_str_text(&sql), "make the view of the study", err);
    ohm_str_release(&sql);
    ohm_str_release(&name);
    return st;
}
