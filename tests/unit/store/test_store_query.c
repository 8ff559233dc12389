/* Questions: the same answers as a loop over all trials gives, whatever the SQL behind them. */
#include "store_fixture.h"
#include "store_int.h"

enum { N = 3000 };

struct opened {
    struct fixture *f;
    struct ohm_store *store;
    int64_t id;
};

static struct opened open_filled(void **state)
{
    struct opened o = {.f = *state};

    o.id = fixture_file(o.f, N);
    o.store = fixture_open(o.f, OHM_STORE_READ);
    return o;
}

static struct fixture_rows ask(const struct opened *o, const char *where, const char *sort, int64_t limit,
                               bool feasible_only)
{
    const struct ohm_query query = {
        .study = o->id, .where = where, .sort = sort, .limit = limit, .feasible_only = feasible_only};
    struct fixture_rows rows = {0};

    if (ohm_store_query(o->store, &query, fixture_note, &rows, &o->f->err) != OHM_OK)
        fail_msg("%s: %s", where ? where : "-", o->f->err.text);
    return rows;
}

static void conditions_select_what_a_loop_selects(void **state)
{
    const struct opened o = open_filled(state);
    int64_t fit = 0, failed = 0, missing = 0, feasible = 0, half = 0, named = 0;
    char where[80];

    for (int64_t i = 0; i < N; i++) {
        const struct ohm_trial t = fixture_trial(i);

        fit += t.metric[0] >= 85 && t.metric[1] < 50;
        failed += strcmp(t.state, "failed") == 0;
        missing += !(t.metric[0] > 0);
        feasible += t.feasible;
        half += i >= N / 2 && strcmp(t.operation, "mutate") == 0;
        named += t.reason && strcmp(t.reason, "cores <= 64") == 0;
    }
    assert_int_equal(ask(&o, NULL, NULL, -1, false).count, N);
    assert_int_equal(ask(&o, "", NULL, -1, true).count, feasible);
    assert_int_equal(ask(&o, "acc_1d >= 85 && energy_uJ < 50", NULL, -1, false).count, fit);
    assert_int_equal(ask(&o, "state == 'failed'", NULL, -1, false).count, failed);
    assert_int_equal(ask(&o, "!(acc_1d > 0)", NULL, -1, false).count, missing);
    assert_int_equal(ask(&o, "feasible", NULL, -1, false).count, feasible);
    assert_int_equal(ask(&o, "number >= 1500 and operation == \"mutate\"", NULL, -1, false).count, half);
    assert_int_equal(ask(&o, "reason == 'cores <= 64'", NULL, -1, false).count, named);
    assert_int_equal(ask(&o, "generation == 3 || violation > 0", NULL, 7, false).count, 7);
    snprintf(where, sizeof where, "net == 'n:%012llx'", (unsigned long long)(fixture_net_id(77) >> 16));
    assert_int_equal(ask(&o, where, NULL, -1, false).first, 77);
    assert_int_equal(ask(&o, where, NULL, -1, false).count, 1);
    ohm_store_close(o.store);
}

static void sorting_puts_missing_values_last_and_ties_in_order(void **state)
{
    const struct opened o = open_filled(state);
    struct fixture_rows rows = ask(&o, NULL, "-acc_1d", 5, true);
    double best = 0;
    int64_t at = -1;

    for (int64_t i = 0; i < N; i++) {
        const struct ohm_trial t = fixture_trial(i);

        if (t.feasible && t.metric[0] > best) {
            best = t.metric[0];
            at = i;
        }
    }
    assert_int_equal(rows.first, at);
    assert_int_equal(rows.count, 5);
    rows = ask(&o, NULL, "acc_1d", -1, false);
    assert_true(isnan(rows.trial.metric[0]));
    rows = ask(&o, "number < 200", "cores", -1, false);
    assert_int_equal(rows.number[0], 0);
    assert_int_equal(rows.number[1], 64);
    assert_int_equal(rows.number[2], 128);
    assert_int_equal(rows.number[3], 192);
    rows = ask(&o, NULL, "-number", 1, false);
    assert_int_equal(rows.first, N - 1);
    ohm_store_close(o.store);
}

