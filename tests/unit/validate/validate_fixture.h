/* validate_fixture.h - a small trained network, its samples, devices and settings of tiles. */
#ifndef VALIDATE_FIXTURE_H
#define VALIDATE_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ohm/mem.h"
#include "validate_int.h"

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        struct ohm_error must_err = {0};                                                                               \
        if ((call) != OHM_OK)                                                                                          \
            fail_msg("%s: %s %s", #call, must_err.path, must_err.text);                                                \
    } while (0)

enum { SIDE = 8, NUMBERS = SIDE * SIDE * 3, CLASSES = 4 };

/* Pictures whose class is the place of a bright bar, with noise. */
static inline enum ohm_status bars(void *context, float *x, int32_t *label, int part, const int *sample, int n,
                                   const struct ohm_rng *augment, int jobs, struct ohm_error *err)
{
    const struct ohm_rng root = ohm_rng_seed(77 + (uint64_t)part);

    (void)augment;
    (void)jobs;
    (void)err;
    for (int i = 0; i < n; i++) {
        struct ohm_rng rng = ohm_rng_child(&root, (uint64_t)sample[i]);

        label[i] = sample[i] % CLASSES;
        for (int p = 0; p < NUMBERS; p++)
            x[i * NUMBERS + p] =
                (float)((p / 24 / 2 == label[i] ? 1 : 0) + *(const double *)context * ohm_rng_normal(&rng));
    }
    return OHM_OK;
}

/* Every kind of matrix: strides, unequal padding, groups, a depthwise layer, two tiles of rows, biases. */
static inline const struct ohm_net *every_matrix(struct ohm_net_builder *b)
{
    const struct ohm_conv uneven = {6, 3, 2, 1, 1, 1, 0, 1, 1, 1, false};
    const struct ohm_conv depthwise = {6, 3, 3, 1, 1, 1, 1, 1, 1, 6, false};
    const struct ohm_conv grouped = {32, 1, 1, 1, 1, 0, 0, 0, 0, 2, true};
    struct ohm_conv strided = ohm_conv_square(32, 3, 2, 1);
    const struct ohm_net *net = NULL;
    int x;

    ohm_net_reset(b, true);
    x = ohm_net_conv(b, ohm_net_input(b, SIDE, SIDE, 3), &uneven);
    x = ohm_net_unary(b, OHM_RELU, ohm_net_unary(b, OHM_BATCH_NORM, x));
    x = ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, x, &depthwise));
    x = ohm_net_unary(b, OHM_RELU, ohm_net_conv(b, x, &grouped));
    x = ohm_net_unary(b, OHM_RELU, ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, x, &strided))); /* 288 rows */
    x = ohm_net_join(b, OHM_ADD,
                     (const int[]){ohm_net_unary(b, OHM_GLOBAL_AVG_POOL, x), ohm_net_dense(b, x, 32, false)}, 2);
    x = ohm_net_dense(b, ohm_net_unary(b, OHM_FLATTEN, x), CLASSES, true);
    MUST(ohm_net_finish(b, x, &net, &must_err));
    return net;
}

struct bench {
    struct ohm_net_builder b;
    struct ohm_weights w;
    struct ohm_samples samples;
    struct ohm_tile_config tile;
    struct ohm_device *device;
    struct ohm_validate_spec spec;
    double loudness, t_s[4];
};

/* Without any error of the periphery. */
static inline struct ohm_tile_config perfect(void)
{
    struct ohm_tile_config c;

    ohm_fields_default(ohm_tile_fields, &c);
    c.dac_bits = c.adc_bits = 0;
    c.dac_bound = c.adc_bound = c.out_noise = 0;
    c.compensation = OHM_COMPENSATE_NONE;
    return c;
}

static inline void load_device(struct bench *b, const char *path)
{
    struct ohm_diag diag = {0};

    ohm_device_free(b->device);
    b->device = NULL;
    assert_int_equal(ohm_device_load(&b->device, path, &diag), OHM_OK);
    b->spec.device = b->device;
}

static inline void set_up(struct bench *b, const char *device)
{
    struct ohm_train_spec_net train = {.samples = &b->samples, .seed = 3, .jobs = 1};
    struct ohm_train_result result = {0};

    *b = (struct bench){.loudness = 1.2, .t_s = {0, 60, 30 * 86400.0, 365 * 86400.0}};
    b->samples = (struct ohm_samples){.context = &b->loudness, .count = {128, 100}, .fill = bars};
    train.net = every_matrix(&b->b);
    ohm_fields_default(ohm_recipe_fields, &train.recipe);
    train.recipe.epochs = 6;
    train.recipe.batch = 16;
    train.recipe.lr = 0.02;
    ohm_fields_default(ohm_analog_fields, &train.analog);
    MUST(ohm_weights_init(&b->w, train.net, &must_err));
    MUST(ohm_train_run(&b->w, &result, &train, &must_err));
    ohm_train_result_release(&result);
    ohm_fields_default(ohm_tile_fields, &b->tile);
    b->spec = (struct ohm_validate_spec){.w = &b->w,
                                         .samples = &b->samples,
                                         .tile = &b->tile,
                                         .t_s = b->t_s,
                                         .times = 4,
                                         .draws = 3,
                                         .reads = 2,
                                         .calibrate = 100,
                                         .seed = 5,
                                         .batch = 32,
                                         .jobs = 1};
    if (device)
        load_device(b, device);
}

static inline void tear_down(struct bench *b)
{
    ohm_device_free(b->device);
    ohm_weights_release(&b->w);
    ohm_net_release(&b->b);
}

#endif
