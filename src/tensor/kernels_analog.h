/* kernels_analog.h - converters, the noise of crossbars, and sums that learning asks for. Included after
 * kernels_conv.h.
 *
 * Products and sums are rounded one by one, never fused: the build without FMA is as quick as its vectors are. What is
 * summed is summed in LANES lanes whatever the vector length. */
#include <math.h>

#if OHM_VL == 16
/* a where x >= limit, else 0 */
INLINE vec v_where_reached(vec x, vec limit, vec a)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, limit, _CMP_GE_OQ), a);
}
INLINE int v_count_reached(vec x, vec limit)
{
    return __builtin_popcount(_mm512_cmp_ps_mask(x, limit, _CMP_GE_OQ));
}
#elif OHM_VL == 8
INLINE vec v_where_reached(vec x, vec limit, vec a)
{
    return _mm256_and_ps(_mm256_cmp_ps(x, limit, _CMP_GE_OQ), a);
}
INLINE int v_count_reached(vec x, vec limit)
{
    return __builtin_popcount((unsigned)_mm256_movemask_ps(_mm256_cmp_ps(x, limit, _CMP_GE_OQ)));
}
#else
INLINE vec v_where_reached(vec x, vec limit, vec a)
{
    for (int k = 0; k < OHM_VL; k++)
        a[k] = x[k] >= limit[k] ? a[k] : 0;
    return a;
}
INLINE int v_count_reached(vec x, vec limit)
{
    int count = 0;

    for (int k = 0; k < OHM_VL; k++)
        count += x[k] >= limit[k];
    return count;
}
#endif

/* The first n of a vector; zeros behind them. */
INLINE vec v_load_part(const float *p, int64_t n)
{
    float part[OHM_VL] = {0};

    if (n >= OHM_VL)
        return v_load(p);
    for (int k = 0; k < n; k++)
        part[k] = p[k];
    return v_load(part);
}

INLINE void v_store_part(float *p, vec a, int64_t n)
{
    float part[OHM_VL];

    if (n >= OHM_VL) {
        v_store(p, a);
        return;
    }
    v_store(part, a);
    for (int k = 0; k < n; k++)
        p[k] = part[k];
}

static void dac(float *y, const float *x, int64_t n, struct ohm_dac d)
{
    const vec levels = v_splat((float)d.levels), up = v_splat((float)d.levels / d.range);
    const vec down = v_splat(d.range / (float)d.levels);

    for (int64_t i = 0; i < n; i += OHM_VL)
        v_store_part(y + i, v_nearest(v_between(v_load_part(x + i, n - i) * up, levels)) * down, n - i);
}

/* One pixel. */
INLINE void adc_pixel(const struct adc_job *j, float *y, const float *sum, const float *normal, bool rounds, bool first)
{
    const vec levels = v_splat(j->levels), noise = v_splat(j->noise);

    for (int c = 0; c < j->c; c += OHM_VL) {
        const vec begin = first ? v_load(j->bias + c) : v_load_part(y + c, j->c - c);
        vec v = v_load(sum + c) * v_load(j->level + j->width + c) + v_load(normal + c) * noise;

        if (rounds)
            v = v_nearest(v_between(v, levels));
        v_store_part(y + c, begin + v * v_load(j->level + c), j->c - c);
    }
}

INLINE void adc_pixels(const struct adc_job *j, bool rounds, bool first)
{
    for (int64_t p = 0; p < j->pixels; p++)
        adc_pixel(j, j->y + p * j->c, j->sum + p * j->width, j->normal + p * j->c, rounds, first);
}

static void adc(const struct adc_job *j)
{
    if (j->levels > 0 && j->bias)
        adc_pixels(j, true, true);
    else if (j->levels > 0)
        adc_pixels(j, true, false);
    else
        adc_pixels(j, false, j->bias != NULL);
}

static void range_part(struct ohm_range_part *part, const float *x, const float *dx, int64_t n, float range)
{
    const vec r = v_splat(range), zero = v_splat(0);
    vec sum[VECS];
    float lane[LANES];
    int64_t outside = 0;

    for (int v = 0; v < VECS; v++)
        sum[v] = zero;
    for (int64_t i = 0; i < n; i += LANES) {
        UNROLL
        for (int v = 0; v < VECS; v++) {
            const int64_t at = i + v * OHM_VL;
            const vec xs = v_load_part(x + at, n - at), d = v_load_part(dx + at, n - at);

            sum[v] += v_where_reached(xs, r, v_min(d, zero));
            sum[v] -= v_where_reached(zero - xs, r, v_max(d, zero));
            outside += v_count_reached(xs, r) + v_count_reached(zero - xs, r);
        }
    }
    *part = (struct ohm_range_part){0, outside};
    for (int v = 0; v < VECS; v++)
        v_store(lane + v * OHM_VL, sum[v]);
    for (int k = 0; k < LANES; k++)
        part->grad += lane[k];
}

enum { HALVES = 2 * VECS }; /* vectors of LANES doubles */

