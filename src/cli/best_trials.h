/* best_trials.h - the K best trials of a study by all of its objectives. */
#ifndef OHM_CLI_BEST_TRIALS_H
#define OHM_CLI_BEST_TRIALS_H

#include "cli_int.h"

/* trial[k] gets the numbers of the *count <= k best feasible trials, best first. With one objective the best are the
 * best by it; with several they are the front, then the front of the rest, and so on. Where the last of these fronts is
 * larger than what is left of k, those stay that lie furthest from their neighbours (crowding distance of NSGA-II), so
 * that its ends are among them. */
enum ohm_status ohm_best_trials(int64_t *trial, int *count, struct ohm_store *store, int64_t study,
                                const struct ohm_objective_names *objectives, int k, struct ohm_error *err);

#endif
