/* multicore.h - the numbers of a chip of the model multicore. */
#ifndef OHM_MULTICORE_H
#define OHM_MULTICORE_H

#include "manycore.h"

struct multicore {
    struct manycore common; /* follows from the numbers below, which are as in the file */
    double cores, rows, cols;
    double mvm_ns[2]; /* by enum ohm_read_mode, as core_nJ */
    double clock_MHz;
    double hop_cycles, gdpu_cycles;
    double core_nJ[2], out_pJ, clock_mW, static_mW;
    double chip_mm2, core_mm2, core_mvm_mm2, gdpu_mm2, gdpu_macros;
    double nmpu_ns, nmpu_out_pJ, nmpu_area_ratio;
};

struct mode ohm_multicore_mode(const struct multicore *m, const struct ohm_chip_use *use);

#endif
