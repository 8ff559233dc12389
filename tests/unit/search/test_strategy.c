/* What every strategy promises. */
#include "search_fixture.h"

static struct fixture_run a, b;

static const char nb201[] = "searchspaces/nb201.yaml", analognas[] = "searchspaces/analognas-resnet.yaml";

/* Small pools and populations, so that the model and the selection have their say early. */
static const char *quick(const struct ohm_strategy_ops *ops)
{
    if (strcmp(ops->name, "nsga2") == 0)
        return "population=20";
    return strcmp(ops->name, "bayes") == 0 ? "list=1000 pool=60 memory=100" : NULL;
}

static void set(struct fixture_run *run, const struct ohm_strategy_ops *ops, const struct ohm_space *space, int budget)
{
    run->ops = ops;
    run->problem = (struct ohm_problem){.space = space, .objectives = 1, .jobs = 1};
    run->options = quick(ops);
    run->seed = 5;
    run->budget = budget;
    run->fail_every = 0;
    run->limit = false;
}

static void check_fresh_and_legal(const struct fixture_run *run)
{
    for (int i = 0; i < run->trials; i++) {
        const struct ohm_candidate *c = &run->candidate[i];

        assert_int_equal(ohm_genotype_check(run->problem.space, &c->genotype, NULL), OHM_OK);
        assert_true(c->id == ohm_genotype_id(run->problem.space, &c->genotype));
        assert_true(!run->problem.admissible || run->problem.admissible(run->problem.context, &c->genotype));
        assert_non_null(c->operation);
        for (int k = 0; k < 2; k++)
            assert_true(c->parent[k] >= -1 && c->parent[k] < i);
        for (int j = 0; j < i; j++)
            assert_true(run->candidate[j].id != c->id);
    }
}

static void what_is_asked_is_new_legal_and_admissible(void **state)
{
    struct ohm_space *spaces[] = {fixture_shipped(nb201), fixture_shipped(analognas)};

    (void)state;
    for (int i = 0; ohm_strategies[i]; i++) {
        for (int k = 0; k < 2; k++) {
            set(&a, ohm_strategies[i], spaces[k], 150);
            a.problem.admissible = fixture_even;
            a.fail_every = 7;
            a.limit = true;
            assert_int_equal(fixture_run(&a, NULL), OHM_OK);
            assert_true(a.trials >= 150);
            check_fresh_and_legal(&a);
        }
    }
    ohm_space_free(spaces[0]);
    ohm_space_free(spaces[1]);
}

static bool same_asked(const struct fixture_run *x, const struct fixture_run *y)
{
    const int n = x->trials < y->trials ? x->trials : y->trials;

    for (int i = 0; i < n; i++)
        if (x->candidate[i].id != y->candidate[i].id)
            return false;
    return x->trials == y->trials;
}

static void the_same_stream_and_history_ask_the_same(void **state)
{
    struct ohm_space *space = fixture_shipped(analognas);

    (void)state;
    for (int i = 0; ohm_strategies[i]; i++) {
        set(&a, ohm_strategies[i], space, 120);
        set(&b, ohm_strategies[i], space, 120);
        b.problem.jobs = 3;
        assert_int_equal(fixture_run(&a, NULL), OHM_OK);
        assert_int_equal(fixture_run(&b, NULL), OHM_OK);
        assert_true(same_asked(&a, &b));
        b.seed = 6;
        assert_int_equal(fixture_run(&b, NULL), OHM_OK);
        assert_false(same_asked(&a, &b));
    }
    ohm_space_free(space);
}

static void a_small_space_is_asked_whole_and_then_exhausted(void **state)
{
    struct ohm_space *space = fixture_small();

    (void)state;
    for (int i = 0; ohm_strategies[i]; i++) {
        for (int half = 0; half < 2; half++) {
            set(&a, ohm_strategies[i], space, 1000);
            a.problem.admissible = half ? fixture_even : NULL;
            assert_int_equal(fixture_run(&a, NULL), OHM_OK);
            assert_true(a.exhausted);
            assert_int_equal(a.trials, half ? 32 : 64);
            check_fresh_and_legal(&a);
        }
    }
    ohm_space_free(space);
}

static bool nothing_fits(void *context, const struct ohm_genotype *g)
{
    (void)context, (void)g;
    return false;
}

