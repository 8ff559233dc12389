/* tensor_file.c - safetensors: strict in, whole out. */
#include "ohm/weights.h"

#include "ohm/file.h"
#include "ohm/json.h"
#include "ohm/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors holds little-endian numbers, and this machine would have to turn them"
#endif

/* ---- out ---- */

static void put_text(struct ohm_str *s, const char *text)
{
    ohm_str_append(s, "\"");
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            ohm_str_printf(s, "\\%c", *p);
        else if ((unsigned char)*p < 0x20)
            ohm_str_printf(s, "\\u%04x", (unsigned)(unsigned char)*p);
        else
            ohm_str_append_n(s, p, 1);
    }
    ohm_str_append(s, "\"");
}

static void put_header(struct ohm_str *s, const struct ohm_tensor *tensor, int tensors, const struct ohm_meta *meta,
                       int metas)
{
    size_t at = 0;

    ohm_str_append(s, "{\"__metadata__\":{");
    for (int i = 0; i < metas; i++) {
        ohm_str_append(s, i > 0 ? "," : "");
        put_text(s, meta[i].key);
        ohm_str_append(s, ":");
        put_text(s, meta[i].value);
    }
    ohm_str_append(s, "}");
    for (int i = 0; i < tensors; i++) {
        ohm_str_append(s, ",");
        put_text(s, tensor[i].name);
        ohm_str_append(s, ":{\"dtype\":\"F32\",\"shape\":[");
        for (int k = 0; k < tensor[i].dims; k++)
            ohm_str_printf(s, "%s%" PRId64, k > 0 ? "," : "", tensor[i].dim[k]);
        ohm_str_printf(s, "],\"data_offsets\":[%zu,%zu]}", at, at + 4 * tensor[i].count);
        at += 4 * tensor[i].count;
    }
    ohm_str_append(s, "}");
    while (s->length % 8 != 0 && !s->failed) /* so that the numbers are aligned in a mapped file */
        ohm_str_append(s, " ");
}

enum ohm_status ohm_tensor_file_write(const char *path, const struct ohm_tensor *tensor, int tensors,
                                      const struct ohm_meta *meta, int metas, struct ohm_error *err)
{
    struct ohm_str header = {0}, file = {0};
    uint64_t length;
    enum ohm_status st;

    put_header(&header, tensor, tensors, meta, metas);
    length = header.length;
    ohm_str_append_n(&file, (const char *)&length, 8);
    ohm_str_append_n(&file, ohm_str_text(&header), header.length);
    for (int i = 0; i < tensors; i++)
        ohm_str_append_n(&file, (const char *)tensor[i].data, 4 * tensor[i].count);
    if (header.failed || file.failed)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    else
        st = ohm_file_write(path, file.text, file.length, err);
    ohm_str_release(&header);
    ohm_str_release(&file);
    return st;
}

/* ---- in ---- */

static enum ohm_status damaged(struct ohm_error *err, const char *path, const char *tensor, const char *what)
{
    return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "tensor '%.80s': %s", tensor, what);
}

static enum ohm_status read_meta(struct ohm_tensor_file *f, struct ohm_node *map, struct ohm_diag *diag)
{
    if (!ohm_node_is_map(map, "__metadata__", diag))
        return OHM_EDATA;
    f->meta = ohm_alloc((size_t)map->count + 1, sizeof(*f->meta));
    if (!f->meta)
        return ohm_diag_add(diag, OHM_ENOMEM, NULL, 0, 0, "out of memory");
    for (int i = 0; i < map->count; i++) {
        f->meta[i].key = map->key[i]->text;
        if (!ohm_node_text(map->item[i], "a value of __metadata__", &f->meta[i].value, diag))
            return OHM_EDATA;
        f->metas = i + 1;
    }
    return OHM_OK;
}

static bool read_shape(struct ohm_tensor *t, const struct ohm_node *list, struct ohm_diag *diag)
{
    t->count = 1;
    if (!list || !ohm_node_is_list(list, "shape", diag))
        return false;
    if (list->count > OHM_TENSOR_DIMS_MAX) {
        ohm_node_fail(list, diag, "tensor '%.80s' has %d dimensions, more than %d", t->name, list->count,
                      OHM_TENSOR_DIMS_MAX);
        return false;
    }
    t->dims = list->count;
    for (int i = 0; i < t->dims; i++) {
        long long dim;

        if (!ohm_node_int(list->item[i], "shape", 1, INT32_MAX, &dim, diag) ||
            !ohm_mul_size(&t->count, t->count, (size_t)dim) || t->count > OHM_TENSOR_FILE_MAX / 4) {
            ohm_node_fail(list, diag, "the shape of tensor '%.80s' is not readable or too large", t->name);
            return false;
        }
        t->dim[i] = dim;
    }
    return true;
}

/* A tensor's place, as first byte; -1 where it is wrong. */
static long long read_place(struct ohm_tensor *t, struct ohm_node *map, struct ohm_diag *diag)
{
    static const char *const types[] = {"F32"};
    struct ohm_node *offsets;
    long long first, end;
    int type;

    if (!ohm_node_is_map(map, t->name, diag) ||
        !ohm_node_choice(ohm_map_need(map, "dtype", diag), "dtype", types, 1, &type, diag) ||
        !read_shape(t, ohm_map_need(map, "shape", diag), diag))
        return -1;
    offsets = ohm_map_need(map, "data_offsets", diag);
    ohm_map_finish(map, diag);
    if (!offsets || !ohm_node_is_list(offsets, "data_offsets", diag))
        return -1;
    if (offsets->count != 2 || !ohm_node_int(offsets->item[0], "data_offsets", 0, INT64_MAX / 2, &first, diag) ||
        !ohm_node_int(offsets->item[1], "data_offsets", first, INT64_MAX / 2, &end, diag) ||
        (size_t)(end - first) != 4 * t->count) {
        ohm_node_fail(offsets, diag, "the data_offsets of tensor '%.80s' do not span its %zu numbers", t->name,
                      t->count);
        return -1;
    }
    return first;
}

