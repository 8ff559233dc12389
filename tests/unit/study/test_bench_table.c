/* Tables, runs and sums of bench. */
#include "bench_int.h"
#include "study_fixture.h"

#include "ohm/bench.h"
#include "ohm/csv.h"

#include <math.h>

static char folder[] = "/tmp/ohm-bench-XXXXXX";
static struct ohm_space *space;

static const char published[] = "../shared/golden/nasbench/nb201.csv";
static const char measured[] = "../shared/golden/nasbench/nb201_analog.csv";
static const char reference[] = "../shared/golden/nasbench/reference_regret.csv";

static int set_up(void **state)
{
    struct ohm_diag diag = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(ohm_space_load(&space, "searchspaces/nb201.yaml", &diag), OHM_OK);
    ohm_diag_release(&diag);
    return 0;
}

static int tear_down(void **state)
{
    char path[64];

    (void)state;
    snprintf(path, sizeof path, "%s/table.csv", folder);
    unlink(path);
    rmdir(folder);
    ohm_space_free(space);
    return 0;
}

static enum ohm_status load_text(struct ohm_bench_table **table, const char *text, const char *objective, bool minimize,
                                 struct ohm_error *err)
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof path, "%s/table.csv", folder);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return ohm_bench_load(table, space, path, "ops", objective, minimize, err);
}

static void a_table_is_read_by_key_or_canonical_text_and_the_last_row_counts(void **state)
{
    struct ohm_bench_table *t = NULL;
    struct ohm_genotype g;

    (void)state;
    assert_int_equal(load_text(&t,
                               "ops,acc\n000000,10\n333333,94\n"
                               "e01=conv3x3 e02=conv3x3 e12=conv3x3 e03=conv3x3 e13=conv3x3 e23=conv3x3,93\n"
                               "111111,\n222222,50\n",
                               "acc", false, NULL),
                     OHM_OK);
    assert_int_equal(ohm_bench_rows(t), 3);
    assert_int_equal(ohm_bench_without(t), 1);
    assert_true(ohm_bench_optimum(t) == 93);
    assert_int_equal(ohm_genotype_parse(space, &g, "e01=none e02=none e12=none e03=none e13=none e23=none", NULL),
                     OHM_OK);
    assert_int_equal(bench_table_find(t, ohm_genotype_id(space, &g)), 0);
    assert_int_equal(bench_table_find(t, 12345), -1);
    ohm_bench_table_free(t);
    assert_int_equal(load_text(&t, "ops,ms\n000000,10\n333333,94\n", "ms", true, NULL), OHM_OK);
    assert_true(ohm_bench_optimum(t) == 10);
    ohm_bench_table_free(t);
}

static void a_bad_table_is_told_with_its_line(void **state)
{
    struct ohm_bench_table *t = NULL;
    struct ohm_error err = {0};

    (void)state;
    assert_int_equal(load_text(&t, "ops,acc\n000000,1\n000005,2\n", "acc", false, &err), OHM_EDATA);
    assert_int_equal(err.line, 3);
    assert_non_null(strstr(err.text, "000005"));
    assert_int_equal(load_text(&t, "ops,acc\n000000,much\n", "acc", false, &err), OHM_EDATA);
    assert_int_equal(load_text(&t, "ops,acc\n000000,\n", "acc", false, &err), OHM_EDATA);
    assert_int_equal(load_text(&t, "ops,acc\n", "acc", false, &err), OHM_EDATA);
    assert_int_equal(load_text(&t, "ops,acc\n000000,1\n", "ac", false, &err), OHM_ENOTFOUND);
    assert_non_null(strstr(err.text, "acc"));
    assert_int_equal(ohm_bench_load(&t, space, "/nonexistent.csv", "ops", "acc", false, &err), OHM_ENOTFOUND);
    assert_null(t);
}

