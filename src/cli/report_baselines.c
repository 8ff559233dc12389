/* report_baselines.c - networks that a search must beat: those of searchspaces/reference with the input and the classes
 * of the study's space, those that the user names, and those that only a file of rows has; priced on the study's chip.
 */
#include "study_report.h"

#include "ohm/decode.h"
#include "ohm/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    struct ohm_report *r;
    size_t room;
};

static bool same_problem(const struct ohm_report *r, const struct ohm_net *net)
{
    const struct ohm_space *const space = ohm_plan_space(r->plan);
    const struct ohm_shape in = ohm_space_input(space);

    return net->input.h == in.h && net->input.w == in.w && net->input.c == in.c &&
           net->classes == ohm_space_classes(space);
}

/* What the study would have logged of this network, where it is one of its space. */
static enum ohm_status predict(struct ohm_report *r, struct ohm_report_net *n, const struct ohm_genotype *g,
                               struct ohm_error *err)
{
    struct ohm_evaluation e;
    const enum ohm_status st = ohm_evaluate(ohm_plan_evaluator(r->plan), g, 1, 1, &e, err);

    if (st == OHM_OK)
        memcpy(n->metric, e.metric, (size_t)r->metrics.count * sizeof *n->metric);
    return st;
}

static enum ohm_status price(struct ohm_report *r, struct ohm_report_net *n, const struct ohm_net *net,
                             struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    n->shape = ohm_net_hash(net);
    n->params = (double)net->params;
    n->macs = (double)net->macs;
    if (ohm_plan_chip(r->plan))
        st = ohm_cost_net(ohm_plan_chip(r->plan), ohm_plan_chip_use(r->plan), net, &n->cost, NULL, err);
    n->priced = st == OHM_OK && ohm_plan_chip(r->plan);
    return st;
}

/* What the chip and the network say by themselves, under the names that a study has for it. */
static void fill_metrics(const struct ohm_report *r, struct ohm_report_net *n)
{
    for (int i = 0; i < r->metrics.count; i++) {
        const char *const name = r->metrics.name[i];
        double value = NAN;

        if (strcmp(name, "params") == 0)
            value = n->params;
        else if (strcmp(name, "macs") == 0)
            value = n->macs;
        else
            ohm_cost_metric(&value, n->priced ? &n->cost : NULL, name);
        if (isnan(n->metric[i]))
            n->metric[i] = value;
    }
}

static enum ohm_status add(struct listing *l, const char *name, const struct ohm_net *net, const struct ohm_genotype *g,
                           struct ohm_error *err)
{
    struct ohm_report *const r = l->r;
    struct ohm_report_net *n;
    struct ohm_str genotype = {0};
    enum ohm_status st = OHM_OK;

    if (!ohm_grow(&r->baseline, &l->room, (size_t)r->baselines + 1, sizeof *r->baseline))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    n = &r->baseline[r->baselines++];
    *n = (struct ohm_report_net){.trial = -1, .params = NAN, .macs = NAN};
    n->name = ohm_arena_strdup(&r->cli->arena, name);
    for (int i = 0; i < OHM_METRICS_MAX; i++)
        n->metric[i] = NAN;
    if (g) {
        ohm_genotype_print(ohm_plan_space(r->plan), g, &genotype);
        n->genotype = ohm_arena_strdup(&r->cli->arena, ohm_str_text(&genotype));
        st = predict(r, n, g, err);
    }
    ohm_str_release(&genotype);
    if (st == OHM_OK && net)
        st = price(r, n, net, err);
    fill_metrics(r, n);
    if (st == OHM_OK && (!n->name || (g && !n->genotype)))
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    return st;
}

static bool is_there(const struct ohm_report *r, uint64_t shape)
{
    for (int i = 0; i < r->baselines; i++)
        if (r->baseline[i].shape == shape)
            return true;
    return false;
}

