/* fitting.c - which numbers of a fit may move, and what is known of its result: standard errors, and the error to
 * expect of what was not fitted to. */
#include "fitting.h"

#include <math.h>

/* At a bound, and down the slope is beyond it. */
static bool is_held(const struct fitting *f, int k)
{
    return (f->x[k] <= f->min[k] && f->gradient[k] > 0) || (f->x[k] >= f->max[k] && f->gradient[k] < 0);
}

int ohm_fitting_free(const struct fitting *f, int *list, double *a)
{
    int n = 0;

    for (int k = 0; k < f->p; k++)
        if (!is_held(f, k))
            list[n++] = k;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            a[i * n + k] = f->normal[list[i] * f->p + list[k]];
    return n;
}

/* The numbers that may move, the inverse of their normal matrix, and the covariance of their errors. */
struct known {
    int list[FIT_MAX], n;
    double inverse[FIT_MAX * FIT_MAX], covariance[FIT_MAX * FIT_MAX];
};

static double column(const struct fitting *f, int row, int k)
{
    return f->j[row * f->p + k] * f->scale[k];
}

/* Sum over the rows of one figure of the product of two columns, times their mean square residual. */
static double weighted(const struct fitting *f, int figure, int a, int b)
{
    double sum = 0, square_sum = 0;
    int rows = 0;

    for (int i = 0; i < f->m; i++)
        if (f->row[i].figure == figure) {
            sum += column(f, i, a) * column(f, i, b);
            square_sum += f->r[i] * f->r[i];
            rows++;
        }
    return rows > 0 ? sum * square_sum / rows : 0;
}

/* C^-1 (sum over figures of s^2 N) C^-1, for latencies and energies scatter by different amounts; with one figure it is
 * s^2 C^-1, as usual. */
static void spread(const struct fitting *f, struct known *k)
{
    const double few = (double)f->m / (f->m - k->n); /* the fit has made its residuals smaller by this */
    double middle[FIT_MAX * FIT_MAX], half[FIT_MAX * FIT_MAX];
    const int n = k->n;

    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            middle[a * n + b] = 0;
            for (int figure = 0; figure < OHM_FIT_FIGURES; figure++)
                middle[a * n + b] += few * weighted(f, figure, k->list[a], k->list[b]);
        }
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            half[a * n + b] = 0;
            for (int i = 0; i < n; i++)
                half[a * n + b] += k->inverse[a * n + i] * middle[i * n + b];
        }
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            k->covariance[a * n + b] = 0;
            for (int i = 0; i < n; i++)
                k->covariance[a * n + b] += half[a * n + i] * k->inverse[i * n + b];
        }
}

static void put_error(const struct fitting *f, struct ohm_chip_fit *fit, const struct known *known, int i)
{
    struct ohm_chip_fitted *const at = &fit->number[known->list[i]];
    const double *const v = known->covariance;
    const int n = known->n;

    at->error = sqrt(v[i * n + i]) * f->scale[known->list[i]];
    for (int k = 0; k < n; k++) {
        const double of_both = sqrt(v[i * n + i] * v[k * n + k]), c = of_both > 0 ? v[i * n + k] / of_both : 0;

        if (k != i && (isnan(at->correlation) || fabs(c) > fabs(at->correlation))) {
            at->correlation = c;
            at->with = known->list[k];
        }
    }
}

/* How much of a measurement its own residual has bent the fit: the diagonal of the hat matrix. */
static double leverage(const struct fitting *f, const struct known *known, int row)
{
    double sum = 0;

    for (int i = 0; i < known->n; i++)
        for (int k = 0; k < known->n; k++)
            sum += column(f, row, known->list[i]) * known->inverse[i * known->n + k] * column(f, row, known->list[k]);
    return sum;
}

static double left_out(const struct fitting *f, const struct known *known, int figure)
{
    double sum = 0;
    int rows = 0;

    for (int i = 0; i < f->m; i++)
        if (f->row[i].figure == figure) {
            const double rest = 1 - leverage(f, known, i);

            sum += rest > 1e-9 ? f->r[i] * f->r[i] / (rest * rest) : 0;
            rows++;
        }
    return rows > 0 ? sqrt(sum / rows) : (double)NAN;
}

static void judge(const struct fitting *f, struct ohm_chip_fit *fit)
{
    double a[FIT_MAX * FIT_MAX];
    struct known known;

    for (int i = 0; i < OHM_FIT_FIGURES; i++)
        fit->left_out[i] = (double)NAN;
    known.n = ohm_fitting_free(f, known.list, a);
    if (known.n == 0 || f->m <= known.n || !ohm_fit_invert(known.inverse, a, known.n))
        return;
    spread(f, &known);
    for (int i = 0; i < known.n; i++)
        put_error(f, fit, &known, i);
    for (int i = 0; i < OHM_FIT_FIGURES; i++)
        fit->left_out[i] = left_out(f, &known, i);
}

void ohm_fitting_report(const struct fitting *f, struct ohm_chip_fit *fit)
{
    for (int k = 0; k < f->p; k++) {
        const bool held = is_held(f, k);

        fit->number[k].value = f->x[k];
        fit->number[k].error = fit->number[k].correlation = (double)NAN;
        fit->number[k].with = -1;
        fit->number[k].at_min = held && f->x[k] <= f->min[k];
        fit->number[k].at_max = held && f->x[k] >= f->max[k];
    }
    judge(f, fit);
}
