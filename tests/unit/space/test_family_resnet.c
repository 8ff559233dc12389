/* Our residual macro space: the networks everybody knows are in it, with the numbers they are known by. */
#include "family_fixture.h"

static const struct ohm_shape cifar = {32, 32, 3}, speech = {49, 10, 1}, person = {96, 96, 3};

enum { AXES_MAX = 64 };

static void set(double *value, const char *axis, double x)
{
    value[axis_index(ohm_family_find("resnet"), axis)] = x;
}

static void set_group(double *value, int g, const char *axis, double x)
{
    char name[32];

    snprintf(name, sizeof name, "g%d_%s", g, axis);
    set(value, name, x);
}

/* ResNet-(6 blocks + 2) of He et al. for CIFAR-10: 16, 32, 64 channels, blocks of two 3x3. */
static void he_resnet(double *value, int blocks)
{
    memset(value, 0, AXES_MAX * sizeof *value);
    set(value, "stem_width", 16);
    set(value, "stem_kernel", 3);
    set(value, "stem_stride", 1);
    set(value, "head_hidden", 0);
    set(value, "groups", 3);
    for (int g = 1; g <= 3; g++) {
        set_group(value, g, "blocks", blocks);
        set_group(value, g, "branches", 1);
        set_group(value, g, "block", 0);
        set_group(value, g, "kernel", 3);
        set_group(value, g, "widen", g == 1 ? 1 : 2);
        set_group(value, g, "stride", g == 1 ? 1 : 2);
    }
}

/* Golden values hermes.resnet32.* of the 64-core chip: 464,432 weights and 69,124,736 MACs (Le Gallo 2023, DERIVED). */
static void resnet_32_with_projections_has_464432_weights(void **state)
{
    struct ohm_net_builder b = {0};
    double value[AXES_MAX];
    const struct ohm_net *net;

    (void)state;
    he_resnet(value, 5);
    net = build_net("resnet", value, cifar, 10, &b);
    assert_int_equal(net->weights, 464432);
    assert_int_equal(net->macs, 69124736);
    assert_int_equal(net->depth, 32);
    assert_int_equal(net->mvm_layers, 34);
    ohm_net_release(&b);
}

/* MLPerf Tiny, ic01: 12,501,632 MACs; 77,706 parameters with the batch norms folded. */
static void resnet_8_is_that_of_mlperf_tiny(void **state)
{
    struct ohm_net_builder b = {0};
    double value[AXES_MAX];
    const struct ohm_net *net;

    (void)state;
    he_resnet(value, 1);
    net = build_net("resnet", value, cifar, 10, &b);
    assert_int_equal(net->macs, 12501632);
    assert_int_equal(ohm_net_params_folded(net), 77706);
    ohm_net_release(&b);
}

static void resnet_20_has_twenty_layers_on_its_path(void **state)
{
    struct ohm_net_builder b = {0};
    double value[AXES_MAX];

    (void)state;
    he_resnet(value, 3);
    assert_int_equal(build_net("resnet", value, cifar, 10, &b)->depth, 20);
    assert_int_equal(build_net("resnet", value, speech, 12, &b)->classes, 12);
    assert_int_equal(build_net("resnet", value, person, 2, &b)->classes, 2);
    ohm_net_release(&b);
}

static void names_change_nothing_else(void **state)
{
    struct ohm_net_builder named = {.with_names = true}, plain = {0};
    double value[AXES_MAX];

    (void)state;
    for (int blocks = 1; blocks <= 5; blocks++) {
        he_resnet(value, blocks);
        set_group(value, 2, "branches", 3);
        set_group(value, 3, "block", 1);
        assert_same_net(build_net("resnet", value, speech, 12, &named), build_net("resnet", value, speech, 12, &plain));
    }
    ohm_net_release(&named);
    ohm_net_release(&plain);
}

static void a_stride_halves_both_sides_rounding_up(void **state)
{
    struct ohm_net_builder b = {.with_names = true};
    double value[AXES_MAX];
    const struct ohm_layer *last;

    (void)state;
    he_resnet(value, 1);
    for (int kernel = 1; kernel <= 9; kernel++) {
        set_group(value, 2, "kernel", kernel);
        last = layer_named(build_net("resnet", value, speech, 12, &b), "group3.block1.relu");
        assert_int_equal(last->out.h, 13);
        assert_int_equal(last->out.w, 3);
        assert_int_equal(last->out.c, 64);
    }
    ohm_net_release(&b);
}

