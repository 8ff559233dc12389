/* The cells of NAS-Bench-201, against the benchmark's own table. */
#include "family_fixture.h"

#define TABLE "../shared/golden/nasbench/nb201.csv"

enum { EDGES = 6 };
static const struct ohm_shape cifar = {32, 32, 3};

static void read_cell(double *value, const char *ops)
{
    assert_int_equal(strlen(ops), EDGES);
    for (int i = 0; i < EDGES; i++)
        value[i] = ops[i] - '0';
}

static void parameters_and_macs_of_all_15625_cells_equal_the_table(void **state)
{
    struct ohm_csv csv = load_table(TABLE);
    const int ops = ohm_csv_column(&csv, "ops"), params = ohm_csv_column(&csv, "params");
    const int macs = ohm_csv_column(&csv, "macs");
    struct ohm_net_builder b = {0};

    (void)state;
    assert_int_equal(csv.rows, 15625);
    for (int row = 0; row < csv.rows; row++) {
        const struct ohm_net *net;
        double value[EDGES], want_params, want_macs;

        read_cell(value, csv.cell[row * csv.columns + ops]);
        assert_int_equal(ohm_csv_double(&csv, row, params, &want_params, NULL), OHM_OK);
        assert_int_equal(ohm_csv_double(&csv, row, macs, &want_macs, NULL), OHM_OK);
        net = build_net("nb201", value, cifar, 10, &b);
        if (net->params != (int64_t)want_params || net->macs != (int64_t)want_macs)
            fail_msg("cell %s has %lld parameters and %lld MACs", csv.cell[row * csv.columns + ops],
                     (long long)net->params, (long long)net->macs);
    }
    ohm_net_release(&b);
    ohm_csv_release(&csv);
}

static const struct ohm_net *build_cell(const char *ops, struct ohm_net_builder *b)
{
    double value[EDGES];

    read_cell(value, ops);
    return build_net("nb201", value, cifar, 10, b);
}

static void a_cell_without_edges_is_one_zero_a_node(void **state)
{
    struct ohm_net_builder b = {0};

    (void)state;
    assert_int_equal(count_kind(build_cell("000000", &b), OHM_ZERO), 3 * 15);
    ohm_net_release(&b);
}

static void a_cell_of_skips_has_the_skeletons_layers_only(void **state)
{
    struct ohm_net_builder b = {0};
    const struct ohm_net *net = build_cell("111111", &b);

    (void)state;
    assert_int_equal(net->mvm_layers, 1 + 2 * 3 + 1);
    assert_int_equal(count_kind(net, OHM_ADD), 2 + 2 * 15);
    assert_int_equal(net->depth, 1 + 2 * 2 + 1);
    ohm_net_release(&b);
}

static void a_convolution_that_leads_nowhere_still_counts(void **state)
{
    struct ohm_net_builder b = {0};
    const int64_t without = build_cell("000100", &b)->params;

    (void)state;
    /* e01 = conv3x3, and node 1 is read by nothing; 5 cells a stage, batch norm included */
    assert_int_equal(build_cell("300100", &b)->params - without,
                     5 * (9 * (16 * 16 + 32 * 32 + 64 * 64) + 2 * (16 + 32 + 64)));
    ohm_net_release(&b);
}

static void layers_are_called_by_stage_cell_and_edge(void **state)
{
    struct ohm_net_builder b = {.with_names = true};
    const struct ohm_net *net = build_cell("324113", &b);

    (void)state;
    assert_int_equal(layer_named(net, "stage2.cell5.e01.conv")->k_h, 3);
    assert_int_equal(layer_named(net, "stage3.cell1.e02.conv")->k_h, 1);
    assert_false(layer_named(net, "stage1.cell1.e12.pool")->count_include_pad);
    assert_int_equal(layer_named(net, "reduction2.conv1")->stride_h, 2);
    ohm_net_release(&b);
}

static void an_operation_that_is_not_there_is_refused(void **state)
{
    const double value[EDGES] = {0, 1, 5, 0, 0, 0};
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    struct ohm_error err = {0};

    (void)state;
    assert_int_equal(ohm_family_find("nb201")->build(value, cifar, 10, &b, &net, &err), OHM_ERANGE);
    assert_non_null(strstr(err.text, "e12 is 5"));
    ohm_net_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_and_macs_of_all_15625_cells_equal_the_table),
        cmocka_unit_test(a_cell_without_edges_is_one_zero_a_node),
        cmocka_unit_test(a_cell_of_skips_has_the_skeletons_layers_only),
        cmocka_unit_test(a_convolution_that_leads_nowhere_still_counts),
        cmocka_unit_test(layers_are_called_by_stage_cell_and_edge),
        cmocka_unit_test(an_operation_that_is_not_there_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
