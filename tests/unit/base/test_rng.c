/* Streams of rng.c. */
#include "ohm/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void a_copied_stream_draws_the_same_numbers(void **state)
{
    struct ohm_rng a = ohm_rng_seed(7), b;

    (void)state;
    ohm_rng_u32(&a);
    b = a;
    for (int i = 0; i < 100; i++)
        assert_true(ohm_rng_u64(&a) == ohm_rng_u64(&b));
}

/* Known answer of Random123's own kat_vectors for philox4x32-10 with counter and key zero. */
static void the_generator_is_philox_4x32_10(void **state)
{
    struct ohm_rng r = ohm_rng_seed(0);

    (void)state;
    assert_int_equal(ohm_rng_u32(&r), 0x6627e8d5u);
    assert_int_equal(ohm_rng_u32(&r), 0xe169c58du);
    assert_int_equal(ohm_rng_u32(&r), 0xbc57ac4cu);
    assert_int_equal(ohm_rng_u32(&r), 0x9b00dbd8u);
}

static void a_child_does_not_depend_on_how_far_its_parent_has_drawn(void **state)
{
    struct ohm_rng parent = ohm_rng_seed(3);
    struct ohm_rng early = ohm_rng_child(&parent, 5), late;

    (void)state;
    for (int i = 0; i < 17; i++)
        ohm_rng_u32(&parent);
    late = ohm_rng_child(&parent, 5);
    assert_true(ohm_rng_u64(&early) == ohm_rng_u64(&late));
}

static void children_of_different_names_differ(void **state)
{
    const struct ohm_rng parent = ohm_rng_seed(3);
    struct ohm_rng a = ohm_rng_named(&parent, "ask"), b = ohm_rng_named(&parent, "init");

    (void)state;
    assert_false(ohm_rng_u64(&a) == ohm_rng_u64(&b));
}

static void below_is_uniform(void **state)
{
    struct ohm_rng r = ohm_rng_seed(11);
    int count[7] = { 0 };
    double chi2 = 0;

    (void)state;
    for (int i = 0; i < 70000; i++)
        count[ohm_rng_below(&r, 7)]++;
    for (int i = 0; i < 7; i++)
        chi2 += (count[i] - 10000.0) * (count[i] - 10000.0) / 10000.0;
    assert_true(chi2 < 22.46); /* 0.999 quantile of chi-square with 6 degrees of freedom */
}

static void normal_has_mean_zero_and_variance_one(void **state)
{
    struct ohm_rng r = ohm_rng_seed(13);
    double sum = 0, squares = 0;
    const int n = 200000;

    (void)state;
    for (int i = 0; i < n; i++) {
        const double x = ohm_rng_normal(&r);

        sum += x;
        squares += x * x;
    }
    assert_true(fabs(sum / n) < 4 / sqrt(n));
    assert_true(fabs(squares / n - 1) < 4 * sqrt(2.0 / n));
}

static void a_shuffle_keeps_every_item(void **state)
{
    struct ohm_rng r = ohm_rng_seed(1);
    int items[50], seen[50] = { 0 };

    (void)state;
    for (int i = 0; i < 50; i++)
        items[i] = i;
    ohm_rng_shuffle(&r, items, 50);
    for (int i = 0; i < 50; i++)
        seen[items[i]]++;
    for (int i = 0; i < 50; i++)
        assert_int_equal(seen[i], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copied_stream_draws_the_same_numbers),
        cmocka_unit_test(the_generator_is_philox_4x32_10),
        cmocka_unit_test(a_child_does_not_depend_on_how_far_its_parent_has_drawn),
        cmocka_unit_test(children_of_different_names_differ),
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(normal_has_mean_zero_and_variance_one),
        cmocka_unit_test(a_shuffle_keeps_every_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
