/* backward.c - the gradient back through the net.
 *
 * A gradient lives in a slot from the first time that it is written until the layer it belongs to is done with it.
 * Where the gradient of an input can be made in the memory of that of the output, the slot is handed on. */
#include "train_int.h"

#include <string.h>

static int input_root(const struct ohm_tape *t, int layer, int k)
{
    return t->node[t->net->edge[t->net->layer[layer].first_input + k]].root;
}

/* Does the gradient go on to this input? */
static bool goes_on(const struct ohm_tape *t, int layer, int k)
{
    return t->node[input_root(t, layer, k)].grad;
}

static int64_t numbers(const struct ohm_tape *t, int layer)
{
    return (int64_t)t->node[layer].numbers * t->n;
}

static enum ohm_status take_slot(struct ohm_tape *t, float **data, struct ohm_error *err)
{
    enum ohm_status st;

    for (int i = 0; i < t->slots; i++)
        if (!t->slot_used[i]) {
            t->slot_used[i] = true;
            *data = t->slot[i].data;
            return OHM_OK;
        }
    if ((st = ohm_buffer_init(&t->slot[t->slots], t->slot_size, err)) != OHM_OK)
        return st;
    t->slot_used[t->slots] = true;
    *data = t->slot[t->slots++].data;
    return OHM_OK;
}

static void give_slot(struct ohm_tape *t, float **data)
{
    for (int i = 0; i < t->slots; i++)
        if (*data && t->slot[i].data == *data)
            t->slot_used[i] = false;
    *data = NULL;
}

/* Where an operator that cannot work in place writes the gradient of input k: its slot, or beside it when there is
 * something in the slot already. */
static enum ohm_status target_of(struct ohm_tape *t, int layer, int k, float **dx, struct ohm_error *err)
{
    struct ohm_unit *to = &t->node[input_root(t, layer, k)];

    if (to->dy) {
        *dx = t->spare.data;
        return OHM_OK;
    }
    if (take_slot(t, &to->dy, err) != OHM_OK)
        return OHM_ENOMEM;
    *dx = to->dy;
    return OHM_OK;
}

static void arrived(struct ohm_tape *t, int layer, int k, const float *dx)
{
    struct ohm_unit *to = &t->node[input_root(t, layer, k)];

    if (dx != to->dy)
        ohm_add(to->dy, to->dy, dx, (int64_t)to->numbers * t->n, t->exec);
}

/* The gradient of the output has become that of input k. */
static void hand_on(struct ohm_tape *t, int layer, int k)
{
    struct ohm_unit *from = &t->node[layer], *to = &t->node[input_root(t, layer, k)];

    if (to->dy) {
        arrived(t, layer, k, from->dy);
        return;
    }
    to->dy = from->dy;
    from->dy = NULL;
}

/* ---- layers ---- */

static enum ohm_status back_mvm(struct ohm_tape *t, int layer, struct ohm_error *err)
{
    struct ohm_unit *node = &t->node[layer];
    const float *x = t->node[input_root(t, layer, 0)].y;
    const int bias = t->w->place[layer][OHM_BIAS];
    float *dx;
    struct ohm_conv2d d = node->d;
    enum ohm_status st;

    d.n = t->n;
    ohm_crossbar_backward_weights(t->grad.data + t->w->param[t->w->place[layer][OHM_WEIGHT]].first, x, node->dy, &d,
                                  t->analog ? ohm_analog_dac(t, layer) : (struct ohm_dac){0}, t->scratch.data, t->exec);
    if (bias >= 0)
        ohm_channel_sum(t->grad.data + t->w->param[bias].first, node->dy, (int64_t)node->numbers / d.c_out * t->n,
                        d.c_out, t->scratch.data, t->exec);
    if (!goes_on(t, layer, 0))
        return OHM_OK;
    if ((st = target_of(t, layer, 0, &dx, err)) != OHM_OK)
        return st;
    if (t->analog)
        ohm_analog_backward_data(t, layer, dx, node->dy, x);
    else
        ohm_conv2d_backward_data(dx, node->dy, node->packed_back.data, &d, t->scratch.data, t->exec);
    arrived(t, layer, 0, dx);
    return OHM_OK;
}

