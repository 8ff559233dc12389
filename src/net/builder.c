/* builder.c - layers are added one by one; shapes, counts and sums are known as soon as a layer stands.
 *
 * A search builds a hundred thousand nets a second with some three hundred layers each, so a layer is written once, its
 * sums are kept running, and nothing is cleared between two nets. */
#include "ohm/net.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ohm_net_reset(struct ohm_net_builder *b, bool with_names)
{
    struct ohm_net *net = &b->net;

    if (b->names.head)
        ohm_arena_reset(&b->names);
    b->with_names = with_names;
    b->bias_macs = false;
    b->failure.status = OHM_OK;
    *net = (struct ohm_net){.layer = net->layer, .edge = net->edge, .output = -1};
}

void ohm_net_release(struct ohm_net_builder *b)
{
    ohm_free(b->net.layer);
    ohm_free(b->net.edge);
    ohm_arena_release(&b->names);
    b->net = (struct ohm_net){.output = -1};
    b->layer_cap = b->edge_cap = 0;
    b->failure.status = OHM_OK;
}

/* How a layer that cannot be is called in messages: it has no name yet, the layer it reads may have one. */
#define PLACE                    "layer %d (%s after %s)"
#define PLACE_OF(b, kind, input) (b)->net.layers, ohm_layer_kind_name(kind), reader_of((b), (input))

static const char *reader_of(const struct ohm_net_builder *b, int input)
{
    const struct ohm_layer *from = &b->net.layer[input];

    return from->name ? from->name : ohm_layer_kind_name(from->kind);
}

#define refuse(b, ...) ((void)ohm_fail(&(b)->failure, OHM_ERANGE, __VA_ARGS__), -1)

static int no_memory(struct ohm_net_builder *b)
{
    (void)ohm_fail(&b->failure, OHM_ENOMEM, "no memory for layer %d of a network", b->net.layers);
    return -1;
}

static bool has_layer(const struct ohm_net_builder *b, int input)
{
    return input >= 0 && input < b->net.layers;
}

/* Whether a layer that reads `input` may be added; false also on a builder that failed before. */
static bool accepts(struct ohm_net_builder *b, enum ohm_layer_kind kind, int input)
{
    if (b->failure.status != OHM_OK)
        return false;
    if (has_layer(b, input))
        return true;
    (void)refuse(b, "layer %d (%s) reads layer %d, which is not above it", b->net.layers, ohm_layer_kind_name(kind),
                 input);
    return false;
}

static bool make_room(struct ohm_net_builder *b, size_t layers, size_t inputs)
{
    struct ohm_net *net = &b->net;

    if ((size_t)net->layers + layers > OHM_NET_LAYERS_MAX) {
        (void)refuse(b, "a network has more than %d layers", OHM_NET_LAYERS_MAX);
        return false;
    }
    if (ohm_grow(&net->layer, &b->layer_cap, (size_t)net->layers + layers, sizeof *net->layer) &&
        ohm_grow(&net->edge, &b->edge_cap, (size_t)net->edges + inputs, sizeof *net->edge))
        return true;
    (void)no_memory(b);
    return false;
}

/* Nearly always there is room: the arrays are those of the largest net so far. */
static inline bool has_room(struct ohm_net_builder *b, size_t inputs)
{
    if ((size_t)b->net.layers < b->layer_cap && b->net.layers < OHM_NET_LAYERS_MAX &&
        (size_t)b->net.edges + inputs <= b->edge_cap)
        return true;
    return make_room(b, 1, inputs);
}

/* What most layers are; copying it is faster than setting its members. */
static const struct ohm_layer plain_layer = {
    .inputs = 1, .k_h = 1, .k_w = 1, .stride_h = 1, .stride_w = 1, .groups = 1};

/* A layer of `kind` behind `input`, of the same shape; the caller has asked accepts() and fills in what differs. */
static struct ohm_layer *open_layer(struct ohm_net_builder *b, enum ohm_layer_kind kind, int input)
{
    struct ohm_net *net = &b->net;
    struct ohm_layer *layer;

