/* draw.c - candidates that were not asked before and are admissible. */
#include "search_int.h"

#include "ohm/mem.h"

#include <string.h>

enum {
    SAMPLE_DRAWS = 100000, /* of a large space, before it is called exhausted */
    SMALL_DRAWS = 1000,    /* of a small space, before the rest of it is listed */
    SMALL_SPACE = 1 << 20, /* networks: their list takes 128 MB at most */
    MUTANT_DRAWS = 16,     /* with one axis changed */
    WIDER_DRAWS = 4,       /* with each greater number of them */
    MUTANT_CHANGES = 8
};

void drawer_init(struct drawer *d, const struct ohm_problem *problem)
{
    *d = (struct drawer){.problem = *problem};
    if (d->problem.jobs < 1)
        d->problem.jobs = 1;
}

void drawer_release(struct drawer *d)
{
    asked_release(&d->asked);
    ohm_free(d->rest);
    *d = (struct drawer){0};
}

bool drawer_admits(const struct drawer *d, struct ohm_candidate *c, const struct ohm_genotype *g)
{
    const struct ohm_problem *p = &d->problem;
    const uint64_t id = ohm_genotype_id(p->space, g);

    if (asked_has(&d->asked, id) || (p->admissible && !p->admissible(p->context, g)))
        return false;
    *c = (struct ohm_candidate){.genotype = *g, .id = id, .parent = {-1, -1}, .operation = "sample"};
    return true;
}

enum ohm_status drawer_note(struct drawer *d, const struct ohm_candidate *c, struct ohm_error *err)
{
    return asked_add(&d->asked, c->id, err);
}

/* Lists what is left of a small space, in random order. */
static enum ohm_status list_rest(struct drawer *d, struct ohm_rng *rng, struct ohm_error *err)
{
    struct ohm_genotype g = {{0}};
    struct ohm_candidate c;
    size_t capacity = 0;
    bool first = true;

    d->rest_made = true;
    while (ohm_genotype_next(d->problem.space, &g, &first)) {
        if (!drawer_admits(d, &c, &g))
            continue;
        if (!ohm_grow(&d->rest, &capacity, (size_t)d->rest_count + 1, sizeof *d->rest))
            return ohm_fail(err, OHM_ENOMEM, "out of memory for the last networks of the space");
        d->rest[d->rest_count++] = g;
    }
    for (int i = d->rest_count; i > 1; i--) {
        const int j = (int)ohm_rng_below(rng, (uint32_t)i);
        const struct ohm_genotype held = d->rest[i - 1];

        d->rest[i - 1] = d->rest[j];
        d->rest[j] = held;
    }
    return OHM_OK;
}

static enum ohm_status take_rest(struct drawer *d, struct ohm_candidate *c, bool *found, struct ohm_rng *rng,
                                 struct ohm_error *err)
{
    enum ohm_status st = d->rest_made ? OHM_OK : list_rest(d, rng, err);

    *found = false;
    while (st == OHM_OK && d->rest_count > 0 && !*found)
        *found = drawer_admits(d, c, &d->rest[--d->rest_count]);
    return st == OHM_OK && *found ? drawer_note(d, c, err) : st;
}

enum ohm_status draw_sample(struct drawer *d, struct ohm_candidate *c, bool *found, struct ohm_rng *rng,
                            struct ohm_error *err)
{
    const bool small = d->rest_made || ohm_space_size_within(d->problem.space, SMALL_SPACE) >= 0;
    const int draws = small ? SMALL_DRAWS : SAMPLE_DRAWS;
    struct ohm_genotype g;

    *found = false;
    for (int i = 0; i < draws && !d->rest_made; i++) {
        const enum ohm_status st = ohm_genotype_sample(d->problem.space, &g, rng, err);

        if (st != OHM_OK)
            return st;
        if (drawer_admits(d, c, &g)) {
            *found = true;
            return drawer_note(d, c, err);
        }
    }
    return small ? take_rest(d, c, found, rng, err) : OHM_OK;
}

static enum ohm_status change(const struct drawer *d, struct ohm_genotype *child, const struct ohm_genotype *parent,
                              const struct mutation *m, struct ohm_rng *rng)
{
    return (m->step ? ohm_genotype_step : ohm_genotype_mutate)(d->problem.space, child, parent, m->mask, rng, NULL);
}

enum ohm_status draw_mutant(struct drawer *d, struct ohm_candidate *c, bool *found, const struct mutation *m,
                            struct ohm_rng *rng, struct ohm_error *err)
{
    for (int changes = 1; changes <= MUTANT_CHANGES; changes++) {
        const int draws = changes == 1 ? MUTANT_DRAWS : WIDER_DRAWS;

        for (int i = 0; i < draws; i++) {
            struct ohm_genotype g = *m->parent;
            enum ohm_status st = OHM_OK;

            /* No legal change of these axes is no failure of the search: a random network takes its place. */
            for (int k = 0; k < changes && st == OHM_OK; k++)
                st = change(d, &g, &g, m, rng);
            if (st != OHM_OK)
                return draw_sample(d, c, found, rng, err);
            if (!drawer_admits(d, c, &g))
                continue;
            memcpy(c->parent, m->parent_trial, sizeof c->parent);
            c->operation = m->operation;
            *found = true;
            return drawer_note(d, c, err);
        }
    }
    return draw_sample(d, c, found, rng, err);
}
