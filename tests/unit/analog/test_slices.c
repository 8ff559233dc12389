/* Slices of weights and inputs, and the current of the smallest conductance. */
#include "analog_fixture.h"

enum { OUT = 40, IN = 300, N = 256 };

static float w[OUT * IN], x[N * IN];

/* The largest weight of each tile of 32 x 100 is 1. */
static void fill(void)
{
    fill_normal(w, OUT * IN, 13, 0.3);
    fill_normal(x, N * IN, 14, 0.4);
    for (int i = 0; i < 6; i++)
        w[i / 3 * 35 * IN + i % 3 * 120] = 1;
}

static void products(float *y, const char *settings, const struct ohm_device *device, float (*change)(float))
{
    static float own[OUT * IN];
    const struct ohm_tile_config c = config_of(settings);
    struct ohm_tiles *t;
    const struct ohm_rng stream = ohm_rng_seed(9);

    for (int i = 0; i < OUT * IN; i++)
        own[i] = change ? change(w[i]) : w[i];
    t = tiles_of(&c, &(struct ohm_tiles_spec){.w = own, .outputs = OUT, .inputs = IN, .device = device});
    assert_int_equal(ohm_tiles_program(t, &stream, one_job, NULL), OHM_OK);
    multiply(t, y, x, N, &stream, one_job);
    ohm_tiles_free(t);
}

static double distance(const float *a, const float *b)
{
    double sum = 0;

    for (int i = 0; i < N * OUT; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sqrt(sum / (N * OUT));
}

/* To 6 bits and a sign; the largest weight is 1. */
static float six_bits(float v)
{
    return (float)(nearbyint((double)fabsf(v) * 63) / 63 * (v < 0 ? -1 : 1));
}

#define FREE "scaling=tile rows=100 columns=32 adc_bound=1e6 "

/* adc_bound=1e6 without rounding: everything runs, nothing is lost. */
static void slices_with_exact_converters_are_the_rounded_product(void **state)
{
    static const char *const weights[] = {"weight_slices=1 weight_slice_bits=6", "weight_slices=2 weight_slice_bits=3",
                                          "weight_slices=3 weight_slice_bits=2", "weight_slices=6 weight_slice_bits=1"};
    static const char *const inputs[] = {"",
                                         "input_slice_bits=1",
                                         "input_slice_bits=3",
                                         "input_slice_bits=7",
                                         "input_slice_bits=2 read_mode=four_phase",
                                         "input_slice_bits=4 read_mode=two_phase_digital"};
    static float wanted[N * OUT], got[N * OUT];
    char text[256];

    (void)state;
    fill();
    products(wanted, FREE "dac_bits=8 dac_bound=1", NULL, six_bits);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 6; k++) {
            snprintf(text, sizeof text, FREE "dac_bits=8 dac_bound=1 %s %s", weights[i], inputs[k]);
            products(got, text, NULL, NULL);
            assert_close(distance(got, wanted), 0, 1e-6 * 3, text); /* outputs are of the order of 3 */
        }
}

/* Without converters at all the slices of weights are one matrix again: to the last bits of a float. */
static void slices_of_weights_are_added_up_where_all_is_exact(void **state)
{
    static float wanted[N * OUT], got[N * OUT];

    (void)state;
    fill();
    products(wanted, "", NULL, six_bits);
    products(got, "scaling=tile weight_slices=3 weight_slice_bits=2", NULL, NULL);
    assert_close(distance(got, wanted), 0, 1e-6, "three slices");
}

/* A conversion is off by step^2 / 12 in the mean square, and a slice counts with its share f: all in all by step^2 / 12
 * times the sum of f^2 over slices of weights times that over slices of inputs. */
