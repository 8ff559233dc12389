/* opt.c - the command line into a struct, by the rows of a table. */
#include "cli_int.h"

#include "ohm/mem.h"

#include <stdlib.h>
#include <string.h>

struct common {
    bool help, verbose;
};

const struct ohm_option ohm_common_options[] = {
    OHM_OPT_FLAG(common, help, "help", 'h', "show the help of this command"),
    OHM_OPT_FLAG(common, verbose, "verbose", 'v', "say more, and where in the program an error arose"),
    OHM_OPT_END,
};

struct parse {
    struct ohm_cli *cli;
    const struct ohm_command *command;
    const struct ohm_option *options;
    struct common common;
    void *object;
    struct ohm_args *args;
    struct ohm_error *err;
};

/* The object that an option's row belongs to. */
static void *member(struct parse *p, const struct ohm_option *o, const struct ohm_option *table)
{
    return (char *)(table == ohm_common_options ? (void *)&p->common : p->object) + o->offset;
}

static enum ohm_status add_word(struct ohm_cli *cli, struct ohm_words *words, const char *text, struct ohm_error *err)
{
    const char **item = ohm_arena_alloc(&cli->arena, (size_t)words->count + 1, sizeof(*item));

    if (!item)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (words->count > 0)
        memcpy(item, words->item, (size_t)words->count * sizeof(*item));
    item[words->count++] = text;
    words->item = item;
    return OHM_OK;
}

enum ohm_status ohm_words_split(struct ohm_cli *cli, const char *text, char divider, struct ohm_words *words,
                                struct ohm_error *err)
{
    char *copy = text ? ohm_arena_strdup(&cli->arena, text) : NULL;
    enum ohm_status st = OHM_OK;

    if (text && !copy)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    while (copy && *copy && st == OHM_OK) {
        char *end = strchr(copy, divider);

        if (end)
            *end = '\0';
        if (*copy)
            st = add_word(cli, words, copy, err);
        copy = end ? end + 1 : NULL;
    }
    return st;
}

static int count_names(const char *const *names)
{
    int n = 0;

    while (names[n])
        n++;
    return n;
}

static enum ohm_status check_name(const struct ohm_option *o, const char *text, const char *origin,
                                  struct ohm_error *err)
{
    struct ohm_str legal = {0};
    const char *near;
    enum ohm_status st;

    for (int i = 0; o->names[i]; i++)
        if (strcmp(o->names[i], text) == 0)
            return OHM_OK;
    for (int i = 0; o->names[i]; i++)
        ohm_str_printf(&legal, "%s%s", i ? ", " : "", o->names[i]);
    near = ohm_nearest(text, o->names, count_names(o->names));
    st = ohm_fail(err, OHM_ECONFIG, "%s is '%.80s', not one of %s%s%s%s", origin, text, ohm_str_text(&legal),
                  near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    ohm_str_release(&legal);
    return st;
}

/* Sets one member from text; `origin` is how the user said it. */
static enum ohm_status set(struct parse *p, const struct ohm_option *o, const struct ohm_option *table,
                           const char *text, const char *origin)
{
    void *to = member(p, o, table);
    int64_t number;

    switch (o->kind) {
    case OHM_OPTION_FLAG:
        *(bool *)to = true;
        return OHM_OK;
    case OHM_OPTION_TEXT:
        if (o->names && check_name(o, text, origin, p->err) != OHM_OK)
            return OHM_ECONFIG;
        *(const char **)to = text;
        return OHM_OK;
    case OHM_OPTION_INT:
        if (!ohm_parse_int64(text, &number))
            return ohm_fail(p->err, OHM_ECONFIG, "%s is '%.80s', not a whole number", origin, text);
        if ((double)number < o->min || (double)number > o->max)
            return ohm_fail(p->err, OHM_ERANGE, "%s is %s, outside [%.0f, %.0f]", origin, text, o->min, o->max);
        *(int64_t *)to = number;
        return OHM_OK;
    case OHM_OPTION_LIST:
        return add_word(p->cli, to, text, p->err);
    case OHM_OPTION_END:
        break;
    }
    return OHM_OK;
}

static enum ohm_status set_defaults(struct parse *p)
{
    for (int i = 0; p->options[i].kind; i++) {
        const struct ohm_option *o = &p->options[i];
        const char *value = o->env ? getenv(o->env) : NULL;
        enum ohm_status st;

        if (value && *value)
            p->args->origin[i] = o->env;
        else
            value = o->fallback;
        if (value && (st = set(p, o, p->options, value, p->args->origin[i] ? o->env : o->name)) != OHM_OK)
            return st;
    }
    return OHM_OK;
}

/* A long option by its name or a prefix that fits no other. */
static const struct ohm_option *find_long(struct parse *p, const char *name, size_t length,
                                          const struct ohm_option **table, int *fits)
{
    const struct ohm_option *const tables[2] = {p->options, ohm_common_options};
    const struct ohm_option *found = NULL;

    *fits = 0;
    for (int t = 0; t < 2; t++)
        for (const struct ohm_option *o = tables[t]; o->kind; o++) {
            if (strncmp(o->name, name, length) != 0)
                continue;
            found = o;
            *table = tables[t];
            if (o->name[length] == '\0') {
                *fits = 1;
                return o;
            }
            ++*fits;
        }
    return *fits == 1 ? found : NULL;
}

static enum ohm_status unknown_option(struct parse *p, const char *arg, size_t length, int fits)
{
    const char *names[OHM_OPTIONS_MAX + 2], *near;
    char name[64];
    int n = 0;

