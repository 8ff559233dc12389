/* nodes.c - the operators that are read, and the layers that need no numbers. */
#include "onnx_int.h"

#include "ohm/layer_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what handlers share ---- */

enum ohm_status ohm_onnx_need_layer(struct ohm_onnx_reader *r, size_t i, bool image, struct ohm_value **value)
{
    struct ohm_value *v = ohm_onnx_input(r, i);

    if (!v)
        return ohm_onnx_refuse(r, OHM_EDATA, "it has no input %zu", i);
    if (v->kind != OHM_VALUE_LAYER)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "input '%.80s' is a constant; here it must come from a layer", v->name);
    if (v->sliced)
        return ohm_onnx_refuse(r, OHM_EUNFIT,
                               "'%.80s' is a part of a picture: a Slice is read only as a shift by one pixel, with "
                               "the Pad that makes it whole again",
                               v->name);
    if (v->cosh)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "'%.80s' is a Cosh, which only a Log takes in", v->name);
    if (image && v->flat)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "'%.80s' is flat, and not [batch][channels][height][width]", v->name);
    *value = v;
    return OHM_OK;
}

static bool has_pad(const struct ohm_value *v)
{
    return (v->pad[0] | v->pad[1] | v->pad[2] | v->pad[3]) != 0;
}

/* As need_layer, and without zeros around it that are still to come. */
enum ohm_status ohm_onnx_need_whole(struct ohm_onnx_reader *r, size_t i, bool image, struct ohm_value **value)
{
    const enum ohm_status st = ohm_onnx_need_layer(r, i, image, value);

    if (st == OHM_OK && has_pad(*value))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "'%.80s' has zeros around it, which only a Conv or AveragePool takes in",
                               (*value)->name);
    return st;
}

/* A name for a layer: of the node, else of its kind; printable, its own, not too long for the files of layers. */
static bool name_layer(struct ohm_onnx_reader *r, int layer)
{
    char text[100];
    const char *from =
        r->node->name && r->node->name[0] ? r->node->name : ohm_layer_kind_name(r->b->net.layer[layer].kind);
    const bool plain = r->node->name && r->node->name[0];
    size_t n = 0;

    for (; from[n] && n < 80; n++)
        text[n] = from[n] > ' ' && from[n] < 127 ? from[n] : '_';
    text[n] = '\0';
    for (int64_t i = plain ? 1 : layer;; i++) {
        char *name;

        if (i > 1 || !plain)
            (void)snprintf(text + n, sizeof(text) - n, "_%lld", (long long)i);
        if (strcmp(text, "input") == 0 || ohm_name_map_find(&r->layer_names, text))
            continue;
        if (!(name = ohm_arena_strdup(r->texts, text)))
            return false;
        (void)ohm_name_map_add(&r->layer_names, name, layer);
        ohm_net_name(r->b, layer, "%s", name);
        return true;
    }
}

enum ohm_status ohm_onnx_give(struct ohm_onnx_reader *r, int layer, bool flat)
{
    return ohm_onnx_give_as(r, ohm_onnx_output(r), layer, flat);
}

enum ohm_status ohm_onnx_give_as(struct ohm_onnx_reader *r, struct ohm_value *out, int layer, bool flat)
{
    if (layer < 0)
        return ohm_onnx_refuse(r, r->b->failure.status, "%s", r->b->failure.text);
    if (layer > OHM_LAYER_LIST_MAX)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "the network has more than %d layers", OHM_LAYER_LIST_MAX);
    if (layer > 0 && !r->b->net.layer[layer].name && !name_layer(r, layer))
        return ohm_fail(r->err, OHM_ENOMEM, "out of memory");
    out->kind = OHM_VALUE_LAYER;
    out->layer = layer;
    out->flat = flat;
    return OHM_OK;
}

/* ---- windows ---- */

static bool read_pair(const struct ohm_onnx_reader *r, const char *attribute, int *a, int *b)
{
    int64_t v[OHM_INTS_MAX];
    const int n = ohm_onnx_ints(r, SIZE_MAX, attribute, v);

    if (n == -1)
        return true;
    if (n != 2 || v[0] < 1 || v[0] > OHM_NET_WINDOW_MAX || v[1] < 1 || v[1] > OHM_NET_WINDOW_MAX)
        return false;
    *a = (int)v[0];
    *b = (int)v[1];
    return true;
}

static enum ohm_status read_pads(const struct ohm_onnx_reader *r, struct ohm_conv *c)
{
    int64_t v[OHM_INTS_MAX];
    const int n = ohm_onnx_ints(r, SIZE_MAX, "pads", v);

