/* plan.c - from settings to everything that a study needs, loaded and checked. */
#include "study_int.h"

#include "ohm/decode.h"
#include "ohm/parallel.h"

#include <stdio.h>
#include <string.h>

struct loader {
    struct ohm_plan *plan;
    const struct ohm_plan_spec *spec;
    struct ohm_diag *diag;
};

/* ---- single values ---- */

static int64_t read_count(struct loader *l, const char *key, int64_t fallback, int64_t min, int64_t max)
{
    const struct stored_setting *s = setting_find(&l->plan->settings, key);
    int64_t value = fallback;

    if (!s)
        return fallback;
    if (!ohm_parse_int64(s->setting.value, &value))
        setting_fail(l->diag, s, OHM_ECONFIG, "%s is '%s', not a whole number", key, s->setting.value);
    else if (value < min || value > max)
        setting_fail(l->diag, s, OHM_ERANGE, "%s is %lld, outside [%lld, %lld]", key, (long long)value, (long long)min,
                     (long long)max);
    return value;
}

static int read_list(struct loader *l, const char *key, const char **out, int room)
{
    const struct setting_list *list = &l->plan->settings;
    int n = 0;

    for (int i = 0; i < list->count; i++) {
        if (strcmp(list->item[i].setting.key, key) != 0)
            continue;
        if (n == room)
            setting_fail(l->diag, &list->item[i], OHM_ERANGE, "%s has more than %d entries", key, room);
        else
            out[n] = list->item[i].setting.value;
        n += n < room;
    }
    return n;
}

/* Options "prefix.key" into the struct that the table describes. */
static void read_options(struct loader *l, const char *prefix, const struct ohm_field *fields, void *object)
{
    const struct setting_list *list = &l->plan->settings;
    const size_t length = strlen(prefix);

    ohm_fields_default(fields, object);
    for (int i = 0; i < list->count; i++) {
        const struct stored_setting *s = &list->item[i];
        struct ohm_error error = {0};

        if (strncmp(s->setting.key, prefix, length) != 0 || s->setting.key[length] != '.')
            continue;
        if (ohm_field_set(fields, object, s->setting.key + length + 1, s->setting.value, &error) != OHM_OK)
            setting_fail(l->diag, s, error.status, "%s", error.text);
    }
}

/* ---- files ---- */

/* The path of what a setting names, in `path`; false and noted where there is none. */
static bool find_file(struct loader *l, const char *kind, const struct stored_setting *s, const char *name,
                      struct ohm_str *path)
{
    struct ohm_error error = {0};

    if (l->spec->find(l->spec->find_context, kind, name, path, &error) == OHM_OK && !path->failed)
        return true;
    setting_fail(l->diag, s, error.status, "%s", error.text);
    return false;
}

static void load_space(struct loader *l)
{
    struct ohm_str path = {0};
    const struct stored_setting *s = setting_find(&l->plan->settings, "space");

    if (!s)
        setting_fail(l->diag, NULL, OHM_ECONFIG,
                     "the study names no space (space: or task: in the file, --space, --task)");
    else if (find_file(l, "space", s, s->setting.value, &path))
        ohm_space_load(&l->plan->net_space, ohm_str_text(&path), l->diag);
    ohm_str_release(&path);
}

static void load_chip(struct loader *l)
{
    struct ohm_str path = {0};
    const struct stored_setting *s = setting_find(&l->plan->settings, "chip");

    if (s && strcmp(s->setting.value, "none") != 0 && find_file(l, "chip", s, s->setting.value, &path))
        ohm_chip_load(&l->plan->chip, ohm_str_text(&path), l->diag);
    ohm_str_release(&path);
}

/* "target=path" is a plain XGBoost file. */
static void load_surrogate(struct loader *l, const struct stored_setting *s)
{
    struct ohm_plan *plan = l->plan;
    struct ohm_surrogate **slot = &plan->surrogate[plan->surrogates];
    struct ohm_str path = {0};
    struct ohm_error error = {0};
    char target[64], name[1024];
    const char *equals;
    enum ohm_status st = OHM_EFAIL;

    if (plan->surrogates == SURROGATES_MAX) {
        setting_fail(l->diag, s, OHM_ERANGE, "more than %d surrogates", SURROGATES_MAX);
        return;
    }
    if (!plan_split_surrogate(plan, s, name, sizeof name, &plan->surrogate_on[plan->surrogates], l->diag))
        return;
    equals = strchr(name, '=');
    if (!find_file(l, "surrogate", s, equals ? equals + 1 : name, &path)) {
        ohm_str_release(&path);
        return;
    }
    if (equals) {
        snprintf(target, sizeof target, "%.*s", (int)(equals - name), name);
        st = ohm_surrogate_load_plain(slot, ohm_str_text(&path), target, plan->net_space, &error);
        if (st != OHM_OK)
            ohm_diag_take(l->diag, &error);
    } else {
        st = ohm_surrogate_load(slot, ohm_str_text(&path), plan->net_space, l->diag);
    }
    plan->surrogates += st == OHM_OK;
    ohm_str_release(&path);
}

