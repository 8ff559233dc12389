/* Gradients of whole networks, and the analog layers against the plain ones. */
#include "train_fixture.h"

struct bench {
    struct ohm_net_builder b;
    struct ohm_weights w;
    struct ohm_tape *tape;
    int32_t label[8];
    float target[8 * 4], d_output[8 * 4];
    struct ohm_analog analog;
};

static double loss_of(struct bench *t)
{
    ohm_tape_pack(t->tape);
    ohm_tape_forward(t->tape, 8);
    return ohm_softmax_cross_entropy(t->d_output, ohm_tape_output(t->tape), t->target, 8, 4, 1);
}

static void set_up(struct bench *t, const struct ohm_net *net, const struct ohm_analog *analog)
{
    static const int number[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    const struct ohm_rng rng = ohm_rng_seed(5);
    double noise = 0.3;

    MUST(ohm_weights_init(&t->w, net, &must_err));
    ohm_weights_draw(&t->w, &rng);
    MUST(ohm_tape_create(&t->tape, &t->w, analog, 8, true, 1, &must_err));
    bars(&noise, ohm_tape_input(t->tape), t->label, 0, number, 8, NULL, 1, NULL);
    ohm_smooth_targets(t->target, t->label, 8, 4, 0.1f);
}

static void tear_down(struct bench *t)
{
    ohm_tape_free(t->tape);
    ohm_weights_release(&t->w);
    ohm_net_release(&t->b);
}

/* Central difference of the loss with parameter p moved along way, by h. */
static double slope_of(struct bench *t, const struct ohm_param *p, const float *keep, const float *way, double h)
{
    double side[2];

    for (int k = 0; k < 2; k++) {
        for (size_t i = p->first; i < p->first + p->count; i++)
            t->w.value[i] = keep[i] + (float)(k == 0 ? h : -h) * way[i];
        side[k] = loss_of(t);
    }
    memcpy(t->w.value + p->first, keep + p->first, p->count * sizeof(*keep));
    return (side[0] - side[1]) / (2 * h);
}

/* Along one random direction of each parameter. Where a step meets kinks of ReLUs its slope changes with the step:
 * that change is allowed on top of one part in a thousand. */
static void check_gradient(struct bench *t, double h)
{
    struct ohm_rng rng = ohm_rng_seed(9);
    float *keep = ohm_alloc(t->w.count, sizeof(*keep)), *way = ohm_alloc(t->w.count, sizeof(*way));

    loss_of(t);
    MUST(ohm_tape_backward(t->tape, t->d_output, &must_err));
    memcpy(keep, t->w.value, t->w.count * sizeof(*keep));
    for (int i = 0; i < t->w.params && t->w.param[i].first < t->w.trainable; i++) {
        const struct ohm_param *p = &t->w.param[i];
        double exact = 0, slope, allowed;

        for (size_t k = p->first; k < p->first + p->count; k++) {
            way[k] = (float)(ohm_rng_normal(&rng) / sqrt((double)p->count));
            exact += (double)way[k] * t->tape->grad.data[k];
        }
        slope = slope_of(t, p, keep, way, h);
        allowed = 1e-3 * fmax(fabs(exact), 1) + 2 * fabs(slope - slope_of(t, p, keep, way, 2 * h));
        if (fabs(slope - exact) > allowed || allowed > 0.1 * fmax(fabs(exact), 1))
            fail_msg("layer %d (%s), role %d: the gradient is %g, central differences say %g", p->layer,
                     ohm_layer_kind_name(t->w.net->layer[p->layer].kind), (int)p->role, exact, slope);
    }
    ohm_free(keep);
    ohm_free(way);
}

static void gradients_through_every_kind_of_layer_agree_with_central_differences(void **state)
{
    struct bench t = {0};

    (void)state;
    set_up(&t, every_kind(&t.b), NULL);
    check_gradient(&t, 2e-3);
    tear_down(&t);
}

/* Shifts the batch norms so far that every ReLU is plainly on or off, and stays so: a loss without kinks. Norms in
 * front of an add are shifted by more than what they are added to. */
static void away_from_kinks(struct bench *t)
{
    int norms = 0;

    for (int i = 0; i < t->w.net->layers; i++) {
        float *shift = t->w.net->layer[i].kind == OHM_BATCH_NORM ? ohm_weights_of(&t->w, i, OHM_SHIFT_BY) : NULL;

        for (int c = 0; shift && c < t->w.net->layer[i].out.c; c++)
            shift[c] = norms % 2 == 0 ? (c % 2 ? 6.0f : -6.0f) : (c / 2 % 2 ? 14.0f : -14.0f) * (float)(1 + norms);
        norms += shift != NULL;
    }
}

static void gradients_through_every_curve_and_product_agree_with_central_differences(void **state)
{
    struct bench t = {0};

    (void)state;
    set_up(&t, every_curve(&t.b), NULL);
    check_gradient(&t, 4e-3);
    tear_down(&t);
}

static void gradients_through_a_residual_network_agree_with_central_differences(void **state)
{
    struct bench t = {0};

    (void)state;
    set_up(&t, small_net(&t.b), NULL);
    away_from_kinks(&t);
    check_gradient(&t, 8e-3);
    tear_down(&t);
}

/* Without rounding, noise and clipping the tiles of a layer add up to the layer. */
static size_t memory_of_outputs(const struct ohm_tape *t)
{
    size_t sum = 0;

    for (int i = 0; i < t->net->layers; i++)
        sum += t->node[i].own.n;
    return sum;
}

static void outputs_that_share_memory_are_those_with_memory_of_their_own(void **state)
{
    const struct ohm_net *(*const make[])(struct ohm_net_builder *) = {every_kind, small_net, every_curve};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct bench t = {0};
        struct ohm_tape *shared = NULL;

        set_up(&t, make[i](&t.b), NULL);
        t.tape->training = false;
        MUST(ohm_tape_create(&shared, &t.w, NULL, 8, false, 1, &must_err));
        memcpy(ohm_tape_input(shared), ohm_tape_input(t.tape), sizeof(float) * 8 * 192);
        ohm_tape_pack(t.tape);
        ohm_tape_pack(shared);
        ohm_tape_forward(t.tape, 8);
        ohm_tape_forward(shared, 8);
        assert_memory_equal(ohm_tape_output(shared), ohm_tape_output(t.tape), sizeof(float) * 8 * 4);
        assert_true(memory_of_outputs(shared) < memory_of_outputs(t.tape) * 3 / 4);
        ohm_tape_free(shared);
        tear_down(&t);
    }
}

