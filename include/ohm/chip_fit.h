/* chip_fit.h - numbers of a chip from networks whose latency or energy was measured on it. */
#ifndef OHM_CHIP_FIT_H
#define OHM_CHIP_FIT_H

#include "ohm/chip.h"

enum { OHM_CHIP_FIT_MAX = 24, OHM_CHIP_SAMPLES_MAX = 100000 };

/* One network and what was measured; NaN: not measured. */
struct ohm_chip_sample {
    const struct ohm_net *net;
    double latency_us, energy_uJ; /* > 0 */
};

enum ohm_chip_figure { OHM_FIT_LATENCY, OHM_FIT_ENERGY, OHM_FIT_FIGURES };

/* How far the model is off, relative to what was measured: (model - measured) / measured. */
struct ohm_chip_residual {
    int n;                   /* measurements; the rest holds for n > 0 */
    double rms, mean, worst; /* worst: the one furthest from 0 */
    int worst_at;            /* index of its sample */
};
/* OHM_ERANGE: a network that cannot be priced, or a measurement that is not > 0; err says which sample. */
enum ohm_status ohm_chip_residuals(struct ohm_chip_residual residual[OHM_FIT_FIGURES], const struct ohm_chip *chip,
                                   const struct ohm_chip_use *use, const struct ohm_chip_sample *sample, int n,
                                   struct ohm_error *err);

struct ohm_chip_fitted {
    int number; /* its index on the chip */
    double start, value;
    double error; /* standard error, latencies and energies each with their own spread; NaN: at a bound, or as many
                     measurements as numbers */
    bool at_min, at_max; /* the data would have it beyond the range of the number */
    int with;           /* the other fitted number (index in the list of those) whose error goes with this one's most */
    double correlation; /* of the two errors; NaN: there is no other */
};

struct ohm_chip_fit {
    struct ohm_chip_fitted number[OHM_CHIP_FIT_MAX];
    int numbers;
    int measurements; /* latencies and energies together */
    struct ohm_chip_residual before[OHM_FIT_FIGURES], after[OHM_FIT_FIGURES];
    double left_out[OHM_FIT_FIGURES]; /* rms of the relative error that a measurement has under a fit to all others, to
                                         first order; NaN: as many measurements as numbers, or none of this figure */
};

/* Fits the numbers (indices on the chip, each once) by least squares of the relative residuals within the ranges of the
 * numbers, and puts them into the chip. The cost model itself is differentiated. `use` says how the chip was used while
 * it was measured.
 * OHM_ECONFIG: a number that counts something, one named twice, none at all; one that no measurement depends on; some
 * that the measurements cannot tell apart, with their names; OHM_ERANGE: fewer measurements than numbers, a network
 * that cannot be priced. The chip is then as it was. */
enum ohm_status ohm_chip_fit(struct ohm_chip *chip, struct ohm_chip_fit *fit, const struct ohm_chip_use *use,
                             const struct ohm_chip_sample *sample, int n, const int *number, int numbers,
                             struct ohm_error *err);

/* Appends the chip's file with its present values of these numbers in place of those that it was read with, and with
 * their names and `source` beside them as fitted; all else, comments too, stays. name NULL: that of the chip.
 * OHM_ECONFIG: a place of the file that cannot be changed this way (a block in braces, an alias). */
enum ohm_status ohm_chip_write(struct ohm_str *s, const struct ohm_chip *chip, const char *name, const char *source,
                               const int *number, int numbers, struct ohm_error *err);

#endif
