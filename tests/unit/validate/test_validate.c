/* Validation: perfect hardware is the digital network; imperfect hardware differs by draw, and by nothing else. */
#include "validate_fixture.h"

#define PCM   "searchspaces/devices/pcm.yaml"
#define IDEAL "searchspaces/devices/ideal.yaml"

static struct ohm_validate_result run(const struct bench *b)
{
    struct ohm_validate_result r = {0};

    MUST(ohm_validate(&r, &b->spec, &must_err));
    return r;
}

static size_t reads_of(const struct ohm_validate_result *r)
{
    return (size_t)r->draws * (size_t)r->times * (size_t)r->reads;
}

static void outputs(const struct bench *b, struct chip *chip, float *y, int n)
{
    struct ohm_forward *f = NULL;
    int32_t label[32];
    int number[32];

    for (int i = 0; i < n; i++)
        number[i] = i;
    MUST(ohm_forward_create(&f, b->spec.w, n, b->spec.jobs, chip ? chip_multiply : NULL, chip, &must_err));
    MUST(bars(b->samples.context, ohm_forward_input(f), label, 1, number, n, NULL, 1, &must_err));
    memcpy(y, ohm_forward_run(f, n), (size_t)n * CLASSES * sizeof *y);
    ohm_forward_free(f);
}

/* The chain of multiply-adds of each product has the order (k_y, k_x, c) on both sides. */
static void perfect_hardware_gives_the_bits_of_the_digital_network(void **state)
{
    static const int jobs[] = {1, 2};
    float digital[32 * CLASSES], analog[32 * CLASSES];

    (void)state;
    for (int device = 0; device < 2; device++) {
        struct bench b;
        struct chip *chip = NULL;
        const struct ohm_rng stream = ohm_rng_seed(1);

        set_up(&b, device ? IDEAL : NULL);
        b.tile = perfect();
        outputs(&b, NULL, digital, 32);
        MUST(chip_create(&chip, &b.spec, &must_err));
        MUST(chip_program(chip, &stream, &must_err));
        for (int i = 0; i < 4; i++) {
            MUST(chip_read(chip, b.t_s[i], &stream, &must_err));
            b.spec.jobs = jobs[i % 2];
            chip->vectors = stream;
            memset(analog, 0, sizeof analog);
            outputs(&b, chip, analog, 32);
            assert_memory_equal(analog, digital, sizeof analog);
        }
        chip_free(chip);
        tear_down(&b);
    }
}

static void perfect_hardware_has_the_digital_accuracy_at_every_time(void **state)
{
    struct bench b;
    struct ohm_validate_result r;

    (void)state;
    set_up(&b, IDEAL);
    b.tile = perfect();
    r = run(&b);
    assert_true(r.digital > 60 && r.digital_low < r.digital && r.digital < 100 && r.digital < r.digital_high);
    for (int i = 0; i < 4; i++) {
        const struct ohm_validate_moment *m = &r.moment[i];

        assert_true(m->mean == r.digital && m->sd == 0 && m->low == m->mean && m->high == m->mean);
        assert_true(m->q05 == m->mean && m->q95 == m->mean && m->dw == 0 && m->alpha == 1);
    }
    assert_true(r.avm == 0);
    ohm_validate_result_release(&r);
    tear_down(&b);
}

static void draws_and_reads_differ_and_weights_move_away_with_time(void **state)
{
    struct bench b;
    struct ohm_validate_result r;
    bool draws = false, reads = false;

    (void)state;
    set_up(&b, PCM);
    b.spec.draws = 6;
    b.tile.compensation = OHM_COMPENSATE_NONE;
    r = run(&b);
    for (size_t i = 0; i < reads_of(&r); i += 2) {
        reads |= r.reading[i].top1 != r.reading[i + 1].top1;
        draws |= r.reading[i].top1 != r.reading[i % 8].top1;
    }
    assert_true(draws && reads);
    assert_true(r.moment[0].dw > 0.005 && r.moment[1].dw > r.moment[0].dw && r.moment[2].dw > 2 * r.moment[1].dw &&
                r.moment[3].dw > r.moment[2].dw);
    assert_true(r.moment[3].alpha == 1 && r.moment[3].sd > 0 && r.moment[3].low < r.moment[3].high);
    ohm_validate_result_release(&r);
    b.tile.compensation = OHM_COMPENSATE_ONE_HOT;
    r = run(&b);
    assert_true(r.moment[3].alpha > 1.2 && r.moment[3].alpha > r.moment[1].alpha);
    ohm_validate_result_release(&r);
    tear_down(&b);
}

