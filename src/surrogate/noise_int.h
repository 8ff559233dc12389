/* noise_int.h - the ratio of signal to noise at the outputs of a network, from its graph alone.
 *
 * Assumptions, all of them rough (docs/surrogate-features.md says more): weights of a layer are independent draws of a
 * normal distribution that ends at clip_sigma, which is the largest weight of every tile; input ranges are range_sigma
 * deviations of the inputs; the inputs of a layer are normal with one mean and deviation, or what a ReLU makes of that;
 * batch norms and layers give outputs of mean 0 and variance 1; noise is small, and so goes through a ReLU with its
 * slope; what is added is independent; the signal is the same at all positions that a pool takes the mean of, weight
 * errors act on it alike, and noise of converters is fresh at each. */
#ifndef OHM_NOISE_INT_H
#define OHM_NOISE_INT_H

#include "ohm/device.h"
#include "ohm/surrogate.h"

/* Slope and error over weights w[n], of which a share[n] is each; the shares sum to 1 and the largest |w| is taken for
 * the largest of a tile. The device's expected values hold for conductances that were programmed and then read; a tile
 * converts in between (ohm/device.h), which changes the error by a few percent. OHM_ERANGE: the slope is not above 0.
 */
enum ohm_status ohm_weight_error_over(struct ohm_weight_error *out, const struct ohm_moment *moment, const float *w,
                                      const double *share, int n, struct ohm_error *err);

/* Variance that the converters of `parts` tiles add to a sum of `rows` products, over the variance of the sum.
 *   input_power   E x^2 of what varies, the range being 1
 *   weight_power  E w^2, the largest weight being 1
 *   slope         what is left of the weights: the compensation of drift multiplies noise too */
double ohm_converter_noise(const struct ohm_physics *p, double rows, double parts, double input_power,
                           double weight_power, double slope);

enum { NOISE_REACH = 1024 }; /* how far back a layer may read */

struct ohm_noise_estimate {
    bool known; /* false: some layer reads further back */
    struct {
        double snr;        /* variance of the signal over that of the noise, at the outputs */
        double converters; /* share of the noise that is not of weights */
        double worst;      /* the largest noise over signal that one layer adds */
    } time[OHM_PHYSICS_TIMES_MAX];
    double worst_depth; /* where that layer is at the last time, in (0, 1] of the depth */
};
void ohm_noise_estimate(struct ohm_noise_estimate *out, const struct ohm_physics *p, const struct ohm_net *net);

#endif
