/* family_analognas.c - the networks of IBM/analog-nas, layer for layer as its resnet_macro_architecture.py builds them
 * (revision 71dae1f8), with what is odd in it:
 *
 * - the stem's 7x7 convolution has padding 1, so 32x32 becomes 28x28, and no activation;
 * - nothing is ever strided: 28x28 stays to the end, and the classifier reads width * 21 * 21 numbers;
 * - widenfact divides: 0.5 doubles a group's width;
 * - R = 0 and R = 1 build the same one block; convblock is read by nothing (a surrogate's feature all the same);
 * - a shortcut that changes the width has two halves, of which the second is shifted by one pixel and sees no ReLU.
 *
 * The ReLU before a block's branches is one layer here and one for each branch there: the numbers are the same. */
#include "family_int.h"

#include <math.h>

enum { GROUPS_MAX = 5, BLOCKS_MAX = 1000, BRANCHES_MAX = 200, WIDTH_MAX = 1 << 16 };

/* The axes in the order of IBM's configuration dictionary, which is the order of the surrogates' features f0..f21. */
enum { OUT_CHANNEL0, M, R1, CONVBLOCK1 = 7, AXES = 22 };

static const char *const axis_names[] = {"out_channel0", "M",          "R1",         "R2", "R3",         "R4",
                                         "R5",           "convblock1", "widenfact1", "B1", "convblock2", "widenfact2",
                                         "B2",           "convblock3", "widenfact3", "B3", "convblock4", "widenfact4",
                                         "B4",           "convblock5", "widenfact5", "B5", NULL};

static int axis_r(int group)
{
    return R1 + group;
}

static int axis_widenfact(int group)
{
    return CONVBLOCK1 + 3 * group + 1;
}

static int axis_b(int group)
{
    return CONVBLOCK1 + 3 * group + 2;
}

/* Python's a // b for positive floats (CPython's float_floor_div): not floor(a / b), for 32 // 0.8 is 39. */
static double floor_divide(double a, double b)
{
    const double quotient = (a - fmod(a, b)) / b;
    const double whole = floor(quotient);

    return quotient - whole > 0.5 ? whole + 1 : whole;
}

struct group {
    int width, blocks, branches;
};

struct plan {
    int stem, groups;
    struct group group[GROUPS_MAX];
};

static enum ohm_status plan_group(struct group *group, int i, int width_before, const double *value,
                                  struct ohm_error *err)
{
    const double factor = value[axis_widenfact(i)];
    double width;
    enum ohm_status st;

    if ((st = ohm_family_int(&group->blocks, value[axis_r(i)], 0, BLOCKS_MAX, axis_names[axis_r(i)], err)) != OHM_OK ||
        (st = ohm_family_int(&group->branches, value[axis_b(i)], 1, BRANCHES_MAX, axis_names[axis_b(i)], err)) !=
            OHM_OK)
        return st;
    if (group->blocks == 0)
        group->blocks = 1;
    if (!(factor > 0) || isinf(factor))
        return ohm_fail(err, OHM_ERANGE, "%s is %g, legal are numbers above 0", axis_names[axis_widenfact(i)], factor);
    width = floor_divide(width_before, factor);
    if (!(width >= 1 && width <= WIDTH_MAX))
        return ohm_fail(err, OHM_ERANGE, "%s = %g makes group %d %g channels wide, outside [1, %d]",
                        axis_names[axis_widenfact(i)], factor, i + 1, width, WIDTH_MAX);
    group->width = (int)width;
    return OHM_OK;
}

static enum ohm_status plan_read(struct plan *plan, const double *value, struct ohm_error *err)
{
    enum ohm_status st;

    if ((st = ohm_family_int(&plan->stem, value[OUT_CHANNEL0], 1, WIDTH_MAX, axis_names[OUT_CHANNEL0], err)) !=
            OHM_OK ||
        (st = ohm_family_int(&plan->groups, value[M], 1, GROUPS_MAX, axis_names[M], err)) != OHM_OK)
        return st;
    for (int i = 0; i < plan->groups; i++)
        if ((st = plan_group(&plan->group[i], i, i ? plan->group[i - 1].width : plan->stem, value, err)) != OHM_OK)
            return st;
    return OHM_OK;
}

