/* plot_text.c - a scatter plot of characters. */
#include "report_int.h"

#include "ohm/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL = 10 };

static void put_points(char *grid, const struct ohm_plot *plot, const struct ohm_plot_range *r, int width, int height)
{
    static const char sign[] = {'.', 'o', '*'};

    for (int pass = OHM_MARK_DOT; pass <= OHM_MARK_BEST; pass++)
        for (int i = 0; i < plot->n; i++) {
            int column, row;

            if (ohm_plot_mark(plot, i) != pass || !isfinite(plot->x[i]) || !isfinite(plot->y[i]))
                continue;
            column = (int)((plot->x[i] - r->x_low) / (r->x_high - r->x_low) * width);
            row = (int)((r->y_high - plot->y[i]) / (r->y_high - r->y_low) * height);
            column = column < width ? column : width - 1;
            row = row < height ? row : height - 1;
            grid[row * width + column] = sign[pass];
        }
}

/* The tick value in this row of characters, or NaN. */
static double tick_in_row(const struct ohm_plot_range *r, int row, int height, double first, double step)
{
    const double top = r->y_high - (r->y_high - r->y_low) * row / height;
    const double bottom = r->y_high - (r->y_high - r->y_low) * (row + 1) / height;
    const double tick = first + floor((top - first) / step + 1e-9) * step;

    return tick > bottom && tick >= first ? tick : NAN;
}

/* -0 and 1e-17 left over by subtraction are zero. */
static double clean(double tick, double step)
{
    return fabs(tick) < step * 1e-9 ? 0 : tick;
}

static void put_x_axis(struct ohm_str *s, const struct ohm_plot_range *r, int width)
{
    char *marks = ohm_alloc((size_t)width + 2 * LABEL + 2, 1);
    double first, step;
    int free_from = 0;

    ohm_ticks(r->x_low, r->x_high, width / 10 > 2 ? width / 10 : 2, &first, &step);
    ohm_str_printf(s, "%*s +", LABEL, "");
    for (int c = 0; c < width; c++)
        ohm_str_append(s, "-");
    ohm_str_printf(s, "\n%*s  ", LABEL, "");
    if (!marks) {
        s->failed = true;
        return;
    }
    memset(marks, ' ', (size_t)width + 2 * LABEL + 1);
    for (double tick = first; tick <= r->x_high; tick += step) {
        char text[32];
        const int at = (int)((tick - r->x_low) / (r->x_high - r->x_low) * width);
        const int n = snprintf(text, sizeof(text), "%.5g", clean(tick, step));

        if (at >= free_from && at + n < width + 2 * LABEL) {
            memcpy(marks + at, text, (size_t)n);
            free_from = at + n + 2;
        }
    }
    for (int end = width + 2 * LABEL; end >= 0 && (marks[end] == ' ' || marks[end] == '\0'); end--)
        marks[end] = '\0';
    ohm_str_printf(s, "%s\n", marks);
    ohm_free(marks);
}

void ohm_plot_text(struct ohm_str *s, const struct ohm_plot *plot, int width, int height)
{
    struct ohm_plot_range r;
    double first, step;
    char *grid;

    if (!ohm_plot_range(plot, &r)) {
        ohm_str_append(s, "(no point to plot)\n");
        return;
    }
    grid = ohm_alloc((size_t)width * (size_t)height, 1);
    if (!grid) {
        s->failed = true;
        return;
    }
    memset(grid, ' ', (size_t)width * (size_t)height);
    put_points(grid, plot, &r, width, height);
    ohm_ticks(r.y_low, r.y_high, height / 3 > 2 ? height / 3 : 2, &first, &step);
    ohm_str_printf(s, "%s\n", plot->y_label);
    for (int row = 0; row < height; row++) {
        const double tick = tick_in_row(&r, row, height, first, step);
        int end = width;

        while (end > 0 && grid[row * width + end - 1] == ' ')
            end--;
        if (isnan(tick))
            ohm_str_printf(s, "%*s |", LABEL, "");
        else
            ohm_str_printf(s, "%*.5g +", LABEL, clean(tick, step));
        ohm_str_append_n(s, grid + row * width, (size_t)end);
        ohm_str_append(s, "\n");
    }
    put_x_axis(s, &r, width);
    ohm_str_printf(s, "%*s  %s\n", LABEL, "", plot->x_label);
    ohm_free(grid);
}
