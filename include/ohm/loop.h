/* loop.h - the closed loop: a surrogate is fitted to the networks measured so far and searched, the networks from which
 * the front is expected to gain most are measured next, the surrogate is fitted again, and so on.
 *
 * What is measured comes from a source: trainings and validations (the rows of a collection), or a published table.
 * Each decision is a group of rows to be measured. A journal keeps the groups, each written before it is begun; so a
 * run that was killed goes on with the group under way, and the decisions are those of a run that was never stopped.
 * They depend on the rows that were at hand when the loop began, on the settings and on the seed: not on threads, not
 * on the order of rows in a file, not on rows that others add meanwhile. A larger budget or more rounds prolong a loop.
 */
#ifndef OHM_LOOP_H
#define OHM_LOOP_H

#include "ohm/chip.h"
#include "ohm/collect.h"
#include "ohm/error.h"
#include "ohm/field.h"
#include "ohm/limits.h"
#include "ohm/space.h"
#include "ohm/strategy.h"
#include "ohm/surrogate.h"
#include "ohm/surrogate_train.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- where figures come from ---- */

/* Accuracy and spread at each time, digital and exact accuracy, AVM. */
enum { OHM_LOOP_FIGURES_MAX = 2 * OHM_COLLECT_TIMES_MAX + 3 };

struct ohm_loop_row {
    struct ohm_collect_item item;
    double value[OHM_LOOP_FIGURES_MAX]; /* NaN: not measured */
    double cost_s;                      /* time of the processor; of a table what it says, or 1 */
};

struct ohm_loop_rows {
    struct ohm_loop_row *row;
    size_t capacity;
    int count;
};
enum ohm_status ohm_loop_rows_add(struct ohm_loop_rows *rows, const struct ohm_loop_row *row, struct ohm_error *err);

struct ohm_loop_source {
    void *context;
    int figures;
    const struct ohm_target_name *figure; /* [figures] what a row may tell */
    uint64_t fingerprint;                 /* of all that decides what a row holds */
    /* The rows at hand, in any order. */
    enum ohm_status (*read)(void *context, struct ohm_loop_rows *rows, struct ohm_error *err);
    /* Measures what is not at hand of item[n], on any number of threads; row[n] in their order. OHM_EINTR: stopped. */
    enum ohm_status (*measure)(void *context, struct ohm_loop_row *row, const struct ohm_collect_item *item, int n,
                               struct ohm_error *err);
    /* The network of that number of a random draw over all sizes; no two numbers have the same. *found is false past
     * the last. */
    enum ohm_status (*draw)(void *context, struct ohm_collect_item *item, int number, bool *found,
                            struct ohm_error *err);
    int listed; /* above 0: draw gives so many, and no other network can be measured */
    /* May it be measured? NULL: everything may. Thread-safe. */
    bool (*admits)(void *context, const struct ohm_genotype *g);
    void (*free)(void *context);
};

/* Rows of a collection. */
struct ohm_loop_collection {
    const struct ohm_collect *collect;
    const struct ohm_collect_recipe *recipe;
    struct ohm_collect_run run; /* path, jobs, program, stop, progress */
    /* The first so many of the draw come in another order, which has as many of each size; the others follow as they are
     * numbered: a longer draw begins with the shorter one. 0 ... networks of the recipe. */
    int shuffled;
    uint64_t seed; /* of that order */
};
/* collection is copied. */
enum ohm_status ohm_loop_source_collect(struct ohm_loop_source *out, const struct ohm_loop_collection *collection,
                                        struct ohm_error *err);

/* A published table. */
struct ohm_loop_table {
    const struct ohm_space *space;
    const char *path, *key;
    const char *const *target; /* [targets] "acc_1d:%=column", as ohm_rows_read_csv takes them */
    int targets;
    const char *const *noise; /* [noises] "acc_1d=column": standard deviation of what is measured about the value */
    int noises;
    const char *cost; /* seconds of a training, an expression over the columns; NULL: 1 */
    uint64_t seed;    /* of noise and draw */
};
enum ohm_status ohm_loop_source_table(struct ohm_loop_source *out, const struct ohm_loop_table *table,
                                      struct ohm_error *err);

/* ---- the loop ---- */

enum ohm_loop_choice { OHM_LOOP_GAIN, OHM_LOOP_MEAN, OHM_LOOP_RANDOM };

struct ohm_loop_options {
    int64_t start, scenarios, near, seeds;
    double optimism, level, apart;
    int choose; /* enum ohm_loop_choice */
    bool anew;
    char reference[OHM_FIELD_TEXT_SIZE];
};
extern const struct ohm_field ohm_loop_fields[];

