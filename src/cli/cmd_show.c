/* cmd_show.c - one thing in full: a network, a trial, a study, a training, a validation, a space, a chip or a
 * surrogate.
 */
#include "cli_int.h"

#include "ohm/export.h"
#include "ohm/file.h"
#include "ohm/layer_list.h"

#include <math.h>
#include <string.h>

struct show {
    bool origin, by_layer;
    struct ohm_net_options net;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_FLAG(show, origin, "origin", 0, "of a study: every setting and where it came from"),
    OHM_OPT_FLAG(show, by_layer, "by-layer", 0, "of a network: also one row a layer"),
    OHM_OPT_NET(show),
    OHM_OPT_FORMAT(show),
    OHM_OPT_END,
};

/* ---- networks ---- */

static void out_layer(struct ohm_out *o, const struct ohm_net *net, int i)
{
    const struct ohm_layer *l = &net->layer[i];
    struct ohm_str inputs = {0}, shape = {0};

    for (int k = 0; k < l->inputs; k++)
        ohm_str_printf(&inputs, "%s%d", k ? " " : "", net->edge[l->first_input + k]);
    ohm_str_printf(&shape, "%dx%dx%d", l->out.h, l->out.w, l->out.c);
    ohm_out_row(o);
    ohm_out_int(o, "layer", i);
    ohm_out_text(o, "name", l->name);
    ohm_out_text(o, "kind", ohm_layer_kind_name(l->kind));
    ohm_out_str(o, "inputs", &inputs);
    ohm_out_str(o, "out", &shape);
    ohm_out_int(o, "k_h", l->k_h);
    ohm_out_int(o, "k_w", l->k_w);
    ohm_out_int(o, "stride", l->stride_h);
    ohm_out_int(o, "params", l->params);
    ohm_out_int(o, "macs", l->macs);
    ohm_out_row_end(o);
    ohm_str_release(&inputs);
    ohm_str_release(&shape);
}

static void out_origin(struct ohm_out *o, const struct ohm_named_net *n)
{
    ohm_out_text(o, "study", n->study.name);
    ohm_out_int(o, "trial", n->trial);
    ohm_out_str(o, "state", &n->state);
    ohm_out_str(o, "operation", &n->operation);
}

/* The chip of a trial whose study has axes of the chip; the network alone has an id of its own. */
static void out_chip_axes(struct ohm_out *o, const struct ohm_named_net *n)
{
    struct ohm_str chip = {0};
    char id[OHM_ID_TEXT_SIZE];

    if (!n->spaces.chip_axes)
        return;
    ohm_net_arg_chip(n, &chip);
    ohm_out_text(o, "network", ohm_id_text(ohm_genotype_id(n->space, &n->genotype), id));
    ohm_out_text(o, "chip", ohm_chip_name(n->spaces.chip));
    ohm_out_str(o, "chip_axes", &chip);
    ohm_str_release(&chip);
}

/* Where the network lies in its space. */
static void out_genotype(struct ohm_out *o, const struct ohm_named_net *n)
{
    struct ohm_str genotype = {0}, key = {0};

    ohm_genotype_print(n->space, &n->genotype, &genotype);
    ohm_genotype_key(n->space, &n->genotype, &key);
    ohm_out_text(o, "space", ohm_space_name(n->space));
    ohm_out_str(o, "genotype", &genotype);
    if (strcmp(ohm_str_text(&genotype), ohm_str_text(&key)) != 0)
        ohm_out_str(o, "key", &key);
    ohm_str_release(&genotype);
    ohm_str_release(&key);
}

static enum ohm_status show_net(struct ohm_cli *cli, const struct show *opt, const char *text, struct ohm_error *err)
{
    struct ohm_named_net n = {0};
    struct ohm_out out;
    enum ohm_status st = ohm_net_arg(cli, &n, text, &opt->net, err);

