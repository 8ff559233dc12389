/* Same seed, same rows: for any number of jobs, any split of the budget, and any number of kills. */
#include "study_fixture.h"

#include "ohm/rng.h"
#include "sanitized.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static char folder[] = "/tmp/ohm-resume-XXXXXX";

static const char *in_folder(char *buffer, size_t size, const char *name)
{
    snprintf(buffer, size, "%s/%s", folder, name);
    return buffer;
}

static void the_number_of_jobs_does_not_show(void **state)
{
    const struct ohm_setting settings[] = {{"space", "analognas-resnet", "test"},
                                           {"strategy", "nsga2", "test"},
                                           {"strategy.population", "40", "test"},
                                           {"objectives", "minimize energy_uJ", "test"},
                                           {"objectives", "maximize params", "test"},
                                           {"constraints", "cores <= 640", "test"},
                                           {"budget", "1000", "test"}};
    char one[64], two[64];
    char *rows_one, *rows_two;

    (void)state;
    in_folder(one, sizeof one, "one.db");
    in_folder(two, sizeof two, "two.db");
    assert_int_equal(fixture_run(one, settings, FIXTURE_COUNT(settings), 1, 0), OHM_OK);
    assert_int_equal(fixture_run(two, settings, FIXTURE_COUNT(settings), 2, 0), OHM_OK);
    rows_one = fixture_rows(one);
    rows_two = fixture_rows(two);
    assert_non_null(rows_one);
    assert_string_equal(rows_one, rows_two);
    ohm_free(rows_one);
    ohm_free(rows_two);
    fixture_remove(one);
    fixture_remove(two);
}

static void compare_split(const char *strategy)
{
    struct ohm_setting settings[] = {{"space", "nb201", "test"},
                                     {"strategy", strategy, "test"},
                                     {"objectives", "minimize energy_uJ", "test"},
                                     {"constraints", "params >= 200000", "test"},
                                     {"budget", "50", "test"}};
    char whole[64], split[64];
    char *rows_whole, *rows_split;

    in_folder(whole, sizeof whole, "whole.db");
    in_folder(split, sizeof split, "split.db");
    assert_int_equal(fixture_run(whole, settings, FIXTURE_COUNT(settings), 2, 0), OHM_OK);
    settings[4].value = "25";
    assert_int_equal(fixture_run(split, settings, FIXTURE_COUNT(settings), 1, 0), OHM_OK);
    assert_int_equal(fixture_resume(split, 2, 25, 0), OHM_OK);
    rows_whole = fixture_rows(whole);
    rows_split = fixture_rows(split);
    assert_non_null(rows_whole);
    if (strcmp(rows_whole, rows_split) != 0)
        fail_msg("strategy %s: 25 + 25 trials differ from 50", strategy);
    ohm_free(rows_whole);
    ohm_free(rows_split);
    fixture_remove(whole);
    fixture_remove(split);
}

static void a_split_budget_gives_the_same_trials_with_every_strategy(void **state)
{
    (void)state;
    for (int i = 0; ohm_strategies[i]; i++)
        compare_split(ohm_strategies[i]->name);
}

static void sleep_ms(double ms)
{
    const struct timespec t = {0, (long)(ms * 1e6)};

    nanosleep(&t, NULL);
}

static const struct ohm_setting killed_study[] = {
    {"space", "analognas-resnet", "test"},     {"strategy", "nsga2", "test"},
    {"strategy.population", "20", "test"},     {"objectives", "minimize latency_us", "test"},
    {"objectives", "maximize params", "test"}, {"budget", "2000", "test"}};

/* What a child does: this program again, so that no thread of the parent's is missing in it. */
static int be_child(const char *verb, const char *path, int jobs)
{
    if (strcmp(verb, "resume") == 0)
        return fixture_resume(path, jobs, 0, 0.001) != OHM_OK;
    return fixture_run(path, killed_study, FIXTURE_COUNT(killed_study), jobs, 0.001) != OHM_OK;
}

/* Runs or resumes in a child, which is killed after `ms`. True when it ended by itself with success. */
static bool run_and_kill(const char *path, bool resume, int jobs, double ms)
{
    int status;
    const pid_t child = fork();

    if (child == 0) {
        execl("/proc/self/exe", "test_resume", resume ? "resume" : "run", path, jobs == 1 ? "1" : "2", (char *)NULL);
        _exit(127);
    }
    assert_true(child > 0);
    sleep_ms(ms);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    return WIFEXITED(status);
}

static bool has_study(const char *path)
{
    struct ohm_store *store = NULL;
    struct ohm_study_row row;
    bool found = ohm_store_open(&store, path, OHM_STORE_READ, NULL) == OHM_OK &&
                 ohm_store_find_study(store, "", &row, NULL) == OHM_OK;

    ohm_store_close(store);
    return found;
}

enum { KILLED_RUNS = SANITIZED ? 8 : 60 };

static void killed_runs_give_the_rows_of_the_run_left_alone(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(2026);
    char alone[64], killed[64];
    char *expected, *rows;
    int kills = 0;

    (void)state;
    in_folder(alone, sizeof alone, "alone.db");
    in_folder(killed, sizeof killed, "killed.db");
    assert_int_equal(fixture_run(alone, killed_study, FIXTURE_COUNT(killed_study), 2, 0), OHM_OK);
    expected = fixture_rows(alone);
    for (int i = 0; i < KILLED_RUNS; i++) {
        const int before = kills;
        double wait_ms = 5 + 40 * ohm_rng_uniform(&rng);

        /* A run that was too quick for its kill is done again with an earlier one. */
        while (run_and_kill(killed, false, 1 + i % 2, wait_ms)) {
            fixture_remove(killed);
            wait_ms /= 2;
        }
        for (kills++; !run_and_kill(killed, has_study(killed), 1 + i % 2,
                                    10 + 60 * ohm_rng_uniform(&rng) + 20 * (kills - before));)
            kills++;
        rows = fixture_rows(killed);
        if (strcmp(rows, expected) != 0)
            fail_msg("run %d differs after %d kills", i, kills - before);
        ohm_free(rows);
        fixture_remove(killed);
    }
    print_message("%d runs, %d kills\n", KILLED_RUNS, kills);
    assert_true(kills >= KILLED_RUNS);
    ohm_free(expected);
    fixture_remove(alone);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_of_jobs_does_not_show),
        cmocka_unit_test(a_split_budget_gives_the_same_trials_with_every_strategy),
        cmocka_unit_test(killed_runs_give_the_rows_of_the_run_left_alone),
    };
    if (argc == 4)
        return be_child(argv[1], argv[2], argv[3][0] - '0');
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