static void a_problem_that_admits_nothing_is_exhausted_at_once(void **state)
{
    struct ohm_space *spaces[] = {fixture_small(), fixture_shipped(analognas)};

    (void)state;
    for (int i = 0; ohm_strategies[i]; i++) {
        for (int k = 0; k < 2; k++) {
            set(&a, ohm_strategies[i], spaces[k], 100);
            a.problem.admissible = nothing_fits;
            assert_int_equal(fixture_run(&a, NULL), OHM_OK);
            assert_true(a.exhausted);
            assert_int_equal(a.trials, 0);
        }
    }
    ohm_space_free(spaces[0]);
    ohm_space_free(spaces[1]);
}

static void trials_that_all_fail_do_not_stop_the_search(void **state)
{
    struct ohm_space *space = fixture_shipped(analognas);

    (void)state;
    for (int i = 0; ohm_strategies[i]; i++) {
        set(&a, ohm_strategies[i], space, 100);
        a.fail_every = 1;
        assert_int_equal(fixture_run(&a, NULL), OHM_OK);
        assert_true(a.trials >= 100);
    }
    ohm_space_free(space);
}

/* Medians over seeds of the best of 300 trials; random is the yardstick. */
static double typical_best(const struct ohm_strategy_ops *ops, const struct ohm_space *space, bool limit)
{
    double best[5];

    for (int seed = 0; seed < 5; seed++) {
        int at = seed;
        double found;

        set(&a, ops, space, 300);
        a.seed = 100 + (uint64_t)seed;
        a.limit = limit;
        assert_int_equal(fixture_run(&a, NULL), OHM_OK);
        found = fixture_best(&a);
        for (; at > 0 && best[at - 1] > found; at--)
            best[at] = best[at - 1];
        best[at] = found;
    }
    return best[2];
}

static void every_strategy_but_random_beats_random_with_and_without_a_measured_limit(void **state)
{
    struct ohm_space *space = fixture_shipped(analognas);

    (void)state;
    for (int limit = 0; limit < 2; limit++) {
        const double random = typical_best(&random_ops, space, limit);
        double found;

        for (int i = 0; ohm_strategies[i]; i++) {
            if (ohm_strategies[i] == &random_ops)
                continue;
            found = typical_best(ohm_strategies[i], space, limit);
            print_message("%s %g, random %g\n", ohm_strategies[i]->name, found, random);
            assert_true(found < (limit ? 0.97 : 0.8) * random);
        }
    }
    ohm_space_free(space);
}

static void several_objectives_are_refused_by_strategies_for_one(void **state)
{
    struct ohm_space *space = fixture_small();
    struct ohm_error err = {0};

    (void)state;
    for (int i = 0; ohm_strategies[i]; i++) {
        set(&a, ohm_strategies[i], space, 20);
        a.problem.objectives = 2;
        assert_int_equal(fixture_run(&a, &err), ohm_strategies[i]->multi_objective ? OHM_OK : OHM_ECONFIG);
    }
    assert_non_null(strstr(err.text, "one objective"));
    ohm_space_free(space);
}

/* A value of each option that must make another search than the defaults do. */
static const char *const telling[][3] = {
    {"random", NULL, "batch=7"},
    {"local", NULL, "starts=3"},
    {"local", NULL, "batch=4"},
    {"regevo", NULL, "population=20"},
    {"regevo", NULL, "tournament=9"},
    {"regevo", NULL, "batch=5"},
    {"regevo", NULL, "repeats=true"},
    {"analognas", NULL, "population=40"},
    {"analognas", NULL, "batch=3"},
    {"analognas", NULL, "width=0.9"},
    {"analognas", NULL, "depth=0.9"},
    {"analognas", NULL, "other=0.9"},
    {"analognas", NULL, "adaptive=false"},
    {"analognas", NULL, "neighbours=true"},
    {"nsga2", "population=20", "population=30"},
    {"nsga2", "population=20", "population=20 crossover=0.1"},
    {"nsga2", "population=20", "population=20 mutation=0.1"},
    {"bayes", "pool=60", "pool=60 start=20"},
    {"bayes", "pool=60", "pool=60 batch=4"},
    {"bayes", "pool=60", "pool=80"},
    {"bayes", "pool=60", "pool=60 exploration=5"},
    {"bayes", "pool=60", "pool=60 memory=40"},
    {"bayes", "list=20000 pool=60", "list=10 pool=60"},
};

