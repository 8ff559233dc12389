/* The features of group chip are what the cost model says of a chip with such tiles. */
#include "ohm/chip.h"
#include "ohm/decode.h"
#include "ohm/surrogate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

static double feature(const struct ohm_features *f, const float *x, const char *name)
{
    for (int i = 0; i < ohm_features_count(f); i++)
        if (strcmp(ohm_features_name(f, i), name) == 0)
            return (double)x[i];
    fail_msg("no feature %s", name);
    return NAN;
}

static void assert_same(double got, double wanted, const char *what)
{
    if (!(fabs(got - wanted) <= 1e-6 * fabs(wanted)))
        fail_msg("%s is %.9g, of the cost model %.9g", what, got, wanted);
}

static void compare(const struct ohm_chip *chip, const struct ohm_features *f, const struct ohm_genotype *g,
                    const struct ohm_net *net)
{
    struct ohm_chip_use use;
    struct ohm_cost cost;
    float x[OHM_FEATURES_MAX];

    ohm_fields_default(ohm_chip_use_fields, &use);
    assert_int_equal(ohm_cost_net(chip, &use, net, &cost, NULL, NULL), OHM_OK);
    ohm_features_compute(f, g, net, x);
    assert_same(feature(f, x, "chip.tiles"), (double)cost.cores_single, "tiles");
    assert_same(feature(f, x, "chip.util"), cost.util, "util");
    assert_same(feature(f, x, "chip.steps"), (double)cost.mvm_steps, "steps");
}

static void features_of_tiles_are_those_of_the_cost_model(void **state)
{
    static const char *const spaces[] = {"searchspaces/resnet-cifar10.yaml", "searchspaces/nb201.yaml",
                                         "searchspaces/analognas-resnet.yaml"};
    struct ohm_chip *chip = NULL;
    struct ohm_physics physics;

    (void)state;
    assert_int_equal(ohm_chip_load(&chip, "searchspaces/chips/hermes64.yaml", NULL), OHM_OK);
    ohm_fields_default(ohm_physics_fields, &physics);
    ohm_chip_tile(chip, &physics.tile_rows, &physics.tile_columns);
    for (int s = 0; s < 3; s++) {
        struct ohm_rng rng = ohm_rng_seed(9);
        struct ohm_net_builder b = {0};
        struct ohm_space *space = NULL;
        struct ohm_features *f;

        assert_int_equal(ohm_space_load(&space, spaces[s], NULL), OHM_OK);
        assert_int_equal(ohm_features_create_for(&f, space, "chip", &physics, NULL), OHM_OK);
        for (int i = 0; i < 50; i++) {
            const struct ohm_net *net;
            struct ohm_genotype g;

            assert_int_equal(ohm_genotype_sample(space, &g, &rng, NULL), OHM_OK);
            assert_int_equal(ohm_decode(space, &g, &b, &net, NULL), OHM_OK);
            compare(chip, f, &g, net);
        }
        ohm_features_free(f);
        ohm_net_release(&b);
        ohm_space_free(space);
    }
    ohm_chip_free(chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_of_tiles_are_those_of_the_cost_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
