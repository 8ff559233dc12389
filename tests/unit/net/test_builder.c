/* Networks whose numbers are published, built by hand; and what a builder refuses. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ohm/net.h"

static const struct ohm_net *finish(struct ohm_net_builder *b, int output)
{
    const struct ohm_net *net = NULL;
    struct ohm_error err = {0};

    if (ohm_net_finish(b, output, &net, &err) != OHM_OK)
        fail_msg("%s", err.text);
    return net;
}

/* Convolution of "same" padding with batch norm and ReLU; Keras's convolutions have a bias all the same. */
static int conv_relu(struct ohm_net_builder *b, int x, struct ohm_conv conv)
{
    const struct ohm_shape *in = &b->net.layer[x].out;

    if (conv.groups == 0) /* depthwise */
        conv.groups = conv.c_out = in->c;
    ohm_conv_pad_same(&conv, in->h, in->w);
    x = ohm_net_conv(b, x, &conv);
    return ohm_net_unary(b, OHM_RELU, ohm_net_unary(b, OHM_BATCH_NORM, x));
}

static int separable(struct ohm_net_builder *b, int x, int stride, int width)
{
    struct ohm_conv depthwise = ohm_conv_square(0, 3, stride, 0), pointwise = ohm_conv_square(width, 1, 1, 0);

    depthwise.groups = 0;
    depthwise.bias = pointwise.bias = true;
    return conv_relu(b, conv_relu(b, x, depthwise), pointwise);
}

/* MLPerf Tiny kws01 (mlcommons/tiny @1afd2c9): 2,656,768 MACs, 22,604 parameters with the batch norms folded,
 * 23,756 trainable before. */
static void ds_cnn_is_that_of_mlperf_tiny(void **state)
{
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    int x;

    (void)state;
    ohm_net_reset(&b, false);
    x = ohm_net_input(&b, 49, 10, 1);
    x = conv_relu(
        &b, x,
        (struct ohm_conv){.c_out = 64, .k_h = 10, .k_w = 4, .stride_h = 2, .stride_w = 2, .groups = 1, .bias = true});
    assert_int_equal(b.net.layer[x].out.h, 25);
    assert_int_equal(b.net.layer[x].out.w, 5);
    for (int i = 0; i < 4; i++)
        x = separable(&b, x, 1, 64);
    x = ohm_net_pool(&b, OHM_AVG_POOL, x, 24, 5, 24, 0, false);
    net = finish(&b, ohm_net_dense(&b, x, 12, true));
    assert_int_equal(net->macs, 2656768);
    assert_int_equal(net->params, 23756);
    assert_int_equal(ohm_net_params_folded(net), 22604);
    assert_int_equal(net->classes, 12);
    ohm_net_release(&b);
}

/* MLPerf Tiny vww01: 7,489,664 MACs, 210,850 parameters with the batch norms folded, 216,322 trainable before. */
static void mobilenet_is_that_of_mlperf_tiny(void **state)
{
    static const int stride_width[][2] = {{1, 16},  {2, 32},  {1, 32},  {2, 64},  {1, 64},  {2, 128}, {1, 128},
                                          {1, 128}, {1, 128}, {1, 128}, {1, 128}, {2, 256}, {1, 256}};
    struct ohm_net_builder b = {0};
    struct ohm_conv stem = ohm_conv_square(8, 3, 2, 0);
    const struct ohm_net *net;
    int x;

    (void)state;
    ohm_net_reset(&b, false);
    stem.bias = true;
    x = conv_relu(&b, ohm_net_input(&b, 96, 96, 3), stem);
    for (size_t i = 0; i < sizeof stride_width / sizeof stride_width[0]; i++)
        x = separable(&b, x, stride_width[i][0], stride_width[i][1]);
    x = ohm_net_pool(&b, OHM_AVG_POOL, x, 3, 3, 3, 0, false);
    net = finish(&b, ohm_net_dense(&b, x, 2, true));
    assert_int_equal(net->macs, 7489664);
    assert_int_equal(ohm_net_params_folded(net), 210850);
    assert_int_equal(net->params, 216322);
    assert_int_equal(net->depth, 28);
    ohm_net_release(&b);
}

/* ResNet-9 of the 64-core chip: 1,866,536 weights on crossbars and 10 biases, 218,310,848 MACs (Le Gallo et al., Nature
 * Electronics 2023: filters 56 112 112 112 224 224 224 224, residuals around the third and fourth and around the last
 * two). */
