/* cmd_init.c - a study file to begin with; its comments come from the tables that read it. */
#include "cli_int.h"

#include "ohm/emit.h"
#include "ohm/file.h"
#include "ohm/surrogate.h"

#include <string.h>

struct init {
    const char *task, *space, *chip, *strategy, *name, *output;
    bool force;
};

static const char *const tasks[] = {"kws", "vww", "cifar10", NULL};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(init, task, "task", 0, "TASK", "what the networks are for", .fallback = "cifar10", .names = tasks),
    OHM_OPT_TEXT(init, space, "space", 0, "SPACE", "that of a surrogate of the task, or resnet-TASK, when not given",
                 .complete = "space"),
    OHM_OPT_TEXT(init, chip, "chip", 0, "CHIP", "name or file of the chip", .fallback = "hermes64", .complete = "chip"),
    OHM_OPT_TEXT(init, strategy, "strategy", 0, "NAME", "see: ohmnas help strategies", .fallback = "nsga2",
                 .complete = "strategy"),
    OHM_OPT_TEXT(init, name, "name", 0, "NAME", "of the study; TASK-CHIP when not given"),
    OHM_OPT_TEXT(init, output, "output", 'o', "FILE", "where to; standard output when not given", .complete = "file"),
    OHM_OPT_FLAG(init, force, "force", 'f', "overwrite the file"),
    OHM_OPT_END,
};

/* What the file will say, found out before it is written. */
struct draft {
    struct ohm_str name, space, surrogate, target;
};

/* The first surrogate made for the task whose card names its space (and the user's space, where there is one). */
static enum ohm_status choose_surrogate(struct ohm_cli *cli, const struct init *opt, struct draft *d,
                                        struct ohm_error *err)
{
    struct ohm_words names = {0};
    enum ohm_status st = ohm_cli_names(cli, "surrogate", &names, err);

    for (int i = 0; i < names.count && st == OHM_OK && d->surrogate.length == 0; i++) {
        struct ohm_str folder = {0}, task = {0}, space = {0};
        struct ohm_diag diag = {0};

        if (ohm_find(cli, "surrogate", names.item[i], &folder, NULL) == OHM_OK &&
            ohm_cli_card_text(ohm_str_text(&folder), "task", &task, &diag) == OHM_OK &&
            ohm_cli_card_text(ohm_str_text(&folder), "space", &space, &diag) == OHM_OK &&
            strcmp(ohm_str_text(&task), opt->task) == 0 &&
            (!opt->space || strcmp(ohm_str_text(&space), opt->space) == 0)) {
            ohm_str_append(&d->surrogate, names.item[i]);
            ohm_str_append(&d->space, ohm_str_text(&space));
        }
        ohm_diag_release(&diag);
        ohm_str_release(&folder);
        ohm_str_release(&task);
        ohm_str_release(&space);
    }
    return st;
}

/* acc_1d where the surrogate predicts it, else its first target. */
static enum ohm_status choose_target(struct ohm_cli *cli, struct draft *d)
{
    struct ohm_surrogate *surrogate = NULL;
    struct ohm_space *space = NULL;
    enum ohm_status st = ohm_cli_surrogate(cli, ohm_str_text(&d->surrogate), NULL, &space, &surrogate);
    const char *target = "acc_1d";
    bool there = false;

    for (int i = 0; st == OHM_OK && i < ohm_surrogate_targets(surrogate); i++)
        there = there || strcmp(ohm_surrogate_target(surrogate, i), target) == 0;
    if (st == OHM_OK)
        ohm_str_append(&d->target, there ? target : ohm_surrogate_target(surrogate, 0));
    ohm_surrogate_free(surrogate);
    ohm_space_free(space);
    return st;
}

static void put_default(struct ohm_str *s, const struct ohm_field *f)
{
    if (f->kind == OHM_FIELD_CHOICE)
        ohm_str_append(s, f->names[(int)f->fallback]);
    else if (f->kind == OHM_FIELD_BOOL)
        ohm_str_append(s, f->fallback != 0 ? "on" : "off");
    else if (f->kind == OHM_FIELD_TEXT)
        ohm_str_append(s, f->text && f->text[0] ? f->text : "\"\"");
    else
        ohm_str_append_double(s, f->fallback);
}

/* Every option of a table with its default; `off`: as a comment that can be switched on. */
static void put_fields(struct ohm_str *s, const struct ohm_field *fields, bool off)
{
    for (const struct ohm_field *f = fields; f && f->kind != OHM_FIELD_END; f++) {
        struct ohm_str value = {0};

        put_default(&value, f);
        ohm_str_printf(s, "  %s%s: %s%*s# %s", off ? "# " : "", f->key, ohm_str_text(&value),
                       (int)(strlen(f->key) + value.length < 26 ? 28 - strlen(f->key) - value.length : 2), "", f->help);
        for (int i = 0; f->kind == OHM_FIELD_CHOICE && f->names[i]; i++)
            ohm_str_printf(s, "%s%s", i ? ", " : ": ", f->names[i]);
        ohm_str_append(s, "\n");
        ohm_str_release(&value);
    }
}

/* "key: value", quoted where YAML needs it. */
static void put_text(struct ohm_str *s, const char *key, const char *value)
{
    struct ohm_emit e = {0};

    ohm_emit_map(&e, NULL);
    ohm_emit_text(&e, key, value);
    ohm_emit_end(&e);
    ohm_str_append(s, ohm_str_text(&e.out));
    s->failed = s->failed || e.out.failed;
    ohm_str_release(&e.out);
}

