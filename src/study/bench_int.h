/* bench_int.h - what the files of bench share. */
#ifndef OHM_BENCH_INT_H
#define OHM_BENCH_INT_H

#include "ohm/bench.h"

struct ohm_bench_table {
    const struct ohm_space *space;
    char *objective;
    bool minimize;
    int rows, without;
    struct ohm_genotype *genotype; /* [rows] */
    uint64_t *id;                  /* [rows] */
    double *value;                 /* [rows], as in the file */
    double optimum;
    int features;   /* of a network, for strategies with a model */
    float *feature; /* [rows][features] */
    int *slot;      /* [mask + 1] row by id, open addressing; -1: free */
    size_t mask;
};

/* The row with this id, or -1. */
int bench_table_find(const struct ohm_bench_table *table, uint64_t id);

#endif
