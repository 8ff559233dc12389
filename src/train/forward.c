/* forward.c - a batch through the net, layer by layer. */
#include "train_int.h"

#include "ohm/parallel.h"

#include <string.h>

static const float *input_y(const struct ohm_tape *t, int layer, int k)
{
    return t->node[t->net->edge[t->net->layer[layer].first_input + k]].y;
}

static int64_t numbers(const struct ohm_tape *t, int layer)
{
    return (int64_t)t->node[layer].numbers * t->n;
}

static void run_bn(struct ohm_tape *t, int layer)
{
    struct ohm_unit *node = &t->node[layer];
    const struct ohm_shape out = t->net->layer[layer].out;
    const struct ohm_bn d = {
        .pixels = (int64_t)t->n * out.h * out.w, .c = out.c, .eps = OHM_BN_EPS, .relu = node->relu};
    const bool of_weights = t->training || t->statistics == OHM_BN_OF_WEIGHTS;
    float *mean = of_weights ? ohm_weights_of(t->w, layer, OHM_MEAN) : node->collected.data;
    float *var = of_weights ? ohm_weights_of(t->w, layer, OHM_VARIANCE) : node->collected.data + out.c;
    const float *x = input_y(t, layer, 0);
    const float share = t->training ? t->momentum : (float)((double)t->n / (double)t->collected);
    /* One number a channel has no variance to divide by. */
    const float unbiased = d.pixels > 1 ? (float)((double)d.pixels / (double)(d.pixels - 1)) : 1;

    if (t->training || t->statistics == OHM_BN_OF_BATCH) {
        ohm_bn_statistics(node->mean, node->var, x, &d, t->scratch.data, t->exec);
        for (int c = 0; c < out.c; c++) {
            mean[c] += share * (node->mean[c] - mean[c]);
            var[c] += share * (node->var[c] * unbiased - var[c]);
        }
        mean = node->mean;
        var = node->var;
    }
    ohm_bn_forward(node->y, x, mean, var, ohm_weights_of(t->w, layer, OHM_SCALE),
                   ohm_weights_of(t->w, layer, OHM_SHIFT_BY), &d, t->exec);
}

static void run_mvm(struct ohm_tape *t, int layer)
{
    struct ohm_unit *node = &t->node[layer];
    struct ohm_conv2d d = node->d;

    if (t->multiply && t->multiply(t->multiply_context, layer, node->y, input_y(t, layer, 0), t->n))
        return;
    if (t->analog) {
        ohm_analog_forward(t, layer, node->y, input_y(t, layer, 0));
        return;
    }
    d.n = t->n;
    ohm_conv2d_forward(node->y, input_y(t, layer, 0), node->packed.data, ohm_weights_of(t->w, layer, OHM_BIAS), &d,
                       t->scratch.data, t->exec);
}

static void run_pool(struct ohm_tape *t, int layer)
{
    struct ohm_pool d = t->node[layer].pool;

    d.n = t->n;
    if (t->net->layer[layer].kind == OHM_MAX_POOL)
        ohm_max_pool_forward(t->node[layer].y, input_y(t, layer, 0), &d, t->exec);
    else
        ohm_avg_pool_forward(t->node[layer].y, input_y(t, layer, 0), &d, t->exec);
}

static void run_add(struct ohm_tape *t, int layer)
{
    const struct ohm_layer *l = &t->net->layer[layer];
    float *y = t->node[layer].y;

    if (t->node[layer].relu)
        ohm_add_relu(y, input_y(t, layer, 0), input_y(t, layer, 1), numbers(t, layer), t->exec);
    else
        ohm_add(y, input_y(t, layer, 0), input_y(t, layer, 1), numbers(t, layer), t->exec);
    for (int k = 2; k < l->inputs; k++)
        ohm_add(y, y, input_y(t, layer, k), numbers(t, layer), t->exec);
}

