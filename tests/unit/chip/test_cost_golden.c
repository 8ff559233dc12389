/* test_cost_golden.c - the cost model against published figures (Le Gallo et al., arXiv 2212.02872v1, Table I) and
 * against the golden values computed from the same formulas by another program. */
#include "chip_golden.h"

#include "multicore.h"

static const char *const mode_names[] = {".1ph", ".4ph"};

static void net_equals_golden(const char *name, const struct ohm_net *net)
{
    struct ohm_chip *const chip = fixture_chip();

    for (int mode = 0; mode < 2; mode++) {
        struct ohm_chip_use use = fixture_use(mode, OHM_SCHEDULE_SERIAL);
        const struct ohm_cost serial = fixture_cost(chip, &use, net);
        char prefix[64];
        struct ohm_cost line;

        use.schedule = OHM_SCHEDULE_PIPELINED;
        line = fixture_cost(chip, &use, net);
        snprintf(prefix, sizeof prefix, "%s%s", name, mode_names[mode]);
        GOLD(serial.latency_us, "hermes.", prefix, ".serial_us");
        GOLD(line.interval_us, "hermes.", prefix, ".bott_us");
        GOLD(serial.energy_uJ, "hermes.", prefix, ".e_serial_uJ");
        GOLD(line.energy_uJ, "hermes.", prefix, ".e_pipe_uJ");
        assert_true((double)serial.cores == gold("hermes.", prefix, ".tiles"));
        assert_true((double)line.chips == gold("hermes.", prefix, ".chips"));
        assert_true((double)net->weights == gold("hermes.", prefix, ".weights"));
        assert_true((double)net->macs == gold("hermes.", prefix, ".macs"));
        /* The golden utilisation is printed to four digits. */
        near(serial.util, gold("hermes.", prefix, ".util"), 1e-3, "util");
    }
    ohm_chip_free(chip);
}

static void networks_cost_what_the_golden_values_say(void **state)
{
    struct ohm_net_builder b = {0};

    (void)state;
    if (!golden)
        skip();
    net_equals_golden("conv3x3_64_64_32x32", fixture_conv3x3(&b));
    net_equals_golden("resnet9", fixture_resnet9(&b));
    net_equals_golden("resnet32", fixture_resnet32(&b));
    assert_true((double)b.net.weights == gold("analognas", ".resnet32", ".weights"));
    ohm_net_release(&b);
}

static void overlap_and_copies_of_resnet9_are_the_golden_ones(void **state)
{
    struct ohm_chip *chip;
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_cost cost;

    (void)state;
    if (!golden)
        skip();
    chip = fixture_chip();
    net = fixture_resnet9(&b);
    use.overlap = true;
    GOLD(fixture_cost(chip, &use, net).latency_us, "hermes.resnet9.4ph", ".overlap", ".serial_us");
    use.schedule = OHM_SCHEDULE_PIPELINED;
    GOLD(fixture_cost(chip, &use, net).interval_us, "hermes.resnet9.4ph", ".overlap", ".bott_us");
    use.overlap = false;
    use.replicate = true;
    cost = fixture_cost(chip, &use, net);
    GOLD(cost.interval_us, "hermes.resnet9.4ph", ".replicated", ".bott_us");
    assert_true((double)cost.cores == gold("hermes.resnet9.4ph", ".replicated", ".tiles"));
    ohm_chip_free(chip);
    ohm_net_release(&b);
}

static void peak_of(const struct ohm_chip *chip, int mode, struct ohm_chip_peak *peak)
{
    const struct ohm_chip_use use = fixture_use(mode, OHM_SCHEDULE_SERIAL);

    ohm_chip_peak(chip, &use, peak);
}

static void constants_and_peaks_are_the_golden_ones(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    const struct multicore *const m = chip->params;
    struct ohm_chip_peak one, four;

    (void)state;
    if (golden) {
        GOLD(m->core_nJ[OHM_READ_1_PHASE], "hermes", ".fit", ".e_core_1");
        GOLD(m->core_nJ[OHM_READ_4_PHASE], "hermes", ".fit", ".e_core_4");
        GOLD(m->out_pJ * 1e-3, "hermes", ".fit", ".e_out");
        GOLD(m->gdpu_cycles, "hermes", ".fit", ".gdpu_cycles");
        GOLD(m->hop_cycles, "hermes", ".fit", ".hop_cycles");
        GOLD(m->clock_mW * 1e-3, "hermes", ".fit", ".p_clk_W");
        GOLD(m->static_mW * 1e-3, "hermes", ".fit", ".p_static_W");
        peak_of(chip, OHM_READ_1_PHASE, &one);
        peak_of(chip, OHM_READ_4_PHASE, &four);
        GOLD(one.tops, "hermes", ".peak_tops", ".1");
        GOLD(four.tops, "hermes", ".peak_tops", ".4");
        GOLD(one.tops_per_W, "hermes", ".peak_topsw", ".1");
        GOLD(four.tops_per_W, "hermes", ".peak_topsw", ".4");
    }
    ohm_chip_free(chip);
    if (!golden)
        skip();
}

