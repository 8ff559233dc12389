/* store_open.c - the file: made, recognised, opened for writing or reading.
 *
 * WAL mode with synchronous = NORMAL: a killed process loses nothing that was committed, a power cut at most the last
 * commits. The log is folded into the file every 32 MB: a sync costs milliseconds, and pages of a growing table are
 * written twice at most. */
#include "store_int.h"

#include "ohm/file.h"
#include "ohm/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static enum ohm_status foreign(const struct ohm_store *store, struct ohm_error *err, const char *what)
{
    return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, store->path, 0, 0, "not an ohmnas database: %s", what);
}

/* One statement, so that all three are of the same moment: another process may be making the tables. */
static enum ohm_status read_head(const struct ohm_store *store, int64_t *application, int64_t *user, int64_t *tables,
                                 struct ohm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum ohm_status st = ohm_db_prepare(store, &stmt,
                                        "SELECT a.application_id, u.user_version, (SELECT count(*) FROM sqlite_schema) "
                                        "FROM pragma_application_id a, pragma_user_version u",
                                        "read the database", err);

    if (st != OHM_OK)
        return st;
    st = ohm_db_step(store, stmt, &row, "read the database", err);
    *application = row ? sqlite3_column_int64(stmt, 0) : 0;
    *user = row ? sqlite3_column_int64(stmt, 1) : 0;
    *tables = row ? sqlite3_column_int64(stmt, 2) : 0;
    sqlite3_finalize(stmt);
    return st;
}

enum ohm_status ohm_db_identify(struct ohm_store *store, bool fresh, struct ohm_error *err)
{
    int64_t application = 0, user = 0, tables = 0;
    const enum ohm_status st = read_head(store, &application, &user, &tables, err);

    if (st != OHM_OK)
        return st;
    store->version_found = (int)user;
    if (application == 0 && user == 0 && tables == 0)
        return fresh ? OHM_OK : foreign(store, err, "a SQLite file without tables");
    if (application != DB_APPLICATION_ID)
        return foreign(store, err, "a SQLite database of another program");
    if (user > OHM_SCHEMA_VERSION || user < 0)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, store->path, 0, 0,
                           "the database has version %lld, this program knows versions up to %d: use a newer ohmnas",
                           (long long)user, OHM_SCHEMA_VERSION);
    if (user < OHM_SCHEMA_READABLE && !fresh && !store->writable)
        return ohm_fail_at(
            err, OHM_EDATA, OHM_ORIGIN, store->path, 0, 0,
            "the database has version %lld, this program reads version %d and later: `ohmnas db upgrade` brings it "
            "up to date",
            (long long)user, OHM_SCHEMA_READABLE);
    return OHM_OK;
}

/* A look at the first bytes before SQLite touches the file: SQLite would make a database of an empty one, and calls
 * anything else "file is not a database" only at the first statement. */
static enum ohm_status look(const struct ohm_store *store, bool *empty, struct ohm_error *err)
{
    static const char magic[16] = "SQLite format 3";
    char head[16] = {0};
    struct stat info;
    const int fd = open(store->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n;

    if (fd < 0) {
        const enum ohm_status st = errno == ENOENT || errno == ENOTDIR ? OHM_ENOTFOUND : OHM_EIO;

        ohm_fail_errno(err, st, errno, "cannot open the database");
        ohm_error_set_path(err, store->path);
        return st;
    }
    n = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? read(fd, head, sizeof head) : -1;
    close(fd);
    *empty = n == 0;
    if (n < 0)
        return foreign(store, err, "not a file that can be read");
    if (n > 0 && (n < (ssize_t)sizeof head || memcmp(head, magic, sizeof head) != 0))
        return foreign(store, err, "the file does not begin like a SQLite database");
    return OHM_OK;
}

static void close_db(struct ohm_store *store)
{
    sqlite3_close_v2(store->db);
    store->db = NULL;
}

static enum ohm_status open_db(struct ohm_store *store, const char *name, int flags, struct ohm_error *err)
{
    const int rc = sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc != SQLITE_OK) {
        const enum ohm_status st = ohm_db_fail(store, rc, "open the database", err);

        close_db(store);
        return st;
    }
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, DB_BUSY_MS);
    /* A file may come from anywhere: its schema is not trusted to call functions with side effects. */
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* A damaged page is told when it is read; a garbled row number would end a walk over the trials early, as if done.
     */
    sqlite3_exec(store->db, "PRAGMA cell_size_check = ON", NULL, NULL, NULL);
    return OHM_OK;
}

