/* tape.c - memory of a tape: who shares whose, and how large it all is. */
#include "train_int.h"

#include "ohm/mem.h"

#include <limits.h>

static enum ohm_status no_memory(struct ohm_error *err)
{
    return ohm_fail(err, OHM_ENOMEM, "out of memory");
}

static int input_of(const struct ohm_tape *t, int layer, int k)
{
    return t->net->edge[t->net->layer[layer].first_input + k];
}

static void count_readers(struct ohm_tape *t)
{
    for (int i = 0; i < t->net->layers; i++) {
        const struct ohm_layer *l = &t->net->layer[i];

        t->node[i].runs = l->wanted || i == 0; /* layer 0 is the input */
        t->node[i].numbers = (size_t)l->out.h * (size_t)l->out.w * (size_t)l->out.c;
        for (int k = 0; k < l->inputs && l->wanted; k++)
            t->node[input_of(t, i, k)].readers++;
    }
    t->node[t->net->output].readers++; /* the loss */
}

/* Does what this layer gives change with the weights? A zero layer gives zeros whatever it reads. */
static bool has_gradient(const struct ohm_tape *t, int layer)
{
    const struct ohm_layer *l = &t->net->layer[layer];

    if (ohm_layer_is_mvm(l->kind) || l->kind == OHM_BATCH_NORM)
        return true;
    if (l->kind == OHM_INPUT || l->kind == OHM_ZERO)
        return false;
    for (int k = 0; k < l->inputs; k++)
        if (t->node[input_of(t, layer, k)].grad)
            return true;
    return false;
}

/* A ReLU works in the memory of the layer before when nobody else reads that; batch norm and add do it themselves.
 * The memory of a flatten is that of its input. */
static void share_memory(struct ohm_tape *t, int layer)
{
    const struct ohm_layer *l = &t->net->layer[layer];
    struct ohm_unit *node = &t->node[layer], *before;
    int from;

    node->root = layer;
    if (l->kind != OHM_FLATTEN && l->kind != OHM_RELU)
        return;
    from = input_of(t, layer, 0);
    before = &t->node[from];
    if (l->kind == OHM_RELU) {
        if (before->readers != 1 || before->alias || t->net->layer[from].kind == OHM_INPUT)
            return;
        before->relu = t->net->layer[from].kind == OHM_BATCH_NORM ||
                       (t->net->layer[from].kind == OHM_ADD && t->net->layer[from].inputs == 2);
        node->done = before->relu;
    }
    node->alias = true;
    node->root = before->root;
}

struct ohm_conv2d ohm_layer_conv2d(const struct ohm_layer *l)
{
    if (l->kind == OHM_DENSE)
        return ohm_conv2d_dense(1, l->in.h * l->in.w * l->in.c, l->out.c);
    return (struct ohm_conv2d){.n = 1,
                               .h = l->in.h,
                               .w = l->in.w,
                               .c_in = l->in.c,
                               .c_out = l->out.c,
                               .k_h = l->k_h,
                               .k_w = l->k_w,
                               .stride_h = l->stride_h,
                               .stride_w = l->stride_w,
                               .pad_top = l->pad_top,
                               .pad_left = l->pad_left,
                               .pad_bottom = l->pad_bottom,
                               .pad_right = l->pad_right,
                               .groups = l->groups};
}

static struct ohm_pool pool_of(const struct ohm_layer *l)
{
    if (l->kind == OHM_GLOBAL_AVG_POOL)
        return ohm_pool_global(1, l->in.h, l->in.w, l->in.c);
    return (struct ohm_pool){.n = 1,
                             .h = l->in.h,
                             .w = l->in.w,
                             .c = l->in.c,
                             .k_h = l->k_h,
                             .k_w = l->k_w,
                             .stride_h = l->stride_h,
                             .stride_w = l->stride_w,
                             .pad_top = l->pad_top,
                             .pad_left = l->pad_left,
                             .pad_bottom = l->pad_bottom,
                             .pad_right = l->pad_right,
                             .count_include_pad = l->count_include_pad};
}

static void want(size_t *size, size_t n)
{
    *size = n > *size ? n : *size;
}

