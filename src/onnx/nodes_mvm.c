/* nodes_mvm.c - layers with numbers: Conv, Gemm, MatMul, BatchNormalization. */
#include "onnx_int.h"

#include <string.h>

static enum ohm_status note_fill(struct ohm_onnx_reader *r, const struct ohm_fill *fill)
{
    if (!ohm_grow(&r->fill, &r->fill_cap, r->fills + 1, sizeof(*r->fill)))
        return ohm_fail(r->err, OHM_ENOMEM, "out of memory");
    r->fill[r->fills++] = *fill;
    return OHM_OK;
}

/* Input i, a tensor of `count` numbers, or of any number with -1. */
static enum ohm_status need_tensor(struct ohm_onnx_reader *r, size_t i, int64_t count, const struct ohm_value **value)
{
    const struct ohm_value *v = ohm_onnx_input(r, i);
    int64_t have = 0;
    enum ohm_status st;

    if (!v || v->kind != OHM_VALUE_TENSOR)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "input %zu is no constant tensor", i);
    if ((st = ohm_onnx_check_floats(r, v->tensor, &have)) != OHM_OK)
        return st;
    if (count >= 0 && have != count)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "tensor '%.80s' has %lld numbers, not %lld", v->name, (long long)have,
                               (long long)count);
    *value = v;
    return OHM_OK;
}

/* The bias that an Add behind this node brings: its only reader, and the other summand a constant, one number for each
 * channel. `after` dimensions of 1 follow the channels. */
static const onnx_tensor *bias_behind(struct ohm_onnx_reader *r, int64_t channels, size_t after)
{
    const struct ohm_value *out = ohm_onnx_output(r), *other;
    struct ohm_onnx_reader quiet = *r;
    struct ohm_error nobody;
    const onnx_node *add;
    int64_t count;

    if (out->readers != 1 || out->last_reader < 0)
        return NULL;
    add = r->g->node[out->last_reader];
    if (!add->op_type || strcmp(add->op_type, "Add") != 0 || add->n_input != 2)
        return NULL;
    other = ohm_onnx_value(r, add->input[strcmp(add->input[0], out->name) == 0]);
    quiet.err = &nobody;
    if (!other || other->kind != OHM_VALUE_TENSOR || other->transposed ||
        ohm_onnx_check_floats(&quiet, other->tensor, &count) != OHM_OK || count != channels ||
        other->tensor->n_dims <= after || other->tensor->n_dims > after + 2 ||
        other->tensor->dims[other->tensor->n_dims - 1 - after] != channels)
        return NULL;
    r->taken[out->last_reader] = true;
    return other->tensor;
}

/* ---- conv ---- */

static enum ohm_status conv_weights(struct ohm_onnx_reader *r, const struct ohm_shape *in, struct ohm_conv *c,
                                    const onnx_tensor **tensor)
{
    const struct ohm_value *w = NULL;
    const int64_t groups = ohm_onnx_int(r, "group", 1);
    const int64_t *d;
    enum ohm_status st = need_tensor(r, 1, -1, &w);

    if (st != OHM_OK)
        return st;
    d = w->tensor->dims;
    if (w->tensor->n_dims != 4 || w->transposed)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "weights '%.80s' have %zu dimensions; 4 are legal", w->name,
                               w->tensor->n_dims);
    if (groups < 1 || groups > OHM_NET_CHANNELS_MAX || d[0] < 1 || d[0] > OHM_NET_CHANNELS_MAX ||
        d[1] * groups != in->c || d[2] < 1 || d[2] > OHM_NET_WINDOW_MAX || d[3] < 1 || d[3] > OHM_NET_WINDOW_MAX)
        return ohm_onnx_refuse(
            r, OHM_EUNFIT, "weights of %lld x %lld x %lld x %lld in %lld groups do not fit %d input channels",
            (long long)d[0], (long long)d[1], (long long)d[2], (long long)d[3], (long long)groups, in->c);
    c->c_out = (int)d[0];
    c->groups = (int)groups;
    c->k_h = (int)d[2];
    c->k_w = (int)d[3];
    *tensor = w->tensor;
    return OHM_OK;
}

enum ohm_status ohm_onnx_conv(struct ohm_onnx_reader *r)
{
    struct ohm_conv c = ohm_conv_square(1, 1, 1, 0);
    const onnx_tensor *weights = NULL, *bias = NULL;
    const struct ohm_value *b = NULL;
    struct ohm_value *in = NULL;
    int k_h, k_w, layer;
    enum ohm_status st;

    if ((st = ohm_onnx_need_layer(r, 0, true, &in)) != OHM_OK ||
        (st = conv_weights(r, &r->b->net.layer[in->layer].out, &c, &weights)) != OHM_OK)
        return st;
    k_h = c.k_h;
    k_w = c.k_w;
    if ((st = ohm_onnx_windows(r, in, &c)) != OHM_OK)
        return st;
    if (c.k_h != k_h || c.k_w != k_w)
        return ohm_onnx_refuse(r, OHM_EDATA, "kernel_shape is %d x %d, the weights are %d x %d", c.k_h, c.k_w, k_h,
                               k_w);
    if (ohm_onnx_input(r, 2) && (st = need_tensor(r, 2, c.c_out, &b)) != OHM_OK)
        return st;
    bias = b ? b->tensor : bias_behind(r, c.c_out, 2);
    c.bias = bias != NULL;
    c.pad_top += in->pad[0];
    c.pad_left += in->pad[1];
    c.pad_bottom += in->pad[2];
    c.pad_right += in->pad[3];
    layer = ohm_net_conv(r->b, in->layer, &c);
    if ((st = ohm_onnx_give(r, layer, false)) == OHM_OK)
        st = note_fill(r, &(struct ohm_fill){layer, OHM_WEIGHT, OHM_TURN_CONV, weights, NULL, 1});
    if (st == OHM_OK && bias)
        st = note_fill(r, &(struct ohm_fill){layer, OHM_BIAS, OHM_AS_IS, bias, NULL, 1});
    return st;
}

