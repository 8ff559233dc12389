/* ONNX with the programs of others: the official checker and OpenCV judge what is written here, networks of PyTorch and
 * of python3-onnx are read. Runs with OHM_PEERS=1, as tools/check --peers sets it: it takes a minute and needs packages
 * of a gigabyte. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onnx_fixture.h"

#include "ohm/file.h"

enum { SAMPLES = 2 };

/* Not by ohm_file_write, which waits for the disk. */
static void write_bytes(const char *folder, const char *name, const char *end, const void *bytes, size_t n)
{
    char path[400];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s.%s", folder, name, end);
    assert_non_null(file = fopen(path, "wb"));
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static float *read_floats(const char *folder, const char *name, const char *end, size_t n)
{
    char path[400], *bytes = NULL;
    size_t length = 0;
    struct ohm_error err = {0};
    float *value = ohm_alloc(n, sizeof(*value));

    (void)snprintf(path, sizeof(path), "%s/%s.%s", folder, name, end);
    if (ohm_file_read(&bytes, &length, path, OHM_TENSOR_FILE_MAX, &err) != OHM_OK)
        fail_msg("%s: %s", path, err.text);
    assert_int_equal(length, n * sizeof(*value));
    memcpy(value, bytes, length);
    ohm_free(bytes);
    return value;
}

/* [n][c][h][w] from [n][h][w][c], or back. */
static void turn(float *nchw, float *nhwc, int n, const struct ohm_shape *s, bool to_nhwc)
{
    size_t at = 0;

    for (int i = 0; i < n; i++)
        for (int c = 0; c < s->c; c++)
            for (int y = 0; y < s->h; y++)
                for (int x = 0; x < s->w; x++) {
                    const size_t from =
                        (((size_t)i * (size_t)s->h + (size_t)y) * (size_t)s->w + (size_t)x) * (size_t)s->c + (size_t)c;

                    if (to_nhwc)
                        nhwc[from] = nchw[at++];
                    else
                        nchw[at++] = nhwc[from];
                }
}

static void python(const char *what, const char *folder)
{
    char command[600];

    (void)fflush(NULL);
    (void)snprintf(command, sizeof(command), "/usr/bin/python3 tests/peers/onnx_peers.py %s '%s'", what, folder);
    assert_int_equal(system(command), 0);
}

static void forget(const char *folder)
{
    char command[600];

    (void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

/* The network, its answers to random pictures, and the file: every second one with its batch norms folded. */
static void write_network(void *context, struct ohm_weights *w, const char *name)
{
    const char *folder = context;
    const struct ohm_shape *s = &w->net->input;
    const size_t in = SAMPLES * (size_t)s->h * (size_t)s->w * (size_t)s->c, out = SAMPLES * (size_t)w->net->classes;
    float *x = ohm_alloc(in, sizeof(*x)), *turned = ohm_alloc(in, sizeof(*x)), *y = ohm_alloc(out, sizeof(*y));
    struct ohm_rng rng = ohm_rng_seed(13);
    const struct ohm_onnx_writing how = {
        .name = name, .program_version = "1", .fold = (name[strlen(name) - 1] & 1) != 0};
    struct ohm_str bytes = {0};
    struct ohm_error err = {0};

    for (size_t i = 0; i < in; i++)
        x[i] = (float)ohm_rng_normal(&rng);
    turn(turned, x, SAMPLES, s, false);
    if (ohm_net_infer(y, w, x, SAMPLES, SAMPLES, 1, &err) != OHM_OK || ohm_onnx_write(&bytes, w, &how, &err) != OHM_OK)
        fail_msg("%s", err.text);
    write_bytes(folder, name, "onnx", bytes.text, bytes.length);
    write_bytes(folder, name, "x", turned, in * sizeof(*x));
    write_bytes(folder, name, "y", y, out * sizeof(*y));
    ohm_str_release(&bytes);
    ohm_free(x);
    ohm_free(turned);
    ohm_free(y);
}

/* count networks of a space, or the reference networks with NULL. At most fifty lie on the disk at a time. */
static void judge_space(const char *space, int count)
{
    char folder[] = "/tmp/ohmnas-onnx-XXXXXX";

    assert_non_null(mkdtemp(folder));
    if (space)
        each_network(space, count, write_network, folder);
    else
        each_reference(write_network, folder);
    python("judge", folder);
    forget(folder);
}

static void opencv_agrees_on_networks_for_cifar10(void **state)
{
    (void)state;
    judge_space("resnet-cifar10", 50);
}

static void opencv_agrees_on_networks_for_keywords(void **state)
{
    (void)state;
    judge_space("resnet-kws", 50);
}

static void opencv_agrees_on_networks_for_visual_wake_words(void **state)
{
    (void)state;
    judge_space("resnet-vww", 50);
}

static void opencv_agrees_on_cells_of_nas_bench_201(void **state)
{
    (void)state;
    judge_space("nb201", 50);
}

static void opencv_agrees_on_networks_of_analognas(void **state)
{
    (void)state;
    judge_space("analognas-resnet", 10); /* large ones */
}

static void opencv_agrees_on_the_reference_networks(void **state)
{
    (void)state;
    judge_space(NULL, 0);
}

/* A network of others, and what they say it answers. Gives how far ours is from that. */
static double read_network(const char *folder, const char *name, int n, int classes)
{
    struct ohm_onnx_file f;
    struct ohm_error err = {0};
    char path[400];
    float *x, *turned, *want, *y;
    double most = 0, largest = 0;
    size_t in;

    (void)snprintf(path, sizeof(path), "%s/%s.onnx", folder, name);
    if (ohm_onnx_read(&f, path, &err) != OHM_OK)
        fail_msg("%s: %s", name, err.text);
    assert_int_equal(f.net->classes, classes);
    in = (size_t)n * (size_t)f.net->input.h * (size_t)f.net->input.w * (size_t)f.net->input.c;
    x = read_floats(folder, name, "x", in);
    want = read_floats(folder, name, "y", (size_t)n * (size_t)classes);
    turned = ohm_alloc(in, sizeof(*turned));
    y = ohm_alloc((size_t)n * (size_t)classes, sizeof(*y));
    turn(x, turned, n, &f.net->input, true);
    assert_int_equal(ohm_net_infer(y, &f.weights, turned, n, n, 1, &err), OHM_OK);
    for (int i = 0; i < n * classes; i++) {
        most = fmax(most, fabs((double)y[i] - (double)want[i]));
        largest = fmax(largest, fabs((double)want[i]));
    }
    ohm_free(x);
    ohm_free(turned);
    ohm_free(want);
    ohm_free(y);
    ohm_onnx_release(&f);
    return most / largest;
}

static void networks_of_pytorch_and_onnx_give_their_answers(void **state)
{
    char folder[] = "/tmp/ohmnas-onnx-XXXXXX", path[400], name[200];
    int n, classes, count = 0;
    double worst = 0;
    FILE *list;

    (void)state;
    assert_non_null(mkdtemp(folder));
    python("make", folder);
    (void)snprintf(path, sizeof(path), "%s/LIST", folder);
    assert_non_null(list = fopen(path, "r"));
    while (fscanf(list, "%199s %d %d", name, &n, &classes) == 3) {
        const double d = read_network(folder, name, n, classes);

        if (!(d < 1e-5))
            fail_msg("%s: the answers are %g apart", name, d);
        worst = fmax(worst, d);
        count++;
    }
    (void)fclose(list);
    assert_true(count >= 20);
    printf("%d networks of others read; at most %.3g apart\n", count, worst);
    forget(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opencv_agrees_on_networks_for_cifar10),
        cmocka_unit_test(opencv_agrees_on_networks_for_keywords),
        cmocka_unit_test(opencv_agrees_on_networks_for_visual_wake_words),
        cmocka_unit_test(opencv_agrees_on_cells_of_nas_bench_201),
        cmocka_unit_test(opencv_agrees_on_networks_of_analognas),
        cmocka_unit_test(opencv_agrees_on_the_reference_networks),
        cmocka_unit_test(networks_of_pytorch_and_onnx_give_their_answers),
    };

    if (!getenv("OHM_PEERS") || !*getenv("OHM_PEERS")) {
        printf("SKIPPED: runs with OHM_PEERS=1 (tools/check --peers)\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
