/* test_crossbar.c - crossbar tiles against plain loops, on every instruction set and number of threads. */
#include "ops_ref.h"

#include "ohm/ops_analog.h"

enum { SHAPES = 120, POOL = 1000 };

static void assert_near(double a, double b, double allowed)
{
    if (!(fabs(a - b) <= allowed))
        fail_msg("%.9g is not %.9g, give or take %g", a, b, allowed);
}

static struct ohm_conv2d random_shape(struct ohm_rng *rng, int i)
{
    struct ohm_conv2d d = {.n = pick(rng, 1, 9),
                           .h = pick(rng, 1, 9),
                           .w = pick(rng, 1, 11),
                           .c_in = pick(rng, 1, 40),
                           .c_out = pick(rng, 1, 50),
                           .k_h = pick(rng, 1, 4),
                           .k_w = pick(rng, 1, 4),
                           .stride_h = pick(rng, 1, 3),
                           .stride_w = pick(rng, 1, 3),
                           .groups = 1};

    if (i % 6 == 0)
        return ohm_conv2d_dense(pick(rng, 1, 70), d.c_in, d.c_out);
    if (i % 6 == 1) {
        d.k_h = d.k_w = d.stride_h = d.stride_w = 1;
        return d;
    }
    if (i % 6 == 2)
        d.c_out = d.groups = d.c_in;
    if (i % 6 == 3) {
        d.groups = pick(rng, 2, 4);
        d.c_in = d.groups * pick(rng, 1, 9);
        d.c_out = d.groups * pick(rng, 1, 20);
    }
    if (i % 6 == 4) { /* what sweeps are for */
        d.c_out = 16;
        d.stride_h = d.stride_w = 1;
        d.k_h = d.k_w = 3;
    }
    draw_padding(rng, &d);
    return d;
}

struct layer {
    struct ohm_conv2d d;
    struct ohm_crossbar bar;
    size_t x_size, y_size, w_size;
    int width, rows;
    int32_t *row;
    float *x, *x_dac, *w, *y, *first, *dy, *level, *bias, *pool, *packed, *scratch;
};

/* What the DAC gives, rounded and ended one by one. */
static float behind(float x, struct ohm_dac dac)
{
    const float levels = (float)dac.levels, v = x * (levels / dac.range);

    return dac.levels ? rintf(fminf(fmaxf(v, -levels), levels)) * (dac.range / levels) : x;
}

static void cut(struct layer *l, int tile_rows)
{
    const int n = (l->rows + tile_rows - 1) / tile_rows;

    l->row = ohm_alloc((size_t)n + 1, sizeof(*l->row));
    assert_non_null(l->row);
    for (int i = 0; i < n; i++)
        l->row[i + 1] = l->row[i] + l->rows / n + (i < l->rows % n);
    l->bar.row = l->row;
    l->bar.tiles = n;
}

static size_t largest_scratch(const struct ohm_conv2d *d)
{
    size_t n = 0;

    for (int pass = OHM_FORWARD; pass <= OHM_BACKWARD_WEIGHTS; pass++)
        n = ohm_crossbar_scratch(d, pass, 3) > n ? ohm_crossbar_scratch(d, pass, 3) : n;
    return n;
}

static void make(struct layer *l, struct ohm_conv2d d, int i, struct ohm_rng *rng)
{
    *l = (struct layer){.d = d, .rows = d.k_h * d.k_w * (d.c_in / d.groups), .width = ohm_crossbar_width(d.c_out)};
    l->x_size = (size_t)d.n * d.h * d.w * d.c_in;
    l->y_size = (size_t)d.n * ohm_conv2d_out_h(&d) * ohm_conv2d_out_w(&d) * d.c_out;
    l->w_size = (size_t)d.c_out * l->rows;
    cut(l, pick(rng, 1, 1 + l->rows));
    l->x = floats(l->x_size);
    l->x_dac = floats(l->x_size);
    l->w = floats(l->w_size);
    l->y = floats(l->y_size);
    l->first = floats(l->y_size);
    l->dy = floats(l->y_size);
    l->level = floats((size_t)l->bar.tiles * 2 * l->width);
    l->bias = floats((size_t)l->width);
    l->pool = floats(POOL + ohm_crossbar_pool_more(&d));
    l->packed = floats(ohm_crossbar_packed(&d, l->row, l->bar.tiles));
    l->scratch = floats(largest_scratch(&d));
    fill_random(l->x, l->x_size, rng);
    fill_random(l->w, l->w_size, rng);
    fill_random(l->dy, l->y_size, rng);
    fill_random(l->bias, (size_t)d.c_out, rng);
    fill_random(l->pool, POOL + ohm_crossbar_pool_more(&d), rng);
    for (int t = 0; t < l->bar.tiles; t++)
        for (int c = 0; c < d.c_out; c++) {
            float *level = l->level + 2 * t * l->width + c;

            level[0] = 0.05f + 0.2f * (float)ohm_rng_uniform(rng);
            level[l->width] = 1 / level[0];
        }
    l->bar.dac = (struct ohm_dac){.range = 1.7f, .levels = i % 4 == 3 ? 0 : pick(rng, 1, 127)};
    l->bar.adc_levels = i % 5 == 4 ? 0 : pick(rng, 1, 127);
    l->bar.packed = l->packed;
    l->bar.bias = l->bias;
    l->bar.level = l->level;
    l->bar.pool = l->pool;
    l->bar.pool_size = POOL;
    l->bar.rng = ohm_rng_child(rng, (uint64_t)i);
    for (size_t k = 0; k < l->x_size; k++)
        l->x_dac[k] = behind(l->x[k], l->bar.dac);
    ohm_crossbar_pack(l->packed, l->w, &d, l->row, l->bar.tiles);
}

