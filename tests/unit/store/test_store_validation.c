/* Validations: one row each with every single read, however often they were killed; draws are whole or not there. */
#include "store_fixture.h"
#include "store_int.h"

#include "ohm/training.h"
#include "ohm/validation.h"

#include <sys/wait.h>

enum { TIMES = 2, READS = 2, EACH = TIMES * READS };

static const char *const times[] = {"0", "1d"};
static const double t_s[] = {0, 86400};

static struct ohm_validation_spec spec_of(uint64_t fingerprint)
{
    return (struct ohm_validation_spec){
        .fingerprint = fingerprint,
        .network = "resnet8",
        .network_hash = "00000000000000aa",
        .network_text = "network: resnet8\n",
        .study = -1,
        .trial = -1,
        .weights = "w.st",
        .weights_hash = "cc",
        .task = "cifar10",
        .data = "synthetic:64",
        .data_hash = "00000000000000bb",
        .split = "test",
        .device = "pcm",
        .settings = "{\"tile\": {}}",
        .time = times,
        .t_s = t_s,
        .times = TIMES,
        .seed = 7,
        .draws = 4,
        .reads = READS,
        .samples = 64,
        .program = "ohmnas test",
    };
}

static const struct ohm_validation_total total = {84.5, 84, 85, NAN, 3};

static void fill_draw(struct ohm_validation_read read[EACH], int64_t draw)
{
    for (int i = 0; i < EACH; i++)
        read[i] = (struct ohm_validation_read){.draw = draw,
                                               .place = i / READS,
                                               .read = i % READS + 1,
                                               .top1 = 80 + (double)draw - 2 * (i / READS),
                                               .dw = 0.01,
                                               .alpha = 1.5};
}

static int64_t begin(struct fixture *f, struct ohm_store *store, uint64_t fingerprint, int64_t expected_done)
{
    const struct ohm_validation_spec spec = spec_of(fingerprint);
    int64_t id = 0, done = -1;

    if (ohm_store_begin_validation(store, &id, &done, &spec, &f->err) != OHM_OK)
        fail_msg("begin: %s", f->err.text);
    assert_int_equal(done, expected_done);
    return id;
}

static void add(struct fixture *f, struct ohm_store *store, int64_t id, int64_t draw)
{
    struct ohm_validation_read read[EACH];

    fill_draw(read, draw);
    if (ohm_store_add_draw(store, id, &total, read, EACH, 2, &f->err) != OHM_OK)
        fail_msg("draw: %s", f->err.text);
}

static void end(struct fixture *f, struct ohm_store *store, int64_t id, const char *state)
{
    if (ohm_store_end_validation(store, id, state, NULL, &total, NULL, 0, &f->err) != OHM_OK)
        fail_msg("end: %s", f->err.text);
}

static struct ohm_validation_row row_of(struct fixture *f, struct ohm_store *store, const char *name)
{
    struct ohm_validation_row row;

    if (ohm_store_find_validation(store, name, &row, &f->err) != OHM_OK)
        fail_msg("find: %s", f->err.text);
    return row;
}

struct notes {
    int times, reads;
    struct ohm_validation_read read[8 * EACH];
};

static enum ohm_status note_time(void *context, const char *time, double t, struct ohm_error *err)
{
    struct notes *n = context;

    (void)err;
    assert_string_equal(time, times[n->times]);
    assert_true(t == t_s[n->times]);
    n->times++;
    return OHM_OK;
}

static enum ohm_status note_read(void *context, const struct ohm_validation_read *read, struct ohm_error *err)
{
    struct notes *n = context;

    (void)err;
    assert_true(n->reads < 8 * EACH);
    n->read[n->reads++] = *read;
    return OHM_OK;
}

static struct notes notes_of(struct fixture *f, struct ohm_store *store, int64_t id)
{
    struct notes n = {0};

    assert_int_equal(ohm_store_each_time(store, id, note_time, &n, &f->err), OHM_OK);
    assert_int_equal(ohm_store_each_read(store, id, note_read, &n, &f->err), OHM_OK);
    return n;
}

