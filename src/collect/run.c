/* run.c - measuring what the file lacks, and measuring a row again.
 *
 * Workers take the next item from one counter: items differ in cost a hundredfold, so that none is handed out before
 * somebody is free for it. */
#include "collect_int.h"

#include "ohm/decode.h"
#include "ohm/mem.h"
#include "ohm/parallel.h"
#include "ohm/stat.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct item {
    int network, repeat; /* network: of the recipe's, of the named, or of the items */
};

struct running {
    const struct ohm_collect *c;
    const struct ohm_collect_run *run;
    struct ohm_collect_watch watch;
    struct row_log log;
    struct item *item;      /* [items] to be measured, in this order */
    int items, all, before; /* before: rows of the file that this run need not make */
    atomic_int next, made;
    atomic_bool failed; /* a worker met an error: the others end */
};

static void name_item(char id[OHM_COLLECT_ID_SIZE], const struct ohm_collect_run *run, struct item item)
{
    char name[OHM_COLLECT_ID_SIZE - 16];

    if (run->named)
        snprintf(name, sizeof name, "%s", run->named[item.network].name);
    else if (run->item)
        snprintf(name, sizeof name, "%s", run->item[item.network].base);
    else
        snprintf(name, sizeof name, "%d", item.network);
    if (item.repeat > 0)
        snprintf(id, OHM_COLLECT_ID_SIZE, "%s.%d", name, item.repeat);
    else
        snprintf(id, OHM_COLLECT_ID_SIZE, "%s", name);
}

void ohm_collect_item_id(char id[OHM_COLLECT_ID_SIZE], const struct ohm_collect_item *item)
{
    const struct ohm_collect_run run = {.item = item};

    name_item(id, &run, (struct item){0, item->repeat});
}

/* ---- one item ---- */

static bool stop(void *context)
{
    struct running *const r = context;

    return atomic_load(&r->failed) || (r->run->stop && r->run->stop(r->run->context));
}

/* The number of a network of the draw, -1 of any other; the id says it all, so that a row follows from its id. */
static int number_of(const struct ohm_collect_run *run, struct item item)
{
    int64_t number;

    if (run->named)
        return -1;
    if (!run->item)
        return item.network;
    return ohm_parse_int64(run->item[item.network].base, &number) && number >= 0 && number <= INT32_MAX ? (int)number
                                                                                                        : -1;
}

/* Pilots, and networks that are not of the draw, are never stopped early. */
static bool is_watched(const struct running *r, struct item item)
{
    return r->c->recipe->rungs > 0 && number_of(r->run, item) >= r->c->recipe->halving.pilots;
}

static struct ohm_collect_watch watch_of(struct running *r, struct item item)
{
    struct ohm_collect_watch watch = r->watch;

    watch.stop = stop;
    watch.context = r;
    if (!is_watched(r, item))
        watch.rungs = 0;
    return watch;
}

static const struct ohm_genotype *genotype_of(const struct running *r, struct item item)
{
    if (r->run->named)
        return r->run->named[item.network].genotype;
    return r->run->item ? &r->run->item[item.network].genotype : &r->c->network[item.network];
}

static enum ohm_status measure_item(struct running *r, struct ohm_collect_row *row, struct item item,
                                    struct ohm_error *err)
{
    const struct ohm_collect_watch watch = watch_of(r, item);
    const struct ohm_genotype *const g = genotype_of(r, item);
    const struct ohm_net *net = r->run->named ? r->run->named[item.network].net : NULL;
    struct ohm_net_builder builder = {0};
    enum ohm_status st = OHM_OK;

    name_item(row->id, r->run, item);
    row->seed = r->c->recipe->use.seed + item.repeat;
    if (g)
        ohm_genotype_print(r->c->space, g, &row->genotype);
    if (!net)
        st = ohm_decode(r->c->space, g, &builder, &net, err);
    if (st == OHM_OK)
        st = ohm_collect_measure(r->c, row, net, &watch, err);
    ohm_net_release(&builder);
    return st;
}

static enum ohm_status write_row(struct running *r, const struct ohm_collect_row *row, struct ohm_error *err)
{
    struct ohm_str line = {0};
    enum ohm_status st;

    row_print(&line, r->c, row);
    st = log_append(&r->log, &line, err);
    ohm_str_release(&line);
    return st;
}