static void same_seed_same_bits_for_one_and_two_threads_and_any_batch(void **state)
{
    struct bench b;
    struct ohm_validate_result one, two, other;

    (void)state;
    set_up(&b, PCM);
    one = run(&b);
    b.spec.jobs = 2;
    b.spec.batch = 7;
    two = run(&b);
    assert_memory_equal(one.reading, two.reading, reads_of(&one) * sizeof *one.reading);
    assert_memory_equal(one.moment, two.moment, 4 * sizeof *one.moment);
    b.spec.seed = 6;
    other = run(&b);
    assert_memory_not_equal(one.reading, other.reading, reads_of(&one) * sizeof *one.reading);
    ohm_validate_result_release(&one);
    ohm_validate_result_release(&two);
    ohm_validate_result_release(&other);
    tear_down(&b);
}

static void a_draw_does_not_know_of_other_draws_and_times(void **state)
{
    static const double later[] = {365 * 86400.0};
    struct bench b;
    struct ohm_validate_result all, some;

    (void)state;
    set_up(&b, PCM);
    b.spec.draws = 4;
    all = run(&b);
    b.spec.draws = 2;
    b.spec.times = 1;
    b.spec.t_s = later;
    some = run(&b);
    for (int d = 0; d < 2; d++)
        for (int k = 0; k < 2; k++)
            assert_true(some.reading[d * 2 + k].top1 == all.reading[(d * 4 + 3) * 2 + k].top1);
    ohm_validate_result_release(&all);
    ohm_validate_result_release(&some);
    tear_down(&b);
}

static void draws_end_once_the_intervals_are_narrow(void **state)
{
    struct bench b;
    struct ohm_validate_result r;

    (void)state;
    set_up(&b, PCM);
    b.spec.draws = 5;
    b.spec.count = 20;
    b.spec.width = 1e-9;
    r = run(&b);
    assert_int_equal(r.draws, 5);
    assert_int_equal(r.samples, 20);
    ohm_validate_result_release(&r);
    b.spec.width = 1e6;
    r = run(&b);
    assert_int_equal(r.draws, 3);
    ohm_validate_result_release(&r);
    tear_down(&b);
}

struct seen {
    int draws[16], count;
};

static void see_draw(void *context, const struct ohm_validate_result *so_far)
{
    struct seen *s = context;

    s->draws[s->count++] = so_far->draws;
}

/* What was measured before a kill is taken as it was, also where the width ends the draws. */
static void known_draws_are_not_made_again(void **state)
{
    struct bench b;
    struct ohm_validate_result whole, resumed;
    struct seen seen = {0};

    (void)state;
    set_up(&b, PCM);
    b.spec.draws = 5;
    b.spec.count = 50;
    b.spec.times = 2;
    whole = run(&b);
    b.spec.known = whole.reading;
    b.spec.draw = see_draw;
    b.spec.context = &seen;
    for (int known = 0; known <= 5; known++) {
        seen.count = 0;
        b.spec.known_draws = known;
        resumed = run(&b);
        assert_int_equal(seen.count, 5 - known);
        assert_true(known == 5 || (seen.draws[0] == known + 1 && seen.draws[4 - known] == 5));
        assert_memory_equal(resumed.reading, whole.reading, reads_of(&whole) * sizeof *whole.reading);
        assert_memory_equal(resumed.moment, whole.moment, 2 * sizeof *whole.moment);
        assert_true(resumed.digital == whole.digital);
        ohm_validate_result_release(&resumed);
    }
    b.spec.width = 1e6; /* ends at three, known or not */
    for (int known = 2; known <= 5; known += 3) {
        seen.count = 0;
        b.spec.known_draws = known;
        resumed = run(&b);
        assert_int_equal(resumed.draws, 3);
        assert_int_equal(seen.count, known < 3 ? 3 - known : 0);
        assert_memory_equal(resumed.reading, whole.reading, reads_of(&resumed) * sizeof *whole.reading);
        ohm_validate_result_release(&resumed);
    }
    ohm_validate_result_release(&whole);
    tear_down(&b);
}

