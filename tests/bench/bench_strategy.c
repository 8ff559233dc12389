/* bench_strategy.c - what asking and telling cost a candidate, over analognas-resnet with made-up objectives.
 *
 *   bench_strategy [NAME [CANDIDATES]]     from the root of the repository */
#include "ohm/mem.h"
#include "ohm/strategy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Two objectives that disagree, from the genes alone. */
static void measure(const struct ohm_space *space, const struct ohm_candidate *c, struct ohm_outcome *o, int64_t trial)
{
    double size = 0, bumps = 0;

    for (int i = 0; i < ohm_space_axes(space); i++) {
        const int n = ohm_space_axis(space, i)->size;
        const double x = n > 1 ? (double)c->genotype.gene[i] / (n - 1) : 0;

        size += x;
        bumps += (x - 0.6) * (x - 0.6);
    }
    *o = (struct ohm_outcome){.trial = trial};
    o->objective[0] = bumps;
    o->objective[1] = size;
    o->objective[2] = bumps * size;
}

static int drive(const struct ohm_space *space, const struct ohm_strategy_ops *ops, int objectives, int candidates)
{
    const struct ohm_problem problem = {.space = space, .objectives = objectives, .jobs = 1};
    const struct ohm_rng stream = ohm_rng_seed(1);
    void *options = ohm_alloc(1, ops->options_size);
    struct ohm_strategy *s = NULL;
    struct ohm_error err = {0};
    double ask = 0, tell = 0;
    int done = 0, n = 1;

    ohm_fields_default(ops->fields, options);
    if (ohm_strategy_create(&s, ops, &problem, options, &err) != OHM_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    {
        struct ohm_candidate *c = ohm_alloc((size_t)ohm_strategy_batch(s), sizeof *c);
        struct ohm_outcome *o = ohm_alloc((size_t)ohm_strategy_batch(s), sizeof *o);

        for (uint64_t generation = 0; done < candidates && n > 0; generation++, done += n) {
            struct ohm_rng rng = ohm_rng_child(&stream, generation);
            double mark = now_s();

            if (ohm_strategy_ask(s, c, &n, &rng, &err) != OHM_OK)
                break;
            ask += now_s() - mark;
            for (int i = 0; i < n; i++)
                measure(space, &c[i], &o[i], done + i);
            mark = now_s();
            if (ohm_strategy_tell(s, c, o, n, &err) != OHM_OK)
                break;
            tell += now_s() - mark;
        }
        ohm_free(c);
        ohm_free(o);
    }
    printf("%-10s %d objectives %8d candidates  ask %8.3f us  tell %8.3f us\n", ops->name, objectives, done,
           1e6 * ask / done, 1e6 * tell / done);
    ohm_strategy_free(s);
    ohm_free(options);
    return 0;
}

int main(int argc, char **argv)
{
    struct ohm_diag diag = {0};
    struct ohm_space *space = NULL;
    int failed = 0;

    if (ohm_space_load(&space, "searchspaces/analognas-resnet.yaml", &diag) != OHM_OK) {
        fprintf(stderr, "%s\n", diag.count > 0 ? diag.item[0].text : "no space");
        ohm_diag_release(&diag);
        return 1;
    }
    for (int i = 0; ohm_strategies[i]; i++) {
        const struct ohm_strategy_ops *ops = ohm_strategies[i];
        const int candidates = argc > 2 ? atoi(argv[2]) : strcmp(ops->name, "bayes") ? 300000 : 100;

        if (argc > 1 && strcmp(argv[1], ops->name) != 0)
            continue;
        for (int m = 1; m <= (ops->multi_objective ? 3 : 1); m++)
            failed |= drive(space, ops, m, candidates);
    }
    ohm_space_free(space);
    ohm_diag_release(&diag);
    return failed;
}
