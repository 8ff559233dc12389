/* A study over networks and chips: read, run, resumed, read back; and the plain study where the chip is fixed. */
#include "study_fixture.h"

static char folder[] = "/tmp/ohm-cosearch-XXXXXX";

static const char *in_folder(char *buffer, size_t size, const char *name)
{
    snprintf(buffer, size, "%s/%s", folder, name);
    return buffer;
}

static char *rows_of(const struct ohm_setting *settings, int count, int jobs, const char *name)
{
    char path[64];
    char *rows;

    in_folder(path, sizeof path, name);
    assert_int_equal(fixture_run(path, settings, count, jobs, 0), OHM_OK);
    rows = fixture_rows(path);
    assert_non_null(rows);
    fixture_remove(path);
    return rows;
}

/* Values of the defaults, in another spelling where there is one. */
static void axes_fixed_to_the_defaults_give_the_trials_of_the_plain_study(void **state)
{
    (void)state;
    for (int i = 0; ohm_strategies[i]; i++) {
        const struct ohm_setting settings[] = {{"space", "nb201", "test"},
                                               {"strategy", ohm_strategies[i]->name, "test"},
                                               {"objectives", "minimize energy_uJ", "test"},
                                               {"constraints", "params >= 200000", "test"},
                                               {"budget", "60", "test"},
                                               {"chip_axes.schedule", "serial", "test"},
                                               {"chip_axes.replicate", "no", "test"},
                                               {"chip_axes.read_mode", "4-phase", "test"},
                                               {"chip_axes.periphery", "ldpu", "test"},
                                               {"chip_axes.cores", "64", "test"}};
        char *plain = rows_of(settings, 5, 2, "plain.db");
        char *fixed = rows_of(settings, FIXTURE_COUNT(settings), 2, "fixed.db");

        if (strcmp(plain, fixed) != 0)
            fail_msg("strategy %s: a chip fixed by its axes gives other trials", ohm_strategies[i]->name);
        ohm_free(plain);
        ohm_free(fixed);
    }
}

#define COSEARCH                                                                                                       \
    {"space", "nb201", "test"}, {"objectives", "minimize energy_uJ", "test"},                                          \
        {"chip_axes.schedule", "serial,pipelined", "test"}, {"chip_axes.replicate", "off,on", "test"},                 \
        {"chip_axes.periphery", "ldpu,nmpu", "test"}, {"chip_axes.cores", "16,32,64", "test"},                         \
    {                                                                                                                  \
        "constraints", "chip.cores >= 32 && chips <= 1", "test"                                                        \
    }

static void a_split_budget_gives_the_same_trials_with_every_strategy(void **state)
{
    char whole[64], split[64];

    (void)state;
    in_folder(whole, sizeof whole, "whole.db");
    in_folder(split, sizeof split, "split.db");
    for (int i = 0; ohm_strategies[i]; i++) {
        struct ohm_setting settings[] = {
            COSEARCH, {"strategy", ohm_strategies[i]->name, "test"}, {"budget", "60", "test"}};
        char *a, *b;

        assert_int_equal(fixture_run(whole, settings, FIXTURE_COUNT(settings), 1, 0), OHM_OK);
        settings[FIXTURE_COUNT(settings) - 1].value = "25";
        assert_int_equal(fixture_run(split, settings, FIXTURE_COUNT(settings), 2, 0), OHM_OK);
        assert_int_equal(fixture_resume(split, 2, 35, 0), OHM_OK);
        a = fixture_rows(whole);
        b = fixture_rows(split);
        assert_non_null(strstr(a, "chip.cores=64"));
        assert_non_null(strstr(a, "chip.periphery=nmpu"));
        assert_null(strstr(a, "chip.cores=16"));
        if (strcmp(a, b) != 0)
            fail_msg("strategy %s: 25 + 35 trials differ from 60", ohm_strategies[i]->name);
        ohm_free(a);
        ohm_free(b);
        fixture_remove(whole);
        fixture_remove(split);
    }
}

static enum ohm_status keep_text(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct ohm_str *s = context;

    (void)err;
    ohm_str_clear(s);
    ohm_str_append(s, trial->genotype);
    return OHM_OK;
}

static void a_log_says_which_network_on_which_chip(void **state)
{
    const struct ohm_setting settings[] = {COSEARCH, {"strategy", "random", "test"}, {"budget", "20", "test"}};
    struct ohm_study_spaces spaces;
    struct ohm_str text = {0};
    struct ohm_genotype g;
    struct ohm_store *store;
    struct ohm_study_row row;
    char path[64];

    (void)state;
    in_folder(path, sizeof path, "log.db");
    assert_int_equal(fixture_run(path, settings, FIXTURE_COUNT(settings), 1, 0), OHM_OK);
    store = fixture_store(path, OHM_STORE_READ);
    assert_int_equal(ohm_store_find_study(store, "", &row, NULL), OHM_OK);
    assert_int_equal(ohm_study_spaces_load(&spaces, store, row.id, &(struct ohm_diag){0}), OHM_OK);
    assert_int_equal(ohm_space_axes(spaces.net), 6);
    assert_int_equal(ohm_space_axes(spaces.all), 10);
    assert_int_equal(ohm_chip_axes_count(spaces.chip_axes), 4);
    assert_int_equal(ohm_store_each_trial(store, row.id, 0, keep_text, &text, NULL), OHM_OK);
    assert_int_equal(ohm_genotype_parse(spaces.all, &g, ohm_str_text(&text), NULL), OHM_OK);
    for (int i = ohm_space_axes(spaces.net); i < OHM_GENES_MAX; i++)
        g.gene[i] = 0;
    assert_int_equal(ohm_genotype_check(spaces.net, &g, NULL), OHM_OK);
    ohm_study_spaces_release(&spaces);
    ohm_str_release(&text);
    ohm_store_close(store);
    fixture_remove(path);
}

