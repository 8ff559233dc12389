/* strategy.c - the table of strategies, and the handle that the study holds. */
#include "ohm/strategy.h"

#include "ohm/mem.h"
#include "search_int.h"

#include <assert.h>
#include <string.h>

const struct ohm_strategy_ops *const ohm_strategies[] = {&random_ops, &local_ops, &regevo_ops, &analognas_ops,
                                                         &nsga2_ops,  &bayes_ops, NULL};

const struct ohm_strategy_ops *ohm_strategy_find(const char *name)
{
    for (int i = 0; ohm_strategies[i]; i++)
        if (strcmp(ohm_strategies[i]->name, name) == 0)
            return ohm_strategies[i];
    return NULL;
}

struct ohm_strategy {
    const struct ohm_strategy_ops *ops;
    void *self;
    int batch;
};

enum ohm_status ohm_strategy_create(struct ohm_strategy **out, const struct ohm_strategy_ops *ops,
                                    const struct ohm_problem *problem, const void *options, struct ohm_error *err)
{
    struct ohm_strategy *s;
    enum ohm_status st;

    assert(problem->objectives >= 1 && problem->objectives <= OHM_OBJECTIVES_MAX);
    if (problem->objectives > 1 && !ops->multi_objective)
        return ohm_fail(err, OHM_ECONFIG, "strategy %s optimises one objective, the study has %d", ops->name,
                        problem->objectives);
    s = ohm_alloc(1, sizeof *s);
    if (!s)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    s->ops = ops;
    st = ops->create(&s->self, problem, options, err);
    if (st != OHM_OK) {
        ohm_free(s);
        return st;
    }
    s->batch = ops->batch(s->self);
    *out = s;
    return OHM_OK;
}

void ohm_strategy_free(struct ohm_strategy *s)
{
    if (!s)
        return;
    s->ops->free(s->self);
    ohm_free(s);
}

int ohm_strategy_batch(const struct ohm_strategy *s)
{
    return s->batch;
}

enum ohm_status ohm_strategy_ask(struct ohm_strategy *s, struct ohm_candidate *out, int *n, struct ohm_rng *rng,
                                 struct ohm_error *err)
{
    *n = 0;
    return s->ops->ask(s->self, out, s->batch, n, rng, err);
}

enum ohm_status ohm_strategy_tell(struct ohm_strategy *s, const struct ohm_candidate *asked,
                                  const struct ohm_outcome *outcome, int n, struct ohm_error *err)
{
    return s->ops->tell(s->self, asked, outcome, n, err);
}
