/* loss.c - softmax and cross entropy.
 *
 * exp and log are made here of additions, multiplications and divisions in double, each rounded as IEEE 754 says: the
 * C library's may take another path on another processor and differ in the last bit. */
#include "ohm/ops.h"

#include <math.h>
#include <string.h>

static const double ln2_high = 0x1.62e42fefa0000p-1, ln2_low = 0x1.cf79abc9e3b3ap-40;

/* exp(x) for x <= 0 within 2e-15 relative: x = k ln 2 + r, |r| <= ln 2 / 2, Taylor's series to r^14 / 14!. */
static double exp_of(double x)
{
    const double k = floor(x * 1.4426950408889634 + 0.5);
    double r, sum = 1;

    if (!(x > -700))
        return 0;
    r = x - k * ln2_high - k * ln2_low;
    for (int i = 14; i > 0; i--)
        sum = 1 + r / i * sum;
    return ldexp(sum, (int)k);
}

/* log(x) for x >= 1: x = 2^k m, m in [1/2, 1) or its double, and log m = 2 atanh((m - 1) / (m + 1)) as a series. */
static double log_of(double x)
{
    int k;
    double m = frexp(x, &k), t, t2, sum = 0;

    if (m < 0.70710678118654752) {
        m *= 2;
        k--;
    }
    t = (m - 1) / (m + 1);
    t2 = t * t;
    for (int i = 23; i > 0; i -= 2)
        sum = sum * t2 + 1.0 / i;
    return k * ln2_high + (2 * t * sum + k * ln2_low);
}

void ohm_smooth_targets(float *target, const int32_t *label, int n, int classes, float smoothing)
{
    const double rest = (double)smoothing / classes;

    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < classes; k++)
            target[i * classes + k] = (float)(k == label[i] ? 1 - (double)smoothing + rest : rest);
}

static double largest(const float *x, int n)
{
    double most = x[0];

    for (int k = 1; k < n; k++)
        most = x[k] > most ? x[k] : most;
    return most;
}

/* Sum of exp(sharpness (x - most)). */
static double partition(const float *x, int n, double most, double sharpness)
{
    double sum = 0;

    for (int k = 0; k < n; k++)
        sum += exp_of(sharpness * (x[k] - most));
    return sum;
}

void ohm_softmax(float *p, const float *logits, int n, int classes, float sharpness)
{
    for (int64_t i = 0; i < n; i++) {
        const float *x = logits + i * classes;
        const double most = largest(x, classes), sum = partition(x, classes, most, sharpness);

        for (int k = 0; k < classes; k++)
            p[i * classes + k] = (float)(exp_of(sharpness * (x[k] - most)) / sum);
    }
}

double ohm_softmax_cross_entropy(float *dlogits, const float *logits, const float *target, int n, int classes,
                                 float scale)
{
    double total = 0;

    for (int64_t i = 0; i < n; i++) {
        const float *x = logits + i * classes, *t = target + i * classes;
        const double most = largest(x, classes), sum = partition(x, classes, most, 1), log_sum = log_of(sum);
        double loss = 0, weight = 0;

        for (int k = 0; k < classes; k++) {
            loss += t[k] * (log_sum - (x[k] - most));
            weight += t[k];
        }
        for (int k = 0; dlogits && k < classes; k++)
            dlogits[i * classes + k] = (float)(scale * (exp_of(x[k] - most) / sum * weight - t[k]));
        total += loss;
    }
    return total;
}

int ohm_count_correct(const float *logits, const int32_t *label, int n, int classes)
{
    int correct = 0;

    for (int64_t i = 0; i < n; i++) {
        const float *x = logits + i * classes;
        int best = 0;

        for (int k = 1; k < classes; k++)
            best = x[k] > x[best] ? k : best;
        correct += best == label[i];
    }
    return correct;
}
