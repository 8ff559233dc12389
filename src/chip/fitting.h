/* fitting.h - a fit of numbers of a chip while it goes on. */
#ifndef OHM_FITTING_H
#define OHM_FITTING_H

#include "fit_solve.h"

#include "ohm/chip_fit.h"

/* A measurement: row[m] of the system. */
struct row {
    int sample, figure;
    double measured;
};

struct fitting {
    struct ohm_chip *chip; /* a copy */
    const struct ohm_chip_use *use;
    const struct ohm_chip_sample *sample;
    int n, m, p;
    struct row *row;       /* [m], by sample */
    double *r, *other, *j; /* [m], [m], [m][p]: residuals, those of another point, Jacobian */
    const int *number;     /* [p] */
    double x[FIT_MAX], min[FIT_MAX], max[FIT_MAX], scale[FIT_MAX], gradient[FIT_MAX];
    double normal[FIT_MAX * FIT_MAX]; /* of columns of length 1 */
};

/* The numbers that may move: their indices in list[], how many returned; and their part of the normal matrix. */
int ohm_fitting_free(const struct fitting *f, int *list, double *a);
/* Values, bounds, errors and what is left out; the rest of *fit stays. */
void ohm_fitting_report(const struct fitting *f, struct ohm_chip_fit *fit);

#endif
