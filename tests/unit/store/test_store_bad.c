/* Files that are not ours, damaged, newer, older, in the wrong place, or on a full disk. */
#include "store_fixture.h"
#include "store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* All three ways of opening give the status, and the error names the file. */
static void refused(struct fixture *f, enum ohm_status status, const char *text)
{
    for (int mode = OHM_STORE_READ; mode <= OHM_STORE_CREATE; mode++) {
        struct ohm_store *store = NULL;

        memset(&f->err, 0, sizeof f->err);
        assert_int_equal(ohm_store_open(&store, f->path, (enum ohm_store_mode)mode, &f->err), status);
        assert_null(store);
        assert_string_equal(f->err.path, f->path);
        if (!strstr(f->err.text, text))
            fail_msg("\"%s\" does not say \"%s\"", f->err.text, text);
    }
}

static void a_missing_file_is_not_found_and_not_made(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = NULL;

    assert_int_equal(ohm_store_open(&store, f->path, OHM_STORE_READ, &f->err), OHM_ENOTFOUND);
    assert_int_equal(ohm_store_open(&store, f->path, OHM_STORE_WRITE, &f->err), OHM_ENOTFOUND);
    assert_int_equal(access(f->path, F_OK), -1);
    snprintf(f->path, sizeof f->path, "%s/no/such/run.db", f->folder);
    assert_int_equal(ohm_store_open(&store, f->path, OHM_STORE_CREATE, &f->err), OHM_EIO);
    snprintf(f->path, sizeof f->path, "%s", f->folder);
    assert_int_not_equal(ohm_store_open(&store, f->path, OHM_STORE_CREATE, &f->err), OHM_OK);
}

static void an_empty_file_is_refused_unless_one_is_to_be_made(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = NULL;

    write_file(f->path, "", 0);
    assert_int_equal(ohm_store_open(&store, f->path, OHM_STORE_READ, &f->err), OHM_EDATA);
    assert_int_equal(ohm_store_open(&store, f->path, OHM_STORE_WRITE, &f->err), OHM_EDATA);
    store = fixture_open(f, OHM_STORE_CREATE);
    ohm_store_close(store);
}

static void garbage_is_refused_and_left_as_it_was(void **state)
{
    struct fixture *f = *state;
    unsigned char bytes[9000], after[9000];
    FILE *file;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)ohm_hash(&i, sizeof i);
    write_file(f->path, bytes, sizeof bytes);
    refused(f, OHM_EDATA, "not an ohmnas database");
    memcpy(bytes, "SQLite format 3", 16);
    write_file(f->path, bytes, sizeof bytes);
    refused(f, OHM_EDATA, "");
    file = fopen(f->path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(after, 1, sizeof after, file), sizeof after);
    fclose(file);
    assert_memory_equal(bytes, after, sizeof bytes);
    write_file(f->path, "SQLite", 6);
    refused(f, OHM_EDATA, "not an ohmnas database");
}

