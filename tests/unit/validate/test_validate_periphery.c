/* Digital units behind the tiles: batch norms and ReLUs folded, INT8 between layers. */
#include "validate_fixture.h"

#define IDEAL "searchspaces/devices/ideal.yaml"

static void outputs(const struct bench *b, struct chip *chip, float *y, int n)
{
    struct ohm_forward *f = NULL;
    int32_t label[64];
    int number[64];

    for (int i = 0; i < n; i++)
        number[i] = i;
    MUST(ohm_forward_create(&f, chip ? chip->around : b->spec.w, n, b->spec.jobs, chip ? chip_multiply : NULL, chip,
                            &must_err));
    MUST(bars(b->samples.context, ohm_forward_input(f), label, 1, number, n, NULL, 1, &must_err));
    memcpy(y, ohm_forward_run(f, n), (size_t)n * CLASSES * sizeof *y);
    ohm_forward_free(f);
}

/* Relative to the digital network. */
static double distance(struct bench *b, int periphery, double gain_sd)
{
    float digital[64 * CLASSES], analog[64 * CLASSES];
    struct chip *chip = NULL;
    const struct ohm_rng stream = ohm_rng_seed(1);
    double sum = 0, all = 0;
    int found;

    b->tile.periphery = periphery;
    b->tile.adc_gain_sd = gain_sd;
    outputs(b, NULL, digital, 64);
    MUST(find_ranges(&b->spec, &found, &must_err));
    MUST(chip_create(&chip, &b->spec, &must_err));
    MUST(chip_program(chip, &stream, &must_err));
    chip->vectors = stream;
    outputs(b, chip, analog, 64);
    chip_free(chip);
    for (int i = 0; i < 64 * CLASSES; i++) {
        sum += ((double)analog[i] - (double)digital[i]) * ((double)analog[i] - (double)digital[i]);
        all += (double)digital[i] * (double)digital[i];
    }
    return sqrt(sum / all);
}

/* A negative scale of a batch norm among them, a layer whose sums go through two tiles of rows, groups, biases. */
static void units_with_fine_converters_are_eight_bits_away_from_the_digital_network(void **state)
{
    struct bench b;
    double fp16, nmpu, fp32;

    (void)state;
    set_up(&b, IDEAL);
    for (int i = 0; i < b.w.net->layers; i++)
        if (ohm_weights_of(&b.w, i, OHM_SCALE))
            ohm_weights_of(&b.w, i, OHM_SCALE)[0] *= -1;
    b.tile.out_noise = 0;
    b.tile.adc_bits = 12;
    b.tile.read_mode = OHM_TILE_FOUR_PHASE;
    b.tile.compensation = OHM_COMPENSATE_NONE;
    fp32 = distance(&b, OHM_TILE_FP32, 0);
    fp16 = distance(&b, OHM_TILE_FP16, 0.0709);
    nmpu = distance(&b, OHM_TILE_NMPU, 0.0709);
    assert_true(fp32 < 0.02 && fp16 > fp32 && fp16 < 0.05);
    assert_true(nmpu > 0.5 * fp16 && nmpu < 0.06);
    tear_down(&b);
}

/* Two draws of the hardware agree to a point or so, too; the same one is read by both. */
static void the_fixed_point_unit_is_as_accurate_as_binary16(void **state)
{
    struct bench b;
    struct ohm_validate_result fp16 = {0}, nmpu = {0};

    (void)state;
    set_up(&b, "searchspaces/devices/pcm.yaml");
    b.tile.adc_gain_sd = 0.0709;
    b.tile.read_mode = OHM_TILE_FOUR_PHASE;
    b.spec.times = 1;
    b.spec.draws = 8;
    b.tile.periphery = OHM_TILE_FP16;
    MUST(ohm_validate(&fp16, &b.spec, &must_err));
    b.tile.periphery = OHM_TILE_NMPU;
    MUST(ohm_validate(&nmpu, &b.spec, &must_err));
    assert_true(fp16.moment[0].mean > fp16.digital - 10);
    assert_true(fabs(nmpu.moment[0].mean - fp16.moment[0].mean) < 1);
    ohm_validate_result_release(&fp16);
    ohm_validate_result_release(&nmpu);
    tear_down(&b);
}

static void same_bits_for_one_and_two_threads_and_any_batch(void **state)
{
    struct bench b;
    struct ohm_validate_result one = {0}, two = {0};

    (void)state;
    set_up(&b, "searchspaces/devices/pcm.yaml");
    b.tile.adc_gain_sd = 0.0709;
    b.tile.periphery = OHM_TILE_NMPU;
    b.spec.times = 2;
    MUST(ohm_validate(&one, &b.spec, &must_err));
    b.spec.jobs = 2;
    b.spec.batch = 7;
    MUST(ohm_validate(&two, &b.spec, &must_err));
    for (int i = 0; i < 2; i++)
        assert_true(memcmp(&one.moment[i].mean, &two.moment[i].mean, sizeof(double)) == 0 && one.moment[i].sd > 0 &&
                    memcmp(&one.moment[i].sd, &two.moment[i].sd, sizeof(double)) == 0);
    ohm_validate_result_release(&one);
    ohm_validate_result_release(&two);
    tear_down(&b);
}

static void every_allocation_may_fail(void **state)
{
    struct bench b;
    struct chip *chip = NULL;
    enum ohm_status st = OHM_ENOMEM;

    (void)state;
    set_up(&b, NULL);
    b.spec.calibrate = 8;
    for (int i = 0; i < b.w.net->layers; i++)
        if (ohm_weights_of(&b.w, i, OHM_RANGE))
            *ohm_weights_of(&b.w, i, OHM_RANGE) = 2;
    b.tile.periphery = OHM_TILE_FP16;
    for (long k = 1; k < 1000 && st != OHM_OK; k++) {
        ohm_mem_fail_at(k);
        st = chip_create(&chip, &b.spec, NULL);
        ohm_mem_fail_at(0);
        assert_true(st == OHM_OK || (st == OHM_ENOMEM && !chip));
    }
    assert_int_equal(st, OHM_OK);
    chip_free(chip);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_with_fine_converters_are_eight_bits_away_from_the_digital_network),
        cmocka_unit_test(the_fixed_point_unit_is_as_accurate_as_binary16),
        cmocka_unit_test(same_bits_for_one_and_two_threads_and_any_batch),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
