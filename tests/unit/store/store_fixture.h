/* A folder, a study with three metrics and two objectives, and trials whose values follow from their number. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "ohm/mem.h"
#include "ohm/store.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char folder[64];
    char path[128];
    struct ohm_error err;
};

static const char *const fixture_metrics[] = {"acc_1d", "energy_uJ", "cores"};
static const int fixture_objective_metric[] = {0, 1};
static const int fixture_objective_sign[] = {1, -1};
static const char *const fixture_objective_text[] = {"max acc_1d", "min energy_uJ"};

static inline struct ohm_study_spec fixture_spec(const char *name)
{
    return (struct ohm_study_spec){
        .name = name,
        .config = "{\"seed\": 7}",
        .strategy = "regevo",
        .space = "resnet-kws",
        .chip = "hermes64",
        .task = "kws",
        .space_text = "axes: []\n",
        .chip_text = "cores: 64\n",
        .seed = 7,
        .budget = 1000,
        .metrics = fixture_metrics,
        .metric_count = 3,
        .objective_metric = fixture_objective_metric,
        .objective_sign = fixture_objective_sign,
        .objective_text = fixture_objective_text,
        .objective_count = 2,
    };
}

static inline uint64_t fixture_net_id(int64_t number)
{
    return ohm_hash(&number, sizeof number);
}

/* Every tenth trial failed, every seventh is infeasible. The texts live in a table: the caller keeps nothing. */
static inline struct ohm_trial fixture_trial(int64_t number)
{
    static const char *const genotypes[] = {"stem=16;blocks=2", "stem=24;blocks=3", "stem=32;blocks=1"};
    struct ohm_trial t = {.number = number,
                          .generation = number / 10,
                          .state = "complete",
                          .net_id = fixture_net_id(number),
                          .genotype = genotypes[number % 3],
                          .operation = number % 2 ? "mutate" : "sample",
                          .parent = {number % 2 ? number - 1 : -1, -1},
                          .time_s = NAN,
                          .feasible = true};

    for (int i = 0; i < OHM_METRICS_MAX; i++)
        t.metric[i] = NAN;
    t.metric[0] = 50 + (double)(number * 7919 % 5000) / 100;
    t.metric[1] = 1 + (double)(number * 104729 % 1000) / 10;
    t.metric[2] = (double)(number % 64);
    if (number % 10 == 9) {
        t.state = "failed";
        t.feasible = false;
        t.violation = INFINITY;
        t.reason = "weights are not numbers";
        t.metric[0] = t.metric[1] = t.metric[2] = NAN;
    } else if (number % 7 == 6) {
        t.state = "infeasible";
        t.feasible = false;
        t.violation = 0.25;
        t.reason = "cores <= 64";
    }
    return t;
}

static inline enum ohm_status fixture_commit(struct ohm_store *store, int64_t study, int64_t first, int n,
                                             struct ohm_error *err)
{
    struct ohm_trial *trial = ohm_alloc((size_t)n, sizeof *trial);
    enum ohm_status st;

    assert_non_null(trial);
    for (int i = 0; i < n; i++)
        trial[i] = fixture_trial(first + i);
    st = ohm_store_commit(store, study, trial, n, NULL, err);
    ohm_free(trial);
    return st;
}

/* Opens or makes the file of the fixture; the test ends where that fails. */
static inline struct ohm_store *fixture_open(struct fixture *f, enum ohm_store_mode mode)
{
    struct ohm_store *store = NULL;

    if (ohm_store_open(&store, f->path, mode, &f->err) != OHM_OK)
        fail_msg("open: %s", f->err.text);
    return store;
}

static inline int64_t fixture_study(struct fixture *f, struct ohm_store *store, const char *name)
{
    const struct ohm_study_spec spec = fixture_spec(name);
    int64_t id = 0;

    if (ohm_store_add_study(store, &id, &spec, &f->err) != OHM_OK)
        fail_msg("add study: %s", f->err.text);
    return id;
}

/* A closed file with one study "first" of n trials. */
static inline int64_t fixture_file(struct fixture *f, int n)
{
    struct ohm_store *store = fixture_open(f, OHM_STORE_CREATE);
    const int64_t id = fixture_study(f, store, "first");

    if (n > 0)
        assert_int_equal(fixture_commit(store, id, 0, n, &f->err), OHM_OK);
    ohm_store_close(store);
    return id;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    snprintf(f->folder, sizeof f->folder, "/tmp/ohm-store-XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/run.db", f->folder);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    int rc;

    chmod(f->folder, 0755);
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    rc = system(command);
    free(f);
    return rc;
}

/* Row callbacks. */
struct fixture_rows {
    int64_t count, first, last;
    int64_t number[64];
    struct ohm_trial trial; /* the last; its texts are not kept */
};

static inline enum ohm_status fixture_note(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct fixture_rows *r = context;

    (void)err;
    if (r->count == 0)
        r->first = trial->number;
    if (r->count < 64)
        r->number[r->count] = trial->number;
    r->last = trial->number;
    r->trial = *trial;
    r->count++;
    return OHM_OK;
}

#define fixture_test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* A child that does its work on the log, and then waits for its end: by the test, or with it, so that a test that fails
 * leaves nobody behind. work tells whether it went well. */
static inline pid_t fixture_child(struct fixture *f, bool (*work)(struct fixture *))
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!work(f) || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

#endif
