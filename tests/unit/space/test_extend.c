/* A space with further axes: what is searched beside the network, without the network's knowing. */
#include "ohm/decode.h"
#include "ohm/rng.h"
#include "ohm/space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static const char axes[] = "chip.schedule: { choice: [serial, pipelined] }\n"
                           "chip.replicate: { choice: [off, on], when: 'chip.schedule == \"pipelined\"' }\n"
                           "chip.cores: { choice: [16, 32, 64] }\n";

static struct ohm_space *base, *all;

static int load(void **state)
{
    (void)state;
    return ohm_space_load(&base, "searchspaces/nb201.yaml", NULL) != OHM_OK ||
           ohm_space_extend(&all, base, axes, NULL) != OHM_OK;
}

static int release(void **state)
{
    (void)state;
    ohm_space_free(all);
    ohm_space_free(base);
    return 0;
}

static void further_axes_multiply_the_space(void **state)
{
    (void)state;
    assert_int_equal(ohm_space_axes(all), ohm_space_axes(base) + 3);
    assert_string_equal(ohm_space_axis(all, 6)->name, "chip.schedule");
    assert_true(ohm_space_size_within(all, 1000000) == 15625 * 3 * (1 + 2)); /* replicate in a pipeline alone */
    assert_true(ohm_space_hash(all) != ohm_space_hash(base));
    assert_string_equal(ohm_space_source(all), ohm_space_source(base));
}

static void read_as_of_the_base_a_genotype_is_the_same_network(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(3);
    struct ohm_net_builder one = {0}, two = {0};

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct ohm_genotype g, again;
        struct ohm_str text = {0};
        const struct ohm_net *a, *b;

        assert_int_equal(ohm_genotype_sample(all, &g, &rng, NULL), OHM_OK);
        assert_int_equal(ohm_decode(all, &g, &one, &a, NULL), OHM_OK);
        assert_int_equal(ohm_decode(base, &g, &two, &b, NULL), OHM_OK);
        assert_true(a->params == b->params && a->macs == b->macs && a->layers == b->layers);
        ohm_genotype_print(all, &g, &text);
        assert_int_equal(ohm_genotype_parse(all, &again, ohm_str_text(&text), NULL), OHM_OK);
        assert_true(ohm_genotype_equal(&g, &again));
        ohm_str_release(&text);
    }
    ohm_net_release(&one);
    ohm_net_release(&two);
}

static void one_network_on_two_chips_has_two_ids(void **state)
{
    struct ohm_genotype g = {{0}}, h;

    (void)state;
    h = g;
    h.gene[8] = 1;
    assert_true(ohm_genotype_id(all, &g) != ohm_genotype_id(all, &h));
    assert_true(ohm_genotype_id(all, &g) != ohm_genotype_id(base, &g));
    assert_true(ohm_genotype_id(base, &g) == ohm_genotype_id(base, &h));
}

static void what_is_no_axis_is_told(void **state)
{
    static const char *const bad[] = {"[1, 2]",
                                      "chip.a: 3",
                                      "chip.a: { choice: [] }",
                                      "chip.a: { choice: [1, 1] }",
                                      "chip.a: { choice: [x], when: chip.b == 1 }",
                                      "chip.a: { chioce: [1] }",
                                      "{"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ohm_space *none = NULL;
        struct ohm_diag diag = {0};

        assert_int_not_equal(ohm_space_extend(&none, base, bad[i], &diag), OHM_OK);
        assert_null(none);
        assert_true(diag.count > 0);
        ohm_diag_release(&diag);
    }
}

static void a_space_has_at_most_64_axes_in_all(void **state)
{
    struct ohm_str text = {0};
    struct ohm_space *large = NULL;

    (void)state;
    for (int i = 0; i < 58; i++)
        ohm_str_printf(&text, "chip.a%d: { choice: [1, 2] }\n", i);
    assert_int_equal(ohm_space_extend(&large, base, ohm_str_text(&text), NULL), OHM_OK);
    ohm_space_free(large);
    ohm_str_append(&text, "chip.b: { choice: [1, 2] }\n");
    assert_int_equal(ohm_space_extend(&large, base, ohm_str_text(&text), NULL), OHM_ECONFIG);
    ohm_str_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(further_axes_multiply_the_space),
        cmocka_unit_test(read_as_of_the_base_a_genotype_is_the_same_network),
        cmocka_unit_test(one_network_on_two_chips_has_two_ids),
        cmocka_unit_test(what_is_no_axis_is_told),
        cmocka_unit_test(a_space_has_at_most_64_axes_in_all),
    };

    return cmocka_run_group_tests(tests, load, release);
}
