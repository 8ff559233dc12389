/* Recipes: what they say is what is read, and every mistake is told; and which networks they draw. */
#include "collect_fixture.h"

#include "ohm/decode.h"

static void a_recipe_is_read_as_it_is_written(void **state)
{
    struct ohm_collect_recipe r;

    (void)state;
    parse(&r, RECIPE);
    assert_string_equal(r.use.collect, "test");
    assert_string_equal(r.use.device, "pcm");
    assert_int_equal(r.use.networks, 7);
    assert_true(r.edges == 3 && r.edge[0] == 2e3 && r.edge[2] == 30e3);
    assert_true(r.digital_stage && r.digital.epochs == 2 && r.digital.lr == 0.05 && r.analog.epochs == 1);
    assert_true(r.hardware.on && r.hardware.noise == OHM_NOISE_PCM && r.teach.distill == 0.5);
    assert_true(r.times == 3 && r.t_s[0] == 0 && r.t_s[2] == 30 * 86400.0);
    assert_string_equal(r.time_name[0], "fresh");
    assert_string_equal(r.time_name[2], "30d");
    assert_true(r.tile.read_mode == OHM_TILE_ONE_PHASE && r.tile.rows == 0 && r.rungs == 0);
    assert_true(r.samples.judge == OHM_VAL && r.samples.count == 40 && r.samples.folds == 0);
    assert_string_equal(r.source, RECIPE);
    ohm_collect_recipe_release(&r);
}

