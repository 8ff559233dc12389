/* net_arg.c - the NET argument: a file, a trial of the run log, or a genotype or key of a space. Only a file of layers
 * is of no space. */
#include "cli_int.h"

#include "ohm/decode.h"
#include "ohm/export.h"
#include "ohm/file.h"
#include "ohm/layer_list.h"

#include <math.h>
#include <string.h>

/* A key of a table is looked up by walking the space: no longer than this. */
#define KEY_WALK_MAX ((int64_t)10000000)

bool ohm_is_trial_id(const char *text)
{
    if (strncmp(text, "n:", 2) == 0)
        return true;
    return text[0] == '#' && text[1] != '\0' && strspn(text + 1, "0123456789") == strlen(text + 1);
}

static bool is_file_name(const char *text)
{
    const size_t n = strlen(text);

    return (n > 5 && (strcmp(text + n - 5, ".yaml") == 0 || strcmp(text + n - 5, ".json") == 0)) ||
           (n > 4 && strcmp(text + n - 4, ".yml") == 0) ||
           (!strchr(text, '=') && ohm_file_exists(text) && !ohm_is_folder(text));
}

/* ---- from a file ---- */

static enum ohm_status take_scores(struct ohm_named_net *out, const struct ohm_net_file *file, struct ohm_error *err)
{
    for (int i = 0; i < file->scores && i < OHM_METRICS_MAX; i++) {
        out->metric.name[i] = ohm_strdup(file->score_name[i]);
        if (!out->metric.name[i])
            return ohm_fail(err, OHM_ENOMEM, "out of memory");
        out->value[i] = file->score[i];
        out->metric.count = i + 1;
    }
    return OHM_OK;
}

static enum ohm_status build(struct ohm_named_net *out, struct ohm_error *err)
{
    out->id =
        out->spaces.all ? ohm_genotype_id(out->spaces.all, &out->point) : ohm_genotype_id(out->space, &out->genotype);
    ohm_id_text(out->id, out->name);
    ohm_net_reset(&out->builder, true);
    out->builder.with_names = true;
    return ohm_decode(out->space, &out->genotype, &out->builder, &out->net, err);
}

/* The name of the network, cut where it is longer than any that is shown. */
static void keep_name(struct ohm_named_net *out, const char *name)
{
    const size_t n = strlen(name), most = sizeof(out->name) - 1;

    memcpy(out->name, name, n < most ? n : most);
    out->name[n < most ? n : most] = '\0';
}

static enum ohm_status from_layers(struct ohm_cli *cli, struct ohm_named_net *out, const struct ohm_doc *doc,
                                   const char *path, struct ohm_error *err)
{
    const char *name = NULL;
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st = ohm_layer_list_read(&out->builder, &out->net, &name, doc, &cli->diag);

    if (st != OHM_OK || (st = ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, err)) != OHM_OK)
        return st;
    keep_name(out, name);
    ohm_str_append_n(&out->layers_text, bytes, length);
    ohm_free(bytes);
    return out->layers_text.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : OHM_OK;
}

static enum ohm_status from_genotype_file(struct ohm_cli *cli, struct ohm_named_net *out, const char *path,
                                          const struct ohm_net_options *options, struct ohm_error *err)
{
    struct ohm_net_file file = {0};
    enum ohm_status st = ohm_net_file_load(&file, path, &cli->diag);

    if (st != OHM_OK)
        return st;
    if ((st = ohm_cli_space(cli, options->space ? options->space : file.space, &out->space)) != OHM_OK)
        goto done;
    if ((st = ohm_net_file_check_space(&file, out->space, err)) != OHM_OK)
        goto done;
    if ((st = ohm_genotype_parse(out->space, &out->genotype, file.genotype, err)) != OHM_OK) {
        ohm_error_set_path(err, path);
        goto done;
    }
    if ((st = build(out, err)) == OHM_OK &&
        (st = ohm_net_file_check(&file, out->space, &out->genotype, out->net, err)) == OHM_OK)
        st = take_scores(out, &file, err);
done:
    ohm_net_file_release(&file);
    return st;
}