static void a_foreign_database_is_refused_and_left_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct stat before, after;

    sql(f->path, "CREATE TABLE trials(a); INSERT INTO trials VALUES(1)");
    assert_int_equal(stat(f->path, &before), 0);
    refused(f, OHM_EDATA, "another program");
    assert_int_equal(stat(f->path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    sql(f->path, "PRAGMA application_id = 7");
    refused(f, OHM_EDATA, "another program");
}

static void a_newer_file_is_refused_naming_both_versions(void **state)
{
    struct fixture *f = *state;
    int from = 0, to = 0;

    fixture_file(f, 10);
    sql(f->path, "PRAGMA user_version = 9");
    refused(f, OHM_EDATA, "version 9, this program knows versions up to 3");
    assert_int_equal(ohm_store_upgrade(f->path, &from, &to, &f->err), OHM_EDATA);
    sql(f->path, "PRAGMA user_version = -3");
    refused(f, OHM_EDATA, "version -3");
}

static void an_older_file_is_upgraded_by_writing_and_refused_by_reading(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = NULL;
    char pragma[128];
    int from = -1, to = -1;

    snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = 0; VACUUM", DB_APPLICATION_ID);
    sql(f->path, pragma);
    assert_int_equal(ohm_store_open(&store, f->path, OHM_STORE_READ, &f->err), OHM_EDATA);
    assert_non_null(strstr(f->err.text, "version 0"));
    assert_non_null(strstr(f->err.text, "db upgrade"));
    assert_int_equal(ohm_store_upgrade(f->path, &from, &to, &f->err), OHM_OK);
    assert_int_equal(from, 0);
    assert_int_equal(to, OHM_SCHEMA_VERSION);
    store = fixture_open(f, OHM_STORE_WRITE);
    assert_int_equal(fixture_commit(store, fixture_study(f, store, "after"), 0, 10, &f->err), OHM_OK);
    assert_int_equal(ohm_store_check(store, &f->err), OHM_OK);
    ohm_store_close(store);
    assert_int_equal(ohm_store_upgrade(f->path, &from, &to, &f->err), OHM_OK);
    assert_int_equal(from, OHM_SCHEMA_VERSION);
}

static void a_migration_that_fails_changes_nothing(void **state)
{
    static const struct db_migration steps[] = {{"SELECT 1"},
                                                {"SELECT 1"},
                                                {"SELECT 1"},
                                                {"ALTER TABLE trial ADD COLUMN note TEXT"},
                                                {"CREATE TABLE extra(a); DROP TABLE nowhere"}};
    struct fixture *f = *state;
    struct ohm_store *store;
    int64_t version = 0, notes = 0;
    static const char count[] = "SELECT count(*) FROM pragma_table_info('trial') WHERE name = 'note'";

    fixture_file(f, 10);
    store = fixture_open(f, OHM_STORE_WRITE);
    assert_int_equal(ohm_db_migrate(store, steps, OHM_SCHEMA_VERSION + 2, &f->err), OHM_EDATA);
    assert_int_equal(ohm_db_int(store, &version, NULL, "PRAGMA user_version", 0, &f->err), OHM_OK);
    assert_int_equal(version, OHM_SCHEMA_VERSION);
    assert_int_equal(ohm_db_int(store, &notes, NULL, count, 0, &f->err), OHM_OK);
    assert_int_equal(notes, 0);
    assert_int_equal(ohm_db_migrate(store, steps, OHM_SCHEMA_VERSION + 1, &f->err), OHM_OK);
    assert_int_equal(ohm_db_int(store, &version, NULL, "PRAGMA user_version", 0, &f->err), OHM_OK);
    assert_int_equal(version, OHM_SCHEMA_VERSION + 1);
    assert_int_equal(ohm_db_int(store, &notes, NULL, count, 0, &f->err), OHM_OK);
    assert_int_equal(notes, 1);
    ohm_store_close(store);
}

static enum ohm_status walk_file(const char *path, struct ohm_error *err)
{
    struct ohm_store *store = NULL;
    struct fixture_rows rows = {0};
    enum ohm_status st = ohm_store_open(&store, path, OHM_STORE_READ, err);

    if (st == OHM_OK)
        st = ohm_store_check(store, err);
    if (store) /* whatever the check said, a walk must end in an orderly way */
        ohm_store_each_trial(store, 1, 0, fixture_note, &rows, NULL);
    ohm_store_close(store);
    return st;
}

static void a_truncated_file_is_damaged_data(void **state)
{
    struct fixture *f = *state;
    struct stat info;

    fixture_file(f, 5000);
    assert_int_equal(stat(f->path, &info), 0);
    for (int part = 1; part < 10; part++) {
        assert_int_equal(truncate(f->path, info.st_size * (10 - part) / 10 + 17), 0);
        assert_int_equal(walk_file(f->path, &f->err), OHM_EDATA);
    }
}

/* The rest of a page after its head is garbage: no walk may end before the last trial as if it were done. */
static void a_walk_over_a_damaged_page_fails_or_is_complete(void **state)
{
    enum { TRIALS = 5000, PAGE = 4096, GARBAGE = 3072 };
    struct fixture *f = *state;
    char garbage[GARBAGE], held[GARBAGE];
    struct stat info;
    int failed = 0;

    memset(garbage, 0xA5, sizeof garbage);
    fixture_file(f, TRIALS);
    assert_int_equal(stat(f->path, &info), 0);
    for (int part = 1; part < 60; part++) {
        const int fd = open(f->path, O_RDWR);
        const off_t at = info.st_size * part / 60 / PAGE * PAGE + PAGE - GARBAGE;
        struct fixture_rows rows = {0};
        struct ohm_store *store = NULL;
        enum ohm_status st;

        assert_true(fd >= 0);
        assert_int_equal(pread(fd, held, GARBAGE, at), GARBAGE);
        assert_int_equal(pwrite(fd, garbage, GARBAGE, at), GARBAGE);
        st = ohm_store_open(&store, f->path, OHM_STORE_READ, &f->err);
        if (st == OHM_OK)
            st = ohm_store_each_trial(store, 1, 0, fixture_note, &rows, &f->err);
        ohm_store_close(store);
        assert_true(st == OHM_EDATA || (st == OHM_OK && rows.count == TRIALS));
        failed += st == OHM_EDATA;
        assert_int_equal(pwrite(fd, held, GARBAGE, at), GARBAGE);
        close(fd);
    }
    assert_true(failed > 10);
}

/* Bytes of a good file are changed here and there: the check finds it or the change was in a number; nothing crashes.
 */
static void flipped_bytes_never_crash_a_reader(void **state)
{
    struct fixture *f = *state;
    unsigned char *bytes;
    struct stat info;
    FILE *file;
    int found = 0;

    fixture_file(f, 400);
    assert_int_equal(stat(f->path, &info), 0);
    bytes = malloc((size_t)info.st_size);
    file = fopen(f->path, "rb");
    assert_non_null(file);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)info.st_size, file), info.st_size);
    fclose(file);
    for (uint64_t round = 0; round < 150; round++) {
        unsigned char *copy = malloc((size_t)info.st_size);
        enum ohm_status st;

        assert_non_null(copy);
        memcpy(copy, bytes, (size_t)info.st_size);
        for (uint64_t k = 0; k < 1 + round % 20; k++)
            copy[ohm_hash_mix(round, k) % (uint64_t)info.st_size] = (unsigned char)ohm_hash_mix(k, round);
        write_file(f->path, copy, (size_t)info.st_size);
        free(copy);
        st = walk_file(f->path, &f->err);
        assert_true(st == OHM_OK || st == OHM_EDATA);
        found += st == OHM_EDATA;
    }
    free(bytes);
    assert_true(found > 75);
}

