/* chip_write.c - a chip's file with other values of some numbers: its text is edited in place, so that comments and the
 * order of keys, which say more than the numbers, stay. */
#include "chip_int.h"

#include "ohm/chip_fit.h"
#include "ohm/mem.h"

#include <stdlib.h>
#include <string.h>

/* A piece of the text that gives way to another: at [from, to) of the source. */
struct edit {
    size_t from, to;
    struct ohm_str text;
};

enum { EDITS_MAX = 4 * CHIP_NUMBERS_MAX + 1 }; /* a number each, three a block, the name */

struct writing {
    const struct ohm_chip *chip;
    const char *source; /* of the file */
    struct edit edit[EDITS_MAX];
    int edits;
    const int *number;
    int numbers;
};

/* Offset of a place. Lines end in \n; columns count characters, of which UTF-8 has several bytes. */
static size_t offset_of(const char *source, int line, int column)
{
    const char *at = source;

    for (int i = 1; i < line; i++) {
        const char *const end = strchr(at, '\n');

        at = end ? end + 1 : at + strlen(at);
    }
    for (int i = 1; i < column && *at; i++)
        for (at++; ((unsigned char)*at & 0xC0) == 0x80; at++)
            ;
    return (size_t)(at - source);
}

static struct ohm_str *add_edit(struct writing *w, size_t from, size_t to)
{
    struct edit *const e = &w->edit[w->edits++];

    *e = (struct edit){.from = from, .to = to};
    return &e->text;
}

static enum ohm_status not_plain(const struct ohm_node *node, const char *what, struct ohm_error *err)
{
    return ohm_fail(err, OHM_ECONFIG,
                    "line %d of the chip's file: %s is not written plainly, with a line of its own; "
                    "write it so, that it can be changed",
                    node->line, what);
}

/* A scalar in place of another. */
static enum ohm_status replace(struct writing *w, const struct ohm_node *node, const char *what, const char *text,
                               struct ohm_error *err)
{
    const size_t from = offset_of(w->source, node->line, node->column), length = strlen(node->text);

    if (node->quoted || strncmp(w->source + from, node->text, length) != 0)
        return not_plain(node, what, err);
    ohm_str_append(add_edit(w, from, from + length), text);
    return OHM_OK;
}

/* The line of a key: [*from, *to), its end included, where nothing but blanks stands before the key; *indent of them.
 */
static bool own_line(const struct writing *w, const struct ohm_node *key, size_t *from, size_t *to, size_t *indent)
{
    const char *const line = w->source + offset_of(w->source, key->line, 1);
    const char *const end = strchr(line, '\n');

    *indent = strspn(line, " ");
    *from = (size_t)(line - w->source);
    *to = end ? (size_t)(end + 1 - w->source) : *from + strlen(line);
    return *indent == (size_t)key->column - 1;
}

/* ---- one block ---- */

struct place {
    const struct chip_block *block;
    struct ohm_node *map;
    uint64_t fitted;    /* bit i: number i of the block is fitted, now or before */
    const char *before; /* what those are fitted to that are not fitted now; NULL: there are none */
};

static int pair_of(const struct ohm_node *map, const char *key)
{
    for (int i = 0; i < map->count; i++)
        if (strcmp(map->key[i]->text, key) == 0)
            return i;
    return -1;
}

/* The lines that name what was fitted before give way to those that name it now. */
static enum ohm_status drop_line(struct writing *w, const struct place *p, const char *key, struct ohm_error *err)
{
    const int i = pair_of(p->map, key);
    size_t from, to, indent;

    if (i < 0)
        return OHM_OK;
    if (!own_line(w, p->map->key[i], &from, &to, &indent) || p->map->item[i]->line != p->map->key[i]->line)
        return not_plain(p->map->key[i], key, err);
    add_edit(w, from, to);
    return OHM_OK;
}

static void escape(struct ohm_str *s, const char *text)
{
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            ohm_str_printf(s, "\\%c", *text);
        else
            ohm_str_append_n(s, (unsigned char)*text < ' ' ? " " : text, 1);
}

/* Behind the line of the block's last number that is fitted. */
static enum ohm_status name_fitted(struct writing *w, const struct place *p, const struct ohm_node *last,
                                   const char *source, struct ohm_error *err)
{
    const char *divider = "";
    size_t from, to, indent;
    struct ohm_str *s;

    if (!own_line(w, last, &from, &to, &indent))
        return not_plain(last, p->block->key, err);
    s = add_edit(w, to, to);
    if (to == 0 || w->source[to - 1] != '\n')
        ohm_str_append(s, "\n");
    ohm_str_printf(s, "%*sfitted: [", (int)indent, "");
    for (int i = 0; p->block->numbers[i].key; i++)
        if (p->fitted >> i & 1) {
            ohm_str_printf(s, "%s%s", divider, p->block->numbers[i].key);
            divider = ", ";
        }
    ohm_str_printf(s, "]\n%*sfitted_to: \"", (int)indent, "");
    escape(s, source);
    if (p->before) {
        ohm_str_append(s, "; before, ");
        escape(s, p->before);
    }
    ohm_str_append(s, "\"\n");
    return OHM_OK;
}

