/* doc_build.c - nodes from what a reader meets, within the limits on their number and depth. */
#include "doc_int.h"

#include <stdlib.h>
#include <string.h>

enum ohm_status ohm_build_no_memory(struct ohm_builder *b)
{
    return ohm_diag_add(b->diag, OHM_ENOMEM, b->doc->path, 0, 0, "out of memory while reading the file");
}

static enum ohm_status push(struct ohm_builder *b, struct ohm_node *node)
{
    if (!ohm_grow(&b->pending, &b->pending_cap, b->pending_count + 1, sizeof *b->pending))
        return ohm_build_no_memory(b);
    b->pending[b->pending_count++] = node;
    return OHM_OK;
}

/* Counts n more nodes against the limit; `aliased` says whether an alias brought them. */
static enum ohm_status count_nodes(struct ohm_builder *b, size_t n, int line, int column, bool aliased)
{
    b->total += n; /* n and total are both at most the limit: no overflow */
    if (b->total <= OHM_DOC_NODES_MAX)
        return OHM_OK;
    return ohm_diag_add(b->diag, OHM_ECONFIG, b->doc->path, line, column,
                        aliased ? "aliases expand to more than %d nodes" : "the document has more than %d nodes",
                        OHM_DOC_NODES_MAX);
}

static struct ohm_built *new_node(struct ohm_builder *b, enum ohm_node_kind kind, int line, int column)
{
    struct ohm_built *built = ohm_arena_alloc(&b->doc->arena, 1, sizeof *built);

    if (!built)
        return NULL;
    built->node.kind = kind;
    built->node.line = line;
    built->node.column = column;
    built->node.doc = b->doc;
    built->expanded = 1;
    return built;
}

static bool is_null_word(const char *text, size_t length)
{
    return length == 0 || (length == 1 && text[0] == '~') ||
           (length == 4 && (!memcmp(text, "null", 4) || !memcmp(text, "Null", 4) || !memcmp(text, "NULL", 4)));
}

enum ohm_status ohm_build_scalar(struct ohm_builder *b, int line, int column, const char *text, size_t length,
                                 bool quoted)
{
    const enum ohm_node_kind kind = !quoted && is_null_word(text, length) ? OHM_NODE_NULL : OHM_NODE_SCALAR;
    struct ohm_built *built;
    char *copy;
    enum ohm_status st;

    if (memchr(text, '\0', length))
        return ohm_diag_add(b->diag, OHM_ECONFIG, b->doc->path, line, column,
                            "the text holds the character NUL, which is not allowed");
    if ((st = count_nodes(b, 1, line, column, false)) != OHM_OK)
        return st;
    if (!(built = new_node(b, kind, line, column)))
        return ohm_build_no_memory(b);
    built->node.quoted = quoted;
    if (kind == OHM_NODE_SCALAR) {
        if (!(copy = ohm_arena_alloc(&b->doc->arena, length + 1, 1)))
            return ohm_build_no_memory(b);
        memcpy(copy, text, length);
        built->node.text = copy;
    }
    return push(b, &built->node);
}

static enum ohm_status too_deep(struct ohm_builder *b, int line, int column)
{
    return ohm_diag_add(b->diag, OHM_ECONFIG, b->doc->path, line, column, "lists and maps are nested more than %d deep",
                        OHM_DOC_DEPTH_MAX);
}

enum ohm_status ohm_build_open(struct ohm_builder *b, enum ohm_node_kind kind, int line, int column)
{
    struct ohm_built *built;
    enum ohm_status st;

    if (b->depth >= OHM_DOC_DEPTH_MAX)
        return too_deep(b, line, column);
    if ((st = count_nodes(b, 1, line, column, false)) != OHM_OK)
        return st;
    if (!(built = new_node(b, kind, line, column)))
        return ohm_build_no_memory(b);
    if ((st = push(b, &built->node)) != OHM_OK)
        return st;
    b->frame[b->depth].built = built;
    b->frame[b->depth].first = b->pending_count;
    b->frame[b->depth].total_before = b->total - 1;
    b->depth++;
    return OHM_OK;
}

struct ohm_node *ohm_build_last(const struct ohm_builder *b)
{
    return b->pending[b->pending_count - 1];
}

static const struct ohm_built *built_of(const struct ohm_node *node)
{
    return (const struct ohm_built *)(const void *)node; /* its first member */
}

