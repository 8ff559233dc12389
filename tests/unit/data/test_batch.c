/* test_batch.c - batches: the same for any threads and any company; augmentation as its options say; folds; arrays. */
#include "data_fixture.h"

enum { N = 40 };

static struct ohm_data *made(const struct ohm_task_spec *task, const char *count)
{
    const struct ohm_data_options options = {.jobs = 2};
    struct ohm_data *data = NULL;

    assert_int_equal(ohm_data_load(&data, task, count, &options, NULL), OHM_OK);
    assert_true(ohm_data_is_synthetic(data));
    return data;
}

static struct ohm_task_spec *shipped(const char *name)
{
    struct ohm_task_spec *task = NULL;
    char path[64];

    snprintf(path, sizeof path, "searchspaces/tasks/%s.yaml", name);
    assert_int_equal(ohm_task_spec_load(&task, path, NULL), OHM_OK);
    return task;
}

static float *fill(const struct ohm_data *d, const int *sample, int n, const struct ohm_rng *augment, int jobs)
{
    float *const x = ohm_alloc((size_t)n * data_item_values(d), sizeof *x);

    assert_int_equal(ohm_batch_fill(d, x, NULL, sample, n, augment, jobs, NULL), OHM_OK);
    return x;
}

static void a_sample_is_the_same_for_any_threads_and_in_any_company(void **state)
{
    static const char *const names[] = {"kws", "vww", "cifar10"};
    const struct ohm_rng epoch = ohm_rng_seed(5), next = ohm_rng_seed(6);
    int up[N], down[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        up[i] = i;
        down[N - 1 - i] = i;
    }
    for (int k = 0; k < 3; k++) {
        struct ohm_task_spec *const task = shipped(names[k]);
        struct ohm_data *const d = made(task, "synthetic:40");
        const size_t item = data_item_values(d);
        float *const a = fill(d, up, N, &epoch, 1), *const b = fill(d, down, N, &epoch, 3);
        float *const other = fill(d, up, N, &next, 1), *const plain = fill(d, up, N, NULL, 1);

        for (int i = 0; i < N; i++)
            assert_memory_equal(a + (size_t)i * item, b + (size_t)(N - 1 - i) * item, item * sizeof *a);
        assert_memory_not_equal(a, other, N * item * sizeof *a);
        assert_memory_not_equal(a, plain, N * item * sizeof *a);
        for (size_t i = 0; i < N * item; i++)
            assert_true(isfinite(a[i]) && isfinite(plain[i]));
        ohm_free(a);
        ohm_free(b);
        ohm_free(other);
        ohm_free(plain);
        ohm_data_free(d);
        ohm_task_spec_free(task);
    }
}

/* A picture whose every value names its place, so that what was done to it can be read off. */
static struct ohm_data *ramp(struct ohm_task_spec *task)
{
    struct ohm_data *const d = data_create(task, FORM_BYTES);
    unsigned char *slot;

    for (int i = 0; i < N; i++) {
        char name[16];

        slot = data_slot(d);
        for (int k = 0; k < 64; k++)
            slot[k] = (unsigned char)(k + 1);
        snprintf(name, sizeof name, "r%03d", i);
        assert_true(data_keep(d, name, i % 2, i < 30 ? OHM_TRAIN : OHM_TEST, (uint64_t)i * 77));
    }
    assert_int_equal(data_index(d, NULL), OHM_OK);
    return d;
}

static struct ohm_task_spec *small_task(const char *augment)
{
    char text[300];

    snprintf(text, sizeof text, "task: t\nkind: images\ninput: [8, 8, 1]\nclasses: [a, b]\naugment: {%s}\n", augment);
    return task_of(text);
}

