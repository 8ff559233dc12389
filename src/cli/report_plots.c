/* report_plots.c - the front with what was measured, and the course of the search beside random search. */
#include "study_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SERIES_MAX = 8 };

/* Arrays of one series. */
struct places {
    double *x, *y, *low, *high;
    const char **label;
    int n;
};

struct picture {
    struct ohm_series series[SERIES_MAX];
    struct places places[SERIES_MAX];
    int count;
};

/* The series that is filled next, with room for n points; NULL: no memory. */
static struct places *next(struct picture *p, size_t n)
{
    struct places *const e = &p->places[p->count];

    e->x = ohm_alloc(n, sizeof *e->x);
    e->y = ohm_alloc(n, sizeof *e->y);
    e->low = ohm_alloc(n, sizeof *e->low);
    e->high = ohm_alloc(n, sizeof *e->high);
    e->label = ohm_alloc(n, sizeof *e->label);
    return e->x && e->y && e->low && e->high && e->label ? e : NULL;
}

static void put(struct places *e, double x, double y, double spread, const char *label)
{
    if (!isfinite(x) || !isfinite(y))
        return;
    e->x[e->n] = x;
    e->y[e->n] = y;
    e->low[e->n] = y - spread;
    e->high[e->n] = y + spread;
    e->label[e->n++] = label;
}

static void finish(struct picture *p, const char *name, enum ohm_series_kind kind, int colour)
{
    const struct places *const e = &p->places[p->count];

    p->series[p->count++] = (struct ohm_series){.name = e->n > 0 ? name : NULL,
                                                .kind = kind,
                                                .colour = colour,
                                                .x = e->x,
                                                .y = kind == OHM_SERIES_BAND ? NULL : e->y,
                                                .low = e->low,
                                                .high = e->high,
                                                .label = e->label,
                                                .n = e->n};
}

static void release(struct picture *p)
{
    for (int i = 0; i < SERIES_MAX; i++) {
        ohm_free(p->places[i].x);
        ohm_free(p->places[i].y);
        ohm_free(p->places[i].low);
        ohm_free(p->places[i].high);
        ohm_free(p->places[i].label);
    }
}

/* ---- the front ---- */

/* What the study's own chip says of the row's network: the rows may have been priced on another one. */
static double priced(const struct ohm_report *r, int row, const char *metric)
{
    const int at = ohm_evaluator_find(ohm_plan_evaluator(r->plan), metric);
    struct ohm_genotype g;
    struct ohm_evaluation e;

    if (at < 0 ||
        ohm_genotype_parse(ohm_plan_space(r->plan), &g, ohm_report_cell(&r->rows.csv, row, "genotype"), NULL) !=
            OHM_OK ||
        ohm_evaluate(ohm_plan_evaluator(r->plan), &g, 1, 1, &e, NULL) != OHM_OK)
        return NAN;
    return e.metric[at];
}

static bool put_all_rows(struct picture *p, const struct ohm_report *r)
{
    struct places *const e = next(p, r->rows.path ? (size_t)r->rows.csv.rows : 1);

    for (int i = 0; e && r->rows.path && i < r->rows.csv.rows; i++)
        put(e, priced(r, i, r->objectives.name[1]), ohm_report_number(&r->rows.csv, i, r->objectives.name[0]), NAN,
            NULL);
    finish(p, "measured networks", OHM_SERIES_DOTS, 0);
    return e != NULL;
}

/* The front of the first random run: the first two of its objectives. */
static bool put_random(struct picture *p, const struct ohm_report *r)
{
    const int m = r->race.objectives;
    const struct ohm_race_found *const f = r->race.runs > 1 ? ohm_race_at(&r->race, 1, r->race.steps - 1) : NULL;
    struct places *const e = next(p, f ? (size_t)f->count : 1);

    for (int i = 0; e && f && i < f->count; i++) {
        const double *const row = f->front + (ptrdiff_t)i * m;

        put(e, r->objectives.sign[1] > 0 ? -row[1] : row[1], r->objectives.sign[0] > 0 ? -row[0] : row[0], NAN, NULL);
    }
    finish(p, "front of random search", OHM_SERIES_POINTS, 4);
    return e != NULL;
}

static bool put_front(struct picture *p, const struct ohm_report *r)
{
    struct places *const e = next(p, (size_t)r->nets);
    char sd[80];

    snprintf(sd, sizeof sd, "%.70s_sd", r->objectives.name[0]);
    for (int i = 0; e && i < r->nets; i++)
        put(e, ohm_report_metric(r, &r->net[i], r->objectives.name[1]),
            ohm_report_metric(r, &r->net[i], r->objectives.name[0]), ohm_report_metric(r, &r->net[i], sd), NULL);
    finish(p, "front", r->objectives.count == 2 ? OHM_SERIES_LINE : OHM_SERIES_POINTS, 1);
    return e != NULL;
}

