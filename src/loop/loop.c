/* loop.c - groups of rows, one after the other: those at hand, a random draw, then rounds of fit, search, choose,
 * measure, and of repeats for what is in question. A group that the journal holds is taken from it; so a run that goes
 * on makes no decision twice. */
#include "loop_int.h"

#include "ohm/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const choices[] = {"gain", "mean", "random", NULL};

const struct ohm_field ohm_loop_fields[] = {
    OHM_INT(ohm_loop_options, start, 20, 0, 100000,
            "networks measured before the first choice; lacking ones are drawn"),
    OHM_CHOICE(ohm_loop_options, choose, OHM_LOOP_GAIN, choices,
               "what is measured next: by expected gain of hypervolume, by predicted means, or by chance"),
    OHM_BOOL(ohm_loop_options, anew, 0,
             "begin as if nothing was measured: rows at hand are trainings like others, only that they take no time"),
    OHM_REAL(ohm_loop_options, optimism, 1, 0, 10,
             "standard deviations by which the search thinks better of a network"),
    OHM_REAL(ohm_loop_options, apart, 0.1, 0, 1, "share of the axes in which networks of a round differ at least"),
    OHM_INT(ohm_loop_options, scenarios, 64, 1, 4096, "outcomes of each candidate over which gains are averaged"),
    OHM_INT(ohm_loop_options, near, 500, 0, 100000, "neighbours of the measured front among the candidates"),
    OHM_INT(ohm_loop_options, seeds, 5, 1, 1000, "rows of a network, at most, that repeats lead to"),
    OHM_REAL(ohm_loop_options, level, 0.05, 1e-6, 0.5, "chance of a wrong word about the front that is put up with"),
    OHM_TEXT(ohm_loop_options, reference, "",
             "bounds of the hypervolume, a number an objective; the worst of the first networks when empty"),
    OHM_FIELDS_END,
};

/* ---- groups ---- */

static enum ohm_status group_create(struct group *g, int round, int kind, int room, struct ohm_error *err)
{
    *g = (struct group){.round = round, .kind = kind, .tau = NAN};
    g->item = ohm_alloc((size_t)room, sizeof *g->item);
    return g->item ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory for %d decisions", room);
}

static void group_add(struct group *g, const struct ohm_collect_item *item)
{
    struct decision *const d = &g->item[g->count++];

    d->item = *item;
    d->gain = NAN;
    for (int i = 0; i < 2 * OHM_TARGETS_MAX; i++)
        d->figure[i] = NAN;
}

static const struct ohm_loop_row *row_at_hand(const struct ohm_loop_rows *had, const struct ohm_collect_item *item)
{
    for (int i = 0; i < had->count; i++)
        if (had->row[i].item.repeat == item->repeat && strcmp(had->row[i].item.base, item->base) == 0)
            return &had->row[i];
    return NULL;
}

static enum ohm_status play_had(struct loop *l, const struct group *g, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < g->count && st == OHM_OK; i++) {
        const struct ohm_loop_row *const row = row_at_hand(&l->had, &g->item[i].item);
        char id[OHM_COLLECT_ID_SIZE];

        ohm_collect_item_id(id, &g->item[i].item);
        if (!row)
            return ohm_fail(err, OHM_EDATA, "row %s, from which this loop began, is no longer there", id);
        st = known_add(&l->known, row, g->round, err);
    }
    return st;
}

static bool hours_spent(const struct loop *l)
{
    return l->spec->hours > 0 && l->cost_s >= 3600 * l->spec->hours;
}

/* Rows [first, first + n) of a group that is to be measured. */
static enum ohm_status measure(struct loop *l, const struct group *g, int first, int n, struct ohm_error *err)
{
    struct ohm_loop_row *const row = ohm_alloc((size_t)n, sizeof *row);
    struct ohm_collect_item *const item = ohm_alloc((size_t)n, sizeof *item);
    const struct ohm_loop_source *const source = l->spec->source;
    enum ohm_status st = row && item ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory for %d rows", n);

