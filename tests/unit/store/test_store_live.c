/* Several processes at one file: leases, kills, locks, readers beside a writer. */
#include "store_fixture.h"
#include "store_int.h"

#include <sys/wait.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int wait_for(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- leases ---- */

/* Of study 1, the only one. */
static bool hold_lease(struct fixture *f)
{
    struct ohm_store *store = NULL;

    return ohm_store_open(&store, f->path, OHM_STORE_WRITE, NULL) == OHM_OK &&
           ohm_store_lease(store, 1, NULL) == OHM_OK && ohm_store_set_study(store, 1, "running", 9, 1, NULL) == OHM_OK;
}

/* As where no one collects the children of a container's first process. */
static void a_process_that_ended_holds_nothing_before_it_is_waited_for(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 10);
    struct ohm_store *store = fixture_open(f, OHM_STORE_WRITE);
    const pid_t pid = fixture_child(f, hold_lease);
    siginfo_t info;

    assert_int_equal(ohm_store_lease(store, id, &f->err), OHM_EBUSY);
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(ohm_store_lease(store, id, &f->err), OHM_OK);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    ohm_store_close(store);
}

static void a_study_that_is_live_elsewhere_is_refused_until_its_process_is_gone(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 10);
    struct ohm_store *store = fixture_open(f, OHM_STORE_WRITE);
    const pid_t pid = fixture_child(f, hold_lease);
    struct ohm_study_row row;
    char number[32];

    assert_int_equal(ohm_store_lease(store, id, &f->err), OHM_EBUSY);
    snprintf(number, sizeof number, "process %d", (int)pid);
    assert_non_null(strstr(f->err.text, number));
    assert_non_null(strstr(f->err.text, "\"first\""));
    assert_int_equal(fixture_commit(store, id, 10, 1, &f->err), OHM_EBUSY);
    assert_int_equal(ohm_store_find_study(store, "first", &row, &f->err), OHM_OK);
    assert_string_equal(row.state, "running");
    kill(pid, SIGKILL);
    assert_int_equal(wait_for(pid), 128 + SIGKILL);
    assert_int_equal(ohm_store_find_study(store, "first", &row, &f->err), OHM_OK);
    assert_string_equal(row.state, "paused");
    assert_int_equal(ohm_store_lease(store, id, &f->err), OHM_OK);
    assert_int_equal(fixture_commit(store, id, 10, 1, &f->err), OHM_OK);
    ohm_store_close(store);
}

static void a_lease_is_taken_once_and_given_back(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 10);
    struct ohm_store *a = fixture_open(f, OHM_STORE_WRITE), *b = fixture_open(f, OHM_STORE_WRITE);

    assert_int_equal(ohm_store_lease(a, id, &f->err), OHM_OK);
    assert_int_equal(ohm_store_lease(a, id, &f->err), OHM_OK);
    assert_int_equal(ohm_store_lease(b, id, &f->err), OHM_EBUSY);
    assert_int_equal(ohm_store_unlease(b, id, &f->err), OHM_OK); /* not b's to give back */
    assert_int_equal(ohm_store_lease(b, id, &f->err), OHM_EBUSY);
    assert_int_equal(ohm_store_unlease(a, id, &f->err), OHM_OK);
    assert_int_equal(ohm_store_lease(b, id, &f->err), OHM_OK);
    ohm_store_close(b); /* gives it back */
    assert_int_equal(ohm_store_lease(a, id, &f->err), OHM_OK);
    assert_int_equal(ohm_store_lease(a, 99, &f->err), OHM_ENOTFOUND);
    ohm_store_close(a);
}

static void change_lease(struct ohm_store *store, const char *what)
{
    char sql[256];

    snprintf(sql, sizeof sql, "UPDATE study SET %s", what);
    assert_int_equal(ohm_db_exec(store, sql, "change the lease", NULL), OHM_OK);
}

static void a_process_with_a_reused_number_is_not_taken_for_the_holder(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 10);
    struct ohm_store *store = fixture_open(f, OHM_STORE_WRITE);
    const pid_t pid = fixture_child(f, hold_lease);

    assert_int_equal(ohm_store_lease(store, id, &f->err), OHM_EBUSY);
    change_lease(store, "lease_start = lease_start - 1"); /* the holder was started earlier than who has its number */
    assert_int_equal(ohm_store_lease(store, id, &f->err), OHM_OK);
    kill(pid, SIGKILL);
    wait_for(pid);
    ohm_store_close(store);
}

