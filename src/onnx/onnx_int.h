/* onnx_int.h - the parts of reading an ONNX file: bytes to messages, values by name, nodes to layers, tensors to
 * weights. */
#ifndef OHM_ONNX_INT_H
#define OHM_ONNX_INT_H

#include "ohm/onnx.h"

#include "onnx.pb-c.h"

#include <stdint.h>

typedef OhmOnnx__ModelProto onnx_model;
typedef OhmOnnx__GraphProto onnx_graph;
typedef OhmOnnx__NodeProto onnx_node;
typedef OhmOnnx__AttributeProto onnx_attribute;
typedef OhmOnnx__TensorProto onnx_tensor;
typedef OhmOnnx__ValueInfoProto onnx_value_info;

#define OHM_META_RANGES "ohmnas.input_ranges" /* of the conv and dense layers in order, divided by spaces */

/* wire.c */
enum ohm_status ohm_onnx_unpack(onnx_model **model, const char *bytes, size_t length, const char *path,
                                struct ohm_error *err);
void ohm_onnx_free(onnx_model *model);

/* names.c: texts to numbers */
struct ohm_name_map {
    const char **key; /* [mask + 1], borrowed */
    int32_t *at;
    size_t mask;
};
bool ohm_name_map_init(struct ohm_name_map *map, size_t names); /* false: no memory */
void ohm_name_map_release(struct ohm_name_map *map);
int32_t *ohm_name_map_find(const struct ohm_name_map *map, const char *key); /* or NULL */
/* At most as many as init was told. false: it is there already. */
bool ohm_name_map_add(struct ohm_name_map *map, const char *key, int32_t at);

/* What a name of the graph stands for. */
enum ohm_value_kind { OHM_VALUE_NONE, OHM_VALUE_LAYER, OHM_VALUE_TENSOR, OHM_VALUE_INTS };
enum { OHM_INTS_MAX = 8 };
#define OHM_INT_BATCH INT64_MIN /* the size of the batch, among the numbers of a shape */

struct ohm_value {
    const char *name;
    enum ohm_value_kind kind;
    /* a layer. flat: [N][c h w] in the order of ONNX, of a layer whose own output is h x w x c */
    int layer;
    bool flat;
    int32_t pad[4]; /* top left bottom right: zeros around it that the next layer takes in */
    bool sliced;    /* without its first row and column */
    bool cosh;      /* the hyperbolic cosine of what the layer gives: a Log makes a layer of it */
    /* a tensor of numbers */
    const onnx_tensor *tensor;
    bool transposed; /* [b][a] of the tensor's [a][b] */
    /* the numbers of a shape */
    int ints, cols; /* cols > 0: a matrix of so many columns */
    int64_t v[OHM_INTS_MAX];
    int readers, last_reader; /* inputs of nodes that read it; node of the last one, -1: the graph's output */
};

/* Numbers on their way to a parameter, once there is a vector for them. */
enum ohm_turn { OHM_AS_IS, OHM_TURN_CONV, OHM_TURN_DENSE, OHM_TURN_DENSE_IN_OUT, OHM_TURN_BN_SCALE };
struct ohm_fill {
    int layer;
    enum ohm_role role;
    enum ohm_turn turn;
    const onnx_tensor *tensor, *variance; /* variance: with OHM_TURN_BN_SCALE */
    double factor;                        /* epsilon with OHM_TURN_BN_SCALE */
};

struct ohm_onnx_reader {
    const onnx_graph *g;
    struct ohm_net_builder *b;
    const char *path;
    struct ohm_error *err;
    struct ohm_value *value; /* [values] */
    int values;
    struct ohm_name_map by_name, layer_names;
    bool *needed; /* [nodes]: the output hangs on it */
    bool *taken;  /* [nodes]: an Add that the layer before has as its bias */
    struct ohm_fill *fill;
    size_t fills, fill_cap;
    struct ohm_arena *texts;
    int64_t batch;         /* as the input has it, or 0 */
    const onnx_node *node; /* under way */
    int at;
};

