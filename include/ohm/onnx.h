/* onnx.h - networks with their weights as ONNX files, both ways.
 *
 * ONNX holds tensors channels first and weights [c_out][c_in / groups][k_h][k_w]; they are turned at this door and
 * nowhere else. What is written has a batch of any size ("N"), opset 13, and one node for each layer that the output
 * needs, with the layer's name. Input ranges, which ONNX does not know, travel in the metadata. */
#ifndef OHM_ONNX_H
#define OHM_ONNX_H

#include "ohm/error.h"
#include "ohm/mem.h"
#include "ohm/net.h"
#include "ohm/str.h"
#include "ohm/weights.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    OHM_ONNX_OPSET = 13, /* of what is written: the oldest that torch, OpenCV and onnxruntime all read without notes */
    OHM_ONNX_IR = 7,
    OHM_ONNX_OPSET_MIN = 7, /* of what is read */
    OHM_ONNX_OPSET_MAX = 23
};

struct ohm_onnx_writing {
    const char *name;            /* of the graph */
    const char *program_version; /* of the program that writes */
    bool fold; /* batch norms into the conv or dense layer before them, where nothing else reads that */
    const struct ohm_meta *meta; /* [metas]: where it came from, written as metadata_props "ohmnas.KEY" */
    int metas;
};

/* Appends the bytes of the file. OHM_EUNFIT: a layer that ONNX cannot hold as the net has it, named. */
enum ohm_status ohm_onnx_write(struct ohm_str *bytes, const struct ohm_weights *w, const struct ohm_onnx_writing *how,
                               struct ohm_error *err);

/* What was read. Must not be moved: net and weights point into it. */
struct ohm_onnx_file {
    struct ohm_net_builder builder;
    const struct ohm_net *net; /* every layer has a name of its own */
    struct ohm_weights weights;
    struct ohm_arena texts;
    const char *name;      /* of the graph */
    const char *producer;  /* "pytorch 1.13.1" */
    struct ohm_meta *meta; /* [metas]: all metadata_props */
    int metas;
};

/* OHM_EDATA: damaged, or no ONNX file. OHM_EUNFIT: what no layer kind of net.h does; the text names operator and node.
 * *out is empty after a failure. */
enum ohm_status ohm_onnx_parse(struct ohm_onnx_file *out, const char *bytes, size_t length, const char *path,
                               struct ohm_error *err);
enum ohm_status ohm_onnx_read(struct ohm_onnx_file *out, const char *path, struct ohm_error *err);
void ohm_onnx_release(struct ohm_onnx_file *file);

#endif