    for (int i = 0; i < n && st == OHM_OK; i++)
        item[i] = g->item[first + i].item;
    if (st == OHM_OK)
        st = source->measure(source->context, row, item, n, err);
    for (int i = 0; i < n && st == OHM_OK; i++) {
        st = known_add(&l->known, &row[i], g->round, err);
        l->made++;
        l->cost_s += row[i].cost_s;
        if (st == OHM_OK)
            st = loop_note_step(l, err);
    }
    ohm_free(row);
    ohm_free(item);
    return st;
}

/* As much of a group as the budget allows: where hours are counted, a row for each thread at a time. */
static enum ohm_status play(struct loop *l, const struct group *g, struct ohm_error *err)
{
    const int64_t left = l->spec->trainings > 0 ? l->spec->trainings - l->made : INT32_MAX;
    const int n = left < g->count ? (int)left : g->count, part = l->spec->hours > 0 ? l->spec->jobs : n;
    enum ohm_status st = OHM_OK;
    int done = 0;

    if (g->kind == GROUP_HAD)
        return play_had(l, g, err);
    l->tau = g->kind == GROUP_CHOSEN ? g->tau : l->tau;
    for (; done < n && st == OHM_OK && !hours_spent(l); done += part < n - done ? part : n - done)
        st = measure(l, g, done, part < n - done ? part : n - done, err);
    l->result->spent = l->result->spent || done < g->count;
    return st;
}

/* The next group of the journal, where it is of that round and kind. */
static const struct group *recorded(struct loop *l, int round, int kind)
{
    const struct group *const g = l->replayed < l->journal.count ? &l->journal.group[l->replayed] : NULL;

    if (!g || g->round != round || g->kind != kind)
        return NULL;
    l->replayed++;
    return g;
}

/* A new decision: into the journal, then done. */
static enum ohm_status settle(struct loop *l, struct group *g, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (g->count > 0 && l->replayed < l->journal.count)
        st = ohm_fail(err, OHM_EDATA, "the journal %s goes on with round %d, and this program with round %d",
                      l->journal.path, l->journal.group[l->replayed].round, g->round);
    if (st == OHM_OK && g->count > 0 && (st = journal_append(&l->journal, g, err)) == OHM_OK)
        st = play(l, g, err);
    group_release(g);
    return st;
}

/* ---- round 0 ---- */

static int by_id(const void *a, const void *b)
{
    const struct ohm_loop_row *const x = a, *const y = b;
    const int order = strcmp(x->item.base, y->item.base);

    return order ? order : (x->item.repeat > y->item.repeat) - (x->item.repeat < y->item.repeat);
}

static enum ohm_status take_had(struct loop *l, struct ohm_error *err)
{
    const struct group *const before = recorded(l, 0, GROUP_HAD);
    struct group g;
    enum ohm_status st;

    if (before)
        return play(l, before, err);
    if (l->journal.count > 0)
        return OHM_OK; /* it began with nothing */
    if ((st = group_create(&g, 0, GROUP_HAD, l->had.count, err)) != OHM_OK)
        return st;
    if (l->spec->options.anew)
        l->had.count = 0;
    if (l->had.count > 0)
        qsort(l->had.row, (size_t)l->had.count, sizeof *l->had.row, by_id);
    for (int i = 0; i < l->had.count; i++)
        group_add(&g, &l->had.row[i].item);
    return settle(l, &g, err);
}

/* The first networks of the draw that were not measured, until there are `n`. */
static enum ohm_status fill_by_chance(struct loop *l, struct group *g, int n, struct ohm_error *err)
{
    const struct ohm_loop_source *const source = l->spec->source;
    enum ohm_status st = OHM_OK;
    bool found = true;

    for (int number = 0; g->count < n && found && st == OHM_OK; number++) {
        struct ohm_collect_item item;

        st = source->draw(source->context, &item, number, &found, err);
        if (st == OHM_OK && found && known_find(&l->known, ohm_genotype_id(l->spec->space, &item.genotype)) < 0)
            group_add(g, &item);
    }
    l->result->exhausted = l->result->exhausted || (st == OHM_OK && !found && g->count == 0 && n > 0);
    return st;
}

