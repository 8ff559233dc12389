/* train_fixture.h - small networks and samples to train on. */
#ifndef TRAIN_FIXTURE_H
#define TRAIN_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ohm/file.h"
#include "ohm/mem.h"
#include "train_int.h"

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        struct ohm_error must_err = {0};                                                                               \
        if ((call) != OHM_OK)                                                                                          \
            fail_msg("%s: %s %s", #call, must_err.path, must_err.text);                                                \
    } while (0)

/* Pictures whose class is the place of a bright bar, with noise. context: how loud the noise is. */
static inline enum ohm_status bars(void *context, float *x, int32_t *label, int part, const int *sample, int n,
                                   const struct ohm_rng *augment, int jobs, struct ohm_error *err)
{
    const struct ohm_rng root = ohm_rng_seed(77 + (uint64_t)part);

    (void)jobs;
    (void)err;
    for (int i = 0; i < n; i++) {
        struct ohm_rng rng = ohm_rng_child(&root, (uint64_t)sample[i]);
        const int class = sample[i] % 4;

        if (augment) {
            const struct ohm_rng own = ohm_rng_child(augment, (uint64_t)sample[i]);

            rng = own;
        }
        label[i] = class;
        for (int p = 0; p < 8 * 8 * 3; p++)
            x[i * 192 + p] = (float)((p / 24 / 2 == class ? 1 : 0) + *(const double *)context * ohm_rng_normal(&rng));
    }
    return OHM_OK;
}

/* Every kind of layer there is. */
static inline const struct ohm_net *every_kind(struct ohm_net_builder *b)
{
    struct ohm_conv depthwise = ohm_conv_square(6, 3, 1, 1), strided = ohm_conv_square(6, 3, 2, 1);
    struct ohm_conv grouped = ohm_conv_square(8, 1, 1, 0);
    const struct ohm_net *net = NULL;
    int x, stem, a, d, z;

    depthwise.groups = 6;
    grouped.groups = 2;
    grouped.bias = true;
    ohm_net_reset(b, true);
    x = ohm_net_input(b, 8, 8, 3);
    stem = ohm_net_conv(b, x, &(struct ohm_conv){6, 3, 2, 1, 1, 1, 0, 1, 1, 1, false});
    stem = ohm_net_unary(b, OHM_RELU, ohm_net_unary(b, OHM_BATCH_NORM, stem));
    a = ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, stem, &strided));
    d = ohm_net_conv(b, ohm_net_unary(b, OHM_SHIFT, stem), &depthwise);
    d = ohm_net_pool(b, OHM_MAX_POOL, ohm_net_unary(b, OHM_RELU, d), 3, 3, 2, 1, false);
    z = ohm_net_zero(b, stem, 2);
    a = ohm_net_join(b, OHM_ADD, (const int[]){a, d}, 2);
    a = ohm_net_unary(b, OHM_RELU, a);
    a = ohm_net_join(b, OHM_ADD, (const int[]){a, a, z}, 3);
    d = ohm_net_pool(b, OHM_AVG_POOL, a, 3, 3, 1, 1, true);
    a = ohm_net_join(b, OHM_CONCAT, (const int[]){a, d, z}, 3);
    a = ohm_net_conv(b, a, &(struct ohm_conv){4, 1, 1, 1, 1, 0, 0, 0, 0, 1, true});
    a = ohm_net_conv(b, a, &grouped);
    d = ohm_net_unary(b, OHM_GLOBAL_AVG_POOL, a);
    a = ohm_net_unary(b, OHM_FLATTEN, a);
    a = ohm_net_dense(b, a, 5, true);
    d = ohm_net_dense(b, d, 5, false);
    a = ohm_net_join(b, OHM_ADD, (const int[]){a, d}, 2);
    a = ohm_net_dense(b, ohm_net_unary(b, OHM_RELU, a), 4, true);
    MUST(ohm_net_finish(b, a, &net, &must_err));
    return net;
}

/* Every curve, a product of two layers and of one with itself, parts, sums and lengths of channels. */
static inline const struct ohm_net *every_curve(struct ohm_net_builder *b)
{
    struct ohm_conv conv = ohm_conv_square(8, 3, 2, 1);
    const struct ohm_net *net = NULL;
    int x, gate, kept, sum, length;

    ohm_net_reset(b, true);
    x = ohm_net_conv(b, ohm_net_input(b, 8, 8, 3), &conv);
    x = ohm_net_unary(b, OHM_ELU, ohm_net_unary(b, OHM_BATCH_NORM, x));
    gate = ohm_net_unary(b, OHM_SIGMOID, ohm_net_slice(b, x, 0, 4));
    kept = ohm_net_unary(b, OHM_TANH, ohm_net_slice(b, x, 3, 4)); /* channel 3 goes both ways */
    kept = ohm_net_join(b, OHM_MUL, (const int[]){gate, kept}, 2);
    kept = ohm_net_join(b, OHM_MUL, (const int[]){kept, kept}, 2);
    sum = ohm_net_unary(b, OHM_CHANNEL_SUM, kept);
    length = ohm_net_unary(b, OHM_CHANNEL_NORM, x);
    x = ohm_net_join(b, OHM_CONCAT, (const int[]){kept, sum, length}, 3);
    x = ohm_net_unary(b, OHM_LOG_COSH, ohm_net_dense(b, x, 6, true));
    x = ohm_net_dense(b, x, 4, true);
    MUST(ohm_net_finish(b, x, &net, &must_err));
    return net;
}

/* A residual network of a few thousand weights. */
static inline const struct ohm_net *small_net(struct ohm_net_builder *b)
{
    struct ohm_conv conv = ohm_conv_square(8, 3, 1, 1), wide = ohm_conv_square(32, 3, 2, 1);
    const struct ohm_net *net = NULL;
    int x, y;

    ohm_net_reset(b, true);
    x = ohm_net_conv(b, ohm_net_input(b, 8, 8, 3), &conv);
    x = ohm_net_unary(b, OHM_RELU, ohm_net_unary(b, OHM_BATCH_NORM, x));
    y = ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, x, &conv));
    x = ohm_net_unary(b, OHM_RELU, ohm_net_join(b, OHM_ADD, (const int[]){x, y}, 2));
    x = ohm_net_conv(b, x, &wide);
    x = ohm_net_unary(b, OHM_RELU, ohm_net_unary(b, OHM_BATCH_NORM, x));
    wide.stride_h = wide.stride_w = 1;
    y = ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, x, &wide)); /* 288 rows: two tiles */
    x = ohm_net_unary(b, OHM_RELU, ohm_net_join(b, OHM_ADD, (const int[]){x, y}, 2));
    x = ohm_net_dense(b, ohm_net_unary(b, OHM_GLOBAL_AVG_POOL, x), 4, true);
    MUST(ohm_net_finish(b, x, &net, &must_err));
    return net;
}

static inline struct ohm_recipe short_recipe(void)
{
    struct ohm_recipe r;

    ohm_fields_default(ohm_recipe_fields, &r);
    r.epochs = 4;
    r.batch = 16;
    r.lr = 0.05;
    r.momentum = 0.9;
    r.weight_decay = 5e-4;
    r.schedule = OHM_SCHEDULE_COSINE;
    return r;
}

#endif