/* Every cell of the space, with a value that falls with the number of edges that are not conv3x3. */
static void made_up_table(struct ohm_bench_table **t)
{
    struct ohm_genotype g = {{0}};
    struct ohm_str text = {0}, key = {0};
    bool first = true;

    ohm_str_append(&text, "ops,score\n");
    while (ohm_genotype_next(space, &g, &first)) {
        int others = 0;

        for (int i = 0; i < 6; i++)
            others += g.gene[i] != 3;
        ohm_str_clear(&key);
        ohm_genotype_key(space, &g, &key);
        ohm_str_printf(&text, "%s,%d\n", ohm_str_text(&key), 90 - others);
    }
    assert_int_equal(load_text(t, ohm_str_text(&text), "score", false, NULL), OHM_OK);
    ohm_str_release(&text);
    ohm_str_release(&key);
}

static struct ohm_bench_result *bench(const struct ohm_bench_table *t, const char *const *strategy, int count,
                                      int budget, int seeds, int jobs)
{
    const struct ohm_bench_options options = {
        .strategy = strategy, .count = count, .budget = budget, .seeds = seeds, .seed = 1, .jobs = jobs};
    struct ohm_bench_result *r = NULL;
    struct ohm_error err = {0};

    if (ohm_bench_run(&r, t, &options, &err) != OHM_OK)
        print_error("%s\n", err.text);
    assert_non_null(r);
    return r;
}

/* The best of n draws without replacement misses the one cell of regret 0 with probability 1 - n / 15625, and so on:
 * the number of cells with at most k other edges is the sum of C(6, j) 4^j. */
static double expected_random(int n)
{
    const double cells[] = {1, 24, 240, 1280, 3840, 6144, 4096};
    double better = 0, mean = 0;

    for (int k = 0; k < 6; k++) {
        double miss = 1;

        better += cells[k];
        for (int i = 0; i < n; i++)
            miss *= (15625 - better - i) / (15625 - i);
        mean += miss; /* the chance that the regret is above k */
    }
    return mean;
}

static void regret_of_random_is_what_probability_says(void **state)
{
    static const char *const names[] = {"random"};
    struct ohm_bench_table *t = NULL;
    struct ohm_bench_result *r;

    (void)state;
    made_up_table(&t);
    r = bench(t, names, 1, 120, 400, 2);
    assert_int_equal(r->points, 5);
    assert_int_equal(r->queries[4], 120);
    for (int i = 0; i < r->points; i++) {
        const struct ohm_bench_point *p = &r->curve[0].point[i];

        assert_true(fabs(p->mean - expected_random(p->queries)) < 0.12);
        assert_true(p->low < p->mean && p->mean < p->high);
        assert_true(p->q25 <= p->median && p->median <= p->q75);
        assert_true(p->to_random.mean == 0 && isnan(p->to_regevo.mean));
    }
    ohm_bench_free(r);
    ohm_bench_table_free(t);
}

static void any_number_of_threads_gives_the_same_curves(void **state)
{
    static const char *const names[] = {
        "random", "regevo", "bayes:start=5", "local", "nsga2:population=10", "regevo:population=5,repeats=true"};
    struct ohm_bench_table *t = NULL;
    struct ohm_bench_result *one, *three;

    (void)state;
    made_up_table(&t);
    one = bench(t, names, 6, 20, 5, 1);
    three = bench(t, names, 6, 20, 5, 3);
    for (int i = 0; i < 6; i++) {
        assert_memory_equal(one->curve[i].regret, three->curve[i].regret, (size_t)(5 * one->points) * sizeof(double));
        for (int k = 0; k < one->points; k++) {
            assert_true(one->curve[i].point[k].low == three->curve[i].point[k].low);
            assert_true(one->curve[i].point[k].to_regevo.high == three->curve[i].point[k].to_regevo.high);
        }
    }
    ohm_bench_free(one);
    ohm_bench_free(three);
    ohm_bench_table_free(t);
}

static void a_run_that_has_asked_for_every_row_keeps_its_regret(void **state)
{
    struct ohm_bench_table *t = NULL;
    struct ohm_bench_result *r;

    (void)state;
    assert_int_equal(load_text(&t, "ops,acc\n000000,1\n333333,2\n444444,3\n", "acc", false, NULL), OHM_OK);
    r = bench(t, NULL, 0, 50, 2, 1);
    for (int i = 0; i < r->count; i++)
        for (int k = 0; k < r->points; k++)
            assert_true(r->curve[i].point[k].mean == 0 && r->curve[i].point[k].hit == 1);
    ohm_bench_free(r);
    ohm_bench_table_free(t);
}

