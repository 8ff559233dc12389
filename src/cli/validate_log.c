/* validate_log.c - the row of a validation in the run log. */
#include "validate_log.h"

#include "cli_int.h"

#include "ohm/clock.h"

#include <math.h>

/* A draw waits for another writer only so long, and hardly at all once it has waited in vain: it can be added later. */
enum { DRAW_TIMEOUT_MS = 5000, BEHIND_TIMEOUT_MS = 100, END_TIMEOUT_MS = 60000 };

/* ---- reading ---- */

/* Reads in order, draw by draw, and none is missing. */
struct taken {
    struct ohm_validate_reading *reading; /* [room] */
    int64_t times, reads;
    int64_t count, room;
};

static enum ohm_status take_read(void *context, const struct ohm_validation_read *r, struct ohm_error *err)
{
    struct taken *t = context;
    const int64_t each = t->times * t->reads;

    if (t->count == t->room)
        return OHM_OK; /* draws behind a gap */
    if (r->draw != t->count / each + 1 || r->place != t->count % each / t->reads || r->read != t->count % t->reads + 1)
        return ohm_fail(err, OHM_EDATA, "draw %lld is not whole: see `ohmnas db check`", (long long)r->draw);
    t->reading[t->count++] = (struct ohm_validate_reading){r->top1, r->dw, r->alpha};
    return OHM_OK;
}

static enum ohm_status take_reads(struct ohm_store *store, int64_t id, struct taken *t, struct ohm_error *err)
{
    const enum ohm_status st = ohm_store_each_read(store, id, take_read, t, err);

    if (st == OHM_OK && t->count < t->room)
        return ohm_fail(err, OHM_EDATA, "validation v:%lld lacks reads: see `ohmnas db check`", (long long)id);
    return st;
}

struct times {
    struct ohm_cli *cli;
    struct ohm_words *words;
    double *t_s;
    int room;
};

static enum ohm_status take_time(void *context, const char *time, double t_s, struct ohm_error *err)
{
    struct times *t = context;

    if (t->words->count == t->room)
        return ohm_fail(err, OHM_EDATA, "a validation has more than %d times", t->room);
    t->t_s[t->words->count] = t_s;
    t->words->item[t->words->count] = ohm_arena_strdup(&t->cli->arena, time);
    return t->words->item[t->words->count++] ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
}

enum ohm_status ohm_validate_log_result(struct ohm_cli *cli, struct ohm_validate_result *result,
                                        struct ohm_words *times, struct ohm_store *store,
                                        const struct ohm_validation_row *row, struct ohm_error *err)
{
    double t_s[OHM_VALIDATE_TIMES_MAX];
    struct times t = {cli, times, t_s, OHM_VALIDATE_TIMES_MAX};
    struct taken taken = {.times = row->times, .reads = row->reads, .room = row->done * row->times * row->reads};
    struct ohm_validate_result r;
    enum ohm_status st;

    if (row->done > INT32_MAX || row->reads < 1 || row->reads > INT32_MAX)
        return ohm_fail(err, OHM_EDATA, "validation v:%lld is damaged: see `ohmnas db check`", (long long)row->id);
    *times = (struct ohm_words){.item = ohm_arena_alloc(&cli->arena, OHM_VALIDATE_TIMES_MAX, sizeof *times->item)};
    if (!times->item)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = ohm_store_each_time(store, row->id, take_time, &t, err)) != OHM_OK ||
        (st = ohm_validate_result_init(&r, t_s, times->count, (int)row->done, (int)row->reads, err)) != OHM_OK)
        return st;
    taken.reading = r.reading;
    if ((st = take_reads(store, row->id, &taken, err)) == OHM_OK && r.draws > 0)
        st = ohm_validate_summarize(&r, err);
    r.samples = (int)row->samples;
    r.calibrated = (int)row->total.calibrated;
    r.digital = row->total.digital;
    r.digital_low = row->total.digital_low;
    r.digital_high = row->total.digital_high;
    if (st == OHM_OK)
        *result = r;
    else
        ohm_validate_result_release(&r);
    return st;
}

/* ---- writing ---- */

static enum ohm_status take_known(struct ohm_validate_log *log, const struct ohm_validation_spec *spec, int64_t done,
                                  struct ohm_error *err)
{
    struct taken t = {.times = spec->times, .reads = spec->reads};