static void resnet_9_has_the_published_weights(void **state)
{
    static const int width[8] = {56, 112, 112, 112, 224, 224, 224, 224};
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    int x, kept = -1;

    (void)state;
    ohm_net_reset(&b, false);
    x = ohm_net_input(&b, 32, 32, 3);
    for (int i = 0; i < 8; i++) {
        x = conv_relu(&b, x, ohm_conv_square(width[i], 3, 1, 0));
        if (i == 3 || i == 7)
            x = ohm_net_join(&b, OHM_ADD, (int[]){kept, x}, 2);
        if (i == 1 || i == 3 || i == 7)
            x = ohm_net_pool(&b, OHM_MAX_POOL, x, 2, 2, 2, 0, false);
        if (i == 1 || i == 5)
            kept = x;
    }
    net = finish(&b, ohm_net_dense(&b, ohm_net_pool(&b, OHM_MAX_POOL, x, 4, 4, 4, 0, false), 10, true));
    assert_int_equal(net->weights, 1866536);
    assert_int_equal(net->params - net->weights - net->bn_params, 10);
    assert_int_equal(net->macs, 218310848);
    assert_int_equal(net->depth, 9);
    ohm_net_release(&b);
}

static void a_matrix_has_a_row_for_each_number_that_a_window_sees(void **state)
{
    struct ohm_net_builder b = {0};
    struct ohm_conv conv = ohm_conv_square(8, 3, 1, 1);
    int64_t rows, cols, positions;
    int x;

    (void)state;
    ohm_net_reset(&b, false);
    conv.groups = 2;
    conv.k_w = 5;
    x = ohm_net_conv(&b, ohm_net_input(&b, 10, 12, 4), &conv);
    ohm_layer_matrix(&b.net.layer[x], &rows, &cols, &positions);
    assert_int_equal(rows, 3 * 5 * 2);
    assert_int_equal(cols, 8);
    assert_int_equal(positions, 10 * 10);
    assert_int_equal(b.net.layer[x].weights, rows * cols);
    assert_int_equal(b.net.layer[x].macs, rows * cols * positions);
    x = ohm_net_dense(&b, x, 7, true);
    ohm_layer_matrix(&b.net.layer[x], &rows, &cols, &positions);
    assert_int_equal(rows, 10 * 10 * 8);
    assert_int_equal(cols, 7);
    assert_int_equal(positions, 1);
    assert_int_equal(b.net.layer[x].params, rows * cols + 7);
    ohm_net_release(&b);
}

static void bias_additions_count_only_on_demand(void **state)
{
    struct ohm_net_builder b = {0};

    (void)state;
    for (int counted = 0; counted <= 1; counted++) {
        ohm_net_reset(&b, false);
        b.bias_macs = counted;
        assert_int_equal(finish(&b, ohm_net_dense(&b, ohm_net_input(&b, 1, 1, 6), 5, true))->macs, 30 + 5 * counted);
    }
    ohm_net_release(&b);
}

static void a_join_takes_the_longest_path_and_all_channels(void **state)
{
    const struct ohm_conv conv = ohm_conv_square(3, 1, 1, 0);
    struct ohm_net_builder b = {0};
    int input, x, y;

    (void)state;
    ohm_net_reset(&b, false);
    input = ohm_net_input(&b, 4, 4, 2);
    x = ohm_net_conv(&b, ohm_net_conv(&b, input, &conv), &conv);
    y = ohm_net_join(&b, OHM_CONCAT, (int[]){input, x, input}, 3);
    assert_int_equal(b.net.layer[y].out.c, 7);
    assert_int_equal(b.net.layer[y].inputs, 3);
    assert_int_equal(b.net.layer[y].depth, 2);
    assert_int_equal(ohm_net_join(&b, OHM_ADD, &y, 1), y);
    ohm_net_release(&b);
}

/* conv - relu, three times: by hand and by repeat. */
static const struct ohm_net *chain(struct ohm_net_builder *b, bool repeat)
{
    const struct ohm_conv conv = ohm_conv_square(2, 3, 1, 1);
    int x, from;

    ohm_net_reset(b, false);
    from = x = ohm_net_input(b, 4, 4, 2);
    for (int i = 0; i < (repeat ? 1 : 3); i++) {
        const int y = ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, x, &conv));

        x = ohm_net_join(b, OHM_ADD, (int[]){x, y}, 2);
    }
    if (repeat)
        x = ohm_net_repeat(b, 1, from, 2);
    return finish(b, ohm_net_dense(b, x, 1, false));
}

