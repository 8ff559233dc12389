/* gp.h - Gaussian process regression of few rows, predicted at many candidates.
 *
 * Rasmussen and Williams, Gaussian Processes for Machine Learning (MIT Press 2006), algorithm 2.1, with a Matern 5/2
 * kernel of one length scale over all features (eq. 4.17), noise, and both chosen by the marginal likelihood (eq. 2.30)
 * from a grid. Features are expected to be of comparable spread (mean 0, variance 1), targets likewise.
 *
 * Rows are added one at a time, and a pool of candidates keeps what it has computed for the rows so far: one more row
 * costs O(rows) a candidate. A row may be added before its target is known; until then it counts as measured exactly as
 * predicted, which lowers the uncertainty around it and moves no mean (Desautels et al., JMLR 15, 2014). */
#ifndef OHM_GP_H
#define OHM_GP_H

#include "ohm/error.h"

struct ohm_gp;

/* For at most `rows_max` rows of `features` numbers; both >= 1. */
enum ohm_status ohm_gp_create(struct ohm_gp **out, int features, int rows_max, struct ohm_error *err);
void ohm_gp_free(struct ohm_gp *gp);
int ohm_gp_rows(const struct ohm_gp *gp);

/* Forgets all rows; length scale and noise stay. */
void ohm_gp_clear(struct ohm_gp *gp);
/* One more row x[features]; fewer than rows_max are there. */
void ohm_gp_add(struct ohm_gp *gp, const float *x);
/* The targets z[n] of the first n rows, replacing all earlier ones. */
void ohm_gp_set_targets(struct ohm_gp *gp, const double *z, int n);
/* Chooses length scale and noise anew. Only rows with targets count, and of these at most 256, evenly spread. */
enum ohm_status ohm_gp_fit(struct ohm_gp *gp, struct ohm_error *err);
double ohm_gp_length(const struct ohm_gp *gp);
double ohm_gp_noise(const struct ohm_gp *gp); /* variance, of a signal variance of 1 */

/* Candidates whose features do not change. Memory: 8 bytes a candidate and row. */
struct ohm_gp_pool;
/* Copies x[n][features]. */
enum ohm_status ohm_gp_pool_create(struct ohm_gp_pool **out, const float *x, int n, int features,
                                   struct ohm_error *err);
void ohm_gp_pool_free(struct ohm_gp_pool *pool);

/* mean[n] and standard deviation sd[n] (without the noise) at every candidate of the pool, which belongs to this gp
 * from its first use on. The result does not depend on jobs. */
enum ohm_status ohm_gp_predict(const struct ohm_gp *gp, struct ohm_gp_pool *pool, float *mean, float *sd, int jobs,
                               struct ohm_error *err);

#endif
