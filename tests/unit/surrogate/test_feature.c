/* Features: what they are called, what they count, and what they must not tell apart. */
#include "ohm/csv.h"
#include "ohm/decode.h"
#include "ohm/file.h"
#include "ohm/surrogate.h"
#include "ohm/surrogate_train.h"

#include "row_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ohm_space *load_space(const char *path)
{
    struct ohm_space *space = NULL;
    struct ohm_diag diag = {0};

    if (ohm_space_load(&space, path, &diag) != OHM_OK)
        fail_msg("%s", diag.item[0].text);
    ohm_diag_release(&diag);
    return space;
}

static int find_feature(const struct ohm_features *f, const char *name)
{
    for (int i = 0; i < ohm_features_count(f); i++)
        if (strcmp(ohm_features_name(f, i), name) == 0)
            return i;
    fail_msg("no feature %s", name);
    return -1;
}

/* All features of a cell given by its key. */
static void features_of(const struct ohm_features *f, const struct ohm_space *space, const char *key, float *x)
{
    struct ohm_row_keys keys = {0};
    struct ohm_net_builder builder = {0};
    const struct ohm_net *net = NULL;
    struct ohm_genotype g;

    assert_int_equal(ohm_row_keys_find(&keys, space, &g, key, NULL), OHM_OK);
    assert_int_equal(ohm_decode(space, &g, &builder, &net, NULL), OHM_OK);
    ohm_features_compute(f, &g, net, x);
    ohm_net_release(&builder);
    ohm_row_keys_release(&keys);
}

static void ibms_features_are_the_genes_of_its_space(void **state)
{
    static const char *const golden = "../shared/golden/analog-nas/golden.csv";
    struct ohm_space *space;
    struct ohm_features *f;
    struct ohm_csv csv;

    (void)state;
    if (!ohm_file_exists(golden)) {
        print_message("SKIPPED: ../shared is absent\n");
        skip();
    }
    space = load_space("searchspaces/analognas-resnet.yaml");
    assert_int_equal(ohm_features_create(&f, space, "genes", NULL), OHM_OK);
    assert_int_equal(ohm_features_count(f), 22);
    assert_int_equal(ohm_csv_load(&csv, golden, NULL), OHM_OK);
    for (int i = 0; i < 22; i++) /* the golden table's columns 1 to 22 are IBM's keys in its order */
        assert_string_equal(ohm_features_name(f, i), csv.name[i + 1]);
    assert_false(ohm_features_need_net(f));
    ohm_csv_release(&csv);
    ohm_features_free(f);
    ohm_space_free(space);
}

static void inactive_axes_are_zero_among_the_genes_and_nothing_in_onehot(void **state)
{
    struct ohm_space *const space = load_space("searchspaces/resnet-cifar10.yaml");
    struct ohm_rng rng = ohm_rng_seed(3);
    struct ohm_features *genes, *onehot;
    float x[OHM_FEATURES_MAX], y[OHM_FEATURES_MAX];
    bool seen_inactive = false;

    (void)state;
    assert_int_equal(ohm_features_create(&genes, space, "genes", NULL), OHM_OK);
    assert_int_equal(ohm_features_create(&onehot, space, "onehot", NULL), OHM_OK);
    for (int i = 0; i < 50; i++) {
        struct ohm_genotype g;
        int active = 0;
        float ones = 0;

        assert_int_equal(ohm_genotype_sample(space, &g, &rng, NULL), OHM_OK);
        ohm_features_compute(genes, &g, NULL, x);
        ohm_features_compute(onehot, &g, NULL, y);
        for (int a = 0; a < ohm_space_axes(space); a++) {
            const struct ohm_axis *const axis = ohm_space_axis(space, a);

            if (ohm_genotype_active(space, &g, a)) {
                assert_true(x[a] == (float)axis->value[g.gene[a]]);
                active += axis->size <= 32;
            } else {
                assert_true(x[a] == 0.0f);
                seen_inactive = true;
            }
        }
        for (int k = 0; k < ohm_features_count(onehot); k++)
            ones += y[k];
        assert_true(ones == (float)active);
    }
    assert_true(seen_inactive);
    ohm_features_free(genes);
    ohm_features_free(onehot);
    ohm_space_free(space);
}