/* ---- published figures, which need no file ---- */

static struct ohm_cost cost_matrices(const struct ohm_matrix *matrix, int n, int mode)
{
    const struct ohm_chip_use use = fixture_use(mode, OHM_SCHEDULE_SERIAL);
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_cost cost;

    assert_int_equal(ohm_cost_matrices(chip, &use, matrix, n, &cost, NULL, NULL), OHM_OK);
    ohm_chip_free(chip);
    return cost;
}

static void published_networks_take_the_published_cores(void **state)
{
    static const struct ohm_matrix ptb[] = {{128, 2016, 1, true}, {504, 2016, 1, true}, {504, 50, 1, false}};
    static const struct ohm_matrix caption[] = {{504, 2016, 1, true}, {504, 2016, 1, true}, {504, 4064, 1, false}};
    struct ohm_chip *const chip = fixture_chip();
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_net_builder b = {0};
    const struct ohm_cost cost = fixture_cost(chip, &use, fixture_resnet9(&b));

    (void)state;
    assert_int_equal(cost.cores, 40);
    assert_int_equal(b.net.weights, 1866536);
    assert_int_equal(cost_matrices(ptb, 3, OHM_READ_4_PHASE).cores, 26);
    assert_int_equal(cost_matrices(caption, 3, OHM_READ_4_PHASE).cores, 64);
    if (golden) {
        assert_true(gold("hermes", ".tiles", ".resnet9") == 40);
        assert_true(gold("hermes", ".tiles", ".ptb") == 26);
        assert_true(gold("hermes", ".tiles", ".caption") == 64);
    }
    ohm_chip_free(chip);
    ohm_net_release(&b);
}

/* Table I, ResNet-9 layer (2016 x 224 on 8 cores) and LSTM step (1008 x 2016 on 32 cores): latency exact, energy within
 * the residuals of the fit (-1.4 to +3.3 %). */
static void layers_of_table_1_take_the_published_time_and_energy(void **state)
{
    static const struct ohm_matrix layer = {2016, 224, 1, false}, step = {1008, 2016, 1, true};
    static const struct {
        const struct ohm_matrix *matrix;
        int mode, cores;
        double ns, uJ;
    } rows[] = {{&layer, OHM_READ_1_PHASE, 8, 1131, 0.97},
                {&layer, OHM_READ_4_PHASE, 8, 1518, 1.51},
                {&step, OHM_READ_1_PHASE, 32, 1043, 3.46},
                {&step, OHM_READ_4_PHASE, 32, 1430, 5.24}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ohm_cost cost = cost_matrices(rows[i].matrix, 1, rows[i].mode);

        assert_int_equal(cost.cores, rows[i].cores);
        near(cost.latency_us * 1e3, rows[i].ns, 1e-9, "latency");
        near(cost.energy_uJ, rows[i].uJ, 0.034, "energy");
    }
}

/* ---- the same as networks: a long short-term memory of `state` cells from its layers ---- */

static int gate(struct ohm_net_builder *b, int all, int index, int state, enum ohm_layer_kind kind)
{
    return ohm_net_unary(b, kind, ohm_net_slice(b, all, index * state, state));
}

/* One step: `inputs` new values and the last state give the four gates, those the next state, that the outputs. joint:
 * one matrix for inputs and state, as in Table I; else one each, as the networks of the publication have it. */
