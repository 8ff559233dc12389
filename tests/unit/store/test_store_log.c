/* Studies, trials and generations: what goes in comes out, in order, once. */
#include "store_fixture.h"

static enum ohm_status equals_fixture(void *context, const struct ohm_trial *t, struct ohm_error *err)
{
    int64_t *next = context;
    const struct ohm_trial want = fixture_trial(*next);

    (void)err;
    assert_int_equal(t->number, want.number);
    assert_int_equal(t->generation, want.generation);
    assert_string_equal(t->state, want.state);
    assert_true(t->net_id == want.net_id);
    assert_string_equal(t->genotype, want.genotype);
    assert_string_equal(t->operation, want.operation);
    assert_int_equal(t->parent[0], want.parent[0]);
    assert_int_equal(t->parent[1], -1);
    assert_true(isnan(t->time_s));
    assert_int_equal(t->feasible, want.feasible);
    assert_true(t->violation == want.violation);
    if (want.reason)
        assert_string_equal(t->reason, want.reason);
    else
        assert_null(t->reason);
    for (int i = 0; i < OHM_METRICS_MAX; i++)
        assert_true(isnan(want.metric[i]) ? isnan(t->metric[i]) : t->metric[i] == want.metric[i]);
    ++*next;
    return OHM_OK;
}

static void trials_come_back_bit_for_bit_in_order(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 1000);
    struct ohm_store *store = fixture_open(f, OHM_STORE_READ);
    int64_t next = 0;

    assert_int_equal(ohm_store_each_trial(store, id, 0, equals_fixture, &next, &f->err), OHM_OK);
    assert_int_equal(next, 1000);
    next = 990;
    assert_int_equal(ohm_store_each_trial(store, id, 990, equals_fixture, &next, &f->err), OHM_OK);
    assert_int_equal(next, 1000);
    assert_int_equal(ohm_store_each_trial(store, id, INT64_MAX, equals_fixture, &next, &f->err), OHM_OK);
    assert_int_equal(ohm_store_each_trial(store, 99, 0, equals_fixture, &next, &f->err), OHM_ENOTFOUND);
    ohm_store_close(store);
}

static enum ohm_status stop_at_five(void *context, const struct ohm_trial *t, struct ohm_error *err)
{
    ++*(int *)context;
    return t->number == 5 ? ohm_fail(err, OHM_EINTR, "enough") : OHM_OK;
}

static void a_walk_ends_where_its_callback_says(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 100);
    struct ohm_store *store = fixture_open(f, OHM_STORE_READ);
    int calls = 0;

    assert_int_equal(ohm_store_each_trial(store, id, 0, stop_at_five, &calls, &f->err), OHM_EINTR);
    assert_int_equal(calls, 6);
    assert_string_equal(f->err.text, "enough");
    ohm_store_close(store);
}

static void two_studies_have_their_own_metrics_and_views(void **state)
{
    static const char *const metrics[] = {"loss", "tops.peak", "e", "g", "h", "macs"};
    static const int objective_metric[] = {5}, objective_sign[] = {-1};
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    const int64_t a = fixture_study(f, store, "first");
    struct ohm_study_spec spec = fixture_spec("it's \"odd\"; DROP TABLE trial --");
    struct ohm_trial trial = fixture_trial(0);
    struct ohm_study_row row;
    char *name[OHM_METRICS_MAX];
    int count = 0;
    int64_t b = 0, next = 0;

    assert_int_equal(fixture_commit(store, a, 0, 50, &f->err), OHM_OK);
    spec.metrics = metrics;
    spec.metric_count = 6;
    spec.objective_metric = objective_metric;
    spec.objective_sign = objective_sign;
    spec.objective_count = 1;
    assert_int_equal(ohm_store_add_study(store, &b, &spec, &f->err), OHM_OK);
    trial.metric[5] = 12;
    assert_int_equal(ohm_store_commit(store, b, &trial, 1, NULL, &f->err), OHM_OK);
    assert_int_equal(fixture_commit(store, a, 50, 50, &f->err), OHM_OK);
    assert_int_equal(ohm_store_each_trial(store, a, 0, equals_fixture, &next, &f->err), OHM_OK);
    assert_int_equal(next, 100);
    assert_int_equal(ohm_store_metrics(store, b, name, &count, &f->err), OHM_OK);
    assert_int_equal(count, 6);
    for (int i = 0; i < count; i++) {
        assert_string_equal(name[i], metrics[i]);
        ohm_free(name[i]);
    }
    assert_int_equal(ohm_store_find_study(store, "it's", &row, &f->err), OHM_OK);
    assert_int_equal(row.trials, 1);
    assert_true(row.best == 12);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    ohm_store_close(store);
}

