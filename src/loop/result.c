/* result.c - what a loop tells of itself: what was reached after each row and round, and the front at the end. */
#include "loop_int.h"

#include "ohm/pareto.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const ohm_loop_standing_names[] = {"settled", "open", NULL};

/* ---- the reference ---- */

enum ohm_status loop_read_reference(struct loop *l, struct ohm_error *err)
{
    const char *p = l->spec->options.reference;
    int n = 0;

    for (; *p && n < l->goals.objectives; n++) {
        char word[64];
        double value;

        snprintf(word, sizeof word, "%.*s", (int)strcspn(p, ","), p);
        if (!ohm_parse_double(word + strspn(word, " "), &value))
            return ohm_fail(err, OHM_ECONFIG, "reference '%s': '%s' is no number", l->spec->options.reference, word);
        l->reference[n] = -l->goals.sign[n] * value;
        p += strcspn(p, ",");
        p += *p == ',';
    }
    if (n != l->goals.objectives || *p)
        return ohm_fail(err, OHM_ECONFIG, "reference '%s': there are %d objectives, a number for each is wanted",
                        l->spec->options.reference, l->goals.objectives);
    l->has_reference = true;
    return OHM_OK;
}

/* The worst of the usable networks so far; a fixed point from then on. */
static void find_reference(struct loop *l)
{
    for (int i = 0; i < l->known.count; i++) {
        const struct network *const n = &l->known.network[i];

        for (int k = 0; n->usable && k < l->goals.objectives; k++)
            l->reference[k] = l->has_reference ? fmax(l->reference[k], n->mean[k]) : n->mean[k];
        l->has_reference = l->has_reference || n->usable;
    }
}

/* ---- on the way ---- */

static enum ohm_status volume(const struct loop *l, double *hypervolume, int *fronts, struct ohm_error *err)
{
    const int m = l->goals.objectives;
    int *const index = ohm_alloc((size_t)l->known.count, sizeof *index), n = 0;
    double *const value = ohm_alloc((size_t)l->known.count, (size_t)m * sizeof *value);
    enum ohm_status st = index && value ? known_front(&l->known, index, fronts, err)
                                        : ohm_fail(err, OHM_ENOMEM, "out of memory for %d networks", l->known.count);

    *hypervolume = NAN;
    for (int i = 0; st == OHM_OK && i < *fronts; i++)
        memcpy(value + m * n++, l->known.network[index[i]].mean, (size_t)m * sizeof *value);
    if (st == OHM_OK && l->has_reference) {
        *hypervolume = 0;
        st = n > 0 ? ohm_hypervolume(value, n, m, l->reference, hypervolume, err) : OHM_OK;
    }
    ohm_free(index);
    ohm_free(value);
    return st;
}

enum ohm_status loop_note_step(struct loop *l, struct ohm_error *err)
{
    struct ohm_loop_result *const r = l->result;
    struct ohm_loop_step step = {.trainings = l->made, .cost_s = l->cost_s};
    int fronts;
    enum ohm_status st;

    if (!l->has_reference)
        return OHM_OK;
    if ((st = volume(l, &step.hypervolume, &fronts, err)) != OHM_OK)
        return st;
    if (!ohm_grow(&r->step, &r->step_capacity, (size_t)r->steps + 1, sizeof *r->step))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d steps", r->steps);
    r->step[r->steps++] = step;
    return OHM_OK;
}

enum ohm_status loop_end_round(struct loop *l, int number, struct ohm_error *err)
{
    struct ohm_loop_result *const r = l->result;
    struct ohm_loop_round round = {
        .number = number, .networks = l->known.count, .trainings = l->made, .cost_s = l->cost_s, .tau = l->tau};
    enum ohm_status st;

    if (!l->has_reference)
        find_reference(l);
    if ((st = volume(l, &round.hypervolume, &round.front, err)) != OHM_OK)
        return st;
    if (!ohm_grow(&r->round, &r->round_capacity, (size_t)r->rounds + 1, sizeof *r->round))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for round %d", number);
    r->round[r->rounds++] = round;
    if (l->spec->round)
        l->spec->round(l->spec->context, &round);
    return OHM_OK;
}

/* ---- the result ---- */

static void tell_network(struct ohm_loop_network *to, const struct loop *l, const struct race *race, int index)
{
    const struct network *const n = &l->known.network[index];
    const struct goals *const g = &l->goals;

    *to = (struct ohm_loop_network){.item = n->item, .rows = n->measured, .round = n->round};
    to->standing = race->open[index] ? OHM_LOOP_OPEN : OHM_LOOP_SETTLED;
    for (int i = 0; i < g->objectives; i++) {
        to->objective[i] = -g->sign[i] * n->mean[i];
        to->error[i] = sqrt(race->variance[i] / n->measured);
    }
    memcpy(to->metric, n->value, (size_t)g->fixed * sizeof *n->value);
    memcpy(to->figure, n->value + g->fixed, (size_t)g->figures * sizeof *n->value);
}

static void tell_names(const struct loop *l)
{
    struct ohm_loop_result *const r = l->result;

    r->objectives = l->goals.objectives;
    r->figures = l->goals.figures;
    r->metrics = l->goals.fixed;
    for (int i = 0; i < r->objectives; i++) {
        int sign;

        r->objective[i] = ohm_objective_split(l->spec->objectives[i], &sign);
        r->sign[i] = l->goals.sign[i];
        r->reference[i] = l->has_reference ? -l->goals.sign[i] * l->reference[i] : (double)NAN;
    }
    memcpy(r->figure, l->goals.target, sizeof r->figure);
    for (int i = 0; i < r->metrics; i++)
        snprintf(r->metric[i], sizeof r->metric[i], "%s", l->goals.name[i]);
}

/* As far as the loop came, whatever ended it. */
enum ohm_status loop_tell(struct loop *l, struct ohm_error *err)
{
    struct ohm_loop_result *const r = l->result;
    struct race race;
    enum ohm_status st = race_look(&race, &l->known, l->looks + 1, &l->spec->options, err);

    tell_names(l);
    r->degrees = race.degrees;
    r->contenders = race.contenders;
    for (int i = 0; i < r->objectives; i++)
        r->noise[i] = sqrt(race.variance[i]);
    if (st == OHM_OK && !(r->front = ohm_alloc((size_t)race.front_count, sizeof *r->front)))
        st = ohm_fail(err, OHM_ENOMEM, "out of memory for the front");
    for (int i = 0; i < race.front_count && st == OHM_OK; i++)
        tell_network(&r->front[r->count++], l, &race, race.front[i]);
    race_release(&race);
    return st;
}

void ohm_loop_result_release(struct ohm_loop_result *r)
{
    ohm_free(r->round);
    ohm_free(r->front);
    ohm_free(r->step);
    *r = (struct ohm_loop_result){0};
}
