/* Strategies that search for a front. */
#include "search_fixture.h"

#include "ohm/pareto.h"

static struct fixture_run a;

/* The volume that the feasible trials of a run dominate. */
static double volume(const struct fixture_run *run, int objectives)
{
    static double value[FIXTURE_TRIALS * 3];
    const double reference[] = {20, 22, 22};
    double volume_found;
    int n = 0;

    for (int i = 0; i < run->trials; i++)
        if (!(run->outcome[i].violation > 0))
            memcpy(value + n++ * objectives, run->outcome[i].objective, (size_t)objectives * sizeof *value);
    assert_int_equal(ohm_hypervolume(value, n, objectives, reference, &volume_found, NULL), OHM_OK);
    return volume_found;
}

static double typical_volume(const struct ohm_strategy_ops *ops, const char *options, const struct ohm_space *space,
                             int objectives, int budget, bool limit)
{
    double sum = 0;

    for (uint64_t seed = 0; seed < 5; seed++) {
        a = (struct fixture_run){.ops = ops, .options = options, .seed = seed, .budget = budget, .limit = limit};
        a.problem = (struct ohm_problem){.space = space, .objectives = objectives, .jobs = 1};
        assert_int_equal(fixture_run(&a, NULL), OHM_OK);
        sum += volume(&a, objectives);
    }
    return sum / 5;
}

static void nsga2_dominates_more_than_random_draws_of_the_same_number(void **state)
{
    struct ohm_space *space = fixture_shipped("searchspaces/analognas-resnet.yaml");

    (void)state;
    for (int objectives = 2; objectives <= 3; objectives++)
        for (int limit = 0; limit < 2; limit++)
            assert_true(typical_volume(&nsga2_ops, "population=40", space, objectives, 1000, limit) >
                        1.02 * typical_volume(&random_ops, NULL, space, objectives, 1000, limit));
    ohm_space_free(space);
}

static void bayes_dominates_more_than_nsga2_where_trials_are_few(void **state)
{
    struct ohm_space *space = fixture_shipped("searchspaces/analognas-resnet.yaml");
    const double model = typical_volume(&bayes_ops, "pool=300", space, 2, 100, false);
    const double evolved = typical_volume(&nsga2_ops, "population=20", space, 2, 100, false);

    (void)state;
    print_message("bayes %g, nsga2 %g\n", model, evolved);
    assert_true(model > 1.005 * evolved);
    ohm_space_free(space);
}

static void feasible_members_rank_before_infeasible_ones_and_those_by_violation(void **state)
{
    struct member m[6] = {{.objective = {1, 2}},
                          {.objective = {0, 0}, .violation = 0.5},
                          {.objective = {2, 3}},
                          {.objective = {0, 0}, .violation = 0.25},
                          {.objective = {9, 9}, .violation = 0.25},
                          {.objective = {2, 1}}};
    int rank[6];

    (void)state;
    assert_int_equal(member_ranks(m, 6, 2, rank, NULL), OHM_OK);
    assert_int_equal(rank[0], 0);
    assert_int_equal(rank[5], 0);
    assert_int_equal(rank[2], 1);
    assert_true(rank[3] > rank[2]);
    assert_int_equal(rank[4], rank[3]);
    assert_true(rank[1] > rank[3]);
}

static void a_failed_trial_is_worse_than_any_other(void **state)
{
    const struct ohm_candidate c = {.id = 1};
    const struct ohm_outcome failed = {.objective = {NAN}}, bad = {.objective = {1e300}, .violation = 1e300};
    struct member x, y;

    (void)state;
    member_set(&x, &c, &failed, 1);
    member_set(&y, &c, &bad, 1);
    assert_true(member_better(&y, &x));
    assert_false(member_better(&x, &y));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nsga2_dominates_more_than_random_draws_of_the_same_number),
        cmocka_unit_test(bayes_dominates_more_than_nsga2_where_trials_are_few),
        cmocka_unit_test(feasible_members_rank_before_infeasible_ones_and_those_by_violation),
        cmocka_unit_test(a_failed_trial_is_worse_than_any_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
