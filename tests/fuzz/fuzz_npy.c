/* fuzz_npy.c (data) - any bytes as a .npy file: an array whose every value can be read, or an error. */
#include "../../src/data/data_int.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_error err = {0};
    struct npy a;

    if (npy_parse(&a, data, size, "fuzz.npy", &err) == OHM_OK) {
        for (size_t i = 0; i < a.items; i++)
            if (a.kind != 'f' && isnan(npy_value(&a, i)))
                abort();
    } else if (err.text[0] == '\0' || a.data)
        abort();
    return 0;
}
