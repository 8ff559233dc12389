/* surrogate.h - learned predictors of accuracy under noise and drift: trained by XGBoost, scored by our own code.
 *
 * A surrogate is a folder: card.yaml (what it predicts, from which features, how well, from which rows, how made) and
 * one XGBoost JSON file per target and ensemble member. A folder whose card does not match its files, its features or
 * the space is refused with the reason. A plain XGBoost file (IBM's) is loaded by ohm_surrogate_load_plain. */
#ifndef OHM_SURROGATE_H
#define OHM_SURROGATE_H

#include "ohm/doc.h"
#include "ohm/error.h"
#include "ohm/field.h"
#include "ohm/net.h"
#include "ohm/space.h"

#include <stdbool.h>
#include <stdint.h>

enum { OHM_TARGETS_MAX = 16, OHM_FEATURES_MAX = 512 };

/* ---- physics: the hardware that feature groups chip and noise reckon with ---- */

struct ohm_device;
enum { OHM_PHYSICS_TIMES_MAX = 4, OHM_PHYSICS_NAME_SIZE = 64 };

/* What becomes of weights until a time after programming, over their distribution, with drift compensated. */
struct ohm_weight_error {
    double slope; /* what is read over what was wanted, before compensation; > 0 */
    double error; /* E (read / slope - wanted)^2 over E wanted^2 */
};

/* Plain numbers, a card holds them all: a surrogate needs no file of chip or device to be loaded. */
struct ohm_physics {
    /* ohm_physics_fields, keys of a tile as in ohm_tile_fields */
    int64_t tile_rows, tile_columns;
    int64_t conversions; /* of one output, each with noise of its own: 1; 4 where signs are read apart */
    int64_t dac_bits, adc_bits; /* 0: no rounding */
    double adc_bound, out_noise;
    double clip_sigma, range_sigma; /* largest weight and input range, in deviations */
    char times[OHM_FIELD_TEXT_SIZE];
    /* ohm_physics_take_device; a card */
    char device[OHM_PHYSICS_NAME_SIZE];
    uint64_t device_hash;
    double weight_power; /* E w^2, the largest w being 1 */
    int time_count;      /* 0: no device was taken */
    struct ohm_physics_time {
        char name[16]; /* "30d" */
        struct ohm_weight_error weight;
    } time[OHM_PHYSICS_TIMES_MAX];
};
extern const struct ohm_field ohm_physics_fields[];

/* Works out what the device does to weights at the times: a fifth of a second. On failure physics is untouched. OHM_ECONFIG: `times` are no times, or
 * too many. OHM_ERANGE: the device is not known at one of them, or nothing is left of the weights. */
enum ohm_status ohm_physics_take_device(struct ohm_physics *physics, const struct ohm_device *device,
                                        struct ohm_error *err);

/* ---- features: named numbers of a network ---- */

struct ohm_features; /* which features, in which order, for which space */

/* `groups`: comma-separated names of feature groups (see `ohmnas surrogate info --features`), e.g. "genes",
 * "genes,net,cell". OHM_ECONFIG: an unknown group, or one that the space's family does not have. */
enum ohm_status ohm_features_create(struct ohm_features **out, const struct ohm_space *space, const char *groups,
                                    struct ohm_error *err);
/* The same with the hardware for groups chip (needs its tiles) and noise (needs its device), which are refused without.
 * physics is copied; NULL: none. */
enum ohm_status ohm_features_create_for(struct ohm_features **out, const struct ohm_space *space, const char *groups,
                                        const struct ohm_physics *physics, struct ohm_error *err);
void ohm_features_free(struct ohm_features *features);
int ohm_features_count(const struct ohm_features *features);
const char *ohm_features_name(const struct ohm_features *features, int i);
/* "dB" and "signal over noise at the outputs"; "" where the name says all there is. */
const char *ohm_features_unit(const struct ohm_features *features, int i);
const char *ohm_features_meaning(const struct ohm_features *features, int i);
const char *ohm_features_groups(const struct ohm_features *features);
uint64_t ohm_features_hash(const struct ohm_features *features); /* of names in order: the schema hash */
/* x[count]. net may be NULL when no group needs it (ohm_features_need_net). Thread-safe, allocates nothing. NaN, a
 * missing value to XGBoost: groups graph and noise on a net in which a layer reads one 1024 layers or more before it. */
bool ohm_features_need_net(const struct ohm_features *features);
void ohm_features_compute(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                          float *x);

/* ---- forest: our scorer of one XGBoost model ---- */

struct ohm_forest;

/* Reads a model that XGBoost 1.x, 2.x or 3.x saved as JSON: gbtree, one output, numerical splits.
 * OHM_EDATA: truncated, foreign, dart or linear booster, categorical splits, indices out of range; names the place. */
enum ohm_status ohm_forest_load(struct ohm_forest **out, const char *path, struct ohm_error *err);
enum ohm_status ohm_forest_parse(struct ohm_forest **out, const char *bytes, size_t length, const char *path,
                                 struct ohm_error *err);
void ohm_forest_free(struct ohm_forest *forest);
int ohm_forest_features(const struct ohm_forest *forest);
int ohm_forest_trees(const struct ohm_forest *forest);
/* y[i] for rows x[n][stride]: the same bits as XGBoost's own prediction. Thread-safe, allocates nothing. */
void ohm_forest_predict(const struct ohm_forest *forest, float *y, const float *x, int n, int stride);

/* ---- surrogate: targets, ensemble, card ---- */

struct ohm_surrogate;

enum ohm_status ohm_surrogate_load(struct ohm_surrogate **out, const char *folder, const struct ohm_space *space,
                                   struct ohm_diag *diag);
/* A single XGBoost file, features = the space's raw axis values in order (group "genes"), one target of that name.
 * OHM_EDATA: another number of features than the space has axes. */
enum ohm_status ohm_surrogate_load_plain(struct ohm_surrogate **out, const char *path, const char *target,
                                         const struct ohm_space *space, struct ohm_error *err);
void ohm_surrogate_free(struct ohm_surrogate *s);
const char *ohm_surrogate_name(const struct ohm_surrogate *s);
uint64_t ohm_surrogate_hash(const struct ohm_surrogate *s); /* of card and model files */
const struct ohm_features *ohm_surrogate_features(const struct ohm_surrogate *s);
int ohm_surrogate_targets(const struct ohm_surrogate *s);
const char *ohm_surrogate_target(const struct ohm_surrogate *s, int i); /* "acc_1d" */
const char *ohm_surrogate_unit(const struct ohm_surrogate *s, int i);   /* "%"; "" where none is stated */
bool ohm_surrogate_has_sd(const struct ohm_surrogate *s);   /* an ensemble with calibrated uncertainty */
const char *ohm_surrogate_task(const struct ohm_surrogate *s); /* "cifar10"; "" for a plain file */
/* Folder or file may be freed or changed after loading; the space must live as long as the surrogate.
 * mean[n][targets] and sd[n][targets] (sd may be NULL; NaN for a plain file) of rows x[n][features].
 * sd is calibrated on held-out rows: the standard deviation of (measured - predicted). Thread-safe. */
void ohm_surrogate_predict(const struct ohm_surrogate *s, double *mean, double *sd, const float *x, int n);

#endif
