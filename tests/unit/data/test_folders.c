/* test_folders.c - folders of waves, pictures and batches: what is good is read, and what is wrong named. */
#include "data_fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <jpeglib.h>
#include <png.h>

static void put_png(const char *name, int h, int w, unsigned char first)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .height = (png_uint_32)h, .width = (png_uint_32)w, .format = PNG_FORMAT_RGB};
    unsigned char *const pixels = malloc((size_t)h * (size_t)w * 3), bytes[8192];
    png_alloc_size_t length = sizeof bytes;

    memset(pixels, first, (size_t)h * (size_t)w * 3);
    assert_true(png_image_write_to_memory(&image, bytes, &length, 0, pixels, 0, NULL));
    put(name, bytes, length);
    free(pixels);
}

static size_t make_jpeg(unsigned char **bytes, int h, int w, unsigned char level)
{
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr manager;
    unsigned long length = 0;
    unsigned char line[256];
    JSAMPROW row = line;

    info.err = jpeg_std_error(&manager);
    jpeg_create_compress(&info);
    *bytes = NULL;
    jpeg_mem_dest(&info, bytes, &length);
    info.image_width = (JDIMENSION)w;
    info.image_height = (JDIMENSION)h;
    info.input_components = 1;
    info.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&info);
    jpeg_start_compress(&info, TRUE);
    memset(line, level, sizeof line);
    while (info.next_scanline < info.image_height)
        jpeg_write_scanlines(&info, &row, 1);
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return length;
}

static struct ohm_data *load_good(const struct ohm_task_spec *task, const char *place)
{
    struct ohm_data *data = NULL;
    struct ohm_diag diag = {0};
    char path[256], text[4096];

    if (ohm_data_load(&data, task, in_place(path, place), NULL, &diag) != OHM_OK)
        fail_msg("%s", all_texts(&diag, text, sizeof text));
    ohm_diag_release(&diag);
    return data;
}

/* Loading fails, and one of the problems is of the file `file` and says `says`. */
static void refused(const struct ohm_task_spec *task, const char *place, const char *file, const char *says)
{
    struct ohm_data *data = NULL;
    struct ohm_diag diag = {0};
    char path[256], text[4096];
    bool told = false;

    assert_int_not_equal(ohm_data_load(&data, task, in_place(path, place), NULL, &diag), OHM_OK);
    assert_null(data);
    for (int i = 0; i < diag.count && i < OHM_DIAG_MAX; i++)
        told |= strstr(diag.item[i].path, file) && strstr(diag.item[i].text, says);
    if (!told)
        fail_msg("no '%s' of %s in:\n%s", says, file, all_texts(&diag, text, sizeof text));
    ohm_diag_release(&diag);
}

static void good_waves(const char *set)
{
    static const char *const names[] = {"yes/0a_nohash_0.wav", "yes/0b_nohash_0.wav", "yes/0c_nohash_1.wav",
                                        "no/0a_nohash_0.wav",  "no/0d_nohash_0.wav",  "no/0e_nohash_0.wav"};
    char name[128];

    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "%s/%s", set, names[i]);
        put_wave(name, 16000, 1, i == 2 ? 9000 : 16000, 20 + 10 * i);
    }
}

static void waves_are_read_and_each_wrong_one_is_named(void **state)
{
    struct ohm_task_spec *const task = task_of(SPEECH);
    unsigned char bytes[44 + 32000];
    struct ohm_data *data;
    size_t length;

    (void)state;
    good_waves("w");
    data = load_good(task, "w");
    assert_int_equal(ohm_data_count(data), 6);
    assert_string_equal(ohm_data_name(data, 0), "no/0a_nohash_0.wav");
    assert_int_equal(ohm_data_label(data, 0), 1);
    assert_int_equal(ohm_data_label(data, 5), 0);
    ohm_data_free(data);

    put_wave("w/yes/1_nohash_0.wav", 8000, 1, 8000, 30);
    refused(task, "w", "yes/1_nohash_0.wav", "8000 samples a second");
    put_wave("w/yes/1_nohash_0.wav", 16000, 1, 16001, 30);
    refused(task, "w", "yes/1_nohash_0.wav", "16001 samples, more than");
    put_wave("w/yes/1_nohash_0.wav", 16000, 1, 100, 30);
    refused(task, "w", "yes/1_nohash_0.wav", "100 samples, fewer than");
    put_wave("w/yes/1_nohash_0.wav", 16000, 2, 8000, 30);
    refused(task, "w", "yes/1_nohash_0.wav", "2 channels");
    length = make_wave_file(bytes, 16000, 1, 16000, 30);
    put("w/yes/1_nohash_0.wav", bytes, length - 1000);
    refused(task, "w", "yes/1_nohash_0.wav", "cut short");
    put("w/yes/1_nohash_0.wav", "hello", 5);
    refused(task, "w", "yes/1_nohash_0.wav", "no wave");
    put("w/yes/1_nohash_0.wav", "", 0);
    refused(task, "w", "yes/1_nohash_0.wav", "no wave");
    ohm_task_spec_free(task);
}