/* On perfect hardware what batch norms see is what the digital network gives them. */
static void perfect_hardware_and_digital_network_take_the_same_statistics(void **state)
{
    float digital[32 * CLASSES], analog[32 * CLASSES], trained[32 * CLASSES];
    const struct ohm_rng stream = ohm_rng_seed(1);
    struct bench b;
    struct chip *chip = NULL;
    struct judge j;
    int32_t label[32];
    int number[32];

    (void)state;
    set_up(&b, IDEAL);
    b.tile = perfect();
    b.spec.bn_samples = 120; /* two batches */
    for (int i = 0; i < 32; i++)
        number[i] = i;
    MUST(chip_create(&chip, &b.spec, &must_err));
    MUST(chip_program(chip, &stream, &must_err));
    MUST(chip_read(chip, 0, &stream, &must_err));
    chip->vectors = stream;
    MUST(judge_init(&j, &b.spec, chip, &must_err));
    for (int i = 0; i < 3; i++) {
        float *const y = i == 0 ? trained : i == 1 ? analog : digital;

        if (i == 2) { /* the same judge with the network's own products */
            ohm_forward_free(j.forward);
            MUST(ohm_forward_create(&j.forward, &b.w, 100, 1, NULL, NULL, &must_err));
        }
        if (i > 0)
            MUST(judge_statistics(&j, &must_err));
        MUST(bars(b.samples.context, ohm_forward_input(j.forward), label, 1, number, 32, NULL, 1, &must_err));
        memcpy(y, ohm_forward_run(j.forward, 32), 32 * CLASSES * sizeof *y);
    }
    assert_memory_equal(digital, analog, sizeof digital);
    assert_memory_not_equal(digital, trained, sizeof digital);
    judge_release(&j);
    chip_free(chip);
    tear_down(&b);
}

static void statistics_taken_anew_make_up_for_drift(void **state)
{
    struct bench b;
    struct ohm_validate_result kept, anew, two;
    float *weights;

    (void)state;
    set_up(&b, PCM);
    b.tile.compensation = OHM_COMPENSATE_NONE;
    kept = run(&b);
    weights = ohm_alloc(b.w.count, sizeof *weights);
    memcpy(weights, b.w.value, b.w.count * sizeof *weights);
    b.spec.bn_samples = 128;
    anew = run(&b);
    assert_true(anew.moment[3].mean > kept.moment[3].mean + 3);
    assert_true(anew.digital == kept.digital && anew.moment[3].dw == kept.moment[3].dw);
    assert_memory_equal(weights, b.w.value, b.w.count * sizeof *weights);
    b.spec.jobs = 2;
    b.spec.batch = 7;
    two = run(&b);
    assert_memory_equal(anew.reading, two.reading, reads_of(&anew) * sizeof *anew.reading);
    ohm_free(weights);
    ohm_validate_result_release(&kept);
    ohm_validate_result_release(&anew);
    ohm_validate_result_release(&two);
    tear_down(&b);
}

/* 0.99995 of 100 x 192 numbers is all but one of them. */
static void unknown_ranges_are_taken_from_training_samples(void **state)
{
    float x[NUMBERS], most[2] = {0};
    struct bench b;
    int found = 0, label, k;
    float *first, *last;

    (void)state;
    set_up(&b, NULL);
    first = ohm_weights_of(&b.w, 1, OHM_RANGE);
    last = ohm_weights_of(&b.w, b.w.net->output, OHM_RANGE);
    *last = 0.25F;
    assert_true(*first == 0);
    MUST(find_ranges(&b.spec, &found, &must_err));
    assert_int_equal(found, b.w.net->mvm_layers - 1);
    assert_true(*last == 0.25F);
    for (int i = 0; i < 100; i++) {
        k = spread(i, 100, b.samples.count[0]);
        MUST(bars(&b.loudness, x, &label, 0, &k, 1, NULL, 1, &must_err));
        for (int p = 0; p < NUMBERS; p++) {
            const float a = fabsf(x[p]);

            most[1] = a > most[0] ? most[0] : a > most[1] ? a : most[1];
            most[0] = a > most[0] ? a : most[0];
        }
    }
    assert_true(*first >= most[1] && *first <= 1.01F * most[0]);
    MUST(find_ranges(&b.spec, &found, &must_err));
    assert_int_equal(found, 0);
    tear_down(&b);
}

static void numbers_of_samples_are_spread_over_all(void **state)
{
    (void)state;
    assert_int_equal(spread(0, 10, 95), 0);
    assert_int_equal(spread(9, 10, 95), 85);
    for (int i = 0; i < 95; i++)
        assert_int_equal(spread(i, 95, 95), i);
    assert_int_equal(spread(9999, 10000, 2000000000), 1999800000);
}