/* graph.c */
/* "node 'x' (Op): ..." */
#define ohm_onnx_refuse(r, status, ...) ohm_onnx_refuse_at((r), (status), OHM_ORIGIN, __VA_ARGS__)
enum ohm_status ohm_onnx_refuse_at(const struct ohm_onnx_reader *r, enum ohm_status status, const char *origin,
                                   const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The i-th input of the node under way, or NULL where it has none or its name is empty. */
struct ohm_value *ohm_onnx_input(const struct ohm_onnx_reader *r, size_t i);
struct ohm_value *ohm_onnx_value(const struct ohm_onnx_reader *r, const char *name);
const onnx_attribute *ohm_onnx_attribute(const struct ohm_onnx_reader *r, const char *name);
int64_t ohm_onnx_int(const struct ohm_onnx_reader *r, const char *name, int64_t otherwise);
double ohm_onnx_real(const struct ohm_onnx_reader *r, const char *name, double otherwise);
/* The numbers of input i, or where there is no such input those of the attribute. Returns how many; -1: neither is
 * there; -2: they are not known, or more than OHM_INTS_MAX. */
int ohm_onnx_ints(const struct ohm_onnx_reader *r, size_t i, const char *attribute, int64_t v[OHM_INTS_MAX]);
int ohm_onnx_value_ints(const struct ohm_value *value, int64_t v[OHM_INTS_MAX]);
/* What the node under way gives. */
struct ohm_value *ohm_onnx_output(const struct ohm_onnx_reader *r);

/* nodes.c */
/* The node under way becomes a layer, or another name of one. */
enum ohm_status ohm_onnx_add_node(struct ohm_onnx_reader *r);
/* Input i, which must come from a layer; image: must not be flat. */
enum ohm_status ohm_onnx_need_layer(struct ohm_onnx_reader *r, size_t i, bool image, struct ohm_value **value);
/* ... and must not have zeros around it that are still to come. */
enum ohm_status ohm_onnx_need_whole(struct ohm_onnx_reader *r, size_t i, bool image, struct ohm_value **value);
/* The node's output is this layer of the builder; -1: the builder has refused it. */
enum ohm_status ohm_onnx_give(struct ohm_onnx_reader *r, int layer, bool flat);
/* The same of another output of the node than its first. */
enum ohm_status ohm_onnx_give_as(struct ohm_onnx_reader *r, struct ohm_value *out, int layer, bool flat);
/* kernel_shape, strides, pads, auto_pad, dilations. */
enum ohm_status ohm_onnx_windows(struct ohm_onnx_reader *r, const struct ohm_value *in, struct ohm_conv *c);
/* nodes_ints.c */
enum ohm_status ohm_onnx_give_ints(struct ohm_onnx_reader *r, const int64_t *v, int n, int cols);
bool ohm_onnx_of_ints(const struct ohm_onnx_reader *r); /* is input 0 a few integers? */
enum ohm_status ohm_onnx_reshape_ints(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_slice_ints(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_transpose_ints(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_ints_of_shape(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_arithmetic(struct ohm_onnx_reader *r);
/* nodes_mvm.c, nodes_shape.c, nodes_ints.c: what the table of operators calls */
enum ohm_status ohm_onnx_conv(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_gemm(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_matmul(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_batch_norm(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_same(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_constant(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_flatten(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_reshape(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_squeeze(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_pad(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_slice(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_transpose(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_shape(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_gather(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_join_ints(struct ohm_onnx_reader *r);
/* nodes_curves.c */
enum ohm_status ohm_onnx_curve(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_cosh(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_log(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_product(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_reduce(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_split(struct ohm_onnx_reader *r);
enum ohm_status ohm_onnx_recurrent(struct ohm_onnx_reader *r);
/* Some channels, of the Slice under way. */
enum ohm_status ohm_onnx_slice_channels(struct ohm_onnx_reader *r);
/* Another name of the input, whatever it is. */
void ohm_onnx_give_again(struct ohm_onnx_reader *r, const struct ohm_value *in);

/* numbers.c */
/* The numbers of a tensor, as many as its dimensions say; OHM_EDATA or OHM_EUNFIT else. */
enum ohm_status ohm_onnx_check_floats(const struct ohm_onnx_reader *r, const onnx_tensor *t, int64_t *count);
int64_t ohm_onnx_count(const onnx_tensor *t); /* product of its dimensions; -1: none, or too large */
double ohm_onnx_float(const onnx_tensor *t, size_t i);
/* All that was noted, into the vector. */
enum ohm_status ohm_onnx_fill_weights(const struct ohm_onnx_reader *r, struct ohm_weights *w);
enum ohm_status ohm_onnx_fill_ranges(struct ohm_weights *w, const char *text, struct ohm_error *err);

#endif
