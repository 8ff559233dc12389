/* report_text.c - a report as Markdown, for people. */
#include "study_report.h"
#include "report_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PICK_MAX = 64 };

/* ---- what was searched ---- */

static void put_pair(struct ohm_table *t, const char *name, const char *value)
{
    ohm_table_cell(t, name);
    ohm_table_cell(t, value);
}

static void put_settings(struct ohm_table *t, const struct ohm_report *r)
{
    for (int i = 0; i < r->settings; i++) {
        const struct ohm_setting *const s = r->setting[i];

        if (strcmp(s->key, "study") != 0 && strcmp(s->key, "budget") != 0)
            put_pair(t, s->key, s->value);
    }
}

static void put_study(struct ohm_str *s, const struct ohm_report *r)
{
    struct ohm_table t = {0};
    struct ohm_str text = {0};

    ohm_str_append(s, "## What was searched\n\n");
    ohm_table_column(&t, "setting", false);
    ohm_table_column(&t, "value", false);
    put_settings(&t, r);
    put_pair(&t, "networks in the space", r->size[0] ? r->size : "too many to count");
    ohm_report_put_count(&text, r->study.trials);
    ohm_str_printf(&text, " of %lld: %lld meet all constraints, %lld failed", (long long)r->study.budget,
                   (long long)r->study.feasible, (long long)r->study.failed);
    put_pair(&t, "networks asked for", ohm_str_text(&text));
    ohm_str_clear(&text);
    ohm_str_printf(&text, "%.3g s, begun %s, %s", r->study.time_s, r->study.created, r->study.state);
    put_pair(&t, "time", ohm_str_text(&text));
    put_pair(&t, "program", "ohmnas " OHM_VERSION);
    ohm_table_markdown(s, &t);
    ohm_table_release(&t);
    s->failed |= text.failed;
    ohm_str_release(&text);
}

