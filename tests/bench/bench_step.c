/* bench_step.c - a step of training: digital beside analog, on one thread and on two, and two networks side by side.
 *
 *   bench_step [WAY [THREADS]] [--net FILE] [--batch N] [--rounds N]
 *
 * WAY is digital, analog or all (default); THREADS alone are tried, or without it 1, 2, and two networks side by side.
 * FILE is a list of layers (searchspaces/reference/resnet8.yaml), N images a batch (64), rounds of 20 steps each (4).
 * The ways to run take turns, so that a busy machine is busy for all of them, and each is given by the quickest of its
 * rounds' medians. The samples are random and made beforehand. Prints a line for each way, "digital 1T ms_per_step
 * 35.10 samples_per_s 1823", and ratios; the exit status is 1 when a ratio misses its bar. */
#include "ohm/clock.h"
#include "ohm/doc.h"
#include "ohm/layer_list.h"
#include "ohm/mem.h"
#include "ohm/parallel.h"
#include "ohm/str.h"
#include "ohm/tensor.h"
#include "ohm/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 20 };
static const double bar_analog = 1.25, bar_pair = 1.9;
/* s a step of batch 100, ResNet-8, 8-bit converters and output noise, C++ tile, on 1 and 2 threads: aihwkit 1.1.0 as we
 * measured it on another machine, two virtual cores of an EPYC (Zen 4). */
static const double aihwkit_s[2] = {1.935, 1.509};

struct bench {
    const struct ohm_net *net;
    struct ohm_buffer x;
    int batch;
};

struct way {
    const struct bench *bench;
    bool analog;
    int jobs;
    double at[STEPS + 1]; /* when each step of the round ended */
    int ended;
    double step_s; /* the quickest median */
};

static enum ohm_status fill(void *context, float *x, int32_t *label, int part, const int *sample, int n,
                            const struct ohm_rng *augment, int jobs, struct ohm_error *err)
{
    const struct bench *b = ((const struct way *)context)->bench;

    (void)part;
    (void)augment;
    (void)jobs;
    (void)err;
    memcpy(x, b->x.data, b->x.n * sizeof(*x));
    for (int i = 0; i < n; i++)
        label[i] = sample[i] % b->net->classes;
    return OHM_OK;
}

