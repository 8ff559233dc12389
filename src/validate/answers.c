/* answers.c - answers by sample as a CSV file, out and in. */
#include "ohm/answers.h"

#include "ohm/csv.h"
#include "ohm/device.h"
#include "ohm/file.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "# ohmnas.answers/1"

/* ---- the head ---- */

static const struct {
    const char *key;
    size_t offset;
} texts[] = {
    {"program", offsetof(struct ohm_answers, program)},    {"network", offsetof(struct ohm_answers, network)},
    {"shape", offsetof(struct ohm_answers, network_hash)}, {"weights", offsetof(struct ohm_answers, weights)},
    {"task", offsetof(struct ohm_answers, task)},          {"samples", offsetof(struct ohm_answers, samples)},
    {"split", offsetof(struct ohm_answers, split)},        {"chip", offsetof(struct ohm_answers, chip)},
    {"device", offsetof(struct ohm_answers, device)},      {"settings", offsetof(struct ohm_answers, settings)},
};
static const struct {
    const char *key;
    size_t offset;
    int64_t min, max;
} numbers[] = {
    {"folds", offsetof(struct ohm_answers, folds), 0, 1000},
    {"fold", offsetof(struct ohm_answers, fold), 0, 999},
    {"seed", offsetof(struct ohm_answers, seed), 0, INT64_MAX},
    {"draws", offsetof(struct ohm_answers, draws), 1, 1000000},
    {"reads", offsetof(struct ohm_answers, reads), 1, 10000},
};
enum { TEXTS = sizeof texts / sizeof *texts, NUMBERS = sizeof numbers / sizeof *numbers };

static const char *text_of(const struct ohm_answers *a, int i)
{
    return *(const char *const *)((const char *)a + texts[i].offset);
}

static bool has_text(const struct ohm_answers *a, int i)
{
    return text_of(a, i) && *text_of(a, i);
}

static int64_t number_of(const struct ohm_answers *a, int i)
{
    return *(const int64_t *)((const char *)a + numbers[i].offset);
}

/* ---- out ---- */

static void write_head(struct ohm_str *s, const struct ohm_answers *a)
{
    ohm_str_append(s, FIRST_LINE ": right answers by item, of `ohmnas validate`; the columns are told in "
                                 "docs/compare.md\n");
    for (int i = 0; i < TEXTS; i++)
        ohm_str_printf(s, "# %s:%s%s\n", texts[i].key, has_text(a, i) ? " " : "", has_text(a, i) ? text_of(a, i) : "");
    for (int i = 0; i < NUMBERS; i++)
        ohm_str_printf(s, "# %s: %" PRId64 "\n", numbers[i].key, number_of(a, i));
    ohm_str_printf(s, "# items: %d\n", a->items);
}

void ohm_answers_write(struct ohm_str *s, const struct ohm_answers *a)
{
    write_head(s, a);
    ohm_str_append(s, a->grouped ? "item,id,group,class,digital" : "item,id,class,digital");
    for (int t = 0; t < a->times; t++) {
        ohm_str_append(s, ",");
        ohm_csv_append(s, a->time[t]);
    }
    ohm_str_append(s, "\n");
    for (int i = 0; i < a->items; i++) {
        const struct ohm_answers_item *const item = &a->item[i];

        ohm_str_printf(s, "%d,%08" PRIx32 ",", item->number, item->id);
        if (a->grouped)
            ohm_str_printf(s, "%08" PRIx32 ",", item->group);
        ohm_str_printf(s, "%d", item->label);
        for (int t = 0; t <= a->times; t++)
            ohm_str_printf(s, ",%" PRId32, a->right[(size_t)t * (size_t)a->items + (size_t)i]);
        ohm_str_append(s, "\n");
    }
}

/* ---- in ---- */

struct reader {
    struct ohm_answers a;
    const char *path;
    bool have_text[TEXTS], have_number[NUMBERS], have_items;
    int64_t items; /* that the head speaks of */
    struct ohm_csv csv;
    struct ohm_error *err;
};

#define damaged(r, line, ...) ohm_fail_at((r)->err, OHM_EDATA, OHM_ORIGIN, (r)->path, (line), 0, __VA_ARGS__)

static enum ohm_status no_memory(const struct reader *r)
{
    return ohm_fail_at(r->err, OHM_ENOMEM, OHM_ORIGIN, r->path, 0, 0, "out of memory");
}

static enum ohm_status take_number(const struct reader *r, int64_t *value, const char *key, const char *text,
                                   int64_t min, int64_t max, int line)
{
    if (!ohm_parse_int64(text, value) || *value < min || *value > max)
        return damaged(r, line, "%s is '%.40s', not a number in [%" PRId64 ", %" PRId64 "]", key, text, min, max);
    return OHM_OK;
}

