/* evaluate.c - candidates in, metrics, objectives and violations out. */
#include "eval_int.h"

#include "ohm/decode.h"
#include "ohm/parallel.h"

#include <math.h>
#include <string.h>

static const char no_network[] = "the values give no network";

/* An inactive axis has no value. */
static void chip_metrics(const struct ohm_evaluator *e, const struct ohm_genotype *g, const struct ohm_cost *cost,
                         double *metric)
{
    const int n = ohm_chip_axes_count(e->chip_axes), first = ohm_space_axes(e->space) - n;

    metric[e->chip_first] = cost->area_chips_mm2;
    for (int i = 0; i < n; i++)
        metric[e->chip_first + 1 + i] = ohm_genotype_active(e->space, g, first + i)
                                            ? ohm_chip_axes_number(e->chip_axes, i, g)
                                            : (double)NAN;
}

enum ohm_status evaluate_free(const struct ohm_evaluator *e, const struct ohm_genotype *g, struct scratch *scratch,
                              const struct ohm_net **net, double *metric, struct ohm_error *err)
{
    int rows;
    const struct fixed_metric *table = fixed_metrics(&rows);
    struct ohm_cost cost = { 0 };
    const struct ohm_chip *chip = e->chip;
    struct ohm_chip_use use = e->use;
    enum ohm_status st = ohm_decode(e->space, g, &scratch->builder, net, err);

    if (e->chip_axes)
        ohm_chip_axes_pick(e->chip_axes, g, &chip, &use);
    if (st == OHM_OK && chip)
        st = ohm_cost_net(chip, &use, *net, &cost, NULL, err);
    if (st != OHM_OK)
        return st;
    for (int i = 0; i < e->fixed; i++)
        metric[i] = table[e->fixed_index[i]].value(*net, &cost);
    if (e->chip_first > 0)
        chip_metrics(e, g, &cost, metric);
    return OHM_OK;
}

/* What the constraints of one candidate see: see struct constraint. */
struct scope {
    const double *value;
    const char *const *text; /* NULL: no texts */
    double values[OHM_METRICS_MAX + OHM_GENES_MAX];
    const char *texts[OHM_METRICS_MAX + OHM_GENES_MAX];
};

static void look_at(struct scope *s, const struct ohm_evaluator *e, const struct ohm_genotype *g, const double *metric)
{
    s->value = metric;
    s->text = NULL;
    if (!e->uses_axes)
        return;
    memcpy(s->values, metric, OHM_METRICS_MAX * sizeof *metric);
    memset(s->texts, 0, sizeof s->texts);
    ohm_genotype_values(e->space, g, s->values + OHM_METRICS_MAX);
    for (int i = 0; i < ohm_space_axes(e->space); i++) {
        const struct ohm_axis *axis = ohm_space_axis(e->space, i);

        if (axis->text && !isnan(s->values[OHM_METRICS_MAX + i]))
            s->texts[OHM_METRICS_MAX + i] = axis->text[g->gene[i]];
    }
    s->value = s->values;
    s->text = s->texts;
}

static const char *first_broken(const struct ohm_evaluator *e, const struct scope *s, bool free_only)
{
    for (int i = 0; i < e->constraints; i++) {
        const struct constraint *c = &e->constraint[i];
        double truth;

        if (free_only && !c->free)
            continue;
        truth = ohm_expr_eval(c->expr, s->value, s->text);
        if (isnan(truth) || truth == 0)
            return ohm_expr_source(c->expr);
    }
    return NULL;
}

bool ohm_evaluator_admits(struct ohm_evaluator *e, const struct ohm_genotype *g, int worker, const char **broken)
{
    double metric[OHM_METRICS_MAX];
    const struct ohm_net *net;
    struct scope scope;
    const char *reason;

    if (!e->any_free_constraint)
        reason = NULL;
    else if (evaluate_free(e, g, &e->scratch[worker], &net, metric, NULL) != OHM_OK)
        reason = no_network;
    else {
        look_at(&scope, e, g, metric);
        reason = first_broken(e, &scope, true);
    }
    if (broken)
        *broken = reason;
    return !reason;
}

/* A formula may give a truth value that is NaN where a metric is missing: that is a broken constraint too. */
static double violation_of(const struct ohm_evaluator *e, const struct scope *s)
{
    double sum = 0;

    for (int i = 0; i < e->constraints; i++) {
        const double v = ohm_expr_violation(e->constraint[i].expr, s->value, s->text);

        sum += isnan(v) ? 1 : v;
    }
    return sum;
}

void ohm_evaluator_recall(const struct ohm_evaluator *e, struct ohm_evaluation *out)
{
    for (int i = 0; i < e->objectives; i++) {
        const struct ohm_objective *o = &e->objective[i];
        const double value = ohm_expr_eval(o->expr, out->metric, NULL);

        out->metric[e->objective_metric[i]] = value;
        out->objective[i] = o->sign > 0 ? -value : value;
        out->sd[i] = e->objective_sd[i] < 0 ? NAN : out->metric[e->objective_sd[i]];
    }
}