/* Batches of N samples of one augmentation; each sample must satisfy the check. */
static void each_sample(const char *augment, void (*check)(const float *x, int *seen))
{
    struct ohm_task_spec *const task = small_task(augment);
    struct ohm_data *const d = ramp(task);
    const struct ohm_rng epoch = ohm_rng_seed(9);
    int sample[N], seen[4] = {0};
    float *x;

    for (int i = 0; i < N; i++)
        sample[i] = i;
    x = fill(d, sample, N, &epoch, 1);
    for (int i = 0; i < N; i++)
        check(x + i * 64, seen);
    assert_true(seen[0] > 0 && seen[1] > 0);
    ohm_free(x);
    ohm_data_free(d);
    ohm_task_spec_free(task);
}

static void check_flip(const float *x, int *seen)
{
    const bool turned = x[0] == 8;

    for (int k = 0; k < 64; k++)
        assert_true(x[k] == (float)(turned ? k / 8 * 8 + 8 - k % 8 : k + 1));
    seen[turned]++;
}

static void check_shift(const float *x, int *seen)
{
    int at = -1, dx, dy;

    for (int k = 0; k < 64 && at < 0; k++)
        at = x[k] > 0 ? k : -1;
    assert_true(at >= 0);
    dx = ((int)x[at] - 1) % 8 - at % 8;
    dy = ((int)x[at] - 1) / 8 - at / 8;
    assert_true(abs(dx) <= 2 && abs(dy) <= 2);
    for (int k = 0; k < 64; k++) {
        const int row = k / 8 + dy, column = k % 8 + dx;
        const bool inside = row >= 0 && row < 8 && column >= 0 && column < 8;

        assert_true(x[k] == (float)(inside ? row * 8 + column + 1 : 0));
    }
    seen[dx != 0]++;
    seen[dy != 0 ? 1 : 0]++;
}

static void check_cutout(const float *x, int *seen)
{
    int gone = 0;

    for (int k = 0; k < 64; k++) {
        assert_true(x[k] == 0 || x[k] == (float)(k + 1));
        gone += x[k] == 0;
    }
    assert_true(gone >= 1 && gone <= 9);
    seen[gone == 9]++;
}

static void check_turn(const float *x, int *seen)
{
    float middle = 0;

    for (int k = 0; k < 64; k++) {
        assert_true(x[k] >= 0 && x[k] <= 64.001f);
        if (k / 8 >= 3 && k / 8 <= 4 && k % 8 >= 3 && k % 8 <= 4)
            middle += x[k] / 4;
    }
    assert_true(fabsf(middle - 32.5f) < 1e-3f); /* a turn about the centre leaves the mean of the centre */
    seen[x[0] == 0]++;
}

static void pictures_are_flipped_shifted_cut_and_turned_as_asked(void **state)
{
    (void)state;
    each_sample("flip: true", check_flip);
    each_sample("crop_pad: 2", check_shift);
    each_sample("cutout: 3", check_cutout);
    each_sample("rotate_deg: 30", check_turn);
}

static void check_bright(const float *x, int *seen)
{
    const float factor = x[0];

    assert_true(factor >= 0.5f && factor <= 1.5f);
    for (int k = 0; k < 64; k++)
        assert_true(fabsf(x[k] - factor * (float)(k + 1)) < 1e-3f);
    seen[factor > 1]++;
}

static void colour_is_changed_within_its_bounds(void **state)
{
    (void)state;
    each_sample("brightness: 0.5", check_bright);
}

static void a_shift_moves_the_wave_and_noise_stays_below_its_volume(void **state)
{
    struct ohm_task_spec *const task = task_of(SPEECH);
    struct ohm_data *const d = made(task, "synthetic:8");
    const struct ohm_rng rng = ohm_rng_seed(3);
    float *const plain = ohm_alloc(16000, sizeof *plain), *const noisy = ohm_alloc(16000, sizeof *noisy);
    const int16_t *const wave = (const int16_t *)d->bytes;
    float most = 0;

    (void)state;
    frontend_prepare(&task->frontend, plain, wave, 0);
    for (int i = 0; i < 16000; i++)
        most = plain[i] > most ? plain[i] : most;
    assert_true(most == 1);
    task->augment.noise_prob = 1;
    task->augment.noise_volume = 0.1;
    augment_wave(d, noisy, wave, &rng);
    most = 0;
    for (int i = 0; i < 16000; i++)
        most = fmaxf(most, fabsf(noisy[i] - fmaxf(plain[i], -1))); /* the sum is clipped at full scale */
    assert_true(most > 0 && most <= 0.1001f);
    frontend_prepare(&task->frontend, noisy, wave, 100);
    for (int i = 0; i < 100; i++)
        assert_true(noisy[i] == 0);
    assert_true(noisy[8000] != 0);
    ohm_free(plain);
    ohm_free(noisy);
    ohm_data_free(d);
    ohm_task_spec_free(task);
}

