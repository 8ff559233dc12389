/* Programming, drift and reading: exact vectors, the ends of the time axis, independence of order. */
#include "device_fixture.h"

#include "device_int.h"

enum { N = 1000, MOST = 32 };

static const struct label {
    const char *name;
    double t_s;
} labels[] = {{"t0", 0}, {"1s", 1}, {"1h", 3600}, {"1d", 86400}, {"1mo", 2592000}, {"1y", 31536000}};

static struct ohm_node *member(struct ohm_node *map, const char *key)
{
    struct ohm_node *const node = ohm_map_get(map, key);

    if (!node)
        fail_msg("deterministic.json has no '%s'", key);
    return node;
}

static int row(float out[MOST], struct ohm_node *map, const char *key)
{
    const struct ohm_node *const list = member(map, key);

    assert_true(list->kind == OHM_NODE_LIST && list->count <= MOST);
    for (int i = 0; i < list->count; i++) {
        double value = 0;

        assert_true(ohm_node_double(list->item[i], key, -1e30, 1e30, &value, NULL));
        out[i] = (float)value;
    }
    return list->count;
}

static void check_magnitudes(const struct ohm_device *pcm, struct ohm_node *golden)
{
    float g[MOST], sigma[MOST], mean[MOST], sd[MOST];
    const int n = row(g, golden, "g");

    row(sigma, golden, "sigma_prog");
    row(mean, golden, "nu_mean");
    row(sd, golden, "nu_std");
    for (int i = 0; i < n; i++) {
        const double x = (double)g[i] / pcm->g_max_uS;

        assert_close(ohm_curve_at(&pcm->sigma, x), (double)sigma[i], 4e-7, "sigma");
        assert_close(ohm_curve_at(&pcm->nu_mean, x), (double)mean[i], 5e-8, "nu mean");
        assert_close(ohm_curve_at(&pcm->nu_sd, x), (double)sd[i], 5e-8, "nu spread");
    }
}

/* Reads draw by draw: what one standard deviation adds follows from the draw that was used. */
static void check_times(const struct ohm_device *pcm, struct ohm_node *golden)
{
    const struct ohm_rng stream = ohm_rng_seed(17);
    float g[MOST], nu[MOST], want[MOST], plus[MOST], drifted[MOST], seen[MOST];
    double z[DEVICE_BLOCK];
    const int n = row(g, golden, "g");

    normal_block(z, 0, &stream);
    row(nu, golden, "nu_mean");
    for (size_t t = 0; t < sizeof labels / sizeof labels[0]; t++) {
        const struct ohm_moment m = moment_at(pcm, labels[t].t_s);

        row(want, member(golden, "g_drift_at_mean_nu"), labels[t].name);
        row(plus, member(golden, "g_read_at_mean_nu_plus1sigma"), labels[t].name);
        ohm_device_drift(&m, drifted, g, nu, (size_t)n, 0, &stream);
        ohm_device_read(&m, seen, g, nu, (size_t)n, 0, &stream);
        for (int i = 0; i < n; i++) {
            const double sigma = (double)plus[i] - (double)want[i], low = (double)want[i] + sigma * z[i];

            assert_close((double)drifted[i], (double)want[i], 2e-6, labels[t].name);
            assert_close((double)seen[i], low > 0 ? low : 0, 1e-5, labels[t].name);
        }
    }
}

static void the_vectors_of_pcm_are_met(void **state)
{
    struct ohm_device *pcm = device_named("pcm");
    struct ohm_doc *doc = NULL;

    (void)state;
    if (!golden_absent("deterministic.json")) {
        assert_int_equal(ohm_doc_load(&doc, GOLDEN "deterministic.json", NULL), OHM_OK);
        check_magnitudes(pcm, member(ohm_doc_root(doc), "pcm"));
        check_times(pcm, member(ohm_doc_root(doc), "pcm"));
    }
    ohm_doc_free(doc);
    ohm_device_free(pcm);
}

static void ramp(float *g, const struct ohm_device *d)
{
    for (int i = 0; i < N; i++)
        g[i] = (float)(d->g_min_uS + (d->g_max_uS - d->g_min_uS) * i / (N - 1));
}

