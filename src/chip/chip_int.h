/* chip_int.h - what a chip model is: the blocks of numbers that its file must have, and the functions that price and
 * map with them. To add a model: its file, and one row in models.c. */
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

/* One block: its numbers, a source and a mark that they share. */
struct chip_block {
    const char *key;
    const struct chip_number *numbers; /* ends with key NULL */
};

struct chip_model {
    const char *name;
    size_t params_size;
    const struct chip_block *blocks; /* ends with key NULL */
    void (*derive)(void *params);    /* after reading: whatever follows from the numbers */
    int64_t (*cores)(const void *params);
    void (*tile)(const void *params, int64_t *rows, int64_t *cols);
    void (*peak)(const void *params, int read_mode, struct ohm_chip_peak *peak);
    enum ohm_status (*cost_net)(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                                struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err);
    enum ohm_status (*cost_matrices)(const void *params, const struct ohm_chip_use *use,
                                     const struct ohm_matrix *matrix, int n, struct ohm_cost *cost,
                                     struct ohm_cost_layer *layers, struct ohm_error *err);
    enum ohm_status (*map_net)(const void *params, const struct ohm_chip_use *use, const struct ohm_net *net,
                               struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err);
};

struct ohm_chip {
    const struct chip_model *model;
    void *params; /* model->params_size bytes, as the model lays them out */
    char *name, *source;
    uint64_t hash;
};

/* The table of models: names for messages (NULL-terminated), and the model at an index of them. */
extern const char *const ohm_chip_model_names[];
int ohm_chip_models(void);
const struct chip_model *ohm_chip_model(int i);

extern const struct chip_model ohm_model_multicore;

#endif
