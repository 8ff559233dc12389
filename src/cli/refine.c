/* refine.c - search --refine: measures, learns, searches, measures again. */
#include "refine.h"

#include "device_cli.h"
#include "fit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct refine {
    struct ohm_cli *cli;
    const struct ohm_refine_options *opt;
    const struct ohm_refine_search *search;
    bool quiet;
    struct ohm_collection of;  /* without a recipe: space and chip alone */
    struct ohm_device *device; /* of features, without a recipe */
    struct ohm_loop_source source;
    void *strategy_options;
    struct ohm_physics physics;
    struct ohm_str settings, journal, folder;
    const char *usual[2]; /* objectives, where none is given */
    struct ohm_words objective;
    const char **constraint; /* of the user, then of the recipe's draw */
    struct ohm_str bounds;
    struct ohm_loop_spec spec;
};

static void release(struct refine *r)
{
    if (r->source.free)
        r->source.free(r->source.context);
    ohm_free(r->constraint);
    ohm_str_release(&r->bounds);
    ohm_str_release(&r->settings);
    ohm_str_release(&r->journal);
    ohm_str_release(&r->folder);
    ohm_free(r->strategy_options);
    ohm_device_free(r->device);
    ohm_collection_release(&r->of);
}

/* ---- words of --set ---- */

struct place {
    const char *prefix;
    const struct ohm_field *fields;
    void *object;
};

static enum ohm_status set_one(const struct place *place, const char *word, struct ohm_error *err)
{
    for (; place->fields; place++) {
        const size_t n = strlen(place->prefix);
        const char *const rest = word + n;
        const struct ohm_words one = {(const char **)&rest, 1};

        if (strncmp(word, place->prefix, n) == 0)
            return place->object
                       ? ohm_opt_set_fields(place->fields, place->object, &one, err)
                       : ohm_fail(err, OHM_ECONFIG, "--set %.80s: the recipe says how the chip is used", word);
    }
    return OHM_OK;
}

static enum ohm_status set_all(struct refine *r, struct ohm_error *err)
{
    const struct ohm_words *const set = r->search->set;
    struct ohm_loop_spec *const s = &r->spec;
    const struct place places[] = {{"loop.", ohm_loop_fields, &s->options},
                                   {"surrogate.", ohm_surrogate_fields, &s->surrogate},
                                   {"physics.", ohm_physics_fields, &r->physics},
                                   {"chip_use.", ohm_chip_use_fields, r->opt->recipe ? NULL : &s->chip_use},
                                   {"", s->strategy->fields, r->strategy_options},
                                   {NULL, NULL, NULL}};
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < set->count && st == OHM_OK; i++)
        st = set_one(places, set->item[i], err);
    return st;
}

/* ---- settings ---- */

static enum ohm_status take_number(int64_t *value, const char *text, int64_t fallback, int64_t least, const char *name,
                                   struct ohm_error *err)
{
    *value = fallback;
    if (text && (!ohm_parse_int64(text, value) || *value < least))
        return ohm_fail(err, OHM_ECONFIG, "--%s %.40s: a whole number from %" PRId64 " on is wanted", name, text,
                        least);
    return OHM_OK;
}

static enum ohm_status find_strategy(struct refine *r, struct ohm_error *err)
{
    const char *const name = r->search->strategy ? r->search->strategy : "nsga2";
    const char *names[32];
    const char *nearest;
    int n = 0;

    r->spec.strategy = ohm_strategy_find(name);
    if (!r->spec.strategy) {
        for (; ohm_strategies[n] && n < 32; n++)
            names[n] = ohm_strategies[n]->name;
        nearest = ohm_nearest(name, names, n);
        return ohm_fail(err, OHM_ENOTFOUND, "there is no strategy '%.40s'%s%s%s", name,
                        nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
    }
    r->strategy_options = ohm_alloc(1, r->spec.strategy->options_size);
    if (!r->strategy_options)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    ohm_fields_default(r->spec.strategy->fields, r->strategy_options);
    r->spec.strategy_options = r->strategy_options;
    return OHM_OK;
}

static enum ohm_status take_numbers(struct refine *r, struct ohm_error *err)
{
    const struct ohm_refine_options *const opt = r->opt;
    struct ohm_loop_spec *const s = &r->spec;
    enum ohm_status st;

