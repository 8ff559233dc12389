/* rng.h - random streams as values.
 *
 * A stream is Philox 4x32-10 (Salmon et al., SC 2011) in counter mode: the key names the stream, the counter the draw.
 * A child is named by what it is for (trial, layer, repeat), never by when it was made: one thread, many threads and a
 * resumed run draw the same numbers. Copying the struct copies the stream. */
#ifndef OHM_RNG_H
#define OHM_RNG_H

#include <stdint.h>

struct ohm_rng {
    uint64_t key;
    uint64_t counter;  /* next block of four words */
    uint32_t word[4];  /* current block */
    int left;          /* words of it not yet drawn */
};

struct ohm_rng ohm_rng_seed(uint64_t seed);
/* The stream for purpose `id` under parent; the parent is not moved. Different ids give independent streams. */
struct ohm_rng ohm_rng_child(const struct ohm_rng *parent, uint64_t id);
/* The same, named by a word ("ask", "init", "program"). */
struct ohm_rng ohm_rng_named(const struct ohm_rng *parent, const char *name);

uint32_t ohm_rng_u32(struct ohm_rng *rng);
uint64_t ohm_rng_u64(struct ohm_rng *rng);
double ohm_rng_uniform(struct ohm_rng *rng);               /* in [0, 1), 53 bits */
uint32_t ohm_rng_below(struct ohm_rng *rng, uint32_t n);   /* unbiased, in [0, n); n >= 1 */
double ohm_rng_normal(struct ohm_rng *rng);                /* mean 0, variance 1; exactly two words a draw */
void ohm_rng_shuffle(struct ohm_rng *rng, int *items, int n);

#endif
