/* Trainings: one row each with its whole curve, however often they were killed. */
#include "store_fixture.h"
#include "store_int.h"

#include "ohm/training.h"

#include <sys/wait.h>

static struct ohm_training_spec spec_of(uint64_t fingerprint, const char *weights)
{
    return (struct ohm_training_spec){
        .fingerprint = fingerprint,
        .network = "resnet8",
        .network_hash = "00000000000000aa",
        .network_text = "network: resnet8\n",
        .study = -1,
        .trial = -1,
        .task = "cifar10",
        .data = "synthetic:64",
        .data_hash = "00000000000000bb",
        .split = "train",
        .folds = 4,
        .fold = 1,
        .seed = 7,
        .samples = 48,
        .val_samples = 16,
        .recipe = "epochs=3 lr=0.1",
        .epochs = 3,
        .weights = weights,
        .program = "ohmnas test",
    };
}

static struct ohm_epoch_row epoch_of(int64_t number)
{
    return (struct ohm_epoch_row){.number = number,
                                  .loss = 3.0 / (double)number,
                                  .top1 = 10 * (double)number + 0.1,
                                  .val_loss = 4.0 / (double)number,
                                  .val_top1 = number == 2 ? 60 : 50,
                                  .lr = 0.1,
                                  .time_s = 2};
}

static int64_t begin(struct fixture *f, struct ohm_store *store, uint64_t fingerprint, const char *weights, bool resume)
{
    const struct ohm_training_spec spec = spec_of(fingerprint, weights);
    int64_t id = 0;

    if (ohm_store_begin_training(store, &id, &spec, resume, &f->err) != OHM_OK)
        fail_msg("begin: %s", f->err.text);
    return id;
}

static void add(struct fixture *f, struct ohm_store *store, int64_t id, int64_t number)
{
    const struct ohm_epoch_row epoch = epoch_of(number);

    if (ohm_store_add_epoch(store, id, &epoch, &f->err) != OHM_OK)
        fail_msg("epoch: %s", f->err.text);
}

static struct ohm_training_row row_of(struct fixture *f, struct ohm_store *store, const char *name)
{
    struct ohm_training_row row;

    if (ohm_store_find_training(store, name, &row, &f->err) != OHM_OK)
        fail_msg("find: %s", f->err.text);
    return row;
}

struct curve {
    int count;
    struct ohm_epoch_row row[8];
};

static enum ohm_status note(void *context, const struct ohm_epoch_row *row, struct ohm_error *err)
{
    struct curve *c = context;

    (void)err;
    assert_true(c->count < 8);
    c->row[c->count++] = *row;
    return OHM_OK;
}

static void a_training_comes_back_with_its_curve(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    const int64_t id = begin(f, store, UINT64_MAX, "w.st", false);
    struct ohm_training_row row = row_of(f, store, "t:1");
    struct ohm_str text = {0};
    struct curve curve = {0};

    assert_string_equal(row.state, "running");
    assert_true(row.done == 0 && row.last.number == 0 && row.best.number == 0 && row.time_s == 0);
    for (int i = 1; i <= 3; i++)
        add(f, store, id, i);
    assert_int_equal(ohm_store_end_training(store, id, "done", NULL, "cc", NULL, 0, &f->err), OHM_OK);
    ohm_store_close(store);

    store = fixture_open(f, OHM_STORE_READ);
    row = row_of(f, store, "t:1");
    assert_string_equal(row.state, "done");
    assert_string_equal(row.network, "resnet8");
    assert_string_equal(row.task, "cifar10");
    assert_string_equal(row.weights_hash, "cc");
    assert_string_equal(row.program, "ohmnas test");
    assert_true(row.id == 1 && row.study == -1 && row.trial == -1 && row.folds == 4 && row.fold == 1 && row.seed == 7);
    assert_true(row.samples == 48 && row.val_samples == 16 && row.epochs == 3 && row.done == 3 && !row.analog);
    assert_true(row.last.number == 3 && row.last.val_top1 == 50 && row.best.number == 2 && row.best.val_top1 == 60);
    assert_true(row.time_s == 6);
    assert_int_equal(ohm_store_training_text(store, id, "network_text", &text, &f->err), OHM_OK);
    assert_string_equal(ohm_str_text(&text), "network: resnet8\n");
    ohm_str_clear(&text);
    assert_int_equal(ohm_store_training_text(store, id, "analog", &text, &f->err), OHM_OK);
    assert_string_equal(ohm_str_text(&text), "");
    assert_int_equal(ohm_store_training_text(store, id, "lease_pid", &text, &f->err), OHM_ENOTFOUND);
    assert_int_equal(ohm_store_each_epoch(store, id, note, &curve, &f->err), OHM_OK);
    assert_int_equal(curve.count, 3);
    for (int i = 0; i < 3; i++) {
        const struct ohm_epoch_row want = epoch_of(i + 1);

        assert_memory_equal(&curve.row[i], &want, sizeof want);
    }
    ohm_str_release(&text);
    ohm_store_close(store);
}

