/* fuzz_wav.c (data) - any bytes as a wave: samples within the limit, or an error that names the file. */
#include "../../src/data/data_int.h"

#include "ohm/str.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_error err = {0};
    int16_t *wave;
    size_t samples;

    if (wav_decode(&wave, &samples, data, size, "fuzz.wav", 16000, 16000, &err) == OHM_OK) {
        if (samples == 0 || samples > 16000)
            abort();
        if (ohm_hash(wave, samples * sizeof *wave) == 0) /* every sample is there to be read */
            abort();
        ohm_free(wave);
    } else if (err.text[0] == '\0' || err.path[0] == '\0' || wave)
        abort();
    return 0;
}
