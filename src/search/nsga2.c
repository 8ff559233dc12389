/* nsga2.c - NSGA-II (Deb, Pratap, Agarwal and Meyarivan, IEEE Trans. Evol. Comput. 6, 182 (2002)): parents win binary
 * tournaments by front and crowding; of parents and children together the best fronts survive. */
#include "ohm/mem.h"
#include "ohm/pareto.h"
#include "search_int.h"

#include <stdlib.h>
#include <string.h>

struct ohm_nsga2_options {
    int64_t population;
    double crossover, mutation;
};

static const struct ohm_field fields[] = {
    OHM_INT(ohm_nsga2_options, population, 100, 2, 100000, "members, and networks asked together"),
    OHM_REAL(ohm_nsga2_options, crossover, 0.9, 0, 1, "chance that a child has two parents"),
    OHM_REAL(ohm_nsga2_options, mutation, 0.8, 0, 1, "chance that a child of two parents is mutated as well"),
    OHM_FIELDS_END,
};

struct nsga2 {
    struct drawer drawer;
    struct ohm_nsga2_options options;
    struct member *member; /* [2][population]: survivors, then children */
    int *rank, *order;     /* [2 * population] */
    double *crowding;      /* [2 * population] */
    int count;             /* survivors */
};

static void destroy(void *self)
{
    struct nsga2 *s = self;

    drawer_release(&s->drawer);
    ohm_free(s->member);
    ohm_free(s->rank);
    ohm_free(s->order);
    ohm_free(s->crowding);
    ohm_free(s);
}

static enum ohm_status create(void **self, const struct ohm_problem *problem, const void *options,
                              struct ohm_error *err)
{
    struct nsga2 *s = ohm_alloc(1, sizeof *s);
    size_t both;

    if (!s)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    drawer_init(&s->drawer, problem);
    s->options = *(const struct ohm_nsga2_options *)options;
    both = 2 * (size_t)s->options.population;
    s->member = ohm_alloc(both, sizeof *s->member);
    s->rank = ohm_alloc(both, sizeof *s->rank);
    s->order = ohm_alloc(both, sizeof *s->order);
    s->crowding = ohm_alloc(both, sizeof *s->crowding);
    if (!s->member || !s->rank || !s->order || !s->crowding) {
        destroy(s);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a population of %zu", both / 2);
    }
    *self = s;
    return OHM_OK;
}

static int batch(const void *self)
{
    const struct nsga2 *s = self;

    return (int)s->options.population;
}

/* ---- ask ---- */

static int tournament(const struct nsga2 *s, struct ohm_rng *rng)
{
    const int a = (int)ohm_rng_below(rng, (uint32_t)s->count), b = (int)ohm_rng_below(rng, (uint32_t)s->count);

    if (s->rank[a] != s->rank[b])
        return s->rank[a] < s->rank[b] ? a : b;
    return s->crowding[a] >= s->crowding[b] ? a : b;
}

static enum ohm_status make_child(struct nsga2 *s, struct ohm_candidate *c, bool *found, struct ohm_rng *rng,
                                  struct ohm_error *err)
{
    const struct ohm_space *space = s->drawer.problem.space;
    const struct member *a = &s->member[tournament(s, rng)], *b = a;
    struct mutation m = {&a->genotype, {a->trial, -1}, ~UINT64_C(0), false, "mutate"};
    struct ohm_genotype crossed;

    if (s->count > 1 && ohm_rng_uniform(rng) < s->options.crossover) {
        b = &s->member[tournament(s, rng)];
        ohm_genotype_cross(space, &crossed, &a->genotype, &b->genotype, rng);
        m.parent = &crossed;
        m.parent_trial[1] = b->trial;
        m.operation = "cross+mutate";
        if (ohm_rng_uniform(rng) >= s->options.mutation && drawer_admits(&s->drawer, c, &crossed)) {
            c->operation = "cross";
            memcpy(c->parent, m.parent_trial, sizeof c->parent);
            *found = true;
            return drawer_note(&s->drawer, c, err);
        }
    }
    return draw_mutant(&s->drawer, c, found, &m, rng, err);
}

static enum ohm_status ask(void *self, struct ohm_candidate *out, int room, int *n, struct ohm_rng *rng,
                           struct ohm_error *err)
{
    struct nsga2 *s = self;
    enum ohm_status st = OHM_OK;
    bool found = true;

    for (*n = 0; *n < s->options.population && *n < room && st == OHM_OK; *n += found) {
        if (s->count == 0)
            st = draw_sample(&s->drawer, &out[*n], &found, rng, err);
        else
            st = make_child(s, &out[*n], &found, rng, err);
        if (!found)
            break;
    }
    return st;
}

/* ---- tell ---- */

struct crowded {
    double distance;
    int index;
};

/* Space of one tell, for n members. */
struct scratch {
    double *value;           /* [n][objectives] */
    double *distance;        /* [n] */
    struct crowded *crowded; /* [n] */
    int *start;              /* [2 n + 1] */
};