/* A network that the user names is refused where it is of another problem, one of the project is passed over. */
static enum ohm_status add_named(struct listing *l, const char *text, bool asked_for, struct ohm_error *err)
{
    const struct ohm_space *const space = ohm_plan_space(l->r->plan);
    const struct ohm_net_options from = {.space = ohm_space_name(space), .db = l->r->opt->db};
    struct ohm_named_net n = {0};
    enum ohm_status st = ohm_net_arg(l->r->cli, &n, text, &from, err);
    const bool of_space = st == OHM_OK && n.space && ohm_space_hash(n.space) == ohm_space_hash(space);

    if (st == OHM_OK && !same_problem(l->r, n.net)) {
        if (asked_for)
            st = ohm_fail(err, OHM_ECONFIG, "--baseline %.80s has another input or other classes than the space '%s'",
                          text, ohm_space_name(space));
    } else if (st == OHM_OK && !is_there(l->r, ohm_net_hash(n.net))) {
        st = add(l, n.name, n.net, of_space ? &n.genotype : NULL, err);
    }
    ohm_net_arg_release(&n);
    return st;
}

static enum ohm_status add_reference(struct listing *l, struct ohm_error *err)
{
    struct ohm_words names = {0};
    enum ohm_status st = ohm_cli_names(l->r->cli, "reference", &names, err);

    for (int i = 0; i < names.count && st == OHM_OK; i++) {
        struct ohm_str path = {0};

        if ((st = ohm_find(l->r->cli, "reference", names.item[i], &path, err)) == OHM_OK)
            st = add_named(l, ohm_str_text(&path), false, err);
        ohm_str_release(&path);
    }
    return st;
}

/* ---- networks that only the rows have ---- */

static enum ohm_status add_row(struct listing *l, int row, struct ohm_error *err)
{
    const struct ohm_report_rows *const rows = &l->r->baseline_rows;
    const struct ohm_space *const space = ohm_plan_space(l->r->plan);
    const char *const text = ohm_report_cell(&rows->csv, row, "genotype");
    const uint64_t shape = strtoull(ohm_report_cell(&rows->csv, row, "net"), NULL, 16);
    struct ohm_net_builder builder = {0};
    struct ohm_genotype g;
    const struct ohm_net *net = NULL;
    enum ohm_status st;
    bool of_space;

    if (shape == 0 || is_there(l->r, shape))
        return OHM_OK;
    of_space = *text && ohm_genotype_parse(space, &g, text, NULL) == OHM_OK &&
               ohm_decode(space, &g, &builder, &net, NULL) == OHM_OK;
    st = add(l, ohm_report_cell(&rows->csv, row, "id"), of_space ? net : NULL, of_space ? &g : NULL, err);
    if (st == OHM_OK)
        l->r->baseline[l->r->baselines - 1].shape = shape;
    ohm_net_release(&builder);
    return st;
}

/* Small ones first; those of which nothing is known at the end, in their order. */
static int by_size(const void *a, const void *b)
{
    const struct ohm_report_net *const p = a, *const q = b;

    if (isnan(p->params) || isnan(q->params))
        return isnan(p->params) - isnan(q->params);
    if (p->params != q->params)
        return p->params < q->params ? -1 : 1;
    return strcmp(p->name, q->name);
}

enum ohm_status ohm_report_load_baselines(struct ohm_report *r, struct ohm_error *err)
{
    struct listing l = {r, 0};
    enum ohm_status st = add_reference(&l, err);

    for (int i = 0; i < r->opt->baseline.count && st == OHM_OK; i++)
        st = add_named(&l, r->opt->baseline.item[i], true, err);
    for (int i = 0; r->baseline_rows.path && i < r->baseline_rows.csv.rows && st == OHM_OK; i++)
        st = add_row(&l, i, err);
    if (st == OHM_OK && r->baselines > 0)
        qsort(r->baseline, (size_t)r->baselines, sizeof *r->baseline, by_size);
    for (int i = 0; i < r->baselines && st == OHM_OK; i++)
        ohm_report_measure(&r->baseline[i].measured, r, r->baseline[i].shape, NULL);
    return st;
}
