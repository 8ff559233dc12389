/* The reader of device files: the shipped ones, and what it says of wrong ones. */
#include "device_fixture.h"

static const char *const shipped[] = {"pcm",       "pcm-hermes1",      "pcm-hermes2",    "pcm-state-independent",
                                      "reram-wan", "reram-cmo-0.2pct", "reram-cmo-2pct", "ideal"};

static void every_shipped_device_is_read_and_named_as_its_file(void **state)
{
    uint64_t hash[sizeof shipped / sizeof shipped[0]];

    (void)state;
    for (size_t i = 0; i < sizeof shipped / sizeof shipped[0]; i++) {
        struct ohm_device *device = device_named(shipped[i]);

        assert_string_equal(device->name, shipped[i]);
        assert_true(device->about[0] && device->scale_program == 1 && device->scale_drift == 1);
        hash[i] = device->hash;
        for (size_t j = 0; j < i; j++)
            assert_true(hash[j] != hash[i]);
        ohm_device_free(device);
    }
}

/* The text of pcm with one part replaced. */
static void changed(char *out, size_t size, const char *from, const char *to)
{
    struct ohm_device *pcm = device_named("pcm");
    const char *const at = strstr(pcm->source, from);

    if (!at)
        fail_msg("pcm.yaml has no '%s'", from);
    snprintf(out, size, "%.*s%s%s", (int)(at - pcm->source), pcm->source, to, at + strlen(from));
    ohm_device_free(pcm);
}

static void every_mistake_is_told_with_its_place(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"g_max_uS: 25", "g_max_uS: 0", "g_max_uS is 0"},
        {"g_max_uS: 25", "g_mac_uS: 25", "g_mac_uS"},
        {"g_min_uS: 0", "g_min_uS: 30", "not below g_max_uS"},
        {"model: power_law", "model: powr_law", "power_law"},
        {"t0_s: 20", "t0_s: 0", "t0_s is 0"},
        {"t0_s: 20", "t0_s: .nan", "t0_s"},
        {"sigma_uS: [0.26348, 1.9650, -1.1731]", "sigma_uS: [1, 2, 3, 4, 5, 6, 7]", "7 numbers"},
        {"sigma_uS: [0.26348, 1.9650, -1.1731]", "sigma_uS: []", "0 numbers"},
        {"sigma_uS: [0.26348, 1.9650, -1.1731]", "sigma_uS: 3", "sigma_uS"},
        {"{ power: [0.0088, -0.65], clip: [0, 0.2] }", "{ power: [0.0088, -0.65], poly: [1] }", "this has 2"},
        {"{ power: [0.0088, -0.65], clip: [0, 0.2] }", "{ power: [1, 2], clip: [2, 1] }", "clip must be"},
        {"{ power: [0.0088, -0.65], clip: [0, 0.2] }", "{ power: [1, 2], below: 1 }", "no 'below'"},
        {"mark: code", "mark: guessed", "mark is"},
        {"device: pcm", "device: ../pcm", "a name has"},
        {"about: PCM-like device (Nandakumar 2019, as in aihwkit)", "about: [1]", "about is"},
        {"range:\n", "scale: { read: -1 }\nrange:\n", "read is -1"},
        {"range:\n", "scale: { reed: 1 }\nrange:\n", "read"},
        {"range:\n", "faults: { source: ours, mark: measured, stuck_set: 2 }\nrange:\n", "stuck_set is 2"},
        {"range:\n", "faults: { source: ours, mark: measured, stuck_sat: 0 }\nrange:\n", "stuck_set"},
        {"range:\n", "faults: { source: ours, mark: measured, stuck_set: 0.6, stuck_reset: 0.6 }\nrange:\n",
         "more than 1"},
        {"range:\n", "faults: { stuck_set: 0.01 }\nrange:\n", "source"},
        {"range:\n", "converter: { kind: n_pair, significance: [1, 0] }\nrange:\n", "significance is 0"},
        {"range:\n", "converter: { kind: custom, significance: [1], g_uS: [[0, 1]] }\nrange:\n", "it has two"},
        {"range:\n",
         "converter: { kind: custom, significance: [1], g_uS: [[0, 0, 9, 25, 25], [25, 9, 0, 0, 0]] }\nrange:\n",
         "of the largest weight back as"},
    };
    char text[8192];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ohm_device *device = NULL;
        struct ohm_diag diag = {0};

        changed(text, sizeof text, cases[i].from, cases[i].to);
        assert_int_not_equal(ohm_device_parse(&device, text, strlen(text), "t.yaml", &diag), OHM_OK);
        assert_null(device);
        assert_true(diag.count > 0 && diag.item[0].line > 0);
        for (int k = 0; k < diag.count; k++)
            if (strstr(diag.item[k].text, cases[i].says))
                goto found;
        fail_msg("'%s': '%s' does not say '%s'", cases[i].to, diag.item[0].text, cases[i].says);
    found:
        ohm_diag_release(&diag);
    }
}

