/* study_int.h - what the files of study share. */
#ifndef OHM_STUDY_INT_H
#define OHM_STUDY_INT_H

#include "ohm/chip_axes.h"
#include "ohm/mem.h"
#include "ohm/rng.h"
#include "ohm/study.h"
#include "ohm/surrogate.h"

/* ---- settings.c ---- */

/* A setting with the place it came from, for messages. rank orders the sources: default 0, file 1, then the caller's in
 * their order. */
struct stored_setting {
    struct ohm_setting setting; /* texts live in the list's arena */
    const char *path;
    int line, column, rank;
};

struct setting_list {
    struct stored_setting *item;
    size_t capacity;
    int count;
    struct ohm_arena arena;
};

bool setting_add(struct setting_list *list, const char *key, const char *value, const char *origin, int rank);
/* The strongest setting of a key, or NULL. */
const struct stored_setting *setting_find(const struct setting_list *list, const char *key);
const char *setting_value(const struct setting_list *list, const char *key, const char *fallback);
/* Drops what stronger settings replace, and checks every key. */
void settings_resolve(struct setting_list *list, struct ohm_diag *diag);
enum ohm_status setting_fail(struct ohm_diag *diag, const struct stored_setting *s, enum ohm_status status,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));
void settings_release(struct setting_list *list);

/* ---- plan_yaml.c ---- */

/* Fails where the file cannot be read as a map of YAML; errors in its settings are only noted in diag. */
enum ohm_status settings_read_yaml(struct setting_list *list, const char *path, struct ohm_diag *diag);

/* ---- plan.c ---- */

enum { SURROGATES_MAX = 8, LIST_MAX = 32 };

struct ohm_plan {
    struct setting_list settings;
    struct ohm_space *net_space; /* of the networks: what the study names, and surrogates are made for */
    struct ohm_space *space;     /* what is searched: net_space itself, or that with the axes of the chip */
    struct ohm_chip_axes *chip_axes; /* NULL: none */
    struct ohm_chip *chip;
    struct ohm_chip_use use;
    struct ohm_surrogate *surrogate[SURROGATES_MAX];
    struct ohm_chip_condition surrogate_on[SURROGATES_MAX]; /* the chips that it was measured on */
    int surrogates;
    const struct ohm_strategy_ops *strategy;
    void *strategy_options;
    struct ohm_evaluator *evaluator;
    struct ohm_features *features;   /* for a strategy's own model; NULL: it uses the genes */
    struct ohm_net_builder *builder; /* [jobs], for features that need the net */
    const char *objective[OHM_OBJECTIVES_MAX];
    const char *constraint[LIST_MAX];
    int objectives, constraints;
    int64_t budget, seed;
    int jobs;
};

/* The problem as the strategy sees it; valid as long as the plan. */
struct ohm_problem plan_problem(struct ohm_plan *plan);

/* ---- plan_chip.c: axes of the chip ---- */

bool plan_has_chip_axes(const struct ohm_plan *plan);
/* Makes plan->chip_axes and plan->space of the settings chip_axes.*, once space, chip and its use are there. */
void plan_load_chip_axes(struct ohm_plan *plan, struct ohm_diag *diag);
/* "NAME@read_mode=1-phase" names a surrogate that was measured on these chips only: writes NAME into name[size], and the
 * condition. False and noted where it cannot be. */
bool plan_split_surrogate(const struct ohm_plan *plan, const struct stored_setting *s, char *name, size_t size,
                          struct ohm_chip_condition *on, struct ohm_diag *diag);
/* Once the surrogates are there: refuses an axis that changes what they predict without their knowing it. */
void plan_check_chip_axes(const struct ohm_plan *plan, struct ohm_diag *diag);

/* ---- plan_log.c ---- */

/* The configuration as the JSON text that the log keeps. */
enum ohm_status plan_config(const struct ohm_plan *plan, struct ohm_str *json, struct ohm_error *err);
enum ohm_status settings_read_config(struct setting_list *list, struct ohm_store *store, int64_t study,
                                     struct ohm_diag *diag);
/* Compares the hashes that the log keeps with those of what was loaded. */
enum ohm_status plan_check_hashes(const struct ohm_plan *plan, struct ohm_store *store, int64_t study,
                                  struct ohm_diag *diag);

/* ---- writer.c: the log, written beside the search ---- */

struct writer;
enum ohm_status writer_create(struct writer **out, const struct ohm_plan *plan, struct ohm_store *store, int64_t study,
                              double commit_s, struct ohm_error *err);
/* Takes one finished trial; copies. */
enum ohm_status writer_add(struct writer *w, int64_t number, int64_t generation, const struct ohm_candidate *candidate,
                           const struct ohm_evaluation *evaluation, double time_s, struct ohm_error *err);
enum ohm_status writer_add_generation(struct writer *w, const struct ohm_generation_row *row, struct ohm_error *err);
/* Sends what has waited for commit_s or longer on its way. Call it after each generation. */
enum ohm_status writer_tick(struct writer *w, struct ohm_error *err);
/* Everything taken so far is on the disk when this returns. */
enum ohm_status writer_flush(struct writer *w, struct ohm_error *err);
void writer_free(struct writer *w); /* without flushing */

/* ---- history.c: what the log already holds ---- */

struct history {
    int64_t count, at; /* trials read; next one to be replayed */
    int objectives;
    uint64_t *id;
    double *objective, *sd, *violation; /* [count][objectives] twice, [count] */
    int64_t last_generation;            /* that has a row; -1: none */
    size_t capacity;
};
enum ohm_status history_load(struct history *h, struct ohm_store *store, int64_t study, const struct ohm_plan *plan,
                             struct ohm_error *err);
void history_release(struct history *h);

/* ---- front.c: the running front ---- */

struct front {
    int m, count;
    size_t capacity;
    double *value; /* [count][m] */
    double reference[OHM_OBJECTIVES_MAX];
    int64_t seen; /* feasible trials so far */
    bool changed;
    double volume;
    int64_t volume_at; /* trials when the volume was computed */
};
/* The reference point is the worst of each objective among the first so many feasible trials. */
enum { REFERENCE_TRIALS = 100 };
enum ohm_status front_add(struct front *f, const double *objective, struct ohm_error *err);
/* NaN while there is no reference yet. For three and more objectives it is computed anew only when the number of trials
 * has grown by a twentieth, and NaN in between. */
enum ohm_status front_volume(struct front *f, int64_t trials, double *volume, struct ohm_error *err);
void front_release(struct front *f);

#endif
