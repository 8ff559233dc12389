/* cmd_check.c - every error of every file in one pass. What a file is, its root says. */
#include "cli_int.h"

#include "ohm/collect.h"
#include "ohm/device.h"
#include "ohm/export.h"
#include "ohm/file.h"
#include "ohm/layer_list.h"
#include "ohm/surrogate.h"
#include "ohm/task.h"

#include <string.h>

struct check {
    bool quiet;
};

static const struct ohm_option options[] = {
    OHM_OPT_FLAG(check, quiet, "quiet", 'q', "say nothing of files without errors"),
    OHM_OPT_END,
};

static enum ohm_status check_space(struct ohm_cli *cli, const char *path)
{
    struct ohm_space *space = NULL;
    enum ohm_status st = ohm_space_load(&space, path, &cli->diag);

    ohm_space_free(space);
    return st;
}

static enum ohm_status check_chip(struct ohm_cli *cli, const char *path)
{
    struct ohm_chip *chip = NULL;
    enum ohm_status st = ohm_chip_load(&chip, path, &cli->diag);

    ohm_chip_free(chip);
    return st;
}

static enum ohm_status check_study(struct ohm_cli *cli, const char *path)
{
    const struct ohm_plan_spec spec = {.path = path, .find = ohm_find, .find_context = cli, .jobs = 1};
    struct ohm_plan *plan = NULL;
    enum ohm_status st = ohm_plan_load(&plan, &spec, &cli->diag);

    ohm_plan_free(plan);
    return st;
}

static enum ohm_status check_net(struct ohm_cli *cli, const char *path)
{
    const struct ohm_net_options none = {0};
    struct ohm_named_net net = {0};
    struct ohm_error err = {0};
    const int before = cli->diag.count;
    enum ohm_status st = ohm_net_arg(cli, &net, path, &none, &err);

    if (st != OHM_OK && cli->diag.count == before)
        ohm_diag_take(&cli->diag, &err);
    ohm_net_arg_release(&net);
    return st;
}

static enum ohm_status check_layers(struct ohm_cli *cli, const char *path)
{
    struct ohm_net_builder builder = {0};
    const struct ohm_net *net;
    struct ohm_doc *doc = NULL;
    enum ohm_status st = ohm_doc_load(&doc, path, &cli->diag);

    if (st == OHM_OK)
        st = ohm_layer_list_read(&builder, &net, NULL, doc, &cli->diag);
    ohm_doc_free(doc);
    ohm_net_release(&builder);
    return st;
}

static enum ohm_status check_task(struct ohm_cli *cli, const char *path)
{
    struct ohm_task_spec *task = NULL;
    enum ohm_status st = ohm_task_spec_load(&task, path, &cli->diag);

    ohm_task_spec_free(task);
    return st;
}

static enum ohm_status check_device(struct ohm_cli *cli, const char *path)
{
    struct ohm_device *device = NULL;
    enum ohm_status st = ohm_device_load(&device, path, &cli->diag);

    ohm_device_free(device);
    return st;
}

static enum ohm_status check_recipe(struct ohm_cli *cli, const char *path)
{
    struct ohm_collect_recipe recipe;
    const enum ohm_status st = ohm_collect_recipe_load(&recipe, path, &cli->diag);

    if (st == OHM_OK)
        ohm_collect_recipe_release(&recipe);
    return st;
}

/* The folder, or the card in it. */
static enum ohm_status check_surrogate(struct ohm_cli *cli, const char *path)
{
    struct ohm_str folder = {0};
    const char *slash = strrchr(path, '/');
    enum ohm_status st;

    if (ohm_is_folder(path))
        return ohm_cli_surrogate_check(cli, path);
    ohm_str_append_n(&folder, slash ? path : "./", slash ? (size_t)(slash - path) + 1 : 2);
    st = folder.failed ? ohm_diag_add(&cli->diag, OHM_ENOMEM, path, 0, 0, "out of memory")
                       : ohm_cli_surrogate_check(cli, ohm_str_text(&folder));
    ohm_str_release(&folder);
    return st;
}

/* The kind of file, by a key at its root: the first of these that it has. A study may name its chip and task, and a
 * file written by export lists its layers. */
static const struct kind {
    const char *key, *what;
    enum ohm_status (*check)(struct ohm_cli *cli, const char *path);
} kinds[] = {
    {"collect", "recipe", check_recipe},
    {"net", "network", check_net},
    {"axes", "search space", check_space},
    {"family", "search space", check_space},
    {"tile", "chip", check_chip},
    {"study", "study", check_study},
    {"objectives", "study", check_study},
    {"strategy", "study", check_study},
    {"layers", "network", check_layers},
    {"network", "network", check_layers},
    {"device", "device", check_device},
    {"targets", "surrogate", check_surrogate},
    {"kind", "task", check_task},
    {"task", "task", check_task},
    {"chip", "chip", check_chip},
};

static const struct kind *kind_of(const struct ohm_doc *doc)
{
    struct ohm_node *root = ohm_doc_root(doc);

    for (size_t i = 0; root && root->kind == OHM_NODE_MAP && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (ohm_map_get(root, kinds[i].key))
            return &kinds[i];
    return NULL;
}

static enum ohm_status check_one(struct ohm_cli *cli, const char *path, const char **what)
{
    struct ohm_doc *doc = NULL;
    const struct kind *kind;
    enum ohm_status st;

    *what = "surrogate";
    if (ohm_is_folder(path))
        return check_surrogate(cli, path);
    if ((st = ohm_doc_load(&doc, path, &cli->diag)) != OHM_OK)
        return st;
    kind = kind_of(doc);
    ohm_doc_free(doc);
    if (!kind)
        return ohm_diag_add(
            &cli->diag, OHM_ECONFIG, path, 1, 1,
            "no study, search space, chip, network, device, task, recipe or surrogate: its root has none of their keys "
            "(study, axes, tile, net, layers, device, task, collect, targets)");
    *what = kind->what;
    return kind->check(cli, path);
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct check *opt = object;
    enum ohm_status first = OHM_OK;
    struct ohm_str s = {0};
    enum ohm_status st;

    for (int i = 0; i < args->words; i++) {
        const char *what;

        st = check_one(cli, args->word[i], &what);
        if (st == OHM_OK && !opt->quiet)
            ohm_str_printf(&s, "%s: %s, no errors\n", args->word[i], what);
        if (first == OHM_OK)
            first = st;
    }
    st = ohm_print(&s, err);
    ohm_str_release(&s);
    return first != OHM_OK ? first : st;
}

static const char *const examples[] = {"ohmnas check study.yaml",
                                       "ohmnas check searchspaces/*.yaml searchspaces/*/*.yaml surrogates/*", NULL};

const struct ohm_command ohm_cmd_check = {
    .name = "check",
    .operands = "FILE...",
    .words_min = 1,
    .words_max = -1,
    .complete = "file",
    .summary = "find every error of studies, spaces, chips, networks, devices, tasks and surrogates",
    .details = "Nothing is run. All errors of all files are shown, with line and column.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct check),
    .run = run,
};
