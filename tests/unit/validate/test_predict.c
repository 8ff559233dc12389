/* test_predict.c - answers of networks: wave functions against published numbers, the step of a recurrent network
 * against its equations, hardware against that of validations. */
#include "validate_fixture.h"

#include "ohm/numbers.h"
#include "ohm/predict.h"
#include "ohm/stat.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- wave functions of 16 spins: Koesters et al., APL Mach. Learn. 1, 016101 (2023) ---- */

#define PUBLISHED "../shared/golden/scientific"
enum { SPINS = 16, STATES = 12870, ALPHAS = 6, DRAWS = 100 };
static const int alphas[ALPHAS] = {1, 2, 4, 6, 8, 10};

struct wave {
    struct ohm_net_builder b;
    struct ohm_weights w;
    struct ohm_numbers exact;
    double peak; /* of W s over all states, in units of the largest weight */
    float *x;    /* [STATES][SPINS] */
};

/* All states of which 8 spins point up, in rising order of the numbers that they are as bits. */
static void fill_states(float *x)
{
    int n = 0;

    for (int bits = 0; bits < 1 << SPINS; bits++)
        if (__builtin_popcount((unsigned)bits) == SPINS / 2) {
            for (int i = 0; i < SPINS; i++)
                x[n * SPINS + i] = bits >> (SPINS - 1 - i) & 1 ? 1 : -1;
            n++;
        }
    assert_int_equal(n, STATES);
}

static double peak_of(const struct wave *s, int hidden)
{
    const float *const w = ohm_weights_of(&s->w, 1, OHM_WEIGHT);
    double peak = 0, most = 0;

    for (int n = 0; n < STATES; n++)
        for (int j = 0; j < hidden; j++) {
            double z = 0;

            for (int i = 0; i < SPINS; i++)
                z += (double)w[j * SPINS + i] * (double)s->x[n * SPINS + i];
            peak = fmax(peak, fabs(z));
        }
    for (int k = 0; k < hidden * SPINS; k++)
        most = fmax(most, fabs((double)w[k]));
    return peak / most;
}

/* false: the published numbers are not there. */
static bool load_wave(struct wave *s, int alpha)
{
    const int hidden = SPINS * alpha;
    const struct ohm_net *net = NULL;
    struct ohm_numbers weight = {0}, bias = {0};
    char path[2][200];
    int x;

    *s = (struct wave){.x = NULL};
    snprintf(path[0], sizeof path[0], PUBLISHED "/rbm_alpha_%d/W.csv", alpha);
    snprintf(path[1], sizeof path[1], PUBLISHED "/rbm_alpha_%d/b.csv", alpha);
    if (ohm_numbers_load(&s->exact, PUBLISHED "/ED_amplitude.csv", NULL) != OHM_OK) {
        print_message("SKIPPED: ../shared is absent: no published wave function is checked\n");
        return false;
    }
    MUST(ohm_numbers_load(&weight, path[0], &must_err));
    MUST(ohm_numbers_load(&bias, path[1], &must_err));
    assert_true(weight.rows == SPINS && weight.columns == hidden && bias.rows == hidden && s->exact.rows == STATES);
    ohm_net_reset(&s->b, false);
    x = ohm_net_dense(&s->b, ohm_net_input(&s->b, 1, 1, SPINS), hidden, true);
    x = ohm_net_unary(&s->b, OHM_CHANNEL_SUM, ohm_net_unary(&s->b, OHM_LOG_COSH, x));
    MUST(ohm_net_finish(&s->b, x, &net, &must_err));
    MUST(ohm_weights_init(&s->w, net, &must_err));
    *ohm_weights_of(&s->w, 1, OHM_RANGE) = 1;
    for (int j = 0; j < hidden; j++) {
        ohm_weights_of(&s->w, 1, OHM_BIAS)[j] = (float)bias.value[j];
        for (int i = 0; i < SPINS; i++)
            ohm_weights_of(&s->w, 1, OHM_WEIGHT)[j * SPINS + i] = (float)weight.value[i * hidden + j];
    }
    ohm_numbers_release(&weight);
    ohm_numbers_release(&bias);
    s->x = ohm_alloc(STATES * SPINS, sizeof *s->x);
    fill_states(s->x);
    s->peak = peak_of(s, hidden);
    return true;
}

static void free_wave(struct wave *s)
{
    ohm_free(s->x);
    ohm_numbers_release(&s->exact);
    ohm_weights_release(&s->w);
    ohm_net_release(&s->b);
}

