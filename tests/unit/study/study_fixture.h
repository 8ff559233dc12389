/* study_fixture.h - small studies on the shipped spaces and chip, for the tests of study. */
#ifndef STUDY_FIXTURE_H
#define STUDY_FIXTURE_H

#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Names are files of the source tree; the tests run in its root. */
static inline enum ohm_status fixture_find(void *context, const char *kind, const char *name, struct ohm_str *path,
                                           struct ohm_error *err)
{
    (void)context;
    if (strchr(name, '/'))
        ohm_str_append(path, name);
    else if (strcmp(kind, "space") == 0)
        ohm_str_printf(path, "searchspaces/%s.yaml", name);
    else if (strcmp(kind, "chip") == 0)
        ohm_str_printf(path, "searchspaces/chips/%s.yaml", name);
    else
        ohm_str_printf(path, "surrogates/%s", name);
    if (!ohm_file_exists(ohm_str_text(path)))
        return ohm_fail(err, OHM_ENOTFOUND, "there is no %s '%s'", kind, name);
    return OHM_OK;
}

static inline void fixture_print(const struct ohm_diag *diag)
{
    struct ohm_str s = { 0 };

    ohm_diag_print(&s, diag, false);
    fputs(ohm_str_text(&s), stderr);
    ohm_str_release(&s);
}

static inline struct ohm_plan *fixture_plan(const struct ohm_setting *settings, int count, int jobs)
{
    const struct ohm_plan_spec spec = { .settings = settings, .count = count, .find = fixture_find, .jobs = jobs };
    struct ohm_diag diag = { 0 };
    struct ohm_plan *plan = NULL;

    if (ohm_plan_load(&plan, &spec, &diag) != OHM_OK)
        fixture_print(&diag);
    ohm_diag_release(&diag);
    return plan;
}

static inline struct ohm_store *fixture_store(const char *path, enum ohm_store_mode mode)
{
    struct ohm_store *store = NULL;
    struct ohm_error err = { 0 };

    if (ohm_store_open(&store, path, mode, &err) != OHM_OK)
        fprintf(stderr, "%s: %s\n", path, err.text);
    return store;
}

/* A new study in the file; OHM_OK or what went wrong. */
static inline enum ohm_status fixture_run(const char *path, const struct ohm_setting *settings, int count, int jobs,
                                          double commit_s)
{
    const struct ohm_run_options options = { .jobs = jobs, .commit_s = commit_s };
    struct ohm_study_progress progress;
    struct ohm_error err = { 0 };
    struct ohm_plan *plan = fixture_plan(settings, count, jobs);
    struct ohm_store *store = fixture_store(path, OHM_STORE_CREATE);
    enum ohm_status st = OHM_EFAIL;
    int64_t study;

    if (plan && store)
        st = ohm_study_run(plan, store, &options, &study, &progress, &err);
    if (st != OHM_OK)
        fprintf(stderr, "run: %s\n", err.text);
    ohm_plan_free(plan);
    ohm_store_close(store);
    return st;
}

static inline enum ohm_status fixture_resume(const char *path, int jobs, int64_t add, double commit_s)
{
    const struct ohm_run_options options = { .jobs = jobs, .commit_s = commit_s };
    const struct ohm_plan_spec spec = { .find = fixture_find, .jobs = jobs };
    struct ohm_study_progress progress;
    struct ohm_study_row row;
    struct ohm_error err = { 0 };
    struct ohm_diag diag = { 0 };
    struct ohm_plan *plan = NULL;
    struct ohm_store *store = fixture_store(path, OHM_STORE_WRITE);
    enum ohm_status st = store ? ohm_store_find_study(store, "", &row, &err) : OHM_EFAIL;

    if (st == OHM_OK)
        st = ohm_plan_restore(&plan, store, row.id, &spec, &diag);
    if (st == OHM_OK)
        st = ohm_study_resume(plan, store, row.id, add, &options, &progress, &err);
    if (st != OHM_OK) {
        fprintf(stderr, "resume: %s\n", err.text);
        fixture_print(&diag);
    }
    ohm_diag_release(&diag);
    ohm_plan_free(plan);
    ohm_store_close(store);
    return st;
}

static inline enum ohm_status fixture_append(void *context, const struct ohm_trial *t, struct ohm_error *err)
{
    struct ohm_str *s = context;

    (void)err;
    ohm_str_printf(s, "%lld %lld %s %016llx %s %s %lld %lld %d %s %a", (long long)t->number, (long long)t->generation,
                   t->state, (unsigned long long)t->net_id, t->genotype, t->operation, (long long)t->parent[0],
                   (long long)t->parent[1], t->feasible, t->reason ? t->reason : "-", t->violation);
    for (int i = 0; i < OHM_METRICS_MAX; i++)
        ohm_str_printf(s, " %a", t->metric[i]);
    ohm_str_append(s, "\n");
    return OHM_OK;
}

/* Every row of the newest study but its times, as text, to be compared byte for byte. */
static inline char *fixture_rows(const char *path)
{
    struct ohm_store *store = fixture_store(path, OHM_STORE_READ);
    struct ohm_study_row row;
    struct ohm_str s = { 0 };
    struct ohm_error err = { 0 };

    assert_non_null(store);
    assert_int_equal(ohm_store_find_study(store, "", &row, &err), OHM_OK);
    assert_int_equal(ohm_store_each_trial(store, row.id, 0, fixture_append, &s, &err), OHM_OK);
    ohm_store_close(store);
    return s.text;
}

static inline void fixture_remove(const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char name[512];

    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

#define FIXTURE_COUNT(settings) ((int)(sizeof(settings) / sizeof((settings)[0])))

#endif
