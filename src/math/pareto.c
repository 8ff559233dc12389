/* pareto.c - dominance, fronts, crowding, knee.
 *
 * Rows are first sorted lexicographically: a row can then be dominated by earlier rows only. Equal rows stay in the
 * order of their indices, so that nothing depends on how a library sorts. */
#include "ohm/pareto.h"

#include "ohm/mem.h"

#include <assert.h>
#include <math.h>

/* A NaN is worse than every number. */
static inline bool less(double a, double b)
{
    return a < b || (isnan(b) && !isnan(a));
}

bool ohm_dominates(const double *a, const double *b, int m)
{
    bool better = false;

    for (int k = 0; k < m; k++) {
        if (less(b[k], a[k]))
            return false;
        better |= less(a[k], b[k]);
    }
    return better;
}

/* Row a before row b by the first `m` objectives, then by index. */
static inline bool before(const double *value, int stride, int m, int a, int b)
{
    const double *x = value + (size_t)a * (size_t)stride, *y = value + (size_t)b * (size_t)stride;

    for (int k = 0; k < m; k++) {
        if (less(x[k], y[k]))
            return true;
        if (less(y[k], x[k]))
            return false;
    }
    return a < b;
}

enum { RUN = 8 };

static void insertion_sort(int *index, int n, const double *value, int stride, int m)
{
    for (int i = 1; i < n; i++) {
        const int moved = index[i];
        int at = i;

        for (; at > 0 && before(value, stride, m, moved, index[at - 1]); at--)
            index[at] = index[at - 1];
        index[at] = moved;
    }
}

/* Merge sort from runs of eight; spare[n]. */
static void sort_rows(int *index, int *spare, int n, const double *value, int stride, int m)
{
    for (int i = 0; i < n; i += RUN)
        insertion_sort(index + i, n - i < RUN ? n - i : RUN, value, stride, m);
    for (size_t width = RUN; width < (size_t)n; width *= 2) {
        for (size_t start = 0; start < (size_t)n; start += 2 * width) {
            const size_t middle = (size_t)n - start < width ? (size_t)n : start + width;
            const size_t end = (size_t)n - middle < width ? (size_t)n : middle + width;
            size_t a = start, b = middle;

            for (size_t i = start; i < end; i++) {
                const bool from_b = a == middle || (b < end && before(value, stride, m, index[b], index[a]));

                spare[i] = from_b ? index[b++] : index[a++];
            }
        }
        for (int i = 0; i < n; i++)
            index[i] = spare[i];
    }
}

static bool equal_rows(const double *a, const double *b, int m)
{
    for (int k = 0; k < m; k++)
        if (less(a[k], b[k]) || less(b[k], a[k]))
            return false;
    return true;
}

static bool no_worse(const double *a, const double *b, int m)
{
    for (int k = 0; k < m; k++)
        if (less(b[k], a[k]))
            return false;
    return true;
}

enum ohm_status ohm_pareto_front(const double *value, int n, int m, int *front, int *count, struct ohm_error *err)
{
    int *index = ohm_alloc(2 * (size_t)n, sizeof *index), kept = 0;

    if (!index)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the front of %d rows", n);
    for (int i = 0; i < n; i++)
        index[i] = i;
    sort_rows(index, index + n, n, value, m, m);
    for (int i = 0; i < n; i++) {
        const double *row = value + (size_t)index[i] * (size_t)m;
        /* Of two objectives the last row of the front is the best by the second one: it alone can be in the way. */
        const int stop = m <= 2 && kept > 0 ? kept - 1 : 0;
        bool beaten = false;

        for (int j = kept - 1; j >= stop && !beaten; j--)
            beaten = no_worse(value + (size_t)front[j] * (size_t)m, row, m);
        if (!beaten)
            front[kept++] = index[i];
    }
    sort_rows(front, index, kept, value, m, 1);
    *count = kept;
    ohm_free(index);
    return OHM_OK;
}

/* The fronts while they are built: members of front f are tail[f], before[tail[f]], ... */
struct fronts {
    const double *value;
    int m, count;
    int *tail, *previous;
};

