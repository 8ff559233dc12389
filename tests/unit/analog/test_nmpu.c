/* The fixed-point unit: six vectors, roundings, saturation, calibration of a core with spread gains. */
#include "analog_fixture.h"

#include "ohm/nmpu.h"

enum { COLUMNS = 256 };

static struct ohm_nmpu_config defaults(void)
{
    struct ohm_nmpu_config c;

    ohm_fields_default(ohm_nmpu_fields, &c);
    return c;
}

/* Of our own reconstruction: the paper has none. */
static void the_six_vectors_are_exact(void **state)
{
    static const struct {
        int plus, minus;
        struct ohm_nmpu_codes codes;
        int want;
    } vectors[] = {
        {200, 40, {128, 128, 0, 0, 128, 0, true}, 127}, {200, 40, {100, 140, 12, -7, 128, 0, true}, 122},
        {37, 91, {128, 128, 0, 0, 128, 0, true}, 0},    {37, 91, {128, 128, 0, 0, 128, 0, false}, -54},
        {310, 11, {90, 97, -3, 5, 64, 9, true}, 107},   {4095, 0, {255, 0, 127, -128, 128, 0, true}, 127},
    };
    const struct ohm_nmpu_config c = defaults();

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        assert_int_equal(ohm_nmpu_output(&c, &vectors[i].codes, vectors[i].plus, vectors[i].minus), vectors[i].want);
}

static void roundings_differ_by_their_half(void **state)
{
    /* 1 count of scale 64/128 is 0.5: up is 1, cut off is 0; -0.5: up is 0, cut off is -1. */
    const struct ohm_nmpu_codes half = {.scale_plus = 64, .scale_minus = 64, .norm_scale = 128};
    struct ohm_nmpu_config c = defaults();

    (void)state;
    assert_int_equal(ohm_nmpu_output(&c, &half, 1, 0), 1);
    assert_int_equal(ohm_nmpu_output(&c, &half, 0, 1), 0);
    c.rounding = OHM_NMPU_TRUNCATE;
    assert_int_equal(ohm_nmpu_output(&c, &half, 1, 0), 0);
    assert_int_equal(ohm_nmpu_output(&c, &half, 0, 1), -1);
}

/* 1/8 of a count survives three guard bits and not two. */
static void guard_bits_keep_fractions(void **state)
{
    const struct ohm_nmpu_codes eighth = {.scale_plus = 16, .norm_scale = 255, .norm_offset = 1};
    struct ohm_nmpu_config c = defaults();

    (void)state;
    c.rounding = OHM_NMPU_TRUNCATE;
    assert_int_equal(ohm_nmpu_output(&c, &eighth, 3, 0), 1); /* 0.375 x 1.99 + 0.5 = 1.247 */
    c.guard_bits = 0;
    assert_int_equal(ohm_nmpu_output(&c, &eighth, 3, 0), 0); /* 0.5 */
}

static void branches_and_outputs_saturate(void **state)
{
    const struct ohm_nmpu_codes codes = {.scale_plus = 255, .scale_minus = 255, .norm_scale = 1};
    struct ohm_nmpu_config c = defaults();

    (void)state;
    assert_int_equal(ohm_nmpu_output(&c, &codes, 0, 4095), -64); /* 8158 / 128 */
    c.branch_bits = 16;                                          /* 32767 / 128 = 256 */
    assert_int_equal(ohm_nmpu_output(&c, &codes, 4095, 0), 2);
    assert_int_equal(ohm_nmpu_output(&c, &(struct ohm_nmpu_codes){.scale_minus = 255, .norm_scale = 128}, 0, 4095),
                     -128);
}

/* Residual spread of gains 7.09 % (Khaddam-Aljameh et al., JSSC 2022). Codes are good to 1/256 of a scale of 1: at 300
 * counts, 0.3 of an output, on each branch 1.2 counts. */
static void a_core_with_spread_gains_is_calibrated_to_an_output(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(9);
    struct ohm_nmpu_column column[COLUMNS];
    struct ohm_nmpu_codes codes[COLUMNS];
    const struct ohm_nmpu_config c = defaults();
    double squares = 0;
    int n = 0;

    (void)state;
    for (int i = 0; i < COLUMNS; i++)
        column[i] = (struct ohm_nmpu_column){.gain_plus = 1 + 0.0709 * ohm_rng_normal(&rng),
                                             .gain_minus = 1 + 0.0709 * ohm_rng_normal(&rng),
                                             .zero_plus = 5 * ohm_rng_uniform(&rng),
                                             .zero_minus = 5 * ohm_rng_uniform(&rng),
                                             .scale = 0.25 + 0.1 * ohm_rng_uniform(&rng),
                                             .offset = 20 * ohm_rng_uniform(&rng) - 10};
    assert_int_equal(ohm_nmpu_calibrate(codes, column, COLUMNS, NULL), OHM_OK);
    for (int k = 0; k < 50; k++)
        for (int i = 0; i < COLUMNS; i++, n++) {
            const double plus = 300 * ohm_rng_uniform(&rng), minus = 300 * ohm_rng_uniform(&rng);
            const uint16_t p = (uint16_t)nearbyint(plus * column[i].gain_plus + column[i].zero_plus);
            const uint16_t m = (uint16_t)nearbyint(minus * column[i].gain_minus + column[i].zero_minus);
            const double want = fmax(-128, fmin(127, column[i].scale * (plus - minus) + column[i].offset));
            int8_t got;

            ohm_nmpu_outputs(&got, &c, &codes[i], &p, &m, 1);
            assert_close(got, want, 2.5, "output");
            squares += (got - want) * (got - want);
        }
    assert_true(sqrt(squares / n) < 0.6); /* rounding alone is 0.29 */
}

