/* kernels_conv.h - the four inner loops of convolution, written once and built per instruction set.
 *
 * A tile of P pixels (or P weights) times NB blocks of 16 channels stays in registers while its chains of multiply-adds
 * run. P and NB are constants after inlining, so that every tile is straight code; how an image is cut into tiles
 * changes no bit, since each number of the result is one chain of its own. */
#include "tensor_int.h"
#include "vec.h"

#include <string.h>

enum { VECS = LANES / OHM_VL }; /* vectors of a block */

/* Registers: 32 of AVX-512 hold 28 sums, 2 weights and a factor; 16 of the others 12 sums, 2 weights and a factor. */
#if OHM_VL == 16 && !defined OHM_FEW_TILES
enum { P1_MAX = 24, P2_MAX = 14, STEP = 4, BLOCKS_MAX = 2 };
#elif OHM_VL == 16 /* a build with sanitizers would take minutes over all tiles */
enum { P1_MAX = 6, P2_MAX = 3, STEP = 4, BLOCKS_MAX = 2 };
#elif OHM_VL == 8
enum { P1_MAX = 6, P2_MAX = 1, STEP = 2, BLOCKS_MAX = 1 };
#else
enum { P1_MAX = 3, P2_MAX = 1, STEP = 1, BLOCKS_MAX = 1 };
#endif
#define ACC_MAX 28

#if OHM_VL == 16 && !defined OHM_FEW_TILES
#define CASES1(X, ...)                                                                                                 \
    X(1, __VA_ARGS__)                                                                                                  \
    X(2, __VA_ARGS__)                                                                                                  \
    X(3, __VA_ARGS__)                                                                                                  \
    X(4, __VA_ARGS__)                                                                                                  \
    X(5, __VA_ARGS__)                                                                                                  \
    X(6, __VA_ARGS__)                                                                                                  \
    X(7, __VA_ARGS__)                                                                                                  \
    X(8, __VA_ARGS__)                                                                                                  \
    X(9, __VA_ARGS__)                                                                                                  \
    X(10, __VA_ARGS__)                                                                                                 \
    X(11, __VA_ARGS__)                                                                                                 \
    X(12, __VA_ARGS__)                                                                                                 \
    X(13, __VA_ARGS__)                                                                                                 \
    X(14, __VA_ARGS__)                                                                                                 \
    X(15, __VA_ARGS__)                                                                                                 \
    X(16, __VA_ARGS__)                                                                                                 \
    X(17, __VA_ARGS__)                                                                                                 \
    X(18, __VA_ARGS__)                                                                                                 \
    X(19, __VA_ARGS__)                                                                                                 \
    X(20, __VA_ARGS__)                                                                                                 \
    X(21, __VA_ARGS__)                                                                                                 \
    X(22, __VA_ARGS__)                                                                                                 \
    X(23, __VA_ARGS__)                                                                                                 \
    X(24, __VA_ARGS__)
#define CASES2(X, ...)                                                                                                 \
    X(1, __VA_ARGS__)                                                                                                  \
    X(2, __VA_ARGS__)                                                                                                  \
    X(3, __VA_ARGS__)                                                                                                  \
    X(4, __VA_ARGS__)                                                                                                  \
    X(5, __VA_ARGS__)                                                                                                  \
    X(6, __VA_ARGS__)                                                                                                  \
    X(7, __VA_ARGS__)                                                                                                  \
    X(8, __VA_ARGS__)                                                                                                  \
    X(9, __VA_ARGS__)                                                                                                  \
    X(10, __VA_ARGS__)                                                                                                 \
    X(11, __VA_ARGS__)                                                                                                 \
    X(12, __VA_ARGS__)                                                                                                 \
    X(13, __VA_ARGS__)                                                                                                 \
    X(14, __VA_ARGS__)
#elif OHM_VL >= 8
#define CASES1(X, ...)                                                                                                 \
    X(1, __VA_ARGS__)                                                                                                  \
    X(2, __VA_ARGS__) X(3, __VA_ARGS__) X(4, __VA_ARGS__) X(5, __VA_ARGS__) X(6, __VA_ARGS__)
#define CASES2(X, ...) X(1, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__)
#else
#define CASES1(X, ...) X(1, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__)
#define CASES2(X, ...) X(1, __VA_ARGS__)
#endif

/* The first `lanes` of a block that may reach beyond them. */
INLINE void store_block(float *dst, const vec *acc, int lanes)
{
    float part[LANES];

    if (lanes >= LANES) {
        UNROLL
        for (int v = 0; v < VECS; v++)
            v_store(dst + v * OHM_VL, acc[v]);
        return;
    }
    for (int v = 0; v < VECS; v++)
        v_store(part + v * OHM_VL, acc[v]);
    for (int k = 0; k < lanes; k++)
        dst[k] = part[k];
}

