/* graph.c - a graph of nodes becomes a net: names are looked up, nodes that the output hangs on are added in order. */
#include "onnx_int.h"

#include "ohm/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- names and attributes ---- */

static const char *text_or(const char *text, const char *otherwise)
{
    return text && text[0] ? text : otherwise;
}

enum ohm_status ohm_onnx_refuse_at(const struct ohm_onnx_reader *r, enum ohm_status status, const char *origin,
                                   const char *format, ...)
{
    const onnx_node *n = r->node;
    char text[320];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!n)
        return ohm_fail_at(r->err, status, origin, r->path, 0, 0, "%s", text);
    return ohm_fail_at(r->err, status, origin, r->path, 0, 0, "node '%.80s' (%.40s): %s",
                       text_or(n->name, n->n_output > 0 ? n->output[0] : "?"), text_or(n->op_type, "no operator"),
                       text);
}

struct ohm_value *ohm_onnx_value(const struct ohm_onnx_reader *r, const char *name)
{
    const int32_t *at = ohm_name_map_find(&r->by_name, name);

    return at ? &r->value[*at] : NULL;
}

struct ohm_value *ohm_onnx_input(const struct ohm_onnx_reader *r, size_t i)
{
    if (i >= r->node->n_input || !r->node->input[i] || !r->node->input[i][0])
        return NULL;
    return ohm_onnx_value(r, r->node->input[i]);
}

struct ohm_value *ohm_onnx_output(const struct ohm_onnx_reader *r)
{
    return ohm_onnx_value(r, r->node->output[0]);
}

const onnx_attribute *ohm_onnx_attribute(const struct ohm_onnx_reader *r, const char *name)
{
    for (size_t i = 0; i < r->node->n_attribute; i++)
        if (r->node->attribute[i]->name && strcmp(r->node->attribute[i]->name, name) == 0)
            return r->node->attribute[i];
    return NULL;
}

int64_t ohm_onnx_int(const struct ohm_onnx_reader *r, const char *name, int64_t otherwise)
{
    const onnx_attribute *a = ohm_onnx_attribute(r, name);

    return a && a->has_i ? a->i : otherwise;
}

double ohm_onnx_real(const struct ohm_onnx_reader *r, const char *name, double otherwise)
{
    const onnx_attribute *a = ohm_onnx_attribute(r, name);

    return a && a->has_f ? (double)a->f : otherwise;
}

static int tensor_ints(const onnx_tensor *t, int64_t v[OHM_INTS_MAX])
{
    const int64_t count = ohm_onnx_count(t);
    const bool wide = t->data_type == OHM_ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    const size_t size = wide ? 8 : 4;

    if (count < 0 || count > OHM_INTS_MAX || (!wide && t->data_type != OHM_ONNX__TENSOR_PROTO__DATA_TYPE__INT32))
        return -2;
    if (t->has_raw_data ? t->raw_data.len != (size_t)count * size
                        : (wide ? t->n_int64_data : t->n_int32_data) != (size_t)count)
        return -2;
    for (int i = 0; i < count; i++) {
        int32_t narrow;

        if (t->has_raw_data && wide) {
            memcpy(&v[i], t->raw_data.data + 8 * i, 8);
        } else if (t->has_raw_data) {
            memcpy(&narrow, t->raw_data.data + 4 * i, 4);
            v[i] = narrow;
        } else {
            v[i] = wide ? t->int64_data[i] : t->int32_data[i];
        }
    }
    return (int)count;
}

int ohm_onnx_value_ints(const struct ohm_value *value, int64_t v[OHM_INTS_MAX])
{
    if (value->kind == OHM_VALUE_TENSOR)
        return tensor_ints(value->tensor, v);
    if (value->kind != OHM_VALUE_INTS)
        return -2;
    memcpy(v, value->v, sizeof(value->v));
    return value->ints;
}

int ohm_onnx_ints(const struct ohm_onnx_reader *r, size_t i, const char *attribute, int64_t v[OHM_INTS_MAX])
{
    const struct ohm_value *input = ohm_onnx_input(r, i);
    const onnx_attribute *a = attribute ? ohm_onnx_attribute(r, attribute) : NULL;

    if (input)
        return ohm_onnx_value_ints(input, v);
    if (!a)
        return -1;
    if (a->n_ints > OHM_INTS_MAX)
        return -2;
    for (size_t k = 0; k < a->n_ints; k++)
        v[k] = a->ints[k];
    return (int)a->n_ints;
}

/* ---- what there is ---- */