/* Section 1.2 of Nandakumar's model: nothing drifts before the first read, which is at t0. */
static void at_time_zero_nothing_has_drifted_and_the_read_noise_is_that_of_t0(void **state)
{
    struct ohm_device *pcm = device_named("pcm");
    const struct ohm_moment now = moment_at(pcm, 0), soon = moment_at(pcm, 1e-9);
    const struct ohm_rng stream = ohm_rng_seed(1);
    float target[N], g[N], nu[N], drifted[N], seen[N], later[N];

    (void)state;
    ramp(target, pcm);
    ohm_device_program(pcm, g, nu, target, N, 0, &stream);
    ohm_device_drift(&now, drifted, g, nu, N, 0, &stream);
    assert_memory_equal(drifted, g, sizeof g);
    assert_close(now.read, sqrt(log((20 + 250e-9) / 500e-9)), 1e-12, "noise at t0");
    assert_close(now.read, 4.1838, 5e-5, "noise at t0, as tabled");
    ohm_device_read(&now, seen, g, nu, N, 0, &stream);
    ohm_device_read(&soon, later, g, nu, N, 0, &stream);
    for (int i = 0; i < N; i++) /* no jump from t = 0 to just after */
        assert_close((double)later[i], (double)seen[i], 1e-5, "just after");
    ohm_device_free(pcm);
}

static void at_t0_after_programming_the_ratio_of_times_is_two(void **state)
{
    static const char *const names[] = {"pcm", "pcm-hermes1", "pcm-hermes2", "pcm-state-independent"};
    const struct ohm_rng stream = ohm_rng_seed(1);
    float target[N], g[N], nu[N], drifted[N];

    (void)state;
    for (size_t d = 0; d < sizeof names / sizeof names[0]; d++) {
        struct ohm_device *device = device_named(names[d]);
        const struct ohm_moment m = moment_at(device, device->t0_s);

        ramp(target, device);
        ohm_device_program(device, g, nu, target, N, 0, &stream);
        ohm_device_drift(&m, drifted, g, nu, N, 0, &stream);
        for (int i = 0; i < N; i++)
            assert_close((double)drifted[i], (double)g[i] * pow(2, -(double)nu[i]), 2e-6, names[d]);
        assert_close(m.read, sqrt(log((2 * device->t0_s + device->t_read_s) / (2 * device->t_read_s))), 1e-12, "noise");
        ohm_device_free(device);
    }
}

static void an_array_in_pieces_and_in_any_order_is_the_same_array(void **state)
{
    static const char *const names[] = {"pcm", "pcm-hermes2", "reram-wan", "reram-cmo-2pct"};
    const struct ohm_rng write = ohm_rng_seed(1), read = ohm_rng_seed(2);

    (void)state;
    for (size_t d = 0; d < sizeof names / sizeof names[0]; d++) {
        struct ohm_device *device = device_named(names[d]);
        const struct ohm_moment m = moment_at(device, 86400);
        float target[N], g[N], latent[N], seen[N], g2[N], latent2[N], seen2[N];

        ramp(target, device);
        ohm_device_program(device, g, latent, target, N, 0, &write);
        ohm_device_read(&m, seen, g, latent, N, 0, &read);
        for (int from = N - 37; from > -37; from -= 37) {
            const int first = from > 0 ? from : 0;
            const size_t n = (size_t)(from + 37 - first);

            ohm_device_program(device, g2 + first, latent2 + first, target + first, n, (uint64_t)first, &write);
            ohm_device_read(&m, seen2 + first, g2 + first, latent2 + first, n, (uint64_t)first, &read);
        }
        assert_memory_equal(g, g2, sizeof g);
        assert_memory_equal(latent, latent2, sizeof latent);
        assert_memory_equal(seen, seen2, sizeof seen);
        ohm_device_free(device);
    }
}