static void check_task(struct loader *l)
{
    const struct stored_setting *task = setting_find(&l->plan->settings, "task");

    for (int i = 0; task && i < l->plan->surrogates; i++) {
        const char *of = ohm_surrogate_task(l->plan->surrogate[i]);

        if (of[0] != '\0' && strcmp(of, task->setting.value) != 0)
            setting_fail(l->diag, task, OHM_ECONFIG, "the task is %s, but the surrogate %s was made for %s",
                         task->setting.value, ohm_surrogate_name(l->plan->surrogate[i]), of);
    }
}

static void load_surrogates(struct loader *l)
{
    const struct setting_list *list = &l->plan->settings;

    if (!l->plan->net_space)
        return;
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->item[i].setting.key, "surrogates") == 0)
            load_surrogate(l, &list->item[i]);
    check_task(l);
}

/* ---- strategy, objectives, constraints ---- */

static void load_strategy(struct loader *l)
{
    struct ohm_plan *plan = l->plan;
    const struct stored_setting *s = setting_find(&plan->settings, "strategy");
    const char *names[32];
    const char *nearest;
    int n = 0;

    plan->strategy = ohm_strategy_find(s->setting.value);
    if (!plan->strategy) {
        for (; ohm_strategies[n] && n < 32; n++)
            names[n] = ohm_strategies[n]->name;
        nearest = ohm_nearest(s->setting.value, names, n);
        setting_fail(l->diag, s, OHM_ENOTFOUND, "there is no strategy '%s'%s%s%s; see: ohmnas help strategies",
                     s->setting.value, nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
        return;
    }
    plan->strategy_options = ohm_alloc(1, plan->strategy->options_size);
    if (plan->strategy_options)
        read_options(l, "strategy", plan->strategy->fields, plan->strategy_options);
    else
        setting_fail(l->diag, NULL, OHM_ENOMEM, "out of memory");
    if (plan->objectives > 1 && !plan->strategy->multi_objective)
        setting_fail(l->diag, s, OHM_ECONFIG, "strategy %s optimises one objective, the study has %d",
                     plan->strategy->name, plan->objectives);
}

/* Which setting an error of the evaluator is about is found by trying them one by one. */
static void explain(struct loader *l, const char *key, const struct ohm_evaluator_spec *whole)
{
    const struct setting_list *list = &l->plan->settings;
    const bool constraint = strcmp(key, "constraints") == 0;

    for (int i = 0; i < list->count; i++) {
        struct ohm_evaluator_spec one = *whole;
        struct ohm_evaluator *trial = NULL;
        struct ohm_error error = {0};
        const char *text = list->item[i].setting.value;

        if (strcmp(list->item[i].setting.key, key) != 0)
            continue;
        one.objectives = constraint ? NULL : &text;
        one.objective_count = constraint ? 0 : 1;
        one.constraints = constraint ? &text : NULL;
        one.constraint_count = constraint ? 1 : 0;
        if (ohm_evaluator_create(&trial, &one, &error) != OHM_OK)
            setting_fail(l->diag, &list->item[i], error.status, "in '%s': %s", text, error.text);
        ohm_evaluator_free(trial);
    }
}

static void make_evaluator(struct loader *l)
{
    struct ohm_plan *plan = l->plan;
    struct ohm_error error = {0};
    const int before = l->diag->count;
    const struct ohm_evaluator_spec spec = {.space = plan->space,
                                            .chip = plan->chip,
                                            .use = plan->use,
                                            .chip_axes = plan->chip_axes,
                                            .surrogates = plan->surrogate,
                                            .surrogate_count = plan->surrogates,
                                            .surrogate_on = plan->surrogate_on,
                                            .objectives = plan->objective,
                                            .objective_count = plan->objectives,
                                            .constraints = plan->constraint,
                                            .constraint_count = plan->constraints,
                                            .jobs = plan->jobs};
    struct ohm_evaluator_spec bare = spec;
    struct ohm_evaluator *trial = NULL;

    if (plan->objectives == 0)
        setting_fail(l->diag, NULL, OHM_ECONFIG,
                     "the study has no objective (objectives: in the file, --objective 'maximize acc_1d')");
    if (!plan->space || l->diag->count > 0)
        return;
    if (ohm_evaluator_create(&plan->evaluator, &spec, &error) == OHM_OK)
        return;
    bare.objective_count = bare.constraint_count = 0;
    if (ohm_evaluator_create(&trial, &bare, &error) == OHM_OK) {
        explain(l, "objectives", &spec);
        explain(l, "constraints", &spec);
    }
    ohm_evaluator_free(trial);
    if (l->diag->count == before)
        ohm_diag_take(l->diag, &error);
}

/* Features for a strategy's own model: the cell's structure where the family has it, else genes and net. */
static void make_features(struct loader *l)
{
    struct ohm_plan *plan = l->plan;
    struct ohm_error error = { 0 };
    enum ohm_status st;

    if (!plan->space || l->diag->count > 0)
        return;
    st = ohm_features_create(&plan->features, plan->space, "onehot,net,cell", &error);
    if (st == OHM_ECONFIG)
        st = ohm_features_create(&plan->features, plan->space, "onehot,net", &error);
    if (st != OHM_OK)
        ohm_diag_take(l->diag, &error);
    plan->builder = ohm_alloc((size_t)plan->jobs, sizeof *plan->builder);
    if (!plan->builder)
        setting_fail(l->diag, NULL, OHM_ENOMEM, "out of memory");
}

static void plan_features(void *context, const struct ohm_genotype *g, float *x)
{
    struct ohm_plan *plan = context;
    const struct ohm_net *net = NULL;

    if (ohm_features_need_net(plan->features) &&
        ohm_decode(plan->space, g, &plan->builder[ohm_parallel_worker()], &net, NULL) != OHM_OK)
        memset(x, 0, (size_t)ohm_features_count(plan->features) * sizeof *x);
    else
        ohm_features_compute(plan->features, g, net, x);
}

static bool plan_admits(void *context, const struct ohm_genotype *g)
{
    struct ohm_plan *plan = context;

    return ohm_evaluator_admits(plan->evaluator, g, ohm_parallel_worker(), NULL);
}

struct ohm_problem plan_problem(struct ohm_plan *plan)
{
    return (struct ohm_problem){.space = plan->space,
                                .objectives = plan->objectives,
                                .context = plan,
                                .admissible = plan_admits,
                                .feature_count = ohm_features_count(plan->features),
                                .features = plan_features,
                                .jobs = plan->jobs};
}

/* ---- putting it together ---- */

static bool add_default(struct ohm_plan *plan, const char *key, const char *value)
{
    return setting_find(&plan->settings, key) || setting_add(&plan->settings, key, value, "default", 0);
}

static bool add_defaults(struct ohm_plan *plan)
{
    const struct stored_setting *task = setting_find(&plan->settings, "task");
    const char *space, *base;
    char name[128];

    if (task && !setting_find(&plan->settings, "space")) {
        snprintf(name, sizeof name, "resnet-%s", task->setting.value);
        if (!setting_add(&plan->settings, "space", name, "default of the task", 0))
            return false;
    }
    space = setting_value(&plan->settings, "space", "study");
    base = strrchr(space, '/');
    snprintf(name, sizeof name, "%s", base ? base + 1 : space);
    name[strcspn(name, ".")] = '\0';
    return add_default(plan, "study", name) && add_default(plan, "chip", "hermes64") &&
           add_default(plan, "strategy", "nsga2") && add_default(plan, "budget", "1000") &&
           add_default(plan, "seed", "1");
}

/* An option that the chip does not read would make every trial fail: the plan says so instead. */
static void read_chip_use(struct loader *l)
{
    struct ohm_error error = {0};

    read_options(l, "chip_use", ohm_chip_use_fields, &l->plan->use);
    if (l->plan->chip && l->diag->count == 0 && ohm_chip_check_use(l->plan->chip, &l->plan->use, &error) != OHM_OK)
        setting_fail(l->diag, setting_find(&l->plan->settings, "chip"), error.status, "%s", error.text);
}

/* From settings that are complete; space and chip may be there already (from the log). */
static void load_rest(struct loader *l)
{
    struct ohm_plan *plan = l->plan;

    plan->jobs = l->spec->jobs < 1 ? 1 : l->spec->jobs;
    plan->budget = read_count(l, "budget", 1000, 1, INT64_C(1) << 40);
    plan->seed = read_count(l, "seed", 1, 0, INT64_MAX);
    plan->objectives = read_list(l, "objectives", plan->objective, OHM_OBJECTIVES_MAX);
    plan->constraints = read_list(l, "constraints", plan->constraint, LIST_MAX);
    read_chip_use(l);
    plan_load_chip_axes(plan, l->diag);
    load_strategy(l);
    load_surrogates(l);
    plan_check_chip_axes(plan, l->diag);
    make_evaluator(l);
    make_features(l);
}

static enum ohm_status finish(struct ohm_plan **out, struct loader *l)
{
    const enum ohm_status st = ohm_diag_status(l->diag, NULL);

    if (st == OHM_OK)
        *out = l->plan;
    else
        ohm_plan_free(l->plan);
    return st;
}

enum ohm_status ohm_plan_load(struct ohm_plan **out, const struct ohm_plan_spec *spec, struct ohm_diag *diag)
{
    struct loader l = {ohm_alloc(1, sizeof *l.plan), spec, diag};
    bool room = true;

    if (!l.plan)
        return ohm_diag_add(diag, OHM_ENOMEM, NULL, 0, 0, "out of memory");
    /* Of a file that could not be read nothing is known: to call its settings missing would mislead. */
    if (spec->path && settings_read_yaml(&l.plan->settings, spec->path, diag) != OHM_OK)
        return finish(out, &l);
    for (int i = 0; i < spec->count; i++)
        room = room && setting_add(&l.plan->settings, spec->settings[i].key, spec->settings[i].value,
                                   spec->settings[i].origin, 2);
    if (!room || !add_defaults(l.plan)) {
        ohm_diag_add(diag, OHM_ENOMEM, NULL, 0, 0, "out of memory");
        return finish(out, &l);
    }
    settings_resolve(&l.plan->settings, diag);
    load_space(&l);
    load_chip(&l);
    load_rest(&l);
    return finish(out, &l);
}

static void restore_texts(struct loader *l, struct ohm_store *store, int64_t study, bool with_chip)
{
    struct ohm_str space = {0}, chip = {0};
    struct ohm_error error = {0};
    const char *chip_name = with_chip ? setting_value(&l->plan->settings, "chip", "none") : "none";

    if (ohm_store_study_text(store, study, "space_text", &space, &error) != OHM_OK ||
        ohm_store_study_text(store, study, "chip_text", &chip, &error) != OHM_OK)
        ohm_diag_take(l->diag, &error);
    else {
        ohm_space_parse(&l->plan->net_space, ohm_str_text(&space), space.length, "space in the database", l->diag);
        if (strcmp(chip_name, "none") != 0)
            ohm_chip_parse(&l->plan->chip, ohm_str_text(&chip), chip.length, "chip in the database", l->diag);
    }
    ohm_str_release(&space);
    ohm_str_release(&chip);
}

enum ohm_status ohm_plan_restore(struct ohm_plan **out, struct ohm_store *store, int64_t study,
                                 const struct ohm_plan_spec *spec, struct ohm_diag *diag)
{
    struct loader l = {ohm_alloc(1, sizeof *l.plan), spec, diag};

    if (!l.plan)
        return ohm_diag_add(diag, OHM_ENOMEM, NULL, 0, 0, "out of memory");
    if (settings_read_config(&l.plan->settings, store, study, diag) == OHM_OK && add_defaults(l.plan)) {
        restore_texts(&l, store, study, true);
        load_rest(&l);
    }
    if (diag->count == 0)
        plan_check_hashes(l.plan, store, study, diag);
    return finish(out, &l);
}

/* The chip is needed for its axes alone: without them a log can be read whose chip this program refuses. */
enum ohm_status ohm_study_spaces_load(struct ohm_study_spaces *out, struct ohm_store *store, int64_t study,
                                      struct ohm_diag *diag)
{
    struct loader l = {ohm_alloc(1, sizeof *l.plan), NULL, diag};
    struct ohm_plan *const plan = l.plan;

    *out = (struct ohm_study_spaces){0};
    if (!plan)
        return ohm_diag_add(diag, OHM_ENOMEM, NULL, 0, 0, "out of memory");
    if (settings_read_config(&plan->settings, store, study, diag) == OHM_OK) {
        const bool axes = plan_has_chip_axes(plan);

        restore_texts(&l, store, study, axes);
        if (axes)
            read_chip_use(&l);
        plan_load_chip_axes(plan, diag);
    }
    if (diag->count == 0) {
        *out = (struct ohm_study_spaces){plan->net_space, plan->space, plan->chip, plan->chip_axes};
        plan->net_space = plan->space = NULL;
        plan->chip = NULL;
        plan->chip_axes = NULL;
    }
    ohm_plan_free(plan);
    return ohm_diag_status(diag, NULL);
}

void ohm_study_spaces_release(struct ohm_study_spaces *spaces)
{
    ohm_chip_axes_free(spaces->chip_axes);
    ohm_chip_free(spaces->chip);
    if (spaces->all != spaces->net)
        ohm_space_free(spaces->all);
    ohm_space_free(spaces->net);
    *spaces = (struct ohm_study_spaces){0};
}
