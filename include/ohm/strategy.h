/* strategy.h - search strategies: each hands out candidates (ask) and is told their outcomes (tell).
 *
 * A strategy knows the space and nothing of networks, chips, surrogates or databases. It is deterministic: what it asks
 * depends on its options, the stream given to ask, and the history told - nothing else. So a killed run is resumed by
 * asking again and telling what the log holds. */
#ifndef OHM_STRATEGY_H
#define OHM_STRATEGY_H

#include "ohm/error.h"
#include "ohm/field.h"
#include "ohm/rng.h"
#include "ohm/space.h"

#include <stdbool.h>
#include <stdint.h>

enum { OHM_OBJECTIVES_MAX = 8 };

/* What the strategy may ask about the problem; all callbacks are thread-safe and pure. */
struct ohm_problem {
    const struct ohm_space *space;
    int objectives;                  /* 1 .. OHM_OBJECTIVES_MAX; all to be minimised */
    void *context;
    /* Free hard constraints (parameters, cores, energy ...): may this be asked? NULL: everything may.
     * A strategy never asks what is not admissible. */
    bool (*admissible)(void *context, const struct ohm_genotype *g);
    /* Numbers that describe a candidate to a model of the strategy's own (bayes). x[feature_count]. May be NULL: then
     * the strategy uses the genes. */
    int feature_count;
    void (*features)(void *context, const struct ohm_genotype *g, float *x);
    int jobs;                        /* threads that a strategy may use in ask; results must not depend on it */
};

struct ohm_candidate {
    struct ohm_genotype genotype;
    uint64_t id;             /* ohm_genotype_id */
    int64_t parent[2];       /* numbers of the trials it came from; -1: none */
    const char *operation;   /* "sample", "mutate", "cross", ... a literal of the strategy */
};

struct ohm_outcome {
    int64_t trial;                          /* number of the trial in the study, from 0, in order of asking */
    double objective[OHM_OBJECTIVES_MAX];   /* minimised; NaN: failed */
    double sd[OHM_OBJECTIVES_MAX];          /* uncertainty, NaN: unknown */
    double violation;                       /* of constraints that had to be paid for: 0 = feasible, larger = worse */
};

struct ohm_strategy_ops {
    const char *name;
    const char *help;               /* one line, honest: says so when it is no better than random somewhere */
    const struct ohm_field *fields; /* options */
    size_t options_size;
    bool multi_objective;           /* false: optimises objective[0] only (a study with more is refused) */
    enum ohm_status (*create)(void **self, const struct ohm_problem *problem, const void *options,
                              struct ohm_error *err);
    /* Up to `room` new candidates into out (room >= ohm_strategy batch); *n = 0: the space is exhausted.
     * Never hands out an id twice in a study: the strategy keeps the set of what it asked (ohm_asked below). */
    enum ohm_status (*ask)(void *self, struct ohm_candidate *out, int room, int *n, struct ohm_rng *rng,
                           struct ohm_error *err);
    /* The outcomes of the last ask, in its order, all of them. */
    enum ohm_status (*tell)(void *self, const struct ohm_candidate *asked, const struct ohm_outcome *outcome, int n,
                            struct ohm_error *err);
    int (*batch)(const void *self); /* candidates per ask: constant over the life of the strategy */
    void (*free)(void *self);
};

/* NULL-terminated table of all strategies. */
extern const struct ohm_strategy_ops *const ohm_strategies[];
const struct ohm_strategy_ops *ohm_strategy_find(const char *name); /* NULL: none */

struct ohm_strategy; /* a strategy with its state and its set of what it has asked */
enum ohm_status ohm_strategy_create(struct ohm_strategy **out, const struct ohm_strategy_ops *ops,
                                    const struct ohm_problem *problem, const void *options, struct ohm_error *err);
void ohm_strategy_free(struct ohm_strategy *s);
int ohm_strategy_batch(const struct ohm_strategy *s);
/* One generation: rng must be the child stream of the generation's number. */
enum ohm_status ohm_strategy_ask(struct ohm_strategy *s, struct ohm_candidate *out, int *n, struct ohm_rng *rng,
                                 struct ohm_error *err);
enum ohm_status ohm_strategy_tell(struct ohm_strategy *s, const struct ohm_candidate *asked,
                                  const struct ohm_outcome *outcome, int n, struct ohm_error *err);

#endif
