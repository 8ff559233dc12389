/* report_study.c - the study of a report: plan, surrogates, front, the network that is shown at length. */
#include "study_report.h"

#include "ohm/chip_axes.h"
#include "ohm/weights.h"

#include <math.h>
#include <string.h>

static enum ohm_status no_memory(struct ohm_error *err)
{
    return ohm_fail(err, OHM_ENOMEM, "out of memory");
}

const char *ohm_report_setting(const struct ohm_report *r, const char *key)
{
    for (int i = 0; i < r->settings; i++)
        if (strcmp(r->setting[i]->key, key) == 0)
            return r->setting[i]->value;
    return NULL;
}

double ohm_report_metric(const struct ohm_report *r, const struct ohm_report_net *n, const char *name)
{
    const int i = ohm_metric_names_find(&r->metrics, name);

    return i >= 0 ? n->metric[i] : (double)NAN;
}

/* ---- settings ---- */

/* The place of a key; options of a table stand behind their table, and what is unknown here at the end. */
static int rank_of(const char *key)
{
    static const char *const order[] = {"study",     "task",       "space",       "surrogates", "chip",   "chip_use",
                                        "chip_axes", "objectives", "constraints", "strategy",   "budget", "seed"};
    const size_t n = strcspn(key, ".");
    int i = 0;

    while (i < (int)(sizeof order / sizeof *order) && (strlen(order[i]) != n || strncmp(order[i], key, n) != 0))
        i++;
    return i;
}

static bool before(const struct ohm_setting *a, const struct ohm_setting *b)
{
    const int order = rank_of(a->key) - rank_of(b->key);

    return order ? order < 0 : strcmp(a->key, b->key) < 0;
}

/* By insertion: lists keep their order. */
static enum ohm_status sort_settings(struct ohm_report *r, struct ohm_error *err)
{
    const int n = ohm_plan_setting_count(r->plan);

    if (!(r->setting = ohm_alloc((size_t)n, sizeof(*r->setting))))
        return no_memory(err);
    for (; r->settings < n; r->settings++) {
        const struct ohm_setting *const s = ohm_plan_setting(r->plan, r->settings);
        int at = r->settings;

        for (; at > 0 && before(s, r->setting[at - 1]); at--)
            r->setting[at] = r->setting[at - 1];
        r->setting[at] = s;
    }
    return OHM_OK;
}

/* ---- surrogates ---- */

static enum ohm_status card_text(struct ohm_report *r, const char **out, const struct ohm_report_surrogate *s,
                                 const char *key)
{
    struct ohm_str text = {0};
    const enum ohm_status st = ohm_cli_card_text(s->folder, key, &text, &r->cli->diag);

    *out = ohm_arena_strdup(&r->cli->arena, ohm_str_text(&text));
    ohm_str_release(&text);
    return st == OHM_OK && !*out ? OHM_ENOMEM : st;
}

/* "mine-6-bit@bits=6" is for some chips of a study only. */
static const char *bare_name(struct ohm_report *r, const char *name)
{
    const char *const at = strrchr(name, '@');
    char *const bare = ohm_arena_strdup(&r->cli->arena, name);

    if (bare && at && strchr(at, '='))
        bare[at - name] = '\0';
    return bare;
}

static enum ohm_status load_surrogate(struct ohm_report *r, const char *name, struct ohm_error *err)
{
    struct ohm_report_surrogate *s;
    struct ohm_str folder = {0};
    enum ohm_status st;

