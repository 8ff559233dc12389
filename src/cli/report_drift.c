/* report_drift.c - the validations of a report: accuracy over time, and what was measured beside what was predicted. */
#include "report_cells.h"

#include "ohm/stat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMES_MAX = 16, SAME_MAX = 256 };

/* The times of all validations, rising. */
struct times {
    const char *name[TIMES_MAX];
    double t_s[TIMES_MAX];
    int count;
};

static void add_time(struct times *t, const char *name, double t_s)
{
    int at = 0;

    while (at < t->count && t->t_s[at] < t_s)
        at++;
    if ((at < t->count && t->t_s[at] == t_s) || t->count == TIMES_MAX)
        return;
    for (int i = t->count++; i > at; i--) {
        t->name[i] = t->name[i - 1];
        t->t_s[i] = t->t_s[i - 1];
    }
    t->name[at] = t_s > 0 ? name : "fresh";
    t->t_s[at] = t_s;
}

static void find_times(struct times *t, const struct ohm_report *r)
{
    t->count = 0;
    for (int i = 0; i < r->runs; i++)
        for (int k = 0; k < r->run[i].result.times && r->run[i].result.draws > 0; k++)
            add_time(t, r->run[i].times.item[k], r->run[i].result.moment[k].t_s);
}

/* Index of the moment of a run at that time, or -1. */
static int moment_at(const struct ohm_report_run *run, double t_s)
{
    for (int i = 0; i < run->result.times && run->result.draws > 0; i++)
        if (run->result.moment[i].t_s == t_s)
            return i;
    return -1;
}

/* ---- validations that differ in seed, fold or weights alone are one row ---- */

static bool same(const struct ohm_report_run *a, const struct ohm_report_run *b)
{
    return strcmp(a->row.network, b->row.network) == 0 && strcmp(a->row.network_hash, b->row.network_hash) == 0 &&
           strcmp(a->kind, b->kind) == 0 && strcmp(a->recipe, b->recipe) == 0 &&
           strcmp(a->row.chip, b->row.chip) == 0 && strcmp(a->row.device, b->row.device) == 0 &&
           strcmp(a->row.split, b->row.split) == 0 && a->row.folds == b->row.folds &&
           (*a->kind || strcmp(a->weights, b->weights) == 0);
}

struct group {
    const struct ohm_report_run *run[SAME_MAX];
    int count;
};

/* The group that run i begins; none where an earlier one is of it. */
static bool group_of(struct group *g, const struct ohm_report *r, int i)
{
    g->count = 0;
    for (int k = 0; k < r->runs; k++) {
        if (!same(&r->run[i], &r->run[k]))
            continue;
        if (k < i)
            return false;
        if (g->count < SAME_MAX)
            g->run[g->count++] = &r->run[k];
    }
    return true;
}

/* Mean of the group, and its spread: over its validations, or over the hardware of the only one. */
static void average(const struct group *g, double t_s, double *mean, double *sd)
{
    double value[SAME_MAX];
    int n = 0;

    *mean = *sd = NAN;
    for (int i = 0; i < g->count; i++) {
        const int at = moment_at(g->run[i], t_s);

        if (at >= 0) {
            value[n++] = g->run[i]->result.moment[at].mean;
            *sd = g->run[i]->result.moment[at].sd;
        }
    }
    if (n > 0)
        *mean = ohm_mean(value, n);
    if (n > 1)
        *sd = ohm_sd(value, n);
}

static double digital_of(const struct group *g)
{
    double sum = 0;

    for (int i = 0; i < g->count; i++)
        sum += g->run[i]->result.digital;
    return sum / g->count;
}

static void put_label(struct ohm_str *s, const struct group *g)
{
    const struct ohm_report_run *const first = g->run[0];
    const char *const slash = strrchr(first->weights, '/');

    if (*first->kind)
        ohm_str_append(s, first->kind);
    else
        ohm_str_append(s, slash ? slash + 1 : first->weights);
    if (g->count > 1)
        ohm_str_printf(s, ", %d %s", g->count, first->row.folds > 0 ? "seeds and folds" : "trainings");
}