/* Keys that are not known are passed over. */
static enum ohm_status take_key(struct reader *r, const char *key, const char *value, int line)
{
    char *const base = (char *)&r->a;

    for (int i = 0; i < TEXTS; i++)
        if (strcmp(texts[i].key, key) == 0) {
            r->have_text[i] = true;
            *(const char **)(base + texts[i].offset) = value;
        }
    for (int i = 0; i < NUMBERS; i++)
        if (strcmp(numbers[i].key, key) == 0) {
            r->have_number[i] = true;
            return take_number(r, (int64_t *)(base + numbers[i].offset), key, value, numbers[i].min, numbers[i].max,
                               line);
        }
    if (strcmp(key, "items") != 0)
        return OHM_OK;
    r->have_items = true;
    return take_number(r, &r->items, key, value, 1, INT_MAX, line);
}

/* "# key: value", without its end; the text is in the arena, to be cut up. */
static enum ohm_status take_line(struct reader *r, char *text, int line)
{
    char *const colon = strchr(text, ':'), *key = text + 1, *value;

    if (!colon)
        return OHM_OK;
    *colon = '\0';
    key += *key == ' ';
    value = colon + 1;
    value += *value == ' ';
    return take_key(r, key, value, line);
}

static enum ohm_status check_head(const struct reader *r)
{
    const char *missing = r->have_items ? NULL : "items";

    for (int i = 0; i < NUMBERS; i++)
        missing = r->have_number[i] ? missing : numbers[i].key;
    for (int i = 0; i < TEXTS; i++)
        missing = r->have_text[i] ? missing : texts[i].key;
    if (missing)
        return damaged(r, 1, "the head has no line '# %s: ...'", missing);
    return OHM_OK;
}

static enum ohm_status read_head(struct reader *r, const char *bytes, size_t length)
{
    const char *p = bytes, *const end = bytes + length;
    enum ohm_status st = OHM_OK;

    if (length < strlen(FIRST_LINE) || memcmp(bytes, FIRST_LINE, strlen(FIRST_LINE)) != 0)
        return damaged(r, 1,
                       "no answers of `ohmnas validate --answers`: the first line does not begin with "
                       "'" FIRST_LINE "'");
    for (int line = 1; p < end && *p == '#' && st == OHM_OK; line++) {
        const char *const newline = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((newline ? newline : end) - p);
        char *copy;

        while (n > 0 && p[n - 1] == '\r')
            n--;
        if (!(copy = ohm_arena_alloc(&r->a.arena, n + 1, 1)))
            return no_memory(r);
        memcpy(copy, p, n);
        if (memchr(copy, '\0', n))
            return damaged(r, line, "a byte 0 is in the head");
        if (line > 1)
            st = take_line(r, copy, line);
        p = newline ? newline + 1 : end;
    }
    return st == OHM_OK ? check_head(r) : st;
}

static enum ohm_status read_columns(struct reader *r)
{
    static const char *const fixed[] = {"item", "id", "group", "class", "digital"};
    const struct ohm_csv *const csv = &r->csv;
    int at = 0;

    r->a.grouped = csv->columns > 2 && strcmp(csv->name[2], "group") == 0;
    for (int i = 0; i < 5; i++) {
        if (i == 2 && !r->a.grouped)
            continue;
        if (at >= csv->columns || strcmp(csv->name[at], fixed[i]) != 0)
            return damaged(r, 0, "column %d should be '%s'", at + 1, fixed[i]);
        at++;
    }
    r->a.times = csv->columns - at;
    if (r->a.times < 1 || r->a.times > OHM_ANSWERS_TIMES_MAX)
        return damaged(r, 0, "there are %d times, outside [1, %d]", r->a.times, OHM_ANSWERS_TIMES_MAX);
    r->a.time = ohm_arena_alloc(&r->a.arena, (size_t)r->a.times, sizeof *r->a.time);
    r->a.t_s = ohm_arena_alloc(&r->a.arena, (size_t)r->a.times, sizeof *r->a.t_s);
    for (int t = 0; t < r->a.times; t++) {
        if (!r->a.time || !r->a.t_s || !(r->a.time[t] = ohm_arena_strdup(&r->a.arena, csv->name[at + t])))
            return no_memory(r);
        if (!ohm_parse_time(r->a.time[t], &r->a.t_s[t]))
            return damaged(r, 0, "column '%.40s' is no time", r->a.time[t]);
    }
    return OHM_OK;
}

