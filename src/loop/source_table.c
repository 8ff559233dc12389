/* source_table.c - a published table in the place of trainings: the loop as it would have gone, in seconds. */
#include "loop_int.h"

#include "ohm/decode.h"
#include "ohm/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
    struct ohm_rows rows; /* the targets, then the noises, then the cost */
    const struct ohm_space *space;
    struct ohm_target_name figure[OHM_TARGETS_MAX];
    int figures;
    int noise[OHM_TARGETS_MAX]; /* column of each figure's noise, -1: it has none */
    int cost;                   /* column, -1: 1 a training */
    struct ohm_rng rng;
    int *slot; /* [mask + 1] hash of ids: row, -1: empty */
    size_t mask;
    int *order; /* [drawn] the draw */
    int drawn;
};

static void release(void *context)
{
    struct table *const t = context;

    ohm_rows_release(&t->rows);
    ohm_free(t->slot);
    ohm_free(t->order);
    ohm_free(t);
}

static int find(const struct table *t, const struct ohm_genotype *g)
{
    size_t i = (size_t)ohm_genotype_id(t->space, g) & t->mask;

    while (t->slot[i] >= 0 && !ohm_genotype_equal(&t->rows.genotype[t->slot[i]], g))
        i = (i + 1) & t->mask;
    return t->slot[i];
}

static bool admits(void *context, const struct ohm_genotype *g)
{
    return find(context, g) >= 0;
}

/* ---- reading ---- */

static enum ohm_status read_rows(struct table *t, const struct ohm_loop_table *from, struct ohm_error *err)
{
    const int n = from->targets + from->noises + (from->cost ? 1 : 0);
    struct ohm_str text[OHM_TARGETS_MAX] = {{0}};
    const char *target[OHM_TARGETS_MAX];
    enum ohm_status st = OHM_OK;

    if (n > OHM_TARGETS_MAX)
        return ohm_fail(err, OHM_ERANGE, "targets, noises and cost are %d columns, above %d", n, OHM_TARGETS_MAX);
    for (int i = 0; i < from->targets; i++)
        target[i] = from->target[i];
    for (int i = from->targets; i < n; i++) {
        const char *const noise = i < from->targets + from->noises ? from->noise[i - from->targets] : NULL;

        ohm_str_printf(&text[i], "%s%s", noise ? "noise_of_" : "cost_of_training=", noise ? noise : from->cost);
        if (text[i].failed)
            st = ohm_fail(err, OHM_ENOMEM, "out of memory");
        target[i] = ohm_str_text(&text[i]);
    }
    if (st == OHM_OK)
        st = ohm_rows_read_csv(&t->rows, t->space, from->path, from->key, target, n, NULL, err);
    for (int i = 0; i < n; i++)
        ohm_str_release(&text[i]);
    return st;
}

static enum ohm_status find_noises(struct table *t, const struct ohm_loop_table *from, struct ohm_error *err)
{
    static const size_t prefix = sizeof "noise_of_" - 1;

    t->figures = from->targets;
    for (int i = 0; i < t->figures; i++) {
        t->figure[i] = t->rows.target[i];
        t->noise[i] = -1;
    }
    for (int i = from->targets; i < from->targets + from->noises; i++) {
        bool known = false;

        for (int k = 0; k < t->figures; k++)
            if (strcmp(t->figure[k].name, t->rows.target[i].name + prefix) == 0) {
                t->noise[k] = i;
                known = true;
            }
        if (!known)
            return ohm_fail(err, OHM_ENOTFOUND, "noise of '%s': there is no such target",
                            t->rows.target[i].name + prefix);
    }
    t->cost = from->cost ? from->targets + from->noises : -1;
    return OHM_OK;
}

