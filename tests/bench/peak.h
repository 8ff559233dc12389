/* peak.h - the fused-multiply-add peak of a core, measured: ten chains in registers, more than any core of today has
 * under way. In pieces of a quarter of a millisecond, some of which a busy machine leaves alone. */
#ifndef PEAK_H
#define PEAK_H

#include "ohm/clock.h"
#include "ohm/tensor.h"

#ifdef __x86_64__
#include <immintrin.h>

#define PEAK(name, isa, type, set, fma, lanes)                                                                         \
    __attribute__((target(isa))) static double name(void)                                                              \
    {                                                                                                                  \
        type a0 = set(0.1f), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0;          \
        const type m = set(0.999f);                                                                                    \
        const int n = 200000;                                                                                          \
        volatile float sum = 0;                                                                                        \
        const double start = ohm_now_s();                                                                              \
        double gf;                                                                                                     \
                                                                                                                       \
        for (int i = 0; i < n; i++) {                                                                                  \
            a0 = fma(a0, m, m), a1 = fma(a1, m, m), a2 = fma(a2, m, m), a3 = fma(a3, m, m), a4 = fma(a4, m, m);        \
            a5 = fma(a5, m, m), a6 = fma(a6, m, m), a7 = fma(a7, m, m), a8 = fma(a8, m, m), a9 = fma(a9, m, m);        \
            __asm__ volatile("" : "+v"(a0), "+v"(a1), "+v"(a2), "+v"(a3), "+v"(a4));                                   \
            __asm__ volatile("" : "+v"(a5), "+v"(a6), "+v"(a7), "+v"(a8), "+v"(a9));                                   \
        }                                                                                                              \
        gf = 20.0 * (lanes)*n / (ohm_now_s() - start) / 1e9;                                                           \
        a0 = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9;                                                          \
        sum = a0[0];                                                                                                   \
        (void)sum;                                                                                                     \
        return gf;                                                                                                     \
    }
PEAK(peak_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, 16)
PEAK(peak_avx2, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, 8)
#endif

/* GF/s; 0 where no such chains are written down. */
static inline double peak_of(enum ohm_isa isa)
{
    double best = 0;

    for (int i = 0; i < 50; i++) {
        double gf = 0;
#ifdef __x86_64__
        gf = isa == OHM_ISA_AVX512 ? peak_avx512() : isa == OHM_ISA_AVX2 ? peak_avx2() : 0;
#endif
        best = gf > best ? gf : best;
    }
    return best;
}

#endif
