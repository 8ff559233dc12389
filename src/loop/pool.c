/* pool.c - candidates: what a search on the surrogate has asked, and the neighbours of the measured front. The search
 * is told optimistic guesses, so that it goes where the surrogate is unsure too; the choice among its candidates is
 * made from means and deviations as they are. Where no more networks can be measured than a search would ask for, all
 * of them are candidates. */
#include "loop_int.h"

#include "ohm/parallel.h"
#include "ohm/rng.h"

#include <math.h>
#include <string.h>

/* ---- a set of ids: open addressing ---- */

static size_t place(const struct id_set *s, uint64_t id)
{
    size_t i = (size_t)id & s->mask;

    while (s->slot[i] && s->slot[i] != id)
        i = (i + 1) & s->mask;
    return i;
}

bool id_set_has(const struct id_set *s, uint64_t id)
{
    return s->slot && s->slot[place(s, id)] == id;
}

enum ohm_status id_set_add(struct id_set *s, uint64_t id, struct ohm_error *err)
{
    if (!s->slot || 2 * ((size_t)s->count + 1) > s->mask) {
        struct id_set larger = {.mask = s->slot ? 2 * s->mask + 1 : 255, .count = s->count};

        if (!(larger.slot = ohm_alloc(larger.mask + 1, sizeof *larger.slot)))
            return ohm_fail(err, OHM_ENOMEM, "out of memory for %d candidates", s->count);
        for (size_t i = 0; s->slot && i <= s->mask; i++)
            if (s->slot[i])
                larger.slot[place(&larger, s->slot[i])] = s->slot[i];
        ohm_free(s->slot);
        *s = larger;
    }
    s->count += s->slot[place(s, id)] != id;
    s->slot[place(s, id)] = id;
    return OHM_OK;
}

void id_set_release(struct id_set *s)
{
    ohm_free(s->slot);
    *s = (struct id_set){0};
}

/* ---- filling ---- */

struct filler {
    struct pool *pool;
    const struct known *known;
    const struct model *model;
    const struct ohm_loop_spec *spec;
    struct id_set seen;             /* measured, or in the pool */
    double spread[OHM_TARGETS_MAX]; /* of each figure over the measured rows */
};

/* Of a network of which nothing is known at all one would say: as the measured ones are. No deviation is larger: the
 * surrogate's model of its errors, learned from few rows, does come to such figures. */
static void take_spreads(struct filler *f)
{
    const struct known *const k = f->known;

    for (int i = 0; i < k->goals->figures; i++) {
        double sum = 0, square = 0;

        for (int r = 0; r < k->rows; r++)
            sum += k->row[r].figure[i];
        for (int r = 0; r < k->rows; r++)
            square += (k->row[r].figure[i] - sum / k->rows) * (k->row[r].figure[i] - sum / k->rows);
        f->spread[i] = sqrt(square / k->rows);
    }
}

static void limit_deviations(const struct filler *f, double *metric)
{
    const struct goals *const g = f->known->goals;

    for (int i = 0; i < g->figures; i++)
        metric[g->fixed + g->figures + i] = fmin(metric[g->fixed + g->figures + i], f->spread[i]);
}

void candidates_release(struct pool *p)
{
    ohm_free(p->item);
    *p = (struct pool){0};
}

static bool admits(void *context, const struct ohm_genotype *g)
{
    const struct filler *const f = context;

    return (!f->spec->source->admits || f->spec->source->admits(f->spec->source->context, g)) &&
           ohm_evaluator_admits(f->model->evaluator, g, ohm_parallel_worker(), NULL);
}

static enum ohm_status add(struct filler *f, const struct ohm_genotype *g, const struct ohm_evaluation *e,
                           struct ohm_error *err)
{
    const struct goals *const goals = f->known->goals;
    const uint64_t id = ohm_genotype_id(f->spec->space, g);
    struct candidate *c;
    enum ohm_status st;

    if (isinf(e->violation) || id_set_has(&f->seen, id))
        return OHM_OK;
    if ((st = id_set_add(&f->seen, id, err)) != OHM_OK)
        return st;
    if (!ohm_grow(&f->pool->item, &f->pool->capacity, (size_t)f->pool->count + 1, sizeof *f->pool->item))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d candidates", f->pool->count);
    c = &f->pool->item[f->pool->count++];
    c->genotype = *g;
    c->id = id;
    memcpy(c->value, e->metric, (size_t)(goals->fixed + 2 * goals->figures) * sizeof *c->value);
    limit_deviations(f, c->value);
    return OHM_OK;
}

