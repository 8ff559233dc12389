/* quantile.c - see quantile.h. Accuracies crowd at the top and have a long tail of poor networks. Squared error then
 * looks at the tail; as shares the measured values are uniform, and what is learned is their order, which is what a
 * search asks for. Errors among the poor then count as much as among the good only by their number; where the tail is
 * what can be told apart, the value itself is learned better. The blend is between the two. */
#include "quantile.h"

#include "ohm/stat.h"

#include <math.h>
#include <string.h>

void ohm_quantile_knots(double *knot, int n, double *value, int count)
{
    for (int i = 0; i < n; i++)
        knot[i] = ohm_quantile_in_place(value, count, (double)i / (n - 1));
}

/* Where the quantiles' own place on the blended scale is. */
static double place(const double *quantile, int n, int i, double weight)
{
    const double range = quantile[n - 1] - quantile[0];

    return weight * i / (n - 1) + (1 - weight) * (quantile[i] - quantile[0]) / range;
}

void ohm_quantile_blend(double *knot, int n, double weight)
{
    double quantile[KNOTS_MAX];
    int i = 0;

    if (weight >= 1)
        return;
    memcpy(quantile, knot, (size_t)n * sizeof *knot);
    for (int k = 1; k < n - 1; k++) {
        const double wanted = (double)k / (n - 1);
        double low, high;

        while (i < n - 2 && place(quantile, n, i + 1, weight) < wanted)
            i++;
        low = place(quantile, n, i, weight);
        high = place(quantile, n, i + 1, weight);
        knot[k] = quantile[i] + (quantile[i + 1] - quantile[i]) * fmin(fmax((wanted - low) / (high - low), 0), 1);
    }
}

double ohm_quantile_share(const double *knot, int n, double value)
{
    int below = 0, upto = 0; /* knots < value, knots <= value */

    for (int i = 0; i < n; i++) {
        below += knot[i] < value;
        upto += knot[i] <= value;
    }
    if (upto > below) /* on a knot, or on several */
        return (below + upto - 1) / 2.0 / (n - 1);
    if (below == 0)
        return 0;
    if (below == n)
        return 1;
    return (below - 1 + (value - knot[below - 1]) / (knot[below] - knot[below - 1])) / (n - 1);
}

double ohm_quantile_value(const double *knot, int n, double share)
{
    const double at = share * (n - 1);
    const double whole = fmin(fmax(floor(at), 0), n - 2);
    const int i = (int)whole;

    return knot[i] + (at - whole) * (knot[i + 1] - knot[i]);
}
