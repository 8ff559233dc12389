/* report_groups.h - validations that say the same of a network, for another seed or fold: one row of a report. */
#ifndef OHM_CLI_REPORT_GROUPS_H
#define OHM_CLI_REPORT_GROUPS_H

#include "study_report.h"

enum { OHM_REPORT_TIMES_MAX = 16, OHM_REPORT_SAME_MAX = 256 };

/* The times of all validations, rising; the fresh hardware is at 0. */
struct ohm_report_times {
    const char *name[OHM_REPORT_TIMES_MAX];
    double t_s[OHM_REPORT_TIMES_MAX];
    int count;
};
void ohm_report_find_times(struct ohm_report_times *t, const struct ohm_report *r);
/* The time that the first objective speaks of ("acc_1d"), or -1. */
int ohm_report_goal_time(const struct ohm_report *r, const struct ohm_report_times *times);
/* Index of the moment of a run at that time, or -1. */
int ohm_report_moment_at(const struct ohm_report_run *run, double t_s);

/* Of one network, one training recipe and one hardware; they differ in seed, fold or weights. */
struct ohm_report_group {
    const struct ohm_report_run *run[OHM_REPORT_SAME_MAX];
    int count;
};
/* The group that run i begins; false where an earlier one is of it. */
bool ohm_report_group_of(struct ohm_report_group *g, const struct ohm_report *r, int i);
/* Mean of the group at a time, and its spread: over seeds, each the mean of its folds; of a single validation over the
 * hardware. NaN: not known. */
void ohm_report_average(const struct ohm_report_group *g, double t_s, double *mean, double *sd);
/* The seeds with their accuracies at a time, each the mean of its folds: seed[], value[] of OHM_REPORT_SAME_MAX. */
int ohm_report_seeds(const struct ohm_report_group *g, double t_s, int64_t *seed, double *value);
double ohm_report_digital_of(const struct ohm_report_group *g); /* accuracy without hardware */
/* "hardware-aware, 3 trainings". */
void ohm_report_put_training(struct ohm_str *s, const struct ohm_report_group *g);
/* A metric of the network, as the study or its chip has it; NaN: not known. */
double ohm_report_group_metric(const struct ohm_report *r, const struct ohm_report_group *g, const char *name);

/* report_compare.c: a network of the study beside a baseline, both trained by one recipe and measured on one hardware.
 */
struct ohm_report_comparison {
    const char *net, *baseline, *time;
    int seeds;                     /* that both have */
    double difference, low, high;  /* network less baseline, points; the 95 % interval of the mean over seeds */
    double steps, latency, energy; /* of the baseline over those of the network; NaN: not known */
};
typedef void ohm_report_comparison_fn(void *context, const struct ohm_report_comparison *c);
/* Every network with every baseline, at the time of the first objective. false: no memory. */
bool ohm_report_each_comparison(const struct ohm_report *r, ohm_report_comparison_fn *fn, void *context);

#endif
