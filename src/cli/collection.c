/* collection.c - a recipe of measured networks and all that it names. */
#include "collection.h"

#include "device_cli.h"

#include "ohm/task.h"

#include <math.h>
#include <stdio.h>

void ohm_collection_release(struct ohm_collection *c)
{
    ohm_collect_free(c->collect);
    ohm_data_free(c->data);
    ohm_task_spec_free(c->task);
    ohm_device_free(c->device);
    ohm_chip_free(c->chip);
    ohm_space_free(c->space);
    ohm_collect_recipe_release(&c->recipe);
}

static enum ohm_status load_recipe(struct ohm_cli *cli, struct ohm_collection *c, const char *name,
                                   struct ohm_error *err)
{
    struct ohm_str path = {0};
    enum ohm_status st = ohm_find(cli, "recipe", name, &path, err);

    if (st == OHM_OK)
        st = ohm_collect_recipe_load(&c->recipe, ohm_str_text(&path), &cli->diag);
    ohm_str_release(&path);
    return st;
}

enum ohm_status ohm_collection_load(struct ohm_cli *cli, struct ohm_collection *c, const char *recipe,
                                    struct ohm_error *err)
{
    enum ohm_status st = load_recipe(cli, c, recipe, err);

    if (st == OHM_OK && (st = ohm_cli_space(cli, c->recipe.use.space, &c->space)) == OHM_OK &&
        (st = ohm_cli_chip(cli, c->recipe.use.chip, &c->chip)) == OHM_OK &&
        (st = ohm_cli_device(cli, c->recipe.use.device, &c->device)) == OHM_OK)
        st = ohm_cli_task(cli, c->recipe.use.task, &c->task);
    return st;
}

enum ohm_status ohm_collection_create(struct ohm_cli *cli, struct ohm_collection *c,
                                      const struct ohm_collection_options *from, int jobs, struct ohm_error *err)
{
    const struct ohm_data_options options = {.split_file = from->split_file, .cache = from->cache, .jobs = jobs};
    struct ohm_collect_parts parts;
    enum ohm_status st;

    if (c->recipe.repeats.networks > c->recipe.use.networks)
        c->recipe.repeats.networks = c->recipe.use.networks;
    if ((st = ohm_data_load(&c->data, c->task, from->folder, &options, &cli->diag)) != OHM_OK)
        return st;
    parts = (struct ohm_collect_parts){c->space, c->chip, c->device, c->data};
    if ((st = ohm_collect_create(&c->collect, &c->recipe, &parts, err)) == OHM_OK && ohm_data_is_synthetic(c->data))
        ohm_say("synthetic data: what is learned from them means nothing");
    return st;
}

void ohm_collection_say_row(const struct ohm_collect_recipe *recipe, const struct ohm_collect_progress *p,
                            double left_s)
{
    const struct ohm_collect_row *const row = p->row;
    const int last = recipe->times - 1;
    char figure[128], left[32] = "";

    if (row->state == OHM_COLLECT_DONE)
        snprintf(figure, sizeof figure, "%.2f %% digital, %.2f %% %s", row->acc_digital, row->acc[last],
                 recipe->time_name[last]);
    else
        snprintf(figure, sizeof figure, "%s: %.100s", ohm_collect_state_names[row->state], row->reason);
    if (!isnan(left_s))
        snprintf(left, sizeof left, "  eta %.0f min", left_s / 60);
    fprintf(stderr, "%d/%d  row %s  %.0f k params  %.1f M MACs  %s  %.1f + %.1f s%s\n", p->done, p->all, row->id,
            row->size.params / 1e3, row->size.macs / 1e6, figure, row->train_s, row->validate_s, left);
}