static void back_bn(struct ohm_tape *t, int layer)
{
    struct ohm_unit *node = &t->node[layer];
    const struct ohm_shape out = t->net->layer[layer].out;
    const struct ohm_bn d = {.pixels = (int64_t)t->n * out.h * out.w,
                             .c = out.c,
                             .eps = OHM_BN_EPS,
                             .relu = node->relu,
                             .frozen = !t->training};
    const struct ohm_weights *w = t->w;

    ohm_bn_backward(goes_on(t, layer, 0) ? node->dy : NULL, t->grad.data + w->param[w->place[layer][OHM_SCALE]].first,
                    t->grad.data + w->param[w->place[layer][OHM_SHIFT_BY]].first, node->dy,
                    t->node[input_root(t, layer, 0)].y, node->relu ? node->y : NULL,
                    t->training ? node->mean : ohm_weights_of(w, layer, OHM_MEAN),
                    t->training ? node->var : ohm_weights_of(w, layer, OHM_VARIANCE),
                    ohm_weights_of(w, layer, OHM_SCALE), &d, t->scratch.data, t->exec);
    if (goes_on(t, layer, 0))
        hand_on(t, layer, 0);
}

static void back_relu(struct ohm_tape *t, int layer)
{
    struct ohm_unit *node = &t->node[layer], *root = &t->node[node->root];

    if (node->done)
        return; /* by the layer before, in its own backward */
    ohm_relu_backward(root->dy, root->dy, node->y, numbers(t, layer), t->exec);
    if (!node->alias && goes_on(t, layer, 0))
        hand_on(t, layer, 0);
}

static enum ohm_status back_pool(struct ohm_tape *t, int layer, struct ohm_error *err)
{
    struct ohm_unit *node = &t->node[layer];
    struct ohm_pool d = node->pool;
    float *dx;
    enum ohm_status st;

    if (!goes_on(t, layer, 0))
        return OHM_OK;
    if ((st = target_of(t, layer, 0, &dx, err)) != OHM_OK)
        return st;
    d.n = t->n;
    if (t->net->layer[layer].kind == OHM_MAX_POOL)
        ohm_max_pool_backward(dx, node->dy, t->node[input_root(t, layer, 0)].y, &d, t->exec);
    else
        ohm_avg_pool_backward(dx, node->dy, &d, t->exec);
    arrived(t, layer, 0, dx);
    return OHM_OK;
}

/* All inputs get the same gradient: copies, and at last the slot itself. */
static enum ohm_status back_add(struct ohm_tape *t, int layer, struct ohm_error *err)
{
    struct ohm_unit *node = &t->node[layer];
    int last = -1;

    if (node->relu)
        ohm_relu_backward(node->dy, node->dy, node->y, numbers(t, layer), t->exec);
    for (int k = 0; k < t->net->layer[layer].inputs; k++)
        if (goes_on(t, layer, k))
            last = k;
    for (int k = 0; k <= last; k++) {
        float *dx;
        enum ohm_status st;

        if (!goes_on(t, layer, k))
            continue;
        if (k == last) {
            hand_on(t, layer, k);
        } else if (t->node[input_root(t, layer, k)].dy) {
            arrived(t, layer, k, node->dy);
        } else {
            if ((st = target_of(t, layer, k, &dx, err)) != OHM_OK)
                return st;
            memcpy(dx, node->dy, (size_t)numbers(t, layer) * sizeof(*dx));
        }
    }
    return OHM_OK;
}

static enum ohm_status back_concat(struct ohm_tape *t, int layer, struct ohm_error *err)
{
    const struct ohm_layer *l = &t->net->layer[layer];
    int first = 0;

    for (int k = 0; k < l->inputs; k++) {
        const int c = t->net->layer[t->net->edge[l->first_input + k]].out.c;
        float *dx;
        enum ohm_status st;

        if (goes_on(t, layer, k)) {
            if ((st = target_of(t, layer, k, &dx, err)) != OHM_OK)
                return st;
            ohm_copy_channels(dx, c, 0, t->node[layer].dy, l->out.c, first, c, (int64_t)t->n * l->out.h * l->out.w,
                              t->exec);
            arrived(t, layer, k, dx);
        }
        first += c;
    }
    return OHM_OK;
}

static enum ohm_status back_shift(struct ohm_tape *t, int layer, struct ohm_error *err)
{
    const struct ohm_layer *l = &t->net->layer[layer];
    float *dx;
    enum ohm_status st;