    if (n == -1)
        return OHM_OK;
    for (int i = 0; i < 4; i++)
        if (n != 4 || v[i] < 0 || v[i] > OHM_NET_WINDOW_MAX)
            return ohm_onnx_refuse(r, OHM_EUNFIT, "pads are not 4 numbers in [0, %d]", OHM_NET_WINDOW_MAX);
    c->pad_top = (int)v[0];
    c->pad_left = (int)v[1];
    c->pad_bottom = (int)v[2];
    c->pad_right = (int)v[3];
    return OHM_OK;
}

static void swap(int *a, int *b)
{
    const int keep = *a;

    *a = *b;
    *b = keep;
}

enum ohm_status ohm_onnx_windows(struct ohm_onnx_reader *r, const struct ohm_value *in, struct ohm_conv *c)
{
    const struct ohm_shape *shape = &r->b->net.layer[in->layer].out;
    const onnx_attribute *auto_pad = ohm_onnx_attribute(r, "auto_pad");
    const char *how = auto_pad && auto_pad->has_s ? (const char *)auto_pad->s.data : "NOTSET";
    const size_t n = auto_pad && auto_pad->has_s ? auto_pad->s.len : 6;
    int dilate_h = 1, dilate_w = 1;

    if (!read_pair(r, "kernel_shape", &c->k_h, &c->k_w) || !read_pair(r, "strides", &c->stride_h, &c->stride_w) ||
        !read_pair(r, "dilations", &dilate_h, &dilate_w))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "kernel_shape, strides and dilations are not 2 numbers in [1, %d]",
                               OHM_NET_WINDOW_MAX);
    if (dilate_h != 1 || dilate_w != 1)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "dilations are %d and %d; 1 is legal", dilate_h, dilate_w);
    if (n == 6 && memcmp(how, "NOTSET", 6) == 0)
        return read_pads(r, c);
    if (n == 10 && (memcmp(how, "SAME_UPPER", 10) == 0 || memcmp(how, "SAME_LOWER", 10) == 0)) {
        ohm_conv_pad_same(c, shape->h + in->pad[0] + in->pad[2], shape->w + in->pad[1] + in->pad[3]);
        if (how[5] == 'L') {
            swap(&c->pad_top, &c->pad_bottom);
            swap(&c->pad_left, &c->pad_right);
        }
        return OHM_OK;
    }
    if (n == 5 && memcmp(how, "VALID", 5) == 0)
        return OHM_OK;
    return ohm_onnx_refuse(r, OHM_EUNFIT, "auto_pad is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID");
}

/* Rounding up gives one more position where the stride does not divide what is left. */
static bool rounds_up(const struct ohm_conv *c, const struct ohm_shape *in)
{
    return (in->h + c->pad_top + c->pad_bottom - c->k_h) % c->stride_h != 0 ||
           (in->w + c->pad_left + c->pad_right - c->k_w) % c->stride_w != 0;
}

static enum ohm_status pool(struct ohm_onnx_reader *r)
{
    const enum ohm_layer_kind kind = r->node->op_type[0] == 'M' ? OHM_MAX_POOL : OHM_AVG_POOL;
    struct ohm_conv c = ohm_conv_square(1, 1, 1, 0);
    bool count = ohm_onnx_int(r, "count_include_pad", 0) != 0;
    struct ohm_value *in;
    enum ohm_status st;

    if ((st = (kind == OHM_MAX_POOL ? ohm_onnx_need_whole : ohm_onnx_need_layer)(r, 0, true, &in)) != OHM_OK ||
        (st = ohm_onnx_windows(r, in, &c)) != OHM_OK)
        return st;
    if (has_pad(in)) { /* zeros that were put there count */
        if ((c.pad_top | c.pad_left | c.pad_bottom | c.pad_right) != 0)
            return ohm_onnx_refuse(r, OHM_EUNFIT, "it has padding of its own beside that of the Pad before it");
        c.pad_top = in->pad[0];
        c.pad_left = in->pad[1];
        c.pad_bottom = in->pad[2];
        c.pad_right = in->pad[3];
        count = true;
    }
    if (c.pad_top != c.pad_left || c.pad_top != c.pad_bottom || c.pad_top != c.pad_right || c.stride_h != c.stride_w)
        return ohm_onnx_refuse(r, OHM_EUNFIT,
                               "strides %d %d and padding %d %d %d %d (top left bottom right): a pool has one stride "
                               "and one padding for all sides",
                               c.stride_h, c.stride_w, c.pad_top, c.pad_left, c.pad_bottom, c.pad_right);
    if (ohm_onnx_int(r, "ceil_mode", 0) != 0 && rounds_up(&c, &r->b->net.layer[in->layer].out))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "ceil_mode gives windows that reach beyond the padding");
    return ohm_onnx_give(
        r, ohm_net_pool(r->b, kind, in->layer, c.k_h, c.k_w, c.stride_h, c.pad_top, kind == OHM_AVG_POOL && count),
        false);
}