/* All messages of a study file, one line each; "" when there is none. */
static char *messages_of(const char *text)
{
    char path[64];
    struct ohm_plan_spec spec = {.find = fixture_find, .jobs = 1};
    struct ohm_diag diag = {0};
    struct ohm_plan *plan = NULL;
    struct ohm_str s = {0};

    spec.path = in_folder(path, sizeof path, "study.yaml");
    assert_int_equal(ohm_file_write(path, text, strlen(text), NULL), OHM_OK);
    ohm_plan_load(&plan, &spec, &diag);
    ohm_str_append(&s, "");
    for (int i = 0; i < diag.count; i++)
        ohm_str_printf(&s, "%d: %s\n", diag.item[i].line, diag.item[i].text);
    ohm_plan_free(plan);
    ohm_diag_release(&diag);
    unlink(path);
    return s.text;
}

static void expect(const char *more, const char *message)
{
    struct ohm_str text = {0};
    char *messages;

    ohm_str_printf(&text, "space: nb201\nobjectives: [energy_uJ]\nstrategy: random\n%s\n", more);
    messages = messages_of(ohm_str_text(&text));
    if (*message ? !strstr(messages, message) : *messages != '\0')
        fail_msg("%s: expected '%s', got '%s'", more, message, messages);
    ohm_free(messages);
    ohm_str_release(&text);
}

static void a_file_has_axes_as_lists_and_mistakes_have_lines(void **state)
{
    (void)state;
    expect("chip_axes: { periphery: [ldpu, nmpu], cores: [16, 32], read_mode: [1-phase, 4-phase] }", "");
    expect("chip_axes: { cores: 32, overlap: \"on, off\" }", "");
    expect("chip_axes:\n  cores: [16]\n  perifery: [ldpu]", "6: chip_axes: no parameter of a chip");
    expect("chip_axes:\n  cores: [16, 8.5]", "5: chip_axes: array.cores is 8.5");
    expect("chip_axes: [cores]", "chip_axes");
    expect("chip_axes: { cores: [[1]] }", "cores");
    expect("chip: none\nchip_axes: { cores: [16, 32] }", "need a chip");
    expect("chip_axes: { cores: [16, 32] }\nconstraints: [chip.cors < 3]", "did you mean 'chip.cores'");
    expect("chip_axes: { cores: [16] }\nconstraints: [chip.cores < 3]", "chip.cores");
}

static void what_changes_accuracy_is_refused_to_a_surrogate_of_one_setting(void **state)
{
    (void)state;
    expect("surrogates: [nb201-cifar10-pcm]\nchip_axes: { periphery: [ldpu, nmpu], cores: [16, 32] }", "");
    expect("surrogates: [nb201-cifar10-pcm]\nchip_axes: { read_mode: [1-phase] }", "");
    expect("surrogates: [nb201-cifar10-pcm]\nchip_axes: { read_mode: [1-phase, 4-phase] }",
           "read_mode changes accuracy");
    expect("surrogates: [nb201-cifar10-pcm]\nchip_axes: { rows: [128, 256] }", "rows changes accuracy");
    expect("chip_axes: { rows: [128, 256], cols: [128, 256] }", ""); /* nothing is predicted */
}

/* A surrogate of one tree: low for e01 in (none, skip, conv1x1), else high. */
static void write_model(const char *name, double low, double high)
{
    struct ohm_str s = {0};
    char path[64];

    ohm_str_printf(&s,
                   "{\"learner\":{\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_trees\":\"1\"},"
                   "\"tree_info\":[0],\"trees\":[{\"left_children\":[1,-1,-1],\"right_children\":[2,-1,-1],"
                   "\"split_indices\":[0,0,0],\"split_conditions\":[2.5,%g,%g],\"default_left\":[1,0,0],"
                   "\"split_type\":[0,0,0],\"categories_nodes\":[]}]},\"name\":\"gbtree\"},"
                   "\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"6\"},"
                   "\"objective\":{\"name\":\"reg:squarederror\"}},\"version\":[1,7,4]}",
                   low, high);
    in_folder(path, sizeof path, name);
    assert_int_equal(ohm_file_write(path, ohm_str_text(&s), s.length, NULL), OHM_OK);
    ohm_str_release(&s);
}

