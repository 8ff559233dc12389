/* test_numbers.c - tables of nothing but numbers, and errors with their line. */
#include "text_fixture.h"

#include "ohm/numbers.h"

static enum ohm_status parse(struct ohm_numbers *n, const char *text, struct ohm_error *err)
{
    return ohm_numbers_parse(n, text, strlen(text), "t.csv", err);
}

static void any_usual_separator_is_read(void **state)
{
    static const char *const text[] = {"1,-2.5,3e2\n.5,5,+6\n", "1; -2.5 ;3e2\r\n.5 5\t+6",
                                       "# a\n\n 1 -2.5 3e2\n\n.5,5,+6 \n"};
    static const double want[] = {1, -2.5, 300, 0.5, 5, 6};

    (void)state;
    for (size_t k = 0; k < sizeof text / sizeof text[0]; k++) {
        struct ohm_numbers n = {0};
        struct ohm_error err = {0};

        if (parse(&n, text[k], &err) != OHM_OK)
            fail_msg("text %zu: line %d: %s", k, err.line, err.text);
        assert_int_equal(n.rows, 2);
        assert_int_equal(n.columns, 3);
        for (int i = 0; i < 6; i++)
            assert_true(n.value[i] == want[i]);
        ohm_numbers_release(&n);
    }
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
        int line;
    } bad[] = {
        {"", "not one number", 0},
        {"# only words\n\n", "not one number", 2},
        {"1,2\nx,3\n", "'x'", 2},
        {"1,2\n\n3\n", "1 numbers", 3},
        {"1,,2\n", "a number should be", 1},
        {"1,2,\n", "last comma", 1},
        {"1,nan\n", "'nan'", 1},
        {"1e999\n", "'1e999'", 1},
        {"1 2\n3 4 5\n", "3 numbers", 2},
        {"1-2\n", "'1-2'", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ohm_numbers n = {0};
        struct ohm_error err = {0};

        assert_int_equal(parse(&n, bad[i].text, &err), OHM_EDATA);
        if (err.line != bad[i].line || !strstr(err.text, bad[i].says) || strcmp(err.path, "t.csv") != 0)
            fail_msg("text %zu: line %d: %s", i, err.line, err.text);
        assert_null(n.value);
    }
}

static void files_are_read_or_missed_by_name_and_memory_may_run_out(void **state)
{
    struct ohm_numbers n = {0};
    struct ohm_error err = {0};
    enum ohm_status st = OHM_ENOMEM;
    long at = 1;

    (void)state;
    assert_int_equal(ohm_numbers_load(&n, "no/such/file.csv", &err), OHM_ENOTFOUND);
    for (; st != OHM_OK && at < 100; at++) {
        ohm_mem_fail_at(at);
        st = parse(&n, "1 2 3\n4 5 6\n", &err);
        ohm_mem_fail_at(0);
        assert_true(st == OHM_OK || st == OHM_ENOMEM);
    }
    assert_int_equal(st, OHM_OK);
    assert_true(at > 2);
    ohm_numbers_release(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_usual_separator_is_read),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(files_are_read_or_missed_by_name_and_memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
