/* device_int.h - what the files of the module share: work in blocks of a fixed length, which lets the compiler unroll
 * and vectorise, with the tail of the last block computed and thrown away. */
#ifndef OHM_DEVICE_INT_H
#define OHM_DEVICE_INT_H

#include "ohm/device.h"

enum { DEVICE_BLOCK = 256 };

/* Below this x a logarithm or a power is taken of this. */
#define DEVICE_X_FLOOR 1e-7

/* y = curve(x) of one block; all of x must be finite. */
void curve_block(const struct ohm_curve *curve, double y[DEVICE_BLOCK], const double x[DEVICE_BLOCK]);

/* The standard normal draws first ... first + DEVICE_BLOCK - 1 of a stream. Draw i is a Box-Muller value of block i / 4
 * of the stream (two pairs of 32-bit words; cosine for even i, sine for odd). */
void normal_block(double z[DEVICE_BLOCK], uint64_t first, const struct ohm_rng *stream);

/* Moves the devices that are stuck to where they are. */
void device_stick(const struct ohm_device *device, float *g_uS, float *latent, size_t n, uint64_t first,
                  const struct ohm_rng *stream);

/* Reads the pieces or the table of a curve into *out; its numbers are mixed into device->hash. false: no memory. */
struct ohm_node;
bool curve_read(struct ohm_curve *out, struct ohm_device *device, const char *what, struct ohm_node *node,
                struct ohm_diag *diag);
/* The same for a list of numbers: a polynomial. */
void curve_read_poly(struct ohm_curve *out, struct ohm_device *device, const char *what, const struct ohm_node *node,
                     struct ohm_diag *diag);
/* Takes what changes a result into the hash. */
void device_mix(struct ohm_device *device, const char *what, double value);
/* A number with its bounds, mixed into the hash. */
bool device_number(double *out, struct ohm_device *device, const char *what, const struct ohm_node *node,
                   const double bounds[2], struct ohm_diag *diag);
/* Reads `converter:`; node may be NULL: one pair. */
void converter_read(struct ohm_device *device, struct ohm_node *node, struct ohm_diag *diag);

#endif
