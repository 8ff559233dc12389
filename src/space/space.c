/* space.c - what a loaded space is: its parts, its tables, its hash. */
#include "space_int.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void ohm_space_free(struct ohm_space *space)
{
    struct ohm_arena arena;

    if (!space)
        return;
    for (int i = 0; i < space->axes; i++)
        ohm_expr_free(space->axis[i].shown.when);
    for (int i = 0; i < space->constraints; i++)
        ohm_expr_free(space->constraint[i].expr);
    arena = space->arena;
    ohm_free(space);
    ohm_arena_release(&arena);
}

const char *ohm_space_name(const struct ohm_space *space)
{
    return space->name;
}

const char *ohm_space_family(const struct ohm_space *space)
{
    return space->family;
}

int ohm_space_axes(const struct ohm_space *space)
{
    return space->axes;
}

const struct ohm_axis *ohm_space_axis(const struct ohm_space *space, int i)
{
    assert(i >= 0 && i < space->axes);
    return &space->axis[i].shown;
}

int ohm_space_find(const struct ohm_space *space, const char *axis)
{
    for (int i = 0; i < space->axes; i++)
        if (strcmp(space->axis[i].shown.name, axis) == 0)
            return i;
    return -1;
}

struct ohm_shape ohm_space_input(const struct ohm_space *space)
{
    return space->input;
}

int ohm_space_classes(const struct ohm_space *space)
{
    return space->classes;
}

uint64_t ohm_space_hash(const struct ohm_space *space)
{
    return space->hash;
}

const char *ohm_space_source(const struct ohm_space *space)
{
    return space->source;
}

bool ohm_predicate_eval(const struct ohm_space *space, const struct ohm_expr *expr, uint64_t uses, const uint16_t *gene)
{
    double value[OHM_GENES_MAX];
    const char *text[OHM_GENES_MAX];
    double result;

    for (int i = 0; i < space->axes; i++) {
        const struct ohm_axis *const axis = &space->axis[i].shown;

        if (!(uses & ohm_axis_bit(i)))
            continue;
        value[i] = axis->value[gene[i]];
        text[i] = axis->text ? axis->text[gene[i]] : NULL;
    }
    result = ohm_expr_eval(expr, value, text);
    return !isnan(result) && result != 0;
}

/* Fills the table of a predicate over few combinations; over many it is left without. */
static bool predicate_prepare(struct ohm_space *space, struct ohm_predicate *p)
{
    struct ohm_genotype g = {{0}};
    uint32_t entries = 1;
    uint8_t *table;

    p->axes = 0;
    for (int i = 0; i < space->axes; i++)
        if (p->uses & ohm_axis_bit(i))
            p->axis[p->axes++] = (uint8_t)i;
    for (int k = 0; k < p->axes; k++) {
        p->stride[k] = entries;
        entries *= (uint32_t)space->axis[p->axis[k]].shown.size;
        if (entries > OHM_PREDICATE_TABLE_MAX)
            return true;
    }
    if (!(table = ohm_arena_alloc(&space->arena, entries, 1)))
        return false;
    for (uint32_t at = 0; at < entries; at++) {
        for (int k = 0; k < p->axes; k++)
            g.gene[p->axis[k]] = (uint16_t)(at / p->stride[k] % (uint32_t)space->axis[p->axis[k]].shown.size);
        table[at] = ohm_predicate_eval(space, p->expr, p->uses, g.gene);
    }
    p->table = table;
    return true;
}

static uint64_t hash_text(uint64_t h, const char *text)
{
    return ohm_hash_mix(h, ohm_hash(text, strlen(text)));
}

/* The key is left out: it names networks and changes none. */
static uint64_t space_hash(const struct ohm_space *space)
{
    uint64_t h = hash_text(hash_text(1, space->name), space->family);

    h = ohm_hash_mix(h, (uint64_t)space->input.h);
    h = ohm_hash_mix(h, (uint64_t)space->input.w);
    h = ohm_hash_mix(h, (uint64_t)space->input.c);
    h = ohm_hash_mix(h, (uint64_t)space->classes);
    for (int i = 0; i < space->axes; i++) {
        const struct ohm_space_axis *const a = &space->axis[i];

        h = ohm_hash_mix(hash_text(h, a->shown.name), (uint64_t)a->shown.kind);
        for (int v = 0; v < a->shown.size; v++)
            h = ohm_hash_mix(h, a->hash[v]);
        h = hash_text(h, a->when ? ohm_expr_source(a->when->expr) : "");
    }
    for (int i = 0; i < space->constraints; i++)
        h = hash_text(h, ohm_expr_source(space->constraint[i].expr));
    return h;
}

static bool hash_values(struct ohm_space *space, struct ohm_space_axis *a)
{
    const uint64_t name = hash_text(2, a->shown.name);
    uint64_t *const hash = ohm_arena_alloc(&space->arena, (size_t)a->shown.size, sizeof *hash);

    if (!hash)
        return false;
    for (int v = 0; v < a->shown.size; v++)
        hash[v] = hash_text(name, a->label[v]);
    a->hash = hash;
    return true;
}

bool ohm_space_prepare(struct ohm_space *space)
{
    enum { STEPS_AT_LOAD = 1 << 15 };
    const int64_t many = INT64_C(1) << 23; /* more than anyone lists */
    ohm_count count;

    for (int i = 0; i < space->axes; i++)
        if (!hash_values(space, &space->axis[i]) ||
            (space->axis[i].when && !predicate_prepare(space, space->axis[i].when)))
            return false;
    for (int i = 0; i < space->constraints; i++)
        if (!predicate_prepare(space, &space->constraint[i]))
            return false;
    space->name_hash = hash_text(3, space->name);
    space->hash = space_hash(space);
    space->counted = ohm_space_count(space, STEPS_AT_LOAD, OHM_COUNT_MAX, &count);
    if (space->counted)
        memcpy(space->size_bytes, &count, sizeof count);
    else if (ohm_space_count(space, STEPS_AT_LOAD, (ohm_count)many, &count))
        space->at_least = (int64_t)count;
    return true;
}
