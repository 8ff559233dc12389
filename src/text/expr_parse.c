/* expr_parse.c - text to tree, by recursive descent and precedence climbing. */
#include "expr_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct parser {
    struct ohm_expr *expr;
    struct ohm_error *err;
    enum ohm_status st;     /* the first failure; then every parse function returns NULL */
    struct ohm_token token; /* the next one */
    int depth;
};

static const struct {
    const char *name;
    int least, most;
} ops[] = {
#define X(op, name, least, most) {name, least, most},
    OHM_EXPR_OPS(X)
#undef X
};

const char *ohm_expr_op_name(enum ohm_expr_op op)
{
    return ops[op].name;
}

static void advance(struct parser *p)
{
    ohm_expr_next(&p->token);
}

/* ---- errors ---- */

static int column_of(const struct parser *p, const char *at)
{
    int column = 1;

    for (const char *s = p->expr->source; s < at; s++)
        column += (*s & 0xc0) != 0x80;
    return column;
}

#define fail(p, at, ...)                                                                                               \
    ((p)->st == OHM_OK ? (void)((p)->st = ohm_fail_at((p)->err, OHM_ECONFIG, OHM_ORIGIN, NULL, 0,                      \
                                                      column_of((p), (at)), __VA_ARGS__))                              \
                       : (void)0)

static void fail_found(struct parser *p, const char *expected)
{
    const struct ohm_token *t = &p->token;
    const int shown = t->length < 40 ? (int)t->length : 40;

    if (t->kind == T_END)
        fail(p, t->start, "expected %s, found the end of the expression", expected);
    else if (t->kind == T_BAD && (*t->start == '"' || *t->start == '\''))
        fail(p, t->start, "the text %.*s has no closing quote", shown, t->start);
    else
        fail(p, t->start, "expected %s, found '%.*s'", expected, shown, t->start);
}

static void fail_memory(struct parser *p)
{
    if (p->st == OHM_OK)
        p->st = ohm_fail(p->err, OHM_ENOMEM, "out of memory while parsing an expression");
}

/* ---- nodes ---- */

static struct ohm_expr_node *new_node(struct parser *p, enum ohm_expr_op op)
{
    struct ohm_expr_node *node = ohm_arena_alloc(&p->expr->arena, 1, sizeof *node);

    if (!node) {
        fail_memory(p);
        return NULL;
    }
    node->op = op;
    node->height = 1;
    return node;
}

/* Hangs the list of operands under a new node. Only == != in and ?: take a text that is written out. */
static struct ohm_expr_node *join(struct parser *p, enum ohm_expr_op op, const char *at, struct ohm_expr_node *arg)
{
    const bool takes_text = op == OHM_OP_EQ || op == OHM_OP_NE || op == OHM_OP_IN || op == OHM_OP_CHOOSE;
    struct ohm_expr_node *node = p->st == OHM_OK ? new_node(p, op) : NULL;

    if (!node)
        return NULL;
    node->arg = arg;
    for (const struct ohm_expr_node *a = arg; a; a = a->next) {
        if (a->op == OHM_OP_TEXT && !takes_text)
            fail(p, at, "'%s' takes numbers, not the text \"%.40s\"; texts go with ==, != and in", ops[op].name,
                 a->text);
        if (a->height >= node->height)
            node->height = a->height + 1;
    }
    if (node->height > OHM_EXPR_HEIGHT_MAX)
        fail(p, at, "the expression has more than %d operators in a row", OHM_EXPR_HEIGHT_MAX);
    return p->st == OHM_OK ? node : NULL;
}

static struct ohm_expr_node *join2(struct parser *p, enum ohm_expr_op op, const char *at, struct ohm_expr_node *a,
                                   struct ohm_expr_node *b)
{
    if (!a || !b)
        return NULL;
    a->next = b;
    return join(p, op, at, a);
}

static bool enter(struct parser *p)
{
    if (++p->depth > OHM_EXPR_DEPTH_MAX)
        fail(p, p->token.start, "the expression is nested more than %d deep", OHM_EXPR_DEPTH_MAX);
    return p->st == OHM_OK;
}

static char *copy(struct parser *p, const char *start, size_t length)
{
    char *text = ohm_arena_alloc(&p->expr->arena, length + 1, 1);

    if (text)
        memcpy(text, start, length);
    else
        fail_memory(p);
    return text;
}

/* ---- grammar ---- */

static struct ohm_expr_node *parse_choose(struct parser *p);

static struct ohm_expr_node *parse_number(struct parser *p)
{
    static const char suffixes[] = "kMG";
    static const double factors[] = {1e3, 1e6, 1e9};
    const struct ohm_token t = p->token;
    char text[512];
    const char *suffix;
    struct ohm_expr_node *node = new_node(p, OHM_OP_NUMBER);
    double factor = 1;

