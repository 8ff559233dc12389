/* test_conv.c - convolution: values, gradients, and bits. */
#include "ops_ref.h"

enum { SHAPES = 300 };

static int divisor(struct ohm_rng *rng, int n)
{
    int d;

    do
        d = pick(rng, 1, n);
    while (n % d);
    return d;
}

/* Shape i: dense, plain, grouped, depthwise, with a multiplier, pointwise; odd sizes, strides beyond the kernel,
 * paddings beyond the kernel; halved images, where only the first windows reach over an edge. */
static struct ohm_conv2d random_shape(struct ohm_rng *rng, int i)
{
    struct ohm_conv2d d = {.n = pick(rng, 1, 11),
                           .h = pick(rng, 1, 9),
                           .w = pick(rng, 1, 11),
                           .c_in = pick(rng, 1, 40),
                           .c_out = pick(rng, 1, 50),
                           .k_h = pick(rng, 1, 5),
                           .k_w = pick(rng, 1, 5),
                           .stride_h = pick(rng, 1, 3),
                           .stride_w = pick(rng, 1, 3),
                           .groups = 1};

    switch (i % 8) {
    case 0:
        return ohm_conv2d_dense(pick(rng, 1, 40), d.c_in, d.c_out);
    case 1:
        d.k_h = d.k_w = d.stride_h = d.stride_w = 1;
        return d;
    case 2:
        d.c_out = d.groups = d.c_in;
        break;
    case 3:
        d.groups = d.c_in = pick(rng, 2, 6);
        d.c_out = d.groups * pick(rng, 1, 4);
        break;
    case 4:
        d.groups = divisor(rng, d.c_in);
        d.c_out = d.groups * pick(rng, 1, 3);
        break;
    case 5:
        d.c_in = d.c_out = 16 * pick(rng, 1, 3);
        d.k_h = d.k_w = 3;
        break;
    case 6:
        d.n = pick(rng, 1, 3);
        d.h = 2 * pick(rng, 4, 16);
        d.w = 2 * pick(rng, 4, 16);
        d.c_in = 16;
        d.k_h = d.k_w = 3;
        d.stride_h = d.stride_w = 2;
        d.pad_top = d.pad_left = 1;
        d.pad_bottom = pick(rng, 0, 1);
        d.pad_right = pick(rng, 0, 1);
        return d;
    default:
        break;
    }
    draw_padding(rng, &d);
    return d;
}

struct conv_case {
    struct ohm_conv2d d;
    size_t x_size, y_size, w_size;
    float *x, *w, *dy, *bias;
    float *y, *dx, *dw; /* of the kernels */
    struct ref_conv ref;
};

static void case_init(struct conv_case *t, struct ohm_conv2d d, struct ohm_rng *rng)
{
    *t = (struct conv_case){.d = d};
    t->x_size = (size_t)d.n * d.h * d.w * d.c_in;
    t->y_size = (size_t)d.n * ohm_conv2d_out_h(&d) * ohm_conv2d_out_w(&d) * d.c_out;
    t->w_size = (size_t)d.c_out * d.k_h * d.k_w * (d.c_in / d.groups);
    t->x = floats(t->x_size);
    t->w = floats(t->w_size);
    t->dy = floats(t->y_size);
    t->bias = floats(d.c_out);
    t->y = floats(t->y_size);
    t->dx = floats(t->x_size);
    t->dw = floats(t->w_size);
    fill_random(t->x, t->x_size, rng);
    fill_random(t->w, t->w_size, rng);
    fill_random(t->dy, t->y_size, rng);
    fill_random(t->bias, d.c_out, rng);
    t->ref = (struct ref_conv){.y = doubles(t->y_size),
                               .dx = doubles(t->x_size),
                               .dw = doubles(t->w_size),
                               .chain = floats(t->y_size),
                               .x = t->x,
                               .dy = t->dy,
                               .w = t->w};
    for (size_t i = 0; i < t->y_size; i++)
        t->ref.y[i] = t->ref.chain[i] = t->bias[i % d.c_out];
    ref_visit(&d, ref_product, &t->ref);
}

