/* slices.c - weights and inputs in slices of a few bits, each with tiles or conversions of its own, shifted and added
 * digitally (as CrossSim 3.2 and DNN+NeuroSim V1.4 have it).
 *
 * A magnitude of B bits, k = sum_s d_s 2^(b s), is a sum of digits; a slice holds d_s / (2^b - 1), which uses its whole
 * range, and counts with (2^b - 1) 2^(b s) over the largest k. */
#include "analog_int.h"

#include <math.h>

static int largest_digit(int64_t bits)
{
    return (1 << bits) - 1;
}

/* The bits below a sign. */
static int magnitude_bits(const struct ohm_tile_config *c)
{
    return (int)c->dac_bits - 1;
}

int input_slices(const struct ohm_tile_config *c)
{
    const int bits = (int)c->input_slice_bits;

    return bits > 0 ? (magnitude_bits(c) + bits - 1) / bits : 1;
}

float input_share(const struct ohm_tile_config *c, int slice)
{
    const int bits = (int)c->input_slice_bits;

    if (input_slices(c) == 1)
        return 1;
    return (float)((double)largest_digit(bits) * ldexp(1, bits * slice) / levels_of(c->dac_bits));
}

void input_slice(const struct ohm_tiles *t, float *v, const float *x, int n, int slice)
{
    const int bits = (int)t->config.input_slice_bits, digit = largest_digit(bits), low = bits * slice;
    const float step = step_of(t->config.dac_bound, t->config.dac_bits), unit = (float)t->config.dac_bound;

    for (int i = 0; i < n; i++) {
        const int k = (int)(fabsf(x[i]) / step + 0.5F);
        const float d = (float)(k >> low & digit) / (float)digit * unit;

        v[i] = x[i] < 0 ? -d : d;
    }
}

void weight_slice(const struct ohm_tile_config *config, float *w, float *scale, int columns, int rows, int slice)
{
    const int bits = (int)config->weight_slice_bits, digit = largest_digit(bits), low = bits * slice;
    const int most = largest_digit(bits * config->weight_slices);
    const double share = (double)digit * ldexp(1, low) / most;

    for (int c = 0; c < columns; c++) {
        for (int r = 0; r < rows; r++) {
            float *const own = &w[c * rows + r];
            const int k = (int)nearbyint(fmin(fabs((double)*own) / config->omega, 1) * most);
            const double d = (double)(k >> low & digit) / digit * config->omega;

            *own = (float)(*own < 0 ? -d : d);
        }
        scale[c] = (float)((double)scale[c] * share);
    }
}
