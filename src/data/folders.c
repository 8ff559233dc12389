/* folders.c - class folders of waves or pictures: "class/file.wav", "class/file.png".
 *
 * With a split file exactly the files that it names are samples; without one, every wave or picture in a folder that is
 * a class, divided by the task's rule. */
#include "data_int.h"

#include "ohm/file.h"
#include "ohm/str.h"

#include <stdio.h>
#include <string.h>

struct reading {
    const struct ohm_task_spec *task;
    struct ohm_data *data;
    struct ohm_diag *diag;
    struct split_list list;
    bool listed; /* there is a split file */
};

static bool has_suffix(const char *name, const char *suffix)
{
    const size_t n = strlen(name), m = strlen(suffix);

    return n >= m && strcasecmp(name + n - m, suffix) == 0;
}

static bool right_suffix(const struct ohm_task_spec *task, const char *name)
{
    if (task->kind == OHM_DATA_SPEECH)
        return has_suffix(name, ".wav");
    return has_suffix(name, ".png") || has_suffix(name, ".jpg") || has_suffix(name, ".jpeg");
}

/* -1: none */
static int class_index(const struct ohm_task_spec *task, const char *name, size_t n)
{
    for (int i = 0; i < task->classes; i++)
        if (strncmp(task->class_name[i], name, n) == 0 && task->class_name[i][n] == '\0')
            return i;
    return -1;
}

/* The class of "folder/file"; -1: it is of no class. */
static int class_of(const struct ohm_task_spec *task, const char *name)
{
    const char *const slash = strchr(name, '/');
    int index;

    if (!slash)
        return -1;
    index = class_index(task, name, (size_t)(slash - name));
    return index < 0 && task->other[0] ? class_index(task, task->other, strlen(task->other)) : index;
}

static bool is_noise_folder(const struct ohm_task_spec *task, const char *folder, size_t n)
{
    return task->noise[0] && strncmp(task->noise, folder, n) == 0 && task->noise[n] == '\0';
}

static bool is_content(void *context, const char *folder)
{
    const struct reading *const r = context;
    const size_t n = strlen(folder);

    if (is_noise_folder(r->task, folder, n) || class_index(r->task, folder, n) >= 0)
        return true;
    /* The words of Speech Commands that are no class of their own; not the folder that an archive packs all in. */
    return r->task->other[0] && !strstr(folder, "speech_commands");
}

static bool wanted(void *context, const char *name)
{
    const struct reading *const r = context;
    const char *const slash = strchr(name, '/');

    if (slash && is_noise_folder(r->task, name, (size_t)(slash - name)))
        return has_suffix(name, ".wav");
    if (r->listed)
        return split_list_find(&r->list, name) != NULL;
    return right_suffix(r->task, name) && class_of(r->task, name) >= 0;
}

static enum ohm_status no_memory(struct reading *r, const char *name)
{
    return ohm_diag_add(r->diag, OHM_ENOMEM, name, 0, 0, "no memory for the data");
}

enum { NOISE_MAX = 1 << 26 };

static enum ohm_status take_noise(struct reading *r, const char *name, const unsigned char *bytes, size_t length)
{
    struct ohm_data *const d = r->data;
    struct noise noise;
    struct ohm_error err = {0};
    enum ohm_status st;

    st =
        wav_decode(&noise.wave, &noise.samples, bytes, length, name, r->task->frontend.sample_rate_Hz, NOISE_MAX, &err);
    if (st != OHM_OK)
        return ohm_diag_take(r->diag, &err) == OHM_ENOMEM ? OHM_ENOMEM : OHM_OK;
    noise.usable = noise.samples;
    if (!ohm_grow(&d->noise, &d->noise_cap, d->noises + 1, sizeof *d->noise)) {
        ohm_free(noise.wave);
        return no_memory(r, name);
    }
    d->noise[d->noises++] = noise;
    return OHM_OK;
}

static enum ohm_status put_wave(struct reading *r, void *slot, const char *name, const unsigned char *bytes,
                                size_t length, struct ohm_error *err)
{
    const struct ohm_frontend *const f = &r->task->frontend;
    int16_t *wave;
    size_t samples;
    enum ohm_status st;

    st = wav_decode(&wave, &samples, bytes, length, name, f->sample_rate_Hz, (size_t)f->clip_samples, err);
    if (st != OHM_OK)
        return st;
    if (samples < (size_t)f->clip_min_samples)
        st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, name, 0, 0, "the wave has %zu samples, fewer than %lld", samples,
                         (long long)f->clip_min_samples);
    memset(slot, 0, r->data->item);
    memcpy(slot, wave, samples * sizeof *wave);
    ohm_free(wave);
    return st;
}

