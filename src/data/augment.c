/* augment.c - changes of training samples. Each kind of change draws from a stream of its own name under the sample's
 * stream: switching one on leaves the draws of the others as they were. */
#include "data_int.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

static struct ohm_rng stream(const struct ohm_rng *rng, const char *name)
{
    return ohm_rng_named(rng, name);
}

/* In [-most, most]. */
static double swing(struct ohm_rng *rng, double most)
{
    return most * (2 * ohm_rng_uniform(rng) - 1);
}

/* Whole, in [-most, most]. */
static int step(struct ohm_rng *rng, int64_t most)
{
    return (int)ohm_rng_below(rng, (uint32_t)(2 * most + 1)) - (int)most;
}

/* ---- colour, before normalisation ---- */

static float limit(double v)
{
    return (float)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Grey of ITU-R BT.601, as Pillow and torchvision take it. */
static inline double grey(const float *p, int c)
{
    return c == 3 ? 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2] : p[0];
}

/* The number of channels is a constant where it is called, so that the loops over it are none. */
static inline void recolour(float *x, size_t pixels, double bright, double contrast, double saturation, int c)
{
    double mean = 0;

    for (size_t i = 0; i < pixels; i++)
        mean += grey(x + i * (size_t)c, c);
    mean *= bright / (double)pixels;
    for (size_t i = 0; i < pixels; i++) {
        float *const p = x + i * (size_t)c;
        const double g = grey(p, c);

        for (int k = 0; k < c; k++)
            p[k] = limit(mean + contrast * (bright * (g + saturation * (p[k] - g)) - mean));
    }
}

void augment_colour(const struct ohm_task_spec *t, float *x, const struct ohm_rng *rng)
{
    const struct ohm_augment *const a = &t->augment;
    struct ohm_rng own = stream(rng, "colour");
    const double bright = 1 + swing(&own, a->brightness), contrast = 1 + swing(&own, a->contrast);
    const double saturation = 1 + swing(&own, a->saturation);
    const size_t pixels = (size_t)t->h * (size_t)t->w;

    if (a->brightness == 0 && a->contrast == 0 && a->saturation == 0)
        return;
    if (t->c == 3)
        recolour(x, pixels, bright, contrast, saturation, 3);
    else
        recolour(x, pixels, bright, contrast, saturation, 1);
}

/* ---- geometry and cutout, after normalisation: 0 is the mean, and what is shifted in ---- */

struct move {
    bool flip;
    int dx, dy;
    double angle, zoom;
};

static struct move draw_move(const struct ohm_augment *a, const struct ohm_rng *rng)
{
    struct ohm_rng crop = stream(rng, "crop"), flip = stream(rng, "flip"), turn = stream(rng, "turn");
    struct move m = {0};

    m.dx = step(&crop, a->crop_pad);
    m.dy = step(&crop, a->crop_pad);
    m.flip = a->flip && ohm_rng_below(&flip, 2);
    m.angle = swing(&turn, a->rotate_deg) * PI / 180;
    m.zoom = 1 + swing(&turn, a->zoom);
    return m;
}

static void move_whole(const struct ohm_task_spec *t, float *to, const float *from, const struct move *m)
{
    const size_t c = (size_t)t->c;

    memset(to, 0, (size_t)t->h * (size_t)t->w * c * sizeof *to);
    for (int y = 0; y < t->h; y++) {
        const int from_y = y + m->dy;

        if (from_y < 0 || from_y >= t->h)
            continue;
        for (int x = 0; x < t->w; x++) {
            const int from_x = m->flip ? t->w - 1 - x + m->dx : x + m->dx;

            if (from_x >= 0 && from_x < t->w)
                memcpy(to + ((size_t)y * (size_t)t->w + (size_t)x) * c,
                       from + ((size_t)from_y * (size_t)t->w + (size_t)from_x) * c, c * sizeof *to);
        }
    }
}

/* Whole part, and what is left: floor() without a call, for numbers that an int holds. */
static int whole(double v, float *rest)
{
    const int i = (int)v - (v < (int)v);

    *rest = (float)(v - i);
    return i;
}

/* Between four neighbours; nothing lies outside of the picture. */
static inline void between(const struct ohm_task_spec *t, float *to, const float *from, double sy, double sx, int c)
{
    static const float nothing[3]; /* channels: 1 or 3 */
    const ptrdiff_t line = (ptrdiff_t)t->w * c;
    float fy, fx;
    const int y = whole(sy, &fy), x = whole(sx, &fx);
    const bool top = y >= 0 && y < t->h, low = y >= -1 && y + 1 < t->h;
    const bool left = x >= 0 && x < t->w, right = x >= -1 && x + 1 < t->w;
    const ptrdiff_t at = y * line + (ptrdiff_t)x * c;
    const float *const a = top && left ? from + at : nothing, *const b = top && right ? from + at + c : nothing;
    const float *const d = low && left ? from + at + line : nothing;
    const float *const e = low && right ? from + at + line + c : nothing;

    for (int k = 0; k < c; k++)
        to[k] = (a[k] * (1 - fx) + b[k] * fx) * (1 - fy) + (d[k] * (1 - fx) + e[k] * fx) * fy;
}

