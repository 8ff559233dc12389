/* report_compare.c - networks of the study beside baselines, paired by seed. */
#include "report_groups.h"

#include "ohm/stat.h"

#include <math.h>
#include <string.h>

/* One recipe, one hardware: otherwise a difference says nothing of the networks. */
static bool alike(const struct ohm_report_run *a, const struct ohm_report_run *b)
{
    return *a->kind && strcmp(a->kind, b->kind) == 0 && strcmp(a->recipe, b->recipe) == 0 &&
           strcmp(a->settings, b->settings) == 0 && strcmp(a->row.split, b->row.split) == 0 &&
           a->row.folds == b->row.folds;
}

static double ratio(const struct ohm_report *r, const struct ohm_report_group *net,
                    const struct ohm_report_group *baseline, const char *metric)
{
    return ohm_report_group_metric(r, baseline, metric) / ohm_report_group_metric(r, net, metric);
}

/* Differences of the seeds that both have. */
static int pair_up(const struct ohm_report_group *net, const struct ohm_report_group *baseline, double t_s,
                   double *difference)
{
    int64_t seed[2][OHM_REPORT_SAME_MAX];
    double value[2][OHM_REPORT_SAME_MAX];
    const int a = ohm_report_seeds(net, t_s, seed[0], value[0]), b = ohm_report_seeds(baseline, t_s, seed[1], value[1]);
    int n = 0;

    for (int i = 0; i < a; i++)
        for (int k = 0; k < b; k++)
            if (seed[0][i] == seed[1][k]) {
                difference[n++] = value[0][i] - value[1][k];
                break;
            }
    return n;
}

/* Student's interval of the mean of paired differences; one pair has none. */
static void compare(struct ohm_report_comparison *c, const struct ohm_report *r, const struct ohm_report_group *net,
                    const struct ohm_report_group *baseline, double t_s)
{
    double difference[OHM_REPORT_SAME_MAX], half = NAN;
    const int n = pair_up(net, baseline, t_s, difference);

    if (n > 1)
        half = ohm_student_95(n - 1) * ohm_sd(difference, n) / sqrt(n);
    c->net = net->run[0]->row.network;
    c->baseline = baseline->run[0]->row.network;
    c->seeds = n;
    c->difference = n > 0 ? ohm_mean(difference, n) : (double)NAN;
    c->low = c->difference - half;
    c->high = c->difference + half;
    c->steps = ratio(r, net, baseline, "mvm_steps");
    c->latency = ratio(r, net, baseline, "latency_us");
    c->energy = ratio(r, net, baseline, "energy_uJ");
}

bool ohm_report_each_comparison(const struct ohm_report *r, ohm_report_comparison_fn *fn, void *context)
{
    struct ohm_report_group *const g = ohm_alloc(2, sizeof *g); /* a network, a baseline */
    struct ohm_report_comparison c;
    struct ohm_report_times times;
    int goal;

    ohm_report_find_times(&times, r);
    goal = ohm_report_goal_time(r, &times);
    for (int i = 0; g && goal >= 0 && i < r->runs; i++)
        for (int k = 0; r->run[i].of_study && k < r->runs && ohm_report_group_of(&g[0], r, i); k++) {
            if (r->run[k].of_study || !alike(&r->run[i], &r->run[k]) || !ohm_report_group_of(&g[1], r, k))
                continue;
            c.time = times.name[goal];
            compare(&c, r, &g[0], &g[1], times.t_s[goal]);
            if (c.seeds > 0)
                fn(context, &c);
        }
    ohm_free(g);
    return g != NULL;
}