static void case_release(struct conv_case *t)
{
    void *const all[] = {t->x, t->w, t->dy, t->bias, t->y, t->dx, t->dw, t->ref.y, t->ref.dx, t->ref.dw, t->ref.chain};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ohm_free(all[i]);
}

/* All three kernels; outputs and scratch begin as rubbish. */
static void run_case(const struct conv_case *t, float *y, float *dx, float *dw, struct ohm_exec exec)
{
    const struct ohm_conv2d *d = &t->d;

    memset(y, 0xff, t->y_size * sizeof *y);
    memset(dx, 0xff, t->x_size * sizeof *dx);
    memset(dw, 0xff, t->w_size * sizeof *dw);
    for (int pass = OHM_FORWARD; pass <= OHM_BACKWARD_WEIGHTS; pass++) {
        const size_t size = ohm_conv2d_scratch(d, pass, exec.jobs);
        float *scratch = floats(size), *packed = NULL;

        memset(scratch, 0xff, size * sizeof *scratch);
        if (pass != OHM_BACKWARD_WEIGHTS) {
            packed = floats(ohm_conv2d_packed(d, pass));
            ohm_conv2d_pack(packed, t->w, d, pass);
        }
        if (pass == OHM_FORWARD)
            ohm_conv2d_forward(y, t->x, packed, t->bias, d, scratch, exec);
        else if (pass == OHM_BACKWARD_DATA)
            ohm_conv2d_backward_data(dx, t->dy, packed, d, scratch, exec);
        else
            ohm_conv2d_backward_weights(dw, t->x, t->dy, d, scratch, exec);
        ohm_free(packed);
        ohm_free(scratch);
    }
}

static void expect(const char *what, double error, const struct ohm_conv2d *d)
{
    if (!(error <= 2e-5))
        fail_msg("%s off by %g: n %d, %d x %d x %d to %d, kernel %d x %d, stride %d %d, pads %d %d %d %d, groups %d",
                 what, error, d->n, d->h, d->w, d->c_in, d->c_out, d->k_h, d->k_w, d->stride_h, d->stride_w, d->pad_top,
                 d->pad_left, d->pad_bottom, d->pad_right, d->groups);
}

static void kernels_agree_with_the_reference_in_double(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(1);

    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        struct conv_case t;

        case_init(&t, random_shape(&rng, i), &rng);
        run_case(&t, t.y, t.dx, t.dw, (struct ohm_exec){.jobs = 1});
        expect("y", worst(t.y, t.ref.y, t.y_size), &t.d);
        expect("dx", worst(t.dx, t.ref.dx, t.x_size), &t.d);
        expect("dw", worst(t.dw, t.ref.dw, t.w_size), &t.d);
        case_release(&t);
    }
}

static void bits_do_not_depend_on_threads_or_instruction_set(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(2);

    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        struct ohm_exec exec;
        struct conv_case t;
        float *y, *dx, *dw;
        int way = 0;

        case_init(&t, random_shape(&rng, i), &rng);
        y = floats(t.y_size);
        dx = floats(t.x_size);
        dw = floats(t.w_size);
        next_exec(&exec, &way);
        run_case(&t, t.y, t.dx, t.dw, exec);
        while (next_exec(&exec, &way)) {
            run_case(&t, y, dx, dw, exec);
            assert_same_bits(y, t.y, t.y_size, exec);
            assert_same_bits(dx, t.dx, t.x_size, exec);
            assert_same_bits(dw, t.dw, t.w_size, exec);
        }
        ohm_free(y);
        ohm_free(dx);
        ohm_free(dw);
        case_release(&t);
    }
}

static void an_output_is_one_chain_of_fused_multiply_adds(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(3);

    (void)state;
    for (int i = 0; i < 64; i++) {
        struct conv_case t;

        case_init(&t, random_shape(&rng, i), &rng);
        run_case(&t, t.y, t.dx, t.dw, (struct ohm_exec){.jobs = 1});
        assert_same_bits(t.y, t.ref.chain, t.y_size, (struct ohm_exec){.jobs = 1});
        case_release(&t);
    }
}

