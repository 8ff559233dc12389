/* nodes_ints.c - the small arithmetic of shapes and paddings that exporters write out where a size is only known when
 * the network runs: at most eight integers, in a row or as a matrix. */
#include "onnx_int.h"

#include <string.h>

enum ohm_status ohm_onnx_give_ints(struct ohm_onnx_reader *r, const int64_t *v, int n, int cols)
{
    struct ohm_value *out = ohm_onnx_output(r);

    out->kind = OHM_VALUE_INTS;
    out->ints = n;
    out->cols = cols;
    memcpy(out->v, v, (size_t)n * sizeof(*v));
    return OHM_OK;
}

bool ohm_onnx_of_ints(const struct ohm_onnx_reader *r)
{
    const struct ohm_value *in = ohm_onnx_input(r, 0);
    int64_t v[OHM_INTS_MAX];

    return in && ohm_onnx_value_ints(in, v) >= 0;
}

static int rows_of(int n, int cols)
{
    return cols > 0 ? n / cols : n;
}

/* Input 0 as integers. */
static int take(const struct ohm_onnx_reader *r, int64_t v[OHM_INTS_MAX], int *cols)
{
    const struct ohm_value *in = ohm_onnx_input(r, 0);

    *cols = in && in->kind == OHM_VALUE_INTS ? in->cols : 0;
    return in ? ohm_onnx_value_ints(in, v) : -2;
}

enum ohm_status ohm_onnx_shape(struct ohm_onnx_reader *r)
{
    const struct ohm_value *v = ohm_onnx_input(r, 0);
    const struct ohm_shape *s;
    struct ohm_value *in;
    enum ohm_status st;

    if (ohm_onnx_attribute(r, "start") || ohm_onnx_attribute(r, "end"))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "a part of a shape; the whole is legal");
    if (v && v->kind == OHM_VALUE_TENSOR && !v->transposed && v->tensor->n_dims <= OHM_INTS_MAX)
        return ohm_onnx_give_ints(r, v->tensor->dims, (int)v->tensor->n_dims, 0);
    if (v && v->kind == OHM_VALUE_INTS && v->cols == 0)
        return ohm_onnx_give_ints(r, &(int64_t){v->ints}, 1, 0);
    if ((st = ohm_onnx_need_whole(r, 0, false, &in)) != OHM_OK)
        return st;
    s = &r->b->net.layer[in->layer].out;
    if (in->flat)
        return ohm_onnx_give_ints(r, (int64_t[]){OHM_INT_BATCH, (int64_t)s->h * s->w * s->c}, 2, 0);
    return ohm_onnx_give_ints(r, (int64_t[]){OHM_INT_BATCH, s->c, s->h, s->w}, 4, 0);
}

enum ohm_status ohm_onnx_gather(struct ohm_onnx_reader *r)
{
    int64_t v[OHM_INTS_MAX], index[OHM_INTS_MAX];
    int cols;
    const int n = take(r, v, &cols), one = ohm_onnx_ints(r, 1, NULL, index);

    if (n >= 0 && one == 1 && index[0] < 0 && index[0] >= -n)
        index[0] += n;
    if (n < 0 || cols > 0 || one != 1 || index[0] < 0 || index[0] >= n)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "only one number of a shape is taken");
    return ohm_onnx_give_ints(r, &v[index[0]], 1, 0);
}

enum ohm_status ohm_onnx_join_ints(struct ohm_onnx_reader *r)
{
    int64_t all[OHM_INTS_MAX], v[OHM_INTS_MAX];
    int n = 0;

    for (size_t i = 0; i < r->node->n_input; i++) {
        const struct ohm_value *in = ohm_onnx_input(r, i);
        const int more = in ? ohm_onnx_value_ints(in, v) : -2;

        if (more < 0 || n + more > OHM_INTS_MAX || (in->kind == OHM_VALUE_INTS && in->cols > 0))
            return ohm_onnx_refuse(r, OHM_EUNFIT, "it joins constants that are no shape of at most %d numbers",
                                   OHM_INTS_MAX);
        memcpy(all + n, v, (size_t)more * sizeof(*v));
        n += more;
    }
    return ohm_onnx_give_ints(r, all, n, 0);
}

enum ohm_status ohm_onnx_reshape_ints(struct ohm_onnx_reader *r)
{
    int64_t v[OHM_INTS_MAX], shape[OHM_INTS_MAX];
    int cols;
    const int n = take(r, v, &cols), dims = ohm_onnx_ints(r, 1, "shape", shape);

    if (dims == 1 && (shape[0] == -1 || shape[0] == n))
        return ohm_onnx_give_ints(r, v, n, 0);
    if (dims == 2 && shape[1] > 0 && shape[1] <= OHM_INTS_MAX && n % shape[1] == 0 &&
        (shape[0] == -1 || shape[0] == n / shape[1]))
        return ohm_onnx_give_ints(r, v, n, (int)shape[1]);
    return ohm_onnx_refuse(r, OHM_EUNFIT, "integers become a row or a matrix, as many as there are");
}

