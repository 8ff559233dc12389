/* chip_fit.c - numbers of a chip by least squares: Levenberg and Marquardt's steps within bounds, on the cost model
 * itself, differentiated by small steps of each number. Residuals are relative, so that small networks count as much as
 * large ones; columns of the Jacobian are brought to length 1, so that units do not show. */
#include "ohm/chip_fit.h"

#include "fitting.h"

#include "ohm/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)OHM_CHIP_FIT_MAX == (int)FIT_MAX, "numbers that are fitted, and sizes of systems that are solved");

/* Of a normal matrix whose diagonal is 1: below it some columns are equal to the precision of their differences. */
#define ALIKE 1e-10
#define STEP  1e-4 /* of a number, to either side; the models are linear or nearly so */
enum { ITERATIONS_MAX = 200, NAME_MAX_LENGTH = 80 };

/* ---- what the model says ---- */

static double figure_of(const struct ohm_cost *c, int figure)
{
    return figure == OHM_FIT_LATENCY ? c->latency_us : c->energy_uJ;
}

static double measured_of(const struct ohm_chip_sample *s, int figure)
{
    return figure == OHM_FIT_LATENCY ? s->latency_us : s->energy_uJ;
}

static enum ohm_status price(struct ohm_cost *cost, const struct ohm_chip *chip, const struct ohm_chip_use *use,
                             const struct ohm_chip_sample *sample, int i, struct ohm_error *err)
{
    struct ohm_error why = {0};
    const enum ohm_status st = ohm_cost_net(chip, use, sample[i].net, cost, NULL, &why);

    return st == OHM_OK ? st : ohm_fail(err, st, "sample %d: %s", i + 1, why.text);
}

static enum ohm_status check_samples(const struct ohm_chip_sample *sample, int n, struct ohm_error *err)
{
    if (n < 0 || n > OHM_CHIP_SAMPLES_MAX)
        return ohm_fail(err, OHM_ERANGE, "%d samples, outside [0, %d]", n, OHM_CHIP_SAMPLES_MAX);
    for (int i = 0; i < n; i++)
        for (int f = 0; f < OHM_FIT_FIGURES; f++) {
            const double v = measured_of(&sample[i], f);

            if (!isnan(v) && !(v > 0 && isfinite(v)))
                return ohm_fail(err, OHM_ERANGE, "sample %d: %s is %g, not above 0", i + 1,
                                f == OHM_FIT_LATENCY ? "latency_us" : "energy_uJ", v);
        }
    return OHM_OK;
}

static void add_residual(struct ohm_chip_residual *r, double relative, int sample)
{
    r->n++;
    r->rms += relative * relative;
    r->mean += relative;
    if (r->n == 1 || fabs(relative) > fabs(r->worst)) {
        r->worst = relative;
        r->worst_at = sample;
    }
}

enum ohm_status ohm_chip_residuals(struct ohm_chip_residual residual[OHM_FIT_FIGURES], const struct ohm_chip *chip,
                                   const struct ohm_chip_use *use, const struct ohm_chip_sample *sample, int n,
                                   struct ohm_error *err)
{
    enum ohm_status st = check_samples(sample, n, err);

    for (int f = 0; f < OHM_FIT_FIGURES; f++)
        residual[f] = (struct ohm_chip_residual){.worst_at = -1};
    for (int i = 0; i < n && st == OHM_OK; i++) {
        struct ohm_cost cost;

        st = price(&cost, chip, use, sample, i, err);
        for (int f = 0; f < OHM_FIT_FIGURES && st == OHM_OK; f++)
            if (!isnan(measured_of(&sample[i], f)))
                add_residual(&residual[f], figure_of(&cost, f) / measured_of(&sample[i], f) - 1, i);
    }
    for (int f = 0; f < OHM_FIT_FIGURES && st == OHM_OK; f++)
        if (residual[f].n > 0) {
            residual[f].rms = sqrt(residual[f].rms / residual[f].n);
            residual[f].mean /= residual[f].n;
        }
    return st;
}

/* r[m] at x[p]: 0 where the model is right. */
static enum ohm_status evaluate(struct fitting *f, double *r, const double *x, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;
    struct ohm_cost cost = {0};
    int priced = -1;

    for (int k = 0; k < f->p && st == OHM_OK; k++)
        st = ohm_chip_put(f->chip, f->number[k], x[k], err);
    for (int i = 0; i < f->m && st == OHM_OK; i++) {
        if (f->row[i].sample != priced)
            st = price(&cost, f->chip, f->use, f->sample, priced = f->row[i].sample, err);
        r[i] = figure_of(&cost, f->row[i].figure) / f->row[i].measured - 1;
    }
    return st;
}

static double square(const double *r, int m)
{
    double sum = 0;

    for (int i = 0; i < m; i++)
        sum += r[i] * r[i];
    return sum;
}

/* ---- the system at a point ---- */