static const struct ohm_net *lstm_step(struct ohm_net_builder *b, int inputs, int state, int outputs, bool joint)
{
    int in, all, cell, both[2];

    ohm_net_reset(b, false);
    in = ohm_net_input(b, 1, 1, inputs + 2 * state);
    if (joint) {
        all = ohm_net_dense(b, ohm_net_slice(b, in, 0, inputs + state), 4 * state, true);
    } else {
        both[0] = ohm_net_dense(b, ohm_net_slice(b, in, 0, inputs), 4 * state, true);
        both[1] = ohm_net_dense(b, ohm_net_slice(b, in, inputs, state), 4 * state, false);
        all = ohm_net_join(b, OHM_ADD, both, 2);
    }
    both[0] = gate(b, all, 0, state, OHM_SIGMOID);
    both[1] = ohm_net_slice(b, in, inputs + state, state);
    cell = ohm_net_join(b, OHM_MUL, both, 2);
    both[0] = gate(b, all, 1, state, OHM_SIGMOID);
    both[1] = gate(b, all, 2, state, OHM_TANH);
    both[0] = ohm_net_join(b, OHM_MUL, both, 2);
    both[1] = cell;
    cell = ohm_net_join(b, OHM_ADD, both, 2);
    both[0] = gate(b, all, 3, state, OHM_SIGMOID);
    both[1] = ohm_net_unary(b, OHM_TANH, cell);
    cell = ohm_net_join(b, OHM_MUL, both, 2);
    return fixture_finish(b, outputs ? ohm_net_dense(b, cell, outputs, true) : cell);
}

static void a_recurrent_step_from_layers_costs_what_its_matrices_cost(void **state)
{
    static const struct ohm_matrix step = {1008, 2016, 1, true};
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_net_builder b = {0};

    (void)state;
    for (int mode = 0; mode < 2; mode++)
        for (int schedule = 0; schedule < 2; schedule++) {
            const struct ohm_chip_use use = fixture_use(mode, schedule);
            const struct ohm_cost matrix = cost_matrices(&step, 1, mode);
            const struct ohm_cost cost = fixture_cost(chip, &use, lstm_step(&b, 504, 504, 0, true));

            assert_int_equal(cost.cores, matrix.cores);
            near(cost.latency_us, matrix.latency_us, 1e-12, "latency");
            near(cost.energy_uJ, matrix.energy_uJ, 1e-12, "energy");
            near(cost.area_mm2, matrix.area_mm2, 1e-12, "area");
            ohm_mem_fail_at(1);
            assert_int_equal(ohm_cost_net(chip, &use, &b.net, NULL, NULL, NULL), OHM_ENOMEM);
            ohm_mem_fail_at(0);
        }
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

/* The last layer, whose outputs pass no gate, does without the global digital unit. */
static void recurrent_networks_take_the_published_cores(void **state)
{
    static const struct {
        int inputs, outputs, cores;
        int64_t weights;
    } rows[] = {{128, 50, 26, 1299312}, {504, 4064, 64, 4080384}};
    struct ohm_chip *const chip = fixture_chip();
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_net_builder b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ohm_net *const net = lstm_step(&b, rows[i].inputs, 504, rows[i].outputs, false);
        struct ohm_cost_layer row[3];
        struct ohm_cost cost;

        assert_int_equal(net->weights, rows[i].weights);
        assert_int_equal(ohm_cost_net(chip, &use, net, &cost, row, NULL), OHM_OK);
        assert_int_equal(cost.cores, rows[i].cores);
        near(row[1].latency_us * 1e3, 520 + (252 + 2 * 21.9 + 24.4) * 2.5, 1e-9, "with the global digital unit");
        near(row[2].latency_us * 1e3, 520 + (rows[i].outputs == 50 ? 50 : 254) * 2.5 + 2 * 21.9 * 2.5, 1e-9,
             "without it");
    }
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

/* Table I, first column. */
static void peak_is_the_published_one(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_chip_peak one, four;

    (void)state;
    peak_of(chip, OHM_READ_1_PHASE, &one);
    peak_of(chip, OHM_READ_4_PHASE, &four);
    near(one.tops, 63.1, 1e-3, "1-phase TOPS");
    near(four.tops, 16.1, 3e-3, "4-phase TOPS");
    near(one.tops_per_W, 9.76, 5e-3, "1-phase TOPS/W");
    near(four.tops_per_W, 2.48, 5e-3, "4-phase TOPS/W");
    near(one.tops_per_mm2, 1.55, 3e-3, "1-phase TOPS/mm2");
    near(four.tops_per_mm2, 0.40, 1e-2, "4-phase TOPS/mm2");
    ohm_chip_free(chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_cost_what_the_golden_values_say),
        cmocka_unit_test(overlap_and_copies_of_resnet9_are_the_golden_ones),
        cmocka_unit_test(constants_and_peaks_are_the_golden_ones),
        cmocka_unit_test(published_networks_take_the_published_cores),
        cmocka_unit_test(layers_of_table_1_take_the_published_time_and_energy),
        cmocka_unit_test(a_recurrent_step_from_layers_costs_what_its_matrices_cost),
        cmocka_unit_test(recurrent_networks_take_the_published_cores),
        cmocka_unit_test(peak_is_the_published_one),
    };

    return cmocka_run_group_tests(tests, load_golden, free_golden);
}