static void every_number_changes_the_hash(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"g_max_uS: 25", "g_max_uS: 26"},
        {"g_ref_uS: 25", "g_ref_uS: 26"},
        {"1.9650", "1.9651"},
        {"t0_s: 20", "t0_s: 21"},
        {"ln: [-0.0155", "ln: [-0.0156"},
        {"0.049, 0.1", "0.049, 0.2"},
        {"250e-9", "251e-9"},
        {"[0.0088, -0.65]", "[0.0088, -0.66]"},
        {"range:\n", "scale: { read: 2 }\nrange:\n"},
        {"range:\n", "faults: { source: ours, mark: measured, stuck_random: 0.1 }\nrange:\n"},
        {"power: [", "ln: ["},
        {"range:\n", "converter: { kind: n_pair, significance: [2] }\nrange:\n"},
    };
    struct ohm_device *pcm = device_named("pcm");
    char text[8192];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ohm_device *device = NULL;

        changed(text, sizeof text, cases[i].from, cases[i].to);
        assert_int_equal(ohm_device_parse(&device, text, strlen(text), "t.yaml", NULL), OHM_OK);
        if (device->hash == pcm->hash)
            fail_msg("'%s' has the hash of pcm", cases[i].to);
        ohm_device_free(device);
    }
    ohm_device_free(pcm);
}

static void a_table_is_interpolated_and_held_at_its_ends(void **state)
{
    struct ohm_device *device = NULL;
    char text[8192];

    (void)state;
    changed(text, sizeof text, "q:\n    - { power: [0.0088, -0.65], clip: [0, 0.2] }",
            "q: { table: [[0.1, 1], [0.5, 3], [0.75, 2]] }");
    assert_int_equal(ohm_device_parse(&device, text, strlen(text), "t.yaml", NULL), OHM_OK);
    assert_close(ohm_curve_at(&device->q, 0), 1, 0, "before");
    assert_close(ohm_curve_at(&device->q, 0.2), 1.5, 1e-15, "first line");
    assert_close(ohm_curve_at(&device->q, 0.5), 3, 0, "point");
    assert_close(ohm_curve_at(&device->q, 0.7), 2.2, 1e-12, "second line");
    assert_close(ohm_curve_at(&device->q, 9), 2, 0, "beyond");
    ohm_device_free(device);
}

static void no_memory_anywhere_is_an_error_and_leaks_nothing(void **state)
{
    struct ohm_device *device = NULL;
    char text[8192];
    long n;

    (void)state;
    changed(text, sizeof text, "q:\n    - { power: [0.0088, -0.65], clip: [0, 0.2] }",
            "q: { table: [[0, 1], [1, 3]] }");
    for (n = 1; n < 100000; n++) {
        enum ohm_status st;

        ohm_mem_fail_at(n);
        st = ohm_device_parse(&device, text, strlen(text), "t.yaml", NULL);
        ohm_mem_fail_at(0);
        if (st == OHM_OK)
            break;
        assert_null(device);
    }
    assert_true(n > 3);
    ohm_device_free(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shipped_device_is_read_and_named_as_its_file),
        cmocka_unit_test(every_mistake_is_told_with_its_place),
        cmocka_unit_test(every_number_changes_the_hash),
        cmocka_unit_test(a_table_is_interpolated_and_held_at_its_ends),
        cmocka_unit_test(no_memory_anywhere_is_an_error_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
