/* elementwise.c - what happens to each number alone, and moving numbers about. */
#include "tensor_int.h"

#include "ohm/parallel.h"

#include <string.h>

/* out[i] of a and b, cut into pieces for threads. */
struct each {
    enum { RELU, RELU_BACKWARD, ADD, ADD_RELU, ADD_SCALED } op;
    const struct kernels *kernels;
    float *out;
    const float *a, *b;
    float factor;
    int64_t n;
};

static enum ohm_status each_chunk(void *context, int i, int worker, struct ohm_error *err)
{
    const struct each *e = context;
    int64_t first;
    const int64_t n = ohm_chunk(e->n, i, &first);
    float *out = e->out + first;
    const float *a = e->a + first, *b = e->b ? e->b + first : NULL;

    (void)worker;
    (void)err;
    switch (e->op) {
    case RELU:
        e->kernels->relu(out, a, n);
        break;
    case RELU_BACKWARD:
        e->kernels->relu_backward(out, a, b, n);
        break;
    case ADD:
        e->kernels->add(out, a, b, n);
        break;
    case ADD_RELU:
        e->kernels->add_relu(out, a, b, n);
        break;
    case ADD_SCALED:
        e->kernels->add_scaled(out, a, e->factor, n);
        break;
    }
    return OHM_OK;
}

static void run_each(struct each e, struct ohm_exec exec)
{
    e.kernels = ohm_kernels_of(exec.isa);
    (void)ohm_parallel_for(e.n < 32768 ? 1 : exec.jobs, e.n < OHM_CHUNKS ? (int)e.n : OHM_CHUNKS, each_chunk, &e, NULL);
}

void ohm_relu_forward(float *y, const float *x, int64_t n, struct ohm_exec exec)
{
    run_each((struct each){.op = RELU, .out = y, .a = x, .n = n}, exec);
}

void ohm_relu_backward(float *dx, const float *dy, const float *y, int64_t n, struct ohm_exec exec)
{
    run_each((struct each){.op = RELU_BACKWARD, .out = dx, .a = dy, .b = y, .n = n}, exec);
}

void ohm_add(float *y, const float *a, const float *b, int64_t n, struct ohm_exec exec)
{
    run_each((struct each){.op = ADD, .out = y, .a = a, .b = b, .n = n}, exec);
}

void ohm_add_relu(float *y, const float *a, const float *b, int64_t n, struct ohm_exec exec)
{
    run_each((struct each){.op = ADD_RELU, .out = y, .a = a, .b = b, .n = n}, exec);
}

void ohm_add_scaled(float *y, const float *x, float factor, int64_t n, struct ohm_exec exec)
{
    run_each((struct each){.op = ADD_SCALED, .out = y, .a = x, .factor = factor, .n = n}, exec);
}

struct copy {
    float *y;
    const float *x;
    int y_channels, x_channels, count;
    int64_t pixels;
};

static enum ohm_status copy_chunk(void *context, int i, int worker, struct ohm_error *err)
{
    const struct copy *c = context;
    int64_t first;
    const int64_t pixels = ohm_chunk(c->pixels, i, &first);

    (void)worker;
    (void)err;
    for (int64_t p = first; p < first + pixels; p++)
        memcpy(c->y + p * c->y_channels, c->x + p * c->x_channels, (size_t)c->count * sizeof *c->y);
    return OHM_OK;
}

void ohm_copy_channels(float *y, int y_channels, int y_first, const float *x, int x_channels, int x_first, int count,
                       int64_t pixels, struct ohm_exec exec)
{
    struct copy c = {y + y_first, x + x_first, y_channels, x_channels, count, pixels};

    (void)ohm_parallel_for(pixels * count < 32768 ? 1 : exec.jobs, pixels < OHM_CHUNKS ? (int)pixels : OHM_CHUNKS,
                           copy_chunk, &c, NULL);
}

/* y[i][j] = x[i + by][j + by], zeros from outside. */
struct shift {
    float *y;
    const float *x;
    int h, w, c, by;
};

static enum ohm_status shift_image(void *context, int image, int worker, struct ohm_error *err)
{
    const struct shift *s = context;
    const int64_t row = (int64_t)s->w * s->c, size = s->h * row;
    const int from = s->by < 0 ? -s->by : 0; /* first column that has a source */
    const int64_t count = (int64_t)(s->w - 1) * s->c;

    (void)worker;
    (void)err;
    for (int i = 0; i < s->h; i++) {
        float *y = s->y + image * size + i * row;

        memset(y, 0, (size_t)row * sizeof *y);
        if (i + s->by >= 0 && i + s->by < s->h && count)
            memcpy(y + (int64_t)from * s->c, s->x + image * size + (i + s->by) * row + (int64_t)(from + s->by) * s->c,
                   (size_t)count * sizeof *y);
    }
    return OHM_OK;
}

void ohm_shift_forward(float *y, const float *x, int n, int h, int w, int c, struct ohm_exec exec)
{
    struct shift s = {y, x, h, w, c, 1};

    (void)ohm_parallel_for(exec.jobs, n, shift_image, &s, NULL);
}

void ohm_shift_backward(float *dx, const float *dy, int n, int h, int w, int c, struct ohm_exec exec)
{
    struct shift s = {dx, dy, h, w, c, -1};

    (void)ohm_parallel_for(exec.jobs, n, shift_image, &s, NULL);
}