static void unknown_names_and_bad_syntax_are_told(void **state)
{
    const struct opened o = open_filled(state);
    struct ohm_query query = {.study = o.id, .where = "acc_1w > 3", .limit = -1};
    struct fixture_rows rows = {0};
    struct ohm_error *err = &o.f->err;

    assert_int_equal(ohm_store_query(o.store, &query, fixture_note, &rows, err), OHM_ENOTFOUND);
    assert_non_null(strstr(err->text, "acc_1d"));
    query.where = "acc_1d >";
    assert_int_equal(ohm_store_query(o.store, &query, fixture_note, &rows, err), OHM_ECONFIG);
    query.where = "1); DROP TABLE trial; --";
    assert_int_equal(ohm_store_query(o.store, &query, fixture_note, &rows, err), OHM_ECONFIG);
    query.where = NULL;
    query.sort = "-energy";
    assert_int_equal(ohm_store_query(o.store, &query, fixture_note, &rows, err), OHM_ENOTFOUND);
    query.sort = NULL;
    query.study = -1;
    assert_int_equal(ohm_store_query(o.store, &query, fixture_note, &rows, err), OHM_OK);
    assert_int_equal(rows.count, N);
    query.where = "acc_1d > 3"; /* a metric belongs to a study */
    assert_int_equal(ohm_store_query(o.store, &query, fixture_note, &rows, err), OHM_ENOTFOUND);
    query.where = NULL;
    query.study = 42;
    assert_int_equal(ohm_store_query(o.store, &query, fixture_note, &rows, err), OHM_ENOTFOUND);
    ohm_store_close(o.store);
}

/* The best by a loop: value first, then the earlier number. */
static int64_t best_by_loop(int metric, int sign, int64_t n)
{
    int64_t best = -1;
    double value = 0;

    for (int64_t i = 0; i < n; i++) {
        const struct ohm_trial t = fixture_trial(i);

        if (t.feasible && (best < 0 || t.metric[metric] * sign > value * sign)) {
            best = i;
            value = t.metric[metric];
        }
    }
    return best;
}

static void the_best_is_the_best_whatever_the_batches_and_openings(void **state)
{
    static const int sizes[] = {1, 13, 1, 200, 7, 500};
    struct fixture *f = *state;
    int64_t done = 0, id = fixture_file(f, 0);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct ohm_store *store = fixture_open(f, OHM_STORE_WRITE);

        assert_int_equal(fixture_commit(store, id, done, sizes[i], &f->err), OHM_OK);
        done += sizes[i];
        for (int objective = 0; objective < 2; objective++) {
            struct fixture_rows one = {0}, ten = {0};

            assert_int_equal(ohm_store_best(store, id, objective, 1, fixture_note, &one, &f->err), OHM_OK);
            assert_int_equal(ohm_store_best(store, id, objective, 10, fixture_note, &ten, &f->err), OHM_OK);
            assert_int_equal(one.count, 1);
            assert_int_equal(one.first, best_by_loop(objective, objective ? -1 : 1, done));
            assert_int_equal(ten.first, one.first);
            assert_int_equal(ten.count, done < 10 ? done : 10);
        }
        assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
        ohm_store_close(store);
    }
}

static void without_a_feasible_trial_there_is_no_best(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    const int64_t id = fixture_study(f, store, "first");
    struct ohm_trial trial = fixture_trial(0);
    struct fixture_rows rows = {0};
    struct ohm_study_row row;

    trial.feasible = false;
    trial.state = "infeasible";
    assert_int_equal(ohm_store_commit(store, id, &trial, 1, NULL, &f->err), OHM_OK);
    trial = fixture_trial(1);
    trial.metric[0] = NAN; /* feasible, and not measured */
    assert_int_equal(ohm_store_commit(store, id, &trial, 1, NULL, &f->err), OHM_OK);
    assert_int_equal(ohm_store_best(store, id, 0, 1, fixture_note, &rows, &f->err), OHM_OK);
    assert_int_equal(ohm_store_best(store, id, 0, 5, fixture_note, &rows, &f->err), OHM_OK);
    assert_int_equal(rows.count, 0);
    assert_int_equal(ohm_store_find_study(store, "", &row, &f->err), OHM_OK);
    assert_true(isnan(row.best));
    assert_int_equal(ohm_store_best(store, id, 2, 1, fixture_note, &rows, &f->err), OHM_ENOTFOUND);
    assert_int_equal(ohm_store_best(store, id, -1, 1, fixture_note, &rows, &f->err), OHM_ENOTFOUND);
    assert_int_equal(ohm_store_best(store, id, 0, 0, fixture_note, &rows, &f->err), OHM_ERANGE);
    ohm_store_close(store);
}