static void a_lease_of_another_machine_lives_as_long_as_it_is_renewed(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 10);
    struct ohm_store *a = fixture_open(f, OHM_STORE_WRITE), *b = fixture_open(f, OHM_STORE_WRITE);

    assert_int_equal(ohm_store_lease(a, id, &f->err), OHM_OK);
    change_lease(b, "lease_machine = 'another', lease_host = 'lab7', lease_time = lease_time - 200");
    assert_int_equal(ohm_store_lease(b, id, &f->err), OHM_EBUSY);
    assert_non_null(strstr(f->err.text, "lab7"));
    change_lease(b, "lease_time = lease_time - 200");
    assert_int_equal(fixture_commit(a, id, 10, 1, &f->err), OHM_OK); /* renews it */
    assert_int_equal(ohm_store_lease(b, id, &f->err), OHM_EBUSY);
    change_lease(b, "lease_time = lease_time - 301");
    assert_int_equal(ohm_store_lease(b, id, &f->err), OHM_OK);
    assert_int_equal(fixture_commit(a, id, 11, 1, &f->err), OHM_EBUSY); /* a was too slow: b has it now */
    assert_int_equal(fixture_commit(b, id, 11, 1, &f->err), OHM_OK);
    ohm_store_close(a);
    assert_int_equal(fixture_commit(b, id, 12, 1, &f->err), OHM_OK);
    ohm_store_close(b);
}

/* ---- locks ---- */

static void a_writer_that_waits_too_long_says_busy(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 10);
    struct ohm_store *a = fixture_open(f, OHM_STORE_WRITE), *b = fixture_open(f, OHM_STORE_WRITE);
    struct ohm_store *reader;
    double start;

    assert_int_equal(ohm_db_begin(a, &f->err), OHM_OK);
    ohm_store_set_timeout(b, 200);
    start = now_s();
    assert_int_equal(fixture_commit(b, id, 10, 1, &f->err), OHM_EBUSY);
    assert_true(now_s() - start > 0.15 && now_s() - start < 10);
    assert_non_null(strstr(f->err.text, "another process"));
    reader = fixture_open(f, OHM_STORE_READ); /* a reader does not mind */
    assert_int_equal(ohm_store_check(reader, &f->err), OHM_OK);
    ohm_store_close(reader);
    assert_int_equal(ohm_db_end(a, OHM_OK, "end", &f->err), OHM_OK);
    assert_int_equal(fixture_commit(b, id, 10, 1, &f->err), OHM_OK);
    ohm_store_close(a);
    ohm_store_close(b);
}

static void two_processes_that_make_the_same_file_agree(void **state)
{
    struct fixture *f = *state;

    for (int round = 0; round < 10; round++) {
        pid_t pid[4];

        snprintf(f->path, sizeof f->path, "%s/%d.db", f->folder, round);
        for (int i = 0; i < 4; i++) {
            pid[i] = fork();
            assert_true(pid[i] >= 0);
            if (pid[i] == 0) {
                struct ohm_store *store = NULL;
                const char name[2] = {(char)('a' + i), '\0'};
                const struct ohm_study_spec spec = fixture_spec(name);
                int64_t id = 0;
                enum ohm_status st = ohm_store_open(&store, f->path, OHM_STORE_CREATE, &f->err);

                if (st == OHM_OK)
                    st = ohm_store_add_study(store, &id, &spec, &f->err);
                if (st == OHM_OK)
                    st = fixture_commit(store, id, 0, 20, &f->err);
                if (st != OHM_OK)
                    fprintf(stderr, "%s\n", f->err.text);
                ohm_store_close(store);
                _exit(st);
            }
        }
        for (int i = 0; i < 4; i++)
            assert_int_equal(wait_for(pid[i]), 0);
        struct ohm_store *store = fixture_open(f, OHM_STORE_READ);

        assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
        ohm_store_close(store);
    }
}

/* ---- kills ---- */

/* Commits batches and writes the number of trials acknowledged to the pipe after each. */
static void commit_for_ever(struct fixture *f, int64_t id, int64_t first, int fd)
{
    struct ohm_store *store = NULL;

    if (ohm_store_open(&store, f->path, OHM_STORE_WRITE, NULL) != OHM_OK || ohm_store_lease(store, id, NULL) != OHM_OK)
        _exit(1);
    for (int64_t done = first;;) {
        if (fixture_commit(store, id, done, 50, NULL) != OHM_OK)
            _exit(2);
        done += 50;
        if (write(fd, &done, sizeof done) != (ssize_t)sizeof done)
            _exit(3);
    }
}