static enum ohm_status do_item(struct running *r, struct item item, struct ohm_error *err)
{
    struct ohm_collect_row *const row = ohm_alloc(1, sizeof *row);
    enum ohm_status st = row ? measure_item(r, row, item, err) : ohm_fail(err, OHM_ENOMEM, "out of memory");

    if (st == OHM_OK && !atomic_load(&r->failed) && (st = write_row(r, row, err)) == OHM_OK) {
        const int made = atomic_fetch_add(&r->made, 1) + 1;
        const struct ohm_collect_progress p = {.row = row, .done = r->before + made, .all = r->all, .made = made};

        if (r->run->progress)
            r->run->progress(r->run->context, &p);
    }
    if (row)
        ohm_collect_row_release(row);
    ohm_free(row);
    return st;
}

static enum ohm_status work(void *context, int index, int worker, struct ohm_error *err)
{
    struct running *const r = context;
    enum ohm_status st = OHM_OK;

    (void)index;
    (void)worker;
    while (st == OHM_OK && !atomic_load(&r->failed)) {
        const int i = atomic_fetch_add(&r->next, 1);

        if (i >= r->items)
            break;
        st = do_item(r, r->item[i], err);
    }
    if (st != OHM_OK)
        atomic_store(&r->failed, true);
    return st;
}

/* ---- what is to be done ---- */

/* All items: every network once, then the repeats. */
static int plan(struct item *item, const struct ohm_collect *c, const struct ohm_collect_run *run, int networks)
{
    const struct ohm_collect_repeats *const repeats = &c->recipe->repeats;
    int n = 0;

    for (int i = 0; i < networks && run->item; i++)
        item[n++] = (struct item){i, run->item[i].repeat};
    if (run->item)
        return n;
    for (int repeat = 0; repeat < repeats->seeds; repeat++)
        for (int i = 0; i < networks; i++)
            if (repeat == 0 || run->named || i < repeats->networks)
                item[n++] = (struct item){i, repeat};
    return n;
}

static enum ohm_status keep_missing(struct running *r, struct ohm_error *err)
{
    struct ohm_csv rows;
    int n = 0;
    enum ohm_status st = log_read(&rows, r->c, r->log.path, err);

    if (st != OHM_OK)
        return st;
    for (int i = 0; i < r->items; i++) {
        char id[OHM_COLLECT_ID_SIZE];

        name_item(id, r->run, r->item[i]);
        if (log_find(&rows, id) < 0)
            r->item[n++] = r->item[i];
    }
    r->items = n;
    ohm_csv_release(&rows);
    return OHM_OK;
}

/* Of the items those that may be stopped early, or the others. */
static void keep_watched(struct running *r, bool watched)
{
    int n = 0;

    for (int i = 0; i < r->items; i++)
        if (is_watched(r, r->item[i]) == watched)
            r->item[n++] = r->item[i];
    r->items = n;
}

/* The items of the first networks that the file lacks. */
static enum ohm_status plan_part(struct running *r, int networks, struct ohm_error *err)
{
    ohm_free(r->item);
    r->item = ohm_alloc((size_t)networks, (size_t)r->c->recipe->repeats.seeds * sizeof *r->item);
    if (!r->item)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    r->items = plan(r->item, r->c, r->run, networks);
    atomic_store(&r->next, 0);
    return keep_missing(r, err);
}

static enum ohm_status run_planned(struct running *r, struct ohm_error *err)
{
    const int jobs = r->run->jobs > 1 ? r->run->jobs : 1;

    return ohm_parallel_for(jobs, jobs, work, r, err);
}

static enum ohm_status run_part(struct running *r, int networks, struct ohm_error *err)
{
    const enum ohm_status st = plan_part(r, networks, err);

    return st == OHM_OK ? run_planned(r, err) : st;
}

/* ---- thresholds ---- */

/* Accuracy after epoch `rung` in a row's curve; 0 where the training failed before. */
static double curve_at(const char *curve, int rung)
{
    char word[32];
    double value = 0;

    for (int i = 1; i < rung && *curve; i++) {
        curve += strcspn(curve, " ");
        curve += *curve == ' ';
    }
    snprintf(word, sizeof word, "%.*s", (int)strcspn(curve, " "), curve);
    return ohm_parse_double(word, &value) ? value : 0;
}

