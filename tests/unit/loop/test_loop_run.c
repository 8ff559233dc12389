/* A whole loop: what threads, stops, budgets and rows at hand do to it, and what it refuses. */
#include "loop_fixture.h"

static void the_same_settings_give_the_same_loop_on_any_number_of_threads(void **state)
{
    struct world one, three;
    char *a, *b, *c, *d;

    (void)state;
    begin(&one);
    begin(&three);
    one.made_up.noise = three.made_up.noise = 1;
    one.spec.race = three.spec.race = 3;
    three.spec.jobs = 3;
    a = run_text(&one);
    b = run_text(&three);
    c = file_text(one.journal);
    d = file_text(three.journal);
    assert_string_equal(a, b);
    assert_string_equal(c, d);
    assert_int_equal(one.made_up.measured, 12 + 3 * (4 + 3));
    ohm_free(a);
    ohm_free(b);
    ohm_free(c);
    ohm_free(d);
    end(&one);
    end(&three);
}

static void a_loop_learns_and_does_better_than_chance(void **state)
{
    double closed = 0, random = 0;

    (void)state;
    for (int seed = 1; seed <= 3; seed++)
        for (int by_chance = 0; by_chance < 2; by_chance++) {
            struct world w;
            struct ohm_loop_result r;

            begin(&w);
            w.spec.journal = NULL;
            w.spec.seed = seed;
            w.spec.rounds = 5;
            w.made_up.noise = 0.5;
            snprintf(w.spec.options.reference, sizeof w.spec.options.reference, "70,12000");
            w.spec.options.choose = by_chance ? OHM_LOOP_RANDOM : OHM_LOOP_GAIN;
            MUST(ohm_loop_run(&r, &w.spec, &must_err));
            assert_int_equal(r.rounds, 6);
            assert_int_equal(r.round[5].trainings, 12 + 5 * 4);
            assert_true(r.round[5].hypervolume >= r.round[0].hypervolume && !r.spent);
            assert_true(isnan(r.round[0].tau) && isnan(r.round[5].tau) == by_chance);
            *(by_chance ? &random : &closed) += r.round[5].hypervolume;
            ohm_loop_result_release(&r);
            end(&w);
        }
    print_message("closed loop %.4g, by chance %.4g\n", closed, random);
    assert_true(closed > 1.2 * random);
}

static void steps_tell_what_was_reached_for_how_much(void **state)
{
    struct world w;
    struct ohm_loop_result r;

    (void)state;
    begin(&w);
    snprintf(w.spec.options.reference, sizeof w.spec.options.reference, "40, 20000");
    MUST(ohm_loop_run(&r, &w.spec, &must_err));
    assert_int_equal(r.steps, 12 + 3 * 4);
    for (int i = 0; i < r.steps; i++) {
        assert_int_equal(r.step[i].trainings, i + 1);
        assert_true(r.step[i].cost_s == 60.0 * (i + 1));
        assert_true(i == 0 || r.step[i].hypervolume >= r.step[i - 1].hypervolume);
    }
    assert_true(r.step[r.steps - 1].hypervolume == r.round[3].hypervolume);
    assert_true(r.reference[0] == 40 && r.reference[1] == 20000);
    ohm_loop_result_release(&r);
    end(&w);
}

/* ---- stops ---- */

/* Takes bytes off the end of the file, as a machine does that goes down while it writes. */
static void cut(const char *path, size_t bytes)
{
    char *const text = file_text(path);

    MUST(ohm_file_write(path, text, strlen(text) - bytes, &must_err));
    ohm_free(text);
}

static void a_loop_that_is_stopped_anywhere_goes_on_as_if_it_never_was(void **state)
{
    struct world whole;
    char *wanted, *journal;

    (void)state;
    begin(&whole);
    whole.made_up.noise = 1;
    whole.spec.race = 3;
    wanted = run_text(&whole);
    journal = file_text(whole.journal);
    for (int stop = 0; stop < 33; stop += 4) {
        struct world w;
        struct ohm_loop_result r;
        char *text;

        begin(&w);
        w.made_up.noise = 1;
        w.spec.race = 3;
        w.made_up.left = stop;
        assert_int_equal(ohm_loop_run(&r, &w.spec, NULL), OHM_EINTR);
        ohm_loop_result_release(&r);
        if (stop % 8 == 0)
            cut(w.journal, (size_t)(stop + 1)); /* the last decision was not written whole */
        w.made_up.left = -1;
        text = run_text(&w);
        assert_string_equal(text, wanted);
        ohm_free(text);
        text = file_text(w.journal);
        assert_string_equal(text, journal);
        ohm_free(text);
        end(&w);
    }
    ohm_free(wanted);
    ohm_free(journal);
    end(&whole);
}