struct placed {
    struct ohm_tensor tensor;
    long long first;
};

static int by_place(const void *a, const void *b)
{
    const long long x = ((const struct placed *)a)->first, y = ((const struct placed *)b)->first;

    return (x > y) - (x < y);
}

static enum ohm_status check_data(struct ohm_tensor_file *f, const struct placed *p, size_t length, const char *path,
                                  struct ohm_error *err)
{
    size_t at = 0;

    for (int i = 0; i < f->tensors; i++) {
        struct ohm_tensor *t = &f->tensor[i];

        *t = p[i].tensor;
        if ((size_t)p[i].first != at)
            return damaged(err, path, t->name, "its numbers do not begin where those before it end");
        if (4 * t->count > length - at)
            return damaged(err, path, t->name, "the file ends before its numbers do");
        t->data = (const float *)f->data + at / 4;
        at += 4 * t->count;
        for (size_t k = 0; k < t->count; k++)
            if (!isfinite(t->data[k]))
                return damaged(err, path, t->name, "holds a number that is not finite");
    }
    if (at != length)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "%zu bytes follow the last tensor", length - at);
    return OHM_OK;
}

static enum ohm_status read_header(struct ohm_tensor_file *f, struct placed **placed, struct ohm_node *root,
                                   struct ohm_diag *diag)
{
    if (!ohm_node_is_map(root, "the header", diag) || root->count > OHM_TENSORS_MAX)
        return ohm_diag_add(diag, OHM_EDATA, NULL, 0, 0, "the header is no list of at most %d tensors",
                            OHM_TENSORS_MAX);
    f->tensor = ohm_alloc((size_t)root->count + 1, sizeof(*f->tensor));
    *placed = ohm_alloc((size_t)root->count + 1, sizeof(**placed));
    if (!f->tensor || !*placed)
        return ohm_diag_add(diag, OHM_ENOMEM, NULL, 0, 0, "out of memory");
    for (int i = 0; i < root->count; i++) {
        struct placed *p = &(*placed)[f->tensors];
        enum ohm_status st = OHM_OK;

        p->tensor.name = root->key[i]->text;
        if (strcmp(p->tensor.name, "__metadata__") == 0)
            st = read_meta(f, root->item[i], diag);
        else if ((p->first = read_place(&p->tensor, root->item[i], diag)) < 0)
            st = OHM_EDATA;
        else
            f->tensors++;
        if (st != OHM_OK)
            return st;
    }
    qsort(*placed, (size_t)f->tensors, sizeof(**placed), by_place);
    return OHM_OK;
}

enum ohm_status ohm_tensor_file_parse(struct ohm_tensor_file *out, const char *bytes, size_t length, const char *path,
                                      struct ohm_error *err)
{
    struct ohm_tensor_file f = {0};
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = NULL;
    struct placed *placed = NULL;
    uint64_t header = 0;
    size_t rest;
    enum ohm_status st;

    if (length >= 8)
        memcpy(&header, bytes, 8);
    if (length < 8 || header > OHM_TENSOR_HEADER_MAX || header > length - 8)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0,
                           "not a safetensors file: its first 8 bytes tell of a header of %" PRIu64
                           " bytes, and the file has %zu",
                           header, length);
    rest = length - 8 - (size_t)header;
    if (ohm_json_parse(&doc, bytes + 8, (size_t)header, path, &diag) == OHM_OK)
        read_header(&f, &placed, ohm_doc_root(doc), &diag);
    f.doc = doc;
    st = ohm_diag_status(&diag, err);
    ohm_error_set_path(st == OHM_OK ? NULL : err, path);
    if (st == OHM_OK) {
        f.data = ohm_alloc(rest + 4, 1);
        if (f.data) {
            memcpy(f.data, bytes + 8 + header, rest);
            st = check_data(&f, placed, rest, path, err);
        } else {
            st = ohm_fail(err, OHM_ENOMEM, "out of memory");
        }
    }
    if (st == OHM_OK)
        *out = f;
    else
        ohm_tensor_file_release(&f);
    ohm_diag_release(&diag);
    ohm_free(placed);
    return st == OHM_ECONFIG || st == OHM_ERANGE ? OHM_EDATA : st;
}

enum ohm_status ohm_tensor_file_read(struct ohm_tensor_file *out, const char *path, struct ohm_error *err)
{
    char *bytes;
    size_t length;
    enum ohm_status st = ohm_file_read(&bytes, &length, path, OHM_TENSOR_FILE_MAX, err);

    if (st != OHM_OK)
        return st;
    st = ohm_tensor_file_parse(out, bytes, length, path, err);
    ohm_free(bytes);
    return st;
}

void ohm_tensor_file_release(struct ohm_tensor_file *file)
{
    ohm_doc_free(file->doc);
    ohm_free(file->data);
    ohm_free(file->tensor);
    ohm_free(file->meta);
    *file = (struct ohm_tensor_file){0};
}

const char *ohm_tensor_file_meta(const struct ohm_tensor_file *file, const char *key)
{
    for (int i = 0; i < file->metas; i++)
        if (strcmp(file->meta[i].key, key) == 0)
            return file->meta[i].value;
    return NULL;
}

const struct ohm_tensor *ohm_tensor_file_find(const struct ohm_tensor_file *file, const char *name)
{
    for (int i = 0; i < file->tensors; i++)
        if (strcmp(file->tensor[i].name, name) == 0)
            return &file->tensor[i];
    return NULL;
}