static void a_kill_in_a_commit_loses_nothing_acknowledged(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 0);
    int64_t done = 0;

    for (int round = 0; round < 20; round++) {
        struct ohm_study_row row;
        struct fixture_rows rows = {0};
        struct ohm_store *store;
        int64_t acknowledged = done, said;
        int fd[2];
        pid_t pid;

        assert_int_equal(pipe(fd), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            commit_for_ever(f, id, done, fd[1]);
        close(fd[1]);
        if (round % 2 == 1) /* in the others the kill may come before the first commit, however slow the machine is */
            assert_int_equal(read(fd[0], &acknowledged, sizeof acknowledged), sizeof acknowledged);
        usleep(10000 + (useconds_t)(ohm_hash_mix(7, (uint64_t)round) % 30000));
        kill(pid, SIGKILL);
        assert_int_equal(wait_for(pid), 128 + SIGKILL);
        while (read(fd[0], &said, sizeof said) == (ssize_t)sizeof said)
            acknowledged = said;
        close(fd[0]);
        store = fixture_open(f, OHM_STORE_READ);
        assert_int_equal(ohm_store_find_study(store, "first", &row, &f->err), OHM_OK);
        assert_int_equal(ohm_store_each_trial(store, id, 0, fixture_note, &rows, &f->err), OHM_OK);
        assert_int_equal(rows.count, row.trials);
        assert_int_equal(rows.count % 50, 0); /* never a part of a batch */
        assert_true(rows.count >= acknowledged && rows.count <= acknowledged + 50);
        assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
        ohm_store_close(store);
        done = rows.count;
    }
    assert_true(done > 0);
}

/* ---- readers beside a writer ---- */

enum { STRESS_S = 3 };

static void read_for_a_while(struct fixture *f, int64_t id, double until)
{
    int64_t seen = 0;

    while (now_s() < until) {
        struct ohm_store *store = NULL;
        struct ohm_study_row row;
        enum ohm_status st = ohm_store_open(&store, f->path, OHM_STORE_READ, &f->err);

        for (int i = 0; i < 20 && st == OHM_OK; i++) {
            struct fixture_rows rows = {0};

            st = ohm_store_find_study(store, "first", &row, &f->err);
            if (st == OHM_OK)
                st = ohm_store_best(store, id, 0, 3, fixture_note, &rows, &f->err);
            if (st == OHM_OK && row.trials < seen)
                _exit(50);
            seen = row.trials;
        }
        if (st != OHM_OK) {
            fprintf(stderr, "reader: %s\n", f->err.text);
            _exit(st);
        }
        ohm_store_close(store);
    }
    _exit(0);
}

static void write_for_a_while(struct fixture *f, int64_t id, double until)
{
    int64_t done = 0;

    while (now_s() < until) {
        struct ohm_store *store = NULL;
        enum ohm_status st = ohm_store_open(&store, f->path, OHM_STORE_WRITE, &f->err);

        for (int i = 0; i < 20 && st == OHM_OK; i++, done += 10)
            st = fixture_commit(store, id, done, 10, &f->err);
        if (st != OHM_OK) {
            fprintf(stderr, "writer: %s\n", f->err.text);
            _exit(st);
        }
        ohm_store_close(store);
    }
    _exit(0);
}

static void four_readers_and_a_writer_never_see_a_locked_database(void **state)
{
    struct fixture *f = *state;
    const int64_t id = fixture_file(f, 0);
    const double until = now_s() + STRESS_S;
    struct ohm_study_row row;
    struct ohm_store *store;
    pid_t pid[5];

    for (int i = 0; i < 5; i++) {
        pid[i] = fork();
        assert_true(pid[i] >= 0);
        if (pid[i] == 0 && i == 0)
            write_for_a_while(f, id, until);
        else if (pid[i] == 0)
            read_for_a_while(f, id, until);
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(wait_for(pid[i]), 0);
    store = fixture_open(f, OHM_STORE_READ);
    assert_int_equal(ohm_store_find_study(store, "first", &row, &f->err), OHM_OK);
    assert_true(row.trials > 0);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    ohm_store_close(store);
}

static void nothing_lies_beside_the_file_when_all_have_closed(void **state)
{
    struct fixture *f = *state;
    char name[160];

    fixture_file(f, 100);
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s-%s", f->path, i ? "shm" : "wal");
        assert_int_equal(access(name, F_OK), -1);
    }
    ohm_store_close(fixture_open(f, OHM_STORE_READ));
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s-%s", f->path, i ? "shm" : "wal");
        assert_int_equal(access(name, F_OK), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_process_that_ended_holds_nothing_before_it_is_waited_for),
        fixture_test(a_study_that_is_live_elsewhere_is_refused_until_its_process_is_gone),
        fixture_test(a_lease_is_taken_once_and_given_back),
        fixture_test(a_process_with_a_reused_number_is_not_taken_for_the_holder),
        fixture_test(a_lease_of_another_machine_lives_as_long_as_it_is_renewed),
        fixture_test(a_writer_that_waits_too_long_says_busy),
        fixture_test(two_processes_that_make_the_same_file_agree),
        fixture_test(a_kill_in_a_commit_loses_nothing_acknowledged),
        fixture_test(four_readers_and_a_writer_never_see_a_locked_database),
        fixture_test(nothing_lies_beside_the_file_when_all_have_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
