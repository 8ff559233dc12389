/* collect.h - measured networks as rows: drawn from a space, trained by a cheap recipe, judged on analog hardware over
 * time, and written to a file that is at once the log of the work and the table that surrogates are trained from.
 *
 * Row `id` of a recipe follows from the recipe, the samples and the id: not from threads, from the order in which rows
 * are finished, from kills or from the file; its columns of time spent do not count. Where networks are stopped early,
 * the thresholds come from the pilots, networks of the lowest numbers, which are measured first and never stopped.
 *
 * The file is CSV: comment lines with the recipe, a header, and one line a row, each appended with one write and
 * synced. A kill loses the rows under way and nothing else; a last line without its end is cut off. It is its own log
 * and no part of the run log, because it is what is published: one row a line, readable with every tool, mergeable by
 * lines, and a row says by a fingerprint what it came from. */
#ifndef OHM_COLLECT_H
#define OHM_COLLECT_H

#include "ohm/analog.h"
#include "ohm/chip.h"
#include "ohm/csv.h"
#include "ohm/data.h"
#include "ohm/device.h"
#include "ohm/error.h"
#include "ohm/space.h"
#include "ohm/str.h"
#include "ohm/train.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    OHM_COLLECT_TIMES_MAX = 16,
    OHM_COLLECT_STRATA_MAX = 32,
    OHM_COLLECT_RUNGS_MAX = 8,
    OHM_COLLECT_CURVE_MAX = 1024, /* epochs of a stage */
    OHM_COLLECT_ID_SIZE = 80
};

/* ---- the recipe ---- */

/*   collect: kws-cheap            # its name
 *   task: kws                     # names, as everywhere
 *   space: resnet-kws
 *   chip: hermes64
 *   device: pcm
 *   seed: 1                       # of the draw; network and hardware of a row have seed + repeat
 *   networks: 400
 *   repeats: {networks: 15, seeds: 3}                          # the first 15 are measured with three seeds
 *   draw: {strata: [10e3, 50e3, 200e3], where: cores <= 64}    # parameters of network i are in bin i mod 2
 *   search: {where: params < 400e3 && cores <= 64}             # what a closed loop may choose; else what is drawn
 *   samples: {train: train, judge: val, count: 10000}          # or {folds: 4, of: all}
 *   digital: {epochs: 5, lr: 0.1, ...}                         # a recipe of training, complete: nothing of the task's
 *   analog: {epochs: 2, ..., distill: 0.5, hardware: {noise: pcm, ...}}
 *   validate: {times: [0, 60s, 1h, 1d, 30d], draws: 3, samples: 1000, tile: {compensation: unbiased}}
 *   halving: {pilots: 40, epochs: [2, 4], share: 0.25}
 *
 * `where` is an expression over params, weights, macs, depth, cores, util, latency_us, energy_uJ, mvm_steps. Without
 * `digital` the hardware-aware training starts from drawn weights. Without `halving` nothing is stopped. */