/* All rows in the opposite order, or some rows. */
enum ohm_status ohm_onnx_slice_ints(struct ohm_onnx_reader *r)
{
    int64_t v[OHM_INTS_MAX], start[OHM_INTS_MAX], end[OHM_INTS_MAX], other[OHM_INTS_MAX], out[OHM_INTS_MAX];
    int cols, kept = 0;
    const int n = take(r, v, &cols), rows = rows_of(n, cols), wide = cols > 0 ? cols : 1;
    const bool one = ohm_onnx_ints(r, 1, "starts", start) == 1 && ohm_onnx_ints(r, 2, "ends", end) == 1;
    const int axes = ohm_onnx_ints(r, 3, "axes", other);
    const bool first = axes == -1 || (axes == 1 && other[0] == 0);
    const int steps = ohm_onnx_ints(r, 4, NULL, other);
    const int64_t step = steps == 1 ? other[0] : 1;

    if (!one || !first || steps < -1 || steps > 1 || (step != 1 && step != -1))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "of integers, rows one after another are taken, forward or backward");
    for (int i = 0; i < 2; i++) {
        int64_t *at = i == 0 ? start : end;

        *at = *at < 0 ? (*at < -rows ? -1 : *at + rows) : *at;
        *at = *at < 0 && step > 0 ? 0 : *at > rows ? rows : *at;
    }
    if (step < 0 && start[0] > rows - 1)
        start[0] = rows - 1;
    for (int64_t i = start[0]; step > 0 ? i < end[0] : i > end[0] && i >= 0; i += step)
        memcpy(out + wide * kept++, v + wide * i, (size_t)wide * sizeof(*v));
    return ohm_onnx_give_ints(r, out, wide * kept, cols);
}

enum ohm_status ohm_onnx_transpose_ints(struct ohm_onnx_reader *r)
{
    int64_t v[OHM_INTS_MAX], out[OHM_INTS_MAX], perm[OHM_INTS_MAX];
    int cols;
    const int n = take(r, v, &cols), rows = rows_of(n, cols), dims = ohm_onnx_ints(r, SIZE_MAX, "perm", perm);

    if (cols == 0 || rows == 0 || (dims != -1 && (dims != 2 || perm[0] != 1 || perm[1] != 0)))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "of integers, matrices are turned");
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < cols; k++)
            out[k * rows + i] = v[i * cols + k];
    return ohm_onnx_give_ints(r, out, n, rows);
}

enum ohm_status ohm_onnx_ints_of_shape(struct ohm_onnx_reader *r)
{
    const onnx_attribute *a = ohm_onnx_attribute(r, "value");
    const struct ohm_value fill = {.kind = OHM_VALUE_TENSOR, .tensor = a ? a->t : NULL};
    int64_t v[OHM_INTS_MAX], all[OHM_INTS_MAX], one[OHM_INTS_MAX] = {0};
    int cols;
    const int n = take(r, v, &cols);

    if (n != 1 || v[0] < 0 || v[0] > OHM_INTS_MAX || (fill.tensor && ohm_onnx_value_ints(&fill, one) != 1))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "only a row of at most %d integers is made", OHM_INTS_MAX);
    for (int i = 0; i < v[0]; i++)
        all[i] = one[0];
    return ohm_onnx_give_ints(r, all, (int)v[0], 0);
}

/* a op b, of integers that are known. */
static bool calculate(char op, int64_t *result, int64_t a, int64_t b)
{
    if (a == OHM_INT_BATCH || b == OHM_INT_BATCH)
        return false;
    switch (op) {
    case 'A':
        return !__builtin_add_overflow(a, b, result);
    case 'S':
        return !__builtin_sub_overflow(a, b, result);
    case 'D': /* exporters divide sizes, which are not negative */
        *result = a < 0 || b < 1 ? 0 : a / b;
        return a >= 0 && b >= 1;
    default:
        return !__builtin_mul_overflow(a, b, result);
    }
}

enum ohm_status ohm_onnx_arithmetic(struct ohm_onnx_reader *r)
{
    const struct ohm_value *b = ohm_onnx_input(r, 1);
    int64_t v[OHM_INTS_MAX], w[OHM_INTS_MAX];
    int cols;
    const int n = take(r, v, &cols), m = b ? ohm_onnx_value_ints(b, w) : -2;
    bool known;

    if (!ohm_onnx_of_ints(r))
        return ohm_onnx_refuse(r, OHM_EUNFIT, "no layer kind does what this operator does to tensors");
    known = n > 0 && (m == n || m == 1) && cols == 0;
    for (int i = 0; i < n && known; i++)
        known = calculate(r->node->op_type[0], &v[i], v[i], w[m == 1 ? 0 : i]);
    if (!known)
        return ohm_onnx_refuse(r, OHM_EUNFIT, "integers whose result is not known");
    return ohm_onnx_give_ints(r, v, n, 0);
}
