/* Every allocation of loading and running a study is made to fail once: an error each time, never a crash, and a
 * database that still opens. */
#include "study_fixture.h"

static char folder[] = "/tmp/ohm-oom-XXXXXX";

static const struct ohm_setting settings[] = { { "space", "nb201", "test" },
                                               { "strategy", "nsga2", "test" },
                                               { "strategy.population", "8", "test" },
                                               { "objectives", "minimize energy_uJ", "test" },
                                               { "objectives", "maximize params - cores", "test" },
                                               { "constraints", "cores <= 64", "test" },
                                               { "chip_axes.cores", "64,128", "test" },
                                               { "chip_axes.periphery", "ldpu,nmpu", "test" },
                                               { "budget", "24", "test" } };

/* Loads the plan with the n-th allocation failing; the status, and how many allocations there were. */
static enum ohm_status load_failing(long n, struct ohm_plan **plan, long *count)
{
    const struct ohm_plan_spec spec = {
        .settings = settings, .count = FIXTURE_COUNT(settings), .find = fixture_find, .jobs = 1
    };
    struct ohm_diag diag = { 0 };
    enum ohm_status st;

    ohm_mem_fail_at(n);
    st = ohm_plan_load(plan, &spec, &diag);
    *count = ohm_mem_count();
    ohm_mem_fail_at(0);
    ohm_diag_release(&diag);
    return st;
}

static void loading_survives_each_failed_allocation(void **state)
{
    struct ohm_plan *plan = NULL;
    long count, failed = 0;
    enum ohm_status st = OHM_EFAIL;

    (void)state;
    for (long n = 1;; n += n < 400 ? 1 : 37) {
        plan = NULL;
        st = load_failing(n, &plan, &count);
        if (count < n)
            break;
        failed += st != OHM_OK;
        if (st == OHM_OK)
            ohm_plan_free(plan);
        else
            assert_null(plan);
    }
    assert_int_equal(st, OHM_OK);
    ohm_plan_free(plan);
    print_message("%ld allocations failed\n", failed);
    assert_true(failed > 60);
}

static void running_survives_each_failed_allocation(void **state)
{
    const struct ohm_run_options options = { .jobs = 1 };
    char path[64];
    long count = 0, failed = 0, n = 1;

    (void)state;
    snprintf(path, sizeof path, "%s/run.db", folder);
    do {
        struct ohm_plan *plan = fixture_plan(settings, FIXTURE_COUNT(settings), 1);
        struct ohm_store *store = fixture_store(path, OHM_STORE_CREATE);
        struct ohm_study_progress progress;
        int64_t study;

        assert_non_null(plan);
        assert_non_null(store);
        ohm_mem_fail_at(n);
        failed += ohm_study_run(plan, store, &options, &study, &progress, NULL) != OHM_OK;
        count = ohm_mem_count();
        ohm_mem_fail_at(0);
        assert_int_equal(ohm_store_check(store, NULL), OHM_OK);
        ohm_store_close(store);
        ohm_plan_free(plan);
        fixture_remove(path);
    } while (count >= n && n++ < 400); /* fewer allocations than n: nothing failed any more */
    print_message("%ld allocations failed\n", failed);
    assert_true(failed > 5);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_survives_each_failed_allocation),
        cmocka_unit_test(running_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