/* "file:" with the bytes that an URI gives a meaning to escaped. */
static enum ohm_status immutable_uri(struct ohm_str *uri, const char *path, struct ohm_error *err)
{
    ohm_str_append(uri, "file:");
    for (; *path; path++) {
        if (*path == '%' || *path == '?' || *path == '#')
            ohm_str_printf(uri, "%%%02x", (unsigned)*path);
        else
            ohm_str_append_n(uri, path, 1);
    }
    ohm_str_append(uri, "?mode=ro&immutable=1");
    return uri->failed ? ohm_fail(err, OHM_ENOMEM, "out of memory for a path") : OHM_OK;
}

/* Is there a log beside the file that is not folded in yet? */
static bool has_log(const struct ohm_store *store)
{
    struct ohm_str name = {0};
    struct stat info;
    bool has;

    ohm_str_printf(&name, "%s-wal", store->path);
    has = !name.failed && stat(ohm_str_text(&name), &info) == 0 && info.st_size > 0;
    ohm_str_release(&name);
    return has;
}

/* A database in WAL mode needs a file for shared memory beside it even to be read. Where none can be made (a read-only
 * folder or medium) nobody else writes either, and the file is read as it stands. */
static enum ohm_status reopen_immutable(struct ohm_store *store, struct ohm_error *err)
{
    struct ohm_str uri = {0};
    enum ohm_status st;

    close_db(store);
    if (has_log(store))
        return ohm_fail_at(err, OHM_EIO, OHM_ORIGIN, store->path, 0, 0,
                           "the folder cannot be written and part of the data is still in %s-wal: copy both files to "
                           "another folder",
                           store->path);
    st = immutable_uri(&uri, store->path, err);
    if (st == OHM_OK)
        st = open_db(store, ohm_str_text(&uri), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    ohm_str_release(&uri);
    return st == OHM_OK ? ohm_db_identify(store, false, err) : st;
}

/* Where the file may be written, the handle could: only then does SQLite take away its two files beside the database
 * when the last one closes. Nothing is written through it (ohm_db_begin). */
static enum ohm_status open_for_reading(struct ohm_store *store, struct ohm_error *err)
{
    struct ohm_error first = {0};
    enum ohm_status st = open_db(store, store->path, SQLITE_OPEN_READWRITE, err);
    int rc;

    if (st != OHM_OK)
        return st;
    st = ohm_db_identify(store, false, &first);
    rc = st == OHM_OK ? SQLITE_OK : sqlite3_errcode(store->db) & 0xff;
    if (rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY)
        return reopen_immutable(store, err);
    if (st != OHM_OK && err)
        *err = first;
    return st;
}

/* The change to WAL mode does not wait by itself while another process makes the same file. */
static enum ohm_status set_wal(const struct ohm_store *store, struct ohm_error *err)
{
    int rc = SQLITE_BUSY;

    for (int waited_ms = 0; rc == SQLITE_BUSY && waited_ms <= DB_BUSY_MS; waited_ms += 20) {
        sqlite3_stmt *stmt = NULL;

        if (waited_ms > 0)
            sqlite3_sleep(20);
        rc = sqlite3_prepare_v2(store->db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") != 0)
            rc = SQLITE_CANTOPEN; /* a file system without shared memory */
        sqlite3_finalize(stmt);
        rc &= 0xff;
    }
    return rc == SQLITE_ROW ? OHM_OK : ohm_db_fail(store, rc, "open the database for writing", err);
}

static enum ohm_status open_for_writing(struct ohm_store *store, bool fresh, struct ohm_error *err)
{
    enum ohm_status st = open_db(store, store->path, SQLITE_OPEN_READWRITE, err);

