/* hypervolume.c - the volume between a set of rows and a reference point, exactly.
 *
 * Two objectives: a sweep. Three: slices along the last one over a staircase. More: the WFG recursion (While,
 * Bradstreet and Barone, IEEE Trans. Evol. Comput. 16, 86 (2012)): with the rows sorted from worst to best by the last
 * objective, what row i adds to the rows behind it is a prism, whose base is a problem with one objective fewer. */
#include "ohm/mem.h"
#include "ohm/pareto.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { M_MAX = 16 };

struct sorting {
    double row[M_MAX]; /* a copy, so that qsort needs no context */
};

struct work {
    const double *reference;
    struct sorting **level; /* [m + 1][n] scratch of each depth */
    double *stair;          /* [2][n + 2] */
};

#define ORDER_BY(name, k, direction)                                                                                   \
    static int name(const void *a, const void *b)                                                                      \
    {                                                                                                                  \
        const double x = ((const struct sorting *)a)->row[k], y = ((const struct sorting *)b)->row[k];                 \
        return direction * ((x > y) - (x < y));                                                                        \
    }
ORDER_BY(by_first, 0, 1)
ORDER_BY(by_third, 2, 1)

static double area(struct sorting *p, int n, const double *reference)
{
    double sum = 0, top = reference[1];

    qsort(p, (size_t)n, sizeof *p, by_first);
    for (int i = 0; i < n; i++) {
        if (p[i].row[1] < top) {
            sum += (reference[0] - p[i].row[0]) * (top - p[i].row[1]);
            top = p[i].row[1];
        }
    }
    return sum;
}

/* The staircase x[0] < x[1] < ..., y[0] > y[1] > ... of the rows so far; adding a row returns the area it adds. */
static double add_step(double *x, double *y, int *count, double px, double py, const double *reference)
{
    int first = 0, end;
    double added = 0, left, top;

    while (first < *count && x[first] < px)
        first++;
    if ((first > 0 && y[first - 1] <= py) || (first < *count && x[first] == px && y[first] <= py))
        return 0;
    left = px;
    top = first > 0 ? y[first - 1] : reference[1];
    for (end = first; end < *count && y[end] >= py; end++) {
        added += (x[end] - left) * (top - py);
        left = x[end];
        top = y[end];
    }
    added += ((end < *count ? x[end] : reference[0]) - left) * (top - py);
    memmove(x + first + 1, x + end, (size_t)(*count - end) * sizeof *x);
    memmove(y + first + 1, y + end, (size_t)(*count - end) * sizeof *y);
    x[first] = px;
    y[first] = py;
    *count += 1 - (end - first);
    return added;
}

static double volume(const struct work *w, struct sorting *p, int n)
{
    double sum = 0, base = 0, *x = w->stair, *y = w->stair + n + 2;
    int steps = 0;

    qsort(p, (size_t)n, sizeof *p, by_third);
    for (int i = 0; i < n; i++) {
        base += add_step(x, y, &steps, p[i].row[0], p[i].row[1], w->reference);
        sum += base * ((i + 1 < n ? p[i + 1].row[2] : w->reference[2]) - p[i].row[2]);
    }
    return sum;
}

/* Of rows that dominate each other by the first m objectives keeps the better ones. */
static int keep_best(struct sorting *p, int n, int m)
{
    int kept = 0;

    for (int i = 0; i < n; i++) {
        const struct sorting row = p[i];
        bool beaten = false;
        int left = 0;

        for (int j = 0; j < kept && !beaten; j++)
            beaten = ohm_dominates(p[j].row, row.row, m) || memcmp(p[j].row, row.row, (size_t)m * sizeof(double)) == 0;
        if (beaten)
            continue;
        for (int j = 0; j < kept; j++)
            if (!ohm_dominates(row.row, p[j].row, m))
                p[left++] = p[j];
        p[left++] = row;
        kept = left;
    }
    return kept;
}

/* Worst first by objective k; insertion is enough: the recursion behind it costs far more. */
static void sort_worst_first(struct sorting *p, int n, int k)
{
    for (int i = 1; i < n; i++) {
        const struct sorting moved = p[i];
        int at = i;

        for (; at > 0 && p[at - 1].row[k] < moved.row[k]; at--)
            p[at] = p[at - 1];
        p[at] = moved;
    }
}

static double box(const double *row, const double *reference, int m)
{
    double product = 1;

    for (int k = 0; k < m; k++)
        product *= reference[k] - row[k];
    return product;
}

static double recurse(const struct work *w, struct sorting *p, int n, int m)
{
    struct sorting *limit = w->level[m - 1];
    double sum = 0;

    if (m == 1) {
        double best = w->reference[0];

        for (int i = 0; i < n; i++)
            best = fmin(best, p[i].row[0]);
        return w->reference[0] - best;
    }
    if (m == 2)
        return area(p, n, w->reference);
    if (m == 3)
        return volume(w, p, n);
    sort_worst_first(p, n, m - 1);
    for (int i = 0; i < n; i++) {
        int count = 0;

        for (int j = i + 1; j < n; j++, count++)
            for (int k = 0; k < m - 1; k++)
                limit[count].row[k] = fmax(p[i].row[k], p[j].row[k]);
        count = keep_best(limit, count, m - 1);
        sum += (w->reference[m - 1] - p[i].row[m - 1]) *
               (box(p[i].row, w->reference, m - 1) - recurse(w, limit, count, m - 1));
    }
    return sum;
}

static bool make_work(struct work *w, struct sorting *level[M_MAX + 1], struct sorting **block, int n, int m)
{
    *block = ohm_alloc((size_t)n * (size_t)(m + 1), sizeof **block);
    w->stair = ohm_alloc(2 * ((size_t)n + 2), sizeof *w->stair);
    w->level = level;
    for (int i = 0; *block && i <= m; i++)
        level[i] = *block + (size_t)i * (size_t)n;
    return *block && w->stair;
}

enum ohm_status ohm_hypervolume(const double *value, int n, int m, const double *reference, double *volume_out,
                                struct ohm_error *err)
{
    struct sorting *level[M_MAX + 1] = {NULL}, *block = NULL;
    struct work w = {.reference = reference};
    int inside = 0;

    if (m < 1 || m > M_MAX)
        return ohm_fail(err, OHM_ERANGE, "%d objectives, outside [1, %d]", m, M_MAX);
    if (!make_work(&w, level, &block, n, m)) {
        ohm_free(block);
        ohm_free(w.stair);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the hypervolume of %d rows", n);
    }
    for (int i = 0; i < n; i++) {
        bool better = true;

        for (int k = 0; k < m; k++)
            better &= value[(size_t)i * (size_t)m + (size_t)k] < reference[k];
        if (better)
            memcpy(level[m][inside++].row, value + (size_t)i * (size_t)m, (size_t)m * sizeof(double));
    }
    if (m > 3)
        inside = keep_best(level[m], inside, m);
    *volume_out = recurse(&w, level[m], inside, m);
    ohm_free(block);
    ohm_free(w.stair);
    return OHM_OK;
}
