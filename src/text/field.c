/* field.c - walking a table of options. */
#include "ohm/field.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void *member(void *object, const struct ohm_field *f)
{
    return (char *)object + f->offset;
}

static const void *member_of(const void *object, const struct ohm_field *f)
{
    return (const char *)object + f->offset;
}

static int count_names(const struct ohm_field *f)
{
    int n = 0;

    while (f->names[n])
        n++;
    return n;
}

static void set_number(const struct ohm_field *f, void *object, double value)
{
    void *place = member(object, f);

    switch (f->kind) {
    case OHM_FIELD_INT:
        *(int64_t *)place = (int64_t)value;
        break;
    case OHM_FIELD_REAL:
        *(double *)place = value;
        break;
    case OHM_FIELD_BOOL:
        *(bool *)place = value != 0;
        break;
    case OHM_FIELD_CHOICE:
        *(int *)place = (int)value;
        break;
    case OHM_FIELD_TEXT:
    case OHM_FIELD_END:
        assert(false && "a text is no number");
        break;
    }
}

void ohm_fields_default(const struct ohm_field *fields, void *object)
{
    for (const struct ohm_field *f = fields; f->kind != OHM_FIELD_END; f++) {
        if (f->kind == OHM_FIELD_TEXT)
            snprintf(member(object, f), OHM_FIELD_TEXT_SIZE, "%s", f->text ? f->text : "");
        else
            set_number(f, object, f->fallback);
    }
}

const struct ohm_field *ohm_field_find(const struct ohm_field *fields, const char *key)
{
    for (const struct ohm_field *f = fields; f->kind != OHM_FIELD_END; f++)
        if (strcmp(f->key, key) == 0)
            return f;
    return NULL;
}

/* The bounds of an int as int64_t: 1e19 in a table means "no bound", and must not overflow. */
static long long bound(double value)
{
    return value >= 0x1p63 ? INT64_MAX : value <= -0x1p63 ? INT64_MIN : (long long)value;
}

static enum ohm_status set_int(const struct ohm_field *f, void *object, const char *text, struct ohm_error *err)
{
    int64_t v;

    if (!ohm_parse_int64(text, &v))
        return ohm_fail(err, OHM_ECONFIG, "%s is '%.80s', not a whole number", f->key, text);
    if (v < bound(f->min) || v > bound(f->max))
        return ohm_fail(err, OHM_ERANGE, "%s is %s, outside [%lld, %lld]", f->key, text, bound(f->min), bound(f->max));
    *(int64_t *)member(object, f) = v;
    return OHM_OK;
}

static enum ohm_status set_real(const struct ohm_field *f, void *object, const char *text, struct ohm_error *err)
{
    char low[32], high[32];
    double v;

    if (!ohm_parse_double(text, &v))
        return ohm_fail(err, OHM_ECONFIG, "%s is '%.80s', not a number", f->key, text);
    if (!(v >= f->min && v <= f->max))
        return ohm_fail(err, OHM_ERANGE, "%s is %.80s, outside [%s, %s]", f->key, text, ohm_format_double(low, f->min),
                        ohm_format_double(high, f->max));
    *(double *)member(object, f) = v;
    return OHM_OK;
}

static enum ohm_status set_choice(const struct ohm_field *f, void *object, const char *text, struct ohm_error *err)
{
    const int n = count_names(f);
    const char *near = ohm_nearest(text, f->names, n);
    struct ohm_str list = {0};

    for (int i = 0; i < n; i++)
        if (strcmp(text, f->names[i]) == 0) {
            *(int *)member(object, f) = i;
            return OHM_OK;
        }
    for (int i = 0; i < n; i++)
        ohm_str_printf(&list, "%s%s", i ? ", " : "", f->names[i]);
    ohm_fail(err, OHM_ECONFIG, "%s is '%.80s', not one of: %.256s%s%s%s", f->key, text, ohm_str_text(&list),
             near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    ohm_str_release(&list);
    return OHM_ECONFIG;
}

static enum ohm_status set_text(const struct ohm_field *f, void *object, const char *text, struct ohm_error *err)
{
    if (strlen(text) >= OHM_FIELD_TEXT_SIZE)
        return ohm_fail(err, OHM_ERANGE, "%s is longer than %d bytes", f->key, OHM_FIELD_TEXT_SIZE - 1);
    snprintf(member(object, f), OHM_FIELD_TEXT_SIZE, "%s", text);
    return OHM_OK;
}

static enum ohm_status set_member(const struct ohm_field *f, void *object, const char *text, struct ohm_error *err)
{
    switch (f->kind) {
    case OHM_FIELD_INT:
        return set_int(f, object, text, err);
    case OHM_FIELD_REAL:
        return set_real(f, object, text, err);
    case OHM_FIELD_BOOL:
        if (!ohm_parse_bool(text, member(object, f)))
            return ohm_fail(err, OHM_ECONFIG, "%s is '%.80s', not true or false", f->key, text);
        return OHM_OK;
    case OHM_FIELD_CHOICE:
        return set_choice(f, object, text, err);
    case OHM_FIELD_TEXT:
        return set_text(f, object, text, err);
    case OHM_FIELD_END:
        break;
    }
    return OHM_OK;
}

enum { NAMES_MAX = 128 };

static enum ohm_status fail_unknown(const struct ohm_field *fields, const char *key, struct ohm_error *err)
{
    const char *name[NAMES_MAX] = {NULL}, *near;
    struct ohm_str list = {0};
    int n = 0;

