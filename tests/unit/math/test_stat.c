/* Statistics and rank correlation, against plain reference loops and published values. */
#include "ohm/mem.h"
#include "ohm/stat.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "near.h"

static void mean_and_sd_are_those_of_a_worked_example(void **state)
{
    const double x[] = {2, 4, 4, 4, 5, 5, 7, 9};

    (void)state;
    assert_near(ohm_mean(x, 8), 5, 1e-15);
    assert_near(ohm_sd(x, 8), sqrt(32.0 / 7), 1e-15);
    assert_near(ohm_sd(x, 1), 0, 0);
    assert_near(ohm_rmse(x, (const double[]){2, 4, 4, 4, 5, 5, 7, 5}, 8), sqrt(16.0 / 8), 1e-15);
}

static void quantiles_are_of_type_7(void **state)
{
    double x[] = {15, 40, 20, 50, 35}, same[] = {3, 3, 3};

    (void)state;
    assert_near(ohm_quantile_in_place(x, 5, 0.4), 29, 1e-12); /* 20 + 0.6 * 15 */
    assert_near(ohm_quantile_in_place(x, 5, 0), 15, 0);
    assert_near(ohm_quantile_in_place(x, 5, 1), 50, 0);
    assert_near(ohm_quantile_in_place(x, 5, 0.5), 35, 0);
    assert_near(ohm_quantile_in_place(same, 3, 0.3), 3, 0);
}

/* Tau-b as it is defined: pairs counted one by one. */
static double plain_tau(const double *x, const double *y, int n)
{
    double agree = 0, x_untied = 0, y_untied = 0;

    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            const int a = (x[i] > x[j]) - (x[i] < x[j]), b = (y[i] > y[j]) - (y[i] < y[j]);

            agree += a * b;
            x_untied += a != 0;
            y_untied += b != 0;
        }
    }
    return agree / sqrt(x_untied * y_untied);
}

static void kendall_equals_the_count_of_pairs_with_and_without_ties(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(11);
    double x[97], y[97];

    (void)state;
    for (int trial = 0; trial < 200; trial++) {
        const int n = 2 + (int)ohm_rng_below(&rng, 95);
        const uint32_t values = 2 + ohm_rng_below(&rng, 60);
        double tau;

        for (int i = 0; i < n; i++) {
            x[i] = ohm_rng_below(&rng, values);
            y[i] = 0.5 * x[i] + ohm_rng_below(&rng, values);
        }
        x[0] = -1; /* neither side is constant */
        y[0] = -1;
        assert_int_equal(ohm_kendall(&tau, x, y, n, NULL), OHM_OK);
        assert_near(tau, plain_tau(x, y, n), 1e-12);
    }
}

static void correlation_with_a_constant_is_not_a_number(void **state)
{
    const double x[] = {1, 1, 1}, y[] = {1, 2, 3};
    double tau, rho;

    (void)state;
    assert_int_equal(ohm_kendall(&tau, x, y, 3, NULL), OHM_OK);
    assert_int_equal(ohm_spearman(&rho, x, y, 3, NULL), OHM_OK);
    assert_true(isnan(tau));
    assert_true(isnan(rho));
}

static void spearman_shares_the_ranks_of_ties(void **state)
{
    /* Ranks of y: 0 1.5 1.5 3 4; sum of products about the mean 9.5, of squares 10 and 9.5. */
    const double x[] = {1, 2, 3, 4, 5}, y[] = {10, 20, 20, 30, 40};
    double rho;

    (void)state;
    assert_int_equal(ohm_spearman(&rho, x, y, 5, NULL), OHM_OK);
    assert_near(rho, 9.5 / sqrt(10 * 9.5), 1e-12);
}

static void overlap_of_the_top_counts_common_members(void **state)
{
    const double x[] = {9, 8, 7, 1, 2, 3}, y[] = {9, 1, 7, 8, 2, 3};
    double share;

    (void)state;
    assert_int_equal(ohm_top_k_overlap(&share, x, y, 6, 3, NULL), OHM_OK);
    assert_near(share, 2.0 / 3, 1e-15);
    assert_int_equal(ohm_top_k_overlap(&share, x, x, 6, 99, NULL), OHM_OK);
    assert_near(share, 1, 0);
}

static void bootstrap_interval_covers_like_the_normal_one(void **state)
{
    enum { N = 400 };
    double x[N], low, high, sd;
    struct ohm_rng rng = ohm_rng_seed(5);

    (void)state;
    for (int i = 0; i < N; i++)
        x[i] = ohm_rng_normal(&rng);
    sd = ohm_sd(x, N) / sqrt(N);
    assert_int_equal(ohm_bootstrap_mean(&low, &high, x, N, 4000, 0.95, &rng, NULL), OHM_OK);
    assert_near(low, ohm_mean(x, N) - 1.96 * sd, 0.15 * sd);
    assert_near(high, ohm_mean(x, N) + 1.96 * sd, 0.15 * sd);
}

static void wilson_interval_is_that_of_the_books(void **state)
{
    double low, high;

    (void)state;
    ohm_wilson(&low, &high, 5, 10); /* Brown, Cai and DasGupta 2001: 0.2366, 0.7634 */
    assert_near(low, 0.2366, 5e-5);
    assert_near(high, 0.7634, 5e-5);
    ohm_wilson(&low, &high, 0, 10);
    assert_near(low, 0, 1e-15);
    assert_near(high, 0.2775, 5e-5);
}

static void normal_quantile_inverts_the_distribution(void **state)
{
    (void)state;
    assert_near(ohm_normal_quantile(0.975), 1.959963984540054, 1e-12);
    assert_near(ohm_normal_quantile(0.5), 0, 1e-12);
    for (double p = 1e-9; p < 0.5; p *= 1.7) {
        const double z = ohm_normal_quantile(p);

        assert_near(0.5 * erfc(-z * M_SQRT1_2) / p, 1, 1e-9);
        assert_near(ohm_normal_quantile(1 - p), -z, 1e-6 * fabs(z));
    }
}

static void a_failed_allocation_is_reported(void **state)
{
    const double x[] = {1, 2, 3};
    struct ohm_rng rng = ohm_rng_seed(1);
    double a, b;

    (void)state;
    for (long n = 1; n <= 2; n++) {
        ohm_mem_fail_at(n);
        assert_int_equal(ohm_kendall(&a, x, x, 3, NULL), OHM_ENOMEM);
        ohm_mem_fail_at(n);
        assert_int_equal(ohm_spearman(&a, x, x, 3, NULL), OHM_ENOMEM);
        ohm_mem_fail_at(n);
        assert_int_equal(ohm_top_k_overlap(&a, x, x, 3, 1, NULL), OHM_ENOMEM);
    }
    ohm_mem_fail_at(1);
    assert_int_equal(ohm_bootstrap_mean(&a, &b, x, 3, 10, 0.95, &rng, NULL), OHM_ENOMEM);
    ohm_mem_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_sd_are_those_of_a_worked_example),
        cmocka_unit_test(quantiles_are_of_type_7),
        cmocka_unit_test(kendall_equals_the_count_of_pairs_with_and_without_ties),
        cmocka_unit_test(correlation_with_a_constant_is_not_a_number),
        cmocka_unit_test(spearman_shares_the_ranks_of_ties),
        cmocka_unit_test(overlap_of_the_top_counts_common_members),
        cmocka_unit_test(bootstrap_interval_covers_like_the_normal_one),
        cmocka_unit_test(wilson_interval_is_that_of_the_books),
        cmocka_unit_test(normal_quantile_inverts_the_distribution),
        cmocka_unit_test(a_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
