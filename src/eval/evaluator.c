/* evaluator.c - puts together what a study measures: metrics, objectives, constraints. */
#include "eval_int.h"

#include <stdio.h>
#include <string.h>

const char *ohm_objective_split(const char *text, int *sign)
{
    static const struct {
        const char *word;
        int sign;
    } words[] = { { "maximize ", 1 },  { "maximise ", 1 },  { "max ", 1 },
                  { "minimize ", -1 }, { "minimise ", -1 }, { "min ", -1 } };

    *sign = 0;
    while (*text == ' ')
        text++;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strncmp(text, words[i].word, strlen(words[i].word)) == 0) {
            *sign = words[i].sign;
            return text + strlen(words[i].word);
        }
    return text;
}

int ohm_evaluator_find(const struct ohm_evaluator *e, const char *name)
{
    for (int i = 0; i < e->metrics; i++)
        if (strcmp(e->metric[i].name, name) == 0)
            return i;
    return -1;
}

static int find_metric(const void *context, const char *name)
{
    return ohm_evaluator_find(context, name);
}

static enum ohm_status add_metric(struct ohm_evaluator *e, const struct ohm_metric *metric, struct ohm_error *err)
{
    if (e->metrics == OHM_METRICS_MAX)
        return ohm_fail(err, OHM_ERANGE, "metric %s is one more than the %d that a study can have", metric->name,
                        OHM_METRICS_MAX);
    if (ohm_evaluator_find(e, metric->name) >= 0)
        return ohm_fail(err, OHM_ECONFIG, "two sources give the metric %s, the second is %s", metric->name,
                        metric->source);
    e->metric[e->metrics] = *metric;
    e->name[e->metrics] = e->metric[e->metrics].name;
    e->metrics++;
    return OHM_OK;
}

static enum ohm_status add_fixed(struct ohm_evaluator *e, struct ohm_error *err)
{
    int rows;
    const struct fixed_metric *table = fixed_metrics(&rows);
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < rows && st == OHM_OK; i++) {
        if (table[i].needs_chip && !e->chip)
            continue;
        e->fixed_index[e->metrics] = i;
        st = add_metric(e, &table[i].metric, err);
    }
    e->fixed = e->metrics;
    return st;
}

/* Parameters of the chip as metrics, so that listings and objectives can speak of them; and the area of whole chips,
 * which says nothing where the chip is the same for all. */
static enum ohm_status add_chip_metrics(struct ohm_evaluator *e, struct ohm_error *err)
{
    struct ohm_metric metric = {.name = "area_chips_mm2", .source = "chip", .free = true, .sign = -1};
    enum ohm_status st;

    if (!e->chip_axes || ohm_chip_axes_count(e->chip_axes) == 0)
        return OHM_OK;
    e->chip_first = e->metrics;
    metric.help = "area of whole chips";
    st = add_metric(e, &metric, err);
    for (int i = 0; i < ohm_chip_axes_count(e->chip_axes) && st == OHM_OK; i++) {
        const struct ohm_chip_parameter *const p = ohm_chip_axes_parameter(e->chip_axes, i);

        snprintf(metric.name, sizeof metric.name, "chip_%s", p->key);
        metric.help = p->help;
        st = add_metric(e, &metric, err);
    }
    return st;
}

static enum ohm_status add_target(struct ohm_evaluator *e, const struct ohm_surrogate *s, int i, bool sd,
                                  struct ohm_error *err)
{
    struct ohm_metric metric = { .source = ohm_surrogate_name(s), .free = false };
    const char *target = ohm_surrogate_target(s, i);

    snprintf(metric.name, sizeof metric.name, "%s%s", target, sd ? "_sd" : "");
    metric.help = sd ? "its standard deviation, as held-out rows show it" : "predicted";
    metric.sign = sd ? -1 : ohm_metric_sign(target);
    return add_metric(e, &metric, err);
}

