/* Errors, memory, text, numbers, files, loops and tasks of base. */
#include "ohm/error.h"
#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/parallel.h"
#include "ohm/str.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void an_error_says_status_place_and_text(void **state)
{
    struct ohm_error err = {0};

    (void)state;
    assert_int_equal(ohm_fail_at(&err, OHM_ERANGE, OHM_ORIGIN, "chip.yaml", 4, 9, "rows is %d", 0), OHM_ERANGE);
    assert_string_equal(err.path, "chip.yaml");
    assert_int_equal(err.line, 4);
    assert_string_equal(err.text, "rows is 0");
    assert_non_null(strstr(err.origin, "test_base.c:"));
    assert_int_equal(ohm_fail(NULL, OHM_EIO, "nobody listens"), OHM_EIO);
}

static void a_diag_counts_beyond_what_it_keeps(void **state)
{
    struct ohm_diag diag = {0};
    struct ohm_error first = {0};

    (void)state;
    assert_int_equal(ohm_diag_status(&diag, &first), OHM_OK);
    for (int i = 0; i < OHM_DIAG_MAX + 10; i++)
        ohm_diag_add(&diag, OHM_ECONFIG, "a.yaml", i + 1, 1, "problem %d", i);
    assert_int_equal(diag.count, OHM_DIAG_MAX + 10);
    assert_int_equal(ohm_diag_status(&diag, &first), OHM_ECONFIG);
    assert_string_equal(first.text, "problem 0");
    ohm_diag_release(&diag);
}

static void exit_codes_are_the_documented_ones(void **state)
{
    (void)state;
    assert_int_equal(ohm_status_exit_code(OHM_OK), 0);
    assert_int_equal(ohm_status_exit_code(OHM_EIO), 1);
    assert_int_equal(ohm_status_exit_code(OHM_ECONFIG), 2);
    assert_int_equal(ohm_status_exit_code(OHM_ENOTFOUND), 3);
    assert_int_equal(ohm_status_exit_code(OHM_EUNFIT), 4);
    assert_int_equal(ohm_status_exit_code(OHM_EGATE), 5);
    assert_int_equal(ohm_status_exit_code(OHM_EBUSY), 6);
    assert_int_equal(ohm_status_exit_code(OHM_EDATA), 7);
    assert_int_equal(ohm_status_exit_code(OHM_EINTR), 130);
}

static void a_size_that_overflows_gives_no_memory(void **state)
{
    (void)state;
    assert_null(ohm_alloc(SIZE_MAX / 2, 3));
    assert_null(ohm_realloc(NULL, SIZE_MAX / 2, 3));
}

static void the_nth_allocation_fails_on_demand(void **state)
{
    void *a, *b;

    (void)state;
    ohm_mem_fail_at(2);
    a = ohm_alloc(1, 1);
    b = ohm_alloc(1, 1);
    ohm_mem_fail_at(0);
    assert_non_null(a);
    assert_null(b);
    ohm_free(a);
}

static void an_arena_gives_cleared_memory_again_after_a_reset(void **state)
{
    struct ohm_arena arena = {0};

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 1; i < 300; i++) {
            unsigned char *p = ohm_arena_alloc(&arena, (size_t)i, 7);

            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (int k = 0; k < i * 7; k++)
                assert_int_equal(p[k], 0);
            memset(p, 0xff, (size_t)i * 7);
        }
        ohm_arena_reset(&arena);
    }
    ohm_arena_release(&arena);
}

static void a_text_grows_and_stays_terminated(void **state)
{
    struct ohm_str s = {0};

    (void)state;
    assert_string_equal(ohm_str_text(&s), "");
    for (int i = 0; i < 1000; i++)
        ohm_str_printf(&s, "%d,", i % 10);
    assert_int_equal(s.length, 2000);
    assert_int_equal(strlen(ohm_str_text(&s)), 2000);
    ohm_str_release(&s);
}

static void a_word_comes_through_a_shell_as_it_is(void **state)
{
    struct ohm_str s = {0};

    (void)state;
    ohm_str_append_word(&s, "a-b/c.yaml");
    ohm_str_append(&s, " ");
    ohm_str_append_word(&s, "it's 5 > 3");
    ohm_str_append(&s, " ");
    ohm_str_append_word(&s, "");
    assert_string_equal(ohm_str_text(&s), "a-b/c.yaml 'it'\\''s 5 > 3' ''");
    ohm_str_release(&s);
}

static void doubles_survive_their_shortest_text(void **state)
{
    static const double values[] = {0, -0.0, 1, -1, 0.1, 1.0 / 3, 1e300, 5e-324, 123456789.125, 1e15, 1e22, -2.5e-7};
    char text[32];
    double back;

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_true(ohm_parse_double(ohm_format_double(text, values[i]), &back));
        assert_memory_equal(&back, &values[i], sizeof back);
    }
    assert_string_equal(ohm_format_double(text, 0.1), "0.1");
    assert_string_equal(ohm_format_double(text, NAN), "nan");
}