struct overlaps {
    const struct wave *wave;
    double value[DRAWS];
};

static enum ohm_status take_overlap(void *context, int draw, const float *y, struct ohm_error *err)
{
    struct overlaps *const o = context;

    (void)err;
    o->value[draw] = ohm_nearness(y, o->wave->exact.value, STATES, true).overlap;
    return OHM_OK;
}

static struct overlaps overlaps_of(struct wave *s, double noise, int draws)
{
    struct overlaps o = {.wave = s};
    const struct ohm_predict_spec spec = {
        .w = &s->w, .x = s->x, .n = STATES, .weight_noise = noise, .seed = 1, .draws = draws, .batch = 512, .jobs = 2};

    MUST(ohm_predict(&spec, take_overlap, &o, &must_err));
    return o;
}

static void wave_functions_overlap_as_published(void **state)
{
    static const double want[ALPHAS] = {0.993861, 0.998248, 0.999694, 0.999881, 0.999944, 0.999962};

    (void)state;
    for (int k = 0; k < ALPHAS; k++) {
        struct wave s;

        if (!load_wave(&s, alphas[k]))
            skip();
        if (fabs(overlaps_of(&s, 0, 1).value[0] - want[k]) > 1e-6)
            fail_msg("alpha %d: the overlap is %.7f, should be %.6f", alphas[k], overlaps_of(&s, 0, 1).value[0],
                     want[k]);
        free_wave(&s);
    }
}

/* The table has means of ten draws: where two standard errors of such a mean are more than 0.01, those are allowed. */
static void errors_of_weights_take_from_the_overlap_what_the_table_says(void **state)
{
    static const double want[ALPHAS] = {0.983, 0.959, 0.930, 0.844, 0.948, 0.966};

    (void)state;
    for (int k = 0; k < ALPHAS; k++) {
        struct overlaps one, two, five;
        struct wave s;
        double mean, allowed;

        if (!load_wave(&s, alphas[k]))
            skip();
        one = overlaps_of(&s, 0.01, DRAWS);
        two = overlaps_of(&s, 0.02, 10);
        five = overlaps_of(&s, 0.05, 10);
        mean = ohm_mean(one.value, DRAWS);
        allowed = fmax(0.01, 2 * ohm_sd(one.value, DRAWS) / sqrt(10));
        if (fabs(mean - want[k]) > allowed || allowed > 0.03)
            fail_msg("alpha %d: 1 %% of noise leaves %.4f, should be %.3f +- %.3f", alphas[k], mean, want[k], allowed);
        assert_true(mean > ohm_mean(two.value, 10) && ohm_mean(two.value, 10) > ohm_mean(five.value, 10));
        if (alphas[k] == 1)
            assert_true(fabs(mean - 0.983) <= 0.01);
        free_wave(&s);
    }
}

/* Tiles without any fault but an ADC of 8 bits, whose end is the largest sum. */
static void outputs_of_8_bits_leave_the_published_overlaps(void **state)
{
    static const double want[ALPHAS] = {0.99298, 0.99742, 0.99317, 0.98919, 0.99860, 0.98951};

    (void)state;
    for (int k = 0; k < ALPHAS; k++) {
        struct ohm_tile_config tile = perfect();
        struct overlaps o;
        struct wave s;

        if (!load_wave(&s, alphas[k]))
            skip();
        tile.adc_bits = 8;
        tile.adc_bound = s.peak;
        o.wave = &s;
        MUST(ohm_predict(
            &(struct ohm_predict_spec){
                .w = &s.w, .x = s.x, .n = STATES, .tile = &tile, .seed = 1, .draws = 1, .batch = 512, .jobs = 2},
            take_overlap, &o, &must_err));
        if (fabs(o.value[0] - want[k]) > 2e-5)
            fail_msg("alpha %d: the overlap is %.6f, should be %.5f", alphas[k], o.value[0], want[k]);
        free_wave(&s);
    }
}

/* ---- the step of a recurrent network ---- */

enum { INS = 5, HIDDEN = 7, WIDE = INS + 2 * HIDDEN, STEPS = 40 };

