/* task.c - the options of a task: front end, augmentation, recipe. */
#include "ohm/task.h"

const char *const ohm_data_kind_names[OHM_DATA_KINDS + 1] = {"cifar10", "speech", "images", "npy", NULL};
const char *const ohm_optimizer_names[] = {"sgd", "adamw", NULL};
const char *const ohm_lr_schedule_names[] = {"constant", "cosine", "step", "onecycle", NULL};
static const char *const frontend_names[] = {"mfcc", "logmel", NULL};

/* Defaults: MLPerf Tiny's keyword spotting (mlcommons/tiny, get_dataset.py: 16 kHz, 1 s, windows of 30 ms every 20 ms,
 * 40 mel bins from 20 to 4000 Hz, ln(mel + 1e-6), 10 coefficients). */
const struct ohm_field ohm_frontend_fields[] = {
    OHM_CHOICE(ohm_frontend, kind, 0, frontend_names, "mfcc, or logmel (no cosine transform)"),
    OHM_INT(ohm_frontend, sample_rate_Hz, 16000, 1000, 192000, "of every wave"),
    OHM_INT(ohm_frontend, clip_samples, 16000, 16, 1 << 24, "of a clip; a shorter one is filled with zeros"),
    OHM_INT(ohm_frontend, clip_min_samples, 1600, 1, 1 << 24, "a clip with fewer is refused"),
    OHM_INT(ohm_frontend, frame_samples, 480, 2, 1 << 16, "samples of a window"),
    OHM_INT(ohm_frontend, hop_samples, 320, 1, 1 << 16, "samples from window to window"),
    OHM_INT(ohm_frontend, fft_samples, 512, 2, 1 << 16, "length of the transform, a power of two"),
    OHM_INT(ohm_frontend, mels, 40, 1, 512, "mel bins"),
    OHM_INT(ohm_frontend, coefficients, 10, 1, 512, "kept of the cosine transform; logmel: equal to mels"),
    OHM_REAL(ohm_frontend, low_Hz, 20, 0, 96000, "lower edge of the mel bins"),
    OHM_REAL(ohm_frontend, high_Hz, 4000, 1, 96000, "upper edge of the mel bins"),
    OHM_REAL(ohm_frontend, log_offset, 1e-6, 1e-30, 1, "added before the logarithm"),
    OHM_BOOL(ohm_frontend, peak_normalise, 1, "divide by the largest sample (its sign kept)"),
    OHM_FIELDS_END,
};

const struct ohm_field ohm_augment_fields[] = {
    OHM_INT(ohm_augment, crop_pad, 0, 0, 256, "pixels a picture is shifted by at most"),
    OHM_BOOL(ohm_augment, flip, 0, "left and right, for half of the pictures"),
    OHM_INT(ohm_augment, cutout, 0, 0, 1024, "side of the square that is cut out, pixels"),
    OHM_REAL(ohm_augment, rotate_deg, 0, 0, 180, "turned by at most, degrees"),
    OHM_REAL(ohm_augment, zoom, 0, 0, 0.9, "enlarged or shrunk by at most this share"),
    OHM_REAL(ohm_augment, brightness, 0, 0, 1, "changed by at most this share"),
    OHM_REAL(ohm_augment, contrast, 0, 0, 1, "changed by at most this share"),
    OHM_REAL(ohm_augment, saturation, 0, 0, 1, "changed by at most this share"),
    OHM_REAL(ohm_augment, time_shift_ms, 0, 0, 10000, "a clip is shifted by at most, ms"),
    OHM_REAL(ohm_augment, noise_prob, 0, 0, 1, "share of the clips that get background noise"),
    OHM_REAL(ohm_augment, noise_volume, 0.1, 0, 1, "at most; 1 is full scale"),
    OHM_INT(ohm_augment, time_masks, 0, 0, 16, "stretches of time set to the mean"),
    OHM_INT(ohm_augment, time_mask_frames, 0, 0, 1024, "frames of one at most"),
    OHM_INT(ohm_augment, freq_masks, 0, 0, 16, "bands of coefficients set to the mean"),
    OHM_INT(ohm_augment, freq_mask_bins, 0, 0, 1024, "coefficients of one at most"),
    OHM_FIELDS_END,
};

const struct ohm_field ohm_recipe_fields[] = {
    OHM_INT(ohm_recipe, epochs, 30, 1, 100000, "passes over the training samples"),
    OHM_INT(ohm_recipe, batch, 128, 1, 65536, "samples a step"),
    OHM_CHOICE(ohm_recipe, optimizer, OHM_OPTIMIZER_SGD, ohm_optimizer_names, "sgd or adamw"),
    OHM_REAL(ohm_recipe, lr, 0.1, 0, 100, "largest learning rate"),
    OHM_REAL(ohm_recipe, lr_final, 0, 0, 1, "where cosine and onecycle end, as a share of lr"),
    OHM_REAL(ohm_recipe, momentum, 0.9, 0, 0.9999, "of sgd"),
    OHM_BOOL(ohm_recipe, nesterov, 1, "Nesterov's momentum"),
    OHM_REAL(ohm_recipe, beta1, 0.9, 0, 0.99999, "of adamw: decay of the mean"),
    OHM_REAL(ohm_recipe, beta2, 0.999, 0, 0.999999, "of adamw: decay of the square"),
    OHM_REAL(ohm_recipe, weight_decay, 5e-4, 0, 10, "of the weights; not of biases and batch norm"),
    OHM_CHOICE(ohm_recipe, schedule, OHM_SCHEDULE_COSINE, ohm_lr_schedule_names, "constant, cosine, step or onecycle"),
    OHM_REAL(ohm_recipe, warmup_epochs, 0, 0, 10000, "the rate rises linearly over these"),
    OHM_INT(ohm_recipe, step_epochs, 30, 1, 100000, "step: lr times step_factor after every so many epochs"),
    OHM_REAL(ohm_recipe, step_factor, 0.1, 0, 1, "step: see step_epochs"),
    OHM_REAL(ohm_recipe, label_smoothing, 0, 0, 0.9, "share of the target spread over all classes"),
    OHM_REAL(ohm_recipe, mixup, 0, 0, 10, "alpha of the beta distribution; 0: no mixup"),
    OHM_REAL(ohm_recipe, ema, 0, 0, 0.99999, "decay a step of the weights' moving average; 0: none"),
    OHM_INT(ohm_recipe, patience, 0, 0, 100000, "epochs without a better validation before the end; 0: never"),
    OHM_FIELDS_END,
};

int64_t ohm_frontend_frames(const struct ohm_frontend *f)
{
    return f->clip_samples < f->frame_samples ? 0 : 1 + (f->clip_samples - f->frame_samples) / f->hop_samples;
}
