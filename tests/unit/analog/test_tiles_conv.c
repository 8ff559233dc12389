/* Convolutions on tiles have the bits of their patches one by one: in every read mode, with every noise, however images
 * are cut, on every instruction set. */
#include "analog_fixture.h"

enum { IMAGES = 5, NUMBERS = 40000 };

static float w[NUMBERS], x[NUMBERS], relu[NUMBERS], bias[64];
static float patch[40 * NUMBERS], want[NUMBERS], y[NUMBERS];

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

/* h, w, c_in, c_out, k_h, k_w, stride_h, stride_w, pads: top, left, bottom, right. */
static const struct ohm_conv2d shapes[] = {
    {IMAGES, 8, 8, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1},  /* swept, two tiles of rows */
    {IMAGES, 9, 7, 5, 19, 3, 3, 2, 2, 1, 1, 1, 1, 1},   /* odd in every way */
    {IMAGES, 6, 6, 8, 33, 1, 1, 2, 2, 0, 0, 0, 0, 1},   /* most inputs are not read */
    {IMAGES, 5, 9, 3, 40, 2, 3, 1, 2, 0, 2, 1, 0, 1},   /* uneven borders */
    {IMAGES, 3, 3, 4, 7, 1, 1, 1, 1, 0, 0, 0, 0, 1},    /* no border */
    {IMAGES, 2, 150, 2, 20, 3, 2, 1, 1, 1, 1, 1, 0, 1}, /* rows that are longer than a band */
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static int inputs_of(const struct ohm_conv2d *d)
{
    return d->k_h * d->k_w * d->c_in;
}

static int outputs_of(const struct ohm_conv2d *d) /* of an image */
{
    return ohm_conv2d_out_h(d) * ohm_conv2d_out_w(d);
}

static struct ohm_tiles *programmed(const struct ohm_conv2d *d, const char *settings, double range)
{
    const struct ohm_tile_config config = config_of(settings);
    const struct ohm_rng write = ohm_rng_seed(5), read = ohm_rng_seed(6);
    struct ohm_device *pcm = device_named("pcm");
    struct ohm_tiles *tiles = tiles_of(
        &config, &(struct ohm_tiles_spec){
                     .w = w, .outputs = d->c_out, .inputs = inputs_of(d), .device = pcm, .input_range = range});

    assert_int_equal(ohm_tiles_program(tiles, &write, one_job, NULL), OHM_OK);
    assert_int_equal(ohm_tiles_read(tiles, 3600, &read, one_job, NULL), OHM_OK);
    ohm_device_free(pcm);
    return tiles;
}

static void fill_patches(const struct ohm_conv2d *d, const float *images)
{
    float *to = patch;

    for (int i = 0; i < IMAGES; i++)
        for (int p = 0; p < outputs_of(d); p++)
            for (int ky = 0; ky < d->k_h; ky++)
                for (int kx = 0; kx < d->k_w; kx++, to += d->c_in) {
                    const int iy = p / ohm_conv2d_out_w(d) * d->stride_h - d->pad_top + ky;
                    const int ix = p % ohm_conv2d_out_w(d) * d->stride_w - d->pad_left + kx;

                    memset(to, 0, (size_t)d->c_in * sizeof *to);
                    if (iy >= 0 && iy < d->h && ix >= 0 && ix < d->w)
                        memcpy(to, images + ((i * d->h + iy) * d->w + ix) * d->c_in, (size_t)d->c_in * sizeof *to);
                }
}

static void by_patches(const struct ohm_tiles *tiles, const struct ohm_conv2d *d, const float *images)
{
    float *const scratch = ohm_alloc(ohm_tiles_scratch(tiles, 1), sizeof *scratch);

    assert_non_null(scratch);
    fill_patches(d, images);
    ohm_tiles_mvm(tiles, want,
                  &(struct ohm_mvm){.x = patch,
                                    .n = IMAGES * outputs_of(d),
                                    .bias = bias,
                                    .first = 7,
                                    .stream = ohm_rng_seed(8),
                                    .scratch = scratch},
                  one_job);
    ohm_free(scratch);
}

static void by_images(const struct ohm_tiles *tiles, const struct ohm_conv2d *d, const float *images, int at_once,
                      struct ohm_exec exec)
{
    float *const scratch = ohm_alloc(ohm_tiles_conv_scratch(tiles, d, exec.jobs), sizeof *scratch);

    assert_non_null(scratch);
    memset(y, 0, sizeof y);
    for (int i = 0; i < IMAGES; i += at_once)
        ohm_tiles_conv(tiles, y + i * outputs_of(d) * d->c_out,
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

static const char *const ways[] = {CONVERTERS,
                                   "rows=72 adc_bound=2",
                                   "dac_bits=6 dac_bound=0.7 out_noise=0.1",
                                   CONVERTERS NOISE,
                                   CONVERTERS "ir_drop=1 ir_drop_g_ratio=5e4",
                                   CONVERTERS NOISE WIRES,
                                   CONVERTERS NOISE WIRES BENT,
                                   "weight_slices=2 weight_slice_bits=3 " CONVERTERS NOISE "partial_bits=8 "};
static const char *const modes[] = {"", "read_mode=two_phase ", "read_mode=two_phase_digital ", "read_mode=four_phase ",
                                    "read_mode=four_phase read_asymmetry_sd=0.1 "};

static void a_convolution_has_the_bits_of_its_patches(void **state)
{
    (void)state;
    for (int k = 0; k < SHAPES; k++)
        for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++)
            for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
                for (int positive = 0; positive < 2; positive++) {
                    const struct ohm_conv2d *const d = &shapes[k];
                    char settings[640];
                    struct ohm_tiles *tiles;

                    snprintf(settings, sizeof settings, "%s%s", modes[m], ways[i]);
                    tiles = programmed(d, settings, positive ? 0.8 : 0);
                    by_patches(tiles, d, positive ? relu : x);
                    by_images(tiles, d, positive ? relu : x, IMAGES, one_job);
                    assert_same(d, settings);
                    ohm_tiles_free(tiles);
                }
}

static void threads_instruction_sets_and_parts_do_not_show(void **state)
{
    const struct ohm_conv2d *const d = &shapes[1];

    (void)state;
    for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++) {
        char settings[640];
        struct ohm_tiles *tiles;

        snprintf(settings, sizeof settings, "%s" CONVERTERS NOISE WIRES BENT, modes[m]);
        tiles = programmed(d, settings, 0.8);
        by_images(tiles, d, x, IMAGES, one_job);
        memcpy(want, y, sizeof y);
        by_images(tiles, d, x, IMAGES, (struct ohm_exec){.jobs = 2, .isa = OHM_ISA_BEST});
        assert_same(d, "two threads");
        by_images(tiles, d, x, 2, (struct ohm_exec){.jobs = 3, .isa = OHM_ISA_BEST});
        assert_same(d, "two images at a time");
        for (enum ohm_isa isa = OHM_ISA_BASE; isa < OHM_ISA_COUNT; isa++)
            if (ohm_isa_present(isa)) {
                by_images(tiles, d, x, IMAGES, (struct ohm_exec){.jobs = 1, .isa = isa});
                assert_same(d, ohm_isa_name(isa));
            }
        ohm_tiles_free(tiles);
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
                                         "dac_bits=8 dac_bound=1 input_slice_bits=2",
                                         "adc_bits=8 adc_bound=4 adc_gain_sd=0.07"};
    struct ohm_conv2d grouped = shapes[0];
    struct ohm_tiles *tiles;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        tiles = programmed(&shapes[0], others[i], 0);
        assert_int_equal(ohm_tiles_conv_scratch(tiles, &shapes[0], 2), 0);
        ohm_tiles_free(tiles);
    }
    grouped.groups = 2;
    grouped.c_in *= 2;
    tiles = programmed(&shapes[0], CONVERTERS, 0);
    assert_true(ohm_tiles_conv_scratch(tiles, &shapes[0], 1) > 0);
    assert_int_equal(ohm_tiles_conv_scratch(tiles, &grouped, 1), 0);
    ohm_tiles_free(tiles);
}

/* Noise of neighbours, phases and channels is independent and of the deviation that was asked for. */
static void noise_is_white(void **state)
{
    static const float zeros[NUMBERS] = {0};
    const struct ohm_conv2d *const d = &shapes[0];
    struct ohm_tiles *tiles = programmed(d, "rows=72 out_noise=0.25 adc_bound=100 read_mode=four_phase", 0);
    const int n = IMAGES * outputs_of(d) * d->c_out;
    double sum = 0, squares = 0, right = 0, below = 0, tails = 0;

    (void)state;
    memset(bias, 0, sizeof bias);
    by_images(tiles, d, zeros, IMAGES, one_job);
    for (int i = 0; i < n; i++) {
        const double scale = sqrt(8) * 0.25, v = (double)y[i] / scale; /* two tiles of four conversions */

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
    ohm_tiles_free(tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolution_has_the_bits_of_its_patches),
        cmocka_unit_test(threads_instruction_sets_and_parts_do_not_show),
        cmocka_unit_test(what_a_patch_decides_alone_is_left_to_patches),
        cmocka_unit_test(noise_is_white),
    };

    return cmocka_run_group_tests(tests, fill_all, NULL);
}
