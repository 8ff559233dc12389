/* settings.c - the list of settings of a study, and which of them holds. */
#include "study_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *key;
    bool list;
} keys[] = { { "study", false },     { "task", false },       { "space", false },       { "chip", false },
             { "surrogates", true }, { "strategy", false },   { "objectives", true },   { "constraints", true },
             { "budget", false },    { "seed", false } };

enum { KEYS = sizeof keys / sizeof keys[0] };

static bool is_list(const char *key)
{
    for (int i = 0; i < KEYS; i++)
        if (strcmp(keys[i].key, key) == 0)
            return keys[i].list;
    return false;
}

static bool is_known(const char *key)
{
    for (int i = 0; i < KEYS; i++)
        if (strcmp(keys[i].key, key) == 0)
            return true;
    return strncmp(key, "chip_use.", 9) == 0 || strncmp(key, "strategy.", 9) == 0 ||
           strncmp(key, "chip_axes.", 10) == 0;
}

bool setting_add(struct setting_list *list, const char *key, const char *value, const char *origin, int rank)
{
    struct stored_setting *s;

    if (!ohm_grow(&list->item, &list->capacity, (size_t)list->count + 1, sizeof *list->item))
        return false;
    s = &list->item[list->count];
    *s = (struct stored_setting){ .rank = rank };
    s->setting.key = ohm_arena_strdup(&list->arena, key);
    s->setting.value = ohm_arena_strdup(&list->arena, value);
    s->setting.origin = ohm_arena_strdup(&list->arena, origin);
    if (!s->setting.key || !s->setting.value || !s->setting.origin)
        return false;
    list->count++;
    return true;
}

const struct stored_setting *setting_find(const struct setting_list *list, const char *key)
{
    const struct stored_setting *best = NULL;

    for (int i = 0; i < list->count; i++)
        if (strcmp(list->item[i].setting.key, key) == 0 && (!best || list->item[i].rank >= best->rank))
            best = &list->item[i];
    return best;
}

const char *setting_value(const struct setting_list *list, const char *key, const char *fallback)
{
    const struct stored_setting *s = setting_find(list, key);

    return s ? s->setting.value : fallback;
}

enum ohm_status setting_fail(struct ohm_diag *diag, const struct stored_setting *s, enum ohm_status status,
                             const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (s && s->path)
        return ohm_diag_add(diag, status, s->path, s->line, s->column, "%s", text);
    if (s)
        return ohm_diag_add(diag, status, NULL, 0, 0, "%s: %s", s->setting.origin, text);
    return ohm_diag_add(diag, status, NULL, 0, 0, "%s", text);
}

static void check_key(const struct stored_setting *s, struct ohm_diag *diag)
{
    const char *names[KEYS];
    const char *nearest;

    if (is_known(s->setting.key))
        return;
    for (int i = 0; i < KEYS; i++)
        names[i] = keys[i].key;
    nearest = ohm_nearest(s->setting.key, names, KEYS);
    if (nearest)
        setting_fail(diag, s, OHM_ECONFIG, "unknown setting '%s', did you mean '%s'?", s->setting.key, nearest);
    else
        setting_fail(diag, s, OHM_ECONFIG, "unknown setting '%s'", s->setting.key);
}

void settings_resolve(struct setting_list *list, struct ohm_diag *diag)
{
    int kept = 0;

    for (int i = 0; i < list->count; i++) {
        const struct stored_setting *s = &list->item[i];
        const struct stored_setting *best = setting_find(list, s->setting.key);

        check_key(s, diag);
        if (is_list(s->setting.key) ? s->rank == best->rank : s == best)
            continue;
        list->item[i].rank = -1;
    }
    for (int i = 0; i < list->count; i++)
        if (list->item[i].rank >= 0)
            list->item[kept++] = list->item[i];
    list->count = kept;
}

void settings_release(struct setting_list *list)
{
    ohm_free(list->item);
    ohm_arena_release(&list->arena);
    *list = (struct setting_list){ 0 };
}
