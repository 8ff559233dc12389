/* test_space_size.c - sizes are exact, and found quickly. */
#include "sanitized.h"
#include "space_fixture.h"

#include <time.h>

static void check_size(const char *axes, const char *expected)
{
    struct ohm_space *const space = fixture_space(axes);
    struct ohm_error err = {0};
    char size[64];

    assert_int_equal(ohm_space_size(space, size, &err), OHM_OK);
    assert_string_equal(size, expected);
    ohm_space_free(space);
}

static void independent_axes_multiply(void **state)
{
    (void)state;
    check_size("axes:\n  a: { int: [1, 5] }\n  b: { choice: [x, y, z] }\n  c: { real: [0.5, 0.8], step: 0.001 }\n",
               "4515");
    check_size("axes:\n  a: { choice: [only] }\n", "1");
}

static void an_inactive_axis_counts_once(void **state)
{
    (void)state;
    /* groups 1: 1; groups 2: 4; groups 3: 4 * 4 */
    check_size("axes:\n  groups: { int: [1, 3] }\n  b2: { int: [1, 4], when: groups >= 2 }\n"
               "  b3: { int: [1, 4], when: groups >= 3 }\n",
               "21");
}

static void conditions_on_inactive_axes_do_not_hold(void **state)
{
    (void)state;
    /* a = 0: one; a = 1: b = 0 gives c two values, b = 1 none. Were a missing b unequal to 1, a = 0 would give two. */
    check_size("axes:\n  a: { int: [0, 1] }\n  b: { int: [0, 1], when: a == 1 }\n  c: { int: [0, 1], when: b != 1 }\n",
               "4");
}

static void constraints_on_inactive_axes_do_not_apply(void **state)
{
    (void)state;
    /* a = 0: one; a = 1: b in 0..4 without 3, 4 */
    check_size("axes:\n  a: { int: [0, 1] }\n  b: { int: [0, 4], when: a == 1 }\nconstraints:\n  - b < 3\n", "4");
}

/* The 22 axes of analog-nas with its shipped sampler's ranges. Sizes by the same formula written out. */
static void conditional_groups_of_22_axes_are_counted_exactly(void **state)
{
    struct ohm_str axes = {0};
    char expected[64];
    ohm_count sum = 0, group = 1;
    int n = 0;

    (void)state;
    ohm_str_append(&axes, "axes:\n  oc0: { choice: [8, 12, 16, 32, 48, 64] }\n  M: { int: [1, 5] }\n");
    for (int m = 1; m <= 5; m++)
        ohm_str_printf(&axes, "  R%d: { int: [1, 16], when: M >= %d }\n", m, m);
    for (int m = 1; m <= 5; m++)
        ohm_str_printf(&axes,
                       "  convblock%d: { choice: [1, 2], when: M >= %d }\n  widenfact%d: { real: [0.5, 0.8], step: "
                       "0.001, when: M >= %d }\n  B%d: { int: [1, 5], when: M >= %d }\n",
                       m, m, m, m, m, m);
    for (int m = 1; m <= 5; m++) {
        group *= 16 * 2 * 301 * 5;
        sum += group;
    }
    sum *= 6;
    while (sum) {
        memmove(expected + 1, expected, (size_t)n++);
        expected[0] = (char)('0' + (int)(sum % 10));
        sum /= 10;
    }
    expected[n] = 0;
    check_size(ohm_str_text(&axes), expected);
    ohm_str_release(&axes);
}

/* w1 <= w2 <= ... <= w6 over 1..40: combinations with repetition, C(45, 6) = 8,145,060. */
static void a_chain_of_constraints_costs_the_sum_of_its_links(void **state)
{
    struct ohm_str axes = {0};
    struct ohm_space *space;
    ohm_count count;

    (void)state;
    ohm_str_append(&axes, "axes:\n");
    for (int i = 1; i <= 6; i++)
        ohm_str_printf(&axes, "  w%d: { int: [1, 40] }\n", i);
    ohm_str_append(&axes, "constraints:\n");
    for (int i = 1; i <= 5; i++)
        ohm_str_printf(&axes, "  - w%d <= w%d\n", i, i + 1);
    space = fixture_space(ohm_str_text(&axes));
    assert_true(ohm_space_count(space, 100000, OHM_COUNT_MAX, &count));
    assert_true(count == 8145060);
    ohm_space_free(space);
    ohm_str_release(&axes);
}

static void constraints_over_more_combinations_than_a_table_holds_are_evaluated(void **state)
{
    char expected[64];
    long pairs = 0;

    (void)state;
    for (int a = 500; a <= 800; a++)
        for (int b = 500; b <= 800; b++)
            pairs += a + b <= 1250;
    snprintf(expected, sizeof expected, "%ld", pairs);
    check_size("axes:\n  a: { real: [0.5, 0.8], step: 0.001 }\n  b: { real: [0.5, 0.8], step: 0.001 }\n"
               "constraints:\n  - 1000 * a + 1000 * b < 1250.5\n",
               expected);
}