static void every_option_changes_some_search(void **state)
{
    struct ohm_space *large = fixture_shipped(analognas), *small = fixture_shipped(nb201);

    (void)state;
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
        const bool listed = strncmp(telling[i][2], "list", 4) == 0;
        const struct ohm_strategy_ops *ops = ohm_strategy_find(telling[i][0]);

        /* Repeats show where few mutants are left: in the small space, after some hundred trials. */
        set(&a, ops, listed || strstr(telling[i][2], "repeats") ? small : large, ops == &bayes_ops ? 60 : 400);
        a.options = telling[i][1];
        b = a;
        b.options = telling[i][2];
        assert_int_equal(fixture_run(&a, NULL), OHM_OK);
        assert_int_equal(fixture_run(&b, NULL), OHM_OK);
        if (same_asked(&a, &b))
            fail_msg("%s %s changes nothing", telling[i][0], telling[i][2]);
    }
    for (int i = 0; ohm_strategies[i]; i++)
        for (const struct ohm_field *f = ohm_strategies[i]->fields; f->kind != OHM_FIELD_END; f++) {
            bool covered = false;

            for (size_t k = 0; k < sizeof telling / sizeof *telling; k++)
                covered |= strcmp(telling[k][0], ohm_strategies[i]->name) == 0 && strstr(telling[k][2], f->key);
            if (!covered)
                fail_msg("no test of %s.%s", ohm_strategies[i]->name, f->key);
        }
    ohm_space_free(large);
    ohm_space_free(small);
}

static void each_failed_allocation_is_told_and_nothing_leaks(void **state)
{
    struct ohm_space *spaces[] = {fixture_small(), fixture_shipped(analognas)};

    (void)state;
    for (int i = 0; ohm_strategies[i]; i++) {
        for (int k = 0; k < 2; k++) {
            enum ohm_status st = OHM_ENOMEM;
            long failures = 0;

            for (long n = 1; st != OHM_OK; n += n < 60 ? 1 : n / 8) {
                struct ohm_error err = {0};

                set(&a, ohm_strategies[i], spaces[k], 45);
                ohm_mem_fail_at(n);
                st = fixture_run(&a, &err);
                if (ohm_mem_count() < n)
                    assert_int_equal(st, OHM_OK);
                ohm_mem_fail_at(0);
                assert_true(st == OHM_OK || st == OHM_ENOMEM);
                failures += st != OHM_OK;
            }
            assert_true(failures >= 2);
        }
    }
    ohm_space_free(spaces[0]);
    ohm_space_free(spaces[1]);
}

static void a_set_of_ids_holds_what_was_added_and_nothing_else(void **state)
{
    struct asked set = {0};

    (void)state;
    assert_false(asked_has(&set, 1));
    for (uint64_t i = 1; i <= 5000; i++)
        assert_int_equal(asked_add(&set, i * i << 20, NULL), OHM_OK); /* low bits alike: long probes */
    assert_int_equal(asked_add(&set, UINT64_C(1) << 20, NULL), OHM_OK);
    assert_int_equal(set.count, 5000);
    for (uint64_t i = 1; i <= 5000; i++) {
        assert_true(asked_has(&set, i * i << 20));
        assert_false(asked_has(&set, (i * i << 20) + 1));
    }
    asked_release(&set);
}

static void strategies_are_found_by_name_and_have_one_line_of_help(void **state)
{
    (void)state;
    for (int i = 0; ohm_strategies[i]; i++) {
        assert_ptr_equal(ohm_strategy_find(ohm_strategies[i]->name), ohm_strategies[i]);
        assert_true(strlen(ohm_strategies[i]->help) > 20 && !strchr(ohm_strategies[i]->help, '\n'));
    }
    assert_null(ohm_strategy_find("annealing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_is_new_legal_and_admissible),
        cmocka_unit_test(the_same_stream_and_history_ask_the_same),
        cmocka_unit_test(a_small_space_is_asked_whole_and_then_exhausted),
        cmocka_unit_test(a_problem_that_admits_nothing_is_exhausted_at_once),
        cmocka_unit_test(trials_that_all_fail_do_not_stop_the_search),
        cmocka_unit_test(every_strategy_but_random_beats_random_with_and_without_a_measured_limit),
        cmocka_unit_test(several_objectives_are_refused_by_strategies_for_one),
        cmocka_unit_test(every_option_changes_some_search),
        cmocka_unit_test(each_failed_allocation_is_told_and_nothing_leaks),
        cmocka_unit_test(a_set_of_ids_holds_what_was_added_and_nothing_else),
        cmocka_unit_test(strategies_are_found_by_name_and_have_one_line_of_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
