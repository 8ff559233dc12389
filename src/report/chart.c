/* chart.c - several named series in one SVG: points with bars and labels, lines, bands. */
#include "report_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DRAWING = 376, LEGEND_LINE = 20, LEGEND_GAP = 22, DOTS_MAX = 5000 };

/* Okabe and Ito, "Color Universal Design" (2008): told apart by people with any kind of colour vision. */
static const char *const palette[OHM_CHART_COLOURS] = {"#7f8fa6", "#0072b2", "#d55e00",
                                                       "#009e73", "#cc79a7", "#111111"};

/* ---- places ---- */

static double place_x(const struct ohm_chart *c, double x)
{
    if (!c->log_x)
        return x;
    return x > 0 ? log10(x) : (double)NAN;
}

static bool at(const struct ohm_chart *c, const struct ohm_series *s, int i, double *x, double *y)
{
    *x = place_x(c, s->x[i]);
    *y = s->y ? s->y[i] : (double)NAN;
    return isfinite(*x) && isfinite(*y);
}

static bool has_bar(const struct ohm_series *s, int i)
{
    return s->low && s->high && isfinite(s->low[i]) && isfinite(s->high[i]);
}

static bool find_range(const struct ohm_chart *c, struct ohm_plot_range *r)
{
    struct ohm_plot_extent extent = {.seen = 0};

    for (int k = 0; k < c->count; k++)
        for (int i = 0; i < c->series[k].n; i++) {
            const struct ohm_series *const s = &c->series[k];
            double x, y;
            const bool there = at(c, s, i, &x, &y);

            if (there)
                ohm_plot_extend(&extent, x, y);
            if ((there || s->kind == OHM_SERIES_BAND) && has_bar(s, i)) {
                ohm_plot_extend(&extent, x, s->low[i]);
                ohm_plot_extend(&extent, x, s->high[i]);
            }
        }
    return ohm_plot_widen(&extent, r);
}

/* ---- marks ---- */

static void put_mark(struct ohm_str *s, int colour, double x, double y)
{
    switch (colour % OHM_CHART_COLOURS) {
    case 2:
        ohm_str_printf(s, "<rect class=\"c2\" x=\"%.1f\" y=\"%.1f\" width=\"8\" height=\"8\"/>\n", x - 4, y - 4);
        break;
    case 3:
        ohm_str_printf(s, "<path class=\"c3\" d=\"M%.1f %.1fl5.5 5.5l-5.5 5.5l-5.5 -5.5z\"/>\n", x, y - 5.5);
        break;
    case 4:
        ohm_str_printf(s, "<path class=\"c4\" d=\"M%.1f %.1fl5 9h-10z\"/>\n", x, y - 5);
        break;
    case 5:
        ohm_str_printf(s, "<circle class=\"c5\" cx=\"%.1f\" cy=\"%.1f\" r=\"6\"/>\n", x, y);
        break;
    default:
        ohm_str_printf(s, "<circle class=\"c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n", colour, x, y);
        break;
    }
}

static void put_label(struct ohm_str *s, double x, double y, const char *text)
{
    const bool left = x > OHM_SVG_WIDTH - OHM_SVG_RIGHT - 8 - 7 * (double)strlen(text);

    ohm_svg_text(s, left ? x - 8 : x + 8, y - 5, left ? "font-size=\"11\" text-anchor=\"end\"" : "font-size=\"11\"",
                 text);
}

/* ---- series ---- */

static void put_bars(struct ohm_str *s, const struct ohm_chart *c, const struct ohm_series *e,
                     const struct ohm_svg_frame *f)
{
    for (int i = 0; i < e->n; i++) {
        double x, y;

        if (at(c, e, i, &x, &y) && has_bar(e, i))
            ohm_str_printf(s, "<path class=\"l%d\" d=\"M%.1f %.1fV%.1f\"/>\n", e->colour, ohm_svg_x(f, x),
                           ohm_svg_y(f, e->low[i]), ohm_svg_y(f, e->high[i]));
    }
}

static void put_line(struct ohm_str *s, const struct ohm_chart *c, const struct ohm_series *e,
                     const struct ohm_svg_frame *f)
{
    const char *op = "M";

    ohm_str_printf(s, "<path class=\"l%d\" d=\"", e->colour);
    for (int i = 0; i < e->n; i++) {
        double x, y;

        if (!at(c, e, i, &x, &y))
            continue;
        ohm_str_printf(s, "%s%.1f %.1f", op, ohm_svg_x(f, x), ohm_svg_y(f, y));
        op = "L";
    }
    ohm_str_append(s, "\"/>\n");
}

static void put_points(struct ohm_str *s, const struct ohm_chart *c, const struct ohm_series *e,
                       const struct ohm_svg_frame *f)
{
    for (int i = 0; i < e->n; i++) {
        double x, y;

        if (!at(c, e, i, &x, &y))
            continue;
        put_mark(s, e->colour, ohm_svg_x(f, x), ohm_svg_y(f, y));
        if (e->label && e->label[i])
            put_label(s, ohm_svg_x(f, x), ohm_svg_y(f, y), e->label[i]);
    }
}

static void put_dots(struct ohm_str *s, const struct ohm_chart *c, const struct ohm_series *e,
                     const struct ohm_svg_frame *f)
{
    for (int i = 0; i < e->n; i += e->n / DOTS_MAX + 1) {
        double x, y;

        if (at(c, e, i, &x, &y))
            ohm_str_printf(s, "<circle class=\"c%d d\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>\n", e->colour,
                           ohm_svg_x(f, x), ohm_svg_y(f, y));
    }
}