    for (const struct ohm_option *o = p->options; o->kind; o++)
        names[n++] = o->name;
    for (const struct ohm_option *o = ohm_common_options; o->kind; o++)
        names[n++] = o->name;
    if (fits > 1)
        return ohm_fail(p->err, OHM_ECONFIG, "option '%.*s' fits several of 'ohmnas %s'; see: ohmnas help %s",
                        (int)length + 2, arg, p->command->name, p->command->name);
    length = length < sizeof(name) - 1 ? length : sizeof(name) - 1;
    memcpy(name, arg[1] == '-' ? arg + 2 : arg + 1, length);
    name[length] = '\0';
    near = arg[1] == '-' ? ohm_nearest(name, names, n) : NULL;
    return ohm_fail(p->err, OHM_ECONFIG, "unknown option '%.80s'%s%s%s; see: ohmnas help %s", arg,
                    near ? " (did you mean '--" : "", near ? near : "", near ? "'?)" : "", p->command->name);
}

static enum ohm_status take(struct parse *p, const struct ohm_option *o, const struct ohm_option *table,
                            const char *text)
{
    char *origin;

    if (table == p->options && !p->args->origin[o - table] && o->kind == OHM_OPTION_LIST)
        *(struct ohm_words *)member(p, o, table) = (struct ohm_words){0};
    origin = ohm_arena_alloc(&p->cli->arena, strlen(o->name) + 3, 1);
    if (!origin)
        return ohm_fail(p->err, OHM_ENOMEM, "out of memory");
    memcpy(origin, "--", 2);
    memcpy(origin + 2, o->name, strlen(o->name) + 1);
    if (table == p->options)
        p->args->origin[o - table] = origin;
    return set(p, o, table, text, origin);
}

/* "--name=value", "--name value", "--flag"; *i is moved over a value that stands alone. */
static enum ohm_status take_long(struct parse *p, int *i, int argc, const char *const *argv)
{
    const char *arg = argv[*i], *equals = strchr(arg, '=');
    const size_t length = equals ? (size_t)(equals - arg - 2) : strlen(arg) - 2;
    const struct ohm_option *table = NULL;
    int fits;
    const struct ohm_option *o = find_long(p, arg + 2, length, &table, &fits);

    if (!o || length == 0)
        return unknown_option(p, arg, length, fits);
    if (o->kind == OHM_OPTION_FLAG && equals)
        return ohm_fail(p->err, OHM_ECONFIG, "option '--%s' takes no value", o->name);
    if (o->kind == OHM_OPTION_FLAG)
        return take(p, o, table, "");
    if (equals)
        return take(p, o, table, equals + 1);
    if (*i + 1 >= argc)
        return ohm_fail(p->err, OHM_ECONFIG, "option '--%s' needs a value: --%s %s", o->name, o->name, o->value);
    return take(p, o, table, argv[++*i]);
}

static const struct ohm_option *find_letter(const struct ohm_option *table, char letter)
{
    for (; table->kind; table++)
        if (table->letter == letter)
            return table;
    return NULL;
}

/* "-n 5", "-n5", "-vq". */
static enum ohm_status take_short(struct parse *p, int *i, int argc, const char *const *argv)
{
    const char *arg = argv[*i];
    enum ohm_status st = OHM_OK;

    for (const char *c = arg + 1; *c && st == OHM_OK; c++) {
        const struct ohm_option *table = p->options, *o = find_letter(table, *c);

        if (!o && (o = find_letter(ohm_common_options, *c)) != NULL)
            table = ohm_common_options;
        if (!o)
            return unknown_option(p, arg, 1, 0);
        if (o->kind == OHM_OPTION_FLAG) {
            st = take(p, o, table, "");
            continue;
        }
        if (c[1] != '\0')
            return take(p, o, table, c + 1);
        if (*i + 1 >= argc)
            return ohm_fail(p->err, OHM_ECONFIG, "option '-%c' needs a value: -%c %s", *c, *c, o->value);
        return take(p, o, table, argv[++*i]);
    }
    return st;
}

static enum ohm_status check_words(const struct parse *p)
{
    const struct ohm_command *c = p->command;
    const int n = p->args->words;

    if (n < c->words_min)
        return ohm_fail(p->err, OHM_ECONFIG, "'ohmnas %s' needs %s; see: ohmnas help %s", c->name, c->operands,
                        c->name);
    if (c->words_max >= 0 && n > c->words_max)
        return ohm_fail(p->err, OHM_ECONFIG, "'ohmnas %s' takes %s%s, found '%.80s' too; see: ohmnas help %s", c->name,
                        c->words_max ? "only " : "", c->words_max ? c->operands : "no argument",
                        p->args->word[c->words_max], c->name);
    return OHM_OK;
}

/* An answer has one form. */
static enum ohm_status check_form(struct parse *p)
{
    static const char *const forms[] = {"json", "jsonl", "csv"};
    const char *first = NULL;

