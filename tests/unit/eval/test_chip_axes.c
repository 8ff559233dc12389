/* Axes of the chip: a candidate costs what it costs on the chip that its genes say, built by hand. */
#include "ohm/chip_axes.h"
#include "ohm/decode.h"
#include "ohm/eval.h"
#include "ohm/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct ohm_space *net_space;
static struct ohm_chip *chip;
static struct ohm_chip_use plain;

static int load(void **state)
{
    (void)state;
    ohm_fields_default(ohm_chip_use_fields, &plain);
    return ohm_space_load(&net_space, "searchspaces/nb201.yaml", NULL) != OHM_OK ||
           ohm_chip_load(&chip, "searchspaces/chips/hermes64.yaml", NULL) != OHM_OK;
}

static int release(void **state)
{
    (void)state;
    ohm_chip_free(chip);
    ohm_space_free(net_space);
    return 0;
}

static struct ohm_chip_axes *make(const struct ohm_chip_axis_text *text, int n, struct ohm_space **all)
{
    struct ohm_chip_axes *axes = NULL;
    struct ohm_error err = {0};
    struct ohm_str yaml = {0};

    if (ohm_chip_axes_create(&axes, chip, &plain, text, n, ohm_space_axes(net_space), NULL, &err) != OHM_OK)
        fail_msg("%s", err.text);
    ohm_chip_axes_yaml(axes, &yaml);
    assert_int_equal(ohm_space_extend(all, net_space, ohm_str_text(&yaml), NULL), OHM_OK);
    ohm_str_release(&yaml);
    return axes;
}

static double number_of(const struct ohm_chip *c, const char *key)
{
    struct ohm_chip_number n;
    int i;

    assert_int_equal(ohm_chip_find(c, key, &i, NULL), OHM_OK);
    assert_true(ohm_chip_number(c, i, &n));
    return n.value;
}

/* The chip that the values of g say, made without the code under test. */
static struct ohm_chip *by_hand(const struct ohm_space *all, const struct ohm_genotype *g, struct ohm_chip_use *use)
{
    static const char *const with_cores[] = {"energy.static_per_chip_mW", "area.chip_mm2", "area.gdpu_mm2"};
    const int first = ohm_space_axes(net_space);
    struct ohm_chip *c = NULL;
    double cores = 0;
    int k;

    assert_int_equal(ohm_chip_copy(&c, chip, NULL), OHM_OK);
    *use = plain;
    for (int i = first; i < ohm_space_axes(all); i++) {
        const struct ohm_axis *const axis = ohm_space_axis(all, i);

        if (strcmp(axis->name, "chip.cores") == 0)
            cores = axis->value[g->gene[i]];
        else
            assert_int_equal(ohm_field_set(ohm_chip_use_fields, use, axis->name + 5, axis->text[g->gene[i]], NULL),
                             OHM_OK);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ohm_chip_find(c, with_cores[i], &k, NULL), OHM_OK);
        assert_int_equal(ohm_chip_put(c, k, number_of(chip, with_cores[i]) * (cores / 64), NULL), OHM_OK);
    }
    assert_int_equal(ohm_chip_find(c, "array.cores", &k, NULL), OHM_OK);
    assert_int_equal(ohm_chip_put(c, k, cores, NULL), OHM_OK);
    return c;
}

