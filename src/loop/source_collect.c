/* source_collect.c - rows of a collection: networks trained and validated by its recipe, in its file. */
#include "loop_int.h"

#include "ohm/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct collection {
    struct ohm_loop_collection from;
    struct ohm_target_name figure[OHM_LOOP_FIGURES_MAX];
    int figures;
    const struct ohm_space *space;
    int *order; /* [from.shuffled] the beginning of the draw */
};

static void add_figure(struct collection *c, const char *what, const char *time)
{
    struct ohm_target_name *const f = &c->figure[c->figures++];

    snprintf(f->name, sizeof f->name, "%s%s%s", what, *time ? "_" : "", time);
    snprintf(f->unit, sizeof f->unit, "%%");
}

static void list_figures(struct collection *c)
{
    add_figure(c, "acc_digital", "");
    add_figure(c, "acc_exact", "");
    for (int i = 0; i < c->from.recipe->times; i++) {
        add_figure(c, "acc", c->from.recipe->time_name[i]);
        add_figure(c, "spread", c->from.recipe->time_name[i]);
    }
    add_figure(c, "avm", "");
}

/* ---- reading ---- */

/* Rows of networks that are of no space, and of networks with a name of their own, are passed over. */
static bool read_item(const struct collection *c, const struct ohm_csv *csv, int row, const int *column,
                      struct ohm_collect_item *item)
{
    const char *const *const cell = csv->cell + (size_t)row * (size_t)csv->columns;
    const char *const id = cell[column[0]];
    const size_t base = strcspn(id, ".");
    int64_t repeat = 0, number;
    char name[OHM_ID_TEXT_SIZE];

    *item = (struct ohm_collect_item){0};
    if (base >= sizeof item->base || (id[base] && (!ohm_parse_int64(id + base + 1, &repeat) || repeat < 1)) ||
        repeat > 1000000 || ohm_genotype_parse(c->space, &item->genotype, cell[column[1]], NULL) != OHM_OK)
        return false;
    memcpy(item->base, id, base);
    item->repeat = (int)repeat;
    return ohm_parse_int64(item->base, &number) ||
           strcmp(item->base, ohm_id_text(ohm_genotype_id(c->space, &item->genotype), name)) == 0;
}

static enum ohm_status read_row(const struct collection *c, const struct ohm_csv *csv, int row, const int *column,
                                struct ohm_loop_row *out, struct ohm_error *err)
{
    double train_s, validate_s;
    enum ohm_status st = ohm_csv_double(csv, row, column[2], &train_s, err);

    if (st == OHM_OK)
        st = ohm_csv_double(csv, row, column[3], &validate_s, err);
    for (int i = 0; i < OHM_LOOP_FIGURES_MAX; i++)
        out->value[i] = NAN;
    for (int i = 0; i < c->figures && st == OHM_OK; i++)
        st = ohm_csv_double(csv, row, ohm_csv_column(csv, c->figure[i].name), &out->value[i], err);
    out->cost_s = (isnan(train_s) ? 0 : train_s) + (isnan(validate_s) ? 0 : validate_s);
    return st;
}

static enum ohm_status read_file(const struct collection *c, struct ohm_loop_rows *rows, struct ohm_error *err)
{
    static const char *const wanted[] = {"id", "genotype", "train_s", "validate_s"};
    struct ohm_csv csv = {0};
    int column[4] = {0};
    enum ohm_status st = ohm_collect_rows(&csv, c->from.collect, c->from.run.path, err);

    for (int i = 0; i < 4 && st == OHM_OK; i++)
        st = ohm_csv_need(&csv, wanted[i], &column[i], err);
    for (int i = 0; i < csv.rows && st == OHM_OK; i++) {
        struct ohm_loop_row row;

        if (read_item(c, &csv, i, column, &row.item) && (st = read_row(c, &csv, i, column, &row, err)) == OHM_OK)
            st = ohm_loop_rows_add(rows, &row, err);
    }
    ohm_csv_release(&csv);
    return st;
}

static enum ohm_status read(void *context, struct ohm_loop_rows *rows, struct ohm_error *err)
{
    const struct collection *const c = context;
    struct ohm_error why = {0};
    const enum ohm_status st = read_file(c, rows, &why);

