/* quantile.c - see quantile.h. Accuracies crowd at the top and have a long tail of poor networks. Squared error then
 * looks at the tail; as shares the measured values are uniform, and what is learned is their order, which is what a
 * search asks for. */
#include "quantile.h"

#include "ohm/stat.h"

#include <math.h>

void ohm_quantile_knots(double *knot, int n, double *value, int count)
{
    for (int i = 0; i < n; i++)
        knot[i] = ohm_quantile_in_place(value, count, (double)i / (n - 1));
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
