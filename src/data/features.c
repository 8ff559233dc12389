/* features.c - the features of all waves, and a cache of them in a folder: a file named by the hash of the waves and of
 * the front end. A cached file that is not whole is made anew. */
#include "data_int.h"

#include "ohm/file.h"
#include "ohm/parallel.h"
#include "ohm/str.h"

#include <string.h>

enum { VERSION = 1 }; /* raise it where the same waves and front end give other features */
static const char magic[8] = "OHMFEAT";

struct header {
    char magic[8];
    uint64_t key, values, check; /* check: hash of the values */
};

struct job {
    struct ohm_data *data;
    struct frontend_scratch **scratch; /* [jobs] */
    float **wave;
};

static uint64_t cache_key(const struct ohm_data *d)
{
    struct ohm_str s = {0};
    uint64_t h;

    ohm_fields_print(&s, ohm_frontend_fields, &d->task->frontend);
    h = ohm_hash_mix(VERSION, ohm_hash(ohm_str_text(&s), s.length));
    ohm_str_release(&s);
    for (int i = 0; i < d->count; i++)
        h = ohm_hash_mix(h, d->row[i].content);
    return h;
}

static bool cache_read(struct ohm_data *d, const char *path, uint64_t key, size_t values)
{
    const size_t size = values * sizeof(float);
    struct header header;
    char *bytes;
    size_t length;
    bool good;

    if (ohm_file_read(&bytes, &length, path, sizeof header + size, NULL) != OHM_OK)
        return false;
    good = length == sizeof header + size;
    if (good) {
        memcpy(&header, bytes, sizeof header);
        good = memcmp(header.magic, magic, sizeof magic) == 0 && header.key == key && header.values == values &&
               header.check == ohm_hash(bytes + sizeof header, size);
    }
    if (good)
        memcpy(d->feature, bytes + sizeof header, size);
    ohm_free(bytes);
    return good;
}

static enum ohm_status cache_write(const struct ohm_data *d, const char *folder, const char *path, uint64_t key,
                                   size_t values, struct ohm_error *err)
{
    const size_t size = values * sizeof(float);
    struct header header = {.key = key, .values = values, .check = ohm_hash(d->feature, size)};
    char *const bytes = ohm_alloc(sizeof header + size, 1);
    enum ohm_status st;

    if (!bytes)
        return ohm_fail(err, OHM_ENOMEM, "no memory for the feature cache");
    memcpy(header.magic, magic, sizeof magic);
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, d->feature, size);
    if ((st = ohm_make_folder(folder, err)) == OHM_OK)
        st = ohm_file_write(path, bytes, sizeof header + size, err);
    ohm_free(bytes);
    return st;
}

static enum ohm_status one_clip(void *context, int i, int worker, struct ohm_error *err)
{
    const struct job *const job = context;
    struct ohm_data *const d = job->data;

    (void)err;
    frontend_prepare(&d->task->frontend, job->wave[worker], (const int16_t *)(d->bytes + (size_t)i * d->item), 0);
    frontend_features(d->plan, job->scratch[worker], d->feature + (size_t)i * data_item_values(d), job->wave[worker]);
    return OHM_OK;
}

static enum ohm_status make_all(struct ohm_data *d, int jobs, struct ohm_error *err)
{
    struct job job = {d, ohm_alloc((size_t)jobs, sizeof *job.scratch), ohm_alloc((size_t)jobs, sizeof *job.wave)};
    enum ohm_status st = job.scratch && job.wave ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "no memory for the features");

    for (int i = 0; i < jobs && st == OHM_OK; i++) {
        job.wave[i] = ohm_alloc((size_t)d->task->frontend.clip_samples, sizeof **job.wave);
        if (!job.wave[i] || !(job.scratch[i] = frontend_scratch_create(d->plan, err)))
            st = ohm_fail(err, OHM_ENOMEM, "no memory for the features");
    }
    if (st == OHM_OK)
        st = ohm_parallel_for(jobs, d->count, one_clip, &job, err);
    for (int i = 0; job.scratch && job.wave && i < jobs; i++) {
        ohm_free(job.wave[i]);
        frontend_scratch_free(job.scratch[i]);
    }
    ohm_free(job.scratch);
    ohm_free(job.wave);
    return st;
}

enum ohm_status features_make(struct ohm_data *d, const char *cache, int jobs, struct ohm_error *err)
{
    const size_t values = (size_t)d->count * data_item_values(d);
    const uint64_t key = cache ? cache_key(d) : 0;
    struct ohm_str path = {0};
    enum ohm_status st = OHM_OK;

    if (!(d->feature = ohm_alloc((size_t)d->count, data_item_values(d) * sizeof(float))))
        return ohm_fail(err, OHM_ENOMEM, "no memory for the features");
    if (cache)
        ohm_str_printf(&path, "%s/features-%016llx.bin", cache, (unsigned long long)key);
    if (path.failed)
        st = ohm_fail(err, OHM_ENOMEM, "no memory for the features");
    else if (!cache || !cache_read(d, path.text, key, values)) {
        st = make_all(d, jobs, err);
        if (st == OHM_OK && cache)
            st = cache_write(d, cache, path.text, key, values, err);
    }
    ohm_str_release(&path);
    return st;
}
