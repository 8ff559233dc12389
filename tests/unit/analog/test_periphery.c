/* What comes behind the ADC: binary16, gains of counters, the units of the chip. */
#include "analog_fixture.h"
#include "analog_int.h"
#include "half.h"

#include "ohm/nmpu.h"

/* ---- binary16 ---- */

/* From its 16 bits, by the definition of the format. */
static double half_from(unsigned bits)
{
    const int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    const double size = exponent > 0 ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);

    return bits >> 15 ? -size : size;
}

static void binary16_is_the_nearest_number_with_ties_to_even(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 0x7c00 - 1; k++) {
        const double low = half_from(k), high = half_from(k + 1), middle = (low + high) / 2;

        assert_true(half_of(low) == low && half_of(-low) == -low);
        assert_true(half_of(nextafter(middle, 0)) == low && half_of(nextafter(middle, high)) == high);
        assert_true(half_of(middle) == (k % 2 ? high : low) && half_of(-middle) == -half_of(middle));
    }
    assert_true(half_of(65504) == 65504 && half_of(nextafter(65520, 0)) == 65504);
    assert_true(isinf(half_of(65520)) && half_of(-1e6) < 0 && isinf(half_of(INFINITY)));
}

/* ---- gains ---- */

enum { OUT = 48, IN = 200, N = 128 };

static float w[OUT * IN], x[N * IN];

static void fill(void)
{
    fill_normal(w, OUT * IN, 3, 0.3);
    fill_normal(x, N * IN, 4, 0.4);
}

static struct ohm_tiles *made(const char *settings, const struct ohm_tiles_spec *more)
{
    const struct ohm_tile_config c = config_of(settings);
    struct ohm_tiles_spec spec = *more;
    struct ohm_tiles *t;
    const struct ohm_rng stream = ohm_rng_seed(9);

    spec.w = w;
    spec.outputs = OUT;
    spec.inputs = IN;
    t = tiles_of(&c, &spec);
    assert_int_equal(ohm_tiles_program(t, &stream, one_job, NULL), OHM_OK);
    return t;
}

