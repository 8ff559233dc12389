/* cmd_import.c - a network of another program: an ONNX file becomes a file of layers and a file of weights. */
#include "cli_int.h"

#include "ohm/file.h"
#include "ohm/layer_list.h"
#include "ohm/onnx.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct import {
    const char *output, *weights, *name;
    bool force;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(import, output, "output", 'o', "FILE", "where the layers go (YAML), required", .complete = "file"),
    OHM_OPT_TEXT(import, weights, "weights-out", 'w', "FILE",
                 "where the weights go (safetensors); not written when "
                 "not given",
                 .complete = "file"),
    OHM_OPT_TEXT(import, name, "name", 0, "NAME", "of the network; that of the file when not given"),
    OHM_OPT_FLAG(import, force, "force", 'f', "overwrite the files"),
    OHM_OPT_FORMAT(import),
    OHM_OPT_END,
};

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* "dir/net.onnx" is called net. */
static enum ohm_status name_of(struct ohm_str *name, const struct import *opt, const char *path, struct ohm_error *err)
{
    const char *base = base_of(path), *dot = strrchr(base, '.');

    if (opt->name)
        ohm_str_append(name, opt->name);
    else
        ohm_str_append_n(name, base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
    return name->failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : OHM_OK;
}

/* The layers as text, which must give the same net again: the weights belong to that. */
static enum ohm_status layers_of(struct ohm_str *text, const struct ohm_onnx_file *f, const char *name,
                                 const char *path, struct ohm_error *err)
{
    struct ohm_str source = {0};
    struct ohm_net_builder b = {0};
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = NULL;
    const struct ohm_net *again = NULL;
    enum ohm_status st;

    ohm_str_printf(&source, "imported from %s, written by %s", base_of(path), f->producer);
    st = source.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                       : ohm_layer_list_write(text, f->net, name, ohm_str_text(&source), err);
    if (st == OHM_OK && (ohm_doc_parse(&doc, ohm_str_text(text), text->length, "layers", &diag) != OHM_OK ||
                         ohm_layer_list_read(&b, &again, NULL, doc, &diag) != OHM_OK))
        st = ohm_diag_status(&diag, err);
    if (st == OHM_OK && ohm_net_hash(again) != ohm_net_hash(f->net))
        st = ohm_fail(err, OHM_EFAIL, "the layers do not read back as they were written");
    ohm_str_release(&source);
    ohm_net_release(&b);
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
    return st;
}

static bool has(const struct ohm_meta *meta, int metas, const char *key)
{
    for (int i = 0; i < metas; i++)
        if (strcmp(meta[i].key, key) == 0)
            return true;
    return false;
}

static enum ohm_status save(const struct import *opt, const struct ohm_onnx_file *f, const char *name, const char *path,
                            struct ohm_error *err)
{
    struct ohm_meta *meta = ohm_alloc((size_t)f->metas + 8, sizeof(*meta));
    char hash[17];
    int n = 0;
    enum ohm_status st;

    if (!meta)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    (void)snprintf(hash, sizeof(hash), "%016" PRIx64, ohm_net_hash(f->net));
    meta[n++] = (struct ohm_meta){"format", "ohmnas.weights/1"};
    meta[n++] = (struct ohm_meta){"network", name};
    meta[n++] = (struct ohm_meta){"network_hash", hash};
    meta[n++] = (struct ohm_meta){"imported_from", base_of(path)};
    meta[n++] = (struct ohm_meta){"producer", f->producer};
    for (int i = 0; i < f->metas; i++) {
        const char *key = f->meta[i].key;

        key = strncmp(key, "ohmnas.", 7) == 0 ? key + 7 : key;
        if (strcmp(key, "input_ranges") != 0 && !has(meta, n, key))
            meta[n++] = (struct ohm_meta){key, f->meta[i].value};
    }
    st = ohm_weights_save(&f->weights, opt->weights, meta, n, err);
    ohm_free(meta);
    return st;
}

static enum ohm_status out_import(const struct import *opt, const struct ohm_onnx_file *f, const char *name,
                                  struct ohm_error *err)
{
    struct ohm_out out;

    ohm_out_begin(&out, &opt->format, "ohmnas.import/1");
    ohm_out_text(&out, "network", name);
    ohm_out_text(&out, "producer", f->producer);
    ohm_out_int(&out, "h", f->net->input.h);
    ohm_out_int(&out, "w", f->net->input.w);
    ohm_out_int(&out, "c", f->net->input.c);
    ohm_out_int(&out, "classes", f->net->classes);
    ohm_out_int(&out, "layers", f->net->layers - 1);
    ohm_out_int(&out, "params", f->net->params);
    ohm_out_int(&out, "macs", f->net->macs);
    ohm_out_text(&out, "output", opt->output);
    ohm_out_text(&out, "weights", opt->weights);
    return ohm_out_end(&out, err);
}

static enum ohm_status check_outputs(const struct import *opt, struct ohm_error *err)
{
    const char *const path[] = {opt->output, opt->weights};

    if (!opt->output)
        return ohm_fail(err, OHM_ECONFIG, "--output is missing: which file are the layers written to?");
    for (int i = 0; i < 2; i++)
        if (path[i] && !opt->force && ohm_file_exists(path[i]))
            return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, path[i], 0, 0, "the file exists (--force overwrites it)");
    return OHM_OK;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct import *opt = object;
    const char *path = args->word[0];
    struct ohm_onnx_file f = {0};
    struct ohm_str text = {0}, name = {0};
    enum ohm_status st;

    (void)cli;
    if ((st = check_outputs(opt, err)) == OHM_OK && (st = name_of(&name, opt, path, err)) == OHM_OK &&
        (st = ohm_onnx_read(&f, path, err)) == OHM_OK &&
        (st = layers_of(&text, &f, ohm_str_text(&name), path, err)) == OHM_OK &&
        (!opt->weights || (st = save(opt, &f, ohm_str_text(&name), path, err)) == OHM_OK) &&
        (st = ohm_file_write(opt->output, ohm_str_text(&text), text.length, err)) == OHM_OK)
        st = out_import(opt, &f, ohm_str_text(&name), err);
    ohm_onnx_release(&f);
    ohm_str_release(&text);
    ohm_str_release(&name);
    return st;
}

static const char *const examples[] = {"ohmnas import resnet18.onnx -o resnet18.yaml --weights-out resnet18.st",
                                       "ohmnas cost resnet18.yaml --chip hermes64 --by-layer", NULL};

const struct ohm_command ohm_cmd_import = {
    .name = "import",
    .operands = "FILE.onnx",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "read a network of another program from an ONNX file",
    .details =
        "The network becomes a file of layers that every command reads as NET, its numbers a file of weights for "
        "train --from and eval. Read are convolutional networks with one input [batch][channels][height][width] "
        "and one output; docs/onnx.md lists the operators. What no layer kind does is refused with its operator "
        "and node.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct import),
    .run = run,
};