static void the_check_finds_rows_that_break_the_rules(void **state)
{
    static const char *const harm[][2] = {
        {"DELETE FROM trial WHERE id & 1099511627775 = 50", "100 trials, there are 99"},
        {"UPDATE study SET trials = 7", "says it has 7"},
        {"UPDATE study SET feasible = 7", "7 trials are feasible"},
        {"UPDATE trial SET id = id + 5 WHERE id & 1099511627775 = 99", "gaps"},
        {"UPDATE trial SET id = id + (7 << 40) WHERE id & 1099511627775 = 99", "does not exist"},
        {"UPDATE trial SET record = 0 WHERE id = (SELECT max(id) FROM trial WHERE record & 1)", "as the best"},
        {"UPDATE study SET metrics = '[\"a\",\"b\",\"c\",\"d\"]'", "has 4 metrics"},
        {"UPDATE study SET metrics = '[\"a\"]'", "is metric 1"},
        {"INSERT INTO generation VALUES(1, 0, 101, 0, 0, 0)", "counts 101"},
        {"UPDATE study SET config = '{'", "not JSON"},
    };
    struct fixture *f = *state;
    char backup[160];

    fixture_file(f, 100);
    snprintf(backup, sizeof backup, "%s/good.db", f->folder);
    for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
        assert_int_equal(ohm_store_backup(f->path, backup, &f->err), OHM_OK);
        assert_int_equal(walk_file(backup, &f->err), OHM_OK);
        sql(backup, harm[i][0]);
        assert_int_equal(walk_file(backup, &f->err), OHM_EDATA);
        if (!strstr(f->err.text, harm[i][1]))
            fail_msg("\"%s\" does not say \"%s\"", f->err.text, harm[i][1]);
        unlink(backup);
    }
}

