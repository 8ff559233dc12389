/* The file of rows: the same whatever the threads, kills and orders; and what becomes of networks that go wrong. */
#include "collect_fixture.h"

static struct ohm_csv read_rows(const struct set *s)
{
    struct ohm_csv rows = {0};

    MUST(log_read(&rows, s->collect, s->path, &must_err));
    return rows;
}

static void run(struct set *s)
{
    MUST(ohm_collect_run(s->collect, &s->run, &must_err));
}

/* Every row of a in b, but for the columns of time spent. */
static void rows_are_the_same(const struct set *a, const struct set *b)
{
    struct ohm_csv one = read_rows(a), two = read_rows(b);

    assert_int_equal(one.rows, two.rows);
    for (int i = 0; i < one.rows; i++) {
        const int k = log_find(&two, log_cell(&one, i, "id"));

        assert_true(k >= 0);
        for (int c = 0; c < one.columns; c++)
            if (!row_column_is_time(one.name[c]))
                assert_string_equal(log_cell(&one, i, one.name[c]), log_cell(&two, k, one.name[c]));
    }
    ohm_csv_release(&one);
    ohm_csv_release(&two);
}

/* Changes the file by hand: `to` in place of the first `from` after `after`. */
static void edit(const struct set *s, const char *after, const char *from, const char *to)
{
    struct ohm_str text = {0};
    char *bytes = NULL, *at;
    size_t length;

    MUST(ohm_file_read(&bytes, &length, s->path, 1 << 20, &must_err));
    at = strstr(bytes, after);
    assert_non_null(at);
    at = strstr(at, from);
    assert_non_null(at);
    ohm_str_append_n(&text, bytes, (size_t)(at - bytes));
    ohm_str_append(&text, to);
    ohm_str_append(&text, at + strlen(from));
    MUST(ohm_file_write(s->path, ohm_str_text(&text), text.length, &must_err));
    ohm_str_release(&text);
    ohm_free(bytes);
}

/* Takes `bytes` off the end of the file, as a machine does that goes down while it writes. */
static void cut(const struct set *s, size_t bytes)
{
    char *text = NULL;
    size_t length;

    MUST(ohm_file_read(&text, &length, s->path, 1 << 20, &must_err));
    MUST(ohm_file_write(s->path, text, length - bytes, &must_err));
    ohm_free(text);
}

static void rows_hold_what_was_measured(void **state)
{
    struct set s;
    struct ohm_csv rows;

    (void)state;
    set_up(&s, RECIPE);
    run(&s);
    rows = read_rows(&s);
    assert_int_equal(rows.rows, ROWS);
    for (int i = 0; i < rows.rows; i++) {
        struct ohm_genotype g;
        double fresh, minute, month, avm, digital;

        MUST(ohm_genotype_parse(s.space, &g, log_cell(&rows, i, "genotype"), &must_err));
        assert_string_equal(log_cell(&rows, i, "state"), "done");
        MUST(ohm_csv_double(&rows, i, ohm_csv_column(&rows, "acc_fresh"), &fresh, &must_err));
        MUST(ohm_csv_double(&rows, i, ohm_csv_column(&rows, "acc_60s"), &minute, &must_err));
        MUST(ohm_csv_double(&rows, i, ohm_csv_column(&rows, "acc_30d"), &month, &must_err));
        MUST(ohm_csv_double(&rows, i, ohm_csv_column(&rows, "avm"), &avm, &must_err));
        MUST(ohm_csv_double(&rows, i, ohm_csv_column(&rows, "acc_digital"), &digital, &must_err));
        assert_true(avm == minute - month && fresh >= 0 && fresh <= 100 && digital >= 0 && digital <= 100);
        assert_int_equal((int)strcspn(log_cell(&rows, i, "curve"), " ") > 0, 1);
        assert_string_equal(log_cell(&rows, i, "trained_on"), "40");
    }
    assert_string_equal(log_cell(&rows, log_find(&rows, "1"), "seed"), "1");
    assert_string_equal(log_cell(&rows, log_find(&rows, "1.1"), "seed"), "2");
    assert_string_equal(log_cell(&rows, log_find(&rows, "1"), "net"), log_cell(&rows, log_find(&rows, "1.1"), "net"));
    ohm_csv_release(&rows);
    tear_down(&s);
}

/* Of a run that is stopped some rows are there; another, with another number of threads, makes the rest. */
struct stopping {
    int left;
};

static bool stop_now(void *context)
{
    return ((struct stopping *)context)->left <= 0;
}

