/* cmd_small.c - the commands of a few lines: version, completion, help. */
#include "cli_int.h"

#include "ohm/strategy.h"
#include "ohm/surrogate_train.h"

#include <string.h>

/* ---- version ---- */

struct version {
    struct ohm_format format;
};

static const struct ohm_option version_options[] = {OHM_OPT_FORMAT(version), OHM_OPT_END};

static enum ohm_status run_version(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                   struct ohm_error *err)
{
    const struct version *opt = object;
    struct ohm_out out;

    (void)cli;
    (void)args;
    ohm_out_begin(&out, &opt->format, "ohmnas.version/1");
    ohm_out_text(&out, "ohmnas", OHM_VERSION);
    ohm_out_int(&out, "database_schema", OHM_SCHEMA_VERSION);
    ohm_out_text(&out, "compiler", __VERSION__);
#ifdef _OPENMP
    ohm_out_bool(&out, "openmp", true);
#endif
    return ohm_out_end(&out, err);
}

const struct ohm_command ohm_cmd_version = {
    .name = "version",
    .operands = "",
    .summary = "print the version",
    .options = version_options,
    .size = sizeof(struct version),
    .run = run_version,
};

/* ---- completion ---- */

struct completion {
    const char *names;
};

static const struct ohm_option completion_options[] = {
    OHM_OPT_TEXT(completion, names, "names", 0, "KIND",
                 "instead, print the names there are of space, chip, surrogate, strategy, metric, study or command"),
    OHM_OPT_END,
};

static enum ohm_status run_completion(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                      struct ohm_error *err)
{
    static const char *const kinds[] = {"space",    "chip",   "task",  "device", "surrogate", "recipe",
                                        "strategy", "metric", "study", "command"};
    const struct completion *opt = object;
    struct ohm_words names = {0};
    struct ohm_str s = {0};
    enum ohm_status st = OHM_OK;
    bool known = false;

    for (size_t i = 0; opt->names && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        known = known || strcmp(kinds[i], opt->names) == 0;
    if (opt->names && !known)
        return ohm_fail(err, OHM_ECONFIG, "--names is '%.40s', no kind of name", opt->names);
    if (!opt->names && args->words == 0)
        return ohm_fail(err, OHM_ECONFIG, "'ohmnas completion' needs a shell: bash, zsh or fish");
    for (int i = 0; args->words && ohm_shell_names[i]; i++)
        known = known || strcmp(ohm_shell_names[i], args->word[0]) == 0;
    if (!known)
        return ohm_fail(err, OHM_ECONFIG, "no completion for '%.40s', only for bash, zsh and fish", args->word[0]);
    if (!opt->names)
        ohm_completion(&s, args->word[0], cli->commands);
    else if ((st = ohm_cli_names(cli, opt->names, &names, err)) == OHM_OK)
        for (int i = 0; i < names.count; i++)
            ohm_str_printf(&s, "%s\n", names.item[i]);
    if (st == OHM_OK)
        st = ohm_print(&s, err);
    ohm_str_release(&s);
    return st;
}

static const char *const completion_examples[] = {
    "ohmnas completion bash > ~/.local/share/bash-completion/completions/ohmnas",
    "ohmnas completion fish > ~/.config/fish/completions/ohmnas.fish", NULL};

const struct ohm_command ohm_cmd_completion = {
    .name = "completion",
    .operands = "[bash|zsh|fish]",
    .words_max = 1,
    .summary = "print a completion script for a shell",
    .examples = completion_examples,
    .options = completion_options,
    .size = sizeof(struct completion),
    .run = run_completion,
};
