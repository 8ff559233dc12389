/* write_messages.c - messages of ONNX, made in one arena. */
#include "write_int.h"

#include <string.h>

void *ohm_put_take(struct ohm_onnx_writer *w, size_t n, size_t size)
{
    void *block = ohm_arena_alloc(&w->arena, n, size);

    w->failed = w->failed || !block;
    return block;
}

char *ohm_put_text(struct ohm_onnx_writer *w, const char *value)
{
    char *copy = ohm_arena_strdup(&w->arena, value);

    w->failed = w->failed || !copy;
    return copy;
}

char *ohm_put_name(struct ohm_onnx_writer *w, int layer, const char *what)
{
    const char *name = w->net->layer[layer].name;
    struct ohm_str s = {0};
    char *copy;

    ohm_str_printf(&s, "%d.%s%s%s", layer, name ? name : ohm_layer_kind_name(w->net->layer[layer].kind),
                   what ? "." : "", what ? what : "");
    w->failed = w->failed || s.failed;
    copy = ohm_put_text(w, ohm_str_text(&s));
    ohm_str_release(&s);
    return copy;
}

static onnx_attribute *put_attribute(struct ohm_onnx_writer *w, onnx_node *n, const char *name, int type)
{
    onnx_attribute *a = ohm_put_take(w, 1, sizeof(*a));

    if (!n || !a)
        return NULL;
    ohm_onnx__attribute_proto__init(a);
    a->name = ohm_put_text(w, name);
    a->has_type = 1;
    a->type = (OhmOnnx__AttributeProto__AttributeType)type;
    n->attribute[n->n_attribute++] = a;
    return a;
}

void ohm_put_int(struct ohm_onnx_writer *w, onnx_node *n, const char *name, int64_t value)
{
    onnx_attribute *a = put_attribute(w, n, name, OHM_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);

    if (a) {
        a->has_i = 1;
        a->i = value;
    }
}

void ohm_put_real(struct ohm_onnx_writer *w, onnx_node *n, const char *name, float value)
{
    onnx_attribute *a = put_attribute(w, n, name, OHM_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);

    if (a) {
        a->has_f = 1;
        a->f = value;
    }
}

void ohm_put_ints(struct ohm_onnx_writer *w, onnx_node *n, const char *name, const int32_t *value, size_t count)
{
    onnx_attribute *a = put_attribute(w, n, name, OHM_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    int64_t *copy = ohm_put_take(w, count, sizeof(*copy));

    if (!a || !copy)
        return;
    for (size_t i = 0; i < count; i++)
        copy[i] = value[i];
    a->n_ints = count;
    a->ints = copy;
}

enum { ATTRIBUTES_MAX = 8 };

onnx_node *ohm_put_node(struct ohm_onnx_writer *w, const char *op, char *name, char *output, size_t inputs)
{
    onnx_node *n = ohm_put_take(w, 1, sizeof(*n));

    if (!n || w->g->n_node == w->nodes_max)
        return NULL;
    ohm_onnx__node_proto__init(n);
    n->op_type = ohm_put_text(w, op);
    n->name = name;
    n->input = ohm_put_take(w, inputs, sizeof(*n->input));
    n->output = ohm_put_take(w, 1, sizeof(*n->output));
    n->attribute = ohm_put_take(w, ATTRIBUTES_MAX, sizeof(onnx_attribute *));
    if (w->failed)
        return NULL;
    n->output[n->n_output++] = output;
    w->g->node[w->g->n_node++] = n;
    return n;
}

void ohm_put_input(onnx_node *n, char *name)
{
    if (n)
        n->input[n->n_input++] = name;
}

static void *put_tensor(struct ohm_onnx_writer *w, char *name, int type, const int64_t *dim, size_t dims)
{
    const size_t size = type == OHM_ONNX__TENSOR_PROTO__DATA_TYPE__INT64 ? 8 : 4;
    onnx_tensor *t = ohm_put_take(w, 1, sizeof(*t));
    size_t count = 1;

    if (!t || w->g->n_initializer == w->tensors_max)
        return NULL;
    ohm_onnx__tensor_proto__init(t);
    for (size_t i = 0; i < dims; i++)
        count *= (size_t)dim[i];
    t->name = name;
    t->has_data_type = 1;
    t->data_type = type;
    t->dims = ohm_put_take(w, dims, sizeof(*t->dims));
    t->has_raw_data = 1;
    t->raw_data.len = count * size;
    t->raw_data.data = ohm_put_take(w, count, size);
    if (w->failed)
        return NULL;
    memcpy(t->dims, dim, dims * sizeof(*dim));
    t->n_dims = dims;
    w->g->initializer[w->g->n_initializer++] = t;
    return t->raw_data.data;
}

float *ohm_put_floats(struct ohm_onnx_writer *w, char *name, const int64_t *dim, size_t dims)
{
    return put_tensor(w, name, OHM_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, dim, dims);
}

char *ohm_put_shape(struct ohm_onnx_writer *w, char *name, const int64_t *v, size_t n)
{
    void *to = put_tensor(w, name, OHM_ONNX__TENSOR_PROTO__DATA_TYPE__INT64, &(int64_t){(int64_t)n}, 1);

    if (to)
        memcpy(to, v, n * sizeof(*v));
    return name;
}
