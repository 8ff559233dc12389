/* Weights on disk. */
#include "train_fixture.h"

static void save_and_load(const char *path)
{
    struct ohm_net_builder b = {0};
    struct ohm_weights a, c;
    const struct ohm_net *net = every_kind(&b);
    const struct ohm_rng rng = ohm_rng_seed(1);
    const struct ohm_meta meta[] = {{"network", "with \"quotes\" and \\ and\nlines"}, {"seed", "1"}};
    struct ohm_tensor_file file = {0};

    MUST(ohm_weights_init(&a, net, &must_err));
    MUST(ohm_weights_init(&c, net, &must_err));
    ohm_weights_draw(&a, &rng);
    MUST(ohm_weights_save(&a, path, meta, 2, &must_err));
    MUST(ohm_weights_load(&c, path, &must_err));
    assert_memory_equal(a.value, c.value, a.count * sizeof(float));
    MUST(ohm_tensor_file_read(&file, path, &must_err));
    assert_string_equal(ohm_tensor_file_meta(&file, "network"), meta[0].value);
    assert_null(ohm_tensor_file_meta(&file, "task"));
    ohm_tensor_file_release(&file);
    ohm_weights_release(&a);
    ohm_weights_release(&c);
    ohm_net_release(&b);
}

static void weights_come_back_as_they_were(void **state)
{
    char path[200];

    (void)state;
    snprintf(path, sizeof(path), "/tmp/ohm-weights-%ld", (long)getpid());
    save_and_load(path);
    unlink(path);
}

static void weights_of_another_network_are_refused_by_name(void **state)
{
    struct ohm_net_builder one = {0}, two = {0};
    struct ohm_weights a, b;
    struct ohm_error err = {0};
    char path[200];

    (void)state;
    snprintf(path, sizeof(path), "/tmp/ohm-weights-%ld", (long)getpid());
    MUST(ohm_weights_init(&a, every_kind(&one), &must_err));
    MUST(ohm_weights_init(&b, small_net(&two), &must_err));
    MUST(ohm_weights_save(&a, path, NULL, 0, &must_err));
    assert_int_equal(ohm_weights_load(&b, path, &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "another network"));
    assert_non_null(strstr(err.text, "1.conv"));
    unlink(path);
    ohm_weights_release(&a);
    ohm_weights_release(&b);
    ohm_net_release(&one);
    ohm_net_release(&two);
}

static size_t put_file(char *to, const char *header, const void *data, size_t n)
{
    const uint64_t length = strlen(header);

    memcpy(to, &length, 8);
    memcpy(to + 8, header, length);
    memcpy(to + 8 + length, data, n);
    return 8 + length + n;
}

static void damaged_files_are_refused_and_say_why(void **state)
{
    static const struct {
        const char *header, *text;
    } bad[] = {
        {"{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}", "F16"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", "do not span"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}", "do not begin"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "ends before"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "follow the last"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", "shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,8]}}", "large"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,2],\"data_offsets\":[0,8]}}", "dimensions"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "data_offsets"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}}", "more"},
        {"{\"__metadata__\":{\"x\":[1]},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "metadata"},
        {"[]", "header"},
        {"{", ""},
    };
    const float good[2] = {1, 2}, inf[2] = {1, INFINITY};
    struct ohm_tensor_file file;
    struct ohm_error err = {0};
    char bytes[400];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const size_t n = put_file(bytes, bad[i].header, good, sizeof(good));

        err = (struct ohm_error){0};
        if (ohm_tensor_file_parse(&file, bytes, n, "x.safetensors", &err) != OHM_EDATA ||
            !strstr(err.text, bad[i].text) || strcmp(err.path, "x.safetensors") != 0)
            fail_msg("header %zu gave '%s' in '%s'", i, err.text, err.path);
    }
    {
        const char *header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
        const size_t n = put_file(bytes, header, inf, sizeof(inf));

        assert_int_equal(ohm_tensor_file_parse(&file, bytes, n, "x", &err), OHM_EDATA);
        assert_non_null(strstr(err.text, "not finite"));
        for (size_t cut = 0; cut < n; cut++)
            assert_int_equal(ohm_tensor_file_parse(&file, bytes, cut, "x", &err), OHM_EDATA);
        put_file(bytes, header, good, sizeof(good));
        MUST(ohm_tensor_file_parse(&file, bytes, n, "x", &must_err));
        assert_true(file.tensors == 1 && file.tensor[0].data[1] == 2);
        ohm_tensor_file_release(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_come_back_as_they_were),
        cmocka_unit_test(weights_of_another_network_are_refused_by_name),
        cmocka_unit_test(damaged_files_are_refused_and_say_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
