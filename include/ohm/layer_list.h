/* layer_list.h - a network written out layer by layer in YAML, for those that no search space holds.
 *
 *   network: resnet8
 *   source: "where its shape is published"
 *   input: [32, 32, 3]                       # h, w, c
 *   layers:
 *     - { kind: conv, name: a, out: 16, kernel: 3, stride: 1, pad: same, bias: false, depthwise: false }
 *     - { kind: batch_norm }                 # reads the layer above it, as every layer without `from`
 *     - { kind: relu, name: b }
 *     - { kind: add, from: [a, b] }
 *     - { kind: avg_pool, kernel: [24, 5], stride: 24, pad: 0, count_include_pad: false }
 *     - { kind: dense, out: 10, bias: true }
 *     - { kind: slice, first: 2, out: 4 }    # channels 2 to 5
 *
 * Kinds are those of net.h. `pad` is same (TensorFlow's), valid, a number of pixels on every side, or the four sides
 * [top, left, bottom, right]; same is the default of a conv, and a pool takes one number (default 0). Defaults: kernel
 * 1, stride 1, bias as no batch norm would need it: true for dense, false for conv. */
#ifndef OHM_LAYER_LIST_H
#define OHM_LAYER_LIST_H

#include "ohm/doc.h"
#include "ohm/net.h"
#include "ohm/str.h"

#include <stdbool.h>

enum { OHM_LAYER_LIST_MAX = 4096 }; /* layers */

/* Does the root of this document say that it is such a file? */
bool ohm_is_layer_list(const struct ohm_doc *doc);
/* Builds the network; *net points into the builder. Every problem of the file in one pass; problems of shapes are found
 * when the rest is right. *name, owned by doc, may be NULL. */
enum ohm_status ohm_layer_list_read(struct ohm_net_builder *b, const struct ohm_net **net, const char **name,
                                    const struct ohm_doc *doc, struct ohm_diag *diag);

/* Writes such a file: read again it gives the same net. A layer that another than the next one reads must have a name
 * that no other layer has, and not "input": OHM_EUNFIT says which has not. source may be NULL. */
enum ohm_status ohm_layer_list_write(struct ohm_str *s, const struct ohm_net *net, const char *name, const char *source,
                                     struct ohm_error *err);

#endif
