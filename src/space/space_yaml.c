/* space_yaml.c - reads a space from YAML. Every part notes what is wrong with it and goes on, so that one pass shows
 * all errors of a file; a space comes out only when there are none. */
#include "space_read.h"

#include <string.h>

void *ohm_reader_take(struct ohm_space_reader *r, size_t n, size_t size)
{
    void *const block = ohm_arena_alloc(&r->space->arena, n, size);

    if (!block)
        r->no_memory = true;
    return block;
}

const char *ohm_reader_copy(struct ohm_space_reader *r, const char *text)
{
    const char *const mine = ohm_arena_strdup(&r->space->arena, text);

    if (!mine)
        r->no_memory = true;
    return mine ? mine : "";
}

/* Letters, digits and _, not beginning with a digit: what an expression takes for a name. */
static bool is_name(const char *text)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

    return *text && strchr("0123456789", *text) == NULL && strspn(text, legal) == strlen(text) && strlen(text) <= 64;
}

/* ---- axes and their family ---- */

static int family_axis(const struct ohm_family *family, const char *name)
{
    for (int i = 0; family->axis_names[i]; i++)
        if (strcmp(family->axis_names[i], name) == 0)
            return i;
    return -1;
}

static int list_length(const char *const *names)
{
    int n = 0;

    while (names[n])
        n++;
    return n;
}

static void check_choices(struct ohm_space_reader *r, int i, const char *const *texts)
{
    const struct ohm_space_axis *const a = &r->space->axis[i];
    const struct ohm_node *const list = ohm_map_get(r->node[i], "choice");
    int index;

    if (!texts && a->shown.text)
        ohm_node_fail(list, r->diag, "axis '%s': family '%s' takes numbers here", a->shown.name, r->family->name);
    if (texts && !a->shown.text)
        ohm_node_fail(r->node[i], r->diag, "axis '%s': family '%s' takes texts here, such as choice: [%s]",
                      a->shown.name, r->family->name, texts[0]);
    for (int v = 0; texts && a->shown.text && v < list->count; v++)
        ohm_node_choice(list->item[v], "a value of this axis", texts, list_length(texts), &index, r->diag);
}

