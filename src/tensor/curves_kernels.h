/* curves_kernels.h - the curves themselves; included once per instruction set, with OHM_CURVES_TABLE named.
 *
 * Plain loops without branches, which compilers turn into vectors. All four curves stand on e^x of x <= 0, which cannot
 * overflow, or on e^x - 1, which keeps every digit near 0. Coefficients are those of the power series. */
#include "curves_int.h"

#include <math.h>
#include <string.h>

/* e^x = power (1 + rest) for x <= 0. x = k ln 2 + r with |r| <= ln 2 / 2; the series of e^r - 1 ends where its next
 * term is 2e-8 of it. ln 2 is taken off in two parts, the first of which has few digits (Cody and Waite, 1980).
 * Adding 1.5 2^23 rounds to a whole number and leaves it in the low bits. */
struct parts {
    float power, rest;
};

static inline struct parts exp_parts(float x)
{
    const float end = x < -88.0f ? -88.0f : x;
    const float shifted = end * 1.44269504f + 12582912.0f, k = shifted - 12582912.0f;
    const float r = (end - k * 0.693359375f) - k * -2.12194440e-4f;
    uint32_t bits;
    float p, power;

    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23;
    memcpy(&power, &bits, sizeof power);
    p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    return (struct parts){power, p * r * r + r};
}

/* e^x - 1 for x <= 0. */
static inline float expm1_below(float x)
{
    const struct parts e = exp_parts(x);

    return e.power * e.rest + (e.power - 1);
}

static inline float exp_below(float x)
{
    const struct parts e = exp_parts(x);

    return e.power * e.rest + e.power;
}

/* log(1 + z) for -1/2 <= z <= 0: 2 artanh(z / (2 + z)), whose argument is at most 1/3. */
static inline float log1p_below(float z)
{
    const float u = z / (2 + z), q = u * u;
    float p = 1.0f / 13;

    p = p * q + 1.0f / 11;
    p = p * q + 1.0f / 9;
    p = p * q + 1.0f / 7;
    p = p * q + 1.0f / 5;
    p = p * q + 1.0f / 3;
    return 2 * (p * q * u + u);
}

static inline float elu_of(float x)
{
    const float below = expm1_below(x > 0 ? 0 : x);

    return x > 0 ? x : below;
}

static inline float tanh_of(float x)
{
    const float m = expm1_below(-2 * fabsf(x));

    return copysignf(m / (2 + m), x);
}

static inline float sigmoid_of(float x)
{
    const float e = exp_below(-fabsf(x));

    return (x >= 0 ? 1 : e) / (1 + e);
}

/* Near 0 the logarithm would be the difference of two numbers that are nearly equal: there the series is taken. */
static inline float log_cosh_of(float x)
{
    const float size = fabsf(x), q = x * x;
    const float far = size + log1p_below(expm1_below(-2 * size) * 0.5f);
    float p = (float)(10922.0 / 42567525);

    p = p * q - 691.0f / 935550;
    p = p * q + 31.0f / 14175;
    p = p * q - 17.0f / 2520;
    p = p * q + 1.0f / 45;
    p = p * q - 1.0f / 12;
    p = p * q + 0.5f;
    return size < 0.5f ? p * q : far;
}

static void elu(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = elu_of(x[i]);
}

static void log_cosh(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = log_cosh_of(x[i]);
}

static void sigmoid(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = sigmoid_of(x[i]);
}

static void hyperbolic_tangent(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = tanh_of(x[i]);
}

static void elu_backward(float *dx, const float *dy, const float *x, const float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (x[i] > 0 ? 1 : y[i] + 1);
}

static void log_cosh_backward(float *dx, const float *dy, const float *x, const float *y, int64_t n)
{
    (void)y;
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * tanh_of(x[i]);
}

static void sigmoid_backward(float *dx, const float *dy, const float *x, const float *y, int64_t n)
{
    (void)x;
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (y[i] * (1 - y[i]));
}

static void tanh_backward(float *dx, const float *dy, const float *x, const float *y, int64_t n)
{
    (void)x;
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (1 - y[i] * y[i]);
}

static void multiply(float *y, const float *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = a[i] * b[i];
}

const struct curves OHM_CURVES_TABLE = {
    .forward = {elu, log_cosh, sigmoid, hyperbolic_tangent},
    .backward = {elu_backward, log_cosh_backward, sigmoid_backward, tanh_backward},
    .multiply = multiply,
};