struct ohm_loop_round {
    int number;         /* 0: before the first choice */
    int networks;       /* measured, of any state */
    int trainings;      /* made by this loop so far */
    double cost_s;      /* of these */
    int front;          /* networks on the measured front */
    double hypervolume; /* of the front, in the product of the objectives' units; NaN: nothing to be bounded by */
    double tau;         /* Kendall's tau of the held-out rows of the surrogate that chose the round; NaN: none did */
};
/* After each row that was measured, in the order in which they were decided on: what was reached for how much. */
struct ohm_loop_step {
    int trainings;
    double cost_s, hypervolume;
};
/* Called after each round, also after one that the journal held. */
typedef void ohm_loop_round_fn(void *context, const struct ohm_loop_round *round);

struct ohm_loop_spec {
    const struct ohm_space *space;
    const struct ohm_chip *chip; /* NULL: none */
    struct ohm_chip_use chip_use;
    const char *const *objectives, *const *constraints; /* as a study has them; at least one names a figure */
    int objective_count, constraint_count;
    const struct ohm_loop_source *source;
    const struct ohm_strategy_ops *strategy; /* that searches on the surrogate */
    const void *strategy_options;
    int64_t search_budget; /* candidates asked in each search */
    const char *features;  /* groups of the surrogate */
    const struct ohm_physics *physics;
    struct ohm_surrogate_options surrogate;
    struct ohm_loop_options options;
    int top, rounds, race; /* networks a round, rounds, repeats a round */
    int64_t trainings;     /* that may be made; 0: as many as the rounds need */
    double hours;          /* of processor time, likewise */
    int64_t seed;
    int jobs;
    const char *journal;  /* file; NULL: none is kept */
    const char *settings; /* whatever else decides what is measured, such as the recipe's fingerprint: kept in the
                             journal and compared; "" for none */
    const char *folder;   /* of the surrogate, replaced at each fit; NULL: a temporary one */
    const char *program;
    ohm_collect_stop_fn *stop;
    ohm_loop_round_fn *round;
    void *context;
};

enum ohm_loop_standing { OHM_LOOP_SETTLED, OHM_LOOP_OPEN };
extern const char *const ohm_loop_standing_names[];

struct ohm_loop_network {
    struct ohm_collect_item item;         /* base and genotype */
    int rows;                             /* measured, that is seeds */
    int round;                            /* in which it was first measured */
    int standing;                         /* enum ohm_loop_standing: OPEN where noise leaves open what dominates what */
    double objective[OHM_OBJECTIVES_MAX]; /* mean of its rows, as the user counts */
    double error[OHM_OBJECTIVES_MAX];     /* standard error of that; 0: exact; NaN: noise is not known */
    double figure[OHM_TARGETS_MAX];       /* mean, of the figures that are used */
    double metric[OHM_METRICS_MAX];       /* of network and chip */
};

struct ohm_loop_result {
    int objectives, figures, metrics;
    const char *objective[OHM_OBJECTIVES_MAX]; /* without "maximize"; of the spec */
    int sign[OHM_OBJECTIVES_MAX];
    double reference[OHM_OBJECTIVES_MAX], noise[OHM_OBJECTIVES_MAX]; /* as the user counts; NaN: not known */
    int degrees;                                                     /* of freedom of the noise */
    struct ohm_target_name figure[OHM_TARGETS_MAX];
    char metric[OHM_METRICS_MAX][64];
    struct ohm_loop_round *round; /* [rounds] */
    size_t round_capacity;
    int rounds;
    struct ohm_loop_step *step; /* [steps], from where there is a reference on */
    size_t step_capacity;
    int steps;
    struct ohm_loop_network *front; /* [count], by the first objective, best first */
    int count, contenders;          /* contenders: networks beside it of which noise leaves open whether they belong */
    bool spent;                     /* a budget ended it, not the number of rounds */
    bool exhausted;                 /* no network is left that could be measured */
};

/* OHM_ECONFIG: objectives that name nothing measured; a journal of other settings. OHM_EDATA: a damaged journal, or
 * rows that it names and that are gone. OHM_EBUSY: another process has the journal. OHM_EINTR: stopped. The result is
 * to be released in any case and tells as far as the loop came. */
enum ohm_status ohm_loop_run(struct ohm_loop_result *result, const struct ohm_loop_spec *spec, struct ohm_error *err);
void ohm_loop_result_release(struct ohm_loop_result *result);

#endif