    if (!has_room(b, 1))
        return NULL;
    layer = &net->layer[net->layers];
    *layer = plain_layer;
    layer->kind = kind;
    layer->first_input = net->edges;
    layer->in = layer->out = net->layer[input].out;
    layer->depth = net->layer[input].depth;
    net->edge[net->edges] = input;
    return layer;
}

/* The layer stands: from here it counts. */
static int close_layer(struct ohm_net_builder *b, const struct ohm_layer *layer)
{
    struct ohm_net *net = &b->net;

    net->edges += layer->inputs;
    net->params += layer->params;
    return net->layers++;
}

static bool shape_fits(const struct ohm_shape *s)
{
    return s->h > 0 && s->w > 0 && s->c > 0 && s->c <= OHM_NET_CHANNELS_MAX &&
           (double)s->h * s->w * s->c <= (double)OHM_NET_ACTIVATIONS_MAX;
}

int ohm_net_input(struct ohm_net_builder *b, int h, int w, int c)
{
    const struct ohm_shape shape = {h, w, c};
    struct ohm_net *net = &b->net;

    if (b->failure.status != OHM_OK)
        return -1;
    if (net->layers != 0)
        return refuse(b, "a network has a second input at layer %d; one, the first layer, is legal", net->layers);
    if (!shape_fits(&shape))
        return refuse(b,
                      "the input is %d x %d x %d: each must be at least 1, channels at most %d, all together at most"
                      " 2^31 - 1",
                      h, w, c, OHM_NET_CHANNELS_MAX);
    if (!has_room(b, 0))
        return -1;
    net->layer[0] = plain_layer;
    net->layer[0].kind = OHM_INPUT;
    net->layer[0].inputs = 0;
    net->layer[0].in = net->layer[0].out = shape;
    net->input = shape;
    return close_layer(b, &net->layer[0]);
}

static bool in_window(int value, int least)
{
    return value >= least && value <= OHM_NET_WINDOW_MAX;
}

/* Positions of a window along one side; 0 where it does not fit once. */
static int32_t positions_along(int32_t in, int pads, int k, int stride)
{
    const int32_t span = in + pads - k;

    if (span < 0)
        return 0;
    return stride == 1 ? span + 1 : span / stride + 1;
}

/* Sets the window of a conv or pool and the height and width it gives. */
static bool place_window(struct ohm_layer *layer, const struct ohm_conv *w)
{
    if (!in_window(w->k_h, 1) || !in_window(w->k_w, 1) || !in_window(w->stride_h, 1) || !in_window(w->stride_w, 1) ||
        !in_window(w->pad_top, 0) || !in_window(w->pad_left, 0) || !in_window(w->pad_bottom, 0) ||
        !in_window(w->pad_right, 0) || layer->in.h > INT32_MAX / 2 || layer->in.w > INT32_MAX / 2)
        return false;
    layer->k_h = w->k_h;
    layer->k_w = w->k_w;
    layer->stride_h = w->stride_h;
    layer->stride_w = w->stride_w;
    layer->pad_top = w->pad_top;
    layer->pad_left = w->pad_left;
    layer->pad_bottom = w->pad_bottom;
    layer->pad_right = w->pad_right;
    layer->out.h = positions_along(layer->in.h, w->pad_top + w->pad_bottom, w->k_h, w->stride_h);
    layer->out.w = positions_along(layer->in.w, w->pad_left + w->pad_right, w->k_w, w->stride_w);
    return layer->out.h > 0 && layer->out.w > 0;
}

static int refuse_window(struct ohm_net_builder *b, enum ohm_layer_kind kind, int input, const struct ohm_conv *w)
{
    const struct ohm_shape *in = &b->net.layer[input].out;

    return refuse(b,
                  PLACE
                  ": a window of %d x %d, stride %d x %d, padding %d %d %d %d (top left bottom right), does not fit"
                  " an input of %d x %d; sides are at most %d",
                  PLACE_OF(b, kind, input), w->k_h, w->k_w, w->stride_h, w->stride_w, w->pad_top, w->pad_left,
                  w->pad_bottom, w->pad_right, in->h, in->w, OHM_NET_WINDOW_MAX);
}