static void only_whole_plain_decimals_are_numbers(void **state)
{
    static const char *const wrong[] = {"",   " 1",    "1 ",  "0x10",  "inf", "nan",
                                        "1e", "1e999", "--1", "1_000", ".",   "1.2.3"};
    double d;
    int64_t i;

    (void)state;
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
        assert_false(ohm_parse_double(wrong[k], &d));
    assert_true(ohm_parse_int64("-9223372036854775808", &i) && i == INT64_MIN);
    assert_false(ohm_parse_int64("9223372036854775808", &i));
    assert_false(ohm_parse_int64("1.0", &i));
}

static void the_nearest_name_is_found_and_a_far_one_is_not(void **state)
{
    static const char *const names[] = {"objectives", "budget", "seed"};

    (void)state;
    assert_string_equal(ohm_nearest("objectivs", names, 3), "objectives");
    assert_string_equal(ohm_nearest("sead", names, 3), "seed");
    assert_null(ohm_nearest("chip", names, 3));
}

static void a_file_is_written_whole_and_read_back(void **state)
{
    char folder[] = "/tmp/ohm-test-XXXXXX", *path, *bytes;
    size_t length;
    struct ohm_error err = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    path = ohm_path_join(folder, "a.txt");
    assert_int_equal(ohm_file_write(path, "hello", 5, &err), OHM_OK);
    assert_int_equal(ohm_file_read(&bytes, &length, path, 100, &err), OHM_OK);
    assert_int_equal(length, 5);
    assert_string_equal(bytes, "hello");
    ohm_free(bytes);
    assert_int_equal(ohm_file_read(&bytes, &length, path, 4, &err), OHM_EDATA);
    assert_int_equal(ohm_file_read(&bytes, &length, "/nowhere/at/all", 4, &err), OHM_ENOTFOUND);
    assert_int_equal(ohm_file_write("/nowhere/at/all", "x", 1, &err), OHM_ENOTFOUND);
    assert_string_equal(err.path, "/nowhere/at/all");
    assert_int_equal(ohm_file_write("/tmp", "x", 1, &err), OHM_EIO);
    assert_non_null(strstr(err.text, "Is a directory"));
    unlink(path);
    rmdir(folder);
    ohm_free(path);
}

enum { ITEMS = 1000 };

static enum ohm_status square(void *context, int index, int worker, struct ohm_error *err)
{
    int *out = context;

    (void)worker;
    out[index] = index * index;
    if (index % 300 == 299)
        return ohm_fail(err, OHM_EFAIL, "item %d", index);
    return OHM_OK;
}

static void a_loop_runs_every_item_and_reports_the_lowest_failure(void **state)
{
    static int out[ITEMS];
    struct ohm_error err = {0};

    (void)state;
    for (int jobs = 1; jobs <= 3; jobs++) {
        memset(out, 0, sizeof out);
        assert_int_equal(ohm_parallel_for(jobs, ITEMS, square, out, &err), OHM_EFAIL);
        assert_string_equal(err.text, "item 299");
        for (int i = 0; i < ITEMS; i++)
            assert_int_equal(out[i], i * i);
    }
}

static enum ohm_status add_one(void *context, struct ohm_error *err)
{
    int *counter = context;

    (void)err;
    ++*counter;
    return *counter == 3 ? ohm_fail(err, OHM_EIO, "third time") : OHM_OK;
}

static void a_task_runs_beside_and_reports_its_status(void **state)
{
    struct ohm_task *task;
    struct ohm_error err = {0};
    int counter = 0;

    (void)state;
    assert_int_equal(ohm_task_create(&task, &err), OHM_OK);
    assert_int_equal(ohm_task_wait(task, &err), OHM_OK);
    for (int i = 1; i <= 3; i++) {
        ohm_task_start(task, add_one, &counter);
        assert_int_equal(ohm_task_wait(task, &err), i == 3 ? OHM_EIO : OHM_OK);
        assert_int_equal(counter, i);
    }
    assert_string_equal(err.text, "third time");
    ohm_task_free(task);
}

static void a_pipe_is_written_to_and_stays_a_pipe(void **state)
{
    char folder[] = "/tmp/ohm_base_XXXXXX", path[64], got[8] = "";
    struct stat info;
    int reader;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_int_equal(ohm_file_write(path, "hello", 5, NULL), OHM_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    assert_int_equal(read(reader, got, sizeof got), 5);
    assert_string_equal(got, "hello");
    close(reader);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_is_written_to_and_stays_a_pipe),
        cmocka_unit_test(a_word_comes_through_a_shell_as_it_is),
        cmocka_unit_test(an_error_says_status_place_and_text),
        cmocka_unit_test(a_diag_counts_beyond_what_it_keeps),
        cmocka_unit_test(exit_codes_are_the_documented_ones),
        cmocka_unit_test(a_size_that_overflows_gives_no_memory),
        cmocka_unit_test(the_nth_allocation_fails_on_demand),
        cmocka_unit_test(an_arena_gives_cleared_memory_again_after_a_reset),
        cmocka_unit_test(a_text_grows_and_stays_terminated),
        cmocka_unit_test(doubles_survive_their_shortest_text),
        cmocka_unit_test(only_whole_plain_decimals_are_numbers),
        cmocka_unit_test(the_nearest_name_is_found_and_a_far_one_is_not),
        cmocka_unit_test(a_file_is_written_whole_and_read_back),
        cmocka_unit_test(a_loop_runs_every_item_and_reports_the_lowest_failure),
        cmocka_unit_test(a_task_runs_beside_and_reports_its_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
