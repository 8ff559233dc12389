/* report.h - what people look at: tables for a terminal, a scatter plot of characters, the same plot as SVG. All write
 * into a struct ohm_str (UTF-8); none prints. */
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

/* Round numbers that divide [low, high] into at most `most` steps: *first and *step. low < high, both finite. */
void ohm_ticks(double low, double high, int most, double *first, double *step);

#endif
