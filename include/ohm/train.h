/* train.h - training a network, digitally or with the faults of analog hardware inside the loop, and judging it.
 *
 * The bits of the weights follow from the network, the samples, the options and the seed: not from the number of
 * threads, not from the instruction set, not from how often the run was stopped and resumed. */
#ifndef OHM_TRAIN_H
#define OHM_TRAIN_H

#include "ohm/data.h"
#include "ohm/error.h"
#include "ohm/field.h"
#include "ohm/net.h"
#include "ohm/rng.h"
#include "ohm/task.h"
#include "ohm/weights.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- the analog hardware as training sees it ---- */

enum ohm_weight_noise { OHM_NOISE_NONE, OHM_NOISE_ADDITIVE, OHM_NOISE_PCM };
enum ohm_weight_scale { OHM_SCALE_TILE, OHM_SCALE_CHANNEL };

/* A conv or dense layer is a matrix of k_h k_w c_in / groups rows, cut into tiles of at most tile_rows rows, as equal
 * as can be. Each tile reads inputs from a DAC of one range a layer and gives its columns through its own ADC; the sums
 * of a layer's tiles are digital. Weights count relative to the largest of their tile (scale = tile) or of their column
 * in it (channel). */
struct ohm_analog {
    bool on;
    int64_t tile_rows;
    int noise;                           /* enum ohm_weight_noise, drawn anew for each step, same forward and backward */
    double noise_scale;                  /* additive: standard deviation; pcm: factor of the device's polynomial */
    int scale;                           /* enum ohm_weight_scale */
    double clip_sigma;                   /* weights end at so many standard deviations of their tile or column; 0: off */
    int64_t dac_bits, adc_bits;          /* 0: exact */
    double adc_bound;                    /* where the ADC ends, in largest input times largest weight */
    double output_noise;                 /* standard deviation before the ADC, in the same unit */
    int64_t range_batches;               /* the input range follows the data for so many batches, then it is learned */
    double range_sigma;                  /* ... as so many standard deviations of the inputs */
    double range_decay, range_inside;    /* the range shrinks while more than this share of inputs lies inside */
};
extern const struct ohm_field ohm_analog_fields[];

/* ---- samples ---- */

/* Where batches come from; ohm_samples_of_data makes one of a data set. Numbers count from 0 within the part. */
struct ohm_samples {
    void *context;
    int count[2]; /* of training, of judging */
    /* x[n][h][w][c], label[n]; augment NULL: as they are. */
    enum ohm_status (*fill)(void *context, float *x, int32_t *label, int part, const int *sample, int n,
                            const struct ohm_rng *augment, int jobs, struct ohm_error *err);
};
struct ohm_data_parts {
    const struct ohm_data *data;
    const int *sample[2];
};
/* Trains on one split and judges on the other. parts and data must outlive it. */
struct ohm_samples ohm_samples_of_data(struct ohm_data_parts *parts, const struct ohm_data *data,
                                       enum ohm_split train, enum ohm_split judge);

/* ---- training ---- */

struct ohm_train_progress {
    int64_t epoch, epochs; /* epoch counts from 1 */
    int64_t step, steps;   /* within the epoch; step == steps: the epoch is done, and val_ numbers hold */
    double loss, accuracy; /* of this epoch so far, on augmented samples; accuracy in [0, 1] */
    double val_loss, val_accuracy;
    double best_accuracy;
    double lr;
    double samples_per_s, left_s;
};
/* false: stop (OHM_EINTR); what was reached by the last whole epoch is in the checkpoint. */
typedef bool ohm_train_progress_fn(void *context, const struct ohm_train_progress *progress);

struct ohm_train_spec_net {
    const struct ohm_net *net;
    const struct ohm_samples *samples;
    struct ohm_recipe recipe;
    struct ohm_analog analog;
    uint64_t seed, data_hash;       /* data_hash: of the samples; a checkpoint of others is refused */
    int jobs;
    const char *checkpoint;         /* file, written after each epoch; NULL: none */
    bool resume;                    /* go on from the checkpoint where there is one */
    const struct ohm_weights *from; /* start from these; NULL: drawn from the seed */
    const struct ohm_weights *teacher; /* to learn from, run digitally: the same net's or another's, of the same input
                                        * and classes; NULL: none */
    double distill;                 /* share of the teacher's soft labels in the loss */
    double temperature;             /* of the teacher's soft labels */
    int reestimate;                 /* batches that the batch norms' statistics are taken from anew at the end; 0: none */
    bool keep_best;                 /* give the weights of the best epoch, not of the last */
    ohm_train_progress_fn *progress;      /* may be NULL */
    void *context;
    double (*clock)(void *context); /* seconds, for the rates of progress; NULL: they are 0 */
};

struct ohm_train_epoch {
    double loss, accuracy, val_loss, val_accuracy, lr;
};
struct ohm_train_result {
    struct ohm_train_epoch *curve; /* [epochs], owned */
    int epochs;                    /* done, this run and those it resumed */
    int best;                      /* index in curve of the epoch with the best accuracy; -1: none was judged */
};
void ohm_train_result_release(struct ohm_train_result *result);
/* The curve as a text, and back: curve has room for `most` epochs; false: no such text. */
void ohm_curve_print(struct ohm_str *s, const struct ohm_train_result *result);
bool ohm_curve_parse(struct ohm_train_result *result, const char *text, int64_t most);

/* Of all that the bits of the weights follow from: network, samples, recipe, hardware, seed, weights to start from. */
uint64_t ohm_run_fingerprint(const struct ohm_train_spec_net *spec);

/* w holds the trained numbers after OHM_OK and is untouched otherwise. OHM_EFAIL: the loss is no longer finite.
 * OHM_EDATA: the checkpoint is damaged or of another network, recipe or seed. OHM_EINTR: progress said stop. */
enum ohm_status ohm_train_run(struct ohm_weights *w, struct ohm_train_result *result,
                              const struct ohm_train_spec_net *spec, struct ohm_error *err);

/* ---- judging ---- */

struct ohm_score_counts {
    int64_t samples, correct;
    double loss;      /* mean cross-entropy */
    double low, high; /* 95 % Wilson interval of the accuracy */
};
/* Judges on part 1 of the samples. With analog->on the converters and the output noise act, and the weights are
 * programmed with the noise of `analog`, anew for each seed; input ranges that are not yet known are taken from part
 * 0 first, in w. */
enum ohm_status ohm_net_judge(struct ohm_score_counts *score, struct ohm_weights *w, const struct ohm_samples *samples,
                              const struct ohm_analog *analog, uint64_t seed, int batch, int jobs,
                              struct ohm_error *err);

/* ---- answers ---- */

/* What the digital network gives: y[n][classes] from x[n][h][w][c], `batch` samples at a time. w is not changed. */
enum ohm_status ohm_net_infer(float *y, struct ohm_weights *w, const float *x, int n, int batch, int jobs,
                              struct ohm_error *err);

#endif
