/* test_expr.c - the expression language: values, missing values, texts, violations, errors. */
#include "text_fixture.h"

#include "ohm/expr.h"

/* a = 1, b = 2, c = 3, n is missing, s is the text "failed". */
static const double value[] = {1, 2, 3, NAN, NAN};
static const char *const text[] = {NULL, NULL, NULL, NULL, "failed"};
static const char *const known[] = {"a", "b", "c", "n", "s"};

static int find(const void *context, const char *name)
{
    (void)context;
    for (int i = 0; i < 5; i++)
        if (strcmp(known[i], name) == 0)
            return i;
    return -1;
}

static struct ohm_expr *parse(const char *source)
{
    struct ohm_expr *e;
    struct ohm_error err;

    if (ohm_expr_parse(&e, source, &err) != OHM_OK || ohm_expr_bind(e, find, NULL, known, 5, &err) != OHM_OK)
        fail_msg("%s: %s", source, err.text);
    return e;
}

static double eval(const char *source)
{
    struct ohm_expr *e = parse(source);
    const double v = ohm_expr_eval(e, value, text);

    ohm_expr_free(e);
    return v;
}

static double violation(const char *source)
{
    struct ohm_expr *e = parse(source);
    const double v = ohm_expr_violation(e, value, text);

    ohm_expr_free(e);
    return v;
}

static void operators_bind_as_the_grammar_says(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        double value;
    } good[] = {
        {"1 + 2 * 3", 7},
        {"(1 + 2) * 3", 9},
        {"7 - 2 - 1", 4},
        {"2 ^ 3 ^ 2", 512},
        {"-2 ^ 2", -4},
        {"2 ^ -1", 0.5},
        {"8 / 2 / 2", 2},
        {"-7 % 3", -1},
        {"1 < 2 && 2 < 1 || 1", 1},
        {"1 or 0 and 0", 1},
        {"!0 + 1", 2},
        {"not a - 1", -1},
        {"a = 1", 1},
        {"a != 1", 0},
        {"0 ? 1 : 0 ? 2 : 3", 3},
        {"a in (5, 1)", 1},
        {"a in (5, 6)", 0},
        {"1.5k + .5M - 1G", 1500 + 5e5 - 1e9},
        {"min(3, 1, 2)", 1},
        {"max(3, 1, 2)", 3},
        {"abs(-2) + sqrt(9)", 5},
        {"floor(-1.5)", -2},
        {"ceil(1.2)", 2},
        {"round(2.5) + round(-2.5)", 0},
        {"log(exp(2))", 2},
        {"true + true - false", 2},
        {"s == \"failed\"", 1},
        {"s != 'failed'", 0},
        {"s in ('x', 'failed')", 1},
        {"(a < b) == (b < c)", 1},
        {"a - -b", 3},
        {"(a > 5 ? 'x' : s) == s", 1},
        {"not (s == 'x')", 1},
        {"(((((((((a)))))))))", 1},
        {"max(a,b)^2", 4},
        {"a<b?b:a", 2},
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (fabs(eval(good[i].source) - good[i].value) > 1e-12)
            fail_msg("%s is %g, not %g", good[i].source, eval(good[i].source), good[i].value);
}

static void a_comparison_with_a_missing_value_is_false_and_unequal_true(void **state)
{
    (void)state;
    static const char *const no[] = {"n < 1", "n > 1", "n == n", "n >= n", "n in (n, 1)", "n && 1", "n || 0", "n == s"};
    static const char *const yes[] = {"n != 1", "n != n", "!n", "not (n < 1)", "(n ? 1 : 2) == 2", "n || 1"};

    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_true(eval(no[i]) == 0);
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(eval(yes[i]) == 1);
}

static void arithmetic_with_a_missing_value_is_missing(void **state)
{
    (void)state;
    static const char *const nan[] = {"n + 1",  "-n",    "n ^ 0", "1 ^ n",    "min(1, n)", "max(n, 1)",
                                      "abs(n)", "1 / 0", "5 % 0", "sqrt(-1)", "log(0)",    "log(-1)",
                                      "s + 1",  "s",     "n",     "round(n)", "a ? n : 1"};

    for (size_t i = 0; i < sizeof nan / sizeof *nan; i++)
        if (!isnan(eval(nan[i])))
            fail_msg("%s is %g", nan[i], eval(nan[i]));
}

