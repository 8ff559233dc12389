/* curve.c - functions of the relative conductance, in blocks. */
#include "device_int.h"
#include "vec_math.h"

#include <math.h>

static void poly_block(double *restrict y, const double *restrict x, const double *c)
{
    for (int i = 0; i < DEVICE_BLOCK; i++) {
        double p = c[OHM_CURVE_TERMS_MAX - 1];

        for (int k = OHM_CURVE_TERMS_MAX - 2; k >= 0; k--)
            p = p * x[i] + c[k];
        y[i] = p;
    }
}

static void ln_block(double *restrict y, const double *restrict x, const double *c)
{
    for (int i = 0; i < DEVICE_BLOCK; i++)
        y[i] = c[0] * vm_log(x[i] > DEVICE_X_FLOOR ? x[i] : DEVICE_X_FLOOR) + c[1];
}

static void power_block(double *restrict y, const double *restrict x, const double *c)
{
    for (int i = 0; i < DEVICE_BLOCK; i++)
        y[i] = c[0] * vm_exp(c[1] * vm_log(x[i] > DEVICE_X_FLOOR ? x[i] : DEVICE_X_FLOOR));
}

static void piece_block(const struct ohm_curve_piece *piece, double *restrict y, const double *restrict x)
{
    const double low = piece->low, high = piece->high;

    if (piece->form == OHM_CURVE_POLY)
        poly_block(y, x, piece->c);
    else if (piece->form == OHM_CURVE_LN)
        ln_block(y, x, piece->c);
    else
        power_block(y, x, piece->c);
    for (int i = 0; i < DEVICE_BLOCK; i++) {
        const double above = y[i] > low ? y[i] : low;

        y[i] = above < high ? above : high;
    }
}

static double table_at(const struct ohm_curve *curve, double x)
{
    int low = 0, high = curve->points - 1;

    if (x <= curve->x[low])
        return curve->y[low];
    if (x >= curve->x[high])
        return curve->y[high];
    while (high - low > 1) {
        const int middle = (low + high) / 2;

        if (curve->x[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    return curve->y[low] + (curve->y[high] - curve->y[low]) * (x - curve->x[low]) / (curve->x[high] - curve->x[low]);
}

void curve_block(const struct ohm_curve *curve, double y[DEVICE_BLOCK], const double x[DEVICE_BLOCK])
{
    double next[DEVICE_BLOCK];

    if (curve->pieces == 0) {
        for (int i = 0; i < DEVICE_BLOCK; i++)
            y[i] = table_at(curve, x[i]);
        return;
    }
    piece_block(&curve->piece[0], y, x);
    for (int k = 1; k < curve->pieces; k++) {
        const double from = curve->piece[k - 1].below;

        piece_block(&curve->piece[k], next, x);
        for (int i = 0; i < DEVICE_BLOCK; i++)
            y[i] = x[i] < from ? y[i] : next[i];
    }
}

/* By the block, so that there is one definition of a curve. */
double ohm_curve_at(const struct ohm_curve *curve, double x)
{
    double in[DEVICE_BLOCK], out[DEVICE_BLOCK];

    for (int i = 0; i < DEVICE_BLOCK; i++)
        in[i] = x;
    curve_block(curve, out, in);
    return out[0];
}
