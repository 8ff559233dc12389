/* test_cost_cpu.c - a processor as a chip: its sums by hand, and what must hold of any network. */
#include "chip_fixture.h"

#include <math.h>

enum { NETS = 1000, ROWS_MAX = 256 };

static void near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fabs(b)))
        fail_msg("%.17g is not %.17g", a, b);
}

static double number(const struct ohm_chip *chip, const char *key)
{
    struct ohm_chip_number n;
    int i;

    assert_int_equal(ohm_chip_find(chip, key, &i, NULL), OHM_OK);
    assert_true(ohm_chip_number(chip, i, &n));
    return n.value;
}

static void set(struct ohm_chip *chip, const char *key, double value)
{
    int i;

    assert_int_equal(ohm_chip_find(chip, key, &i, NULL), OHM_OK);
    assert_int_equal(ohm_chip_put(chip, i, value, NULL), OHM_OK);
}

/* Numbers that can be told apart in a sum: a power of a thousand each. */
static struct ohm_chip *round_chip(void)
{
    struct ohm_chip *const chip = fixture_chip_named("cpu");

    set(chip, "time.layer_ns", 1000);
    set(chip, "time.window_ns", 0);
    set(chip, "time.tile_ns", 0);
    set(chip, "time.conv_ps_per_MAC", 1);
    set(chip, "time.depthwise_ps_per_MAC", 0);
    set(chip, "time.pool_ps_per_tap", 0);
    set(chip, "time.weights_ps_per_B", 0);
    set(chip, "time.elements_ps_per_B", 0);
    set(chip, "power.idle_W", 2);
    set(chip, "power.active_W", 3);
    return chip;
}

