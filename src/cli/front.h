/* front.h - the Pareto front of a study. */
#ifndef OHM_CLI_FRONT_H
#define OHM_CLI_FRONT_H

#include "cli_int.h"

struct ohm_front {
    struct ohm_objective_names objectives;
    double *value;   /* [n][objectives.count], as logged */
    int64_t *number; /* [n], of the trial */
    int64_t n;
    int *index; /* [count]: rows of the front, by the first objective, best first */
    int count;
    int knee; /* index in index[], or -1 */
};

/* `objectives` NULL: those of the study. OHM_EUNFIT: no feasible trial. */
enum ohm_status ohm_front_load(struct ohm_cli *cli, struct ohm_front *f, struct ohm_store *store, int64_t study,
                               const char *objectives, const char *where, const struct ohm_metric_names *names,
                               struct ohm_error *err);
void ohm_front_release(struct ohm_front *f);

#endif
