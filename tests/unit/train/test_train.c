/* The loop: that it learns, and that its bits do not depend on threads, stops or memory. */
#include "train_fixture.h"

static const char *temp_path(char *buffer, size_t n, const char *name)
{
    snprintf(buffer, n, "%s/ohm-train-%ld-%s", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (long)getpid(), name);
    unlink(buffer);
    return buffer;
}

struct job {
    struct ohm_net_builder b;
    struct ohm_samples samples;
    double noise;
    struct ohm_train_spec_net spec;
    struct ohm_weights w;
    struct ohm_train_result result;
};

static void set_up(struct job *j)
{
    j->noise = 0.3;
    j->samples = (struct ohm_samples){.context = &j->noise, .count = {64, 32}, .fill = bars};
    j->spec = (struct ohm_train_spec_net){
        .net = small_net(&j->b), .samples = &j->samples, .recipe = short_recipe(), .seed = 3, .jobs = 1};
    ohm_fields_default(ohm_analog_fields, &j->spec.analog);
    j->spec.analog.range_batches = 4;
    MUST(ohm_weights_init(&j->w, j->spec.net, &must_err));
}

static void tear_down(struct job *j)
{
    ohm_train_result_release(&j->result);
    ohm_weights_release(&j->w);
    ohm_net_release(&j->b);
}

static void same_weights(const struct ohm_weights *a, const struct ohm_weights *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->value, b->value, a->count * sizeof(*a->value));
}

static void a_small_set_is_learned_by_heart_with_either_optimizer(void **state)
{
    (void)state;
    for (int optimizer = 0; optimizer < 2; optimizer++) {
        struct job j = {0};

        set_up(&j);
        j.spec.recipe.epochs = 12;
        j.spec.recipe.optimizer = optimizer;
        j.spec.recipe.lr = optimizer == OHM_OPTIMIZER_ADAMW ? 0.005 : 0.05;
        j.samples.count[1] = 0;
        MUST(ohm_train_run(&j.w, &j.result, &j.spec, &must_err));
        assert_int_equal(j.result.epochs, 12);
        assert_int_equal(j.result.best, -1);
        assert_true(j.result.curve[11].loss < 0.2 && j.result.curve[11].loss < 0.2 * j.result.curve[0].loss);
        tear_down(&j);
    }
}

static void analog_training_learns_and_is_judged_on_noisy_weights(void **state)
{
    struct job j = {0};
    struct ohm_score_counts score = {0};

    (void)state;
    set_up(&j);
    j.spec.recipe.epochs = 12;
    j.spec.analog.on = true;
    MUST(ohm_train_run(&j.w, &j.result, &j.spec, &must_err));
    assert_true(j.result.curve[11].val_accuracy > 0.9);
    MUST(ohm_net_judge(&score, &j.w, &j.samples, &j.spec.analog, 1, 16, 1, &must_err));
    assert_int_equal(score.samples, 32);
    assert_true(score.correct >= 26 && score.low < score.high);
    tear_down(&j);
}

static void ranges_that_are_not_known_are_found_before_judging(void **state)
{
    struct job j = {0};
    struct ohm_score_counts digital = {0}, analog = {0};

    (void)state;
    set_up(&j);
    j.spec.recipe.epochs = 12;
    MUST(ohm_train_run(&j.w, &j.result, &j.spec, &must_err));
    j.spec.analog.on = true;
    j.spec.analog.noise = OHM_NOISE_NONE;
    MUST(ohm_net_judge(&digital, &j.w, &j.samples, NULL, 1, 16, 1, &must_err));
    MUST(ohm_net_judge(&analog, &j.w, &j.samples, &j.spec.analog, 1, 16, 1, &must_err));
    for (int i = 0; i < j.w.params; i++)
        if (j.w.param[i].role == OHM_RANGE)
            assert_true(j.w.value[j.w.param[i].first] > 0);
    assert_true(digital.correct >= 30 && analog.correct >= digital.correct - 3);
    tear_down(&j);
}

static void everything_on(struct job *j)
{
    j->spec.recipe.mixup = 0.2;
    j->spec.recipe.ema = 0.9;
    j->spec.recipe.label_smoothing = 0.1;
    j->spec.analog.on = true;
    j->spec.reestimate = 2;
}