static void the_error_of_converters_is_that_of_the_sum_of_squared_shares(void **state)
{
    static const struct {
        const char *settings;
        double weights, inputs;
    } cases[] = {
        {"weight_slices=1 weight_slice_bits=6", 1, 1},
        {"weight_slices=2 weight_slice_bits=3", (7.0 * 7 + 56 * 56) / (63 * 63), 1},
        {"weight_slices=3 weight_slice_bits=2", (3.0 * 3 + 12 * 12 + 48 * 48) / (63 * 63), 1},
        {"weight_slices=1 weight_slice_bits=6 input_slice_bits=4", 1, (15.0 * 15 + 240 * 240) / (127 * 127)},
        {"weight_slices=2 weight_slice_bits=3 input_slice_bits=4", (7.0 * 7 + 56 * 56) / (63 * 63),
         (15.0 * 15 + 240 * 240) / (127 * 127)},
    };
    const double step = 20.0 / 127;
    static float wanted[N * OUT], got[N * OUT];

    (void)state;
    fill();
    products(wanted, "dac_bits=8 dac_bound=1", NULL, six_bits);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];

        snprintf(text, sizeof text, "scaling=tile dac_bits=8 dac_bound=1 adc_bits=8 adc_bound=20 %s",
                 cases[i].settings);
        products(got, text, NULL, NULL);
        assert_close(distance(got, wanted) / (step / sqrt(12)), sqrt(cases[i].weights * cases[i].inputs), 0.04,
                     cases[i].settings);
    }
}

/* Errors of devices go with the slice they are in: those of the lowest bits count for little. */
static void slices_have_devices_of_their_own(void **state)
{
    struct ohm_device *const pcm = device_named("pcm");
    static float wanted[N * OUT], one[N * OUT], two[N * OUT];

    (void)state;
    fill();
    products(wanted, "", NULL, NULL);
    products(one, "scaling=tile weight_slices=1 weight_slice_bits=6", pcm, NULL);
    products(two, "scaling=tile weight_slices=2 weight_slice_bits=3", pcm, NULL);
    assert_true(distance(two, one) > 0.3 * distance(one, wanted));
    assert_true(distance(two, wanted) < 1.3 * distance(one, wanted));
    ohm_device_free(pcm);
}

/* With a ratio of 5 every cell of either sign carries 0.25 of the largest weight beside its own: exact converters take
 * it back, those that end at 10 do not; one phase sees the difference alone. */
static void the_current_of_the_smallest_conductance_fills_the_converters(void **state)
{
    struct ohm_device *const d = device_named("ideal");
    static float wanted[N * OUT], got[N * OUT];

    (void)state;
    fill();
    assert_int_equal(ohm_device_set(d, "on_off_ratio", "5", NULL), OHM_OK);
    products(wanted, "scaling=tile adc_bound=1e6", d, NULL);
    products(got, "scaling=tile adc_bound=1e6 read_mode=four_phase on_off_current=true", d, NULL);
    assert_close(distance(got, wanted), 0, 1e-5, "exact");
    products(wanted, "scaling=tile adc_bits=12 adc_bound=16 read_mode=four_phase", d, NULL);
    products(got, "scaling=tile adc_bits=12 adc_bound=16 read_mode=four_phase on_off_current=true", d, NULL);
    assert_true(distance(got, wanted) > 0.1);
    products(wanted, "scaling=tile adc_bits=8 adc_bound=10", d, NULL);
    products(got, "scaling=tile adc_bits=8 adc_bound=10 on_off_current=true", d, NULL);
    assert_memory_equal(got, wanted, sizeof got);
    ohm_device_free(d);
}

static void stuck_devices_reach_the_product(void **state)
{
    struct ohm_device *const d = device_named("ideal");
    static float wanted[N * OUT], got[N * OUT];

    (void)state;
    fill();
    products(wanted, "scaling=tile", d, NULL);
    assert_int_equal(ohm_device_set(d, "stuck_reset", "0.1", NULL), OHM_OK);
    products(got, "scaling=tile", d, NULL);
    assert_true(distance(got, wanted) > 0.2);
    ohm_device_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_with_exact_converters_are_the_rounded_product),
        cmocka_unit_test(slices_of_weights_are_added_up_where_all_is_exact),
        cmocka_unit_test(the_error_of_converters_is_that_of_the_sum_of_squared_shares),
        cmocka_unit_test(slices_have_devices_of_their_own),
        cmocka_unit_test(the_current_of_the_smallest_conductance_fills_the_converters),
        cmocka_unit_test(stuck_devices_reach_the_product),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
