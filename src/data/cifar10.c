/* cifar10.c - the binary version of CIFAR-10: records of a label and 3 x 32 x 32 bytes, channel after channel
 * (https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version"). */
#include "data_int.h"

#include "ohm/file.h"
#include "ohm/str.h"

#include <stdio.h>
#include <string.h>

enum { PLANE = 32 * 32, RECORD = 1 + 3 * PLANE, BATCH = 10000, BATCHES = 6 };

static const char *const file_names[BATCHES] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                                "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};

struct reading {
    struct ohm_data *data;
    struct ohm_diag *diag;
    bool seen[BATCHES];
};

static int batch_of(const char *name)
{
    const char *const slash = strrchr(name, '/');

    for (int i = 0; i < BATCHES; i++)
        if (strcmp(slash ? slash + 1 : name, file_names[i]) == 0)
            return i;
    return -1;
}

/* As the official archive calls its folder. */
static bool is_content(void *context, const char *folder)
{
    (void)context;
    return strcmp(folder, "cifar-10-batches-bin") == 0;
}

static bool wanted(void *context, const char *name)
{
    (void)context;
    return batch_of(name) >= 0;
}

static enum ohm_status take_record(struct reading *r, int batch, const unsigned char *record, size_t number)
{
    unsigned char *const pixel = data_slot(r->data);
    char name[64];

    if (record[0] > 9)
        return ohm_diag_add(r->diag, OHM_EDATA, file_names[batch], 0, 0, "record %zu has the label %d, outside [0, 9]",
                            number, record[0]);
    snprintf(name, sizeof name, "%s#%05zu", file_names[batch], number);
    for (int i = 0; pixel && i < PLANE; i++)
        for (int c = 0; c < 3; c++)
            pixel[3 * i + c] = record[1 + c * PLANE + i];
    if (!pixel ||
        !data_keep(r->data, name, record[0], batch == BATCHES - 1 ? OHM_TEST : OHM_TRAIN, ohm_hash(name, strlen(name))))
        return ohm_diag_add(r->diag, OHM_ENOMEM, file_names[batch], 0, 0, "no memory for the pictures");
    return OHM_OK;
}

static enum ohm_status take(void *context, const char *name, const unsigned char *bytes, size_t length)
{
    struct reading *const r = context;
    const int batch = batch_of(name);

    if (r->seen[batch])
        return ohm_diag_add(r->diag, OHM_EDATA, name, 0, 0, "the batch is there twice");
    r->seen[batch] = true;
    if (length != (size_t)BATCH * RECORD) {
        ohm_diag_add(r->diag, OHM_EDATA, name, 0, 0, "the batch has %zu bytes, not %d records of %d: it is %s", length,
                     BATCH, RECORD, length < (size_t)BATCH * RECORD ? "cut short" : "no CIFAR-10 batch");
        return OHM_OK;
    }
    for (size_t i = 0; i < BATCH; i++)
        if (take_record(r, batch, bytes + i * RECORD, i) == OHM_ENOMEM)
            return OHM_ENOMEM;
    return OHM_OK;
}

static void check_all_there(const struct reading *r, const char *place)
{
    int there = 0;

    for (int i = 0; i < BATCHES; i++)
        there += r->seen[i];
    if (there == 0)
        ohm_diag_add(r->diag, OHM_EDATA, place, 0, 0,
                     "there is no %s here: this is no CIFAR-10 (binary version); is it the data of another task?",
                     file_names[0]);
    for (int i = 0; there && i < BATCHES; i++)
        if (!r->seen[i])
            ohm_diag_add(r->diag, OHM_ENOTFOUND, place, 0, 0, "%s is missing", file_names[i]);
}

/* The last val_count pictures of the training batches: rows come in their official order once they are sorted. */
static void cut_validation(struct ohm_data *d)
{
    int64_t left = d->task->val_count;

    for (int i = d->count - 1; i >= 0 && left > 0; i--)
        if (d->row[i].split == OHM_TRAIN) {
            d->row[i].split = d->row[i].split_loaded = OHM_VAL;
            left--;
        }
}

/* A folder of the official archive as it was downloaded will do. */
static enum ohm_status walk(const char *place, const struct source_visitor *v, struct ohm_diag *diag)
{
    char *const packed = ohm_path_join(place, "cifar-10-binary.tar.gz");
    char *const plain = ohm_path_join(place, file_names[0]);
    char *const inner = ohm_path_join(place, "cifar-10-batches-bin");
    const bool use_packed =
        packed && plain && inner && !ohm_file_exists(plain) && !ohm_is_folder(inner) && ohm_file_exists(packed);
    const enum ohm_status st = source_walk(use_packed ? packed : place, v, diag);

    ohm_free(packed);
    ohm_free(plain);
    ohm_free(inner);
    return st;
}

enum ohm_status load_cifar10(struct ohm_data **out, const struct ohm_task_spec *task, const char *place,
                             const struct ohm_data_options *options, struct ohm_diag *diag)
{
    struct reading r = {.data = data_create(task, FORM_BYTES), .diag = diag};
    const struct source_visitor v = {&r, is_content, wanted, take, OHM_DATA_FILE_MAX};
    struct ohm_error err = {0};
    enum ohm_status st;

    *out = r.data;
    if (!r.data)
        return ohm_diag_add(diag, OHM_ENOMEM, place, 0, 0, "no memory for the data");
    if (options->split_file)
        return ohm_diag_add(diag, OHM_ECONFIG, place, 0, 0, "CIFAR-10 takes no split file: its batches say it");
    if ((st = walk(place, &v, diag)) != OHM_OK)
        return st;
    check_all_there(&r, place);
    if ((st = data_sort(r.data, &err)) != OHM_OK)
        return ohm_diag_take(diag, &err);
    cut_validation(r.data);
    return OHM_OK;
}
