/* steps.h - what a tile does to one vector, step by step, as loops that the compiler turns into vectors. Included once
 * for each instruction set; elementwise and in a fixed order, so that all builds give the same bits. */
#include "analog_int.h"
#include "normals.h"

#include <math.h>
#include <stddef.h>

/* Adding and taking away 1.5 2^23 rounds to the nearest whole number, halves to even, for |x| < 2^22. */
#define ROUND 12582912.0F

static inline float round_even(float x)
{
    return (x + ROUND) - ROUND;
}

static inline float held(float x, float most)
{
    const float below = x < most ? x : most;

    return below > -most ? below : -most;
}

/* sign 0: of |x| */
INLINE float largest_of(const float *x, int n, const int sign)
{
    enum { AT_ONCE = 4 };
    reals most[AT_ONCE];
    float lane[AT_ONCE * WIDE], out = 0;
    int i = 0;

    memset(most, 0, sizeof most);
    for (; i + AT_ONCE * WIDE <= n; i += AT_ONCE * WIDE)
        UNROLL
    for (int k = 0; k < AT_ONCE; k++) {
        const reals a = load(x + i + k * WIDE);

        most[k] = more(sign == 0 ? more(a, -a) : sign > 0 ? a : -a, most[k]);
    }
    for (; i < n; i++) {
        const float a = sign == 0 ? fabsf(x[i]) : (float)sign * x[i];

        out = a > out ? a : out;
    }
    memcpy(lane, most, sizeof lane);
    for (int k = 0; k < AT_ONCE * WIDE; k++)
        out = lane[k] > out ? lane[k] : out;
    return out;
}

static float largest(const float *x, int n, float sign)
{
    return sign > 0 ? largest_of(x, n, 1) : sign < 0 ? largest_of(x, n, -1) : largest_of(x, n, 0);
}

/* The bound is a whole number of steps: held before or after rounding is one (aihwkit holds after it). */
static inline float converted(float x, float inverse, float step, float levels)
{
    return round_even(held(x * inverse, levels)) * step;
}

static void dac(float *v, const float *x, int n, struct dac d)
{
    const float most = d.most > 0 ? d.most : INFINITY;

    if (d.step > 0) {
        const float inverse = 1 / d.step, levels = rintf(most / d.step);

        if (d.divisor < 1 || d.divisor > 1)
            for (int i = 0; i < n; i++)
                v[i] = converted(x[i] / d.divisor, inverse, d.step, levels);
        else
            for (int i = 0; i < n; i++)
                v[i] = converted(x[i], inverse, d.step, levels);
    } else
        for (int i = 0; i < n; i++)
            v[i] = held(x[i] / d.divisor, most);
}

static void limit(float *y, const float *x, int n, float most, float unit)
{
    const float inverse = 1 / unit;

    for (int i = 0; i < n; i++)
        y[i] = held(x[i], most) * inverse;
}

/* Both at once, with the bits of one after the other; the divisor is 1. */
static void limit_dac(float *v, const float *x, int n, float range, struct dac d)
{
    const float most = d.most > 0 ? d.most : INFINITY, unit = 1 / range;

    if (d.step > 0) {
        const float inverse = 1 / d.step, levels = rintf(most / d.step);

        for (int i = 0; i < n; i++)
            v[i] = converted(held(x[i], range) * unit, inverse, d.step, levels);
    } else
        for (int i = 0; i < n; i++)
            v[i] = held(held(x[i], range) * unit, most);
}

static void asymmetry(float *v, int n, float share)
{
    for (int i = 0; i < n; i++)
        v[i] = v[i] < 0 ? v[i] * (1 - share) : v[i];
}

static void one_sign(float *v, const float *x, int n, float sign)
{
    for (int i = 0; i < n; i++)
        v[i] = sign * x[i] > 0 ? sign * x[i] : 0;
}

static void multiply(float *v, const float *x, const float *by, int n)
{
    for (int i = 0; i < n; i++)
        v[i] = x[i] * by[i];
}

static void absolute(float *v, const float *x, int n)
{
    for (int i = 0; i < n; i++)
        v[i] = fabsf(x[i]);
}

static void add_noise(float *y, const float *z, int n, float sd)
{
    for (int i = 0; i < n; i++)
        y[i] += sd * z[i];
}

