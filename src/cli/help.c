/* help.c - help for people, from the rows that the parser uses. */
#include "cli_int.h"

#include <string.h>

enum { LINE = 96, OPTION_COLUMN = 28 };

/* "-n, --count N" */
static void option_name(struct ohm_str *s, const struct ohm_option *o)
{
    if (o->letter)
        ohm_str_printf(s, "-%c, ", o->letter);
    else
        ohm_str_append(s, "    ");
    ohm_str_printf(s, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
}

/* The help text with what the row knows besides. */
static void option_help(struct ohm_str *s, const struct ohm_option *o)
{
    const bool fallback = o->fallback && o->fallback[0];

    ohm_str_append(s, o->help);
    if (o->names) {
        ohm_str_append(s, ": ");
        for (int i = 0; o->names[i]; i++)
            ohm_str_printf(s, "%s%s", i ? ", " : "", o->names[i]);
    }
    if (o->kind == OHM_OPTION_LIST)
        ohm_str_append(s, "; may be repeated");
    if (o->kind == OHM_OPTION_INT && o->fallback)
        ohm_str_printf(s, " (default %s, %.0f to %.0f", o->fallback, o->min, o->max);
    else if (o->kind == OHM_OPTION_INT)
        ohm_str_printf(s, " (%.0f to %.0f", o->min, o->max);
    else if (fallback)
        ohm_str_printf(s, " (default %s", o->fallback);
    if (o->env)
        ohm_str_printf(s, "%s$%s", fallback || o->kind == OHM_OPTION_INT ? "; " : " (", o->env);
    if (o->env || fallback || o->kind == OHM_OPTION_INT)
        ohm_str_append(s, ")");
}

/* Appends text word by word, with new lines indented by `indent`; `at` is the column reached. */
static void wrap(struct ohm_str *s, const char *text, int indent, int at)
{
    while (*text) {
        size_t n = strcspn(text, " \n");

        if (at > indent && at + 1 + (int)n > LINE) {
            ohm_str_printf(s, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent && n > 0) {
            ohm_str_append(s, " ");
            at++;
        }
        ohm_str_append_n(s, text, n);
        at += (int)n;
        text += n;
        if (*text == '\n') {
            ohm_str_printf(s, "\n%*s", indent, "");
            at = indent;
        }
        text += *text != '\0';
    }
    ohm_str_append(s, "\n");
}

void ohm_help_options(struct ohm_str *s, const struct ohm_option *options, const char *indent)
{
    struct ohm_str name = {0}, help = {0};

    for (; options && options->kind; options++) {
        const int column = OPTION_COLUMN + (int)strlen(indent);

        ohm_str_clear(&name);
        ohm_str_clear(&help);
        option_name(&name, options);
        option_help(&help, options);
        ohm_str_printf(s, "%s%-*s", indent, OPTION_COLUMN, ohm_str_text(&name));
        if (name.length >= OPTION_COLUMN)
            ohm_str_printf(s, "\n%*s", column, "");
        wrap(s, ohm_str_text(&help), column, column);
    }
    s->failed = s->failed || name.failed || help.failed;
    ohm_str_release(&name);
    ohm_str_release(&help);
}

void ohm_help_command(struct ohm_str *s, const struct ohm_command *command)
{
    ohm_str_printf(s, "usage: ohmnas %s%s%s%s\n\n", command->name, command->operands[0] ? " " : "", command->operands,
                   command->options ? " [options]" : "");
    wrap(s, command->summary, 0, 0);
    if (command->examples) {
        ohm_str_append(s, "\nexamples:\n");
        for (int i = 0; command->examples[i]; i++)
            ohm_str_printf(s, "  %s\n", command->examples[i]);
    }
    if (command->details) {
        ohm_str_append(s, "\n");
        wrap(s, command->details, 0, 0);
    }
    ohm_str_append(s, "\noptions:\n");
    ohm_help_options(s, command->options, "  ");
    ohm_help_options(s, ohm_common_options, "  ");
}

void ohm_help_overview(struct ohm_str *s, const struct ohm_command *const *commands)
{
    ohm_str_append(s, "ohmnas - neural architecture search for analog in-memory-computing chips\n\n"
                      "usage: ohmnas COMMAND [options] [arguments]\n\n"
                      "first steps:\n"
                      "  ohmnas init --task cifar10 --chip hermes64 -o study.yaml\n"
                      "  ohmnas search study.yaml\n"
                      "  ohmnas pareto\n\n"
                      "commands:\n");
    for (int i = 0; commands[i]; i++)
        ohm_str_printf(s, "  %-20s %s\n", commands[i]->name, commands[i]->summary);
    ohm_str_append(
        s, "\nA study is one search; a trial is one network of it; NET is a file, n:ID or #NUMBER of the run log,\n"
           "or 'axis=value ...' with --space. Topics: ohmnas help metrics | strategies | spaces | chips |\n"
           "surrogates | study | expressions | exit-codes. Everything of one command: ohmnas help COMMAND.\n");
}
