/* test_space.c - spaces are read as written, and every mistake in a file is told in one pass. */
#include "space_fixture.h"

#define SMALL "axes:\n  a: { int: [1, 3] }\n"

static void each_kind_of_axis_has_its_values(void **state)
{
    struct ohm_space *const space =
        fixture_space("axes:\n  groups: { int: [1, 5] }\n  odd: { int: [-3, 5], step: 2, when: groups >= 2 }\n"
                      "  block: { choice: [basic, \"2\"] }\n  width: { choice: [8, 1.5, -0] }\n"
                      "  wf: { real: [0.5, 0.8], step: 0.001 }\n");
    const struct ohm_shape input = ohm_space_input(space);

    (void)state;
    assert_string_equal(ohm_space_name(space), "test");
    assert_string_equal(ohm_space_family(space), "any");
    assert_true(input.h == 32 && input.w == 32 && input.c == 3);
    assert_int_equal(ohm_space_classes(space), 10);
    assert_int_equal(ohm_space_axes(space), 5);
    assert_int_equal(ohm_space_find(space, "block"), 2);
    assert_int_equal(ohm_space_find(space, "blocks"), -1);
    assert_int_equal(ohm_space_axis(space, 0)->kind, OHM_AXIS_INT);
    assert_null(ohm_space_axis(space, 0)->when);
    assert_int_equal(ohm_space_axis(space, 1)->size, 5);
    assert_true(ohm_space_axis(space, 1)->value[4] == 5);
    assert_non_null(ohm_space_axis(space, 1)->when);
    assert_string_equal(ohm_space_axis(space, 2)->text[1], "2");
    assert_true(ohm_space_axis(space, 2)->value[1] == 1);
    assert_null(ohm_space_axis(space, 3)->text);
    assert_true(ohm_space_axis(space, 3)->value[1] == 1.5);
    assert_int_equal(ohm_space_axis(space, 4)->kind, OHM_AXIS_REAL);
    assert_non_null(strstr(ohm_space_source(space), "step: 0.001"));
    ohm_space_free(space);
}

static void a_real_range_has_the_decimals_that_the_file_means(void **state)
{
    struct ohm_space *const space = fixture_space("axes:\n  wf: { real: [0.5, 0.8], step: 0.001 }\n"
                                                  "  lr: { real: [1e-05, 0.001], step: 1e-5 }\n"
                                                  "  big: { real: [-1e9, 1e9], step: 5e8 }\n");
    const struct ohm_axis *const wf = ohm_space_axis(space, 0), *const lr = ohm_space_axis(space, 1);

    (void)state;
    assert_int_equal(wf->size, 301);
    for (int v = 0; v < wf->size; v++) {
        char text[32];
        double decimal;

        snprintf(text, sizeof text, "0.%d", 500 + v);
        assert_true(ohm_parse_double(text, &decimal));
        assert_true(wf->value[v] == decimal);
    }
    assert_int_equal(lr->size, 100);
    assert_true(lr->value[2] == 3e-5);
    assert_int_equal(ohm_space_axis(space, 2)->size, 5);
    ohm_space_free(space);
}

