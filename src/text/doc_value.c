/* doc_value.c - nodes as numbers, words and choices; every mistake is noted with what was found and what is legal. */
#include "doc_int.h"

#include <stdio.h>
#include <string.h>

/* What a node is, in a message: 'abc', "abc", a list, ... */
static const char *describe(const struct ohm_node *node, char buffer[128])
{
    switch (node->kind) {
    case OHM_NODE_NULL:
        return "empty";
    case OHM_NODE_LIST:
        return "a list";
    case OHM_NODE_MAP:
        return "a map";
    case OHM_NODE_SCALAR:
        break;
    }
    snprintf(buffer, 128, node->quoted ? "the text \"%.80s\"" : "'%.80s'", node->text);
    return buffer;
}

static bool wrong(const struct ohm_node *node, const char *what, const char *legal, struct ohm_diag *diag)
{
    char buffer[128];

    ohm_node_fail(node, diag, "%s is %s, not %s", what, describe(node, buffer), legal);
    return false;
}

bool ohm_node_is_map(const struct ohm_node *node, const char *what, struct ohm_diag *diag)
{
    if (!node)
        return false;
    return node->kind == OHM_NODE_MAP || wrong(node, what, "a map (key: value)", diag);
}

bool ohm_node_is_list(const struct ohm_node *node, const char *what, struct ohm_diag *diag)
{
    if (!node)
        return false;
    return node->kind == OHM_NODE_LIST || wrong(node, what, "a list", diag);
}

static bool is_plain(const struct ohm_node *node)
{
    return node->kind == OHM_NODE_SCALAR && !node->quoted;
}

bool ohm_node_int(const struct ohm_node *node, const char *what, long long min, long long max, long long *value,
                  struct ohm_diag *diag)
{
    int64_t v;

    if (!node)
        return false;
    if (!is_plain(node) || !ohm_parse_int64(node->text, &v))
        return wrong(node, what, "a whole number", diag);
    if (v < min || v > max) {
        ohm_diag_add(diag, OHM_ERANGE, node->doc->path, node->line, node->column, "%s is %s, outside [%lld, %lld]",
                     what, node->text, min, max);
        return false;
    }
    *value = v;
    return true;
}

bool ohm_node_double(const struct ohm_node *node, const char *what, double min, double max, double *value,
                     struct ohm_diag *diag)
{
    char low[32], high[32];
    double v;

    if (!node)
        return false;
    if (!is_plain(node) || !ohm_parse_double(node->text, &v))
        return wrong(node, what, "a number", diag);
    if (!(v >= min && v <= max)) {
        ohm_diag_add(diag, OHM_ERANGE, node->doc->path, node->line, node->column, "%s is %.80s, outside [%s, %s]", what,
                     node->text, ohm_format_double(low, min), ohm_format_double(high, max));
        return false;
    }
    *value = v;
    return true;
}

bool ohm_node_bool(const struct ohm_node *node, const char *what, bool *value, struct ohm_diag *diag)
{
    if (!node)
        return false;
    if (!is_plain(node) || !ohm_parse_bool(node->text, value))
        return wrong(node, what, "true or false", diag);
    return true;
}

bool ohm_node_text(const struct ohm_node *node, const char *what, const char **value, struct ohm_diag *diag)
{
    if (!node)
        return false;
    if (node->kind != OHM_NODE_SCALAR)
        return wrong(node, what, "a text", diag);
    *value = node->text;
    return true;
}

static void list_names(char *list, size_t size, const char *const *names, int n)
{
    size_t used = 0;

    list[0] = '\0';
    for (int i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(list + used, size - used, "%s%s", i ? ", " : "", names[i]);
    if (used >= size)
        memcpy(list + size - 4, "...", 4);
}

bool ohm_node_choice(const struct ohm_node *node, const char *what, const char *const *names, int n, int *value,
                     struct ohm_diag *diag)
{
    const char *near;
    char list[256], buffer[128];

    if (!node)
        return false;
    for (int i = 0; i < n && node->kind == OHM_NODE_SCALAR; i++)
        if (strcmp(node->text, names[i]) == 0) {
            *value = i;
            return true;
        }
    list_names(list, sizeof list, names, n);
    near = node->kind == OHM_NODE_SCALAR ? ohm_nearest(node->text, names, n) : NULL;
    ohm_node_fail(node, diag, "%s is %s, not one of: %s%s%s%s", what, describe(node, buffer), list,
                  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return false;
}
