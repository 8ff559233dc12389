/* test_chip_fit.c - numbers of a chip from measurements: found again where they were changed, refused where they cannot
 * be known, and written into the chip's file. */
#include "chip_fixture.h"

#include "ohm/chip_fit.h"

#include "fit_solve.h"

#include <math.h>

enum { NETS = 30, MOST = 8 };

/* Random networks, each in a builder of its own, measured with a chip. */
struct lab {
    struct ohm_net_builder builder[NETS];
    struct ohm_chip_sample sample[NETS];
    struct ohm_chip_use use;
};

static void lab_begin(struct lab *lab, uint64_t seed)
{
    struct ohm_rng rng = ohm_rng_seed(seed);

    *lab = (struct lab){.use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL)};
    for (int i = 0; i < NETS; i++)
        lab->sample[i].net = fixture_random(&lab->builder[i], &rng);
}

/* With a relative error of this spread. */
static void lab_measure(struct lab *lab, const struct ohm_chip *chip, double spread)
{
    struct ohm_rng rng = ohm_rng_seed(99);

    for (int i = 0; i < NETS; i++) {
        const struct ohm_cost cost = fixture_cost(chip, &lab->use, lab->sample[i].net);

        lab->sample[i].latency_us = cost.latency_us * (1 + spread * ohm_rng_normal(&rng));
        lab->sample[i].energy_uJ = cost.energy_uJ * (1 + spread * ohm_rng_normal(&rng));
    }
}

static void lab_end(struct lab *lab)
{
    for (int i = 0; i < NETS; i++)
        ohm_net_release(&lab->builder[i]);
}

static int find(const struct ohm_chip *chip, const char *key)
{
    int i;

    assert_int_equal(ohm_chip_find(chip, key, &i, NULL), OHM_OK);
    return i;
}

static double value(const struct ohm_chip *chip, int i)
{
    struct ohm_chip_number n;

    assert_true(ohm_chip_number(chip, i, &n));
    return n.value;
}

static enum ohm_status fit(struct ohm_chip *chip, struct ohm_chip_fit *result, const struct lab *lab, int nets,
                           const int *number, int numbers, struct ohm_error *err)
{
    return ohm_chip_fit(chip, result, &lab->use, lab->sample, nets, number, numbers, err);
}

/* ---- numbers found again ---- */

static const struct {
    const char *chip;
    const char *key[MOST];
} chips[] = {
    {"hermes64",
     {"digital_latency.hop_cycles", "mvm.mvm_4_phase_ns", "energy.output_pJ", "energy.core_4_phase_nJ",
      "energy.static_per_chip_mW", "energy.clock_per_core_mW"}},
    {"mesh512", {"step.step_ns", "energy.operation_pJ"}},
    {"aon-cim", {"converters.cycle_8_bit_ns", "energy.conversion_pJ", "energy.cell_pJ"}},
    {"imc-cluster", {"job.job_ns", "job_energy.row_pJ", "job_energy.cell_pJ", "addition.element_pJ"}},
    {"cpu",
     {"time.layer_ns", "time.conv_ps_per_MAC", "time.elements_ps_per_B", "time.pool_ps_per_tap", "power.active_W"}},
};

static int numbers_of(const struct ohm_chip *chip, int row, int *number)
{
    int n = 0;

    for (; n < MOST && chips[row].key[n]; n++)
        number[n] = find(chip, chips[row].key[n]);
    return n;
}

static void changed_numbers_are_found_again(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof chips / sizeof chips[0]; c++) {
        struct ohm_chip *const truth = fixture_chip_named(chips[c].chip);
        struct ohm_chip *chip = NULL;
        struct ohm_error err = {0};
        struct ohm_chip_fit result;
        struct lab lab;
        int number[MOST];
        const int n = numbers_of(truth, (int)c, number);

        lab_begin(&lab, 3 + c);
        lab_measure(&lab, truth, 0);
        assert_int_equal(ohm_chip_copy(&chip, truth, NULL), OHM_OK);
        for (int k = 0; k < n; k++)
            assert_int_equal(ohm_chip_put(chip, number[k], value(truth, number[k]) * (k % 2 ? 0.6 : 1.7), NULL),
                             OHM_OK);
        if (fit(chip, &result, &lab, NETS, number, n, &err) != OHM_OK)
            fail_msg("%s: %s", chips[c].chip, err.text);
        for (int k = 0; k < n; k++) {
            const double is = value(chip, number[k]), was = value(truth, number[k]);

            if (!(fabs(is - was) <= 1e-6 * was))
                fail_msg("%s: %s is %.12g, not %.12g", chips[c].chip, chips[c].key[k], is, was);
            assert_true(result.number[k].value == is && result.number[k].number == number[k]);
            assert_true(result.number[k].error <= 1e-6 * was);
        }
        assert_int_equal(result.measurements, 2 * NETS);
        assert_int_equal(result.after[OHM_FIT_LATENCY].n, NETS);
        assert_true(result.after[OHM_FIT_LATENCY].rms < 1e-9 && result.after[OHM_FIT_ENERGY].rms < 1e-9);
        assert_true(result.before[OHM_FIT_ENERGY].rms > 1e-3);
        lab_end(&lab);
        ohm_chip_free(chip);
        ohm_chip_free(truth);
    }
}

