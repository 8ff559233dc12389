/* test_genotype.c - genotypes are canonical, legal, distinct, and the same after a trip through text. */
#include "space_fixture.h"

#include <math.h>
#include <stdlib.h>

#define GROUPS                                                                                                         \
    "axes:\n  stem: { choice: [8, 16, 32] }\n  groups: { int: [1, 3] }\n"                                              \
    "  g2_block: { choice: [basic, bottleneck], when: groups >= 2 }\n"                                                 \
    "  g2_blocks: { int: [1, 9], step: 2, when: g2_block == \"basic\" }\n"                                             \
    "  g3_width: { real: [0.5, 2], step: 0.25, when: groups == 3 }\n"                                                  \
    "constraints:\n  - stem * g3_width <= 40\n"

static struct ohm_genotype parsed(const struct ohm_space *space, const char *text)
{
    struct ohm_genotype g;
    struct ohm_error err = {0};

    if (ohm_genotype_parse(space, &g, text, &err) != OHM_OK)
        fail_msg("%s: %s", text, err.text);
    return g;
}

static void check_text(const struct ohm_space *space, const struct ohm_genotype *g, const char *expected)
{
    struct ohm_str text = {0};

    ohm_genotype_print(space, g, &text);
    assert_string_equal(ohm_str_text(&text), expected);
    ohm_str_release(&text);
}

static void the_text_names_active_axes_only(void **state)
{
    struct ohm_space *const space = fixture_space(GROUPS);
    static const char *const texts[] = {"stem=8 groups=1", "stem=32 groups=2 g2_block=bottleneck",
                                        "stem=16 groups=3 g2_block=basic g2_blocks=7 g3_width=1.25"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct ohm_genotype g = parsed(space, texts[i]);

        check_text(space, &g, texts[i]);
    }
    ohm_space_free(space);
}

static void text_in_another_order_and_spelling_is_read(void **state)
{
    struct ohm_space *const space = fixture_space(GROUPS);
    const struct ohm_genotype g = parsed(space, "  g3_width=1.0 g2_blocks=3\tg2_block=basic\ngroups=3 stem=8e0 ");

    (void)state;
    check_text(space, &g, "stem=8 groups=3 g2_block=basic g2_blocks=3 g3_width=1");
    ohm_space_free(space);
}

