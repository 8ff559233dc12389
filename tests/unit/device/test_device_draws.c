/* Counted draws and the functions they are made with. */
#include "device_fixture.h"

#include "device_int.h"
#include "vec_math.h"

static void logarithm_and_exponential_are_those_of_the_library(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        const double x = exp(-20 + i * 2e-4), y = -690 + i * 6.9e-3;

        assert_close(vm_log(x), log(x), 4e-16 * fabs(log(x)) + 2e-16, "ln");
        assert_close(vm_exp(y) / exp(y), 1, 2e-15, "exp");
    }
    assert_true(vm_exp(-1e9) > 0 && vm_exp(1e9) < INFINITY);
    assert_true(vm_log(1) == 0 && vm_exp(0) == 1);
}

static void sine_and_cosine_are_those_of_the_library_all_around(void **state)
{
    (void)state;
    for (uint64_t turn = 0; turn < 0x100000000u; turn += 40961) {
        const double angle = (double)turn * 6.283185307179586 / 4294967296.0;
        double s, c;

        vm_sin_cos((uint32_t)turn, &s, &c);
        assert_close(s, sin(angle), 2e-15, "sin");
        assert_close(c, cos(angle), 2e-15, "cos");
    }
}

static void a_draw_depends_on_its_number_and_not_on_where_a_block_begins(void **state)
{
    const struct ohm_rng stream = ohm_rng_seed(5);
    double base[2 * DEVICE_BLOCK], z[DEVICE_BLOCK];

    (void)state;
    normal_block(base, 0, &stream);
    normal_block(base + DEVICE_BLOCK, DEVICE_BLOCK, &stream);
    for (int first = 0; first < DEVICE_BLOCK; first += 7) {
        normal_block(z, (uint64_t)first, &stream);
        assert_memory_equal(z, base + first, sizeof z);
    }
}

static void the_place_of_a_stream_does_not_matter(void **state)
{
    struct ohm_rng stream = ohm_rng_seed(5);
    double a[DEVICE_BLOCK], b[DEVICE_BLOCK];

    (void)state;
    normal_block(a, 3, &stream);
    ohm_rng_u32(&stream);
    normal_block(b, 3, &stream);
    assert_memory_equal(a, b, sizeof a);
}

static void draws_are_standard_normal_and_independent(void **state)
{
    enum { BLOCKS = 8000 };
    const struct ohm_rng stream = ohm_rng_seed(11);
    const double n = (double)BLOCKS * DEVICE_BLOCK;
    double z[DEVICE_BLOCK], first = 0, second = 0, fourth = 0, lag = 0, beyond = 0;

    (void)state;
    for (int b = 0; b < BLOCKS; b++) {
        normal_block(z, (uint64_t)b * DEVICE_BLOCK, &stream);
        for (int i = 0; i < DEVICE_BLOCK; i++) {
            first += z[i];
            second += z[i] * z[i];
            fourth += z[i] * z[i] * z[i] * z[i];
            beyond += fabs(z[i]) > 3;
            lag += i > 0 ? z[i] * z[i - 1] : 0;
        }
    }
    assert_close(first / n, 0, 4 / sqrt(n), "mean");
    assert_close(second / n, 1, 4 * sqrt(2 / n), "variance");
    assert_close(fourth / n, 3, 4 * sqrt(96 / n), "fourth moment");
    assert_close(lag / n, 0, 4 / sqrt(n), "neighbours");
    assert_close(beyond / n, 0.0026998, 4 * sqrt(0.0027 / n), "beyond three");
}

static void the_even_draws_are_those_of_the_house_generator(void **state)
{
    struct ohm_rng stream = ohm_rng_seed(9);
    double z[DEVICE_BLOCK];

    (void)state;
    normal_block(z, 0, &stream);
    for (int i = 0; i < DEVICE_BLOCK; i += 2)
        assert_close(z[i], ohm_rng_normal(&stream), 1e-14, "draw");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithm_and_exponential_are_those_of_the_library),
        cmocka_unit_test(sine_and_cosine_are_those_of_the_library_all_around),
        cmocka_unit_test(a_draw_depends_on_its_number_and_not_on_where_a_block_begins),
        cmocka_unit_test(the_place_of_a_stream_does_not_matter),
        cmocka_unit_test(draws_are_standard_normal_and_independent),
        cmocka_unit_test(the_even_draws_are_those_of_the_house_generator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