/* Column k of the Jacobian, by a step to either side where the range allows it. */
static enum ohm_status differentiate(struct fitting *f, int k, struct ohm_error *err)
{
    const double step = f->x[k] > 0 ? STEP * f->x[k] : 1e-6 * f->max[k];
    double x[FIT_MAX], high, low;
    enum ohm_status st;

    memcpy(x, f->x, sizeof x);
    x[k] = high = fmin(f->x[k] + step, f->max[k]);
    if ((st = evaluate(f, f->other, x, err)) != OHM_OK)
        return st;
    for (int i = 0; i < f->m; i++)
        f->j[i * f->p + k] = f->other[i];
    x[k] = low = fmax(f->x[k] - step, f->min[k]);
    if ((st = evaluate(f, f->other, x, err)) != OHM_OK)
        return st;
    for (int i = 0; i < f->m; i++)
        f->j[i * f->p + k] = (f->j[i * f->p + k] - f->other[i]) / (high - low);
    return OHM_OK;
}

/* Jacobian, lengths of its columns, normal matrix of columns of length 1, and the gradient. A column of zeros stays. */
static enum ohm_status linearise(struct fitting *f, struct ohm_error *err)
{
    const int p = f->p;
    enum ohm_status st = OHM_OK;

    for (int k = 0; k < p && st == OHM_OK; k++)
        st = differentiate(f, k, err);
    for (int k = 0; k < p && st == OHM_OK; k++) {
        double length = 0;

        for (int i = 0; i < f->m; i++)
            length += f->j[i * p + k] * f->j[i * p + k];
        f->scale[k] = length > 0 ? 1 / sqrt(length) : 0;
    }
    for (int a = 0; a < p && st == OHM_OK; a++) {
        f->gradient[a] = 0;
        for (int i = 0; i < f->m; i++)
            f->gradient[a] += f->j[i * p + a] * f->r[i] * f->scale[a];
        for (int b = 0; b <= a; b++) {
            double sum = 0;

            for (int i = 0; i < f->m; i++)
                sum += f->j[i * p + a] * f->j[i * p + b];
            f->normal[a * p + b] = f->normal[b * p + a] = sum * f->scale[a] * f->scale[b];
        }
    }
    return st;
}

/* ---- what cannot be fitted ---- */

static void name_of(char name[NAME_MAX_LENGTH], const struct fitting *f, int k)
{
    struct ohm_chip_number number = {0};

    ohm_chip_number(f->chip, f->number[k], &number);
    snprintf(name, NAME_MAX_LENGTH, "%s.%s", number.block, number.key);
}

static enum ohm_status alike(const struct fitting *f, const double *vector, struct ohm_error *err)
{
    char list[256] = "", name[NAME_MAX_LENGTH];
    double largest = 0;

    for (int k = 0; k < f->p; k++)
        largest = fmax(largest, fabs(vector[k]));
    for (int k = 0; k < f->p; k++) {
        const size_t n = strlen(list);

        if (fabs(vector[k]) < 0.1 * largest)
            continue;
        name_of(name, f, k);
        snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", name);
    }
    return ohm_fail(err, OHM_ECONFIG,
                    "these measurements cannot tell apart: %s; fit all but one of them, or measure networks in which "
                    "their shares differ",
                    list);
}

static enum ohm_status check_system(const struct fitting *f, struct ohm_error *err)
{
    double vector[FIT_MAX];
    char name[NAME_MAX_LENGTH];

    for (int k = 0; k < f->p; k++)
        if (f->scale[k] <= 0) {
            name_of(name, f, k);
            return ohm_fail(err, OHM_ECONFIG, "no measurement depends on %s, as the chip is used here", name);
        }
    return ohm_fit_smallest(vector, f->normal, f->p) < ALIKE ? alike(f, vector, err) : OHM_OK;
}

static enum ohm_status check_numbers(const struct ohm_chip *chip, const int *number, int numbers, struct ohm_error *err)
{
    struct ohm_chip_number n;

    if (numbers < 1 || numbers > OHM_CHIP_FIT_MAX)
        return ohm_fail(err, OHM_ECONFIG, "%d numbers to fit, outside [1, %d]", numbers, OHM_CHIP_FIT_MAX);
    for (int k = 0; k < numbers; k++) {
        if (!ohm_chip_number(chip, number[k], &n))
            return ohm_fail(err, OHM_ECONFIG, "chip %s has no number %d", ohm_chip_name(chip), number[k]);
        if (n.whole)
            return ohm_fail(err, OHM_ECONFIG, "%s.%s counts %s: it is known, not fitted", n.block, n.key, n.unit);
        for (int i = 0; i < k; i++)
            if (number[i] == number[k])
                return ohm_fail(err, OHM_ECONFIG, "%s.%s is to be fitted twice", n.block, n.key);
    }
    return OHM_OK;
}

/* ---- the steps ---- */

