/* forest_mask_kernel.h - the inner loops of forest_mask.c, included once an instruction set with
 *   KERNEL(name)   the function's name in this set
 *   KERNEL_TARGET  its attribute
 *   VECTOR_BYTES   the width of a register, 16 or 32
 * No include guard: it is meant to be included again. */

typedef uint64_t KERNEL(masks) __attribute__((vector_size(VECTOR_BYTES)));
typedef float KERNEL(floats) __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t KERNEL(ints) __attribute__((vector_size(VECTOR_BYTES)));

/* How many of cut[cuts] are <= x, for each of the values (ROWS are there); behind the last bin where x is NaN. */
KERNEL_TARGET static void KERNEL(rank_few)(int32_t *rank, const float *x, int rows, const float *cut, int cuts)
{
    enum { LANES = VECTOR_BYTES / sizeof(float) };

    for (int r = 0; r < rows; r += 2 * LANES) {
        KERNEL(floats) v, w;
        KERNEL(ints) count_v, count_w;

        memcpy(&v, x + r, sizeof v);
        memcpy(&w, x + r + LANES, sizeof w);
        count_v = (v != v) & (cuts + 1);
        count_w = (w != w) & (cuts + 1);
        for (int k = 0; k < cuts; k++) {
            count_v -= v >= cut[k];
            count_w -= w >= cut[k];
        }
        memcpy(rank + r, &count_v, sizeof count_v);
        memcpy(rank + r + LANES, &count_w, sizeof count_w);
    }
}

/* mask[r][MASK_CHUNK] of each row: the AND of the table rows that its bins name. */
KERNEL_TARGET static void KERNEL(and_rows)(uint64_t (*mask)[MASK_CHUNK], const uint64_t *table,
                                           const int32_t (*index)[ROWS], int used, int rows)
{
    enum { LANES = VECTOR_BYTES / sizeof(uint64_t), VECTORS = 2, PART = VECTORS * LANES };

    for (int part = 0; part < MASK_CHUNK; part += PART)
        for (int r = 0; r < rows; r++) {
            KERNEL(masks) m[VECTORS] = {~(KERNEL(masks)){0}, ~(KERNEL(masks)){0}};

            for (int f = 0; f < used; f++) {
                const KERNEL(masks) *const row =
                    (const KERNEL(masks) *)(const void *)(table + (size_t)index[f][r] * MASK_CHUNK + part);

                m[0] &= row[0];
                m[1] &= row[1];
            }
            memcpy(&mask[r][part], m, sizeof m);
        }
}

/* Adds the chunk's leaves to sum[rows], tree after tree as XGBoost does. Four rows at a time, so that one addition need
 * not wait for the one before. */
KERNEL_TARGET static void KERNEL(add_leaves)(float *sum, const uint64_t (*mask)[MASK_CHUNK], const float *leaf,
                                             int trees, int rows)
{
    for (int r = 0; r < rows; r += 4) { /* ROWS is a multiple of four: rows beyond `rows` are there, and idle */
        float s0 = sum[r], s1 = sum[r + 1], s2 = sum[r + 2], s3 = sum[r + 3];

        for (int t = 0; t < trees; t++) {
            const float *const of_tree = leaf + (size_t)t * MASK_LEAVES;

            s0 += of_tree[__builtin_ctzll(mask[r][t])];
            s1 += of_tree[__builtin_ctzll(mask[r + 1][t])];
            s2 += of_tree[__builtin_ctzll(mask[r + 2][t])];
            s3 += of_tree[__builtin_ctzll(mask[r + 3][t])];
        }
        sum[r] = s0;
        sum[r + 1] = s1;
        sum[r + 2] = s2;
        sum[r + 3] = s3;
    }
}

#undef KERNEL
#undef KERNEL_TARGET
#undef VECTOR_BYTES
