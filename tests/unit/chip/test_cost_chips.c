/* test_cost_chips.c - the chips beside the 64-core one, and its fixed-point periphery, against what their publications
 * print and against the golden values. */
#include "chip_golden.h"

#include "ohm/layer_list.h"

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
    }
    ohm_net_release(&b);
    if (!golden)
        skip();
}

/* ---- networks from their files ---- */

/* A network of searchspaces/reference, owned by the builder. */
static const struct ohm_net *reference(struct ohm_net_builder *b, const char *name)
{
    const struct ohm_net *net = NULL;
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = NULL;
    const char *title;
    char path[128];

    snprintf(path, sizeof path, "searchspaces/reference/%s.yaml", name);
    if (ohm_doc_load(&doc, path, &diag) == OHM_OK)
        ohm_layer_list_read(b, &net, &title, doc, &diag);
    for (int i = 0; i < diag.count && i < OHM_DIAG_MAX; i++)
        print_error("%s:%d: %s\n", path, diag.item[i].line, diag.item[i].text);
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
    assert_non_null(net);
    return net;
}

enum { ROWS_MAX = 256 };

struct table {
    struct ohm_net_builder builder;
    const struct ohm_net *net;
    struct ohm_cost cost;
    struct ohm_cost_layer row[ROWS_MAX];
    int rows;
};

static void tabulate(struct table *t, const struct ohm_chip *chip, const struct ohm_chip_use *use, const char *name)
{
    *t = (struct table){.rows = 0};
    t->net = reference(&t->builder, name);
    t->rows = ohm_cost_rows(chip, t->net);
    assert_in_range(t->rows, 1, ROWS_MAX);
    assert_int_equal(ohm_cost_net(chip, use, t->net, &t->cost, t->row, NULL), OHM_OK);
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
    near(1e6 / t.cost.latency_us, 7700, 0.02, "inferences per second");
    near(t.cost.energy_uJ, 8.22, 0.15, "published energy");
    if (golden) {
        GOLD_PRINTED((double)t.cost.mvm_steps, "aon.kws.cycles");
        GOLD_PRINTED((double)t.net->macs * 1e-6, "aon.kws.mmac");
    }
    ohm_net_release(&t.builder);
    ohm_chip_free(chip);
    if (!golden)
        skip();
}

/* The digital energies are fitted to these: 3 % is what one number for two networks leaves. */
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
            near(t.cost.tops_per_W, rows[i].tops_per_W[bits], 0.03, rows[i].name);
            ohm_net_release(&t.builder);
        }
    ohm_chip_free(chip);
}

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
        cmocka_unit_test(the_nmpu_is_139_times_faster_than_the_ldpu),
        cmocka_unit_test(boltzmann_machines_cost_what_the_golden_values_say),
        cmocka_unit_test(anomaly_detectors_cost_what_the_golden_values_say),
        cmocka_unit_test(forty_megahertz_take_26_copies_or_6),
        cmocka_unit_test(resnet32_on_the_mesh_is_that_of_analognas),
        cmocka_unit_test(the_array_peaks_as_published),
        cmocka_unit_test(visual_wake_words_take_the_golden_weights_and_cycles),
        cmocka_unit_test(keyword_spotting_takes_the_published_time_and_energy),
        cmocka_unit_test(both_networks_reach_the_published_efficiency),
        cmocka_unit_test(mobilenetv2_takes_the_time_and_energy_of_the_table),
        cmocka_unit_test(rows_of_the_table_are_within_a_hundredth_of_a_millisecond),
        cmocka_unit_test(the_coefficients_of_a_job_are_the_golden_ones),
        cmocka_unit_test(an_array_peaks_at_one_tops),
        cmocka_unit_test(depthwise_layers_on_the_cores_dominate),
        cmocka_unit_test(ratios_of_a_bottleneck_are_the_published_ones),
    };

    return cmocka_run_group_tests(tests, load_golden, free_golden);
}