    if (!node)
        return NULL;
    advance(p);
    snprintf(text, sizeof text, "%.*s", (int)t.length, t.start);
    suffix = strchr(suffixes, t.start[t.length - 1]);
    if (suffix && t.length < sizeof text) {
        factor = factors[suffix - suffixes];
        text[t.length - 1] = '\0';
    }
    if (t.length >= sizeof text || !ohm_parse_double(text, &node->number) || !isfinite(node->number * factor)) {
        fail(p, t.start, "'%.*s' is not a number", t.length < 40 ? (int)t.length : 40, t.start);
        return NULL;
    }
    node->number *= factor;
    return node;
}

static struct ohm_expr_node *parse_text(struct parser *p)
{
    struct ohm_expr_node *node = new_node(p, OHM_OP_TEXT);

    if (node)
        node->text = copy(p, p->token.start + 1, p->token.length - 2);
    advance(p);
    return p->st == OHM_OK ? node : NULL;
}

static struct ohm_expr_node *parse_bracket(struct parser *p)
{
    struct ohm_expr_node *node;

    advance(p);
    node = parse_choose(p);
    if (!node)
        return NULL;
    if (p->token.kind != T_CLOSE) {
        fail_found(p, "')' or an operator");
        return NULL;
    }
    advance(p);
    node->bracketed = true;
    return node;
}

/* "( a, b, c )": the list, and how many. */
static struct ohm_expr_node *parse_list(struct parser *p, int *count)
{
    struct ohm_expr_node *first = NULL, **last = &first;

    *count = 0;
    do {
        advance(p); /* over '(' or ',' */
        *last = parse_choose(p);
        if (!*last)
            return NULL;
        last = &(*last)->next;
        (*count)++;
    } while (p->token.kind == T_COMMA);
    if (p->token.kind != T_CLOSE) {
        fail_found(p, "',' or ')'");
        return NULL;
    }
    advance(p);
    return first;
}

static struct ohm_expr_node *parse_call(struct parser *p, const struct ohm_token *word)
{
    struct ohm_expr_node *arg;
    int count;

    for (enum ohm_expr_op op = OHM_OP_ABS; op <= OHM_OP_ROUND; op++) {
        if (strlen(ops[op].name) != word->length || memcmp(ops[op].name, word->start, word->length) != 0)
            continue;
        arg = parse_list(p, &count);
        if (arg && (count < ops[op].least || count > ops[op].most)) {
            fail(p, word->start, "%s takes %s, found %d", ops[op].name,
                 ops[op].most == 1 ? "1 argument" : "2 to 64 arguments", count);
            return NULL;
        }
        return arg ? join(p, op, word->start, arg) : NULL;
    }
    fail(p, word->start, "unknown function '%.*s'; there are abs ceil exp floor log max min round sqrt",
         word->length < 40 ? (int)word->length : 40, word->start);
    return NULL;
}

static struct ohm_expr_node *parse_constant(struct parser *p, double value)
{
    struct ohm_expr_node *node = new_node(p, OHM_OP_NUMBER);

    if (node)
        node->number = value;
    return node;
}

static bool word_is(const struct ohm_token *word, const char *text)
{
    return word->length == strlen(text) && memcmp(word->start, text, word->length) == 0;
}

static struct ohm_expr_node *parse_name(struct parser *p, const struct ohm_token *word)
{
    struct ohm_expr *e = p->expr;
    struct ohm_expr_node *node = new_node(p, OHM_OP_NAME);
    size_t i = 0;

    while (i < e->names && !word_is(word, e->name[i].text))
        i++;
    if (i == e->names) {
        const char *text = copy(p, word->start, word->length);

        if (!ohm_grow(&e->name, &e->names_cap, i + 1, sizeof *e->name))
            fail_memory(p);
        if (p->st != OHM_OK)
            return NULL;
        e->name[e->names++] = (struct ohm_expr_name){text, column_of(p, word->start), -1};
    }
    if (node)
        node->name = (int)i;
    return node;
}

static struct ohm_expr_node *parse_word(struct parser *p)
{
    const struct ohm_token word = p->token;

    advance(p);
    if (p->token.kind == T_OPEN)
        return parse_call(p, &word);
    if (word_is(&word, "true") || word_is(&word, "false"))
        return parse_constant(p, word_is(&word, "true"));
    return parse_name(p, &word);
}

static struct ohm_expr_node *parse_primary(struct parser *p)
{
    switch (p->token.kind) {
    case T_NUMBER:
        return parse_number(p);
    case T_TEXT:
        return parse_text(p);
    case T_WORD:
        return parse_word(p);
    case T_OPEN:
        return parse_bracket(p);
    default:
        fail_found(p, "a number, a name or '('");
        return NULL;
    }
}

static bool at_operator(const struct parser *p, enum ohm_expr_op op)
{
    return p->token.kind == T_OPERATOR && p->token.op == op;
}

/* - and ! bind looser than ^, whose right side may have its own sign: -2^-1 is -(2^(-1)). */
static struct ohm_expr_node *parse_unary(struct parser *p)
{
    const char *at = p->token.start;
    struct ohm_expr_node *node;

