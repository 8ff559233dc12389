/* test_cost_chips.c - the chips beside the 64-core one, and its fixed-point periphery, against what their publications
 * print and against the golden values. */
#include "chip_golden.h"

static struct ohm_cost cost_of(const char *name, const struct ohm_chip_use *use, const struct ohm_net *net)
{
    struct ohm_chip *const chip = fixture_chip_named(name);
    const struct ohm_cost cost = fixture_cost(chip, use, net);

    ohm_chip_free(chip);
    return cost;
}

static struct ohm_cost price(const struct ohm_chip_use *use, const struct ohm_matrix *matrix, int n)
{
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_cost cost;

    assert_int_equal(ohm_cost_matrices(chip, use, matrix, n, &cost, NULL, NULL), OHM_OK);
    ohm_chip_free(chip);
    return cost;
}

/* ---- the NMPU: Ferro et al., arXiv 2402.07549 ---- */

static void the_nmpu_is_139_times_faster_than_the_ldpu(void **state)
{
    static const struct ohm_matrix full = {256, 256, 1, false};
    struct ohm_chip_use use = fixture_use(OHM_READ_1_PHASE, OHM_SCHEDULE_SERIAL);
    const struct ohm_cost ldpu = price(&use, &full, 1);
    struct ohm_cost nmpu;
    double ratio;

    (void)state;
    use.periphery = OHM_PERIPHERY_NMPU;
    nmpu = price(&use, &full, 1);
    ratio = ldpu.part_us[OHM_PART_DIGITAL] / nmpu.part_us[OHM_PART_DIGITAL];
    near(ratio, 139, 0.03, "published speed-up");
    near((ldpu.area_mm2 - 0.635) / (nmpu.area_mm2 - 0.635), 7.8, 1e-9, "published ratio of areas");
    /* equal power: the energy of the outputs shrinks as the time does */
    near((ldpu.part_uJ[OHM_PART_DIGITAL] - 0.037e-3 * ldpu.latency_us * 1e3) /
             (nmpu.part_uJ[OHM_PART_DIGITAL] - 0.037e-3 * nmpu.latency_us * 1e3),
         139, 0.03, "ratio of output energies");
    if (!golden)
        skip();
    GOLD(ldpu.part_us[OHM_PART_DIGITAL] * 1e3, "nmpu", ".ldpu_256", "_ns");
    GOLD(ratio, "nmpu", ".", "speedup");
}

/* ---- networks of scientific computing (Koesters et al., APL Mach. Learn. 1, 016101) on cores that others share ----
 */

static struct ohm_chip_use shared_use(void)
{
    struct ohm_chip_use use = fixture_use(OHM_READ_1_PHASE, OHM_SCHEDULE_SERIAL);

    use.static_by_cores = true;
    return use;
}

static void boltzmann_machines_cost_what_the_golden_values_say(void **state)
{
    const struct ohm_chip_use use = shared_use();

    (void)state;
    if (!golden)
        skip();
    for (int alpha = 1; alpha <= 10; alpha += alpha == 1 ? 1 : 2) {
        const struct ohm_matrix x = {16, 16 * alpha, 1, false};
        const struct ohm_cost cost = price(&use, &x, 1);
        char name[32];

        snprintf(name, sizeof name, "%d", alpha);
        GOLD(cost.latency_us * 1e3, "sci.rbm", name, ".ns");
        GOLD(cost.energy_uJ * 1e3, "sci.rbm", name, ".nJ");
    }
}

enum { SVDD_LAYERS = 4 };

static void svdd(struct ohm_matrix *x, int z)
{
    const struct ohm_matrix layers[SVDD_LAYERS] = {
        {76, 512, 1, false}, {512, 256, 1, false}, {256, 128, 1, false}, {128, z, 1, false}};

    memcpy(x, layers, sizeof layers);
}

