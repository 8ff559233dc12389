/* writer.c - the run log, written by a thread of its own while the search goes on.
 *
 * Two buffers: one is filled by the search, the other is being written. A buffer goes to the writer when it is full or
 * when its oldest row has waited for commit_s; the search waits only when it has filled one buffer while the other is
 * still being written. The rows of a generation that is logged end a transaction, so that the log never shows a
 * generation without its trials. */
#include "study_int.h"

#include "ohm/clock.h"
#include "ohm/parallel.h"

#include <math.h>
#include <string.h>

enum { BUFFER_ROWS = 4096, BUFFER_GENERATIONS = 512 };

struct row {
    int64_t number, generation;
    struct ohm_candidate candidate;
    struct ohm_evaluation evaluation;
    double time_s;
};

struct buffer {
    struct row *row; /* [BUFFER_ROWS] */
    int rows;
    struct {
        struct ohm_generation_row row;
        int end; /* rows of the buffer that belong to it or come before */
    } generation[BUFFER_GENERATIONS];
    int generations;
};

struct writer {
    const struct ohm_plan *plan;
    struct ohm_store *store;
    int64_t study;
    double commit_s, oldest_s;
    struct buffer buffer[2];
    int filling;
    struct ohm_task *task;
    struct ohm_trial *trial; /* [BUFFER_ROWS], the writer thread's */
    struct ohm_str texts;    /* genotypes, one after another, the writer thread's */
    size_t *offset;          /* [BUFFER_ROWS] */
};

static void make_trial(struct ohm_trial *t, const struct row *row, const struct ohm_plan *plan)
{
    const struct ohm_evaluation *e = &row->evaluation;
    const bool failed = isinf(e->violation);

    t->number = row->number;
    t->generation = row->generation;
    t->state = failed ? "failed" : e->violation > 0 ? "infeasible" : "complete";
    t->net_id = row->candidate.id;
    t->operation = row->candidate.operation;
    t->parent[0] = row->candidate.parent[0];
    t->parent[1] = row->candidate.parent[1];
    t->time_s = row->time_s;
    t->feasible = e->violation == 0;
    t->violation = e->violation;
    t->reason = e->broken;
    memcpy(t->metric, e->metric, (size_t)ohm_evaluator_metrics(plan->evaluator) * sizeof e->metric[0]);
}

/* Texts first, pointers after: the growing text may move. */
static enum ohm_status make_trials(struct writer *w, const struct buffer *b, struct ohm_error *err)
{
    ohm_str_clear(&w->texts);
    for (int i = 0; i < b->rows; i++) {
        make_trial(&w->trial[i], &b->row[i], w->plan);
        w->offset[i] = w->texts.length;
        ohm_genotype_print(w->plan->space, &b->row[i].candidate.genotype, &w->texts);
        ohm_str_append_n(&w->texts, "", 1);
    }
    if (w->texts.failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the log");
    for (int i = 0; i < b->rows; i++)
        w->trial[i].genotype = w->texts.text + w->offset[i];
    return OHM_OK;
}

static enum ohm_status write_buffer(void *context, struct ohm_error *err)
{
    struct writer *w = context;
    struct buffer *b = &w->buffer[1 - w->filling];
    enum ohm_status st = make_trials(w, b, err);
    int done = 0;

    for (int g = 0; g < b->generations && st == OHM_OK; g++) {
        st = ohm_store_commit(w->store, w->study, w->trial + done, b->generation[g].end - done, &b->generation[g].row,
                              err);
        done = b->generation[g].end;
    }
    if (st == OHM_OK && done < b->rows)
        st = ohm_store_commit(w->store, w->study, w->trial + done, b->rows - done, NULL, err);
    b->rows = b->generations = 0;
    return st;
}

/* The buffer that was filled goes to the thread; the other one, written by now, is filled next. */
static enum ohm_status hand_over(struct writer *w, struct ohm_error *err)
{
    const enum ohm_status st = ohm_task_wait(w->task, err);

    if (st != OHM_OK)
        return st;
    w->filling = 1 - w->filling;
    ohm_task_start(w->task, write_buffer, w);
    return OHM_OK;
}

enum ohm_status writer_create(struct writer **out, const struct ohm_plan *plan, struct ohm_store *store, int64_t study,
                              double commit_s, struct ohm_error *err)
{
    struct writer *w = ohm_alloc(1, sizeof *w);
    enum ohm_status st;

    if (!w)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the log");
    w->plan = plan;
    w->store = store;
    w->study = study;
    w->commit_s = commit_s;
    w->buffer[0].row = ohm_alloc(BUFFER_ROWS, sizeof *w->buffer[0].row);
    w->buffer[1].row = ohm_alloc(BUFFER_ROWS, sizeof *w->buffer[1].row);
    w->trial = ohm_alloc(BUFFER_ROWS, sizeof *w->trial);
    w->offset = ohm_alloc(BUFFER_ROWS, sizeof *w->offset);
    if (w->buffer[0].row && w->buffer[1].row && w->trial && w->offset)
        st = ohm_task_create(&w->task, err);
    else
        st = ohm_fail(err, OHM_ENOMEM, "out of memory for the log");
    if (st != OHM_OK) {
        writer_free(w);
        return st;
    }
    *out = w;
    return OHM_OK;
}

enum ohm_status writer_add(struct writer *w, int64_t number, int64_t generation, const struct ohm_candidate *candidate,
                           const struct ohm_evaluation *evaluation, double time_s, struct ohm_error *err)
{
    struct buffer *b = &w->buffer[w->filling];
    struct row *row = &b->row[b->rows];

    if (b->rows == 0)
        w->oldest_s = ohm_now_s();
    row->number = number;
    row->generation = generation;
    row->candidate = *candidate;
    row->evaluation = *evaluation;
    row->time_s = time_s;
    b->rows++;
    return b->rows == BUFFER_ROWS ? hand_over(w, err) : OHM_OK;
}

enum ohm_status writer_add_generation(struct writer *w, const struct ohm_generation_row *row, struct ohm_error *err)
{
    struct buffer *b = &w->buffer[w->filling];

    b->generation[b->generations].row = *row;
    b->generation[b->generations].end = b->rows;
    b->generations++;
    return b->generations == BUFFER_GENERATIONS ? hand_over(w, err) : OHM_OK;
}

enum ohm_status writer_tick(struct writer *w, struct ohm_error *err)
{
    const bool old = w->buffer[w->filling].rows > 0 && ohm_now_s() - w->oldest_s >= w->commit_s;

    return old ? hand_over(w, err) : OHM_OK;
}

enum ohm_status writer_flush(struct writer *w, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (w->buffer[w->filling].rows > 0 || w->buffer[w->filling].generations > 0)
        st = hand_over(w, err);
    return st == OHM_OK ? ohm_task_wait(w->task, err) : st;
}

void writer_free(struct writer *w)
{
    if (!w)
        return;
    ohm_task_free(w->task);
    ohm_free(w->buffer[0].row);
    ohm_free(w->buffer[1].row);
    ohm_free(w->trial);
    ohm_free(w->offset);
    ohm_str_release(&w->texts);
    ohm_free(w);
}
