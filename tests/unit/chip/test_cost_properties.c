/* test_cost_properties.c - what must hold of the cost of any network on the chip, tried on random ones. */
#include "chip_fixture.h"

#include <math.h>

enum { NETS = 3000, LAYERS_MAX = 64 };

struct trial {
    struct ohm_chip *chip;
    const struct ohm_net *net;
    struct ohm_net_builder builder;
    struct ohm_rng rng;
};

static void trial_begin(struct trial *t, uint64_t seed)
{
    *t = (struct trial){.chip = fixture_chip(), .rng = ohm_rng_seed(seed)};
}

static void trial_next(struct trial *t)
{
    t->net = fixture_random(&t->builder, &t->rng);
    assert_in_range(t->net->mvm_layers, 1, LAYERS_MAX);
}

static void trial_end(struct trial *t)
{
    ohm_net_release(&t->builder);
    ohm_chip_free(t->chip);
}

/* Any way of use. */
static struct ohm_chip_use any_use(struct ohm_rng *rng)
{
    struct ohm_chip_use use = fixture_use((int)ohm_rng_below(rng, 2), (int)ohm_rng_below(rng, 2));

    use.overlap = ohm_rng_below(rng, 2);
    use.replicate = ohm_rng_below(rng, 2);
    use.scale_energy_with_util = ohm_rng_below(rng, 2);
    use.periphery = (int)ohm_rng_below(rng, 2);
    use.static_by_cores = ohm_rng_below(rng, 2);
    return use;
}

/* a <= b, up to rounding. */
static void not_above(double a, double b)
{
    if (!(a <= b * (1 + 1e-12)))
        fail_msg("%.17g is above %.17g", a, b);
}

static void equal(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fabs(b)))
        fail_msg("%.17g is not %.17g", a, b);
}

static void the_whole_is_the_sum_of_its_layers(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, 1);
    for (int i = 0; i < NETS; i++) {
        const struct ohm_chip_use use = any_use(&t.rng);
        struct ohm_cost_layer row[LAYERS_MAX];
        double us = 0, uJ = 0, slowest = 0, cells = 0;
        int64_t cores = 0, copies = 0, steps = 0;
        struct ohm_cost cost;

        trial_next(&t);
        assert_int_equal(ohm_cost_net(t.chip, &use, t.net, &cost, row, NULL), OHM_OK);
        for (int k = 0; k < t.net->mvm_layers; k++) {
            us += row[k].latency_us;
            uJ += row[k].energy_uJ;
            slowest = fmax(slowest, row[k].latency_us / row[k].copies);
            cores += row[k].tiles;
            copies += (int64_t)row[k].tiles * row[k].copies;
            steps += row[k].positions;
            cells += row[k].util * row[k].tiles * 65536;
            assert_int_equal(row[k].row_tiles * row[k].col_tiles, row[k].tiles);
            assert_true(row[k].util > 0 && row[k].util <= 1);
            assert_true(k == 0 || row[k].layer > row[k - 1].layer);
        }
        /* Overlap lets the next image in while the last product of this one is in the digital unit. */
        if (use.schedule == OHM_SCHEDULE_PIPELINED && use.overlap)
            not_above(cost.interval_us, slowest);
        else
            equal(cost.interval_us, use.schedule == OHM_SCHEDULE_SERIAL ? us : slowest);
        equal(cost.energy_uJ, uJ + cost.energy_static_uJ);
        equal(cost.energy_static_uJ,
              0.1906 * cost.interval_us * (use.static_by_cores ? (double)cost.cores / 64 : (double)cost.chips));
        equal(cells, (double)t.net->weights);
        equal(cost.util, (double)t.net->weights / ((double)cores * 65536));
        equal(cost.power_mW, cost.energy_uJ / cost.interval_us * 1e3);
        equal(cost.tops, 2e-6 * (double)t.net->macs / cost.interval_us);
        equal(cost.tops_per_W, 2e-6 * (double)t.net->macs / cost.energy_uJ);
        equal(cost.area_mm2, (double)cost.cores * (use.periphery == OHM_PERIPHERY_LDPU ? 1.392 : 0.635 + 0.757 / 7.8));
        equal(cost.area_chips_mm2, cost.chips * 144.0);
        assert_int_equal(cost.cores_single, cores);
        assert_int_equal(cost.cores, copies);
        assert_int_equal(cost.mvm_steps, steps);
        assert_int_equal(cost.chips, (cores + 63) / 64);
        assert_int_equal(cost.fits, cores <= 64);
        assert_int_equal(cost.cores_over, cores > 64 ? cores - 64 : 0);
    }
    trial_end(&t);
}

