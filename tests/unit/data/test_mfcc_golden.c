/* test_mfcc_golden.c - the front end against the 200 inputs of MLPerf Tiny's keyword spotting: 8-bit values that
 * TensorFlow made from waves of the Speech Commands test set. Both are other people's data, read at test time. */
#include "data_int.h"

#include "ohm/csv.h"
#include "ohm/file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SHARED  "../shared"
#define MAPPING SHARED "/golden/mfcc/kws01_to_wav.csv"
#define ARCHIVE SHARED "/data/speech_commands.tar.xz"

enum { VALUES = 490 };

struct tally {
    struct ohm_csv csv;
    int file, wav, present, inputs;
    long equal, near, far;
    int worded, misplaced; /* clips of words, and those that the official rule puts into another split than the test */
    struct ohm_task_spec *task;
};

/* Quantised as the reference does it: truncated towards zero (mlcommons/tiny, scale and zero point of kws_ref_model).
 */
static int quantised(float value)
{
    return (int)((double)value / 0.5847029089927673 + 83);
}

static void compare(struct tally *t, const char *bin, const unsigned char *bytes, size_t length)
{
    char path[300];
    char *golden = NULL;
    int16_t *wave = NULL;
    float feature[VALUES], clip[16000];
    size_t samples = 0, n = 0;

    snprintf(path, sizeof path, SHARED "/golden/mfcc/kws01/%s", bin);
    assert_int_equal(ohm_file_read(&golden, &n, path, 4096, NULL), OHM_OK);
    assert_int_equal(n, VALUES);
    assert_int_equal(wav_decode(&wave, &samples, bytes, length, bin, 16000, 16000, NULL), OHM_OK);
    for (size_t i = 0; i < samples; i++)
        clip[i] = wave[i];
    assert_int_equal(ohm_frontend_run(&t->task->frontend, feature, clip, samples, NULL), OHM_OK);
    for (int i = 0; i < VALUES; i++) {
        const int off = abs(quantised(feature[i]) - (signed char)golden[i]);

        t->equal += off == 0;
        t->near += off == 1;
        t->far += off > 1;
    }
    t->inputs++;
    ohm_free(golden);
    ohm_free(wave);
}

static bool no_content(void *context, const char *folder)
{
    (void)context;
    (void)folder;
    return false;
}

static const char *cell(const struct tally *t, int row, int column)
{
    return t->csv.cell[row * t->csv.columns + column];
}

static bool wanted(void *context, const char *name)
{
    struct tally *const t = context;
    const char *speaker;
    size_t n;

    if (speaker_of(name, &speaker, &n)) {
        t->worded++;
        t->misplaced += split_by_speaker(speaker, n) != OHM_TEST;
    }
    for (int i = 0; i < t->csv.rows; i++)
        if (cell(t, i, t->present)[0] == '1' && strcmp(cell(t, i, t->wav), name) == 0)
            return true;
    return false;
}

static enum ohm_status take(void *context, const char *name, const unsigned char *bytes, size_t length)
{
    struct tally *const t = context;

    for (int i = 0; i < t->csv.rows; i++)
        if (cell(t, i, t->present)[0] == '1' && strcmp(cell(t, i, t->wav), name) == 0)
            compare(t, cell(t, i, t->file), bytes, length);
    return OHM_OK;
}

static void the_inputs_of_mlperf_tiny_and_the_official_split_come_out_of_the_waves(void **state)
{
    struct tally t = {0};
    const struct source_visitor v = {&t, no_content, wanted, take, OHM_DATA_FILE_MAX};
    struct ohm_diag diag = {0};

    (void)state;
    if (!ohm_file_exists(MAPPING) || !ohm_file_exists(ARCHIVE)) {
        print_message("SKIPPED: " SHARED " is absent: the features are not compared with MLPerf Tiny's\n");
        skip();
    }
    assert_int_equal(ohm_task_spec_load(&t.task, "searchspaces/tasks/kws.yaml", &diag), OHM_OK);
    assert_int_equal(ohm_csv_load(&t.csv, MAPPING, NULL), OHM_OK);
    t.file = ohm_csv_column(&t.csv, "kws01_file");
    t.wav = ohm_csv_column(&t.csv, "wav_in_speech_commands");
    t.present = ohm_csv_column(&t.csv, "mfcc_bin_present");
    assert_true(t.file >= 0 && t.wav >= 0 && t.present >= 0);
    assert_int_equal(source_walk(ARCHIVE, &v, &diag), OHM_OK);
    print_message("%d inputs: %ld values equal (%.3f %%), %ld one step off, %ld more\n", t.inputs, t.equal,
                  100.0 * (double)t.equal / (t.inputs * VALUES), t.near, t.far);
    assert_int_equal(t.inputs, 200);
    assert_int_equal(t.far, 0);
    assert_true((double)t.equal >= 0.995 * 200 * VALUES);
    /* The archive holds the official test set: every worded clip of it must be a test by the official rule. */
    assert_int_equal(t.worded, 4482);
    assert_int_equal(t.misplaced, 0);
    ohm_csv_release(&t.csv);
    ohm_task_spec_free(t.task);
    ohm_diag_release(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_inputs_of_mlperf_tiny_and_the_official_split_come_out_of_the_waves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
