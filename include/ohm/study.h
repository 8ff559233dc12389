/* study.h - one search: its configuration, the loop ask - evaluate - tell - log, and its resumption.
 *
 *   study: kws-64core              # name, unique in the database
 *   task: kws                      # optional; the space is resnet-<task> when none is given
 *   space: resnet-kws              # name of a shipped space, or a path
 *   chip: hermes64                 # name or path
 *   chip_use: { read_mode: 4-phase, schedule: pipelined }
 *   chip_axes: { periphery: [ldpu, nmpu] }    # parameters of the chip that are searched too: ohm/chip_axes.h
 *   surrogates: [nb201-cifar10-pcm]           # names, folders, or plain XGBoost files as target=path
 *   strategy: { name: nsga2, population: 100 }
 *   objectives: [ maximize acc_1d, minimize energy_uJ ]   # a bare metric goes its natural way
 *   constraints: [ cores <= 64 ]
 *   budget: 10000                  # trials
 *   seed: 1
 *
 * Whatever says it (file, flag, environment, default), the configuration is a list of settings: key, value, origin. A
 * list such as `objectives` is several settings of one key. The run log keeps them, with the texts of space and chip.
 *
 * Resuming replays the log: the strategy is asked again for every generation, which gives the same candidates, and is
 * told what the log holds; then the run goes on. So a killed run, a split budget and any number of jobs give the same
 * trials in the same order. */
#ifndef OHM_STUDY_H
#define OHM_STUDY_H

#include "ohm/chip.h"
#include "ohm/doc.h"
#include "ohm/error.h"
#include "ohm/eval.h"
#include "ohm/store.h"
#include "ohm/strategy.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- settings ---- */

/* Keys: study task space chip surrogates strategy objectives constraints budget seed, and dotted ones for the options of
 * a table: chip_use.read_mode, strategy.population; and the axes of the chip, values with commas: chip_axes.periphery. */
struct ohm_setting {
    const char *key, *value;
    const char *origin; /* "study.yaml:14", "--budget", "OHMNAS_SEED", "default" */
};

/* Names to files: kind is "space", "chip" or "surrogate"; appends the path to `path`. OHM_ENOTFOUND with the nearest. */
typedef enum ohm_status ohm_find_fn(void *context, const char *kind, const char *name, struct ohm_str *path,
                                    struct ohm_error *err);

struct ohm_plan_spec {
    const char *path;                   /* study file, or NULL */
    const struct ohm_setting *settings; /* [count], stronger than the file; of one key a later one replaces an earlier
                                           one, except that a list key takes all with the strongest origin */
    int count;
    ohm_find_fn *find;
    void *find_context;
    int jobs;                           /* >= 1 */
};

/* Everything a study needs, read, loaded and checked. */
struct ohm_plan;
/* On failure diag holds every problem found, with file and line where there is one. */
enum ohm_status ohm_plan_load(struct ohm_plan **out, const struct ohm_plan_spec *spec, struct ohm_diag *diag);
/* The plan of a study in the log: settings, space and chip from the database, surrogates from their files, refused
 * (OHM_EDATA) when these are no longer what they were. spec->path and settings are not used. */
enum ohm_status ohm_plan_restore(struct ohm_plan **out, struct ohm_store *store, int64_t study,
                                 const struct ohm_plan_spec *spec, struct ohm_diag *diag);
void ohm_plan_free(struct ohm_plan *plan);

const char *ohm_plan_name(const struct ohm_plan *plan);
int64_t ohm_plan_budget(const struct ohm_plan *plan);
int ohm_plan_setting_count(const struct ohm_plan *plan);
const struct ohm_setting *ohm_plan_setting(const struct ohm_plan *plan, int i);
const struct ohm_space *ohm_plan_space(const struct ohm_plan *plan); /* what is searched, axes of the chip included */
const struct ohm_chip *ohm_plan_chip(const struct ohm_plan *plan); /* NULL: none */
const struct ohm_chip_use *ohm_plan_chip_use(const struct ohm_plan *plan);
struct ohm_evaluator *ohm_plan_evaluator(struct ohm_plan *plan);

/* What the genotypes of a study in the log mean. */
struct ohm_study_spaces {
    struct ohm_space *net;           /* of its networks: a genotype of `all`, read as one of `net`, is the network */
    struct ohm_space *all;           /* what was searched: `net` itself, or that with the axes of the chip behind */
    struct ohm_chip *chip;           /* NULL: none */
    struct ohm_chip_axes *chip_axes; /* NULL: none */
};
enum ohm_status ohm_study_spaces_load(struct ohm_study_spaces *out, struct ohm_store *store, int64_t study,
                                      struct ohm_diag *diag);
void ohm_study_spaces_release(struct ohm_study_spaces *spaces);

/* Settings of a study in the log as text "key value origin" rows without loading anything: see show --origin. */
typedef enum ohm_status ohm_setting_fn(void *context, const struct ohm_setting *setting, struct ohm_error *err);
enum ohm_status ohm_study_settings(struct ohm_store *store, int64_t study, ohm_setting_fn *fn, void *context,
                                   struct ohm_error *err);

/* ---- running ---- */

enum ohm_stage { OHM_STAGE_ASK, OHM_STAGE_EVALUATE, OHM_STAGE_TELL, OHM_STAGE_LOG, OHM_STAGE_REPLAY, OHM_STAGE_COUNT };
extern const char *const ohm_stage_names[OHM_STAGE_COUNT];

struct ohm_study_progress {
    int64_t done, budget;      /* trials in the log, and to be in it */
    int64_t infeasible, failed;
    int64_t ran;               /* trials evaluated by this call */
    double best;               /* first objective, user's direction; NaN: none yet */
    double hypervolume;        /* NaN where not defined */
    double elapsed_s;          /* of this call */
    double stage_s[OHM_STAGE_COUNT]; /* wall time of the running thread; LOG is time spent waiting for the writer */
    bool exhausted;            /* the space holds no further candidate */
};

struct ohm_run_options {
    int jobs;
    double commit_s;           /* rows reach the disk at least this often; default 0.2 when 0 */
    /* Called at least every 0.2 s from the running thread; false ends the run after a clean checkpoint (OHM_EINTR).
     * May be NULL. */
    bool (*progress)(void *context, const struct ohm_study_progress *p);
    void *context;
};

/* A new study: adds it to the store and runs it. OHM_EBUSY: the name is taken (resume it, or take another name).
 * OHM_EUNFIT: no candidate meets the free constraints. *study gets its id (also when interrupted). */
enum ohm_status ohm_study_run(struct ohm_plan *plan, struct ohm_store *store, const struct ohm_run_options *options,
                              int64_t *study, struct ohm_study_progress *result, struct ohm_error *err);
/* Goes on with a study until its budget plus add_budget is spent. OHM_EBUSY: live elsewhere. OHM_EDATA: the log is not
 * what this program would have asked (another version of the program or of the space). */
enum ohm_status ohm_study_resume(struct ohm_plan *plan, struct ohm_store *store, int64_t study, int64_t add_budget,
                                 const struct ohm_run_options *options, struct ohm_study_progress *result,
                                 struct ohm_error *err);

#endif
