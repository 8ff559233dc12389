/* test_norm.c - batch norm and sums over channels. */
#include "ops_ref.h"

struct bn_case {
    struct ohm_bn d;
    size_t n;
    float *x, *dy, *gamma, *beta;
    float *y, *dx, *mean, *var, *dgamma, *dbeta; /* of the kernels; dx may stand in for dy */
};

static const struct ohm_exec one = {.jobs = 1};

static void case_init(struct bn_case *t, int64_t pixels, int c, struct ohm_rng *rng)
{
    *t = (struct bn_case){.d = {.pixels = pixels, .c = c, .eps = 1e-3f}, .n = (size_t)pixels * c};
    t->x = floats(t->n);
    t->dy = floats(t->n);
    t->y = floats(t->n);
    t->dx = floats(t->n);
    t->gamma = floats(c);
    t->beta = floats(c);
    t->mean = floats(c);
    t->var = floats(c);
    t->dgamma = floats(c);
    t->dbeta = floats(c);
    fill_random(t->x, t->n, rng);
    fill_random(t->dy, t->n, rng);
    fill_random(t->gamma, c, rng);
    fill_random(t->beta, c, rng);
    for (size_t i = 0; i < t->n; i++)
        t->x[i] += 3; /* a mean that is large beside the spread */
}

static void case_release(struct bn_case *t)
{
    void *const all[] = {t->x, t->dy, t->gamma, t->beta, t->y, t->dx, t->mean, t->var, t->dgamma, t->dbeta};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ohm_free(all[i]);
}

static void run_case(struct bn_case *t, struct ohm_exec exec)
{
    const size_t size = ohm_bn_scratch(&t->d);
    float *scratch = floats(size);

    memset(scratch, 0xff, size * sizeof *scratch);
    ohm_bn_statistics(t->mean, t->var, t->x, &t->d, scratch, exec);
    ohm_bn_forward(t->y, t->x, t->mean, t->var, t->gamma, t->beta, &t->d, exec);
    memcpy(t->dx, t->dy, t->n * sizeof *t->dx);
    ohm_bn_backward(t->dx, t->dgamma, t->dbeta, t->dx, t->x, t->d.relu ? t->y : NULL, t->mean, t->var, t->gamma, &t->d,
                    scratch, exec);
    ohm_free(scratch);
}

/* The loss sum of dy y of channel c, with y after ReLU where asked; fills y. With frozen statistics those of the case.
 */
static double ref_channel(const struct bn_case *t, int c, double *y)
{
    const int64_t m = t->d.pixels;
    double mean = 0, var = 0, loss = 0;

    for (int64_t p = 0; p < m; p++)
        mean += t->x[p * t->d.c + c] / (double)m;
    for (int64_t p = 0; p < m; p++)
        var += pow(t->x[p * t->d.c + c] - mean, 2) / (double)m;
    if (t->d.frozen) {
        mean = t->mean[c];
        var = t->var[c];
    }
    for (int64_t p = 0; p < m; p++) {
        const int64_t i = p * t->d.c + c;

        y[i] = t->gamma[c] * (t->x[i] - mean) / sqrt(var + t->d.eps) + t->beta[c];
        if (t->d.relu)
            y[i] = fmax(y[i], 0);
        loss += t->dy[i] * y[i];
    }
    return loss;
}

/* Central difference of the reference by *number, as near as the kinks of a ReLU allow. */
static double slope_of(const struct bn_case *t, int c, float *number, double *y)
{
    const float kept = *number, h = 1e-3f;
    double up, down, width;

    *number = kept + h;
    width = *number;
    up = ref_channel(t, c, y);
    *number = kept - h;
    width -= *number;
    down = ref_channel(t, c, y);
    *number = kept;
    return (up - down) / width;
}

static void check_case(struct bn_case *t, struct ohm_rng *rng)
{
    double *y = doubles(t->n);
    const int c = (int)ohm_rng_below(rng, (uint32_t)t->d.c);
    const double scale = sqrt((double)t->d.pixels) + fabs(t->dgamma[c]) + fabs(t->dbeta[c]);

    for (int i = 0; i < t->d.c; i++)
        ref_channel(t, i, y);
    assert_true(worst(t->y, y, t->n) < 2e-5);
    /* The loss is not smooth where a ReLU bends: those numbers are compared in the plain case. */
    if (!t->d.relu) {
        float *x = &t->x[(int64_t)ohm_rng_below(rng, (uint32_t)t->d.pixels) * t->d.c + c];
        const double spread = fabs(t->gamma[c]) / sqrt((double)t->var[c] + t->d.eps);

        assert_true(fabs(slope_of(t, c, &t->gamma[c], y) - t->dgamma[c]) < 1e-3 * scale);
        assert_true(fabs(slope_of(t, c, &t->beta[c], y) - t->dbeta[c]) < 1e-3 * scale);
        assert_true(fabs(slope_of(t, c, x, y) - t->dx[x - t->x]) < 1e-3 * (fabs(t->dx[x - t->x]) + spread));
    }
    ohm_free(y);
}