static void products(float *y, const char *settings, const struct ohm_tiles_spec *more)
{
    struct ohm_tiles *const t = made(settings, more);
    const struct ohm_rng stream = ohm_rng_seed(11);

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

#define BITS "scaling=tile dac_bits=8 dac_bound=1 adc_bits=8 adc_bound=10 "

/* A count of a gain of 1 +- 7 % is a count of 1 / gain, so that a rounding error of step^2 / 12 stays one. */
static void measured_gains_are_taken_back_and_only_roundings_change(void **state)
{
    static const char *const modes[] = {"read_mode=one_phase", "read_mode=two_phase_digital", "read_mode=four_phase"};
    static float ideal[N * OUT], even[N * OUT], spread[N * OUT];
    char text[256];

    (void)state;
    fill();
    products(ideal, "", &(struct ohm_tiles_spec){0});
    for (int i = 0; i < 3; i++) {
        double before, after;

        snprintf(text, sizeof text, BITS "%s", modes[i]);
        products(even, text, &(struct ohm_tiles_spec){0});
        snprintf(text, sizeof text, BITS "adc_gain_sd=0.0709 adc_offset_sd=3 %s", modes[i]);
        products(spread, text, &(struct ohm_tiles_spec){0});
        before = distance(even, ideal);
        after = distance(spread, ideal);
        assert_true(distance(even, spread) > before / 4);
        assert_close(after / before, 1, 0.03, modes[i]);
    }
}

/* ---- units ---- */

struct units_case {
    const char *settings;
    double most; /* of the distance to fp32, in units of an INT8 */
};

static void set_fold(struct ohm_tiles *t, float *scale, float *offset, double bound, bool relu)
{
    const struct ohm_tiles_fold fold = {.scale = scale, .offset = offset, .relu = relu, .bound = bound};
    const struct ohm_rng stream = ohm_rng_seed(9);

    ohm_tiles_fold(t, &fold);
    assert_int_equal(ohm_tiles_program(t, &stream, one_job, NULL), OHM_OK);
}

/* An INT8 is half a unit off at most and 0.29 in the mean square; each link adds one more, and codes of the fixed-point
 * unit are off by some tenth percent. Columns with negative scales are held mirrored. */
static void units_give_the_affine_map_and_relu_of_the_sums(void **state)
{
    static const struct units_case cases[] = {
        {BITS "periphery=fp16 read_mode=four_phase", 0.30},
        {BITS "periphery=nmpu read_mode=four_phase", 0.33},
        {BITS "periphery=fp16 rows=80", 0.51},
        {BITS "periphery=nmpu rows=80", 0.53},
        {BITS "periphery=fp16 adc_gain_sd=0.0709 adc_offset_sd=3 read_mode=four_phase", 0.30},
        {BITS "periphery=nmpu adc_gain_sd=0.0709 adc_offset_sd=3 read_mode=four_phase", 0.35},
    };
    static float wanted[N * OUT], got[N * OUT], scale[OUT], offset[OUT];
    const struct ohm_rng stream = ohm_rng_seed(11);

    (void)state;
    fill();
    for (int c = 0; c < OUT; c++) {
        scale[c] = (c % 3 == 0 ? -0.2F : 0.2F) * (1 + (float)c / OUT);
        offset[c] = 0.1F * (float)(c % 5 - 1);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ohm_tiles *const t = made(cases[i].settings, &(struct ohm_tiles_spec){.sign = scale, .input_range = 1});
        char fp32[256], *at;

        snprintf(fp32, sizeof fp32, "%s", cases[i].settings);
        at = strstr(fp32, "periphery=") + 10;
        memcpy(at, "fp32", 4);
        products(wanted, fp32, &(struct ohm_tiles_spec){.sign = scale, .input_range = 1});
        for (int k = 0; k < N * OUT; k++)
            wanted[k] = fmaxf(scale[k % OUT] * wanted[k] + offset[k % OUT], 0);
        set_fold(t, scale, offset, 4, true);
        multiply(t, got, x, N, &stream, one_job);
        for (int k = 0; k < N * OUT; k++) {
            const double q = (double)got[k] * 127 / 4;

            assert_true(fabs(q - nearbyint(q)) < 1e-4 && q > -1e-9 && q < 127.001);
            wanted[k] = fminf(wanted[k], 4);
        }
        assert_close(distance(got, wanted) * 127 / 4, 0.2, cases[i].most - 0.2, cases[i].settings);
        ohm_tiles_free(t);
    }
}

static void the_sums_behind_each_tile_of_rows_are_those_of_fp32(void **state)
{
    static float partials[3 * N * OUT], y[N * OUT], wanted[N * OUT];
    struct ohm_tiles *const t = made(BITS "periphery=nmpu rows=80", &(struct ohm_tiles_spec){0});
    const struct ohm_rng stream = ohm_rng_seed(11);
    float *const scratch = ohm_alloc(ohm_tiles_scratch(t, 1), sizeof(float));
    const struct ohm_mvm mvm = {.x = x, .n = N, .stream = stream, .scratch = scratch, .partials = partials};

    (void)state;
    fill();
    assert_int_equal(ohm_tiles_rows(t), 3);
    products(wanted, BITS "rows=80", &(struct ohm_tiles_spec){0});
    ohm_tiles_mvm(t, y, &mvm, one_job);
    assert_memory_equal(y, wanted, sizeof y);
    assert_memory_equal(partials + 2 * N * OUT, wanted, sizeof wanted);
    assert_true(distance(partials, partials + N * OUT) > 0.1);
    ohm_free(scratch);
    ohm_tiles_free(t);
}

static void bits_of_units_do_not_depend_on_threads_or_instruction_set(void **state)
{
    static const struct ohm_exec execs[] = {{2, OHM_ISA_BEST}, {1, OHM_ISA_BASE}};
    static float one[N * OUT], other[N * OUT];
    const struct ohm_rng stream = ohm_rng_seed(11);

    (void)state;
    fill();
    for (int i = 0; i < 2; i++) {
        struct ohm_tiles *const t =
            made(i ? BITS "periphery=fp16 adc_gain_sd=0.07 out_noise=0.04 rows=80"
                   : BITS "periphery=nmpu adc_gain_sd=0.07 out_noise=0.04 rows=80 read_mode=four_phase",
                 &(struct ohm_tiles_spec){0});

        multiply(t, one, x, N, &stream, one_job);
        for (int k = 0; k < 2; k++) {
            multiply(t, other, x, N, &stream, execs[k]);
            assert_memory_equal(one, other, sizeof one);
        }
        ohm_tiles_free(t);
    }
}

/* ---- units alone ---- */

enum { VECTORS_ALONE = 40, WIDTH_ALONE = 37, STRIDE_ALONE = 41, LINES_ALONE = 48 };

/* Counters beyond their end, factors from subnormal to such that products are infinite, sums that nearly vanish. */
struct unit_case {
    float y[VECTORS_ALONE * STRIDE_ALONE], count[COUNTERS][VECTORS_ALONE * WIDTH_ALONE], zero[COUNTERS][LINES_ALONE];
    double scale[COUNTERS][LINES_ALONE], offset[COUNTERS][LINES_ALONE], norm_scale[LINES_ALONE],
        norm_offset[LINES_ALONE];
    int32_t code[COUNTERS][LINES_ALONE], shift[COUNTERS][LINES_ALONE], norm_code[LINES_ALONE], norm_shift[LINES_ALONE];
};

static int whole_number(struct ohm_rng *rng, int low, int high)
{
    return low + (int)ohm_rng_below(rng, (uint32_t)(high - low + 1));
}

static double any_half(struct ohm_rng *rng)
{
    const double size = exp2(30 * ohm_rng_uniform(rng) - 20);

    return half_of(whole_number(rng, 0, 3) == 0 ? -size : size);
}

static void fill_case(struct unit_case *u)
{
    struct ohm_rng rng = ohm_rng_seed(3);

    for (int i = 0; i < VECTORS_ALONE * STRIDE_ALONE; i++)
        u->y[i] = (float)whole_number(&rng, -128, 127);
    for (int k = 0; k < COUNTERS; k++) {
        for (int i = 0; i < VECTORS_ALONE * WIDTH_ALONE; i++)
            u->count[k][i] = (float)whole_number(&rng, 0, i % 3 ? 300 : 4200);
        for (int c = 0; c < LINES_ALONE; c++) {
            u->zero[k][c] = (float)whole_number(&rng, 0, 20);
            u->scale[k][c] = c % 2 ? any_half(&rng) : half_of(1 + 0.1 * ohm_rng_uniform(&rng));
            u->offset[k][c] = c % 4 < 2 ? any_half(&rng) : half_of(-10 * u->scale[k][c]);
            u->code[k][c] = whole_number(&rng, 0, 255);
            u->shift[k][c] = whole_number(&rng, -128, 127);
        }
    }
    for (int c = 0; c < LINES_ALONE; c++) {
        u->norm_scale[c] = any_half(&rng);
        u->norm_offset[c] = c % 2 ? any_half(&rng) : 0;
        u->norm_code[c] = whole_number(&rng, 0, 255);
        u->norm_shift[c] = whole_number(&rng, -128, 127);
    }
}

static double to_int8(double value)
{
    return value > 127 ? 127 : value > -128 ? value : -128;
}

static double ldpu_plainly(const struct unit_case *u, int c, double plus, double minus, double link)
{
    const double p = half_of(half_of(plus) * u->scale[PLUS][c] + u->offset[PLUS][c]);
    const double n = half_of(half_of(minus) * u->scale[MINUS][c] + u->offset[MINUS][c]);
    const double z = half_of(half_of(p - n) * u->norm_scale[c] + u->norm_offset[c]);

    return nearbyint(to_int8(half_of(z + link)));
}

static double nmpu_plainly(const struct unit_case *u, const struct ohm_nmpu_config *config, int c, int plus, int minus,
                           double link)
{
    const struct ohm_nmpu_codes codes = {(uint8_t)u->code[PLUS][c],
                                         (uint8_t)u->code[MINUS][c],
                                         (int8_t)u->shift[PLUS][c],
                                         (int8_t)u->shift[MINUS][c],
                                         (uint8_t)u->norm_code[c],
                                         (int8_t)u->norm_shift[c],
                                         false};

    return to_int8(link + ohm_nmpu_output(config, &codes, plus, minus));
}

/* config NULL: the unit with binary16. */
static void check_units(struct unit_case *u, const struct ohm_nmpu_config *config, bool relu, enum ohm_isa isa)
{
    static float y[VECTORS_ALONE * STRIDE_ALONE];
    const struct link link = {
        y,           STRIDE_ALONE, {u->count[PLUS], u->count[MINUS]}, {u->zero[PLUS], u->zero[MINUS]}, VECTORS_ALONE,
        WIDTH_ALONE, relu};
    const struct ldpu ldpu = {
        {u->scale[PLUS], u->scale[MINUS]}, {u->offset[PLUS], u->offset[MINUS]}, u->norm_scale, u->norm_offset};
    const struct nmpu nmpu = {
        {u->code[PLUS], u->code[MINUS]}, {u->shift[PLUS], u->shift[MINUS]}, u->norm_code, u->norm_shift};

    memcpy(y, u->y, sizeof y);
    if (config)
        steps_of(isa)->nmpu(&link, &nmpu, config);
    else
        steps_of(isa)->ldpu(&link, &ldpu);
    for (int i = 0; i < VECTORS_ALONE * STRIDE_ALONE; i++) {
        const int c = i % STRIDE_ALONE, at = i / STRIDE_ALONE * WIDTH_ALONE + c;
        double wanted = (double)u->y[i];

        if (c < WIDTH_ALONE) {
            const int plus = (int)fminf(u->count[PLUS][at] + u->zero[PLUS][c], 4095);
            const int minus = (int)fminf(u->count[MINUS][at] + u->zero[MINUS][c], 4095);

            wanted = config ? nmpu_plainly(u, config, c, plus, minus, wanted) : ldpu_plainly(u, c, plus, minus, wanted);
            wanted = relu ? fmax(wanted, 0) : wanted;
        }
        if (!((double)y[i] >= wanted && (double)y[i] <= wanted))
            fail_msg("%s, output %d: %g, not %g", ohm_isa_name(isa), i, (double)y[i], wanted);
    }
}

static void units_in_vectors_have_the_bits_of_plain_arithmetic(void **state)
{
    static struct unit_case u;

    (void)state;
    fill_case(&u);
    for (enum ohm_isa isa = OHM_ISA_BASE; isa < OHM_ISA_COUNT; isa++)
        for (int relu = 0; relu < 2 && ohm_isa_present(isa); relu++) {
            check_units(&u, NULL, relu, isa);
            for (int rounding = OHM_NMPU_HALF_UP; rounding <= OHM_NMPU_TRUNCATE; rounding++)
                for (int guard = 0; guard < 8; guard++)
                    for (int bits = 8; bits <= 32; bits += 8)
                        check_units(&u, &(struct ohm_nmpu_config){rounding, guard, bits}, relu, isa);
        }
}

static void what_units_cannot_do_is_an_error(void **state)
{
    static const char *const wrong[] = {
        "periphery=fp16",
        BITS "periphery=nmpu partial_bits=8",
        BITS "periphery=nmpu noise_management=abs_max",
        BITS "periphery=fp16 bound_management=iterative",
        BITS "periphery=fp16 weight_slices=2 weight_slice_bits=2",
        BITS "periphery=fp16 redundancy=2",
        "adc_gain_sd=0.1",
        BITS "weight_slices=2",
        BITS "weight_slices=4 weight_slice_bits=8",
        "weight_slice_bits=4",
        "input_slice_bits=1",
        BITS "input_slice_bits=1 read_mode=two_phase",
        BITS "input_slice_bits=1 dac_noise=0.1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct ohm_tile_config c = config_of(wrong[i]);
        struct ohm_error err = {0};

        if (ohm_tile_config_check(&c, &err) != OHM_ECONFIG || !err.text[0])
            fail_msg("%s is no error", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary16_is_the_nearest_number_with_ties_to_even),
        cmocka_unit_test(measured_gains_are_taken_back_and_only_roundings_change),
        cmocka_unit_test(units_give_the_affine_map_and_relu_of_the_sums),
        cmocka_unit_test(the_sums_behind_each_tile_of_rows_are_those_of_fp32),
        cmocka_unit_test(bits_of_units_do_not_depend_on_threads_or_instruction_set),
        cmocka_unit_test(units_in_vectors_have_the_bits_of_plain_arithmetic),
        cmocka_unit_test(what_units_cannot_do_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
