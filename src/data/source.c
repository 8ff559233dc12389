/* source.c - a folder, or an archive of one read by libarchive, as a row of named files.
 *
 * Names have at most one '/': what lies deeper is no data of ours. Most archives pack everything in one folder; its
 * name is taken off, unless it is itself a folder of the data. */
#include "data_int.h"

#include "ohm/file.h"
#include "ohm/str.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- folders ---- */

struct names {
    struct ohm_arena arena;
    const char **item;
    size_t count, cap;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void names_release(struct names *n)
{
    ohm_free(n->item);
    ohm_arena_release(&n->arena);
}

/* Sorted, without the hidden ones. */
static enum ohm_status list_folder(struct names *n, const char *path, struct ohm_error *err)
{
    DIR *const dir = opendir(path);
    const struct dirent *entry;
    enum ohm_status st = OHM_OK;

    if (!dir) {
        st = ohm_fail_errno(err, errno == ENOENT ? OHM_ENOTFOUND : OHM_EIO, errno, "cannot read the folder");
        ohm_error_set_path(err, path);
        return st;
    }
    while (st == OHM_OK && (entry = readdir(dir)) != NULL) {
        const char *copy;

        if (entry->d_name[0] == '.')
            continue;
        copy = ohm_arena_strdup(&n->arena, entry->d_name);
        if (!copy || !ohm_grow(&n->item, &n->cap, n->count + 1, sizeof *n->item))
            st = ohm_fail(err, OHM_ENOMEM, "out of memory while reading a folder");
        else
            n->item[n->count++] = copy;
    }
    closedir(dir);
    if (n->count)
        qsort(n->item, n->count, sizeof *n->item, compare_names);
    return st;
}

static enum ohm_status visit_file(const char *path, const char *name, const struct source_visitor *v,
                                  struct ohm_diag *diag)
{
    struct ohm_error err = {0};
    char *bytes = NULL;
    size_t length;
    enum ohm_status st;

    if ((st = ohm_file_read(&bytes, &length, path, v->limit, &err)) != OHM_OK) {
        ohm_diag_take(diag, &err);
        return st == OHM_ENOMEM ? st : OHM_OK;
    }
    st = v->take(v->context, name, (const unsigned char *)bytes, length);
    ohm_free(bytes);
    return st;
}

static enum ohm_status walk_folder(const char *path, const char *prefix, const struct source_visitor *v,
                                   struct ohm_diag *diag);

static enum ohm_status visit_entry(const char *folder, const char *prefix, const char *entry,
                                   const struct source_visitor *v, struct ohm_diag *diag)
{
    char *const path = ohm_path_join(folder, entry), *const name = ohm_path_join(prefix, entry);
    enum ohm_status st = OHM_OK;

    if (!path || !name)
        st = ohm_diag_add(diag, OHM_ENOMEM, folder, 0, 0, "out of memory while reading a folder");
    else if (ohm_is_folder(path)) {
        if (!prefix[0] && v->is_content(v->context, entry))
            st = walk_folder(path, entry, v, diag);
    } else if (v->wanted(v->context, name))
        st = visit_file(path, name, v, diag);
    ohm_free(path);
    ohm_free(name);
    return st;
}

static enum ohm_status walk_folder(const char *path, const char *prefix, const struct source_visitor *v,
                                   struct ohm_diag *diag)
{
    struct names names = {{0}, NULL, 0, 0};
    struct ohm_error err = {0};
    enum ohm_status st = list_folder(&names, path, &err);

    if (st != OHM_OK)
        ohm_diag_take(diag, &err);
    for (size_t i = 0; i < names.count && st == OHM_OK; i++)
        st = visit_entry(path, prefix, names.item[i], v, diag);
    names_release(&names);
    return st;
}

/* ---- archives ---- */

struct packed {
    struct archive *archive;
    const char *place;
    const struct source_visitor *v;
    struct ohm_diag *diag;
    char root[256]; /* "speech_commands/", or "" */
    bool rooted;    /* root was looked for */
};

static enum ohm_status archive_fail(const struct packed *p, const char *name)
{
    const char *const why = archive_error_string(p->archive);

