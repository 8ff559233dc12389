/* net_write.c - a network as YAML or JSON. */
#include "ohm/export.h"

#include "ohm/emit.h"
#include "ohm/mem.h"

#include <inttypes.h>
#include <stdio.h>

static void put_pair(struct ohm_emit *e, const char *key, int64_t a, int64_t b)
{
    ohm_emit_flow_list(e, key);
    ohm_emit_int(e, NULL, a);
    ohm_emit_int(e, NULL, b);
    ohm_emit_end(e);
}

static void put_shape(struct ohm_emit *e, const char *key, struct ohm_shape shape)
{
    ohm_emit_flow_list(e, key);
    ohm_emit_int(e, NULL, shape.h);
    ohm_emit_int(e, NULL, shape.w);
    ohm_emit_int(e, NULL, shape.c);
    ohm_emit_end(e);
}

static void put_window(struct ohm_emit *e, const struct ohm_layer *l)
{
    put_pair(e, "kernel", l->k_h, l->k_w);
    put_pair(e, "stride", l->stride_h, l->stride_w);
    ohm_emit_flow_list(e, "pad");
    ohm_emit_int(e, NULL, l->pad_top);
    ohm_emit_int(e, NULL, l->pad_left);
    ohm_emit_int(e, NULL, l->pad_bottom);
    ohm_emit_int(e, NULL, l->pad_right);
    ohm_emit_end(e);
}

static void put_layer(struct ohm_emit *e, const struct ohm_net *net, int index)
{
    const struct ohm_layer *l = &net->layer[index];

    ohm_emit_flow_map(e, NULL);
    ohm_emit_int(e, "index", index);
    ohm_emit_text(e, "name", l->name);
    ohm_emit_text(e, "kind", ohm_layer_kind_name(l->kind));
    ohm_emit_flow_list(e, "inputs");
    for (int i = 0; i < l->inputs; i++)
        ohm_emit_int(e, NULL, net->edge[l->first_input + i]);
    ohm_emit_end(e);
    put_shape(e, "out", l->out);
    if (l->kind == OHM_CONV || l->kind == OHM_AVG_POOL || l->kind == OHM_MAX_POOL)
        put_window(e, l);
    if (l->kind == OHM_CONV)
        ohm_emit_int(e, "groups", l->groups);
    if (ohm_layer_is_mvm(l->kind))
        ohm_emit_bool(e, "bias", l->bias);
    if (l->kind == OHM_AVG_POOL)
        ohm_emit_bool(e, "count_include_pad", l->count_include_pad);
    ohm_emit_int(e, "params", l->params);
    ohm_emit_int(e, "macs", l->macs);
    ohm_emit_end(e);
}

static void put_net(struct ohm_emit *e, const struct ohm_net *net)
{
    put_shape(e, "input", net->input);
    ohm_emit_int(e, "classes", net->classes);
    ohm_emit_int(e, "params", net->params);
    ohm_emit_int(e, "weights", net->weights);
    ohm_emit_int(e, "macs", net->macs);
    ohm_emit_list(e, "layers");
    for (int i = 0; i < net->layers; i++)
        put_layer(e, net, i);
    ohm_emit_end(e);
}

static void put_use(struct ohm_emit *e, const struct ohm_chip_use *use)
{
    struct ohm_str value = {0};

    ohm_emit_map(e, "chip_use");
    for (const struct ohm_field *f = ohm_chip_use_fields; f->kind != OHM_FIELD_END; f++) {
        ohm_str_clear(&value);
        ohm_field_print(&value, f, use);
        if (f->kind == OHM_FIELD_BOOL)
            ohm_emit_bool(e, f->key, *(const bool *)((const char *)use + f->offset));
        else
            ohm_emit_text(e, f->key, ohm_str_text(&value));
        e->out.failed = e->out.failed || value.failed;
    }
    ohm_emit_end(e);
    ohm_str_release(&value);
}

static enum ohm_status put_cost(struct ohm_emit *e, const struct ohm_net_record *r, struct ohm_error *err)
{
    struct ohm_cost c;
    enum ohm_status st = ohm_cost_net(r->chip, r->use, r->net, &c, NULL, err);