/* One mistake per row; `line` is where it must be found in the whole text. */
static const struct {
    const char *text;
    enum ohm_status status;
    int line;
    const char *says;
} bad[] = {
    {"axes:\n  a: { int: [5, 1] }\n", OHM_ECONFIG, 6, "empty: 5 is above 1"},
    {"axes:\n  a: { int: [1, 6], step: 2 }\n", OHM_ECONFIG, 6, "the last value would be 5"},
    {"axes:\n  a: { real: [0, 1], step: 0.3 }\n", OHM_ECONFIG, 6, "the last value would be 0.9"},
    {"axes:\n  a: { real: [0, 1] }\n", OHM_ECONFIG, 6, "needs a step"},
    {"axes:\n  a: { real: [0, 1], step: 0 }\n", OHM_ERANGE, 6, "step"},
    {"axes:\n  a: { real: [0.1, 1e15], step: 0.1 }\n", OHM_ECONFIG, 6, "2^53"},
    {"axes:\n  a: { int: [1, 2, 3] }\n", OHM_ECONFIG, 6, "3 numbers instead of two"},
    {"axes:\n  a: { int: [1, two] }\n", OHM_ECONFIG, 6, "two"},
    {"axes:\n  a: { int: [1, 70000] }\n", OHM_ECONFIG, 6, "70000 values"},
    {"axes:\n  a: { int: 3 }\n", OHM_ECONFIG, 6, "range of axis 'a'"},
    {"axes:\n  a: { choice: [] }\n", OHM_ECONFIG, 6, "0 values"},
    {"axes:\n  a: { choice: [1, 2, 1.0] }\n", OHM_ECONFIG, 6, "twice"},
    {"axes:\n  a: { choice: [x, y, x] }\n", OHM_ECONFIG, 6, "twice"},
    {"axes:\n  a: { choice: [x, 2] }\n", OHM_ECONFIG, 6, "is a number"},
    {"axes:\n  a: { choice: [2, x] }\n", OHM_ECONFIG, 6, "no number"},
    {"axes:\n  a: { choice: [2, [3]] }\n", OHM_ECONFIG, 6, "no number"},
    {"axes:\n  a: { choice: [\"b c\"] }\n", OHM_ECONFIG, 6, "no blank"},
    {"axes:\n  a: { choice: [x], step: 1 }\n", OHM_ECONFIG, 6, "no step"},
    {"axes:\n  a: { choice: [x], int: [1, 2] }\n", OHM_ECONFIG, 6, "needs one of"},
    {"axes:\n  a: { step: 1 }\n", OHM_ECONFIG, 6, "needs one of"},
    {"axes:\n  a: [1, 2]\n", OHM_ECONFIG, 6, "an axis"},
    {"axes:\n  a: { int: [1, 2], wen: b }\n", OHM_ECONFIG, 6, "when"},
    {"axes:\n  a b: { int: [1, 2] }\n", OHM_ECONFIG, 6, "no name for an axis"},
    {"axes:\n  2a: { int: [1, 2] }\n", OHM_ECONFIG, 6, "no name for an axis"},
    {"axes:\n  a: { int: [1, 2] }\n  a: { int: [1, 2] }\n", OHM_ECONFIG, 7, "a"},
    {"axes: {}\n", OHM_ECONFIG, 5, "0 axes"},
    {"axes:\n  a: { int: [1, 2], when: b > 1 }\n  b: { int: [1, 2] }\n", OHM_ECONFIG, 6, "does not stand above"},
    {"axes:\n  a: { int: [1, 2], when: a > 1 }\n", OHM_ECONFIG, 6, "does not stand above"},
    {"axes:\n  depth: { int: [1, 2] }\n  a: { int: [1, 2], when: dept > 1 }\n", OHM_ENOTFOUND, 7, "depth"},
    {"axes:\n  a: { int: [1, 2] }\n  b: { int: [1, 2], when: a > }\n", OHM_ECONFIG, 7, ""},
    {"axes:\n  a: { int: [1, 2] }\n  b: { int: [1, 2], when: [a] }\n", OHM_ECONFIG, 7, "a condition"},
    {SMALL "constraints:\n  - a < 2\n  - bb < 2\n", OHM_ENOTFOUND, 9, "bb"},
    {SMALL "constraints: a < 2\n", OHM_ECONFIG, 7, "constraints"},
    {SMALL "constraints:\n  - a > 3\n", OHM_EUNFIT, 8, "empty"},
    {SMALL "constraint:\n  - a > 3\n", OHM_ECONFIG, 7, "constraints"},
    {SMALL "key: \"{b}\"\n", OHM_ECONFIG, 7, "names the axis 'b'"},
    {SMALL "key: \"{a\"\n", OHM_ECONFIG, 7, "braces"},
    {SMALL "key: \"a}\"\n", OHM_ECONFIG, 7, "braces"},
    {SMALL "key: \"{a{a}}\"\n", OHM_ECONFIG, 7, "braces"},
    {SMALL "key: \"\"\n", OHM_ECONFIG, 7, "a key is a text"},
};

