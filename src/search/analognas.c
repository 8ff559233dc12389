/* analognas.c - the search of AnalogNAS (Benmeziane et al., IEEE EDGE 2023) as the paper and its tutorial describe it:
 * keep the best members, mutate their width, their depth or something else locally, unite parents and children, and let
 * nothing survive that breaks the limits on parameters and on the loss by drift while something else keeps them. The
 * program of that paper draws new random networks where this one mutates, and keeps neither the best nor the limits.
 *
 * The limit on parameters is a free constraint of the study and is checked before a network is asked; that on the drift
 * (AVM) is measured and comes back as a violation. */
#include "ohm/mem.h"
#include "search_int.h"

#include <stdlib.h>
#include <string.h>

struct ohm_analognas_options {
    int64_t population, batch;
    double width, depth, other;
    bool adaptive, neighbours;
};

/* Chance of each mutation: 40, 40 and 20 % of members are given to width, depth and other, which mutate with
 * probability 0.8, 0.8 and 0.6 (ea_optimized.py of IBM/analog-nas); what is not mutated is not paid for again. */
static const struct ohm_field fields[] = {
    OHM_INT(ohm_analognas_options, population, 20, 2, 100000, "members that survive; half of them have children"),
    OHM_INT(ohm_analognas_options, batch, 10, 1, 100000, "children made together"),
    OHM_REAL(ohm_analognas_options, width, 0.32, 0, 1, "weight of mutations of a width"),
    OHM_REAL(ohm_analognas_options, depth, 0.32, 0, 1, "weight of mutations of a depth"),
    OHM_REAL(ohm_analognas_options, other, 0.12, 0, 1, "weight of mutations of anything else"),
    OHM_BOOL(ohm_analognas_options, adaptive, true, "shift these weights towards what has made survivors"),
    OHM_BOOL(ohm_analognas_options, neighbours, false, "numbers move to a neighbouring value only"),
    OHM_FIELDS_END,
};

enum operator_kind { WIDTH, DEPTH, OTHER, OPERATORS };

static const char *const operation_names[OPERATORS] = {"mutate-width", "mutate-depth", "mutate-other"};

struct analognas {
    struct drawer drawer;
    struct ohm_analognas_options options;
    uint64_t mask[OPERATORS];                     /* axes that belong to each operator */
    double weight[OPERATORS];                     /* as configured; 0 where the space has no such axis */
    double tried[OPERATORS], survived[OPERATORS]; /* recent children, fading */
    struct member *member;                        /* [population + batch], best first up to count */
    int count;
};

/* ---- which axis is what: by its name ---- */

static bool has_any(const char *name, const char *const *parts)
{
    for (; *parts; parts++)
        if (strstr(name, *parts))
            return true;
    return false;
}

/* "M", and "R1" ... of IBM's space: one letter and perhaps a number. */
static bool is_letter(const char *name, char letter)
{
    return name[0] == letter && strspn(name + 1, "0123456789") == strlen(name + 1);
}

static enum operator_kind kind_of(const char *name)
{
    static const char *const widths[] = {"width", "widen", "channel", "filters", NULL};
    static const char *const depths[] = {"blocks", "groups", "depth", "layers", NULL};

    if (has_any(name, widths))
        return WIDTH;
    return has_any(name, depths) || is_letter(name, 'M') || is_letter(name, 'R') ? DEPTH : OTHER;
}

static void sort_axes(struct analognas *a)
{
    const struct ohm_space *space = a->drawer.problem.space;
    const double weight[OPERATORS] = {a->options.width, a->options.depth, a->options.other};
    double sum = 0;

    for (int i = 0; i < ohm_space_axes(space); i++)
        a->mask[kind_of(ohm_space_axis(space, i)->name)] |= UINT64_C(1) << i;
    for (int k = 0; k < OPERATORS; k++)
        sum += a->weight[k] = a->mask[k] ? weight[k] : 0;
    /* A space of one kind of axis, and a weight of 0 for that kind: every axis may then change. */
    if (sum <= 0) {
        a->mask[OTHER] = ~UINT64_C(0);
        a->weight[OTHER] = 1;
    }
}

/* ---- making and freeing ---- */

static void destroy(void *self)
{
    struct analognas *a = self;

    drawer_release(&a->drawer);
    ohm_free(a->member);
    ohm_free(a);
}

static enum ohm_status create(void **self, const struct ohm_problem *problem, const void *options,
                              struct ohm_error *err)
{
    struct analognas *a = ohm_alloc(1, sizeof *a);