static void four_phases_are_never_faster_or_cheaper_than_one(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, 2);
    for (int i = 0; i < NETS; i++) {
        struct ohm_chip_use use = any_use(&t.rng);
        struct ohm_cost one, four;

        trial_next(&t);
        use.replicate = false;
        use.read_mode = OHM_READ_1_PHASE;
        one = fixture_cost(t.chip, &use, t.net);
        use.read_mode = OHM_READ_4_PHASE;
        four = fixture_cost(t.chip, &use, t.net);
        not_above(one.latency_us, four.latency_us);
        not_above(one.interval_us, four.interval_us);
        not_above(one.energy_uJ, four.energy_uJ);
        assert_int_equal(one.cores, four.cores);
    }
    trial_end(&t);
}

static void a_pipeline_is_never_slower_than_layer_after_layer(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, 3);
    for (int i = 0; i < NETS; i++) {
        struct ohm_chip_use use = any_use(&t.rng);
        struct ohm_cost serial, line;

        trial_next(&t);
        use.schedule = OHM_SCHEDULE_SERIAL;
        serial = fixture_cost(t.chip, &use, t.net);
        use.schedule = OHM_SCHEDULE_PIPELINED;
        line = fixture_cost(t.chip, &use, t.net);
        not_above(line.interval_us, serial.interval_us);
        not_above(line.latency_us, serial.latency_us);
        not_above(line.energy_uJ, serial.energy_uJ);
        /* An image cannot be through before the slowest layer has done it. */
        not_above(line.interval_us, line.latency_us);
    }
    trial_end(&t);
}

static void copies_stay_on_the_chip_and_never_slow_it_down(void **state)
{
    struct trial t;
    int copied = 0;

    (void)state;
    trial_begin(&t, 4);
    for (int i = 0; i < NETS; i++) {
        struct ohm_chip_use use = any_use(&t.rng);
        struct ohm_cost_layer row[LAYERS_MAX];
        struct ohm_cost plain, cost;

        trial_next(&t);
        use.schedule = OHM_SCHEDULE_PIPELINED;
        use.replicate = false;
        plain = fixture_cost(t.chip, &use, t.net);
        use.replicate = true;
        assert_int_equal(ohm_cost_net(t.chip, &use, t.net, &cost, row, NULL), OHM_OK);
        assert_true(cost.cores <= 64 || cost.cores == plain.cores);
        assert_int_equal(cost.cores_single, plain.cores);
        not_above(cost.interval_us, plain.interval_us);
        not_above(cost.latency_us, plain.latency_us);
        if (!use.static_by_cores)
            not_above(cost.energy_uJ, plain.energy_uJ);
        for (int k = 0; k < t.net->mvm_layers; k++)
            assert_in_range(row[k].copies, 1, row[k].positions);
        copied += cost.cores > plain.cores;
    }
    assert_true(copied > NETS / 4);
    trial_end(&t);
}

/* R cores a tile: R times the cores and their energy, and R - 1 more hops for each tile of rows; the rest stays. */
static void redundant_cores_cost_their_energy_and_hops(void **state)
{
    const double hop_us = 21.9 / 400;
    struct trial t;

    (void)state;
    trial_begin(&t, 6);
    for (int i = 0; i < NETS; i++) {
        struct ohm_chip_use use = any_use(&t.rng);
        const int64_t r = 2 + (int64_t)ohm_rng_below(&t.rng, 3);
        struct ohm_cost_layer row[LAYERS_MAX], more[LAYERS_MAX];
        struct ohm_cost one, many;

        trial_next(&t);
        use.schedule = OHM_SCHEDULE_SERIAL;
        use.periphery = OHM_PERIPHERY_LDPU;
        use.overlap = false;
        assert_int_equal(ohm_cost_net(t.chip, &use, t.net, &one, row, NULL), OHM_OK);
        use.redundancy = r;
        assert_int_equal(ohm_cost_net(t.chip, &use, t.net, &many, more, NULL), OHM_OK);
        assert_int_equal(many.cores_single, r * one.cores_single);
        assert_int_equal(many.mvm_steps, one.mvm_steps);
        equal(many.util, one.util);
        equal(many.part_uJ[OHM_PART_ARRAY], (double)r * one.part_uJ[OHM_PART_ARRAY]);
        assert_true(many.part_uJ[OHM_PART_DIGITAL] > (double)r * one.part_uJ[OHM_PART_DIGITAL]);
        for (int k = 0; k < t.net->mvm_layers; k++) {
            assert_int_equal(more[k].tiles, r * row[k].tiles);
            assert_int_equal(more[k].row_tiles, r * row[k].row_tiles);
            assert_int_equal(more[k].col_tiles, row[k].col_tiles);
            equal(more[k].latency_us,
                  row[k].latency_us + hop_us * (double)(row[k].positions * row[k].row_tiles * (r - 1)));
        }
        use.redundancy = 0;
        assert_int_equal(ohm_cost_net(t.chip, &use, t.net, &many, more, NULL), OHM_ECONFIG);
    }
    trial_end(&t);
}