static void a_study_is_found_by_name_prefix_number_or_as_the_newest(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    struct ohm_study_row row;

    assert_int_equal(ohm_store_find_study(store, "", &row, &f->err), OHM_ENOTFOUND);
    fixture_study(f, store, "kws-small");
    fixture_study(f, store, "kws-large");
    fixture_study(f, store, "kws");
    assert_int_equal(ohm_store_find_study(store, "kws-s", &row, &f->err), OHM_OK);
    assert_string_equal(row.name, "kws-small");
    assert_int_equal(ohm_store_find_study(store, "KWS", &row, &f->err), OHM_OK);
    assert_string_equal(row.name, "kws");
    assert_int_equal(ohm_store_find_study(store, "#2", &row, &f->err), OHM_OK);
    assert_string_equal(row.name, "kws-large");
    assert_int_equal(ohm_store_find_study(store, "", &row, &f->err), OHM_OK);
    assert_string_equal(row.name, "kws");
    assert_int_equal(ohm_store_find_study(store, "kws-", &row, &f->err), OHM_ECONFIG);
    assert_non_null(strstr(f->err.text, "kws-large, kws-small"));
    assert_int_equal(ohm_store_find_study(store, "kws-lagre", &row, &f->err), OHM_ENOTFOUND);
    assert_non_null(strstr(f->err.text, "\"kws-large\""));
    assert_int_equal(ohm_store_find_study(store, "#9", &row, &f->err), OHM_ENOTFOUND);
    ohm_store_close(store);
}

static void a_study_row_tells_what_was_given_and_counted(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 100);
    struct ohm_store *store = fixture_open(f, OHM_STORE_WRITE);
    struct ohm_str text = {0};
    struct ohm_study_row row;
    double best = 0;

    for (int i = 0; i < 100; i++)
        best = fmax(best, fixture_trial(i).feasible ? fixture_trial(i).metric[0] : 0);
    assert_int_equal(ohm_store_set_study(store, id, "done", 2000, 1.5, &f->err), OHM_OK);
    assert_int_equal(ohm_store_find_study(store, "first", &row, &f->err), OHM_OK);
    assert_string_equal(row.state, "done");
    assert_string_equal(row.strategy, "regevo");
    assert_string_equal(row.space, "resnet-kws");
    assert_string_equal(row.chip, "hermes64");
    assert_string_equal(row.task, "kws");
    assert_string_equal(row.objective, "max acc_1d");
    assert_int_equal(row.seed, 7);
    assert_int_equal(row.budget, 2000);
    assert_int_equal(row.trials, 100);
    assert_int_equal(row.failed, 10);
    assert_true(row.feasible > 70 && row.feasible < 90);
    assert_true(row.best == best);
    assert_true(row.time_s == 1.5);
    assert_int_equal(strlen(row.created), strlen("2026-01-01T00:00:00Z"));
    assert_int_equal(row.created[10], 'T');
    assert_int_equal(row.created[19], 'Z');
    assert_int_equal(ohm_store_study_text(store, id, "chip_text", &text, &f->err), OHM_OK);
    assert_string_equal(ohm_str_text(&text), "cores: 64\n");
    assert_int_equal(ohm_store_study_text(store, id, "name; DROP", &text, &f->err), OHM_ENOTFOUND);
    assert_int_equal(ohm_store_set_study(store, id, "asleep", 1, 1, &f->err), OHM_ERANGE);
    assert_int_equal(ohm_store_set_study(store, 77, "done", 1, 1, &f->err), OHM_ENOTFOUND);
    ohm_str_release(&text);
    ohm_store_close(store);
}