static enum ohm_status put_picture(struct reading *r, void *slot, const char *name, const unsigned char *bytes,
                                   size_t length, struct ohm_error *err)
{
    const struct ohm_task_spec *const t = r->task;
    unsigned char *pixels;
    int h, w;
    enum ohm_status st;

    if ((st = picture_decode(&pixels, &h, &w, t->c, bytes, length, name, err)) != OHM_OK)
        return st;
    if (h == t->h && w == t->w)
        memcpy(slot, pixels, r->data->item);
    else
        st = picture_resize(slot, t->h, t->w, pixels, h, w, t->c, err);
    ohm_free(pixels);
    return st;
}

/* What stays together in cross-validation, and the split where no file says it. */
static enum ohm_split rule(const struct ohm_task_spec *task, const char *name, uint64_t *group)
{
    const char *speaker;
    size_t n;

    if (task->kind == OHM_DATA_SPEECH && speaker_of(name, &speaker, &n)) {
        *group = ohm_hash(speaker, n);
        if (task->split_rule == OHM_SPLIT_SPEAKER_HASH)
            return split_by_speaker(speaker, n);
    } else
        *group = ohm_hash(name, strlen(name));
    return split_by_name(name);
}

static void check_label(struct reading *r, const struct split_entry *e, int label)
{
    if (e->label && strcmp(e->label, r->task->class_name[label]) != 0)
        ohm_diag_add(r->diag, OHM_EDATA, r->list.path, e->line, 0,
                     "the file '%.120s' is labelled '%.60s', but its folder is of class '%.60s'", e->file, e->label,
                     r->task->class_name[label]);
}

static enum ohm_status take(void *context, const char *name, const unsigned char *bytes, size_t length)
{
    struct reading *const r = context;
    const char *const slash = strchr(name, '/');
    struct split_entry *const e = r->listed ? split_list_find(&r->list, name) : NULL;
    const int label = class_of(r->task, name);
    struct ohm_error err = {0};
    enum ohm_split split;
    uint64_t group;
    enum ohm_status st;
    void *slot;

    if (slash && is_noise_folder(r->task, name, (size_t)(slash - name)))
        return take_noise(r, name, bytes, length);
    if (e)
        e->seen = true;
    if (label < 0) {
        ohm_diag_add(r->diag, OHM_EDATA, r->list.path, e ? e->line : 0, 0,
                     "the file '%.120s' is in no folder of a class", name);
        return OHM_OK;
    }
    if (!(slot = data_slot(r->data)))
        return no_memory(r, name);
    st = r->task->kind == OHM_DATA_SPEECH ? put_wave(r, slot, name, bytes, length, &err)
                                          : put_picture(r, slot, name, bytes, length, &err);
    if (st != OHM_OK)
        return ohm_diag_take(r->diag, &err) == OHM_ENOMEM ? OHM_ENOMEM : OHM_OK;
    split = rule(r->task, name, &group);
    if (e) {
        check_label(r, e, label);
        split = e->split;
    }
    return data_keep(r->data, name, label, split, group) ? OHM_OK : no_memory(r, name);
}

/* ---- the split file ---- */

static enum ohm_status list_bytes(const struct reading *r, const char *place, const char *chosen, char **bytes,
                                  size_t *length, struct ohm_diag *diag)
{
    struct ohm_error err = {0};

    *bytes = NULL;
    if (chosen && ohm_file_exists(chosen))
        return ohm_file_read(bytes, length, chosen, OHM_TEXT_FILE_MAX, &err) == OHM_OK ? OHM_OK
                                                                                       : ohm_diag_take(diag, &err);
    return source_read(place, chosen ? chosen : r->task->split_file, bytes, length, OHM_TEXT_FILE_MAX, diag);
}

static enum ohm_status read_list(struct reading *r, const char *place, const char *chosen)
{
    struct ohm_error err = {0};
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st;

    if (!chosen && !r->task->split_file[0])
        return OHM_OK;
    if ((st = list_bytes(r, place, chosen, &bytes, &length, r->diag)) != OHM_OK)
        return st;
    if (!bytes)
        return chosen ? ohm_diag_add(r->diag, OHM_ENOTFOUND, place, 0, 0, "there is no split file '%.120s'", chosen)
                      : OHM_OK;
    st = split_list_parse(&r->list, bytes, length, chosen ? chosen : r->task->split_file, &err);
    ohm_free(bytes);
    if (st != OHM_OK)
        return ohm_diag_take(r->diag, &err);
    r->listed = true;
    return OHM_OK;
}