static void errors_are_as_large_as_they_say(void **state)
{
    struct ohm_chip *const truth = fixture_chip_named("hermes64"), *chip = NULL;
    const int number[] = {find(truth, "energy.core_4_phase_nJ"), find(truth, "energy.static_per_chip_mW")};
    struct ohm_chip_fit result;
    struct lab lab;

    (void)state;
    lab_begin(&lab, 11);
    lab_measure(&lab, truth, 0.02);
    assert_int_equal(ohm_chip_copy(&chip, truth, NULL), OHM_OK);
    for (int k = 0; k < 2; k++)
        assert_int_equal(ohm_chip_put(chip, number[k], 3 * value(truth, number[k]), NULL), OHM_OK);
    assert_int_equal(fit(chip, &result, &lab, NETS, number, 2, NULL), OHM_OK);
    for (int k = 0; k < 2; k++) {
        const double off = value(chip, number[k]) - value(truth, number[k]);

        assert_true(fabs(off) < 4 * result.number[k].error);
        assert_true(result.number[k].error < 0.05 * value(truth, number[k]));
        assert_int_equal(result.number[k].with, 1 - k);
        assert_true(fabs(result.number[k].correlation) <= 1);
        assert_false(result.number[k].at_min || result.number[k].at_max);
    }
    /* The latencies, which nothing was fitted to, are off by what they were made off by: 0.02. */
    assert_true(fabs(result.after[OHM_FIT_ENERGY].rms - 0.02) < 4 * 0.02 / sqrt(2.0 * NETS));
    assert_true(result.left_out[OHM_FIT_ENERGY] > result.after[OHM_FIT_ENERGY].rms);
    assert_true(result.left_out[OHM_FIT_ENERGY] < 0.04);
    assert_true(result.after[OHM_FIT_LATENCY].rms == result.before[OHM_FIT_LATENCY].rms);
    lab_end(&lab);
    ohm_chip_free(chip);
    ohm_chip_free(truth);
}

/* As many measurements as numbers: an exact answer, of whose error nothing is known. */
static void two_equations_give_two_numbers_without_an_error(void **state)
{
    struct ohm_chip *const truth = fixture_chip_named("mesh512"), *chip = NULL;
    const int number[] = {find(truth, "step.step_ns"), find(truth, "energy.operation_pJ")};
    struct ohm_chip_fit result;
    struct lab lab;

    (void)state;
    lab_begin(&lab, 12);
    lab_measure(&lab, truth, 0);
    assert_int_equal(ohm_chip_copy(&chip, truth, NULL), OHM_OK);
    assert_int_equal(ohm_chip_put(chip, number[0], 1000, NULL), OHM_OK);
    assert_int_equal(ohm_chip_put(chip, number[1], 0, NULL), OHM_OK); /* from zero as well */
    assert_int_equal(fit(chip, &result, &lab, 1, number, 2, NULL), OHM_OK);
    assert_true(fabs(value(chip, number[0]) / value(truth, number[0]) - 1) < 1e-9);
    assert_true(fabs(value(chip, number[1]) / value(truth, number[1]) - 1) < 1e-9);
    assert_true(isnan(result.number[0].error) && isnan(result.left_out[OHM_FIT_ENERGY]));
    lab_end(&lab);
    ohm_chip_free(chip);
    ohm_chip_free(truth);
}