/* What the search is told: each figure better than its mean by so many deviations. */
static struct ohm_outcome optimistic(const struct filler *f, const struct ohm_candidate *c,
                                     const struct ohm_evaluation *e, int64_t trial)
{
    const struct goals *const g = f->known->goals;
    double value[OHM_METRICS_MAX];
    struct ohm_outcome o = {.trial = trial, .violation = e->violation};

    memcpy(value, e->metric, sizeof value);
    limit_deviations(f, value);
    for (int i = 0; i < g->figures; i++)
        value[g->fixed + i] += g->natural[i] * f->spec->options.optimism * value[g->fixed + g->figures + i];
    goals_objectives(g, value, o.objective);
    if (!isinf(o.violation))
        o.violation = goals_violation(g, &c->genotype, value);
    for (int i = 0; i < OHM_OBJECTIVES_MAX; i++)
        o.sd[i] = NAN;
    return o;
}

struct search {
    struct ohm_strategy *strategy;
    struct ohm_candidate *candidate;
    struct ohm_outcome *outcome;
    struct ohm_genotype *genotype;
    struct ohm_evaluation *evaluation;
};

static void search_release(struct search *s)
{
    ohm_strategy_free(s->strategy);
    ohm_free(s->candidate);
    ohm_free(s->outcome);
    ohm_free(s->genotype);
    ohm_free(s->evaluation);
}

static enum ohm_status search_create(struct search *s, struct filler *f, struct ohm_error *err)
{
    const struct ohm_problem problem = {.space = f->spec->space,
                                        .objectives = f->known->goals->objectives,
                                        .context = f,
                                        .admissible = admits,
                                        .jobs = f->spec->jobs};
    const enum ohm_status st =
        ohm_strategy_create(&s->strategy, f->spec->strategy, &problem, f->spec->strategy_options, err);
    size_t batch;

    if (st != OHM_OK)
        return st;
    batch = (size_t)ohm_strategy_batch(s->strategy);
    s->candidate = ohm_alloc(batch, sizeof *s->candidate);
    s->outcome = ohm_alloc(batch, sizeof *s->outcome);
    s->genotype = ohm_alloc(batch, sizeof *s->genotype);
    s->evaluation = ohm_alloc(batch, sizeof *s->evaluation);
    if (!s->candidate || !s->outcome || !s->genotype || !s->evaluation)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for generations of %zu", batch);
    return OHM_OK;
}

/* One generation; *n is 0 where there is nothing left to ask. */
static enum ohm_status step(struct search *s, struct filler *f, int64_t trial, int *n, struct ohm_rng *rng,
                            struct ohm_error *err)
{
    enum ohm_status st = ohm_strategy_ask(s->strategy, s->candidate, n, rng, err);

    for (int i = 0; i < *n; i++)
        s->genotype[i] = s->candidate[i].genotype;
    if (st == OHM_OK && *n > 0)
        st = ohm_evaluate(f->model->evaluator, s->genotype, *n, f->spec->jobs, s->evaluation, err);
    for (int i = 0; i < *n && st == OHM_OK; i++) {
        s->outcome[i] = optimistic(f, &s->candidate[i], &s->evaluation[i], trial + i);
        st = add(f, &s->genotype[i], &s->evaluation[i], err);
    }
    return st == OHM_OK && *n > 0 ? ohm_strategy_tell(s->strategy, s->candidate, s->outcome, *n, err) : st;
}

static bool stopped(const struct ohm_loop_spec *spec)
{
    return spec->stop && spec->stop(spec->context);
}

static enum ohm_status search(struct filler *f, const struct ohm_rng *rng, struct ohm_error *err)
{
    const struct ohm_rng ask = ohm_rng_named(rng, "ask");
    struct search s = {0};
    enum ohm_status st = search_create(&s, f, err);
    int64_t done = 0;
    int n = 1;

    for (int generation = 0; st == OHM_OK && n > 0 && done < f->spec->search_budget; generation++, done += n) {
        struct ohm_rng own = ohm_rng_child(&ask, (uint64_t)generation);

        st = stopped(f->spec) ? ohm_fail(err, OHM_EINTR, "stopped") : step(&s, f, done, &n, &own, err);
    }
    search_release(&s);
    return st;
}

