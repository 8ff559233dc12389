/* Where figures come from: rows of a collection, which are trained for, and a table. */
#include "loop_fixture.h"

static const char recipe_text[] = "collect: test\n"
                                  "task: cifar10\n"
                                  "space: resnet-cifar10\n"
                                  "chip: hermes64\n"
                                  "networks: 9\n"
                                  "draw: {strata: [2e3, 12e3, 30e3], where: macs <= 1e6}\n"
                                  "samples: {train: train, judge: val, count: 40, curve: 10}\n"
                                  "digital: {epochs: 1, batch: 16, lr: 0.05}\n"
                                  "analog: {epochs: 1, batch: 16, lr: 0.01, hardware: {noise: pcm, range_batches: 1}}\n"
                                  "validate: {times: [0, 60s, 1d, 30d], draws: 1, samples: 15, calibrate: 4,\n"
                                  "           tile: {read_mode: one_phase}}\n";

struct set {
    struct world w; /* its own space and source are not used */
    struct ohm_collect_recipe recipe;
    struct ohm_space *space;
    struct ohm_device *device;
    struct ohm_task_spec *task;
    struct ohm_data *data;
    struct ohm_collect *collect;
    struct ohm_loop_collection from;
    struct ohm_loop_source source;
    char rows[64];
};

static const char *const bounds[] = {"macs <= 1e6", "params >= 2e3 && params < 30e3"};

static void set_up(struct set *s)
{
    const struct ohm_data_options options = {.jobs = 1};
    struct ohm_diag diag = {0};
    struct ohm_collect_parts parts;

    *s = (struct set){.rows = "/tmp/ohm_loop_rows.XXXXXX"};
    begin(&s->w);
    assert_int_equal(ohm_collect_recipe_parse(&s->recipe, recipe_text, strlen(recipe_text), "test.yaml", &diag),
                     OHM_OK);
    assert_int_equal(ohm_space_load(&s->space, "searchspaces/resnet-cifar10.yaml", &diag), OHM_OK);
    assert_int_equal(ohm_device_load(&s->device, "searchspaces/devices/pcm.yaml", &diag), OHM_OK);
    assert_int_equal(ohm_task_spec_load(&s->task, "searchspaces/tasks/cifar10.yaml", &diag), OHM_OK);
    assert_int_equal(ohm_data_load(&s->data, s->task, "synthetic:60", &options, &diag), OHM_OK);
    parts = (struct ohm_collect_parts){s->space, s->w.chip, s->device, s->data};
    MUST(ohm_collect_create(&s->collect, &s->recipe, &parts, &must_err));
    close(mkstemp(s->rows));
    s->from = (struct ohm_loop_collection){
        .collect = s->collect, .recipe = &s->recipe, .run = {.path = s->rows, .jobs = 1, .program = "test"}};
    MUST(ohm_loop_source_collect(&s->source, &s->from, &must_err));
    s->w.spec.space = s->space;
    s->w.spec.source = &s->source;
    s->w.spec.chip_use = s->recipe.chip_use;
    s->w.spec.constraints = bounds;
    s->w.spec.constraint_count = 2;
    s->w.spec.surrogate.folds = 2;
    s->w.spec.options.start = 5;
    s->w.spec.top = 2;
    s->w.spec.rounds = 2;
    s->w.spec.race = 1;
}

static void tear_down(struct set *s)
{
    unlink(s->rows);
    s->source.free(s->source.context);
    ohm_collect_free(s->collect);
    ohm_data_free(s->data);
    ohm_task_spec_free(s->task);
    ohm_device_free(s->device);
    ohm_space_free(s->space);
    ohm_collect_recipe_release(&s->recipe);
    end(&s->w);
}

static struct ohm_csv rows_of(const struct set *s)
{
    struct ohm_csv rows = {0};

    MUST(ohm_collect_rows(&rows, s->collect, s->rows, &must_err));
    return rows;
}

