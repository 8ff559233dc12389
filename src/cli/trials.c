/* trials.c - what the commands on the run log share: opening it, columns of trials, objectives of a study. */
#include "cli_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum ohm_status ohm_cli_study(const struct ohm_db_options *db, struct ohm_store **store, struct ohm_study_row *row,
                              struct ohm_error *err)
{
    enum ohm_status st = ohm_store_open(store, db->db, OHM_STORE_READ, err);

    if (st == OHM_OK && (st = ohm_store_find_study(*store, db->study ? db->study : "", row, err)) != OHM_OK) {
        ohm_store_close(*store);
        *store = NULL;
    }
    return st;
}

void ohm_metric_names_release(struct ohm_metric_names *names)
{
    for (int i = 0; i < names->count; i++)
        ohm_free(names->name[i]);
    *names = (struct ohm_metric_names){0};
}

int ohm_metric_names_find(const struct ohm_metric_names *names, const char *name)
{
    for (int i = 0; i < names->count; i++)
        if (strcmp(names->name[i], name) == 0)
            return i;
    return -1;
}

/* ---- columns ---- */

static const char *const fixed_columns[] = {"number",   "net",    "state",    "generation", "operation", "parent_a",
                                            "parent_b", "time_s", "feasible", "violation",  "reason",    "genotype"};
enum { FIXED = sizeof(fixed_columns) / sizeof(fixed_columns[0]), FIXED_FIRST = 3 };

static int fixed_column(const char *name)
{
    for (int i = 0; i < FIXED; i++)
        if (strcmp(fixed_columns[i], name) == 0)
            return i;
    return -1;
}

static enum ohm_status unknown_column(const char *name, const struct ohm_metric_names *names, struct ohm_error *err)
{
    const char *known[FIXED + OHM_METRICS_MAX], *near;
    int n = 0;

    for (int i = 0; i < FIXED; i++)
        known[n++] = fixed_columns[i];
    for (int i = 0; i < names->count; i++)
        known[n++] = names->name[i];
    near = ohm_nearest(name, known, n);
    return ohm_fail(err, OHM_ENOTFOUND, "no column '%.80s' in this study%s%s%s", name, near ? " (did you mean '" : "",
                    near ? near : "", near ? "'?)" : "");
}

enum ohm_status ohm_columns_add(struct ohm_columns *columns, const char *name, const struct ohm_metric_names *names,
                                struct ohm_error *err)
{
    const int fixed = fixed_column(name), metric = ohm_metric_names_find(names, name);
    const int slot = fixed >= 0 ? -1 - fixed : metric;

    if (fixed < 0 && metric < 0)
        return unknown_column(name, names, err);
    for (int i = 0; i < columns->count; i++)
        if (columns->slot[i] == slot)
            return OHM_OK;
    columns->name[columns->count] = fixed >= 0 ? fixed_columns[fixed] : names->name[metric];
    columns->slot[columns->count++] = slot;
    return OHM_OK;
}

/* ---- what the study is about ---- */

struct interest {
    const struct ohm_metric_names *names;
    struct ohm_columns *columns;
};

/* The metrics that the objectives and constraints speak of are what people want to see. */
static enum ohm_status add_metrics_of(void *context, const struct ohm_setting *setting, struct ohm_error *err)
{
    const struct interest *in = context;
    struct ohm_expr *expr = NULL;
    enum ohm_status st = OHM_OK;
    int sign;

    if (strcmp(setting->key, "objectives") != 0 && strcmp(setting->key, "constraints") != 0)
        return OHM_OK;
    if (ohm_expr_parse(&expr, ohm_objective_split(setting->value, &sign), NULL) != OHM_OK)
        return OHM_OK; /* it ran once, so it can only be of a newer language: then nothing is shown of it */
    for (int i = 0; ohm_expr_name(expr, i) && st == OHM_OK; i++)
        if (ohm_metric_names_find(in->names, ohm_expr_name(expr, i)) >= 0)
            st = ohm_columns_add(in->columns, ohm_expr_name(expr, i), in->names, err);
    ohm_expr_free(expr);
    return st;
}

static enum ohm_status add_listed(struct ohm_cli *cli, const char *list, const struct ohm_metric_names *names,
                                  struct ohm_columns *columns, struct ohm_error *err)
{
    struct ohm_words words = {0};
    enum ohm_status st = ohm_words_split(cli, list, ',', &words, err);

