/* vec.h - one vector of OHM_VL floats, for the instruction set that the including file is built for.
 *
 * Multiply-add is fused by name, never by the compiler (-ffp-contract=off is global): a kernel written with v_fma gives
 * the same bits in every build. v_positive(a) is a where a > 0, else +0 (of NaN too); v_where_positive(y, a) is a where
 * y > 0, else +0; v_min(a, b) is a < b ? a : b and v_max a > b ? a : b; v_double widens half a vector. Vectors wider
 * than the machine's registers would live in memory, hence the macro. */
#ifndef OHM_VEC_H
#define OHM_VEC_H

#ifndef OHM_VL
#error "define OHM_VL (16, 8 or 4) and OHM_SUFFIX first"
#endif

#if OHM_VL > 4
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

#if OHM_VL == 16
typedef __m512 vec;
typedef __m512d vecd; /* half as many doubles */
INLINE vec v_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
INLINE void v_store(float *p, vec a)
{
    _mm512_storeu_ps(p, a);
}
INLINE vec v_splat(float x)
{
    return _mm512_set1_ps(x);
}
INLINE vec v_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}
INLINE vec v_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}
INLINE vec v_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}
INLINE vec v_positive(vec a)
{
    return _mm512_max_ps(a, _mm512_setzero_ps());
}
INLINE vec v_where_positive(vec y, vec a)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(y, _mm512_setzero_ps(), _CMP_GT_OQ), a);
}
INLINE vecd v_double(const float *p)
{
    return _mm512_cvtps_pd(_mm256_loadu_ps(p));
}
INLINE vecd v_double_where_positive(const float *y, const float *p)
{
    const __m256 keep = _mm256_cmp_ps(_mm256_loadu_ps(y), _mm256_setzero_ps(), _CMP_GT_OQ);

    return _mm512_cvtps_pd(_mm256_and_ps(keep, _mm256_loadu_ps(p)));
}
INLINE vecd v_fma_double(vecd a, vecd b, vecd c)
{
    return _mm512_fmadd_pd(a, b, c);
}
#elif OHM_VL == 8
typedef __m256 vec;
typedef __m256d vecd;
INLINE vec v_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
INLINE void v_store(float *p, vec a)
{
    _mm256_storeu_ps(p, a);
}
INLINE vec v_splat(float x)
{
    return _mm256_set1_ps(x);
}
INLINE vec v_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}
INLINE vec v_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}
INLINE vec v_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}
INLINE vec v_positive(vec a)
{
    return _mm256_max_ps(a, _mm256_setzero_ps());
}
INLINE vec v_where_positive(vec y, vec a)
{
    return _mm256_and_ps(_mm256_cmp_ps(y, _mm256_setzero_ps(), _CMP_GT_OQ), a);
}
INLINE vecd v_double(const float *p)
{
    return _mm256_cvtps_pd(_mm_loadu_ps(p));
}
INLINE vecd v_double_where_positive(const float *y, const float *p)
{
    const __m128 keep = _mm_cmpgt_ps(_mm_loadu_ps(y), _mm_setzero_ps());

    return _mm256_cvtps_pd(_mm_and_ps(keep, _mm_loadu_ps(p)));
}
INLINE vecd v_fma_double(vecd a, vecd b, vecd c)
{
    return _mm256_fmadd_pd(a, b, c);
}
#else
#include <math.h>
#include <string.h>
typedef float vec __attribute__((vector_size(16)));
typedef double vecd __attribute__((vector_size(16)));
INLINE vec v_load(const float *p)
{
    vec a;

    memcpy(&a, p, sizeof a);
    return a;
}
INLINE void v_store(float *p, vec a)
{
    memcpy(p, &a, sizeof a);
}
INLINE vec v_splat(float x)
{
    return (vec){x, x, x, x};
}
INLINE vec v_fma(vec a, vec b, vec c)
{
    return (vec){fmaf(a[0], b[0], c[0]), fmaf(a[1], b[1], c[1]), fmaf(a[2], b[2], c[2]), fmaf(a[3], b[3], c[3])};
}
INLINE vec v_min(vec a, vec b)
{
    for (int k = 0; k < OHM_VL; k++)
        a[k] = a[k] < b[k] ? a[k] : b[k];
    return a;
}
INLINE vec v_max(vec a, vec b)
{
    for (int k = 0; k < OHM_VL; k++)
        a[k] = a[k] > b[k] ? a[k] : b[k];
    return a;
}
INLINE vec v_where_positive(vec y, vec a)
{
    return (vec){y[0] > 0 ? a[0] : 0, y[1] > 0 ? a[1] : 0, y[2] > 0 ? a[2] : 0, y[3] > 0 ? a[3] : 0};
}
INLINE vec v_positive(vec a)
{
    return v_where_positive(a, a);
}
INLINE vecd v_double(const float *p)
{
    return (vecd){p[0], p[1]};
}
INLINE vecd v_double_where_positive(const float *y, const float *p)
{
    return (vecd){y[0] > 0 ? p[0] : 0, y[1] > 0 ? p[1] : 0};
}
INLINE vecd v_fma_double(vecd a, vecd b, vecd c)
{
    return (vecd){fma(a[0], b[0], c[0]), fma(a[1], b[1], c[1])};
}
#endif

INLINE vec v_between(vec x, vec limit)
{
    return v_max(v_min(x, limit), v_splat(0) - limit);
}

/* The nearest whole number, ties to even, for |x| < 2^22. */
INLINE vec v_nearest(vec x)
{
    const vec shift = v_splat(12582912); /* 1.5 * 2^23 */

    return (x + shift) - shift;
}

#endif
