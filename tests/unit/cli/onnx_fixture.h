/* onnx_fixture.h - networks with random numbers, drawn from the spaces or read from searchspaces/reference. */
#ifndef OHM_TEST_ONNX_FIXTURE_H
#define OHM_TEST_ONNX_FIXTURE_H

#include "ohm/decode.h"
#include "ohm/layer_list.h"
#include "ohm/mem.h"
#include "ohm/onnx.h"
#include "ohm/space.h"
#include "ohm/train.h"

typedef void network_fn(void *context, struct ohm_weights *w, const char *name);

/* Weights as training begins with them, batch norms as training might leave them. */
static void draw_numbers(struct ohm_weights *w, uint64_t seed)
{
    struct ohm_rng rng = ohm_rng_seed(seed);

    ohm_weights_draw(w, &rng);
    for (int i = 0; i < w->params; i++) {
        const struct ohm_param *p = &w->param[i];

        for (size_t k = 0; k < p->count && p->role != OHM_WEIGHT && p->role != OHM_RANGE; k++) {
            const double x = ohm_rng_normal(&rng);

            w->value[p->first + k] = (float)(p->role == OHM_VARIANCE ? 0.5 + 0.5 * x * x
                                             : p->role == OHM_SCALE  ? 1 + 0.2 * x
                                                                     : 0.2 * x);
        }
    }
}

static void with_numbers(const struct ohm_net *net, uint64_t seed, network_fn *each, void *context, const char *name)
{
    struct ohm_weights w = {0};
    struct ohm_error err = {0};

    if (ohm_weights_init(&w, net, &err) != OHM_OK)
        fail_msg("%s", err.text);
    draw_numbers(&w, seed);
    each(context, &w, name);
    ohm_weights_release(&w);
}

static void each_network(const char *space_name, int count, network_fn *each, void *context)
{
    struct ohm_space *space = NULL;
    struct ohm_diag diag = {0};
    struct ohm_net_builder b = {0};
    struct ohm_rng rng = ohm_rng_seed(21);
    struct ohm_error err = {0};
    char name[200];

    (void)snprintf(name, sizeof(name), "searchspaces/%s.yaml", space_name);
    if (ohm_space_load(&space, name, &diag) != OHM_OK)
        fail_msg("%s: %s", name, diag.item[0].text);
    for (int i = 0; i < count; i++) {
        struct ohm_genotype g;
        const struct ohm_net *net = NULL;

        ohm_net_reset(&b, true);
        if (ohm_genotype_sample(space, &g, &rng, &err) != OHM_OK || ohm_decode(space, &g, &b, &net, &err) != OHM_OK)
            fail_msg("%s", err.text);
        (void)snprintf(name, sizeof(name), "%s-%d", space_name, i);
        with_numbers(net, (uint64_t)i, each, context, name);
    }
    ohm_net_release(&b);
    ohm_space_free(space);
    ohm_diag_release(&diag);
}

static void each_reference(network_fn *each, void *context)
{
    static const char *const names[] = {"resnet8",         "resnet20",       "resnet32", "ds-cnn",
                                        "mobilenetv1-025", "resnet9-hermes", "svdd-z5",  "lstm-ptb"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct ohm_net_builder b = {0};
        struct ohm_diag diag = {0};
        struct ohm_doc *doc = NULL;
        const struct ohm_net *net = NULL;
        char path[200];

        (void)snprintf(path, sizeof(path), "searchspaces/reference/%s.yaml", names[i]);
        if (ohm_doc_load(&doc, path, &diag) != OHM_OK || ohm_layer_list_read(&b, &net, NULL, doc, &diag) != OHM_OK)
            fail_msg("%s: %s", path, diag.item[0].text);
        with_numbers(net, 100 + i, each, context, names[i]);
        ohm_diag_release(&diag);
        ohm_doc_free(doc);
        ohm_net_release(&b);
    }
}

/* The largest difference of the answers of two networks to two random pictures, relative to the largest answer. */
static inline double answers_apart(struct ohm_weights *a, struct ohm_weights *b)
{
    enum { N = 2 };
    const size_t in = (size_t)a->net->input.h * (size_t)a->net->input.w * (size_t)a->net->input.c;
    const size_t classes = (size_t)a->net->classes;
    float *x = ohm_alloc(N * in, sizeof(*x)), *y = ohm_alloc(2 * N * classes, sizeof(*y));
    struct ohm_rng rng = ohm_rng_seed(3);
    double most = 0, largest = 1e-30;

    for (size_t i = 0; i < N * in; i++)
        x[i] = (float)ohm_rng_normal(&rng);
    assert_int_equal(a->net->classes, b->net->classes);
    assert_int_equal(ohm_net_infer(y, a, x, N, N, 1, NULL), OHM_OK);
    assert_int_equal(ohm_net_infer(y + N * classes, b, x, N, N, 1, NULL), OHM_OK);
    for (size_t i = 0; i < N * classes; i++) {
        most = fmax(most, fabs((double)y[i] - (double)y[N * classes + i]));
        largest = fmax(largest, fabs((double)y[i]));
    }
    ohm_free(x);
    ohm_free(y);
    return most / largest;
}

#endif
