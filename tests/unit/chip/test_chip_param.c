/* test_chip_param.c - numbers of a chip by index, and copies of a chip. */
#include "chip_fixture.h"

#include "chip_int.h"

#include <math.h>

static void a_number_is_found_by_its_name_at_its_index(void **state)
{
    (void)state;
    for (int c = 0; c < FIXTURE_CHIPS; c++) {
        struct ohm_chip *const chip = fixture_chip_named(fixture_chips[c]);
        struct ohm_chip_number n;
        int i, found;

        for (i = 0; ohm_chip_number(chip, i, &n); i++) {
            char key[100];

            snprintf(key, sizeof key, "%s.%s", n.block, n.key);
            assert_int_equal(ohm_chip_find(chip, key, &found, NULL), OHM_OK);
            assert_int_equal(found, i);
        }
        assert_true(i > 3);
        assert_false(ohm_chip_number(chip, -1, &n));
        ohm_chip_free(chip);
    }
}

static void a_wrong_value_leaves_the_chip_as_it_was(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    const uint64_t hash = ohm_chip_hash(chip);
    struct ohm_error err = {0};
    struct ohm_chip_number n;
    int cores;

    (void)state;
    assert_int_equal(ohm_chip_find(chip, "array.cores", &cores, NULL), OHM_OK);
    assert_int_equal(ohm_chip_put(chip, cores, 0, &err), OHM_ERANGE);
    assert_non_null(strstr(err.text, "array.cores is 0, outside [1, 4096]"));
    assert_int_equal(ohm_chip_put(chip, cores, 1.5, NULL), OHM_ECONFIG);
    assert_int_equal(ohm_chip_put(chip, cores, (double)NAN, NULL), OHM_ERANGE);
    assert_int_equal(ohm_chip_put(chip, -1, 1, NULL), OHM_ERANGE);
    assert_int_equal(ohm_chip_put(chip, 1000, 1, NULL), OHM_ERANGE);
    assert_true(ohm_chip_hash(chip) == hash);
    assert_true(ohm_chip_number(chip, cores, &n));
    assert_true(n.whole);
    assert_string_equal(n.mark, "published");
    ohm_chip_free(chip);
}

static void a_copy_costs_the_same_and_changes_alone(void **state)
{
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = fixture_separable(&b);
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);

    (void)state;
    for (int c = 0; c < FIXTURE_CHIPS; c++) {
        struct ohm_chip *const chip = fixture_chip_named(fixture_chips[c]);
        struct ohm_chip *copy = NULL, *again = NULL;
        struct ohm_cost cost;
        struct ohm_chip_number n, of_copy;
        int i = 0;

        assert_int_equal(ohm_chip_copy(&copy, chip, NULL), OHM_OK);
        for (; ohm_chip_number(chip, i, &n); i++) {
            assert_true(ohm_chip_number(copy, i, &of_copy));
            assert_string_equal(n.source, of_copy.source);
            assert_ptr_not_equal(n.source, of_copy.source);
        }
        assert_string_equal(ohm_chip_name(copy), ohm_chip_name(chip));
        assert_string_equal(ohm_chip_source(copy), ohm_chip_source(chip));
        assert_true(ohm_chip_hash(copy) == ohm_chip_hash(chip));
        cost = fixture_cost(chip, &use, net);
        assert_true(fixture_cost(copy, &use, net).energy_uJ == cost.energy_uJ);
        for (i = 0; ohm_chip_number(copy, i, &n); i++)
            if (!n.whole)
                assert_int_equal(ohm_chip_put(copy, i, n.value > 0 ? n.value * 0.5 : n.max * 0.5, NULL), OHM_OK);
        assert_true(ohm_chip_hash(copy) != ohm_chip_hash(chip));
        assert_true(fixture_cost(copy, &use, net).latency_us != cost.latency_us);
        assert_true(fixture_cost(chip, &use, net).latency_us == cost.latency_us);
        assert_int_equal(ohm_chip_copy(&again, copy, NULL), OHM_OK);
        ohm_chip_free(copy);
        assert_true(ohm_chip_number(again, i - 1, &n));
        assert_string_equal(n.mark, "set");
        ohm_chip_free(again);
        ohm_chip_free(chip);
    }
    ohm_net_release(&b);
}

static void a_copy_without_memory_is_told_and_nothing_leaks(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_chip *copy = NULL;
    enum ohm_status st;
    long at = 0;

    (void)state;
    do {
        ohm_mem_fail_at(++at);
        st = ohm_chip_copy(&copy, chip, NULL);
        ohm_mem_fail_at(0);
        assert_true((st == OHM_OK) == (copy != NULL));
        assert_true(st == OHM_OK || st == OHM_ENOMEM);
    } while (st != OHM_OK);
    assert_true(at > 5);
    ohm_chip_free(copy);
    ohm_chip_free(chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_found_by_its_name_at_its_index),
        cmocka_unit_test(a_wrong_value_leaves_the_chip_as_it_was),
        cmocka_unit_test(a_copy_costs_the_same_and_changes_alone),
        cmocka_unit_test(a_copy_without_memory_is_told_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