/* Energies that fall with the latency would need a negative static power. */
static void a_number_stays_in_its_range_and_says_so(void **state)
{
    struct ohm_chip *const chip = fixture_chip_named("hermes64");
    const int number[] = {find(chip, "energy.core_4_phase_nJ"), find(chip, "energy.static_per_chip_mW")};
    struct ohm_chip_fit result;
    struct lab lab;

    (void)state;
    lab_begin(&lab, 13);
    lab_measure(&lab, chip, 0);
    for (int i = 0; i < NETS; i++) {
        const struct ohm_cost cost = fixture_cost(chip, &lab.use, lab.sample[i].net);

        lab.sample[i].latency_us = (double)NAN;
        lab.sample[i].energy_uJ = cost.energy_uJ - 1.05 * cost.energy_static_uJ;
    }
    assert_int_equal(fit(chip, &result, &lab, NETS, number, 2, NULL), OHM_OK);
    assert_true(value(chip, number[1]) == 0);
    assert_true(result.number[1].at_min && !result.number[1].at_max);
    assert_true(isnan(result.number[1].error) && result.number[0].error > 0);
    assert_int_equal(result.after[OHM_FIT_LATENCY].n, 0);
    assert_int_equal(result.measurements, NETS);
    lab_end(&lab);
    ohm_chip_free(chip);
}

/* ---- what is refused ---- */

static void refused(const char *name, const char *const *key, int nets, enum ohm_status status, const char *says,
                    const struct lab *lab)
{
    struct ohm_chip *const chip = fixture_chip_named(name);
    const uint64_t hash = ohm_chip_hash(chip);
    struct ohm_chip_fit result;
    struct ohm_error err = {0};
    int number[MOST], n = 0;

    for (; n < MOST && key[n]; n++)
        number[n] = find(chip, key[n]);
    assert_int_equal(fit(chip, &result, lab, nets, number, n, &err), status);
    if (!strstr(err.text, says))
        fail_msg("'%s' does not say '%s'", err.text, says);
    assert_true(ohm_chip_hash(chip) == hash);
    ohm_chip_free(chip);
}

static void nonsense_is_refused_with_a_reason(void **state)
{
    static const struct {
        const char *chip, *key[MOST];
        int nets;
        enum ohm_status status;
        const char *says;
    } rows[] = {
        {"hermes64", {NULL}, NETS, OHM_ECONFIG, "0 numbers to fit"},
        {"hermes64", {"array.cores"}, NETS, OHM_ECONFIG, "array.cores counts cores"},
        {"hermes64", {"mvm.mvm_1_phase_ns"}, NETS, OHM_ECONFIG, "no measurement depends on mvm.mvm_1_phase_ns"},
        {"hermes64", {"nmpu.pass_ns", "energy.output_pJ"}, NETS, OHM_ECONFIG, "depends on nmpu.pass_ns"},
        {"hermes64",
         {"energy.output_pJ", "energy.output_pJ"},
         NETS,
         OHM_ECONFIG,
         "energy.output_pJ is to be fitted twice"},
        {"hermes64",
         {"energy.output_pJ", "energy.core_4_phase_nJ", "energy.static_per_chip_mW"},
         1,
         OHM_ERANGE,
         "2 measurements are too few for 3"},
        {"hermes64", {"energy.output_pJ"}, 0, OHM_ERANGE, "0 measurements"},
        {"cpu", {"power.idle_W", "power.active_W"}, NETS, OHM_ECONFIG, "tell apart: power.idle_W, power.active_W"},
        {"hermes64",
         {"digital.clock_MHz", "digital_latency.hop_cycles", "mvm.mvm_4_phase_ns", "energy.output_pJ",
          "energy.core_4_phase_nJ", "energy.static_per_chip_mW"},
         2,
         OHM_ERANGE,
         "4 measurements"},
    };
    struct ohm_chip *const chip = fixture_chip_named("hermes64");
    struct lab lab;

    (void)state;
    lab_begin(&lab, 14);
    lab_measure(&lab, chip, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i].chip, rows[i].key, rows[i].nets, rows[i].status, rows[i].says, &lab);
    lab.sample[4].energy_uJ = -1;
    refused("hermes64", (const char *const[MOST]){"energy.output_pJ"}, NETS, OHM_ERANGE,
            "sample 5: energy_uJ is -1, not above 0", &lab);
    lab.sample[4].energy_uJ = (double)INFINITY;
    refused("hermes64", (const char *const[MOST]){"energy.output_pJ"}, NETS, OHM_ERANGE, "sample 5", &lab);
    lab_end(&lab);
    ohm_chip_free(chip);
}

