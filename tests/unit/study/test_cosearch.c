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
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
