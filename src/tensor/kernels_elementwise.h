/* kernels_elementwise.h - sums down channels and what happens to each number alone. Included after kernels_conv.h.
 *
 * Plain loops are left to the vectoriser, which may not regroup a sum; where a multiply-add is fused it is by name. */
#include <math.h>

/* Columns [col, col + OHM_VL) of rows [0, rows). g is dy where y > 0. */
INLINE void column_block(const struct column_job *j, int64_t rows, int col, bool backward, bool masked,
                         const int blocks)
{
    vecd sum[8], sum2[8], mean[8];

    UNROLL
    for (int v = 0; v < 2 * blocks; v++) {
        memcpy(&sum[v], j->sum + col + v * (OHM_VL / 2), sizeof sum[v]);
        memcpy(&sum2[v], j->sum2 + col + v * (OHM_VL / 2), sizeof sum2[v]);
        if (backward)
            mean[v] = v_double(j->mean + col + v * (OHM_VL / 2));
    }
    for (int64_t row = 0; row < rows; row++) {
        const int64_t at = row * j->width + col;

        UNROLL
        for (int v = 0; v < 2 * blocks; v++) {
            const int64_t i = at + v * (OHM_VL / 2);
            const vecd x = v_double(j->x + i);
            const vecd d = masked ? v_double_where_positive(j->y + i, j->dy + i) : backward ? v_double(j->dy + i) : x;
            vecd other = x;

            if (backward)
                other = x - mean[v];
            sum[v] += d;
            sum2[v] = v_fma_double(d, other, sum2[v]);
        }
    }
    UNROLL
    for (int v = 0; v < 2 * blocks; v++) {
        memcpy(j->sum + col + v * (OHM_VL / 2), &sum[v], sizeof sum[v]);
        memcpy(j->sum2 + col + v * (OHM_VL / 2), &sum2[v], sizeof sum2[v]);
    }
}

/* width is a multiple of 16: whole blocks of four vectors first (two sums each for 4 vectors fill the registers). */
INLINE void column_rows(const struct column_job *j, int64_t rows, bool backward, bool masked)
{
    int col = 0;

    for (; col + 4 * OHM_VL <= j->width; col += 4 * OHM_VL)
        column_block(j, rows, col, backward, masked, 4);
    for (; col < j->width; col += OHM_VL)
        column_block(j, rows, col, backward, masked, 1);
}

static void column_sums(const struct column_job *j)
{
    const int64_t rows = j->n / j->width;

    if (!j->dy)
        column_rows(j, rows, false, false);
    else if (!j->y)
        column_rows(j, rows, true, false);
    else
        column_rows(j, rows, true, true);
    for (int64_t at = rows * j->width, col = 0; at < j->n; at++, col++) {
        const double x = j->x[at];
        const double d = !j->dy ? x : !j->y || j->y[at] > 0 ? j->dy[at] : 0;

        j->sum[col] += d;
        j->sum2[col] = fma(d, j->dy ? x - j->mean[col] : x, j->sum2[col]);
    }
}

INLINE void affine_row(const struct affine_job *j, int64_t at, bool rectified)
{
    int col = 0;

    for (; col + OHM_VL <= j->width; col += OHM_VL) {
        const vec y = v_fma(v_load(j->x + at + col), v_load(j->a + col), v_load(j->b + col));

        v_store(j->out + at + col, rectified ? v_positive(y) : y);
    }
    for (; col < j->width; col++) {
        const float y = fmaf(j->x[at + col], j->a[col], j->b[col]);

        j->out[at + col] = rectified && !(y > 0) ? 0 : y;
    }
}

INLINE void affine_backward_row(const struct affine_job *j, int64_t at, bool masked)
{
    int col = 0;

    for (; col + OHM_VL <= j->width; col += OHM_VL) {
        const vec dy = v_load(j->dy + at + col);
        const vec g = masked ? v_where_positive(v_load(j->y + at + col), dy) : dy;

        v_store(j->out + at + col,
                v_fma(g, v_load(j->a + col), v_fma(v_load(j->x + at + col), v_load(j->b + col), v_load(j->c + col))));
    }
    for (; col < j->width; col++) {
        const float g = !masked || j->y[at + col] > 0 ? j->dy[at + col] : 0;

        j->out[at + col] = fmaf(g, j->a[col], fmaf(j->x[at + col], j->b[col], j->c[col]));
    }
}

static void affine(const struct affine_job *j)
{
    for (int64_t row = 0; row < j->rows; row++)
        if (j->dy && j->y)
            affine_backward_row(j, row * j->stride, true);
        else if (j->dy)
            affine_backward_row(j, row * j->stride, false);
        else if (j->relu)
            affine_row(j, row * j->stride, true);
        else
            affine_row(j, row * j->stride, false);
}

static void relu(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] > 0 ? x[i] : 0;
}

static void relu_backward(float *dx, const float *dy, const float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = y[i] > 0 ? dy[i] : 0;
}

static void add(float *y, const float *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = a[i] + b[i];
}

static void add_relu(float *y, const float *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const float sum = a[i] + b[i];

        y[i] = sum > 0 ? sum : 0;
    }
}

static void add_scaled(float *y, const float *x, float factor, int64_t n)
{
    const vec f = v_splat(factor);
    int64_t i = 0;

    for (; i + OHM_VL <= n; i += OHM_VL)
        v_store(y + i, v_fma(v_load(x + i), f, v_load(y + i)));
    for (; i < n; i++)
        y[i] = fmaf(x[i], factor, y[i]);
}

static void larger(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] > y[i] ? x[i] : y[i];
}

static void scale(float *y, float factor, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] *= factor;
}
