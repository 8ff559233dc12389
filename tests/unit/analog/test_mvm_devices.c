/* A programmed tile at times after programming, with and without drift compensation, against another simulator
 * (aihwkit 1.1.0, 40 instances): every such row of its table within 2 %. Six instances give the spread of errors to
 * about 0.3 %, their slope and the factor of compensation to 0.1 %. */
#include "analog_fixture.h"

enum { INSTANCES = 6 };

static float w[SIDE * SIDE], x[VECTORS * SIDE], y[VECTORS * SIDE], ideal[VECTORS * SIDE];

static const struct {
    const char *name;
    double t_s;
} times[] = {{"prog", -1}, {"t0", 0}, {"1s", 1}, {"1h", 3600}, {"1d", 86400}, {"1mo", 2592000}, {"1y", 31536000}};
enum { TIMES = sizeof times / sizeof times[0] };

struct result {
    int row; /* of the table; -1: none */
    struct ohm_mvm_sums sums;
    double alpha;
};

static double cell(const struct ohm_csv *csv, int row, const char *column)
{
    int at = -1;
    double value = NAN;

    assert_int_equal(ohm_csv_need(csv, column, &at, NULL), OHM_OK);
    assert_int_equal(ohm_csv_double(csv, row, at, &value, NULL), OHM_OK);
    return value;
}

static int find_row(const struct ohm_csv *csv, const char *name)
{
    for (int r = 0; r < csv->rows; r++)
        if (strcmp(csv->cell[r * csv->columns], name) == 0)
            return r;
    return -1;
}

static double mean_alpha(const struct ohm_tiles *tiles)
{
    const struct ohm_tile_view v = ohm_tiles_view(tiles, 0);
    double sum = 0;

    for (int c = 0; c < v.columns; c++)
        sum += (double)v.alpha[c];
    return sum / v.columns;
}

static void run_instance(struct ohm_tiles *tiles, struct result result[TIMES], uint64_t instance)
{
    const struct ohm_rng root = ohm_rng_seed(3), own = ohm_rng_child(&root, instance);

    for (int t = 0; t < TIMES; t++) {
        const struct ohm_rng read = ohm_rng_child(&own, 1 + (uint64_t)t);

        if (t == 0)
            assert_int_equal(ohm_tiles_program(tiles, &own, one_job, NULL), OHM_OK);
        if (result[t].row < 0)
            continue;
        if (times[t].t_s >= 0)
            assert_int_equal(ohm_tiles_read(tiles, times[t].t_s, &read, one_job, NULL), OHM_OK);
        multiply(tiles, y, x, VECTORS, &read, one_job);
        ohm_mvm_sums_add(&result[t].sums, ideal, y, VECTORS * SIDE);
        result[t].alpha += mean_alpha(tiles) / INSTANCES;
    }
}

static void compare(const struct ohm_csv *csv, const struct result *result)
{
    const char *const name = csv->cell[result->row * csv->columns];
    const struct ohm_mvm_stats s = ohm_mvm_stats(&result->sums);
    const double sd = cell(csv, result->row, "err_std"), slope = cell(csv, result->row, "slope");
    const double rest = cell(csv, result->row, "err_std_after_slope"), alpha = cell(csv, result->row, "alpha_mean");

    print_message("%-40s err_std %.5f (%+.2f %%) slope %.5f (%+.2f %%) alpha %.5f (%+.2f %%)\n", name, s.error_sd,
                  100 * (s.error_sd / sd - 1), s.slope, 100 * (s.slope / slope - 1), result->alpha,
                  100 * (result->alpha / alpha - 1));
    assert_close(s.error_sd, sd, 0.02 * sd, name);
    assert_close(s.slope, slope, 0.02 * slope, name);
    assert_close(s.sd_after_slope, rest, 0.02 * rest, name);
    assert_close(result->alpha, alpha, 0.02 * alpha, name);
}

static int run_group(const struct ohm_csv *csv, const char *device_name, const char *forward, const char *how)
{
    static const struct {
        const char *name, *setting;
    } kinds[] = {
        {"nocomp", "compensation=none"}, {"gdc", "compensation=one_hot"}, {"percol", "compensation=one_hot_column"}};
    char settings[256] = "";
    struct result result[TIMES] = {0};
    struct ohm_tile_config config;
    struct ohm_device *device;
    struct ohm_tiles *tiles;
    int rows = 0;

    for (int t = 0; t < TIMES; t++) {
        char name[128];

        snprintf(name, sizeof name, "%s_%s_%s_%s", device_name, forward, how, times[t].name);
        rows += (result[t].row = find_row(csv, name)) >= 0;
    }
    if (rows == 0)
        return 0;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (strcmp(how, kinds[k].name) == 0)
            snprintf(settings, sizeof settings, "%s %s", kinds[k].setting,
                     forward[0] == 'd' ? "dac_bits=8 dac_bound=1 adc_bits=8 adc_bound=10 out_noise=0.04" : "");
    config = config_of(settings);
    device = device_named(strcmp(device_name, "pcm") == 0 ? "pcm" : "pcm-hermes2");
    tiles = tiles_of(&config, &(struct ohm_tiles_spec){.w = w, .outputs = SIDE, .inputs = SIDE, .device = device});
    for (uint64_t i = 0; i < INSTANCES; i++)
        run_instance(tiles, result, i);
    for (int t = 0; t < TIMES; t++)
        if (result[t].row >= 0)
            compare(csv, &result[t]);
    ohm_tiles_free(tiles);
    ohm_device_free(device);
    return rows;
}

static void every_row_of_devices_is_met(void **state)
{
    static const char *const devices[] = {"pcm", "hermes2"}, *const forwards[] = {"perfect", "dac8_adc8_on0.04"},
                             *const kinds[] = {"nocomp", "gdc", "percol"};
    static double wide[VECTORS * SIDE];
    struct ohm_csv csv = {0};
    int rows = 0, wanted = 0;

    (void)state;
    if (golden_absent("mvm_stats.csv"))
        return;
    read_npy(w, "mvm_W.npy", SIDE * SIDE, sizeof(float));
    read_npy(x, "mvm_X.npy", VECTORS * SIDE, sizeof(float));
    read_npy(wide, "mvm_Y_ideal.npy", VECTORS * SIDE, sizeof(double));
    for (int i = 0; i < VECTORS * SIDE; i++)
        ideal[i] = (float)wide[i];
    assert_int_equal(ohm_csv_load(&csv, GOLDEN "mvm_stats.csv", NULL), OHM_OK);
    for (int r = 0; r < csv.rows; r++)
        wanted += !isnan(cell(&csv, r, "alpha_mean"));
    for (int d = 0; d < 2; d++)
        for (int f = 0; f < 2; f++)
            for (int k = 0; k < 3; k++)
                rows += run_group(&csv, devices[d], forwards[f], kinds[k]);
    assert_int_equal(rows, wanted);
    ohm_csv_release(&csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row_of_devices_is_met)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
