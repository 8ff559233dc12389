/* Networks layer by layer: the shipped ones have the published sizes, a wrong one is told by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ohm/layer_list.h"

static void load(struct ohm_net_builder *b, const struct ohm_net **net, const char *name)
{
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = NULL;
    char path[200];
    const char *network = NULL;

    snprintf(path, sizeof(path), "searchspaces/reference/%s.yaml", name);
    if (ohm_doc_load(&doc, path, &diag) != OHM_OK || !ohm_is_layer_list(doc) ||
        ohm_layer_list_read(b, net, &network, doc, &diag) != OHM_OK || diag.count > 0)
        fail_msg("%s:%d: %s", path, diag.count ? diag.item[0].line : 0, diag.count ? diag.item[0].text : "not a list");
    assert_string_equal(network, name);
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
}

/* MLPerf Tiny v1.2, mlcommons/tiny @1afd2c9: parameters with the batch norms folded, and MACs. */
static void reference_networks_have_the_published_sizes(void **state)
{
    static const struct {
        const char *name;
        int64_t folded, macs;
    } want[] = {{"resnet8", 77706, 12501632}, {"ds-cnn", 22604, 2656768}, {"mobilenetv1-025", 210850, 7489664}};
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;

    (void)state;
    for (int i = 0; i < 3; i++) {
        load(&b, &net, want[i].name);
        assert_int_equal(ohm_net_params_folded(net), want[i].folded);
        assert_int_equal(net->macs, want[i].macs);
    }
    load(&b, &net, "resnet9-hermes");
    assert_int_equal(net->weights, 1866536); /* Le Gallo et al., Nat. Electron. 2023 */
    assert_int_equal(net->macs, 218310848);
    load(&b, &net, "resnet20");
    assert_int_equal(net->weights, 270896); /* He et al., table 6: 0.27 M */
    load(&b, &net, "resnet32");
    assert_int_equal(net->mvm_layers, 34);
    ohm_net_release(&b);
}

static void a_wrong_layer_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
        int line;
    } bad[] = {
        {"network: x\ninput: [8, 8, 3]\nlayers:\n  - { kind: konv, out: 4 }\n", "conv", 4},
        {"network: x\ninput: [8, 8, 3]\nlayers:\n  - { kind: relu, name: a }\n  - { kind: add, from: [a, b] }\n", "'b'",
         5},
        {"network: x\ninput: [8, 8, 3]\nlayers:\n  - { kind: conv, out: 4, kernal: 3 }\n", "kernel", 4},
        {"network: x\ninput: [8, 8, 3]\nlayers:\n  - { kind: conv, out: 4, kernel: 9, pad: valid }\n", "", 4},
        {"network: x\ninput: [8, 8]\nlayers: []\n", "input", 1},
        {"network: x\ninput: [8, 8, 3]\nlayers:\n  - { kind: conv }\n", "out", 4},
        {"network: x\ninput: [1, 1, 8]\nlayers:\n  - { kind: slice, first: 3, out: 6 }\n", "6 channels from channel 3",
         4},
        {"network: x\ninput: [1, 1, 8]\nlayers:\n  - { kind: slice, first: 8, out: 1 }\n", "first is 8", 4},
        {"network: x\ninput: [1, 1, 8]\nlayers:\n  - { kind: slice, first: 1 }\n", "out", 4},
        {"network: x\ninput: [1, 1, 8]\nlayers:\n  - { kind: mul }\n", "a mul joins 2", 4},
        {"network: x\ninput: [1, 1, 8]\nlayers:\n  - { kind: elu, alpha: 2 }\n", "alpha", 4},
        {"network: x\ninput: [1, 1, 8]\nlayers:\n  - { kind: slice, name: a, out: 4 }\n"
         "  - { kind: mul, from: [a, input] }\n",
         "do not match", 5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ohm_net_builder b = {0};
        struct ohm_diag diag = {0};
        struct ohm_doc *doc = NULL;
        const struct ohm_net *net;

        assert_int_equal(ohm_doc_parse(&doc, bad[i].text, strlen(bad[i].text), "n.yaml", &diag), OHM_OK);
        assert_int_not_equal(ohm_layer_list_read(&b, &net, NULL, doc, &diag), OHM_OK);
        if (diag.count < 1 || diag.item[0].line != bad[i].line || !strstr(diag.item[0].text, bad[i].says))
            fail_msg("file %zu: line %d, '%s'", i, diag.count ? diag.item[0].line : 0,
                     diag.count ? diag.item[0].text : "");
        ohm_diag_release(&diag);
        ohm_doc_free(doc);
        ohm_net_release(&b);
    }
}

/* All shapes of a recurrent step, and of a picture whose channels are taken, summed and measured. */
static void curves_and_parts_of_channels_have_their_shapes_and_are_written_as_read(void **state)
{
    static const char text[] = "network: n\ninput: [4, 5, 6]\nlayers:\n"
                               "  - { kind: slice, name: a, first: 1, out: 3 }\n"
                               "  - { kind: elu, name: b }\n"
                               "  - { kind: slice, name: c, from: input, first: 3, out: 3 }\n"
                               "  - { kind: sigmoid, name: d }\n"
                               "  - { kind: mul, name: e, from: [b, d] }\n"
                               "  - { kind: tanh, name: f }\n"
                               "  - { kind: log_cosh, name: g }\n"
                               "  - { kind: channel_norm, name: h }\n"
                               "  - { kind: channel_sum, name: i, from: f }\n"
                               "  - { kind: concat, name: j, from: [h, i, e] }\n";
    struct ohm_net_builder b = {0}, again = {0};
    struct ohm_doc *doc = NULL, *doc_again = NULL;
    const struct ohm_net *net = NULL, *net_again = NULL;
    struct ohm_str out = {0}, twice = {0};

    (void)state;
    assert_int_equal(ohm_doc_parse(&doc, text, strlen(text), "n.yaml", NULL), OHM_OK);
    assert_int_equal(ohm_layer_list_read(&b, &net, NULL, doc, NULL), OHM_OK);
    assert_int_equal(net->layers, 11);
    for (int i = 1; i < 8; i++)
        assert_true(net->layer[i].out.h == 4 && net->layer[i].out.w == 5 && net->layer[i].out.c == 3);
    assert_true(net->layer[8].out.c == 1 && net->layer[9].out.c == 1 && net->layer[10].out.c == 5);
    assert_int_equal(net->layer[3].first_channel, 3);
    assert_int_equal(net->params, 0);
    assert_int_equal(ohm_layer_list_write(&out, net, "n", NULL, NULL), OHM_OK);
    assert_int_equal(ohm_doc_parse(&doc_again, ohm_str_text(&out), out.length, "again.yaml", NULL), OHM_OK);
    assert_int_equal(ohm_layer_list_read(&again, &net_again, NULL, doc_again, NULL), OHM_OK);
    assert_int_equal(net_again->layer[3].first_channel, 3);
    assert_int_equal(ohm_layer_list_write(&twice, net_again, "n", NULL, NULL), OHM_OK);
    assert_string_equal(ohm_str_text(&twice), ohm_str_text(&out));
    ohm_str_release(&out);
    ohm_str_release(&twice);
    ohm_doc_free(doc);
    ohm_doc_free(doc_again);
    ohm_net_release(&b);
    ohm_net_release(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_networks_have_the_published_sizes),
        cmocka_unit_test(a_wrong_layer_is_named_with_its_line),
        cmocka_unit_test(curves_and_parts_of_channels_have_their_shapes_and_are_written_as_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
