/* fuzz_numbers.c (text) - any bytes as a table of numbers: an error, or rows of equal length of finite numbers. */
#include "ohm/numbers.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct ohm_numbers numbers = {0};
    struct ohm_error err = {0};

    if (ohm_numbers_parse(&numbers, (const char *)bytes, n, "fuzz", &err) == OHM_OK) {
        if (numbers.rows < 1 || numbers.columns < 1)
            abort();
        for (size_t i = 0; i < (size_t)numbers.rows * (size_t)numbers.columns; i++)
            if (!isfinite(numbers.value[i]))
                abort();
    } else if (err.text[0] == '\0') {
        abort();
    }
    ohm_numbers_release(&numbers);
    return 0;
}
