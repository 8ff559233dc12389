/* report_race.c - a study against random search at equal budget, on the same problem.
 *
 * Both are boiled down to their fronts at the same few steps; volumes are taken when all fronts are known, in a box
 * that all runs share. */
#include "report_race.h"

#include "ohm/clock.h"
#include "ohm/parallel.h"
#include "ohm/pareto.h"
#include "ohm/rng.h"
#include "ohm/stat.h"

#include <math.h>
#include <string.h>

enum { PENDING_MAX = 8192, SAY_AFTER_S = 2 };

/* One run on its way past the steps. */
struct walker {
    const struct ohm_race *race;
    struct ohm_race_found *found; /* [steps] of this run */
    int step, sign;
    int64_t seen;
    double *row; /* the front so far, then what has come since */
    size_t room;
    int front, rows;
    double best;
};

/* ---- steps ---- */

/* 1, 2, 3, 5, 7 times powers of ten, and the end. */
static void set_steps(struct ohm_race *race, int64_t all)
{
    static const int lead[] = {1, 2, 3, 5, 7};

    for (int64_t power = 1; power < all && race->steps < OHM_RACE_STEPS_MAX - 1; power *= 10)
        for (int i = 0; i < 5 && race->steps < OHM_RACE_STEPS_MAX - 1; i++)
            if (power * lead[i] < all)
                race->at[race->steps++] = power * lead[i];
    race->at[race->steps++] = all;
}

/* ---- a run ---- */

static enum ohm_status no_memory(struct ohm_error *err)
{
    return ohm_fail(err, OHM_ENOMEM, "out of memory");
}

/* Leaves only the front, by the first objective. */
static enum ohm_status merge(struct walker *w, struct ohm_error *err)
{
    const size_t m = (size_t)w->race->objectives;
    int *index;
    double *front;
    enum ohm_status st;
    int count = 0;

    if (w->rows == w->front)
        return OHM_OK;
    index = ohm_alloc((size_t)w->rows, sizeof *index);
    front = ohm_alloc((size_t)w->rows, m * sizeof *front);
    st = index && front ? ohm_pareto_front(w->row, w->rows, (int)m, index, &count, err) : no_memory(err);
    for (int i = 0; st == OHM_OK && i < count; i++)
        memcpy(front + (size_t)i * m, w->row + (size_t)index[i] * m, m * sizeof *front);
    if (st == OHM_OK) {
        memcpy(w->row, front, (size_t)count * m * sizeof *front);
        w->front = w->rows = count;
    }
    ohm_free(front);
    ohm_free(index);
    return st;
}

static enum ohm_status take_step(struct walker *w, struct ohm_error *err)
{
    const size_t m = (size_t)w->race->objectives;
    struct ohm_race_found *const f = &w->found[w->step];
    const enum ohm_status st = merge(w, err);

    if (st != OHM_OK)
        return st;
    if (!(f->front = ohm_alloc((size_t)w->front, m * sizeof *f->front)))
        return no_memory(err);
    if (w->front > 0)
        memcpy(f->front, w->row, (size_t)w->front * m * sizeof *f->front);
    f->count = w->front;
    f->best = w->best;
    f->volume = NAN;
    w->step++;
    return OHM_OK;
}

static bool counts(const struct walker *w, const struct ohm_evaluation *e, double violation)
{
    bool whole = violation <= 0;

    for (int k = 0; k < w->race->objectives; k++)
        whole = whole && !isnan(e->objective[k]);
    return whole;
}

/* The next network of the run. */
static enum ohm_status walk(struct walker *w, const struct ohm_evaluation *e, double violation, struct ohm_error *err)
{
    const size_t m = (size_t)w->race->objectives;
    enum ohm_status st = OHM_OK;

    if (w->step == w->race->steps)
        return OHM_OK;
    if (counts(w, e, violation)) {
        const double value = w->sign > 0 ? -e->objective[0] : e->objective[0];

        if (!ohm_grow(&w->row, &w->room, ((size_t)w->rows + 1) * m, sizeof *w->row))
            return no_memory(err);
        memcpy(w->row + (size_t)w->rows++ * m, e->objective, m * sizeof *w->row);
        if (isnan(w->best) || (w->sign > 0 ? value > w->best : value < w->best))
            w->best = value;
    }
    if (w->rows - w->front >= PENDING_MAX)
        st = merge(w, err);
    if (++w->seen == w->race->at[w->step] && st == OHM_OK)
        st = take_step(w, err);
    return st;
}

/* A run that ended early, for the space held no more, found nothing afterwards. */
static enum ohm_status end_walk(struct walker *w, enum ohm_status st, struct ohm_error *err)
{
    while (st == OHM_OK && w->step < w->race->steps)
        st = take_step(w, err);
    ohm_free(w->row);
    return st;
}