static void strategies_with_options_are_read_and_mistakes_told(void **state)
{
    static const char *const bad[][2] = {{"regevos", "regevo"},        {"regevo:populaton=3", "population"},
                                         {"regevo:population", "key"}, {"regevo:population=0", "population"},
                                         {"regevo:", "key"},           {"regevo:population=5,", "key"}};
    const enum ohm_status status[] = {OHM_ENOTFOUND, OHM_ECONFIG, OHM_ECONFIG, OHM_ERANGE, OHM_ECONFIG, OHM_ECONFIG};
    struct ohm_bench_table *t = NULL;

    (void)state;
    made_up_table(&t);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct ohm_bench_options options = {.strategy = bad[i], .count = 1, .budget = 5, .seeds = 1, .jobs = 1};
        struct ohm_bench_result *r = NULL;
        struct ohm_error err = {0};

        assert_int_equal(ohm_bench_run(&r, t, &options, &err), status[i]);
        assert_non_null(strstr(err.text, bad[i][1]));
        assert_null(r);
    }
    ohm_bench_table_free(t);
}

static bool stop(void *context, int done, int total)
{
    (void)total;
    *(int *)context = done;
    return false;
}

static void progress_may_stop_the_runs(void **state)
{
    static const char *const names[] = {"random"};
    int done = 0;
    const struct ohm_bench_options options = {
        .strategy = names, .count = 1, .budget = 5, .seeds = 1000, .jobs = 1, .progress = stop, .context = &done};
    struct ohm_bench_table *t = NULL;
    struct ohm_bench_result *r = NULL;

    (void)state;
    made_up_table(&t);
    assert_int_equal(ohm_bench_run(&r, t, &options, NULL), OHM_EINTR);
    assert_null(r);
    assert_true(done > 0 && done < 1000);
    ohm_bench_table_free(t);
}

static void the_csv_has_a_row_a_strategy_and_checkpoint(void **state)
{
    static const char *const names[] = {"random", "regevo:population=5,tournament=2"};
    struct ohm_bench_table *t = NULL;
    struct ohm_bench_result *r;
    struct ohm_str csv = {0}, text = {0};
    int lines = 0;

    (void)state;
    made_up_table(&t);
    r = bench(t, names, 2, 30, 3, 1);
    ohm_bench_csv(&csv, t, r);
    ohm_bench_text(&text, t, r);
    for (const char *p = ohm_str_text(&csv); *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 1 + 2 * 3);
    assert_non_null(strstr(ohm_str_text(&csv), "score,\"regevo:population=5,tournament=2\",3,25,"));
    assert_non_null(strstr(ohm_str_text(&text), "score: 15625 networks, best 90"));
    ohm_str_release(&csv);
    ohm_str_release(&text);
    ohm_bench_free(r);
    ohm_bench_table_free(t);
}

/* ---- against curves made with another program ---- */

static double reference_mean(const struct ohm_csv *csv, const char *benchmark, const char *algorithm, int queries)
{
    for (int i = 0; i < csv->rows; i++) {
        const char *const *cell = csv->cell + (size_t)i * (size_t)csv->columns;

        if (strcmp(cell[0], benchmark) == 0 && strcmp(cell[1], algorithm) == 0 && atoi(cell[2]) == queries)
            return strtod(cell[3], NULL);
    }
    fail_msg("no %s %s %d", benchmark, algorithm, queries);
    return NAN;
}

/* Both means are of 500 runs: they differ by a few times sqrt(2) standard errors at most. */
static void compare(const struct ohm_csv *csv, const char *benchmark, const char *algorithm,
                    const struct ohm_bench_curve *c, const struct ohm_bench_result *r)
{
    for (int i = 0; i < r->points; i++) {
        const struct ohm_bench_point *p = &c->point[i];
        const double expected = reference_mean(csv, benchmark, algorithm, p->queries);
        const double standard_error = (p->high - p->low) / (2 * 1.96);

        if (!(fabs(p->mean - expected) < 4 * sqrt(2) * standard_error))
            fail_msg("%s %s at %d: %g, reference %g", benchmark, algorithm, p->queries, p->mean, expected);
    }
}

