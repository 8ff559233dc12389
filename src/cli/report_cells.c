/* report_cells.c - numbers as people read them in a report. */
#include "report_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void ohm_report_put_count(struct ohm_str *s, int64_t value)
{
    char digits[24];
    int n;

    snprintf(digits, sizeof digits, "%lld", (long long)(value < 0 ? -value : value));
    n = (int)strlen(digits);
    ohm_str_append(s, value < 0 ? "-" : "");
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            ohm_str_append(s, ",");
        ohm_str_append_n(s, digits + i, 1);
    }
}

static bool is_percent(const char *metric)
{
    return strncmp(metric, "acc", 3) == 0 || strncmp(metric, "avm", 3) == 0 || strncmp(metric, "spread", 6) == 0;
}

void ohm_report_put_value(struct ohm_str *s, const char *metric, double value)
{
    if (isnan(value))
        ohm_str_append(s, "-");
    else if (is_percent(metric))
        ohm_str_printf(s, "%.2f", value);
    else if (fabs(value) < 1e15 && (value == floor(value) || fabs(value) >= 1e4))
        ohm_report_put_count(s, (int64_t)llround(value));
    else
        ohm_str_printf(s, "%.4g", value);
}

static void cell(struct ohm_table *t, struct ohm_str *s)
{
    ohm_table_cell(t, ohm_str_text(s));
    t->failed |= s->failed;
    ohm_str_release(s);
}

void ohm_report_cell_count(struct ohm_table *t, int64_t value)
{
    struct ohm_str s = {0};

    ohm_report_put_count(&s, value);
    cell(t, &s);
}

void ohm_report_cell_value(struct ohm_table *t, const char *metric, double value)
{
    struct ohm_str s = {0};

    ohm_report_put_value(&s, metric, value);
    cell(t, &s);
}

void ohm_report_cell_digits(struct ohm_table *t, double value, int digits)
{
    struct ohm_str s = {0};

    if (isnan(value))
        ohm_str_append(&s, "-");
    else
        ohm_str_printf(&s, "%.*f", digits, value);
    cell(t, &s);
}

void ohm_report_cell_spread(struct ohm_table *t, const char *metric, double value, double spread)
{
    struct ohm_str s = {0};

    ohm_report_put_value(&s, metric, value);
    if (!isnan(value) && !isnan(spread)) {
        ohm_str_append(&s, " ± ");
        ohm_report_put_value(&s, metric, spread);
    }
    cell(t, &s);
}

void ohm_report_column_measured(struct ohm_table *t, const char *measure)
{
    struct ohm_str s = {0};

    ohm_str_printf(&s, "%s, measured", measure);
    ohm_table_column(t, ohm_str_text(&s), true);
    t->failed |= s.failed;
    ohm_str_release(&s);
}