/* Conv 3x3, batch norm, ReLU, conv 3x3, batch norm, behind the ReLU that all branches of the block share. */
static int build_branch(const struct ohm_place *at, int relu, int width)
{
    const struct ohm_conv conv = ohm_conv_square(width, 3, 1, 1);
    int x = ohm_put_conv_norm(at, relu, &conv, "conv1", "bn1");

    x = ohm_put_unary(at, OHM_RELU, x, "relu");
    return ohm_put_conv_norm(at, x, &conv, "conv2", "bn2");
}

static int build_shortcut(const struct ohm_place *at, int input, int relu, int width)
{
    const struct ohm_conv rectified = ohm_conv_square(width / 2, 1, 1, 0);
    const struct ohm_conv shifted = ohm_conv_square(width - width / 2, 1, 1, 0);
    int half[2];

    half[0] = ohm_put_conv(at, relu, &rectified, "shortcut.conv1");
    half[1] = ohm_put_unary(at, OHM_SHIFT, input, "shortcut.shift");
    half[1] = ohm_put_conv(at, half[1], &shifted, "shortcut.conv2");
    half[0] = ohm_put(at, ohm_net_join(at->b, OHM_CONCAT, half, 2), "shortcut.concat");
    return ohm_put_unary(at, OHM_BATCH_NORM, half[0], "shortcut.bn");
}

static int build_block(struct ohm_place *at, int input, const struct group *group, int g, int block, int width_before)
{
    int end[BRANCHES_MAX + 1];
    int relu;

    ohm_place_set(at, "group%d.block%d", g + 1, block + 1);
    relu = ohm_put_unary(at, OHM_RELU, input, "relu");
    for (int i = 0; i < group->branches; i++) {
        ohm_place_set(at, "group%d.block%d.branch%d", g + 1, block + 1, i + 1);
        end[i] = build_branch(at, relu, group->width);
    }
    ohm_place_set(at, "group%d.block%d", g + 1, block + 1);
    end[group->branches] = width_before == group->width ? input : build_shortcut(at, input, relu, group->width);
    return ohm_put(at, ohm_net_join(at->b, OHM_ADD, end, group->branches + 1), "add");
}

/* The blocks behind a group's first two are copies of the second, unless each needs names of its own. */
static int build_group(struct ohm_place *at, int x, const struct group *group, int g, int width_before)
{
    int first;

    x = build_block(at, x, group, g, 0, width_before);
    if (group->blocks > 2 && !at->b->with_names) {
        first = at->b->net.layers;
        (void)build_block(at, x, group, g, 1, group->width);
        return ohm_net_repeat(at->b, first, x, group->blocks - 2);
    }
    for (int block = 1; block < group->blocks; block++)
        x = build_block(at, x, group, g, block, group->width);
    return x;
}

static int build_stem(struct ohm_net_builder *b, struct ohm_shape input, int width)
{
    const struct ohm_place at = {b, "stem"};
    const struct ohm_conv conv = ohm_conv_square(width, 7, 1, 1);
    const int image = ohm_net_input(b, input.h, input.w, input.c);

    return ohm_put_conv_norm(&at, image, &conv, "conv", "bn");
}

static int build_head(struct ohm_net_builder *b, int x, int classes)
{
    const struct ohm_place at = {b, "head"};

    x = ohm_put_unary(&at, OHM_RELU, x, "relu");
    x = ohm_put(&at, ohm_net_pool(b, OHM_AVG_POOL, x, 8, 8, 1, 0, true), "pool");
    x = ohm_put_unary(&at, OHM_FLATTEN, x, "flatten");
    return ohm_put(&at, ohm_net_dense(b, x, classes, true), "dense");
}

static enum ohm_status build(const double *value, struct ohm_shape input, int classes, struct ohm_net_builder *b,
                             const struct ohm_net **net, struct ohm_error *err)
{
    struct ohm_place at = {.b = b};
    struct plan plan;
    enum ohm_status st = plan_read(&plan, value, err);
    int x;

    if (st != OHM_OK)
        return st;
    ohm_net_reset(b, b->with_names);
    x = build_stem(b, input, plan.stem);
    for (int g = 0; g < plan.groups; g++)
        x = build_group(&at, x, &plan.group[g], g, g ? plan.group[g - 1].width : plan.stem);
    return ohm_net_finish(b, build_head(b, x, classes), net, err);
}

const struct ohm_family ohm_family_analognas = {
    .name = "analognas",
    .help = "the residual networks of IBM/analog-nas, exactly as its builder makes them",
    .axis_names = axis_names,
    .axis_choices = NULL,
    .build = build,
};
