/* test_map.c - where weights lie, and layers whose mapping and timing can be followed by hand. */
#include "chip_fixture.h"

#include <math.h>

enum { NETS = 400, PLACES_MAX = 8192, CELLS_MAX = 1 << 20 };

static struct ohm_placement places[PLACES_MAX];

/* Every weight of the block-diagonal matrix of a layer lies in one placement of a copy. False: a matrix so large that
 * counting it cell by cell takes too long for a test. */
static bool layer_is_covered_once(const struct ohm_net *net, int layer, int copy, int64_t n)
{
    const struct ohm_layer *const l = &net->layer[layer];
    const int64_t groups = l->kind == OHM_CONV ? l->groups : 1;
    int64_t rows, cols, positions, all_rows, weights = 0;
    unsigned char *seen;

    ohm_layer_matrix(l, &rows, &cols, &positions);
    all_rows = rows * groups;
    if (all_rows * cols > CELLS_MAX)
        return false;
    seen = ohm_alloc((size_t)(all_rows * cols), 1);
    assert_non_null(seen);
    for (int64_t i = 0; i < n; i++) {
        const struct ohm_placement *const p = &places[i];

        if (p->layer != layer || p->copy != copy)
            continue;
        assert_true(p->rows >= 1 && p->cols >= 1 && p->rows <= 256 && p->cols <= 256);
        assert_true(p->row >= 0 && p->col >= 0 && p->row + p->rows <= all_rows && p->col + p->cols <= cols);
        for (int64_t r = p->row; r < p->row + p->rows; r++)
            for (int64_t c = p->col; c < p->col + p->cols; c++) {
                assert_int_equal(seen[r * cols + c], 0);
                seen[r * cols + c] = 1;
                weights += r / rows == c / (cols / groups);
            }
    }
    assert_int_equal(weights, l->weights);
    ohm_free(seen);
    return true;
}