/* Eight hex digits in lower case. */
static enum ohm_status take_hex(const struct reader *r, uint32_t *value, const char *text, int line)
{
    if (strlen(text) != 8 || strspn(text, "0123456789abcdef") != 8)
        return damaged(r, line, "'%.40s' is not eight hex digits", text);
    *value = (uint32_t)strtoul(text, NULL, 16);
    return OHM_OK;
}

static enum ohm_status read_item(struct reader *r, int row)
{
    const struct ohm_csv *const csv = &r->csv;
    const char *const *const cell = csv->cell + (size_t)row * (size_t)csv->columns;
    struct ohm_answers_item *const item = &r->a.item[row];
    const int line = item->line = csv->line[row], from = r->a.grouped ? 3 : 2;
    int64_t value;
    enum ohm_status st;

    if ((st = take_number(r, &value, "item", cell[0], row ? r->a.item[row - 1].number + 1 : 0, INT_MAX - 1, line)) !=
            OHM_OK ||
        (st = take_hex(r, &item->id, cell[1], line)) != OHM_OK ||
        (r->a.grouped && (st = take_hex(r, &item->group, cell[2], line)) != OHM_OK))
        return st;
    item->number = (int)value;
    st = take_number(r, &value, "class", cell[from], 0, INT_MAX, line);
    item->label = (int)value;
    for (int t = 0; t <= r->a.times && st == OHM_OK; t++) {
        st = take_number(r, &value, t ? r->a.time[t - 1] : "digital", cell[from + 1 + t], 0,
                         t ? r->a.draws * r->a.reads : 1, line);
        r->a.right[(size_t)t * (size_t)r->a.items + (size_t)row] = (int32_t)value;
    }
    return st;
}

static enum ohm_status read_items(struct reader *r)
{
    const int rows = r->csv.rows;
    size_t all;

    if (rows != r->items)
        return damaged(r, rows > 0 ? r->csv.line[rows - 1] : 0,
                       "there are %d items, and the head says %" PRId64 ": the file is not whole", rows, r->items);
    if (r->a.draws * r->a.reads > INT32_MAX)
        return damaged(r, 1, "draws and reads are more than 2^31 answers");
    r->a.items = rows;
    if (!ohm_mul_size(&all, (size_t)rows, 1 + (size_t)r->a.times))
        return no_memory(r);
    r->a.item = ohm_arena_alloc(&r->a.arena, (size_t)rows, sizeof *r->a.item);
    r->a.right = ohm_arena_alloc(&r->a.arena, all, sizeof *r->a.right);
    if (!r->a.item || !r->a.right)
        return no_memory(r);
    for (int i = 0; i < rows; i++) {
        const enum ohm_status st = read_item(r, i);

        if (st != OHM_OK)
            return st;
    }
    return OHM_OK;
}

static enum ohm_status read_all(struct reader *r, const char *bytes, size_t length)
{
    enum ohm_status st;

    if (!(r->a.path = ohm_arena_strdup(&r->a.arena, r->path)))
        return no_memory(r);
    if ((st = read_head(r, bytes, length)) != OHM_OK)
        return st;
    if (bytes[length - 1] != '\n')
        return damaged(r, 0, "the last line has no end: the file is not whole");
    if ((st = ohm_csv_parse(&r->csv, bytes, length, r->path, r->err)) != OHM_OK || (st = read_columns(r)) != OHM_OK)
        return st;
    return read_items(r);
}

enum ohm_status ohm_answers_parse(struct ohm_answers *out, const char *bytes, size_t length, const char *path,
                                  struct ohm_error *err)
{
    struct reader r = {.path = path, .err = err};
    const enum ohm_status st = read_all(&r, bytes, length);

    ohm_csv_release(&r.csv);
    *out = r.a;
    if (st != OHM_OK)
        ohm_answers_release(out);
    return st;
}

enum ohm_status ohm_answers_load(struct ohm_answers *out, const char *path, struct ohm_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st;

    *out = (struct ohm_answers){0};
    if ((st = ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, err)) == OHM_OK)
        st = ohm_answers_parse(out, bytes, length, path, err);
    ohm_free(bytes);
    return st;
}

void ohm_answers_release(struct ohm_answers *a)
{
    ohm_arena_release(&a->arena);
    *a = (struct ohm_answers){0};
}

int ohm_answers_time(const struct ohm_answers *a, double t_s)
{
    for (int i = 0; i < a->times; i++)
        if (a->t_s[i] >= t_s && a->t_s[i] <= t_s)
            return i;
    return -1;
}
