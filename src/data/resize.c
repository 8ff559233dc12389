/* resize.c - pictures to the size of the network's input. */
#include "data_int.h"

#include <math.h>

/* Weights of one output position along one axis: input positions first ... first + count - 1. */
struct taps {
    int first, count;
    double *weight; /* [count] of a shared block */
};

static struct taps *make_taps(int out, int in)
{
    const double scale = (double)in / out, support = scale > 1 ? scale : 1;
    const size_t width = (size_t)(2 * ceil(support)) + 3;
    struct taps *const taps = ohm_alloc((size_t)out, sizeof *taps + width * sizeof(double));
    double *const block = taps ? (double *)(taps + out) : NULL;

    for (int i = 0; taps && i < out; i++) {
        const double centre = (i + 0.5) * scale;
        const int first = centre - support > 0 ? (int)(centre - support) : 0;
        const int last = centre + support < in ? (int)ceil(centre + support) : in;
        double sum = 0;

        taps[i] = (struct taps){first, last - first, block + (size_t)i * width};
        for (int k = 0; k < last - first; k++) {
            const double away = fabs(first + k + 0.5 - centre) / support;

            sum += taps[i].weight[k] = away < 1 ? 1 - away : 0;
        }
        for (int k = 0; k < last - first; k++)
            taps[i].weight[k] /= sum;
    }
    return taps;
}

static void resize_rows(float *out, const unsigned char *in, int h, int w_in, int w_out, int c, const struct taps *taps)
{
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w_out; x++)
            for (int k = 0; k < c; k++) {
                const unsigned char *const from = in + ((size_t)y * w_in + taps[x].first) * c + k;
                double sum = 0;

                for (int t = 0; t < taps[x].count; t++)
                    sum += taps[x].weight[t] * from[(size_t)t * c];
                out[((size_t)y * w_out + x) * c + k] = (float)sum;
            }
}

static void resize_columns(unsigned char *out, const float *in, int h_out, size_t row, const struct taps *taps)
{
    for (int y = 0; y < h_out; y++)
        for (size_t x = 0; x < row; x++) {
            double sum = 0;

            for (int t = 0; t < taps[y].count; t++)
                sum += taps[y].weight[t] * in[((size_t)taps[y].first + (size_t)t) * row + x];
            out[(size_t)y * row + x] = (unsigned char)(sum <= 0 ? 0 : sum >= 255 ? 255 : sum + 0.5);
        }
}

enum ohm_status picture_resize(unsigned char *out, int h_out, int w_out, const unsigned char *in, int h_in, int w_in,
                               int c, struct ohm_error *err)
{
    struct taps *const across = make_taps(w_out, w_in), *const down = make_taps(h_out, h_in);
    float *const half = ohm_alloc((size_t)h_in * (size_t)w_out, sizeof(float) * (size_t)c);
    const bool good = across && down && half;

    if (good) {
        resize_rows(half, in, h_in, w_in, w_out, c, across);
        resize_columns(out, half, h_out, (size_t)w_out * (size_t)c, down);
    }
    ohm_free(across);
    ohm_free(down);
    ohm_free(half);
    return good ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "no memory to resize a picture");
}