static void put_edge(struct ohm_str *s, const struct ohm_chart *c, const struct ohm_series *e,
                     const struct ohm_svg_frame *f, bool high, const char **op)
{
    for (int k = 0; k < e->n; k++) {
        const int i = high ? k : e->n - 1 - k;
        const double x = place_x(c, e->x[i]);

        if (!isfinite(x) || !has_bar(e, i))
            continue;
        ohm_str_printf(s, "%s%.1f %.1f", *op, ohm_svg_x(f, x), ohm_svg_y(f, high ? e->high[i] : e->low[i]));
        *op = "L";
    }
}

static void put_series(struct ohm_str *s, const struct ohm_chart *c, const struct ohm_series *e,
                       const struct ohm_svg_frame *f)
{
    const char *op = "M";

    switch (e->kind) {
    case OHM_SERIES_DOTS:
        put_dots(s, c, e, f);
        break;
    case OHM_SERIES_BAND:
        ohm_str_printf(s, "<path class=\"c%d b\" d=\"", e->colour);
        put_edge(s, c, e, f, true, &op);
        put_edge(s, c, e, f, false, &op);
        ohm_str_append(s, *op == 'L' ? "Z\"/>\n" : "\"/>\n");
        break;
    case OHM_SERIES_LINE:
        put_line(s, c, e, f);
        put_bars(s, c, e, f);
        put_points(s, c, e, f);
        break;
    default:
        put_bars(s, c, e, f);
        put_points(s, c, e, f);
        break;
    }
}

/* ---- around them ---- */

/* Writes the legend where s is not NULL; returns how many lines it takes. */
static int put_legend(struct ohm_str *s, const struct ohm_chart *c)
{
    double x = OHM_SVG_LEFT;
    int lines = 0;

    for (int k = 0; k < c->count; k++) {
        const struct ohm_series *const e = &c->series[k];
        const double width = e->name ? LEGEND_GAP + 7.2 * (double)strlen(e->name) : 0;

        if (!e->name)
            continue;
        if (lines == 0 || x + width > OHM_SVG_WIDTH - OHM_SVG_RIGHT) {
            x = OHM_SVG_LEFT;
            lines++;
        }
        if (s && e->kind == OHM_SERIES_BAND)
            ohm_str_printf(s, "<rect class=\"c%d b\" x=\"%.1f\" y=\"%d\" width=\"12\" height=\"12\"/>\n", e->colour, x,
                           20 + LEGEND_LINE * lines);
        else if (s)
            put_mark(s, e->colour, x + 6, 26 + LEGEND_LINE * lines);
        if (s)
            ohm_svg_text(s, x + 17, 31 + LEGEND_LINE * lines, "font-size=\"12\"", e->name);
        x += width + 12;
    }
    return lines;
}

/* Whole powers of ten, and where these are few 2 and 5 times them. */
static void put_decades(struct ohm_str *s, const struct ohm_svg_frame *f)
{
    const double low = f->range.x_low, high = f->range.x_high;
    static const double part[] = {1, 2, 5};

    for (double decade = floor(low); decade <= high; decade++)
        for (int i = 0; i < (high - low < 3 ? 3 : 1); i++) {
            const double x = decade + log10(part[i]);
            char name[32];

            snprintf(name, sizeof name, "%.6g", part[i] * pow(10, decade));
            if (x >= low && x <= high)
                ohm_svg_grid_x(s, f, x, name);
        }
}

static void put_grid(struct ohm_str *s, const struct ohm_chart *c, const struct ohm_svg_frame *f)
{
    for (int i = 0; i < c->ticks; i++) {
        const double x = place_x(c, c->tick[i]);

        if (x >= f->range.x_low && x <= f->range.x_high)
            ohm_svg_grid_x(s, f, x, c->tick_name[i]);
    }
    if (c->ticks == 0 && c->log_x)
        put_decades(s, f);
    else if (c->ticks == 0)
        ohm_svg_round_x(s, f);
    ohm_svg_round_y(s, f);
    ohm_svg_axes(s, f);
}

static void put_style(struct ohm_str *style)
{
    for (int i = 0; i < OHM_CHART_COLOURS; i++)
        ohm_str_printf(style, ".c%d{fill:%s}.l%d{stroke:%s;fill:none;stroke-width:1.5}", i, palette[i], i, palette[i]);
    ohm_str_append(style, ".d{fill-opacity:.45}.b{fill-opacity:.25}");
}

bool ohm_series_wide(const struct ohm_series *series, int count)
{
    double low = INFINITY, high = 0;

    for (int k = 0; k < count; k++)
        for (int i = 0; i < series[k].n; i++) {
            low = fmin(low, series[k].x[i]);
            high = fmax(high, series[k].x[i]);
        }
    return low > 0 && high > 5 * low;
}

void ohm_chart_svg(struct ohm_str *s, const struct ohm_chart *chart)
{
    struct ohm_svg_frame f = {.top = OHM_SVG_TOP + LEGEND_LINE * put_legend(NULL, chart)};
    struct ohm_str style = {0};

    f.height = f.top + DRAWING + OHM_SVG_BOTTOM;
    put_style(&style);
    ohm_svg_begin(s, &f, ohm_str_text(&style), chart->title, chart->x_label, chart->y_label);
    s->failed |= style.failed;
    ohm_str_release(&style);
    put_legend(s, chart);
    if (find_range(chart, &f.range)) {
        put_grid(s, chart, &f);
        for (int k = 0; k < chart->count; k++)
            put_series(s, chart, &chart->series[k], &f);
    } else {
        ohm_svg_nothing(s, &f);
    }
    ohm_str_append(s, "</svg>\n");
}
