/* energy_counter.h - the energy counters of a processor, as Linux shows them (RAPL): one folder a package with a count
 * of microjoules that begins anew at a range. On many systems only root may read them. */
#ifndef OHM_CLI_ENERGY_COUNTER_H
#define OHM_CLI_ENERGY_COUNTER_H

#include "ohm/error.h"

#include <stdbool.h>

#define OHM_ENERGY_COUNTERS "/sys/class/powercap"

enum { OHM_ENERGY_PACKAGES_MAX = 64, OHM_ENERGY_PATH = 512 };

struct ohm_energy_counter {
    char path[OHM_ENERGY_PACKAGES_MAX][OHM_ENERGY_PATH]; /* of energy_uj */
    double range_uJ[OHM_ENERGY_PACKAGES_MAX];            /* where a count begins anew; 0: not known */
    double last_uJ[OHM_ENERGY_PACKAGES_MAX];
    int packages;
};

/* Finds the packages below a folder. OHM_ENOTFOUND: there are none; OHM_EIO: there are, but they cannot be read. */
enum ohm_status ohm_energy_open(struct ohm_energy_counter *counter, const char *folder, struct ohm_error *err);
/* Energy of all packages since open or the last call, in uJ: ask more often than a count begins anew (minutes). */
enum ohm_status ohm_energy_spent(struct ohm_energy_counter *counter, double *uJ, struct ohm_error *err);

#endif
