/* local.c - local search with restarts: measure the neighbours of the best network of a few random ones in random
 * order, move to the first that is better, start anew where none is (White, Nolen and Savani, UAI 2021: strong on
 * tables of cells). */
#include "ohm/mem.h"
#include "search_int.h"

#include <string.h>

struct ohm_local_options {
    int64_t starts, batch;
};

static const struct ohm_field fields[] = {
    OHM_INT(ohm_local_options, starts, 10, 1, 100000,
            "random networks measured before each climb; the best one climbs"),
    OHM_INT(ohm_local_options, batch, 1, 1, 100000, "neighbours measured together"),
    OHM_FIELDS_END,
};

struct local {
    struct drawer drawer;
    struct ohm_local_options options;
    int64_t started; /* random networks told since the last restart */
    bool has_current;
    struct member current;
    struct ohm_genotype *neighbour; /* of current, shuffled; taken from the end */
    size_t capacity;
    int neighbours;
};

static enum ohm_status create(void **self, const struct ohm_problem *problem, const void *options,
                              struct ohm_error *err)
{
    struct local *l = ohm_alloc(1, sizeof *l);

    if (!l)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    drawer_init(&l->drawer, problem);
    l->options = *(const struct ohm_local_options *)options;
    *self = l;
    return OHM_OK;
}

static void destroy(void *self)
{
    struct local *l = self;

    drawer_release(&l->drawer);
    ohm_free(l->neighbour);
    ohm_free(l);
}

static int batch(const void *self)
{
    const struct local *l = self;

    return (int)l->options.batch;
}

/* ---- neighbours ---- */

static enum ohm_status add_neighbour(struct local *l, int axis, int value, struct ohm_error *err)
{
    const struct ohm_space *space = l->drawer.problem.space;
    struct ohm_genotype g = l->current.genotype;

    g.gene[axis] = (uint16_t)value;
    ohm_genotype_canonical(space, &g);
    if (ohm_genotype_check(space, &g, NULL) != OHM_OK)
        return OHM_OK;
    if (!ohm_grow(&l->neighbour, &l->capacity, (size_t)l->neighbours + 1, sizeof *l->neighbour))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d neighbours", l->neighbours);
    l->neighbour[l->neighbours++] = g;
    return OHM_OK;
}

/* Every other value of a choice or of a short range; of a long range one step, a tenth and a third of it both ways, so
 * that a climb crosses it in reasonable time. */
static enum ohm_status add_axis(struct local *l, int i, struct ohm_error *err)
{
    const struct ohm_axis *axis = ohm_space_axis(l->drawer.problem.space, i);
    const int now = l->current.genotype.gene[i];
    const int step[] = {1, axis->size / 10, axis->size / 3};
    enum ohm_status st = OHM_OK;

    if (axis->kind == OHM_AXIS_CHOICE || axis->size <= 8) {
        for (int v = 0; v < axis->size && st == OHM_OK; v++)
            st = v == now ? OHM_OK : add_neighbour(l, i, v, err);
        return st;
    }
    for (int s = 0; s < 3 && st == OHM_OK; s++) {
        if (s > 0 && step[s] <= step[s - 1])
            continue;
        if (now + step[s] < axis->size)
            st = add_neighbour(l, i, now + step[s], err);
        if (st == OHM_OK && now >= step[s])
            st = add_neighbour(l, i, now - step[s], err);
    }
    return st;
}

static enum ohm_status list_neighbours(struct local *l, struct ohm_rng *rng, struct ohm_error *err)
{
    const struct ohm_space *space = l->drawer.problem.space;
    enum ohm_status st = OHM_OK;

    l->neighbours = 0;
    for (int i = 0; i < ohm_space_axes(space) && st == OHM_OK; i++)
        if (ohm_genotype_active(space, &l->current.genotype, i))
            st = add_axis(l, i, err);
    for (int i = l->neighbours; i > 1; i--) {
        const int j = (int)ohm_rng_below(rng, (uint32_t)i);
        const struct ohm_genotype held = l->neighbour[i - 1];

        l->neighbour[i - 1] = l->neighbour[j];
        l->neighbour[j] = held;
    }
    return st;
}

/* ---- ask and tell ---- */

static enum ohm_status ask_neighbours(struct local *l, struct ohm_candidate *out, int room, int *n, struct ohm_rng *rng,
                                      struct ohm_error *err)
{
    enum ohm_status st = l->neighbours < 0 ? list_neighbours(l, rng, err) : OHM_OK;

    while (st == OHM_OK && *n < room && l->neighbours > 0) {
        struct ohm_candidate *c = &out[*n];

        if (!drawer_admits(&l->drawer, c, &l->neighbour[--l->neighbours]))
            continue;
        c->parent[0] = l->current.trial;
        c->operation = "neighbour";
        st = drawer_note(&l->drawer, c, err);
        ++*n;
    }
    return st;
}

static enum ohm_status ask(void *self, struct ohm_candidate *out, int room, int *n, struct ohm_rng *rng,
                           struct ohm_error *err)
{
    struct local *l = self;
    enum ohm_status st = OHM_OK;
    bool found = true;

    room = room < l->options.batch ? room : (int)l->options.batch;
    *n = 0;
    if (l->started >= l->options.starts)
        st = ask_neighbours(l, out, room, n, rng, err);
    if (st != OHM_OK || *n > 0)
        return st;
    if (l->started >= l->options.starts) { /* a local optimum */
        l->started = 0;
        l->has_current = false;
    }
    while (*n < room && l->started + *n < l->options.starts && st == OHM_OK && found) {
        st = draw_sample(&l->drawer, &out[*n], &found, rng, err);
        *n += st == OHM_OK && found;
    }
    return st;
}

static enum ohm_status tell(void *self, const struct ohm_candidate *asked, const struct ohm_outcome *outcome, int n,
                            struct ohm_error *err)
{
    struct local *l = self;

    (void)err;
    for (int i = 0; i < n; i++) {
        struct member m;

        l->started += l->started < l->options.starts;
        member_set(&m, &asked[i], &outcome[i], 1);
        if (l->has_current && !member_better(&m, &l->current))
            continue;
        l->current = m;
        l->has_current = true;
        l->neighbours = -1; /* listed at the next ask, from its stream */
    }
    return OHM_OK;
}

const struct ohm_strategy_ops local_ops = {
    .name = "local",
    .help = "local search with restarts: every neighbour of the best; one objective, strong in small spaces",
    .fields = fields,
    .options_size = sizeof(struct ohm_local_options),
    .multi_objective = false,
    .create = create,
    .ask = ask,
    .tell = tell,
    .batch = batch,
    .free = destroy,
};
