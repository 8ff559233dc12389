/* layer_list.c - a network layer by layer, from YAML. */
#include "ohm/layer_list.h"

#include <string.h>

struct reader {
    struct ohm_net_builder *b;
    struct ohm_diag *diag;
    const char **name; /* [layers of the file + 1]: of the layer of the net with this index */
    int32_t *index;    /* [same]: index in the net */
    int count;
};

bool ohm_is_layer_list(const struct ohm_doc *doc)
{
    struct ohm_node *root = ohm_doc_root(doc);

    return root && root->kind == OHM_NODE_MAP && ohm_map_get(root, "network") && ohm_map_get(root, "layers");
}

/* One number for both sides, or a list of two. */
static void read_pair(struct ohm_node *map, const char *key, long long max, int *a, int *b, struct ohm_diag *diag)
{
    struct ohm_node *node = ohm_map_get(map, key);
    long long v[2] = {*a, *b};

    if (node && node->kind == OHM_NODE_LIST) {
        if (node->count != 2) {
            ohm_node_fail(node, diag, "%s is a list of %d, not of 2 numbers", key, node->count);
            return;
        }
        ohm_node_int(node->item[0], key, 1, max, &v[0], diag);
        ohm_node_int(node->item[1], key, 1, max, &v[1], diag);
    } else if (ohm_node_int(node, key, 1, max, &v[0], diag)) {
        v[1] = v[0];
    }
    *a = (int)v[0];
    *b = (int)v[1];
}

static int find_layer(const struct reader *r, const struct ohm_node *node)
{
    const char *text;

    if (!ohm_node_text(node, "from", &text, r->diag))
        return -1;
    for (int i = r->count - 1; i >= 0; i--)
        if (r->name[i] && strcmp(r->name[i], text) == 0)
            return r->index[i];
    {
        const char *near = ohm_nearest(text, r->name, r->count);

        ohm_node_fail(node, r->diag, "from names '%.60s', and no layer above has that name%s%s", text,
                      near ? "; nearest: " : "", near ? near : "");
    }
    return -1;
}

/* The four sides. */
static void read_sides(const struct ohm_node *list, struct ohm_conv *conv, struct ohm_diag *diag)
{
    long long side[4] = {0};

    if (list->count != 4) {
        ohm_node_fail(list, diag, "pad is a list of %d, not of 4 numbers (top, left, bottom, right)", list->count);
        return;
    }
    for (int i = 0; i < 4; i++)
        ohm_node_int(list->item[i], "pad", 0, OHM_NET_WINDOW_MAX, &side[i], diag);
    conv->pad_top = (int)side[0];
    conv->pad_left = (int)side[1];
    conv->pad_bottom = (int)side[2];
    conv->pad_right = (int)side[3];
}

static int read_conv(struct reader *r, struct ohm_node *map, int input)
{
    const struct ohm_shape in = r->b->net.layer[input].out;
    struct ohm_conv conv = ohm_conv_square(1, 1, 1, 0);
    struct ohm_node *pad = ohm_map_get(map, "pad"), *out;
    bool depthwise = false;
    long long c_out = in.c, groups = 1, pixels = 0;

    ohm_node_bool(ohm_map_get(map, "depthwise"), "depthwise", &depthwise, r->diag);
    out = depthwise ? ohm_map_get(map, "out") : ohm_map_need(map, "out", r->diag);
    ohm_node_int(out, "out", 1, OHM_NET_CHANNELS_MAX, &c_out, r->diag);
    groups = depthwise ? in.c : 1;
    ohm_node_int(ohm_map_get(map, "groups"), "groups", 1, OHM_NET_CHANNELS_MAX, &groups, r->diag);
    read_pair(map, "kernel", OHM_NET_WINDOW_MAX, &conv.k_h, &conv.k_w, r->diag);
    read_pair(map, "stride", OHM_NET_WINDOW_MAX, &conv.stride_h, &conv.stride_w, r->diag);
    ohm_node_bool(ohm_map_get(map, "bias"), "bias", &conv.bias, r->diag);
    conv.c_out = (int)c_out;
    conv.groups = (int)groups;
    if (!pad || (pad->kind == OHM_NODE_SCALAR && strcmp(pad->text, "same") == 0))
        ohm_conv_pad_same(&conv, in.h, in.w);
    else if (pad->kind == OHM_NODE_LIST)
        read_sides(pad, &conv, r->diag);
    else if ((pad->kind != OHM_NODE_SCALAR || strcmp(pad->text, "valid") != 0) &&
             ohm_node_int(pad, "pad (same, valid or pixels)", 0, OHM_NET_WINDOW_MAX, &pixels, r->diag))
        conv.pad_top = conv.pad_left = conv.pad_bottom = conv.pad_right = (int)pixels;
    return ohm_net_conv(r->b, input, &conv);
}

