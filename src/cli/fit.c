/* fit.c - network, task and samples of train and eval. */
#include "fit.h"

#include "ohm/parallel.h"

#include <string.h>

void ohm_fit_release(struct ohm_fit_loaded *l)
{
    ohm_data_free(l->data);
    ohm_task_spec_free(l->task);
    ohm_net_arg_release(&l->named);
}

int ohm_fit_jobs(int64_t jobs)
{
    return jobs > 0 ? (int)jobs : ohm_processor_count();
}

static enum ohm_status check_shapes(const struct ohm_fit_loaded *l, struct ohm_error *err)
{
    const struct ohm_shape in = l->net->input;
    const struct ohm_task_spec *t = l->task;

    if (in.h == t->h && in.w == t->w && in.c == t->c && l->net->classes == t->classes)
        return OHM_OK;
    return ohm_fail(err, OHM_ECONFIG,
                    "the network takes %d x %d x %d and tells %d classes apart, task '%s' has %d x %d x %d and %d",
                    in.h, in.w, in.c, l->net->classes, t->name, t->h, t->w, t->c, t->classes);
}

enum ohm_status ohm_fit_load(struct ohm_cli *cli, struct ohm_fit_loaded *l, const char *net,
                             const struct ohm_fit_sources *from, enum ohm_split train, enum ohm_split judge,
                             struct ohm_error *err)
{
    const struct ohm_data_options options = {.split_file = from->split_file,
                                             .folds = (int)from->folds,
                                             .fold = (int)from->fold,
                                             .cache = from->cache,
                                             .jobs = ohm_fit_jobs(from->jobs)};
    enum ohm_status st;

    if (!from->task || !from->folder)
        return ohm_fail(err, OHM_ECONFIG, "--%s is missing: which %s?", from->task ? "data" : "task",
                        from->task ? "folder holds the samples" : "task are the samples of");
    if ((st = ohm_net_arg(cli, &l->named, net, &from->net, err)) != OHM_OK)
        return st;
    l->net = l->named.net;
    if ((st = ohm_cli_task(cli, from->task, &l->task)) != OHM_OK || (st = check_shapes(l, err)) != OHM_OK ||
        (st = ohm_data_load(&l->data, l->task, from->folder, &options, &cli->diag)) != OHM_OK)
        return st;
    l->samples = ohm_samples_of_data(&l->parts, l->data, train, judge);
    return OHM_OK;
}

enum ohm_split ohm_fit_split(const char *name)
{
    int i = 0;

    while (i < OHM_SPLITS - 1 && strcmp(ohm_split_names[i], name) != 0)
        i++;
    return (enum ohm_split)i;
}

/* "lr=0.1" goes to the recipe, "analog.dac_bits=6" to the hardware. */
static enum ohm_status set_one(struct ohm_recipe *recipe, struct ohm_analog *analog, const char *text,
                               struct ohm_error *err)
{
    const char *equals = strchr(text, '=');
    const bool hardware = strncmp(text, "analog.", 7) == 0;
    char key[64];

    if (!equals || (size_t)(equals - text) >= sizeof(key))
        return ohm_fail(err, OHM_ECONFIG, "--set is '%.80s', not key=value", text);
    memcpy(key, text, (size_t)(equals - text));
    key[equals - text] = '\0';
    if (hardware)
        return ohm_field_set(ohm_analog_fields, analog, key + 7, equals + 1, err);
    if (!recipe)
        return ohm_fail(err, OHM_ECONFIG, "--set is '%.80s'; here it is analog.KEY=VALUE", text);
    return ohm_field_set(ohm_recipe_fields, recipe, key, equals + 1, err);
}

enum ohm_status ohm_fit_set(struct ohm_recipe *recipe, struct ohm_analog *analog, const struct ohm_words *set,
                            struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < set->count && st == OHM_OK; i++)
        st = set_one(recipe, analog, set->item[i], err);
    return st;
}