static void a_taken_name_and_bad_names_are_refused(void **state)
{
    static const char *const dup[] = {"a", "A"}, *const fixed_name[] = {"net", "b"}, *const odd[] = {"a b", "c"};
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    struct ohm_study_spec spec = fixture_spec("one");
    char long_name[200];
    int64_t id = 0;

    fixture_study(f, store, "one");
    assert_int_equal(ohm_store_add_study(store, &id, &spec, &f->err), OHM_EBUSY);
    assert_non_null(strstr(f->err.text, "\"one\""));
    spec.name = "ONE";
    assert_int_equal(ohm_store_add_study(store, &id, &spec, &f->err), OHM_EBUSY);
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    spec.name = long_name;
    assert_int_equal(ohm_store_add_study(store, &id, &spec, &f->err), OHM_ECONFIG);
    spec.name = "#3";
    assert_int_equal(ohm_store_add_study(store, &id, &spec, &f->err), OHM_ECONFIG);
    spec.name = "a\nb";
    assert_int_equal(ohm_store_add_study(store, &id, &spec, &f->err), OHM_ECONFIG);
    spec.name = "two";
    spec.metric_count = 2;
    spec.metrics = dup;
    assert_int_equal(ohm_store_add_study(store, &id, &spec, &f->err), OHM_ECONFIG);
    spec.metrics = fixed_name;
    assert_int_equal(ohm_store_add_study(store, &id, &spec, &f->err), OHM_ECONFIG);
    spec.metrics = odd;
    assert_int_equal(ohm_store_add_study(store, &id, &spec, &f->err), OHM_ECONFIG);
    assert_int_equal(id, 0);
    ohm_store_close(store);
}

static void numbers_have_no_gaps_and_a_refused_commit_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 10);
    struct ohm_store *store = fixture_open(f, OHM_STORE_WRITE);
    struct ohm_trial two[2] = {fixture_trial(10), fixture_trial(12)};
    struct ohm_study_row row;

    assert_int_equal(ohm_store_commit(store, id, two, 2, NULL, &f->err), OHM_ERANGE);
    two[1] = fixture_trial(9);
    assert_int_equal(ohm_store_commit(store, id, two, 2, NULL, &f->err), OHM_ERANGE);
    two[1] = fixture_trial(11);
    two[1].state = "sleepy";
    assert_int_equal(ohm_store_commit(store, id, two, 2, NULL, &f->err), OHM_ERANGE);
    assert_int_equal(ohm_store_find_study(store, "first", &row, &f->err), OHM_OK);
    assert_int_equal(row.trials, 10);
    assert_int_equal(fixture_commit(store, id, 10, 2, &f->err), OHM_OK);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    assert_int_equal(ohm_store_commit(store, 5, two, 1, NULL, &f->err), OHM_ENOTFOUND);
    ohm_store_close(store);
}

static enum ohm_status count_generation(void *context, const struct ohm_generation_row *g, struct ohm_error *err)
{
    int *count = context;

    (void)err;
    assert_int_equal(g->number, *count);
    assert_int_equal(g->trials, 10 * (*count + 1));
    assert_true(*count == 0 ? isnan(g->hypervolume) : g->hypervolume == 0.5);
    ++*count;
    return OHM_OK;
}

static void generations_come_back_and_the_last_word_counts(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    const int64_t id = fixture_study(f, store, "first");
    struct ohm_generation_row g = {.number = 0, .trials = 4, .hypervolume = NAN, .best = 60, .time_s = 1};
    int count = 0;

    assert_int_equal(fixture_commit(store, id, 0, 20, &f->err), OHM_OK);
    assert_int_equal(ohm_store_commit(store, id, NULL, 0, &g, &f->err), OHM_OK);
    g.trials = 10;
    assert_int_equal(ohm_store_commit(store, id, NULL, 0, &g, &f->err), OHM_OK);
    g = (struct ohm_generation_row){.number = 1, .trials = 20, .hypervolume = 0.5, .best = 61, .time_s = 2};
    assert_int_equal(ohm_store_commit(store, id, NULL, 0, &g, &f->err), OHM_OK);
    assert_int_equal(ohm_store_each_generation(store, id, count_generation, &count, &f->err), OHM_OK);
    assert_int_equal(count, 2);
    ohm_store_close(store);
}

