/* write_layers.c - one node for each layer, tensors channels first.
 *
 * A flat value of the graph, [N][features], has its features in the order [c][h][w] of the picture that it was; the
 * net has them as [h][w][c]. So each value knows the picture behind it, and dense layers and batch norms that read it
 * get their numbers in the other order. */
#include "write_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int input_of(const struct ohm_onnx_writer *w, int layer, int k)
{
    return w->net->edge[w->net->layer[layer].first_input + k];
}

static char *node_name(struct ohm_onnx_writer *w, int layer)
{
    return ohm_put_text(w, w->net->layer[layer].name ? w->net->layer[layer].name : "");
}

/* The k-th input of a layer as a picture; a flat one of one pixel is given its height and width again. */
static char *picture_input(struct ohm_onnx_writer *w, int layer, int k)
{
    const int from = input_of(w, layer, k);
    struct ohm_layer_value *v = &w->value[from];
    char what[32];
    onnx_node *n;

    if (!v->flat)
        return v->name;
    if ((int64_t)v->picture.h * v->picture.w > 1) {
        (void)ohm_fail(w->err, OHM_EUNFIT,
                       "layer %d (%s) reads a flattened picture as a picture again, which ONNX would read in another "
                       "order",
                       layer, ohm_layer_kind_name(w->net->layer[layer].kind));
        w->failed = true;
        return v->name;
    }
    (void)snprintf(what, sizeof(what), "picture%d", k);
    n = ohm_put_node(w, "Reshape", ohm_put_text(w, ""), ohm_put_name(w, layer, what), 2);
    ohm_put_input(n, v->name);
    (void)snprintf(what, sizeof(what), "shape%d", k);
    ohm_put_input(n, ohm_put_shape(w, ohm_put_name(w, layer, what), (int64_t[]){0, v->picture.c, 1, 1}, 4));
    return n ? n->output[0] : v->name;
}

/* The layer's node reads this; what it gives is flat as its input is. */
static onnx_node *put_layer_node(struct ohm_onnx_writer *w, int layer, const char *op, size_t inputs)
{
    return ohm_put_node(w, op, node_name(w, layer), w->value[layer].name, inputs);
}

/* ---- numbers ---- */

/* What multiplies channel c of a conv or dense layer, and what is added after that: the folded batch norm. */
static void fold_of(const struct ohm_onnx_writer *w, int bn, int c, double *factor, double *mean, double *shift)
{
    const struct ohm_weights *p = w->w;

    *factor = 1;
    *mean = *shift = 0;
    if (bn < 0)
        return;
    *factor = (double)ohm_weights_of(p, bn, OHM_SCALE)[c] /
              sqrt((double)ohm_weights_of(p, bn, OHM_VARIANCE)[c] + (double)OHM_BN_EPS);
    *mean = (double)ohm_weights_of(p, bn, OHM_MEAN)[c];
    *shift = (double)ohm_weights_of(p, bn, OHM_SHIFT_BY)[c];
}

static char *put_bias(struct ohm_onnx_writer *w, int layer)
{
    const struct ohm_layer *l = &w->net->layer[layer];
    const int bn = w->value[layer].fold;
    const float *bias = ohm_weights_of(w->w, layer, OHM_BIAS);
    char *name = ohm_put_name(w, layer, "bias");
    float *to = ohm_put_floats(w, name, &(int64_t){l->out.c}, 1);

    for (int c = 0; c < l->out.c && to; c++) {
        double factor, mean, shift;

        fold_of(w, bn, c, &factor, &mean, &shift);
        to[c] = bn < 0 ? bias[c] : (float)((bias ? (double)bias[c] - mean : -mean) * factor + shift);
    }
    return name;
}

/* Weights [c_out][in_h][in_w][in_c] as [c_out][in_c][in_h][in_w], each row times its factor. */
static char *put_weights(struct ohm_onnx_writer *w, int layer, struct ohm_shape s, const int64_t *dim, size_t dims)
{
    const struct ohm_layer *l = &w->net->layer[layer];
    const float *from = ohm_weights_of(w->w, layer, OHM_WEIGHT);
    const size_t h = (size_t)s.h, wide = (size_t)s.w, c = (size_t)s.c;
    const int bn = w->value[layer].fold;
    char *name = ohm_put_name(w, layer, "weight");
    float *to = ohm_put_floats(w, name, dim, dims);

    for (int o = 0; o < l->out.c && to; o++) {
        double factor, mean, shift;

        fold_of(w, bn, o, &factor, &mean, &shift);
        for (size_t i = 0; i < c; i++)
            for (size_t yx = 0; yx < h * wide; yx++)
                to[((size_t)o * c + i) * h * wide + yx] =
                    (float)(factor * (double)from[((size_t)o * h * wide + yx) * c + i]);
    }
    return name;
}

