/* cmd_help.c - help of commands and of topics, all from the tables that the program runs by. */
#include "cli_int.h"

#include "ohm/decode.h"
#include "ohm/strategy.h"

#include <string.h>

struct help {
    bool man;
};

static const struct ohm_option options[] = {
    OHM_OPT_FLAG(help, man, "man", 0, "print the manual page (roff)"),
    OHM_OPT_END,
};

/* One option of a field table: "key=default  help, legal values". */
static void put_field(struct ohm_str *s, const struct ohm_field *f)
{
    struct ohm_str name = {0};
    char a[32], b[32];

    ohm_str_append(&name, f->key);
    ohm_str_append(&name, "=");
    if (f->kind == OHM_FIELD_TEXT)
        ohm_str_append(&name, f->text ? f->text : "");
    else if (f->kind == OHM_FIELD_CHOICE)
        ohm_str_append(&name, f->names[(int)f->fallback]);
    else if (f->kind == OHM_FIELD_BOOL)
        ohm_str_append(&name, f->fallback != 0 ? "on" : "off");
    else
        ohm_str_append_double(&name, f->fallback);
    ohm_str_printf(s, "    %-28s %s", ohm_str_text(&name), f->help);
    if (f->kind == OHM_FIELD_INT || f->kind == OHM_FIELD_REAL)
        ohm_str_printf(s, " (%s to %s)", ohm_format_double(a, f->min), ohm_format_double(b, f->max));
    for (int i = 0; f->kind == OHM_FIELD_CHOICE && f->names[i]; i++)
        ohm_str_printf(s, "%s%s", i ? ", " : ": ", f->names[i]);
    ohm_str_append(s, "\n");
    ohm_str_release(&name);
}

static enum ohm_status topic_metrics(struct ohm_cli *cli, struct ohm_str *s, struct ohm_error *err)
{
    const struct ohm_metric *m;

    (void)cli;
    (void)err;
    ohm_str_append(s, "Metrics that every study with a chip has. 'larger' or 'smaller' is the natural direction of an\n"
                      "objective that names the metric alone; known before anything is spent, so hard constraints on\n"
                      "them cost nothing.\n\n");
    for (int i = 0; (m = ohm_fixed_metric(i)) != NULL; i++)
        ohm_str_printf(s, "  %-14s %-5s %-8s %s\n", m->name, m->source, m->sign > 0 ? "larger" : "smaller", m->help);
    ohm_str_append(
        s, "\nA surrogate adds its targets (see: ohmnas surrogate info NAME) and, as <target>_sd, their standard\n"
           "deviation. A formula over metrics is an objective too: 'maximize acc_1d - 2*acc_1d_sd'.\n");
    return OHM_OK;
}

static enum ohm_status topic_strategies(struct ohm_cli *cli, struct ohm_str *s, struct ohm_error *err)
{
    (void)cli;
    (void)err;
    for (int i = 0; ohm_strategies[i]; i++) {
        const struct ohm_strategy_ops *ops = ohm_strategies[i];

        ohm_str_printf(s, "%s%s%s\n    %s\n", i ? "\n" : "", ops->name,
                       ops->multi_objective ? " (several objectives)" : "", ops->help);
        for (const struct ohm_field *f = ops->fields; f && f->kind != OHM_FIELD_END; f++)
            put_field(s, f);
    }
    return OHM_OK;
}

static void put_space(struct ohm_str *s, struct ohm_cli *cli, const char *name)
{
    struct ohm_space *space = NULL;
    char size[64];

    if (ohm_cli_space(cli, name, &space) != OHM_OK)
        return;
    ohm_str_printf(s, "%s: family %s, input %dx%dx%d, %d classes, %s networks\n", name, ohm_space_family(space),
                   ohm_space_input(space).h, ohm_space_input(space).w, ohm_space_input(space).c,
                   ohm_space_classes(space), ohm_space_size(space, size, NULL) == OHM_OK ? size : "uncountably many");
    for (int i = 0; i < ohm_space_axes(space); i++) {
        const struct ohm_axis *axis = ohm_space_axis(space, i);
        char a[32], b[32];

        ohm_str_printf(s, "    %-24s ", axis->name);
        if (axis->text)
            for (int k = 0; k < axis->size; k++)
                ohm_str_printf(s, "%s%s", k ? ", " : "", axis->text[k]);
        else if (axis->kind == OHM_AXIS_CHOICE)
            for (int k = 0; k < axis->size; k++)
                ohm_str_printf(s, "%s%s", k ? ", " : "", ohm_format_double(a, axis->value[k]));
        else
            ohm_str_printf(s, "%s to %s (%d values)", ohm_format_double(a, axis->value[0]),
                           ohm_format_double(b, axis->value[axis->size - 1]), axis->size);
        ohm_str_append(s, axis->when ? ", conditional\n" : "\n");
    }
    ohm_space_free(space);
}

