/* goals.c - what is wanted, as expressions over one vector of values, whether these were predicted or measured. */
#include "loop_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int find_slot(const void *context, const char *name)
{
    const struct goals *const g = context;

    for (int i = 0; i < g->fixed + 2 * g->figures; i++)
        if (strcmp(g->name[i], name) == 0)
            return i;
    return -1;
}

/* A constraint may name axes too: their slots follow those of all metrics. */
static int find_slot_or_axis(const void *context, const char *name)
{
    const struct goals *const g = context;
    const int slot = find_slot(context, name), axis = slot < 0 ? ohm_space_find(g->space, name) : -1;

    return axis < 0 ? slot : OHM_METRICS_MAX + axis;
}

/* ---- which figures are used ---- */

static int figure_named(const struct ohm_loop_source *source, const char *name)
{
    const size_t length = strlen(name);

    for (int i = 0; i < source->figures; i++) {
        const char *const figure = source->figure[i].name;
        const size_t n = strlen(figure);

        if (strncmp(name, figure, n) == 0 && (length == n || strcmp(name + n, "_sd") == 0))
            return i;
    }
    return -1;
}

static enum ohm_status note_figures(struct goals *g, const struct ohm_expr *expr, const struct ohm_loop_source *source,
                                    struct ohm_error *err)
{
    const char *name;

    for (int i = 0; (name = ohm_expr_name(expr, i)) != NULL; i++) {
        const int figure = find_slot(g, name) < 0 ? figure_named(source, name) : -1;
        bool known = figure < 0;

        for (int k = 0; k < g->figures; k++)
            known = known || g->figure[k] == figure;
        if (known)
            continue;
        if (g->figures == OHM_TARGETS_MAX || g->fixed + 2 * g->figures + 2 > OHM_METRICS_MAX)
            return ohm_fail(err, OHM_ERANGE, "objectives and constraints name more than %d measured figures",
                            g->figures);
        g->figure[g->figures++] = figure;
    }
    return OHM_OK;
}

static void name_slots(struct goals *g, const struct ohm_loop_source *source)
{
    for (int k = 0; k < g->figures; k++) {
        g->target[k] = source->figure[g->figure[k]];
        g->natural[k] = ohm_metric_sign(g->target[k].name);
        snprintf(g->name[g->fixed + k], sizeof g->name[0], "%s", g->target[k].name);
        snprintf(g->name[g->fixed + g->figures + k], sizeof g->name[0], "%s_sd", g->target[k].name);
    }
    for (int i = 0; i < g->fixed + 2 * g->figures; i++)
        g->names[i] = g->name[i];
}

static bool names_figure(const struct goals *g, const struct ohm_expr *expr)
{
    const char *name;

    for (int i = 0; (name = ohm_expr_name(expr, i)) != NULL; i++)
        if (find_slot(g, name) >= g->fixed)
            return true;
    return false;
}

/* ---- reading ---- */

static enum ohm_status parse_all(struct goals *g, const struct ohm_loop_spec *spec, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (spec->objective_count > OHM_OBJECTIVES_MAX || spec->constraint_count > GOALS_MAX)
        return ohm_fail(err, OHM_ERANGE, "more than %d objectives or %d constraints", OHM_OBJECTIVES_MAX, GOALS_MAX);
    for (int i = 0; i < spec->objective_count && st == OHM_OK; i++) {
        const char *const text = ohm_objective_split(spec->objectives[i], &g->sign[i]);

        if ((st = ohm_expr_parse(&g->objective[i], text, err)) != OHM_OK)
            break;
        g->objectives++;
        st = note_figures(g, g->objective[i], spec->source, err);
    }
    for (int i = 0; i < spec->constraint_count && st == OHM_OK; i++) {
        g->constraint_text[i] = spec->constraints[i];
        if ((st = ohm_expr_parse(&g->constraint[i], spec->constraints[i], err)) != OHM_OK)
            break;
        g->constraints++;
        st = note_figures(g, g->constraint[i], spec->source, err);
    }
    return st;
}

