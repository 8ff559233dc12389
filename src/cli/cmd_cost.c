/* cmd_cost.c - what a network costs on a chip, or on several side by side. */
#include "chip_arg.h"
#include "cost_many.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct cost {
    const char *chip, *compare, *rate;
    struct ohm_words set;
    int64_t top; /* 0: not asked for */
    bool by_layer, front;
    struct ohm_net_options net;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(cost, chip, "chip", 0, "CHIP", "name or file of the chip", .fallback = "hermes64", .complete = "chip"),
    OHM_OPT_TEXT(cost, compare, "compare", 0, "A,B,C",
                 "chips side by side, each CHIP or CHIP:KEY=VALUE:KEY=VALUE as with --set"),
    OHM_OPT_LIST(cost, set, "set", 0, "KEY=VALUE",
                 "how the chip is used, such as schedule=pipelined, or a number of its file, such as "
                 "energy.output_pJ=150"),
    OHM_OPT_TEXT(cost, rate, "rate", 0, "HZ", "copies of the whole network that so many inferences per second take"),
    OHM_OPT_FLAG(cost, by_layer, "by-layer", 0, "also one row a layer"),
    OHM_OPT_FLAG(cost, front, "front", 0, "also each network on the Pareto front of the study (--study)"),
    OHM_OPT_INT(cost, top, "top", 'k', "K", NULL, 1, 10000, "also the K best networks of the study"),
    OHM_OPT_NET(cost),
    OHM_OPT_FORMAT(cost),
    OHM_OPT_END,
};

struct platform {
    struct ohm_chip_arg arg;
    struct ohm_cost cost;
};

/* ---- figures ---- */

static double known(double value)
{
    return value > 0 ? value : (double)NAN;
}

static void out_texts(struct ohm_out *o, const struct platform *p)
{
    struct ohm_str text = {0};

    ohm_chip_arg_print_use(&text, &p->arg);
    ohm_out_str(o, "chip_use", &text);
    ohm_str_clear(&text);
    ohm_chip_arg_print_numbers(&text, &p->arg);
    if (text.length || !ohm_out_for_people(o))
        ohm_out_str(o, "chip_set", &text);
    ohm_str_release(&text);
}

static void out_reason(struct ohm_out *o, const struct platform *p)
{
    struct ohm_str text = {0};

    ohm_cost_reason(&text, p->arg.chip, &p->cost);
    if (text.length)
        ohm_out_str(o, "does_not_fit", &text);
    else if (!ohm_out_for_people(o))
        ohm_out_text(o, "does_not_fit", NULL);
    ohm_str_release(&text);
}

static void out_parts(struct ohm_out *o, const double *us, const double *uJ)
{
    char name[32];

    for (int i = 0; i < OHM_COST_PARTS; i++) {
        if (ohm_out_for_people(o) && us[i] <= 0 && uJ[i] <= 0)
            continue;
        snprintf(name, sizeof(name), "%s_us", ohm_cost_part_name(i));
        if (i != OHM_PART_STATIC)
            ohm_out_double(o, name, us[i]);
        snprintf(name, sizeof(name), "%s_uJ", ohm_cost_part_name(i));
        if (i != OHM_PART_STATIC)
            ohm_out_double(o, name, uJ[i]);
    }
}

struct figure {
    const char *name;
    double (*value)(const struct ohm_cost *c);
};
#define FIGURE(name_, expr_)                                                                                           \
    static double value_##name_(const struct ohm_cost *c)                                                              \
    {                                                                                                                  \
        return (double)(expr_);                                                                                        \
    }
#define FIGURES(X)                                                                                                     \
    X(util, known(c->util))                                                                                            \
    X(latency_us, c->latency_us)                                                                                       \
    X(interval_us, c->interval_us)                                                                                     \
    X(inferences_per_s, 1e6 / c->interval_us)                                                                          \
    X(energy_uJ, c->energy_uJ)                                                                                         \
    X(energy_static_uJ, c->energy_static_uJ)                                                                           \
    X(power_mW, c->power_mW)                                                                                           \
    X(area_mm2, known(c->area_mm2))                                                                                    \
    X(area_chips_mm2, known(c->area_chips_mm2))                                                                        \
    X(tops, c->tops)                                                                                                   \
    X(tops_per_W, c->tops_per_W)
FIGURES(FIGURE)
#define FIGURE_ROW(name_, expr_) {#name_, value_##name_},
static const struct figure figures[] = {FIGURES(FIGURE_ROW)};
enum { FIGURES_COUNT = sizeof figures / sizeof figures[0] };

static void out_figures(struct ohm_out *o, const struct ohm_cost *c)
{
    ohm_out_int(o, "cores", c->cores);
    ohm_out_bool(o, "fits", c->fits);
    ohm_out_int(o, "chips", c->chips);
    for (int i = 0; i < FIGURES_COUNT; i++)
        ohm_out_double(o, figures[i].name, figures[i].value(c));
    ohm_out_int(o, "mvm_steps", c->mvm_steps);
}

/* ---- one chip ---- */

