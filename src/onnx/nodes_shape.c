/* nodes_shape.c - what moves numbers about without changing them. */
#include "onnx_int.h"

#include <string.h>

/* Another name of the input, whatever it is. */
void ohm_onnx_give_again(struct ohm_onnx_reader *r, const struct ohm_value *in)
{
    struct ohm_value *out = ohm_onnx_output(r), keep = *out;

    *out = *in;
    out->name = keep.name;
    out->readers = keep.readers;
    out->last_reader = keep.last_reader;
}

/* Identity, Dropout of a network in use, Cast to what it is already; of the numbers of shapes also Unsqueeze. */
enum ohm_status ohm_onnx_same(struct ohm_onnx_reader *r)
{
    const struct ohm_value *in = ohm_onnx_input(r, 0);

    if (!in)
        return ohm_onnx_refuse(r, OHM_EDATA, "it has no input");
    if (in->kind == OHM_VALUE_LAYER && r->node->op_type[0] == 'U')
        return ohm_onnx_refuse(r, OHM_EUNFIT, "tensors have four dimensions here");
    if (in->kind == OHM_VALUE_LAYER && strcmp(r->node->op_type, "Cast") == 0 &&
        ohm_onnx_int(r, "to", 0) != OHM_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "numbers are floats here");
    ohm_onnx_give_again(r, in);
    return OHM_OK;
}

/* Tensors were noted before the first node; what is left are lists of integers. */
enum ohm_status ohm_onnx_constant(struct ohm_onnx_reader *r)
{
    const onnx_attribute *a = ohm_onnx_attribute(r, "value_int");
    int64_t v[OHM_INTS_MAX];
    int n;

    if (ohm_onnx_output(r)->kind == OHM_VALUE_TENSOR)
        return OHM_OK;
    if (a && a->has_i)
        return ohm_onnx_give_ints(r, &a->i, 1, 0);
    if ((n = ohm_onnx_ints(r, SIZE_MAX, "value_ints", v)) >= 0)
        return ohm_onnx_give_ints(r, v, n, 0);
    return ohm_onnx_refuse(r, OHM_EUNFIT, "it holds neither a tensor nor at most %d integers", OHM_INTS_MAX);
}

/* ---- pictures and flat rows ---- */

static int64_t numbers(const struct ohm_onnx_reader *r, const struct ohm_value *v)
{
    const struct ohm_shape *s = &r->b->net.layer[v->layer].out;

    return (int64_t)s->h * s->w * s->c;
}

static enum ohm_status give_flat(struct ohm_onnx_reader *r, const struct ohm_value *in, bool flat)
{
    ohm_onnx_give_again(r, in);
    ohm_onnx_output(r)->flat = flat;
    return OHM_OK;
}

enum ohm_status ohm_onnx_flatten(struct ohm_onnx_reader *r)
{
    struct ohm_value *in;
    const int64_t axis = ohm_onnx_int(r, "axis", 1);
    enum ohm_status st = ohm_onnx_need_whole(r, 0, false, &in);

    if (st != OHM_OK)
        return st;
    if (axis != 1 && axis != (in->flat ? -1 : -3))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "it flattens from axis %lld; from 1, the channels, is legal",
                               (long long)axis);
    return give_flat(r, in, true);
}

/* Is this the size of the batch, in a shape that is asked for? */
static bool is_batch(const struct ohm_onnx_reader *r, int64_t v)
{
    return v == -1 || v == 0 || v == OHM_INT_BATCH || (r->batch > 0 && v == r->batch);
}

enum ohm_status ohm_onnx_reshape(struct ohm_onnx_reader *r)
{
    struct ohm_value *in;
    int64_t v[OHM_INTS_MAX], all;
    int n;
    enum ohm_status st;

    if (ohm_onnx_of_ints(r))
        return ohm_onnx_reshape_ints(r);
    st = ohm_onnx_need_whole(r, 0, false, &in);
    if (st != OHM_OK)
        return st;
    n = ohm_onnx_ints(r, 1, "shape", v);
    all = numbers(r, in);
    if (n == 2 && is_batch(r, v[0]) && (v[1] == all || (v[1] == -1 && v[0] != -1)))
        return give_flat(r, in, true);
    if (n == 4 && is_batch(r, v[0]) && r->b->net.layer[in->layer].out.c == all &&
        (v[1] == all || (v[1] == -1 && v[0] != -1)) && v[2] == 1 && v[3] == 1)
        return give_flat(r, in, false);
    return ohm_onnx_refuse(r, OHM_EUNFIT,
                           "only [batch][all] and [batch][channels][1][1] are read, and the shape must be known");
}

enum ohm_status ohm_onnx_squeeze(struct ohm_onnx_reader *r)
{
    const struct ohm_value *v = ohm_onnx_input(r, 0);
    int64_t axes[OHM_INTS_MAX];
    struct ohm_value *in;
    int n;
    enum ohm_status st;

    if (v && v->kind != OHM_VALUE_LAYER)
        return ohm_onnx_same(r);
    if ((st = ohm_onnx_need_whole(r, 0, true, &in)) != OHM_OK)
        return st;
    n = ohm_onnx_ints(r, 1, "axes", axes);
    for (int i = 0; i < n; i++)
        axes[i] += axes[i] < 0 ? 4 : 0;
    if (n != 2 || axes[0] + axes[1] != 5 || (axes[0] != 2 && axes[0] != 3) ||
        numbers(r, in) != r->b->net.layer[in->layer].out.c)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "only height and width, both 1, are taken away");
    return give_flat(r, in, true);
}

