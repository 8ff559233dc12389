/* genotype_text.c - genotypes as text and back, and as the keys of tables. */
#include "space_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void ohm_genotype_print(const struct ohm_space *space, const struct ohm_genotype *g, struct ohm_str *text)
{
    const uint64_t active = ohm_genotype_mask(space, g);
    size_t gap = 0;

    for (int i = 0; i < space->axes; i++) {
        if (!(active & ohm_axis_bit(i)))
            continue;
        ohm_str_append_n(text, " ", gap);
        ohm_str_append(text, space->axis[i].pair[g->gene[i]]);
        gap = 1;
    }
}

/* The values of an int or real axis stand in even steps: one guess finds the place. */
static int find_number(const struct ohm_axis *axis, double value)
{
    if (axis->kind == OHM_AXIS_CHOICE || axis->size == 1) {
        for (int v = 0; v < axis->size; v++)
            if (axis->value[v] == value)
                return v;
        return -1;
    }
    const double at = rint((value - axis->value[0]) / (axis->value[1] - axis->value[0]));

    return at >= 0 && at < axis->size && axis->value[(int)at] == value ? (int)at : -1;
}

static int find_value(const struct ohm_space_axis *a, const char *text)
{
    double value;

    if (a->shown.kind == OHM_AXIS_CHOICE)
        for (int v = 0; v < a->shown.size; v++)
            if (strcmp(a->label[v], text) == 0)
                return v;
    return !a->shown.text && ohm_parse_double(text, &value) ? find_number(&a->shown, value) : -1;
}

static enum ohm_status unknown_axis(const struct ohm_space *space, const char *name, struct ohm_error *err)
{
    const char *known[OHM_GENES_MAX];
    const char *nearest;

    for (int i = 0; i < space->axes; i++)
        known[i] = space->axis[i].shown.name;
    nearest = ohm_nearest(name, known, space->axes);
    return ohm_fail(err, OHM_ECONFIG, "space '%s' has no axis '%.64s'%s%s%s", space->name, name,
                    nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static enum ohm_status unknown_value(const struct ohm_space_axis *a, const char *text, struct ohm_error *err)
{
    const struct ohm_axis *const axis = &a->shown;
    const char *const nearest = axis->text ? ohm_nearest(text, axis->text, axis->size) : NULL;
    const char *const first = a->label[0], *const last = a->label[axis->size - 1];

    if (nearest)
        return ohm_fail(err, OHM_ECONFIG, "axis '%s' has no value '%.64s'; did you mean '%s'?", axis->name, text,
                        nearest);
    if (axis->kind == OHM_AXIS_CHOICE || axis->size == 1)
        return ohm_fail(err, OHM_ECONFIG, "axis '%s' has no value '%.64s': it has %d, from '%.64s' to '%.64s'",
                        axis->name, text, axis->size, first, last);
    return ohm_fail(err, OHM_ECONFIG, "axis '%s' has no value '%.64s': it goes from %s to %s in steps of %g",
                    axis->name, text, first, last, axis->value[1] - axis->value[0]);
}

/* Reads one "name=value", which is cut in two in place. Texts written by us have the axes in order: `expected` is the
 * one looked at first. */
static enum ohm_status read_pair(const struct ohm_space *space, char *pair, int *expected, struct ohm_genotype *g,
                                 uint64_t *given, struct ohm_error *err)
{
    char *const equals = strchr(pair, '=');
    int i = *expected, v;

    if (!equals)
        return ohm_fail(err, OHM_ECONFIG, "'%.64s' is not of the form axis=value", pair);
    *equals = 0;
    while (i < space->axes && strcmp(space->axis[i].shown.name, pair) != 0)
        i++;
    if (i >= space->axes)
        i = ohm_space_find(space, pair);
    if (i < 0)
        return unknown_axis(space, pair, err);
    if (*given & ohm_axis_bit(i))
        return ohm_fail(err, OHM_ECONFIG, "axis '%s' is given twice", pair);
    if ((v = find_value(&space->axis[i], equals + 1)) < 0)
        return unknown_value(&space->axis[i], equals + 1, err);
    g->gene[i] = (uint16_t)v;
    *given |= ohm_axis_bit(i);
    *expected = i + 1;
    return OHM_OK;
}

static enum ohm_status check_given(const struct ohm_space *space, const struct ohm_genotype *g, uint64_t given,
                                   struct ohm_error *err)
{
    const uint64_t active = ohm_genotype_mask(space, g);

    for (int i = 0; i < space->axes; i++) {
        const struct ohm_space_axis *const a = &space->axis[i];

        if (!(given & ohm_axis_bit(i)) && (active & ohm_axis_bit(i)))
            return ohm_fail(err, OHM_ECONFIG, "axis '%s' of space '%s' is missing", a->shown.name, space->name);
        if ((given & ohm_axis_bit(i)) && !(active & ohm_axis_bit(i)))
            return ohm_fail(err, OHM_ECONFIG, "axis '%s' is given, but is inactive: it needs %s", a->shown.name,
                            ohm_expr_source(a->when->expr));
    }
    return ohm_genotype_check(space, g, err);
}

enum ohm_status ohm_genotype_parse(const struct ohm_space *space, struct ohm_genotype *g, const char *text,
                                   struct ohm_error *err)
{
    static const char blanks[] = " \t\r\n";
    struct ohm_genotype read = {{0}};
    uint64_t given = 0;
    int expected = 0;
    enum ohm_status st = OHM_OK;
    char *const copy = ohm_strdup(text);
    char *rest, *pair;

    if (!copy)
        return ohm_fail(err, OHM_ENOMEM, "no memory for the text of a genotype");
    for (rest = copy; st == OHM_OK && *(rest += strspn(rest, blanks));) {
        pair = rest;
        rest += strcspn(rest, blanks);
        if (*rest)
            *rest++ = 0;
        st = read_pair(space, pair, &expected, &read, &given, err);
    }
    if (st == OHM_OK)
        st = check_given(space, &read, given, err);
    if (st == OHM_OK)
        *g = read;
    ohm_free(copy);
    return st;
}

void ohm_genotype_key(const struct ohm_space *space, const struct ohm_genotype *g, struct ohm_str *text)
{
    const uint64_t active = ohm_genotype_mask(space, g);

    if (!space->key) {
        ohm_genotype_print(space, g, text);
        return;
    }
    for (int k = 0; k < space->key_parts; k++) {
        const struct ohm_key_part *const part = &space->key[k];

        if (part->literal)
            ohm_str_append(text, part->literal);
        else if (!(active & ohm_axis_bit(part->axis)))
            ohm_str_append_n(text, "-", 1);
        else if (part->by_index)
            ohm_str_printf(text, "%d", g->gene[part->axis]);
        else
            ohm_str_append(text, space->axis[part->axis].label[g->gene[part->axis]]);
    }
}