/* A strategy for one objective gets one. */
static void put_goals(struct ohm_str *s, const struct draft *d, bool several)
{
    const char *second = several ? "  - minimize energy_uJ\n\n" : "\n";

    if (d->surrogate.length > 0) {
        ohm_str_printf(s,
                       "# Learned predictors of accuracy: names, folders, or target=FILE for a plain XGBoost file.\n"
                       "surrogates:\n  - %s\n\n",
                       ohm_str_text(&d->surrogate));
        ohm_str_printf(s,
                       "# What is wanted: metrics or formulas (ohmnas help metrics; ohmnas surrogate info %s).\n"
                       "objectives:\n  - maximize %s\n%s",
                       ohm_str_text(&d->surrogate), ohm_str_text(&d->target), second);
    } else {
        ohm_str_printf(
            s,
            "# No surrogate is there for this task: train one (ohmnas help surrogate train) and name it here.\n"
            "# surrogates:\n#   - NAME\n\n"
            "# What is wanted: metrics or formulas (ohmnas help metrics). Without a surrogate nothing is known of\n"
            "# accuracy, so this looks for the largest network%s.\n"
            "objectives:\n  - maximize params\n%s",
            several ? " at each energy" : " that fits", second);
    }
}

static void write_study(struct ohm_str *s, const struct init *opt, const struct draft *d,
                        const struct ohm_strategy_ops *strategy)
{
    ohm_str_append(s, "# A study of ohmnas: one search. Run it with: ohmnas search THIS-FILE\n\n"
                      "# Unique in the run log.\n");
    put_text(s, "study", ohm_str_text(&d->name));
    ohm_str_printf(s, "\ntask: %s\n\n# Where networks are looked for (ohmnas help spaces).\n", opt->task);
    put_text(s, "space", ohm_str_text(&d->space));
    ohm_str_append(s, "\n# What they run on (ohmnas help chips), and how it is used.\n");
    put_text(s, "chip", opt->chip);
    ohm_str_append(s, "chip_use:\n");
    put_fields(s, ohm_chip_use_fields, false);
    ohm_str_append(s, "# Parameters of the chip that are searched too (docs/co-search.md):\n"
                      "# chip_axes: { periphery: [ldpu, nmpu], schedule: [serial, pipelined] }\n\n");
    put_goals(s, d, strategy->multi_objective);
    ohm_str_append(s, "# What must hold. Of net and chip it is checked before anything is spent.\n"
                      "constraints:\n  - cores <= 64\n\n"
                      "# How it is looked for (ohmnas help strategies).\nstrategy:\n");
    ohm_str_printf(s, "  name: %s\n", opt->strategy);
    put_fields(s, strategy->fields, true);
    ohm_str_append(s, "\n# Networks to evaluate, and the seed of all random draws.\nbudget: 5000\nseed: 1\n");
}

static enum ohm_status find_strategy(struct ohm_cli *cli, const char *name, const struct ohm_strategy_ops **ops,
                                     struct ohm_error *err)
{
    struct ohm_words names = {0};
    const char *near;
    enum ohm_status st;

    if ((*ops = ohm_strategy_find(name)) != NULL)
        return OHM_OK;
    if ((st = ohm_cli_names(cli, "strategy", &names, err)) != OHM_OK)
        return st;
    near = ohm_nearest(name, names.item, names.count);
    return ohm_fail(err, OHM_ENOTFOUND, "no strategy '%.40s'%s%s%s; see: ohmnas help strategies", name,
                    near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* Nothing is written that would not load: names are looked up first. */
static enum ohm_status make_draft(struct ohm_cli *cli, const struct init *opt, struct draft *d, struct ohm_error *err)
{
    struct ohm_str path = {0};
    enum ohm_status st = choose_surrogate(cli, opt, d, err);

    if (opt->name)
        ohm_str_append(&d->name, opt->name);
    else
        ohm_str_printf(&d->name, "%s-%s", opt->task, opt->chip);
    if (st == OHM_OK && d->space.length == 0)
        ohm_str_printf(&d->space, "%s%s", opt->space ? "" : "resnet-", opt->space ? opt->space : opt->task);
    if (st == OHM_OK && d->surrogate.length > 0)
        st = choose_target(cli, d);
    if (st == OHM_OK)
        st = ohm_find(cli, "space", ohm_str_text(&d->space), &path, err);
    ohm_str_clear(&path);
    if (st == OHM_OK)
        st = ohm_find(cli, "chip", opt->chip, &path, err);
    ohm_str_release(&path);
    return st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct init *opt = object;
    const struct ohm_strategy_ops *strategy = NULL;
    const bool to_file = opt->output && strcmp(opt->output, "-") != 0;
    struct draft d = {{0}, {0}, {0}, {0}};
    struct ohm_str s = {0};
    enum ohm_status st;

    (void)args;
    if (to_file && !opt->force && ohm_file_exists(opt->output))
        return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, opt->output, 0, 0, "the file exists (--force overwrites it)");
    if ((st = find_strategy(cli, opt->strategy, &strategy, err)) == OHM_OK &&
        (st = make_draft(cli, opt, &d, err)) == OHM_OK) {
        write_study(&s, opt, &d, strategy);
        if ((st = ohm_write(opt->output, &s, err)) == OHM_OK && to_file)
            ohm_say("%s is written; run it with: ohmnas search %s", opt->output, opt->output);
    }
    ohm_str_release(&s);
    ohm_str_release(&d.name);
    ohm_str_release(&d.space);
    ohm_str_release(&d.surrogate);
    ohm_str_release(&d.target);
    return st;
}

static const char *const examples[] = {"ohmnas init --task cifar10 -o study.yaml",
                                       "ohmnas init --task kws --chip hermes64 --strategy regevo -o kws.yaml", NULL};

const struct ohm_command ohm_cmd_init = {
    .name = "init",
    .operands = "",
    .summary = "write a study file with comments",
    .examples = examples,
    .options = options,
    .size = sizeof(struct init),
    .run = run,
};