/* 64 channels are two pairs of blocks of 16; a row of 32 pixels three tiles; 32 rows. */
static void a_convolution_costs_its_products_tiles_and_bytes(void **state)
{
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_chip *const chip = round_chip();
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = fixture_conv3x3(&b);
    const double macs_us = 32.0 * 32 * 9 * 64 * 64 * 1e-6;

    (void)state;
    near(fixture_cost(chip, &use, net).latency_us, 1 + macs_us);
    set(chip, "time.tile_ns", 1);
    near(fixture_cost(chip, &use, net).latency_us, 1 + macs_us + 32 * 3 * 2 * 1e-3);
    set(chip, "time.tile_ns", 0);
    set(chip, "time.weights_ps_per_B", 1);
    near(fixture_cost(chip, &use, net).latency_us, 1 + macs_us + 4 * 9 * 64 * 64 * 1e-6);
    set(chip, "time.weights_ps_per_B", 0);
    set(chip, "time.window_ns", 250); /* but not for a 1 x 1 kernel, below */
    near(fixture_cost(chip, &use, net).latency_us, 1.25 + macs_us);
    set(chip, "time.window_ns", 0);
    set(chip, "time.elements_ps_per_B", 1); /* the frame of zeros around the image: read and written */
    near(fixture_cost(chip, &use, net).latency_us, 1 + macs_us + 2 * 4 * 32 * 32 * 64 * 1e-6);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

/* 10 outputs fill one block of 16 lanes; one pixel is one vector, and the processor waits as if there were eight. */
static void few_outputs_cost_whole_vectors_and_few_vectors_a_wait(void **state)
{
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    static const struct ohm_matrix matrix = {100, 10, 1, false}, many = {100, 10, 1000, false};
    struct ohm_chip *const chip = round_chip();
    struct ohm_cost cost;
    struct ohm_cost_layer row;

    (void)state;
    assert_int_equal(ohm_cost_matrices(chip, &use, &matrix, 1, &cost, &row, NULL), OHM_OK);
    near(cost.latency_us, 1 + 100 * 16 * 8 * 1e-6);
    assert_int_equal(row.rows, 100);
    assert_int_equal(row.cols, 10);
    assert_int_equal(ohm_cost_matrices(chip, &use, &many, 1, &cost, &row, NULL), OHM_OK);
    near(cost.latency_us, 1 + 100 * 16 * 1000 * 1e-6);
    near(row.latency_us, cost.latency_us);
    ohm_chip_free(chip);
}

static void other_layers_cost_the_bytes_that_they_move(void **state)
{
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_chip *const chip = round_chip();
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    double plain_us;
    int x, y;

    (void)state;
    set(chip, "time.elements_ps_per_B", 1);
    set(chip, "time.window_ns", 1000);
    set(chip, "time.pool_ps_per_tap", 1);
    ohm_net_reset(&b, false);
    x = ohm_net_conv(&b, ohm_net_input(&b, 8, 8, 16),
                     &(struct ohm_conv){.c_out = 16, .k_h = 1, .k_w = 1, .stride_h = 1, .stride_w = 1, .groups = 1});
    net = fixture_finish(&b, x);
    plain_us = fixture_cost(chip, &use, net).latency_us; /* a 1 x 1 kernel needs no frame */
    near(plain_us, 1 + 64 * 16 * 16 * 1e-6);
    ohm_net_reset(&b, false);
    x = ohm_net_conv(&b, ohm_net_input(&b, 8, 8, 16),
                     &(struct ohm_conv){.c_out = 16, .k_h = 1, .k_w = 1, .stride_h = 1, .stride_w = 1, .groups = 1});
    y = ohm_net_unary(&b, OHM_RELU, ohm_net_unary(&b, OHM_BATCH_NORM, x)); /* the ReLU is done on the way */
    x = ohm_net_unary(&b, OHM_RELU, fixture_add(&b, x, y));                /* and so is this one */
    x = ohm_net_pool(&b, OHM_MAX_POOL, x, 2, 2, 2, 0, false);
    x = ohm_net_unary(&b, OHM_RELU, x); /* but not this one */
    net = fixture_finish(&b, x);
    near(fixture_cost(chip, &use, net).latency_us,
         plain_us + 4 + (64 * 16 * 4 * 2 + 64 * 16 * 4 * 3 + 16 * 16 * 4 * 2) * 1e-6 + 16 * 16 * 4 * 1e-6);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

/* 48 outputs are a pair of blocks and one alone, whose rows of 3 x 3 are swept; those of 5 x 5 are not. */
static void swept_rows_have_no_tiles(void **state)
{
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_chip *const chip = round_chip();
    struct ohm_net_builder b = {0};

    (void)state;
    set(chip, "time.tile_ns", 1e3);
    for (int kernel = 3; kernel <= 5; kernel += 2) {
        const struct ohm_conv conv = ohm_conv_square(48, kernel, 1, kernel / 2);
        const struct ohm_net *net;

        ohm_net_reset(&b, false);
        net = fixture_finish(&b, ohm_net_conv(&b, ohm_net_input(&b, 8, 8, 16), &conv));
        near(fixture_cost(chip, &use, net).latency_us,
             1 + 64 * 48 * 16 * kernel * kernel * 1e-6 + 8 * (kernel == 3 ? 1 : 2));
    }
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

static void depthwise_layers_have_a_rate_of_their_own(void **state)
{
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_chip *const chip = round_chip();
    struct ohm_conv conv = ohm_conv_square(20, 3, 1, 1);
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;

    (void)state;
    set(chip, "time.depthwise_ps_per_MAC", 10);
    conv.groups = 20;
    ohm_net_reset(&b, false);
    net = fixture_finish(&b, ohm_net_conv(&b, ohm_net_input(&b, 8, 8, 20), &conv));
    near(fixture_cost(chip, &use, net).latency_us, 1 + 64 * 9 * 32 * 10e-6);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

static void pipelined_each_core_has_an_image(void **state)
{
    const struct ohm_chip_use serial = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    const struct ohm_chip_use pipelined = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_PIPELINED);
    struct ohm_chip *const chip = round_chip();
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = fixture_conv3x3(&b);
    struct ohm_cost one, two;
    struct ohm_chip_peak peak;
    struct ohm_str reason = {0};

    (void)state;
    one = fixture_cost(chip, &serial, net);
    two = fixture_cost(chip, &pipelined, net);
    assert_int_equal(one.cores, 1);
    assert_int_equal(two.cores, number(chip, "processor.cores"));
    near(one.interval_us, one.latency_us);
    near(two.latency_us, one.latency_us);
    near(two.interval_us, one.latency_us / 2);
    near(one.energy_uJ, one.latency_us * 5);
    near(two.energy_uJ, one.latency_us * 4); /* half of what it draws when idle */
    near(two.power_mW, (2 + 2 * 3) * 1e3);
    assert_true(two.fits && two.chips == 1 && two.cores_over == 0);
    ohm_cost_reason(&reason, chip, &two);
    assert_int_equal(reason.length, 0);
    ohm_chip_peak(chip, &serial, &peak);
    near(peak.tops, 2 * 2 / 1.0);
    near(peak.tops_per_W, 4 / 8.0);
    assert_true(two.tops <= peak.tops);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

static void the_whole_is_the_sum_of_its_layers(void **state)
{
    struct ohm_chip *const chip = fixture_chip_named("cpu");
    struct ohm_rng rng = ohm_rng_seed(5);
    struct ohm_net_builder b = {0};

    (void)state;
    set(chip, "power.idle_W", 1);
    for (int i = 0; i < NETS; i++) {
        const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, (int)ohm_rng_below(&rng, 2));
        const struct ohm_net *const net = fixture_random(&b, &rng);
        struct ohm_cost_layer row[ROWS_MAX];
        double us = 0, uJ = 0, part_us = 0, part_uJ = 0;
        const int rows = ohm_cost_rows(chip, net);
        struct ohm_cost cost;

        assert_in_range(rows, 1, ROWS_MAX);
        assert_int_equal(ohm_cost_net(chip, &use, net, &cost, row, NULL), OHM_OK);
        for (int k = 0; k < rows; k++) {
            assert_true(row[k].latency_us >= 0 && isfinite(row[k].latency_us));
            us += row[k].latency_us;
            uJ += row[k].energy_uJ;
        }
        for (int k = 0; k < OHM_COST_PARTS; k++) {
            part_us += cost.part_us[k];
            part_uJ += cost.part_uJ[k];
        }
        near(cost.latency_us, us);
        near(cost.latency_us, part_us);
        near(cost.energy_uJ, uJ + cost.energy_static_uJ);
        near(cost.energy_uJ, part_uJ);
        assert_true(cost.interval_us <= cost.latency_us && cost.fits);
        near(cost.tops, 2e-6 * (double)net->macs / cost.interval_us);
    }
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

/* A number that nothing reads would be a lie in the file. */
static void every_number_changes_some_cost(void **state)
{
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_PIPELINED);
    struct ohm_chip *const chip = fixture_chip_named("cpu");
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    struct ohm_chip_number n;
    struct ohm_cost was, now;
    int x;

    (void)state;
    ohm_net_reset(&b, false);
    x = fixture_conv_relu(&b, ohm_net_input(&b, 30, 30, 3), 48, 3, 1);
    x = fixture_conv_relu(&b, ohm_net_pool(&b, OHM_AVG_POOL, x, 2, 2, 2, 0, false), 16, 3, 1);
    x = ohm_net_conv(&b, x,
                     &(struct ohm_conv){.c_out = 16, .k_h = 3, .k_w = 3, .stride_h = 1, .stride_w = 1, .groups = 16});
    net = fixture_finish(&b, ohm_net_dense(&b, x, 10, true));
    was = fixture_cost(chip, &use, net);
    for (int i = 0; ohm_chip_number(chip, i, &n); i++) {
        const double high = n.whole ? fmin(n.value * 10, n.max) : 2 * n.value + n.max * 1e-3;
        bool changes = false;

        for (int side = 0; side < 2 && !changes; side++) {
            assert_int_equal(ohm_chip_put(chip, i,
                                          side      ? high
                                          : n.whole ? fmax(1, floor(n.value / 2))
                                                    : n.min,
                                          NULL),
                             OHM_OK);
            now = fixture_cost(chip, &use, net);
            changes = now.interval_us != was.interval_us || now.energy_uJ != was.energy_uJ;
        }
        if (!changes)
            fail_msg("%s.%s changes nothing", n.block, n.key);
        assert_int_equal(ohm_chip_put(chip, i, n.value, NULL), OHM_OK);
    }
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

static void nothing_lies_on_a_processor_and_nothing_is_too_large(void **state)
{
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    static const struct ohm_matrix huge = {INT32_MAX, 2000, 1, false};
    struct ohm_chip *const chip = fixture_chip_named("cpu");
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    struct ohm_error err = {0};
    struct ohm_cost cost;
    int64_t n = -1, rows, cols;

    (void)state;
    assert_int_equal(ohm_map_net(chip, &use, fixture_conv3x3(&b), NULL, 0, &n, NULL), OHM_OK);
    assert_int_equal(n, 0);
    ohm_chip_tile(chip, &rows, &cols);
    assert_true(rows == 0 && cols == 0);
    assert_int_equal(ohm_cost_matrices(chip, &use, &huge, 1, &cost, NULL, NULL), OHM_OK);
    assert_true(cost.fits && isfinite(cost.latency_us));
    ohm_net_reset(&b, false);
    net = fixture_finish(&b, ohm_net_unary(&b, OHM_RELU, ohm_net_input(&b, 4, 4, 4)));
    assert_int_equal(ohm_cost_net(chip, &use, net, &cost, NULL, &err), OHM_ERANGE);
    assert_non_null(strstr(err.text, "no conv or dense layer"));
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolution_costs_its_products_tiles_and_bytes),
        cmocka_unit_test(few_outputs_cost_whole_vectors_and_few_vectors_a_wait),
        cmocka_unit_test(other_layers_cost_the_bytes_that_they_move),
        cmocka_unit_test(swept_rows_have_no_tiles),
        cmocka_unit_test(depthwise_layers_have_a_rate_of_their_own),
        cmocka_unit_test(pipelined_each_core_has_an_image),
        cmocka_unit_test(the_whole_is_the_sum_of_its_layers),
        cmocka_unit_test(every_number_changes_some_cost),
        cmocka_unit_test(nothing_lies_on_a_processor_and_nothing_is_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