struct ohm_collect_recipe {
    struct ohm_collect_names {
        char task[OHM_FIELD_TEXT_SIZE], space[OHM_FIELD_TEXT_SIZE], chip[OHM_FIELD_TEXT_SIZE];
        char device[OHM_FIELD_TEXT_SIZE], collect[OHM_FIELD_TEXT_SIZE];
        int64_t seed, networks;
    } use;
    struct ohm_collect_repeats {
        int64_t networks, seeds;
    } repeats;
    int edges; /* of the strata, rising; 0: the draw is not stratified */
    double edge[OHM_COLLECT_STRATA_MAX + 1];
    struct ohm_collect_draw {
        char where[OHM_FIELD_TEXT_SIZE];
        int64_t tries; /* draws for one network */
    } draw;
    struct ohm_collect_search {
        char where[OHM_FIELD_TEXT_SIZE]; /* bounds of a search on these rows; empty: strata and where of the draw */
    } search;
    struct ohm_collect_samples {
        int train, judge; /* enum ohm_split, without folds */
        int64_t folds;    /* 0: as the splits say; a network is trained once a fold and judged on all */
        int of;           /* what is divided: enum ohm_collect_of */
        int64_t count;    /* training samples used, spread evenly over those there are; 0: all */
        int64_t curve;    /* samples judged after each epoch, spread evenly; 0: none, and no halving */
    } samples;
    bool digital_stage;
    struct ohm_recipe digital, analog;
    struct ohm_collect_teach {
        double distill, temperature; /* share of labels by the digital network */
        int64_t reestimate;
    } teach;
    struct ohm_analog hardware;
    struct ohm_collect_validate {
        int64_t draws, samples, calibrate, bn_samples, batch;
    } validate;
    int times;
    char time_name[OHM_COLLECT_TIMES_MAX][16];
    double t_s[OHM_COLLECT_TIMES_MAX];
    struct ohm_tile_config tile; /* rows and columns 0: those of the chip */
    struct ohm_chip_use chip_use;
    struct ohm_collect_halving {
        int64_t pilots;
        double share; /* of the pilots below which a network is stopped */
    } halving;
    int rungs;
    int rung[OHM_COLLECT_RUNGS_MAX]; /* epochs of the first stage after which networks are stopped, rising */
    char *source;                    /* the file, owned */
};
enum ohm_collect_of { OHM_COLLECT_OF_TRAINVAL, OHM_COLLECT_OF_ALL };

/* Every problem of the file goes to diag; then the status is that of the first, and *recipe holds nothing. */
enum ohm_status ohm_collect_recipe_load(struct ohm_collect_recipe *recipe, const char *path, struct ohm_diag *diag);
enum ohm_status ohm_collect_recipe_parse(struct ohm_collect_recipe *recipe, const char *bytes, size_t length,
                                         const char *path, struct ohm_diag *diag);
void ohm_collect_recipe_release(struct ohm_collect_recipe *recipe);

/* ---- rows ---- */

enum ohm_collect_state { OHM_COLLECT_DONE, OHM_COLLECT_CENSORED, OHM_COLLECT_FAILED, OHM_COLLECT_STATES };
extern const char *const ohm_collect_state_names[OHM_COLLECT_STATES + 1];

struct ohm_collect_row {
    char id[OHM_COLLECT_ID_SIZE]; /* "17", its second seed "17.1", or the name of a network that was given */
    int state;                    /* enum ohm_collect_state */
    char reason[256];             /* of censored and failed */
    struct ohm_str genotype;      /* canonical text; empty: of no space */
    uint64_t net_hash;
    int64_t seed;
    struct ohm_collect_size {
        double params, weights, macs, depth, cores, util, latency_us, energy_uJ, mvm_steps;
    } size;
    /* percent; NaN: not measured */
    double acc_digital; /* digitally trained, without hardware */
    double acc_exact;   /* trained with hardware in the loop, judged without it */
    double acc[OHM_COLLECT_TIMES_MAX], spread[OHM_COLLECT_TIMES_MAX]; /* mean and standard deviation of draws */
    double avm;                                                       /* 60 s less 30 days, points */
    int curve_count;
    double curve[OHM_COLLECT_CURVE_MAX]; /* after each epoch of the first stage and fold, on `curve` samples */
    int64_t trained_on, judged_on;       /* samples: of the first fold; of all folds */
    double train_s, validate_s;          /* time of the processor */
};
void ohm_collect_row_release(struct ohm_collect_row *row);

/* ---- measuring ---- */

struct ohm_collect_parts { /* what the recipe names; borrowed */
    const struct ohm_space *space;
    const struct ohm_chip *chip;
    const struct ohm_device *device;
    struct ohm_data *data; /* refolded here, and never after create */
};
struct ohm_collect; /* opaque; immutable once created, shared by threads */

/* Draws all networks of the recipe. OHM_EUNFIT: none of a stratum is found; OHM_ECONFIG: parts and recipe do not go
 * together. recipe must outlive it. */
enum ohm_status ohm_collect_create(struct ohm_collect **out, const struct ohm_collect_recipe *recipe,
                                   const struct ohm_collect_parts *parts, struct ohm_error *err);
