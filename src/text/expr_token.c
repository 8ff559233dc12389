/* expr_token.c - the words, numbers, texts and marks of an expression. */
#include "expr_int.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
    return is_word_start(c) || is_digit(c) || c == '.';
}

static const struct {
    const char *text;
    enum ohm_expr_op op;
} operators[] =
    {
        /* of two that start alike, the longer first */
        {"||", OHM_OP_OR}, {"&&", OHM_OP_AND}, {"==", OHM_OP_EQ}, {"!=", OHM_OP_NE},
        {"<=", OHM_OP_LE}, {">=", OHM_OP_GE},  {"<", OHM_OP_LT},  {">", OHM_OP_GT},
        {"=", OHM_OP_EQ},  {"!", OHM_OP_NOT},  {"+", OHM_OP_ADD}, {"-", OHM_OP_SUB},
        {"*", OHM_OP_MUL}, {"/", OHM_OP_DIV},  {"%", OHM_OP_MOD}, {"^", OHM_OP_POW},
},
  words[] = {
      {"or", OHM_OP_OR},
      {"and", OHM_OP_AND},
      {"not", OHM_OP_NOT},
      {"in", OHM_OP_IN},
};

/* A number with its suffix; what cannot be one ("5x", "1.2.3") is taken whole, for the message. */
static size_t number_length(const char *p)
{
    const char *start = p;

    while (is_word(*p) || ((*p == '+' || *p == '-') && (p[-1] == 'e' || p[-1] == 'E')))
        p++;
    return (size_t)(p - start);
}

static void set_token(struct ohm_token *t, enum ohm_token_kind kind, size_t length)
{
    t->kind = kind;
    t->length = length;
}

static void word_token(struct ohm_token *t)
{
    size_t n = 1;

    while (is_word(t->start[n]))
        n++;
    set_token(t, T_WORD, n);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (n == strlen(words[i].text) && memcmp(t->start, words[i].text, n) == 0) {
            t->kind = T_OPERATOR;
            t->op = words[i].op;
        }
}

static void mark_token(struct ohm_token *t)
{
    static const char marks[] = "(),?:";
    static const enum ohm_token_kind kinds[] = {T_OPEN, T_CLOSE, T_COMMA, T_QUESTION, T_COLON};
    const char *mark = strchr(marks, *t->start);

    set_token(t, mark ? kinds[mark - marks] : T_BAD, 1);
    while (!mark && (t->start[t->length] & 0xc0) == 0x80)
        t->length++; /* the rest of a character that is no ASCII, for the message */
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        const size_t n = strlen(operators[i].text);

        if (strncmp(t->start, operators[i].text, n) == 0) {
            set_token(t, T_OPERATOR, n);
            t->op = operators[i].op;
            return;
        }
    }
}

void ohm_expr_next(struct ohm_token *t)
{
    const char *s = t->start + t->length;
    const char *close;

    s += strspn(s, " \t\r\n");
    t->start = s;
    if (*s == '\0') {
        set_token(t, T_END, 0);
    } else if (is_digit(*s) || (*s == '.' && is_digit(s[1]))) {
        set_token(t, T_NUMBER, number_length(s));
    } else if (*s == '"' || *s == '\'') {
        close = strchr(s + 1, *s);
        set_token(t, close ? T_TEXT : T_BAD, close ? (size_t)(close - s) + 1 : strlen(s));
    } else if (is_word_start(*s)) {
        word_token(t);
    } else {
        mark_token(t);
    }
}
