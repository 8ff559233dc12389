/* report_int.h - shared by the two plots. */
#ifndef OHM_REPORT_INT_H
#define OHM_REPORT_INT_H

#include "ohm/report.h"

struct ohm_plot_range {
    double x_low, x_high, y_low, y_high;
};
/* The range of the finite points, a little wider than they are; false: there is none. */
bool ohm_plot_range(const struct ohm_plot *plot, struct ohm_plot_range *r);
int ohm_plot_mark(const struct ohm_plot *plot, int i);

#endif
