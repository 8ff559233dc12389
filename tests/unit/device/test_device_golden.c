/* The devices against tables of mean and spread from another simulator (aihwkit 1.1.0) and against the closed forms in
 * them. */
#include "device_fixture.h"

enum { SAMPLES = 200000, CHUNK = 2000 };

struct stages {
    struct sums program, nu, drift, read;
};

static void sample(const struct ohm_moment *m, double target, uint64_t seed, struct stages *out)
{
    const struct ohm_rng root = ohm_rng_seed(seed);
    const struct ohm_rng write = ohm_rng_named(&root, "program"), read = ohm_rng_named(&root, "read");
    static float want[CHUNK], g[CHUNK], latent[CHUNK], seen[CHUNK];

    *out = (struct stages){0};
    for (int i = 0; i < CHUNK; i++)
        want[i] = (float)target;
    for (uint64_t first = 0; first < SAMPLES; first += CHUNK) {
        ohm_device_program(m->device, g, latent, want, CHUNK, first, &write);
        sums_add(&out->program, g, CHUNK);
        sums_add(&out->nu, latent, CHUNK);
        ohm_device_drift(m, seen, g, latent, CHUNK, first, &read);
        sums_add(&out->drift, seen, CHUNK);
        ohm_device_read(m, seen, g, latent, CHUNK, first, &read);
        sums_add(&out->read, seen, CHUNK);
    }
}

static void load(struct ohm_csv *csv, const char *name)
{
    char path[256];
    struct ohm_error err = {0};

    snprintf(path, sizeof path, GOLDEN "%s", name);
    if (ohm_csv_load(csv, path, &err) != OHM_OK)
        fail_msg("%s", err.text);
}

static void closed_forms_are_those_of_every_row_of_pcm(void **state)
{
    struct ohm_device *pcm = device_named("pcm");
    struct ohm_csv csv = {0};

    (void)state;
    if (golden_absent("conductance_stats.csv")) {
        ohm_device_free(pcm);
        return;
    }
    load(&csv, "conductance_stats.csv");
    assert_int_equal(csv.rows, 96);
    for (int r = 0; r < csv.rows; r++) {
        const struct ohm_moment m = moment_at(pcm, cell(&csv, r, "t_inference_s"));
        struct ohm_expected e;

        ohm_device_expect(&m, cell(&csv, r, "g_target_uS"), &e);
        assert_close(e.program_mean, cell(&csv, r, "a_prog_mean"), 1e-6, "program mean");
        assert_close(e.program_sd, cell(&csv, r, "a_prog_std"), 1e-6, "program spread");
        assert_close(e.nu_mean, cell(&csv, r, "a_nu_mean"), 1e-8, "nu mean");
        assert_close(e.nu_sd, cell(&csv, r, "a_nu_std"), 1e-8, "nu spread");
        assert_close(e.drift_mean, cell(&csv, r, "a_drift_mean"), 1e-6, "drift mean");
        assert_close(e.drift_sd, cell(&csv, r, "a_drift_std"), 1e-6, "drift spread");
        assert_close(e.read_mean, cell(&csv, r, "a_read_mean"), 2e-6, "read mean");
        assert_close(e.read_sd, cell(&csv, r, "a_read_std"), 2e-6, "read spread");
    }
    ohm_csv_release(&csv);
    ohm_device_free(pcm);
}

static void samples_have_the_mean_and_spread_of_every_row_of_pcm(void **state)
{
    struct ohm_device *pcm = device_named("pcm");
    struct ohm_csv csv = {0};

    (void)state;
    if (golden_absent("conductance_stats.csv")) {
        ohm_device_free(pcm);
        return;
    }
    load(&csv, "conductance_stats.csv");
    for (int r = 0; r < csv.rows; r++) {
        const struct ohm_moment m = moment_at(pcm, cell(&csv, r, "t_inference_s"));
        struct stages s;

        sample(&m, cell(&csv, r, "g_target_uS"), (uint64_t)r, &s);
        assert_sample(&s.program, cell(&csv, r, "a_prog_mean"), cell(&csv, r, "a_prog_std"), "program");
        assert_sample(&s.nu, cell(&csv, r, "a_nu_mean"), cell(&csv, r, "a_nu_std"), "nu");
        assert_sample(&s.drift, cell(&csv, r, "a_drift_mean"), cell(&csv, r, "a_drift_std"), "drift");
        assert_sample(&s.read, cell(&csv, r, "a_read_mean"), cell(&csv, r, "a_read_std"), "read");
    }
    ohm_csv_release(&csv);
    ohm_device_free(pcm);
}