static bool begin_and_train(struct fixture *f)
{
    const struct ohm_training_spec spec = spec_of(5, "w.st");
    const struct ohm_epoch_row epoch = epoch_of(1);
    struct ohm_store *store = NULL;
    int64_t id;

    return ohm_store_open(&store, f->path, OHM_STORE_CREATE, NULL) == OHM_OK &&
           ohm_store_begin_training(store, &id, &spec, true, NULL) == OHM_OK &&
           ohm_store_add_epoch(store, id, &epoch, NULL) == OHM_OK;
}

static void a_killed_training_is_interrupted_and_goes_on_in_its_own_row(void **state)
{
    struct fixture *f = *state;
    const pid_t pid = fixture_child(f, begin_and_train);
    struct ohm_store *store = fixture_open(f, OHM_STORE_WRITE);
    const struct ohm_training_spec spec = spec_of(5, "w.st");
    struct ohm_epoch_row whole[3];
    struct curve curve = {0};
    int64_t id = 0;

    assert_string_equal(row_of(f, store, "t:1").state, "running");
    assert_int_equal(ohm_store_begin_training(store, &id, &spec, true, &f->err), OHM_EBUSY);
    assert_non_null(strstr(f->err.text, "t:1 is running"));
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_string_equal(row_of(f, store, "t:1").state, "interrupted");
    assert_int_equal(begin(f, store, 5, "w.st", true), 1);
    assert_string_equal(row_of(f, store, "t:1").state, "running");
    add(f, store, 1, 3); /* epoch 2 was in the checkpoint, and killed before its row */
    for (int i = 0; i < 3; i++) {
        whole[i] = epoch_of(i + 1);
        whole[i].time_s = NAN;
    }
    assert_int_equal(ohm_store_end_training(store, 1, "done", NULL, "cc", whole, 3, &f->err), OHM_OK);
    assert_int_equal(ohm_store_each_epoch(store, 1, note, &curve, &f->err), OHM_OK);
    assert_int_equal(curve.count, 3);
    assert_true(curve.row[0].time_s == 2 && isnan(curve.row[1].time_s) && curve.row[1].val_top1 == 60);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    ohm_store_close(store);
}

static void only_an_unfinished_run_of_the_same_fingerprint_goes_on(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    struct ohm_str reason = {0};

    assert_int_equal(begin(f, store, 5, "a.st", false), 1);
    assert_int_equal(begin(f, store, 5, "b.st", false), 2);
    assert_int_equal(ohm_store_end_training(store, 1, "stopped", "stopped in epoch 1", NULL, NULL, 0, &f->err), OHM_OK);
    assert_int_equal(ohm_store_end_training(store, 2, "failed", "loss", NULL, NULL, 0, &f->err), OHM_OK);
    assert_int_equal(ohm_store_training_text(store, 2, "reason", &reason, &f->err), OHM_OK);
    assert_string_equal(ohm_str_text(&reason), "loss");
    assert_int_equal(begin(f, store, 6, "a.st", true), 3);
    assert_int_equal(begin(f, store, 5, "a.st", true), 1); /* the same file before a newer row */
    assert_int_equal(begin(f, store, 5, "c.st", true), 2);
    assert_int_equal(ohm_store_end_training(store, 1, "done", NULL, "x", NULL, 0, &f->err), OHM_OK);
    assert_int_equal(ohm_store_end_training(store, 2, "done", NULL, "x", NULL, 0, &f->err), OHM_OK);
    assert_int_equal(begin(f, store, 5, "a.st", true), 4);
    assert_int_equal(begin(f, store, 5, "a.st", false), 5);
    assert_int_equal(ohm_store_end_training(store, 5, "paused", NULL, NULL, NULL, 0, &f->err), OHM_ERANGE);
    assert_int_equal(ohm_store_end_training(store, 9, "done", NULL, NULL, NULL, 0, &f->err), OHM_ENOTFOUND);
    ohm_str_release(&reason);
    ohm_store_close(store);
}

