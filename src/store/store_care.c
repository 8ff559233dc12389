/* store_care.c - check, upgrade, backup. */
#include "store_int.h"

#include "ohm/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- check ---- */

static enum ohm_status check_pages(const struct ohm_store *store, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum ohm_status st = ohm_db_prepare(store, &stmt, "PRAGMA integrity_check(1)", "check the database", err);

    if (st != OHM_OK)
        return st;
    st = ohm_db_step(store, stmt, &row, "check the database", err);
    if (st == OHM_OK && row && sqlite3_column_text(stmt, 0) &&
        strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0)
        st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, store->path, 0, 0, "the file is damaged: %s",
                         (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return st;
}

/* A rule is a query for what breaks it: the first row, as text, is the finding. The counts are taken in one pass. */
static const char *const rules[] = {
    "WITH c AS MATERIALIZED (SELECT id >> 40 AS study, count(*) AS n, min(id) AS low, max(id) AS high, "
    "sum(feasible <> 0) AS feasible, sum(state = 'failed') AS failed FROM trial GROUP BY id >> 40) "
    "SELECT CASE WHEN s.id IS NULL THEN printf('%d trials belong to study #%d, which does not exist', c.n, c.study) "
    "WHEN ifnull(c.n, 0) <> s.trials THEN printf('study \"%s\" says it has %d trials, there are %d', s.name, s.trials, "
    "ifnull(c.n, 0)) "
    "WHEN (c.low & 1099511627775) <> 0 OR (c.high & 1099511627775) <> c.n - 1 THEN printf('the numbers of study \"%s\" "
    "have gaps: %d trials from %d to %d', s.name, c.n, c.low & 1099511627775, c.high & 1099511627775) "
    "WHEN ifnull(c.feasible, 0) <> s.feasible THEN printf('study \"%s\" says %d trials are feasible, there are %d', "
    "s.name, s.feasible, c.feasible) "
    "WHEN ifnull(c.failed, 0) <> s.failed THEN printf('study \"%s\" says %d trials failed, there are %d', s.name, "
    "s.failed, c.failed) END AS finding "
    "FROM (SELECT id FROM study UNION SELECT study FROM c) k LEFT JOIN study s ON s.id = k.id LEFT JOIN c ON "
    "c.study = k.id WHERE finding IS NOT NULL ORDER BY s.id IS NOT NULL",
    "SELECT printf('study \"%s\" has %d metrics, the table of trials has columns for %d', name, "
    "json_array_length(metrics), have) FROM study, (SELECT count(*) AS have FROM pragma_table_info('trial') "
    "WHERE name GLOB 'm[0-9]*') WHERE json_array_length(metrics) > have OR json_type(metrics) <> 'array'",
    "SELECT printf('objective %d of study #%d is metric %d, which does not exist', o.place + 1, o.study, o.metric) "
    "FROM objective o LEFT JOIN study s ON s.id = o.study "
    "WHERE s.id IS NULL OR o.metric < 0 OR o.metric >= json_array_length(s.metrics)",
    "SELECT printf('generation %d of study #%d counts %d trials, more than there are', g.number, g.study, g.trials) "
    "FROM generation g LEFT JOIN study s ON s.id = g.study WHERE s.id IS NULL OR g.trials > s.trials",
    "SELECT printf('the configuration of study \"%s\" is not JSON', name) FROM study "
    "WHERE config <> '' AND NOT json_valid(config)",
};

/* Of what version 2 has added. */
static const char *const training_rules[] = {
    "SELECT printf('epoch %d belongs to training t:%d, which does not exist', e.number, e.training) "
    "FROM epoch e LEFT JOIN training t ON t.id = e.training WHERE t.id IS NULL",
    "SELECT printf('training t:%d is done, and its curve has gaps: %d epochs up to %d', t.id, count(*), max(e.number)) "
    "FROM training t JOIN epoch e ON e.training = t.id WHERE t.state = 'done' GROUP BY t.id "
    "HAVING count(*) <> max(e.number)",
    "SELECT printf('training t:%d is of study #%d, which does not exist', t.id, t.study) FROM training t "
    "LEFT JOIN study s ON s.id = t.study WHERE t.study IS NOT NULL AND s.id IS NULL",
};

static const char *const validation_rules[] = {
    "SELECT printf('a read of draw %d belongs to validation v:%d, which does not exist', r.draw, r.validation) "
    "FROM validation_read r LEFT JOIN validation v ON v.id = r.validation WHERE v.id IS NULL",
    "SELECT printf('validation v:%d has a time or a read more or less in draw %d: %d reads of %d', r.validation, "
    "r.draw, "
    "count(*), v.reads * (SELECT count(*) FROM validation_time t WHERE t.validation = v.id)) "
    "FROM validation_read r JOIN validation v ON v.id = r.validation GROUP BY r.validation, r.draw "
    "HAVING count(*) <> v.reads * (SELECT count(*) FROM validation_time t WHERE t.validation = v.id)",
    "SELECT printf('validation v:%d is done, and its draws have gaps: %d up to %d', v.id, count(DISTINCT r.draw), "
    "max(r.draw)) FROM validation v JOIN validation_read r ON r.validation = v.id WHERE v.state = 'done' GROUP BY v.id "
    "HAVING count(DISTINCT r.draw) <> max(r.draw)",
    "SELECT printf('validation v:%d is of study #%d or training t:%d, which does not exist', v.id, v.study, "
    "v.training) "
    "FROM validation v LEFT JOIN study s ON s.id = v.study LEFT JOIN training t ON t.id = v.training "
    "WHERE (v.study IS NOT NULL AND s.id IS NULL) OR (v.training IS NOT NULL AND t.id IS NULL)",
};

static enum ohm_status check_rule(const struct ohm_store *store, const char *rule, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum ohm_status st = ohm_db_prepare(store, &stmt, rule, "check the database", err);

    if (st != OHM_OK)
        return st;
    st = ohm_db_step(store, stmt, &row, "check the database", err);
    if (st == OHM_OK && row)
        st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, store->path, 0, 0, "%s",
                         sqlite3_column_text(stmt, 0) ? (const char *)sqlite3_column_text(stmt, 0) : "damaged");
    sqlite3_finalize(stmt);
    return st;
}