    for (const struct ohm_field *f = fields; f->kind != OHM_FIELD_END && n < NAMES_MAX; f++)
        name[n++] = f->key;
    near = ohm_nearest(key, name, n);
    if (near)
        return ohm_fail(err, OHM_ECONFIG, "unknown key '%.80s'; did you mean '%s'?", key, near);
    for (int i = 0; i < n; i++)
        ohm_str_printf(&list, "%s%s", i ? ", " : "", name[i]);
    ohm_fail(err, OHM_ECONFIG, "unknown key '%.80s'; %s%.300s", key, n ? "known here: " : "there are no options here",
             ohm_str_text(&list));
    ohm_str_release(&list);
    return OHM_ECONFIG;
}

enum ohm_status ohm_field_set(const struct ohm_field *fields, void *object, const char *key, const char *text,
                              struct ohm_error *err)
{
    const struct ohm_field *f = ohm_field_find(fields, key);

    return f ? set_member(f, object, text, err) : fail_unknown(fields, key, err);
}

/* A number in quotes is a text in YAML; the command line has no such difference. */
static void read_member(const struct ohm_field *f, void *object, const struct ohm_node *node, struct ohm_diag *diag)
{
    struct ohm_error err;
    const char *text;

    if (f->kind == OHM_FIELD_INT || f->kind == OHM_FIELD_REAL || f->kind == OHM_FIELD_BOOL) {
        if (node->kind == OHM_NODE_SCALAR && node->quoted) {
            ohm_node_fail(node, diag, "%s is the text \"%.80s\", not %s", f->key, node->text,
                          f->kind == OHM_FIELD_BOOL ? "true or false" : "a number");
            return;
        }
    }
    if (!ohm_node_text(node, f->key, &text, diag))
        return;
    if (set_member(f, object, text, &err) != OHM_OK)
        ohm_diag_add(diag, err.status, ohm_doc_path(node->doc), node->line, node->column, "%s", err.text);
}

void ohm_fields_read(const struct ohm_field *fields, void *object, struct ohm_node *map, struct ohm_diag *diag)
{
    for (const struct ohm_field *f = fields; f->kind != OHM_FIELD_END; f++) {
        const struct ohm_node *node = ohm_map_get(map, f->key);

        if (node)
            read_member(f, object, node, diag);
    }
}

void ohm_field_print(struct ohm_str *s, const struct ohm_field *field, const void *object)
{
    const void *place = member_of(object, field);

    switch (field->kind) {
    case OHM_FIELD_INT:
        ohm_str_printf(s, "%lld", (long long)*(const int64_t *)place);
        break;
    case OHM_FIELD_REAL:
        ohm_str_append_double(s, *(const double *)place);
        break;
    case OHM_FIELD_BOOL:
        ohm_str_append(s, *(const bool *)place ? "true" : "false");
        break;
    case OHM_FIELD_CHOICE:
        ohm_str_append(s, field->names[*(const int *)place]);
        break;
    case OHM_FIELD_TEXT:
        ohm_str_append(s, place);
        break;
    case OHM_FIELD_END:
        break;
    }
}

bool ohm_field_is_default(const struct ohm_field *f, const void *object)
{
    const void *const at = (const char *)object + f->offset;

    switch (f->kind) {
    case OHM_FIELD_INT:
        return *(const int64_t *)at == (int64_t)f->fallback;
    case OHM_FIELD_REAL:
        return memcmp(at, &f->fallback, sizeof f->fallback) == 0;
    case OHM_FIELD_BOOL:
        return *(const bool *)at == (f->fallback > 0);
    case OHM_FIELD_CHOICE:
        return *(const int *)at == (int)f->fallback;
    default:
        return strcmp(at, f->text) == 0;
    }
}

bool ohm_field_told(const struct ohm_field *field, const void *object)
{
    return !field->later || !ohm_field_is_default(field, object);
}

void ohm_fields_print(struct ohm_str *s, const struct ohm_field *fields, const void *object)
{
    const char *between = "";

    for (const struct ohm_field *f = fields; f->kind != OHM_FIELD_END; f++) {
        if (!ohm_field_told(f, object))
            continue;
        ohm_str_append(s, between);
        ohm_str_append(s, f->key);
        ohm_str_append(s, "=");
        ohm_field_print(s, f, object);
        between = " ";
    }
}
