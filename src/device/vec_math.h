/* vec_math.h - logarithm, exponential, sine and cosine for loops that the compiler turns into vectors.
 *
 * The C library's are calls, one value at a time, and differ in the last bit between machines with and without fused
 * multiply-add. These are plain series (Taylor, to below 1e-16), the same bits everywhere. */
#ifndef OHM_DEVICE_VEC_MATH_H
#define OHM_DEVICE_VEC_MATH_H

#include <stdint.h>
#include <string.h>

static inline double bits_double(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint64_t double_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* ln 2 in two parts: the first has 21 zero bits at its end, so that a multiple of it is exact. */
#define VM_LN2_HIGH 0x1.62e42fee00000p-1
#define VM_LN2_LOW  0x1.a39ef35793c76p-33

/* ln x, x > 0 and normal. x = 2^k m with m in [sqrt(1/2), sqrt(2)); ln m = 2 artanh((m - 1) / (m + 1)). The exponent is
 * kept positive, because a signed shift of 64 bits is no vector instruction before AVX-512. */
static inline double vm_log(double x)
{
    const uint64_t bits = double_bits(x);
    const uint64_t k = (bits - 0x3fe6a09e667f3bcdu + (1024ull << 52)) >> 52;
    const double m = bits_double(bits - ((k - 1024) << 52));
    const double e = bits_double(k | 0x4330000000000000u) - (0x1p52 + 1024);
    const double s = (m - 1) / (m + 1), z = s * s;
    double p = 1.0 / 21;

    p = p * z + 1.0 / 19;
    p = p * z + 1.0 / 17;
    p = p * z + 1.0 / 15;
    p = p * z + 1.0 / 13;
    p = p * z + 1.0 / 11;
    p = p * z + 1.0 / 9;
    p = p * z + 1.0 / 7;
    p = p * z + 1.0 / 5;
    p = p * z + 1.0 / 3;
    return e * VM_LN2_HIGH + (2 * s + (2 * s * z * p + e * VM_LN2_LOW));
}

/* e^x, x held to [-700, 700]. The sum with 1.5 2^52 rounds to a whole number and leaves it in the low bits. */
static inline double vm_exp(double x)
{
    const double held = x < -700 ? -700 : x > 700 ? 700 : x;
    const double shifted = held * 1.4426950408889634 + 0x1.8p52;
    const double n = shifted - 0x1.8p52;
    const double r = held - n * VM_LN2_HIGH - n * VM_LN2_LOW;
    double p = 1.0 / 6227020800.0;

    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    return p * bits_double((double_bits(shifted) + 1023) << 52);
}

/* Sine and cosine of turn / 2^32 of a full turn. The two top bits are the quadrant; the rest, signed, is an exact
 * double. */
static inline void vm_sin_cos(uint32_t turn, double *sine, double *cosine)
{
    const uint32_t quadrant = (turn + 0x20000000u) >> 30;
    const double a = (double)(int32_t)(turn - (quadrant << 30)) * 0x1.921fb54442d18p-30; /* 2 pi / 2^32 */
    const double z = a * a;
    double s = -1.0 / 1307674368000.0, c = 1.0 / 20922789888000.0;

    s = s * z + 1.0 / 6227020800.0;
    s = s * z - 1.0 / 39916800.0;
    s = s * z + 1.0 / 362880.0;
    s = s * z - 1.0 / 5040.0;
    s = s * z + 1.0 / 120.0;
    s = s * z - 1.0 / 6.0;
    s = a + a * z * s;
    c = c * z - 1.0 / 87178291200.0;
    c = c * z + 1.0 / 479001600.0;
    c = c * z - 1.0 / 3628800.0;
    c = c * z + 1.0 / 40320.0;
    c = c * z - 1.0 / 720.0;
    c = c * z + 1.0 / 24.0;
    c = c * z - 0.5;
    c = 1 + z * c;
    {
        const double swap = (double)(int32_t)(quadrant & 1);
        const double s_sign = 1 - (double)(int32_t)(quadrant & 2), c_sign = 1 - (double)(int32_t)((quadrant + 1) & 2);

        /* One of the two factors is 0, the other 1: a selection without a branch. */
        *sine = s_sign * (s * (1 - swap) + c * swap);
        *cosine = c_sign * (c * (1 - swap) + s * swap);
    }
}

#endif