static void a_size_above_2_to_the_127_is_refused(void **state)
{
    struct ohm_str axes = {0};
    struct ohm_space *space;
    struct ohm_error err = {0};
    char size[64];

    (void)state;
    ohm_str_append(&axes, "axes:\n");
    for (int i = 0; i < 63; i++)
        ohm_str_printf(&axes, "  a%d: { int: [1, 4] }\n", i);
    space = fixture_space(ohm_str_text(&axes));
    assert_int_equal(ohm_space_size(space, size, &err), OHM_OK); /* 4^63 = 2^126 */
    assert_string_equal(size, "85070591730234615865843651857942052864");
    ohm_space_free(space);
    ohm_str_append(&axes, "  last: { int: [1, 2] }\n");
    space = fixture_space(ohm_str_text(&axes));
    assert_int_equal(ohm_space_size(space, size, &err), OHM_ERANGE);
    assert_non_null(strstr(err.text, "2^127"));
    assert_int_equal(ohm_space_size_within(space, INT64_MAX), -1);
    ohm_space_free(space);
    ohm_str_release(&axes);
}

static void a_count_that_takes_too_long_is_given_up(void **state)
{
    struct ohm_space *const space = fixture_space("axes:\n  a: { int: [1, 1000] }\n  b: { int: [1, 1000] }\n"
                                                  "  c: { int: [1, 1000] }\nconstraints:\n  - a * b * c < 1000\n");
    ohm_count count;

    (void)state;
    assert_false(ohm_space_count(space, 100000, OHM_COUNT_MAX, &count));
    ohm_space_free(space);
}

static void shipped_spaces_have_the_sizes_of_their_papers_and_formulas(void **state)
{
    /* NAS-Bench-201: 5^6. AnalogNAS: 6 stems; 15 * 2 * 301 * 4 first groups, 16 * 2 * 301 * 4 further ones, 1 to 4. */
    static const struct {
        const char *path, *size;
    } shipped[] = {{"searchspaces/nb201.yaml", "15625"},
                   {"searchspaces/analognas-resnet.yaml", "12394803898655110800"}};

    (void)state;
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        struct ohm_space *space = NULL;
        char size[64];

        assert_int_equal(ohm_space_load(&space, shipped[i].path, NULL), OHM_OK);
        assert_int_equal(ohm_space_size(space, size, NULL), OHM_OK);
        assert_string_equal(size, shipped[i].size);
        ohm_space_free(space);
    }
}

static void sizes_within_a_limit_are_numbers(void **state)
{
    struct ohm_space *const space = fixture_space("axes:\n  a: { int: [1, 50] }\n  b: { int: [1, 2] }\n");

    (void)state;
    assert_int_equal(ohm_space_size_within(space, 100), 100);
    assert_int_equal(ohm_space_size_within(space, 99), -1);
    ohm_space_free(space);
}

/* Strategies ask for each network that they draw: the whole count of this space takes a tenth of a second. */
static void a_space_is_known_to_exceed_a_limit_without_being_counted_whole(void **state)
{
    struct ohm_space *space = NULL;
    clock_t before;

    (void)state;
    assert_int_equal(ohm_space_load(&space, "searchspaces/resnet-kws.yaml", NULL), OHM_OK);
    assert_false(space->counted);
    before = clock();
    for (int i = 0; i < 20000; i++)
        assert_int_equal(ohm_space_size_within(space, 1 << 20), -1);
    assert_true(clock() - before < 2 * CLOCKS_PER_SEC);
    assert_int_equal(ohm_space_size_within(space, INT64_MAX), INT64_C(331781519709184));
    ohm_space_free(space);
}

static void the_size_of_random_spaces_is_that_of_plain_enumeration(void **state)
{
    enum { TRIALS = SANITIZED ? 500 : 3000 };
    struct ohm_rng rng = ohm_rng_seed(11);
    int empty = 0;

    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        const struct random_space s = random_space(&rng);
        struct ohm_space *const space = random_read(&s);
        int value[RANDOM_AXES];
        const long expected = random_count(&s, 0, value);

        assert_int_equal(space == NULL, expected == 0);
        empty += space == NULL;
        if (space) {
            assert_int_equal(ohm_space_size_within(space, INT64_MAX), expected);
            /* Counted anew, up to the limit only. */
            space->counted = false;
            assert_int_equal(ohm_space_size_within(space, expected), expected);
            assert_int_equal(ohm_space_size_within(space, expected - 1), -1);
            assert_int_equal(ohm_space_size_within(space, expected / 2), -1);
        }
        ohm_space_free(space);
    }
    assert_in_range(empty, 1, TRIALS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(independent_axes_multiply),
        cmocka_unit_test(an_inactive_axis_counts_once),
        cmocka_unit_test(conditions_on_inactive_axes_do_not_hold),
        cmocka_unit_test(constraints_on_inactive_axes_do_not_apply),
        cmocka_unit_test(conditional_groups_of_22_axes_are_counted_exactly),
        cmocka_unit_test(a_chain_of_constraints_costs_the_sum_of_its_links),
        cmocka_unit_test(constraints_over_more_combinations_than_a_table_holds_are_evaluated),
        cmocka_unit_test(a_size_above_2_to_the_127_is_refused),
        cmocka_unit_test(a_count_that_takes_too_long_is_given_up),
        cmocka_unit_test(shipped_spaces_have_the_sizes_of_their_papers_and_formulas),
        cmocka_unit_test(sizes_within_a_limit_are_numbers),
        cmocka_unit_test(a_space_is_known_to_exceed_a_limit_without_being_counted_whole),
        cmocka_unit_test(the_size_of_random_spaces_is_that_of_plain_enumeration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