static bool same_targets(const struct surrogate_slot *a, const struct surrogate_slot *b)
{
    if (a->targets != b->targets || a->has_sd != b->has_sd)
        return false;
    for (int i = 0; i < a->targets; i++)
        if (strcmp(ohm_surrogate_target(a->surrogate, i), ohm_surrogate_target(b->surrogate, i)) != 0)
            return false;
    return true;
}

static enum ohm_status add_surrogate(struct ohm_evaluator *e, const struct ohm_surrogate *s,
                                     const struct ohm_chip_condition *on, struct ohm_error *err)
{
    struct surrogate_slot *slot = &e->surrogate[e->surrogates++];
    enum ohm_status st = OHM_OK;

    slot->surrogate = s;
    slot->features = ohm_surrogate_features(s);
    slot->first = e->metrics;
    slot->targets = ohm_surrogate_targets(s);
    slot->has_sd = ohm_surrogate_has_sd(s);
    slot->needs_net = ohm_features_need_net(slot->features);
    if (on)
        slot->on = *on;
    for (const struct surrogate_slot *other = e->surrogate; slot->on.count > 0 && other < slot; other++)
        if (other->on.count > 0 && same_targets(other, slot)) {
            slot->first = other->first;
            return OHM_OK;
        }
    for (int sd = 0; sd <= (slot->has_sd ? 1 : 0); sd++)
        for (int i = 0; i < slot->targets && st == OHM_OK; i++)
            st = add_target(e, s, i, sd == 1, err);
    return st;
}

/* Of the surrogates that take turns with slot `which` exactly one must be for the chip of g. */
static enum ohm_status check_turn(const struct ohm_evaluator *e, int which, const struct ohm_genotype *g,
                                  struct ohm_error *err)
{
    const struct surrogate_slot *const slot = &e->surrogate[which];
    const char *found = NULL;

    for (int i = 0; i < e->surrogates; i++) {
        const struct surrogate_slot *const other = &e->surrogate[i];

        if (other->first != slot->first || !ohm_chip_condition_met(&other->on, e->chip_axes, g))
            continue;
        if (found)
            return ohm_fail(err, OHM_ECONFIG, "surrogates %s and %s are for the same chips", found,
                            ohm_surrogate_name(other->surrogate));
        found = ohm_surrogate_name(other->surrogate);
    }
    if (found)
        return OHM_OK;
    return ohm_fail(err, OHM_ECONFIG, "no surrogate of %s for some of the chips, of which %s is for one",
                    ohm_surrogate_target(slot->surrogate, 0), ohm_surrogate_name(slot->surrogate));
}

/* Every combination of the axes that conditions speak of. */
static enum ohm_status check_turns(const struct ohm_evaluator *e, struct ohm_error *err)
{
    bool used[OHM_GENES_MAX] = {false};
    struct ohm_genotype g = {{0}};
    const int first = e->chip_axes ? ohm_space_axes(e->space) - ohm_chip_axes_count(e->chip_axes) : 0;
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < e->surrogates; i++)
        for (int k = 0; k < e->surrogate[i].on.count; k++)
            used[first + e->surrogate[i].on.axis[k]] = true;
    for (bool more = e->chip_axes != NULL; more && st == OHM_OK;) {
        for (int i = 0; i < e->surrogates && st == OHM_OK; i++)
            if (e->surrogate[i].on.count > 0)
                st = check_turn(e, i, &g, err);
        more = false;
        for (int i = first; i < ohm_space_axes(e->space) && !more; i++) {
            more = used[i] && g.gene[i] + 1 < ohm_space_axis(e->space, i)->size;
            g.gene[i] = more ? (uint16_t)(g.gene[i] + 1) : 0;
        }
    }
    return st;
}

/* A formula's value is logged under a name of its own; a bare metric is logged already. */
static enum ohm_status place_objective(struct ohm_evaluator *e, int i, struct ohm_error *err)
{
    struct ohm_objective *o = &e->objective[i];
    struct ohm_metric formula = { .source = "objective", .help = "the value of the formula" };
    char name[80];
    int metric = ohm_evaluator_find(e, ohm_expr_source(o->expr));
    enum ohm_status st = OHM_OK;