/* P pixels of a block of channels through the end of a tile, from lane `lane` of the job on. */
INLINE void end_block(const struct conv_job *j, float *dst, const vec *acc, int lane, const int P, const int NB,
                      const bool begins, const bool noisy)
{
    const struct ohm_crossbar_end e = *j->end;
    const vec noise = v_splat(e.noise), inverse = v_splat(e.inverse), step = v_splat(e.step),
              levels = v_splat(e.levels);

    UNROLL
    for (int v = 0; v < VECS; v++) {
        const vec factor = v_load(e.factor + lane + v * OHM_VL);
        const vec begin = begins ? v_load(e.begin + lane + v * OHM_VL) : v_splat(0);

        UNROLL
        for (int p = 0; p < P; p++) {
            float *const to = dst + p * j->dst_px + v * OHM_VL;
            vec x = acc[p * NB * VECS + v];

            if (noisy)
                x = x + noise * v_load(e.z + (to - j->dst));
            x = v_nearest(v_between(x * inverse, levels)) * step;
            v_store(to, (begins ? begin : v_load(to)) + x * factor);
        }
    }
}

INLINE void end_blocks(const struct conv_job *j, float *dst, const vec *acc, int lane, const int P, const int NB,
                       const bool begins, const bool noisy)
{
    UNROLL
    for (int b = 0; b < NB; b++)
        end_block(j, dst + b * LANES, acc + b * VECS, lane + b * LANES, P, NB, begins, noisy);
}

/* No branch is left within: clang unrolls no loop that has one. */
INLINE void end_tile(const struct conv_job *j, float *dst, const vec *acc, int lane, const int P, const int NB)
{
    const bool begins = j->end->begin != NULL;

    if (j->end->z && begins)
        end_blocks(j, dst, acc, lane, P, NB, true, true);
    else if (j->end->z)
        end_blocks(j, dst, acc, lane, P, NB, false, true);
    else if (begins)
        end_blocks(j, dst, acc, lane, P, NB, true, false);
    else
        end_blocks(j, dst, acc, lane, P, NB, false, false);
}

/* One step of the chains: P pixels, `step` floats apart, times the weights of NB blocks. Pixels are addressed from
 * every third one: base, base + step and base + 2 step are addressing modes of x86. */
INLINE void conv_step(vec *acc, const float *const *base, ptrdiff_t step, const float *w, ptrdiff_t block, ptrdiff_t i,
                      const int P, const int NB)
{
    vec weight[2 * VECS];

    UNROLL
    for (int b = 0; b < NB * VECS; b++)
        weight[b] = v_load(w + b / VECS * block + i * LANES + b % VECS * OHM_VL);
    UNROLL
    for (int p = 0; p < P; p++) {
        const vec x = v_splat(base[p / 3][p % 3 * step + i]);

        UNROLL
        for (int b = 0; b < NB * VECS; b++)
            acc[p * NB * VECS + b] = v_fma(x, weight[b], acc[p * NB * VECS + b]);
    }
}

/* Weights of a block. */
INLINE ptrdiff_t block_size(const struct conv_job *j)
{
    return ((ptrdiff_t)j->runs * j->len - j->head - j->tail) * LANES;
}

/* Looks ahead by `lines` at each of its steps, or else at each run. */
INLINE void conv_tile(const struct conv_job *j, const float *src, const float *w, const vec *bias, float *dst,
                      int lanes, int lines, const int P, const int NB, const bool stepwise)
{
    const ptrdiff_t step = j->px_step, block = block_size(j);
    struct ahead ahead = *j->ahead;
    vec acc[ACC_MAX];

    UNROLL
    for (int i = 0; i < P * NB * VECS; i++)
        acc[i] = bias[i % (NB * VECS)];
    for (int r = 0, y = j->first_y, x = j->first_x; r < j->runs; r++) {
        const int head = r ? 0 : j->head, len = j->len - head - (r + 1 == j->runs ? j->tail : 0);
        const float *run = src + y * j->run_y_step + x * j->run_x_step + head;
        const float *base[P1_MAX / 3 + 1];
        int i = 0;

        if (!stepwise)
            look_ahead_by(&ahead, lines);
        UNROLL
        for (int p = 0; p < P; p += 3)
            base[p / 3] = run + p * step;
        for (; i + STEP <= len; i += STEP) {
            UNROLL
            for (int u = 0; u < STEP; u++)
                conv_step(acc, base, step, w, block, u, P, NB);
            UNROLL
            for (int p = 0; p < P; p += 3)
                base[p / 3] += STEP;
            w += STEP * LANES;
            if (stepwise)
                look_ahead_by(&ahead, lines);
        }
        for (; i < len; i++) {
            conv_step(acc, base, step, w, block, 0, P, NB);
            UNROLL
            for (int p = 0; p < P; p += 3)
                base[p / 3]++;
            w += LANES;
        }
        if (++x == j->runs_x) {
            x = 0;
            y++;
        }
    }
    *j->ahead = ahead;
    if (j->end) {
        end_tile(j, dst, acc, j->lanes - lanes, P, NB);
        return;
    }
    UNROLL
    for (int p = 0; p < P; p++)
        UNROLL
    for (int b = 0; b < NB; b++)
        store_block(dst + p * j->dst_px + b * LANES, acc + (p * NB + b) * VECS, lanes - b * LANES);
}

