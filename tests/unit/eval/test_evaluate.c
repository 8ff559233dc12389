/* Metrics, objectives and constraints of candidates, on the shipped spaces and chip. */
#include "ohm/eval.h"

#include "ohm/decode.h"
#include "ohm/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct ohm_space *space;
static struct ohm_chip *chip;

enum { N = 300 };

static struct ohm_evaluator *make(const char *const *objectives, int n, const char *const *constraints, int c,
                                  const struct ohm_chip *on, struct ohm_error *err)
{
    struct ohm_evaluator_spec spec = { .space = space,
                                       .chip = on,
                                       .objectives = objectives,
                                       .objective_count = n,
                                       .constraints = constraints,
                                       .constraint_count = c,
                                       .jobs = 2 };
    struct ohm_evaluator *e = NULL;

    ohm_fields_default(ohm_chip_use_fields, &spec.use);
    return ohm_evaluator_create(&e, &spec, err) == OHM_OK ? e : NULL;
}

static void draw(struct ohm_genotype *g, int n)
{
    struct ohm_rng rng = ohm_rng_seed(5);

    for (int i = 0; i < n; i++)
        assert_int_equal(ohm_genotype_sample(space, &g[i], &rng, NULL), OHM_OK);
}

static void metrics_are_those_of_net_and_chip(void **state)
{
    static const char *const objectives[] = { "minimize energy_uJ" };
    struct ohm_error err = { 0 };
    struct ohm_evaluator *e = make(objectives, 1, NULL, 0, chip, &err);
    struct ohm_genotype g;
    struct ohm_evaluation out;
    struct ohm_net_builder builder = { 0 };
    const struct ohm_net *net;
    struct ohm_chip_use use;
    struct ohm_cost cost;

    (void)state;
    assert_non_null(e);
    draw(&g, 1);
    ohm_fields_default(ohm_chip_use_fields, &use);
    assert_int_equal(ohm_evaluate(e, &g, 1, 1, &out, &err), OHM_OK);
    assert_int_equal(ohm_decode(space, &g, &builder, &net, &err), OHM_OK);
    assert_int_equal(ohm_cost_net(chip, &use, net, &cost, NULL, &err), OHM_OK);
    assert_true(out.metric[ohm_evaluator_find(e, "params")] == (double)net->params);
    assert_true(out.metric[ohm_evaluator_find(e, "cores")] == (double)cost.cores);
    assert_true(out.metric[ohm_evaluator_find(e, "energy_uJ")] == cost.energy_uJ);
    assert_true(out.objective[0] == cost.energy_uJ);
    assert_true(out.violation == 0 && !out.broken);
    ohm_net_release(&builder);
    ohm_evaluator_free(e);
}

static void the_number_of_jobs_does_not_show(void **state)
{
    static const char *const objectives[] = { "maximize params / energy_uJ", "cores" };
    static const char *const constraints[] = { "cores <= 64", "latency_us < 5000" };
    static struct ohm_genotype g[N];
    static struct ohm_evaluation one[N], two[N];
    struct ohm_evaluator *e = make(objectives, 2, constraints, 2, chip, NULL);

    (void)state;
    assert_non_null(e);
    draw(g, N);
    assert_int_equal(ohm_evaluate(e, g, N, 1, one, NULL), OHM_OK);
    assert_int_equal(ohm_evaluate(e, g, N, 2, two, NULL), OHM_OK);
    for (int i = 0; i < N; i++) {
        assert_memory_equal(one[i].metric, two[i].metric, (size_t)ohm_evaluator_metrics(e) * sizeof(double));
        assert_memory_equal(one[i].objective, two[i].objective, 2 * sizeof(double));
        assert_true(one[i].violation == two[i].violation);
    }
    ohm_evaluator_free(e);
}