static void folds_share_all_samples_out_evenly(void **state)
{
    struct ohm_task_spec *const task = small_task("flip: true");
    struct ohm_data *const d = ramp(task);
    int tested[N] = {0}, n;

    (void)state;
    for (int fold = 0; fold < 4; fold++) {
        const int *test;

        assert_int_equal(ohm_data_refold(d, 4, fold, NULL), OHM_OK);
        test = ohm_data_split(d, OHM_TEST, &n);
        assert_int_equal(n, 10);
        for (int i = 0, ones = 0; i < n; i++) {
            tested[test[i]]++;
            ones += ohm_data_label(d, test[i]);
            assert_true(i < n - 1 || ones == 5);
        }
        ohm_data_split(d, OHM_TRAIN, &n);
        assert_int_equal(n, 30);
        ohm_data_split(d, OHM_VAL, &n);
        assert_int_equal(n, 0);
    }
    for (int i = 0; i < N; i++)
        assert_int_equal(tested[i], 1);
    assert_int_equal(ohm_data_refold(d, 4, 4, NULL), OHM_ERANGE);
    assert_int_equal(ohm_data_refold(d, 1, 0, NULL), OHM_ERANGE);
    assert_int_equal(ohm_data_refold(d, 0, 0, NULL), OHM_OK);
    ohm_data_split(d, OHM_TEST, &n);
    assert_int_equal(n, 10);
    assert_int_equal(ohm_data_split_of(d, 39), OHM_TEST);
    ohm_data_free(d);
    ohm_task_spec_free(task);
}

static void equal_samples_are_found(void **state)
{
    struct ohm_task_spec *const task = small_task("flip: true");
    struct ohm_data *const d = ramp(task);
    struct ohm_data_pair *pair;
    int count, across = 0;

    (void)state;
    assert_int_equal(ohm_data_duplicates(d, &pair, &count, NULL), OHM_OK);
    assert_int_equal(count, N - 1);
    for (int i = 0; i < count; i++)
        across += pair[i].across;
    assert_int_equal(across, 10);
    ohm_free(pair);
    ohm_data_free(d);
    ohm_task_spec_free(task);
}

static void statistics_are_those_of_the_values(void **state)
{
    struct ohm_task_spec *const task = small_task("flip: true");
    struct ohm_data *const d = ramp(task);
    double mean, std, column[8];
    struct ohm_data_stats stats = {.channel_mean = &mean, .channel_std = &std, .column_mean = column};

    (void)state;
    assert_int_equal(ohm_data_stats(d, OHM_TRAIN, &stats, NULL), OHM_OK);
    assert_true(fabs(mean - 32.5) < 1e-12 && fabs(std - sqrt((64.0 * 64 - 1) / 12)) < 1e-9);
    assert_true(stats.min == 1 && stats.max == 64);
    for (int i = 0; i < 8; i++)
        assert_true(fabs(column[i] - (i + 1 + 28)) < 1e-12);
    assert_int_equal(ohm_data_stats(d, OHM_VAL, &stats, NULL), OHM_EUNFIT);
    ohm_data_free(d);
    ohm_task_spec_free(task);
}

