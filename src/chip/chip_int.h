/* chip_int.h - what a chip model is: the blocks of numbers that its file must have, the options that it reads, and the
 * functions that price and map with them. To add a model: its file, and one row in models.c. */
#ifndef OHM_CHIP_INT_H
#define OHM_CHIP_INT_H

#include "ohm/chip.h"

#include <stddef.h>

/* One number of a chip file. Its key is the unit itself ("cores") or ends in it ("mvm_ns"). */
struct chip_number {
    const char *key;
    const char *unit;
    size_t offset; /* of the double in the model's params */
    bool whole;
    double min, max; /* inclusive */
};
#define CHIP_REAL(s, key_, unit_, member_, lo, hi)                                                                     \
    {                                                                                                                  \
        key_, unit_, offsetof(struct s, member_), false, lo, hi                                                        \
    }
#define CHIP_WHOLE(s, key_, unit_, member_, lo, hi)                                                                    \
    {                                                                                                                  \
        key_, unit_, offsetof(struct s, member_), true, lo, hi                                                         \
    }
#define CHIP_NUMBERS_END                                                                                               \
    {                                                                                                                  \
        NULL, NULL, 0, false, 0, 0                                                                                     \
    }

/* One block: its numbers, a source and a mark that they share. */
struct chip_block {
    const char *key;
    const struct chip_number *numbers; /* ends with key NULL */
    bool optional;                     /* a file without it leaves its numbers 0 */
};

struct chip_model {
    const char *name;
    const char *core; /* what holds one tile: "core", "array" */
    size_t params_size;
    const struct chip_block *blocks; /* ends with key NULL; at most 64 */
    const char *const *uses;         /* keys of ohm_chip_use_fields that it reads, ends with NULL */
    void (*derive)(void *params);    /* after reading: whatever follows from the numbers */
    int64_t (*cores)(const void *params);
    void (*tile)(const void *params, int64_t *rows, int64_t *cols);
    /* NULL: whatever is among `uses` can be had. */
    enum ohm_status (*check_use)(const void *params, const struct ohm_chip_use *use, struct ohm_error *err);
    void (*peak)(const void *params, const struct ohm_chip_use *use, struct ohm_chip_peak *peak);
    bool (*prices)(const struct ohm_layer *layer); /* besides conv and dense; NULL: none */
    enum ohm_status (*cost_net)(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                                struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err);
    enum ohm_status (*cost_matrices)(const void *params, const struct ohm_chip_use *use,
                                     const struct ohm_matrix *matrix, int n, struct ohm_cost *cost,
                                     struct ohm_cost_layer *layers, struct ohm_error *err);
    enum ohm_status (*map_net)(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                               struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err);
};

/* What the file says about a block. */
struct chip_about {
    char *source;
    const char *mark; /* one of the legal ones */
    char *fitted_to;  /* where the numbers that are fitted, whatever the mark, come from; NULL: there are none */
    uint64_t fitted;  /* bit i: number i of the block is one of these */
};

enum { CHIP_NUMBERS_MAX = 64 }; /* of one model; blocks as well */

struct ohm_chip {
    const struct chip_model *model;
    void *params; /* model->params_size bytes, as the model lays them out */
    char *name, *source;
    uint64_t hash;
    struct chip_about about[CHIP_NUMBERS_MAX]; /* by block */
    uint64_t present;                          /* bit i: block i of the model was in the file */
    uint64_t changed;                          /* bit i: number i of those present was set by ohm_chip_set */
    uint32_t use_mask;                         /* bit i: row i of ohm_chip_use_fields is read */
};

/* Whatever follows from the numbers: what the model derives, the hash, the options in use. */
void ohm_chip_settle(struct ohm_chip *chip);
uint64_t ohm_chip_hash_numbers(const struct ohm_chip *chip);

/* The table of models: names for messages (NULL-terminated), and the model at an index of them. */
extern const char *const ohm_chip_model_names[];
int ohm_chip_models(void);
const struct chip_model *ohm_chip_model(int i);

extern const struct chip_model ohm_model_multicore;
extern const struct chip_model ohm_model_mesh;
extern const struct chip_model ohm_model_layerserial;
extern const struct chip_model ohm_model_cluster;
extern const struct chip_model ohm_model_cpu;

#endif
