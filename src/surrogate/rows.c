/* rows.c - measured networks: from a CSV file, or row by row. */
#include "row_keys.h"

#include "ohm/csv.h"
#include "ohm/decode.h"
#include "ohm/expr.h"
#include "ohm/mem.h"
#include "ohm/surrogate_train.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_name(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_')
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_')
            return false;
    return true;
}

static enum ohm_status check_target(const struct ohm_rows *rows, const struct ohm_target_name *target,
                                    struct ohm_error *err)
{
    const size_t n = strlen(target->name);

    if (!is_name(target->name))
        return ohm_fail(err, OHM_ECONFIG, "target '%s' is no name: letters, digits and _ are legal", target->name);
    if (n > 3 && strcmp(target->name + n - 3, "_sd") == 0)
        return ohm_fail(err, OHM_ECONFIG, "target '%s': names that end in _sd are for the uncertainty of a prediction",
                        target->name);
    for (int i = 0; i < rows->targets; i++)
        if (strcmp(rows->target[i].name, target->name) == 0)
            return ohm_fail(err, OHM_ECONFIG, "target '%s' is named twice", target->name);
    if (rows->targets == OHM_TARGETS_MAX)
        return ohm_fail(err, OHM_ECONFIG, "more than %d targets", OHM_TARGETS_MAX);
    return OHM_OK;
}

enum ohm_status ohm_rows_add_target(struct ohm_rows *rows, const char *text, struct ohm_error *err)
{
    const size_t n = strcspn(text, ":");
    const char *const unit = text[n] ? text + n + 1 : "";
    struct ohm_target_name target = {0};
    enum ohm_status st;

    if (rows->count > 0)
        return ohm_fail(err, OHM_ECONFIG, "target '%s' comes after the first row", text);
    if (n >= sizeof target.name || strlen(unit) >= sizeof target.unit)
        return ohm_fail(err, OHM_ECONFIG, "target '%s': a name has at most %d letters, a unit %d", text,
                        OHM_TARGET_NAME_SIZE - 1, OHM_TARGET_UNIT_SIZE - 1);
    memcpy(target.name, text, n);
    (void)snprintf(target.unit, sizeof target.unit, "%s", unit);
    if ((st = check_target(rows, &target, err)) == OHM_OK)
        rows->target[rows->targets++] = target;
    return st;
}

static bool reserve(struct ohm_rows *rows)
{
    const size_t cap = rows->capacity ? (size_t)rows->capacity * 2 : 256;
    struct ohm_genotype *genotype;
    double *value;

    if (rows->count < rows->capacity)
        return true;
    if (cap > INT32_MAX / 2)
        return false;
    genotype = ohm_realloc(rows->genotype, cap, sizeof *genotype);
    if (!genotype)
        return false;
    rows->genotype = genotype;
    value = ohm_realloc(rows->value, cap * (size_t)rows->targets, sizeof *value);
    if (!value)
        return false;
    rows->value = value;
    rows->capacity = (int)cap;
    return true;
}

enum ohm_status ohm_rows_add(struct ohm_rows *rows, const struct ohm_genotype *g, const double *value,
                             struct ohm_error *err)
{
    if (rows->targets == 0)
        return ohm_fail(err, OHM_ECONFIG, "rows without a target");
    if (!reserve(rows))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for rows");
    rows->genotype[rows->count] = *g;
    memcpy(rows->value + (size_t)rows->count * (size_t)rows->targets, value, (size_t)rows->targets * sizeof *value);
    rows->count++;
    return OHM_OK;
}

void ohm_rows_release(struct ohm_rows *rows)
{
    ohm_free(rows->genotype);
    ohm_free(rows->value);
    *rows = (struct ohm_rows){0};
}

uint64_t ohm_rows_hash(const struct ohm_rows *rows, const struct ohm_space *space)
{
    uint64_t hash = ohm_hash_mix(0, (uint64_t)rows->count);

    for (int t = 0; t < rows->targets; t++)
        hash = ohm_hash_mix(hash, ohm_hash(rows->target[t].name, strlen(rows->target[t].name)));
    for (int i = 0; i < rows->count; i++) {
        hash = ohm_hash_mix(hash, ohm_genotype_id(space, &rows->genotype[i]));
        for (int t = 0; t < rows->targets; t++) {
            const double v = rows->value[(size_t)i * (size_t)rows->targets + (size_t)t];
            /* One NaN and one zero, whatever their bits. */
            const double plain = isnan(v) ? (double)NAN : v + 0.0;

            hash = ohm_hash_mix(hash, isnan(v) ? 1 : ohm_hash(&plain, sizeof plain));
        }
    }
    return hash;
}

/* ---- from CSV ---- */

enum { EXPRESSIONS_MAX = OHM_TARGETS_MAX + 1 };

struct csv_reader {
    struct ohm_csv csv;
    int key;
    int targets;
    struct ohm_expr *target[OHM_TARGETS_MAX], *where;
    struct ohm_row_keys keys;
    bool *needed;  /* [columns]: read as a number */
    double *value; /* [columns] of the current row */
};

static int find_column(const void *context, const char *name)
{
    return ohm_csv_column(context, name);
}

static enum ohm_status parse_expression(struct csv_reader *r, struct ohm_expr **out, const char *text,
                                        struct ohm_error *err)
{
    enum ohm_status st = ohm_expr_parse(out, text, err);
    const char *name;

    if (st == OHM_OK)
        st = ohm_expr_bind(*out, find_column, &r->csv, r->csv.name, r->csv.columns, err);
    for (int i = 0; st == OHM_OK && (name = ohm_expr_name(*out, i)) != NULL; i++)
        r->needed[ohm_csv_column(&r->csv, name)] = true;
    return st;
}