static void drop(struct layer *l)
{
    float *const all[] = {l->x,     l->x_dac, l->w,    l->y,      l->first,  l->dy,
                          l->level, l->bias,  l->pool, l->packed, l->scratch};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ohm_free(all[i]);
    ohm_free(l->row);
}

struct sums {
    const struct layer *l;
    double *sum; /* [tiles][y] */
};

static void add_product(void *to, size_t y, size_t x, size_t w)
{
    const struct sums *s = to;
    const int row = (int)(w % (size_t)s->l->rows);
    int tile = 0;

    while (row >= s->l->row[tile + 1])
        tile++;
    s->sum[(size_t)tile * s->l->y_size + y] += (double)s->l->x_dac[x] * s->l->w[w];
}

/* Sums near the middle between two levels may go either way. */
static void check_output(const struct layer *l, const double *sum, size_t at)
{
    const int c = (int)(at % (size_t)l->d.c_out);
    double y = l->bias[c], allowed = 1e-4 * fabs(y) + 1e-4;

    for (int t = 0; t < l->bar.tiles; t++) {
        const double level = l->level[2 * t * l->width + c], v = sum[(size_t)t * l->y_size + at] / level;
        const double most = l->bar.adc_levels, q = fmin(fmax(v, -most), most);

        y += (most > 0 ? rint(q) : v) * level;
        allowed += 1e-5 * fabs(v) * level;
        if (most > 0 && fabs(fabs(q - floor(q)) - 0.5) < 1e-3)
            allowed += level;
    }
    if (!(fabs(l->y[at] - y) <= allowed))
        fail_msg("number %zu is %g, plain loops say %g", at, l->y[at], y);
}

static void tiles_with_converters_agree_with_plain_loops(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(21);

    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        struct layer l;
        struct sums s = {.l = &l};

        make(&l, random_shape(&rng, i), i, &rng);
        s.sum = doubles((size_t)l.bar.tiles * l.y_size);
        ref_visit(&l.d, add_product, &s);
        ohm_crossbar_forward(l.y, l.x, &l.bar, &l.d, l.scratch, (struct ohm_exec){1, OHM_ISA_BEST});
        for (size_t k = 0; k < l.y_size; k++)
            check_output(&l, s.sum, k);
        ohm_free(s.sum);
        drop(&l);
    }
}

static void bits_of_noisy_tiles_do_not_depend_on_threads_or_instruction_set(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(22);

    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        struct ohm_exec exec;
        struct layer l;
        int turn = 0;

        make(&l, random_shape(&rng, i), i, &rng);
        l.bar.noise = 0.7f;
        while (next_exec(&exec, &turn)) {
            float *y = turn == 1 ? l.first : l.y;

            memset(l.scratch, 0x55, largest_scratch(&l.d) * sizeof(float));
            ohm_crossbar_forward(y, l.x, &l.bar, &l.d, l.scratch, exec);
            assert_same_bits(y, l.first, l.y_size, exec);
        }
        drop(&l);
    }
}

