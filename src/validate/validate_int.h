/* validate_int.h - a network on tiles, and the ranges of its inputs. */
#ifndef OHM_VALIDATE_INT_H
#define OHM_VALIDATE_INT_H

#include "ohm/forward.h"
#include "ohm/validate.h"

/* ---- chip.c: the matrices of a network on tiles ---- */

struct chip_matrix {
    int layer;
    int rows, columns;        /* of a group */
    struct ohm_tiles **group; /* [groups] */
    int groups;
};

/* What the digital units behind a matrix do. */
struct chip_fold {
    float *scale, *shift; /* [columns of all groups]: of the batch norm, or 1 and 0 */
    float *offset;        /* shift with the bias */
    float *peak;          /* [jobs]: largest number on links and outputs */
    bool relu;
};

struct chip {
    const struct ohm_net *net;
    const struct ohm_weights *w;
    struct ohm_weights *around; /* those of the layers around the matrices: w, or folded */
    struct chip_fold *fold;     /* [layers]; NULL: the periphery is fp32 */
    struct ohm_weights folded;  /* w without the batch norms that are folded */
    bool measuring;             /* peaks of the folds */
    struct chip_matrix *matrix; /* [matrices] */
    int matrices;
    int *place; /* [layers]: index in matrix, or -1 */
    struct ohm_exec exec;
    struct ohm_rng vectors; /* of this draw, read and time */
    uint64_t first;         /* number of the first image of the batch under way */
    struct ohm_buffer room; /* of all workers */
    size_t room_each;
};

enum ohm_status chip_create(struct chip **out, const struct ohm_validate_spec *spec, struct ohm_error *err);
void chip_free(struct chip *chip);
enum ohm_status chip_program(struct chip *chip, const struct ohm_rng *stream, struct ohm_error *err);
enum ohm_status chip_read(struct chip *chip, double t_s, const struct ohm_rng *stream, struct ohm_error *err);
/* An ohm_matrix_fn. */
bool chip_multiply(void *chip, int layer, float *y, const float *x, int n);
/* Mean |now - target| / largest target of the tile over all weights, and mean factor of compensation of all columns. */
void chip_distance(const struct chip *chip, double *dw, double *alpha);

/* ---- validate.c: what random numbers are named by ---- */

struct ohm_rng ohm_stream_of_draw(uint64_t seed, int draw);
/* Of one read at one time. */
struct ohm_rng ohm_stream_of_reading(const struct ohm_rng *draw, int read, double t_s);

/* ---- periphery.c ---- */

/* Before the tiles are made; after that. */
enum ohm_status folds_init(struct chip *chip, const struct ohm_validate_spec *spec, struct ohm_error *err);
enum ohm_status folds_measure(struct chip *chip, const struct ohm_validate_spec *spec, struct ohm_error *err);
void folds_free(struct chip *chip);
/* partials[rows][n][columns], as of ohm_mvm, of a group. */
struct fold_size {
    int rows, n, columns;
};
void fold_see(struct chip_fold *fold, const float *partials, const struct fold_size *size, int group, int worker);

/* ---- range_rules.c ---- */

enum { SEEN_BINS = 1 << 15 };
/* The inputs of a layer, by size. */
struct census {
    uint64_t *count; /* [SEEN_BINS] */
    int64_t n;
    double sum, squares;
    float most;
};
enum ohm_status seen_init(struct census *seen, struct ohm_error *err);
void seen_release(struct census *seen);
void seen_add(struct census *seen, const float *x, int64_t n);
/* *range > 0. OHM_EDATA: numbers that are none came. */
enum ohm_status seen_range(float *range, const struct census *seen, const struct ohm_range_rule *rule, int64_t dac_bits,
                           struct ohm_error *err);

/* ---- ranges.c ---- */

/* The training samples to calibrate with, through the network. *first, or NULL: number of the first one of the batch.
 */
enum ohm_status run_training_samples(const struct ohm_validate_spec *spec, ohm_matrix_fn *fn, void *context,
                                     uint64_t *first, struct ohm_error *err);

/* Sets the input ranges that are 0, or by another rule than that of training all; *found says how many. */
enum ohm_status find_ranges(const struct ohm_validate_spec *spec, int *found, struct ohm_error *err);

/* ---- judge.c ---- */

/* Numbers of `count` samples spread evenly over `all`. */
int spread(int index, int count, int all);

struct judge {
    const struct ohm_validate_spec *spec;
    struct ohm_forward *forward;
    struct chip *chip; /* NULL: digital */
    int count, batch;
    int32_t *label; /* [batch] */
    int *number;    /* [batch] */
    int *bn_sample; /* [bn_count]: of part 0, in the order in which batch norms see them */
    int bn_count;   /* 0: their statistics stay as trained */
    struct ohm_validate_answers *answers; /* filled with samples and labels by each run; NULL: not kept */
    int32_t *right;                       /* [count] of them: each run adds its right answers */
};
enum ohm_status judge_init(struct judge *j, const struct ohm_validate_spec *spec, struct chip *chip,
                           struct ohm_error *err);
void judge_release(struct judge *j);
/* Takes the statistics of batch norms from the hardware as it is now, for the runs that follow. */
enum ohm_status judge_statistics(struct judge *j, struct ohm_error *err);
/* Correct answers to `count` samples of part 1. */
enum ohm_status judge_run(struct judge *j, int64_t *correct, struct ohm_error *err);

/* ---- summary.c ---- */

/* ohm_validate_summarize with scratch[draws * reads]. */
void summarize(struct ohm_validate_result *result, double *scratch);
/* Every interval is narrower than width. */
bool narrow_enough(const struct ohm_validate_result *result, double width);

#endif
