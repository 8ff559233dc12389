/* bench_conv.c - speed of the convolution kernels beside the fused-multiply-add peak of a core, measured in the same
 * run.
 *
 *   bench_conv [JOBS [BATCH [LAYER]]]      1 thread, 64 images, all layers; LAYER: a row of the table, from 1
 *
 * Prints GF/s of forward, backward-data and backward-weights, framing of the images included, and their ratio to the
 * peak: of one core, times JOBS. The bar is 85 % for 3 x 3 convolutions of 16 to 64 channels with the best kernels; the
 * exit status is 1 when one of these misses it. Each figure is the best of many repeats. */
#include "peak.h"

#include "ohm/ops.h"
#include "ohm/rng.h"

#include <stdio.h>
#include <stdlib.h>

static const double bar = 0.85;

struct bench {
    struct ohm_conv2d d;
    struct ohm_buffer x, y, w, dx, dw, packed[2], scratch[3];
};

static void buffer(struct ohm_buffer *b, size_t n)
{
    struct ohm_error err;
    struct ohm_rng rng = ohm_rng_seed(n);

    if (ohm_buffer_init(b, n, &err) != OHM_OK) {
        fprintf(stderr, "bench_conv: %s\n", err.text);
        exit(1);
    }
    for (size_t i = 0; i < n; i++)
        b->data[i] = (float)ohm_rng_uniform(&rng) - 0.5f;
}

static void bench_init(struct bench *b, struct ohm_conv2d d, int jobs)
{
    const size_t x = (size_t)d.n * d.h * d.w * d.c_in;
    const size_t y = (size_t)d.n * ohm_conv2d_out_h(&d) * ohm_conv2d_out_w(&d) * d.c_out;
    const size_t w = (size_t)d.c_out * d.k_h * d.k_w * (d.c_in / d.groups);

    b->d = d;
    buffer(&b->x, x);
    buffer(&b->dx, x);
    buffer(&b->y, y);
    buffer(&b->w, w);
    buffer(&b->dw, w);
    for (int pass = 0; pass < 3; pass++)
        buffer(&b->scratch[pass], ohm_conv2d_scratch(&d, pass, jobs));
    for (int pass = 0; pass < 2; pass++) {
        buffer(&b->packed[pass], ohm_conv2d_packed(&d, pass));
        ohm_conv2d_pack(b->packed[pass].data, b->w.data, &d, pass);
    }
}

static void bench_release(struct bench *b)
{
    struct ohm_buffer *const all[] = {&b->x,         &b->y,         &b->w,          &b->dx,         &b->dw,
                                      &b->packed[0], &b->packed[1], &b->scratch[0], &b->scratch[1], &b->scratch[2]};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ohm_buffer_release(all[i]);
}

static void run(struct bench *b, enum ohm_pass pass, struct ohm_exec exec)
{
    float *scratch = b->scratch[pass].data;

    if (pass == OHM_FORWARD)
        ohm_conv2d_forward(b->y.data, b->x.data, b->packed[pass].data, NULL, &b->d, scratch, exec);
    else if (pass == OHM_BACKWARD_DATA)
        ohm_conv2d_backward_data(b->dx.data, b->y.data, b->packed[pass].data, &b->d, scratch, exec);
    else
        ohm_conv2d_backward_weights(b->dw.data, b->x.data, b->y.data, &b->d, scratch, exec);
}

static double speed_of(struct bench *b, enum ohm_pass pass, struct ohm_exec exec)
{
    const struct ohm_conv2d *d = &b->d;
    const double flops = 2.0 * (double)b->y.n * d->k_h * d->k_w * (d->c_in / d->groups);
    double best = 0;

    for (double end = ohm_now_s() + 0.25; ohm_now_s() < end;) {
        const double start = ohm_now_s();
        double gf;

        run(b, pass, exec);
        gf = flops / (ohm_now_s() - start) / 1e9;
        best = gf > best ? gf : best;
    }
    return best;
}

/* channels in and out, size, kernel, stride, groups; the first `judged` are held to the bar */
static const int shapes[][6] = {
    {16, 16, 32, 3, 1, 1}, {16, 32, 32, 3, 2, 1}, {32, 32, 16, 3, 1, 1},  {32, 64, 16, 3, 2, 1},
    {48, 48, 24, 3, 1, 1}, {64, 64, 8, 3, 1, 1},  {64, 64, 32, 3, 1, 1},  {3, 16, 32, 3, 1, 1},
    {16, 32, 32, 1, 2, 1}, {64, 64, 24, 1, 1, 1}, {64, 64, 24, 3, 1, 64},
};
enum { JUDGED = 7, SHAPES = sizeof shapes / sizeof shapes[0] };

static bool table(enum ohm_isa isa, int jobs, int batch, int layer)
{
    const double peak = peak_of(isa) * jobs;
    const struct ohm_exec exec = {jobs, isa};
    bool good = true;

    printf("%s, %d thread%s, batch %d: peak %.1f GF/s\n", ohm_isa_name(isa), jobs, jobs > 1 ? "s" : "", batch, peak);
    printf("  %-28s %21s %21s %21s\n", "", "forward", "backward-data", "backward-weights");
    for (int i = 0; i < SHAPES; i++) {
        const int *s = shapes[i], pad = s[3] / 2;
        struct bench b;

        if (layer && i != layer - 1)
            continue;
        bench_init(&b,
                   (struct ohm_conv2d){batch, s[2], s[2], s[0], s[1], s[3], s[3], s[4], s[4], pad, pad, pad, pad, s[5]},
                   jobs);
        printf("  %2d -> %2d %2d x %2d k %d s %d %-5s", s[0], s[1], s[2], s[2], s[3], s[4], s[5] > 1 ? "depth" : "");
        for (int pass = 0; pass < 3; pass++) {
            const double gf = speed_of(&b, pass, exec), ratio = gf / peak;

            good = good && (i >= JUDGED || ratio >= bar);
            printf("  %7.1f GF/s %5.1f %%%c", gf, 100 * ratio, i < JUDGED && ratio < bar ? '!' : ' ');
        }
        printf("\n");
        bench_release(&b);
    }
    return good;
}

int main(int argc, char **argv)
{
    const int jobs = argc > 1 ? atoi(argv[1]) : 1, batch = argc > 2 ? atoi(argv[2]) : 64;
    const int layer = argc > 3 ? atoi(argv[3]) : 0;
    bool good = true;

    if (jobs < 1 || batch < 1 || layer < 0 || layer > SHAPES) {
        fprintf(stderr, "usage: bench_conv [JOBS [BATCH [LAYER, 1 to %d]]]\n", SHAPES);
        return 2;
    }
    for (int isa = OHM_ISA_COUNT - 1; isa > OHM_ISA_BASE; isa--)
        if (ohm_isa_present(isa)) {
            const bool held = table(isa, jobs, batch, layer);

            good = good && (held || isa != (int)ohm_isa_best());
        }
    printf("! misses the bar of %.0f %%\n", 100 * bar);
    return good ? 0 : 1;
}
