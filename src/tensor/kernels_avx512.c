/* kernels_avx512.c - the kernels built for x86-64-v4 (the flags are set in cmake/tensor.cmake). */
#ifdef __x86_64__
#define OHM_VL      16
#define OHM_KERNELS ohm_kernels_avx512
#include "kernels_table.h"
#endif
