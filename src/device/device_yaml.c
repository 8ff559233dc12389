/* device_yaml.c - reads a device. Every number of its model must be there and nothing else may be; each block names its
 * source and how far its numbers are to be trusted. */
#include "device_int.h"

#include "ohm/doc.h"
#include "ohm/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Printed in a paper, seen in published code, read from memory and not verified, measured by the user, or our choice.
 */
static const char *const marks[] = {"published", "code", "recalled", "measured", "default"};
enum { MARKS = sizeof marks / sizeof marks[0], NAME_MAX_LENGTH = 63, SOURCE_MIN_LENGTH = 4 };

static const double conductance[2] = {1e-6, 1e6}, duration[2] = {1e-12, 1e12}, any[2] = {-1e9, 1e9};

void device_mix(struct ohm_device *device, const char *what, double value)
{
    const double one_zero = value == 0 ? 0 : value; /* -0 is 0 */
    const uint64_t number = ohm_hash(&one_zero, sizeof one_zero);

    device->hash = ohm_hash_mix(device->hash, ohm_hash_mix(ohm_hash(what, strlen(what)), number));
}

bool device_number(double *out, struct ohm_device *device, const char *what, const struct ohm_node *node,
                   const double bounds[2], struct ohm_diag *diag)
{
    if (!ohm_node_double(node, what, bounds[0], bounds[1], out, diag))
        return false;
    device_mix(device, what, *out);
    return true;
}

static void read_text(char *into, size_t size, const char *what, const struct ohm_node *node, struct ohm_diag *diag)
{
    const char *text = NULL;

    if (!ohm_node_text(node, what, &text, diag))
        return;
    if (strlen(text) >= size)
        ohm_node_fail(node, diag, "%s has %zu characters, more than %zu", what, strlen(text), size - 1);
    else
        memcpy(into, text, strlen(text) + 1);
}

static void read_name(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    const struct ohm_node *const node = ohm_map_need(root, "device", diag);
    const char *text = NULL;

    if (!ohm_node_text(node, "device", &text, diag))
        return;
    if (!*text || strlen(text) > NAME_MAX_LENGTH || strspn(text, legal) != strlen(text))
        ohm_node_fail(node, diag, "device is '%.80s': a name has 1 to %d letters, digits, '_', '-' and '.'", text,
                      NAME_MAX_LENGTH);
    else
        memcpy(d->name, text, strlen(text) + 1);
}

/* A block of the file, with its source read; NULL where it is missing. */
static struct ohm_node *open_block(struct ohm_node *root, const char *key, struct ohm_diag *diag)
{
    struct ohm_node *const block = ohm_map_need(root, key, diag);
    const struct ohm_node *source;
    const char *text = NULL;
    int mark;

    if (!block || !ohm_node_is_map(block, key, diag))
        return NULL;
    source = ohm_map_need(block, "source", diag);
    if (ohm_node_text(source, "source", &text, diag) && strlen(text) < SOURCE_MIN_LENGTH)
        ohm_node_fail(source, diag, "source is '%s': it must say where the numbers of this block come from", text);
    ohm_node_choice(ohm_map_need(block, "mark", diag), "mark", marks, MARKS, &mark, diag);
    return block;
}

static void need_number(double *out, struct ohm_device *d, struct ohm_node *block, const char *key,
                        const double bounds[2], struct ohm_diag *diag)
{
    device_number(out, d, key, ohm_map_need(block, key, diag), bounds, diag);
}

static void read_range(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    static const double from_zero[2] = {0, 1e6};
    struct ohm_node *const block = open_block(root, "range", diag);

    if (!block)
        return;
    need_number(&d->g_max_uS, d, block, "g_max_uS", conductance, diag);
    need_number(&d->g_min_uS, d, block, "g_min_uS", from_zero, diag);
    if (diag->count == 0 && d->g_min_uS >= d->g_max_uS)
        ohm_node_fail(block, diag, "g_min_uS is %g, not below g_max_uS, which is %g", d->g_min_uS, d->g_max_uS);
    ohm_map_finish(block, diag);
}

/* How far each effect is scaled; 1 where the file says nothing. */
static void read_scale(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    static const double bounds[2] = {0, 1e3};
    struct ohm_node *const block = ohm_map_get(root, "scale");
    const struct {
        const char *key;
        double *value;
    } scales[] = {{"program", &d->scale_program}, {"drift", &d->scale_drift}, {"read", &d->scale_read}};

    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        const struct ohm_node *node;

        *scales[i].value = 1;
        node = block && block->kind == OHM_NODE_MAP ? ohm_map_get(block, scales[i].key) : NULL;
        if (node)
            device_number(scales[i].value, d, scales[i].key, node, bounds, diag);
    }
    if (block && ohm_node_is_map(block, "scale", diag))
        ohm_map_finish(block, diag);
}

