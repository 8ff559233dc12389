/* Settings of a device beside its file: stuck devices, the ratio of on and off. */
#include "device_fixture.h"

enum { N = 200000 };

static float g[N], latent[N], w[N], back[N];

static void set(struct ohm_device *d, const char *key, const char *text)
{
    struct ohm_error err = {0};

    if (ohm_device_set(d, key, text, &err) != OHM_OK)
        fail_msg("%s=%s: %s", key, text, err.text);
}

static void set_stuck(struct ohm_device *d, const char *reset, const char *on, const char *random)
{
    set(d, "stuck_reset", reset);
    set(d, "stuck_set", on);
    set(d, "stuck_random", random);
}

static void assert_share(int count, double share, const char *what)
{
    assert_close((double)count / N, share, 4 * sqrt(share * (1 - share) / N), what);
}

/* Programmed to 10 uS none of the others is at an end of the range, nor has an exponent of 0. */
static void the_shares_of_stuck_devices_are_those_that_were_set(void **state)
{
    struct ohm_device *d = device_named("pcm");
    const struct ohm_rng stream = ohm_rng_seed(4);
    int reset = 0, on = 0, stuck = 0;
    struct sums levels = {0};

    (void)state;
    set_stuck(d, "0.02", "0.01", "0.05");
    for (int i = 0; i < N; i++)
        g[i] = 10;
    ohm_device_program(d, g, latent, g, N, 0, &stream);
    for (int i = 0; i < N; i++) {
        const bool own = latent[i] == 0;

        reset += g[i] == 0;
        on += g[i] == 25;
        stuck += own;
        if (own && g[i] > 0 && g[i] < 25)
            sums_add(&levels, &g[i], 1);
    }
    assert_share(reset, 0.02, "at reset");
    assert_share(on, 0.01, "at the largest");
    assert_share(stuck, 0.08, "in all");
    assert_sample(&levels, 12.5, 25 / sqrt(12), "levels");
    ohm_device_free(d);
}

static void who_is_stuck_stays_where_it_is(void **state)
{
    struct ohm_device *d = device_named("pcm");
    const struct ohm_rng stream = ohm_rng_seed(4);
    struct ohm_moment year;
    int moved = 0;

    (void)state;
    set_stuck(d, "0.3", "0.3", "0.4");
    assert_int_equal(ohm_moment_init(&year, d, 365 * 86400.0, NULL), OHM_OK);
    for (int i = 0; i < N; i++)
        g[i] = (float)(i % 25);
    ohm_device_program(d, g, latent, g, N, 0, &stream);
    ohm_device_drift(&year, back, g, latent, N, 0, &stream);
    for (int i = 0; i < N; i++)
        moved += g[i] != back[i];
    assert_int_equal(moved, 0);
    ohm_device_free(d);
}

/* A device at level x, stuck with p, is E = (1 - p) x + p_set + p_random / 2 in the mean, in units of g_max, and a pair
 * is their difference: a weight shrinks by p. E2 is the mean of the square. */
static void errors_of_weights_have_the_mean_and_spread_of_independent_faults(void **state)
{
    const double p_reset = 0.03, p_set = 0.02, p_random = 0.04, p = p_reset + p_set + p_random,
                 on = p_set + p_random / 2;
    struct ohm_device *d = device_named("ideal");
    const struct ohm_rng stream = ohm_rng_seed(5);
    static float latents[2][N], gs[2][N];
    struct ohm_tile_state tile = {
        .programmed = back, .latent = (float *[]){latents[0], latents[1]}, .g = (float *[]){gs[0], gs[1]}, .n = N};

    (void)state;
    set_stuck(d, "0.03", "0.02", "0.04");
    for (int i = 0; i < N; i++)
        w[i] = i % 2 ? 1 : 0.4F;
    ohm_tile_program(d, &tile, w, &stream);
    for (int k = 0; k < 2; k++) {
        const double x = k ? 1 : 0.4, plus = (1 - p) * x + on, square = (1 - p) * x * x + p_set + p_random / 3;
        const double minus = on, square_minus = p_set + p_random / 3;
        const double sd = sqrt(square - plus * plus + square_minus - minus * minus);
        struct sums s = {0};

        for (int i = k; i < N; i += 2)
            sums_add(&s, &back[i], 1);
        assert_close(plus - minus, (1 - p) * x, 1e-12, "by hand");
        assert_close(sums_mean(&s), (1 - p) * x, 4 * sd / sqrt(s.n), "mean");
        assert_close(sums_sd(&s), sd, 0.02 * sd, "spread");
    }
    ohm_device_free(d);
}

static void faults_do_not_depend_on_where_an_array_is_cut(void **state)
{
    struct ohm_device *d = device_named("pcm");
    const struct ohm_rng stream = ohm_rng_seed(6);
    enum { FEW = 1000, CUT = 333 };

    (void)state;
    set_stuck(d, "0.1", "0.1", "0.1");
    for (int i = 0; i < FEW; i++)
        w[i] = 5;
    ohm_device_program(d, g, latent, w, FEW, 0, &stream);
    ohm_device_program(d, back, latent, w, CUT, 0, &stream);
    ohm_device_program(d, back + CUT, latent, w, FEW - CUT, CUT, &stream);
    assert_memory_equal(g, back, FEW * sizeof *g);
    ohm_device_free(d);
}

static void a_finite_ratio_is_taken_back_exactly_by_the_pair(void **state)
{
    struct ohm_device *d = device_named("ideal");
    const uint64_t before = d->hash;
    float *const pair[] = {g, latent};
    struct ohm_conversion by;

    (void)state;
    set(d, "on_off_ratio", "10");
    assert_true(d->hash != before && d->g_min_uS == 2.5);
    for (int i = 0; i < 201; i++)
        w[i] = (float)(i - 100) / 100;
    by = ohm_converter_forward(&d->converter, pair, w, 201);
    ohm_converter_back(&d->converter, &by, back, (const float *const *)pair, 201);
    for (int i = 0; i < 201; i++) {
        assert_true(g[i] >= 2.5F && latent[i] >= 2.5F && g[i] <= 25 && latent[i] <= 25);
        assert_close((double)back[i], (double)w[i], 2e-7, "weight");
    }
    assert_true(g[100] == 2.5F && g[200] == 25 && latent[200] == 2.5F);
    ohm_device_free(d);
}

static void what_makes_no_sense_is_an_error(void **state)
{
    struct ohm_device *d = device_named("pcm");

    (void)state;
    assert_int_equal(ohm_device_set(d, "stuk_reset", "0.1", NULL), OHM_ECONFIG);
    assert_int_equal(ohm_device_set(d, "stuck_reset", "1.1", NULL), OHM_ERANGE);
    assert_int_equal(ohm_device_set(d, "on_off_ratio", "1", NULL), OHM_ERANGE);
    set(d, "stuck_reset", "0.6");
    assert_int_equal(ohm_device_set(d, "stuck_set", "0.5", NULL), OHM_ERANGE);
    ohm_device_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shares_of_stuck_devices_are_those_that_were_set),
        cmocka_unit_test(who_is_stuck_stays_where_it_is),
        cmocka_unit_test(errors_of_weights_have_the_mean_and_spread_of_independent_faults),
        cmocka_unit_test(faults_do_not_depend_on_where_an_array_is_cut),
        cmocka_unit_test(a_finite_ratio_is_taken_back_exactly_by_the_pair),
        cmocka_unit_test(what_makes_no_sense_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
