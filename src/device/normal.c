/* normal.c - standard normal draws that are counted: draw i depends on the key of the stream and on i alone. */
#include "device_int.h"
#include "vec_math.h"

#include <math.h>

/* One block of the stream gives two pairs of words, a pair two normal values. */
enum { DRAWS_A_BLOCK = 4, WORDS = DEVICE_BLOCK + DRAWS_A_BLOCK };

void normal_block(double z[DEVICE_BLOCK], uint64_t first, const struct ohm_rng *stream)
{
    struct ohm_rng rng = {.key = stream->key, .counter = first / DRAWS_A_BLOCK};
    const int skip = (int)(first % DRAWS_A_BLOCK);
    const int words = skip == 0 ? DEVICE_BLOCK : WORDS;
    uint32_t u[WORDS / 2] = {0}, v[WORDS / 2] = {0};
    double radius[WORDS / 2], value[WORDS];

    for (int i = 0; i < words / 2; i++) {
        u[i] = ohm_rng_u32(&rng);
        v[i] = ohm_rng_u32(&rng);
    }
    /* u + 1 in (0, 2^32], exact as a double: the signed conversion is the one that is a vector instruction. */
    for (int i = 0; i < WORDS / 2; i++)
        radius[i] = -2 * vm_log(((double)(int32_t)(u[i] ^ 0x80000000u) + 0x1.00000002p31) * 0x1p-32);
    for (int i = 0; i < WORDS / 2; i++)
        radius[i] = sqrt(radius[i]);
    for (int i = 0; i < WORDS / 2; i++) {
        double sine, cosine;

        vm_sin_cos(v[i], &sine, &cosine);
        value[2 * i] = radius[i] * cosine;
        value[2 * i + 1] = radius[i] * sine;
    }
    for (int i = 0; i < DEVICE_BLOCK; i++)
        z[i] = value[skip + i];
}
