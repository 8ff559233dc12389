/* stat.h - mean, spread, quantiles, intervals, rank correlation. n is the number of values; nothing is NaN unless said.
 */
#ifndef OHM_STAT_H
#define OHM_STAT_H

#include "ohm/error.h"
#include "ohm/rng.h"

double ohm_mean(const double *x, int n);
double ohm_sd(const double *x, int n); /* sample standard deviation (n - 1); 0 for n = 1 */
/* Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996). Sorts x in place. */
double ohm_quantile_in_place(double *x, int n, double q);

/* Kendall's tau-b (ties counted as usual), O(n log n). NaN when one side is constant. */
enum ohm_status ohm_kendall(double *tau, const double *x, const double *y, int n, struct ohm_error *err);
enum ohm_status ohm_spearman(double *rho, const double *x, const double *y, int n, struct ohm_error *err);
double ohm_rmse(const double *x, const double *y, int n);
/* Share of the k largest of x that are also among the k largest of y; ties by index. */
enum ohm_status ohm_top_k_overlap(double *share, const double *x, const double *y, int n, int k, struct ohm_error *err);

/* rank[n] from 0 in ascending order; equal values share the mean of their ranks. */
enum ohm_status ohm_ranks(double *rank, const double *x, int n, struct ohm_error *err);

/* Interval of the mean of x by percentile bootstrap with `draws` resamples, at the given level (0.95). */
enum ohm_status ohm_bootstrap_mean(double *low, double *high, const double *x, int n, int draws, double level,
                                   struct ohm_rng *rng, struct ohm_error *err);
/* Wilson score interval of a proportion of `hits` out of n at level 0.95. */
void ohm_wilson(double *low, double *high, double hits, double n);
/* The z below which a standard normal variable lies with probability p, 0 < p < 1. */
double ohm_normal_quantile(double p);

#endif
