/* fuzz_chip.c (chip) - any bytes as a chip: errors, or a chip on which every price is a number. */
#include "ohm/chip.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ways to use the chip, one bit an option; no more than 128 are tried. */
static unsigned uses_of(const struct ohm_chip *chip)
{
    unsigned options = 0;

    for (const struct ohm_field *f = ohm_chip_use_fields; f->kind != OHM_FIELD_END; f++)
        options += ohm_chip_uses(chip, f);
    return 1U << (options < 7 ? options : 7);
}

/* Options of one bit each, as far as the chip has them. */
static bool use_of(struct ohm_chip_use *use, const struct ohm_chip *chip, unsigned bits)
{
    ohm_fields_default(ohm_chip_use_fields, use);
    for (const struct ohm_field *f = ohm_chip_use_fields; f->kind != OHM_FIELD_END; f++) {
        if (!ohm_chip_uses(chip, f))
            continue;
        if (f->kind == OHM_FIELD_BOOL)
            *(bool *)((char *)use + f->offset) = bits & 1;
        else if (f->kind == OHM_FIELD_INT)
            *(int64_t *)(void *)((char *)use + f->offset) = 1 + 2 * (bits & 1);
        else
            *(int *)(void *)((char *)use + f->offset) = bits & 1;
        bits >>= 1;
    }
    return ohm_chip_check_use(chip, use, NULL) == OHM_OK;
}

static void price(const struct ohm_chip *chip)
{
    static const struct ohm_matrix matrix[] = {
        {1, 1, 1, false}, {27, 16, 1024, false}, {4096, 4096, 64, true}, {INT32_MAX, 1, 1, false}};

    for (unsigned i = 0; i < 2 * uses_of(chip); i++) {
        const int n = i & 1 ? 4 : 3;
        struct ohm_chip_use use;
        struct ohm_cost_layer row[4];
        struct ohm_chip_peak peak;
        struct ohm_cost cost;
        enum ohm_status st;

        if (!use_of(&use, chip, i >> 1))
            continue;
        ohm_chip_peak(chip, &use, &peak);
        assert(isfinite(peak.tops) && isfinite(peak.tops_per_W) && isfinite(peak.tops_per_mm2) && peak.tops > 0);
        if ((st = ohm_cost_matrices(chip, &use, matrix, n, &cost, row, NULL)) != OHM_OK) {
            assert(st == OHM_ERANGE);
            continue;
        }
        assert(isfinite(cost.latency_us) && isfinite(cost.energy_uJ) && isfinite(cost.area_mm2));
        assert(cost.latency_us > 0 && cost.interval_us <= cost.latency_us * (1 + 1e-12) && cost.energy_uJ >= 0);
        assert(cost.util >= 0 && cost.util <= 1 && cost.chips >= 1 && cost.cores >= cost.cores_single);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_chip *chip = NULL, *again = NULL;
    struct ohm_diag diag = {0};

    if (ohm_chip_parse(&chip, (const char *)data, size, "fuzz.yaml", &diag) == OHM_OK) {
        assert(diag.count == 0);
        price(chip);
        assert(ohm_chip_parse(&again, (const char *)data, size, "fuzz.yaml", NULL) == OHM_OK);
        assert(ohm_chip_hash(chip) == ohm_chip_hash(again));
    } else {
        assert(diag.count > 0 && !chip);
    }
    ohm_diag_release(&diag);
    ohm_chip_free(chip);
    ohm_chip_free(again);
    return 0;
}
