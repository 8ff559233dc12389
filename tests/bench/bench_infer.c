/* bench_infer.c - time of an inference of dense and other small networks on this processor, by our kernels.
 *
 *   bench_infer [JOBS [NET.yaml ...]]      1 thread; the networks of scientific computing
 *
 * NET is a list of layers with random weights. Prints microseconds an inference for batches of 1, 64 and 4096: the best
 * of many repeats, inputs already in memory. */
#include "ohm/clock.h"
#include "ohm/forward.h"
#include "ohm/layer_list.h"

#include <stdio.h>
#include <stdlib.h>

enum { REPEATS = 30 };

static const char *const shipped[] = {"searchspaces/reference/rbm-alpha1.yaml",
                                      "searchspaces/reference/rbm-alpha10.yaml", "searchspaces/reference/svdd-z5.yaml",
                                      "searchspaces/reference/svdd-z233.yaml", "searchspaces/reference/lstm-ptb.yaml"};
static const int batches[] = {1, 64, 4096};

/* Best of REPEATS; each lasts 5 ms or longer, so that the clock does not show. */
static double time_us(struct ohm_forward *f, int batch)
{
    double best = 1e30;
    int runs = 1;

    for (int i = 0; i < REPEATS; i++) {
        const double begin = ohm_now_s();
        double took;

        for (int k = 0; k < runs; k++)
            (void)ohm_forward_run(f, batch);
        took = ohm_now_s() - begin;
        if (took < 5e-3) {
            runs *= 2;
            i = -1;
            continue;
        }
        best = took / runs < best ? took / runs : best;
    }
    return best / batch * 1e6;
}

static enum ohm_status measure(struct ohm_weights *w, int jobs, struct ohm_error *err)
{
    const struct ohm_shape in = w->net->input;

    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        struct ohm_rng rng = ohm_rng_seed(2);
        struct ohm_forward *f = NULL;
        const enum ohm_status st = ohm_forward_create(&f, w, batches[i], jobs, NULL, NULL, err);

        if (st != OHM_OK)
            return st;
        for (int64_t k = 0; k < (int64_t)batches[i] * in.h * in.w * in.c; k++)
            ohm_forward_input(f)[k] = (float)ohm_rng_normal(&rng);
        printf(" %12.4f", time_us(f, batches[i]));
        fflush(stdout);
        ohm_forward_free(f);
    }
    printf("\n");
    return OHM_OK;
}

static bool bench(const char *path, int jobs)
{
    const struct ohm_rng rng = ohm_rng_seed(1);
    struct ohm_net_builder b = {0};
    struct ohm_weights w = {0};
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = NULL;
    const struct ohm_net *net = NULL;
    const char *name = NULL;
    struct ohm_error err = {0};
    enum ohm_status st;

    if ((st = ohm_doc_load(&doc, path, &diag)) == OHM_OK)
        st = ohm_layer_list_read(&b, &net, &name, doc, &diag);
    if (st == OHM_OK && (st = ohm_weights_init(&w, net, &err)) == OHM_OK) {
        ohm_weights_draw(&w, &rng);
        printf("%-14s", name);
        st = measure(&w, jobs, &err);
    }
    if (st != OHM_OK)
        fprintf(stderr, "bench_infer: %s: %s\n", path, diag.count ? diag.item[0].text : err.text);
    ohm_weights_release(&w);
    ohm_net_release(&b);
    ohm_doc_free(doc);
    ohm_diag_release(&diag);
    return st == OHM_OK;
}

int main(int argc, char **argv)
{
    const int jobs = argc > 1 ? atoi(argv[1]) : 1;
    const int nets = argc > 2 ? argc - 2 : (int)(sizeof shipped / sizeof shipped[0]);
    bool good = true;

    if (jobs < 1 || jobs > 1024) {
        fprintf(stderr, "usage: bench_infer [JOBS [NET.yaml ...]]\n");
        return 2;
    }
    printf("%-14s %12s %12s %12s   (us an inference, %d threads)\n", "network", "batch 1", "64", "4096", jobs);
    for (int i = 0; i < nets; i++)
        good = bench(argc > 2 ? argv[i + 2] : shipped[i], jobs) && good;
    return good ? 0 : 1;
}