    e->objective_sd[i] = -1;
    if (metric < 0 && o->sign == 0)
        return ohm_fail(err, OHM_ECONFIG, "objective '%s' is a formula: say 'maximize %s' or 'minimize %s'", o->text,
                        o->text, o->text);
    if (metric >= 0) {
        if (o->sign == 0)
            o->sign = e->metric[metric].sign;
        snprintf(name, sizeof name, "%s_sd", e->metric[metric].name);
        e->objective_sd[i] = ohm_evaluator_find(e, name);
    } else {
        metric = e->metrics;
        snprintf(formula.name, sizeof formula.name, "objective_%d", i + 1);
        formula.sign = o->sign;
        st = add_metric(e, &formula, err);
    }
    e->objective_metric[i] = metric;
    o->metric = e->metric[metric < e->metrics ? metric : 0].name;
    return st;
}

static enum ohm_status add_objective(struct ohm_evaluator *e, const char *text, struct ohm_error *err)
{
    struct ohm_objective *o = &e->objective[e->objectives];
    enum ohm_status st;

    if (e->objectives == (int)(sizeof e->objective / sizeof e->objective[0]))
        return ohm_fail(err, OHM_ERANGE, "objective '%s' is one more than the %d that a study can have", text,
                        e->objectives);
    st = ohm_expr_parse(&o->expr, ohm_objective_split(text, &o->sign), err);
    if (st != OHM_OK)
        return st;
    e->objectives++;
    o->text = text;
    st = ohm_expr_bind(o->expr, find_metric, e, e->name, e->metrics, err);
    return st == OHM_OK ? place_objective(e, e->objectives - 1, err) : st;
}

/* The slot of a metric or of an axis: see struct constraint. */
static int find_metric_or_axis(const void *context, const char *name)
{
    const struct ohm_evaluator *e = context;
    const int metric = ohm_evaluator_find(e, name);
    const int axis = metric < 0 ? ohm_space_find(e->space, name) : -1;

    return axis < 0 ? metric : OHM_METRICS_MAX + axis;
}

static void note_uses(struct ohm_evaluator *e, struct constraint *c)
{
    const char *name;

    c->free = true;
    for (int i = 0; (name = ohm_expr_name(c->expr, i)) != NULL; i++) {
        const int metric = ohm_evaluator_find(e, name);

        e->uses_axes = e->uses_axes || metric < 0;
        c->free = c->free && (metric < 0 || e->metric[metric].free);
    }
    e->any_free_constraint = e->any_free_constraint || c->free;
}

/* Known names for a hint: the metrics, then the axes. */
static enum ohm_status bind_constraint(const struct ohm_evaluator *e, struct ohm_expr *expr, struct ohm_error *err)
{
    const char *known[OHM_METRICS_MAX + OHM_GENES_MAX];
    int n = 0;

    for (int i = 0; i < e->metrics; i++)
        known[n++] = e->name[i];
    for (int i = 0; i < ohm_space_axes(e->space); i++)
        known[n++] = ohm_space_axis(e->space, i)->name;
    return ohm_expr_bind(expr, find_metric_or_axis, e, known, n, err);
}

static enum ohm_status add_constraint(struct ohm_evaluator *e, const char *text, struct ohm_error *err)
{
    struct constraint *c = &e->constraint[e->constraints];
    enum ohm_status st = ohm_expr_parse(&c->expr, text, err);

    if (st != OHM_OK)
        return st;
    e->constraints++;
    st = bind_constraint(e, c->expr, err);
    if (st == OHM_OK)
        note_uses(e, c);
    return st;
}

static enum ohm_status make_scratch(struct ohm_evaluator *e, struct ohm_error *err)
{
    int widest = 1;