/* ---- layers ---- */

static void put_window(struct ohm_onnx_writer *w, onnx_node *n, const struct ohm_layer *l)
{
    ohm_put_ints(w, n, "kernel_shape", (int32_t[]){l->k_h, l->k_w}, 2);
    ohm_put_ints(w, n, "strides", (int32_t[]){l->stride_h, l->stride_w}, 2);
    ohm_put_ints(w, n, "pads", (int32_t[]){l->pad_top, l->pad_left, l->pad_bottom, l->pad_right}, 4);
}

static void put_conv(struct ohm_onnx_writer *w, int layer)
{
    const struct ohm_layer *l = &w->net->layer[layer];
    const struct ohm_shape s = {l->k_h, l->k_w, l->in.c / l->groups};
    char *in = picture_input(w, layer, 0);
    onnx_node *n = put_layer_node(w, layer, "Conv", 3);

    ohm_put_input(n, in);
    ohm_put_input(n, put_weights(w, layer, s, (int64_t[]){l->out.c, s.c, s.h, s.w}, 4));
    if (l->bias || w->value[layer].fold >= 0)
        ohm_put_input(n, put_bias(w, layer));
    put_window(w, n, l);
    ohm_put_int(w, n, "group", l->groups);
}

static void put_dense(struct ohm_onnx_writer *w, int layer)
{
    const struct ohm_layer *l = &w->net->layer[layer];
    const struct ohm_layer_value *from = &w->value[input_of(w, layer, 0)];
    const struct ohm_shape s = from->picture;
    char *in = from->name;
    onnx_node *n;

    if (!from->flat) {
        n = ohm_put_node(w, "Flatten", ohm_put_text(w, ""), in = ohm_put_name(w, layer, "flat"), 1);
        ohm_put_input(n, from->name);
        ohm_put_int(w, n, "axis", 1);
    }
    n = put_layer_node(w, layer, "Gemm", 3);
    ohm_put_input(n, in);
    ohm_put_input(n, put_weights(w, layer, s, (int64_t[]){l->out.c, (int64_t)s.h * s.w * s.c}, 2));
    if (l->bias || w->value[layer].fold >= 0)
        ohm_put_input(n, put_bias(w, layer));
    ohm_put_int(w, n, "transB", 1);
    w->value[layer].flat = true;
}

static void put_bn(struct ohm_onnx_writer *w, int layer)
{
    static const enum ohm_role role[] = {OHM_SCALE, OHM_SHIFT_BY, OHM_MEAN, OHM_VARIANCE};
    static const char *const name[] = {"scale", "shift", "running_mean", "running_var"};
    const struct ohm_layer *l = &w->net->layer[layer];
    const struct ohm_layer_value *v = &w->value[layer];
    const size_t pixels = v->flat ? (size_t)v->picture.h * (size_t)v->picture.w : 1, c = (size_t)l->out.c / pixels;
    onnx_node *n = put_layer_node(w, layer, "BatchNormalization", 5);

    ohm_put_input(n, w->value[input_of(w, layer, 0)].name);
    for (int k = 0; k < 4; k++) {
        const float *from = ohm_weights_of(w->w, layer, role[k]);
        char *tensor = ohm_put_name(w, layer, name[k]);
        float *to = ohm_put_floats(w, tensor, &(int64_t){l->out.c}, 1);

        for (size_t i = 0; i < c && to; i++)
            for (size_t yx = 0; yx < pixels; yx++)
                to[i * pixels + yx] = from[yx * c + i];
        ohm_put_input(n, tensor);
    }
    ohm_put_real(w, n, "epsilon", OHM_BN_EPS);
}

static void put_unary(struct ohm_onnx_writer *w, int layer, const char *op, bool picture)
{
    char *in = picture ? picture_input(w, layer, 0) : w->value[input_of(w, layer, 0)].name;
    const struct ohm_layer *l = &w->net->layer[layer];
    onnx_node *n = put_layer_node(w, layer, op, 1);

    ohm_put_input(n, in);
    if (l->kind == OHM_AVG_POOL || l->kind == OHM_MAX_POOL)
        put_window(w, n, l);
    if (l->kind == OHM_AVG_POOL)
        ohm_put_int(w, n, "count_include_pad", l->count_include_pad);
    if (l->kind == OHM_FLATTEN)
        ohm_put_int(w, n, "axis", 1);
}

