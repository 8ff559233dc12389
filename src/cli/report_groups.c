/* report_groups.c - validations that say the same of a network, for another seed or fold: one row of a report. */
#include "report_groups.h"

#include "ohm/stat.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_time(struct ohm_report_times *t, const char *name, double t_s)
{
    int at = 0;

    while (at < t->count && t->t_s[at] < t_s)
        at++;
    if ((at < t->count && t->t_s[at] == t_s) || t->count == OHM_REPORT_TIMES_MAX)
        return;
    for (int i = t->count++; i > at; i--) {
        t->name[i] = t->name[i - 1];
        t->t_s[i] = t->t_s[i - 1];
    }
    t->name[at] = t_s > 0 ? name : "fresh";
    t->t_s[at] = t_s;
}

void ohm_report_find_times(struct ohm_report_times *t, const struct ohm_report *r)
{
    t->count = 0;
    for (int i = 0; i < r->runs; i++)
        for (int k = 0; k < r->run[i].result.times && r->run[i].result.draws > 0; k++)
            add_time(t, r->run[i].times.item[k], r->run[i].result.moment[k].t_s);
}

int ohm_report_moment_at(const struct ohm_report_run *run, double t_s)
{
    for (int i = 0; i < run->result.times && run->result.draws > 0; i++)
        if (run->result.moment[i].t_s == t_s)
            return i;
    return -1;
}

int ohm_report_goal_time(const struct ohm_report *r, const struct ohm_report_times *times)
{
    const char *const name = r->objectives.name[0];

    for (int i = 0; i < times->count; i++)
        if (strncmp(name, "acc_", 4) == 0 && strcmp(name + 4, times->name[i]) == 0)
            return i;
    return -1;
}

/* ---- groups ---- */

static bool same(const struct ohm_report_run *a, const struct ohm_report_run *b)
{
    return strcmp(a->row.network, b->row.network) == 0 && strcmp(a->row.network_hash, b->row.network_hash) == 0 &&
           strcmp(a->kind, b->kind) == 0 && strcmp(a->recipe, b->recipe) == 0 &&
           strcmp(a->settings, b->settings) == 0 && strcmp(a->row.chip, b->row.chip) == 0 &&
           strcmp(a->row.device, b->row.device) == 0 && strcmp(a->row.split, b->row.split) == 0 &&
           a->row.folds == b->row.folds && (*a->kind || strcmp(a->weights, b->weights) == 0);
}

bool ohm_report_group_of(struct ohm_report_group *g, const struct ohm_report *r, int i)
{
    g->count = 0;
    for (int k = 0; k < r->runs; k++) {
        if (!same(&r->run[i], &r->run[k]))
            continue;
        if (k < i)
            return false;
        if (g->count < OHM_REPORT_SAME_MAX)
            g->run[g->count++] = &r->run[k];
    }
    return true;
}

/* Does run i begin its seed? Without folds every run does. */
static bool begins(const struct ohm_report_group *g, int i)
{
    for (int k = 0; k < i && g->run[i]->row.folds > 0; k++)
        if (g->run[k]->row.seed == g->run[i]->row.seed)
            return false;
    return true;
}

/* The mean over the folds of the seed that run i begins; NaN: none has this time. */
static double of_seed(const struct ohm_report_group *g, int i, double t_s)
{
    double sum = 0;
    int n = 0;

    for (int k = i; k < g->count; k++) {
        const int at = ohm_report_moment_at(g->run[k], t_s);
        const bool of = k == i || (g->run[k]->row.folds > 0 && g->run[k]->row.seed == g->run[i]->row.seed);

        if (of && at >= 0) {
            sum += g->run[k]->result.moment[at].mean;
            n++;
        }
    }
    return n > 0 ? sum / n : (double)NAN;
}

int ohm_report_seeds(const struct ohm_report_group *g, double t_s, int64_t *seed, double *value)
{
    int n = 0;

    for (int i = 0; i < g->count; i++) {
        const double v = begins(g, i) ? of_seed(g, i, t_s) : (double)NAN;

        if (isnan(v))
            continue;
        seed[n] = g->run[i]->row.seed;
        value[n++] = v;
    }
    return n;
}

void ohm_report_average(const struct ohm_report_group *g, double t_s, double *mean, double *sd)
{
    const int only = g->count == 1 ? ohm_report_moment_at(g->run[0], t_s) : -1;
    int64_t seed[OHM_REPORT_SAME_MAX];
    double value[OHM_REPORT_SAME_MAX];
    const int n = ohm_report_seeds(g, t_s, seed, value);

    *mean = n > 0 ? ohm_mean(value, n) : (double)NAN;
    *sd = n > 1 ? ohm_sd(value, n) : only >= 0 ? g->run[0]->result.moment[only].sd : (double)NAN;
}

double ohm_report_digital_of(const struct ohm_report_group *g)
{
    double sum = 0;

    for (int i = 0; i < g->count; i++)
        sum += g->run[i]->result.digital;
    return sum / g->count;
}

void ohm_report_put_training(struct ohm_str *s, const struct ohm_report_group *g)
{
    const struct ohm_report_run *const first = g->run[0];
    const char *const slash = strrchr(first->weights, '/');
    int seeds = 0;

    for (int i = 0; i < g->count; i++)
        seeds += begins(g, i);
    if (*first->kind)
        ohm_str_append(s, first->kind);
    else
        ohm_str_append(s, slash ? slash + 1 : first->weights);
    if (first->repriced)
        ohm_str_printf(s, ", redundancy %lld", (long long)first->redundancy);
    if (g->count > 1 && first->row.folds > 0)
        ohm_str_printf(s, ", %d trainings, seeds: %d", g->count, seeds);
    else if (g->count > 1)
        ohm_str_printf(s, ", %d trainings", g->count);
}

double ohm_report_group_metric(const struct ohm_report *r, const struct ohm_report_group *g, const char *name)
{
    const struct ohm_report_run *const run = g->run[0];
    const int at = ohm_metric_names_find(&r->metrics, name);
    char shape[17];
    double value;

    if (run->repriced && ohm_cost_metric(&value, run->priced ? &run->cost : NULL, name))
        return value;
    if (at >= 0 && run->of_study)
        return run->metric[at];
    for (int i = 0; i < r->baselines; i++) {
        snprintf(shape, sizeof shape, "%016" PRIx64, r->baseline[i].shape);
        if (strcmp(shape, run->row.network_hash) == 0)
            return ohm_report_metric(r, &r->baseline[i], name);
    }
    return NAN;
}