static const struct ohm_net *cell(struct ohm_net_builder *b)
{
    const struct ohm_net *net = NULL;
    int gates, gate[4], c, h;

    ohm_net_reset(b, false);
    gates = ohm_net_dense(b, ohm_net_slice(b, ohm_net_input(b, 1, 1, WIDE), 0, INS + HIDDEN), 4 * HIDDEN, true);
    for (int k = 0; k < 4; k++)
        gate[k] = ohm_net_unary(b, k == 2 ? OHM_TANH : OHM_SIGMOID, ohm_net_slice(b, gates, k * HIDDEN, HIDDEN));
    c = ohm_net_join(b, OHM_MUL, (const int[]){gate[1], ohm_net_slice(b, 0, INS + HIDDEN, HIDDEN)}, 2);
    c = ohm_net_join(b, OHM_ADD, (const int[]){c, ohm_net_join(b, OHM_MUL, (const int[]){gate[0], gate[2]}, 2)}, 2);
    h = ohm_net_join(b, OHM_MUL, (const int[]){gate[3], ohm_net_unary(b, OHM_TANH, c)}, 2);
    MUST(ohm_net_finish(b, ohm_net_join(b, OHM_CONCAT, (const int[]){h, c}, 2), &net, &must_err));
    return net;
}

/* Hochreiter and Schmidhuber with forget gates (Gers et al., 2000), as every library has it. */
static void equations(double *h, double *c, const float *x, const float *w, const float *bias)
{
    double z[4 * HIDDEN];

    for (int j = 0; j < 4 * HIDDEN; j++) {
        z[j] = (double)bias[j];
        for (int i = 0; i < INS + HIDDEN; i++)
            z[j] += (double)w[j * (INS + HIDDEN) + i] * (i < INS ? (double)x[i] : h[i - INS]);
    }
    for (int j = 0; j < HIDDEN; j++) {
        const double in = 1 / (1 + exp(-z[j])), forget = 1 / (1 + exp(-z[HIDDEN + j]));

        c[j] = forget * c[j] + in * tanh(z[2 * HIDDEN + j]);
        h[j] = 1 / (1 + exp(-z[3 * HIDDEN + j])) * tanh(c[j]);
    }
}

static enum ohm_status keep_answer(void *context, int draw, const float *y, struct ohm_error *err)
{
    (void)err;
    memcpy((float *)context + draw * 2 * HIDDEN, y, 2 * HIDDEN * sizeof *y);
    return OHM_OK;
}

/* Forty steps, the state fed back: digitally, and on tiles without and with errors of devices. */
static void steps_of_a_recurrent_cell_follow_its_equations(void **state)
{
    const struct ohm_rng draw = ohm_rng_seed(8);
    struct ohm_rng rng = ohm_rng_seed(9);
    struct ohm_net_builder b = {0};
    struct ohm_weights w = {0};
    struct ohm_tile_config tile = perfect();
    double h[HIDDEN] = {0}, c[HIDDEN] = {0};
    float x[WIDE] = {0}, y[2 * HIDDEN], on_tiles[2 * HIDDEN];

    (void)state;
    MUST(ohm_weights_init(&w, cell(&b), &must_err));
    ohm_weights_draw(&w, &draw);
    *ohm_weights_of(&w, 2, OHM_RANGE) = 8;
    for (int step = 0; step < STEPS; step++) {
        struct ohm_predict_spec spec = {.w = &w, .x = x, .n = 1, .seed = 1, .draws = 1, .batch = 1, .jobs = 1};

        for (int i = 0; i < INS; i++)
            x[i] = (float)ohm_rng_normal(&rng);
        MUST(ohm_predict(&spec, keep_answer, y, &must_err));
        spec.tile = &tile;
        MUST(ohm_predict(&spec, keep_answer, on_tiles, &must_err));
        equations(h, c, x, ohm_weights_of(&w, 2, OHM_WEIGHT), ohm_weights_of(&w, 2, OHM_BIAS));
        for (int j = 0; j < HIDDEN; j++) {
            assert_true(fabs((double)y[j] - h[j]) < 1e-5 && fabs((double)y[HIDDEN + j] - c[j]) < 1e-5);
            assert_true(on_tiles[j] == y[j] && on_tiles[HIDDEN + j] == y[HIDDEN + j]);
        }
        memcpy(x + INS, y, sizeof y);
    }
    ohm_weights_release(&w);
    ohm_net_release(&b);
}

struct sequence {
    float y[2 * STEPS * 2 * HIDDEN];
};

static enum ohm_status keep_sequence(void *context, int draw, const float *y, struct ohm_error *err)
{
    (void)draw;
    (void)err;
    memcpy(context, y, sizeof(struct sequence));
    return OHM_OK;
}

