/* test_diag_print.c - problems as a compiler prints them. */
#include "text_fixture.h"

static char path[] = "/tmp/ohm_diag_XXXXXX";

static int make_file(void **state)
{
    (void)state;
    const int fd = mkstemp(path);

    return fd < 0 || close(fd) != 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* What is printed for one problem at a place of a file with these bytes. */
static const char *print(struct ohm_str *s, const char *bytes, int line, int column, bool colour)
{
    struct ohm_diag diag = {0};

    ohm_str_clear(s);
    assert_int_equal(ohm_file_write(path, bytes, strlen(bytes), NULL), OHM_OK);
    ohm_diag_add(&diag, OHM_ECONFIG, path, line, column, "wrong");
    ohm_diag_print(s, &diag, colour);
    ohm_diag_release(&diag);
    return strchr(ohm_str_text(s), '\n') + 1; /* what follows the message */
}

static void the_caret_stands_under_the_place(void **state)
{
    (void)state;
    struct ohm_str s = {0};
    char head[64];

    assert_string_equal(print(&s, "one\ntwo: x\nthree", 2, 6, false), "  two: x\n       ^\n");
    snprintf(head, sizeof head, "%s:2:6: error: wrong\n", path);
    assert_memory_equal(s.text, head, strlen(head));
    assert_string_equal(print(&s, "one", 1, 4, false), "  one\n     ^\n");
    ohm_str_release(&s);
}

static void tabs_and_bytes_that_are_no_text_take_one_column(void **state)
{
    (void)state;
    struct ohm_str s = {0};

    assert_string_equal(print(&s, "a\tb\x1b\xff!", 1, 6, false), "  a b?\?!\n       ^\n");
    assert_string_equal(print(&s, "\xc3\xa9\xe2\x82\xac:x", 1, 4, false), "  \xc3\xa9\xe2\x82\xac:x\n     ^\n");
    ohm_str_release(&s);
}

static void of_a_very_long_line_the_part_around_the_place_is_shown(void **state)
{
    (void)state;
    struct ohm_str s = {0};
    char *bytes = ohm_alloc(100001, 1);
    const char *shown, *caret;

    memset(bytes, 'x', 100000);
    bytes[49999] = '!';
    shown = print(&s, bytes, 1, 50000, false);
    caret = strchr(shown, '\n') + 1;
    assert_true(strlen(shown) < 250);
    assert_int_equal(strchr(shown, '!') - shown, strchr(caret, '^') - caret);
    ohm_free(bytes);
    ohm_str_release(&s);
}

static void without_a_source_line_there_is_the_message_alone(void **state)
{
    (void)state;
    struct ohm_str s = {0};
    struct ohm_diag diag = {0};

    assert_string_equal(print(&s, "one\n", 9, 1, false), "");
    ohm_str_clear(&s);
    ohm_diag_add(&diag, OHM_ECONFIG, "/dev/stdin", 3, 1, "first");
    ohm_diag_add(&diag, OHM_ECONFIG, NULL, 0, 0, "second");
    ohm_diag_print(&s, &diag, false);
    assert_string_equal(ohm_str_text(&s), "/dev/stdin:3:1: error: first\nerror: second\n");
    ohm_diag_release(&diag);
    ohm_str_release(&s);
}

static void problems_beyond_those_kept_are_counted(void **state)
{
    (void)state;
    struct ohm_str s = {0};
    struct ohm_diag diag = {0};

    for (int i = 0; i < OHM_DIAG_MAX + 5; i++)
        ohm_diag_add(&diag, OHM_ECONFIG, NULL, 0, 0, "again");
    ohm_diag_print(&s, &diag, false);
    assert_non_null(strstr(ohm_str_text(&s), "error: 5 more problems, not shown\n"));
    ohm_diag_release(&diag);
    ohm_str_release(&s);
}

static void colour_comes_only_when_asked_for(void **state)
{
    (void)state;
    struct ohm_str s = {0};

    print(&s, "one", 1, 1, false);
    assert_null(strchr(ohm_str_text(&s), '\033'));
    print(&s, "one", 1, 1, true);
    assert_non_null(strstr(ohm_str_text(&s), "\033[1;31merror:\033[0m wrong"));
    ohm_str_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caret_stands_under_the_place),
        cmocka_unit_test(tabs_and_bytes_that_are_no_text_take_one_column),
        cmocka_unit_test(of_a_very_long_line_the_part_around_the_place_is_shown),
        cmocka_unit_test(without_a_source_line_there_is_the_message_alone),
        cmocka_unit_test(problems_beyond_those_kept_are_counted),
        cmocka_unit_test(colour_comes_only_when_asked_for),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