static void overlap_and_scaled_energy_never_cost_more(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, 5);
    for (int i = 0; i < NETS; i++) {
        struct ohm_chip_use use = any_use(&t.rng);
        struct ohm_cost before, after;

        trial_next(&t);
        use.replicate = false;
        use.overlap = false;
        use.scale_energy_with_util = false;
        before = fixture_cost(t.chip, &use, t.net);
        use.overlap = true;
        after = fixture_cost(t.chip, &use, t.net);
        not_above(after.latency_us, before.latency_us);
        not_above(after.interval_us, before.interval_us);
        not_above(after.energy_uJ, before.energy_uJ);
        use.overlap = false;
        use.scale_energy_with_util = true;
        after = fixture_cost(t.chip, &use, t.net);
        not_above(after.energy_uJ, before.energy_uJ);
        equal(after.latency_us, before.latency_us);
    }
    trial_end(&t);
}

/* The matrices of a net without groups, priced as a list, cost what the net costs. */
static void a_list_of_matrices_costs_what_the_net_costs(void **state)
{
    struct trial t;
    int compared = 0;

    (void)state;
    trial_begin(&t, 6);
    for (int i = 0; i < NETS; i++) {
        const struct ohm_chip_use use = any_use(&t.rng);
        struct ohm_matrix matrix[LAYERS_MAX];
        struct ohm_cost net, list;
        int n = 0;
        bool grouped = false;

        trial_next(&t);
        for (int k = 0; k < t.net->layers; k++) {
            struct ohm_matrix *const x = &matrix[n];

            if (!ohm_layer_is_mvm(t.net->layer[k].kind))
                continue;
            ohm_layer_matrix(&t.net->layer[k], &x->rows, &x->cols, &x->positions);
            x->gdpu = false;
            grouped = grouped || t.net->layer[k].groups > 1;
            n++;
        }
        if (grouped)
            continue;
        compared++;
        net = fixture_cost(t.chip, &use, t.net);
        assert_int_equal(ohm_cost_matrices(t.chip, &use, matrix, n, &list, NULL, NULL), OHM_OK);
        equal(list.energy_uJ, net.energy_uJ);
        equal(list.interval_us, net.interval_us);
        assert_int_equal(list.cores, net.cores);
        not_above(net.latency_us, list.latency_us);
    }
    assert_true(compared > NETS / 10);
    trial_end(&t);
}

static void every_option_changes_some_cost(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = fixture_resnet9(&b);

    (void)state;
    for (const struct ohm_field *f = ohm_chip_use_fields; f->kind != OHM_FIELD_END; f++) {
        struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_PIPELINED);
        struct ohm_cost before, after;

        if (!ohm_chip_uses(chip, f))
            continue;
        if (f->kind == OHM_FIELD_BOOL)
            *(bool *)((char *)&use + f->offset) = true;
        else if (f->kind == OHM_FIELD_INT)
            *(int64_t *)(void *)((char *)&use + f->offset) += 1;
        else
            *(int *)(void *)((char *)&use + f->offset) ^= 1;
        after = fixture_cost(chip, &use, net);
        use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_PIPELINED);
        before = fixture_cost(chip, &use, net);
        if (before.energy_uJ == after.energy_uJ && before.interval_us == after.interval_us)
            fail_msg("option %s changes nothing", f->key);
    }
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

/* Every published accuracy is 4-phase, and what is not measured is off. */
static void the_default_use_is_the_published_one(void **state)
{
    struct ohm_chip_use use;
    struct ohm_str text = {0};

    (void)state;
    ohm_fields_default(ohm_chip_use_fields, &use);
    ohm_fields_print(&text, ohm_chip_use_fields, &use);
    assert_string_equal(ohm_str_text(&text), "read_mode=4-phase schedule=serial overlap=false replicate=false "
                                             "scale_energy_with_util=false periphery=ldpu static_by_cores=false "
                                             "bits=8 depthwise=unit matrices=array");
    assert_int_equal(ohm_field_set(ohm_chip_use_fields, &use, "read_mode", "1-phase", NULL), OHM_OK);
    assert_int_equal(use.read_mode, OHM_READ_1_PHASE);
    assert_int_equal(ohm_field_set(ohm_chip_use_fields, &use, "read_mode", "2-phase", NULL), OHM_ECONFIG);
    ohm_str_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_is_the_sum_of_its_layers),
        cmocka_unit_test(four_phases_are_never_faster_or_cheaper_than_one),
        cmocka_unit_test(a_pipeline_is_never_slower_than_layer_after_layer),
        cmocka_unit_test(copies_stay_on_the_chip_and_never_slow_it_down),
        cmocka_unit_test(redundant_cores_cost_their_energy_and_hops),
        cmocka_unit_test(overlap_and_scaled_energy_never_cost_more),
        cmocka_unit_test(a_list_of_matrices_costs_what_the_net_costs),
        cmocka_unit_test(every_option_changes_some_cost),
        cmocka_unit_test(the_default_use_is_the_published_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
