/* task_yaml.c - reads a task from YAML; every problem of the file is told in one pass. */
#include "ohm/task.h"

#include "ohm/file.h"
#include "ohm/mem.h"

#include <stdio.h>
#include <string.h>

static const char *const rule_names[OHM_SPLIT_RULES + 1] = {"batches", "speaker_hash", "name_hash", "files", NULL};
enum { SIDE_MAX = 4096, PIXELS_MAX = 1 << 22 };

struct reader {
    struct ohm_task_spec *task;
    struct ohm_arena *arena;
    struct ohm_diag *diag;
    bool no_memory;
};

static void *take(struct reader *r, size_t n, size_t size)
{
    void *const p = ohm_arena_alloc(r->arena, n, size);

    r->no_memory |= !p;
    return p;
}

/* Names become parts of paths, so that they hold no '/' and are no '..'. */
static bool is_name(const char *text)
{
    return *text && strlen(text) < 64 && !strchr(text, '/') && !strchr(text, '\\') && strcmp(text, ".") != 0 &&
           strcmp(text, "..") != 0;
}

static void read_name(struct reader *r, char into[64], const struct ohm_node *node, const char *what)
{
    const char *text;

    if (!ohm_node_text(node, what, &text, r->diag))
        return;
    if (is_name(text))
        snprintf(into, 64, "%s", text);
    else
        ohm_node_fail(node, r->diag, "%s is '%.80s': a name has 1 to 63 characters and no '/'", what, text);
}

static void read_input(struct reader *r, struct ohm_node *root)
{
    const struct ohm_node *const node = ohm_map_need(root, "input", r->diag);
    int *const side[3] = {&r->task->h, &r->task->w, &r->task->c};

    if (!node || !ohm_node_is_list(node, "input", r->diag))
        return;
    if (node->count != 3) {
        ohm_node_fail(node, r->diag, "input has %d entries; it is [height, width, channels]", node->count);
        return;
    }
    for (int i = 0; i < 3; i++) {
        long long value = 1;

        ohm_node_int(node->item[i], "a side of input", 1, SIDE_MAX, &value, r->diag);
        *side[i] = (int)value;
    }
    if ((int64_t)r->task->h * r->task->w * r->task->c > PIXELS_MAX)
        ohm_node_fail(node, r->diag, "input has more than %d values", PIXELS_MAX);
}

static void read_class(struct reader *r, const struct ohm_node *node, int i)
{
    char name[64] = "";
    char *copy;

    read_name(r, name, node, "a class");
    for (int j = 0; j < i; j++)
        if (name[0] && strcmp(r->task->class_name[j], name) == 0)
            ohm_node_fail(node, r->diag, "the class '%s' is named twice", name);
    copy = ohm_arena_strdup(r->arena, name);
    if (!copy) {
        r->no_memory = true;
        return;
    }
    r->task->class_name[i] = copy;
    r->task->classes = i + 1;
}

static void read_classes(struct reader *r, struct ohm_node *root)
{
    const struct ohm_node *const node = ohm_map_need(root, "classes", r->diag);

    if (!node || !ohm_node_is_list(node, "classes", r->diag))
        return;
    if (node->count < 2 || node->count > OHM_TASK_CLASSES_MAX) {
        ohm_node_fail(node, r->diag, "there are %d classes, outside [2, %d]", node->count, OHM_TASK_CLASSES_MAX);
        return;
    }
    if (!(r->task->class_name = take(r, (size_t)node->count, sizeof *r->task->class_name)))
        return;
    for (int i = 0; i < node->count && !r->no_memory; i++)
        read_class(r, node->item[i], i);
}

