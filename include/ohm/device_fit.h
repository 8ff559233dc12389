/* device_fit.h - a device of the model power_law from the user's own measurement.
 *
 * The table has one row a read, columns in any order, others are passed over:
 *   device       any text that names the device
 *   g_target_uS  what it was programmed to, >= 0
 *   t_s          time since programming, > 0; the earliest of the table is t0, and every device is read then (10 %)
 *   g_uS         what was read
 * Each target needs three devices, each with reads at two times or more; of three or more, read noise is told from
 * drift. */
#ifndef OHM_DEVICE_FIT_H
#define OHM_DEVICE_FIT_H

#include "ohm/csv.h"
#include "ohm/error.h"
#include "ohm/str.h"

struct ohm_device_fit {
    const char *name; /* of the device */
    double g_max_uS;  /* 0: the largest target */
    double t_read_s;  /* > 0: length of a read */
    int degree;       /* of the polynomial of the programming error, 1 to 5; below the number of targets */
};

/* Appends the file of a device: programming error as a polynomial, drift exponents and Q as tables over the targets;
 * what was found for each target stands above it as a comment.
 * OHM_EDATA, with file and line: too few devices, targets or times, a number that is none; OHM_ERANGE: a target above
 * g_max. */
enum ohm_status ohm_device_fit(struct ohm_str *yaml, const struct ohm_csv *table, const struct ohm_device_fit *options,
                               struct ohm_error *err);

#endif
