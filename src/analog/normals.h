/* normals.h - normal numbers that can be entered anywhere, for the noise of tiles. Included by steps.h.
 *
 * Philox 4x32-10 (Salmon et al., SC 2011) counts groups of 16 lanes of four words. A word makes two numbers by Box and
 * Muller: 20 bits for the radius, 12 for the angle. So the largest is 5.4, and a number has one of 2^32 values; its
 * moments are those of the normal distribution to 1e-5. Multiply-add is fused by name: all builds give the same bits.
 */
#include "wide.h"

enum { HALVES = 2 * LINE / WIDE }; /* vectors of 64 bits for the lanes of a group */
/* Groups side by side: a round is a chain of five cycles, which two alone do not fill. */
enum { ABREAST = WIDE == 16 ? 2 : 1, CHAINS = ABREAST * HALVES, ROUNDS = 10 };

struct keys {
    pairs first[ROUNDS], second[ROUNDS];
};

INLINE struct keys keys_of(uint64_t key)
{
    uint32_t first = (uint32_t)key, second = (uint32_t)(key >> 32);
    struct keys k;

    for (int i = 0; i < ROUNDS; i++, first += 0x9E3779B9, second += 0xBB67AE85) {
        k.first[i] = (pairs){0} + first;
        k.second[i] = (pairs){0} + second;
    }
    return k;
}

/* The four words of the lanes of groups [group, group + ABREAST); only the lower half of each pair counts. Lane 2 i is
 * pair i of the first half of a group's vectors, lane 2 i + 1 that of the second half. */