static void net_features_are_those_of_the_published_table(void **state)
{
    struct ohm_space *const space = load_space("searchspaces/nb201.yaml");
    struct ohm_features *f;
    float x[OHM_FEATURES_MAX];

    (void)state;
    assert_int_equal(ohm_features_create(&f, space, "net", NULL), OHM_OK);
    assert_true(ohm_features_need_net(f));
    features_of(f, space, "334131", x); /* row 1 of nb201.csv */
    assert_true(x[find_feature(f, "net.params")] == 802426.0f);
    assert_true(x[find_feature(f, "net.macs")] == 113951370.0f);
    assert_true(x[find_feature(f, "net.conv_large")] == 0.0f);
    assert_true(x[find_feature(f, "net.conv_strided")] == 2.0f);
    assert_true(x[find_feature(f, "net.rows_max")] == 576.0f);
    ohm_features_free(f);
    ohm_space_free(space);
}

/* Digits are e01 e02 e12 e03 e13 e23; 0 none, 1 skip, 2 conv1x1, 3 conv3x3, 4 pool. */
static void cell_features_count_what_lies_on_live_paths(void **state)
{
    struct ohm_space *const space = load_space("searchspaces/nb201.yaml");
    struct ohm_features *f;
    float x[OHM_FEATURES_MAX];
    static const struct {
        const char *cell, *feature;
        float value;
    } expected[] = {
        {"333333", "cell.paths", 4},
        {"333333", "cell.convs", 8},
        {"333333", "cell.paths_of_2_conv3", 2},
        {"333333", "cell.convs_max", 3},
        {"333333", "cell.conv3_shared1", 2},
        {"333333", "cell.conv_bottleneck", 0},
        {"000300", "cell.paths", 1},
        {"000300", "cell.conv_bottleneck", 1},
        {"000300", "cell.path_3", 1},
        {"330000", "cell.paths", 0},
        {"330000", "cell.convs", 0},
        {"330000", "cell.convs_max", -1},
        {"330000", "cell.conv3_shared1", 0},
        {"400002", "cell.paths", 0},
        {"400040", "cell.path_pp", 1},
        {"400040", "cell.pool_no_conv", 1},
        {"400020", "cell.path_p1", 1},
        {"400020", "cell.pool_then_conv", 1},
        {"400020", "cell.conv_then_pool", 0},
        {"100120", "cell.path_1", 1},
        {"100120", "cell.path_skip", 1},
        {"100120", "cell.conv_no_pool", 1},
        {"000400", "cell.pool_bottleneck", 1},
        {"000400", "cell.convs_max_no_pool", -1},
    };

    (void)state;
    assert_int_equal(ohm_features_create(&f, space, "cell", NULL), OHM_OK);
    assert_int_equal(ohm_features_count(f), 43);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        features_of(f, space, expected[i].cell, x);
        if (x[find_feature(f, expected[i].feature)] != expected[i].value)
            fail_msg("%s: %s is %g, not %g", expected[i].cell, expected[i].feature,
                     (double)x[find_feature(f, expected[i].feature)], (double)expected[i].value);
    }
    ohm_features_free(f);
    ohm_space_free(space);
}

/* Nodes 1 and 2 may change places where no edge joins them. */
static void cells_that_differ_in_numbering_only_have_the_same_features(void **state)
{
    struct ohm_space *const space = load_space("searchspaces/nb201.yaml");
    struct ohm_genotype g = {{0}};
    struct ohm_features *f;
    bool first = true;
    int twins = 0;

    (void)state;
    assert_int_equal(ohm_features_create(&f, space, "cell", NULL), OHM_OK);
    while (ohm_genotype_next(space, &g, &first)) {
        struct ohm_genotype twin = g;
        float x[OHM_FEATURES_MAX], y[OHM_FEATURES_MAX];

        if (g.gene[2] != 0)
            continue;
        twin.gene[0] = g.gene[1];
        twin.gene[1] = g.gene[0];
        twin.gene[4] = g.gene[5];
        twin.gene[5] = g.gene[4];
        ohm_features_compute(f, &g, NULL, x);
        ohm_features_compute(f, &twin, NULL, y);
        assert_memory_equal(x, y, (size_t)ohm_features_count(f) * sizeof x[0]);
        twins++;
    }
    assert_int_equal(twins, 3125);
    ohm_features_free(f);
    ohm_space_free(space);
}

