/* test_nmpu_golden.c - the vectors of the fixed-point unit against the golden values, computed by another program. */
#include "analog_fixture.h"

#include "ohm/doc.h"
#include "ohm/nmpu.h"

#define CHIP_GOLDEN "../shared/golden/chips/golden.json"

static void the_six_vectors_are_the_golden_ones(void **state)
{
    static const struct {
        int plus, minus;
        struct ohm_nmpu_codes codes;
    } vectors[] = {
        {200, 40, {128, 128, 0, 0, 128, 0, true}}, {200, 40, {100, 140, 12, -7, 128, 0, true}},
        {37, 91, {128, 128, 0, 0, 128, 0, true}},  {37, 91, {128, 128, 0, 0, 128, 0, false}},
        {310, 11, {90, 97, -3, 5, 64, 9, true}},   {4095, 0, {255, 0, 127, -128, 128, 0, true}},
    };
    struct ohm_nmpu_config c;
    struct ohm_doc *golden = NULL;

    (void)state;
    if (ohm_doc_load(&golden, CHIP_GOLDEN, NULL) != OHM_OK) {
        print_message("SKIPPED: ../shared is absent: no golden values of the fixed-point unit are checked\n");
        skip();
    }
    ohm_fields_default(ohm_nmpu_fields, &c);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        long long want = 0;
        char key[32];

        snprintf(key, sizeof key, "nmpu.vec%zu", i);
        assert_true(ohm_node_int(ohm_map_get(ohm_doc_root(golden), key), key, -128, 127, &want, NULL));
        assert_int_equal(ohm_nmpu_output(&c, &vectors[i].codes, vectors[i].plus, vectors[i].minus), want);
    }
    ohm_doc_free(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_six_vectors_are_the_golden_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