    for (int i = 0; i < words.count && st == OHM_OK; i++)
        st = ohm_columns_add(columns, words.item[i], names, err);
    if (st == OHM_OK && columns->count == 0)
        return ohm_fail(err, OHM_ECONFIG, "--cols names no column");
    return st;
}

enum ohm_status ohm_cli_columns(struct ohm_cli *cli, struct ohm_store *store, int64_t study, const char *list,
                                bool for_people, const struct ohm_metric_names *names, struct ohm_columns *columns,
                                struct ohm_error *err)
{
    struct interest in = {names, columns};
    enum ohm_status st = OHM_OK;

    if (list)
        return add_listed(cli, list, names, columns, err);
    for (int i = 0; i < (for_people ? FIXED_FIRST : FIXED) && st == OHM_OK; i++)
        st = ohm_columns_add(columns, fixed_columns[i], names, err);
    for (int i = 0; !for_people && i < names->count && st == OHM_OK; i++)
        st = ohm_columns_add(columns, names->name[i], names, err);
    if (st == OHM_OK && for_people)
        st = ohm_study_settings(store, study, add_metrics_of, &in, err);
    return st == OHM_OK && for_people ? ohm_columns_add(columns, "genotype", names, err) : st;
}

static void out_parent(struct ohm_out *o, const char *name, int64_t parent)
{
    if (parent < 0)
        ohm_out_double(o, name, NAN);
    else
        ohm_out_int(o, name, parent);
}

static void out_fixed(struct ohm_out *o, const struct ohm_trial *t, int column)
{
    const char *name = fixed_columns[column];
    char id[OHM_ID_TEXT_SIZE];

    switch (column) {
    case 0:
        ohm_out_int(o, name, t->number);
        break;
    case 1:
        ohm_out_text(o, name, ohm_id_text(t->net_id, id));
        break;
    case 2:
        ohm_out_text(o, name, t->state);
        break;
    case 3:
        ohm_out_int(o, name, t->generation);
        break;
    case 4:
        ohm_out_text(o, name, t->operation);
        break;
    case 5:
        out_parent(o, name, t->parent[0]);
        break;
    case 6:
        out_parent(o, name, t->parent[1]);
        break;
    case 7:
        ohm_out_double(o, name, t->time_s);
        break;
    case 8:
        ohm_out_bool(o, name, t->feasible);
        break;
    case 9:
        ohm_out_double(o, name, t->violation);
        break;
    case 10:
        ohm_out_text(o, name, t->reason);
        break;
    default:
        ohm_out_text(o, name, t->genotype);
        break;
    }
}

void ohm_out_trial(struct ohm_out *o, const struct ohm_trial *trial, const struct ohm_columns *columns)
{
    for (int i = 0; i < columns->count; i++) {
        if (columns->slot[i] < 0)
            out_fixed(o, trial, -1 - columns->slot[i]);
        else
            ohm_out_double(o, columns->name[i], trial->metric[columns->slot[i]]);
    }
}

enum ohm_status ohm_list_trial(void *listing, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct ohm_listing *l = listing;

    (void)err;
    ohm_out_row(&l->out);
    ohm_out_trial(&l->out, trial, &l->columns);
    ohm_out_row_end(&l->out);
    return OHM_OK;
}

enum ohm_status ohm_list_end(struct ohm_listing *listing, enum ohm_status st, const char *nothing,
                             struct ohm_error *err)
{
    const int rows = listing->out.rows;
    enum ohm_status end;

    if (st == OHM_OK || rows > 0)
        end = ohm_out_end(&listing->out, st == OHM_OK ? err : NULL);
    else
        end = ohm_out_drop(&listing->out);
    ohm_metric_names_release(&listing->names);
    if (st != OHM_OK || end != OHM_OK)
        return st != OHM_OK ? st : end;
    return rows > 0 ? OHM_OK : ohm_fail(err, OHM_EUNFIT, "%s", nothing);
}

/* ---- objectives ---- */

static int natural_sign(const char *metric, const struct ohm_objective_names *known)
{
    for (int i = 0; known && i < known->count; i++)
        if (strcmp(known->name[i], metric) == 0)
            return known->sign[i];
    return ohm_metric_sign(metric);
}