static void each_failed_allocation_is_told_and_nothing_leaks(void **state)
{
    struct ohm_chip *const chip = fixture_chip_named("hermes64");
    const int number[] = {find(chip, "energy.output_pJ")};
    struct ohm_chip_fit result;
    struct ohm_str s = {0};
    struct lab lab;
    enum ohm_status st;
    long at = 0;

    (void)state;
    lab_begin(&lab, 15);
    lab_measure(&lab, chip, 0.01);
    do {
        ohm_mem_fail_at(++at);
        st = fit(chip, &result, &lab, NETS, number, 1, NULL);
        ohm_mem_fail_at(0);
        assert_true(st == OHM_OK || st == OHM_ENOMEM);
    } while (st != OHM_OK);
    assert_true(at > 10);
    at = 0;
    do {
        ohm_str_release(&s);
        ohm_mem_fail_at(++at);
        st = ohm_chip_write(&s, chip, "other", "lab", number, 1, NULL);
        ohm_mem_fail_at(0);
        assert_true(st == OHM_OK || st == OHM_ENOMEM);
    } while (st != OHM_OK || s.failed);
    assert_true(at > 10);
    ohm_str_release(&s);
    lab_end(&lab);
    ohm_chip_free(chip);
}

/* ---- the file ---- */

static struct ohm_chip *parsed(const char *text)
{
    struct ohm_diag diag = {0};
    struct ohm_chip *chip = NULL;

    if (ohm_chip_parse(&chip, text, strlen(text), "test.yaml", &diag) != OHM_OK)
        fail_msg("%s\n%s", diag.item ? diag.item[0].text : "?", text);
    ohm_diag_release(&diag);
    return chip;
}

static void the_file_keeps_its_words_and_names_what_was_fitted(void **state)
{
    struct ohm_chip *const chip = fixture_chip_named("hermes64"), *again, *third;
    const int cycles[] = {find(chip, "digital_latency.hop_cycles"), find(chip, "energy.output_pJ")};
    const int more[] = {find(chip, "energy.static_per_chip_mW")};
    struct ohm_chip_number n;
    struct ohm_str s = {0}, t = {0};

    (void)state;
    assert_int_equal(ohm_chip_put(chip, cycles[0], 30.25, NULL), OHM_OK);
    assert_int_equal(ohm_chip_put(chip, cycles[1], 1.0 / 3, NULL), OHM_OK);
    assert_int_equal(ohm_chip_write(&s, chip, "lab-7", "lab \"7\", 2 networks", cycles, 2, NULL), OHM_OK);
    assert_non_null(strstr(ohm_str_text(&s), "# Table I, latency less that of the crossbars"));
    assert_non_null(strstr(ohm_str_text(&s), "chip: lab-7\n"));
    assert_non_null(strstr(ohm_str_text(&s), "  hop_cycles: 30.25\n  fitted: [hop_cycles]\n"));
    again = parsed(ohm_str_text(&s));
    assert_true(ohm_chip_hash(again) == ohm_chip_hash(chip));
    assert_true(ohm_chip_number(again, cycles[1], &n));
    assert_string_equal(n.mark, "fitted");
    assert_string_equal(n.source, "lab \"7\", 2 networks");
    assert_true(ohm_chip_number(again, cycles[0] + 1, &n)); /* gdpu_cycles, which nobody touched */
    assert_string_equal(n.mark, "derived");
    assert_non_null(strstr(n.source, "[LG]"));

    /* Fitted once more, another number of the same block: the first one keeps its source. */
    assert_int_equal(ohm_chip_put(again, more[0], 7, NULL), OHM_OK);
    assert_int_equal(ohm_chip_write(&t, again, NULL, "lab 8", more, 1, NULL), OHM_OK);
    third = parsed(ohm_str_text(&t));
    assert_string_equal(ohm_chip_name(third), "lab-7");
    assert_true(ohm_chip_hash(third) == ohm_chip_hash(again));
    assert_true(ohm_chip_number(third, more[0], &n));
    assert_string_equal(n.source, "lab 8; before, lab \"7\", 2 networks");
    assert_non_null(strstr(ohm_str_text(&t), "fitted: [output_pJ, static_per_chip_mW]\n"));
    ohm_str_release(&s);
    ohm_str_release(&t);
    ohm_chip_free(third);
    ohm_chip_free(again);
    ohm_chip_free(chip);
}