static enum ohm_status draw_start(struct loop *l, struct ohm_error *err)
{
    const struct group *const before = recorded(l, 0, GROUP_DRAWN);
    const int lack = (int)l->spec->options.start - l->known.count;
    struct group g;
    enum ohm_status st;

    if (before)
        return play(l, before, err);
    if (lack <= 0 || l->replayed < l->journal.count)
        return OHM_OK;
    if ((st = group_create(&g, 0, GROUP_DRAWN, lack, err)) == OHM_OK &&
        (st = fill_by_chance(l, &g, lack, err)) == OHM_OK)
        return settle(l, &g, err);
    group_release(&g);
    return st;
}

/* ---- a round ---- */

static void take_choice(struct group *g, const struct loop *l, const struct candidate *c, double gain)
{
    struct ohm_collect_item item = {.genotype = c->genotype};
    char name[OHM_ID_TEXT_SIZE];

    snprintf(item.base, sizeof item.base, "%s", ohm_id_text(c->id, name));
    group_add(g, &item);
    g->item[g->count - 1].gain = gain;
    memcpy(g->item[g->count - 1].figure, c->value + l->goals.fixed, 2 * (size_t)l->goals.figures * sizeof(double));
}

static enum ohm_status choose_by_model(struct loop *l, struct group *g, struct ohm_error *err)
{
    const struct ohm_rng rounds = ohm_rng_named(&l->rng, "round"), rng = ohm_rng_child(&rounds, (uint64_t)g->round),
                         outcomes = ohm_rng_named(&rng, "outcome");
    struct choice *const choice = ohm_alloc((size_t)l->spec->top, sizeof *choice);
    struct pool pool = {0};
    struct model model = {0};
    int n = 0;
    enum ohm_status st = choice ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");

    if (st == OHM_OK &&
        (st = model_fit(&model, &l->known, l->spec, ohm_str_text(&l->folder), (uint64_t)g->round, err)) == OHM_OK &&
        (st = candidates_find(&pool, &l->known, &model, l->spec, &rng, err)) == OHM_OK)
        st = loop_choose(choice, &n, l->spec->top, &pool, &l->known, l->reference, l->spec, &outcomes, err);
    g->tau = model.tau;
    for (int i = 0; i < n && st == OHM_OK; i++)
        take_choice(g, l, &pool.item[choice[i].candidate], choice[i].gain);
    l->result->exhausted = l->result->exhausted || (st == OHM_OK && n == 0);
    model_release(&model);
    candidates_release(&pool);
    ohm_free(choice);
    return st;
}

static enum ohm_status choose_round(struct loop *l, int number, struct ohm_error *err)
{
    const struct group *const before = recorded(l, number, GROUP_CHOSEN);
    struct group g;
    enum ohm_status st;

    if (before)
        return play(l, before, err);
    if ((st = group_create(&g, number, GROUP_CHOSEN, l->spec->top, err)) != OHM_OK)
        return st;
    if (l->spec->options.choose == OHM_LOOP_RANDOM || !l->has_reference || !model_can_fit(&l->known, l->spec))
        st = fill_by_chance(l, &g, l->spec->top, err);
    else
        st = choose_by_model(l, &g, err);
    if (st == OHM_OK)
        return settle(l, &g, err);
    group_release(&g);
    return st;
}

/* ---- repeats ---- */

/* So many at once, whatever the number of threads: a look at the front after each two rows. */
enum { REPEATS_AT_ONCE = 2 };

static enum ohm_status pick_repeats(struct loop *l, struct group *g, int most, struct ohm_error *err)
{
    struct race race;
    int network[REPEATS_AT_ONCE], n = 0;
    const enum ohm_status st = race_look(&race, &l->known, ++l->looks, &l->spec->options, err);

    if (st == OHM_OK)
        n = race_pick(network, most < REPEATS_AT_ONCE ? most : REPEATS_AT_ONCE, &race, &l->known,
                      l->spec->options.seeds);
    for (int i = 0; i < n; i++) {
        struct ohm_collect_item item = l->known.network[network[i]].item;

        item.repeat = l->known.network[network[i]].next_repeat;
        group_add(g, &item);
        g->item[g->count - 1].gain = NAN;
    }
    race_release(&race);
    return st;
}

