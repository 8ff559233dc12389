/* Paired tests against values worked out by other ways: enumeration, the binomial distribution, normal theory. */
#include "ohm/mem.h"
#include "ohm/paired.h"
#include "ohm/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "near.h"

static const struct ohm_paired_options plain = {
    .permutations = 20000, .resamples = 4000, .level = 0.05, .seed = 1, .jobs = 1};

static struct ohm_paired_result run(const struct ohm_paired *data, const struct ohm_paired_options *opt)
{
    struct ohm_paired_result r = {0};
    struct ohm_error err = {0};

    if (ohm_paired_test(&r, data, opt, &err) != OHM_OK)
        fail_msg("%s", err.text);
    return r;
}

/* Differences in eighths: 5 3 -2 4 1 -1 6 2, sum 18. Of the 256 sign flips, those with a sum of 18 or more have flipped
 * a subset of {5 3 -2 4 1 -1 6 2} whose sum is 0 or less, for a flip takes away twice the subset's sum. */
static void eight_items_are_enumerated(void **state)
{
    static const int eighths[8] = {5, 3, -2, 4, 1, -1, 6, 2};
    double a[8], b[8] = {0};
    int high = 0, low = 0;
    struct ohm_paired_result r;

    (void)state;
    for (int i = 0; i < 8; i++)
        a[i] = eighths[i] / 8.0;
    for (int set = 0; set < 256; set++) {
        int sum = 0;

        for (int i = 0; i < 8; i++)
            sum += set >> i & 1 ? eighths[i] : 0;
        high += sum <= 0;
        low += 18 - 2 * sum <= -18;
    }
    assert_int_equal(high, 11);
    assert_int_equal(low, high); /* flips come in pairs of opposite sums */
    r = run(&(struct ohm_paired){a, b, 1, 1, 8, NULL}, &plain);
    assert_true(r.exact);
    assert_int_equal(r.units, 8);
    assert_int_equal(r.differing, 8);
    assert_near(r.p_one, high / 256.0, 1e-15);
    assert_near(r.p, 2 * high / 256.0, 1e-15);
    assert_near(r.difference, 18.0 / 64, 1e-15);
    assert_true(isnan(r.low_seeds) && isnan(r.high_seeds));
    r = run(&(struct ohm_paired){b, a, 1, 1, 8, NULL}, &plain); /* the other way round */
    assert_near(r.p, 2 * high / 256.0, 1e-15);
    assert_true(r.p_one > 1 - high / 256.0);
    assert_near(r.difference, -18.0 / 64, 1e-15);
}

/* Answers of one training each: `only_a` items that A alone has right, and so on. */
static void fill_answers(double *a, double *b, int only_a, int only_b, int both)
{
    for (int i = 0; i < only_a + only_b + both; i++) {
        a[i] = i < only_a || i >= only_a + only_b;
        b[i] = i >= only_a;
    }
}

/* Twelve discordant items against two: 2 (1 + 14 + 91) / 2^14. */
static void single_answers_give_the_exact_test_of_mcnemar(void **state)
{
    double a[40], b[40];
    struct ohm_paired_result r;

    (void)state;
    fill_answers(a, b, 12, 2, 26);
    r = run(&(struct ohm_paired){a, b, 1, 1, 40, NULL}, &plain);
    assert_true(r.exact);
    assert_int_equal(r.differing, 14);
    assert_near(r.p, 212.0 / 16384, 1e-15);
    assert_near(r.p_one, 106.0 / 16384, 1e-15);
    assert_near(r.a, 38.0 / 40, 1e-15);
    assert_near(r.b, 28.0 / 40, 1e-15);
    assert_near(r.difference, 0.25, 1e-15);
}

/* 60 against 40: the two tails of the binomial distribution from 60 up, 0.0568879... (R: binom.test(60, 100)). */
static void drawn_flips_come_near_the_exact_test(void **state)
{
    struct ohm_paired_options opt = plain;
    double a[150], b[150];
    struct ohm_paired_result r;

    (void)state;
    fill_answers(a, b, 60, 40, 50);
    opt.permutations = 100000;
    r = run(&(struct ohm_paired){a, b, 1, 1, 150, NULL}, &opt);
    assert_false(r.exact);
    assert_near(r.p, 0.056888, 4 * sqrt(0.056888 / 100000));
    assert_near(r.p_one, 0.028444, 4 * sqrt(0.028444 / 100000));
}

