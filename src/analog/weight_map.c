/* weight_map.c - cutting, scaling, clipping and remapping of weights. Arithmetic is in float as in the simulator whose
 * vectors these are to meet. */
#include "ohm/weight_map.h"

#include <math.h>

int ohm_parts(int n, int limit)
{
    return limit <= 0 || n <= limit ? 1 : (n - 1) / limit + 1;
}

int ohm_part(int n, int limit, int index, int *first)
{
    const int parts = ohm_parts(n, limit), each = n / parts, larger = n % parts;

    *first = index * each + (index < larger ? index : larger);
    return each + (index < larger);
}

static float largest(const float *w, int n)
{
    float most = 0;

    for (int i = 0; i < n; i++)
        most = fabsf(w[i]) > most ? fabsf(w[i]) : most;
    return most;
}

void ohm_scale_weights(float *w, float *scale, int columns, int rows, double omega, bool by_column)
{
    const float all = largest(w, columns * rows) / (float)omega;

    for (int c = 0; c < columns; c++, w += rows) {
        const float own = by_column ? largest(w, rows) / (float)omega : all;

        scale[c] = own > 0 ? own : 1;
        for (int r = 0; r < rows; r++)
            w[r] /= scale[c];
    }
}

void ohm_clip_fixed(float *w, int n, double limit)
{
    const float most = (float)limit;

    for (int i = 0; i < n; i++)
        w[i] = w[i] > most ? most : w[i] < -most ? -most : w[i];
}

void ohm_clip_gaussian(float *w, int n, double sigmas)
{
    double sum = 0, squares = 0;

    for (int i = 0; i < n; i++)
        sum += (double)w[i];
    for (int i = 0; i < n; i++)
        squares += ((double)w[i] - sum / n) * ((double)w[i] - sum / n);
    if (n > 1)
        ohm_clip_fixed(w, n, sigmas * sqrt(squares / (n - 1)));
}

void ohm_clip_column_mean(float *w, int columns, int rows)
{
    double sum = 0;

    for (int c = 0; c < columns; c++)
        sum += (double)largest(w + c * rows, rows);
    ohm_clip_fixed(w, columns * rows, sum / columns);
}

void ohm_remap_weights(float *w, float *scale, int columns, int rows, bool by_column)
{
    const float all = largest(w, columns * rows);

    for (int c = 0; c < columns; c++, w += rows) {
        const float most = by_column ? largest(w, rows) : all;

        if (most <= 0)
            continue;
        scale[c] *= most;
        for (int r = 0; r < rows; r++)
            w[r] /= most;
    }
}
