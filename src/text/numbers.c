/* numbers.c - tables of nothing but numbers. */
#include "ohm/numbers.h"

#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/str.h"

#include <string.h>

struct reader {
    const char *path;
    int line;
    double *value;
    size_t n, cap;
    int rows, columns;
    struct ohm_error *err;
};

#define fail(r, ...) ohm_fail_at((r)->err, OHM_EDATA, OHM_ORIGIN, (r)->path, (r)->line, 0, __VA_ARGS__)

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

static bool in_number(char c)
{
    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

/* One number of at most 63 characters; *at is then behind it. */
static enum ohm_status read_number(struct reader *r, const char **at, const char *end)
{
    char text[64];
    size_t n = 0;

    while (*at + n < end && n < sizeof text - 1 && in_number((*at)[n]))
        n++;
    memcpy(text, *at, n);
    text[n] = '\0';
    if (r->n >= OHM_NUMBERS_MAX)
        return fail(r, "there are more than %d numbers", OHM_NUMBERS_MAX);
    if (!ohm_grow(&r->value, &r->cap, r->n + 1, sizeof *r->value))
        return ohm_fail(r->err, OHM_ENOMEM, "out of memory");
    if (n == 0 || !ohm_parse_double(text, &r->value[r->n])) {
        for (n = 0; *at + n < end && n < 30 && (*at)[n] > ' ' && (*at)[n] < 127 && (*at)[n] != ','; n++)
            text[n] = (*at)[n];
        text[n] = '\0';
        return fail(r, "'%s' where a number should be", text);
    }
    *at += n;
    r->n++;
    return OHM_OK;
}

static enum ohm_status read_row(struct reader *r, const char *at, const char *end)
{
    int columns = 0;

    for (at = skip_blanks(at, end); at < end; columns++) {
        const enum ohm_status st = read_number(r, &at, end);

        if (st != OHM_OK)
            return st;
        at = skip_blanks(at, end);
        if (at < end && (*at == ',' || *at == ';')) {
            at = skip_blanks(at + 1, end);
            if (at == end)
                return fail(r, "nothing follows the last comma");
        }
    }
    if (r->rows > 0 && columns != r->columns)
        return fail(r, "%d numbers, where the rows above have %d", columns, r->columns);
    r->columns = columns;
    r->rows++;
    return OHM_OK;
}

enum ohm_status ohm_numbers_parse(struct ohm_numbers *out, const char *bytes, size_t length, const char *path,
                                  struct ohm_error *err)
{
    struct reader r = {.path = path, .err = err};
    const char *const end = bytes + length;
    enum ohm_status st = OHM_OK;

    for (const char *at = bytes; at < end && st == OHM_OK;) {
        const char *const found = memchr(at, '\n', (size_t)(end - at)), *const stop = found ? found : end;
        const char *const begin = skip_blanks(at, stop);

        r.line++;
        if (begin < stop && *begin != '#')
            st = read_row(&r, begin, stop);
        at = found ? found + 1 : end;
    }
    if (st == OHM_OK && r.rows == 0)
        st = fail(&r, "there is not one number");
    if (st == OHM_OK)
        *out = (struct ohm_numbers){r.rows, r.columns, r.value};
    else
        ohm_free(r.value);
    return st;
}

enum ohm_status ohm_numbers_load(struct ohm_numbers *out, const char *path, struct ohm_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st = ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, err);

    if (st == OHM_OK)
        st = ohm_numbers_parse(out, bytes, length, path, err);
    ohm_free(bytes);
    return st;
}

void ohm_numbers_release(struct ohm_numbers *numbers)
{
    ohm_free(numbers->value);
    *numbers = (struct ohm_numbers){0};
}
