/* curves_base.c - the curves for any processor. */
#define OHM_CURVES_TABLE ohm_curves_base
#include "curves_kernels.h"
