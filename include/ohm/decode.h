/* decode.h - from a genotype to a network, by the family that the space names. */
#ifndef OHM_DECODE_H
#define OHM_DECODE_H

#include "ohm/net.h"
#include "ohm/space.h"

/* NULL-terminated: "resnet", "analognas", "nb201". */
const char *const *ohm_family_names(void);

/* Builds the network of g in `builder`; *net is valid until the builder's next use. Layers get names where the caller
 * has set builder->with_names. OHM_ERANGE: the values give no network (a window larger than its input). Allocates
 * nothing once the builder has grown. */
enum ohm_status ohm_decode(const struct ohm_space *space, const struct ohm_genotype *g, struct ohm_net_builder *builder,
                           const struct ohm_net **net, struct ohm_error *err);

/* One network family: axes it needs, how it builds. `value` is as ohm_genotype_values gives it, re-ordered to the
 * family's own axis list: value[i] belongs to axis_names[i], and a text is its index in axis_choices[i]. Values of
 * axes that a network does not use (a group beyond its last) are not looked at. */
struct ohm_family {
    const char *name;
    const char *help;
    const char *const *axis_names; /* NULL-terminated; a space of this family has exactly these axes */
    /* Per axis: the texts it understands, NULL-terminated, or NULL for numbers; NULL: numbers everywhere. */
    const char *const *const *axis_choices;
    enum ohm_status (*build)(const double *value, struct ohm_shape input, int classes, struct ohm_net_builder *builder,
                             const struct ohm_net **net, struct ohm_error *err);
};
const struct ohm_family *ohm_family_find(const char *name);

#endif
