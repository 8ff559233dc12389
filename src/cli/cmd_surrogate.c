/* cmd_surrogate.c - asking and describing surrogates. */
#include "cli_int.h"

#include "ohm/file.h"
#include "ohm/surrogate_train.h"

#include <math.h>

/* ---- loading ---- */

enum ohm_status ohm_cli_card_text(const char *folder, const char *key, struct ohm_str *out, struct ohm_diag *diag)
{
    struct ohm_str path = {0};
    struct ohm_doc *doc = NULL;
    const char *text = NULL;
    enum ohm_status st;

    ohm_str_printf(&path, "%s/card.yaml", folder);
    if ((st = ohm_doc_load(&doc, ohm_str_text(&path), diag)) == OHM_OK) {
        struct ohm_node *root = ohm_doc_root(doc), *value = NULL;

        if (ohm_node_is_map(root, "a card", diag))
            value = ohm_map_need(root, key, diag);
        if (value && value->kind == OHM_NODE_MAP) /* space: { name: nb201, hash: ... } */
            value = ohm_map_need(value, "name", diag);
        if (ohm_node_text(value, key, &text, diag))
            ohm_str_append(out, text);
        else
            st = OHM_EDATA;
    }
    ohm_doc_free(doc);
    ohm_str_release(&path);
    return st == OHM_ECONFIG ? OHM_EDATA : st; /* the program wrote it: damaged */
}

enum ohm_status ohm_cli_surrogate(struct ohm_cli *cli, const char *name, const char *space_name,
                                  struct ohm_space **space, struct ohm_surrogate **surrogate)
{
    struct ohm_str folder = {0}, card_space = {0};
    struct ohm_error err = {0};
    enum ohm_status st;

    if ((st = ohm_find(cli, "surrogate", name, &folder, &err)) != OHM_OK)
        ohm_diag_take(&cli->diag, &err);
    else if (!ohm_is_folder(ohm_str_text(&folder)))
        st = ohm_diag_add(&cli->diag, OHM_ECONFIG, ohm_str_text(&folder), 0, 0,
                          "a surrogate is a folder with card.yaml");
    else if (space_name || (st = ohm_cli_card_text(ohm_str_text(&folder), "space", &card_space, &cli->diag)) == OHM_OK)
        st = ohm_cli_space(cli, space_name ? space_name : ohm_str_text(&card_space), space);
    if (st == OHM_OK)
        st = ohm_surrogate_load(surrogate, ohm_str_text(&folder), *space, &cli->diag);
    ohm_str_release(&folder);
    ohm_str_release(&card_space);
    return st;
}

enum ohm_status ohm_cli_surrogate_check(struct ohm_cli *cli, const char *folder)
{
    struct ohm_space *space = NULL;
    struct ohm_surrogate *surrogate = NULL;
    enum ohm_status st = ohm_cli_surrogate(cli, folder, NULL, &space, &surrogate);

    ohm_surrogate_free(surrogate);
    ohm_space_free(space);
    return st;
}

enum ohm_status ohm_cli_surrogate_card(struct ohm_cli *cli, const struct ohm_format *format, const char *name,
                                       struct ohm_error *err)
{
    struct ohm_space *space = NULL;
    struct ohm_surrogate *surrogate = NULL;
    enum ohm_status st = ohm_cli_surrogate(cli, name, NULL, &space, &surrogate);

    if (st == OHM_OK)
        st = ohm_out_source(format, "surrogate", name, ohm_surrogate_card(surrogate), err);
    ohm_surrogate_free(surrogate);
    ohm_space_free(space);
    return st;
}

/* ---- predict ---- */

struct predict {
    struct ohm_net_options net;
    struct ohm_format format;
};

static const struct ohm_option predict_options[] = {OHM_OPT_NET(predict), OHM_OPT_FORMAT(predict), OHM_OPT_END};

static enum ohm_status out_prediction(struct ohm_out *o, const struct ohm_surrogate *s, const struct ohm_named_net *n,
                                      struct ohm_error *err)
{
    const struct ohm_features *features = ohm_surrogate_features(s);
    float *x = ohm_alloc((size_t)ohm_features_count(features), sizeof(*x));
    double mean[OHM_TARGETS_MAX], sd[OHM_TARGETS_MAX];
    char id[OHM_ID_TEXT_SIZE];

    if (!x)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < OHM_TARGETS_MAX; i++)
        sd[i] = NAN;
    ohm_features_compute(features, &n->genotype, n->net, x);
    ohm_surrogate_predict(s, mean, sd, x, 1);
    ohm_out_row(o);
    ohm_out_text(o, "net", ohm_id_text(n->id, id));
    for (int i = 0; i < ohm_surrogate_targets(s); i++) {
        struct ohm_str name = {0};

        ohm_str_printf(&name, "%s_sd", ohm_surrogate_target(s, i));
        ohm_out_double(o, ohm_surrogate_target(s, i), mean[i]);
        if (ohm_surrogate_has_sd(s))
            ohm_out_double(o, ohm_str_text(&name), sd[i]);
        ohm_str_release(&name);
    }
    ohm_out_row_end(o);
    ohm_free(x);
    return OHM_OK;
}

static enum ohm_status run_predict(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                   struct ohm_error *err)
{
    const struct predict *opt = object;
    struct ohm_net_options net = opt->net;
    struct ohm_surrogate *surrogate = NULL;
    struct ohm_space *space = NULL;
    struct ohm_out out;
    enum ohm_status st = ohm_cli_surrogate(cli, args->word[0], opt->net.space, &space, &surrogate), end;

