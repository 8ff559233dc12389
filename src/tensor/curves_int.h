/* curves_int.h - the curves built per instruction set. */
#ifndef OHM_CURVES_INT_H
#define OHM_CURVES_INT_H

#include "ohm/ops_curves.h"

struct curves {
    void (*forward[OHM_CURVES])(float *y, const float *x, int64_t n);
    void (*backward[OHM_CURVES])(float *dx, const float *dy, const float *x, const float *y, int64_t n);
    void (*multiply)(float *y, const float *a, const float *b, int64_t n);
};
extern const struct curves ohm_curves_base;
#ifdef __x86_64__
extern const struct curves ohm_curves_avx2, ohm_curves_avx512;
#endif

#endif
