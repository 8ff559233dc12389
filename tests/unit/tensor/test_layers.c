/* test_layers.c - pooling, elementwise layers, moves of channels and pixels, and the loss. */
#include "ops_ref.h"

static const struct ohm_exec one = {.jobs = 1};

static struct ohm_pool random_pool(struct ohm_rng *rng)
{
    struct ohm_pool d = {.n = pick(rng, 1, 4),
                         .h = pick(rng, 1, 9),
                         .w = pick(rng, 1, 9),
                         .c = pick(rng, 1, 40),
                         .k_h = pick(rng, 1, 4),
                         .k_w = pick(rng, 1, 4),
                         .stride_h = pick(rng, 1, 3),
                         .stride_w = pick(rng, 1, 3),
                         .count_include_pad = pick(rng, 0, 1)};

    do {
        d.pad_top = pick(rng, 0, d.k_h - 1);
        d.pad_bottom = pick(rng, 0, d.k_h - 1);
        d.pad_left = pick(rng, 0, d.k_w - 1);
        d.pad_right = pick(rng, 0, d.k_w - 1);
    } while (d.h + d.pad_top + d.pad_bottom < d.k_h || d.w + d.pad_left + d.pad_right < d.k_w);
    return d;
}

/* One output of a pool, and where its gradient goes when dx is given. */
static double ref_window(const struct ohm_pool *d, const float *x, int n, int i, int j, int c, bool max, double dy,
                         double *dx)
{
    const int top = i * d->stride_h - d->pad_top, left = j * d->stride_w - d->pad_left;
    double sum = 0, most = -INFINITY;
    size_t at[16], best = 0;
    int count = 0;

    for (int y = top; y < top + d->k_h; y++)
        for (int v = left; v < left + d->k_w; v++)
            if (y >= 0 && y < d->h && v >= 0 && v < d->w) {
                at[count] = (size_t)((n * d->h + y) * d->w + v) * d->c + c;
                if (x[at[count]] > most)
                    best = at[count];
                most = fmax(most, x[at[count]]);
                sum += x[at[count++]];
            }
    if (max) {
        dx[best] += dy;
        return most;
    }
    for (int k = 0; k < count; k++)
        dx[at[k]] += dy / (d->count_include_pad ? d->k_h * d->k_w : count);
    return sum / (d->count_include_pad ? d->k_h * d->k_w : count);
}

static void run_pool(const struct ohm_pool *d, bool max, float *y, float *dx, const float *x, const float *dy,
                     struct ohm_exec exec)
{
    if (max) {
        ohm_max_pool_forward(y, x, d, exec);
        ohm_max_pool_backward(dx, dy, x, d, exec);
    } else {
        ohm_avg_pool_forward(y, x, d, exec);
        ohm_avg_pool_backward(dx, dy, d, exec);
    }
}

static void pools_agree_with_the_reference_and_keep_their_bits(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(1);

    (void)state;
    for (int i = 0; i < 300; i++) {
        const struct ohm_pool d =
            i % 9 ? random_pool(&rng) : ohm_pool_global(3, pick(&rng, 1, 4), pick(&rng, 1, 4), 21);
        const int out_h = ohm_pool_out_h(&d), out_w = ohm_pool_out_w(&d);
        const size_t x_size = (size_t)d.n * d.h * d.w * d.c, y_size = (size_t)d.n * out_h * out_w * d.c;
        float *x = floats(x_size), *dx = floats(x_size), *dx2 = floats(x_size);
        float *y = floats(y_size), *dy = floats(y_size), *y2 = floats(y_size);
        double *ref_y = doubles(y_size), *ref_dx = doubles(x_size);
        struct ohm_exec exec;
        int way = 0;
        size_t at = 0;

        fill_random(x, x_size, &rng);
        fill_random(dy, y_size, &rng);
        for (size_t k = 0; k < x_size; k += 3)
            x[k] = 0.5f; /* ties */
        for (int n = 0; n < d.n; n++)
            for (int r = 0; r < out_h * out_w; r++)
                for (int c = 0; c < d.c; c++, at++)
                    ref_y[at] = ref_window(&d, x, n, r / out_w, r % out_w, c, i % 2, dy[at], ref_dx);
        run_pool(&d, i % 2, y, dx, x, dy, one);
        assert_true(worst(y, ref_y, y_size) < 1e-6);
        assert_true(worst(dx, ref_dx, x_size) < 1e-6);
        while (next_exec(&exec, &way)) {
            run_pool(&d, i % 2, y2, dx2, x, dy, exec);
            assert_same_bits(y2, y, y_size, exec);
            assert_same_bits(dx2, dx, x_size, exec);
        }
        ohm_free(x);
        ohm_free(dx);
        ohm_free(dx2);
        ohm_free(y);
        ohm_free(dy);
        ohm_free(y2);
        ohm_free(ref_y);
        ohm_free(ref_dx);
    }
}