static void put_group(struct ohm_table *t, const struct group *g, const struct times *times)
{
    struct ohm_str label = {0};

    ohm_table_cell(t, g->run[0]->row.network);
    put_label(&label, g);
    ohm_table_cell(t, ohm_str_text(&label));
    t->failed |= label.failed;
    ohm_str_release(&label);
    ohm_table_cell(t, g->run[0]->row.chip[0] ? g->run[0]->row.chip : "-");
    ohm_report_cell_value(t, "acc", digital_of(g));
    for (int k = 0; k < times->count; k++) {
        double mean, sd;

        average(g, times->t_s[k], &mean, &sd);
        ohm_report_cell_spread(t, "acc", mean, sd);
    }
}

static void put_drift(struct ohm_str *s, const struct ohm_report *r, const struct times *times)
{
    struct ohm_table t = {0};
    struct group *const g = ohm_alloc(1, sizeof *g);

    if (!g) {
        s->failed = true;
        return;
    }
    ohm_table_column(&t, "network", false);
    ohm_table_column(&t, "training", false);
    ohm_table_column(&t, "tiles of", false);
    ohm_table_column(&t, "without hardware", true);
    for (int k = 0; k < times->count; k++)
        ohm_table_column(&t, times->name[k], true);
    for (int i = 0; i < r->runs; i++)
        if (group_of(g, r, i))
            put_group(&t, g, times);
    ohm_table_markdown(s, &t);
    ohm_table_release(&t);
    ohm_free(g);
}

/* ---- measured beside predicted ---- */

struct errors {
    int n, known, inside; /* known: with a predicted spread; inside: 90 % interval */
    double sum, squares;
};

static double predicted_sd(const struct ohm_report *r, const struct ohm_report_run *run, int target)
{
    char name[80];
    int at;

    snprintf(name, sizeof name, "%.70s_sd", r->metrics.name[target]);
    at = ohm_metric_names_find(&r->metrics, name);
    return at >= 0 ? run->metric[at] : (double)NAN;
}

/* A row for what a group was measured at and the surrogate had predicted. */
static void put_error(struct ohm_table *t, struct errors *e, const struct ohm_report *r, const struct group *g,
                      double t_s, const char *time)
{
    const struct ohm_report_run *const run = g->run[0];
    const int at = moment_at(run, t_s), target = at >= 0 ? ohm_report_target(r, run, at) : -1;
    struct ohm_str label = {0};
    double mean, spread, error, sd;

    if (target < 0 || isnan(run->metric[target]))
        return;
    average(g, t_s, &mean, &spread);
    error = mean - run->metric[target];
    sd = predicted_sd(r, run, target);
    put_label(&label, g);
    ohm_table_cell(t, run->row.network);
    ohm_table_cell(t, ohm_str_text(&label));
    ohm_table_cell(t, time);
    ohm_report_cell_spread(t, "acc", mean, spread);
    ohm_report_cell_spread(t, "acc", run->metric[target], sd);
    ohm_report_cell_digits(t, error, 2);
    ohm_report_cell_digits(t, error / sd, 1);
    t->failed |= label.failed;
    ohm_str_release(&label);
    e->n++;
    e->sum += error;
    e->squares += error * error;
    e->known += !isnan(sd);
    e->inside += !isnan(sd) && fabs(error) <= 1.645 * sd; /* 1.645: the 95 % quantile of a normal variable */
}

static void put_errors(struct ohm_str *s, const struct ohm_report *r, const struct times *times)
{
    static const char *const names[] = {
        "network", "training", "time", "measured", "predicted", "measured less predicted", "in deviations"};
    struct ohm_table t = {0};
    struct errors e = {0};
    struct group *const g = ohm_alloc(1, sizeof *g);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ohm_table_column(&t, names[i], i > 2);
    for (int i = 0; g && i < r->runs; i++)
        for (int k = 0; group_of(g, r, i) && k < times->count; k++)
            put_error(&t, &e, r, g, times->t_s[k], times->name[k]);
    if (e.n > 0) {
        ohm_str_append(s,
                       "\nBeside what the surrogate had predicted, which is for the training of its own rows: a longer "
                       "one should come out above it.\n\n");
        ohm_table_markdown(s, &t);
        ohm_str_printf(s, "\nMean error %.2f points, RMSE %.2f; ", e.sum / e.n, sqrt(e.squares / e.n));
        if (e.known > 0)
            ohm_str_printf(s, "%d of %d within the predicted 90 %% interval.\n", e.inside, e.known);
        else
            ohm_str_append(s, "no interval was predicted.\n");
    }
    s->failed |= !g;
    ohm_free(g);
    ohm_table_release(&t);
}

