/* The estimate of signal to noise: its parts against products that another simulator computed, and what must hold of
 * any network. */
#include "ohm/csv.h"
#include "ohm/decode.h"
#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/surrogate.h"

#include "noise_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "../shared/golden/pcm/"
enum { SIDE = 256, VECTORS = 512, BINS = 128 };

static void assert_near(double got, double wanted, double error)
{
    if (!(fabs(got - wanted) <= error))
        fail_msg("%.12g is not %.12g +- %g", got, wanted, error);
}

static struct ohm_device *load_device(const char *name)
{
    char path[96];
    struct ohm_device *device = NULL;

    (void)snprintf(path, sizeof path, "searchspaces/devices/%s.yaml", name);
    assert_int_equal(ohm_device_load(&device, path, NULL), OHM_OK);
    return device;
}

static struct ohm_physics physics_of(const struct ohm_device *device)
{
    struct ohm_physics p = {0};

    ohm_fields_default(ohm_physics_fields, &p);
    if (device)
        assert_int_equal(ohm_physics_take_device(&p, device, NULL), OHM_OK);
    return p;
}

/* ---- products of a 256 x 256 matrix (aihwkit 1.1.0) ---- */

static void read_floats(float *x, const char *name, size_t n)
{
    char path[128], *bytes = NULL;
    size_t length = 0, header;

    (void)snprintf(path, sizeof path, GOLDEN "%s", name);
    assert_int_equal(ohm_file_read(&bytes, &length, path, (size_t)1 << 24, NULL), OHM_OK);
    header = 10 + (unsigned char)bytes[8] + 256 * (size_t)(unsigned char)bytes[9];
    assert_int_equal(length, header + n * sizeof *x);
    memcpy(x, bytes + header, n * sizeof *x);
    ohm_free(bytes);
}

/* Weights as a histogram: how many there are of each. */
struct matrix {
    float w[BINS + 1];
    double share[BINS + 1], weight_power, input_power;
};

static void read_matrix(struct matrix *m)
{
    static float w[SIDE * SIDE], x[VECTORS * SIDE];

    *m = (struct matrix){0};
    read_floats(w, "mvm_W.npy", SIDE * SIDE);
    read_floats(x, "mvm_X.npy", VECTORS * SIDE);
    for (int i = 0; i <= BINS; i++)
        m->w[i] = (float)i / (BINS / 2) - 1;
    for (int i = 0; i < SIDE * SIDE; i++) {
        m->share[lrint(((double)w[i] + 1) * (BINS / 2))] += 1.0 / (SIDE * SIDE);
        m->weight_power += (double)w[i] * (double)w[i] / (SIDE * SIDE);
    }
    for (int i = 0; i < VECTORS * SIDE; i++)
        m->input_power += (double)x[i] * (double)x[i] / (VECTORS * SIDE);
}

/* NaN: the table has no such setting. */
static double cell(const struct ohm_csv *csv, const char *setting, const char *column)
{
    int at = -1;
    double value = NAN;

    assert_int_equal(ohm_csv_need(csv, column, &at, NULL), OHM_OK);
    for (int r = 0; r < csv->rows; r++)
        if (strcmp(csv->cell[r * csv->columns], setting) == 0)
            assert_int_equal(ohm_csv_double(csv, r, at, &value, NULL), OHM_OK);
    return value;
}

static double predicted(const struct matrix *m, const struct ohm_weight_error *w, bool converters, bool compensated)
{
    const struct ohm_physics p = physics_of(NULL);
    const double slope = compensated ? w->slope : 1;
    const double of_weights = compensated ? w->error : w->slope * w->slope * w->error + (1 - w->slope) * (1 - w->slope);

    return sqrt(of_weights +
                (converters ? ohm_converter_noise(&p, SIDE, 1, m->input_power, m->weight_power, slope) : 0));
}

