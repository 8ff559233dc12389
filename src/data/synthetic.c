/* synthetic.c - made data of a task's shape: each class is a pattern of its own under noise. A network learns it in a
 * few steps; what it then scores says that the program works, and nothing about a network. */
#include "data_int.h"

#include "ohm/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double TWO_PI = 6.283185307179586476925;

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* A grating whose direction and pitch belong to the class. */
static double grating(int label, int y, int x, int c, double phase)
{
    const double angle = 2.399963 * label, pitch = 3 + label % 5; /* golden angle: directions that never repeat */

    return cos(TWO_PI / pitch * (cos(angle) * x + sin(angle) * y) + phase + c * (label % 3));
}

static void make_picture(const struct ohm_data *d, void *slot, int label, struct ohm_rng *rng)
{
    const struct ohm_task_spec *const t = d->task;
    const double phase = TWO_PI * ohm_rng_uniform(rng);
    size_t i = 0;

    for (int y = 0; y < t->h; y++)
        for (int x = 0; x < t->w; x++)
            for (int c = 0; c < t->c; c++, i++) {
                const double v = 0.5 * grating(label, y, x, c, phase) + 0.5 * ohm_rng_normal(rng);

                if (d->form == FORM_BYTES)
                    ((unsigned char *)slot)[i] = (unsigned char)clamp(128 + 64 * v, 0, 255);
                else
                    ((float *)slot)[i] = (float)v;
            }
}

/* Two tones of the class, swelling and fading, under noise. */
static void make_wave(const struct ohm_data *d, void *slot, int label, struct ohm_rng *rng)
{
    const struct ohm_frontend *const f = &d->task->frontend;
    const double step = TWO_PI / (double)f->sample_rate_Hz, loudness = 2000 + 8000 * ohm_rng_uniform(rng);
    const double low = 200 + 97 * (label % 13), high = 1500 + 131 * (label % 17);
    int16_t *const wave = slot;

    for (int64_t i = 0; i < f->clip_samples; i++) {
        const double part = (double)i / (double)f->clip_samples;
        const double tone = sin(step * low * (double)i) + sin(step * high * (double)i);

        wave[i] =
            (int16_t)clamp(loudness * (0.5 * tone * sin(TWO_PI / 2 * part) + 0.3 * ohm_rng_normal(rng)), -32768, 32767);
    }
}

static bool make_noise(struct ohm_data *d, struct ohm_rng *rng)
{
    const size_t samples = 4 * (size_t)d->task->frontend.clip_samples;
    struct noise noise = {ohm_alloc(samples, sizeof(int16_t)), samples, samples};

    if (!noise.wave || !ohm_grow(&d->noise, &d->noise_cap, 1, sizeof *d->noise)) {
        ohm_free(noise.wave);
        return false;
    }
    for (size_t i = 0; i < samples; i++)
        noise.wave[i] = (int16_t)clamp(3000 * ohm_rng_normal(rng), -32768, 32767);
    d->noise[d->noises++] = noise;
    return true;
}

static bool make_all(struct ohm_data *d, int64_t train)
{
    const struct ohm_rng root = ohm_rng_seed(0x73796e7468657469); /* the set is always the same */
    const int64_t quarter = (train + 3) / 4, all = train + 2 * quarter;
    struct ohm_rng noise = ohm_rng_named(&root, "noise");

    for (int64_t i = 0; i < all; i++) {
        const enum ohm_split split = i < train ? OHM_TRAIN : i < train + quarter ? OHM_VAL : OHM_TEST;
        const int label = (int)(i % d->task->classes);
        struct ohm_rng rng = ohm_rng_child(&root, (uint64_t)i);
        void *const slot = data_slot(d);
        char name[32];

        if (!slot)
            return false;
        if (d->form == FORM_WAVE)
            make_wave(d, slot, label, &rng);
        else
            make_picture(d, slot, label, &rng);
        snprintf(name, sizeof name, "synthetic#%07lld", (long long)i);
        if (!data_keep(d, name, label, split, ohm_hash(name, strlen(name))))
            return false;
    }
    return d->form != FORM_WAVE || make_noise(d, &noise);
}

enum ohm_status load_synthetic(struct ohm_data **out, const struct ohm_task_spec *task, const char *place,
                               const struct ohm_data_options *options, struct ohm_diag *diag)
{
    static const enum data_form form[OHM_DATA_KINDS] = {FORM_BYTES, FORM_WAVE, FORM_BYTES, FORM_FLOATS};
    struct ohm_data *const d = *out = data_create(task, form[task->kind]);
    const char *const count = strchr(place, ':');
    int64_t train;

    if (!d)
        return ohm_diag_add(diag, OHM_ENOMEM, place, 0, 0, "no memory for the data");
    if (options->split_file)
        return ohm_diag_add(diag, OHM_ECONFIG, place, 0, 0, "synthetic data take no split file");
    if (!count || !ohm_parse_int64(count + 1, &train) || train < task->classes || train > 10000000)
        return ohm_diag_add(diag, OHM_ECONFIG, place, 0, 0,
                            "synthetic data are asked for as synthetic:N, N training samples, from %d to 10000000",
                            task->classes);
    d->synthetic = true;
    return make_all(d, train) ? OHM_OK : ohm_diag_add(diag, OHM_ENOMEM, place, 0, 0, "no memory for the data");
}