static void add_noises(float *y, const float *z, const float *sd, int n)
{
    for (int i = 0; i < n; i++)
        y[i] += sd[i] * z[i];
}

static void add_root_noise(float *y, const float *z, const float *squares, int n, float sd)
{
    for (int i = 0; i < n; i++)
        y[i] += sd * sqrtf(squares[i]) * z[i];
}

static inline float dropped(float load, float s, float drop)
{
    return drop * (load * (load * (0.05F * load - 0.2F) + 0.5F)) * s;
}

static void ir_drop(float *y, const float *a, const float *s, int n, float drop, float ratio)
{
    if (a == y) /* a loop of its own: the compiler takes care that outputs are not inputs */
        for (int i = 0; i < n; i++)
            y[i] -= dropped(ratio * y[i], s[i], drop);
    else
        for (int i = 0; i < n; i++)
            y[i] -= dropped(ratio * a[i], s[i], drop);
}

static void offset(float *y, int n, struct offset o)
{
    for (int i = 0; i < n; i++) {
        const float v = o.v ? o.v[i] : 0, all = y[i] + o.reference;

        y[i] =
            (1 - v) * all / (1 + o.series * fabsf(all)) - (1 + v) * o.reference / (1 + o.series * fabsf(o.reference));
    }
}

static void curve(float *y, const float *bend, const float *slope, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = slope[i] * y[i] / (1 + fabsf(bend[i] * y[i]));
}

/* At the bound is what would have been beyond it, after rounding: the last level itself is not (so does aihwkit). */
static bool adc(float *y, int n, struct adc a)
{
    const float most = a.most > 0 ? a.most : INFINITY;
    int hits = 0;

    if (a.step > 0) {
        const float inverse = 1 / a.step, levels = rintf(most / a.step);

        for (int i = 0; i < n; i++) {
            const float k = round_even(held(y[i] * inverse, levels + 1));

            hits += fabsf(k) > levels;
            y[i] = held(k, levels) * a.step;
        }
    } else
        for (int i = 0; i < n; i++) {
            hits += fabsf(y[i]) > most;
            y[i] = held(y[i], most);
        }
    return hits > 0;
}

/* ---- products of channels alone ---- */

enum { TAPS_ABREAST = 6 }; /* outputs: a multiply-add is a chain of four cycles, and two begin in each */

INLINE void taps_run(const struct taps *t, float *sum, const float *frame, int c, const int n)
{
    reals acc[TAPS_ABREAST];
    const float *from = frame + t->first / t->k_w * t->row + t->first % t->k_w * t->pixel;

    UNROLL
    for (int i = 0; i < n; i++)
        acc[i] = splat(0);
    for (int tap = t->first, k_x = tap % t->k_w; tap < t->end; tap++) {
        const reals w = load(t->packed + (size_t)(tap - t->first) * (size_t)t->width + c);

        UNROLL
        for (int i = 0; i < n; i++)
            acc[i] = fused(load(from + i * t->step_x * t->pixel), w, acc[i]);
        from += t->pixel;
        if (++k_x == t->k_w) {
            k_x = 0;
            from += t->row - t->k_w * t->pixel;
        }
    }
    UNROLL
    for (int i = 0; i < n; i++)
        store(sum + (size_t)i * (size_t)t->width, acc[i]);
}

/* A chain for each output, as of any product. */
static void taps(const struct taps *job)
{
    const struct taps t = *job;

    for (int y = 0; y < t.rows; y++)
        for (int x = 0, n; x < t.cols; x += n) {
            const int left = t.cols - x;

            n = left < TAPS_ABREAST ? left : TAPS_ABREAST;
            for (int c = 0; c < t.width; c += WIDE) {
                float *const sum = t.sum + ((size_t)y * (size_t)t.cols + (size_t)x) * (size_t)t.width + c;
                const float *const frame = t.frame + y * t.step_y * t.row + x * t.step_x * t.pixel + c;

                switch (n) {
                case 1:
                    taps_run(&t, sum, frame, c, 1);
                    break;
                case 2:
                    taps_run(&t, sum, frame, c, 2);
                    break;
                case 3:
                    taps_run(&t, sum, frame, c, 3);
                    break;
                case 4:
                    taps_run(&t, sum, frame, c, 4);
                    break;
                case 5:
                    taps_run(&t, sum, frame, c, 5);
                    break;
                default:
                    taps_run(&t, sum, frame, c, TAPS_ABREAST);
                    break;
                }
            }
        }
}

