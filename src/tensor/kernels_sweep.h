/* kernels_sweep.h - convolutions of stride 1 with few outputs: each number of the image is loaded once for all taps of
 * a kernel row. Included by kernels_conv.h.
 *
 * A tile of pixels times one block of 16 channels loads a number for each multiply-add, and loading is what limits it.
 * Here some rows are swept from left to right: the number at column q goes with tap t into the output at q - t,
 * so that one load serves `taps` multiply-adds. Sums wait in dst between kernel rows. Each is the same chain (y, x, i)
 * as in a tile, hence the same bits. */
enum { SWEEP_ROWS = 4, SWEEP_ACC = 16 };

/* What a sweep of one kernel row needs. A second convolution of one tap may go along (`also`): it reads the same
 * numbers as tap 0, and has outputs and weights of its own. */
struct swept {
    const float *src, *w, *w_also;
    float *dst, *dst_also;
    ptrdiff_t row_step, px_step, dst_row, dst_px, depth;
    int64_t cols;
    const vec *bias; /* what the sums begin with; NULL: with dst */
    struct ahead *ahead;
    int lines; /* to look ahead by, at each column */
};

/* Taps [from, to) of the column at src of `rows` rows: acc[row][t] belongs to the output t columns to the left. */
INLINE void sweep_column(vec *acc, const float *src, const struct swept *s, const int rows, const int taps,
                         const int from, const int to, const bool also)
{
    const ptrdiff_t depth = s->depth, row_step = s->row_step;
    const float *w = s->w, *w_also = s->w_also;
    ptrdiff_t i = 0;

    for (; i + STEP <= depth; i += STEP)
        UNROLL
    for (int u = 0; u < STEP; u++) {
        vec weight[4];

        UNROLL
        for (int t = from; t < to; t++)
            weight[t] = v_load(w + (t * depth + i + u) * LANES);
        if (also)
            weight[taps] = v_load(w_also + (i + u) * LANES);
        UNROLL
        for (int r = 0; r < rows; r++) {
            const vec x = v_splat(src[r * row_step + i + u]);

            UNROLL
            for (int t = from; t < to; t++)
                acc[r * taps + t] = v_fma(x, weight[t], acc[r * taps + t]);
            if (also)
                acc[rows * taps + r] = v_fma(x, weight[taps], acc[rows * taps + r]);
        }
    }
    for (; i < depth; i++)
        UNROLL
    for (int r = 0; r < rows; r++) {
        const vec x = v_splat(src[r * row_step + i]);

        UNROLL
        for (int t = from; t < to; t++)
            acc[r * taps + t] = v_fma(x, v_load(w + (t * depth + i) * LANES), acc[r * taps + t]);
        if (also)
            acc[rows * taps + r] = v_fma(x, v_load(w_also + i * LANES), acc[rows * taps + r]);
    }
}

/* At the borders some taps have no output. cols >= taps. */
INLINE void sweep_taps(vec *acc, const float *src, const struct swept *s, int64_t q, const int rows, const int taps,
                       const bool also)
{
    if (q >= taps - 1 && q < s->cols)
        sweep_column(acc, src, s, rows, taps, 0, taps, also);
    else if (q == 0)
        sweep_column(acc, src, s, rows, taps, 0, 1, also);
    else if (q < s->cols)
        sweep_column(acc, src, s, rows, taps, 0, 2, also);
    else if (q == s->cols)
        sweep_column(acc, src, s, rows, taps, 1, taps, false);
    else
        sweep_column(acc, src, s, rows, taps, 2, taps, false);
}

/* One kernel row over `rows` rows of the output. */
INLINE void sweep_rows(const struct swept *s, const int rows, const int taps, const bool also)
{
    const float *src = s->src;
    vec acc[SWEEP_ACC];

    UNROLL
    for (int i = 0; i < rows * taps; i++)
        acc[i] = v_splat(0);
    for (int64_t q = 0; q < s->cols + taps - 1; q++, src += s->px_step) {
        look_ahead_by(s->ahead, s->lines);
        UNROLL
        for (int r = 0; r < rows; r++) {
            UNROLL
            for (int t = taps - 1; t > 0; t--)
                acc[r * taps + t] = acc[r * taps + t - 1];
            if (q < s->cols)
                acc[r * taps] = s->bias ? *s->bias : v_load(s->dst + r * s->dst_row + q * s->dst_px);
            if (also && q < s->cols)
                acc[rows * taps + r] = s->bias ? *s->bias : v_load(s->dst_also + r * s->dst_row + q * s->dst_px);
        }
        sweep_taps(acc, src, s, q, rows, taps, also);
        if (q >= taps - 1)
            UNROLL
        for (int r = 0; r < rows; r++)
            v_store(s->dst + r * s->dst_row + (q - taps + 1) * s->dst_px, acc[r * taps + taps - 1]);
        if (also && q < s->cols)
            UNROLL
        for (int r = 0; r < rows; r++)
            v_store(s->dst_also + r * s->dst_row + q * s->dst_px, acc[rows * taps + r]);
    }
}

/* Whole groups of rows; how many rows that is. Two taps need more rows to keep enough sums under way. */
static int64_t sweep_taps_of(const struct conv_job *j, int taps, const float *w, const vec *bias, int lane,
                             const struct conv_job *also)
{
    int64_t row = 0;

    for (int rows = 0; row + SWEEP_ROWS <= j->rows; row += rows) {
        rows = taps == 2 && !also && row + 2 * SWEEP_ROWS <= j->rows ? 2 * SWEEP_ROWS : SWEEP_ROWS;
        for (int y = 0; y < j->runs; y++) {
            struct swept s = {
                .src = j->src + row * j->row_step + (j->first_y + y) * j->run_y_step,
                .w = w + (ptrdiff_t)y * j->len * LANES,
                .w_also = also ? also->weights + (ptrdiff_t)y * also->len * LANES : NULL,
                .dst = j->dst + row * j->dst_row + lane,
                .dst_also = also ? also->dst + row * j->dst_row : NULL,
                .row_step = j->row_step,
                .px_step = j->px_step,
                .dst_row = j->dst_row,
                .dst_px = j->dst_px,
                .depth = j->len / taps,
                .cols = j->cols,
                .bias = y ? NULL : bias,
                .ahead = j->ahead,
                .lines = j->ahead->lines * rows * (also ? 2 : 1) / (LANES * j->runs) + 1,
            };

            if (taps == 3)
                sweep_rows(&s, SWEEP_ROWS, 3, false);
            else if (also)
                sweep_rows(&s, SWEEP_ROWS, 2, true);
            else if (rows == SWEEP_ROWS)
                sweep_rows(&s, SWEEP_ROWS, 2, false);
            else
                sweep_rows(&s, 2 * SWEEP_ROWS, 2, false);
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
        done = sweep_taps_of(j, across, w, bias, lane, NULL);
        left->src += done * j->row_step;
        left->dst += done * j->dst_row;
        left->rows -= done;
    } else if (plain && down > 1 && j->rows >= down) {
        const struct conv_job t = turned(j);

        done = sweep_taps_of(&t, down, w, bias, lane, NULL);
        left->src += done * j->px_step;
        left->dst += done * j->dst_px;
        left->cols -= done;
    }
}

/* Sweeps two convolutions of one block of channels together; how many rows that is. */
static int64_t sweep_pair(const struct conv_job *wide, const struct conv_job *narrow)
{
    const vec zero = v_splat(0);

    return wide->cols < 2 ? 0 : sweep_taps_of(wide, 2, wide->weights, &zero, 0, narrow);
}
