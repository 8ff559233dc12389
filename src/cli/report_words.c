/* report_words.c - command lines of a report, word by word. */
#include "report_words.h"

#include <string.h>

void ohm_words_option(struct ohm_str *s, const char *name, const char *value)
{
    ohm_str_printf(s, " --%s ", name);
    ohm_str_append_word(s, value);
}

void ohm_words_count(struct ohm_str *s, const char *name, int64_t value)
{
    ohm_str_printf(s, " --%s %lld", name, (long long)value);
}

void ohm_words_set(struct ohm_str *s, const char *prefix, const char *key, const char *value)
{
    struct ohm_str word = {0};

    ohm_str_printf(&word, "%s%s=%s", prefix, key, value);
    ohm_words_option(s, "set", ohm_str_text(&word));
    s->failed |= word.failed;
    ohm_str_release(&word);
}

void ohm_words_db(struct ohm_str *s, const struct ohm_report *r)
{
    if (strcmp(r->opt->db, "ohmnas.db") != 0)
        ohm_words_option(s, "db", r->opt->db);
}

enum ohm_status ohm_words_keep(struct ohm_report *r, struct ohm_str *command, struct ohm_error *err)
{
    struct ohm_words *const w = &r->commands;
    const char *const text = ohm_arena_strdup(&r->cli->arena, ohm_str_text(command));
    const char **item;
    const bool failed = command->failed || !text;

    ohm_str_release(command);
    for (int i = 0; !failed && i < w->count; i++)
        if (strcmp(w->item[i], text) == 0)
            return OHM_OK;
    item = failed ? NULL : ohm_arena_alloc(&r->cli->arena, (size_t)w->count + 1, sizeof *item);
    if (!item)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (w->count > 0)
        memcpy(item, w->item, (size_t)w->count * sizeof *item);
    item[w->count++] = text;
    w->item = item;
    return OHM_OK;
}

void ohm_words_net(struct ohm_str *s, const char *name)
{
    struct ohm_str path = {0};

    if (strncmp(name, "n:", 2) != 0)
        ohm_str_printf(&path, "searchspaces/reference/%s.yaml", name);
    ohm_str_append_word(s, strncmp(name, "n:", 2) == 0 ? name : ohm_str_text(&path));
    s->failed |= path.failed;
    ohm_str_release(&path);
}