static enum ohm_status evaluate_all(struct filler *f, const struct ohm_genotype *g, struct ohm_evaluation *e, int n,
                                    struct ohm_error *err)
{
    enum ohm_status st = n > 0 ? ohm_evaluate(f->model->evaluator, g, n, f->spec->jobs, e, err) : OHM_OK;

    for (int i = 0; i < n && st == OHM_OK; i++)
        st = add(f, &g[i], &e[i], err);
    return st;
}

/* ---- neighbours of the measured front: one to three changes, half of them by single steps ---- */

static bool make_near(struct filler *f, struct ohm_genotype *g, const struct ohm_genotype *parent, struct ohm_rng *rng)
{
    const int changes = 1 + (int)ohm_rng_below(rng, 3);

    *g = *parent;
    for (int i = 0; i < changes; i++) {
        const bool one_step = ohm_rng_below(rng, 2) == 0;

        if ((one_step ? ohm_genotype_step : ohm_genotype_mutate)(f->spec->space, g, g, ~UINT64_C(0), rng, NULL) !=
            OHM_OK)
            return false;
    }
    return !id_set_has(&f->seen, ohm_genotype_id(f->spec->space, g)) && admits(f, g);
}

static enum ohm_status look_around(struct filler *f, const struct ohm_rng *rng, struct ohm_error *err)
{
    enum { TRIES = 4 };
    const int wanted = (int)f->spec->options.near;
    struct ohm_rng own = ohm_rng_named(rng, "near");
    int *const front = ohm_alloc((size_t)f->known->count, sizeof *front), fronts = 0, n = 0;
    struct ohm_genotype *const g = ohm_alloc((size_t)wanted, sizeof *g);
    struct ohm_evaluation *const e = ohm_alloc((size_t)wanted, sizeof *e);
    enum ohm_status st =
        front && g && e ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory for %d candidates", wanted);

    if (st == OHM_OK)
        st = known_front(f->known, front, &fronts, err);
    for (int i = 0; st == OHM_OK && fronts > 0 && i < TRIES * wanted && n < wanted; i++)
        n += make_near(f, &g[n], &f->known->network[front[i % fronts]].item.genotype, &own);
    if (st == OHM_OK)
        st = evaluate_all(f, g, e, n, err);
    ohm_free(front);
    ohm_free(g);
    ohm_free(e);
    return st;
}

/* ---- all there are ---- */

static enum ohm_status list_all(struct filler *f, struct ohm_error *err)
{
    const struct ohm_loop_source *const source = f->spec->source;
    const int all = source->listed;
    struct ohm_genotype *const g = ohm_alloc((size_t)all, sizeof *g);
    struct ohm_evaluation *const e = ohm_alloc((size_t)all, sizeof *e);
    enum ohm_status st = g && e ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory for %d candidates", all);
    bool found = true;
    int n = 0;

    for (int i = 0; i < all && found && st == OHM_OK; i++) {
        struct ohm_collect_item item;

        st = source->draw(source->context, &item, i, &found, err);
        if (st == OHM_OK && found && ohm_evaluator_admits(f->model->evaluator, &item.genotype, 0, NULL))
            g[n++] = item.genotype;
    }
    if (st == OHM_OK)
        st = evaluate_all(f, g, e, n, err);
    ohm_free(g);
    ohm_free(e);
    return st;
}

enum ohm_status candidates_find(struct pool *pool, const struct known *known, const struct model *model,
                                const struct ohm_loop_spec *spec, const struct ohm_rng *rng, struct ohm_error *err)
{
    struct filler f = {.pool = pool, .known = known, .model = model, .spec = spec};
    enum ohm_status st = OHM_OK;

    take_spreads(&f);
    for (int i = 0; i < known->count && st == OHM_OK; i++)
        st = id_set_add(&f.seen, known->network[i].id, err);
    if (st == OHM_OK && spec->source->listed > 0 && spec->source->listed <= spec->search_budget)
        st = list_all(&f, err);
    else if (st == OHM_OK && (st = search(&f, rng, err)) == OHM_OK)
        st = look_around(&f, rng, err);
    id_set_release(&f.seen);
    return st;
}
