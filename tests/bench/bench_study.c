/* bench_study.c - candidates per second of a whole study: asked, priced, scored by three models, logged.
 *
 *   bench_study [TRIALS [JOBS [STRATEGY]]]
 *
 * analognas-resnet with IBM's three CIFAR-10 models (../shared/golden/analog-nas/weights) and hermes64. The reference,
 * IBM/analog-nas, does 1,800 to 11,000 candidates per second without cost and without log. Prints the time of each
 * stage, the memory, and the ratio to the reference's fastest. */
#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/parallel.h"
#include "ohm/str.h"
#include "ohm/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WEIGHTS "../shared/golden/analog-nas/weights/"
static const double reference_per_s = 11000;

static enum ohm_status find(void *context, const char *kind, const char *name, struct ohm_str *path,
                            struct ohm_error *err)
{
    (void)context;
    (void)kind;
    (void)err;
    ohm_str_append(path, name);
    return OHM_OK;
}

static int report(const struct ohm_study_progress *p, int64_t trials, const char *db)
{
    struct rusage usage;
    const double per_s = (double)p->ran / p->elapsed_s;

    getrusage(RUSAGE_SELF, &usage);
    printf("%lld trials in %.2f s: %.0f candidates/s, %.1f times the reference's fastest; %.0f MB\n", (long long)p->ran,
           p->elapsed_s, per_s, per_s / reference_per_s, (double)usage.ru_maxrss / 1024);
    for (int i = 0; i < OHM_STAGE_COUNT; i++)
        printf("  %-8s %6.2f s  %5.2f us a trial\n", ohm_stage_names[i], p->stage_s[i],
               1e6 * p->stage_s[i] / (double)trials);
    printf("  processor time %.2f s of user, %.2f s of system; %s\n",
           (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec,
           (double)usage.ru_stime.tv_sec + 1e-6 * (double)usage.ru_stime.tv_usec, db);
    return 0;
}

static int fail(const struct ohm_diag *diag, const struct ohm_error *err)
{
    struct ohm_str s = { 0 };

    ohm_diag_print(&s, diag, false);
    fprintf(stderr, "%s%s\n", ohm_str_text(&s), err->text);
    ohm_str_release(&s);
    return 1;
}

int main(int argc, char **argv)
{
    const char *trials = argc > 1 ? argv[1] : "1000000";
    const int jobs = argc > 2 ? atoi(argv[2]) : ohm_processor_count();
    const struct ohm_setting settings[] = {
        { "space", "searchspaces/analognas-resnet.yaml", "bench" },
        { "chip", "searchspaces/chips/hermes64.yaml", "bench" },
        { "surrogates", "acc=" WEIGHTS "xgboost_ranker_acc.json", "bench" },
        { "surrogates", "avm=" WEIGHTS "xgboost_avm.json", "bench" },
        { "surrogates", "std=" WEIGHTS "xgboost_std.json", "bench" },
        { "objectives", "maximize acc", "bench" },
        { "objectives", "minimize energy_uJ", "bench" },
        { "constraints", "avm <= 10", "bench" },
        { "strategy", argc > 3 ? argv[3] : "nsga2", "bench" },
        { "budget", trials, "bench" },
    };
    const struct ohm_plan_spec spec = { .settings = settings,
                                        .count = (int)(sizeof settings / sizeof settings[0]),
                                        .find = find,
                                        .jobs = jobs };
    const struct ohm_run_options options = { .jobs = jobs };
    struct ohm_study_progress progress;
    struct ohm_diag diag = { 0 };
    struct ohm_error err = { 0 };
    struct ohm_plan *plan = NULL;
    struct ohm_store *store = NULL;
    char db[] = "/tmp/ohm-bench-XXXXXX";
    int64_t study;
    int fd, rc = 1;

    if (!ohm_file_exists(WEIGHTS "xgboost_avm.json")) {
        printf("SKIPPED: " WEIGHTS " is absent\n");
        return 77;
    }
    fd = mkstemp(db);
    if (fd < 0)
        return 1;
    close(fd);
    unlink(db);
    if (ohm_plan_load(&plan, &spec, &diag) == OHM_OK && ohm_store_open(&store, db, OHM_STORE_CREATE, &err) == OHM_OK &&
        ohm_study_run(plan, store, &options, &study, &progress, &err) == OHM_OK)
        rc = report(&progress, strtoll(trials, NULL, 10), db);
    else
        fail(&diag, &err);
    ohm_plan_free(plan);
    ohm_store_close(store);
    ohm_diag_release(&diag);
    if (argc <= 4) /* a fourth argument keeps the database */
        unlink(db);
    return rc;
}
