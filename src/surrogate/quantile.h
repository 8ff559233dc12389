/* quantile.h - a target on a scale from 0 to 1 that rises with it, such as the share of measured values below, and
 * back. */
#ifndef OHM_QUANTILE_H
#define OHM_QUANTILE_H

enum { KNOTS_MAX = 129 };

/* knot[n]: the quantiles 0, 1/(n-1), ... 1 of value[count], which is sorted in place. n >= 2. */
void ohm_quantile_knots(double *knot, int n, double *value, int count);
/* From quantiles to knots that lie evenly on the scale
 *     weight * share of values below + (1 - weight) * (value - knot[0]) / (knot[n-1] - knot[0]).
 * Weight 1 leaves the quantiles, 0 makes the scale that of the value itself. knot[0] < knot[n-1]; n <= KNOTS_MAX. */
void ohm_quantile_blend(double *knot, int n, double weight);
/* Piecewise linear, rising: in [0, 1] within the knots. Where several knots are equal, the middle of their shares. */
double ohm_quantile_share(const double *knot, int n, double value);
/* The other way; outside [0, 1] the end segments go on. */
double ohm_quantile_value(const double *knot, int n, double share);

#endif
