/* pool.c - average and maximum over windows; an item is an image. */
#include "tensor_int.h"

#include "ohm/parallel.h"

#include <string.h>

int ohm_pool_out_h(const struct ohm_pool *d)
{
    return (d->h + d->pad_top + d->pad_bottom - d->k_h) / d->stride_h + 1;
}

int ohm_pool_out_w(const struct ohm_pool *d)
{
    return (d->w + d->pad_left + d->pad_right - d->k_w) / d->stride_w + 1;
}

struct ohm_pool ohm_pool_global(int n, int h, int w, int c)
{
    return (struct ohm_pool){.n = n, .h = h, .w = w, .c = c, .k_h = h, .k_w = w, .stride_h = 1, .stride_w = 1};
}

struct window;

struct pool_call {
    const struct kernels *kernels;
    struct ohm_pool d;
    float *out;
    const float *dy, *x;
    void (*window)(const struct pool_call *call, const struct window *w);
    int out_h, out_w;
};

/* The part of a window that lies in the image, and what it makes or comes from. */
struct window {
    int y0, y1, x0, x1;
    float *out;          /* image of dx, or the pixel of y */
    const float *in, *x; /* image of x, or the pixel of dy and the image of x */
    float share;         /* 1 / divisor of the average */
};

static int64_t pixel_at(const struct ohm_pool *d, int y, int x)
{
    return ((int64_t)y * d->w + x) * d->c;
}

static void avg_forward(const struct pool_call *call, const struct window *w)
{
    const struct ohm_pool *d = &call->d;

    memset(w->out, 0, (size_t)d->c * sizeof *w->out);
    for (int y = w->y0; y < w->y1; y++)
        for (int x = w->x0; x < w->x1; x++)
            call->kernels->add(w->out, w->out, w->in + pixel_at(d, y, x), d->c);
    call->kernels->scale(w->out, w->share, d->c);
}

static void avg_backward(const struct pool_call *call, const struct window *w)
{
    const struct ohm_pool *d = &call->d;

    for (int y = w->y0; y < w->y1; y++)
        for (int x = w->x0; x < w->x1; x++)
            call->kernels->add_scaled(w->out + pixel_at(d, y, x), w->in, w->share, d->c);
}

static void max_forward(const struct pool_call *call, const struct window *w)
{
    const struct ohm_pool *d = &call->d;

    memcpy(w->out, w->in + pixel_at(d, w->y0, w->x0), (size_t)d->c * sizeof *w->out);
    for (int y = w->y0; y < w->y1; y++)
        for (int x = w->x0; x < w->x1; x++)
            call->kernels->larger(w->out, w->in + pixel_at(d, y, x), d->c);
}

static void max_backward(const struct pool_call *call, const struct window *w)
{
    const struct ohm_pool *d = &call->d;

    for (int c = 0; c < d->c; c++) {
        int64_t best = pixel_at(d, w->y0, w->x0);

        for (int y = w->y0; y < w->y1; y++)
            for (int x = w->x0; x < w->x1; x++)
                if (w->x[pixel_at(d, y, x) + c] > w->x[best + c])
                    best = pixel_at(d, y, x);
        w->out[best + c] += w->in[c];
    }
}

/* Windows of one image in order; backward adds to dx, which begins as zeros. */
static enum ohm_status pool_image(void *context, int image, int worker, struct ohm_error *err)
{
    const struct pool_call *call = context;
    const struct ohm_pool *d = &call->d;
    const int64_t x_size = (int64_t)d->h * d->w * d->c;
    const int64_t y_size = (int64_t)call->out_h * call->out_w * d->c;
    const bool back = call->dy;

    (void)worker;
    (void)err;
    if (back)
        memset(call->out + image * x_size, 0, (size_t)x_size * sizeof *call->out);
    for (int i = 0; i < call->out_h; i++)
        for (int j = 0; j < call->out_w; j++) {
            const int top = i * d->stride_h - d->pad_top, left = j * d->stride_w - d->pad_left;
            const int64_t y = image * y_size + ((int64_t)i * call->out_w + j) * d->c;
            struct window w = {.y0 = top < 0 ? 0 : top,
                               .y1 = top + d->k_h < d->h ? top + d->k_h : d->h,
                               .x0 = left < 0 ? 0 : left,
                               .x1 = left + d->k_w < d->w ? left + d->k_w : d->w,
                               .out = call->out + (back ? image * x_size : y),
                               .in = back ? call->dy + y : call->x + image * x_size,
                               .x = call->x ? call->x + image * x_size : NULL};
            const int64_t inside = (int64_t)(w.y1 - w.y0) * (w.x1 - w.x0);

            w.share = (float)(1 / (double)(d->count_include_pad ? (int64_t)d->k_h * d->k_w : inside));
            call->window(call, &w);
        }
    return OHM_OK;
}

static void run_pool(struct pool_call *call, struct ohm_exec exec)
{
    const struct ohm_pool *d = &call->d;

    call->kernels = ohm_kernels_of(exec.isa);
    call->out_h = ohm_pool_out_h(d);
    call->out_w = ohm_pool_out_w(d);
    (void)ohm_parallel_for((int64_t)d->n * d->h * d->w * d->c < 32768 ? 1 : exec.jobs, d->n, pool_image, call, NULL);
}

void ohm_avg_pool_forward(float *y, const float *x, const struct ohm_pool *d, struct ohm_exec exec)
{
    run_pool(&(struct pool_call){.d = *d, .out = y, .x = x, .window = avg_forward}, exec);
}

void ohm_avg_pool_backward(float *dx, const float *dy, const struct ohm_pool *d, struct ohm_exec exec)
{
    run_pool(&(struct pool_call){.d = *d, .out = dx, .dy = dy, .window = avg_backward}, exec);
}

void ohm_max_pool_forward(float *y, const float *x, const struct ohm_pool *d, struct ohm_exec exec)
{
    run_pool(&(struct pool_call){.d = *d, .out = y, .x = x, .window = max_forward}, exec);
}

void ohm_max_pool_backward(float *dx, const float *dy, const float *x, const struct ohm_pool *d, struct ohm_exec exec)
{
    run_pool(&(struct pool_call){.d = *d, .out = dx, .dy = dy, .x = x, .window = max_backward}, exec);
}
