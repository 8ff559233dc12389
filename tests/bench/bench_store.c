/* bench_store.c - the run log at its size: written, asked, and the memory that took.
 *   bench_store [N [FILE]]        1,000,000 trials of 12 metrics and a genotype of 200 bytes, in batches of 1000 */
#include "ohm/store.h"

#include "ohm/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { METRICS = 12, BATCH = 1000, GENOTYPE = 200 };

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double memory_MB(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void need(enum ohm_status st, const struct ohm_error *err)
{
    if (st == OHM_OK)
        return;
    fprintf(stderr, "bench_store: %s\n", err->text);
    exit(ohm_status_exit_code(st));
}

/* A number in [0, 1) of a trial and a metric, the same in every run. */
static double unit(int64_t number, int metric)
{
    return (double)(ohm_hash_mix((uint64_t)number, (uint64_t)metric) >> 11) * 0x1p-53;
}

static void write_all(struct ohm_store *store, int64_t study, int64_t n, struct ohm_error *err)
{
    static char genotype[BATCH][GENOTYPE + 1];
    struct ohm_trial *trial = ohm_alloc(BATCH, sizeof *trial);
    double in_commit = 0;
    int64_t done = 0;

    if (!trial)
        exit(1);
    while (done < n) {
        const int rows = n - done < BATCH ? (int)(n - done) : BATCH;
        double start;

        for (int i = 0; i < rows; i++) {
            struct ohm_trial *t = &trial[i];
            const int length = snprintf(genotype[i], sizeof genotype[i], "trial=%lld;", (long long)(done + i));

            memset(genotype[i] + length, 'g', (size_t)(GENOTYPE - length));
            *t = (struct ohm_trial){.number = done + i,
                                    .generation = (done + i) / 100,
                                    .state = "complete",
                                    .net_id = ohm_hash_mix((uint64_t)(done + i), 99),
                                    .genotype = genotype[i],
                                    .operation = "mutate",
                                    .parent = {done + i - 1, -1},
                                    .time_s = NAN,
                                    .feasible = (done + i) % 10 != 0};
            for (int k = 0; k < METRICS; k++)
                t->metric[k] = unit(t->number, k);
        }
        start = now_s();
        need(ohm_store_commit(store, study, trial, rows, NULL, err), err);
        in_commit += now_s() - start;
        done += rows;
    }
    printf("commit            %10.0f trials/s\n", (double)n / in_commit);
    ohm_free(trial);
}

static enum ohm_status count(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    (void)trial;
    (void)err;
    ++*(int64_t *)context;
    return OHM_OK;
}

static void tell(const char *name, double start, int64_t rows)
{
    printf("%-18s%10.1f ms   %lld rows\n", name, 1e3 * (now_s() - start), (long long)rows);
}

static void ask(struct ohm_store *store, int64_t study, struct ohm_error *err)
{
    static const char *const two[] = {"metric_0", "metric_1"}, *const expr[] = {"metric_0 - 2 * metric_1"};
    struct ohm_query query = {.study = study, .where = "metric_0 >= 0.9 && metric_1 < 0.2", .limit = 20};
    double *value = NULL, start = now_s();
    int64_t *number = NULL, rows = 0, found, which;
    char id[32];

    need(ohm_store_best(store, study, 0, 1, count, &rows, err), err);
    tell("best 1", start, rows);
    start = now_s();
    rows = 0;
    need(ohm_store_best(store, study, 0, 10, count, &rows, err), err);
    tell("best 10", start, rows);
    start = now_s();
    need(ohm_store_columns(store, study, two, 2, NULL, &value, &number, &rows, err), err);
    tell("columns of 2", start, rows);
    ohm_free(value);
    ohm_free(number);
    start = now_s();
    need(ohm_store_columns(store, study, expr, 1, NULL, &value, &number, &rows, err), err);
    tell("expression", start, rows);
    ohm_free(value);
    ohm_free(number);
    start = now_s();
    rows = 0;
    need(ohm_store_query(store, &query, count, &rows, err), err);
    tell("where, limit 20", start, rows);
    query.sort = "-metric_2";
    start = now_s();
    rows = 0;
    need(ohm_store_query(store, &query, count, &rows, err), err);
    tell("where, sort, limit", start, rows);
    query.where = "metric_0 >= 2";
    start = now_s();
    rows = 0;
    need(ohm_store_query(store, &query, count, &rows, err), err);
    tell("where, none fits", start, rows);
    start = now_s();
    rows = 0;
    need(ohm_store_each_trial(store, study, 0, count, &rows, err), err);
    tell("each trial", start, rows);
    snprintf(id, sizeof id, "n:%012llx", (unsigned long long)(ohm_hash_mix((uint64_t)rows / 2, 99) >> 16));
    start = now_s();
    need(ohm_store_find_trial(store, study, id, &found, &which, err), err);
    tell("find by content id", start, 1);
}

int main(int argc, char **argv)
{
    static const int objective_metric[] = {0, 1}, objective_sign[] = {1, -1};
    static const char *const objective_text[] = {"max metric_0", "min metric_1"};
    const char *path = argc > 2 ? argv[2] : "bench_store.db";
    struct ohm_study_spec spec = {.name = "bench",
                                  .metric_count = METRICS,
                                  .objective_metric = objective_metric,
                                  .objective_sign = objective_sign,
                                  .objective_text = objective_text,
                                  .objective_count = 2};
    char name[METRICS][16];
    const char *names[METRICS];
    struct ohm_store *store = NULL;
    struct ohm_error err = {0};
    int64_t n = 1000000, study = 0;
    struct stat info = {0};
    double start;

    if (argc > 1 && (!ohm_parse_int64(argv[1], &n) || n < 1)) {
        fprintf(stderr, "usage: bench_store [N [FILE]]\n");
        return 2;
    }
    for (int i = 0; i < METRICS; i++) {
        snprintf(name[i], sizeof name[i], "metric_%d", i);
        names[i] = name[i];
    }
    spec.metrics = names;
    unlink(path);
    need(ohm_store_open(&store, path, OHM_STORE_CREATE, &err), &err);
    need(ohm_store_add_study(store, &study, &spec, &err), &err);
    write_all(store, study, n, &err);
    start = now_s();
    ohm_store_close(store);
    tell("close", start, n);
    need(ohm_store_open(&store, path, OHM_STORE_READ, &err), &err);
    ask(store, study, &err);
    start = now_s();
    need(ohm_store_check(store, &err), &err);
    tell("check", start, n);
    ohm_store_close(store);
    stat(path, &info);
    printf("file              %10.1f MB, %.0f bytes a trial\n", (double)info.st_size / 1e6,
           (double)info.st_size / (double)n);
    printf("peak memory       %10.1f MB\n", memory_MB());
    return unlink(path);
}
