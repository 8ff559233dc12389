/* gp.c - the model: rows, Cholesky factor, choice of length scale and noise. */
#include "gp_int.h"

#include "ohm/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { FIT_ROWS_MAX = 256 };

/* In units of the root mean square distance that features of variance 1 give. Design default, with the priors below
 * tried on two tables of NAS-Bench-201 (docs/strategies.md). */
static const double lengths[] = {0.25, 0.4, 0.6, 0.9, 1.3, 2.0, 3.0};
static const double noises[] = {1e-3, 1e-2, 3e-2, 0.1, 0.3};

enum ohm_status ohm_gp_create(struct ohm_gp **out, int features, int rows_max, struct ohm_error *err)
{
    struct ohm_gp *gp = ohm_alloc(1, sizeof *gp);
    const size_t rows = (size_t)rows_max;

    assert(features >= 1 && rows_max >= 1);
    if (!gp)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    *gp = (struct ohm_gp){.features = features, .rows_max = rows_max, .length = 0.9, .noise = 3e-2, .scale = 1};
    gp->x = ohm_alloc(rows * (size_t)features, sizeof *gp->x);
    gp->factor = ohm_alloc(rows * rows, sizeof *gp->factor);
    gp->innovation = ohm_alloc(rows, sizeof *gp->innovation);
    gp->target = ohm_alloc(rows, sizeof *gp->target);
    if (!gp->x || !gp->factor || !gp->innovation || !gp->target) {
        ohm_gp_free(gp);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a model of %d rows", rows_max);
    }
    *out = gp;
    return OHM_OK;
}

void ohm_gp_free(struct ohm_gp *gp)
{
    if (!gp)
        return;
    ohm_free(gp->x);
    ohm_free(gp->factor);
    ohm_free(gp->innovation);
    ohm_free(gp->target);
    ohm_free(gp);
}

int ohm_gp_rows(const struct ohm_gp *gp)
{
    return gp->rows;
}

double ohm_gp_length(const struct ohm_gp *gp)
{
    return gp->length;
}

double ohm_gp_noise(const struct ohm_gp *gp)
{
    return gp->noise;
}

void ohm_gp_clear(struct ohm_gp *gp)
{
    gp->rows = gp->targets = 0;
    gp->epoch++;
}

static float distance2(const struct ohm_gp *gp, int a, int b)
{
    const float *x = gp->x + (size_t)a * (size_t)gp->features, *y = gp->x + (size_t)b * (size_t)gp->features;
    float sum = 0;

    for (int k = 0; k < gp->features; k++)
        sum += (x[k] - y[k]) * (x[k] - y[k]);
    return sum;
}

/* Makes row i of the factor from row i of K + noise I, which stands in its place. */
static void factorise_row(double *factor, int stride, int i)
{
    double *row = factor + (size_t)i * (size_t)stride;

    for (int j = 0; j <= i; j++) {
        const double *other = factor + (size_t)j * (size_t)stride;
        double sum = row[j];

        for (int k = 0; k < j; k++)
            sum -= row[k] * other[k];
        /* K has a unit diagonal and the noise is 1e-3 or more: rounding cannot bring the pivot down to the bound. */
        row[j] = j < i ? sum / other[j] : sqrt(fmax(sum, 1e-9));
    }
}

static void append_row(struct ohm_gp *gp, int i)
{
    const float inverse = ohm_gp_inverse(gp);
    double *row = gp->factor + (size_t)i * (size_t)gp->rows_max;

    for (int j = 0; j <= i; j++)
        row[j] = ohm_gp_kernel(distance2(gp, i, j), inverse);
    row[i] += gp->noise;
    factorise_row(gp->factor, gp->rows_max, i);
}

void ohm_gp_add(struct ohm_gp *gp, const float *x)
{
    assert(gp->rows < gp->rows_max);
    memcpy(gp->x + (size_t)gp->rows * (size_t)gp->features, x, (size_t)gp->features * sizeof *x);
    append_row(gp, gp->rows);
    gp->innovation[gp->rows++] = 0;
}

