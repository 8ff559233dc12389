/* norm.c - sums over the pixels of a batch, and batch norm.
 *
 * `repeat` pixels are taken as one wide row of repeat x c columns, so that every vector is full whatever c is and
 * enough independent sums are under way. A channel's sum is: columns of a chunk in double, then its columns in order,
 * then the chunks in order. */
#include "tensor_int.h"

#include "ohm/parallel.h"

#include <math.h>
#include <string.h>

enum { WIDTH_MIN = 64 };

/* A function of c alone: it decides the order of sums. */
static int repeat_of(int c)
{
    int repeat = 1;

    while ((int64_t)repeat * c % LANES || (int64_t)repeat * c < WIDTH_MIN)
        repeat *= 2;
    return repeat;
}

struct column_call {
    const struct kernels *kernels;
    struct column_job job; /* of the whole batch; sum and sum2 are those of chunk 0 */
    int64_t pixels;
    int c;
};

static enum ohm_status sum_chunk(void *context, int i, int worker, struct ohm_error *err)
{
    const struct column_call *call = context;
    struct column_job j = call->job;
    int64_t first;
    const int64_t count = ohm_chunk(call->pixels, i, &first);

    (void)worker;
    (void)err;
    j.sum += 2 * (int64_t)i * j.width;
    j.sum2 = j.sum + j.width;
    j.x += first * call->c;
    j.dy = j.dy ? j.dy + first * call->c : NULL;
    j.y = j.y ? j.y + first * call->c : NULL;
    j.n = count * call->c;
    memset(j.sum, 0, 2 * (size_t)j.width * sizeof *j.sum);
    call->kernels->column_sums(&j);
    return OHM_OK;
}

/* Sum k (0 or 1) of channel c over chunks and columns. */
static double fold(const struct column_call *call, int k, int c)
{
    const int width = call->job.width;
    double total = 0;

    for (int i = 0; i < OHM_CHUNKS && i < call->pixels; i++) {
        const double *sum = call->job.sum + (2 * (int64_t)i + k) * width;
        double chunk = 0;

        for (int col = c; col < width; col += call->c)
            chunk += sum[col];
        total += chunk;
    }
    return total;
}

/* Threads cost more than they bring below this many numbers. */
static int jobs_for(int64_t n, struct ohm_exec exec)
{
    return n < 32768 ? 1 : exec.jobs;
}

static void sum_columns(struct column_call *call, int64_t pixels, int c, struct ohm_exec exec)
{
    call->kernels = ohm_kernels_of(exec.isa);
    call->pixels = pixels;
    call->c = c;
    call->job.width = repeat_of(c) * c;
    (void)ohm_parallel_for(jobs_for(pixels * c, exec), pixels < OHM_CHUNKS ? (int)pixels : OHM_CHUNKS, sum_chunk, call,
                           NULL);
}

static size_t sums_size(int c)
{
    return 2 * OHM_CHUNKS * 2 * (size_t)repeat_of(c) * (size_t)c; /* a double is two floats */
}

size_t ohm_channel_sum_scratch(int c)
{
    return sums_size(c) + SCRATCH_SLACK;
}

void ohm_channel_sum(float *sum, const float *x, int64_t pixels, int c, float *scratch, struct ohm_exec exec)
{
    struct column_call call = {.job = {.sum = (double *)(void *)scratch_begin(scratch).next, .x = x}};

    sum_columns(&call, pixels, c, exec);
    for (int i = 0; i < c; i++)
        sum[i] = (float)fold(&call, 0, i);
}

size_t ohm_bn_scratch(const struct ohm_bn *d)
{
    return sums_size(d->c) + 2 * LANES + (size_t)repeat_of(d->c) * (size_t)d->c + SCRATCH_SLACK;
}

void ohm_bn_statistics(float *mean, float *var, const float *x, const struct ohm_bn *d, float *scratch,
                       struct ohm_exec exec)
{
    struct column_call call = {.job = {.sum = (double *)(void *)scratch_begin(scratch).next, .x = x}};

    sum_columns(&call, d->pixels, d->c, exec);
    for (int i = 0; i < d->c; i++) {
        const double m = fold(&call, 0, i) / (double)d->pixels;
        const double v = fold(&call, 1, i) / (double)d->pixels - m * m;

        mean[i] = (float)m;
        var[i] = v > 0 ? (float)v : 0;
    }
}

/* a x + b, or a g + (b x + c), with numbers a, b, c of each channel. */
struct affine_call {
    const struct kernels *kernels;
    const struct ohm_bn *d;
    const float *mean, *var, *gamma;
    const float *beta;           /* forward */
    const float *dgamma, *dbeta; /* backward */
    struct affine_job job;       /* of the whole batch */
};

enum { TABLE = 2048 }; /* columns whose numbers are held at once, on the stack */

static void fill_forward(const struct affine_call *call, int channel, int i, float *a, float *b)
{
    const double scale = call->gamma[channel] / sqrt((double)call->var[channel] + (double)call->d->eps);

    a[i] = (float)scale;
    b[i] = (float)(call->beta[channel] - call->mean[channel] * scale);
}

