/* kernels_sweep.h - convolutions of stride 1 with few outputs: each number of the image is loaded once for all taps of
 * a kernel row. Included by kernels_conv.h.
 *
 * A tile of pixels times one block of 16 channels loads a number for each multiply-add, and loading is what limits it.
 * Here some rows are swept from left to right: the number at column q goes with tap t into the output at q - t,
 * so that one load serves `taps` multiply-adds. Sums wait in dst between kernel rows. Each is the same chain (y, x, i)
 * as in a tile, hence the same bits. */
enum { SWEEP_ROWS = 4, SWEEP_ACC = 16, SWEEP_AHEAD = 8 };

/* Taps [from, to) of one column of `rows` rows: acc[row][t] belongs to the output t columns to the left. */
INLINE void sweep_column(vec *acc, const float *src, ptrdiff_t row_step, const float *w, ptrdiff_t depth,
                         const int rows, const int taps, const int from, const int to)
{
    ptrdiff_t i = 0;

    for (; i + STEP <= depth; i += STEP)
        UNROLL
    for (int u = 0; u < STEP; u++) {
        vec weight[3];

        UNROLL
        for (int t = from; t < to; t++)
            weight[t] = v_load(w + (t * depth + i + u) * LANES);
        UNROLL
        for (int r = 0; r < rows; r++) {
            const vec x = v_splat(src[r * row_step + i + u]);

            UNROLL
            for (int t = from; t < to; t++)
                acc[r * taps + t] = v_fma(x, weight[t], acc[r * taps + t]);
        }
    }
    for (; i < depth; i++)
        UNROLL
    for (int t = from; t < to; t++)
        UNROLL
    for (int r = 0; r < rows; r++)
        acc[r * taps + t] =
            v_fma(v_splat(src[r * row_step + i]), v_load(w + (t * depth + i) * LANES), acc[r * taps + t]);
}

/* At the borders some taps have no output. cols >= taps. */
INLINE void sweep_taps(vec *acc, const float *src, ptrdiff_t row_step, const float *w, ptrdiff_t depth, int64_t q,
                       int64_t cols, const int rows, const int taps)
{
    if (q >= taps - 1 && q < cols)
        sweep_column(acc, src, row_step, w, depth, rows, taps, 0, taps);
    else if (q == 0)
        sweep_column(acc, src, row_step, w, depth, rows, taps, 0, 1);
    else if (q < cols)
        sweep_column(acc, src, row_step, w, depth, rows, taps, 0, 2);
    else if (q == cols)
        sweep_column(acc, src, row_step, w, depth, rows, taps, 1, taps);
    else
        sweep_column(acc, src, row_step, w, depth, rows, taps, 2, taps);
}

/* One kernel row over `rows` rows of the output. bias: what the sums begin with; NULL: with dst. */
INLINE void sweep_rows(const struct conv_job *j, const float *src, const float *w, const vec *bias, float *dst,
                       const int rows, const int taps)
{
    const ptrdiff_t depth = j->len / taps;
    vec acc[SWEEP_ACC];

    UNROLL
    for (int i = 0; i < rows * taps; i++)
        acc[i] = v_splat(0);
    for (int64_t q = 0; q < j->cols + taps - 1; q++, src += j->px_step) {
        UNROLL
        for (int r = 0; r < rows; r++) {
            UNROLL
            for (int t = taps - 1; t > 0; t--)
                acc[r * taps + t] = acc[r * taps + t - 1];
            if (q < j->cols)
                acc[r * taps] = bias ? *bias : v_load(dst + r * j->dst_row + q * j->dst_px);
        }
        sweep_taps(acc, src, j->row_step, w, depth, q, j->cols, rows, taps);
        if (q >= taps - 1)
            UNROLL
        for (int r = 0; r < rows; r++)
            v_store(dst + r * j->dst_row + (q - taps + 1) * j->dst_px, acc[r * taps + taps - 1]);
        if (q % SWEEP_AHEAD == 0)
            look_ahead(j->ahead);
    }
}

/* Whole groups of rows; how many rows that is. Two taps need more rows to keep enough sums under way. */
static int64_t sweep_taps_of(const struct conv_job *j, int taps, const float *w, const vec *bias, int lane)
{
    int64_t row = 0;

    for (int rows = 0; row + SWEEP_ROWS <= j->rows; row += rows) {
        rows = taps == 2 && row + 2 * SWEEP_ROWS <= j->rows ? 2 * SWEEP_ROWS : SWEEP_ROWS;
        for (int y = 0; y < j->runs; y++) {
            const float *src = j->src + row * j->row_step + (j->first_y + y) * j->run_y_step;
            const float *weights = w + (ptrdiff_t)y * j->len * LANES;
            float *dst = j->dst + row * j->dst_row + lane;

            if (taps == 3)
                sweep_rows(j, src, weights, y ? NULL : bias, dst, SWEEP_ROWS, 3);
            else if (rows == SWEEP_ROWS)
                sweep_rows(j, src, weights, y ? NULL : bias, dst, SWEEP_ROWS, 2);
            else
                sweep_rows(j, src, weights, y ? NULL : bias, dst, 2 * SWEEP_ROWS, 2);
        }
    }
    return row;
}

/* A kernel of one column, as backward-data of stride 2 has: rows and columns change places. */
static struct conv_job turned(const struct conv_job *j)
{
    struct conv_job t = *j;

    t.src = j->src + j->first_y * j->run_y_step;
    t.first_y = 0;
    t.row_step = j->px_step;
    t.px_step = j->run_y_step;
    t.dst_row = j->dst_px;
    t.dst_px = j->dst_row;
    t.rows = j->cols;
    t.cols = j->rows;
    t.runs = 1;
    t.len = j->runs * j->len;
    return t;
}

/* Sweeps what it can of one block of channels; what is left is the job itself. */
static void sweep(struct conv_job *left, const float *w, const vec *bias, int lane)
{
    const struct conv_job *j = left;
    const bool plain = j->lanes - lane >= LANES && j->runs_x == 1 && !j->head && !j->tail;
    const int across = j->len == 2 * j->px_step ? 2 : j->len == 3 * j->px_step ? 3 : 1;
    const int down = j->row_step == j->run_y_step && (j->runs == 2 || j->runs == 3) ? j->runs : 1;
    int64_t done;

    if (plain && across > 1 && j->cols >= across) {
        done = sweep_taps_of(j, across, w, bias, lane);
        left->src += done * j->row_step;
        left->dst += done * j->dst_row;
        left->rows -= done;
    } else if (plain && down > 1 && j->rows >= down) {
        const struct conv_job t = turned(j);

        done = sweep_taps_of(&t, down, w, bias, lane);
        left->src += done * j->px_step;
        left->dst += done * j->dst_px;
        left->cols -= done;
    }
}
