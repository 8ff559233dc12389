/* report.h - what people look at: tables for a terminal and for a document, a scatter plot of characters, the same plot
 * as SVG, charts of several series as SVG. All write into a struct ohm_str (UTF-8); none prints. */
#ifndef OHM_REPORT_H
#define OHM_REPORT_H

#include "ohm/error.h"
#include "ohm/str.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- table ---- */

/* Columns, then cells row by row. {0} is an empty table. After a failed allocation `failed` is set and cells are
 * dropped: check it once, at the end. */
struct ohm_table {
    char **name; /* [columns], owned */
    bool *right; /* [columns]: numbers stand to the right */
    int columns;
    char **cell; /* [cells], owned; row-major */
    size_t cells, cell_cap;
    bool failed;
};

void ohm_table_column(struct ohm_table *t, const char *name, bool right);
void ohm_table_cell(struct ohm_table *t, const char *text);
/* Aligned text with a header line. width > 0: no line gets longer than that; the widest text columns are cut first
 * ("..."), then columns at the right are left out, and a last line says how many. bold: the header in bold (ANSI). */
void ohm_table_print(struct ohm_str *s, const struct ohm_table *t, int width, bool bold);
/* The same as a table of Markdown, a header line first; what Markdown would read as a sign is escaped. */
void ohm_table_markdown(struct ohm_str *s, const struct ohm_table *t);
void ohm_table_release(struct ohm_table *t);

/* ---- plots ---- */

/* Points with a mark: the first kind is drawn first. Points with a NaN are left out. */
enum ohm_mark { OHM_MARK_DOT, OHM_MARK_FRONT, OHM_MARK_BEST };
struct ohm_plot {
    const char *title, *x_label, *y_label; /* units in the labels; title may be NULL */
    const double *x, *y;                   /* [n] */
    const unsigned char *mark;             /* [n], enum ohm_mark; NULL: all OHM_MARK_DOT */
    int n;
    bool line; /* joins OHM_MARK_FRONT points in order of index (SVG only) */
};

/* Characters: . a point, o a point of the front, * the best. width and height count the drawing area, >= 10 and >= 4.
 * A plot without a finite point says so. */
void ohm_plot_text(struct ohm_str *s, const struct ohm_plot *plot, int width, int height);
/* One self-contained SVG of 720 x 480. At most 20,000 plain points are drawn (every k-th); the front is drawn whole. */
void ohm_plot_svg(struct ohm_str *s, const struct ohm_plot *plot);

/* ---- charts ---- */

enum ohm_series_kind {
    OHM_SERIES_DOTS,   /* many, small */
    OHM_SERIES_POINTS, /* few: with marks, bars and labels */
    OHM_SERIES_LINE,   /* joined in order of index, with marks */
    OHM_SERIES_BAND    /* the area between low and high */
};
enum { OHM_CHART_COLOURS = 6 };

/* A point with a NaN is left out, and a bar whose end is NaN. */
struct ohm_series {
    const char *name; /* in the legend; NULL: not there */
    enum ohm_series_kind kind;
    int colour;               /* of the palette, which colour-blind people can tell apart; each has its mark */
    const double *x, *y;      /* [n]; y NULL: a band has none */
    const double *low, *high; /* [n]: bars, or the edges of a band; NULL: none */
    const char *const *label; /* [n]: texts beside the points, each may be NULL; NULL: none */
    int n;
};

struct ohm_chart {
    const char *title, *x_label, *y_label; /* units in the labels; title may be NULL */
    const struct ohm_series *series;       /* [count], drawn in this order */
    int count;
    bool log_x;                   /* points with x <= 0 are left out */
    const double *tick;           /* [ticks] where the x axis has names in place of numbers; NULL: it has none */
    const char *const *tick_name; /* [ticks] */
    int ticks;
};

/* Whether an x axis is better logarithmic: all x are positive, and the largest is more than five times the smallest. */
bool ohm_series_wide(const struct ohm_series *series, int count);

/* One self-contained SVG, 720 wide, with a legend above the drawing. The same chart gives the same bytes. */
void ohm_chart_svg(struct ohm_str *s, const struct ohm_chart *chart);

/* Round numbers that divide [low, high] into at most `most` steps: *first and *step. low < high, both finite. */
void ohm_ticks(double low, double high, int most, double *first, double *step);

#endif
