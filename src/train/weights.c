/* weights.c - one vector of numbers for a net, and its way to and from a file. */
#include "ohm/weights.h"

#include "ohm/mem.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const role_name[] = {
#define X(role, name) name,
    OHM_ROLES(X)
#undef X
};

static int64_t fan_in(const struct ohm_layer *l)
{
    int64_t rows, cols, positions;

    ohm_layer_matrix(l, &rows, &cols, &positions);
    return rows;
}

/* How many numbers of a role a layer has. */
static size_t role_count(const struct ohm_layer *l, enum ohm_role role)
{
    const bool mvm = ohm_layer_is_mvm(l->kind), bn = l->kind == OHM_BATCH_NORM;

    if (!l->wanted)
        return 0;
    switch (role) {
    case OHM_WEIGHT:
        return mvm ? (size_t)(fan_in(l) * l->out.c) : 0;
    case OHM_BIAS:
        return mvm && l->bias ? (size_t)l->out.c : 0;
    case OHM_RANGE:
        return mvm ? 1 : 0;
    default:
        return bn ? (size_t)l->out.c : 0;
    }
}

static void fill(struct ohm_weights *w)
{
    for (int i = 0; i < w->params; i++) {
        const struct ohm_param *p = &w->param[i];

        if (p->role == OHM_SCALE || p->role == OHM_VARIANCE)
            for (size_t k = 0; k < p->count; k++)
                w->value[p->first + k] = 1;
    }
}

/* Parameters in the order of roles, then layers: what gradients move comes first. */
static int lay_out(struct ohm_weights *w, bool write)
{
    int n = 0;

    w->count = 0;
    for (int role = 0; role < OHM_ROLE_COUNT; role++) {
        if (role == OHM_RANGE)
            w->trainable = w->count;
        for (int i = 0; i < w->net->layers; i++) {
            const size_t count = role_count(&w->net->layer[i], (enum ohm_role)role);

            if (write)
                w->place[i][role] = count > 0 ? n : -1;
            if (count == 0)
                continue;
            if (write)
                w->param[n] = (struct ohm_param){i, (enum ohm_role)role, w->count, count};
            w->count += count;
            n++;
        }
    }
    return n;
}

enum ohm_status ohm_weights_init(struct ohm_weights *w, const struct ohm_net *net, struct ohm_error *err)
{
    struct ohm_weights made = {.net = net};

    made.params = lay_out(&made, false);
    made.param = ohm_alloc((size_t)made.params, sizeof(*made.param));
    made.place = ohm_alloc((size_t)net->layers, sizeof(*made.place));
    made.value = ohm_alloc(made.count, sizeof(*made.value));
    if (!made.param || !made.place || !made.value) {
        ohm_weights_release(&made);
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    }
    lay_out(&made, true);
    fill(&made);
    *w = made;
    return OHM_OK;
}

void ohm_weights_release(struct ohm_weights *w)
{
    ohm_free(w->param);
    ohm_free(w->place);
    ohm_free(w->value);
    *w = (struct ohm_weights){0};
}

float *ohm_weights_of(const struct ohm_weights *w, int layer, enum ohm_role role)
{
    const int p = w->place[layer][role];

    return p < 0 ? NULL : w->value + w->param[p].first;
}

void ohm_weights_draw(struct ohm_weights *w, const struct ohm_rng *rng)
{
    for (int i = 0; i < w->params; i++) {
        const struct ohm_param *p = &w->param[i];
        const struct ohm_layer *l = &w->net->layer[p->layer];
        struct ohm_rng own = ohm_rng_child(rng, (uint64_t)p->layer);
        double sigma;

        if (p->role != OHM_WEIGHT)
            continue;
        sigma = sqrt((p->layer == w->net->output ? 1.0 : 2.0) / (double)fan_in(l));
        for (size_t k = 0; k < p->count; k++)
            w->value[p->first + k] = (float)(sigma * ohm_rng_normal(&own));
    }
}

uint64_t ohm_net_hash(const struct ohm_net *net)
{
    uint64_t h = ohm_hash_mix((uint64_t)net->layers, (uint64_t)net->output);

    for (int i = 0; i < net->layers; i++) {
        const struct ohm_layer *l = &net->layer[i];
        const int32_t number[] = {(int32_t)l->kind,
                                  l->in.h,
                                  l->in.w,
                                  l->in.c,
                                  l->out.h,
                                  l->out.w,
                                  l->out.c,
                                  l->k_h,
                                  l->k_w,
                                  l->stride_h,
                                  l->stride_w,
                                  l->pad_top,
                                  l->pad_left,
                                  l->pad_bottom,
                                  l->pad_right,
                                  l->groups,
                                  l->bias,
                                  l->inputs,
                                  l->count_include_pad};

        h = ohm_hash_mix(h, ohm_hash(number, sizeof(number)));
        if (l->kind == OHM_SLICE) /* no other kind has it, and their hashes are in files */
            h = ohm_hash_mix(h, (uint64_t)l->first_channel);
    }
    return ohm_hash_mix(h, ohm_hash(net->edge, (size_t)net->edges * sizeof(*net->edge)));
}

