/* fuzz_safetensors.c (train) - any bytes as a weights file: refused, or read with every number in place. */
#include "ohm/weights.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct ohm_tensor_file file = {0};
    struct ohm_error err = {0};
    double sum = 0;

    if (ohm_tensor_file_parse(&file, (const char *)bytes, n, "fuzz", &err) != OHM_OK) {
        if (err.status == OHM_OK)
            abort();
        return 0;
    }
    for (int i = 0; i < file.tensors; i++)
        for (size_t k = 0; k < file.tensor[i].count; k++)
            sum += file.tensor[i].data[k];
    if (sum != sum)
        abort(); /* a number that is not finite came through, or infinities of both signs */
    ohm_tensor_file_release(&file);
    return 0;
}
