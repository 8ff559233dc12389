/* chip_axes_int.h - the table of parameters, for the files of eval. */
#ifndef OHM_CHIP_AXES_INT_H
#define OHM_CHIP_AXES_INT_H

#include "ohm/chip_axes.h"

struct parameter {
    struct ohm_chip_parameter shown;
    /* Gives the chip this value and what goes with it; NULL: an option of the chip's use. */
    enum ohm_status (*put)(struct ohm_chip *chip, double value, struct ohm_error *err);
};

const struct parameter *parameter_at(int i); /* NULL past the last */

#endif
