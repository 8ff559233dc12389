/* loop.c - ask, evaluate, tell, log; and the replay that makes a resumed run the same run.
 *
 * A generation is what one ask hands out. A run that ends in the middle of a generation, because the budget is spent,
 * has logged a part of it and told nothing; the run that goes on asks for the generation again, gets the same
 * candidates, takes the logged part from the log, measures the rest, and only then tells. */
#include "study_int.h"

#include "ohm/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const ohm_stage_names[OHM_STAGE_COUNT] = {"ask", "evaluate", "tell", "log", "replay"};

struct run {
    struct ohm_plan *plan;
    struct ohm_store *store;
    int64_t study, budget;
    const struct ohm_run_options *options;
    struct ohm_strategy *strategy;
    struct ohm_rng stream;           /* of asking; generation g uses its g-th child */
    int64_t generation, next;        /* next generation; number of the next trial */
    int log_period;                  /* every so many generations one is logged with its volume */
    struct ohm_candidate *candidate; /* [batch], and so the next three */
    struct ohm_outcome *outcome;
    struct ohm_genotype *genotype;
    struct ohm_evaluation *evaluation;
    struct history history;
    struct front front;
    struct writer *writer;
    struct ohm_study_progress progress;
    double started_s, shown_s, mark_s, before_s; /* before_s: time the study had taken before this call */
};

/* The time since the last mark belongs to `stage`. */
static void mark(struct run *r, enum ohm_stage stage)
{
    const double now = ohm_now_s();

    r->progress.stage_s[stage] += now - r->mark_s;
    r->mark_s = now;
}

/* ---- one generation ---- */

static enum ohm_status note_outcome(struct run *r, const struct ohm_outcome *o, struct ohm_error *err)
{
    struct ohm_study_progress *p = &r->progress;
    const struct ohm_objective *first = ohm_evaluator_objective(r->plan->evaluator, 0);
    const double value = first->sign > 0 ? -o->objective[0] : o->objective[0];

    p->done++;
    p->infeasible += o->violation > 0 && !isinf(o->violation);
    p->failed += isinf(o->violation) != 0;
    if (o->violation > 0 || isnan(o->objective[0]))
        return OHM_OK;
    if (isnan(p->best) || (first->sign > 0 ? value > p->best : value < p->best))
        p->best = value;
    return front_add(&r->front, o->objective, err);
}

/* Outcomes of candidates [0, n) that the log already holds. */
static int take_from_log(struct run *r, int n, struct ohm_error *err, enum ohm_status *st)
{
    struct history *h = &r->history;
    const size_t m = (size_t)r->plan->objectives;
    int taken = 0;

    for (; taken < n && h->at < h->count && *st == OHM_OK; taken++, h->at++) {
        struct ohm_outcome *o = &r->outcome[taken];

        if (h->id[h->at] != r->candidate[taken].id)
            *st = ohm_fail(err, OHM_EDATA,
                           "trial %lld of the log is another network than this program asks for: the study was made "
                           "by another version of it",
                           (long long)h->at);
        o->trial = h->at;
        memcpy(o->objective, h->objective + (size_t)h->at * m, m * sizeof(double));
        memcpy(o->sd, h->sd + (size_t)h->at * m, m * sizeof(double));
        o->violation = h->violation[h->at];
        if (*st == OHM_OK)
            *st = note_outcome(r, o, err);
    }
    return taken;
}

static enum ohm_status measure(struct run *r, int first, int end, struct ohm_error *err)
{
    enum ohm_status st;
    double took;

    for (int i = first; i < end; i++)
        r->genotype[i - first] = r->candidate[i].genotype;
    st = ohm_evaluate(r->plan->evaluator, r->genotype, end - first, r->options->jobs, r->evaluation, err);
    took = ohm_now_s() - r->mark_s;
    mark(r, OHM_STAGE_EVALUATE);
    for (int i = first; i < end && st == OHM_OK; i++) {
        const struct ohm_evaluation *e = &r->evaluation[i - first];
        struct ohm_outcome *o = &r->outcome[i];

        o->trial = r->next + i;
        memcpy(o->objective, e->objective, sizeof o->objective);
        memcpy(o->sd, e->sd, sizeof o->sd);
        o->violation = e->violation;
        st = note_outcome(r, o, err);
        if (st == OHM_OK)
            st = writer_add(r->writer, o->trial, r->generation, &r->candidate[i], e, took / (end - first), err);
    }
    r->progress.ran += end - first;
    mark(r, OHM_STAGE_LOG);
    return st;
}

/* A generation that is over: a row of the log, unless the log has it. */
static enum ohm_status close_generation(struct run *r, struct ohm_error *err)
{
    struct ohm_generation_row row = {.number = r->generation, .trials = r->next, .best = r->progress.best};
    enum ohm_status st = OHM_OK;