static void a_formula_is_logged_under_its_own_name_and_maximised_as_said(void **state)
{
    static const char *const objectives[] = { "maximize params / 1k - cores" };
    struct ohm_evaluator *e = make(objectives, 1, NULL, 0, chip, NULL);
    struct ohm_genotype g;
    struct ohm_evaluation out;
    double expected;

    (void)state;
    assert_non_null(e);
    draw(&g, 1);
    assert_int_equal(ohm_evaluate(e, &g, 1, 1, &out, NULL), OHM_OK);
    expected = out.metric[ohm_evaluator_find(e, "params")] / 1000 - out.metric[ohm_evaluator_find(e, "cores")];
    assert_true(out.metric[ohm_evaluator_find(e, "objective_1")] == expected);
    assert_true(out.objective[0] == -expected);
    ohm_evaluator_free(e);
}

static void a_broken_constraint_is_named_and_measured(void **state)
{
    static const char *const objectives[] = { "cores" };
    static const char *const constraints[] = { "params >= 0", "cores * 2 <= cores" };
    struct ohm_evaluator *e = make(objectives, 1, constraints, 2, chip, NULL);
    struct ohm_genotype g;
    struct ohm_evaluation out;
    const char *broken;

    (void)state;
    assert_non_null(e);
    draw(&g, 1);
    assert_int_equal(ohm_evaluate(e, &g, 1, 1, &out, NULL), OHM_OK);
    assert_string_equal(out.broken, "cores * 2 <= cores");
    assert_true(fabs(out.violation - 0.5) < 1e-12);
    assert_false(ohm_evaluator_admits(e, &g, 0, &broken));
    assert_string_equal(broken, "cores * 2 <= cores");
    ohm_evaluator_free(e);
}

static void a_constraint_may_name_axes_and_their_words(void **state)
{
    static const char *const objectives[] = { "cores" };
    static const char *const constraints[] = { "groups <= 2 && g1_block == \"basic\"" };
    static struct ohm_genotype g[N];
    static struct ohm_evaluation out[N];
    struct ohm_evaluator *e = make(objectives, 1, constraints, 1, chip, NULL);
    const int groups = ohm_space_find(space, "groups"), block = ohm_space_find(space, "g1_block");
    int met = 0;

    (void)state;
    assert_non_null(e);
    draw(g, N);
    assert_int_equal(ohm_evaluate(e, g, N, 2, out, NULL), OHM_OK);
    for (int i = 0; i < N; i++) {
        const bool expected = g[i].gene[groups] <= 1 && g[i].gene[block] == 0;

        met += expected;
        assert_int_equal(out[i].violation == 0, expected);
        assert_int_equal(ohm_evaluator_admits(e, &g[i], 0, NULL), expected);
    }
    assert_in_range(met, N / 10, N - N / 10);
    ohm_evaluator_free(e);
}

static void without_a_chip_there_are_no_chip_metrics(void **state)
{
    static const char *const objectives[] = { "params" }, *const wrong[] = { "energy_uJ" };
    struct ohm_error err = { 0 };
    struct ohm_evaluator *e = make(objectives, 1, NULL, 0, NULL, &err);

    (void)state;
    assert_non_null(e);
    assert_int_equal(ohm_evaluator_find(e, "energy_uJ"), -1);
    ohm_evaluator_free(e);
    assert_null(make(wrong, 1, NULL, 0, NULL, &err));
    assert_int_equal(err.status, OHM_ENOTFOUND);
}

static int load(void **state)
{
    struct ohm_diag diag = { 0 };

    (void)state;
    if (ohm_space_load(&space, "searchspaces/resnet-cifar10.yaml", &diag) != OHM_OK ||
        ohm_chip_load(&chip, "searchspaces/chips/hermes64.yaml", &diag) != OHM_OK) {
        fprintf(stderr, "%s\n", diag.item[0].text);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    ohm_space_free(space);
    ohm_chip_free(chip);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_are_those_of_net_and_chip),
        cmocka_unit_test(the_number_of_jobs_does_not_show),
        cmocka_unit_test(a_formula_is_logged_under_its_own_name_and_maximised_as_said),
        cmocka_unit_test(a_broken_constraint_is_named_and_measured),
        cmocka_unit_test(a_constraint_may_name_axes_and_their_words),
        cmocka_unit_test(without_a_chip_there_are_no_chip_metrics),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
