/* onnx_file.c - a network of the command line, with its weights, as an ONNX file. */
#include "onnx_file.h"

#include "ohm/data.h"
#include "ohm/onnx.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What ends up in the metadata. */
struct origin {
    struct ohm_meta *meta; /* [metas] */
    int metas;
    char hash[17];
    struct ohm_str genotype, classes;
};

static void put(struct origin *o, const char *key, const char *value)
{
    for (int i = 0; i < o->metas; i++)
        if (strcmp(o->meta[i].key, key) == 0)
            return;
    o->meta[o->metas++] = (struct ohm_meta){key, value};
}

/* The names of the classes, divided by commas, where the task that the weights were trained for can be found and has as
 * many as the network tells apart. */
static void put_classes(struct ohm_cli *cli, struct origin *o, const char *task, int classes)
{
    struct ohm_task_spec *spec = NULL;
    struct ohm_diag quiet = {0};
    struct ohm_str path = {0};

    if (task && ohm_find(cli, "task", task, &path, NULL) == OHM_OK &&
        ohm_task_spec_load(&spec, ohm_str_text(&path), &quiet) == OHM_OK && spec->classes == classes)
        for (int i = 0; i < classes; i++)
            ohm_str_printf(&o->classes, "%s%s", i > 0 ? "," : "", spec->class_name[i]);
    if (o->classes.length > 0)
        put(o, "classes", ohm_str_text(&o->classes));
    ohm_task_spec_free(spec);
    ohm_diag_release(&quiet);
    ohm_str_release(&path);
}

static enum ohm_status describe(struct ohm_cli *cli, struct origin *o, const struct ohm_named_net *net,
                                const struct ohm_tensor_file *file, struct ohm_error *err)
{
    if (!(o->meta = ohm_alloc((size_t)file->metas + 8, sizeof(*o->meta))))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    (void)snprintf(o->hash, sizeof(o->hash), "%016" PRIx64, ohm_net_hash(net->net));
    put(o, "network", net->name);
    put(o, "network_hash", o->hash);
    if (net->space) {
        ohm_genotype_print(net->space, &net->genotype, &o->genotype);
        put(o, "space", ohm_space_name(net->space));
        put(o, "genotype", ohm_str_text(&o->genotype));
    }
    for (int i = 0; i < file->metas; i++)
        if (strcmp(file->meta[i].key, "format") != 0 && strcmp(file->meta[i].key, "curve") != 0)
            put(o, file->meta[i].key, file->meta[i].value);
    put_classes(cli, o, ohm_tensor_file_meta(file, "task"), net->net->classes);
    return o->genotype.failed || o->classes.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : OHM_OK;
}

enum ohm_status ohm_cli_onnx(struct ohm_cli *cli, struct ohm_str *bytes, const struct ohm_named_net *net,
                             const char *weights, bool fold, struct ohm_error *err)
{
    struct ohm_tensor_file file = {0};
    struct ohm_weights w = {0};
    struct origin o = {0};
    enum ohm_status st;

    if ((st = ohm_weights_init(&w, net->net, err)) == OHM_OK &&
        (st = ohm_tensor_file_read(&file, weights, err)) == OHM_OK &&
        (st = ohm_weights_take(&w, &file, weights, err)) == OHM_OK &&
        (st = describe(cli, &o, net, &file, err)) == OHM_OK) {
        const struct ohm_onnx_writing how = {
            .name = net->name, .program_version = OHM_VERSION, .fold = fold, .meta = o.meta, .metas = o.metas};

        st = ohm_onnx_write(bytes, &w, &how, err);
    }
    ohm_free(o.meta);
    ohm_str_release(&o.genotype);
    ohm_str_release(&o.classes);
    ohm_weights_release(&w);
    ohm_tensor_file_release(&file);
    return st;
}