/* Levels so small that nothing is rounded to speak of; no weights: the output is the noise. */
static void noise_on_sums_has_its_deviation_and_differs_from_image_to_image(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(23);
    const struct ohm_exec exec = {1, OHM_ISA_BEST};
    struct layer l;
    double squares = 0;

    (void)state;
    make(&l, (struct ohm_conv2d){4, 32, 32, 3, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 4, &rng);
    memset(l.packed, 0, ohm_crossbar_packed(&l.d, l.row, l.bar.tiles) * sizeof(float));
    memset(l.bias, 0, (size_t)l.width * sizeof(float));
    for (int k = 0; k < 2 * l.bar.tiles * l.width; k++)
        l.level[k] = 1;
    l.bar.noise = 0.5f;
    ohm_crossbar_forward(l.y, l.x, &l.bar, &l.d, l.scratch, exec);
    for (size_t k = 0; k < l.y_size; k++)
        squares += (double)l.y[k] * l.y[k];
    /* the pool's own spread, of few numbers, is off by some per cent */
    assert_near(sqrt(squares / (double)l.y_size / l.bar.tiles), 0.5, 0.05);
    assert_memory_not_equal(l.y, l.y + l.y_size / 4, l.y_size / 4 * sizeof(float));
    drop(&l);
}

static void backward_weights_see_what_the_dac_gave(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(24);

    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        struct ohm_exec exec;
        struct layer l;
        float *dw[2];
        int turn = 0;

        make(&l, random_shape(&rng, i), i, &rng);
        dw[0] = floats(l.w_size);
        dw[1] = floats(l.w_size);
        ohm_conv2d_backward_weights(dw[0], l.x_dac, l.dy, &l.d, l.scratch, (struct ohm_exec){1, OHM_ISA_BEST});
        while (next_exec(&exec, &turn)) {
            ohm_crossbar_backward_weights(dw[1], l.x, l.dy, &l.d, l.bar.dac, l.scratch, exec);
            assert_same_bits(dw[1], dw[0], l.w_size, exec);
        }
        ohm_free(dw[0]);
        ohm_free(dw[1]);
        drop(&l);
    }
}

static void check_parts(const struct layer *l, const struct ohm_range_part *part, const float *dx, float range)
{
    const size_t image = l->x_size / (size_t)l->d.n;

    for (int n = 0; n < l->d.n; n++) {
        double grad = 0, size = 0;
        int64_t outside = 0;

        for (size_t k = n * image; k < (n + 1) * image; k++) {
            const double change = l->x[k] >= range ? fmin(dx[k], 0) : l->x[k] <= -range ? -fmax(dx[k], 0) : 0;

            grad += change;
            size += fabs(change);
            outside += fabsf(l->x[k]) >= range;
        }
        assert_near(part[n].grad, grad, 1e-5 * size + 1e-12);
        assert_int_equal(part[n].outside, outside);
    }
}

static void the_range_learns_from_what_lies_outside(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(25);

    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        struct ohm_exec exec;
        struct layer l;
        struct ohm_range_part part[2][70];
        float *dx[2], *packed;
        int turn = 0;

        make(&l, random_shape(&rng, i), i, &rng);
        dx[0] = floats(l.x_size);
        dx[1] = floats(l.x_size);
        packed = floats(ohm_conv2d_packed(&l.d, OHM_BACKWARD_DATA));
        ohm_conv2d_pack(packed, l.w, &l.d, OHM_BACKWARD_DATA);
        ohm_conv2d_backward_data(dx[0], l.dy, packed, &l.d, l.scratch, (struct ohm_exec){1, OHM_ISA_BEST});
        while (next_exec(&exec, &turn)) {
            ohm_crossbar_backward_data(dx[1], part[turn > 1], l.dy, packed, l.x, 0.8f, &l.d, l.scratch, exec);
            assert_same_bits(dx[1], dx[0], l.x_size, exec);
            check_parts(&l, part[turn > 1], dx[0], 0.8f);
            assert_memory_equal(part[turn > 1], part[0], (size_t)l.d.n * sizeof(part[0][0]));
        }
        ohm_free(dx[0]);
        ohm_free(dx[1]);
        ohm_free(packed);
        drop(&l);
    }
}

/* ---- numbers ---- */

enum { MOST = 300 };

