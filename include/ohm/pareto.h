/* pareto.h - dominance, non-dominated sorting, crowding distance, hypervolume. All objectives are minimised; a NaN is
 * worse than every number. Rows are value[n][m]. */
#ifndef OHM_PARETO_H
#define OHM_PARETO_H

#include "ohm/error.h"

#include <stdbool.h>

/* a is nowhere worse and somewhere better than b. */
bool ohm_dominates(const double *a, const double *b, int m);

/* Indices of the non-dominated rows, ascending by objective 0 then by index; of equal rows only the first.
 * front[n] has room for all; *count says how many. O(n log n) for m = 2. */
enum ohm_status ohm_pareto_front(const double *value, int n, int m, int *front, int *count, struct ohm_error *err);

/* rank[i]: 0 for the front, 1 for the front without it, ... */
enum ohm_status ohm_pareto_rank(const double *value, int n, int m, int *rank, struct ohm_error *err);

/* Crowding distance (Deb et al. 2002, section III.B) of rows index[count], into distance[count]; ends are infinite. */
enum ohm_status ohm_crowding(const double *value, int m, const int *index, int count, double *distance,
                             struct ohm_error *err);

/* Volume dominated by the rows and bounded by reference[m]; exact for any m (2: sweep, else recursive slicing). */
enum ohm_status ohm_hypervolume(const double *value, int n, int m, const double *reference, double *volume,
                                struct ohm_error *err);

/* The knee: of rows scaled to [0,1] by their own extremes, the index nearest to the ideal point. n >= 1. */
int ohm_pareto_knee(const double *value, int n, int m);

#endif