    if (r->surrogates == OHM_REPORT_SURROGATES_MAX)
        return ohm_fail(err, OHM_ERANGE, "more than %d surrogates", OHM_REPORT_SURROGATES_MAX);
    s = &r->surrogate[r->surrogates++];
    s->name = name;
    if (!(s->bare = bare_name(r, name)))
        return no_memory(err);
    if (strchr(s->bare, '=')) /* target=FILE */
        return OHM_OK;
    st = ohm_find(r->cli, "surrogate", s->bare, &folder, err);
    s->folder = ohm_arena_strdup(&r->cli->arena, ohm_str_text(&folder));
    ohm_str_release(&folder);
    if (st != OHM_OK)
        return st;
    if (!s->folder)
        return no_memory(err);
    if ((st = ohm_surrogate_load(&s->model, s->folder, r->spaces.net, &r->cli->diag)) == OHM_OK &&
        (st = card_text(r, &s->protocol, s, "protocol")) == OHM_OK &&
        (st = card_text(r, &s->source, s, "source")) == OHM_OK)
        st = card_text(r, &s->command, s, "command");
    return st;
}

static enum ohm_status load_surrogates(struct ohm_report *r, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < r->settings && st == OHM_OK; i++)
        if (strcmp(r->setting[i]->key, "surrogates") == 0)
            st = load_surrogate(r, r->setting[i]->value, err);
    return st;
}

/* ---- the front ---- */

static enum ohm_status take_trial(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct ohm_report *const r = context;
    struct ohm_report_net *const n = &r->net[r->nets];
    char id[OHM_ID_TEXT_SIZE];

    *n = (struct ohm_report_net){.trial = trial->number, .params = NAN, .macs = NAN};
    n->name = ohm_arena_strdup(&r->cli->arena, ohm_id_text(trial->net_id, id));
    n->genotype = ohm_arena_strdup(&r->cli->arena, trial->genotype);
    memcpy(n->metric, trial->metric, sizeof n->metric);
    for (int i = r->metrics.count; i < OHM_METRICS_MAX; i++)
        n->metric[i] = NAN;
    n->params = ohm_report_metric(r, n, "params");
    n->macs = ohm_report_metric(r, n, "macs");
    r->nets++;
    return n->name && n->genotype ? OHM_EINTR : no_memory(err); /* seen: the walk ends here */
}

static enum ohm_status take_best(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    const enum ohm_status st = take_trial(context, trial, err);

    return st == OHM_EINTR ? OHM_OK : st;
}

static enum ohm_status load_front(struct ohm_report *r, struct ohm_error *err)
{
    struct ohm_front f;
    enum ohm_status st = ohm_front_load(r->cli, &f, r->store, r->study.id, NULL, NULL, &r->metrics, err);

    if (st == OHM_OK && !(r->net = ohm_alloc((size_t)f.count, sizeof *r->net)))
        st = no_memory(err);
    for (int i = 0; i < f.count && st == OHM_OK; i++) {
        st = ohm_store_each_trial(r->store, r->study.id, f.number[f.index[i]], take_trial, r, err);
        st = st == OHM_EINTR ? OHM_OK : st;
    }
    r->knee = f.knee;
    ohm_front_release(&f);
    return st;
}

static enum ohm_status load_best_trials(struct ohm_report *r, struct ohm_error *err)
{
    enum ohm_status st;

    if (!(r->net = ohm_alloc(OHM_REPORT_FRONT_SHOWN, sizeof *r->net)))
        return no_memory(err);
    st = ohm_store_best(r->store, r->study.id, 0, OHM_REPORT_FRONT_SHOWN, take_best, r, err);
    r->knee = r->nets > 0 ? 0 : -1;
    if (st == OHM_OK && r->nets == 0)
        st = ohm_fail(err, OHM_EUNFIT, "study '%s' has no feasible trial", r->study.name);
    return st;
}

/* ---- the network that is shown at length ---- */

static enum ohm_status price_best(struct ohm_report *r, struct ohm_error *err)
{
    struct ohm_chip_use use = *ohm_plan_chip_use(r->plan);

