/* curves_avx2.c - the curves built for x86-64-v3 (the flags are set in cmake/tensor.cmake). */
#ifdef __x86_64__
#define OHM_CURVES_TABLE ohm_curves_avx2
#include "curves_kernels.h"
#endif