/* Tiles of the same size side by side, in `rows` rows; w, bias and dst are of their first block of channels. */
struct tile_set {
    const struct conv_job *job;
    const float *src, *w;
    const vec *bias;
    float *dst;
    int64_t rows, tiles;
    int lanes;
};

INLINE void conv_tiles_by(const struct tile_set *s, int lines, const int P, const int NB, const bool stepwise)
{
    for (int64_t row = 0; row < s->rows; row++) {
        const float *src = s->src + row * s->job->row_step;
        float *dst = s->dst + row * s->job->dst_row;

        for (int64_t t = 0; t < s->tiles; t++)
            conv_tile(s->job, src + t * P * s->job->px_step, s->w, s->bias, dst + t * P * s->job->dst_px, s->lanes,
                      lines, P, NB, stepwise);
    }
}

/* All of a tile's lines fetched at once would fill the queue of outstanding loads, and the tile's own would wait: they
 * are spread over its runs. Tiles of two blocks have time for it at each step, but not when there is nothing to fetch:
 * 48 -> 48 channels of 24 x 24 would lose 3 %; nor where it is as little as the outputs of a tile: 1 %. */
INLINE void conv_tiles(const struct tile_set *s, const int P, const int NB)
{
    const struct conv_job *j = s->job;
    const int lines = j->ahead->lines;

    if (NB == 2 && j->ahead->left > 0 && !j->ahead->by_run)
        conv_tiles_by(s, lines * STEP / (j->runs * j->len + 1) + 1, P, NB, true);
    else
        conv_tiles_by(s, j->runs > 1 ? lines / j->runs + 1 : lines, P, NB, false);
}

#define TILE_CASE(P, NB)                                                                                               \
    case P:                                                                                                            \
        conv_tiles(s, P, NB);                                                                                          \
        break;

static void conv_tiles_1(const struct tile_set *s, int pixels)
{
    switch (pixels) {
        CASES1(TILE_CASE, 1)
    }
}

static void conv_tiles_2(const struct tile_set *s, int pixels)
{
    switch (pixels) {
        CASES2(TILE_CASE, 2)
    }
}
#undef TILE_CASE

static void load_bias(vec *bias, const struct conv_job *j, int lane, int blocks)
{
    float part[2 * LANES] = {0};

    for (int k = 0; j->bias && k < blocks * LANES && lane + k < j->lanes; k++)
        part[k] = j->bias[lane + k];
    for (int v = 0; v < blocks * VECS; v++)
        bias[v] = v_load(part + v * OHM_VL);
}

/* Cuts n into as few parts of at most `most` as possible, all of nearly the same size; the size of part i. */
INLINE int64_t even_part(int64_t n, int64_t parts, int64_t i)
{
    return n / parts + (i < n % parts);
}

#if OHM_VL == 16
#include "kernels_sweep.h"
#else /* too few registers for it */
static void sweep(struct conv_job *left, const float *w, const vec *bias, int lane)
{
    (void)left;
    (void)w;
    (void)bias;
    (void)lane;
}
static int64_t sweep_pair(const struct conv_job *wide, const struct conv_job *narrow)
{
    (void)wide;
    (void)narrow;
    return 0;
}
#endif