static void each_mistake_is_told_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ohm_space *space = NULL;
        struct ohm_diag diag = {0};
        struct ohm_str text = {0};
        enum ohm_status st;

        ohm_str_append(&text, FIXTURE_HEAD);
        ohm_str_append(&text, bad[i].text);
        st = fixture_read(&space, ohm_str_text(&text), &diag);
        if (st != bad[i].status || space || diag.count != 1 || diag.item[0].line != bad[i].line ||
            !strstr(diag.item[0].text, bad[i].says))
            fail_msg("%s gave status %d, %d problems; first: line %d: %s", bad[i].text, (int)st, diag.count,
                     diag.count ? diag.item[0].line : 0, diag.count ? diag.item[0].text : "");
        ohm_diag_release(&diag);
        ohm_str_release(&text);
    }
}

static void check_diag(const char *text, int n, const int *line, const char *const *says)
{
    struct ohm_space *space = NULL;
    struct ohm_diag diag = {0};

    assert_int_not_equal(fixture_read(&space, text, &diag), OHM_OK);
    assert_null(space);
    for (int i = 0; i < diag.count && i < n; i++)
        if (diag.item[i].line != line[i] || !strstr(diag.item[i].text, says[i]))
            fail_msg("problem %d: line %d: %s", i, diag.item[i].line, diag.item[i].text);
    assert_int_equal(diag.count, n);
    ohm_diag_release(&diag);
}

static void all_mistakes_of_a_file_are_told_in_one_pass(void **state)
{
    static const char text[] = "space: my space\n"
                               "family: anny\n"
                               "input: [32, 32]\n"
                               "classes: ten\n"
                               "axes:\n"
                               "  a: { int: [5, 1] }\n"
                               "  b: { real: [0, 1], step: 0.3, when: a > 2 }\n"
                               "  c: { choice: [x, x], when: d == 1 }\n"
                               "  d: { int: [1, 2], whn: a }\n"
                               "constraints:\n"
                               "  - a + e < 3\n"
                               "  - a +\n"
                               "key: \"{f}\"\n"
                               "colour: blue\n";
    static const int line[] = {1, 2, 3, 4, 6, 7, 8, 8, 9, 11, 12, 13, 14};
    static const char *const says[] = {"no name for a space",
                                       "any",
                                       "2 numbers instead of three",
                                       "ten",
                                       "empty",
                                       "step 0.3",
                                       "twice",
                                       "does not stand above",
                                       "whn",
                                       "e",
                                       "",
                                       "'f'",
                                       "colour"};

    (void)state;
    check_diag(text, sizeof line / sizeof *line, line, says);
}

static void missing_parts_are_told(void **state)
{
    static const int line[] = {1, 1, 1, 1, 1};
    static const char *const says[] = {"space", "family", "input", "classes", "axes"};
    static const char *const map[] = {"a space"};

    (void)state;
    check_diag("key: a\n", 5, line, says);
    check_diag("[1, 2]\n", 1, line, map);
}

static void axes_that_do_not_match_their_family_are_told(void **state)
{
    static const char head[] = "space: s\nfamily: strict\ninput: [8, 8, 1]\nclasses: 2\n";
    static const char good[] =
        "axes:\n  width: { int: [1, 2] }\n  depth: { int: [1, 2] }\n  block: { choice: [basic] }\n";
    static const char wrong[] = "axes:\n  widht: { int: [1, 2] }\n  depth: { choice: [deep] }\n"
                                "  block: { choice: [basic, botleneck] }\n";
    static const char number[] =
        "axes:\n  width: { int: [1, 2] }\n  depth: { int: [1, 2] }\n  block: { choice: [1] }\n";
    static const int line[] = {6, 7, 8, 6}, number_line[] = {8};
    static const char *const says[] = {"did you mean 'width'?", "takes numbers", "bottleneck",
                                       "needs the axis 'width'"},
                             *const number_says[] = {"takes texts here, such as choice: [basic]"};
    struct ohm_str text = {0};
    struct ohm_space *space = NULL;

    (void)state;
    ohm_str_printf(&text, "%s%s", head, good);
    assert_int_equal(fixture_read(&space, ohm_str_text(&text), NULL), OHM_OK);
    ohm_space_free(space);
    ohm_str_clear(&text);
    ohm_str_printf(&text, "%s%s", head, wrong);
    check_diag(ohm_str_text(&text), 4, line, says);
    ohm_str_clear(&text);
    ohm_str_printf(&text, "%s%s", head, number);
    check_diag(ohm_str_text(&text), 1, number_line, number_says);
    ohm_str_release(&text);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct ohm_space *space = NULL;
    struct ohm_diag diag = {0};

    (void)state;
    assert_int_equal(ohm_space_load(&space, "searchspaces/none.yaml", &diag), OHM_ENOTFOUND);
    assert_null(space);
    assert_int_equal(diag.count, 1);
    assert_true(strstr(diag.item[0].path, "none.yaml") || strstr(diag.item[0].text, "none.yaml"));
    ohm_diag_release(&diag);
}

