/* svg.c - the plot as one self-contained SVG: axes with round numbers, points, the front as a line. */
#include "report_int.h"

#include <math.h>

enum { WIDTH = 720, HEIGHT = 480, LEFT = 84, RIGHT = 24, TOP = 44, BOTTOM = 60, POINTS_MAX = 20000 };

static double to_x(const struct ohm_plot_range *r, double x)
{
    return LEFT + (x - r->x_low) / (r->x_high - r->x_low) * (WIDTH - LEFT - RIGHT);
}

static double to_y(const struct ohm_plot_range *r, double y)
{
    return HEIGHT - BOTTOM - (y - r->y_low) / (r->y_high - r->y_low) * (HEIGHT - TOP - BOTTOM);
}

static void put_escaped(struct ohm_str *s, const char *text)
{
    for (; *text; text++) {
        const char *const entity = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : NULL;

        if (entity)
            ohm_str_append(s, entity);
        else
            ohm_str_append_n(s, text, 1);
    }
}

static void put_text(struct ohm_str *s, double x, double y, const char *attributes, const char *text)
{
    ohm_str_printf(s, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    put_escaped(s, text);
    ohm_str_append(s, "</text>\n");
}

static void put_axes(struct ohm_str *s, const struct ohm_plot_range *r)
{
    double first, step;
    struct ohm_str label = {0};

    ohm_ticks(r->x_low, r->x_high, 8, &first, &step);
    for (double t = first; t <= r->x_high; t += step) {
        ohm_str_clear(&label);
        ohm_str_printf(&label, "%.6g", fabs(t) < step * 1e-9 ? 0 : t);
        ohm_str_printf(s, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", to_x(r, t),
                       to_x(r, t), TOP, HEIGHT - BOTTOM);
        put_text(s, to_x(r, t), HEIGHT - BOTTOM + 18, "text-anchor=\"middle\"", ohm_str_text(&label));
    }
    ohm_ticks(r->y_low, r->y_high, 7, &first, &step);
    for (double t = first; t <= r->y_high; t += step) {
        ohm_str_clear(&label);
        ohm_str_printf(&label, "%.6g", fabs(t) < step * 1e-9 ? 0 : t);
        ohm_str_printf(s, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n", LEFT, WIDTH - RIGHT,
                       to_y(r, t), to_y(r, t));
        put_text(s, LEFT - 8, to_y(r, t) + 4, "text-anchor=\"end\"", ohm_str_text(&label));
    }
    ohm_str_printf(s, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT);
    ohm_str_release(&label);
}

static void put_line(struct ohm_str *s, const struct ohm_plot *plot, const struct ohm_plot_range *r)
{
    const char *op = "M";

    ohm_str_append(s, "<path class=\"front\" d=\"");
    for (int i = 0; i < plot->n; i++) {
        if (ohm_plot_mark(plot, i) == OHM_MARK_DOT || !isfinite(plot->x[i]) || !isfinite(plot->y[i]))
            continue;
        ohm_str_printf(s, "%s%.1f %.1f", op, to_x(r, plot->x[i]), to_y(r, plot->y[i]));
        op = "L";
    }
    ohm_str_append(s, "\"/>\n");
}

static void put_points(struct ohm_str *s, const struct ohm_plot *plot, const struct ohm_plot_range *r)
{
    static const char *const shape[] = {"class=\"dot\" r=\"2\"", "class=\"on\" r=\"4\"", "class=\"best\" r=\"6\""};
    int dots = 0, stride, at = 0;

    for (int i = 0; i < plot->n; i++)
        dots += ohm_plot_mark(plot, i) == OHM_MARK_DOT;
    stride = dots / POINTS_MAX + 1;
    for (int pass = OHM_MARK_DOT; pass <= OHM_MARK_BEST; pass++)
        for (int i = 0; i < plot->n; i++) {
            if (ohm_plot_mark(plot, i) != pass || !isfinite(plot->x[i]) || !isfinite(plot->y[i]))
                continue;
            if (pass == OHM_MARK_DOT && at++ % stride != 0)
                continue;
            ohm_str_printf(s, "<circle %s cx=\"%.1f\" cy=\"%.1f\"/>\n", shape[pass], to_x(r, plot->x[i]),
                           to_y(r, plot->y[i]));
        }
}

void ohm_plot_svg(struct ohm_str *s, const struct ohm_plot *plot)
{
    struct ohm_plot_range r;

    ohm_str_printf(s,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
                   "font-size=\"13\">\n",
                   WIDTH, HEIGHT);
    ohm_str_append(s, "<style>.grid{stroke:#e4e4e4}.axis{stroke:#333;fill:none}.dot{fill:#9ab3cc;fill-opacity:.5}"
                      ".on{fill:#d1495b}.best{fill:#111}.front{stroke:#d1495b;fill:none;stroke-width:1.5}</style>\n");
    ohm_str_printf(s, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, HEIGHT);
    if (plot->title)
        put_text(s, LEFT, 26, "font-size=\"16\"", plot->title);
    put_text(s, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 16, "text-anchor=\"middle\"", plot->x_label);
    put_text(s, 20, (TOP + HEIGHT - BOTTOM) / 2.0, "text-anchor=\"middle\" transform=\"rotate(-90 20 232)\"",
             plot->y_label);
    if (ohm_plot_range(plot, &r)) {
        put_axes(s, &r);
        if (plot->line)
            put_line(s, plot, &r);
        put_points(s, plot, &r);
    } else {
        put_text(s, WIDTH / 2.0, HEIGHT / 2.0, "text-anchor=\"middle\"", "no point to plot");
    }
    ohm_str_append(s, "</svg>\n");
}
