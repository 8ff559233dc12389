/* The Gaussian process, against the textbook formulas solved by elimination. */
#include "gp_int.h"

#include "ohm/mem.h"
#include "ohm/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "near.h"

enum { ROWS = 30, FEATURES = 4, POOL = 1300 };

struct fixture {
    struct ohm_gp *gp;
    struct ohm_gp_pool *pool;
    float row[ROWS * FEATURES], at[POOL * FEATURES], mean[POOL], sd[POOL];
    double z[ROWS];
};

static double wave(const float *x)
{
    return sin(1.3 * x[0]) + 0.5 * x[1] - 0.3 * x[2] * x[3];
}

static void make(struct fixture *f, uint64_t seed)
{
    struct ohm_rng rng = ohm_rng_seed(seed);

    for (int i = 0; i < ROWS * FEATURES; i++)
        f->row[i] = (float)ohm_rng_normal(&rng);
    for (int i = 0; i < POOL * FEATURES; i++)
        f->at[i] = (float)ohm_rng_normal(&rng);
    for (int i = 0; i < ROWS; i++)
        f->z[i] = wave(f->row + i * FEATURES);
    assert_int_equal(ohm_gp_create(&f->gp, FEATURES, ROWS, NULL), OHM_OK);
    assert_int_equal(ohm_gp_pool_create(&f->pool, f->at, POOL, FEATURES, NULL), OHM_OK);
}

static void release(struct fixture *f)
{
    ohm_gp_free(f->gp);
    ohm_gp_pool_free(f->pool);
}

static double kernel(const struct ohm_gp *gp, const float *a, const float *b)
{
    double d2 = 0, s;

    for (int k = 0; k < FEATURES; k++)
        d2 += (a[k] - b[k]) * (a[k] - b[k]);
    s = sqrt(5 * d2 / FEATURES) / ohm_gp_length(gp);
    return (1 + s + s * s / 3) * exp(-s);
}

/* Solves (K + noise I) w = k for one candidate by Gauss elimination; mean = w . z, variance = 1 - w . k. */
static void plain(const struct fixture *f, int n, const float *x, double *mean, double *variance)
{
    double a[ROWS][ROWS + 1], w[ROWS];

    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            a[i][j] = kernel(f->gp, f->row + i * FEATURES, f->row + j * FEATURES) + (i == j) * ohm_gp_noise(f->gp);
        a[i][n] = kernel(f->gp, f->row + i * FEATURES, x);
    }
    for (int c = 0; c < n; c++)
        for (int i = 0; i < n; i++)
            for (int j = n; i != c && j >= c; j--)
                a[i][j] -= a[c][j] * a[i][c] / a[c][c];
    *mean = 0;
    *variance = 1;
    for (int i = 0; i < n; i++) {
        w[i] = a[i][n] / a[i][i];
        *mean += w[i] * f->z[i];
        *variance -= w[i] * kernel(f->gp, f->row + i * FEATURES, x);
    }
}

static void check_against_plain(struct fixture *f, int n)
{
    for (int i = 0; i < POOL; i += 37) {
        double mean, variance;

        plain(f, n, f->at + i * FEATURES, &mean, &variance);
        assert_near(f->mean[i], mean, 2e-4);
        assert_near(f->sd[i] * f->sd[i] / f->gp->scale, variance, 2e-4);
    }
}

static void add_rows(struct fixture *f, int from, int to)
{
    for (int i = from; i < to; i++)
        ohm_gp_add(f->gp, f->row + i * FEATURES);
    ohm_gp_set_targets(f->gp, f->z, to);
}

static void the_kernel_is_matern_5_2_to_six_digits(void **state)
{
    (void)state;
    for (double s = 0; s < 60; s += 0.0137) {
        const double exact = (1 + s + s * s / 3) * exp(-s);

        assert_near(ohm_gp_kernel((float)(s * s / 5), 1), exact, 2e-6 * exact + 1e-7);
    }
    assert_true(ohm_gp_kernel(1e30f, 1) < 1e-20f);
    assert_true(ohm_gp_kernel(0, 1) == 1);
}

static void predictions_are_those_of_the_textbook_row_by_row(void **state)
{
    struct fixture f;

    (void)state;
    make(&f, 1);
    for (int n = 5; n <= ROWS; n += 5) {
        add_rows(&f, n - 5, n);
        if (n == 15)
            assert_int_equal(ohm_gp_fit(f.gp, NULL), OHM_OK);
        assert_int_equal(ohm_gp_predict(f.gp, f.pool, f.mean, f.sd, 1, NULL), OHM_OK);
        check_against_plain(&f, n);
    }
    release(&f);
}

static void a_cleared_model_starts_anew(void **state)
{
    struct fixture f;

    (void)state;
    make(&f, 2);
    add_rows(&f, 0, 10);
    assert_int_equal(ohm_gp_predict(f.gp, f.pool, f.mean, f.sd, 1, NULL), OHM_OK);
    ohm_gp_clear(f.gp);
    for (int i = 0; i < ROWS * FEATURES; i++)
        f.row[i] += 0.3f;
    add_rows(&f, 0, 12);
    assert_int_equal(ohm_gp_predict(f.gp, f.pool, f.mean, f.sd, 1, NULL), OHM_OK);
    check_against_plain(&f, 12);
    release(&f);
}