static enum ohm_status add_name(struct ohm_onnx_reader *r, const char *name, struct ohm_value **value)
{
    if (!ohm_name_map_add(&r->by_name, name, r->values))
        return ohm_onnx_refuse(r, OHM_EDATA, "two things are called '%.80s'", name);
    *value = &r->value[r->values++];
    (*value)->name = name;
    (*value)->layer = -1;
    return OHM_OK;
}

static enum ohm_status no_memory(const struct ohm_onnx_reader *r)
{
    return ohm_fail(r->err, OHM_ENOMEM, "out of memory");
}

static enum ohm_status make_room(struct ohm_onnx_reader *r)
{
    const onnx_graph *g = r->g;
    size_t names = g->n_initializer + g->n_input;

    for (size_t i = 0; i < g->n_node; i++)
        names += g->node[i]->n_output;
    r->value = ohm_alloc(names, sizeof(*r->value));
    r->needed = ohm_alloc(g->n_node, sizeof(*r->needed));
    r->taken = ohm_alloc(g->n_node, sizeof(*r->taken));
    if (!r->value || !r->needed || !r->taken || !ohm_name_map_init(&r->by_name, names) ||
        !ohm_name_map_init(&r->layer_names, g->n_node + 1))
        return no_memory(r);
    return OHM_OK;
}

/* A Constant counts from the start: an Add may be looked at before the bias that it adds. */
static void note_constant(const onnx_node *node, struct ohm_value *value)
{
    if (!node->op_type || strcmp(node->op_type, "Constant") != 0)
        return;
    for (size_t i = 0; i < node->n_attribute; i++)
        if (node->attribute[i]->name && strcmp(node->attribute[i]->name, "value") == 0 && node->attribute[i]->t) {
            value->kind = OHM_VALUE_TENSOR;
            value->tensor = node->attribute[i]->t;
        }
}

static enum ohm_status note_names(struct ohm_onnx_reader *r)
{
    const onnx_graph *g = r->g;
    struct ohm_value *value;
    enum ohm_status st = OHM_OK;

    for (size_t i = 0; i < g->n_initializer && st == OHM_OK; i++) {
        st = add_name(r, text_or(g->initializer[i]->name, "?"), &value);
        if (st == OHM_OK) {
            value->kind = OHM_VALUE_TENSOR;
            value->tensor = g->initializer[i];
        }
    }
    for (size_t i = 0; i < g->n_node && st == OHM_OK; i++)
        for (size_t k = 0; k < g->node[i]->n_output && st == OHM_OK; k++)
            if (g->node[i]->output[k][0] && (st = add_name(r, g->node[i]->output[k], &value)) == OHM_OK && k == 0)
                note_constant(g->node[i], value);
    return st;
}

/* Each dimension is known but for the batch. Two dimensions are features without height and width. */
static enum ohm_status input_shape(struct ohm_onnx_reader *r, const onnx_value_info *info, int32_t dim[4])
{
    const OhmOnnx__TypeProto__Tensor *type =
        info->type && info->type->value_case == OHM_ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ? info->type->tensor_type
                                                                                        : NULL;
    const OhmOnnx__TensorShapeProto *shape = type ? type->shape : NULL;

    if (!shape || type->elem_type != OHM_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
        (shape->n_dim != 4 && shape->n_dim != 2))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "input '%.80s' is no tensor of floats [batch][channels][height][width]",
                               info->name);
    dim[0] = dim[1] = dim[2] = dim[3] = 1;
    for (size_t i = 0; i < shape->n_dim; i++) {
        const OhmOnnx__TensorShapeProto__Dimension *d = shape->dim[i];
        const bool known = d->value_case == OHM_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;

        if (i == 0)
            r->batch = known && d->dim_value > 0 ? d->dim_value : 0;
        else if (!known || d->dim_value < 1 || d->dim_value > OHM_NET_CHANNELS_MAX)
            return ohm_onnx_refuse(r, OHM_EUNFIT,
                                   "dimension %zu of input '%.80s' is not known, or outside [1, %d]: export the "
                                   "network with its height, width and channels fixed",
                                   i, info->name, OHM_NET_CHANNELS_MAX);
        else
            dim[i] = (int32_t)d->dim_value;
    }
    return OHM_OK;
}

/* Old files list their initializers among the inputs. */
static enum ohm_status note_input(struct ohm_onnx_reader *r)
{
    const onnx_value_info *input = NULL;
    struct ohm_value *value;
    int32_t dim[4];
    enum ohm_status st;