    if (st == OHM_OK) {
        ohm_out_begin(&out, &opt->format, "ohmnas.network/1");
        ohm_out_text(&out, "net", n.name);
        if (n.space)
            out_genotype(&out, &n);
        out_chip_axes(&out, &n);
        if (n.logged)
            out_origin(&out, &n);
        ohm_out_int(&out, "params", n.net->params);
        ohm_out_int(&out, "params_folded", ohm_net_params_folded(n.net));
        ohm_out_int(&out, "weights", n.net->weights);
        ohm_out_int(&out, "macs", n.net->macs);
        ohm_out_int(&out, "depth", n.net->depth);
        ohm_out_int(&out, "mvm_layers", n.net->mvm_layers);
        for (int i = 0; i < n.metric.count; i++)
            if (!ohm_is_net_sum(n.metric.name[i]) && (!isnan(n.value[i]) || !ohm_out_for_people(&out)))
                ohm_out_double(&out, n.metric.name[i], n.value[i]);
        if (opt->by_layer) {
            ohm_out_list(&out, "layers");
            for (int i = 0; i < n.net->layers; i++)
                out_layer(&out, n.net, i);
            ohm_out_list_end(&out);
        }
        st = ohm_out_end(&out, err);
    }
    ohm_net_arg_release(&n);
    return st;
}

bool ohm_is_net_sum(const char *metric)
{
    static const char *const sums[] = {"params", "weights", "macs", "depth", "mvm_layers"};

    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
        if (strcmp(sums[i], metric) == 0)
            return true;
    return false;
}

/* ---- studies ---- */

static enum ohm_status out_setting(void *context, const struct ohm_setting *s, struct ohm_error *err)
{
    struct ohm_out *o = context;

    (void)err;
    ohm_out_row(o);
    ohm_out_text(o, "key", s->key);
    ohm_out_text(o, "value", s->value);
    ohm_out_text(o, "origin", s->origin);
    ohm_out_row_end(o);
    return OHM_OK;
}

static void out_study(struct ohm_out *o, const struct ohm_study_row *s)
{
    ohm_out_text(o, "study", s->name);
    ohm_out_text(o, "state", s->state);
    ohm_out_text(o, "created", s->created);
    ohm_out_text(o, "task", s->task[0] ? s->task : NULL);
    ohm_out_text(o, "space", s->space);
    ohm_out_text(o, "chip", s->chip[0] ? s->chip : NULL);
    ohm_out_text(o, "strategy", s->strategy);
    ohm_out_text(o, "objective", s->objective);
    ohm_out_int(o, "seed", s->seed);
    ohm_out_int(o, "trials", s->trials);
    ohm_out_int(o, "budget", s->budget);
    ohm_out_int(o, "feasible", s->feasible);
    ohm_out_int(o, "failed", s->failed);
    ohm_out_double(o, "best", s->best);
    ohm_out_double(o, "time_s", s->time_s);
}

static enum ohm_status show_study(const struct show *opt, const char *name, struct ohm_error *err)
{
    const struct ohm_db_options db = {opt->net.db, name};
    struct ohm_store *store = NULL;
    struct ohm_study_row study;
    struct ohm_out out;
    enum ohm_status st = ohm_cli_study(&db, &store, &study, err), end;

    if (st != OHM_OK)
        return st;
    ohm_out_begin(&out, &opt->format, "ohmnas.study/1");
    out_study(&out, &study);
    if (opt->origin) {
        ohm_out_list(&out, "settings");
        st = ohm_study_settings(store, study.id, out_setting, &out, err);
        ohm_out_list_end(&out);
    }
    end = ohm_out_end(&out, st == OHM_OK ? err : NULL);
    ohm_store_close(store);
    return st == OHM_OK ? end : st;
}

/* A study file that has not run yet: what it comes to. */
static enum ohm_status show_plan(struct ohm_cli *cli, const struct show *opt, const char *path, struct ohm_error *err)
{
    const struct ohm_plan_spec spec = {.path = path, .find = ohm_find, .find_context = cli, .jobs = 1};
    struct ohm_plan *plan = NULL;
    struct ohm_out out;
    enum ohm_status st = ohm_plan_load(&plan, &spec, &cli->diag);

    if (st != OHM_OK)
        return st;
    ohm_out_begin(&out, &opt->format, "ohmnas.study/1");
    ohm_out_text(&out, "study", ohm_plan_name(plan));
    ohm_out_list(&out, "settings");
    for (int i = 0; i < ohm_plan_setting_count(plan); i++)
        out_setting(&out, ohm_plan_setting(plan, i), err);
    ohm_out_list_end(&out);
    st = ohm_out_end(&out, err);
    ohm_plan_free(plan);
    return st;
}