static void a_budget_cuts_a_loop_short_and_a_larger_one_goes_on(void **state)
{
    static const int budget[] = {5, 12, 14, 19, 27, 40};
    struct world whole, parts;
    struct ohm_loop_result r;
    char *wanted, *text;

    (void)state;
    begin(&whole);
    whole.made_up.noise = 1;
    whole.spec.race = 2;
    wanted = run_text(&whole);
    begin(&parts);
    parts.made_up.noise = 1;
    parts.spec.race = 2;
    for (size_t i = 0; i < sizeof budget / sizeof budget[0]; i++) {
        parts.spec.trainings = budget[i];
        MUST(ohm_loop_run(&r, &parts.spec, &must_err));
        assert_int_equal(r.spent, budget[i] < 30);
        assert_int_equal(r.round[r.rounds - 1].trainings, budget[i] < 30 ? budget[i] : 30);
        ohm_loop_result_release(&r);
    }
    parts.spec.trainings = 0;
    text = run_text(&parts);
    assert_string_equal(text, wanted);
    ohm_free(text);
    parts.spec.hours = 0.25; /* of one minute each */
    MUST(ohm_loop_run(&r, &parts.spec, &must_err));
    assert_true(r.spent && r.round[r.rounds - 1].trainings == 15);
    ohm_loop_result_release(&r);
    ohm_free(wanted);
    end(&whole);
    end(&parts);
}

/* ---- rows at hand ---- */

static void give_rows(struct world *w, int n)
{
    for (int i = 0; i < n; i++) {
        struct ohm_collect_item item;
        struct ohm_loop_row row;
        bool found;

        MUST(made_up_draw(&w->made_up, &item, 100 + i / 2, &found, &must_err));
        item.repeat = i % 2;
        make_row(&w->made_up, &row, &item);
        MUST(ohm_loop_rows_add(&w->made_up.had, &row, &must_err));
    }
}

static void rows_at_hand_are_where_a_loop_begins_and_their_order_is_nothing(void **state)
{
    struct world w, other;
    struct ohm_loop_result r;
    struct ohm_loop_row held;
    char *a, *b, *journal;

    (void)state;
    begin(&w);
    begin(&other);
    w.made_up.noise = other.made_up.noise = 1;
    give_rows(&w, 30);
    give_rows(&other, 30);
    held = other.made_up.had.row[3];
    other.made_up.had.row[3] = other.made_up.had.row[20];
    other.made_up.had.row[20] = held;
    a = run_text(&w);
    b = run_text(&other);
    assert_string_equal(a, b);
    assert_int_equal(w.made_up.measured, 12); /* fifteen networks are enough to begin with */
    journal = file_text(w.journal);
    assert_non_null(strstr(journal, "\n0,had,30,,100,"));
    assert_null(strstr(journal, ",drawn,"));
    ohm_free(journal);
    ohm_free(a);
    /* Rows that others add later are not looked at; without one that it began with there is no going on. */
    give_rows(&w, 34);
    a = run_text(&w);
    assert_string_equal(a, b);
    w.made_up.had.count = 4;
    assert_int_equal(ohm_loop_run(&r, &w.spec, NULL), OHM_EDATA);
    ohm_loop_result_release(&r);
    ohm_free(a);
    ohm_free(b);
    end(&w);
    end(&other);
}

static void anew_a_loop_begins_as_if_nothing_was_there(void **state)
{
    struct world w, empty;
    char *a, *b;

    (void)state;
    begin(&w);
    begin(&empty);
    give_rows(&w, 30);
    w.spec.options.anew = empty.spec.options.anew = true;
    a = run_text(&w);
    b = run_text(&empty);
    assert_string_equal(a, b);
    ohm_free(a);
    ohm_free(b);
    end(&w);
    end(&empty);
}

static void too_few_rows_to_learn_from_are_followed_by_a_draw(void **state)
{
    struct world w;
    struct ohm_loop_result r;

    (void)state;
    begin(&w);
    w.spec.options.start = 0;
    MUST(ohm_loop_run(&r, &w.spec, &must_err));
    assert_int_equal(r.round[0].networks, 0);
    assert_true(isnan(r.round[0].hypervolume) && !isnan(r.round[3].hypervolume));
    assert_true(isnan(r.round[2].tau) && !isnan(r.round[3].tau)); /* eight rows, of three folds */
    ohm_loop_result_release(&r);
    end(&w);
}

