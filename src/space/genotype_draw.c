/* genotype_draw.c - new genotypes: sampled, mutated, crossed, enumerated. */
#include "space_int.h"

#include <string.h>

enum { SAMPLE_DRAWS_MAX = 100000, MUTATE_DRAWS_MAX = 1000, CROSS_DRAWS_MAX = 100 };

static uint16_t draw_value(const struct ohm_axis *axis, struct ohm_rng *rng)
{
    return axis->size > 1 ? (uint16_t)ohm_rng_below(rng, (uint32_t)axis->size) : 0;
}

/* Walks the axes in order, which settles what is active: inactive axes get 0, active ones of `fresh` a uniform value;
 * the others are kept, unless they were inactive before. Returns the mask of active axes. */
static uint64_t settle(const struct ohm_space *space, struct ohm_genotype *g, uint64_t active_before,
                       struct ohm_rng *rng)
{
    uint64_t active = 0;

    for (int i = 0; i < space->axes; i++) {
        const struct ohm_predicate *const when = space->axis[i].when;

        if (when && !ohm_condition_holds(space, when, g->gene, active)) {
            g->gene[i] = 0;
            continue;
        }
        active |= ohm_axis_bit(i);
        if (!(active_before & ohm_axis_bit(i)))
            g->gene[i] = draw_value(&space->axis[i].shown, rng);
    }
    return active;
}

enum ohm_status ohm_genotype_sample(const struct ohm_space *space, struct ohm_genotype *g, struct ohm_rng *rng,
                                    struct ohm_error *err)
{
    struct ohm_genotype drawn = {{0}};
    int broken = -1;

    for (int draw = 0; draw < SAMPLE_DRAWS_MAX; draw++) {
        const uint64_t active = settle(space, &drawn, 0, rng);

        if ((broken = ohm_genotype_broken(space, &drawn, active)) < 0) {
            *g = drawn;
            return OHM_OK;
        }
    }
    return ohm_fail(err, OHM_EUNFIT,
                    "none of %d random networks of space '%s' meets its constraints; the last one broke '%s'",
                    SAMPLE_DRAWS_MAX, space->name, ohm_expr_source(space->constraint[broken].expr));
}

/* The axes that can change: active, in the mask, with more than one value. */
static int changeable(const struct ohm_space *space, uint64_t active, uint64_t mask, uint8_t axis[OHM_GENES_MAX])
{
    int n = 0;

    for (int i = 0; i < space->axes; i++)
        if ((active & mask & ohm_axis_bit(i)) && space->axis[i].shown.size > 1)
            axis[n++] = (uint8_t)i;
    return n;
}

static uint16_t other_value(const struct ohm_axis *axis, uint16_t old, struct ohm_rng *rng)
{
    const uint32_t drawn = ohm_rng_below(rng, (uint32_t)axis->size - 1);

    return (uint16_t)(drawn + (drawn >= old));
}

static uint16_t next_value(const struct ohm_axis *axis, uint16_t old, struct ohm_rng *rng)
{
    if (axis->kind == OHM_AXIS_CHOICE)
        return other_value(axis, old, rng);
    if (old == 0)
        return 1;
    if (old == axis->size - 1)
        return (uint16_t)(old - 1);
    return (uint16_t)(ohm_rng_below(rng, 2) ? old + 1 : old - 1);
}

typedef uint16_t change_fn(const struct ohm_axis *axis, uint16_t old, struct ohm_rng *rng);

static enum ohm_status change_one(const struct ohm_space *space, struct ohm_genotype *child,
                                  const struct ohm_genotype *parent, uint64_t mask, change_fn *change,
                                  struct ohm_rng *rng, struct ohm_error *err)
{
    const uint64_t before = ohm_genotype_mask(space, parent);
    uint8_t axis[OHM_GENES_MAX];
    const int n = changeable(space, before, mask, axis);
    int broken = -1;

    if (n == 0)
        return ohm_fail(err, OHM_EUNFIT,
                        "no axis of this network of space '%s' can change: of %d axes asked for none "
                        "is active with two values or more",
                        space->name, __builtin_popcountll(mask));
    for (int draw = 0; draw < MUTATE_DRAWS_MAX; draw++) {
        struct ohm_genotype g = *parent;
        const int i = axis[ohm_rng_below(rng, (uint32_t)n)];

        g.gene[i] = change(&space->axis[i].shown, g.gene[i], rng);
        broken = ohm_genotype_broken(space, &g, settle(space, &g, before, rng));
        if (broken < 0) {
            *child = g;
            return OHM_OK;
        }
    }
    return ohm_fail(err, OHM_EUNFIT,
                    "%d mutations of a network of space '%s' all broke a constraint; the last one '%s'",
                    MUTATE_DRAWS_MAX, space->name, ohm_expr_source(space->constraint[broken].expr));
}

enum ohm_status ohm_genotype_mutate(const struct ohm_space *space, struct ohm_genotype *child,
                                    const struct ohm_genotype *parent, uint64_t axis_mask, struct ohm_rng *rng,
                                    struct ohm_error *err)
{
    return change_one(space, child, parent, axis_mask, other_value, rng, err);
}

enum ohm_status ohm_genotype_step(const struct ohm_space *space, struct ohm_genotype *child,
                                  const struct ohm_genotype *parent, uint64_t axis_mask, struct ohm_rng *rng,
                                  struct ohm_error *err)
{
    return change_one(space, child, parent, axis_mask, next_value, rng, err);
}

void ohm_genotype_cross(const struct ohm_space *space, struct ohm_genotype *child, const struct ohm_genotype *a,
                        const struct ohm_genotype *b, struct ohm_rng *rng)
{
    const uint64_t active_a = ohm_genotype_mask(space, a), active_b = ohm_genotype_mask(space, b);
    struct ohm_genotype g = {{0}};

    for (int draw = 0; draw < CROSS_DRAWS_MAX; draw++) {
        /* Where one parent only has the axis, its value is taken: the other has nothing to give. */
        const uint64_t from_b = (ohm_rng_u64(rng) | ~active_a) & active_b;

        for (int i = 0; i < space->axes; i++)
            g.gene[i] = from_b & ohm_axis_bit(i) ? b->gene[i] : a->gene[i];
        if (ohm_genotype_broken(space, &g, settle(space, &g, active_a | active_b, rng)) < 0) {
            *child = g;
            return;
        }
    }
    *child = *a;
}

/* Makes g the next canonical genotype whose change lies at axis `last` or before; false: there is none. */
static bool increment(const struct ohm_space *space, struct ohm_genotype *g, uint64_t active, int last)
{
    for (int i = last; i >= 0; i--) {
        if ((active & ohm_axis_bit(i)) && g->gene[i] + 1 < space->axis[i].shown.size) {
            g->gene[i]++;
            memset(&g->gene[i + 1], 0, (size_t)(OHM_GENES_MAX - 1 - i) * sizeof g->gene[0]);
            return true;
        }
    }
    return false;
}

bool ohm_genotype_next(const struct ohm_space *space, struct ohm_genotype *g, bool *first)
{
    uint64_t active = ohm_genotype_mask(space, g);
    int last = space->axes - 1, broken;

    if (!*first && !increment(space, g, active, last))
        return false;
    *first = false;
    for (;;) {
        active = ohm_genotype_mask(space, g);
        if ((broken = ohm_genotype_broken(space, g, active)) < 0)
            return true;
        /* Axes behind the last one of a broken constraint cannot mend it: they are passed over. */
        last = 63 - __builtin_clzll(space->constraint[broken].uses | 1);
        if (space->constraint[broken].uses == 0 || !increment(space, g, active, last))
            return false;
    }
}