    if (st != OHM_OK)
        return st;
    store->writable = true;
    if (sqlite3_db_readonly(store->db, "main") == 1)
        return ohm_fail_at(err, OHM_EIO, OHM_ORIGIN, store->path, 0, 0, "the file is write-protected");
    /* Nothing is changed before the file is known to be ours. */
    st = ohm_db_identify(store, fresh, err);
    if (st == OHM_OK)
        st = set_wal(store, err);
    if (st == OHM_OK)
        st = ohm_db_exec(store,
                         "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8192; PRAGMA cache_size = -16000;"
                         "PRAGMA journal_size_limit = 33554432; PRAGMA secure_delete = FAST; PRAGMA foreign_keys = ON",
                         "open the database for writing", err);
    if (st == OHM_OK && store->version_found < OHM_SCHEMA_VERSION) {
        st = ohm_db_migrate(store, ohm_db_migrations, OHM_SCHEMA_VERSION, err);
        /* Folded in at once, so that the file alone is a whole, empty database. */
        sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    return st;
}

/* Makes the empty file where there is none; *made says whether it was us. */
static enum ohm_status make_file(const struct ohm_store *store, bool *made, struct ohm_error *err)
{
    const int fd = open(store->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    *made = fd >= 0;
    if (fd >= 0) {
        close(fd);
        return OHM_OK;
    }
    if (errno == EEXIST)
        return OHM_OK;
    ohm_fail_errno(err, OHM_EIO, errno, "cannot make the database");
    ohm_error_set_path(err, store->path);
    return OHM_EIO;
}

static enum ohm_status open_any(struct ohm_store *store, enum ohm_store_mode mode, struct ohm_error *err)
{
    bool made = false, empty = false;
    enum ohm_status st = mode == OHM_STORE_CREATE ? make_file(store, &made, err) : OHM_OK;

    if (st == OHM_OK)
        st = look(store, &empty, err);
    if (st == OHM_OK && empty && mode != OHM_STORE_CREATE)
        st = foreign(store, err, "the file is empty");
    if (st == OHM_OK)
        st = mode == OHM_STORE_READ ? open_for_reading(store, err)
                                    : open_for_writing(store, mode == OHM_STORE_CREATE, err);
    if (st != OHM_OK && made) {
        close_db(store);
        unlink(store->path);
    }
    return st;
}

static int64_t draw_token(void)
{
    int64_t token = 0;
    struct timespec now;

    if (getrandom(&token, sizeof token, 0) == (ssize_t)sizeof token)
        return token;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)(ohm_hash_mix((uint64_t)now.tv_nsec, (uint64_t)getpid()) >> 1);
}

enum ohm_status ohm_store_open(struct ohm_store **out, const char *path, enum ohm_store_mode mode,
                               struct ohm_error *err)
{
    struct ohm_store *store = ohm_alloc(1, sizeof *store);
    enum ohm_status st = OHM_ENOMEM;

    if (store && (store->path = ohm_strdup(path)) != NULL) {
        store->token = draw_token();
        st = open_any(store, mode, err);
    } else {
        ohm_fail(err, OHM_ENOMEM, "out of memory for the database");
    }
    if (st != OHM_OK) {
        ohm_store_close(store);
        return st;
    }
    *out = store;
    return OHM_OK;
}

/* A handle that goes leaves no lease behind; if this fails the lease dies with the process. */
static void give_back(const struct ohm_store *store)
{
    static const char *const sql[] = {"UPDATE study SET lease_token = NULL WHERE lease_token = ?1",
                                      "UPDATE training SET lease_token = NULL WHERE lease_token = ?1",
                                      "UPDATE validation SET lease_token = NULL WHERE lease_token = ?1"};

    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        sqlite3_stmt *stmt = NULL;

        if (sqlite3_prepare_v2(store->db, sql[i], -1, &stmt, NULL) == SQLITE_OK) {
            sqlite3_bind_int64(stmt, 1, store->token);
            sqlite3_step(stmt);
        }
        sqlite3_finalize(stmt);
    }
}

void ohm_store_close(struct ohm_store *store)
{
    if (!store)
        return;
    sqlite3_finalize(store->writer.insert);
    if (store->db && store->leased)
        give_back(store);
    close_db(store);
    ohm_free(store->path);
    ohm_free(store);
}

void ohm_store_set_timeout(struct ohm_store *store, int timeout_ms)
{
    sqlite3_busy_timeout(store->db, timeout_ms);
}