/* Counts the matrix of rows x out.c applied at `positions`. The factors are below 2^24 2^24 2^24 and 2^31, too much for
 * 64 bits, so the product is judged as a double first. */
static bool count_matrix(struct ohm_net_builder *b, struct ohm_layer *layer, int64_t rows, int64_t positions)
{
    const int64_t cols = layer->out.c;
    const int64_t bias = layer->bias ? cols : 0;
    struct ohm_net *net = &b->net;

    if ((double)rows * (double)cols * (double)positions > (double)OHM_NET_LAYER_MACS_MAX)
        return false;
    layer->weights = rows * cols;
    layer->params = layer->weights + bias;
    layer->macs = (b->bias_macs ? layer->params : layer->weights) * positions;
    layer->depth++;
    net->weights += layer->weights;
    net->macs += layer->macs;
    net->mvm_layers++;
    return true;
}

static int refuse_size(struct ohm_net_builder *b, enum ohm_layer_kind kind, int input, int c_out)
{
    const struct ohm_shape *in = &b->net.layer[input].out;

    return refuse(b,
                  PLACE ": from %d x %d x %d to %d channels: channels must be in [1, %d], activations below 2^31,"
                        " multiply-accumulates at most 2^42",
                  PLACE_OF(b, kind, input), in->h, in->w, in->c, c_out, OHM_NET_CHANNELS_MAX);
}

static bool groups_divide(const struct ohm_conv *conv, int c_in)
{
    return conv->groups > 0 && c_in % conv->groups == 0 && conv->c_out % conv->groups == 0;
}

static int64_t conv_rows(const struct ohm_conv *conv, int c_in)
{
    return (int64_t)conv->k_h * conv->k_w * (conv->groups == 1 ? c_in : c_in / conv->groups);
}

int ohm_net_conv(struct ohm_net_builder *b, int input, const struct ohm_conv *conv)
{
    struct ohm_layer *layer;

    if (!accepts(b, OHM_CONV, input) || !(layer = open_layer(b, OHM_CONV, input)))
        return -1;
    if (conv->groups != 1 && !groups_divide(conv, layer->in.c))
        return refuse(b, PLACE ": %d groups do not divide %d input and %d output channels",
                      PLACE_OF(b, OHM_CONV, input), conv->groups, layer->in.c, conv->c_out);
    if (!place_window(layer, conv))
        return refuse_window(b, OHM_CONV, input, conv);
    layer->out.c = conv->c_out;
    layer->groups = conv->groups;
    layer->bias = conv->bias;
    if (!shape_fits(&layer->out) ||
        !count_matrix(b, layer, conv_rows(conv, layer->in.c), (int64_t)layer->out.h * layer->out.w))
        return refuse_size(b, OHM_CONV, input, conv->c_out);
    return close_layer(b, layer);
}

int ohm_net_dense(struct ohm_net_builder *b, int input, int c_out, bool bias)
{
    struct ohm_layer *layer;

    if (!accepts(b, OHM_DENSE, input) || !(layer = open_layer(b, OHM_DENSE, input)))
        return -1;
    layer->out = (struct ohm_shape){1, 1, c_out};
    layer->bias = bias;
    if (!shape_fits(&layer->out) || !count_matrix(b, layer, (int64_t)layer->in.h * layer->in.w * layer->in.c, 1))
        return refuse_size(b, OHM_DENSE, input, c_out);
    return close_layer(b, layer);
}

int ohm_net_unary(struct ohm_net_builder *b, enum ohm_layer_kind kind, int input)
{
    struct ohm_layer *layer;

    if (!accepts(b, kind, input) || !(layer = open_layer(b, kind, input)))
        return -1;
    switch (kind) {
    case OHM_BATCH_NORM:
        layer->params = 2 * (int64_t)layer->in.c;
        b->net.bn_params += layer->params;
        break;
    case OHM_RELU:
    case OHM_SHIFT:
    case OHM_ELU:
    case OHM_LOG_COSH:
    case OHM_SIGMOID:
    case OHM_TANH:
        break;
    case OHM_CHANNEL_SUM:
    case OHM_CHANNEL_NORM:
        layer->out.c = 1;
        break;
    case OHM_GLOBAL_AVG_POOL:
        layer->out.h = layer->out.w = 1;
        break;
    case OHM_FLATTEN:
        /* At most 2^31 - 1 as the activations are; a dense layer takes that, a conv checks its own limit. */
        layer->out = (struct ohm_shape){1, 1, layer->in.h * layer->in.w * layer->in.c};
        break;
    default:
        return refuse(b, PLACE ": a %s cannot be made without more settings", PLACE_OF(b, kind, input),
                      ohm_layer_kind_name(kind));
    }
    return close_layer(b, layer);
}

