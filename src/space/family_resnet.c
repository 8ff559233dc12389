/* family_resnet.c - our own residual macro space: a stem, one to five groups of blocks, a head.
 *
 *   stem   conv, batch norm, ReLU
 *   group  `blocks` blocks; the first has the group's stride and changes the width
 *   block  the sum of `branches` equal branches and a shortcut, then ReLU (He et al., CVPR 2016, figure 2, made wide as
 *          in ResNeXt and AnalogNAS)
 *   branch basic: conv k x k, batch norm, ReLU, conv k x k, batch norm
 *          bottleneck: conv 1x1 to a quarter of the width, k x k there, 1x1 back, each with batch norm
 *   shortcut  the input itself, or conv 1x1 with batch norm where the shape changes
 *   head   global average pool, then the classifier, behind a hidden dense layer and ReLU where head_hidden > 0
 *
 * Padding is "same", so that a window fits every input, square or not, and the head takes whatever height and width
 * are left: each combination of values builds. */
#include "family_int.h"

#include <math.h>

enum { GROUPS_MAX = 5, BLOCKS_MAX = 100, BRANCHES_MAX = 64, WIDTH_MAX = 1 << 16, KERNEL_MAX = 63, STRIDE_MAX = 8 };
enum block_kind { BASIC, BOTTLENECK, BLOCK_KINDS };
/* Narrower inner layers of a bottleneck would leave a crossbar all but empty. */
enum { BOTTLENECK_PART = 4, BOTTLENECK_LEAST = 8 };

enum { STEM_WIDTH, STEM_KERNEL, STEM_STRIDE, HEAD_HIDDEN, GROUPS, GROUP_1 };
enum { BLOCKS, BRANCHES, BLOCK, KERNEL, WIDEN, STRIDE, AXES_A_GROUP };

/* clang-format off */
#define GROUP_AXES(g) \
    "g" #g "_blocks", "g" #g "_branches", "g" #g "_block", "g" #g "_kernel", "g" #g "_widen", "g" #g "_stride"
static const char *const axis_names[] = {
    "stem_width", "stem_kernel", "stem_stride", "head_hidden", "groups",
    GROUP_AXES(1), GROUP_AXES(2), GROUP_AXES(3), GROUP_AXES(4), GROUP_AXES(5), NULL
};
static const char *const block_kinds[] = { "basic", "bottleneck", NULL };
#define GROUP_CHOICES NULL, NULL, block_kinds, NULL, NULL, NULL
static const char *const *const axis_choices[] = {
    NULL, NULL, NULL, NULL, NULL, GROUP_CHOICES, GROUP_CHOICES, GROUP_CHOICES, GROUP_CHOICES, GROUP_CHOICES
};
/* clang-format on */

struct group {
    int blocks, branches, kernel, stride, width;
    enum block_kind kind;
};

struct plan {
    int stem_width, stem_kernel, stem_stride, head_hidden, groups;
    struct group group[GROUPS_MAX];
};

/* One whole-number axis, where it goes, and what a network can be built from. */
struct slot {
    int axis, min, max;
    int *out;
};

static enum ohm_status read_slots(const struct slot *slot, size_t n, const double *value, struct ohm_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const enum ohm_status st =
            ohm_family_int(slot[i].out, value[slot[i].axis], slot[i].min, slot[i].max, axis_names[slot[i].axis], err);
        if (st != OHM_OK)
            return st;
    }
    return OHM_OK;
}

/* Widths are multiples of 4: the width before, times the factor, to the nearest. */
static enum ohm_status widen(int *width, int before, const double *value, int axis, struct ohm_error *err)
{
    const double wanted = floor(before * value[axis] / 4 + 0.5) * 4;

    if (!(value[axis] > 0) || !(wanted <= WIDTH_MAX))
        return ohm_fail(err, OHM_ERANGE, "%s = %g makes %d channels %g, outside [4, %d]", axis_names[axis], value[axis],
                        before, wanted, WIDTH_MAX);
    *width = wanted < 4 ? 4 : (int)wanted;
    return OHM_OK;
}

static enum ohm_status read_group(struct group *group, int g, int width_before, const double *value,
                                  struct ohm_error *err)
{
    const int first = GROUP_1 + g * AXES_A_GROUP;
    int kind;
    const struct slot slots[] = {
        {first + BLOCKS, 1, BLOCKS_MAX, &group->blocks}, {first + BRANCHES, 1, BRANCHES_MAX, &group->branches},
        {first + BLOCK, 0, BLOCK_KINDS - 1, &kind},      {first + KERNEL, 1, KERNEL_MAX, &group->kernel},
        {first + STRIDE, 1, STRIDE_MAX, &group->stride},
    };
    const enum ohm_status st = read_slots(slots, sizeof slots / sizeof slots[0], value, err);

    if (st != OHM_OK)
        return st;
    group->kind = (enum block_kind)kind;
    return widen(&group->width, width_before, value, first + WIDEN, err);
}

static enum ohm_status read_plan(struct plan *plan, const double *value, struct ohm_error *err)
{
    const struct slot slots[] = {
        {STEM_WIDTH, 1, WIDTH_MAX, &plan->stem_width},    {STEM_KERNEL, 1, KERNEL_MAX, &plan->stem_kernel},
        {STEM_STRIDE, 1, STRIDE_MAX, &plan->stem_stride}, {HEAD_HIDDEN, 0, WIDTH_MAX, &plan->head_hidden},
        {GROUPS, 1, GROUPS_MAX, &plan->groups},
    };
    enum ohm_status st = read_slots(slots, sizeof slots / sizeof slots[0], value, err);

