/* csv.c - CSV cut up in place: the cells are pieces of the file's own bytes. */
#include "ohm/csv.h"

#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/str.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct ohm_csv *csv;
    char *p, *end;
    int line; /* of p */
    size_t cells, cells_cap, lines_cap;
    struct ohm_error *err;
};

#define fail(r, line, ...) ohm_fail_at((r)->err, OHM_EDATA, OHM_ORIGIN, (r)->csv->path, (line), 0, __VA_ARGS__)

static enum ohm_status no_memory(const struct reader *r)
{
    return ohm_fail_at(r->err, OHM_ENOMEM, OHM_ORIGIN, r->csv->path, 0, 0, "out of memory while reading the file");
}

static bool at_line_end(const struct reader *r)
{
    return r->p == r->end || *r->p == '\n' || (*r->p == '\r' && (r->p + 1 == r->end || r->p[1] == '\n'));
}

static void skip_line_end(struct reader *r)
{
    if (r->p < r->end && *r->p == '\r')
        r->p++;
    if (r->p < r->end && *r->p == '\n') {
        r->p++;
        r->line++;
    }
}

static void skip_line(struct reader *r)
{
    while (!at_line_end(r))
        r->p++;
    skip_line_end(r);
}

/* Takes the quotes off: the text moves to the left, never over what is still to be read. */
static enum ohm_status cut_quoted(struct reader *r, char **end)
{
    const int first_line = r->line;
    char *to = r->p++;

    for (;; r->p++) {
        if (r->p == r->end)
            return fail(r, first_line, "a quote is opened here and never closed");
        if (*r->p == '"' && (r->p + 1 == r->end || r->p[1] != '"'))
            break;
        if (*r->p == '"')
            r->p++;
        if (*r->p == '\n')
            r->line++;
        *to++ = *r->p;
    }
    r->p++;
    if (!at_line_end(r) && *r->p != ',')
        return fail(r, r->line, "after a closing quote there must be a comma or the end of the line, found '%c'",
                    *r->p);
    *end = to;
    return OHM_OK;
}

static enum ohm_status add_cell(struct reader *r, const char *cell)
{
    if (r->cells >= OHM_CSV_CELLS_MAX)
        return fail(r, r->line, "the table has more than %d cells", OHM_CSV_CELLS_MAX);
    if (!ohm_grow(&r->csv->cell, &r->cells_cap, r->cells + 1, sizeof *r->csv->cell))
        return no_memory(r);
    r->csv->cell[r->cells++] = cell;
    return OHM_OK;
}

/* One record, its end of line included. A cell is closed by a NUL only once the mark behind it has been looked at. */
static enum ohm_status cut_row(struct reader *r, int *count)
{
    bool more = true;
    enum ohm_status st;

    for (*count = 0; more; (*count)++) {
        char *const start = r->p;
        char *end = start;

        if (start < r->end && *start == '"') {
            if ((st = cut_quoted(r, &end)) != OHM_OK)
                return st;
        } else {
            while (!at_line_end(r) && *r->p != ',')
                r->p++;
            end = r->p;
        }
        more = !at_line_end(r);
        if (more)
            r->p++;
        else
            skip_line_end(r);
        *end = '\0';
        if ((st = add_cell(r, start)) != OHM_OK)
            return st;
    }
    return OHM_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum ohm_status check_names(const struct reader *r, int line)
{
    const int n = r->csv->columns;
    const char **sorted = ohm_alloc((size_t)n, sizeof *sorted);
    enum ohm_status st = OHM_OK;

    if (!sorted)
        return no_memory(r);
    memcpy(sorted, r->csv->name, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, compare_names);
    for (int i = 1; i < n && st == OHM_OK; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            st = fail(r, line, "two columns are named '%.80s'", sorted[i]);
    ohm_free(sorted);
    return st;
}

static enum ohm_status read_header(struct reader *r)
{
    int line;
    enum ohm_status st;

    while (r->p < r->end && (*r->p == '#' || at_line_end(r)))
        skip_line(r);
    if (r->p == r->end)
        return fail(r, 0, "the file has no line that names the columns");
    line = r->line;
    if ((st = cut_row(r, &r->csv->columns)) != OHM_OK)
        return st;
    r->csv->name = r->csv->cell; /* the cells read so far are the names */
    r->csv->cell = NULL;
    r->cells = r->cells_cap = 0;
    return check_names(r, line);
}

static enum ohm_status read_rows(struct reader *r)
{
    struct ohm_csv *csv = r->csv;
    enum ohm_status st;
    int count;

    while (r->p < r->end) {
        const int line = r->line;

        if (at_line_end(r)) {
            skip_line_end(r);
            continue;
        }
        if ((st = cut_row(r, &count)) != OHM_OK)
            return st;
        if (count != csv->columns)
            return fail(r, line, "the row has %d cells, the header %d", count, csv->columns);
        if (!ohm_grow(&csv->line, &r->lines_cap, (size_t)csv->rows + 1, sizeof *csv->line))
            return no_memory(r);
        csv->line[csv->rows++] = line;
    }
    return OHM_OK;
}

/* Takes over bytes, which has a NUL behind its `length`. */
static enum ohm_status parse_owned(struct ohm_csv *out, char *bytes, size_t length, const char *path,
                                   struct ohm_error *err)
{
    struct ohm_csv csv = {.bytes = bytes, .path = ohm_strdup(path)};
    struct reader r = {.csv = &csv, .p = bytes, .end = bytes + length, .line = 1, .err = err};
    const char *nul = memchr(bytes, '\0', length);
    enum ohm_status st;

    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        r.p += 3;
    if (!csv.path)
        st = no_memory(&r);
    else if (nul)
        st = fail(&r, 0, "byte %zu is NUL: this is no text", (size_t)(nul - bytes) + 1);
    else if ((st = read_header(&r)) == OHM_OK)
        st = read_rows(&r);
    if (st == OHM_OK)
        *out = csv;
    else
        ohm_csv_release(&csv);
    return st;
}

enum ohm_status ohm_csv_load(struct ohm_csv *out, const char *path, struct ohm_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    const enum ohm_status st = ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, err);

    *out = (struct ohm_csv){0};
    return st == OHM_OK ? parse_owned(out, bytes, length, path, err) : st;
}

enum ohm_status ohm_csv_parse(struct ohm_csv *out, const char *bytes, size_t length, const char *path,
                              struct ohm_error *err)
{
    char *copy = length <= OHM_TEXT_FILE_MAX ? ohm_alloc(length + 1, 1) : NULL;

