/* split.c - which samples are for training, validation and test: split files, and the rules by hash. */
#include "data_int.h"

#include "ohm/csv.h"
#include "ohm/str.h"

#include <stdlib.h>
#include <string.h>

const char *const ohm_split_names[OHM_SPLITS + 1] = {"train", "val", "test", "trainval", NULL};

/* ---- split files ---- */

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct split_entry *)a)->file, ((const struct split_entry *)b)->file);
}

static enum ohm_status read_split(unsigned char *split, const char *text, const char *path, int line,
                                  struct ohm_error *err)
{
    static const char *const other[] = {"training", "validation", "testing"};

    for (int i = 0; i < OHM_TRAINVAL; i++)
        if (strcmp(text, ohm_split_names[i]) == 0 || strcmp(text, other[i]) == 0) {
            *split = (unsigned char)i;
            return OHM_OK;
        }
    return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, line, 0, "split is '%.40s'; legal are train, val and test",
                       text);
}

static enum ohm_status read_entries(struct split_list *list, const struct ohm_csv *csv, struct ohm_error *err)
{
    const int label = ohm_csv_column(csv, "label");
    int file, split;
    enum ohm_status st;

    if ((st = ohm_csv_need(csv, "file", &file, err)) != OHM_OK ||
        (st = ohm_csv_need(csv, "split", &split, err)) != OHM_OK)
        return st;
    if (!(list->entry = ohm_alloc((size_t)csv->rows, sizeof *list->entry)))
        return ohm_fail(err, OHM_ENOMEM, "no memory for the split file");
    for (int i = 0; i < csv->rows && st == OHM_OK; i++) {
        const char *const *const row = csv->cell + (size_t)i * (size_t)csv->columns;
        struct split_entry *const e = &list->entry[list->count++];

        *e = (struct split_entry){.file = row[file], .label = label >= 0 ? row[label] : NULL, .line = csv->line[i]};
        st = read_split(&e->split, row[split], csv->path, csv->line[i], err);
    }
    if (list->count)
        qsort(list->entry, (size_t)list->count, sizeof *list->entry, compare_entries);
    for (int i = 1; i < list->count && st == OHM_OK; i++)
        if (strcmp(list->entry[i - 1].file, list->entry[i].file) == 0)
            st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, csv->path, list->entry[i].line, 0,
                             "the file '%.120s' is named twice", list->entry[i].file);
    return st;
}

enum ohm_status split_list_parse(struct split_list *out, const char *bytes, size_t length, const char *path,
                                 struct ohm_error *err)
{
    struct split_list list = {0};
    struct ohm_csv *const csv = ohm_alloc(1, sizeof *csv);
    enum ohm_status st;

    *out = list;
    list.csv = csv;
    if (!csv || !(list.path = ohm_strdup(path)))
        st = ohm_fail_at(err, OHM_ENOMEM, OHM_ORIGIN, path, 0, 0, "no memory for the split file");
    else if ((st = ohm_csv_parse(csv, bytes, length, path, err)) == OHM_OK)
        st = read_entries(&list, csv, err);
    if (st == OHM_OK)
        *out = list;
    else
        split_list_release(&list);
    return st;
}

void split_list_release(struct split_list *list)
{
    if (list->csv)
        ohm_csv_release(list->csv);
    ohm_free(list->csv);
    ohm_free(list->entry);
    ohm_free(list->path);
    *list = (struct split_list){0};
}

struct split_entry *split_list_find(const struct split_list *list, const char *file)
{
    const struct split_entry key = {.file = file};

    return list->count ? bsearch(&key, list->entry, (size_t)list->count, sizeof key, compare_entries) : NULL;
}

/* ---- SHA-1 (FIPS 180-4), for the split of Speech Commands, which is defined by it ---- */

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static void sha1_block(uint32_t h[5], const unsigned char *p)
{
    static const uint32_t constant[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        const int round = i / 20;
        const uint32_t f = round == 0 ? (b & c) | (~b & d) : round == 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
        const uint32_t t = rotate(a, 5) + f + e + constant[round] + w[i];

        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = t;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

uint32_t sha1_tail(const void *bytes, size_t n)
{
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    const unsigned char *p = bytes;
    unsigned char last[128] = {0};
    const size_t whole = n / 64 * 64, rest = n - whole, size = rest < 56 ? 64 : 128;

    for (size_t i = 0; i < whole; i += 64)
        sha1_block(h, p + i);
    if (rest)
        memcpy(last, p + whole, rest);
    last[rest] = 0x80;
    for (size_t i = 0; i < 8; i++)
        last[size - 1 - i] = (unsigned char)((uint64_t)n * 8 >> (8 * i));
    for (size_t i = 0; i < size; i += 64)
        sha1_block(h, last + i);
    return h[4];
}

/* ---- rules ---- */

bool speaker_of(const char *name, const char **speaker, size_t *length)
{
    const char *const slash = strrchr(name, '/'), *const base = slash ? slash + 1 : name;
    const char *const end = strstr(base, "_nohash_");
    const char *start = end;

    if (!end)
        return false;
    while (start > base && start[-1] != '_')
        start--;
    *speaker = start;
    *length = (size_t)(end - start);
    return *length > 0;
}

/* Speech Commands v0.02, README, which_set(): SHA-1 of the speaker as a number, modulo 2^27, in percent of 2^27 - 1;
 * below 10: validation, below 20: test. */
enum ohm_split split_by_speaker(const char *speaker, size_t length)
{
    const double percent = (double)(sha1_tail(speaker, length) & 0x7ffffff) * (100.0 / 134217727.0);

    return percent < 10 ? OHM_VAL : percent < 20 ? OHM_TEST : OHM_TRAIN;
}

enum ohm_split split_by_name(const char *name)
{
    const char *const slash = strrchr(name, '/'), *const base = slash ? slash + 1 : name;
    const uint64_t percent = ohm_hash(base, strlen(base)) % 100;

    return percent < 10 ? OHM_VAL : percent < 20 ? OHM_TEST : OHM_TRAIN;
}
