/* curves.c - curves and products in pieces for threads, and sums over the channels of a pixel. */
#include "curves_int.h"

#include "ohm/parallel.h"

#include <math.h>

enum { SMALL = 32768 }; /* numbers that are done before a second thread has woken up */

static const struct curves *curves_of(enum ohm_isa isa)
{
    if (isa == OHM_ISA_BEST)
        isa = ohm_isa_best();
#ifdef __x86_64__
    if (isa == OHM_ISA_AVX512)
        return &ohm_curves_avx512;
    if (isa == OHM_ISA_AVX2)
        return &ohm_curves_avx2;
#endif
    return &ohm_curves_base;
}

/* ---- number by number ---- */

struct each {
    enum { FORWARD, BACKWARD, MULTIPLY } op;
    enum ohm_curve curve;
    const struct curves *curves;
    float *out;
    const float *dy, *a, *b; /* forward: a = x; backward: a = x, b = y */
    int64_t n;
};

static enum ohm_status each_chunk(void *context, int i, int worker, struct ohm_error *err)
{
    const struct each *const e = context;
    int64_t first;
    const int64_t n = ohm_chunk(e->n, i, &first);

    (void)worker;
    (void)err;
    if (e->op == FORWARD)
        e->curves->forward[e->curve](e->out + first, e->a + first, n);
    else if (e->op == BACKWARD)
        e->curves->backward[e->curve](e->out + first, e->dy + first, e->a + first, e->b + first, n);
    else
        e->curves->multiply(e->out + first, e->a + first, e->b + first, n);
    return OHM_OK;
}

static void run_each(struct each e, struct ohm_exec exec)
{
    e.curves = curves_of(exec.isa);
    (void)ohm_parallel_for(e.n < SMALL ? 1 : exec.jobs, e.n < OHM_CHUNKS ? (int)e.n : OHM_CHUNKS, each_chunk, &e, NULL);
}

void ohm_curve_forward(enum ohm_curve curve, float *y, const float *x, int64_t n, struct ohm_exec exec)
{
    run_each((struct each){.op = FORWARD, .curve = curve, .out = y, .a = x, .n = n}, exec);
}

void ohm_curve_backward(enum ohm_curve curve, float *dx, const float *dy, const float *x, const float *y, int64_t n,
                        struct ohm_exec exec)
{
    run_each((struct each){.op = BACKWARD, .curve = curve, .out = dx, .dy = dy, .a = x, .b = y, .n = n}, exec);
}

void ohm_multiply(float *y, const float *a, const float *b, int64_t n, struct ohm_exec exec)
{
    run_each((struct each){.op = MULTIPLY, .out = y, .a = a, .b = b, .n = n}, exec);
}

/* ---- pixel by pixel ---- */

struct pixels {
    enum { SUM, NORM, SUM_BACKWARD, NORM_BACKWARD } op;
    float *out;
    const float *dy, *x, *y;
    int64_t pixels;
    int c;
};

static float sum_of(const float *x, int c)
{
    double sum = 0;

    for (int i = 0; i < c; i++)
        sum += (double)x[i];
    return (float)sum;
}

static float norm_of(const float *x, int c)
{
    double sum = 0;

    for (int i = 0; i < c; i++)
        sum += (double)x[i] * (double)x[i];
    return (float)sqrt(sum);
}

static void spread_over(float *dx, float dy, const float *x, int c)
{
    for (int i = 0; i < c; i++)
        dx[i] = x ? dy * x[i] : dy;
}

static enum ohm_status pixels_chunk(void *context, int i, int worker, struct ohm_error *err)
{
    const struct pixels *const s = context;
    int64_t first;
    const int64_t n = ohm_chunk(s->pixels, i, &first);

    (void)worker;
    (void)err;
    for (int64_t p = first; p < first + n; p++) {
        const float *const x = s->x ? s->x + p * s->c : NULL;

        if (s->op == SUM)
            s->out[p] = sum_of(x, s->c);
        else if (s->op == NORM)
            s->out[p] = norm_of(x, s->c);
        else if (s->op == SUM_BACKWARD)
            spread_over(s->out + p * s->c, s->dy[p], NULL, s->c);
        else
            spread_over(s->out + p * s->c, s->y[p] > 0 ? s->dy[p] / s->y[p] : 0, x, s->c);
    }
    return OHM_OK;
}

static void run_pixels(struct pixels s, struct ohm_exec exec)
{
    (void)ohm_parallel_for(s.pixels * s.c < SMALL ? 1 : exec.jobs, s.pixels < OHM_CHUNKS ? (int)s.pixels : OHM_CHUNKS,
                           pixels_chunk, &s, NULL);
}

void ohm_pixel_sum(float *y, const float *x, int64_t pixels, int c, struct ohm_exec exec)
{
    run_pixels((struct pixels){.op = SUM, .out = y, .x = x, .pixels = pixels, .c = c}, exec);
}

void ohm_pixel_norm(float *y, const float *x, int64_t pixels, int c, struct ohm_exec exec)
{
    run_pixels((struct pixels){.op = NORM, .out = y, .x = x, .pixels = pixels, .c = c}, exec);
}

void ohm_pixel_sum_backward(float *dx, const float *dy, int64_t pixels, int c, struct ohm_exec exec)
{
    run_pixels((struct pixels){.op = SUM_BACKWARD, .out = dx, .dy = dy, .pixels = pixels, .c = c}, exec);
}

void ohm_pixel_norm_backward(float *dx, const float *dy, const float *x, const float *y, int64_t pixels, int c,
                             struct ohm_exec exec)
{
    run_pixels((struct pixels){.op = NORM_BACKWARD, .out = dx, .dy = dy, .x = x, .y = y, .pixels = pixels, .c = c},
               exec);
}
