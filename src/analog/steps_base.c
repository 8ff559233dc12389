/* steps_base.c - the steps for any processor, and which build runs. */
#define STEPS_NAME steps_base
#include "steps.h"

const struct steps *steps_of(enum ohm_isa isa)
{
#ifdef __x86_64__
    const enum ohm_isa best = isa == OHM_ISA_BEST ? ohm_isa_best() : isa;

    return best == OHM_ISA_AVX512 ? &steps_avx512 : best == OHM_ISA_AVX2 ? &steps_avx2 : &steps_base;
#else
    (void)isa;
    return &steps_base;
#endif
}
