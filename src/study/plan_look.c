/* plan_look.c - the end of a plan, and what others may see of it. */
#include "study_int.h"

void ohm_plan_free(struct ohm_plan *plan)
{
    if (!plan)
        return;
    ohm_evaluator_free(plan->evaluator);
    ohm_features_free(plan->features);
    for (int i = 0; plan->builder && i < plan->jobs; i++)
        ohm_net_release(&plan->builder[i]);
    ohm_free(plan->builder);
    for (int i = 0; i < plan->surrogates; i++)
        ohm_surrogate_free(plan->surrogate[i]);
    ohm_chip_axes_free(plan->chip_axes);
    ohm_chip_free(plan->chip);
    if (plan->space != plan->net_space)
        ohm_space_free(plan->space);
    ohm_space_free(plan->net_space);
    ohm_free(plan->strategy_options);
    settings_release(&plan->settings);
    ohm_free(plan);
}

const char *ohm_plan_name(const struct ohm_plan *plan)
{
    return setting_value(&plan->settings, "study", "study");
}

int64_t ohm_plan_budget(const struct ohm_plan *plan)
{
    return plan->budget;
}

int ohm_plan_setting_count(const struct ohm_plan *plan)
{
    return plan->settings.count;
}

const struct ohm_setting *ohm_plan_setting(const struct ohm_plan *plan, int i)
{
    return &plan->settings.item[i].setting;
}

const struct ohm_space *ohm_plan_space(const struct ohm_plan *plan)
{
    return plan->space;
}

const struct ohm_chip *ohm_plan_chip(const struct ohm_plan *plan)
{
    return plan->chip;
}

const struct ohm_chip_use *ohm_plan_chip_use(const struct ohm_plan *plan)
{
    return &plan->use;
}

struct ohm_evaluator *ohm_plan_evaluator(struct ohm_plan *plan)
{
    return plan->evaluator;
}
