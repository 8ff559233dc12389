/* report_copies.c - what a validated network costs on the arrays that its accuracy was measured on: `tile.redundancy`
 * of the validation is put in place of the study's. */
#include "study_report.h"

#include "ohm/analog.h"
#include "ohm/decode.h"
#include "ohm/json.h"
#include "ohm/layer_list.h"

#include <string.h>

/* Validations made before there was redundancy have none in their settings. */
static enum ohm_status read_redundancy(struct ohm_report *r, struct ohm_report_run *run)
{
    struct ohm_tile_config tile;
    struct ohm_doc *doc = NULL;
    const struct ohm_node *node;
    long long told = 0;
    enum ohm_status st =
        ohm_json_parse(&doc, run->settings, strlen(run->settings), "settings of a validation", &r->cli->diag);

    ohm_fields_default(ohm_tile_fields, &tile);
    run->redundancy = tile.redundancy;
    if (st == OHM_OK && (node = ohm_map_get(ohm_map_get(ohm_doc_root(doc), "tile"), "redundancy")) != NULL &&
        ohm_node_int(node, "redundancy", 1, INT32_MAX, &told, &r->cli->diag))
        run->redundancy = told;
    ohm_doc_free(doc);
    return st;
}

/* The network as the log keeps it: a file of layers, or one with a genotype. */
static enum ohm_status build(struct ohm_report *r, const struct ohm_net **net, struct ohm_net_builder *builder,
                             const struct ohm_doc *doc, struct ohm_error *err)
{
    const struct ohm_space *const space = ohm_plan_space(r->plan);
    const char *name;
    const struct ohm_node *node;
    struct ohm_genotype g;
    enum ohm_status st;

    if (ohm_is_layer_list(doc))
        return ohm_layer_list_read(builder, net, &name, doc, &r->cli->diag);
    node = ohm_map_get(ohm_doc_root(doc), "genotype");
    st = ohm_genotype_parse(space, &g, node && node->kind == OHM_NODE_SCALAR ? node->text : "", err);
    return st == OHM_OK ? ohm_decode(space, &g, builder, net, err) : st;
}

static enum ohm_status price(struct ohm_report *r, struct ohm_report_run *run, struct ohm_error *err)
{
    struct ohm_chip_use use = *ohm_plan_chip_use(r->plan);
    struct ohm_net_builder builder = {0};
    const struct ohm_net *net = NULL;
    struct ohm_doc *doc = NULL;
    struct ohm_str text = {0};
    enum ohm_status st = ohm_store_validation_text(r->store, run->row.id, "network_text", &text, err);

    use.redundancy = run->redundancy;
    if (st == OHM_OK)
        st = ohm_doc_parse(&doc, ohm_str_text(&text), text.length, "network of a validation", &r->cli->diag);
    if (st == OHM_OK && (st = build(r, &net, &builder, doc, err)) == OHM_OK)
        st = ohm_cost_net(ohm_plan_chip(r->plan), &use, net, &run->cost, NULL, err);
    run->priced = st == OHM_OK;
    ohm_net_release(&builder);
    ohm_doc_free(doc);
    ohm_str_release(&text);
    return st;
}

enum ohm_status ohm_report_price_run(struct ohm_report *r, struct ohm_report_run *run, struct ohm_error *err)
{
    struct ohm_chip_use use = *ohm_plan_chip_use(r->plan);
    enum ohm_status st = read_redundancy(r, run);

    run->repriced = st == OHM_OK && run->redundancy != use.redundancy;
    use.redundancy = run->redundancy;
    if (!run->repriced || !ohm_plan_chip(r->plan) || r->spaces.chip_axes ||
        ohm_chip_check_use(ohm_plan_chip(r->plan), &use, NULL) != OHM_OK)
        return st;
    return price(r, run, err);
}
