/* svg_frame.c - what every SVG has around its points: title, axes, a grid at round numbers. */
#include "report_int.h"

#include <math.h>

double ohm_svg_x(const struct ohm_svg_frame *f, double x)
{
    const struct ohm_plot_range *const r = &f->range;

    return OHM_SVG_LEFT + (x - r->x_low) / (r->x_high - r->x_low) * (OHM_SVG_WIDTH - OHM_SVG_LEFT - OHM_SVG_RIGHT);
}

double ohm_svg_y(const struct ohm_svg_frame *f, double y)
{
    const struct ohm_plot_range *const r = &f->range;
    const int bottom = f->height - OHM_SVG_BOTTOM;

    return bottom - (y - r->y_low) / (r->y_high - r->y_low) * (bottom - f->top);
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

void ohm_svg_text(struct ohm_str *s, double x, double y, const char *attributes, const char *text)
{
    ohm_str_printf(s, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    put_escaped(s, text);
    ohm_str_append(s, "</text>\n");
}

void ohm_svg_begin(struct ohm_str *s, const struct ohm_svg_frame *f, const char *style, const char *title,
                   const char *x_label, const char *y_label)
{
    const double middle = (f->top + f->height - OHM_SVG_BOTTOM) / 2.0;

    ohm_str_printf(s,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
                   "font-size=\"13\">\n",
                   OHM_SVG_WIDTH, f->height);
    ohm_str_printf(s, "<style>.grid{stroke:#e4e4e4}.axis{stroke:#333;fill:none}%s</style>\n", style);
    ohm_str_printf(s, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", OHM_SVG_WIDTH, f->height);
    if (title)
        ohm_svg_text(s, OHM_SVG_LEFT, 26, "font-size=\"16\"", title);
    ohm_svg_text(s, (OHM_SVG_LEFT + OHM_SVG_WIDTH - OHM_SVG_RIGHT) / 2.0, f->height - 16, "text-anchor=\"middle\"",
                 x_label);
    ohm_str_printf(s, "<g transform=\"translate(20 %.1f) rotate(-90)\">", middle);
    ohm_svg_text(s, 0, 0, "text-anchor=\"middle\"", y_label);
    ohm_str_append(s, "</g>\n");
}

void ohm_svg_grid_x(struct ohm_str *s, const struct ohm_svg_frame *f, double x, const char *name)
{
    const int bottom = f->height - OHM_SVG_BOTTOM;

    ohm_str_printf(s, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", ohm_svg_x(f, x),
                   ohm_svg_x(f, x), f->top, bottom);
    ohm_svg_text(s, ohm_svg_x(f, x), bottom + 18, "text-anchor=\"middle\"", name);
}

void ohm_svg_grid_y(struct ohm_str *s, const struct ohm_svg_frame *f, double y, const char *name)
{
    ohm_str_printf(s, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n", OHM_SVG_LEFT,
                   OHM_SVG_WIDTH - OHM_SVG_RIGHT, ohm_svg_y(f, y), ohm_svg_y(f, y));
    ohm_svg_text(s, OHM_SVG_LEFT - 8, ohm_svg_y(f, y) + 4, "text-anchor=\"end\"", name);
}

static void round_grid(struct ohm_str *s, const struct ohm_svg_frame *f, double low, double high, int most,
                       void (*grid)(struct ohm_str *s, const struct ohm_svg_frame *f, double at, const char *name))
{
    double first, step;
    struct ohm_str name = {0};

    ohm_ticks(low, high, most, &first, &step);
    for (double t = first; t <= high; t += step) {
        ohm_str_clear(&name);
        ohm_str_printf(&name, "%.6g", fabs(t) < step * 1e-9 ? 0 : t);
        grid(s, f, t, ohm_str_text(&name));
    }
    s->failed |= name.failed;
    ohm_str_release(&name);
}

void ohm_svg_round_x(struct ohm_str *s, const struct ohm_svg_frame *f)
{
    round_grid(s, f, f->range.x_low, f->range.x_high, 8, ohm_svg_grid_x);
}

void ohm_svg_round_y(struct ohm_str *s, const struct ohm_svg_frame *f)
{
    round_grid(s, f, f->range.y_low, f->range.y_high, 7, ohm_svg_grid_y);
}

void ohm_svg_axes(struct ohm_str *s, const struct ohm_svg_frame *f)
{
    ohm_str_printf(s, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", OHM_SVG_LEFT, f->top, f->height - OHM_SVG_BOTTOM,
                   OHM_SVG_WIDTH - OHM_SVG_RIGHT);
}

void ohm_svg_nothing(struct ohm_str *s, const struct ohm_svg_frame *f)
{
    ohm_svg_text(s, OHM_SVG_WIDTH / 2.0, f->height / 2.0, "text-anchor=\"middle\"", "no point to plot");
}
