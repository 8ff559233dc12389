/* expr.c - the value of an expression, and by how much a condition is broken. */
#include "expr_int.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void ohm_expr_free(struct ohm_expr *expr)
{
    if (!expr)
        return;
    ohm_arena_release(&expr->arena);
    ohm_free(expr->name);
    ohm_free(expr->source);
    ohm_free(expr);
}

const char *ohm_expr_source(const struct ohm_expr *expr)
{
    return expr->source;
}

const char *ohm_expr_name(const struct ohm_expr *expr, int i)
{
    return i >= 0 && (size_t)i < expr->names ? expr->name[i].text : NULL;
}

static enum ohm_status fail_name(const struct ohm_expr_name *name, const char *const *known, int n_known,
                                 struct ohm_error *err)
{
    const char *near = known ? ohm_nearest(name->text, known, n_known) : NULL;
    char list[256] = "";
    size_t used = 0;

    for (int i = 0; !near && known && i < n_known && used < sizeof list; i++)
        if (known[i])
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "; known here: ", known[i]);
    if (used >= sizeof list)
        memcpy(list + sizeof list - 4, "...", 4);
    return ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, NULL, 0, name->column, "unknown name '%.80s'%s%s%s%s",
                       name->text, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "", list);
}

enum ohm_status ohm_expr_bind(struct ohm_expr *expr, ohm_expr_find_fn *find, const void *context,
                              const char *const *known, int n_known, struct ohm_error *err)
{
    for (size_t i = 0; i < expr->names; i++) {
        struct ohm_expr_name *name = &expr->name[i];

        name->slot = find(context, name->text);
        if (name->slot < 0)
            return fail_name(name, known, n_known, err);
    }
    return OHM_OK;
}

/* A number, or a text where text is not NULL; then number is NaN, so that arithmetic with it is NaN. */
struct value {
    double number;
    const char *text;
};

struct scope {
    const struct ohm_expr *expr;
    const double *value;
    const char *const *text;
};

static struct value eval(const struct scope *s, const struct ohm_expr_node *node);

static double number_of(const struct scope *s, const struct ohm_expr_node *node)
{
    return eval(s, node).number;
}

/* A missing value is not true, nor is a text. */
static bool is_true(double number)
{
    return number != 0 && !isnan(number);
}

static bool truth(const struct scope *s, const struct ohm_expr_node *node)
{
    return is_true(number_of(s, node));
}

static bool equal(struct value a, struct value b)
{
    if (a.text && b.text)
        return strcmp(a.text, b.text) == 0;
    return a.number == b.number; /* a text is NaN here: equal to no number */
}

static bool is_in(const struct scope *s, const struct ohm_expr_node *node)
{
    const struct value x = eval(s, node->arg);

    for (const struct ohm_expr_node *a = node->arg->next; a; a = a->next)
        if (equal(x, eval(s, a)))
            return true;
    return false;
}

static bool compare(const struct scope *s, const struct ohm_expr_node *node)
{
    const struct value a = eval(s, node->arg), b = eval(s, node->arg->next);

    switch (node->op) {
    case OHM_OP_EQ:
        return equal(a, b);
    case OHM_OP_NE:
        return !equal(a, b);
    case OHM_OP_LT:
        return a.number < b.number;
    case OHM_OP_LE:
        return a.number <= b.number;
    case OHM_OP_GT:
        return a.number > b.number;
    default:
        return a.number >= b.number;
    }
}

static double arithmetic(enum ohm_expr_op op, double a, double b)
{
    if (isnan(a) || isnan(b))
        return NAN; /* pow(1, NaN) would be 1 */
    switch (op) {
    case OHM_OP_ADD:
        return a + b;
    case OHM_OP_SUB:
        return a - b;
    case OHM_OP_MUL:
        return a * b;
    case OHM_OP_DIV:
        return b == 0 ? NAN : a / b; /* as in SQL, where it is NULL */
    case OHM_OP_MOD:
        return fmod(a, b);
    default:
        return pow(a == 0 ? 0.0 : a, b); /* -0 counts as 0 */
    }
}

/* Half away from zero, by the steps of SQLite's round(), which for 0.49999999999999994 gives 1. */
static double round_half(double x)
{
    return fabs(x) > 0x1p52 ? x : trunc(x + (x < 0 ? -0.5 : 0.5));
}

static double call(enum ohm_expr_op op, double x)
{
    switch (op) {
    case OHM_OP_NEG:
        return -x;
    case OHM_OP_ABS:
        return fabs(x);
    case OHM_OP_SQRT:
        return x < 0 ? NAN : sqrt(x);
    case OHM_OP_LOG:
        return x > 0 ? log(x) : NAN; /* of 0 too, as in SQL */
    case OHM_OP_EXP:
        return exp(x);
    case OHM_OP_FLOOR:
        return floor(x);
    case OHM_OP_CEIL:
        return ceil(x);
    default:
        return round_half(x);
    }
}