static void a_file_that_cannot_be_edited_is_told(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"chip: x\nmodel: mesh\narray: {source: none, mark: default, tiles: 4, rows: 64, cols: 64}\n"
         "step: {source: none, mark: default, step_ns: 5}\nenergy: {source: none, mark: default, operation_pJ: 1}\n",
         "line 4 of the chip's file"},
        {"chip: x\nmodel: mesh\narray: {source: none, mark: default, tiles: 4, rows: 64, cols: 64}\n"
         "step:\n  source: &s none\n  mark: default\n  step_ns: &n 5\nenergy: {source: *s, mark: default, "
         "operation_pJ: *n}\n",
         "line 7 of the chip's file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ohm_chip *const chip = parsed(rows[i].text);
        const int number[] = {find(chip, "step.step_ns")};
        struct ohm_error err = {0};
        struct ohm_str s = {0};
        const enum ohm_status put = ohm_chip_put(chip, number[0], 6, NULL);

        assert_int_equal(put, OHM_OK);
        if (ohm_chip_write(&s, chip, NULL, "lab", number, 1, &err) == OHM_OK)
            fail_msg("written:\n%s", ohm_str_text(&s));
        assert_int_equal(err.status, OHM_ECONFIG);
        if (!strstr(err.text, rows[i].says))
            fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
        assert_int_equal(s.length, 0);
        ohm_str_release(&s);
        ohm_chip_free(chip);
    }
}

static void a_wrong_list_of_fitted_numbers_is_told_with_its_line(void **state)
{
    static const char head[] =
        "chip: x\nmodel: mesh\narray: {source: none, mark: default, tiles: 4, rows: 64, cols: 64}\n"
        "energy: {source: none, mark: default, operation_pJ: 1}\n"
        "step:\n  source: none\n  mark: default\n  step_ns: 5\n";
    static const struct {
        const char *tail, *says;
        int line;
    } rows[] = {
        {"  fitted: [step_n]\n  fitted_to: lab\n", "step_ns", 9},
        {"  fitted: step_ns\n  fitted_to: lab\n", "fitted", 9},
        {"  fitted: [step_ns]\n", "fitted_to", 0},
        {"  fitted_to: lab\n", "fitted_to", 9},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ohm_diag diag = {0};
        struct ohm_chip *chip = NULL;
        char text[600];

        snprintf(text, sizeof text, "%s%s", head, rows[i].tail);
        assert_int_not_equal(ohm_chip_parse(&chip, text, strlen(text), "test.yaml", &diag), OHM_OK);
        assert_null(chip);
        assert_non_null(strstr(diag.item[0].text, rows[i].says));
        assert_true(rows[i].line == 0 || diag.item[0].line == rows[i].line);
        ohm_diag_release(&diag);
    }
}

/* ---- small systems ---- */

static void the_smallest_eigenvalue_and_the_inverse_are_right(void **state)
{
    /* 2 1 0 / 1 3 1 / 0 1 4: characteristic polynomial (x - 3)(x^2 - 6 x + 6) */
    static const double a[] = {2, 1, 0, 1, 3, 1, 0, 1, 4}, b[] = {3, 5, 5};
    double vector[3], inverse[9], x[3], l[9], length = 0;
    const double smallest = ohm_fit_smallest(vector, a, 3);

    (void)state;
    assert_true(fabs(smallest - (3 - sqrt(3))) < 1e-12);
    for (int i = 0; i < 3; i++) {
        double sum = 0;

        for (int k = 0; k < 3; k++)
            sum += a[i * 3 + k] * vector[k];
        assert_true(fabs(sum - smallest * vector[i]) < 1e-12);
        length += vector[i] * vector[i];
    }
    assert_true(fabs(length - 1) < 1e-12);
    assert_true(ohm_fit_invert(inverse, a, 3));
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            double sum = 0;

            for (int j = 0; j < 3; j++)
                sum += a[i * 3 + j] * inverse[j * 3 + k];
            assert_true(fabs(sum - (i == k)) < 1e-12);
        }
    memcpy(l, a, sizeof l);
    assert_true(ohm_fit_solve(x, l, b, 3));
    for (int i = 0; i < 3; i++)
        assert_true(fabs(x[i] - 1) < 1e-12);
    assert_false(ohm_fit_invert(inverse, (const double[]){1, 2, 2, 1}, 2)); /* not definite */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_numbers_are_found_again),
        cmocka_unit_test(errors_are_as_large_as_they_say),
        cmocka_unit_test(two_equations_give_two_numbers_without_an_error),
        cmocka_unit_test(a_number_stays_in_its_range_and_says_so),
        cmocka_unit_test(nonsense_is_refused_with_a_reason),
        cmocka_unit_test(each_failed_allocation_is_told_and_nothing_leaks),
        cmocka_unit_test(the_file_keeps_its_words_and_names_what_was_fitted),
        cmocka_unit_test(a_file_that_cannot_be_edited_is_told),
        cmocka_unit_test(a_wrong_list_of_fitted_numbers_is_told_with_its_line),
        cmocka_unit_test(the_smallest_eigenvalue_and_the_inverse_are_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
