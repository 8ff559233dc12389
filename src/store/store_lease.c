/* store_lease.c - a study runs in one process at a time.
 *
 * A lease names the machine (its boot and its space of process numbers), the process with the time it started, so that
 * a later process with the same number is not taken for it, and the handle. On the same machine the process is looked
 * up; of another machine we only see whether it still renews. */
#include "store_int.h"

#include "ohm/file.h"
#include "ohm/mem.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LEASE_AGE_S = 300 };

/* The time a process started, in ticks since the boot: field 22 of its stat file; 0: no such process, or no /proc;
 * -1: it has ended, and nobody has waited for it. The name in field 2 may hold blanks and brackets, so counting begins
 * after its last bracket. */
static int64_t process_start(int64_t pid)
{
    char path[64], *bytes = NULL, *p;
    size_t length = 0;
    int64_t start = 0;
    bool ended;

    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    if (ohm_file_read(&bytes, &length, path, 65536, NULL) != OHM_OK)
        return 0;
    p = strrchr(bytes, ')');
    ended = p && (strncmp(p, ") Z", 3) == 0 || strncmp(p, ") X", 3) == 0);
    for (int field = 2; p && field < 22; field++)
        p = (p = strchr(p, ' ')) ? p + 1 : NULL;
    if (p)
        start = ended ? -1 : strtoll(p, NULL, 10);
    ohm_free(bytes);
    return start;
}

static void machine_name(char *buffer, size_t size)
{
    char *boot = NULL, space[64] = "";
    size_t length = 0;
    ssize_t n = readlink("/proc/self/ns/pid", space, sizeof space - 1);

    space[n > 0 ? n : 0] = '\0';
    if (ohm_file_read(&boot, &length, "/proc/sys/kernel/random/boot_id", 256, NULL) == OHM_OK)
        boot[strcspn(boot, "\n")] = '\0';
    snprintf(buffer, size, "%s %s", boot ? boot : "", space);
    ohm_free(boot);
}

void ohm_db_self(const struct ohm_store *store, struct db_lease *self)
{
    self->token = store->token;
    self->pid = getpid();
    self->start = process_start(self->pid);
    self->time_s = (int64_t)time(NULL);
    if (gethostname(self->host, sizeof self->host) != 0)
        self->host[0] = '\0';
    self->host[sizeof self->host - 1] = '\0';
    machine_name(self->machine, sizeof self->machine);
}

bool ohm_db_read_lease(sqlite3_stmt *stmt, int column, struct db_lease *lease)
{
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return false;
    lease->token = sqlite3_column_int64(stmt, column);
    lease->pid = sqlite3_column_int64(stmt, column + 1);
    lease->start = sqlite3_column_int64(stmt, column + 2);
    lease->time_s = sqlite3_column_int64(stmt, column + 3);
    ohm_db_copy(lease->host, sizeof lease->host, stmt, column + 4);
    ohm_db_copy(lease->machine, sizeof lease->machine, stmt, column + 5);
    return true;
}

bool ohm_db_lease_lives(const struct db_lease *lease)
{
    char machine[sizeof lease->machine];
    int64_t start;

    machine_name(machine, sizeof machine);
    if (strcmp(machine, lease->machine) != 0)
        return (int64_t)time(NULL) - lease->time_s <= LEASE_AGE_S;
    if (lease->pid <= 0 || lease->pid > INT32_MAX || (kill((pid_t)lease->pid, 0) != 0 && errno == ESRCH))
        return false;
    /* A process that is there and whose start cannot be read is taken for the holder: waiting is the smaller harm. */
    start = process_start(lease->pid);
    return start == 0 || start == lease->start;
}

enum ohm_status ohm_db_check_lease(const struct ohm_store *store, int64_t study, struct ohm_error *err)
{
    struct db_lease lease;
    sqlite3_stmt *stmt = NULL;
    char name[128];
    bool row = false;
    enum ohm_status st =
        ohm_db_prepare(store, &stmt,
                       "SELECT lease_token, lease_pid, lease_start, lease_time, lease_host, lease_machine, name "
                       "FROM study WHERE id = ?1",
                       "read the lease", err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, study);
    st = ohm_db_step(store, stmt, &row, "read the lease", err);
    if (st == OHM_OK && !row)
        st =
            ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, store->path, 0, 0, "there is no study #%lld", (long long)study);
    if (st == OHM_OK && ohm_db_read_lease(stmt, 0, &lease) && lease.token != store->token &&
        ohm_db_lease_lives(&lease)) {
        ohm_db_copy(name, sizeof name, stmt, 6);
        st = ohm_fail_at(err, OHM_EBUSY, OHM_ORIGIN, store->path, 0, 0,
                         "study \"%s\" is running in process %lld on %s (last heard of %lld s ago)", name,
                         (long long)lease.pid, lease.host, (long long)((int64_t)time(NULL) - lease.time_s));
    }
    sqlite3_finalize(stmt);
    return st;
}

static enum ohm_status write_lease(const struct ohm_store *store, int64_t study, struct ohm_error *err)
{
    struct db_lease self;
    sqlite3_stmt *stmt = NULL;
    bool row;
    enum ohm_status st =
        ohm_db_prepare(store, &stmt,
                       "UPDATE study SET lease_token = ?2, lease_pid = ?3, lease_start = ?4, lease_time = ?5, "
                       "lease_host = ?6, lease_machine = ?7 WHERE id = ?1",
                       "take the lease", err);

    if (st != OHM_OK)
        return st;
    ohm_db_self(store, &self);
    sqlite3_bind_int64(stmt, 1, study);
    sqlite3_bind_int64(stmt, 2, self.token);
    sqlite3_bind_int64(stmt, 3, self.pid);
    sqlite3_bind_int64(stmt, 4, self.start);
    sqlite3_bind_int64(stmt, 5, self.time_s);
    sqlite3_bind_text(stmt, 6, self.host, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 7, self.machine, -1, SQLITE_STATIC);
    st = ohm_db_step(store, stmt, &row, "take the lease", err);
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_store_lease(struct ohm_store *store, int64_t id, struct ohm_error *err)
{
    enum ohm_status st = ohm_db_begin(store, err);

    if (st != OHM_OK)
        return st;
    st = ohm_db_check_lease(store, id, err);
    if (st == OHM_OK)
        st = write_lease(store, id, err);
    st = ohm_db_end(store, st, "take the lease", err);
    if (st == OHM_OK)
        store->leased = true;
    return st;
}

/* Only our own: a lease that was taken over from us stays with its new holder. */
static enum ohm_status clear_lease(const struct ohm_store *store, int64_t study, struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row;
    enum ohm_status st =
        ohm_db_prepare(store, &stmt, "UPDATE study SET lease_token = NULL WHERE id = ?1 AND lease_token = ?2",
                       "give the lease back", err);

    if (st != OHM_OK)
        return st;
    sqlite3_bind_int64(stmt, 1, study);
    sqlite3_bind_int64(stmt, 2, store->token);
    st = ohm_db_step(store, stmt, &row, "give the lease back", err);
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_store_unlease(struct ohm_store *store, int64_t id, struct ohm_error *err)
{
    const enum ohm_status st = ohm_db_begin(store, err);

    if (st != OHM_OK)
        return st;
    return ohm_db_end(store, clear_lease(store, id, err), "give the lease back", err);
}
