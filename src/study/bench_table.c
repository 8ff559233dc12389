/* bench_table.c - a published table as networks of a space with their measured values. */
#include "bench_int.h"

#include "ohm/csv.h"
#include "ohm/decode.h"
#include "ohm/mem.h"
#include "ohm/surrogate.h"

#include <math.h>
#include <string.h>

/* Names are looked up in the list of all networks of a space of at most so many; in a larger one a name must be the
 * canonical text, which can be read. */
enum { LISTED_MAX = 1 << 22 };

/* ---- from names to networks ---- */

struct named {
    uint64_t hash; /* of the name */
    struct ohm_genotype genotype;
};

struct names {
    struct named *slot; /* [mask + 1], open addressing; hash 0: free */
    size_t mask;
};

static uint64_t name_hash(const char *name)
{
    const uint64_t hash = ohm_hash(name, strlen(name));

    return hash ? hash : 1;
}

static enum ohm_status names_make(struct names *names, const struct ohm_space *space, int64_t size,
                                  struct ohm_error *err)
{
    struct ohm_genotype g = {{0}};
    struct ohm_str key = {0};
    bool first = true, failed = false;

    while (names->mask + 1 < 2 * (size_t)size + 2)
        names->mask = 2 * names->mask + 1;
    names->slot = ohm_alloc(names->mask + 1, sizeof *names->slot);
    if (!names->slot)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the names of %lld networks", (long long)size);
    while (!failed && ohm_genotype_next(space, &g, &first)) {
        size_t i;

        ohm_str_clear(&key);
        ohm_genotype_key(space, &g, &key);
        i = (size_t)name_hash(ohm_str_text(&key)) & names->mask;
        while (names->slot[i].hash != 0)
            i = (i + 1) & names->mask;
        names->slot[i] = (struct named){name_hash(ohm_str_text(&key)), g};
        failed = key.failed;
    }
    ohm_str_release(&key);
    return failed ? ohm_fail(err, OHM_ENOMEM, "out of memory for the name of a network") : OHM_OK;
}

/* A hash may be that of two names: the name of what was found decides. */
static enum ohm_status names_find(const struct names *names, const struct ohm_space *space, const char *name,
                                  struct ohm_genotype *g, bool *found, struct ohm_error *err)
{
    const uint64_t hash = name_hash(name);
    enum ohm_status st = OHM_OK;

    *found = false;
    for (size_t i = (size_t)hash & names->mask; st == OHM_OK && !*found && names->slot[i].hash != 0;
         i = (i + 1) & names->mask) {
        struct ohm_str key = {0};

        if (names->slot[i].hash != hash)
            continue;
        *g = names->slot[i].genotype;
        ohm_genotype_key(space, g, &key);
        *found = strcmp(ohm_str_text(&key), name) == 0;
        if (key.failed)
            st = ohm_fail(err, OHM_ENOMEM, "out of memory for the name of a network");
        ohm_str_release(&key);
    }
    return st;
}

static enum ohm_status find_network(const struct names *names, const struct ohm_space *space, const struct ohm_csv *csv,
                                    int row, const char *name, struct ohm_genotype *g, struct ohm_error *err)
{
    struct ohm_error why = {0};
    enum ohm_status st = OHM_OK;
    bool found = false;

    if (names->slot)
        st = names_find(names, space, name, g, &found, err);
    if (st != OHM_OK || found)
        return st;
    st = ohm_genotype_parse(space, g, name, &why);
    if (st == OHM_OK)
        return st;
    if (st == OHM_ENOMEM)
        return ohm_fail(err, st, "%s", why.text);
    return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, csv->path, csv->line[row], 0,
                       "'%.80s' is no network of space '%s': neither its key nor its canonical text%s%.200s", name,
                       ohm_space_name(space), names->slot ? "" : "; ", names->slot ? "" : why.text);
}

/* ---- rows ---- */

int bench_table_find(const struct ohm_bench_table *table, uint64_t id)
{
    size_t i = (size_t)id & table->mask;

    while (table->slot[i] >= 0 && table->id[table->slot[i]] != id)
        i = (i + 1) & table->mask;
    return table->slot[i];
}

static void add_row(struct ohm_bench_table *t, const struct ohm_genotype *g, double value)
{
    const uint64_t id = ohm_genotype_id(t->space, g);
    const int known = bench_table_find(t, id);
    size_t i = (size_t)id & t->mask;

    if (known >= 0) {
        t->value[known] = value;
        return;
    }
    while (t->slot[i] >= 0)
        i = (i + 1) & t->mask;
    t->slot[i] = t->rows;
    t->genotype[t->rows] = *g;
    t->id[t->rows] = id;
    t->value[t->rows++] = value;
}

