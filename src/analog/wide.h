/* wide.h - vectors of the instruction set that the including file is built for. Included by steps.h. */
#ifndef OHM_ANALOG_WIDE_H
#define OHM_ANALOG_WIDE_H

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined __AVX512F__
#define WIDE 16
#elif defined __AVX2__
#define WIDE 8
#else
#define WIDE 4
#endif
#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

typedef float reals __attribute__((vector_size(4 * WIDE)));
typedef int32_t whole __attribute__((vector_size(4 * WIDE)));
typedef uint32_t words __attribute__((vector_size(4 * WIDE)));
typedef uint64_t pairs __attribute__((vector_size(4 * WIDE)));
typedef double doubles __attribute__((vector_size(4 * WIDE)));
typedef int64_t longs __attribute__((vector_size(4 * WIDE)));
typedef float few __attribute__((vector_size(2 * WIDE))); /* as many as doubles */

/* times: the product of the lower halves. fused: a b + c, rounded once. less, more: a < b ? a : b and a > b ? a : b;
 * less_of, more_of the same of doubles.
 * either: b where the highest bit of `which` is set, else a. */
#if WIDE == 16
INLINE pairs times(pairs a, uint32_t by)
{
    return (pairs)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(by));
}
INLINE reals fused(reals a, reals b, reals c)
{
    return (reals)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
INLINE reals root(reals a)
{
    return (reals)_mm512_sqrt_ps((__m512)a);
}
INLINE reals less(reals a, reals b)
{
    return (reals)_mm512_min_ps((__m512)a, (__m512)b);
}
INLINE reals more(reals a, reals b)
{
    return (reals)_mm512_max_ps((__m512)a, (__m512)b);
}
INLINE doubles less_of(doubles a, doubles b)
{
    return (doubles)_mm512_min_pd((__m512d)a, (__m512d)b);
}
INLINE doubles more_of(doubles a, doubles b)
{
    return (doubles)_mm512_max_pd((__m512d)a, (__m512d)b);
}
INLINE reals either(reals a, reals b, words which)
{
    return (reals)_mm512_mask_mov_ps((__m512)a, _mm512_movepi32_mask((__m512i)which), (__m512)b);
}
#elif WIDE == 8
INLINE pairs times(pairs a, uint32_t by)
{
    return (pairs)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(by));
}
INLINE reals fused(reals a, reals b, reals c)
{
    return (reals)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
INLINE reals root(reals a)
{
    return (reals)_mm256_sqrt_ps((__m256)a);
}
INLINE reals less(reals a, reals b)
{
    return (reals)_mm256_min_ps((__m256)a, (__m256)b);
}
INLINE reals more(reals a, reals b)
{
    return (reals)_mm256_max_ps((__m256)a, (__m256)b);
}
INLINE doubles less_of(doubles a, doubles b)
{
    return (doubles)_mm256_min_pd((__m256d)a, (__m256d)b);
}
INLINE doubles more_of(doubles a, doubles b)
{
    return (doubles)_mm256_max_pd((__m256d)a, (__m256d)b);
}
INLINE reals either(reals a, reals b, words which)
{
    return (reals)_mm256_blendv_ps((__m256)a, (__m256)b, (__m256)which);
}
#else
INLINE pairs times(pairs a, uint32_t by)
{
    return (a & 0xffffffff) * (uint64_t)by;
}
INLINE reals fused(reals a, reals b, reals c)
{
    for (int k = 0; k < WIDE; k++)
        a[k] = fmaf(a[k], b[k], c[k]);
    return a;
}
INLINE reals root(reals a)
{
    for (int k = 0; k < WIDE; k++)
        a[k] = sqrtf(a[k]);
    return a;
}
INLINE reals less(reals a, reals b)
{
    for (int k = 0; k < WIDE; k++)
        a[k] = a[k] < b[k] ? a[k] : b[k];
    return a;
}
INLINE reals more(reals a, reals b)
{
    for (int k = 0; k < WIDE; k++)
        a[k] = a[k] > b[k] ? a[k] : b[k];
    return a;
}
INLINE doubles less_of(doubles a, doubles b)
{
    for (int k = 0; k < WIDE / 2; k++)
        a[k] = a[k] < b[k] ? a[k] : b[k];
    return a;
}
INLINE doubles more_of(doubles a, doubles b)
{
    for (int k = 0; k < WIDE / 2; k++)
        a[k] = a[k] > b[k] ? a[k] : b[k];
    return a;
}
INLINE reals either(reals a, reals b, words which)
{
    for (int k = 0; k < WIDE; k++)
        a[k] = which[k] >> 31 ? b[k] : a[k];
    return a;
}
#endif

INLINE reals splat(float x)
{
    return (reals){0} + x;
}

INLINE reals real(words a) /* below 2^31 */
{
    return __builtin_convertvector((whole)a, reals);
}

INLINE reals load(const float *from)
{
    reals a;

    memcpy(&a, from, sizeof a);
    return a;
}

INLINE void store(float *to, reals a)
{
    memcpy(to, &a, sizeof a);
}

#endif