/* The variance of a mean of differences is known; a bootstrap interval is 1.96 of it to each side. */
static void the_interval_over_items_is_that_of_normal_theory(void **state)
{
    enum { N = 3000 };
    static double a[N], b[N];
    struct ohm_rng rng = ohm_rng_seed(9);
    struct ohm_paired_result r;
    double sum = 0, squares = 0, half;

    (void)state;
    for (int i = 0; i < N; i++) {
        a[i] = ohm_rng_uniform(&rng) < 0.9;
        b[i] = ohm_rng_uniform(&rng) < 0.85;
        sum += a[i] - b[i];
        squares += (a[i] - b[i]) * (a[i] - b[i]);
    }
    half = 1.96 * sqrt((squares / N - sum / N * sum / N) / N);
    r = run(&(struct ohm_paired){a, b, 1, 1, N, NULL}, &plain);
    assert_near(r.difference, sum / N, 1e-12);
    assert_near(r.low, sum / N - half, 0.1 * half);
    assert_near(r.high, sum / N + half, 0.1 * half);
}

/* Every item four times, as a speaker with four equal clips: as groups that says no more than each of them once. */
static void copies_of_an_item_count_once_where_they_are_a_group(void **state)
{
    enum { N = 400, COPIES = 4 };
    static double a[N * COPIES], b[N * COPIES];
    static uint64_t group[N * COPIES];
    struct ohm_rng rng = ohm_rng_seed(10);
    struct ohm_paired_result once, grouped, blind;

    (void)state;
    for (int i = 0; i < N; i++) {
        a[i] = ohm_rng_uniform(&rng) < 0.9;
        b[i] = ohm_rng_uniform(&rng) < 0.87;
    }
    for (int i = 0; i < N * COPIES; i++) {
        a[i] = a[i % N];
        b[i] = b[i % N];
        group[i] = (uint64_t)(i % N);
    }
    once = run(&(struct ohm_paired){a, b, 1, 1, N, NULL}, &plain);
    grouped = run(&(struct ohm_paired){a, b, 1, 1, N * COPIES, group}, &plain);
    blind = run(&(struct ohm_paired){a, b, 1, 1, N * COPIES, NULL}, &plain);
    assert_int_equal(grouped.units, N);
    assert_near(grouped.p, once.p, 0);
    assert_near(grouped.low, once.low, 1e-12);
    assert_near(grouped.high, once.high, 1e-12);
    assert_near(blind.difference, once.difference, 1e-12);
    assert_true(blind.high - blind.low < 0.6 * (once.high - once.low) && blind.p < once.p);
}

/* Trainings that differ by far more than items do: the variance of a mean of three is a third of theirs, and there are
 * two sides. */
static void seeds_that_scatter_widen_the_second_interval_alone(void **state)
{
    enum { N = 2000, SEEDS = 3 };
    static const double level_a[SEEDS] = {0.80, 0.86, 0.92}, level_b[SEEDS] = {0.79, 0.85, 0.91};
    static double a[SEEDS * N], b[SEEDS * N];
    struct ohm_rng rng = ohm_rng_seed(11);
    struct ohm_paired_options opt = plain;
    struct ohm_paired_result r;

    (void)state;
    for (int s = 0; s < SEEDS; s++)
        for (int i = 0; i < N; i++) {
            a[s * N + i] = ohm_rng_uniform(&rng) < level_a[s];
            b[s * N + i] = ohm_rng_uniform(&rng) < level_b[s];
        }
    r = run(&(struct ohm_paired){a, b, SEEDS, SEEDS, N, NULL}, &opt);
    assert_true(r.low < r.difference && r.difference < r.high);
    assert_true(r.high - r.low < 0.03);
    /* Two of three levels 0.06 apart on each side: a difference of 0.12 above the mean has 1 chance in 81, 0.09 and more
     * has 5, so that 95 % lie in 0.18 to 0.24. (Three of three would give 0.16.) */
    assert_true(r.high_seeds - r.low_seeds > 0.18 && r.high_seeds - r.low_seeds < 0.25);
}