static void a_collection_without_rows_is_begun_learned_from_and_added_to(void **state)
{
    struct set s;
    struct ohm_csv rows;
    struct ohm_str difference = {0};
    char *text;
    int chosen = 0;

    (void)state;
    set_up(&s);
    text = run_text(&s.w);
    assert_non_null(strstr(text, "round 2 9 11 "));
    rows = rows_of(&s);
    assert_int_equal(rows.rows, 11); /* five drawn, and twice two chosen and a repeat */
    for (int i = 0; i < rows.rows; i++) {
        const char *const id = rows.cell[(size_t)i * (size_t)rows.columns];
        bool same = false;

        chosen += id[0] == 'n';
        MUST(ohm_collect_repeat(s.collect, id, &same, &difference, &s.from.run, &must_err));
        assert_true(same);
    }
    assert_true(chosen >= 4);
    ohm_csv_release(&rows);
    ohm_str_release(&difference);
    ohm_free(text);
    tear_down(&s);
}

static bool stop(void *context)
{
    return *(int *)context <= 0;
}

static void count_down(void *context, const struct ohm_collect_progress *p)
{
    (void)p;
    --*(int *)context;
}

static void a_collection_that_is_stopped_goes_on_with_the_same_rows(void **state)
{
    struct set whole, parts;
    char *a, *b;
    int left = 7;

    (void)state;
    set_up(&whole);
    a = run_text(&whole.w);
    ohm_free(a);
    set_up(&parts);
    parts.source.free(parts.source.context);
    parts.from.run.stop = stop;
    parts.from.run.progress = count_down;
    parts.from.run.context = &left;
    parts.from.run.jobs = 2;
    MUST(ohm_loop_source_collect(&parts.source, &parts.from, &must_err));
    for (enum ohm_status st = OHM_EINTR; st == OHM_EINTR; left = 2) {
        struct ohm_loop_result r;

        st = ohm_loop_run(&r, &parts.w.spec, NULL);
        assert_true(st == OHM_OK || st == OHM_EINTR);
        ohm_loop_result_release(&r);
    }
    a = file_text(whole.w.journal);
    b = file_text(parts.w.journal);
    assert_string_equal(a, b);
    ohm_free(a);
    ohm_free(b);
    tear_down(&whole);
    tear_down(&parts);
}

/* Baselines that were given by name are in the same file: of no space, or under a name of their own. */
static void rows_with_names_of_their_own_are_passed_over(void **state)
{
    struct set s;
    struct ohm_net_builder b = {0};
    struct ohm_collect_named named = {.name = "odd"};
    struct ohm_loop_rows rows = {0};
    int x;

    (void)state;
    set_up(&s);
    ohm_net_reset(&b, false);
    x = ohm_net_dense(&b, ohm_net_input(&b, 32, 32, 3), 10, true);
    MUST(ohm_net_finish(&b, x, &named.net, &must_err));
    s.from.run.named = &named;
    s.from.run.count = 1;
    MUST(ohm_collect_run(s.collect, &s.from.run, &must_err));
    MUST(s.source.read(s.source.context, &rows, &must_err));
    assert_int_equal(rows.count, 0);
    ohm_net_release(&b);
    ohm_free(rows.row);
    tear_down(&s);
}

/* Shuffled, a draw has the same networks and every stratum in its turn; what is beyond follows as it is numbered. */
static void a_shuffled_draw_is_the_draw_in_another_order(void **state)
{
    enum { SHUFFLED = 7, NETWORKS = 9 };
    struct set s;
    struct ohm_loop_source shuffled;
    bool seen[NETWORKS] = {false};
    bool found = true, moved = false;
    int n = 0;

    (void)state;
    set_up(&s);
    s.from.shuffled = SHUFFLED;
    s.from.seed = 4;
    MUST(ohm_loop_source_collect(&shuffled, &s.from, &must_err));
    for (; found; n++) {
        struct ohm_collect_item item;
        int number;

        MUST(shuffled.draw(shuffled.context, &item, n, &found, &must_err));
        if (!found)
            break;
        number = atoi(item.base);
        assert_int_equal(number % 2, n % 2);
        assert_false(seen[number]);
        assert_true(n < SHUFFLED ? number < SHUFFLED : number == n);
        assert_true(ohm_genotype_equal(&item.genotype, ohm_collect_genotype(s.collect, number)));
        seen[number] = true;
        moved = moved || number != n;
    }
    assert_int_equal(n, NETWORKS);
    assert_true(moved);
    shuffled.free(shuffled.context);
    tear_down(&s);
}

/* ---- a table ---- */

static const char table_text[] = "ops,one,spread,size\n000000,10,0,5\n333333,90,2,50\n132101,80,1,20\n444444,60,1,9\n"
                                 "123412,70,1,11\n132101,81,1,20\n";

