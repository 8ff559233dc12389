/* train_folder.c - a folder written whole: under a temporary name beside its place, then exchanged with what is there.
 * What is in it besides a surrogate, such as the rows that it comes from, stays: the new folder has links to it before
 * it takes the place, so that no kill loses it and a collection that is under way writes on. */
#include "train_int.h"

#include "ohm/file.h"
#include "ohm/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char rows_file[] = "rows.csv"; /* what a surrogate is trained from lies beside it */

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool is_empty(const char *folder)
{
    DIR *const dir = opendir(folder);
    const struct dirent *entry;
    bool empty = dir != NULL;

    while (dir && empty && (entry = readdir(dir)) != NULL)
        empty = is_dots(entry->d_name);
    if (dir)
        (void)closedir(dir);
    return empty;
}

enum ohm_status ohm_folder_check(const char *folder, struct ohm_error *err)
{
    char *card, *rows;
    bool replaceable;

    if (!ohm_file_exists(folder) && !ohm_is_folder(folder))
        return OHM_OK;
    if (!ohm_is_folder(folder))
        return ohm_fail(err, OHM_ECONFIG, "%s is there and is no folder", folder);
    if ((card = ohm_path_join(folder, OHM_CARD_FILE)) == NULL)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a path");
    rows = ohm_path_join(folder, rows_file);
    replaceable = ohm_file_exists(card) || (rows && ohm_file_exists(rows)) || is_empty(folder);
    ohm_free(card);
    ohm_free(rows);
    return replaceable ? OHM_OK
                       : ohm_fail(err, OHM_ECONFIG, "folder %s is there and is no surrogate: it has no %s and no %s",
                                  folder, OHM_CARD_FILE, rows_file);
}

/* Files of a surrogate: the card and its models. */
static bool is_ours(const char *name)
{
    const size_t n = strlen(name);

    return strcmp(name, OHM_CARD_FILE) == 0 || (n > 5 && strcmp(name + n - 5, ".json") == 0);
}

/* Removes a folder and all that is in it. */
static void remove_folder(const char *folder)
{
    DIR *const dir = opendir(folder);
    const struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir)) != NULL) {
        char *const path = is_dots(entry->d_name) ? NULL : ohm_path_join(folder, entry->d_name);

        if (path && unlink(path) != 0)
            remove_folder(path);
        ohm_free(path);
    }
    (void)closedir(dir);
    (void)rmdir(folder);
}

static enum ohm_status link_all(const char *from, const char *to, bool top, struct ohm_error *err);

static enum ohm_status link_one(const char *from, const char *to, struct ohm_error *err)
{
    enum ohm_status st;

    if (!from || !to)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a path");
    if (ohm_is_folder(from))
        return (st = ohm_make_folder(to, err)) == OHM_OK ? link_all(from, to, false, err) : st;
    if (link(from, to) != 0)
        return ohm_fail_errno(err, OHM_EIO, errno, "cannot keep %s", from);
    return OHM_OK;
}

/* The files of `from` in `to`, too; at the top those that are no surrogate's. */
static enum ohm_status link_all(const char *from, const char *to, bool top, struct ohm_error *err)
{
    DIR *const dir = opendir(from);
    const struct dirent *entry;
    enum ohm_status st = OHM_OK;

    while (dir && st == OHM_OK && (entry = readdir(dir)) != NULL) {
        char *source, *target;

        if (is_dots(entry->d_name) || (top && is_ours(entry->d_name)))
            continue;
        source = ohm_path_join(from, entry->d_name);
        target = ohm_path_join(to, entry->d_name);
        st = link_one(source, target, err);
        ohm_free(source);
        ohm_free(target);
    }
    if (dir)
        (void)closedir(dir);
    return st;
}

static enum ohm_status write_files(const char *folder, const struct ohm_folder_file *file, int n, struct ohm_error *err)
{
    enum ohm_status st = ohm_make_folder(folder, err);

    for (int i = 0; i < n && st == OHM_OK; i++) {
        char *const path = ohm_path_join(folder, file[i].name);

        st = path ? ohm_file_write(path, file[i].bytes, file[i].length, err)
                  : ohm_fail(err, OHM_ENOMEM, "out of memory for a path");
        ohm_free(path);
    }
    return st;
}

/* Where the file system cannot exchange two names: the old folder steps aside, and back again if the new one cannot
 * take its place. */
static int exchange_by_steps(const char *made, const char *folder, const char *aside)
{
    if (rename(folder, aside) != 0)
        return -1;
    if (rename(made, folder) != 0) {
        const int why = errno;

        (void)rename(aside, folder);
        errno = why;
        return -1;
    }
    remove_folder(aside);
    return 0;
}

/* After this `folder` is the new one; `made` is the old one, or gone. rename takes the place of nothing and of an empty
 * folder, exchange that of a full one. */
static enum ohm_status put_in_place(const char *made, const char *folder, const char *aside, struct ohm_error *err)
{
    if (rename(made, folder) == 0 || renameat2(AT_FDCWD, made, AT_FDCWD, folder, RENAME_EXCHANGE) == 0 ||
        exchange_by_steps(made, folder, aside) == 0)
        return OHM_OK;
    return ohm_fail_errno(err, OHM_EIO, errno, "cannot put folder %s in its place", folder);
}

/* "folder.new-PID": beside the folder, so on the same file system. */
static void name_beside(struct ohm_str *name, const char *folder, const char *what)
{
    size_t length = strlen(folder);

    while (length > 1 && folder[length - 1] == '/')
        length--;
    ohm_str_append_n(name, folder, length);
    ohm_str_printf(name, ".%s-%ld", what, (long)getpid());
}

enum ohm_status ohm_folder_write(const char *folder, const struct ohm_folder_file *file, int n, struct ohm_error *err)
{
    struct ohm_str made = {0}, aside = {0};
    enum ohm_status st;

    name_beside(&made, folder, "new");
    name_beside(&aside, folder, "old");
    if (made.failed || aside.failed) {
        st = ohm_fail(err, OHM_ENOMEM, "out of memory for a path");
    } else {
        remove_folder(made.text); /* left by a run of this number that was killed */
        st = write_files(made.text, file, n, err);
        if (st == OHM_OK)
            st = link_all(folder, made.text, true, err);
        if (st == OHM_OK)
            st = put_in_place(made.text, folder, aside.text, err);
        remove_folder(made.text);
    }
    ohm_str_release(&made);
    ohm_str_release(&aside);
    return st;
}
