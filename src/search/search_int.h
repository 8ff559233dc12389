/* search_int.h - what every strategy needs: the set of what it asked, legal new candidates, measured members. */
#ifndef OHM_SEARCH_INT_H
#define OHM_SEARCH_INT_H

#include "ohm/strategy.h"

/* ---- asked.c: ids that have been asked ---- */

struct asked {
    uint64_t *slot; /* [mask + 1], open addressing; 0 is free: no id is 0 */
    size_t mask, count;
};
bool asked_has(const struct asked *set, uint64_t id);
enum ohm_status asked_add(struct asked *set, uint64_t id, struct ohm_error *err);
void asked_release(struct asked *set);

/* ---- draw.c: new candidates ---- */

/* Embedded in every strategy. */
struct drawer {
    struct ohm_problem problem;
    struct asked asked;
    struct ohm_genotype *rest; /* of a small space that random draws no longer find: all networks, shuffled */
    int rest_count;
    bool rest_made;
};
void drawer_init(struct drawer *d, const struct ohm_problem *problem);
void drawer_release(struct drawer *d);

/* Whether g may be asked: not asked before, and admissible. Fills *c on success, but does not note the id. */
bool drawer_admits(const struct drawer *d, struct ohm_candidate *c, const struct ohm_genotype *g);
/* Notes that *c is asked. */
enum ohm_status drawer_note(struct drawer *d, const struct ohm_candidate *c, struct ohm_error *err);

/* A random network, noted as asked. *found is false when the space is exhausted: every network of a small space was
 * asked or is inadmissible, or 100,000 draws from a large one gave nothing. */
enum ohm_status draw_sample(struct drawer *d, struct ohm_candidate *c, bool *found, struct ohm_rng *rng,
                            struct ohm_error *err);

/* A network near parent (trial number parent_trial): one axis of the mask changed; where that gives nothing new, two
 * axes, then three ...; at last a random network. Noted as asked. `step`: numbers move to a neighbouring value. */
struct mutation {
    const struct ohm_genotype *parent;
    int64_t parent_trial[2];
    uint64_t mask;
    bool step;
    const char *operation;
};
enum ohm_status draw_mutant(struct drawer *d, struct ohm_candidate *c, bool *found, const struct mutation *m,
                            struct ohm_rng *rng, struct ohm_error *err);

/* ---- member.c: what was measured ---- */

struct member {
    struct ohm_genotype genotype;
    int64_t trial;
    double objective[OHM_OBJECTIVES_MAX];
    double violation; /* infinite where an objective is NaN */
};
void member_set(struct member *m, const struct ohm_candidate *c, const struct ohm_outcome *o, int objectives);
/* By violation, then by the first objective. */
bool member_better(const struct member *a, const struct member *b);
/* rank[n], 0 best: feasible members by non-dominated fronts, infeasible ones behind them by violation (constraint-
 * domination, Deb et al. 2002, section VI). */
enum ohm_status member_ranks(const struct member *m, int n, int objectives, int *rank, struct ohm_error *err);

/* ---- the strategies ---- */

extern const struct ohm_strategy_ops random_ops, local_ops, regevo_ops, analognas_ops, nsga2_ops, bayes_ops;

#endif