static void columns_are_the_numbers_of_the_feasible_trials(void **state)
{
    static const char *const column[] = {"energy_uJ", "acc_1d - 2 * cores", "state"};
    const struct opened o = open_filled(state);
    double *value = NULL;
    int64_t *number = NULL, n = 0, k = 0;

    assert_int_equal(ohm_store_columns(o.store, o.id, column, 3, "cores < 32", &value, &number, &n, &o.f->err), OHM_OK);
    for (int64_t i = 0; i < N; i++) {
        const struct ohm_trial t = fixture_trial(i);

        if (!t.feasible || !(t.metric[2] < 32))
            continue;
        assert_true(k < n);
        assert_int_equal(number[k], i);
        assert_true(value[3 * k] == t.metric[1]);
        assert_true(value[3 * k + 1] == t.metric[0] - 2 * t.metric[2]);
        assert_true(isnan(value[3 * k + 2])); /* a text is no number */
        k++;
    }
    assert_int_equal(k, n);
    ohm_free(value);
    ohm_free(number);
    assert_int_equal(ohm_store_columns(o.store, o.id, column, 9, NULL, &value, &number, &n, &o.f->err), OHM_ERANGE);
    assert_int_equal(ohm_store_columns(o.store, o.id, column, 0, NULL, &value, &number, &n, &o.f->err), OHM_ERANGE);
    ohm_store_close(o.store);
}

/* ---- SQL ---- */

struct cells {
    int rows, columns;
    char text[256], name[64];
    bool null, is_number;
};

static enum ohm_status note_cells(void *context, int columns, const char *const *name, const char *const *cell,
                                  const bool *is_number, struct ohm_error *err)
{
    struct cells *c = context;

    (void)err;
    c->rows++;
    c->columns = columns;
    c->null = cell[0] == NULL;
    c->is_number = is_number[0];
    snprintf(c->text, sizeof c->text, "%s", cell[0] ? cell[0] : "");
    snprintf(c->name, sizeof c->name, "%s", name[0]);
    return OHM_OK;
}

static struct cells run_sql(const struct opened *o, const char *sql)
{
    struct cells c = {0};

    if (ohm_store_sql(o->store, sql, note_cells, &c, &o->f->err) != OHM_OK)
        fail_msg("%s: %s", sql, o->f->err.text);
    return c;
}

static void sql_reads_views_with_the_names_of_metrics(void **state)
{
    const struct opened o = open_filled(state);
    struct cells c = run_sql(&o, "SELECT max(acc_1d) AS best, count(*) FROM study_first WHERE feasible");
    char want[32];

    assert_string_equal(c.name, "best");
    assert_int_equal(c.columns, 2);
    assert_true(c.is_number);
    ohm_format_double(want, fixture_trial(best_by_loop(0, 1, N)).metric[0]);
    assert_string_equal(c.text, want);
    assert_true(run_sql(&o, "SELECT reason FROM study_first WHERE number = 0;  -- done").null);
    assert_string_equal(run_sql(&o, "SELECT 0.1 + 0.2").text, "0.30000000000000004");
    assert_string_equal(run_sql(&o, "SELECT x'00ff'").text, "x'00ff'");
    assert_int_equal(run_sql(&o, "SELECT * FROM study_first").rows, N);
    assert_int_equal(run_sql(&o, "SELECT * FROM trial WHERE study = 1 AND number < 5").rows, 5);
    snprintf(want, sizeof want, "n:%012llx", (unsigned long long)(fixture_net_id(5) >> 16));
    assert_string_equal(run_sql(&o, "SELECT net FROM study_first WHERE number = 5").text, want);
    assert_true(run_sql(&o, "PRAGMA table_info(trial)").rows > 10);
    assert_true(run_sql(&o, "EXPLAIN QUERY PLAN SELECT * FROM trial").rows > 0);
    assert_int_equal(run_sql(&o, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9) "
                                 "SELECT i FROM n")
                         .rows,
                     9);
    ohm_store_close(o.store);
}

