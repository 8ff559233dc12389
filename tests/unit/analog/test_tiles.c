/* A matrix on tiles: the digital bits where nothing is wrong, the same bits however the work is cut, the ends of the
 * time axis, memory that runs out. */
#include "analog_fixture.h"

#include "ohm/ops.h"

enum { OUT = 70, IN = 150, N = 130 };

static float w[OUT * IN], x[N * IN], bias[OUT], y[N * OUT], want[N * OUT], other[N * OUT];

static int fill_all(void **state)
{
    (void)state;
    fill_normal(w, OUT * IN, 1, 0.25);
    fill_normal(x, N * IN, 2, 0.4);
    fill_normal(bias, OUT, 3, 0.5);
    return 0;
}

static void digital(float *out, const float *with_bias)
{
    const struct ohm_conv2d d = ohm_conv2d_dense(N, IN, OUT);
    float *const packed = ohm_alloc(ohm_conv2d_packed(&d, OHM_FORWARD), sizeof *packed);
    float *const scratch = ohm_alloc(ohm_conv2d_scratch(&d, OHM_FORWARD, 1), sizeof *scratch);

    assert_non_null(packed);
    assert_non_null(scratch);
    ohm_conv2d_pack(packed, w, &d, OHM_FORWARD);
    ohm_conv2d_forward(out, x, packed, with_bias, &d, scratch, one_job);
    ohm_free(packed);
    ohm_free(scratch);
}

static void without_noise_and_limits_the_product_has_the_digital_bits(void **state)
{
    static const char *const settings[] = {"", "rows=64 columns=32 scaling=column", "rows=150 scaling=tile omega=0.6",
                                           "compensation=one_hot read_mode=four_phase",
                                           "rows=40 compensation=one_hot_column scaling=tile"};
    static const char *const devices[] = {NULL, "ideal"};
    const struct ohm_rng stream = ohm_rng_seed(5);
    float *scratch;

    (void)state;
    digital(want, bias);
    for (size_t k = 0; k < 2 * sizeof settings / sizeof settings[0]; k++) {
        const struct ohm_tile_config config = config_of(settings[k / 2]);
        struct ohm_device *device = devices[k % 2] ? device_named(devices[k % 2]) : NULL;
        struct ohm_tiles *tiles =
            tiles_of(&config, &(struct ohm_tiles_spec){.w = w, .outputs = OUT, .inputs = IN, .device = device});

        assert_true(ohm_tile_config_exact(&config));
        assert_non_null(scratch = ohm_alloc(ohm_tiles_scratch(tiles, 1), sizeof *scratch));
        for (int step = 0; step < 3; step++) { /* as made, as programmed, after a year */
            if (step == 1)
                assert_int_equal(ohm_tiles_program(tiles, &stream, one_job, NULL), OHM_OK);
            if (step == 2)
                assert_int_equal(ohm_tiles_read(tiles, 31536000, &stream, one_job, NULL), OHM_OK);
            ohm_tiles_mvm(tiles, y,
                          &(struct ohm_mvm){.x = x, .n = N, .bias = bias, .stream = stream, .scratch = scratch},
                          one_job);
            assert_memory_equal(y, want, sizeof y);
        }
        ohm_free(scratch);
        ohm_tiles_free(tiles);
        ohm_device_free(device);
    }
}

/* Everything at once: what the bits must not depend on is tested on all of it. */
#define EVERYTHING                                                                                                     \
    "rows=64 columns=33 scaling=column dac_bits=8 dac_bound=1 dac_noise=0.01 noise_management=abs_max "                \
    "input_asymmetry=0.01 ir_drop=1 v_offset_sd=0.02 r_series=0.001 weight_noise=pcm_read out_nonlinearity=0.1 "       \
    "out_nonlinearity_sd=0.1 slope_calibration=0.5 out_asymmetry=0.01 out_noise=0.04 out_noise_sd=0.1 adc_bits=8 "     \
    "adc_bound=4 bound_management=iterative partial_bits=8 partial_bound=10 "

static void run(float *out, const char *settings, struct ohm_exec exec, int at_once)
{
    const struct ohm_tile_config config = config_of(settings);
    const struct ohm_rng write = ohm_rng_seed(5), read = ohm_rng_seed(6), stream = ohm_rng_seed(7);
    struct ohm_device *pcm = device_named("pcm");
    struct ohm_tiles *tiles = tiles_of(
        &config, &(struct ohm_tiles_spec){.w = w, .outputs = OUT, .inputs = IN, .device = pcm, .input_range = 1.5});
    float *const scratch = ohm_alloc(ohm_tiles_scratch(tiles, exec.jobs), sizeof *scratch);

    assert_non_null(scratch);
    assert_int_equal(ohm_tiles_program(tiles, &write, exec, NULL), OHM_OK);
    assert_int_equal(ohm_tiles_read(tiles, 3600, &read, exec, NULL), OHM_OK);
    for (int at = 0; at < N; at += at_once)
        ohm_tiles_mvm(tiles, out + (size_t)at * OUT,
                      &(struct ohm_mvm){.x = x + (size_t)at * IN,
                                        .n = N - at < at_once ? N - at : at_once,
                                        .bias = bias,
                                        .first = (uint64_t)at,
                                        .stream = stream,
                                        .scratch = scratch},
                      exec);
    ohm_free(scratch);
    ohm_tiles_free(tiles);
    ohm_device_free(pcm);
}

