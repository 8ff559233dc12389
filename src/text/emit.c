/* emit.c - YAML and JSON, written as the calls come.
 *
 * An empty list or map of block style must be written as [] or {}, and only ohm_emit_end knows that it is empty: the
 * opening of a block writes nothing but its key, and its first child begins the line. */
#include "ohm/emit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- texts ---- */

/* The code point at p and its length in bytes; an invalid byte is U+FFFD of length 1. */
static unsigned decode(const char *p, size_t *length)
{
    const unsigned char *s = (const unsigned char *)p;
    const int n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    unsigned c = n <= 1 ? s[0] : s[0] & (0x7fu >> n);

    *length = 1;
    if (n == 0)
        return 0xfffd;
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0xfffd;
        c = c << 6 | (s[i] & 0x3fu);
    }
    if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0xfffd;
    *length = (size_t)n;
    return c;
}

/* Controls, and what YAML takes for a line break or forbids. */
static bool must_escape(unsigned c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffd ||
           c == 0xfffe || c == 0xffff;
}

/* The escapes of JSON are all escapes of YAML too. */
static void put_quoted(struct ohm_str *out, const char *text)
{
    static const char named[] = "\"\\\n\t\r", names[] = "\"\\ntr";
    size_t n;

    ohm_str_append(out, "\"");
    for (const char *p = text; *p; p += n) {
        const unsigned c = decode(p, &n);
        const char *at = c < 0x80 ? strchr(named, (int)c) : NULL;

        if (at)
            ohm_str_printf(out, "\\%c", names[at - named]);
        else if (must_escape(c))
            ohm_str_printf(out, "\\u%04x", c);
        else
            ohm_str_append_n(out, p, n);
    }
    ohm_str_append(out, "\"");
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Words that some YAML reader takes for no text. */
static bool is_yaml_word(const char *text)
{
    static const char *const words[] = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* Narrower than YAML's own rule, so that every reader agrees: a letter first, then letters, digits and harmless marks;
 * ':' only inside a word, and not in flow style. */
static bool is_plain(const char *text, bool flow)
{
    const size_t n = strlen(text);

    if (n == 0 || n > 200 || !is_letter(text[0]) || text[n - 1] == ' ' || is_yaml_word(text))
        return false;
    for (const char *p = text; *p; p++) {
        if (is_letter(*p) || (*p >= '0' && *p <= '9') || strchr(" ./+-<>=()^", *p))
            continue;
        if (*p != ':' || flow || p[1] == ' ' || p[1] == '\0' || p[1] == ':')
            return false;
    }
    return true;
}

/* ---- places ---- */

static bool in_flow(const struct ohm_emit *e)
{
    return e->depth > 0 && e->level[e->depth - 1].flow;
}

static void put_text(struct ohm_emit *e, const char *text)
{
    if (!e->json && is_plain(text, in_flow(e)))
        ohm_str_append(&e->out, text);
    else
        put_quoted(&e->out, text);
}

static void new_line(struct ohm_emit *e, int depth)
{
    ohm_str_printf(&e->out, "\n%*s", 2 * depth, "");
}

static void begin_json(struct ohm_emit *e, const char *key)
{
    const bool any = e->level[e->depth - 1].any, one_line = e->compact || in_flow(e);

    if (any)
        ohm_str_append(&e->out, one_line && !e->compact ? ", " : ",");
    if (!one_line)
        new_line(e, e->depth);
    if (key) {
        put_quoted(&e->out, key);
        ohm_str_append(&e->out, e->compact ? ":" : ": ");
    }
}

/* After this, a value is written with a blank before it, unless it is the first of a flow list. */
static void begin_yaml(struct ohm_emit *e, const char *key)
{
    const bool any = e->level[e->depth - 1].any, flow = in_flow(e);
    const bool beside_dash = !any && e->depth > 1 && e->level[e->depth - 2].list;

    if (flow)
        ohm_str_append(&e->out, any ? ", " : "");
    else if (beside_dash)
        ohm_str_append(&e->out, " ");
    else if (any || e->depth > 1)
        new_line(e, e->depth - 1);
    if (key) {
        put_text(e, key);
        ohm_str_append(&e->out, ":");
    } else if (!flow) {
        ohm_str_append(&e->out, "-");
    }
}

static void begin(struct ohm_emit *e, const char *key)
{
    if (e->depth == 0) {
        assert(!key && "the root has no key");
        return;
    }
    assert(e->level[e->depth - 1].list == !key && "keys stand in maps, and only there");
    if (e->json)
        begin_json(e, key);
    else
        begin_yaml(e, key);
    e->level[e->depth - 1].any = true;
}

static void begin_value(struct ohm_emit *e, const char *key)
{
    begin(e, key);
    if (!e->json && e->depth > 0 && (key || !in_flow(e)))
        ohm_str_append(&e->out, " ");
}

static void end_root(struct ohm_emit *e)
{
    if (e->depth == 0)
        ohm_str_append(&e->out, "\n");
}

static void open_level(struct ohm_emit *e, const char *key, bool list, bool flow)
{
    const bool inside_flow = in_flow(e);

    assert(e->depth < OHM_EMIT_DEPTH_MAX);
    flow = flow || inside_flow;
    if (e->json || !flow)
        begin(e, key);
    else
        begin_value(e, key);
    if (e->json || flow)
        ohm_str_append(&e->out, list ? "[" : "{");
    e->level[e->depth].list = list;
    e->level[e->depth].any = false;
    e->level[e->depth].flow = flow;
    e->depth++;
}

void ohm_emit_map(struct ohm_emit *e, const char *key)
{
    open_level(e, key, false, false);
}

void ohm_emit_list(struct ohm_emit *e, const char *key)
{
    open_level(e, key, true, false);
}

void ohm_emit_flow_map(struct ohm_emit *e, const char *key)
{
    open_level(e, key, false, true);
}

void ohm_emit_flow_list(struct ohm_emit *e, const char *key)
{
    open_level(e, key, true, true);
}

void ohm_emit_end(struct ohm_emit *e)
{
    const bool list = e->level[e->depth - 1].list, any = e->level[e->depth - 1].any, flow = in_flow(e);

    assert(e->depth > 0);
    e->depth--;
    if (e->json && any && !flow && !e->compact)
        new_line(e, e->depth);
    if (e->json || flow)
        ohm_str_append(&e->out, list ? "]" : "}");
    else if (!any)
        ohm_str_printf(&e->out, "%s%s", e->depth > 0 ? " " : "", list ? "[]" : "{}");
    end_root(e);
}

/* ---- values ---- */

void ohm_emit_text(struct ohm_emit *e, const char *key, const char *value)
{
    if (!value) {
        ohm_emit_null(e, key);
        return;
    }
    begin_value(e, key);
    put_text(e, value);
    end_root(e);
}

static void emit_word(struct ohm_emit *e, const char *key, const char *word)
{
    begin_value(e, key);
    ohm_str_append(&e->out, word);
    end_root(e);
}

void ohm_emit_int(struct ohm_emit *e, const char *key, int64_t value)
{
    begin_value(e, key);
    ohm_str_printf(&e->out, "%lld", (long long)value);
    end_root(e);
}

/* 1e-05 is a number to us and to JSON, but a text to readers of YAML 1.1, which want a point. */
void ohm_emit_double(struct ohm_emit *e, const char *key, double value)
{
    char buffer[32];
    const char *exponent;

    if (!isfinite(value)) {
        ohm_emit_null(e, key);
        return;
    }
    ohm_format_double(buffer, value);
    exponent = strchr(buffer, 'e');
    begin_value(e, key);
    if (!e->json && exponent && !strchr(buffer, '.'))
        ohm_str_printf(&e->out, "%.*s.0%s", (int)(exponent - buffer), buffer, exponent);
    else
        ohm_str_append(&e->out, buffer);
    end_root(e);
}

void ohm_emit_bool(struct ohm_emit *e, const char *key, bool value)
{
    emit_word(e, key, value ? "true" : "false");
}

void ohm_emit_null(struct ohm_emit *e, const char *key)
{
    emit_word(e, key, "null");
}
