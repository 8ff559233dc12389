/* dot.c - a network as a graph for Graphviz. */
#include "ohm/export.h"

static void put_node(struct ohm_str *s, const struct ohm_layer *l, int index)
{
    ohm_str_printf(s, "  l%d [label=\"%s\\n%s", index, l->name ? l->name : "", ohm_layer_kind_name(l->kind));
    if (l->kind == OHM_CONV || l->kind == OHM_AVG_POOL || l->kind == OHM_MAX_POOL)
        ohm_str_printf(s, " %dx%d/%d", l->k_h, l->k_w, l->stride_h);
    ohm_str_printf(s, "\\n%dx%dx%d\"%s];\n", l->out.h, l->out.w, l->out.c,
                   ohm_layer_is_mvm(l->kind) ? ", style=filled, fillcolor=\"#d9e8f5\"" : "");
}

void ohm_net_dot(struct ohm_str *s, const struct ohm_net *net, const char *title)
{
    ohm_str_printf(s, "digraph net {\n  label=\"%s\";\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n",
                   title);
    for (int i = 0; i < net->layers; i++)
        put_node(s, &net->layer[i], i);
    for (int i = 0; i < net->layers; i++)
        for (int k = 0; k < net->layer[i].inputs; k++)
            ohm_str_printf(s, "  l%d -> l%d;\n", net->edge[net->layer[i].first_input + k], i);
    ohm_str_append(s, "}\n");
}