static uint64_t hash_of(const char *text)
{
    struct ohm_space *space = NULL;
    uint64_t hash;

    assert_int_equal(fixture_read(&space, text, NULL), OHM_OK);
    hash = ohm_space_hash(space);
    ohm_space_free(space);
    return hash;
}

static void the_hash_changes_with_all_that_changes_a_network(void **state)
{
    static const char *const versions[] = {
        FIXTURE_HEAD SMALL,
        "space: tests\nfamily: any\ninput: [32, 32, 3]\nclasses: 10\n" SMALL,
        "space: test\nfamily: any\ninput: [32, 31, 3]\nclasses: 10\n" SMALL,
        "space: test\nfamily: any\ninput: [32, 32, 3]\nclasses: 11\n" SMALL,
        FIXTURE_HEAD "axes:\n  b: { int: [1, 3] }\n",
        FIXTURE_HEAD "axes:\n  a: { int: [1, 4] }\n",
        FIXTURE_HEAD "axes:\n  a: { int: [2, 4] }\n",
        FIXTURE_HEAD "axes:\n  a: { choice: [1, 2, 3] }\n",
        FIXTURE_HEAD SMALL "  b: { int: [1, 2] }\n",
        FIXTURE_HEAD SMALL "  b: { int: [1, 2], when: a > 1 }\n",
        FIXTURE_HEAD SMALL "  b: { int: [1, 2], when: a > 2 }\n",
        FIXTURE_HEAD SMALL "constraints:\n  - a < 3\n",
        FIXTURE_HEAD SMALL "constraints:\n  - a < 2\n",
    };
    enum { N = sizeof versions / sizeof *versions };
    uint64_t hash[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        hash[i] = hash_of(versions[i]);
        for (int k = 0; k < i; k++)
            assert_true(hash[k] != hash[i]);
    }
    assert_true(hash_of(FIXTURE_HEAD "# a comment\n" SMALL "key: \"{a}\"\n") == hash[0]);
}

/* Fails every allocation once; what the sanitizer would find is a leak or a null pointer. */
static void a_failed_allocation_is_an_error_and_nothing_else(void **state)
{
    static const char text[] = FIXTURE_HEAD
        "axes:\n  a: { int: [1, 3] }\n  b: { choice: [x, y], when: a > 1 }\n  c: { real: [0, 1], step: 0.1 }\n"
        "constraints:\n  - a + c < 3\n  - a < 2 || b == \"x\"\nkey: \"{a}-{b#}\"\n";
    bool done = false;
    int failed = 0;

    (void)state;
    for (long n = 1; !done; n++) {
        struct ohm_space *space = NULL;
        struct ohm_diag diag = {0};
        enum ohm_status st;

        ohm_mem_fail_at(n);
        st = fixture_read(&space, text, &diag);
        done = ohm_mem_count() < n;
        ohm_mem_fail_at(0);
        assert_int_equal(st == OHM_OK, space != NULL);
        failed += st == OHM_ENOMEM;
        assert_true(!done || st == OHM_OK);
        ohm_space_free(space);
        ohm_diag_release(&diag);
    }
    assert_true(failed > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_axis_has_its_values),
        cmocka_unit_test(a_real_range_has_the_decimals_that_the_file_means),
        cmocka_unit_test(each_mistake_is_told_with_its_line),
        cmocka_unit_test(all_mistakes_of_a_file_are_told_in_one_pass),
        cmocka_unit_test(missing_parts_are_told),
        cmocka_unit_test(axes_that_do_not_match_their_family_are_told),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(the_hash_changes_with_all_that_changes_a_network),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
