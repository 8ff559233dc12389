/* diag_print.c - problems as a compiler prints them: place, message, the source line and a caret under the place. */
#include "ohm/doc.h"
#include "ohm/file.h"
#include "ohm/mem.h"

#include "doc_int.h"

#include <string.h>
#include <sys/stat.h>

enum { WIDTH = 100, BEFORE = 60 }; /* characters of a long line that are shown, and at most before the caret */

/* The file of the last problem: its neighbours are mostly in the same one. */
struct source {
    const char *path;
    char *bytes; /* NULL: cannot be shown */
    size_t length;
};

/* Only a plain file is read again: a pipe has no second reading. */
static void open_source(struct source *s, const char *path)
{
    struct stat info;

    if (s->path && strcmp(s->path, path) == 0)
        return;
    ohm_free(s->bytes);
    *s = (struct source){.path = path};
    if (path[0] && stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
        ohm_file_read(&s->bytes, &s->length, path, OHM_TEXT_FILE_MAX, NULL) != OHM_OK)
        s->bytes = NULL;
}

/* Bytes of the character at p, 1 for what is no UTF-8. */
static size_t char_size(const char *p, const char *end)
{
    const unsigned char c = (unsigned char)*p;
    const size_t n = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1;

    if ((size_t)(end - p) < n)
        return 1;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 1;
    return n;
}

/* One character, one column: a tab and what a terminal would obey or not understand are replaced. */
static void append_char(struct ohm_str *s, const char *p, size_t n)
{
    const unsigned char c = (unsigned char)*p;

    if (c == '\t')
        ohm_str_append(s, " ");
    else if (n == 1 && (c < 0x20 || c >= 0x7f))
        ohm_str_append(s, "?");
    else
        ohm_str_append_n(s, p, n);
}

static void print_line(struct ohm_str *s, const char *line, size_t length, int column, bool colour)
{
    const int first = column > BEFORE ? column - BEFORE : 1; /* first column that is shown */
    const char *p = line, *end = line + length;
    int shown = 0, at = 1;

    ohm_str_append(s, first > 1 ? "  ..." : "  ");
    for (; p < end && shown < WIDTH; at++) {
        const size_t n = char_size(p, end);

        if (at >= first) {
            append_char(s, p, n);
            shown++;
        }
        p += n;
    }
    ohm_str_append(s, p < end ? "...\n" : "\n");
    if (column < 1)
        return;
    ohm_str_printf(s, "%*s%s^%s\n", column - first + (first > 1 ? 5 : 2), "", colour ? "\033[1;32m" : "",
                   colour ? "\033[0m" : "");
}

static void print_place(struct ohm_str *s, const struct ohm_error *e)
{
    if (!e->path[0])
        return;
    ohm_str_append(s, e->path);
    if (e->line > 0)
        ohm_str_printf(s, ":%d", e->line);
    if (e->line > 0 && e->column > 0)
        ohm_str_printf(s, ":%d", e->column);
    ohm_str_append(s, ": ");
}

static void print_one(struct ohm_str *s, const struct ohm_error *e, struct source *source, bool colour)
{
    const char *line = NULL;
    size_t length = 0;

    ohm_str_append(s, colour ? "\033[1m" : "");
    print_place(s, e);
    ohm_str_printf(s, "%serror:%s %s\n", colour ? "\033[1;31m" : "", colour ? "\033[0m" : "", e->text);
    if (e->line < 1)
        return;
    open_source(source, e->path);
    if (source->bytes)
        line = ohm_find_line(source->bytes, source->length, e->line, &length);
    if (line)
        print_line(s, line, length, e->column, colour);
}

void ohm_diag_print(struct ohm_str *s, const struct ohm_diag *diag, bool colour)
{
    struct source source = {0};
    const int kept = !diag->item ? 0 : diag->count < OHM_DIAG_MAX ? diag->count : OHM_DIAG_MAX;

    for (int i = 0; i < kept; i++)
        print_one(s, &diag->item[i], &source, colour);
    if (diag->count > kept)
        ohm_str_printf(s, "error: %d more problems, not shown\n", diag->count - kept);
    ohm_free(source.bytes);
}