/* NaN when any of them is. Of equal ones it does not matter which: no operator tells -0 from 0. */
static double extreme(const struct scope *s, const struct ohm_expr_node *node)
{
    double best = number_of(s, node->arg);

    for (const struct ohm_expr_node *a = node->arg->next; a; a = a->next) {
        const double x = number_of(s, a);

        if (isnan(x) || (node->op == OHM_OP_MIN ? x <= best : x > best))
            best = isnan(best) ? best : x;
    }
    return best;
}

static struct value eval_name(const struct scope *s, const struct ohm_expr_node *node)
{
    const int slot = s->expr->name[node->name].slot;

    assert(slot >= 0 && "ohm_expr_bind comes before evaluation");
    if (s->text && s->text[slot])
        return (struct value){NAN, s->text[slot]};
    return (struct value){s->value[slot], NULL};
}

static struct value eval(const struct scope *s, const struct ohm_expr_node *node)
{
    struct value v = {NAN, NULL};

    switch (node->op) {
    case OHM_OP_NUMBER:
        v.number = node->number;
        break;
    case OHM_OP_TEXT:
        v.text = node->text;
        break;
    case OHM_OP_NAME:
        return eval_name(s, node);
    case OHM_OP_CHOOSE:
        return eval(s, truth(s, node->arg) ? node->arg->next : node->arg->next->next);
    case OHM_OP_OR:
        v.number = truth(s, node->arg) || truth(s, node->arg->next);
        break;
    case OHM_OP_AND:
        v.number = truth(s, node->arg) && truth(s, node->arg->next);
        break;
    case OHM_OP_NOT:
        v.number = !truth(s, node->arg);
        break;
    case OHM_OP_IN:
        v.number = is_in(s, node);
        break;
    case OHM_OP_EQ:
    case OHM_OP_NE:
    case OHM_OP_LT:
    case OHM_OP_LE:
    case OHM_OP_GT:
    case OHM_OP_GE:
        v.number = compare(s, node);
        break;
    case OHM_OP_ADD:
    case OHM_OP_SUB:
    case OHM_OP_MUL:
    case OHM_OP_DIV:
    case OHM_OP_MOD:
    case OHM_OP_POW:
        v.number = arithmetic(node->op, number_of(s, node->arg), number_of(s, node->arg->next));
        break;
    case OHM_OP_MIN:
    case OHM_OP_MAX:
        v.number = extreme(s, node);
        break;
    default:
        v.number = call(node->op, number_of(s, node->arg));
        break;
    }
    return v;
}

double ohm_expr_eval(const struct ohm_expr *expr, const double *value, const char *const *text)
{
    const struct scope s = {expr, value, text};

    return number_of(&s, expr->root);
}

/* A comparison that fails by nothing (5 < 5) is broken all the same. */
enum { TINY_EXPONENT = -40 };

static double compare_violation(const struct scope *s, const struct ohm_expr_node *node)
{
    const struct value a = eval(s, node->arg), b = eval(s, node->arg->next);
    double by;

    if (a.text || b.text)
        return ohm_op_is_order(node->op) ? NAN : 1;
    if (isnan(a.number) || isnan(b.number))
        return NAN;
    if (node->op == OHM_OP_NE)
        return 1;
    by = fabs(a.number - b.number) / fmax(fmax(fabs(a.number), fabs(b.number)), 1e-9);
    if (isnan(by))
        return 1; /* infinite on one side */
    return fmax(by, ldexp(1, TINY_EXPONENT));
}

static double violation(const struct scope *s, const struct ohm_expr_node *node)
{
    const double v = number_of(s, node);
    double a, b;

    if (is_true(v))
        return 0;
    switch (node->op) {
    case OHM_OP_AND:
        return violation(s, node->arg) + violation(s, node->arg->next);
    case OHM_OP_OR:
        a = violation(s, node->arg);
        b = violation(s, node->arg->next);
        return isnan(a) || isnan(b) ? NAN : fmin(a, b);
    case OHM_OP_CHOOSE:
        return violation(s, truth(s, node->arg) ? node->arg->next : node->arg->next->next);
    case OHM_OP_EQ:
    case OHM_OP_NE:
    case OHM_OP_LT:
    case OHM_OP_LE:
    case OHM_OP_GT:
    case OHM_OP_GE:
        return compare_violation(s, node);
    default:
        return isnan(v) ? NAN : 1;
    }
}

double ohm_expr_violation(const struct ohm_expr *expr, const double *value, const char *const *text)
{
    const struct scope s = {expr, value, text};

    return violation(&s, expr->root);
}