static void a_validation_comes_back_with_every_read(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    const int64_t id = begin(f, store, UINT64_MAX, 0);
    struct ohm_validation_row row = row_of(f, store, "v:1");
    struct ohm_validation_read want[EACH];
    struct ohm_str text = {0};
    struct notes n;

    assert_string_equal(row.state, "running");
    assert_true(row.done == 0 && isnan(row.total.digital) && isnan(row.last_top1) && row.training == -1);
    add(f, store, id, 1);
    add(f, store, id, 2);
    end(f, store, id, "done");
    ohm_store_close(store);

    store = fixture_open(f, OHM_STORE_READ);
    row = row_of(f, store, "v:1");
    assert_string_equal(row.state, "done");
    assert_string_equal(row.network, "resnet8");
    assert_string_equal(row.device, "pcm");
    assert_string_equal(row.chip, "");
    assert_true(row.study == -1 && row.trial == -1 && row.seed == 7 && row.samples == 64 && row.reads == READS);
    assert_true(row.times == TIMES && row.draws == 4 && row.done == 2 && row.time_s == 4 && row.width == 0);
    assert_true(row.total.digital == 84.5 && row.total.digital_high == 85 && isnan(row.total.avm) &&
                row.total.calibrated == 3);
    assert_string_equal(row.last_time, "1d");
    assert_true(row.last_top1 == 79.5);
    n = notes_of(f, store, id);
    assert_int_equal(n.times, TIMES);
    assert_int_equal(n.reads, 2 * EACH);
    for (int draw = 1; draw <= 2; draw++) {
        fill_draw(want, draw);
        assert_memory_equal(n.read + (draw - 1) * EACH, want, sizeof want);
    }
    assert_int_equal(ohm_store_validation_text(store, id, "settings", &text, &f->err), OHM_OK);
    assert_string_equal(ohm_str_text(&text), "{\"tile\": {}}");
    assert_int_equal(ohm_store_validation_text(store, id, "lease_pid", &text, &f->err), OHM_ENOTFOUND);
    assert_int_equal(ohm_store_validation_text(store, 9, "settings", &text, &f->err), OHM_ENOTFOUND);
    ohm_str_release(&text);
    ohm_store_close(store);
}

static enum ohm_status note_cells(void *context, int columns, const char *const *name, const char *const *cell,
                                  const bool *is_number, struct ohm_error *err)
{
    struct ohm_str *s = context;

    (void)name;
    (void)is_number;
    (void)err;
    for (int i = 0; i < columns; i++)
        ohm_str_printf(s, "%s%s", i ? "," : "", cell[i] ? cell[i] : "-");
    ohm_str_append(s, ";");
    return OHM_OK;
}

static void the_views_say_what_the_reads_say(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    const int64_t id = begin(f, store, 1, 0);
    struct ohm_str s = {0};

    add(f, store, id, 1);
    add(f, store, id, 2);
    assert_int_equal(
        ohm_store_sql(store, "SELECT state, done, draws, digital, time_s FROM validations", note_cells, &s, &f->err),
        OHM_OK);
    assert_string_equal(ohm_str_text(&s), "running,2,4,84.5,4;");
    ohm_str_clear(&s);
    assert_int_equal(ohm_store_sql(store,
                                   "SELECT time, t_s, draws, top1, least, most, \"drop\", alpha FROM validation_times",
                                   note_cells, &s, &f->err),
                     OHM_OK);
    assert_string_equal(ohm_str_text(&s), "0,0,2,81.5,81,82,3,1.5;1d,86400,2,79.5,79,80,5,1.5;");
    ohm_str_release(&s);
    ohm_store_close(store);
}

static bool begin_and_draw(struct fixture *f)
{
    const struct ohm_validation_spec spec = spec_of(5);
    struct ohm_validation_read read[EACH];
    struct ohm_store *store = NULL;
    int64_t id, done;

    fill_draw(read, 1);
    return ohm_store_open(&store, f->path, OHM_STORE_CREATE, NULL) == OHM_OK &&
           ohm_store_begin_validation(store, &id, &done, &spec, NULL) == OHM_OK &&
           ohm_store_add_draw(store, id, &total, read, EACH, 1, NULL) == OHM_OK;
}

static void a_killed_validation_is_interrupted_and_goes_on_with_its_draws(void **state)
{
    struct fixture *f = *state;
    const pid_t pid = fixture_child(f, begin_and_draw);
    struct ohm_store *store = fixture_open(f, OHM_STORE_WRITE);
    const struct ohm_validation_spec spec = spec_of(5);
    struct ohm_validation_read whole[3 * EACH];
    struct notes n;
    int64_t id = 0, done = 0;

    assert_string_equal(row_of(f, store, "v:1").state, "running");
    assert_int_equal(ohm_store_begin_validation(store, &id, &done, &spec, &f->err), OHM_EBUSY);
    assert_non_null(strstr(f->err.text, "v:1 is running in process"));
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_string_equal(row_of(f, store, "v:1").state, "interrupted");
    assert_int_equal(begin(f, store, 5, 1), 1);
    assert_string_equal(row_of(f, store, "v:1").state, "running");
    add(f, store, 1, 3); /* the log was locked when draw 2 came */
    assert_int_equal(begin(f, store, 5, 1), 1);
    for (int i = 0; i < 3; i++)
        fill_draw(whole + i * EACH, i + 1);
    assert_int_equal(ohm_store_end_validation(store, 1, "done", NULL, &total, whole, 3 * EACH, &f->err), OHM_OK);
    n = notes_of(f, store, 1);
    assert_int_equal(n.reads, 3 * EACH);
    assert_memory_equal(n.read, whole, sizeof whole);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    ohm_store_close(store);
}