static enum ohm_status mvm_memory(struct ohm_tape *t, int layer, bool training, size_t *scratch, struct ohm_error *err)
{
    struct ohm_unit *node = &t->node[layer];
    struct ohm_conv2d d = ohm_layer_conv2d(&t->net->layer[layer]);
    const size_t weights = t->w->param[t->w->place[layer][OHM_WEIGHT]].count;
    enum ohm_status st;

    node->d = d;
    d.n = t->batch;
    for (int pass = OHM_FORWARD; pass <= (training ? OHM_BACKWARD_WEIGHTS : OHM_FORWARD); pass++)
        want(scratch, (t->analog ? ohm_crossbar_scratch : ohm_conv2d_scratch)(&d, pass, t->exec.jobs));
    if (training) {
        want(scratch, ohm_channel_sum_scratch(d.c_out));
        st = ohm_buffer_init(&node->packed_back, ohm_conv2d_packed(&d, OHM_BACKWARD_DATA), err);
        if (st != OHM_OK)
            return st;
    }
    if (!t->analog)
        return ohm_buffer_init(&node->packed, ohm_conv2d_packed(&d, OHM_FORWARD), err);
    if ((st = ohm_buffer_init(&node->noisy, weights, err)) != OHM_OK)
        return st;
    return ohm_analog_plan(t, layer, err);
}

static enum ohm_status bn_memory(struct ohm_tape *t, int layer, size_t *scratch, struct ohm_error *err)
{
    struct ohm_unit *node = &t->node[layer];
    const struct ohm_shape out = t->net->layer[layer].out;
    const struct ohm_bn d = {.pixels = (int64_t)t->batch * out.h * out.w, .c = out.c, .eps = OHM_BN_EPS};
    const enum ohm_status st = ohm_buffer_init(&node->stat, 2 * (size_t)out.c, err);

    if (st != OHM_OK)
        return st;
    node->mean = node->stat.data;
    node->var = node->stat.data + out.c;
    want(scratch, ohm_bn_scratch(&d));
    return OHM_OK;
}

/* Which layer reads the memory of a root last: its own readers', and those of all that work in it. The input is the
 * caller's to fill, and the output his to read. */
static void find_last_readers(struct ohm_tape *t)
{
    for (int i = 0; i < t->net->layers; i++)
        for (int k = 0; k < t->net->layer[i].inputs && t->node[i].runs; k++)
            t->node[t->node[input_of(t, i, k)].root].last = i;
    t->node[0].last = INT_MAX;
    t->node[t->node[t->net->output].root].last = INT_MAX;
}

/* An output that is not kept for the way back is over with its last reader: the next layers take its memory, the
 * smallest that is large enough. */
static enum ohm_status output_memory(struct ohm_tape *t, int layer, size_t n, bool training, struct ohm_error *err)
{
    struct ohm_unit *node = &t->node[layer], *host = NULL;

    for (int i = 0; i < layer && !training; i++) {
        struct ohm_unit *other = &t->node[i];

        if (other->own.data && other->own.n >= n && other->busy < layer && (!host || other->own.n < host->own.n))
            host = other;
    }
    if (!host) {
        const enum ohm_status st = ohm_buffer_init(&node->own, n, err);

        if (st != OHM_OK)
            return st;
        host = node;
    }
    host->busy = node->last;
    node->y = host->own.data;
    return OHM_OK;
}

static enum ohm_status node_memory(struct ohm_tape *t, int layer, bool training, size_t *scratch, struct ohm_error *err)
{
    struct ohm_unit *node = &t->node[layer];
    const enum ohm_layer_kind kind = t->net->layer[layer].kind;
    enum ohm_status st = OHM_OK;
    size_t n;

    if (!ohm_mul_size(&n, node->numbers, (size_t)t->batch))
        return no_memory(err);
    if (node->alias)
        node->y = t->node[node->root].y;
    else if ((st = output_memory(t, layer, n, training, err)) != OHM_OK)
        return st;
    want(&t->slot_size, node->numbers * (size_t)t->batch);
    if (ohm_layer_is_mvm(kind))
        return mvm_memory(t, layer, training, scratch, err);
    if (kind == OHM_BATCH_NORM)
        return bn_memory(t, layer, scratch, err);
    if (kind == OHM_AVG_POOL || kind == OHM_MAX_POOL || kind == OHM_GLOBAL_AVG_POOL)
        node->pool = pool_of(&t->net->layer[layer]);
    return OHM_OK;
}

