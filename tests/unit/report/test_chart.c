/* Charts of several series: what is in the data is in the picture, once, and nothing else; Markdown tables hold any
 * text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ohm/report.h"

static int times(const char *text, const char *part)
{
    int n = 0;

    while ((text = strstr(text, part)) != NULL) {
        n++;
        text += strlen(part);
    }
    return n;
}

static void every_kind_of_series_is_drawn_and_named(void **state)
{
    const double x[] = {1, 10, 100, NAN}, y[] = {1, 3, 2, 5}, low[] = {0.5, 2, NAN, 1}, high[] = {1.5, 4, 3, 9};
    const char *const label[] = {"first", NULL, "a < b", NULL};
    const struct ohm_series series[] = {
        {.name = "range", .kind = OHM_SERIES_BAND, .colour = 0, .x = x, .low = low, .high = high, .n = 4},
        {.name = "cloud", .kind = OHM_SERIES_DOTS, .colour = 1, .x = x, .y = y, .n = 4},
        {.kind = OHM_SERIES_LINE, .colour = 2, .x = x, .y = y, .n = 4},
        {.name = "few",
         .kind = OHM_SERIES_POINTS,
         .colour = 5,
         .x = x,
         .y = y,
         .low = low,
         .high = high,
         .label = label,
         .n = 4},
    };
    const struct ohm_chart chart = {"a title", "x axis", "y axis", series, 4, true, NULL, NULL, 0};
    struct ohm_str s = {0}, again = {0};

    (void)state;
    ohm_chart_svg(&s, &chart);
    assert_int_equal(times(ohm_str_text(&s), "class=\"c1 d\""), 3);       /* dots, one of four has no place */
    assert_int_equal(times(ohm_str_text(&s), "<rect class=\"c2\""), 3);   /* marks of the line, which has no name */
    assert_int_equal(times(ohm_str_text(&s), "<circle class=\"c5\""), 4); /* points, and one in the legend */
    assert_int_equal(times(ohm_str_text(&s), "<path class=\"l5\""), 2);   /* bars with both ends */
    assert_int_equal(times(ohm_str_text(&s), "<path class=\"c0 b\""), 1);
    assert_int_equal(times(ohm_str_text(&s), ">first</text>"), 1);
    assert_int_equal(times(ohm_str_text(&s), ">a &lt; b</text>"), 1);
    assert_int_equal(times(ohm_str_text(&s), ">cloud</text>"), 1);
    assert_null(strstr(ohm_str_text(&s), "nan"));
    assert_null(strstr(ohm_str_text(&s), "inf"));
    ohm_chart_svg(&again, &chart);
    assert_string_equal(ohm_str_text(&s), ohm_str_text(&again));
    ohm_str_release(&s);
    ohm_str_release(&again);
}

/* Where the mark of a point stands, told by its first coordinate. */
static double mark_x(const char *svg, int which)
{
    for (; which >= 0; which--)
        svg = strstr(svg, "<circle class=\"c1\" cx=\"") + strlen("<circle class=\"c1\" cx=\"");
    return strtod(svg, NULL);
}

static void decades_are_equally_wide_on_a_logarithmic_axis(void **state)
{
    const double x[] = {1, 10, 100, 0, -1}, y[] = {1, 1, 1, 1, 1};
    const struct ohm_series series = {.kind = OHM_SERIES_POINTS, .colour = 1, .x = x, .y = y, .n = 5};
    const struct ohm_chart chart = {NULL, "x", "y", &series, 1, true, NULL, NULL, 0};
    struct ohm_str s = {0};

    (void)state;
    ohm_chart_svg(&s, &chart);
    assert_int_equal(times(ohm_str_text(&s), "<circle class=\"c1\""), 3); /* no place for 0 and -1 */
    assert_true(fabs(mark_x(ohm_str_text(&s), 2) + mark_x(ohm_str_text(&s), 0) - 2 * mark_x(ohm_str_text(&s), 1)) <
                0.2);
    assert_non_null(strstr(ohm_str_text(&s), ">100</text>"));
    ohm_str_release(&s);
}

