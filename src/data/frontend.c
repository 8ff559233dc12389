/* frontend.c - MFCC and log-mel features as TensorFlow's tf.signal makes them, and so MLPerf Tiny's keyword spotting
 * (mlcommons/tiny, keyword_spotting/get_dataset.py): periodic Hann window, magnitude of the Fourier transform, HTK mel
 * bins, natural logarithm, DCT-II scaled by 1 / sqrt(2 mels). kissfft transforms in single precision; all else is in
 * double precision, with fixed order of sums. */
#include "data_int.h"

#include <kiss_fftr.h>
#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

struct frontend_plan {
    struct ohm_frontend f;
    int bins;       /* fft / 2 + 1 */
    double *window; /* [frame] */
    struct band {
        int first, count; /* bins of a non-zero weight */
    } * band;             /* [mels] */
    double *weight;       /* [mels][bins], the first `count` of each */
    double *cosine;       /* [coefficients][mels] */
};

struct frontend_scratch {
    kiss_fftr_cfg fft;
    float *frame; /* [fft] */
    kiss_fft_cpx *spectrum;
    double *magnitude, *mel; /* [bins], [mels] */
};

static double mel_of(double hertz)
{
    return 1127.0 * log1p(hertz / 700.0);
}

/* tf.signal.linear_to_mel_weight_matrix: triangles with straight sides on the mel scale; bin 0 counts for nothing. */
static void make_bands(struct frontend_plan *p)
{
    const double low = mel_of(p->f.low_Hz), step = (mel_of(p->f.high_Hz) - low) / (double)(p->f.mels + 1);

    for (int m = 0; m < p->f.mels; m++) {
        double *const weight = p->weight + (size_t)m * (size_t)p->bins;
        struct band *const band = &p->band[m];

        for (int k = 1; k < p->bins; k++) {
            const double mel = mel_of((double)p->f.sample_rate_Hz * k / (double)p->f.fft_samples);
            const double up = (mel - (low + m * step)) / step, down = (low + (m + 2) * step - mel) / step;
            const double w = up < down ? up : down;

            if (w <= 0)
                continue;
            if (band->count == 0)
                band->first = k;
            band->count = k - band->first + 1;
            weight[k - band->first] = w;
        }
    }
}

static void make_cosines(struct frontend_plan *p)
{
    const int n = (int)p->f.mels;

    for (int k = 0; k < p->f.coefficients; k++)
        for (int m = 0; m < n; m++)
            p->cosine[(size_t)k * (size_t)n + (size_t)m] = 2 * cos(PI * k * (m + 0.5) / n) / sqrt(2.0 * n);
}

void frontend_plan_free(struct frontend_plan *p)
{
    if (!p)
        return;
    ohm_free(p->window);
    ohm_free(p->band);
    ohm_free(p->weight);
    ohm_free(p->cosine);
    ohm_free(p);
}

struct frontend_plan *frontend_plan_create(const struct ohm_frontend *f, struct ohm_error *err)
{
    struct frontend_plan *const p = ohm_alloc(1, sizeof *p);
    const size_t mels = (size_t)f->mels;

    if (p) {
        p->f = *f;
        p->bins = (int)(f->fft_samples / 2 + 1);
        p->window = ohm_alloc((size_t)f->frame_samples, sizeof *p->window);
        p->band = ohm_alloc(mels, sizeof *p->band);
        p->weight = ohm_alloc(mels * (size_t)p->bins, sizeof *p->weight);
        p->cosine = ohm_alloc(mels * (size_t)f->coefficients, sizeof *p->cosine);
    }
    if (!p || !p->window || !p->band || !p->weight || !p->cosine) {
        frontend_plan_free(p);
        ohm_fail(err, OHM_ENOMEM, "no memory for the front end");
        return NULL;
    }
    for (int64_t i = 0; i < f->frame_samples; i++)
        p->window[i] = 0.5 - 0.5 * cos(2 * PI * (double)i / (double)f->frame_samples);
    make_bands(p);
    make_cosines(p);
    return p;
}

void frontend_scratch_free(struct frontend_scratch *s)
{
    if (!s)
        return;
    ohm_free(s->fft);
    ohm_free(s->frame);
    ohm_free(s->spectrum);
    ohm_free(s->magnitude);
    ohm_free(s->mel);
    ohm_free(s);
}

struct frontend_scratch *frontend_scratch_create(const struct frontend_plan *p, struct ohm_error *err)
{
    struct frontend_scratch *const s = ohm_alloc(1, sizeof *s);
    const int n = (int)p->f.fft_samples;
    size_t size = 0;