/* ---- whole bands ---- */

INLINE reals noisy(const struct band *b, size_t at, const bool signal, const bool noise)
{
    const reals y = signal ? load(b->y + at) : splat(0);

    return noise ? y + splat(b->noise) * load(b->z + at) : y;
}

/* As adc(): there a number beyond the last level is counted before it is held. */
INLINE reals answer(const struct band *b, reals y, const bool rounds)
{
    const reals most = splat(rounds ? b->levels : b->most), shift = splat(ROUND);
    const reals x = rounds ? y * splat(b->inverse) : y, within = more(less(x, most), -most);

    return rounds ? ((within + shift) - shift) * splat(b->step) : within;
}

INLINE void digitise_as(const struct band *b, const bool signal, const bool noise, const bool rounds)
{
    const reals sign = splat(b->sign);

    for (size_t i = 0; i < (size_t)b->n * (size_t)b->width; i += WIDE) {
        const reals out = sign * answer(b, noisy(b, i, signal, noise), rounds);

        store(b->sum + i, (b->first ? splat(0) : load(b->sum + i)) + out);
    }
}

/* A copy of the job is known not to change while outputs are written. */
static void digitise(const struct band *job)
{
    const struct band b = *job;

    if (b.step <= 0)
        digitise_as(&b, b.y != NULL, b.z != NULL, false);
    else if (!b.y)
        digitise_as(&b, false, true, true);
    else if (b.z)
        digitise_as(&b, true, true, true);
    else
        digitise_as(&b, true, false, true);
}

INLINE void sum_up_as(const struct band *b, const bool noise, const bool rounds, const bool converts)
{
    for (size_t p = 0, i = 0; p < (size_t)b->n; p++)
        for (int c = 0; c < b->width; c += WIDE, i += WIDE) {
            const reals begin = b->begin ? load(b->begin + c) : load(b->to + i);
            const reals out = converts ? answer(b, noisy(b, i, true, noise), rounds) : load(b->sum + i);

            store(b->to + i, begin + out * load(b->factor + c));
        }
}

static void digitise_add(const struct band *job)
{
    const struct band b = *job;

    if (b.step <= 0)
        sum_up_as(&b, b.z != NULL, false, true);
    else if (b.z)
        sum_up_as(&b, true, true, true);
    else
        sum_up_as(&b, false, true, true);
}

static void add_band(const struct band *job)
{
    const struct band b = *job;

    sum_up_as(&b, false, false, false);
}

static void add_scaled(float *y, const float *x, int n, float factor)
{
    for (int i = 0; i < n; i++)
        y[i] += factor * x[i];
}

static void scaled(float *y, const float *x, int n, float factor)
{
    for (int i = 0; i < n; i++)
        y[i] = factor * x[i];
}

static void add_columns(float *y, const float *x, const float *by, int n, float factor)
{
    for (int i = 0; i < n; i++)
        y[i] += x[i] * (by[i] * factor);
}

static void partial(float *y, const float *step, int n, float levels)
{
    for (int i = 0; i < n; i++)
        y[i] = round_even(held(y[i] / step[i], levels)) * step[i];
}

#include "units.h"

const struct steps STEPS_NAME = {
    .largest = largest,
    .dac = dac,
    .limit = limit,
    .limit_dac = limit_dac,
    .asymmetry = asymmetry,
    .one_sign = one_sign,
    .multiply = multiply,
    .absolute = absolute,
    .add_noise = add_noise,
    .add_noises = add_noises,
    .add_root_noise = add_root_noise,
    .ir_drop = ir_drop,
    .offset = offset,
    .curve = curve,
    .adc = adc,
    .gain = gain,
    .count_up = count_up,
    .ldpu = ldpu,
    .nmpu = nmpu,
    .taps = taps,
    .add_scaled = add_scaled,
    .scaled = scaled,
    .add_columns = add_columns,
    .partial = partial,
    .digitise = digitise,
    .digitise_add = digitise_add,
    .add_band = add_band,
    .normals = normals,
    .normals_across = normals_across,
};