    for (int i = 0; i < e->surrogates; i++)
        if (ohm_features_count(e->surrogate[i].features) > widest)
            widest = ohm_features_count(e->surrogate[i].features);
    e->scratch = ohm_alloc((size_t)e->jobs, sizeof *e->scratch);
    for (int i = 0; e->scratch && i < e->jobs; i++) {
        struct scratch *s = &e->scratch[i];

        s->x = ohm_alloc((size_t)BLOCK * (size_t)widest, sizeof *s->x);
        s->mean = ohm_alloc(BLOCK * OHM_TARGETS_MAX, sizeof *s->mean);
        s->sd = ohm_alloc(BLOCK * OHM_TARGETS_MAX, sizeof *s->sd);
        if (!s->x || !s->mean || !s->sd)
            return ohm_fail(err, OHM_ENOMEM, "out of memory for %d workers", e->jobs);
    }
    return e->scratch ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory for %d workers", e->jobs);
}

static enum ohm_status build(struct ohm_evaluator *e, const struct ohm_evaluator_spec *spec, struct ohm_error *err)
{
    enum ohm_status st;

    e->surrogate = ohm_alloc((size_t)spec->surrogate_count + 1, sizeof *e->surrogate);
    e->constraint = ohm_alloc((size_t)spec->constraint_count + 1, sizeof *e->constraint);
    if (!e->surrogate || !e->constraint)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the evaluator");
    st = add_fixed(e, err);
    if (st == OHM_OK)
        st = add_chip_metrics(e, err);
    for (int i = 0; i < spec->surrogate_count && st == OHM_OK; i++)
        st = add_surrogate(e, spec->surrogates[i], spec->surrogate_on ? &spec->surrogate_on[i] : NULL, err);
    if (st == OHM_OK)
        st = check_turns(e, err);
    for (int i = 0; i < spec->objective_count && st == OHM_OK; i++)
        st = add_objective(e, spec->objectives[i], err);
    for (int i = 0; i < spec->constraint_count && st == OHM_OK; i++)
        st = add_constraint(e, spec->constraints[i], err);
    return st == OHM_OK ? make_scratch(e, err) : st;
}

enum ohm_status ohm_evaluator_create(struct ohm_evaluator **out, const struct ohm_evaluator_spec *spec,
                                     struct ohm_error *err)
{
    struct ohm_evaluator *e = ohm_alloc(1, sizeof *e);
    enum ohm_status st;

    if (!e)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the evaluator");
    e->space = spec->space;
    e->chip = spec->chip;
    e->use = spec->use;
    e->chip_axes = spec->chip_axes;
    e->jobs = spec->jobs < 1 ? 1 : spec->jobs;
    st = build(e, spec, err);
    if (st == OHM_OK) {
        *out = e;
        return OHM_OK;
    }
    ohm_evaluator_free(e);
    return st;
}

void ohm_evaluator_free(struct ohm_evaluator *e)
{
    if (!e)
        return;
    for (int i = 0; e->scratch && i < e->jobs; i++) {
        ohm_net_release(&e->scratch[i].builder);
        ohm_free(e->scratch[i].x);
        ohm_free(e->scratch[i].mean);
        ohm_free(e->scratch[i].sd);
    }
    for (int i = 0; i < e->objectives; i++)
        ohm_expr_free(e->objective[i].expr);
    for (int i = 0; i < e->constraints; i++)
        ohm_expr_free(e->constraint[i].expr);
    ohm_free(e->scratch);
    ohm_free(e->surrogate);
    ohm_free(e->constraint);
    ohm_free(e);
}

int ohm_evaluator_metrics(const struct ohm_evaluator *e)
{
    return e->metrics;
}

const struct ohm_metric *ohm_evaluator_metric(const struct ohm_evaluator *e, int i)
{
    return &e->metric[i];
}

const char *const *ohm_evaluator_names(const struct ohm_evaluator *e)
{
    return e->name;
}

int ohm_evaluator_objectives(const struct ohm_evaluator *e)
{
    return e->objectives;
}

const struct ohm_objective *ohm_evaluator_objective(const struct ohm_evaluator *e, int i)
{
    return &e->objective[i];
}