    for (int g = 0; st == OHM_OK && g < plan->groups; g++)
        st = read_group(&plan->group[g], g, g ? plan->group[g - 1].width : plan->stem_width, value, err);
    return st;
}

/* Convolution of "same" padding. An odd kernel is padded alike on both sides, as PyTorch does; an even one gets the
 * odd row and column at the end. */
static struct ohm_conv same_conv(const struct ohm_place *at, int input, int width, int kernel, int stride)
{
    struct ohm_conv conv = ohm_conv_square(width, kernel, stride, kernel / 2);

    if (kernel % 2 == 0 && input >= 0)
        ohm_conv_pad_same(&conv, at->b->net.layer[input].out.h, at->b->net.layer[input].out.w);
    return conv;
}

static int conv_norm(const struct ohm_place *at, int input, int width, int kernel, int stride, int i)
{
    static const char *const conv_names[] = {"conv", "conv1", "conv2", "conv3"};
    static const char *const norm_names[] = {"bn", "bn1", "bn2", "bn3"};
    const struct ohm_conv conv = same_conv(at, input, width, kernel, stride);

    return ohm_put_conv_norm(at, input, &conv, conv_names[i], norm_names[i]);
}

static int build_basic(const struct ohm_place *at, int x, const struct group *group, int stride)
{
    x = conv_norm(at, x, group->width, group->kernel, stride, 1);
    x = ohm_put_unary(at, OHM_RELU, x, "relu1");
    return conv_norm(at, x, group->width, group->kernel, 1, 2);
}

static int build_bottleneck(const struct ohm_place *at, int x, const struct group *group, int stride)
{
    const int part = group->width / BOTTLENECK_PART;
    const int inner = part < BOTTLENECK_LEAST ? BOTTLENECK_LEAST : part;

    x = conv_norm(at, x, inner, 1, 1, 1);
    x = ohm_put_unary(at, OHM_RELU, x, "relu1");
    x = conv_norm(at, x, inner, group->kernel, stride, 2);
    x = ohm_put_unary(at, OHM_RELU, x, "relu2");
    return conv_norm(at, x, group->width, 1, 1, 3);
}

static int build_block(struct ohm_place *at, int input, int width_before, const struct group *group, int g, int block)
{
    const int stride = block == 0 ? group->stride : 1;
    int end[BRANCHES_MAX + 1];
    int sum;

    for (int i = 0; i < group->branches; i++) {
        ohm_place_set(at, "group%d.block%d.branch%d", g + 1, block + 1, i + 1);
        end[i] =
            group->kind == BASIC ? build_basic(at, input, group, stride) : build_bottleneck(at, input, group, stride);
    }
    ohm_place_set(at, "group%d.block%d.shortcut", g + 1, block + 1);
    end[group->branches] =
        stride == 1 && width_before == group->width ? input : conv_norm(at, input, group->width, 1, stride, 0);
    ohm_place_set(at, "group%d.block%d", g + 1, block + 1);
    sum = ohm_put(at, ohm_net_join(at->b, OHM_ADD, end, group->branches + 1), "add");
    return ohm_put_unary(at, OHM_RELU, sum, "relu");
}

/* The blocks behind a group's first two are copies of the second, unless each needs names of its own. */
static int build_group(struct ohm_place *at, int x, int width_before, const struct group *group, int g)
{
    int first;

    x = build_block(at, x, width_before, group, g, 0);
    if (group->blocks > 2 && !at->b->with_names) {
        first = at->b->net.layers;
        (void)build_block(at, x, group->width, group, g, 1);
        return ohm_net_repeat(at->b, first, x, group->blocks - 2);
    }
    for (int block = 1; block < group->blocks; block++)
        x = build_block(at, x, group->width, group, g, block);
    return x;
}

static int build_head(struct ohm_place *at, int x, int hidden, int classes)
{
    ohm_place_set(at, "head");
    x = ohm_put_unary(at, OHM_GLOBAL_AVG_POOL, x, "pool");
    if (hidden > 0) {
        x = ohm_put(at, ohm_net_dense(at->b, x, hidden, true), "hidden");
        x = ohm_put_unary(at, OHM_RELU, x, "relu");
    }
    return ohm_put(at, ohm_net_dense(at->b, x, classes, true), "dense");
}

static enum ohm_status build(const double *value, struct ohm_shape input, int classes, struct ohm_net_builder *b,
                             const struct ohm_net **net, struct ohm_error *err)
{
    struct ohm_place at = {.b = b};
    struct plan plan;
    const enum ohm_status st = read_plan(&plan, value, err);
    int x;

    if (st != OHM_OK)
        return st;
    ohm_net_reset(b, b->with_names);
    ohm_place_set(&at, "stem");
    x = ohm_net_input(b, input.h, input.w, input.c);
    x = conv_norm(&at, x, plan.stem_width, plan.stem_kernel, plan.stem_stride, 0);
    x = ohm_put_unary(&at, OHM_RELU, x, "relu");
    for (int g = 0; g < plan.groups; g++)
        x = build_group(&at, x, g ? plan.group[g - 1].width : plan.stem_width, &plan.group[g], g);
    return ohm_net_finish(b, build_head(&at, x, plan.head_hidden, classes), net, err);
}

const struct ohm_family ohm_family_resnet = {
    .name = "resnet",
    .help = "residual networks: a stem, one to five groups of basic or bottleneck blocks with branches, a head",
    .axis_names = axis_names,
    .axis_choices = axis_choices,
    .build = build,
};
