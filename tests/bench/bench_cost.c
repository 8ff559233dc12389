/* bench_cost.c - what the price of one network takes, on hermes64 against a plain reference that does each formula as
 * written, and on each chip named; and how long 100,000 random networks on all of these chips take.
 *   bench_cost [N [CHIP.yaml...]]     ns per call, one thread, best of five runs of N calls; all shipped chips */
#include "ohm/chip.h"
#include "ohm/decode.h"
#include "ohm/parallel.h"
#include "ohm/rng.h"
#include "ohm/space.h"
#include "ohm/str.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What a search asks for at most: ns for ResNet-32 on hermes64, s for the networks on all chips with two threads. */
static const double bar_ns = 5000, bar_s = 10;
enum { RESNET32 = 5 }; /* blocks in a stage */

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A residual network: a stem, three stages of `blocks` blocks, a head. 6 blocks + 2 crossbar layers and the two that
 * change the width. */
static const struct ohm_net *resnet(struct ohm_net_builder *b, int blocks)
{
    struct ohm_conv conv = ohm_conv_square(16, 3, 1, 1);
    const struct ohm_net *net = NULL;
    int x;

    ohm_net_reset(b, false);
    x = ohm_net_unary(b, OHM_RELU, ohm_net_conv(b, ohm_net_input(b, 32, 32, 3), &conv));
    for (int i = 0; i < 3 * blocks; i++) {
        const int stride = i == blocks || i == 2 * blocks ? 2 : 1, width = 16 << (i / blocks);
        int both[2] = {x, x};

        conv = ohm_conv_square(width, 3, stride, 1);
        x = ohm_net_unary(b, OHM_RELU, ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, x, &conv)));
        conv = ohm_conv_square(width, 3, 1, 1);
        both[0] = ohm_net_unary(b, OHM_BATCH_NORM, ohm_net_conv(b, x, &conv));
        conv = ohm_conv_square(width, 1, stride, 0);
        if (stride == 2)
            both[1] = ohm_net_conv(b, both[1], &conv);
        x = ohm_net_unary(b, OHM_RELU, ohm_net_join(b, OHM_ADD, both, 2));
    }
    x = ohm_net_dense(b, ohm_net_unary(b, OHM_GLOBAL_AVG_POOL, x), 10, true);
    return ohm_net_finish(b, x, &net, NULL) == OHM_OK ? net : NULL;
}

/* Layer-serial energy and time, with the constants of hermes64 in 4-phase mode and none of the shortcuts. */
static double reference(const struct ohm_net *net)
{
    double ns = 0, nJ = 0;

    for (int i = 0; i < net->layers; i++) {
        int64_t rows, cols, positions;
        double tiles, outputs, one;

        if (!ohm_layer_is_mvm(net->layer[i].kind))
            continue;
        ohm_layer_matrix(&net->layer[i], &rows, &cols, &positions);
        tiles = ceil((double)rows / 256) * ceil((double)cols / 256);
        outputs = ceil((double)cols / ceil((double)cols / 256));
        one = 520 + (outputs + 21.9 * ceil((double)rows / 256)) * 1e3 / 400;
        ns += one + (double)(positions - 1) * one;
        nJ += (double)positions * tiles * (51.4307 + outputs * 0.1939) + tiles * 0.037 * (double)positions * one;
    }
    return nJ + 0.1906 * ns;
}

enum kind { SERIAL, TABLE, PIPELINED, REPLICATED, REFERENCE, KINDS };
static const char *const kind_names[KINDS] = {"serial", "with table", "pipelined", "with copies", "reference"};

struct bench {
    const struct ohm_chip *chip;
    const struct ohm_net *net;
    struct ohm_cost_layer *rows;
    int64_t calls;
    double sum; /* of what came out, so that no call is left out */
};

static double measure(struct bench *x, enum kind kind)
{
    struct ohm_chip_use use;
    double best = INFINITY;

    ohm_fields_default(ohm_chip_use_fields, &use);
    use.schedule = kind == PIPELINED || kind == REPLICATED ? OHM_SCHEDULE_PIPELINED : OHM_SCHEDULE_SERIAL;
    use.replicate = kind == REPLICATED;
    for (int run = 0; run < 5; run++) {
        const double start = now_ns();
        double ns;

        for (int64_t i = 0; i < x->calls; i++) {
            struct ohm_cost cost = {0};

            if (kind == REFERENCE)
                cost.energy_uJ = reference(x->net) * 1e-3;
            else
                ohm_cost_net(x->chip, &use, x->net, &cost, kind == TABLE ? x->rows : NULL, NULL);
            x->sum += cost.energy_uJ;
        }
        ns = (now_ns() - start) / (double)x->calls;
        best = ns < best ? ns : best;
    }
    return best;
}

static void bench_net(struct bench *x, int blocks)
{
    struct ohm_net_builder b = {0};
    double ns[KINDS];

    x->net = resnet(&b, blocks);
    x->rows = x->net ? calloc((size_t)x->net->mvm_layers, sizeof *x->rows) : NULL;
    if (x->rows) {
        printf("%d layers, %d of them on crossbars\n", x->net->layers, x->net->mvm_layers);
        for (int kind = 0; kind < KINDS; kind++)
            ns[kind] = measure(x, (enum kind)kind);
        for (int kind = 0; kind < KINDS; kind++)
            printf("  %-12s %8.0f ns  %6.2f of the reference\n", kind_names[kind], ns[kind], ns[kind] / ns[REFERENCE]);
        if (blocks == RESNET32)
            printf("  serial is %.3f of the bar of %g ns\n", ns[SERIAL] / bar_ns, bar_ns);
    }
    free(x->rows);
    ohm_net_release(&b);
}