static bool front_dominates(const struct fronts *f, int front, int row)
{
    const double *x = f->value + (size_t)row * (size_t)f->m;

    for (int i = f->tail[front]; i >= 0; i = f->previous[i]) {
        const double *y = f->value + (size_t)i * (size_t)f->m;

        if (no_worse(y, x, f->m))
            return !equal_rows(y, x, f->m); /* what dominates its equal would dominate it too */
        if (f->m <= 2)
            return false; /* the last row is the best by the second objective */
    }
    return false;
}

/* Zhang, Tian, Cheng and Jin, IEEE Trans. Evol. Comput. 19, 201 (2015), ENS-BS: a row belongs to the first front
 * without a row that dominates it, found by bisection, for what front f dominates is dominated by every front before f.
 */
static void place(struct fronts *f, int row, int *rank)
{
    int low = 0, high = f->count;

    while (low < high) {
        const int middle = (low + high) / 2;

        if (front_dominates(f, middle, row))
            low = middle + 1;
        else
            high = middle;
    }
    f->previous[row] = low < f->count ? f->tail[low] : -1;
    f->count += low == f->count;
    f->tail[low] = row;
    rank[row] = low;
}

enum ohm_status ohm_pareto_rank(const double *value, int n, int m, int *rank, struct ohm_error *err)
{
    int *index = ohm_alloc(4 * (size_t)n, sizeof *index);
    struct fronts f = {value, m, 0, NULL, NULL};

    if (!index)
        return ohm_fail(err, OHM_ENOMEM, "out of memory to sort %d rows", n);
    f.tail = index + 2 * (size_t)n;
    f.previous = index + 3 * (size_t)n;
    for (int i = 0; i < n; i++)
        index[i] = i;
    sort_rows(index, index + n, n, value, m, m);
    for (int i = 0; i < n; i++)
        place(&f, index[i], rank);
    ohm_free(index);
    return OHM_OK;
}

static void add_crowding(const double *value, int m, int k, const int *row, const int *order, int count,
                         double *distance)
{
#define AT(i) value[(size_t)row[order[i]] * (size_t)m + (size_t)k]
    const double range = AT(count - 1) - AT(0);

    distance[order[0]] = distance[order[count - 1]] = INFINITY;
    for (int i = 1; i + 1 < count; i++)
        if (range > 0 && isfinite(range))
            distance[order[i]] += (AT(i + 1) - AT(i - 1)) / range;
#undef AT
}

enum ohm_status ohm_crowding(const double *value, int m, const int *index, int count, double *distance,
                             struct ohm_error *err)
{
    int *order = ohm_alloc(2 * (size_t)count, sizeof *order);
    double *column = ohm_alloc((size_t)count, sizeof *column);

    if (!order || !column) {
        ohm_free(order);
        ohm_free(column);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the crowding of %d rows", count);
    }
    for (int i = 0; i < count; i++)
        distance[i] = 0;
    for (int k = 0; k < m && count > 0; k++) {
        for (int i = 0; i < count; i++) {
            column[i] = value[(size_t)index[i] * (size_t)m + (size_t)k];
            order[i] = i;
        }
        sort_rows(order, order + count, count, column, 1, 1);
        add_crowding(value, m, k, index, order, count, distance);
    }
    ohm_free(order);
    ohm_free(column);
    return OHM_OK;
}

static void extremes(const double *value, int n, int m, int k, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int i = 0; i < n; i++) {
        const double x = value[(size_t)i * (size_t)m + (size_t)k];

        *low = x < *low ? x : *low;
        *high = x > *high ? x : *high;
    }
}

static double distance_to_ideal(const double *row, const double *low, const double *high, int m)
{
    double sum = 0;

    for (int k = 0; k < m; k++) {
        const double scaled = high[k] > low[k] ? (row[k] - low[k]) / (high[k] - low[k]) : row[k] - row[k];

        sum += scaled * scaled;
    }
    return sum;
}

int ohm_pareto_knee(const double *value, int n, int m)
{
    enum { WIDE = 64 };
    double low[WIDE], high[WIDE], best = INFINITY;
    int knee = 0;

    assert(m <= WIDE);
    for (int k = 0; k < m; k++)
        extremes(value, n, m, k, &low[k], &high[k]);
    for (int i = 0; i < n; i++) {
        const double distance = distance_to_ideal(value + (size_t)i * (size_t)m, low, high, m);

        if (distance < best) {
            best = distance;
            knee = i;
        }
    }
    return knee;
}
