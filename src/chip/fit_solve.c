/* fit_solve.c - small symmetric systems by Cholesky's factor and Jacobi's rotations. */
#include "fit_solve.h"

#include <math.h>
#include <string.h>

/* a becomes its lower factor. */
static bool factor(double *a, int n)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k <= i; k++) {
            double sum = a[i * n + k];

            for (int j = 0; j < k; j++)
                sum -= a[i * n + j] * a[k * n + j];
            if (i == k && !(sum > 0))
                return false;
            a[i * n + k] = i == k ? sqrt(sum) : sum / a[k * n + k];
        }
    return true;
}

static void substitute(double *x, const double *l, const double *b, int n)
{
    for (int i = 0; i < n; i++) {
        double sum = b[i];

        for (int k = 0; k < i; k++)
            sum -= l[i * n + k] * x[k];
        x[i] = sum / l[i * n + i];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            x[i] -= l[k * n + i] * x[k];
        x[i] /= l[i * n + i];
    }
}

bool ohm_fit_solve(double *x, double *a, const double *b, int n)
{
    if (!factor(a, n))
        return false;
    substitute(x, a, b, n);
    return true;
}

bool ohm_fit_invert(double *inverse, const double *a, int n)
{
    double l[FIT_MAX * FIT_MAX], unit[FIT_MAX] = {0}, column[FIT_MAX];

    memcpy(l, a, (size_t)n * (size_t)n * sizeof *l);
    if (!factor(l, n))
        return false;
    for (int k = 0; k < n; k++) {
        unit[k] = 1;
        substitute(column, l, unit, n);
        unit[k] = 0;
        for (int i = 0; i < n; i++)
            inverse[i * n + k] = column[i];
    }
    return true;
}

/* Turns rows and columns p and q so that a[p][q] becomes 0; the columns of v are turned along. */
static void rotate(double *a, double *v, int n, int p, int q)
{
    const double angle = 0.5 * atan2(2 * a[p * n + q], a[q * n + q] - a[p * n + p]);
    const double c = cos(angle), s = sin(angle);

    for (int k = 0; k < n; k++) {
        const double at_p = a[k * n + p], at_q = a[k * n + q], v_p = v[k * n + p], v_q = v[k * n + q];

        a[k * n + p] = c * at_p - s * at_q;
        a[k * n + q] = s * at_p + c * at_q;
        v[k * n + p] = c * v_p - s * v_q;
        v[k * n + q] = s * v_p + c * v_q;
    }
    for (int k = 0; k < n; k++) {
        const double at_p = a[p * n + k], at_q = a[q * n + k];

        a[p * n + k] = c * at_p - s * at_q;
        a[q * n + k] = s * at_p + c * at_q;
    }
}

/* Ten sweeps are more than any matrix of this size takes to come to rest: each squares what is left. */
double ohm_fit_smallest(double *vector, const double *a, int n)
{
    enum { SWEEPS = 10 };
    double d[FIT_MAX * FIT_MAX], v[FIT_MAX * FIT_MAX] = {0};
    int at = 0;

    memcpy(d, a, (size_t)n * (size_t)n * sizeof *d);
    for (int i = 0; i < n; i++)
        v[i * n + i] = 1;
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++)
                rotate(d, v, n, p, q);
    for (int i = 1; i < n; i++)
        at = d[i * n + i] < d[at * n + at] ? i : at;
    for (int i = 0; i < n; i++)
        vector[i] = v[i * n + at];
    return d[at * n + at];
}