static void the_ideal_device_gives_the_bits_of_its_target_at_any_time(void **state)
{
    struct ohm_device *ideal = device_named("ideal");
    const struct ohm_rng stream = ohm_rng_seed(1);
    float target[N], g[N], nu[N], seen[N];

    (void)state;
    ramp(target, ideal);
    for (size_t t = 0; t < sizeof labels / sizeof labels[0]; t++) {
        const struct ohm_moment m = moment_at(ideal, labels[t].t_s);

        ohm_device_program(ideal, g, nu, target, N, 0, &stream);
        ohm_device_read(&m, seen, g, nu, N, 0, &stream);
        assert_memory_equal(g, target, sizeof g);
        assert_memory_equal(seen, target, sizeof seen);
    }
    ohm_device_free(ideal);
}

static void each_scale_switches_off_its_effect_alone(void **state)
{
    struct ohm_device *pcm = device_named("pcm");
    const struct ohm_moment day = moment_at(pcm, 86400);
    const struct ohm_rng stream = ohm_rng_seed(1);
    float target[N], g[N], nu[N], seen[N], drifted[N];
    struct ohm_expected e;

    (void)state;
    ramp(target, pcm);
    pcm->scale_program = 0;
    ohm_device_program(pcm, g, nu, target, N, 0, &stream);
    assert_memory_equal(g, target, sizeof g);
    assert_true(nu[N - 1] > 0);
    pcm->scale_read = 0;
    ohm_device_read(&day, seen, g, nu, N, 0, &stream);
    ohm_device_drift(&day, drifted, g, nu, N, 0, &stream);
    assert_memory_equal(seen, drifted, sizeof seen);
    assert_true(seen[N - 1] < g[N - 1]);
    pcm->scale_drift = 0;
    ohm_device_program(pcm, g, nu, target, N, 0, &stream);
    ohm_device_read(&day, seen, g, nu, N, 0, &stream);
    assert_memory_equal(seen, target, sizeof seen);
    ohm_device_expect(&day, 12.5, &e);
    assert_close(e.read_mean, 12.5, 1e-9, "expected mean");
    assert_close(e.read_sd, 0, 1e-6, "expected spread");
    ohm_device_free(pcm);
}

static void a_time_that_was_not_measured_is_an_error_that_names_those_that_were(void **state)
{
    struct ohm_device *reram = device_named("reram-wan"), *pcm = device_named("pcm");
    struct ohm_moment m;
    struct ohm_error err = {0};

    (void)state;
    assert_int_equal(ohm_moment_init(&m, reram, 3600, &err), OHM_ERANGE);
    assert_non_null(strstr(err.text, "measured at 1, 86400, 172800 s"));
    assert_int_equal(ohm_moment_init(&m, pcm, -1, &err), OHM_ERANGE);
    assert_int_equal(ohm_moment_init(&m, pcm, NAN, &err), OHM_ERANGE);
    assert_int_equal(ohm_moment_init(&m, pcm, 1e15, &err), OHM_OK);
    ohm_device_free(reram);
    ohm_device_free(pcm);
}

static void times_are_read_with_their_units(void **state)
{
    static const struct label good[] = {{"0", 0},         {"60", 60},       {"60s", 60},      {"90min", 5400},
                                        {"1h", 3600},     {"1d", 86400},    {"30d", 2592000}, {"1y", 31536000},
                                        {"250ns", 25e-8}, {"1.5e3s", 1500}, {".5h", 1800}};
    static const char *const bad[] = {"", "s", "1m", "1 h", "-1s", "1hh", "1e400", "nan", "inf", "1e15y", "0x10", "1e"};
    double t;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(ohm_parse_time(good[i].name, &t));
        assert_close(t, good[i].t_s, 1e-12 * good[i].t_s, good[i].name);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ohm_parse_time(bad[i], &t))
            fail_msg("'%s' was read as %g s", bad[i], t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_pcm_are_met),
        cmocka_unit_test(at_time_zero_nothing_has_drifted_and_the_read_noise_is_that_of_t0),
        cmocka_unit_test(at_t0_after_programming_the_ratio_of_times_is_two),
        cmocka_unit_test(an_array_in_pieces_and_in_any_order_is_the_same_array),
        cmocka_unit_test(the_ideal_device_gives_the_bits_of_its_target_at_any_time),
        cmocka_unit_test(each_scale_switches_off_its_effect_alone),
        cmocka_unit_test(a_time_that_was_not_measured_is_an_error_that_names_those_that_were),
        cmocka_unit_test(times_are_read_with_their_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