/* Two sequences: the state goes from step to step and begins anew, also where noise is of each vector. */
static void states_are_fed_back_within_a_sequence_for_any_batch(void **state)
{
    static float x[2 * STEPS * WIDE];
    static struct sequence a, again;
    const struct ohm_rng draw = ohm_rng_seed(8);
    struct ohm_rng rng = ohm_rng_seed(9);
    struct ohm_net_builder b = {0};
    struct ohm_weights w = {0};
    struct ohm_tile_config tile;
    struct ohm_predict_spec spec = {.w = &w, .x = x, .n = 2 * STEPS, .state = 2 * HIDDEN, .steps = STEPS, .seed = 1};

    (void)state;
    ohm_fields_default(ohm_tile_fields, &tile);
    MUST(ohm_weights_init(&w, cell(&b), &must_err));
    ohm_weights_draw(&w, &draw);
    for (int i = 0; i < 2 * STEPS * WIDE; i++)
        x[i] = (float)ohm_rng_normal(&rng);
    spec.draws = spec.batch = spec.jobs = 1;
    MUST(ohm_predict(&spec, keep_sequence, &a, &must_err));
    for (int s = 0; s < 2; s++) {
        double h[HIDDEN] = {0}, c[HIDDEN] = {0};

        for (int i = s * STEPS; i < (s + 1) * STEPS; i++) {
            equations(h, c, x + i * WIDE, ohm_weights_of(&w, 2, OHM_WEIGHT), ohm_weights_of(&w, 2, OHM_BIAS));
            for (int j = 0; j < HIDDEN; j++)
                assert_true(fabs((double)a.y[i * 2 * HIDDEN + j] - h[j]) < 1e-5);
        }
    }
    spec.tile = &tile;
    MUST(ohm_predict(&spec, keep_sequence, &a, &must_err));
    spec.batch = 5;
    MUST(ohm_predict(&spec, keep_sequence, &again, &must_err));
    assert_memory_equal(&a, &again, sizeof a);
    spec.steps = 7;
    assert_int_equal(ohm_predict(&spec, keep_sequence, &a, NULL), OHM_ERANGE);
    spec.state = WIDE;
    assert_int_equal(ohm_predict(&spec, keep_sequence, &a, NULL), OHM_ERANGE);
    ohm_weights_release(&w);
    ohm_net_release(&b);
}

/* ---- hardware ---- */

struct answers {
    float y[3][100 * CLASSES];
    int draws, stop_at;
};

static enum ohm_status keep(void *context, int draw, const float *y, struct ohm_error *err)
{
    struct answers *const a = context;

    memcpy(a->y[draw], y, sizeof a->y[draw]);
    a->draws = draw + 1;
    return draw + 1 == a->stop_at ? ohm_fail(err, OHM_EINTR, "enough") : OHM_OK;
}

static struct ohm_predict_spec spec_of(const struct bench *b, const float *x)
{
    return (struct ohm_predict_spec){.w = b->spec.w,
                                     .x = x,
                                     .n = 100,
                                     .tile = &b->tile,
                                     .device = b->device,
                                     .t_s = 60,
                                     .seed = 5,
                                     .draws = 3,
                                     .batch = 100,
                                     .jobs = 1};
}

static void draws_are_the_hardware_of_validations_for_any_batch_and_threads(void **state)
{
    static struct answers a, again;
    struct ohm_validate_result result;
    struct ohm_predict_spec spec;
    struct bench b;
    int number[100];
    int32_t label[100];
    const double t_s[] = {60};
    float *const x = ohm_alloc(100 * NUMBERS, sizeof *x);

    (void)state;
    set_up(&b, "searchspaces/devices/pcm.yaml");
    for (int i = 0; i < 100; i++)
        number[i] = i;
    bars(&b.loudness, x, label, 1, number, 100, NULL, 1, NULL);
    b.spec.t_s = t_s;
    b.spec.times = 1;
    b.spec.draws = 3;
    b.spec.reads = 1;
    b.spec.seed = 5;
    b.spec.count = 100;
    MUST(ohm_validate(&result, &b.spec, &must_err)); /* finds the input ranges */
    spec = spec_of(&b, x);
    MUST(ohm_predict(&spec, keep, &a, &must_err));
    for (int d = 0; d < 3; d++)
        assert_true(100.0 * (double)ohm_count_correct(a.y[d], label, 100, CLASSES) / 100 == result.reading[d].top1);
    assert_memory_not_equal(a.y[0], a.y[1], sizeof a.y[0]);
    spec.batch = 7;
    spec.jobs = 3;
    MUST(ohm_predict(&spec, keep, &again, &must_err));
    assert_memory_equal(a.y, again.y, sizeof a.y);
    again.stop_at = 2;
    assert_int_equal(ohm_predict(&spec, keep, &again, NULL), OHM_EINTR);
    assert_int_equal(again.draws, 2);
    ohm_validate_result_release(&result);
    tear_down(&b);
    ohm_free(x);
}