    if (st == OHM_ENOTFOUND) /* the file is made by the first row */
        return OHM_OK;
    if (st != OHM_OK && err)
        *err = why;
    return st;
}

/* ---- measuring ---- */

static enum ohm_status find(struct ohm_loop_row *row, const struct ohm_loop_rows *rows,
                            const struct ohm_collect_item *item, struct ohm_error *err)
{
    char id[OHM_COLLECT_ID_SIZE];

    for (int i = 0; i < rows->count; i++)
        if (rows->row[i].item.repeat == item->repeat && strcmp(rows->row[i].item.base, item->base) == 0) {
            *row = rows->row[i];
            if (ohm_genotype_equal(&row->item.genotype, &item->genotype))
                return OHM_OK;
        }
    ohm_collect_item_id(id, item);
    return ohm_fail(err, OHM_EDATA, "row %s is there, but of another network", id);
}

static enum ohm_status measure(void *context, struct ohm_loop_row *row, const struct ohm_collect_item *item, int n,
                               struct ohm_error *err)
{
    const struct collection *const c = context;
    struct ohm_collect_run run = c->from.run;
    struct ohm_loop_rows rows = {0};
    enum ohm_status st;

    if (n == 0)
        return OHM_OK;
    run.named = NULL;
    run.item = item;
    run.items = n;
    if ((st = ohm_collect_run(c->from.collect, &run, err)) == OHM_OK)
        st = read_file(c, &rows, err);
    for (int i = 0; i < n && st == OHM_OK; i++)
        st = find(&row[i], &rows, &item[i], err);
    ohm_free(rows.row);
    return st;
}

static enum ohm_status draw(void *context, struct ohm_collect_item *item, int number, bool *found,
                            struct ohm_error *err)
{
    const struct collection *const c = context;

    (void)err;
    *item = (struct ohm_collect_item){0};
    *found = number < c->from.recipe->use.networks;
    if (!*found)
        return OHM_OK;
    number = number < c->from.shuffled ? c->order[number] : number;
    item->genotype = *ohm_collect_genotype(c->from.collect, number);
    snprintf(item->base, sizeof item->base, "%d", number);
    return OHM_OK;
}

/* Network i is of the stratum i modulo their number, here as there. */
static enum ohm_status shuffle(struct collection *c, struct ohm_error *err)
{
    const int n = c->from.shuffled, strata = c->from.recipe->edges > 2 ? c->from.recipe->edges - 1 : 1;
    const struct ohm_rng seed = ohm_rng_seed(c->from.seed), draw = ohm_rng_named(&seed, "draw");
    int *const part = ohm_alloc((size_t)n, sizeof *part);

    c->order = ohm_alloc((size_t)n, sizeof *c->order);
    if (!part || !c->order) {
        ohm_free(part);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d networks", n);
    }
    for (int s = 0; s < strata; s++) {
        struct ohm_rng rng = ohm_rng_child(&draw, (uint64_t)s);
        int count = 0;

        for (int i = s; i < n; i += strata)
            part[count++] = i;
        ohm_rng_shuffle(&rng, part, count);
        for (int i = 0; i < count; i++)
            c->order[s + i * strata] = part[i];
    }
    ohm_free(part);
    return OHM_OK;
}

static void release(void *context)
{
    struct collection *const c = context;

    ohm_free(c->order);
    ohm_free(c);
}

enum ohm_status ohm_loop_source_collect(struct ohm_loop_source *out, const struct ohm_loop_collection *collection,
                                        struct ohm_error *err)
{
    struct collection *const c = ohm_alloc(1, sizeof *c);
    enum ohm_status st;

    if (!c)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    c->from = *collection;
    c->space = ohm_collect_space(collection->collect);
    list_figures(c);
    if (collection->shuffled > 0 && (st = shuffle(c, err)) != OHM_OK) {
        release(c);
        return st;
    }
    *out = (struct ohm_loop_source){.context = c,
                                    .figures = c->figures,
                                    .figure = c->figure,
                                    .fingerprint = ohm_collect_fingerprint(collection->collect),
                                    .read = read,
                                    .measure = measure,
                                    .draw = draw,
                                    .free = release};
    return OHM_OK;
}
