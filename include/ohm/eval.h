/* eval.h - what a candidate is worth: the metrics of a network, from itself, the chip and the surrogates, and the
 * objectives and constraints written over them in the expression language. */
#ifndef OHM_EVAL_H
#define OHM_EVAL_H

#include "ohm/chip.h"
#include "ohm/chip_axes.h"
#include "ohm/error.h"
#include "ohm/expr.h"
#include "ohm/space.h"
#include "ohm/limits.h"
#include "ohm/surrogate.h"

#include <stdbool.h>
#include <stdint.h>

/* One metric that a candidate can have, in order of cost: free ones (net, chip) before paid ones (surrogate). */
struct ohm_metric {
    char name[64];        /* "params", "energy_uJ", "acc_1d", "acc_1d_sd" */
    const char *source;   /* "net", "chip", or the surrogate's name */
    const char *help;
    bool free;            /* known without spending a query: checked before anything is asked */
    int sign;             /* its natural direction: +1 larger is better, -1 smaller is better */
};

/* The metrics that every study has, those of the network and those of the chip; NULL past the last. A surrogate adds
 * its targets, and <target>_sd where it has an ensemble: targets that begin with "acc" or "rank" are better large, all
 * others better small. */
const struct ohm_metric *ohm_fixed_metric(int i);
/* The value of a metric of the chip by its name, NaN of cost NULL; false: it is none of the chip. */
bool ohm_cost_metric(double *value, const struct ohm_cost *cost, const char *name);
/* The natural direction of any metric by its name, as said above: +1 or -1. */
int ohm_metric_sign(const char *name);

struct ohm_objective {
    struct ohm_expr *expr;
    int sign;             /* +1 maximise, -1 minimise */
    const char *text;     /* as the user wrote it */
    const char *metric;   /* name of the logged metric: a metric's own name, or "objective_1" for a formula */
};

/* Splits "maximize acc_1d" (or maximise, max; minimize, minimise, min): *sign is +1, -1, or 0 where the text says no
 * direction; the result points at the expression within text. */
const char *ohm_objective_split(const char *text, int *sign);

struct ohm_evaluator;

struct ohm_evaluator_spec {
    const struct ohm_space *space;        /* with chip_axes the extended one; surrogates are of its base */
    const struct ohm_chip *chip;          /* NULL: no chip metrics */
    struct ohm_chip_use use;
    const struct ohm_chip_axes *chip_axes; /* NULL: chip and use are the same for all; borrowed */
    struct ohm_surrogate *const *surrogates; /* [surrogate_count], borrowed */
    int surrogate_count;
    const struct ohm_chip_condition *surrogate_on; /* [surrogate_count] the chips that each was measured on; NULL: all.
                                                      Those with the same targets take turns; where two of them, or
                                                      none, hold for a chip, creating fails (OHM_ECONFIG) */
    const char *const *objectives;        /* "maximize acc_1d", "energy_uJ" (a metric's natural direction);
                                             a formula needs the word */
    int objective_count;
    const char *const *constraints;       /* expressions over metrics and axes of the space; true = met */
    int constraint_count;
    int jobs;                             /* workers that may call at once */
};

/* OHM_ENOTFOUND: a name that no metric has, with the nearest. OHM_ECONFIG: syntax. */
enum ohm_status ohm_evaluator_create(struct ohm_evaluator **out, const struct ohm_evaluator_spec *spec,
                                     struct ohm_error *err);
void ohm_evaluator_free(struct ohm_evaluator *e);

int ohm_evaluator_metrics(const struct ohm_evaluator *e);
const struct ohm_metric *ohm_evaluator_metric(const struct ohm_evaluator *e, int i);
int ohm_evaluator_objectives(const struct ohm_evaluator *e);
const struct ohm_objective *ohm_evaluator_objective(const struct ohm_evaluator *e, int i);

/* Index of a metric by name, or -1. */
int ohm_evaluator_find(const struct ohm_evaluator *e, const char *name);
/* Names of all metrics (for hints): [ohm_evaluator_metrics(e)], owned by the evaluator. */
const char *const *ohm_evaluator_names(const struct ohm_evaluator *e);

/* May it be asked? Decodes, prices, checks the free constraints; without any, everything may, and a genotype that gives
 * no network fails when it is evaluated. Pure; `worker` names the scratch, in [0, jobs). *broken (may be NULL) gets the
 * text of the first constraint broken. */
bool ohm_evaluator_admits(struct ohm_evaluator *e, const struct ohm_genotype *g, int worker, const char **broken);

struct ohm_evaluation {
    double metric[OHM_METRICS_MAX];
    double objective[8];      /* minimised: -value where the user maximises */
    double sd[8];             /* NaN where the objective is no surrogate's target */
    double violation;         /* sum of relative violations of all constraints; 0 = feasible */
    const char *broken;       /* first constraint broken, or NULL */
};
/* Everything about n candidates at once (surrogates are scored in a batch), on `jobs` threads; the result does not
 * depend on jobs. OHM_ERANGE and such of single candidates do not fail the call: their metrics are NaN and `broken`
 * says why. */
enum ohm_status ohm_evaluate(struct ohm_evaluator *e, const struct ohm_genotype *g, int n, int jobs,
                             struct ohm_evaluation *out, struct ohm_error *err);

/* Objectives and their sd again from out->metric as read from a log: the same bits as when they were measured. */
void ohm_evaluator_recall(const struct ohm_evaluator *e, struct ohm_evaluation *out);

#endif
