/* test_split.c - SHA-1, the official split of Speech Commands, resizing, .npy headers. */
#include "data_fixture.h"

static void sha1_gives_the_published_digests(void **state)
{
    /* FIPS 180-4 examples; the last word of each digest. */
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    char *const million = malloc(1000000);

    (void)state;
    memset(million, 'a', 1000000);
    assert_int_equal(sha1_tail("", 0), 0xafd80709);
    assert_int_equal(sha1_tail("abc", 3), 0x9cd0d89d);
    assert_int_equal(sha1_tail(two, strlen(two)), 0xe54670f1);
    assert_int_equal(sha1_tail(million, 1000000), 0x6534016f);
    free(million);
}

static void the_speaker_is_found_in_a_name(void **state)
{
    const char *speaker;
    size_t n;

    (void)state;
    assert_true(speaker_of("yes/0a1b_nohash_2.wav", &speaker, &n));
    assert_true(n == 4 && strncmp(speaker, "0a1b", 4) == 0);
    assert_true(speaker_of("_unknown_/bed_0a1b_nohash_2.wav.wav", &speaker, &n));
    assert_true(n == 4 && strncmp(speaker, "0a1b", 4) == 0);
    assert_false(speaker_of("_silence_/1024.wav", &speaker, &n));
    assert_false(speaker_of("_nohash_", &speaker, &n));
}

static void names_are_shared_out_as_stated(void **state)
{
    int count[OHM_TRAINVAL] = {0};

    (void)state;
    for (int i = 0; i < 10000; i++) {
        char name[32];

        snprintf(name, sizeof name, "x/%d.png", i);
        count[split_by_name(name)]++;
    }
    /* 80 / 10 / 10 %, within five standard errors */
    assert_true(abs(count[OHM_TRAIN] - 8000) < 200 && abs(count[OHM_VAL] - 1000) < 150 &&
                abs(count[OHM_TEST] - 1000) < 150);
}

static void pictures_shrink_to_means_and_grow_between_pixels(void **state)
{
    /* Pillow 9.4: Image.fromarray(...).resize((2, 1) / (4, 1), BILINEAR) */
    const unsigned char four[4] = {0, 40, 80, 120}, pair[2] = {0, 100};
    unsigned char two[2], grown[4], flat[12], same[63];

    (void)state;
    assert_int_equal(picture_resize(two, 1, 2, four, 1, 4, 1, NULL), OHM_OK);
    assert_true(two[0] == 29 && two[1] == 91);
    assert_int_equal(picture_resize(grown, 1, 4, pair, 1, 2, 1, NULL), OHM_OK);
    assert_true(grown[0] == 0 && grown[1] == 25 && grown[2] == 75 && grown[3] == 100);
    memset(flat, 77, sizeof flat);
    assert_int_equal(picture_resize(same, 7, 3, flat, 2, 2, 3, NULL), OHM_OK);
    for (size_t i = 0; i < sizeof same; i++)
        assert_int_equal(same[i], 77);
}

static void a_wrong_npy_file_is_refused(void **state)
{
    static const struct {
        const char *header, *says;
        size_t data;
    } files[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", NULL, 24},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (7,), }", NULL, 7},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", "ask for", 23},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }", "type", 24},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", "type", 24},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", "C order", 24},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", "too large", 24},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2 -3), }", "shape", 24},
        {"{'descr': '<f4', 'fortran_order': False}", "shape", 24},
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        unsigned char bytes[400] = "\x93NUMPY\x01\x00";
        const size_t n = strlen(files[i].header);
        struct ohm_error err = {0};
        struct npy a;

        bytes[8] = (unsigned char)n;
        memcpy(bytes + 10, files[i].header, n);
        if (!files[i].says)
            assert_int_equal(npy_parse(&a, bytes, 10 + n + files[i].data, "a.npy", &err), OHM_OK);
        else {
            assert_int_equal(npy_parse(&a, bytes, 10 + n + files[i].data, "a.npy", &err), OHM_EDATA);
            assert_string_equal(err.path, "a.npy");
            assert_true(strstr(err.text, files[i].says));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha1_gives_the_published_digests),
        cmocka_unit_test(the_speaker_is_found_in_a_name),
        cmocka_unit_test(names_are_shared_out_as_stated),
        cmocka_unit_test(pictures_shrink_to_means_and_grow_between_pixels),
        cmocka_unit_test(a_wrong_npy_file_is_refused),
    };

    return cmocka_run_group_tests(tests, make_place, drop_place);
}