static enum ohm_status topic_spaces(struct ohm_cli *cli, struct ohm_str *s, struct ohm_error *err)
{
    struct ohm_words names = {0};
    enum ohm_status st = ohm_cli_names(cli, "space", &names, err);

    for (int i = 0; i < names.count && st == OHM_OK; i++) {
        ohm_str_append(s, i ? "\n" : "");
        put_space(s, cli, names.item[i]);
    }
    return st == OHM_OK ? ohm_diag_status(&cli->diag, NULL) : st;
}

static void put_chip_axes(struct ohm_str *s)
{
    const struct ohm_chip_parameter *p;

    ohm_str_append(s, "\nWhat can be an axis of a study (chip_axes; sizes also as --set of cost):\n");
    for (int i = 0; (p = ohm_chip_parameter(i)) != NULL; i++)
        if (p->effect != OHM_EFFECT_COUNTING)
            ohm_str_printf(s, "  %-12s %s%s%s%s\n", p->key, p->help,
                           p->effect == OHM_EFFECT_ACCURACY ? ": changes accuracy" : "",
                           p->model ? "; chips of model " : "", p->model ? p->model : "");
}

static enum ohm_status topic_chips(struct ohm_cli *cli, struct ohm_str *s, struct ohm_error *err)
{
    struct ohm_words names = {0};
    enum ohm_status st = ohm_cli_names(cli, "chip", &names, err);

    for (int i = 0; i < names.count && st == OHM_OK; i++)
        ohm_str_printf(s, "%s\n", names.item[i]);
    ohm_str_append(s, "\nHow a chip is used (chip_use of a study, --set of cost):\n");
    for (const struct ohm_field *f = ohm_chip_use_fields; f->kind != OHM_FIELD_END; f++)
        put_field(s, f);
    put_chip_axes(s);
    return st;
}

static enum ohm_status topic_surrogates(struct ohm_cli *cli, struct ohm_str *s, struct ohm_error *err)
{
    struct ohm_words names = {0};
    enum ohm_status st = ohm_cli_names(cli, "surrogate", &names, err);

    for (int i = 0; i < names.count && st == OHM_OK; i++)
        ohm_str_printf(s, "%s\n", names.item[i]);
    ohm_str_append(s, "\nA card tells of each: ohmnas surrogate info NAME\n");
    return st;
}

static enum ohm_status topic_study(struct ohm_cli *cli, struct ohm_str *s, struct ohm_error *err)
{
    (void)cli;
    (void)err;
    ohm_str_append(
        s,
        "A study file, all keys (ohmnas init writes one with comments):\n\n"
        "study: NAME            # unique in the database\n"
        "task: NAME             # optional: kws, vww, cifar10\n"
        "space: SPACE           # name or file; see: ohmnas help spaces\n"
        "chip: CHIP             # name or file; see: ohmnas help chips\n"
        "chip_use: { KEY: VALUE }\n"
        "chip_axes: { KEY: [ VALUE, VALUE ] }      # parameters of the chip that are searched too: ohmnas help chips\n"
        "surrogates: [ NAME ]   # names, folders, or target=FILE for a plain XGBoost file;\n"
        "                       # NAME@bits=6: measured on chips with that value of an axis\n"
        "strategy: { name: NAME, OPTION: VALUE }   # see: ohmnas help strategies\n"
        "objectives: [ maximize METRIC, minimize METRIC ]\n"
        "constraints: [ EXPRESSION ]               # see: ohmnas help expressions\n"
        "budget: N              # trials\n"
        "seed: N\n\n"
        "A flag is stronger than the environment (OHMNAS_DB, OHMNAS_SEED, OHMNAS_JOBS), that than the file,\n"
        "that than the default; ohmnas show STUDY --origin tells where each value came from.\n");
    return OHM_OK;
}