/* ---- places that cannot be written ---- */

/* Runs fn in a child that is not root, so that permissions hold; gives its exit status. */
static int as_nobody(int (*fn)(struct fixture *f), struct fixture *f)
{
    int status = 0;
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        _exit(fn(f));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static int read_in_read_only_folder(struct fixture *f)
{
    struct ohm_store *store = NULL;
    struct fixture_rows rows = {0};

    if (ohm_store_open(&store, f->path, OHM_STORE_READ, &f->err) != OHM_OK)
        return 1;
    if (ohm_store_each_trial(store, 1, 0, fixture_note, &rows, &f->err) != OHM_OK || rows.count != 100)
        return 2;
    if (ohm_store_lease(store, 1, &f->err) != OHM_EIO)
        return 3;
    ohm_store_close(store);
    return 0;
}

static int write_in_read_only_folder(struct fixture *f)
{
    struct ohm_store *store = NULL;

    if (ohm_store_open(&store, f->path, OHM_STORE_WRITE, &f->err) != OHM_EIO || !f->err.text[0])
        return 1;
    snprintf(f->path, sizeof f->path, "%s/new.db", f->folder);
    return ohm_store_open(&store, f->path, OHM_STORE_CREATE, &f->err) == OHM_EIO ? 0 : 2;
}

static int refuse_with_log(struct fixture *f)
{
    struct ohm_store *store = NULL;

    if (ohm_store_open(&store, f->path, OHM_STORE_READ, &f->err) != OHM_EIO)
        return 1;
    return strstr(f->err.text, "-wal") ? 0 : 2;
}

static void a_read_only_folder_can_be_read_and_not_written(void **state)
{
    struct fixture *f = *state;

    fixture_file(f, 100);
    assert_int_equal(chmod(f->path, 0444), 0);
    assert_int_equal(chmod(f->folder, 0555), 0);
    assert_int_equal(as_nobody(read_in_read_only_folder, f), 0);
    assert_int_equal(as_nobody(write_in_read_only_folder, f), 0);
    assert_int_equal(chmod(f->folder, 0755), 0);
}

static void data_that_is_still_in_the_log_of_a_read_only_folder_is_not_passed_over(void **state)
{
    struct fixture *f = *state;
    char from[160], to[160], command[1200];
    struct ohm_store *store;

    fixture_file(f, 100);
    store = fixture_open(f, OHM_STORE_WRITE);
    assert_int_equal(fixture_commit(store, 1, 100, 100, &f->err), OHM_OK);
    snprintf(from, sizeof from, "%s", f->path);
    snprintf(to, sizeof to, "%s/crash", f->folder);
    snprintf(command, sizeof command, "mkdir '%s' && cp '%s' '%s-wal' '%s/' && chmod 0444 '%s'/* && chmod 0555 '%s'",
             to, from, from, to, to, to);
    assert_int_equal(system(command), 0);
    ohm_store_close(store);
    assert_int_equal(chmod(f->folder, 0755), 0);
    snprintf(f->path, sizeof f->path, "%s/crash/run.db", f->folder);
    assert_int_equal(as_nobody(refuse_with_log, f), 0);
    assert_int_equal(chmod(to, 0755), 0);
}

/* Commits until it fails; the failure must be OHM_EIO, and what was acknowledged must be there. */
static int fill_disk(struct fixture *f)
{
    struct ohm_store *store = NULL;
    struct fixture_rows rows = {0};
    int64_t done = 0, id = 0;
    const struct ohm_study_spec spec = fixture_spec("full");
    enum ohm_status st;

    if (ohm_store_open(&store, f->path, OHM_STORE_CREATE, &f->err) != OHM_OK ||
        ohm_store_add_study(store, &id, &spec, &f->err) != OHM_OK)
        return 10;
    while ((st = fixture_commit(store, id, done, 500, &f->err)) == OHM_OK && done < 1000000)
        done += 500;
    if (st != OHM_EIO || done < 1000)
        return 11;
    if (ohm_store_each_trial(store, id, 0, fixture_note, &rows, &f->err) != OHM_OK || rows.count != done)
        return 12;
    ohm_store_close(store);
    if (ohm_store_open(&store, f->path, OHM_STORE_READ, &f->err) != OHM_OK)
        return 13;
    rows.count = 0;
    if (ohm_store_each_trial(store, id, 0, fixture_note, &rows, &f->err) != OHM_OK || rows.count != done)
        return 14;
    if (ohm_store_check(store, &f->err) != OHM_OK)
        return 15;
    ohm_store_close(store);
    return 0;
}

static int fill_under_limit(struct fixture *f)
{
    const struct rlimit limit = {3 << 20, 3 << 20};

    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 ? fill_disk(f) : 9;
}

static void a_file_that_may_not_grow_loses_nothing_acknowledged(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(chmod(f->folder, 0777), 0);
    assert_int_equal(as_nobody(fill_under_limit, f), 0);
}

static void a_full_disk_loses_nothing_acknowledged(void **state)
{
    struct fixture *f = *state;

    if (mount("tmpfs", f->folder, "tmpfs", 0, "size=4m") != 0) {
        print_message("SKIPPED: a tmpfs cannot be mounted here (%s)\n", strerror(errno));
        skip();
    }
    const int rc = fill_disk(f);

    umount(f->folder);
    assert_int_equal(rc, 0);
}

static void a_database_cannot_be_begun_on_a_full_disk(void **state)
{
    struct fixture *f = *state;
    struct ohm_store *store = NULL;
    char path[160];
    enum ohm_status st;
    int left;

    if (mount("tmpfs", f->folder, "tmpfs", 0, "size=64k") != 0) {
        print_message("SKIPPED: a tmpfs cannot be mounted here (%s)\n", strerror(errno));
        skip();
    }
    snprintf(path, sizeof path, "%s/fill", f->folder);
    const int fd = open(path, O_WRONLY | O_CREAT, 0644);
    char block[4096] = {0};

    while (write(fd, block, sizeof block) == (ssize_t)sizeof block)
        ;
    close(fd);
    st = ohm_store_open(&store, f->path, OHM_STORE_CREATE, &f->err);
    left = access(f->path, F_OK);
    umount(f->folder);
    assert_int_equal(st, OHM_EIO);
    assert_int_equal(left, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_missing_file_is_not_found_and_not_made),
        fixture_test(an_empty_file_is_refused_unless_one_is_to_be_made),
        fixture_test(garbage_is_refused_and_left_as_it_was),
        fixture_test(a_foreign_database_is_refused_and_left_as_it_was),
        fixture_test(a_newer_file_is_refused_naming_both_versions),
        fixture_test(an_older_file_is_upgraded_by_writing_and_refused_by_reading),
        fixture_test(a_migration_that_fails_changes_nothing),
        fixture_test(a_truncated_file_is_damaged_data),
        fixture_test(a_walk_over_a_damaged_page_fails_or_is_complete),
        fixture_test(flipped_bytes_never_crash_a_reader),
        fixture_test(the_check_finds_rows_that_break_the_rules),
        fixture_test(a_read_only_folder_can_be_read_and_not_written),
        fixture_test(data_that_is_still_in_the_log_of_a_read_only_folder_is_not_passed_over),
        fixture_test(a_file_that_may_not_grow_loses_nothing_acknowledged),
        fixture_test(a_full_disk_loses_nothing_acknowledged),
        fixture_test(a_database_cannot_be_begun_on_a_full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
