/* Fronts, crowding and hypervolume, against their definitions. */
#include "ohm/mem.h"
#include "ohm/pareto.h"
#include "ohm/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "near.h"

enum { ROWS = 60, OBJECTIVES = 5 };

/* Few distinct values, so that equal rows and equal objectives occur; now and then a NaN. */
static int random_rows(double *value, int m, struct ohm_rng *rng)
{
    const int n = 1 + (int)ohm_rng_below(rng, ROWS);
    const uint32_t values = 2 + ohm_rng_below(rng, 20);

    for (int i = 0; i < n * m; i++)
        value[i] = ohm_rng_below(rng, 40) == 0 ? (double)NAN : ohm_rng_below(rng, values);
    return n;
}

static void a_not_a_number_is_worse_than_infinity(void **state)
{
    const double a[] = {1, INFINITY}, b[] = {1, NAN};

    (void)state;
    assert_true(ohm_dominates(a, b, 2));
    assert_false(ohm_dominates(b, a, 2));
    assert_false(ohm_dominates(a, a, 2));
    assert_false(ohm_dominates(b, b, 2));
}

static bool same_row(const double *a, const double *b, int m)
{
    return memcmp(a, b, (size_t)m * sizeof *a) == 0;
}

static void the_front_is_every_row_that_none_dominates_once(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(21);
    double value[ROWS * OBJECTIVES];

    (void)state;
    for (int trial = 0; trial < 500; trial++) {
        const int m = 1 + (int)ohm_rng_below(&rng, OBJECTIVES), n = random_rows(value, m, &rng);
        int front[ROWS], count, expected = 0;

        assert_int_equal(ohm_pareto_front(value, n, m, front, &count, NULL), OHM_OK);
        for (int i = 0; i < n; i++) {
            bool in = true, found = false;

            for (int j = 0; j < n && in; j++)
                in = !ohm_dominates(value + j * m, value + i * m, m) &&
                     !(j < i && same_row(value + j * m, value + i * m, m));
            for (int k = 0; k < count; k++)
                found |= front[k] == i;
            assert_int_equal(found, in);
            expected += in;
        }
        assert_int_equal(count, expected);
        for (int k = 1; k < count; k++) {
            const double a = value[front[k - 1] * m], b = value[front[k] * m];

            assert_true(a <= b || isnan(b));
            if (a == b)
                assert_true(front[k - 1] < front[k]);
        }
    }
}

static void rank_is_the_number_of_fronts_taken_off_before(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(22);
    double value[ROWS * OBJECTIVES];

    (void)state;
    for (int trial = 0; trial < 500; trial++) {
        const int m = 1 + (int)ohm_rng_below(&rng, OBJECTIVES), n = random_rows(value, m, &rng);
        int rank[ROWS], plain[ROWS], left = n;

        assert_int_equal(ohm_pareto_rank(value, n, m, rank, NULL), OHM_OK);
        for (int i = 0; i < n; i++)
            plain[i] = -1;
        for (int r = 0; left > 0; r++) {
            bool off[ROWS];

            for (int i = 0; i < n; i++) {
                off[i] = plain[i] < 0;
                for (int j = 0; j < n && off[i]; j++)
                    off[i] = plain[j] >= 0 || !ohm_dominates(value + j * m, value + i * m, m);
            }
            for (int i = 0; i < n; i++) {
                plain[i] = off[i] ? r : plain[i];
                left -= off[i];
            }
        }
        assert_memory_equal(rank, plain, (size_t)n * sizeof *rank);
    }
}

static void crowding_is_the_size_of_the_gap_and_infinite_at_the_ends(void **state)
{
    const double value[] = {0, 4, 9, 9, 1, 2, 4, 0, 3, 1};
    const int index[] = {0, 2, 3, 4};
    double distance[4];

    (void)state;
    assert_int_equal(ohm_crowding(value, 2, index, 4, distance, NULL), OHM_OK);
    assert_true(isinf(distance[0]) && isinf(distance[2]));
    assert_near(distance[1], 3.0 / 4 + 3.0 / 4, 1e-15);
    assert_near(distance[3], 3.0 / 4 + 2.0 / 4, 1e-15);
}