/* A file of layers is known by its first keys. What is no file of either kind is told by the reader of the other. */
static enum ohm_status from_file(struct ohm_cli *cli, struct ohm_named_net *out, const char *path,
                                 const struct ohm_net_options *options, struct ohm_error *err)
{
    struct ohm_diag quiet = {0};
    struct ohm_doc *doc = NULL;
    const bool layers = ohm_doc_load(&doc, path, &quiet) == OHM_OK && ohm_is_layer_list(doc);
    const enum ohm_status st =
        layers ? from_layers(cli, out, doc, path, err) : from_genotype_file(cli, out, path, options, err);

    ohm_diag_release(&quiet);
    ohm_doc_free(doc);
    return st;
}

/* ---- from the run log ---- */

static enum ohm_status keep_trial(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct ohm_named_net *out = context;

    if (trial->number != out->trial)
        return OHM_EFAIL;
    ohm_str_append(&out->genotype_text, trial->genotype);
    ohm_str_append(&out->operation, trial->operation ? trial->operation : "");
    ohm_str_append(&out->state, trial->state);
    memcpy(out->value, trial->metric, sizeof(out->value));
    if (out->genotype_text.failed || out->operation.failed || out->state.failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    return OHM_EINTR; /* seen: the walk ends here */
}

static enum ohm_status find_trial(struct ohm_named_net *out, struct ohm_store *store, const char *text,
                                  const struct ohm_net_options *options, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;
    int64_t study = -1;
    struct ohm_str number = {0};

    if (options->study || text[0] == '#') {
        if ((st = ohm_store_find_study(store, options->study ? options->study : "", &out->study, err)) != OHM_OK)
            return st;
        study = out->study.id;
    }
    if ((st = ohm_store_find_trial(store, study, text, &study, &out->trial, err)) != OHM_OK)
        return st;
    ohm_str_printf(&number, "#%lld", (long long)study);
    st = ohm_store_find_study(store, ohm_str_text(&number), &out->study, err);
    ohm_str_release(&number);
    if (st != OHM_OK || (st = ohm_store_metrics(store, study, out->metric.name, &out->metric.count, err)) != OHM_OK)
        return st;
    st = ohm_store_each_trial(store, study, out->trial, keep_trial, out, err);
    if (st == OHM_OK || st == OHM_EFAIL)
        return ohm_fail(err, OHM_EDATA, "trial #%lld of study '%s' is gone", (long long)out->trial, out->study.name);
    return st == OHM_EINTR ? OHM_OK : st;
}

/* The network is the part of the trial's genotype that is of the space of networks; the rest says on which chip. */
static enum ohm_status take_spaces(struct ohm_named_net *out, struct ohm_study_spaces *spaces, struct ohm_error *err)
{
    const enum ohm_status st = ohm_genotype_parse(spaces->all, &out->point, ohm_str_text(&out->genotype_text), err);

    if (st == OHM_OK)
        for (int i = 0; i < ohm_space_axes(spaces->net); i++)
            out->genotype.gene[i] = out->point.gene[i];
    out->space = spaces->net;
    if (spaces->all != spaces->net) {
        out->spaces = *spaces;
        out->spaces.net = NULL;
        return st;
    }
    spaces->net = spaces->all = NULL;
    ohm_study_spaces_release(spaces);
    return st;
}

static enum ohm_status from_log(struct ohm_cli *cli, struct ohm_named_net *out, const char *text,
                                const struct ohm_net_options *options, struct ohm_error *err)
{
    struct ohm_store *store = NULL;
    struct ohm_study_spaces spaces;
    enum ohm_status st;

    if ((st = ohm_store_open(&store, options->db, OHM_STORE_READ, err)) != OHM_OK)
        return st;
    if ((st = find_trial(out, store, text, options, err)) == OHM_OK &&
        (st = ohm_study_spaces_load(&spaces, store, out->study.id, &cli->diag)) == OHM_OK &&
        (st = take_spaces(out, &spaces, err)) == OHM_OK) {
        out->logged = true;
        st = build(out, err);
    }
    ohm_store_close(store);
    return st;
}

/* ---- from text ---- */

static bool find_key(struct ohm_named_net *out, const char *key)
{
    struct ohm_str text = {0};
    bool first = true, found = false;

    memset(&out->genotype, 0, sizeof(out->genotype));
    while (!found && ohm_genotype_next(out->space, &out->genotype, &first)) {
        ohm_str_clear(&text);
        ohm_genotype_key(out->space, &out->genotype, &text);
        found = strcmp(ohm_str_text(&text), key) == 0;
    }
    ohm_str_release(&text);
    return found;
}

static enum ohm_status from_text(struct ohm_cli *cli, struct ohm_named_net *out, const char *text,
                                 const struct ohm_net_options *options, struct ohm_error *err)
{
    enum ohm_status st = ohm_cli_space(cli, options->space, &out->space);

    if (st != OHM_OK)
        return st;
    if (strchr(text, '='))
        st = ohm_genotype_parse(out->space, &out->genotype, text, err);
    else if (ohm_space_size_within(out->space, KEY_WALK_MAX) < 0)
        st = ohm_fail(err, OHM_ECONFIG,
                      "'%.80s' is no genotype ('axis=value ...'), and space '%s' is too large to look "
                      "for a key",
                      text, ohm_space_name(out->space));
    else if (!find_key(out, text))
        st = ohm_fail(err, OHM_ENOTFOUND, "no network of space '%s' has the key '%.80s'", ohm_space_name(out->space),
                      text);
    return st == OHM_OK ? build(out, err) : st;
}

enum ohm_status ohm_net_arg(struct ohm_cli *cli, struct ohm_named_net *out, const char *text,
                            const struct ohm_net_options *options, struct ohm_error *err)
{
    *out = (struct ohm_named_net){.trial = -1};
    for (int i = 0; i < OHM_METRICS_MAX; i++)
        out->value[i] = NAN;
    if (is_file_name(text))
        return from_file(cli, out, text, options, err);
    if (ohm_is_trial_id(text))
        return from_log(cli, out, text, options, err);
    if (options->space)
        return from_text(cli, out, text, options, err);
    return ohm_fail(
        err, OHM_ENOTFOUND,
        "'%.80s' is no network: give a file, n:ID or #NUMBER of the run log, or 'axis=value ...' with --space", text);
}

enum ohm_status ohm_net_arg_of_space(struct ohm_cli *cli, struct ohm_named_net *out, const char *text,
                                     const struct ohm_net_options *options, struct ohm_error *err)
{
    const enum ohm_status st = ohm_net_arg(cli, out, text, options, err);

    if (st != OHM_OK || out->space)
        return st;
    return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, text, 0, 0,
                       "network '%s' is written layer by layer and of no search space; here its axes are needed",
                       out->name);
}