static void elementwise_layers_do_what_they_say(void **state)
{
    static const int sizes[] = {1, 7, 15, 16, 17, 1000, 40001};
    struct ohm_rng rng = ohm_rng_seed(2);

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int n = sizes[s];
        float *a = floats(n), *b = floats(n), *y = floats(n), *z = floats(n);
        struct ohm_exec exec;
        int way = 0;

        fill_random(a, n, &rng);
        fill_random(b, n, &rng);
        while (next_exec(&exec, &way)) {
            ohm_relu_forward(y, a, n, exec);
            ohm_relu_backward(z, b, y, n, exec);
            for (int i = 0; i < n; i++)
                assert_true(y[i] == (a[i] > 0 ? a[i] : 0) && z[i] == (a[i] > 0 ? b[i] : 0));
            ohm_add(y, a, b, n, exec);
            ohm_add_relu(z, a, b, n, exec);
            for (int i = 0; i < n; i++)
                assert_true(y[i] == a[i] + b[i] && z[i] == (y[i] > 0 ? y[i] : 0));
            memcpy(y, a, (size_t)n * sizeof *y);
            ohm_add_scaled(y, b, 0.3f, n, exec);
            for (int i = 0; i < n; i++)
                assert_true(y[i] == fmaf(b[i], 0.3f, a[i]));
        }
        ohm_free(a);
        ohm_free(b);
        ohm_free(y);
        ohm_free(z);
    }
}

static void channels_are_joined_and_parted_again(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(3);
    float a[6 * 3], b[6 * 5], joined[6 * 8], back[6 * 5];

    (void)state;
    fill_random(a, 18, &rng);
    fill_random(b, 30, &rng);
    ohm_copy_channels(joined, 8, 0, a, 3, 0, 3, 6, one);
    ohm_copy_channels(joined, 8, 3, b, 5, 0, 5, 6, one);
    for (int i = 0; i < 48; i++)
        assert_true(joined[i] == (i % 8 < 3 ? a[i / 8 * 3 + i % 8] : b[i / 8 * 5 + i % 8 - 3]));
    ohm_copy_channels(back, 5, 0, joined, 8, 3, 5, 6, one);
    assert_memory_equal(back, b, sizeof b);
}

static void a_shift_and_its_backward_are_adjoint(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(4);

    (void)state;
    for (int i = 0; i < 50; i++) {
        const int n = pick(&rng, 1, 3), h = pick(&rng, 1, 5), w = pick(&rng, 1, 5), c = pick(&rng, 1, 5);
        float x[375], y[375], dy[375], dx[375];
        double left = 0, right = 0;

        fill_random(x, 375, &rng);
        fill_random(dy, 375, &rng);
        ohm_shift_forward(y, x, n, h, w, c, one);
        ohm_shift_backward(dx, dy, n, h, w, c, one);
        for (int k = 0; k < n * h * w * c; k++) {
            const int row = k / c / w % h, col = k / c % w;

            assert_true(y[k] == (row + 1 < h && col + 1 < w ? x[k + (w + 1) * c] : 0));
            left += y[k] * (double)dy[k];
            right += x[k] * (double)dx[k];
        }
        assert_true(fabs(left - right) < 1e-9 * (1 + fabs(left)));
    }
}

static double ref_loss(const float *logits, const float *target, int n, int classes)
{
    double loss = 0;

    for (int i = 0; i < n; i++) {
        double sum = 0;

        for (int k = 0; k < classes; k++)
            sum += exp(logits[i * classes + k]);
        for (int k = 0; k < classes; k++)
            loss += target[i * classes + k] * (log(sum) - logits[i * classes + k]);
    }
    return loss;
}

