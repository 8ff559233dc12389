/* score_int.h - scores of one target, as rows of one table: written to the card, read from it, and printed. */
#ifndef OHM_SCORE_INT_H
#define OHM_SCORE_INT_H

#include "ohm/surrogate_train.h"

#include <stddef.h>

struct ohm_score_field {
    const char *key;
    size_t offset; /* of a double in struct ohm_target_score */
};
extern const struct ohm_score_field ohm_score_fields[]; /* ends with key NULL */

/* Everything that is scored about one target: measured, mean, sd (may be NULL), params, macs of n rows. */
struct ohm_score_input {
    const double *measured, *mean, *sd, *params, *macs;
    int n, top_k;
};
/* A measure that is undefined (a constant side, fewer than two rows) is NaN. Fails for want of memory only. */
enum ohm_status ohm_score_target(struct ohm_target_score *score, const struct ohm_score_input *in,
                                 struct ohm_error *err);
/* The scores as members of the map that is open. */
void ohm_score_emit(struct ohm_emit *e, const struct ohm_target_score *score);

#endif
