/* Rules for input ranges: each on numbers whose answer is known. */
#include "validate_fixture.h"

enum { N = 40000 };

static float x[N];

static struct ohm_range_rule rule_of(const char *text)
{
    struct ohm_range_rule rule = {0};

    MUST(ohm_range_rule_parse(&rule, text, &must_err));
    return rule;
}

static double range_of(const char *text, int64_t dac_bits)
{
    const struct ohm_range_rule rule = rule_of(text);
    struct census s;
    float range;

    MUST(seen_init(&s, &must_err));
    seen_add(&s, x, N / 2);
    seen_add(&s, x + N / 2, N - N / 2);
    MUST(seen_range(&range, &s, &rule, dac_bits, &must_err));
    seen_release(&s);
    return (double)range;
}

static void fill_normal(bool relu)
{
    struct ohm_rng rng = ohm_rng_seed(8);

    for (int i = 0; i < N; i++) {
        const double z = 2 * ohm_rng_normal(&rng);

        x[i] = (float)(relu && z < 0 ? 0 : z);
    }
}

static void max_quantile_and_sigma_are_what_they_say(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++)
        x[i] = (float)(i % 2 ? i : -i) / N;
    assert_true(range_of("max", 8) == (N - 1) / (double)(float)N || fabs(range_of("max", 8) - 1) < 1e-4);
    assert_true(fabs(range_of("quantile:0.5", 8) - 0.5) < 0.5 / 64 && range_of("quantile:0.5", 8) >= 0.5);
    assert_true(fabs(range_of("quantile:0.9", 8) - 0.9) < 0.9 / 64);
    assert_true(fabs(range_of("trained", 8) - 1) < 1.0 / 64);
    fill_normal(false);
    assert_true(fabs(range_of("sigma:3", 8) - 6) < 0.1);
    assert_true(fabs(range_of("sigma:1", 0) - 2) < 0.03);
}

/* What the DAC makes of x, by itself. */
static double loss_of(double range, int64_t bits)
{
    const double levels = (1 << (bits - 1)) - 1;
    double sum = 0;

    for (int i = 0; i < N; i++) {
        const double v = fmin(fmax((double)x[i] / range, -1), 1), back = nearbyint(v * levels) / levels * range;

        sum += (back - (double)x[i]) * (back - (double)x[i]);
    }
    return sum / N;
}

/* Against a search with the DAC itself, 2 % at a time. */
static void mse_is_the_range_that_loses_least(void **state)
{
    static const int64_t bits[] = {3, 4, 6, 8};

    (void)state;
    for (int relu = 0; relu < 2; relu++)
        for (int i = 0; i < 4; i++) {
            double least = INFINITY, found;

            fill_normal(relu);
            found = range_of("mse", bits[i]);
            for (double r = 0.5; r < 12; r *= 1.02)
                least = fmin(least, loss_of(r, bits[i]));
            if (!(loss_of(found, bits[i]) < 1.05 * least))
                fail_msg("%d bits: %g loses %g, not %g", (int)bits[i], found, loss_of(found, bits[i]), least);
        }
    assert_true(range_of("mse", 0) == range_of("max", 8));
}

static void zeros_and_constants_have_a_range(void **state)
{
    static const char *const texts[] = {"trained", "max", "quantile:0.9", "sigma:3", "mse"};

    (void)state;
    for (int i = 0; i < 5; i++) {
        memset(x, 0, sizeof x);
        assert_true(range_of(texts[i], 8) == 1);
        for (int k = 0; k < N; k++)
            x[k] = 3;
        assert_true(range_of(texts[i], 8) > 0 && range_of(texts[i], 8) < 3.1);
    }
}

static void numbers_that_overflow_are_an_error(void **state)
{
    const struct ohm_range_rule rule = rule_of("max");
    const float huge = INFINITY;
    struct census s;
    float range;

    (void)state;
    MUST(seen_init(&s, &must_err));
    seen_add(&s, &huge, 1);
    assert_int_equal(seen_range(&range, &s, &rule, 8, NULL), OHM_EDATA);
    seen_release(&s);
}

static void rules_that_are_none_are_errors(void **state)
{
    static const char *const wrong[] = {"",         "maximum",    "max:1",   "quantile", "quantile:", "quantile:1.1",
                                        "sigma:-1", "quantile:0", "sigma:x", "mse:2",    "trained:1", "q"};
    struct ohm_range_rule rule = {0};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const enum ohm_status st = ohm_range_rule_parse(&rule, wrong[i], NULL);

        if (st != OHM_ECONFIG && st != OHM_ERANGE)
            fail_msg("'%s' is taken", wrong[i]);
    }
    assert_true(rule_of("quantile:0.999").kind == OHM_RANGES_QUANTILE && rule_of("quantile:0.999").value == 0.999);
}

static void a_rule_sets_the_ranges_of_all_layers_and_training_those_that_it_has_not(void **state)
{
    struct bench b;
    int found, layers = 0, first = -1;

    (void)state;
    set_up(&b, NULL);
    for (int i = 0; i < b.w.net->layers; i++)
        if (ohm_weights_of(&b.w, i, OHM_RANGE)) {
            *ohm_weights_of(&b.w, i, OHM_RANGE) = layers++ ? 123 : 0;
            first = first < 0 ? i : first;
        }
    MUST(find_ranges(&b.spec, &found, &must_err));
    assert_true(found == 1 && *ohm_weights_of(&b.w, first, OHM_RANGE) > 0);
    b.spec.ranges = rule_of("sigma:3");
    MUST(find_ranges(&b.spec, &found, &must_err));
    assert_int_equal(found, layers);
    for (int i = 0; i < b.w.net->layers; i++)
        if (ohm_weights_of(&b.w, i, OHM_RANGE))
            assert_true(*ohm_weights_of(&b.w, i, OHM_RANGE) < 100);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_quantile_and_sigma_are_what_they_say),
        cmocka_unit_test(mse_is_the_range_that_loses_least),
        cmocka_unit_test(zeros_and_constants_have_a_range),
        cmocka_unit_test(numbers_that_overflow_are_an_error),
        cmocka_unit_test(rules_that_are_none_are_errors),
        cmocka_unit_test(a_rule_sets_the_ranges_of_all_layers_and_training_those_that_it_has_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
