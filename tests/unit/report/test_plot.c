/* Plots: every point inside the frame, round ticks, whatever the numbers are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "ohm/report.h"

static void ticks_are_round_and_inside(void **state)
{
    double first, step;

    (void)state;
    ohm_ticks(0.3, 9.7, 5, &first, &step);
    assert_true(first == 2 && step == 2);
    ohm_ticks(-1e-3, 1e-3, 4, &first, &step);
    assert_true(fabs(step - 5e-4) < 1e-12 && first >= -1e-3 - 1e-12);
    for (double width = 1e-6; width < 1e9; width *= 3.7) {
        ohm_ticks(17, 17 + width, 8, &first, &step);
        assert_true(first >= 17 - 1e-6 * width && first <= 17 + width && width / step <= 8 + 1e-9);
    }
}

static int count(const char *text, char c)
{
    int n = 0;

    for (; *text; text++)
        n += *text == c;
    return n;
}

static void points_front_and_best_have_their_signs(void **state)
{
    const double x[] = {1, 2, 3, 4, NAN}, y[] = {1, 4, 2, 3, 5};
    const unsigned char mark[] = {OHM_MARK_DOT, OHM_MARK_FRONT, OHM_MARK_BEST, OHM_MARK_FRONT, OHM_MARK_BEST};
    const struct ohm_plot plot = {NULL, "x axis", "y axis", x, y, mark, 5, true};
    struct ohm_str s = {0};

    (void)state;
    ohm_plot_text(&s, &plot, 40, 10);
    assert_int_equal(count(ohm_str_text(&s), '*'), 1);
    assert_int_equal(count(ohm_str_text(&s), 'o'), 2);
    assert_non_null(strstr(ohm_str_text(&s), "x axis\n"));
    assert_non_null(strstr(ohm_str_text(&s), "y axis\n"));
    ohm_str_clear(&s);
    ohm_plot_svg(&s, &plot);
    assert_non_null(strstr(ohm_str_text(&s), "<svg "));
    assert_non_null(strstr(ohm_str_text(&s), "</svg>\n"));
    assert_null(strstr(ohm_str_text(&s), "nan"));
    ohm_str_release(&s);
}

static void equal_points_and_no_points_are_drawn_too(void **state)
{
    const double same[] = {5, 5}, none[] = {NAN, INFINITY}, zero[] = {0, 0};
    const struct ohm_plot plots[] = {{"one", "x", "y", same, same, NULL, 2, false},
                                     {"none", "x", "y", none, same, NULL, 2, false},
                                     {"zero", "x", "y", zero, zero, NULL, 2, false},
                                     {"empty", "x", "y", same, same, NULL, 0, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(plots) / sizeof(plots[0]); i++) {
        struct ohm_str s = {0};

        ohm_plot_text(&s, &plots[i], 20, 5);
        ohm_plot_svg(&s, &plots[i]);
        assert_false(s.failed);
        assert_null(strstr(ohm_str_text(&s), "nan"));
        assert_null(strstr(ohm_str_text(&s), "inf"));
        assert_true((strstr(ohm_str_text(&s), "no point") != NULL) == (i == 1 || i == 3));
        ohm_str_release(&s);
    }
}

static void labels_are_escaped_in_svg(void **state)
{
    const double v[] = {1};
    const struct ohm_plot plot = {"a < b & c", "x", "y", v, v, NULL, 1, false};
    struct ohm_str s = {0};

    (void)state;
    ohm_plot_svg(&s, &plot);
    assert_non_null(strstr(ohm_str_text(&s), "a &lt; b &amp; c"));
    ohm_str_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round_and_inside),
        cmocka_unit_test(points_front_and_best_have_their_signs),
        cmocka_unit_test(equal_points_and_no_points_are_drawn_too),
        cmocka_unit_test(labels_are_escaped_in_svg),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