static enum ohm_status topic_expressions(struct ohm_cli *cli, struct ohm_str *s, struct ohm_error *err)
{
    (void)cli;
    (void)err;
    ohm_str_append(
        s, "One language for --where, objectives, constraints and conditions:\n\n"
           "  'acc_1d >= 85 && energy_uJ < 5 && cores <= 64'   'acc_1d - 2*acc_1d_sd'   'state == \"failed\"'\n\n"
           "Loosest first: a ? b : c; || or; && and; == != < <= > >=; + -; * / %; - ! not; ^.\n"
           "Functions: abs min max sqrt log exp floor ceil round; name in (a, b, c); numbers may end in k, M, G.\n"
           "A missing value makes every comparison false, except !=.\n");
    return OHM_OK;
}

static enum ohm_status topic_exit(struct ohm_cli *cli, struct ohm_str *s, struct ohm_error *err)
{
    (void)cli;
    (void)err;
    ohm_str_append(s, "0 done\n1 failure\n2 usage or configuration\n3 named thing not found\n"
                      "4 nothing feasible or nothing matched\n5 gate missed\n6 in use elsewhere\n"
                      "7 damaged or foreign data\n130, 143 interrupted (SIGINT, SIGTERM) after a clean checkpoint\n");
    return OHM_OK;
}

static const struct topic {
    const char *name;
    enum ohm_status (*write)(struct ohm_cli *cli, struct ohm_str *s, struct ohm_error *err);
} topics[] = {
    {"metrics", topic_metrics},         {"strategies", topic_strategies},
    {"spaces", topic_spaces},           {"chips", topic_chips},
    {"surrogates", topic_surrogates},   {"study", topic_study},
    {"expressions", topic_expressions}, {"exit-codes", topic_exit},
};

static enum ohm_status find_help(struct ohm_cli *cli, const struct ohm_args *args, struct ohm_str *s,
                                 struct ohm_error *err)
{
    const struct ohm_command *command = NULL;
    enum ohm_status st;
    bool group = false;
    int used = 0;

    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        if (strcmp(topics[i].name, args->word[0]) == 0)
            return topics[i].write(cli, s, err);
    for (int i = 0; args->words == 1 && cli->commands[i]; i++) { /* "help db": all of the group */
        const size_t n = strlen(args->word[0]);

        if (strncmp(cli->commands[i]->name, args->word[0], n) != 0 || cli->commands[i]->name[n] != ' ')
            continue;
        ohm_str_append(s, group ? "\n\n" : "");
        ohm_help_command(s, cli->commands[i]);
        group = true;
    }
    if (group)
        return OHM_OK;
    if ((st = ohm_command_find(cli->commands, args->words, args->word, &command, &used, err)) == OHM_OK)
        ohm_help_command(s, command);
    return st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct help *opt = object;
    struct ohm_str s = {0};
    enum ohm_status st = OHM_OK;

    if (opt->man)
        ohm_help_man(&s, cli->commands);
    else if (args->words == 0)
        ohm_help_overview(&s, cli->commands);
    else
        st = find_help(cli, args, &s, err);
    if (st == OHM_OK)
        st = ohm_print(&s, err);
    ohm_str_release(&s);
    return st;
}

static const char *const examples[] = {"ohmnas help search", "ohmnas help metrics", "ohmnas help --man | man -l -",
                                       NULL};

const struct ohm_command ohm_cmd_help = {
    .name = "help",
    .operands = "[COMMAND|TOPIC]",
    .words_max = 2,
    .complete = "command",
    .summary = "help of a command or topic",
    .details = "Topics: metrics, strategies, spaces, chips, surrogates, study, expressions, "
               "exit-codes.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct help),
    .run = run,
};
