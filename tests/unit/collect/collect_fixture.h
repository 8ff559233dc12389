/* collect_fixture.h - a recipe that takes a moment, its space, chip, device and samples, and a file for its rows. */
#ifndef COLLECT_FIXTURE_H
#define COLLECT_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect_int.h"
#include "ohm/file.h"
#include "ohm/mem.h"

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        struct ohm_error must_err = {0};                                                                               \
        if ((call) != OHM_OK)                                                                                          \
            fail_msg("%s: %s %s", #call, must_err.path, must_err.text);                                                \
    } while (0)

/* Two sizes, seven networks, two of them with two seeds: nine rows. */
#define RECIPE                                                                                                         \
    "collect: test\n"                                                                                                  \
    "task: cifar10\n"                                                                                                  \
    "space: resnet-cifar10\n"                                                                                          \
    "chip: hermes64\n"                                                                                                 \
    "networks: 7\n"                                                                                                    \
    "repeats: {networks: 2, seeds: 2}\n"                                                                               \
    "draw: {strata: [2e3, 12e3, 30e3], where: macs <= 1e6}\n"                                                          \
    "samples: {train: train, judge: val, count: 40, curve: 10}\n"                                                      \
    "digital: {epochs: 2, batch: 16, lr: 0.05}\n"                                                                      \
    "analog: {epochs: 1, batch: 16, lr: 0.01, distill: 0.5, hardware: {noise: pcm, range_batches: 1}}\n"               \
    "validate: {times: [0, 60s, 30d], draws: 2, samples: 8, calibrate: 4, tile: {read_mode: one_phase}}\n"
enum { ROWS = 9 };

struct set {
    struct ohm_collect_recipe recipe;
    struct ohm_space *space;
    struct ohm_chip *chip;
    struct ohm_device *device;
    struct ohm_task_spec *task;
    struct ohm_data *data;
    struct ohm_collect *collect;
    struct ohm_collect_run run;
    char path[64];
};

static inline void parse(struct ohm_collect_recipe *r, const char *text)
{
    struct ohm_diag diag = {0};

    if (ohm_collect_recipe_parse(r, text, strlen(text), "test.yaml", &diag) != OHM_OK)
        fail_msg("%s", diag.count ? diag.item[0].text : "no reason");
    ohm_diag_release(&diag);
}

static inline void set_up(struct set *s, const char *recipe)
{
    const struct ohm_data_options options = {.jobs = 1};
    struct ohm_diag diag = {0};
    struct ohm_collect_parts parts;

    *s = (struct set){.path = "/tmp/ohm_collect_test.XXXXXX"};
    parse(&s->recipe, recipe);
    assert_int_equal(ohm_space_load(&s->space, "searchspaces/resnet-cifar10.yaml", &diag), OHM_OK);
    assert_int_equal(ohm_chip_load(&s->chip, "searchspaces/chips/hermes64.yaml", &diag), OHM_OK);
    assert_int_equal(ohm_device_load(&s->device, "searchspaces/devices/pcm.yaml", &diag), OHM_OK);
    assert_int_equal(ohm_task_spec_load(&s->task, "searchspaces/tasks/cifar10.yaml", &diag), OHM_OK);
    assert_int_equal(ohm_data_load(&s->data, s->task, "synthetic:60", &options, &diag), OHM_OK);
    parts = (struct ohm_collect_parts){s->space, s->chip, s->device, s->data};
    MUST(ohm_collect_create(&s->collect, &s->recipe, &parts, &must_err));
    close(mkstemp(s->path)); /* an empty file is a new one */
    s->run = (struct ohm_collect_run){.path = s->path, .jobs = 1, .program = "test"};
}

static inline void tear_down(struct set *s)
{
    unlink(s->path);
    ohm_collect_free(s->collect);
    ohm_data_free(s->data);
    ohm_task_spec_free(s->task);
    ohm_device_free(s->device);
    ohm_chip_free(s->chip);
    ohm_space_free(s->space);
    ohm_collect_recipe_release(&s->recipe);
}

/* A recipe with a few words changed; owned by the caller. */
static inline char *changed(const char *text, const char *from, const char *to)
{
    const char *const at = strstr(text, from);
    struct ohm_str s = {0};

    assert_non_null(at);
    ohm_str_append_n(&s, text, (size_t)(at - text));
    ohm_str_append(&s, to);
    ohm_str_append(&s, at + strlen(from));
    assert_false(s.failed);
    return s.text;
}

#endif
