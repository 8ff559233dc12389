/* svg.c - the plot as one self-contained SVG: axes with round numbers, points, the front as a line. */
#include "report_int.h"

#include <math.h>

enum { HEIGHT = 480, POINTS_MAX = 20000 };

static void put_line(struct ohm_str *s, const struct ohm_plot *plot, const struct ohm_svg_frame *f)
{
    const char *op = "M";

    ohm_str_append(s, "<path class=\"front\" d=\"");
    for (int i = 0; i < plot->n; i++) {
        if (ohm_plot_mark(plot, i) == OHM_MARK_DOT || !isfinite(plot->x[i]) || !isfinite(plot->y[i]))
            continue;
        ohm_str_printf(s, "%s%.1f %.1f", op, ohm_svg_x(f, plot->x[i]), ohm_svg_y(f, plot->y[i]));
        op = "L";
    }
    ohm_str_append(s, "\"/>\n");
}

static void put_points(struct ohm_str *s, const struct ohm_plot *plot, const struct ohm_svg_frame *f)
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
            ohm_str_printf(s, "<circle %s cx=\"%.1f\" cy=\"%.1f\"/>\n", shape[pass], ohm_svg_x(f, plot->x[i]),
                           ohm_svg_y(f, plot->y[i]));
        }
}

void ohm_plot_svg(struct ohm_str *s, const struct ohm_plot *plot)
{
    struct ohm_svg_frame f = {.height = HEIGHT, .top = OHM_SVG_TOP};

    ohm_svg_begin(s, &f,
                  ".dot{fill:#9ab3cc;fill-opacity:.5}.on{fill:#d1495b}.best{fill:#111}"
                  ".front{stroke:#d1495b;fill:none;stroke-width:1.5}",
                  plot->title, plot->x_label, plot->y_label);
    if (ohm_plot_range(plot, &f.range)) {
        ohm_svg_round_x(s, &f);
        ohm_svg_round_y(s, &f);
        ohm_svg_axes(s, &f);
        if (plot->line)
            put_line(s, plot, &f);
        put_points(s, plot, &f);
    } else {
        ohm_svg_nothing(s, &f);
    }
    ohm_str_append(s, "</svg>\n");
}
