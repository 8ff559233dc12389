/* normals.h - normal numbers that can be entered anywhere, for the noise of tiles. Included by steps.h.
 *
 * Philox 4x32-10 (Salmon et al., SC 2011) counts groups of 16 lanes of four words. A word makes two numbers by Box and
 * Muller: 20 bits for the radius, 12 for the angle. So the largest is 5.4, and a number has one of 2^32 values; its
 * moments are those of the normal distribution to 1e-5. Multiply-add is fused by name: all builds give the same bits.
 */
#include "wide.h"

enum { HALVES = 2 * LINE / WIDE }; /* vectors of 64 bits for the lanes of a group */

/* The four words of the lanes of a group; only the lower half of each pair counts. Lane 2 i is pair i of the first half
 * of the vectors, lane 2 i + 1 that of the second half. */
INLINE void philox(pairs word[4][HALVES], uint64_t group, uint64_t key)
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);

    UNROLL
    for (int h = 0; h < HALVES; h++) {
        pairs lane;

        UNROLL
        for (int i = 0; i < WIDE / 2; i++)
            lane[i] = (uint64_t)(2 * (h % (HALVES / 2) * WIDE / 2 + i) + h / (HALVES / 2));
        word[0][h] = lane + (group * LINE & 0xffffffff);
        word[1][h] = (pairs){0} + (group * LINE >> 32);
        word[2][h] = word[3][h] = (pairs){0};
    }
    UNROLL
    for (int round = 0; round < 10; round++) {
        UNROLL
        for (int h = 0; h < HALVES; h++) {
            const pairs p = times(word[0][h], 0xD2511F53), q = times(word[2][h], 0xCD9E8D57);

            word[0][h] = q >> 32 ^ word[1][h] ^ k0;
            word[2][h] = p >> 32 ^ word[3][h] ^ k1;
            word[1][h] = q;
            word[3][h] = p;
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
}

/* Square root of -2 ln(u), u = (k + 1/2) / 2^20 for k below 2^20. The polynomial was fitted to ln(1 + f) - f + f^2 / 2
 * over f^3 for 1 + f from sqrt 1/2 to sqrt 2; the root is good to 3e-7. */
INLINE reals radius(words k)
{
    const reals x = real(k) + splat(0.5F);
    const words bits = (words)x, e = (words)((whole)(bits - 0x3f3504f3) >> 23);
    const reals f = (reals)(bits - (e << 23)) - splat(1), power = __builtin_convertvector((whole)e, reals) - splat(20);
    reals y = splat(-1.019221321e-1F);

    y = fused(y, f, splat(1.602533907e-1F));
    y = fused(y, f, splat(-1.713733971e-1F));
    y = fused(y, f, splat(1.992442608e-1F));
    y = fused(y, f, splat(-2.498325258e-1F));
    y = fused(y, f, splat(3.333424628e-1F));
    y = fused(y, f, splat(-0.5F));
    y = fused(y * f, f, f);
    return root(splat(-2) * fused(power, splat(0.693147181F), y));
}

/* A point on the circle: sine and cosine of an angle within 45 degrees, mirrored and exchanged by two bits more. */
INLINE void turn(reals *first, reals *second, words word)
{
    const reals a =
        fused(real(word & 1023), splat(1.57079633F / 1024), splat(0.5F * 1.57079633F / 1024 - 0.785398163F));
    const reals z = a * a;
    const reals sine = fused(
        fused(fused(splat(-1.9515295891e-4F), z, splat(8.3321608736e-3F)), z, splat(-1.6666654611e-1F)), z * a, a);
    const reals c = fused(fused(splat(-1.388731625493765e-3F), z, splat(4.166664568298827e-2F)), z, splat(-0.5F));
    const reals cosine = (reals)((words)fused(c, z, splat(1)) ^ (word << 20 & 0x80000000));

    *first = either(cosine, sine, word << 21);
    *second = either(sine, cosine, word << 21);
}

/* Group g: numbers [128 g, 128 g + 128) as eight lines; words 2 w and 2 w + 1 are the numbers of word w. */
INLINE void normals_group(float *to, uint64_t group, uint64_t key)
{
    pairs word[4][HALVES];

    philox(word, group, key);
    UNROLL
    for (int w = 0; w < 4; w++)
        UNROLL
    for (int h = 0; h < HALVES / 2; h++) {
        const words both = (words)((word[w][h] & 0xffffffff) | word[w][h + HALVES / 2] << 32);
        const reals r = radius(both >> 12);
        reals x, y;

        turn(&x, &y, both);
        store(to + 2 * w * LINE + h * WIDE, x * r);
        store(to + (2 * w + 1) * LINE + h * WIDE, y * r);
    }
}

/* Lines [first, first + lines) of the sequence that the key names. */
static void normals(float *to, uint64_t first, int64_t lines, uint64_t key)
{
    enum { GROUP = 8 }; /* lines */
    float some[GROUP * LINE];

    while (lines > 0) {
        const int skip = (int)(first % GROUP), n = lines < GROUP - skip ? (int)lines : GROUP - skip;

        if (n == GROUP)
            normals_group(to, first / GROUP, key);
        else {
            normals_group(some, first / GROUP, key);
            memcpy(to, some + skip * LINE, (size_t)n * LINE * sizeof *to);
        }
        to += n * LINE;
        first += (uint64_t)n;
        lines -= n;
    }
}
