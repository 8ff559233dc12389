/* plan_chip.c - axes of the chip in a study: from its settings to the space that is searched. */
#include "study_int.h"

#include <stdio.h>
#include <string.h>

static const char prefix[] = "chip_axes.";
enum { PREFIX = sizeof prefix - 1, TEXTS_MAX = 64 };

/* The settings that are axes of the chip, as texts; their number. */
static int axis_texts(const struct setting_list *list, struct ohm_chip_axis_text *text,
                      const struct stored_setting **from)
{
    int n = 0;

    for (int i = 0; i < list->count && n < TEXTS_MAX; i++) {
        const struct stored_setting *const s = &list->item[i];

        if (strncmp(s->setting.key, prefix, PREFIX) != 0)
            continue;
        from[n] = s;
        text[n++] = (struct ohm_chip_axis_text){s->setting.key + PREFIX, s->setting.value};
    }
    return n;
}

bool plan_has_chip_axes(const struct ohm_plan *plan)
{
    struct ohm_chip_axis_text text[TEXTS_MAX];
    const struct stored_setting *from[TEXTS_MAX];

    return axis_texts(&plan->settings, text, from) > 0;
}

static void extend(struct ohm_plan *plan, struct ohm_diag *diag)
{
    struct ohm_str axes = {0};

    if (ohm_chip_axes_count(plan->chip_axes) > 0) {
        ohm_chip_axes_yaml(plan->chip_axes, &axes);
        if (axes.failed)
            ohm_diag_add(diag, OHM_ENOMEM, NULL, 0, 0, "out of memory");
        else
            ohm_space_extend(&plan->space, plan->net_space, ohm_str_text(&axes), diag);
    }
    ohm_str_release(&axes);
}

void plan_load_chip_axes(struct ohm_plan *plan, struct ohm_diag *diag)
{
    struct ohm_chip_axis_text text[TEXTS_MAX];
    const struct stored_setting *from[TEXTS_MAX];
    const int n = axis_texts(&plan->settings, text, from);
    struct ohm_error error = {0};
    int bad = 0;

    plan->space = plan->net_space;
    if (n == 0 || !plan->net_space || diag->count > 0)
        return;
    if (!plan->chip)
        setting_fail(diag, from[0], OHM_ECONFIG, "axes of the chip need a chip, and the study has none");
    else if (ohm_chip_axes_create(&plan->chip_axes, plan->chip, &plan->use, text, n, ohm_space_axes(plan->net_space),
                                  &bad, &error) != OHM_OK)
        setting_fail(diag, from[bad], error.status, "chip_axes: %s", error.text);
    else
        extend(plan, diag);
}

bool plan_split_surrogate(const struct ohm_plan *plan, const struct stored_setting *s, char *name, size_t size,
                          struct ohm_chip_condition *on, struct ohm_diag *diag)
{
    const char *const text = s->setting.value, *at = strrchr(text, '@');
    const size_t n = at && strchr(at, '=') ? (size_t)(at - text) : strlen(text);
    struct ohm_error error = {0};

    *on = (struct ohm_chip_condition){0};
    if (n >= size) {
        setting_fail(diag, s, OHM_ERANGE, "the name of a surrogate has more than %zu characters", size - 1);
        return false;
    }
    memcpy(name, text, n);
    name[n] = '\0';
    if (text[n] == '\0')
        return true;
    if (!plan->chip_axes)
        setting_fail(diag, s, OHM_ECONFIG, "'%s' is for some chips only, but the study has no chip_axes", text);
    else if (ohm_chip_condition_parse(on, plan->chip_axes, at + 1, &error) == OHM_OK)
        return true;
    else
        setting_fail(diag, s, error.status, "in '%s': %s", text, error.text);
    return false;
}

/* Does the surrogate say of the axis on which of its values it was measured? */
static bool knows_axis(const struct ohm_plan *plan, int surrogate, int axis)
{
    const struct ohm_chip_condition *const on = &plan->surrogate_on[surrogate];

    for (int k = 0; k < on->count; k++)
        if (on->axis[k] == axis)
            return true;
    return false;
}

static void refuse_axis(const struct ohm_plan *plan, int surrogate, int axis, struct ohm_diag *diag)
{
    const struct ohm_chip_parameter *const p = ohm_chip_axes_parameter(plan->chip_axes, axis);
    const char *const name = ohm_surrogate_name(plan->surrogate[surrogate]);
    char key[64];

    snprintf(key, sizeof key, "%s%s", prefix, p->key);
    setting_fail(
        diag, setting_find(&plan->settings, key), OHM_ECONFIG,
        "chip_axes: %s changes accuracy (%s): say on which value surrogate %s was measured, as in %s@%s=VALUE, "
        "and name one for each other value",
        p->key, p->help, name, name, p->key);
}

void plan_check_chip_axes(const struct ohm_plan *plan, struct ohm_diag *diag)
{
    for (int i = 0; plan->chip_axes && i < ohm_chip_axes_count(plan->chip_axes); i++) {
        const bool matters = ohm_chip_axes_parameter(plan->chip_axes, i)->effect == OHM_EFFECT_ACCURACY;

        for (int s = 0; s < plan->surrogates && matters; s++)
            if (!knows_axis(plan, s, i)) {
                refuse_axis(plan, s, i, diag);
                break;
            }
    }
}
