/* npy_write.c - a split as a pair of .npy files, as a network sees it, for other programs and for data of kind npy. */
#include "data_int.h"

#include "ohm/file.h"
#include "ohm/str.h"

#include <stdio.h>
#include <string.h>

enum { HEADER = 128 };

/* Version 1.0, its dictionary filled with blanks so that the values begin at byte 128 (NEP 1). */
static void put_header(char *to, const char *type, const char *shape)
{
    char text[HEADER];

    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
    memset(to, ' ', HEADER);
    memcpy(to, "\x93NUMPY\x01\x00\x76\x00", 10); /* 0x76 = 118 bytes of dictionary */
    memcpy(to + 10, text, strlen(text));
    to[HEADER - 1] = '\n';
}

static enum ohm_status put_file(const char *folder, const char *what, enum ohm_split split, const char *bytes,
                                size_t length, struct ohm_error *err)
{
    struct ohm_str path = {0};
    enum ohm_status st;

    ohm_str_printf(&path, "%s/%s_%s.npy", folder, what, ohm_split_names[split]);
    st =
        path.failed ? ohm_fail(err, OHM_ENOMEM, "no memory for a path") : ohm_file_write(path.text, bytes, length, err);
    ohm_str_release(&path);
    return st;
}

enum ohm_status ohm_data_write_npy(const struct ohm_data *d, enum ohm_split split, const char *folder, int jobs,
                                   struct ohm_error *err)
{
    int n;
    const int *const sample = ohm_data_split(d, split, &n);
    const size_t item = data_item_values(d) * sizeof(float);
    size_t size;
    char *const x = ohm_mul_size(&size, (size_t)n, item) ? ohm_alloc(size + HEADER, 1) : NULL;
    char *const y = ohm_alloc((size_t)n * sizeof(int) + HEADER, 1);
    char shape[64];
    enum ohm_status st = x && y ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "no memory for the arrays of %d samples", n);

    if (st == OHM_OK) {
        snprintf(shape, sizeof shape, "%d, %d, %d, %d", n, d->task->h, d->task->w, d->task->c);
        put_header(x, "<f4", shape);
        snprintf(shape, sizeof shape, "%d,", n);
        put_header(y, "<i4", shape);
        st = ohm_batch_fill(d, (float *)(void *)(x + HEADER), (int *)(void *)(y + HEADER), sample, n, NULL, jobs, err);
    }
    if (st == OHM_OK && (st = ohm_make_folder(folder, err)) == OHM_OK &&
        (st = put_file(folder, "x", split, x, size + HEADER, err)) == OHM_OK)
        st = put_file(folder, "y", split, y, (size_t)n * sizeof(int) + HEADER, err);
    ohm_free(x);
    ohm_free(y);
    return st;
}
