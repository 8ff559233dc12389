/* loop_int.h - what the files of loop share. */
#ifndef OHM_LOOP_INT_H
#define OHM_LOOP_INT_H

#include "ohm/eval.h"
#include "ohm/limits.h"
#include "ohm/loop.h"
#include "ohm/mem.h"
#include "ohm/rng.h"

/* ---- goals.c: objectives and constraints, of what is predicted and of what was measured ---- */

enum { GOALS_MAX = 32 };

/* A network is a vector of values: metrics of net and chip, the figures that the goals name, and the figures' standard
 * deviations. */
struct goals {
    const struct ohm_space *space;
    int fixed, figures;          /* slots: fixed, then figures, then as many deviations */
    int figure[OHM_TARGETS_MAX]; /* index in the source's list */
    struct ohm_target_name target[OHM_TARGETS_MAX];
    int natural[OHM_TARGETS_MAX];   /* +1: larger is better */
    char name[OHM_METRICS_MAX][64]; /* of the slots */
    const char *names[OHM_METRICS_MAX];
    struct ohm_expr *objective[OHM_OBJECTIVES_MAX], *constraint[GOALS_MAX];
    int sign[OHM_OBJECTIVES_MAX];
    bool noisy[OHM_OBJECTIVES_MAX]; /* it names a figure */
    bool free[GOALS_MAX];           /* constraint: it names none */
    const char *constraint_text[GOALS_MAX];
    int objectives, constraints;
};
/* metrics: an evaluator without surrogates, for the names that net and chip have. */
enum ohm_status goals_create(struct goals *goals, const struct ohm_loop_spec *spec, const struct ohm_evaluator *metrics,
                             struct ohm_error *err);
void goals_release(struct goals *goals);
/* objective[objectives], minimised; NaN where something is missing. */
void goals_objectives(const struct goals *goals, const double *value, double *objective);
/* Sum over the constraints; 0: all are met. */
double goals_violation(const struct goals *goals, const struct ohm_genotype *g, const double *value);

/* ---- known.c: what was measured ---- */

struct network {
    struct ohm_collect_item item;
    uint64_t id;
    int round;          /* in which it came */
    int rows, measured; /* of all states; of those with all figures */
    int next_repeat;    /* above all that it has */
    size_t capacity;
    double *objective; /* [measured][objectives] */
    double mean[OHM_OBJECTIVES_MAX];
    double value[OHM_METRICS_MAX]; /* figures: means of the measured rows */
    bool usable;                   /* measured, and all constraints met */
};

struct known {
    const struct goals *goals;
    struct ohm_evaluator *metrics; /* net and chip, no surrogate */
    struct network *network;
    size_t capacity, row_capacity;
    int count, rows;
    struct known_row {
        int network;
        double figure[OHM_TARGETS_MAX];
    } * row; /* [rows] in order of coming */
};
enum ohm_status known_add(struct known *known, const struct ohm_loop_row *row, int round, struct ohm_error *err);
void known_release(struct known *known);
int known_find(const struct known *known, uint64_t id); /* -1: none */
/* Usable networks that no other dominates: index[known->count]. */
enum ohm_status known_front(const struct known *known, int *index, int *count, struct ohm_error *err);
/* Variance of one row about the mean of its network, pooled over networks, for each noisy objective; 0 for the others.
 * *degrees of freedom; with none the variances are NaN. */
void known_noise(const struct known *known, double variance[OHM_OBJECTIVES_MAX], int *degrees);

/* ---- model.c: the surrogate of the moment ---- */

struct model {
    struct ohm_surrogate *surrogate;
    struct ohm_evaluator *evaluator; /* metrics of net, chip and surrogate; free constraints */
    double tau;                      /* of held-out rows, mean over the figures */
};
/* Can anything be learned from these rows? */
bool model_can_fit(const struct known *known, const struct ohm_loop_spec *spec);
enum ohm_status model_fit(struct model *model, const struct known *known, const struct ohm_loop_spec *spec,
                          const char *folder, uint64_t round, struct ohm_error *err);
void model_release(struct model *model);
enum ohm_status loop_evaluator(struct ohm_evaluator **out, const struct ohm_loop_spec *spec, const struct goals *goals,
                               struct ohm_surrogate *surrogate, struct ohm_error *err);
/* A folder of its own for a surrogate, and its removal. */
enum ohm_status model_folder_make(struct ohm_str *folder, struct ohm_error *err);
void model_folder_remove(const char *folder);

/* ---- pool.c: candidates ---- */