/* The measured value of the first objective; where it is no accuracy, what the chip or the network says. */
static void put_measured(struct places *e, const struct ohm_report *r, const struct ohm_report_net *n, bool named)
{
    double y = NAN, spread = NAN;

    for (int k = 0; k < r->measures.count && n->measured.seeds > 0 && !n->measured.other; k++)
        if (strcmp(r->measures.name[k], r->objectives.name[0]) == 0) {
            y = n->measured.mean[k];
            spread = n->measured.spread[k];
        }
    put(e, ohm_report_metric(r, n, r->objectives.name[1]), y, spread, named ? n->name : NULL);
}

static bool put_found(struct picture *p, const struct ohm_report *r)
{
    struct places *const e = next(p, (size_t)r->nets);

    for (int i = 0; e && i < r->nets; i++)
        put_measured(e, r, &r->net[i], false);
    finish(p, "front, measured", OHM_SERIES_POINTS, 3);
    return e != NULL;
}

static bool put_baselines(struct picture *p, const struct ohm_report *r)
{
    struct places *const e = next(p, (size_t)r->baselines);

    for (int i = 0; e && i < r->baselines; i++)
        put_measured(e, r, &r->baseline[i], true);
    finish(p, "baselines, measured", OHM_SERIES_POINTS, 2);
    return e != NULL;
}

static bool put_knee(struct picture *p, const struct ohm_report *r)
{
    struct places *const e = next(p, 1);

    if (e && r->best_at >= 0)
        put(e, ohm_report_metric(r, &r->net[r->best_at], r->objectives.name[1]),
            ohm_report_metric(r, &r->net[r->best_at], r->objectives.name[0]), NAN, NULL);
    finish(p, "the network shown", OHM_SERIES_POINTS, 5);
    return e != NULL;
}

enum ohm_status ohm_report_plot_front(struct ohm_str *s, const struct ohm_report *r, struct ohm_error *err)
{
    struct picture p = {.count = 0};
    const bool whole = put_all_rows(&p, r) && put_random(&p, r) && put_front(&p, r) && put_found(&p, r) &&
                       put_baselines(&p, r) && put_knee(&p, r);
    const struct ohm_chart chart = {.title = r->study.name,
                                    .x_label = r->objectives.name[1],
                                    .y_label = r->objectives.name[0],
                                    .series = p.series,
                                    .count = p.count,
                                    .log_x = ohm_series_wide(p.series, p.count)};

    if (whole)
        ohm_chart_svg(s, &chart);
    release(&p);
    return whole ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
}

/* ---- the course ---- */

void ohm_report_plot_race(struct ohm_str *s, const struct ohm_report *r)
{
    const bool best = r->objectives.count < 2;
    const int n = r->race.steps;
    double x[OHM_RACE_STEPS_MAX], y[OHM_RACE_STEPS_MAX], median[OHM_RACE_STEPS_MAX], low[OHM_RACE_STEPS_MAX],
        high[OHM_RACE_STEPS_MAX];
    const struct ohm_series series[] = {
        {.name = "random search, lowest to highest",
         .kind = OHM_SERIES_BAND,
         .colour = 0,
         .x = x,
         .low = low,
         .high = high,
         .n = n},
        {.name = "random search, median", .kind = OHM_SERIES_LINE, .colour = 0, .x = x, .y = median, .n = n},
        {.name = r->study.strategy, .kind = OHM_SERIES_LINE, .colour = 1, .x = x, .y = y, .n = n}};
    const bool chance = r->race.runs > 1;
    const struct ohm_chart chart = {.title = r->study.name,
                                    .x_label = "networks asked for",
                                    .y_label = best ? r->objectives.name[0] : "dominated volume, share of the box",
                                    .series = chance ? series : series + 2,
                                    .count = chance ? 3 : 1,
                                    .log_x = true};

    for (int i = 0; i < n; i++) {
        const struct ohm_race_found *const f = ohm_race_at(&r->race, 0, i);
        const struct ohm_race_range range = ohm_race_random(&r->race, i, best);

        x[i] = (double)r->race.at[i];
        y[i] = best ? f->best : f->volume;
        low[i] = range.low;
        median[i] = range.median;
        high[i] = range.high;
    }
    ohm_chart_svg(s, &chart);
}
