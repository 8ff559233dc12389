/* net_read.c - the network file back. Cost, mapping and layers are made anew from the genotype by whoever asks for
 * them; of what the file says about them the sums are compared, so that a file of another program or space is noticed.
 */
#include "ohm/export.h"

#include "ohm/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ohm_is_net_file(const struct ohm_doc *doc)
{
    struct ohm_node *root = ohm_doc_root(doc);

    return root && root->kind == OHM_NODE_MAP && ohm_map_get(root, "net") && ohm_map_get(root, "genotype");
}

static void read_hash(struct ohm_net_file *out, struct ohm_node *node, struct ohm_diag *diag)
{
    const char *text;
    char *end;

    if (!ohm_node_text(node, "space_hash", &text, diag))
        return;
    out->space_hash = strtoull(text, &end, 16);
    if (strncmp(text, "0x", 2) != 0 || strlen(text) != 18 || *end != '\0')
        ohm_node_fail(node, diag, "space_hash is '%.40s', not 0x and 16 hexadecimal digits", text);
}

static void read_scores(struct ohm_net_file *out, struct ohm_node *map, struct ohm_diag *diag)
{
    if (!map || !ohm_node_is_map(map, "scores", diag) || map->count == 0)
        return;
    out->score_name = ohm_alloc((size_t)map->count, sizeof(*out->score_name));
    out->score = ohm_alloc((size_t)map->count, sizeof(*out->score));
    if (!out->score_name || !out->score) {
        ohm_diag_add(diag, OHM_ENOMEM, NULL, 0, 0, "out of memory");
        return;
    }
    for (int i = 0; i < map->count; i++) {
        const char *name = map->key[i]->text;
        struct ohm_node *value = ohm_map_get(map, name);

        out->score[i] = NAN;
        out->score_name[i] = name;
        out->scores = i + 1;
        if (value->kind != OHM_NODE_NULL)
            ohm_node_double(value, name, -INFINITY, INFINITY, &out->score[i], diag);
    }
}

static void read_provenance(struct ohm_net_file *out, struct ohm_node *map, struct ohm_diag *diag)
{
    struct ohm_node *study;

    if (!map || !ohm_node_is_map(map, "provenance", diag))
        return;
    ohm_map_get(map, "program");
    ohm_map_get(map, "version");
    study = ohm_map_get(map, "study");
    if (study && ohm_node_text(study, "study", &out->study, diag)) {
        ohm_node_int(ohm_map_need(map, "trial", diag), "trial", 0, INT64_MAX, &out->trial, diag);
        ohm_node_int(ohm_map_need(map, "seed", diag), "seed", INT64_MIN, INT64_MAX, &out->seed, diag);
    }
    ohm_map_finish(map, diag);
}

static void read_root(struct ohm_net_file *out, struct ohm_node *root, struct ohm_diag *diag)
{
    static const char *const formats[] = {"ohmnas.net/1"};
    static const char *const made_anew[] = {"input", "classes", "weights", "chip_axes", "chip_use", "cost", "mapping"};
    struct ohm_node *layers, *chip;
    int format;

    if (!ohm_node_is_map(root, "a network file", diag))
        return;
    ohm_node_choice(ohm_map_need(root, "format", diag), "format", formats, 1, &format, diag);
    ohm_node_text(ohm_map_need(root, "net", diag), "net", &out->id, diag);
    ohm_node_text(ohm_map_need(root, "space", diag), "space", &out->space, diag);
    ohm_node_text(ohm_map_need(root, "genotype", diag), "genotype", &out->genotype, diag);
    read_hash(out, ohm_map_need(root, "space_hash", diag), diag);
    ohm_node_int(ohm_map_need(root, "params", diag), "params", 0, INT64_MAX, &out->params, diag);
    ohm_node_int(ohm_map_need(root, "macs", diag), "macs", 0, INT64_MAX, &out->macs, diag);
    layers = ohm_map_need(root, "layers", diag);
    if (layers && ohm_node_is_list(layers, "layers", diag))
        out->layers = layers->count;
    chip = ohm_map_get(root, "chip");
    if (chip)
        ohm_node_text(chip, "chip", &out->chip, diag);
    for (size_t i = 0; i < sizeof(made_anew) / sizeof(made_anew[0]); i++)
        ohm_map_get(root, made_anew[i]);
    read_scores(out, ohm_map_get(root, "scores"), diag);
    read_provenance(out, ohm_map_get(root, "provenance"), diag);
    ohm_map_finish(root, diag);
}

enum ohm_status ohm_net_file_load(struct ohm_net_file *out, const char *path, struct ohm_diag *diag)
{
    struct ohm_diag own = {0};
    enum ohm_status st;

    *out = (struct ohm_net_file){0};
    if ((st = ohm_doc_load(&out->doc, path, diag)) != OHM_OK)
        return st;
    read_root(out, ohm_doc_root(out->doc), &own);
    st = ohm_diag_status(&own, NULL);
    for (int i = 0; i < own.count && i < OHM_DIAG_MAX; i++)
        ohm_diag_take(diag, &own.item[i]);
    ohm_diag_release(&own);
    if (st != OHM_OK)
        ohm_net_file_release(out);
    return st;
}

void ohm_net_file_release(struct ohm_net_file *file)
{
    ohm_doc_free(file->doc);
    ohm_free(file->score_name);
    ohm_free(file->score);
    *file = (struct ohm_net_file){0};
}

enum ohm_status ohm_net_file_check_space(const struct ohm_net_file *file, const struct ohm_space *space,
                                         struct ohm_error *err)
{
    const char *path = ohm_doc_path(file->doc);

    if (ohm_space_hash(space) != file->space_hash)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0,
                           "the network was written from another version of space '%s' (hash 0x%016" PRIx64
                           ", this one has 0x%016" PRIx64 ")",
                           file->space, file->space_hash, ohm_space_hash(space));
    return OHM_OK;
}

enum ohm_status ohm_net_file_check(const struct ohm_net_file *file, const struct ohm_space *space,
                                   const struct ohm_genotype *genotype, const struct ohm_net *net,
                                   struct ohm_error *err)
{
    const char *path = ohm_doc_path(file->doc);
    char id[OHM_ID_TEXT_SIZE];

    ohm_id_text(ohm_genotype_id(space, genotype), id);
    if (strcmp(id, file->id) != 0)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "net is %.40s, but its genotype has the id %s",
                           file->id, id);
    if (net->layers != file->layers || net->params != file->params || net->macs != file->macs)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0,
                           "the file tells of %lld layers, %lld parameters and %lld MACs, but its genotype gives %d, "
                           "%lld and %lld",
                           file->layers, file->params, file->macs, net->layers, (long long)net->params,
                           (long long)net->macs);
    return OHM_OK;
}
