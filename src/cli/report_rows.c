/* report_rows.c - rows of `ohmnas collect` in a report: which there are, and what they say of a network. */
#include "study_report.h"

#include "ohm/file.h"
#include "ohm/stat.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEEDS_MAX = 64 };

const char *ohm_report_cell(const struct ohm_csv *csv, int row, const char *column)
{
    const int i = ohm_csv_column(csv, column);

    return i < 0 ? "" : csv->cell[(size_t)row * (size_t)csv->columns + (size_t)i];
}

double ohm_report_number(const struct ohm_csv *csv, int row, const char *column)
{
    const int i = ohm_csv_column(csv, column);
    double value = NAN;

    if (i < 0 || ohm_csv_double(csv, row, i, &value, NULL) != OHM_OK)
        return NAN;
    return value;
}

/* ---- a file ---- */

/* "17.2" is network 17 again, with another seed. */
static bool is_repeat(const char *id)
{
    const char *const dot = strrchr(id, '.');

    return dot && dot[1] && strspn(dot + 1, "0123456789") == strlen(dot + 1);
}

static void count_rows(struct ohm_report_rows *rows)
{
    for (int i = 0; i < rows->csv.rows; i++) {
        const char *const state = ohm_report_cell(&rows->csv, i, "state");
        const double train_s = ohm_report_number(&rows->csv, i, "train_s"),
                     validate_s = ohm_report_number(&rows->csv, i, "validate_s");

        rows->done += strcmp(state, "done") == 0;
        rows->censored += strcmp(state, "censored") == 0;
        rows->failed += strcmp(state, "failed") == 0;
        rows->networks += !is_repeat(ohm_report_cell(&rows->csv, i, "id"));
        rows->chosen += strncmp(ohm_report_cell(&rows->csv, i, "id"), "n:", 2) == 0 &&
                        !is_repeat(ohm_report_cell(&rows->csv, i, "id"));
        rows->hours += ((isnan(train_s) ? 0 : train_s) + (isnan(validate_s) ? 0 : validate_s)) / 3600;
    }
    rows->recipe = rows->csv.rows > 0 ? ohm_report_cell(&rows->csv, 0, "recipe") : "";
    rows->fingerprint = rows->csv.rows > 0 ? ohm_report_cell(&rows->csv, 0, "fingerprint") : "";
}

static bool is_measure(const char *name)
{
    return strncmp(name, "acc_", 4) == 0 || strcmp(name, "avm") == 0;
}

static bool is_number(const char *name)
{
    return is_measure(name) || strncmp(name, "spread_", 7) == 0 || strcmp(name, "train_s") == 0 ||
           strcmp(name, "validate_s") == 0;
}

/* Told here with its line, so that nothing is left out in silence later. */
static enum ohm_status check_numbers(const struct ohm_csv *csv, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;
    double value;

    for (int c = 0; c < csv->columns; c++)
        for (int i = 0; is_number(csv->name[c]) && i < csv->rows && st == OHM_OK; i++)
            st = ohm_csv_double(csv, i, c, &value, err);
    return st;
}

static enum ohm_status load_file(struct ohm_report_rows *rows, const char *path, const char *shown,
                                 struct ohm_error *err)
{
    static const char *const needed[] = {"id", "state", "genotype", "net", "recipe", "fingerprint"};
    enum ohm_status st = ohm_csv_load(&rows->csv, path, err);

    if (st != OHM_OK)
        return st;
    rows->path = shown;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (ohm_csv_column(&rows->csv, needed[i]) < 0)
            return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0,
                               "there is no column '%s': these are no rows of ohmnas collect", needed[i]);
    if ((st = check_numbers(&rows->csv, err)) == OHM_OK)
        count_rows(rows);
    return st;
}

/* The file beside the card of a surrogate, where there is one. It is shown as the user would name it: where the project
 * lies on this machine is nobody's business. */
static enum ohm_status load_beside(struct ohm_report *r, struct ohm_report_rows *rows,
                                   const struct ohm_report_surrogate *surrogate, const char *name,
                                   struct ohm_error *err)
{
    struct ohm_str path = {0}, shown = {0};
    const char *kept;
    enum ohm_status st = OHM_OK;

    ohm_str_printf(&path, "%s/%s", surrogate->folder, name);
    ohm_str_printf(&shown, "%s%s/%s", strchr(surrogate->bare, '/') ? "" : "surrogates/", surrogate->bare, name);
    if (ohm_file_exists(ohm_str_text(&path))) {
        kept = ohm_arena_strdup(&r->cli->arena, ohm_str_text(&shown));
        st = kept && !path.failed ? load_file(rows, ohm_str_text(&path), kept, err)
                                  : ohm_fail(err, OHM_ENOMEM, "out of memory");
    }
    ohm_str_release(&path);
    ohm_str_release(&shown);
    return st;
}

