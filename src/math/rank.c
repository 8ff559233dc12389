/* rank.c - rank correlation, and how far two rankings agree at their top. */
#include "ohm/mem.h"
#include "ohm/stat.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct pair {
    double x, y;
    int index;
};

static int order(double a, double b)
{
    return (a > b) - (a < b);
}

static int by_x_then_y(const void *a, const void *b)
{
    const struct pair *p = a, *q = b;
    const int c = order(p->x, q->x);

    return c ? c : order(p->y, q->y);
}

static int by_x_then_index(const void *a, const void *b)
{
    const struct pair *p = a, *q = b;
    const int c = order(p->x, q->x);

    return c ? c : (p->index > q->index) - (p->index < q->index);
}

static enum ohm_status make_pairs(struct pair **out, const double *x, const double *y, int n, struct ohm_error *err)
{
    struct pair *p = ohm_alloc((size_t)n, sizeof *p);

    if (!p)
        return ohm_fail(err, OHM_ENOMEM, "out of memory to rank %d values", n);
    for (int i = 0; i < n; i++)
        p[i] = (struct pair){x[i], y ? y[i] : 0, i};
    *out = p;
    return OHM_OK;
}

/* Sorts y[n] by merging and returns how many pairs stood in the wrong order. */
static int64_t merge_sort(double *y, double *spare, int n)
{
    int64_t swaps = 0;

    for (int width = 1; width < n; width *= 2) {
        for (int start = 0; start < n; start += 2 * width) {
            const int middle = n - start < width ? n : start + width;
            const int end = n - middle < width ? n : middle + width;
            int a = start, b = middle;

            for (int i = start; i < end; i++) {
                const bool take_b = a == middle || (b < end && y[b] < y[a]);

                swaps += take_b ? middle - a : 0;
                spare[i] = take_b ? y[b++] : y[a++];
            }
        }
        for (int i = 0; i < n; i++)
            y[i] = spare[i];
        if (width > n / 2)
            break;
    }
    return swaps;
}

/* Pairs of equal values, of a sorted row. */
static int64_t tied_pairs(const double *x, int n)
{
    int64_t ties = 0, run = 1;

    for (int i = 1; i <= n; i++) {
        if (i < n && x[i] == x[i - 1]) {
            run++;
            continue;
        }
        ties += run * (run - 1) / 2;
        run = 1;
    }
    return ties;
}

static int64_t tied_in_both(const struct pair *p, int n)
{
    int64_t ties = 0, run = 1;

    for (int i = 1; i <= n; i++) {
        if (i < n && p[i].x == p[i - 1].x && p[i].y == p[i - 1].y) {
            run++;
            continue;
        }
        ties += run * (run - 1) / 2;
        run = 1;
    }
    return ties;
}

/* Knight, J. Am. Stat. Assoc. 61, 436 (1966): sort by x, then count the swaps that a merge sort by y needs. p[n] is
 * sorted; scratch[2][n]. */
static double tau_of_sorted(const struct pair *p, double *scratch, int n)
{
    const int64_t all = (int64_t)n * (n - 1) / 2;
    int64_t swaps, x_ties, y_ties;

    for (int i = 0; i < n; i++)
        scratch[i] = p[i].y;
    swaps = merge_sort(scratch, scratch + n, n);
    y_ties = tied_pairs(scratch, n);
    for (int i = 0; i < n; i++)
        scratch[i] = p[i].x;
    x_ties = tied_pairs(scratch, n);
    return (double)(all - x_ties - y_ties + tied_in_both(p, n) - 2 * swaps) / sqrt((double)(all - x_ties)) /
           sqrt((double)(all - y_ties));
}

enum ohm_status ohm_kendall(double *tau, const double *x, const double *y, int n, struct ohm_error *err)
{
    struct pair *p = NULL;
    double *scratch;
    enum ohm_status st = make_pairs(&p, x, y, n, err);

    if (st != OHM_OK)
        return st;
    scratch = ohm_alloc(2 * (size_t)n, sizeof *scratch);
    if (scratch) {
        qsort(p, (size_t)n, sizeof *p, by_x_then_y);
        *tau = tau_of_sorted(p, scratch, n);
    } else {
        st = ohm_fail(err, OHM_ENOMEM, "out of memory to rank %d values", n);
    }
    ohm_free(scratch);
    ohm_free(p);
    return st;
}

enum ohm_status ohm_ranks(double *rank, const double *x, int n, struct ohm_error *err)
{
    struct pair *p = NULL;
    enum ohm_status st = make_pairs(&p, x, NULL, n, err);

    if (st != OHM_OK)
        return st;
    qsort(p, (size_t)n, sizeof *p, by_x_then_index);
    for (int start = 0, end; start < n; start = end) {
        for (end = start + 1; end < n && p[end].x == p[start].x; end++)
            ;
        for (int i = start; i < end; i++)
            rank[p[i].index] = 0.5 * (start + end - 1);
    }
    ohm_free(p);
    return OHM_OK;
}

static double pearson(const double *x, const double *y, int n)
{
    const double mx = ohm_mean(x, n), my = ohm_mean(y, n);
    double xx = 0, yy = 0, xy = 0;

    for (int i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx) / sqrt(yy) : (double)NAN;
}

enum ohm_status ohm_spearman(double *rho, const double *x, const double *y, int n, struct ohm_error *err)
{
    double *rank = ohm_alloc(2 * (size_t)n, sizeof *rank);
    enum ohm_status st;

    if (!rank)
        return ohm_fail(err, OHM_ENOMEM, "out of memory to rank %d values", n);
    st = ohm_ranks(rank, x, n, err);
    if (st == OHM_OK)
        st = ohm_ranks(rank + n, y, n, err);
    if (st == OHM_OK)
        *rho = pearson(rank, rank + n, n);
    ohm_free(rank);
    return st;
}

/* top[i] = 1 for the k largest of x; of equal values those with the lower index. */
static enum ohm_status mark_top(unsigned char *top, const double *x, int n, int k, struct ohm_error *err)
{
    struct pair *p = NULL;
    enum ohm_status st = make_pairs(&p, x, NULL, n, err);

    if (st != OHM_OK)
        return st;
    for (int i = 0; i < n; i++)
        p[i].x = -p[i].x;
    qsort(p, (size_t)n, sizeof *p, by_x_then_index);
    for (int i = 0; i < k; i++)
        top[p[i].index] = 1;
    ohm_free(p);
    return OHM_OK;
}

enum ohm_status ohm_top_k_overlap(double *share, const double *x, const double *y, int n, int k, struct ohm_error *err)
{
    unsigned char *top = ohm_alloc(2 * (size_t)n, sizeof *top);
    enum ohm_status st;
    int common = 0;

    if (!top)
        return ohm_fail(err, OHM_ENOMEM, "out of memory to rank %d values", n);
    k = k < n ? k : n;
    st = mark_top(top, x, n, k, err);
    if (st == OHM_OK)
        st = mark_top(top + n, y, n, k, err);
    for (int i = 0; i < n; i++)
        common += top[i] & top[n + i];
    *share = k > 0 ? (double)common / k : 0;
    ohm_free(top);
    return st;
}