    if (r->generation % r->log_period == 0) {
        st = front_volume(&r->front, r->next, &row.hypervolume, err);
        if (st == OHM_OK && !isnan(row.hypervolume))
            r->progress.hypervolume = row.hypervolume;
        row.time_s = r->before_s + ohm_now_s() - r->started_s;
        if (st == OHM_OK && r->generation > r->history.last_generation)
            st = writer_add_generation(r->writer, &row, err);
    }
    if (st == OHM_OK)
        st = writer_tick(r->writer, err);
    r->generation++;
    mark(r, OHM_STAGE_LOG);
    return st;
}

/* Asks, and completes as much of the generation as the budget allows. *more is false at the end of the run. */
static enum ohm_status step(struct run *r, bool *more, struct ohm_error *err)
{
    struct ohm_rng rng = ohm_rng_child(&r->stream, (uint64_t)r->generation);
    enum ohm_status st;
    int n, taken, end;

    st = ohm_strategy_ask(r->strategy, r->candidate, &n, &rng, err);
    mark(r, r->history.at < r->history.count ? OHM_STAGE_REPLAY : OHM_STAGE_ASK);
    r->progress.exhausted = st == OHM_OK && n == 0;
    *more = n > 0;
    if (st != OHM_OK || n == 0)
        return st;
    taken = take_from_log(r, n, err, &st);
    mark(r, OHM_STAGE_REPLAY);
    end = r->budget - r->next < n ? (int)(r->budget - r->next) : n;
    if (st == OHM_OK && taken < end)
        st = measure(r, taken, end, err);
    if (st != OHM_OK || end < n) {
        *more = false;
        return st;
    }
    r->next += n;
    st = ohm_strategy_tell(r->strategy, r->candidate, r->outcome, n, err);
    mark(r, OHM_STAGE_TELL);
    return st == OHM_OK ? close_generation(r, err) : st;
}

/* ---- the run ---- */

static enum ohm_status show_progress(struct run *r, struct ohm_error *err)
{
    const double now = ohm_now_s();

    r->progress.elapsed_s = now - r->started_s;
    if (!r->options->progress || now - r->shown_s < 0.2)
        return OHM_OK;
    r->shown_s = now;
    if (r->options->progress(r->options->context, &r->progress))
        return OHM_OK;
    return ohm_fail(err, OHM_EINTR, "interrupted after %lld trials; they are in the log, and resume goes on from them",
                    (long long)r->progress.done);
}

static enum ohm_status loop(struct run *r, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;
    bool more = true;

    while (st == OHM_OK && more && r->next < r->budget) {
        st = step(r, &more, err);
        if (st == OHM_OK)
            st = show_progress(r, err);
    }
    if (st == OHM_OK && r->progress.exhausted && r->progress.done == 0)
        st = ohm_fail(err, OHM_EUNFIT, "no candidate of the space meets the constraints");
    return st;
}

static enum ohm_status prepare(struct run *r, struct ohm_error *err)
{
    const struct ohm_problem problem = plan_problem(r->plan);
    const struct ohm_rng seed = ohm_rng_seed((uint64_t)r->plan->seed);
    enum ohm_status st;
    size_t batch;

    st = ohm_strategy_create(&r->strategy, r->plan->strategy, &problem, r->plan->strategy_options, err);
    if (st != OHM_OK)
        return st;
    batch = (size_t)ohm_strategy_batch(r->strategy);
    r->stream = ohm_rng_named(&seed, "ask");
    r->log_period = batch >= 100 ? 1 : (int)((100 + batch - 1) / batch);
    r->front.m = r->plan->objectives;
    r->candidate = ohm_alloc(batch, sizeof *r->candidate);
    r->outcome = ohm_alloc(batch, sizeof *r->outcome);
    r->genotype = ohm_alloc(batch, sizeof *r->genotype);
    r->evaluation = ohm_alloc(batch, sizeof *r->evaluation);
    if (!r->candidate || !r->outcome || !r->genotype || !r->evaluation)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for generations of %zu", batch);
    return writer_create(&r->writer, r->plan, r->store, r->study, r->options->commit_s > 0 ? r->options->commit_s : 0.2,
                         err);
}

static void release(struct run *r)
{
    writer_free(r->writer);
    ohm_strategy_free(r->strategy);
    ohm_free(r->candidate);
    ohm_free(r->outcome);
    ohm_free(r->genotype);
    ohm_free(r->evaluation);
    history_release(&r->history);
    front_release(&r->front);
}

/* What was measured is saved whatever ended the run; the first failure is the one reported. */
static enum ohm_status save(struct run *r, enum ohm_status st, struct ohm_error *err)
{
    struct ohm_error later = {0};
    enum ohm_status saved = r->writer ? writer_flush(r->writer, &later) : OHM_OK;
    const char *state = st == OHM_OK ? "done" : st == OHM_EINTR ? "paused" : "failed";

    r->progress.elapsed_s = ohm_now_s() - r->started_s;
    mark(r, OHM_STAGE_LOG);
    if (saved == OHM_OK)
        saved = ohm_store_set_study(r->store, r->study, state, r->budget, r->before_s + r->progress.elapsed_s, &later);
    if (st == OHM_OK && saved != OHM_OK && err)
        *err = later;
    return st == OHM_OK ? saved : st;
}

static enum ohm_status run(struct run *r, struct ohm_study_progress *result, struct ohm_error *err)
{
    enum ohm_status st = prepare(r, err);

