/* space_expr.c - reads conditions and constraints. */
#include "space_read.h"

#include <string.h>

/* The names that an expression may use: those of the first `usable` axes. */
struct scope {
    const struct ohm_space_reader *r;
    int usable;
    const char *self; /* the axis whose condition it is, or NULL */
};

static int find_name(const void *context, const char *name)
{
    const struct scope *const scope = context;

    for (int i = 0; i < scope->usable; i++)
        if (strcmp(scope->r->name[i], name) == 0)
            return i;
    return -1;
}

/* Notes an error of an expression at its column in the file. */
static void expr_fail(const struct ohm_space_reader *r, const struct ohm_node *node, const struct ohm_error *err)
{
    const int column = node->column + node->quoted + (err->column > 0 ? err->column - 1 : 0);

    ohm_diag_add(r->diag, err->status, ohm_doc_path(node->doc), node->line, column, "%s", err->text);
}

/* A condition on itself or on an axis below is a mistake of its own kind: the name is known, and yet not usable. */
static bool uses_later_axis(const struct scope *scope, const struct ohm_expr *expr, const struct ohm_node *node)
{
    const struct ohm_space_reader *const r = scope->r;
    const char *name;
    bool later = false;

    for (int k = 0; (name = ohm_expr_name(expr, k)) != NULL; k++)
        for (int i = scope->usable; i < r->space->axes; i++) {
            if (strcmp(r->name[i], name) != 0)
                continue;
            ohm_node_fail(node, r->diag, "the condition of axis '%s' uses '%s', which does not stand above it",
                          scope->self, name);
            later = true;
        }
    return later;
}

/* Reads an expression over the axes of a scope into p; p->expr stays NULL when something was wrong. */
static void read_predicate(const struct scope *scope, struct ohm_predicate *p, const struct ohm_node *node)
{
    const struct ohm_space_reader *const r = scope->r;
    struct ohm_error err = {0};
    struct ohm_expr *expr;
    const char *text, *name;

    if (!ohm_node_text(node, scope->self ? "a condition" : "a constraint", &text, r->diag))
        return;
    if (ohm_expr_parse(&expr, text, &err) != OHM_OK) {
        expr_fail(r, node, &err);
        return;
    }
    if (uses_later_axis(scope, expr, node)) {
        ohm_expr_free(expr);
        return;
    }
    if (ohm_expr_bind(expr, find_name, scope, r->name, scope->usable, &err) != OHM_OK) {
        expr_fail(r, node, &err);
        ohm_expr_free(expr);
        return;
    }
    for (int k = 0; (name = ohm_expr_name(expr, k)) != NULL; k++)
        p->uses |= ohm_axis_bit(find_name(scope, name));
    p->expr = expr;
}

void ohm_read_condition(struct ohm_space_reader *r, int i, const struct ohm_node *node)
{
    const struct scope scope = {.r = r, .usable = i, .self = r->name[i]};
    struct ohm_space_axis *const a = &r->space->axis[i];

    if (!node || !(a->when = ohm_reader_take(r, 1, sizeof *a->when)))
        return;
    read_predicate(&scope, a->when, node);
    a->shown.when = a->when->expr;
}

void ohm_read_constraints(struct ohm_space_reader *r, struct ohm_node *list)
{
    const struct scope scope = {.r = r, .usable = r->space->axes};
    struct ohm_space *const space = r->space;

    if (!list || list->kind == OHM_NODE_NULL || !ohm_node_is_list(list, "constraints", r->diag))
        return;
    if (list->count > OHM_CONSTRAINTS_MAX) {
        ohm_node_fail(list, r->diag, "%d constraints; a space takes %d", list->count, OHM_CONSTRAINTS_MAX);
        return;
    }
    if (!(space->constraint = ohm_reader_take(r, (size_t)list->count, sizeof *space->constraint)))
        return;
    space->constraints = list->count;
    for (int i = 0; i < list->count; i++)
        read_predicate(&scope, &space->constraint[i], list->item[i]);
}