static void an_axis_may_have_names_in_place_of_numbers(void **state)
{
    const double x[] = {60, 3600, 86400}, y[] = {3, 2, 1}, tick[] = {60, 86400, 1e9};
    const char *const name[] = {"1 min", "1 d", "outside"};
    const struct ohm_series series = {.kind = OHM_SERIES_LINE, .colour = 1, .x = x, .y = y, .n = 3};
    const struct ohm_chart chart = {NULL, "x", "y", &series, 1, true, tick, name, 3};
    struct ohm_str s = {0};

    (void)state;
    ohm_chart_svg(&s, &chart);
    assert_int_equal(times(ohm_str_text(&s), ">1 min</text>"), 1);
    assert_int_equal(times(ohm_str_text(&s), ">1 d</text>"), 1);
    assert_null(strstr(ohm_str_text(&s), "outside"));
    assert_null(strstr(ohm_str_text(&s), ">1000</text>"));
    ohm_str_release(&s);
}

static void a_chart_without_a_point_says_so(void **state)
{
    const double x[] = {NAN}, y[] = {1};
    const struct ohm_series series = {.name = "a", .kind = OHM_SERIES_LINE, .colour = 1, .x = x, .y = y, .n = 1};
    const struct ohm_chart chart = {"t", "x", "y", &series, 1, false, NULL, NULL, 0};
    const struct ohm_chart empty = {"t", "x", "y", NULL, 0, false, NULL, NULL, 0};
    struct ohm_str s = {0};

    (void)state;
    ohm_chart_svg(&s, &chart);
    assert_non_null(strstr(ohm_str_text(&s), "no point"));
    ohm_str_clear(&s);
    ohm_chart_svg(&s, &empty);
    assert_non_null(strstr(ohm_str_text(&s), "no point"));
    ohm_str_release(&s);
}

static void a_legend_that_is_too_long_for_a_line_takes_two(void **state)
{
    const double v[] = {1};
    struct ohm_series series[6];
    struct ohm_chart chart = {NULL, "x", "y", series, 1, false, NULL, NULL, 0};
    struct ohm_str one = {0}, six = {0};

    (void)state;
    for (int i = 0; i < 6; i++)
        series[i] = (struct ohm_series){
            .name = "a name of thirty characters ..", .kind = OHM_SERIES_POINTS, .colour = i, .x = v, .y = v, .n = 1};
    ohm_chart_svg(&one, &chart);
    chart.count = 6;
    ohm_chart_svg(&six, &chart);
    assert_non_null(strstr(ohm_str_text(&one), "viewBox=\"0 0 720 500\""));
    assert_non_null(strstr(ohm_str_text(&six), "viewBox=\"0 0 720 540\""));
    ohm_str_release(&one);
    ohm_str_release(&six);
}

static void x_is_logarithmic_where_it_spans_more_than_a_factor_of_five(void **state)
{
    const double near[] = {10, 20}, far[] = {51, 30}, zero[] = {0, 100};
    const struct ohm_series series[] = {{.x = near, .n = 2}, {.x = far, .n = 2}, {.x = zero, .n = 2}};

    (void)state;
    assert_false(ohm_series_wide(series, 0));
    assert_false(ohm_series_wide(series, 1));
    assert_true(ohm_series_wide(series, 2));  /* from the first one's 10 to the second one's 51 */
    assert_false(ohm_series_wide(series, 3)); /* 0 has no logarithm */
}

static void a_markdown_table_holds_any_text(void **state)
{
    struct ohm_table t = {0};
    struct ohm_str s = {0};

    (void)state;
    ohm_table_column(&t, "name", false);
    ohm_table_column(&t, "acc_1d", true);
    ohm_table_cell(&t, "a|b\n<c>");
    ohm_table_cell(&t, "88.7");
    ohm_table_markdown(&s, &t);
    assert_string_equal(ohm_str_text(&s), "| name | acc\\_1d |\n"
                                          "| --- | ---: |\n"
                                          "| a\\|b \\<c\\> | 88.7 |\n");
    ohm_table_release(&t);
    ohm_str_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_series_is_drawn_and_named),
        cmocka_unit_test(decades_are_equally_wide_on_a_logarithmic_axis),
        cmocka_unit_test(an_axis_may_have_names_in_place_of_numbers),
        cmocka_unit_test(a_chart_without_a_point_says_so),
        cmocka_unit_test(a_legend_that_is_too_long_for_a_line_takes_two),
        cmocka_unit_test(x_is_logarithmic_where_it_spans_more_than_a_factor_of_five),
        cmocka_unit_test(a_markdown_table_holds_any_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
