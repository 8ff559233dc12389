/* Gains, the choice of several candidates at once, the tail of Student's t, and which networks are in question. */
#include "loop_fixture.h"

#include "ohm/pareto.h"

/* ---- gains ---- */

static void a_gain_is_what_the_hypervolume_grows_by(void **state)
{
    static const double reference[3] = {1, 1, 1};
    struct ohm_rng rng = ohm_rng_seed(3);

    (void)state;
    for (int m = 1; m <= 3; m++)
        for (int run = 0; run < 200; run++) {
            double point[9 * 3], front[8 * 3], before = 0, after, gain;
            int index[8], n = 0;
            const int points = (int)ohm_rng_below(&rng, 9);

            for (int i = 0; i < 9 * m; i++)
                point[i] = 1.2 * ohm_rng_uniform(&rng);
            MUST(ohm_pareto_front(point + m, points, m, index, &n, &must_err)); /* by rising first objective */
            for (int i = 0; i < n; i++)
                memcpy(front + i * m, point + m + index[i] * m, (size_t)m * sizeof *front);
            MUST(gain_of(&gain, point, front, n, m, reference, &must_err));
            if (points > 0)
                MUST(ohm_hypervolume(point + m, points, m, reference, &before, &must_err));
            MUST(ohm_hypervolume(point, points + 1, m, reference, &after, &must_err));
            assert_true(fabs(gain - (after - before)) < 1e-12);
        }
}

static void what_is_not_inside_the_bounds_gains_nothing(void **state)
{
    static const double reference[2] = {1, 1}, edge[2] = {1, 0}, missing[2] = {NAN, 0};
    double gain = -1;

    (void)state;
    MUST(gain_of(&gain, edge, NULL, 0, 2, reference, &must_err));
    assert_true(gain == 0);
    MUST(gain_of(&gain, missing, NULL, 0, 2, reference, &must_err));
    assert_true(gain == 0);
}

/* ---- choosing ---- */

/* Candidates with given values: accuracy and its deviation; the latency stands in the slot of the first metric. */
struct choosing {
    struct world w;
    struct ohm_evaluator *metrics;
    struct goals goals;
    struct known known;
    struct pool pool;
    int slot;
};

static void begin_choosing(struct choosing *c, const char *const *constraint, int constraints)
{
    memset(c, 0, sizeof *c);
    begin(&c->w);
    c->w.spec.constraints = constraint;
    c->w.spec.constraint_count = constraints;
    MUST(loop_evaluator(&c->metrics, &c->w.spec, NULL, NULL, &must_err));
    MUST(goals_create(&c->goals, &c->w.spec, c->metrics, &must_err));
    c->known = (struct known){.goals = &c->goals, .metrics = c->metrics};
    c->slot = ohm_evaluator_find(c->metrics, "latency_us");
    assert_int_equal(c->goals.figures, constraints ? 2 : 1);
}

static void end_choosing(struct choosing *c)
{
    known_release(&c->known);
    candidates_release(&c->pool);
    goals_release(&c->goals);
    ohm_evaluator_free(c->metrics);
    end(&c->w);
}

static void add_candidate(struct choosing *c, double accuracy, double deviation, double latency)
{
    struct candidate *item;

    assert_true(ohm_grow(&c->pool.item, &c->pool.capacity, (size_t)c->pool.count + 1, sizeof *c->pool.item));
    item = &c->pool.item[c->pool.count++];
    memset(item, 0, sizeof *item);
    item->genotype.gene[0] = (uint16_t)c->pool.count;
    item->id = (uint64_t)c->pool.count;
    item->value[c->goals.fixed] = accuracy;
    item->value[c->goals.fixed + c->goals.figures] = deviation;
    item->value[c->slot] = latency;
}

static int take(struct choosing *c, struct choice *choice, int n)
{
    static const double reference[2] = {0, 100}; /* accuracy 0, latency 100 */
    const struct ohm_rng rng = ohm_rng_seed(1);
    int chosen = 0;

    MUST(loop_choose(choice, &chosen, n, &c->pool, &c->known, reference, &c->w.spec, &rng, &must_err));
    return chosen;
}

static void two_that_would_fill_the_same_gap_are_not_taken_one_after_the_other(void **state)
{
    struct choosing c;
    struct choice choice[4];

    (void)state;
    begin_choosing(&c, NULL, 0);
    add_candidate(&c, 80, 0, 50);
    add_candidate(&c, 79.9, 0, 50.1); /* nearly the same, and dominated */
    add_candidate(&c, 30, 0, 10);
    add_candidate(&c, 20, 0, 90); /* dominated, and last */
    assert_int_equal(take(&c, choice, 4), 4);
    assert_int_equal(choice[0].candidate, 0);
    assert_true(fabs(choice[0].gain - 80 * 50) < 1e-9);
    assert_int_equal(choice[1].candidate, 2);
    assert_true(fabs(choice[1].gain - 30 * 40) < 1e-9);
    /* Where nothing gains any more, the next front comes. */
    assert_int_equal(choice[2].candidate, 1);
    assert_true(choice[2].gain == 0);
    assert_int_equal(choice[3].candidate, 3);
    end_choosing(&c);
}

