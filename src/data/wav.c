/* wav.c - one wave file in memory as 16-bit mono samples (libsndfile). */
#include "data_int.h"

#include <sndfile.h>
#include <string.h>

struct memory {
    const unsigned char *bytes;
    sf_count_t length, at;
};

static sf_count_t memory_length(void *user)
{
    return ((struct memory *)user)->length;
}

static sf_count_t memory_seek(sf_count_t offset, int whence, void *user)
{
    struct memory *const m = user;
    const sf_count_t base = whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->length : 0;

    if (offset < -base || offset > m->length - base)
        return -1;
    return m->at = base + offset;
}

static sf_count_t memory_read(void *to, sf_count_t n, void *user)
{
    struct memory *const m = user;
    const sf_count_t left = m->length - m->at;
    const sf_count_t take = n < left ? n : left;

    if (take <= 0)
        return 0;
    memcpy(to, m->bytes + m->at, (size_t)take);
    m->at += take;
    return take;
}

static sf_count_t memory_tell(void *user)
{
    return ((struct memory *)user)->at;
}

#define fail(...) ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, name, 0, 0, __VA_ARGS__)

/* libsndfile takes a cut file for a short one: the length that RIFF states tells them apart. */
static bool is_truncated(const unsigned char *b, size_t length)
{
    const size_t stated = length >= 12 ? (size_t)b[4] | (size_t)b[5] << 8 | (size_t)b[6] << 16 | (size_t)b[7] << 24 : 0;

    return length >= 12 && memcmp(b, "RIFF", 4) == 0 && stated + 8 > length;
}

static enum ohm_status check_format(const SF_INFO *info, const char *name, int64_t rate_Hz, size_t max_samples,
                                    struct ohm_error *err)
{
    if (info->samplerate != rate_Hz)
        return fail("the wave has %d samples a second, the task wants %lld", info->samplerate, (long long)rate_Hz);
    if (info->channels != 1)
        return fail("the wave has %d channels, the task wants one", info->channels);
    if (info->frames < 0 || (uint64_t)info->frames > max_samples)
        return fail("the wave has %lld samples, more than the %zu of a clip", (long long)info->frames, max_samples);
    return OHM_OK;
}

/* The number of samples stated in a header is not believed: what can be read is. */
static enum ohm_status read_samples(SNDFILE *file, const SF_INFO *info, int16_t **wave, size_t *samples, size_t length,
                                    const char *name, struct ohm_error *err)
{
    const size_t limit = length * 64 + 4096; /* no codec of libsndfile packs 64 samples in a byte */
    const size_t room = (uint64_t)info->frames < limit ? (size_t)info->frames : limit;
    int16_t *const to = ohm_alloc(room + 1, sizeof *to);
    sf_count_t n;

    if (!to)
        return ohm_fail_at(err, OHM_ENOMEM, OHM_ORIGIN, name, 0, 0, "no memory for the wave");
    sf_command(file, SFC_SET_SCALE_FLOAT_INT_READ, NULL, SF_TRUE);
    n = sf_read_short(file, to, (sf_count_t)room);
    if (n < info->frames || n == 0) {
        ohm_free(to);
        return n == 0 ? fail("the wave has no samples")
                      : fail("the wave is cut short: %lld samples of %lld", (long long)n, (long long)info->frames);
    }
    *wave = to;
    *samples = (size_t)n;
    return OHM_OK;
}

enum ohm_status wav_decode(int16_t **wave, size_t *samples, const unsigned char *bytes, size_t length, const char *name,
                           int64_t rate_Hz, size_t max_samples, struct ohm_error *err)
{
    SF_VIRTUAL_IO io = {memory_length, memory_seek, memory_read, NULL, memory_tell};
    struct memory memory = {bytes, (sf_count_t)length, 0};
    SF_INFO info = {0};
    SNDFILE *file;
    enum ohm_status st;

    *wave = NULL;
    if (is_truncated(bytes, length))
        return fail("the wave is cut short: %zu bytes, fewer than its header states", length);
    if (!(file = sf_open_virtual(&io, SFM_READ, &info, &memory)))
        return fail("this is no wave file: %.200s", sf_strerror(NULL));
    if ((st = check_format(&info, name, rate_Hz, max_samples, err)) == OHM_OK)
        st = read_samples(file, &info, wave, samples, length, name, err);
    sf_close(file);
    return st;
}
