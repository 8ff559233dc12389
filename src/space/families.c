/* families.c - the table of network families, and what they share. */
#include "family_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct ohm_family *const families[] = {&ohm_family_resnet, &ohm_family_analognas, &ohm_family_nb201};
static const char *const names[] = {"resnet", "analognas", "nb201", NULL};

const char *const *ohm_family_names(void)
{
    return names;
}

const struct ohm_family *ohm_family_find(const char *name)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strcmp(families[i]->name, name) == 0)
            return families[i];
    return NULL;
}

enum ohm_status ohm_family_int(int *out, double value, int min, int max, const char *axis, struct ohm_error *err)
{
    /* Written so that NaN, the value of an inactive axis, is refused too. */
    if (!(value >= min && value <= max) || value != (double)(int)value)
        return ohm_fail(err, OHM_ERANGE, "%s is %g, no whole number in [%d, %d]", axis, value, min, max);
    *out = (int)value;
    return OHM_OK;
}

void ohm_place_set(struct ohm_place *at, const char *format, ...)
{
    va_list args;

    if (!at->b->with_names)
        return;
    va_start(args, format);
    (void)vsnprintf(at->prefix, sizeof at->prefix, format, args);
    va_end(args);
}