static void networks_of_a_round_are_not_alike_while_there_are_others(void **state)
{
    struct choosing c;
    struct choice choice[3];

    (void)state;
    begin_choosing(&c, NULL, 0);
    c.w.spec.options.apart = 0.3; /* of six axes: in two of them */
    add_candidate(&c, 80, 0, 50);
    add_candidate(&c, 70, 0, 20); /* differs in one axis, and gains more than the next */
    add_candidate(&c, 60, 0, 40);
    c.pool.item[2].genotype.gene[1] = 1;
    assert_int_equal(take(&c, choice, 3), 3);
    assert_int_equal(choice[0].candidate, 1);
    assert_int_equal(choice[1].candidate, 2);
    assert_int_equal(choice[2].candidate, 0);
    c.w.spec.options.apart = 0;
    assert_int_equal(take(&c, choice, 3), 3);
    assert_int_equal(choice[1].candidate, 0);
    end_choosing(&c);
}

static void of_two_with_the_same_mean_the_less_certain_one_gains_more(void **state)
{
    struct choosing c;
    struct choice choice[2];
    struct ohm_loop_row row = {.item = {.base = "0"}};

    (void)state;
    begin_choosing(&c, NULL, 0);
    /* A measured network as good as both are thought to be: only luck can gain over it. Its latency is far below. */
    row.value[0] = 60;
    MUST(known_add(&c.known, &row, 0, &must_err));
    c.known.network[0].mean[1] = 40;
    add_candidate(&c, 60, 1, 50);
    add_candidate(&c, 60, 5, 50);
    assert_int_equal(take(&c, choice, 1), 1);
    assert_int_equal(choice[0].candidate, 1);
    /* Expected improvement at the mean: sd / sqrt(2 pi), times the width of the bounds beyond latency 50. */
    assert_true(fabs(choice[0].gain - 50 * 5 * 0.3989) < 0.02 * 50 * 5 * 0.3989);
    end_choosing(&c);
}

static void by_means_deviations_do_not_count(void **state)
{
    struct choosing c;
    struct choice choice[2];

    (void)state;
    begin_choosing(&c, NULL, 0);
    c.w.spec.options.choose = OHM_LOOP_MEAN;
    add_candidate(&c, 60, 30, 50);
    add_candidate(&c, 61, 0, 50);
    assert_int_equal(take(&c, choice, 1), 1);
    assert_int_equal(choice[0].candidate, 1);
    assert_true(fabs(choice[0].gain - 61 * 50) < 1e-9);
    end_choosing(&c);
}

static void a_constraint_counts_by_the_chance_that_it_is_met(void **state)
{
    static const char *const constraint[] = {"avm <= 5"};
    struct choosing c;
    struct choice choice[2];

    (void)state;
    begin_choosing(&c, constraint, 1);
    add_candidate(&c, 60, 0, 50);
    add_candidate(&c, 59, 0, 50);
    for (int i = 0; i < 2; i++) {
        c.pool.item[i].value[c.goals.fixed + 1] = i == 0 ? 5 : 1; /* the first one just so */
        c.pool.item[i].value[c.goals.fixed + 3] = 0.5;
    }
    assert_int_equal(take(&c, choice, 2), 2);
    assert_int_equal(choice[0].candidate, 1);
    assert_true(fabs(choice[0].gain - 59 * 50) < 1e-9);
    assert_int_equal(choice[1].candidate, 0);
    assert_true(fabs(choice[1].gain - 50 / 2.0) < 1); /* a point of accuracy more, in half of the scenarios */
    end_choosing(&c);
}

/* ---- in question ---- */

static void the_tail_of_t_is_that_of_the_tables(void **state)
{
    static const struct {
        double t, tail;
        int degrees;
    } of[] = {{12.7062, 0.025, 1}, {4.30265, 0.025, 2},   {2.22814, 0.025, 10}, {3.16927, 0.005, 10},
              {2.77645, 0.025, 4}, {1.96, 0.025, 100000}, {0, 0.5, 7}};

    (void)state;
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        assert_true(fabs(student_tail(of[i].t, of[i].degrees) - of[i].tail) < 2e-5);
        assert_true(fabs(student_tail(-of[i].t, of[i].degrees) - (1 - of[i].tail)) < 2e-5);
    }
}

/* Rows of a network, as if measured with these accuracies; two networks of one latency, unless it is set after. */
static void add_measured(struct choosing *c, int number, double latency, const double *accuracy, int rows)
{
    for (int i = 0; i < rows; i++) {
        struct ohm_loop_row row = {.item = {.repeat = i}};

        snprintf(row.item.base, sizeof row.item.base, "%d", number);
        row.item.genotype.gene[0] = (uint16_t)(number % 5);
        row.item.genotype.gene[1] = (uint16_t)(number / 5);
        row.value[0] = accuracy[i];
        MUST(known_add(&c->known, &row, 0, &must_err));
    }
    c->known.network[c->known.count - 1].mean[1] = latency;
}

