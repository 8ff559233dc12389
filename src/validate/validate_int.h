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

struct chip {
    const struct ohm_net *net;
    const struct ohm_weights *w;
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

/* ---- ranges.c ---- */

/* Sets the input ranges that are 0; *found says how many. */
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
};
enum ohm_status judge_init(struct judge *j, const struct ohm_validate_spec *spec, struct chip *chip,
                           struct ohm_error *err);
void judge_release(struct judge *j);
/* Correct answers to `count` samples of part 1. */
enum ohm_status judge_run(struct judge *j, int64_t *correct, struct ohm_error *err);

/* ---- summary.c ---- */

/* The moments and AVM from top1 of result->draws draws. scratch[draws * reads]. */
void summarize(struct ohm_validate_result *result, double *scratch);
/* Every interval is narrower than width. */
bool narrow_enough(const struct ohm_validate_result *result, double width);

#endif
