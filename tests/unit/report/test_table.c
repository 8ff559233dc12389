/* Tables for a terminal: aligned, cut to the width asked for, and honest about what was left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ohm/mem.h"
#include "ohm/report.h"

static void fill(struct ohm_table *t)
{
    ohm_table_column(t, "net", false);
    ohm_table_column(t, "params", true);
    ohm_table_column(t, "genotype", false);
    ohm_table_cell(t, "n:1");
    ohm_table_cell(t, "1200");
    ohm_table_cell(t, "stem=16 groups=2 width=1.5");
    ohm_table_cell(t, "n:22");
    ohm_table_cell(t, "7");
    ohm_table_cell(t, "stem=8");
}

static void numbers_stand_right_and_texts_left(void **state)
{
    struct ohm_table t = {0};
    struct ohm_str s = {0};

    (void)state;
    fill(&t);
    ohm_table_print(&s, &t, 0, false);
    assert_string_equal(ohm_str_text(&s), "net   params  genotype\n"
                                          "n:1     1200  stem=16 groups=2 width=1.5\n"
                                          "n:22       7  stem=8\n");
    ohm_str_release(&s);
    ohm_table_release(&t);
}

static size_t longest_line(const char *text)
{
    size_t most = 0;

    while (*text) {
        const size_t n = strcspn(text, "\n");

        most = n > most ? n : most;
        text += n + (text[n] == '\n');
    }
    return most;
}

static void no_line_is_longer_than_the_width(void **state)
{
    (void)state;
    for (int width = 24; width < 60; width++) {
        struct ohm_table t = {0};
        struct ohm_str s = {0};

        fill(&t);
        ohm_table_print(&s, &t, width, false);
        assert_true(longest_line(ohm_str_text(&s)) <= (size_t)width);
        if (width < 40)
            assert_non_null(strstr(ohm_str_text(&s), "..."));
        ohm_str_release(&s);
        ohm_table_release(&t);
    }
}

static void columns_that_do_not_fit_are_counted(void **state)
{
    struct ohm_table t = {0};
    struct ohm_str s = {0};

    (void)state;
    for (int i = 0; i < 5; i++)
        ohm_table_column(&t, "a_long_number", true);
    for (int i = 0; i < 5; i++)
        ohm_table_cell(&t, "1");
    ohm_table_print(&s, &t, 30, false);
    assert_non_null(strstr(ohm_str_text(&s), "(3 more columns"));
    ohm_str_release(&s);
    ohm_table_release(&t);
}

static void a_character_of_two_bytes_is_one_wide(void **state)
{
    struct ohm_table t = {0};
    struct ohm_str s = {0};

    (void)state;
    ohm_table_column(&t, "unit", false);
    ohm_table_column(&t, "x", true);
    ohm_table_cell(&t, "\xc2\xb5J");
    ohm_table_cell(&t, "1");
    ohm_table_print(&s, &t, 0, false);
    assert_string_equal(ohm_str_text(&s), "unit  x\n\xc2\xb5J    1\n");
    ohm_str_release(&s);
    ohm_table_release(&t);
}

static void a_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    long n;

    (void)state;
    for (n = 1; n < 100; n++) {
        struct ohm_table t = {0};
        struct ohm_str s = {0};
        bool failed;

        ohm_mem_fail_at(n);
        fill(&t);
        ohm_table_print(&s, &t, 0, false);
        failed = s.failed;
        ohm_mem_fail_at(0);
        ohm_str_release(&s);
        ohm_table_release(&t);
        if (!failed)
            break;
    }
    assert_in_range(n, 10, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_right_and_texts_left),
        cmocka_unit_test(no_line_is_longer_than_the_width),
        cmocka_unit_test(columns_that_do_not_fit_are_counted),
        cmocka_unit_test(a_character_of_two_bytes_is_one_wide),
        cmocka_unit_test(a_failed_allocation_is_told_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
