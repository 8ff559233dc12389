/* fuzz_chip_write.c (chip) - any bytes as a chip whose numbers are changed and written back: an error, or a file that
 * is read as just that chip. */
#include "ohm/chip_fit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 64 };

/* Every second number that is no count, beginning with `first`, a little away from where it is. */
static int change(struct ohm_chip *chip, int first, int number[MOST])
{
    struct ohm_chip_number n;
    int count = 0;

    for (int i = first; ohm_chip_number(chip, i, &n); i += 2)
        if (!n.whole && ohm_chip_put(chip, i, fmin(n.value * 1.25 + n.max * 1e-9, n.max), NULL) == OHM_OK)
            number[count++] = i;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_chip *chip = NULL, *again = NULL;
    struct ohm_str text = {0};
    struct ohm_error err = {0};
    int number[MOST], count;

    if (size == 0 || ohm_chip_parse(&chip, (const char *)data, size, "fuzz.yaml", NULL) != OHM_OK)
        return 0;
    count = change(chip, data[size / 2] & 1, number);
    if (ohm_chip_write(&text, chip, data[0] & 2 ? "fuzzed" : NULL, "a \"fuzzer\" \\ of C", number, count, &err) ==
        OHM_OK) {
        assert(ohm_chip_parse(&again, ohm_str_text(&text), text.length, "again.yaml", NULL) == OHM_OK);
        assert(ohm_chip_hash(again) == ohm_chip_hash(chip));
        for (int i = 0; i < count; i++) {
            struct ohm_chip_number n = {0};

            assert(ohm_chip_number(again, number[i], &n) && strcmp(n.mark, "fitted") == 0);
        }
    } else
        assert(err.status == OHM_ECONFIG && text.length == 0);
    ohm_str_release(&text);
    ohm_chip_free(again);
    ohm_chip_free(chip);
    return 0;
}