static void repeated_layers_equal_layers_added_one_by_one(void **state)
{
    struct ohm_net_builder p = {0}, q = {0};
    const struct ohm_net *a = chain(&p, false), *c = chain(&q, true);

    (void)state;
    assert_int_equal(a->layers, c->layers);
    assert_memory_equal(a->layer, c->layer, (size_t)a->layers * sizeof *a->layer);
    assert_int_equal(a->edges, c->edges);
    assert_memory_equal(a->edge, c->edge, (size_t)a->edges * sizeof *a->edge);
    assert_int_equal(a->params, c->params);
    assert_int_equal(a->bn_params, c->bn_params);
    assert_int_equal(a->weights, c->weights);
    assert_int_equal(a->macs, c->macs);
    assert_int_equal(a->mvm_layers, c->mvm_layers);
    assert_int_equal(a->depth, c->depth);
    ohm_net_release(&p);
    ohm_net_release(&q);
}

static void a_batch_norm_folds_only_where_nobody_else_reads_the_layer(void **state)
{
    const struct ohm_conv conv = ohm_conv_square(3, 1, 1, 0);
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    int x, y;

    (void)state;
    ohm_net_reset(&b, false);
    x = ohm_net_conv(&b, ohm_net_input(&b, 4, 4, 2), &conv);
    y = ohm_net_unary(&b, OHM_BATCH_NORM, x);
    net = finish(&b, y);
    assert_int_equal(ohm_net_params_folded(net), 2 * 3 + 3);
    net = finish(&b, ohm_net_join(&b, OHM_ADD, (int[]){x, y}, 2));
    assert_int_equal(ohm_net_params_folded(net), 2 * 3 + 2 * 3);
    ohm_net_release(&b);
}

static void names_are_kept_until_the_next_reset(void **state)
{
    struct ohm_net_builder b = {0};

    (void)state;
    for (int round = 0; round < 3; round++) {
        ohm_net_reset(&b, round != 1);
        for (int i = ohm_net_input(&b, 1, 1, 1); i < 50; i = ohm_net_unary(&b, OHM_RELU, i))
            ohm_net_name(&b, i, "layer%d", i);
        if (round == 1)
            assert_null(b.net.layer[49].name);
        else
            assert_string_equal(b.net.layer[49].name, "layer49");
    }
    ohm_net_release(&b);
}

static void every_kind_has_a_name_that_is_found_again(void **state)
{
    (void)state;
    for (int k = 0; k < OHM_LAYER_KIND_COUNT; k++)
        assert_int_equal(ohm_layer_kind_find(ohm_layer_kind_name((enum ohm_layer_kind)k)), k);
    assert_int_equal(ohm_layer_kind_find("convolution"), OHM_LAYER_KIND_COUNT);
    assert_true(ohm_layer_is_mvm(OHM_DENSE));
    assert_false(ohm_layer_is_mvm(OHM_BATCH_NORM));
}

/* What comes of the i-th wrong layer behind an input of 8 x 6 x 4. */
static int add_wrong(struct ohm_net_builder *b, int i)
{
    struct ohm_conv conv = ohm_conv_square(8, 3, 1, 1);
    const int x = ohm_net_input(b, 8, 6, 4);

    switch (i) {
    case 0:
        return ohm_net_conv(b, 1, &conv);
    case 1:
        return ohm_net_unary(b, OHM_RELU, -1);
    case 2:
        conv.k_h = 11;
        return ohm_net_conv(b, x, &conv);
    case 3:
        conv.stride_w = 0;
        return ohm_net_conv(b, x, &conv);
    case 4:
        conv.c_out = 0;
        return ohm_net_conv(b, x, &conv);
    case 5:
        conv.groups = 3;
        return ohm_net_conv(b, x, &conv);
    case 6:
        conv.pad_left = INT_MAX;
        return ohm_net_conv(b, x, &conv);
    case 7:
        return ohm_net_pool(b, OHM_AVG_POOL, x, 7, 7, 1, 0, true);
    case 8:
        return ohm_net_pool(b, OHM_MAX_POOL, x, 2, 2, 1, 2, true);
    case 9:
        return ohm_net_pool(b, OHM_CONV, x, 2, 2, 1, 0, true);
    case 10:
        return ohm_net_unary(b, OHM_CONV, x);
    case 11:
        return ohm_net_join(b, OHM_ADD, (int[]){x, ohm_net_unary(b, OHM_FLATTEN, x)}, 2);
    case 12:
        return ohm_net_join(b, OHM_ADD, &x, 0);
    case 13:
        return ohm_net_join(b, OHM_RELU, &x, 1);
    case 14:
        return ohm_net_dense(b, x, OHM_NET_CHANNELS_MAX + 1, false);
    case 15:
        return ohm_net_zero(b, x, -1);
    case 16:
        return ohm_net_input(b, 1, 1, 1);
    case 17:
        return ohm_net_join(b, OHM_CONCAT, (int[]){x, 7}, 2);
    case 18: /* 8 6 4 x 2^24, then that x 2^24 */
        return ohm_net_dense(b, ohm_net_dense(b, x, OHM_NET_CHANNELS_MAX, false), OHM_NET_CHANNELS_MAX, false);
    default:
        return -2;
    }
}