static void check_family(struct ohm_space_reader *r, const struct ohm_node *axes)
{
    const struct ohm_family *const family = r->family;
    uint64_t found = 0;
    int n;

    if (!family || !family->axis_names)
        return;
    n = list_length(family->axis_names);
    for (int i = 0; i < r->space->axes; i++) {
        const int k = family_axis(family, r->name[i]);
        const char *const nearest = k < 0 ? ohm_nearest(r->name[i], family->axis_names, n) : NULL;

        if (k < 0) {
            ohm_node_fail(axes->key[i], r->diag, "family '%s' has no axis '%s'%s%s%s", family->name, r->name[i],
                          nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
            continue;
        }
        found |= k < 64 ? ohm_axis_bit(k) : 0;
        if (r->space->axis[i].shown.size > 0)
            check_choices(r, i, family->axis_choices ? family->axis_choices[k] : NULL);
    }
    for (int k = 0; k < n && k < 64; k++)
        if (!(found & ohm_axis_bit(k)))
            ohm_node_fail(axes, r->diag, "family '%s' needs the axis '%s'", family->name, family->axis_names[k]);
}

/* Names, then values and conditions, of the axes of a map, which come behind those that the space has. */
static void add_axes(struct ohm_space_reader *r, struct ohm_node *axes)
{
    struct ohm_space *const space = r->space;
    const int first = space->axes;

    if (axes->count < 1 || axes->count > OHM_GENES_MAX - first) {
        ohm_node_fail(axes, r->diag, "%d axes; a space has 1 to %d", first + axes->count, OHM_GENES_MAX);
        return;
    }
    space->axes = first + axes->count;
    for (int k = 0; k < axes->count; k++) {
        const int i = first + k;

        r->name[i] = space->axis[i].shown.name = ohm_reader_copy(r, axes->key[k]->text);
        r->node[i] = axes->item[k];
        if (first == 0 && !is_name(r->name[i]))
            ohm_node_fail(axes->key[k], r->diag,
                          "'%.64s' is no name for an axis: letters, digits and _, at most 64, no digit first",
                          r->name[i]);
    }
    for (int k = 0; k < axes->count && !r->no_memory; k++) {
        const int i = first + k;

        if (!ohm_node_is_map(r->node[i], "an axis", r->diag))
            continue;
        ohm_read_values(r, &space->axis[i], r->node[i], axes->key[k]);
        ohm_read_condition(r, i, ohm_map_get(r->node[i], "when"));
        ohm_map_finish(r->node[i], r->diag);
    }
}

static void read_axes(struct ohm_space_reader *r, struct ohm_node *axes)
{
    if (!axes || !ohm_node_is_map(axes, "axes", r->diag))
        return;
    add_axes(r, axes);
    if (!r->no_memory && r->space->axes > 0)
        check_family(r, axes);
}

/* ---- the key template ---- */

/* Adds the piece between two braces or outside of them. */
static void add_key_part(struct ohm_space_reader *r, const struct ohm_node *node, const char *text, size_t n, bool axis)
{
    struct ohm_space *const space = r->space;
    struct ohm_key_part *const part = &space->key[space->key_parts];
    char *const word = ohm_reader_take(r, n + 1, 1);
    const char *nearest;

    if (!word)
        return;
    memcpy(word, text, n);
    if (!axis) {
        part->literal = word;
        space->key_parts++;
        return;
    }
    part->by_index = n > 0 && word[n - 1] == '#';
    word[part->by_index ? n - 1 : n] = 0;
    for (int i = 0; i < space->axes; i++) {
        if (strcmp(r->name[i], word) == 0) {
            part->axis = i;
            space->key_parts++;
            return;
        }
    }
    nearest = ohm_nearest(word, r->name, space->axes);
    ohm_node_fail(node, r->diag, "the key names the axis '%.64s', which there is not%s%s%s", word,
                  nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static void read_key(struct ohm_space_reader *r, const struct ohm_node *node)
{
    const char *text;
    size_t parts = 1;

    if (!node || !ohm_node_text(node, "key", &text, r->diag))
        return;
    for (const char *c = text; *c; c++)
        parts += (*c == '{') + (*c == '}');
    if (parts > 4 * OHM_GENES_MAX || !*text) {
        ohm_node_fail(node, r->diag, "a key is a text with 1 to %d axes in braces", OHM_GENES_MAX);
        return;
    }
    if (!(r->space->key = ohm_reader_take(r, parts, sizeof *r->space->key)))
        return;
    while (*text) {
        const bool axis = *text == '{';
        const size_t n = axis ? strcspn(text + 1, "{}") : strcspn(text, "{}");

        if (axis ? text[1 + n] != '}' : *text == '}') {
            ohm_node_fail(node, r->diag, "the braces of the key do not match at '%.64s'", text);
            return;
        }
        add_key_part(r, node, text + axis, n, axis);
        text += n + (axis ? 2 : 0);
    }
}

/* ---- the file ---- */

static void read_shape(struct ohm_space_reader *r, const struct ohm_node *node)
{
    int32_t *const side[3] = {&r->space->input.h, &r->space->input.w, &r->space->input.c};
    long long number;

    if (!node || !ohm_node_is_list(node, "input", r->diag))
        return;
    if (node->count != 3) {
        ohm_node_fail(node, r->diag, "input has %d numbers instead of three: [height, width, channels]", node->count);
        return;
    }
    for (int i = 0; i < 3; i++)
        if (ohm_node_int(node->item[i], "a side of the input", 1, 65535, &number, r->diag))
            *side[i] = (int32_t)number;
}

static void read_head(struct ohm_space_reader *r, struct ohm_node *root, ohm_family_find_fn *find,
                      const char *const *family_names)
{
    struct ohm_space *const space = r->space;
    const struct ohm_node *const name = ohm_map_need(root, "space", r->diag), *const family =
                                                                                  ohm_map_need(root, "family", r->diag);
    const char *text = "";
    long long classes;
    int index;

    if (ohm_node_text(name, "space", &text, r->diag) && (!*text || strlen(text) > 64 || strpbrk(text, " \t\r\n")))
        ohm_node_fail(name, r->diag, "'%.64s' is no name for a space: 1 to 64 characters, no blank", text);
    space->name = ohm_reader_copy(r, text);
    space->family = "";
    if (ohm_node_choice(family, "family", family_names, list_length(family_names), &index, r->diag)) {
        space->family = ohm_reader_copy(r, family_names[index]);
        r->family = find(family_names[index]);
    }
    read_shape(r, ohm_map_need(root, "input", r->diag));
    if (ohm_node_int(ohm_map_need(root, "classes", r->diag), "classes", 1, 1000000, &classes, r->diag))
        space->classes = (int)classes;
}

/* `more`: axes that no family knows; NULL: none. A key names networks, and so none of these. */
static void read_space(struct ohm_space_reader *r, struct ohm_node *root, struct ohm_node *more,
                       ohm_family_find_fn *find, const char *const *family_names)
{
    const int before = r->diag->count;

    if (!ohm_node_is_map(root, "a space", r->diag))
        return;
    read_head(r, root, find, family_names);
    read_axes(r, ohm_map_need(root, "axes", r->diag));
    ohm_read_constraints(r, ohm_map_get(root, "constraints"));
    read_key(r, ohm_map_get(root, "key"));
    ohm_map_finish(root, r->diag);
    if (more && r->diag->count == before && !r->no_memory && ohm_node_is_map(more, "axes", r->diag)) {
        r->space->key = NULL;
        add_axes(r, more);
    }
}

/* What can be said once all parts are right. */
static void finish_space(struct ohm_space_reader *r, struct ohm_node *root)
{
    static const unsigned char zero[sizeof r->space->size_bytes] = {0};
    const struct ohm_node *const constraints = ohm_map_get(root, "constraints");

    if (!ohm_space_prepare(r->space))
        r->no_memory = true;
    else if (r->space->counted && memcmp(r->space->size_bytes, zero, sizeof zero) == 0)
        ohm_diag_add(r->diag, OHM_EUNFIT, ohm_doc_path(root->doc), constraints->line, constraints->column,
                     "no network meets all constraints: space '%s' is empty", r->space->name);
}

static void copy_source(struct ohm_space_reader *r, const char *bytes, size_t length)
{
    char *const source = ohm_reader_take(r, length + 1, 1);

    if (source && length)
        memcpy(source, bytes, length);
    r->space->source = source;
}

/* As ohm_space_read, with the axes of another document behind those of the file. */
static enum ohm_status read_with(struct ohm_space **out, const char *bytes, size_t length, const char *path,
                                 struct ohm_doc *more, ohm_family_find_fn *find, const char *const *family_names,
                                 struct ohm_diag *diag)
{
    struct ohm_diag own = {0};
    struct ohm_space_reader r = {.diag = diag ? diag : &own};
    const int before = r.diag->count;
    struct ohm_doc *doc = NULL;
    enum ohm_status st;

    *out = NULL;
    if ((st = ohm_doc_parse(&doc, bytes, length, path, r.diag)) != OHM_OK)
        goto done;
    if (!(r.space = ohm_alloc(1, sizeof *r.space))) {
        st = ohm_diag_add(r.diag, OHM_ENOMEM, path, 0, 0, "no memory for a space");
        goto done;
    }
    copy_source(&r, bytes, length);
    read_space(&r, ohm_doc_root(doc), more ? ohm_doc_root(more) : NULL, find, family_names);
    if (!r.no_memory && r.diag->count == before)
        finish_space(&r, ohm_doc_root(doc));
    if (r.no_memory)
        ohm_diag_add(r.diag, OHM_ENOMEM, path, 0, 0, "no memory for a space");
    if (r.diag->count == before) {
        *out = r.space;
        r.space = NULL;
    } else {
        st = r.diag->count > OHM_DIAG_MAX || before >= OHM_DIAG_MAX ? OHM_ECONFIG : r.diag->item[before].status;
    }
done:
    ohm_space_free(r.space);
    ohm_doc_free(doc);
    ohm_diag_release(&own);
    return st;
}

enum ohm_status ohm_space_read(struct ohm_space **out, const char *bytes, size_t length, const char *path,
                               ohm_family_find_fn *find, const char *const *family_names, struct ohm_diag *diag)
{
    return read_with(out, bytes, length, path, NULL, find, family_names, diag);
}

enum ohm_status ohm_space_extend(struct ohm_space **out, const struct ohm_space *base, const char *axes,
                                 struct ohm_diag *diag)
{
    struct ohm_doc *more = NULL;
    enum ohm_status st = ohm_doc_parse(&more, axes, strlen(axes), "further axes", diag);

    *out = NULL;
    if (st == OHM_OK)
        st = read_with(out, base->source, strlen(base->source), base->name, more, ohm_family_find, ohm_family_names(),
                       diag);
    ohm_doc_free(more);
    return st;
}
