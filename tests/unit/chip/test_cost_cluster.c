/* test_cost_cluster.c - the heterogeneous cluster against its publication and the golden values. */
#include "chip_golden.h"

/* ---- imc-cluster: Garofalo et al., arXiv 2201.01089, Fig. 12(a) ---- */

static bool in_bottleneck(const struct table *t, int row)
{
    return strncmp(t->net->layer[t->row[row].layer].name, "block", 5) == 0;
}

static void mobilenetv2_takes_the_time_and_energy_of_the_table(void **state)
{
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_chip *const chip = fixture_chip_named("imc-cluster");
    double ms = 0, uJ = 0;
    int64_t macs = 0, on_arrays = 0;
    struct table t;

    (void)state;
    tabulate(&t, chip, &use, "mobilenetv2-cluster");
    assert_int_equal(t.rows, 63);
    for (int i = 0; i < t.rows; i++) {
        const struct ohm_layer *const l = &t.net->layer[t.row[i].layer];

        on_arrays += t.row[i].tiles ? l->weights : 0;
        if (!in_bottleneck(&t, i))
            continue;
        ms += t.row[i].latency_us * 1e-3;
        uJ += t.row[i].energy_uJ;
        /* the table counts an addition as an operation of this kind */
        macs += l->kind == OHM_ADD ? t.row[i].cols * t.row[i].positions : l->macs;
    }
    near(ms, 10.06, 5e-3, "published time of the bottlenecks in ms");
    near(uJ, 440, 0.03, "energy of the rows of the bottlenecks in uJ");
    near(t.cost.energy_uJ, 491, 0.03, "energy of all rows in uJ");
    assert_int_equal(t.cost.cores, 34);
    assert_true(t.cost.fits);
    near(t.cost.area_mm2, 30, 0.01, "published area");
    if (golden) {
        GOLD_COUNT(t.cost.cores, "cluster.mbv2.arrays");
        GOLD_COUNT((on_arrays + 65535) / 65536, "cluster.mbv2.arrays_lb");
        GOLD_COUNT(on_arrays, "cluster.mbv2.pw_weights");
        GOLD_COUNT(t.net->weights, "cluster.mbv2.params");
        GOLD_COUNT(macs, "cluster.mbv2.macs_bottlenecks");
        GOLD_PRINTED(ms, "cluster.mbv2.latency_bottlenecks_ms");
        GOLD_PRINTED(t.cost.latency_us * 1e-3, "cluster.mbv2.latency_ms");
        GOLD_PRINTED(t.cost.energy_uJ, "cluster.mbv2.energy_uJ");
        /* The sum of the rows as printed: that of the fitted jobs is 1.5 % below it. */
        near(uJ, gold("cluster.mbv2.energy_bottlenecks_uJ", "", ""), 0.03, "energy of the bottlenecks");
    }
    ohm_net_release(&t.builder);
    ohm_chip_free(chip);
    if (!golden)
        skip();
}

/* Times of single rows, from the formulas by hand: one of each kind. */
static void rows_of_the_table_are_within_a_hundredth_of_a_millisecond(void **state)
{
    static const struct {
        const char *name;
        double ms;
    } rows[] = {{"conv1", 12544 * 0.13e-3}, /* 27 x 32: one array */
                {"block1.depthwise", 12544 * 32 * 9 / 14.85e6},
                {"block17.project", 49 * 4 * 2 * 0.13e-3}, /* 960 x 320: 4 x 2 arrays */
                {"block3.add", 3136 * 24 / 0.418e6},
                {"conv2", 49 * 2 * 5 * 0.13e-3}};
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_chip *const chip = fixture_chip_named("imc-cluster");
    struct table t;
    size_t seen = 0;

    (void)state;
    tabulate(&t, chip, &use, "mobilenetv2-cluster");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int k = 0; k < t.rows; k++)
            if (strcmp(t.net->layer[t.row[k].layer].name, rows[i].name) == 0) {
                if (!(fabs(t.row[k].latency_us * 1e-3 - rows[i].ms) < 1e-4))
                    fail_msg("%s takes %g ms, not %g", rows[i].name, t.row[k].latency_us * 1e-3, rows[i].ms);
                seen++;
            }
    assert_int_equal(seen, sizeof rows / sizeof rows[0]);
    ohm_net_release(&t.builder);
    ohm_chip_free(chip);
}

static void the_coefficients_of_a_job_are_the_golden_ones(void **state)
{
    static const char *const keys[] = {"job_pJ", "row_pJ", "col_pJ", "cell_pJ"};
    struct ohm_chip *chip;
    struct ohm_chip_number number;
    int seen = 0;

    (void)state;
    if (!golden)
        skip();
    chip = fixture_chip_named("imc-cluster");
    for (int i = 0; ohm_chip_number(chip, i, &number); i++)
        for (int k = 0; k < 4; k++)
            if (strcmp(number.key, keys[k]) == 0 && strcmp(number.block, "job_energy") == 0) {
                const struct ohm_node *const list = ohm_map_get(ohm_doc_root(golden), "cluster.mbv2.e_job");
                double nJ = 0;

                assert_true(ohm_node_double(list->item[k], keys[k], 0, 1e3, &nJ, NULL));
                near(number.value * 1e-3, nJ, 1e-3, keys[k]);
                seen++;
            }
    assert_int_equal(seen, 4);
    ohm_chip_free(chip);
}

