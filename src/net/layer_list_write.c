/* layer_list_write.c - a network as a file of layers. */
#include "ohm/layer_list.h"

#include "ohm/emit.h"

#include <string.h>

static void put_pair(struct ohm_emit *e, const char *key, int a, int b)
{
    if (a == b) {
        ohm_emit_int(e, key, a);
        return;
    }
    ohm_emit_flow_list(e, key);
    ohm_emit_int(e, NULL, a);
    ohm_emit_int(e, NULL, b);
    ohm_emit_end(e);
}

static void put_pad(struct ohm_emit *e, const struct ohm_layer *l)
{
    const int32_t side[4] = {l->pad_top, l->pad_left, l->pad_bottom, l->pad_right};

    if (side[0] == side[1] && side[0] == side[2] && side[0] == side[3]) {
        ohm_emit_int(e, "pad", side[0]);
        return;
    }
    ohm_emit_flow_list(e, "pad");
    for (int i = 0; i < 4; i++)
        ohm_emit_int(e, NULL, side[i]);
    ohm_emit_end(e);
}

static void put_settings(struct ohm_emit *e, const struct ohm_layer *l)
{
    if (l->kind == OHM_SLICE)
        ohm_emit_int(e, "first", l->first_channel);
    if (l->kind == OHM_CONV || l->kind == OHM_DENSE || l->kind == OHM_SLICE)
        ohm_emit_int(e, "out", l->out.c);
    if (l->kind == OHM_CONV || l->kind == OHM_AVG_POOL || l->kind == OHM_MAX_POOL) {
        put_pair(e, "kernel", l->k_h, l->k_w);
        put_pair(e, "stride", l->stride_h, l->stride_w);
        put_pad(e, l);
    }
    if (l->kind == OHM_CONV && l->groups != 1)
        ohm_emit_int(e, "groups", l->groups);
    if (l->kind == OHM_CONV || l->kind == OHM_DENSE)
        ohm_emit_bool(e, "bias", l->bias);
    if (l->kind == OHM_AVG_POOL)
        ohm_emit_bool(e, "count_include_pad", l->count_include_pad);
    if (l->kind == OHM_ZERO)
        ohm_emit_int(e, "stride", l->stride_h);
}

/* What a later layer calls this one; NULL: it has no name of its own. */
static const char *own_name(const struct ohm_net *net, int layer)
{
    const char *name = layer == 0 ? "input" : net->layer[layer].name;

    for (int i = 0; i < net->layers && name; i++) {
        const char *other = i == 0 ? "input" : net->layer[i].name;

        if (i != layer && other && strcmp(other, name) == 0)
            return NULL;
    }
    return name;
}

static enum ohm_status put_from(struct ohm_emit *e, const struct ohm_net *net, int layer, struct ohm_error *err)
{
    const struct ohm_layer *l = &net->layer[layer];
    const int32_t *input = net->edge + l->first_input;

    if (l->inputs == 1 && input[0] == layer - 1)
        return OHM_OK;
    if (l->inputs > 1)
        ohm_emit_flow_list(e, "from");
    for (int i = 0; i < l->inputs; i++) {
        const char *name = own_name(net, input[i]);

        if (!name)
            return ohm_fail(err, OHM_EUNFIT, "layer %d (%s) reads layer %d, which has no name of its own", layer,
                            ohm_layer_kind_name(l->kind), input[i]);
        ohm_emit_text(e, l->inputs > 1 ? NULL : "from", name);
    }
    if (l->inputs > 1)
        ohm_emit_end(e);
    return OHM_OK;
}

static enum ohm_status put_layer(struct ohm_emit *e, const struct ohm_net *net, int layer, struct ohm_error *err)
{
    const struct ohm_layer *l = &net->layer[layer];
    enum ohm_status st;

    ohm_emit_flow_map(e, NULL);
    ohm_emit_text(e, "kind", ohm_layer_kind_name(l->kind));
    if (l->name)
        ohm_emit_text(e, "name", l->name);
    if ((st = put_from(e, net, layer, err)) != OHM_OK)
        return st;
    put_settings(e, l);
    ohm_emit_end(e);
    return OHM_OK;
}

enum ohm_status ohm_layer_list_write(struct ohm_str *s, const struct ohm_net *net, const char *name, const char *source,
                                     struct ohm_error *err)
{
    struct ohm_emit e = {0};
    enum ohm_status st = OHM_OK;

    if (net->output != net->layers - 1 || net->layers < 2 || net->layers > OHM_LAYER_LIST_MAX + 1)
        return ohm_fail(err, OHM_EUNFIT,
                        "a file of layers ends with the output and has 1 to %d layers; this network has %d and ends "
                        "with layer %d",
                        OHM_LAYER_LIST_MAX, net->layers - 1, net->output);
    ohm_emit_map(&e, NULL);
    ohm_emit_text(&e, "network", name);
    if (source)
        ohm_emit_text(&e, "source", source);
    ohm_emit_flow_list(&e, "input");
    ohm_emit_int(&e, NULL, net->input.h);
    ohm_emit_int(&e, NULL, net->input.w);
    ohm_emit_int(&e, NULL, net->input.c);
    ohm_emit_end(&e);
    ohm_emit_list(&e, "layers");
    for (int i = 1; i < net->layers && st == OHM_OK; i++)
        st = put_layer(&e, net, i, err);
    if (st == OHM_OK) {
        ohm_emit_end(&e);
        ohm_emit_end(&e);
        ohm_str_append(s, ohm_str_text(&e.out));
        if (e.out.failed || s->failed)
            st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    }
    ohm_str_release(&e.out);
    return st;
}
