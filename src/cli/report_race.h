/* report_race.h - a study against random search at equal budget: what each had found after so many networks. */
#ifndef OHM_CLI_REPORT_RACE_H
#define OHM_CLI_REPORT_RACE_H

#include "cli_int.h"

enum { OHM_RACE_STEPS_MAX = 40, OHM_RACE_RUNS_MAX = 32 };

/* What was found up to one step. */
struct ohm_race_found {
    double *front; /* [count][objectives], minimised; owned; no row dominates another */
    int count;
    double best;   /* first objective, in the user's direction; NaN: nothing feasible yet */
    double volume; /* share of the box; NaN for one objective */
};

/* Run 0 is the study, run k > 0 random search with the seed of the study + k - 1, on the same problem. */
struct ohm_race {
    int objectives, steps, runs;
    int64_t at[OHM_RACE_STEPS_MAX];       /* networks, rising; the last: all that the study has */
    double ideal[OHM_OBJECTIVES_MAX];     /* the box, minimised: the best of each objective that any run found ... */
    double reference[OHM_OBJECTIVES_MAX]; /* ... and the worst on any front at the end, a tenth of the extent further */
    struct ohm_race_found *found;         /* [runs][steps] */
};

/* The random part of a step over runs 1 ... : nothing where there is none. */
struct ohm_race_range {
    double low, median, high;
};

/* Reads the study and runs random search `runs` times: what the evaluator says of so many networks, and nothing else.
 * Neither jobs nor time show in the result. */
enum ohm_status ohm_race_run(struct ohm_race *race, struct ohm_plan *plan, struct ohm_store *store,
                             const struct ohm_study_row *study, int runs, int jobs, struct ohm_error *err);
void ohm_race_release(struct ohm_race *race);
const struct ohm_race_found *ohm_race_at(const struct ohm_race *race, int run, int step);
/* Of volumes, or of the best where `best`. NaN: no random run has one there. */
struct ohm_race_range ohm_race_random(const struct ohm_race *race, int step, bool best);
/* Networks after which the study first had as large a volume (of one objective: as good a best) as the median of
 * random search at its end; -1: never, or there is no random search. */
int64_t ohm_race_overtaken(const struct ohm_race *race, int sign);

#endif
