/* space_size.c - counts the legal genotypes of a space exactly.
 *
 * The axes fall into components that share no undecided condition or constraint: their counts multiply. Inside a
 * component one axis is set to each of its values in turn, which decides some conditions and constraints and mostly
 * splits the rest: once `groups` is set, all axes of a ResNet space stand alone. Counts of components are remembered by
 * the values they depend on (component caching, as Sang et al., SAT 2004, do for #SAT), so that a chain of constraints
 * costs the sum of its links, not their product. */
#include "space_int.h"

#include <stdio.h>
#include <string.h>

enum { MEMO_ENTRIES = 1 << 15 };
#define STEPS_MAX (1L << 26)

struct state {
    uint64_t decided; /* axes with a value, or known to be inactive */
    uint64_t active;  /* of these */
    struct ohm_genotype g;
};

struct memo {
    uint64_t component;     /* 0: a free entry */
    struct ohm_genotype on; /* values of the decided axes that the component depends on, the others 0 */
    uint64_t on_active;     /* of them, the active ones */
    ohm_count count;
};

struct counter {
    const struct ohm_space *space;
    long steps;        /* left */
    ohm_count cut;     /* counts of cut and more are not told apart; 0 times them is 0 all the same */
    struct memo *memo; /* [MEMO_ENTRIES], made when the first component is split; NULL also without memory */
};

static ohm_count count_add(const struct counter *c, ohm_count a, ohm_count b)
{
    return a >= c->cut || b >= c->cut - a ? c->cut : a + b;
}

static ohm_count count_mul(const struct counter *c, ohm_count a, ohm_count b)
{
    if (a == 0 || b == 0)
        return 0;
    return a > (c->cut - 1) / b ? c->cut : a * b;
}

/* What is already known of a condition or constraint. */
static bool has_inactive(const struct ohm_predicate *p, const struct state *s)
{
    return (p->uses & s->decided & ~s->active) != 0;
}

static bool is_open(const struct ohm_predicate *p, const struct state *s)
{
    return (p->uses & ~s->decided) != 0 && !has_inactive(p, s);
}

/* Marks the free axes whose conditions are now known not to hold as inactive. */
static uint64_t propagate(const struct ohm_space *space, uint64_t free, struct state *s)
{
    uint64_t left = free;

    for (int i = 0; i < space->axes; i++) {
        const struct ohm_predicate *const when = space->axis[i].when;

        if (!(left & ohm_axis_bit(i)) || !when || is_open(when, s) ||
            ohm_condition_holds(space, when, s->g.gene, s->active))
            continue;
        s->decided |= ohm_axis_bit(i);
        s->g.gene[i] = 0;
        left &= ~ohm_axis_bit(i);
    }
    return left;
}

/* Whether the constraints that use an axis of `fresh`, and are decided by now, are met. */
static bool constraints_met(const struct ohm_space *space, uint64_t fresh, const struct state *s)
{
    for (int i = 0; i < space->constraints; i++) {
        const struct ohm_predicate *const p = &space->constraint[i];

        if ((p->uses & fresh) && !is_open(p, s) && !ohm_constraint_met(space, p, s->g.gene, s->active))
            return false;
    }
    return true;
}

/* The free axes tied to `component` by open conditions and constraints; *on becomes the decided axes these use. */
static uint64_t grow(const struct ohm_space *space, uint64_t component, uint64_t free, const struct state *s,
                     uint64_t *on)
{
    uint64_t before;

    do {
        before = component;
        for (int i = 0; i < space->axes; i++) {
            const struct ohm_predicate *const when = space->axis[i].when;
            const uint64_t scope = when ? when->uses | ohm_axis_bit(i) : 0;

            if (!(free & ohm_axis_bit(i)) || !when || !is_open(when, s) || !(scope & component))
                continue;
            component |= scope & free;
            *on |= scope & s->decided;
        }
        for (int i = 0; i < space->constraints; i++) {
            const struct ohm_predicate *const p = &space->constraint[i];

            if (!is_open(p, s) || !(p->uses & component))
                continue;
            component |= p->uses & free;
            *on |= p->uses & s->decided;
        }
    } while (component != before);
    return component;
}

/* The axis to set next: one that is known to be active and occurs in most open conditions and constraints. */
static int pick(const struct ohm_space *space, uint64_t component, const struct state *s)
{
    int best = -1, best_degree = -1;

    for (int i = 0; i < space->axes; i++) {
        const struct ohm_predicate *const own = space->axis[i].when;
        int degree = 0;

        if (!(component & ohm_axis_bit(i)) || (own && is_open(own, s)))
            continue;
        for (int k = 0; k < space->axes; k++) {
            const struct ohm_predicate *const when = space->axis[k].when;

            degree += (component & ohm_axis_bit(k)) && when && (when->uses & ohm_axis_bit(i)) && is_open(when, s);
        }
        for (int k = 0; k < space->constraints; k++)
            degree += (space->constraint[k].uses & ohm_axis_bit(i)) && is_open(&space->constraint[k], s);
        if (degree > best_degree) {
            best = i;
            best_degree = degree;
        }
    }
    return best;
}

/* The entry for a component, found or free; NULL: no room. An entry whose place is taken is not looked for far. */
static struct memo *memo_find(struct counter *c, uint64_t component, uint64_t on, const struct state *s,
                              struct memo *key)
{
    uint64_t h;