static void moments(struct ohm_moments *m, const float *x, int64_t n)
{
    const int64_t whole = n / LANES * LANES;
    vecd sum[HALVES], squares[HALVES];
    vec largest[VECS];
    double lane[2][LANES];
    float top[LANES];

    memset(sum, 0, sizeof sum);
    memset(squares, 0, sizeof squares);
    memset(largest, 0, sizeof largest);
    for (int64_t i = 0; i < whole; i += LANES) {
        UNROLL
        for (int v = 0; v < HALVES; v++) {
            const vecd d = v_double(x + i + v * (OHM_VL / 2));

            sum[v] += d;
            squares[v] += d * d;
        }
        UNROLL
        for (int v = 0; v < VECS; v++) {
            const vec a = v_load(x + i + v * OHM_VL);

            largest[v] = v_max(largest[v], v_max(a, v_splat(0) - a));
        }
    }
    memcpy(lane[0], sum, sizeof lane[0]);
    memcpy(lane[1], squares, sizeof lane[1]);
    memcpy(top, largest, sizeof top);
    for (int64_t i = whole; i < n; i++) {
        lane[0][i - whole] += x[i];
        lane[1][i - whole] += (double)x[i] * x[i];
        top[i - whole] = fmaxf(top[i - whole], fabsf(x[i]));
    }
    for (int k = 0; k < LANES; k++) {
        m->sum += lane[0][k];
        m->squares += lane[1][k];
        m->largest = top[k] > m->largest ? top[k] : m->largest;
    }
}

static void limit(float *x, float most, int64_t n)
{
    for (int64_t i = 0; i < n; i += OHM_VL)
        v_store_part(x + i, v_between(v_load_part(x + i, n - i), v_splat(most)), n - i);
}

static void weight_noise(float *y, const float *w, const float *normal, int64_t n, float scale, const float *c)
{
    const vec size = v_splat(scale), inverse = v_splat(1 / scale);
    const vec c0 = v_splat(c[0]), c1 = v_splat(c[1]), c2 = v_splat(c[2]);

    for (int64_t i = 0; i < n; i += OHM_VL) {
        const vec x = v_load_part(w + i, n - i), share = v_max(x, v_splat(0) - x) * inverse;

        v_store_part(y + i, x + size * (c0 + share * (c1 + share * c2)) * v_load_part(normal + i, n - i), n - i);
    }
}

/* Philox 4x32-10 (Salmon et al., SC 2011), one lane: plain integers, for the vectoriser. */
INLINE void philox(uint32_t *to, uint64_t key, uint64_t counter)
{
    uint32_t a = (uint32_t)counter, b = (uint32_t)(counter >> 32), c = 0, d = 0;
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);

    UNROLL
    for (int round = 0; round < 10; round++) {
        const uint64_t p = (uint64_t)0xD2511F53 * a, q = (uint64_t)0xCD9E8D57 * c;

        a = (uint32_t)(q >> 32) ^ b ^ k0;
        c = (uint32_t)(p >> 32) ^ d ^ k1;
        b = (uint32_t)q;
        d = (uint32_t)p;
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    to[0] = a;
    to[LANES] = b;
    to[2 * LANES] = c;
    to[3 * LANES] = d;
}

/* Natural logarithm of u in (0, 1]; the polynomial is that of Cephes' logf. */
INLINE float log_of(float u)
{
    int32_t bits, e;
    float f, z, y;

    memcpy(&bits, &u, sizeof bits);
    e = (bits - 0x3f3504f3) >> 23; /* so that what remains is in [sqrt 1/2, sqrt 2) */
    bits -= e * (1 << 23);
    memcpy(&f, &bits, sizeof f);
    f -= 1;
    z = f * f;
    y = 7.0376836292e-2f;
    y = y * f - 1.1514610310e-1f;
    y = y * f + 1.1676998740e-1f;
    y = y * f - 1.2420140846e-1f;
    y = y * f + 1.4249322787e-1f;
    y = y * f - 1.6668057665e-1f;
    y = y * f + 2.0000714765e-1f;
    y = y * f - 2.4999993993e-1f;
    y = y * f + 3.3333331174e-1f;
    y = y * f * z - 2.12194440e-4f * (float)e - 0.5f * z;
    return f + y + 0.693359375f * (float)e;
}

/* Sine and cosine of 2 pi t, t in [0, 1); the polynomials are those of Cephes' sinf and cosf. */
INLINE void turn(float *sine, float *cosine, float t)
{
    const int32_t quarter = (int32_t)(t * 4 + 0.5f);
    const float a = (t * 4 - (float)quarter) * 1.57079633f, z = a * a;
    const float s = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * a + a;
    const float c =
        ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - 0.5f * z + 1;
    const float x = quarter & 1 ? s : c, y = quarter & 1 ? c : s;

    *cosine = (quarter + 1) & 2 ? -x : x;
    *sine = quarter & 2 ? -y : y;
}

/* Blocks [first, first + blocks) of a stream, of 4 LANES normal numbers each: words of LANES counters, two and two by
 * Box and Muller. */
static void normals(float *to, int64_t first, int64_t blocks, uint64_t key)
{
    for (int64_t i = first; i < first + blocks; i++, to += 4 * LANES) {
        uint32_t word[4 * LANES];

        for (int k = 0; k < LANES; k++)
            philox(word + k, key, (uint64_t)i * LANES + (uint64_t)k);
        for (int k = 0; k < 2 * LANES; k++) {
            const float u = (float)(int32_t)((word[k] >> 8) + 1) * 0x1p-24f;
            const float radius = sqrtf(-2 * log_of(u));
            float sine, cosine;

            turn(&sine, &cosine, (float)(int32_t)(word[2 * LANES + k] >> 8) * 0x1p-24f);
            to[k] = radius * cosine;
            to[2 * LANES + k] = radius * sine;
        }
    }
}
