/* fold.c - what a net weighs once its batch norms are folded. */
#include "ohm/net.h"

/* A conv or dense layer can take up a batch norm only when nobody else reads what it gives. */
static bool sole_reader(const struct ohm_net *net, int32_t layer)
{
    int readers = 0;

    for (int32_t e = 0; e < net->edges; e++)
        readers += net->edge[e] == layer;
    return readers == 1;
}

int64_t ohm_net_params_folded(const struct ohm_net *net)
{
    int64_t params = net->params;

    for (int32_t i = 0; i < net->layers; i++) {
        const struct ohm_layer *bn = &net->layer[i];
        int32_t from;

        if (bn->kind != OHM_BATCH_NORM)
            continue;
        from = net->edge[bn->first_input];
        if (!ohm_layer_is_mvm(net->layer[from].kind) || from == net->output || !sole_reader(net, from))
            continue;
        params -= bn->params;
        if (!net->layer[from].bias)
            params += bn->out.c;
    }
    return params;
}
