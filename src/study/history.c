/* history.c - the trials of a log, as much of them as a replay needs. */
#include "study_int.h"

#include <string.h>

struct loading {
    struct history *history;
    const struct ohm_plan *plan;
};

static bool grow(struct history *h)
{
    const size_t m = (size_t)h->objectives;
    size_t wide = h->capacity, wide2 = h->capacity, flat = h->capacity, flat2 = h->capacity;
    const size_t need = (size_t)h->count + 1;

    if (need <= h->capacity)
        return true;
    if (!ohm_grow(&h->objective, &wide, need, m * sizeof *h->objective) ||
        !ohm_grow(&h->sd, &wide2, need, m * sizeof *h->sd) ||
        !ohm_grow(&h->violation, &flat, need, sizeof *h->violation) || !ohm_grow(&h->id, &flat2, need, sizeof *h->id))
        return false;
    h->capacity = flat;
    return true;
}

static enum ohm_status take(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    const struct loading *l = context;
    struct history *h = l->history;
    const size_t m = (size_t)h->objectives;
    struct ohm_evaluation e;

    if (trial->number != h->count)
        return ohm_fail(err, OHM_EDATA, "the log has trial %lld where trial %lld is due", (long long)trial->number,
                        (long long)h->count);
    if (!grow(h))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %lld logged trials", (long long)h->count);
    memcpy(e.metric, trial->metric, sizeof e.metric);
    ohm_evaluator_recall(l->plan->evaluator, &e);
    memcpy(h->objective + (size_t)h->count * m, e.objective, m * sizeof(double));
    memcpy(h->sd + (size_t)h->count * m, e.sd, m * sizeof(double));
    h->violation[h->count] = trial->violation;
    h->id[h->count] = trial->net_id;
    h->count++;
    return OHM_OK;
}

static enum ohm_status note_generation(void *context, const struct ohm_generation_row *row, struct ohm_error *err)
{
    struct history *h = context;

    (void)err;
    if (row->number > h->last_generation)
        h->last_generation = row->number;
    return OHM_OK;
}

enum ohm_status history_load(struct history *h, struct ohm_store *store, int64_t study, const struct ohm_plan *plan,
                             struct ohm_error *err)
{
    struct loading l = { h, plan };
    enum ohm_status st;

    *h = (struct history){ .objectives = plan->objectives, .last_generation = -1 };
    st = ohm_store_each_generation(store, study, note_generation, h, err);
    return st == OHM_OK ? ohm_store_each_trial(store, study, 0, take, &l, err) : st;
}

void history_release(struct history *h)
{
    ohm_free(h->id);
    ohm_free(h->objective);
    ohm_free(h->sd);
    ohm_free(h->violation);
    *h = (struct history){ 0 };
}