static void out_net(struct ohm_out *o, const struct ohm_named_net *n)
{
    ohm_out_text(o, "net", n->name);
    ohm_out_text(o, "space", n->space ? ohm_space_name(n->space) : NULL);
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
    if (!ohm_out_for_people(o))
        out_parts(o, l->part_us, l->part_uJ);
    ohm_out_row_end(o);
}

static enum ohm_status out_rate(struct ohm_out *o, const char *rate, const struct ohm_cost *c, struct ohm_error *err)
{
    double hz, copies;

    if (!rate)
        return OHM_OK;
    if (!ohm_parse_double(rate, &hz) || !(hz > 0 && hz <= 1e15))
        return ohm_fail(err, OHM_ECONFIG, "--rate is '%.40s', not a number of inferences per second up to 1e15", rate);
    copies = fmax(1, ceil(c->interval_us * 1e-6 * hz * (1 - 1e-12)));
    ohm_out_double(o, "copies_for_rate", copies);
    ohm_out_double(o, "cores_for_rate", copies * (double)c->cores);
    return OHM_OK;
}

static enum ohm_status out_one(const struct cost *opt, const struct ohm_named_net *n, const struct platform *p,
                               const struct ohm_cost_layer *layers, struct ohm_error *err)
{
    struct ohm_out out;
    enum ohm_status st;

    ohm_out_begin(&out, &opt->format, "ohmnas.cost/1");
    out_net(&out, n);
    ohm_out_text(&out, "chip", ohm_chip_name(p->arg.chip));
    out_texts(&out, p);
    ohm_out_int(&out, "params", n->net->params);
    ohm_out_int(&out, "macs", n->net->macs);
    out_figures(&out, &p->cost);
    out_parts(&out, p->cost.part_us, p->cost.part_uJ);
    out_reason(&out, p);
    if ((st = out_rate(&out, opt->rate, &p->cost, err)) != OHM_OK) {
        ohm_out_drop(&out);
        return st;
    }
    if (opt->by_layer) {
        ohm_out_list(&out, "layers");
        for (int i = 0; i < ohm_cost_rows(p->arg.chip, n->net); i++)
            out_layer(&out, n->net, &layers[i]);
        ohm_out_list_end(&out);
    }
    return ohm_out_end(&out, err);
}

static enum ohm_status cost_one(struct ohm_cli *cli, const struct cost *opt, const struct ohm_named_net *n,
                                struct ohm_error *err)
{
    struct ohm_cost_layer *layers = NULL;
    struct platform p = {0};
    enum ohm_status st = ohm_chip_arg_load(cli, &p.arg, opt->chip, &opt->set, err);

    if (st == OHM_OK && !(layers = ohm_alloc((size_t)ohm_cost_rows(p.arg.chip, n->net), sizeof(*layers))))
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (st == OHM_OK && (st = ohm_cost_net(p.arg.chip, &p.arg.use, n->net, &p.cost, layers, err)) == OHM_OK)
        st = out_one(opt, n, &p, layers, err);
    ohm_free(layers);
    ohm_chip_arg_release(&p.arg);
    return st;
}

/* ---- several chips ---- */

static void out_cell(struct ohm_out *o, const struct platform *p, int row)
{
    if (row == 0)
        ohm_out_int(o, p->arg.label, p->cost.cores);
    else if (row == 1)
        ohm_out_bool(o, p->arg.label, p->cost.fits);
    else if (row == 2)
        ohm_out_int(o, p->arg.label, p->cost.chips);
    else
        ohm_out_double(o, p->arg.label, figures[row - 3].value(&p->cost));
}

/* People read a chip a column, and programs a chip a row. */
static void out_columns(struct ohm_out *o, const struct platform *p, int n)
{
    static const char *const counts[] = {"cores", "fits", "chips"};

    ohm_out_list(o, "figures");
    for (int row = 0; row < 3 + FIGURES_COUNT; row++) {
        ohm_out_row(o);
        ohm_out_text(o, "figure", row < 3 ? counts[row] : figures[row - 3].name);
        for (int i = 0; i < n; i++)
            out_cell(o, &p[i], row);
        ohm_out_row_end(o);
    }
    ohm_out_list_end(o);
    for (int i = 0; i < n; i++) {
        struct ohm_str text = {0};

        ohm_cost_reason(&text, p[i].arg.chip, &p[i].cost);
        if (text.length)
            ohm_out_say(o, "%s: %s", p[i].arg.label, ohm_str_text(&text));
        ohm_str_release(&text);
    }
}

static void out_rows(struct ohm_out *o, const struct platform *p, int n)
{
    ohm_out_list(o, "chips");
    for (int i = 0; i < n; i++) {
        ohm_out_row(o);
        ohm_out_text(o, "chip", p[i].arg.label);
        out_texts(o, &p[i]);
        out_figures(o, &p[i].cost);
        out_parts(o, p[i].cost.part_us, p[i].cost.part_uJ);
        out_reason(o, &p[i]);
        ohm_out_row_end(o);
    }
    ohm_out_list_end(o);
}