static enum ohm_status find_file(struct ohm_report *r, struct ohm_report_rows *rows, const char *given,
                                 const char *name, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (given)
        return load_file(rows, given, given, err);
    for (int i = 0; i < r->surrogates && !rows->path && st == OHM_OK; i++)
        if (r->surrogate[i].folder)
            st = load_beside(r, rows, &r->surrogate[i], name, err);
    return st;
}

static void add_measures(struct ohm_report_measures *m, const struct ohm_report_rows *rows)
{
    for (int c = 0; rows->path && c < rows->csv.columns; c++) {
        bool there = !is_measure(rows->csv.name[c]) || m->count == OHM_REPORT_MEASURES_MAX;

        for (int i = 0; i < m->count; i++)
            there = there || strcmp(m->name[i], rows->csv.name[c]) == 0;
        if (!there)
            m->name[m->count++] = rows->csv.name[c];
    }
}

enum ohm_status ohm_report_load_rows(struct ohm_report *r, struct ohm_error *err)
{
    enum ohm_status st;

    if ((st = find_file(r, &r->rows, r->opt->rows, "rows.csv", err)) != OHM_OK ||
        (st = find_file(r, &r->baseline_rows, r->opt->baselines, "baselines.csv", err)) != OHM_OK)
        return st;
    add_measures(&r->measures, &r->rows);
    add_measures(&r->measures, &r->baseline_rows);
    for (int i = 0; i < r->nets; i++)
        ohm_report_measure(&r->net[i].measured, r, 0, r->net[i].genotype);
    return OHM_OK;
}

/* ---- a network ---- */

struct joining {
    const struct ohm_report_rows *rows[SEEDS_MAX];
    int row[SEEDS_MAX], count;
};

static bool is_of(const struct ohm_report_rows *rows, int row, uint64_t shape, const char *genotype)
{
    char text[17];

    if (shape == 0)
        return genotype && *genotype && strcmp(ohm_report_cell(&rows->csv, row, "genotype"), genotype) == 0;
    snprintf(text, sizeof text, "%016" PRIx64, shape);
    return strcmp(ohm_report_cell(&rows->csv, row, "net"), text) == 0;
}

/* Rows of other fingerprints are not mixed with those of the first one found. */
static void join(struct joining *j, struct ohm_report_measured *m, const struct ohm_report_rows *rows, uint64_t shape,
                 const char *genotype)
{
    for (int i = 0; rows->path && i < rows->csv.rows && j->count < SEEDS_MAX; i++) {
        const char *const fingerprint = ohm_report_cell(&rows->csv, i, "fingerprint");

        if (!is_of(rows, i, shape, genotype) || (m->fingerprint && strcmp(m->fingerprint, fingerprint) != 0))
            continue;
        m->fingerprint = fingerprint;
        if (strcmp(ohm_report_cell(&rows->csv, i, "state"), "done") != 0) {
            m->state = ohm_report_cell(&rows->csv, i, "state");
            continue;
        }
        j->rows[j->count] = rows;
        j->row[j->count++] = i;
    }
}

/* "acc_1d" has "spread_1d" beside it. */
static double spread_of(const struct joining *j, int i, const char *name)
{
    char column[80];

    if (strncmp(name, "acc_", 4) != 0)
        return NAN;
    snprintf(column, sizeof column, "spread_%.60s", name + 4);
    return ohm_report_number(&j->rows[i]->csv, j->row[i], column);
}

static void average(const struct joining *j, const char *name, double *mean, double *spread)
{
    double value[SEEDS_MAX];
    int n = 0, at = 0;

    for (int i = 0; i < j->count; i++) {
        const double v = ohm_report_number(&j->rows[i]->csv, j->row[i], name);

        if (isnan(v))
            continue;
        value[n++] = v;
        at = i;
    }
    *mean = n > 0 ? ohm_mean(value, n) : (double)NAN;
    *spread = n > 1 ? ohm_sd(value, n) : n == 1 ? spread_of(j, at, name) : (double)NAN;
}

void ohm_report_measure(struct ohm_report_measured *m, const struct ohm_report *r, uint64_t shape, const char *genotype)
{
    struct joining j = {.count = 0};

    *m = (struct ohm_report_measured){.seeds = 0};
    join(&j, m, &r->rows, shape, genotype);
    join(&j, m, &r->baseline_rows, shape, genotype);
    m->seeds = j.count;
    m->state = m->seeds > 0 ? NULL : m->state;
    m->other = m->fingerprint && r->rows.path && strcmp(m->fingerprint, r->rows.fingerprint) != 0;
    for (int i = 0; i < r->measures.count; i++)
        average(&j, r->measures.name[i], &m->mean[i], &m->spread[i]);
}
