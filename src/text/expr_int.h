/* expr_int.h - an expression as a tree; parser, evaluation and SQL share it. */
#ifndef OHM_EXPR_INT_H
#define OHM_EXPR_INT_H

#include "ohm/expr.h"
#include "ohm/mem.h"

#include <stdbool.h>

/* op, name in messages, fewest and most arguments of a call (0: not a function) */
#define OHM_EXPR_OPS(X)                                                                                                \
    X(NUMBER, "number", 0, 0)                                                                                          \
    X(TEXT, "text", 0, 0)                                                                                              \
    X(NAME, "name", 0, 0)                                                                                              \
    X(CHOOSE, "?", 0, 0)                                                                                               \
    X(OR, "||", 0, 0)                                                                                                  \
    X(AND, "&&", 0, 0)                                                                                                 \
    X(EQ, "==", 0, 0)                                                                                                  \
    X(NE, "!=", 0, 0)                                                                                                  \
    X(LT, "<", 0, 0)                                                                                                   \
    X(LE, "<=", 0, 0)                                                                                                  \
    X(GT, ">", 0, 0)                                                                                                   \
    X(GE, ">=", 0, 0)                                                                                                  \
    X(IN, "in", 0, 0)                                                                                                  \
    X(ADD, "+", 0, 0)                                                                                                  \
    X(SUB, "-", 0, 0)                                                                                                  \
    X(MUL, "*", 0, 0)                                                                                                  \
    X(DIV, "/", 0, 0)                                                                                                  \
    X(MOD, "%", 0, 0)                                                                                                  \
    X(NEG, "-", 0, 0)                                                                                                  \
    X(NOT, "not", 0, 0)                                                                                                \
    X(POW, "^", 0, 0)                                                                                                  \
    X(ABS, "abs", 1, 1)                                                                                                \
    X(MIN, "min", 2, 64)                                                                                               \
    X(MAX, "max", 2, 64)                                                                                               \
    X(SQRT, "sqrt", 1, 1)                                                                                              \
    X(LOG, "log", 1, 1)                                                                                                \
    X(EXP, "exp", 1, 1)                                                                                                \
    X(FLOOR, "floor", 1, 1)                                                                                            \
    X(CEIL, "ceil", 1, 1)                                                                                              \
    X(ROUND, "round", 1, 1)

enum ohm_expr_op {
#define X(op, name, least, most) OHM_OP_##op,
    OHM_EXPR_OPS(X)
#undef X
};

struct ohm_expr_node {
    enum ohm_expr_op op;
    int height;                 /* nodes on the longest way down */
    bool bracketed;             /* it stood in brackets */
    double number;              /* NUMBER */
    const char *text;           /* TEXT */
    int name;                   /* NAME: index in ohm_expr.name */
    struct ohm_expr_node *arg;  /* first operand */
    struct ohm_expr_node *next; /* next operand of the same parent */
};

struct ohm_expr_name {
    const char *text;
    int column; /* of its first use */
    int slot;   /* -1 before ohm_expr_bind */
};

struct ohm_expr {
    struct ohm_arena arena; /* nodes and texts */
    char *source;
    struct ohm_expr_node *root;
    struct ohm_expr_name *name; /* [names], owned */
    size_t names, names_cap;
};

/* Binary operators in a row make a tree as high as the row is long; eval and SQLite recurse over it. SQLite's own limit
 * is 1000, and a node becomes at most three of its levels, those of a row one. */
enum { OHM_EXPR_HEIGHT_MAX = 500 };

/* ---- tokens ---- */

enum ohm_token_kind {
    T_END,
    T_NUMBER,
    T_TEXT,
    T_WORD,
    T_OPERATOR,
    T_OPEN,
    T_CLOSE,
    T_COMMA,
    T_QUESTION,
    T_COLON,
    T_BAD
};

struct ohm_token {
    enum ohm_token_kind kind;
    enum ohm_expr_op op; /* of T_OPERATOR */
    const char *start;
    size_t length;
};

/* Moves on to the token behind *t; at first, start is the text and length 0. */
void ohm_expr_next(struct ohm_token *t);

/* ---- operators ---- */

const char *ohm_expr_op_name(enum ohm_expr_op op);
static inline bool ohm_op_is_order(enum ohm_expr_op op)
{
    return op >= OHM_OP_LT && op <= OHM_OP_GE;
}
static inline bool ohm_op_is_compare(enum ohm_expr_op op)
{
    return op >= OHM_OP_EQ && op <= OHM_OP_IN;
}
/* Its value is 0 or 1 and never missing. */
static inline bool ohm_op_is_truth(enum ohm_expr_op op)
{
    return op == OHM_OP_OR || op == OHM_OP_AND || op == OHM_OP_NOT || ohm_op_is_compare(op);
}

#endif
