/* eval_int.h - what the files of eval share. */
#ifndef OHM_EVAL_INT_H
#define OHM_EVAL_INT_H

#include "ohm/eval.h"
#include "ohm/mem.h"

/* One row of the table of metrics that come from the network and the chip. */
struct fixed_metric {
    struct ohm_metric metric;
    bool needs_chip;
    double (*value)(const struct ohm_net *net, const struct ohm_cost *cost);
};
/* [*count] rows. */
const struct fixed_metric *fixed_metrics(int *count);

/* Evaluated in blocks, so that the surrogates score many rows at once while a block's rows are still in the cache. */
enum { BLOCK = 64 };

/* Its names are metrics (slot = index) and axes of the space (slot = OHM_METRICS_MAX + axis). */
struct constraint {
    struct ohm_expr *expr;
    bool free; /* uses axes and free metrics only */
};

struct surrogate_slot {
    const struct ohm_surrogate *surrogate;
    const struct ohm_features *features;
    int first;      /* metric of its first target */
    int targets;
    bool has_sd;    /* then metrics first + targets ... are the targets' _sd */
    bool needs_net;
    struct ohm_chip_condition on; /* the chips that it is for; of slots with one `first` just one is for each */
};

/* One worker's memory. */
struct scratch {
    struct ohm_net_builder builder;
    float *x;          /* [BLOCK][features of the widest surrogate] */
    double *mean, *sd; /* [BLOCK][OHM_TARGETS_MAX] */
};

struct ohm_evaluator {
    const struct ohm_space *space;
    const struct ohm_chip *chip;
    struct ohm_chip_use use;
    const struct ohm_chip_axes *chip_axes; /* NULL: none */
    struct surrogate_slot *surrogate;
    int surrogates;
    struct ohm_metric metric[OHM_METRICS_MAX];
    const char *name[OHM_METRICS_MAX]; /* of metric[i] */
    int metrics;
    int fixed_index[OHM_METRICS_MAX];  /* metric i < fixed: row of the table */
    int fixed;                         /* metrics that come from net and chip; they stand first */
    int chip_first;                    /* with axes of the chip: area of whole chips, then one metric an axis */
    struct ohm_objective objective[8];
    int objective_metric[8];           /* where its value is logged */
    int objective_sd[8];               /* metric with its standard deviation, -1: none */
    int objectives;
    struct constraint *constraint;
    int constraints;
    bool any_free_constraint;
    bool uses_axes;                    /* some constraint names an axis of the space */
    struct scratch *scratch;           /* [jobs] */
    int jobs;
};

/* The metrics of net and chip of one candidate, into metric[]. OHM_ERANGE: no such network; `reason` says why. */
enum ohm_status evaluate_free(const struct ohm_evaluator *e, const struct ohm_genotype *g, struct scratch *scratch,
                              const struct ohm_net **net, double *metric, struct ohm_error *err);

#endif
