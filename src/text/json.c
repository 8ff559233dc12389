/* json.c - JSON by libjansson, as the tree of doc.h.
 *
 * jansson checks the syntax but forgets where a value stood. Its objects keep the order of the file, so a second walk
 * over the text, now known to be good, meets the same values in the same order and gives each its line and column. */
#include "ohm/json.h"

#include "ohm/file.h"

#include "doc_int.h"

#include <jansson.h>
#include <string.h>

struct walk {
    struct ohm_builder *b;
    const char *p, *end;
    int line, column;
};

static void step(struct walk *w)
{
    if (*w->p == '\n') {
        w->line++;
        w->column = 1;
    } else if ((*w->p & 0xc0) != 0x80) {
        w->column++;
    }
    w->p++;
}

/* To the next value, key or closing bracket. */
static void skip_between(struct walk *w)
{
    while (w->p < w->end && strchr(" \t\r\n,:", *w->p) && *w->p)
        step(w);
}

static void skip_string(struct walk *w)
{
    step(w);
    while (w->p < w->end && *w->p != '"') {
        if (*w->p == '\\')
            step(w);
        step(w);
    }
    step(w);
}

static void skip_word(struct walk *w)
{
    while (w->p < w->end && *w->p && !strchr(" \t\r\n,:]}", *w->p))
        step(w);
}

static enum ohm_status add_value(struct walk *w, const json_t *value);

static enum ohm_status add_string(struct walk *w, const char *text, size_t length)
{
    const int line = w->line, column = w->column;

    skip_string(w);
    return ohm_build_scalar(w->b, line, column, text, length, true);
}

/* Numbers, true, false and null keep the spelling of the file. */
static enum ohm_status add_word(struct walk *w)
{
    const int line = w->line, column = w->column;
    const char *start = w->p;

    skip_word(w);
    return ohm_build_scalar(w->b, line, column, start, (size_t)(w->p - start), false);
}

static enum ohm_status add_pairs(struct walk *w, const json_t *object)
{
    json_t *map = (json_t *)(uintptr_t)object; /* jansson's iterators ask for a non-const object and change nothing */
    enum ohm_status st = OHM_OK;

    for (void *i = json_object_iter(map); i && st == OHM_OK; i = json_object_iter_next(map, i)) {
        const char *key = json_object_iter_key(i);

        skip_between(w);
        st = add_string(w, key, strlen(key));
        if (st == OHM_OK)
            st = add_value(w, json_object_iter_value(i));
    }
    return st;
}

static enum ohm_status add_items(struct walk *w, const json_t *array)
{
    enum ohm_status st = OHM_OK;

    for (size_t i = 0; i < json_array_size(array) && st == OHM_OK; i++)
        st = add_value(w, json_array_get(array, i));
    return st;
}

static enum ohm_status add_value(struct walk *w, const json_t *value)
{
    const bool map = json_is_object(value);
    enum ohm_status st;

    skip_between(w);
    if (json_is_string(value))
        return add_string(w, json_string_value(value), json_string_length(value));
    if (!map && !json_is_array(value))
        return add_word(w);
    /* Opening fails beyond OHM_DOC_DEPTH_MAX, which also bounds this recursion. */
    if ((st = ohm_build_open(w->b, map ? OHM_NODE_MAP : OHM_NODE_LIST, w->line, w->column)) != OHM_OK)
        return st;
    step(w);
    if ((st = map ? add_pairs(w, value) : add_items(w, value)) != OHM_OK)
        return st;
    skip_between(w);
    step(w);
    return ohm_build_close(w->b);
}

/* jansson would build the tree of any number of values before we count them: a look at the separators bounds it. */
static bool too_many_values(const char *bytes, size_t length)
{
    size_t n = 0;
    bool in_string = false;

    for (size_t i = 0; i < length; i++) {
        if (in_string && bytes[i] == '\\')
            i++;
        else if (bytes[i] == '"')
            in_string = !in_string;
        else if (!in_string)
            n += bytes[i] == ',' || bytes[i] == '[' || bytes[i] == '{';
    }
    return n > OHM_DOC_NODES_MAX;
}

static json_t *parse_text(struct ohm_builder *b)
{
    const struct ohm_doc *doc = b->doc;
    const char *nul = memchr(doc->bytes, '\0', doc->length);
    json_error_t error;
    json_t *tree;

    if (strspn(doc->bytes, " \t\r\n") == doc->length) {
        ohm_diag_add(b->diag, OHM_ECONFIG, doc->path, 0, 0, "the file is empty");
        return NULL;
    }
    if (nul) { /* jansson passes over it in places */
        ohm_diag_add(b->diag, OHM_ECONFIG, doc->path, 0, 0, "not JSON: byte %zu is NUL",
                     (size_t)(nul - doc->bytes) + 1);
        return NULL;
    }
    if (too_many_values(doc->bytes, doc->length)) {
        ohm_diag_add(b->diag, OHM_ECONFIG, doc->path, 0, 0, "the document has more than %d nodes", OHM_DOC_NODES_MAX);
        return NULL;
    }
    tree = json_loadb(doc->bytes, doc->length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!tree)
        ohm_diag_add(b->diag, json_error_code(&error) == json_error_out_of_memory ? OHM_ENOMEM : OHM_ECONFIG, doc->path,
                     error.line > 0 ? error.line : 1, error.column > 0 ? error.column : 1, "not JSON: %s", error.text);
    return tree;
}

enum ohm_status ohm_json_parse(struct ohm_doc **out, const char *bytes, size_t length, const char *path,
                               struct ohm_diag *diag)
{
    struct ohm_builder b = {.diag = diag, .doc = ohm_doc_create(path, bytes, length, diag)};
    enum ohm_status st = OHM_ECONFIG;
    json_t *tree;

    *out = NULL;
    if (!b.doc)
        return length > OHM_TEXT_FILE_MAX ? OHM_EDATA : OHM_ENOMEM;
    tree = parse_text(&b);
    if (tree) {
        struct walk w = {&b, b.doc->bytes, b.doc->bytes + length, 1, 1};

        st = add_value(&w, tree);
        json_decref(tree);
    }
    if (st == OHM_OK) {
        b.doc->root = b.pending[0];
        *out = b.doc;
    } else {
        ohm_doc_free(b.doc);
    }
    ohm_free(b.pending);
    return st;
}
