/* fuzz_space.c - any bytes as a space: an error or a space whose genotypes behave. The families are not asked, so that
 * the fuzzer is free in its axes. */
#include "../../src/space/space_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ohm_family any_family = {.name = "any"};

static const struct ohm_family *find_any(const char *name)
{
    (void)name;
    return &any_family;
}

/* Draws a few networks; each must be legal, and the same after a trip through text. */
static void draw(const struct ohm_space *space)
{
    struct ohm_rng rng = ohm_rng_seed(1);
    struct ohm_genotype g, back, child;
    struct ohm_str text = {0};

    for (int i = 0; i < 3; i++) {
        if (ohm_genotype_sample(space, &g, &rng, NULL) != OHM_OK)
            break;
        assert(ohm_genotype_check(space, &g, NULL) == OHM_OK);
        ohm_str_clear(&text);
        ohm_genotype_print(space, &g, &text);
        assert(ohm_genotype_parse(space, &back, ohm_str_text(&text), NULL) == OHM_OK);
        assert(ohm_genotype_equal(&g, &back));
        ohm_genotype_key(space, &g, &text);
        child = g;
        if (ohm_genotype_mutate(space, &child, &g, ~UINT64_C(0), &rng, NULL) == OHM_OK) {
            assert(!ohm_genotype_equal(&g, &child));
            assert(ohm_genotype_check(space, &child, NULL) == OHM_OK);
        }
        ohm_genotype_cross(space, &child, &g, &child, &rng);
    }
    ohm_str_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"any", NULL};
    struct ohm_space *space = NULL;

    if (ohm_space_read(&space, (const char *)data, size, "fuzz.yaml", find_any, names, NULL) == OHM_OK)
        draw(space);
    ohm_space_free(space);
    return 0;
}
