/* fuzz_chip_axes.c (eval) - any texts as axes of a chip: axes that make a space in which each genotype has a chip, or
 * an error. Input: lines "key values"; a line "@ text" is a condition on the axes so far. */
#include "ohm/chip_axes.h"
#include "ohm/mem.h"
#include "ohm/rng.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES_MAX = 24, CHIPS = 4 };

static void require(int condition)
{
    if (!condition)
        abort();
}

/* Genotypes of the extended space, each with its chip. */
static void use(const struct ohm_chip_axes *axes, const struct ohm_space *base, const char *condition)
{
    struct ohm_rng rng = ohm_rng_seed(1);
    struct ohm_chip_condition on;
    struct ohm_space *all = NULL;
    struct ohm_str yaml = {0};
    struct ohm_genotype g;
    struct ohm_chip_use how;
    const struct ohm_chip *chip = NULL;
    bool limited;

    ohm_chip_axes_yaml(axes, &yaml);
    limited = condition && ohm_chip_condition_parse(&on, axes, condition, NULL) == OHM_OK;
    if (ohm_chip_axes_count(axes) > 0) {
        require(ohm_space_extend(&all, base, ohm_str_text(&yaml), NULL) == OHM_OK);
        require(ohm_space_axes(all) == ohm_space_axes(base) + ohm_chip_axes_count(axes));
        for (int i = 0; i < 20; i++) {
            require(ohm_genotype_sample(all, &g, &rng, NULL) == OHM_OK);
            ohm_chip_axes_pick(axes, &g, &chip, &how);
            require(chip && ohm_chip_check_use(chip, &how, NULL) == OHM_OK);
            if (limited)
                (void)ohm_chip_condition_met(&on, axes, &g);
        }
    }
    ohm_space_free(all);
    ohm_str_release(&yaml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const chips[CHIPS] = {"hermes64", "mesh512", "aon-cim", "imc-cluster"};
    struct ohm_chip_axis_text text[LINES_MAX];
    struct ohm_chip_axes *axes = NULL;
    struct ohm_space *base = NULL;
    struct ohm_chip *chip = NULL;
    struct ohm_chip_use plain;
    const char *condition = NULL;
    char path[64] = "searchspaces/chips/";
    int n = 0;

    if (size == 0)
        return 0;
    char *const bytes = ohm_alloc(size, 1), *line = bytes, *rest = NULL;
    require(bytes != NULL);
    memcpy(bytes, data + 1, size - 1); /* the last one stays 0 */
    strncat(path, chips[data[0] % CHIPS], 20);
    strncat(path, ".yaml", 6);
    require(ohm_space_load(&base, "searchspaces/nb201.yaml", NULL) == OHM_OK);
    require(ohm_chip_load(&chip, path, NULL) == OHM_OK);
    ohm_fields_default(ohm_chip_use_fields, &plain);
    for (line = strtok_r(bytes, "\n", &rest); line && n < LINES_MAX; line = strtok_r(NULL, "\n", &rest)) {
        char *const blank = strchr(line, ' ');

        if (!blank)
            continue;
        *blank = '\0';
        if (strcmp(line, "@") == 0)
            condition = blank + 1;
        else
            text[n++] = (struct ohm_chip_axis_text){line, blank + 1};
    }
    if (ohm_chip_axes_create(&axes, chip, &plain, text, n, ohm_space_axes(base), NULL, NULL) == OHM_OK)
        use(axes, base, condition);
    ohm_chip_axes_free(axes);
    ohm_chip_free(chip);
    ohm_space_free(base);
    ohm_free(bytes);
    return 0;
}
