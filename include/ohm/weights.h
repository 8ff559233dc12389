/* weights.h - the numbers of a trained network: in memory one vector, on disk a safetensors file.
 *
 * The vector has three parts: what gradients move (weights, biases, batch-norm scale and shift), the input ranges of
 * the converters (moved by their own rule), and the running statistics of batch norms. */
#ifndef OHM_WEIGHTS_H
#define OHM_WEIGHTS_H

#include "ohm/error.h"
#include "ohm/net.h"
#include "ohm/rng.h"
#include "ohm/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- safetensors: 8 bytes of header length (little endian), JSON header, raw numbers ---- */

enum { OHM_TENSOR_DIMS_MAX = 4, OHM_TENSORS_MAX = 65536 };
#define OHM_TENSOR_HEADER_MAX ((size_t)16 << 20)
#define OHM_TENSOR_FILE_MAX ((size_t)1 << 30)

struct ohm_tensor {
    const char *name;
    int dims;
    int64_t dim[OHM_TENSOR_DIMS_MAX];
    size_t count;      /* product of dim */
    const float *data; /* [count]; in a file that was read it points into the file's bytes and is aligned */
};

struct ohm_meta {
    const char *key, *value;
};

struct ohm_tensor_file {
    struct ohm_tensor *tensor; /* [tensors], in the order of the data */
    struct ohm_meta *meta;     /* [metas]: __metadata__ */
    int tensors, metas;
    void *doc, *data; /* what the texts and numbers live in; owned */
};

/* Names must differ. Written whole or not at all. */
enum ohm_status ohm_tensor_file_write(const char *path, const struct ohm_tensor *tensor, int tensors,
                                      const struct ohm_meta *meta, int metas, struct ohm_error *err);
/* Strict: F32 only, tensors side by side without holes and up to the end of the file, numbers finite, texts only in
 * __metadata__. OHM_EDATA says which tensor is wrong. *out is untouched on failure. */
enum ohm_status ohm_tensor_file_parse(struct ohm_tensor_file *out, const char *bytes, size_t length, const char *path,
                                      struct ohm_error *err);
enum ohm_status ohm_tensor_file_read(struct ohm_tensor_file *out, const char *path, struct ohm_error *err);
void ohm_tensor_file_release(struct ohm_tensor_file *file);
const char *ohm_tensor_file_meta(const struct ohm_tensor_file *file, const char *key);          /* or NULL */
const struct ohm_tensor *ohm_tensor_file_find(const struct ohm_tensor_file *file, const char *name); /* or NULL */

/* ---- the weights of a net ---- */

#define OHM_BN_EPS 1e-5f /* added to the variance of a batch norm: Ioffe and Szegedy's epsilon, at the value that PyTorch made usual */

/* name in files, moved by gradients */
#define OHM_ROLES(X)                                                                                                   \
    X(OHM_WEIGHT, "weight")       /* [c_out][k_h][k_w][c_in / groups] of conv, [c_out][c_in] of dense */                \
    X(OHM_BIAS, "bias")           /* [c_out] */                                                                        \
    X(OHM_SCALE, "scale")         /* of batch norm, [c] */                                                             \
    X(OHM_SHIFT_BY, "shift")      /* of batch norm, [c] */                                                             \
    X(OHM_RANGE, "input_range")   /* of the converters before a conv or dense layer, [1]; 0: not yet known */          \
    X(OHM_MEAN, "running_mean")   /* of batch norm, [c] */                                                             \
    X(OHM_VARIANCE, "running_var") /* of batch norm, [c], unbiased */

enum ohm_role {
#define X(role, name) role,
    OHM_ROLES(X)
#undef X
    OHM_ROLE_COUNT
};

struct ohm_param {
    int32_t layer;
    enum ohm_role role;
    size_t first, count; /* in value */
};

struct ohm_weights {
    const struct ohm_net *net;               /* borrowed */
    struct ohm_param *param;                 /* [params], sorted by `first` */
    float *value;                            /* [count] */
    size_t count, trainable;                 /* value[0 .. trainable) is moved by gradients */
    int params;
    int32_t (*place)[OHM_ROLE_COUNT];        /* [net->layers]: index in param, or -1 */
};

/* Biases and shifts 0, scales 1, ranges 0, weights 0. Layers that no path leads from to the output have none. */
enum ohm_status ohm_weights_init(struct ohm_weights *w, const struct ohm_net *net, struct ohm_error *err);
void ohm_weights_release(struct ohm_weights *w);
/* The numbers of a layer, or NULL where it has none of that role. */
float *ohm_weights_of(const struct ohm_weights *w, int layer, enum ohm_role role);
/* Normal with variance 2 / fan_in (He et al., ICCV 2015, equation 10), 1 / fan_in for the last layer; each layer has its
 * own stream under rng, which is not moved. */
void ohm_weights_draw(struct ohm_weights *w, const struct ohm_rng *rng);
/* A hash of the shape of the network: layers, kinds, windows, edges. */
uint64_t ohm_net_hash(const struct ohm_net *net);

enum ohm_status ohm_weights_save(const struct ohm_weights *w, const char *path, const struct ohm_meta *meta, int metas,
                                 struct ohm_error *err);
/* OHM_EDATA: written for another network (the first tensor that does not fit is named). w is untouched then. */
enum ohm_status ohm_weights_take(struct ohm_weights *w, const struct ohm_tensor_file *file, const char *path,
                                 struct ohm_error *err);
enum ohm_status ohm_weights_load(struct ohm_weights *w, const char *path, struct ohm_error *err);

#endif