static void threads_instruction_sets_and_parts_do_not_show(void **state)
{
    static const char *const modes[] = {
        "compensation=one_hot", "read_mode=two_phase read_asymmetry_sd=0.1 compensation=one_hot_column",
        "read_mode=two_phase_digital bound_management=iterative_worst_case compensation=unbiased",
        "read_mode=four_phase read_asymmetry_sd=0.1 weight_noise=additive compensation=unbiased_column"};

    (void)state;
    for (size_t k = 0; k < sizeof modes / sizeof modes[0]; k++) {
        char settings[640];

        snprintf(settings, sizeof settings, EVERYTHING "%s", modes[k]);
        run(want, settings, one_job, N);
        run(y, settings, (struct ohm_exec){.jobs = 3, .isa = OHM_ISA_BEST}, N);
        assert_memory_equal(y, want, sizeof y);
        run(y, settings, one_job, 37);
        assert_memory_equal(y, want, sizeof y);
        for (enum ohm_isa isa = OHM_ISA_BASE; isa < OHM_ISA_COUNT; isa++)
            if (ohm_isa_present(isa)) {
                run(y, settings, (struct ohm_exec){.jobs = 1, .isa = isa}, N);
                assert_memory_equal(y, want, sizeof y);
            }
    }
}

static void a_time_is_the_same_whatever_was_read_before(void **state)
{
    const struct ohm_tile_config config = config_of("compensation=one_hot dac_bits=8 dac_bound=1 out_noise=0.04");
    const struct ohm_rng write = ohm_rng_seed(5), read = ohm_rng_seed(6);
    struct ohm_device *pcm = device_named("pcm");
    struct ohm_tiles *tiles =
        tiles_of(&config, &(struct ohm_tiles_spec){.w = w, .outputs = OUT, .inputs = IN, .device = pcm});

    (void)state;
    assert_int_equal(ohm_tiles_program(tiles, &write, one_job, NULL), OHM_OK);
    assert_int_equal(ohm_tiles_read(tiles, 60, &read, one_job, NULL), OHM_OK);
    multiply(tiles, want, x, N, &read, one_job);
    assert_int_equal(ohm_tiles_read(tiles, 1e7, &write, one_job, NULL), OHM_OK);
    multiply(tiles, other, x, N, &read, one_job);
    assert_memory_not_equal(other, want, sizeof want);
    assert_int_equal(ohm_tiles_read(tiles, 60, &read, one_job, NULL), OHM_OK);
    multiply(tiles, y, x, N, &read, one_job);
    assert_memory_equal(y, want, sizeof y);
    ohm_tiles_free(tiles);
    ohm_device_free(pcm);
}

/* Ratio of a weight now to the same weight programmed. */
static double drifted(const struct ohm_tiles *tiles, double from)
{
    const struct ohm_tile_view v = ohm_tiles_view(tiles, 0);
    double now = 0, programmed = 0;

    for (int i = 0; i < v.columns * v.rows; i++)
        if ((double)v.programmed[i] > from) {
            now += (double)v.now[i];
            programmed += (double)v.programmed[i];
        }
    return now / programmed;
}

/* Nothing drifts before the first read at t0; at t = t0 twice that time has passed since programming, and exponents of
 * large conductances are 0.049 +- 0.008: 2^-0.049 = 0.9666. */
static void at_0_nothing_has_drifted_and_at_t0_the_ratio_of_times_is_two(void **state)
{
    const struct ohm_tile_config config = config_of("compensation=one_hot");
    const struct ohm_rng write = ohm_rng_seed(5), read = ohm_rng_seed(6);
    struct ohm_device *pcm = device_named("pcm");
    struct ohm_tiles *tiles;

    (void)state;
    pcm->scale_read = 0;
    tiles = tiles_of(&config, &(struct ohm_tiles_spec){.w = w, .outputs = OUT, .inputs = IN, .device = pcm});
    assert_int_equal(ohm_tiles_program(tiles, &write, one_job, NULL), OHM_OK);
    multiply(tiles, want, x, N, &read, one_job);
    assert_int_equal(ohm_tiles_read(tiles, 0, &read, one_job, NULL), OHM_OK);
    multiply(tiles, y, x, N, &read, one_job);
    for (int i = 0; i < N * OUT; i++)
        assert_close((double)y[i], (double)want[i], 3e-6, "product at t = 0");
    assert_close(drifted(tiles, 0.3), 1, 1e-6, "at 0");
    assert_close((double)ohm_tiles_view(tiles, 0).alpha[0], 1, 1e-6, "compensation at 0");
    assert_int_equal(ohm_tiles_read(tiles, pcm->t0_s, &read, one_job, NULL), OHM_OK);
    assert_close(drifted(tiles, 0.3), 0.9666, 5e-4, "at t0");
    assert_int_equal(ohm_tiles_read(tiles, -1, &read, one_job, NULL), OHM_ERANGE);
    ohm_tiles_free(tiles);
    ohm_device_free(pcm);
}