/* ---- after the walk ---- */

static void check_listed(struct reading *r)
{
    for (int i = 0; i < r->list.count; i++)
        if (!r->list.entry[i].seen)
            ohm_diag_add(r->diag, OHM_EDATA, r->list.path, r->list.entry[i].line, 0,
                         "the file '%.160s' is named here, but it is not in the data folder", r->list.entry[i].file);
}

/* Clips of background noise, end to end: the first 80 % of each file for training, 10 % each for the others, in that
 * order, so that no split hears the noise of another (our own rule; Speech Commands ships no such clips for training).
 */
static enum ohm_status cut_silence(struct reading *r)
{
    const size_t clip = (size_t)r->task->frontend.clip_samples;
    const int label = class_index(r->task, r->task->silence, strlen(r->task->silence));

    for (size_t k = 0; k < r->data->noises; k++) {
        struct noise *const noise = &r->data->noise[k];
        const size_t clips = noise->samples / clip;

        for (size_t i = 0; i < clips; i++) {
            const enum ohm_split split = i < clips * 8 / 10 ? OHM_TRAIN : i < clips * 9 / 10 ? OHM_VAL : OHM_TEST;
            void *const slot = data_slot(r->data);
            char name[128];

            snprintf(name, sizeof name, "%s/noise%zu#%05zu", r->task->silence, k, i);
            if (!slot)
                return no_memory(r, name);
            memcpy(slot, noise->wave + i * clip, clip * sizeof *noise->wave);
            if (!data_keep(r->data, name, label, split, ohm_hash(name, strlen(name))))
                return no_memory(r, name);
        }
        noise->usable = clips * 8 / 10 ? clips * 8 / 10 * clip : noise->samples;
    }
    return OHM_OK;
}

static int count_label(const struct ohm_data *d, int label)
{
    int n = 0;

    for (int i = 0; i < d->count; i++)
        n += d->row[i].label == label;
    return n;
}

static void check_classes(struct reading *r, const char *place)
{
    struct ohm_str missing = {0};

    for (int i = 0; i < r->task->classes; i++)
        if (count_label(r->data, i) == 0)
            ohm_str_printf(&missing, "%s%s", missing.length ? ", " : "", r->task->class_name[i]);
    if (r->data->count == 0)
        ohm_diag_add(r->diag, OHM_EDATA, place, 0, 0,
                     "none of the folders of task %s (%.200s) holds a good file; is it the data of another task?",
                     r->task->name, ohm_str_text(&missing));
    else if (missing.length)
        ohm_diag_add(r->diag, OHM_EDATA, place, 0, 0, "classes without a single good file: %.300s",
                     ohm_str_text(&missing));
    ohm_str_release(&missing);
}

static enum ohm_status finish(struct reading *r, const char *place)
{
    struct ohm_error err = {0};
    enum ohm_status st;

    check_listed(r);
    if (r->task->silence[0] && r->data->noises &&
        count_label(r->data, class_index(r->task, r->task->silence, strlen(r->task->silence))) == 0 &&
        (st = cut_silence(r)) != OHM_OK)
        return st;
    check_classes(r, place);
    if (r->task->kind == OHM_DATA_SPEECH && r->task->augment.noise_prob > 0 && r->data->noises == 0)
        ohm_diag_add(r->diag, OHM_EDATA, place, 0, 0,
                     "the task wants background noise, but there is no wave in the folder '%s' (augment.noise_prob: 0 "
                     "does without)",
                     r->task->noise);
    return data_sort(r->data, &err) == OHM_OK ? OHM_OK : ohm_diag_take(r->diag, &err);
}

enum ohm_status load_folders(struct ohm_data **out, const struct ohm_task_spec *task, const char *place,
                             const struct ohm_data_options *options, struct ohm_diag *diag)
{
    struct reading r = {.task = task, .diag = diag};
    const struct source_visitor v = {&r, is_content, wanted, take, OHM_DATA_FILE_MAX};
    enum ohm_status st;

    *out = r.data = data_create(task, task->kind == OHM_DATA_SPEECH ? FORM_WAVE : FORM_BYTES);
    if (!r.data)
        return ohm_diag_add(diag, OHM_ENOMEM, place, 0, 0, "no memory for the data");
    if ((st = read_list(&r, place, options->split_file)) == OHM_OK && (st = source_walk(place, &v, diag)) == OHM_OK)
        st = finish(&r, place);
    split_list_release(&r.list);
    return st;
}
