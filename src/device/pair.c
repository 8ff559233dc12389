/* pair.c - weights to conductances and back. */
#include "ohm/device.h"

#include <math.h>

#define WEIGHT_FLOOR 1e-7 /* the largest absolute weight is taken as at least this */

int ohm_converter_slices(const struct ohm_converter *c)
{
    return c->kind == OHM_CONVERT_SINGLE ? 1 : 2 * c->pairs;
}

static double clip(double x, double low, double high)
{
    const double above = x > low ? x : low;

    return above < high ? above : high;
}

static double abs_max(const float *w, size_t n)
{
    double most = WEIGHT_FLOOR;

    for (size_t i = 0; i < n; i++) {
        const double a = fabs((double)w[i]);

        most = a > most ? a : most;
    }
    return most;
}

static double sum_f(const struct ohm_converter *c)
{
    double sum = 0;

    for (int k = 0; k < c->pairs; k++)
        sum += c->f[k];
    return sum;
}

/* u = scale w is laid onto the pairs from the lowest significance up: what pair k holds is f_k (g_max - g_min) at most,
 * and the next pair takes what is left. */
static void pairs_forward(const struct ohm_converter *c, double scale, float *const *g, const float *w, size_t n)
{
    const double span = c->g_max_uS - c->g_min_uS;
    double below = 0;

    for (int k = 0; k < c->pairs; k++) {
        const double f = c->f[k];
        float *const plus = g[2 * k], *const minus = g[2 * k + 1];

        for (size_t i = 0; i < n; i++) {
            const double u = scale * (double)w[i];
            const double up = clip((u - below) / f, 0, span), down = clip((-u - below) / f, 0, span);

            plus[i] = (float)(up + c->g_min_uS);
            minus[i] = (float)(down + c->g_min_uS);
        }
        below += f * span;
    }
}

/* Linear between points at equal distances over [-1, 1]. */
static double table_at(const double *g, int points, double x)
{
    const double place = clip((x + 1) / 2 * (points - 1), 0, points - 1);
    const int low = (int)place < points - 1 ? (int)place : points - 2;

    return g[low] + (g[low + 1] - g[low]) * (place - low);
}

static double custom_signal(const struct ohm_converter *c, double x)
{
    double sum = 0;

    for (int k = 0; k < c->pairs; k++)
        sum += c->f[k] * (table_at(c->g[k][0], c->points, x) - table_at(c->g[k][1], c->points, x));
    return sum;
}

/* The largest signal lies on a point of the tables. */
static double custom_span(const struct ohm_converter *c)
{
    double most = 0;

    for (int p = 0; p < c->points; p++) {
        const double s = fabs(custom_signal(c, 2.0 * p / (c->points - 1) - 1));

        most = s > most ? s : most;
    }
    return most;
}

static void custom_forward(const struct ohm_converter *c, double most, float *const *g, const float *w, size_t n)
{
    for (int k = 0; k < c->pairs; k++)
        for (size_t i = 0; i < n; i++) {
            const double x = (double)w[i] / most;

            g[2 * k][i] = (float)table_at(c->g[k][0], c->points, x);
            g[2 * k + 1][i] = (float)table_at(c->g[k][1], c->points, x);
        }
}

/* The smallest weight is g_min, the largest g_max. */
static struct ohm_conversion single_forward(const struct ohm_converter *c, float *g, const float *w, size_t n)
{
    struct ohm_conversion by;
    double low = n > 0 ? (double)w[0] : 0, high = low;

    for (size_t i = 0; i < n; i++) {
        low = (double)w[i] < low ? (double)w[i] : low;
        high = (double)w[i] > high ? (double)w[i] : high;
    }
    by.w_min = low;
    by.scale_uS = (c->g_max_uS - c->g_min_uS) / (high - low > WEIGHT_FLOOR ? high - low : WEIGHT_FLOOR);
    for (size_t i = 0; i < n; i++)
        g[i] = (float)clip(((double)w[i] - low) * by.scale_uS + c->g_min_uS, c->g_min_uS, c->g_max_uS);
    return by;
}

struct ohm_conversion ohm_converter_forward(const struct ohm_converter *c, float *const *g, const float *w, size_t n)
{
    struct ohm_conversion by = {0};
    double most;

    if (c->kind == OHM_CONVERT_SINGLE)
        return single_forward(c, g[0], w, n);
    most = abs_max(w, n);
    if (c->kind == OHM_CONVERT_CUSTOM) {
        by.scale_uS = custom_span(c) / most;
        custom_forward(c, most, g, w, n);
    } else {
        by.scale_uS = sum_f(c) * (c->g_max_uS - c->g_min_uS) / most;
        pairs_forward(c, by.scale_uS, g, w, n);
    }
    return by;
}

void ohm_converter_back(const struct ohm_converter *c, const struct ohm_conversion *by, float *w, const float *const *g,
                        size_t n)
{
    const double unit = 1 / by->scale_uS;

    for (size_t i = 0; i < n; i++) {
        double signal = 0;

        if (c->kind == OHM_CONVERT_SINGLE)
            signal = (double)g[0][i] - c->g_min_uS;
        else
            for (int k = 0; k < c->pairs; k++)
                signal += c->f[k] * ((double)g[2 * k][i] - (double)g[2 * k + 1][i]);
        w[i] = (float)(by->w_min + signal * unit);
    }
}

enum ohm_status ohm_converter_check(const struct ohm_converter *c, struct ohm_error *err)
{
    double span;

    if (c->kind != OHM_CONVERT_CUSTOM)
        return OHM_OK;
    span = custom_span(c);
    for (int i = 0; i < 5; i++) {
        const double x = i * 0.5 - 1, back = span > 0 ? custom_signal(c, x) / span : NAN;

        if (!(fabs(back - x) <= 1e-4))
            return ohm_fail(err, OHM_ECONFIG, "the tables give %g of the largest weight back as %g", x, back);
    }
    return OHM_OK;
}