    if (!a)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    drawer_init(&a->drawer, problem);
    a->options = *(const struct ohm_analognas_options *)options;
    a->member = ohm_alloc((size_t)(a->options.population + a->options.batch), sizeof *a->member);
    if (!a->member) {
        destroy(a);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a population");
    }
    sort_axes(a);
    *self = a;
    return OHM_OK;
}

static int batch(const void *self)
{
    const struct analognas *a = self;

    return (int)a->options.batch;
}

/* ---- ask ---- */

/* Chosen by weight, times the share of its recent children that survived when adaptive (probability matching, with one
 * success in two trials assumed beforehand, so that none dies out). */
static enum operator_kind choose_operator(const struct analognas *a, struct ohm_rng *rng)
{
    double share[OPERATORS], sum = 0, drawn;
    int k = 0;

    for (int i = 0; i < OPERATORS; i++) {
        const double success = (a->survived[i] + 1) / (a->tried[i] + 2);

        sum += share[i] = a->weight[i] * (a->options.adaptive ? success : 1);
    }
    drawn = ohm_rng_uniform(rng) * sum;
    while (k < OPERATORS - 1 && drawn >= share[k])
        drawn -= share[k++];
    while (share[k] <= 0) /* where rounding has led beyond the last one that has a share */
        k = (k + OPERATORS - 1) % OPERATORS;
    return (enum operator_kind)k;
}

static enum ohm_status make_child(struct analognas *a, struct ohm_candidate *c, bool *found, struct ohm_rng *rng,
                                  struct ohm_error *err)
{
    const int parents = (a->count + 1) / 2;
    const struct member *parent = &a->member[ohm_rng_below(rng, (uint32_t)parents)];
    const enum operator_kind kind = choose_operator(a, rng);
    const struct mutation m = {
        &parent->genotype, {parent->trial, -1}, a->mask[kind], a->options.neighbours, operation_names[kind]};

    return draw_mutant(&a->drawer, c, found, &m, rng, err);
}

static enum ohm_status ask(void *self, struct ohm_candidate *out, int room, int *n, struct ohm_rng *rng,
                           struct ohm_error *err)
{
    struct analognas *a = self;
    enum ohm_status st = OHM_OK;
    bool found = true;

    for (*n = 0; *n < a->options.batch && *n < room && st == OHM_OK; *n += found) {
        if (a->count < a->options.population)
            st = draw_sample(&a->drawer, &out[*n], &found, rng, err);
        else
            st = make_child(a, &out[*n], &found, rng, err);
        if (!found)
            break;
    }
    return st;
}

/* ---- tell ---- */

static int best_first(const void *x, const void *y)
{
    const struct member *a = x, *b = y;

    if (member_better(a, b))
        return -1;
    if (member_better(b, a))
        return 1;
    return (a->trial > b->trial) - (a->trial < b->trial);
}

static void note_success(struct analognas *a, const struct ohm_candidate *c, bool survived)
{
    for (int k = 0; k < OPERATORS; k++) {
        if (strcmp(c->operation, operation_names[k]) != 0)
            continue;
        a->tried[k] = 0.98 * a->tried[k] + 1;
        a->survived[k] = 0.98 * a->survived[k] + survived;
    }
}

static enum ohm_status tell(void *self, const struct ohm_candidate *asked, const struct ohm_outcome *outcome, int n,
                            struct ohm_error *err)
{
    struct analognas *a = self;
    const int population = (int)a->options.population;

    (void)err;
    for (int i = 0; i < n; i++)
        member_set(&a->member[a->count + i], &asked[i], &outcome[i], 1);
    a->count += n;
    qsort(a->member, (size_t)a->count, sizeof *a->member, best_first);
    a->count = a->count < population ? a->count : population;
    for (int i = 0; i < n; i++) {
        bool survived = false;

        for (int j = 0; j < a->count && !survived; j++)
            survived = a->member[j].trial == outcome[i].trial;
        note_success(a, &asked[i], survived);
    }
    return OHM_OK;
}

const struct ohm_strategy_ops analognas_ops = {
    .name = "analognas",
    .help = "AnalogNAS as published: mutates width, depth or the rest; one objective; can trail random in its first 50 "
            "trials",
    .fields = fields,
    .options_size = sizeof(struct ohm_analognas_options),
    .multi_objective = false,
    .create = create,
    .ask = ask,
    .tell = tell,
    .batch = batch,
    .free = destroy,
};