static void what_is_no_training_is_told(void **state)
{
    static const char *const bad[] = {"t:", "t:x", "t:0", "t:-1", "1", "t:99999999999999999999"};
    const struct ohm_epoch_row zero = epoch_of(0), one = epoch_of(1);
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    struct ohm_training_row row;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(ohm_store_find_training(store, bad[i], &row, &f->err), OHM_ECONFIG);
    assert_int_equal(ohm_store_find_training(store, "t:1", &row, &f->err), OHM_ENOTFOUND);
    assert_int_equal(ohm_store_add_epoch(store, 1, &one, &f->err), OHM_ENOTFOUND);
    assert_int_equal(begin(f, store, 1, NULL, false), 1);
    assert_int_equal(ohm_store_add_epoch(store, 1, &zero, &f->err), OHM_ERANGE);
    ohm_store_close(store);
}

static enum ohm_status count(void *context, const struct ohm_training_row *row, struct ohm_error *err)
{
    (void)row;
    (void)err;
    ++*(int *)context;
    return OHM_OK;
}

static void run_sql(struct ohm_store *store, const char *sql)
{
    struct ohm_error err = {0};

    if (ohm_db_exec(store, sql, "test", &err) != OHM_OK)
        fail_msg("%s", err.text);
}

/* A log as version 1 wrote it: without the tables of trainings. */
static void a_log_of_version_1_is_read_as_it_is_and_upgraded_by_writing(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store;
    struct ohm_study_row study;
    struct ohm_training_row row;
    struct fixture_rows rows = {0};
    int n = 0, from = 0, to = 0;

    fixture_file(f, 100);
    store = fixture_open(f, OHM_STORE_WRITE);
    run_sql(store, "DROP VIEW validation_times; DROP VIEW validations; DROP TABLE validation_read; "
                   "DROP TABLE validation_time; DROP TABLE validation; "
                   "DROP VIEW trainings; DROP TABLE epoch; DROP TABLE training; PRAGMA user_version = 1");
    ohm_store_close(store);

    store = fixture_open(f, OHM_STORE_READ);
    assert_int_equal(ohm_store_find_study(store, "first", &study, &f->err), OHM_OK);
    assert_int_equal(ohm_store_each_trial(store, study.id, 0, fixture_note, &rows, &f->err), OHM_OK);
    assert_int_equal(rows.count, 100);
    assert_int_equal(ohm_store_each_training(store, count, &n, &f->err), OHM_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ohm_store_find_training(store, "t:1", &row, &f->err), OHM_ENOTFOUND);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    ohm_store_close(store);

    assert_int_equal(ohm_store_upgrade(f->path, &from, &to, &f->err), OHM_OK);
    assert_true(from == 1 && to == 3);
    store = fixture_open(f, OHM_STORE_WRITE);
    assert_int_equal(begin(f, store, 1, "w.st", false), 1);
    assert_int_equal(ohm_store_each_training(store, count, &n, &f->err), OHM_OK);
    assert_int_equal(n, 1);
    rows = (struct fixture_rows){0};
    assert_int_equal(ohm_store_each_trial(store, study.id, 0, fixture_note, &rows, &f->err), OHM_OK);
    assert_int_equal(rows.count, 100);
    ohm_store_close(store);
}

static void the_check_finds_curves_with_gaps_and_without_a_training(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    const int64_t id = begin(f, store, 1, "w.st", false);

    add(f, store, id, 1);
    add(f, store, id, 3);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK); /* while it runs, a row may be late */
    assert_int_equal(ohm_store_end_training(store, id, "done", NULL, NULL, NULL, 0, &f->err), OHM_OK);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_EDATA);
    assert_non_null(strstr(f->err.text, "t:1 is done, and its curve has gaps"));
    run_sql(store, "PRAGMA foreign_keys = OFF; DELETE FROM epoch; INSERT INTO epoch(training, number) VALUES(7, 1)");
    assert_int_equal(ohm_store_check(store, &f->err), OHM_EDATA);
    assert_non_null(strstr(f->err.text, "training t:7, which does not exist"));
    ohm_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_training_comes_back_with_its_curve),
        fixture_test(a_killed_training_is_interrupted_and_goes_on_in_its_own_row),
        fixture_test(only_an_unfinished_run_of_the_same_fingerprint_goes_on),
        fixture_test(what_is_no_training_is_told),
        fixture_test(a_log_of_version_1_is_read_as_it_is_and_upgraded_by_writing),
        fixture_test(the_check_finds_curves_with_gaps_and_without_a_training),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