enum ohm_status ohm_build_alias(struct ohm_builder *b, struct ohm_node *node, int line, int column)
{
    const struct ohm_built *built = built_of(node);
    enum ohm_status st;

    if (b->depth + built->height > OHM_DOC_DEPTH_MAX)
        return too_deep(b, line, column);
    if ((st = count_nodes(b, built->expanded, line, column, true)) != OHM_OK)
        return st;
    return push(b, node);
}

struct key_place {
    const char *text;
    int index;
};

static int compare_places(const void *a, const void *b)
{
    const struct key_place *x = a, *y = b;
    const int order = strcmp(x->text, y->text);

    return order ? order : x->index - y->index;
}

/* The pairs of child[2n], keys first, without those whose key is no text (noted). Returns their number. */
static int take_pairs(struct ohm_builder *b, struct ohm_node *map, struct ohm_node *const *child, int n)
{
    int kept = 0;

    for (int i = 0; i < n; i++) {
        const struct ohm_node *key = child[2 * i];

        if (key->kind == OHM_NODE_SCALAR) {
            map->key[kept] = key;
            map->item[kept++] = child[2 * i + 1];
        } else {
            ohm_diag_add(b->diag, OHM_ECONFIG, b->doc->path, key->line, key->column, "a key is %s, not a text",
                         key->kind == OHM_NODE_NULL   ? "empty"
                         : key->kind == OHM_NODE_LIST ? "a list"
                                                      : "a map");
        }
    }
    return kept;
}

/* Notes each key that came before and drops its pair. Sorting keeps this quick for a map of a million keys. */
static enum ohm_status drop_duplicates(struct ohm_builder *b, struct ohm_node *map)
{
    struct key_place *place = ohm_alloc((size_t)map->count, sizeof *place);
    int kept = 0, first = 0;

    if (!place)
        return ohm_build_no_memory(b);
    for (int i = 0; i < map->count; i++)
        place[i] = (struct key_place){map->key[i]->text, i};
    qsort(place, (size_t)map->count, sizeof *place, compare_places);
    for (int i = 1; i < map->count; i++) {
        const struct ohm_node *key = map->key[place[i].index];

        if (strcmp(place[i].text, place[first].text) != 0) {
            first = i;
            continue;
        }
        ohm_diag_add(b->diag, OHM_ECONFIG, b->doc->path, key->line, key->column,
                     "duplicate key '%.80s', first given in line %d", key->text, map->key[place[first].index]->line);
        map->item[place[i].index] = NULL;
    }
    ohm_free(place);
    for (int i = 0; i < map->count; i++)
        if (map->item[i]) {
            map->key[kept] = map->key[i];
            map->item[kept++] = map->item[i];
        }
    map->count = kept;
    return OHM_OK;
}

static enum ohm_status fill_map(struct ohm_builder *b, struct ohm_node *map, struct ohm_node *const *child, int n)
{
    struct ohm_arena *arena = &b->doc->arena;

    map->key = ohm_arena_alloc(arena, (size_t)n, sizeof *map->key);
    map->item = ohm_arena_alloc(arena, (size_t)n, sizeof *map->item);
    map->used = ohm_arena_alloc(arena, (size_t)n, sizeof *map->used);
    if (!map->key || !map->item || !map->used)
        return ohm_build_no_memory(b);
    map->count = take_pairs(b, map, child, n);
    return map->count > 1 ? drop_duplicates(b, map) : OHM_OK;
}

enum ohm_status ohm_build_close(struct ohm_builder *b)
{
    const int top = --b->depth;
    struct ohm_built *built = b->frame[top].built;
    struct ohm_node *node = &built->node;
    struct ohm_node **child = b->pending + b->frame[top].first;
    const size_t n = b->pending_count - b->frame[top].first;

    built->expanded = b->total - b->frame[top].total_before;
    for (size_t i = 0; i < n; i++)
        if (built_of(child[i])->height > built->height)
            built->height = built_of(child[i])->height;
    built->height++;
    b->pending_count = b->frame[top].first;
    if (node->kind == OHM_NODE_MAP)
        return fill_map(b, node, child, (int)(n / 2));
    node->count = (int)n;
    if (!(node->item = ohm_arena_alloc(&b->doc->arena, n, sizeof *node->item)))
        return ohm_build_no_memory(b);
    if (n)
        memcpy(node->item, child, n * sizeof *child);
    return OHM_OK;
}
