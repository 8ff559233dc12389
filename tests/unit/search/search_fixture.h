/* search_fixture.h - spaces, made-up objectives and a loop of ask and tell, for the tests of strategies. */
#ifndef SEARCH_FIXTURE_H
#define SEARCH_FIXTURE_H

#include "search_int.h"

#include "ohm/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* 64 cells. */
static const char small_space[] = "space: small\nfamily: nb201\ninput: [32, 32, 3]\nclasses: 10\naxes:\n"
                                  "  e01: { choice: [none, skip] }\n  e02: { choice: [none, skip] }\n"
                                  "  e12: { choice: [none, skip] }\n  e03: { choice: [none, skip] }\n"
                                  "  e13: { choice: [none, skip] }\n  e23: { choice: [none, skip] }\n";

static inline struct ohm_space *fixture_small(void)
{
    struct ohm_diag diag = {0};
    struct ohm_space *space = NULL;

    assert_int_equal(ohm_space_parse(&space, small_space, strlen(small_space), "small.yaml", &diag), OHM_OK);
    ohm_diag_release(&diag);
    return space;
}

static inline struct ohm_space *fixture_shipped(const char *path)
{
    struct ohm_diag diag = {0};
    struct ohm_space *space = NULL;

    assert_int_equal(ohm_space_load(&space, path, &diag), OHM_OK);
    ohm_diag_release(&diag);
    return space;
}

static inline double fixture_place(const struct ohm_space *space, const struct ohm_genotype *g, int axis)
{
    const int size = ohm_space_axis(space, axis)->size;

    return size > 1 ? (double)g->gene[axis] / (size - 1) : 0;
}

/* Objective 0 has one best genotype (every gene near three quarters), with neighbouring axes interacting; objective 1
 * wants small genes; 2 is odd ones against even ones. */
static inline void fixture_measure(const struct ohm_space *space, const struct ohm_genotype *g, double *objective)
{
    objective[0] = objective[1] = objective[2] = 0;
    for (int i = 0; i < ohm_space_axes(space); i++) {
        const double x = fixture_place(space, g, i), before = i > 0 ? fixture_place(space, g, i - 1) : x;

        objective[0] += (x - 0.75) * (x - 0.75) + 0.3 * fabs(x - before);
        objective[1] += x;
        objective[2] += i % 2 ? x : 1 - x;
    }
}

/* A rule that admits half of the networks. */
static inline bool fixture_even(void *context, const struct ohm_genotype *g)
{
    (void)context;
    return (g->gene[0] + g->gene[1]) % 2 == 0;
}

enum { FIXTURE_TRIALS = 3000 };

struct fixture_run {
    /* in */
    const struct ohm_strategy_ops *ops;
    struct ohm_problem problem;
    const char *options; /* "key=value key=value", or NULL */
    uint64_t seed;
    int budget;
    int fail_every; /* every so many trials one fails, with NaN; 0: none */
    bool limit;     /* networks with objective 1 above a third of the axes violate a constraint */
    /* out */
    int trials;
    bool exhausted;
    struct ohm_candidate candidate[FIXTURE_TRIALS];
    struct ohm_outcome outcome[FIXTURE_TRIALS];
};

static inline void fixture_options(const struct ohm_strategy_ops *ops, void *options, const char *text)
{
    char copy[256], *at = copy;

    ohm_fields_default(ops->fields, options);
    snprintf(copy, sizeof copy, "%s", text ? text : "");
    while (*at) {
        char *value = strchr(at, '='), *end = strchr(at, ' ');

        assert_non_null(value);
        *value++ = 0;
        if (end)
            *end = 0;
        assert_int_equal(ohm_field_set(ops->fields, options, at, value, NULL), OHM_OK);
        at = end ? end + 1 : value + strlen(value);
    }
}

static inline void fixture_answer(const struct fixture_run *run, const struct ohm_candidate *c, struct ohm_outcome *o,
                                  int trial)
{
    *o = (struct ohm_outcome){.trial = trial};
    fixture_measure(run->problem.space, &c->genotype, o->objective);
    if (run->limit)
        o->violation = fmax(0, o->objective[1] - ohm_space_axes(run->problem.space) / 3.0);
    if (run->fail_every && trial % run->fail_every == run->fail_every - 1)
        for (int k = 0; k < OHM_OBJECTIVES_MAX; k++)
            o->objective[k] = NAN;
}

static inline enum ohm_status fixture_drive(struct fixture_run *run, struct ohm_strategy *s, struct ohm_error *err)
{
    const struct ohm_rng stream = ohm_rng_seed(run->seed);
    enum ohm_status st = OHM_OK;
    int n = 1;

    run->trials = 0;
    run->exhausted = false;
    for (uint64_t generation = 0; run->trials < run->budget && st == OHM_OK; generation++) {
        struct ohm_rng rng = ohm_rng_child(&stream, generation);
        struct ohm_candidate *c = run->candidate + run->trials;
        struct ohm_outcome *o = run->outcome + run->trials;

        if (run->trials + ohm_strategy_batch(s) > FIXTURE_TRIALS)
            break;
        if ((st = ohm_strategy_ask(s, c, &n, &rng, err)) != OHM_OK)
            break;
        assert_true(n >= 0 && n <= ohm_strategy_batch(s));
        if (n == 0) {
            run->exhausted = true;
            break;
        }
        for (int i = 0; i < n; i++)
            fixture_answer(run, &c[i], &o[i], run->trials + i);
        run->trials += n;
        st = ohm_strategy_tell(s, c, o, n, err);
    }
    return st;
}

/* Runs a study of `budget` trials or a little more, whole generations. */
static inline enum ohm_status fixture_run(struct fixture_run *run, struct ohm_error *err)
{
    long long options[64] = {0};
    struct ohm_strategy *s = NULL;
    enum ohm_status st;

    assert_true(run->ops->options_size <= sizeof options);
    fixture_options(run->ops, options, run->options);
    st = ohm_strategy_create(&s, run->ops, &run->problem, options, err);
    if (st == OHM_OK)
        st = fixture_drive(run, s, err);
    ohm_strategy_free(s);
    return st;
}

static inline double fixture_best(const struct fixture_run *run)
{
    double best = INFINITY;

    for (int i = 0; i < run->trials; i++)
        if (!(run->outcome[i].violation > 0))
            best = fmin(best, run->outcome[i].objective[0]);
    return best;
}

#endif
