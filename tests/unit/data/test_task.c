/* test_task.c - task files: those shipped, and what each mistake is answered with. */
#include "data_fixture.h"

static void the_shipped_tasks_are_those_of_mlperf_tiny(void **state)
{
    static const struct {
        const char *name;
        int h, w, c, classes;
        double target;
    } tasks[] = {{"kws", 49, 10, 1, 12, 90}, {"vww", 96, 96, 3, 2, 80}, {"cifar10", 32, 32, 3, 10, 85}};

    (void)state;
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        struct ohm_task_spec *t = NULL;
        struct ohm_diag diag = {0};
        char path[64];

        snprintf(path, sizeof path, "searchspaces/tasks/%s.yaml", tasks[i].name);
        assert_int_equal(ohm_task_spec_load(&t, path, &diag), OHM_OK);
        assert_string_equal(t->name, tasks[i].name);
        assert_true(t->h == tasks[i].h && t->w == tasks[i].w && t->c == tasks[i].c);
        assert_int_equal(t->classes, tasks[i].classes);
        assert_true(t->target_top1 == tasks[i].target);
        assert_true(t->norms == 1 || t->norms == t->c || t->norms == t->w * t->c);
        ohm_task_spec_free(t);
        ohm_diag_release(&diag);
    }
}

static void each_mistake_is_told(void **state)
{
    static const struct {
        const char *text, *says;
    } mistakes[] = {
        {"kind: images\ninput: [8, 8, 3]\nclasses: [a, b]\n", "missing key 'task'"},
        {"task: t\nkind: image\ninput: [8, 8, 3]\nclasses: [a, b]\n", "images"},
        {"task: t\nkind: images\ninput: [8, 8]\nclasses: [a, b]\n", "height, width, channels"},
        {"task: t\nkind: images\ninput: [8, 8, 2]\nclasses: [a, b]\n", "1 or 3 channels"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [a]\n", "1 classes, outside [2"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [a, a]\n", "named twice"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [a, ../b]\n", "no '/'"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [aa, bb]\nother: ab\n", "none of the classes"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [a, b]\nsplit: {rule: batches}\n", "cannot be divided"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [a, b]\nsplit: {file: ../x.csv}\n", "inside the data"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [a, b]\nnormalise: {mean: [1, 2], std: [1, 2]}\n",
         "has 2 entries"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [a, b]\nnormalise: {mean: [0], std: [0]}\n", "std"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [a, b]\naugment: {flipp: true}\n", "flip"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [a, b]\nrecipe: {epochs: 0}\n", "epochs"},
        {"task: t\nkind: images\ninput: [8, 8, 3]\nclasses: [a, b]\nfrontend: {mels: 4}\n", "only speech"},
        {"task: t\nkind: speech\ninput: [48, 10, 1]\nclasses: [a, b]\n", "makes 49 x 10 x 1"},
        {"task: t\nkind: speech\ninput: [49, 10, 1]\nclasses: [a, b]\nfrontend: {fft_samples: 500}\n", "power of two"},
        {"task: t\nkind: speech\ninput: [49, 10, 1]\nclasses: [a, b]\nfrontend: {high_Hz: 9000}\n", "8000"},
        {"task: t\nkind: cifar10\ninput: [32, 32, 1]\nclasses: [a, b]\n", "CIFAR-10 has 10 classes"},
        {"task: t\nkind: npy\ninput: [8, 8, 3]\nclasses: [a, b]\ncolour: red\n", "colour"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct ohm_task_spec *t = NULL;
        struct ohm_diag diag = {0};
        char text[4096];

        assert_int_not_equal(ohm_task_spec_parse(&t, mistakes[i].text, strlen(mistakes[i].text), "test.yaml", &diag),
                             OHM_OK);
        assert_null(t);
        if (!strstr(all_texts(&diag, text, sizeof text), mistakes[i].says))
            fail_msg("'%s' is not told of:\n%s", mistakes[i].says, text);
        ohm_diag_release(&diag);
    }
}

static void a_failing_allocation_is_told_and_loses_nothing(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        struct ohm_task_spec *t = NULL;
        struct ohm_diag diag = {0};
        enum ohm_status st;

        ohm_mem_fail_at(n);
        st = ohm_task_spec_load(&t, "searchspaces/tasks/kws.yaml", &diag);
        ohm_mem_fail_at(0);
        ohm_diag_release(&diag);
        if (st == OHM_OK) {
            ohm_task_spec_free(t);
            assert_true(n > 20);
            return;
        }
        assert_null(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_tasks_are_those_of_mlperf_tiny),
        cmocka_unit_test(each_mistake_is_told),
        cmocka_unit_test(a_failing_allocation_is_told_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