static void put_join(struct ohm_onnx_writer *w, int layer)
{
    const struct ohm_layer *l = &w->net->layer[layer];
    bool flat = true, one_pixel = true;
    char **in = ohm_put_take(w, (size_t)l->inputs, sizeof(*in));
    onnx_node *n;

    for (int k = 0; k < l->inputs; k++) {
        const struct ohm_layer_value *v = &w->value[input_of(w, layer, k)], *first = &w->value[input_of(w, layer, 0)];

        flat = flat && v->flat && memcmp(&v->picture, &first->picture, sizeof(v->picture)) == 0;
        one_pixel = one_pixel && (int64_t)v->picture.h * v->picture.w == 1;
    }
    flat = flat && (l->kind != OHM_CONCAT || one_pixel);
    for (int k = 0; k < l->inputs && in; k++)
        in[k] = flat ? w->value[input_of(w, layer, k)].name : picture_input(w, layer, k);
    n = put_layer_node(w, layer,
                       l->kind == OHM_CONCAT ? "Concat"
                       : l->kind == OHM_MUL  ? "Mul"
                       : l->inputs == 2      ? "Add"
                                             : "Sum",
                       (size_t)l->inputs);
    for (int k = 0; k < l->inputs && in; k++)
        ohm_put_input(n, in[k]);
    if (l->kind == OHM_CONCAT)
        ohm_put_int(w, n, "axis", 1);
    w->value[layer].flat = flat;
    w->value[layer].picture = flat && l->kind != OHM_CONCAT ? w->value[input_of(w, layer, 0)].picture : l->out;
}

/* Zero is a product with zero, of every stride-th pixel. */
static void put_zero(struct ohm_onnx_writer *w, int layer)
{
    const struct ohm_layer *l = &w->net->layer[layer];
    char *in = picture_input(w, layer, 0), *zero = ohm_put_name(w, layer, "zero");
    onnx_node *n;

    if (l->stride_h > 1 || l->stride_w > 1) {
        n = ohm_put_node(w, "MaxPool", ohm_put_text(w, ""), ohm_put_name(w, layer, "strided"), 1);
        ohm_put_input(n, in);
        ohm_put_ints(w, n, "kernel_shape", (int32_t[]){1, 1}, 2);
        ohm_put_ints(w, n, "strides", (int32_t[]){l->stride_h, l->stride_w}, 2);
        in = n ? n->output[0] : in;
    }
    n = put_layer_node(w, layer, "Mul", 2);
    ohm_put_input(n, in);
    (void)ohm_put_floats(w, zero, &(int64_t){1}, 1);
    ohm_put_input(n, zero);
}

/* One pixel up and left: the first row and column fall off, zeros come in behind the last. */
static void put_shift(struct ohm_onnx_writer *w, int layer)
{
    const struct ohm_layer *l = &w->net->layer[layer];
    char *in = picture_input(w, layer, 0);
    onnx_node *n;

    if (l->in.h == 1 || l->in.w == 1) { /* nothing is left */
        put_zero(w, layer);
        return;
    }
    n = ohm_put_node(w, "Slice", ohm_put_text(w, ""), ohm_put_name(w, layer, "cut"), 4);
    ohm_put_input(n, in);
    ohm_put_input(n, ohm_put_shape(w, ohm_put_name(w, layer, "starts"), (int64_t[]){1, 1}, 2));
    ohm_put_input(n, ohm_put_shape(w, ohm_put_name(w, layer, "ends"), (int64_t[]){l->in.h, l->in.w}, 2));
    ohm_put_input(n, ohm_put_shape(w, ohm_put_name(w, layer, "axes"), (int64_t[]){2, 3}, 2));
    in = n ? n->output[0] : in;
    n = put_layer_node(w, layer, "Pad", 2);
    ohm_put_input(n, in);
    ohm_put_input(n, ohm_put_shape(w, ohm_put_name(w, layer, "pads"), (int64_t[]){0, 0, 0, 0, 0, 0, 1, 1}, 8));
}

/* The input of a layer that works on channels: flat where it is one pixel, else a picture. */
static char *channels_input(struct ohm_onnx_writer *w, int layer)
{
    const struct ohm_layer_value *from = &w->value[input_of(w, layer, 0)];

    if (!from->flat || (int64_t)from->picture.h * from->picture.w > 1)
        return picture_input(w, layer, 0);
    w->value[layer].flat = true;
    return from->name;
}

