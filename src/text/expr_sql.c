/* expr_sql.c - an expression as SQL of SQLite that means the same, missing values and texts included.
 *
 * SQL knows true, false and NULL; the language only true and false. AND and OR never turn NULL into true and the
 * comparisons below give NULL only for what is false, so a condition needs no care until it is used as a number (CASE
 * WHEN) or negated (IS NOT TRUE). The rest is to keep SQLite from what it does unasked: whole numbers divided as such
 * (every number is made REAL), a text compared with or added to a number by its digits (a name is asked whether it
 * holds a number: every number is < '').
 *
 * Brackets are written only where they are needed: SQLite's parser has a stack of 100 symbols, and an open bracket
 * with what stands before it keeps some of them. */
#include "expr_int.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum mode {
    ANY,    /* a number, a text or NULL */
    NUMBER, /* a REAL or NULL */
    TRUTH,  /* true, or else false or NULL */
};

/* How tight the operators of SQLite bind. */
enum { LOOSEST, BIND_OR, BIND_AND, BIND_EQUAL, BIND_ORDER, BIND_ADD, BIND_MULTIPLY, BIND_SIGN, CLOSED };

/* Symbols on the stack of SQLite's parser: all that is allowed, what the statement around the expression may need, and
 * what stands open at most while a number or a name is read. */
enum { STACK_ALL = 100, STACK_AROUND = 20, STACK_LEAF = 10 };