static void a_split_file_decides_and_its_mistakes_are_told(void **state)
{
    static const char good[] = "file,label,split\nyes/0a_nohash_0.wav,yes,train\nno/0a_nohash_0.wav,no,test\n";
    static const char absent[] = "file,split\nyes/0a_nohash_0.wav,train\nno/0a_nohash_0.wav,val\nno/gone.wav,test\n";
    static const char twice[] = "file,split\nyes/0a_nohash_0.wav,train\nyes/0a_nohash_0.wav,test\n";
    static const char label[] = "file,label,split\nyes/0a_nohash_0.wav,yes,train\nno/0a_nohash_0.wav,yes,test\n";
    static const char name[] = "file,split\nyes/0a_nohash_0.wav,traim\n";
    struct ohm_task_spec *const task = task_of(SPEECH);
    struct ohm_data *data;

    (void)state;
    good_waves("s");
    put("s/split.csv", good, strlen(good));
    data = load_good(task, "s");
    assert_int_equal(ohm_data_count(data), 2);
    assert_int_equal(ohm_data_split_of(data, 0), OHM_TEST);
    assert_int_equal(ohm_data_split_of(data, 1), OHM_TRAIN);
    ohm_data_free(data);
    put("s/split.csv", absent, strlen(absent));
    refused(task, "s", "split.csv", "'no/gone.wav' is named here");
    put("s/split.csv", twice, strlen(twice));
    refused(task, "s", "split.csv", "named twice");
    put("s/split.csv", label, strlen(label));
    refused(task, "s", "split.csv", "labelled 'yes'");
    put("s/split.csv", name, strlen(name));
    refused(task, "s", "split.csv", "'traim'");
    ohm_task_spec_free(task);
}

static void silence_is_cut_from_noise_and_no_noise_is_heard_in_two_splits(void **state)
{
    struct ohm_task_spec *const task =
        task_of("task: words\nkind: speech\ninput: [49, 10, 1]\nclasses: [\"yes\", \"no\", \"quiet\"]\n"
                "noise: hum\nsilence: quiet\nother: \"no\"\n");
    struct ohm_data *data;
    int count[OHM_TRAINVAL] = {0};

    (void)state;
    good_waves("q");
    put_wave("q/bed/0f_nohash_0.wav", 16000, 1, 16000, 77);
    put_wave("q/hum/tap.wav", 16000, 1, 16000 * 20 + 5, 13);
    data = load_good(task, "q");
    assert_int_equal(ohm_data_count(data), 6 + 1 + 20);
    for (int i = 0; i < ohm_data_count(data); i++)
        if (ohm_data_label(data, i) == 2)
            count[ohm_data_split_of(data, i)]++;
        else if (strncmp(ohm_data_name(data, i), "bed/", 4) == 0)
            assert_int_equal(ohm_data_label(data, i), 1);
    assert_true(count[OHM_TRAIN] == 16 && count[OHM_VAL] == 2 && count[OHM_TEST] == 2);
    assert_int_equal(data->noise[0].usable, 16 * 16000);
    ohm_data_free(data);
    ohm_task_spec_free(task);
}

static void pictures_are_read_resized_and_each_wrong_one_is_named(void **state)
{
    struct ohm_task_spec *const task = task_of(PICTURES);
    unsigned char *jpeg;
    const size_t length = make_jpeg(&jpeg, 40, 30, 90);
    struct ohm_data *data;
    float x[2 * 8 * 6 * 3];
    const int both[2] = {0, 1};

    (void)state;
    put_png("p/cat/a.png", 16, 12, 200);
    put("p/dog/b.jpg", jpeg, length);
    put("p/README.md", "words", 5);
    data = load_good(task, "p");
    assert_int_equal(ohm_data_count(data), 2);
    assert_int_equal(ohm_batch_fill(data, x, NULL, both, 2, NULL, 1, NULL), OHM_OK);
    for (int i = 0; i < 144; i++) {
        assert_true(x[i] == 200);
        assert_true(fabsf(x[144 + i] - 90) <= 1);
    }
    ohm_data_free(data);

    put("p/dog/b.jpg", jpeg, length - 40);
    refused(task, "p", "dog/b.jpg", "JPEG picture is damaged");
    put("p/dog/b.jpg", "GIF89a", 6);
    refused(task, "p", "dog/b.jpg", "neither JPEG nor PNG");
    refused(task, "p", "/p", "without a single good file: dog");
    put("p/cat/a.png", "\x89PNG\r\n\x1a\n", 8);
    refused(task, "p", "cat/a.png", "PNG picture is damaged");
    refused(task, "p", "/p", "another task");
    refused(task, "nowhere", "nowhere", "no such folder");
    free(jpeg);
    ohm_task_spec_free(task);
}

