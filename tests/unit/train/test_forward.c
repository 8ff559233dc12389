/* Batch norms with statistics of their own: of a batch, or of the batches that went through. */
#include "train_fixture.h"

enum { N = 32, ANSWERS = N * 4 };

struct bench {
    struct ohm_net_builder b;
    struct ohm_weights w;
    struct ohm_forward *f;
    float factor; /* of every product; 0: the network's own */
};

/* The products of the network itself, times a factor, as hardware whose conductances have drifted gives them. */
static bool scaled(void *context, int layer, float *y, const float *x, int n)
{
    const struct bench *const t = context;
    const struct ohm_layer *const l = &t->w.net->layer[layer];
    const float *const weight = ohm_weights_of(&t->w, layer, OHM_WEIGHT);
    const int rows = l->k_h * l->k_w * l->in.c;

    if (!(t->factor > 0) || l->kind != OHM_CONV)
        return false;
    for (int i = 0; i < n; i++)
        for (int p = 0; p < l->out.h * l->out.w; p++)
            for (int c = 0; c < l->out.c; c++) {
                double sum = 0;

                for (int k = 0; k < rows; k++) {
                    const int iy = p / l->out.w * l->stride_h - l->pad_top + k / l->in.c / l->k_w;
                    const int ix = p % l->out.w * l->stride_w - l->pad_left + k / l->in.c % l->k_w;

                    if (iy >= 0 && iy < l->in.h && ix >= 0 && ix < l->in.w)
                        sum += (double)weight[c * rows + k] *
                               (double)x[((i * l->in.h + iy) * l->in.w + ix) * l->in.c + k % l->in.c];
                }
                y[(i * l->out.h * l->out.w + p) * l->out.c + c] = (float)sum * t->factor;
            }
    return true;
}

static void set_up(struct bench *t)
{
    const struct ohm_rng rng = ohm_rng_seed(5);

    *t = (struct bench){0};
    MUST(ohm_weights_init(&t->w, small_net(&t->b), &must_err));
    ohm_weights_draw(&t->w, &rng);
    MUST(ohm_forward_create(&t->f, &t->w, N, 1, scaled, t, &must_err));
}

static void tear_down(struct bench *t)
{
    ohm_forward_free(t->f);
    ohm_weights_release(&t->w);
    ohm_net_release(&t->b);
}

static void run(const struct bench *t, float *y, int first, int n)
{
    int32_t label[N];
    int number[N];
    double noise = 0.3;

    for (int i = 0; i < n; i++)
        number[i] = first + i;
    bars(&noise, ohm_forward_input(t->f), label, 0, number, n, NULL, 1, NULL);
    memcpy(y, ohm_forward_run(t->f, n), (size_t)n * 4 * sizeof *y);
}

