/* space_fixture.h - spaces for the tests of this module: from text, with a family that takes any axes, or made at
 * random with a plain second opinion on what is legal in them. */
#ifndef SPACE_FIXTURE_H
#define SPACE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "space_int.h"

static const char *const strict_axes[] = {"depth", "width", "block", NULL};
static const char *const block_texts[] = {"basic", "bottleneck", NULL};
static const char *const *const strict_choices[] = {NULL, NULL, block_texts};
static const struct ohm_family any_family = {.name = "any"};
static const struct ohm_family strict_family = {
    .name = "strict", .axis_names = strict_axes, .axis_choices = strict_choices};
static const char *const fixture_names[] = {"any", "strict", NULL};

static inline const struct ohm_family *fixture_find(const char *name)
{
    return strcmp(name, "any") == 0 ? &any_family : strcmp(name, "strict") == 0 ? &strict_family : NULL;
}

static inline enum ohm_status fixture_read(struct ohm_space **out, const char *text, struct ohm_diag *diag)
{
    return ohm_space_read(out, text, strlen(text), "test.yaml", fixture_find, fixture_names, diag);
}

#define FIXTURE_HEAD "space: test\nfamily: any\ninput: [32, 32, 3]\nclasses: 10\n"

/* A space that must be readable: the text of its axes and what follows. */
static inline struct ohm_space *fixture_space(const char *axes)
{
    struct ohm_str text = {0};
    struct ohm_diag diag = {0};
    struct ohm_space *space = NULL;

    ohm_str_append(&text, FIXTURE_HEAD);
    ohm_str_append(&text, axes);
    if (fixture_read(&space, ohm_str_text(&text), &diag) != OHM_OK) {
        for (int i = 0; i < diag.count && i < OHM_DIAG_MAX; i++)
            print_error("%d: %s\n", diag.item[i].line, diag.item[i].text);
        print_error("%s", ohm_str_text(&text));
    }
    assert_non_null(space);
    assert_int_equal(diag.count, 0);
    ohm_diag_release(&diag);
    ohm_str_release(&text);
    return space;
}

/* ---- random spaces ---- */

enum { RANDOM_AXES = 7, RANDOM_SIZE = 4, RANDOM_CONSTRAINTS = 3 };

/* axis `a` compared with the constant `c`: 0 ==, 1 !=, 2 >=, 3 <; a choice of texts knows the first two. */
struct random_term {
    int a, op, c;
};
struct random_rule {
    int terms; /* 0: no rule; 1 or 2 */
    bool both; /* && or || */
    bool sum;  /* a + b <= c instead */
    struct random_term term[2];
};
struct random_space {
    int axes;
    int size[RANDOM_AXES];
    bool texts[RANDOM_AXES];
    struct random_rule when[RANDOM_AXES];
    int constraints;
    struct random_rule constraint[RANDOM_CONSTRAINTS];
};

static inline struct random_rule random_rule(const struct random_space *s, int usable, bool may_sum,
                                             struct ohm_rng *rng)
{
    struct random_rule rule = {.terms = 1 + (int)ohm_rng_below(rng, 2), .both = ohm_rng_below(rng, 2)};

    for (int k = 0; k < 2; k++) {
        struct random_term *const t = &rule.term[k];

        t->a = (int)ohm_rng_below(rng, (uint32_t)usable);
        t->op = (int)ohm_rng_below(rng, s->texts[t->a] ? 2 : 4);
        t->c = (int)ohm_rng_below(rng, (uint32_t)s->size[t->a]);
    }
    if (may_sum && !s->texts[rule.term[0].a] && !s->texts[rule.term[1].a]) {
        rule.sum = ohm_rng_below(rng, 2);
        if (rule.sum)
            rule.terms = 2;
    }
    return rule;
}

static inline struct random_space random_space(struct ohm_rng *rng)
{
    struct random_space s = {.axes = 1 + (int)ohm_rng_below(rng, RANDOM_AXES)};

    for (int i = 0; i < s.axes; i++) {
        s.size[i] = 1 + (int)ohm_rng_below(rng, RANDOM_SIZE);
        s.texts[i] = ohm_rng_below(rng, 3) == 0;
        if (i > 0 && ohm_rng_below(rng, 2))
            s.when[i] = random_rule(&s, i, false, rng);
    }
    s.constraints = (int)ohm_rng_below(rng, RANDOM_CONSTRAINTS + 1);
    for (int i = 0; i < s.constraints; i++)
        s.constraint[i] = random_rule(&s, s.axes, true, rng);
    return s;
}

