/* plan_yaml.c - a study file as settings. */
#include "study_int.h"

#include <stdio.h>
#include <string.h>

struct reader {
    struct setting_list *list;
    struct ohm_diag *diag;
    const char *path; /* in the list's arena */
};

static void add_text(struct reader *r, const char *key, const char *text, const struct ohm_node *node)
{
    char origin[300];

    snprintf(origin, sizeof origin, "%s:%d", r->path, node->line);
    if (!setting_add(r->list, key, text, origin, 1)) {
        ohm_diag_add(r->diag, OHM_ENOMEM, r->path, node->line, node->column, "out of memory");
        return;
    }
    r->list->item[r->list->count - 1].path = r->path;
    r->list->item[r->list->count - 1].line = node->line;
    r->list->item[r->list->count - 1].column = node->column;
}

static void add(struct reader *r, const char *key, const struct ohm_node *node)
{
    const char *text;

    if (ohm_node_text(node, key, &text, r->diag))
        add_text(r, key, text, node);
}

static void add_list(struct reader *r, const char *key, const struct ohm_node *node)
{
    if (node->kind != OHM_NODE_LIST) {
        add(r, key, node);
        return;
    }
    for (int i = 0; i < node->count; i++)
        add(r, key, node->item[i]);
}

/* Options of a table: every pair becomes "prefix.key". `name` is the pair that names the thing itself. */
static void add_options(struct reader *r, const char *prefix, struct ohm_node *node, const char *name)
{
    if (node->kind != OHM_NODE_MAP) {
        if (name)
            add(r, prefix, node);
        else
            ohm_node_is_map(node, prefix, r->diag);
        return;
    }
    for (int i = 0; i < node->count; i++) {
        char key[128];

        node->used[i] = true;
        if (name && strcmp(node->key[i]->text, name) == 0)
            snprintf(key, sizeof key, "%s", prefix);
        else
            snprintf(key, sizeof key, "%s.%s", prefix, node->key[i]->text);
        add(r, key, node->item[i]);
    }
}

/* An axis is one setting: its values with commas between them. */
static void add_axis(struct reader *r, const char *key, const struct ohm_node *node)
{
    struct ohm_str values = {0};
    bool good = true;

    if (node->kind != OHM_NODE_LIST) {
        add(r, key, node);
        return;
    }
    for (int i = 0; i < node->count; i++) {
        const char *text;

        good = ohm_node_text(node->item[i], key, &text, r->diag) && good;
        if (good)
            ohm_str_printf(&values, "%s%s", i ? ", " : "", text);
    }
    if (values.failed)
        ohm_node_fail(node, r->diag, "out of memory");
    else if (good)
        add_text(r, key, ohm_str_text(&values), node);
    ohm_str_release(&values);
}

static void add_axes(struct reader *r, struct ohm_node *node)
{
    char key[128];

    if (!ohm_node_is_map(node, "chip_axes", r->diag))
        return;
    for (int i = 0; i < node->count; i++) {
        node->used[i] = true;
        snprintf(key, sizeof key, "chip_axes.%s", node->key[i]->text);
        add_axis(r, key, node->item[i]);
    }
}

static void read_root(struct reader *r, struct ohm_node *root)
{
    static const char *const scalars[] = {"study", "task", "space", "chip", "budget", "seed"};
    static const char *const lists[] = {"surrogates", "objectives", "constraints"};
    struct ohm_node *node;

    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++)
        if ((node = ohm_map_get(root, scalars[i])) != NULL)
            add(r, scalars[i], node);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if ((node = ohm_map_get(root, lists[i])) != NULL)
            add_list(r, lists[i], node);
    if ((node = ohm_map_get(root, "strategy")) != NULL)
        add_options(r, "strategy", node, "name");
    if ((node = ohm_map_get(root, "chip_use")) != NULL)
        add_options(r, "chip_use", node, NULL);
    if ((node = ohm_map_get(root, "chip_axes")) != NULL)
        add_axes(r, node);
    ohm_map_finish(root, r->diag);
}

enum ohm_status settings_read_yaml(struct setting_list *list, const char *path, struct ohm_diag *diag)
{
    struct reader r = {list, diag, ohm_arena_strdup(&list->arena, path)};
    struct ohm_doc *doc;
    enum ohm_status st = ohm_doc_load(&doc, path, diag);

    if (st != OHM_OK)
        return st;
    if (!r.path)
        st = ohm_diag_add(diag, OHM_ENOMEM, path, 0, 0, "out of memory");
    else if (ohm_node_is_map(ohm_doc_root(doc), "study file", diag))
        read_root(&r, ohm_doc_root(doc));
    else
        st = OHM_ECONFIG;
    ohm_doc_free(doc);
    return st;
}
