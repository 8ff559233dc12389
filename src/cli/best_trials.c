/* best_trials.c - the K best trials of a study by all of its objectives. */
#include "best_trials.h"

#include "ohm/pareto.h"
#include "ohm/stat.h"

#include <math.h>
#include <string.h>

struct best {
    struct ohm_store *store;
    int64_t study;
    const struct ohm_objective_names *objectives;
    int64_t *trial; /* [count] of [room] */
    int count, room;
};

static enum ohm_status keep_best(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct best *t = context;

    (void)err;
    t->trial[t->count++] = trial->number;
    return OHM_OK;
}

/* Of the front index[n] those `want` that lie furthest from their neighbours, in the order of the front. */
static enum ohm_status thin_out(const double *cost, int m, int *index, int n, int want, struct ohm_error *err)
{
    double *const distance = ohm_alloc((size_t)n, sizeof *distance), *sorted = ohm_alloc((size_t)n, sizeof *sorted);
    enum ohm_status st = distance && sorted ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
    int kept = 0, equal;

    if (st == OHM_OK && (st = ohm_crowding(cost, m, index, n, distance, err)) == OHM_OK) {
        memcpy(sorted, distance, (size_t)n * sizeof *sorted);
        for (int i = 0; i < n; i++)
            sorted[i] = isinf(distance[i]) ? 1e300 : distance[i]; /* numbers, so that quantiles are */
        memcpy(distance, sorted, (size_t)n * sizeof *sorted);
        (void)ohm_quantile_in_place(sorted, n, 0); /* sorts */
        equal = want;
        for (int i = 0; i < n; i++)
            equal -= distance[i] > sorted[n - want];
        for (int i = 0; i < n; i++)
            if (distance[i] > sorted[n - want] || (distance[i] == sorted[n - want] && equal-- > 0))
                index[kept++] = index[i];
    }
    ohm_free(distance);
    ohm_free(sorted);
    return st;
}

/* Rows [0, n) of cost[n][m] and their numbers without those of index, in their order; returns how many are left. */
static int drop_rows(double *cost, int64_t *number, int n, int m, const int *index, int count)
{
    int left = 0;

    for (int k = 0; k < count; k++)
        number[index[k]] = -1;
    for (int i = 0; i < n; i++)
        if (number[i] >= 0) {
            memmove(cost + (size_t)left * (size_t)m, cost + (size_t)i * (size_t)m, (size_t)m * sizeof *cost);
            number[left++] = number[i];
        }
    return left;
}

static enum ohm_status peel(struct best *t, double *cost, int64_t *number, int n, struct ohm_error *err)
{
    const int m = t->objectives->count, k = t->room;
    int *const index = ohm_alloc((size_t)n, sizeof *index);
    enum ohm_status st = index ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");

    while (st == OHM_OK && n > 0 && t->count < k) {
        int count = 0;

        if ((st = ohm_pareto_front(cost, n, m, index, &count, err)) != OHM_OK)
            break;
        if (count > k - t->count) {
            st = thin_out(cost, m, index, count, k - t->count, err);
            count = k - t->count;
        }
        for (int i = 0; i < count && st == OHM_OK; i++)
            t->trial[t->count++] = number[index[i]];
        n = drop_rows(cost, number, n, m, index, count);
    }
    ohm_free(index);
    return st;
}

static enum ohm_status choose_from_fronts(struct best *t, struct ohm_error *err)
{
    const int m = t->objectives->count;
    double *value = NULL;
    int64_t *number = NULL, n = 0;
    int whole = 0;
    enum ohm_status st = ohm_store_columns(t->store, t->study, t->objectives->name, m, NULL, &value, &number, &n, err);

    if (st == OHM_OK && n > INT32_MAX)
        st = ohm_fail(err, OHM_ERANGE, "%lld trials are more than a front is made of", (long long)n);
    for (int i = 0; i < n && st == OHM_OK; i++) { /* a trial that lacks an objective is on no front */
        bool missing = false;

        for (int k = 0; k < m; k++) {
            const double v = value[(size_t)i * (size_t)m + (size_t)k];

            missing |= isnan(v);
            value[(size_t)whole * (size_t)m + (size_t)k] = t->objectives->sign[k] > 0 ? -v : v;
        }
        number[whole] = number[i];
        whole += !missing;
    }
    if (st == OHM_OK)
        st = peel(t, value, number, whole, err);
    ohm_free(value);
    ohm_free(number);
    return st;
}

enum ohm_status ohm_best_trials(int64_t *trial, int *count, struct ohm_store *store, int64_t study,
                                const struct ohm_objective_names *objectives, int k, struct ohm_error *err)
{
    struct best t = {store, study, objectives, trial, 0, k};
    const enum ohm_status st =
        objectives->count > 1 ? choose_from_fronts(&t, err) : ohm_store_best(store, study, 0, k, keep_best, &t, err);

    *count = st == OHM_OK ? t.count : 0;
    return st;
}