/* sum of dy y, in double, with number `at` of x (or of w) moved by h */
static double moved_loss(struct conv_case *t, float *number, double h)
{
    const float kept = *number;
    double loss = 0;

    *number = (float)(kept + h);
    for (size_t i = 0; i < t->y_size; i++)
        t->ref.y[i] = t->bias[i % t->d.c_out];
    ref_visit(&t->d, ref_product, &t->ref);
    for (size_t i = 0; i < t->y_size; i++)
        loss += t->dy[i] * t->ref.y[i];
    *number = kept;
    return loss;
}

static void check_difference(struct conv_case *t, float *number, double gradient, double scale)
{
    const float up = *number + 0.5f, down = *number - 0.5f;
    const double slope = (moved_loss(t, number, 0.5) - moved_loss(t, number, -0.5)) / ((double)up - down);

    expect("gradient against central differences", fabs(slope - gradient) / scale, &t->d);
}

static double largest_of(const float *a, size_t n)
{
    double most = 1e-3;

    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(a[i]));
    return most;
}

static void gradients_agree_with_central_differences(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(4);

    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        struct ohm_conv2d d = random_shape(&rng, i);
        struct conv_case t;

        d.n = d.n > 2 ? 2 : d.n;
        case_init(&t, d, &rng);
        run_case(&t, t.y, t.dx, t.dw, (struct ohm_exec){.jobs = 1});
        for (int k = 0; k < 2; k++) {
            const size_t x = ohm_rng_below(&rng, (uint32_t)t.x_size), w = ohm_rng_below(&rng, (uint32_t)t.w_size);

            check_difference(&t, &t.x[x], t.dx[x], largest_of(t.dx, t.x_size));
            check_difference(&t, &t.w[w], t.dw[w], largest_of(t.dw, t.w_size));
        }
        case_release(&t);
    }
}

static void parts_of_a_batch_give_the_bits_of_the_whole(void **state)
{
    const struct ohm_exec one = {.jobs = 1};
    struct ohm_rng rng = ohm_rng_seed(5);

    (void)state;
    for (int i = 0; i < 40; i++) {
        struct ohm_conv2d d = random_shape(&rng, i), part;
        struct conv_case t;
        float *packed, *scratch, *y;

        d.n = 5;
        part = d;
        case_init(&t, d, &rng);
        packed = floats(ohm_conv2d_packed(&d, OHM_FORWARD));
        scratch = floats(ohm_conv2d_scratch(&d, OHM_FORWARD, 1));
        y = floats(t.y_size);
        ohm_conv2d_pack(packed, t.w, &d, OHM_FORWARD);
        ohm_conv2d_forward(t.y, t.x, packed, t.bias, &d, scratch, one);
        for (int first = 0; first < 5; first += part.n) {
            part.n = first ? 3 : 2;
            ohm_conv2d_forward(y + t.y_size / 5 * first, t.x + t.x_size / 5 * first, packed, t.bias, &part, scratch,
                               one);
        }
        assert_same_bits(y, t.y, t.y_size, one);
        ohm_free(packed);
        ohm_free(scratch);
        ohm_free(y);
        case_release(&t);
    }
}

static void chunks_cover_a_batch_once(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 100; n++) {
        int64_t next = 0;

        for (int i = 0; i < OHM_CHUNKS; i++) {
            int64_t first, count = ohm_chunk(n, i, &first);

            assert_true(first == next || count == 0);
            assert_true(count <= n / OHM_CHUNKS + 1 && (count > 0) == (i < n));
            next = first + count;
        }
        assert_int_equal(next, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_agree_with_the_reference_in_double),
        cmocka_unit_test(bits_do_not_depend_on_threads_or_instruction_set),
        cmocka_unit_test(an_output_is_one_chain_of_fused_multiply_adds),
        cmocka_unit_test(gradients_agree_with_central_differences),
        cmocka_unit_test(parts_of_a_batch_give_the_bits_of_the_whole),
        cmocka_unit_test(chunks_cover_a_batch_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