static void errors_of_products_are_those_of_another_simulator(void **state)
{
    static const char *const devices[][2] = {{"pcm", "pcm"}, {"hermes2", "pcm-hermes2"}};
    static const struct {
        const char *name, *time;
    } times[] = {{"t0", "0"}, {"1h", "1h"}, {"1d", "1d"}, {"1mo", "30d"}, {"1y", "1y"}};
    static struct matrix m;
    struct ohm_csv csv = {0};
    int rows = 0;

    (void)state;
    if (!ohm_file_exists(GOLDEN "mvm_stats.csv")) {
        print_message("SKIPPED: ../shared is absent\n");
        skip();
    }
    read_matrix(&m);
    assert_int_equal(ohm_csv_load(&csv, GOLDEN "mvm_stats.csv", NULL), OHM_OK);
    for (int d = 0; d < 2; d++) {
        struct ohm_device *const device = load_device(devices[d][1]);

        for (size_t t = 0; t < sizeof times / sizeof times[0]; t++) {
            struct ohm_moment moment;
            struct ohm_weight_error w;
            double seconds;

            assert_true(ohm_parse_time(times[t].time, &seconds));
            assert_int_equal(ohm_moment_init(&moment, device, seconds, NULL), OHM_OK);
            assert_int_equal(ohm_weight_error_over(&w, &moment, m.w, m.share, BINS + 1, NULL), OHM_OK);
            for (int k = 0; k < 4; k++) {
                char name[96];
                double golden, own;

                (void)snprintf(name, sizeof name, "%s_%s_%s_%s", devices[d][0], k % 2 ? "dac8_adc8_on0.04" : "perfect",
                               k / 2 ? "gdc" : "nocomp", times[t].name);
                golden = cell(&csv, name, "rel_err");
                if (isnan(golden))
                    continue;
                own = predicted(&m, &w, k % 2, k / 2);
                print_message("%-36s %.4f, here %.4f (%+.1f %%)\n", name, golden, own, 100 * (own / golden - 1));
                assert_true(fabs(own / golden - 1) < 0.05);
                rows++;
            }
        }
        ohm_device_free(device);
    }
    assert_int_equal(rows, 20);
    ohm_csv_release(&csv);
}

/* ---- networks ---- */

static struct ohm_noise_estimate estimate(const struct ohm_physics *p, const struct ohm_net *net)
{
    struct ohm_noise_estimate e;

    ohm_noise_estimate(&e, p, net);
    assert_true(e.known);
    return e;
}

/* Weights whose error is 1 % at the first time and 4 % at the second, converters without any. */
static struct ohm_physics exact_converters(void)
{
    struct ohm_physics p = physics_of(NULL);

    p.dac_bits = p.adc_bits = 0;
    p.out_noise = 0;
    p.weight_power = 0.16;
    p.time_count = 2;
    p.time[0] = (struct ohm_physics_time){"0", {1, 0.01}};
    p.time[1] = (struct ohm_physics_time){"1d", {0.5, 0.04}};
    return p;
}

static void one_layer_has_the_noise_of_its_weights_and_converters(void **state)
{
    struct ohm_physics p = exact_converters();
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    struct ohm_noise_estimate e;

    (void)state;
    ohm_net_reset(&b, false);
    assert_int_equal(ohm_net_finish(&b, ohm_net_dense(&b, ohm_net_input(&b, 1, 1, 300), 10, true), &net, NULL), OHM_OK);
    e = estimate(&p, net);
    assert_near(e.time[0].snr, 100, 1e-9);
    assert_near(e.time[1].snr, 25, 1e-9);
    assert_near(e.time[0].converters, 0, 0);
    /* 300 inputs on two tiles, with ranges of 3 deviations: 300 * 0.16 / 9 is the variance of the sum, 2 * 0.1^2 that
     * of the noise, which a slope of a half makes four times as much. */
    p.out_noise = 0.1;
    e = estimate(&p, net);
    assert_near(1 / e.time[0].snr, 0.01 + 0.02 * 9 / 48, 1e-9);
    assert_near(1 / e.time[1].snr, 0.04 + 4 * 0.02 * 9 / 48, 1e-9);
    assert_near(e.time[1].converters, 0.015 / 0.055, 1e-9);
    assert_near(e.time[1].worst, 0.055, 1e-9);
    p.conversions = 4;
    e = estimate(&p, net);
    assert_near(1 / e.time[0].snr, 0.01 + 4 * 0.02 * 9 / 48, 1e-9);
    /* 2 bits are 3 levels, a step of 1 for the DAC: 1/12, over the inputs' 1/9. */
    p = exact_converters();
    p.dac_bits = 2;
    e = estimate(&p, net);
    assert_near(1 / e.time[0].snr, 0.01 + 9.0 / 12, 1e-9);
    ohm_net_release(&b);
}