static enum ohm_status repeat_some(struct loop *l, int number, int most, int *n, struct ohm_error *err)
{
    const struct group *const before = recorded(l, number, GROUP_REPEAT);
    struct group g;
    enum ohm_status st;

    if (before) {
        *n = before->count;
        l->looks++;
        return play(l, before, err);
    }
    *n = 0;
    if ((st = group_create(&g, number, GROUP_REPEAT, REPEATS_AT_ONCE, err)) != OHM_OK)
        return st;
    st = pick_repeats(l, &g, most, err);
    *n = g.count;
    if (st == OHM_OK)
        return settle(l, &g, err);
    group_release(&g);
    return st;
}

static enum ohm_status run_race(struct loop *l, int number, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;
    int left = l->spec->race, n = 1;

    while (st == OHM_OK && n > 0 && left > 0 && !l->result->spent && !hours_spent(l)) {
        st = repeat_some(l, number, left, &n, err);
        left -= n;
    }
    return st;
}

static bool over(struct loop *l)
{
    l->result->spent = l->result->spent || hours_spent(l) || (l->spec->trainings > 0 && l->made >= l->spec->trainings);
    return l->result->spent || l->result->exhausted;
}

static enum ohm_status rounds(struct loop *l, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if ((st = take_had(l, err)) == OHM_OK && (st = draw_start(l, err)) == OHM_OK)
        st = loop_end_round(l, 0, err);
    for (int i = 1; i <= l->spec->rounds && st == OHM_OK && !over(l); i++) {
        if (l->spec->stop && l->spec->stop(l->spec->context))
            return ohm_fail(err, OHM_EINTR, "stopped");
        st = choose_round(l, i, err);
        if (st == OHM_OK && !over(l))
            st = run_race(l, i, err);
        if (st == OHM_OK)
            st = loop_end_round(l, i, err);
    }
    return st;
}

/* ---- all together ---- */

static enum ohm_status set_up(struct loop *l, struct ohm_error *err)
{
    const struct ohm_loop_spec *const spec = l->spec;
    enum ohm_status st = loop_evaluator(&l->metrics, spec, NULL, NULL, err);

    if (st != OHM_OK || (st = goals_create(&l->goals, spec, l->metrics, err)) != OHM_OK)
        return st;
    l->known.goals = &l->goals;
    l->known.metrics = l->metrics;
    if (spec->options.reference[0] && (st = loop_read_reference(l, err)) != OHM_OK)
        return st;
    if (spec->folder)
        ohm_str_append(&l->folder, spec->folder);
    else if ((st = model_folder_make(&l->folder, err)) != OHM_OK)
        return st;
    l->own_folder = !spec->folder;
    if (l->folder.failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = spec->source->read(spec->source->context, &l->had, err)) != OHM_OK)
        return st;
    return journal_open(&l->journal, spec->journal, &l->goals, spec, err);
}

static void release(struct loop *l)
{
    if (l->own_folder)
        model_folder_remove(ohm_str_text(&l->folder));
    ohm_str_release(&l->folder);
    journal_close(&l->journal);
    ohm_free(l->had.row);
    known_release(&l->known);
    goals_release(&l->goals);
    ohm_evaluator_free(l->metrics);
}

enum ohm_status ohm_loop_run(struct ohm_loop_result *result, const struct ohm_loop_spec *spec, struct ohm_error *err)
{
    struct loop l = {
        .spec = spec, .result = result, .rng = ohm_rng_seed((uint64_t)spec->seed), .journal = {.fd = -1}, .tau = NAN};
    enum ohm_status st;

    *result = (struct ohm_loop_result){0};
    if ((st = set_up(&l, err)) == OHM_OK) {
        struct ohm_error later = {0};
        enum ohm_status told;

        st = rounds(&l, err);
        told = loop_tell(&l, &later);
        if (st == OHM_OK && told != OHM_OK && err)
            *err = later;
        st = st == OHM_OK ? told : st;
    }
    release(&l);
    return st;
}