static void count_down(void *context, const struct ohm_collect_progress *p)
{
    assert_int_equal(p->all, ROWS);
    assert_int_equal(p->done, p->made);
    ((struct stopping *)context)->left--;
}

static void threads_stops_and_cut_lines_do_not_show(void **state)
{
    struct stopping stopping = {2};
    struct set whole, parts;
    struct ohm_csv rows;

    (void)state;
    set_up(&whole, RECIPE);
    run(&whole);
    set_up(&parts, RECIPE);
    parts.run.stop = stop_now;
    parts.run.progress = count_down;
    parts.run.context = &stopping;
    assert_int_equal(ohm_collect_run(parts.collect, &parts.run, NULL), OHM_EINTR);
    rows = read_rows(&parts);
    assert_int_equal(rows.rows, 2);
    ohm_csv_release(&rows);
    cut(&parts, 20);
    parts.run.stop = NULL;
    parts.run.progress = NULL;
    parts.run.jobs = 2;
    run(&parts);
    rows_are_the_same(&whole, &parts);
    tear_down(&whole);
    tear_down(&parts);
}

static void rows_of_another_recipe_are_refused(void **state)
{
    char *const seed = changed(RECIPE, "networks: 7", "networks: 2\nseed: 9");
    char *const times = changed(RECIPE, "60s", "61s");
    char *const few = changed(RECIPE, "networks: 7", "networks: 2");
    struct set s, other, columns;
    struct ohm_error err = {0};

    (void)state;
    set_up(&s, few);
    run(&s);
    set_up(&other, seed);
    other.run.path = s.path;
    assert_int_equal(ohm_collect_run(other.collect, &other.run, &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "fingerprint"));
    set_up(&columns, times);
    columns.run.path = s.path;
    assert_int_equal(ohm_collect_run(columns.collect, &columns.run, &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "columns"));
    tear_down(&s);
    tear_down(&other);
    tear_down(&columns);
    ohm_free(seed);
    ohm_free(times);
    ohm_free(few);
}

static void a_row_comes_out_again_and_a_changed_one_is_noticed(void **state)
{
    char *const few = changed(RECIPE, "networks: 7", "networks: 2");
    struct ohm_str difference = {0};
    struct ohm_error err = {0};
    struct set s;
    bool same = false;

    (void)state;
    set_up(&s, few);
    run(&s);
    MUST(ohm_collect_repeat(s.collect, "1.1", &same, &difference, &s.run, &must_err));
    assert_true(same && difference.length == 0);
    edit(&s, "\n1.1,", ",done,", ",failed,");
    MUST(ohm_collect_repeat(s.collect, "1.1", &same, &difference, &s.run, &must_err));
    assert_false(same);
    assert_string_equal(ohm_str_text(&difference), "state is 'failed' in the file and 'done' now");
    assert_int_equal(ohm_collect_repeat(s.collect, "5", &same, &difference, &s.run, &err), OHM_ENOTFOUND);
    ohm_str_release(&difference);
    tear_down(&s);
    ohm_free(few);
}

/* Nine of ten pilots are below the quantile 0.9, so that most of the others are too. */
static void hopeless_networks_stop_early_and_pilots_never(void **state)
{
    char *const text = changed(RECIPE, "collect: test", "halving: {pilots: 3, epochs: [1], share: 0.9}\ncollect: test");
    struct set one, two;
    struct ohm_csv rows;
    int censored = 0;

    (void)state;
    set_up(&one, text);
    run(&one);
    rows = read_rows(&one);
    for (int i = 0; i < rows.rows; i++) {
        const bool stopped = strcmp(log_cell(&rows, i, "state"), "censored") == 0;

        censored += stopped;
        assert_false(stopped && atoi(log_cell(&rows, i, "id")) < 3);
        assert_int_equal(stopped, log_cell(&rows, i, "acc_fresh")[0] == '\0');
        assert_int_equal(stopped, strstr(log_cell(&rows, i, "reason"), "after epoch 1 below") != NULL);
        assert_int_equal(stopped, strchr(log_cell(&rows, i, "curve"), ' ') == NULL);
    }
    assert_true(censored > 0 && censored <= 4);
    ohm_csv_release(&rows);
    set_up(&two, text);
    two.run.jobs = 2;
    run(&two);
    rows_are_the_same(&one, &two);
    for (int i = 3; i < 7; i++) {
        struct ohm_str difference = {0};
        char id[8];
        bool same = false;

        snprintf(id, sizeof id, "%d", i);
        MUST(ohm_collect_repeat(one.collect, id, &same, &difference, &one.run, &must_err));
        assert_true(same);
        ohm_str_release(&difference);
    }
    tear_down(&one);
    tear_down(&two);
    ohm_free(text);
}

