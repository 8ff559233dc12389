/* finish.c - what is known only of a whole net: its output, and which layers it needs. */
#include "ohm/net.h"

/* A layer is live when something of the input reaches it and something of it reaches the output. A layer fed by zeros
 * alone gives a constant, which no crossbar is needed for. Counts the live conv and dense layers. */
static void mark_live(struct ohm_net *net)
{
    struct ohm_layer *layer = net->layer;

    for (int i = 0; i < net->layers; i++) {
        layer[i].live = layer[i].kind == OHM_INPUT;
        for (int e = 0; e < layer[i].inputs && layer[i].kind != OHM_ZERO; e++)
            layer[i].live |= layer[net->edge[layer[i].first_input + e]].live;
    }
    for (int i = net->layers - 1; i >= 0; i--) {
        layer[i].wanted |= i == net->output;
        for (int e = 0; e < layer[i].inputs && layer[i].wanted; e++)
            layer[net->edge[layer[i].first_input + e]].wanted = true;
    }
    net->mvm_layers = 0;
    for (int i = 0; i < net->layers; i++) {
        layer[i].live = layer[i].live && layer[i].wanted;
        net->mvm_layers += layer[i].live && ohm_layer_is_mvm(layer[i].kind);
    }
}

enum ohm_status ohm_net_finish(struct ohm_net_builder *b, int output, const struct ohm_net **net, struct ohm_error *err)
{
    const struct ohm_layer *last;

    if (b->failure.status == OHM_OK && (output < 0 || output >= b->net.layers))
        (void)ohm_fail(&b->failure, OHM_ERANGE, "the output is layer %d of %d", output, b->net.layers);
    if (b->failure.status != OHM_OK) {
        if (err)
            *err = b->failure;
        return b->failure.status;
    }
    last = &b->net.layer[output];
    b->net.output = output;
    b->net.classes = last->out.h * last->out.w * last->out.c;
    b->net.depth = last->depth;
    mark_live(&b->net);
    *net = &b->net;
    return OHM_OK;
}