static struct ohm_device *device_of_row(const struct ohm_csv *csv, int row)
{
    static const char *const names[][2] = {{"Hermes_2dev_gmax20.7", "pcm-hermes2"},
                                           {"Hermes_1dev_gmax10.35", "pcm-hermes1"},
                                           {"StateIndependent_gmax25", "pcm-state-independent"},
                                           {"ReRamWan2022_gmax40", "reram-wan"}};
    const char *const model = csv->cell[row * csv->columns + ohm_csv_column(csv, "model")];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i][0], model) == 0)
            return device_named(names[i][1]);
    fail_msg("no device for the model %s", model);
    return NULL;
}

/* A column of the table is itself a sample: of n draws, so that its mean is known to that many. */
static void check_column(const struct ohm_csv *csv, int row, const char *stage, double mean, double sd)
{
    char name[64], what[128];
    const double n = cell(csv, row, "n");

    snprintf(name, sizeof name, "%s_mean", stage);
    if (isnan(cell(csv, row, name)))
        return; /* a model without this stage */
    snprintf(what, sizeof what, "row %d, %s", row, name);
    assert_close(mean, cell(csv, row, name), 4 * sd / sqrt(n) + 1e-6 * fabs(mean), what);
    snprintf(name, sizeof name, "%s_std", stage);
    snprintf(what, sizeof what, "row %d, %s", row, name);
    assert_close(sd, cell(csv, row, name), 0.01 * sd, what);
}

static void closed_forms_agree_with_every_row_of_the_other_models(void **state)
{
    struct ohm_csv csv = {0};

    (void)state;
    if (golden_absent("conductance_stats_other_models.csv"))
        return;
    load(&csv, "conductance_stats_other_models.csv");
    assert_int_equal(csv.rows, 165);
    for (int r = 0; r < csv.rows; r++) {
        struct ohm_device *device = device_of_row(&csv, r);
        const struct ohm_moment m = moment_at(device, cell(&csv, r, "t_inference_s"));
        struct ohm_expected e;

        ohm_device_expect(&m, cell(&csv, r, "g_target_uS"), &e);
        check_column(&csv, r, "prog", e.program_mean, e.program_sd);
        check_column(&csv, r, "nu", e.nu_mean, e.nu_sd);
        check_column(&csv, r, "drift", e.drift_mean, e.drift_sd);
        check_column(&csv, r, "read", e.read_mean, e.read_sd);
        ohm_device_free(device);
    }
    ohm_csv_release(&csv);
}

static void samples_have_the_mean_and_spread_of_the_closed_forms_for_every_device(void **state)
{
    static const char *const names[] = {"pcm-hermes2", "pcm-hermes1",      "pcm-state-independent",
                                        "reram-wan",   "reram-cmo-0.2pct", "reram-cmo-2pct"};
    static const double fraction[] = {0, 0.004, 0.0945, 0.2, 0.31, 0.5, 0.9, 1};
    static const double times[] = {1, 86400};

    (void)state;
    for (size_t d = 0; d < sizeof names / sizeof names[0]; d++) {
        struct ohm_device *device = device_named(names[d]);

        for (size_t i = 0; i < sizeof fraction / sizeof fraction[0] * 2; i++) {
            const double span = device->g_max_uS - device->g_min_uS;
            const double target = device->g_min_uS + fraction[i / 2] * span;
            const struct ohm_moment m = moment_at(device, times[i % 2]);
            struct ohm_expected e;
            struct stages s;

            sample(&m, target, 1000 + i, &s);
            ohm_device_expect(&m, target, &e);
            assert_sample(&s.program, e.program_mean, e.program_sd, names[d]);
            assert_sample(&s.read, e.read_mean, e.read_sd, names[d]);
            if (device->model == OHM_DEVICE_POWER_LAW)
                assert_sample(&s.nu, e.nu_mean, e.nu_sd, names[d]);
            if (device->model != OHM_DEVICE_SNAPSHOTS)
                assert_sample(&s.drift, e.drift_mean, e.drift_sd, names[d]);
        }
        ohm_device_free(device);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_forms_are_those_of_every_row_of_pcm),
        cmocka_unit_test(samples_have_the_mean_and_spread_of_every_row_of_pcm),
        cmocka_unit_test(closed_forms_agree_with_every_row_of_the_other_models),
        cmocka_unit_test(samples_have_the_mean_and_spread_of_the_closed_forms_for_every_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