static void a_text_is_no_number(void **state)
{
    (void)state;
    assert_true(eval("s == 5") == 0);
    assert_true(eval("s != 5") == 1);
    assert_true(eval("s < 5") == 0);
    assert_true(eval("s > 5") == 0);
    assert_true(eval("s && 1") == 0);
    assert_true(eval("'5' == 5") == 0);
}

static void violation_says_by_how_much_a_condition_is_broken(void **state)
{
    (void)state;
    assert_true(violation("a < b") == 0);
    assert_true(violation("b <= a") == 0.5);
    assert_true(fabs(violation("c < b") - 1.0 / 3) < 1e-15);
    assert_true(violation("a > b") == 0.5);
    assert_true(violation("a == b") == 0.5);
    assert_true(violation("a != 1") == 1);
    assert_true(violation("a < 1") > 0 && violation("a < 1") < 1e-9);
    assert_true(violation("b <= a && a > b") == 1);
    assert_true(violation("b <= a && a < b") == 0.5);
    assert_true(violation("c <= a || b <= a") == 0.5);
    assert_true(violation("c <= a || a < b") == 0);
    assert_true(violation("a ? b <= a : 0") == 0.5);
    assert_true(violation("!a") == 1);
    assert_true(violation("s == 'x'") == 1);
    assert_true(violation("1e300*1e300 < 5") == 1);
    assert_true(isnan(violation("n < 5")));
    assert_true(isnan(violation("n < 5 && a < b")));
    assert_true(isnan(violation("n < 5 || b < a")));
    assert_true(violation("n < 5 || a < b") == 0);
}

static void names_are_listed_once_in_order_of_use(void **state)
{
    (void)state;
    struct ohm_expr *e = parse("b + a * b < s");

    assert_string_equal(ohm_expr_name(e, 0), "b");
    assert_string_equal(ohm_expr_name(e, 1), "a");
    assert_string_equal(ohm_expr_name(e, 2), "s");
    assert_null(ohm_expr_name(e, 3));
    assert_null(ohm_expr_name(e, -1));
    assert_string_equal(ohm_expr_source(e), "b + a * b < s");
    ohm_expr_free(e);
}

static void a_mistake_gives_its_column_and_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        int column;
        const char *part;
    } bad[] = {
        {"", 1, "found the end"},
        {"a +", 4, "expected a number, a name or '(', found the end"},
        {"a + )", 5, "found ')'"},
        {"(a", 3, "expected ')' or an operator"},
        {"a b", 3, "expected an operator or the end, found 'b'"},
        {"a < b < c", 7, "not chained"},
        {"not a == b", 7, "write not (a == b)"},
        {"5x + 1", 1, "'5x' is not a number"},
        {"1.2.3", 1, "'1.2.3' is not a number"},
        {"1e400", 1, "not a number"},
        {"s == \"open", 6, "no closing quote"},
        {"s < 'x'", 3, "takes numbers, not the text \"x\""},
        {"'x' + 1", 5, "takes numbers"},
        {"sin(a)", 1, "unknown function 'sin'"},
        {"min(a)", 1, "min takes 2 to 64 arguments, found 1"},
        {"abs(a, b)", 1, "abs takes 1 argument, found 2"},
        {"abs()", 5, "found ')'"},
        {"a in b", 6, "expected '(' after in"},
        {"a in ()", 7, "found ')'"},
        {"a ? b", 6, "expected ':'"},
        {"s == '\xc3\xa9' \xc3\xa9", 10, "found '\xc3\xa9'"},
        {"a ; b", 3, "found ';'"},
        {"'x' ? 1 : 2", 5, "a text is no condition"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ohm_expr *e;
        struct ohm_error err;

        assert_int_equal(ohm_expr_parse(&e, bad[i].source, &err), OHM_ECONFIG);
        assert_null(e);
        if (err.column != bad[i].column || !strstr(err.text, bad[i].part))
            fail_msg("%s: column %d, %s", bad[i].source, err.column, err.text);
    }
}