static void a_candidate_costs_what_its_own_chip_says(void **state)
{
    static const struct ohm_chip_axis_text text[] = {{"cores", "16, 64,128"},
                                                     {"replicate", "off,on"},
                                                     {"periphery", "ldpu, nmpu"},
                                                     {"overlap", "off, on"},
                                                     {"schedule", "serial, pipelined"}};
    static const char *const objectives[] = {"energy_uJ"};
    enum { N = 200 };
    static struct ohm_genotype g[N];
    static struct ohm_evaluation one[N], two[N];
    struct ohm_space *all = NULL;
    struct ohm_chip_axes *axes = make(text, 5, &all);
    const struct ohm_evaluator_spec spec = {.space = all,
                                            .chip = chip,
                                            .use = plain,
                                            .chip_axes = axes,
                                            .objectives = objectives,
                                            .objective_count = 1,
                                            .jobs = 2};
    struct ohm_evaluator *e = NULL;
    struct ohm_net_builder builder = {0};
    struct ohm_rng rng = ohm_rng_seed(11);
    int pipelined = 0;

    (void)state;
    assert_int_equal(ohm_evaluator_create(&e, &spec, NULL), OHM_OK);
    for (int i = 0; i < N; i++)
        assert_int_equal(ohm_genotype_sample(all, &g[i], &rng, NULL), OHM_OK);
    assert_int_equal(ohm_evaluate(e, g, N, 1, one, NULL), OHM_OK);
    assert_int_equal(ohm_evaluate(e, g, N, 2, two, NULL), OHM_OK);
    for (int i = 0; i < N; i++) {
        const struct ohm_net *net;
        struct ohm_chip_use use;
        struct ohm_chip *c = by_hand(all, &g[i], &use);
        struct ohm_cost cost;

        assert_int_equal(ohm_decode(net_space, &g[i], &builder, &net, NULL), OHM_OK);
        assert_int_equal(ohm_cost_net(c, &use, net, &cost, NULL, NULL), OHM_OK);
        assert_true(one[i].metric[ohm_evaluator_find(e, "energy_uJ")] == cost.energy_uJ);
        assert_true(one[i].metric[ohm_evaluator_find(e, "interval_us")] == cost.interval_us);
        assert_true(one[i].metric[ohm_evaluator_find(e, "cores")] == (double)cost.cores);
        assert_true(one[i].metric[ohm_evaluator_find(e, "area_chips_mm2")] == cost.area_chips_mm2);
        assert_true(one[i].metric[ohm_evaluator_find(e, "chip_cores")] == (double)ohm_chip_cores(c));
        assert_true(one[i].metric[ohm_evaluator_find(e, "chip_periphery")] == use.periphery);
        assert_true(isnan(one[i].metric[ohm_evaluator_find(e, "chip_replicate")]) ==
                    (use.schedule == OHM_SCHEDULE_SERIAL));
        assert_memory_equal(one[i].metric, two[i].metric, (size_t)ohm_evaluator_metrics(e) * sizeof(double));
        pipelined += use.schedule == OHM_SCHEDULE_PIPELINED;
        ohm_chip_free(c);
    }
    assert_true(pipelined > 50 && pipelined < 150);
    ohm_net_release(&builder);
    ohm_evaluator_free(e);
    ohm_chip_axes_free(axes);
    ohm_space_free(all);
}

static void what_goes_with_a_size_is_scaled(void **state)
{
    static const struct ohm_chip_axis_text text[] = {{"cores", "32"}, {"clock_MHz", "200"}, {"periphery", "nmpu"}};
    struct ohm_chip_axes *axes = NULL;
    const struct ohm_chip *c;
    struct ohm_chip_use use;
    const struct ohm_genotype g = {{0}};

    (void)state;
    assert_int_equal(ohm_chip_axes_create(&axes, chip, &plain, text, 3, 6, NULL, NULL), OHM_OK);
    assert_int_equal(ohm_chip_axes_count(axes), 0); /* one value is no axis: the chip has it */
    ohm_chip_axes_pick(axes, &g, &c, &use);
    assert_int_equal(ohm_chip_cores(c), 32);
    assert_int_equal(ohm_chip_cores(chip), 64);
    assert_true(number_of(c, "energy.static_per_chip_mW") == number_of(chip, "energy.static_per_chip_mW") / 2);
    assert_true(number_of(c, "area.chip_mm2") == 72);
    assert_true(number_of(c, "energy.clock_per_core_mW") == number_of(chip, "energy.clock_per_core_mW") / 2);
    assert_int_equal(use.periphery, OHM_PERIPHERY_NMPU);
    ohm_chip_axes_free(axes);
}