static void a_mistake_is_told_with_its_place(void **state)
{
    static const struct {
        const char *from, *to, *told;
    } wrong[] = {
        {"networks: 7", "netwroks: 7", "networks"},
        {"task: cifar10\n", "", "task"},
        {"epochs: 2,", "epochs: 0,", "outside"},
        {"epochs: 2,", "epochs: 2000,", "more than 1024"},
        {"[2e3, 12e3, 30e3]", "[2e3, 30e3, 12e3]", "rise"},
        {"[2e3, 12e3, 30e3]", "[2e3]", "edges"},
        {"macs <= 1e6", "macs <=", "expression"},
        {"collect: test", "search: {where: macs <}\ncollect: test", "expression"},
        {"collect: test", "search: {were: macs < 2}\ncollect: test", "where"},
        {"60s", "soon", "no time"},
        {"60s", "1.5h", "whole numbers"},
        {"60s", "0s", "twice"},
        {"times: [0, 60s, 30d], ", "", "times"},
        {"read_mode: one_phase", "read_mode: one", "one_phase"},
        {"range_batches: 1", "range_batch: 1", "range_batches"},
        {"hardware: {", "hardware: {on: false, ", "hardware-aware"},
        {"count: 40,", "count: 40, folds: 1,", "folds is 1"},
        {"digital: {epochs: 2, batch: 16, lr: 0.05}\n", "", "distill"},
        {"repeats: {networks: 2", "repeats: {networks: 8", "repeats has 8"},
        {"collect: test", "halving: {pilots: 3, epochs: [1, 3]}\ncollect: test", "epoch"},
        {"collect: test", "halving: {pilots: 9, epochs: [1]}\ncollect: test", "9 pilots"},
        {"collect: test", "halving: {pilots: 3}\ncollect: test", "epochs"},
        {"collect: test", "collect: [a]", "collect"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char *const text = changed(RECIPE, wrong[i].from, wrong[i].to);
        struct ohm_collect_recipe r = {0};
        struct ohm_diag diag = {0};
        bool told = false;

        assert_int_not_equal(ohm_collect_recipe_parse(&r, text, strlen(text), "test.yaml", &diag), OHM_OK);
        for (int k = 0; k < diag.count; k++)
            told |= strstr(diag.item[k].text, wrong[i].told) && diag.item[k].line > 0;
        if (!told)
            fail_msg("%s: '%s' is not told, but: %s", wrong[i].to, wrong[i].told, diag.item[0].text);
        assert_null(r.source);
        ohm_diag_release(&diag);
        ohm_free(text);
    }
}

static void without_memory_nothing_is_read(void **state)
{
    enum ohm_status st = OHM_ENOMEM;

    (void)state;
    for (long n = 1; st != OHM_OK; n++) {
        struct ohm_collect_recipe r = {0};
        struct ohm_diag diag = {0};

        assert_true(n < 100000);
        ohm_mem_fail_at(n);
        st = ohm_collect_recipe_parse(&r, RECIPE, strlen(RECIPE), "test.yaml", &diag);
        ohm_mem_fail_at(0);
        if (st == OHM_OK)
            ohm_collect_recipe_release(&r);
        ohm_diag_release(&diag);
    }
}

static void the_recipes_of_the_house_are_good(void **state)
{
    static const char *const names[] = {"searchspaces/recipes/resnet-cifar10.yaml",
                                        "searchspaces/recipes/resnet-kws.yaml", "searchspaces/recipes/resnet-vww.yaml"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ohm_collect_recipe r;
        struct ohm_diag diag = {0};

        if (ohm_collect_recipe_load(&r, names[i], &diag) != OHM_OK)
            fail_msg("%s: %s", names[i], diag.item[0].text);
        ohm_collect_recipe_release(&r);
    }
}

static void a_longer_collection_begins_with_the_shorter_one(void **state)
{
    char *const text = changed(RECIPE, "networks: 7", "networks: 40");
    struct set few, many;

    (void)state;
    set_up(&few, RECIPE);
    set_up(&many, text);
    for (int i = 0; i < 7; i++)
        assert_true(ohm_genotype_equal(ohm_collect_genotype(few.collect, i), ohm_collect_genotype(many.collect, i)));
    assert_true(ohm_collect_fingerprint(few.collect) == ohm_collect_fingerprint(many.collect));
    for (int i = 0; i < 40; i++) {
        struct ohm_collect_size size;

        MUST(ohm_collect_size_of(many.collect, &size, i, &must_err));
        assert_true(size.macs <= 1e6 && size.params >= (i % 2 ? 12e3 : 2e3) && size.params < (i % 2 ? 30e3 : 12e3));
        for (int k = 0; k < i; k++)
            assert_false(
                ohm_genotype_equal(ohm_collect_genotype(many.collect, i), ohm_collect_genotype(many.collect, k)));
    }
    tear_down(&few);
    tear_down(&many);
    ohm_free(text);
}

static void a_size_that_no_network_has_is_told(void **state)
{
    struct set s;
    struct ohm_collect *none = NULL;
    struct ohm_collect_parts parts;
    struct ohm_error err = {0};

    (void)state;
    set_up(&s, RECIPE);
    parts = (struct ohm_collect_parts){s.space, s.chip, s.device, s.data};
    s.recipe.edge[1] = 10;
    s.recipe.edge[0] = 1;
    s.recipe.draw.tries = 50;
    assert_int_equal(ohm_collect_create(&none, &s.recipe, &parts, &err), OHM_EUNFIT);
    assert_non_null(strstr(err.text, "network 0"));
    assert_null(none);
    tear_down(&s);
}

static void without_memory_nothing_is_made(void **state)
{
    struct set s;
    struct ohm_collect_parts parts;
    enum ohm_status st = OHM_ENOMEM;

    (void)state;
    set_up(&s, RECIPE);
    parts = (struct ohm_collect_parts){s.space, s.chip, s.device, s.data};
    s.recipe.use.networks = 2;
    for (long n = 1; st != OHM_OK; n++) {
        struct ohm_collect *made = NULL;

        assert_true(n < 100000);
        ohm_mem_fail_at(n);
        st = ohm_collect_create(&made, &s.recipe, &parts, NULL);
        ohm_mem_fail_at(0);
        assert_int_equal(st == OHM_OK, made != NULL);
        ohm_collect_free(made);
    }
    tear_down(&s);
}

static void folds_judge_each_sample_once_and_keep_out_the_test(void **state)
{
    char *const text = changed(RECIPE, "samples: {train: train, judge: val, count: 40,", "samples: {folds: 3,");
    struct set s;
    int trainval, judged = 0;

    (void)state;
    set_up(&s, text);
    (void)ohm_data_split(s.data, OHM_TRAINVAL, &trainval);
    for (int f = 0; f < s.collect->folds; f++) {
        const struct collect_fold *const fold = &s.collect->fold[f];

        judged += fold->judges;
        assert_int_equal(fold->judges + fold->trains, trainval);
        for (int i = 0; i < fold->judges; i++) {
            assert_int_not_equal(ohm_data_split_of(s.data, fold->judge[i]), OHM_TEST);
            for (int k = 0; k < fold->trains; k++)
                assert_int_not_equal(fold->judge[i], fold->train[k]);
        }
    }
    assert_int_equal(s.collect->folds, 3);
    assert_int_equal(judged, trainval);
    tear_down(&s);
    ohm_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recipe_is_read_as_it_is_written),
        cmocka_unit_test(a_mistake_is_told_with_its_place),
        cmocka_unit_test(without_memory_nothing_is_read),
        cmocka_unit_test(the_recipes_of_the_house_are_good),
        cmocka_unit_test(a_longer_collection_begins_with_the_shorter_one),
        cmocka_unit_test(a_size_that_no_network_has_is_told),
        cmocka_unit_test(without_memory_nothing_is_made),
        cmocka_unit_test(folds_judge_each_sample_once_and_keep_out_the_test),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