static enum ohm_status global_pool(struct ohm_onnx_reader *r)
{
    struct ohm_value *in;
    enum ohm_status st = ohm_onnx_need_whole(r, 0, true, &in);

    return st == OHM_OK ? ohm_onnx_give(r, ohm_net_unary(r->b, OHM_GLOBAL_AVG_POOL, in->layer), false) : st;
}

static enum ohm_status reduce_mean(struct ohm_onnx_reader *r)
{
    struct ohm_value *in;
    int64_t v[OHM_INTS_MAX];
    const int n = ohm_onnx_ints(r, 1, "axes", v);
    enum ohm_status st = ohm_onnx_need_whole(r, 0, true, &in);

    if (st != OHM_OK)
        return st;
    for (int i = 0; i < n; i++)
        v[i] += v[i] < 0 ? 4 : 0;
    if (n != 2 || (v[0] != 2 && v[0] != 3) || (v[1] != 2 && v[1] != 3) || v[0] == v[1])
        return ohm_onnx_refuse(r, OHM_EUNFIT, "a mean over other axes than height and width");
    return ohm_onnx_give(r, ohm_net_unary(r->b, OHM_GLOBAL_AVG_POOL, in->layer), ohm_onnx_int(r, "keepdims", 1) == 0);
}

/* ---- one number after another ---- */

static enum ohm_status relu(struct ohm_onnx_reader *r)
{
    struct ohm_value *in;
    enum ohm_status st = ohm_onnx_need_whole(r, 0, false, &in);

    return st == OHM_OK ? ohm_onnx_give(r, ohm_net_unary(r->b, OHM_RELU, in->layer), in->flat) : st;
}

/* A bound of Clip: input i, or the attribute; NaN: it is not known. */
static double bound(const struct ohm_onnx_reader *r, size_t i, const char *attribute, double otherwise)
{
    const struct ohm_value *v = ohm_onnx_input(r, i);
    int64_t count;
    struct ohm_onnx_reader quiet = *r;
    struct ohm_error nobody;

    if (!v)
        return ohm_onnx_real(r, attribute, otherwise);
    quiet.err = &nobody;
    if (v->kind != OHM_VALUE_TENSOR || ohm_onnx_check_floats(&quiet, v->tensor, &count) != OHM_OK || count != 1)
        return NAN;
    return ohm_onnx_float(v->tensor, 0);
}

static enum ohm_status clip(struct ohm_onnx_reader *r)
{
    const double low = bound(r, 1, "min", -INFINITY), high = bound(r, 2, "max", INFINITY);

    if (low == 0 && high >= (double)3.4e38f)
        return relu(r);
    if (low < -(double)3.4e38f && high >= (double)3.4e38f)
        return ohm_onnx_same(r);
    return ohm_onnx_refuse(r, OHM_EUNFIT,
                           "clips to [%g, %g]; only [0, inf], which is a ReLU, has a layer kind here (a ReLU6 has "
                           "none: train the network with ReLU)",
                           low, high);
}

/* A product with zero is a layer of zeros, one of two layers a layer; products with other constants are none. */
static enum ohm_status multiply(struct ohm_onnx_reader *r)
{
    struct ohm_value *in;
    enum ohm_status st;

    if (ohm_onnx_of_ints(r))
        return ohm_onnx_arithmetic(r);
    if (ohm_onnx_input(r, 1) && ohm_onnx_input(r, 1)->kind == OHM_VALUE_LAYER)
        return ohm_onnx_product(r);
    if (bound(r, 1, "", NAN) != 0)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "a product with another constant than 0 has no layer kind here");
    st = ohm_onnx_need_whole(r, 0, false, &in);
    return st == OHM_OK ? ohm_onnx_give(r, ohm_net_zero(r->b, in->layer, 1), in->flat) : st;
}

/* ---- several inputs ---- */

static enum ohm_status join(struct ohm_onnx_reader *r, enum ohm_layer_kind kind)
{
    int input[OHM_NET_INPUTS_MAX];
    const size_t n = r->node->n_input;
    struct ohm_value *in = NULL;
    bool flat = false;
    enum ohm_status st;

