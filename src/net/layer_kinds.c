/* layer_kinds.c - the table of layer kinds, and the crossbar matrix of a layer. */
#include "ohm/net.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name;
    bool mvm;
} kinds[] = {
#define X(kind, name, mvm) {name, mvm},
    OHM_LAYER_KINDS(X)
#undef X
};

const char *ohm_layer_kind_name(enum ohm_layer_kind kind)
{
    return (unsigned)kind < OHM_LAYER_KIND_COUNT ? kinds[kind].name : "?";
}

enum ohm_layer_kind ohm_layer_kind_find(const char *name)
{
    int kind = 0;

    while (kind < OHM_LAYER_KIND_COUNT && strcmp(kinds[kind].name, name) != 0)
        kind++;
    return (enum ohm_layer_kind)kind;
}

bool ohm_layer_is_mvm(enum ohm_layer_kind kind)
{
    return (unsigned)kind < OHM_LAYER_KIND_COUNT && kinds[kind].mvm;
}

void ohm_layer_matrix(const struct ohm_layer *layer, int64_t *rows, int64_t *cols, int64_t *positions)
{
    assert(ohm_layer_is_mvm(layer->kind));
    *cols = layer->out.c;
    if (layer->kind == OHM_DENSE) {
        *rows = (int64_t)layer->in.h * layer->in.w * layer->in.c;
        *positions = 1;
        return;
    }
    *rows = (int64_t)layer->k_h * layer->k_w * (layer->in.c / layer->groups);
    *positions = (int64_t)layer->out.h * layer->out.w;
}