/* ---- padding, and the shift by one pixel ---- */

/* pads as ONNX has them, [n c h w of the begin, n c h w of the end], on pictures. */
static enum ohm_status read_pads(struct ohm_onnx_reader *r, int64_t v[OHM_INTS_MAX])
{
    const onnx_attribute *mode = ohm_onnx_attribute(r, "mode");
    const struct ohm_value *fill = ohm_onnx_input(r, 2);
    int64_t count = 0;
    enum ohm_status st;

    if (mode && mode->has_s && (mode->s.len != 8 || memcmp(mode->s.data, "constant", 8) != 0))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "its mode is not constant");
    if (fill && fill->kind != OHM_VALUE_TENSOR)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "what it puts around the picture is not known");
    if (fill && (st = ohm_onnx_check_floats(r, fill->tensor, &count)) != OHM_OK)
        return st;
    if ((fill && (count != 1 || ohm_onnx_float(fill->tensor, 0) != 0)) || ohm_onnx_real(r, "value", 0) != 0)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "it puts other numbers than zeros around the picture");
    if (ohm_onnx_input(r, 3) || ohm_onnx_ints(r, 1, "pads", v) != 8 || (v[0] | v[1] | v[4] | v[5]) != 0)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "it puts zeros elsewhere than around height and width");
    for (int i = 0; i < 8; i++)
        if (v[i] < 0 || v[i] > OHM_NET_WINDOW_MAX)
            return ohm_onnx_refuse(r, OHM_EUNFIT, "pads has %lld, outside [0, %d]", (long long)v[i],
                                   OHM_NET_WINDOW_MAX);
    return OHM_OK;
}

enum ohm_status ohm_onnx_pad(struct ohm_onnx_reader *r)
{
    const struct ohm_value *in = ohm_onnx_input(r, 0);
    struct ohm_value whole, *out = ohm_onnx_output(r);
    int64_t v[OHM_INTS_MAX];
    enum ohm_status st;

    if (!in || in->kind != OHM_VALUE_LAYER || in->flat)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "what it pads is no picture");
    if ((st = read_pads(r, v)) != OHM_OK)
        return st;
    if (in->sliced) {
        if (v[2] != 0 || v[3] != 0 || v[6] != 1 || v[7] != 1)
            return ohm_onnx_refuse(r, OHM_EUNFIT,
                                   "after a Slice that takes away a row and a column, only the Pad that "
                                   "puts one of zeros at the end is read");
        return ohm_onnx_give(r, ohm_net_unary(r->b, OHM_SHIFT, in->layer), false);
    }
    whole = *in;
    ohm_onnx_give_again(r, &whole);
    out->pad[0] += (int32_t)v[2];
    out->pad[1] += (int32_t)v[3];
    out->pad[2] += (int32_t)v[6];
    out->pad[3] += (int32_t)v[7];
    for (int i = 0; i < 4; i++)
        if (out->pad[i] > OHM_NET_WINDOW_MAX)
            return ohm_onnx_refuse(r, OHM_EUNFIT, "%d zeros at one side, more than %d", out->pad[i],
                                   OHM_NET_WINDOW_MAX);
    return OHM_OK;
}

enum ohm_status ohm_onnx_slice(struct ohm_onnx_reader *r)
{
    int64_t start[OHM_INTS_MAX], end[OHM_INTS_MAX], axis[OHM_INTS_MAX], step[OHM_INTS_MAX];
    const struct ohm_shape *s;
    struct ohm_value *in;
    int steps;
    bool fits;
    enum ohm_status st;

    if (ohm_onnx_of_ints(r))
        return ohm_onnx_slice_ints(r);
    if (ohm_onnx_ints(r, 3, "axes", axis) == 1)
        return ohm_onnx_slice_channels(r);
    if ((st = ohm_onnx_need_whole(r, 0, true, &in)) != OHM_OK)
        return st;
    s = &r->b->net.layer[in->layer].out;
    steps = ohm_onnx_ints(r, 4, "steps", step);
    fits = ohm_onnx_ints(r, 1, "starts", start) == 2 && ohm_onnx_ints(r, 2, "ends", end) == 2 &&
           ohm_onnx_ints(r, 3, "axes", axis) == 2 && start[0] == 1 && start[1] == 1 && axis[0] == 2 && axis[1] == 3 &&
           end[0] >= s->h && end[1] >= s->w && (steps == -1 || (steps == 2 && step[0] == 1 && step[1] == 1));
    if (!fits)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "of a picture only channels are taken, or a shift by one pixel is read");
    ohm_onnx_give_again(r, in);
    ohm_onnx_output(r)->sliced = true;
    return OHM_OK;
}

enum ohm_status ohm_onnx_transpose(struct ohm_onnx_reader *r)
{
    const struct ohm_value *in = ohm_onnx_input(r, 0);
    int64_t v[OHM_INTS_MAX];
    const int n = ohm_onnx_ints(r, SIZE_MAX, "perm", v);

    if (in && in->kind == OHM_VALUE_INTS)
        return ohm_onnx_transpose_ints(r);
    if (!in || in->kind != OHM_VALUE_TENSOR || in->tensor->n_dims != 2 ||
        (n != -1 && (n != 2 || v[0] != 1 || v[1] != 0)))
        return ohm_onnx_refuse(r, OHM_EUNFIT,
                               "only matrices of weights are turned; networks that work channels last "
                               "must be exported channels first");
    ohm_onnx_give_again(r, in);
    ohm_onnx_output(r)->transposed = !in->transposed;
    return OHM_OK;
}
