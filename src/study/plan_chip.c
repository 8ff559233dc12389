/* plan_chip.c - axes of the chip in a study: from its settings to the space that is searched. */
#include "study_int.h"

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

void plan_check_chip_axes(const struct ohm_plan *plan, struct ohm_diag *diag)
{
    struct ohm_chip_axis_text text[TEXTS_MAX];
    const struct stored_setting *from[TEXTS_MAX];
    const int n = axis_texts(&plan->settings, text, from);

    for (int i = 0; plan->chip_axes && plan->surrogates > 0 && i < ohm_chip_axes_count(plan->chip_axes); i++) {
        const struct ohm_chip_parameter *const p = ohm_chip_axes_parameter(plan->chip_axes, i);

        for (int k = 0; k < n && p->effect == OHM_EFFECT_ACCURACY; k++)
            if (strcmp(text[k].key, p->key) == 0)
                setting_fail(diag, from[k], OHM_ECONFIG,
                             "chip_axes: %s changes accuracy (%s), and surrogate %s was made for one setting of it: "
                             "see docs/co-search.md",
                             p->key, p->help, ohm_surrogate_name(plan->surrogate[0]));
    }
}