static void a_time_that_the_device_does_not_know_is_refused(void **state)
{
    static struct answers a;
    struct ohm_error err = {0};
    struct ohm_predict_spec spec;
    struct bench b;
    float *const x = ohm_alloc(100 * NUMBERS, sizeof *x);

    (void)state;
    set_up(&b, "searchspaces/devices/pcm.yaml");
    spec = spec_of(&b, x);
    spec.t_s = -1;
    assert_int_equal(ohm_predict(&spec, keep, &a, &err), OHM_ERANGE);
    tear_down(&b);
    ohm_free(x);
}

static enum ohm_status count_draw(void *context, int draw, const float *y, struct ohm_error *err)
{
    (void)y;
    (void)err;
    *(int *)context = draw + 1;
    return OHM_OK;
}

/* Digitally with errors, and on tiles with a state. */
static void every_allocation_may_fail(void **state)
{
    struct ohm_tile_config tile = perfect();
    struct ohm_net_builder b = {0};
    struct ohm_weights w = {0};
    static const float x[2 * WIDE];

    (void)state;
    MUST(ohm_weights_init(&w, cell(&b), &must_err));
    for (int on_tiles = 0; on_tiles < 2; on_tiles++) {
        const struct ohm_predict_spec spec = {.w = &w,
                                              .x = x,
                                              .n = 2,
                                              .state = on_tiles ? 2 * HIDDEN : 0,
                                              .tile = on_tiles ? &tile : NULL,
                                              .weight_noise = on_tiles ? 0 : 0.1,
                                              .draws = 1,
                                              .batch = 2,
                                              .jobs = 1};
        enum ohm_status st = OHM_ENOMEM;
        int draws = 0;
        long n = 1;

        for (; st != OHM_OK && n < 500; n++) {
            ohm_mem_fail_at(n);
            st = ohm_predict(&spec, count_draw, &draws, NULL);
            ohm_mem_fail_at(0);
            assert_true(st == OHM_OK || st == OHM_ENOMEM);
        }
        assert_true(st == OHM_OK && n > 10 && draws == 1);
    }
    ohm_weights_release(&w);
    ohm_net_release(&b);
}

static void nearness_is_what_its_formulas_say(void **state)
{
    const float y[3] = {1, 2, 2}, logarithms[3] = {100, 100 + logf(2), 100 + logf(2)};
    const double target[3] = {1, 2, 3}, twice[3] = {-2, -4, -4}, none[3] = {0, 0, 0};
    struct ohm_nearness near = ohm_nearness(y, target, 3, false);

    (void)state;
    assert_true(fabs(near.overlap - 11 / sqrt(9.0 * 14)) < 1e-12);
    assert_true(fabs(near.rmse - sqrt(1 / 3.0)) < 1e-12 && near.largest == 1);
    assert_true(fabs(ohm_nearness(y, twice, 3, false).overlap - 1) < 1e-12); /* neither sign nor size is seen */
    near = ohm_nearness(logarithms, target, 3, true);
    assert_true(fabs(near.overlap - 11 / sqrt(9.0 * 14)) < 1e-6 && isnan(near.rmse) && isnan(near.largest));
    assert_true(isnan(ohm_nearness(y, none, 3, false).overlap));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wave_functions_overlap_as_published),
        cmocka_unit_test(errors_of_weights_take_from_the_overlap_what_the_table_says),
        cmocka_unit_test(outputs_of_8_bits_leave_the_published_overlaps),
        cmocka_unit_test(steps_of_a_recurrent_cell_follow_its_equations),
        cmocka_unit_test(states_are_fed_back_within_a_sequence_for_any_batch),
        cmocka_unit_test(draws_are_the_hardware_of_validations_for_any_batch_and_threads),
        cmocka_unit_test(a_time_that_the_device_does_not_know_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(nearness_is_what_its_formulas_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