static enum ohm_status compare(struct ohm_cli *cli, const struct cost *opt, const struct ohm_named_net *n,
                               struct platform *p, int *loaded, struct ohm_error *err)
{
    struct ohm_words names = {0};
    struct ohm_out out;
    enum ohm_status st = ohm_words_split(cli, opt->compare, ',', &names, err);

    if (st == OHM_OK && (names.count < 1 || names.count > OHM_COMPARE_MAX))
        return ohm_fail(err, OHM_ECONFIG, "--compare names %d chips, outside [1, %d]", names.count, OHM_COMPARE_MAX);
    for (int i = 0; i < names.count && st == OHM_OK; i++) {
        *loaded = i + 1;
        if ((st = ohm_chip_arg_load(cli, &p[i].arg, names.item[i], &opt->set, err)) == OHM_OK)
            st = ohm_cost_net(p[i].arg.chip, &p[i].arg.use, n->net, &p[i].cost, NULL, err);
    }
    if (st != OHM_OK)
        return st;
    ohm_out_begin(&out, &opt->format, "ohmnas.costs/1");
    out_net(&out, n);
    if (ohm_out_for_people(&out))
        out_columns(&out, p, names.count);
    else
        out_rows(&out, p, names.count);
    return ohm_out_end(&out, err);
}

static enum ohm_status cost_several(struct ohm_cli *cli, const struct cost *opt, const struct ohm_named_net *n,
                                    struct ohm_error *err)
{
    struct platform p[OHM_COMPARE_MAX]; /* the first `loaded` are filled */
    enum ohm_status st;
    int loaded = 0;

    if (opt->by_layer || opt->rate)
        return ohm_fail(err, OHM_ECONFIG, "--%s is of one chip, not of --compare", opt->rate ? "rate" : "by-layer");
    st = compare(cli, opt, n, p, &loaded, err);
    for (int i = 0; i < loaded; i++)
        ohm_chip_arg_release(&p[i].arg);
    return st;
}

/* ---- several networks ---- */

static enum ohm_status cost_list(struct ohm_cli *cli, const struct cost *opt, const struct ohm_net_list *nets,
                                 struct ohm_error *err)
{
    struct ohm_words chips = {0};
    enum ohm_status st;

    if (opt->by_layer || opt->rate)
        return ohm_fail(err, OHM_ECONFIG, "--%s is of one network", opt->rate ? "rate" : "by-layer");
    st = ohm_words_split(cli, opt->compare ? opt->compare : opt->chip, ',', &chips, err);
    return st == OHM_OK ? ohm_cost_many(cli, nets, &chips, &opt->set, &opt->format, err) : st;
}

static enum ohm_status list_networks(struct ohm_cli *cli, const struct cost *opt, const struct ohm_args *args,
                                     struct ohm_net_list *nets, struct ohm_error *err)
{
    enum ohm_status st = ohm_net_list_words(cli, nets, args, &opt->net, err);

    if (st == OHM_OK && opt->front)
        st = ohm_net_list_front(cli, nets, &opt->net, err);
    if (st == OHM_OK && opt->top)
        st = ohm_net_list_best(cli, nets, &opt->net, (int)opt->top, err);
    if (st == OHM_OK && nets->count == 0)
        return ohm_fail(err, OHM_ECONFIG, "no network: name some, or give --front or --top");
    return st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct cost *opt = object;
    struct ohm_net_list nets = {0};
    enum ohm_status st = list_networks(cli, opt, args, &nets, err);

    if (st == OHM_OK && (nets.count > 1 || opt->front || opt->top))
        st = cost_list(cli, opt, &nets, err);
    else if (st == OHM_OK)
        st = opt->compare ? cost_several(cli, opt, nets.item[0], err) : cost_one(cli, opt, nets.item[0], err);
    ohm_net_list_release(&nets);
    return st;
}

static const char *const examples[] = {"ohmnas cost n:3fa9c1 --by-layer",
                                       "ohmnas cost net.yaml --chip hermes64 --json",
                                       "ohmnas cost searchspaces/reference/resnet8.yaml --by-layer",
                                       "ohmnas cost 432030 --space nb201 --set schedule=pipelined --set replicate=on",
                                       "ohmnas cost searchspaces/reference/resnet32.yaml --compare "
                                       "hermes64,hermes64:periphery=nmpu,mesh512",
                                       "ohmnas cost --front --study kws --compare hermes64,mesh512,cpu",
                                       NULL};

const struct ohm_command ohm_cmd_cost = {
    .name = "cost",
    .operands = "[NET...]",
    .words_min = 0,
    .words_max = -1,
    .complete = "file",
    .summary = "mapping, latency, energy and area of networks on chips",
    .details =
        "NET is a file written by export, a file of layers (searchspaces/reference), n:ID or #NUMBER of the run "
        "log, or, with --space, 'axis=value ...' or a key of that space. A network that does not fit is priced all "
        "the same; 'chips' says how many chips it needs, 'does_not_fit' why.\n\n"
        "'array', 'digital' and so on are the parts that time (layer after layer) and energy are spent in. ohmnas "
        "chip show lists the numbers that --set can change.\n\n"
        "Several networks are a row each, and with --compare the last table says how far the chips agree on their "
        "order.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct cost),
    .run = run,
};