/* dx = gamma s (g - dbeta / m - (x - mean) s dgamma / m) with s = 1 / sqrt(var + eps), m pixels; Ioffe & Szegedy 2015,
 * section 3. With frozen statistics dx = gamma s g. */
static void fill_backward(const struct affine_call *call, int channel, int i, float *a, float *b, float *c)
{
    const double s = 1 / sqrt((double)call->var[channel] + (double)call->d->eps);
    const double scale = call->gamma[channel] * s, m = (double)call->d->pixels;
    const double slope = call->d->frozen ? 0 : -scale * s * call->dgamma[channel] / m;

    a[i] = (float)scale;
    b[i] = (float)slope;
    c[i] = call->d->frozen ? 0 : (float)(-scale * call->dbeta[channel] / m - call->mean[channel] * slope);
}

/* Channels [from, from + channels) of `rows` pixels that lie `stride` floats apart; the numbers repeat along a row. */
static void affine_rows(const struct affine_call *call, int64_t at, int64_t rows, int64_t stride, int width, int from,
                        int channels)
{
    float a[TABLE], b[TABLE], c[TABLE];
    struct affine_job j = call->job;

    for (int i = 0; i < width; i++)
        if (i >= channels) {
            a[i] = a[i - channels];
            b[i] = b[i - channels];
            c[i] = j.dy ? c[i - channels] : 0;
        } else if (j.dy) {
            fill_backward(call, from + i, i, a, b, c);
        } else {
            fill_forward(call, from + i, i, a, b);
            c[i] = 0;
        }
    j.a = a;
    j.b = b;
    j.c = c;
    j.out += at;
    j.x += at;
    j.dy = j.dy ? j.dy + at : NULL;
    j.y = j.y ? j.y + at : NULL;
    j.rows = rows;
    j.stride = stride;
    j.width = width;
    call->kernels->affine(&j);
}

static enum ohm_status affine_chunk(void *context, int i, int worker, struct ohm_error *err)
{
    const struct affine_call *call = context;
    const int c = call->d->c, repeat = repeat_of(c);
    const int64_t width = (int64_t)repeat * c;
    int64_t first;
    const int64_t count = ohm_chunk(call->d->pixels, i, &first);

    (void)worker;
    (void)err;
    if (width > TABLE) {
        for (int from = 0; from < c; from += TABLE) {
            const int channels = c - from < TABLE ? c - from : TABLE;

            affine_rows(call, first * c + from, count, c, channels, from, channels);
        }
        return OHM_OK;
    }
    affine_rows(call, first * c, count / repeat, width, (int)width, 0, c);
    if (count % repeat)
        affine_rows(call, (first + count / repeat * repeat) * c, 1, width, (int)(count % repeat * c), 0, c);
    return OHM_OK;
}

static void run_affine(struct affine_call *call, struct ohm_exec exec)
{
    const int64_t pixels = call->d->pixels;

    call->kernels = ohm_kernels_of(exec.isa);
    (void)ohm_parallel_for(jobs_for(pixels * call->d->c, exec), pixels < OHM_CHUNKS ? (int)pixels : OHM_CHUNKS,
                           affine_chunk, call, NULL);
}

void ohm_bn_forward(float *y, const float *x, const float *mean, const float *var, const float *gamma,
                    const float *beta, const struct ohm_bn *d, struct ohm_exec exec)
{
    struct affine_call call = {
        .d = d, .mean = mean, .var = var, .gamma = gamma, .beta = beta, .job = {.out = y, .x = x, .relu = d->relu}};

    run_affine(&call, exec);
}

void ohm_bn_backward(float *dx, float *dgamma, float *dbeta, const float *dy, const float *x, const float *y,
                     const float *mean, const float *var, const float *gamma, const struct ohm_bn *d, float *scratch,
                     struct ohm_exec exec)
{
    struct scratch s = scratch_begin(scratch);
    struct column_call sums = {.job = {.x = x, .dy = dy, .y = d->relu ? y : NULL}};
    struct affine_call call = {.d = d,
                               .mean = mean,
                               .var = var,
                               .gamma = gamma,
                               .dgamma = dgamma,
                               .dbeta = dbeta,
                               .job = {.out = dx, .x = x, .dy = dy, .y = d->relu ? y : NULL}};
    const int64_t width = (int64_t)repeat_of(d->c) * d->c;
    float *wide_mean = scratch_take(&s, (size_t)width);

    for (int64_t i = 0; i < width; i++)
        wide_mean[i] = mean[i % d->c];
    sums.job.mean = wide_mean;
    sums.job.sum = (double *)(void *)s.next;
    sum_columns(&sums, d->pixels, d->c, exec);
    for (int i = 0; i < d->c; i++) {
        dbeta[i] = (float)fold(&sums, 0, i);
        dgamma[i] = (float)(fold(&sums, 1, i) / sqrt((double)var[i] + (double)d->eps));
    }
    if (dx)
        run_affine(&call, exec);
}
