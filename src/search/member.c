/* member.c - measured networks, and which of them are better. */
#include "search_int.h"

#include "ohm/mem.h"
#include "ohm/pareto.h"

#include <math.h>
#include <string.h>

void member_set(struct member *m, const struct ohm_candidate *c, const struct ohm_outcome *o, int objectives)
{
    m->genotype = c->genotype;
    m->trial = o->trial;
    memcpy(m->objective, o->objective, sizeof m->objective);
    m->violation = isnan(o->violation) ? (double)INFINITY : o->violation;
    for (int k = 0; k < objectives; k++)
        if (isnan(o->objective[k]))
            m->violation = INFINITY;
}

bool member_better(const struct member *a, const struct member *b)
{
    if (a->violation != b->violation)
        return a->violation < b->violation;
    return a->objective[0] < b->objective[0];
}

/* Ranks the feasible (or the infeasible) members among themselves, from `base` on. */
static enum ohm_status rank_part(const struct member *m, int n, bool feasible, int objectives, int base, int *rank,
                                 double *value, int *index, struct ohm_error *err)
{
    const int width = feasible ? objectives : 1;
    int count = 0;
    enum ohm_status st;

    for (int i = 0; i < n; i++) {
        if ((m[i].violation > 0) == feasible)
            continue;
        memcpy(value + (size_t)count * (size_t)width, feasible ? m[i].objective : &m[i].violation,
               (size_t)width * sizeof *value);
        index[count++] = i;
    }
    st = ohm_pareto_rank(value, count, width, index + n, err);
    for (int i = 0; i < count && st == OHM_OK; i++)
        rank[index[i]] = base + index[n + i];
    return st;
}

enum ohm_status member_ranks(const struct member *m, int n, int objectives, int *rank, struct ohm_error *err)
{
    double *value = ohm_alloc((size_t)n * (size_t)objectives, sizeof *value);
    int *index = ohm_alloc(2 * (size_t)n, sizeof *index);
    enum ohm_status st = OHM_OK;

    if (!value || !index)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory to rank %d networks", n);
    /* There are n feasible fronts at most. */
    if (st == OHM_OK)
        st = rank_part(m, n, true, objectives, 0, rank, value, index, err);
    if (st == OHM_OK)
        st = rank_part(m, n, false, objectives, n, rank, value, index, err);
    ohm_free(value);
    ohm_free(index);
    return st;
}
