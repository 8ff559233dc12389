/* tile_weights.c - the tile path: weights in, weights out, conductances in between. */
#include "device_int.h"

#include <assert.h>

/* Each slice has a stream of its own. */
static struct ohm_rng slice_stream(const struct ohm_rng *stream, int slice)
{
    return ohm_rng_child(stream, (uint64_t)slice);
}

void ohm_tile_program(const struct ohm_device *device, struct ohm_tile_state *tile, const float *w,
                      const struct ohm_rng *stream)
{
    const struct ohm_converter *const c = &device->converter;
    const struct ohm_conversion by = ohm_converter_forward(c, tile->g, w, tile->n);

    for (int s = 0; s < ohm_converter_slices(c); s++) {
        const struct ohm_rng own = slice_stream(stream, s);

        ohm_device_program(device, tile->g[s], tile->latent[s], tile->g[s], tile->n, 0, &own);
    }
    ohm_converter_back(c, &by, tile->programmed, (const float *const *)tile->g, tile->n);
}

void ohm_tile_read(const struct ohm_moment *moment, const struct ohm_tile_state *tile, float *w,
                   const struct ohm_rng *stream)
{
    const struct ohm_converter *const c = &moment->device->converter;
    const struct ohm_conversion by = ohm_converter_forward(c, tile->g, tile->programmed, tile->n);

    assert(tile->programmed != w);
    for (int s = 0; s < ohm_converter_slices(c); s++) {
        const struct ohm_rng own = slice_stream(stream, s);

        ohm_device_read(moment, tile->g[s], tile->g[s], tile->latent[s], tile->n, 0, &own);
    }
    ohm_converter_back(c, &by, w, (const float *const *)tile->g, tile->n);
}