static int read_pool(struct reader *r, struct ohm_node *map, enum ohm_layer_kind kind, int input)
{
    int k_h = 1, k_w = 1, s_h = 1, s_w = 1;
    long long pad = 0;
    bool count = false;

    read_pair(map, "kernel", OHM_NET_WINDOW_MAX, &k_h, &k_w, r->diag);
    read_pair(map, "stride", OHM_NET_WINDOW_MAX, &s_h, &s_w, r->diag);
    ohm_node_int(ohm_map_get(map, "pad"), "pad", 0, OHM_NET_WINDOW_MAX, &pad, r->diag);
    if (kind == OHM_AVG_POOL)
        ohm_node_bool(ohm_map_get(map, "count_include_pad"), "count_include_pad", &count, r->diag);
    if (s_h != s_w) {
        ohm_node_fail(map, r->diag, "the stride of a pool is [%d, %d], not one number", s_h, s_w);
        return -1;
    }
    return ohm_net_pool(r->b, kind, input, k_h, k_w, s_h, (int)pad, count);
}

static int read_dense(struct reader *r, struct ohm_node *map, int input)
{
    long long out = 1;
    bool bias = true;

    ohm_node_int(ohm_map_need(map, "out", r->diag), "out", 1, OHM_NET_CHANNELS_MAX, &out, r->diag);
    ohm_node_bool(ohm_map_get(map, "bias"), "bias", &bias, r->diag);
    return ohm_net_dense(r->b, input, (int)out, bias);
}

static int read_zero(struct reader *r, struct ohm_node *map, int input)
{
    long long stride = 1;

    ohm_node_int(ohm_map_get(map, "stride"), "stride", 1, OHM_NET_WINDOW_MAX, &stride, r->diag);
    return ohm_net_zero(r->b, input, (int)stride);
}

static int read_slice(struct reader *r, struct ohm_node *map, int input)
{
    const long long channels = r->b->net.layer[input].out.c;
    long long first = 0, out = 1;

    ohm_node_int(ohm_map_get(map, "first"), "first", 0, channels - 1, &first, r->diag);
    ohm_node_int(ohm_map_need(map, "out", r->diag), "out", 1, channels, &out, r->diag);
    return ohm_net_slice(r->b, input, (int)first, (int)out);
}

/* The layers that a layer reads: `from`, or the one above it. Returns how many, or -1. */
static int read_from(const struct reader *r, struct ohm_node *map, int *input)
{
    struct ohm_node *from = ohm_map_get(map, "from");
    int n = from && from->kind == OHM_NODE_LIST ? from->count : 1;

    if (!from) {
        input[0] = r->index[r->count - 1];
        return 1;
    }
    if (n < 1 || n > OHM_NET_INPUTS_MAX) {
        ohm_node_fail(from, r->diag, "from names %d layers, outside [1, %d]", n, OHM_NET_INPUTS_MAX);
        return -1;
    }
    for (int i = 0; i < n; i++)
        if ((input[i] = find_layer(r, from->kind == OHM_NODE_LIST ? from->item[i] : from)) < 0)
            return -1;
    return n;
}

static int add_layer(struct reader *r, struct ohm_node *map, enum ohm_layer_kind kind, const int *input, int n)
{
    if (kind == OHM_ADD || kind == OHM_CONCAT || kind == OHM_MUL)
        return ohm_net_join(r->b, kind, input, n);
    if (n != 1) {
        ohm_node_fail(map, r->diag, "a layer of kind %s reads one layer, not %d", ohm_layer_kind_name(kind), n);
        return -1;
    }
    switch (kind) {
    case OHM_CONV:
        return read_conv(r, map, input[0]);
    case OHM_DENSE:
        return read_dense(r, map, input[0]);
    case OHM_AVG_POOL:
    case OHM_MAX_POOL:
        return read_pool(r, map, kind, input[0]);
    case OHM_ZERO:
        return read_zero(r, map, input[0]);
    case OHM_SLICE:
        return read_slice(r, map, input[0]);
    default:
        return ohm_net_unary(r->b, kind, input[0]);
    }
}