    for (size_t i = 0; i < r->g->n_input; i++) {
        const onnx_value_info *info = r->g->input[i];

        if (!info->name || ohm_onnx_value(r, info->name))
            continue;
        if (input)
            return ohm_onnx_refuse(r, OHM_EUNFIT, "there are two inputs, '%.80s' and '%.80s'; one is legal",
                                   input->name, info->name);
        input = info;
    }
    if (!input)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "the graph has no input");
    if ((st = input_shape(r, input, dim)) != OHM_OK || (st = add_name(r, input->name, &value)) != OHM_OK)
        return st;
    value->kind = OHM_VALUE_LAYER;
    value->layer = ohm_net_input(r->b, dim[2], dim[3], dim[1]);
    value->flat = input->type->tensor_type->shape->n_dim == 2;
    if (value->layer < 0)
        return ohm_onnx_refuse(r, r->b->failure.status, "%s", r->b->failure.text);
    return OHM_OK;
}

/* From the output upwards: nodes stand below what they read. */
static enum ohm_status mark_needed(struct ohm_onnx_reader *r, struct ohm_value **output)
{
    const onnx_graph *g = r->g;
    bool *wanted = ohm_alloc((size_t)r->values, sizeof(*wanted));

    if (!wanted)
        return no_memory(r);
    *output = g->n_output == 1 && g->output[0]->name ? ohm_onnx_value(r, g->output[0]->name) : NULL;
    if (!*output) {
        ohm_free(wanted);
        return ohm_onnx_refuse(r, OHM_EUNFIT, "the graph has %zu outputs, or one that no node gives; one is legal",
                               g->n_output);
    }
    (*output)->readers = 1;
    (*output)->last_reader = -1;
    wanted[*output - r->value] = true;
    for (size_t i = g->n_node; i-- > 0;) {
        for (size_t k = 0; k < g->node[i]->n_output; k++) {
            const struct ohm_value *v = ohm_onnx_value(r, g->node[i]->output[k]);

            r->needed[i] = r->needed[i] || (v && wanted[v - r->value]);
        }
        for (size_t k = 0; k < g->node[i]->n_input && r->needed[i]; k++) {
            struct ohm_value *v = ohm_onnx_value(r, g->node[i]->input[k]);

            if (!v)
                continue;
            wanted[v - r->value] = true;
            v->last_reader = v->readers++ == 0 ? (int)i : v->last_reader;
        }
    }
    ohm_free(wanted);
    return OHM_OK;
}

/* ---- all of it ---- */

static enum ohm_status check_node(const struct ohm_onnx_reader *r)
{
    const onnx_node *n = r->node;

    if (n->domain && n->domain[0] && strcmp(n->domain, "ai.onnx") != 0)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "an operator of '%.80s', not of ONNX itself", n->domain);
    for (size_t i = 0; i < n->n_input; i++) {
        const struct ohm_value *v = n->input[i][0] ? ohm_onnx_value(r, n->input[i]) : NULL;

        if (n->input[i][0] && (!v || v->kind == OHM_VALUE_NONE))
            return ohm_onnx_refuse(r, OHM_EDATA, "it reads '%.80s', which nothing above it gives", n->input[i]);
    }
    return OHM_OK;
}

static enum ohm_status add_nodes(struct ohm_onnx_reader *r)
{
    enum ohm_status st = OHM_OK;

    for (size_t i = 0; i < r->g->n_node && st == OHM_OK; i++) {
        r->node = r->g->node[i];
        r->at = (int)i;
        if (r->needed[i] && (st = check_node(r)) == OHM_OK)
            st = ohm_onnx_add_node(r);
    }
    if (st == OHM_OK)
        r->node = NULL;
    return st;
}

static enum ohm_status end_net(struct ohm_onnx_reader *r, const struct ohm_value *output, const struct ohm_net **net)
{
    const struct ohm_shape *s;

    if (output->kind != OHM_VALUE_LAYER || output->layer < 1 || output->sliced || output->cosh ||
        (output->pad[0] | output->pad[1] | output->pad[2] | output->pad[3]) != 0)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "the output '%.80s' is not what a layer gives", output->name);
    s = &r->b->net.layer[output->layer].out;
    if (output->flat && s->c > 1 && (int64_t)s->h * s->w > 1)
        return ohm_onnx_refuse(r, OHM_EUNFIT,
                               "the output '%.80s' is a flattened picture of %d x %d x %d, whose order is not ours",
                               output->name, s->h, s->w, s->c);
    return ohm_net_finish(r->b, output->layer, net, r->err);
}

static enum ohm_status read_graph(struct ohm_onnx_reader *r, struct ohm_onnx_file *out)
{
    struct ohm_value *output = NULL;
    enum ohm_status st;