static void random_and_regevo_agree_with_the_reference_on(const char *path, const char *benchmark,
                                                          const char *objective, const struct ohm_csv *csv)
{
    static const char *const names[] = {"random", "regevo:repeats=true", "regevo", "bayes"};
    struct ohm_bench_table *t = NULL;
    struct ohm_bench_result *r;

    assert_int_equal(ohm_bench_load(&t, space, path, "ops", objective, false, NULL), OHM_OK);
    r = bench(t, names, 2, 300, 500, 2);
    compare(csv, benchmark, "random", &r->curve[0], r);
    compare(csv, benchmark, "reg_evo P10 S3", &r->curve[1], r);
    ohm_bench_free(r);
    /* A tenth of the acceptance run: the model at 100 queries, and its lead over evolution. */
    r = bench(t, names, 4, 100, 16, 2);
    assert_true(r->curve[3].point[3].mean < (strstr(path, "analog") ? 0.5 : 0.1));
    assert_true(r->curve[3].point[3].to_regevo.high < 0);
    ohm_bench_free(r);
    ohm_bench_table_free(t);
}

static void published_curves_are_met_and_the_model_is_ahead_of_them(void **state)
{
    struct ohm_csv csv = {0};

    (void)state;
    if (!ohm_file_exists(published)) {
        print_error("SKIPPED: ../shared is absent\n");
        skip();
    }
    assert_int_equal(ohm_csv_load(&csv, reference, NULL), OHM_OK);
    random_and_regevo_agree_with_the_reference_on(published, "nb201/c10_test_200ep", "c10_test_200ep", &csv);
    random_and_regevo_agree_with_the_reference_on(measured, "nb201_analog/hwt_drift_2592000_mean",
                                                  "hwt_drift_2592000_mean", &csv);
    ohm_csv_release(&csv);
}

static void each_failed_allocation_is_told_and_nothing_leaks(void **state)
{
    static const char *const names[] = {"random", "regevo:population=5"};
    const struct ohm_bench_options options = {.strategy = names, .count = 2, .budget = 12, .seeds = 2, .jobs = 1};
    enum ohm_status st = OHM_ENOMEM;
    int failures = 0;

    (void)state;
    for (long n = 1; st != OHM_OK; n++) {
        struct ohm_bench_table *t = NULL;
        struct ohm_bench_result *r = NULL;
        long count;

        ohm_mem_fail_at(n);
        st = load_text(&t, "ops,acc\n000000,1\n333333,2\n444444,3\n", "acc", false, NULL);
        if (st == OHM_OK)
            st = ohm_bench_run(&r, t, &options, NULL);
        count = ohm_mem_count();
        ohm_mem_fail_at(0);
        /* Where the failure was absorbed (a fallback) the result is whole all the same. */
        if (st != OHM_ENOMEM && st != OHM_OK)
            print_error("allocation %ld: %s\n", n, ohm_status_name(st));
        assert_true(st == OHM_ENOMEM || (st == OHM_OK && r));
        if (st == OHM_OK && count >= n)
            st = OHM_ENOMEM;
        failures++;
        ohm_bench_free(r);
        ohm_bench_table_free(t);
    }
    assert_true(failures > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_read_by_key_or_canonical_text_and_the_last_row_counts),
        cmocka_unit_test(a_bad_table_is_told_with_its_line),
        cmocka_unit_test(regret_of_random_is_what_probability_says),
        cmocka_unit_test(any_number_of_threads_gives_the_same_curves),
        cmocka_unit_test(a_run_that_has_asked_for_every_row_keeps_its_regret),
        cmocka_unit_test(strategies_with_options_are_read_and_mistakes_told),
        cmocka_unit_test(progress_may_stop_the_runs),
        cmocka_unit_test(the_csv_has_a_row_a_strategy_and_checkpoint),
        cmocka_unit_test(published_curves_are_met_and_the_model_is_ahead_of_them),
        cmocka_unit_test(each_failed_allocation_is_told_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