/* conv - batch norm - ReLU - global pool - dense: behind the ReLU errors count pi / (pi - 1) times as much. */
static void a_relu_leaves_less_of_the_signal_than_of_the_noise(void **state)
{
    const struct ohm_physics p = exact_converters();
    const struct ohm_conv conv = ohm_conv_square(16, 3, 1, 1);
    const double gain = 3.14159265358979323846 / (3.14159265358979323846 - 1);
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    struct ohm_noise_estimate e;
    int at;

    (void)state;
    ohm_net_reset(&b, false);
    at = ohm_net_unary(&b, OHM_BATCH_NORM, ohm_net_conv(&b, ohm_net_input(&b, 8, 8, 3), &conv));
    at = ohm_net_unary(&b, OHM_GLOBAL_AVG_POOL, ohm_net_unary(&b, OHM_RELU, at));
    assert_int_equal(ohm_net_finish(&b, ohm_net_dense(&b, at, 10, true), &net, NULL), OHM_OK);
    e = estimate(&p, net);
    assert_near(1 / e.time[0].snr, 0.01 * gain + 0.01 * gain, 1e-9);
    assert_near(1 / e.time[1].snr, 0.04 * gain + 0.04 * gain, 1e-9);
    assert_near(e.worst_depth, 1, 0); /* its inputs have a mean, on which errors act too */
    ohm_net_release(&b);
}

static void a_pool_averages_the_noise_of_converters_only(void **state)
{
    struct ohm_physics p = exact_converters();
    const struct ohm_conv conv = ohm_conv_square(16, 1, 1, 0);
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    struct ohm_noise_estimate e;
    int at;

    (void)state;
    p.out_noise = 0.1;
    ohm_net_reset(&b, false);
    at = ohm_net_conv(&b, ohm_net_input(&b, 4, 4, 300), &conv);
    assert_int_equal(ohm_net_finish(&b, ohm_net_unary(&b, OHM_GLOBAL_AVG_POOL, at), &net, NULL), OHM_OK);
    e = estimate(&p, net);
    assert_near(1 / e.time[0].snr, 0.01 + 0.02 * 9 / 48 / 16, 1e-9);
    ohm_net_release(&b);
}

/* n times conv - batch norm - ReLU, each block with its input added when `residual`. */
static const struct ohm_net *chain(struct ohm_net_builder *b, int n, bool residual)
{
    const struct ohm_conv conv = ohm_conv_square(16, 3, 1, 1);
    const struct ohm_net *net = NULL;
    int at;

    ohm_net_reset(b, false);
    at = ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, ohm_net_input(b, 8, 8, 3), &conv));
    at = ohm_net_unary(b, OHM_RELU, at);
    for (int i = 0; i < n; i++) {
        int both[2] = {ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, at, &conv)), at};

        at = ohm_net_unary(b, OHM_RELU, residual ? ohm_net_join(b, OHM_ADD, both, 2) : both[0]);
    }
    at = ohm_net_unary(b, OHM_GLOBAL_AVG_POOL, at);
    assert_int_equal(ohm_net_finish(b, ohm_net_dense(b, at, 10, true), &net, NULL), OHM_OK);
    return net;
}

static void deeper_chains_are_worse_and_residuals_help(void **state)
{
    struct ohm_device *const device = load_device("pcm");
    const struct ohm_physics p = physics_of(device);
    struct ohm_net_builder b = {0};
    double before = INFINITY;

    (void)state;
    for (int n = 1; n <= 40; n++) {
        const struct ohm_noise_estimate plain = estimate(&p, chain(&b, n, false));
        const struct ohm_noise_estimate residual = estimate(&p, chain(&b, n, true));

        for (int t = 0; t < p.time_count; t++)
            assert_true(residual.time[t].snr > plain.time[t].snr);
        assert_true(plain.time[1].snr < before);
        before = plain.time[1].snr;
    }
    ohm_net_release(&b);
    ohm_device_free(device);
}

