/* score.c - how well predictions order and meet what was measured, beside what the network's size alone would say. */
#include "score_int.h"

#include "ohm/mem.h"
#include "ohm/stat.h"

#include <math.h>

#define FIELD(name)                                                                                                    \
    {                                                                                                                  \
#name, offsetof(struct ohm_target_score, name)                                                                 \
    }
const struct ohm_score_field ohm_score_fields[] = {
    FIELD(tau),          FIELD(spearman), FIELD(rmse),          FIELD(top_k),
    FIELD(coverage90),   FIELD(mean_sd),  FIELD(params_tau),    FIELD(params_spearman),
    FIELD(params_top_k), FIELD(macs_tau), FIELD(macs_spearman), FIELD(macs_top_k),
    {NULL, 0},
};
#undef FIELD

/* 5 % and 95 % of a normal distribution lie this many standard deviations from its mean. */
static const double z90 = 1.6448536269514722;

struct ranking {
    double tau, spearman, top_k;
};

static enum ohm_status rank(struct ranking *r, const double *predicted, const double *measured, int n, int k,
                            struct ohm_error *err)
{
    enum ohm_status st;

    *r = (struct ranking){NAN, NAN, NAN};
    if (n < 2)
        return OHM_OK;
    if ((st = ohm_kendall(&r->tau, predicted, measured, n, err)) != OHM_OK ||
        (st = ohm_spearman(&r->spearman, predicted, measured, n, err)) != OHM_OK)
        return st;
    return ohm_top_k_overlap(&r->top_k, predicted, measured, n, k < n ? k : n, err);
}

/* A size may order networks the wrong way round (larger ones lose less to drift): the better direction counts. */
static enum ohm_status rank_size(struct ranking *best, const double *size, const double *measured, int n, int k,
                                 struct ohm_error *err)
{
    double *const turned = ohm_alloc((size_t)n, sizeof *turned);
    struct ranking down;
    enum ohm_status st;

    if (!turned)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for scores");
    for (int i = 0; i < n; i++)
        turned[i] = -size[i];
    st = rank(best, size, measured, n, k, err);
    if (st == OHM_OK && best->tau < 0 && (st = rank(&down, turned, measured, n, k, err)) == OHM_OK)
        *best = down;
    ohm_free(turned);
    return st;
}

static void score_uncertainty(struct ohm_target_score *score, const struct ohm_score_input *in)
{
    int inside = 0;
    double sum = 0;

    score->coverage90 = score->mean_sd = NAN;
    if (!in->sd || in->n == 0)
        return;
    for (int i = 0; i < in->n; i++) {
        inside += fabs(in->measured[i] - in->mean[i]) <= z90 * in->sd[i];
        sum += in->sd[i];
    }
    score->coverage90 = (double)inside / in->n;
    score->mean_sd = sum / in->n;
}

enum ohm_status ohm_score_target(struct ohm_target_score *score, const struct ohm_score_input *in,
                                 struct ohm_error *err)
{
    struct ranking own, params, macs;
    enum ohm_status st;

    if ((st = rank(&own, in->mean, in->measured, in->n, in->top_k, err)) != OHM_OK ||
        (st = rank_size(&params, in->params, in->measured, in->n, in->top_k, err)) != OHM_OK ||
        (st = rank_size(&macs, in->macs, in->measured, in->n, in->top_k, err)) != OHM_OK)
        return st;
    score->rows = in->n;
    score->tau = own.tau;
    score->spearman = own.spearman;
    score->top_k = own.top_k;
    score->rmse = in->n > 0 ? ohm_rmse(in->mean, in->measured, in->n) : NAN;
    score_uncertainty(score, in);
    score->params_tau = params.tau;
    score->params_spearman = params.spearman;
    score->params_top_k = params.top_k;
    score->macs_tau = macs.tau;
    score->macs_spearman = macs.spearman;
    score->macs_top_k = macs.top_k;
    return OHM_OK;
}

void ohm_score_emit(struct ohm_emit *e, const struct ohm_target_score *score)
{
    ohm_emit_int(e, "rows", score->rows);
    for (const struct ohm_score_field *f = ohm_score_fields; f->key; f++) {
        const double value = *(const double *)(const void *)((const char *)score + f->offset);

        /* Four figures: what follows is noise, and a card is read by people. */
        ohm_emit_double(e, f->key, isfinite(value) ? round(value * 1e4) / 1e4 : value);
    }
}

void ohm_score_report_emit(struct ohm_emit *e, const char *key, const struct ohm_score_report *report)
{
    ohm_emit_list(e, key);
    for (int i = 0; i < report->targets; i++) {
        ohm_emit_map(e, NULL);
        ohm_emit_text(e, "target", report->score[i].target.name);
        ohm_emit_text(e, "unit", report->score[i].target.unit);
        ohm_score_emit(e, &report->score[i]);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
}
