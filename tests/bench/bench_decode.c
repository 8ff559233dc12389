/* bench_decode.c - how long a genotype takes to become a network: bench_decode [SPACE.yaml [N]]. */
#include "ohm/decode.h"
#include "ohm/str.h"

#include <stdio.h>
#include <time.h>

enum { DRAWN = 1024 };

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int measure(const struct ohm_space *space, int64_t n)
{
    static struct ohm_genotype g[DRAWN];
    struct ohm_rng rng = ohm_rng_seed(1);
    struct ohm_net_builder b = {0};
    const struct ohm_net *net;
    int64_t layers = 0, built = 0;
    double start;

    for (int i = 0; i < DRAWN; i++)
        if (ohm_genotype_sample(space, &g[i], &rng, NULL) != OHM_OK)
            return 1;
    start = now_s();
    for (int64_t i = 0; i < n; i++) {
        if (ohm_decode(space, &g[i % DRAWN], &b, &net, NULL) != OHM_OK)
            continue;
        layers += net->layers;
        built++;
    }
    printf("%s: %.2f us a network, %.1f layers each, %lld of %lld built\n", ohm_space_name(space),
           (now_s() - start) / (double)n * 1e6, (double)layers / (double)built, (long long)built, (long long)n);
    ohm_net_release(&b);
    return 0;
}

int main(int argc, char **argv)
{
    const char *const path = argc > 1 ? argv[1] : "searchspaces/analognas-resnet.yaml";
    int64_t n = 200000;
    struct ohm_space *space;
    struct ohm_diag diag = {0};
    int status;

    if (argc > 2 && (!ohm_parse_int64(argv[2], &n) || n < 1)) {
        fprintf(stderr, "usage: bench_decode [SPACE.yaml [N]]\n");
        return 2;
    }
    if (ohm_space_load(&space, path, &diag) != OHM_OK) {
        fprintf(stderr, "%s: %s\n", path, diag.item[0].text);
        ohm_diag_release(&diag);
        return 1;
    }
    status = measure(space, n);
    ohm_space_free(space);
    return status;
}
