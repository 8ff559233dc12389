/* bayes_pool.c - the networks among which the model chooses: all of a small space, or a fresh draw from a large one. */
#include "bayes_int.h"

#include "ohm/mem.h"

void pool_release(struct pool *p)
{
    ohm_free(p->candidate);
    ohm_free(p->taken);
    ohm_free(p->mean);
    ohm_free(p->sd);
    ohm_gp_pool_free(p->model);
    *p = (struct pool){0};
}

static enum ohm_status add(struct pool *p, const struct ohm_candidate *c, struct ohm_error *err)
{
    if (!ohm_grow(&p->candidate, &p->capacity, (size_t)p->count + 1, sizeof *p->candidate))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a pool of %d networks", p->count);
    p->candidate[p->count++] = *c;
    return OHM_OK;
}

static enum ohm_status genotypes(const struct pool *p, struct ohm_genotype **g, struct ohm_error *err)
{
    *g = ohm_alloc((size_t)p->count, sizeof **g);
    if (!*g)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a pool of %d networks", p->count);
    for (int i = 0; i < p->count; i++)
        (*g)[i] = p->candidate[i].genotype;
    return OHM_OK;
}

static enum ohm_status finish(struct pool *p, const float *x, int features, struct ohm_error *err)
{
    p->taken = ohm_alloc((size_t)p->count, sizeof *p->taken);
    p->mean = ohm_alloc((size_t)p->count, sizeof *p->mean);
    p->sd = ohm_alloc((size_t)p->count, sizeof *p->sd);
    if (!p->taken || !p->mean || !p->sd)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a pool of %d networks", p->count);
    return p->count > 0 && features > 0 ? ohm_gp_pool_create(&p->model, x, p->count, features, err) : OHM_OK;
}

enum ohm_status pool_list(struct pool *p, struct drawer *d, struct scaling *s, struct ohm_error *err)
{
    struct ohm_genotype at = {{0}}, *g = NULL;
    struct ohm_candidate c;
    enum ohm_status st = OHM_OK;
    bool first = true;
    float *x = NULL;

    while (st == OHM_OK && ohm_genotype_next(d->problem.space, &at, &first))
        if (drawer_admits(d, &c, &at))
            st = add(p, &c, err);
    if (st == OHM_OK)
        st = genotypes(p, &g, err);
    if (st == OHM_OK && p->count > 0)
        st = scaling_fit(s, &x, g, p->count, err);
    if (st == OHM_OK)
        st = finish(p, x, s->count, err);
    ohm_free(g);
    ohm_free(x);
    return st;
}

/* A network near the best ones; false where it came to nothing. */
static bool make_near(const struct drawer *d, struct ohm_candidate *c, const struct member *const *best, int n,
                      struct ohm_rng *rng)
{
    const struct ohm_space *space = d->problem.space;
    const struct member *a = best[ohm_rng_below(rng, (uint32_t)n)], *b = best[ohm_rng_below(rng, (uint32_t)n)];
    struct ohm_genotype g = a->genotype;
    const bool cross = a != b && ohm_rng_below(rng, 4) == 0;
    const int changes = (int)ohm_rng_below(rng, 3) + !cross;

    if (cross)
        ohm_genotype_cross(space, &g, &a->genotype, &b->genotype, rng);
    for (int i = 0; i < changes; i++) {
        const bool step = ohm_rng_below(rng, 2) == 0;

        if ((step ? ohm_genotype_step : ohm_genotype_mutate)(space, &g, &g, ~UINT64_C(0), rng, NULL) != OHM_OK)
            return false;
    }
    if (!drawer_admits(d, c, &g))
        return false;
    c->parent[0] = a->trial;
    c->parent[1] = cross ? b->trial : -1;
    c->operation = cross ? "model+cross" : "model+mutate";
    return true;
}

enum ohm_status pool_draw(struct pool *p, const struct drawer *d, const struct scaling *s,
                          const struct member *const *best, int n, int size, struct ohm_rng *rng, struct ohm_error *err)
{
    enum { TRIES = 8 };
    struct ohm_genotype *g = NULL;
    struct asked seen = {0};
    struct ohm_candidate c;
    enum ohm_status st = OHM_OK;
    float *x = NULL;

    for (int i = 0; i < TRIES * size && p->count < size && st == OHM_OK; i++) {
        if (i % 2 == 0) {
            struct ohm_genotype drawn;

            st = ohm_genotype_sample(d->problem.space, &drawn, rng, err);
            if (st != OHM_OK || !drawer_admits(d, &c, &drawn))
                continue;
            c.operation = "model+sample";
        } else if (!make_near(d, &c, best, n, rng)) {
            continue;
        }
        if (asked_has(&seen, c.id))
            continue;
        st = asked_add(&seen, c.id, err);
        if (st == OHM_OK)
            st = add(p, &c, err);
    }
    asked_release(&seen);
    if (st == OHM_OK)
        st = genotypes(p, &g, err);
    x = st == OHM_OK ? ohm_alloc((size_t)p->count * (size_t)s->count, sizeof *x) : NULL;
    if (st == OHM_OK)
        st = x ? scaling_apply(s, x, g, p->count, err)
               : ohm_fail(err, OHM_ENOMEM, "out of memory for the features of %d networks", p->count);
    if (st == OHM_OK)
        st = finish(p, x, s->count, err);
    ohm_free(g);
    ohm_free(x);
    return st;
}
