/* draw.c - which networks are measured: number i is drawn from a stream of its own, until its size is in the bin of i
 * and no network of a lower number is the same. So a longer collection begins with the shorter one. */
#include "collect_int.h"

#include "ohm/decode.h"
#include "ohm/expr.h"
#include "ohm/mem.h"

#include <string.h>

/* In the order of struct ohm_collect_size, which is all doubles. */
static const char *const size_names[] = {"params", "weights",    "macs",      "depth",    "cores",
                                         "util",   "latency_us", "energy_uJ", "mvm_steps"};
enum { SIZES = sizeof size_names / sizeof size_names[0] };
_Static_assert(sizeof(struct ohm_collect_size) == SIZES * sizeof(double), "a name for each size");

enum ohm_status size_of_net(const struct ohm_collect *c, struct ohm_collect_size *size, const struct ohm_net *net,
                            struct ohm_error *err)
{
    struct ohm_cost cost;
    const enum ohm_status st = ohm_cost_net(c->chip, &c->recipe->chip_use, net, &cost, NULL, err);

    if (st == OHM_OK)
        *size = (struct ohm_collect_size){.params = (double)net->params,
                                          .weights = (double)net->weights,
                                          .macs = (double)net->macs,
                                          .depth = net->depth,
                                          .cores = (double)cost.cores,
                                          .util = cost.util,
                                          .latency_us = cost.latency_us,
                                          .energy_uJ = cost.energy_uJ,
                                          .mvm_steps = (double)cost.mvm_steps};
    return st;
}

static int find_size(const void *context, const char *name)
{
    (void)context;
    for (int i = 0; i < SIZES; i++)
        if (strcmp(size_names[i], name) == 0)
            return i;
    return -1;
}

struct draw {
    const struct ohm_collect *c;
    struct ohm_expr *where;
    struct ohm_net_builder builder;
    uint64_t *id; /* of the networks drawn so far */
};

static bool in_bin(const struct ohm_collect_recipe *r, int number, double params)
{
    const int bin = r->edges > 1 ? number % (r->edges - 1) : 0;

    return r->edges < 2 || (params >= r->edge[bin] && params < r->edge[bin + 1]);
}

/* Networks that the family refuses to build are passed over like those of another size. */
static enum ohm_status look_at(struct draw *d, int number, bool *wanted, struct ohm_error *err)
{
    const struct ohm_net *net = NULL;
    struct ohm_collect_size measured;
    double size[SIZES];
    enum ohm_status st = ohm_decode(d->c->space, &d->c->network[number], &d->builder, &net, NULL);

    *wanted = false;
    if (st != OHM_OK || !in_bin(d->c->recipe, number, (double)net->params) ||
        (st = size_of_net(d->c, &measured, net, NULL)) != OHM_OK)
        return st == OHM_ENOMEM ? ohm_fail(err, st, "out of memory") : OHM_OK;
    memcpy(size, &measured, sizeof size);
    *wanted = !d->where || ohm_expr_eval(d->where, size, NULL) != 0;
    for (int i = 0; i < number && *wanted; i++)
        *wanted = d->id[i] != d->id[number];
    return OHM_OK;
}

static enum ohm_status draw_one(struct draw *d, int number, struct ohm_error *err)
{
    const struct ohm_collect_recipe *const r = d->c->recipe;
    const struct ohm_rng root = ohm_rng_seed((uint64_t)r->use.seed), networks = ohm_rng_named(&root, "network");
    struct ohm_rng rng = ohm_rng_child(&networks, (uint64_t)number);

    for (int64_t i = 0; i < r->draw.tries; i++) {
        struct ohm_genotype *const g = &d->c->network[number];
        bool wanted = false;
        enum ohm_status st = ohm_genotype_sample(d->c->space, g, &rng, err);

        d->id[number] = ohm_genotype_id(d->c->space, g);
        if (st == OHM_OK)
            st = look_at(d, number, &wanted, err);
        if (st != OHM_OK || wanted)
            return st;
    }
    return ohm_fail(err, OHM_EUNFIT, "network %d: %lld draws gave no new one of the size wanted%s%s", number,
                    (long long)r->draw.tries, d->where ? " for which " : "", d->where ? r->draw.where : "");
}

enum ohm_status draw_networks(struct ohm_collect *c, struct ohm_error *err)
{
    const int n = (int)c->recipe->use.networks;
    struct draw d = {.c = c, .id = ohm_alloc((size_t)n, sizeof *d.id)};
    enum ohm_status st = OHM_OK;

    c->network = ohm_alloc((size_t)n, sizeof *c->network);
    if (!d.id || !c->network)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (st == OHM_OK && c->recipe->draw.where[0] &&
        (st = ohm_expr_parse(&d.where, c->recipe->draw.where, err)) == OHM_OK)
        st = ohm_expr_bind(d.where, find_size, NULL, size_names, SIZES, err);
    for (int i = 0; i < n && st == OHM_OK; i++)
        st = draw_one(&d, i, err);
    ohm_expr_free(d.where);
    ohm_net_release(&d.builder);
    ohm_free(d.id);
    return st;
}

enum ohm_status ohm_collect_size_of(const struct ohm_collect *c, struct ohm_collect_size *size, int network,
                                    struct ohm_error *err)
{
    struct ohm_net_builder builder = {0};
    const struct ohm_net *net = NULL;
    enum ohm_status st = ohm_decode(c->space, &c->network[network], &builder, &net, err);

    if (st == OHM_OK)
        st = size_of_net(c, size, net, err);
    ohm_net_release(&builder);
    return st;
}