static void an_unknown_name_comes_with_the_nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"acc_1d", "energy_uJ"};
    struct ohm_expr *e;
    struct ohm_error err;

    assert_int_equal(ohm_expr_parse(&e, "5 < acc_1", &err), OHM_OK);
    assert_int_equal(ohm_expr_bind(e, find, NULL, names, 2, &err), OHM_ENOTFOUND);
    assert_string_equal(err.text, "unknown name 'acc_1'; did you mean 'acc_1d'?");
    assert_int_equal(err.column, 5);
    ohm_expr_free(e);
    assert_int_equal(ohm_expr_parse(&e, "latency", &err), OHM_OK);
    assert_int_equal(ohm_expr_bind(e, find, NULL, names, 2, &err), OHM_ENOTFOUND);
    assert_string_equal(err.text, "unknown name 'latency'; known here: acc_1d, energy_uJ");
    ohm_expr_free(e);
}

/* `n` times `part` around or before `core`. */
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

static void depth_and_length_are_limited(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        int n;
        const char *after, *part;
    } bad[] = {
        {"(", 100, ")", "nested more than 64 deep"}, {"-", 100, "", "nested more than 64 deep"},
        {"2^", 100, "", "nested more than 64 deep"}, {"1?1:", 100, "", "nested more than 64 deep"},
        {"1+", 600, "", "more than 500 operators"},  {"1+", 2500, "", "longer than 4096 bytes"},
    };
    struct ohm_error err;
    struct ohm_expr *e;
    char *source;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        source = repeat(bad[i].before, bad[i].n, "1", bad[i].after);
        assert_int_equal(ohm_expr_parse(&e, source, &err), OHM_ECONFIG);
        if (!strstr(err.text, bad[i].part))
            fail_msg("%s", err.text);
        ohm_free(source);
    }
    source = repeat("1+", 400, "1", "");
    assert_true(eval(source) == 401);
    ohm_free(source);
}

static void evaluation_allocates_nothing(void **state)
{
    (void)state;
    struct ohm_expr *e = parse("a < b && s in ('x', 'failed') || min(a, b, n) ^ 2 > 3 ? 1 : 2");

    ohm_mem_fail_at(0);
    ohm_expr_eval(e, value, text);
    ohm_expr_violation(e, value, text);
    assert_int_equal(ohm_mem_count(), 0);
    ohm_expr_free(e);
}

static void a_failed_allocation_is_an_error(void **state)
{
    (void)state;
    enum ohm_status st = OHM_ENOMEM;

    for (long n = 1; st != OHM_OK; n++) {
        struct ohm_expr *e = NULL;

        assert_true(n < 100);
        ohm_mem_fail_at(n);
        st = ohm_expr_parse(&e, "a < min(b, c) && s in ('x', \"y\") ? 1k : -n", NULL);
        ohm_mem_fail_at(0);
        assert_true(st == OHM_ENOMEM || st == OHM_OK);
        assert_true((st == OHM_OK) == (e != NULL));
        ohm_expr_free(e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_bind_as_the_grammar_says),
        cmocka_unit_test(a_comparison_with_a_missing_value_is_false_and_unequal_true),
        cmocka_unit_test(arithmetic_with_a_missing_value_is_missing),
        cmocka_unit_test(a_text_is_no_number),
        cmocka_unit_test(violation_says_by_how_much_a_condition_is_broken),
        cmocka_unit_test(names_are_listed_once_in_order_of_use),
        cmocka_unit_test(a_mistake_gives_its_column_and_what_was_expected),
        cmocka_unit_test(an_unknown_name_comes_with_the_nearest),
        cmocka_unit_test(depth_and_length_are_limited),
        cmocka_unit_test(evaluation_allocates_nothing),
        cmocka_unit_test(a_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