static enum ohm_status index_rows(struct table *t, struct ohm_error *err)
{
    t->mask = 15;
    while (t->mask + 1 < 2 * (size_t)t->rows.count)
        t->mask = 2 * t->mask + 1;
    if (!(t->slot = ohm_alloc(t->mask + 1, sizeof *t->slot)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a table of %d rows", t->rows.count);
    for (size_t i = 0; i <= t->mask; i++)
        t->slot[i] = -1;
    for (int row = 0; row < t->rows.count; row++) {
        size_t i = (size_t)ohm_genotype_id(t->space, &t->rows.genotype[row]) & t->mask;

        while (t->slot[i] >= 0 && !ohm_genotype_equal(&t->rows.genotype[t->slot[i]], &t->rows.genotype[row]))
            i = (i + 1) & t->mask;
        t->slot[i] = row; /* of several rows of one network the last counts */
    }
    return OHM_OK;
}

/* ---- the draw: as many networks of each fifth by size ---- */

enum { STRATA = 5 };

struct sized {
    double params;
    int row;
};

static int by_size(const void *a, const void *b)
{
    const struct sized *const x = a, *const y = b;

    if (x->params != y->params)
        return x->params < y->params ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static enum ohm_status list_sizes(const struct table *t, struct sized *list, int *count, struct ohm_error *err)
{
    struct ohm_net_builder builder = {0};
    enum ohm_status st = OHM_OK;

    *count = 0;
    for (int i = 0; i < t->rows.count && st != OHM_ENOMEM; i++) {
        const struct ohm_net *net = NULL;

        st = ohm_decode(t->space, &t->rows.genotype[i], &builder, &net, NULL);
        if (st == OHM_OK && find(t, &t->rows.genotype[i]) == i)
            list[(*count)++] = (struct sized){(double)net->params, i};
    }
    ohm_net_release(&builder);
    return st == OHM_ENOMEM ? ohm_fail(err, st, "out of memory") : OHM_OK;
}

static int stratum_begin(int n, int stratum)
{
    return (int)((int64_t)n * stratum / STRATA);
}

/* Each stratum in an order by chance; of them in turn, and at the end those of the larger ones. */
static void shuffle(struct table *t, int *row, int n)
{
    const struct ohm_rng named = ohm_rng_named(&t->rng, "draw");

    for (int s = 0; s < STRATA; s++) {
        struct ohm_rng rng = ohm_rng_child(&named, (uint64_t)s);

        ohm_rng_shuffle(&rng, row + stratum_begin(n, s), stratum_begin(n, s + 1) - stratum_begin(n, s));
    }
    for (int i = 0; t->drawn < n; i++)
        for (int s = 0; s < STRATA; s++)
            if (stratum_begin(n, s) + i < stratum_begin(n, s + 1))
                t->order[t->drawn++] = row[stratum_begin(n, s) + i];
}

static enum ohm_status make_order(struct table *t, struct ohm_error *err)
{
    struct sized *const list = ohm_alloc((size_t)t->rows.count, sizeof *list);
    int *const row = ohm_alloc((size_t)t->rows.count, sizeof *row), n = 0;
    enum ohm_status st = OHM_ENOMEM;

    t->order = ohm_alloc((size_t)t->rows.count, sizeof *t->order);
    if (list && row && t->order)
        st = list_sizes(t, list, &n, err);
    else
        ohm_fail(err, st, "out of memory for a table of %d rows", t->rows.count);
    if (st == OHM_OK) {
        qsort(list, (size_t)n, sizeof *list, by_size);
        for (int i = 0; i < n; i++)
            row[i] = list[i].row;
        shuffle(t, row, n);
    }
    ohm_free(list);
    ohm_free(row);
    return st;
}

/* ---- the source ---- */

static enum ohm_status read_none(void *context, struct ohm_loop_rows *rows, struct ohm_error *err)
{
    (void)context;
    (void)rows;
    (void)err;
    return OHM_OK;
}

/* Row `repeat` of a network differs from its others by draws of its own. */
static enum ohm_status measure(void *context, struct ohm_loop_row *row, const struct ohm_collect_item *item, int n,
                               struct ohm_error *err)
{
    const struct table *const t = context;
    const struct ohm_rng named = ohm_rng_named(&t->rng, "noise");

    for (int i = 0; i < n; i++) {
        const struct ohm_rng network = ohm_rng_child(&named, ohm_genotype_id(t->space, &item[i].genotype));
        struct ohm_rng rng = ohm_rng_child(&network, (uint64_t)item[i].repeat);
        const int at = find(t, &item[i].genotype);
        const double *const value = t->rows.value + (size_t)(at < 0 ? 0 : at) * (size_t)t->rows.targets;

        if (at < 0)
            return ohm_fail(err, OHM_ENOTFOUND, "the table has no network %s", item[i].base);
        row[i].item = item[i];
        for (int k = 0; k < OHM_LOOP_FIGURES_MAX; k++)
            row[i].value[k] = NAN;
        for (int k = 0; k < t->figures; k++) {
            const double z = ohm_rng_normal(&rng);

            row[i].value[k] = value[k] + (t->noise[k] < 0 ? 0 : z * value[t->noise[k]]);
        }
        row[i].cost_s = t->cost < 0 ? 1 : value[t->cost];
    }
    return OHM_OK;
}

static enum ohm_status draw(void *context, struct ohm_collect_item *item, int number, bool *found,
                            struct ohm_error *err)
{
    const struct table *const t = context;
    char name[OHM_ID_TEXT_SIZE];

    (void)err;
    *item = (struct ohm_collect_item){0};
    *found = number < t->drawn;
    if (*found) {
        item->genotype = t->rows.genotype[t->order[number]];
        snprintf(item->base, sizeof item->base, "%s", ohm_id_text(ohm_genotype_id(t->space, &item->genotype), name));
    }
    return OHM_OK;
}

static uint64_t fingerprint(const struct table *t, const struct ohm_loop_table *from)
{
    uint64_t hash = ohm_hash_mix(ohm_rows_hash(&t->rows, t->space), from->seed);

    for (int i = 0; i < t->rows.targets; i++)
        hash = ohm_hash_mix(hash, ohm_hash(t->rows.target[i].name, strlen(t->rows.target[i].name)));
    return hash;
}

enum ohm_status ohm_loop_source_table(struct ohm_loop_source *out, const struct ohm_loop_table *from,
                                      struct ohm_error *err)
{
    struct table *const t = ohm_alloc(1, sizeof *t);
    enum ohm_status st;

    if (!t)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    t->space = from->space;
    t->rng = ohm_rng_seed(from->seed);
    if ((st = read_rows(t, from, err)) == OHM_OK && (st = find_noises(t, from, err)) == OHM_OK &&
        (st = index_rows(t, err)) == OHM_OK && (st = make_order(t, err)) == OHM_OK) {
        *out = (struct ohm_loop_source){.context = t,
                                        .figures = t->figures,
                                        .figure = t->figure,
                                        .fingerprint = fingerprint(t, from),
                                        .listed = t->drawn,
                                        .read = read_none,
                                        .measure = measure,
                                        .draw = draw,
                                        .admits = admits,
                                        .free = release};
        return OHM_OK;
    }
    release(t);
    return st;
}