/* ---- repeats ---- */

static void repeats_go_to_networks_in_question_and_make_them_surer(void **state)
{
    struct world w;
    struct ohm_loop_result r;
    int repeated = 0;

    (void)state;
    begin(&w);
    w.made_up.noise = 1.5;
    w.spec.race = 6;
    w.spec.options.seeds = 3;
    MUST(ohm_loop_run(&r, &w.spec, &must_err));
    assert_true(r.degrees >= 3 && r.noise[0] > 0.5 && r.noise[0] < 3);
    for (int i = 0; i < r.count; i++) {
        assert_true(r.front[i].rows >= 1 && r.front[i].rows <= 3);
        assert_true(fabs(r.front[i].error[0] - r.noise[0] / sqrt(r.front[i].rows)) < 1e-12);
        assert_true(r.front[i].error[1] == 0);
        repeated += r.front[i].rows > 1;
    }
    assert_true(repeated > 0);
    ohm_loop_result_release(&r);
    end(&w);
}

static void a_front_without_noise_is_settled_and_asks_for_nothing_more(void **state)
{
    struct world w;
    struct ohm_loop_result r;

    (void)state;
    begin(&w);
    w.spec.race = 20;
    MUST(ohm_loop_run(&r, &w.spec, &must_err));
    /* Some network has to be measured twice before this is known. */
    assert_true(r.round[3].trainings <= 12 + 3 * 4 + 4);
    assert_true(r.contenders == 0 && r.noise[0] == 0);
    for (int i = 0; i < r.count; i++)
        assert_int_equal(r.front[i].standing, OHM_LOOP_SETTLED);
    ohm_loop_result_release(&r);
    end(&w);
}

/* ---- what is refused ---- */

static void refused(const char *const *objective, int n, enum ohm_status wanted, const char *word)
{
    struct world w;
    struct ohm_loop_result r;
    struct ohm_error err = {0};

    begin(&w);
    w.spec.objectives = objective;
    w.spec.objective_count = n;
    assert_int_equal(ohm_loop_run(&r, &w.spec, &err), wanted);
    if (!strstr(err.text, word))
        fail_msg("'%s' is not in '%s'", word, err.text);
    ohm_loop_result_release(&r);
    end(&w);
}

static void objectives_that_cannot_be_learned_are_told(void **state)
{
    (void)state;
    refused((const char *const[]){"maximize acc_1h"}, 1, OHM_ENOTFOUND, "acc_1d");
    refused((const char *const[]){"latency_us", "params"}, 2, OHM_ECONFIG, "nothing to be learned");
    refused((const char *const[]){"acc_1d - avm"}, 1, OHM_ECONFIG, "maximize");
    refused((const char *const[]){"maximize acc_1d +"}, 1, OHM_ECONFIG, "");
}

static void formulas_constraints_and_three_objectives_are_followed(void **state)
{
    static const char *const objective[] = {"maximize acc_1d - 2 * acc_1d_sd", "energy_uJ", "minimize avm"};
    static const char *const constraint[] = {"cores <= 64", "avm <= 9", "e01 != \"none\""};
    struct world w;
    struct ohm_loop_result r;

    (void)state;
    begin(&w);
    w.made_up.noise = 0.3;
    w.spec.objectives = objective;
    w.spec.objective_count = 3;
    w.spec.constraints = constraint;
    w.spec.constraint_count = 3;
    MUST(ohm_loop_run(&r, &w.spec, &must_err));
    assert_int_equal(r.figures, 2);
    assert_true(r.count > 0);
    for (int i = 0; i < r.count; i++) {
        assert_true(r.front[i].figure[1] <= 9 && r.front[i].item.genotype.gene[0] != 0);
        assert_true(r.front[i].objective[0] == r.front[i].figure[0]); /* a measured figure has no deviation */
    }
    ohm_loop_result_release(&r);
    end(&w);
}

static void a_journal_of_other_settings_is_refused_with_the_line(void **state)
{
    struct world w;
    struct ohm_loop_result r;
    struct ohm_error err = {0};
    char *text;

    (void)state;
    begin(&w);
    text = run_text(&w);
    ohm_free(text);
    w.spec.options.optimism = 2;
    assert_int_equal(ohm_loop_run(&r, &w.spec, &err), OHM_ECONFIG);
    assert_non_null(strstr(err.text, "optimism=1"));
    assert_true(err.line > 1);
    ohm_loop_result_release(&r);
    w.spec.options.optimism = 1;
    w.spec.rounds = 4; /* more rounds are no other settings */
    text = run_text(&w);
    assert_non_null(strstr(text, "round 4 28"));
    ohm_free(text);
    end(&w);
}

