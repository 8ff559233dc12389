/* Networks that the spaces decode, through one step of training. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sanitized.h"
#include "ohm/decode.h"
#include "ohm/mem.h"
#include "ohm/space.h"
#include "ohm/train.h"

enum { NETS = SANITIZED ? 20 : 200 };

static enum ohm_status noise(void *context, float *x, int32_t *label, int part, const int *sample, int n,
                             const struct ohm_rng *augment, int jobs, struct ohm_error *err)
{
    const struct ohm_net *net = context;
    const int numbers = net->input.h * net->input.w * net->input.c;
    struct ohm_rng rng = ohm_rng_seed((uint64_t)sample[0] + (uint64_t)part);

    (void)augment;
    (void)jobs;
    (void)err;
    for (int i = 0; i < n * numbers; i++)
        x[i] = (float)ohm_rng_normal(&rng);
    for (int i = 0; i < n; i++)
        label[i] = sample[i] % net->classes;
    return OHM_OK;
}

static void one_step(const struct ohm_net *net, bool analog)
{
    union {
        const struct ohm_net *in;
        void *out;
    } context = {net};
    const struct ohm_samples samples = {.context = context.out, .count = {2, 0}, .fill = noise};
    struct ohm_train_spec_net spec = {.net = net, .samples = &samples, .seed = 1, .jobs = 1};
    struct ohm_train_result result = {0};
    struct ohm_weights w = {0};
    struct ohm_error err = {0};

    ohm_fields_default(ohm_recipe_fields, &spec.recipe);
    ohm_fields_default(ohm_analog_fields, &spec.analog);
    spec.recipe.epochs = 1;
    spec.recipe.batch = 2;
    spec.analog.on = analog;
    if (ohm_weights_init(&w, net, &err) != OHM_OK || ohm_train_run(&w, &result, &spec, &err) != OHM_OK)
        fail_msg("%s", err.text);
    assert_true(isfinite(result.curve[0].loss));
    for (size_t i = 0; i < w.count; i++)
        if (!isfinite(w.value[i]))
            fail_msg("number %zu is %g", i, (double)w.value[i]);
    ohm_train_result_release(&result);
    ohm_weights_release(&w);
}

/* A network of many MACs says no more about training than one of few, and takes longer. */
static void train_some(const char *path, int count, int64_t macs_max)
{
    struct ohm_space *space = NULL;
    struct ohm_diag diag = {0};
    struct ohm_net_builder b = {0};
    struct ohm_rng rng = ohm_rng_seed(11);
    struct ohm_error err = {0};

    if (ohm_space_load(&space, path, &diag) != OHM_OK)
        fail_msg("%s: %s", path, diag.item[0].text);
    for (int done = 0; done < count;) {
        struct ohm_genotype g;
        const struct ohm_net *net = NULL;

        ohm_net_reset(&b, true);
        if (ohm_genotype_sample(space, &g, &rng, &err) != OHM_OK || ohm_decode(space, &g, &b, &net, &err) != OHM_OK)
            fail_msg("%s", err.text);
        if (net->macs > macs_max)
            continue;
        one_step(net, done % 8 == 7);
        done++;
    }
    ohm_net_release(&b);
    ohm_space_free(space);
    ohm_diag_release(&diag);
}

static void two_hundred_networks_for_cifar10_train_one_step(void **state)
{
    (void)state;
    train_some("searchspaces/resnet-cifar10.yaml", NETS, 25000000);
}

static void two_hundred_networks_for_keywords_train_one_step(void **state)
{
    (void)state;
    train_some("searchspaces/resnet-kws.yaml", NETS, 10000000);
}

static void two_hundred_networks_for_visual_wake_words_train_one_step(void **state)
{
    (void)state;
    train_some("searchspaces/resnet-vww.yaml", NETS, 30000000);
}

static void cells_of_nas_bench_201_train_one_step(void **state)
{
    (void)state;
    train_some("searchspaces/nb201.yaml", 6, 60000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hundred_networks_for_cifar10_train_one_step),
        cmocka_unit_test(two_hundred_networks_for_keywords_train_one_step),
        cmocka_unit_test(two_hundred_networks_for_visual_wake_words_train_one_step),
        cmocka_unit_test(cells_of_nas_bench_201_train_one_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
