/* report_int.h - shared by the plots. */
#ifndef OHM_REPORT_INT_H
#define OHM_REPORT_INT_H

#include "ohm/report.h"

struct ohm_plot_range {
    double x_low, x_high, y_low, y_high;
};
/* {seen: 0} is empty. Points that are not finite are passed over. */
struct ohm_plot_extent {
    struct ohm_plot_range range;
    int seen;
};
void ohm_plot_extend(struct ohm_plot_extent *extent, double x, double y);
/* A little wider than the points are; false: there was none. */
bool ohm_plot_widen(const struct ohm_plot_extent *extent, struct ohm_plot_range *r);
bool ohm_plot_range(const struct ohm_plot *plot, struct ohm_plot_range *r);
int ohm_plot_mark(const struct ohm_plot *plot, int i);

/* svg_frame.c: what every SVG has around its points. */
struct ohm_svg_frame {
    struct ohm_plot_range range;
    int height, top; /* of the picture; where the drawing area begins */
};
enum { OHM_SVG_WIDTH = 720, OHM_SVG_LEFT = 84, OHM_SVG_RIGHT = 24, OHM_SVG_TOP = 44, OHM_SVG_BOTTOM = 60 };
double ohm_svg_x(const struct ohm_svg_frame *f, double x);
double ohm_svg_y(const struct ohm_svg_frame *f, double y);
void ohm_svg_text(struct ohm_str *s, double x, double y, const char *attributes, const char *text);
/* The begin of the file, title and names of the axes; `style`: rules beside those of grid and axes. */
void ohm_svg_begin(struct ohm_str *s, const struct ohm_svg_frame *f, const char *style, const char *title,
                   const char *x_label, const char *y_label);
/* A line of the grid with its name, at x or at y. */
void ohm_svg_grid_x(struct ohm_str *s, const struct ohm_svg_frame *f, double x, const char *name);
void ohm_svg_grid_y(struct ohm_str *s, const struct ohm_svg_frame *f, double y, const char *name);
void ohm_svg_round_x(struct ohm_str *s, const struct ohm_svg_frame *f);
void ohm_svg_round_y(struct ohm_str *s, const struct ohm_svg_frame *f);
void ohm_svg_axes(struct ohm_str *s, const struct ohm_svg_frame *f);
void ohm_svg_nothing(struct ohm_str *s, const struct ohm_svg_frame *f);

#endif