static void the_loss_and_its_gradient_agree_with_the_reference(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(5);
    float logits[200], target[200], d[200];

    (void)state;
    for (int i = 0; i < 300; i++) {
        const int n = pick(&rng, 1, 10), classes = pick(&rng, 1, 20), at = (int)ohm_rng_below(&rng, n * classes);
        double loss, up, down, width;
        int32_t label[10];

        fill_random(logits, 200, &rng);
        for (int k = 0; k < 200; k++)
            logits[k] *= (float)(i % 20);
        for (int k = 0; k < n; k++)
            label[k] = (int32_t)ohm_rng_below(&rng, (uint32_t)classes);
        ohm_smooth_targets(target, label, n, classes, 0.1f);
        loss = ohm_softmax_cross_entropy(d, logits, target, n, classes, 2);
        assert_true(fabs(loss - ref_loss(logits, target, n, classes)) < 1e-10 * (1 + loss));
        logits[at] += 0.01f;
        width = logits[at];
        up = ref_loss(logits, target, n, classes);
        logits[at] -= 0.02f;
        width -= logits[at];
        down = ref_loss(logits, target, n, classes);
        assert_true(fabs((up - down) / width * 2 - d[at]) < 1e-3);
    }
}

static void huge_logits_give_finite_losses(void **state)
{
    const float logits[] = {3e38f, -3e38f, 0, -1e4f, 1e4f, 0}, target[] = {1, 0, 0, 0, 1, 0};
    float d[6], p[6];

    (void)state;
    assert_true(ohm_softmax_cross_entropy(d, logits, target, 2, 3, 1) == 0);
    ohm_softmax(p, logits, 2, 3, 0.5f);
    for (int i = 0; i < 6; i++)
        assert_true(d[i] == 0 && p[i] == target[i]);
}

static void a_softmax_sums_to_one_and_sharpens(void **state)
{
    const float logits[] = {0, 1, 2, 3};
    float soft[4], plain[4];
    double sum = 0;

    (void)state;
    ohm_softmax(soft, logits, 1, 4, 0.25f);
    ohm_softmax(plain, logits, 1, 4, 1);
    for (int k = 0; k < 4; k++) {
        sum += plain[k];
        assert_true(fabs(log(plain[k] / plain[0]) - k) < 1e-6 && fabs(log(soft[k] / soft[0]) - 0.25 * k) < 1e-6);
    }
    assert_true(fabs(sum - 1) < 1e-6);
}

static void targets_are_smoothed_and_hits_counted(void **state)
{
    const int32_t label[] = {2, 0};
    const float logits[] = {1, 5, 5, 0.5f, 0.4f, 0.5f};
    float target[6];

    (void)state;
    ohm_smooth_targets(target, label, 2, 3, 0.3f);
    for (int i = 0; i < 6; i++)
        assert_true(fabs(target[i] - (i == 2 || i == 3 ? 0.8 : 0.1)) < 1e-7);
    assert_int_equal(ohm_count_correct(logits, label, 2, 3), 1); /* of equals the first counts */
}

static void buffers_are_aligned_zeroed_and_may_fail(void **state)
{
    struct ohm_buffer b = {0};
    struct ohm_error err = {0};

    (void)state;
    for (size_t n = 0; n < 100; n++) {
        assert_int_equal(ohm_buffer_init(&b, n, &err), OHM_OK);
        assert_int_equal((uintptr_t)b.data % 64, 0);
        for (size_t i = 0; i < n; i++)
            assert_true(b.data[i] == 0);
        ohm_buffer_release(&b);
    }
    assert_int_equal(ohm_buffer_init(&b, SIZE_MAX / 2, &err), OHM_ENOMEM);
    ohm_mem_fail_at(1);
    assert_int_equal(ohm_buffer_init(&b, 10, &err), OHM_ENOMEM);
    ohm_mem_fail_at(0);
    assert_null(b.block);
    ohm_buffer_release(&b);
    assert_true(ohm_isa_present(ohm_isa_best()) && ohm_isa_present(OHM_ISA_BASE));
    assert_string_equal(ohm_isa_name(OHM_ISA_AVX2), "avx2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools_agree_with_the_reference_and_keep_their_bits),
        cmocka_unit_test(elementwise_layers_do_what_they_say),
        cmocka_unit_test(channels_are_joined_and_parted_again),
        cmocka_unit_test(a_shift_and_its_backward_are_adjoint),
        cmocka_unit_test(the_loss_and_its_gradient_agree_with_the_reference),
        cmocka_unit_test(huge_logits_give_finite_losses),
        cmocka_unit_test(a_softmax_sums_to_one_and_sharpens),
        cmocka_unit_test(targets_are_smoothed_and_hits_counted),
        cmocka_unit_test(buffers_are_aligned_zeroed_and_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