static double distance(const float *a, const float *b)
{
    double most = 0;

    for (int i = 0; i < ANSWERS; i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

static void statistics(const struct bench *t, enum ohm_bn_source source)
{
    MUST(ohm_forward_statistics(t->f, source, &must_err));
}

/* The running statistics of a training step whose share of them is 1 are those of its batch. */
static void collected_statistics_are_those_that_training_would_keep(void **state)
{
    struct bench t;
    struct ohm_tape *tape = NULL;
    float collected[ANSWERS], kept[ANSWERS];
    int32_t label[N];
    int number[N];
    double noise = 0.3;

    (void)state;
    set_up(&t);
    statistics(&t, OHM_BN_OF_BATCH);
    run(&t, collected, 0, N);
    statistics(&t, OHM_BN_COLLECTED);
    run(&t, collected, 0, N);
    for (int i = 0; i < N; i++)
        number[i] = i;
    MUST(ohm_tape_create(&tape, &t.w, NULL, N, true, 1, &must_err));
    bars(&noise, ohm_tape_input(tape), label, 0, number, N, NULL, 1, NULL);
    ohm_tape_pack(tape);
    tape->momentum = 1;
    ohm_tape_forward(tape, N); /* into t.w */
    ohm_tape_free(tape);
    statistics(&t, OHM_BN_OF_WEIGHTS);
    run(&t, kept, 0, N);
    assert_true(distance(collected, kept) < 1e-4);
    tear_down(&t);
}

static void the_weights_are_not_touched_and_collecting_begins_anew(void **state)
{
    struct bench t;
    float before[ANSWERS], first[ANSWERS], again[ANSWERS], after[ANSWERS], *keep;

    (void)state;
    set_up(&t);
    keep = ohm_alloc(t.w.count, sizeof *keep);
    memcpy(keep, t.w.value, t.w.count * sizeof *keep);
    run(&t, before, 0, N);
    statistics(&t, OHM_BN_OF_BATCH);
    run(&t, first, 0, N);
    statistics(&t, OHM_BN_COLLECTED);
    run(&t, first, 0, N);
    assert_true(distance(first, before) > 0.01);
    statistics(&t, OHM_BN_OF_BATCH);
    run(&t, again, 500, N);
    statistics(&t, OHM_BN_OF_BATCH); /* what came so far is forgotten */
    run(&t, again, 0, N);
    statistics(&t, OHM_BN_COLLECTED);
    run(&t, again, 0, N);
    assert_memory_equal(first, again, sizeof first);
    statistics(&t, OHM_BN_OF_WEIGHTS);
    run(&t, after, 0, N);
    assert_memory_equal(before, after, sizeof before);
    assert_memory_equal(keep, t.w.value, t.w.count * sizeof *keep);
    ohm_free(keep);
    tear_down(&t);
}

static void batches_count_by_their_images(void **state)
{
    struct bench t;
    float twice[ANSWERS], thrice[ANSWERS], y[ANSWERS];

    (void)state;
    set_up(&t);
    statistics(&t, OHM_BN_OF_BATCH);
    run(&t, y, 0, N);
    run(&t, y, 100, N / 2);
    statistics(&t, OHM_BN_COLLECTED);
    run(&t, twice, 0, N);
    statistics(&t, OHM_BN_OF_BATCH);
    run(&t, y, 100, N / 2);
    run(&t, y, 0, N);
    statistics(&t, OHM_BN_COLLECTED);
    run(&t, thrice, 0, N);
    assert_true(distance(twice, thrice) < 1e-4); /* in any order */
    statistics(&t, OHM_BN_OF_BATCH);
    run(&t, y, 0, N / 2);
    run(&t, y, 100, N / 2);
    statistics(&t, OHM_BN_COLLECTED);
    run(&t, thrice, 0, N);
    assert_true(distance(twice, thrice) > 1e-3);
    tear_down(&t);
}

/* Every product at 0.8 of what it should be: the answers are wrong until batch norms see what comes. */
static void sums_that_shrank_are_made_good(void **state)
{
    struct bench t;
    float right[ANSWERS], wrong[ANSWERS], regained[ANSWERS];

    (void)state;
    set_up(&t);
    statistics(&t, OHM_BN_OF_BATCH);
    run(&t, right, 0, N);
    statistics(&t, OHM_BN_COLLECTED);
    run(&t, right, 0, N);
    t.factor = 0.8F;
    run(&t, wrong, 0, N);
    statistics(&t, OHM_BN_OF_BATCH);
    run(&t, regained, 0, N);
    statistics(&t, OHM_BN_COLLECTED);
    run(&t, regained, 0, N);
    assert_true(distance(right, wrong) > 0.1);
    assert_true(distance(right, regained) < 1e-3); /* the epsilon of the variance is left */
    tear_down(&t);
}

static void an_allocation_may_fail(void **state)
{
    struct bench t;

    (void)state;
    set_up(&t);
    for (int i = 1; i <= 4; i++) {
        ohm_mem_fail_at(i);
        assert_int_equal(ohm_forward_statistics(t.f, OHM_BN_OF_BATCH, NULL), OHM_ENOMEM);
        ohm_mem_fail_at(0);
        ohm_forward_free(t.f);
        MUST(ohm_forward_create(&t.f, &t.w, N, 1, scaled, &t, &must_err));
    }
    statistics(&t, OHM_BN_OF_BATCH);
    tear_down(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(collected_statistics_are_those_that_training_would_keep),
        cmocka_unit_test(the_weights_are_not_touched_and_collecting_begins_anew),
        cmocka_unit_test(batches_count_by_their_images),
        cmocka_unit_test(sums_that_shrank_are_made_good),
        cmocka_unit_test(an_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