    *out = (struct ohm_csv){0};
    if (length > OHM_TEXT_FILE_MAX)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "the text has %zu bytes, more than the limit of %zu",
                           length, OHM_TEXT_FILE_MAX);
    if (!copy)
        return ohm_fail_at(err, OHM_ENOMEM, OHM_ORIGIN, path, 0, 0, "out of memory while reading the file");
    if (length)
        memcpy(copy, bytes, length);
    return parse_owned(out, copy, length, path, err);
}

void ohm_csv_release(struct ohm_csv *csv)
{
    ohm_free(csv->path);
    ohm_free(csv->name);
    ohm_free(csv->cell);
    ohm_free(csv->line);
    ohm_free(csv->bytes);
    *csv = (struct ohm_csv){0};
}

int ohm_csv_column(const struct ohm_csv *csv, const char *name)
{
    for (int i = 0; i < csv->columns; i++)
        if (strcmp(csv->name[i], name) == 0)
            return i;
    return -1;
}

/* The columns there are, cut short where they are many. */
static void list_columns(const struct ohm_csv *csv, char *list, size_t room)
{
    size_t used = 0;

    list[0] = '\0';
    for (int i = 0; i < csv->columns && used < room; i++)
        used += (size_t)snprintf(list + used, room - used, "%s%.80s", i ? ", " : "; there are: ", csv->name[i]);
    if (used >= room)
        memcpy(list + room - 4, "...", 4);
}

enum ohm_status ohm_csv_need(const struct ohm_csv *csv, const char *name, int *column, struct ohm_error *err)
{
    const int found = ohm_csv_column(csv, name);
    const char *near;
    char list[256] = "";

    if (found >= 0) {
        *column = found;
        return OHM_OK;
    }
    near = ohm_nearest(name, csv->name, csv->columns);
    if (!near)
        list_columns(csv, list, sizeof list);
    return ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, csv->path, 0, 0, "there is no column '%.80s'%s%.80s%s%s", name,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "", list);
}

enum ohm_status ohm_csv_double(const struct ohm_csv *csv, int row, int column, double *value, struct ohm_error *err)
{
    const char *text = csv->cell[(size_t)row * (size_t)csv->columns + (size_t)column];

    if (text[0] == '\0' || strcasecmp(text, "nan") == 0) {
        *value = NAN;
        return OHM_OK;
    }
    if (ohm_parse_double(text, value))
        return OHM_OK;
    return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, csv->path, csv->line[row], 0, "%.80s is '%.80s', not a number",
                       csv->name[column], text);
}

void ohm_csv_append(struct ohm_str *s, const char *field)
{
    const size_t n = strlen(field);
    /* At the start of a file a '#' would begin a comment and U+FEFF be taken for a byte order mark. */
    const bool quote = strpbrk(field, ",\"\r\n") || field[0] == '#' || field[0] == ' ' || (n && field[n - 1] == ' ') ||
                       strncmp(field, "\xef\xbb\xbf", 3) == 0;

    if (!quote) {
        ohm_str_append_n(s, field, n);
        return;
    }
    ohm_str_append(s, "\"");
    for (const char *p = field; *p; p++)
        ohm_str_append_n(s, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    ohm_str_append(s, "\"");
}
