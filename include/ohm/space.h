/* space.h - a search space: named axes, each a finite list of values, with conditions and constraints; read from YAML.
 *
 *   space: resnet-cifar10          # name
 *   family: resnet                 # who decodes: one of ohm_family_names()
 *   input: [32, 32, 3]             # h, w, c
 *   classes: 10
 *   axes:
 *     groups:        { int: [1, 5] }                      # both ends count; optional step
 *     g1_block:      { choice: [basic, bottleneck] }      # texts or numbers
 *     g2_blocks:     { int: [1, 4], when: groups >= 2 }   # inactive otherwise
 *     widenfact1:    { real: [0.5, 0.8], step: 0.001 }
 *   constraints:
 *     - stem_width * 4 <= 256
 *     - g1_block == "basic" || groups < 4            # texts in quotes
 *   key: "{e01#}{e02#}..."         # optional: how tables name a network; {axis} its value, {axis#} its index
 *
 * A condition may use axes above its own only. A condition that uses an inactive axis does not hold, and a constraint
 * that uses one does not apply (the constraint on group 4 says nothing about a network of three groups). In a genotype
 * an inactive axis has index 0, and as a value NaN (shown as "-"). Immutable once loaded; shared by threads.
 * Limits: 64 axes, 65,535 values an axis, 2^18 values in all, 64 constraints. An empty space is refused at load where
 * that is found within 2^15 steps. */
#ifndef OHM_SPACE_H
#define OHM_SPACE_H

#include "ohm/doc.h"
#include "ohm/error.h"
#include "ohm/net.h"
#include "ohm/rng.h"
#include "ohm/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { OHM_GENES_MAX = 64 };

enum ohm_axis_kind { OHM_AXIS_CHOICE, OHM_AXIS_INT, OHM_AXIS_REAL };

struct ohm_axis {
    const char *name;
    enum ohm_axis_kind kind;
    int size;                  /* values, >= 1, <= 65535 */
    double *value;             /* [size]: the number; the index for a choice of texts */
    const char **text;         /* [size] for a choice of texts, else NULL */
    struct ohm_expr *when;     /* NULL: always active */
};

/* A point of a space: one index an axis. A value; compare the first `axes` genes. */
struct ohm_genotype {
    uint16_t gene[OHM_GENES_MAX]; /* beyond the space's axes: 0 */
};

struct ohm_space; /* opaque; made by ohm_space_load */

enum ohm_status ohm_space_load(struct ohm_space **out, const char *path, struct ohm_diag *diag);
/* The same from memory, `path` being the name for messages. */
enum ohm_status ohm_space_parse(struct ohm_space **out, const char *bytes, size_t length, const char *path,
                                struct ohm_diag *diag);
/* The same space with further axes behind its own, written as under `axes:` of a file; their names may have dots, and no
 * family builds anything from them. So a genotype of the result gives the same network, values and features with `base`;
 * ohm_genotype_check and _equal want the genes behind those of base to be 0. Name and source are those of base; there
 * is no key. */
enum ohm_status ohm_space_extend(struct ohm_space **out, const struct ohm_space *base, const char *axes,
                                 struct ohm_diag *diag);
void ohm_space_free(struct ohm_space *space);

const char *ohm_space_name(const struct ohm_space *space);
const char *ohm_space_family(const struct ohm_space *space);
int ohm_space_axes(const struct ohm_space *space);
const struct ohm_axis *ohm_space_axis(const struct ohm_space *space, int i);
int ohm_space_find(const struct ohm_space *space, const char *axis); /* index or -1 */
struct ohm_shape ohm_space_input(const struct ohm_space *space);
int ohm_space_classes(const struct ohm_space *space);
/* A hash of everything that decides what a genotype means: a log of another version of the space is refused by it. */
uint64_t ohm_space_hash(const struct ohm_space *space);
/* The file's text, kept for the run log: a study can be resumed from its database alone. */
const char *ohm_space_source(const struct ohm_space *space);

