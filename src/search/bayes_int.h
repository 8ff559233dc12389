/* bayes_int.h - what the parts of bayes share: numbers of a network, and the candidates that the model looks at. */
#ifndef OHM_BAYES_INT_H
#define OHM_BAYES_INT_H

#include "ohm/gp.h"
#include "search_int.h"

/* ---- bayes_features.c ---- */

/* Numbers of a network for the model: the problem's features, or the genes where it has none, scaled to mean 0 and
 * variance 1 over the networks they were fitted to. Numbers that are the same for all of those are left out. */
struct scaling {
    const struct ohm_problem *problem;
    int raw;              /* numbers of a network before scaling */
    int count;            /* kept ones */
    int *kept;            /* [count] */
    float *mean, *factor; /* [count] */
    float *scratch;       /* [jobs][raw] */
};

enum ohm_status scaling_init(struct scaling *s, const struct ohm_problem *problem, struct ohm_error *err);
void scaling_release(struct scaling *s);
/* Fits to g[n] and fills x[n][count], allocated for the caller; NULL where count is 0. */
enum ohm_status scaling_fit(struct scaling *s, float **x, const struct ohm_genotype *g, int n, struct ohm_error *err);
/* x[n][count] of g[n]. */
enum ohm_status scaling_apply(const struct scaling *s, float *x, const struct ohm_genotype *g, int n,
                              struct ohm_error *err);

/* ---- bayes_pool.c ---- */

struct pool {
    struct ohm_candidate *candidate; /* [count], none asked when listed */
    bool *taken;
    float *mean, *sd; /* [count], the model's word */
    struct ohm_gp_pool *model;
    size_t capacity;
    int count;
};
void pool_release(struct pool *p);

/* Every admissible network that was not asked; the scaling is fitted to them. */
enum ohm_status pool_list(struct pool *p, struct drawer *d, struct scaling *s, struct ohm_error *err);
/* Up to `size` networks: half of them random, the others changed by one to three axes, or crossed, from best[n]. */
enum ohm_status pool_draw(struct pool *p, const struct drawer *d, const struct scaling *s,
                          const struct member *const *best, int n, int size, struct ohm_rng *rng,
                          struct ohm_error *err);

#endif