struct writer {
    const struct ohm_expr *expr;
    struct ohm_str *sql;
    ohm_expr_column_fn *column;
    const void *context;
    struct ohm_error *err;
    enum ohm_status st;
    int stack; /* symbols that wait on the parser's stack at this point of the text */
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

static int binding(const struct ohm_expr_node *node, enum mode mode)
{
    if (ohm_op_is_truth(node->op) && mode != TRUTH)
        return CLOSED; /* CASE ... END */
    switch (node->op) {
    case OHM_OP_OR:
        return BIND_OR;
    case OHM_OP_AND:
        return BIND_AND;
    case OHM_OP_EQ:
    case OHM_OP_NE:
    case OHM_OP_NOT:
    case OHM_OP_IN:
        return BIND_EQUAL;
    case OHM_OP_LT:
    case OHM_OP_LE:
    case OHM_OP_GT:
    case OHM_OP_GE:
        return BIND_ORDER;
    case OHM_OP_ADD:
    case OHM_OP_SUB:
        return BIND_ADD;
    case OHM_OP_MUL:
    case OHM_OP_DIV:
        return BIND_MULTIPLY;
    default:
        return CLOSED;
    }
}

/* An operand: in brackets where it binds looser than `tight`. `before` is the number of symbols that wait for it. */
static void write_operand(struct writer *w, const struct ohm_expr_node *node, enum mode mode, int tight, int before)
{
    const bool brackets = binding(node, mode) < tight;

    w->stack += before + brackets;
    put(w, brackets ? "(" : "");
    write_node(w, node, mode);
    put(w, brackets ? ")" : "");
    w->stack -= before + brackets;
}

static void write_binary(struct writer *w, const struct ohm_expr_node *node, enum mode mode, int left, int right,
                         const char *sign)
{
    write_operand(w, node->arg, mode, left, 0);
    put(w, sign);
    write_operand(w, node->arg->next, mode, right, 2);
}

/* The arguments of a call or the list of IN, its bracket already open. */
static void write_arguments(struct writer *w, const struct ohm_expr_node *arg, enum mode mode)
{
    for (const struct ohm_expr_node *a = arg; a; a = a->next) {
        write_operand(w, a, mode, LOOSEST, 5);
        put(w, a->next ? "," : ")");
    }
}

/* A true-or-false node as a condition: NULL stands for false. */
static void write_truth(struct writer *w, const struct ohm_expr_node *node)
{
    switch (node->op) {
    case OHM_OP_OR:
        write_binary(w, node, TRUTH, BIND_OR, BIND_AND, " OR ");
        break;
    case OHM_OP_AND:
        write_binary(w, node, TRUTH, BIND_AND, BIND_EQUAL, " AND ");
        break;
    case OHM_OP_NOT:
        write_operand(w, node->arg, TRUTH, BIND_ORDER, 0);
        put(w, " IS NOT TRUE");
        break;
    case OHM_OP_IN:
        write_operand(w, node->arg, ANY, BIND_ORDER, 0);
        put(w, " IN (");
        write_arguments(w, node->arg->next, ANY);
        break;
    case OHM_OP_EQ:
        write_binary(w, node, ANY, BIND_ORDER, BIND_ORDER, "=");
        break;
    case OHM_OP_NE:
        put(w, "(");
        w->stack++;
        write_binary(w, node, ANY, BIND_ORDER, BIND_ORDER, "=");
        w->stack--;
        put(w, ") IS NOT TRUE");
        break;
    default:
        write_binary(w, node, NUMBER, BIND_ADD, BIND_ADD, ohm_expr_op_name(node->op));
        break;
    }
}

static void write_choose(struct writer *w, const struct ohm_expr_node *node, enum mode mode)
{
    put(w, "CASE WHEN ");
    write_operand(w, node->arg, TRUTH, LOOSEST, 3);
    put(w, " THEN ");
    write_operand(w, node->arg->next, mode, LOOSEST, 5);
    put(w, " ELSE ");
    write_operand(w, node->arg->next->next, mode, LOOSEST, 5);
    put(w, " END");
}

static void write_call(struct writer *w, const struct ohm_expr_node *node)
{
    put(w, node->op == OHM_OP_MOD ? "mod" : node->op == OHM_OP_LOG ? "ln" : ohm_expr_op_name(node->op));
    put(w, "(");
    write_arguments(w, node->arg, NUMBER);
}

/* pow() alone tells -0 from 0; 0.0 + makes it 0. */
static void write_power(struct writer *w, const struct ohm_expr_node *node)
{
    put(w, "pow(0.0+");
    write_operand(w, node->arg, NUMBER, BIND_MULTIPLY, 7);
    put(w, ",");
    write_operand(w, node->arg->next, NUMBER, LOOSEST, 5);
    put(w, ")");
}

static void write_number_node(struct writer *w, const struct ohm_expr_node *node)
{
    switch (node->op) {
    case OHM_OP_ADD:
    case OHM_OP_SUB:
        write_binary(w, node, NUMBER, BIND_ADD, BIND_MULTIPLY, ohm_expr_op_name(node->op));
        break;
    case OHM_OP_MUL:
    case OHM_OP_DIV:
        write_binary(w, node, NUMBER, BIND_MULTIPLY, BIND_SIGN, ohm_expr_op_name(node->op));
        break;
    case OHM_OP_NEG:
        put(w, "(-"); /* the bracket keeps two signs apart: -- begins a comment */
        write_operand(w, node->arg, NUMBER, CLOSED, 2);
        put(w, ")");
        break;
    case OHM_OP_POW:
        write_power(w, node);
        break;
    default:
        write_call(w, node);
        break;
    }
}

static void check_stack(struct writer *w)
{
    if (w->st == OHM_OK && w->stack > STACK_ALL - STACK_AROUND - STACK_LEAF)
        w->st = ohm_fail(w->err, OHM_ECONFIG, "the expression is nested too deeply for a query of the database");
}

static void write_node(struct writer *w, const struct ohm_expr_node *node, enum mode mode)
{
    check_stack(w);
    if (ohm_op_is_truth(node->op) && mode == TRUTH) {
        write_truth(w, node);
    } else if (ohm_op_is_truth(node->op)) {
        put(w, "CASE WHEN ");
        w->stack += 3;
        write_truth(w, node);
        w->stack -= 3;
        put(w, " THEN 1.0 ELSE 0.0 END");
    } else if (node->op == OHM_OP_NUMBER) {
        write_number(w, node->number);
    } else if (node->op == OHM_OP_TEXT) {
        if (mode == ANY)
            write_text(w, node->text);
        else
            put(w, "NULL");
    } else if (node->op == OHM_OP_NAME) {
        write_name(w, &w->expr->name[node->name], mode);
    } else if (node->op == OHM_OP_CHOOSE) {
        write_choose(w, node, mode);
    } else {
        write_number_node(w, node);
    }
}

enum ohm_status ohm_expr_sql(const struct ohm_expr *expr, struct ohm_str *sql, ohm_expr_column_fn *column,
                             const void *context, struct ohm_error *err)
{
    struct writer w = {expr, sql, column, context, err, OHM_OK, 1};

    put(&w, "(");
    write_node(&w, expr->root, NUMBER);
    put(&w, ")");
    if (w.st == OHM_OK && sql->failed)
        w.st = ohm_fail(err, OHM_ENOMEM, "out of memory while writing SQL");
    return w.st;
}
