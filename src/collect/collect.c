/* collect.c - what is measured with: samples in folds, networks drawn, and the fingerprint of all that. */
#include "collect_int.h"

#include "ohm/mem.h"

#include <string.h>

/* Raised when the program begins to give other figures for the same recipe. */
enum { COLLECT_BITS = 1 };

static void fold_release(struct collect_fold *f)
{
    ohm_free(f->train);
    ohm_free(f->judge);
    ohm_free(f->curve);
}

void ohm_collect_free(struct ohm_collect *c)
{
    for (int i = 0; c && c->fold && i < c->folds; i++)
        fold_release(&c->fold[i]);
    if (c) {
        ohm_free(c->fold);
        ohm_free(c->network);
    }
    ohm_free(c);
}

/* ---- samples ---- */

/* `count` of all, spread evenly; 0 or more than there are: all. */
static enum ohm_status spread(int **out, int *count, const int *from, int all, int64_t wanted, struct ohm_error *err)
{
    const int n = wanted > 0 && wanted < all ? (int)wanted : all;

    if (!(*out = ohm_alloc((size_t)n, sizeof **out)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < n; i++)
        (*out)[i] = from[(int64_t)i * all / n];
    *count = n;
    return OHM_OK;
}

/* The samples of a split but for those that are kept out of all folds. */
static int *without(const struct ohm_data *data, enum ohm_split split, const bool *out, int *count)
{
    int n = 0, all;
    const int *const sample = ohm_data_split(data, split, &all);
    int *const kept = ohm_alloc((size_t)all, sizeof *kept);

    for (int i = 0; kept && i < all; i++)
        if (!out[sample[i]])
            kept[n++] = sample[i];
    *count = n;
    return kept;
}

static enum ohm_status fill_fold(struct ohm_collect *c, int fold, enum ohm_split train, enum ohm_split judge,
                                 const bool *out, struct ohm_error *err)
{
    const struct ohm_collect_samples *const s = &c->recipe->samples;
    struct collect_fold *const f = &c->fold[fold];
    int trains, judges;
    int *const all_train = without(c->data, train, out, &trains), *const all_judge =
                                                                      without(c->data, judge, out, &judges);
    enum ohm_status st = OHM_OK;

    if (!all_train || !all_judge)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    else if (trains == 0 || judges == 0)
        st = ohm_fail(err, OHM_EDATA, "fold %d has %d samples to train on and %d to judge", fold, trains, judges);
    if (st == OHM_OK && (st = spread(&f->train, &f->trains, all_train, trains, s->count, err)) == OHM_OK &&
        (st = spread(&f->judge, &f->judges, all_judge, judges, 0, err)) == OHM_OK && s->curve > 0)
        st = spread(&f->curve, &f->curves, all_judge, judges, s->curve, err);
    ohm_free(all_train);
    ohm_free(all_judge);
    return st;
}

static enum ohm_status fill_folds(struct ohm_collect *c, struct ohm_data *data, struct ohm_error *err)
{
    const struct ohm_collect_samples *const s = &c->recipe->samples;
    bool *const out = ohm_alloc((size_t)ohm_data_count(data), sizeof *out);
    enum ohm_status st = OHM_OK;
    int tests;
    const int *const test = ohm_data_split(data, OHM_TEST, &tests);

    c->folds = s->folds > 0 ? (int)s->folds : 1;
    c->fold = ohm_alloc((size_t)c->folds, sizeof *c->fold);
    if (!c->fold || !out)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; st == OHM_OK && s->folds > 0 && s->of == OHM_COLLECT_OF_TRAINVAL && i < tests; i++)
        out[test[i]] = true;
    if (st == OHM_OK && s->folds == 0)
        st = fill_fold(c, 0, (enum ohm_split)s->train, (enum ohm_split)s->judge, out, err);
    for (int i = 0; st == OHM_OK && i < s->folds; i++)
        if ((st = ohm_data_refold(data, c->folds, i, err)) == OHM_OK)
            st = fill_fold(c, i, OHM_TRAIN, OHM_TEST, out, err);
    if (st == OHM_OK && s->folds > 0)
        st = ohm_data_refold(data, 0, 0, err);
    ohm_free(out);
    return st;
}

/* ---- fingerprint ---- */

static void put(struct ohm_str *s, const char *what, const struct ohm_field *fields, const void *object)
{
    ohm_str_printf(s, "\n%s ", what);
    ohm_fields_print(s, fields, object);
}

