/* report_course.c - the course of a study beside random search, as Markdown. */
#include "report_cells.h"

#include <math.h>
#include <stdio.h>

/* A volume has four digits, whatever it is. */
static void put_figure(struct ohm_str *s, const char *name, double value)
{
    if (*name)
        ohm_report_put_value(s, name, value);
    else
        ohm_str_printf(s, "%.4f", value);
}

static void put_random(struct ohm_str *s, const struct ohm_report *r, const char *name)
{
    const struct ohm_race_range range = ohm_race_random(&r->race, r->race.steps - 1, *name != '\0');
    const int64_t overtaken = ohm_race_overtaken(&r->race, r->objectives.sign[0]);

    if (isnan(range.median))
        return;
    ohm_str_append(s, " Random search with as many networks came to ");
    put_figure(s, name, range.median);
    ohm_str_append(s, " (");
    put_figure(s, name, range.low);
    ohm_str_append(s, " to ");
    put_figure(s, name, range.high);
    ohm_str_printf(s, " over %d seeds), which the study ", r->race.runs - 1);
    if (overtaken >= 0) {
        ohm_str_append(s, "had after ");
        ohm_report_put_count(s, overtaken);
        ohm_str_append(s, ".");
    } else {
        ohm_str_append(s, "did not reach.");
    }
}

void ohm_report_put_summary(struct ohm_str *s, const struct ohm_report *r)
{
    const bool one = r->objectives.count < 2;
    const char *const name = one ? r->objectives.name[0] : "";
    const struct ohm_race_found *const f = ohm_race_at(&r->race, 0, r->race.steps - 1);

    ohm_report_put_count(s, r->study.trials);
    ohm_str_printf(s, " networks of `%s` were asked for by `%s`", r->study.space, r->study.strategy);
    if (one)
        ohm_str_printf(s, "; the best has `%s` = ", name);
    else
        ohm_str_printf(s, "; %d of them are on the front, which dominates ", r->nets);
    put_figure(s, name, one ? f->best : f->volume);
    ohm_str_append(s, one ? "." : " of the box described below.");
    put_random(s, r, name);
    ohm_str_append(s, "\n\n");
}

/* ---- the section ---- */

static void put_box(struct ohm_str *s, const struct ohm_report *r)
{
    ohm_str_append(
        s, "The volume that a front dominates, as a share of the box between the best that any of the runs found "
           "and a reference point a tenth of the extent beyond the worst on their fronts:");
    for (int k = 0; k < r->race.objectives; k++) {
        const int sign = r->objectives.sign[k] > 0 ? -1 : 1;

        ohm_str_printf(s, "%s `%s` from ", k ? "," : "", r->objectives.name[k]);
        ohm_report_put_value(s, r->objectives.name[k], sign * r->race.ideal[k]);
        ohm_str_append(s, " to ");
        ohm_report_put_value(s, r->objectives.name[k], sign * r->race.reference[k]);
    }
    ohm_str_append(s, ".\n\n");
}

static void cell_range(struct ohm_table *t, const char *name, const struct ohm_race_range *range)
{
    struct ohm_str s = {0};

    put_figure(&s, name, range->median);
    ohm_str_append(&s, " (");
    put_figure(&s, name, range->low);
    ohm_str_append(&s, " to ");
    put_figure(&s, name, range->high);
    ohm_str_append(&s, ")");
    ohm_table_cell(t, isnan(range->median) ? "-" : ohm_str_text(&s));
    t->failed |= s.failed;
    ohm_str_release(&s);
}

static void put_race_table(struct ohm_str *s, const struct ohm_report *r)
{
    const bool volumes = r->objectives.count > 1, chance = r->race.runs > 1;
    const char *const name = r->objectives.name[0];
    struct ohm_table t = {0};
    char text[160];

    ohm_table_column(&t, "networks", true);
    if (volumes) {
        ohm_table_column(&t, "volume, study", true);
        if (chance)
            ohm_table_column(&t, "volume, random", true);
    }
    snprintf(text, sizeof text, "best %.100s, study", name);
    ohm_table_column(&t, text, true);
    snprintf(text, sizeof text, "best %.100s, random", name);
    if (chance)
        ohm_table_column(&t, text, true);
    for (int i = 0; i < r->race.steps; i++) {
        const struct ohm_race_found *const f = ohm_race_at(&r->race, 0, i);
        const struct ohm_race_range volume = ohm_race_random(&r->race, i, false),
                                    best = ohm_race_random(&r->race, i, true);

        if (r->race.at[i] < 10 && i < r->race.steps - 1)
            continue; /* the first few are chance alone */
        ohm_report_cell_count(&t, r->race.at[i]);
        if (volumes) {
            ohm_report_cell_digits(&t, f->volume, 4);
            if (chance)
                cell_range(&t, "", &volume);
        }
        ohm_report_cell_value(&t, name, f->best);
        if (chance)
            cell_range(&t, name, &best);
    }
    ohm_table_markdown(s, &t);
    ohm_table_release(&t);
}

void ohm_report_put_race(struct ohm_str *s, const struct ohm_report *r, bool plots)
{
    ohm_str_append(s, r->race.runs > 1 ? "\n## Against random search\n\n" : "\n## Course\n\n");
    if (r->race.runs > 1)
        ohm_str_printf(
            s,
            "Random search had the same space, constraints and surrogate, and as many networks; %d runs, seeds "
            "%lld to %lld: median, and the lowest to the highest.\n\n",
            r->race.runs - 1, (long long)r->study.seed, (long long)(r->study.seed + r->race.runs - 2));
    if (r->objectives.count > 1)
        put_box(s, r);
    if (plots)
        ohm_str_append(s, "![what had been found after so many networks](course.svg)\n\n");
    put_race_table(s, r);
}