static void placements_hold_every_weight_once_and_one_tile_a_core(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_rng rng = ohm_rng_seed(11);
    struct ohm_net_builder b = {0};
    int64_t counted = 0, copied = 0, layers = 0;

    (void)state;
    for (int i = 0; i < NETS; i++) {
        const struct ohm_net *const net = fixture_random(&b, &rng);
        struct ohm_chip_use use = fixture_use(OHM_READ_1_PHASE, OHM_SCHEDULE_PIPELINED);
        struct ohm_cost_layer row[64];
        struct ohm_cost cost;
        int64_t n = 0;

        use.replicate = i % 2;
        use.redundancy = 1 + i % 3 / 2;
        assert_int_equal(ohm_cost_net(chip, &use, net, &cost, row, NULL), OHM_OK);
        assert_int_equal(ohm_map_net(chip, &use, net, places, PLACES_MAX, &n, NULL), OHM_OK);
        assert_in_range(n, 1, PLACES_MAX);
        assert_int_equal(n, cost.cores);
        for (int64_t k = 0; k < n; k++)
            assert_int_equal(places[k].core, k);
        for (int k = 0; k < net->mvm_layers; k++)
            counted += layer_is_covered_once(net, row[k].layer, 0, n);
        if (row[0].copies > 1)
            copied += layer_is_covered_once(net, row[0].layer, row[0].copies * (int)use.redundancy - 1, n);
        layers += net->mvm_layers;
    }
    assert_true(counted > layers * 9 / 10);
    assert_true(copied > NETS / 10);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

static void a_short_array_is_filled_and_the_true_number_returned(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = fixture_resnet9(&b);
    int64_t n = 0;

    (void)state;
    assert_int_equal(ohm_map_net(chip, &use, net, NULL, 0, &n, NULL), OHM_OK);
    assert_int_equal(n, 40);
    memset(places, 0xff, 8 * sizeof places[0]);
    assert_int_equal(ohm_map_net(chip, &use, net, places, 7, &n, NULL), OHM_OK);
    assert_int_equal(n, 40);
    assert_int_equal(places[6].core, 6);
    assert_int_equal(places[7].core, -1);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

/* Le Gallo et al., methods: "2016 x 224 -> 8 of 252 x 224". */
static void a_large_matrix_is_cut_into_equal_parts(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    const struct ohm_conv conv = ohm_conv_square(224, 3, 1, 1);
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    int64_t n = 0;

    (void)state;
    ohm_net_reset(&b, false);
    net = fixture_finish(&b, ohm_net_conv(&b, ohm_net_input(&b, 4, 4, 224), &conv));
    assert_int_equal(ohm_map_net(chip, &use, net, places, PLACES_MAX, &n, NULL), OHM_OK);
    assert_int_equal(n, 8);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(places[i].rows, 252);
        assert_int_equal(places[i].cols, 224);
        assert_int_equal(places[i].row, 252 * i);
    }
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

/* 64 channels of 3 x 3: 28 groups of 9 x 1 fit the rows of a tile, so 3 tiles of 22, 22 and 20 groups. */
static void depthwise_layers_lie_on_the_diagonal(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_conv conv = ohm_conv_square(64, 3, 1, 1);
    struct ohm_net_builder b = {0};
    struct ohm_cost_layer row;
    struct ohm_cost cost;
    const struct ohm_net *net;
    int64_t n = 0;

    (void)state;
    conv.groups = 64;
    ohm_net_reset(&b, false);
    net = fixture_finish(&b, ohm_net_conv(&b, ohm_net_input(&b, 16, 16, 64), &conv));
    assert_int_equal(ohm_cost_net(chip, &use, net, &cost, &row, NULL), OHM_OK);
    assert_int_equal(cost.cores, 3);
    assert_int_equal(row.rows, 576);
    assert_int_equal(row.cols, 64);
    assert_true(fabs(cost.util - 576.0 / (3 * 65536)) < 1e-15);
    assert_true(fabs(row.latency_us - 0.256 * (520 + (22 + 21.9) * 2.5)) < 1e-9);
    assert_int_equal(ohm_map_net(chip, &use, net, places, PLACES_MAX, &n, NULL), OHM_OK);
    assert_int_equal(n, 3);
    assert_int_equal(places[1].row, 22 * 9);
    assert_int_equal(places[1].col, 22);
    assert_int_equal(places[2].rows, 20 * 9);
    assert_int_equal(places[2].cols, 20);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

/* Two 3 x 3 layers at 8 x 8: the second begins when the first has made one row and two positions, 10 in all, and takes
 * all of its 64. Both have one tile, 16 outputs, and 520 + (16 + 21.9) 2.5 = 614.75 ns a position. */
static void the_first_image_waits_for_the_first_window(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_PIPELINED);
    struct ohm_net_builder b = {0};
    struct ohm_cost cost;
    int x;

    (void)state;
    ohm_net_reset(&b, false);
    x = fixture_conv_relu(&b, ohm_net_input(&b, 8, 8, 16), 16, 3, 1);
    x = fixture_conv(&b, x, 16, 3, 1);
    cost = fixture_cost(chip, &use, fixture_finish(&b, x));
    assert_true(fabs(cost.interval_us - 64 * 0.61475) < 1e-9);
    assert_true(fabs(cost.latency_us - (10 + 64) * 0.61475) < 1e-9);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

/* Dense layers need all of what is before them: the pipeline's first image takes as long as layer after layer. */
static void dense_layers_wait_for_everything(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_PIPELINED);
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    double line;
    int x;

    (void)state;
    ohm_net_reset(&b, false);
    x = fixture_conv_relu(&b, ohm_net_input(&b, 8, 8, 16), 16, 3, 1);
    x = ohm_net_dense(&b, ohm_net_unary(&b, OHM_FLATTEN, x), 300, true);
    net = fixture_finish(&b, ohm_net_dense(&b, x, 10, true));
    line = fixture_cost(chip, &use, net).latency_us;
    use.schedule = OHM_SCHEDULE_SERIAL;
    assert_true(fabs(line - fixture_cost(chip, &use, net).latency_us) < 1e-9);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

static void a_net_without_crossbar_layers_is_an_error(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_net_builder b = {0};
    struct ohm_error err = {0};
    struct ohm_cost cost;
    const struct ohm_net *net;
    int64_t n;

    (void)state;
    ohm_net_reset(&b, false);
    net = fixture_finish(&b, ohm_net_unary(&b, OHM_RELU, ohm_net_input(&b, 4, 4, 2)));
    for (int schedule = 0; schedule < 2; schedule++) {
        const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, schedule);

        assert_int_equal(ohm_cost_net(chip, &use, net, &cost, NULL, &err), OHM_ERANGE);
        assert_non_null(strstr(err.text, "no conv or dense layer"));
        assert_int_equal(ohm_map_net(chip, &use, net, NULL, 0, &n, &err), OHM_ERANGE);
    }
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

static void matrices_of_no_size_are_an_error(void **state)
{
    static const struct ohm_matrix bad[] = {{0, 1, 1, false},
                                            {1, -1, 1, false},
                                            {1, 1, 0, false},
                                            {INT64_MAX, 1, 1, false},
                                            {1 << 30, 1 << 30, 1, false},
                                            {1, 1, INT64_MAX, false}};
    struct ohm_chip *const chip = fixture_chip();
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_cost cost;
    struct ohm_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ohm_cost_matrices(chip, &use, &bad[i], 1, &cost, NULL, &err), OHM_ERANGE);
    assert_int_equal(ohm_cost_matrices(chip, &use, bad, 0, &cost, NULL, &err), OHM_ERANGE);
    ohm_chip_free(chip);
}

static void each_failed_allocation_is_told_and_nothing_leaks(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = fixture_resnet9(&b);
    struct ohm_cost cost;
    long at = 0;
    int64_t n;
    enum ohm_status st;

    (void)state;
    ohm_mem_fail_at(1);
    assert_int_equal(ohm_cost_net(chip, &use, net, &cost, NULL, NULL), OHM_OK);
    ohm_mem_fail_at(0);
    use.schedule = OHM_SCHEDULE_PIPELINED;
    do {
        ohm_mem_fail_at(++at);
        st = ohm_map_net(chip, &use, net, NULL, 0, &n, NULL);
        ohm_mem_fail_at(0);
        assert_true(st == OHM_OK || st == OHM_ENOMEM);
    } while (st != OHM_OK);
    assert_true(at > 3);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placements_hold_every_weight_once_and_one_tile_a_core),
        cmocka_unit_test(a_short_array_is_filled_and_the_true_number_returned),
        cmocka_unit_test(a_large_matrix_is_cut_into_equal_parts),
        cmocka_unit_test(depthwise_layers_lie_on_the_diagonal),
        cmocka_unit_test(the_first_image_waits_for_the_first_window),
        cmocka_unit_test(dense_layers_wait_for_everything),
        cmocka_unit_test(a_net_without_crossbar_layers_is_an_error),
        cmocka_unit_test(matrices_of_no_size_are_an_error),
        cmocka_unit_test(each_failed_allocation_is_told_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