int ohm_net_slice(struct ohm_net_builder *b, int input, int first_channel, int channels)
{
    struct ohm_layer *layer;

    if (!accepts(b, OHM_SLICE, input) || !(layer = open_layer(b, OHM_SLICE, input)))
        return -1;
    if (first_channel < 0 || channels < 1 || channels > layer->in.c || first_channel > layer->in.c - channels)
        return refuse(b, PLACE ": %d channels from channel %d on, of an input with %d", PLACE_OF(b, OHM_SLICE, input),
                      channels, first_channel, layer->in.c);
    layer->first_channel = first_channel;
    layer->out.c = channels;
    return close_layer(b, layer);
}

int ohm_net_pool(struct ohm_net_builder *b, enum ohm_layer_kind kind, int input, int k_h, int k_w, int stride, int pad,
                 bool count_include_pad)
{
    const struct ohm_conv window = {.k_h = k_h,
                                    .k_w = k_w,
                                    .stride_h = stride,
                                    .stride_w = stride,
                                    .pad_top = pad,
                                    .pad_left = pad,
                                    .pad_bottom = pad,
                                    .pad_right = pad};
    struct ohm_layer *layer;

    if (!accepts(b, kind, input) || !(layer = open_layer(b, kind, input)))
        return -1;
    if (kind != OHM_AVG_POOL && kind != OHM_MAX_POOL)
        return refuse(b, PLACE ": a %s is no pool", PLACE_OF(b, kind, input), ohm_layer_kind_name(kind));
    /* A window that lies in the padding alone would have nothing to pool. */
    if (pad > k_h / 2 || pad > k_w / 2 || !place_window(layer, &window) || !shape_fits(&layer->out))
        return refuse_window(b, kind, input, &window);
    layer->count_include_pad = count_include_pad;
    return close_layer(b, layer);
}

int ohm_net_zero(struct ohm_net_builder *b, int input, int stride)
{
    const struct ohm_conv window = {.k_h = 1, .k_w = 1, .stride_h = stride, .stride_w = stride};
    struct ohm_layer *layer;

    if (!accepts(b, OHM_ZERO, input) || !(layer = open_layer(b, OHM_ZERO, input)))
        return -1;
    if (!place_window(layer, &window))
        return refuse_window(b, OHM_ZERO, input, &window);
    return close_layer(b, layer);
}

static bool same_size(const struct ohm_shape *a, const struct ohm_shape *b)
{
    return a->h == b->h && a->w == b->w;
}

/* Takes the i-th input of a join into its shape and depth. */
static bool join_one(struct ohm_net_builder *b, struct ohm_layer *layer, int input)
{
    const struct ohm_layer *from;

    if (!accepts(b, layer->kind, input))
        return false;
    from = &b->net.layer[input];
    if (!same_size(&from->out, &layer->in) || (layer->kind != OHM_CONCAT && from->out.c != layer->in.c)) {
        (void)refuse(b, "layer %d (%s) joins %d x %d x %d and %d x %d x %d (%s), which do not match", b->net.layers,
                     ohm_layer_kind_name(layer->kind), layer->in.h, layer->in.w, layer->in.c, from->out.h, from->out.w,
                     from->out.c, reader_of(b, input));
        return false;
    }
    if (layer->kind == OHM_CONCAT && from->out.c > OHM_NET_CHANNELS_MAX - layer->out.c) {
        (void)refuse_size(b, OHM_CONCAT, input, OHM_NET_CHANNELS_MAX);
        return false;
    }
    if (layer->kind == OHM_CONCAT)
        layer->out.c += from->out.c;
    if (from->depth > layer->depth)
        layer->depth = from->depth;
    b->net.edge[layer->first_input + layer->inputs++] = input;
    return true;
}