    if (n < 1 || n > OHM_NET_INPUTS_MAX)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "it has %zu inputs, outside [1, %d]", n, OHM_NET_INPUTS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct ohm_shape *s;

        if ((st = ohm_onnx_need_whole(r, i, false, &in)) != OHM_OK)
            return st;
        s = &r->b->net.layer[in->layer].out;
        if (i > 0 && in->flat != flat)
            return ohm_onnx_refuse(r, OHM_EUNFIT, "it joins what is flat with what is not ('%.80s')", in->name);
        if (in->flat && kind == OHM_CONCAT && (int64_t)s->h * s->w > 1)
            return ohm_onnx_refuse(r, OHM_EUNFIT, "'%.80s' is a flattened picture, and joined with another", in->name);
        flat = in->flat;
        input[i] = in->layer;
    }
    return ohm_onnx_give(r, ohm_net_join(r->b, kind, input, (int)n), flat);
}

static enum ohm_status add(struct ohm_onnx_reader *r)
{
    const struct ohm_value *a = ohm_onnx_input(r, 0), *b = ohm_onnx_input(r, 1);

    if (ohm_onnx_of_ints(r))
        return ohm_onnx_arithmetic(r);
    if (!r->taken[r->at])
        return join(r, OHM_ADD);
    a = a && a->kind == OHM_VALUE_LAYER ? a : b; /* the other input is a bias that the layer before has taken */
    return ohm_onnx_give(r, a->layer, a->flat);
}

static enum ohm_status concat(struct ohm_onnx_reader *r)
{
    const struct ohm_value *first = ohm_onnx_input(r, 0);
    const int64_t axis = ohm_onnx_int(r, "axis", 1);

    if (first && first->kind != OHM_VALUE_LAYER)
        return ohm_onnx_join_ints(r);
    if (axis != 1 && axis != (first && first->flat ? -1 : -3))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "it joins on axis %lld; on channels, 1, is legal", (long long)axis);
    return join(r, OHM_CONCAT);
}

/* ---- the table ---- */

static const struct {
    const char *name;
    enum ohm_status (*read)(struct ohm_onnx_reader *r);
} operators[] = {
    {"Add", add},
    {"AveragePool", pool},
    {"BatchNormalization", ohm_onnx_batch_norm},
    {"Cast", ohm_onnx_same},
    {"Clip", clip},
    {"Concat", concat},
    {"Constant", ohm_onnx_constant},
    {"ConstantOfShape", ohm_onnx_ints_of_shape},
    {"Conv", ohm_onnx_conv},
    {"Cosh", ohm_onnx_cosh},
    {"Div", ohm_onnx_arithmetic},
    {"Dropout", ohm_onnx_same},
    {"Elu", ohm_onnx_curve},
    {"Flatten", ohm_onnx_flatten},
    {"GRU", ohm_onnx_recurrent},
    {"Gather", ohm_onnx_gather},
    {"Gemm", ohm_onnx_gemm},
    {"GlobalAveragePool", global_pool},
    {"Identity", ohm_onnx_same},
    {"LSTM", ohm_onnx_recurrent},
    {"Log", ohm_onnx_log},
    {"MatMul", ohm_onnx_matmul},
    {"MaxPool", pool},
    {"Mul", multiply},
    {"Pad", ohm_onnx_pad},
    {"RNN", ohm_onnx_recurrent},
    {"ReduceL2", ohm_onnx_reduce},
    {"ReduceMean", reduce_mean},
    {"ReduceSum", ohm_onnx_reduce},
    {"Relu", relu},
    {"Reshape", ohm_onnx_reshape},
    {"Shape", ohm_onnx_shape},
    {"Sigmoid", ohm_onnx_curve},
    {"Slice", ohm_onnx_slice},
    {"Split", ohm_onnx_split},
    {"Squeeze", ohm_onnx_squeeze},
    {"Sub", ohm_onnx_arithmetic},
    {"Sum", add},
    {"Tanh", ohm_onnx_curve},
    {"Transpose", ohm_onnx_transpose},
    {"Unsqueeze", ohm_onnx_same},
};

enum ohm_status ohm_onnx_add_node(struct ohm_onnx_reader *r)
{
    if (r->node->n_output < 1 || !ohm_onnx_output(r))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "its first output has no name");
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]) && r->node->op_type; i++)
        if (strcmp(operators[i].name, r->node->op_type) == 0)
            return operators[i].read(r);
    return ohm_onnx_refuse(r, OHM_EUNFIT, "no layer kind does what this operator does%s",
                           r->node->op_type && strstr(r->node->op_type, "oftmax")
                               ? ": networks end with their logits here, export it without"
                               : "");
}