static void a_larger_tile_costs_more_but_less_a_cell(void **state)
{
    static const struct ohm_chip_axis_text text[] = {{"rows", "256,512"}, {"cols", "256,512"}, {"cores", "64,32"}};
    struct ohm_chip_axes *axes = NULL;
    struct ohm_genotype g = {{0}};
    const struct ohm_chip *c;
    struct ohm_chip_use use;
    int64_t rows, cols;

    (void)state;
    assert_int_equal(ohm_chip_axes_create(&axes, chip, &plain, text, 3, 0, NULL, NULL), OHM_OK);
    ohm_chip_axes_pick(axes, &g, &c, &use);
    assert_true(ohm_chip_hash(c) == ohm_chip_hash(chip)); /* the first value of each is that of the file */
    g.gene[0] = 1;
    ohm_chip_axes_pick(axes, &g, &c, &use);
    ohm_chip_tile(c, &rows, &cols);
    assert_true(rows == 512 && cols == 256);
    /* (19.42 + 512 x 0.1292) / (19.42 + 256 x 0.1292) */
    assert_true(fabs(number_of(c, "energy.core_4_phase_nJ") / number_of(chip, "energy.core_4_phase_nJ") - 1.6301) <
                1e-4);
    assert_true(fabs(number_of(c, "area.core_mm2") - (1.392 + 0.635)) < 1e-12);
    assert_true(fabs(number_of(c, "area.chip_mm2") - (144 + 64 * 0.635)) < 1e-9);
    g.gene[0] = 0;
    g.gene[1] = 1;
    g.gene[2] = 1;
    ohm_chip_axes_pick(axes, &g, &c, &use);
    assert_true(number_of(c, "energy.core_1_phase_nJ") == 2 * number_of(chip, "energy.core_1_phase_nJ"));
    assert_true(fabs(number_of(c, "area.core_mm2") - 2 * 1.392) < 1e-12);
    assert_true(fabs(number_of(c, "area.chip_mm2") - (144 + 64 * 1.392) / 2) < 1e-9);
    ohm_chip_axes_free(axes);
}

static void what_is_no_axis_is_refused_with_its_reason(void **state)
{
    static const struct {
        struct ohm_chip_axis_text text;
        const char *reason;
    } bad[] = {
        {{"core", "16,32"}, "did you mean 'cores'"},
        {{"energy.output_pJ", "1,2"}, "can be an axis"},
        {{"static_by_cores", "off,on"}, "not how a chip is built"},
        {{"bits", "8,6"}, "has no parameter 'bits'"},
        {{"tiles", "8,6"}, "has no parameter 'tiles'"},
        {{"cores", "16,many"}, "not a number"},
        {{"cores", "16,1.5"}, "whole"},
        {{"cores", "0"}, "above 0"},
        {{"cores", "-4"}, "above 0"},
        {{"cores", "99999"}, "outside"},
        {{"cores", "16,16.0"}, "twice"},
        {{"cores", ""}, "missing"},
        {{"cores", "1,,2"}, "missing"},
        {{"clock_MHz", "400,500"}, "above the 400"},
        {{"periphery", "ldpu,cpu"}, "not one of"},
        {{"replicate", "off,on"}, "no effect"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct ohm_chip_axis_text text[] = {{"overlap", "off,on"}, bad[i].text};
        struct ohm_chip_axes *axes = NULL;
        struct ohm_error err = {0};
        int at = -1;

        assert_int_not_equal(ohm_chip_axes_create(&axes, chip, &plain, text, 2, 6, &at, &err), OHM_OK);
        assert_null(axes);
        assert_int_equal(at, 1);
        if (!strstr(err.text, bad[i].reason))
            fail_msg("%s=%s: '%s' lacks '%s'", bad[i].text.key, bad[i].text.values, err.text, bad[i].reason);
    }
}

static void twice_one_key_and_too_many_chips_are_refused(void **state)
{
    static const struct ohm_chip_axis_text twice[] = {{"overlap", "off,on"}, {"overlap", "on,off"}};
    struct ohm_str cores = {0}, clocks = {0};
    struct ohm_chip_axes *axes = NULL;
    struct ohm_chip_axis_text many[2];

    (void)state;
    assert_int_equal(ohm_chip_axes_create(&axes, chip, &plain, twice, 2, 6, NULL, NULL), OHM_ECONFIG);
    for (int i = 1; i <= 60; i++) {
        ohm_str_printf(&cores, "%s%d", i > 1 ? "," : "", i);
        ohm_str_printf(&clocks, "%s%d", i > 1 ? "," : "", 300 + i);
    }
    many[0] = (struct ohm_chip_axis_text){"cores", ohm_str_text(&cores)};
    many[1] = (struct ohm_chip_axis_text){"clock_MHz", ohm_str_text(&clocks)};
    assert_int_equal(ohm_chip_axes_create(&axes, chip, &plain, many, 2, 6, NULL, NULL), OHM_ERANGE);
    ohm_str_release(&cores);
    ohm_str_release(&clocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_candidate_costs_what_its_own_chip_says),
        cmocka_unit_test(what_goes_with_a_size_is_scaled),
        cmocka_unit_test(a_larger_tile_costs_more_but_less_a_cell),
        cmocka_unit_test(what_is_no_axis_is_refused_with_its_reason),
        cmocka_unit_test(twice_one_key_and_too_many_chips_are_refused),
    };

    return cmocka_run_group_tests(tests, load, release);
}
