/* test_pack.c - rectangles on crossbars: none over another, none outside, none lost. */
#include "chip_fixture.h"

#include "pack.h"

enum { TRIALS = 200, SIDE = 64, BINS_MAX = 4096 };

/* Cells of every crossbar, each taken at most once. */
static int64_t check_places(const struct packing *p, const struct crossbar *tile)
{
    const size_t cells = (size_t)(tile->rows * tile->cols);
    unsigned char *const seen = ohm_alloc((size_t)p->bins, cells);
    int64_t taken = 0;

    assert_non_null(seen);
    for (int32_t i = 0; i < p->n; i++) {
        const struct pack_item *const x = &p->item[i];

        assert_in_range(x->bin, 0, p->bins - 1);
        assert_true(x->at_row >= 0 && x->at_col >= 0);
        assert_true(x->at_row + x->rows <= tile->rows && x->at_col + x->cols <= tile->cols);
        for (int32_t r = x->at_row; r < x->at_row + x->rows; r++)
            for (int32_t c = x->at_col; c < x->at_col + x->cols; c++) {
                unsigned char *const cell = &seen[(size_t)x->bin * cells + (size_t)(r * tile->cols + c)];

                assert_int_equal(*cell, 0);
                *cell = 1;
                taken++;
            }
    }
    ohm_free(seen);
    return taken;
}

static void add(struct packing *p, const struct crossbar *tile, int64_t rows, int64_t cols, int64_t groups)
{
    const struct block_matrix x = {rows, cols, groups, 1, false};

    assert_int_equal(ohm_packing_add(p, tile, &x, 0, NULL), OHM_OK);
}

static void random_rectangles_lie_apart_and_inside(void **state)
{
    const struct crossbar tile = ohm_crossbar(SIDE, SIDE / 2);
    struct ohm_rng rng = ohm_rng_seed(3);

    (void)state;
    for (int t = 0; t < TRIALS; t++) {
        const int n = fixture_between(&rng, 1, 60), largest = fixture_between(&rng, 1, SIDE * 2);
        struct packing p = {0};
        int64_t cells = 0;

        for (int i = 0; i < n; i++) {
            const int64_t rows = fixture_between(&rng, 1, largest), cols = fixture_between(&rng, 1, largest);

            add(&p, &tile, rows, cols, 1);
            cells += rows * cols;
        }
        assert_int_equal(ohm_pack(&p, &tile, NULL), OHM_OK);
        assert_in_range(p.bins, (cells + SIDE * SIDE / 2 - 1) / (SIDE * SIDE / 2), BINS_MAX);
        assert_int_equal(check_places(&p, &tile), cells);
        ohm_packing_release(&p);
    }
}

/* No crossbar can hold two rectangles of more than half its sides, and each holds four quarters. */
static void simple_cases_take_as_many_crossbars_as_they_must(void **state)
{
    static const struct {
        int64_t rows, cols;
        int n, bins;
    } rows[] = {{33, 33, 7, 7}, {32, 32, 8, 2}, {64, 64, 3, 3},   {64, 16, 8, 2},
                {16, 64, 8, 2}, {65, 64, 1, 2}, {128, 128, 1, 4}, {1, 1, 4096, 1}};
    const struct crossbar tile = ohm_crossbar(SIDE, SIDE);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct packing p = {0};

        for (int k = 0; k < rows[i].n; k++)
            add(&p, &tile, rows[i].rows, rows[i].cols, 1);
        assert_int_equal(ohm_pack(&p, &tile, NULL), OHM_OK);
        assert_int_equal(p.bins, rows[i].bins);
        assert_int_equal(check_places(&p, &tile), rows[i].n * rows[i].rows * rows[i].cols);
        ohm_packing_release(&p);
    }
}

/* 9 x 1, of 64 groups: seven fit the rows of a tile, so ten rectangles of 7 (the last one of 1). */
static void groups_lie_on_the_diagonal_of_their_rectangle(void **state)
{
    const struct crossbar tile = ohm_crossbar(SIDE, SIDE);
    struct packing p = {0};

    (void)state;
    add(&p, &tile, 9, 1, 64);
    assert_int_equal(p.n, 10);
    assert_int_equal(p.item[0].rows, 63);
    assert_int_equal(p.item[0].cols, 7);
    assert_int_equal(p.item[9].rows, 9);
    assert_int_equal(p.item[9].col, 63);
    ohm_packing_release(&p);
    add(&p, &tile, 70, 3, 2); /* too high for a tile: each group is cut for itself */
    assert_int_equal(p.n, 4);
    assert_int_equal(p.item[2].row, 70);
    assert_int_equal(p.item[2].col, 3);
    assert_int_equal(p.item[3].rows, 6);
    ohm_packing_release(&p);
}