static void wrong_groups_are_refused_by_name(void **state)
{
    static const struct {
        const char *space, *groups, *reason;
    } wrong[] = {
        {"nb201", "cel", "did you mean 'cell'"},    {"nb201", "", "unknown feature group ''"},
        {"nb201", "genes,genes", "named twice"},    {"nb201", "genes,", "unknown feature group ''"},
        {"resnet-cifar10", "cell", "family nb201"}, {"nb201", "net,chip", "needs the size of a tile"},
        {"nb201", "noise", "needs a device"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char path[64];
        struct ohm_space *space;
        struct ohm_features *f = NULL;
        struct ohm_error err = {0};

        (void)snprintf(path, sizeof path, "searchspaces/%s.yaml", wrong[i].space);
        space = load_space(path);
        assert_int_equal(ohm_features_create(&f, space, wrong[i].groups, &err), OHM_ECONFIG);
        if (!strstr(err.text, wrong[i].reason))
            fail_msg("'%s' does not say '%s'", err.text, wrong[i].reason);
        assert_null(f);
        ohm_space_free(space);
    }
}

static void the_schema_hash_changes_with_the_features(void **state)
{
    struct ohm_space *const space = load_space("searchspaces/nb201.yaml");
    struct ohm_features *a, *b, *c;

    (void)state;
    assert_int_equal(ohm_features_create(&a, space, "cell,net", NULL), OHM_OK);
    assert_int_equal(ohm_features_create(&b, space, "net,cell", NULL), OHM_OK);
    assert_int_equal(ohm_features_create(&c, space, " cell , net", NULL), OHM_OK);
    assert_int_not_equal(ohm_features_hash(a), ohm_features_hash(b));
    assert_int_equal(ohm_features_hash(a), ohm_features_hash(c));
    ohm_features_free(a);
    ohm_features_free(b);
    ohm_features_free(c);
    ohm_space_free(space);
}

/* A tile of 256 x 256, converters as everywhere, and a device at two times. */
static struct ohm_physics some_physics(void)
{
    struct ohm_physics p = {0};

    ohm_fields_default(ohm_physics_fields, &p);
    p.weight_power = 0.16;
    p.time_count = 2;
    p.time[0] = (struct ohm_physics_time){"0", {1, 0.01}};
    p.time[1] = (struct ohm_physics_time){"1d", {0.7, 0.02}};
    return p;
}

struct named_value {
    const char *feature;
    double value;
};

static void assert_features(const struct ohm_features *f, const float *x, const struct named_value *expected, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double got = (double)x[find_feature(f, expected[i].feature)];

        if (!(fabs(got - expected[i].value) <= 1e-5 * fabs(expected[i].value)))
            fail_msg("%s is %.8g, not %.8g", expected[i].feature, got, expected[i].value);
    }
}

/* Three groups of one block of one branch: ResNet-8, whose convolutions have 3 (stem), 16, 16; 16, 32 and 16
 * (shortcut); 32, 64 and 32 channels of input. */
static void graph_plane_and_chip_features_of_resnet_8(void **state)
{
    static const char text[] = "stem_width=16 stem_kernel=3 stem_stride=1 head_hidden=0 groups=3 "
                               "g1_blocks=1 g1_branches=1 g1_block=basic g1_kernel=3 g1_widen=1 g1_stride=1 "
                               "g2_blocks=1 g2_branches=1 g2_block=basic g2_kernel=3 g2_widen=2 g2_stride=2 "
                               "g3_blocks=1 g3_branches=1 g3_block=basic g3_kernel=3 g3_widen=2 g3_stride=2";
    static const double fan_in[] = {27, 144, 144, 144, 288, 16, 288, 576, 32, 64};
    struct ohm_space *const space = load_space("searchspaces/resnet-cifar10.yaml");
    const struct ohm_physics physics = some_physics();
    struct ohm_net_builder builder = {0};
    const struct ohm_net *net;
    struct ohm_features *f;
    struct ohm_genotype g;
    float x[OHM_FEATURES_MAX];
    double log_sum = 0;

    (void)state;
    assert_int_equal(ohm_features_create_for(&f, space, "graph,plane,chip,noise", &physics, NULL), OHM_OK);
    assert_int_equal(ohm_genotype_parse(space, &g, text, NULL), OHM_OK);
    assert_int_equal(ohm_decode(space, &g, &builder, &net, NULL), OHM_OK);
    ohm_features_compute(f, &g, net, x);
    for (int i = 0; i < 10; i++)
        log_sum += log2(fan_in[i]);
    {
        /* 77,360 weights: of conv and dense layers only. Tiles: 27 to 144 rows take one, 288 two, 576 three. Positions
         * are 1024 for four layers, 256 for three, 64 for three, 1. */
        const struct named_value expected[] = {{"graph.fan_in_first", 27},
                                               {"graph.fan_in_last", 64},
                                               {"graph.fan_in_min", 16},
                                               {"graph.fan_in_log2", log_sum / 10},
                                               {"graph.width_min", 10},
                                               {"graph.largest_layer", 36864.0 / 77360},
                                               {"graph.adds", 3},
                                               {"graph.add_inputs", 2},
                                               {"graph.concats", 0},
                                               {"graph.relus", 7},
                                               {"graph.pixels_last", 64},
                                               {"graph.shortest", 4},
                                               {"graph.mean_path", 6},
                                               {"graph.paths_log2", 3},
                                               {"plane.layers_0", 3},
                                               {"plane.layers_1", 3},
                                               {"plane.layers_3", 0},
                                               {"plane.layers_5", 1},
                                               {"plane.macs_log2_1", log2(1 + 256 * 32 * (144 + 288 + 16.0))},
                                               {"plane.width_log2_2", 6},
                                               {"plane.fan_in_min_0", 27},
                                               {"plane.fan_in_min_2", 32},
                                               {"plane.fan_in_min_4", 0},
                                               {"chip.tiles", 14},
                                               {"chip.util", 77360.0 / 14 / 65536},
                                               {"chip.util_min", 27 * 16 / 65536.0},
                                               {"chip.steps", 3 * 1024 + 3 * 256 + 3 * 64 + 1},
                                               {"chip.steps_max", 1024},
                                               {"chip.row_tiles_max", 3},
                                               {"chip.row_tiles_mean", 1.4},
                                               {"chip.layers_cut", 3}};

        assert_features(f, x, expected, sizeof expected / sizeof expected[0]);
    }
    assert_true(x[find_feature(f, "noise.snr_db.0")] > x[find_feature(f, "noise.snr_db.1d")]);
    assert_true(x[find_feature(f, "noise.drift_db")] > 0);
    ohm_net_release(&builder);
    ohm_features_free(f);
    ohm_space_free(space);
}