static bool note(void *context, const struct ohm_train_progress *progress)
{
    struct way *way = context;

    (void)progress;
    if (way->ended <= STEPS)
        way->at[way->ended++] = ohm_now_s();
    return true;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_step(const struct way *way)
{
    double step[STEPS];

    for (int i = 0; i < STEPS; i++)
        step[i] = way->at[i + 1] - way->at[i];
    qsort(step, STEPS, sizeof(*step), by_size);
    return step[STEPS / 2];
}

/* One round: a few steps more than are timed, which also settle the input ranges. */
static enum ohm_status run(struct way *way, struct ohm_error *err)
{
    struct ohm_samples samples = {.context = way, .count = {way->bench->batch * (STEPS + 1), 0}, .fill = fill};
    struct ohm_train_spec_net spec = {.net = way->bench->net, .samples = &samples, .seed = 1, .jobs = way->jobs};
    struct ohm_train_result result = {0};
    struct ohm_weights w = {0};
    enum ohm_status st;

    ohm_fields_default(ohm_recipe_fields, &spec.recipe);
    ohm_fields_default(ohm_analog_fields, &spec.analog);
    spec.recipe.epochs = 1;
    spec.recipe.batch = way->bench->batch;
    spec.recipe.lr = 1e-4;
    spec.analog.on = way->analog;
    spec.analog.range_batches = 1;
    spec.progress = note;
    spec.context = way;
    way->ended = 0;
    if ((st = ohm_weights_init(&w, spec.net, err)) == OHM_OK && (st = ohm_train_run(&w, &result, &spec, err)) == OHM_OK)
        way->step_s = way->step_s > 0 ? fmin(way->step_s, median_step(way)) : median_step(way);
    ohm_train_result_release(&result);
    ohm_weights_release(&w);
    return st;
}

static enum ohm_status run_one_of(void *context, int index, int worker, struct ohm_error *err)
{
    (void)worker;
    return run((struct way *)context + index, err);
}

static void print(const char *name, const struct way *way)
{
    printf("%s %dT ms_per_step %.2f samples_per_s %.0f\n", name, way->jobs, 1e3 * way->step_s,
           way->bench->batch / way->step_s);
}

/* Digital and analog on `jobs` threads, in turn. */
static bool compare(const struct bench *b, const bool *wanted, int jobs, int rounds, struct ohm_error *err)
{
    struct way way[2] = {{.bench = b, .jobs = jobs}, {.bench = b, .jobs = jobs, .analog = true}};
    double ratio;

    for (int i = 0; i < rounds * 2; i++)
        if (wanted[i % 2] && run(&way[i % 2], err) != OHM_OK)
            return false;
    for (int i = 0; i < 2; i++)
        if (wanted[i])
            print(i ? "analog" : "digital", &way[i]);
    if (wanted[1] && jobs <= 2)
        printf("aihwkit/analog %dT ratio %.1f (a sample; theirs %.2f s a batch of 100)\n", jobs,
               aihwkit_s[jobs - 1] / 100 * b->batch / way[1].step_s, aihwkit_s[jobs - 1]);
    if (!wanted[0] || !wanted[1])
        return true;
    ratio = way[1].step_s / way[0].step_s;
    printf("analog/digital %dT ratio %.3f bar %.2f%s\n", jobs, ratio, bar_analog, ratio > bar_analog ? " missed" : "");
    return ratio <= bar_analog;
}

/* Two networks on a thread each, against one alone. */
static bool pair(const struct bench *b, int rounds, bool analog, struct ohm_error *err)
{
    struct way alone = {.bench = b, .jobs = 1, .analog = analog}, two[2] = {alone, alone};
    double ratio;

    for (int i = 0; i < rounds; i++)
        if (run(&alone, err) != OHM_OK || ohm_parallel_for(2, 2, run_one_of, two, err) != OHM_OK)
            return false;
    ratio = alone.step_s * (1 / two[0].step_s + 1 / two[1].step_s);
    printf("%s pair/alone ratio %.3f bar %.2f%s\n", analog ? "analog" : "digital", ratio, bar_pair,
           ratio < bar_pair ? " missed" : "");
    return ratio >= bar_pair;
}

static const struct ohm_net *load(struct ohm_net_builder *b, struct ohm_doc **doc, const char *path)
{
    struct ohm_error err = {0};
    struct ohm_diag diag = {0};
    struct ohm_str s = {0};
    const struct ohm_net *net = NULL;
    const char *name;

    if (ohm_doc_load(doc, path, &diag) == OHM_OK && ohm_layer_list_read(b, &net, &name, *doc, &diag) == OHM_OK)
        return net;
    ohm_diag_print(&s, &diag, false);
    fprintf(stderr, "bench_step: %s%s\n", ohm_str_text(&s), err.text);
    ohm_str_release(&s);
    return NULL;
}

struct options {
    const char *net;
    bool wanted[2]; /* digital, analog */
    int threads;    /* 0: one, two, and two side by side */
    int rounds;
};

static bool measure(struct bench *b, const struct options *o, struct ohm_error *err)
{
    struct ohm_rng rng = ohm_rng_seed(3);
    const struct ohm_shape in = b->net->layer[0].out;
    bool good = true;

    if (ohm_buffer_init(&b->x, (size_t)b->batch * (size_t)in.h * (size_t)in.w * (size_t)in.c, err) != OHM_OK)
        return false;
    for (size_t i = 0; i < b->x.n; i++)
        b->x.data[i] = (float)ohm_rng_normal(&rng);
    if (o->threads) {
        good = compare(b, o->wanted, o->threads, o->rounds, err);
    } else {
        for (int jobs = 1; jobs <= 2; jobs++)
            good = compare(b, o->wanted, jobs, o->rounds, err) && good;
        for (int analog = 0; analog < 2; analog++)
            good = (!o->wanted[analog] || pair(b, o->rounds, analog, err)) && good;
    }
    ohm_buffer_release(&b->x);
    return good;
}

static bool read_options(struct options *o, struct bench *b, int argc, char **argv)
{
    int place = 0;

    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;

        if (more && !strcmp(argv[i], "--net"))
            o->net = argv[++i];
        else if (more && !strcmp(argv[i], "--batch"))
            b->batch = atoi(argv[++i]);
        else if (more && !strcmp(argv[i], "--rounds"))
            o->rounds = atoi(argv[++i]);
        else if (place == 0 && !strcmp(argv[i], "digital") && ++place)
            o->wanted[1] = false;
        else if (place == 0 && !strcmp(argv[i], "analog") && ++place)
            o->wanted[0] = false;
        else if (place == 0 && !strcmp(argv[i], "all"))
            place++;
        else if (place == 1 && atoi(argv[i]) > 0 && ++place)
            o->threads = atoi(argv[i]);
        else
            return false;
    }
    return o->rounds > 0 && b->batch > 0;
}

int main(int argc, char **argv)
{
    struct options o = {.net = "searchspaces/reference/resnet8.yaml", .wanted = {true, true}, .rounds = 4};
    bool good = false;
    struct bench b = {.batch = 64};
    struct ohm_net_builder builder = {0};
    struct ohm_doc *doc = NULL;
    struct ohm_error err = {0};

    if (!read_options(&o, &b, argc, argv)) {
        fprintf(stderr, "usage: bench_step [digital|analog|all [THREADS]] [--net FILE] [--batch N] [--rounds N]\n");
        return 2;
    }
    if ((b.net = load(&builder, &doc, o.net)) != NULL)
        good = measure(&b, &o, &err);
    if (err.text[0])
        fprintf(stderr, "bench_step: %s\n", err.text);
    ohm_net_release(&builder);
    ohm_doc_free(doc);
    return good ? 0 : 1;
}