static void batch_norm_and_its_gradients_agree_with_the_reference(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(1);

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct bn_case t;

        case_init(&t, pick(&rng, 2, i % 10 ? 60 : 3000), i % 7 ? pick(&rng, 1, 70) : pick(&rng, 1, 5000 / 60), &rng);
        t.d.relu = i % 3 == 1;
        t.d.frozen = i % 5 == 2;
        run_case(&t, one);
        check_case(&t, &rng);
        case_release(&t);
    }
}

/* With the mask applied by hand, batch norm followed by ReLU is batch norm with the masked gradient. */
static void a_fused_relu_masks_the_gradient(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(2);
    struct bn_case a, b;

    (void)state;
    case_init(&a, 333, 19, &rng);
    rng = ohm_rng_seed(2);
    case_init(&b, 333, 19, &rng);
    a.d.relu = true;
    run_case(&a, one);
    for (size_t i = 0; i < b.n; i++)
        if (!(a.y[i] > 0))
            b.dy[i] = 0;
    run_case(&b, one);
    assert_same_bits(a.dx, b.dx, a.n, one);
    assert_same_bits(a.dgamma, b.dgamma, 19, one);
    assert_same_bits(a.dbeta, b.dbeta, 19, one);
    for (size_t i = 0; i < a.n; i++)
        assert_true(a.y[i] == (b.y[i] > 0 ? b.y[i] : 0));
    case_release(&a);
    case_release(&b);
}

static void bits_do_not_depend_on_threads_or_instruction_set(void **state)
{
    static const int shapes[][2] = {{1, 1},    {3, 5},     {7, 64},   {100, 3},   {65, 70}, {5000, 16},
                                    {900, 48}, {12, 2500}, {9, 2048}, {40, 5000}, {1, 300}};
    struct ohm_rng rng = ohm_rng_seed(3);

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int relu = 0; relu < 2; relu++) {
            struct bn_case a, b;
            struct ohm_exec exec;
            int way = 0;
            const struct ohm_rng kept = rng;

            case_init(&a, shapes[i][0], shapes[i][1], &rng);
            rng = kept;
            case_init(&b, shapes[i][0], shapes[i][1], &rng);
            a.d.relu = b.d.relu = relu;
            next_exec(&exec, &way);
            run_case(&a, exec);
            while (next_exec(&exec, &way)) {
                run_case(&b, exec);
                assert_same_bits(b.mean, a.mean, a.d.c, exec);
                assert_same_bits(b.var, a.var, a.d.c, exec);
                assert_same_bits(b.y, a.y, a.n, exec);
                assert_same_bits(b.dgamma, a.dgamma, a.d.c, exec);
                assert_same_bits(b.dbeta, a.dbeta, a.d.c, exec);
                assert_same_bits(b.dx, a.dx, a.n, exec);
            }
            case_release(&a);
            case_release(&b);
        }
}

static void wide_tensors_agree_with_the_reference(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(4);

    (void)state;
    for (int i = 0; i < 6; i++) {
        struct bn_case t;

        case_init(&t, 11, 1990 + 700 * i, &rng);
        run_case(&t, one);
        check_case(&t, &rng);
        case_release(&t);
    }
}

static void a_channel_sum_is_the_sum(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(5);

    (void)state;
    for (int i = 0; i < 100; i++) {
        const int pixels = pick(&rng, 1, 200), c = pick(&rng, 1, 100);
        float *x = floats((size_t)pixels * c), *sum = floats(c), *other = floats(c);
        float *scratch = floats(ohm_channel_sum_scratch(c));
        double *ref = doubles(c);
        struct ohm_exec exec;
        int way = 0;

        fill_random(x, (size_t)pixels * c, &rng);
        for (int k = 0; k < pixels * c; k++)
            ref[k % c] += x[k];
        ohm_channel_sum(sum, x, pixels, c, scratch, one);
        assert_true(worst(sum, ref, c) < 1e-6);
        while (next_exec(&exec, &way)) {
            ohm_channel_sum(other, x, pixels, c, scratch, exec);
            assert_same_bits(other, sum, c, exec);
        }
        ohm_free(x);
        ohm_free(sum);
        ohm_free(other);
        ohm_free(scratch);
        ohm_free(ref);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_norm_and_its_gradients_agree_with_the_reference),
        cmocka_unit_test(a_fused_relu_masks_the_gradient),
        cmocka_unit_test(bits_do_not_depend_on_threads_or_instruction_set),
        cmocka_unit_test(wide_tensors_agree_with_the_reference),
        cmocka_unit_test(a_channel_sum_is_the_sum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
