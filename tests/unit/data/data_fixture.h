/* data_fixture.h - a folder for made files, and files of waves and pictures to put in it. */
#ifndef DATA_FIXTURE_H
#define DATA_FIXTURE_H

#include "data_int.h"

#include "ohm/file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[64];

static inline int make_place(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/ohm-data-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static inline int drop_place(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? 0 : -1;
}

static inline const char *in_place(char path[256], const char *name)
{
    snprintf(path, 256, "%s/%s", folder, name);
    return path;
}

/* "set/class/file": folders are made. */
static inline void put(const char *name, const void *bytes, size_t length)
{
    char path[256], up[256];

    in_place(path, name);
    snprintf(up, sizeof up, "%s", path);
    *strrchr(up, '/') = '\0';
    assert_int_equal(ohm_make_folder(up, NULL), OHM_OK);
    assert_int_equal(ohm_file_write(path, bytes, length, NULL), OHM_OK);
}

static inline void put_number(unsigned char *to, unsigned long value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

/* A 16-bit wave with the header of RIFF; returns its length. bytes: 44 + 2 * channels * samples. */
static inline size_t make_wave_file(unsigned char *bytes, unsigned long rate, int channels, size_t samples, int pitch)
{
    const size_t data = 2 * (size_t)channels * samples;

    memcpy(bytes, "RIFF....WAVEfmt ", 16);
    put_number(bytes + 4, 36 + data, 4);
    put_number(bytes + 16, 16, 4);
    put_number(bytes + 20, 1, 2);
    put_number(bytes + 22, (unsigned long)channels, 2);
    put_number(bytes + 24, rate, 4);
    put_number(bytes + 28, rate * 2 * (unsigned long)channels, 4);
    put_number(bytes + 32, 2 * (unsigned long)channels, 2);
    put_number(bytes + 34, 16, 2);
    memcpy(bytes + 36, "data", 4);
    put_number(bytes + 40, data, 4);
    for (size_t i = 0; i < data / 2; i++)
        put_number(bytes + 44 + 2 * i, (unsigned long)(long)(8000 * sin((double)pitch * 1e-3 * (double)i)), 2);
    return 44 + data;
}

static inline void put_wave(const char *name, unsigned long rate, int channels, size_t samples, int pitch)
{
    unsigned char *const bytes = malloc(44 + 2 * (size_t)channels * samples);

    put(name, bytes, make_wave_file(bytes, rate, channels, samples, pitch));
    free(bytes);
}

static inline struct ohm_task_spec *task_of(const char *text)
{
    struct ohm_task_spec *task = NULL;
    struct ohm_diag diag = {0};

    if (ohm_task_spec_parse(&task, text, strlen(text), "test.yaml", &diag) != OHM_OK)
        fail_msg("%s", diag.item[0].text);
    return task;
}

static inline const char *all_texts(const struct ohm_diag *diag, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < diag->count && i < OHM_DIAG_MAX && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s: %s\n", diag->item[i].path, diag->item[i].text);
    return text;
}

#define SPEECH                                                                                                         \
    "task: words\nkind: speech\ninput: [49, 10, 1]\nclasses: [\"yes\", \"no\"]\nnoise: _background_noise_\n"           \
    "split: {rule: speaker_hash, file: split.csv}\n"
#define PICTURES "task: pets\nkind: images\ninput: [8, 6, 3]\nclasses: [cat, dog]\nsplit: {file: split.csv}\n"

#endif