struct candidate {
    struct ohm_genotype genotype;
    uint64_t id;
    double value[OHM_METRICS_MAX]; /* predicted, with deviations */
};
struct pool {
    struct candidate *item;
    size_t capacity;
    int count;
};
/* Searches on the surrogate, and looks around the measured front: candidates that were not measured, each once. */
enum ohm_status candidates_find(struct pool *pool, const struct known *known, const struct model *model,
                                const struct ohm_loop_spec *spec, const struct ohm_rng *rng, struct ohm_error *err);
void candidates_release(struct pool *pool);

/* A set of numbers other than 0. */
struct id_set {
    uint64_t *slot;
    size_t mask;
    int count;
};
bool id_set_has(const struct id_set *set, uint64_t id);
enum ohm_status id_set_add(struct id_set *set, uint64_t id, struct ohm_error *err);
void id_set_release(struct id_set *set);

/* ---- choose.c ---- */

struct choice {
    int candidate; /* of the pool */
    double gain;   /* of hypervolume, that is expected */
};
/* Up to n candidates, best first; reference[objectives]. */
enum ohm_status loop_choose(struct choice *choice, int *chosen, int n, const struct pool *pool,
                            const struct known *known, const double *reference, const struct ohm_loop_spec *spec,
                            const struct ohm_rng *rng, struct ohm_error *err);
/* What the box between y and the reference has beside the boxes of the n rows of front. */
enum ohm_status gain_of(double *gain, const double *y, const double *front, int n, int m, const double *reference,
                        struct ohm_error *err);

/* ---- race.c ---- */

struct race {
    double variance[OHM_OBJECTIVES_MAX]; /* of one row */
    int degrees;
    bool *open;    /* [known->count] noise leaves open whether it belongs to the front */
    double *doubt; /* [known->count] largest p of the open comparisons in which it is the one that lacks rows */
    int front_count;
    int *front;     /* [front_count] */
    int contenders; /* open, and not on the front */
};
/* look: how often this was asked before, and 1. */
enum ohm_status race_look(struct race *race, const struct known *known, int look,
                          const struct ohm_loop_options *options, struct ohm_error *err);
/* Networks that get a row more: at most n, none that has `seeds` rows already. */
int race_pick(int *network, int n, const struct race *race, const struct known *known, int64_t seeds);
void race_release(struct race *race);
/* P(T > t) of Student's t with that many degrees of freedom. */
double student_tail(double t, int degrees);

/* ---- journal.c ---- */

enum group_kind { GROUP_HAD, GROUP_DRAWN, GROUP_CHOSEN, GROUP_REPEAT, GROUP_KINDS };

struct decision {
    struct ohm_collect_item item;
    double gain;                        /* NaN: none was expected */
    double figure[2 * OHM_TARGETS_MAX]; /* predicted, then the deviations; NaN: nothing was */
};
struct group {
    int round, kind;
    double tau;
    int count;
    struct decision *item; /* [count], owned */
};
struct journal {
    int fd; /* -1: there is none */
    const char *path;
    const struct goals *goals;
    struct group *group; /* that the file held */
    size_t capacity;
    int count;
};
/* path NULL: none. `settings` must be those of the file, where there is one. A group that was not written whole is cut
 * off. */
enum ohm_status journal_open(struct journal *journal, const char *path, const struct goals *goals,
                             const struct ohm_loop_spec *spec, struct ohm_error *err);
enum ohm_status journal_append(struct journal *journal, const struct group *group, struct ohm_error *err);
void journal_close(struct journal *journal);
void group_release(struct group *group);

/* ---- loop.c, result.c ---- */

struct loop {
    const struct ohm_loop_spec *spec;
    struct ohm_loop_result *result;
    struct goals goals;
    struct ohm_evaluator *metrics;
    struct known known;
    struct journal journal;
    struct ohm_loop_rows had; /* at hand when the run began */
    struct ohm_rng rng;
    struct ohm_str folder;
    bool own_folder, has_reference;
    double reference[OHM_OBJECTIVES_MAX]; /* minimised */
    int replayed;                         /* groups taken from the journal */
    int made;                             /* trainings */
    double cost_s, tau;
    int looks; /* of the race */
};

enum ohm_status loop_read_reference(struct loop *loop, struct ohm_error *err);
enum ohm_status loop_note_step(struct loop *loop, struct ohm_error *err);
enum ohm_status loop_end_round(struct loop *loop, int number, struct ohm_error *err);
/* As far as the loop came, whatever ended it. */
enum ohm_status loop_tell(struct loop *loop, struct ohm_error *err);

#endif