static enum ohm_status read_rows(struct ohm_bench_table *t, const struct ohm_csv *csv, int key, int objective,
                                 const struct names *names, struct ohm_error *err)
{
    for (int row = 0; row < csv->rows; row++) {
        const char *name = csv->cell[(size_t)row * (size_t)csv->columns + (size_t)key];
        struct ohm_genotype g;
        double value;
        enum ohm_status st = ohm_csv_double(csv, row, objective, &value, err);

        if (st == OHM_OK)
            st = find_network(names, t->space, csv, row, name, &g, err);
        if (st != OHM_OK)
            return st;
        if (isfinite(value))
            add_row(t, &g, value);
        else
            t->without++;
    }
    if (t->rows == 0)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, csv->path, 0, 0, "no row has a value in column '%s'",
                           t->objective);
    t->optimum = t->value[0];
    for (int i = 1; i < t->rows; i++)
        if (t->minimize ? t->value[i] < t->optimum : t->value[i] > t->optimum)
            t->optimum = t->value[i];
    return OHM_OK;
}

static enum ohm_status make_rows(struct ohm_bench_table *t, const struct ohm_csv *csv, struct ohm_error *err)
{
    const size_t rows = (size_t)csv->rows;

    t->mask = 15;
    while (t->mask + 1 < 2 * rows)
        t->mask = 2 * t->mask + 1;
    t->genotype = ohm_alloc(rows, sizeof *t->genotype);
    t->id = ohm_alloc(rows, sizeof *t->id);
    t->value = ohm_alloc(rows, sizeof *t->value);
    t->slot = ohm_alloc(t->mask + 1, sizeof *t->slot);
    if (!t->genotype || !t->id || !t->value || !t->slot)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a table of %zu rows", rows);
    for (size_t i = 0; i <= t->mask; i++)
        t->slot[i] = -1;
    return OHM_OK;
}

/* ---- features: computed once, for every run asks for them ---- */

static enum ohm_status compute_features(struct ohm_bench_table *t, const struct ohm_features *features,
                                        struct ohm_error *err)
{
    struct ohm_net_builder builder = {0};
    const struct ohm_net *net = NULL;
    enum ohm_status st = OHM_OK;

    t->features = ohm_features_count(features);
    t->feature = ohm_alloc((size_t)t->rows * (size_t)t->features, sizeof *t->feature);
    if (!t->feature)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the features of %d networks", t->rows);
    for (int i = 0; i < t->rows && st == OHM_OK; i++) {
        if (ohm_features_need_net(features))
            st = ohm_decode(t->space, &t->genotype[i], &builder, &net, err);
        if (st == OHM_OK)
            ohm_features_compute(features, &t->genotype[i], net, t->feature + (size_t)i * (size_t)t->features);
    }
    ohm_net_release(&builder);
    return st;
}

/* The same groups that a study gives its strategy. */
static enum ohm_status make_features(struct ohm_bench_table *t, struct ohm_error *err)
{
    struct ohm_features *features = NULL;
    enum ohm_status st = ohm_features_create(&features, t->space, "onehot,net,cell", NULL);

    if (st == OHM_ENOMEM)
        return ohm_fail(err, st, "out of memory for features");
    if (st != OHM_OK)
        st = ohm_features_create(&features, t->space, "onehot,net", err);
    if (st == OHM_OK)
        st = compute_features(t, features, err);
    ohm_features_free(features);
    return st;
}

/* ---- the table ---- */

static enum ohm_status fill(struct ohm_bench_table *t, const struct ohm_csv *csv, const char *key,
                            struct ohm_error *err)
{
    const int64_t size = ohm_space_size_within(t->space, LISTED_MAX);
    struct names names = {0};
    int key_column, objective_column;
    enum ohm_status st;

    if ((st = ohm_csv_need(csv, key, &key_column, err)) == OHM_OK &&
        (st = ohm_csv_need(csv, t->objective, &objective_column, err)) == OHM_OK &&
        (st = make_rows(t, csv, err)) == OHM_OK && size >= 0)
        st = names_make(&names, t->space, size, err);
    if (st == OHM_OK)
        st = read_rows(t, csv, key_column, objective_column, &names, err);
    ohm_free(names.slot);
    return st == OHM_OK ? make_features(t, err) : st;
}

enum ohm_status ohm_bench_load(struct ohm_bench_table **out, const struct ohm_space *space, const char *path,
                               const char *key, const char *objective, bool minimize, struct ohm_error *err)
{
    struct ohm_bench_table *t = ohm_alloc(1, sizeof *t);
    struct ohm_csv csv = {0};
    enum ohm_status st;

    if (!t)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    t->space = space;
    t->minimize = minimize;
    t->objective = ohm_strdup(objective);
    st = t->objective ? ohm_csv_load(&csv, path, err) : ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (st == OHM_OK)
        st = fill(t, &csv, key, err);
    ohm_csv_release(&csv);
    if (st == OHM_OK)
        *out = t;
    else
        ohm_bench_table_free(t);
    return st;
}

void ohm_bench_table_free(struct ohm_bench_table *t)
{
    if (!t)
        return;
    ohm_free(t->objective);
    ohm_free(t->genotype);
    ohm_free(t->id);
    ohm_free(t->value);
    ohm_free(t->feature);
    ohm_free(t->slot);
    ohm_free(t);
}

int ohm_bench_rows(const struct ohm_bench_table *table)
{
    return table->rows;
}

int ohm_bench_without(const struct ohm_bench_table *table)
{
    return table->without;
}

double ohm_bench_optimum(const struct ohm_bench_table *table)
{
    return table->optimum;
}

const char *ohm_bench_objective(const struct ohm_bench_table *table)
{
    return table->objective;
}
