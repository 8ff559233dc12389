/* fuzz_picture.c (data) - any bytes as a JPEG or PNG picture: pixels, which can be resized, or an error. */
#include "../../src/data/data_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_error err = {0};
    unsigned char *pixels, small[5 * 7 * 3];
    const int c = size % 2 ? 1 : 3;
    int h, w;

    if (picture_decode(&pixels, &h, &w, c, data, size, "fuzz.png", &err) == OHM_OK) {
        if (h < 1 || w < 1 || picture_resize(small, 5, 7, pixels, h, w, c, NULL) != OHM_OK)
            abort();
        ohm_free(pixels);
    } else if (err.text[0] == '\0' || err.path[0] == '\0' || pixels)
        abort();
    return 0;
}