static void scratch_release(struct scratch *w)
{
    ohm_free(w->value);
    ohm_free(w->distance);
    ohm_free(w->crowded);
    ohm_free(w->start);
}

static enum ohm_status scratch_make(struct scratch *w, int n, int objectives, struct ohm_error *err)
{
    w->value = ohm_alloc((size_t)n * (size_t)objectives, sizeof *w->value);
    w->distance = ohm_alloc((size_t)n, sizeof *w->distance);
    w->crowded = ohm_alloc((size_t)n, sizeof *w->crowded);
    w->start = ohm_alloc(2 * (size_t)n + 1, sizeof *w->start);
    if (w->value && w->distance && w->crowded && w->start)
        return OHM_OK;
    return ohm_fail(err, OHM_ENOMEM, "out of memory to rank %d networks", n);
}

/* order[] lists the members by rank, which is below 2 n, and within a rank by index. start[] is cleared. */
static void order_by_rank(struct nsga2 *s, int *start, int n)
{
    for (int i = 0; i < n; i++)
        start[s->rank[i] + 1]++;
    for (int r = 0; r < 2 * n; r++)
        start[r + 1] += start[r];
    for (int i = 0; i < n; i++)
        s->order[start[s->rank[i]]++] = i;
}

static int by_crowding(const void *a, const void *b)
{
    const struct crowded *x = a, *y = b;

    if (x->distance != y->distance)
        return x->distance > y->distance ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Sorts order[first, end) by falling crowding; of equal ones the older goes first. */
static void sort_by_crowding(struct nsga2 *s, struct crowded *scratch, int first, int end)
{
    for (int i = first; i < end; i++)
        scratch[i - first] = (struct crowded){s->crowding[s->order[i]], s->order[i]};
    qsort(scratch, (size_t)(end - first), sizeof *scratch, by_crowding);
    for (int i = first; i < end; i++)
        s->order[i] = scratch[i - first].index;
}

/* Crowding distances of the fronts that survive; the front that does so in part only is sorted by them. */
static enum ohm_status crowd(struct nsga2 *s, int n, const struct scratch *w, struct ohm_error *err)
{
    const int objectives = s->drawer.problem.objectives, keep = n < s->options.population ? n : batch(s);
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < n; i++)
        memcpy(w->value + (size_t)i * (size_t)objectives, s->member[i].objective,
               (size_t)objectives * sizeof *w->value);
    for (int first = 0, end; first < keep && st == OHM_OK; first = end) {
        for (end = first + 1; end < n && s->rank[s->order[end]] == s->rank[s->order[first]]; end++)
            ;
        st = ohm_crowding(w->value, objectives, s->order + first, end - first, w->distance, err);
        for (int i = first; i < end && st == OHM_OK; i++)
            s->crowding[s->order[i]] = w->distance[i - first];
        if (end > keep)
            sort_by_crowding(s, w->crowded, first, end);
    }
    return st;
}

/* Moves the first members of order[] to the front of the array, in the order of their indices: so none is overwritten
 * before it was moved. */
static void keep_survivors(struct nsga2 *s, int n)
{
    const int keep = n < s->options.population ? n : batch(s);
    int kept = 0;

    for (int i = keep; i < n; i++)
        s->rank[s->order[i]] = -1;
    for (int i = 0; i < n; i++) {
        if (s->rank[i] < 0)
            continue;
        if (kept != i)
            s->member[kept] = s->member[i];
        s->rank[kept] = s->rank[i];
        s->crowding[kept++] = s->crowding[i];
    }
    s->count = kept;
}

static enum ohm_status tell(void *self, const struct ohm_candidate *asked, const struct ohm_outcome *outcome, int n,
                            struct ohm_error *err)
{
    struct nsga2 *s = self;
    const int objectives = s->drawer.problem.objectives, all = s->count + n;
    struct scratch w = {0};
    enum ohm_status st = scratch_make(&w, all, objectives, err);

    for (int i = 0; i < n; i++)
        member_set(&s->member[s->count + i], &asked[i], &outcome[i], objectives);
    if (st == OHM_OK)
        st = member_ranks(s->member, all, objectives, s->rank, err);
    if (st == OHM_OK) {
        order_by_rank(s, w.start, all);
        st = crowd(s, all, &w, err);
    }
    if (st == OHM_OK)
        keep_survivors(s, all);
    scratch_release(&w);
    return st;
}

const struct ohm_strategy_ops nsga2_ops = {
    .name = "nsga2",
    .help = "NSGA-II: evolves a front of several objectives; thousands of cheap trials, the first population is random",
    .fields = fields,
    .options_size = sizeof(struct ohm_nsga2_options),
    .multi_objective = true,
    .create = create,
    .ask = ask,
    .tell = tell,
    .batch = batch,
    .free = destroy,
};