static void branches_are_summed_with_the_shortcut(void **state)
{
    struct ohm_net_builder b = {.with_names = true};
    double value[AXES_MAX];
    const struct ohm_net *net;

    (void)state;
    he_resnet(value, 2);
    set_group(value, 2, "branches", 3);
    net = build_net("resnet", value, cifar, 10, &b);
    assert_int_equal(layer_named(net, "group2.block1.add")->inputs, 4);
    assert_int_equal(layer_named(net, "group2.block1.shortcut.conv")->k_h, 1);
    assert_int_equal(layer_named(net, "group2.block2.branch3.conv2")->out.c, 32);
    assert_int_equal(net->mvm_layers, 1 + 4 + (12 + 1) + (4 + 1) + 1);
    ohm_net_release(&b);
}

static void a_bottleneck_is_a_quarter_as_wide_but_at_least_8(void **state)
{
    struct ohm_net_builder b = {.with_names = true};
    double value[AXES_MAX];
    const struct ohm_net *net;

    (void)state;
    he_resnet(value, 1);
    set_group(value, 1, "block", 1);
    set_group(value, 3, "block", 1);
    net = build_net("resnet", value, cifar, 10, &b);
    assert_int_equal(layer_named(net, "group1.block1.branch1.conv1")->out.c, 8);
    assert_int_equal(layer_named(net, "group3.block1.branch1.conv1")->out.c, 16);
    assert_int_equal(layer_named(net, "group3.block1.branch1.conv2")->stride_h, 2);
    assert_int_equal(layer_named(net, "group3.block1.branch1.conv3")->out.c, 64);
    ohm_net_release(&b);
}

static void a_hidden_layer_stands_before_the_classifier(void **state)
{
    struct ohm_net_builder b = {.with_names = true};
    double value[AXES_MAX];
    const struct ohm_net *net;

    (void)state;
    he_resnet(value, 1);
    set(value, "head_hidden", 32);
    net = build_net("resnet", value, cifar, 10, &b);
    assert_int_equal(layer_named(net, "head.hidden")->params, 64 * 32 + 32);
    assert_int_equal(layer_named(net, "head.dense")->params, 32 * 10 + 10);
    ohm_net_release(&b);
}

static void widths_are_rounded_to_four_channels(void **state)
{
    struct ohm_net_builder b = {.with_names = true};
    double value[AXES_MAX];
    const struct ohm_net *net;

    (void)state;
    he_resnet(value, 1);
    set_group(value, 1, "widen", 1.25); /* 20 */
    set_group(value, 2, "widen", 1.25); /* 25, nearest is 24 */
    set_group(value, 3, "widen", 0.01); /* 0, the least is 4 */
    net = build_net("resnet", value, cifar, 10, &b);
    assert_int_equal(layer_named(net, "group1.block1.add")->out.c, 20);
    assert_int_equal(layer_named(net, "group2.block1.add")->out.c, 24);
    assert_int_equal(layer_named(net, "group3.block1.add")->out.c, 4);
    ohm_net_release(&b);
}

static void values_that_give_no_network_are_refused_by_name(void **state)
{
    static const struct {
        const char *axis;
        double value;
    } bad[] = {
        {"stem_width", 0}, {"stem_kernel", 0}, {"stem_stride", 9},  {"head_hidden", -1}, {"groups", 6},
        {"groups", 0},     {"g1_blocks", 0},   {"g2_branches", 65}, {"g3_block", 2},     {"g1_kernel", 2.5},
        {"g2_widen", 0},   {"g2_widen", -1},   {"g2_widen", 1e300}, {"g3_stride", 0},
    };
    struct ohm_net_builder b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct ohm_net *net;
        struct ohm_error err = {0};
        double value[AXES_MAX];

        he_resnet(value, 1);
        set(value, bad[i].axis, bad[i].value);
        assert_int_equal(ohm_family_find("resnet")->build(value, cifar, 10, &b, &net, &err), OHM_ERANGE);
        if (!strstr(err.text, bad[i].axis))
            fail_msg("'%s' does not say '%s'", err.text, bad[i].axis);
    }
    ohm_net_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resnet_32_with_projections_has_464432_weights),
        cmocka_unit_test(resnet_8_is_that_of_mlperf_tiny),
        cmocka_unit_test(resnet_20_has_twenty_layers_on_its_path),
        cmocka_unit_test(names_change_nothing_else),
        cmocka_unit_test(a_stride_halves_both_sides_rounding_up),
        cmocka_unit_test(branches_are_summed_with_the_shortcut),
        cmocka_unit_test(a_bottleneck_is_a_quarter_as_wide_but_at_least_8),
        cmocka_unit_test(a_hidden_layer_stands_before_the_classifier),
        cmocka_unit_test(widths_are_rounded_to_four_channels),
        cmocka_unit_test(values_that_give_no_network_are_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
