/* report_paired.c - tables of `ohmnas compare --csv` in a report: networks beside others on the same samples. */
#include "report_cells.h"

#include <math.h>
#include <string.h>

/* What a table of `ohmnas compare` has of it; other columns are passed over. */
static const struct {
    const char *name;
    bool number;
} columns[] = {
    {"a", false},         {"b", false},         {"time", false},   {"a_is", false},   {"unit", false},
    {"items", true},      {"units", true},      {"seeds_a", true}, {"seeds_b", true}, {"acc_a", true},
    {"acc_b", true},      {"difference", true}, {"low", true},     {"high", true},    {"low_seeds", true},
    {"high_seeds", true}, {"p", true},          {"p_one", true},   {"level", true},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static enum ohm_status check(const struct ohm_csv *csv, struct ohm_error *err)
{
    for (int k = 0; k < COLUMNS; k++) {
        int at = -1;
        double value;
        enum ohm_status st = ohm_csv_need(csv, columns[k].name, &at, err);

        for (int i = 0; columns[k].number && i < csv->rows && st == OHM_OK; i++)
            st = ohm_csv_double(csv, i, at, &value, err);
        if (st != OHM_OK)
            return st;
    }
    return OHM_OK;
}

enum ohm_status ohm_report_load_paired(struct ohm_report *r, struct ohm_error *err)
{
    const struct ohm_words *const files = &r->opt->compare;
    enum ohm_status st = OHM_OK;

    if (!(r->paired = ohm_alloc((size_t)files->count, sizeof *r->paired)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < files->count && st == OHM_OK; i++)
        if ((st = ohm_csv_load(&r->paired[i], files->item[i], err)) == OHM_OK) {
            r->paireds++;
            st = check(&r->paired[i], err);
        }
    return st;
}

void ohm_report_release_paired(struct ohm_report *r)
{
    for (int i = 0; i < r->paireds; i++)
        ohm_csv_release(&r->paired[i]);
    ohm_free(r->paired);
}

static void put_interval(struct ohm_table *t, double low, double high)
{
    struct ohm_str s = {0};

    if (isnan(low) || isnan(high))
        ohm_str_append(&s, "-");
    else
        ohm_str_printf(&s, "%.2f to %.2f", low, high);
    ohm_table_cell(t, ohm_str_text(&s));
    t->failed |= s.failed;
    ohm_str_release(&s);
}

static void put_p(struct ohm_table *t, double p)
{
    struct ohm_str s = {0};

    ohm_str_printf(&s, isnan(p) ? "-" : "%.2g", p);
    ohm_table_cell(t, ohm_str_text(&s));
    t->failed |= s.failed;
    ohm_str_release(&s);
}

static void put_row(struct ohm_table *t, const struct ohm_csv *csv, int row)
{
    struct ohm_str seeds = {0}, verdict = {0};

    ohm_str_printf(&seeds, "%.0f, %.0f", ohm_report_number(csv, row, "seeds_a"),
                   ohm_report_number(csv, row, "seeds_b"));
    ohm_str_printf(&verdict, "%s at %g %%", ohm_report_cell(csv, row, "a_is"),
                   100 * ohm_report_number(csv, row, "level"));
    ohm_table_cell(t, ohm_report_cell(csv, row, "a"));
    ohm_table_cell(t, ohm_report_cell(csv, row, "b"));
    ohm_table_cell(t, ohm_report_cell(csv, row, "time"));
    ohm_table_cell(t, ohm_str_text(&seeds));
    ohm_report_cell_digits(t, ohm_report_number(csv, row, "acc_a"), 2);
    ohm_report_cell_digits(t, ohm_report_number(csv, row, "acc_b"), 2);
    ohm_report_cell_digits(t, ohm_report_number(csv, row, "difference"), 2);
    put_interval(t, ohm_report_number(csv, row, "low"), ohm_report_number(csv, row, "high"));
    put_interval(t, ohm_report_number(csv, row, "low_seeds"), ohm_report_number(csv, row, "high_seeds"));
    put_p(t, ohm_report_number(csv, row, "p"));
    ohm_table_cell(t, ohm_str_text(&verdict));
    t->failed |= seeds.failed || verdict.failed;
    ohm_str_release(&seeds);
    ohm_str_release(&verdict);
}

/* "2,000 samples", "4,890 samples of 330 speakers": of the first row, for all files of a task are of one set. */
static void put_samples(struct ohm_str *s, const struct ohm_csv *csv)
{
    const double items = ohm_report_number(csv, 0, "items"), units = ohm_report_number(csv, 0, "units");

    ohm_report_put_value(s, "items", items);
    ohm_str_append(s, " samples");
    if (strcmp(ohm_report_cell(csv, 0, "unit"), "item") != 0) {
        ohm_str_append(s, " of ");
        ohm_report_put_value(s, "units", units);
        ohm_str_printf(s, " %ss", ohm_report_cell(csv, 0, "unit"));
    }
}

void ohm_report_put_paired(struct ohm_str *s, const struct ohm_report *r)
{
    static const char *const names[] = {"network",    "against",           "time",
                                        "trainings",  "accuracy",          "of the other",
                                        "difference", "interval: samples", "interval: samples and trainings",
                                        "p",          "the network is"};
    const struct ohm_csv *first = NULL;
    struct ohm_table t = {0};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ohm_table_column(&t, names[i], i > 2);
    for (int i = 0; i < r->paireds; i++)
        for (int row = 0; row < r->paired[i].rows; row++) {
            first = first ? first : &r->paired[i];
            put_row(&t, &r->paired[i], row);
        }
    if (first) {
        ohm_str_append(s, "\nPaired on the same ");
        put_samples(s, first);
        ohm_str_append(s, " (`ohmnas compare`): p of a two-sided permutation test over samples; bootstrap intervals of "
                          "the difference, in points, over samples, and over samples and trainings.\n\n");
        ohm_table_markdown(s, &t);
    }
    s->failed |= t.failed;
    ohm_table_release(&t);
}

void ohm_report_emit_paired(struct ohm_emit *e, const struct ohm_report *r)
{
    ohm_emit_list(e, "paired");
    for (int i = 0; i < r->paireds; i++)
        for (int row = 0; row < r->paired[i].rows; row++) {
            ohm_emit_map(e, NULL);
            for (int k = 0; k < COLUMNS; k++)
                if (columns[k].number)
                    ohm_emit_double(e, columns[k].name, ohm_report_number(&r->paired[i], row, columns[k].name));
                else
                    ohm_emit_text(e, columns[k].name, ohm_report_cell(&r->paired[i], row, columns[k].name));
            ohm_emit_end(e);
        }
    ohm_emit_end(e);
}