/* A name that must be a class where `is_class`. */
static void read_optional(struct reader *r, char into[64], struct ohm_node *root, const char *key, bool is_class)
{
    const struct ohm_node *const node = ohm_map_get(root, key);
    const int before = r->diag->count;
    const char *near;

    if (!node)
        return;
    read_name(r, into, node, key);
    if (!is_class || r->diag->count != before || r->task->classes == 0)
        return;
    for (int i = 0; i < r->task->classes; i++)
        if (strcmp(r->task->class_name[i], into) == 0)
            return;
    near = ohm_nearest(into, (const char *const *)r->task->class_name, r->task->classes);
    ohm_node_fail(node, r->diag, "%s is '%s', which is none of the classes%s%s%s", key, into,
                  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void read_split(struct reader *r, struct ohm_node *root)
{
    /* Which rules a kind of data can be divided by; the first is the default. */
    static const char legal[OHM_DATA_KINDS][OHM_SPLIT_RULES] = {{1, 0, 0, 0}, {0, 1, 1, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
    static const int fallback[OHM_DATA_KINDS] = {OHM_SPLIT_BATCHES, OHM_SPLIT_SPEAKER_HASH, OHM_SPLIT_NAME_HASH,
                                                 OHM_SPLIT_FILES};
    struct ohm_node *const split = ohm_map_get(root, "split");
    const struct ohm_node *node;
    const char *text;
    long long count;

    r->task->split_rule = fallback[r->task->kind];
    if (!split || !ohm_node_is_map(split, "split", r->diag))
        return;
    if ((node = ohm_map_get(split, "rule")) != NULL &&
        ohm_node_choice(node, "rule", rule_names, OHM_SPLIT_RULES, &r->task->split_rule, r->diag) &&
        !legal[r->task->kind][r->task->split_rule])
        ohm_node_fail(node, r->diag, "data of kind %s cannot be divided by the rule %s",
                      ohm_data_kind_names[r->task->kind], rule_names[r->task->split_rule]);
    if ((node = ohm_map_get(split, "file")) != NULL && ohm_node_text(node, "file", &text, r->diag)) {
        if (strlen(text) >= sizeof r->task->split_file || strstr(text, "..") || text[0] == '/')
            ohm_node_fail(node, r->diag, "file is '%.80s': a path inside the data folder", text);
        else if (r->task->kind != OHM_DATA_SPEECH && r->task->kind != OHM_DATA_IMAGES)
            ohm_node_fail(node, r->diag, "data of kind %s take no split file", ohm_data_kind_names[r->task->kind]);
        else
            snprintf(r->task->split_file, sizeof r->task->split_file, "%s", text);
    }
    if ((node = ohm_map_get(split, "val_count")) != NULL &&
        ohm_node_int(node, "val_count", 0, 49999, &count, r->diag)) {
        if (r->task->split_rule != OHM_SPLIT_BATCHES)
            ohm_node_fail(node, r->diag, "val_count belongs to the rule batches");
        r->task->val_count = count;
    }
    ohm_map_finish(split, r->diag);
}

static double *read_norm(struct reader *r, struct ohm_node *map, const char *key, double min, int *count)
{
    const struct ohm_node *const node = ohm_map_need(map, key, r->diag);
    const int c = r->task->c, wc = r->task->w * r->task->c;
    double *value;

    *count = 0;
    if (!node || !ohm_node_is_list(node, key, r->diag))
        return NULL;
    if (node->count > OHM_TASK_NORM_MAX || (node->count != 1 && node->count != c && node->count != wc)) {
        ohm_node_fail(node, r->diag,
                      "%s has %d entries; it has 1, one a channel (%d), or one a column and channel (%d)", key,
                      node->count, c, wc);
        return NULL;
    }
    if (!(value = take(r, (size_t)node->count, sizeof *value)))
        return NULL;
    for (int i = 0; i < node->count; i++)
        ohm_node_double(node->item[i], key, min, 1e9, &value[i], r->diag);
    *count = node->count;
    return value;
}

/* Without `normalise` the values stay as they are. */
static void read_normalise(struct reader *r, struct ohm_node *root)
{
    struct ohm_node *const node = ohm_map_get(root, "normalise");
    int means, stds;

    if (node && ohm_node_is_map(node, "normalise", r->diag)) {
        r->task->mean = read_norm(r, node, "mean", -1e9, &means);
        r->task->std = read_norm(r, node, "std", 1e-9, &stds);
        if (means && stds && means != stds)
            ohm_node_fail(node, r->diag, "mean has %d entries, std %d", means, stds);
        r->task->norms = means;
        ohm_map_finish(node, r->diag);
    } else if ((r->task->mean = take(r, 1, sizeof(double))) && (r->task->std = take(r, 1, sizeof(double)))) {
        r->task->std[0] = 1;
        r->task->norms = 1;
    }
}

static void read_fields(struct reader *r, struct ohm_node *root, const char *key, const struct ohm_field *fields,
                        void *object)
{
    struct ohm_node *const node = ohm_map_get(root, key);

    ohm_fields_default(fields, object);
    if (!node || !ohm_node_is_map(node, key, r->diag))
        return;
    ohm_fields_read(fields, object, node, r->diag);
    ohm_map_finish(node, r->diag);
}

static void check_frontend(struct reader *r, struct ohm_node *root)
{
    const struct ohm_frontend *const f = &r->task->frontend;
    const struct ohm_node *const node = ohm_map_get(root, "frontend");
    const struct ohm_node *const at = node ? node : root;

    if (f->frame_samples > f->fft_samples || (f->fft_samples & (f->fft_samples - 1)) != 0)
        ohm_node_fail(at, r->diag, "fft_samples is %lld: a power of two, at least frame_samples (%lld)",
                      (long long)f->fft_samples, (long long)f->frame_samples);
    if (f->low_Hz >= f->high_Hz || f->high_Hz > (double)f->sample_rate_Hz / 2)
        ohm_node_fail(at, r->diag, "the mel bins go from %g to %g Hz; they must rise and end by %g Hz", f->low_Hz,
                      f->high_Hz, (double)f->sample_rate_Hz / 2);
    if (f->coefficients > f->mels || (f->kind == 1 && f->coefficients != f->mels))
        ohm_node_fail(at, r->diag, "coefficients is %lld with %lld mels: %s", (long long)f->coefficients,
                      (long long)f->mels, f->kind == 1 ? "logmel keeps all of them" : "at most as many");
    if (f->clip_min_samples > f->clip_samples)
        ohm_node_fail(at, r->diag, "clip_min_samples is %lld, more than clip_samples (%lld)",
                      (long long)f->clip_min_samples, (long long)f->clip_samples);
    if (ohm_frontend_frames(f) != r->task->h || f->coefficients != r->task->w || r->task->c != 1)
        ohm_node_fail(at, r->diag, "the front end makes %lld x %lld x 1, but input is %d x %d x %d",
                      (long long)ohm_frontend_frames(f), (long long)f->coefficients, r->task->h, r->task->w,
                      r->task->c);
}

static void check_kind(struct reader *r, struct ohm_node *root)
{
    const struct ohm_task_spec *const t = r->task;

    if (t->kind == OHM_DATA_SPEECH)
        check_frontend(r, root);
    else if (ohm_map_get(root, "frontend"))
        ohm_node_fail(ohm_map_get(root, "frontend"), r->diag, "only speech has a front end");
    if (t->kind == OHM_DATA_CIFAR10 && (t->h != 32 || t->w != 32 || t->c != 3 || (t->classes && t->classes != 10)))
        ohm_node_fail(root, r->diag, "CIFAR-10 has 10 classes and an input of 32 x 32 x 3");
    if (t->kind == OHM_DATA_IMAGES && t->c != 1 && t->c != 3)
        ohm_node_fail(root, r->diag, "pictures have 1 or 3 channels, not %d", t->c);
}

/* What decides the input of a network under evaluation; augmentation and recipe do not. */
static uint64_t hash_task(const struct ohm_task_spec *t)
{
    const int shape[5] = {t->kind, t->h, t->w, t->c, t->classes};
    uint64_t h = ohm_hash(shape, sizeof shape);
    struct ohm_str s = {0};

    for (int i = 0; i < t->classes; i++)
        h = ohm_hash_mix(h, ohm_hash(t->class_name[i], strlen(t->class_name[i])));
    h = ohm_hash_mix(h, ohm_hash(t->mean, (size_t)t->norms * sizeof *t->mean));
    h = ohm_hash_mix(h, ohm_hash(t->std, (size_t)t->norms * sizeof *t->std));
    if (t->kind == OHM_DATA_SPEECH)
        ohm_fields_print(&s, ohm_frontend_fields, &t->frontend);
    h = s.failed ? 0 : ohm_hash_mix(h, ohm_hash(ohm_str_text(&s), s.length));
    ohm_str_release(&s);
    return h;
}

static void read_root(struct reader *r, struct ohm_node *root)
{
    const struct ohm_node *node;
    const char *source;

    if (!ohm_node_is_map(root, "a task file", r->diag))
        return;
    read_name(r, r->task->name, ohm_map_need(root, "task", r->diag), "task");
    ohm_node_choice(ohm_map_need(root, "kind", r->diag), "kind", ohm_data_kind_names, OHM_DATA_KINDS, &r->task->kind,
                    r->diag);
    read_input(r, root);
    read_classes(r, root);
    read_optional(r, r->task->other, root, "other", true);
    read_optional(r, r->task->silence, root, "silence", true);
    read_optional(r, r->task->noise, root, "noise", false);
    read_split(r, root);
    read_normalise(r, root);
    read_fields(r, root, "frontend", ohm_frontend_fields, &r->task->frontend);
    read_fields(r, root, "augment", ohm_augment_fields, &r->task->augment);
    read_fields(r, root, "recipe", ohm_recipe_fields, &r->task->recipe);
    if ((node = ohm_map_get(root, "target_top1")) != NULL)
        ohm_node_double(node, "target_top1", 0, 100, &r->task->target_top1, r->diag);
    if ((node = ohm_map_get(root, "source")) != NULL)
        ohm_node_text(node, "source", &source, r->diag);
    check_kind(r, root);
    ohm_map_finish(root, r->diag);
}

static struct ohm_task_spec *task_create(void)
{
    struct ohm_task_spec *const task = ohm_alloc(1, sizeof *task);

    if (task && !(task->arena = ohm_alloc(1, sizeof *task->arena))) {
        ohm_free(task);
        return NULL;
    }
    return task;
}

void ohm_task_spec_free(struct ohm_task_spec *task)
{
    if (!task)
        return;
    ohm_arena_release(task->arena);
    ohm_free(task->arena);
    ohm_free(task);
}

enum ohm_status ohm_task_spec_parse(struct ohm_task_spec **out, const char *bytes, size_t length, const char *path,
                                    struct ohm_diag *diag)
{
    struct ohm_diag own = {0};
    struct reader r = {.task = task_create(), .diag = &own};
    struct ohm_doc *doc = NULL;
    struct ohm_error first = {0};
    enum ohm_status st;

    *out = NULL;
    if (!r.task)
        return ohm_diag_add(diag, OHM_ENOMEM, path, 0, 0, "no memory for a task");
    r.arena = r.task->arena;
    if (ohm_doc_parse(&doc, bytes, length, path, &own) == OHM_OK)
        read_root(&r, ohm_doc_root(doc));
    if (r.no_memory)
        ohm_diag_add(&own, OHM_ENOMEM, path, 0, 0, "no memory for a task");
    st = own.count && !own.item ? OHM_ENOMEM : ohm_diag_status(&own, &first);
    if (st == OHM_OK) {
        r.task->hash = hash_task(r.task);
        *out = r.task;
        r.task = NULL;
    }
    for (int i = 0; own.item && i < own.count && i < OHM_DIAG_MAX; i++)
        ohm_diag_take(diag, &own.item[i]);
    ohm_diag_release(&own);
    ohm_doc_free(doc);
    ohm_task_spec_free(r.task);
    return st;
}

enum ohm_status ohm_task_spec_load(struct ohm_task_spec **out, const char *path, struct ohm_diag *diag)
{
    struct ohm_error err = {0};
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st;

    *out = NULL;
    if (ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, &err) != OHM_OK)
        return ohm_diag_take(diag, &err);
    st = ohm_task_spec_parse(out, bytes, length, path, diag);
    ohm_free(bytes);
    return st;
}