static enum ohm_status edit_block(struct writing *w, struct ohm_node *root, int b, const char *source,
                                  struct ohm_error *err)
{
    const struct chip_about *const about = &w->chip->about[b];
    struct place p = {.block = &w->chip->model->blocks[b], .fitted = about->fitted};
    uint64_t now = 0;
    const struct ohm_node *last = NULL;
    enum ohm_status st = OHM_OK;
    char text[32];

    p.map = ohm_map_get(root, p.block->key);
    for (int k = 0; k < w->numbers && st == OHM_OK; k++) {
        struct ohm_chip_number n = {0};
        int at = 0, pair;

        if (!ohm_chip_number(w->chip, w->number[k], &n) || strcmp(n.block, p.block->key) != 0)
            continue;
        while (strcmp(p.block->numbers[at].key, n.key) != 0)
            at++;
        now |= UINT64_C(1) << at;
        pair = pair_of(p.map, n.key);
        st = replace(w, p.map->item[pair], n.key, ohm_format_double(text, n.value), err);
        last = !last || p.map->key[pair]->line > last->line ? p.map->key[pair] : last;
    }
    p.before = p.fitted & ~now ? about->fitted_to : NULL;
    p.fitted |= now;
    if (!last || st != OHM_OK || (st = drop_line(w, &p, "fitted", err)) != OHM_OK ||
        (st = drop_line(w, &p, "fitted_to", err)) != OHM_OK)
        return st;
    return name_fitted(w, &p, last, source, err);
}

/* ---- the whole ---- */

static int by_place(const void *a, const void *b)
{
    const struct edit *const x = a, *const y = b;

    return x->from != y->from ? (x->from > y->from ? 1 : -1) : (x->to > y->to) - (x->to < y->to);
}

static void apply(struct writing *w, struct ohm_str *s)
{
    size_t at = 0;

    qsort(w->edit, (size_t)w->edits, sizeof *w->edit, by_place);
    for (int i = 0; i < w->edits; i++) {
        const struct edit *const e = &w->edit[i];

        ohm_str_append_n(s, w->source + at, e->from - at);
        ohm_str_append_n(s, ohm_str_text(&e->text), e->text.length);
        s->failed = s->failed || e->text.failed;
        at = e->to;
    }
    ohm_str_append(s, w->source + at);
}

/* What was written is read again: an edit that went wrong must not leave the house as a good file. */
static enum ohm_status check(const struct ohm_str *s, const struct writing *w, struct ohm_error *err)
{
    struct ohm_diag diag = {0};
    struct ohm_chip *chip = NULL;
    enum ohm_status st = ohm_chip_parse(&chip, ohm_str_text(s), s->length, "the changed file", &diag);

    if (st != OHM_OK)
        st = ohm_diag_status(&diag, err);
    else if (ohm_chip_hash(chip) != ohm_chip_hash(w->chip))
        st = ohm_fail(err, OHM_ECONFIG, "numbers other than those that were fitted are not as in the chip's file");
    ohm_chip_free(chip);
    ohm_diag_release(&diag);
    return st;
}

static enum ohm_status edit_all(struct writing *w, struct ohm_node *root, const char *name, const char *source,
                                struct ohm_error *err)
{
    enum ohm_status st = name ? replace(w, ohm_map_get(root, "chip"), "chip", name, err) : OHM_OK;

    for (int b = 0; w->chip->model->blocks[b].key && st == OHM_OK; b++)
        if (w->chip->present >> b & 1)
            st = edit_block(w, root, b, source, err);
    return st;
}

enum ohm_status ohm_chip_write(struct ohm_str *s, const struct ohm_chip *chip, const char *name, const char *source,
                               const int *number, int numbers, struct ohm_error *err)
{
    struct writing *const w = ohm_alloc(1, sizeof *w);
    struct ohm_diag diag = {0};
    struct ohm_str text = {0};
    struct ohm_doc *doc = NULL;
    enum ohm_status st;

    if (!w)
        return ohm_fail(err, OHM_ENOMEM, "no memory to write chip %s", chip->name);
    *w = (struct writing){.chip = chip, .source = chip->source, .number = number, .numbers = numbers};
    if ((st = ohm_doc_parse(&doc, chip->source, strlen(chip->source), chip->name, &diag)) != OHM_OK) {
        st = ohm_diag_status(&diag, err);
    } else if ((st = edit_all(w, ohm_doc_root(doc), name, source, err)) == OHM_OK) {
        apply(w, &text);
        st = text.failed ? ohm_fail(err, OHM_ENOMEM, "no memory to write chip %s", chip->name) : check(&text, w, err);
    }
    if (st == OHM_OK)
        ohm_str_append_n(s, ohm_str_text(&text), text.length);
    for (int i = 0; i < w->edits; i++)
        ohm_str_release(&w->edit[i].text);
    ohm_str_release(&text);
    ohm_doc_free(doc);
    ohm_diag_release(&diag);
    ohm_free(w);
    return st;
}