static void an_archive_gives_what_its_folder_gives(void **state)
{
    struct ohm_task_spec *const task = task_of(PICTURES);
    struct archive *const a = archive_write_new();
    static const char *const names[] = {"top/dog/d.png", "top/deeper/dog/e.png", "top/cat/c.png"};
    char path[256];
    struct ohm_data *folder_data, *packed_data;

    (void)state;
    put_png("a/cat/c.png", 8, 6, 10);
    put_png("a/dog/d.png", 8, 6, 20);
    archive_write_add_filter_gzip(a);
    archive_write_set_format_pax_restricted(a);
    assert_int_equal(archive_write_open_filename(a, in_place(path, "a.tar.gz")), ARCHIVE_OK);
    for (int i = 0; i < 3; i++) {
        struct archive_entry *const e = archive_entry_new();
        char *bytes;
        size_t length;

        assert_int_equal(
            ohm_file_read(&bytes, &length, in_place(path, i == 2 ? "a/cat/c.png" : "a/dog/d.png"), 9999, NULL), OHM_OK);
        archive_entry_set_pathname(e, names[i]);
        archive_entry_set_size(e, (la_int64_t)length);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, bytes, length), length);
        archive_entry_free(e);
        ohm_free(bytes);
    }
    archive_write_free(a);
    folder_data = load_good(task, "a");
    packed_data = load_good(task, "a.tar.gz");
    assert_int_equal(ohm_data_count(packed_data), 2);
    assert_true(ohm_data_hash(folder_data) == ohm_data_hash(packed_data));
    ohm_data_free(folder_data);
    ohm_data_free(packed_data);
    ohm_task_spec_free(task);
}

/* Batches of zeros are files with a hole: nothing is written but what differs. */
static void put_batch(const char *name, long size, int label_at)
{
    char path[256];
    FILE *f;

    put(name, "", 0);
    f = fopen(in_place(path, name), "r+b");
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), size), 0);
    fseek(f, 3073L * label_at, SEEK_SET);
    fputc(7, f);
    fputc(11, f); /* red of its first pixel */
    fseek(f, 3073L * label_at + 1 + 1024, SEEK_SET);
    fputc(22, f);
    fclose(f);
}

static void cifar_batches_are_read_and_a_truncated_one_is_named(void **state)
{
    struct ohm_task_spec *task = NULL;
    struct ohm_data *data;
    float x[3072];
    const int sample = 10003;
    int n;

    (void)state;
    assert_int_equal(ohm_task_spec_load(&task, "searchspaces/tasks/cifar10.yaml", NULL), OHM_OK);
    task->mean[0] = task->mean[1] = task->mean[2] = 0;
    task->std[0] = task->std[1] = task->std[2] = 1;
    for (int i = 1; i <= 5; i++) {
        char name[64];

        snprintf(name, sizeof name, "c/data_batch_%d.bin", i);
        put_batch(name, 30730000, 3);
    }
    refused(task, "c", "/c", "test_batch.bin is missing");
    put_batch("c/test_batch.bin", 30729999, 3);
    refused(task, "c", "test_batch.bin", "cut short");
    put_batch("c/test_batch.bin", 30730000, 3);
    data = load_good(task, "c");
    assert_int_equal(ohm_data_count(data), 60000);
    assert_string_equal(ohm_data_name(data, sample), "data_batch_2.bin#00003");
    assert_int_equal(ohm_data_label(data, sample), 7);
    assert_int_equal(ohm_batch_fill(data, x, NULL, &sample, 1, NULL, 1, NULL), OHM_OK);
    assert_true(x[0] == 11 && x[1] == 22 && x[2] == 0 && x[3] == 0);
    ohm_data_split(data, OHM_TRAIN, &n);
    assert_int_equal(n, 45000);
    ohm_data_split(data, OHM_TRAINVAL, &n);
    assert_int_equal(n, 50000);
    assert_int_equal(ohm_data_split_of(data, 49999), OHM_VAL);
    ohm_data_free(data);
    refused(task, "w", "/w", "data of another task");
    ohm_task_spec_free(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waves_are_read_and_each_wrong_one_is_named),
        cmocka_unit_test(a_split_file_decides_and_its_mistakes_are_told),
        cmocka_unit_test(silence_is_cut_from_noise_and_no_noise_is_heard_in_two_splits),
        cmocka_unit_test(pictures_are_read_resized_and_each_wrong_one_is_named),
        cmocka_unit_test(an_archive_gives_what_its_folder_gives),
        cmocka_unit_test(cifar_batches_are_read_and_a_truncated_one_is_named),
    };

    return cmocka_run_group_tests(tests, make_place, drop_place);
}