/* ---- records ---- */

struct first {
    int64_t number; /* -1: none yet */
};

static enum ohm_status note_first(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct first *f = context;

    (void)err;
    if (f->number < 0)
        f->number = trial->number;
    return OHM_OK;
}

/* What the record index says is the best must be what a scan says (two are asked for, one would use the index). */
static enum ohm_status check_record(struct ohm_store *store, int64_t study, int objective, struct ohm_error *err)
{
    struct first by_index = {-1}, by_scan = {-1};
    enum ohm_status st = ohm_store_best(store, study, objective, 1, note_first, &by_index, err);

    if (st == OHM_OK)
        st = ohm_store_best(store, study, objective, 2, note_first, &by_scan, err);
    if (st == OHM_OK && by_index.number != by_scan.number)
        st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, store->path, 0, 0,
                         "objective %d of study #%lld: the records name trial %lld as the best, it is trial %lld",
                         objective + 1, (long long)study, (long long)by_index.number, (long long)by_scan.number);
    return st;
}

static enum ohm_status check_records(struct ohm_store *store, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum ohm_status st = ohm_db_prepare(store, &stmt, "SELECT study, place FROM objective", "check the database", err);

    while (st == OHM_OK && (st = ohm_db_step(store, stmt, &row, "check the database", err)) == OHM_OK && row)
        st = check_record(store, sqlite3_column_int64(stmt, 0), sqlite3_column_int(stmt, 1), err);
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_store_check(struct ohm_store *store, struct ohm_error *err)
{
    /* One view of the data for all the rules, also while a study runs. */
    enum ohm_status st = ohm_db_exec(store, "BEGIN", "check the database", err);

    if (st != OHM_OK)
        return st;
    st = check_pages(store, err);
    for (size_t i = 0; i < sizeof rules / sizeof *rules && st == OHM_OK; i++)
        st = check_rule(store, rules[i], err);
    for (size_t i = 0; i < sizeof training_rules / sizeof *training_rules && st == OHM_OK; i++)
        if (store->writable || store->version_found >= 2)
            st = check_rule(store, training_rules[i], err);
    for (size_t i = 0; i < sizeof validation_rules / sizeof *validation_rules && st == OHM_OK; i++)
        if (store->writable || store->version_found >= 3)
            st = check_rule(store, validation_rules[i], err);
    if (st == OHM_OK)
        st = check_records(store, err);
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

/* ---- upgrade ---- */

/* Opening for writing is what upgrades. */
enum ohm_status ohm_store_upgrade(const char *path, int *from, int *to, struct ohm_error *err)
{
    struct ohm_store *store = NULL;
    const enum ohm_status st = ohm_store_open(&store, path, OHM_STORE_WRITE, err);

    if (st != OHM_OK)
        return st;
    *from = store->version_found;
    *to = OHM_SCHEMA_VERSION;
    ohm_store_close(store);
    return OHM_OK;
}

/* ---- backup ---- */

/* VACUUM INTO reads one state of the database, whoever writes meanwhile, and does not sync what it wrote. */
static enum ohm_status vacuum_into(const struct ohm_store *store, const char *to, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row;
    enum ohm_status st = ohm_db_prepare(store, &stmt, "VACUUM INTO ?1", "copy the database", err);
    int fd;

    if (st != OHM_OK)
        return st;
    sqlite3_bind_text(stmt, 1, to, -1, SQLITE_STATIC);
    st = ohm_db_step(store, stmt, &row, "copy the database", err);
    sqlite3_finalize(stmt);
    if (st != OHM_OK)
        return st;
    fd = open(to, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        st = ohm_fail_errno(err, OHM_EIO, errno, "cannot write %s", to);
    if (fd >= 0)
        close(fd);
    return st;
}

/* Made beside its place and then linked there: `to` is never half a copy, and never an older file overwritten. */
static enum ohm_status copy_to(const struct ohm_store *store, const char *to, struct ohm_error *err)
{
    struct ohm_str part = {0};
    enum ohm_status st;

    ohm_str_printf(&part, "%s.part-%lld", to, (long long)getpid());
    if (part.failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a path");
    st = vacuum_into(store, ohm_str_text(&part), err);
    if (st == OHM_OK && link(ohm_str_text(&part), to) != 0)
        st = errno == EEXIST ? ohm_fail(err, OHM_EBUSY, "%s exists already", to)
                             : ohm_fail_errno(err, OHM_EIO, errno, "cannot make %s", to);
    unlink(ohm_str_text(&part));
    ohm_str_release(&part);
    return st;
}

enum ohm_status ohm_store_backup(const char *from, const char *to, struct ohm_error *err)
{
    struct ohm_store *store = NULL;
    enum ohm_status st;

    if (ohm_file_exists(to))
        return ohm_fail(err, OHM_EBUSY, "%s exists already", to);
    st = ohm_store_open(&store, from, OHM_STORE_READ, err);
    if (st == OHM_OK)
        st = copy_to(store, to, err);
    ohm_store_close(store);
    return st;
}