static void what_noise_explains_is_open_and_what_it_does_not_is_settled(void **state)
{
    static const double a[] = {80, 80.4, 79.6, 80.1}, b[] = {79.8, 80.2, 80, 79.6}, d[] = {60, 60.3, 59.8, 60.1},
                        e[] = {85, 85.2, 84.9, 85.3}, f[] = {50};
    struct choosing c;
    struct race race;

    (void)state;
    begin_choosing(&c, NULL, 0);
    add_measured(&c, 0, 50, a, 4);
    add_measured(&c, 1, 50, b, 4); /* as good as the first, as far as anybody knows */
    add_measured(&c, 2, 50, d, 4); /* clearly worse */
    add_measured(&c, 3, 90, e, 4); /* slower, and clearly better */
    add_measured(&c, 4, 95, f, 1); /* dominated by all, though measured once */
    MUST(race_look(&race, &c.known, 1, &c.w.spec.options, &must_err));
    assert_int_equal(race.degrees, 12);
    assert_true(sqrt(race.variance[0]) > 0.1 && sqrt(race.variance[0]) < 0.5);
    assert_true(race.variance[1] == 0);
    assert_int_equal(race.front_count, 2);
    assert_true(race.open[1]);
    assert_false(race.open[2] || race.open[3] || race.open[4]);
    assert_int_equal(race.contenders, 1);
    race_release(&race);
    end_choosing(&c);
}

static void the_next_row_goes_to_the_network_that_lacks_rows(void **state)
{
    static const double a[] = {80, 80.4, 79.6}, b[] = {79.9}, d[] = {60, 61, 60.5};
    struct choosing c;
    struct race race;
    int network[2];

    (void)state;
    begin_choosing(&c, NULL, 0);
    add_measured(&c, 0, 50, a, 3);
    add_measured(&c, 1, 50, b, 1);
    add_measured(&c, 2, 70, d, 3);
    MUST(race_look(&race, &c.known, 1, &c.w.spec.options, &must_err));
    assert_int_equal(race_pick(network, 2, &race, &c.known, 5), 1);
    assert_int_equal(network[0], 1);
    race_release(&race);
    /* None is to have more than three: the one that has them all already gives way to its rival. */
    c.w.spec.options.seeds = 1;
    MUST(race_look(&race, &c.known, 1, &c.w.spec.options, &must_err));
    assert_int_equal(race_pick(network, 2, &race, &c.known, 1), 0);
    race_release(&race);
    end_choosing(&c);
}

static void without_a_network_measured_twice_all_of_the_front_is_open(void **state)
{
    static const double a[] = {80}, b[] = {60}, d[] = {50};
    struct choosing c;
    struct race race;
    int network[8];

    (void)state;
    begin_choosing(&c, NULL, 0);
    add_measured(&c, 0, 50, a, 1);
    add_measured(&c, 1, 20, b, 1);
    add_measured(&c, 2, 60, d, 1);
    MUST(race_look(&race, &c.known, 1, &c.w.spec.options, &must_err));
    assert_true(race.degrees == 0 && isnan(race.variance[0]));
    assert_true(race.open[0] && race.open[1] && !race.open[2]);
    assert_int_equal(race_pick(network, 8, &race, &c.known, 5), 2);
    race_release(&race);
    end_choosing(&c);
}

/* The later the look, the less it may decide: what a first look settles a hundredth one leaves open. */
static void each_look_has_a_smaller_share_of_the_level(void **state)
{
    static const double a[] = {80, 80.4, 79.6}, b[] = {79, 78.8, 79.2};
    struct choosing c;
    struct race race;

    (void)state;
    begin_choosing(&c, NULL, 0);
    add_measured(&c, 0, 50, a, 3);
    add_measured(&c, 1, 50, b, 3);
    MUST(race_look(&race, &c.known, 1, &c.w.spec.options, &must_err));
    assert_false(race.open[1]);
    race_release(&race);
    MUST(race_look(&race, &c.known, 100, &c.w.spec.options, &must_err));
    assert_true(race.open[1]);
    race_release(&race);
    end_choosing(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gain_is_what_the_hypervolume_grows_by),
        cmocka_unit_test(what_is_not_inside_the_bounds_gains_nothing),
        cmocka_unit_test(two_that_would_fill_the_same_gap_are_not_taken_one_after_the_other),
        cmocka_unit_test(networks_of_a_round_are_not_alike_while_there_are_others),
        cmocka_unit_test(of_two_with_the_same_mean_the_less_certain_one_gains_more),
        cmocka_unit_test(by_means_deviations_do_not_count),
        cmocka_unit_test(a_constraint_counts_by_the_chance_that_it_is_met),
        cmocka_unit_test(the_tail_of_t_is_that_of_the_tables),
        cmocka_unit_test(what_noise_explains_is_open_and_what_it_does_not_is_settled),
        cmocka_unit_test(the_next_row_goes_to_the_network_that_lacks_rows),
        cmocka_unit_test(without_a_network_measured_twice_all_of_the_front_is_open),
        cmocka_unit_test(each_look_has_a_smaller_share_of_the_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
