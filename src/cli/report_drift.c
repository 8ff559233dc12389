/* report_drift.c - the validations of a report: accuracy over time, and what was measured beside what was predicted. */
#include "report_cells.h"
#include "report_groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const cost[] = {"params", "cores", "mvm_steps", "latency_us", "energy_uJ"};
enum { COSTS = sizeof cost / sizeof *cost };

static void put_group(struct ohm_table *t, const struct ohm_report *r, const struct ohm_report_group *g,
                      const struct ohm_report_times *times)
{
    struct ohm_str label = {0};

    ohm_table_cell(t, g->run[0]->row.network);
    ohm_report_put_training(&label, g);
    ohm_table_cell(t, ohm_str_text(&label));
    t->failed |= label.failed;
    ohm_str_release(&label);
    for (int i = 0; i < COSTS; i++)
        ohm_report_cell_value(t, cost[i], ohm_report_group_metric(r, g, cost[i]));
    ohm_report_cell_value(t, "acc", ohm_report_digital_of(g));
    for (int k = 0; k < times->count; k++) {
        double mean, sd;

        ohm_report_average(g, times->t_s[k], &mean, &sd);
        ohm_report_cell_spread(t, "acc", mean, sd);
    }
}

static void put_drift(struct ohm_str *s, const struct ohm_report *r, const struct ohm_report_times *times)
{
    struct ohm_table t = {0};
    struct ohm_report_group *const g = ohm_alloc(1, sizeof *g);

    if (!g) {
        s->failed = true;
        return;
    }
    ohm_table_column(&t, "network", false);
    ohm_table_column(&t, "training", false);
    for (int i = 0; i < COSTS; i++)
        ohm_table_column(&t, cost[i], true);
    ohm_table_column(&t, "without hardware", true);
    for (int k = 0; k < times->count; k++)
        ohm_table_column(&t, times->name[k], true);
    for (int i = 0; i < r->runs; i++)
        if (ohm_report_group_of(g, r, i))
            put_group(&t, r, g, times);
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
static void put_error(struct ohm_table *t, struct errors *e, const struct ohm_report *r,
                      const struct ohm_report_group *g, double t_s, const char *time)
{
    const struct ohm_report_run *const run = g->run[0];
    const int at = ohm_report_moment_at(run, t_s), target = at >= 0 ? ohm_report_target(r, run, at) : -1;
    struct ohm_str label = {0};
    double mean, spread, error, sd;

    if (target < 0 || isnan(run->metric[target]))
        return;
    ohm_report_average(g, t_s, &mean, &spread);
    error = mean - run->metric[target];
    sd = predicted_sd(r, run, target);
    ohm_report_put_training(&label, g);
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

static void put_errors(struct ohm_str *s, const struct ohm_report *r, const struct ohm_report_times *times)
{
    static const char *const names[] = {
        "network", "training", "time", "measured", "predicted", "measured less predicted", "in deviations"};
    struct ohm_table t = {0};
    struct errors e = {0};
    struct ohm_report_group *const g = ohm_alloc(1, sizeof *g);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ohm_table_column(&t, names[i], i > 2);
    for (int i = 0; g && i < r->runs; i++)
        for (int k = 0; ohm_report_group_of(g, r, i) && k < times->count; k++)
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

/* ---- beside the baselines ---- */

static void put_ratio(struct ohm_table *t, double ratio)
{
    struct ohm_str s = {0};

    ohm_str_printf(&s, isnan(ratio) ? "-" : "%.2f times", ratio);
    ohm_table_cell(t, ohm_str_text(&s));
    t->failed |= s.failed;
    ohm_str_release(&s);
}

static void put_comparison(void *context, const struct ohm_report_comparison *c)
{
    struct ohm_table *const t = context;
    struct ohm_str interval = {0};

    if (c->seeds > 1)
        ohm_str_printf(&interval, "%.2f to %.2f", c->low, c->high);
    else
        ohm_str_append(&interval, "-");
    ohm_table_cell(t, c->net);
    ohm_table_cell(t, c->baseline);
    ohm_report_cell_count(t, c->seeds);
    ohm_report_cell_digits(t, c->difference, 2);
    ohm_table_cell(t, ohm_str_text(&interval));
    ohm_table_cell(t, c->low > 0 ? "better" : c->high < 0 ? "worse" : "open");
    put_ratio(t, c->steps);
    put_ratio(t, c->latency);
    put_ratio(t, c->energy);
    t->failed |= interval.failed;
    ohm_str_release(&interval);
}

static void put_comparisons(struct ohm_str *s, const struct ohm_report *r, const struct ohm_report_times *times)
{
    static const char *const names[] = {"network", "baseline",    "seeds",  "difference, points", "95 % interval",
                                        "at 5 %",  "fewer steps", "faster", "less energy"};
    const int goal = ohm_report_goal_time(r, times);
    struct ohm_table t = {0};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ohm_table_column(&t, names[i], i > 1);
    s->failed |= !ohm_report_each_comparison(r, put_comparison, &t);
    if (t.cells > 0) {
        ohm_str_printf(
            s,
            "\nAgainst the baselines, `%s`, trained by the same recipe and measured on the same hardware: paired by "
            "seed, with Student's interval of the mean difference.\n\n",
            goal >= 0 ? times->name[goal] : "");
        ohm_table_markdown(s, &t);
    }
    ohm_table_release(&t);
}

/* Those that write_folder makes. */
static void put_pictures(struct ohm_str *s, const struct ohm_report *r)
{
    struct ohm_str picture = {0};

    if (ohm_report_plot_trained(&picture, r))
        ohm_str_append(s, "![what was trained and measured](trained.svg)\n\n");
    if (ohm_report_has_drift(r))
        ohm_str_append(s, "![accuracy over time](drift.svg)\n\n");
    s->failed |= picture.failed;
    ohm_str_release(&picture);
}

void ohm_report_put_runs(struct ohm_str *s, const struct ohm_report *r, bool plots)
{
    struct ohm_report_times times;

    if (r->runs == 0 && r->paireds == 0)
        return;
    ohm_report_find_times(&times, r);
    ohm_str_append(
        s, "\n## Trained and measured\n\nTop-1 accuracy in percent of trained networks on simulated hardware, at "
           "times after programming: the mean, and the spread over programmings; over trainings where there "
           "were several.\n\n");
    if (plots)
        put_pictures(s, r);
    if (r->runs > 0)
        put_drift(s, r, &times);
    put_comparisons(s, r, &times);
    ohm_report_put_paired(s, r);
    put_errors(s, r, &times);
}

/* ---- the plot ---- */

bool ohm_report_has_drift(const struct ohm_report *r)
{
    struct ohm_report_times times;

    ohm_report_find_times(&times, r);
    return times.count > 1;
}

/* A line is a group; the axis is logarithmic, with the fresh hardware a step before the first time. */
static void fill_line(const struct ohm_report_group *g, const struct ohm_report_times *times, double *x, double *y,
                      double *low, double *high)
{
    const double first = times->t_s[0] > 0 || times->count < 2 ? times->t_s[0] : times->t_s[1] / 10;

    for (int k = 0; k < times->count; k++) {
        double sd;

        ohm_report_average(g, times->t_s[k], &y[k], &sd);
        x[k] = times->t_s[k] > 0 ? times->t_s[k] : first;
        low[k] = y[k] - sd;
        high[k] = y[k] + sd;
    }
}

enum { LINES_MAX = OHM_CHART_COLOURS };

struct lines {
    struct ohm_series series[LINES_MAX];
    struct ohm_str name[LINES_MAX];
    double x[LINES_MAX][OHM_REPORT_TIMES_MAX], y[LINES_MAX][OHM_REPORT_TIMES_MAX], low[LINES_MAX][OHM_REPORT_TIMES_MAX],
        high[LINES_MAX][OHM_REPORT_TIMES_MAX];
    struct ohm_report_group group;
    int count;
};

static void add_line(struct lines *l, const struct ohm_report_times *times)
{
    const int i = l->count++;

    ohm_str_printf(&l->name[i], "%s, ", l->group.run[0]->row.network);
    ohm_report_put_training(&l->name[i], &l->group);
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
    struct ohm_report_times times;
    struct ohm_chart chart = {.title = "accuracy after programming",
                              .x_label = "time after programming",
                              .y_label = "top-1, %",
                              .log_x = true};

    ohm_report_find_times(&times, r);
    if (!l) {
        s->failed = true;
        return;
    }
    for (int i = 0; i < r->runs && l->count < LINES_MAX; i++)
        if (ohm_report_group_of(&l->group, r, i))
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