static void a_damaged_journal_is_told_with_its_line(void **state)
{
    static const char *const damage[][2] = {{"\n0,drawn,", "\n0,drwan,"},
                                            {"\n1,chosen,4,", "\n1,chosen,5,"},
                                            {",0,e01=", ",0,e09="},
                                            {"\n2,chosen,4,", "\nx,chosen,4,"}};
    struct world w;
    char *text, *whole = NULL;
    size_t length;

    (void)state;
    begin(&w);
    text = run_text(&w);
    ohm_free(text);
    MUST(ohm_file_read(&whole, &length, w.journal, 1 << 22, &must_err));
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        const char *const at = strstr(whole, damage[i][0]);
        struct ohm_str s = {0};
        struct ohm_loop_result r;
        struct ohm_error err = {0};

        assert_non_null(at);
        ohm_str_append_n(&s, whole, (size_t)(at - whole));
        ohm_str_append(&s, damage[i][1]);
        ohm_str_append(&s, at + strlen(damage[i][0]));
        MUST(ohm_file_write(w.journal, ohm_str_text(&s), s.length, &must_err));
        assert_int_equal(ohm_loop_run(&r, &w.spec, &err), OHM_EDATA);
        assert_true(err.line > 10);
        ohm_loop_result_release(&r);
        ohm_str_release(&s);
    }
    ohm_free(whole);
    end(&w);
}

static void two_processes_do_not_run_one_loop(void **state)
{
    struct world w;
    struct ohm_loop_result r;
    struct ohm_evaluator *metrics;
    struct goals goals;
    struct journal journal;

    (void)state;
    begin(&w);
    MUST(loop_evaluator(&metrics, &w.spec, NULL, NULL, &must_err));
    MUST(goals_create(&goals, &w.spec, metrics, &must_err));
    MUST(journal_open(&journal, w.journal, &goals, &w.spec, &must_err));
    assert_int_equal(ohm_loop_run(&r, &w.spec, NULL), OHM_EBUSY);
    ohm_loop_result_release(&r);
    journal_close(&journal);
    goals_release(&goals);
    ohm_evaluator_free(metrics);
    end(&w);
}

/* The first thousand or so one by one, then in longer and longer strides. */
static void a_loop_survives_each_failed_allocation(void **state)
{
    long count = 0, failed = 0;

    (void)state;
    for (long n = 1;; n += 1 + n / 12) {
        struct world w;
        struct ohm_loop_result r;
        enum ohm_status st;

        begin(&w);
        w.spec.rounds = 1;
        w.spec.search_budget = 60;
        w.spec.surrogate.trees = 2;
        ohm_mem_fail_at(n);
        st = ohm_loop_run(&r, &w.spec, NULL);
        count = ohm_mem_count();
        ohm_mem_fail_at(0);
        failed += st != OHM_OK;
        ohm_loop_result_release(&r);
        end(&w);
        if (count < n)
            break;
    }
    print_message("%ld allocations failed\n", failed);
    assert_true(failed > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_settings_give_the_same_loop_on_any_number_of_threads),
        cmocka_unit_test(a_loop_learns_and_does_better_than_chance),
        cmocka_unit_test(steps_tell_what_was_reached_for_how_much),
        cmocka_unit_test(a_loop_that_is_stopped_anywhere_goes_on_as_if_it_never_was),
        cmocka_unit_test(a_budget_cuts_a_loop_short_and_a_larger_one_goes_on),
        cmocka_unit_test(rows_at_hand_are_where_a_loop_begins_and_their_order_is_nothing),
        cmocka_unit_test(anew_a_loop_begins_as_if_nothing_was_there),
        cmocka_unit_test(too_few_rows_to_learn_from_are_followed_by_a_draw),
        cmocka_unit_test(repeats_go_to_networks_in_question_and_make_them_surer),
        cmocka_unit_test(a_front_without_noise_is_settled_and_asks_for_nothing_more),
        cmocka_unit_test(objectives_that_cannot_be_learned_are_told),
        cmocka_unit_test(formulas_constraints_and_three_objectives_are_followed),
        cmocka_unit_test(a_journal_of_other_settings_is_refused_with_the_line),
        cmocka_unit_test(a_damaged_journal_is_told_with_its_line),
        cmocka_unit_test(two_processes_do_not_run_one_loop),
        cmocka_unit_test(a_loop_survives_each_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
