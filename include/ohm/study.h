/* study.h - one search: its configuration, the loop ask - evaluate - tell - log, and its resumption.
 *
 *   study: kws-64core              # name, unique in the database
 *   space: resnet-kws              # name of a shipped space or a path
 *   task: kws
 *   chip: hermes64                 # name or path
 *   chip_use: { read_mode: 4-phase, schedule: pipelined }
 *   surrogates: [nb201-cifar10-pcm]           # folders, or { file: model.json, target: acc_1d }
 *   strategy: { name: nsga2, population: 100 }
 *   objectives: [ maximize acc_1d, minimize energy_uJ ]
 *   constraints: [ cores <= 64 ]
 *   budget: 10000                  # trials
 *   seed: 1
 *
 * Resuming replays the log: the strategy is asked again for every generation, which gives the same candidates, and is
 * told what the log holds; then the run goes on. */
#ifndef OHM_STUDY_H
#define OHM_STUDY_H

#include "ohm/chip.h"
#include "ohm/doc.h"
#include "ohm/error.h"
#include "ohm/store.h"
#include "ohm/strategy.h"

#include <stdbool.h>
#include <stdint.h>

struct ohm_plan; /* a study's whole configuration, read and checked, with what it names loaded */

struct ohm_study_progress {
    int64_t done, budget, infeasible, failed;
    double best;           /* first objective, user's direction */
    double hypervolume;
    double elapsed_s;
    double stage_s[6];     /* ask, evaluate, tell, log, replay, other: see ohm_study_stages */
};
extern const char *const ohm_study_stages[6];

struct ohm_run_options {
    int jobs;
    /* Called after each generation from the running thread; returning false ends the run after a clean checkpoint
     * (OHM_EINTR). May be NULL. */
    bool (*progress)(void *context, const struct ohm_study_progress *p);
    void *context;
};

#endif
