/* run.c - from argv to a command and from its status to an exit code. */
#include "cli_int.h"

#include "ohm/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Does the command's name begin with these words? Returns how many of its words matched in full, 0 for a mismatch. */
static int words_match(const char *name, int argc, const char *const *argv)
{
    const char *space = strchr(name, ' ');
    const size_t first = space ? (size_t)(space - name) : strlen(name);

    if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], name, first) != 0)
        return 0;
    if (!space)
        return 1;
    return argc >= 2 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static bool starts_group(const char *name, const char *word)
{
    const size_t n = strlen(word);

    return strncmp(name, word, n) == 0 && name[n] == ' ';
}

/* "db" alone, or "db chek": the words that may follow. */
static enum ohm_status fail_in_group(const struct ohm_command *const *commands, int argc, const char *const *argv,
                                     struct ohm_error *err)
{
    struct ohm_str legal = {0};
    const char *second[16], *near = NULL;
    enum ohm_status st;
    int n = 0;

    for (int i = 0; commands[i]; i++)
        if (starts_group(commands[i]->name, argv[0]) && n < 16) {
            second[n] = strchr(commands[i]->name, ' ') + 1;
            ohm_str_printf(&legal, "%s%s", n ? ", " : "", second[n]);
            n++;
        }
    if (argc > 1 && argv[1][0] != '-')
        near = ohm_nearest(argv[1], second, n);
    if (argc > 1 && argv[1][0] != '-')
        st = ohm_fail(err, OHM_ECONFIG, "'ohmnas %s %.40s' is no command%s%s%s; after '%s' comes one of %s", argv[0],
                      argv[1], near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", argv[0],
                      ohm_str_text(&legal));
    else
        st = ohm_fail(err, OHM_ECONFIG, "after 'ohmnas %s' comes one of %s", argv[0], ohm_str_text(&legal));
    ohm_str_release(&legal);
    return st;
}

enum ohm_status ohm_command_find(const struct ohm_command *const *commands, int argc, const char *const *argv,
                                 const struct ohm_command **command, int *used, struct ohm_error *err)
{
    const char *names[64], *near;
    int n = 0, best = 0;

    for (int i = 0; commands[i]; i++) {
        const int words = words_match(commands[i]->name, argc, argv);

        if (words > best) {
            best = words;
            *command = commands[i];
        }
    }
    *used = best;
    if (best > 0)
        return OHM_OK;
    for (int i = 0; commands[i]; i++)
        if (starts_group(commands[i]->name, argv[0]))
            return fail_in_group(commands, argc, argv, err);
    for (; commands[n] && n < 64; n++)
        names[n] = commands[n]->name;
    near = ohm_nearest(argv[0], names, n);
    return ohm_fail(err, OHM_ECONFIG, "'%.60s' is no command%s%s%s; see: ohmnas help", argv[0],
                    near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* libgomp reads its wait policy before main: with the default, idle threads burn the processors that others need (15 to
 * 22 s instead of 0.8 s for one training on a busy machine). So the program starts itself once more with the policy. */
static void wait_passively(char **argv)
{
    if (getenv("OMP_WAIT_POLICY") || setenv("OMP_WAIT_POLICY", "passive", 1) != 0)
        return;
    execv("/proc/self/exe", argv); /* where there is no /proc, the run goes on with the default policy */
}

static enum ohm_status show_help(const struct ohm_command *command, struct ohm_error *err)
{
    struct ohm_str s = {0};
    enum ohm_status st;

    ohm_help_command(&s, command);
    st = ohm_print(&s, err);
    ohm_str_release(&s);
    return st;
}

static enum ohm_status run_command(struct ohm_cli *cli, int argc, const char *const *argv, struct ohm_error *err)
{
    const struct ohm_command *command = NULL;
    struct ohm_args args = {0};
    void *options;
    enum ohm_status st;
    int used = 0;

    if ((st = ohm_command_find(cli->commands, argc, argv, &command, &used, err)) != OHM_OK)
        return st;
    options = ohm_arena_alloc(&cli->arena, 1, command->size ? command->size : 1);
    if (!options)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    st = ohm_opt_parse(cli, command, argc - used, argv + used, options, &args, err);
    cli->verbose = args.verbose;
    if (st != OHM_OK)
        return st;
    return args.help ? show_help(command, err) : command->run(cli, options, &args, err);
}

/* Everything that went wrong, as a compiler would say it. */
static void print_problems(struct ohm_cli *cli, enum ohm_status st, const struct ohm_error *err)
{
    struct ohm_diag one = {0}, *diag = &cli->diag;
    struct ohm_str s = {0};

    if (diag->count == 0) {
        ohm_diag_take(&one, err);
        diag = &one;
    }
    if (diag->count > 0)
        ohm_diag_print(&s, diag, cli->colour);
    else
        ohm_str_printf(&s, "error: %s\n", ohm_status_text(st));
    for (int i = 0; cli->verbose && i < diag->count && i < OHM_DIAG_MAX; i++)
        ohm_str_printf(&s, "  %s from %s\n", ohm_status_name(diag->item[i].status), diag->item[i].origin);
    fputs(ohm_str_text(&s), stderr);
    ohm_str_release(&s);
    ohm_diag_release(&one);
}

static int exit_code(const struct ohm_cli *cli, enum ohm_status st)
{
    if (cli->exit_code)
        return cli->exit_code;
    if (st == OHM_EINTR)
        return cli->signal ? 128 + cli->signal : ohm_status_exit_code(st);
    return ohm_status_exit_code(st);
}

/* "ohmnas", "ohmnas --help", "ohmnas --version" are the commands of these names. */
static const char *as_command(const char *word)
{
    if (!word || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return "help";
    return strcmp(word, "--version") == 0 ? "version" : NULL;
}

int ohm_cli_main(const struct ohm_command *const *commands, int argc, char **argv)
{
    struct ohm_cli cli = {.commands = commands, .colour = ohm_colour_wanted(STDERR_FILENO)};
    struct ohm_error err = {0};
    const char *alone = as_command(argc > 1 ? argv[1] : NULL);
    enum ohm_status st;
    int code;

    wait_passively(argv);
    if (alone)
        st = run_command(&cli, 1, &alone, &err);
    else
        st = run_command(&cli, argc - 1, (const char *const *)argv + 1, &err);
    if (st != OHM_OK)
        print_problems(&cli, st, &err);
    code = argc < 2 && st == OHM_OK ? 2 : exit_code(&cli, st);
    ohm_diag_release(&cli.diag);
    ohm_arena_release(&cli.arena);
    return code;
}