enum ohm_status ohm_net_arg_text(const struct ohm_named_net *net, struct ohm_str *s, struct ohm_error *err)
{
    const struct ohm_net_record record = {
        .space = net->space, .genotype = &net->genotype, .net = net->net, .version = OHM_VERSION};

    if (net->space)
        return ohm_net_record_write(s, &record, false, err);
    ohm_str_append_n(s, ohm_str_text(&net->layers_text), net->layers_text.length);
    return s->failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : OHM_OK;
}

void ohm_net_arg_chip(const struct ohm_named_net *net, struct ohm_str *s)
{
    const struct ohm_chip_axes *const axes = net->spaces.chip_axes;
    const char *divider = "";

    for (int i = 0; axes && i < ohm_chip_axes_count(axes); i++)
        if (ohm_genotype_active(net->spaces.all, &net->point, ohm_space_axes(net->space) + i)) {
            ohm_str_printf(s, "%s%s=%s", divider, ohm_chip_axes_parameter(axes, i)->key,
                           ohm_chip_axes_value(axes, i, &net->point));
            divider = " ";
        }
}

void ohm_net_arg_release(struct ohm_named_net *net)
{
    ohm_net_release(&net->builder);
    ohm_study_spaces_release(&net->spaces);
    ohm_space_free(net->space);
    ohm_str_release(&net->layers_text);
    ohm_metric_names_release(&net->metric);
    ohm_str_release(&net->genotype_text);
    ohm_str_release(&net->operation);
    ohm_str_release(&net->state);
    *net = (struct ohm_named_net){0};
}
