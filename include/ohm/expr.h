/* expr.h - the one expression language: --where, objectives, constraints, conditions of a search space.
 *
 *   'acc_1d >= 85 && energy_uJ < 5 && cores <= 64'      'acc_1d - 2*acc_1d_sd'      'state == "failed"'
 *
 * Grammar, loosest first: a ? b : c;  || or;  && and;  == != < <= > >= (not chained; = is ==) and `x in (a, b, c)`;
 * + -;  * / %;  unary - ! not;  ^ (right);  numbers (with an optional suffix k M G), true false (1 and 0), "texts" or
 * 'texts' (no escapes), names (letters, digits, _ and .), ( ), abs min max sqrt log exp floor ceil round.
 * Values are doubles, or texts in == != and in. True is 1. Any comparison with NaN (a missing value) is false, except
 * that != is true; arithmetic with it gives NaN, and so do x / 0, the log of 0 and a text in arithmetic. NaN and a text
 * are not true: !x is 1. A number never equals a text. log is natural, round takes halves away from zero, % has the
 * sign of its left side. Errors give the column in the expression, in characters. */
#ifndef OHM_EXPR_H
#define OHM_EXPR_H

#include "ohm/error.h"
#include "ohm/str.h"

struct ohm_expr;

enum { OHM_EXPR_LENGTH_MAX = 4096, OHM_EXPR_DEPTH_MAX = 64 };

/* OHM_ECONFIG: syntax; err->column is the column in the text. */
enum ohm_status ohm_expr_parse(struct ohm_expr **out, const char *text, struct ohm_error *err);
void ohm_expr_free(struct ohm_expr *expr); /* NULL is fine */
const char *ohm_expr_source(const struct ohm_expr *expr);

/* The i-th distinct name used, in order of first use, or NULL past the last. */
const char *ohm_expr_name(const struct ohm_expr *expr, int i);

/* Ties names to slots: `find` returns the slot of a name (>= 0) or -1.
 * OHM_ENOTFOUND: an unknown name, with the nearest among known[n_known] (may be NULL). */
typedef int ohm_expr_find_fn(const void *context, const char *name);
enum ohm_status ohm_expr_bind(struct ohm_expr *expr, ohm_expr_find_fn *find, const void *context,
                              const char *const *known, int n_known, struct ohm_error *err);

/* The value with numbers value[slot] and texts text[slot]; text may be NULL, and so may each of its entries (then the
 * slot is a number). Allocates nothing; safe from several threads. A text as the result is NaN. */
double ohm_expr_eval(const struct ohm_expr *expr, const double *value, const char *const *text);

/* By how much a condition is broken: 0 where it is true. A comparison a <= b: (a - b) / max(|a|, |b|, 1e-9), likewise
 * the others; && adds, || takes the smaller, ?: that of the branch taken; anything else that is false is 1. Never
 * 0 where the condition is false (5 < 5 is broken by 2^-40). NaN where a value is missing. */
double ohm_expr_violation(const struct ohm_expr *expr, const double *value, const char *const *text);

/* The same as a SQL expression; `column` gives the SQL of a name (NULL: unknown name, OHM_ENOTFOUND). Texts are quoted.
 * NULL columns behave as NaN does in ohm_expr_eval. The column must be a bare or quoted name: it is repeated. The value
 * is a REAL or NULL, in brackets. OHM_ECONFIG: nested too deeply for SQLite's parser (some 15 levels of brackets). */
typedef const char *ohm_expr_column_fn(const void *context, const char *name);
enum ohm_status ohm_expr_sql(const struct ohm_expr *expr, struct ohm_str *sql, ohm_expr_column_fn *column,
                             const void *context, struct ohm_error *err);

#endif