    return ohm_diag_add(p->diag, OHM_EDATA, p->place, 0, 0, "%.120s%scannot be read from the archive: %.160s", name,
                        name[0] ? " " : "", why ? why : "it is damaged");
}

/* The first entry tells what everything is packed in. */
static void find_root(struct packed *p, const char *name)
{
    const char *const slash = strchr(name, '/');
    const size_t n = slash ? (size_t)(slash - name) : 0;

    p->rooted = true;
    if (!slash || n + 2 > sizeof p->root)
        return;
    memcpy(p->root, name, n);
    if (p->v->is_content(p->v->context, p->root))
        memset(p->root, 0, sizeof p->root);
    else
        p->root[n] = '/';
}

/* The name without "./" and the root; NULL: not data of ours. */
static const char *inner_name(struct packed *p, const char *name)
{
    while (name[0] == '.' && name[1] == '/')
        name += 2;
    if (name[0] == '\0' || name[0] == '/' || strstr(name, ".."))
        return NULL;
    if (!p->rooted)
        find_root(p, name);
    if (strncmp(name, p->root, strlen(p->root)) != 0)
        return NULL;
    name += strlen(p->root);
    return name[0] == '\0' || (strchr(name, '/') && strchr(strchr(name, '/') + 1, '/')) ? NULL : name;
}

/* The size in the header may be a lie: memory grows with what there is. */
static enum ohm_status unpack(struct packed *p, const char *name, struct ohm_str *s)
{
    char block[16384];
    la_ssize_t n;

    ohm_str_clear(s);
    while ((n = archive_read_data(p->archive, block, sizeof block)) > 0) {
        if (s->length + (size_t)n > p->v->limit)
            return ohm_diag_add(p->diag, OHM_EDATA, p->place, 0, 0, "%.120s has more than %zu bytes", name,
                                p->v->limit);
        ohm_str_append_n(s, block, (size_t)n);
    }
    if (n < 0)
        return archive_fail(p, name);
    return s->failed ? ohm_diag_add(p->diag, OHM_ENOMEM, p->place, 0, 0, "no memory for %.120s", name) : OHM_OK;
}

static enum ohm_status walk_entries(struct packed *p)
{
    struct ohm_str bytes = {0};
    struct archive_entry *entry;
    enum ohm_status st = OHM_OK;
    int code;

    while (st == OHM_OK && (code = archive_read_next_header(p->archive, &entry)) != ARCHIVE_EOF) {
        const char *const path = code >= ARCHIVE_WARN ? archive_entry_pathname(entry) : NULL;
        const char *name;

        if (code < ARCHIVE_WARN) {
            st = archive_fail(p, "");
            break;
        }
        name = path ? inner_name(p, path) : NULL;
        if (name && archive_entry_filetype(entry) == AE_IFREG && p->v->wanted(p->v->context, name) &&
            (st = unpack(p, name, &bytes)) == OHM_OK)
            st = p->v->take(p->v->context, name, (const unsigned char *)ohm_str_text(&bytes), bytes.length);
    }
    ohm_str_release(&bytes);
    return st;
}

static enum ohm_status walk_archive(const char *place, const struct source_visitor *v, struct ohm_diag *diag)
{
    struct packed p = {.archive = archive_read_new(), .place = place, .v = v, .diag = diag};
    enum ohm_status st;

    if (!p.archive)
        return ohm_diag_add(diag, OHM_ENOMEM, place, 0, 0, "out of memory while opening an archive");
    archive_read_support_filter_all(p.archive);
    archive_read_support_format_tar(p.archive);
    archive_read_support_format_zip(p.archive);
    if (archive_read_open_filename(p.archive, place, 1 << 16) != ARCHIVE_OK)
        st = archive_fail(&p, "");
    else
        st = walk_entries(&p);
    archive_read_free(p.archive);
    return st;
}

enum ohm_status source_walk(const char *place, const struct source_visitor *v, struct ohm_diag *diag)
{
    if (ohm_is_folder(place))
        return walk_folder(place, "", v, diag);
    if (!ohm_file_exists(place))
        return ohm_diag_add(diag, OHM_ENOTFOUND, place, 0, 0, "there is no such folder or archive");
    return walk_archive(place, v, diag);
}

/* ---- one file ---- */

struct wish {
    const char *name;
    char *bytes;
    size_t length;
    struct ohm_diag *diag;
};

static bool wish_content(void *context, const char *folder)
{
    const struct wish *const w = context;
    const size_t n = strlen(folder);

    return strncmp(w->name, folder, n) == 0 && w->name[n] == '/';
}

static bool wish_wanted(void *context, const char *name)
{
    const struct wish *const w = context;

    return !w->bytes && strcmp(name, w->name) == 0;
}

static enum ohm_status wish_take(void *context, const char *name, const unsigned char *bytes, size_t length)
{
    struct wish *const w = context;

    if (!(w->bytes = ohm_alloc(length + 1, 1)))
        return ohm_diag_add(w->diag, OHM_ENOMEM, name, 0, 0, "out of memory while reading the file");
    if (length)
        memcpy(w->bytes, bytes, length);
    w->length = length;
    return OHM_OK;
}

enum ohm_status source_read(const char *place, const char *name, char **bytes, size_t *length, size_t limit,
                            struct ohm_diag *diag)
{
    struct wish wish = {.name = name, .diag = diag};
    const struct source_visitor v = {&wish, wish_content, wish_wanted, wish_take, limit};
    const enum ohm_status st = source_walk(place, &v, diag);

    *bytes = wish.bytes;
    *length = wish.length;
    return st;
}
