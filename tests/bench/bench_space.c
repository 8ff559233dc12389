/* bench_space.c - what one candidate costs before anything is known of it: drawn, changed, named, printed, read.
 *   bench_space SPACE.yaml [N]        ns per call, one thread */
#include "ohm/space.h"

#include <stdio.h>
#include <time.h>

enum step { SAMPLE, MUTATE, CROSS, ID, VALUES, PRINT, PARSE, STEPS };

static const char *const step_names[STEPS] = {"sample", "mutate", "cross", "id", "values", "print", "parse"};

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct bench {
    const struct ohm_space *space;
    struct ohm_rng rng;
    struct ohm_genotype a, b, child;
    struct ohm_str text;
    double value[OHM_GENES_MAX];
    uint64_t sum; /* of what came out, so that no call is left out */
};

static void one(struct bench *x, enum step step)
{
    switch (step) {
    case SAMPLE:
        x->sum += ohm_genotype_sample(x->space, &x->a, &x->rng, NULL);
        break;
    case MUTATE:
        x->sum += ohm_genotype_mutate(x->space, &x->child, &x->a, ~UINT64_C(0), &x->rng, NULL);
        break;
    case CROSS:
        ohm_genotype_cross(x->space, &x->child, &x->a, &x->b, &x->rng);
        break;
    case ID:
        x->sum += ohm_genotype_id(x->space, &x->a);
        break;
    case VALUES:
        ohm_genotype_values(x->space, &x->a, x->value);
        break;
    case PRINT:
        ohm_str_clear(&x->text);
        ohm_genotype_print(x->space, &x->a, &x->text);
        break;
    case PARSE:
        x->sum += ohm_genotype_parse(x->space, &x->child, ohm_str_text(&x->text), NULL);
        break;
    case STEPS:
        break;
    }
}

int main(int argc, char **argv)
{
    struct ohm_diag diag = {0};
    struct ohm_str problems = {0};
    struct ohm_space *space = NULL;
    struct bench x = {.rng = ohm_rng_seed(1)};
    int64_t n = 1000000;
    char size[64] = "?";
    double start;

    if (argc < 2 || (argc > 2 && !ohm_parse_int64(argv[2], &n))) {
        fputs("usage: bench_space SPACE.yaml [N]\n", stderr);
        return 2;
    }
    start = now_ns();
    if (ohm_space_load(&space, argv[1], &diag) != OHM_OK) {
        ohm_diag_print(&problems, &diag, false);
        fputs(ohm_str_text(&problems), stderr);
        return 1;
    }
    printf("load    %8.0f us\n", (now_ns() - start) / 1e3);
    start = now_ns();
    ohm_space_size(space, size, NULL);
    printf("size    %8.0f us  %s networks, %d axes\n", (now_ns() - start) / 1e3, size, ohm_space_axes(space));
    x.space = space;
    if (ohm_genotype_sample(space, &x.b, &x.rng, NULL) != OHM_OK)
        return 1;
    for (enum step step = SAMPLE; step < STEPS; step++) {
        start = now_ns();
        for (int64_t i = 0; i < n; i++)
            one(&x, step);
        printf("%-7s %8.1f ns\n", step_names[step], (now_ns() - start) / (double)n);
    }
    printf("(%llu)\n", (unsigned long long)x.sum);
    ohm_str_release(&x.text);
    ohm_str_release(&problems);
    ohm_diag_release(&diag);
    ohm_space_free(space);
    return 0;
}