    if (s) {
        kiss_fftr_alloc(n, 0, NULL, &size);
        s->fft = ohm_alloc(size, 1);
        s->frame = ohm_alloc((size_t)n, sizeof *s->frame);
        s->spectrum = ohm_alloc((size_t)p->bins, sizeof *s->spectrum);
        s->magnitude = ohm_alloc((size_t)p->bins, sizeof *s->magnitude);
        s->mel = ohm_alloc((size_t)p->f.mels, sizeof *s->mel);
    }
    if (!s || !s->fft || !s->frame || !s->spectrum || !s->magnitude || !s->mel) {
        frontend_scratch_free(s);
        ohm_fail(err, OHM_ENOMEM, "no memory for the front end");
        return NULL;
    }
    kiss_fftr_alloc(n, 0, s->fft, &size);
    return s;
}

static void one_frame(const struct frontend_plan *p, struct frontend_scratch *s, float *feature, const float *wave)
{
    for (int64_t i = 0; i < p->f.frame_samples; i++)
        s->frame[i] = (float)(p->window[i] * (double)wave[i]);
    kiss_fftr(s->fft, s->frame, s->spectrum);
    for (int k = 0; k < p->bins; k++) {
        const double re = (double)s->spectrum[k].r, im = (double)s->spectrum[k].i;

        s->magnitude[k] = sqrt(re * re + im * im);
    }
    for (int m = 0; m < p->f.mels; m++) {
        const double *const weight = p->weight + (size_t)m * (size_t)p->bins;
        double sum = 0;

        for (int k = 0; k < p->band[m].count; k++)
            sum += weight[k] * s->magnitude[p->band[m].first + k];
        s->mel[m] = log(sum + p->f.log_offset);
    }
    for (int k = 0; k < p->f.coefficients; k++) {
        double sum = 0;

        for (int m = 0; p->f.kind == 0 && m < p->f.mels; m++)
            sum += p->cosine[(size_t)k * (size_t)p->f.mels + (size_t)m] * s->mel[m];
        feature[k] = (float)(p->f.kind == 0 ? sum : s->mel[k]);
    }
}

void frontend_features(const struct frontend_plan *p, struct frontend_scratch *s, float *feature, const float *wave)
{
    const int64_t frames = ohm_frontend_frames(&p->f);

    memset(s->frame, 0, (size_t)p->f.fft_samples * sizeof *s->frame);
    for (int64_t i = 0; i < frames; i++)
        one_frame(p, s, feature + i * p->f.coefficients, wave + i * p->f.hop_samples);
}

/* MLPerf Tiny divides by the largest sample with its sign; where that is not above zero it would divide by zero or turn
 * the wave over, and the wave is left as it is. */
static void normalise_peak(float *wave, size_t n)
{
    float peak = 0;

    for (size_t i = 0; i < n; i++)
        peak = wave[i] > peak ? wave[i] : peak;
    for (size_t i = 0; peak > 0 && i < n; i++)
        wave[i] /= peak;
}

void frontend_prepare(const struct ohm_frontend *f, float *wave, const int16_t *samples, int64_t shift)
{
    const int64_t n = f->clip_samples;

    for (int64_t i = 0; i < n; i++) {
        const int64_t from = i - shift;

        wave[i] = from >= 0 && from < n ? (float)samples[from] / 32768 : 0;
    }
    if (f->peak_normalise)
        normalise_peak(wave, (size_t)n);
}

enum ohm_status ohm_frontend_run(const struct ohm_frontend *f, float *feature, const float *wave, size_t samples,
                                 struct ohm_error *err)
{
    struct frontend_plan *const plan = frontend_plan_create(f, err);
    struct frontend_scratch *const scratch = plan ? frontend_scratch_create(plan, err) : NULL;
    float *const clip = ohm_alloc((size_t)f->clip_samples, sizeof *clip);
    enum ohm_status st = plan && scratch && clip ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "no memory for the front end");

    if (st == OHM_OK && samples > (size_t)f->clip_samples)
        st = ohm_fail(err, OHM_ERANGE, "the wave has %zu samples, more than the %lld of a clip", samples,
                      (long long)f->clip_samples);
    if (st == OHM_OK) {
        if (samples)
            memcpy(clip, wave, samples * sizeof *clip);
        if (f->peak_normalise)
            normalise_peak(clip, (size_t)f->clip_samples);
        frontend_features(plan, scratch, feature, clip);
    }
    ohm_free(clip);
    frontend_scratch_free(scratch);
    frontend_plan_free(plan);
    return st;
}