static void check_numbers(const float *x, int n, struct ohm_exec exec)
{
    struct ohm_moments m = {0}, plain = {0};
    float y[MOST], z[MOST];
    const float c[3] = {0.1f, 0.5f, -0.25f};

    for (int i = 0; i < n; i++) {
        plain.sum += x[i];
        plain.squares += (double)x[i] * x[i];
        plain.largest = fmaxf(plain.largest, fabsf(x[i]));
    }
    ohm_moments_add(&m, x, n, exec.isa);
    assert_near(m.sum, plain.sum, 1e-12 * MOST);
    assert_near(m.squares, plain.squares, 1e-12 * MOST);
    assert_near(m.largest, plain.largest, 0);
    memcpy(y, x, sizeof(y));
    ohm_limit(y, 0.6f, n, exec.isa);
    ohm_weight_noise(z, x, x + 1, n, 2, c, exec.isa);
    for (int i = 0; i < n; i++) {
        const double share = fabs((double)x[i]) / 2;

        assert_near(y[i], fminf(fmaxf(x[i], -0.6f), 0.6f), 0);
        assert_near(z[i], x[i] + 2 * (0.1 + share * (0.5 - 0.25 * share)) * x[i + 1], 1e-5);
    }
    for (int i = n; i < MOST; i++)
        assert_near(y[i], x[i], 0); /* beyond n nothing is written */
}

static void sums_limits_and_weight_noise_agree_with_plain_loops(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(26);
    float x[MOST + 1];
    struct ohm_exec exec;

    (void)state;
    fill_random(x, MOST + 1, &rng);
    for (int n = 0; n < MOST; n += 1 + n / 20)
        for (int turn = 0; next_exec(&exec, &turn);)
            check_numbers(x, n, exec);
}

/* Block b of 64 numbers has the words of counters 16 b ... 16 b + 15, which a stream gives four at a time. */
static void normal_numbers_are_those_of_the_stream(void **state)
{
    enum { N = 1000 };
    const struct ohm_rng stream = ohm_rng_child(&(struct ohm_rng){.key = 5}, 9);
    struct ohm_rng drawn = stream;
    uint32_t word[(N + 63) / 64 * 64];
    float x[2][N];
    struct ohm_exec exec;

    (void)state;
    for (int i = 0; i < (int)(sizeof word / sizeof *word); i++)
        word[i / 64 * 64 + i % 4 * 16 + i % 64 / 4] = ohm_rng_u32(&drawn);
    for (int turn = 0; next_exec(&exec, &turn);) {
        float *got = x[turn > 1];

        ohm_normals(got, N, &stream, exec.isa);
        assert_same_bits(got, x[0], N, exec);
        for (int i = 0; i < N; i++) {
            const uint32_t u = word[i / 32 % 2 ? i - 32 : i], angle = word[i / 32 % 2 ? i : i + 32];
            const double radius = sqrt(-2 * log(((u >> 8) + 1) * 0x1p-24));
            const double turned = (angle >> 8) * 0x1p-24 * 6.283185307179586476925;

            assert_near(got[i], radius * (i / 32 % 2 ? sin(turned) : cos(turned)), 2e-6);
        }
    }
}

static void normal_numbers_are_normal(void **state)
{
    enum { N = 200000 };
    const struct ohm_rng stream = ohm_rng_seed(31);
    float *x = floats(N);
    double sum[5] = {0};
    int beyond = 0;

    (void)state;
    ohm_normals(x, N, &stream, OHM_ISA_BEST);
    for (int i = 0; i < N; i++) {
        for (int k = 1; k < 5; k++)
            sum[k] += pow(x[i], k);
        beyond += fabsf(x[i]) > 1.959964f;
    }
    /* moments 0, 1, 0, 3 and 5 % beyond, within four standard errors: their variances are 1, 2, 15, 96 and 0.0475 */
    assert_near(sum[1] / N, 0, 4 / sqrt(N));
    assert_near(sum[2] / N, 1, 4 * sqrt(2.0 / N));
    assert_near(sum[3] / N, 0, 4 * sqrt(15.0 / N));
    assert_near(sum[4] / N, 3, 4 * sqrt(96.0 / N));
    assert_near((double)beyond / N, 0.05, 4 * sqrt(0.0475 / N));
    ohm_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_with_converters_agree_with_plain_loops),
        cmocka_unit_test(bits_of_noisy_tiles_do_not_depend_on_threads_or_instruction_set),
        cmocka_unit_test(noise_on_sums_has_its_deviation_and_differs_from_image_to_image),
        cmocka_unit_test(backward_weights_see_what_the_dac_gave),
        cmocka_unit_test(the_range_learns_from_what_lies_outside),
        cmocka_unit_test(sums_limits_and_weight_noise_agree_with_plain_loops),
        cmocka_unit_test(normal_numbers_are_those_of_the_stream),
        cmocka_unit_test(normal_numbers_are_normal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
