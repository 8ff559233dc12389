/* net.h - a network as an immutable graph of layers: shapes, weights, MACs.
 *
 * Tensors are NHWC without the batch. Layers stand in topological order: a layer's inputs have smaller indices.
 * Weights are [c_out][k_h][k_w][c_in / groups]. Made with a struct ohm_net_builder (below); once finished, a net is
 * only read and may be shared by threads. */
#ifndef OHM_NET_H
#define OHM_NET_H

#include "ohm/error.h"
#include "ohm/mem.h"

#include <stdbool.h>
#include <stdint.h>

/* kind, name in files, has weights that sit on crossbars */
#define OHM_LAYER_KINDS(X)                                                                                             \
    X(OHM_INPUT, "input", 0)                                                                                           \
    X(OHM_CONV, "conv", 1)             /* k_h x k_w, stride, padding, groups, optional bias */                         \
    X(OHM_DENSE, "dense", 1)           /* flat input -> c_out, optional bias */                                        \
    X(OHM_BATCH_NORM, "batch_norm", 0) /* scale and shift per channel */                                               \
    X(OHM_RELU, "relu", 0)                                                                                             \
    X(OHM_AVG_POOL, "avg_pool", 0)     /* count_include_pad as stated in the layer */                                  \
    X(OHM_MAX_POOL, "max_pool", 0)                                                                                     \
    X(OHM_GLOBAL_AVG_POOL, "global_avg_pool", 0)                                                                       \
    X(OHM_ADD, "add", 0)               /* two or more inputs of one shape */                                           \
    X(OHM_CONCAT, "concat", 0)         /* on channels */                                                               \
    X(OHM_FLATTEN, "flatten", 0)                                                                                       \
    X(OHM_SHIFT, "shift", 0)           /* one pixel up and left, zeros enter at bottom and right */                    \
    X(OHM_ZERO, "zero", 0)             /* a tensor of zeros of the input's (strided) shape */                          \
    X(OHM_ELU, "elu", 0)               /* x where x > 0, else e^x - 1 (Clevert et al., ICLR 2016, alpha = 1) */        \
    X(OHM_LOG_COSH, "log_cosh", 0)     /* log((e^x + e^-x) / 2) */                                                     \
    X(OHM_SIGMOID, "sigmoid", 0)       /* 1 / (1 + e^-x) */                                                            \
    X(OHM_TANH, "tanh", 0)                                                                                             \
    X(OHM_MUL, "mul", 0)               /* product of two inputs of one shape, number by number */                      \
    X(OHM_SLICE, "slice", 0)           /* channels [first_channel, first_channel + out.c) of the input */              \
    X(OHM_CHANNEL_SUM, "channel_sum", 0)  /* of each pixel: the sum over its channels, one channel */                  \
    X(OHM_CHANNEL_NORM, "channel_norm", 0) /* of each pixel: the Euclidean length over its channels, one channel */

enum ohm_layer_kind {
#define X(kind, name, mvm) kind,
    OHM_LAYER_KINDS(X)
#undef X
    OHM_LAYER_KIND_COUNT
};

struct ohm_shape {
    int32_t h, w, c;
};

struct ohm_layer {
    enum ohm_layer_kind kind;
    int32_t first_input, inputs;          /* net->edge[first_input .. first_input + inputs) are indices of layers */
    struct ohm_shape in, out;             /* `in` is the shape of the first input */
    int32_t k_h, k_w, stride_h, stride_w; /* conv and pools; 1 elsewhere */
    int32_t pad_top, pad_left, pad_bottom, pad_right;
    int32_t groups;                       /* conv; 1 elsewhere */
    bool bias;                            /* conv, dense */
    bool count_include_pad;               /* avg_pool */
    bool live;                            /* on a way from the input to the output: the others need not run at all */
    bool wanted;                          /* on a way to the output */
    int64_t params;                       /* trainable numbers: weights, bias, batch-norm scale and shift */
    int64_t weights;                      /* of these, the ones that sit on crossbars: conv and dense matrices */
    int64_t macs;                         /* multiply-accumulates of one inference: conv and dense only */
    int32_t depth;                        /* conv and dense layers on the longest path up to and with this layer */
    int32_t first_channel;                /* slice; 0 elsewhere */
    const char *name;                     /* "group2.block1.conv1"; owned by the net; may be NULL */
};

struct ohm_net {
    struct ohm_layer *layer; /* [layers] */
    int32_t *edge;           /* [edges] */
    int32_t layers, edges;
    int32_t output;          /* index of the last layer */
    struct ohm_shape input;
    int32_t classes;
    int64_t params, weights, macs; /* sums over the layers */
    int64_t bn_params;             /* scale and shift of all batch norms (part of params) */
    int32_t depth;                 /* conv and dense layers on the longest path */
    int32_t mvm_layers;            /* conv and dense layers that are live */
};