/* ---- things of files ---- */

static enum ohm_status show_space(struct ohm_cli *cli, const struct show *opt, const char *name, struct ohm_error *err)
{
    struct ohm_space *space = NULL;
    enum ohm_status st = ohm_cli_space(cli, name, &space);

    if (st == OHM_OK)
        st = ohm_out_source(&opt->format, "space", ohm_space_name(space), ohm_space_source(space), err);
    ohm_space_free(space);
    return st;
}

static enum ohm_status show_chip(struct ohm_cli *cli, const struct show *opt, const char *name, struct ohm_error *err)
{
    struct ohm_chip *chip = NULL;
    enum ohm_status st = ohm_cli_chip(cli, name, &chip);

    if (st == OHM_OK)
        st = ohm_out_source(&opt->format, "chip", ohm_chip_name(chip), ohm_chip_source(chip), err);
    ohm_chip_free(chip);
    return st;
}

static enum ohm_status show_file(struct ohm_cli *cli, const struct show *opt, const char *path, struct ohm_error *err)
{
    struct ohm_doc *doc = NULL;
    struct ohm_node *root;
    enum ohm_status st = ohm_doc_load(&doc, path, &cli->diag);
    bool net, space, study;

    if (st != OHM_OK)
        return st;
    root = ohm_doc_root(doc);
    net = ohm_is_net_file(doc) || ohm_is_layer_list(doc);
    space = root && root->kind == OHM_NODE_MAP && ohm_map_get(root, "axes");
    study = root && root->kind == OHM_NODE_MAP && (ohm_map_get(root, "study") || ohm_map_get(root, "objectives"));
    ohm_doc_free(doc);
    if (net)
        return show_net(cli, opt, path, err);
    if (space)
        return show_space(cli, opt, path, err);
    return study ? show_plan(cli, opt, path, err) : show_chip(cli, opt, path, err);
}

/* Is there a thing of this kind and name? */
static bool is_named(struct ohm_cli *cli, const char *kind, const char *name)
{
    struct ohm_words names = {0};

    if (ohm_cli_names(cli, kind, &names, NULL) != OHM_OK)
        return false;
    for (int i = 0; i < names.count; i++)
        if (strcmp(names.item[i], name) == 0)
            return true;
    return false;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct show *opt = object;
    const char *what = args->words ? args->word[0] : "";
    enum ohm_status st;

    if (ohm_is_training_id(what))
        return ohm_cli_show_training(&opt->format, opt->net.db, what, err);
    if (ohm_is_validation_id(what))
        return ohm_cli_show_validation(cli, &opt->format, opt->net.db, what, err);
    if (ohm_is_trial_id(what) || (opt->net.space && *what))
        return show_net(cli, opt, what, err);
    if (*what && !ohm_is_folder(what) && ohm_file_exists(what))
        return show_file(cli, opt, what, err);
    if (*what && is_named(cli, "surrogate", what))
        return ohm_cli_surrogate_card(cli, &opt->format, what, err);
    if (*what && is_named(cli, "space", what))
        return show_space(cli, opt, what, err);
    if (*what && is_named(cli, "chip", what))
        return show_chip(cli, opt, what, err);
    st = show_study(opt, *what ? what : opt->net.study, err);
    if (st == OHM_ENOTFOUND && *what)
        return ohm_fail(err, OHM_ENOTFOUND,
                        "nothing is called '%.80s': no file, no study of %s, no space, chip or surrogate", what,
                        opt->net.db);
    return st;
}

static const char *const examples[] = {
    "ohmnas show n:3fa9c1", "ohmnas show '#17' --by-layer", "ohmnas show kws-64core --origin",
    "ohmnas show hermes64", "ohmnas show v:3 --csv",        NULL};

const struct ohm_command ohm_cmd_show = {
    .name = "show",
    .operands = "[THING]",
    .words_max = 1,
    .complete = "study",
    .summary = "show a network, trial, study, training, validation, space, chip or surrogate",
    .details = "THING is n:ID or #NUMBER of the run log, t:ID (a training) or v:ID (a validation) of it, a "
               "file, the name of a study (the newest when not given), or the name of a space, chip or surrogate. With "
               "--space it is "
               "'axis=value ...' or a key of that space.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct show),
    .run = run,
};