static void wrong_text_is_refused_with_its_reason(void **state)
{
    static const struct {
        const char *text;
        enum ohm_status status;
        const char *says;
    } bad[] = {
        {"stem=8", OHM_ECONFIG, "'groups' of space 'test' is missing"},
        {"", OHM_ECONFIG, "'stem' of space 'test' is missing"},
        {"stem=8 groups=1 g2_block=basic", OHM_ECONFIG, "inactive: it needs groups >= 2"},
        {"stem=8 group=1", OHM_ECONFIG, "did you mean 'groups'?"},
        {"stem=9 groups=1", OHM_ECONFIG, "from '8' to '32'"},
        {"stem=8 groups=4", OHM_ECONFIG, "from 1 to 3 in steps of 1"},
        {"stem=8 groups=1.5", OHM_ECONFIG, "no value '1.5'"},
        {"stem=8 groups=nan", OHM_ECONFIG, "no value 'nan'"},
        {"stem=8 groups=-1e300", OHM_ECONFIG, "no value '-1e300'"},
        {"stem=8 groups=2 g2_block=botleneck", OHM_ECONFIG, "did you mean 'bottleneck'?"},
        {"stem=8 groups=2 g2_block=basic g2_blocks=2", OHM_ECONFIG, "steps of 2"},
        {"stem=8 stem=8 groups=1", OHM_ECONFIG, "given twice"},
        {"stem=8 groups", OHM_ECONFIG, "axis=value"},
        {"stem=32 groups=3 g2_block=bottleneck g3_width=2", OHM_EUNFIT, "'stem * g3_width <= 40'"},
    };
    struct ohm_space *const space = fixture_space(GROUPS);
    const struct ohm_genotype untouched = {{1, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ohm_genotype g = untouched;
        struct ohm_error err = {0};

        assert_int_equal(ohm_genotype_parse(space, &g, bad[i].text, &err), bad[i].status);
        if (!strstr(err.text, bad[i].says))
            fail_msg("'%s' gave: %s", bad[i].text, err.text);
        assert_true(ohm_genotype_equal(&g, &untouched));
    }
    ohm_space_free(space);
}

static void canonical_zeroes_inactive_axes_and_what_hangs_on_them(void **state)
{
    struct ohm_space *const space = fixture_space(GROUPS);
    struct ohm_genotype g = {{1, 0, 0, 3, 2}};

    (void)state;
    assert_true(ohm_genotype_canonical(space, &g));
    check_text(space, &g, "stem=16 groups=1");
    assert_false(ohm_genotype_canonical(space, &g));
    assert_true(ohm_genotype_active(space, &g, 1));
    assert_false(ohm_genotype_active(space, &g, 3));
    ohm_space_free(space);
}

static void check_refuses_what_is_no_genotype_of_the_space(void **state)
{
    struct ohm_space *const space = fixture_space(GROUPS);
    const struct ohm_genotype large = {{3}}, loose = {{0, 0, 1}}, beyond = {{0, 0, 0, 0, 0, 1}},
                              broken = {{2, 2, 1, 0, 6}}, good = {{2, 2, 1, 0, 0}};
    struct ohm_error err = {0};

    (void)state;
    assert_int_equal(ohm_genotype_check(space, &large, &err), OHM_ERANGE);
    assert_non_null(strstr(err.text, "'stem') is 3, outside [0, 2]"));
    assert_int_equal(ohm_genotype_check(space, &loose, &err), OHM_ERANGE);
    assert_non_null(strstr(err.text, "inactive"));
    assert_int_equal(ohm_genotype_check(space, &beyond, &err), OHM_ERANGE);
    assert_int_equal(ohm_genotype_check(space, &broken, &err), OHM_EUNFIT);
    assert_int_equal(ohm_genotype_check(space, &good, &err), OHM_OK);
    ohm_space_free(space);
}

static void values_are_numbers_and_nan_where_inactive(void **state)
{
    struct ohm_space *const space = fixture_space(GROUPS);
    const struct ohm_genotype g = parsed(space, "stem=32 groups=2 g2_block=bottleneck");
    double value[5];

    (void)state;
    ohm_genotype_values(space, &g, value);
    assert_true(value[0] == 32 && value[1] == 2 && value[2] == 1);
    assert_true(isnan(value[3]) && isnan(value[4]));
    ohm_space_free(space);
}

static void keys_follow_the_template(void **state)
{
    struct ohm_space *const space = fixture_space(GROUPS "key: \"s{stem#}-{g2_block}/{g2_blocks}\"\n");
    const struct ohm_genotype a = parsed(space, "stem=32 groups=2 g2_block=basic g2_blocks=5"),
                              b = parsed(space, "stem=8 groups=1");
    struct ohm_str text = {0};

    (void)state;
    ohm_genotype_key(space, &a, &text);
    assert_string_equal(ohm_str_text(&text), "s2-basic/5");
    ohm_str_clear(&text);
    ohm_genotype_key(space, &b, &text);
    assert_string_equal(ohm_str_text(&text), "s0--/-");
    ohm_str_release(&text);
    ohm_space_free(space);
}

static void without_a_template_the_key_is_the_text(void **state)
{
    struct ohm_space *const space = fixture_space(GROUPS);
    const struct ohm_genotype g = parsed(space, "stem=8 groups=1");
    struct ohm_str text = {0};

    (void)state;
    ohm_genotype_key(space, &g, &text);
    assert_string_equal(ohm_str_text(&text), "stem=8 groups=1");
    ohm_str_release(&text);
    ohm_space_free(space);
}

/* Ids stand in databases and reports: these may never change. */
static void ids_are_for_ever(void **state)
{
    struct ohm_space *const space = fixture_space(GROUPS);
    const struct ohm_genotype a = parsed(space, "stem=8 groups=1"),
                              b = parsed(space, "stem=16 groups=3 g2_block=basic g2_blocks=7 g3_width=1.25");
    char text[OHM_ID_TEXT_SIZE];

    (void)state;
    assert_string_equal(ohm_id_text(ohm_genotype_id(space, &a), text), "n:90ff7f21b8d0");
    assert_string_equal(ohm_id_text(ohm_genotype_id(space, &b), text), "n:91721216f25d");
    assert_string_equal(ohm_id_text(UINT64_C(0x0012345678901234), text), "n:001234567890");
    ohm_space_free(space);
}

static void the_id_is_that_of_the_values_wherever_their_axes_stand(void **state)
{
    struct ohm_space *const one = fixture_space("axes:\n  a: { int: [1, 4] }\n  b: { choice: [8, 16] }\n"),
                            *const other = fixture_space("axes:\n  b: { int: [8, 24], step: 8 }\n"
                                                         "  c: { int: [1, 2], when: b > 16 }\n  a: { int: [3, 4] }\n");
    const struct ohm_genotype g = parsed(one, "a=4 b=16"), h = parsed(other, "b=16 a=4"),
                              swapped = parsed(one, "a=3 b=16");

    (void)state;
    assert_true(ohm_genotype_id(one, &g) == ohm_genotype_id(other, &h));
    assert_true(ohm_genotype_id(one, &g) != ohm_genotype_id(one, &swapped));
    ohm_space_free(one);
    ohm_space_free(other);
}

static int compare_ids(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static bool is_above(const struct ohm_genotype *a, const struct ohm_genotype *b)
{
    for (int i = 0; i < OHM_GENES_MAX; i++)
        if (a->gene[i] != b->gene[i])
            return a->gene[i] > b->gene[i];
    return false;
}

/* Walks a whole space: order, legality, text and back, ids. */
static void walk(const struct ohm_space *space, const struct random_space *s, long size)
{
    uint64_t *const ids = ohm_alloc((size_t)size, sizeof *ids);
    struct ohm_genotype g = {{0}}, last, back;
    struct ohm_str text = {0};
    bool first = true;
    long n = 0;

    assert_non_null(ids);
    for (; ohm_genotype_next(space, &g, &first); n++) {
        assert_true(n < size);
        assert_true(random_agrees(s, &g));
        assert_int_equal(ohm_genotype_check(space, &g, NULL), OHM_OK);
        assert_true(n == 0 || is_above(&g, &last));
        last = g;
        ohm_str_clear(&text);
        ohm_genotype_print(space, &g, &text);
        assert_int_equal(ohm_genotype_parse(space, &back, ohm_str_text(&text), NULL), OHM_OK);
        assert_true(ohm_genotype_equal(&g, &back));
        ids[n] = ohm_genotype_id(space, &g);
    }
    assert_int_equal(n, size);
    qsort(ids, (size_t)size, sizeof *ids, compare_ids);
    for (long i = 1; i < size; i++)
        assert_true(ids[i] != ids[i - 1]);
    ohm_str_release(&text);
    ohm_free(ids);
}

/* Changes that hold for every mutation: one axis of the parent's active ones differs (it may wake or still others). */
static void check_child(const struct ohm_space *space, const struct random_space *s, const struct ohm_genotype *parent,
                        const struct ohm_genotype *child, uint64_t mask, bool step)
{
    const uint64_t before = ohm_genotype_mask(space, parent), after = ohm_genotype_mask(space, child);
    int changed = 0;

    assert_true(random_agrees(s, child));
    for (int i = 0; i < s->axes; i++) {
        if (!(before & after & ohm_axis_bit(i)) || parent->gene[i] == child->gene[i])
            continue;
        assert_true(mask & ohm_axis_bit(i));
        assert_true(!step || s->texts[i] || abs(parent->gene[i] - child->gene[i]) == 1);
        changed++;
    }
    assert_int_equal(changed, 1);
}

static void try_draws(const struct ohm_space *space, const struct random_space *s, struct ohm_rng *rng)
{
    struct ohm_genotype a, b, child;

    for (int draw = 0; draw < 10; draw++) {
        const uint64_t mask = draw % 2 ? ~UINT64_C(0) : ohm_rng_u64(rng);

        assert_int_equal(ohm_genotype_sample(space, &a, rng, NULL), OHM_OK);
        assert_int_equal(ohm_genotype_sample(space, &b, rng, NULL), OHM_OK);
        assert_true(random_agrees(s, &a) && random_agrees(s, &b));
        if (ohm_genotype_mutate(space, &child, &a, mask, rng, NULL) == OHM_OK)
            check_child(space, s, &a, &child, mask, false);
        if (ohm_genotype_step(space, &child, &a, mask, rng, NULL) == OHM_OK)
            check_child(space, s, &a, &child, mask, true);
        ohm_genotype_cross(space, &child, &a, &b, rng);
        assert_true(random_agrees(s, &child));
    }
}

static void random_spaces_are_walked_and_drawn_from_as_they_should(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(5);
    int walked = 0;

    (void)state;
    for (int trial = 0; trial < 400; trial++) {
        const struct random_space s = random_space(&rng);
        struct ohm_space *const space = random_read(&s);
        int value[RANDOM_AXES];

        if (!space)
            continue;
        walk(space, &s, random_count(&s, 0, value));
        try_draws(space, &s, &rng);
        ohm_space_free(space);
        walked++;
    }
    assert_true(walked > 200);
}

/* The counts of n draws over k equal cells: chi-square with k - 1 degrees of freedom, at 1 in 1000. */
static void check_uniform(const int *count, int k, double critical)
{
    double n = 0, chi = 0;

    for (int i = 0; i < k; i++)
        n += count[i];
    for (int i = 0; i < k; i++)
        chi += (count[i] - n / k) * (count[i] - n / k) / (n / k);
    assert_true(chi < critical);
}

static void samples_are_uniform_over_the_values_of_each_axis(void **state)
{
    struct ohm_space *const space = fixture_space("axes:\n  a: { int: [1, 5] }\n  b: { int: [1, 4], when: a >= 3 }\n");
    struct ohm_rng rng = ohm_rng_seed(3);
    int a[5] = {0}, b[4] = {0};
    struct ohm_genotype g;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        assert_int_equal(ohm_genotype_sample(space, &g, &rng, NULL), OHM_OK);
        a[g.gene[0]]++;
        if (g.gene[0] >= 2)
            b[g.gene[1]]++;
    }
    check_uniform(a, 5, 18.467);
    check_uniform(b, 4, 16.266);
    ohm_space_free(space);
}

static void mutations_are_uniform_over_axes_and_other_values(void **state)
{
    struct ohm_space *const space = fixture_space("axes:\n  a: { int: [1, 5] }\n  one: { int: [7, 7] }\n"
                                                  "  b: { choice: [x, y, z] }\n");
    const struct ohm_genotype parent = parsed(space, "a=3 one=7 b=y");
    struct ohm_rng rng = ohm_rng_seed(4);
    struct ohm_genotype g;
    int axis[2] = {0}, to[5] = {0}, others[4], n = 0;

    (void)state;
    for (int i = 0; i < 40000; i++) {
        assert_int_equal(ohm_genotype_mutate(space, &g, &parent, ~UINT64_C(0), &rng, NULL), OHM_OK);
        axis[g.gene[2] != parent.gene[2]]++;
        to[g.gene[0]] += g.gene[0] != parent.gene[0];
    }
    check_uniform(axis, 2, 10.828);
    for (int i = 0; i < 5; i++)
        if (i != parent.gene[0])
            others[n++] = to[i];
    check_uniform(others, 4, 16.266);
    ohm_space_free(space);
}

static void a_network_that_cannot_change_says_so(void **state)
{
    struct ohm_space *const space = fixture_space("axes:\n  a: { int: [1, 2] }\n  b: { int: [1, 2] }\nconstraints:\n"
                                                  "  - a == b\n");
    const struct ohm_genotype g = parsed(space, "a=1 b=1");
    struct ohm_rng rng = ohm_rng_seed(1);
    struct ohm_error err = {0};
    struct ohm_genotype child;

    (void)state;
    assert_int_equal(ohm_genotype_mutate(space, &child, &g, ~UINT64_C(0), &rng, &err), OHM_EUNFIT);
    assert_non_null(strstr(err.text, "a == b"));
    assert_int_equal(ohm_genotype_mutate(space, &child, &g, 0, &rng, &err), OHM_EUNFIT);
    assert_non_null(strstr(err.text, "no axis"));
    ohm_genotype_cross(space, &child, &g, &g, &rng);
    assert_true(ohm_genotype_equal(&child, &g));
    ohm_space_free(space);
}

static void a_needle_in_a_haystack_is_given_up_with_the_constraint(void **state)
{
    struct ohm_space *const space = fixture_space("axes:\n  a: { int: [1, 60000] }\n  b: { int: [1, 60000] }\n"
                                                  "constraints:\n  - a * b == 1\n");
    struct ohm_rng rng = ohm_rng_seed(1);
    struct ohm_error err = {0};
    struct ohm_genotype g;

    (void)state;
    assert_int_equal(ohm_genotype_sample(space, &g, &rng, &err), OHM_EUNFIT);
    assert_non_null(strstr(err.text, "a * b == 1"));
    ohm_space_free(space);
}

static void a_child_of_two_takes_from_both(void **state)
{
    struct ohm_space *const space =
        fixture_space("axes:\n  a: { int: [1, 9] }\n  b: { int: [1, 9], when: a >= 2 }\n  c: { int: [1, 9] }\n");
    const struct ohm_genotype mother = parsed(space, "a=1 c=2"), father = parsed(space, "a=9 b=5 c=8");
    struct ohm_rng rng = ohm_rng_seed(2);
    int from_father[2] = {0};
    struct ohm_genotype child;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        ohm_genotype_cross(space, &child, &mother, &father, &rng);
        assert_true(child.gene[0] == 0 ? child.gene[1] == 0 : child.gene[1] == 4);
        from_father[child.gene[2] == 7]++;
    }
    check_uniform(from_father, 2, 10.828);
    ohm_space_free(space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_names_active_axes_only),
        cmocka_unit_test(text_in_another_order_and_spelling_is_read),
        cmocka_unit_test(wrong_text_is_refused_with_its_reason),
        cmocka_unit_test(canonical_zeroes_inactive_axes_and_what_hangs_on_them),
        cmocka_unit_test(check_refuses_what_is_no_genotype_of_the_space),
        cmocka_unit_test(values_are_numbers_and_nan_where_inactive),
        cmocka_unit_test(keys_follow_the_template),
        cmocka_unit_test(without_a_template_the_key_is_the_text),
        cmocka_unit_test(ids_are_for_ever),
        cmocka_unit_test(the_id_is_that_of_the_values_wherever_their_axes_stand),
        cmocka_unit_test(random_spaces_are_walked_and_drawn_from_as_they_should),
        cmocka_unit_test(samples_are_uniform_over_the_values_of_each_axis),
        cmocka_unit_test(mutations_are_uniform_over_axes_and_other_values),
        cmocka_unit_test(a_network_that_cannot_change_says_so),
        cmocka_unit_test(a_needle_in_a_haystack_is_given_up_with_the_constraint),
        cmocka_unit_test(a_child_of_two_takes_from_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