/* The volume by inclusion and exclusion over all subsets. */
static double plain_volume(const double *value, int n, int m, const double *reference)
{
    double sum = 0;

    for (unsigned set = 1; set < 1u << n; set++) {
        double box = __builtin_popcount(set) % 2 ? 1 : -1;

        for (int k = 0; k < m; k++) {
            double corner = -INFINITY;

            for (int i = 0; i < n; i++)
                if (set >> i & 1)
                    corner = fmax(corner, value[i * m + k]);
            box *= fmax(0, reference[k] - corner);
        }
        sum += box;
    }
    return sum;
}

static void hypervolume_equals_inclusion_and_exclusion(void **state)
{
    const double reference[] = {9, 8.5, 10, 7.5, 9};
    struct ohm_rng rng = ohm_rng_seed(23);

    (void)state;
    for (int trial = 0; trial < 400; trial++) {
        const int m = 1 + (int)ohm_rng_below(&rng, OBJECTIVES), n = (int)ohm_rng_below(&rng, 11);
        double value[11 * OBJECTIVES], volume, plain;

        for (int i = 0; i < n * m; i++)
            value[i] = ohm_rng_below(&rng, 12);
        assert_int_equal(ohm_hypervolume(value, n, m, reference, &volume, NULL), OHM_OK);
        plain = plain_volume(value, n, m, reference);
        assert_near(volume, plain, 1e-9 * (1 + plain));
    }
}

static void hypervolume_passes_over_rows_without_a_number(void **state)
{
    const double value[] = {1, 1, NAN, 0, 5, 0}, reference[] = {3, 3};
    double volume;

    (void)state;
    assert_int_equal(ohm_hypervolume(value, 3, 2, reference, &volume, NULL), OHM_OK);
    assert_near(volume, 4, 1e-15);
    assert_int_equal(ohm_hypervolume(value, 3, 99, reference, &volume, NULL), OHM_ERANGE);
}

static void the_knee_is_nearest_to_the_ideal_point(void **state)
{
    const double value[] = {0, 100, 1, 20, 5, 10, 10, 0}, same[] = {2, 2, 2, 2};

    (void)state;
    assert_int_equal(ohm_pareto_knee(value, 4, 2), 1);
    assert_int_equal(ohm_pareto_knee(same, 2, 2), 0);
}

static void a_failed_allocation_is_reported(void **state)
{
    const double value[] = {1, 2, 3, 4};
    const int index[] = {0, 1};
    double distance[2];
    int front[2], count;

    (void)state;
    ohm_mem_fail_at(1);
    assert_int_equal(ohm_pareto_front(value, 2, 2, front, &count, NULL), OHM_ENOMEM);
    ohm_mem_fail_at(1);
    assert_int_equal(ohm_pareto_rank(value, 2, 2, front, NULL), OHM_ENOMEM);
    for (long n = 1; n <= 2; n++) {
        ohm_mem_fail_at(n);
        assert_int_equal(ohm_crowding(value, 2, index, 2, distance, NULL), OHM_ENOMEM);
        ohm_mem_fail_at(n);
        assert_int_equal(ohm_hypervolume(value, 2, 2, value, distance, NULL), OHM_ENOMEM);
    }
    ohm_mem_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_not_a_number_is_worse_than_infinity),
        cmocka_unit_test(the_front_is_every_row_that_none_dominates_once),
        cmocka_unit_test(rank_is_the_number_of_fronts_taken_off_before),
        cmocka_unit_test(crowding_is_the_size_of_the_gap_and_infinite_at_the_ends),
        cmocka_unit_test(hypervolume_equals_inclusion_and_exclusion),
        cmocka_unit_test(hypervolume_passes_over_rows_without_a_number),
        cmocka_unit_test(the_knee_is_nearest_to_the_ideal_point),
        cmocka_unit_test(a_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
