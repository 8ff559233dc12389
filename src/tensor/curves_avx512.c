/* curves_avx512.c - the curves built for x86-64-v4 (the flags are set in cmake/tensor.cmake). */
#ifdef __x86_64__
#define OHM_CURVES_TABLE ohm_curves_avx512
#include "curves_kernels.h"
#endif
