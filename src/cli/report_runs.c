/* report_runs.c - validations of the run log that a report shows: of networks of the study and of its baselines. */
#include "study_report.h"
#include "validate_log.h"

#include "ohm/training.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct collecting {
    struct ohm_report *r;
    size_t room;
};

static bool is_baseline(const struct ohm_report *r, const char *hash)
{
    char text[17];

    for (int i = 0; i < r->baselines; i++) {
        snprintf(text, sizeof text, "%016" PRIx64, r->baseline[i].shape);
        if (strcmp(text, hash) == 0)
            return true;
    }
    return false;
}

static enum ohm_status keep_metrics(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct ohm_report_run *const run = context;

    (void)err;
    memcpy(run->metric, trial->metric, sizeof run->metric);
    return OHM_EINTR; /* seen: the walk ends here */
}

/* A network of this study, wherever its file was when it was validated. */
static enum ohm_status find_trial(struct ohm_report *r, struct ohm_report_run *run, struct ohm_error *err)
{
    int64_t study = r->study.id, trial = run->row.study == r->study.id ? run->row.trial : -1;
    enum ohm_status st;

    for (int i = 0; i < OHM_METRICS_MAX; i++)
        run->metric[i] = NAN;
    if (trial < 0 && strncmp(run->row.network, "n:", 2) == 0 &&
        ohm_store_find_trial(r->store, r->study.id, run->row.network, &study, &trial, NULL) != OHM_OK)
        return OHM_OK;
    if (trial < 0)
        return OHM_OK;
    run->of_study = true;
    run->row.trial = trial;
    st = ohm_store_each_trial(r->store, r->study.id, trial, keep_metrics, run, err);
    for (int i = r->metrics.count; i < OHM_METRICS_MAX; i++)
        run->metric[i] = NAN;
    return st == OHM_EINTR ? OHM_OK : st;
}

static enum ohm_status text_of(struct ohm_report *r, const char **out, int64_t id, const char *column, bool training,
                               struct ohm_error *err)
{
    struct ohm_str text = {0};
    const enum ohm_status st = training ? ohm_store_training_text(r->store, id, column, &text, err)
                                        : ohm_store_validation_text(r->store, id, column, &text, err);

    *out = ohm_arena_strdup(&r->cli->arena, ohm_str_text(&text));
    ohm_str_release(&text);
    return st == OHM_OK && !*out ? ohm_fail(err, OHM_ENOMEM, "out of memory") : st;
}

static enum ohm_status find_training(struct ohm_report *r, struct ohm_report_run *run, struct ohm_error *err)
{
    struct ohm_training_row row;
    char name[32];
    enum ohm_status st;

    run->kind = run->recipe = "";
    if (run->row.training < 0)
        return OHM_OK;
    snprintf(name, sizeof name, "t:%lld", (long long)run->row.training);
    if ((st = ohm_store_find_training(r->store, name, &row, err)) != OHM_OK)
        return st;
    run->kind = row.analog ? "hardware-aware" : "digital";
    return text_of(r, &run->recipe, row.id, "recipe", true, err);
}

static enum ohm_status keep_run(void *context, const struct ohm_validation_row *row, struct ohm_error *err)
{
    struct collecting *const c = context;
    struct ohm_report *const r = c->r;
    const char *const task = ohm_report_setting(r, "task");
    struct ohm_report_run run = {.row = *row};
    enum ohm_status st;

    if (strcmp(row->state, "done") != 0 || (task && strcmp(task, row->task) != 0))
        return OHM_OK;
    if ((st = find_trial(r, &run, err)) != OHM_OK || (!run.of_study && !is_baseline(r, row->network_hash)))
        return st;
    if (!ohm_grow(&r->run, &c->room, (size_t)r->runs + 1, sizeof *r->run))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = text_of(r, &run.weights, row->id, "weights", false, err)) == OHM_OK &&
        (st = text_of(r, &run.settings, row->id, "settings", false, err)) == OHM_OK &&
        (st = ohm_report_price_run(r, &run, err)) == OHM_OK && (st = find_training(r, &run, err)) == OHM_OK &&
        (st = ohm_validate_log_result(r->cli, &run.result, &run.times, r->store, row, err)) == OHM_OK)
        r->run[r->runs++] = run;
    return st;
}

static int by_network(const void *a, const void *b)
{
    const struct ohm_report_run *const p = a, *const q = b;
    const int order = strcmp(p->row.network, q->row.network);

    if (p->of_study != q->of_study)
        return p->of_study ? -1 : 1;
    return order ? order : p->row.id < q->row.id ? -1 : p->row.id > q->row.id;
}

/* The same measurement once more, which has the same bits and says nothing new. */
static bool repeats(const struct ohm_report_run *a, const struct ohm_report_run *b)
{
    const struct ohm_validation_row *const p = &a->row, *const q = &b->row;

    return strcmp(p->network_hash, q->network_hash) == 0 && strcmp(p->weights_hash, q->weights_hash) == 0 &&
           strcmp(p->data_hash, q->data_hash) == 0 && strcmp(p->split, q->split) == 0 &&
           strcmp(a->settings, b->settings) == 0 && p->folds == q->folds && p->fold == q->fold && p->seed == q->seed &&
           p->draws == q->draws && p->done == q->done && p->reads == q->reads && p->samples == q->samples &&
           strcmp(p->program, q->program) == 0;
}

/* The first of equal ones stays. */
static void drop_repeats(struct ohm_report *r)
{
    int kept = 0;

    for (int i = 0; i < r->runs; i++) {
        bool repeat = false;

        for (int k = 0; k < kept && !repeat; k++)
            repeat = strcmp(r->run[k].row.network, r->run[i].row.network) == 0 && repeats(&r->run[k], &r->run[i]);
        if (repeat)
            ohm_validate_result_release(&r->run[i].result);
        else
            r->run[kept++] = r->run[i];
    }
    r->runs = kept;
}

enum ohm_status ohm_report_load_runs(struct ohm_report *r, struct ohm_error *err)
{
    struct collecting c = {r, 0};
    const enum ohm_status st = ohm_store_each_validation(r->store, keep_run, &c, err);

    if (st == OHM_OK && r->runs > 0) {
        qsort(r->run, (size_t)r->runs, sizeof *r->run, by_network);
        drop_repeats(r);
    }
    return st;
}

int ohm_report_target(const struct ohm_report *r, const struct ohm_report_run *run, int time)
{
    char name[64];

    snprintf(name, sizeof name, "acc_%.40s", run->result.moment[time].t_s > 0 ? run->times.item[time] : "fresh");
    return ohm_metric_names_find(&r->metrics, name);
}