/* Names that nobody has are told with what there is: the figures that the source could give are among the hints. */
static enum ohm_status bind(const struct goals *g, struct ohm_expr *expr, bool axes,
                            const struct ohm_loop_source *source, struct ohm_error *err)
{
    const char *known[OHM_METRICS_MAX + OHM_LOOP_FIGURES_MAX + OHM_GENES_MAX];
    int n = 0;

    for (int i = 0; i < g->fixed + 2 * g->figures; i++)
        known[n++] = g->name[i];
    for (int i = 0; i < source->figures; i++)
        known[n++] = source->figure[i].name;
    for (int i = 0; axes && i < ohm_space_axes(g->space); i++)
        known[n++] = ohm_space_axis(g->space, i)->name;
    return ohm_expr_bind(expr, axes ? find_slot_or_axis : find_slot, g, known, n, err);
}

static enum ohm_status bind_objective(struct goals *g, int i, const struct ohm_loop_source *source,
                                      struct ohm_error *err)
{
    const char *const text = ohm_expr_source(g->objective[i]);
    const enum ohm_status st = bind(g, g->objective[i], false, source, err);

    if (st != OHM_OK)
        return st;
    g->noisy[i] = names_figure(g, g->objective[i]);
    if (g->sign[i] == 0 && find_slot(g, text) < 0)
        return ohm_fail(err, OHM_ECONFIG, "objective '%.80s' is a formula: say 'maximize' or 'minimize'", text);
    if (g->sign[i] == 0)
        g->sign[i] = ohm_metric_sign(text);
    return OHM_OK;
}

enum ohm_status goals_create(struct goals *g, const struct ohm_loop_spec *spec, const struct ohm_evaluator *metrics,
                             struct ohm_error *err)
{
    bool any = false;
    enum ohm_status st;

    *g = (struct goals){.space = spec->space, .fixed = ohm_evaluator_metrics(metrics)};
    for (int i = 0; i < g->fixed; i++)
        snprintf(g->name[i], sizeof g->name[i], "%s", ohm_evaluator_metric(metrics, i)->name);
    st = parse_all(g, spec, err);
    name_slots(g, spec->source);
    for (int i = 0; i < g->objectives && st == OHM_OK; i++) {
        st = bind_objective(g, i, spec->source, err);
        any = any || g->noisy[i];
    }
    for (int i = 0; i < g->constraints && st == OHM_OK; i++) {
        st = bind(g, g->constraint[i], true, spec->source, err);
        g->free[i] = st == OHM_OK && !names_figure(g, g->constraint[i]);
    }
    if (st == OHM_OK && !any)
        st = ohm_fail(err, OHM_ECONFIG,
                      "no objective names anything that is measured, such as acc_1d: there is nothing "
                      "to be learned");
    if (st != OHM_OK)
        goals_release(g);
    return st;
}

void goals_release(struct goals *g)
{
    for (int i = 0; i < g->objectives; i++)
        ohm_expr_free(g->objective[i]);
    for (int i = 0; i < g->constraints; i++)
        ohm_expr_free(g->constraint[i]);
    g->objectives = g->constraints = 0;
}

/* ---- values ---- */

void goals_objectives(const struct goals *g, const double *value, double *objective)
{
    for (int i = 0; i < g->objectives; i++) {
        const double v = ohm_expr_eval(g->objective[i], value, NULL);

        objective[i] = g->sign[i] > 0 ? -v : v;
    }
}

double goals_violation(const struct goals *g, const struct ohm_genotype *genotype, const double *value)
{
    double values[OHM_METRICS_MAX + OHM_GENES_MAX], sum = 0;
    const char *texts[OHM_METRICS_MAX + OHM_GENES_MAX] = {NULL};

    if (g->constraints == 0)
        return 0;
    memcpy(values, value, OHM_METRICS_MAX * sizeof *value);
    ohm_genotype_values(g->space, genotype, values + OHM_METRICS_MAX);
    for (int i = 0; i < ohm_space_axes(g->space); i++) {
        const struct ohm_axis *const axis = ohm_space_axis(g->space, i);

        if (axis->text && !isnan(values[OHM_METRICS_MAX + i]))
            texts[OHM_METRICS_MAX + i] = axis->text[genotype->gene[i]];
    }
    for (int i = 0; i < g->constraints; i++) {
        const double v = ohm_expr_violation(g->constraint[i], values, texts);

        sum += isnan(v) ? 1 : v;
    }
    return sum;
}
