/* chip_axes.h - parameters of a chip as axes of a study, beside those of the network.
 *
 * A parameter is an option of the chip's use (schedule, periphery) or a size of the chip that its model knows how to
 * scale (cores): what else changes with it is said in docs/co-search.md. An axis of one value is none: the chip just
 * has it. The axes of a study are appended to those of the space as "chip.<key>" (ohm_space_extend). */
#ifndef OHM_CHIP_AXES_H
#define OHM_CHIP_AXES_H

#include "ohm/chip.h"
#include "ohm/error.h"
#include "ohm/space.h"
#include "ohm/str.h"

#include <stdbool.h>

/* What a parameter does besides the cost. */
enum ohm_chip_effect {
    OHM_EFFECT_COST,     /* nothing */
    OHM_EFFECT_ACCURACY, /* the network computes something else: a surrogate must have seen that */
    OHM_EFFECT_COUNTING  /* it is no part of the chip, but a way of counting: never an axis */
};

struct ohm_chip_parameter {
    const char *key;
    const char *model; /* of chips that have it; NULL: an option of ohm_chip_use_fields, of chips that read it */
    enum ohm_chip_effect effect;
    const char *help; /* what goes with it; of an effect beyond the cost, why */
};
/* All there are, in the order in which they become axes; NULL past the last. */
const struct ohm_chip_parameter *ohm_chip_parameter(int i);

/* Gives a chip of one's own that size and what goes with it. OHM_ENOTFOUND: key is no size of this chip (an option of its
 * use is none); err is untouched. OHM_ECONFIG, OHM_ERANGE: the text is no number, or not one that the chip takes. */
enum ohm_status ohm_chip_put_size(struct ohm_chip *chip, const char *key, const char *text, struct ohm_error *err);

/* An axis as it was written: "periphery", "ldpu, nmpu". */
struct ohm_chip_axis_text {
    const char *key, *values;
};

struct ohm_chip_axes; /* opaque, immutable, shared by threads */

/* `first`: axes of the space that they are appended to. The chip is borrowed and stays as it is: what differs from it
 * is a copy. *bad (may be NULL) gets the index of the text that is wrong. OHM_ECONFIG: a key that there is not (with
 * the nearest), that this chip has not or that is none for a search; a value that it does not take; a value twice.
 * OHM_ERANGE: a number out of range, too many values or chips. */
enum ohm_status ohm_chip_axes_create(struct ohm_chip_axes **out, const struct ohm_chip *chip,
                                     const struct ohm_chip_use *use, const struct ohm_chip_axis_text *text, int n,
                                     int first, int *bad, struct ohm_error *err);
void ohm_chip_axes_free(struct ohm_chip_axes *axes);

/* Those of two values or more. */
int ohm_chip_axes_count(const struct ohm_chip_axes *axes);
const struct ohm_chip_parameter *ohm_chip_axes_parameter(const struct ohm_chip_axes *axes, int i);
/* The axes as ohm_space_extend takes them. */
void ohm_chip_axes_yaml(const struct ohm_chip_axes *axes, struct ohm_str *s);

/* The chip that the genes of g from `first` on say, and how it is used. The chip lives as long as the axes. */
void ohm_chip_axes_pick(const struct ohm_chip_axes *axes, const struct ohm_genotype *g, const struct ohm_chip **chip,
                        struct ohm_chip_use *use);
/* The value of axis i in g, as it was written. */
const char *ohm_chip_axes_value(const struct ohm_chip_axes *axes, int i, const struct ohm_genotype *g);

/* The same as a number: a size, 0 and 1 of off and on, 8 of bits; of other words their index as the option counts them. */
double ohm_chip_axes_number(const struct ohm_chip_axes *axes, int i, const struct ohm_genotype *g);

/* On which of the chips something holds: "read_mode=1-phase, bits=6". */
enum { OHM_CHIP_CONDITION_AXES = 8 };
struct ohm_chip_condition {
    int count; /* 0: on all */
    int axis[OHM_CHIP_CONDITION_AXES], value[OHM_CHIP_CONDITION_AXES];
};
/* OHM_ECONFIG: no axis of this key (of two values or more), not one of its values, or a key twice. */
enum ohm_status ohm_chip_condition_parse(struct ohm_chip_condition *out, const struct ohm_chip_axes *axes,
                                         const char *text, struct ohm_error *err);
bool ohm_chip_condition_met(const struct ohm_chip_condition *condition, const struct ohm_chip_axes *axes,
                            const struct ohm_genotype *g);

#endif
