/* space_int.h - how a space lies in memory, for the files of this module. */
#ifndef OHM_SPACE_INT_H
#define OHM_SPACE_INT_H

#include "ohm/decode.h"
#include "ohm/expr.h"
#include "ohm/mem.h"
#include "ohm/space.h"

enum {
    OHM_CONSTRAINTS_MAX = 64,
    OHM_AXIS_SIZE_MAX = 65535,
    OHM_SPACE_VALUES_MAX = 1 << 18,   /* of all axes together: bounds the memory of a space */
    OHM_PREDICATE_TABLE_MAX = 1 << 14 /* entries; a predicate over more combinations is evaluated each time */
};

/* A condition or a constraint. Most use one or two axes: their truth for every combination is looked up in a table
 * made at load, since a search asks it some ten times a candidate. */
struct ohm_predicate {
    struct ohm_expr *expr; /* owned by the space */
    uint64_t uses;         /* bit i: axis i occurs */
    int axes;              /* of them, in ascending order */
    uint8_t axis[OHM_GENES_MAX];
    uint32_t stride[OHM_GENES_MAX];
    const uint8_t *table; /* at sum of gene * stride; NULL: evaluate expr */
};

struct ohm_space_axis {
    struct ohm_axis shown;
    const char *const *pair;    /* [size] "name=value" */
    const char *const *label;   /* [size] the value as text, inside of its pair */
    const uint64_t *hash;       /* [size] of the axis's name with the value */
    struct ohm_predicate *when; /* NULL: always active */
};

/* One piece of the key template: literal text, or an axis by its value or index. */
struct ohm_key_part {
    const char *literal; /* NULL: an axis */
    int axis;
    bool by_index;
};

struct ohm_space {
    struct ohm_arena arena;
    const char *name, *family, *source;
    struct ohm_shape input;
    int classes;
    int axes;
    struct ohm_space_axis axis[OHM_GENES_MAX];
    int constraints;
    struct ohm_predicate *constraint; /* [constraints] */
    int key_parts;
    struct ohm_key_part *key; /* [key_parts]; NULL: the space has no key */
    uint64_t name_hash, hash;
    bool counted;                 /* the size was cheap enough to be counted at load */
    unsigned char size_bytes[16]; /* then it is here: an unsigned __int128 */
    int64_t at_least;             /* otherwise it is this or more */
};

static inline uint64_t ohm_axis_bit(int i)
{
    return UINT64_C(1) << i;
}

/* The value of an expression at g whatever its size; axes that it uses are taken as active. */
bool ohm_predicate_eval(const struct ohm_space *space, const struct ohm_expr *expr, uint64_t uses,
                        const uint16_t *gene);

static inline bool ohm_predicate_true(const struct ohm_space *space, const struct ohm_predicate *p,
                                      const uint16_t *gene)
{
    uint32_t at = 0;

    if (!p->table)
        return ohm_predicate_eval(space, p->expr, p->uses, gene);
    for (int k = 0; k < p->axes; k++)
        at += gene[p->axis[k]] * p->stride[k];
    return p->table[at] != 0;
}

/* A condition that uses an inactive axis does not hold. */
static inline bool ohm_condition_holds(const struct ohm_space *space, const struct ohm_predicate *p,
                                       const uint16_t *gene, uint64_t active)
{
    return (p->uses & ~active) == 0 && ohm_predicate_true(space, p, gene);
}

/* A constraint that uses an inactive axis does not apply. */
static inline bool ohm_constraint_met(const struct ohm_space *space, const struct ohm_predicate *p,
                                      const uint16_t *gene, uint64_t active)
{
    return (p->uses & ~active) != 0 || ohm_predicate_true(space, p, gene);
}

/* Bit i: axis i is active in g, whose genes are in range. */
uint64_t ohm_genotype_mask(const struct ohm_space *space, const struct ohm_genotype *g);
/* Index of the first constraint that g breaks, or -1. */
int ohm_genotype_broken(const struct ohm_space *space, const struct ohm_genotype *g, uint64_t active);

/* Once all axes and expressions are there: tables, hashes, and the size where it is cheap. false: no memory. */
bool ohm_space_prepare(struct ohm_space *space);

/* Counts within `steps` steps, at most to `cut` (then that means "or more"). false: it takes more steps. */
__extension__ typedef unsigned __int128 ohm_count;
#define OHM_COUNT_MAX ((ohm_count)1 << 127)
bool ohm_space_count(const struct ohm_space *space, long steps, ohm_count cut, ohm_count *count);

/* As ohm_space_parse with other families: the tests bring their own. A family whose axis_names is NULL takes any axes.
 */
typedef const struct ohm_family *ohm_family_find_fn(const char *name);
enum ohm_status ohm_space_read(struct ohm_space **out, const char *bytes, size_t length, const char *path,
                               ohm_family_find_fn *find, const char *const *family_names, struct ohm_diag *diag);

#endif
