/* space_read.h - what the files that read a space from YAML share. */
#ifndef OHM_SPACE_READ_H
#define OHM_SPACE_READ_H

#include "space_int.h"

struct ohm_space_reader {
    struct ohm_space *space;
    const struct ohm_family *family; /* NULL: unknown */
    struct ohm_diag *diag;
    struct ohm_node *node[OHM_GENES_MAX]; /* the map of each axis */
    const char *name[OHM_GENES_MAX];      /* names of all axes, also of those with errors */
    int64_t values;                       /* of all axes so far */
    bool no_memory;
};

/* Zeroed memory that lives as long as the space; NULL: none, noted in no_memory. */
void *ohm_reader_take(struct ohm_space_reader *r, size_t n, size_t size);
/* A copy of a text; "" when there is no memory. */
const char *ohm_reader_copy(struct ohm_space_reader *r, const char *text);

/* Reads choice, int, real and step of an axis's map. */
void ohm_read_values(struct ohm_space_reader *r, struct ohm_space_axis *a, struct ohm_node *map,
                     const struct ohm_node *key);
/* Reads the condition of axis i; node may be NULL: always active. The names of all axes are known by then. */
void ohm_read_condition(struct ohm_space_reader *r, int i, const struct ohm_node *node);
void ohm_read_constraints(struct ohm_space_reader *r, struct ohm_node *list);

#endif