static void finish_one(const struct ohm_evaluator *e, const struct ohm_genotype *g, struct ohm_evaluation *out)
{
    struct scope scope;

    ohm_evaluator_recall(e, out);
    look_at(&scope, e, g, out->metric);
    out->violation = violation_of(e, &scope);
    out->broken = out->violation > 0 ? first_broken(e, &scope, false) : NULL;
}

static void fail_one(const struct ohm_evaluator *e, struct ohm_evaluation *out)
{
    for (int i = 0; i < e->metrics; i++)
        out->metric[i] = NAN;
    for (int i = 0; i < e->objectives; i++)
        out->objective[i] = out->sd[i] = NAN;
    out->violation = INFINITY;
    out->broken = no_network;
}

/* Is the candidate on a chip that the surrogate is for? */
static bool is_for(const struct ohm_evaluator *e, const struct surrogate_slot *slot, const struct ohm_genotype *g)
{
    return slot->on.count == 0 || ohm_chip_condition_met(&slot->on, e->chip_axes, g);
}

/* Rows of candidates that have no network, or another chip, are scored all the same, so that the rest stays in place. */
static void score_block(const struct ohm_evaluator *e, const struct surrogate_slot *slot, struct scratch *s,
                        const struct ohm_genotype *g, struct ohm_evaluation *out, int n)
{
    ohm_surrogate_predict(slot->surrogate, s->mean, slot->has_sd ? s->sd : NULL, s->x, n);
    for (int i = 0; i < n; i++)
        for (int t = 0; t < slot->targets && is_for(e, slot, &g[i]); t++) {
            out[i].metric[slot->first + t] = s->mean[i * slot->targets + t];
            if (slot->has_sd)
                out[i].metric[slot->first + slot->targets + t] = s->sd[i * slot->targets + t];
        }
}

struct batch {
    struct ohm_evaluator *e;
    const struct ohm_genotype *g;
    struct ohm_evaluation *out;
    int n;
    int block; /* candidates a block, at most BLOCK */
};

/* The net of the first surrogate's features is the one that was just priced; further surrogates decode again, which
 * happens only where a study has several with features of the net. */
static void features_of(struct ohm_evaluator *e, const struct batch *b, int first, int n, int which, struct scratch *s,
                        const bool *good)
{
    const struct surrogate_slot *slot = &e->surrogate[which];
    const int width = ohm_features_count(slot->features);

    for (int i = 0; i < n; i++) {
        const struct ohm_net *net = NULL;
        float *x = s->x + (size_t)i * (size_t)width;

        if (!good[i] || !is_for(e, slot, &b->g[first + i]) || (slot->needs_net && ohm_decode(e->space, &b->g[first + i], &s->builder, &net, NULL) != OHM_OK))
            memset(x, 0, (size_t)width * sizeof *x);
        else
            ohm_features_compute(slot->features, &b->g[first + i], net, x);
    }
}

static void free_and_first_features(const struct batch *b, int first, int n, struct scratch *s, bool *good)
{
    struct ohm_evaluator *e = b->e;
    const struct surrogate_slot *slot = e->surrogates ? &e->surrogate[0] : NULL;
    const int width = slot ? ohm_features_count(slot->features) : 0;

    for (int i = 0; i < n; i++) {
        const struct ohm_net *net;
        float *x = s->x + (size_t)i * (size_t)width;

        good[i] = evaluate_free(e, &b->g[first + i], s, &net, b->out[first + i].metric, NULL) == OHM_OK;
        if (slot && good[i])
            ohm_features_compute(slot->features, &b->g[first + i], net, x);
        else if (slot)
            memset(x, 0, (size_t)width * sizeof *x);
    }
}

static enum ohm_status evaluate_block(void *context, int index, int worker, struct ohm_error *err)
{
    const struct batch *b = context;
    struct ohm_evaluator *e = b->e;
    struct scratch *s = &e->scratch[worker];
    const int first = index * b->block;
    const int n = b->n - first < b->block ? b->n - first : b->block;
    bool good[BLOCK];

    (void)err;
    free_and_first_features(b, first, n, s, good);
    for (int k = 0; k < e->surrogates; k++) {
        if (k > 0)
            features_of(e, b, first, n, k, s, good);
        score_block(e, &e->surrogate[k], s, b->g + first, b->out + first, n);
    }
    for (int i = 0; i < n; i++) {
        if (good[i])
            finish_one(e, &b->g[first + i], &b->out[first + i]);
        else
            fail_one(e, &b->out[first + i]);
    }
    return OHM_OK;
}

/* As few blocks as hold them all, but as many for one worker as for the other. */
static int block_size(int n, int jobs)
{
    const int rounds = (n + BLOCK * jobs - 1) / (BLOCK * jobs);
    const int blocks = rounds * jobs;

    return (n + blocks - 1) / blocks;
}

enum ohm_status ohm_evaluate(struct ohm_evaluator *e, const struct ohm_genotype *g, int n, int jobs,
                             struct ohm_evaluation *out, struct ohm_error *err)
{
    const int team = jobs < 1 ? 1 : jobs < e->jobs ? jobs : e->jobs;
    struct batch batch = { e, g, out, n, n > 0 ? block_size(n, team) : 1 };

    return ohm_parallel_for(team, (n + batch.block - 1) / batch.block, evaluate_block, &batch, err);
}
