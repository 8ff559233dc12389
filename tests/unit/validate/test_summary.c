/* Statistics of draws, against numbers worked out by hand. */
#include "validate_fixture.h"

/* The readings of these accuracies; dw and alpha tell them apart. */
static void fill(struct ohm_validate_reading *reading, const double *top1, int n)
{
    for (int i = 0; i < n; i++)
        reading[i] = (struct ohm_validate_reading){top1[i], i, 1 + i};
}

static void student_has_the_values_of_the_tables(void **state)
{
    static const struct {
        int df;
        double t;
    } known[] = {{1, 12.7062}, {2, 4.30265}, {9, 2.26216}, {10, 2.22814}, {12, 2.17881}, {24, 2.06390}, {120, 1.97993}};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_true(fabs(ohm_student_95(known[i].df) - known[i].t) < 1e-4);
    assert_true(fabs(ohm_student_95(1000000) - 1.95997) < 1e-4);
}

/* Three draws of two reads at two times: means of draws 80, 84, 88, so sd 4 and t = 4.30265. */
static void intervals_are_of_draws_and_quantiles_of_reads(void **state)
{
    const double top1[] = {79, 81, 70, 70, 83, 85, 70, 70, 87, 89, 70, 70};
    struct ohm_validate_reading reading[12];
    double scratch[6];
    struct ohm_validate_moment moment[] = {{.t_s = 60}, {.t_s = 30 * 86400.0}};
    struct ohm_validate_result r = {.draws = 3, .reads = 2, .times = 2, .moment = moment, .reading = reading};
    const double half = 4.30265 * 4 / sqrt(3);

    (void)state;
    fill(reading, top1, (int)(sizeof top1 / sizeof *top1));
    summarize(&r, scratch);
    assert_true(fabs(moment[0].mean - 84) < 1e-12 && fabs(moment[0].sd - 4) < 1e-12);
    assert_true(fabs(moment[0].low - (84 - half)) < 1e-4 && fabs(moment[0].high - (84 + half)) < 1e-4);
    assert_true(fabs(moment[0].median - 84) < 1e-12 && fabs(moment[0].q05 - 79.5) < 1e-12);
    assert_true(fabs(moment[0].dw - 4.5) < 1e-12 && fabs(moment[1].alpha - 7.5) < 1e-12);
    assert_true(fabs(moment[1].mean - 70) < 1e-12 && fabs(r.avm - 14) < 1e-12);
    assert_true(narrow_enough(&r, 2 * half + 0.01) && !narrow_enough(&r, 2 * half - 0.01));
}

static void no_interval_leaves_what_an_accuracy_can_be(void **state)
{
    const double top1[] = {99, 1, 99.5, 0.5, 100, 0};
    struct ohm_validate_reading reading[6];
    double scratch[3];
    struct ohm_validate_moment moment[] = {{.t_s = 0}, {.t_s = 60}};
    struct ohm_validate_result r = {.draws = 3, .reads = 1, .times = 2, .moment = moment, .reading = reading};

    (void)state;
    fill(reading, top1, (int)(sizeof top1 / sizeof *top1));
    summarize(&r, scratch);
    assert_true(moment[0].high == 100 && moment[0].low < 99.5 && moment[1].low == 0 && moment[1].high > 0.5);
}

static void one_draw_has_no_interval_and_ends_nothing(void **state)
{
    const double top1[] = {79, 81};
    struct ohm_validate_reading reading[2];
    double scratch[2];
    struct ohm_validate_moment moment[] = {{.t_s = 60}};
    struct ohm_validate_result r = {.draws = 1, .reads = 2, .times = 1, .moment = moment, .reading = reading};

    (void)state;
    fill(reading, top1, (int)(sizeof top1 / sizeof *top1));
    summarize(&r, scratch);
    assert_true(fabs(moment[0].mean - 80) < 1e-12 && isnan(moment[0].sd) && isnan(moment[0].low) && isnan(r.avm));
    assert_false(narrow_enough(&r, 1e9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(student_has_the_values_of_the_tables),
        cmocka_unit_test(intervals_are_of_draws_and_quantiles_of_reads),
        cmocka_unit_test(no_interval_leaves_what_an_accuracy_can_be),
        cmocka_unit_test(one_draw_has_no_interval_and_ends_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