static struct ohm_chip *load(const char *path)
{
    struct ohm_chip *chip = NULL;
    struct ohm_diag diag = {0};

    if (ohm_chip_load(&chip, path, &diag) != OHM_OK) {
        struct ohm_str problems = {0};

        ohm_diag_print(&problems, &diag, false);
        fputs(ohm_str_text(&problems), stderr);
        ohm_str_release(&problems);
    }
    ohm_diag_release(&diag);
    return chip;
}

enum { NETWORKS = 100000, THREADS = 2, CHUNKS = 100 };

struct crowd {
    struct ohm_chip **chip;
    int chips;
    struct ohm_space *space;
    struct ohm_net_builder builder[THREADS];
    double uJ[CHUNKS]; /* so that no call is left out */
};

static enum ohm_status price_chunk(void *context, int index, int worker, struct ohm_error *err)
{
    struct crowd *const x = context;
    struct ohm_rng rng = ohm_rng_seed((uint64_t)index);
    struct ohm_chip_use use;
    struct ohm_genotype g;
    const struct ohm_net *net;
    enum ohm_status st = OHM_OK;

    ohm_fields_default(ohm_chip_use_fields, &use);
    for (int i = 0; i < NETWORKS / CHUNKS && st == OHM_OK; i++) {
        if ((st = ohm_genotype_sample(x->space, &g, &rng, err)) == OHM_OK)
            st = ohm_decode(x->space, &g, &x->builder[worker], &net, err);
        for (int c = 0; c < x->chips && st == OHM_OK; c++) {
            struct ohm_cost cost;

            st = ohm_cost_net(x->chip[c], &use, net, &cost, NULL, err);
            x->uJ[index] += st == OHM_OK ? cost.energy_uJ : 0;
        }
    }
    return st;
}

/* Random networks, built and priced on all chips. */
static bool bench_crowd(struct bench *x, struct ohm_chip **chip, int chips)
{
    struct crowd crowd = {.chip = chip, .chips = chips};
    const double start = now_ns();
    bool ok = ohm_space_load(&crowd.space, "searchspaces/resnet-cifar10.yaml", NULL) == OHM_OK &&
              ohm_parallel_for(THREADS, CHUNKS, price_chunk, &crowd, NULL) == OHM_OK;
    const double s = (now_ns() - start) * 1e-9;

    for (int i = 0; i < CHUNKS; i++)
        x->sum += crowd.uJ[i];
    if (ok)
        printf("%d networks of resnet-cifar10 built and priced on %d chips, %d threads: %.2f s, %.3f of the bar of "
               "%g s\n",
               NETWORKS, chips, THREADS, s, s / bar_s, bar_s);
    for (int i = 0; i < THREADS; i++)
        ohm_net_release(&crowd.builder[i]);
    ohm_space_free(crowd.space);
    return ok;
}

/* ResNet-32, layer-serial, on one chip after the other. */
static void bench_chips(struct bench *x, struct ohm_chip **chip, int chips)
{
    struct ohm_net_builder b = {0};

    x->net = resnet(&b, RESNET32);
    for (int i = 0; i < chips && x->net; i++) {
        double ns;

        x->chip = chip[i];
        ns = measure(x, SERIAL);
        printf("  %-12s %8.0f ns\n", ohm_chip_name(chip[i]), ns);
    }
    ohm_net_release(&b);
}

static bool bench_files(struct bench *x, char **paths, size_t n)
{
    struct ohm_chip **const chip = calloc(n, sizeof *chip);
    size_t loaded = 0;
    bool ok;

    while (chip && loaded < n && (chip[loaded] = load(paths[loaded])))
        loaded++;
    if ((ok = n > 0 && loaded == n)) {
        bench_chips(x, chip, (int)n);
        ok = bench_crowd(x, chip, (int)n);
    }
    for (size_t i = 0; i < loaded; i++)
        ohm_chip_free(chip[i]);
    free(chip);
    return ok;
}

int main(int argc, char **argv)
{
    struct ohm_chip *const hermes = load("searchspaces/chips/hermes64.yaml");
    struct bench x = {.calls = 20000};
    glob_t shipped = {0};
    bool ok;

    if (argc > 1 && (!ohm_parse_int64(argv[1], &x.calls) || x.calls < 1)) {
        fputs("usage: bench_cost [N [CHIP.yaml...]]\n", stderr);
        ohm_chip_free(hermes);
        return 2;
    }
    if ((ok = hermes != NULL && glob("searchspaces/chips/*.yaml", 0, NULL, &shipped) == 0)) {
        x.chip = hermes;
        bench_net(&x, RESNET32);
        bench_net(&x, 16);
        ok = argc > 2 ? bench_files(&x, argv + 2, (size_t)argc - 2)
                      : bench_files(&x, shipped.gl_pathv, shipped.gl_pathc);
        printf("(%g)\n", x.sum);
    }
    globfree(&shipped);
    ohm_chip_free(hermes);
    return !ok;
}