static inline void print_rule(struct ohm_str *text, const struct random_space *s, const struct random_rule *rule)
{
    static const char *const ops[] = {"==", "!=", ">=", "<"};

    if (rule->sum) {
        ohm_str_printf(text, "a%d + a%d <= %d", rule->term[0].a, rule->term[1].a, rule->term[0].c + rule->term[1].c);
        return;
    }
    for (int k = 0; k < rule->terms; k++) {
        const struct random_term *const t = &rule->term[k];

        ohm_str_printf(text, "%sa%d %s ", k == 0 ? "" : rule->both ? " && " : " || ", t->a, ops[t->op]);
        ohm_str_printf(text, s->texts[t->a] ? "\"v%d\"" : "%d", t->c);
    }
}

/* The space as YAML: axis a<i> has the numbers or the texts v0, v1, ... */
static inline struct ohm_space *random_read(const struct random_space *s)
{
    struct ohm_str text = {0};
    struct ohm_space *space = NULL;

    ohm_str_append(&text, FIXTURE_HEAD "axes:\n");
    for (int i = 0; i < s->axes; i++) {
        ohm_str_printf(&text, "  a%d:\n", i);
        if (s->texts[i]) {
            ohm_str_append(&text, "    choice: [");
            for (int v = 0; v < s->size[i]; v++)
                ohm_str_printf(&text, "%sv%d", v ? ", " : "", v);
            ohm_str_append(&text, "]\n");
        } else {
            ohm_str_printf(&text, "    int: [0, %d]\n", s->size[i] - 1);
        }
        if (s->when[i].terms) {
            ohm_str_append(&text, "    when: ");
            print_rule(&text, s, &s->when[i]);
            ohm_str_append(&text, "\n");
        }
    }
    if (s->constraints)
        ohm_str_append(&text, "constraints:\n");
    for (int i = 0; i < s->constraints; i++) {
        ohm_str_append(&text, "  - ");
        print_rule(&text, s, &s->constraint[i]);
        ohm_str_append(&text, "\n");
    }
    fixture_read(&space, ohm_str_text(&text), NULL); /* NULL where the constraints leave nothing */
    ohm_str_release(&text);
    return space;
}

static inline bool rule_applies(const struct random_rule *rule, const int *value)
{
    for (int k = 0; k < rule->terms; k++)
        if (value[rule->term[k].a] < 0)
            return false;
    return true;
}

static inline bool rule_holds(const struct random_rule *rule, const int *value)
{
    bool holds[2] = {false, false};

    if (rule->sum)
        return value[rule->term[0].a] + value[rule->term[1].a] <= rule->term[0].c + rule->term[1].c;
    for (int k = 0; k < rule->terms; k++) {
        const struct random_term *const t = &rule->term[k];
        const int v = value[t->a];

        holds[k] = t->op == 0 ? v == t->c : t->op == 1 ? v != t->c : t->op == 2 ? v >= t->c : v < t->c;
    }
    return rule->terms == 1 ? holds[0] : rule->both ? holds[0] && holds[1] : holds[0] || holds[1];
}

static inline bool random_legal(const struct random_space *s, const int *value)
{
    for (int i = 0; i < s->constraints; i++)
        if (rule_applies(&s->constraint[i], value) && !rule_holds(&s->constraint[i], value))
            return false;
    return true;
}

/* Legal settings of the axes from i on by plain enumeration; value -1 is inactive. */
static inline long random_count(const struct random_space *s, int i, int *value)
{
    long count = 0;

    if (i == s->axes)
        return random_legal(s, value);
    value[i] = -1;
    if (s->when[i].terms && !(rule_applies(&s->when[i], value) && rule_holds(&s->when[i], value)))
        return random_count(s, i + 1, value);
    for (int v = 0; v < s->size[i]; v++) {
        value[i] = v;
        count += random_count(s, i + 1, value);
    }
    return count;
}

/* Whether g is canonical and legal by the same second opinion. */
static inline bool random_agrees(const struct random_space *s, const struct ohm_genotype *g)
{
    int value[RANDOM_AXES];

    for (int i = 0; i < s->axes; i++) {
        const struct random_rule *const when = &s->when[i];
        const bool active = !when->terms || (rule_applies(when, value) && rule_holds(when, value));

        value[i] = active ? g->gene[i] : -1;
        if (g->gene[i] >= s->size[i] || (!active && g->gene[i] != 0))
            return false;
    }
    return random_legal(s, value);
}

#endif
