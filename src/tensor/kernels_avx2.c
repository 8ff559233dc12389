/* kernels_avx2.c - the kernels built for x86-64-v3 (the flags are set in cmake/tensor.cmake). */
#ifdef __x86_64__
#define OHM_VL      8
#define OHM_KERNELS ohm_kernels_avx2
#include "kernels_table.h"
#endif
