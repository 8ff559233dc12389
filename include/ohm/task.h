/* task.h - what is to be learned, read from YAML: the kind of data, the input, the classes, how samples are prepared,
 * divided and varied, the quality asked for, and a recipe to train by. One file a task, searchspaces/tasks/NAME.yaml.
 * (struct ohm_task of parallel.h is a thread; a task of learning is a struct ohm_task_spec.) */
#ifndef OHM_TASK_H
#define OHM_TASK_H

#include "ohm/error.h"
#include "ohm/field.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ohm_data_kind { OHM_DATA_CIFAR10, OHM_DATA_SPEECH, OHM_DATA_IMAGES, OHM_DATA_NPY, OHM_DATA_KINDS };
extern const char *const ohm_data_kind_names[OHM_DATA_KINDS + 1]; /* NULL-terminated */

/* What divides the samples where the folder lacks the split file (or the task names none). */
enum ohm_split_rule {
    OHM_SPLIT_BATCHES,      /* CIFAR-10: data_batch_1...5 and test_batch; val is the last val_count of the former */
    OHM_SPLIT_SPEAKER_HASH, /* the rule of Speech Commands: SHA-1 of the speaker, 80 / 10 / 10 % */
    OHM_SPLIT_NAME_HASH,    /* hash of the file name, 80 / 10 / 10 % */
    OHM_SPLIT_FILES,        /* the files say it themselves: x_train.npy, x_val.npy, x_test.npy */
    OHM_SPLIT_RULES
};

/* The front end of speech: waves in, features [frames][coefficients] out. All in samples of sample_rate_Hz. */
struct ohm_frontend {
    int kind; /* 0 mfcc, 1 logmel */
    int64_t sample_rate_Hz, clip_samples, clip_min_samples;
    int64_t frame_samples, hop_samples, fft_samples;
    int64_t mels, coefficients; /* logmel: coefficients = mels */
    double low_Hz, high_Hz, log_offset;
    bool peak_normalise; /* divides by the largest (signed) sample, as MLPerf Tiny does */
};
extern const struct ohm_field ohm_frontend_fields[];
int64_t ohm_frontend_frames(const struct ohm_frontend *f);

/* Changes of training samples, each drawn from the sample's own stream. 0 switches one off. */
struct ohm_augment {
    int64_t crop_pad;                        /* pixels: shifted by up to this much each way, the mean shifted in */
    bool flip;                               /* left and right, with probability 1/2 */
    int64_t cutout;                          /* side of the square that is set to the mean, pixels */
    double rotate_deg, zoom;                 /* up to this many degrees; by up to this share, each way */
    double brightness, contrast, saturation; /* up to this share, each way */
    double time_shift_ms;                    /* up to this much each way, zeros shifted in */
    double noise_prob, noise_volume;         /* background noise: how often, and at most how loud (1: full scale) */
    int64_t time_masks, time_mask_frames, freq_masks, freq_mask_bins; /* SpecAugment: how many, at most how wide */
};
extern const struct ohm_field ohm_augment_fields[];

enum ohm_optimizer { OHM_OPTIMIZER_SGD, OHM_OPTIMIZER_ADAMW };
enum ohm_lr_schedule { OHM_SCHEDULE_CONSTANT, OHM_SCHEDULE_COSINE, OHM_SCHEDULE_STEP, OHM_SCHEDULE_ONECYCLE };
extern const char *const ohm_optimizer_names[];   /* sgd adamw */
extern const char *const ohm_lr_schedule_names[]; /* constant cosine step onecycle */

/* How to train where the user says nothing else. */
struct ohm_recipe {
    int64_t epochs, batch;
    int optimizer;       /* enum ohm_optimizer */
    double lr, lr_final; /* lr_final: where cosine and onecycle end, as a share of lr */
    double momentum;     /* of sgd; Nesterov's where nesterov */
    bool nesterov;
    double beta1, beta2; /* of adamw */
    double weight_decay;
    int schedule; /* enum ohm_lr_schedule */
    double warmup_epochs;
    int64_t step_epochs; /* step: lr times step_factor after every so many epochs */
    double step_factor;
    double label_smoothing, mixup; /* mixup: alpha of its beta distribution; 0: none */
    double ema;                    /* decay of the moving average of the weights, a step; 0: none */
    int64_t patience;              /* epochs without a better validation before the end; 0: never */
};
extern const struct ohm_field ohm_recipe_fields[];

enum { OHM_TASK_CLASSES_MAX = 1000, OHM_TASK_NORM_MAX = 1024 };

struct ohm_task_spec {
    char name[64];
    int kind;    /* enum ohm_data_kind */
    int h, w, c; /* of the input */
    int classes;
    char **class_name; /* [classes], names of the folders */
    char other[64];    /* class of every folder that is no class, "" : such a folder is an error */
    char silence[64];  /* speech: class that is cut from background noise where it has no folder; "": none */
    char noise[64];    /* speech: folder of background noise; "": none */
    char split_file[OHM_FIELD_TEXT_SIZE]; /* in the data folder: columns file, split; "": none */
    int split_rule;                       /* enum ohm_split_rule */
    int64_t val_count;                    /* of OHM_SPLIT_BATCHES */
    /* x = (value - mean) / std; a list has 1, c or w * c entries: for all, by channel, by column and channel */
    int norms;
    double *mean, *std;           /* [norms] */
    struct ohm_frontend frontend; /* speech */
    struct ohm_augment augment;
    struct ohm_recipe recipe;
    double target_top1; /* MLPerf Tiny's quality target, percent; 0: none */
    uint64_t hash;      /* of all that decides what a network sees when it is evaluated */
    struct ohm_arena *arena;
};

/* Problems, all of them, go to diag; then the status is that of the first and *out is NULL. */
enum ohm_status ohm_task_spec_load(struct ohm_task_spec **out, const char *path, struct ohm_diag *diag);
enum ohm_status ohm_task_spec_parse(struct ohm_task_spec **out, const char *bytes, size_t length, const char *path,
                                    struct ohm_diag *diag);
void ohm_task_spec_free(struct ohm_task_spec *task); /* NULL is fine */

#endif