static enum ohm_status set_threshold(struct running *r, const struct ohm_csv *rows, int rung, double *value,
                                     struct ohm_error *err)
{
    const struct ohm_collect_recipe *const recipe = r->c->recipe;
    const int pilots = (int)recipe->halving.pilots;

    for (int i = 0; i < pilots; i++) {
        char id[OHM_COLLECT_ID_SIZE];
        int row;

        snprintf(id, sizeof id, "%d", i);
        if ((row = log_find(rows, id)) < 0)
            return ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, rows->path, 0, 0,
                               "pilot %s is not there: without all %d nothing says where networks are stopped", id,
                               pilots);
        value[i] = curve_at(log_cell(rows, row, "curve"), recipe->rung[rung]);
    }
    r->watch.threshold[rung] = ohm_quantile_in_place(value, pilots, recipe->halving.share);
    return OHM_OK;
}

static enum ohm_status set_thresholds(struct running *r, const char *path, struct ohm_error *err)
{
    const struct ohm_collect_recipe *const recipe = r->c->recipe;
    double *const value = ohm_alloc((size_t)recipe->halving.pilots, sizeof *value);
    struct ohm_csv rows = {0};
    enum ohm_status st = value ? log_read(&rows, r->c, path, err) : ohm_fail(err, OHM_ENOMEM, "out of memory");

    for (int i = 0; i < recipe->rungs && st == OHM_OK; i++)
        st = set_threshold(r, &rows, i, value, err);
    r->watch.rungs = recipe->rungs;
    ohm_csv_release(&rows);
    ohm_free(value);
    return st;
}

/* ---- a whole run ---- */

static int count_all(const struct ohm_collect *c, const struct ohm_collect_run *run)
{
    const struct ohm_collect_recipe *const r = c->recipe;

    if (run->item)
        return run->items;
    if (run->named)
        return run->count * (int)r->repeats.seeds;
    return (int)(r->use.networks + r->repeats.networks * (r->repeats.seeds - 1));
}

static int count_networks(const struct ohm_collect *c, const struct ohm_collect_run *run)
{
    return run->item ? run->items : run->named ? run->count : (int)c->recipe->use.networks;
}

/* Networks by genotype: first those that no threshold stops, among which all pilots may be. */
static enum ohm_status run_items(struct running *r, struct ohm_error *err)
{
    enum ohm_status st = plan_part(r, r->run->items, err);

    keep_watched(r, false);
    if (st == OHM_OK && (st = run_planned(r, err)) == OHM_OK && (st = plan_part(r, r->run->items, err)) == OHM_OK &&
        r->items > 0 && (st = set_thresholds(r, r->run->path, err)) == OHM_OK)
        st = run_planned(r, err);
    return st;
}

enum ohm_status ohm_collect_run(const struct ohm_collect *c, const struct ohm_collect_run *run, struct ohm_error *err)
{
    const int networks = count_networks(c, run);
    /* Where all are pilots there is nobody to be stopped, and no threshold to be known. */
    const bool halving = !run->named && !run->item && c->recipe->rungs > 0 && c->recipe->halving.pilots < networks;
    struct running r = {.c = c, .run = run, .all = count_all(c, run)};
    enum ohm_status st = log_open(&r.log, c, run->path, run->program, err);

    if (st == OHM_OK && (st = plan_part(&r, networks, err)) == OHM_OK)
        r.before = r.all - r.items;
    if (st == OHM_OK && halving && (st = run_part(&r, (int)c->recipe->halving.pilots, err)) == OHM_OK)
        st = set_thresholds(&r, run->path, err);
    if (st == OHM_OK)
        st = run->item ? run_items(&r, err) : run_part(&r, networks, err);
    ohm_free(r.item);
    log_close(&r.log);
    return st;
}

/* ---- again ---- */

static bool find_item(struct item *item, const struct ohm_collect *c, const struct ohm_collect_run *run, const char *id)
{
    const int networks = count_networks(c, run);
    const int repeats = (int)c->recipe->repeats.seeds;

    for (int i = 0; i < networks; i++)
        for (int k = 0; k < repeats; k++) {
            char name[OHM_COLLECT_ID_SIZE];

            *item = (struct item){i, k};
            name_item(name, run, *item);
            if (strcmp(name, id) == 0)
                return true;
        }
    return false;
}