static struct walker walker_of(const struct ohm_race *race, int run, int sign)
{
    return (struct walker){
        .race = race, .found = race->found + (ptrdiff_t)run * race->steps, .sign = sign, .best = NAN};
}

/* ---- the study ---- */

struct reading {
    struct walker walker;
    struct ohm_evaluator *evaluator;
};

static enum ohm_status read_trial(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct reading *const r = context;
    struct ohm_evaluation e;

    memcpy(e.metric, trial->metric, sizeof e.metric);
    ohm_evaluator_recall(r->evaluator, &e);
    return walk(&r->walker, &e, trial->feasible ? 0 : 1, err);
}

static enum ohm_status read_study(const struct ohm_race *race, struct ohm_evaluator *evaluator, struct ohm_store *store,
                                  int64_t study, int sign, struct ohm_error *err)
{
    struct reading r = {walker_of(race, 0, sign), evaluator};

    return end_walk(&r.walker, ohm_store_each_trial(store, study, 0, read_trial, &r, err), err);
}

/* ---- random search ---- */

struct chance {
    struct ohm_evaluator *evaluator;
    struct ohm_strategy *strategy;
    struct ohm_candidate *candidate; /* [batch], and so the others */
    struct ohm_genotype *genotype;
    struct ohm_evaluation *evaluation;
    int jobs;
};

static bool admits(void *context, const struct ohm_genotype *g)
{
    return ohm_evaluator_admits(context, g, ohm_parallel_worker(), NULL);
}

static enum ohm_status chance_init(struct chance *c, struct ohm_plan *plan, int jobs, struct ohm_error *err)
{
    const struct ohm_strategy_ops *const ops = ohm_strategy_find("random");
    const struct ohm_problem problem = {.space = ohm_plan_space(plan),
                                        .objectives = ohm_evaluator_objectives(ohm_plan_evaluator(plan)),
                                        .context = ohm_plan_evaluator(plan),
                                        .admissible = admits,
                                        .jobs = jobs};
    void *const options = ohm_alloc(1, ops->options_size);
    enum ohm_status st = options ? OHM_OK : no_memory(err);
    size_t batch;

    *c = (struct chance){.evaluator = ohm_plan_evaluator(plan), .jobs = jobs};
    if (st == OHM_OK) {
        ohm_fields_default(ops->fields, options);
        st = ohm_strategy_create(&c->strategy, ops, &problem, options, err);
    }
    ohm_free(options);
    if (st != OHM_OK)
        return st;
    batch = (size_t)ohm_strategy_batch(c->strategy);
    c->candidate = ohm_alloc(batch, sizeof *c->candidate);
    c->genotype = ohm_alloc(batch, sizeof *c->genotype);
    c->evaluation = ohm_alloc(batch, sizeof *c->evaluation);
    return c->candidate && c->genotype && c->evaluation ? OHM_OK : no_memory(err);
}

static void chance_release(struct chance *c)
{
    ohm_strategy_free(c->strategy);
    ohm_free(c->candidate);
    ohm_free(c->genotype);
    ohm_free(c->evaluation);
}

/* One generation; *n is 0 where the space holds no more. */
static enum ohm_status generation(struct chance *c, struct walker *w, struct ohm_rng *rng, int *n,
                                  struct ohm_error *err)
{
    enum ohm_status st = ohm_strategy_ask(c->strategy, c->candidate, n, rng, err);

    if (st != OHM_OK || *n == 0)
        return st;
    for (int i = 0; i < *n; i++)
        c->genotype[i] = c->candidate[i].genotype;
    st = ohm_evaluate(c->evaluator, c->genotype, *n, c->jobs, c->evaluation, err);
    for (int i = 0; i < *n && st == OHM_OK; i++)
        st = walk(w, &c->evaluation[i], c->evaluation[i].violation, err);
    return st;
}

/* The stream is that of `ohmnas search --strategy random` with this seed, so that the networks are too. */
static enum ohm_status run_random(const struct ohm_race *race, struct ohm_plan *plan, int run, int64_t seed, int sign,
                                  int jobs, struct ohm_error *err)
{
    const struct ohm_rng root = ohm_rng_seed((uint64_t)seed), asking = ohm_rng_named(&root, "ask");
    struct walker w = walker_of(race, run, sign);
    struct chance c;
    enum ohm_status st = chance_init(&c, plan, jobs, err);
    int n = 1;

    for (uint64_t g = 0; st == OHM_OK && n > 0 && w.step < race->steps; g++) {
        struct ohm_rng rng = ohm_rng_child(&asking, g);

        st = generation(&c, &w, &rng, &n, err);
    }
    chance_release(&c);
    return end_walk(&w, st, err);
}

/* ---- volumes ---- */

