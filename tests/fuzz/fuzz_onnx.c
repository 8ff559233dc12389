/* fuzz_onnx.c (onnx) - any bytes as an ONNX file: refused with a reason, or a whole network with finite numbers. */
#include "ohm/onnx.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct ohm_onnx_file f;
    struct ohm_error err = {0};

    if (ohm_onnx_parse(&f, (const char *)bytes, n, "fuzz", &err) != OHM_OK) {
        if (err.status == OHM_OK || !err.text[0])
            abort();
        return 0;
    }
    if (!f.net || f.net->layers < 2)
        abort();
    for (int i = 1; i < f.net->layers; i++)
        if (!f.net->layer[i].name)
            abort();
    for (size_t i = 0; i < f.weights.count; i++)
        if (!isfinite(f.weights.value[i]))
            abort();
    ohm_onnx_release(&f);
    return 0;
}