static void what_reaches_the_outputs_alone_counts(void **state)
{
    const struct ohm_physics p = exact_converters();
    const struct ohm_conv conv = ohm_conv_square(16, 3, 1, 1);
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    int at, both[2];

    (void)state;
    /* The other input of the sum is nothing. */
    ohm_net_reset(&b, false);
    at = ohm_net_input(&b, 8, 8, 16);
    both[0] = ohm_net_conv(&b, at, &conv);
    both[1] = ohm_net_zero(&b, both[0], 1);
    at = ohm_net_unary(&b, OHM_GLOBAL_AVG_POOL, ohm_net_join(&b, OHM_ADD, both, 2));
    assert_int_equal(ohm_net_finish(&b, at, &net, NULL), OHM_OK);
    assert_near(estimate(&p, net).time[0].snr, 100, 1e-9);
    /* Nothing reaches them. */
    ohm_net_reset(&b, false);
    at = ohm_net_zero(&b, ohm_net_input(&b, 8, 8, 16), 1);
    at = ohm_net_unary(&b, OHM_RELU, ohm_net_unary(&b, OHM_BATCH_NORM, ohm_net_conv(&b, at, &conv)));
    at = ohm_net_unary(&b, OHM_GLOBAL_AVG_POOL, at);
    assert_int_equal(ohm_net_finish(&b, ohm_net_dense(&b, at, 10, true), &net, NULL), OHM_OK);
    assert_near(estimate(&p, net).time[0].snr, 0, 0);
    ohm_net_release(&b);
}

static void a_layer_that_reads_too_far_back_makes_it_unknown(void **state)
{
    const struct ohm_physics p = exact_converters();

    (void)state;
    for (int far = 0; far < 2; far++) {
        struct ohm_net_builder b = {0};
        const struct ohm_net *net;
        struct ohm_noise_estimate e;
        int first, both[2];

        ohm_net_reset(&b, false);
        first = both[0] = ohm_net_dense(&b, ohm_net_input(&b, 1, 1, 16), 16, false);
        for (int i = 0; i < NOISE_REACH - 2 + far; i++)
            both[0] = ohm_net_unary(&b, OHM_FLATTEN, both[0]);
        both[1] = first;
        assert_int_equal(ohm_net_finish(&b, ohm_net_join(&b, OHM_ADD, both, 2), &net, NULL), OHM_OK);
        ohm_noise_estimate(&e, &p, net);
        assert_int_equal(e.known, far == 0);
        ohm_net_release(&b);
    }
}

/* ---- random networks ---- */

enum { NETS = 40 };

/* The signal over noise of networks drawn at random, at all times of the physics. */
static void snr_of_nets(double snr[NETS][OHM_PHYSICS_TIMES_MAX], const struct ohm_physics *p)
{
    struct ohm_rng rng = ohm_rng_seed(5);
    struct ohm_net_builder b = {0};
    struct ohm_space *space = NULL;

    assert_int_equal(ohm_space_load(&space, "searchspaces/resnet-cifar10.yaml", NULL), OHM_OK);
    for (int i = 0; i < NETS; i++) {
        const struct ohm_net *net;
        struct ohm_genotype g;

        assert_int_equal(ohm_genotype_sample(space, &g, &rng, NULL), OHM_OK);
        assert_int_equal(ohm_decode(space, &g, &b, &net, NULL), OHM_OK);
        for (int t = 0; t < p->time_count; t++)
            snr[i][t] = estimate(p, net).time[t].snr;
    }
    ohm_net_release(&b);
    ohm_space_free(space);
}

static void assert_all_worse(const struct ohm_physics *more, double before[NETS][OHM_PHYSICS_TIMES_MAX],
                             const char *what)
{
    double snr[NETS][OHM_PHYSICS_TIMES_MAX];

    snr_of_nets(snr, more);
    for (int i = 0; i < NETS; i++)
        for (int t = 0; t < more->time_count; t++)
            if (!(snr[i][t] < before[i][t]))
                fail_msg("%s: network %d at %s: %g, and %g with more noise", what, i, more->time[t].name, before[i][t],
                         snr[i][t]);
    memcpy(before, snr, sizeof snr);
}

static void more_noise_of_converters_never_helps(void **state)
{
    struct ohm_device *const device = load_device("pcm");
    const struct ohm_physics calm = physics_of(device);
    double start[NETS][OHM_PHYSICS_TIMES_MAX], snr[NETS][OHM_PHYSICS_TIMES_MAX];

    (void)state;
    snr_of_nets(start, &calm);
    for (int k = 0; k < 6; k++) {
        static const char *const settings[] = {"out_noise",   "adc_bits",  "dac_bits",
                                               "conversions", "adc_bound", "tile_rows"};
        static const char *const values[][2] = {{"0.05", "0.2"}, {"7", "4"},   {"6", "3"},
                                                {"2", "4"},      {"11", "40"}, {"128", "16"}};

        memcpy(snr, start, sizeof snr);
        for (int v = 0; v < 2; v++) {
            struct ohm_physics p = calm;

            assert_int_equal(ohm_field_set(ohm_physics_fields, &p, settings[k], values[k][v], NULL), OHM_OK);
            if (strcmp(settings[k], "tile_rows") != 0 || v == 1) /* 128 may cut no matrix of a small network */
                assert_all_worse(&p, snr, settings[k]);
        }
    }
    ohm_device_free(device);
}

