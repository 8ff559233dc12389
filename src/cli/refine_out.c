/* refine_out.c - what a closed loop has reached: rounds, and the measured front. */
#include "refine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void out_round(struct ohm_out *o, const struct ohm_loop_round *round)
{
    ohm_out_row(o);
    ohm_out_int(o, "round", round->number);
    ohm_out_int(o, "networks", round->networks);
    ohm_out_int(o, "trainings", round->trainings);
    ohm_out_double(o, "hours", round->cost_s / 3600);
    ohm_out_int(o, "front", round->front);
    ohm_out_double(o, "hypervolume", round->hypervolume);
    ohm_out_double(o, "tau", round->tau);
    ohm_out_row_end(o);
}

/* The objective itself where it is a metric, else its number. */
static void objective_name(char name[64], const struct ohm_loop_result *result, int i)
{
    const char *const text = result->objective[i];

    if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
        snprintf(name, 64, "objective_%d", i + 1);
    else
        snprintf(name, 64, "%s", text);
}

static bool is_objective(const struct ohm_loop_result *result, const char *metric)
{
    bool is = false;

    for (int i = 0; i < result->objectives; i++)
        is = is || strcmp(result->objective[i], metric) == 0;
    return is;
}

static bool for_people(const char *metric)
{
    static const char *const shown[] = {"params", "macs", "cores", "latency_us", "energy_uJ", NULL};
    bool is = false;

    for (int i = 0; shown[i]; i++)
        is = is || strcmp(shown[i], metric) == 0;
    return is;
}

static void out_network(struct ohm_out *o, const struct ohm_space *space, const struct ohm_loop_result *result,
                        const struct ohm_loop_network *n)
{
    struct ohm_str genotype = {0}, key = {0};
    char name[64], error[72];

    ohm_out_row(o);
    ohm_out_text(o, "row", n->item.base);
    ohm_out_int(o, "round", n->round);
    ohm_out_int(o, "seeds", n->rows);
    ohm_out_text(o, "standing", ohm_loop_standing_names[n->standing]);
    for (int i = 0; i < result->objectives; i++) {
        objective_name(name, result, i);
        ohm_out_double(o, name, n->objective[i]);
        snprintf(error, sizeof error, "%s_error", name);
        if (n->error[i] != 0) /* also where it is not known */
            ohm_out_double(o, error, n->error[i]);
    }
    for (int i = 0; i < result->figures; i++)
        if (!is_objective(result, result->figure[i].name))
            ohm_out_double(o, result->figure[i].name, n->figure[i]);
    for (int i = 0; i < result->metrics; i++)
        if (!is_objective(result, result->metric[i]) && (!ohm_out_for_people(o) || for_people(result->metric[i])))
            ohm_out_double(o, result->metric[i], n->metric[i]);
    if (!ohm_out_for_people(o)) {
        ohm_genotype_print(space, &n->item.genotype, &genotype);
        ohm_genotype_key(space, &n->item.genotype, &key);
        ohm_out_str(o, "genotype", &genotype);
        ohm_out_str(o, "key", &key);
        ohm_str_release(&genotype);
        ohm_str_release(&key);
    }
    ohm_out_row_end(o);
}

static void out_summary(struct ohm_out *o, const struct ohm_loop_result *result)
{
    const struct ohm_loop_round *const first = result->rounds ? &result->round[0] : NULL;
    const struct ohm_loop_round *const last = result->rounds ? &result->round[result->rounds - 1] : NULL;
    char name[64];

    ohm_out_int(o, "trainings", last ? last->trainings : 0);
    ohm_out_double(o, "hours", last ? last->cost_s / 3600 : 0);
    ohm_out_double(o, "hypervolume", last ? last->hypervolume : (double)NAN);
    ohm_out_double(o, "hypervolume_before", first ? first->hypervolume : (double)NAN);
    ohm_out_text(o, "ended", result->exhausted ? "no network is left" : result->spent ? "budget" : "rounds");
    ohm_out_int(o, "contenders", result->contenders);
    for (int i = 0; i < result->objectives; i++) {
        char text[96];

        objective_name(name, result, i);
        snprintf(text, sizeof text, "reference_%s", name);
        ohm_out_double(o, text, result->reference[i]);
        snprintf(text, sizeof text, "noise_%s", name);
        if (result->noise[i] != 0)
            ohm_out_double(o, text, result->noise[i]);
    }
}

/* For those who compare loops: what was reached for how much, row by row. */
static void out_steps(struct ohm_out *o, const struct ohm_loop_result *result)
{
    ohm_out_list(o, "steps");
    for (int i = 0; i < result->steps; i++) {
        ohm_out_row(o);
        ohm_out_int(o, "trainings", result->step[i].trainings);
        ohm_out_double(o, "hours", result->step[i].cost_s / 3600);
        ohm_out_double(o, "hypervolume", result->step[i].hypervolume);
        ohm_out_row_end(o);
    }
    ohm_out_list_end(o);
}

enum ohm_status ohm_refine_out(const struct ohm_format *format, const struct ohm_space *space,
                               const struct ohm_loop_result *result, struct ohm_error *err)
{
    struct ohm_out out;

    ohm_out_begin(&out, format, "ohmnas.refine/1");
    out_summary(&out, result);
    ohm_out_list(&out, "rounds");
    for (int i = 0; i < result->rounds; i++)
        out_round(&out, &result->round[i]);
    ohm_out_list_end(&out);
    ohm_out_list(&out, "front");
    for (int i = 0; i < result->count; i++)
        out_network(&out, space, result, &result->front[i]);
    ohm_out_list_end(&out);
    if (out.form == OHM_OUT_JSON)
        out_steps(&out, result);
    return ohm_out_end(&out, err);
}