/* ---- dense ---- */

struct dense {
    const struct ohm_value *weights;
    const onnx_tensor *bias;
    bool out_in; /* weights [out][in] */
    double alpha, beta;
};

static enum ohm_status put_dense(struct ohm_onnx_reader *r, struct ohm_value *in, struct dense *d)
{
    const struct ohm_shape *s = &r->b->net.layer[in->layer].out;
    const int64_t features = (int64_t)s->h * s->w * s->c;
    const onnx_tensor *t = d->weights->tensor;
    enum ohm_turn turn;
    int64_t out, from;
    int layer;
    enum ohm_status st;

    if (!in->flat)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "'%.80s' is not flat, [batch][features]", in->name);
    if (t->n_dims != 2)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "weights '%.80s' have %zu dimensions; 2 are legal", d->weights->name,
                               t->n_dims);
    d->out_in = d->out_in != d->weights->transposed;
    out = t->dims[d->out_in ? 0 : 1];
    from = t->dims[d->out_in ? 1 : 0];
    if (from != features || out < 1 || out > OHM_NET_CHANNELS_MAX)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "weights of %lld outputs and %lld inputs do not fit %lld features",
                               (long long)out, (long long)from, (long long)features);
    if (!d->bias && d->beta == 1)
        d->bias = bias_behind(r, out, 0);
    if (d->bias && ohm_onnx_count(d->bias) != out)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "the bias has %lld numbers, not %lld", (long long)ohm_onnx_count(d->bias),
                               (long long)out);
    turn = d->out_in ? OHM_TURN_DENSE : OHM_TURN_DENSE_IN_OUT;
    layer = ohm_net_dense(r->b, in->layer, (int)out, d->bias != NULL);
    if ((st = ohm_onnx_give(r, layer, true)) == OHM_OK)
        st = note_fill(r, &(struct ohm_fill){layer, OHM_WEIGHT, turn, t, NULL, d->alpha});
    if (st == OHM_OK && d->bias)
        st = note_fill(r, &(struct ohm_fill){layer, OHM_BIAS, OHM_AS_IS, d->bias, NULL, d->beta});
    return st;
}

enum ohm_status ohm_onnx_gemm(struct ohm_onnx_reader *r)
{
    struct dense d = {.alpha = ohm_onnx_real(r, "alpha", 1), .beta = ohm_onnx_real(r, "beta", 1)};
    const struct ohm_value *bias = NULL;
    struct ohm_value *in = NULL;
    enum ohm_status st;

    if ((st = ohm_onnx_need_whole(r, 0, false, &in)) != OHM_OK || (st = need_tensor(r, 1, -1, &d.weights)) != OHM_OK ||
        (ohm_onnx_input(r, 2) && (st = need_tensor(r, 2, -1, &bias)) != OHM_OK))
        return st;
    if (ohm_onnx_int(r, "transA", 0) != 0)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "transA is set: a batch of columns has no layer kind here");
    d.bias = bias ? bias->tensor : NULL;
    d.out_in = ohm_onnx_int(r, "transB", 0) != 0;
    return put_dense(r, in, &d);
}

enum ohm_status ohm_onnx_matmul(struct ohm_onnx_reader *r)
{
    struct dense d = {.alpha = 1, .beta = 1};
    struct ohm_value *in = NULL;
    enum ohm_status st = ohm_onnx_need_whole(r, 0, false, &in);

    if (st == OHM_OK && (st = need_tensor(r, 1, -1, &d.weights)) == OHM_OK)
        st = put_dense(r, in, &d);
    return st;
}

/* ---- batch norm ---- */

enum ohm_status ohm_onnx_batch_norm(struct ohm_onnx_reader *r)
{
    static const enum ohm_role role[] = {OHM_SCALE, OHM_SHIFT_BY, OHM_MEAN, OHM_VARIANCE};
    const double epsilon = ohm_onnx_real(r, "epsilon", 1e-5);
    const struct ohm_value *t[4] = {NULL};
    const struct ohm_shape *s;
    struct ohm_value *in = NULL;
    int layer;
    enum ohm_status st = ohm_onnx_need_whole(r, 0, false, &in);

    if (st != OHM_OK)
        return st;
    s = &r->b->net.layer[in->layer].out;
    if (in->flat && (int64_t)s->h * s->w > 1)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "'%.80s' is a flattened picture: here batch norms are of channels",
                               in->name);
    if (ohm_onnx_int(r, "training_mode", 0) != 0 || ohm_onnx_int(r, "spatial", 1) != 1 || !(epsilon >= 0))
        return ohm_onnx_refuse(r, OHM_EUNFIT,
                               "training_mode, spatial = 0 or a negative epsilon has no layer kind here");
    for (size_t i = 0; i < 4; i++)
        if ((st = need_tensor(r, i + 1, s->c, &t[i])) != OHM_OK)
            return st;
    layer = ohm_net_unary(r->b, OHM_BATCH_NORM, in->layer);
    st = ohm_onnx_give(r, layer, in->flat);
    for (int i = 0; i < 4 && st == OHM_OK; i++)
        st = note_fill(r, &(struct ohm_fill){layer, role[i], i == 0 ? OHM_TURN_BN_SCALE : OHM_AS_IS, t[i]->tensor,
                                             t[3]->tensor, i == 0 ? epsilon : 1});
    return st;
}