static void a_row_without_a_target_lowers_the_uncertainty_and_moves_no_mean(void **state)
{
    struct fixture f;
    float before[POOL], sd_before[POOL];

    (void)state;
    make(&f, 3);
    add_rows(&f, 0, 10);
    assert_int_equal(ohm_gp_predict(f.gp, f.pool, before, sd_before, 1, NULL), OHM_OK);
    ohm_gp_add(f.gp, f.at); /* the first candidate itself */
    assert_int_equal(ohm_gp_rows(f.gp), 11);
    assert_int_equal(ohm_gp_predict(f.gp, f.pool, f.mean, f.sd, 1, NULL), OHM_OK);
    for (int i = 0; i < POOL; i++) {
        assert_true(f.mean[i] == before[i]);
        assert_true(f.sd[i] <= sd_before[i]);
    }
    assert_true(f.sd[0] < 0.5f * sd_before[0]);
    release(&f);
}

static void any_number_of_threads_gives_the_same_bits(void **state)
{
    struct fixture f, g;

    (void)state;
    make(&f, 4);
    make(&g, 4);
    add_rows(&f, 0, 20);
    add_rows(&g, 0, 20);
    assert_int_equal(ohm_gp_predict(f.gp, f.pool, f.mean, f.sd, 1, NULL), OHM_OK);
    assert_int_equal(ohm_gp_predict(g.gp, g.pool, g.mean, g.sd, 3, NULL), OHM_OK);
    assert_memory_equal(f.mean, g.mean, sizeof f.mean);
    assert_memory_equal(f.sd, g.sd, sizeof f.sd);
    release(&f);
    release(&g);
}

static void fitting_tells_a_smooth_function_from_noise(void **state)
{
    struct fixture f;
    struct ohm_rng rng = ohm_rng_seed(9);
    double smooth_noise, error = 0, spread = 0;

    (void)state;
    make(&f, 5);
    add_rows(&f, 0, ROWS);
    assert_int_equal(ohm_gp_fit(f.gp, NULL), OHM_OK);
    smooth_noise = ohm_gp_noise(f.gp);
    assert_int_equal(ohm_gp_predict(f.gp, f.pool, f.mean, f.sd, 1, NULL), OHM_OK);
    for (int i = 0; i < POOL; i++) {
        const double truth = wave(f.at + i * FEATURES);

        error += (f.mean[i] - truth) * (f.mean[i] - truth);
        spread += truth * truth;
    }
    assert_true(error < 0.25 * spread);
    for (int i = 0; i < ROWS; i++)
        f.z[i] = ohm_rng_normal(&rng);
    ohm_gp_set_targets(f.gp, f.z, ROWS);
    assert_int_equal(ohm_gp_fit(f.gp, NULL), OHM_OK);
    assert_true(ohm_gp_noise(f.gp) > smooth_noise);
    release(&f);
}

static void every_allocation_may_fail(void **state)
{
    struct fixture f;

    (void)state;
    for (long n = 1; n <= 4; n++) {
        struct ohm_gp *gp = NULL;

        ohm_mem_fail_at(n);
        assert_int_equal(ohm_gp_create(&gp, FEATURES, ROWS, NULL), OHM_ENOMEM);
        assert_null(gp);
    }
    ohm_mem_fail_at(0);
    make(&f, 6);
    add_rows(&f, 0, 3);
    for (long n = 1; n <= 4; n++) {
        struct ohm_gp_pool *pool = NULL;

        ohm_mem_fail_at(n);
        assert_int_equal(ohm_gp_pool_create(&pool, f.at, POOL, FEATURES, NULL), OHM_ENOMEM);
        assert_null(pool);
    }
    for (long n = 1; n <= 6; n++) { /* a call that failed leaves what the next one can use */
        ohm_mem_fail_at(n);
        assert_int_equal(ohm_gp_predict(f.gp, f.pool, f.mean, f.sd, 1, NULL), OHM_ENOMEM);
    }
    ohm_mem_fail_at(1);
    assert_int_equal(ohm_gp_fit(f.gp, NULL), OHM_ENOMEM);
    ohm_mem_fail_at(0);
    assert_int_equal(ohm_gp_predict(f.gp, f.pool, f.mean, f.sd, 1, NULL), OHM_OK);
    check_against_plain(&f, 3);
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_is_matern_5_2_to_six_digits),
        cmocka_unit_test(predictions_are_those_of_the_textbook_row_by_row),
        cmocka_unit_test(a_cleared_model_starts_anew),
        cmocka_unit_test(a_row_without_a_target_lowers_the_uncertainty_and_moves_no_mean),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(fitting_tells_a_smooth_function_from_noise),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