void ohm_collect_free(struct ohm_collect *collect);
/* Of recipe, samples, space, chip and device: all that decides what a row holds, but not how many rows there are. */
uint64_t ohm_collect_fingerprint(const struct ohm_collect *collect);
const struct ohm_space *ohm_collect_space(const struct ohm_collect *collect);
const struct ohm_genotype *ohm_collect_genotype(const struct ohm_collect *collect, int network); /* of [0, networks) */

enum ohm_status ohm_collect_size_of(const struct ohm_collect *collect, struct ohm_collect_size *size, int network,
                                    struct ohm_error *err);

typedef bool ohm_collect_stop_fn(void *context); /* true: stop */
struct ohm_collect_watch {
    ohm_collect_stop_fn *stop; /* may be NULL; called from several threads */
    void *context;
    int rungs; /* 0: nothing is stopped early */
    double threshold[OHM_COLLECT_RUNGS_MAX];
};
/* Measures one network on the calling thread. What is wrong with the network (a loss that is no longer finite, a
 * shape that the task does not have) is a row of state failed and OHM_OK. row->id, ->genotype and ->seed are the
 * caller's; it holds nothing else before. OHM_EINTR: stopped. */
enum ohm_status ohm_collect_measure(const struct ohm_collect *collect, struct ohm_collect_row *row,
                                    const struct ohm_net *net, const struct ohm_collect_watch *watch,
                                    struct ohm_error *err);

/* ---- the file ---- */

struct ohm_collect_named { /* a network that is not drawn, such as a baseline */
    const char *name;
    const struct ohm_net *net;
    const struct ohm_genotype *genotype; /* NULL: of no space */
};
/* A network of the space by its genotype, however it was come by: such as one that a search has chosen. */
struct ohm_collect_item {
    /* "n:1f3a..." as ohm_id_text names the genotype; or its number, where it is one of the recipe's draw */
    char base[OHM_COLLECT_ID_SIZE - 16];
    struct ohm_genotype genotype;
    int repeat; /* its row has the id "BASE", or "BASE.REPEAT" where that is not 0, and the recipe's seed + repeat */
};
/* The id of its row. */
void ohm_collect_item_id(char id[OHM_COLLECT_ID_SIZE], const struct ohm_collect_item *item);

struct ohm_collect_progress {
    const struct ohm_collect_row *row; /* just written */
    int done, all;                     /* rows of the file that belong to this run, and how many it is to have */
    int made;                          /* by this run so far */
};
typedef void ohm_collect_progress_fn(void *context, const struct ohm_collect_progress *progress);

struct ohm_collect_run {
    const char *path;
    int jobs;
    const char *program;                   /* for the comment at the head of a new file */
    const struct ohm_collect_named *named; /* [count]: these instead of the recipe's networks; NULL: the recipe's */
    int count;
    /* [items]: exactly these rows instead. Of them only those with the number of a network that is no pilot are stopped
     * early, as they would be without this list, and only where all pilots are there. */
    const struct ohm_collect_item *item;
    int items;
    ohm_collect_stop_fn *stop;
    ohm_collect_progress_fn *progress; /* called from several threads */
    void *context;
};
/* Measures what the file lacks. OHM_EDATA: the file is of another recipe, of other samples, or damaged. OHM_EBUSY:
 * another process writes to it. OHM_EINTR: stopped; the rows under way are lost. */
enum ohm_status ohm_collect_run(const struct ohm_collect *collect, const struct ohm_collect_run *run,
                                struct ohm_error *err);

/* The rows of the file, after a look at columns and fingerprints; to be released by ohm_csv_release. A last line that
 * was cut off is not among them. OHM_ENOTFOUND: no such file, or an empty one; OHM_EDATA: as above. */
enum ohm_status ohm_collect_rows(struct ohm_csv *rows, const struct ohm_collect *collect, const char *path,
                                 struct ohm_error *err);

/* Measures the row of that id again and compares: a row of the recipe, of `named`, or of a genotype. *same: every column
 * but those of time spent holds the same text; where not, `difference` says which. OHM_ENOTFOUND: no such row. */
enum ohm_status ohm_collect_repeat(const struct ohm_collect *collect, const char *id, bool *same,
                                   struct ohm_str *difference, const struct ohm_collect_run *run,
                                   struct ohm_error *err);

#endif