void ohm_report_put_runs(struct ohm_str *s, const struct ohm_report *r, bool plots)
{
    struct times times;

    if (r->runs == 0)
        return;
    find_times(&times, r);
    ohm_str_append(
        s, "\n## Trained and measured\n\nTop-1 accuracy in percent of trained networks on simulated hardware, at "
           "times after programming: the mean, and the spread over programmings; over trainings where there "
           "were several.\n\n");
    if (plots && ohm_report_has_drift(r))
        ohm_str_append(s, "![accuracy over time](drift.svg)\n\n");
    put_drift(s, r, &times);
    put_errors(s, r, &times);
}

/* ---- the plot ---- */

bool ohm_report_has_drift(const struct ohm_report *r)
{
    struct times times;

    find_times(&times, r);
    return times.count > 1;
}

/* A line is a group; the axis is logarithmic, with the fresh hardware a step before the first time. */
static void fill_line(const struct group *g, const struct times *times, double *x, double *y, double *low, double *high)
{
    const double first = times->t_s[0] > 0 || times->count < 2 ? times->t_s[0] : times->t_s[1] / 10;

    for (int k = 0; k < times->count; k++) {
        double sd;

        average(g, times->t_s[k], &y[k], &sd);
        x[k] = times->t_s[k] > 0 ? times->t_s[k] : first;
        low[k] = y[k] - sd;
        high[k] = y[k] + sd;
    }
}

enum { LINES_MAX = OHM_CHART_COLOURS };

struct lines {
    struct ohm_series series[LINES_MAX];
    struct ohm_str name[LINES_MAX];
    double x[LINES_MAX][TIMES_MAX], y[LINES_MAX][TIMES_MAX], low[LINES_MAX][TIMES_MAX], high[LINES_MAX][TIMES_MAX];
    struct group group;
    int count;
};

static void add_line(struct lines *l, const struct times *times)
{
    const int i = l->count++;

    ohm_str_printf(&l->name[i], "%s, ", l->group.run[0]->row.network);
    put_label(&l->name[i], &l->group);
    fill_line(&l->group, times, l->x[i], l->y[i], l->low[i], l->high[i]);
    l->series[i] = (struct ohm_series){.name = ohm_str_text(&l->name[i]),
                                       .kind = OHM_SERIES_LINE,
                                       .colour = (i + 1) % OHM_CHART_COLOURS,
                                       .x = l->x[i],
                                       .y = l->y[i],
                                       .low = l->low[i],
                                       .high = l->high[i],
                                       .n = times->count};
}

/* More lines than colours are not drawn: the table has them all. */
void ohm_report_plot_drift(struct ohm_str *s, const struct ohm_report *r)
{
    struct lines *const l = ohm_alloc(1, sizeof *l);
    struct times times;
    struct ohm_chart chart = {.title = "accuracy after programming",
                              .x_label = "time after programming",
                              .y_label = "top-1, %",
                              .log_x = true};

    find_times(&times, r);
    if (!l) {
        s->failed = true;
        return;
    }
    for (int i = 0; i < r->runs && l->count < LINES_MAX; i++)
        if (group_of(&l->group, r, i))
            add_line(l, &times);
    chart.series = l->series;
    chart.count = l->count;
    if (l->count > 0) {
        chart.tick = l->x[0];
        chart.tick_name = times.name;
        chart.ticks = times.count;
    }
    ohm_chart_svg(s, &chart);
    for (int i = 0; i < l->count; i++) {
        s->failed |= l->name[i].failed;
        ohm_str_release(&l->name[i]);
    }
    ohm_free(l);
}
