/* completion.c - completion scripts for three shells, from the same rows as help. Names that depend on the machine
 * (spaces, chips, studies) are asked of the program itself: ohmnas completion --names KIND. */
#include "cli_int.h"

#include <string.h>

const char *const ohm_shell_names[] = {"bash", "zsh", "fish", NULL};

static bool is_file(const char *what)
{
    return what && (strcmp(what, "file") == 0 || strcmp(what, "folder") == 0);
}

/* Calls fn for the rows of a command and those that every command has. */
static void each_option(const struct ohm_command *c, struct ohm_str *s,
                        void (*fn)(struct ohm_str *s, const struct ohm_command *c, const struct ohm_option *o))
{
    for (const struct ohm_option *o = c->options; o && o->kind; o++)
        fn(s, c, o);
    for (const struct ohm_option *o = ohm_common_options; o->kind; o++)
        fn(s, c, o);
}

/* ---- bash; zsh runs the same function through bashcompinit ---- */

static void bash_value(struct ohm_str *s, const struct ohm_command *c, const struct ohm_option *o)
{
    if (!o->value)
        return;
    ohm_str_printf(s, "    '%s:--%s'", c->name, o->name);
    if (o->letter)
        ohm_str_printf(s, "|'%s:-%c'", c->name, o->letter);
    ohm_str_append(s, ") ");
    if (o->names) {
        ohm_str_append(s, "words=\"");
        for (int i = 0; o->names[i]; i++)
            ohm_str_printf(s, "%s%s", i ? " " : "", o->names[i]);
        ohm_str_append(s, "\"");
    } else if (is_file(o->complete)) {
        ohm_str_append(s, "files=1");
    } else if (o->complete) {
        ohm_str_printf(s, "words=$(ohmnas completion --names %s 2>/dev/null)", o->complete);
    } else {
        ohm_str_append(s, "return");
    }
    ohm_str_append(s, " ;;\n");
}

static void bash_name(struct ohm_str *s, const struct ohm_command *c, const struct ohm_option *o)
{
    (void)c;
    ohm_str_printf(s, " --%s", o->name);
    if (o->letter)
        ohm_str_printf(s, " -%c", o->letter);
}

static void bash_operands(struct ohm_str *s, const struct ohm_command *c)
{
    if (is_file(c->complete))
        ohm_str_append(s, "; files=1");
    else if (c->complete)
        ohm_str_printf(s, "; words=\"$words $(ohmnas completion --names %s 2>/dev/null)\"", c->complete);
}

static void bash(struct ohm_str *s, const struct ohm_command *const *commands)
{
    ohm_str_append(s, "_ohmnas()\n{\n"
                      "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                      "    local verb=${COMP_WORDS[1]} words='' files=0\n"
                      "    case \"$verb\" in\n    ");
    for (int i = 0, n = 0; commands[i]; i++) {
        const char *space = strchr(commands[i]->name, ' ');

        if (space &&
            (i == 0 || strncmp(commands[i - 1]->name, commands[i]->name, (size_t)(space - commands[i]->name) + 1) != 0))
            ohm_str_printf(s, "%s%.*s", n++ ? "|" : "", (int)(space - commands[i]->name), commands[i]->name);
    }
    ohm_str_append(s, ") [ \"$COMP_CWORD\" -gt 2 ] && verb=\"$verb ${COMP_WORDS[2]}\" ;;\n    esac\n"
                      "    [ \"$COMP_CWORD\" -eq 1 ] && verb=''\n"
                      "    case \"$verb:$prev\" in\n");
    for (int i = 0; commands[i]; i++)
        each_option(commands[i], s, bash_value);
    ohm_str_append(s, "    *) case \"$verb\" in\n    '') words='");
    for (int i = 0; commands[i]; i++) {
        const size_t n = strcspn(commands[i]->name, " ");

        if (i == 0 || strncmp(commands[i - 1]->name, commands[i]->name, n) != 0 || commands[i - 1]->name[n] != ' ')
            ohm_str_printf(s, "%s%.*s", i ? " " : "", (int)n, commands[i]->name);
    }
    ohm_str_append(s, "' ;;\n");
    for (int i = 0; commands[i]; i++) {
        const char *space = strchr(commands[i]->name, ' ');

        if (space) /* each second word of a group adds itself */
            ohm_str_printf(s, "    '%.*s') words='", (int)(space - commands[i]->name), commands[i]->name);
        for (const char *group = commands[i]->name; space; i++) {
            ohm_str_printf(s, "%s ", strchr(commands[i]->name, ' ') + 1);
            if (!commands[i + 1] || strncmp(commands[i + 1]->name, group, (size_t)(space - group) + 1) != 0)
                break;
        }
        ohm_str_append(s, space ? "' ;;\n" : "");
    }
    for (int i = 0; commands[i]; i++) {
        ohm_str_printf(s, "    '%s') words='", commands[i]->name);
        each_option(commands[i], s, bash_name);
        ohm_str_append(s, "'");
        bash_operands(s, commands[i]);
        ohm_str_append(s, " ;;\n");
    }
    ohm_str_append(s, "    esac ;;\n    esac\n"
                      "    COMPREPLY=( $(compgen -W \"$words\" -- \"$cur\") )\n"
                      "    [ \"$files\" -eq 1 ] && COMPREPLY+=( $(compgen -f -- \"$cur\") )\n"
                      "    return 0\n}\ncomplete -o filenames -F _ohmnas ohmnas\n");
}