static void one_and_two_threads_give_the_same_bytes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct job one = {0}, two = {0};

        set_up(&one);
        set_up(&two);
        if (kind == 1) {
            everything_on(&one);
            everything_on(&two);
        }
        two.spec.jobs = 2;
        MUST(ohm_train_run(&one.w, &one.result, &one.spec, &must_err));
        MUST(ohm_train_run(&two.w, &two.result, &two.spec, &must_err));
        same_weights(&one.w, &two.w);
        tear_down(&one);
        tear_down(&two);
    }
}

struct stopper {
    double noise;
    int64_t epoch, step;
};

static bool stop_there(void *context, const struct ohm_train_progress *p)
{
    const struct stopper *s = context;

    return p->epoch < s->epoch || p->step < s->step;
}

static void a_run_that_was_stopped_and_resumed_gives_the_same_bytes(void **state)
{
    char path[200];

    (void)state;
    for (int optimizer = 0; optimizer < 2; optimizer++) {
        struct job whole = {0}, parts = {0};
        struct stopper stop = {0.3, 2, 2};
        struct ohm_error err = {0};

        set_up(&whole);
        set_up(&parts);
        everything_on(&whole);
        everything_on(&parts);
        whole.spec.recipe.optimizer = parts.spec.recipe.optimizer = optimizer;
        parts.spec.checkpoint = temp_path(path, sizeof(path), "checkpoint");
        parts.spec.resume = true;
        parts.spec.progress = stop_there;
        parts.spec.context = &stop;
        MUST(ohm_train_run(&whole.w, &whole.result, &whole.spec, &must_err));
        assert_int_equal(ohm_train_run(&parts.w, &parts.result, &parts.spec, &err), OHM_EINTR); /* amid epoch 2 */
        stop = (struct stopper){0.3, 3, 4};
        assert_int_equal(ohm_train_run(&parts.w, &parts.result, &parts.spec, &err), OHM_EINTR); /* behind epoch 3 */
        parts.spec.progress = NULL;
        MUST(ohm_train_run(&parts.w, &parts.result, &parts.spec, &must_err));
        same_weights(&whole.w, &parts.w);
        assert_int_equal(parts.result.epochs, 4);
        assert_memory_equal(parts.result.curve, whole.result.curve, 4 * sizeof(*whole.result.curve));
        unlink(path);
        tear_down(&whole);
        tear_down(&parts);
    }
}

static void a_checkpoint_of_another_run_is_refused(void **state)
{
    struct job j = {0};
    struct ohm_error err = {0};
    char path[200];

    (void)state;
    set_up(&j);
    j.spec.recipe.epochs = 1;
    j.spec.checkpoint = temp_path(path, sizeof(path), "other");
    j.spec.resume = true;
    MUST(ohm_train_run(&j.w, &j.result, &j.spec, &must_err));
    ohm_train_result_release(&j.result);
    j.spec.seed++;
    assert_int_equal(ohm_train_run(&j.w, &j.result, &j.spec, &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "another network, recipe"));
    unlink(path);
    tear_down(&j);
}

static void patience_ends_a_run_that_gets_no_better(void **state)
{
    struct job j = {0};

    (void)state;
    set_up(&j);
    j.spec.recipe.epochs = 50;
    j.spec.recipe.patience = 2;
    j.spec.recipe.lr = 1e-9;
    j.spec.recipe.schedule = OHM_SCHEDULE_CONSTANT;
    j.spec.keep_best = true;
    MUST(ohm_train_run(&j.w, &j.result, &j.spec, &must_err));
    assert_true(j.result.epochs < 50);
    assert_true(j.result.best >= 0 && j.result.best <= j.result.epochs - 3);
    tear_down(&j);
}

static void a_loss_that_is_not_finite_ends_the_run_and_leaves_the_weights(void **state)
{
    struct job j = {0};
    struct ohm_error err = {0};
    float before;

    (void)state;
    set_up(&j);
    before = j.w.value[0];
    j.spec.recipe.lr = 1e30;
    assert_int_equal(ohm_train_run(&j.w, &j.result, &j.spec, &err), OHM_EFAIL);
    assert_non_null(strstr(err.text, "smaller lr"));
    assert_true(j.w.value[0] == before);
    tear_down(&j);
}