static void an_array_peaks_at_one_tops(void **state)
{
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_chip *const chip = fixture_chip_named("imc-cluster");
    struct ohm_chip_peak top;

    (void)state;
    ohm_chip_peak(chip, &use, &top);
    near(top.tops, 1.008, 1e-3, "published TOPS of an array");
    /* 6.39 is published; the energy of a job is fitted to layers, of which none fills the array. */
    near(top.tops_per_W, 6.39, 0.05, "published TOPS/W of an array");
    ohm_chip_free(chip);
}

static int largest_part(const struct ohm_cost *c)
{
    int largest = 0;

    for (int i = 1; i < OHM_COST_PARTS; i++)
        if (c->part_us[i] > c->part_us[largest])
            largest = i;
    return largest;
}

static void depthwise_layers_on_the_cores_dominate(void **state)
{
    struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_chip *const chip = fixture_chip_named("imc-cluster");
    struct table unit, cores;

    (void)state;
    tabulate(&unit, chip, &use, "mobilenetv2-cluster");
    assert_int_equal(largest_part(&unit.cost), OHM_PART_ARRAY);
    use.depthwise = OHM_DEPTHWISE_CORES;
    tabulate(&cores, chip, &use, "mobilenetv2-cluster");
    assert_int_equal(largest_part(&cores.cost), OHM_PART_CORES);
    near((cores.cost.part_us[OHM_PART_CORES] - unit.cost.part_us[OHM_PART_CORES]) /
             unit.cost.part_us[OHM_PART_DEPTHWISE],
         26, 1e-3, "slowdown");
    ohm_net_release(&unit.builder);
    ohm_net_release(&cores.builder);
    ohm_chip_free(chip);
}

/* Fig. 8: a bottleneck of 16 x 16 x 128, expanded to 640 (the shape is read off an image). Published: arrays with the
 * unit are 11.5 times faster than software and 2.6 times faster than arrays with depthwise in software, 4.6 times
 * faster than software is the latter; in energy 9.2, 2.7 and 3.4. */
static const struct ohm_net *bottleneck(struct ohm_net_builder *b)
{
    struct ohm_conv depthwise = ohm_conv_square(640, 3, 1, 1);
    int x, y;

    ohm_net_reset(b, false);
    x = ohm_net_input(b, 16, 16, 128);
    depthwise.groups = 640;
    y = ohm_net_conv(b, fixture_conv_relu(b, x, 640, 1, 1), &depthwise);
    return fixture_finish(b, fixture_add(b, fixture_conv(b, y, 128, 1, 1), x));
}

static void ratios_of_a_bottleneck_are_the_published_ones(void **state)
{
    struct ohm_chip *const chip = fixture_chip_named("imc-cluster");
    struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_cost unit, hybrid, software, diagonal[2];
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = bottleneck(&b);

    (void)state;
    assert_int_equal(ohm_chip_set(chip, "software_depthwise.cores_MAC_per_cycle", "4.2", NULL), OHM_OK);
    unit = fixture_cost(chip, &use, net);
    use.depthwise = OHM_DEPTHWISE_CORES;
    hybrid = fixture_cost(chip, &use, net);
    use.matrices = OHM_MATRICES_CORES;
    software = fixture_cost(chip, &use, net);
    near(unit.latency_us, 377, 5e-3, "time of the bottleneck in us");
    near(software.latency_us / unit.latency_us, 11.5, 0.01, "software over unit, time");
    near(hybrid.latency_us / unit.latency_us, 2.6, 0.01, "hybrid over unit, time");
    near(software.latency_us / hybrid.latency_us, 4.6, 0.05, "software over hybrid, time");
    near(software.energy_uJ / unit.energy_uJ, 9.2, 0.01, "software over unit, energy");
    near(hybrid.energy_uJ / unit.energy_uJ, 2.7, 0.01, "hybrid over unit, energy");
    near(software.energy_uJ / hybrid.energy_uJ, 3.4, 0.01, "software over hybrid, energy");
    assert_int_equal(software.cores, 0);
    assert_int_equal(software.mvm_steps, 0);
    use.matrices = OHM_MATRICES_ARRAY;
    use.depthwise = OHM_DEPTHWISE_ARRAY;
    diagonal[0] = fixture_cost(chip, &use, net);
    assert_int_equal(ohm_chip_set(chip, "diagonal.job_channels", "8", NULL), OHM_OK);
    diagonal[1] = fixture_cost(chip, &use, net);
    /* Order as published: the unit, then 16 channels a job, then 8, then software. */
    assert_true(unit.latency_us < diagonal[0].latency_us && diagonal[0].latency_us < diagonal[1].latency_us &&
                diagonal[1].latency_us < software.latency_us);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mobilenetv2_takes_the_time_and_energy_of_the_table),
        cmocka_unit_test(rows_of_the_table_are_within_a_hundredth_of_a_millisecond),
        cmocka_unit_test(the_coefficients_of_a_job_are_the_golden_ones),
        cmocka_unit_test(an_array_peaks_at_one_tops),
        cmocka_unit_test(depthwise_layers_on_the_cores_dominate),
        cmocka_unit_test(ratios_of_a_bottleneck_are_the_published_ones),
    };

    return cmocka_run_group_tests(tests, load_golden, free_golden);
}