static void put_slice(struct ohm_onnx_writer *w, int layer)
{
    const struct ohm_layer *l = &w->net->layer[layer];
    const int64_t end = (int64_t)l->first_channel + l->out.c;
    char *in = channels_input(w, layer);
    onnx_node *n = put_layer_node(w, layer, "Slice", 4);

    ohm_put_input(n, in);
    ohm_put_input(n, ohm_put_shape(w, ohm_put_name(w, layer, "starts"), (int64_t[]){l->first_channel}, 1));
    ohm_put_input(n, ohm_put_shape(w, ohm_put_name(w, layer, "ends"), &end, 1));
    ohm_put_input(n, ohm_put_shape(w, ohm_put_name(w, layer, "axes"), (int64_t[]){1}, 1));
}

/* Until opset 18 one of the two has its axes as an attribute. */
static void put_reduce(struct ohm_onnx_writer *w, int layer)
{
    const bool sum = w->net->layer[layer].kind == OHM_CHANNEL_SUM;
    char *in = channels_input(w, layer);
    onnx_node *n = put_layer_node(w, layer, sum ? "ReduceSum" : "ReduceL2", 2);

    ohm_put_input(n, in);
    if (sum)
        ohm_put_input(n, ohm_put_shape(w, ohm_put_name(w, layer, "axes"), (int64_t[]){1}, 1));
    else
        ohm_put_ints(w, n, "axes", (int32_t[]){1}, 1);
    ohm_put_int(w, n, "keepdims", 1);
}

/* ONNX has no operator for it. */
static void put_log_cosh(struct ohm_onnx_writer *w, int layer)
{
    onnx_node *n = ohm_put_node(w, "Cosh", ohm_put_text(w, ""), ohm_put_name(w, layer, "cosh"), 1);
    char *between;

    ohm_put_input(n, w->value[input_of(w, layer, 0)].name);
    between = n ? n->output[0] : ohm_put_text(w, "");
    ohm_put_input(put_layer_node(w, layer, "Log", 1), between);
}

static bool keeps_order(enum ohm_layer_kind kind)
{
    return kind == OHM_RELU || kind == OHM_BATCH_NORM || kind == OHM_FLATTEN || kind == OHM_ELU ||
           kind == OHM_LOG_COSH || kind == OHM_SIGMOID || kind == OHM_TANH;
}

/* A layer that is one operator of one input. */
static void put_named(struct ohm_onnx_writer *w, int layer)
{
    static const struct {
        enum ohm_layer_kind kind;
        const char *operator;
        bool picture;
    } named[] = {{OHM_RELU, "Relu", false},       {OHM_ELU, "Elu", false},
                 {OHM_SIGMOID, "Sigmoid", false}, {OHM_TANH, "Tanh", false},
                 {OHM_FLATTEN, "Flatten", false}, {OHM_AVG_POOL, "AveragePool", true},
                 {OHM_MAX_POOL, "MaxPool", true}, {OHM_GLOBAL_AVG_POOL, "GlobalAveragePool", true}};
    size_t i = 0;

    while (i + 1 < sizeof named / sizeof *named && named[i].kind != w->net->layer[layer].kind)
        i++;
    put_unary(w, layer, named[i].operator, named[i].picture);
}

void ohm_put_layer(struct ohm_onnx_writer *w, int layer)
{
    const struct ohm_layer *l = &w->net->layer[layer];
    const struct ohm_layer_value *from = &w->value[input_of(w, layer, 0)];
    struct ohm_layer_value *v = &w->value[layer];
    const bool keeps = keeps_order(l->kind);

    v->flat = l->kind == OHM_FLATTEN || (keeps && from->flat);
    v->picture = keeps ? from->picture : l->out;
    switch (l->kind) {
    case OHM_CONV:
        put_conv(w, layer);
        break;
    case OHM_DENSE:
        put_dense(w, layer);
        break;
    case OHM_BATCH_NORM:
        if (v->folded) {
            v->name = from->name;
            v->flat = from->flat;
        } else {
            put_bn(w, layer);
        }
        break;
    case OHM_ADD:
    case OHM_CONCAT:
    case OHM_MUL:
        put_join(w, layer);
        break;
    case OHM_SLICE:
        put_slice(w, layer);
        break;
    case OHM_CHANNEL_SUM:
    case OHM_CHANNEL_NORM:
        put_reduce(w, layer);
        break;
    case OHM_LOG_COSH:
        put_log_cosh(w, layer);
        break;
    case OHM_ZERO:
        put_zero(w, layer);
        break;
    case OHM_SHIFT:
        put_shift(w, layer);
        break;
    default:
        put_named(w, layer);
    }
}
