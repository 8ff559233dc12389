/* Numbers of a report as people read them: whole ones with commas, accuracies in hundredths, what is not known as a
 * dash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "report_cells.h"

static void check_value(const char *metric, double value, const char *text)
{
    struct ohm_str s = {0};

    ohm_report_put_value(&s, metric, value);
    assert_string_equal(ohm_str_text(&s), text);
    ohm_str_release(&s);
}

static void counts_have_commas(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {{0, "0"}, {7, "7"}, {999, "999"}, {1000, "1,000"}, {-1234567, "-1,234,567"}, {100000, "100,000"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ohm_str s = {0};

        ohm_report_put_count(&s, cases[i].value);
        assert_string_equal(ohm_str_text(&s), cases[i].text);
        ohm_str_release(&s);
    }
}

static void values_are_written_by_what_they_are(void **state)
{
    (void)state;
    check_value("acc_1d", 88.734, "88.73");
    check_value("acc_1d", 90, "90.00");
    check_value("avm", -0.125, "-0.12");
    check_value("params", 186234, "186,234");
    check_value("latency_us", 0.43412, "0.4341");
    check_value("latency_us", 12345.6, "12,346");
    check_value("energy_uJ", 3, "3");
    check_value("energy_uJ", NAN, "-");
    check_value("energy_uJ", INFINITY, "inf");
}

static void a_spread_stands_beside_its_value_only(void **state)
{
    struct ohm_table t = {0};

    (void)state;
    ohm_table_column(&t, "a", true);
    ohm_report_cell_spread(&t, "acc_1d", 88.5, 0.25);
    ohm_report_cell_spread(&t, "acc_1d", 88.5, NAN);
    ohm_report_cell_spread(&t, "acc_1d", NAN, 0.25);
    ohm_report_cell_digits(&t, NAN, 2);
    assert_false(t.failed);
    assert_int_equal(t.cells, 4);
    assert_string_equal(t.cell[0], "88.50 \u00b1 0.25");
    assert_string_equal(t.cell[1], "88.50");
    assert_string_equal(t.cell[2], "-");
    assert_string_equal(t.cell[3], "-");
    ohm_table_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_commas),
        cmocka_unit_test(values_are_written_by_what_they_are),
        cmocka_unit_test(a_spread_stands_beside_its_value_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
