/* fuzz_device.c (device) - any bytes as a device file: a device that can be programmed and read, or errors. */
#include "ohm/device.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the numbers of the file are, what power_law and snapshots give is a conductance. */
static void use(const struct ohm_device *device)
{
    const struct ohm_rng stream = ohm_rng_seed(1);
    static float plus[2 * OHM_PAIRS_MAX][3], latent[2 * OHM_PAIRS_MAX][3];
    float *g[2 * OHM_PAIRS_MAX], *keep[2 * OHM_PAIRS_MAX], programmed[3], w[3] = {-1, 0, 0.5F}, seen[3];
    struct ohm_tile_state tile = {.programmed = programmed, .latent = keep, .g = g, .n = 3};
    struct ohm_moment m;

    for (int s = 0; s < 2 * OHM_PAIRS_MAX; s++) {
        g[s] = plus[s];
        keep[s] = latent[s];
    }
    if (ohm_moment_init(&m, device, device->model == OHM_DEVICE_SNAPSHOTS ? device->snapshot[0].t_s : 3600, NULL) !=
        OHM_OK)
        abort();
    ohm_tile_program(device, &tile, w, &stream);
    ohm_tile_read(&m, &tile, seen, &stream);
    for (int s = 0; s < ohm_converter_slices(&device->converter); s++)
        for (int i = 0; i < 3; i++)
            if (plus[s][i] < 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_device *device = NULL;
    struct ohm_diag diag = {0};

    if (ohm_device_parse(&device, (const char *)data, size, "fuzz.yaml", &diag) == OHM_OK) {
        if (diag.count || !(device->g_max_uS > device->g_min_uS) || ohm_converter_check(&device->converter, NULL))
            abort();
        use(device);
    } else if (diag.count == 0 || device)
        abort();
    ohm_diag_release(&diag);
    ohm_device_free(device);
    return 0;
}