    if (!goes_on(t, layer, 0))
        return OHM_OK;
    if ((st = target_of(t, layer, 0, &dx, err)) != OHM_OK)
        return st;
    ohm_shift_backward(dx, t->node[layer].dy, t->n, l->in.h, l->in.w, l->in.c, t->exec);
    arrived(t, layer, 0, dx);
    return OHM_OK;
}

/* Of input k, in dx. */
static void slope_of(struct ohm_tape *t, int layer, int k, float *dx)
{
    const struct ohm_layer *l = &t->net->layer[layer];
    const struct ohm_unit *node = &t->node[layer];
    const float *x = t->node[input_root(t, layer, 0)].y;
    const int64_t n = numbers(t, layer);

    switch (l->kind) {
    case OHM_MUL:
        ohm_multiply(dx, node->dy, t->node[input_root(t, layer, 1 - k)].y, n, t->exec);
        break;
    case OHM_SLICE:
        memset(dx, 0, t->node[input_root(t, layer, 0)].numbers * (size_t)t->n * sizeof(*dx));
        ohm_copy_channels(dx, l->in.c, l->first_channel, node->dy, l->out.c, 0, l->out.c, n / l->out.c, t->exec);
        break;
    case OHM_CHANNEL_SUM:
        ohm_pixel_sum_backward(dx, node->dy, n, l->in.c, t->exec);
        break;
    case OHM_CHANNEL_NORM:
        ohm_pixel_norm_backward(dx, node->dy, x, node->y, n, l->in.c, t->exec);
        break;
    default:
        ohm_curve_backward(ohm_curve_of(l->kind), dx, node->dy, x, node->y, n, t->exec);
    }
}

/* Layers whose gradient is made beside that of their output. */
static enum ohm_status back_plain(struct ohm_tape *t, int layer, struct ohm_error *err)
{
    for (int k = 0; k < t->net->layer[layer].inputs; k++) {
        float *dx;
        enum ohm_status st;

        if (!goes_on(t, layer, k))
            continue;
        if ((st = target_of(t, layer, k, &dx, err)) != OHM_OK)
            return st;
        slope_of(t, layer, k, dx);
        arrived(t, layer, k, dx);
    }
    return OHM_OK;
}

static enum ohm_status back_layer(struct ohm_tape *t, int layer, struct ohm_error *err)
{
    switch (t->net->layer[layer].kind) {
    case OHM_CONV:
    case OHM_DENSE:
        return back_mvm(t, layer, err);
    case OHM_BATCH_NORM:
        back_bn(t, layer);
        return OHM_OK;
    case OHM_RELU:
        back_relu(t, layer);
        return OHM_OK;
    case OHM_AVG_POOL:
    case OHM_MAX_POOL:
    case OHM_GLOBAL_AVG_POOL:
        return back_pool(t, layer, err);
    case OHM_ADD:
        return back_add(t, layer, err);
    case OHM_CONCAT:
        return back_concat(t, layer, err);
    case OHM_SHIFT:
        return back_shift(t, layer, err);
    case OHM_ELU:
    case OHM_LOG_COSH:
    case OHM_SIGMOID:
    case OHM_TANH:
    case OHM_MUL:
    case OHM_SLICE:
    case OHM_CHANNEL_SUM:
    case OHM_CHANNEL_NORM:
        return back_plain(t, layer, err);
    default: /* flatten shares its input's gradient; zero and input end it */
        return OHM_OK;
    }
}

enum ohm_status ohm_tape_backward(struct ohm_tape *t, const float *d_output, struct ohm_error *err)
{
    const int output = t->net->output;
    struct ohm_unit *last = &t->node[t->node[output].root];
    enum ohm_status st;

    memset(t->grad.data, 0, t->grad.n * sizeof(float));
    memset(t->range_grad.data, 0, t->range_grad.n * sizeof(float));
    for (int i = 0; i < t->slots; i++)
        t->slot_used[i] = false;
    for (int i = 0; i < t->net->layers; i++)
        t->node[i].dy = NULL;
    if (!last->grad)
        return OHM_OK;
    if ((st = take_slot(t, &last->dy, err)) != OHM_OK)
        return st;
    memcpy(last->dy, d_output, (size_t)numbers(t, output) * sizeof(float));
    for (int i = t->net->layers - 1; i > 0 && st == OHM_OK; i--) {
        if (!t->node[i].runs || !t->node[i].grad || !t->node[t->node[i].root].dy)
            continue;
        st = back_layer(t, i, err);
        if (!t->node[i].alias)
            give_slot(t, &t->node[i].dy);
    }
    return st;
}
