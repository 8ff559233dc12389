/* data.h - the samples of a task in memory, and batches of them as the network wants them.
 *
 * A data set is loaded once, whole, as compact arrays (bytes of pictures, 16-bit waves, floats of .npy); its splits are
 * lists of sample numbers. It is not changed by use: any number of threads may fill batches from it. What augmentation
 * does to a sample follows from the stream that the caller names and the sample's number, never from threads or from
 * the other samples of the batch. */
#ifndef OHM_DATA_H
#define OHM_DATA_H

#include "ohm/error.h"
#include "ohm/rng.h"
#include "ohm/task.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ohm_split {
    OHM_TRAIN,
    OHM_VAL,
    OHM_TEST,
    OHM_TRAINVAL, /* the first two together */
    OHM_SPLITS
};
extern const char *const ohm_split_names[OHM_SPLITS + 1]; /* train val test trainval, NULL-terminated */

struct ohm_data_options {
    const char *split_file; /* in place of the task's; NULL: as the task says. A path as it stands, or in the folder */
    int folds, fold;        /* folds >= 2: cross-validation, see ohm_data_refold; 0: as the split says */
    const char *cache;      /* folder for features, made where it is missing; NULL: none are kept */
    int jobs;               /* threads for the features */
    bool lenient;           /* gives what is good in spite of problems, which are in diag all the same */
};

struct ohm_data; /* immutable but for ohm_data_refold */

/* Loads what is in `folder`: a folder, an archive of one (.tar.gz, .tar.xz, .zip ...), or "synthetic:N", which makes N
 * training samples (and N/4 of each other split) of the task's shape; a network can learn them and they mean nothing.
 * task must outlive the data. OHM_ENOTFOUND: no such folder. OHM_EDATA: a broken or wrong file, an empty class or
 * split file naming absent files; each problem names its file. Every problem goes to diag; *out is NULL then. */
enum ohm_status ohm_data_load(struct ohm_data **out, const struct ohm_task_spec *task, const char *folder,
                              const struct ohm_data_options *options, struct ohm_diag *diag);
void ohm_data_free(struct ohm_data *data); /* NULL is fine */

const struct ohm_task_spec *ohm_data_task(const struct ohm_data *data);
int ohm_data_count(const struct ohm_data *data); /* samples of all splits */
bool ohm_data_is_synthetic(const struct ohm_data *data);
/* Of the names, labels, splits and contents of all samples: what a weights file is marked with. */
uint64_t ohm_data_hash(const struct ohm_data *data);

/* The sample numbers of a split in rising order; *count may be 0. Owned by the data, valid until refold or free. */
const int *ohm_data_split(const struct ohm_data *data, enum ohm_split split, int *count);
int ohm_data_label(const struct ohm_data *data, int sample);
const char *ohm_data_name(const struct ohm_data *data, int sample); /* "yes/0a_nohash_1.wav", "data_batch_1.bin#17" */
uint64_t ohm_data_content(const struct ohm_data *data, int sample); /* hash of what was read, without the label */
enum ohm_split ohm_data_split_of(const struct ohm_data *data, int sample);
/* Samples of one group, the clips of a speaker, are not independent. false: no groups are known, each sample is alone. */
bool ohm_data_has_groups(const struct ohm_data *data);
uint64_t ohm_data_group(const struct ohm_data *data, int sample);

/* Divides all samples anew for k-fold cross-validation: fold `fold` (0-based) is OHM_TEST, the others OHM_TRAIN, there
 * is no OHM_VAL. Classes stay balanced; all clips of a speaker fall in one fold; the folds do not depend on the order
 * of the files. folds = 0 goes back to the split as loaded. */
enum ohm_status ohm_data_refold(struct ohm_data *data, int folds, int fold, struct ohm_error *err);

/* Fills a batch of n samples.
 *   x[n][h][w][c]  out  normalised as the task says
 *   y[n]           out  labels; may be NULL
 *   sample[n]      in   sample numbers, each in [0, count)
 *   augment        in   stream of this epoch, e.g. child(named(root, "augment"), epoch); sample i draws from its child
 *                       i; it is not moved. NULL: no augmentation
 * The same bits for any jobs. */
enum ohm_status ohm_batch_fill(const struct ohm_data *data, float *x, int *y, const int *sample, int n,
                               const struct ohm_rng *augment, int jobs, struct ohm_error *err);

/* Sums over a split without augmentation and before normalisation: mean and std [w * c] by column and channel, and
 * [c] by channel. Arrays may be NULL. */
struct ohm_data_stats {
    double *column_mean, *column_std;   /* [w * c] */
    double *channel_mean, *channel_std; /* [c] */
    double min, max;
};
/* OHM_EUNFIT: the split is empty. */
enum ohm_status ohm_data_stats(const struct ohm_data *data, enum ohm_split split, struct ohm_data_stats *stats,
                               struct ohm_error *err);

/* Two samples with the same content; of a group of n equal ones, the first with each of the others. */
struct ohm_data_pair {
    int first, second;
    bool across; /* they are in different splits */
    bool labels; /* they have different labels */
};
/* All pairs, owned by the caller (ohm_free). */
enum ohm_status ohm_data_duplicates(const struct ohm_data *data, struct ohm_data_pair **pairs, int *count,
                                    struct ohm_error *err);

/* Writes x_SPLIT.npy (float, [n][h][w][c], normalised) and y_SPLIT.npy (int32, [n]) into a folder, which is made where
 * it is missing. Each file is either as before or whole. */
enum ohm_status ohm_data_write_npy(const struct ohm_data *data, enum ohm_split split, const char *folder, int jobs,
                                   struct ohm_error *err);

/* Features of one clip by the front end, in double precision but for the Fourier transform: feature[frames][coeff].
 * wave[samples], samples <= clip_samples, in units of full scale (-1 ... 1); zeros follow. */
enum ohm_status ohm_frontend_run(const struct ohm_frontend *f, float *feature, const float *wave, size_t samples,
                                 struct ohm_error *err);

#endif
