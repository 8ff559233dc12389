/* doc.c - documents: reading, freeing, and asking maps for their keys. */
#include "doc_int.h"

#include "ohm/file.h"
#include "ohm/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct ohm_doc *ohm_doc_create(const char *path, const char *bytes, size_t length, struct ohm_diag *diag)
{
    struct ohm_doc *doc;

    if (length > OHM_TEXT_FILE_MAX) {
        ohm_diag_add(diag, OHM_EDATA, path, 0, 0, "the text has %zu bytes, more than the limit of %zu", length,
                     OHM_TEXT_FILE_MAX);
        return NULL;
    }
    doc = ohm_alloc(1, sizeof *doc);
    if (doc) {
        doc->path = ohm_strdup(path);
        doc->bytes = ohm_alloc(length + 1, 1);
        doc->length = length;
    }
    if (!doc || !doc->path || !doc->bytes) {
        ohm_diag_add(diag, OHM_ENOMEM, path, 0, 0, "out of memory while reading the file");
        ohm_doc_free(doc);
        return NULL;
    }
    if (length)
        memcpy(doc->bytes, bytes, length);
    return doc;
}

void ohm_doc_free(struct ohm_doc *doc)
{
    if (!doc)
        return;
    ohm_arena_release(&doc->arena);
    ohm_free(doc->bytes);
    ohm_free(doc->path);
    ohm_free(doc);
}

enum ohm_status ohm_doc_parse(struct ohm_doc **out, const char *bytes, size_t length, const char *path,
                              struct ohm_diag *diag)
{
    struct ohm_builder b = {.diag = diag, .doc = ohm_doc_create(path, bytes, length, diag)};
    enum ohm_status st;

    *out = NULL;
    if (!b.doc)
        return length > OHM_TEXT_FILE_MAX ? OHM_EDATA : OHM_ENOMEM;
    st = ohm_yaml_read(&b);
    if (st == OHM_OK) {
        b.doc->root = b.pending[0];
        *out = b.doc;
    } else {
        ohm_doc_free(b.doc);
    }
    ohm_free(b.pending);
    return st;
}

static bool is_json(const char *path)
{
    const size_t n = strlen(path);

    return n > 5 && strcmp(path + n - 5, ".json") == 0;
}

enum ohm_status ohm_doc_load(struct ohm_doc **out, const char *path, struct ohm_diag *diag)
{
    struct ohm_error err;
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st;

    *out = NULL;
    if (ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, &err) != OHM_OK)
        return ohm_diag_take(diag, &err);
    st = is_json(path) ? ohm_json_parse(out, bytes, length, path, diag) : ohm_doc_parse(out, bytes, length, path, diag);
    ohm_free(bytes);
    return st;
}

struct ohm_node *ohm_doc_root(const struct ohm_doc *doc)
{
    return doc->root;
}

const char *ohm_doc_path(const struct ohm_doc *doc)
{
    return doc->path;
}

size_t ohm_line_break(const char *p, const char *end)
{
    const size_t left = (size_t)(end - p);

    if (left >= 2 && p[0] == '\r' && p[1] == '\n')
        return 2;
    if (left >= 1 && (p[0] == '\n' || p[0] == '\r'))
        return 1;
    if (left >= 2 && memcmp(p, "\xc2\x85", 2) == 0)
        return 2; /* NEL */
    if (left >= 3 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0))
        return 3; /* LS, PS */
    return 0;
}

static const char *line_end(const char *p, const char *end)
{
    while (p < end && !ohm_line_break(p, end))
        p++;
    return p;
}

const char *ohm_find_line(const char *bytes, size_t size, int line, size_t *length)
{
    const char *p = bytes, *end = bytes + size;

    for (int i = 1; i < line; i++) {
        p = line_end(p, end);
        if (p == end)
            return NULL;
        p += ohm_line_break(p, end);
    }
    *length = (size_t)(line_end(p, end) - p);
    return line > 0 ? p : NULL;
}

const char *ohm_doc_line(const struct ohm_doc *doc, int line, int *length)
{
    size_t n = 0;
    const char *text = ohm_find_line(doc->bytes, doc->length, line, &n);

    *length = text ? (int)n : 0; /* a document is at most 64 MiB */
    return text ? text : "";
}

enum ohm_status ohm_node_fail(const struct ohm_node *node, struct ohm_diag *diag, const char *format, ...)
{
    char text[sizeof((struct ohm_error *)0)->text];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ohm_diag_add(diag, OHM_ECONFIG, node->doc->path, node->line, node->column, "%s", text);
}

enum { ASKED_MAX = 256 };

/* Remembers a name for "did you mean". Without memory the hint is lost, and nothing else. */
static void remember(struct ohm_node *map, const char *key)
{
    struct ohm_asked *asked;
    const size_t size = strlen(key) + 1;
    int n = 0;

    for (asked = map->asked; asked; asked = asked->next)
        if (++n == ASKED_MAX || strcmp(asked->name, key) == 0)
            return;
    asked = ohm_arena_alloc(&map->doc->arena, 1, sizeof *asked + size);
    if (!asked)
        return;
    memcpy(asked->name, key, size);
    asked->next = map->asked;
    map->asked = asked;
}

struct ohm_node *ohm_map_get(struct ohm_node *map, const char *key)
{
    if (!map || map->kind != OHM_NODE_MAP)
        return NULL;
    for (int i = 0; i < map->count; i++)
        if (strcmp(map->key[i]->text, key) == 0) {
            map->used[i] = true;
            return map->item[i];
        }
    remember(map, key);
    return NULL;
}

struct ohm_node *ohm_map_need(struct ohm_node *map, const char *key, struct ohm_diag *diag)
{
    struct ohm_node *node = ohm_map_get(map, key);

    if (!node && map && map->kind == OHM_NODE_MAP)
        ohm_node_fail(map, diag, "missing key '%s'", key);
    return node;
}

/* The names that the map was asked for, those it has not first (a misspelt key is one of these). Returns how many. */
static int known_names(const struct ohm_node *map, const char *name[2 * ASKED_MAX])
{
    int n = 0;

    for (const struct ohm_asked *asked = map->asked; asked; asked = asked->next)
        name[n++] = asked->name;
    for (int i = 0; i < map->count && n < 2 * ASKED_MAX; i++)
        if (map->used[i])
            name[n++] = map->key[i]->text;
    return n;
}

static void note_unknown(const struct ohm_node *key, const char *const *name, int n, struct ohm_diag *diag)
{
    const char *near = ohm_nearest(key->text, name, n);
    char list[256] = "";
    size_t used = 0;

    if (near) {
        ohm_node_fail(key, diag, "unknown key '%.80s'; did you mean '%s'?", key->text, near);
        return;
    }
    for (int i = 0; i < n && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", name[i]);
    if (used >= sizeof list)
        memcpy(list + sizeof list - 4, "...", 4);
    ohm_node_fail(key, diag, "unknown key '%.80s'; %s%s", key->text, n ? "known here: " : "no key is known here", list);
}

void ohm_map_finish(struct ohm_node *map, struct ohm_diag *diag)
{
    const char *name[2 * ASKED_MAX];
    int n;

    if (!map || map->kind != OHM_NODE_MAP)
        return;
    n = known_names(map, name);
    for (int i = 0; i < map->count; i++) {
        if (map->used[i])
            continue;
        if (!diag || diag->count < OHM_DIAG_MAX)
            note_unknown(map->key[i], name, n, diag);
        else
            diag->count++; /* only counted: the search for a near name would be for nothing */
    }
}
