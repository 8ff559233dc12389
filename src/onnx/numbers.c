/* numbers.c - the numbers of tensors, turned from the order of ONNX to ours. */
#include "onnx_int.h"

#include <math.h>
#include <string.h>

int64_t ohm_onnx_count(const onnx_tensor *t)
{
    int64_t count = 1;

    for (size_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 0 || t->dims[i] > INT32_MAX)
            return -1;
        count *= t->dims[i];
        if (count > (int64_t)(OHM_TENSOR_FILE_MAX / sizeof(float)))
            return -1;
    }
    return count;
}

enum ohm_status ohm_onnx_check_floats(const struct ohm_onnx_reader *r, const onnx_tensor *t, int64_t *count)
{
    const char *const name = t->name ? t->name : "";
    const bool wide = t->data_type == OHM_ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    size_t have;

    if (t->data_location == OHM_ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL || t->n_external_data > 0)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "tensor '%.80s' is in another file: save the network in one", name);
    if (!wide && t->data_type != OHM_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "tensor '%.80s' is of type %d; float (1) and double (11) are legal", name,
                               t->data_type);
    if ((*count = ohm_onnx_count(t)) < 0)
        return ohm_onnx_refuse(r, OHM_EDATA, "the dimensions of tensor '%.80s' are negative or too large", name);
    if (t->has_raw_data)
        have = t->raw_data.len % (wide ? 8 : 4) == 0 ? t->raw_data.len / (wide ? 8 : 4) : SIZE_MAX;
    else
        have = wide ? t->n_double_data : t->n_float_data;
    if (have != (size_t)*count)
        return ohm_onnx_refuse(r, OHM_EDATA, "tensor '%.80s' has not the %lld numbers that its dimensions ask for",
                               name, (long long)*count);
    return OHM_OK;
}

double ohm_onnx_float(const onnx_tensor *t, size_t i)
{
    float narrow;
    double wide;

    if (t->data_type == OHM_ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE) {
        if (!t->has_raw_data)
            return t->double_data[i];
        memcpy(&wide, t->raw_data.data + 8 * i, 8);
        return wide;
    }
    if (!t->has_raw_data)
        return (double)t->float_data[i];
    memcpy(&narrow, t->raw_data.data + 4 * i, 4);
    return (double)narrow;
}

/* ---- order ---- */

static void turn_conv(float *to, const onnx_tensor *t, const struct ohm_layer *l, double factor)
{
    const size_t k_h = (size_t)l->k_h, k_w = (size_t)l->k_w, c = (size_t)(l->in.c / l->groups);
    size_t at = 0;

    for (size_t o = 0; o < (size_t)l->out.c; o++)
        for (size_t y = 0; y < k_h; y++)
            for (size_t x = 0; x < k_w; x++)
                for (size_t i = 0; i < c; i++)
                    to[at++] = (float)(factor * ohm_onnx_float(t, ((o * c + i) * k_h + y) * k_w + x));
}

/* The inputs of a dense layer come as [c][h][w] in ONNX. */
static void turn_dense(float *to, const onnx_tensor *t, const struct ohm_layer *l, bool in_out, double factor)
{
    const size_t h = (size_t)l->in.h, w = (size_t)l->in.w, c = (size_t)l->in.c, out = (size_t)l->out.c;
    const size_t in = h * w * c;
    size_t at = 0;

    for (size_t o = 0; o < out; o++)
        for (size_t y = 0; y < h; y++)
            for (size_t x = 0; x < w; x++)
                for (size_t i = 0; i < c; i++) {
                    const size_t from = (i * h + y) * w + x;

                    to[at++] = (float)(factor * ohm_onnx_float(t, in_out ? from * out + o : o * in + from));
                }
}

/* y = g (x - m) / sqrt(v + their epsilon) with our epsilon: the scale makes up for it, m and v stay the statistics. */
static void turn_scale(float *to, const struct ohm_fill *f, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const double v = ohm_onnx_float(f->variance, i), g = ohm_onnx_float(f->tensor, i);

        to[i] =
            (float)f->factor == OHM_BN_EPS ? (float)g : (float)(g * sqrt((v + (double)OHM_BN_EPS) / (v + f->factor)));
    }
}

static void fill_one(float *to, const struct ohm_fill *f, const struct ohm_layer *l, size_t count)
{
    switch (f->turn) {
    case OHM_TURN_CONV:
        turn_conv(to, f->tensor, l, f->factor);
        break;
    case OHM_TURN_DENSE:
    case OHM_TURN_DENSE_IN_OUT:
        turn_dense(to, f->tensor, l, f->turn == OHM_TURN_DENSE_IN_OUT, f->factor);
        break;
    case OHM_TURN_BN_SCALE:
        turn_scale(to, f, count);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            to[i] = (float)(f->factor * ohm_onnx_float(f->tensor, i));
    }
}

enum ohm_status ohm_onnx_fill_weights(const struct ohm_onnx_reader *r, struct ohm_weights *w)
{
    for (size_t i = 0; i < r->fills; i++) {
        const struct ohm_fill *f = &r->fill[i];
        float *to = ohm_weights_of(w, f->layer, f->role);
        const size_t count = to ? w->param[w->place[f->layer][f->role]].count : 0;

        if (!to)
            continue;
        fill_one(to, f, &w->net->layer[f->layer], count);
        for (size_t k = 0; k < count; k++)
            if (!isfinite(to[k]))
                return ohm_onnx_refuse(r, OHM_EDATA, "tensor '%.80s' has a number that is not finite (layer '%.80s')",
                                       f->tensor->name ? f->tensor->name : "", w->net->layer[f->layer].name);
    }
    return OHM_OK;
}

enum ohm_status ohm_onnx_fill_ranges(struct ohm_weights *w, const char *text, struct ohm_error *err)
{
    const char *p = text;

    for (int i = 0; i < w->params; i++) {
        const struct ohm_param *param = &w->param[i];
        const size_t n = strcspn(p, " ");
        char word[40];
        double value;

        if (param->role != OHM_RANGE)
            continue;
        if (n == 0 || n >= sizeof(word))
            break;
        memcpy(word, p, n);
        word[n] = '\0';
        if (!ohm_parse_double(word, &value) || !(value >= 0) || !isfinite((float)value))
            break;
        w->value[param->first] = (float)value;
        p += n + (p[n] == ' ');
        if (*p == '\0' && (i + 1 == w->params || w->param[i + 1].role != OHM_RANGE))
            return OHM_OK;
    }
    return ohm_fail(err, OHM_EDATA, "%s in the metadata is not one number for each conv and dense layer",
                    OHM_META_RANGES);
}