static void programming_again_is_another_instance_and_the_same_stream_the_same(void **state)
{
    const struct ohm_tile_config config = config_of("v_offset_sd=0.01");
    const struct ohm_rng first = ohm_rng_seed(5), second = ohm_rng_seed(6);
    struct ohm_device *pcm = device_named("pcm");
    struct ohm_tiles *tiles =
        tiles_of(&config, &(struct ohm_tiles_spec){.w = w, .outputs = OUT, .inputs = IN, .device = pcm});

    (void)state;
    assert_int_equal(ohm_tiles_program(tiles, &first, one_job, NULL), OHM_OK);
    multiply(tiles, want, x, N, &first, one_job);
    assert_int_equal(ohm_tiles_program(tiles, &second, one_job, NULL), OHM_OK);
    multiply(tiles, y, x, N, &first, one_job);
    assert_memory_not_equal(y, want, sizeof y);
    assert_int_equal(ohm_tiles_program(tiles, &first, one_job, NULL), OHM_OK);
    multiply(tiles, y, x, N, &first, one_job);
    assert_memory_equal(y, want, sizeof y);
    ohm_tiles_free(tiles);
    ohm_device_free(pcm);
}

static void settings_that_exclude_each_other_are_named(void **state)
{
    static const struct {
        const char *settings, *word;
    } wrong[] = {{"dac_bits=8", "dac_bound"},
                 {"adc_bits=8", "adc_bound"},
                 {"dac_bits=1 dac_bound=1", "1 bit"},
                 {"dac_bound=2 noise_management=abs_max", "noise_management"},
                 {"bound_management=iterative", "bound_management"},
                 {"out_nonlinearity=1", "out_nonlinearity"},
                 {"read_asymmetry_sd=0.1", "read_asymmetry_sd"},
                 {"noise_management=abs_max_np_sum", "abs_max_np_sum"}};

    (void)state;
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        const struct ohm_tile_config config = config_of(wrong[k].settings);
        struct ohm_tiles *tiles = NULL;
        struct ohm_error err = {0};

        assert_int_equal(
            ohm_tiles_create(&tiles, &config, &(struct ohm_tiles_spec){.w = w, .outputs = OUT, .inputs = IN}, &err),
            OHM_ECONFIG);
        assert_null(tiles);
        if (!strstr(err.text, wrong[k].word))
            fail_msg("'%s' does not name %s", err.text, wrong[k].word);
    }
}

static void every_allocation_may_fail(void **state)
{
    const struct ohm_tile_config config = config_of("rows=64 columns=32 ir_drop=1 compensation=unbiased adc_bound=10 "
                                                    "v_offset_sd=0.1 out_nonlinearity=0.1 read_mode=four_phase");
    const struct ohm_rng stream = ohm_rng_seed(5);
    struct ohm_device *pcm = device_named("pcm");
    const struct ohm_tiles_spec spec = {.w = w, .outputs = OUT, .inputs = IN, .device = pcm};
    enum ohm_status st = OHM_ENOMEM;
    int failures = -1;

    (void)state;
    for (long n = 1; st != OHM_OK; n++, failures++) {
        struct ohm_tiles *tiles = NULL;

        ohm_mem_fail_at(n);
        if ((st = ohm_tiles_create(&tiles, &config, &spec, NULL)) == OHM_OK &&
            (st = ohm_tiles_program(tiles, &stream, one_job, NULL)) == OHM_OK)
            st = ohm_tiles_read(tiles, 60, &stream, one_job, NULL);
        ohm_mem_fail_at(0);
        assert_true(st == OHM_OK || st == OHM_ENOMEM);
        ohm_tiles_free(tiles);
    }
    assert_true(failures >= 4);
    ohm_tiles_free(NULL);
    ohm_device_free(pcm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_noise_and_limits_the_product_has_the_digital_bits),
        cmocka_unit_test(threads_instruction_sets_and_parts_do_not_show),
        cmocka_unit_test(a_time_is_the_same_whatever_was_read_before),
        cmocka_unit_test(at_0_nothing_has_drifted_and_at_t0_the_ratio_of_times_is_two),
        cmocka_unit_test(programming_again_is_another_instance_and_the_same_stream_the_same),
        cmocka_unit_test(settings_that_exclude_each_other_are_named),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, fill_all, NULL);
}