static enum ohm_status tape_memory(struct ohm_tape *t, bool training, struct ohm_error *err)
{
    size_t scratch = 0;
    enum ohm_status st = OHM_OK;

    if (!(t->node = ohm_alloc((size_t)t->net->layers, sizeof(*t->node))))
        return no_memory(err);
    count_readers(t);
    for (int i = 0; i < t->net->layers; i++) {
        if (!t->node[i].runs)
            continue;
        t->node[i].grad = has_gradient(t, i);
        share_memory(t, i);
    }
    find_last_readers(t);
    for (int i = 0; i < t->net->layers && st == OHM_OK; i++)
        if (t->node[i].runs)
            st = node_memory(t, i, training, &scratch, err);
    if (st == OHM_OK)
        st = ohm_buffer_init(&t->scratch, scratch, err);
    if (st == OHM_OK && t->analog)
        st = ohm_buffer_init(&t->pool, OHM_NOISE_POOL + t->pool_more, err);
    if (st != OHM_OK || !training)
        return st;
    t->slot = ohm_alloc((size_t)t->net->layers, sizeof(*t->slot));
    t->slot_used = ohm_alloc((size_t)t->net->layers, sizeof(*t->slot_used));
    t->range_part = ohm_alloc((size_t)t->batch, sizeof(*t->range_part));
    if (!t->slot || !t->slot_used || !t->range_part)
        return no_memory(err);
    if ((st = ohm_buffer_init(&t->grad, t->w->trainable, err)) == OHM_OK &&
        (st = ohm_buffer_init(&t->spare, t->slot_size, err)) == OHM_OK)
        st = ohm_buffer_init(&t->range_grad, (size_t)t->net->layers, err);
    return st;
}

enum ohm_status ohm_tape_create(struct ohm_tape **out, struct ohm_weights *w, const struct ohm_analog *analog,
                                int batch, bool training, int jobs, struct ohm_error *err)
{
    struct ohm_tape *t = ohm_alloc(1, sizeof(*t));
    enum ohm_status st;

    if (!t)
        return no_memory(err);
    t->net = w->net;
    t->w = w;
    t->analog = analog && analog->on ? analog : NULL;
    t->batch = batch;
    t->training = training;
    t->momentum = OHM_BN_MOMENTUM;
    t->exec = (struct ohm_exec){.jobs = jobs, .isa = OHM_ISA_BEST};
    t->rng = ohm_rng_seed(0);
    if ((st = tape_memory(t, training, err)) == OHM_OK) {
        ohm_analog_pool(t, 0);
        *out = t;
    } else {
        ohm_tape_free(t);
    }
    return st;
}

static void free_node(struct ohm_unit *node)
{
    struct ohm_buffer *const buffers[] = {&node->own,  &node->noisy, &node->packed, &node->packed_back,
                                          &node->stat, &node->scale, &node->level,  &node->collected};

    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        ohm_buffer_release(buffers[i]);
    ohm_free(node->row);
}

void ohm_tape_free(struct ohm_tape *t)
{
    struct ohm_buffer *const buffers[] = {t ? &t->grad : NULL, t ? &t->range_grad : NULL, t ? &t->scratch : NULL,
                                          t ? &t->spare : NULL, t ? &t->pool : NULL};

    if (!t)
        return;
    for (int i = 0; i < t->net->layers && t->node; i++)
        free_node(&t->node[i]);
    for (int i = 0; i < t->slots; i++)
        ohm_buffer_release(&t->slot[i]);
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        ohm_buffer_release(buffers[i]);
    ohm_free(t->range_part);
    ohm_free(t->slot);
    ohm_free(t->slot_used);
    ohm_free(t->node);
    ohm_free(t);
}

float *ohm_tape_input(const struct ohm_tape *tape)
{
    return tape->node[0].y;
}

float *ohm_tape_output(const struct ohm_tape *tape)
{
    return tape->node[tape->net->output].y;
}
