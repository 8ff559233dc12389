/* expr_sql.c - an expression as SQL of SQLite that means the same, missing values and texts included.
 *
 * SQL knows true, false and NULL; the language only true and false. AND and OR never turn NULL into true and the
 * comparisons below give NULL only for what is false, so one IS TRUE (or IS NOT TRUE) around a whole condition is
 * enough. The rest is to keep SQLite from what it does unasked: whole numbers divided as such (every number is made
 * REAL), a text compared with or added to a number by its digits (a name is asked whether it holds a number: every
 * number is < ''). */
#include "expr_int.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum mode {
    ANY,    /* a number, a text or NULL */
    NUMBER, /* a REAL or NULL */
    TRUTH,  /* true, or else false or NULL */
};

struct writer {
    const struct ohm_expr *expr;
    struct ohm_str *sql;
    ohm_expr_column_fn *column;
    const void *context;
    struct ohm_error *err;
    enum ohm_status st;
};

static void write_node(struct writer *w, const struct ohm_expr_node *node, enum mode mode);

static void put(struct writer *w, const char *text)
{
    ohm_str_append(w->sql, text);
}

/* SQLite's reading of decimal fractions may be off by the last bit. Whole numbers and divisions by powers of two are
 * exact: the number is written as whole * 2^exponent. */
static void write_number(struct writer *w, double number)
{
    int exponent;
    int64_t whole = (int64_t)ldexp(frexp(number, &exponent), 53);

    if (number == trunc(number) && fabs(number) <= 0x1p53) {
        ohm_str_printf(w->sql, "%lld.0", (long long)number);
        return;
    }
    for (exponent -= 53; whole % 2 == 0 && exponent < 0; exponent++)
        whole /= 2;
    ohm_str_printf(w->sql, "(%lld.0", (long long)whole);
    while (exponent != 0) {
        const int step = exponent > 52 ? 52 : exponent < -52 ? -52 : exponent;

        ohm_str_printf(w->sql, "%c%lld.0", step > 0 ? '*' : '/', 1LL << (step > 0 ? step : -step));
        exponent -= step;
    }
    put(w, ")");
}

static void write_text(struct writer *w, const char *text)
{
    put(w, "'");
    for (const char *p = text; *p; p++)
        ohm_str_append_n(w->sql, *p == '\'' ? "''" : p, *p == '\'' ? 2 : 1);
    put(w, "'");
}

static void write_name(struct writer *w, const struct ohm_expr_name *name, enum mode mode)
{
    const char *column = w->column(w->context, name->text);

    if (!column) {
        if (w->st == OHM_OK)
            w->st = ohm_fail_at(w->err, OHM_ENOTFOUND, OHM_ORIGIN, NULL, 0, name->column, "unknown name '%.80s'",
                                name->text);
        return;
    }
    ohm_str_printf(w->sql, mode == ANY ? "iif(+%s<'',%s+0.0,%s)" : "iif(+%s<'',%s+0.0,NULL)", column, column, column);
}

static void write_list(struct writer *w, const struct ohm_expr_node *arg, enum mode mode, const char *separator)
{
    for (const struct ohm_expr_node *a = arg; a; a = a->next) {
        write_node(w, a, mode);
        if (a->next)
            put(w, separator);
    }
}

/* A true-or-false node as a condition: NULL stands for false. */
static void write_truth(struct writer *w, const struct ohm_expr_node *node)
{
    const struct ohm_expr_node *a = node->arg;

    put(w, "(");
    switch (node->op) {
    case OHM_OP_OR:
    case OHM_OP_AND:
        write_list(w, a, TRUTH, node->op == OHM_OP_OR ? " OR " : " AND ");
        break;
    case OHM_OP_NOT:
        write_node(w, a, TRUTH);
        put(w, " IS NOT TRUE");
        break;
    case OHM_OP_IN:
        write_node(w, a, ANY);
        put(w, " IN (");
        write_list(w, a->next, ANY, ",");
        put(w, ")");
        break;
    case OHM_OP_EQ:
        write_list(w, a, ANY, "=");
        break;
    case OHM_OP_NE:
        put(w, "(");
        write_list(w, a, ANY, "=");
        put(w, ") IS NOT TRUE");
        break;
    default:
        write_list(w, a, NUMBER, ohm_expr_op_name(node->op));
        break;
    }
    put(w, ")");
}

static void write_choose(struct writer *w, const struct ohm_expr_node *node, enum mode mode)
{
    put(w, "CASE WHEN ");
    write_node(w, node->arg, TRUTH);
    put(w, " THEN ");
    write_node(w, node->arg->next, mode);
    put(w, " ELSE ");
    write_node(w, node->arg->next->next, mode);
    put(w, " END");
}

/* The brackets keep two signs apart: -- begins a comment. pow() alone tells -0 from 0; 0.0 + makes it 0. */
static const char *opening(enum ohm_expr_op op)
{
    switch (op) {
    case OHM_OP_NEG:
        return "(-";
    case OHM_OP_POW:
        return "pow(0.0+";
    case OHM_OP_MOD:
        return "mod(";
    case OHM_OP_LOG:
        return "ln(";
    case OHM_OP_ABS:
        return "abs(";
    case OHM_OP_MIN:
        return "min(";
    case OHM_OP_MAX:
        return "max(";
    case OHM_OP_SQRT:
        return "sqrt(";
    case OHM_OP_EXP:
        return "exp(";
    case OHM_OP_FLOOR:
        return "floor(";
    case OHM_OP_CEIL:
        return "ceil(";
    default:
        return "round(";
    }
}

static void write_call(struct writer *w, const struct ohm_expr_node *node)
{
    put(w, opening(node->op));
    write_list(w, node->arg, NUMBER, ",");
    put(w, ")");
}

static void write_node(struct writer *w, const struct ohm_expr_node *node, enum mode mode)
{
    if (ohm_op_is_truth(node->op)) {
        put(w, mode == TRUTH ? "" : "((");
        write_truth(w, node);
        put(w, mode == TRUTH ? "" : " IS TRUE)+0.0)");
        return;
    }
    switch (node->op) {
    case OHM_OP_NUMBER:
        write_number(w, node->number);
        break;
    case OHM_OP_TEXT:
        if (mode == ANY)
            write_text(w, node->text);
        else
            put(w, "NULL");
        break;
    case OHM_OP_NAME:
        write_name(w, &w->expr->name[node->name], mode);
        break;
    case OHM_OP_CHOOSE:
        write_choose(w, node, mode);
        break;
    case OHM_OP_ADD:
    case OHM_OP_SUB:
    case OHM_OP_MUL:
    case OHM_OP_DIV:
        put(w, "(");
        write_list(w, node->arg, NUMBER, ohm_expr_op_name(node->op));
        put(w, ")");
        break;
    default:
        write_call(w, node);
        break;
    }
}

enum ohm_status ohm_expr_sql(const struct ohm_expr *expr, struct ohm_str *sql, ohm_expr_column_fn *column,
                             const void *context, struct ohm_error *err)
{
    struct writer w = {expr, sql, column, context, err, OHM_OK};

    put(&w, "(");
    write_node(&w, expr->root, NUMBER);
    put(&w, ")");
    if (w.st == OHM_OK && sql->failed)
        w.st = ohm_fail(err, OHM_ENOMEM, "out of memory while writing SQL");
    return w.st;
}