/* Bilinear, about the centre. The number of channels is a constant where it is called, as above. */
static inline void turn(const struct ohm_task_spec *t, float *to, const float *from, const struct move *m, int c)
{
    const double cy = (t->h - 1) / 2.0, cx = (t->w - 1) / 2.0;
    const double co = cos(m->angle) / m->zoom, si = sin(m->angle) / m->zoom;

    for (int y = 0; y < t->h; y++)
        for (int x = 0; x < t->w; x++, to += c) {
            const double u = m->flip ? cx - x : x - cx, v = y - cy;

            between(t, to, from, si * u + co * v + cy + m->dy, co * u - si * v + cx + m->dx, c);
        }
}

static void move_turned(const struct ohm_task_spec *t, float *to, const float *from, const struct move *m)
{
    if (t->c == 3)
        turn(t, to, from, m, 3);
    else
        turn(t, to, from, m, 1);
}

static void cut_out(const struct ohm_task_spec *t, float *x, const struct ohm_rng *rng)
{
    struct ohm_rng own = stream(rng, "cutout");
    const int side = (int)t->augment.cutout;
    const int cy = (int)ohm_rng_below(&own, (uint32_t)t->h), cx = (int)ohm_rng_below(&own, (uint32_t)t->w);

    for (int y = cy - side / 2; side && y < cy - side / 2 + side; y++)
        for (int i = cx - side / 2; i < cx - side / 2 + side; i++)
            if (y >= 0 && y < t->h && i >= 0 && i < t->w)
                memset(x + ((size_t)y * (size_t)t->w + (size_t)i) * (size_t)t->c, 0, (size_t)t->c * sizeof *x);
}

void augment_picture(const struct ohm_task_spec *t, float *x, float *scratch, const struct ohm_rng *rng)
{
    const struct move m = draw_move(&t->augment, rng);
    const size_t values = (size_t)t->h * (size_t)t->w * (size_t)t->c;

    memcpy(scratch, x, values * sizeof *x);
    if (t->augment.rotate_deg > 0 || t->augment.zoom > 0)
        move_turned(t, x, scratch, &m);
    else
        move_whole(t, x, scratch, &m);
    cut_out(t, x, rng);
}

/* ---- waves ---- */

/* Noise is added after the peak is normalised, and the sum clipped, as MLPerf Tiny's get_dataset.py does it. */
static void add_noise(const struct ohm_data *d, float *wave, const struct ohm_rng *rng)
{
    const struct ohm_augment *const a = &d->task->augment;
    struct ohm_rng own = stream(rng, "noise");
    const bool wanted = ohm_rng_uniform(&own) < a->noise_prob;
    const float volume = (float)(a->noise_volume * ohm_rng_uniform(&own)) / 32768;
    const struct noise *noise;
    size_t n, start;

    if (!wanted || d->noises == 0)
        return;
    noise = &d->noise[ohm_rng_below(&own, (uint32_t)d->noises)];
    n = (size_t)d->task->frontend.clip_samples;
    start = ohm_rng_below(&own, (uint32_t)noise->usable);
    for (size_t i = 0; i < n; i++) {
        const float v = wave[i] + volume * (float)noise->wave[(start + i) % noise->usable];

        wave[i] = v < -1 ? -1 : v > 1 ? 1 : v;
    }
}

void augment_wave(const struct ohm_data *d, float *wave, const int16_t *samples, const struct ohm_rng *rng)
{
    const struct ohm_frontend *const f = &d->task->frontend;
    const double most = d->task->augment.time_shift_ms * (double)f->sample_rate_Hz / 1000;
    struct ohm_rng own = stream(rng, "shift");

    frontend_prepare(f, wave, samples,
                     step(&own, (int64_t)(most < (double)f->clip_samples ? most : (double)f->clip_samples)));
    add_noise(d, wave, rng);
}

/* ---- features: SpecAugment (Park et al., Interspeech 2019), without its time warping ---- */

void augment_features(const struct ohm_task_spec *t, float *x, const struct ohm_rng *rng)
{
    const struct ohm_augment *const a = &t->augment;
    struct ohm_rng time = stream(rng, "time mask"), freq = stream(rng, "frequency mask");
    const int frames = (int)a->time_mask_frames < t->h ? (int)a->time_mask_frames : t->h;
    const int bins = (int)a->freq_mask_bins < t->w ? (int)a->freq_mask_bins : t->w;
    const size_t line = (size_t)t->w * (size_t)t->c;

    for (int64_t i = 0; i < a->time_masks; i++) {
        const int width = (int)ohm_rng_below(&time, (uint32_t)frames + 1);
        const int start = (int)ohm_rng_below(&time, (uint32_t)(t->h - width) + 1);

        memset(x + (size_t)start * line, 0, (size_t)width * line * sizeof *x);
    }
    for (int64_t i = 0; i < a->freq_masks; i++) {
        const int width = (int)ohm_rng_below(&freq, (uint32_t)bins + 1);
        const int start = (int)ohm_rng_below(&freq, (uint32_t)(t->w - width) + 1);

        for (int y = 0; y < t->h; y++)
            memset(x + (size_t)y * line + (size_t)start * (size_t)t->c, 0, (size_t)width * (size_t)t->c * sizeof *x);
    }
}
