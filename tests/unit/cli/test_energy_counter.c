/* test_energy_counter.c - energy counters of a processor, in a folder made for the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "energy_counter.h"

#include "ohm/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/ohmnas-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static void put(const char *package, const char *file, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, package);
    assert_int_equal(ohm_make_folder(path, NULL), OHM_OK);
    snprintf(path, sizeof path, "%s/%s/%s", folder, package, file);
    assert_int_equal(ohm_file_write(path, text, strlen(text), NULL), OHM_OK);
}

/* Two packages; cores and memory are within the first. */
static void put_two(const char *first, const char *second)
{
    put("intel-rapl:0", "name", "package-0\n");
    put("intel-rapl:0", "max_energy_range_uj", "1000000\n");
    put("intel-rapl:0", "energy_uj", first);
    put("intel-rapl:0:0", "name", "core\n");
    put("intel-rapl:0:0", "energy_uj", "77\n");
    put("intel-rapl:1", "name", "package-1\n");
    put("intel-rapl:1", "energy_uj", second);
}

static void packages_are_added_and_parts_of_them_are_not(void **state)
{
    struct ohm_energy_counter c;
    double uJ;

    (void)state;
    put_two("999000\n", "5\n");
    assert_int_equal(ohm_energy_open(&c, folder, NULL), OHM_OK);
    assert_int_equal(c.packages, 2);
    put_two("999400\n", "25\n");
    assert_int_equal(ohm_energy_spent(&c, &uJ, NULL), OHM_OK);
    assert_true(uJ == 420);
    assert_int_equal(ohm_energy_spent(&c, &uJ, NULL), OHM_OK);
    assert_true(uJ == 0);
}

static void a_count_that_begins_anew_goes_on(void **state)
{
    struct ohm_energy_counter c;
    double uJ;

    (void)state;
    put_two("999000\n", "5\n");
    assert_int_equal(ohm_energy_open(&c, folder, NULL), OHM_OK);
    put_two("500\n", "5\n");
    assert_int_equal(ohm_energy_spent(&c, &uJ, NULL), OHM_OK);
    assert_true(uJ == 1500);
}

static void a_count_that_goes_back_without_a_range_is_an_error(void **state)
{
    struct ohm_energy_counter c;
    struct ohm_error err = {0};
    double uJ;

    (void)state;
    put_two("0\n", "5\n");
    assert_int_equal(ohm_energy_open(&c, folder, NULL), OHM_OK);
    put_two("0\n", "4\n");
    assert_int_equal(ohm_energy_spent(&c, &uJ, &err), OHM_EDATA);
    assert_non_null(strstr(err.path, "intel-rapl:1"));
    put_two("0\n", "none\n");
    assert_int_equal(ohm_energy_spent(&c, &uJ, &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "none"));
}

static void no_counters_is_not_found(void **state)
{
    struct ohm_energy_counter c;
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/none", folder);
    assert_int_equal(ohm_energy_open(&c, path, NULL), OHM_ENOTFOUND);
    put("intel-rapl:0", "name", "dram\n");
    put("intel-rapl:1", "name", "dram\n");
    assert_int_equal(ohm_energy_open(&c, folder, NULL), OHM_ENOTFOUND);
    assert_int_equal(c.packages, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packages_are_added_and_parts_of_them_are_not),
        cmocka_unit_test(a_count_that_begins_anew_goes_on),
        cmocka_unit_test(a_count_that_goes_back_without_a_range_is_an_error),
        cmocka_unit_test(no_counters_is_not_found),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