    s->top = (int)opt->top;
    s->rounds = (int)opt->rounds;
    s->race = (int)opt->race;
    s->trainings = opt->trainings;
    s->jobs = r->search->jobs;
    if (!ohm_parse_double(opt->hours, &s->hours) || s->hours < 0)
        return ohm_fail(err, OHM_ECONFIG, "--hours %.40s: a number from 0 on is wanted", opt->hours);
    if ((st = take_number(&s->search_budget, r->search->budget, 3000, 1, "budget", err)) == OHM_OK)
        st = take_number(&s->seed, r->search->seed, 1, 0, "seed", err);
    return st;
}

static enum ohm_status take_objectives(struct refine *r, struct ohm_error *err)
{
    r->objective = r->search->objective->count > 0 ? *r->search->objective : (struct ohm_words){r->usual, 2};
    r->spec.objectives = r->objective.item;
    r->spec.objective_count = r->objective.count;
    r->constraint = ohm_alloc((size_t)r->search->where->count + 2, sizeof *r->constraint);
    if (!r->constraint)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    r->spec.constraints = r->constraint;
    r->spec.constraint_count = r->search->where->count;
    for (int i = 0; i < r->search->where->count; i++)
        r->constraint[i] = r->search->where->item[i];
    return OHM_OK;
}

/* A surrogate knows nothing beyond the networks that the recipe draws: their bounds are those of the search, unless the
 * recipe lets it go further and learn. */
static enum ohm_status stay_inside(struct refine *r, struct ohm_error *err)
{
    const struct ohm_collect_recipe *const recipe = &r->of.recipe;

    if (recipe->search.where[0]) {
        r->constraint[r->spec.constraint_count++] = recipe->search.where;
        return OHM_OK;
    }
    if (recipe->draw.where[0])
        r->constraint[r->spec.constraint_count++] = recipe->draw.where;
    if (recipe->edges < 2)
        return OHM_OK;
    ohm_str_append(&r->bounds, "params >= ");
    ohm_str_append_double(&r->bounds, recipe->edge[0]);
    ohm_str_append(&r->bounds, " && params < ");
    ohm_str_append_double(&r->bounds, recipe->edge[recipe->edges - 1]);
    r->constraint[r->spec.constraint_count++] = ohm_str_text(&r->bounds);
    return r->bounds.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : OHM_OK;
}

/* ---- where figures come from ---- */

static bool stop(void *context)
{
    (void)context;
    return ohm_signal_pending() != 0;
}

static void show_row(void *context, const struct ohm_collect_progress *p)
{
    const struct refine *const r = context;

    if (!r->quiet)
        ohm_collection_say_row(&r->of.recipe, p, NAN);
}

static void show_round(void *context, const struct ohm_loop_round *round)
{
    const struct refine *const r = context;

    if (!r->quiet)
        ohm_say("round %d: %d networks, %d trainings, %.2f h; front of %d, hypervolume %.6g", round->number,
                round->networks, round->trainings, round->cost_s / 3600, round->front, round->hypervolume);
}

/* How long a name is without that end. */
static int stem(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);

    return (int)(n > m && strcmp(name + n - m, end) == 0 ? n - m : n);
}

/* "rows.csv" gives "rows.loop.csv", and that "rows.surrogate". */
static enum ohm_status name_files(struct refine *r, struct ohm_error *err)
{
    const char *const journal = r->opt->journal, *const rows = r->opt->rows;

    if (!journal && !rows)
        return OHM_OK;
    if (journal)
        ohm_str_append(&r->journal, journal);
    else
        ohm_str_printf(&r->journal, "%.*s.loop.csv", stem(rows, ".csv"), rows);
    ohm_str_printf(&r->folder, "%.*s.surrogate", stem(ohm_str_text(&r->journal), ".loop.csv"),
                   ohm_str_text(&r->journal));
    if (r->journal.failed || r->folder.failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    r->spec.journal = ohm_str_text(&r->journal);
    r->spec.folder = ohm_str_text(&r->folder);
    return OHM_OK;
}

/* What the recipe says already is no option. */
static enum ohm_status check_recipe(const struct refine *r, struct ohm_error *err)
{
    const struct ohm_collect_names *const use = &r->of.recipe.use;