static void a_network_that_cannot_be_trained_is_a_row_with_its_reason(void **state)
{
    char *const hot = changed(RECIPE, "lr: 0.05", "lr: 100, momentum: 0.99");
    char *const text = changed(hot, "epochs: 2,", "epochs: 30,");
    struct set s;
    struct ohm_csv rows;
    int failed = 0;

    (void)state;
    set_up(&s, text);
    run(&s);
    rows = read_rows(&s);
    assert_int_equal(rows.rows, ROWS);
    for (int i = 0; i < rows.rows; i++) {
        const bool broken = strcmp(log_cell(&rows, i, "state"), "failed") == 0;

        failed += broken;
        assert_int_equal(broken, log_cell(&rows, i, "reason")[0] != '\0');
        assert_int_equal(broken, log_cell(&rows, i, "acc_30d")[0] == '\0');
        assert_true(log_cell(&rows, i, "params")[0] != '\0');
    }
    assert_true(failed > 0);
    ohm_csv_release(&rows);
    tear_down(&s);
    ohm_free(hot);
    ohm_free(text);
}

static void a_named_network_of_another_shape_is_a_failed_row(void **state)
{
    struct ohm_net_builder b = {0};
    struct ohm_collect_named named = {.name = "odd, or \"not\"\nhere"};
    struct set s;
    struct ohm_csv rows;
    int x;

    (void)state;
    ohm_net_reset(&b, false);
    x = ohm_net_dense(&b, ohm_net_input(&b, 4, 4, 3), 10, true);
    MUST(ohm_net_finish(&b, x, &named.net, &must_err));
    set_up(&s, RECIPE);
    s.run.named = &named;
    s.run.count = 1;
    run(&s);
    rows = read_rows(&s);
    assert_int_equal(rows.rows, 2); /* two seeds */
    assert_string_equal(log_cell(&rows, 0, "id"), "odd, or \"not\" here");
    assert_string_equal(log_cell(&rows, 0, "state"), "failed");
    assert_non_null(strstr(log_cell(&rows, 0, "reason"), "4 x 4 x 3"));
    ohm_csv_release(&rows);
    tear_down(&s);
    ohm_net_release(&b);
}

static void folds_are_one_row_over_all_samples(void **state)
{
    char *const folds =
        changed(RECIPE, "samples: {train: train, judge: val, count: 40,", "samples: {folds: 3, of: all,");
    char *const text = changed(folds, "networks: 7\nrepeats: {networks: 2, seeds: 2}", "networks: 1");
    struct set s;
    struct ohm_csv rows;
    double digital;
    char all[16];

    (void)state;
    set_up(&s, text);
    run(&s);
    rows = read_rows(&s);
    snprintf(all, sizeof all, "%d", ohm_data_count(s.data));
    assert_int_equal(rows.rows, 1);
    assert_string_equal(log_cell(&rows, 0, "judged_on"), all);
    MUST(ohm_csv_double(&rows, 0, ohm_csv_column(&rows, "acc_digital"), &digital, &must_err));
    digital *= ohm_data_count(s.data) / 100.0; /* a whole number of samples is right */
    assert_true(fabs(digital - round(digital)) < 1e-9);
    ohm_csv_release(&rows);
    tear_down(&s);
    ohm_free(folds);
    ohm_free(text);
}

static void two_processes_do_not_write_to_one_file(void **state)
{
    struct row_log log;
    struct set s;

    (void)state;
    set_up(&s, RECIPE);
    MUST(log_open(&log, s.collect, s.path, "test", &must_err));
    assert_int_equal(ohm_collect_run(s.collect, &s.run, NULL), OHM_EBUSY);
    log_close(&log);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold_what_was_measured),
        cmocka_unit_test(threads_stops_and_cut_lines_do_not_show),
        cmocka_unit_test(rows_of_another_recipe_are_refused),
        cmocka_unit_test(a_row_comes_out_again_and_a_changed_one_is_noticed),
        cmocka_unit_test(hopeless_networks_stop_early_and_pilots_never),
        cmocka_unit_test(a_network_that_cannot_be_trained_is_a_row_with_its_reason),
        cmocka_unit_test(a_named_network_of_another_shape_is_a_failed_row),
        cmocka_unit_test(folds_are_one_row_over_all_samples),
        cmocka_unit_test(two_processes_do_not_write_to_one_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