static void exact_tiles_give_the_digital_network(void **state)
{
    struct bench digital = {0}, analog = {0};

    (void)state;
    for (int rows = 7; rows <= 300; rows = rows * 3 + 1) {
        ohm_fields_default(ohm_analog_fields, &analog.analog);
        analog.analog.on = true;
        analog.analog.noise = OHM_NOISE_NONE;
        analog.analog.dac_bits = analog.analog.adc_bits = 0;
        analog.analog.output_noise = 0;
        analog.analog.tile_rows = rows;
        set_up(&digital, every_kind(&digital.b), NULL);
        set_up(&analog, every_kind(&analog.b), &analog.analog);
        loss_of(&digital);
        loss_of(&analog);
        for (int i = 0; i < 32; i++)
            assert_float_equal(ohm_tape_output(digital.tape)[i], ohm_tape_output(analog.tape)[i], 2e-4);
        check_gradient(&analog, 2e-3);
        tear_down(&digital);
        tear_down(&analog);
    }
}

static void converters_of_many_bits_come_near_the_digital_network(void **state)
{
    struct bench digital = {0}, analog = {0};
    double error[2] = {0, 0}, size = 0;

    (void)state;
    for (int k = 0; k < 2; k++) {
        ohm_fields_default(ohm_analog_fields, &analog.analog);
        analog.analog.on = true;
        analog.analog.noise = OHM_NOISE_NONE;
        analog.analog.dac_bits = k == 0 ? 16 : 8;
        analog.analog.adc_bits = k == 0 ? 16 : 8;
        analog.analog.output_noise = 0;
        analog.analog.range_sigma = 8;
        set_up(&digital, small_net(&digital.b), NULL);
        set_up(&analog, small_net(&analog.b), &analog.analog);
        loss_of(&digital);
        loss_of(&analog);
        size = 0;
        for (int i = 0; i < 32; i++) {
            error[k] += pow(ohm_tape_output(digital.tape)[i] - ohm_tape_output(analog.tape)[i], 2);
            size += pow(ohm_tape_output(digital.tape)[i], 2);
        }
        tear_down(&digital);
        tear_down(&analog);
    }
    assert_true(error[0] < 1e-4 * size);
    assert_true(error[1] > 10 * error[0]); /* eight bits are seen */
    assert_true(error[1] < 0.2 * size);
}