    if (st != OHM_OK)
        return st;
    ohm_emit_map(e, "cost");
    ohm_emit_int(e, "cores", c.cores);
    ohm_emit_int(e, "chips", c.chips);
    ohm_emit_bool(e, "fits", c.fits);
    ohm_emit_double(e, "util", c.util);
    ohm_emit_double(e, "latency_us", c.latency_us);
    ohm_emit_double(e, "interval_us", c.interval_us);
    ohm_emit_double(e, "energy_uJ", c.energy_uJ);
    ohm_emit_double(e, "area_mm2", c.area_mm2);
    ohm_emit_double(e, "tops_per_W", c.tops_per_W);
    ohm_emit_end(e);
    return OHM_OK;
}

static enum ohm_status put_mapping(struct ohm_emit *e, const struct ohm_net_record *r, struct ohm_error *err)
{
    struct ohm_placement *place = NULL;
    int64_t n = 0;
    enum ohm_status st = ohm_map_net(r->chip, r->use, r->net, NULL, 0, &n, err);

    if (st != OHM_OK)
        return st;
    if (!(place = ohm_alloc((size_t)n, sizeof(*place))))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    st = ohm_map_net(r->chip, r->use, r->net, place, n, &n, err);
    ohm_emit_list(e, "mapping");
    for (int64_t i = 0; i < n && st == OHM_OK; i++) {
        ohm_emit_flow_map(e, NULL);
        ohm_emit_int(e, "core", place[i].core);
        ohm_emit_int(e, "layer", place[i].layer);
        ohm_emit_int(e, "copy", place[i].copy);
        ohm_emit_int(e, "row", place[i].row);
        ohm_emit_int(e, "col", place[i].col);
        ohm_emit_int(e, "rows", place[i].rows);
        ohm_emit_int(e, "cols", place[i].cols);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
    ohm_free(place);
    return st;
}

static void put_origin(struct ohm_emit *e, const struct ohm_net_record *r)
{
    ohm_emit_map(e, "scores");
    for (int i = 0; i < r->scores; i++)
        ohm_emit_double(e, r->score_name[i], r->score[i]);
    ohm_emit_end(e);
    ohm_emit_map(e, "provenance");
    ohm_emit_text(e, "program", "ohmnas");
    ohm_emit_text(e, "version", r->version);
    if (r->study) {
        ohm_emit_text(e, "study", r->study);
        ohm_emit_int(e, "trial", r->trial);
        ohm_emit_int(e, "seed", r->seed);
    }
    ohm_emit_end(e);
}

static void put_identity(struct ohm_emit *e, const struct ohm_net_record *r)
{
    struct ohm_str genotype = {0};
    char id[OHM_ID_TEXT_SIZE], hash[24];

    ohm_genotype_print(r->space, r->genotype, &genotype);
    snprintf(hash, sizeof(hash), "0x%016" PRIx64, ohm_space_hash(r->space));
    ohm_emit_text(e, "net", ohm_id_text(ohm_genotype_id(r->space, r->genotype), id));
    ohm_emit_text(e, "format", "ohmnas.net/1");
    ohm_emit_text(e, "space", ohm_space_name(r->space));
    ohm_emit_text(e, "space_hash", hash);
    ohm_emit_text(e, "genotype", ohm_str_text(&genotype));
    e->out.failed = e->out.failed || genotype.failed;
    ohm_str_release(&genotype);
}

enum ohm_status ohm_net_record_write(struct ohm_str *s, const struct ohm_net_record *record, bool json,
                                     struct ohm_error *err)
{
    struct ohm_emit e = {.json = json};
    enum ohm_status st = OHM_OK;

    ohm_emit_map(&e, NULL);
    put_identity(&e, record);
    put_net(&e, record->net);
    if (record->chip) {
        ohm_emit_text(&e, "chip", ohm_chip_name(record->chip));
        if (record->chip_axes)
            ohm_emit_text(&e, "chip_axes", record->chip_axes);
        put_use(&e, record->use);
        if ((st = put_cost(&e, record, err)) == OHM_OK)
            st = put_mapping(&e, record, err);
    }
    put_origin(&e, record);
    ohm_emit_end(&e);
    if (st == OHM_OK && e.out.failed)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (st == OHM_OK)
        ohm_str_append_n(s, ohm_str_text(&e.out), e.out.length);
    if (st == OHM_OK && s->length > 0 && s->text[s->length - 1] != '\n')
        ohm_str_append(s, "\n");
    if (st == OHM_OK && s->failed)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    ohm_str_release(&e.out);
    return st;
}
