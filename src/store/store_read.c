/* store_read.c - rows out of the log: trials and generations in order, a trial by what a user types. */
#include "store_int.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static const char what[] = "read the trials";

/* Fixed columns that come before m0 in what a walk reads. */
enum {
    ID,
    GENERATION,
    STATE,
    NET_ID,
    GENOTYPE,
    OPERATION,
    PARENT_A,
    PARENT_B,
    TIME,
    FEASIBLE,
    VIOLATION,
    REASON,
    METRICS
};

void ohm_db_trial_columns(struct ohm_str *sql, int metrics)
{
    ohm_str_append(sql, "id, generation, state, net_id, genotype, operation, parent_a, parent_b, time_s, feasible, "
                        "violation, reason");
    for (int i = 0; i < metrics; i++)
        ohm_str_printf(sql, ", m%d", i);
}

static const char *text_of(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);

    return text ? text : "";
}

static int64_t parent_of(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(stmt, column);
}

static void read_trial(sqlite3_stmt *stmt, int metrics, struct ohm_trial *t)
{
    t->number = sqlite3_column_int64(stmt, ID) & DB_NUMBER_MASK;
    t->generation = sqlite3_column_int64(stmt, GENERATION);
    t->state = text_of(stmt, STATE);
    t->net_id = (uint64_t)sqlite3_column_int64(stmt, NET_ID);
    t->genotype = text_of(stmt, GENOTYPE);
    t->operation = text_of(stmt, OPERATION);
    t->parent[0] = parent_of(stmt, PARENT_A);
    t->parent[1] = parent_of(stmt, PARENT_B);
    t->time_s = ohm_db_double(stmt, TIME);
    t->feasible = sqlite3_column_int(stmt, FEASIBLE) != 0;
    t->violation = ohm_db_double(stmt, VIOLATION);
    t->reason = (const char *)sqlite3_column_text(stmt, REASON);
    for (int i = 0; i < metrics; i++)
        t->metric[i] = ohm_db_double(stmt, METRICS + i);
}

enum ohm_status ohm_db_walk(const struct ohm_store *store, sqlite3_stmt *stmt, int metrics, ohm_trial_fn *fn,
                            void *context, struct ohm_error *err)
{
    struct ohm_trial trial;
    bool row = false;
    enum ohm_status st;

    for (int i = 0; i < OHM_METRICS_MAX; i++)
        trial.metric[i] = NAN;
    while ((st = ohm_db_step(store, stmt, &row, what, err)) == OHM_OK && row) {
        read_trial(stmt, metrics, &trial);
        if ((st = fn(context, &trial, err)) != OHM_OK)
            break;
    }
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_db_metric_count(const struct ohm_store *store, int64_t study, int *count, struct ohm_error *err)
{
    int64_t n = 0;
    bool found = false;
    enum ohm_status st =
        ohm_db_int(store, &n, &found, "SELECT json_array_length(metrics) FROM study WHERE id = ?1", study, err);

    if (st == OHM_OK && !found)
        return ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, store->path, 0, 0, "there is no study #%lld",
                           (long long)study);
    if (st == OHM_OK && (n < 0 || n > OHM_METRICS_MAX))
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, store->path, 0, 0, "study #%lld has %lld metrics, more than %d",
                           (long long)study, (long long)n, OHM_METRICS_MAX);
    *count = st == OHM_OK ? (int)n : 0;
    return st;
}