    if (r->search->space || r->search->chip || r->search->task)
        return ohm_fail(err, OHM_ECONFIG, "space, chip and task are those of the recipe: %s, %s, %s", use->space,
                        use->chip, use->task);
    if (r->opt->table || r->opt->target.count > 0 || r->opt->noise.count > 0 || r->opt->cost)
        return ohm_fail(err, OHM_ECONFIG,
                        "figures come from --recipe, or from --measure-from with its --target, --noise and --cost");
    if (!r->opt->samples.folder || !r->opt->rows)
        return ohm_fail(err, OHM_ECONFIG, "--%s is missing: which %s?", r->opt->rows ? "data" : "rows",
                        r->opt->rows ? "folder holds the samples" : "file holds the measured networks");
    return OHM_OK;
}

/* The draw is as long as the loop may need it. */
static void lengthen_draw(struct refine *r)
{
    const struct ohm_loop_spec *const s = &r->spec;
    const int64_t rounds = (int64_t)s->top * s->rounds;
    const int64_t by_chance = s->trainings > 0 && s->trainings < rounds ? s->trainings : rounds;
    const int64_t drawn = s->options.start + (s->options.choose == OHM_LOOP_RANDOM ? by_chance : 0);

    if (r->of.recipe.use.networks < drawn)
        r->of.recipe.use.networks = drawn;
}

static enum ohm_status open_collection(struct refine *r, struct ohm_error *err)
{
    struct ohm_loop_collection from = {.recipe = &r->of.recipe};
    enum ohm_status st;

    if ((st = ohm_collection_load(r->cli, &r->of, r->opt->recipe, err)) != OHM_OK ||
        (st = check_recipe(r, err)) != OHM_OK || (st = stay_inside(r, err)) != OHM_OK ||
        (st = name_files(r, err)) != OHM_OK)
        return st;
    if (r->spec.options.anew)
        from.shuffled = (int)r->of.recipe.use.networks;
    lengthen_draw(r);
    if ((st = ohm_collection_create(r->cli, &r->of, &r->opt->samples, r->search->jobs, err)) != OHM_OK)
        return st;
    from.collect = r->of.collect;
    from.seed = (uint64_t)r->spec.seed;
    from.run = (struct ohm_collect_run){.path = r->opt->rows,
                                        .jobs = r->search->jobs,
                                        .program = r->spec.program,
                                        .stop = stop,
                                        .progress = show_row,
                                        .context = r};
    r->spec.chip_use = r->of.recipe.chip_use;
    if ((st = ohm_loop_source_collect(&r->source, &from, err)) == OHM_OK)
        ohm_str_printf(&r->settings, "recipe %s, fingerprint %016" PRIx64, r->of.recipe.use.collect,
                       r->source.fingerprint);
    return st;
}

static enum ohm_status open_table(struct refine *r, struct ohm_error *err)
{
    const struct ohm_refine_options *const opt = r->opt;
    struct ohm_loop_table table = {.path = opt->table,
                                   .key = opt->key,
                                   .target = opt->target.item,
                                   .targets = opt->target.count,
                                   .noise = opt->noise.item,
                                   .noises = opt->noise.count,
                                   .cost = opt->cost,
                                   .seed = (uint64_t)r->spec.seed};
    enum ohm_status st;

    if (!opt->table || !r->search->space || opt->target.count == 0)
        return ohm_fail(err, OHM_ECONFIG,
                        "what is measured, and how? --recipe, or --measure-from with --space and --target");
    if ((st = ohm_cli_space(r->cli, r->search->space, &r->of.space)) != OHM_OK ||
        (st = ohm_cli_chip(r->cli, r->search->chip ? r->search->chip : "hermes64", &r->of.chip)) != OHM_OK ||
        (st = ohm_chip_check_use(r->of.chip, &r->spec.chip_use, err)) != OHM_OK)
        return st;
    if (r->search->task || opt->samples.split_file || opt->samples.cache)
        return ohm_fail(err, OHM_ECONFIG, "--%s is for a recipe; figures of a table are looked up",
                        r->search->task      ? "task"
                        : opt->samples.cache ? "cache"
                                             : "split-file");
    if (opt->rows)
        return ohm_fail(err, OHM_ECONFIG, "--rows are those of a recipe; figures of a table stay in the table");
    if ((st = name_files(r, err)) != OHM_OK)
        return st;
    table.space = r->of.space;
    if ((st = ohm_loop_source_table(&r->source, &table, err)) == OHM_OK)
        ohm_str_printf(&r->settings, "table of %016" PRIx64, r->source.fingerprint);
    return st;
}

/* ---- the physics of features ---- */

static bool names_group(const char *groups, const char *name)
{
    const size_t length = strlen(name);

    for (const char *p = groups; *p; p += strcspn(p, ","), p += *p == ',') {
        const char *const word = p + strspn(p, " ");

        if (strncmp(word, name, length) == 0 && strchr(" ,", word[length]))
            return true;
    }
    return false;
}

/* Tiles are the chip's and the device is that of the recipe, where --set physics.KEY=VALUE says nothing else. */
static enum ohm_status take_physics(struct refine *r, struct ohm_error *err)
{
    const struct place places[] = {{"physics.", ohm_physics_fields, &r->physics}, {NULL, NULL, NULL}};
    enum ohm_status st = OHM_OK;