static void anomaly_detectors_cost_what_the_golden_values_say(void **state)
{
    static const int sizes[] = {5, 8, 13, 21, 34, 55, 89, 144, 233};
    const struct ohm_chip_use use = shared_use();

    (void)state;
    if (!golden)
        skip();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ohm_matrix x[SVDD_LAYERS];
        struct ohm_cost cost;
        char name[32];

        svdd(x, sizes[i]);
        cost = price(&use, x, SVDD_LAYERS);
        snprintf(name, sizeof name, "%d", sizes[i]);
        GOLD(cost.latency_us * 1e3, "sci.svdd", name, ".ns");
        GOLD(cost.energy_uJ * 1e3, "sci.svdd", name, ".nJ");
        assert_int_equal(cost.cores, (int)gold("sci.svdd", name, ".tiles"));
    }
}

/* 25 ns an event: with the LDPU the 256 outputs of a core take 640 ns, with the NMPU the crossbar's 133 ns decide. */
static void forty_megahertz_take_26_copies_or_6(void **state)
{
    struct ohm_chip_use use = fixture_use(OHM_READ_1_PHASE, OHM_SCHEDULE_PIPELINED);
    struct ohm_matrix x[SVDD_LAYERS];
    struct ohm_cost cost;

    (void)state;
    svdd(x, 5);
    use.overlap = true;
    cost = price(&use, x, SVDD_LAYERS);
    near(cost.interval_us, 0.640, 1e-9, "interval with LDPU");
    assert_int_equal((int)ceil(cost.interval_us * 40), 26);
    assert_int_equal(26 * cost.cores, 156);
    use.periphery = OHM_PERIPHERY_NMPU;
    cost = price(&use, x, SVDD_LAYERS);
    near(cost.interval_us, 0.133, 1e-9, "interval with NMPU");
    assert_int_equal((int)ceil(cost.interval_us * 40), 6);
    assert_int_equal(6 * cost.cores, 36);
    use.overlap = false;
    use.schedule = OHM_SCHEDULE_SERIAL;
    near(price(&use, x, SVDD_LAYERS).latency_us, 0.557, 1e-9, "latency with NMPU");
}

/* ---- mesh512: Benmeziane et al., arXiv 2305.10459v1, Table IV ---- */

static void resnet32_on_the_mesh_is_that_of_analognas(void **state)
{
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = fixture_resnet32(&b);
    const struct ohm_cost cost = cost_of("mesh512", &use, net);

    (void)state;
    assert_int_equal(net->weights, 464432);
    assert_int_equal(cost.cores, 43);
    near(cost.latency_us, 434, 5e-3, "published latency");
    near(1e6 / cost.energy_uJ, 43956.7, 5e-3, "published inferences per second and watt");
    if (golden) {
        GOLD_COUNT(net->weights, "analognas.resnet32.weights");
        GOLD_COUNT(cost.cores, "analognas.resnet32.tiles512");
        GOLD_COUNT(cost.mvm_steps, "analognas.resnet32.steps");
        GOLD_PRINTED(cost.energy_uJ, "analognas.resnet32.uJ");
        /* The other network of the table cannot be rebuilt: its energy is quoted, 54,502 inferences/s/W. */
        GOLD_PRINTED(1e6 / 54502, "analognas.t500.uJ");
    }
    ohm_net_release(&b);
    if (!golden)
        skip();
}

/* ---- aon-cim: AnalogNets, arXiv 2111.06503, and what arXiv 2201.01089 says of it ---- */

static const char *const bit_names[] = {"8", "6", "4"};

static struct ohm_chip_use bits_use(int bits)
{
    struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);

    use.bits = bits;
    return use;
}

static void the_array_peaks_as_published(void **state)
{
    static const double tops_per_W[] = {13.5, 0, 112}; /* 6 bits are not published */
    struct ohm_chip *const chip = fixture_chip_named("aon-cim");

    (void)state;
    for (int bits = 0; bits < 3; bits++) {
        const struct ohm_chip_use use = bits_use(bits);
        struct ohm_chip_peak top;

        ohm_chip_peak(chip, &use, &top);
        if (tops_per_W[bits] > 0)
            near(top.tops_per_W, tops_per_W[bits], 5e-3, "published TOPS/W");
        if (golden)
            near(top.tops, gold("aon.peak_tops.", bit_names[bits], ""), 5e-3, "peak TOPS");
    }
    if (golden) {
        struct ohm_chip_number number;

        for (int i = 0; ohm_chip_number(chip, i, &number); i++) {
            if (strcmp(number.key, "conversion_pJ") == 0)
                GOLD(number.value, "aon.", "", "e_adc_pJ");
            if (strcmp(number.key, "cell_pJ") == 0)
                GOLD(number.value, "aon.", "", "e_cell_pJ");
        }
    }
    ohm_chip_free(chip);
    if (!golden)
        skip();
}

