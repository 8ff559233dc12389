/* test_curves.c - activations against their closed forms, slopes against differences, sums over channels against loops.
 */
#include "ops_ref.h"

#include "ohm/ops_curves.h"

enum { N = 40001 };

static const struct ohm_exec one = {.jobs = 1};

static double closed_form(enum ohm_curve curve, double x)
{
    switch (curve) {
    case OHM_CURVE_ELU:
        return x > 0 ? x : expm1(x);
    case OHM_CURVE_LOG_COSH: /* near 0 log1p(2 sinh^2(x / 2)) keeps the digits */
        return fabs(x) < 1 ? log1p(2 * sinh(x / 2) * sinh(x / 2)) : fabs(x) + log1p(exp(-2 * fabs(x))) - log(2);
    case OHM_CURVE_SIGMOID:
        return 1 / (1 + exp(-x));
    default:
        return tanh(x);
    }
}

/* From -30 to 30, densest at 0, with both zeros and a few of all sizes. */
static void arguments(float *x)
{
    static const float special[] = {0,     -0.0f,  1e-30f, -1e-30f, 1e-8f, 87,    -87,
                                    88.5f, -88.5f, 1e4f,   -1e4f,   3e38f, -3e38f};

    for (int i = 0; i < N; i++) {
        const double t = 2.0 * i / (N - 1) - 1;

        x[i] = (float)(30 * t * t * t);
    }
    memcpy(x, special, sizeof special);
}

static void curves_are_their_closed_forms(void **state)
{
    /* In units of the last place of the result: so many roundings lie on the way. */
    static const double allowed[OHM_CURVES] = {3, 4, 3, 3};
    float *x = ohm_alloc(N, sizeof *x), *y = ohm_alloc(N, sizeof *y);

    (void)state;
    arguments(x);
    for (int curve = 0; curve < OHM_CURVES; curve++) {
        ohm_curve_forward(curve, y, x, N, one);
        for (int i = 0; i < N; i++) {
            const double exact = closed_form(curve, (double)x[i]);
            const double unit = fmax(fabs(exact) * 0x1p-23, 0x1p-126);

            if (!(fabs((double)y[i] - exact) <= allowed[curve] * unit))
                fail_msg("curve %d of %.9g is %.9g, should be %.9g", curve, (double)x[i], (double)y[i], exact);
        }
    }
    ohm_free(x);
    ohm_free(y);
}

static void what_is_no_number_stays_none_and_infinity_has_its_limit(void **state)
{
    static const float limit[OHM_CURVES][2] = {{INFINITY, -1}, {INFINITY, INFINITY}, {1, 0}, {1, -1}};
    const float x[3] = {INFINITY, -INFINITY, NAN};

    (void)state;
    for (int curve = 0; curve < OHM_CURVES; curve++) {
        float y[3];

        ohm_curve_forward(curve, y, x, 3, one);
        assert_true(y[0] == limit[curve][0] && y[1] == limit[curve][1] && isnan(y[2]));
    }
}

/* Against central differences of the closed form. */
static void slopes_are_those_of_the_closed_forms(void **state)
{
    enum { M = 401 };
    float x[M], y[M], dy[M], dx[M];

    (void)state;
    for (int i = 0; i < M; i++) {
        x[i] = (float)(i - M / 2) * 0.03f + 0.007f;
        dy[i] = 1 + (float)(i % 5);
    }
    for (int curve = 0; curve < OHM_CURVES; curve++) {
        ohm_curve_forward(curve, y, x, M, one);
        ohm_curve_backward(curve, dx, dy, x, y, M, one);
        for (int i = 0; i < M; i++) {
            const double h = 1e-5, at = (double)x[i];
            const double slope = (closed_form(curve, at + h) - closed_form(curve, at - h)) / (2 * h);

            if (!(fabs((double)dx[i] - (double)dy[i] * slope) < 1e-5))
                fail_msg("curve %d at %g: slope %g, should be %g", curve, at, (double)dx[i], (double)dy[i] * slope);
        }
    }
}

static void every_instruction_set_and_number_of_threads_gives_the_same_bits(void **state)
{
    float *x = ohm_alloc(N, sizeof *x), *y = ohm_alloc(N, sizeof *y), *again = ohm_alloc(N, sizeof *again);

    (void)state;
    arguments(x);
    for (int curve = 0; curve < OHM_CURVES; curve++)
        for (int isa = OHM_ISA_BASE; isa < OHM_ISA_COUNT; isa++)
            for (int jobs = 1; jobs <= 3 && ohm_isa_present(isa); jobs++) {
                const struct ohm_exec exec = {.jobs = jobs, .isa = isa};

                ohm_curve_forward(curve, y, x, N, one);
                ohm_curve_forward(curve, again, x, N, exec);
                assert_memory_equal(again, y, N * sizeof *y);
                ohm_curve_backward(curve, y, x, x, again, N, one);
                ohm_curve_backward(curve, again, x, x, again, N, exec); /* in place */
                assert_memory_equal(again, y, N * sizeof *y);
                ohm_multiply(y, x, x, N, one);
                ohm_multiply(again, x, x, N, exec);
                assert_memory_equal(again, y, N * sizeof *y);
            }
    ohm_free(x);
    ohm_free(y);
    ohm_free(again);
}

static void sums_and_lengths_of_pixels_are_those_of_plain_loops(void **state)
{
    enum { PIXELS = 37, C = 19 };
    float x[PIXELS * C], sum[PIXELS], norm[PIXELS], dy[PIXELS], d_sum[PIXELS * C], d_norm[PIXELS * C];
    struct ohm_rng rng = ohm_rng_seed(4);

    (void)state;
    fill_random(x, PIXELS * C, &rng);
    fill_random(dy, PIXELS, &rng);
    memset(x, 0, C * sizeof *x); /* a length of 0 */
    ohm_pixel_sum(sum, x, PIXELS, C, one);
    ohm_pixel_norm(norm, x, PIXELS, C, one);
    ohm_pixel_sum_backward(d_sum, dy, PIXELS, C, one);
    ohm_pixel_norm_backward(d_norm, dy, x, norm, PIXELS, C, one);
    for (int p = 0; p < PIXELS; p++) {
        double s = 0, q = 0;

        for (int c = 0; c < C; c++) {
            s += (double)x[p * C + c];
            q += (double)x[p * C + c] * (double)x[p * C + c];
            assert_true(d_sum[p * C + c] == dy[p]);
        }
        assert_true(fabs((double)sum[p] - s) < 1e-6 && fabs((double)norm[p] - sqrt(q)) < 1e-6);
        for (int c = 0; c < C; c++) {
            const double slope = q > 0 ? (double)dy[p] * (double)x[p * C + c] / sqrt(q) : 0;

            assert_true(fabs((double)d_norm[p * C + c] - slope) < 1e-6);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_are_their_closed_forms),
        cmocka_unit_test(what_is_no_number_stays_none_and_infinity_has_its_limit),
        cmocka_unit_test(slopes_are_those_of_the_closed_forms),
        cmocka_unit_test(every_instruction_set_and_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(sums_and_lengths_of_pixels_are_those_of_plain_loops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
