/* bench_device.c - a chip of 64 tiles of 256 x 256 weights, two devices each, programmed and read a day later.
 *
 *   bench_device [JOBS [DEVICE.yaml]]      1 thread, searchspaces/devices/pcm.yaml
 *
 * The bar is 1 s for both together; the exit status is 1 when it is missed. Each figure is the best of five. */
#include "ohm/device.h"
#include "ohm/parallel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TILES = 64, WEIGHTS = 256 * 256, SLICES = 2, REPEATS = 5 };

struct chip {
    const struct ohm_device *device;
    struct ohm_moment moment;
    float *w, *programmed, *latent; /* [TILES][WEIGHTS], latent [TILES][SLICES][WEIGHTS] */
    float *seen, *g;                /* [jobs][WEIGHTS], g [jobs][SLICES][WEIGHTS] */
    struct ohm_rng stream;
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void on_tile(struct chip *c, int tile, int worker, bool read)
{
    const size_t at = (size_t)tile * WEIGHTS;
    float *latent[SLICES], *g[SLICES];
    struct ohm_tile_state state = {.programmed = c->programmed + at, .latent = latent, .g = g, .n = WEIGHTS};
    const struct ohm_rng stream = ohm_rng_child(&c->stream, (uint64_t)tile * 2 + read);

    for (size_t s = 0; s < SLICES; s++) {
        latent[s] = c->latent + at * SLICES + s * WEIGHTS;
        g[s] = c->g + ((size_t)worker * SLICES + s) * WEIGHTS;
    }
    if (read)
        ohm_tile_read(&c->moment, &state, c->seen + (size_t)worker * WEIGHTS, &stream);
    else
        ohm_tile_program(c->device, &state, c->w + at, &stream);
}

static enum ohm_status program_tile(void *chip, int tile, int worker, struct ohm_error *err)
{
    (void)err;
    on_tile(chip, tile, worker, false);
    return OHM_OK;
}

static enum ohm_status read_tile(void *chip, int tile, int worker, struct ohm_error *err)
{
    (void)err;
    on_tile(chip, tile, worker, true);
    return OHM_OK;
}

static bool make_chip(struct chip *c, const struct ohm_device *device, int jobs)
{
    const size_t n = (size_t)TILES * WEIGHTS, own = (size_t)jobs * WEIGHTS;
    struct ohm_rng rng = ohm_rng_seed(1);

    *c = (struct chip){.device = device, .stream = rng};
    c->w = ohm_alloc(n, sizeof(float));
    c->programmed = ohm_alloc(n, sizeof(float));
    c->latent = ohm_alloc(n * SLICES, sizeof(float));
    c->seen = ohm_alloc(own, sizeof(float));
    c->g = ohm_alloc(own * SLICES, sizeof(float));
    if (!c->w || !c->programmed || !c->latent || !c->seen || !c->g ||
        ohm_converter_slices(&device->converter) != SLICES ||
        ohm_moment_init(&c->moment, device, 86400, NULL) != OHM_OK)
        return false;
    for (size_t i = 0; i < n; i++)
        c->w[i] = (float)(0.25 * ohm_rng_normal(&rng));
    return true;
}

static void free_chip(struct chip *c)
{
    ohm_free(c->w);
    ohm_free(c->programmed);
    ohm_free(c->latent);
    ohm_free(c->seen);
    ohm_free(c->g);
}

int main(int argc, char **argv)
{
    const int jobs = argc > 1 ? atoi(argv[1]) : 1;
    struct ohm_device *device = NULL;
    struct chip chip = {0};
    double program = INFINITY, read = INFINITY;

    if (jobs < 1 || ohm_device_load(&device, argc > 2 ? argv[2] : "searchspaces/devices/pcm.yaml", NULL) != OHM_OK ||
        !make_chip(&chip, device, jobs)) {
        fprintf(stderr, "bench_device: no such device, or none of pairs, or no memory\n");
        free_chip(&chip);
        ohm_device_free(device);
        return 2;
    }
    for (int i = 0; i < REPEATS; i++) {
        const double start = now_s();
        double middle;

        ohm_parallel_for(jobs, TILES, program_tile, &chip, NULL);
        middle = now_s();
        ohm_parallel_for(jobs, TILES, read_tile, &chip, NULL);
        program = fmin(program, middle - start);
        read = fmin(read, now_s() - middle);
    }
    printf("%d weights of %s, %d threads: programmed in %.3f s, read in %.3f s, together %.3f s (bar 1 s)\n",
           TILES * WEIGHTS, device->name, jobs, program, read, program + read);
    free_chip(&chip);
    ohm_device_free(device);
    return program + read < 1 ? 0 : 1;
}