static void zsh(struct ohm_str *s, const struct ohm_command *const *commands)
{
    ohm_str_append(s, "#compdef ohmnas\nautoload -U +X bashcompinit && bashcompinit\n");
    bash(s, commands);
}

/* ---- fish ---- */

static void fish_quoted(struct ohm_str *s, const char *text)
{
    ohm_str_append(s, "'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            ohm_str_append(s, "\\");
        ohm_str_append_n(s, text, 1);
    }
    ohm_str_append(s, "'");
}

static void fish_condition(struct ohm_str *s, const struct ohm_command *c)
{
    const char *space = strchr(c->name, ' ');

    if (space)
        ohm_str_printf(s,
                       "complete -c ohmnas -n '__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s'",
                       (int)(space - c->name), c->name, space + 1);
    else
        ohm_str_printf(s, "complete -c ohmnas -n '__fish_seen_subcommand_from %s'", c->name);
}

static void fish_option(struct ohm_str *s, const struct ohm_command *c, const struct ohm_option *o)
{
    fish_condition(s, c);
    ohm_str_printf(s, " -l %s", o->name);
    if (o->letter)
        ohm_str_printf(s, " -s %c", o->letter);
    if (o->value)
        ohm_str_append(s, is_file(o->complete) ? " -r -F" : " -x");
    if (o->names) {
        ohm_str_append(s, " -a '");
        for (int i = 0; o->names[i]; i++)
            ohm_str_printf(s, "%s%s", i ? " " : "", o->names[i]);
        ohm_str_append(s, "'");
    } else if (o->complete && !is_file(o->complete)) {
        ohm_str_printf(s, " -a '(ohmnas completion --names %s 2>/dev/null)'", o->complete);
    }
    ohm_str_append(s, " -d ");
    fish_quoted(s, o->help);
    ohm_str_append(s, "\n");
}

static void fish(struct ohm_str *s, const struct ohm_command *const *commands)
{
    ohm_str_append(s, "complete -c ohmnas -f\n");
    for (int i = 0; commands[i]; i++) {
        const char *space = strchr(commands[i]->name, ' ');

        if (space)
            ohm_str_printf(s,
                           "complete -c ohmnas -n '__fish_use_subcommand' -a %.*s\n"
                           "complete -c ohmnas -n '__fish_seen_subcommand_from %.*s' -a %s -d ",
                           (int)(space - commands[i]->name), commands[i]->name, (int)(space - commands[i]->name),
                           commands[i]->name, space + 1);
        else
            ohm_str_printf(s, "complete -c ohmnas -n '__fish_use_subcommand' -a %s -d ", commands[i]->name);
        fish_quoted(s, commands[i]->summary);
        ohm_str_append(s, "\n");
        each_option(commands[i], s, fish_option);
        if (commands[i]->complete) {
            fish_condition(s, commands[i]);
            if (is_file(commands[i]->complete))
                ohm_str_append(s, " -F\n");
            else
                ohm_str_printf(s, " -a '(ohmnas completion --names %s 2>/dev/null)'\n", commands[i]->complete);
        }
    }
}

void ohm_completion(struct ohm_str *s, const char *shell, const struct ohm_command *const *commands)
{
    static const struct {
        const char *name;
        void (*write)(struct ohm_str *s, const struct ohm_command *const *commands);
    } writers[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
        if (strcmp(writers[i].name, shell) == 0)
            writers[i].write(s, commands);
}