/* Neither the number of networks nor that of repeats: a collection may grow. */
static enum ohm_status take_fingerprint(struct ohm_collect *c, struct ohm_error *err)
{
    const struct ohm_collect_recipe *const r = c->recipe;
    const uint64_t part[] = {COLLECT_BITS,           ohm_space_hash(c->space), ohm_chip_hash(c->chip), c->device->hash,
                             ohm_data_hash(c->data), (uint64_t)r->use.seed,    r->digital_stage};
    struct ohm_str s = {0};

    put(&s, "draw", collect_draw_fields, &r->draw);
    for (int i = 0; i < r->edges; i++)
        ohm_str_printf(&s, " %.17g", r->edge[i]);
    put(&s, "samples", collect_sample_fields, &r->samples);
    put(&s, "augment", ohm_augment_fields, &ohm_data_task(c->data)->augment);
    put(&s, "digital", ohm_recipe_fields, &r->digital);
    put(&s, "analog", ohm_recipe_fields, &r->analog);
    put(&s, "teach", collect_teach_fields, &r->teach);
    put(&s, "hardware", ohm_analog_fields, &r->hardware);
    put(&s, "validate", collect_validate_fields, &r->validate);
    for (int i = 0; i < r->times; i++)
        ohm_str_printf(&s, " %.17g", r->t_s[i]);
    put(&s, "tile", ohm_tile_fields, &c->tile);
    put(&s, "chip", ohm_chip_use_fields, &r->chip_use);
    if (r->rungs > 0)
        put(&s, "halving", collect_halving_fields, &r->halving);
    for (int i = 0; i < r->rungs; i++)
        ohm_str_printf(&s, " %d", r->rung[i]);
    c->fingerprint = ohm_hash_mix(ohm_hash(part, sizeof part), ohm_hash(ohm_str_text(&s), s.length));
    if (s.failed)
        ohm_fail(err, OHM_ENOMEM, "out of memory");
    ohm_str_release(&s);
    return s.failed ? OHM_ENOMEM : OHM_OK;
}

uint64_t ohm_collect_fingerprint(const struct ohm_collect *c)
{
    return c->fingerprint;
}

/* ---- all together ---- */

static enum ohm_status check_space(const struct ohm_collect *c, struct ohm_error *err)
{
    const struct ohm_task_spec *const t = ohm_data_task(c->data);
    const struct ohm_shape in = ohm_space_input(c->space);

    if (in.h == t->h && in.w == t->w && in.c == t->c && ohm_space_classes(c->space) == t->classes)
        return OHM_OK;
    return ohm_fail(err, OHM_ECONFIG, "space %s is for %d x %d x %d and %d classes, task '%s' has %d x %d x %d and %d",
                    ohm_space_name(c->space), in.h, in.w, in.c, ohm_space_classes(c->space), t->name, t->h, t->w, t->c,
                    t->classes);
}

/* Where the recipe says nothing else, tiles are as large as the chip's. */
static void set_tile(struct ohm_collect *c)
{
    int64_t rows, columns;

    ohm_chip_tile(c->chip, &rows, &columns);
    c->tile = c->recipe->tile;
    if (c->tile.rows == 0)
        c->tile.rows = rows;
    if (c->tile.columns == 0)
        c->tile.columns = columns;
}

enum ohm_status ohm_collect_create(struct ohm_collect **out, const struct ohm_collect_recipe *recipe,
                                   const struct ohm_collect_parts *parts, struct ohm_error *err)
{
    struct ohm_collect *c = ohm_alloc(1, sizeof *c);
    enum ohm_status st;

    if (!c)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    c->recipe = recipe;
    c->space = parts->space;
    c->chip = parts->chip;
    c->device = parts->device;
    c->data = parts->data;
    set_tile(c);
    if ((st = check_space(c, err)) == OHM_OK && (st = ohm_tile_config_check(&c->tile, err)) == OHM_OK &&
        (st = take_fingerprint(c, err)) == OHM_OK && (st = fill_folds(c, parts->data, err)) == OHM_OK &&
        (st = draw_networks(c, err)) == OHM_OK) {
        *out = c;
        c = NULL;
    }
    ohm_collect_free(c);
    return st;
}

const struct ohm_genotype *ohm_collect_genotype(const struct ohm_collect *c, int network)
{
    return &c->network[network];
}

const struct ohm_space *ohm_collect_space(const struct ohm_collect *c)
{
    return c->space;
}
