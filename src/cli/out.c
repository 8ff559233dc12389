/* out.c - one answer in four forms, and the only functions that write to the terminal. */
#include "cli_int.h"

#include "ohm/csv.h"
#include "ohm/file.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What has gathered is written when it gets this long, so that a million rows need no memory. */
enum { FLUSH_BYTES = 1 << 16 };

bool ohm_colour_wanted(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

int ohm_terminal_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    int64_t n;

    if (!isatty(STDOUT_FILENO))
        return 0;
    if (columns && ohm_parse_int64(columns, &n) && n > 0 && n < 10000)
        return (int)n;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void ohm_say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static enum ohm_status put(const char *text, size_t n, struct ohm_error *err)
{
    if (fwrite(text, 1, n, stdout) != n || fflush(stdout) != 0)
        return ohm_fail_errno(err, OHM_EIO, errno, "cannot write to standard output");
    return OHM_OK;
}

enum ohm_status ohm_print(const struct ohm_str *s, struct ohm_error *err)
{
    if (s->failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    return put(ohm_str_text(s), s->length, err);
}

enum ohm_status ohm_write(const char *path, const struct ohm_str *s, struct ohm_error *err)
{
    if (!path || strcmp(path, "-") == 0)
        return ohm_print(s, err);
    if (s->failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    return ohm_file_write(path, ohm_str_text(s), s->length, err);
}

bool ohm_out_for_people(const struct ohm_out *o)
{
    return o->form == OHM_OUT_TABLE;
}

void ohm_out_begin(struct ohm_out *o, const struct ohm_format *format, const char *schema)
{
    *o = (struct ohm_out){0};
    o->form = format->json ? OHM_OUT_JSON : format->jsonl ? OHM_OUT_JSONL : format->csv ? OHM_OUT_CSV : OHM_OUT_TABLE;
    o->emit = (struct ohm_emit){.json = true, .compact = o->form == OHM_OUT_JSONL};
    o->width = ohm_terminal_width();
    o->bold = ohm_colour_wanted(STDOUT_FILENO);
    if (o->form == OHM_OUT_JSON || o->form == OHM_OUT_JSONL)
        ohm_emit_map(&o->emit, NULL);
    if (o->form == OHM_OUT_JSON)
        ohm_emit_text(&o->emit, "schema", schema);
}

void ohm_out_say(struct ohm_out *o, const char *format, ...)
{
    va_list args;
    char text[1024];

    if (o->form != OHM_OUT_TABLE)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ohm_str_printf(&o->text, "%s\n", text);
}

void ohm_out_block(struct ohm_out *o, const struct ohm_str *text)
{
    if (o->form == OHM_OUT_TABLE)
        ohm_str_append_n(&o->text, ohm_str_text(text), text->length);
}

/* Writes what has gathered; a failure to write is found again by ferror at the end. */
static void flush(struct ohm_out *o, struct ohm_str *s, bool always)
{
    if (s->failed || s->length == 0 || (!always && s->length < FLUSH_BYTES))
        return;
    if (!o->quiet && put(s->text, s->length, NULL) != OHM_OK)
        o->quiet = true;
    ohm_str_clear(s);
}

static void end_line(struct ohm_str *s)
{
    if (s->length == 0 || s->text[s->length - 1] != '\n')
        ohm_str_append(s, "\n");
}

void ohm_out_list(struct ohm_out *o, const char *name)
{
    o->list = name;
    o->rows = 0;
    if (o->form == OHM_OUT_TABLE && o->text.length > 1 && o->text.text[o->text.length - 2] != '\n')
        ohm_str_append(&o->text, "\n"); /* an empty line between fields and rows */
    if (o->form == OHM_OUT_JSON)
        ohm_emit_list(&o->emit, name);
    /* JSON lines and CSV show rows only: the fields before them are dropped. */
    if (!o->listed && o->form == OHM_OUT_JSONL) {
        ohm_str_release(&o->emit.out);
        o->emit = (struct ohm_emit){.json = true, .compact = true};
    }
    if (!o->listed && o->form == OHM_OUT_CSV) {
        ohm_str_clear(&o->text);
        ohm_str_clear(&o->names);
    }
    o->listed = true;
}

void ohm_out_row(struct ohm_out *o)
{
    o->in_row = true;
    if (o->form == OHM_OUT_JSON || o->form == OHM_OUT_JSONL)
        ohm_emit_map(&o->emit, NULL);
}

void ohm_out_row_end(struct ohm_out *o)
{
    o->in_row = false;
    o->rows++;
    if (o->form == OHM_OUT_JSON || o->form == OHM_OUT_JSONL)
        ohm_emit_end(&o->emit);
    if (o->form == OHM_OUT_JSONL) {
        end_line(&o->emit.out);
        flush(o, &o->emit.out, true);
        ohm_str_release(&o->emit.out);
        o->emit = (struct ohm_emit){.json = true, .compact = true};
    }
    if (o->form == OHM_OUT_CSV) {
        if (o->rows == 1) {
            ohm_str_append(&o->names, "\n");
            flush(o, &o->names, true);
        }
        ohm_str_append(&o->text, "\n");
        flush(o, &o->text, false);
    }
    if (o->form == OHM_OUT_JSON)
        flush(o, &o->emit.out, false);
}

void ohm_out_list_end(struct ohm_out *o)
{
    if (o->form == OHM_OUT_JSON)
        ohm_emit_end(&o->emit);
    if (o->form == OHM_OUT_TABLE) {
        if (o->rows > 0 && o->table.columns > 0)
            ohm_table_print(&o->text, &o->table, o->width, o->bold);
        ohm_table_release(&o->table);
        flush(o, &o->text, true);
    }
    o->list = NULL;
}

/* A value in text form, for tables and CSV. */
static void put_cell(struct ohm_out *o, const char *name, const char *text, bool right)
{
    const bool one_row = !o->list; /* fields stand below each other in a table, in one row in CSV */

    if (o->form == OHM_OUT_TABLE && one_row) {
        ohm_str_printf(&o->text, "%-18s %s\n", name, text);
    } else if (o->form == OHM_OUT_TABLE) {
        if (o->rows == 0)
            ohm_table_column(&o->table, name, right);
        ohm_table_cell(&o->table, text);
    } else if (!o->listed || o->list) {
        if (o->rows == 0) {
            ohm_str_append(&o->names, o->names.length ? "," : "");
            ohm_csv_append(&o->names, name);
        }
        if (o->text.length > 0 && o->text.text[o->text.length - 1] != '\n')
            ohm_str_append(&o->text, ",");
        ohm_csv_append(&o->text, text);
    }
}

static bool as_json(const struct ohm_out *o)
{
    return o->form == OHM_OUT_JSON || o->form == OHM_OUT_JSONL;
}

/* Fields after the lists have no place in JSON lines. */
static bool dropped(const struct ohm_out *o)
{
    return o->form == OHM_OUT_JSONL && o->listed && !o->in_row;
}

void ohm_out_text(struct ohm_out *o, const char *name, const char *value)
{
    if (dropped(o))
        return;
    if (as_json(o))
        ohm_emit_text(&o->emit, name, value);
    else
        put_cell(o, name, value ? value : o->form == OHM_OUT_TABLE ? "-" : "", false);
}

void ohm_out_str(struct ohm_out *o, const char *name, const struct ohm_str *value)
{
    o->failed = o->failed || value->failed;
    ohm_out_text(o, name, ohm_str_text(value));
}

void ohm_out_int(struct ohm_out *o, const char *name, int64_t value)
{
    char text[32];

    if (dropped(o))
        return;
    snprintf(text, sizeof(text), "%lld", (long long)value);
    if (as_json(o))
        ohm_emit_int(&o->emit, name, value);
    else
        put_cell(o, name, text, true);
}

void ohm_out_double(struct ohm_out *o, const char *name, double value)
{
    char text[32];

    if (dropped(o))
        return;
    if (as_json(o)) {
        ohm_emit_double(&o->emit, name, value);
        return;
    }
    if (o->form == OHM_OUT_CSV)
        put_cell(o, name, isfinite(value) ? ohm_format_double(text, value) : "", true);
    else {
        /* Counts keep all their digits; six are enough for people elsewhere. */
        const bool whole = fabs(value) < 1e15 && floor(value) == value;

        snprintf(text, sizeof(text), whole ? "%.0f" : "%.6g", value);
        put_cell(o, name, isfinite(value) ? text : "-", true);
    }
}

void ohm_out_bool(struct ohm_out *o, const char *name, bool value)
{
    if (dropped(o))
        return;
    if (as_json(o))
        ohm_emit_bool(&o->emit, name, value);
    else if (o->form == OHM_OUT_CSV)
        put_cell(o, name, value ? "true" : "false", false);
    else
        put_cell(o, name, value ? "yes" : "no", false);
}

static void release(struct ohm_out *o)
{
    ohm_str_release(&o->emit.out);
    ohm_str_release(&o->text);
    ohm_str_release(&o->names);
    ohm_table_release(&o->table);
}

enum ohm_status ohm_out_drop(struct ohm_out *o)
{
    release(o);
    return OHM_OK;
}

enum ohm_status ohm_out_end(struct ohm_out *o, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (o->form == OHM_OUT_JSON || (o->form == OHM_OUT_JSONL && !o->listed)) {
        ohm_emit_end(&o->emit);
        end_line(&o->emit.out);
    }
    if (o->form == OHM_OUT_CSV && !o->listed && o->text.length > 0) {
        ohm_str_append(&o->names, "\n");
        ohm_str_append(&o->text, "\n");
    }
    if (o->failed || o->emit.out.failed || o->text.failed || o->names.failed || o->table.failed)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (o->form == OHM_OUT_CSV && !o->listed)
        flush(o, &o->names, true);
    flush(o, &o->text, true);
    flush(o, &o->emit.out, true);
    release(o);
    if (st == OHM_OK && (o->quiet || ferror(stdout)))
        st = ohm_fail(err, OHM_EIO, "cannot write to standard output");
    return st;
}

enum ohm_status ohm_out_source(const struct ohm_format *format, const char *kind, const char *name, const char *source,
                               struct ohm_error *err)
{
    struct ohm_out out;
    struct ohm_str s = {0};

    ohm_str_append(&s, source);
    ohm_out_begin(&out, format, "ohmnas.source/1");
    if (ohm_out_for_people(&out))
        ohm_out_block(&out, &s);
    else {
        ohm_out_text(&out, "kind", kind);
        ohm_out_text(&out, "name", name);
        ohm_out_str(&out, "source", &s);
    }
    ohm_str_release(&s);
    return ohm_out_end(&out, err);
}
