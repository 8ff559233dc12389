/* man.c - the manual page in roff, from the same rows as help. */
#include "cli_int.h"

#include <string.h>

/* A dot or quote at the start of a line and every backslash and hyphen mean something to roff. */
static void put(struct ohm_str *s, const char *text)
{
    for (bool start = true; *text; text++) {
        if (start && (*text == '.' || *text == '\''))
            ohm_str_append(s, "\\&");
        if (*text == '\\')
            ohm_str_append(s, "\\e");
        else if (*text == '-')
            ohm_str_append(s, "\\-");
        else if (*text == '\n' && text[1] == '\n')
            ohm_str_append(s, "\n.PP");
        else
            ohm_str_append_n(s, text, 1);
        start = *text == '\n';
    }
}

static void put_option(struct ohm_str *s, const struct ohm_option *o)
{
    ohm_str_append(s, ".TP\n");
    if (o->letter)
        ohm_str_printf(s, "\\fB\\-%c\\fR, ", o->letter);
    ohm_str_append(s, "\\fB\\-\\-");
    put(s, o->name);
    ohm_str_append(s, "\\fR");
    if (o->value) {
        ohm_str_append(s, " \\fI");
        put(s, o->value);
        ohm_str_append(s, "\\fR");
    }
    ohm_str_append(s, "\n");
    put(s, o->help);
    for (int i = 0; o->names && o->names[i]; i++) {
        ohm_str_append(s, i ? ", " : ": ");
        put(s, o->names[i]);
    }
    if (o->fallback && o->fallback[0]) {
        ohm_str_append(s, " (default ");
        put(s, o->fallback);
        ohm_str_append(s, ")");
    }
    if (o->env)
        ohm_str_printf(s, " (environment: %s)", o->env);
    ohm_str_append(s, ".\n");
}

static void put_command(struct ohm_str *s, const struct ohm_command *c)
{
    ohm_str_append(s, ".SS ohmnas ");
    put(s, c->name);
    ohm_str_append(s, " ");
    put(s, c->operands);
    ohm_str_append(s, "\n");
    put(s, c->summary);
    ohm_str_append(s, ".\n");
    if (c->details) {
        ohm_str_append(s, ".PP\n");
        put(s, c->details);
        ohm_str_append(s, "\n");
    }
    for (int i = 0; c->examples && c->examples[i]; i++) {
        ohm_str_append(s, i ? "" : ".PP\n.nf\n");
        ohm_str_append(s, "    ");
        put(s, c->examples[i]);
        ohm_str_append(s, c->examples[i + 1] ? "\n" : "\n.fi\n");
    }
    for (const struct ohm_option *o = c->options; o && o->kind; o++)
        put_option(s, o);
}

void ohm_help_man(struct ohm_str *s, const struct ohm_command *const *commands)
{
    ohm_str_append(s, ".TH OHMNAS 1 \"\" \"ohmnas " OHM_VERSION "\" \"User Commands\"\n.SH NAME\n"
                      "ohmnas \\- neural architecture search for analog in\\-memory\\-computing chips\n"
                      ".SH SYNOPSIS\n.B ohmnas\n\\fICOMMAND\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]\n.SH COMMANDS\n");
    for (int i = 0; commands[i]; i++)
        put_command(s, commands[i]);
    ohm_str_append(s, ".SH OPTIONS OF EVERY COMMAND\n");
    for (const struct ohm_option *o = ohm_common_options; o->kind; o++)
        put_option(s, o);
    ohm_str_append(
        s, ".SH EXIT STATUS\n"
           "0 done; 1 failure; 2 usage or configuration; 3 named thing not found; 4 nothing feasible or nothing "
           "matched; 5 gate missed; 6 in use elsewhere; 7 damaged or foreign data; 130 and 143 interrupted "
           "after a clean checkpoint.\n"
           ".SH ENVIRONMENT\n.TP\n.B OHMNAS_DB\nthe run log\n.TP\n.B OHMNAS_SEED\nseed of random draws\n.TP\n"
           ".B OHMNAS_JOBS\nthreads\n.TP\n.B OHMNAS_HOME\nfolder with searchspaces/ and surrogates/\n.TP\n"
           ".B NO_COLOR\nno colour when not empty\n");
}
