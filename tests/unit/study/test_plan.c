/* Settings with their origins, and every error of a study in one pass. */
#include "study_fixture.h"

static char path[] = "/tmp/ohm-plan-XXXXXX";

static void write_file(const char *text)
{
    assert_int_equal(ohm_file_write(path, text, strlen(text), NULL), OHM_OK);
}

/* All messages of a study file that cannot be loaded, one line each. */
static char *messages_of(const char *text, const struct ohm_setting *settings, int count)
{
    const struct ohm_plan_spec spec = {
        .path = path, .settings = settings, .count = count, .find = fixture_find, .jobs = 1
    };
    struct ohm_diag diag = { 0 };
    struct ohm_plan *plan = NULL;
    struct ohm_str s = { 0 };

    write_file(text);
    assert_int_not_equal(ohm_plan_load(&plan, &spec, &diag), OHM_OK);
    for (int i = 0; i < diag.count; i++)
        ohm_str_printf(&s, "%d:%d %s\n", diag.item[i].line, diag.item[i].column, diag.item[i].text);
    ohm_diag_release(&diag);
    return s.text;
}

static void expect_message(const char *study, const char *expected)
{
    char *messages = messages_of(study, NULL, 0);

    if (!strstr(messages, expected))
        fail_msg("expected '%s' in:\n%s", expected, messages);
    ohm_free(messages);
}

static void a_file_and_flags_give_one_plan_with_origins(void **state)
{
    const struct ohm_setting flags[] = { { "budget", "77", "--budget" }, { "seed", "5", "OHMNAS_SEED" },
                                         { "seed", "6", "--seed" } };
    const struct ohm_plan_spec spec = { .path = path, .settings = flags, .count = 3, .find = fixture_find, .jobs = 1 };
    struct ohm_diag diag = { 0 };
    struct ohm_plan *plan = NULL;
    const char *seed = NULL;

    (void)state;
    write_file("study: t\nspace: nb201\nbudget: 10\nseed: 9\nstrategy: { name: regevo, population: 12 }\n"
               "objectives: [minimize energy_uJ]\nconstraints: [cores <= 64, params > 1k]\n");
    if (ohm_plan_load(&plan, &spec, &diag) != OHM_OK)
        fixture_print(&diag);
    assert_non_null(plan);
    assert_int_equal(ohm_plan_budget(plan), 77);
    assert_string_equal(ohm_plan_name(plan), "t");
    for (int i = 0; i < ohm_plan_setting_count(plan); i++)
        if (strcmp(ohm_plan_setting(plan, i)->key, "seed") == 0) {
            assert_null(seed);
            seed = ohm_plan_setting(plan, i)->value;
            assert_string_equal(ohm_plan_setting(plan, i)->origin, "--seed");
        }
    assert_string_equal(seed, "6");
    ohm_plan_free(plan);
    ohm_diag_release(&diag);
}

static void every_error_is_told_in_one_pass(void **state)
{
    char *messages = messages_of("space: nb201\nobjectivs: [minimize energy_uJ]\nobjectives: [minimize energy_uJ]\n"
                                 "budget: -3\nseed: many\nstrategy: { name: nsga2, populatin: 3 }\n"
                                 "chip_use: { read_mode: 2-phase }\n",
                                 NULL, 0);

    (void)state;
    assert_non_null(strstr(messages, "objectivs"));
    assert_non_null(strstr(messages, "did you mean 'objectives'"));
    assert_non_null(strstr(messages, "4:9 budget is -3, outside"));
    assert_non_null(strstr(messages, "seed is 'many'"));
    assert_non_null(strstr(messages, "populatin"));
    assert_non_null(strstr(messages, "2-phase"));
    ohm_free(messages);
}

static void unknown_names_are_told_with_their_place(void **state)
{
    (void)state;
    expect_message("space: nb2001\nobjectives: [minimize params]\n", "1:8 there is no space 'nb2001'");
    expect_message("space: nb201\nchip: hermes46\nobjectives: [minimize params]\n", "2:7 there is no chip 'hermes46'");
    expect_message("space: nb201\nstrategy: nsga\nobjectives: [minimize params]\n", "2:11 there is no strategy 'nsga'");
    expect_message("space: nb201\nobjectives: [minimize energy]\n", "2:14 in 'minimize energy'");
    expect_message("space: nb201\nobjectives: [params + 2]\n", "is a formula");
    expect_message("space: nb201\nobjectives: [minimize params]\nconstraints: [cores <= ]\n", "3:15 in 'cores <='");
    expect_message("space: nb201\nchip: mesh512\nobjectives: [minimize params]\nchip_use: {bits: 4}\n", "2:7 ");
    expect_message("space: nb201\n", "no objective");
    expect_message("objectives: [minimize params]\n", "no space");
}

static void one_objective_strategies_refuse_two(void **state)
{
    (void)state;
    expect_message("space: nb201\nstrategy: regevo\nobjectives: [minimize params, minimize energy_uJ]\n",
                   "optimises one objective");
}

static void constraints_that_nothing_meets_are_told(void **state)
{
    const struct ohm_setting settings[] = { { "space", "nb201", "test" },
                                            { "strategy", "random", "test" },
                                            { "objectives", "minimize params", "test" },
                                            { "constraints", "cores < 0", "test" } };
    struct ohm_plan *plan = fixture_plan(settings, 4, 1);
    struct ohm_store *store;
    const struct ohm_run_options options = { .jobs = 1 };
    struct ohm_study_progress progress;
    struct ohm_error err = { 0 };
    int64_t study;

    (void)state;
    unlink(path);
    store = fixture_store(path, OHM_STORE_CREATE);
    assert_non_null(plan);
    assert_int_equal(ohm_study_run(plan, store, &options, &study, &progress, &err), OHM_EUNFIT);
    ohm_store_close(store);
    ohm_plan_free(plan);
    fixture_remove(path);
}

static int make_path(void **state)
{
    const int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_and_flags_give_one_plan_with_origins),
        cmocka_unit_test(every_error_is_told_in_one_pass),
        cmocka_unit_test(unknown_names_are_told_with_their_place),
        cmocka_unit_test(one_objective_strategies_refuse_two),
        cmocka_unit_test(constraints_that_nothing_meets_are_told),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
