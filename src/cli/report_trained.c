/* report_trained.c - what was trained and measured, by the first two objectives: networks of the study and baselines.
 */
#include "report_groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct side {
    double *x, *y, *low, *high;
    const char **label;
    struct ohm_str *text;
    int n;
};

static bool side_init(struct side *e, int room)
{
    const size_t n = (size_t)room;

    e->x = ohm_alloc(n, sizeof *e->x);
    e->y = ohm_alloc(n, sizeof *e->y);
    e->low = ohm_alloc(n, sizeof *e->low);
    e->high = ohm_alloc(n, sizeof *e->high);
    e->label = ohm_alloc(n, sizeof *e->label);
    e->text = ohm_alloc(n, sizeof *e->text);
    return e->x && e->y && e->low && e->high && e->label && e->text;
}

static void side_release(struct side *e)
{
    for (int i = 0; i < e->n; i++)
        ohm_str_release(&e->text[i]);
    ohm_free(e->x);
    ohm_free(e->y);
    ohm_free(e->low);
    ohm_free(e->high);
    ohm_free(e->label);
    ohm_free(e->text);
}

static void add(struct side *e, const struct ohm_report *r, const struct ohm_report_group *g, double t_s)
{
    const int i = e->n;
    double sd;

    e->x[i] = ohm_report_group_metric(r, g, r->objectives.name[1]);
    ohm_report_average(g, t_s, &e->y[i], &sd);
    if (!isfinite(e->x[i]) || !isfinite(e->y[i]))
        return;
    e->low[i] = e->y[i] - sd;
    e->high[i] = e->y[i] + sd;
    ohm_str_printf(&e->text[i], "%s%s", g->run[0]->row.network,
                   strcmp(g->run[0]->kind, "digital") == 0 ? ", digital" : "");
    e->label[i] = ohm_str_text(&e->text[i]);
    e->n++;
}

static struct ohm_series series_of(const struct side *e, const char *name, int colour)
{
    return (struct ohm_series){.name = e->n > 0 ? name : NULL,
                               .kind = OHM_SERIES_POINTS,
                               .colour = colour,
                               .x = e->x,
                               .y = e->y,
                               .low = e->low,
                               .high = e->high,
                               .label = e->label,
                               .n = e->n};
}

static void draw(struct ohm_str *s, const struct ohm_report *r, const struct side *e)
{
    const struct ohm_series series[] = {series_of(&e[1], "baselines", 2),
                                        series_of(&e[0], "networks of the search", 1)};
    const struct ohm_chart chart = {.title = "trained and measured",
                                    .x_label = r->objectives.name[1],
                                    .y_label = r->objectives.name[0],
                                    .series = series,
                                    .count = 2,
                                    .log_x = ohm_series_wide(series, 2)};

    ohm_chart_svg(s, &chart);
}

bool ohm_report_plot_trained(struct ohm_str *s, const struct ohm_report *r)
{
    struct ohm_report_group *const g = ohm_alloc(1, sizeof *g);
    struct side side[2] = {{.n = 0}, {.n = 0}}; /* of the study, baselines */
    const bool whole = g && side_init(&side[0], r->runs) && side_init(&side[1], r->runs);
    struct ohm_report_times times;
    bool any = false;
    int at = -1;

    ohm_report_find_times(&times, r);
    if (r->objectives.count > 1)
        at = ohm_report_goal_time(r, &times);
    for (int i = 0; whole && at >= 0 && i < r->runs; i++)
        if (ohm_report_group_of(g, r, i))
            add(&side[r->run[i].of_study ? 0 : 1], r, g, times.t_s[at]);
    any = side[0].n + side[1].n > 0;
    if (any)
        draw(s, r, side);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < side[k].n; i++)
            s->failed |= side[k].text[i].failed;
        side_release(&side[k]);
    }
    s->failed |= !whole;
    ohm_free(g);
    return any;
}
