/* Networks of every space and the reference networks as ONNX files: back to the same bits, folded ones to the same
 * answers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sanitized.h"
#include "onnx_fixture.h"

enum { NETS = SANITIZED ? 4 : 50 };

static void there_and_back(struct ohm_weights *w, bool answers)
{
    static const struct ohm_onnx_writing plain = {.name = "net", .program_version = "1"},
                                         folded = {.name = "net", .program_version = "1", .fold = true};
    struct ohm_str bytes = {0};
    struct ohm_onnx_file f;
    struct ohm_error err = {0};

    if (ohm_onnx_write(&bytes, w, &plain, &err) != OHM_OK ||
        ohm_onnx_parse(&f, bytes.text, bytes.length, "plain.onnx", &err) != OHM_OK)
        fail_msg("%s", err.text);
    assert_int_equal(f.weights.count, w->count);
    assert_memory_equal(f.weights.value, w->value, w->count * sizeof(*w->value));
    if (answers)
        assert_true(answers_apart(w, &f.weights) == 0);
    ohm_onnx_release(&f);
    ohm_str_clear(&bytes);
    if (ohm_onnx_write(&bytes, w, &folded, &err) != OHM_OK ||
        ohm_onnx_parse(&f, bytes.text, bytes.length, "folded.onnx", &err) != OHM_OK)
        fail_msg("%s", err.text);
    if (answers && !(answers_apart(w, &f.weights) < 1e-4))
        fail_msg("folded, the answers are %g apart", answers_apart(w, &f.weights));
    ohm_onnx_release(&f);
    ohm_str_release(&bytes);
}

/* Answers are compared where they come soon. */
static void one_network(void *context, struct ohm_weights *w, const char *name)
{
    (void)context;
    (void)name;
    there_and_back(w, w->net->macs < 8000000);
}

static void networks_for_cifar10_come_back_to_the_same_bits(void **state)
{
    (void)state;
    each_network("resnet-cifar10", NETS, one_network, NULL);
}

static void networks_for_keywords_come_back_to_the_same_bits(void **state)
{
    (void)state;
    each_network("resnet-kws", NETS, one_network, NULL);
}

static void networks_for_visual_wake_words_come_back_to_the_same_bits(void **state)
{
    (void)state;
    each_network("resnet-vww", NETS, one_network, NULL);
}

static void cells_of_nas_bench_201_come_back_to_the_same_bits(void **state)
{
    (void)state;
    each_network("nb201", NETS, one_network, NULL);
}

static void networks_of_analognas_come_back_to_the_same_bits(void **state)
{
    (void)state;
    each_network("analognas-resnet", 2, one_network, NULL);
}

static void reference_networks_come_back_to_the_same_bits(void **state)
{
    (void)state;
    each_reference(one_network, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_for_cifar10_come_back_to_the_same_bits),
        cmocka_unit_test(networks_for_keywords_come_back_to_the_same_bits),
        cmocka_unit_test(networks_for_visual_wake_words_come_back_to_the_same_bits),
        cmocka_unit_test(cells_of_nas_bench_201_come_back_to_the_same_bits),
        cmocka_unit_test(networks_of_analognas_come_back_to_the_same_bits),
        cmocka_unit_test(reference_networks_come_back_to_the_same_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
