/* write_int.h - the parts of writing an ONNX file. */
#ifndef OHM_ONNX_WRITE_INT_H
#define OHM_ONNX_WRITE_INT_H

#include "onnx_int.h"

struct ohm_layer_value {
    char *name;
    bool flat;
    struct ohm_shape picture; /* behind a flat one; else the shape itself */
    int fold;                 /* conv, dense: the batch norm that goes into it, or -1 */
    bool folded;              /* a batch norm that went into another layer */
};

struct ohm_onnx_writer {
    struct ohm_arena arena; /* of all messages */
    const struct ohm_weights *w;
    const struct ohm_net *net;
    onnx_graph *g;
    struct ohm_layer_value *value; /* [layers] */
    size_t nodes_max, tensors_max;
    bool failed; /* no memory, or err says why */
    struct ohm_error *err;
};

/* write_messages.c. All note a lack of memory in w->failed; what they give may be NULL then. */
void *ohm_put_take(struct ohm_onnx_writer *w, size_t n, size_t size); /* zeroed */
char *ohm_put_text(struct ohm_onnx_writer *w, const char *value);
/* "12.conv1.weight", as in the files of weights; `what` NULL: the value that the layer gives. */
char *ohm_put_name(struct ohm_onnx_writer *w, int layer, const char *what);
void ohm_put_int(struct ohm_onnx_writer *w, onnx_node *n, const char *name, int64_t value);
void ohm_put_real(struct ohm_onnx_writer *w, onnx_node *n, const char *name, float value);
void ohm_put_ints(struct ohm_onnx_writer *w, onnx_node *n, const char *name, const int32_t *value, size_t count);
/* A node with one output and room for so many inputs. */
onnx_node *ohm_put_node(struct ohm_onnx_writer *w, const char *op, char *name, char *output, size_t inputs);
void ohm_put_input(onnx_node *n, char *name);
/* A tensor of the graph, of floats, with room for its numbers, which are returned. */
float *ohm_put_floats(struct ohm_onnx_writer *w, char *name, const int64_t *dim, size_t dims);
/* A tensor of integers; returns its name. */
char *ohm_put_shape(struct ohm_onnx_writer *w, char *name, const int64_t *v, size_t n);

/* write_layers.c: the node of a layer that the output needs; its inputs stand already. */
void ohm_put_layer(struct ohm_onnx_writer *w, int layer);

#endif