/* The classifier, the last row, is ours: the golden values are of the convolutions. */
static void visual_wake_words_take_the_golden_weights_and_cycles(void **state)
{
    struct ohm_chip *const chip = fixture_chip_named("aon-cim");
    const struct ohm_chip_use use = bits_use(OHM_CHIP_8_BITS);
    int64_t weights = 0, macs = 0, cycles = 0;
    struct table t;

    (void)state;
    tabulate(&t, chip, &use, "analognet-vww");
    for (int i = 0; i < t.rows - 1; i++) {
        weights += t.row[i].rows * t.row[i].cols;
        macs += t.row[i].rows * t.row[i].cols * t.row[i].positions;
        cycles += (int64_t)(t.row[i].latency_us * 1e3 / 130 + 0.5);
    }
    assert_int_equal(t.cost.cores, 1);
    assert_true(t.cost.fits);
    assert_int_equal(t.cost.mvm_steps, cycles + 1);
    if (golden) {
        GOLD_COUNT(weights, "aon.vww.weights");
        GOLD_COUNT(macs, "aon.vww.macs");
        GOLD_COUNT(cycles, "aon.vww.cycles");
    }
    ohm_net_release(&t.builder);
    ohm_chip_free(chip);
    if (!golden)
        skip();
}

/* 7.7 thousand inferences per second and 8.22 uJ are published; the network is a stand-in of the same size. */
static void keyword_spotting_takes_the_published_time_and_energy(void **state)
{
    struct ohm_chip *const chip = fixture_chip_named("aon-cim");
    const struct ohm_chip_use use = bits_use(OHM_CHIP_8_BITS);
    struct table t;

    (void)state;
    tabulate(&t, chip, &use, "analognet-kws-size");
    assert_true(t.cost.fits);
    assert_true(t.cost.util <= 0.6);
    near(1e6 / t.cost.latency_us, 7700, 5e-3, "inferences per second");
    near(t.cost.energy_uJ, 8.22, 5e-3, "published energy");
    if (golden) {
        GOLD_PRINTED((double)t.cost.mvm_steps, "aon.kws.cycles");
        GOLD_PRINTED((double)t.net->macs * 1e-6, "aon.kws.mmac");
    }
    ohm_net_release(&t.builder);
    ohm_chip_free(chip);
    if (!golden)
        skip();
}

/* The digital energies are fitted to these, one number for inputs and one for outputs. */
static void both_networks_reach_the_published_efficiency(void **state)
{
    static const struct {
        const char *name;
        double tops_per_W[3];
    } rows[] = {{"analognet-kws-size", {8.58, 26.55, 57.39}}, {"analognet-vww", {4.37, 12.64, 25.69}}};
    struct ohm_chip *const chip = fixture_chip_named("aon-cim");

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int bits = 0; bits < 3; bits++) {
            const struct ohm_chip_use use = bits_use(bits);
            struct table t;

            tabulate(&t, chip, &use, rows[i].name);
            near(t.cost.tops_per_W, rows[i].tops_per_W[bits], 5e-3, rows[i].name);
            ohm_net_release(&t.builder);
        }
    ohm_chip_free(chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nmpu_is_139_times_faster_than_the_ldpu),
        cmocka_unit_test(boltzmann_machines_cost_what_the_golden_values_say),
        cmocka_unit_test(anomaly_detectors_cost_what_the_golden_values_say),
        cmocka_unit_test(forty_megahertz_take_26_copies_or_6),
        cmocka_unit_test(resnet32_on_the_mesh_is_that_of_analognas),
        cmocka_unit_test(the_array_peaks_as_published),
        cmocka_unit_test(visual_wake_words_take_the_golden_weights_and_cycles),
        cmocka_unit_test(keyword_spotting_takes_the_published_time_and_energy),
        cmocka_unit_test(both_networks_reach_the_published_efficiency),
    };

    return cmocka_run_group_tests(tests, load_golden, free_golden);
}
