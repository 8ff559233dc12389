/* fit_log.c - the row of a training in the run log. */
#include "fit_log.h"

#include "cli_int.h"

#include "ohm/clock.h"
#include "ohm/file.h"
#include "ohm/weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* An epoch waits for another writer only so long, and hardly at all once it has waited in vain: its row can be added
 * later. */
enum { EPOCH_TIMEOUT_MS = 5000, BEHIND_TIMEOUT_MS = 100, END_TIMEOUT_MS = 60000 };

enum ohm_status ohm_fit_log_begin(struct ohm_fit_log *log, const char *db, const struct ohm_training_spec *spec,
                                  bool resume, struct ohm_error *err)
{
    enum ohm_status st;

    *log = (struct ohm_fit_log){.judged = spec->val_samples > 0, .room = (int)spec->epochs};
    if ((log->row = ohm_alloc((size_t)log->room, sizeof(*log->row))) == NULL)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = ohm_store_open(&log->store, db, OHM_STORE_CREATE, err)) != OHM_OK ||
        (st = ohm_store_begin_training(log->store, &log->id, spec, resume, err)) != OHM_OK)
        return st;
    ohm_store_set_timeout(log->store, EPOCH_TIMEOUT_MS);
    log->begin_s = ohm_now_s();
    return OHM_OK;
}

static struct ohm_epoch_row row_of(const struct ohm_fit_log *log, int64_t number, const struct ohm_train_epoch *e,
                                   double time_s)
{
    return (struct ohm_epoch_row){.number = number,
                                  .loss = e->loss,
                                  .top1 = 100 * e->accuracy,
                                  .val_loss = log->judged ? e->val_loss : NAN,
                                  .val_top1 = log->judged ? 100 * e->val_accuracy : NAN,
                                  .lr = e->lr,
                                  .time_s = time_s};
}

void ohm_fit_log_epoch(struct ohm_fit_log *log, const struct ohm_train_progress *p)
{
    const struct ohm_train_epoch e = {p->loss, p->accuracy, p->val_loss, p->val_accuracy, p->lr};
    const double now_s = ohm_now_s();
    const struct ohm_epoch_row row = row_of(log, p->epoch, &e, now_s - log->begin_s);
    struct ohm_error err = {0};
    bool failed;

    if (log->rows < log->room)
        log->row[log->rows++] = row;
    failed = ohm_store_add_epoch(log->store, log->id, &row, &err) != OHM_OK;
    if (failed && !log->behind)
        ohm_say("warning: %s: %s; the training goes on, and at its end the log gets what it lacks", err.path, err.text);
    log->behind = failed;
    ohm_store_set_timeout(log->store, failed ? BEHIND_TIMEOUT_MS : EPOCH_TIMEOUT_MS);
    log->begin_s = ohm_now_s();
}

/* 16 digits, or "" where the file cannot be read. */
static void hash_file(char hash[17], const char *path)
{
    char *bytes = NULL;
    size_t length = 0;

    hash[0] = '\0';
    if (ohm_file_read(&bytes, &length, path, OHM_TENSOR_FILE_MAX, NULL) == OHM_OK)
        snprintf(hash, 17, "%016" PRIx64, ohm_hash(bytes, length));
    ohm_free(bytes);
}

/* What this process has seen, with times, and then what a resumed run has from its checkpoint. */
static int whole_curve(const struct ohm_fit_log *log, const struct ohm_train_result *result, struct ohm_epoch_row *row)
{
    int n = 0;

    for (; n < log->rows; n++)
        row[n] = log->row[n];
    for (int i = 0; i < result->epochs; i++)
        row[n++] = row_of(log, i + 1, &result->curve[i], NAN);
    return n;
}

void ohm_fit_log_end(struct ohm_fit_log *log, enum ohm_status st, const struct ohm_error *err, const char *weights,
                     const struct ohm_train_result *result)
{
    const char *state = st == OHM_OK ? "done" : st == OHM_EINTR ? "stopped" : "failed";
    struct ohm_epoch_row *row = ohm_alloc((size_t)(log->rows + result->epochs) + 1, sizeof(*row));
    const int n = row ? whole_curve(log, result, row) : 0;
    struct ohm_error own = {0};
    char hash[17] = "";

    if (st == OHM_OK)
        hash_file(hash, weights);
    ohm_store_set_timeout(log->store, END_TIMEOUT_MS);
    if (ohm_store_end_training(log->store, log->id, state, st == OHM_OK ? NULL : err->text, hash[0] ? hash : NULL, row,
                               n, &own) != OHM_OK)
        ohm_say("warning: %s: %s; training t:%lld is %s, and the log does not say so", own.path, own.text,
                (long long)log->id, state);
    ohm_free(row);
}

void ohm_fit_log_release(struct ohm_fit_log *log)
{
    ohm_store_close(log->store);
    ohm_free(log->row);
    *log = (struct ohm_fit_log){0};
}
