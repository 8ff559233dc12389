/* chip_fixture.h - the chip of the tests, networks known from publications, and networks made at random. */
#ifndef CHIP_FIXTURE_H
#define CHIP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ohm/chip.h"
#include "ohm/mem.h"
#include "ohm/rng.h"

#define FIXTURE_CHIP "searchspaces/chips/hermes64.yaml"

/* The shipped chips, which are at least one of each model. */
static const char *const fixture_chips[] = {"hermes64", "mesh512", "aon-cim", "imc-cluster"};
enum { FIXTURE_CHIPS = sizeof fixture_chips / sizeof fixture_chips[0] };

static inline struct ohm_chip *fixture_chip_named(const char *name)
{
    struct ohm_diag diag = {0};
    struct ohm_chip *chip = NULL;
    char path[128];

    snprintf(path, sizeof path, "searchspaces/chips/%s.yaml", name);
    ohm_chip_load(&chip, path, &diag);
    for (int i = 0; i < diag.count && i < OHM_DIAG_MAX; i++)
        print_error("%s:%d: %s\n", diag.item[i].path, diag.item[i].line, diag.item[i].text);
    assert_non_null(chip);
    ohm_diag_release(&diag);
    return chip;
}

static inline struct ohm_chip *fixture_chip(void)
{
    return fixture_chip_named("hermes64");
}

static inline struct ohm_chip_use fixture_use(int read_mode, int schedule)
{
    struct ohm_chip_use use;

    ohm_fields_default(ohm_chip_use_fields, &use);
    use.read_mode = read_mode;
    use.schedule = schedule;
    return use;
}

static inline struct ohm_cost fixture_cost(const struct ohm_chip *chip, const struct ohm_chip_use *use,
                                           const struct ohm_net *net)
{
    struct ohm_cost cost;

    assert_int_equal(ohm_cost_net(chip, use, net, &cost, NULL, NULL), OHM_OK);
    return cost;
}

static inline const struct ohm_net *fixture_finish(struct ohm_net_builder *b, int output)
{
    const struct ohm_net *net = NULL;
    struct ohm_error err = {0};

    if (ohm_net_finish(b, output, &net, &err) != OHM_OK)
        print_error("%s\n", err.text);
    assert_non_null(net);
    return net;
}

static inline int fixture_conv(struct ohm_net_builder *b, int input, int c_out, int kernel, int stride)
{
    const struct ohm_conv conv = ohm_conv_square(c_out, kernel, stride, kernel / 2);

    return ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, input, &conv));
}

static inline int fixture_conv_relu(struct ohm_net_builder *b, int input, int c_out, int kernel, int stride)
{
    return ohm_net_unary(b, OHM_RELU, fixture_conv(b, input, c_out, kernel, stride));
}

static inline int fixture_add(struct ohm_net_builder *b, int x, int y)
{
    const int both[] = {x, y};

    return ohm_net_join(b, OHM_ADD, both, 2);
}

/* One 3 x 3 convolution of 64 on 64 channels at 32 x 32. */
static inline const struct ohm_net *fixture_conv3x3(struct ohm_net_builder *b)
{
    const struct ohm_conv conv = ohm_conv_square(64, 3, 1, 1);

    ohm_net_reset(b, false);
    return fixture_finish(b, ohm_net_conv(b, ohm_net_input(b, 32, 32, 64), &conv));
}

/* ResNet-9 as Le Gallo et al. put it on the chip: eight convolutions, residuals from 1 to 3 and from 5 to 7, max-pools
 * after 1, 4, 5 (2 x 2) and after 7 (4 x 4). */
static inline const struct ohm_net *fixture_resnet9(struct ohm_net_builder *b)
{
    int x, skip;

    ohm_net_reset(b, false);
    x = fixture_conv_relu(b, ohm_net_input(b, 32, 32, 3), 56, 3, 1);
    x = fixture_conv_relu(b, x, 112, 3, 1);
    skip = ohm_net_pool(b, OHM_MAX_POOL, x, 2, 2, 2, 0, false);
    x = fixture_conv_relu(b, skip, 112, 3, 1);
    x = fixture_add(b, fixture_conv_relu(b, x, 112, 3, 1), skip);
    x = fixture_conv_relu(b, x, 224, 3, 1);
    x = ohm_net_pool(b, OHM_MAX_POOL, x, 2, 2, 2, 0, false);
    x = fixture_conv_relu(b, x, 224, 3, 1);
    skip = ohm_net_pool(b, OHM_MAX_POOL, x, 2, 2, 2, 0, false);
    x = fixture_conv_relu(b, skip, 224, 3, 1);
    x = fixture_add(b, fixture_conv_relu(b, x, 224, 3, 1), skip);
    x = ohm_net_pool(b, OHM_MAX_POOL, x, 4, 4, 4, 0, false);
    return fixture_finish(b, ohm_net_dense(b, x, 10, true));
}