    if (st != OHM_OK) {
        ohm_space_free(space);
        return st;
    }
    /* A word that is neither file nor trial is a network of the surrogate's own space. */
    if (!net.space)
        net.space = ohm_space_name(space);
    ohm_out_begin(&out, &opt->format, "ohmnas.surrogate.predict/1");
    ohm_out_text(&out, "surrogate", ohm_surrogate_name(surrogate));
    ohm_out_list(&out, "predictions");
    for (int i = 1; i < args->words && st == OHM_OK; i++) {
        struct ohm_named_net n = {0};

        st = ohm_net_arg_of_space(cli, &n, args->word[i], &net, err);
        if (st == OHM_OK && ohm_space_hash(n.space) != ohm_space_hash(space))
            st = ohm_fail(err, OHM_ECONFIG, "%.80s is of space '%s', the surrogate of '%s'", args->word[i],
                          ohm_space_name(n.space), ohm_space_name(space));
        if (st == OHM_OK)
            st = out_prediction(&out, surrogate, &n, err);
        ohm_net_arg_release(&n);
    }
    ohm_out_list_end(&out);
    end = st == OHM_OK ? ohm_out_end(&out, err) : ohm_out_drop(&out);
    ohm_surrogate_free(surrogate);
    ohm_space_free(space);
    return st == OHM_OK ? end : st;
}

static const char *const predict_examples[] = {"ohmnas surrogate predict nb201-cifar10-pcm 432030 333333",
                                               "ohmnas surrogate predict surrogates/mine net.yaml --json", NULL};

const struct ohm_command ohm_cmd_surrogate_predict = {
    .name = "surrogate predict",
    .operands = "MODEL NET...",
    .words_min = 2,
    .words_max = -1,
    .complete = "surrogate",
    .summary = "what a surrogate says of networks",
    .details = "NET is a file, n:ID or #NUMBER of the run log, or 'axis=value ...' or a key of the surrogate's space.",
    .examples = predict_examples,
    .options = predict_options,
    .size = sizeof(struct predict),
    .run = run_predict,
};

/* ---- info ---- */

struct info {
    bool features;
    const char *space;
};

static const struct ohm_option info_options[] = {
    OHM_OPT_FLAG(info, features, "features", 0, "instead, the feature groups there are, or the features of the model"),
    OHM_OPT_TEXT(info, space, "space", 0, "SPACE", "with --features: only groups that this space has",
                 .complete = "space"),
    OHM_OPT_END,
};

static enum ohm_status show_groups(struct ohm_cli *cli, const char *space_name, struct ohm_str *s)
{
    struct ohm_space *space = NULL;
    const char *family = NULL, *name;
    enum ohm_status st = OHM_OK;

    if (space_name && (st = ohm_cli_space(cli, space_name, &space)) != OHM_OK)
        return st;
    family = space ? ohm_space_family(space) : NULL;
    for (int i = 0; (name = ohm_feature_group_name(family, i)) != NULL; i++)
        ohm_str_printf(s, "%-10s %s\n", name, ohm_feature_group_help(family, i));
    ohm_space_free(space);
    return st;
}

/* name, meaning and unit */
static void list_features(struct ohm_str *s, const struct ohm_features *f)
{
    for (int i = 0; i < ohm_features_count(f); i++) {
        const char *unit = ohm_features_unit(f, i), *meaning = ohm_features_meaning(f, i);

        if (*meaning)
            ohm_str_printf(s, "%-24s %s%s%s%s\n", ohm_features_name(f, i), meaning, *unit ? " [" : "", unit,
                           *unit ? "]" : "");
        else
            ohm_str_printf(s, "%s\n", ohm_features_name(f, i));
    }
}

static enum ohm_status show_model(struct ohm_cli *cli, const struct info *opt, const char *name, struct ohm_str *s)
{
    struct ohm_surrogate *surrogate = NULL;
    struct ohm_space *space = NULL;
    enum ohm_status st = ohm_cli_surrogate(cli, name, opt->space, &space, &surrogate);

    if (st == OHM_OK && !opt->features)
        ohm_str_append(s, ohm_surrogate_card(surrogate));
    if (st == OHM_OK && opt->features)
        list_features(s, ohm_surrogate_features(surrogate));
    ohm_surrogate_free(surrogate);
    ohm_space_free(space);
    return st;
}

static enum ohm_status run_info(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                struct ohm_error *err)
{
    const struct info *opt = object;
    struct ohm_str s = {0};
    enum ohm_status st;

    if (args->words == 0 && !opt->features)
        return ohm_fail(err, OHM_ECONFIG, "'ohmnas surrogate info' needs a MODEL, or --features");
    st = args->words == 0 ? show_groups(cli, opt->space, &s) : show_model(cli, opt, args->word[0], &s);
    if (st == OHM_OK)
        st = ohm_print(&s, err);
    ohm_str_release(&s);
    return st;
}

static const char *const info_examples[] = {"ohmnas surrogate info nb201-cifar10-pcm",
                                            "ohmnas surrogate info --features", NULL};

const struct ohm_command ohm_cmd_surrogate_info = {
    .name = "surrogate info",
    .operands = "[MODEL]",
    .words_max = 1,
    .complete = "surrogate",
    .summary = "show the card of a surrogate, or the features there are",
    .details = "The model is loaded, so that a damaged or foreign one is refused.",
    .examples = info_examples,
    .options = info_options,
    .size = sizeof(struct info),
    .run = run_info,
};
