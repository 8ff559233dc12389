/* kernels_base.c - the kernels for any processor; fmaf and fma of the C library make them exact and slow. */
#define OHM_VL      4
#define OHM_KERNELS ohm_kernels_base
#include "kernels_table.h"
