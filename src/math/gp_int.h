/* gp_int.h - what the model and the pool of candidates share. */
#ifndef OHM_GP_INT_H
#define OHM_GP_INT_H

#include "ohm/gp.h"

#include <stdint.h>

struct ohm_gp {
    int features, rows_max;
    int rows, targets;
    uint64_t version; /* moves on when the kernel changes */
    uint64_t epoch;   /* moves on when the rows are forgotten */
    double length, noise;
    double scale;       /* signal variance, from the targets */
    float *x;           /* [rows_max][features] */
    double *factor;     /* [rows_max][rows_max], lower Cholesky factor of K + noise I */
    double *innovation; /* [rows_max] factor^-1 z; 0 for rows without a target */
    double *target;     /* [rows_max] */
};

/* Matern 5/2 at the squared distance d2, for 1 / (features length^2): s = sqrt(5 d2 / l^2), (1 + s + s^2 / 3) exp(-s).
 * Plain arithmetic only, so that the compiler may work on several candidates at once and every machine gets the same
 * bits; exp(-s) to 2e-7 by 2^n times the Taylor series of the remainder. */
static inline float ohm_gp_kernel(float d2, float inverse)
{
    const float s = __builtin_sqrtf(5 * d2 * inverse);
    const float bounded = s < 80 ? s : 80;                     /* exp(-80) is 1e-35, still a normal number */
    const float shifted = bounded * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: rounds to an integer */
    const float n = shifted - 12582912.0f;
    const float r = n * 0.693359375f - bounded - n * 2.12194440e-4f; /* ln 2 in two parts (Cody and Waite) */
    const float series =
        1 + r * (1 + r * (0.5f + r * (1 / 6.0f + r * (1 / 24.0f + r * (1 / 120.0f + r * (1 / 720.0f))))));
    union {
        int32_t bits;
        float value;
    } power;

    power.bits = (127 - (int32_t)n) * (1 << 23); /* 2^-n */
    return (1 + bounded + bounded * bounded * (1 / 3.0f)) * series * power.value;
}

static inline float ohm_gp_inverse(const struct ohm_gp *gp)
{
    return (float)(1 / (gp->features * gp->length * gp->length));
}

#endif