static void gains_of_any_size_share_a_power_of_two(void **state)
{
    const struct ohm_nmpu_column small = {.gain_plus = 0.01, .gain_minus = 0.011, .scale = 0.01},
                                 large = {.gain_plus = 100, .gain_minus = 110, .scale = 0.9};
    struct ohm_nmpu_codes codes;

    (void)state;
    assert_int_equal(ohm_nmpu_calibrate(&codes, &small, 1, NULL), OHM_OK);
    assert_int_equal(codes.scale_plus, 200); /* 100 / 64 x 128 */
    assert_int_equal(codes.norm_scale, 82);  /* 0.01 x 64 x 128 */
    assert_int_equal(ohm_nmpu_calibrate(&codes, &large, 1, NULL), OHM_OK);
    assert_int_equal(codes.scale_plus, 164); /* 128 / 100 x 128 */
    assert_int_equal(codes.norm_scale, 1);   /* 0.9 / 128 x 128 */
}

static void numbers_without_a_code_are_named(void **state)
{
    static const struct ohm_nmpu_column good = {.gain_plus = 1, .gain_minus = 1, .scale = 1};
    struct ohm_nmpu_column columns[2];
    struct ohm_nmpu_codes codes[2], before[2];

    (void)state;
    for (int k = 0; k < 4; k++) {
        struct ohm_error err = {0};

        memset(codes, 0x5a, sizeof codes);
        memcpy(before, codes, sizeof codes);
        columns[0] = columns[1] = good;
        if (k == 0)
            columns[1].gain_plus = 0;
        if (k == 1)
            columns[1].zero_minus = 70;
        if (k == 2)
            columns[1].scale = -1;
        if (k == 3)
            columns[1].offset = NAN;
        assert_int_equal(ohm_nmpu_calibrate(codes, columns, 2, &err), OHM_ERANGE);
        assert_non_null(strstr(err.text, "column 1"));
        assert_memory_equal(codes, before, sizeof codes);
    }
}

/* Products of two codes are dense where both are large: a factor of 0.5 or more is met within 0.4 %. What comes out is
 * within one output and what that factor is off. */
static void the_nearest_codes_give_the_wanted_map(void **state)
{
    const struct ohm_nmpu_config config = defaults();
    struct ohm_rng rng = ohm_rng_seed(21);
    double worst = 0, squares = 0;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        const struct ohm_nmpu_column c = {.gain_plus = 1 + 0.07 * ohm_rng_normal(&rng),
                                          .gain_minus = 1 + 0.07 * ohm_rng_normal(&rng),
                                          .zero_plus = (double)ohm_rng_below(&rng, 8),
                                          .zero_minus = (double)ohm_rng_below(&rng, 8),
                                          .scale = 0.5 + 2 * ohm_rng_uniform(&rng),
                                          .offset = 160 * (ohm_rng_uniform(&rng) - 0.5)};
        const double p = 60 * ohm_rng_uniform(&rng), n = 40 * ohm_rng_uniform(&rng);
        const int plus = (int)lround(p * c.gain_plus + c.zero_plus),
                  minus = (int)lround(n * c.gain_minus + c.zero_minus);
        const double wanted =
            c.scale * ((plus - c.zero_plus) / c.gain_plus - (minus - c.zero_minus) / c.gain_minus) + c.offset;
        struct ohm_nmpu_codes codes;
        double off;

        ohm_nmpu_fit(&codes, &config, &c);
        off = ohm_nmpu_output(&config, &codes, plus, minus) - fmin(fmax(wanted, -128), 127);
        worst = fmax(worst, fabs(off));
        squares += off * off;
    }
    assert_true(worst < 2 && sqrt(squares / 2000) < 0.45);
}

static void what_no_code_reaches_is_held_to_the_last_one(void **state)
{
    const struct ohm_nmpu_config config = defaults();
    struct ohm_nmpu_codes codes;

    (void)state;
    ohm_nmpu_fit(&codes, &config,
                 &(struct ohm_nmpu_column){.gain_plus = 1, .gain_minus = 1, .scale = 50, .offset = 1e4});
    assert_true(codes.scale_plus == 255 && codes.scale_minus == 255 && codes.norm_scale == 255);
    assert_true(codes.norm_offset == 127 && codes.offset_plus == 127 && codes.offset_minus == -128);
    ohm_nmpu_fit(&codes, &config, &(struct ohm_nmpu_column){.gain_plus = 1, .gain_minus = 1, .scale = 0});
    assert_int_equal(ohm_nmpu_output(&config, &codes, 4095, 17), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_six_vectors_are_exact),
        cmocka_unit_test(roundings_differ_by_their_half),
        cmocka_unit_test(guard_bits_keep_fractions),
        cmocka_unit_test(branches_and_outputs_saturate),
        cmocka_unit_test(a_core_with_spread_gains_is_calibrated_to_an_output),
        cmocka_unit_test(gains_of_any_size_share_a_power_of_two),
        cmocka_unit_test(numbers_without_a_code_are_named),
        cmocka_unit_test(the_nearest_codes_give_the_wanted_map),
        cmocka_unit_test(what_no_code_reaches_is_held_to_the_last_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