/* ---- files ---- */

static void tensor_name(struct ohm_str *s, const struct ohm_net *net, const struct ohm_param *p)
{
    const char *name = net->layer[p->layer].name;

    ohm_str_clear(s);
    ohm_str_printf(s, "%d.%s.%s", p->layer, name ? name : ohm_layer_kind_name(net->layer[p->layer].kind),
                   role_name[p->role]);
}

static void tensor_shape(struct ohm_tensor *t, const struct ohm_net *net, const struct ohm_param *p)
{
    const struct ohm_layer *l = &net->layer[p->layer];

    t->count = p->count;
    t->dims = 1;
    t->dim[0] = (int64_t)p->count;
    if (p->role != OHM_WEIGHT)
        return;
    t->dims = l->kind == OHM_CONV ? 4 : 2;
    t->dim[0] = l->out.c;
    t->dim[1] = l->kind == OHM_CONV ? l->k_h : fan_in(l);
    t->dim[2] = l->k_w;
    t->dim[3] = l->in.c / (l->groups > 0 ? l->groups : 1);
}

static void name_tensors(struct ohm_tensor *t, struct ohm_arena *names, const struct ohm_weights *w, bool *failed)
{
    struct ohm_str name = {0};

    for (int i = 0; i < w->params; i++) {
        tensor_name(&name, w->net, &w->param[i]);
        tensor_shape(&t[i], w->net, &w->param[i]);
        t[i].name = ohm_arena_strdup(names, ohm_str_text(&name));
        t[i].data = w->value + w->param[i].first;
        *failed = *failed || !t[i].name || name.failed;
    }
    ohm_str_release(&name);
}

enum ohm_status ohm_weights_save(const struct ohm_weights *w, const char *path, const struct ohm_meta *meta, int metas,
                                 struct ohm_error *err)
{
    struct ohm_tensor *t = ohm_alloc((size_t)w->params, sizeof(*t));
    struct ohm_arena names = {0};
    bool failed = !t;
    enum ohm_status st;

    if (t)
        name_tensors(t, &names, w, &failed);
    st = failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                : ohm_tensor_file_write(path, t, w->params, meta, metas, err);
    ohm_arena_release(&names);
    ohm_free(t);
    return st;
}

static enum ohm_status compare(const struct ohm_tensor *want, const struct ohm_tensor *have, const char *path,
                               struct ohm_error *err)
{
    bool same;

    if (!have)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0,
                           "the file is of another network: it has no tensor '%.80s'", want->name);
    same = have->dims == want->dims;
    for (int k = 0; k < want->dims && same; k++)
        same = have->dim[k] == want->dim[k];
    if (!same)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0,
                           "the file is of another network: tensor '%.80s' has %zu numbers, or another shape, not %zu",
                           want->name, have->count, want->count);
    return OHM_OK;
}

/* Files hold the tensors in the order of the vector, so that the i-th is nearly always the one looked for. */
static const struct ohm_tensor *look_up(const struct ohm_tensor_file *file, int i, const char *name)
{
    if (i < file->tensors && strcmp(file->tensor[i].name, name) == 0)
        return &file->tensor[i];
    return ohm_tensor_file_find(file, name);
}

enum ohm_status ohm_weights_take(struct ohm_weights *w, const struct ohm_tensor_file *file, const char *path,
                                 struct ohm_error *err)
{
    struct ohm_tensor *t = ohm_alloc((size_t)w->params, sizeof(*t));
    struct ohm_arena names = {0};
    bool failed = !t;
    enum ohm_status st = OHM_OK;

    if (t)
        name_tensors(t, &names, w, &failed);
    if (failed)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < w->params && st == OHM_OK; i++)
        st = compare(&t[i], look_up(file, i, t[i].name), path, err);
    if (st == OHM_OK && file->tensors != w->params)
        st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0,
                         "the file is of another network: it has %d tensors, not %d", file->tensors, w->params);
    for (int i = 0; i < w->params && st == OHM_OK; i++)
        memcpy(w->value + w->param[i].first, look_up(file, i, t[i].name)->data, w->param[i].count * sizeof(float));
    ohm_arena_release(&names);
    ohm_free(t);
    return st;
}

enum ohm_status ohm_weights_load(struct ohm_weights *w, const char *path, struct ohm_error *err)
{
    struct ohm_tensor_file file = {0};
    enum ohm_status st = ohm_tensor_file_read(&file, path, err);

    if (st == OHM_OK)
        st = ohm_weights_take(w, &file, path, err);
    ohm_tensor_file_release(&file);
    return st;
}
