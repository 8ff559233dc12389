/* decode.c - a genotype's values, in the order of its family, made into a network.
 *
 * A shipped space lists its axes and choices in the order of its family, so each is looked for where it should stand
 * first: that is one comparison an axis, and other orders only cost time. */
#include "ohm/decode.h"

#include <math.h>
#include <string.h>

static const struct ohm_axis *axis_near(const struct ohm_space *space, const char *name, int expected, int *at)
{
    int i = expected;

    if (i >= ohm_space_axes(space) || strcmp(ohm_space_axis(space, i)->name, name) != 0)
        i = ohm_space_find(space, name);
    *at = i;
    return i < 0 ? NULL : ohm_space_axis(space, i);
}

/* Where the family lists the text that the space has at `index`; -1: nowhere. */
static int choice_near(const char *const *choices, const char *text, int index)
{
    int n = 0;

    while (choices[n])
        n++;
    if (index < n && strcmp(choices[index], text) == 0)
        return index;
    for (int i = 0; i < n; i++)
        if (strcmp(choices[i], text) == 0)
            return i;
    return -1;
}

/* One value of the space as the family counts it. */
static enum ohm_status translate(double *out, const struct ohm_axis *axis, double value, const char *const *choices,
                                 struct ohm_error *err)
{
    int choice;

    *out = value;
    if (!choices || isnan(value))
        return OHM_OK;
    if (!axis->text)
        return ohm_fail(err, OHM_ECONFIG, "%s has numbers, legal are texts such as '%s'", axis->name, choices[0]);
    choice = choice_near(choices, axis->text[(int)value], (int)value);
    if (choice < 0)
        return ohm_fail(err, OHM_ECONFIG, "%s is '%s', which its family does not know", axis->name,
                        axis->text[(int)value]);
    *out = choice;
    return OHM_OK;
}

static enum ohm_status reorder(double *out, const double *value, const struct ohm_space *space,
                               const struct ohm_family *family, struct ohm_error *err)
{
    for (int i = 0; family->axis_names[i]; i++) {
        int at;
        const struct ohm_axis *axis = axis_near(space, family->axis_names[i], i, &at);
        enum ohm_status st;

        if (!axis)
            return ohm_fail(err, OHM_ECONFIG, "space '%s' has no axis '%s', which family '%s' needs",
                            ohm_space_name(space), family->axis_names[i], family->name);
        if ((st = translate(&out[i], axis, value[at], family->axis_choices ? family->axis_choices[i] : NULL, err)) !=
            OHM_OK)
            return st;
    }
    return OHM_OK;
}

enum ohm_status ohm_decode(const struct ohm_space *space, const struct ohm_genotype *g, struct ohm_net_builder *builder,
                           const struct ohm_net **net, struct ohm_error *err)
{
    const struct ohm_family *family = ohm_family_find(ohm_space_family(space));
    double value[OHM_GENES_MAX], ordered[OHM_GENES_MAX];
    enum ohm_status st;

    if (!family)
        return ohm_fail(err, OHM_ENOTFOUND, "space '%s' is of the family '%s', which there is not",
                        ohm_space_name(space), ohm_space_family(space));
    ohm_genotype_values(space, g, value);
    if ((st = reorder(ordered, value, space, family, err)) != OHM_OK)
        return st;
    return family->build(ordered, ohm_space_input(space), ohm_space_classes(space), builder, net, err);
}
