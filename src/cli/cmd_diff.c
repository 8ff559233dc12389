/* cmd_diff.c - two networks beside each other: axes that differ, and what that does to every number known of both. */
#include "cli_int.h"

#include <math.h>
#include <string.h>

struct diff {
    bool all;
    struct ohm_net_options net;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_FLAG(diff, all, "all", 'a', "also what is equal"),
    OHM_OPT_NET(diff),
    OHM_OPT_FORMAT(diff),
    OHM_OPT_END,
};

static void out_axis(struct ohm_out *o, const struct diff *opt, const char *name, const struct ohm_str *a,
                     const struct ohm_str *b)
{
    if (!opt->all && strcmp(ohm_str_text(a), ohm_str_text(b)) == 0)
        return;
    ohm_out_row(o);
    if (opt->format.csv)
        ohm_out_text(o, "kind", "axis");
    ohm_out_text(o, opt->format.csv ? "name" : "axis", name);
    ohm_out_str(o, "a", a);
    ohm_out_str(o, "b", b);
    if (opt->format.csv)
        ohm_out_text(o, "b_minus_a", NULL);
    ohm_out_row_end(o);
}

static void axis_value(const struct ohm_named_net *n, int axis, struct ohm_str *s)
{
    const struct ohm_axis *a = ohm_space_axis(n->space, axis);

    ohm_str_clear(s);
    if (!ohm_genotype_active(n->space, &n->genotype, axis))
        ohm_str_append(s, "-");
    else if (a->text)
        ohm_str_append(s, a->text[n->genotype.gene[axis]]);
    else
        ohm_str_append_double(s, a->value[n->genotype.gene[axis]]);
}

static void out_axes(struct ohm_out *o, const struct diff *opt, const struct ohm_named_net *a,
                     const struct ohm_named_net *b)
{
    struct ohm_str left = {0}, right = {0};

    for (int i = 0; i < ohm_space_axes(a->space); i++) {
        axis_value(a, i, &left);
        axis_value(b, i, &right);
        out_axis(o, opt, ohm_space_axis(a->space, i)->name, &left, &right);
    }
    ohm_str_release(&left);
    ohm_str_release(&right);
}

/* What a trial says of the parameter; "-" where it is no axis of its study. */
static void chip_value(const struct ohm_named_net *n, const char *key, struct ohm_str *s)
{
    const struct ohm_chip_axes *const axes = n->spaces.chip_axes;

    ohm_str_clear(s);
    for (int i = 0; axes && i < ohm_chip_axes_count(axes); i++)
        if (strcmp(ohm_chip_axes_parameter(axes, i)->key, key) == 0 &&
            ohm_genotype_active(n->spaces.all, &n->point, ohm_space_axes(n->space) + i))
            ohm_str_append(s, ohm_chip_axes_value(axes, i, &n->point));
    if (s->length == 0)
        ohm_str_append(s, "-");
}

static void out_chip_axes(struct ohm_out *o, const struct diff *opt, const struct ohm_named_net *a,
                          const struct ohm_named_net *b)
{
    struct ohm_str left = {0}, right = {0}, name = {0};
    const struct ohm_chip_parameter *p;

    for (int i = 0; (p = ohm_chip_parameter(i)) != NULL; i++) {
        chip_value(a, p->key, &left);
        chip_value(b, p->key, &right);
        ohm_str_clear(&name);
        ohm_str_printf(&name, "chip.%s", p->key);
        if (strcmp(ohm_str_text(&left), "-") != 0 || strcmp(ohm_str_text(&right), "-") != 0)
            out_axis(o, opt, ohm_str_text(&name), &left, &right);
    }
    ohm_str_release(&left);
    ohm_str_release(&right);
    ohm_str_release(&name);
}

static void out_number(struct ohm_out *o, const struct diff *opt, const char *name, double a, double b)
{
    if (!opt->all && (a == b || (isnan(a) && isnan(b))))
        return;
    ohm_out_row(o);
    if (opt->format.csv)
        ohm_out_text(o, "kind", "metric");
    ohm_out_text(o, opt->format.csv ? "name" : "metric", name);
    ohm_out_double(o, "a", a);
    ohm_out_double(o, "b", b);
    ohm_out_double(o, "b_minus_a", b - a);
    ohm_out_row_end(o);
}

static void out_numbers(struct ohm_out *o, const struct diff *opt, const struct ohm_named_net *a,
                        const struct ohm_named_net *b)
{
    out_number(o, opt, "params", (double)a->net->params, (double)b->net->params);
    out_number(o, opt, "weights", (double)a->net->weights, (double)b->net->weights);
    out_number(o, opt, "macs", (double)a->net->macs, (double)b->net->macs);
    out_number(o, opt, "depth", a->net->depth, b->net->depth);
    out_number(o, opt, "mvm_layers", a->net->mvm_layers, b->net->mvm_layers);
    for (int i = 0; i < a->metric.count; i++) {
        const int k = ohm_metric_names_find(&b->metric, a->metric.name[i]);

        if (k >= 0 && !ohm_is_net_sum(a->metric.name[i]))
            out_number(o, opt, a->metric.name[i], a->value[i], b->value[k]);
    }
}

static enum ohm_status compare(const struct diff *opt, const struct ohm_named_net *a, const struct ohm_named_net *b,
                               struct ohm_error *err)
{
    struct ohm_out out;
    char id[OHM_ID_TEXT_SIZE];

    if (ohm_space_hash(a->space) != ohm_space_hash(b->space))
        return ohm_fail(err, OHM_ECONFIG, "the networks are of two spaces, '%s' and '%s'", ohm_space_name(a->space),
                        ohm_space_name(b->space));
    ohm_out_begin(&out, &opt->format, "ohmnas.diff/1");
    ohm_out_text(&out, "a", ohm_id_text(a->id, id));
    ohm_out_text(&out, "b", ohm_id_text(b->id, id));
    ohm_out_list(&out, "axes");
    out_axes(&out, opt, a, b);
    out_chip_axes(&out, opt, a, b);
    if (!opt->format.csv) { /* there, both are one table with the columns kind, name, a, b, b_minus_a */
        ohm_out_list_end(&out);
        ohm_out_say(&out, "%s", "");
        ohm_out_list(&out, "metrics");
    }
    out_numbers(&out, opt, a, b);
    ohm_out_list_end(&out);
    return ohm_out_end(&out, err);
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct diff *opt = object;
    struct ohm_named_net a = {0}, b = {0};
    enum ohm_status st;

    if ((st = ohm_net_arg_of_space(cli, &a, args->word[0], &opt->net, err)) == OHM_OK &&
        (st = ohm_net_arg_of_space(cli, &b, args->word[1], &opt->net, err)) == OHM_OK)
        st = compare(opt, &a, &b, err);
    ohm_net_arg_release(&a);
    ohm_net_arg_release(&b);
    return st;
}

static const char *const examples[] = {"ohmnas diff n:3fa9c1 n:77aa01", "ohmnas diff '#3' net.yaml --all", NULL};

const struct ohm_command ohm_cmd_diff = {
    .name = "diff",
    .operands = "NET NET",
    .words_min = 2,
    .words_max = 2,
    .complete = "file",
    .summary = "compare two networks of a space",
    .examples = examples,
    .options = options,
    .size = sizeof(struct diff),
    .run = run,
};