static enum ohm_status open_table(struct ohm_loop_source *source, struct world *w, const char *target,
                                  const char *noise, struct ohm_error *err)
{
    const struct ohm_loop_table table = {.space = w->space,
                                         .path = w->journal,
                                         .key = "ops",
                                         .target = &target,
                                         .targets = 1,
                                         .noise = &noise,
                                         .noises = noise ? 1 : 0,
                                         .cost = "60 * size",
                                         .seed = 3};

    MUST(ohm_file_write(w->journal, table_text, strlen(table_text), &must_err));
    return ohm_loop_source_table(source, &table, err);
}

static void a_table_gives_its_figures_its_noise_and_its_cost(void **state)
{
    struct world w;
    struct ohm_loop_source source;
    struct ohm_loop_row row[2], again[2];
    struct ohm_collect_item item;
    struct ohm_genotype absent = {{1, 1, 1, 1, 1, 1}};
    double sum = 0, square = 0;
    bool found = true;
    int n = 0;

    (void)state;
    begin(&w);
    MUST(open_table(&source, &w, "acc_1d:%=one", "acc_1d=spread", &must_err));
    for (; n < 10; n++) {
        MUST(source.draw(source.context, &item, n, &found, &must_err));
        if (!found)
            break;
        assert_true(source.admits(source.context, &item.genotype));
    }
    assert_int_equal(n, 5); /* one network has two rows */
    assert_false(source.admits(source.context, &absent));
    MUST(ohm_genotype_parse(w.space, &item.genotype,
                            "e01=conv3x3 e02=conv3x3 e12=conv3x3 e03=conv3x3 e13=conv3x3 "
                            "e23=conv3x3",
                            &must_err));
    for (int i = 0; i < 400; i++) {
        item.repeat = i;
        MUST(source.measure(source.context, row, &item, 1, &must_err));
        MUST(source.measure(source.context, again, &item, 1, &must_err));
        assert_true(row[0].value[0] == again[0].value[0] && row[0].cost_s == 3000 && isnan(row[0].value[1]));
        sum += row[0].value[0];
        square += (row[0].value[0] - 90) * (row[0].value[0] - 90);
    }
    assert_true(fabs(sum / 400 - 90) < 4 * 2 / 20.0);
    assert_true(fabs(sqrt(square / 400) - 2) < 4 * 2 / sqrt(800));
    source.free(source.context);
    end(&w);
}

static void a_loop_ends_where_the_table_ends(void **state)
{
    struct world w;
    struct ohm_loop_source source;
    struct ohm_loop_result r;

    (void)state;
    begin(&w);
    MUST(open_table(&source, &w, "acc_1d:%=one", NULL, &must_err));
    w.spec.source = &source;
    w.spec.journal = NULL;
    w.spec.options.start = 2;
    w.spec.rounds = 20;
    MUST(ohm_loop_run(&r, &w.spec, &must_err));
    assert_true(r.exhausted && !r.spent);
    assert_int_equal(r.round[r.rounds - 1].networks, 5);
    assert_true(r.front[0].objective[0] == 90);
    ohm_loop_result_release(&r);
    source.free(source.context);
    end(&w);
}

static void what_a_table_lacks_is_told(void **state)
{
    struct world w;
    struct ohm_loop_source source;
    struct ohm_error err = {0};

    (void)state;
    begin(&w);
    assert_int_equal(open_table(&source, &w, "acc_1d=two", NULL, &err), OHM_ENOTFOUND);
    assert_int_equal(open_table(&source, &w, "acc_1d=one", "acc_1h=spread", &err), OHM_ENOTFOUND);
    assert_non_null(strstr(err.text, "acc_1h"));
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_collection_without_rows_is_begun_learned_from_and_added_to),
        cmocka_unit_test(a_collection_that_is_stopped_goes_on_with_the_same_rows),
        cmocka_unit_test(rows_with_names_of_their_own_are_passed_over),
        cmocka_unit_test(a_shuffled_draw_is_the_draw_in_another_order),
        cmocka_unit_test(a_table_gives_its_figures_its_noise_and_its_cost),
        cmocka_unit_test(a_loop_ends_where_the_table_ends),
        cmocka_unit_test(what_a_table_lacks_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