/* The blocks of channels from `lane` on. Rows whose tiles differ in size are done one by one. */
static void conv_rows(const struct conv_job *j, const float *w, const vec *bias, int lane, int blocks)
{
    const int most = blocks == 2 ? P2_MAX : P1_MAX;
    const int64_t tiles = (j->cols + most - 1) / most, larger = tiles ? j->cols % tiles : 0;
    const int pixels = tiles ? (int)(j->cols / tiles) : 0;
    const int64_t at_once = larger ? 1 : j->rows;
    struct tile_set s = {.job = j, .w = w, .bias = bias, .lanes = j->lanes - lane, .rows = at_once};

    for (int64_t row = 0; row < j->rows; row += at_once) {
        s.src = j->src + row * j->row_step;
        s.dst = j->dst + row * j->dst_row + lane;
        s.tiles = larger;
        if (larger)
            (blocks == 2 ? conv_tiles_2 : conv_tiles_1)(&s, pixels + 1);
        s.src += larger * (pixels + 1) * j->px_step;
        s.dst += larger * (pixels + 1) * j->dst_px;
        s.tiles = tiles - larger;
        (blocks == 2 ? conv_tiles_2 : conv_tiles_1)(&s, pixels);
    }
}

static void conv(const struct conv_job *j)
{
    for (int lane = 0; lane < j->lanes;) {
        const int blocks = j->lanes - lane > LANES ? BLOCKS_MAX : 1;
        const float *w = j->weights + lane / LANES * block_size(j);
        struct conv_job left = *j;
        vec bias[2 * VECS];

        load_bias(bias, j, lane, blocks);
        if (blocks == 1 && !j->end)
            sweep(&left, w, bias, lane);
        conv_rows(&left, w, bias, lane, blocks);
        lane += blocks * LANES;
    }
}

static void conv_pair(const struct conv_job *wide, const struct conv_job *narrow)
{
    const int64_t done = sweep_pair(wide, narrow);
    struct conv_job left[2] = {*wide, *narrow};

    for (int i = 0; i < 2; i++) {
        left[i].src += done * left[i].row_step;
        left[i].dst += done * left[i].dst_row;
        left[i].rows -= done;
        conv(&left[i]);
    }
}

/* P weights of a run times NB blocks, over all pixels. */
INLINE void weights_tile(const struct weights_job *j, const float *x, const float *dy, float *sum, const int P,
                         const int NB)
{
    vec acc[ACC_MAX];

    UNROLL
    for (int i = 0; i < P * NB * VECS; i++)
        acc[i] = v_load(sum + i / VECS % NB * j->sum_block + i / VECS / NB * LANES + i % VECS * OHM_VL);
    for (int64_t row = 0; row < j->rows; row++) {
        const float *xp = x + row * j->row_step, *dyp = dy + row * j->dy_row;

        look_ahead(&j->ahead[0]);
        look_ahead(&j->ahead[1]);
        for (int64_t col = 0; col < j->cols; col++) {
            vec g[2 * VECS];

            UNROLL
            for (int b = 0; b < NB * VECS; b++)
                g[b] = v_load(dyp + b * OHM_VL);
            UNROLL
            for (int p = 0; p < P; p++)
                UNROLL
            for (int b = 0; b < NB * VECS; b++)
                acc[p * NB * VECS + b] = v_fma(v_splat(xp[p]), g[b], acc[p * NB * VECS + b]);
            xp += j->px_step;
            dyp += j->dy_px;
        }
    }
    UNROLL
    for (int i = 0; i < P * NB * VECS; i++)
        v_store(sum + i / VECS % NB * j->sum_block + i / VECS / NB * LANES + i % VECS * OHM_VL, acc[i]);
}

#define TILE_CASE(P, NB)                                                                                               \
    case P:                                                                                                            \
        weights_tile(j, x, dy, sum, P, NB);                                                                            \
        break;

static void weights_tile_1(const struct weights_job *j, const float *x, const float *dy, float *sum, int count)
{
    switch (count) {
        CASES1(TILE_CASE, 1)
    }
}

static void weights_tile_2(const struct weights_job *j, const float *x, const float *dy, float *sum, int count)
{
    switch (count) {
        CASES2(TILE_CASE, 2)
    }
}
#undef TILE_CASE

static void weights(const struct weights_job *j)
{
    for (int lane = 0; lane < j->lanes;) {
        const int blocks = j->lanes - lane > LANES ? BLOCKS_MAX : 1;
        const int most = blocks == 2 ? P2_MAX : P1_MAX;
        const int tiles = (j->len + most - 1) / most;
        float *sum = j->sum + lane / LANES * j->sum_block;
        const float *x = j->x;

        for (int t = 0; t < tiles; t++) {
            const int count = (int)even_part(j->len, tiles, t);

            (blocks == 2 ? weights_tile_2 : weights_tile_1)(j, x, j->dy + lane, sum, count);
            x += count;
            sum += count * LANES;
        }
        lane += blocks * LANES;
    }
}
