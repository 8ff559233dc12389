/* Weights that several arrays hold, whose outputs are averaged. */
#include "analog_fixture.h"

enum { OUT = 24, IN = 150, N = 512 };

static float w[OUT * IN], x[N * IN], wanted[N * OUT], got[N * OUT];

static void products(float *y, const char *settings, const struct ohm_device *device, double t_s)
{
    const struct ohm_tile_config c = config_of(settings);
    struct ohm_tiles *const t =
        tiles_of(&c, &(struct ohm_tiles_spec){.w = w, .outputs = OUT, .inputs = IN, .device = device});
    const struct ohm_rng stream = ohm_rng_seed(9), later = ohm_rng_child(&stream, 1);

    assert_int_equal(ohm_tiles_program(t, &stream, one_job, NULL), OHM_OK);
    if (t_s >= 0)
        assert_int_equal(ohm_tiles_read(t, t_s, &later, one_job, NULL), OHM_OK);
    multiply(t, y, x, N, &stream, one_job);
    ohm_tiles_free(t);
}

/* Mean and deviation of what is got over what is wanted. */
static void error_of(double *mean, double *sd)
{
    double sum = 0, squares = 0;

    for (int i = 0; i < N * OUT; i++) {
        const double d = (double)got[i] - (double)wanted[i];

        sum += d;
        squares += d * d;
    }
    *mean = sum / (N * OUT);
    *sd = sqrt(squares / (N * OUT) - *mean * *mean);
}

static int begin(void **state)
{
    (void)state;
    fill_normal(w, OUT * IN, 13, 0.3);
    fill_normal(x, N * IN, 14, 0.4);
    products(wanted, "", NULL, -1);
    return 0;
}

/* Every source of error is drawn for each array: their deviation falls by the root of the number of arrays. */
static void errors_fall_by_the_root_of_the_number_of_arrays(void **state)
{
    static const struct {
        const char *settings;
        bool devices;
        double t_s;
    } cases[] = {
        {"out_noise=0.3 adc_bound=1e6 ", false, -1},
        {"out_noise=0.3 adc_bound=1e6 rows=60 columns=10 ", false, -1},
        {"out_noise=0.3 adc_bound=1e6 read_mode=four_phase ", false, -1},
        {"adc_bound=1e6 scaling=column ", true, -1},
        {"compensation=unbiased adc_bound=1e6 scaling=tile ", true, 2592000},
    };
    struct ohm_device *const pcm = device_named("pcm");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct ohm_device *const device = cases[i].devices ? pcm : NULL;
        double mean, one = 0, sd;
        char text[256];

        for (int r = 1; r <= 9; r += 4) {
            snprintf(text, sizeof text, "%sredundancy=%d", cases[i].settings, r);
            products(got, text, device, cases[i].t_s);
            error_of(&mean, &sd);
            one = r == 1 ? sd : one;
            assert_true(one > 0.1);
            assert_close(sd * sqrt(r) / one, 1, cases[i].devices ? 0.1 : 0.02, text);
            assert_close(mean / one, 0, 0.1, text);
        }
    }
    ohm_device_free(pcm);
}

static void without_errors_it_is_the_product_itself(void **state)
{
    double mean, sd;

    (void)state;
    products(got, "redundancy=5", NULL, -1);
    assert_memory_equal(got, wanted, sizeof got);
    products(got, "redundancy=5 rows=60 columns=10 scaling=tile adc_bound=1e6", NULL, -1);
    error_of(&mean, &sd);
    assert_close(sd, 0, 1e-5, "exact converters");
}

/* The unit of the links between cores is that of one array; a sum halfway between two levels may go either way. */
static void partial_sums_have_the_levels_of_one_array(void **state)
{
    static float one[N * OUT];
    int others = 0;

    (void)state;
    products(one, "rows=60 scaling=tile partial_bits=8 partial_bound=10", NULL, -1);
    products(got, "rows=60 scaling=tile partial_bits=8 partial_bound=10 redundancy=4", NULL, -1);
    for (int i = 0; i < N * OUT; i++)
        others += fabs((double)got[i] - (double)one[i]) > 1e-4;
    assert_true(others < N * OUT / 1000);
    assert_true(memcmp(one, wanted, sizeof one) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_fall_by_the_root_of_the_number_of_arrays),
        cmocka_unit_test(without_errors_it_is_the_product_itself),
        cmocka_unit_test(partial_sums_have_the_levels_of_one_array),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
