/* judge.c - a loaded surrogate against measured rows. */
#include "score_int.h"
#include "surrogate_int.h"

#include "ohm/mem.h"

#include <math.h>
#include <string.h>

struct judge {
    const struct ohm_surrogate *s;
    const struct ohm_rows *rows;
    float *x;
    double *mean, *sd;     /* [rows][targets of the surrogate] */
    double *params, *macs; /* [rows] */
    double *part[5];       /* [rows] measured, mean, sd, params, macs of the rows that count */
};

static enum ohm_status no_memory(struct ohm_error *err)
{
    return ohm_fail(err, OHM_ENOMEM, "out of memory for scores");
}

static bool allocate(struct judge *j)
{
    const size_t n = (size_t)j->rows->count, targets = (size_t)j->s->targets;

    j->x = ohm_alloc(n, (size_t)ohm_features_count(j->s->features) * sizeof *j->x);
    j->mean = ohm_alloc(n, targets * sizeof *j->mean);
    j->sd = ohm_alloc(n, targets * sizeof *j->sd);
    j->params = ohm_alloc(n, sizeof *j->params);
    j->macs = ohm_alloc(n, sizeof *j->macs);
    for (int i = 0; i < 5; i++)
        if ((j->part[i] = ohm_alloc(n, sizeof *j->part[i])) == NULL)
            return false;
    return j->x && j->mean && j->sd && j->params && j->macs;
}

static void release(struct judge *j)
{
    ohm_free(j->x);
    ohm_free(j->mean);
    ohm_free(j->sd);
    ohm_free(j->params);
    ohm_free(j->macs);
    for (int i = 0; i < 5; i++)
        ohm_free(j->part[i]);
}

/* Rows' target k against the surrogate's target t. */
static enum ohm_status judge_target(struct judge *j, struct ohm_target_score *score, int k, int t, int top_k,
                                    struct ohm_error *err)
{
    struct ohm_score_input in = {j->part[0], j->part[1], NULL, j->part[3], j->part[4], 0, top_k};

    for (int i = 0; i < j->rows->count; i++) {
        const double measured = j->rows->value[(size_t)i * (size_t)j->rows->targets + (size_t)k];
        const size_t at = (size_t)i * (size_t)j->s->targets + (size_t)t;

        if (isnan(measured))
            continue;
        j->part[0][in.n] = measured;
        j->part[1][in.n] = j->mean[at];
        j->part[2][in.n] = j->sd[at];
        j->part[3][in.n] = j->params[i];
        j->part[4][in.n] = j->macs[i];
        in.n++;
    }
    if (j->s->predictor[t].noise)
        in.sd = j->part[2];
    score->target = j->rows->target[k];
    return ohm_score_target(score, &in, err);
}

static int find_target(const struct ohm_surrogate *s, const char *name)
{
    for (int t = 0; t < s->targets; t++)
        if (strcmp(s->target[t].name, name) == 0)
            return t;
    return -1;
}

enum ohm_status ohm_surrogate_eval(struct ohm_score_report *report, const struct ohm_surrogate *s,
                                   const struct ohm_space *space, const struct ohm_rows *rows, int top_k,
                                   struct ohm_error *err)
{
    struct judge j = {.s = s, .rows = rows};
    enum ohm_status st = allocate(&j) ? OHM_OK : no_memory(err);

    *report = (struct ohm_score_report){.rows = rows->count,
                                        .features = ohm_features_count(s->features),
                                        .models = s->predictor[0].models,
                                        .top_k = top_k};
    if (st == OHM_OK)
        st = ohm_rows_features(rows, space, s->features, j.x, j.params, j.macs, err);
    if (st == OHM_OK)
        ohm_surrogate_predict(s, j.mean, j.sd, j.x, rows->count);
    for (int k = 0; k < rows->targets && st == OHM_OK; k++) {
        const int t = find_target(s, rows->target[k].name);

        if (t >= 0)
            st = judge_target(&j, &report->score[report->targets++], k, t, top_k, err);
    }
    if (st == OHM_OK && report->targets == 0)
        st = ohm_fail(err, OHM_ECONFIG, "no target of the rows is one of the surrogate %s, which has %s%s", s->name,
                      s->target[0].name, s->targets > 1 ? " and others" : "");
    release(&j);
    return st;
}