static void arrays_written_are_read_as_the_same_samples(void **state)
{
    struct ohm_task_spec *const speech = shipped("kws");
    struct ohm_task_spec *const arrays =
        task_of("task: t\nkind: npy\ninput: [49, 10, 1]\nclasses: [a, b, c, d, e, f, g, h, i, j, k, l]\n");
    struct ohm_data *const from = made(speech, "synthetic:24");
    struct ohm_data *to = NULL;
    int sample[36];
    float *a, *b;

    (void)state;
    for (int s = 0; s < OHM_TRAINVAL; s++)
        assert_int_equal(ohm_data_write_npy(from, s, folder, 2, NULL), OHM_OK);
    assert_int_equal(ohm_data_load(&to, arrays, folder, NULL, NULL), OHM_OK);
    assert_int_equal(ohm_data_count(to), 36);
    for (int i = 0; i < 36; i++) {
        sample[i] = i;
        assert_int_equal(ohm_data_label(to, i), ohm_data_label(from, i));
        assert_int_equal(ohm_data_split_of(to, i), ohm_data_split_of(from, i));
    }
    a = fill(from, sample, 36, NULL, 1);
    b = fill(to, sample, 36, NULL, 1);
    assert_memory_equal(a, b, 36 * 490 * sizeof *a);
    ohm_free(a);
    ohm_free(b);
    ohm_data_free(from);
    ohm_data_free(to);
    ohm_task_spec_free(speech);
    ohm_task_spec_free(arrays);
}

/* Writes over a byte in the middle of every file of features. */
static void damage_cache(void)
{
    char command[256];

    snprintf(
        command, sizeof command,
        "cd %s && ls features-*.bin | xargs -n1 sh -c 'printf x | dd of=$0 bs=1 seek=999 conv=notrunc status=none'",
        folder);
    assert_int_equal(system(command), 0);
}

static void the_cache_gives_the_same_features_and_a_damaged_one_is_made_anew(void **state)
{
    struct ohm_task_spec *const task = shipped("kws");
    struct ohm_data_options options = {.cache = folder, .jobs = 1};
    float *first = NULL;

    (void)state;
    for (int round = 0; round < 3; round++) {
        struct ohm_data *d = NULL;

        assert_int_equal(ohm_data_load(&d, task, "synthetic:12", &options, NULL), OHM_OK);
        if (first)
            assert_memory_equal(first, d->feature, 18 * 490 * sizeof *first);
        else {
            first = ohm_alloc(18 * 490, sizeof *first);
            memcpy(first, d->feature, 18 * 490 * sizeof *first);
        }
        ohm_data_free(d);
        if (round == 1) /* round 0 wrote it, round 1 read it, round 2 finds it damaged */
            damage_cache();
    }
    ohm_free(first);
    ohm_task_spec_free(task);
}

static void a_failing_allocation_is_told_and_loses_nothing(void **state)
{
    struct ohm_task_spec *const task = shipped("kws");
    const struct ohm_rng rng = ohm_rng_seed(1);
    const int sample[2] = {0, 1};
    float x[980];
    bool whole = false;
    long n;

    (void)state;
    for (n = 1; !whole; n++) {
        struct ohm_data *d = NULL;
        struct ohm_error err = {0};

        ohm_mem_fail_at(n);
        whole = ohm_data_load(&d, task, "synthetic:12", NULL, NULL) == OHM_OK &&
                ohm_batch_fill(d, x, NULL, sample, 2, &rng, 1, &err) == OHM_OK;
        ohm_mem_fail_at(0);
        ohm_data_free(d);
    }
    assert_true(n > 20);
    ohm_task_spec_free(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_is_the_same_for_any_threads_and_in_any_company),
        cmocka_unit_test(pictures_are_flipped_shifted_cut_and_turned_as_asked),
        cmocka_unit_test(colour_is_changed_within_its_bounds),
        cmocka_unit_test(a_shift_moves_the_wave_and_noise_stays_below_its_volume),
        cmocka_unit_test(folds_share_all_samples_out_evenly),
        cmocka_unit_test(equal_samples_are_found),
        cmocka_unit_test(statistics_are_those_of_the_values),
        cmocka_unit_test(arrays_written_are_read_as_the_same_samples),
        cmocka_unit_test(the_cache_gives_the_same_features_and_a_damaged_one_is_made_anew),
        cmocka_unit_test(a_failing_allocation_is_told_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, make_place, drop_place);
}