static void a_wrong_layer_is_refused_and_all_behind_it(void **state)
{
    static const char *const text[] = {
        "reads layer 1",        "reads layer -1",  "does not fit an input of 8 x 6",
        "stride 1 x 0",         "to 0 channels",   "3 groups",
        "does not fit",         "window of 7 x 7", "padding 2",
        "a conv is no pool",    "more settings",   "do not match",
        "joins 0 layers",       "joins 1 layers",  "channels must be in",
        "stride -1 x -1",       "a second input",  "reads layer 7",
        "multiply-accumulates",
    };
    struct ohm_net_builder b = {0};

    (void)state;
    for (int i = 0; i < (int)(sizeof text / sizeof text[0]); i++) {
        const struct ohm_net *net = NULL;
        struct ohm_error err = {0};

        ohm_net_reset(&b, false);
        assert_int_equal(add_wrong(&b, i), -1);
        assert_int_equal(ohm_net_unary(&b, OHM_RELU, 0), -1);
        assert_int_equal(ohm_net_finish(&b, 0, &net, &err), OHM_ERANGE);
        assert_null(net);
        if (!strstr(err.text, text[i]))
            fail_msg("case %d: '%s' does not say '%s'", i, err.text, text[i]);
    }
    ohm_net_release(&b);
}

static void an_input_must_have_a_size_that_can_be_counted(void **state)
{
    static const int bad[][3] = {{0, 1, 1}, {1, -1, 1}, {1, 1, 0}, {65536, 65536, 1}, {INT_MAX, INT_MAX, INT_MAX}};
    struct ohm_net_builder b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ohm_net_reset(&b, false);
        assert_int_equal(ohm_net_input(&b, bad[i][0], bad[i][1], bad[i][2]), -1);
        assert_int_equal(ohm_net_finish(&b, 0, &(const struct ohm_net *){NULL}, NULL), OHM_ERANGE);
    }
    ohm_net_reset(&b, false);
    assert_int_equal(ohm_net_finish(&b, 0, &(const struct ohm_net *){NULL}, NULL), OHM_ERANGE);
    ohm_net_release(&b);
}

static void lack_of_memory_is_told_and_leaves_nothing_behind(void **state)
{
    (void)state;
    for (long n = 1; n < 100; n++) {
        struct ohm_net_builder b = {0};
        const struct ohm_net *net;
        enum ohm_status st;
        int x;

        ohm_mem_fail_at(n);
        ohm_net_reset(&b, true);
        x = ohm_net_input(&b, 4, 4, 4);
        for (int i = 0; i < 30; i++) {
            x = ohm_net_unary(&b, OHM_RELU, x);
            ohm_net_name(&b, x, "relu%d", i);
        }
        st = ohm_net_finish(&b, x, &net, NULL);
        ohm_mem_fail_at(0);
        ohm_net_release(&b);
        if (st == OHM_OK) {
            assert_true(n > 4);
            return;
        }
        assert_int_equal(st, OHM_ENOMEM);
    }
    fail_msg("the net was never built");
}

static void a_second_net_of_the_same_size_asks_for_no_memory(void **state)
{
    struct ohm_net_builder b = {0};

    (void)state;
    (void)chain(&b, false);
    ohm_mem_fail_at(0);
    (void)chain(&b, false);
    assert_int_equal(ohm_mem_count(), 0);
    ohm_net_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ds_cnn_is_that_of_mlperf_tiny),
        cmocka_unit_test(mobilenet_is_that_of_mlperf_tiny),
        cmocka_unit_test(resnet_9_has_the_published_weights),
        cmocka_unit_test(a_matrix_has_a_row_for_each_number_that_a_window_sees),
        cmocka_unit_test(bias_additions_count_only_on_demand),
        cmocka_unit_test(a_join_takes_the_longest_path_and_all_channels),
        cmocka_unit_test(repeated_layers_equal_layers_added_one_by_one),
        cmocka_unit_test(a_batch_norm_folds_only_where_nobody_else_reads_the_layer),
        cmocka_unit_test(names_are_kept_until_the_next_reset),
        cmocka_unit_test(every_kind_has_a_name_that_is_found_again),
        cmocka_unit_test(a_wrong_layer_is_refused_and_all_behind_it),
        cmocka_unit_test(an_input_must_have_a_size_that_can_be_counted),
        cmocka_unit_test(lack_of_memory_is_told_and_leaves_nothing_behind),
        cmocka_unit_test(a_second_net_of_the_same_size_asks_for_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