/* Shares of devices that are stuck; 0 where the file says nothing. */
static void read_faults(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    static const double share[2] = {0, 1};
    struct ohm_node *const block = ohm_map_get(root, "faults") ? open_block(root, "faults", diag) : NULL;
    const struct {
        const char *key;
        double *value;
    } kinds[] = {{"stuck_reset", &d->stuck_reset}, {"stuck_set", &d->stuck_set}, {"stuck_random", &d->stuck_random}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && block; i++) {
        const struct ohm_node *const node = ohm_map_get(block, kinds[i].key);

        if (node)
            device_number(kinds[i].value, d, kinds[i].key, node, share, diag);
    }
    if (!block)
        return;
    if (d->stuck_reset + d->stuck_set + d->stuck_random > 1)
        ohm_node_fail(block, diag, "shares of stuck devices are %g + %g + %g, more than 1", d->stuck_reset,
                      d->stuck_set, d->stuck_random);
    ohm_map_finish(block, diag);
}

static bool read_programming(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    struct ohm_node *const block = open_block(root, "programming", diag);
    double reference = 1;
    bool ok;

    if (!block)
        return true;
    if (d->model == OHM_DEVICE_POWER_LAW) {
        need_number(&reference, d, block, "g_ref_uS", conductance, diag);
        d->sigma_unit = d->g_max_uS / reference;
    }
    ok = curve_read(&d->sigma, d, "sigma_uS", ohm_map_need(block, "sigma_uS", diag), diag);
    ohm_map_finish(block, diag);
    return ok;
}

static bool read_drift(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    struct ohm_node *const block = open_block(root, "drift", diag);
    bool ok;

    if (!block)
        return true;
    need_number(&d->t0_s, d, block, "t0_s", duration, diag);
    ok = curve_read(&d->nu_mean, d, "nu_mean", ohm_map_need(block, "nu_mean", diag), diag) &&
         curve_read(&d->nu_sd, d, "nu_sd", ohm_map_need(block, "nu_sd", diag), diag);
    ohm_map_finish(block, diag);
    return ok;
}

static bool read_noise(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    struct ohm_node *const block = open_block(root, "read", diag);
    bool ok;

    if (!block)
        return true;
    need_number(&d->t_read_s, d, block, "t_read_s", duration, diag);
    ok = curve_read(&d->q, d, "q", ohm_map_need(block, "q", diag), diag);
    ohm_map_finish(block, diag);
    return ok;
}

static bool read_power_law(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    return read_programming(d, root, diag) && read_drift(d, root, diag) && read_noise(d, root, diag);
}

static void read_one_snapshot(struct ohm_device *d, struct ohm_node *node, struct ohm_diag *diag)
{
    static const double bounds[2] = {0, 1e12};
    struct ohm_snapshot *const s = &d->snapshot[d->snapshots];

    if (!ohm_node_is_map(node, "a snapshot", diag))
        return;
    need_number(&s->t_s, d, node, "t_s", bounds, diag);
    curve_read_poly(&s->sigma, d, "sigma_uS", ohm_map_need(node, "sigma_uS", diag), diag);
    ohm_map_finish(node, diag);
    if (d->snapshots > 0 && s->t_s <= d->snapshot[d->snapshots - 1].t_s)
        ohm_node_fail(node, diag, "t_s is %g, not after the snapshot before, which is of %g", s->t_s,
                      d->snapshot[d->snapshots - 1].t_s);
    d->snapshots++;
}

static bool read_snapshots(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    struct ohm_node *const block = open_block(root, "error", diag);
    const struct ohm_node *list;
    double reference = 1;

    if (!block)
        return true;
    need_number(&reference, d, block, "g_ref_uS", conductance, diag);
    d->sigma_unit = d->g_max_uS / reference;
    list = ohm_map_need(block, "snapshots", diag);
    if (list && ohm_node_is_list(list, "snapshots", diag)) {
        if (list->count < 1 || list->count > OHM_SNAPSHOTS_MAX)
            ohm_node_fail(list, diag, "there are %d snapshots, outside [1, %d]", list->count, OHM_SNAPSHOTS_MAX);
        for (int i = 0; i < list->count && d->snapshots < OHM_SNAPSHOTS_MAX; i++)
            read_one_snapshot(d, list->item[i], diag);
    }
    ohm_map_finish(block, diag);
    return true;
}