    r->best_chip = ohm_plan_chip(r->plan);
    if (r->best.spaces.chip_axes)
        ohm_chip_axes_pick(r->best.spaces.chip_axes, &r->best.point, &r->best_chip, &use);
    if (!r->best_chip)
        return OHM_OK;
    r->best_layers = ohm_cost_rows(r->best_chip, r->best.net);
    if (!(r->best_layer = ohm_alloc((size_t)r->best_layers, sizeof *r->best_layer)))
        return no_memory(err);
    return ohm_cost_net(r->best_chip, &use, r->best.net, &r->best_cost, r->best_layer, err);
}

static enum ohm_status load_best(struct ohm_report *r, struct ohm_error *err)
{
    struct ohm_str study = {0}, trial = {0};
    struct ohm_net_options from = {.db = r->opt->db};
    enum ohm_status st;

    ohm_str_printf(&study, "#%lld", (long long)r->study.id);
    ohm_str_printf(&trial, "#%lld", (long long)(r->knee >= 0 ? r->net[r->knee].trial : r->net[0].trial));
    from.study = ohm_str_text(&study);
    if (r->opt->net && !ohm_is_trial_id(r->opt->net))
        st = ohm_fail(err, OHM_ECONFIG, "--net is '%.80s', not n:ID or #NUMBER of the study", r->opt->net);
    else
        st = ohm_net_arg(r->cli, &r->best, r->opt->net ? r->opt->net : ohm_str_text(&trial), &from, err);
    r->best_at = -1;
    for (int i = 0; st == OHM_OK && i < r->nets; i++)
        if (r->net[i].trial == r->best.trial)
            r->best_at = i;
    ohm_str_release(&study);
    ohm_str_release(&trial);
    return st == OHM_OK ? price_best(r, err) : st;
}

/* ---- all together ---- */

enum ohm_status ohm_report_load_study(struct ohm_report *r, const char *name, struct ohm_error *err)
{
    const struct ohm_db_options db = {r->opt->db, name};
    const struct ohm_plan_spec spec = {.find = ohm_find, .find_context = r->cli, .jobs = (int)r->opt->jobs};
    enum ohm_status st;

    if ((st = ohm_cli_study(&db, &r->store, &r->study, err)) != OHM_OK ||
        (st = ohm_plan_restore(&r->plan, r->store, r->study.id, &spec, &r->cli->diag)) != OHM_OK ||
        (st = ohm_study_spaces_load(&r->spaces, r->store, r->study.id, &r->cli->diag)) != OHM_OK ||
        (st = sort_settings(r, err)) != OHM_OK ||
        (st = ohm_store_metrics(r->store, r->study.id, r->metrics.name, &r->metrics.count, err)) != OHM_OK ||
        (st = ohm_cli_objectives(r->cli, r->store, r->study.id, &r->objectives, err)) != OHM_OK ||
        (st = load_surrogates(r, err)) != OHM_OK)
        return st;
    if (ohm_space_size(ohm_plan_space(r->plan), r->size, NULL) != OHM_OK)
        r->size[0] = '\0';
    st = r->objectives.count > 1 ? load_front(r, err) : load_best_trials(r, err);
    return st == OHM_OK ? load_best(r, err) : st;
}

static void release_rows(struct ohm_report_rows *rows)
{
    if (rows->path)
        ohm_csv_release(&rows->csv);
}

void ohm_report_release(struct ohm_report *r)
{
    for (int i = 0; i < r->surrogates; i++)
        ohm_surrogate_free(r->surrogate[i].model);
    for (int i = 0; i < r->runs; i++)
        ohm_validate_result_release(&r->run[i].result);
    ohm_free(r->run);
    ohm_report_release_paired(r);
    ohm_csv_release(&r->loops);
    ohm_free(r->baseline);
    release_rows(&r->rows);
    release_rows(&r->baseline_rows);
    ohm_race_release(&r->race);
    ohm_free(r->best_layer);
    ohm_net_arg_release(&r->best);
    ohm_free(r->net);
    ohm_metric_names_release(&r->metrics);
    ohm_free(r->setting);
    ohm_plan_free(r->plan);
    ohm_study_spaces_release(&r->spaces);
    ohm_store_close(r->store);
}
