/* analog_fixture.h - what the tests of analog share: the golden matrix and vectors, devices by name, settings. */
#ifndef ANALOG_FIXTURE_H
#define ANALOG_FIXTURE_H

#include "../device/golden_pcm.h"

#include "ohm/analog.h"
#include "ohm/csv.h"
#include "ohm/mvm_stats.h"
#include "ohm/weight_map.h"

enum { SIDE = 256, VECTORS = 512 };

static const struct ohm_exec one_job = {.jobs = 1, .isa = OHM_ISA_BEST};

/* Numbers of a little-endian .npy file of version 1 whose type is known; `size` bytes each. */
static inline void read_npy(void *to, const char *name, size_t n, size_t size)
{
    char path[256];
    char *bytes = NULL;
    size_t length = 0, header;

    snprintf(path, sizeof path, GOLDEN "%s", name);
    assert_int_equal(ohm_file_read(&bytes, &length, path, 64 << 20, NULL), OHM_OK);
    header = 10 + (size_t)(unsigned char)bytes[8] + 256 * (size_t)(unsigned char)bytes[9];
    assert_true(length == header + n * size);
    memcpy(to, bytes + header, n * size);
    ohm_free(bytes);
}

/* All defaults off: unlimited converters, no noise, one tile. */
static inline struct ohm_tile_config exact_config(void)
{
    struct ohm_tile_config c;

    ohm_fields_default(ohm_tile_fields, &c);
    c.rows = c.columns = 0;
    c.scaling = OHM_SCALING_NONE;
    c.dac_bits = c.adc_bits = 0;
    c.dac_bound = c.adc_bound = c.out_noise = 0;
    c.compensation = OHM_COMPENSATE_NONE;
    return c;
}

/* The same with settings in the manner of the command line: "dac_bits=8 dac_bound=1". */
static inline struct ohm_tile_config config_of(const char *settings)
{
    struct ohm_tile_config c = exact_config();
    char text[512], *rest = text, *word;

    snprintf(text, sizeof text, "%s", settings);
    while ((word = strsep(&rest, " "))) {
        char *const equals = strchr(word, '=');
        struct ohm_error err = {0};

        if (!equals)
            continue;
        *equals = '\0';
        if (ohm_field_set(ohm_tile_fields, &c, word, equals + 1, &err) != OHM_OK)
            fail_msg("%s", err.text);
    }
    return c;
}

static inline struct ohm_tiles *tiles_of(const struct ohm_tile_config *config, const struct ohm_tiles_spec *spec)
{
    struct ohm_tiles *tiles = NULL;
    struct ohm_error err = {0};

    if (ohm_tiles_create(&tiles, config, spec, &err) != OHM_OK)
        fail_msg("%s", err.text);
    return tiles;
}

static inline void multiply(const struct ohm_tiles *tiles, float *y, const float *x, int n,
                            const struct ohm_rng *stream, struct ohm_exec exec)
{
    float *const scratch = ohm_alloc(ohm_tiles_scratch(tiles, exec.jobs), sizeof(float));
    const struct ohm_mvm mvm = {.x = x, .n = n, .stream = *stream, .scratch = scratch};

    assert_non_null(scratch);
    ohm_tiles_mvm(tiles, y, &mvm, exec);
    ohm_free(scratch);
}

static inline void assert_close(double got, double want, double tolerance, const char *what)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %.9g, not %.9g within %.3g", what, got, want, tolerance);
}

/* Made-up numbers: normal, held to [-1, 1]. */
static inline void fill_normal(float *x, size_t n, uint64_t seed, double sd)
{
    struct ohm_rng rng = ohm_rng_seed(seed);

    for (size_t i = 0; i < n; i++) {
        const double v = sd * ohm_rng_normal(&rng);

        x[i] = (float)(v > 1 ? 1 : v < -1 ? -1 : v);
    }
}

#endif
