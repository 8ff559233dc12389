/* Convolutions on tiles have the bits of their patches one by one: in every read mode, with every noise, however images
 * are cut, on every instruction set. */
#include "analog_fixture.h"

enum { IMAGES = 5, NUMBERS = 40000, GROUPS_MAX = 40, PARTS = 3 };

static float w[NUMBERS], x[NUMBERS], relu[NUMBERS], bias[64];
static float patch[40 * NUMBERS], answer[NUMBERS], parts[PARTS * NUMBERS];
static float want[NUMBERS], y[NUMBERS], want_parts[PARTS * NUMBERS], got_parts[PARTS * NUMBERS];
static struct ohm_tiles *group[GROUPS_MAX];

static int fill_all(void **state)
{
    (void)state;
    fill_normal(w, NUMBERS, 1, 0.2);
    fill_normal(x, NUMBERS, 2, 0.4);
    fill_normal(bias, 64, 3, 0.5);
    for (int i = 0; i < NUMBERS; i++)
        relu[i] = x[i] > 0 ? x[i] : 0;
    return 0;
}

/* h, w, c_in, c_out, k_h, k_w, stride_h, stride_w, pads: top, left, bottom, right; groups. */
static const struct ohm_conv2d shapes[] = {
    {IMAGES, 8, 8, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1},   /* swept, two tiles of rows */
    {IMAGES, 9, 7, 5, 19, 3, 3, 2, 2, 1, 1, 1, 1, 1},    /* odd in every way */
    {IMAGES, 6, 6, 8, 33, 1, 1, 2, 2, 0, 0, 0, 0, 1},    /* most inputs are not read */
    {IMAGES, 5, 9, 3, 40, 2, 3, 1, 2, 0, 2, 1, 0, 1},    /* uneven borders */
    {IMAGES, 3, 3, 4, 7, 1, 1, 1, 1, 0, 0, 0, 0, 1},     /* no border */
    {IMAGES, 2, 150, 2, 20, 3, 2, 1, 1, 1, 1, 1, 0, 1},  /* rows that are longer than a band */
    {IMAGES, 9, 9, 19, 19, 3, 3, 1, 1, 1, 1, 1, 1, 19},  /* depthwise */
    {IMAGES, 7, 10, 32, 32, 5, 2, 2, 3, 2, 0, 1, 1, 32}, /* the same, of whole lines, with steps */
    {IMAGES, 2, 7, 3, 3, 15, 6, 1, 1, 7, 3, 7, 2, 3},    /* two tiles of rows, of channels alone */
    {IMAGES, 6, 5, 6, 15, 3, 3, 1, 1, 1, 1, 1, 1, 3},    /* groups */
    {IMAGES, 4, 4, 4, 8, 1, 1, 1, 1, 0, 0, 0, 0, 4},     /* two outputs of a channel */
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static int inputs_of(const struct ohm_conv2d *d)
{
    return d->k_h * d->k_w * d->c_in / d->groups;
}

static int outputs_of(const struct ohm_conv2d *d) /* of an image */
{
    return ohm_conv2d_out_h(d) * ohm_conv2d_out_w(d);
}

static void release(void)
{
    for (int g = 0; g < GROUPS_MAX; g++) {
        ohm_tiles_free(group[g]);
        group[g] = NULL;
    }
}

static void fold_with_relu(struct ohm_tiles *tiles, int outputs)
{
    float scale[64], offset[64];
    const struct ohm_tiles_fold fold = {.scale = scale, .offset = offset, .relu = true, .bound = 3};

    for (int i = 0; i < outputs; i++) {
        scale[i] = 0.3F + 0.01F * (float)i;
        offset[i] = 0.1F * (float)(i % 5 - 2);
    }
    ohm_tiles_fold(tiles, &fold);
}

static void program(const struct ohm_conv2d *d, const char *settings, double range)
{
    const struct ohm_tile_config config = config_of(settings);
    const struct ohm_rng write = ohm_rng_seed(5), read = ohm_rng_seed(6);
    struct ohm_device *pcm = device_named("pcm");
    const int outputs = d->c_out / d->groups;

    for (int g = 0; g < d->groups; g++) {
        const struct ohm_rng own_write = ohm_rng_child(&write, (uint64_t)g),
                             own_read = ohm_rng_child(&read, (uint64_t)g);

        group[g] = tiles_of(&config, &(struct ohm_tiles_spec){.w = w + g * outputs * inputs_of(d),
                                                              .outputs = outputs,
                                                              .inputs = inputs_of(d),
                                                              .device = pcm,
                                                              .input_range = range});
        if (range > 0)
            fold_with_relu(group[g], outputs);
        assert_int_equal(ohm_tiles_program(group[g], &own_write, one_job, NULL), OHM_OK);
        assert_int_equal(ohm_tiles_read(group[g], 3600, &own_read, one_job, NULL), OHM_OK);
    }
    ohm_device_free(pcm);
}

static void fill_patches(const struct ohm_conv2d *d, const float *images, int g)
{
    const int depth = d->c_in / d->groups;
    float *to = patch;

    for (int i = 0; i < IMAGES; i++)
        for (int p = 0; p < outputs_of(d); p++)
            for (int ky = 0; ky < d->k_h; ky++)
                for (int kx = 0; kx < d->k_w; kx++, to += depth) {
                    const int iy = p / ohm_conv2d_out_w(d) * d->stride_h - d->pad_top + ky;
                    const int ix = p % ohm_conv2d_out_w(d) * d->stride_w - d->pad_left + kx;

                    memset(to, 0, (size_t)depth * sizeof *to);
                    if (iy >= 0 && iy < d->h && ix >= 0 && ix < d->w)
                        memcpy(to, images + ((i * d->h + iy) * d->w + ix) * d->c_in + g * depth,
                               (size_t)depth * sizeof *to);
                }
}

/* from[n][c_out / groups] to those of a group in to[n][c_out]. */
static void spread_out(const struct ohm_conv2d *d, float *to, const float *from, int g)
{
    const int each = d->c_out / d->groups;

    for (int i = 0; i < IMAGES * outputs_of(d); i++)
        memcpy(to + i * d->c_out + g * each, from + i * each, (size_t)each * sizeof *to);
}

static void by_patches(const struct ohm_conv2d *d, const float *images, bool partials)
{
    const struct ohm_rng stream = ohm_rng_seed(8);
    const int each = d->c_out / d->groups, n = IMAGES * outputs_of(d);

    for (int g = 0; g < d->groups; g++) {
        float *const scratch = ohm_alloc(ohm_tiles_scratch(group[g], 1), sizeof *scratch);

        assert_non_null(scratch);
        fill_patches(d, images, g);
        ohm_tiles_mvm(group[g], answer,
                      &(struct ohm_mvm){.x = patch,
                                        .n = n,
                                        .bias = bias + g * each,
                                        .partials = partials ? parts : NULL,
                                        .first = 7,
                                        .stream = ohm_rng_child(&stream, (uint64_t)g),
                                        .scratch = scratch},
                      one_job);
        spread_out(d, want, answer, g);
        for (int r = 0; r < ohm_tiles_rows(group[g]) && partials; r++)
            spread_out(d, want_parts + r * n * d->c_out, parts + r * n * each, g);
        ohm_free(scratch);
    }
}

static void by_images(const struct ohm_conv2d *d, const float *images, int at_once, struct ohm_exec exec)
{
    float *const scratch = ohm_alloc(ohm_tiles_conv_scratch(group, d, exec.jobs), sizeof *scratch);

    assert_non_null(scratch);
    memset(y, 0, sizeof y);
    for (int i = 0; i < IMAGES; i += at_once)
        ohm_tiles_conv(group, y + i * outputs_of(d) * d->c_out,
                       &(struct ohm_mvm){.x = images + i * d->h * d->w * d->c_in,
                                         .n = IMAGES - i < at_once ? IMAGES - i : at_once,
                                         .bias = bias,
                                         .first = 7 + (uint64_t)(i * outputs_of(d)),
                                         .stream = ohm_rng_seed(8),
                                         .scratch = scratch},
                       d, exec);
    ohm_free(scratch);
}

static void assert_same(const struct ohm_conv2d *d, const char *what)
{
    for (int i = 0; i < IMAGES * outputs_of(d) * d->c_out; i++)
        if (memcmp(&want[i], &y[i], sizeof y[i]) != 0)
            fail_msg("%s, %d x %d of %d: output %d is %.9g, not %.9g", what, d->k_h, d->k_w, d->c_in, i, (double)y[i],
                     (double)want[i]);
}

#define CONVERTERS "rows=72 columns=32 scaling=column dac_bits=8 dac_bound=1 adc_bits=8 adc_bound=4 "
#define NOISE      "out_noise=0.04 "
#define WIRES      "ir_drop=1 ir_drop_g_ratio=5e4 weight_noise=pcm_read "
#define BENT                                                                                                           \
    "input_asymmetry=0.01 out_asymmetry=0.02 out_nonlinearity=0.1 out_nonlinearity_sd=0.1 out_noise_sd=0.1 "           \
    "partial_bits=8 partial_bound=6 "

#define GAINS "adc_gain_sd=0.07 adc_offset_sd=3 "

static const char *const ways[] = {CONVERTERS,
                                   "rows=72 adc_bound=2",
                                   "dac_bits=6 dac_bound=0.7 out_noise=0.1",
                                   CONVERTERS NOISE,
                                   CONVERTERS "ir_drop=1 ir_drop_g_ratio=5e4",
                                   CONVERTERS NOISE WIRES,
                                   CONVERTERS NOISE WIRES BENT,
                                   "weight_slices=2 weight_slice_bits=3 " CONVERTERS NOISE "partial_bits=8 ",
                                   "redundancy=3 " CONVERTERS NOISE "partial_bits=8 ",
                                   CONVERTERS NOISE GAINS,
                                   CONVERTERS NOISE GAINS "periphery=fp16",
                                   CONVERTERS NOISE WIRES GAINS "periphery=nmpu out_nonlinearity=0.1 out_noise_sd=0.1",
                                   CONVERTERS "periphery=nmpu nmpu_rounding=truncate nmpu_guard_bits=7"};
static const char *const modes[] = {"", "read_mode=two_phase ", "read_mode=two_phase_digital ", "read_mode=four_phase ",
                                    "read_mode=four_phase read_asymmetry_sd=0.1 "};
enum { WAYS = sizeof ways / sizeof ways[0], MODES = sizeof modes / sizeof modes[0] };

static void a_convolution_has_the_bits_of_its_patches(void **state)
{
    (void)state;
    for (int k = 0; k < SHAPES; k++)
        for (int m = 0; m < MODES; m++)
            for (int i = 0; i < WAYS; i++)
                for (int positive = 0; positive < 2; positive++) {
                    const struct ohm_conv2d *const d = &shapes[k];
                    char settings[640];

                    snprintf(settings, sizeof settings, "%s%s", modes[m], ways[i]);
                    program(d, settings, positive ? 0.8 : 0);
                    by_patches(d, positive ? relu : x, false);
                    by_images(d, positive ? relu : x, IMAGES, one_job);
                    assert_same(d, settings);
                    release();
                }
}

static void threads_instruction_sets_and_parts_do_not_show(void **state)
{
    static const int some[] = {1, 6, 9};

    (void)state;
    for (int m = 0; m < 3 * MODES; m++) {
        const struct ohm_conv2d *const d = &shapes[some[m % 3]];
        char settings[640];

        snprintf(settings, sizeof settings, "%s%s", modes[m / 3],
                 (m + m / 3) % 3 == 0   ? CONVERTERS NOISE WIRES BENT
                 : (m + m / 3) % 3 == 1 ? CONVERTERS NOISE GAINS "periphery=fp16"
                                        : CONVERTERS NOISE GAINS "periphery=nmpu");
        program(d, settings, 0.8);
        by_images(d, x, IMAGES, one_job);
        memcpy(want, y, sizeof y);
        by_images(d, x, IMAGES, (struct ohm_exec){.jobs = 2, .isa = OHM_ISA_BEST});
        assert_same(d, "two threads");
        by_images(d, x, 2, (struct ohm_exec){.jobs = 3, .isa = OHM_ISA_BEST});
        assert_same(d, "two images at a time");
        for (enum ohm_isa isa = OHM_ISA_BASE; isa < OHM_ISA_COUNT; isa++)
            if (ohm_isa_present(isa)) {
                by_images(d, x, IMAGES, (struct ohm_exec){.jobs = 1, .isa = isa});
                assert_same(d, ohm_isa_name(isa));
            }
        release();
    }
}

/* They are those of fp32, whatever the periphery. */
static void sums_behind_each_tile_of_rows_are_those_of_patches(void **state)
{
    static const char *const some[] = {CONVERTERS NOISE, CONVERTERS GAINS "periphery=nmpu",
                                       "weight_slices=2 weight_slice_bits=3 " CONVERTERS "partial_bits=8 "};

    (void)state;
    for (int k = 0; k < SHAPES; k++)
        for (int i = 0; i < 3; i++) {
            const struct ohm_conv2d *const d = &shapes[k];
            const int n = IMAGES * outputs_of(d);
            float *scratch;

            program(d, some[i], 0.8);
            assert_true(ohm_tiles_rows(group[0]) <= PARTS);
            by_patches(d, x, true);
            scratch = ohm_alloc(ohm_tiles_conv_scratch(group, d, 1), sizeof *scratch);
            assert_non_null(scratch);
            ohm_tiles_conv(group, y,
                           &(struct ohm_mvm){.x = x,
                                             .n = IMAGES,
                                             .bias = bias,
                                             .partials = got_parts,
                                             .first = 7,
                                             .stream = ohm_rng_seed(8),
                                             .scratch = scratch},
                           d, one_job);
            assert_same(d, some[i]);
            assert_memory_equal(got_parts, want_parts,
                                (size_t)(ohm_tiles_rows(group[0]) * n * d->c_out) * sizeof *want_parts);
            ohm_free(scratch);
            release();
        }
}

static void what_a_patch_decides_alone_is_left_to_patches(void **state)
{
    static const char *const others[] = {"",
                                         "noise_management=abs_max dac_bits=8 dac_bound=1",
                                         "adc_bound=2 bound_management=iterative",
                                         "dac_noise=0.1",
                                         "v_offset_sd=0.1",
                                         "r_series=0.1",
                                         "weight_noise=additive",
                                         "dac_bits=8 dac_bound=1 input_slice_bits=2"};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        for (int k = 0; k < SHAPES; k += 6) {
            program(&shapes[k], others[i], 0);
            assert_int_equal(ohm_tiles_conv_scratch(group, &shapes[k], 2), 0);
            release();
        }
}

/* Noise of neighbours, phases and channels is independent and of the deviation that was asked for. */
static void check_noise(const struct ohm_conv2d *d, const char *settings, int conversions)
{
    static const float zeros[NUMBERS] = {0};
    const int n = IMAGES * outputs_of(d) * d->c_out;
    double sum = 0, squares = 0, right = 0, below = 0, tails = 0;

    memset(bias, 0, sizeof bias);
    program(d, settings, 0);
    by_images(d, zeros, IMAGES, one_job);
    for (int i = 0; i < n; i++) {
        const double scale = sqrt(conversions) * 0.25, v = (double)y[i] / scale;

        sum += v;
        squares += v * v;
        right += v * (double)y[(i + 1) % n] / scale;
        below += v * (double)y[(i + d->c_out) % n] / scale;
        tails += fabs(v) > 2;
    }
    assert_close(sum / n, 0, 4 / sqrt(n), "mean");
    assert_close(squares / n, 1, 4 * sqrt(2.0 / n), "variance");
    assert_close(right / n, 0, 4 / sqrt(n), "covariance of channels");
    assert_close(below / n, 0, 4 / sqrt(n), "covariance of pixels");
    assert_close(tails / n, 0.0455, 4 * sqrt(0.0455 / n), "share beyond two deviations");
    release();
}

static void noise_is_white(void **state)
{
    (void)state;
    check_noise(&shapes[0], "rows=72 out_noise=0.25 adc_bound=100 read_mode=four_phase", 8); /* two tiles */
    check_noise(&shapes[6], "out_noise=0.25 adc_bound=100 read_mode=four_phase", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolution_has_the_bits_of_its_patches),
        cmocka_unit_test(threads_instruction_sets_and_parts_do_not_show),
        cmocka_unit_test(sums_behind_each_tile_of_rows_are_those_of_patches),
        cmocka_unit_test(what_a_patch_decides_alone_is_left_to_patches),
        cmocka_unit_test(noise_is_white),
    };

    return cmocka_run_group_tests(tests, fill_all, NULL);
}