static void run_concat(struct ohm_tape *t, int layer)
{
    const struct ohm_layer *l = &t->net->layer[layer];
    const int64_t pixels = (int64_t)t->n * l->out.h * l->out.w;
    int first = 0;

    for (int k = 0; k < l->inputs; k++) {
        const int c = t->net->layer[t->net->edge[l->first_input + k]].out.c;

        ohm_copy_channels(t->node[layer].y, l->out.c, first, input_y(t, layer, k), c, 0, c, pixels, t->exec);
        first += c;
    }
}

static void run_slice(struct ohm_tape *t, int layer)
{
    const struct ohm_layer *l = &t->net->layer[layer];

    ohm_copy_channels(t->node[layer].y, l->out.c, 0, input_y(t, layer, 0), l->in.c, l->first_channel, l->out.c,
                      (int64_t)t->n * l->out.h * l->out.w, t->exec);
}

static void run_layer(struct ohm_tape *t, int layer)
{
    const struct ohm_layer *l = &t->net->layer[layer];
    float *y = t->node[layer].y;

    switch (l->kind) {
    case OHM_ELU:
    case OHM_LOG_COSH:
    case OHM_SIGMOID:
    case OHM_TANH:
        ohm_curve_forward(ohm_curve_of(l->kind), y, input_y(t, layer, 0), numbers(t, layer), t->exec);
        break;
    case OHM_MUL:
        ohm_multiply(y, input_y(t, layer, 0), input_y(t, layer, 1), numbers(t, layer), t->exec);
        break;
    case OHM_SLICE:
        run_slice(t, layer);
        break;
    case OHM_CHANNEL_SUM:
        ohm_pixel_sum(y, input_y(t, layer, 0), numbers(t, layer), l->in.c, t->exec);
        break;
    case OHM_CHANNEL_NORM:
        ohm_pixel_norm(y, input_y(t, layer, 0), numbers(t, layer), l->in.c, t->exec);
        break;
    case OHM_CONV:
    case OHM_DENSE:
        run_mvm(t, layer);
        break;
    case OHM_BATCH_NORM:
        run_bn(t, layer);
        break;
    case OHM_RELU:
        if (!t->node[layer].done)
            ohm_relu_forward(y, input_y(t, layer, 0), numbers(t, layer), t->exec);
        break;
    case OHM_AVG_POOL:
    case OHM_MAX_POOL:
    case OHM_GLOBAL_AVG_POOL:
        run_pool(t, layer);
        break;
    case OHM_ADD:
        run_add(t, layer);
        break;
    case OHM_CONCAT:
        run_concat(t, layer);
        break;
    case OHM_SHIFT:
        ohm_shift_forward(y, input_y(t, layer, 0), t->n, l->in.h, l->in.w, l->in.c, t->exec);
        break;
    case OHM_ZERO:
        memset(y, 0, (size_t)numbers(t, layer) * sizeof(*y));
        break;
    default: /* input and flatten have nothing to do */
        break;
    }
}

static enum ohm_status pack_layer(void *context, int layer, int worker, struct ohm_error *err)
{
    struct ohm_tape *t = context;
    struct ohm_unit *node = &t->node[layer];
    const float *weights;

    (void)worker;
    (void)err;
    if (!node->runs || !ohm_layer_is_mvm(t->net->layer[layer].kind))
        return OHM_OK;
    weights = ohm_weights_of(t->w, layer, OHM_WEIGHT);
    if (t->analog) {
        ohm_analog_weights(t, layer);
        weights = node->noisy.data;
    } else {
        ohm_conv2d_pack(node->packed.data, weights, &node->d, OHM_FORWARD);
    }
    if (node->packed_back.data)
        ohm_conv2d_pack(node->packed_back.data, weights, &node->d, OHM_BACKWARD_DATA);
    return OHM_OK;
}

void ohm_tape_pack(struct ohm_tape *t)
{
    (void)ohm_parallel_for(t->exec.jobs, t->net->layers, pack_layer, t, NULL);
}

void ohm_tape_forward(struct ohm_tape *t, int n)
{
    t->n = n;
    t->collected += n;
    for (int i = 1; i < t->net->layers; i++)
        if (t->node[i].runs)
            run_layer(t, i);
}
