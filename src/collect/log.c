/* log.c - the file of rows: only ever appended to, a line at a time. */
#include "collect_int.h"

#include "ohm/file.h"
#include "ohm/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum ohm_status fail_file(const char *path, const char *what, struct ohm_error *err)
{
    const int reason = errno;

    ohm_fail_errno(err, OHM_EIO, reason, "%s", what);
    ohm_error_set_path(err, path);
    return OHM_EIO;
}

/* What the rows come from is told above them: the readers of tables pass over lines that begin with '#'. */
static enum ohm_status write_head(const struct ohm_collect *c, const char *path, const char *program,
                                  struct ohm_error *err)
{
    struct ohm_str s = {0};
    enum ohm_status st;

    ohm_str_printf(&s, "# %s collect: networks of %s, measured for %s; columns are told in docs/collect.md\n", program,
                   c->recipe->use.space, c->recipe->use.task);
    ohm_str_printf(&s, "# fingerprint %016" PRIx64 " of samples %016" PRIx64 " (%d) and this recipe:\n", c->fingerprint,
                   ohm_data_hash(c->data), ohm_data_count(c->data));
    for (const char *p = c->recipe->source; *p;) {
        const size_t n = strcspn(p, "\n");

        ohm_str_printf(&s, "#   %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
    row_header(&s, c->recipe);
    st = s.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : ohm_file_write(path, ohm_str_text(&s), s.length, err);
    ohm_str_release(&s);
    return st;
}

/* The end of the last whole line. */
static enum ohm_status whole_lines(int fd, const char *path, off_t *end, struct ohm_error *err)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return fail_file(path, "cannot look at the file", err);
    for (*end = info.st_size; *end > 0; (*end)--) {
        char last;

        if (pread(fd, &last, 1, *end - 1) != 1)
            return fail_file(path, "cannot read the file", err);
        if (last == '\n')
            break;
    }
    if (*end < info.st_size && ftruncate(fd, *end) != 0)
        return fail_file(path, "cannot cut off the last line, which has no end", err);
    return OHM_OK;
}

static enum ohm_status lock(const struct row_log *log, struct ohm_error *err)
{
    struct stat here, there;

    if (flock(log->fd, LOCK_EX | LOCK_NB) != 0 || fstat(log->fd, &here) != 0 || stat(log->path, &there) != 0 ||
        here.st_ino != there.st_ino)
        return ohm_fail_at(err, OHM_EBUSY, OHM_ORIGIN, log->path, 0, 0, "another process collects into this file");
    return OHM_OK;
}

enum ohm_status log_open(struct row_log *log, const struct ohm_collect *c, const char *path, const char *program,
                         struct ohm_error *err)
{
    struct stat info;
    off_t end;
    enum ohm_status st;

    *log = (struct row_log){.path = path, .fd = -1};
    if ((stat(path, &info) != 0 || info.st_size == 0) && (st = write_head(c, path, program, err)) != OHM_OK)
        return st;
    log->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
    if (log->fd < 0)
        return fail_file(path, "cannot open the file for rows", err);
    if ((st = lock(log, err)) == OHM_OK)
        st = whole_lines(log->fd, path, &end, err);
    if (st != OHM_OK)
        log_close(log);
    return st;
}

void log_close(struct row_log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

/* One write: with O_APPEND lines of two threads cannot mix. A line that was written in part, on a full disk, is ended
 * by nobody, and the next run cuts it off. */
enum ohm_status log_append(const struct row_log *log, const struct ohm_str *line, struct ohm_error *err)
{
    ssize_t n;

    if (line->failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    do
        n = write(log->fd, line->text, line->length);
    while (n < 0 && errno == EINTR);
    if (n >= 0 && (size_t)n < line->length)
        errno = ENOSPC;
    if (n < 0 || (size_t)n < line->length || fsync(log->fd) != 0)
        return fail_file(log->path, "cannot write a row", err);
    return OHM_OK;
}

/* ---- reading ---- */

static enum ohm_status check_columns(const struct ohm_csv *rows, const struct ohm_collect *c, struct ohm_error *err)
{
    struct ohm_str wanted = {0}, found = {0};
    enum ohm_status st = OHM_OK;

    row_header(&wanted, c->recipe);
    for (int i = 0; i < rows->columns; i++) {
        ohm_str_append(&found, i ? "," : "");
        ohm_csv_append(&found, rows->name[i]);
    }
    ohm_str_append(&found, "\n");
    if (wanted.failed || found.failed)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    else if (strcmp(ohm_str_text(&wanted), ohm_str_text(&found)) != 0)
        st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, rows->path, 0, 0,
                         "the columns are not those of the recipe '%s': another file, or other times",
                         c->recipe->use.collect);
    ohm_str_release(&wanted);
    ohm_str_release(&found);
    return st;
}

static enum ohm_status check_rows(const struct ohm_csv *rows, const struct ohm_collect *c, struct ohm_error *err)
{
    char wanted[17];

    snprintf(wanted, sizeof wanted, "%016" PRIx64, c->fingerprint);
    for (int i = 0; i < rows->rows; i++)
        if (strcmp(log_cell(rows, i, "fingerprint"), wanted) != 0)
            return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, rows->path, rows->line[i], 0,
                               "this row comes from the fingerprint %.20s; recipe, samples, space, chip and device "
                               "given here have %s: collect into another file",
                               log_cell(rows, i, "fingerprint"), wanted);
    return OHM_OK;
}

static enum ohm_status check(struct ohm_csv *rows, const struct ohm_collect *c, struct ohm_error *err)
{
    enum ohm_status st = check_columns(rows, c, err);

    if (st == OHM_OK)
        st = check_rows(rows, c, err);
    if (st != OHM_OK)
        ohm_csv_release(rows);
    return st;
}

enum ohm_status log_read(struct ohm_csv *rows, const struct ohm_collect *c, const char *path, struct ohm_error *err)
{
    const enum ohm_status st = ohm_csv_load(rows, path, err);

    return st == OHM_OK ? check(rows, c, err) : st;
}

enum ohm_status ohm_collect_rows(struct ohm_csv *rows, const struct ohm_collect *c, const char *path,
                                 struct ohm_error *err)
{
    char *bytes = NULL;
    size_t length;
    enum ohm_status st = ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, err);

    if (st != OHM_OK)
        return st;
    while (length > 0 && bytes[length - 1] != '\n')
        length--;
    if (length == 0) {
        ohm_free(bytes);
        return ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, path, 0, 0, "the file is empty");
    }
    st = ohm_csv_parse(rows, bytes, length, path, err);
    ohm_free(bytes);
    return st == OHM_OK ? check(rows, c, err) : st;
}

const char *log_cell(const struct ohm_csv *rows, int row, const char *column)
{
    const int i = ohm_csv_column(rows, column);

    return i < 0 ? "" : rows->cell[(size_t)row * (size_t)rows->columns + (size_t)i];
}

int log_find(const struct ohm_csv *rows, const char *id)
{
    for (int i = 0; i < rows->rows; i++)
        if (strcmp(rows->cell[(size_t)i * (size_t)rows->columns], id) == 0) /* the first column */
            return i;
    return -1;
}