const char *ohm_layer_kind_name(enum ohm_layer_kind kind);
/* The kind of that name, or OHM_LAYER_KIND_COUNT. */
enum ohm_layer_kind ohm_layer_kind_find(const char *name);
bool ohm_layer_is_mvm(enum ohm_layer_kind kind);
/* The crossbar matrix of a conv or dense layer: rows = k_h k_w c_in / groups, cols = c_out (all groups), and the number
 * of positions at which it is applied (out.h * out.w; 1 for dense). */
void ohm_layer_matrix(const struct ohm_layer *layer, int64_t *rows, int64_t *cols, int64_t *positions);
/* Parameters with each batch norm folded into the conv or dense layer before it (a bias where there was none): what
 * MLPerf Tiny counts. */
int64_t ohm_net_params_folded(const struct ohm_net *net);

/* Builds one net after another without asking for memory each time: reset, add layers, finish. {0} is ready.
 * A call on a failed builder does nothing and returns -1; the first error is reported by ohm_net_finish. Each call
 * returns the index of its layer. Indices of inputs must be of earlier layers. */
struct ohm_net_builder {
    struct ohm_net net; /* arrays owned by the builder */
    size_t layer_cap, edge_cap;
    struct ohm_arena names;
    bool with_names;      /* false: names are not made (the search does not need them) */
    bool bias_macs;       /* the addition of a bias counts as one MAC, as in NAS-Bench-201's tables; off after reset */
    struct ohm_error failure;
};

void ohm_net_reset(struct ohm_net_builder *b, bool with_names);
void ohm_net_release(struct ohm_net_builder *b);

int ohm_net_input(struct ohm_net_builder *b, int h, int w, int c);

struct ohm_conv {
    int c_out, k_h, k_w, stride_h, stride_w;
    int pad_top, pad_left, pad_bottom, pad_right;
    int groups;
    bool bias;
};
/* What a builder refuses (OHM_ERANGE), so that no sum over a net can overflow. */
enum {
    OHM_NET_LAYERS_MAX = 1 << 20,
    OHM_NET_CHANNELS_MAX = 1 << 24,
    OHM_NET_WINDOW_MAX = 4096, /* kernel, stride, padding */
    OHM_NET_INPUTS_MAX = 256   /* of one add or concat */
};
#define OHM_NET_ACTIVATIONS_MAX INT32_MAX       /* h w c of one tensor */
#define OHM_NET_LAYER_MACS_MAX ((int64_t)1 << 42) /* of one layer */

/* Square kernel, stride, symmetric padding, one group, no bias. */
struct ohm_conv ohm_conv_square(int c_out, int kernel, int stride, int pad);
/* The padding of TensorFlow's "same" for the given input size. */
void ohm_conv_pad_same(struct ohm_conv *conv, int in_h, int in_w);

int ohm_net_conv(struct ohm_net_builder *b, int input, const struct ohm_conv *conv);
int ohm_net_dense(struct ohm_net_builder *b, int input, int c_out, bool bias); /* input of any shape: flattened */
int ohm_net_unary(struct ohm_net_builder *b, enum ohm_layer_kind kind, int input); /* kinds without settings */
int ohm_net_pool(struct ohm_net_builder *b, enum ohm_layer_kind kind, int input, int k_h, int k_w, int stride, int pad,
                 bool count_include_pad);
int ohm_net_zero(struct ohm_net_builder *b, int input, int stride); /* every stride-th row and column, zeroed */
int ohm_net_slice(struct ohm_net_builder *b, int input, int first_channel, int channels);
/* add or concat, or mul, which takes two; a join of one is that layer itself. An input may occur more than once. */
int ohm_net_join(struct ohm_net_builder *b, enum ohm_layer_kind kind, const int *inputs, int n);
/* Adds the layers from `first` to the last one again, `times` times, one behind the other: where they read `from`, the
 * only layer above `first` that they may read, a copy reads the last layer of the one before. The shapes of `from` and
 * of the last layer must be equal. For blocks that are all alike: several times as fast as building each. Gives the
 * index of the last layer; the copies have no names. */
int ohm_net_repeat(struct ohm_net_builder *b, int first, int from, int times);
/* Names a layer, printf style; does nothing when the builder makes no names. */
void ohm_net_name(struct ohm_net_builder *b, int layer, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ends the net with `output`, whose activations are the classes. *net points into the builder and is valid until the
 * next reset or release. The sums count every layer, also one that no path leads from to the output. OHM_ERANGE: a shape that does not fit (a window larger than its input, unequal shapes to add, more than
 * 2^31 activations ...), with the layer's name or index. */
enum ohm_status ohm_net_finish(struct ohm_net_builder *b, int output, const struct ohm_net **net, struct ohm_error *err);

#endif
