/* cost_many.c - many networks on several chips. A front that was found for one chip may be another one's in another
 * order: that is what the last table is for. */
#include "cost_many.h"

#include "ohm/stat.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct many {
    const struct ohm_net_list *nets;
    struct ohm_chip_arg chip[OHM_COMPARE_MAX];
    int chips;
    struct ohm_cost *cost;      /* [nets->count][chips] */
    double *value[2], *rank[2]; /* [nets->count] each */
};

static const struct ohm_cost *cost_of(const struct many *m, int net, int chip)
{
    return &m->cost[(size_t)net * (size_t)m->chips + (size_t)chip];
}

/* ---- prices ---- */

static enum ohm_status load_chips(struct ohm_cli *cli, struct many *m, const struct ohm_words *chips,
                                  const struct ohm_words *set, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (chips->count < 1 || chips->count > OHM_COMPARE_MAX)
        return ohm_fail(err, OHM_ECONFIG, "--compare names %d chips, outside [1, %d]", chips->count, OHM_COMPARE_MAX);
    for (int i = 0; i < chips->count && st == OHM_OK; i++) {
        for (int k = 0; k < i; k++)
            if (strcmp(chips->item[i], chips->item[k]) == 0)
                return ohm_fail(err, OHM_ECONFIG, "--compare names %.80s twice", chips->item[i]);
        m->chips = i + 1;
        st = ohm_chip_arg_load(cli, &m->chip[i], chips->item[i], set, err);
    }
    return st;
}

static enum ohm_status price(struct many *m, struct ohm_error *err)
{
    const size_t nets = (size_t)m->nets->count;
    enum ohm_status st = OHM_OK;

    m->cost = ohm_alloc(nets, (size_t)m->chips * sizeof(*m->cost));
    for (int i = 0; i < 2; i++) {
        m->value[i] = ohm_alloc(nets, sizeof(*m->value[i]));
        m->rank[i] = ohm_alloc(nets, sizeof(*m->rank[i]));
    }
    if (!m->cost || !m->value[0] || !m->value[1] || !m->rank[0] || !m->rank[1])
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < m->nets->count; i++)
        for (int c = 0; c < m->chips && st == OHM_OK; c++) {
            struct ohm_error why = {0};

            st = ohm_cost_net(m->chip[c].chip, &m->chip[c].use, m->nets->item[i]->net,
                              &m->cost[(size_t)i * (size_t)m->chips + (size_t)c], NULL, &why);
            if (st != OHM_OK)
                return ohm_fail(err, st, "%s on %s: %s", m->nets->item[i]->name, m->chip[c].label, why.text);
        }
    return st;
}

/* ---- networks ---- */

static bool all_fit(const struct many *m, int chip)
{
    bool fit = true;

    for (int i = 0; i < m->nets->count; i++)
        fit = fit && cost_of(m, i, chip)->fits;
    return fit;
}

static void out_figure(struct ohm_out *o, const char *chip, const char *figure, double value)
{
    char name[160];

    snprintf(name, sizeof(name), "%s_%s", chip, figure);
    ohm_out_double(o, name, value);
}

/* People see the interval and the chips where they say something that the rest does not. */
static void out_cost(struct ohm_out *o, const struct many *m, int net, int chip)
{
    const struct ohm_cost *const c = cost_of(m, net, chip);
    const char *const label = m->chip[chip].label;
    const bool whole = !ohm_out_for_people(o);

    out_figure(o, label, "latency_us", c->latency_us);
    if (whole || m->chip[chip].use.schedule == OHM_SCHEDULE_PIPELINED)
        out_figure(o, label, "interval_us", c->interval_us);
    out_figure(o, label, "energy_uJ", c->energy_uJ);
    if (whole)
        out_figure(o, label, "cores", (double)c->cores);
    if (whole || !all_fit(m, chip))
        out_figure(o, label, "chips", c->chips);
}

