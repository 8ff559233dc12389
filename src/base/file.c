/* file.c - whole files in and out. */
#include "ohm/file.h"

#include "ohm/mem.h"
#include "ohm/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum ohm_status fail_path(struct ohm_error *err, const char *path, int errno_value, const char *what)
{
    const enum ohm_status st = errno_value == ENOENT || errno_value == ENOTDIR ? OHM_ENOTFOUND : OHM_EIO;

    ohm_fail_errno(err, st, errno_value, "%s", what);
    ohm_error_set_path(err, path);
    return st;
}

/* Reads until the end or until more than `limit` bytes came: the size of a pipe or of /proc is not known beforehand. */
static enum ohm_status read_all(int fd, struct ohm_str *s, const char *path, size_t limit, struct ohm_error *err)
{
    char chunk[65536];

    for (;;) {
        const ssize_t n = read(fd, chunk, sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_path(err, path, errno, "cannot read the file");
        if (n == 0)
            return OHM_OK;
        if (s->length + (size_t)n > limit)
            return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "the file is larger than the limit of %zu bytes",
                               limit);
        ohm_str_append_n(s, chunk, (size_t)n);
        if (s->failed)
            return ohm_fail_at(err, OHM_ENOMEM, OHM_ORIGIN, path, 0, 0, "out of memory while reading the file");
    }
}

enum ohm_status ohm_file_read(char **bytes, size_t *length, const char *path, size_t limit, struct ohm_error *err)
{
    struct ohm_str s = { 0 };
    struct stat info;
    enum ohm_status st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return fail_path(err, path, errno, "cannot open the file");
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (uint64_t)info.st_size > limit)
        st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0,
                         "the file has %lld bytes, more than the limit of %zu", (long long)info.st_size, limit);
    else
        st = read_all(fd, &s, path, limit, err);
    close(fd);
    if (st == OHM_OK)
        ohm_str_append_n(&s, "", 0);
    if (st == OHM_OK && s.failed)
        st = ohm_fail_at(err, OHM_ENOMEM, OHM_ORIGIN, path, 0, 0, "out of memory while reading the file");
    if (st != OHM_OK) {
        ohm_str_release(&s);
        return st;
    }
    *bytes = s.text;
    *length = s.length;
    return OHM_OK;
}

static int write_whole(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t n = write(fd, bytes, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

/* mkstemp makes files for the owner alone; a written result should be as readable as any other. */
static int finish_file(int fd)
{
    const mode_t mask = umask(0);

    umask(mask);
    if (fchmod(fd, 0666 & ~mask) != 0 || fsync(fd) != 0)
        return errno;
    return 0;
}

/* A device or a pipe is written to; a new file in its place would take /dev/stdout, or /dev/null, from everyone. */
static enum ohm_status write_special(const char *path, const void *bytes, size_t length, struct ohm_error *err)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    int reason = fd < 0 ? errno : write_whole(fd, bytes, length);

    if (fd >= 0 && close(fd) != 0 && !reason)
        reason = errno;
    return reason ? fail_path(err, path, reason, "cannot write the file") : OHM_OK;
}

enum ohm_status ohm_file_write(const char *path, const void *bytes, size_t length, struct ohm_error *err)
{
    struct ohm_str temporary = { 0 };
    struct stat info;
    enum ohm_status st = OHM_OK;
    int fd, reason;

    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return write_special(path, bytes, length, err);
    ohm_str_printf(&temporary, "%s.XXXXXX", path);
    if (temporary.failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    fd = mkostemp(temporary.text, O_CLOEXEC);
    if (fd < 0) {
        reason = errno;
        ohm_str_release(&temporary);
        return fail_path(err, path, reason, "cannot write the file");
    }
    reason = write_whole(fd, bytes, length);
    if (!reason)
        reason = finish_file(fd);
    if (close(fd) != 0 && !reason)
        reason = errno;
    if (!reason && rename(temporary.text, path) != 0)
        reason = errno;
    if (reason) {
        unlink(temporary.text);
        st = fail_path(err, path, reason, "cannot write the file");
    }
    ohm_str_release(&temporary);
    return st;
}

bool ohm_file_exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0;
}

bool ohm_is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum ohm_status ohm_make_folder(const char *path, struct ohm_error *err)
{
    char *copy = ohm_strdup(path);
    enum ohm_status st = OHM_OK;

    if (!copy)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (char *p = copy + 1; st == OHM_OK; p++) {
        const char end = *p;

        if (end != '/' && end != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && !(errno == EEXIST && ohm_is_folder(copy)))
            st = fail_path(err, copy, errno, "cannot make the folder");
        *p = end;
        if (end == '\0')
            break;
    }
    ohm_free(copy);
    return st;
}

char *ohm_path_join(const char *a, const char *b)
{
    struct ohm_str s = { 0 };
    const size_t n = strlen(a);

    if (n == 0 || b[0] == '/')
        return ohm_strdup(b);
    ohm_str_append(&s, a);
    if (a[n - 1] != '/')
        ohm_str_append(&s, "/");
    ohm_str_append(&s, b);
    if (s.failed)
        ohm_str_release(&s);
    return s.text;
}
