/* test_expr_sql.c - ohm_expr_sql and ohm_expr_eval agree to the last bit: random expressions over a table of numbers,
 * whole numbers, texts and missing values, each evaluated by SQLite and by us. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "ohm/expr.h"
#include "ohm/mem.h"
#include "ohm/rng.h"

enum { COLUMNS = 6, EXPRESSIONS = 5000, DEPTH = 5 };

/* Columns of every affinity; `mixed` has none. The texts look like numbers where they can. */
static const char *const names[COLUMNS] = {"acc", "energy", "cores", "state", "mixed", "other"};
static const char schema[] = "CREATE TABLE t(acc REAL, energy REAL, cores INTEGER, state TEXT, mixed, other TEXT);"
                             "INSERT INTO t VALUES"
                             "(85.25, 4.5, 64, 'failed', 7, '85.25'), (NULL, 0.1, 0, 'complete', '7', NULL),"
                             "(0.3, NULL, NULL, NULL, 'x', ''), (-2.5, 1e300, 3, '64', NULL, '-2.5'),"
                             "(-0.0, 1e-9, -7, '', 2.5, 'it''s'), (91.37, 91.37, 91, '1', 1, '1');";

static int find(const void *context, const char *name)
{
    (void)context;
    for (int i = 0; i < COLUMNS; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static const char *column(const void *context, const char *name)
{
    return find(context, name) < 0 ? NULL : name;
}

static int pick(struct ohm_rng *rng, int n)
{
    return (int)ohm_rng_below(rng, (uint32_t)n);
}

static void write_number(struct ohm_rng *rng, struct ohm_str *s)
{
    static const char *const numbers[] = {
        "0",   "1",    "2",     "64",   "0.3",   "91.37", "85.25", "1e300",
        "2.5", "1e-9", "5k",    "0.1",  "7",     "3",     "1e22",  "1.7976931348623157e308",
        "0.5", "1.5",  "123.4", "1e16", "5e-324"};

    if (pick(rng, 4))
        ohm_str_append(s, numbers[pick(rng, (int)(sizeof numbers / sizeof *numbers))]);
    else
        ohm_str_printf(s, "%.17g", ohm_rng_uniform(rng) * 100);
}

static void write_leaf(struct ohm_rng *rng, struct ohm_str *s, bool may_be_text)
{
    static const char *const texts[] = {"'failed'", "\"64\"", "''", "'1'", "\"it's\"", "'complete'"};
    const int kind = pick(rng, may_be_text ? 6 : 5);

    if (kind < 3)
        ohm_str_append(s, names[pick(rng, COLUMNS)]);
    else if (kind < 5)
        write_number(rng, s);
    else
        ohm_str_append(s, texts[pick(rng, 6)]);
}

static void write_random(struct ohm_rng *rng, struct ohm_str *s, int depth, bool may_be_text);

static void write_call(struct ohm_rng *rng, struct ohm_str *s, int depth)
{
    static const char *const functions[] = {"abs", "sqrt", "log", "exp", "floor", "ceil", "round", "-", "!", "not "};

    if (pick(rng, 3)) {
        ohm_str_printf(s, "(%s(", functions[pick(rng, 10)]);
    } else {
        ohm_str_append(s, pick(rng, 2) ? "(min(" : "(max(");
        for (int i = pick(rng, 3); i >= 0; i--) {
            write_random(rng, s, depth - 1, false);
            ohm_str_append(s, ", ");
        }
    }
    write_random(rng, s, depth - 1, false);
    ohm_str_append(s, "))");
}

static void write_choice(struct ohm_rng *rng, struct ohm_str *s, int depth, bool may_be_text)
{
    ohm_str_append(s, "(");
    write_random(rng, s, depth - 1, false);
    ohm_str_append(s, " ? ");
    write_random(rng, s, depth - 1, may_be_text);
    ohm_str_append(s, " : ");
    write_random(rng, s, depth - 1, may_be_text);
    ohm_str_append(s, ")");
}

static void write_list(struct ohm_rng *rng, struct ohm_str *s, int depth)
{
    ohm_str_append(s, "(");
    write_random(rng, s, depth - 1, true);
    ohm_str_append(s, " in (");
    for (int i = pick(rng, 4); i >= 0; i--) {
        write_random(rng, s, i > 1 ? 0 : depth - 1, true);
        ohm_str_append(s, i ? ", " : "))");
    }
}

static void write_random(struct ohm_rng *rng, struct ohm_str *s, int depth, bool may_be_text)
{
    static const char *const operators[] = {"+", "-", "*", "/", "%", "^", "<", "<=", ">", ">=", "&&", "||", "==", "!="};
    const int kind = depth == 0 ? 0 : pick(rng, 10);
    const int op = pick(rng, 14);

    if (kind < 2) {
        write_leaf(rng, s, may_be_text);
    } else if (kind < 7) {
        ohm_str_append(s, "(");
        write_random(rng, s, depth - 1, op > 11);
        ohm_str_printf(s, " %s ", operators[op]);
        write_random(rng, s, depth - 1, op > 11);
        ohm_str_append(s, ")");
    } else if (kind == 7) {
        write_call(rng, s, depth);
    } else if (kind == 8) {
        write_choice(rng, s, depth, may_be_text);
    } else {
        write_list(rng, s, depth);
    }
}

static sqlite3 *open_table(void)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b;
}

/* One row: SQLite's value of the expression is in the last column of the statement. */
static void compare_row(const struct ohm_expr *e, sqlite3_stmt *statement, const char *sql)
{
    double value[COLUMNS], ours, theirs;
    const char *text[COLUMNS];
    const bool null = sqlite3_column_type(statement, COLUMNS) == SQLITE_NULL;

    for (int i = 0; i < COLUMNS; i++) {
        const int type = sqlite3_column_type(statement, i);

        text[i] = type == SQLITE_TEXT ? (const char *)sqlite3_column_text(statement, i) : NULL;
        value[i] = type == SQLITE_NULL || type == SQLITE_TEXT ? NAN : sqlite3_column_double(statement, i);
    }
    ours = ohm_expr_eval(e, value, text);
    theirs = null ? NAN : sqlite3_column_double(statement, COLUMNS);
    if (!same(ours, theirs) || (!null && sqlite3_column_type(statement, COLUMNS) != SQLITE_FLOAT))
        fail_msg("%s\n is %.17g for us and %.17g for SQLite, row acc=%g state=%s\n%s", ohm_expr_source(e), ours, theirs,
                 value[0], text[3] ? text[3] : "NULL", sql);
}

static void compare(sqlite3 *db, const char *source)
{
    struct ohm_str sql = {0};
    struct ohm_error err;
    struct ohm_expr *e;
    sqlite3_stmt *statement = NULL;
    int rows = 0;

    if (ohm_expr_parse(&e, source, &err) != OHM_OK || ohm_expr_bind(e, find, NULL, NULL, 0, &err) != OHM_OK)
        fail_msg("%s: %s", source, err.text);
    ohm_str_append(&sql, "SELECT *, ");
    if (ohm_expr_sql(e, &sql, column, NULL, &err) != OHM_OK)
        fail_msg("%s: %s", source, err.text);
    ohm_str_append(&sql, " FROM t");
    if (sqlite3_prepare_v2(db, sql.text, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s\n%s\n%s", source, sql.text, sqlite3_errmsg(db));
    for (; sqlite3_step(statement) == SQLITE_ROW; rows++)
        compare_row(e, statement, sql.text);
    assert_int_equal(rows, 6);
    sqlite3_finalize(statement);
    ohm_expr_free(e);
    ohm_str_release(&sql);
}

static void random_expressions_have_the_same_value_in_sql(void **state)
{
    (void)state;
    sqlite3 *db = open_table();
    const struct ohm_rng root = ohm_rng_seed(2024);

    for (int i = 0; i < EXPRESSIONS; i++) {
        struct ohm_rng rng = ohm_rng_child(&root, (uint64_t)i);
        struct ohm_str source = {0};

        write_random(&rng, &source, 1 + i % DEPTH, false);
        if (source.length <= OHM_EXPR_LENGTH_MAX)
            compare(db, source.text);
        ohm_str_release(&source);
    }
    sqlite3_close(db);
}

static void what_is_known_to_differ_between_c_and_sql_agrees(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "cores / 2",
        "1 / 0",
        "cores % 2.5",
        "state == 64",
        "state > 5",
        "state + 1",
        "other && 1",
        "acc != acc",
        "not (acc > 1)",
        "acc - -energy",
        "- - acc",
        "log(0)",
        "(0 - 0) ^ -1",
        "ceil(-0.5) ^ -1",
        "(-0) ^ -1",
        "round(0.49999999999999994)",
        "round(-2.5)",
        "round(1e300)",
        "1e300 * 1e300",
        "1e300*1e300 - 1e300*1e300",
        "(acc < 1) / (energy < 1 ? 2 : 4)",
        "min(acc, cores)",
        "acc == 91.37",
        "state in ('x', other, 64)",
        "mixed == 7",
        "mixed < 8",
        "!mixed",
        "1 ^ acc",
        "acc ^ 0",
        "\"it's\" == other",
        "exp(1000)",
        "sqrt(-1)",
        "abs(cores) == 7",
        "acc ? state : other",
    };
    sqlite3 *db = open_table();

    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        compare(db, sources[i]);
    sqlite3_close(db);
}

static char *repeat(const char *before, int n, const char *core, const char *after)
{
    struct ohm_str s = {0};

    for (int i = 0; i < n; i++)
        ohm_str_append(&s, before);
    ohm_str_append(&s, core);
    for (int i = 0; i < n; i++)
        ohm_str_append(&s, after);
    return s.text;
}

/* SQLite's parser has a small stack: what is too deep for it must be refused by us, and long rows are not deep. */
static void sqlite_takes_whatever_sql_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *before, *core, *after;
        int most; /* so many levels are needed */
    } shapes[] = {
        {"", "1", "+acc", 490},      {"", "acc<1", " && acc<1", 440},   {"", "acc<1", " or acc = cores", 270},
        {"", "acc", "*acc", 490},    {"1-(", "acc", ")", 15},           {"not (", "acc<1", ")", 20},
        {"1+(1<", "acc", ")", 8},    {"(acc ? 1 : ", "acc", ")", 10},   {"abs(!(1<", "acc", "))", 5},
        {"max(1,", "acc", ")", 12},  {"(cores in (1,", "acc", "))", 7}, {"2^(", "acc", ")", 9},
        {"-", "acc", "", 30},        {"(acc != ", "acc", ")", 10},      {"(acc<1 || acc>1 && (", "acc", "))", 10},
        {"(", "acc", "/2 - 1)", 30}, {"(1.1*", "acc", ")", 15},
    };
    sqlite3 *db = open_table();

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int n = 1;; n++) {
            char *source = repeat(shapes[i].before, n, shapes[i].core, shapes[i].after);
            struct ohm_str sql = {0};
            struct ohm_expr *e;
            enum ohm_status st = ohm_expr_parse(&e, source, NULL);

            if (st == OHM_OK)
                st = ohm_expr_sql(e, &sql, column, NULL, NULL);
            if (st == OHM_OK && (n < 100 || n % 50 == 0))
                compare(db, source);
            ohm_expr_free(e);
            ohm_str_release(&sql);
            ohm_free(source);
            if (st != OHM_OK) {
                if (n <= shapes[i].most)
                    fail_msg("%s: only %d levels", shapes[i].before, n - 1);
                break;
            }
        }
    sqlite3_close(db);
}

static void an_unknown_column_is_an_error(void **state)
{
    (void)state;
    struct ohm_str sql = {0};
    struct ohm_error err;
    struct ohm_expr *e;

    assert_int_equal(ohm_expr_parse(&e, "acc < latency", &err), OHM_OK);
    assert_int_equal(ohm_expr_sql(e, &sql, column, NULL, &err), OHM_ENOTFOUND);
    assert_string_equal(err.text, "unknown name 'latency'");
    assert_int_equal(err.column, 7);
    ohm_expr_free(e);
    ohm_str_release(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_expressions_have_the_same_value_in_sql),
        cmocka_unit_test(what_is_known_to_differ_between_c_and_sql_agrees),
        cmocka_unit_test(sqlite_takes_whatever_sql_is_written),
        cmocka_unit_test(an_unknown_column_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