static void a_trial_is_found_by_content_id_or_number(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 2000);
    struct ohm_store *store = fixture_open(f, OHM_STORE_READ);
    int64_t study = 0, number = 0;
    char text[40];

    for (int64_t i = 0; i < 2000; i += 333) {
        snprintf(text, sizeof text, "n:%012llx", (unsigned long long)(fixture_net_id(i) >> 16));
        assert_int_equal(ohm_store_find_trial(store, -1, text, &study, &number, &f->err), OHM_OK);
        assert_int_equal(study, id);
        assert_int_equal(number, i);
        text[10] = '\0'; /* 8 digits still name one of 2000 */
        assert_int_equal(ohm_store_find_trial(store, id, text, &study, &number, &f->err), OHM_OK);
        assert_int_equal(number, i);
    }
    text[3] = '\0';
    assert_int_equal(ohm_store_find_trial(store, id, text, &study, &number, &f->err), OHM_ECONFIG);
    assert_non_null(strstr(f->err.text, "fits"));
    assert_int_equal(ohm_store_find_trial(store, id, "#17", &study, &number, &f->err), OHM_OK);
    assert_int_equal(number, 17);
    assert_int_equal(ohm_store_find_trial(store, -1, "1999", &study, &number, &f->err), OHM_OK);
    assert_int_equal(number, 1999);
    assert_int_equal(ohm_store_find_trial(store, id, "#2000", &study, &number, &f->err), OHM_ENOTFOUND);
    assert_non_null(strstr(f->err.text, "2000"));
    assert_int_equal(ohm_store_find_trial(store, id, "n:", &study, &number, &f->err), OHM_ECONFIG);
    assert_int_equal(ohm_store_find_trial(store, id, "n:xyz", &study, &number, &f->err), OHM_ECONFIG);
    assert_int_equal(ohm_store_find_trial(store, id, "n:00000000000000000", &study, &number, &f->err), OHM_ECONFIG);
    assert_int_equal(ohm_store_find_trial(store, id, "n:000000000000", &study, &number, &f->err), OHM_ENOTFOUND);
    assert_int_equal(ohm_store_find_trial(store, id, "seventeen", &study, &number, &f->err), OHM_ECONFIG);
    assert_int_equal(ohm_store_find_trial(store, INT64_MAX, "#1", &study, &number, &f->err), OHM_ENOTFOUND);
    ohm_store_close(store);
}

static void two_handles_may_write_the_same_study_in_turn(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 0);
    struct ohm_store *a = fixture_open(f, OHM_STORE_WRITE), *b = fixture_open(f, OHM_STORE_WRITE);
    int64_t next = 0;

    for (int i = 0; i < 10; i++)
        assert_int_equal(fixture_commit(i % 2 ? a : b, id, i * 7, 7, &f->err), OHM_OK);
    assert_int_equal(ohm_store_each_trial(a, id, 0, equals_fixture, &next, &f->err), OHM_OK);
    assert_int_equal(next, 70);
    assert_int_equal(ohm_store_check(b, &f->err), OHM_OK);
    ohm_store_close(a);
    ohm_store_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(trials_come_back_bit_for_bit_in_order),
        fixture_test(a_walk_ends_where_its_callback_says),
        fixture_test(two_studies_have_their_own_metrics_and_views),
        fixture_test(a_study_is_found_by_name_prefix_number_or_as_the_newest),
        fixture_test(a_study_row_tells_what_was_given_and_counted),
        fixture_test(a_taken_name_and_bad_names_are_refused),
        fixture_test(numbers_have_no_gaps_and_a_refused_commit_leaves_nothing),
        fixture_test(generations_come_back_and_the_last_word_counts),
        fixture_test(a_trial_is_found_by_content_id_or_number),
        fixture_test(two_handles_may_write_the_same_study_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