int ohm_net_join(struct ohm_net_builder *b, enum ohm_layer_kind kind, const int *inputs, int n)
{
    struct ohm_layer *layer;

    if (b->failure.status != OHM_OK)
        return -1;
    if (kind == OHM_MUL ? n != 2 : n < 1 || n > OHM_NET_INPUTS_MAX || (kind != OHM_ADD && kind != OHM_CONCAT))
        return refuse(b, "layer %d (%s) joins %d layers, outside [1, %d] of an add or concat; a mul joins 2",
                      b->net.layers, ohm_layer_kind_name(kind), n, OHM_NET_INPUTS_MAX);
    if (!accepts(b, kind, inputs[0]))
        return -1;
    if (n == 1)
        return inputs[0];
    if (!has_room(b, (size_t)n) || !(layer = open_layer(b, kind, inputs[0])))
        return -1;
    for (int i = 1; i < n; i++)
        if (!join_one(b, layer, inputs[i]))
            return -1;
    if (!shape_fits(&layer->out))
        return refuse_size(b, kind, inputs[0], layer->out.c);
    return close_layer(b, layer);
}

/* One copy of the `n` layers from `first` on, `shift` layers further; `from` becomes `to`. */
static void copy_layers(struct ohm_net *net, int first, int n, int shift, int from, int to)
{
    const struct ohm_layer *const source = &net->layer[first];
    const int edges = source[n - 1].first_input + source[n - 1].inputs - source->first_input;
    const int edge_shift = net->edges - source->first_input;
    const int deeper = net->layer[to].depth - net->layer[from].depth;
    struct ohm_layer *const copy = &net->layer[net->layers];

    memcpy(copy, source, (size_t)n * sizeof *copy);
    for (int i = 0; i < n; i++) {
        copy[i].first_input += edge_shift;
        copy[i].depth += deeper;
        copy[i].name = NULL;
    }
    for (int e = 0; e < edges; e++) {
        const int input = net->edge[source->first_input + e];

        assert(input == from || input >= first);
        net->edge[net->edges + e] = input == from ? to : input + shift;
    }
    net->layers += n;
    net->edges += edges;
}

/* Counts the n layers from `first` on another `times` times. */
static void count_copies(struct ohm_net *net, int first, int n, int times)
{
    for (int i = first; i < first + n; i++) {
        const struct ohm_layer *const layer = &net->layer[i];

        net->params += times * layer->params;
        net->weights += times * layer->weights;
        net->macs += times * layer->macs;
        net->bn_params += layer->kind == OHM_BATCH_NORM ? times * layer->params : 0;
        net->mvm_layers += ohm_layer_is_mvm(layer->kind) ? times : 0;
    }
}

int ohm_net_repeat(struct ohm_net_builder *b, int first, int from, int times)
{
    struct ohm_net *net = &b->net;
    const int n = net->layers - first;

    if (b->failure.status != OHM_OK)
        return -1;
    assert(first > 0 && n > 0 && from >= 0 && from < first && times >= 0);
    assert(memcmp(&net->layer[from].out, &net->layer[net->layers - 1].out, sizeof net->input) == 0);
    if (!make_room(b, (size_t)n * (size_t)times, (size_t)(net->edges - net->layer[first].first_input) * (size_t)times))
        return -1;
    count_copies(net, first, n, times);
    for (int i = 1; i <= times; i++)
        copy_layers(net, first, n, i * n, from, net->layers - 1);
    return net->layers - 1;
}

void ohm_net_name(struct ohm_net_builder *b, int layer, const char *format, ...)
{
    char text[128];
    va_list args;

    if (!b->with_names || b->failure.status != OHM_OK || !has_layer(b, layer))
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!(b->net.layer[layer].name = ohm_arena_strdup(&b->names, text)))
        (void)no_memory(b);
}
