/* The networks of IBM/analog-nas, against tables made with IBM's own builder. */
#include "family_fixture.h"

#include <math.h>

#define GOLDEN "../shared/golden/analog-nas/"

enum { AXES = 22 };
static const struct ohm_shape cifar = {32, 32, 3};

static void read_values(double *value, const struct ohm_csv *csv, int row)
{
    const struct ohm_family *family = ohm_family_find("analognas");

    for (int i = 0; i < AXES; i++)
        value[i] = cell_number(csv, row, family->axis_names[i]);
}

/* "8;15;27": the stem's width and each group's. */
static void widths_text(char *out, size_t size, const struct ohm_net *net, int groups)
{
    size_t used = (size_t)snprintf(out, size, "%d", layer_named(net, "stem.bn")->out.c);

    for (int g = 1; g <= groups; g++) {
        char name[64];

        snprintf(name, sizeof name, "group%d.block1.add", g);
        used += (size_t)snprintf(out + used, size - used, ";%d", layer_named(net, name)->out.c);
    }
}

static void check_row(const struct ohm_csv *csv, int row, const struct ohm_net *net)
{
    char widths[128];

    widths_text(widths, sizeof widths, net, (int)cell_number(csv, row, "M"));
    assert_string_equal(widths, cell_text(csv, row, "channels"));
    assert_int_equal(net->params, (int64_t)cell_number(csv, row, "params"));
    assert_int_equal(count_kind(net, OHM_CONV), (int)cell_number(csv, row, "n_conv2d"));
    assert_int_equal(layer_named(net, "head.flatten")->out.c, (int)cell_number(csv, row, "fc_in"));
}

static void the_250_sampled_networks_equal_ibms(void **state)
{
    struct ohm_csv csv = load_table(GOLDEN "golden.csv");
    struct ohm_net_builder b = {.with_names = true};
    double value[AXES];

    (void)state;
    assert_int_equal(csv.rows, 250);
    for (int row = 0; row < csv.rows; row++) {
        const struct ohm_net *net;

        read_values(value, &csv, row);
        net = build_net("analognas", value, cifar, 10, &b);
        check_row(&csv, row, net);
        assert_int_equal(net->macs, (int64_t)cell_number(&csv, row, "macs"));
    }
    ohm_net_release(&b);
    ohm_csv_release(&csv);
}

/* Without names, blocks that are alike are copied. */
static void names_change_nothing_else(void **state)
{
    struct ohm_csv csv = load_table(GOLDEN "golden.csv");
    struct ohm_net_builder named = {.with_names = true}, plain = {0};
    double value[AXES];

    (void)state;
    for (int row = 0; row < csv.rows; row++) {
        read_values(value, &csv, row);
        assert_same_net(build_net("analognas", value, cifar, 10, &named),
                        build_net("analognas", value, cifar, 10, &plain));
    }
    ohm_net_release(&named);
    ohm_net_release(&plain);
    ohm_csv_release(&csv);
}

static void the_corner_cases_equal_ibms(void **state)
{
    struct ohm_csv csv = load_table(GOLDEN "golden_edges.csv");
    struct ohm_net_builder b = {.with_names = true};
    double value[AXES];

    (void)state;
    assert_int_equal(csv.rows, 21);
    for (int row = 0; row < csv.rows; row++) {
        const struct ohm_shape input = {(int)cell_number(&csv, row, "in_h"), (int)cell_number(&csv, row, "in_w"), 3};
        const struct ohm_net *net;

        read_values(value, &csv, row);
        net = build_net("analognas", value, input, (int)cell_number(&csv, row, "classes"), &b);
        check_row(&csv, row, net);
        assert_int_equal(count_kind(net, OHM_BATCH_NORM), (int)cell_number(&csv, row, "n_bn"));
    }
    ohm_net_release(&b);
    ohm_csv_release(&csv);
}

static void the_features_are_the_axes_in_order(void **state)
{
    struct ohm_csv csv = load_table(GOLDEN "golden.csv");
    double value[AXES];

    (void)state;
    for (int row = 0; row < csv.rows; row++) {
        read_values(value, &csv, row);
        for (int i = 0; i < AXES; i++) {
            char name[8];

            snprintf(name, sizeof name, "f%d", i);
            assert_true((float)value[i] == (float)cell_number(&csv, row, name));
        }
    }
    ohm_csv_release(&csv);
}

/* One group of one block with one branch. */
static void smallest(double *value)
{
    memset(value, 0, AXES * sizeof *value);
    value[0] = 32;
    value[1] = 1;
    value[2] = 1;
    value[7] = 1;
    value[8] = 0.8;
    value[9] = 1;
}

static void a_factor_of_0_8_takes_32_channels_to_39(void **state)
{
    struct ohm_net_builder b = {.with_names = true};
    double value[AXES];

    (void)state;
    smallest(value);
    assert_int_equal(layer_named(build_net("analognas", value, cifar, 10, &b), "group1.block1.add")->out.c, 39);
    ohm_net_release(&b);
}

static void the_smallest_picture_is_12_by_12(void **state)
{
    const struct ohm_family *family = ohm_family_find("analognas");
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    struct ohm_error err = {0};
    double value[AXES];

    (void)state;
    smallest(value);
    assert_int_equal(build_net("analognas", value, (struct ohm_shape){12, 12, 3}, 10, &b)->classes, 10);
    assert_int_equal(family->build(value, (struct ohm_shape){11, 12, 3}, 10, &b, &net, &err), OHM_ERANGE);
    assert_non_null(strstr(err.text, "does not fit an input of 7 x 8"));
    ohm_net_release(&b);
}

static void values_that_give_no_network_are_refused_by_name(void **state)
{
    static const struct {
        int axis;
        double value;
        const char *text;
    } bad[] = {
        {0, 0, "out_channel0 is 0"},
        {1, 6, "M is 6"},
        {1, 1.5, "M is 1.5"},
        {2, -1, "R1 is -1"},
        {8, 0, "widenfact1 is 0"},
        {8, -0.0, "widenfact1"},
        {8, 1e-300, "channels wide"},
        {8, 100, "channels wide"},
        {9, 0, "B1 is 0"},
        {9, (double)NAN, "B1 is nan"},
        {8, (double)NAN, "widenfact1"},
        {8, (double)INFINITY, "widenfact1 is inf"},
        {0, (double)NAN, "out_channel0 is"},
    };
    struct ohm_net_builder b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct ohm_net *net;
        struct ohm_error err = {0};
        double value[AXES];

        smallest(value);
        value[bad[i].axis] = bad[i].value;
        assert_int_equal(ohm_family_find("analognas")->build(value, cifar, 10, &b, &net, &err), OHM_ERANGE);
        if (!strstr(err.text, bad[i].text))
            fail_msg("'%s' does not say '%s'", err.text, bad[i].text);
    }
    ohm_net_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_250_sampled_networks_equal_ibms),
        cmocka_unit_test(names_change_nothing_else),
        cmocka_unit_test(the_corner_cases_equal_ibms),
        cmocka_unit_test(the_features_are_the_axes_in_order),
        cmocka_unit_test(a_factor_of_0_8_takes_32_channels_to_39),
        cmocka_unit_test(the_smallest_picture_is_12_by_12),
        cmocka_unit_test(values_that_give_no_network_are_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