/* The point that a step with this damping leads to, in bounds. false: there is no step. */
static bool step(const struct fitting *f, double damping, double *x)
{
    double a[FIT_MAX * FIT_MAX], d[FIT_MAX];
    int list[FIT_MAX];
    const int n = ohm_fitting_free(f, list, a);

    for (int i = 0; i < n; i++) {
        a[i * n + i] += damping;
        d[i] = -f->gradient[list[i]];
    }
    if (n == 0 || !ohm_fit_solve(d, a, d, n))
        return false;
    memcpy(x, f->x, (size_t)f->p * sizeof *x);
    for (int i = 0; i < n; i++) {
        const int k = list[i];

        x[k] = fmin(fmax(f->x[k] + d[i] * f->scale[k], f->min[k]), f->max[k]);
    }
    return true;
}

/* Tries steps of growing damping until one is an improvement. false: none is, which is the end. */
static enum ohm_status improve(struct fitting *f, double *damping, bool *better, struct ohm_error *err)
{
    const double was = square(f->r, f->m);
    double x[FIT_MAX];

    *better = false;
    for (; *damping < 1e9 && !*better; *damping *= 10) {
        enum ohm_status st;

        if (!step(f, *damping, x))
            continue;
        if ((st = evaluate(f, f->other, x, err)) != OHM_OK)
            return st;
        *better = square(f->other, f->m) < was * (1 - 1e-13);
    }
    if (*better) {
        memcpy(f->x, x, (size_t)f->p * sizeof *x);
        memcpy(f->r, f->other, (size_t)f->m * sizeof *f->r);
        *damping = fmax(*damping * 1e-3, 1e-12);
    }
    return OHM_OK;
}

static enum ohm_status descend(struct fitting *f, struct ohm_error *err)
{
    double damping = 1e-9;
    bool better = true;
    enum ohm_status st = evaluate(f, f->r, f->x, err);

    for (int i = 0; i < ITERATIONS_MAX && st == OHM_OK && better; i++) {
        if ((st = linearise(f, err)) == OHM_OK && (i > 0 || (st = check_system(f, err)) == OHM_OK))
            st = improve(f, &damping, &better, err);
    }
    return st == OHM_OK ? linearise(f, err) : st;
}

/* ---- the whole ---- */

static enum ohm_status begin(struct fitting *f, struct ohm_error *err)
{
    f->row = ohm_alloc((size_t)f->n * OHM_FIT_FIGURES, sizeof *f->row);
    for (int i = 0; i < f->n && f->row; i++)
        for (int k = 0; k < OHM_FIT_FIGURES; k++)
            if (!isnan(measured_of(&f->sample[i], k)))
                f->row[f->m++] = (struct row){i, k, measured_of(&f->sample[i], k)};
    f->r = ohm_alloc((size_t)f->m, sizeof *f->r);
    f->other = ohm_alloc((size_t)f->m, sizeof *f->other);
    f->j = ohm_alloc((size_t)f->m, (size_t)f->p * sizeof *f->j);
    if (!f->row || !f->r || !f->other || !f->j)
        return ohm_fail(err, OHM_ENOMEM, "no memory for a fit to %d measurements", f->m);
    if (f->m < f->p)
        return ohm_fail(err, OHM_ERANGE, "%d measurements are too few for %d numbers", f->m, f->p);
    for (int k = 0; k < f->p; k++) {
        struct ohm_chip_number number = {0};

        ohm_chip_number(f->chip, f->number[k], &number);
        f->x[k] = number.value;
        f->min[k] = number.min;
        f->max[k] = number.max;
    }
    return OHM_OK;
}

static void end(struct fitting *f)
{
    ohm_free(f->row);
    ohm_free(f->r);
    ohm_free(f->other);
    ohm_free(f->j);
    ohm_chip_free(f->chip);
}

enum ohm_status ohm_chip_fit(struct ohm_chip *chip, struct ohm_chip_fit *fit, const struct ohm_chip_use *use,
                             const struct ohm_chip_sample *sample, int n, const int *number, int numbers,
                             struct ohm_error *err)
{
    struct fitting f = {.use = use, .sample = sample, .n = n, .p = numbers, .number = number};
    enum ohm_status st;

    *fit = (struct ohm_chip_fit){.numbers = numbers};
    if ((st = check_numbers(chip, number, numbers, err)) != OHM_OK ||
        (st = ohm_chip_residuals(fit->before, chip, use, sample, n, err)) != OHM_OK ||
        (st = ohm_chip_copy(&f.chip, chip, err)) != OHM_OK || (st = begin(&f, err)) != OHM_OK)
        goto done;
    fit->measurements = f.m;
    for (int k = 0; k < numbers; k++)
        fit->number[k] = (struct ohm_chip_fitted){.number = number[k], .start = f.x[k]};
    if ((st = descend(&f, err)) != OHM_OK)
        goto done;
    ohm_fitting_report(&f, fit);
    for (int k = 0; k < numbers && st == OHM_OK; k++)
        st = ohm_chip_put(chip, number[k], f.x[k], err);
    if (st == OHM_OK)
        st = ohm_chip_residuals(fit->after, chip, use, sample, n, err);
done:
    end(&f);
    return st;
}
