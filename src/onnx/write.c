/* write.c - a net and its weights as the bytes of an ONNX file. */
#include "write_int.h"

static int input_of(const struct ohm_net *net, int layer, int k)
{
    return net->edge[net->layer[layer].first_input + k];
}

/* A conv or dense layer takes up the batch norm behind it when nobody else reads it. */
static void plan_folds(struct ohm_onnx_writer *w, bool fold)
{
    const struct ohm_net *net = w->net;
    int *readers = ohm_put_take(w, (size_t)net->layers, sizeof(*readers));

    for (int i = 0; i < net->layers; i++)
        w->value[i].fold = -1;
    for (int i = 0; i < net->layers && readers; i++)
        for (int k = 0; k < net->layer[i].inputs && net->layer[i].wanted; k++)
            readers[input_of(net, i, k)]++;
    for (int i = 0; i < net->layers && readers && fold; i++) {
        const int from = net->layer[i].inputs > 0 ? input_of(net, i, 0) : -1;

        if (net->layer[i].kind != OHM_BATCH_NORM || !net->layer[i].wanted || !ohm_layer_is_mvm(net->layer[from].kind) ||
            readers[from] != 1 || from == net->output)
            continue;
        w->value[from].fold = i;
        w->value[i].folded = true;
    }
}

static onnx_value_info *value_info(struct ohm_onnx_writer *w, char *name, const struct ohm_shape *s, bool flat)
{
    const int64_t dim[] = {0, flat ? (int64_t)s->h * s->w * s->c : s->c, s->h, s->w};
    const size_t dims = flat ? 2 : 4;
    onnx_value_info *info = ohm_put_take(w, 1, sizeof(*info));
    OhmOnnx__TypeProto *type = ohm_put_take(w, 1, sizeof(*type));
    OhmOnnx__TypeProto__Tensor *tensor = ohm_put_take(w, 1, sizeof(*tensor));
    OhmOnnx__TensorShapeProto *shape = ohm_put_take(w, 1, sizeof(*shape));
    OhmOnnx__TensorShapeProto__Dimension *d = ohm_put_take(w, dims, sizeof(*d)),
                                         **list = ohm_put_take(w, dims, sizeof(*list));

    if (w->failed)
        return NULL;
    ohm_onnx__value_info_proto__init(info);
    ohm_onnx__type_proto__init(type);
    ohm_onnx__type_proto__tensor__init(tensor);
    ohm_onnx__tensor_shape_proto__init(shape);
    for (size_t i = 0; i < dims; i++) {
        ohm_onnx__tensor_shape_proto__dimension__init(&d[i]);
        d[i].value_case = i == 0 ? OHM_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                                 : OHM_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        if (i == 0)
            d[i].dim_param = ohm_put_text(w, "N");
        else
            d[i].dim_value = dim[i];
        list[i] = &d[i];
    }
    shape->n_dim = dims;
    shape->dim = list;
    tensor->has_elem_type = 1;
    tensor->elem_type = OHM_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    type->value_case = OHM_ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    info->name = name;
    info->type = type;
    return info;
}

static void put_layers(struct ohm_onnx_writer *w)
{
    const struct ohm_net *net = w->net;

    for (int i = 0; i < net->layers; i++) {
        struct ohm_layer_value *v = &w->value[i];
        const int gives = v->fold >= 0 ? v->fold : i;

        v->name = i == 0                 ? ohm_put_text(w, "input")
                  : gives == net->output ? ohm_put_text(w, "output")
                                         : ohm_put_name(w, gives, NULL);
        v->picture = net->layer[i].out;
        if (i > 0 && net->layer[i].wanted && !w->failed)
            ohm_put_layer(w, i);
    }
}

static void make_graph(struct ohm_onnx_writer *w, const struct ohm_onnx_writing *how)
{
    const size_t layers = (size_t)w->net->layers, edges = (size_t)w->net->edges;
    onnx_graph *g = w->g = ohm_put_take(w, 1, sizeof(*g));
    const struct ohm_layer_value *out;

    w->nodes_max = 2 * layers + edges;
    w->tensors_max = 4 * layers + edges;
    w->value = ohm_put_take(w, layers, sizeof(*w->value));
    if (w->failed)
        return;
    ohm_onnx__graph_proto__init(g);
    g->name = ohm_put_text(w, how->name);
    g->node = ohm_put_take(w, w->nodes_max, sizeof(onnx_node *));
    g->initializer = ohm_put_take(w, w->tensors_max, sizeof(onnx_tensor *));
    g->input = ohm_put_take(w, 1, sizeof(onnx_value_info *));
    g->output = ohm_put_take(w, 1, sizeof(onnx_value_info *));
    if (w->failed)
        return;
    plan_folds(w, how->fold);
    put_layers(w);
    out = &w->value[w->net->output];
    g->input[0] = w->failed ? NULL : value_info(w, w->value[0].name, &w->net->input, false);
    g->output[0] = w->failed ? NULL : value_info(w, out->name, &w->net->layer[w->net->output].out, out->flat);
    g->n_input = g->n_output = 1;
}

