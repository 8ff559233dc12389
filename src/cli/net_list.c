/* net_list.c - several networks at once. */
#include "net_list.h"

#include "best_trials.h"
#include "front.h"

#include <stdio.h>

void ohm_net_list_release(struct ohm_net_list *list)
{
    for (int i = 0; i < list->count; i++) {
        ohm_net_arg_release(list->item[i]);
        ohm_free(list->item[i]);
    }
    ohm_free(list->item);
    *list = (struct ohm_net_list){0};
}

enum ohm_status ohm_net_list_add(struct ohm_cli *cli, struct ohm_net_list *list, const char *text,
                                 const struct ohm_net_options *options, struct ohm_error *err)
{
    struct ohm_named_net *net;

    if (list->count >= OHM_NET_LIST_MAX)
        return ohm_fail(err, OHM_ERANGE, "more than %d networks at once", OHM_NET_LIST_MAX);
    if (!ohm_grow(&list->item, &list->room, (size_t)list->count + 1, sizeof(*list->item)) ||
        !(net = ohm_alloc(1, sizeof(*net))))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    list->item[list->count++] = net;
    return ohm_net_arg(cli, net, text, options, err);
}

enum ohm_status ohm_net_list_words(struct ohm_cli *cli, struct ohm_net_list *list, const struct ohm_args *args,
                                   const struct ohm_net_options *options, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < args->words && st == OHM_OK; i++)
        st = ohm_net_list_add(cli, list, args->word[i], options, err);
    return st;
}

enum ohm_status ohm_net_list_draw(struct ohm_cli *cli, struct ohm_net_list *list, const char *space, int64_t n,
                                  uint64_t seed, struct ohm_error *err)
{
    const struct ohm_net_options options = {.space = space};
    const struct ohm_rng root = ohm_rng_seed(seed);
    struct ohm_space *drawn = NULL;
    struct ohm_str text = {0};
    enum ohm_status st = ohm_cli_space(cli, space, &drawn);

    for (int64_t i = 0; i < n && st == OHM_OK; i++) {
        struct ohm_rng rng = ohm_rng_child(&root, (uint64_t)i);
        struct ohm_genotype g = {{0}};

        ohm_str_clear(&text);
        if ((st = ohm_genotype_sample(drawn, &g, &rng, err)) != OHM_OK)
            break;
        ohm_genotype_print(drawn, &g, &text);
        st = text.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                         : ohm_net_list_add(cli, list, ohm_str_text(&text), &options, err);
    }
    ohm_str_release(&text);
    ohm_space_free(drawn);
    return st;
}

/* ---- of a study ---- */

static enum ohm_status add_trial(struct ohm_cli *cli, struct ohm_net_list *list, int64_t trial, int64_t study,
                                 const struct ohm_net_options *options, struct ohm_error *err)
{
    struct ohm_net_options of = *options;
    char id[32], number[32];

    snprintf(id, sizeof(id), "#%lld", (long long)study);
    snprintf(number, sizeof(number), "#%lld", (long long)trial);
    of.study = id;
    return ohm_net_list_add(cli, list, number, &of, err);
}

enum ohm_status ohm_net_list_front(struct ohm_cli *cli, struct ohm_net_list *list,
                                   const struct ohm_net_options *options, struct ohm_error *err)
{
    const struct ohm_db_options db = {options->db, options->study};
    struct ohm_metric_names names = {0};
    struct ohm_store *store = NULL;
    struct ohm_study_row study;
    struct ohm_front front = {.knee = -1};
    enum ohm_status st;

    if ((st = ohm_cli_study(&db, &store, &study, err)) == OHM_OK &&
        (st = ohm_store_metrics(store, study.id, names.name, &names.count, err)) == OHM_OK)
        st = ohm_front_load(cli, &front, store, study.id, NULL, NULL, &names, err);
    for (int i = 0; i < front.count && st == OHM_OK; i++)
        st = add_trial(cli, list, front.number[front.index[i]], study.id, options, err);
    ohm_front_release(&front);
    ohm_metric_names_release(&names);
    ohm_store_close(store);
    return st;
}

enum ohm_status ohm_net_list_best(struct ohm_cli *cli, struct ohm_net_list *list, const struct ohm_net_options *options,
                                  int k, struct ohm_error *err)
{
    const struct ohm_db_options db = {options->db, options->study};
    struct ohm_objective_names objectives;
    struct ohm_store *store = NULL;
    struct ohm_study_row study;
    int64_t *const trial = ohm_alloc((size_t)k, sizeof(*trial));
    enum ohm_status st = trial ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
    int count = 0;

    if (st == OHM_OK && (st = ohm_cli_study(&db, &store, &study, err)) == OHM_OK &&
        (st = ohm_cli_objectives(cli, store, study.id, &objectives, err)) == OHM_OK &&
        (st = ohm_best_trials(trial, &count, store, study.id, &objectives, k, err)) == OHM_OK && count == 0)
        st = ohm_fail(err, OHM_EUNFIT, "study %s has no feasible trial", study.name);
    for (int i = 0; i < count && st == OHM_OK; i++)
        st = add_trial(cli, list, trial[i], study.id, options, err);
    ohm_free(trial);
    ohm_store_close(store);
    return st;
}
