/* answers.h - which samples a trained network got right on analog hardware, sample by sample, as a CSV file: what
 * paired tests between networks are made from.
 *
 * A head of lines "# key: value", of which the first is "# ohmnas.answers/1 ...", then a table with a line a sample:
 *   item     number of the sample in the whole set, rising
 *   id       eight hex digits, of its name and content
 *   group    eight hex digits, of its speaker; only where the set knows speakers
 *   class    its label
 *   digital  1: right without hardware
 *   TIME     ("1d") right answers among draws x reads
 * A file is as short as that allows, and the same answers give the same bytes. */
#ifndef OHM_ANSWERS_H
#define OHM_ANSWERS_H

#include "ohm/error.h"
#include "ohm/mem.h"
#include "ohm/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { OHM_ANSWERS_TIMES_MAX = 64 };

struct ohm_answers_item {
    int number, label;
    uint32_t id, group; /* group 0 where there are none */
    int line;           /* of the file; 0: of none */
};

struct ohm_answers {
    const char *path; /* for messages */
    const char *program, *network, *network_hash, *weights, *task, *samples, *split, *chip, *device, *settings;
    int64_t folds, fold, seed, draws, reads; /* folds 0: the split as given */
    bool grouped;
    int items, times;
    const char **time;             /* [times], as asked for */
    double *t_s;                   /* [times] */
    struct ohm_answers_item *item; /* [items] */
    int32_t *right;                /* [1 + times][items]: without hardware, then at each time */
    struct ohm_arena arena;        /* of all that the reader made */
};

/* Appends the file. Texts without line ends. */
void ohm_answers_write(struct ohm_str *s, const struct ohm_answers *answers);
/* OHM_ENOTFOUND: no such file. OHM_EDATA with file and line: another kind of file, a head or a row that lacks
 * something, a number out of its range, items that do not rise, fewer or more of them than the head says (a file cut
 * short). *out is all zero on failure. */
enum ohm_status ohm_answers_load(struct ohm_answers *out, const char *path, struct ohm_error *err);
enum ohm_status ohm_answers_parse(struct ohm_answers *out, const char *bytes, size_t length, const char *path,
                                  struct ohm_error *err);
void ohm_answers_release(struct ohm_answers *answers); /* {0} is fine */
/* Index of a time, -1: none. */
int ohm_answers_time(const struct ohm_answers *answers, double t_s);

/* ---- trainings of one network ---- */

/* Files joined: each training of a network has answers to the same items. Without folds a file is a training; with
 * folds those of one seed are, each fold once. */
struct ohm_answers_side {
    const struct ohm_answers *file; /* [files], borrowed */
    int files, seeds, items;
    struct ohm_answers_place {
        int file, row, number;
    } * place; /* [seeds][items], by number; owned */
};

/* OHM_EDATA with file and line: files of several networks, tasks, samples, splits, hardwares or times; weights, or a
 * fold of a seed, that are there twice; an item that a training lacks. The files must outlive the side. */
enum ohm_status ohm_answers_join(struct ohm_answers_side *out, const struct ohm_answers *file, int files,
                                 struct ohm_error *err);
void ohm_answers_side_release(struct ohm_answers_side *side);
/* OHM_EDATA: the sides are of other samples, splits or tasks, or have not the same items. */
enum ohm_status ohm_answers_match(const struct ohm_answers_side *a, const struct ohm_answers_side *b,
                                  struct ohm_error *err);
/* share[seeds][items]: of right answers at a time, by its index, or without hardware, -1. */
void ohm_answers_shares(const struct ohm_answers_side *side, double *share, int time);
/* group[items]; false: there are none. */
bool ohm_answers_groups(const struct ohm_answers_side *side, uint64_t *group);

#endif