    r->started_s = r->mark_s = ohm_now_s();
    r->shown_s = 0;
    r->progress.budget = r->budget;
    r->progress.best = r->progress.hypervolume = NAN;
    if (st == OHM_OK)
        st = ohm_store_set_study(r->store, r->study, "running", r->budget, r->before_s, err);
    if (st == OHM_OK)
        st = loop(r, err);
    st = save(r, st, err);
    ohm_store_unlease(r->store, r->study, NULL);
    *result = r->progress;
    release(r);
    return st;
}

/* ---- beginnings ---- */

static void fill_spec(const struct ohm_plan *plan, const char *name, const char *config, struct ohm_study_spec *spec,
                      const char **metric, int *objective_metric, int *objective_sign, const char **objective_text)
{
    const struct ohm_evaluator *e = plan->evaluator;

    for (int i = 0; i < ohm_evaluator_metrics(e); i++)
        metric[i] = ohm_evaluator_metric(e, i)->name;
    for (int i = 0; i < plan->objectives; i++) {
        const struct ohm_objective *o = ohm_evaluator_objective(e, i);

        objective_metric[i] = ohm_evaluator_find(e, o->metric);
        objective_sign[i] = o->sign;
        objective_text[i] = o->text;
    }
    *spec = (struct ohm_study_spec){.name = name,
                                    .config = config,
                                    .strategy = plan->strategy->name,
                                    .space = ohm_space_name(plan->space),
                                    .chip = plan->chip ? ohm_chip_name(plan->chip) : "none",
                                    .task = setting_value(&plan->settings, "task", ""),
                                    .space_text = ohm_space_source(plan->space),
                                    .chip_text = plan->chip ? ohm_chip_source(plan->chip) : "",
                                    .seed = plan->seed,
                                    .budget = plan->budget,
                                    .metrics = metric,
                                    .metric_count = ohm_evaluator_metrics(e),
                                    .objective_metric = objective_metric,
                                    .objective_sign = objective_sign,
                                    .objective_text = objective_text,
                                    .objective_count = plan->objectives};
}

/* A name that the user gave is taken as it is; a default name gets a number where it is taken. */
static enum ohm_status add_study(const struct ohm_plan *plan, struct ohm_store *store, struct ohm_study_spec *spec,
                                 int64_t *study, struct ohm_error *err)
{
    const struct stored_setting *s = setting_find(&plan->settings, "study");
    const bool fixed = !s || strcmp(s->setting.origin, "default") != 0;
    const char *base = spec->name;
    enum ohm_status st = OHM_EBUSY;
    char name[160];

    for (int i = 1; i <= 10000 && st == OHM_EBUSY; i++) {
        snprintf(name, sizeof name, "%s-%d", base, i);
        spec->name = i == 1 ? base : name; /* whole, so that one that is too long is refused as it is */
        st = ohm_store_add_study(store, study, spec, err);
        if (fixed)
            break;
    }
    return st;
}

enum ohm_status ohm_study_run(struct ohm_plan *plan, struct ohm_store *store, const struct ohm_run_options *options,
                              int64_t *study, struct ohm_study_progress *result, struct ohm_error *err)
{
    struct run r = {.plan = plan, .store = store, .options = options, .budget = plan->budget};
    const char *metric[OHM_METRICS_MAX], *objective_text[OHM_OBJECTIVES_MAX];
    int objective_metric[OHM_OBJECTIVES_MAX], objective_sign[OHM_OBJECTIVES_MAX];
    struct ohm_study_spec spec;
    struct ohm_str config = {0};
    enum ohm_status st = plan_config(plan, &config, err);

    if (st != OHM_OK)
        return st;
    fill_spec(plan, ohm_plan_name(plan), ohm_str_text(&config), &spec, metric, objective_metric, objective_sign,
              objective_text);
    st = add_study(plan, store, &spec, study, err);
    ohm_str_release(&config);
    if (st == OHM_OK)
        st = ohm_store_lease(store, *study, err);
    if (st != OHM_OK)
        return st;
    r.study = *study;
    r.history.last_generation = -1;
    return run(&r, result, err);
}

enum ohm_status ohm_study_resume(struct ohm_plan *plan, struct ohm_store *store, int64_t study, int64_t add_budget,
                                 const struct ohm_run_options *options, struct ohm_study_progress *result,
                                 struct ohm_error *err)
{
    struct run r = {.plan = plan, .store = store, .options = options, .study = study};
    struct ohm_study_row row;
    char number[32];
    enum ohm_status st = ohm_store_lease(store, study, err);

    if (st != OHM_OK)
        return st;
    snprintf(number, sizeof number, "#%lld", (long long)study);
    st = ohm_store_find_study(store, number, &row, err);
    if (st == OHM_OK)
        st = history_load(&r.history, store, study, plan, err);
    if (st != OHM_OK) {
        history_release(&r.history);
        ohm_store_unlease(store, study, NULL);
        return st;
    }
    r.budget = row.budget + add_budget;
    r.before_s = row.time_s;
    return run(&r, result, err);
}
