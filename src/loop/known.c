/* known.c - the measured networks: rows of the same network together, means, the front, the noise. */
#include "loop_int.h"

#include "ohm/pareto.h"

#include <math.h>
#include <string.h>

enum ohm_status ohm_loop_rows_add(struct ohm_loop_rows *rows, const struct ohm_loop_row *row, struct ohm_error *err)
{
    if (!ohm_grow(&rows->row, &rows->capacity, (size_t)rows->count + 1, sizeof *rows->row))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d rows", rows->count);
    rows->row[rows->count++] = *row;
    return OHM_OK;
}

void known_release(struct known *k)
{
    for (int i = 0; i < k->count; i++)
        ohm_free(k->network[i].objective);
    ohm_free(k->network);
    ohm_free(k->row);
    k->network = NULL;
    k->row = NULL;
    k->count = k->rows = 0;
}

int known_find(const struct known *k, uint64_t id)
{
    for (int i = 0; i < k->count; i++)
        if (k->network[i].id == id)
            return i;
    return -1;
}

/* ---- adding ---- */

/* Metrics of net and chip; a genotype that gives no network has none, and is never usable. */
static enum ohm_status add_network(struct known *k, const struct ohm_collect_item *item, uint64_t id, int round,
                                   struct ohm_error *err)
{
    struct ohm_evaluation evaluation = {0};
    struct network *n;
    enum ohm_status st;

    if (!ohm_grow(&k->network, &k->capacity, (size_t)k->count + 1, sizeof *k->network))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d networks", k->count);
    n = &k->network[k->count];
    *n = (struct network){.item = *item, .id = id, .round = round};
    n->item.repeat = 0;
    if ((st = ohm_evaluate(k->metrics, &item->genotype, 1, 1, &evaluation, err)) != OHM_OK)
        return st;
    memcpy(n->value, evaluation.metric, (size_t)k->goals->fixed * sizeof *n->value);
    k->count++;
    return OHM_OK;
}

/* Means anew, in the order of the rows; the deviation of a mean that was measured is no metric of a network: 0. */
static void take_means(const struct known *k, struct network *n, const double *figure)
{
    const struct goals *const g = k->goals;
    const double share = 1.0 / n->measured;

    for (int i = 0; i < g->figures; i++)
        n->value[g->fixed + i] += (figure[i] - n->value[g->fixed + i]) * share;
    for (int i = 0; i < g->objectives; i++) {
        double sum = 0;

        for (int r = 0; r < n->measured; r++)
            sum += n->objective[r * g->objectives + i];
        n->mean[i] = sum / n->measured;
    }
    n->usable = goals_violation(g, &n->item.genotype, n->value) == 0;
    for (int i = 0; i < g->objectives; i++)
        n->usable = n->usable && isfinite(n->mean[i]);
}

/* What one row alone says of the objectives. */
static enum ohm_status add_measured(struct known *k, struct network *n, const double *figure, struct ohm_error *err)
{
    const struct goals *const g = k->goals;
    double value[OHM_METRICS_MAX] = {0};

    if (!ohm_grow(&n->objective, &n->capacity, (size_t)(n->measured + 1) * (size_t)g->objectives, sizeof *n->objective))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the rows of a network");
    memcpy(value, n->value, (size_t)g->fixed * sizeof *value);
    memcpy(value + g->fixed, figure, (size_t)g->figures * sizeof *value);
    goals_objectives(g, value, n->objective + n->measured * g->objectives);
    n->measured++;
    take_means(k, n, figure);
    return OHM_OK;
}

enum ohm_status known_add(struct known *k, const struct ohm_loop_row *row, int round, struct ohm_error *err)
{
    const uint64_t id = ohm_genotype_id(k->goals->space, &row->item.genotype);
    double figure[OHM_TARGETS_MAX];
    bool whole = true;
    int at = known_find(k, id);
    enum ohm_status st = at < 0 ? add_network(k, &row->item, id, round, err) : OHM_OK;
    struct network *n;

    if (st != OHM_OK)
        return st;
    if (!ohm_grow(&k->row, &k->row_capacity, (size_t)k->rows + 1, sizeof *k->row))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d rows", k->rows);
    at = at < 0 ? k->count - 1 : at;
    n = &k->network[at];
    n->rows++;
    n->next_repeat = row->item.repeat >= n->next_repeat ? row->item.repeat + 1 : n->next_repeat;
    for (int i = 0; i < k->goals->figures; i++) {
        figure[i] = row->value[k->goals->figure[i]];
        whole = whole && isfinite(figure[i]);
    }
    if (!whole)
        return OHM_OK;
    k->row[k->rows].network = at;
    memcpy(k->row[k->rows++].figure, figure, sizeof figure);
    return add_measured(k, n, figure, err);
}

/* ---- looking ---- */

enum ohm_status known_front(const struct known *k, int *index, int *count, struct ohm_error *err)
{
    const int m = k->goals->objectives;
    double *const value = ohm_alloc((size_t)k->count, (size_t)m * sizeof *value);
    int *const of = ohm_alloc((size_t)k->count, sizeof *of);
    enum ohm_status st = OHM_ENOMEM;
    int n = 0;

    *count = 0;
    if (value && of) {
        for (int i = 0; i < k->count; i++) {
            if (!k->network[i].usable)
                continue;
            memcpy(value + n * m, k->network[i].mean, (size_t)m * sizeof *value);
            of[n++] = i;
        }
        st = ohm_pareto_front(value, n, m, index, count, err);
        for (int i = 0; i < *count && st == OHM_OK; i++)
            index[i] = of[index[i]];
    } else {
        ohm_fail(err, st, "out of memory for %d networks", k->count);
    }
    ohm_free(value);
    ohm_free(of);
    return st;
}

void known_noise(const struct known *k, double variance[OHM_OBJECTIVES_MAX], int *degrees)
{
    const int m = k->goals->objectives;

    *degrees = 0;
    for (int i = 0; i < k->count; i++)
        *degrees += k->network[i].measured > 1 ? k->network[i].measured - 1 : 0;
    for (int o = 0; o < m; o++) {
        double sum = 0;

        for (int i = 0; i < k->count; i++)
            for (int r = 0; r < k->network[i].measured; r++) {
                const double d = k->network[i].objective[r * m + o] - k->network[i].mean[o];

                sum += d * d;
            }
        variance[o] = !k->goals->noisy[o] ? 0 : *degrees > 0 ? sum / *degrees : (double)NAN;
    }
}