static void remove_model(const char *name)
{
    char path[64];

    unlink(in_folder(path, sizeof path, name));
}

static enum ohm_status check_accuracy(void *context, const struct ohm_trial *t, struct ohm_error *err)
{
    const int acc = *(const int *)context;
    const bool one = strstr(t->genotype, "chip.read_mode=1-phase") != NULL;
    const bool high = strstr(t->genotype, "e01=conv3x3") || strstr(t->genotype, "e01=avgpool3x3");

    (void)err;
    assert_true(one || strstr(t->genotype, "chip.read_mode=4-phase"));
    assert_true(t->metric[acc] == (one ? (high ? 65 : 60) : (high ? 80 : 70)));
    return OHM_OK;
}

static void each_chip_is_predicted_by_the_surrogate_measured_on_it(void **state)
{
    char four[96], one[96], path[64];
    const struct ohm_setting settings[] = {{"space", "nb201", "test"},
                                           {"objectives", "maximize acc_1d", "test"},
                                           {"objectives", "energy_uJ", "test"},
                                           {"surrogates", four, "test"},
                                           {"surrogates", one, "test"},
                                           {"chip_axes.read_mode", "1-phase,4-phase", "test"},
                                           {"chip_axes.periphery", "ldpu,nmpu", "test"},
                                           {"budget", "300", "test"}};
    struct ohm_store *store;
    struct ohm_study_row row;
    char *names[OHM_METRICS_MAX];
    int count = 0, acc = -1;

    (void)state;
    write_model("four.json", 70, 80);
    write_model("one.json", 60, 65);
    snprintf(four, sizeof four, "acc_1d=%s/four.json@read_mode=4-phase", folder);
    snprintf(one, sizeof one, "acc_1d=%s/one.json@read_mode=1-phase", folder);
    in_folder(path, sizeof path, "turns.db");
    assert_int_equal(fixture_run(path, settings, FIXTURE_COUNT(settings), 2, 0), OHM_OK);
    store = fixture_store(path, OHM_STORE_READ);
    assert_int_equal(ohm_store_find_study(store, "", &row, NULL), OHM_OK);
    assert_int_equal(ohm_store_metrics(store, row.id, names, &count, NULL), OHM_OK);
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], "acc_1d") == 0)
            acc = i;
        ohm_free(names[i]);
    }
    assert_true(acc >= 0);
    assert_int_equal(ohm_store_each_trial(store, row.id, 0, check_accuracy, &acc, NULL), OHM_OK);
    ohm_store_close(store);
    assert_int_equal(fixture_resume(path, 1, 100, 0), OHM_OK);
    fixture_remove(path);
    remove_model("four.json");
    remove_model("one.json");
}

static void a_chip_without_surrogate_or_with_two_is_told(void **state)
{
    static const struct {
        const char *surrogates, *message;
    } bad[] = {{"acc_1d=%1$s/m.json@read_mode=4-phase", "no surrogate of acc_1d for some"},
               {"acc_1d=%1$s/m.json@read_mode=1-phase, acc_1d=%1$s/m.json@read_mode=1-phase", "for the same chips"},
               {"acc_1d=%1$s/m.json@read_mode=4-phase, acc_1d=%1$s/m.json", "read_mode changes accuracy"},
               {"acc_1d=%1$s/m.json@read_mode=3-phase", "none of the values"},
               {"acc_1d=%1$s/m.json@bits=8", "no axis of the chip"},
               {"acc_1d=%1$s/m.json@read_mode=4-phase read_mode=1-phase", "given twice"},
               {"acc_1d=%1$s/m.json@4-phase read_mode=4-phase", "is not parameter=value"}};

    (void)state;
    write_model("m.json", 1, 2);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ohm_str text = {0};
        const char *format = bad[i].surrogates;

        ohm_str_append(&text, "chip_axes: { read_mode: [1-phase, 4-phase] }\nsurrogates: [");
        for (const char *mark; (mark = strstr(format, "%1$s")) != NULL; format = mark + 4) {
            ohm_str_append_n(&text, format, (size_t)(mark - format));
            ohm_str_append(&text, folder);
        }
        ohm_str_printf(&text, "%s]", format);
        expect(ohm_str_text(&text), bad[i].message);
        ohm_str_release(&text);
    }
    expect("surrogates: ['nb201-cifar10-pcm@read_mode=4-phase']", "has no chip_axes");
    remove_model("m.json");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_fixed_to_the_defaults_give_the_trials_of_the_plain_study),
        cmocka_unit_test(a_split_budget_gives_the_same_trials_with_every_strategy),
        cmocka_unit_test(a_log_says_which_network_on_which_chip),
        cmocka_unit_test(a_file_has_axes_as_lists_and_mistakes_have_lines),
        cmocka_unit_test(what_changes_accuracy_is_refused_to_a_surrogate_of_one_setting),
        cmocka_unit_test(each_chip_is_predicted_by_the_surrogate_measured_on_it),
        cmocka_unit_test(a_chip_without_surrogate_or_with_two_is_told),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