static inline int fixture_basic_block(struct ohm_net_builder *b, int x, int width, int stride)
{
    int y = fixture_conv_relu(b, x, width, 3, stride);

    y = fixture_conv(b, y, width, 3, 1);
    return ohm_net_unary(b, OHM_RELU, fixture_add(b, y, stride == 1 ? x : fixture_conv(b, x, width, 1, stride)));
}

/* ResNet-32 for CIFAR-10 with 1 x 1 convolutions where the width changes. */
static inline const struct ohm_net *fixture_resnet32(struct ohm_net_builder *b)
{
    int x;

    ohm_net_reset(b, false);
    x = fixture_conv_relu(b, ohm_net_input(b, 32, 32, 3), 16, 3, 1);
    for (int stage = 0; stage < 3; stage++)
        for (int i = 0; i < 5; i++)
            x = fixture_basic_block(b, x, 16 << stage, stage > 0 && i == 0 ? 2 : 1);
    x = ohm_net_unary(b, OHM_GLOBAL_AVG_POOL, x);
    return fixture_finish(b, ohm_net_dense(b, x, 10, true));
}

/* A convolution, a depthwise separable residual block, and a classifier: something for every part of every chip. */
static inline const struct ohm_net *fixture_separable(struct ohm_net_builder *b)
{
    struct ohm_conv depthwise = ohm_conv_square(96, 3, 1, 1);
    int x, y;

    ohm_net_reset(b, false);
    x = fixture_conv_relu(b, ohm_net_input(b, 16, 16, 3), 96, 3, 1);
    depthwise.groups = 96;
    y = ohm_net_unary(b, OHM_RELU, ohm_net_conv(b, x, &depthwise));
    x = fixture_add(b, fixture_conv(b, y, 96, 1, 1), x);
    return fixture_finish(b, ohm_net_dense(b, ohm_net_unary(b, OHM_GLOBAL_AVG_POOL, x), 1000, true));
}

/* ---- random networks ---- */

static inline int fixture_between(struct ohm_rng *rng, int low, int high)
{
    return low + (int)ohm_rng_below(rng, (uint32_t)(high - low + 1));
}

/* Mostly narrow, now and then wide. */
static inline int fixture_width(struct ohm_rng *rng)
{
    return fixture_between(rng, 1, ohm_rng_below(rng, 6) ? 64 : 600);
}

/* A convolution with any kernel, stride, width, and now and then groups. */
static inline int fixture_any_conv(struct ohm_net_builder *b, struct ohm_rng *rng, int x)
{
    const int c_in = b->net.layer[x].out.c, kernel = fixture_between(rng, 1, 5);
    struct ohm_conv conv = ohm_conv_square(fixture_width(rng), kernel, fixture_between(rng, 1, 2), kernel / 2);

    if (ohm_rng_below(rng, 4) == 0) {
        const int wanted = fixture_between(rng, 1, c_in);

        conv.groups = c_in % wanted == 0 ? wanted : c_in;
        conv.c_out = conv.groups * fixture_between(rng, 1, 3);
    }
    return ohm_net_conv(b, x, &conv);
}

static inline int fixture_any_layer(struct ohm_net_builder *b, struct ohm_rng *rng, int x)
{
    int y;

    switch (ohm_rng_below(rng, 8)) {
    case 0:
        return ohm_net_unary(b, OHM_RELU, x);
    case 1:
        return b->net.layer[x].out.h > 1 && b->net.layer[x].out.w > 1
                   ? ohm_net_pool(b, OHM_MAX_POOL, x, 2, 2, 2, 0, false)
                   : x;
    case 2:
        y = fixture_conv_relu(b, x, b->net.layer[x].out.c, 3, 1);
        return fixture_add(b, x, y);
    case 3:
        if (b->net.layer[x].out.c > 600)
            return x;
        y = fixture_conv_relu(b, x, fixture_between(rng, 1, 100), 3, 1);
        return ohm_net_join(b, OHM_CONCAT, (const int[]){x, y}, 2);
    default:
        return fixture_any_conv(b, rng, x);
    }
}

/* A network of 1 to 20 steps; it has at least one crossbar layer. */
static inline const struct ohm_net *fixture_random(struct ohm_net_builder *b, struct ohm_rng *rng)
{
    const int steps = fixture_between(rng, 0, 19);
    int x;

    ohm_net_reset(b, false);
    x = ohm_net_input(b, fixture_between(rng, 1, 32), fixture_between(rng, 1, 32), fixture_between(rng, 1, 40));
    x = fixture_any_conv(b, rng, x);
    for (int i = 0; i < steps; i++)
        x = fixture_any_layer(b, rng, x);
    if (ohm_rng_below(rng, 2))
        x = ohm_net_dense(b, ohm_net_unary(b, OHM_GLOBAL_AVG_POOL, x), fixture_between(rng, 1, 300), true);
    return fixture_finish(b, x);
}

#endif