static void find_box(struct ohm_race *race)
{
    const int m = race->objectives;

    for (int k = 0; k < m; k++) {
        double low = INFINITY, high = -INFINITY, extent;

        for (int run = 0; run < race->runs; run++) {
            const struct ohm_race_found *const f = ohm_race_at(race, run, race->steps - 1);

            for (int i = 0; i < f->count; i++) {
                low = fmin(low, f->front[(ptrdiff_t)i * m + k]);
                high = fmax(high, f->front[(ptrdiff_t)i * m + k]);
            }
        }
        extent = high > low ? high - low : fmax(fabs(high), 1);
        race->ideal[k] = low;
        race->reference[k] = high + 0.1 * extent;
    }
}

static enum ohm_status find_volume(const struct ohm_race *race, struct ohm_race_found *f, struct ohm_error *err)
{
    double unit[OHM_OBJECTIVES_MAX];
    const size_t m = (size_t)race->objectives;
    double *const scaled = ohm_alloc((size_t)f->count, m * sizeof *scaled);
    enum ohm_status st = scaled ? OHM_OK : no_memory(err);

    for (size_t i = 0; st == OHM_OK && i < (size_t)f->count * m; i++)
        scaled[i] = (f->front[i] - race->ideal[i % m]) / (race->reference[i % m] - race->ideal[i % m]);
    for (size_t k = 0; k < m; k++)
        unit[k] = 1;
    f->volume = 0;
    if (st == OHM_OK && f->count > 0)
        st = ohm_hypervolume(scaled, f->count, (int)m, unit, &f->volume, err);
    ohm_free(scaled);
    return st;
}

static enum ohm_status find_volumes(struct ohm_race *race, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (race->objectives < 2)
        return OHM_OK;
    find_box(race);
    for (int i = 0; i < race->runs * race->steps && st == OHM_OK; i++)
        st = find_volume(race, &race->found[i], err);
    return st;
}

/* ---- all together ---- */

enum ohm_status ohm_race_run(struct ohm_race *race, struct ohm_plan *plan, struct ohm_store *store,
                             const struct ohm_study_row *study, int runs, int jobs, struct ohm_error *err)
{
    struct ohm_evaluator *const evaluator = ohm_plan_evaluator(plan);
    const int sign = ohm_evaluator_objective(evaluator, 0)->sign;
    double said_s = ohm_now_s();
    enum ohm_status st;

    *race = (struct ohm_race){.objectives = ohm_evaluator_objectives(evaluator), .runs = 1 + runs};
    if (study->trials < 1)
        return ohm_fail(err, OHM_EUNFIT, "study '%s' has no trial yet", study->name);
    set_steps(race, study->trials);
    if (!(race->found = ohm_alloc((size_t)(race->runs * race->steps), sizeof *race->found)))
        return no_memory(err);
    st = read_study(race, evaluator, store, study->id, sign, err);
    for (int k = 1; k < race->runs && st == OHM_OK; k++) {
        if (ohm_now_s() - said_s > SAY_AFTER_S) {
            ohm_say("random search: %d of %d runs", k - 1, runs);
            said_s = ohm_now_s();
        }
        st = run_random(race, plan, k, study->seed + k - 1, sign, jobs, err);
    }
    return st == OHM_OK ? find_volumes(race, err) : st;
}

void ohm_race_release(struct ohm_race *race)
{
    for (int i = 0; race->found && i < race->runs * race->steps; i++)
        ohm_free(race->found[i].front);
    ohm_free(race->found);
    *race = (struct ohm_race){0};
}

const struct ohm_race_found *ohm_race_at(const struct ohm_race *race, int run, int step)
{
    return &race->found[run * race->steps + step];
}

struct ohm_race_range ohm_race_random(const struct ohm_race *race, int step, bool best)
{
    double value[OHM_RACE_RUNS_MAX];
    int n = 0;

    for (int run = 1; run < race->runs && n < OHM_RACE_RUNS_MAX; run++) {
        const struct ohm_race_found *const f = ohm_race_at(race, run, step);
        const double v = best ? f->best : f->volume;

        if (!isnan(v))
            value[n++] = v;
    }
    if (n == 0)
        return (struct ohm_race_range){NAN, NAN, NAN};
    return (struct ohm_race_range){.low = ohm_quantile_in_place(value, n, 0),
                                   .median = ohm_quantile_in_place(value, n, 0.5),
                                   .high = ohm_quantile_in_place(value, n, 1)};
}

int64_t ohm_race_overtaken(const struct ohm_race *race, int sign)
{
    const bool best = race->objectives < 2;
    const double goal = ohm_race_random(race, race->steps - 1, best).median;

    for (int step = 0; step < race->steps && !isnan(goal); step++) {
        const struct ohm_race_found *const f = ohm_race_at(race, 0, step);

        if (best ? (sign > 0 ? f->best >= goal : f->best <= goal) : f->volume >= goal)
            return race->at[step];
    }
    return -1;
}