struct objective_list {
    struct ohm_cli *cli;
    struct ohm_objective_names *out;
};

static enum ohm_status add_objective(void *context, const struct ohm_setting *setting, struct ohm_error *err)
{
    const struct objective_list *list = context;
    struct ohm_objective_names *out = list->out;
    const int i = out->count;
    const char *text;
    struct ohm_expr *expr = NULL;
    char name[32];
    bool bare;

    if (strcmp(setting->key, "objectives") != 0 || i == OHM_OBJECTIVES_MAX)
        return OHM_OK;
    text = ohm_objective_split(setting->value, &out->sign[i]);
    if (ohm_expr_parse(&expr, text, NULL) == OHM_OK)
        text = ohm_expr_source(expr);
    /* A bare metric is a single name and nothing else. */
    bare = expr && ohm_expr_name(expr, 0) && strcmp(ohm_expr_name(expr, 0), text) == 0;
    snprintf(name, sizeof(name), "objective_%d", i + 1);
    out->name[i] = ohm_arena_strdup(&list->cli->arena, bare ? text : name);
    out->text[i] = ohm_arena_strdup(&list->cli->arena, setting->value);
    ohm_expr_free(expr);
    if (!out->name[i] || !out->text[i])
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (out->sign[i] == 0)
        out->sign[i] = natural_sign(out->name[i], NULL);
    out->count++;
    return OHM_OK;
}

enum ohm_status ohm_cli_objectives(struct ohm_cli *cli, struct ohm_store *store, int64_t study,
                                   struct ohm_objective_names *objectives, struct ohm_error *err)
{
    struct objective_list list = {cli, objectives};

    *objectives = (struct ohm_objective_names){0};
    return ohm_study_settings(store, study, add_objective, &list, err);
}

/* Commas within parentheses belong to the expression. */
static size_t objective_length(const char *text)
{
    size_t n = 0;

    for (int depth = 0; text[n] && !(text[n] == ',' && depth <= 0); n++)
        depth += (text[n] == '(') - (text[n] == ')');
    return n;
}

enum ohm_status ohm_cli_parse_objectives(struct ohm_cli *cli, const char *list, const struct ohm_metric_names *names,
                                         struct ohm_objective_names *objectives, struct ohm_error *err)
{
    const struct ohm_objective_names known = *objectives;
    struct ohm_objective_names out = {0};
    const char *near;

    while (*list) {
        const size_t n = objective_length(list);
        char *text = ohm_arena_alloc(&cli->arena, n + 1, 1);
        const int i = out.count;

        if (!text)
            return ohm_fail(err, OHM_ENOMEM, "out of memory");
        if (i == OHM_OBJECTIVES_MAX)
            return ohm_fail(err, OHM_ERANGE, "--objective has more than %d objectives", OHM_OBJECTIVES_MAX);
        memcpy(text, list, n);
        out.text[i] = text;
        out.name[i] = ohm_objective_split(text, &out.sign[i]);
        if (out.sign[i] == 0)
            out.sign[i] = natural_sign(out.name[i], &known);
        if (strspn(out.name[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                strlen(out.name[i]) &&
            ohm_metric_names_find(names, out.name[i]) < 0) {
            near = ohm_nearest(out.name[i], (const char *const *)names->name, names->count);
            return ohm_fail(err, OHM_ENOTFOUND, "no metric '%.80s' in this study%s%s%s", out.name[i],
                            near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
        }
        out.count++;
        list += n + (list[n] == ',');
    }
    *objectives = out;
    return OHM_OK;
}

enum ohm_status ohm_cli_list(const struct ohm_db_options *db, const struct ohm_format *format, const char *schema,
                             const char *list, ohm_rows_fn *rows, struct ohm_error *err)
{
    struct ohm_store *store = NULL;
    struct ohm_out out;
    enum ohm_status st, end;

    if ((st = ohm_store_open(&store, db->db, OHM_STORE_READ, err)) != OHM_OK)
        return st;
    ohm_out_begin(&out, format, schema);
    ohm_out_list(&out, list);
    st = rows(store, &out, err);
    ohm_out_list_end(&out);
    end = ohm_out_end(&out, st == OHM_OK ? err : NULL);
    ohm_store_close(store);
    return st == OHM_OK ? end : st;
}