static void put_scores(struct ohm_str *s, const struct ohm_surrogate *model)
{
    struct ohm_table t = {0};
    static const char *const names[] = {"target",   "rows", "Kendall tau",     "tau of the better of params and MACs",
                                        "Spearman", "RMSE", "in 90 % interval"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ohm_table_column(&t, names[i], i > 0);
    for (int i = 0; i < ohm_surrogate_targets(model); i++) {
        const struct ohm_target_score *const c = ohm_surrogate_score(model, i);
        struct ohm_str name = {0};

        if (!c)
            continue;
        ohm_str_printf(&name, "%s%s%s", c->target.name, c->target.unit[0] ? ", " : "", c->target.unit);
        ohm_table_cell(&t, ohm_str_text(&name));
        ohm_str_release(&name);
        ohm_report_cell_count(&t, c->rows);
        ohm_report_cell_digits(&t, c->tau, 3);
        ohm_report_cell_digits(&t, fmax(c->params_tau, c->macs_tau), 3);
        ohm_report_cell_digits(&t, c->spearman, 3);
        ohm_report_cell_digits(&t, c->rmse, 2);
        ohm_report_cell_digits(&t, c->coverage90, 3);
    }
    ohm_table_markdown(s, &t);
    ohm_table_release(&t);
}

static void put_surrogates(struct ohm_str *s, const struct ohm_report *r)
{
    for (int i = 0; i < r->surrogates; i++) {
        const struct ohm_report_surrogate *const g = &r->surrogate[i];

        ohm_str_printf(s, "\nSurrogate `%s`. ", g->name);
        if (g->model && *g->protocol)
            ohm_str_printf(s, "%s%s", g->protocol, g->protocol[strlen(g->protocol) - 1] == '.' ? " " : ". ");
        if (g->model && *g->source)
            ohm_str_printf(s, "Rows: %s. ", g->source);
        if (g->model)
            ohm_str_append(s, "On networks that it had not seen:\n\n");
        else
            ohm_str_append(s, "A model file without a card: nothing is known of its scores.\n");
        if (g->model)
            put_scores(s, g->model);
    }
}

static void put_rows(struct ohm_str *s, const struct ohm_report *r)
{
    const struct ohm_report_rows *const f = &r->rows;

    if (!f->path)
        return;
    ohm_str_printf(s, "\n`%s` has rows of %d networks, recipe `%s`, fingerprint `%s`: %d measured whole", f->path,
                   f->networks, f->recipe, f->fingerprint, f->done);
    ohm_str_printf(s, ", %d stopped early, %d failed; %.1f %s of one processor.\n", f->censored, f->failed,
                   f->hours < 1 ? 60 * f->hours : f->hours, f->hours < 1 ? "minutes" : "hours");
    if (f->chosen > 0)
        ohm_str_printf(s, "%d of the networks were not drawn but chosen by a closed loop (`ohmnas search --refine`).\n",
                       f->chosen);
}

/* ---- the front ---- */

/* Which networks are shown: all, or the ends, the knee, the one shown at length and others evenly between. */
static int pick(const struct ohm_report *r, int index[PICK_MAX])
{
    const int most = OHM_REPORT_FRONT_SHOWN;
    int n = 0;

    for (int i = 0; i < r->nets && n < PICK_MAX; i++) {
        const bool even =
            r->nets <= most ||
            (int)((int64_t)i * (most - 1) / (r->nets - 1)) != (int)((int64_t)(i - 1) * (most - 1) / (r->nets - 1)) ||
            i == 0;

        if (even || i == r->knee || i == r->best_at)
            index[n++] = i;
    }
    return n;
}

/* Metrics that people ask for, where the study has them. */
static const char *const usual[] = {"acc_1d", "acc_30d", "avm",       "params",     "macs",
                                    "cores",  "util",    "mvm_steps", "latency_us", "energy_uJ"};
enum { USUAL = sizeof usual / sizeof *usual, COLUMNS_MAX = OHM_OBJECTIVES_MAX + USUAL };

static int columns_of(const struct ohm_report *r, const char *name[COLUMNS_MAX])
{
    int n = 0;

    for (int k = 0; k < r->objectives.count; k++)
        name[n++] = r->objectives.name[k];
    for (int i = 0; i < USUAL; i++) {
        bool there = ohm_metric_names_find(&r->metrics, usual[i]) < 0;

        for (int k = 0; k < r->objectives.count; k++)
            there = there || strcmp(r->objectives.name[k], usual[i]) == 0;
        if (!there)
            name[n++] = usual[i];
    }
    return n;
}

/* The measured accuracies that any of the networks has, of those with the name of a metric of the study. */
static int measures_of(const struct ohm_report *r, const struct ohm_report_net *net, const int *index, int n,
                       bool predicted, int measure[OHM_REPORT_MEASURES_MAX])
{
    int count = 0;

    for (int k = 0; k < r->measures.count; k++) {
        bool any = false;

        for (int i = 0; i < n; i++) {
            const struct ohm_report_measured *const m = &net[index ? index[i] : i].measured;

            any = any || (m->seeds > 0 && !isnan(m->mean[k]));
        }
        if (any && (!predicted || ohm_metric_names_find(&r->metrics, r->measures.name[k]) >= 0))
            measure[count++] = k;
    }
    return count;
}

static void put_metric(struct ohm_table *t, const struct ohm_report *r, const struct ohm_report_net *n,
                       const char *name)
{
    char sd[80];

    snprintf(sd, sizeof sd, "%.70s_sd", name);
    ohm_report_cell_spread(t, name, ohm_report_metric(r, n, name), ohm_report_metric(r, n, sd));
}

static const char *note_of(const struct ohm_report *r, int i)
{
    if (i == r->knee && r->objectives.count > 1)
        return i == r->best_at ? "knee, shown below" : "knee";
    return i == r->best_at ? "shown below" : "";
}

/* The genes of the chip stand behind those of the network. */
static const char *chip_of(const char *genotype)
{
    const char *const chip = strstr(genotype, "chip.");

    return chip ? chip : "-";
}

static void put_front_table(struct ohm_str *s, const struct ohm_report *r, const int *index, int n)
{
    const char *name[COLUMNS_MAX];
    const int columns = columns_of(r, name);
    int measure[OHM_REPORT_MEASURES_MAX];
    const int measures = measures_of(r, r->net, index, n, true, measure);
    struct ohm_table t = {0};

    ohm_table_column(&t, "network", false);
    for (int c = 0; c < columns; c++)
        ohm_table_column(&t, name[c], true);
    for (int k = 0; k < measures; k++)
        ohm_report_column_measured(&t, r->measures.name[measure[k]]);
    if (r->spaces.chip_axes)
        ohm_table_column(&t, "chip", false);
    ohm_table_column(&t, "", false);
    for (int i = 0; i < n; i++) {
        const struct ohm_report_net *const net = &r->net[index[i]];

        ohm_table_cell(&t, net->name);
        for (int c = 0; c < columns; c++)
            put_metric(&t, r, net, name[c]);
        for (int k = 0; k < measures; k++)
            ohm_report_cell_spread(&t, r->measures.name[measure[k]],
                                   net->measured.seeds ? net->measured.mean[measure[k]] : (double)NAN,
                                   net->measured.spread[measure[k]]);
        if (r->spaces.chip_axes)
            ohm_table_cell(&t, chip_of(net->genotype));
        ohm_table_cell(&t, note_of(r, index[i]));
    }
    ohm_table_markdown(s, &t);
    ohm_table_release(&t);
}

static void put_front(struct ohm_str *s, const struct ohm_report *r, bool plots)
{
    int index[PICK_MAX];
    const int n = pick(r, index);

    ohm_str_append(s, r->objectives.count > 1 ? "\n## The front\n\n" : "\n## The best networks\n\n");
    if (plots && r->objectives.count > 1)
        ohm_str_append(s, "![the front, with what was measured](front.svg)\n\n");
    if (n < r->nets)
        ohm_str_printf(s, "%d of the %d networks, evenly from one end to the other; `ohmnas pareto` lists all.\n\n", n,
                       r->nets);
    put_front_table(s, r, index, n);
    if (r->surrogates > 0)
        ohm_str_append(
            s, "\nAccuracies are what the surrogate predicts, with one standard deviation of its errors on networks "
               "that it had not seen.\n");
}

/* ---- one network ---- */

static void put_cost(struct ohm_str *s, const struct ohm_report *r)
{
    const struct ohm_cost *const c = &r->best_cost;
    struct ohm_str reason = {0}, chip = {0};

    ohm_net_arg_chip(&r->best, &chip);
    ohm_cost_reason(&reason, r->best_chip, c);
    ohm_str_printf(s, "On `%s`%s%s: %lld core%s, %.1f %% of the cells in use, latency ", ohm_chip_name(r->best_chip),
                   chip.length ? " with " : "", ohm_str_text(&chip), (long long)c->cores, c->cores == 1 ? "" : "s",
                   100 * c->util);
    ohm_report_put_value(s, "latency_us", c->latency_us);
    ohm_str_append(s, " us, energy ");
    ohm_report_put_value(s, "energy_uJ", c->energy_uJ);
    ohm_str_append(s, " uJ, ");
    ohm_report_put_count(s, c->mvm_steps);
    ohm_str_printf(s, " matrix-vector products one after the other.%s%s%s\n\n",
                   reason.length ? " It does not fit: " : "", ohm_str_text(&reason), reason.length ? "." : "");
    s->failed |= reason.failed | chip.failed;
    ohm_str_release(&reason);
    ohm_str_release(&chip);
}

static void put_layers(struct ohm_str *s, const struct ohm_report *r)
{
    static const char *const names[] = {"layer", "rows",          "columns",    "positions",
                                        "tiles", "cells used, %", "latency_us", "energy_uJ"};
    struct ohm_table t = {0};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ohm_table_column(&t, names[i], i > 0);
    for (int i = 0; i < r->best_layers; i++) {
        const struct ohm_cost_layer *const l = &r->best_layer[i];
        const char *const name = r->best.net->layer[l->layer].name;

        ohm_table_cell(&t, name ? name : "-");
        ohm_report_cell_count(&t, l->rows);
        ohm_report_cell_count(&t, l->cols);
        ohm_report_cell_count(&t, l->positions);
        ohm_report_cell_count(&t, l->tiles);
        ohm_report_cell_digits(&t, 100 * l->util, 1);
        ohm_report_cell_value(&t, "latency_us", l->latency_us);
        ohm_report_cell_value(&t, "energy_uJ", l->energy_uJ);
    }
    ohm_table_markdown(s, &t);
    ohm_table_release(&t);
}

static void put_best(struct ohm_str *s, const struct ohm_report *r)
{
    const char *const why = r->opt->net               ? "the network that was asked for"
                            : r->objectives.count > 1 ? "the knee of the front"
                                                      : "the best network";

    ohm_str_printf(s, "\n## %s, %s\n\n`%s`\n\n", r->best.name, why, ohm_str_text(&r->best.genotype_text));
    if (!r->best_chip)
        return;
    put_cost(s, r);
    put_layers(s, r);
}

/* ---- baselines ---- */

static void put_baseline_row(struct ohm_table *t, const struct ohm_report *r, const struct ohm_report_net *n,
                             const int *measure, int measures, bool predicted)
{
    char text[32];

    ohm_table_cell(t, n->name);
    ohm_report_cell_value(t, "params", n->params);
    ohm_report_cell_value(t, "macs", n->macs);
    ohm_report_cell_value(t, "cores", n->priced ? (double)n->cost.cores : (double)NAN);
    ohm_report_cell_value(t, "mvm_steps", n->priced ? (double)n->cost.mvm_steps : (double)NAN);
    ohm_report_cell_value(t, "latency_us", n->priced ? n->cost.latency_us : (double)NAN);
    ohm_report_cell_value(t, "energy_uJ", n->priced ? n->cost.energy_uJ : (double)NAN);
    if (predicted)
        put_metric(t, r, n, r->objectives.name[0]);
    for (int k = 0; k < measures; k++)
        ohm_report_cell_spread(t, r->measures.name[measure[k]],
                               n->measured.seeds ? n->measured.mean[measure[k]] : (double)NAN,
                               n->measured.spread[measure[k]]);
    if (n->measured.seeds > 0)
        snprintf(text, sizeof text, "%d%s", n->measured.seeds, n->measured.other ? ", other recipe" : "");
    else
        snprintf(text, sizeof text, "%.20s", n->measured.state ? n->measured.state : "-");
    ohm_table_cell(t, text);
}

static void put_baseline_table(struct ohm_str *s, const struct ohm_report *r)
{
    static const char *const names[] = {"network", "params", "macs", "cores", "mvm_steps", "latency_us", "energy_uJ"};
    int measure[OHM_REPORT_MEASURES_MAX];
    const int measures = measures_of(r, r->baseline, NULL, r->baselines, false, measure);
    struct ohm_table t = {0};
    bool predicted = false;
    char text[128];

    for (int i = 0; i < r->baselines && r->surrogates > 0; i++)
        predicted = predicted || !isnan(ohm_report_metric(r, &r->baseline[i], r->objectives.name[0]));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ohm_table_column(&t, names[i], i > 0);
    snprintf(text, sizeof text, "%.100s, study", r->objectives.name[0]);
    if (predicted)
        ohm_table_column(&t, text, true);
    for (int k = 0; k < measures; k++)
        ohm_report_column_measured(&t, r->measures.name[measure[k]]);
    ohm_table_column(&t, "seeds", false);
    for (int i = 0; i < r->baselines; i++)
        put_baseline_row(&t, r, &r->baseline[i], measure, measures, predicted);
    ohm_table_markdown(s, &t);
    ohm_table_release(&t);
}

static void put_baselines(struct ohm_str *s, const struct ohm_report *r)
{
    bool measured = false, other = false;

    ohm_str_append(s, "\n## Baselines\n\n");
    for (int i = 0; i < r->baselines; i++) {
        measured = measured || r->baseline[i].measured.seeds > 0;
        other = other || r->baseline[i].measured.other;
    }
    if (r->baselines == 0) {
        ohm_str_append(s, "The project has no network with this input and these classes.\n");
        return;
    }
    if (ohm_plan_chip(r->plan))
        ohm_str_printf(s, "Priced on `%s` as %s. ", ohm_chip_name(ohm_plan_chip(r->plan)),
                       r->spaces.chip_axes ? "the study uses it where it has no choice" : "the study was");
    if (measured && r->rows.path && !other)
        ohm_str_append(s,
                       "Accuracies were measured under the recipe of the surrogate's rows: they compare with what it "
                       "predicts.");
    else if (measured)
        ohm_str_printf(s, "Accuracies were measured%s.",
                       other ? "; those of another recipe than that of the surrogate's rows "
                               "are marked and do not compare with what it predicts"
                             : ", under which recipe the surrogate's rows were is not "
                               "known (`--rows`)");
    else
        ohm_str_append(s, "No accuracy of them was measured: `ohmnas collect RECIPE --net FILE` does it.");
    ohm_str_append(s, "\n\n");
    put_baseline_table(s, r);
}

/* ---- all together ---- */

static void put_commands(struct ohm_str *s, const struct ohm_report *r)
{
    ohm_str_append(s, "\n## To make it again\n\n`DATA` is the folder with the samples.\n\n```\n");
    for (int i = 0; i < r->commands.count; i++)
        ohm_str_printf(s, "%s\n", r->commands.item[i]);
    ohm_str_append(s, "```\n");
}

void ohm_report_write_text(struct ohm_str *s, const struct ohm_report *r, bool plots)
{
    ohm_str_printf(s, "# %s\n\n", r->study.name);
    ohm_report_put_summary(s, r);
    put_study(s, r);
    put_surrogates(s, r);
    put_rows(s, r);
    put_front(s, r, plots);
    put_best(s, r);
    ohm_report_put_race(s, r, plots);
    ohm_report_put_loops(s, r);
    put_baselines(s, r);
    ohm_report_put_runs(s, r, plots);
    put_commands(s, r);
}
