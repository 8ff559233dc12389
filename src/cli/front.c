/* front.c - the Pareto front of a study, for the commands that show or draw it. */
#include "front.h"

#include "ohm/pareto.h"

#include <math.h>

/* What is minimised: the value with its sign turned where larger is better. */
static void turn(struct ohm_front *f, double *cost)
{
    for (int64_t i = 0; i < f->n; i++)
        for (int k = 0; k < f->objectives.count; k++) {
            const double v = f->value[i * f->objectives.count + k];

            cost[i * f->objectives.count + k] = f->objectives.sign[k] > 0 ? -v : v;
        }
}

/* Rows with a missing objective are worse than all others, but where every row lacks it they would be the front. */
static void drop_missing(struct ohm_front *f)
{
    int kept = 0;

    for (int i = 0; i < f->count; i++) {
        bool whole = true;

        for (int k = 0; k < f->objectives.count; k++)
            whole = whole && !isnan(f->value[(int64_t)f->index[i] * f->objectives.count + k]);
        if (whole)
            f->index[kept++] = f->index[i];
    }
    f->count = kept;
}

static enum ohm_status find_front(struct ohm_front *f, struct ohm_error *err)
{
    const int m = f->objectives.count;
    double *cost = ohm_alloc((size_t)f->n, (size_t)m * sizeof(*cost)), *part = NULL;
    enum ohm_status st = OHM_OK;

    f->index = ohm_alloc((size_t)f->n, sizeof(*f->index));
    if (!cost || !f->index) {
        ohm_free(cost);
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    }
    turn(f, cost);
    st = ohm_pareto_front(cost, (int)f->n, m, f->index, &f->count, err);
    if (st == OHM_OK)
        drop_missing(f);
    f->knee = -1;
    if (st == OHM_OK && f->count > 0) {
        part = ohm_alloc((size_t)f->count, (size_t)m * sizeof(*part));
        if (!part)
            st = ohm_fail(err, OHM_ENOMEM, "out of memory");
        for (int i = 0; part && i < f->count; i++)
            for (int k = 0; k < m; k++)
                part[i * m + k] = cost[(int64_t)f->index[i] * m + k];
        if (part)
            f->knee = ohm_pareto_knee(part, f->count, m);
    }
    ohm_free(part);
    ohm_free(cost);
    return st;
}

enum ohm_status ohm_front_load(struct ohm_cli *cli, struct ohm_front *f, struct ohm_store *store, int64_t study,
                               const char *objectives, const char *where, const struct ohm_metric_names *names,
                               struct ohm_error *err)
{
    enum ohm_status st;

    *f = (struct ohm_front){.knee = -1};
    if ((st = ohm_cli_objectives(cli, store, study, &f->objectives, err)) != OHM_OK)
        return st;
    if (objectives && (st = ohm_cli_parse_objectives(cli, objectives, names, &f->objectives, err)) != OHM_OK)
        return st;
    if (f->objectives.count < 2)
        return ohm_fail(err, OHM_ECONFIG, "a front needs two objectives, there %s %d: give --objective a,b",
                        f->objectives.count == 1 ? "is" : "are", f->objectives.count);
    if ((st = ohm_store_columns(store, study, f->objectives.name, f->objectives.count, where, &f->value, &f->number,
                                &f->n, err)) != OHM_OK)
        return st;
    if (f->n > INT32_MAX)
        return ohm_fail(err, OHM_ERANGE, "%lld trials are more than a front is made of", (long long)f->n);
    if (f->n == 0)
        return ohm_fail(err, OHM_EUNFIT, "no feasible trial matches");
    st = find_front(f, err);
    if (st == OHM_OK && f->count == 0)
        return ohm_fail(err, OHM_EUNFIT, "no feasible trial has all of the objectives");
    return st;
}

void ohm_front_release(struct ohm_front *f)
{
    ohm_free(f->value);
    ohm_free(f->number);
    ohm_free(f->index);
    *f = (struct ohm_front){.knee = -1};
}
