/* feature_int.h - one group of features: its names for a space, and its values for a network. */
#ifndef OHM_FEATURE_INT_H
#define OHM_FEATURE_INT_H

#include "ohm/mem.h"
#include "ohm/surrogate.h"

#include <stdbool.h>

enum { FEATURE_GROUPS_MAX = 8, CELL_EDGES = 6 };

struct ohm_features {
    const struct ohm_space *space; /* borrowed */
    struct ohm_arena arena;        /* names */
    int groups;
    const struct ohm_feature_group *group[FEATURE_GROUPS_MAX];
    char *group_text;
    int count;
    const char *name[OHM_FEATURES_MAX];
    const struct ohm_feature_text *text[OHM_FEATURES_MAX]; /* NULL: the name says all */
    bool need_net, need_physics;
    uint64_t hash;
    uint8_t cell_axis[CELL_EDGES];  /* feature_cell.c: the axis of each edge, */
    uint8_t cell_op[CELL_EDGES][8]; /* and what its indices mean */
    bool has_physics;
    struct ohm_physics physics;
};

/* A row of the table of a group whose features are the same for all spaces. */
struct ohm_feature_text {
    const char *name, *unit, *meaning;
};

struct ohm_feature_group {
    const char *name, *help;
    const char *family; /* the only family it exists for; NULL: all */
    bool need_net, need_physics;
    enum ohm_status (*create)(struct ohm_features *features, struct ohm_error *err); /* adds its names */
    int (*compute)(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                   float *x); /* returns how many it wrote */
};

extern const struct ohm_feature_group ohm_feature_genes, ohm_feature_onehot, ohm_feature_net, ohm_feature_cell,
    ohm_feature_graph, ohm_feature_plane, ohm_feature_chip, ohm_feature_noise;

/* Adds one name, printf style. OHM_ECONFIG: more than OHM_FEATURES_MAX. */
enum ohm_status ohm_feature_add(struct ohm_features *features, struct ohm_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds "GROUP.NAME" for each of n rows. */
enum ohm_status ohm_feature_add_table(struct ohm_features *features, const char *group,
                                      const struct ohm_feature_text *table, int n, struct ohm_error *err);

#endif