static void what_cannot_be_judged_is_refused(void **state)
{
    struct bench b;
    struct ohm_validate_result r = {0};
    struct ohm_error err = {0};

    (void)state;
    set_up(&b, "searchspaces/devices/reram-wan.yaml");
    assert_int_equal(ohm_validate(&r, &b.spec, &err), OHM_ERANGE); /* measured at a few times only */
    load_device(&b, PCM);
    b.spec.draws = b.spec.reads = 100000;
    assert_int_equal(ohm_validate(&r, &b.spec, &err), OHM_ERANGE);
    b.spec.draws = b.spec.reads = 1;
    b.samples.count[0] = 0;
    assert_int_equal(ohm_validate(&r, &b.spec, &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "input ranges"));
    b.samples.count[0] = 10;
    b.samples.count[1] = 0;
    assert_int_equal(ohm_validate(&r, &b.spec, &err), OHM_EDATA);
    b.samples.count[1] = 10;
    b.tile.dac_bound = 0;
    assert_int_equal(ohm_validate(&r, &b.spec, &err), OHM_ECONFIG);
    ohm_fields_default(ohm_tile_fields, &b.tile);
    b.tile.periphery = OHM_TILE_FP16;
    b.spec.bn_samples = 10;
    assert_int_equal(ohm_validate(&r, &b.spec, &err), OHM_ECONFIG);
    assert_non_null(strstr(err.text, "batch norms"));
    b.tile.periphery = OHM_TILE_FP32;
    b.samples.count[0] = 10;
    MUST(ohm_validate(&r, &b.spec, &must_err)); /* and now the input ranges are known */
    ohm_validate_result_release(&r);
    b.samples.count[0] = 0;
    assert_int_equal(ohm_validate(&r, &b.spec, &err), OHM_EDATA);
    assert_null(r.reading);
    tear_down(&b);
}

static bool stop_in_the_second_draw(void *context, const struct ohm_validate_progress *p)
{
    ++*(int *)context;
    return p->draw < 2;
}

static void progress_can_stop_it(void **state)
{
    struct bench b;
    struct ohm_validate_result r = {0};
    int calls = 0;

    (void)state;
    set_up(&b, PCM);
    b.spec.progress = stop_in_the_second_draw;
    b.spec.context = &calls;
    assert_int_equal(ohm_validate(&r, &b.spec, NULL), OHM_EINTR);
    assert_int_equal(calls, 5);
    tear_down(&b);
}

static void every_allocation_may_fail(void **state)
{
    struct bench b;
    struct ohm_validate_result r = {0};
    enum ohm_status st = OHM_ENOMEM;
    long n = 1;

    (void)state;
    set_up(&b, PCM);
    b.spec.draws = b.spec.reads = b.spec.times = 1;
    b.spec.count = b.spec.calibrate = 4;
    for (; st != OHM_OK && n < 5000; n++) {
        for (int i = 0; i < b.w.params; i++)
            if (b.w.param[i].role == OHM_RANGE)
                b.w.value[b.w.param[i].first] = 0;
        ohm_mem_fail_at(n);
        st = ohm_validate(&r, &b.spec, NULL);
        ohm_mem_fail_at(0);
        assert_true(st == OHM_OK || st == OHM_ENOMEM);
        assert_true(st == OHM_OK || !r.reading);
    }
    assert_true(st == OHM_OK && n > 30);
    ohm_validate_result_release(&r);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perfect_hardware_gives_the_bits_of_the_digital_network),
        cmocka_unit_test(perfect_hardware_has_the_digital_accuracy_at_every_time),
        cmocka_unit_test(draws_and_reads_differ_and_weights_move_away_with_time),
        cmocka_unit_test(same_seed_same_bits_for_one_and_two_threads_and_any_batch),
        cmocka_unit_test(a_draw_does_not_know_of_other_draws_and_times),
        cmocka_unit_test(draws_end_once_the_intervals_are_narrow),
        cmocka_unit_test(known_draws_are_not_made_again),
        cmocka_unit_test(perfect_hardware_and_digital_network_take_the_same_statistics),
        cmocka_unit_test(statistics_taken_anew_make_up_for_drift),
        cmocka_unit_test(unknown_ranges_are_taken_from_training_samples),
        cmocka_unit_test(numbers_of_samples_are_spread_over_all),
        cmocka_unit_test(what_cannot_be_judged_is_refused),
        cmocka_unit_test(progress_can_stop_it),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