static void fine_tuning_with_the_digital_twin_keeps_its_accuracy(void **state)
{
    struct job j = {0};
    struct ohm_weights digital;

    (void)state;
    set_up(&j);
    j.spec.recipe.epochs = 12;
    MUST(ohm_train_run(&j.w, &j.result, &j.spec, &must_err));
    MUST(ohm_weights_init(&digital, j.spec.net, &must_err));
    memcpy(digital.value, j.w.value, j.w.count * sizeof(float));
    ohm_train_result_release(&j.result);
    j.spec.from = j.spec.teacher = &digital;
    j.spec.distill = 0.9;
    j.spec.temperature = 2;
    j.spec.analog.on = true;
    j.spec.recipe.epochs = 2;
    j.spec.recipe.lr = 0.005;
    MUST(ohm_train_run(&j.w, &j.result, &j.spec, &must_err));
    assert_true(j.result.curve[0].val_accuracy > 0.9); /* it did not begin anew */
    ohm_weights_release(&digital);
    tear_down(&j);
}

static void schedules_begin_and_end_where_they_should(void **state)
{
    struct ohm_recipe r = short_recipe();

    (void)state;
    r.lr = 1;
    r.lr_final = 0.01;
    r.epochs = 10;
    r.warmup_epochs = 2;
    r.schedule = OHM_SCHEDULE_COSINE;
    assert_true(ohm_learning_rate(&r, 0) < 0.02);
    assert_true(fabs(ohm_learning_rate(&r, 2) - 1) < 1e-12);
    assert_true(fabs(ohm_learning_rate(&r, 6) - 0.505) < 1e-12);
    assert_true(fabs(ohm_learning_rate(&r, 10) - 0.01) < 1e-12);
    r.schedule = OHM_SCHEDULE_ONECYCLE;
    assert_true(fabs(ohm_learning_rate(&r, 0) - 0.04) < 1e-12);
    assert_true(fabs(ohm_learning_rate(&r, 3) - 1) < 1e-12);
    assert_true(fabs(ohm_learning_rate(&r, 10) - 0.01) < 1e-12);
    r.schedule = OHM_SCHEDULE_STEP;
    r.warmup_epochs = 0;
    r.step_epochs = 4;
    r.step_factor = 0.1;
    assert_true(fabs(ohm_learning_rate(&r, 3.9) - 1) < 1e-12);
    assert_true(fabs(ohm_learning_rate(&r, 8) - 0.01) < 1e-12);
}

static void every_allocation_that_fails_is_an_error_and_no_leak(void **state)
{
    struct job j = {0};
    enum ohm_status st = OHM_ENOMEM;

    (void)state;
    set_up(&j);
    everything_on(&j);
    j.spec.recipe.epochs = 1;
    j.samples.count[0] = 16;
    for (long n = 1; st == OHM_ENOMEM && n < 2000; n++) {
        struct ohm_error err = {0};

        ohm_mem_fail_at(n);
        st = ohm_train_run(&j.w, &j.result, &j.spec, &err);
        ohm_mem_fail_at(0);
        if (st != OHM_OK)
            assert_int_equal(err.status, OHM_ENOMEM);
    }
    assert_int_equal(st, OHM_OK);
    tear_down(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_set_is_learned_by_heart_with_either_optimizer),
        cmocka_unit_test(analog_training_learns_and_is_judged_on_noisy_weights),
        cmocka_unit_test(ranges_that_are_not_known_are_found_before_judging),
        cmocka_unit_test(one_and_two_threads_give_the_same_bytes),
        cmocka_unit_test(a_run_that_was_stopped_and_resumed_gives_the_same_bytes),
        cmocka_unit_test(a_checkpoint_of_another_run_is_refused),
        cmocka_unit_test(patience_ends_a_run_that_gets_no_better),
        cmocka_unit_test(a_loss_that_is_not_finite_ends_the_run_and_leaves_the_weights),
        cmocka_unit_test(fine_tuning_with_the_digital_twin_keeps_its_accuracy),
        cmocka_unit_test(schedules_begin_and_end_where_they_should),
        cmocka_unit_test(every_allocation_that_fails_is_an_error_and_no_leak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