    ohm_fields_default(ohm_physics_fields, &r->physics);
    ohm_chip_tile(r->of.chip, &r->physics.tile_rows, &r->physics.tile_columns);
    for (int i = 0; i < r->search->set->count && st == OHM_OK; i++)
        st = set_one(places, r->search->set->item[i], err);
    r->spec.physics = &r->physics;
    if (st != OHM_OK || !names_group(r->opt->features, "noise"))
        return st;
    if (!r->of.device)
        st = ohm_cli_device(r->cli, "pcm", &r->device);
    return st == OHM_OK ? ohm_physics_take_device(&r->physics, r->of.device ? r->of.device : r->device, err) : st;
}

/* ---- all together ---- */

static enum ohm_status run(struct refine *r, struct ohm_error *err)
{
    struct ohm_loop_result result;
    struct ohm_error later = {0};
    enum ohm_status st, told = OHM_OK;

    r->spec.space = r->of.space;
    r->spec.chip = r->of.chip;
    r->spec.source = &r->source;
    r->spec.features = r->opt->features;
    r->spec.settings = ohm_str_text(&r->settings);
    r->spec.stop = stop;
    r->spec.round = show_round;
    r->spec.context = r;
    st = ohm_loop_run(&result, &r->spec, err);
    if (st == OHM_OK || (st == OHM_EINTR && result.rounds > 0))
        told = ohm_refine_out(&r->search->format, r->of.space, &result, &later);
    if (st == OHM_OK && told == OHM_OK && r->opt->front)
        told = ohm_refine_write_front(r->opt->front, &r->spec, &result, &later);
    if (st == OHM_EINTR && !r->quiet)
        ohm_say("interrupted; the same command goes on");
    if (st == OHM_OK && told != OHM_OK && err)
        *err = later;
    ohm_loop_result_release(&result);
    return st == OHM_OK ? told : st;
}

enum ohm_status ohm_cli_refine(struct ohm_cli *cli, const struct ohm_refine_options *opt,
                               const struct ohm_refine_search *search, struct ohm_error *err)
{
    struct refine r = {.cli = cli,
                       .opt = opt,
                       .search = search,
                       .quiet = strcmp(search->progress, "none") == 0,
                       .usual = {"maximize acc_1d", "minimize latency_us"},
                       .spec = {.program = "ohmnas " OHM_VERSION}};
    enum ohm_status st;

    ohm_fields_default(ohm_loop_fields, &r.spec.options);
    ohm_fields_default(ohm_surrogate_fields, &r.spec.surrogate);
    ohm_fields_default(ohm_chip_use_fields, &r.spec.chip_use);
    ohm_fields_default(ohm_physics_fields, &r.physics);
    if ((st = find_strategy(&r, err)) == OHM_OK && (st = take_numbers(&r, err)) == OHM_OK &&
        (st = take_objectives(&r, err)) == OHM_OK && (st = set_all(&r, err)) == OHM_OK &&
        (st = opt->recipe ? open_collection(&r, err) : open_table(&r, err)) == OHM_OK &&
        (st = take_physics(&r, err)) == OHM_OK)
        st = run(&r, err);
    cli->signal = st == OHM_EINTR ? ohm_signal_pending() : 0;
    release(&r);
    return st;
}