static void what_is_done_is_never_changed_and_can_be_found(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    struct ohm_str reason = {0};
    int64_t id = -1;

    assert_int_equal(begin(f, store, 5, 0), 1);
    add(f, store, 1, 1);
    assert_int_equal(ohm_store_end_validation(store, 1, "stopped", "by a signal", NULL, NULL, 0, &f->err), OHM_OK);
    assert_true(row_of(f, store, "v:1").total.digital == 84.5);
    assert_int_equal(ohm_store_validation_text(store, 1, "reason", &reason, &f->err), OHM_OK);
    assert_string_equal(ohm_str_text(&reason), "by a signal");
    assert_int_equal(begin(f, store, 6, 0), 2);
    assert_int_equal(ohm_store_find_measured(store, 5, "ohmnas test", &id, &f->err), OHM_OK);
    assert_int_equal(id, -1);
    assert_int_equal(begin(f, store, 5, 1), 1);
    end(f, store, 1, "done");
    assert_int_equal(begin(f, store, 5, 0), 3);
    assert_int_equal(ohm_store_find_measured(store, 5, "ohmnas test", &id, &f->err), OHM_OK);
    assert_int_equal(id, 1);
    assert_int_equal(ohm_store_find_measured(store, 5, "ohmnas other", &id, &f->err), OHM_OK);
    assert_int_equal(id, 1);
    assert_int_equal(ohm_store_end_validation(store, 3, "paused", NULL, NULL, NULL, 0, &f->err), OHM_ERANGE);
    assert_int_equal(ohm_store_end_validation(store, 9, "done", NULL, NULL, NULL, 0, &f->err), OHM_ENOTFOUND);
    ohm_str_release(&reason);
    ohm_store_close(store);
}

/* The hash of the weights' bytes tells which training they are of, whatever the file is called. */
static void a_validation_knows_the_training_of_its_weights(void **state)
{
    struct fixture *f = *state;
    struct ohm_training_spec spec = {.network = "n", .network_hash = "00000000000000aa", .study = -1, .trial = -1};
    struct ohm_store *store;
    struct ohm_study_row study;
    int64_t id;

    fixture_file(f, 20);
    store = fixture_open(f, OHM_STORE_WRITE);
    assert_int_equal(ohm_store_find_study(store, "first", &study, &f->err), OHM_OK);
    spec.study = study.id;
    spec.trial = 17;
    for (int i = 1; i <= 3; i++) { /* of other weights, of these, not done */
        assert_int_equal(ohm_store_begin_training(store, &id, &spec, false, &f->err), OHM_OK);
        assert_int_equal(
            ohm_store_end_training(store, id, i == 3 ? "failed" : "done", NULL, i == 1 ? "dd" : "cc", NULL, 0, &f->err),
            OHM_OK);
    }
    assert_int_equal(begin(f, store, 1, 0), 1);
    assert_true(row_of(f, store, "v:1").training == 2 && row_of(f, store, "v:1").trial == 17);
    assert_int_equal(row_of(f, store, "v:1").study, study.id);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    ohm_store_close(store);
}

static void what_is_no_validation_is_told(void **state)
{
    static const char *const bad[] = {"v:", "v:x", "v:0", "v:-1", "1", "v:99999999999999999999", "t:1"};
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    struct ohm_validation_row row;
    struct ohm_validation_read read[EACH];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(ohm_store_find_validation(store, bad[i], &row, &f->err), OHM_ECONFIG);
    assert_int_equal(ohm_store_find_validation(store, "v:1", &row, &f->err), OHM_ENOTFOUND);
    fill_draw(read, 1);
    assert_int_equal(ohm_store_add_draw(store, 1, &total, read, EACH, 1, &f->err), OHM_ENOTFOUND);
    ohm_store_close(store);
}

static void run_sql(struct ohm_store *store, const char *sql)
{
    struct ohm_error err = {0};

    if (ohm_db_exec(store, sql, "test", &err) != OHM_OK)
        fail_msg("%s", err.text);
}

static enum ohm_status count(void *context, const struct ohm_validation_row *row, struct ohm_error *err)
{
    (void)row;
    (void)err;
    ++*(int *)context;
    return OHM_OK;
}

