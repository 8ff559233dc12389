/* report_loops.c - a table of `tools/compare_loops.py --csv` in a report: the closed loop beside what it has to beat.
 */
#include "report_cells.h"

#include "ohm/stat.h"

#include <math.h>

/* The policies by their columns; the first is compared with the others. */
static const struct {
    const char *column, *name;
} policies[] = {{"closed", "closed loop"}, {"random", "random search"}, {"once", "a surrogate fitted once"}};
enum { POLICIES = sizeof policies / sizeof *policies };

static const char *const settings[] = {"seed", "hours", "start", "top"}; /* numbers, too */
enum { SETTINGS = sizeof settings / sizeof *settings };

static enum ohm_status check_column(const struct ohm_csv *csv, const char *column, struct ohm_error *err)
{
    int at = -1;
    double value;
    enum ohm_status st = ohm_csv_need(csv, column, &at, err);

    for (int row = 0; row < csv->rows && st == OHM_OK; row++)
        if ((st = ohm_csv_double(csv, row, at, &value, err)) == OHM_OK && isnan(value))
            st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, csv->path, csv->line[row], 0, "'%s' is no number", column);
    return st;
}

enum ohm_status ohm_report_load_loops(struct ohm_report *r, struct ohm_error *err)
{
    int reference;
    enum ohm_status st;

    if (!r->opt->loops)
        return OHM_OK;
    if ((st = ohm_csv_load(&r->loops, r->opt->loops, err)) != OHM_OK)
        return st;
    if (r->loops.rows < 1)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, r->opt->loops, 0, 0, "there is no seed in the table");
    st = ohm_csv_need(&r->loops, "reference", &reference, err);
    for (int k = 0; k < SETTINGS && st == OHM_OK; k++)
        st = check_column(&r->loops, settings[k], err);
    for (int k = 0; k < POLICIES && st == OHM_OK; k++)
        st = check_column(&r->loops, policies[k].column, err);
    return st;
}

static double mean_of(const struct ohm_csv *csv, const char *column)
{
    double sum = 0;

    for (int row = 0; row < csv->rows; row++)
        sum += ohm_report_number(csv, row, column);
    return sum / csv->rows;
}

/* ---- the closed loop against one of the others, paired by seed ---- */

struct gain {
    double mean, half; /* half: of Student's 95 % interval over seeds; NaN: one seed */
    double percent;    /* of the other's mean */
    int wins;
};

static bool gain_over(struct gain *g, const struct ohm_csv *csv, const char *other)
{
    double *const d = ohm_alloc((size_t)csv->rows, sizeof *d);

    if (!d)
        return false;
    *g = (struct gain){.half = NAN};
    for (int row = 0; row < csv->rows; row++) {
        d[row] = ohm_report_number(csv, row, policies[0].column) - ohm_report_number(csv, row, other);
        g->wins += d[row] > 0;
    }
    g->mean = ohm_mean(d, csv->rows);
    g->percent = 100 * g->mean / mean_of(csv, other);
    if (csv->rows > 1)
        g->half = ohm_student_95(csv->rows - 1) * ohm_sd(d, csv->rows) / sqrt(csv->rows);
    ohm_free(d);
    return true;
}

static void put_gain(struct ohm_str *s, const struct gain *g, const char *name, int seeds)
{
    ohm_str_printf(s, "The closed loop is %+.4g (%+.2f %%) against %s", g->mean, g->percent, name);
    if (!isnan(g->half))
        ohm_str_printf(s, ", 95 %% interval over seeds %+.4g to %+.4g", g->mean - g->half, g->mean + g->half);
    ohm_str_printf(s, "; better in %d of %d seeds.\n", g->wins, seeds);
}

static void put_table(struct ohm_str *s, const struct ohm_csv *csv)
{
    struct ohm_table t = {0};

    ohm_table_column(&t, "seed", true);
    ohm_table_column(&t, "hours each", true);
    for (int k = 0; k < POLICIES; k++)
        ohm_table_column(&t, policies[k].name, true);
    for (int row = 0; row < csv->rows; row++) {
        ohm_report_cell_count(&t, (int64_t)ohm_report_number(csv, row, "seed"));
        ohm_report_cell_digits(&t, ohm_report_number(csv, row, "hours"), 2);
        for (int k = 0; k < POLICIES; k++)
            ohm_report_cell_digits(&t, ohm_report_number(csv, row, policies[k].column), 0);
    }
    ohm_table_markdown(s, &t);
    s->failed |= t.failed;
    ohm_table_release(&t);
}

void ohm_report_put_loops(struct ohm_str *s, const struct ohm_report *r)
{
    const struct ohm_csv *const csv = &r->loops;
    struct gain g;

    if (!r->opt->loops)
        return;
    ohm_str_printf(
        s,
        "\n## The closed loop\n\nEach policy chose networks that were then trained and measured in truth, for as "
        "much processor time as the others (`tools/compare_loops.py`): the closed loop %g a round, by expected "
        "gain; random search the next of a draw; the third all at once, by the means of a surrogate that it never "
        "fits again. All three of a seed begin with the same %g networks. The hypervolume of what was measured, "
        "between the front and %s:\n\n",
        ohm_report_number(csv, 0, "top"), ohm_report_number(csv, 0, "start"), ohm_report_cell(csv, 0, "reference"));
    put_table(s, csv);
    ohm_str_append(s, "\n");
    for (int k = 1; k < POLICIES; k++) {
        if (gain_over(&g, csv, policies[k].column))
            put_gain(s, &g, policies[k].name, csv->rows);
        else
            s->failed = true;
    }
}

static void emit_gain(struct ohm_emit *e, const struct gain *g, const char *other)
{
    ohm_emit_map(e, NULL);
    ohm_emit_text(e, "against", other);
    ohm_emit_double(e, "difference", g->mean);
    ohm_emit_double(e, "low", g->mean - g->half);
    ohm_emit_double(e, "high", g->mean + g->half);
    ohm_emit_double(e, "percent", g->percent);
    ohm_emit_int(e, "wins", g->wins);
    ohm_emit_end(e);
}

void ohm_report_emit_loops(struct ohm_emit *e, const struct ohm_report *r)
{
    const struct ohm_csv *const csv = &r->loops;
    struct gain g;

    if (!r->opt->loops)
        return;
    ohm_emit_map(e, "loops");
    ohm_emit_text(e, "reference", ohm_report_cell(csv, 0, "reference"));
    ohm_emit_list(e, "seeds");
    for (int row = 0; row < csv->rows; row++) {
        ohm_emit_map(e, NULL);
        for (int k = 0; k < SETTINGS; k++)
            ohm_emit_double(e, settings[k], ohm_report_number(csv, row, settings[k]));
        for (int k = 0; k < POLICIES; k++)
            ohm_emit_double(e, policies[k].column, ohm_report_number(csv, row, policies[k].column));
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
    ohm_emit_list(e, "closed");
    for (int k = 1; k < POLICIES; k++) {
        if (gain_over(&g, csv, policies[k].column))
            emit_gain(e, &g, policies[k].column);
        else
            e->out.failed = true;
    }
    ohm_emit_end(e);
    ohm_emit_end(e);
}