    if (!c->memo && !(c->memo = ohm_alloc(MEMO_ENTRIES, sizeof *c->memo)))
        return NULL;
    *key = (struct memo){.component = component, .on_active = on & s->active};
    for (int i = 0; i < c->space->axes; i++)
        if (key->on_active & ohm_axis_bit(i))
            key->on.gene[i] = s->g.gene[i];
    h = ohm_hash_mix(ohm_hash(key->on.gene, sizeof key->on.gene), component ^ key->on_active);
    for (uint64_t probe = 0; probe < 8; probe++) {
        struct memo *const m = &c->memo[(h + probe) % MEMO_ENTRIES];

        if (m->component == 0 ||
            (m->component == component && m->on_active == key->on_active && ohm_genotype_equal(&m->on, &key->on)))
            return m;
    }
    return NULL;
}

static bool count_free(struct counter *c, uint64_t free, uint64_t fresh, struct state s, ohm_count *count);

/* Sets one axis of a component to each of its values, until the sum is at the cut. */
static bool count_split(struct counter *c, uint64_t component, const struct state *s, ohm_count *count)
{
    const int i = pick(c->space, component, s);
    struct state next = *s;
    ohm_count sum = 0, one;

    next.decided |= ohm_axis_bit(i);
    next.active |= ohm_axis_bit(i);
    for (int v = 0; v < c->space->axis[i].shown.size && sum < c->cut; v++) {
        next.g.gene[i] = (uint16_t)v;
        if (!count_free(c, component & ~ohm_axis_bit(i), ohm_axis_bit(i), next, &one))
            return false;
        sum = count_add(c, sum, one);
    }
    *count = sum;
    return true;
}

static bool count_component(struct counter *c, uint64_t component, uint64_t on, const struct state *s, ohm_count *count)
{
    struct memo key, *m;

    if ((component & (component - 1)) == 0) /* one axis: nothing to remember */
        return count_split(c, component, s, count);
    if ((m = memo_find(c, component, on, s, &key)) && m->component) {
        *count = m->count;
        return true;
    }
    if (!count_split(c, component, s, count))
        return false;
    /* The table has changed meanwhile: look again for the place. */
    if ((m = memo_find(c, component, on, s, &key)) && !m->component) {
        key.count = *count;
        *m = key;
    }
    return true;
}

/* The free axes that occur in an open condition or constraint. */
static uint64_t tied_axes(const struct ohm_space *space, uint64_t free, const struct state *s)
{
    uint64_t tied = 0;

    for (int i = 0; i < space->axes; i++) {
        const struct ohm_predicate *const when = space->axis[i].when;

        if ((free & ohm_axis_bit(i)) && when && is_open(when, s))
            tied |= when->uses | ohm_axis_bit(i);
    }
    for (int i = 0; i < space->constraints; i++)
        if (is_open(&space->constraint[i], s))
            tied |= space->constraint[i].uses;
    return tied & free;
}

/* Counts the ways to decide the axes of `free`, the axes of `fresh` having been decided just before. */
static bool count_free(struct counter *c, uint64_t free, uint64_t fresh, struct state s, ohm_count *count)
{
    const uint64_t left = propagate(c->space, free, &s);
    const bool legal = constraints_met(c->space, fresh | (free & ~left), &s);
    uint64_t rest = legal ? tied_axes(c->space, left, &s) : 0;
    ohm_count product = legal, one;

    for (int i = 0; i < c->space->axes && legal; i++)
        if (left & ~rest & ohm_axis_bit(i))
            product = count_mul(c, product, (ohm_count)c->space->axis[i].shown.size);
    if (c->steps-- <= 0)
        return false;
    while (rest && product) {
        uint64_t on = 0;
        const uint64_t component = grow(c->space, rest & (0 - rest), left, &s, &on);

        if (c->steps-- <= 0 || !count_component(c, component, on, &s, &one))
            return false;
        product = count_mul(c, product, one);
        rest &= ~component;
    }
    *count = product;
    return true;
}

bool ohm_space_count(const struct ohm_space *space, long steps, ohm_count cut, ohm_count *count)
{
    const uint64_t all = space->axes == 64 ? ~UINT64_C(0) : ohm_axis_bit(space->axes) - 1;
    struct counter c = {.space = space, .steps = steps, .cut = cut};
    const struct state nothing = {0};
    bool done = true;

    *count = 0;
    /* A constraint that uses no axis holds everywhere or nowhere. */
    for (int i = 0; i < space->constraints; i++)
        if (space->constraint[i].uses == 0 && !ohm_predicate_true(space, &space->constraint[i], nothing.g.gene))
            return true;
    done = count_free(&c, all, 0, nothing, count);
    ohm_free(c.memo);
    return done;
}

static bool count_all(const struct ohm_space *space, ohm_count cut, ohm_count *count)
{
    if (!space->counted)
        return ohm_space_count(space, STEPS_MAX, cut, count);
    memcpy(count, space->size_bytes, sizeof *count);
    return true;
}

enum ohm_status ohm_space_size(const struct ohm_space *space, char buffer[64], struct ohm_error *err)
{
    char digits[64];
    ohm_count count;
    int n = sizeof digits - 1;

    if (!count_all(space, OHM_COUNT_MAX, &count))
        return ohm_fail(
            err, OHM_ERANGE,
            "the size of space '%s' is not countable within 2^26 steps: its constraints tie too many values "
            "together",
            space->name);
    if (count >= OHM_COUNT_MAX)
        return ohm_fail(err, OHM_ERANGE, "space '%s' has 2^127 networks or more", space->name);
    digits[n] = 0;
    do {
        digits[--n] = (char)('0' + (int)(count % 10));
        count /= 10;
    } while (count);
    snprintf(buffer, 64, "%s", digits + n);
    return OHM_OK;
}

int64_t ohm_space_size_within(const struct ohm_space *space, int64_t limit)
{
    ohm_count count;

    if (limit < space->at_least || limit < 0 || !count_all(space, (ohm_count)limit + 1, &count))
        return -1;
    return count <= (ohm_count)limit ? (int64_t)count : -1;
}
