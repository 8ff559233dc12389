/* family_int.h - what the network families share: the table's rows, whole numbers, and layers with names. */
#ifndef OHM_FAMILY_INT_H
#define OHM_FAMILY_INT_H

#include "ohm/decode.h"

extern const struct ohm_family ohm_family_resnet;
extern const struct ohm_family ohm_family_analognas;
extern const struct ohm_family ohm_family_nb201;

/* The whole number that a value must be. OHM_ERANGE: it is not one in [min, max]; `axis` names it in the message. */
enum ohm_status ohm_family_int(int *out, double value, int min, int max, const char *axis, struct ohm_error *err);

/* Where in the net layers are being added: they are called "<prefix>.<name>". Inline, and without a prefix where the
 * builder makes no names, because a search adds thirty million layers a second. */
struct ohm_place {
    struct ohm_net_builder *b;
    char prefix[48];
};

void ohm_place_set(struct ohm_place *at, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline int ohm_put(const struct ohm_place *at, int layer, const char *name)
{
    if (at->b->with_names)
        ohm_net_name(at->b, layer, "%s.%s", at->prefix, name);
    return layer;
}

static inline int ohm_put_unary(const struct ohm_place *at, enum ohm_layer_kind kind, int input, const char *name)
{
    return ohm_put(at, ohm_net_unary(at->b, kind, input), name);
}

static inline int ohm_put_conv(const struct ohm_place *at, int input, const struct ohm_conv *conv, const char *name)
{
    return ohm_put(at, ohm_net_conv(at->b, input, conv), name);
}

static inline int ohm_put_conv_norm(const struct ohm_place *at, int input, const struct ohm_conv *conv,
                                    const char *conv_name, const char *norm_name)
{
    return ohm_put_unary(at, OHM_BATCH_NORM, ohm_put_conv(at, input, conv, conv_name), norm_name);
}

#endif