/* innovation = factor^-1 target; its mean square is the signal variance of the largest likelihood. */
static void solve_targets(struct ohm_gp *gp)
{
    double sum = 0;

    for (int i = 0; i < gp->rows; i++) {
        const double *row = gp->factor + (size_t)i * (size_t)gp->rows_max;
        double rest = i < gp->targets ? gp->target[i] : 0;

        for (int k = 0; i < gp->targets && k < i; k++)
            rest -= row[k] * gp->innovation[k];
        gp->innovation[i] = rest / row[i];
        sum += gp->innovation[i] * gp->innovation[i];
    }
    gp->scale = gp->targets > 0 ? fmax(sum / gp->targets, 1e-6) : 1;
}

void ohm_gp_set_targets(struct ohm_gp *gp, const double *z, int n)
{
    assert(n <= gp->rows);
    memcpy(gp->target, z, (size_t)n * sizeof *z);
    gp->targets = n;
    solve_targets(gp);
}

/* ---- choice of length scale and noise ---- */

struct fitting {
    int n;
    double *distance; /* [n][n], squared, lower triangle */
    double *target;   /* [n] */
    double *factor;   /* [n][n] */
    double *solved;   /* [n] */
};

/* The logarithm of the marginal likelihood, maximised over the signal variance, with log-normal priors: length 1 with a
 * factor of e, noise 0.03 with a factor of e^1.5. Without them few rows would make any noise look likely. */
static double likelihood(const struct fitting *f, int features, double length, double noise)
{
    const float inverse = (float)(1 / (features * length * length));
    const double n = f->n, noise_prior = (log(noise) - log(0.03)) / 1.5;
    double squares = 0, determinant = 0;

    for (int i = 0; i < f->n; i++) {
        double *row = f->factor + (size_t)i * (size_t)f->n, rest = f->target[i];

        for (int j = 0; j <= i; j++)
            row[j] = ohm_gp_kernel((float)f->distance[(size_t)i * (size_t)f->n + (size_t)j], inverse);
        row[i] += noise;
        factorise_row(f->factor, f->n, i);
        for (int k = 0; k < i; k++)
            rest -= row[k] * f->solved[k];
        f->solved[i] = rest / row[i];
        squares += f->solved[i] * f->solved[i];
        determinant += log(row[i]);
    }
    return -0.5 * n * log(fmax(squares / n, 1e-12)) - determinant - 0.5 * log(length) * log(length) -
           0.5 * noise_prior * noise_prior;
}

static void gather(struct fitting *f, const struct ohm_gp *gp)
{
    for (int i = 0; i < f->n; i++) {
        const int a = (int)((int64_t)i * gp->targets / f->n);

        f->target[i] = gp->target[a];
        for (int j = 0; j <= i; j++)
            f->distance[(size_t)i * (size_t)f->n + (size_t)j] =
                distance2(gp, a, (int)((int64_t)j * gp->targets / f->n));
    }
}

static void choose(const struct fitting *f, struct ohm_gp *gp)
{
    double best = -INFINITY;

    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        for (size_t s = 0; s < sizeof noises / sizeof *noises; s++) {
            const double value = likelihood(f, gp->features, lengths[l], noises[s]);

            if (value > best) {
                best = value;
                gp->length = lengths[l];
                gp->noise = noises[s];
            }
        }
    }
}

enum ohm_status ohm_gp_fit(struct ohm_gp *gp, struct ohm_error *err)
{
    const int n = gp->targets < FIT_ROWS_MAX ? gp->targets : FIT_ROWS_MAX;
    const size_t square = (size_t)n * (size_t)n;
    double *block = ohm_alloc(2 * square + 2 * (size_t)n, sizeof *block);
    struct fitting f = {.n = n};

    if (!block)
        return ohm_fail(err, OHM_ENOMEM, "out of memory to fit a model to %d rows", n);
    f.distance = block;
    f.factor = block + square;
    f.target = block + 2 * square;
    f.solved = f.target + n;
    gather(&f, gp);
    choose(&f, gp);
    ohm_free(block);
    for (int i = 0; i < gp->rows; i++)
        append_row(gp, i);
    solve_targets(gp);
    gp->version++;
    return OHM_OK;
}
