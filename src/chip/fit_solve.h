/* fit_solve.h - small symmetric systems: what a fit of a few numbers needs. Matrices are [n][n] by rows, n at most
 * FIT_MAX. */
#ifndef OHM_FIT_SOLVE_H
#define OHM_FIT_SOLVE_H

#include <stdbool.h>

enum { FIT_MAX = 24 };

/* x with a x = b for a positive definite a, which is overwritten by its factor; x may be b. false: a is not. */
bool ohm_fit_solve(double *x, double *a, const double *b, int n);
/* inverse[n][n] of a positive definite a. false: a is not. */
bool ohm_fit_invert(double *inverse, const double *a, int n);
/* The smallest eigenvalue of a, with its vector of length 1 (cyclic Jacobi rotations). */
double ohm_fit_smallest(double *vector, const double *a, int n);

#endif
