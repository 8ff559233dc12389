/* plot.c - what all plots need: the range of the data and round numbers for its axes. */
#include "report_int.h"

#include <math.h>

void ohm_ticks(double low, double high, int most, double *first, double *step)
{
    const double raw = (high - low) / (most > 1 ? most : 1);
    const double power = pow(10, floor(log10(raw)));
    const double lead = raw / power;

    *step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
    *first = ceil(low / *step - 1e-9) * *step;
}

/* A range of one value is widened, so that there is something to divide by. */
static void widen(double *low, double *high)
{
    const double room = *high > *low ? 0.04 * (*high - *low) : fabs(*low) > 0 ? 0.1 * fabs(*low) : 1;

    *low -= room;
    *high += room;
}

void ohm_plot_extend(struct ohm_plot_extent *extent, double x, double y)
{
    struct ohm_plot_range *const r = &extent->range;

    if (!isfinite(x) || !isfinite(y))
        return;
    if (extent->seen++ == 0)
        *r = (struct ohm_plot_range){x, x, y, y};
    r->x_low = fmin(r->x_low, x);
    r->x_high = fmax(r->x_high, x);
    r->y_low = fmin(r->y_low, y);
    r->y_high = fmax(r->y_high, y);
}

bool ohm_plot_widen(const struct ohm_plot_extent *extent, struct ohm_plot_range *r)
{
    if (extent->seen == 0)
        return false;
    *r = extent->range;
    widen(&r->x_low, &r->x_high);
    widen(&r->y_low, &r->y_high);
    return true;
}

bool ohm_plot_range(const struct ohm_plot *plot, struct ohm_plot_range *r)
{
    struct ohm_plot_extent extent = {.seen = 0};

    for (int i = 0; i < plot->n; i++)
        ohm_plot_extend(&extent, plot->x[i], plot->y[i]);
    return ohm_plot_widen(&extent, r);
}

int ohm_plot_mark(const struct ohm_plot *plot, int i)
{
    return plot->mark ? plot->mark[i] : OHM_MARK_DOT;
}