static void read_relaxation(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    struct ohm_node *const block = open_block(root, "relaxation", diag);
    const struct ohm_node *sd;

    if (!block)
        return;
    need_number(&d->decay_mean_uS, d, block, "mean_uS", any, diag);
    sd = ohm_map_need(block, "sd_uS", diag);
    if (sd && ohm_node_is_list(sd, "sd_uS", diag)) {
        if (sd->count != 2)
            ohm_node_fail(sd, diag, "sd_uS has %d entries; it is [at 1 s, per unit of ln t]", sd->count);
        for (int i = 0; i < sd->count && i < 2; i++)
            device_number(&d->decay_sd_uS[i], d, "an entry of sd_uS", sd->item[i], any, diag);
    }
    ohm_map_finish(block, diag);
}

static bool read_log_decay(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    static const double bounds[2] = {0, 1e6};
    const bool ok = read_programming(d, root, diag);
    struct ohm_node *block;

    read_relaxation(d, root, diag);
    block = open_block(root, "read", diag);
    if (block) {
        need_number(&d->t_read_s, d, block, "t_read_s", duration, diag);
        need_number(&d->read_uS, d, block, "per_decade_uS", bounds, diag);
        ohm_map_finish(block, diag);
    }
    return ok;
}

static bool (*const model_readers[OHM_DEVICE_MODELS])(struct ohm_device *, struct ohm_node *, struct ohm_diag *) = {
    read_power_law, read_snapshots, read_log_decay};

/* false: no memory. */
static bool read_device(struct ohm_device *d, struct ohm_node *root, struct ohm_diag *diag)
{
    bool ok;

    if (!ohm_node_is_map(root, "a device file", diag))
        return true;
    read_name(d, root, diag);
    read_text(d->about, sizeof d->about, "about", ohm_map_need(root, "about", diag), diag);
    d->sigma_unit = 1;
    d->g_max_uS = 1; /* so that nothing is divided by 0 after a mistake in the range */
    if (!ohm_node_choice(ohm_map_need(root, "model", diag), "model", ohm_device_model_names, OHM_DEVICE_MODELS,
                         &d->model, diag))
        return true;
    device_mix(d, "model", d->model);
    read_range(d, root, diag);
    ok = model_readers[d->model](d, root, diag);
    read_scale(d, root, diag);
    read_faults(d, root, diag);
    converter_read(d, ohm_map_get(root, "converter"), diag);
    ohm_map_finish(root, diag);
    return ok;
}

static bool keep_source(struct ohm_device *d, const char *bytes, size_t length)
{
    d->source = ohm_arena_alloc(&d->arena, length + 1, 1);
    if (d->source && length > 0)
        memcpy(d->source, bytes, length);
    return d->source != NULL;
}

enum ohm_status ohm_device_parse(struct ohm_device **out, const char *bytes, size_t length, const char *path,
                                 struct ohm_diag *diag)
{
    struct ohm_diag own = {0};
    struct ohm_device *device = NULL;
    struct ohm_doc *doc = NULL;
    enum ohm_status st;

    *out = NULL;
    if ((st = ohm_doc_parse(&doc, bytes, length, path, &own)) != OHM_OK)
        goto done;
    device = ohm_alloc(1, sizeof *device);
    if (!device || !keep_source(device, bytes, length) || !read_device(device, ohm_doc_root(doc), &own)) {
        st = ohm_diag_add(&own, OHM_ENOMEM, path, 0, 0, "no memory for a device");
        goto done;
    }
    if (own.count) {
        st = ohm_diag_status(&own, NULL);
        goto done;
    }
    *out = device;
    device = NULL;
done:
    for (int i = 0; diag && own.item && i < own.count && i < OHM_DIAG_MAX; i++)
        ohm_diag_take(diag, &own.item[i]);
    ohm_device_free(device);
    ohm_doc_free(doc);
    ohm_diag_release(&own);
    return st;
}

enum ohm_status ohm_device_load(struct ohm_device **out, const char *path, struct ohm_diag *diag)
{
    struct ohm_error err = {0};
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st;

    *out = NULL;
    if (ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, &err) != OHM_OK)
        return ohm_diag_take(diag, &err);
    st = ohm_device_parse(out, bytes, length, path, diag);
    ohm_free(bytes);
    return st;
}

void ohm_device_free(struct ohm_device *device)
{
    if (!device)
        return;
    ohm_arena_release(&device->arena);
    ohm_free(device);
}