/* More crossbars than are kept open, most of them full. */
static void many_crossbars_are_packed_and_too_many_refused(void **state)
{
    const struct crossbar tile = ohm_crossbar(8, 8);
    const struct block_matrix huge = {8 * 300, 8 * 300, 1, 1, false};
    struct packing p = {0};
    struct ohm_error err = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        add(&p, &tile, 8, 5, 1);
    for (int i = 0; i < 1000; i++)
        add(&p, &tile, 3, 3, 1);
    assert_int_equal(ohm_pack(&p, &tile, &err), OHM_OK);
    assert_in_range(p.bins, 1000, 1500);
    assert_int_equal(check_places(&p, &tile), 1000 * 40 + 1000 * 9);
    ohm_packing_release(&p);
    assert_int_equal(ohm_packing_add(&p, &tile, &huge, 0, &err), OHM_ERANGE);
    assert_non_null(strstr(err.text, "too many to pack"));
    ohm_packing_release(&p);
}

static void nothing_takes_no_crossbar(void **state)
{
    const struct crossbar tile = ohm_crossbar(8, 8);
    struct packing p = {0};

    (void)state;
    assert_int_equal(ohm_pack(&p, &tile, NULL), OHM_OK);
    assert_int_equal(p.bins, 0);
}

/* Each weight of a network once, on every chip on which tiles share arrays. */
static void placements_of_shared_arrays_hold_each_weight_once(void **state)
{
    static const char *const chips[] = {"aon-cim", "imc-cluster"};
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = fixture_resnet9(&b);
    static struct ohm_placement place[1024];

    (void)state;
    for (int c = 0; c < 2; c++) {
        struct ohm_chip *const chip = fixture_chip_named(chips[c]);
        const struct ohm_cost cost = fixture_cost(chip, &use, net);
        int64_t n = 0, weights = 0, more = 0, rows, cols;

        ohm_chip_tile(chip, &rows, &cols);
        assert_int_equal(ohm_map_net(chip, &use, net, place, 1024, &n, NULL), OHM_OK);
        assert_in_range(n, cost.cores, 1024);
        for (int64_t i = 0; i < n; i++) {
            weights += (int64_t)place[i].rows * place[i].cols;
            assert_true(place[i].at_row + place[i].rows <= rows && place[i].at_col + place[i].cols <= cols);
            assert_true(i == 0 || place[i].core >= place[i - 1].core);
        }
        assert_int_equal(place[n - 1].core, cost.cores - 1);
        assert_int_equal(weights, net->weights);
        assert_int_equal(ohm_map_net(chip, &use, net, place, 3, &more, NULL), OHM_OK);
        assert_int_equal(more, n);
        ohm_chip_free(chip);
    }
    ohm_net_release(&b);
}

static void each_failed_allocation_is_told_and_nothing_leaks(void **state)
{
    static const char *const chips[] = {"aon-cim", "imc-cluster"};
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = fixture_resnet9(&b);

    (void)state;
    for (int c = 0; c < 2; c++) {
        struct ohm_chip *const chip = fixture_chip_named(chips[c]);
        struct ohm_placement place;
        enum ohm_status st;
        long at = 0;
        int64_t n;

        do {
            ohm_mem_fail_at(++at);
            st = ohm_map_net(chip, &use, net, &place, 1, &n, NULL);
            ohm_mem_fail_at(0);
            assert_true(st == OHM_OK || st == OHM_ENOMEM);
        } while (st != OHM_OK);
        assert_true(at > 5);
        ohm_chip_free(chip);
    }
    ohm_net_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_rectangles_lie_apart_and_inside),
        cmocka_unit_test(simple_cases_take_as_many_crossbars_as_they_must),
        cmocka_unit_test(groups_lie_on_the_diagonal_of_their_rectangle),
        cmocka_unit_test(many_crossbars_are_packed_and_too_many_refused),
        cmocka_unit_test(nothing_takes_no_crossbar),
        cmocka_unit_test(placements_of_shared_arrays_hold_each_weight_once),
        cmocka_unit_test(each_failed_allocation_is_told_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