    for (int i = 0; p->options[i].kind; i++)
        for (size_t k = 0; k < sizeof(forms) / sizeof(forms[0]); k++) {
            if (p->options[i].kind != OHM_OPTION_FLAG || strcmp(p->options[i].name, forms[k]) != 0 || !p->args->origin[i])
                continue;
            if (first)
                return ohm_fail(p->err, OHM_ECONFIG, "--%s and --%s are two forms of one answer: give one of them",
                                first, forms[k]);
            first = forms[k];
        }
    return OHM_OK;
}

enum ohm_status ohm_opt_parse(struct ohm_cli *cli, const struct ohm_command *command, int argc, const char *const *argv,
                              void *object, struct ohm_args *args, struct ohm_error *err)
{
    struct parse p = {cli, command, command->options ? command->options : &(const struct ohm_option)OHM_OPT_END,
                      {0}, object,  args,
                      err};
    struct ohm_words words = {0};
    bool only_words = false;
    enum ohm_status st = set_defaults(&p);

    for (int i = 0; i < argc && st == OHM_OK; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0)
            only_words = true;
        else if (only_words || argv[i][0] != '-' || argv[i][1] == '\0')
            st = add_word(cli, &words, argv[i], err);
        else if (argv[i][1] == '-')
            st = take_long(&p, &i, argc, argv);
        else
            st = take_short(&p, &i, argc, argv);
    }
    args->word = words.item;
    args->words = words.count;
    args->help = p.common.help;
    args->verbose = p.common.verbose;
    if (st != OHM_OK || args->help || (st = check_words(&p)) != OHM_OK)
        return st;
    return check_form(&p);
}

/* ---- options as settings of a study ---- */

static enum ohm_status add_setting(struct ohm_cli *cli, struct ohm_setting **list, int *n,
                                   const struct ohm_setting *one, struct ohm_error *err)
{
    struct ohm_setting *bigger = ohm_arena_alloc(&cli->arena, (size_t)*n + 1, sizeof(*bigger));

    if (!bigger)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (*n > 0)
        memcpy(bigger, *list, (size_t)*n * sizeof(*bigger));
    bigger[(*n)++] = *one;
    *list = bigger;
    return OHM_OK;
}

/* "population=40" of --set is the setting strategy.population or, with a dot in it, the key as it stands. */
static enum ohm_status split_assignment(struct ohm_cli *cli, const char *text, struct ohm_setting *out,
                                        struct ohm_error *err)
{
    const char *equals = strchr(text, '=');
    struct ohm_str key = {0};

    if (!equals || equals == text)
        return ohm_fail(err, OHM_ECONFIG, "%s is '%.80s', not key=value", out->origin, text);
    if (!memchr(text, '.', (size_t)(equals - text)))
        ohm_str_append(&key, "strategy.");
    ohm_str_append_n(&key, text, (size_t)(equals - text));
    out->key = ohm_arena_strdup(&cli->arena, ohm_str_text(&key));
    out->value = equals + 1;
    ohm_str_release(&key);
    return out->key ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
}

enum ohm_status ohm_opt_settings(struct ohm_cli *cli, const struct ohm_option *options, const void *object,
                                 const struct ohm_args *args, struct ohm_setting **settings, int *count,
                                 struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; options[i].kind && st == OHM_OK; i++) {
        const void *from = (const char *)object + options[i].offset;
        struct ohm_setting one = {options[i].key, NULL, args->origin[i]};

        if (!one.key || !one.origin)
            continue;
        if (options[i].kind == OHM_OPTION_TEXT) {
            one.value = *(const char *const *)from;
            st = add_setting(cli, settings, count, &one, err);
            continue;
        }
        for (int k = 0; k < ((const struct ohm_words *)from)->count && st == OHM_OK; k++) {
            one.value = ((const struct ohm_words *)from)->item[k];
            if (strcmp(options[i].key, "*") == 0)
                st = split_assignment(cli, one.value, &one, err);
            if (st == OHM_OK)
                st = add_setting(cli, settings, count, &one, err);
        }
    }
    return st;
}

enum ohm_status ohm_opt_set_fields(const struct ohm_field *fields, void *object, const struct ohm_words *set,
                                   struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < set->count && st == OHM_OK; i++) {
        const char *equals = strchr(set->item[i], '=');
        char key[64];

        if (!equals || (size_t)(equals - set->item[i]) >= sizeof(key))
            return ohm_fail(err, OHM_ECONFIG, "--set is '%.80s', not key=value", set->item[i]);
        memcpy(key, set->item[i], (size_t)(equals - set->item[i]));
        key[equals - set->item[i]] = '\0';
        st = ohm_field_set(fields, object, key, equals + 1, err);
    }
    return st;
}
