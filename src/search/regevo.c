/* regevo.c - regularised evolution (Real, Aggarwal, Huang and Le, AAAI 2019): the best of a small random sample of the
 * population has a mutated child, which takes the place of the oldest member. */
#include "ohm/mem.h"
#include "search_int.h"

struct ohm_regevo_options {
    int64_t population, tournament, batch;
    bool repeats;
};

/* 10 and 3 are the setting of the published curves (NAS-Bench-201 CIFAR-10 and others); Real et al. take 100 and 25,
 * which is for budgets of ten thousand and more. */
static const struct ohm_field fields[] = {
    OHM_INT(ohm_regevo_options, population, 10, 2, 1000000, "members alive at once"),
    OHM_INT(ohm_regevo_options, tournament, 3, 1, 1000000, "members compared to find a parent"),
    OHM_INT(ohm_regevo_options, batch, 1, 1, 100000, "children made together, before the first of them is measured"),
    OHM_BOOL(ohm_regevo_options, repeats, false, "let a network be asked again, as published; each time costs a trial"),
    OHM_FIELDS_END,
};

struct regevo {
    struct drawer drawer;
    struct ohm_regevo_options options;
    struct member *member; /* [population], a ring once full */
    int count, oldest;
    int *order; /* [population] a permutation of the members there are */
};

static void destroy(void *self)
{
    struct regevo *r = self;

    drawer_release(&r->drawer);
    ohm_free(r->member);
    ohm_free(r->order);
    ohm_free(r);
}

static enum ohm_status create(void **self, const struct ohm_problem *problem, const void *options,
                              struct ohm_error *err)
{
    struct regevo *r = ohm_alloc(1, sizeof *r);

    if (!r)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    drawer_init(&r->drawer, problem);
    r->options = *(const struct ohm_regevo_options *)options;
    r->member = ohm_alloc((size_t)r->options.population, sizeof *r->member);
    r->order = ohm_alloc((size_t)r->options.population, sizeof *r->order);
    if (!r->member || !r->order) {
        destroy(r);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a population");
    }
    *self = r;
    return OHM_OK;
}

static int batch(const void *self)
{
    const struct regevo *r = self;

    return (int)r->options.batch;
}

/* The best of a few different members, drawn by the first steps of a shuffle. */
static const struct member *choose_parent(struct regevo *r, struct ohm_rng *rng)
{
    const struct member *best = NULL;

    for (int i = 0; i < r->count && i < r->options.tournament; i++) {
        const int j = i + (int)ohm_rng_below(rng, (uint32_t)(r->count - i)), drawn = r->order[j];

        r->order[j] = r->order[i];
        r->order[i] = drawn;
        if (!best || member_better(&r->member[drawn], best))
            best = &r->member[drawn];
    }
    return best;
}

/* As published: the child is asked whether or not it was asked before. One that is not admissible is drawn again. */
static enum ohm_status repeat_child(struct regevo *r, struct ohm_candidate *c, bool *found, const struct mutation *m,
                                    struct ohm_rng *rng, struct ohm_error *err)
{
    const struct ohm_problem *p = &r->drawer.problem;
    struct ohm_genotype g;

    for (int i = 0; i < 1000; i++) {
        if (ohm_genotype_mutate(p->space, &g, m->parent, m->mask, rng, NULL) != OHM_OK)
            break;
        if (p->admissible && !p->admissible(p->context, &g))
            continue;
        *c = (struct ohm_candidate){.genotype = g, .id = ohm_genotype_id(p->space, &g), .operation = m->operation};
        c->parent[0] = m->parent_trial[0];
        c->parent[1] = -1;
        *found = true;
        return drawer_note(&r->drawer, c, err);
    }
    return draw_sample(&r->drawer, c, found, rng, err);
}

static enum ohm_status ask(void *self, struct ohm_candidate *out, int room, int *n, struct ohm_rng *rng,
                           struct ohm_error *err)
{
    struct regevo *r = self;
    enum ohm_status st = OHM_OK;
    bool found = true;

    for (*n = 0; *n < r->options.batch && *n < room && st == OHM_OK; *n += found) {
        if (r->count + *n < r->options.population || r->count == 0) {
            st = draw_sample(&r->drawer, &out[*n], &found, rng, err);
        } else {
            const struct member *parent = choose_parent(r, rng);
            const struct mutation m = {&parent->genotype, {parent->trial, -1}, ~UINT64_C(0), false, "mutate"};

            if (r->options.repeats)
                st = repeat_child(r, &out[*n], &found, &m, rng, err);
            else
                st = draw_mutant(&r->drawer, &out[*n], &found, &m, rng, err);
        }
        if (!found)
            break;
    }
    return st;
}

static enum ohm_status tell(void *self, const struct ohm_candidate *asked, const struct ohm_outcome *outcome, int n,
                            struct ohm_error *err)
{
    struct regevo *r = self;

    (void)err;
    for (int i = 0; i < n; i++) {
        const bool full = r->count == r->options.population;

        member_set(&r->member[full ? r->oldest : r->count], &asked[i], &outcome[i], 1);
        if (!full)
            r->order[r->count] = r->count;
        r->oldest = full ? (int)((r->oldest + 1) % r->options.population) : 0;
        r->count += !full;
    }
    return OHM_OK;
}

const struct ohm_strategy_ops regevo_ops = {
    .name = "regevo",
    .help = "regularised evolution: children of good members replace the oldest; one objective, cheap evaluations",
    .fields = fields,
    .options_size = sizeof(struct ohm_regevo_options),
    .multi_objective = false,
    .create = create,
    .ask = ask,
    .tell = tell,
    .batch = batch,
    .free = destroy,
};
