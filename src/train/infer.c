/* infer.c - what a network says to inputs, digitally or with products that somebody else makes. */
#include "train_int.h"

#include "ohm/mem.h"

#include <string.h>

struct ohm_forward {
    struct ohm_tape *tape;
};

enum ohm_status ohm_forward_create(struct ohm_forward **out, struct ohm_weights *w, int batch, int jobs,
                                   ohm_matrix_fn *fn, void *context, struct ohm_error *err)
{
    struct ohm_forward *const f = ohm_alloc(1, sizeof(*f));
    enum ohm_status st;

    if (!f)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = ohm_tape_create(&f->tape, w, NULL, batch, false, jobs, err)) != OHM_OK) {
        ohm_free(f);
        return st;
    }
    f->tape->multiply = fn;
    f->tape->multiply_context = context;
    ohm_tape_pack(f->tape);
    *out = f;
    return OHM_OK;
}

void ohm_forward_free(struct ohm_forward *forward)
{
    if (forward)
        ohm_tape_free(forward->tape);
    ohm_free(forward);
}

float *ohm_forward_input(const struct ohm_forward *forward)
{
    return ohm_tape_input(forward->tape);
}

const float *ohm_forward_run(struct ohm_forward *forward, int n)
{
    ohm_tape_forward(forward->tape, n);
    return ohm_tape_output(forward->tape);
}

static enum ohm_status begin_collecting(struct ohm_tape *t, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < t->net->layers && st == OHM_OK; i++) {
        struct ohm_buffer *const collected = &t->node[i].collected;
        const size_t numbers = 2 * (size_t)t->net->layer[i].out.c;

        if (!t->node[i].runs || t->net->layer[i].kind != OHM_BATCH_NORM)
            continue;
        if (collected->data)
            memset(collected->data, 0, numbers * sizeof(*collected->data));
        else
            st = ohm_buffer_init(collected, numbers, err);
    }
    t->collected = 0;
    return st;
}

enum ohm_status ohm_forward_statistics(struct ohm_forward *forward, enum ohm_bn_source source, struct ohm_error *err)
{
    const enum ohm_status st = source == OHM_BN_OF_BATCH ? begin_collecting(forward->tape, err) : OHM_OK;

    if (st == OHM_OK)
        forward->tape->statistics = source;
    return st;
}

enum ohm_status ohm_net_infer(float *y, struct ohm_weights *w, const float *x, int n, int batch, int jobs,
                              struct ohm_error *err)
{
    const struct ohm_shape in = w->net->input;
    const size_t numbers = (size_t)in.h * (size_t)in.w * (size_t)in.c, classes = (size_t)w->net->classes;
    struct ohm_forward *f = NULL;
    const enum ohm_status st = ohm_forward_create(&f, w, batch, jobs, NULL, NULL, err);

    for (int first = 0; first < n && st == OHM_OK; first += batch) {
        const int some = n - first < batch ? n - first : batch;

        memcpy(ohm_forward_input(f), x + (size_t)first * numbers, (size_t)some * numbers * sizeof(*x));
        memcpy(y + (size_t)first * classes, ohm_forward_run(f, some), (size_t)some * classes * sizeof(*y));
    }
    ohm_forward_free(f);
    return st;
}