static void more_noise_of_devices_and_more_time_never_help(void **state)
{
    struct ohm_device *const device = load_device("pcm");
    struct ohm_physics p;
    double snr[NETS][OHM_PHYSICS_TIMES_MAX];

    (void)state;
    device->scale_program = device->scale_drift = device->scale_read = 0.25;
    p = physics_of(device);
    snr_of_nets(snr, &p);
    device->scale_program = 1;
    p = physics_of(device);
    assert_all_worse(&p, snr, "programming");
    device->scale_read = 1;
    p = physics_of(device);
    assert_all_worse(&p, snr, "read");
    device->scale_drift = 1;
    p = physics_of(device);
    p.time[0] = p.time[2]; /* right after programming nothing has drifted */
    p.time_count = 1;
    for (int i = 0; i < NETS; i++)
        snr[i][0] = snr[i][2];
    assert_all_worse(&p, snr, "drift");
    p = physics_of(device);
    snr_of_nets(snr, &p);
    for (int i = 0; i < NETS; i++)
        for (int t = 1; t < p.time_count; t++)
            assert_true(snr[i][t] < snr[i][t - 1]);
    ohm_device_free(device);
}

static void nothing_happens_on_an_ideal_device(void **state)
{
    struct ohm_device *const device = load_device("ideal");
    const struct ohm_physics p = physics_of(device);

    (void)state;
    assert_int_equal(p.time_count, 3);
    for (int t = 0; t < p.time_count; t++) {
        assert_near(p.time[t].weight.slope, 1, 1e-6);
        assert_near(p.time[t].weight.error, 0, 1e-9);
    }
    /* variance of a normal value that ends at 2.5 deviations: 0.9783, by the closed form, over 2.5^2 */
    assert_near(p.weight_power, 0.9783 / 6.25, 0.0002);
    ohm_device_free(device);
}

static void times_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *device, *times, *reason;
        enum ohm_status status;
    } wrong[] = {
        {"pcm", "0,1x", "'1x'", OHM_ECONFIG},
        {"pcm", "0,", "''", OHM_ECONFIG},
        {"pcm", "1d,1d", "twice", OHM_ECONFIG},
        {"pcm", "0,1h,2h,3h,4h", "more than 4", OHM_ECONFIG},
        {"pcm", "000000000000000000000000000000001d", "not a time", OHM_ECONFIG},
        {"reram-wan", "1d,30d", "", OHM_ERANGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ohm_device *const device = load_device(wrong[i].device);
        struct ohm_physics p = physics_of(NULL), before;
        struct ohm_error err = {0};

        (void)snprintf(p.times, sizeof p.times, "%s", wrong[i].times);
        before = p;
        assert_int_equal(ohm_physics_take_device(&p, device, &err), wrong[i].status);
        if (!strstr(err.text, wrong[i].reason))
            fail_msg("'%s' does not say '%s'", err.text, wrong[i].reason);
        assert_memory_equal(&p, &before, sizeof p);
        ohm_device_free(device);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_of_products_are_those_of_another_simulator),
        cmocka_unit_test(one_layer_has_the_noise_of_its_weights_and_converters),
        cmocka_unit_test(a_relu_leaves_less_of_the_signal_than_of_the_noise),
        cmocka_unit_test(a_pool_averages_the_noise_of_converters_only),
        cmocka_unit_test(deeper_chains_are_worse_and_residuals_help),
        cmocka_unit_test(what_reaches_the_outputs_alone_counts),
        cmocka_unit_test(a_layer_that_reads_too_far_back_makes_it_unknown),
        cmocka_unit_test(more_noise_of_converters_never_helps),
        cmocka_unit_test(more_noise_of_devices_and_more_time_never_help),
        cmocka_unit_test(nothing_happens_on_an_ideal_device),
        cmocka_unit_test(times_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