/* The exact number of distinct legal genotypes as decimal text in buffer[64]: conditions and constraints counted in.
 * OHM_ERANGE: above 2^127, or not countable within 2^26 steps. */
enum ohm_status ohm_space_size(const struct ohm_space *space, char buffer[64], struct ohm_error *err);
/* The same as a number when it is at most `limit`, else -1 (also where it cannot be counted). */
int64_t ohm_space_size_within(const struct ohm_space *space, int64_t limit);

/* Sets inactive axes to 0, in axis order; true when anything changed. Every genotype that leaves these functions is
 * canonical. */
bool ohm_genotype_canonical(const struct ohm_space *space, struct ohm_genotype *g);
bool ohm_genotype_active(const struct ohm_space *space, const struct ohm_genotype *g, int axis);
/* Indices in range, canonical, constraints met. OHM_ERANGE or OHM_EUNFIT otherwise. */
enum ohm_status ohm_genotype_check(const struct ohm_space *space, const struct ohm_genotype *g, struct ohm_error *err);
bool ohm_genotype_equal(const struct ohm_genotype *a, const struct ohm_genotype *b);

/* Uniform over each axis's values, constraints by rejection (OHM_EUNFIT after 100,000 rejected draws). */
enum ohm_status ohm_genotype_sample(const struct ohm_space *space, struct ohm_genotype *g, struct ohm_rng *rng,
                                    struct ohm_error *err);
/* Changes exactly one active axis to another value (uniform), then makes the result canonical and legal; draws again
 * while it equals the parent or breaks a constraint, up to 1000 times (OHM_EUNFIT). Axes of the mask only (bit i = axis
 * i; ~0 = all). Newly active axes get uniform values. */
enum ohm_status ohm_genotype_mutate(const struct ohm_space *space, struct ohm_genotype *child,
                                    const struct ohm_genotype *parent, uint64_t axis_mask, struct ohm_rng *rng,
                                    struct ohm_error *err);
/* As mutate, but an int or real axis moves by one step up or down (a local move); a choice changes freely. */
enum ohm_status ohm_genotype_step(const struct ohm_space *space, struct ohm_genotype *child,
                                  const struct ohm_genotype *parent, uint64_t axis_mask, struct ohm_rng *rng,
                                  struct ohm_error *err);
/* Each axis from a or b with equal chance; falls back on a copy of `a` when 100 draws give nothing legal. */
void ohm_genotype_cross(const struct ohm_space *space, struct ohm_genotype *child, const struct ohm_genotype *a,
                        const struct ohm_genotype *b, struct ohm_rng *rng);
/* The i-th genotype in lexicographic order for spaces where every combination is legal and active; for others the
 * enumeration walks and skips: start with *g zeroed and *first = true; false at the end. */
bool ohm_genotype_next(const struct ohm_space *space, struct ohm_genotype *g, bool *first);

/* value[axes]: the numbers; a choice of texts gives its index; an inactive axis NaN. */
void ohm_genotype_values(const struct ohm_space *space, const struct ohm_genotype *g, double *value);
/* Canonical text "stem_width=16 groups=2 g1_block=basic ..." with active axes only, and back. OHM_ECONFIG: an unknown
 * axis or value, a missing or inactive one. */
void ohm_genotype_print(const struct ohm_space *space, const struct ohm_genotype *g, struct ohm_str *text);
enum ohm_status ohm_genotype_parse(const struct ohm_space *space, struct ohm_genotype *g, const char *text,
                                   struct ohm_error *err);
/* The space's `key` text of a genotype; the canonical text where the space has no key. */
void ohm_genotype_key(const struct ohm_space *space, const struct ohm_genotype *g, struct ohm_str *text);
/* Content id: a 64-bit hash of the space's name and the active axes' names and values. Shown as n:%012x of its top
 * 48 bits. Never 0. */
uint64_t ohm_genotype_id(const struct ohm_space *space, const struct ohm_genotype *g);
#define OHM_ID_TEXT_SIZE 16
char *ohm_id_text(uint64_t id, char buffer[OHM_ID_TEXT_SIZE]);

#endif
