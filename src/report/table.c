/* table.c - aligned columns for a terminal, and the same as Markdown. */
#include "ohm/report.h"

#include "ohm/mem.h"

#include <limits.h>
#include <string.h>

enum { CELL_MIN = 8, GAP = 2 };

void ohm_table_column(struct ohm_table *t, const char *name, bool right)
{
    char **names = ohm_realloc(t->name, (size_t)t->columns + 1, sizeof(*names));
    bool *rights;

    if (names)
        t->name = names;
    rights = ohm_realloc(t->right, (size_t)t->columns + 1, sizeof(*rights));
    if (rights)
        t->right = rights;
    if (!names || !rights || !(names[t->columns] = ohm_strdup(name))) {
        t->failed = true;
        return;
    }
    rights[t->columns++] = right;
}

void ohm_table_cell(struct ohm_table *t, const char *text)
{
    char *copy;

    if (t->failed)
        return;
    copy = ohm_strdup(text);
    if (!copy || !ohm_grow(&t->cell, &t->cell_cap, t->cells + 1, sizeof(*t->cell))) {
        ohm_free(copy);
        t->failed = true;
        return;
    }
    t->cell[t->cells++] = copy;
}

void ohm_table_release(struct ohm_table *t)
{
    for (int c = 0; c < t->columns; c++)
        ohm_free(t->name[c]);
    for (size_t i = 0; i < t->cells; i++)
        ohm_free(t->cell[i]);
    ohm_free(t->name);
    ohm_free(t->right);
    ohm_free(t->cell);
    *t = (struct ohm_table){0};
}

/* Characters, not bytes: every byte that does not continue a UTF-8 sequence begins one. */
static int text_width(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void measure(const struct ohm_table *t, int *width)
{
    for (int c = 0; c < t->columns; c++)
        width[c] = text_width(t->name[c]);
    for (size_t i = 0; i < t->cells; i++) {
        const int w = text_width(t->cell[i]);
        int *const most = &width[i % (size_t)t->columns];

        if (w > *most)
            *most = w;
    }
}

static int line_width(const int *width, int columns)
{
    int sum = columns > 1 ? GAP * (columns - 1) : 0;

    for (int c = 0; c < columns; c++)
        sum += width[c];
    return sum;
}

/* Cuts the widest text columns down to what fits; returns how many columns are shown. */
static int fit(const struct ohm_table *t, int *width, int limit)
{
    int shown = t->columns;

    while (line_width(width, shown) > limit) {
        int widest = -1;

        for (int c = 0; c < shown; c++)
            if (!t->right[c] && width[c] > CELL_MIN && (widest < 0 || width[c] > width[widest]))
                widest = c;
        if (widest >= 0)
            width[widest]--;
        else if (shown > 1)
            shown--;
        else
            break;
    }
    return shown;
}

static void pad(struct ohm_str *s, int n)
{
    for (; n > 0; n--)
        ohm_str_append(s, " ");
}

/* One cell of `width` characters, cut with "..." where it is longer; nothing is padded at the end of a line. */
static void put_cell(struct ohm_str *s, const char *text, int width, bool right, bool last)
{
    const int w = text_width(text);
    size_t bytes = 0;

    if (w <= width) {
        pad(s, right ? width - w : 0);
        ohm_str_append(s, text);
        pad(s, right || last ? 0 : width - w);
        return;
    }
    for (int n = 0; text[bytes]; bytes++) {
        n += ((unsigned char)text[bytes] & 0xC0) != 0x80;
        if (n > width - 3)
            break;
    }
    ohm_str_append_n(s, text, bytes);
    ohm_str_append(s, "...");
}

static void put_line(struct ohm_str *s, const struct ohm_table *t, char *const *cell, const int *width, int shown)
{
    for (int c = 0; c < shown; c++) {
        if (c > 0)
            pad(s, GAP);
        put_cell(s, cell[c], width[c], t->right[c], c + 1 == shown);
    }
}

void ohm_table_print(struct ohm_str *s, const struct ohm_table *t, int limit, bool bold)
{
    int *width = ohm_alloc((size_t)t->columns, sizeof(*width));
    int shown;

    if (!width || t->failed) {
        s->failed = true;
        ohm_free(width);
        return;
    }
    if (t->columns > 0) {
        measure(t, width);
        shown = fit(t, width, limit > 0 ? limit : INT_MAX);
        ohm_str_append(s, bold ? "\033[1m" : "");
        put_line(s, t, t->name, width, shown);
        ohm_str_append(s, bold ? "\033[0m\n" : "\n");
        for (size_t i = 0; i + (size_t)t->columns <= t->cells; i += (size_t)t->columns) {
            put_line(s, t, t->cell + i, width, shown);
            ohm_str_append(s, "\n");
        }
        if (shown < t->columns)
            ohm_str_printf(s, "(%d more columns: widen the terminal, or ask for --csv)\n", t->columns - shown);
    }
    ohm_free(width);
}

/* ---- Markdown ---- */

/* A line's end would end the row, and these signs mean something to Markdown. */
static void put_markdown(struct ohm_str *s, const char *text)
{
    for (; *text; text++) {
        if (strchr("|*_`<>[]\\", *text))
            ohm_str_append(s, "\\");
        ohm_str_append_n(s, (unsigned char)*text < ' ' ? " " : text, 1);
    }
}

void ohm_table_markdown(struct ohm_str *s, const struct ohm_table *t)
{
    s->failed |= t->failed;
    if (t->failed || t->columns == 0)
        return;
    for (int c = 0; c < t->columns; c++) {
        ohm_str_append(s, c ? " | " : "| ");
        put_markdown(s, t->name[c]);
    }
    ohm_str_append(s, " |\n");
    for (int c = 0; c < t->columns; c++)
        ohm_str_append(s, t->right[c] ? "| ---: " : "| --- ");
    ohm_str_append(s, "|\n");
    for (size_t i = 0; i + (size_t)t->columns <= t->cells; i += (size_t)t->columns) {
        for (int c = 0; c < t->columns; c++) {
            ohm_str_append(s, c ? " | " : "| ");
            put_markdown(s, t->cell[i + (size_t)c]);
        }
        ohm_str_append(s, " |\n");
    }
}