static void sql_that_is_no_question_is_refused_and_changes_nothing(void **state)
{
    static const char *const bad[] = {
        "DELETE FROM trial",
        "UPDATE study SET name = 'x'",
        "INSERT INTO generation VALUES(1,1,1,1,1,1)",
        "DROP TABLE trial",
        "CREATE TABLE t(a)",
        "CREATE TEMP TABLE t(a)",
        "ATTACH ':memory:' AS m",
        "DETACH main",
        "PRAGMA user_version = 3",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA query_only = OFF",
        "PRAGMA wal_checkpoint",
        "PRAGMA writable_schema = 1",
        "PRAGMA optimize",
        "VACUUM",
        "VACUUM INTO '/dev/null'",
        "BEGIN",
        "COMMIT",
        "SAVEPOINT s",
        "REINDEX",
        "ANALYZE",
        "SELECT load_extension('x')",
        "SELECT 1; DELETE FROM trial",
        "SELECT 1; SELECT 2",
        "SELEC 1",
        "SELECT nothing FROM trial",
        "SELECT * FROM nowhere",
        "",
        "  ; -- nothing",
        "SELECT abs(-9223372036854775808)",
        "INSERT INTO trial(id) VALUES(1) RETURNING 1",
        "WITH x AS (SELECT 1) DELETE FROM trial",
        "EXPLAIN DELETE FROM trial",
    };
    struct opened o = open_filled(state);

    for (int writable = 0; writable < 2; writable++) {
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            struct cells c = {0};

            memset(&o.f->err, 0, sizeof o.f->err);
            if (ohm_store_sql(o.store, bad[i], note_cells, &c, &o.f->err) != OHM_ECONFIG)
                fail_msg("\"%s\" was not refused: %s", bad[i], o.f->err.text);
            assert_int_not_equal(o.f->err.text[0], '\0');
        }
        assert_int_equal(ohm_store_check(o.store, &o.f->err), OHM_OK);
        ohm_store_close(o.store);
        o.store = fixture_open(o.f, OHM_STORE_WRITE);
    }
    assert_int_equal(fixture_commit(o.store, o.id, N, 1, &o.f->err), OHM_OK); /* the door is open again for us */
    ohm_store_close(o.store);
}

static enum ohm_status ask_again(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    const struct opened *o = context;
    struct fixture_rows rows = {0};
    enum ohm_status st = ohm_store_best(o->store, o->id, 0, 1, fixture_note, &rows, err);

    assert_true(trial->number >= 0);
    return st == OHM_OK && rows.count != 1 ? ohm_fail(err, OHM_EFAIL, "no best") : st;
}

static void a_callback_may_ask_again(void **state)
{
    struct opened o = open_filled(state);
    const struct ohm_query query = {.study = o.id, .limit = 10};

    assert_int_equal(ohm_store_query(o.store, &query, ask_again, &o, &o.f->err), OHM_OK);
    ohm_store_close(o.store);
}

/* ---- backup ---- */

