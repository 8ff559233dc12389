/* test_cost_science.c - networks of scientific computing and recurrent ones, from their files, on the 64-core chip. */
#include "chip_golden.h"

/* On a chip that others share. */
static struct ohm_cost price_shared(const struct ohm_net *net, const struct ohm_chip_use *use)
{
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_chip_use shared = *use;
    struct ohm_cost cost;

    shared.static_by_cores = true;
    cost = fixture_cost(chip, &shared, net);
    ohm_chip_free(chip);
    return cost;
}

static void their_files_cost_what_the_golden_values_say(void **state)
{
    static const struct {
        const char *net, *kind, *size;
    } each[] = {{"rbm-alpha1", "rbm", "1"}, {"rbm-alpha2", "rbm", "2"},  {"rbm-alpha4", "rbm", "4"},
                {"rbm-alpha6", "rbm", "6"}, {"rbm-alpha8", "rbm", "8"},  {"rbm-alpha10", "rbm", "10"},
                {"svdd-z5", "svdd", "5"},   {"svdd-z233", "svdd", "233"}};
    const struct ohm_chip_use use = fixture_use(OHM_READ_1_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_net_builder b = {0};

    (void)state;
    if (!golden)
        skip();
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        const struct ohm_cost cost = price_shared(reference(&b, each[i].net), &use);
        char key[32];

        snprintf(key, sizeof key, "sci.%s", each[i].kind);
        near(cost.latency_us * 1e3, gold(key, each[i].size, ".ns"), 5e-3, each[i].net);
        near(cost.energy_uJ * 1e3, gold(key, each[i].size, ".nJ"), 5e-3, each[i].net);
    }
    ohm_net_release(&b);
}

/* 25 ns an event. */
static void the_file_of_the_anomaly_detector_takes_26_copies_or_6_at_40_megahertz(void **state)
{
    static const int copies[] = {26, 6};
    struct ohm_chip_use use = fixture_use(OHM_READ_1_PHASE, OHM_SCHEDULE_PIPELINED);
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = reference(&b, "svdd-z5");

    (void)state;
    use.overlap = true;
    for (int periphery = OHM_PERIPHERY_LDPU; periphery <= OHM_PERIPHERY_NMPU; periphery++) {
        struct ohm_cost cost;

        use.periphery = periphery;
        cost = price_shared(net, &use);
        assert_int_equal((int)ceil(cost.interval_us * 40), copies[periphery]);
        assert_int_equal(cost.cores, 6);
    }
    ohm_net_release(&b);
}

/* Le Gallo et al., arXiv 2212.02872v1: weights and cores of the two recurrent networks. */
static void steps_of_recurrent_networks_have_the_published_weights_and_cores(void **state)
{
    static const struct {
        const char *net;
        int64_t weights, cores;
    } want[] = {{"lstm-ptb", 1299312, 26}, {"lstm-caption", 4080384, 64}};
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_net_builder b = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct ohm_net *const net = reference(&b, want[i].net);
        struct ohm_cost_layer row[2];
        struct ohm_cost cost;

        assert_int_equal(net->weights, want[i].weights);
        assert_int_equal(net->mvm_layers, 2);
        assert_int_equal(ohm_cost_net(chip, &use, net, &cost, row, NULL), OHM_OK);
        assert_int_equal(cost.cores, want[i].cores);
        assert_int_equal(cost.mvm_steps, 2);
        assert_int_equal(row[0].cols, 2016); /* all gates are one matrix */
    }
    ohm_chip_free(chip);
    ohm_net_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(their_files_cost_what_the_golden_values_say),
        cmocka_unit_test(the_file_of_the_anomaly_detector_takes_26_copies_or_6_at_40_megahertz),
        cmocka_unit_test(steps_of_recurrent_networks_have_the_published_weights_and_cores),
    };

    return cmocka_run_group_tests(tests, load_golden, free_golden);
}
