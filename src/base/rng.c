/* rng.c - Philox streams (the generator itself is Random123's). */
#include "ohm/rng.h"

#include "ohm/str.h"

#include <math.h>
#include <string.h>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#endif
#include <Random123/philox.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

static philox4x32_ctr_t block(uint64_t key, uint64_t counter, uint64_t domain)
{
    const philox4x32_ctr_t ctr = { { (uint32_t)counter, (uint32_t)(counter >> 32), (uint32_t)domain,
                                     (uint32_t)(domain >> 32) } };
    const philox4x32_key_t k = { { (uint32_t)key, (uint32_t)(key >> 32) } };

    return philox4x32_R(10, ctr, k);
}

/* Counters of draws have domain 0; the ids of children have domain 1, so that no child's key is ever a draw. */
enum { DOMAIN_DRAW = 0, DOMAIN_CHILD = 1 };

struct ohm_rng ohm_rng_seed(uint64_t seed)
{
    return (struct ohm_rng){ .key = seed };
}

struct ohm_rng ohm_rng_child(const struct ohm_rng *parent, uint64_t id)
{
    const philox4x32_ctr_t b = block(parent->key, id, DOMAIN_CHILD);

    return (struct ohm_rng){ .key = (uint64_t)b.v[0] | (uint64_t)b.v[1] << 32 };
}

struct ohm_rng ohm_rng_named(const struct ohm_rng *parent, const char *name)
{
    return ohm_rng_child(parent, ohm_hash(name, strlen(name)));
}

uint32_t ohm_rng_u32(struct ohm_rng *rng)
{
    if (rng->left == 0) {
        const philox4x32_ctr_t b = block(rng->key, rng->counter++, DOMAIN_DRAW);

        memcpy(rng->word, b.v, sizeof rng->word);
        rng->left = 4;
    }
    return rng->word[4 - rng->left--];
}

uint64_t ohm_rng_u64(struct ohm_rng *rng)
{
    const uint64_t low = ohm_rng_u32(rng);

    return low | (uint64_t)ohm_rng_u32(rng) << 32;
}

double ohm_rng_uniform(struct ohm_rng *rng)
{
    return (double)(ohm_rng_u64(rng) >> 11) * 0x1p-53;
}

/* Lemire's multiply-shift with rejection (ACM TOMACS 29, 2019): unbiased. */
uint32_t ohm_rng_below(struct ohm_rng *rng, uint32_t n)
{
    uint64_t product = (uint64_t)ohm_rng_u32(rng) * n;

    if ((uint32_t)product < n) {
        const uint32_t threshold = (0 - n) % n;

        while ((uint32_t)product < threshold)
            product = (uint64_t)ohm_rng_u32(rng) * n;
    }
    return (uint32_t)(product >> 32);
}

/* Box-Muller, one of its two values: a draw always moves the stream by the same two words. */
double ohm_rng_normal(struct ohm_rng *rng)
{
    const double u = ((double)ohm_rng_u32(rng) + 1.0) * 0x1p-32;
    const double angle = (double)ohm_rng_u32(rng) * 0x1p-32 * 6.283185307179586476925;

    return sqrt(-2.0 * log(u)) * cos(angle);
}

void ohm_rng_shuffle(struct ohm_rng *rng, int *items, int n)
{
    for (int i = n - 1; i > 0; i--) {
        const int j = (int)ohm_rng_below(rng, (uint32_t)i + 1);
        const int held = items[i];

        items[i] = items[j];
        items[j] = held;
    }
}