enum ohm_status ohm_store_each_trial(struct ohm_store *store, int64_t study, int64_t first, ohm_trial_fn *fn,
                                     void *context, struct ohm_error *err)
{
    struct ohm_str sql = {0};
    sqlite3_stmt *stmt = NULL;
    int metrics = 0;
    enum ohm_status st = ohm_db_metric_count(store, study, &metrics, err);

    if (st != OHM_OK)
        return st;
    ohm_str_append(&sql, "SELECT ");
    ohm_db_trial_columns(&sql, metrics);
    ohm_str_append(&sql, " FROM trial WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
    st = sql.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                    : ohm_db_prepare(store, &stmt, ohm_str_text(&sql), what, err);
    ohm_str_release(&sql);
    if (st != OHM_OK)
        return st;
    if (first < 0)
        first = 0;
    sqlite3_bind_int64(stmt, 1, db_first_id(study) | (first > DB_NUMBER_MASK ? DB_NUMBER_MASK : first));
    sqlite3_bind_int64(stmt, 2, db_last_id(study));
    return ohm_db_walk(store, stmt, metrics, fn, context, err);
}

enum ohm_status ohm_store_each_generation(struct ohm_store *store, int64_t study, ohm_generation_fn *fn, void *context,
                                          struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    struct ohm_generation_row g;
    bool row = false;
    enum ohm_status st = ohm_db_prepare(store, &stmt,
                                        "SELECT number, trials, hypervolume, best, time_s FROM generation "
                                        "WHERE study = ?1 ORDER BY number",
                                        "read the generations", err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, study);
    while ((st = ohm_db_step(store, stmt, &row, "read the generations", err)) == OHM_OK && row) {
        g.number = sqlite3_column_int64(stmt, 0);
        g.trials = sqlite3_column_int64(stmt, 1);
        g.hypervolume = ohm_db_double(stmt, 2);
        g.best = ohm_db_double(stmt, 3);
        g.time_s = ohm_db_double(stmt, 4);
        if ((st = fn(context, &g, err)) != OHM_OK)
            break;
    }
    sqlite3_finalize(stmt);
    return st;
}

/* ---- a trial by what a user types ---- */

/* The content ids that begin with the hexadecimal digits of text, as a range of the signed numbers in the database: at
 * least one digit is given, so all of them have the same sign and the range has no hole. */
static bool parse_prefix(const char *text, int64_t *low, int64_t *high)
{
    const size_t digits = strlen(text);
    uint64_t value = 0;

    if (digits < 1 || digits > 16)
        return false;
    for (size_t i = 0; i < digits; i++) {
        const int c = tolower((unsigned char)text[i]);

        if (!isxdigit(c))
            return false;
        value = value << 4 | (uint64_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    for (size_t i = digits; i < 16; i++)
        value <<= 4;
    *low = (int64_t)value;
    *high = digits == 16 ? *low : (int64_t)(value | (~UINT64_C(0) >> (4 * digits)));
    return true;
}

enum { LISTED_MAX = 5 };

static enum ohm_status find_net(struct ohm_store *store, int64_t study, const char *id, int64_t *found,
                                struct ohm_error *err)
{
    int64_t low = 0, high = 0;
    struct ohm_str list = {0};
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    int count = 0;
    enum ohm_status st;

    if (!parse_prefix(id + 2, &low, &high))
        return ohm_fail(err, OHM_ECONFIG, "\"%s\" is not a network: legal is n: and 1 to 16 hexadecimal digits", id);
    st = ohm_db_prepare(store, &stmt,
                        "SELECT min(id), net_id FROM trial WHERE id BETWEEN ?1 AND ?2 AND net_id BETWEEN ?3 AND ?4 "
                        "GROUP BY net_id",
                        what, err);
    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, study < 0 ? 0 : db_first_id(study));
    sqlite3_bind_int64(stmt, 2, study < 0 ? INT64_MAX : db_last_id(study));
    sqlite3_bind_int64(stmt, 3, low);
    sqlite3_bind_int64(stmt, 4, high);
    while ((st = ohm_db_step(store, stmt, &row, what, err)) == OHM_OK && row) {
        if (count++ == 0)
            *found = sqlite3_column_int64(stmt, 0);
        if (count <= LISTED_MAX)
            ohm_str_printf(&list, "%sn:%012llx", count > 1 ? ", " : "",
                           (unsigned long long)((uint64_t)sqlite3_column_int64(stmt, 1) >> 16));
    }
    sqlite3_finalize(stmt);
    if (st == OHM_OK && count == 0)
        st = ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, store->path, 0, 0, "no trial has a network %s", id);
    else if (st == OHM_OK && count > 1)
        st = ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, store->path, 0, 0, "%s fits %d networks: %s%s", id, count,
                         ohm_str_text(&list), count > LISTED_MAX ? ", ..." : "");
    ohm_str_release(&list);
    return st;
}

static enum ohm_status find_number(struct ohm_store *store, int64_t study, int64_t number, int64_t *found,
                                   struct ohm_error *err)
{
    int64_t studies = 0, trials = 0;
    bool there = false;
    enum ohm_status st = OHM_OK;

    if (study < 0) {
        st = ohm_db_int(store, &studies, NULL, "SELECT count(*) FROM study", 0, err);
        if (st == OHM_OK && studies != 1)
            return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, store->path, 0, 0,
                               "the file has %lld studies, say in which one trial #%lld is meant", (long long)studies,
                               (long long)number);
        if (st == OHM_OK)
            st = ohm_db_int(store, &study, NULL, "SELECT id FROM study", 0, err);
    }
    *found = db_first_id(study) | number;
    if (st == OHM_OK)
        st = ohm_db_int(store, &trials, &there, "SELECT 1 FROM trial WHERE id = ?1", *found, err);
    if (st != OHM_OK || there)
        return st;
    if ((st = ohm_db_int(store, &trials, NULL, "SELECT trials FROM study WHERE id = ?1", study, err)) != OHM_OK)
        return st;
    return ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, store->path, 0, 0, "there is no trial #%lld among the %lld",
                       (long long)number, (long long)trials);
}

enum ohm_status ohm_store_find_trial(struct ohm_store *store, int64_t study, const char *id, int64_t *found_study,
                                     int64_t *number, struct ohm_error *err)
{
    int64_t found = 0, n = 0;
    enum ohm_status st;

    if (strncmp(id, "n:", 2) == 0)
        st = find_net(store, study, id, &found, err);
    else if (ohm_parse_int64(id[0] == '#' ? id + 1 : id, &n) && n >= 0 && n <= DB_NUMBER_MASK)
        st = find_number(store, study, n, &found, err);
    else
        st = ohm_fail(err, OHM_ECONFIG, "\"%s\" is not a trial: legal are n:3fa9c1 (a network) and #17 (a number)", id);
    if (st != OHM_OK)
        return st;
    *found_study = found >> DB_NUMBER_BITS;
    *number = found & DB_NUMBER_MASK;
    return OHM_OK;
}