INLINE void philox(pairs word[4][CHAINS], uint64_t group, const struct keys *keys)
{
    UNROLL
    for (int k = 0; k < CHAINS; k++) {
        const uint64_t counter = (group + (uint64_t)(k / HALVES)) * LINE;
        const int h = k % HALVES;
        pairs lane;

        UNROLL
        for (int i = 0; i < WIDE / 2; i++)
            lane[i] = (uint64_t)(2 * (h % (HALVES / 2) * WIDE / 2 + i) + h / (HALVES / 2));
        word[0][k] = lane + (counter & 0xffffffff);
        word[1][k] = (pairs){0} + (counter >> 32);
        word[2][k] = word[3][k] = (pairs){0};
    }
    UNROLL
    for (int round = 0; round < ROUNDS; round++)
        UNROLL
    for (int k = 0; k < CHAINS; k++) {
        const pairs p = times(word[0][k], 0xD2511F53), q = times(word[2][k], 0xCD9E8D57);

        word[0][k] = q >> 32 ^ word[1][k] ^ keys->first[round];
        word[2][k] = p >> 32 ^ word[3][k] ^ keys->second[round];
        word[1][k] = q;
        word[3][k] = p;
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

enum { GROUP = 8, GROUPS_MAX = 16 }; /* lines of a group; groups at a time */

/* All first words of the lanes of a group, then all second ones, and so on. */
INLINE void deal(uint32_t *to, pairs word[4][CHAINS])
{
    UNROLL
    for (int w = 0; w < 4; w++)
        UNROLL
    for (int k = 0; k < CHAINS; k++) {
        const int h = k % HALVES;
        pairs both;

        if (h >= HALVES / 2)
            continue;
        both = (word[w][k] & 0xffffffff) | word[w][k + HALVES / 2] << 32;
        memcpy(to + (k / HALVES * 4 + w) * LINE + h * WIDE, &both, sizeof both);
    }
}

/* The words of groups, for whole ABREASTs.
 * Apart from what is made of them: either part alone keeps the processor busy, one behind the other they wait. */
INLINE void fill_words(uint32_t *to, uint64_t first, int groups, uint64_t key)
{
    const struct keys keys = keys_of(key);

    for (int g = 0; g < groups; g += ABREAST) {
        pairs word[4][CHAINS];

        philox(word, first + (uint64_t)g, &keys);
        deal(to + g * 4 * LINE, word);
    }
}

/* Two lines of numbers of each line of words. */
INLINE void normals_of(float *to, const uint32_t *from, int lines)
{
    for (int i = 0; i < lines; i++)
        UNROLL
    for (int h = 0; h < HALVES / 2; h++) {
        words word;
        reals x, y, r;

        memcpy(&word, from + i * LINE + h * WIDE, sizeof word);
        r = radius(word >> 12);
        turn(&x, &y, word);
        store(to + 2 * i * LINE + h * WIDE, x * r);
        store(to + (2 * i + 1) * LINE + h * WIDE, y * r);
    }
}

/* Groups [first, first + groups), at most GROUPS_MAX. */
static void normals_groups(float *to, uint64_t first, int groups, uint64_t key)
{
    uint32_t word[GROUPS_MAX * 4 * LINE];

    fill_words(word, first, groups, key);
    normals_of(to, word, 4 * groups);
}

/* Lines [first, first + lines) of the sequence that the key names. */
static void normals(float *to, uint64_t first, int64_t lines, uint64_t key)
{
    float some[GROUP * LINE];

    while (lines > 0) {
        const int skip = (int)(first % GROUP);
        int n = lines < GROUP - skip ? (int)lines : GROUP - skip; /* of one group */

        if (n == GROUP) {
            const int64_t groups = lines / GROUP;

            n = GROUP * (int)(groups < GROUPS_MAX ? groups : GROUPS_MAX);
            normals_groups(to, first / GROUP, n / GROUP, key);
        } else {
            normals_groups(some, first / GROUP, 1, key);
            memcpy(to, some + skip * LINE, (size_t)n * LINE * sizeof *to);
        }
        to += n * LINE;
        first += (uint64_t)n;
        lines -= n;
    }
}

/* ---- a sequence for each lane ---- */

/* The keys of LINE sequences, in the order of the lanes of philox. */
struct lane_keys {
    pairs first[HALVES], second[HALVES];
};

INLINE pairs lanes_of(const uint32_t *from, int k)
{
    words all;

    memcpy(&all, from + k % (HALVES / 2) * WIDE, sizeof all);
    return k < HALVES / 2 ? (pairs)all & 0xffffffff : (pairs)all >> 32;
}

/* As philox, but all lanes are at lane 0 of their own sequence. */
INLINE void philox_across(pairs word[4][CHAINS], uint64_t group, const struct lane_keys *keys)
{
    struct lane_keys key = *keys;

    UNROLL
    for (int k = 0; k < CHAINS; k++) {
        const uint64_t counter = (group + (uint64_t)(k / HALVES)) * LINE;

        word[0][k] = (pairs){0} + (counter & 0xffffffff);
        word[1][k] = (pairs){0} + (counter >> 32);
        word[2][k] = word[3][k] = (pairs){0};
    }
    UNROLL
    for (int round = 0; round < ROUNDS; round++) {
        UNROLL
        for (int k = 0; k < CHAINS; k++) {
            const pairs p = times(word[0][k], 0xD2511F53), q = times(word[2][k], 0xCD9E8D57);

            word[0][k] = q >> 32 ^ word[1][k] ^ key.first[k % HALVES];
            word[2][k] = p >> 32 ^ word[3][k] ^ key.second[k % HALVES];
            word[1][k] = q;
            word[3][k] = p;
        }
        UNROLL
        for (int k = 0; k < HALVES; k++) {
            key.first[k] += 0x9E3779B9;
            key.second[k] += 0xBB67AE85;
        }
    }
}

/* As fill_words. */
INLINE void fill_words_across(uint32_t *to, uint64_t first, int groups, const struct lane_keys *keys)
{
    for (int g = 0; g < groups; g += ABREAST) {
        pairs word[4][CHAINS];

        philox_across(word, first + (uint64_t)g, keys);
        deal(to + g * 4 * LINE, word);
    }
}

/* The first number of each of the lines [first, first + n), for `width` sequences side by side: to[n][width].
 * key[2][width]: lower and upper halves. */
static void normals_across(float *to, uint64_t first, int n, const uint32_t *key, int width)
{
    enum { MOST = 8 }; /* groups at a time */
    uint32_t word[MOST * 4 * LINE];
    float some[MOST * GROUP * LINE];

    for (int c = 0; c < width; c += LINE) {
        struct lane_keys keys;

        UNROLL
        for (int k = 0; k < HALVES; k++) {
            keys.first[k] = lanes_of(key + c, k);
            keys.second[k] = lanes_of(key + width + c, k);
        }
        for (int done = 0; done < n;) {
            const int skip = (int)((first + (uint64_t)done) % GROUP), left = skip + n - done;
            const int groups = left > MOST * GROUP ? MOST : (left + GROUP - 1) / GROUP;
            const int lines = groups * GROUP - skip < n - done ? groups * GROUP - skip : n - done;

            fill_words_across(word, (first + (uint64_t)done) / GROUP, groups, &keys);
            normals_of(some, word, 4 * groups);
            for (int i = 0; i < lines; i++)
                memcpy(to + (size_t)(done + i) * (size_t)width + c, some + (skip + i) * LINE, LINE * sizeof *to);
            done += lines;
        }
    }
}
