/* nodes_curves.c - curves, products of layers, and what is made of channels: their parts, their sum, their length. */
#include "onnx_int.h"

#include <string.h>

static const struct ohm_shape *shape_of(const struct ohm_onnx_reader *r, const struct ohm_value *v)
{
    return &r->b->net.layer[v->layer].out;
}

/* A layer whose channels are axis 1: a picture, or a flat row that never was a larger one. */
static enum ohm_status need_channels(struct ohm_onnx_reader *r, struct ohm_value **in)
{
    const enum ohm_status st = ohm_onnx_need_whole(r, 0, false, in);

    if (st == OHM_OK && (*in)->flat && (int64_t)shape_of(r, *in)->h * shape_of(r, *in)->w > 1)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "'%.80s' is a flattened picture, whose channels lie apart", (*in)->name);
    return st;
}

static int64_t axis_of(const struct ohm_value *in, int64_t axis)
{
    return axis < 0 ? axis + (in->flat ? 2 : 4) : axis;
}

enum ohm_status ohm_onnx_curve(struct ohm_onnx_reader *r)
{
    const char op = r->node->op_type[0];
    const enum ohm_layer_kind kind = op == 'E' ? OHM_ELU : op == 'S' ? OHM_SIGMOID : OHM_TANH;
    struct ohm_value *in;
    const enum ohm_status st = ohm_onnx_need_whole(r, 0, false, &in);

    if (st != OHM_OK)
        return st;
    if (kind == OHM_ELU && ohm_onnx_real(r, "alpha", 1) != 1)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "alpha is %g; 1 is legal", ohm_onnx_real(r, "alpha", 1));
    return ohm_onnx_give(r, ohm_net_unary(r->b, kind, in->layer), in->flat);
}

/* ONNX has no operator for log cosh: it comes as the two, of which the first alone has no layer kind. */
enum ohm_status ohm_onnx_cosh(struct ohm_onnx_reader *r)
{
    struct ohm_value *in;
    const enum ohm_status st = ohm_onnx_need_whole(r, 0, false, &in);

    if (st != OHM_OK)
        return st;
    ohm_onnx_give_again(r, in);
    ohm_onnx_output(r)->cosh = true;
    return OHM_OK;
}

enum ohm_status ohm_onnx_log(struct ohm_onnx_reader *r)
{
    const struct ohm_value *in = ohm_onnx_input(r, 0);

    if (!in || in->kind != OHM_VALUE_LAYER || !in->cosh)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "only the Log of a Cosh has a layer kind here");
    return ohm_onnx_give(r, ohm_net_unary(r->b, OHM_LOG_COSH, in->layer), in->flat);
}

enum ohm_status ohm_onnx_product(struct ohm_onnx_reader *r)
{
    struct ohm_value *a, *b;
    enum ohm_status st;

    if ((st = ohm_onnx_need_whole(r, 0, false, &a)) != OHM_OK || (st = ohm_onnx_need_whole(r, 1, false, &b)) != OHM_OK)
        return st;
    if (a->flat != b->flat)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "it multiplies what is flat with what is not");
    return ohm_onnx_give(r, ohm_net_join(r->b, OHM_MUL, (const int[]){a->layer, b->layer}, 2), a->flat);
}

enum ohm_status ohm_onnx_reduce(struct ohm_onnx_reader *r)
{
    const enum ohm_layer_kind kind = strcmp(r->node->op_type, "ReduceSum") == 0 ? OHM_CHANNEL_SUM : OHM_CHANNEL_NORM;
    int64_t axis[OHM_INTS_MAX];
    struct ohm_value *in;
    const enum ohm_status st = need_channels(r, &in);

    if (st != OHM_OK)
        return st;
    if (ohm_onnx_ints(r, 1, "axes", axis) != 1 || axis_of(in, axis[0]) != 1 || ohm_onnx_int(r, "keepdims", 1) == 0)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "only channels, axis 1, are reduced, and the axis must be kept");
    return ohm_onnx_give(r, ohm_net_unary(r->b, kind, in->layer), in->flat);
}

enum ohm_status ohm_onnx_slice_channels(struct ohm_onnx_reader *r)
{
    int64_t start[OHM_INTS_MAX], end[OHM_INTS_MAX], axis[OHM_INTS_MAX], step[OHM_INTS_MAX];
    struct ohm_value *in;
    const enum ohm_status st = need_channels(r, &in);
    const bool one = ohm_onnx_ints(r, 1, "starts", start) == 1 && ohm_onnx_ints(r, 2, "ends", end) == 1 &&
                     ohm_onnx_ints(r, 3, "axes", axis) == 1;
    const int steps = ohm_onnx_ints(r, 4, "steps", step);
    int64_t c;

    if (st != OHM_OK)
        return st;
    c = shape_of(r, in)->c;
    if (!one || axis_of(in, axis[0]) != 1 || (steps != -1 && (steps != 1 || step[0] != 1)))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "only channels, axis 1, are taken, one after another");
    start[0] += start[0] < 0 ? c : 0;
    end[0] = end[0] < 0 ? end[0] + c : end[0] > c ? c : end[0];
    if (start[0] < 0 || start[0] >= end[0])
        return ohm_onnx_refuse(r, OHM_EUNFIT, "it takes no channel of %lld", (long long)c);
    return ohm_onnx_give(r, ohm_net_slice(r->b, in->layer, (int)start[0], (int)(end[0] - start[0])), in->flat);
}

/* The sizes of the parts: given, or equal ones. */
static bool split_sizes(const struct ohm_onnx_reader *r, int64_t c, int64_t size[OHM_INTS_MAX])
{
    const int parts = (int)r->node->n_output, given = ohm_onnx_ints(r, 1, "split", size);

    if (given == -1)
        for (int i = 0; i < parts; i++)
            size[i] = c / parts;
    else if (given != parts)
        return false;
    for (int i = 0; i < parts; i++) {
        if (size[i] < 1 || size[i] > c)
            return false;
        c -= size[i];
    }
    return c == 0;
}

enum ohm_status ohm_onnx_split(struct ohm_onnx_reader *r)
{
    int64_t size[OHM_INTS_MAX];
    int first = 0;
    struct ohm_value *in;
    enum ohm_status st = need_channels(r, &in);

    if (st != OHM_OK)
        return st;
    if (r->node->n_output > OHM_INTS_MAX || axis_of(in, ohm_onnx_int(r, "axis", 0)) != 1 ||
        !split_sizes(r, shape_of(r, in)->c, size))
        return ohm_onnx_refuse(r, OHM_EUNFIT,
                               "only channels, axis 1, are split, into at most %d parts that are all of "
                               "them",
                               OHM_INTS_MAX);
    for (size_t i = 0; i < r->node->n_output && st == OHM_OK; first += (int)size[i++]) {
        struct ohm_value *out = r->node->output[i][0] ? ohm_onnx_value(r, r->node->output[i]) : NULL;

        if (out && out->readers > 0)
            st = ohm_onnx_give_as(r, out, ohm_net_slice(r->b, in->layer, first, (int)size[i]), in->flat);
    }
    return st;
}

enum ohm_status ohm_onnx_recurrent(struct ohm_onnx_reader *r)
{
    return ohm_onnx_refuse(r, OHM_EUNFIT,
                           "a network is one step here: export the cell, with its state among inputs and outputs "
                           "(docs/onnx.md)");
}