static void out_networks(struct ohm_out *o, const struct many *m)
{
    ohm_out_list(o, "networks");
    for (int i = 0; i < m->nets->count; i++) {
        const struct ohm_named_net *const n = m->nets->item[i];

        ohm_out_row(o);
        ohm_out_text(o, "net", n->name);
        if (n->logged || !ohm_out_for_people(o))
            ohm_out_int(o, "trial", n->logged ? n->trial : -1);
        ohm_out_int(o, "macs", n->net->macs);
        for (int c = 0; c < m->chips; c++)
            out_cost(o, m, i, c);
        ohm_out_row_end(o);
    }
    ohm_out_list_end(o);
}

/* ---- agreement ---- */

static double latency_of(const struct ohm_cost *c)
{
    return c->latency_us;
}

static double energy_of(const struct ohm_cost *c)
{
    return c->energy_uJ;
}

static void fill(struct many *m, int a, int b, double (*figure)(const struct ohm_cost *c))
{
    for (int i = 0; i < m->nets->count; i++) {
        m->value[0][i] = figure(cost_of(m, i, a));
        m->value[1][i] = figure(cost_of(m, i, b));
    }
}

/* Where the network that is first on chip a is on chip b, from 1; of equal ones the first counts, and equal places are
 * shared. */
static double place_of_first(const struct many *m)
{
    int first = 0;

    for (int i = 1; i < m->nets->count; i++)
        first = m->value[0][i] < m->value[0][first] ? i : first;
    return 1 + m->rank[1][first];
}

static enum ohm_status out_pair(struct ohm_out *o, struct many *m, int a, int b, struct ohm_error *err)
{
    double latency, energy;
    enum ohm_status st;

    fill(m, a, b, energy_of);
    if ((st = ohm_kendall(&energy, m->value[0], m->value[1], m->nets->count, err)) != OHM_OK)
        return st;
    fill(m, a, b, latency_of);
    if ((st = ohm_kendall(&latency, m->value[0], m->value[1], m->nets->count, err)) != OHM_OK ||
        (st = ohm_ranks(m->rank[1], m->value[1], m->nets->count, err)) != OHM_OK)
        return st;
    ohm_out_row(o);
    ohm_out_text(o, "chip", m->chip[a].label);
    ohm_out_text(o, "other", m->chip[b].label);
    ohm_out_double(o, "tau_latency", latency);
    ohm_out_double(o, "tau_energy", energy);
    ohm_out_double(o, "fastest_is_on_other", place_of_first(m));
    ohm_out_row_end(o);
    return OHM_OK;
}

/* CSV and JSON lines are the networks alone: rows of two kinds would be a table no more. */
static enum ohm_status out_agreement(struct ohm_out *o, struct many *m, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (m->chips < 2 || o->form == OHM_OUT_CSV || o->form == OHM_OUT_JSONL)
        return OHM_OK;
    ohm_out_say(o,
                "\nDo the chips agree? Kendall's tau of all pairs of networks (1: the same order, 0: none, -1: turned "
                "round), and the place on the other chip of the network that is fastest on the first.");
    ohm_out_list(o, "agreement");
    for (int a = 0; a < m->chips; a++)
        for (int b = a + 1; b < m->chips && st == OHM_OK; b++)
            st = out_pair(o, m, a, b, err);
    ohm_out_list_end(o);
    return st;
}

enum ohm_status ohm_cost_many(struct ohm_cli *cli, const struct ohm_net_list *nets, const struct ohm_words *chips,
                              const struct ohm_words *set, const struct ohm_format *format, struct ohm_error *err)
{
    struct many m = {.nets = nets};
    struct ohm_out out;
    enum ohm_status st, end;

    if ((st = load_chips(cli, &m, chips, set, err)) == OHM_OK && (st = price(&m, err)) == OHM_OK) {
        ohm_out_begin(&out, format, "ohmnas.cost_list/1");
        out_networks(&out, &m);
        st = out_agreement(&out, &m, err);
        end = ohm_out_end(&out, st == OHM_OK ? err : NULL);
        st = st == OHM_OK ? end : st;
    }
    for (int i = 0; i < m.chips; i++)
        ohm_chip_arg_release(&m.chip[i]);
    for (int i = 0; i < 2; i++) {
        ohm_free(m.value[i]);
        ohm_free(m.rank[i]);
    }
    ohm_free(m.cost);
    return st;
}