/* "BASE" or "BASE.REPEAT" */
static bool parse_id(struct ohm_collect_item *item, const char *id)
{
    const size_t base = strcspn(id, ".");
    int64_t repeat = 0;

    *item = (struct ohm_collect_item){0};
    if (base >= sizeof item->base ||
        (id[base] && (!ohm_parse_int64(id + base + 1, &repeat) || repeat < 1 || repeat > INT32_MAX)))
        return false;
    memcpy(item->base, id, base);
    item->repeat = (int)repeat;
    return true;
}

/* "n:1f3a.2", or "17.2" where the recipe has fewer seeds: the row itself says which network that is. */
static enum ohm_status item_of_row(struct ohm_collect_item *item, const struct ohm_collect *c,
                                   const struct ohm_csv *rows, int row, const char *id, struct ohm_error *err)
{
    char name[OHM_ID_TEXT_SIZE];
    int64_t number;

    if (parse_id(item, id) &&
        ohm_genotype_parse(c->space, &item->genotype, log_cell(rows, row, "genotype"), NULL) == OHM_OK &&
        (ohm_parse_int64(item->base, &number) ||
         strcmp(item->base, ohm_id_text(ohm_genotype_id(c->space, &item->genotype), name)) == 0))
        return OHM_OK;
    return ohm_fail(err, OHM_ENOTFOUND, "the recipe has no row '%.70s'", id);
}

static enum ohm_status compare(bool *same, struct ohm_str *difference, const struct running *r,
                               const struct ohm_csv *rows, int row, const struct ohm_collect_row *again,
                               struct ohm_error *err)
{
    struct ohm_str text = {0};
    struct ohm_csv new = {0};
    enum ohm_status st;

    row_header(&text, r->c->recipe);
    row_print(&text, r->c, again);
    st = text.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                     : ohm_csv_parse(&new, ohm_str_text(&text), text.length, "the new row", err);
    *same = true;
    for (int i = 0; st == OHM_OK && i < new.columns; i++) {
        const char *const before = log_cell(rows, row, new.name[i]), *const now = new.cell[i];

        if (row_column_is_time(new.name[i]) || strcmp(before, now) == 0)
            continue;
        ohm_str_printf(difference, "%s%s is '%s' in the file and '%s' now", *same ? "" : "; ", new.name[i], before,
                       now);
        *same = false;
    }
    ohm_csv_release(&new);
    ohm_str_release(&text);
    return st;
}

static enum ohm_status repeat_row(struct running *r, struct item item, const struct ohm_csv *rows, int at, bool *same,
                                  struct ohm_str *difference, struct ohm_error *err)
{
    struct ohm_collect_row *const row = ohm_alloc(1, sizeof *row);
    enum ohm_status st = row ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");

    if (st == OHM_OK && is_watched(r, item))
        st = set_thresholds(r, r->run->path, err);
    if (st == OHM_OK && (st = measure_item(r, row, item, err)) == OHM_OK)
        st = compare(same, difference, r, rows, at, row, err);
    if (row)
        ohm_collect_row_release(row);
    ohm_free(row);
    return st;
}

enum ohm_status ohm_collect_repeat(const struct ohm_collect *c, const char *id, bool *same, struct ohm_str *difference,
                                   const struct ohm_collect_run *run, struct ohm_error *err)
{
    struct ohm_collect_run own = *run;
    struct running r = {.c = c, .run = &own};
    struct ohm_csv rows = {0};
    struct ohm_collect_item named;
    struct item item = {0};
    int at = -1;
    enum ohm_status st = log_read(&rows, c, run->path, err);

    if (st == OHM_OK && (at = log_find(&rows, id)) < 0)
        st = ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, run->path, 0, 0, "there is no row '%.70s'", id);
    if (st == OHM_OK && !find_item(&item, c, run, id) && (st = item_of_row(&named, c, &rows, at, id, err)) == OHM_OK) {
        own.named = NULL;
        own.item = &named;
        own.items = 1;
        item = (struct item){0, named.repeat};
    }
    if (st == OHM_OK)
        st = repeat_row(&r, item, &rows, at, same, difference, err);
    ohm_csv_release(&rows);
    return st;
}