/* A column's name may hold what an expression cannot ("acc-1d"), so a target that is one is taken as it stands. */
static enum ohm_status parse_target(struct csv_reader *r, struct ohm_rows *rows, int t, const char *text,
                                    struct ohm_error *err)
{
    const char *const equals = strchr(text, '=');
    const size_t n = equals ? (size_t)(equals - text) : strlen(text);
    char name[OHM_TARGET_NAME_SIZE + OHM_TARGET_UNIT_SIZE + 1];
    enum ohm_status st;

    if (n >= sizeof name)
        return ohm_fail(err, OHM_ECONFIG, "target '%s': the name is too long", text);
    memcpy(name, text, n);
    name[n] = '\0';
    if ((st = ohm_rows_add_target(rows, name, err)) != OHM_OK)
        return st;
    return parse_expression(r, &r->target[t], equals ? equals + 1 : rows->target[t].name, err);
}

static enum ohm_status parse_all(struct csv_reader *r, struct ohm_rows *rows, const char *key,
                                 const char *const *targets, int n, const char *where, struct ohm_error *err)
{
    enum ohm_status st = ohm_csv_need(&r->csv, key, &r->key, err);

    r->needed = ohm_alloc((size_t)r->csv.columns, sizeof *r->needed);
    r->value = ohm_alloc((size_t)r->csv.columns, sizeof *r->value);
    if (st == OHM_OK && (!r->needed || !r->value))
        st = ohm_fail(err, OHM_ENOMEM, "out of memory for rows");
    if (st == OHM_OK && n < 1)
        st = ohm_fail(err, OHM_ECONFIG, "no target is named");
    for (int t = 0; t < n && st == OHM_OK; t++) {
        st = parse_target(r, rows, t, targets[t], err);
        r->targets = t + 1;
    }
    if (st == OHM_OK && where && *where)
        st = parse_expression(r, &r->where, where, err);
    return st;
}

static enum ohm_status read_key(struct csv_reader *r, const struct ohm_space *space, struct ohm_genotype *g, int row,
                                struct ohm_error *err)
{
    const char *const key = r->csv.cell[(size_t)row * (size_t)r->csv.columns + (size_t)r->key];
    struct ohm_error why = {0};
    const enum ohm_status st = ohm_row_keys_find(&r->keys, space, g, key, &why);

    if (st == OHM_OK)
        return OHM_OK;
    return ohm_fail_at(err, st, OHM_ORIGIN, r->csv.path, r->csv.line[row], 0, "%s", why.text);
}

static enum ohm_status read_row(struct csv_reader *r, struct ohm_rows *rows, const struct ohm_space *space, int row,
                                struct ohm_error *err)
{
    double target[OHM_TARGETS_MAX];
    struct ohm_genotype g;
    enum ohm_status st;

    for (int c = 0; c < r->csv.columns; c++)
        if (r->needed[c] && (st = ohm_csv_double(&r->csv, row, c, &r->value[c], err)) != OHM_OK)
            return st;
    if (r->where && ohm_expr_eval(r->where, r->value, NULL) == 0) {
        rows->passed_over++;
        return OHM_OK;
    }
    if ((st = read_key(r, space, &g, row, err)) != OHM_OK)
        return st;
    for (int t = 0; t < rows->targets; t++) {
        target[t] = ohm_expr_eval(r->target[t], r->value, NULL);
        if (isinf(target[t]))
            return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, r->csv.path, r->csv.line[row], 0, "target %s is infinite",
                               rows->target[t].name);
    }
    return ohm_rows_add(rows, &g, target, err);
}

enum ohm_status ohm_rows_read_csv(struct ohm_rows *rows, const struct ohm_space *space, const char *path,
                                  const char *key, const char *const *targets, int n, const char *where,
                                  struct ohm_error *err)
{
    struct csv_reader r = {0};
    struct ohm_rows made = {0};
    enum ohm_status st = ohm_csv_load(&r.csv, path, err);

    if (st != OHM_OK)
        return st;
    st = parse_all(&r, &made, key, targets, n, where, err);
    for (int row = 0; row < r.csv.rows && st == OHM_OK; row++)
        st = read_row(&r, &made, space, row, err);
    if (st == OHM_OK && made.count == 0)
        st = ohm_fail_at(err, where ? OHM_EUNFIT : OHM_EDATA, OHM_ORIGIN, path, 0, 0, "no row is left of %d",
                         r.csv.rows);
    for (int t = 0; t < r.targets; t++)
        ohm_expr_free(r.target[t]);
    ohm_expr_free(r.where);
    ohm_row_keys_release(&r.keys);
    ohm_free(r.needed);
    ohm_free(r.value);
    ohm_csv_release(&r.csv);
    if (st == OHM_OK)
        *rows = made;
    else
        ohm_rows_release(&made);
    return st;
}

/* ---- features ---- */

enum ohm_status ohm_rows_features(const struct ohm_rows *rows, const struct ohm_space *space,
                                  const struct ohm_features *features, float *x, double *params, double *macs,
                                  struct ohm_error *err)
{
    const bool decode = ohm_features_need_net(features) || params || macs;
    const size_t width = (size_t)ohm_features_count(features);
    struct ohm_net_builder builder = {0};
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < rows->count && st == OHM_OK; i++) {
        const struct ohm_net *net = NULL;

        if (decode && (st = ohm_decode(space, &rows->genotype[i], &builder, &net, err)) != OHM_OK)
            break;
        ohm_features_compute(features, &rows->genotype[i], net, x + (size_t)i * width);
        if (params)
            params[i] = (double)net->params;
        if (macs)
            macs[i] = (double)net->macs;
    }
    ohm_net_release(&builder);
    return st;
}