    ohm_net_reset(r->b, true);
    if ((st = make_room(r)) != OHM_OK || (st = note_names(r)) != OHM_OK || (st = note_input(r)) != OHM_OK ||
        (st = mark_needed(r, &output)) != OHM_OK || (st = add_nodes(r)) != OHM_OK ||
        (st = end_net(r, output, &out->net)) != OHM_OK)
        return st;
    if ((size_t)out->net->params > OHM_TENSOR_FILE_MAX / sizeof(float))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "the network has %lld parameters, more than a file of weights holds",
                               (long long)out->net->params);
    if ((st = ohm_weights_init(&out->weights, out->net, r->err)) != OHM_OK)
        return st;
    return ohm_onnx_fill_weights(r, &out->weights);
}

static enum ohm_status check_opset(const onnx_model *m, const char *path, struct ohm_error *err)
{
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const OhmOnnx__OperatorSetIdProto *o = m->opset_import[i];

        if (o->domain && o->domain[0] && strcmp(o->domain, "ai.onnx") != 0)
            continue;
        if (o->version >= OHM_ONNX_OPSET_MIN && o->version <= OHM_ONNX_OPSET_MAX)
            return OHM_OK;
        return ohm_fail_at(err, OHM_EUNFIT, OHM_ORIGIN, path, 0, 0, "its operators are of opset %lld, outside [%d, %d]",
                           (long long)o->version, OHM_ONNX_OPSET_MIN, OHM_ONNX_OPSET_MAX);
    }
    return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "no ONNX file, or a damaged one: it names no opset");
}

static enum ohm_status keep_texts(struct ohm_onnx_file *out, const onnx_model *m, struct ohm_error *err)
{
    struct ohm_str producer = {0};
    bool failed;

    ohm_str_append(&producer, text_or(m->producer_name, "a program that does not say"));
    if (m->producer_version && m->producer_version[0])
        ohm_str_printf(&producer, " %s", m->producer_version);
    out->name = ohm_arena_strdup(&out->texts, text_or(m->graph->name, "network"));
    out->producer = ohm_arena_strdup(&out->texts, ohm_str_text(&producer));
    out->meta = ohm_arena_alloc(&out->texts, m->n_metadata_props + 1, sizeof(*out->meta));
    failed = producer.failed || !out->name || !out->producer || !out->meta;
    for (size_t i = 0; i < m->n_metadata_props && !failed; i++) {
        struct ohm_meta *meta = &out->meta[out->metas++];

        meta->key = ohm_arena_strdup(&out->texts, text_or(m->metadata_props[i]->key, ""));
        meta->value = ohm_arena_strdup(&out->texts, text_or(m->metadata_props[i]->value, ""));
        failed = !meta->key || !meta->value;
    }
    ohm_str_release(&producer);
    return failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : OHM_OK;
}

static void release_reader(struct ohm_onnx_reader *r)
{
    ohm_free(r->value);
    ohm_free(r->needed);
    ohm_free(r->taken);
    ohm_free(r->fill);
    ohm_name_map_release(&r->by_name);
    ohm_name_map_release(&r->layer_names);
}

enum ohm_status ohm_onnx_parse(struct ohm_onnx_file *out, const char *bytes, size_t length, const char *path,
                               struct ohm_error *err)
{
    struct ohm_error own = {0}; /* what goes wrong is told even to nobody: the builder's errors pass through it */
    struct ohm_onnx_reader r = {.path = path, .err = &own, .b = &out->builder, .texts = &out->texts};
    onnx_model *model = NULL;
    enum ohm_status st;

    *out = (struct ohm_onnx_file){0};
    if ((st = ohm_onnx_unpack(&model, bytes, length, path, &own)) == OHM_OK &&
        (st = check_opset(model, path, &own)) == OHM_OK && (st = keep_texts(out, model, &own)) == OHM_OK) {
        r.g = model->graph;
        st = read_graph(&r, out);
    }
    for (int i = 0; i < out->metas && st == OHM_OK; i++)
        if (strcmp(out->meta[i].key, OHM_META_RANGES) == 0)
            st = ohm_onnx_fill_ranges(&out->weights, out->meta[i].value, &own);
    release_reader(&r);
    ohm_onnx_free(model);
    if (st == OHM_OK)
        return OHM_OK;
    ohm_error_set_path(&own, path);
    if (err)
        *err = own;
    ohm_onnx_release(out);
    return st;
}

enum ohm_status ohm_onnx_read(struct ohm_onnx_file *out, const char *path, struct ohm_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st = ohm_file_read(&bytes, &length, path, OHM_TENSOR_FILE_MAX, err);

    *out = (struct ohm_onnx_file){0};
    if (st == OHM_OK)
        st = ohm_onnx_parse(out, bytes, length, path, err);
    ohm_free(bytes);
    return st;
}

void ohm_onnx_release(struct ohm_onnx_file *file)
{
    ohm_weights_release(&file->weights);
    ohm_net_release(&file->builder);
    ohm_arena_release(&file->texts);
    *file = (struct ohm_onnx_file){0};
}