static void weight_noise_has_the_deviation_that_was_asked_for(void **state)
{
    struct bench t = {0};
    double sum = 0;
    size_t n = 0;

    (void)state;
    ohm_fields_default(ohm_analog_fields, &t.analog);
    t.analog.on = true;
    t.analog.noise_scale = 0.06;
    set_up(&t, small_net(&t.b), &t.analog);
    ohm_tape_pack(t.tape);
    for (int i = 0; i < t.w.net->layers; i++) {
        const struct ohm_unit *u = &t.tape->node[i];
        const float *w = ohm_layer_is_mvm(t.w.net->layer[i].kind) ? ohm_weights_of(&t.w, i, OHM_WEIGHT) : NULL;

        for (size_t k = 0; w && u->tiles == 1 && k < u->noisy.n; k++, n++)
            sum += pow((u->noisy.data[k] - w[k]) / u->scale.data[0], 2);
    }
    assert_true(n > 2000);
    /* four standard errors of a spread */
    assert_true(fabs(sqrt(sum / (double)n) - 0.06) < 4 * 0.06 / sqrt(2.0 * (double)n));
    tear_down(&t);
}

static void set_ranges(struct bench *t, float range)
{
    for (int i = 0; i < t->w.net->layers; i++)
        if (ohm_layer_is_mvm(t->w.net->layer[i].kind))
            *ohm_weights_of(&t->w, i, OHM_RANGE) = range;
    loss_of(t);
    MUST(ohm_tape_backward(t->tape, t->d_output, &must_err));
}

static void a_range_shrinks_when_nothing_reaches_it_and_follows_the_loss_when_much_does(void **state)
{
    struct bench t = {0};
    int inner = 0, moved = 0;

    (void)state;
    ohm_fields_default(ohm_analog_fields, &t.analog);
    t.analog.on = true;
    t.analog.range_batches = 1;
    set_up(&t, small_net(&t.b), &t.analog);
    t.tape->step = 1;
    set_ranges(&t, 1000);
    for (int i = 0; i < t.w.net->layers; i++) {
        const float grad = t.tape->range_grad.data[i];

        inner += grad > 0;
        assert_true(grad == 0 || grad == (float)t.analog.range_decay * 1000);
    }
    assert_int_equal(inner, 4); /* all but the one that reads the network's input */
    set_ranges(&t, 0.25f);
    for (int i = 0; i < t.w.net->layers; i++)
        moved += t.tape->range_grad.data[i] != 0 && t.tape->range_grad.data[i] != (float)(t.analog.range_decay * 0.25);
    assert_int_equal(moved, 4);
    tear_down(&t);
}

static void clipping_ends_weights_at_so_many_deviations(void **state)
{
    struct bench t = {0};
    double before = 0, after = 0;

    (void)state;
    ohm_fields_default(ohm_analog_fields, &t.analog);
    t.analog.clip_sigma = 1;
    set_up(&t, small_net(&t.b), NULL);
    for (size_t i = 0; i < t.w.trainable; i++)
        before = fmax(before, fabs((double)t.w.value[i]));
    for (int channel = 0; channel < 2; channel++) {
        t.analog.scale = channel ? OHM_SCALE_CHANNEL : OHM_SCALE_TILE;
        ohm_analog_clip(&t.w, &t.analog);
    }
    for (int i = 0; i < t.w.params; i++)
        for (size_t k = 0; k < t.w.param[i].count && t.w.param[i].role == OHM_WEIGHT; k++)
            after = fmax(after, fabs((double)t.w.value[t.w.param[i].first + k]));
    assert_true(after > 0 && after < before);
    tear_down(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_through_every_kind_of_layer_agree_with_central_differences),
        cmocka_unit_test(gradients_through_every_curve_and_product_agree_with_central_differences),
        cmocka_unit_test(gradients_through_a_residual_network_agree_with_central_differences),
        cmocka_unit_test(outputs_that_share_memory_are_those_with_memory_of_their_own),
        cmocka_unit_test(exact_tiles_give_the_digital_network),
        cmocka_unit_test(converters_of_many_bits_come_near_the_digital_network),
        cmocka_unit_test(weight_noise_has_the_deviation_that_was_asked_for),
        cmocka_unit_test(a_range_shrinks_when_nothing_reaches_it_and_follows_the_loss_when_much_does),
        cmocka_unit_test(clipping_ends_weights_at_so_many_deviations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