/* ---- the file ---- */

static void put_meta(struct ohm_onnx_writer *w, onnx_model *m, const char *prefix, const char *key, const char *value)
{
    OhmOnnx__StringStringEntryProto *e = ohm_put_take(w, 1, sizeof(*e));
    struct ohm_str s = {0};

    if (!e)
        return;
    ohm_onnx__string_string_entry_proto__init(e);
    ohm_str_printf(&s, "%s%s", prefix, key);
    e->key = ohm_put_text(w, ohm_str_text(&s));
    e->value = ohm_put_text(w, value);
    w->failed = w->failed || s.failed;
    m->metadata_props[m->n_metadata_props++] = e;
    ohm_str_release(&s);
}

static void put_ranges(struct ohm_onnx_writer *w, onnx_model *m)
{
    struct ohm_str s = {0};
    bool known = false;

    for (int i = 0; i < w->w->params; i++) {
        const struct ohm_param *p = &w->w->param[i];

        if (p->role != OHM_RANGE)
            continue;
        known = known || w->w->value[p->first] > 0;
        ohm_str_append(&s, s.length > 0 ? " " : "");
        ohm_str_append_double(&s, (double)w->w->value[p->first]);
    }
    w->failed = w->failed || s.failed;
    if (known)
        put_meta(w, m, "", OHM_META_RANGES, ohm_str_text(&s));
    ohm_str_release(&s);
}

static void make_model(struct ohm_onnx_writer *w, onnx_model *m, const struct ohm_onnx_writing *how)
{
    OhmOnnx__OperatorSetIdProto *opset = ohm_put_take(w, 1, sizeof(*opset)), **list = ohm_put_take(w, 1, sizeof(*list));

    m->metadata_props = ohm_put_take(w, (size_t)how->metas + 1, sizeof(OhmOnnx__StringStringEntryProto *));
    if (w->failed)
        return;
    ohm_onnx__operator_set_id_proto__init(opset);
    opset->domain = ohm_put_text(w, "");
    opset->has_version = 1;
    opset->version = OHM_ONNX_OPSET;
    list[0] = opset;
    m->has_ir_version = 1;
    m->ir_version = OHM_ONNX_IR;
    m->n_opset_import = 1;
    m->opset_import = list;
    m->producer_name = ohm_put_text(w, "ohmnas");
    m->producer_version = ohm_put_text(w, how->program_version);
    for (int i = 0; i < how->metas; i++)
        put_meta(w, m, "ohmnas.", how->meta[i].key, how->meta[i].value);
    put_ranges(w, m);
    make_graph(w, how);
    m->graph = w->g;
}

static enum ohm_status pack(struct ohm_str *bytes, const onnx_model *m, struct ohm_error *err)
{
    const size_t size = ohm_onnx__model_proto__get_packed_size(m);
    uint8_t *packed;

    if (size > OHM_TENSOR_FILE_MAX)
        return ohm_fail(err, OHM_EUNFIT, "the file would have %zu bytes, more than %zu", size, OHM_TENSOR_FILE_MAX);
    if (!(packed = ohm_alloc(size, 1)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    ohm_str_append_n(bytes, (const char *)packed, ohm_onnx__model_proto__pack(m, packed));
    ohm_free(packed);
    return bytes->failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : OHM_OK;
}

enum ohm_status ohm_onnx_write(struct ohm_str *bytes, const struct ohm_weights *weights,
                               const struct ohm_onnx_writing *how, struct ohm_error *err)
{
    struct ohm_error own = {0};
    struct ohm_onnx_writer w = {.w = weights, .net = weights->net, .err = &own};
    onnx_model m;
    enum ohm_status st;

    if (weights->net->output < 1)
        return ohm_fail(err, OHM_EUNFIT, "the network has no layers");
    ohm_onnx__model_proto__init(&m);
    make_model(&w, &m, how);
    if (!w.failed)
        st = pack(bytes, &m, err);
    else if (own.status != OHM_OK)
        st = ohm_fail(err, own.status, "%s", own.text);
    else
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    ohm_arena_release(&w.arena);
    return st;
}