static void networks_that_are_alike_give_no_difference(void **state)
{
    const double a[5] = {1, 0, 1, 1, 0.5};
    const struct ohm_paired_result r = run(&(struct ohm_paired){a, a, 1, 1, 5, NULL}, &plain);

    (void)state;
    assert_true(r.p == 1 && r.p_one == 1 && r.difference == 0 && r.low == 0 && r.high == 0 && r.differing == 0);
}

/* Under no difference p is uniform: 400 tests of 60 items, of which 5 % come below 0.05. */
static void p_holds_its_level_where_nothing_differs(void **state)
{
    enum { N = 60, TESTS = 400 };
    struct ohm_paired_options opt = plain;
    struct ohm_rng rng = ohm_rng_seed(12);
    int below = 0;

    (void)state;
    opt.permutations = 400;
    opt.resamples = 1;
    for (int k = 0; k < TESTS; k++) {
        double a[N], b[N];

        for (int i = 0; i < N; i++) {
            a[i] = ohm_rng_uniform(&rng);
            b[i] = ohm_rng_uniform(&rng);
        }
        below += run(&(struct ohm_paired){a, b, 1, 1, N, NULL}, &opt).p < 0.05;
    }
    assert_true(below >= 7 && below <= 37); /* 20, with four standard deviations of 4.4 */
}

static void the_same_bits_for_one_and_two_threads_and_others_for_another_seed(void **state)
{
    enum { N = 300 };
    static double a[2 * N], b[2 * N];
    struct ohm_rng rng = ohm_rng_seed(13);
    struct ohm_paired_options opt = plain;
    struct ohm_paired_result one, two;
    const struct ohm_paired data = {a, b, 2, 2, N, NULL};

    (void)state;
    for (int i = 0; i < 2 * N; i++) {
        a[i] = ohm_rng_uniform(&rng);
        b[i] = ohm_rng_uniform(&rng);
    }
    one = run(&data, &opt);
    opt.jobs = 2;
    two = run(&data, &opt);
    assert_true(one.p == two.p && one.p_one == two.p_one && one.low == two.low && one.high == two.high &&
                one.low_seeds == two.low_seeds && one.high_seeds == two.high_seeds);
    opt.seed = 2;
    two = run(&data, &opt);
    assert_true(one.low != two.low && one.difference == two.difference);
}

static void every_allocation_may_fail(void **state)
{
    const double a[4] = {1, 0, 1, 1}, b[4] = {0, 0, 1, 0};
    struct ohm_paired_result r = {.units = -1};
    long n = 1;

    (void)state;
    for (; n < 100; n++) {
        enum ohm_status st;

        ohm_mem_fail_at(n);
        st = ohm_paired_test(&r, &(struct ohm_paired){a, b, 2, 2, 2, NULL}, &plain, NULL);
        ohm_mem_fail_at(0);
        if (st == OHM_OK)
            break;
        assert_int_equal(st, OHM_ENOMEM);
        assert_int_equal(r.units, -1);
    }
    assert_true(n > 5 && n < 100 && r.units == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_items_are_enumerated),
        cmocka_unit_test(single_answers_give_the_exact_test_of_mcnemar),
        cmocka_unit_test(drawn_flips_come_near_the_exact_test),
        cmocka_unit_test(the_interval_over_items_is_that_of_normal_theory),
        cmocka_unit_test(copies_of_an_item_count_once_where_they_are_a_group),
        cmocka_unit_test(seeds_that_scatter_widen_the_second_interval_alone),
        cmocka_unit_test(networks_that_are_alike_give_no_difference),
        cmocka_unit_test(p_holds_its_level_where_nothing_differs),
        cmocka_unit_test(the_same_bits_for_one_and_two_threads_and_others_for_another_seed),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