    log->known_draws = (int)(done < spec->draws ? done : spec->draws);
    t.room = log->known_draws * t.times * t.reads;
    if (!(t.reading = log->known = ohm_alloc((size_t)t.room, sizeof *t.reading)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    return take_reads(log->store, log->id, &t, err);
}

static enum ohm_status begin(struct ohm_validate_log *log, const struct ohm_validation_spec *spec, bool anew,
                             struct ohm_error *err)
{
    int64_t done = 0;
    enum ohm_status st;

    if ((st = ohm_store_begin_validation(log->store, &log->id, &done, spec, err)) != OHM_OK ||
        (st = take_known(log, spec, done, err)) != OHM_OK)
        return st;
    if (log->known_draws > 0)
        ohm_say(anew ? "validation v:%lld has %d draws, which are made again: a log keeps no single answers"
                     : "validation v:%lld goes on after %d draws",
                (long long)log->id, log->known_draws);
    log->known_draws = anew ? 0 : log->known_draws;
    ohm_store_set_timeout(log->store, DRAW_TIMEOUT_MS);
    log->begin_s = ohm_now_s();
    return OHM_OK;
}

enum ohm_status ohm_validate_log_begin(struct ohm_validate_log *log, const char *db,
                                       const struct ohm_validation_spec *spec, enum ohm_validate_reuse reuse,
                                       struct ohm_error *err)
{
    enum ohm_status st;

    *log = (struct ohm_validate_log){0};
    if ((st = ohm_store_open(&log->store, db, OHM_STORE_CREATE, err)) != OHM_OK)
        return st;
    if (reuse == OHM_REUSE_DONE)
        st = ohm_store_find_measured(log->store, spec->fingerprint, spec->program, &log->id, err);
    log->measured = log->id > 0;
    return st == OHM_OK && !log->measured ? begin(log, spec, reuse == OHM_REUSE_NOTHING, err) : st;
}

static struct ohm_validation_total total_of(const struct ohm_validate_result *r)
{
    return (struct ohm_validation_total){r->digital, r->digital_low, r->digital_high, r->avm, r->calibrated};
}

/* Rows of the draws [first, r->draws); NULL: no memory. */
static struct ohm_validation_read *rows_of(const struct ohm_validate_result *r, int first, int *n)
{
    const int64_t each = (int64_t)r->times * r->reads;
    struct ohm_validation_read *row;

    *n = (int)((r->draws - first) * each);
    if (!(row = ohm_alloc((size_t)*n, sizeof *row)))
        return NULL;
    for (int i = 0; i < *n; i++) {
        const int64_t at = first * each + i;
        const struct ohm_validate_reading *const reading = &r->reading[at];

        row[i] = (struct ohm_validation_read){at / each + 1, at % each / r->reads, at % r->reads + 1,
                                              reading->top1, reading->dw,          reading->alpha};
    }
    return row;
}

void ohm_validate_log_draw(struct ohm_validate_log *log, const struct ohm_validate_result *so_far)
{
    const struct ohm_validation_total total = total_of(so_far);
    const double now_s = ohm_now_s();
    struct ohm_error err = {0};
    int n = 0;
    struct ohm_validation_read *const row = rows_of(so_far, so_far->draws - 1, &n);
    const bool failed =
        !row || ohm_store_add_draw(log->store, log->id, &total, row, n, now_s - log->begin_s, &err) != OHM_OK;

    if (failed && !log->behind)
        ohm_say("warning: %s: %s; the validation goes on, and at its end the log gets what it lacks", err.path,
                row ? err.text : "out of memory");
    log->behind = failed;
    ohm_store_set_timeout(log->store, failed ? BEHIND_TIMEOUT_MS : DRAW_TIMEOUT_MS);
    ohm_free(row);
    log->begin_s = ohm_now_s();
}

void ohm_validate_log_end(struct ohm_validate_log *log, enum ohm_status st, const struct ohm_error *err,
                          const struct ohm_validate_result *result)
{
    const char *const state = st == OHM_OK ? "done" : st == OHM_EINTR ? "stopped" : "failed";
    const struct ohm_validation_total total = st == OHM_OK ? total_of(result) : (struct ohm_validation_total){0};
    struct ohm_error own = {0};
    int n = 0;
    struct ohm_validation_read *const row = st == OHM_OK ? rows_of(result, 0, &n) : NULL;

    ohm_store_set_timeout(log->store, END_TIMEOUT_MS);
    if (ohm_store_end_validation(log->store, log->id, state, st == OHM_OK ? NULL : err->text, row ? &total : NULL, row,
                                 row ? n : 0, &own) != OHM_OK)
        ohm_say("warning: %s: %s; validation v:%lld is %s, and the log does not say so", own.path, own.text,
                (long long)log->id, state);
    ohm_free(row);
}

void ohm_validate_log_release(struct ohm_validate_log *log)
{
    ohm_store_close(log->store);
    ohm_free(log->known);
    *log = (struct ohm_validate_log){0};
}