static void features_of_the_network_say_what_they_mean(void **state)
{
    struct ohm_space *const space = load_space("searchspaces/nb201.yaml");
    const struct ohm_physics physics = some_physics();
    struct ohm_features *f;

    (void)state;
    assert_int_equal(ohm_features_create_for(&f, space, "net,graph,plane,chip,noise,genes", &physics, NULL), OHM_OK);
    assert_int_equal(ohm_features_count(f), 19 + 15 + 24 + 9 + 8 + 6);
    for (int i = 0; i < ohm_features_count(f); i++)
        assert_int_equal(strchr(ohm_features_name(f, i), '.') != NULL, *ohm_features_meaning(f, i) != '\0');
    assert_string_equal(ohm_features_unit(f, find_feature(f, "noise.snr_db.1d")), "dB");
    assert_string_equal(ohm_features_unit(f, find_feature(f, "e01")), "");
    ohm_features_free(f);
    ohm_space_free(space);
}

/* No edge of the cell leads to its output: there is no signal and no path, and nothing is infinite. */
static void a_dead_network_has_finite_features(void **state)
{
    static const char *const keys[] = {"000000", "333333", "111111", "444444"};
    struct ohm_space *const space = load_space("searchspaces/nb201.yaml");
    const struct ohm_physics physics = some_physics();
    struct ohm_features *f;

    (void)state;
    assert_int_equal(ohm_features_create_for(&f, space, "net,graph,plane,chip,noise", &physics, NULL), OHM_OK);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        float x[OHM_FEATURES_MAX];

        features_of(f, space, keys[i], x);
        for (int k = 0; k < ohm_features_count(f); k++)
            if (!isfinite(x[k]))
                fail_msg("%s: %s is not finite", keys[i], ohm_features_name(f, k));
    }
    ohm_features_free(f);
    ohm_space_free(space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ibms_features_are_the_genes_of_its_space),
        cmocka_unit_test(inactive_axes_are_zero_among_the_genes_and_nothing_in_onehot),
        cmocka_unit_test(net_features_are_those_of_the_published_table),
        cmocka_unit_test(cell_features_count_what_lies_on_live_paths),
        cmocka_unit_test(cells_that_differ_in_numbering_only_have_the_same_features),
        cmocka_unit_test(wrong_groups_are_refused_by_name),
        cmocka_unit_test(the_schema_hash_changes_with_the_features),
        cmocka_unit_test(graph_plane_and_chip_features_of_resnet_8),
        cmocka_unit_test(features_of_the_network_say_what_they_mean),
        cmocka_unit_test(a_dead_network_has_finite_features),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
