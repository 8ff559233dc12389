/* kernels_depthwise.h - depthwise convolution, where channels lie side by side in vectors and nothing is shared
 * between them. Included after kernels_conv.h. */

enum { DEPTHWISE_PIXELS = 8, DEPTHWISE_TAPS = 9 };

INLINE void depthwise_tile(const struct depthwise_job *j, const float *src, const float *w, vec bias, vec *acc,
                           const int P)
{
    UNROLL
    for (int p = 0; p < P; p++)
        acc[p] = bias;
    for (int y = 0; y < j->taps_y; y++)
        for (int x = 0; x < j->taps_x; x++, w += j->weights_tap) {
            const float *tap = src + y * j->tap_y_step + x * j->tap_x_step;
            const vec weight = v_load(w);

            UNROLL
            for (int p = 0; p < P; p++)
                acc[p] = v_fma(v_load(tap + p * j->px_step), weight, acc[p]);
        }
}

static void store_part(float *dst, vec a, int lanes)
{
    float part[OHM_VL];

    if (lanes >= OHM_VL) {
        v_store(dst, a);
        return;
    }
    v_store(part, a);
    for (int k = 0; k < lanes; k++)
        dst[k] = part[k];
}

static void depthwise_row(const struct depthwise_job *j, const float *src, float *dst, vec bias, int c)
{
    const float *w = j->weights + c;
    vec acc[DEPTHWISE_PIXELS];
    int64_t col = 0;

    for (; col + DEPTHWISE_PIXELS <= j->cols; col += DEPTHWISE_PIXELS) {
        depthwise_tile(j, src + col * j->px_step, w, bias, acc, DEPTHWISE_PIXELS);
        UNROLL
        for (int p = 0; p < DEPTHWISE_PIXELS; p++)
            store_part(dst + (col + p) * j->dst_px, acc[p], j->c - c);
    }
    for (; col < j->cols; col++) {
        depthwise_tile(j, src + col * j->px_step, w, bias, acc, 1);
        store_part(dst + col * j->dst_px, acc[0], j->c - c);
    }
}

static void depthwise(const struct depthwise_job *j)
{
    for (int c = 0; c < j->c; c += OHM_VL) {
        float bias[OHM_VL] = {0};

        for (int k = 0; j->bias && k < OHM_VL && c + k < j->c; k++)
            bias[k] = j->bias[c + k];
        for (int64_t row = 0; row < j->rows; row++)
            depthwise_row(j, j->src + row * j->row_step + c, j->dst + row * j->dst_row + c, v_load(bias), c);
    }
}

/* P taps, the first of them number `first`, of one vector of channels, over all pixels. */
INLINE void depthwise_weights_tile(const struct depthwise_weights_job *j, int c, int first, const int P)
{
    ptrdiff_t offset[DEPTHWISE_TAPS];
    vec acc[DEPTHWISE_TAPS];

    UNROLL
    for (int p = 0; p < P; p++) {
        const int tap = first + p;

        offset[p] = tap / j->taps_x * j->tap_y_step + tap % j->taps_x * j->tap_x_step;
        acc[p] = v_load(j->sum + (ptrdiff_t)tap * j->c + c);
    }
    for (int64_t row = 0; row < j->rows; row++) {
        const float *src = j->src + row * j->row_step + c, *dy = j->dy + row * j->dy_row + c;

        for (int64_t col = 0; col < j->cols; col++, src += j->px_step, dy += j->dy_px) {
            const vec g = v_load(dy);

            UNROLL
            for (int p = 0; p < P; p++)
                acc[p] = v_fma(v_load(src + offset[p]), g, acc[p]);
        }
    }
    UNROLL
    for (int p = 0; p < P; p++)
        v_store(j->sum + (ptrdiff_t)(first + p) * j->c + c, acc[p]);
}

static void depthwise_weights(const struct depthwise_weights_job *j)
{
    const int taps = j->taps_y * j->taps_x;

    for (int c = 0; c < j->c; c += OHM_VL) {
        int tap = 0;

        for (; tap + DEPTHWISE_TAPS <= taps; tap += DEPTHWISE_TAPS)
            depthwise_weights_tile(j, c, tap, DEPTHWISE_TAPS);
        for (; tap + 3 <= taps; tap += 3)
            depthwise_weights_tile(j, c, tap, 3);
        for (; tap < taps; tap++)
            depthwise_weights_tile(j, c, tap, 1);
    }
}
