/* bench.h - strategies on a published table: how far from the best row is the best one found after so many queries?
 *
 * A table is a CSV file with one network a row: a column that names it (the space's `key` text, or its canonical text)
 * and a column that was measured. Only networks of the table may be asked. Every query is charged, also one that asks
 * for a network a second time. Regret is simple regret: |best of the table - best asked so far|, without noise. */
#ifndef OHM_BENCH_H
#define OHM_BENCH_H

#include "ohm/error.h"
#include "ohm/space.h"
#include "ohm/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { OHM_BENCH_POINTS_MAX = 16, OHM_BENCH_CURVES_MAX = 32, OHM_BENCH_NAME_SIZE = 256 };

/* ---- the table ---- */

struct ohm_bench_table; /* immutable once loaded; shared by threads */

/* space must outlive the table. `key` names the column of networks, `objective` the measured one. Of several rows with
 * one network the last counts; rows without a value (empty, nan) are left out.
 * OHM_ENOTFOUND: no such file or column (with the nearest). OHM_EDATA: a damaged file, a key that is no network of the
 * space (with its line), or no row with a value. */
enum ohm_status ohm_bench_load(struct ohm_bench_table **out, const struct ohm_space *space, const char *path,
                               const char *key, const char *objective, bool minimize, struct ohm_error *err);
void ohm_bench_table_free(struct ohm_bench_table *table);
int ohm_bench_rows(const struct ohm_bench_table *table);       /* networks that can be asked */
int ohm_bench_without(const struct ohm_bench_table *table);    /* rows left out for having no value */
double ohm_bench_optimum(const struct ohm_bench_table *table); /* the best value */
const char *ohm_bench_objective(const struct ohm_bench_table *table);

/* ---- the run ---- */

struct ohm_bench_options {
    /* "regevo", or with options "regevo:population=20,repeats=true"; count = 0: every strategy, and regevo with
     * repeats, which is how published curves of it are made. */
    const char *const *strategy;
    int count;                                            /* <= OHM_BENCH_CURVES_MAX */
    int budget;                                           /* queries a run, 1 ... 100000 */
    int seeds;                                            /* runs a strategy, 1 ... 100000 */
    uint64_t seed;                                        /* of it all; run i of every strategy uses its i-th child */
    int jobs;                                             /* threads over the runs; the result does not depend on it */
    bool (*progress)(void *context, int done, int total); /* runs; from the calling thread; may be NULL. false: stop */
    void *context;
};

/* Mean of (regret of this strategy - regret of the other), paired by seed, with its 95 % bootstrap interval: below zero
 * where this one is better. NaN where the other was not run. */
struct ohm_bench_difference {
    double mean, low, high;
};

struct ohm_bench_point {
    int queries;
    double mean, low, high; /* mean regret with its 95 % bootstrap interval */
    double q25, median, q75;
    double hit; /* share of the runs that have found the optimum */
    struct ohm_bench_difference to_random, to_regevo;
};

struct ohm_bench_curve {
    char name[OHM_BENCH_NAME_SIZE]; /* as asked for */
    struct ohm_bench_point point[OHM_BENCH_POINTS_MAX];
    double *regret; /* [seeds][points] */
    double seconds; /* processor time of all runs, tables included */
};

struct ohm_bench_result {
    int points, seeds, budget;
    int queries[OHM_BENCH_POINTS_MAX]; /* 10 25 50 100 200 300 500 1000 2000 5000, up to and with the budget */
    int count;
    struct ohm_bench_curve curve[OHM_BENCH_CURVES_MAX];
};

/* OHM_ENOTFOUND: an unknown strategy, with the nearest; OHM_ECONFIG, OHM_ERANGE: its options. A strategy that has asked
 * for every row stays at its last regret. OHM_EINTR: progress said stop. */
enum ohm_status ohm_bench_run(struct ohm_bench_result **out, const struct ohm_bench_table *table,
                              const struct ohm_bench_options *options, struct ohm_error *err);
void ohm_bench_free(struct ohm_bench_result *result);

/* Appends the result: a table for people; rows "strategy,queries,mean,low,high,q25,median,q75,hit,..." for programs. */
void ohm_bench_text(struct ohm_str *s, const struct ohm_bench_table *table, const struct ohm_bench_result *result);
void ohm_bench_csv(struct ohm_str *s, const struct ohm_bench_table *table, const struct ohm_bench_result *result);

#endif
