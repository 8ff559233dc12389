/* ops_ref.h - the layers as the plainest loops there are, in double: what the kernels must agree with. */
#ifndef OPS_REF_H
#define OPS_REF_H

#include "ohm/mem.h"
#include "ohm/ops.h"
#include "ohm/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Calls visit(y index, x index, weight index) for every product of a convolution, in the order of the chains. */
typedef void visit_fn(void *to, size_t y, size_t x, size_t w);

static inline void ref_visit(const struct ohm_conv2d *d, visit_fn *visit, void *to)
{
    const int out_h = ohm_conv2d_out_h(d), out_w = ohm_conv2d_out_w(d);
    const int in = d->c_in / d->groups, out = d->c_out / d->groups;

    for (int n = 0; n < d->n; n++)
        for (int i = 0; i < out_h; i++)
            for (int j = 0; j < out_w; j++)
                for (int k = 0; k < d->c_out; k++)
                    for (int p = 0; p < d->k_h; p++)
                        for (int q = 0; q < d->k_w; q++)
                            for (int c = 0; c < in; c++) {
                                const int y = i * d->stride_h + p - d->pad_top, x = j * d->stride_w + q - d->pad_left;

                                if (y >= 0 && y < d->h && x >= 0 && x < d->w)
                                    visit(to, (size_t)((n * out_h + i) * out_w + j) * d->c_out + k,
                                          (size_t)((n * d->h + y) * d->w + x) * d->c_in + k / out * in + c,
                                          (size_t)((k * d->k_h + p) * d->k_w + q) * in + c);
                            }
}

struct ref_conv {
    double *y, *dx, *dw; /* sums, begun by the caller */
    float *chain;        /* y as one chain of fmaf */
    const float *x, *dy, *w;
};

static inline void ref_product(void *to, size_t y, size_t x, size_t w)
{
    struct ref_conv *r = to;

    r->y[y] += (double)r->x[x] * r->w[w];
    r->dx[x] += (double)r->dy[y] * r->w[w];
    r->dw[w] += (double)r->dy[y] * r->x[x];
    r->chain[y] = fmaf(r->x[x], r->w[w], r->chain[y]);
}

static inline void fill_random(float *to, size_t n, struct ohm_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)ohm_rng_normal(rng);
}

static inline int pick(struct ohm_rng *rng, int low, int high)
{
    return low + (int)ohm_rng_below(rng, (uint32_t)(high - low + 1));
}

/* Up to a whole kernel on each side, and enough for the kernel to fit. */
static inline void draw_padding(struct ohm_rng *rng, struct ohm_conv2d *d)
{
    do {
        d->pad_top = pick(rng, 0, d->k_h);
        d->pad_bottom = pick(rng, 0, d->k_h);
        d->pad_left = pick(rng, 0, d->k_w);
        d->pad_right = pick(rng, 0, d->k_w);
    } while (d->h + d->pad_top + d->pad_bottom < d->k_h || d->w + d->pad_left + d->pad_right < d->k_w);
}

/* Largest difference as a fraction of the largest |b|. */
static inline double worst(const float *a, const double *b, size_t n)
{
    double most = 1e-30, error = 0;

    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(b[i]));
        error = fmax(error, isfinite(a[i]) ? fabs(a[i] - b[i]) : INFINITY);
    }
    return error / most;
}

static inline float *floats(size_t n)
{
    float *p = ohm_alloc(n, sizeof *p);

    assert_non_null(p);
    return p;
}

static inline double *doubles(size_t n)
{
    double *p = ohm_alloc(n, sizeof *p);

    assert_non_null(p);
    return p;
}

/* Every way to run a kernel that must not show in its bits. Returns false after the last. The first is the reference:
 * one thread, best instruction set. */
static inline bool next_exec(struct ohm_exec *exec, int *state)
{
    static const struct ohm_exec all[] = {{1, OHM_ISA_BEST},   {1, OHM_ISA_BASE}, {1, OHM_ISA_AVX2}, {2, OHM_ISA_AVX2},
                                          {1, OHM_ISA_AVX512}, {2, OHM_ISA_BEST}, {3, OHM_ISA_BEST}};

    while (*state < (int)(sizeof all / sizeof all[0])) {
        *exec = all[(*state)++];
        if (ohm_isa_present(exec->isa))
            return true;
    }
    return false;
}

static inline void assert_same_bits(const float *a, const float *b, size_t n, struct ohm_exec exec)
{
    if (memcmp(a, b, n * sizeof *a) != 0)
        fail_msg("other bits with %d threads on %s", exec.jobs, ohm_isa_name(exec.isa));
}

#endif