/* One layer of the file. false: nothing below it can be read. */
static bool read_layer(struct reader *r, struct ohm_node *map)
{
    static const char *const kinds[] = {
#define X(kind, name, mvm) name,
        OHM_LAYER_KINDS(X)
#undef X
    };
    const int before = r->diag->count;
    const char *name = NULL;
    int kind, input[OHM_NET_INPUTS_MAX], n, layer;

    if (!ohm_node_is_map(map, "a layer", r->diag) ||
        !ohm_node_choice(ohm_map_need(map, "kind", r->diag), "kind", kinds + 1, OHM_LAYER_KIND_COUNT - 1, &kind,
                         r->diag))
        return false;
    ohm_node_text(ohm_map_get(map, "name"), "name", &name, r->diag);
    if ((n = read_from(r, map, input)) < 0)
        return false;
    layer = add_layer(r, map, (enum ohm_layer_kind)(kind + 1), input, n);
    ohm_map_finish(map, r->diag);
    if (layer < 0 || r->diag->count > before) {
        if (r->diag->count == before)
            ohm_node_fail(map, r->diag, "%s", r->b->failure.text);
        return false;
    }
    if (name)
        ohm_net_name(r->b, layer, "%s", name);
    r->name[r->count] = name;
    r->index[r->count++] = layer;
    return true;
}

static void read_layers(struct reader *r, struct ohm_node *root)
{
    struct ohm_node *input = ohm_map_need(root, "input", r->diag), *layers = ohm_map_need(root, "layers", r->diag);
    long long shape[3] = {1, 1, 1};

    if (!input || !layers || !ohm_node_is_list(input, "input", r->diag) || !ohm_node_is_list(layers, "layers", r->diag))
        return;
    if (input->count != 3 || layers->count < 1 || layers->count > OHM_LAYER_LIST_MAX) {
        ohm_node_fail(root, r->diag, "input has %d numbers (3: h, w, c), and there are %d layers (1 to %d)",
                      input->count, layers->count, OHM_LAYER_LIST_MAX);
        return;
    }
    for (int i = 0; i < 3; i++)
        ohm_node_int(input->item[i], "input", 1, OHM_NET_CHANNELS_MAX, &shape[i], r->diag);
    r->name = ohm_alloc((size_t)layers->count + 1, sizeof(*r->name));
    r->index = ohm_alloc((size_t)layers->count + 1, sizeof(*r->index));
    if (!r->name || !r->index) {
        ohm_diag_add(r->diag, OHM_ENOMEM, NULL, 0, 0, "out of memory");
        return;
    }
    r->name[0] = "input";
    r->index[0] = ohm_net_input(r->b, (int)shape[0], (int)shape[1], (int)shape[2]);
    r->count = 1;
    if (r->index[0] < 0)
        ohm_node_fail(input, r->diag, "%s", r->b->failure.text);
    for (int i = 0; i < layers->count && r->index[0] >= 0; i++)
        if (!read_layer(r, layers->item[i]))
            break;
}

enum ohm_status ohm_layer_list_read(struct ohm_net_builder *b, const struct ohm_net **net, const char **name,
                                    const struct ohm_doc *doc, struct ohm_diag *diag)
{
    struct ohm_diag own = {0};
    struct reader r = {.b = b, .diag = &own};
    struct ohm_node *root = ohm_doc_root(doc);
    const char *text = NULL;
    struct ohm_error err = {0};
    enum ohm_status st;

    ohm_net_reset(b, true);
    if (ohm_node_is_map(root, "a network", &own)) {
        ohm_node_text(ohm_map_need(root, "network", &own), "network", &text, &own);
        ohm_map_get(root, "source");
        read_layers(&r, root);
        ohm_map_finish(root, &own);
    }
    if (own.count == 0 && ohm_net_finish(b, r.index[r.count - 1], net, &err) != OHM_OK)
        ohm_node_fail(root, &own, "%s", err.text);
    st = ohm_diag_status(&own, NULL);
    for (int i = 0; i < own.count && i < OHM_DIAG_MAX; i++)
        ohm_diag_take(diag, &own.item[i]);
    ohm_diag_release(&own);
    ohm_free(r.name);
    ohm_free(r.index);
    if (st == OHM_OK && name)
        *name = text;
    return st;
}