/* A log as version 2 wrote it: trainings with their curves, but no validations. */
static void a_log_of_version_2_is_read_as_it_is_and_upgraded_without_a_loss(void **state)
{
    struct fixture *f = *state;
    struct ohm_training_spec training = {.network = "n", .study = -1, .trial = -1, .epochs = 1};
    const struct ohm_epoch_row epoch = {.number = 1, .loss = 2, .top1 = 30, .val_top1 = 40, .lr = 0.1, .time_s = 5};
    struct ohm_store *store;
    struct ohm_study_row study;
    struct ohm_training_row trained;
    struct ohm_validation_row row;
    struct fixture_rows rows = {0};
    int64_t id;
    int n = 0, from = 0, to = 0;

    fixture_file(f, 100);
    store = fixture_open(f, OHM_STORE_WRITE);
    assert_int_equal(ohm_store_begin_training(store, &id, &training, false, &f->err), OHM_OK);
    assert_int_equal(ohm_store_add_epoch(store, id, &epoch, &f->err), OHM_OK);
    run_sql(store, "DROP VIEW validation_times; DROP VIEW validations; DROP TABLE validation_read; "
                   "DROP TABLE validation_time; DROP TABLE validation; PRAGMA user_version = 2");
    ohm_store_close(store);

    store = fixture_open(f, OHM_STORE_READ);
    assert_int_equal(ohm_store_each_validation(store, count, &n, &f->err), OHM_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ohm_store_find_validation(store, "v:1", &row, &f->err), OHM_ENOTFOUND);
    assert_int_equal(ohm_store_each_read(store, 1, note_read, NULL, &f->err), OHM_OK);
    assert_int_equal(ohm_store_find_measured(store, 1, "x", &id, &f->err), OHM_OK);
    assert_int_equal(ohm_store_find_training(store, "t:1", &trained, &f->err), OHM_OK);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    ohm_store_close(store);

    assert_int_equal(ohm_store_upgrade(f->path, &from, &to, &f->err), OHM_OK);
    assert_true(from == 2 && to == 3);
    store = fixture_open(f, OHM_STORE_WRITE);
    assert_int_equal(begin(f, store, 1, 0), 1);
    assert_int_equal(ohm_store_each_validation(store, count, &n, &f->err), OHM_OK);
    assert_int_equal(n, 1);
    assert_int_equal(ohm_store_find_training(store, "t:1", &trained, &f->err), OHM_OK);
    assert_true(trained.done == 1 && memcmp(&trained.last, &epoch, sizeof epoch) == 0);
    assert_int_equal(ohm_store_find_study(store, "first", &study, &f->err), OHM_OK);
    assert_int_equal(ohm_store_each_trial(store, study.id, 0, fixture_note, &rows, &f->err), OHM_OK);
    assert_int_equal(rows.count, 100);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    ohm_store_close(store);
}

static void the_check_finds_half_draws_and_gaps(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    const int64_t id = begin(f, store, 1, 0);

    add(f, store, id, 1);
    add(f, store, id, 3);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    end(f, store, id, "done");
    assert_int_equal(ohm_store_check(store, &f->err), OHM_EDATA);
    assert_non_null(strstr(f->err.text, "v:1 is done, and its draws have gaps"));
    run_sql(store, "DELETE FROM validation_read WHERE draw = 3 OR (place = 1 AND read = 2)");
    assert_int_equal(ohm_store_check(store, &f->err), OHM_EDATA);
    assert_non_null(strstr(f->err.text, "in draw 1: 3 reads of 4"));
    run_sql(store, "PRAGMA foreign_keys = OFF; UPDATE validation_read SET validation = 7");
    assert_int_equal(ohm_store_check(store, &f->err), OHM_EDATA);
    assert_non_null(strstr(f->err.text, "validation v:7, which does not exist"));
    run_sql(store, "DELETE FROM validation_read; UPDATE validation SET training = 5");
    assert_int_equal(ohm_store_check(store, &f->err), OHM_EDATA);
    assert_non_null(strstr(f->err.text, "training t:5, which does not exist"));
    ohm_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_validation_comes_back_with_every_read),
        fixture_test(the_views_say_what_the_reads_say),
        fixture_test(a_killed_validation_is_interrupted_and_goes_on_with_its_draws),
        fixture_test(what_is_done_is_never_changed_and_can_be_found),
        fixture_test(a_validation_knows_the_training_of_its_weights),
        fixture_test(what_is_no_validation_is_told),
        fixture_test(a_log_of_version_2_is_read_as_it_is_and_upgraded_without_a_loss),
        fixture_test(the_check_finds_half_draws_and_gaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
