/* cmd_cost.c - what a network costs on a chip. */
#include "cli_int.h"

#include <string.h>

struct cost {
    const char *chip;
    struct ohm_words set;
    bool by_layer;
    struct ohm_net_options net;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(cost, chip, "chip", 0, "CHIP", "name or file of the chip", .fallback = "hermes64", .complete = "chip"),
    OHM_OPT_LIST(cost, set, "set", 0, "KEY=VALUE",
                 "how the chip is used, such as schedule=pipelined or read_mode=1-phase"),
    OHM_OPT_FLAG(cost, by_layer, "by-layer", 0, "also one row a layer"),
    OHM_OPT_NET(cost),
    OHM_OPT_FORMAT(cost),
    OHM_OPT_END,
};

enum ohm_status ohm_cli_chip_use(struct ohm_chip_use *use, const struct ohm_words *set, struct ohm_error *err)
{
    ohm_fields_default(ohm_chip_use_fields, use);
    return ohm_opt_set_fields(ohm_chip_use_fields, use, set, err);
}

static void out_sums(struct ohm_out *o, const struct ohm_named_net *n, const struct ohm_chip *chip,
                     const struct ohm_chip_use *use, const struct ohm_cost *c)
{
    struct ohm_str text = {0};

    ohm_fields_print(&text, ohm_chip_use_fields, use);
    ohm_out_text(o, "net", n->name);
    ohm_out_text(o, "space", n->space ? ohm_space_name(n->space) : NULL);
    ohm_out_text(o, "chip", ohm_chip_name(chip));
    ohm_out_str(o, "chip_use", &text);
    ohm_out_int(o, "params", n->net->params);
    ohm_out_int(o, "macs", n->net->macs);
    ohm_out_int(o, "cores", c->cores);
    ohm_out_bool(o, "fits", c->fits);
    ohm_out_int(o, "chips", c->chips);
    ohm_out_double(o, "util", c->util);
    ohm_out_double(o, "latency_us", c->latency_us);
    ohm_out_double(o, "interval_us", c->interval_us);
    ohm_out_double(o, "energy_uJ", c->energy_uJ);
    ohm_out_double(o, "energy_static_uJ", c->energy_static_uJ);
    ohm_out_double(o, "power_mW", c->power_mW);
    ohm_out_double(o, "area_mm2", c->area_mm2);
    ohm_out_double(o, "tops", c->tops);
    ohm_out_double(o, "tops_per_W", c->tops_per_W);
    ohm_out_int(o, "mvm_steps", c->mvm_steps);
    ohm_str_release(&text);
}

static void out_layer(struct ohm_out *o, const struct ohm_net *net, const struct ohm_cost_layer *l)
{
    ohm_out_row(o);
    ohm_out_int(o, "layer", l->layer);
    ohm_out_text(o, "name", net->layer[l->layer].name);
    ohm_out_int(o, "rows", l->rows);
    ohm_out_int(o, "cols", l->cols);
    ohm_out_int(o, "positions", l->positions);
    ohm_out_int(o, "tiles", l->tiles);
    ohm_out_int(o, "copies", l->copies);
    ohm_out_double(o, "util", l->util);
    ohm_out_double(o, "latency_us", l->latency_us);
    ohm_out_double(o, "energy_uJ", l->energy_uJ);
    ohm_out_row_end(o);
}

static enum ohm_status price(const struct cost *opt, const struct ohm_named_net *n, const struct ohm_chip *chip,
                             const struct ohm_chip_use *use, struct ohm_error *err)
{
    struct ohm_cost_layer *layers = ohm_alloc((size_t)n->net->mvm_layers, sizeof(*layers));
    struct ohm_cost sums;
    struct ohm_out out;
    enum ohm_status st =
        layers ? ohm_cost_net(chip, use, n->net, &sums, layers, err) : ohm_fail(err, OHM_ENOMEM, "out of memory");

    if (st == OHM_OK) {
        ohm_out_begin(&out, &opt->format, "ohmnas.cost/1");
        out_sums(&out, n, chip, use, &sums);
        if (opt->by_layer) {
            ohm_out_list(&out, "layers");
            for (int i = 0; i < n->net->mvm_layers; i++)
                out_layer(&out, n->net, &layers[i]);
            ohm_out_list_end(&out);
        }
        st = ohm_out_end(&out, err);
    }
    ohm_free(layers);
    return st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct cost *opt = object;
    struct ohm_named_net net = {0};
    struct ohm_chip *chip = NULL;
    struct ohm_chip_use use;
    enum ohm_status st;

    if ((st = ohm_cli_chip_use(&use, &opt->set, err)) == OHM_OK &&
        (st = ohm_net_arg(cli, &net, args->word[0], &opt->net, err)) == OHM_OK &&
        (st = ohm_cli_chip(cli, opt->chip, &chip)) == OHM_OK)
        st = price(opt, &net, chip, &use, err);
    ohm_chip_free(chip);
    ohm_net_arg_release(&net);
    return st;
}

static const char *const examples[] = {"ohmnas cost n:3fa9c1 --by-layer", "ohmnas cost net.yaml --chip hermes64 --json",
                                       "ohmnas cost searchspaces/reference/resnet8.yaml --by-layer",
                                       "ohmnas cost 432030 --space nb201 --set schedule=pipelined --set replicate=on",
                                       NULL};

const struct ohm_command ohm_cmd_cost = {
    .name = "cost",
    .operands = "NET",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "mapping, latency, energy and area of a network on a chip",
    .details =
        "NET is a file written by export, a file of layers (searchspaces/reference), n:ID or #NUMBER of the run "
        "log, or, with --space, 'axis=value ...' or a key of that space. A network that does not fit is priced all "
        "the same; 'chips' says how many chips it needs.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct cost),
    .run = run,
};