    if (!enter(p))
        return NULL;
    if (at_operator(p, OHM_OP_SUB) || at_operator(p, OHM_OP_NOT)) {
        const enum ohm_expr_op op = p->token.op == OHM_OP_SUB ? OHM_OP_NEG : OHM_OP_NOT;

        advance(p);
        node = parse_unary(p);
        node = node ? join(p, op, at, node) : NULL;
    } else {
        node = parse_primary(p);
        at = p->token.start;
        if (node && at_operator(p, OHM_OP_POW)) {
            advance(p);
            node = join2(p, OHM_OP_POW, at, node, parse_unary(p));
        }
    }
    p->depth--;
    return node;
}

static int precedence(const struct ohm_token *t)
{
    if (t->kind != T_OPERATOR)
        return 0;
    if (t->op == OHM_OP_OR)
        return 1;
    if (t->op == OHM_OP_AND)
        return 2;
    if (ohm_op_is_compare(t->op))
        return 3;
    if (t->op == OHM_OP_ADD || t->op == OHM_OP_SUB)
        return 4;
    return t->op == OHM_OP_MUL || t->op == OHM_OP_DIV || t->op == OHM_OP_MOD ? 5 : 0;
}

static struct ohm_expr_node *parse_in(struct parser *p, const char *at, struct ohm_expr_node *left)
{
    int count;

    if (p->token.kind != T_OPEN) {
        fail_found(p, "'(' after in");
        return NULL;
    }
    return join2(p, OHM_OP_IN, at, left, parse_list(p, &count));
}

/* Two readings that a user may have in mind and the grammar does not: a < b < c, and not a == b. */
static void check_compare(struct parser *p, const struct ohm_expr_node *left, const struct ohm_token *t)
{
    if (ohm_op_is_compare(left->op) && !left->bracketed)
        fail(p, t->start, "comparisons are not chained: write a < b && b < c");
    if (left->op == OHM_OP_NOT && !left->bracketed)
        fail(p, t->start, "not binds tighter than '%s': write not (a %s b)", ops[t->op].name, ops[t->op].name);
}

static struct ohm_expr_node *parse_binary(struct parser *p, int least)
{
    struct ohm_expr_node *left = parse_unary(p);

    while (left && precedence(&p->token) >= least) {
        const struct ohm_token t = p->token;

        if (ohm_op_is_compare(t.op))
            check_compare(p, left, &t);
        if (p->st != OHM_OK)
            return NULL;
        advance(p);
        if (t.op == OHM_OP_IN)
            left = parse_in(p, t.start, left);
        else
            left = join2(p, t.op, t.start, left, parse_binary(p, precedence(&t) + 1));
    }
    return left;
}

static struct ohm_expr_node *parse_branches(struct parser *p, struct ohm_expr_node *condition)
{
    const char *at = p->token.start;
    struct ohm_expr_node *yes, *no;

    advance(p);
    if (!(yes = parse_choose(p)))
        return NULL;
    if (p->token.kind != T_COLON) {
        fail_found(p, "':' and the other value");
        return NULL;
    }
    advance(p);
    if (!(no = parse_choose(p)))
        return NULL;
    if (condition->op == OHM_OP_TEXT)
        fail(p, at, "a text is no condition");
    yes->next = no;
    return join2(p, OHM_OP_CHOOSE, at, condition, yes);
}

static struct ohm_expr_node *parse_choose(struct parser *p)
{
    struct ohm_expr_node *node;

    if (!enter(p))
        return NULL;
    node = parse_binary(p, 1);
    if (node && p->token.kind == T_QUESTION)
        node = parse_branches(p, node);
    p->depth--;
    return node;
}

static enum ohm_status parse_all(struct ohm_expr *e, struct ohm_error *err)
{
    struct parser p = {.expr = e, .err = err, .st = OHM_OK, .token = {.start = e->source}};

    advance(&p);
    e->root = parse_choose(&p);
    if (e->root && p.token.kind != T_END)
        fail_found(&p, "an operator or the end");
    return p.st;
}

enum ohm_status ohm_expr_parse(struct ohm_expr **out, const char *text, struct ohm_error *err)
{
    struct ohm_expr *e;
    enum ohm_status st;

    *out = NULL;
    if (strnlen(text, OHM_EXPR_LENGTH_MAX + 1) > OHM_EXPR_LENGTH_MAX)
        return ohm_fail(err, OHM_ECONFIG, "the expression is longer than %d bytes", OHM_EXPR_LENGTH_MAX);
    e = ohm_alloc(1, sizeof *e);
    if (!e || !(e->source = ohm_strdup(text))) {
        ohm_free(e);
        return ohm_fail(err, OHM_ENOMEM, "out of memory while parsing an expression");
    }
    st = parse_all(e, err);
    if (st == OHM_OK)
        *out = e;
    else
        ohm_expr_free(e);
    return st;
}