static void a_backup_holds_the_same_rows_and_never_overwrites(void **state)
{
    struct opened o = open_filled(state);
    struct fixture copy = *o.f;
    struct fixture_rows rows = {0};
    struct ohm_store *writer = fixture_open(o.f, OHM_STORE_WRITE), *store;

    snprintf(copy.path, sizeof copy.path, "%s/copy.db", o.f->folder);
    assert_int_equal(fixture_commit(writer, o.id, N, 10, &o.f->err), OHM_OK); /* in the log, not in the file yet */
    assert_int_equal(ohm_store_backup(o.f->path, copy.path, &o.f->err), OHM_OK);
    assert_int_equal(ohm_store_backup(o.f->path, copy.path, &o.f->err), OHM_EBUSY);
    store = fixture_open(&copy, OHM_STORE_READ);
    assert_int_equal(ohm_store_check(store, &o.f->err), OHM_OK);
    assert_int_equal(ohm_store_each_trial(store, o.id, 0, fixture_note, &rows, &o.f->err), OHM_OK);
    assert_int_equal(rows.count, N + 10);
    ohm_store_close(store);
    store = fixture_open(&copy, OHM_STORE_WRITE); /* and goes on as a log of its own */
    assert_int_equal(fixture_commit(store, o.id, N + 10, 10, &o.f->err), OHM_OK);
    ohm_store_close(store);
    snprintf(copy.path, sizeof copy.path, "%s/no/such/copy.db", o.f->folder);
    assert_int_equal(ohm_store_backup(o.f->path, copy.path, &o.f->err), OHM_EIO);
    ohm_store_close(writer);
    ohm_store_close(o.store);
}

/* ---- memory ---- */

/* Every kind of call once; the first failure ends it. */
static enum ohm_status use_all(struct fixture *f, int64_t id, struct ohm_error *err)
{
    static const char *const column[] = {"acc_1d", "acc_1d - cores"};
    const struct ohm_query query = {.study = id, .where = "acc_1d > 3", .sort = "-acc_1d", .limit = 3};
    struct ohm_store *store = NULL;
    struct ohm_study_row row;
    struct fixture_rows rows = {0};
    struct cells c = {0};
    struct ohm_str text = {0};
    double *value = NULL;
    int64_t *number = NULL, n = 0, study = 0;
    enum ohm_status st = ohm_store_open(&store, f->path, OHM_STORE_WRITE, err);

    if (st == OHM_OK)
        st = ohm_store_find_study(store, "fir", &row, err);
    if (st == OHM_OK)
        st = ohm_store_study_text(store, id, "config", &text, err);
    if (st == OHM_OK)
        st = ohm_store_query(store, &query, fixture_note, &rows, err);
    if (st == OHM_OK)
        st = ohm_store_columns(store, id, column, 2, "cores > 3", &value, &number, &n, err);
    if (st == OHM_OK)
        st = ohm_store_find_trial(store, id, "#3", &study, &n, err);
    if (st == OHM_OK)
        st = ohm_store_sql(store, "SELECT * FROM study_first LIMIT 3", note_cells, &c, err);
    if (st == OHM_OK)
        st = ohm_store_commit(store, id, NULL, 0, NULL, err);
    ohm_free(value);
    ohm_free(number);
    ohm_str_release(&text);
    ohm_store_close(store);
    return st;
}

static void every_allocation_may_fail_once(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 100);
    long failures = 0, made;

    for (long n = 1;; n++) {
        enum ohm_status st;

        ohm_mem_fail_at(n);
        st = use_all(f, id, &f->err);
        made = ohm_mem_count();
        ohm_mem_fail_at(0);
        if (made < n)
            break;
        /* A list of names for a message may be given up, everything else is told. */
        assert_true(st == OHM_ENOMEM || st == OHM_OK);
        failures += st == OHM_ENOMEM;
    }
    assert_true(failures > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(conditions_select_what_a_loop_selects),
        fixture_test(sorting_puts_missing_values_last_and_ties_in_order),
        fixture_test(unknown_names_and_bad_syntax_are_told),
        fixture_test(the_best_is_the_best_whatever_the_batches_and_openings),
        fixture_test(without_a_feasible_trial_there_is_no_best),
        fixture_test(columns_are_the_numbers_of_the_feasible_trials),
        fixture_test(sql_reads_views_with_the_names_of_metrics),
        fixture_test(sql_that_is_no_question_is_refused_and_changes_nothing),
        fixture_test(a_callback_may_ask_again),
        fixture_test(a_backup_holds_the_same_rows_and_never_overwrites),
        fixture_test(every_allocation_may_fail_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
